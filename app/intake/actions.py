"""What becomes of rows? Each is asked by the laws of the single actions; what is good is made in one batch."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ValidationError

from app.actor import Office, seat
from app.calendar import SHANGHAI
from app.households import actions as households
from app.households import rules as household_rules
from app.households.schemas import CreateHousehold, CreatePairing, MemberIn
from app.households.tables import HouseholdMember
from app.intake import rules, tables
from app.intake.rules import Kind, Row
from app.people import actions as people
from app.people.schemas import CreateAppointment, CreatePerson, CreateUnit
from app.reading import Resource
from app.refusal import Refusal
from app.work import actions as work
from app.work import rules as work_rules
from app.work.schemas import CreateVisit
from app.writing import Batch, Change, in_turns, uuid7

OFFICE = Office.LEADING_GROUP_OFFICE
"""Who hands in sheets: the one office that keeps both the register of people and that of households."""


@dataclass(slots=True)
class Judged:
    """The rows with what is wrong with them, and what is made where they are good."""

    batch: Batch
    records: dict[int, list[tuple[str, UUID]]] = field(default_factory=dict)
    """Row number -> resource and id of each record it becomes."""

    def make(self, row: Row, resource: Resource, new: dict[str, Any], id: UUID | None = None) -> UUID:
        made = self.batch.make(resource, id, **new)
        self.records.setdefault(row.number, []).append((resource.name, made))
        return made


async def judge(change: Change, kind: Kind, rows: Sequence[Row], by: UUID | None) -> Judged:
    """Ask the register and the law about every row, handed in by the person `by`; nothing is written yet.

    One round trip, two where households are locked for it.
    """
    judged = Judged(Batch(change))
    await JUDGES[kind](change, list(rows), judged, by)
    return judged


def key_of(change: Change, kind: Kind, row: Row) -> str | None:
    """What no other row of a sheet may say; personal numbers by their keyed hash."""
    said = row.values
    number = said.get("citizen_id") or said.get("helper_id")
    who = _lookup(change, number).hex() if number else said.get("helper_name") or said.get("name")
    of: dict[Kind, tuple[Any, ...]] = {
        Kind.ROSTER: (who, said.get("office"), said.get("place")),
        Kind.HOUSEHOLDS: (who if number else said.get("card_number"),),
        Kind.PAIRINGS: (said.get("card_number"), who, said.get("starts")),
        Kind.VISITS: (said.get("card_number"), who, said.get("visited_on")),
    }
    parts = of[kind]
    return None if parts[0] is None else " ".join(map(str, parts))


@contextmanager
def _noting(row: Row, of: str | None) -> Iterator[None]:
    """What the law has against the row stands beside the field."""
    try:
        yield
    except Refusal as refusal:
        row.refuse(of, refusal)
    except ValidationError:
        row.refuse(of, rules.TextUnfit())


async def _ask(change: Change, statement: Any, **values: Any) -> Any:
    return json.loads(await change.transaction.value(statement, **change.here, **values))


def _lookup(change: Change, number: str) -> bytes:
    return bytes(change.vault.lookup(change.actor.county_code, number))


class People:
    """The people whom the register or an earlier row knows, by citizen id or by a name that is one person's."""

    def __init__(self, change: Change, found: Sequence[dict[str, Any]]) -> None:
        self._change = change
        self._by_lookup = {p["lookup"]: p for p in found if p["lookup"]}
        self._by_name: dict[str, list[dict[str, Any]]] = {}
        for person in found:
            self._by_name.setdefault(person["name"], []).append(person)

    def lookup(self, number: str) -> bytes:
        return _lookup(self._change, number)

    def numbered(self, number: str | None) -> dict[str, Any] | None:
        return self._by_lookup.get(self.lookup(number).hex()) if number else None

    def named(self, name: str) -> list[dict[str, Any]]:
        return self._by_name.get(name, [])

    def add(self, person: dict[str, Any], number: str | None) -> None:
        if number:
            self._by_lookup[self.lookup(number).hex()] = person
        self._by_name.setdefault(person["name"], []).append(person)


def _asked(change: Change, rows: Sequence[Row], named: str, numbered: str) -> dict[str, Any]:
    """Numbers by which people are looked up, and the names of those rows that have none."""
    numbers = {row.values[numbered] for row in rows if numbered in row.values}
    names = {row.values[named] for row in rows if named in row.values and numbered not in row.values}
    lookups = sorted(_lookup(change, number) for number in numbers)
    return {"lookups": lookups, "names": sorted(names)}


