"""What goes over the wire about requirements, plans, visits, meetings, form tasks and publications?"""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import MISSING, Field

from app.reading import PageQuery
from app.wire import (
    Create,
    Digest,
    In,
    Line,
    Moment,
    Month,
    Out,
    PageOut,
    Prose,
    RecordOut,
    VillageCode,
    WorkflowOut,
    Year,
)
from app.work.rules import Attendance, Clock, PlanKind, PublicationKind, Requirement

MeasureState = Literal["planned", "under_way", "done", "dropped"]
LeaveState = Literal["invited", "leave_requested", "leave_approved", "leave_refused"]
FormState = Literal["submitted", "accepted", "returned"]
ShownState = Literal["on_display", "taken_down"]


class Reason(In):
    """Why."""

    reason: Line = Field(examples=["因病住院"])


# ── requirements ─────────────────────────────────────────────────────────────────────────────────


class CreateRequirement(Create):
    """What is required in writing; it binds what comes after it was recorded (G47)."""

    kind: Requirement = Field(examples=["visits"])
    document_number: Line | None = Field(None, description="发文字号", examples=["花政〔2016〕12号"])
    text: Prose = Field(examples=["帮扶责任人每月到户走访不少于一次"])
    applies_from: date = Field(examples=["2016-12-01"])
    applies_to: date | None = Field(None, description="The first day it no longer applies / 不再适用的第一天")
    visits_per_month: int | None = Field(None, ge=1, le=31)


class RequirementOut(RecordOut):
    """A written requirement."""

    kind: Requirement
    document_number: str | None
    text: str
    applies_from: date
    applies_to: date | None
    visits_per_month: int | None
    recorded_on: date


class RequirementPage(PageOut):
    items: list[RequirementOut]


class RequirementQuery(PageQuery):
    kind: Requirement | None = None
    as_of: date | None = Field(None, description="In force on that day / 该日有效的要求")


# ── plans ────────────────────────────────────────────────────────────────────────────────────────


class MeasureIn(In):
    """One measure of a plan."""

    text: Prose = Field(examples=["发展林下养殖,户均增收两千元"])
    due_on: date = Field(examples=["2017-06-30"])


class CreatePlan(Create):
    """A plan for a household and year, with its measures (HY.9.3.4)."""

    household_id: UUID
    kind: PlanKind = Field(examples=["assistance_plan"])
    year: Year = Field(examples=[2017])
    text: Prose = Field(examples=["一户一策帮扶计划"])
    measures: list[MeasureIn] = Field([], max_length=50)


class MeasureLine(Out):
    """A measure as its plan shows it."""

    id: UUID
    text: str
    due_on: date
    state: MeasureState
    done_on: date | None
    result: str | None
    version: int


class PlanOut(RecordOut):
    """A plan with its measures."""

    household_id: UUID
    kind: PlanKind
    year: int
    text: str
    author_id: UUID
    made_on: date
    measures: list[MeasureLine]


class PlanPage(PageOut):
    items: list[PlanOut]


class PlanQuery(PageQuery):
    household_id: UUID | None = None
    year: Year | None = None
    kind: PlanKind | None = None
    author_id: UUID | None = None


class MeasureOut(WorkflowOut):
    """A measure of a plan."""

    state: MeasureState
    plan_id: UUID
    household_id: UUID
    text: str
    due_on: date
    done_on: date | None
    result: str | None


class MeasurePage(PageOut):
    items: list[MeasureOut]


class MeasureQuery(PageQuery):
    plan_id: UUID | None = None
    household_id: UUID | None = None
    state: MeasureState | None = None


class CompleteMeasure(In):
    """When a measure was carried out and what came of it."""

    done_on: date = Field(examples=["2017-06-20"])
    result: Prose = Field(examples=["已发放鸡苗五十只"])


# ── visits ───────────────────────────────────────────────────────────────────────────────────────


class CreateVisit(Create):
    """The caller's own visit to a household of his; `device_time` is the phone's."""

    household_id: UUID
    device_time: Moment = Field(examples=["2017-03-05T09:30:00+08:00"])
    place: Line = Field(examples=["村东头家中"])
    text: Prose = Field(examples=["了解春耕准备情况,讲解医保政策"])


class CorrectVisit(In):
    """What was recorded wrongly and why; the earlier version stays."""

    place: Line | MISSING = MISSING
    text: Prose | MISSING = MISSING
    reason: Line = Field(examples=["地点写错"])


class VisitVersionOut(Out):
    """What the record said before a correction."""

    version: int
    place: str
    text: str
    author_id: UUID | None
    reason: str
    corrected_at: datetime


class VisitOut(RecordOut):
    """A visit: the day and month it counts for, and both clocks."""

    helper_id: UUID
    household_id: UUID
    visited_on: date
    month: str
    device_time: datetime
    received_at: datetime
    clock: Clock = Field(description="Whose clock dates it: the phone's unless that ran ahead")
    received_later: bool = Field(description="Handed in after its month had ended; held against nobody")
    place: str
    text: str
    earlier: list[VisitVersionOut]


class VisitPage(PageOut):
    items: list[VisitOut]


class VisitQuery(PageQuery):
    helper_id: UUID | None = None
    household_id: UUID | None = None
    visited_on: date | None = None
    month: Month | None = None


# ── meetings ─────────────────────────────────────────────────────────────────────────────────────


class CreateMeeting(Create):
    """A meeting; one that people must attend is called before it begins, with its invitees (G46)."""

    title: Line = Field(examples=["三月份脱贫攻坚推进会"])
    place: Line = Field(examples=["乡政府会议室"])
    begins_at: Moment = Field(examples=["2017-03-10T09:00:00+08:00"])
    required: bool = Field(examples=[True])
    requirement_id: UUID | None = None
    invitee_ids: list[UUID] = Field([], max_length=500)


