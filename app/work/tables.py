"""How are requirements, plans, visits, meetings, form tasks and publications stored?"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, col

from app.actor import Office
from app.database import Prepared, Record, Tenant, WorkflowRecord, belongs, one_of, tenant
from app.households import rules as household_rules
from app.households.tables import Household, Pairing
from app.people.tables import AppointmentRow
from app.reading import rows_of, utc
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


# ── statements that no Resource makes ────────────────────────────────────────────────────────────

A, H, P = AppointmentRow, Household, Pairing
M, I, T, S = Meeting, MeetingInvitation, FormTask, FormSubmission  # noqa: E741  (the invitation)
V, R, PL, PM = Visit, RequirementRow, Plan, PlanMeasure
OPEN: Any = bindparam("open", sorted(household_rules.OPEN), type_=ARRAY(Text()))


def same_place(one: Any, other: Any) -> tuple[Any, Any]:
    """Two tables' rows of one township."""
    return (col(one.county_code) == col(other.county_code), col(one.township_code) == col(other.township_code))


def table_of(model: Any) -> Any:
    """What a sub-select is correlated with."""
    return model.__table__


def count_of(table: Any, *on: Any) -> Any:
    """How many rows of a table meet the conditions."""
    return select(func.count()).select_from(table_of(table)).where(*on)


def _here(table: Any) -> tuple[Any, Any]:
    return (col(table.county_code) == bindparam("county"), col(table.township_code) == bindparam("township"))


SEEN = func.unnest(
    bindparam("people", type_=ARRAY(Uuid())), bindparam("seen", type_=ARRAY(Text()))
).table_valued("person", "attendance").render_derived("given")  # fmt: skip
ATTENDANCE = Prepared(
    select(col(I.id), col(I.person_id), col(I.attendance)).where(
        *_here(I), col(I.meeting_id) == bindparam("of_meeting"),
        col(I.person_id) == func.any(bindparam("people", type_=ARRAY(Uuid()))),
    ).with_for_update()
)  # fmt: skip
ATTEND = Prepared(
    update(I).where(
        *_here(I), col(I.meeting_id) == bindparam("of_meeting"), col(I.person_id) == SEEN.c.person,
        col(I.attendance).is_distinct_from(SEEN.c.attendance),
    ).values(attendance=SEEN.c.attendance, version=col(I.version) + 1)
)  # fmt: skip


HELPER: Any = bindparam("of_helper", type_=Uuid())
FIRST: Any = bindparam("first", type_=Date())
LAST: Any = bindparam("last", type_=Date())
IN_MONTH = col(V.visited_on).between(FIRST, LAST)
MY_VISITS = (*_here(V), col(V.helper_id) == HELPER, IN_MONTH)
MINE = (*_here(P), col(P.helper_id) == HELPER)
HANDED_IN = (*same_place(S, T), col(S.form_task_id) == col(T.id), col(S.helper_id) == HELPER)
AS_HELPER = exists().where(
    *_here(A), col(A.person_id) == HELPER, col(A.office) == Office.HELPER.value, col(A.starts) <= col(T.due_on),
    or_(col(A.ends).is_(None), col(A.ends) > col(T.due_on)),
)  # fmt: skip


def _primary_on(day: Any, household: Any) -> Any:
    """The helper was primary on that day: the fact is his (G18)."""
    return and_(
        *MINE, col(P.household_id) == household, col(P.is_primary), col(P.starts) <= day,
        or_(col(P.ends).is_(None), col(P.ends) > day),
    )  # fmt: skip


MONTH_OF_WORK = Prepared(
    select(
        count_of(V, *MY_VISITS).scalar_subquery().label("visits"),
        select(func.count(func.distinct(col(V.visited_on)))).where(*MY_VISITS).scalar_subquery().label("days"),
        select(func.count(func.distinct(col(V.household_id)))).where(*MY_VISITS).scalar_subquery().label("households"),
        rows_of(
            R, *_here(R), order=col(R.id), kind=col(R.kind), applies_from=col(R.applies_from),
            applies_to=col(R.applies_to), recorded_on=col(R.recorded_on), visits=col(R.visits_per_month),
        ).label("requirements"),
        rows_of(
            P, *MINE, order=col(P.starts), id=col(P.id), helper_id=col(P.helper_id), is_primary=col(P.is_primary),
            starts=col(P.starts), ends=col(P.ends),
        ).label("pairings"),
        rows_of(
            I, *_here(I), *same_place(I, M), col(I.meeting_id) == col(M.id), col(I.person_id) == HELPER,
            func.date(func.timezone("Asia/Shanghai", col(M.begins_at))).between(FIRST, LAST), order=col(M.begins_at),
            id=col(M.id), required=col(M.required), attendance=col(I.attendance), state=col(I.state),
        ).label("meetings"),
        rows_of(
            T, *_here(T), col(T.due_on).between(FIRST, LAST),
            or_(
                func.array_position(col(T.helper_ids), HELPER).is_not(None),
                and_(col(T.helper_ids).is_(None), AS_HELPER),
            ),
            order=col(T.due_on), id=col(T.id), due_on=col(T.due_on),
            handed_in=select(utc(func.min(col(S.submitted_at)))).where(*HANDED_IN).correlate(table_of(T)).scalar_subquery(),
            irregular=exists().where(*HANDED_IN, col(S.irregular)).correlate(table_of(T)),
            incomplete=exists().where(*HANDED_IN, col(S.incomplete)).correlate(table_of(T)),
        ).label("forms"),
        rows_of(
            PM, *_here(PM), col(PM.due_on).between(FIRST, LAST),
            exists().where(_primary_on(col(PM.due_on), col(PM.household_id))),
            order=col(PM.due_on), household=col(PM.household_id), state=col(PM.state), due_on=col(PM.due_on),
        ).label("measures"),
        rows_of(
            H, *_here(H), exists().where(_primary_on(LAST, col(H.id))), col(H.status) == func.any(OPEN),
            order=col(H.id), household=col(H.id),
            plans=count_of(PL, *same_place(PL, H), col(PL.household_id) == col(H.id), col(PL.made_on) <= LAST,
                         col(PL.year) == func.extract("year", LAST)).correlate(table_of(H)).scalar_subquery(),
        ).label("plans"),
    ),
    json=True,
)  # fmt: skip
