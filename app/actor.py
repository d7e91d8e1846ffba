"""Who is calling? The actor of a request and the offices he holds today."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any
from uuid import UUID

from app.refusal import Forbidden


class Office(StrEnum):
    """The offices that the regulation names, and the three roles a service needs besides."""

    HELPER = "helper"
    VILLAGE_PRINCIPAL = "village_principal"
    LIAISON_LEADER = "liaison_leader"
    ASSESSOR = "assessor"
    LEADING_GROUP_OFFICE = "leading_group_office"
    PARTY_GOV_OFFICE = "party_gov_office"
    LEADING_GROUP = "leading_group"
    PARTY_COMMITTEE = "party_committee"
    TOWNSHIP_GOVERNMENT = "township_government"
    DISCIPLINE_COMMISSION = "discipline_commission"
    VILLAGE_COMMITTEE_HEAD = "village_committee_head"
    VILLAGE_COMMITTEE_MEMBER = "village_committee_member"
    GROUP_CADRE = "group_cadre"
    ADMINISTRATOR = "administrator"  # accounts and settings
    COUNTY_AUDITOR = "county_auditor"  # reads only
    COUNTY_SYSTEM = "county_system"


class ClientScope(StrEnum):
    """What a county system's client may be given, each by name."""

    READ = "read"
    IMPORT = "import"
    EVENTS = "events"


OFFICES_ZH = {
    Office.HELPER: "帮扶责任人",
    Office.VILLAGE_PRINCIPAL: "村主要负责人",
    Office.LIAISON_LEADER: "乡联系领导",
    Office.ASSESSOR: "考核组",
    Office.LEADING_GROUP_OFFICE: "乡扶贫开发领导小组办公室",
    Office.PARTY_GOV_OFFICE: "乡党政办公室",
    Office.LEADING_GROUP: "乡扶贫开发领导小组",
    Office.PARTY_COMMITTEE: "乡党委",
    Office.TOWNSHIP_GOVERNMENT: "乡政府",
    Office.DISCIPLINE_COMMISSION: "乡纪委",
    Office.VILLAGE_COMMITTEE_HEAD: "村“两委”负责人",
    Office.VILLAGE_COMMITTEE_MEMBER: "村“两委”成员",
    Office.GROUP_CADRE: "村组干部",
    Office.ADMINISTRATOR: "系统管理员",
    Office.COUNTY_AUDITOR: "县级审计",
    Office.COUNTY_SYSTEM: "县级业务系统",
}
"""What each office is called in Chinese."""


class NotYourOffice(Forbidden):
    """Another office does this.

    此事项由其他职务办理。
    """

    article = "3"
    advice = (
        "One of the `offices` must do it. `GET /v1/me` says which offices this account holds today.",
        "须由 `offices` 所列职务之一办理。`GET /v1/me` 列明本账号今日的职务。",
    )

    def detail(self, language: str) -> str | None:
        offices = [Office(office) for office in self.facts.get("offices", ())]
        if not offices:
            return None
        if language == "en":
            return f"This is done by: {', '.join(office.replace('_', ' ') for office in offices)}."
        return f"此事项由{'、'.join(OFFICES_ZH[office] for office in offices)}办理。"


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

IN_A_VILLAGE = frozenset(
    {
        Office.VILLAGE_PRINCIPAL,
        Office.LIAISON_LEADER,
        Office.VILLAGE_COMMITTEE_HEAD,
        Office.VILLAGE_COMMITTEE_MEMBER,
        Office.GROUP_CADRE,
    }
)
"""Offices held at one village, whose records they give to read."""

OF_THE_COUNTY = frozenset({Office.ADMINISTRATOR, Office.COUNTY_AUDITOR})
"""The only offices that a county sets; a township may have them too."""


def seat(office: Office) -> str:
    """Where an office is held: at one `village`, at the `township` itself, or by a `client` that signs in.

    What a county sets (OF_THE_COUNTY) is held at the county itself, as its administrators are at the township.
    """
    if office is Office.COUNTY_SYSTEM:
        return "client"
    return "village" if office in IN_A_VILLAGE else "township"


ORGANISERS = frozenset({Office.LEADING_GROUP_OFFICE, Office.PARTY_GOV_OFFICE})
"""The two offices that organise the work and its assessment together (article 4)."""

ORGANS = frozenset({Office.PARTY_COMMITTEE, Office.TOWNSHIP_GOVERNMENT, Office.DISCIPLINE_COMMISSION})
"""The organs that article 10 names as competent inside the township."""


@dataclass(frozen=True, slots=True)
class Appointment:
    """An office held today; `place` is a township's (9 digits), village's (12) or county's (6) code."""

    office: Office
    place: str
    since: date


@dataclass(frozen=True)
class Actor:
    """The caller: an account, the person behind it, and the appointments that hold today.

    Whoever comes again unchanged is the same actor, so what follows from his appointments is worked out once.
    """

    account_id: UUID
    person_id: UUID | None
    county_code: str
    township_code: str
    """Nine digits; for an actor of the county, the six digits of the county."""
    appointments: tuple[Appointment, ...] = ()
    name: str = ""
    scopes: frozenset[str] = frozenset()
    """What a county system's client was given; a person's offices say what he may."""

    @cached_property
    def offices(self) -> frozenset[Office]:
        return frozenset(a.office for a in self.appointments)

    def holds(self, *offices: Office, place: str | None = None) -> bool:
        """Does the actor hold one of the offices today, at `place` if one is given?"""
        return any(a.office in offices and (place is None or a.place == place) for a in self.appointments)

    def lacks(self, scope: ClientScope) -> bool:
        """Is this a county system's client that was not given the scope?"""
        return self.holds(Office.COUNTY_SYSTEM) and scope not in self.scopes

    def places(self, *offices: Office) -> list[str]:
        return [a.place for a in self.appointments if a.office in offices]

    @cached_property
    def reads_township(self) -> bool:
        return not TOWNSHIP_WIDE.isdisjoint(self.offices)

    @cached_property
    def scope_values(self) -> dict[str, Any]:
        """Values of the parameters of a scope's condition (`access.Scope`)."""
        return {
            "scope_person": self.person_id,
            "scope_account": self.account_id,
            "scope_helper": self.person_id if self.holds(Office.HELPER) else None,
            "scope_villages": self.places(*IN_A_VILLAGE),
            "scope_wide": self.reads_township,
            "scope_confidant": self.reads_township or self.holds(Office.ADMINISTRATOR),
        }

    @property
    def reads_county(self) -> bool:
        return len(self.township_code) == 6
