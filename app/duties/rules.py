"""What is required of helpers in writing, who was called or asked, and what may missing it propose? (G46 to G48)"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from app.actor import ORGANISERS, Actor, Office
from app.calendar import end_of, month_bounds
from app.refusal import Conflict, Forbidden, Invalid, Refusal
from app.workflow import Move, Workflow

REQUIRERS = ORGANISERS | {Office.LEADING_GROUP, Office.PARTY_COMMITTEE, Office.TOWNSHIP_GOVERNMENT}


INVITED = frozenset(Office) - {Office.ADMINISTRATOR, Office.COUNTY_AUDITOR, Office.COUNTY_SYSTEM}


class Requirement(StrEnum):
    """What a written requirement is about; only where one exists can something be 不按要求 (G47)."""

    VISITS = "visits"  # 进村入户
    FORMS = "forms"  # 表册及资料报送
    MEETINGS = "meetings"  # 会议
    PLANS = "plans"  # 帮扶计划
    PUBLICATION = "publication"  # 公示公告
    OTHER = "other"


class Attendance(StrEnum):
    """What was seen of an invitee at a meeting."""

    ATTENDED = "attended"
    LATE = "late"
    ABSENT = "absent"


class Event(StrEnum):
    """What the log calls the commands of this feature."""

    REQUIREMENT_SET = "requirement.set"
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


class NobodyOfThatName(Conflict):
    """Somebody named here is not on the township's record of people.

    所列人员不在本乡人员登记之内。
    """


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


# ── requirements, and what follows from missing them ──────────────────────────────────────────────


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


# ── meetings and form tasks ───────────────────────────────────────────────────────────────────────


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


def check_span(starts: date, ends: date | None, pointer: str) -> None:
    """An interval [starts, ends) does not end before it begins."""
    if ends is not None and ends < starts:
        raise EndsBeforeItBegins(pointer)


# ── workflows ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Persons:
    """Whose record it is: the invitee, the submitter, or the household's helpers today, as person ids."""

    person_ids: frozenset[UUID]

    def include(self, actor: Actor) -> bool:
        return actor.person_id in self.person_ids


def only_the_invitee_asks(facts: Persons, actor: Actor) -> Refusal | None:
    return None if facts.include(actor) else OnlyTheInviteeAsks()


def nobody_decides_his_own_leave(facts: Persons, actor: Actor) -> Refusal | None:
    return NotYourOwnLeave() if facts.include(actor) else None


def nobody_checks_his_own_form(facts: Persons, actor: Actor) -> Refusal | None:
    return NotYourOwnForm() if facts.include(actor) else None


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
