"""How are plans, visits and publications stored, and what is gathered of a helper's month?"""

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
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from app.actor import Office
from app.attachments.tables import naming
from app.database import (
    KEYS,
    Prepared,
    Record,
    Tenant,
    WorkflowRecord,
    belongs,
    here,
    holds_on,
    one_of,
    same_place,
    table_of,
    tenant,
)
from app.duties.tables import FormSubmission, FormTask, Meeting, MeetingInvitation, RequirementRow, count_of
from app.households import rules as household_rules
from app.households.tables import Household, Pairing
from app.people.tables import AppointmentRow, Person
from app.reading import rows_of, utc
from app.work import rules


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
    attachment_ids: list[UUID] = naming()


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
    attachment_ids: list[UUID] = naming()


# ── statements that no Resource makes ────────────────────────────────────────────────────────────

A, H, P = AppointmentRow, Household, Pairing
M, I, T, S = Meeting, MeetingInvitation, FormTask, FormSubmission  # noqa: E741  (the invitation)
V, R, PL, PM = Visit, RequirementRow, Plan, PlanMeasure
OPEN: Any = bindparam("open", sorted(household_rules.OPEN), type_=ARRAY(Text()))


HELPER: Any = bindparam("of_helper", type_=Uuid())
FIRST: Any = bindparam("first", type_=Date())
LAST: Any = bindparam("last", type_=Date())
IN_MONTH = col(V.visited_on).between(FIRST, LAST)
MY_VISITS = (here(V), col(V.helper_id) == HELPER, IN_MONTH)
MINE = (here(P), col(P.helper_id) == HELPER)
HANDED_IN = (same_place(S, T), col(S.form_task_id) == col(T.id), col(S.helper_id) == HELPER)
AS_HELPER = exists().where(
    here(A), col(A.person_id) == HELPER, col(A.office) == Office.HELPER.value, holds_on(A, col(T.due_on)),
)  # fmt: skip


def _primary_on(day: Any, household: Any) -> Any:
    """The helper was primary on that day: the fact is his (G18)."""
    return and_(
        *MINE, col(P.household_id) == household, col(P.is_primary), holds_on(P, day),
    )  # fmt: skip


MONTH_OF_WORK = Prepared(
    select(
        exists().where(*here(Person), col(Person.id) == HELPER).label("known"),
        count_of(V, *MY_VISITS).scalar_subquery().label("visits"),
        select(func.count(func.distinct(col(V.visited_on)))).where(*MY_VISITS).scalar_subquery().label("days"),
        select(func.count(func.distinct(col(V.household_id)))).where(*MY_VISITS).scalar_subquery().label("households"),
        rows_of(
            R, here(R), order=col(R.id), kind=col(R.kind), applies_from=col(R.applies_from),
            applies_to=col(R.applies_to), recorded_on=col(R.recorded_on), visits=col(R.visits_per_month),
        ).label("requirements"),
        rows_of(
            P, *MINE, order=col(P.starts), id=col(P.id), helper_id=col(P.helper_id), is_primary=col(P.is_primary),
            starts=col(P.starts), ends=col(P.ends),
        ).label("pairings"),
        rows_of(
            I, here(I), same_place(I, M), col(I.meeting_id) == col(M.id), col(I.person_id) == HELPER,
            func.date(func.timezone("Asia/Shanghai", col(M.begins_at))).between(FIRST, LAST), order=col(M.begins_at),
            id=col(M.id), required=col(M.required), attendance=col(I.attendance), state=col(I.state),
        ).label("meetings"),
        rows_of(
            T, here(T), col(T.due_on).between(FIRST, LAST),
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
            PM, here(PM), col(PM.due_on).between(FIRST, LAST),
            exists().where(_primary_on(col(PM.due_on), col(PM.household_id))),
            order=col(PM.due_on), household=col(PM.household_id), state=col(PM.state), due_on=col(PM.due_on),
        ).label("measures"),
        rows_of(
            H, here(H), exists().where(_primary_on(LAST, col(H.id))), col(H.status) == func.any(OPEN),
            order=col(H.id), household=col(H.id),
            plans=count_of(PL, same_place(PL, H), col(PL.household_id) == col(H.id), col(PL.made_on) <= LAST,
                         col(PL.year) == func.extract("year", LAST)).correlate(table_of(H)).scalar_subquery(),
        ).label("plans"),
    ),
    json=True,
)  # fmt: skip
