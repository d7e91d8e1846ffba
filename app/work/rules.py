"""What was required of a helper, what was done, and what may at most be proposed of it? (G46 to G48)"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from app.actor import Actor, Office
from app.calendar import end_of, local_date, month_bounds, month_of
from app.refusal import Conflict, Forbidden, Invalid, Refusal
from app.workflow import Move, Workflow

ORGANISERS = frozenset({Office.LEADING_GROUP_OFFICE, Office.PARTY_GOV_OFFICE})
"""The two offices that organise the work and its assessment together (article 4)."""

REQUIRERS = ORGANISERS | {Office.LEADING_GROUP, Office.PARTY_COMMITTEE, Office.TOWNSHIP_GOVERNMENT}
PUBLISHERS = ORGANISERS | {Office.VILLAGE_PRINCIPAL, Office.VILLAGE_COMMITTEE_HEAD}
PLANNERS = ORGANISERS | {Office.HELPER}
INVITED = frozenset(Office) - {Office.ADMINISTRATOR, Office.COUNTY_AUDITOR, Office.COUNTY_SYSTEM}

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far a phone's clock may run ahead of the service's before the service's decides (local policy)."""


class Requirement(StrEnum):
    """What a written requirement is about; only where one exists can something be 不按要求 (G47)."""

    VISITS = "visits"  # 进村入户
    FORMS = "forms"  # 表册及资料报送
    MEETINGS = "meetings"  # 会议
    PLANS = "plans"  # 帮扶计划
    PUBLICATION = "publication"  # 公示公告
    OTHER = "other"


class PlanKind(StrEnum):
    """The three papers of HY.9.3.4."""

    ASSISTANCE_PLAN = "assistance_plan"  # 帮扶计划
    PROJECT_SCHEME = "project_scheme"  # 项目实施方案
    INCOME_MEASURES = "income_measures"  # 增收脱贫措施


class Attendance(StrEnum):
    """What was seen of an invitee at a meeting."""

    ATTENDED = "attended"
    LATE = "late"
    ABSENT = "absent"


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

    REQUIREMENT_SET = "requirement.set"
    PLAN_MADE = "plan.made"
    MEASURE_STARTED = "plan_measure.started"
    MEASURE_COMPLETED = "plan_measure.completed"
    MEASURE_DROPPED = "plan_measure.dropped"
    VISIT_RECORDED = "visit.recorded"
    VISIT_CORRECTED = "visit.corrected"
    MEETING_CALLED = "meeting.called"
    ATTENDANCE_RECORDED = "meeting.attendance_recorded"
    ATTENDED = "meeting_invitation.attendance"
    LEAVE_REQUESTED = "leave.requested"
    LEAVE_APPROVED = "leave.approved"
    LEAVE_REFUSED = "leave.refused"
    FORM_TASK_SET = "form_task.set"
    FORM_SUBMITTED = "form.submitted"
    FORM_ACCEPTED = "form.accepted"
    FORM_RETURNED = "form.returned"
    PUBLISHED = "publication.shown"
    TAKEN_DOWN = "publication.taken_down"


class EndsBeforeItBegins(Invalid):
    """The end lies before the beginning.

    截止日期早于开始日期。
    """


class RequiredMeetingNamesItsInvitees(Invalid):
    """A meeting that people must attend names them.

    必须参加的会议须列明参会人员。
    """

    article = "G46"


class ReturnNamesWhatIsWrong(Invalid):
    """A form is returned because it is irregular or incomplete: say which.

    退回表册须注明不规范或不完善之处。
    """

    article = "HY.9.1.3"


class NamedTwice(Invalid):
    """Somebody is named twice in this list.

    名单中有人重复。
    """


class VisitsAreCountedByTheMonth(Invalid):
    """A number of visits a month belongs to a requirement of visits, and only there.

    每月走访次数仅用于进村入户类要求。
    """

    article = "HY.9.1.2"


class CorrectionNeedsReason(Conflict):
    """Something else is on record already: say why it is corrected.

    已有不同记录,更正须说明理由。
    """

    article = "G55"


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


class RequiredOnlyBeforehand(Conflict):
    """A meeting is marked required before it takes place, never afterwards.

    会议须在召开之前标明必须参加,不得事后补标。
    """

    article = "G46"


class MeetingNotYetHeld(Conflict):
    """The meeting has not begun.

    会议尚未开始。
    """

    article = "G46"


