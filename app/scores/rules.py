"""What is lawful in a quarter: who is assessed, by which methods, with what to show for it (article 6(2))?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from app.actor import Actor, Office
from app.refusal import Conflict, Forbidden, Invalid, Refusal
from app.workflow import Move, Workflow

REFERENCE: Final = "参考"
"""How a rubric's points are labelled wherever they are shown (G2)."""

FIRST_QUARTER: Final = "2016-Q4"
"""The regulation has applied since 2016-11-09 (G51)."""

METHODS: Final = ("on_site", "documents", "household_interview")
"""实地查看、查阅资料、与帮扶对象见面谈话: the three that article 6(2) names."""

OTHER: Final = "other"
"""“等方式”: the list is open, so another method (a phone call, G13) may stand beside the three."""


class Event(StrEnum):
    """What the log calls the commands of this feature."""

    ROUND_OPENED = "quarterly_round.opened"
    ROUND_LISTED = "quarterly_round.listed"
    SUMMARISED = "quarterly_round.summarised"
    REPORTED = "quarterly_round.reported"
    ADDED = "quarterly_score.added"
    ASSESSED = "quarterly_score.assessed"
    NOT_ASSESSED = "quarterly_score.not_assessed"
    CORRECTED = "quarterly_score.corrected"
    RUBRIC_ISSUED = "rubric.issued"


class QuarterNotYetBegun(Conflict):
    """A quarter that has not begun cannot be assessed.

    该季度尚未开始,不能考核。
    """

    article = "6(2)"


class QuarterBeforeTheRegulation(Conflict):
    """The regulation applies from 2016-11-09; earlier quarters are not assessed under it.

    本办法自2016年11月9日起执行,此前季度不适用。
    """

    article = "G51"


class SomebodyIsPending(Conflict):
    """Somebody is still pending: every helper is assessed, or the reason why not is recorded, before the summary.

    仍有帮扶责任人待考核:逐人考核或说明未考核原因后方可汇总。
    """

    article = "6(2)"


class SomebodyHasNoRow(Conflict):
    """A helper with an active day in the quarter has no row in this round yet.

    本季度有帮扶任务的帮扶责任人尚未列入本轮考核。
    """

    article = "G14"


class NoActiveDay(Conflict):
    """This person had no active pairing day in the quarter.

    此人本季度无有效帮扶关系。
    """

    article = "G14"


class RoundIsSummarised(Conflict):
    """The round is summarised; nobody is added to it any more.

    本轮考核已汇总,不再增列人员。
    """

    article = "6(2)"


class NobodyAssessesHimself(Forbidden):
    """Nobody assesses his own work.

    不得考核本人。
    """

    article = "G11"


class NoMethodUsed(Invalid):
    """At least one of on-site inspection, documents and household interview is needed.

    实地查看、查阅资料、见面谈话至少采用一种。
    """

    article = "G12"


class MethodMissingWithoutReason(Invalid):
    """Each of the three methods is either used or missing with a reason.

    三种考核方式未采用的,须逐一说明原因。
    """

    article = "G12"


class MethodUsedAndMissing(Invalid):
    """A method is either used or missing, not both.

    同一考核方式不得既列为采用又列为未采用。
    """

    article = "G12"


class MethodWithoutEvidence(Invalid):
    """Each method used shows its evidence: what was seen or read, or an attachment.

    采用的考核方式须附所见所查记录或附件。
    """

    article = "6(2)"


class AllMethodsRequiredHere(Conflict):
    """This township requires all three methods; where one cannot be used, record the helper as not assessed.

    本乡约定三种考核方式均须采用;无法采用的,作未考核处理并说明原因。
    """

    article = "G12"


class InterviewIncomplete(Invalid):
    """An interview names the household met, and says whether the helper was present.

    见面谈话须写明所见帮扶对象及帮扶责任人是否在场。
    """

    article = "G13"


class CorrectionIsOneThing(Invalid):
    """A correction says either what was assessed or why nothing was.

    更正须写明考核内容或未考核原因,二者择一。
    """

    article = "G55"


