"""What can be done about places? Load the national list, settle a township, keep its villages."""

from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import psycopg
from fastapi import Response
from sqlalchemy import Date, Integer, Text, Uuid, bindparam, column, func, or_, select, table
from sqlmodel import col

from app.access import TODAY, Scope
from app.actor import Actor, Office
from app.database import Prepared, holds_on, same_place
from app.log import Entry, sealed
from app.places import rules, schemas, tables
from app.reading import Reading, Resource, read_cursor, rows_of
from app.writing import Answer, Change, changes, creates

REGISTRARS = (Office.ADMINISTRATOR, Office.LEADING_GROUP_OFFICE, Office.PARTY_GOV_OFFICE)
"""Who keeps the register of villages."""

SOURCE = "china-division 2.7.0"


class Event(StrEnum):
    DIVISIONS_LOADED = "divisions.loaded"
    TOWNSHIP_ADOPTED = "township.adopted"
    VILLAGE_REGISTERED = "village.registered"
    VILLAGE_CHANGED = "village.changed"


APPOINTMENTS = table(
    "appointments",
    column("county_code"), column("township_code"), column("id", Uuid()), column("person_id", Uuid()),
    column("office"), column("place"), column("starts", Date()), column("ends", Date()),
)  # fmt: skip
PEOPLE = table("people", column("county_code"), column("township_code"), column("id", Uuid()), column("name"))
BINDINGS = table(
    "rulebook_bindings",
    column("county_code"), column("township_code"), column("rulebook_code"), column("effective_from", Date()),
)  # fmt: skip
"""Who holds which office, and which rulebook a township follows: named here because places show them."""


def officer(office: Office) -> Any:
    """Who holds the office at the village today, as JSON; the one appointed last where there are two."""
    held, person, village = APPOINTMENTS.c, PEOPLE.c, tables.Village
    return (
        select(func.json_build_object("person_id", held.person_id, "name", person.name, "since", held.starts))
        .where(
            same_place(held, village),
            held.office == office,
            held.place == col(village.code),
            holds_on(held, TODAY),
            same_place(person, held),
            person.id == held.person_id,
        )
        .order_by(held.starts.desc(), held.id.desc())
        .limit(1)
        .correlate(village)
        .scalar_subquery()
    )


TOWNSHIPS = Resource(
    "townships",
    tables.Township,
    scope=Scope(open=True),
    extra={
        "rulebooks": rows_of(
            tables.Township,
            same_place(BINDINGS, tables.Township),
            order=BINDINGS.c.effective_from,
            rulebook_code=BINDINGS.c.rulebook_code,
            effective_from=BINDINGS.c.effective_from,
        )
    },
)
VILLAGES = Resource(
    "villages",
    tables.Village,
    key="code",
    known_by=(col(tables.Village.name),),
    scope=Scope(open=True),
    extra={"principal": officer(Office.VILLAGE_PRINCIPAL), "liaison_leader": officer(Office.LIAISON_LEADER)},
)

DIVISION = tables.DivisionRow


def _divisions(under: Any) -> Prepared:
    """Two statements, for under `is not distinct from` PostgreSQL looks through all six hundred thousand."""
    listed: Any = select(DIVISION, col(DIVISION.code).label("at")).where(
        under, col(DIVISION.code) > bindparam("after", type_=Text())
    )
    listed = listed.order_by(col(DIVISION.code)).limit(bindparam("many", type_=Integer()))
    return Prepared(listed, json=True, beside=("at",))


CHILDREN = _divisions(col(DIVISION.parent_code) == bindparam("above", type_=Text()))
PROVINCES = _divisions(col(DIVISION.parent_code).is_(None))
ONE = Prepared(select(DIVISION).where(col(DIVISION.code) == bindparam("wanted", type_=Text())), json=True)
NAMES = Prepared(
    select(DIVISION).where(
        or_(
            col(DIVISION.code) == bindparam("place", type_=Text()),
            col(DIVISION.parent_code) == bindparam("place", type_=Text()),
        )
    ).order_by(col(DIVISION.code))
)  # fmt: skip


async def division(read: Reading, code: str) -> str:
    """One place of the national list as JSON text. Raises UnknownDivision."""
    async with read.open() as (transaction, _):
        found = await transaction.value(ONE, wanted=code)
    if found is None:
        raise rules.UnknownDivision
    return str(found)


