"""What may an organ do with a confirmed finding, step by step, and what must it never do? (articles 8, 9 and 10)"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from app.actor import ORGANS, Actor, Office
from app.findings.rules import OwnFile
from app.notices.rules import MEASURE_NOTICE
from app.refusal import Conflict, Forbidden, Invalid, Refusal
from app.rulebook.rules import (
    GENERAL_CLAUSE,
    OUTSIDE_ART3,
    AdminDisciplineOnlyByReferral,
    Assessment,
    Capacity,
    Crime,
    CrimeAssessmentRequired,
    Facts,
    GeneralClauseHasNoMeasure,
    JudicialTransferRequired,
    PartyDisciplineOnlyForMembers,
    PoliticalStatusUnknown,
    Politics,
    Rulebook,
    SecondMeasureForSameFacts,
    SubjectNotProvidedFor,
    UnitDisciplineNeedsOutcomeAndRule,
    assess,
    huayuan,
    not_heavier,
)
from app.workflow import Move, Workflow

WINDOW_LABEL_ZH = "本系统约定,非办法规定"
"""How the window for objections is always shown: it is local policy (G50)."""


def objection_until(decided_on: date, window_days: int) -> date:
    """The last day on which an objection may be filed, in the township's calendar (G50, local policy)."""
    return decided_on + timedelta(days=window_days)


class Statement(StrEnum):
    """What became of the subject's right to be heard (G49)."""

    STATED = "stated"  # 已陈述申辩
    WAIVED = "waived"  # 放弃
    REFUSED = "refused"  # 拒绝


class Output(StrEnum):
    """What proves that a measure was carried out."""

    TOWNSHIP_NOTICE = "township_notice"  # 全乡通报
    SELF_CRITICISM = "self_criticism"  # 向党委作出的书面检查
    TALK_RECORD = "talk_record"  # 诫勉谈话记录
    DISCIPLINE_REFERENCE = "discipline_reference"  # 处分决定文号


class Conclusion(StrEnum):
    """What another organ answered to a referral or a transfer."""

    RESUME = "resume"  # 退回,本案恢复
    CONCLUDED = "concluded"  # 已由该机关处理


class Interest(StrEnum):
    """Why a member of the organ is recused (G61)."""

    KINSHIP = "kinship"  # 亲属
    UNIT = "unit"  # 同一单位


class Step(StrEnum):
    """What is done in a case."""

    FACTS = "facts"  # 告知事实
    STATEMENT = "statement"  # 陈述申辩
    DECISION = "decision"  # 处理决定
    NO_MEASURE = "no_measure"  # 不予追究
    TRANSFER = "transfer"  # 移交司法机关
    REFERRAL = "referral"  # 转送
    OUTCOME = "outcome"  # 外部答复、处理结果
    OUTPUT = "output"  # 执行结果材料
    CLOSING = "closing"  # 结案
    MODIFICATION = "modification"  # 异议后变更
    REVOCATION = "revocation"  # 异议后撤销


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What the guards ask of a case."""

    organ: str
    """The organ recorded at opening, as an office."""
    basis: str
    """A ground's code, or `HY.8`."""
    subject_person: str | None = None
    recused: Sequence[str] = ()
    """Person ids."""
    statement: str | None = None
    crime: str | None = None
    measure: str | None = None
    """The measure decided, as it stands; None where none was, or where the decision was revoked."""
    outputs: Sequence[str] = ()
    """Kinds of output on record for that measure."""
    politics: str = Politics.UNKNOWN
    same_facts: Sequence[str] = ()
    """Measures that other cases drew from the same findings (G33)."""
    fitting: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Every finding that was not dropped, with the grounds that fit it."""
    handlers: Sequence[str] = ()
    """Person ids of everyone who acted in the case."""
    window_days: int = 30
    """Days in which an objection may be filed: the township's policy today (G50)."""
    notices: Sequence[Mapping[str, Any]] = ()
    """`id`, `kind`, `state`, `version` and `organ` of the notices about it."""


class AnotherOrganHasTheCase(Forbidden):
    """Only the organ recorded at opening moves this case.

    本案只能由立案时记录的机关办理。
    """

    article = "10"


