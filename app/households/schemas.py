"""What goes over the wire about households, their members, events and pairings?"""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import MISSING, Field

from app.households.rules import Attribute, Cause, LeftReason, Relation, Status
from app.people.schemas import CitizenIdText
from app.reading import PageQuery
from app.wire import (
    ANOTHER,
    SOMEBODY,
    Create,
    Day,
    In,
    Line,
    Name,
    Out,
    PageOut,
    Prose,
    RecordOut,
    Rule,
    VillageCode,
    WorkflowOut,
    among,
    ruled,
    when,
)

EventKind = Literal[
    "moved_out", "deceased_all", "split", "merged", "delisted", "returned_to_poverty", "newly_listed"
]  # fmt: skip


class MemberIn(In):
    """A person of a household; sex and birth date follow from the citizen id."""

    id: UUID | None = None
    name: Name = Field(examples=["李秀英"])
    relation: Relation = Field(description="与户主关系", examples=["head"])
    citizen_id: CitizenIdText = Field(
        description="公民身份号码 (GB 11643-1999); stored encrypted", examples=["11010519491231002X"]
    )


class MemberOut(Out):
    """A person of a household; of the citizen id only the last four."""

    id: UUID
    name: str
    relation: Relation
    sex: Literal["male", "female"]
    born: date
    citizen_id_last_four: str
    left_on: date | None
    left_reason: LeftReason | None


class MemberLeaves(In):
    """A member who no longer belongs to a household that lives on (自然减少)."""

    left_on: Day = Field(examples=["2017-03-01"])
    reason: LeftReason = Field(examples=["married_out"])


class CreateHousehold(Create):
    """A household of the register (建档立卡)."""

    card_number: Line = Field(description="建档立卡编号, unique in the township", examples=["4114212012010001"])
    village_code: VillageCode = Field(examples=["411421201201"])
    group_name: Name | None = Field(None, description="村民小组")
    head_name: Name = Field(examples=["李建国"])
    attribute: Attribute = Attribute.GENERAL
    main_cause: Cause = Field(examples=["illness"])
    other_causes: list[Cause] = Field([], max_length=2)
    listed_on: Day = Field(description="识别日期", examples=["2016-01-01"])
    members: list[MemberIn] = Field([], max_length=30)


class PatchHousehold(In):
    """What may change of a household's master data; its status changes by life events alone."""

    group_name: Name | None | MISSING = MISSING
    head_name: Name | MISSING = MISSING
    attribute: Attribute | MISSING = MISSING
    main_cause: Cause | MISSING = MISSING
    other_causes: list[Cause] | MISSING = Field(MISSING, max_length=2)


class HouseholdOut(RecordOut):
    """A household with its members and today's helpers."""

    card_number: str
    village_code: str
    group_name: str | None
    head_name: str
    attribute: Attribute
    main_cause: Cause
    other_causes: list[Cause]
    listed_on: date
    status: Status
    status_on: date
    members: list[MemberOut]
    primary_helper_id: UUID | None
    helper_ids: list[UUID]
    has_helper: bool = Field(description="A household without helper is an alert to the leading group (G16)")
    entered_later: bool = Field(description="Entered after the month of its listing / 建档当月结束后才登记")


class HouseholdPage(PageOut):
    items: list[HouseholdOut]


class HouseholdQuery(PageQuery):
    village_code: VillageCode | None = None
    status: Status | None = None
    attribute: Attribute | None = None
    card_number: str | None = None
    primary_helper_id: UUID | None = None
    has_helper: bool | None = None


def _related(**bounds: int) -> Rule:
    return {"properties": {"related_household_ids": bounds}}


class CreateEvent(Create):
    """A dated life event (G19), confirmed by two different people on the evidence named."""

    model_config = ruled(
        when(among("kind", "merged"), {**_related(minItems=1, maxItems=1), "required": ["related_household_ids"]}),
        when({"not": among("kind", "merged", "split")}, _related(maxItems=0)),
    )

    kind: EventKind = Field(examples=["moved_out"])
    happened_on: Day = Field(examples=["2017-03-01"])
    evidence: Prose = Field(examples=["户口迁移证明及村委会证明"])
    confirmer_ids: list[UUID] = Field(
        min_length=2, max_length=2, description="Two different people of the register",
        json_schema_extra={"uniqueItems": True}, examples=[[SOMEBODY, ANOTHER]],
    )  # fmt: skip
    related_household_ids: list[UUID] = Field(
        [], max_length=10, description="Merged into, or split into", json_schema_extra={"uniqueItems": True}
    )


class EventOut(RecordOut):
    """A life event of a household."""

    household_id: UUID
    kind: EventKind
    happened_on: date
    recorded_on: date
    evidence: str
    confirmer_ids: list[UUID]
    related_household_ids: list[UUID]
    flags: list[Literal["removed_in_fourth_quarter"]]


class EventPage(PageOut):
    items: list[EventOut]


class CreatePairing(Create):
    """A helper for a household from a day; one of a household's helpers is the primary one."""

    household_id: UUID
    helper_id: UUID = Field(description="Person id of the helper")
    is_primary: bool = Field(examples=[True])
    starts: Day = Field(examples=["2016-11-09"])
    ends: Day | None = Field(None, description="The first day no longer inside / 不再结对的第一天")


class EndPairing(In):
    """The first day on which the helper no longer has the household."""

    ends: Day = Field(examples=["2017-07-01"])
    reason: Line = Field(examples=["工作调动"])


class HandOver(In):
    """Who is the primary helper from which day on."""

    helper_id: UUID
    starts: Day = Field(examples=["2017-07-01"])
    reason: Line = Field(examples=["工作调动"])


class PairingOut(WorkflowOut):
    """A helper's time with a household."""

    state: Literal["active", "ended"]
    household_id: UUID
    helper_id: UUID
    is_primary: bool
    starts: date
    ends: date | None
    end_reason: str | None
    entered_later: bool = Field(description="Entered after the month in which it begins / 开始当月结束后才登记")


class PairingPage(PageOut):
    items: list[PairingOut]


class PairingQuery(PageQuery):
    household_id: UUID | None = None
    helper_id: UUID | None = None
    is_primary: bool | None = None
    as_of: Day | None = Field(None, description="Pairings that held on that day / 该日有效的结对")
    state: Literal["active", "ended"] | None = None
