"""How are cases, their findings, steps and recusals stored?"""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    Uuid,
    and_,
    bindparam,
    distinct,
    func,
    insert,
    literal_column,
    not_,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, col

from app.actor import ORGANS
from app.cases.rules import CASE, Interest, Statement, Step
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
    tenant,
)
from app.findings.tables import Finding, subject_facts
from app.notices.tables import REVISION, Notice, notices_where
from app.people.tables import AppointmentRow
from app.reading import rows_of
from app.rulebook.rules import Capacity, Crime, MeasureCode, huayuan, matrix
from app.rulebook.tables import policy_fact

SUBJECT = ("subject_person_id", "subject_village_code", "subject_unit_id")
BOOK = huayuan()
PAIRS = ", ".join(f"('{measure}', '{capacity}')" for capacity, measure in sorted(matrix(BOOK)))


class Case(WorkflowRecord, table=True):
    """A case about one subject; what the law asks stands in columns, what was written in its steps."""

    __tablename__ = "cases"
    __table_args__ = tenant(
        belongs("subject_person_id", "people"),
        belongs("subject_unit_id", "units"),
        belongs("opened_by_id", "people"),
        one_of("organ", sorted(ORGANS)),
        one_of("capacity", Capacity),
        one_of("statement", Statement),
        one_of("crime_assessment", Crime),
        one_of("measure", MeasureCode),
        CheckConstraint("num_nonnulls(subject_person_id, subject_village_code, subject_unit_id) = 1", name="subject"),
        CheckConstraint("basis <> 'HY.8' or (organ = 'discipline_commission' and measure is null)", name="article_8"),
        CheckConstraint(f"rulebook <> '{BOOK.code}' or fact_on >= '{BOOK.effective_from}'", name="commencement"),
        CheckConstraint(f"rulebook <> '{BOOK.code}' or (measure, capacity) in ({PAIRS})", name="matrix"),
        CheckConstraint("measure is null or (decided_on is not null and statement is not null)", name="heard"),
        Index("ix_cases_person", *KEYS, "subject_person_id"),
        Index("ix_cases_village", *KEYS, "subject_village_code"),
        Index("ix_cases_unit", *KEYS, "subject_unit_id"),
        Index("ix_cases_state", *KEYS, "state"),
        states=CASE.states,
    )

    organ: str
    """Recorded at opening; no other organ moves the case."""
    rulebook: str
    """The one in force on the day of the facts (G52)."""
    basis: str
    capacity: str
    subject_person_id: UUID | None = None
    subject_village_code: str | None = None
    subject_unit_id: UUID | None = None
    categories: list[str] = Field(sa_type=ARRAY(Text))
    management: str | None = None
    routing_reason: str | None = None
    """Why this organ, where several kinds of cadre fit (G38)."""
    warnings: list[str] = Field(sa_type=ARRAY(Text))
    """What the organ was shown at opening, e.g. `outside_art3` (G1)."""
    elements: dict[str, str] | None = Field(default=None, sa_type=JSONB)
    """The five elements of article 8 with their evidence."""
    fact_on: date
    """The day of the earliest facts."""
    opened_by_id: UUID | None = None
    opened_on: date
    facts_presented_on: date | None = None
    statement: str | None = None
    crime_assessment: str | None = None
    ground: str | None = None
    """The ground decided, as it stands after any objection."""
    measure: str | None = None
    """None where none was decided, or where the decision was revoked."""
    decided_on: date | None = None
    objection_until: date | None = None
    """The last day for an objection: local policy, no rule of the regulation (G50)."""


class CaseFinding(Tenant, table=True):
    """A finding of a case; dropped where an objection took it out.

    `first_measure`: these facts led to this case's measure and, when it was decided, to no other. The index lets
    that be true of one case only, so that of two organs deciding at the same moment one is refused (G33).
    """

    __tablename__ = "case_findings"
    __table_args__ = tenant(
        belongs("case_id", "cases"),
        belongs("finding_id", "findings"),
        UniqueConstraint(*KEYS, "case_id", "finding_id"),
        Index("ix_case_findings_finding", *KEYS, "finding_id"),
        Index(
            "uq_case_findings_first_measure", *KEYS, "finding_id", unique=True, postgresql_where=text("first_measure")
        ),
    )

    case_id: UUID
    finding_id: UUID
    dropped: bool = False
    first_measure: bool = False