class HouseholdNotHisThatQuarter(Conflict):
    """The household interviewed was not paired with this helper in the quarter.

    所谈话的帮扶对象本季度与该帮扶责任人无结对关系。
    """

    article = "6(2)"


class NoRubricInForce(Conflict):
    """No rubric is set for this round: record facts and a narrative, no points.

    本轮未设评分细则:只记事实与评语,不计分。
    """

    article = "G2"


class RubricNeedsDeductions(Conflict):
    """This round has a rubric: list the deductions, or an empty list for none.

    本轮设有评分细则:请列明扣分项,无扣分请给空列表。
    """

    article = "G2"


class UnknownDeduction(Conflict):
    """The rubric of this round has no such deduction.

    本轮评分细则无此扣分项。
    """

    article = "G2"


class RubricUnsound(Invalid):
    """A rubric's codes are unique, its points positive, and no single deduction exceeds its criterion.

    评分细则编码不得重复,分值须为正,单项扣分不得超过该项满分。
    """

    article = "G2"


@dataclass(frozen=True, slots=True)
class RoundFacts:
    """What the law of a round needs to know."""

    pending: int
    """Rows that are neither assessed nor not assessed."""
    without_row: int
    """People with an active pairing day in the quarter who have no row yet."""
    assessed: int = 0
    not_assessed: int = 0

    @classmethod
    def of(cls, json: Mapping[str, int]) -> "RoundFacts":
        return cls(**json)


@dataclass(frozen=True, slots=True)
class Deduction:
    code: str
    title: str
    points: int
    """Milli-points each time."""


@dataclass(frozen=True, slots=True)
class Criterion:
    code: str
    title: str
    maximum: int
    """Milli-points."""
    deductions: tuple[Deduction, ...]


@dataclass(frozen=True, slots=True)
class Rubric:
    """A local policy of the township, never part of the regulation (G2)."""

    code: str
    edition: int
    criteria: tuple[Criterion, ...]

    @property
    def maximum(self) -> int:
        """Milli-points."""
        return sum(c.maximum for c in self.criteria)

    @classmethod
    def of(cls, json: Mapping[str, Any]) -> "Rubric":
        criteria = (
            Criterion(c["code"], c["title"], c["maximum"], tuple(Deduction(**d) for d in c["deductions"]))
            for c in json["criteria"]
        )
        return cls(json["code"], json["edition"], tuple(criteria))


@dataclass(frozen=True, slots=True)
class ScoreFacts:
    """What the law of one row needs to know. Points are not among it: they trigger nothing (G2)."""

    helper_id: UUID
    helped: frozenset[UUID] = frozenset()
    """The households paired with the helper in the quarter."""
    rubric: Rubric | None = None
    """The rubric that the round was opened with."""
    all_methods: bool = False
    """Local policy `quarter.requireAllMethods` (G12)."""

    @classmethod
    def of(cls, json: Mapping[str, Any]) -> "ScoreFacts":
        rubric = Rubric.of(json["rubric"]) if json.get("rubric") else None
        helped = frozenset(UUID(h) for h in json["helped"])
        return cls(UUID(json["helper_id"]), helped, rubric, json["all_methods"])


def everyone_is_done(facts: RoundFacts, actor: Actor) -> Refusal | None:
    return SomebodyIsPending(pending=facts.pending) if facts.pending else None


def everyone_has_a_row(facts: RoundFacts, actor: Actor) -> Refusal | None:
    return SomebodyHasNoRow(without_row=facts.without_row) if facts.without_row else None


def not_himself(facts: ScoreFacts, actor: Actor) -> Refusal | None:
    return NobodyAssessesHimself() if actor.person_id == facts.helper_id else None


OPENERS: Final = frozenset({Office.ASSESSOR, Office.LEADING_GROUP_OFFICE, Office.PARTY_GOV_OFFICE})
"""Who may open a round: the assessment team (article 6) and the two organisers (article 4)."""

