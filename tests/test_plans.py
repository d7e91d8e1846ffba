"""Does every list walk an index, whatever else there is in the tables of all the tenants?

Every table has a few thousand rows of a hundred townships, and the statistics of these. Plans are those of the
application's role under row-level security, whose context is not set: a read's plan is made before its door opens.
"""

import asyncio
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from typing import Any, get_type_hints
from uuid import UUID, uuid4

import asyncpg
import psycopg
import pytest

from app import database
from app.actor import Office
from app.database import APP_ROLE, Prepared, as_page, metadata
from app.events import tables as events
from app.ledger import tables as ledger
from app.main import create_app
from app.reading import AWAITING, RESOURCES, PageQuery, Resource
from app.settings import Settings
from tests.conftest import fresh_database

TOWNSHIPS, ROWS = 100, 30
"""Of ten counties; rows of each in every table."""
COUNTY, TOWN = "411400", "411400101"
VALUES: dict[str, Any] = {
    "at_county": COUNTY, "at_township": TOWN, "at_log": TOWN, "today": date(2017, 3, 1), "many": 6, "scope_wide": False,
    "scope_person": uuid4(), "scope_helper": uuid4(), "scope_villages": [f"{TOWN}201"], "scope_confidant": False,
    "after_place": TOWN, "of_parent": uuid4(), "subject": uuid4(), "confidential": False, "sealed": False, "year": 2017,
    "from_moment": datetime.fromisoformat("2017-01-01T00:00:00+08:00"), "first": 0,
    "until_moment": datetime.fromisoformat("2018-01-01T00:00:00+08:00"), "events": ["visit.recorded"],
    "logs": [TOWN], "positions": [3],
}  # fmt: skip
pytestmark = pytest.mark.one_server("a cluster plans on its coordinator, and again on its nodes")
LARGE = dict.fromkeys(("households", "pairings", "visits", "log_event"), 300)
"""Rows of a township where it must show that a few of them are not found by looking through all."""
ONE_EACH = ("log_head", "townships")
"""Tables of which a township has one row, so that there must be more townships."""
BARE = """
do $$ declare c record; begin
  for c in select conrelid::regclass as of, conname from pg_constraint
            where connamespace = 'public'::regnamespace and contype in ('c', 'f') loop
    execute format('alter table %s drop constraint %I', c.of, c.conname);
  end loop;
end $$
"""
"""Rows here mean nothing, so that what they must mean stands in their way."""
BY_TYPE = {
    "text": "'s' || {n}",
    "interval": "interval '1 day'",
    "uuid": "md5('{name}' || t || {n})::uuid",
    "int4": "{n}",
    "int8": "{n}",
    "bool": "{n} % 2 = 0",
    "date": "date '2017-01-01' + {n}",
    "timestamptz": "timestamptz '2017-01-01' + {n} * interval '1 day'",
    "jsonb": "'{{}}'",
    "bytea": "sha256(('{name}' || t || {n})::bytea)",
}
UNIQUE = """
select a.attname from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
 where i.indrelid = %s::regclass and i.indisunique
"""
COLUMNS = """
select a.attname, t.typname from pg_attribute a join pg_type t on t.oid = a.atttypid
 where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = '' and attidentity = ''
"""
BARE_POLICY = """
alter policy tenant on plans using (county_code = nullif(current_setting('app.county', true), '') and
  (township_code = nullif(current_setting('app.township', true), '') or current_setting('app.reach', true) = 'county'))
"""
"""As it reads most simply."""


def filling(owner: psycopg.Connection[Any], table: str) -> str:
    """INSERT of `ROWS` rows a township; what stands in no unique index repeats itself, as states and helpers do."""
    unique = {name for (name,) in owner.execute(UNIQUE, [table])}
    columns = owner.execute(COLUMNS, [table]).fetchall()
    known = {
        "county_code": "(411400 + t / 10)::text", "township_code": "(411400 + t / 10)::text || 101 + t % 10",
        "office": "'helper'", "ends": "null",
    }  # fmt: skip
    townships, rows = (TOWNSHIPS * ROWS, 1) if table in ONE_EACH else (TOWNSHIPS, LARGE.get(table, ROWS))
    named = {f'"{name}"': known.get(name) or _value(name, kind, name in unique) for name, kind in columns}
    return (
        f"insert into {table} ({', '.join(named)}) select {', '.join(named.values())}"
        f" from generate_series(0, {townships - 1}) t, generate_series(1, {rows}) n"
    )


