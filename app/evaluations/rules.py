"""What is lawful at the year's end: what may be proposed, who determines, and what follows (articles 5 and 7)?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from app.actor import Actor, Office
from app.calendar import year_bounds
from app.refusal import Conflict, Forbidden, Invalid, Refusal
from app.workflow import Move, Workflow

FIRST_YEAR: Final = 2016
"""The regulation has applied since 2016-11-09 (G51)."""

ALL_OUT: Final = frozenset({2017})
"""The years in which all helped households must be out of poverty (R5.7)."""

CLOSED: Final = frozenset({"moved_out", "deceased_all", "split", "merged", "delisted"})
"""The life events that take a household out of the denominator from their day (G19)."""

RETURNED: Final = "returned_to_poverty"

UNCONFIRMED_STATES: Final = frozenset({"refused", "forwarded_unconfirmed", "considered_unconfirmed"})
"""The sign-off states in which a signature was refused (G21)."""

REVIEWED: Final = "reviewed"

VILLAGE_CADRES: Final = frozenset({"village_committee_member", "group_cadre"})
"""Categories that have no civil-service annual assessment (G60)."""


class Outcome(StrEnum):
    """What may be proposed; the first four may also be determined."""

    COMPLETE = "complete"  # 全面完成
    NOT_COMPLETE = "not_complete"  # 没有完成
    NOT_APPLICABLE = "not_applicable"  # 不适用
    NOT_DETERMINED = "not_determined"  # 未确定
    UNCONFIRMED = "unconfirmed"  # 未经确认
    NO_RULE = "no_rule"  # 本年度无规定


DETERMINABLE: Final = (Outcome.COMPLETE, Outcome.NOT_COMPLETE, Outcome.NOT_APPLICABLE, Outcome.NOT_DETERMINED)


class Standing(StrEnum):
    """How one household counts in a proposal."""

    OUT = "out"  # 四方签字确认脱贫,乡党委已审核
    NOT_OUT = "not_out"  # 四方签字确认未脱贫,乡党委已审核
    UNCONFIRMED = "unconfirmed"  # 有拒签或不同意见,未经确认
    UNREVIEWED = "unreviewed"  # 签字或审核尚未完成
    OVERTAKEN = "overtaken"  # 确认脱贫后返贫
    CLOSED = "closed"  # 已销户,不计入分母
    HANDED_OVER = "handed_over"  # 年中已移交其他帮扶责任人


class Event(StrEnum):
    """What the log calls the commands of this feature."""

    OPENED = "year_end_submission.opened"
    LISTED = "year_end_submission.listed"
    REVIEWED = "year_end_submission.reviewed"
    SUMMARISED = "year_end_submission.summarised"
    SUBMITTED = "year_end_submission.submitted"
    BEGUN = "annual_evaluation.begun"
    PROPOSED = "annual_evaluation.proposed"
    DETERMINED = "annual_evaluation.determined"
    REOPENED = "annual_evaluation.reopened"


class NotYetYearEnd(Conflict):
    """The year-end review begins with the window set for it.

    尚未到年底审核汇总期。
    """

    article = "G56"


class YearBeforeTheRegulation(Conflict):
    """The regulation applies from 2016-11-09; earlier years are not assessed under it.

    本办法自2016年11月9日起执行,此前年度不适用。
    """

    article = "G51"


class YearNotYetBegun(Conflict):
    """A year that has not begun cannot be evaluated.

    该年度尚未开始。
    """

    article = "5"


class SubmissionNotSubmitted(Conflict):
    """The Party committee determines on the leading group's year-end submission, which is not submitted yet.

    领导小组年底汇总材料尚未上报,乡党委不能确定。
    """

    article = "5"


class ProposalOutOfDate(Conflict):
    """The record has changed since the proposal: propose again, so that every result is before the committee.

    建议生成后台账已有变化:请重新生成建议,使全部结果提交乡党委。
    """

    article = "G4"


class AnotherSubmission(Conflict):
    """The submission cited is not this township's submission of this year.

    所引汇总材料不是本乡本年度的材料。
    """

    article = "5"


class ReasonsRequired(Invalid):
    """A determination states its reasons.

    确定结果须说明理由。
    """

    article = "2"


class ConsiderationRequired(Invalid):
    """Say how the results of the monthly checks and quarterly assessments were considered.

    须写明如何考虑月抽查、季考核结果。
    """

    article = "G4"


class NotForDetermination(Invalid):
    """The committee determines complete, not complete, not applicable or not determined.

    乡党委的确定结果只能是完成、没有完成、不适用或未确定。
    """

    article = "5"


class NothingToComplete(Conflict):
    """A helper with no open household is neither complete nor not complete.

    无有效帮扶对象的,不认定完成,也不认定没有完成。
    """

    article = "G15"


class NoRuleWithoutAPlanTarget(Conflict):
    """The regulation sets no task for this year: name the plan target that was not met.

    本办法未规定该年度任务:认定没有完成须写明未完成的计划目标。
    """

    article = "G28"


class PriorityNeedsAReason(Conflict):
    """This helper also received a measure this year: giving priority needs a reason.

    该帮扶责任人本年度受过责任追究,给予优先须说明理由。
    """

    article = "G32"


class NobodyJudgesHisOwnFile(Forbidden):
    """Nobody takes part in his own evaluation.

    不得参与本人的考核确定。
    """

    article = "G61"


@dataclass(frozen=True, slots=True)
class SubmissionFacts:
    """What the law of a submission needs to know."""

    today: date
    window_from: date
    window_to: date
    """The year-end window, both days inside; local policy `year.signoffWindow` (G56)."""

    @classmethod
    def of(cls, today: date, year: int, window: Sequence[str]) -> "SubmissionFacts":
        """`window` is the policy's two days, as `MM-DD`."""
        first, last = (date.fromisoformat(f"{year:04d}-{day}") for day in window)
        return cls(today, first, last)


