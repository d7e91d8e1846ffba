"""What goes over the wire about people, appointments and accounts?"""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import MISSING, AfterValidator, Field, StringConstraints

from app.actor import Office
from app.people import rules
from app.reading import PageQuery
from app.wire import Create, Day, In, Line, Name, Out, PageOut, PlaceCode, RecordOut

Category = Literal["organ_cadre", "village_committee_member", "group_cadre", "unit_staff", "other"]
Authority = Literal["township", "county", "above"]
Membership = Literal["member", "not_member", "unknown"]


def _right_in_itself(number: str) -> str:
    """Raises WrongCitizenId, which the caller reads in his language; who was born tomorrow is told later."""
    rules.read_citizen_id(number)
    return number


CitizenIdText = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{17}[0-9X]$", min_length=18, max_length=18),
    AfterValidator(_right_in_itself),
    Field(json_schema_extra={"format": "citizen-id"}),
]


class CreateUnit(Create):
    """A unit whose staff help."""

    name: Name = Field(examples=["乡财政所"])
    level: Name = Field("乡直", examples=["乡直"])


class UnitOut(RecordOut):
    """A unit."""

    name: str
    level: str


class UnitPage(PageOut):
    items: list[UnitOut]


class CreatePerson(Create):
    """A person of the township's register."""

    name: Name = Field(examples=["李建国"])
    category: Category = Field(examples=["organ_cadre"])
    management_authority: Authority = Field("township", description="干部管理权限")
    party_membership: Membership = "unknown"
    unit_id: UUID | None = None
    phone: Annotated[str, StringConstraints(pattern=r"^[0-9+-]{5,20}$", min_length=5, max_length=20)] | None = None
    citizen_id: CitizenIdText | None = Field(None, description="公民身份号码 (GB 11643-1999); stored encrypted")


class PatchPerson(In):
    """What may change of a person's master data."""

    name: Name | MISSING = MISSING
    category: Category | MISSING = MISSING
    management_authority: Authority | MISSING = MISSING
    party_membership: Membership | MISSING = MISSING
    unit_id: UUID | None | MISSING = MISSING


class PersonOut(RecordOut):
    """A person; of the citizen id only the last four, and these like the phone only for whom they concern.

    Others read null: all but the keepers of the register, offices of the whole township and the person himself.
    """

    name: str
    category: Category
    management_authority: Authority
    party_membership: Membership
    unit_id: UUID | None
    phone: str | None
    citizen_id_last_four: str | None


class PersonPage(PageOut):
    items: list[PersonOut]


class PeopleQuery(PageQuery):
    category: Category | None = None
    unit_id: UUID | None = None


class Disclose(In):
    """Why the full citizen id is needed; it is recorded."""

    purpose: Line = Field(examples=["核对签字人身份"])


class Disclosed(Out):
    """A citizen id in full; it is not kept for retries."""

    id: UUID
    citizen_id: str | None = Field(None, description="Told once: the replay of a retry lacks it / 仅告知一次")


class HelperOut(PersonOut):
    """A person with a helper appointment today."""

    households: int = Field(description="Households helped today / 当前帮扶户数")


class HelperPage(PageOut):
    items: list[HelperOut]


class CreateAppointment(Create):
    """An office from a day; `place` is a township's, village's or county's code."""

    person_id: UUID
    office: Office
    place: PlaceCode = Field(examples=["411421201"])
    starts: Day = Field(examples=["2016-11-09"])
    ends: Day | None = Field(None, description="The first day no longer inside / 不再任职的第一天")


class EndAppointment(In):
    """The first day on which the office is no longer held."""

    ends: Day


class AppointmentOut(RecordOut):
    """An office held by a person."""

    person_id: UUID
    office: Office
    place: str
    starts: date
    ends: date | None
    entered_later: bool = Field(description="Entered after the month in which it begins / 开始当月结束后才登记")


class AppointmentPage(PageOut):
    items: list[AppointmentOut]


class AppointmentQuery(PageQuery):
    person_id: UUID | None = None
    office: Office | None = None
    place: PlaceCode | None = None
