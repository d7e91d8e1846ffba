"""How are requirements, meetings and form tasks stored?"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
    bindparam,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, col

from app.database import KEYS, Prepared, Record, WorkflowRecord, belongs, here, one_of, table_of, tenant
from app.duties import rules
from app.people.tables import Person


class RequirementRow(Record, table=True):
    """What is required in writing, from `applies_from` inside to `applies_to` outside (G47)."""

    __tablename__ = "requirements"
    __table_args__ = tenant(
        one_of("kind", rules.Requirement),
        CheckConstraint("applies_to >= applies_from", name="applies"),
        CheckConstraint("visits_per_month between 1 and 31", name="visits_per_month"),
        Index("ix_requirements_kind", *KEYS, "kind", "applies_from"),
    )

    kind: str
    document_number: str | None = None
    text: str
    applies_from: date
    applies_to: date | None = None
    visits_per_month: int | None = None
    recorded_on: date


class Meeting(Record, table=True):
    """A meeting; `required` was marked before it began, with its invitees (G46)."""

    __tablename__ = "meetings"
    __table_args__ = tenant(
        belongs("requirement_id", "requirements"), Index("ix_meetings_begins_at", *KEYS, "begins_at")
    )

    title: str
    place: str
    begins_at: datetime
    required: bool
    requirement_id: UUID | None = None


class MeetingInvitation(WorkflowRecord, table=True):
    """One invitee of a meeting: his leave, as the state, and his attendance."""

    __tablename__ = "meeting_invitations"
    __table_args__ = tenant(
        belongs("meeting_id", "meetings"),
        belongs("person_id", "people"),
        one_of("attendance", rules.Attendance),
        UniqueConstraint(*KEYS, "meeting_id", "person_id"),
        Index("ix_meeting_invitations_person", *KEYS, "person_id"),
        states=rules.INVITATION.states,
    )

    meeting_id: UUID
    person_id: UUID
    attendance: str | None = None
    leave_reason: str | None = None
    decision_reason: str | None = None


class FormTask(Record, table=True):
    """A form that helpers must hand in by the end of a day (G48); without a list, every helper."""

    __tablename__ = "form_tasks"
    __table_args__ = tenant(belongs("requirement_id", "requirements"), Index("ix_form_tasks_due", *KEYS, "due_on"))

    title: str
    text: str
    set_on: date
    due_on: date
    requirement_id: UUID | None = None
    helper_ids: list[UUID] | None = Field(default=None, sa_type=ARRAY(Uuid))


class FormSubmission(WorkflowRecord, table=True):
    """A form handed in: whether late, and once checked whether irregular or incomplete (HY.9.1.3)."""

    __tablename__ = "form_submissions"
    __table_args__ = tenant(
        belongs("form_task_id", "form_tasks"),
        belongs("helper_id", "people"),
        Index("ix_form_submissions_task", *KEYS, "form_task_id", "helper_id"),
        Index("ix_form_submissions_helper", *KEYS, "helper_id", "submitted_at"),
        states=rules.FORM_SUBMISSION.states,
    )

    form_task_id: UUID
    helper_id: UUID
    submitted_at: datetime
    late: bool
    text: str
    digest: str | None = None
    """SHA-256 of the file handed in, hex."""
    irregular: bool
    incomplete: bool
    review_note: str | None = None


def count_of(table: Any, *on: Any) -> Any:
    """How many rows of a table meet the conditions."""
    return select(func.count()).select_from(table_of(table)).where(*on)


I = MeetingInvitation  # noqa: E741  (the invitation)
SEEN = func.unnest(
    bindparam("people", type_=ARRAY(Uuid())), bindparam("seen", type_=ARRAY(Text()))
).table_valued("person", "attendance").render_derived("given")  # fmt: skip
ON_RECORD = Prepared(
    select(func.count()).where(here(Person), col(Person.id) == func.any(bindparam("people", type_=ARRAY(Uuid()))))
)
"""How many of these people the township has: an array holds no foreign key."""
ATTENDANCE = Prepared(
    select(col(I.id), col(I.person_id), col(I.attendance)).where(
        here(I), col(I.meeting_id) == bindparam("of_meeting"),
        col(I.person_id) == func.any(bindparam("people", type_=ARRAY(Uuid()))),
    ).with_for_update(key_share=True)
)  # fmt: skip
ATTEND = Prepared(
    update(I).where(
        here(I), col(I.meeting_id) == bindparam("of_meeting"), col(I.person_id) == SEEN.c.person,
        col(I.attendance).is_distinct_from(SEEN.c.attendance),
    ).values(attendance=SEEN.c.attendance, version=col(I.version) + 1)
)  # fmt: skip
