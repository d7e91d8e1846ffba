"""What does a rulebook allow? Who answers, for what, with which measure, before which organ.

Nothing here decides anything: `assess` says what would follow from given facts and why something may not
follow; the organ decides. All codes of a rulebook (grounds, measures, capacities, categories) are data of
that rulebook; the enumerations below are the codes of HUAYUAN-2016, for the features that store them.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from app.refusal import Conflict, Forbidden, Refusal

HERE = Path(__file__).parent
GENERAL_CLAUSE = "HY.8"


class Capacity(StrEnum):
    """In what capacity the subject answers (matrix of article 9)."""

    HELPER = "helper"  # 帮扶责任人
    VILLAGE_BODY = "village_body"  # 村“两委”
    VILLAGE_BODY_HEAD = "village_body_head"  # 村“两委”负责人
    UNIT = "unit"  # 相关部门单位
    DIRECTLY_RESPONSIBLE = "directly_responsible"  # 直接责任人


class Category(StrEnum):
    """What kind of cadre a person is (articles 3 and 10)."""

    ORGAN_CADRE = "organ_cadre"  # 乡机关干部
    VILLAGE_COMMITTEE_MEMBER = "village_committee_member"  # 村“两委”成员
    GROUP_CADRE = "group_cadre"  # 村民小组干部
    UNIT_HELPER = "unit_helper"  # 部门、单位帮扶责任人


class Management(StrEnum):
    """Who manages the cadre (干部管理权限): the township or a superior organ."""

    TOWNSHIP = "township"
    SUPERIOR = "superior"


class MeasureCode(StrEnum):
    """The four measures of article 9."""

    CIRCULAR_CRITICISM = "circular_criticism"  # 通报批评
    WRITTEN_SELF_CRITICISM = "written_self_criticism"  # 书面检查
    ADMONITION_TALK = "admonition_talk"  # 诫勉谈话
    PARTY_OR_ADMIN_DISCIPLINE = "party_or_admin_discipline"  # 党政纪处分


class Organ(StrEnum):
    """The organs of article 10; the last two are outside the township."""

    PARTY_COMMITTEE = "party_committee"
    TOWNSHIP_GOVERNMENT = "township_government"
    DISCIPLINE_COMMISSION = "discipline_commission"
    SUPERIOR_DISCIPLINE_ORGAN = "superior_discipline_organ"
    JUDICIAL_ORGAN = "judicial_organ"


class Crime(StrEnum):
    """Does the conduct constitute a crime? Asked for by 未构成犯罪 in article 9(4) (G43)."""

    NONE = "none"
    SUSPECTED = "suspected"
    ESTABLISHED = "established"


class Politics(StrEnum):
    """Is the person a member of the Party? (G39)"""

    PARTY_MEMBER = "party_member"
    NOT_PARTY_MEMBER = "not_party_member"
    UNKNOWN = "unknown"


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────


class NoRulebookInForce(Conflict):
    """No rulebook was in force on the day of the facts.

    事实发生之日没有施行中的办法。
    """

    article = "G52"


class BeforeCommencement(Conflict):
    """The facts lie before the day the rulebook commenced.

    事实发生在本办法施行之日以前。
    """

    article = "G51"


class AfterExpiry(Conflict):
    """The facts lie after the day the rulebook ended.

    事实发生在本办法失效以后。
    """

    article = "G52"


class RulebookIsPartial(Conflict):
    """Only part of this rulebook is known; nothing can be concluded from it.

    该办法仅收录部分内容,不得据以得出结论。
    """

    article = "G52"


class GroundNotInRulebook(Conflict):
    """The rulebook has no such ground; article 9 lists seventeen.

    本办法没有该情形;第九条共列十七种情形。
    """

    article = "9"


class SubjectNotProvidedFor(Conflict):
    """The rulebook does not provide this measure for a subject in this capacity.

    本办法未规定对该类对象采取此种追究方式。
    """

    article = "9"


class MeasureNotOfThisGround(Conflict):
    """This ground carries another measure, and measures are not substituted for one another.

    该情形对应其他追究方式,追究方式不得互相替代。
    """

    article = "G34"


class SecondMeasureForSameFacts(Conflict):
    """These facts already led to a measure; a second one needs the organ's reason.

    同一事实已作出追究;再次追究须由机关说明理由。
    """

    article = "G33"


class CategoryUnknown(Conflict):
    """Say what kind of cadre the subject is: the competent organ depends on it.

    请先明确对象的干部类别,管辖机关据此确定。
    """

    article = "10"


class OrganNotCompetent(Forbidden):
    """Another organ is competent for this subject.

    该对象由其他机关管辖。
    """

    article = "10"


class RoutingReasonRequired(Conflict):
    """The subject acted in more than one capacity: the organ says why it takes the case.

    对象身份重叠,受理机关须说明理由。
    """

    article = "G38"


class CrimeAssessmentRequired(Conflict):
    """Say first whether the conduct constitutes a crime.

    须先就是否构成犯罪作出判断。
    """

    article = "G43"


class JudicialTransferRequired(Conflict):
    """A crime is suspected or established: the case goes to the judicial organs.

    涉嫌或已构成犯罪,应移交司法机关。
    """

    article = "10"


class PoliticalStatusUnknown(Conflict):
    """Record first whether the person is a Party member.

    须先查明其政治面貌。
    """

    article = "G39"


class PartyDisciplineOnlyForMembers(Conflict):
    """Party discipline applies to Party members only; refer the case to the competent organ instead.

    党纪处分仅适用于党员;请转交有权机关处理。
    """

    article = "G39"


class AdminDisciplineOnlyByReferral(Conflict):
    """Article 9(4) gives Party discipline; administrative discipline is a matter of referral.

    第九条第(四)项仅给予党纪处分;政纪处分应转交有权机关。
    """

    article = "G41"


class UnitDisciplineNeedsOutcomeAndRule(Conflict):
    """Individual disciplines do not fit a unit: write the outcome and cite the rule it rests on.

    个人处分种类不适用于单位;须写明处理结果并引用依据。
    """

    article = "G40"


class GeneralClauseHasNoMeasure(Conflict):
    """Article 8 names no measure; only a cited outcome under outside rules can be recorded.

    第八条未规定追究方式,只能依有关规定记录处理结果并引用依据。
    """

    article = "G45"


class GeneralClauseElementsMissing(Conflict):
    """Article 8 needs all five of its elements.

    适用第八条须同时具备五项要件。
    """

    article = "8"


class GeneralClauseIsForHelpers(Conflict):
    """Article 8 speaks of helpers only.

    第八条仅适用于帮扶责任人。
    """

    article = "8"


class NoRequirementBeforeTheFact(Conflict):
    """What was required had not been laid down before the fact.

    事实发生之前尚未提出相应要求。
    """

    article = "G47"


# ── the rulebook ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Clause:
    """One article; `printed_label` is what the paper says ("6、" for logical article 11)."""

    logical_article: int
    printed_label: str
    topic: str
    topic_zh: str
    text: str


@dataclass(frozen=True, slots=True)
class SubFact:
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Ground:
    """One 情形; `text` is verbatim, the labels are paraphrases; `alternatives` fit the same facts (G33)."""

    code: str
    article: str
    number: int
    printed_label: str
    text: str
    label_en: str
    label_zh: str
    measure: str
    sub_facts: tuple[SubFact, ...]
    needs: str | None
    """`requirement`, `required_meeting` or `due_date` that must have existed before the fact (G46-G48)."""
    evidence_zh: str
    alternatives: tuple[str, ...]
    overlaps_articles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """One 追究方式: for whom, with which outputs; `rank` is its place in article 9."""

    code: str
    article: str
    rank: int
    name_zh: str
    name_en: str
    lead_text: str
    subjects: tuple[str, ...]
    outputs: tuple[str, ...]
    addressee: str | None
    scope: str | None
    requires: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SubjectKind:
    """A capacity in which one answers; `categories` is what kind of cadre that capacity implies."""

    code: str
    name_zh: str
    name_en: str
    is_body: bool
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Routing:
    """One line of article 10: an empty condition holds always."""

    article: str
    crime: tuple[str, ...]
    categories: tuple[str, ...]
    management: tuple[str, ...]
    to: tuple[str, ...]
    route: str
    """`decide`, `refer` or `transfer`."""
    text: str
    policy: str | None = None


@dataclass(frozen=True, slots=True)
class GeneralClause:
    code: str
    article: str
    organ: str
    subjects: tuple[str, ...]
    measure: None
    elements: tuple[SubFact, ...]


@dataclass(frozen=True, slots=True)
class Rulebook:
    """A regulation as data. `data` is the whole document, for readers; the fields are what the law asks."""

    code: str
    edition: int
    partial: bool
    title: str
    effective_from: date | None
    effective_to: date | None
    clauses: tuple[Clause, ...]
    persons_in_scope: tuple[str, ...]
    subjects: Mapping[str, SubjectKind]
    measures: Mapping[str, Measure]
    grounds: Mapping[str, Ground]
    general_clause: GeneralClause | None
    routing: tuple[Routing, ...]
    handler_of_referrals: str
    year_rules: Mapping[int, str]
    data: Mapping[str, Any] = field(repr=False, hash=False, compare=False)


def _record(kind: type[Any], raw: Mapping[str, Any]) -> Any:
    """A frozen record of the fields it knows; lists become tuples."""
    known = {f.name for f in fields(kind)}
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in raw.items() if k in known})


def _ground(raw: Mapping[str, Any]) -> Ground:
    parts: Ground = _record(Ground, {**raw, "sub_facts": [SubFact(**s) for s in raw["sub_facts"]]})
    return parts


def _general(raw: Mapping[str, Any] | None) -> GeneralClause | None:
    if raw is None:
        return None
    clause: GeneralClause = _record(GeneralClause, {**raw, "elements": [SubFact(**e) for e in raw["elements"]]})
    return clause


def load(raw: Mapping[str, Any]) -> Rulebook:
    """A rulebook from its JSON document; raises ValueError where the document contradicts itself."""
    day = {k: date.fromisoformat(raw[k]) if raw.get(k) else None for k in ("effective_from", "effective_to")}
    book = Rulebook(
        code=raw["code"],
        edition=raw["edition"],
        partial=raw["partial"],
        title=raw["title"],
        effective_from=day["effective_from"],
        effective_to=day["effective_to"],
        clauses=tuple(_record(Clause, c) for c in raw["clauses"]),
        persons_in_scope=tuple(raw["persons_in_scope"]),
        subjects={s["code"]: _record(SubjectKind, s) for s in raw["subjects"]},
        measures={m["code"]: _record(Measure, m) for m in raw["measures"]},
        grounds={g["code"]: _ground(g) for g in raw["grounds"]},
        general_clause=_general(raw.get("general_clause")),
        routing=tuple(_record(Routing, r) for r in raw["routing"]),
        handler_of_referrals=raw["handler_of_referrals"],
        year_rules={int(year): rule for year, rule in raw["year_rules"].items()},
        data=raw,
    )
    if problem := next(_mistakes(book), None):
        raise ValueError(f"rulebook {book.code}: {problem}")
    return book


def _mistakes(book: Rulebook) -> Iterator[str]:
    for ground in book.grounds.values():
        if ground.measure not in book.measures:
            yield f"ground {ground.code} names an unknown measure"
        if unknown := set(ground.alternatives) - set(book.grounds):
            yield f"ground {ground.code} names unknown alternatives {sorted(unknown)}"
    for measure in book.measures.values():
        if unknown := set(measure.subjects) - set(book.subjects):
            yield f"measure {measure.code} names unknown subjects {sorted(unknown)}"
    if not book.partial and not (book.grounds and book.routing and book.effective_from):
        yield "it is not marked partial, yet lacks grounds, routing or commencement"


@cache
def huayuan() -> Rulebook:
    """花园乡精准脱贫工作考核及责任追究办法(试行), in force from 2016-11-09."""
    return load(json.loads((HERE / "HUAYUAN-2016.json").read_text(encoding="utf-8")))


@dataclass(frozen=True, slots=True)
class Bound:
    """From this day a township works under the rulebook of that code."""

    effective_from: date
    code: str

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, str]]) -> "tuple[Bound, ...]":
        """From the JSON that the database gathered."""
        return tuple(cls(date.fromisoformat(row["effective_from"]), row["code"]) for row in rows)


def book_of(known: Iterable[Rulebook], bound: Iterable[Bound], day: date) -> Rulebook:
    """The rulebook a township worked under on the day of the facts (G51, G52).

    That of its newest binding by then; of its first one for days before, since duties began with the regulation and
    not with the service. Raises NoRulebookInForce, RulebookIsPartial where the service does not know it whole, and
    BeforeCommencement or AfterExpiry where it did not hold that day.
    """
    dated = sorted(bound, key=lambda b: b.effective_from)
    if not dated:
        raise NoRulebookInForce(fact_date=str(day))
    code = next((b.code for b in reversed(dated) if b.effective_from <= day), dated[0].code)
    book = named(known, code)
    for reason in _time(book, Facts(day, "", "")):
        raise reason
    return book


def named(known: Iterable[Rulebook], code: str) -> Rulebook:
    """The rulebook of that code. Raises RulebookIsPartial where the service does not know it whole."""
    book = next((book for book in known if book.code == code and not book.partial), None)
    if book is None:
        raise RulebookIsPartial(rulebook=code)
    return book


# ── articles 9 and 10 ────────────────────────────────────────────────────────────────────────────


def permitted_subjects(book: Rulebook, measure: str) -> frozenset[str]:
    """The capacities for which article 9 provides the measure."""
    return frozenset(book.measures[measure].subjects) if measure in book.measures else frozenset()


def matrix(book: Rulebook) -> frozenset[tuple[str, str]]:
    """Every permitted (capacity, measure); anything else is refused."""
    return frozenset((s, m.code) for m in book.measures.values() for s in m.subjects)


@dataclass(frozen=True, slots=True)
class Competence:
    """Who is competent under article 10."""

    deciding: frozenset[str]
    """Organs that may decide; one of them is chosen and recorded. Empty: the category is not known."""
    handling: frozenset[str]
    """Organs of the township that may open and carry the case, to its decision, referral or transfer."""
    route: str
    """`decide` inside the township, `refer` to a superior organ, `transfer` to the judiciary."""
    reason_required: bool = False
    """The subject acted in more than one capacity, or who manages him is unknown: the organ says why (G38)."""
    policies: frozenset[str] = frozenset()


def competent_organs(
    book: Rulebook,
    categories: Iterable[str],
    *,
    capacity: str | None = None,
    management: str | None = None,
    crime: str | None = None,
) -> Competence:
    """Article 10 for a subject.

    `categories`: what kind of cadre he was when he acted, more than one where that is ambiguous (G38);
    a capacity that implies a category (village body and its head, unit) decides alone. Without a known
    `management` a unit's helper may be taken by either discipline organ, with a reason.
    """
    implied = book.subjects[capacity].categories if capacity and capacity in book.subjects else ()
    kinds = frozenset(implied or categories)
    lines = [
        line
        for line in book.routing
        if not line.crime
        and kinds.intersection(line.categories)
        and (not line.management or management is None or management in line.management)
    ]
    inside = {organ for line in lines if line.route == "decide" for organ in line.to}
    handling = frozenset(inside or ({book.handler_of_referrals} if lines else ()))
    policies = frozenset(line.policy for line in lines if line.policy)
    if transfer := next((line for line in book.routing if crime in line.crime), None):
        return Competence(frozenset(transfer.to), handling, "transfer", policies=policies)
    deciding = frozenset(organ for line in lines for organ in line.to)
    route = "decide" if inside else "refer"
    return Competence(deciding, handling, route, reason_required=len(lines) > 1, policies=policies)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when a ground is weighed. Everything but the day, the basis and the capacity may be open."""

    fact_date: date
    basis: str
    """A ground's code, or `HY.8`."""
    capacity: str
    categories: tuple[str, ...] = ()
    management: str | None = None
    political_status: str = Politics.UNKNOWN
    crime: str | None = None
    measure: str | None = None
    """The measure the organ has in mind; None asks for the ground's own."""
    organ: str | None = None
    """The organ that would act; None asks which may."""
    routing_reason: str = ""
    elements: tuple[str, ...] = ()
    """The elements of article 8 that are found, with evidence."""
    discipline_kind: str = "party"
    outcome: str = ""
    cited_rule: str = ""
    measures_for_same_facts: tuple[str, ...] = ()
    override_reason: str = ""
    requirement_from: date | None = None
    """Since when the requirement, the meeting's summons or the due date was laid down."""


