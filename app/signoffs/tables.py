"""How are sign-offs, their signatures, substitutes and codes stored, and what is gathered for the law?"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Index,
    Text,
    UniqueConstraint,
    and_,
    exists,
    func,
    literal,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, col

from app.access import TODAY
from app.actor import Office
from app.attachments.tables import naming
from app.database import KEYS, Record, Tenant, WorkflowRecord, belongs, holds_on, one_of, same_place, tenant
from app.households.rules import OPEN
from app.households.tables import Household, HouseholdMember, Pairing
from app.people.tables import AppointmentRow, Person
from app.reading import rows_of, utc
from app.rulebook.tables import policy_fact
from app.signoffs import rules


class Signoff(WorkflowRecord, table=True):
    """The sign-off of one household's state at the end of one year, with the statement that is signed."""

    __tablename__ = "signoffs"
    __table_args__ = tenant(
        belongs("household_id", "households"),
        belongs("prepared_by", "people"),
        UniqueConstraint(*KEYS, "household_id", "year"),
        CheckConstraint("left(village_code, 9) = township_code and length(village_code) = 12", name="village_code"),
        CheckConstraint("statement_hash ~ '^[0-9a-f]{64}$'", name="statement_hash"),
        Index("ix_signoffs_year", *KEYS, "year", "state"),
        Index("ix_signoffs_village", *KEYS, "village_code", "year"),
        states=rules.SIGNOFF.states,
    )

    household_id: UUID
    village_code: str
    """The household's village when the sign-off was opened; its principal and liaison leader sign."""
    year: int
    revision: int
    out_of_poverty: bool
    outside_rule: str
    measures: list[str] = Field(sa_type=ARRAY(Text))
    income_fen: int | None = None
    checks: dict[str, Any] = Field(sa_type=JSONB)
    nonce: str
    statement_hash: str
    prepared_by: UUID
    restatement_reason: str | None = None
    forward_reason: str | None = None
    review_note: str | None = None
    objected: bool
    """Does a standing signature carry an objection (G21)?"""
    late: bool
    """Was a standing signature given after the window (G56)?"""
    confirmed_on: date | None = None
    """The day of the fourth signature."""


class SignoffSignature(Tenant, table=True):
    """What one party put on record; never changed but for being voided by a restatement."""

    __tablename__ = "signoff_signatures"
    __table_args__ = tenant(
        belongs("signoff_id", "signoffs"),
        belongs("person_id", "people"),
        belongs("member_id", "household_members"),
        belongs("recorder_id", "people"),
        belongs("witness_id", "people"),
        belongs("voided_by", "people"),
        one_of("party", rules.Party),
        one_of("kind", rules.Kind),
        one_of("method", rules.Method),
        one_of("capacity", rules.Capacity),
        CheckConstraint("(party = 'household') = (method <> 'account')", name="method_of_party"),
        CheckConstraint("(party = 'household') = (capacity is not null)", name="capacity_of_party"),
        CheckConstraint("party = 'household' or (person_id is not null and person_id = recorder_id)", name="himself"),
        CheckConstraint("method not in ('in_person', 'thumbprint') or witness_id is not null", name="witnessed"),
        CheckConstraint("kind = 'signed' or content is not null", name="content"),
        CheckConstraint("(voided_at is null) = (voided_by is null)", name="voided"),
        Index("ix_signoff_signatures_signoff", *KEYS, "signoff_id", "at_version"),
        Index(
            "uq_signoff_signatures_standing", *KEYS, "signoff_id", "party", unique=True,
            postgresql_where=text("voided_at is null"),
        ),
    )  # fmt: skip

    signoff_id: UUID
    at_version: int
    """The version of the sign-off on which it was given: the order in which they were."""
    party: str
    kind: str
    method: str
    statement_hash: str
    person_id: UUID | None = None
    """Who signed, where he is on the register of people."""
    member_id: UUID | None = None
    capacity: str | None = None
    relation: str | None = None
    authority: str | None = None
    """Where the written authority of a guardian or agent is on file (G22)."""
    recorder_id: UUID
    witness_id: UUID | None = None
    content: str | None = None
    """The text of an objection, or the reason of a refusal (G21)."""
    attachment_ids: list[UUID] = naming()
    """Scans of what was signed by hand."""
    signed_at: datetime
    signed_on: date
    late: bool
    voided_at: datetime | None = None
    voided_by: UUID | None = None


class SignoffSubstitute(Tenant, table=True):
    """Who signs in a role instead of its incumbent (G24); the latest for a role counts."""

    __tablename__ = "signoff_substitutes"
    __table_args__ = tenant(
        belongs("signoff_id", "signoffs"),
        belongs("person_id", "people"),
        belongs("named_by", "people"),
        one_of("party", [p for p in rules.Party if p is not rules.Party.HOUSEHOLD]),
        Index("ix_signoff_substitutes_signoff", *KEYS, "signoff_id"),
        Index("ix_signoff_substitutes_person", *KEYS, "person_id"),
    )

    signoff_id: UUID
    at_version: int
    party: str
    person_id: UUID
    reason: str
    named_by: UUID
    named_at: datetime