@dataclass(frozen=True, slots=True)
class EvaluationFacts:
    """What the law of an evaluation needs to know."""

    helper_id: UUID
    submission_id: UUID | None
    """The township's submission of that year, once it is submitted."""
    category: str | None = None
    """The helper's category as a person, which says what priority can mean (G60)."""
    measures: tuple[str, ...] = ()
    """Measures of article 9 decided against the helper for that year, shown beside a priority (G32)."""
    explanation: Mapping[str, Any] | None = None
    """What the record suggests now, as a proposal would explain it."""
    up_to_date: bool = True
    """Is the latest proposal what the record suggests now?"""
    log_size: int = 0
    """How many entries of the township's log these facts rest on."""
    notices: Sequence[Mapping[str, Any]] = ()
    """`id`, `kind`, `state`, `version` and `organ` of the notices that wait or are published about it."""


def window_is_open(facts: SubmissionFacts, actor: Actor) -> Refusal | None:
    return NotYetYearEnd(opens=facts.window_from.isoformat()) if facts.today < facts.window_from else None


def submission_is_submitted(facts: EvaluationFacts, actor: Actor) -> Refusal | None:
    return SubmissionNotSubmitted() if facts.submission_id is None else None


def proposal_is_up_to_date(facts: EvaluationFacts, actor: Actor) -> Refusal | None:
    return None if facts.up_to_date else ProposalOutOfDate()


def not_his_own(facts: EvaluationFacts, actor: Actor) -> Refusal | None:
    return NobodyJudgesHisOwnFile() if actor.person_id == facts.helper_id else None


LEADING_GROUP: Final = frozenset({Office.LEADING_GROUP})
PARTY_COMMITTEE: Final = frozenset({Office.PARTY_COMMITTEE})
PROPOSERS: Final = frozenset({Office.LEADING_GROUP, Office.LEADING_GROUP_OFFICE, Office.PARTY_COMMITTEE})

SUBMISSION: Final = Workflow(
    name="year_end_submission",
    title_zh="年底审核汇总上报",
    resource="year-end-submissions",
    states=("open", "reviewed", "summarised", "submitted"),
    states_zh={
        "open": "待审核",
        "reviewed": "已审核",
        "summarised": "已汇总",
        "submitted": "已上报",
    },
    initial="open",
    final=frozenset({"submitted"}),
    moves=(
        Move(
            name="review",
            path={"open": ("reviewed",)},
            offices=LEADING_GROUP,
            article="5",
            summary="Review the two ledgers of the year",
            summary_zh="审核两本考核台账",
            guards=(window_is_open,),
        ),
        Move(
            name="summarise",
            path={"reviewed": ("summarised",)},
            offices=LEADING_GROUP,
            article="5",
            summary="Sum the year up: households, sign-offs, months, quarters",
            summary_zh="统一汇总帮扶对象、签字确认、月抽查、季考核结果",
        ),
        Move(
            name="submit",
            path={"summarised": ("submitted",)},
            offices=LEADING_GROUP,
            article="5",
            summary="Hand the summary to the Party committee",
            summary_zh="上报乡党委",
        ),
    ),
)

