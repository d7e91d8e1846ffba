"""How are findings stored, and what does PostgreSQL gather for the law about their subjects?"""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    Index,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    column,
    exists,
    func,
    literal_column,
    or_,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, col

from app.access import PERSON, TODAY
from app.actor import Office
from app.attachments.tables import naming
from app.database import KEYS, Prepared, WorkflowRecord, belongs, here, holds_on, is_there, one_of, same_place, tenant
from app.duties.rules import Attendance
from app.duties.tables import FormSubmission, FormTask, Meeting, MeetingInvitation, RequirementRow
from app.findings.rules import FINDING, Source
from app.people.tables import AppointmentRow, Person
from app.rulebook.tables import bindings_of


class Finding(WorkflowRecord, table=True):
    """What was found about one subject on one day; nobody is accused by it."""

    __tablename__ = "findings"
    __table_args__ = tenant(
        belongs("subject_person_id", "people"),
        belongs("subject_unit_id", "units"),
        belongs("household_id", "households"),
        belongs("requirement_id", "requirements"),
        belongs("form_task_id", "form_tasks"),
        belongs("meeting_id", "meetings"),
        belongs("recorded_by_id", "people"),
        belongs("settled_by_id", "people"),
        one_of("source", Source),
        CheckConstraint("num_nonnulls(subject_person_id, subject_village_code, subject_unit_id) = 1", name="subject"),
        CheckConstraint("left(subject_village_code, 9) = township_code", name="subject_village_code"),
        CheckConstraint("state <> 'confirmed' or ground is not null", name="ground"),
        CheckConstraint("state = 'proposed' or reasons is not null", name="reasons"),
        Index("ix_findings_person", *KEYS, "subject_person_id"),
        Index("ix_findings_village", *KEYS, "subject_village_code"),
        Index("ix_findings_unit", *KEYS, "subject_unit_id"),
        Index("ix_findings_state", *KEYS, "state"),
        Index("ix_findings_source", *KEYS, "source_id"),
        states=FINDING.states,
    )

    source: str
    source_id: UUID | None = None
    """The check or score it came from."""
    subject_person_id: UUID | None = None
    subject_village_code: str | None = None
    subject_unit_id: UUID | None = None
    household_id: UUID | None = None
    """A household concerned; never named outside the file."""
    fact_on: date
    description: str
    evidence: list[str] = Field(sa_type=ARRAY(Text))
    attachment_ids: list[UUID] = naming()
    suggested_grounds: list[str] = Field(sa_type=ARRAY(Text))
    rulebook: str
    recorded_by_id: UUID | None = None
    ground: str | None = None
    alternatives: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))
    requirement_id: UUID | None = None
    form_task_id: UUID | None = None
    meeting_id: UUID | None = None
    reasons: str | None = None
    """Why it was confirmed or dismissed."""
    settled_by_id: UUID | None = None
    settled_organ: str | None = None
    settled_on: date | None = None


IN_CASES = table(
    "case_findings", column("county_code"), column("township_code"), column("finding_id", Uuid()), column("dropped")
)
"""Which findings a case rests on, named here because a confirmed one must not vanish from sight (article 2)."""
HAS_CASE = is_there(
    Finding.__table__,  # type: ignore[attr-defined]
    IN_CASES.c.county_code == col(Finding.county_code),
    IN_CASES.c.township_code == col(Finding.township_code),
    IN_CASES.c.finding_id == col(Finding.id),
    IN_CASES.c.dropped.is_(False),
)


def subject_facts(table: Any, on: Any) -> dict[str, Any]:
    """What article 10 asks about the person a row names, on a day, and the township's rulebooks, as sub-selects."""
    him = and_(same_place(Person, table), col(Person.id) == col(table.subject_person_id))
    held = and_(
        same_place(AppointmentRow, table),
        col(AppointmentRow.person_id) == col(table.subject_person_id),
        holds_on(AppointmentRow, on),
    )
    offices = func.coalesce(func.json_agg(col(AppointmentRow.office)), literal_column("'[]'::json"))
    return {
        "registered": select(col(Person.category)).where(him).scalar_subquery(),
        "authority": select(col(Person.management_authority)).where(him).scalar_subquery(),
        "membership": select(col(Person.party_membership)).where(him).scalar_subquery(),
        "offices": select(offices).where(held).scalar_subquery(),
        "bindings": bindings_of(col(table.county_code), col(table.township_code)),
    }


def heads_the_village(table: Any) -> Any:
    """Does the caller head the two committees of the village a row names? For a Scope's `more`."""
    return exists(
        select(literal_column("1")).where(
            same_place(AppointmentRow, table),
            col(AppointmentRow.person_id) == PERSON,
            or_(
                *[
                    col(AppointmentRow.office) == head
                    for head in (Office.VILLAGE_COMMITTEE_HEAD, Office.VILLAGE_PRINCIPAL)
                ]
            ),
            col(AppointmentRow.place) == col(table.subject_village_code),
            holds_on(AppointmentRow, TODAY),
        )
    )


def serves_in_the_unit(table: Any) -> Any:
    """Does the caller belong to the unit a row names? The register names no head of a unit."""
    return exists(
        select(literal_column("1")).where(
            same_place(Person, table),
            col(Person.id) == PERSON,
            col(Person.unit_id) == col(table.subject_unit_id),
        )
    )


def _one(table: Any, key: str, what: Any, *more: Any) -> Any:
    """A column of the record of the township that a parameter names, or null."""
    return select(what).where(here(table), col(table.id) == bindparam(key, type_=Uuid()), *more).scalar_subquery()


SUBJECT_ID: Any = bindparam("subject", type_=Uuid())
FACT_DAY: Any = bindparam("day", type_=Date())
INVITED = (
    here(MeetingInvitation),
    col(MeetingInvitation.meeting_id) == bindparam("meeting", type_=Uuid()),
    col(MeetingInvitation.person_id) == SUBJECT_ID,
)
HANDED_IN = (
    here(FormSubmission),
    col(FormSubmission.form_task_id) == bindparam("task", type_=Uuid()),
    col(FormSubmission.helper_id) == SUBJECT_ID,
    col(FormSubmission.late).is_(False),
    col(FormSubmission.state) != "returned",
)
EXPECTED = Prepared(
    select(
        _one(
            RequirementRow,
            "requirement",
            func.greatest(col(RequirementRow.applies_from), col(RequirementRow.recorded_on) + 1),
            or_(col(RequirementRow.applies_to).is_(None), col(RequirementRow.applies_to) > FACT_DAY),
        ).label("required_from"),
        _one(
            FormTask,
            "task",
            col(FormTask.due_on),
            or_(col(FormTask.helper_ids).is_(None), any_(col(FormTask.helper_ids)) == SUBJECT_ID),
        ).label("due_on"),
        _one(Meeting, "meeting", col(Meeting.begins_at)).label("meeting_held_at"),
        _one(Meeting, "meeting", col(Meeting.created_at), col(Meeting.required)).label("meeting_required_at"),
        exists(select(literal_column("1")).where(*HANDED_IN)).label("handed_in_in_time"),
        exists(select(literal_column("1")).where(*INVITED)).label("invited"),
        exists(select(literal_column("1")).where(*INVITED, col(MeetingInvitation.state) == "leave_approved")).label(
            "leave_approved"
        ),
        exists(
            select(literal_column("1")).where(
                *INVITED,
                or_(*[col(MeetingInvitation.attendance) == seen for seen in (Attendance.ATTENDED, Attendance.LATE)]),
            )
        ).label("attended"),
    )
)
"""What the registers say of the requirement, the task and the meeting an organ names (G46 to G48)."""