@dataclass(frozen=True, slots=True)
class Caution:
    """Something the organ must see and confirm; it stops nothing."""

    code: str
    article: str
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """What would follow from the facts; `refusals` are the reasons why it may not."""

    rulebook: str
    basis: str
    measure: str | None
    permitted_subjects: frozenset[str]
    competence: Competence
    outputs: tuple[str, ...]
    addressee: str | None
    alternatives: tuple[str, ...]
    warnings: tuple[Caution, ...]
    refusals: tuple[Refusal, ...]

    @property
    def permitted(self) -> bool:
        return not self.refusals

    def check(self) -> "Assessment":
        """Itself, or its first refusal raised."""
        for refusal in self.refusals:
            raise refusal
        return self


def assess(book: Rulebook, facts: Facts) -> Assessment:
    """What would follow from the facts under articles 8, 9 and 10; decides nothing, writes nothing."""
    ground = book.grounds.get(facts.basis)
    measure = book.measures.get(ground.measure) if ground else None
    competence = competent_organs(
        book, facts.categories, capacity=facts.capacity, management=facts.management, crime=facts.crime
    )
    general = book.general_clause if book.general_clause and facts.basis == book.general_clause.code else None
    if general and competence.route != "transfer":
        organ = frozenset({general.organ})
        competence = Competence(organ, organ, "decide")
    reasons = [*_time(book, facts), *_basis(book, facts), *_route(facts, competence, transfer_only=general is not None)]
    if measure:
        reasons += [*_measure(measure, facts), *_discipline(book, measure, facts)]
    return Assessment(
        rulebook=book.code,
        basis=facts.basis,
        measure=measure.code if measure else None,
        permitted_subjects=frozenset(measure.subjects if measure else general.subjects if general else ()),
        competence=competence,
        outputs=measure.outputs if measure else (),
        addressee=measure.addressee if measure else None,
        alternatives=ground.alternatives if ground else (),
        warnings=tuple(_warnings(book, facts, ground)),
        refusals=tuple(reasons),
    )


