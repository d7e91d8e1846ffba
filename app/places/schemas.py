"""What goes over the wire about places?"""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field, StringConstraints

from app.places.rules import Level, PrincipalPost
from app.reading import PageQuery
from app.wire import Create, In, Name, Out, PageOut, RecordOut, VillageCode

DivisionCode = Annotated[
    str,
    StringConstraints(pattern=r"^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})$", min_length=2, max_length=12),
    Field(description="统计用区划代码: 2, 4, 6, 9 or 12 digits", examples=["411421201"]),
]


class DivisionOut(Out):
    """A place of the national list."""

    code: str = Field(examples=["411421201"])
    name: str = Field(examples=["花园乡"])
    level: Level
    parent_code: str | None = Field(examples=["411421"])


class DivisionPage(PageOut):
    items: list[DivisionOut]


class DivisionQuery(PageQuery):
    parent: DivisionCode | None = Field(None, description="The place above; without it, the provinces / 上级区划")


class BoundRulebook(Out):
    """A rulebook in force for the township from a day."""

    rulebook_code: str = Field(examples=["HUAYUAN-2016"])
    effective_from: date


class TownshipOut(RecordOut):
    """A township that works with this service."""

    name: str = Field(examples=["花园乡"])
    adopted_on: date
    rulebooks: list[BoundRulebook]


class TownshipPage(PageOut):
    items: list[TownshipOut]


class CreateVillage(Create):
    """A village that the national list did not bring."""

    code: VillageCode = Field(examples=["411421201299"])
    name: Name = Field(examples=["新村村委会"])
    principal_post: PrincipalPost = PrincipalPost.PARTY_SECRETARY


class PatchVillage(In):
    """What may change of a village's master data."""

    name: Name | MISSING = MISSING
    principal_post: PrincipalPost | MISSING = MISSING


class OfficerOut(Out):
    """Who holds an office at the village today."""

    person_id: UUID
    name: str
    since: date


class VillageOut(RecordOut):
    """A village, with its principal and its liaison leader today."""

    code: str = Field(examples=["411421201201"])
    name: str = Field(examples=["花北村委会"])
    principal_post: PrincipalPost = Field(description="Whose post makes the principal 村主要负责人 (policy, G25)")
    principal: OfficerOut | None
    liaison_leader: OfficerOut | None


class VillagePage(PageOut):
    items: list[VillageOut]


class VillageQuery(PageQuery):
    code: VillageCode | None = None