class NotInvited(Conflict):
    """That person was not invited to this meeting.

    该人员不在参会名单内。
    """

    article = "G46"


class DueBeforeItWasSet(Conflict):
    """What is required must be set before it is due.

    任务须在到期之前下达。
    """

    article = "G47"


class NotAskedOfYou(Conflict):
    """This form is not asked of that helper.

    该表册任务未下达给该帮扶责任人。
    """

    article = "G47"


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


class OnlyTheInviteeAsks(Forbidden):
    """Leave is asked for by whoever was invited.

    请假由被邀请人本人提出。
    """

    article = "G46"


class NotYourOwnLeave(Forbidden):
    """Nobody decides on his own leave.

    不得审批本人的请假。
    """

    article = "G46"


class NotYourOwnForm(Forbidden):
    """Nobody checks a form of his own.

    不得审核本人报送的表册。
    """

    article = "2"


# ── requirements, and what follows from missing them ─────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Rule:
    """A written requirement: in force from `applies_from` inside to `applies_to` outside, known since `recorded_on`."""

    applies_from: date
    recorded_on: date
    applies_to: date | None = None
    visits_per_month: int | None = None

    def binds_on(self, day: date) -> bool:
        """Must `day` answer to it? Only if it was in force and on record before that day began (G47)."""
        return (
            self.recorded_on < day and self.applies_from <= day and (self.applies_to is None or day < self.applies_to)
        )

    def binds_month(self, month: str) -> bool:
        """Was it in force and on record for the whole of `month`?"""
        first, last = month_bounds(month)
        return self.binds_on(first) and self.binds_on(last)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A ground that facts point to. It accuses nobody: an organ must confirm a finding and open a case (G58)."""

    ground: str
    facts: tuple[str, ...]


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


def absence(required_beforehand: bool, attendance: Attendance | None, leave: str) -> Proposal | None:
    """HY.9.1.1 无故不参加: recorded absence from a required meeting, unless leave is approved or undecided (G46).

    `leave` is the state of the invitation. Coming late is attending.
    """
    excused = leave in ("leave_approved", "leave_requested")
    if not required_beforehand or attendance is not Attendance.ABSENT or excused:
        return None
    return Proposal("HY.9.1.1", ("absent",))


def is_late(due_on: date, handed_in_at: datetime) -> bool:
    """Was it handed in after the end of its due day in Asia/Shanghai? Grace is 0 (G48)."""
    return handed_in_at >= end_of(due_on)


def form_faults(
    due_on: date, handed_in_at: datetime | None, now: datetime, irregular: bool = False, incomplete: bool = False
) -> Proposal | None:
    """HY.9.1.3: late, or still missing after it was due; irregular; incomplete: three separate sub-facts."""
    faults = {"late": is_late(due_on, handed_in_at or now), "irregular": irregular, "incomplete": incomplete}
    found = tuple(name for name, holds in faults.items() if holds)
    return Proposal("HY.9.1.3", found) if found else None


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


# ── meetings and form tasks ──────────────────────────────────────────────────────────────────────


def check_meeting_request(required: bool, invitees: Sequence[UUID]) -> None:
    """A meeting marked required names its invitees, each once (G46)."""
    if required and not invitees:
        raise RequiredMeetingNamesItsInvitees("/invitee_ids")
    check_once(invitees, "/invitee_ids")


def check_once(persons: Sequence[UUID], pointer: str) -> None:
    """Nobody stands twice in a list of people."""
    if len(set(persons)) != len(persons):
        raise NamedTwice(pointer)


def check_requirement(kind: Requirement, visits_per_month: int | None) -> None:
    """A number of visits a month is part of a requirement of visits alone (HY.9.1.2)."""
    if visits_per_month is not None and kind is not Requirement.VISITS:
        raise VisitsAreCountedByTheMonth("/visits_per_month")


def check_meeting(required: bool, begins_at: datetime, now: datetime) -> None:
    """A meeting is marked required before it begins; one recorded afterwards binds nobody (G46)."""
    if required and now >= begins_at:
        raise RequiredOnlyBeforehand()


def check_attendance(begins_at: datetime, now: datetime) -> None:
    """Attendance is an observation: there is none before the meeting begins (G46)."""
    if now < begins_at:
        raise MeetingNotYetHeld()


def check_due(due_on: date, today: date) -> None:
    """A task is set no later than the day it is due (G47, G48)."""
    if due_on < today:
        raise DueBeforeItWasSet()


def check_return(irregular: bool, incomplete: bool) -> None:
    """A returned form says what is wrong with it (HY.9.1.3)."""
    if not (irregular or incomplete):
        raise ReturnNamesWhatIsWrong("/irregular")


def check_attendance_change(before: str | None, now: str, reason: str | None) -> None:
    """What was observed is corrected with a reason, never silently (G55)."""
    if before not in (None, now) and reason is None:
        raise CorrectionNeedsReason()


def check_taken_down(shown_from: date, shown_to: date) -> None:
    """A publication ends on or after the day it began (HY.9.3.3)."""
    if shown_to < shown_from:
        raise TakenDownBeforeShown(shown_from=shown_from.isoformat())


def check_span(starts: date, ends: date | None, pointer: str) -> None:
    """An interval [starts, ends) does not end before it begins."""
    if ends is not None and ends < starts:
        raise EndsBeforeItBegins(pointer)


# ── workflows ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Persons:
    """Whose record it is: the invitee, the submitter, or the household's helpers today, as person ids."""

    person_ids: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Village:
    """Where a publication hangs: twelve digits, or empty for the whole township."""

    village_code: str