def _time(book: Rulebook, facts: Facts) -> Iterable[Refusal]:
    if book.partial:
        yield RulebookIsPartial(rulebook=book.code)
    if book.effective_from and facts.fact_date < book.effective_from:
        yield BeforeCommencement(fact_date=str(facts.fact_date), effective_from=str(book.effective_from))
    if book.effective_to and facts.fact_date > book.effective_to:
        yield AfterExpiry(fact_date=str(facts.fact_date), effective_to=str(book.effective_to))


def _basis(book: Rulebook, facts: Facts) -> Iterable[Refusal]:
    general = book.general_clause
    if general and facts.basis == general.code:
        if facts.capacity not in general.subjects:
            yield GeneralClauseIsForHelpers(capacity=facts.capacity)
        if missing := [e.code for e in general.elements if e.code not in facts.elements]:
            yield GeneralClauseElementsMissing(missing=missing)
        if facts.measure:
            yield GeneralClauseHasNoMeasure(measure=facts.measure)
    elif facts.basis not in book.grounds:
        yield GroundNotInRulebook(basis=facts.basis, rulebook=book.code)
    elif facts.requirement_from and (
        reason := requirement_refusal(book.grounds[facts.basis], facts.requirement_from, facts.fact_date)
    ):
        yield reason


def requirement_refusal(ground: Ground, laid_down: date | None, fact_date: date) -> Refusal | None:
    """Where a ground measures against a requirement, meeting or due date, was it there before the fact (G46-G48)?"""
    if ground.needs and (laid_down is None or laid_down > fact_date):
        return NoRequirementBeforeTheFact(ground=ground.code, needs=ground.needs)
    return None


