"""Who lives and works in the township of the story? Invented people in real villages, the same in every run.

Citizen ids begin with 990000: areas of the standard (GB/T 2260) run from 11 to 82, so no real person has such a
number, while its check digit is right and the service's own checks are exercised. Telephone numbers begin with 000,
which no Chinese number does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random
from typing import Literal
from uuid import UUID

from huayuan_client import models

from app.people.rules import check_character

AREA = "990000"
SEED = 20161109
TOWNSHIP = "411421201"
START = date(2016, 11, 9)

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜敏静强磊军洋勇艳杰涛明超秀霞平刚桂英华玉兰红建国志文海燕春梅振东德福永生新民保田"
UNITS = (
    ("乡财政所", "乡直"), ("乡卫生院", "乡直"), ("乡农业服务中心", "乡直"), ("乡中心学校", "乡直"),
    ("乡民政所", "乡直"), ("县农业局", "县直"), ("县水利局", "县直"), ("县教育体育局", "县直"),
)  # fmt: skip
SINGLE_OFFICES: dict[models.Office, int] = {
    "party_committee": 3,
    "township_government": 2,
    "discipline_commission": 3,
    "leading_group": 2,
    "leading_group_office": 2,
    "party_gov_office": 2,
    "assessor": 6,
}
"""How many members each organ and office of the story has; recusal and review need a second and a third."""
LIAISON_LEADERS = 5
HELPERS = 57
"""Beside them a helper without a household, a village principal who helps one, and from summer on a successor."""
HOUSEHOLDS = 400
CAUSES: tuple[models.Cause, ...] = (
    "illness", "disability", "schooling", "lack_of_skills", "lack_of_labour", "lack_of_funds", "disaster",
)  # fmt: skip
ATTRIBUTES: tuple[models.Attribute, ...] = (
    "general", "general", "low_income_allowance_poor", "low_income_allowance", "five_guarantees",
)  # fmt: skip
Category = Literal["organ_cadre", "village_committee_member", "group_cadre", "unit_staff"]


@dataclass(slots=True)
class Person:
    """Somebody of the register; `key` is how the story calls him and what he signs in with."""

    key: str
    id: str
    name: str
    citizen_id: str
    category: Category = "organ_cadre"
    authority: Literal["township", "county"] = "township"
    party: Literal["member", "not_member"] = "member"
    unit: str | None = None
    offices: list[tuple[models.Office, str, str]] = field(default_factory=list)
    """Office, place, first day."""

    @property
    def password(self) -> str:
        return f"yanshi-{self.key}-2016"


@dataclass(slots=True)
class Member:
    id: str
    name: str
    relation: models.Relation
    citizen_id: str


@dataclass(slots=True)
class Household:
    """A household on the first day, with the key of its primary helper."""

    number: int
    id: str
    card_number: str
    village: str
    attribute: models.Attribute
    cause: models.Cause
    helper: str
    members: list[Member]

    @property
    def head(self) -> Member:
        return self.members[0]


@dataclass(slots=True)
class Register:
    """Everything that is registered on the first day."""

    villages: list[tuple[str, str]]
    units: dict[str, str]
    people: dict[str, Person]
    households: list[Household]
    by_id: dict[str, Person]

    def of(self, office: str) -> list[Person]:
        """The holders of an office, in the order of their keys."""
        return [p for p in self.people.values() if any(o == office for o, _, _ in p.offices)]

    def at(self, office: str, village: str) -> Person:
        return next(p for p in self.people.values() if any(o == office and v == village for o, v, _ in p.offices))

    def helped_by(self, key: str) -> list[Household]:
        return [h for h in self.households if h.helper == key]


class _Chance:
    """The dice of the register: every call gives the next invented thing."""

    def __init__(self) -> None:
        self.random = Random(SEED)  # noqa: S311  the same people in every run
        self.sequence = 0

    def id(self) -> str:
        """A UUIDv7 of the township's first day."""
        self.sequence += 1
        value = 1478620800000 << 80 | 0x7 << 76 | 0x2 << 62 | self.random.getrandbits(62)
        return str(UUID(int=value | (self.sequence % 4096) << 64))

    def name(self, surname: str | None = None) -> str:
        given = "".join(self.random.sample(GIVEN, self.random.choice((1, 2, 2))))
        return (surname or self.random.choice(SURNAMES)) + given

    def citizen_id(self, age_from: int, age_to: int, *, male: bool) -> str:
        """A number with a right check digit under an area that nobody comes from."""
        born = date(
            2016 - self.random.randint(age_from, age_to), self.random.randint(1, 12), self.random.randint(1, 28)
        )
        order = self.random.randrange(0, 1000, 2) + male
        first = f"{AREA}{born:%Y%m%d}{order:03d}"
        return first + check_character(first)