class CaseStep(Tenant, table=True):
    """What was done in a case: never changed, never removed."""

    __tablename__ = "case_steps"
    __table_args__ = tenant(
        belongs("case_id", "cases"),
        belongs("person_id", "people"),
        belongs("notice_id", "notices"),
        one_of("kind", Step),
        Index("ix_case_steps_case", *KEYS, "case_id"),
        Index(
            "uq_case_steps_output", *KEYS, "case_id", "measure", "output", unique=True,
            postgresql_where=text("output is not null"),
        ),
    )  # fmt: skip

    case_id: UUID
    kind: str
    on: date
    person_id: UUID | None = None
    """Who recorded it."""
    measure: str | None = None
    """The measure that an output proves."""
    output: str | None = None
    notice_id: UUID | None = None
    details: dict[str, Any] = Field(sa_type=JSONB)


class CaseRecusal(Record, table=True):
    """A member of the organ who does not act in a case, and who acts in his place (G61)."""

    __tablename__ = "case_recusals"
    __table_args__ = tenant(
        belongs("case_id", "cases"),
        belongs("person_id", "people"),
        belongs("substitute_id", "people"),
        belongs("declared_by_id", "people"),
        one_of("interest", Interest),
        CheckConstraint("substitute_id <> person_id", name="substitute"),
        UniqueConstraint(*KEYS, "case_id", "person_id"),
    )

    case_id: UUID
    person_id: UUID
    interest: str
    reason: str
    substitute_id: UUID | None = None
    declared_by_id: UUID | None = None
    declared_on: date


# ── what PostgreSQL gathers ──────────────────────────────────────────────────────────────────────

T: Any = Case.__table__  # type: ignore[attr-defined]
OTHERS = T.alias("others")
MINE: Any = CaseFinding.__table__  # type: ignore[attr-defined]
THEIRS = MINE.alias("theirs")
FOUND: Any = Finding.__table__  # type: ignore[attr-defined]
EMPTY_LIST: Any = literal_column("'[]'::json")


def _listed(expression: Any, *conditions: Any) -> Any:
    """A JSON array of an expression over rows that belong to the case in hand."""
    return (
        select(func.coalesce(func.json_agg(expression), EMPTY_LIST)).where(*conditions).correlate(T).scalar_subquery()
    )


def _rows(table: Any, *on: Any, order: Any, **columns: Any) -> Any:
    return rows_of(table, *on, order=order, **columns).correlate(T)


def of_case(table: Any) -> Any:
    """Rows of a child table that belong to the case in hand."""
    t = table.__table__
    return and_(same_place(t, T), t.c.case_id == T.c.id)


SAME_SUBJECT = and_(
    same_place(OTHERS, T),
    OTHERS.c.id != T.c.id,
    or_(
        OTHERS.c.subject_person_id == T.c.subject_person_id,
        OTHERS.c.subject_village_code == T.c.subject_village_code,
        OTHERS.c.subject_unit_id == T.c.subject_unit_id,
    ),
)

SHOWN: dict[str, Any] = {
    "findings": _rows(
        CaseFinding,
        of_case(CaseFinding),
        order=col(CaseFinding.finding_id),
        finding_id=col(CaseFinding.finding_id),
        dropped=col(CaseFinding.dropped),
    ),
    "steps": _rows(
        CaseStep,
        of_case(CaseStep),
        order=col(CaseStep.id),
        kind=col(CaseStep.kind),
        on=col(CaseStep.on),
        person_id=col(CaseStep.person_id),
        output=col(CaseStep.output),
        notice_id=col(CaseStep.notice_id),
        details=col(CaseStep.details),
    ),
    "recusals": _rows(
        CaseRecusal,
        of_case(CaseRecusal),
        order=col(CaseRecusal.id),
        person_id=col(CaseRecusal.person_id),
        substitute_id=col(CaseRecusal.substitute_id),
        interest=col(CaseRecusal.interest),
    ),
    "history": _rows(
        OTHERS,
        SAME_SUBJECT,
        OTHERS.c.measure.is_not(None),
        order=OTHERS.c.id,
        case_id=OTHERS.c.id,
        measure=OTHERS.c.measure,
        ground=OTHERS.c.ground,
        decided_on=OTHERS.c.decided_on,
    ),
}
"""What a case shows beside its own columns; the history is shown and nothing follows from it (G35)."""