def _value(name: str, kind: str, unique: bool) -> str:
    if kind.startswith("_"):
        return "'{}'"
    return BY_TYPE[kind].format(name=name, n="n" if unique else "(n % 30)")


@pytest.fixture(scope="module")
def filled(server_url: str, template: str) -> Iterator[str]:
    for url in fresh_database(server_url, template, f"huayuan_test_{os.getpid()}_plans"):
        with psycopg.connect(url) as owner:
            owner.execute(BARE)
            for table in sorted(t for t in metadata.tables if "township_code" in metadata.tables[t].columns):
                owner.execute(f"delete from {table}")
                owner.execute(filling(owner, table))
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute("vacuum analyze")
        yield url


# ── what is asked ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Case:
    """A statement and the values with which it is asked.

    Of a list that `walks` the index must give the order too; one that `finds` by some columns may not look
    through all of a township: each index of a large table is asked for one of them.
    """

    name: str
    statement: Prepared
    values: dict[str, Any] = field(default_factory=dict)
    walks: bool = False
    finds: frozenset[str] = frozenset()


@cache
def queries() -> dict[str, type[PageQuery]]:
    """What each list takes, by the last part of its path."""
    found: dict[str, type[PageQuery]] = {}
    for operation in create_app(Settings(secret="t" * 32)).state.pages.operations:
        query = get_type_hints(operation.door).get("query")
        if query is not None and issubclass(query, PageQuery):
            found.setdefault(operation.path.split("/")[-1], query)
    return found


SAMPLES = {UUID: uuid4(), date: date(2017, 1, 3), int: 3, str: "s3", bool: True}


def filters(resource: Resource) -> dict[str, Any]:
    """A value for each filter of the resource's list; those that are no column are about a day."""
    query = queries().get(resource.name)
    asked = set() if query is None else query.model_fields.keys() - {"limit", "cursor"}
    columns = {**resource.extra, **resource.table.__table__.columns}
    kinds = {
        n: date if n in resource.filters else columns[n].type.python_type
        for n in asked
        if n in columns or n in resource.filters
    }
    return {name: SAMPLES[kind] for name, kind in kinds.items()}


NEAR = frozenset({"id", "village_code", "household_id", "helper_id"})
FOUND = {"helpers"}
"""Lists that are found by something else than their own rows, and are no longer than that."""


def of_resource(resource: Resource) -> Iterator[Case]:
    kind = resource.table.__table__.c[resource.key].type.python_type
    last = {"after": UUID(int=1) if kind is UUID else TOWN}
    for reach, (wide, county) in {"township": (True, False), "narrow": (False, False), "county": (True, True)}.items():
        walks, finds = wide and resource.name not in FOUND, frozenset() if wide else NEAR
        yield Case(f"{resource.name}, {reach}", resource.page(wide, county, False, ()), walks=walks, finds=finds)
        yield Case(f"{resource.name}, {reach}, on", resource.page(wide, county, True, ()), last, walks=walks)
        for name, value in filters(resource).items():
            statement = resource.page(wide, county, False, (name,))
            yield Case(f"{resource.name}, {reach}, by {name}", statement, {f"by_{name}": value})


def cases() -> list[Case]:
    found = [case for resource in RESOURCES for case in of_resource(resource)]
    for resource in AWAITING.values():
        waiting = resource.awaiting(frozenset(Office), county=False)
        if waiting is not None:
            found.append(Case(f"{resource.name}, awaiting", Prepared(waiting)))
    nothing = {"after": -1}
    found += [
        Case("entries", ledger.ENTRIES, nothing, walks=True),
        Case("leaves", ledger.LEAVES, walks=True, finds=frozenset({"seq"})),
        Case("entries of a helper", ledger.OF_HELPER, nothing, finds=frozenset({"helper_id"})),
        Case("entries of a household", ledger.OF_HOUSEHOLD, nothing, finds=frozenset({"household_id", "id"})),
        Case("entries of a household nearby", ledger.OF_HOUSEHOLD_NEAR, nothing, finds=NEAR),
        Case("ledger of helpers", ledger.HELPERS, {"after": UUID(int=0)}),
        Case("ledger of households", ledger.HOUSEHOLD_EXITS, {"after": UUID(int=0)}),
        Case("feed, county", events.FEED, {"at_log": COUNTY}, finds=frozenset({"seq"})),
        Case("feed of chosen, county", events.FEED_OF_CHOSEN, {"at_log": COUNTY}),
        Case("heads, county", events.HEADS, {"at_log": COUNTY}),
    ]
    return list({case.name: case for case in reversed(found)}.values())