async def children(read: Reading, query: schemas.DivisionQuery) -> Response:
    """The places directly under one, or the provinces. Raises BadCursor."""
    statement = PROVINCES if query.parent is None else CHILDREN
    values = {"above": query.parent, "after": read_cursor(query.cursor, str) or ""}
    return await read.listing(query, lambda _: (statement, values))


async def settle(change: Change) -> None:
    """A township's first rows: itself, and the villages that the national list names.

    Part of `adopt`. A township that the list does not name gets its code for a name and no villages yet.
    """
    code = change.actor.township_code
    listed = await change.transaction.rows(NAMES, place=code)
    names = {row["code"]: row["name"] for row in listed}
    township = names.pop(code, code)
    row = change.new(TOWNSHIPS)
    await change.insert(tables.Township, **row, name=township, adopted_on=change.today)
    public = {"code": code, "name": township, "villages": len(names)}
    change.record(Event.TOWNSHIP_ADOPTED, TOWNSHIPS, row["id"], version=1, public=public)
    villages = [
        change.new(VILLAGES) | {"code": village, "name": name, "principal_post": rules.PrincipalPost.PARTY_SECRETARY}
        for village, name in names.items()
    ]
    await change.insert_rows(tables.Village, villages)
    for village in villages:
        public = {key: village[key] for key in ("code", "name", "principal_post")}
        change.record(Event.VILLAGE_REGISTERED, VILLAGES, village["id"], version=1, public=public)


@creates(*REGISTRARS, of=VILLAGES)
async def create_village(change: Change, body: schemas.CreateVillage) -> Answer:
    """Raises OutsideTheTownship; AlreadyOnRecord where the code is taken."""
    rules.require_village_of(change.actor.township_code, body.code, "/code")
    values = body.model_dump(exclude={"id"})
    return await change.create(VILLAGES, body.id, values, event=Event.VILLAGE_REGISTERED, public=values)


@changes(*REGISTRARS)
async def patch_village(change: Change, id: UUID, body: schemas.PatchVillage) -> Answer:
    taken = await change.take(VILLAGES, id)
    values = body.model_dump()
    return await change.save(taken, values, event=Event.VILLAGE_CHANGED, public=values)


def load_divisions(url: str, under: str = "") -> int:
    """Bring the national list, or the part above and below `under`, into the database; how many rows changed.

    Raises UnknownDivision where the list has no `under`. Run by the operator as the database's owner. The first load
    of all 665,276 rows takes some ten seconds; one without news writes nothing. A change is an entry of the nation's
    log.
    """
    above = rules.lineage(under)[:-1] if under else []
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("create temp table incoming (code text, name text, level text, parent_code text) on commit drop")
        found = not under
        with cursor.copy("copy incoming from stdin") as copy:
            for row in rules.divisions(under, above):
                found = found or row.code == under
                copy.write_row((row.code, row.name, row.level, rules.parent_of(row.code)))
        if not found:
            raise rules.UnknownDivision
        cursor.execute(
            "insert into divisions (code, name, level, parent_code)"
            " select i.code, i.name, i.level, i.parent_code from incoming i left join divisions d on d.code = i.code"
            "  where d.name is distinct from i.name"
            " on conflict (code) do update set name = excluded.name where divisions.name <> excluded.name"
        )
        changed = cursor.rowcount
        if changed:
            _record_load(cursor, under, changed)
    return changed


def _record_load(cursor: psycopg.Cursor[Any], under: str, changed: int) -> None:
    now = cursor.execute("select now()").fetchone()
    assert now is not None
    operator = Actor(UUID(int=0), None, "0", "0")
    entry = Entry(
        Event.DIVISIONS_LOADED, "divisions", uuid4(), public={"source": SOURCE, "under": under, "changed": changed}
    )
    leaf, disclosed = sealed(entry, log="0", actor=operator, at=now[0], simulated=False)
    cursor.execute("set local app.county = '0'")
    cursor.execute("set local app.township = '0'")
    cursor.execute(
        "select log_append('0', array[%s]::bytea[], array[%s], array[%s]::uuid[], array[null]::uuid[],"
        " array[null]::uuid[], array[%s]::text[], %s)",
        [leaf, entry.event, entry.subject_id, disclosed, now[0]],
    )
