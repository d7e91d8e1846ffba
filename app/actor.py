"""Who is calling? The actor of a request and the offices he holds today."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


class Office(StrEnum):
    """The offices of article 1.4 of requirements.md, and the three roles a service needs besides."""

    HELPER = "helper"  # 帮扶责任人
    VILLAGE_PRINCIPAL = "village_principal"  # 村主要负责人
    LIAISON_LEADER = "liaison_leader"  # 乡联系领导
    ASSESSOR = "assessor"  # 考核组
    LEADING_GROUP_OFFICE = "leading_group_office"  # 乡扶贫开发领导小组办公室
    PARTY_GOV_OFFICE = "party_gov_office"  # 乡党政办公室
    LEADING_GROUP = "leading_group"  # 乡扶贫开发领导小组
    PARTY_COMMITTEE = "party_committee"  # 乡党委
    TOWNSHIP_GOVERNMENT = "township_government"  # 乡政府
    DISCIPLINE_COMMISSION = "discipline_commission"  # 乡纪委
    VILLAGE_COMMITTEE_HEAD = "village_committee_head"  # 村“两委”负责人
    VILLAGE_COMMITTEE_MEMBER = "village_committee_member"  # 村“两委”成员
    GROUP_CADRE = "group_cadre"  # 村组干部
    ADMINISTRATOR = "administrator"  # 系统管理员:账号与设置
    COUNTY_AUDITOR = "county_auditor"  # 县级审计:只读
    COUNTY_SYSTEM = "county_system"  # 县级业务系统


TOWNSHIP_WIDE = frozenset(
    {
        Office.ASSESSOR,
        Office.LEADING_GROUP_OFFICE,
        Office.PARTY_GOV_OFFICE,
        Office.LEADING_GROUP,
        Office.PARTY_COMMITTEE,
        Office.TOWNSHIP_GOVERNMENT,
        Office.DISCIPLINE_COMMISSION,
        Office.COUNTY_AUDITOR,
        Office.COUNTY_SYSTEM,
    }
)
"""Offices whose work covers the whole township, so that they may read all its records."""

ORGANS = frozenset({Office.PARTY_COMMITTEE, Office.TOWNSHIP_GOVERNMENT, Office.DISCIPLINE_COMMISSION})
"""The organs that article 10 names as competent inside the township."""


@dataclass(frozen=True, slots=True)
class Appointment:
    """An office held today; `place` is a township's (9 digits), village's (12) or county's (6) code."""

    office: Office
    place: str
    since: date


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller: an account, the person behind it, and the appointments that hold today."""

    account_id: UUID
    person_id: UUID | None
    county_code: str
    township_code: str
    """Nine digits; for an actor of the county, the six digits of the county."""
    appointments: tuple[Appointment, ...] = ()
    name: str = ""

    @property
    def offices(self) -> frozenset[Office]:
        return frozenset(a.office for a in self.appointments)

    def holds(self, *offices: Office, place: str | None = None) -> bool:
        """Does the actor hold one of the offices today, at `place` if one is given?"""
        return any(a.office in offices and (place is None or a.place == place) for a in self.appointments)

    def places(self, *offices: Office) -> list[str]:
        return [a.place for a in self.appointments if a.office in offices]

    @property
    def reads_township(self) -> bool:
        return not TOWNSHIP_WIDE.isdisjoint(self.offices)

    @property
    def reads_county(self) -> bool:
        return len(self.township_code) == 6