def _is_theirs(facts: Persons, actor: Actor) -> bool:
    return actor.person_id in facts.person_ids


def helpers_keep_to_their_households(facts: Persons, actor: Actor) -> Refusal | None:
    return None if actor.holds(*ORGANISERS) or _is_theirs(facts, actor) else NotItsHelper()


def only_the_invitee_asks(facts: Persons, actor: Actor) -> Refusal | None:
    return None if _is_theirs(facts, actor) else OnlyTheInviteeAsks()


def nobody_decides_his_own_leave(facts: Persons, actor: Actor) -> Refusal | None:
    return NotYourOwnLeave() if _is_theirs(facts, actor) else None


def nobody_checks_his_own_form(facts: Persons, actor: Actor) -> Refusal | None:
    return NotYourOwnForm() if _is_theirs(facts, actor) else None


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

INVITATION = Workflow(
    name="meeting_invitations",
    title_zh="参会与请假",
    resource="meeting-invitations",
    states=("invited", "leave_requested", "leave_approved", "leave_refused"),
    states_zh={
        "invited": "已通知",
        "leave_requested": "请假待批",
        "leave_approved": "已准假",
        "leave_refused": "未准假",
    },
    initial="invited",
    final=frozenset({"leave_approved", "leave_refused"}),
    moves=(
        Move(
            "request-leave",
            {"invited": ("leave_requested",), "leave_refused": ("leave_requested",)},
            INVITED,
            "G46",
            "Ask for leave from the meeting, with the reason.",
            "被邀请人请假并说明原因。",
            (only_the_invitee_asks,),
            awaited=False,
        ),
        Move(
            "approve-leave",
            {"leave_requested": ("leave_approved",)},
            ORGANISERS,
            "G46",
            "Approve the leave: the absence then has its reason.",
            "批准请假,缺席即非无故。",
            (nobody_decides_his_own_leave,),
        ),
        Move(
            "refuse-leave",
            {"leave_requested": ("leave_refused",)},
            ORGANISERS,
            "G46",
            "Refuse the leave, with the reason.",
            "说明原因后不批准请假。",
            (nobody_decides_his_own_leave,),
        ),
    ),
)

FORM_SUBMISSION = Workflow(
    name="form_submissions",
    title_zh="表册报送",
    resource="form-submissions",
    states=("submitted", "accepted", "returned"),
    states_zh={
        "submitted": "已报送",
        "accepted": "已认可",
        "returned": "已退回",
    },
    initial="submitted",
    final=frozenset({"accepted", "returned"}),
    moves=(
        Move(
            "accept",
            {"submitted": ("accepted",)},
            ORGANISERS,
            "HY.9.1.3",
            "Accept the form as filled in correctly and completely.",
            "认可表册填写规范、完善。",
            (nobody_checks_his_own_form,),
        ),
        Move(
            "return",
            {"submitted": ("returned",)},
            ORGANISERS,
            "HY.9.1.3",
            "Return the form as irregular or incomplete, saying what is wrong; a new submission may follow.",
            "退回填写不规范或不完善的表册并说明问题,可重新报送。",
            (nobody_checks_his_own_form,),
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