class Recused(Forbidden):
    """You are recused from this case.

    您已回避本案。
    """

    article = "G61"


class StatementNotHeard(Conflict):
    """First the subject sees the facts and is heard: a statement, a waiver or a refusal is recorded.

    决定前须告知事实并听取陈述申辩,记录其陈述、放弃或拒绝。
    """

    article = "G49"


class OnlyOutsideOutcome(Conflict):
    """Only a case under article 8, once the subject was heard, takes an outside outcome at this point.

    只有依第八条办理且已听取陈述的案件,方可在此时记录外部处理结果。
    """

    article = "G45"


class DecisionRevoked(Conflict):
    """The decision was revoked: there is nothing left to carry out.

    决定已撤销,无须执行。
    """

    article = "G50"


class OutputsMissing(Conflict):
    """The measure is not carried out: its own outputs are missing.

    追究方式尚未执行完毕:缺少规定的结果材料。
    """

    article = "9"


class NotAnOutputOfThisMeasure(Conflict):
    """This is not an output of the measure that was decided.

    此材料不属于所作追究方式的结果。
    """

    article = "9"


class NotYetHappened(Conflict):
    """What is recorded has happened: its day is not after today.

    只能记录已发生的事项,日期不得晚于今日。
    """

    article = "5"


class AnswerStillOpen(Conflict):
    """A case comes back from the judicial organs with their answer: no crime is constituted.

    司法机关退回的案件须记录其答复:未构成犯罪。
    """

    article = "G43"


class OutputAlreadyRecorded(Conflict):
    """This output is already on record.

    该结果材料已有记录。
    """

    article = "9"


class SuperiorOrganDecides(Conflict):
    """A superior discipline organ decides on this subject: refer the case.

    该对象由上级纪检监察机关处理,请转送。
    """

    article = "10"


class NoCrimeAssessed(Conflict):
    """A transfer to the judiciary needs a suspected or established crime.

    移交司法机关须涉嫌犯罪或已构成犯罪。
    """

    article = "10"


class OutsideArticle3Unconfirmed(Conflict):
    """The subject is of neither category of article 3: the organ confirms that it decides all the same.

    对象不属于第三条所列人员,须由决定机关确认。
    """

    article = "G1"


class NoticeNotPublished(Conflict):
    """The notice named is not a published notice of this measure.

    所引用的通报并非本追究方式已发布的通报。
    """

    article = "9"


class FindingUnknown(Conflict):
    """A finding named is not on record here.

    所引用的线索不存在。
    """

    article = "9"


class FindingsDiffer(Conflict):
    """All findings of a case are confirmed and concern the same subject.

    同案的各项线索须均已认定,且针对同一对象。
    """

    article = "G33"


class GroundFitsNoFinding(Conflict):
    """The ground is neither the primary one nor an alternative of any finding of the case.

    该情形既非本案线索的主要情形,亦非备选情形。
    """

    article = "G33"


class CapacityNotHeld(Conflict):
    """The subject did not stand in that capacity on the day of the facts.

    对象在事实发生之日不具有该身份。
    """

    article = "9"


class AlreadyRecused(Conflict):
    """This person is recused from the case already.

    此人已回避本案。
    """

    article = "G61"


class NoMemberOfTheOrgan(Conflict):
    """The person does not hold the office of the organ that has the case.

    此人不是办案机关成员。
    """

    article = "G61"


class SubstituteIsConcerned(Conflict):
    """The substitute is recused himself, or is the subject.

    替代人员本人须回避或即为当事人。
    """

    article = "G61"


class Aggravated(Conflict):
    """An objection never leads to a heavier measure.

    不得因提出异议而加重处理。
    """

    article = "G50"


class NothingModified(Conflict):
    """A modification drops facts or takes another ground.

    变更须减少事实或改用其他情形。
    """

    article = "G50"


class NothingLeft(Conflict):
    """With no finding left the decision is revoked, not modified.

    全部事实均被排除的,应予撤销。
    """

    article = "G50"


class RefusalNeedsWitness(Invalid):
    """A refusal to make a statement is recorded with its witness.

    拒绝陈述的,须记录见证人。
    """

    article = "G49"


