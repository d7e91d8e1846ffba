"""What goes over the wire about requirements, meetings and form tasks?"""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.duties.rules import Attendance, Requirement
from app.reading import PageQuery
from app.wire import (
    SOMEBODY,
    Create,
    Day,
    Digest,
    In,
    Line,
    Moment,
    PageOut,
    Prose,
    RecordOut,
    WorkflowOut,
    among,
    left_out,
    ruled,
    when,
)

ONCE = Field(json_schema_extra={"uniqueItems": True})
LeaveState = Literal["invited", "leave_requested", "leave_approved", "leave_refused"]
FormState = Literal["submitted", "accepted", "returned"]


class Reason(In):
    """Why."""

    reason: Line = Field(examples=["因病住院"])


# ── requirements ──────────────────────────────────────────────────────────────────────────────────


class CreateRequirement(Create):
    """What is required in writing; it binds what comes after it was recorded (G47)."""

    model_config = ruled(when({"not": among("kind", "visits")}, left_out("visits_per_month")))

    kind: Requirement = Field(examples=["visits"])
    document_number: Line | None = Field(None, description="发文字号", examples=["花政〔2016〕12号"])
    text: Prose = Field(examples=["帮扶责任人每月到户走访不少于一次"])
    applies_from: Day = Field(examples=["2016-12-01"])
    applies_to: Day | None = Field(None, description="The first day it no longer applies / 不再适用的第一天")
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
    as_of: Day | None = Field(None, description="In force on that day / 该日有效的要求")


# ── meetings ──────────────────────────────────────────────────────────────────────────────────────


class CreateMeeting(Create):
    """A meeting; one that people must attend is called before it begins, with its invitees (G46)."""

    model_config = ruled(
        when(
            {"properties": {"required": {"const": True}}, "required": ["required"]},
            {"properties": {"invitee_ids": {"minItems": 1}}, "required": ["invitee_ids"]},
        )
    )

    title: Line = Field(examples=["三月份脱贫攻坚推进会"])
    place: Line = Field(examples=["乡政府会议室"])
    begins_at: Moment = Field(examples=["2017-03-10T09:00:00+08:00"])
    required: bool = Field(examples=[True])
    requirement_id: UUID | None = None
    invitee_ids: Annotated[list[UUID], ONCE] = Field([], max_length=500, examples=[[SOMEBODY]])


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


# ── form tasks ────────────────────────────────────────────────────────────────────────────────────


class CreateFormTask(Create):
    """A form due by the end of a day, of the helpers named or of every helper."""

    title: Line = Field(examples=["贫困户收入核算表"])
    text: Prose = Field(examples=["按户填写,一式两份"])
    due_on: Day = Field(examples=["2017-03-31"])
    requirement_id: UUID | None = None
    helper_ids: (
        Annotated[list[UUID], Field(min_length=1, max_length=500, json_schema_extra={"uniqueItems": True})] | None
    ) = None


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
    due_on: Day | None = None


class CreateForm(Create):
    """The caller's own form."""

    text: Prose = Field(description="What is handed in", examples=["五户收入核算表已报送"])
    digest: Digest | None = Field(None, description="SHA-256 of the file, hex")


class AcceptForm(In):
    """A note on the form, if any."""

    note: Line | None = None


class ReturnForm(In):
    """What is wrong with the form (HY.9.1.3)."""

    model_config = ruled(
        {"anyOf": [{"properties": {name: {"const": True}}, "required": [name]} for name in ("irregular", "incomplete")]}
    )

    irregular: bool = Field(description="填写不规范", examples=[True])
    incomplete: bool = Field(description="填写不完善", examples=[False])
    note: Line = Field(examples=["收入栏漏填"])


class FormOut(WorkflowOut):
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


class FormPage(PageOut):
    items: list[FormOut]


class FormQuery(PageQuery):
    form_task_id: UUID | None = None
    helper_id: UUID | None = None
    state: FormState | None = None
    late: bool | None = None
