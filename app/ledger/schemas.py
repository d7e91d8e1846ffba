"""What goes over the wire about the log and the two ledgers?"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.reading import PageQuery
from app.wire import Months, OfTownship, Out, PageOut, Quarters, Year


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


class Signed(Out):
    """What was signed last."""

    size: int
    root: str
    at: datetime
    witnesses: list[str] = Field(description="Whose cosignatures the note bears", examples=[["witness.example/office"]])


class CheckpointOut(Out):
    """Size and root of a log's RFC 9162 tree as it stands; as text, the newest signed note (C2SP tlog-checkpoint)."""

    log: str
    size: int
    root: str = Field(description="SHA-256, hex")
    origin: str = Field(description="The log's name in its signed notes", examples=["huayuan/411421201"])
    key: str = Field(description="The public key of its signed notes, as C2SP signed-note writes it")
    signed: Signed | None


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid")

    size: int | None = Field(None, ge=1, lt=2**53, description="Of which tree; of the newest signed one if not said")


class InclusionQuery(_Query):
    """Which entry, in the tree of which size."""

    index: int = Field(ge=0, lt=2**53, description="`seq` of the entry", examples=[0])


class ConsistencyQuery(_Query):
    """Which two trees of one log."""

    old: int = Field(ge=0, lt=2**53, description="Size of the earlier tree", examples=[1])


class InclusionOut(Out):
    """RFC 9162, 2.1.3: the proof leads from the leaf's hash to the root. Hashes are SHA-256 in hex."""

    log: str
    index: int
    size: int
    leaf_hash: str
    root: str
    proof: list[str]


class ConsistencyOut(Out):
    """RFC 9162, 2.1.4: the proof leads from the earlier tree to both roots. Hashes are SHA-256 in hex."""

    log: str
    old: int
    size: int
    old_root: str
    root: str
    proof: list[str]


class LedgerQuery(PageQuery):
    """A year of one of the two ledgers of article 5."""

    year: Year = Field(examples=[2017])
    township_code: OfTownship = None


class HelperLedgerRow(Out):
    """A year in the ledger of helpers' work: of a helper who had a household then, or of whom it has an entry."""

    id: UUID
    name: str
    unit: str | None
    households: int = Field(description="Households helped in the year / 当年帮扶户数")
    visits: Months[int] = Field(description="Visits of each month, from January / 各月走访次数")
    checks: Months[str | None] = Field(
        description="State of each month's check; null where he was not drawn / 各月抽查情况"
    )
    quarters: Quarters[str | None] = Field(description="State of each quarter's score / 各季度考核情况")
    determination: str | None = Field(description="What stands as determined / 年终评定结果", examples=["complete"])
    entries: int
    events: dict[str, int] = Field(examples=[{"visit.recorded": 24}])
    first_at: datetime | None
    last_at: datetime | None
    last_seq: int | None


class HelperLedgerPage(PageOut):
    items: list[HelperLedgerRow]


class HouseholdLedgerRow(Out):
    """A household's year in the ledger of exits from poverty: one that had a helper then, or has an entry."""

    id: UUID
    card_number: str
    head_name: str
    village_code: str
    status: str
    helper: str | None = Field(description="The primary helper, the last one of the year / 主要帮扶责任人")
    visits: Months[int] = Field(description="Visits of each month, from January / 各月走访次数")
    out_of_poverty: bool | None = Field(description="What the sign-off states / 签字表所载脱贫情况")
    signoff: str | None = Field(description="State of the year's sign-off / 签字进度", examples=["reviewed"])
    confirmed_on: date | None = Field(description="Day of the fourth signature / 签齐日期")
    entries: int
    events: dict[str, int]
    first_at: datetime | None
    last_at: datetime | None
    last_seq: int | None


class HouseholdLedgerPage(PageOut):
    items: list[HouseholdLedgerRow]