# ── rosters ──────────────────────────────────────────────────────────────────────────────────────


async def _roster(change: Change, rows: list[Row], judged: Judged, by: UUID | None) -> None:
    units = sorted({row.values["unit"] for row in rows if "unit" in row.values})
    found = await _ask(change, tables.OF_ROSTER, units=units, **_asked(change, rows, "name", "citizen_id"))
    known, villages = People(change, found["people"]), [(v["code"], v["name"]) for v in found["villages"]]
    unit_ids = {unit["name"]: UUID(unit["id"]) for unit in found["units"]}
    async for row in in_turns(rows):
        row.require(*rules.REQUIRED[Kind.ROSTER])
        person = None if row.problems else _find_person(known, row)
        office = row.values.get("office")
        whom = UUID(person["id"]) if person else uuid7(change.now)
        body = _appointment(change, row, villages, whom, by) if office else None
        if person and office is None:
            row.refuse("name", rules.OnRegisterAlready())
        if person and body and any(_overlaps(held, body) for held in person["appointments"]):
            row.refuse("office", rules.OnRegisterAlready())
        new = None if person or row.problems else _person(change, row, unit_ids)
        if row.problems:
            continue
        if new is not None:
            name = row.values.get("unit")
            if name is not None and name not in unit_ids:
                unit = CreateUnit(id=None, name=name, level="乡直")
                unit_ids[name] = judged.make(row, people.UNITS, people.unit(unit))
            new["values"]["unit_id"] = new["public"]["unit_id"] = unit_ids.get(name)
            judged.make(row, people.PEOPLE, new, whom)
            person = {"id": str(whom), "name": row.values["name"], "appointments": []}
            known.add(person, row.values.get("citizen_id"))
        if body is not None:
            judged.make(row, people.APPOINTMENTS, people.appointment(change, body, by))
            assert person is not None
            person["appointments"].append(json.loads(body.model_dump_json()))


def _find_person(known: People, row: Row) -> dict[str, Any] | None:
    """Whom the row means, if the register or a row above knows him; nobody is told apart by his name alone."""
    number, name = row.values.get("citizen_id"), row.values["name"]
    person = known.numbered(number)
    if person and person["name"] != name:
        row.refuse("name", rules.NameDiffers())
    if number is None and known.named(name):
        row.refuse("citizen_id", rules.NameAlone())
    return person


def _person(change: Change, row: Row, unit_ids: dict[str, UUID]) -> dict[str, Any] | None:
    values = _some(row, "name", "category", "phone", "citizen_id")
    for of, called in (("party", "party_membership"), ("authority", "management_authority")):
        values |= {called: row.values[of]} if of in row.values else {}
    with _noting(row, "citizen_id"):
        return people.person(change, CreatePerson(**values))
    return None


def _some(row: Row, *fields: str) -> dict[str, Any]:
    return {of: row.values[of] for of in fields if of in row.values}


def _appointment(
    change: Change, row: Row, villages: list[tuple[str, str]], person: UUID, by: UUID | None
) -> CreateAppointment | None:
    """An office of the township is held there, wherever the sheet says that somebody helps."""
    in_a_village = seat(Office(row.values["office"])) == "village"
    row.require("starts", *(["place"] if in_a_village else []))
    if row.problems:
        return None
    place = change.actor.township_code
    if in_a_village:
        with _noting(row, "place"):
            place = rules.find_village(row.values["place"], villages)
    if row.problems:
        return None
    with _noting(row, "office"):
        body = CreateAppointment(person_id=person, place=place, **_some(row, "office", "starts", "ends"))
        people.appointment(change, body, by)
        return body
    return None


def _overlaps(held: dict[str, Any], body: CreateAppointment) -> bool:
    """The same office at the same place during some day of the other."""
    if (held["office"], held["place"]) != (body.office, body.place):
        return False
    ends = date.fromisoformat(held["ends"]) if held["ends"] else date.max
    return date.fromisoformat(held["starts"]) < (body.ends or date.max) and body.starts < ends


# ── household cards ──────────────────────────────────────────────────────────────────────────────