EVALUATION: Final = Workflow(
    name="annual_evaluation",
    title_zh="年终考核评价",
    resource="annual-evaluations",
    states=("pending", "proposed", "determined", "reopened"),
    states_zh={
        "pending": "待建议",
        "proposed": "已建议",
        "determined": "已确定",
        "reopened": "重新研究",
    },
    initial="pending",
    final=frozenset({"determined"}),
    moves=(
        Move(
            name="propose",
            path={"pending": ("proposed",), "proposed": ("proposed",), "reopened": ("reopened",)},
            offices=PROPOSERS,
            article="5",
            summary="Compute the proposal and its explanation from the record; it decides nothing",
            summary_zh="依据台账生成建议及说明,不产生任何后果",
            guards=(not_his_own,),
            awaited_from={
                "pending": frozenset({Office.LEADING_GROUP_OFFICE}),
                "proposed": frozenset(),
                "reopened": frozenset(),
            },
        ),
        Move(
            name="determine",
            path={"proposed": ("determined",), "reopened": ("determined",)},
            offices=PARTY_COMMITTEE,
            article="5",
            summary="Determine whether the task was completed; priority or notice and veto follow",
            summary_zh="确定帮扶任务是否完成,据此优先推荐或通报并一票否决",
            guards=(not_his_own, submission_is_submitted, proposal_is_up_to_date),
        ),
        Move(
            name="reopen",
            path={"determined": ("reopened",)},
            offices=PARTY_COMMITTEE,
            article="G53",
            summary="Take the determination up again; it stands until a new version replaces it",
            summary_zh="重新研究;新的确定作出前原确定继续有效",
            guards=(not_his_own,),
            awaited=False,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Household:
    """One household that the helper was paired with in the year; intervals are `[from, to)`."""

    household_id: str
    assigned_from: date
    assigned_to: date | None = None
    primary: bool = True
    closed_by: str | None = None
    """The life event that took the household out of the denominator, if one did by the year's end (G19)."""
    closed_on: date | None = None
    returned_on: date | None = None
    """The last day in the year on which the household was found to have fallen back."""
    signoff_id: str | None = None
    signoff_state: str | None = None
    out_of_poverty: bool | None = None
    exit_rule: str | None = None
    """The outside rule on which the statement rests (G26)."""
    statement_hash: str | None = None
    """Of the statement that was signed."""
    confirmed_on: date | None = None
    """The day of the fourth signature."""
    late: bool = False
    """Signed after the year-end window (G56)."""
    objected: bool = False
    """Does a standing signature carry an objection (G21)?"""

    @classmethod
    def of(cls, json: Mapping[str, Any]) -> "Household":
        days = ("assigned_from", "assigned_to", "closed_on", "returned_on", "confirmed_on")
        given: dict[str, Any] = {k: _day(v) if k in days and v is not None else v for k, v in json.items()}
        return cls(**given)


@dataclass(frozen=True, slots=True)
class Period:
    """A month's or a quarter's result: `2017-03` or `2017-Q1`, its state, and the record it rests on."""

    period: str
    state: str
    record_id: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a proposal rests on, as the record gives it."""

    year: int
    households: tuple[Household, ...] = ()
    months: tuple[Period, ...] = ()
    quarters: tuple[Period, ...] = ()

    @classmethod
    def of(cls, json: Mapping[str, Any]) -> "Facts":
        """From the JSON that the database gathered."""
        return cls(
            json["year"],
            tuple(Household.of(h) for h in json["households"]),
            tuple(Period(**p) for p in json["months"]),
            tuple(Period(**p) for p in json["quarters"]),
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule that a proposal applied."""

    article: str
    text: str
    text_zh: str


@dataclass(frozen=True, slots=True)
class HouseholdLine:
    """One household in the explanation: how it counts and why."""

    household: Household
    standing: Standing
    in_denominator: bool
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the record suggests, and why. It decides nothing and has no effects."""

    outcome: Outcome
    rule: Rule
    as_of: date
    households: tuple[HouseholdLine, ...]
    months: tuple[Period, ...]
    """Attached for the committee to consider; they carry no weight in the outcome (G4)."""
    quarters: tuple[Period, ...]

    def explanation(self) -> dict[str, Any]:
        """As JSON: the same facts give the same bytes."""
        counted = [line for line in self.households if line.in_denominator]
        return {
            "outcome": self.outcome.value,
            "rule": asdict(self.rule),
            "as_of": self.as_of.isoformat(),
            "denominator": len(counted),
            "out": sum(line.standing is Standing.OUT for line in counted),
            "households": [_line_json(line) for line in self.households],
            "months": [asdict(p) for p in self.months],
            "quarters": [asdict(p) for p in self.quarters],
        }


def recomputable(explanation: Mapping[str, Any]) -> dict[str, Any]:
    """What of an explanation the log's entries alone give again; it is what is hashed.

    The words of the rule on which a statement rests are sealed there; the statement's hash stands for them.
    """
    households = [{k: v for k, v in line.items() if k != "exit_rule"} for line in explanation["households"]]
    return {**explanation, "rule": explanation["rule"]["article"], "households": households}


RULES: Final[dict[str, Rule]] = {
    "no_household": Rule(
        "G15",
        "No open household was assigned to this helper: neither complete nor not complete.",
        "无有效帮扶对象:不认定完成,也不认定没有完成。",
    ),
    "no_rule": Rule(
        "G28",
        "The regulation sets the task for 2017 only: for this year there is no rule to apply.",
        "本办法只规定2017年任务:本年度无可适用的规定。",
    ),
    "replaced": Rule(
        "G18",
        "Replaced during the year: the Party committee decides for each person, with reasons.",
        "年中已更换:由乡党委逐人说明理由后确定。",
    ),
    "not_out": Rule(
        "5",
        "In 2017 all helped households must be out of poverty; one or more were confirmed as not out.",
        "2017年帮扶的贫困户要全部实现脱贫;有帮扶对象经签字确认未脱贫。",
    ),
    "unconfirmed": Rule(
        "G21",
        "Not every open household's year-end state is confirmed, without objection, by four signatures and reviewed.",
        "尚有帮扶对象年底脱贫情况未经四方无异议签字确认并审核。",
    ),
    "complete": Rule(
        "G27",
        "Every open household at the year's end is confirmed as out of poverty and reviewed.",
        "年底全部在册帮扶对象均经四方签字确认脱贫并审核。",
    ),
}


def standing_of(household: Household, as_of: date) -> Standing:
    """How a household counts on the year's last day; only what four signed and the committee reviewed is settled."""
    left = household.assigned_to or date.max
    closed = household.closed_on if household.closed_by in CLOSED and household.closed_on else date.max
    if closed <= min(as_of, left):
        return Standing.CLOSED
    if left <= as_of:
        return Standing.HANDED_OVER
    if household.signoff_state in UNCONFIRMED_STATES or household.objected:
        return Standing.UNCONFIRMED
    if household.signoff_state != REVIEWED:
        return Standing.UNREVIEWED
    if not household.out_of_poverty:
        return Standing.NOT_OUT
    confirmed, returned = household.confirmed_on, household.returned_on
    return Standing.OVERTAKEN if returned and (confirmed is None or returned > confirmed) else Standing.OUT


def propose(facts: Facts) -> Proposal:
    """What the record of the year suggests about this helper's task (R5.6, R5.7, G15, G18, G19, G21, G27, G28).

    `not_complete` rests only on a household that four parties signed, and the committee reviewed, as not out of
    poverty: what is merely unsigned, objected to or refused gives `unconfirmed`.
    """
    as_of = year_bounds(facts.year)[1]
    lines = tuple(
        HouseholdLine(h, s := standing_of(h, as_of), s not in (Standing.CLOSED, Standing.HANDED_OVER), _flags(h, as_of))
        for h in sorted(facts.households, key=lambda h: (h.household_id, h.assigned_from))
    )
    outcome, rule = _apply(facts.year, lines)
    return Proposal(outcome, RULES[rule], as_of, lines, facts.months, facts.quarters)


def _apply(year: int, lines: Sequence[HouseholdLine]) -> tuple[Outcome, str]:
    counted = {line.standing for line in lines if line.in_denominator}
    handed_over = any(line.standing is Standing.HANDED_OVER for line in lines)
    if not counted and not handed_over:
        return Outcome.NOT_APPLICABLE, "no_household"
    if year not in ALL_OUT:
        return Outcome.NO_RULE, "no_rule"
    if not counted:
        return Outcome.NOT_DETERMINED, "replaced"
    if Standing.NOT_OUT in counted:
        return Outcome.NOT_COMPLETE, "not_out"
    if counted != {Standing.OUT}:
        return Outcome.UNCONFIRMED, "unconfirmed"
    return Outcome.COMPLETE, "complete"


def _flags(household: Household, as_of: date) -> tuple[str, ...]:
    flags = {
        "late": household.late,
        "objected": household.objected,
        "took_over_in_year": household.assigned_from > date(as_of.year, 1, 1),
        "delisted_in_last_quarter": household.closed_by == "delisted"
        and household.closed_on is not None
        and date(as_of.year, 10, 1) <= household.closed_on <= as_of,
        "returned_to_poverty": household.returned_on is not None,
    }
    return tuple(name for name, holds in flags.items() if holds)


def _line_json(line: HouseholdLine) -> dict[str, Any]:
    known = {k: v.isoformat() if isinstance(v, date) else v for k, v in asdict(line.household).items()}
    judged = {"standing": line.standing.value, "in_denominator": line.in_denominator, "flags": list(line.flags)}
    return known | judged


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


@dataclass(frozen=True, slots=True)
class Determination:
    """A version of what the committee determined; the highest version stands."""

    helper_id: str
    year: int
    version: int
    outcome: str


@dataclass(frozen=True, slots=True)
class Request:
    """What the committee says when it determines."""

    outcome: str
    reasons: str
    results_considered: str
    submission_id: UUID
    mitigation: str = ""
    """What speaks for the helper where the task was not completed without fault; it changes nothing by itself (G29)."""
    plan_target: str = ""
    priority_reason: str = ""


def check_request(request: Request) -> None:
    """Refuse a determination that is incomplete in itself (R5.6, G4)."""
    if request.outcome not in DETERMINABLE:
        raise NotForDetermination("/outcome", one_of=[o.value for o in DETERMINABLE])
    if not request.reasons.strip():
        raise ReasonsRequired("/reasons")
    if not request.results_considered.strip():
        raise ConsiderationRequired("/results_considered")


def check_determination(
    request: Request, facts: EvaluationFacts, year: int, proposed: str, measures: Sequence[str]
) -> None:
    """Refuse a determination that the record contradicts; `measures` are those of that year (G15, G28, G32)."""
    if request.submission_id != facts.submission_id:
        raise AnotherSubmission
    if proposed == Outcome.NOT_APPLICABLE and request.outcome in (Outcome.COMPLETE, Outcome.NOT_COMPLETE):
        raise NothingToComplete
    if request.outcome == Outcome.NOT_COMPLETE and year not in ALL_OUT and not request.plan_target.strip():
        raise NoRuleWithoutAPlanTarget(year=year)
    if request.outcome == Outcome.COMPLETE and measures and not request.priority_reason.strip():
        raise PriorityNeedsAReason(measures=sorted(measures))


@dataclass(frozen=True, slots=True)
class Effects:
    """What follows from a determination, and from nothing else (R7.1, R7.2)."""

    priority_for_excellent: bool = False
    """优先评为优秀等次: a priority, never a grade (G3); not for village cadres, who have no such grade (G60)."""
    priority_for_awards: bool = False
    """优先推荐参加各类先进评选和表彰奖励."""
    notice_due: bool = False
    """The Party committee's notice of article 7(2), not the measure of article 9(1)."""
    veto_year: int | None = None
    """The year whose awards are closed to the helper, all kinds (G31)."""


def effects(outcome: str, year: int, category: str | None) -> Effects:
    if outcome == Outcome.COMPLETE:
        return Effects(priority_for_excellent=category not in VILLAGE_CADRES, priority_for_awards=True)
    if outcome == Outcome.NOT_COMPLETE:
        return Effects(notice_due=True, veto_year=year)
    return Effects()


@dataclass(frozen=True, slots=True)
class Eligibility:
    """May the helper take part in the awards of a year, and with what priority?"""

    year: int
    eligible: bool
    priority: bool
    determination: Determination | None
    """The one that stands; none means that nothing was determined, and nothing vetoes by itself."""
    measures: tuple[str, ...]
    """Shown beside a priority, never blocking it (G32)."""


def award_eligibility(
    helper_id: str, year: int, determinations: Iterable[Determination], measures: Iterable[str] = ()
) -> Eligibility:
    """Eligibility for every kind of award of `year`, from that year's determinations alone (R7.2, G31).

    A veto ends with its year. The highest version stands, also while it is being reconsidered (G53).
    """
    own = (d for d in determinations if d.helper_id == helper_id and d.year == year)
    stands = max(own, key=lambda d: d.version, default=None)
    outcome = stands.outcome if stands else None
    return Eligibility(
        year, outcome != Outcome.NOT_COMPLETE, outcome == Outcome.COMPLETE, stands, tuple(sorted(measures))
    )


def is_late(day: date, window_to: date) -> bool:
    """Done after the window: shown as late, with no other effect (G56)."""
    return day > window_to


def check_year(year: int, this_year: int) -> None:
    """Refuse a year before the regulation or after today."""
    if year < FIRST_YEAR:
        raise YearBeforeTheRegulation(year=year, first=FIRST_YEAR)
    if year > this_year:
        raise YearNotYetBegun(year=year)