class MeetingOut(RecordOut):
    """A meeting with its numbers; who was invited stands under `meeting-invitations`."""

    title: str
    place: str
    begins_at: datetime
    required: bool
    requirement_id: UUID | None
    invited: int
    attended: int
    late: int
    absent: int
    on_leave: int


class MeetingPage(PageOut):
    items: list[MeetingOut]


class MeetingQuery(PageQuery):
    required: bool | None = None


class AttendanceIn(In):
    """Whether an invitee was there."""

    person_id: UUID
    attendance: Attendance = Field(examples=["attended"])


class RecordAttendance(In):
    """Who was there; changing what is on record needs a reason."""

    entries: list[AttendanceIn] = Field(min_length=1, max_length=500)
    reason: Line | None = None


class InvitationOut(WorkflowOut):
    """One invitee: his leave is the state, and his attendance."""

    state: LeaveState
    meeting_id: UUID
    person_id: UUID
    attendance: Attendance | None
    leave_reason: str | None
    decision_reason: str | None


class InvitationPage(PageOut):
    items: list[InvitationOut]


class InvitationQuery(PageQuery):
    meeting_id: UUID | None = None
    person_id: UUID | None = None
    state: LeaveState | None = None
    attendance: Attendance | None = None


# ── form tasks ───────────────────────────────────────────────────────────────────────────────────


class CreateFormTask(Create):
    """A form due by the end of a day, of the helpers named or of every helper."""

    title: Line = Field(examples=["贫困户收入核算表"])
    text: Prose = Field(examples=["按户填写,一式两份"])
    due_on: date = Field(examples=["2017-03-31"])
    requirement_id: UUID | None = None
    helper_ids: list[UUID] | None = Field(None, min_length=1, max_length=500)


class FormTaskOut(RecordOut):
    """A form task and how many have handed in."""

    title: str
    text: str
    set_on: date
    due_on: date
    requirement_id: UUID | None
    helper_ids: list[UUID] | None
    handed_in: int


class FormTaskPage(PageOut):
    items: list[FormTaskOut]


class FormTaskQuery(PageQuery):
    due_on: date | None = None


class CreateSubmission(Create):
    """The caller's own form."""

    text: Prose = Field(description="What is handed in", examples=["五户收入核算表已报送"])
    digest: Digest | None = Field(None, description="SHA-256 of the file, hex")


class AcceptForm(In):
    """A note on the form, if any."""

    note: Line | None = None


class ReturnForm(In):
    """What is wrong with the form (HY.9.1.3)."""

    irregular: bool = Field(description="填写不规范", examples=[True])
    incomplete: bool = Field(description="填写不完善", examples=[False])
    note: Line = Field(examples=["收入栏漏填"])


class SubmissionOut(WorkflowOut):
    """A form handed in."""

    state: FormState
    form_task_id: UUID
    helper_id: UUID
    submitted_at: datetime
    late: bool
    text: str
    digest: str | None
    irregular: bool
    incomplete: bool
    review_note: str | None


class SubmissionPage(PageOut):
    items: list[SubmissionOut]


class SubmissionQuery(PageQuery):
    form_task_id: UUID | None = None
    helper_id: UUID | None = None
    state: FormState | None = None
    late: bool | None = None


# ── publications ─────────────────────────────────────────────────────────────────────────────────


class CreatePublication(Create):
    """What was made public, where, from which day."""

    kind: PublicationKind = Field(examples=["poor_households"])
    title: Line = Field(examples=["2017年度贫困户名单公示"])
    village_code: VillageCode | None = Field(None, examples=["411421201201"])
    place: Line = Field(examples=["村委会公示栏"])
    shown_from: date = Field(examples=["2017-03-01"])
    due_on: date | None = Field(None, description="By when a requirement demanded it")
    requirement_id: UUID | None = None
    digest: Digest | None = Field(None, description="SHA-256 of what was shown, hex")


class TakeDown(In):
    """The first day on which it was no longer shown."""

    shown_to: date = Field(examples=["2017-03-08"])


class PublicationOut(WorkflowOut):
    """What was made public."""

    state: ShownState
    kind: PublicationKind
    title: str
    village_code: str | None
    place: str
    shown_from: date
    shown_to: date | None
    due_on: date | None
    late: bool = Field(description="Shown only after the day by which it was demanded (HY.9.3.3)")
    requirement_id: UUID | None
    digest: str | None


class PublicationPage(PageOut):
    items: list[PublicationOut]


class PublicationQuery(PageQuery):
    kind: PublicationKind | None = None
    village_code: VillageCode | None = None
    state: ShownState | None = None
    as_of: date | None = Field(None, description="On display on that day / 该日正在公示")


# ── what a month's facts point to ────────────────────────────────────────────────────────────────


class WorkQuery(In):
    """Which month."""

    month: Month = Field(examples=["2017-03"])


class ProposalOut(Out):
    """A ground that facts point to: for an organ to judge, with no effect of its own (G58)."""

    ground: str = Field(examples=["HY.9.1.2"])
    facts: list[str] = Field(examples=[["required:2", "made:1"]])
    subject_id: UUID | None = Field(description="The meeting, form task or household concerned")


class WorkOut(Out):
    """A helper's month: visits counted, and what its facts would at most propose."""

    helper_id: UUID
    month: str
    visits: int
    days_in_village: int = Field(description="到村次数: days with at least one visit")
    households_visited: int
    proposals: list[ProposalOut]