def concerned(facts: CaseFacts, actor: Actor) -> Refusal | None:
    """Does the file concern the caller, or is he recused from it (G61)?"""
    me = str(actor.person_id)
    if me == facts.subject_person:
        return OwnFile()
    return Recused() if me in facts.recused else None


def _by_its_organ(facts: CaseFacts, actor: Actor) -> Refusal | None:
    return None if facts.organ in actor.offices else AnotherOrganHasTheCase(awaiting=[facts.organ])


def _heard(facts: CaseFacts, actor: Actor) -> Refusal | None:
    return None if facts.statement else StatementNotHeard()


def _under_article_9(facts: CaseFacts, actor: Actor) -> Refusal | None:
    return GeneralClauseHasNoMeasure() if facts.basis == GENERAL_CLAUSE else None


def _no_crime(facts: CaseFacts, actor: Actor) -> Refusal | None:
    found = facts.crime in (Crime.SUSPECTED, Crime.ESTABLISHED)
    return JudicialTransferRequired(crime_assessment=facts.crime) if found else None


def _decision_stands(facts: CaseFacts, actor: Actor) -> Refusal | None:
    return None if facts.measure else DecisionRevoked()


def state_after_revision(state: str, before: str | None, after: str | None, outputs: Sequence[str]) -> str:
    """Where a case stands once an objection changed its measure: a new measure waits for its own outputs."""
    if after is None or after == before or state == "decided":
        return state
    missing = missing_outputs(after, outputs)
    return state if not missing else "executed" if outputs else "decided"


def missing_outputs(measure: str | None, outputs: Sequence[str]) -> list[str]:
    """What the measure still needs; nothing where the decision was revoked."""
    return [o for o in huayuan().measures[measure].outputs if o not in outputs] if measure else []


def _carried_out(facts: CaseFacts, actor: Actor) -> Refusal | None:
    missing = missing_outputs(facts.measure, facts.outputs)
    return OutputsMissing(measure=facts.measure, missing=missing) if missing else None


_ALWAYS = (_by_its_organ, concerned)

CASE = Workflow(
    name="case",
    title_zh="责任追究案件",
    resource="cases",
    states=(
        "opened",
        "facts_presented",
        "decided",
        "executed",
        "closed",
        "no_measure",
        "referred",
        "transferred",
    ),
    states_zh={
        "opened": "已开启",
        "facts_presented": "已告知事实",
        "decided": "已作决定",
        "executed": "执行中",
        "closed": "已结案",
        "no_measure": "不予追究",
        "referred": "已转送上级",
        "transferred": "已移交司法",
    },
    initial="opened",
    final=frozenset({"closed", "no_measure"}),
    moves=(
        Move(
            "present-facts",
            {"opened": ("facts_presented",)},
            ORGANS,
            "G49",
            "Show the facts to the subject.",
            "向当事人告知事实。",
            _ALWAYS,
        ),
        Move(
            "record-statement",
            {"facts_presented": ("facts_presented",)},
            ORGANS,
            "G49",
            "Record the subject's statement, waiver or refusal.",
            "记录当事人的陈述申辩、放弃或拒绝。",
            _ALWAYS,
        ),
        Move(
            "decide",
            {"facts_presented": ("decided",)},
            ORGANS,
            "9",
            "Decide the measure of the ground, with reasons.",
            "就所认定情形作出追究决定,并说明理由。",
            (*_ALWAYS, _under_article_9, _heard, _no_crime),
        ),
        Move(
            "no-measure",
            {"opened": ("no_measure",), "facts_presented": ("no_measure",)},
            ORGANS,
            "2",
            "End the case without a measure, with the reason.",
            "不予追究,并说明理由。",
            _ALWAYS,
            awaited=False,
        ),
        Move(
            "transfer",
            {"opened": ("transferred",), "facts_presented": ("transferred",)},
            ORGANS,
            "10",
            "Transfer the case to the judicial organs; this need not wait for a statement.",
            "移交司法机关,无须等待陈述申辩。",
            _ALWAYS,
            awaited=False,
        ),
        Move(
            "refer",
            {"opened": ("referred",), "facts_presented": ("referred",)},
            ORGANS,
            "10",
            "Refer the case to a superior or otherwise competent organ, citing the rule.",
            "转送上级纪检监察机关或其他有权机关,并引用依据。",
            _ALWAYS,
            awaited=False,
        ),
        Move(
            "hand-over",
            {"transferred": ("transferred",), "referred": ("referred",)},
            ORGANS,
            "10",
            "Hand the case over as one sealed file; that it left is recorded.",
            "以移交包移交案卷,并记录在案。",
            _ALWAYS,
            awaited=False,
        ),
        Move(
            "record-outcome",
            {
                "transferred": ("opened", "facts_presented", "closed"),
                "referred": ("opened", "facts_presented", "closed"),
                "facts_presented": ("closed",),
            },
            ORGANS,
            "10",
            "Record what the other organ answered, or the outside outcome of a case under article 8.",
            "记录有关机关的答复,或依第八条办理案件的外部处理结果。",
            _ALWAYS,
            awaited_from={"facts_presented": frozenset()},
        ),
        Move(
            "execute",
            {"decided": ("executed",), "executed": ("executed",)},
            ORGANS,
            "9",
            "Record one output of the measure.",
            "记录追究方式的一项结果材料。",
            (*_ALWAYS, _decision_stands),
        ),
        Move(
            "close",
            {"decided": ("closed",), "executed": ("closed",)},
            ORGANS,
            "9",
            "Close the case: every output of the measure is on record, or its decision was revoked.",
            "结案:追究方式的结果材料齐备,或决定已撤销。",
            (*_ALWAYS, _carried_out),
        ),
    ),
)

