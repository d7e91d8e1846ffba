"""What goes over the wire about the log and the two ledgers?"""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from app.reading import PageQuery
from app.wire import Out, PageOut, Year


class EntryOut(Out):
    """One entry: the sealed leaf exactly as hashed, and what is disclosed beside it."""

    log: str
    seq: int
    event: str = Field(examples=["visit.recorded"])
    subject_id: UUID
    helper_id: UUID | None
    household_id: UUID | None
    happened_at: datetime = Field(description="The domain's moment")
    recorded_at: datetime = Field(description="The real moment of the append")
    leaf_hash: str = Field(description="SHA-256 of 0x00 and the leaf's bytes, hex")
    leaf: str = Field(description="RFC 8785 JSON; personal values stand as commitments under `sealed`")
    disclosed: dict[str, Any] | None = Field(description="`{name: {salt, value}}`; erasable")


class EntryPage(PageOut):
    items: list[EntryOut]


class CheckpointOut(Out):
    """Size and root of a log's RFC 9162 tree."""

    log: str
    size: int
    root: str


class LedgerQuery(PageQuery):
    """A year of one of the two ledgers of article 5."""

    year: Year = Field(examples=[2017])


class HelperLedgerRow(Out):
    """A helper's year in the ledger of helpers' work."""

    id: UUID
    name: str
    entries: int
    events: dict[str, int] = Field(examples=[{"visit.recorded": 24}])
    first_at: datetime
    last_at: datetime
    last_seq: int


class HelperLedgerPage(PageOut):
    items: list[HelperLedgerRow]


class HouseholdLedgerRow(Out):
    """A household's year in the ledger of exits from poverty."""

    id: UUID
    card_number: str
    village_code: str
    status: str
    entries: int
    events: dict[str, int]
    first_at: datetime
    last_at: datetime
    last_seq: int


class HouseholdLedgerPage(PageOut):
    items: list[HouseholdLedgerRow]