def invent(villages: Sequence[tuple[str, str]]) -> Register:
    """The whole register for these villages (code and name), the same for the same villages."""
    chance = _Chance()
    units = {name: chance.id() for name, _ in UNITS}
    people = {p.key: p for p in _people(chance, [code for code, _ in villages])}
    households = list(_households(chance, [code for code, _ in villages]))
    return Register(list(villages), units, people, households, {p.id: p for p in people.values()})


def _people(chance: _Chance, villages: list[str]) -> Iterator[Person]:
    def person(key: str, *offices: tuple[models.Office, str], category: Category = "organ_cadre") -> Person:
        held = [(office, place, START.isoformat()) for office, place in offices]
        number = chance.citizen_id(26, 57, male=chance.random.random() < 0.6)
        return Person(key, chance.id(), chance.name(), number, category, offices=held)

    for office, many in SINGLE_OFFICES.items():
        for n in range(1, many + 1):
            yield person(f"{office.replace('_', '-')}-{n}", (office, TOWNSHIP))
    for n in range(1, LIAISON_LEADERS + 1):
        yield person(f"leader-{n}", *(("liaison_leader", v) for v in villages[n - 1 :: LIAISON_LEADERS]))
    for n, village in enumerate(villages, 1):
        also = (("helper", TOWNSHIP),) if n == 3 else ()
        yield person(f"principal-{n:02d}", ("village_principal", village), *also, category="village_committee_member")
        yield person(f"head-{n:02d}", ("village_committee_head", village), category="village_committee_member")
    yield replace(person("group-1", ("group_cadre", villages[0]), category="group_cadre"), party="not_member")
    yield person("auditor", ("county_auditor", TOWNSHIP))
    for n in range(1, HELPERS + 1):
        unit = UNITS[n % len(UNITS)] if n > 20 else None
        helper = person(f"helper-{n:02d}", ("helper", TOWNSHIP), category="unit_staff" if unit else "organ_cadre")
        yield replace(
            helper, authority="county" if unit and unit[1] == "县直" else "township",
            party="not_member" if n % 7 == 0 else "member", unit=unit[0] if unit else None,
        )  # fmt: skip
    yield person("helper-idle", ("helper", TOWNSHIP))
    yield person("successor", category="organ_cadre")


def _households(chance: _Chance, villages: list[str]) -> Iterator[Household]:
    """Households village by village, so that a helper's lie near one another; the principal of village 3 helps one."""
    own = None
    for number in range(HOUSEHOLDS):
        village = villages[number * len(villages) // HOUSEHOLDS]
        if own is None and village == villages[2]:
            own = number
        helper = "principal-03" if number == own else f"helper-{number * HELPERS // HOUSEHOLDS + 1:02d}"
        yield Household(
            number, chance.id(), f"{village}{number + 1:04d}", village, chance.random.choice(ATTRIBUTES),
            chance.random.choice(CAUSES), helper, list(_family(chance)),
        )  # fmt: skip


def _family(chance: _Chance) -> Iterator[Member]:
    male = chance.random.random() < 0.7
    surname = chance.random.choice(SURNAMES)

    def member(relation: models.Relation, ages: tuple[int, int], *, male: bool, surname: str | None) -> Member:
        return Member(chance.id(), chance.name(surname), relation, chance.citizen_id(*ages, male=male))

    yield member("head", (38, 75), male=male, surname=surname)
    if chance.random.random() < 0.75:
        yield member("spouse", (36, 74), male=not male, surname=None)
    for _ in range(chance.random.choice((0, 1, 1, 2))):
        yield member("child", (4, 34), male=chance.random.random() < 0.5, surname=surname)
    if chance.random.random() < 0.2:
        yield member("parent", (76, 93), male=chance.random.random() < 0.5, surname=None)