_DECIDED_LATER = (
    AdminDisciplineOnlyByReferral,
    CrimeAssessmentRequired,
    PartyDisciplineOnlyForMembers,
    PoliticalStatusUnknown,
    SecondMeasureForSameFacts,
    UnitDisciplineNeedsOutcomeAndRule,
)
"""What bars a measure and not the opening of a case, which may end in a referral or a transfer instead."""


_HELD_BY = {
    Capacity.HELPER: {Office.HELPER},
    Capacity.VILLAGE_BODY_HEAD: {Office.VILLAGE_PRINCIPAL, Office.VILLAGE_COMMITTEE_HEAD},
}


def check_capacity(capacity: str, body: str | None, offices: Sequence[str]) -> None:
    """A body answers as that body; a person as what he was on the day of the facts (`offices` he held then)."""
    if body is None:
        wrong = capacity in (Capacity.VILLAGE_BODY, Capacity.UNIT)
        needed = _HELD_BY.get(Capacity(capacity))
        wrong = wrong or (needed is not None and needed.isdisjoint(offices))
    else:
        wrong = capacity != body
    if wrong:
        raise CapacityNotHeld(capacity=capacity)


def check_basis(basis: str, fitting: Mapping[str, Sequence[str]]) -> None:
    """The basis is a ground that fits at least one of the findings (G33)."""
    if not any(basis in grounds for grounds in fitting.values()):
        raise GroundFitsNoFinding(ground=basis)


def check_opening(book: Rulebook, facts: Facts) -> Assessment:
    """Day, ground, capacity and organ under the rulebook of the day of the facts (articles 8 to 10, G51, G52).

    Returns the assessment, whose warnings the organ sees; raises the first refusal that bars the opening.
    """
    found = assess(book, replace(facts, crime=None))
    for refusal in found.refusals:
        if not isinstance(refusal, _DECIDED_LATER):
            raise refusal
    return found


def check_decision(book: Rulebook, facts: Facts) -> Assessment:
    """The matrix, the crime assessment, Party membership, one measure for the same facts, and who decides."""
    found = assess(book, facts).check()
    if facts.organ not in found.competence.deciding:
        raise SuperiorOrganDecides(deciding=sorted(found.competence.deciding))
    return found


def check_scope(warnings: Sequence[str], confirmed: bool) -> None:
    """G1: who is named by articles 9 and 10 only is decided on when the organ confirms it."""
    if OUTSIDE_ART3.code in warnings and not confirmed:
        raise OutsideArticle3Unconfirmed()