# ── what is wrong with a plan ────────────────────────────────────────────────────────────────────


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


CONDITION = re.compile(r"(\w+) (?:=|<|>|<=|>=) ")
"""The columns of an index's condition."""


def faults(case: Case, plan: dict[str, Any]) -> Iterator[str]:
    for node in nodes(plan):
        if node["Node Type"] == "Seq Scan" and "township_code" in metadata.tables[node["Relation Name"]].columns:
            yield f"reads all of {node['Relation Name']}"
        of_large = node.get("Index Name", "").partition("_")[2].startswith(tuple(LARGE))
        if case.finds and of_large and case.finds.isdisjoint(CONDITION.findall(node.get("Index Cond", ""))):
            yield f"looks through a whole township by {node['Index Name']}"
    limit = next((node for node in trunk(plan) if node["Node Type"] == "Limit"), None)
    if case.walks and (limit is None or any("Sort" in node["Node Type"] for node in trunk(limit))):
        yield "sorts what it could walk through in order"


def trunk(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """From the root to the rows of the list, past whatever is asked beside them."""
    yield plan
    for below in plan.get("Plans", ()):
        if below["Parent Relationship"] in {"Outer", "Subquery"}:
            yield from trunk(below)


async def for_values(url: str, asked: list[Case]) -> dict[str, Any]:
    """Plans for the values as they come."""
    connection = await asyncpg.connect(url, server_settings={"role": APP_ROLE})
    found = {}
    for case in asked:
        args = case.statement.args(VALUES | case.values)
        found[case.name] = await connection.fetchval(f"explain (format json) {case.statement.sql}", *args)
    await connection.close()
    return {name: json.loads(told) for name, told in found.items()}


def for_any(connection: psycopg.Connection[Any], asked: list[Case]) -> dict[str, Any]:
    """Plans that PostgreSQL makes once for all values."""
    found = {}
    connection.execute(f"set role {APP_ROLE}")
    for case in asked:
        ((told,),) = connection.execute(f"explain (generic_plan, format json) {case.statement.sql}").fetchall()
        found[case.name] = told
    return found


def wrong(plans: dict[str, Any], asked: list[Case]) -> dict[str, list[str]]:
    """By case, what is wrong with its plan."""
    found = {case.name: sorted({*faults(case, plans[case.name][0]["Plan"])}) for case in asked}
    return {name: several for name, several in found.items() if several}


def test_every_list_walks_an_index(filled: str) -> None:
    asked = cases()
    assert len(asked) > 300
    assert wrong(asyncio.run(for_values(filled, asked)), asked) == {}


def test_and_so_does_a_plan_for_all_values(filled: str) -> None:
    asked = cases()
    with psycopg.connect(filled) as owner:
        assert wrong(for_any(owner, asked), [replace(case, finds=frozenset()) for case in asked]) == {}


@pytest.mark.parametrize(
    ("hole", "caught"),
    [
        ("alter table visits drop constraint pk_visits cascade", "visits, township"),
        ("drop index ix_households_village", "households, narrow"),
        ("drop index ix_log_event_helper", "entries of a helper"),
        ("alter table log_event drop constraint pk_log_event", "entries"),
        ("drop statistics st_plans", "plans, township"),
        (BARE_POLICY, "plans, township"),
    ],
)
def test_control_what_a_list_needs_is_missed(filled: str, hole: str, caught: str) -> None:
    """An index, the statistics of two columns of which one says the other, the form of the policies."""
    asked = [case for case in cases() if case.name == caught]
    with psycopg.connect(filled) as owner:
        owner.execute(hole)
        assert list(wrong(for_any(owner, asked), asked)) == [caught]
        owner.rollback()


@pytest.mark.parametrize("statement", [ledger.HELPERS, ledger.HOUSEHOLD_EXITS], ids=["helpers", "households"])
def test_a_years_entries_are_found_by_their_moment_and_not_among_those_of_all_years(
    filled: str, statement: Any
) -> None:
    """And counted from the index alone, for the entries themselves lie scattered among those of all townships."""
    asked = [Case("ledger", statement)]
    with psycopg.connect(filled) as owner:
        assert alone(for_any(owner, asked)) >= {"ix_log_event_moment"}
        owner.execute("reset role")
        owner.execute("drop index ix_log_event_moment")
        owner.execute("create index ix_log_event_moment on log_event (county_code, township_code, at)")
        plans = for_any(owner, asked)
        assert "ix_log_event_moment" in indexes(plans) - alone(plans), "control"
        owner.execute("reset role")
        owner.execute("drop index ix_log_event_moment")
        assert {"ix_log_event_helper", "ix_log_event_household"} & indexes(for_any(owner, asked)), "control"
        owner.rollback()


def alone(plans: dict[str, Any]) -> set[str]:
    """Indexes from which rows are told without a look at the table."""
    found = (node for (one,) in plans.values() for node in nodes(one["Plan"]))
    return {node["Index Name"] for node in found if node["Node Type"] == "Index Only Scan"}


def indexes(plans: dict[str, Any]) -> set[str]:
    return {node.get("Index Name", "") for (one,) in plans.values() for node in nodes(one["Plan"])}


def test_a_statement_is_planned_once_and_not_for_each_value(filled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (asked,) = [case for case in cases() if case.name == "visits, township"]

    async def plans() -> Any:
        service = database.Database(filled, 1)
        await service.open()
        for _ in range(7):
            await service.row(as_page(asked.statement), **VALUES | asked.values)
        async with service.transaction(readonly=True) as transaction:
            kept = "select array[sum(generic_plans), sum(custom_plans)]::int[] from pg_prepared_statements"
            told = await transaction.call(f"{kept} where statement ~ 'string_agg' and statement !~ 'generic_plans'")
        await service.close()
        return told

    assert asyncio.run(plans()) == [7, 0]
    monkeypatch.setattr(database, "PLANNED_ONCE", {"plan_cache_mode": "force_custom_plan"})
    assert asyncio.run(plans()) == [0, 7], "control"


@pytest.mark.parametrize(("settings", "walks"), [(database.PLANNED_ONCE, True), ({}, False)], ids=["ours", "control"])
def test_a_plan_made_while_a_table_is_empty_walks_its_index(
    own_database_url: str, settings: dict[str, str], walks: bool
) -> None:
    """After a sweep, say: `enter` looks for a retry key, a list for its rows."""
    (listed,) = [case.statement.sql for case in cases() if case.name == "visits, township"]
    by_key = "select from retries where (county_code, township_code, account_id, operation, key) = ($1, $2, $3, $4, $5)"
    with psycopg.connect(own_database_url, autocommit=True) as owner:
        owner.execute("vacuum analyze retries, visits")
        for name, value in settings.items():
            owner.execute("select set_config(%s, %s, false)", [name, value])
        for asked, table in ((listed, "visits"), (by_key, "retries")):
            ((told,),) = owner.execute(f"explain (generic_plan, format json) {asked}").fetchall()
            (scan,) = [node for node in nodes(told[0]["Plan"]) if node.get("Relation Name") == table]
            assert (scan["Node Type"] != "Seq Scan") == walks


# ── what functions ask within ─────────────────────────────────────────────────────────────────────

CALLS = {
    "enter": "enter('{county}', '{town}', '{account}', 'key', 'operation')",
    "enter_to_read": "enter_to_read('{county}', '{town}', '{account}')",
    "finish": "finish('{county}', '{town}', '{account}', '{stored}', '{{}}', null, null, null, null, null, null)",
    "log_append": "log_append('{town}', '{{a}}', '{{e}}', '{{{account}}}', '{{null}}', '{{null}}', '{{null}}', now())",
    "log_standing": "log_standing('{town}', 3)",
    "log_hashes": "log_hashes('{town}', '{{0, 1}}', '{{3, 3}}', '{{5, 5}}')",
    "log_sign": "log_sign('{county}', '{town}', 999, 'root', 'note')",
    "log_cosign": "log_cosign('{county}', '{town}', 3, 'another', 'line')",
    "log_cosigned": "log_cosigned('{town}', 's3')",
    "place_of_round": "place_of_round('{round}')",
    "round_in_log": "round_in_log('{round}', '{account}')",
}
"""Each function of ours that a request asks."""
NO_REQUESTS = {"log_open", "sweep"}
"""The operator's, and what looks through all that the policies show it."""
STORED = json.dumps({"operation": "o", "key": "k", "fingerprint": "f", "status": 200, "body": "", "headers": {}})
ANY_SIZE = """
create or replace function log_standing(p_log text, p_size bigint) returns text language plpgsql stable as $$
begin
  return (select note from log_checkpoint where county_code = left(p_log, 6) and township_code = p_log
             and (p_size is null or size = p_size) order by size desc limit 1);
end $$
"""
"""One statement for both: for any value it goes through all of them."""
BRINGS = 10
"""Rows that a statement in a function may look at: a township has three times as many in the smallest table."""


def within(owner: psycopg.Connection[Any], call: str) -> list[dict[str, Any]]:
    """Plans of the statements that a function ran, with the rows each node looked at."""
    told: list[dict[str, Any]] = []

    def heard(notice: psycopg.errors.Diagnostic) -> None:
        _, opening, plan = (notice.message_primary or "").partition("{")
        told.append(json.loads(opening + plan))

    owner.add_notice_handler(heard)
    owner.execute(f"select {call}")  # type: ignore[arg-type]
    owner.remove_notice_handler(heard)
    return [one["Plan"] for one in told if call not in one["Query Text"]]


def looked_at(node: dict[str, Any]) -> float:
    removed = sum(node.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck"))
    return float(node["Actual Loops"] * (node["Actual Rows"] + removed)) if "Relation Name" in node else 0


@pytest.fixture
def telling(filled: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection that tells the plan of all that it runs, functions' statements too; nothing stays."""
    with psycopg.connect(filled) as owner:
        owner.execute("load 'auto_explain'")
        told = {"log_nested_statements": "on", "log_min_duration": "0", "log_analyze": "on", "log_timing": "off",
                "log_format": "json", "log_level": "notice"}  # fmt: skip
        for name, value in {**{f"auto_explain.{n}": v for n, v in told.items()}, **database.PLANNED_ONCE}.items():
            owner.execute("select set_config(%s, %s, false)", [name, value])
        yield owner
        owner.rollback()


def rows_looked_at(owner: psycopg.Connection[Any], name: str) -> list[float]:
    """Of each statement that a function ran, by the node that looked at most of them."""
    found = owner.execute("select id from inspection_rounds where township_code = %s limit 1", [TOWN]).fetchone()
    assert found
    values = {"county": COUNTY, "town": TOWN, "round": found[0], "account": uuid4(), "stored": STORED}
    owner.execute("update inspection_rounds set committed_at = now() where id = %s", [found[0]])
    head = [1023, bytes(32 * 10), COUNTY, TOWN]  # so that the next entry fills a tile
    owner.execute("update log_head set size = %s, frontier = %s where (county_code, township_code) = (%s, %s)", head)
    owner.execute(f"set role {APP_ROLE}")
    owner.execute("select enter(%s, %s, %s, null, null)", [COUNTY, TOWN, uuid4()])
    plans = within(owner, CALLS[name].format(**values))
    owner.execute("reset role")
    return [max(looked_at(node) for node in nodes(plan)) for plan in plans]


@pytest.mark.parametrize("name", CALLS)
def test_what_a_function_asks_is_found_by_a_key(telling: psycopg.Connection[Any], name: str) -> None:
    """Not among all that a township has, whichever value it is asked for."""
    assert max(rows_looked_at(telling, name)) <= BRINGS


def test_control_each_function_is_asked(filled: str) -> None:
    with psycopg.connect(filled) as owner:
        ours = "select proname from pg_proc where pronamespace = 'public'::regnamespace and prolang <> 13"
        assert {name for (name,) in owner.execute(ours)} == CALLS.keys() | NO_REQUESTS


@pytest.mark.parametrize(
    ("name", "hole"),
    [
        ("log_standing", ANY_SIZE),
        ("enter", "alter table retries drop constraint pk_retries"),
        ("round_in_log", "drop index ix_log_event_subject"),
    ],
)
def test_control_what_a_function_looks_through_is_missed(
    telling: psycopg.Connection[Any], name: str, hole: str
) -> None:
    telling.execute(hole)
    assert max(rows_looked_at(telling, name)) > BRINGS
