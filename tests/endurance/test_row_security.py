"""What does row-level security cost above the conditions that every statement has anyway?"""

import asyncio
import statistics
import time
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import psycopg
import pytest

from app.accounts.actions import _awaiting
from app.actor import Office
from app.database import APP_ROLE, Prepared
from app.households.actions import HOUSEHOLDS, PAIRINGS
from app.people.actions import PEOPLE
from app.signoffs.actions import SIGNOFFS
from app.work.actions import VISITS
from tests.endurance.report import LONG
from tests.security.strangers import ID, populate

TOWNSHIPS, MANY, RUNS = (8, 1500, 400) if LONG else (2, 20, 5)
TABLES = ("people", "households", "household_members", "pairings", "plans", "plan_measures", "visits", "signoffs")
PLACE = "411421701"


def key(number: int) -> UUID:
    return UUID(f"01920000-0000-7000-8001-{number:012x}")


def fill(sql: psycopg.Connection[Any], township: str) -> None:
    """Many sets of rows in the tables that are read most, each set under an id of its own."""
    populate(sql, township)
    for table in TABLES:
        columns = sql.execute(
            "select column_name::text from information_schema.columns where table_name = %s and data_type = 'uuid'",
            [table],
        ).fetchall()
        key_of = "('01920000-0000-7000-8001-' || lpad(to_hex(k), 12, '0'))"
        ids = "".join(
            f", '{name}', case when s->>'{name}' = '{ID}' then {key_of} else s->>'{name}' end" for (name,) in columns
        )
        more = {"people": ", 'citizen_id_lookup', null", "households": ", 'card_number', 'C' || k"}.get(table, "")
        row = f"jsonb_populate_record(null::{table}, s || jsonb_build_object('version', 1{ids}{more}))"
        one = f"select to_jsonb(t) s from {table} t where township_code = '{township}' and id = '{ID}'"
        sql.execute(f"insert into {table} select ({row}).* from ({one}) one, generate_series(1, {MANY}) k")  # type: ignore[arg-type]


def hottest() -> list[tuple[str, Prepared, dict[str, Any]]]:
    """The ten statements that a working day asks most: of phones by narrow offices, of desks by wide ones."""
    one, some = {"at_id": key(7)}, {"many": 51, "after": None}
    tasks = _awaiting(frozenset({Office.HELPER}), False)
    assert tasks is not None
    return [
        ("a household, by its helper", HOUSEHOLDS.one(False, False, False), one),
        ("a household, by an office", HOUSEHOLDS.one(True, False, False), one),
        ("households of a helper", HOUSEHOLDS.page(False, False, False, ()), some),
        ("households, a page of 50", HOUSEHOLDS.page(True, False, False, ()), some),
        ("a person", PEOPLE.one(True, False, False), one),
        (
            "visits to a household",
            VISITS.page(True, False, False, ("household_id",)),
            some | {"by_household_id": key(7)},
        ),
        ("visits of a helper", VISITS.page(False, False, False, ("helper_id",)), some | {"by_helper_id": key(7)}),
        (
            "pairings of a household",
            PAIRINGS.page(True, False, False, ("household_id",)),
            some | {"by_household_id": key(7)},
        ),
        ("a sign-off", SIGNOFFS.one(True, False, False), one),
        ("what awaits a helper", tasks, {}),
    ]


async def measured(url: str) -> dict[str, dict[str, float]]:
    """For each statement the medians, in microseconds, under the policies and past them, run in turn."""
    under, past = await asyncpg.connect(url), await asyncpg.connect(url)
    names = ("county", "township", "reach")
    context = "select " + ", ".join(f"set_config('app.{name}', ${n}, false)" for n, name in enumerate(names, 1))
    for connection in (under, past):
        await connection.fetch(context, PLACE[:6], PLACE, "township")
    await under.execute(f"set role {APP_ROLE}")
    base = {
        "at_county": PLACE[:6], "at_township": PLACE, "today": date(2017, 3, 1), "scope_person": key(7),
        "scope_helper": key(7),
        "scope_villages": [], "scope_confidant": True,
    }  # fmt: skip
    found = {}
    for name, statement, values in hottest():
        args = statement.args(base | values)
        pair = [(await c.prepare(statement.sql), list[float]()) for c in (under, past)]
        rows = [len(await prepared.fetch(*args)) for prepared, _ in pair]
        assert rows[0] == rows[1], (name, rows)
        assert rows[0] or name == "what awaits a helper", name
        for _ in range(RUNS):
            for prepared, times in pair:
                began = time.perf_counter()
                await prepared.fetch(*args)
                times.append(time.perf_counter() - began)
        with_policies, without = (statistics.median(times) * 1e6 for _, times in pair)
        found[name] = {"under policies µs": with_policies, "past them µs": without, "ratio": with_policies / without}
    await under.close()
    await past.close()
    return found


@pytest.mark.one_server("a cluster takes a context within transactions alone, and these statements stand outside")
def test_row_security(own_database_url: str, figures: dict[str, Any]) -> None:
    """The ten hottest statements, which name their township anyway: under the policies, and by who passes them."""
    with psycopg.connect(own_database_url, autocommit=True) as sql:
        shipped = "insert into rulebooks (code, edition, partial, title, title_en, effective_from, sha256, document)"
        sql.execute(shipped + " values ('HUAYUAN-2016', 1, false, '', '', '2016-11-09', '', '{}')")  # type: ignore[arg-type]
        for number in range(TOWNSHIPS):
            fill(sql, f"4114217{number + 1:02d}")
        sql.execute("analyze")
        bypass = sql.execute("select rolbypassrls or rolsuper from pg_roles where rolname = current_user").fetchone()
        assert bypass == (True,), "who is compared with passes the policies"
    found = asyncio.run(measured(own_database_url))
    figures.update(townships=TOWNSHIPS, households_each=MANY, runs_each=RUNS)
    figures.update(
        {n: f"{f['ratio']:.3f} ({f['under policies µs']:.0f} / {f['past them µs']:.0f} µs)" for n, f in found.items()}
    )
    figures["median_ratio"] = f"{statistics.median(f['ratio'] for f in found.values()):.3f}"
