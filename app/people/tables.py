"""How are people, their appointments and their accounts stored?"""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from app.actor import IN_A_VILLAGE, Office
from app.database import Record, belongs, one_of, tenant

CATEGORIES = ("organ_cadre", "village_committee_member", "group_cadre", "unit_staff", "other")
"""机关干部, 村“两委”成员, 村组干部, 部门单位人员, 其他."""
AUTHORITIES = ("township", "county", "above")
"""干部管理权限: who manages the cadre (article 10)."""


class Unit(Record, table=True):
    """A department or unit whose staff help (相关部门单位)."""

    __tablename__ = "units"
    __table_args__ = tenant(UniqueConstraint("county_code", "township_code", "name"))

    name: str
    level: str
    """Free text of the register, e.g. 乡直."""


class Person(Record, table=True):
    """A person of the township's register: cadres, village officers, organ members."""

    __tablename__ = "people"
    __table_args__ = tenant(
        belongs("unit_id", "units"),
        one_of("category", CATEGORIES),
        one_of("management_authority", AUTHORITIES),
        one_of("party_membership", ("member", "not_member", "unknown")),
        UniqueConstraint("county_code", "township_code", "citizen_id_lookup"),
        Index("ix_people_name", "county_code", "township_code", "name"),
    )

    name: str
    category: str
    unit_id: UUID | None = None
    management_authority: str
    party_membership: str
    phone: str | None = None
    citizen_id_sealed: bytes | None = None
    citizen_id_lookup: bytes | None = None
    citizen_id_last_four: str | None = None


_IN_A_VILLAGE = ", ".join(f"'{office}'" for office in sorted(IN_A_VILLAGE))
HELD_THERE = f"""case when office in ({_IN_A_VILLAGE}) then length(place) = 12 and left(place, 9) = township_code
 else place = township_code and office <> '{Office.COUNTY_SYSTEM}' end"""
"""What `seat` says, for the database."""


class AppointmentRow(Record, table=True):
    """An office held by a person at a place from a day, to a day that is not inside any more."""

    __tablename__ = "appointments"
    __table_args__ = tenant(
        belongs("person_id", "people"),
        one_of("office", Office),
        CheckConstraint("ends is null or ends > starts", name="interval"),
        CheckConstraint(HELD_THERE, name="place"),
        Index("ix_appointments_person", "county_code", "township_code", "person_id"),
        Index("ix_appointments_place", "county_code", "township_code", "office", "place"),
    )

    person_id: UUID
    office: str
    place: str
    starts: date
    ends: date | None = None
