"""How are requirements, plans, visits, meetings, form tasks and publications stored?"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from app.database import Record, Tenant, WorkflowRecord, belongs, one_of, tenant
from app.work import rules

KEYS = ("county_code", "township_code")


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


class Plan(Record, table=True):
    """An assistance plan, project scheme or income measures for a household in a year (HY.9.3.4)."""

    __tablename__ = "plans"
    __table_args__ = tenant(
        belongs("household_id", "households"),
        belongs("author_id", "people"),
        one_of("kind", rules.PlanKind),
        Index("ix_plans_household", *KEYS, "household_id", "year"),
        Index("ix_plans_author", *KEYS, "author_id"),
    )

    household_id: UUID
    kind: str
    year: int
    text: str
    author_id: UUID
    made_on: date


class PlanMeasure(WorkflowRecord, table=True):
    """One measure of a plan, due on a day; carried out or given up with a reason (HY.9.3.5)."""

    __tablename__ = "plan_measures"
    __table_args__ = tenant(
        belongs("plan_id", "plans"),
        belongs("household_id", "households"),
        CheckConstraint("(state = 'done') = (done_on is not null)", name="done_on"),
        Index("ix_plan_measures_plan", *KEYS, "plan_id"),
        Index("ix_plan_measures_household", *KEYS, "household_id"),
        states=rules.PLAN_MEASURE.states,
    )

    plan_id: UUID
    household_id: UUID
    text: str
    due_on: date
    done_on: date | None = None
    result: str | None = None
    """What came of it, or why it was given up."""


class Visit(Record, table=True):
    """A helper's visit to a household, with the phone's time and the service's."""

    __tablename__ = "visits"
    __table_args__ = tenant(
        belongs("helper_id", "people"),
        belongs("household_id", "households"),
        one_of("clock", rules.Clock),
        Index("ix_visits_helper", *KEYS, "helper_id", "visited_on"),
        Index("ix_visits_household", *KEYS, "household_id", "visited_on"),
    )

    helper_id: UUID
    household_id: UUID
    visited_on: date
    """The day the visit counts for, in Asia/Shanghai."""
    device_time: datetime
    received_at: datetime
    clock: str
    received_later: bool
    place: str
    text: str


class VisitVersion(Tenant, table=True):
    """What a visit's record said before a correction: by whom and why it was corrected."""

    __tablename__ = "visit_versions"
    __table_args__ = tenant(
        belongs("visit_id", "visits"),
        belongs("author_id", "people"),
        UniqueConstraint(*KEYS, "visit_id", "version"),
    )

    visit_id: UUID
    version: int
    place: str
    text: str
    author_id: UUID | None = None
    reason: str
    corrected_at: datetime


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


class Publication(WorkflowRecord, table=True):
    """What was made public, where, from `shown_from` inside to `shown_to` outside (HY.9.3.3)."""

    __tablename__ = "publications"
    __table_args__ = tenant(
        belongs("requirement_id", "requirements"),
        one_of("kind", rules.PublicationKind),
        CheckConstraint(
            "village_code is null or left(village_code, 9) = township_code and length(village_code) = 12",
            name="village_code",
        ),
        CheckConstraint("shown_to >= shown_from", name="shown"),
        Index("ix_publications_kind", *KEYS, "kind", "shown_from"),
        states=rules.PUBLICATION.states,
    )

    kind: str
    title: str
    village_code: str | None = None
    """The village where it hung; none where it was for the whole township."""
    place: str
    shown_from: date
    shown_to: date | None = None
    due_on: date | None = None
    """By when a requirement demanded it, where one did."""
    requirement_id: UUID | None = None
    digest: str | None = None