async def _households(change: Change, rows: list[Row], judged: Judged, by: UUID | None) -> None:
    cards = sorted({row.values["card_number"] for row in rows if "card_number" in row.values})
    lookups = _asked(change, rows, "name", "citizen_id")["lookups"]
    found = await _ask(change, tables.OF_HOUSEHOLDS, cards=cards, lookups=lookups)
    villages = [(v["code"], v["name"]) for v in found["villages"]]
    seen: dict[str, int | None] = {one["card"]: None for one in found["cards"]}
    seen |= {one["lookup"]: None for one in found["listed"]}
    async for item in in_turns(rules.items(Kind.HOUSEHOLDS, rows)):
        new = _household(change, item, villages, seen)
        wrong = [row for row in item if row.problems]
        for row in item:
            if wrong and not row.problems:
                row.refuse(None, rules.RowsBelongTogether(row=wrong[0].number))
        if wrong or new is None:
            continue
        id_, values, members = new
        judged.make(item[0], households.HOUSEHOLDS, values, id_)
        judged.batch.put(HouseholdMember, *members)
        judged.records |= {row.number: [("households", id_)] for row in item}
        seen[item[0].values["card_number"]] = item[0].number
        for row, member in zip([r for r in item if "citizen_id" in r.values], members, strict=True):
            seen[member["citizen_id_lookup"].hex()] = row.number


def _household(
    change: Change, item: list[Row], villages: list[tuple[str, str]], seen: dict[str, int | None]
) -> tuple[UUID, dict[str, Any], list[dict[str, Any]]] | None:
    first = item[0]
    first.require(*rules.REQUIRED[Kind.HOUSEHOLDS])
    members = [row for row in item if set(rules.OF_MEMBERS) & (row.values.keys() | {of for of, _ in row.problems})]
    if members == [first] and not {"name", "relation"} & first.values.keys() and "head_name" in first.values:
        first.values |= {"name": first.values["head_name"], "relation": household_rules.Relation.HEAD}
    if len(members) > MOST_MEMBERS:
        first.refuse("name", rules.TextUnfit(most=MOST_MEMBERS))
    own: dict[str, int | None] = {}
    for row in members:
        row.require(*rules.OF_MEMBERS)
        if "citizen_id" in row.values:
            lookup = _lookup(change, row.values["citizen_id"]).hex()
            _refuse_seen(row, "citizen_id", lookup, seen | own, household_rules.CitizenAlreadyListed)
            own[lookup] = row.number
    if "card_number" in first.values:
        _refuse_seen(first, "card_number", first.values["card_number"], seen, rules.OnRegisterAlready)
    heads = [row.values["name"] for row in members if row.values.get("relation") == "head" and "name" in row.values]
    if "head_name" not in first.values and heads:
        first.values["head_name"] = heads[0]
    first.require("head_name")
    if any(row.problems for row in item):
        return None
    id_ = uuid7(change.now)
    with _noting(first, "village"):
        village = rules.find_village(first.values["village"], villages)
        with _noting(first, "listed_on"):
            persons = [_body(MemberIn, row) for row in members]
            body = _body(CreateHousehold, first, village_code=village, id=id_, members=persons)
            return id_, *households.household(change, body, id_)
    return None


MOST_MEMBERS = 30
"""Of a household, as `CreateHousehold` has it."""
TITLES = {"group": "group_name"}
"""Fields whose name in a request is another."""


def _body(kind: type[BaseModel], row: Row, **more: Any) -> Any:
    """The request that the single action would be sent."""
    named = {TITLES.get(of, of): value for of, value in row.values.items()}
    return kind(**{of: value for of, value in named.items() if of in kind.model_fields}, **more)


def _refuse_seen(row: Row, of: str, what: str, seen: dict[str, int | None], on_register: type[Refusal]) -> None:
    if what in seen:
        row.refuse(of, rules.OnTwoRows(row=seen[what]) if seen[what] else on_register())


# ── pairings and visits ──────────────────────────────────────────────────────────────────────────


class Families:
    """The households that rows name by their card."""

    def __init__(self, found: Sequence[dict[str, Any]]) -> None:
        self._found = {one["card"]: (one, households.read_household(one, one, None)) for one in found}

    def of(self, row: Row) -> tuple[UUID, household_rules.HouseholdFacts] | None:
        """The household and what the law needs to know of it; the name of its head must be the register's."""
        if row.values["card_number"] not in self._found:
            row.refuse("card_number", rules.CardUnknown())
            return None
        household, facts = self._found[row.values["card_number"]]
        if row.values.get("head_name", household["head_name"]) != household["head_name"]:
            row.refuse("head_name", rules.NameDiffers())
        return UUID(household["id"]), facts

    def add(self, card: str, pairing: household_rules.Pairing) -> None:
        household, facts = self._found[card]
        self._found[card] = household, household_rules.HouseholdFacts(facts.history, (*facts.pairings, pairing))