def _route(facts: Facts, competence: Competence, *, transfer_only: bool) -> Iterable[Refusal]:
    if competence.route == "transfer":
        yield JudicialTransferRequired(crime_assessment=facts.crime)
    elif not competence.deciding:
        yield CategoryUnknown()
    elif facts.organ and facts.organ not in competence.handling | competence.deciding:
        yield OrganNotCompetent(organ=facts.organ, competent=sorted(competence.deciding))
    elif facts.organ and competence.reason_required and not facts.routing_reason:
        yield RoutingReasonRequired(competent=sorted(competence.deciding))


def _measure(measure: Measure, facts: Facts) -> Iterable[Refusal]:
    if facts.measure and facts.measure != measure.code:
        yield MeasureNotOfThisGround(measure=facts.measure, of_ground=measure.code)
    if facts.capacity not in measure.subjects:
        yield SubjectNotProvidedFor(capacity=facts.capacity, measure=measure.code, permitted=sorted(measure.subjects))
    if facts.measures_for_same_facts and not facts.override_reason:
        yield SecondMeasureForSameFacts(measures=sorted(facts.measures_for_same_facts))


def _discipline(book: Rulebook, measure: Measure, facts: Facts) -> Iterable[Refusal]:
    """Article 9(4): a crime is ruled out, and the discipline fits the subject (G39-G43)."""
    if "crime_assessment" not in measure.requires:
        return
    if facts.crime is None:
        yield CrimeAssessmentRequired()
    if facts.capacity in book.subjects and book.subjects[facts.capacity].is_body:
        if not (facts.outcome and facts.cited_rule):
            yield UnitDisciplineNeedsOutcomeAndRule()
    elif facts.discipline_kind != "party":
        yield AdminDisciplineOnlyByReferral(kind=facts.discipline_kind)
    elif facts.political_status == Politics.UNKNOWN:
        yield PoliticalStatusUnknown()
    elif facts.political_status != Politics.PARTY_MEMBER:
        yield PartyDisciplineOnlyForMembers()


