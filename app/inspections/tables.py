"""How are rounds and checks stored, and which of the register's facts do they rest on?"""

from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    case,
    distinct,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    text,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import Date, Uuid
from sqlmodel import Field

from app.actor import ORGANISERS, Office
from app.attachments.tables import naming
from app.database import (
    KEYS,
    Prepared,
    WorkflowRecord,
    belongs,
    here,
    holds_on,
    insertion_of,
    one_of,
    same_place,
    tenant,
)
from app.findings.tables import Finding
from app.households.tables import Household, Pairing
from app.inspections.rules import INSPECTION, INSPECTION_ROUND, Event, Kind
from app.log import LogCosignature, LogEvent
from app.people.tables import AppointmentRow, Person
from app.rulebook.tables import Binding
from app.work.tables import Visit

UUIDS: Any = ARRAY(Uuid())
TEXTS: Any = ARRAY(Text())


class InspectionRound(WorkflowRecord, table=True):
    """The spot check of one month; what was committed and drawn is written once and never changed."""

    __tablename__ = "inspection_rounds"
    __table_args__ = tenant(
        belongs("proposed_by", "people"),
        belongs("confirmed_by", "people"),
        UniqueConstraint(*KEYS, "month"),
        one_of("proposed_office", sorted(ORGANISERS)),
        CheckConstraint("month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name="month"),
        CheckConstraint("(seed is null) = (drawn_at is null)", name="seed"),
        CheckConstraint("drawn_at is null or committed_at is not null", name="committed_first"),
        states=INSPECTION_ROUND.states,
    )

    month: str
    missed_in_month: bool = False
    """The month ended without its draw; true for good (G8)."""
    late: bool = False
    late_reason: str | None = None
    proposed_office: str | None = None
    proposed_by: UUID | None = None
    confirmed_by: UUID | None = None
    sources: list[Any] = Field(default=[], sa_type=JSONB)
    """`[{name, kind, reference, due, digest, value}]` in the order of the seed; `value` once revealed."""
    recusals: list[Any] = Field(default=[], sa_type=JSONB)
    """`[{inspector_id, helper_id, interest}]`, fixed with the commitment."""
    inspectors: list[UUID] = Field(default=[], sa_type=UUIDS)
    """Those among whom teams are drawn, where the township turned that on."""
    team_size: int | None = None
    reveal_by: datetime | None = None
    seed_due: datetime | None = None
    committed_at: datetime | None = None
    frame: list[UUID] | None = Field(default=None, sa_type=UUIDS)
    exclusions: list[Any] | None = Field(default=None, sa_type=JSONB)
    """`[{helper_id, reason}]`."""
    population: int | None = None
    sample_size: int | None = None
    frame_hash: str | None = None
    algorithm: str | None = None
    exclusions_hash: str | None = None
    recusals_hash: str | None = None
    drawn_at: datetime | None = None
    seed: str | None = None


class Inspection(WorkflowRecord, table=True):
    """The check of one helper in one month, or a corrected version of it."""

    __tablename__ = "inspections"
    __table_args__ = tenant(
        belongs("round_id", "inspection_rounds"),
        belongs("helper_id", "people"),
        belongs("corrects_id", "inspections"),
        one_of("kind", Kind),
        CheckConstraint("(kind = 'drawn') = (rank is not null)", name="rank"),
        CheckConstraint("(kind = 'additional') = (added_reason is not null)", name="added_reason"),
        CheckConstraint("(state = 'recorded') = (aspects is not null)", name="aspects"),
        CheckConstraint("(state = 'not_checked') = (not_checked_reason is not null)", name="not_checked_reason"),
        CheckConstraint("(corrects_id is null) = (correction_reason is null)", name="correction_reason"),
        Index("uq_inspections_helper", *KEYS, "round_id", "helper_id", unique=True,
              postgresql_where=literal_column("corrects_id is null")),
        Index("uq_inspections_corrects_id", *KEYS, "corrects_id", unique=True,
              postgresql_where=literal_column("corrects_id is not null")),
        Index("ix_inspections_helper_id", *KEYS, "helper_id"),
        states=INSPECTION.states,
    )  # fmt: skip

    round_id: UUID
    month: str
    helper_id: UUID
    kind: str
    rank: int | None = Field(default=None, sa_type=BigInteger)
    """1 for the lowest ticket; None for an additional check."""
    added_reason: str | None = None
    team: list[Any] = Field(default=[], sa_type=JSONB)
    """`[{person_id, interest, same_unit}]`."""
    team_warnings: list[str] = Field(default=[], sa_type=TEXTS)
    team_reason: str | None = None
    checked_on: date | None = None
    aspects: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    further: list[Any] = Field(default=[], sa_type=JSONB)
    interviews: list[Any] = Field(default=[], sa_type=JSONB)
    problems: list[Any] = Field(default=[], sa_type=JSONB)
    """`[{aspect, description, finding_id}]`."""
    attachment_ids: list[UUID] = naming()
    not_checked_reason: str | None = None
    recorded_by: UUID | None = None
    corrects_id: UUID | None = None
    correction_reason: str | None = None
    superseded_by: UUID | None = None


L: Any = LogEvent
NO_TEAM: dict[str, Any] = {
    "team": [], "team_warnings": [], "further": [], "interviews": [], "problems": [], "attachment_ids": []
}  # fmt: skip
"""What stands in the lists of a check before anybody was there."""
A: Any = AppointmentRow
G: Any = Pairing
P: Any = Person
H: Any = Household
V: Any = Visit
B: Any = Binding
R: Any = InspectionRound
I: Any = Inspection  # noqa: E741
DAY: Any = bindparam("day", type_=Date())


HELPERS = Prepared(
    select(
        A.person_id,
        func.bool_or(
            exists().where(
                same_place(G, A),
                G.helper_id == A.person_id,
                holds_on(G, DAY),
            )
        ).label("assigned"),
        P.unit_id,
    )
    .join(P, and_(same_place(P, A), P.id == A.person_id))
    .where(here(A), A.office == Office.HELPER.value, holds_on(A, DAY))
    .group_by(A.person_id, P.unit_id)
    .order_by(A.person_id)
)
"""Everyone who is a helper on `day`, his unit, and whether a household is assigned to him (G6, G15)."""

IS_HELPER = Prepared(
    select(
        exists().where(here(A), A.office == Office.HELPER.value, A.person_id == bindparam("helper"), holds_on(A, DAY))
    )
)

ON_REGISTER = (
    select(P.id, P.unit_id).where(here(P), P.id == func.any(bindparam("people", type_=UUIDS))),
    select(H.id, null()).where(here(H), H.id == func.any(bindparam("households", type_=UUIDS))),
)
"""The people named with their units, and the households named; what is not on the register is not among the rows."""

ADOPTED = select(func.min(B.effective_from)).where(here(B)).scalar_subquery()
_own = select(R.month, R.id, R.missed_in_month, R.drawn_at).where(here(R)).subquery()
_one = select(ADOPTED.label("adopted_on")).subquery()
ROUNDS = Prepared(
    select(_one.c.adopted_on, _own.c.month, _own.c.id, _own.c.missed_in_month, _own.c.drawn_at).select_from(
        _one.outerjoin(_own, true())
    )
)
"""Every round of the township beside the day of its adoption; one row of nothing but that where there is none."""
UNCOMMITTED = or_(*[R.state == state for state in INSPECTION_ROUND.move("mark-missed").path])
MARK_MISSED = Prepared(
    update(R)
    .where(here(R), R.id == func.any(bindparam("rounds", type_=UUIDS)), R.drawn_at.is_(None))
    .values(
        missed_in_month=True,
        version=R.version + 1,
        state=case((UNCOMMITTED, "missed"), else_=R.state),
        state_since=case((UNCOMMITTED, bindparam("moment")), else_=R.state_since),
    )
)
"""A committed round keeps its state: it is drawn late, and stays missed in its month."""

ADOPTED_ON = select(func.min(B.effective_from)).where(same_place(B, R)).scalar_subquery()
"""The day from which the township works under a rulebook."""
FRAME = Prepared(select(R.frame).where(here(R), R.id == bindparam("round")))
W: Any = LogCosignature
COMMITTED_AT = (
    select(func.max(L.seq))
    .where(same_place(L, R), L.subject_id == R.id, L.event == Event.ROUND_COMMITTED.value)
    .scalar_subquery()
)
_STAMP = text(
    "('x' || encode(substring(decode(split_part(line, ' ', 3), 'base64') from 5 for 8), 'hex'))::bit(64)::int8"
)
_FIRST = (
    select(W.witness, func.min(_STAMP).label("at"))
    .where(same_place(W, R), W.size > COMMITTED_AT)
    .group_by(W.witness)
    .correlate(R)
    .subquery("first")
)
WITNESSES = select(func.coalesce(func.json_object_agg(_FIRST.c.witness, _FIRST.c.at), text("'{}'"))).scalar_subquery()
"""Who has cosigned a checkpoint that covers the round's commitment, and when first: seconds since 1970 by his clock."""
COMMITTED = (
    select(func.json_build_object(text("'log'"), L.township_code, text("'seq'"), L.seq, text("'leaf_hash'"),
                                  func.encode(L.leaf_hash, text("'hex'")), text("'leaf'"),
                                  func.convert_from(L.leaf, text("'UTF8'"))))
    .where(
        same_place(L, R), L.subject_id == R.id,
        L.event == Event.ROUND_COMMITTED.value,
    )
    .scalar_subquery()
)  # fmt: skip


def _public(*more: Any) -> Prepared:
    shown = [c for c in R.__table__.columns if c.name != "fingerprint"]
    found = select(*shown, COMMITTED.label("commitment"), *more)
    return Prepared(found.where(here(R), R.id == bindparam("round"), R.committed_at.is_not(None)), json=True)


PROOF_ALONE = _public()
PROOF = _public(
    func.log_hashes(
        R.township_code,
        bindparam("levels", type_=ARRAY(Integer())),
        bindparam("firsts", type_=ARRAY(BigInteger())),
        bindparam("ends", type_=ARRAY(BigInteger())),
    ).label("hashes")
)
"""All that is public of a round, where its commitment stands in the log, and the hashes that prove it there; on a
cluster without these, for no function that reads tables may be part of a statement that is handed over.
"""
CHECK_OF = Prepared(
    select(I.id).where(
        here(I), I.round_id == bindparam("round"), I.helper_id == bindparam("helper"), I.corrects_id.is_(None)
    )
)
"""The check of a helper in a round, whichever version came later."""


@cache
def superseding(findings: int) -> Prepared:
    """A check gives way to its corrected version, whose new problems become findings, in one statement."""
    statement = (
        update(I)
        .where(here(I), I.id == bindparam("superseded", type_=Uuid()))
        .values(superseded_by=bindparam("by", type_=Uuid()), version=I.version + 1)
    )
    return Prepared(statement.add_cte(insertion_of(Finding, findings).cte("found")) if findings else statement)


DRAWN_AT = select(R.drawn_at).where(same_place(R, I), R.id == I.round_id).scalar_subquery()
VISITS_IN_MONTH = (
    select(func.count(distinct(tuple_(V.visited_on, H.village_code))))
    .join(H, and_(same_place(H, V), H.id == V.household_id))
    .where(
        same_place(V, I),
        V.helper_id == I.helper_id,
        V.visited_on >= func.to_date(I.month, "YYYY-MM"),
        V.visited_on < func.to_date(I.month, "YYYY-MM") + text("interval '1 month'"),
    )
    .correlate(I)
    .scalar_subquery()
)
"""到村次数: days on which the helper came to a village in the month of the round, by the visits register."""
