"""How are households, their members, events and pairings stored, and who may see them?"""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from app.database import KEYS, Record, Tenant, WorkflowRecord, belongs, one_of, tenant
from app.households import rules


class Household(Record, table=True):
    """A poor household on the register (建档立卡贫困户)."""

    __tablename__ = "households"
    __table_args__ = tenant(
        UniqueConstraint(*KEYS, "card_number"),
        one_of("status", rules.Status),
        one_of("attribute", rules.Attribute),
        one_of("main_cause", rules.Cause),
        CheckConstraint("left(village_code, 9) = township_code and length(village_code) = 12", name="village_code"),
        CheckConstraint("cardinality(other_causes) <= 2", name="other_causes"),
        Index("ix_households_village", *KEYS, "village_code"),
        Index("ix_households_status", *KEYS, "status"),
    )

    card_number: str
    village_code: str
    group_name: str | None = None
    """村民小组."""
    head_name: str
    attribute: str
    main_cause: str
    other_causes: list[str] = Field(sa_type=ARRAY(Text))
    listed_on: date
    status: str
    status_on: date
    """The date of the life event that led to the status."""


class HouseholdMember(Tenant, table=True):
    """A person of a household; `left_on` is set when he no longer belongs to it."""

    __tablename__ = "household_members"
    __table_args__ = tenant(
        belongs("household_id", "households"),
        one_of("relation", rules.Relation),
        one_of("left_reason", rules.LeftReason),
        CheckConstraint("(left_on is null) = (left_reason is null)", name="left"),
        Index("ix_household_members_household", *KEYS, "household_id"),
        Index("ix_household_members_citizen", *KEYS, "citizen_id_lookup"),
    )

    household_id: UUID
    name: str
    relation: str
    sex: str
    born: date
    citizen_id_sealed: bytes
    citizen_id_lookup: bytes
    citizen_id_last_four: str
    left_on: date | None = None
    left_reason: str | None = None


class HouseholdEvent(Record, table=True):
    """A dated life event of a household, with its evidence and its two confirmers (G19)."""

    __tablename__ = "household_events"
    __table_args__ = tenant(
        belongs("household_id", "households"),
        belongs("first_confirmer_id", "people"),
        belongs("second_confirmer_id", "people"),
        one_of("kind", rules.EVENT_PATHS),
        CheckConstraint("first_confirmer_id <> second_confirmer_id", name="two_confirmers"),
        Index("ix_household_events_household", *KEYS, "household_id", "happened_on"),
    )

    household_id: UUID
    kind: str
    happened_on: date
    recorded_on: date
    evidence: str
    first_confirmer_id: UUID
    second_confirmer_id: UUID
    related_household_ids: list[UUID] = Field(sa_type=ARRAY(Uuid))
    flags: list[str] = Field(sa_type=ARRAY(Text))


class Pairing(WorkflowRecord, table=True):
    """A helper's time with a household, from `starts` inside to `ends` outside (G18)."""

    __tablename__ = "pairings"
    __table_args__ = tenant(
        belongs("household_id", "households"),
        belongs("helper_id", "people"),
        CheckConstraint("ends >= starts", name="ends"),
        Index("ix_pairings_household", *KEYS, "household_id", "starts"),
        Index("ix_pairings_helper", *KEYS, "helper_id", "starts"),
        Index(
            "uq_pairings_one_primary", *KEYS, "household_id", unique=True,
            postgresql_where=text("is_primary and ends is null"),
        ),
        Index(
            "uq_pairings_one_each", *KEYS, "household_id", "helper_id", unique=True,
            postgresql_where=text("ends is null"),
        ),
        states=rules.PAIRING.states,
    )  # fmt: skip

    household_id: UUID
    helper_id: UUID
    is_primary: bool
    starts: date
    ends: date | None = None
    end_reason: str | None = None