def _warnings(book: Rulebook, facts: Facts, ground: Ground | None) -> Iterable[Caution]:
    kind = book.subjects.get(facts.capacity)
    categories = (kind.categories if kind else ()) or facts.categories
    if categories and not set(categories).intersection(book.persons_in_scope):
        yield OUTSIDE_ART3
    if ground and (ground.alternatives or ground.overlaps_articles):
        yield SEVERAL_GROUNDS_FIT
    if ground and ground.needs and facts.requirement_from is None:
        yield REQUIREMENT_NOT_SHOWN
    if set(facts.categories) & {Category.ORGAN_CADRE}:
        yield TOWNSHIP_CADRE_ROUTED


OUTSIDE_ART3 = Caution(
    "outside_art3",
    "G1",
    "The subject is of neither category of article 3, but articles 9 and 10 name him; the organ confirms this.",
    "对象不属于第三条所列两类人员,但第九、十条有所列明;由决定机关确认。",
)
SEVERAL_GROUNDS_FIT = Caution(
    "several_grounds_fit",
    "G33",
    "The same facts may fit another ground or article; only one measure follows from them.",
    "同一事实可能符合其他情形或条款;只作一次追究。",
)
REQUIREMENT_NOT_SHOWN = Caution(
    "requirement_not_shown",
    "G47",
    "This ground needs a requirement, meeting or due date laid down before the fact; none is given here.",
    "该情形须以事先提出的要求、会议通知或期限为前提;此处未提供。",
)
TOWNSHIP_CADRE_ROUTED = Caution(
    "township_cadre_routed",
    "G37",
    "The township's own cadres are treated as helpers of units; an interpretation should confirm this.",
    "乡机关干部比照部门、单位帮扶责任人处理,宜由解释予以明确。",
)


def not_heavier(book: Rulebook, before: str, after: str) -> bool:
    """Is `after` no heavier than `before` in the order of article 9? An objection never aggravates (G50)."""
    return book.measures[after].rank <= book.measures[before].rank
