"""What was done for households, how is it dated, and what may at most be proposed of it? (G46 to G48)"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from app.actor import ORGANISERS, Actor, Office
from app.calendar import local_date, month_bounds, month_of
from app.duties.rules import Persons, Proposal, Rule
from app.refusal import Conflict, Forbidden, Refusal
from app.workflow import Move, Workflow

PUBLISHERS = ORGANISERS | {Office.VILLAGE_PRINCIPAL, Office.VILLAGE_COMMITTEE_HEAD}
PLANNERS = ORGANISERS | {Office.HELPER}

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far a phone's clock may run ahead of the service's before the service's decides (local policy)."""


class PlanKind(StrEnum):
    """The three papers of HY.9.3.4."""

    ASSISTANCE_PLAN = "assistance_plan"  # 帮扶计划
    PROJECT_SCHEME = "project_scheme"  # 项目实施方案
    INCOME_MEASURES = "income_measures"  # 增收脱贫措施


class PublicationKind(StrEnum):
    """What is made public (公示公告)."""

    POOR_HOUSEHOLDS = "poor_households"  # 贫困户评定结果
    EXITS = "exits"  # 脱贫退出结果
    ASSESSMENT_RESULTS = "assessment_results"  # 考核评定结果
    FUNDS_AND_PROJECTS = "funds_and_projects"  # 资金项目
    OTHER = "other"


class Clock(StrEnum):
    """Whose clock dates a visit."""

    DEVICE = "device"
    SERVER = "server"


class Event(StrEnum):
    """What the log calls the commands of this feature."""

    PLAN_MADE = "plan.made"
    MEASURE_STARTED = "plan_measure.started"
    MEASURE_COMPLETED = "plan_measure.completed"
    MEASURE_DROPPED = "plan_measure.dropped"
    VISIT_RECORDED = "visit.recorded"
    VISIT_CORRECTED = "visit.corrected"
    PUBLISHED = "publication.shown"
    TAKEN_DOWN = "publication.taken_down"


class TakenDownBeforeShown(Conflict):
    """A publication does not end before it began.

    公示截止日期不得早于开始日期。
    """

    article = "HY.9.3.3"


class NotYourVisit(Forbidden):
    """Only the helper who made the visit corrects its record.

    走访记录仅由走访人本人更正。
    """

    article = "G55"


class NotPairedThatDay(Conflict):
    """That household was not this helper's on that day.

    该户在该日不由该帮扶责任人结对帮扶。
    """

    article = "G18"


class NotItsHelper(Forbidden):
    """Only a helper of this household, or an organiser, does this.

    仅该户的帮扶责任人或组织部门可以办理。
    """

    article = "G18"


class NotYourVillage(Forbidden):
    """Your office is in another village.

    您不在该村任职。
    """

    article = "3"


# ── what follows from missing what is required ───────────────────────────────────────────────────


def missed_visits(
    rules: Iterable[Rule], month: str, visits: int, paired_all_month: bool, today: date
) -> Proposal | None:
    """HY.9.1.2: fewer `visits` than a requirement demands that bound the whole month, once it has ended (G47).

    Without such a requirement no number is too few; nor where the helper had households for a part of the month.
    """
    wanted = max((r.visits_per_month or 0 for r in rules if r.binds_month(month)), default=0)
    if not paired_all_month or visits >= wanted or today <= month_bounds(month)[1]:
        return None
    return Proposal("HY.9.1.2", (f"required:{wanted}", f"made:{visits}"))


def missing_plan(rules: Iterable[Rule], day: date, made: int) -> Proposal | None:
    """HY.9.3.4: no plan, scheme or measures on the register on `day` though a requirement binds it (G47)."""
    if made or not any(rule.binds_on(day) for rule in rules):
        return None
    return Proposal("HY.9.3.4", ("no_plan",))