def _helper(known: People, row: Row) -> dict[str, Any] | None:
    """The helper whom the row means: by citizen id, or by a name (and unit) that only one person has."""
    name, number = row.values["helper_name"], row.values.get("helper_id")
    numbered = known.numbered(number)
    found = [numbered] if numbered else [] if number else known.named(name)
    if len(found) > 1 and "unit" in row.values:
        found = [one for one in found if one["unit"] == row.values["unit"]]
    if len(found) != 1:
        row.refuse("helper_name", rules.NameAlone() if found else rules.PersonNotOnRegister())
        return None
    if found[0]["name"] != name:
        row.refuse("helper_name", rules.NameDiffers())
    return found[0]


def _named(rows: Sequence[Row]) -> list[str]:
    return sorted({row.values["card_number"] for row in rows if "card_number" in row.values})


async def _pairings(change: Change, rows: list[Row], judged: Judged, by: UUID | None) -> None:
    cards = _named(rows)
    await change.transaction.rows(tables.LOCK, **change.here, cards=cards)
    found = await _ask(change, tables.OF_PAIRINGS, cards=cards, **_asked(change, rows, "helper_name", "helper_id"))
    known, families = People(change, found["people"]), Families(found["households"])
    async for row in in_turns(rows):
        row.require(*rules.REQUIRED[Kind.PAIRINGS])
        if row.problems:
            continue
        family, helper = families.of(row), _helper(known, row)
        if row.problems or family is None or helper is None:
            continue
        household, facts = family
        body = CreatePairing(
            household_id=household, helper_id=UUID(helper["id"]), is_primary=row.values.get("is_primary", True),
            **_some(row, "starts", "ends"),
        )  # fmt: skip
        with _noting(row, "starts"):
            household_rules.check_open(facts.history, body.starts, change.today)
        with _noting(row, "helper_name"):
            household_rules.check_pairing(facts.pairings, body.helper_id, body.is_primary, body.starts, body.ends)
            if not any(_holds(held, body.starts) for held in helper["appointments"]):
                raise household_rules.NotHelperThatDay
        if not row.problems:
            made = judged.make(row, households.PAIRINGS, households.pairing(body, change.today))
            families.add(
                row.values["card_number"],
                household_rules.Pairing(made, body.helper_id, body.is_primary, body.starts, body.ends),
            )


def _holds(held: dict[str, Any], day: date) -> bool:
    return date.fromisoformat(held["starts"]) <= day and (not held["ends"] or day < date.fromisoformat(held["ends"]))


async def _visits(change: Change, rows: list[Row], judged: Judged, by: UUID | None) -> None:
    """Visits of the time before adoption, from the paper that there is; the helper's own, entered by the office."""
    days = sorted({row.values["visited_on"] for row in rows if "visited_on" in row.values})
    asked = _asked(change, rows, "helper_name", "helper_id")
    found = await _ask(change, tables.OF_VISITS, cards=_named(rows), days=days, **asked)
    known, families = People(change, found["people"]), Families(found["households"])
    adopted_on = date.fromisoformat(found["adopted_on"])
    seen: dict[str, int | None] = {f"{v['household_id']} {v['helper_id']} {v['on']}": None for v in found["visits"]}
    async for row in in_turns(rows):
        row.require(*rules.REQUIRED[Kind.VISITS])
        if row.problems:
            continue
        family, helper, on = families.of(row), _helper(known, row), row.values["visited_on"]
        if on >= adopted_on:
            row.refuse("visited_on", rules.VisitAfterAdoption(adopted_on=adopted_on.isoformat()))
        if row.problems or family is None or helper is None:
            continue
        household, facts = family
        made_by = UUID(helper["id"])
        if made_by not in household_rules.helpers_on(facts.pairings, on):
            row.refuse("helper_name", work_rules.NotPairedThatDay())
        what = f"{household} {made_by} {on}"
        _refuse_seen(row, "visited_on", what, seen, rules.OnRegisterAlready)
        if not row.problems:
            moment = datetime.combine(on, time(), SHANGHAI)
            body = CreateVisit(
                id=None, household_id=household, device_time=moment, place=row.values["visit_place"],
                text=row.values["text"],
            )  # fmt: skip
            dated = work_rules.date_visit(moment, change.now)
            judged.make(row, work.VISITS, work.visit(change, body, made_by, dated))
            seen[what] = row.number


JUDGES = {Kind.ROSTER: _roster, Kind.HOUSEHOLDS: _households, Kind.PAIRINGS: _pairings, Kind.VISITS: _visits}