RUBRIC_MAKERS: Final = frozenset({Office.LEADING_GROUP})
"""Who may set a rubric, which is local policy: the group that interprets the regulation."""

ASSESSOR: Final = frozenset({Office.ASSESSOR})

ROUND: Final = Workflow(
    name="quarterly_round",
    title_zh="季度考核",
    resource="quarterly-rounds",
    states=("open", "summarised", "reported"),
    states_zh={
        "open": "考核中",
        "summarised": "已汇总",
        "reported": "已上报",
    },
    initial="open",
    final=frozenset({"reported"}),
    moves=(
        Move(
            name="summarise",
            path={"open": ("summarised",)},
            offices=ASSESSOR,
            article="6(2)",
            summary="Assess all helpers together and sum the quarter up",
            summary_zh="对所有帮扶责任人统一评估并汇总",
            guards=(everyone_is_done, everyone_has_a_row),
        ),
        Move(
            name="report",
            path={"summarised": ("reported",)},
            offices=ASSESSOR,
            article="6(2)",
            summary="Report the summary to the leading group",
            summary_zh="汇总后上报乡扶贫开发领导小组",
        ),
    ),
)

SCORE: Final = Workflow(
    name="quarterly_score",
    title_zh="季度考核记录",
    resource="quarterly-scores",
    states=("pending", "assessed", "not_assessed"),
    states_zh={
        "pending": "待考核",
        "assessed": "已考核",
        "not_assessed": "未考核",
    },
    initial="pending",
    final=frozenset({"assessed", "not_assessed"}),
    moves=(
        Move(
            name="assess",
            path={"pending": ("assessed",)},
            offices=ASSESSOR,
            article="6(2)",
            summary="Record the methods used, their evidence and the narrative",
            summary_zh="记录考核方式、依据和评语",
            guards=(not_himself,),
        ),
        Move(
            name="not-assessed",
            path={"pending": ("not_assessed",)},
            offices=ASSESSOR,
            article="G14",
            summary="Record why this helper was not assessed; not a negative result",
            summary_zh="说明未考核原因,不作为负面结果",
            guards=(not_himself,),
            awaited=False,
        ),
        Move(
            name="correct",
            path={"assessed": ("assessed", "not_assessed"), "not_assessed": ("assessed", "not_assessed")},
            offices=ASSESSOR,
            article="G55",
            summary="Add a corrected version beside the recorded one, with author and reason",
            summary_zh="另立更正记录,注明更正人和原因,原记录保留",
            guards=(not_himself,),
            awaited=False,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Method:
    """One method used in the quarter and what there is to show for it."""

    method: str
    evidence: str = ""
    attachments: int = 0
    household_id: UUID | None = None
    helper_present: bool | None = None
    """Was the helper present at the interview? The expectation is no (G57)."""


def check_methods(used: Sequence[Method], missing: Mapping[str, str]) -> None:
    """Refuse unless one of the three is used with evidence and the others are missing with a reason (G12, G13).

    `missing` gives a reason for each of the three not used. Pointers point into the body of `assess`.
    """
    names = [m.method for m in used if m.method != OTHER]
    if not names:
        raise NoMethodUsed("/methods", one_of=list(METHODS))
    for name in METHODS:
        if name in names and name in missing:
            raise MethodUsedAndMissing("/missing", method=name)
        if name not in names and not missing.get(name, "").strip():
            raise MethodMissingWithoutReason("/missing", method=name)
    for at, one in enumerate(used):
        if not one.evidence.strip() and not one.attachments:
            raise MethodWithoutEvidence(f"/methods/{at}/evidence", method=one.method)
        if one.method == "household_interview" and (one.household_id is None or one.helper_present is None):
            raise InterviewIncomplete(f"/methods/{at}")


def check_against_record(used: Sequence[Method], facts: ScoreFacts) -> None:
    """Refuse a household that was not helped in the quarter, and what a local policy does not accept."""
    named = {m.household_id for m in used if m.household_id or m.method == "household_interview"}
    if not named <= facts.helped:
        raise HouseholdNotHisThatQuarter
    if facts.all_methods and (missing := set(METHODS) - {m.method for m in used}):
        raise AllMethodsRequiredHere(missing=sorted(missing))


def check_correction(*, assessed: bool, not_assessed: bool) -> None:
    """Refuse a correction that says both or neither."""
    if assessed is not_assessed:
        raise CorrectionIsOneThing("/assessed")


def check_rubric(rubric: Rubric) -> None:
    """Refuse a rubric whose points could not be explained."""
    codes: set[str] = set()
    for at, criterion in enumerate(rubric.criteria):
        here = [criterion.code, *(d.code for d in criterion.deductions)]
        if len(set(here)) < len(here) or not codes.isdisjoint(here):
            raise RubricUnsound(f"/criteria/{at}/code", problem="code_repeated")
        codes.update(here)
        if criterion.maximum <= 0 or any(not 0 < d.points <= criterion.maximum for d in criterion.deductions):
            raise RubricUnsound(f"/criteria/{at}", problem="points_out_of_range")


@dataclass(frozen=True, slots=True)
class Line:
    """Why points were taken off: one line per deduction."""

    criterion: str
    deduction: str
    times: int
    points: int
    """Milli-points taken off by this line; less than times × each where the criterion has nothing left."""
    text: str


@dataclass(frozen=True, slots=True)
class Points:
    """What a rubric gives: a reference for readers and nothing else."""

    points: int
    maximum: int
    lines: tuple[Line, ...]
    label: str = REFERENCE


def milli(points: int) -> str:
    """`1500` milli-points as people read them: `1.5`."""
    whole, rest = divmod(points, 1000)
    return f"{whole}.{rest:03d}".rstrip("0").rstrip(".")


def score(rubric: Rubric, observed: Mapping[str, int]) -> Points:
    """The rubric's points when each deduction of `observed` was seen that many times (G2).

    Milli-points, never below zero in a criterion; the lines stand in the rubric's order whatever the input's.
    """
    known = {d.code for c in rubric.criteria for d in c.deductions}
    if strange := sorted(set(observed) - known):
        raise UnknownDeduction(deductions=strange)
    lines: list[Line] = []
    for criterion in rubric.criteria:
        left = criterion.maximum
        for each in criterion.deductions:
            if not (times := observed.get(each.code, 0)):
                continue
            taken = min(times * each.points, left)
            left -= taken
            text = f"{criterion.title}:{each.title},{times}次×{milli(each.points)}分,扣{milli(taken)}分"
            capped = "" if taken == times * each.points else "(本项扣完为止)"
            lines.append(Line(criterion.code, each.code, times, taken, text + capped))
    return Points(rubric.maximum - sum(line.points for line in lines), rubric.maximum, tuple(lines))


def seen(deductions: Iterable[tuple[str, int]]) -> dict[str, int]:
    """How often each deduction was seen, where a request names one several times."""
    times: dict[str, int] = {}
    for code, more in deductions:
        times[code] = times.get(code, 0) + more
    return times


def points_of(rubric: Rubric | None, observed: Mapping[str, int] | None) -> Points | None:
    """The points of an assessment; without a rubric there are none, with one the deductions must be said (G2)."""
    if rubric is None:
        if observed is not None:
            raise NoRubricInForce
        return None
    if observed is None:
        raise RubricNeedsDeductions
    return score(rubric, observed)


def check_quarter(quarter: str, this_quarter: str) -> None:
    """Refuse a round of a quarter before the regulation or after today."""
    if quarter < FIRST_QUARTER:
        raise QuarterBeforeTheRegulation(quarter=quarter, first=FIRST_QUARTER)
    if quarter > this_quarter:
        raise QuarterNotYetBegun(quarter=quarter)


def check_addition(round_state: str, *, active: bool) -> None:
    """Refuse a row in a round that is summed up, or for somebody without an active day in the quarter (G14)."""
    if round_state != ROUND.initial:
        raise RoundIsSummarised
    if not active:
        raise NoActiveDay