def unfinished_plan(measures: Iterable[tuple[str, date]], today: date) -> Proposal | None:
    """HY.9.3.5: measures, as (state, due day), neither done nor dropped with a reason when their day had ended."""
    overdue = sum(state in ("planned", "under_way") and due_on < today for state, due_on in measures)
    return Proposal("HY.9.3.5", (f"overdue:{overdue}",)) if overdue else None


# ── visits ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Dated:
    """The day and month a visit counts for, and whose clock said so."""

    visited_on: date
    clock: Clock
    received_later: bool
    """Handed in after the month it counts for had ended: shown beside the visit, held against nobody."""

    @property
    def month(self) -> str:
        return month_of(self.visited_on)


def date_visit(device_time: datetime, received_at: datetime) -> Dated:
    """Which day does a visit count for? The phone's day, since it may be offline for weeks, unless its clock is ahead.

    Both moments are aware; a visit cannot lie after the moment it was received, so a clock ahead by more than
    CLOCK_TOLERANCE is wrong and the day of receipt counts.
    """
    ahead = device_time > received_at + CLOCK_TOLERANCE
    day = local_date(received_at if ahead else min(device_time, received_at))
    return Dated(day, Clock.SERVER if ahead else Clock.DEVICE, month_of(local_date(received_at)) != month_of(day))


def check_taken_down(shown_from: date, shown_to: date) -> None:
    """A publication ends on or after the day it began (HY.9.3.3)."""
    if shown_to < shown_from:
        raise TakenDownBeforeShown(shown_from=shown_from.isoformat())


# ── workflows ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Village:
    """Where a publication hangs: twelve digits, or empty for the whole township."""

    village_code: str


def helpers_keep_to_their_households(facts: Persons, actor: Actor) -> Refusal | None:
    return None if actor.holds(*ORGANISERS) or facts.include(actor) else NotItsHelper()


def villages_publish_their_own(facts: Village, actor: Actor) -> Refusal | None:
    here = actor.holds(*(PUBLISHERS - ORGANISERS), place=facts.village_code)
    return None if here or actor.holds(*ORGANISERS) else NotYourVillage()


def _measure_move(name: str, path: dict[str, tuple[str, ...]], article: str, english: str, chinese: str) -> Move:
    return Move(name, path, PLANNERS, article, english, chinese, (helpers_keep_to_their_households,), awaited=False)


PLAN_MEASURE = Workflow(
    name="plan_measures",
    title_zh="帮扶措施",
    resource="plan-measures",
    states=("planned", "under_way", "done", "dropped"),
    states_zh={
        "planned": "待实施",
        "under_way": "实施中",
        "done": "已落实",
        "dropped": "已取消",
    },
    initial="planned",
    final=frozenset({"done", "dropped"}),
    moves=(
        _measure_move("start", {"planned": ("under_way",)}, "HY.9.3.5", "Begin the measure.", "开始实施措施。"),
        _measure_move(
            "complete",
            {"planned": ("done",), "under_way": ("done",)},
            "HY.9.3.5",
            "Record that the measure was carried out, on which day, with what result.",
            "记录措施已落实的日期和成效。",
        ),
        _measure_move(
            "drop",
            {"planned": ("dropped",), "under_way": ("dropped",)},
            "HY.9.3.5",
            "Give the measure up, with the reason.",
            "说明原因后取消措施。",
        ),
    ),
)


PUBLICATION = Workflow(
    name="publications",
    title_zh="公示公告",
    resource="publications",
    states=("on_display", "taken_down"),
    states_zh={
        "on_display": "公示中",
        "taken_down": "公示结束",
    },
    initial="on_display",
    final=frozenset({"taken_down"}),
    moves=(
        Move(
            "take-down",
            {"on_display": ("taken_down",)},
            PUBLISHERS,
            "HY.9.3.3",
            "Record until which day it was on public display.",
            "记录公示截止日期。",
            (villages_publish_their_own,),
            awaited=False,
        ),
    ),
)