class SignoffAcknowledgement(Tenant, table=True):
    """The Party committee knows that this person signs in two roles (G24)."""

    __tablename__ = "signoff_acknowledgements"
    __table_args__ = tenant(
        belongs("signoff_id", "signoffs"),
        belongs("person_id", "people"),
        belongs("acknowledged_by", "people"),
        UniqueConstraint(*KEYS, "signoff_id", "person_id"),
    )

    signoff_id: UUID
    person_id: UUID
    reason: str
    acknowledged_by: UUID
    acknowledged_at: datetime


class SignoffRemark(Record, table=True):
    """What a co-helper or a predecessor put beside the four signatures, on the statement of that day (G17, G18)."""

    __tablename__ = "signoff_remarks"
    __table_args__ = tenant(
        belongs("signoff_id", "signoffs"),
        belongs("person_id", "people"),
        one_of("kind", rules.Remark),
        CheckConstraint("kind = 'co_signature' or text is not null", name="text"),
        UniqueConstraint(*KEYS, "signoff_id", "person_id", "kind", "statement_hash"),
    )

    signoff_id: UUID
    kind: str
    person_id: UUID
    statement_hash: str
    text: str | None = None
    made_on: date


class SignoffCode(Tenant, table=True):
    """A household's single-use code, known by its hash; for one statement and one signer."""

    __tablename__ = "signoff_codes"
    __table_args__ = tenant(
        belongs("signoff_id", "signoffs"),
        belongs("member_id", "household_members"),
        belongs("agent_id", "people"),
        belongs("handed_by", "people"),
        belongs("issued_by", "people"),
        CheckConstraint("(member_id is null) <> (agent_id is null)", name="signer"),
        CheckConstraint("code_hash ~ '^[0-9a-f]{64}$'", name="code_hash"),
        Index(
            "uq_signoff_codes_open", *KEYS, "signoff_id", unique=True,
            postgresql_where=text("used_at is null and voided_at is null"),
        ),
    )  # fmt: skip

    signoff_id: UUID
    code_hash: str
    statement_hash: str
    member_id: UUID | None = None
    agent_id: UUID | None = None
    handed_by: UUID
    issued_by: UUID
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    voided_at: datetime | None = None


def of_signoff(table: Any) -> Any:
    return and_(same_place(table, Signoff), table.signoff_id == Signoff.id)


def ids(column: Any, *on: Any) -> Any:
    """A JSON array of ids."""
    return select(func.json_agg(column)).where(*on).scalar_subquery()


def helpers_of(owner: Any, household_id: Any, *more: Any) -> Any:
    """Everyone paired with a household today."""
    return ids(
        col(Pairing.helper_id),
        same_place(Pairing, owner), col(Pairing.household_id) == household_id, holds_on(Pairing, TODAY), *more,
    )  # fmt: skip


IN_ITS_YEAR = (
    same_place(Pairing, Signoff), col(Pairing.household_id) == col(Signoff.household_id),
    col(Pairing.starts) <= func.make_date(col(Signoff.year), 12, 31),
    or_(col(Pairing.ends).is_(None), col(Pairing.ends) > func.make_date(col(Signoff.year), 1, 1)),
    or_(col(Pairing.ends).is_(None), col(Pairing.ends) > col(Pairing.starts)),
)  # fmt: skip
"""Pairings with the sign-off's household in the sign-off's year."""


def helped_in_its_year(person: Any) -> Any:
    """Did the person help the household in that year by today? Its result is then part of his own work (G18)."""
    helped = exists().where(*IN_ITS_YEAR, col(Pairing.starts) <= TODAY, col(Pairing.helper_id) == person)
    return helped.correlate(Signoff.__table__)  # type: ignore[attr-defined]


def incumbents(office: Office) -> Any:
    """Who holds an office in the sign-off's village today (G17, G25)."""
    held = AppointmentRow
    return ids(
        col(held.person_id),
        same_place(held, Signoff), col(held.office) == office, col(held.place) == col(Signoff.village_code),
        holds_on(held, TODAY),
    )  # fmt: skip


STILL_HELPER = exists().where(
    same_place(AppointmentRow, Pairing), col(AppointmentRow.person_id) == col(Pairing.helper_id),
    col(AppointmentRow.office) == Office.HELPER.value, holds_on(AppointmentRow, TODAY),
).correlate(Pairing.__table__)  # type: ignore[attr-defined]  # fmt: skip
"""Does who is paired hold a helper's office today? Who left it signs as a helper no more (G17, G18)."""

S, B, C = SignoffSignature, SignoffSubstitute, SignoffCode
MEMBER_AS_PERSON = (
    select(col(Person.id))
    .where(same_place(Person, HouseholdMember), col(Person.citizen_id_lookup) == col(HouseholdMember.citizen_id_lookup))
    .scalar_subquery()
)

H = Household
ON_THE_REGISTER = (
    select(col(H.status).in_([literal(status) for status in sorted(OPEN)]))
    .where(same_place(H, Signoff), col(H.id) == col(Signoff.household_id))
    .scalar_subquery()
)