GATHERED: dict[str, Any] = {
    "window_days": policy_fact("objection.windowDays", Case),
    "recused": _listed(col(CaseRecusal.person_id), of_case(CaseRecusal)),
    "handlers": _listed(distinct(col(CaseStep.person_id)), of_case(CaseStep), col(CaseStep.person_id).is_not(None)),
    "outputs": _listed(
        col(CaseStep.output),
        of_case(CaseStep),
        col(CaseStep.output).is_not(None),
        col(CaseStep.measure) == T.c.measure,
    ),
    "same_facts": _listed(
        distinct(OTHERS.c.measure),
        of_case(CaseFinding),
        MINE.c.dropped.is_(False),
        same_place(THEIRS, MINE),
        THEIRS.c.finding_id == MINE.c.finding_id,
        THEIRS.c.case_id != MINE.c.case_id,
        THEIRS.c.dropped.is_(False),
        same_place(OTHERS, THEIRS),
        OTHERS.c.id == THEIRS.c.case_id,
        OTHERS.c.measure.is_not(None),
    ),
    "fitting": _rows(
        CaseFinding,
        of_case(CaseFinding),
        MINE.c.dropped.is_(False),
        same_place(FOUND, MINE),
        FOUND.c.id == MINE.c.finding_id,
        order=MINE.c.finding_id,
        finding_id=MINE.c.finding_id,
        ground=FOUND.c.ground,
        alternatives=FOUND.c.alternatives,
    ),
    "notices": notices_where(of_case(Notice)).correlate(T),
}
"""What the law asks about a case beside its own columns and its subject."""

FINDINGS_NAMED = Prepared(
    select(
        *FOUND.c["id", "state", "fact_on", "ground", "alternatives", *SUBJECT],
        func.json_build_object(*[part for n, e in subject_facts(Finding, FOUND.c.fact_on).items() for part in (n, e)])
        .cast(Text())
        .label("facts"),
    ).where(
        here(FOUND),
        FOUND.c.id == func.any(bindparam("ids", type_=ARRAY(Uuid()))),
    )
)
"""The findings a case is opened on, with what article 10 asks about their subject."""

MEMBERS = Prepared(
    select(col(AppointmentRow.person_id)).where(
        here(AppointmentRow),
        col(AppointmentRow.office) == bindparam("organ", type_=Text()),
        holds_on(AppointmentRow, bindparam("day", type_=Date())),
    )
)
"""Who is a member of an organ on a day."""

_AT_CASE = (
    here(T),
    T.c.id == bindparam("case", type_=Uuid()),
    T.c.version == bindparam("seen", type_=Integer()),
)
_STEP = insert(CaseStep).values(
    county_code=bindparam("county", type_=Text()),
    township_code=bindparam("township", type_=Text()),
    id=bindparam("step", type_=Uuid()),
    case_id=bindparam("case", type_=Uuid()),
    kind=bindparam("step_kind", type_=Text()),
    on=bindparam("step_on", type_=Date()),
    person_id=bindparam("step_person", type_=Uuid()),
    details=bindparam("step_details", type_=JSONB()),
)
_OF_CASE = (
    here(MINE),
    MINE.c.case_id == bindparam("case", type_=Uuid()),
)
DECIDE = Prepared(
    update(CaseFinding)
    .where(*_OF_CASE, MINE.c.dropped.is_(False))
    .values(first_measure=bindparam("first", type_=Boolean()))
    .add_cte(_STEP.cte("step"))
)
"""The decision's step, and whether its facts led to a measure for the first time (G33), in one statement."""
_DROPPED = MINE.c.finding_id == func.any(bindparam("dropped_findings", type_=ARRAY(Uuid())))
_DROP = (
    update(CaseFinding)
    .where(*_OF_CASE)
    .values(
        dropped=or_(MINE.c.dropped, _DROPPED),
        first_measure=and_(MINE.c.first_measure, not_(_DROPPED), bindparam("new_measure", type_=Text()).is_not(None)),
    )
)
REVISE = Prepared(
    update(Case)
    .where(*_AT_CASE)
    .values(
        measure=bindparam("new_measure", type_=Text()),
        ground=bindparam("new_ground", type_=Text()),
        state=bindparam("new_state", type_=Text()),
        state_since=bindparam("new_since", type_=DateTime(timezone=True)),
        version=T.c.version + 1,
    )
    .returning(T.c.version)
    .add_cte(_STEP.cte("step"), _DROP.cte("dropped"), REVISION.cte("notices_revised"))
)
"""After an objection: the case as it stands now, its step, the facts dropped and its notices, in one statement."""


def whole_case(case_id: Any, other: Any) -> Any:
    """Everything the law asks about the case that a row of another table names, as one JSON object."""
    gathered = {**subject_facts(Case, T.c.fact_on), **GATHERED}
    pairs: list[Any] = []
    for name, what in gathered.items():
        pairs += [literal_column(f"'{name}'"), what]
    parts = func.json_build_object(
        literal_column("'row'"),
        func.row_to_json(literal_column("cases")),
        literal_column("'gathered'"),
        func.json_build_object(*pairs),
    )
    return (
        select(parts)
        .select_from(T)
        .where(same_place(T, other), T.c.id == case_id)
        .correlate(other.__table__)
        .scalar_subquery()
    )