def check_statement(statement: Statement, witness: str | None) -> None:
    """A refusal is recorded with its witness (G49)."""
    if statement is Statement.REFUSED and not witness:
        raise RefusalNeedsWitness("/witness")


def check_transfer(crime: str | None) -> None:
    """Article 10: what touches criminal law goes to the judiciary, nothing else does."""
    if crime not in (Crime.SUSPECTED, Crime.ESTABLISHED):
        raise NoCrimeAssessed(crime_assessment=crime)


def check_answer(state: str, conclusion: Conclusion, crime: str | None) -> None:
    """G43: what was transferred resumes only on the answer that there is no crime."""
    if state == "transferred" and conclusion is Conclusion.RESUME and crime != Crime.NONE:
        raise AnswerStillOpen(crime_assessment=crime)


def check_happened(on: date, today: date) -> None:
    """Raises NotYetHappened for a day to come (R5.2: 如实记载)."""
    if on > today:
        raise NotYetHappened(on=on.isoformat(), today=today.isoformat())


def outcome_state(state: str, facts: CaseFacts, conclusion: Conclusion, facts_presented: bool) -> str:
    """The state a recorded outcome leads to: back to where the case left, or closed (G43, G45)."""
    if state == "facts_presented":
        if facts.basis != GENERAL_CLAUSE or not facts.statement or conclusion is not Conclusion.CONCLUDED:
            raise OnlyOutsideOutcome()
        return "closed"
    if conclusion is Conclusion.CONCLUDED:
        return "closed"
    return "facts_presented" if facts_presented else "opened"


def check_output(facts: CaseFacts, output: Output) -> None:
    """Only the measure's own outputs, each once."""
    if facts.measure is None or output not in huayuan().measures[facts.measure].outputs:
        raise NotAnOutputOfThisMeasure(measure=facts.measure, output=output)
    if output in facts.outputs:
        raise OutputAlreadyRecorded(output=output)


def has_notice(facts: CaseFacts, kind: str) -> bool:
    """Is there a notice of the kind about the case, drafted or published?"""
    return any(known["kind"] == kind and known["state"] != "withdrawn" for known in facts.notices)


def check_notice(facts: CaseFacts, notice: str) -> None:
    """The notice named is of the kind the measure demands, and was published (article 9)."""
    wanted = MEASURE_NOTICE.get(facts.measure or "")
    for known in facts.notices:
        if known["id"] == notice and known["kind"] == wanted and known["state"] in ("published", "corrected"):
            return
    raise NoticeNotPublished()


def check_recusal(facts: CaseFacts, members: Sequence[str], person: str, substitute: str | None) -> None:
    """Recused and substitute are `members` of the organ today; the substitute is not concerned himself (G61)."""
    if person in facts.recused:
        raise AlreadyRecused()
    if person not in members or (substitute is not None and substitute not in members):
        raise NoMemberOfTheOrgan(organ=facts.organ)
    if substitute is not None and substitute in {*facts.recused, facts.subject_person, person}:
        raise SubstituteIsConcerned()


def check_modification(
    book: Rulebook, capacity: str, decided: str, ground: str, *, kept: Mapping[str, Sequence[str]], dropped: int
) -> str:
    """The measure after an objection: fewer facts or an alternative ground, never heavier (G50).

    `decided` is the ground decided, `ground` the one that stands now, `kept` every remaining finding with the
    grounds that fit it. Returns the code of the measure.
    """
    if not kept:
        raise NothingLeft()
    if ground == decided and not dropped:
        raise NothingModified()
    if not any(ground in fitting for fitting in kept.values()) or ground not in book.grounds:
        raise GroundFitsNoFinding(ground=ground)
    before, after = book.grounds[decided].measure, book.grounds[ground].measure
    if not not_heavier(book, before, after):
        raise Aggravated(decided=before, proposed=after)
    if capacity not in book.measures[after].subjects:
        raise SubjectNotProvidedFor(capacity=capacity, measure=after, permitted=sorted(book.measures[after].subjects))
    return after