FACTS: dict[str, Any] = {
    "on_the_register": ON_THE_REGISTER,
    "primary_helpers": helpers_of(Signoff, col(Signoff.household_id), col(Pairing.is_primary), STILL_HELPER),
    "helpers": helpers_of(Signoff, col(Signoff.household_id)),
    "former_helpers": ids(col(Pairing.helper_id), *IN_ITS_YEAR, col(Pairing.ends) <= TODAY),
    "principals": incumbents(Office.VILLAGE_PRINCIPAL),
    "leaders": incumbents(Office.LIAISON_LEADER),
    "signatures": rows_of(
        S, of_signoff(S), col(S.voided_at).is_(None), col(S.kind) != rules.Kind.REFUSED, order=col(S.at_version),
        party=col(S.party), kind=col(S.kind), person_id=col(S.person_id), statement_hash=col(S.statement_hash),
        recorder_id=col(S.recorder_id), witness_id=col(S.witness_id),
    ),
    "members": rows_of(
        HouseholdMember, same_place(HouseholdMember, Signoff),
        col(HouseholdMember.household_id) == col(Signoff.household_id),
        or_(col(HouseholdMember.left_on).is_(None), col(HouseholdMember.left_on) > TODAY),
        order=col(HouseholdMember.id),
        id=col(HouseholdMember.id), relation=col(HouseholdMember.relation), born=col(HouseholdMember.born),
        person_id=MEMBER_AS_PERSON,
    ),
    "codes": rows_of(
        C, of_signoff(C), col(C.used_at).is_(None), col(C.voided_at).is_(None), order=col(C.id),
        code_hash=col(C.code_hash), statement_hash=col(C.statement_hash), expires_at=utc(col(C.expires_at)),
        signer_id=func.coalesce(col(C.member_id), col(C.agent_id)),
        issued_by=col(C.issued_by), handed_by=col(C.handed_by),
    ),
    "givers": rows_of(
        C, of_signoff(C), col(C.used_at).is_not(None), col(C.statement_hash) == col(Signoff.statement_hash),
        order=col(C.id), issued_by=col(C.issued_by), handed_by=col(C.handed_by),
    ),
    "thumbprint_allowed": policy_fact("signoff.allowThumbprint", Signoff),
    "window": policy_fact("year.signoffWindow", Signoff),
}  # fmt: skip
"""Gathered with the locked record in one statement; what is shown of the sign-off is in SHOWN."""

K, Q = SignoffAcknowledgement, SignoffRemark
SHOWN: dict[str, Any] = {
    "signatures": rows_of(
        S, of_signoff(S), order=col(S.at_version),
        id=col(S.id), party=col(S.party), kind=col(S.kind), method=col(S.method),
        statement_hash=col(S.statement_hash), person_id=col(S.person_id), member_id=col(S.member_id),
        capacity=col(S.capacity), relation=col(S.relation), authority=col(S.authority),
        recorder_id=col(S.recorder_id), witness_id=col(S.witness_id), content=col(S.content),
        attachment_ids=col(S.attachment_ids),
        signed_at=utc(col(S.signed_at)), signed_on=col(S.signed_on), late=col(S.late),
        voided_at=utc(col(S.voided_at)), voided_by=col(S.voided_by),
    ),
    "substitutes": rows_of(
        B, of_signoff(B), order=col(B.at_version),
        party=col(B.party), person_id=col(B.person_id), reason=col(B.reason), named_by=col(B.named_by),
        named_at=utc(col(B.named_at)),
    ),
    "acknowledgements": rows_of(
        K, of_signoff(K), order=col(K.acknowledged_at),
        person_id=col(K.person_id), reason=col(K.reason), acknowledged_by=col(K.acknowledged_by),
        acknowledged_at=utc(col(K.acknowledged_at)),
    ),
    "remarks": rows_of(
        Q, of_signoff(Q), order=col(Q.id),
        id=col(Q.id), kind=col(Q.kind), person_id=col(Q.person_id), statement_hash=col(Q.statement_hash),
        text=col(Q.text), made_on=col(Q.made_on),
    ),
}  # fmt: skip


def read_facts(row: dict[str, Any], facts: dict[str, Any], entered: Any) -> rules.SignoffFacts:
    """What the guards are asked about, from the record as shown and what was gathered beside it."""
    household = [s for s in facts["signatures"] if s["party"] == rules.Party.HOUSEHOLD]
    givers = facts["givers"] if household else []
    return rules.SignoffFacts.of(
        {
            **facts,
            "state": row["state"],
            "village_code": row["village_code"],
            "statement_hash": row["statement_hash"],
            "out_of_poverty": row["out_of_poverty"],
            "primary_helper": next(iter(facts["primary_helpers"] or ()), None),
            "substitutes": {s["party"]: s["person_id"] for s in row["substitutes"]},
            "acknowledged": [a["person_id"] for a in row["acknowledgements"]],
            "attendants": [p for s in household for p in (s["recorder_id"], s["witness_id"]) if p]
            + [p for g in givers for p in (g["issued_by"], g["handed_by"])],
        }
    )
