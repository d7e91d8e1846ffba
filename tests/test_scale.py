"""Does a database become a cluster's table by table, or say why not? The second half needs a cluster, and says so."""

import asyncio
import itertools
import os
import re
import subprocess
import sys
from collections.abc import Iterator

import asyncpg
import psycopg
import pytest

from app import embedded, scale
from app.database import Database, metadata, on_a_cluster
from app.reading import RESOURCES
from app.scale import Kind
from tests import cluster
from tests.conftest import Service, Township, _drop, _migrate, fresh_database, service_account
from tests.serving import ROOT, SECRET, eventually

DEFECTS = {
    "create unique index lonely on units (name)": "lonely",
    "alter table units add constraint lonely exclude using btree (name with =)": "lonely",
    """alter table units add column other_county text;
       alter table units add constraint astray foreign key (other_county, township_code, id)
         references people (county_code, township_code, id)""": "units astray",
    """alter table clock add column county_code_of text, add column township text, add column person uuid;
       alter table clock add constraint upward foreign key (county_code_of, township, person) references people
     """: "clock upward",
    """alter table units add column person_id uuid;
       alter table units add constraint unsure foreign key (county_code, township_code, person_id)
         references people (county_code, township_code, id) not valid""": "units unsure",
    """create function touch() returns trigger language plpgsql as 'begin return new; end';
       create trigger touched before update on units for each row execute function touch()""": "units touched",
    "set role huayuan_app": "huayuan_app",
}  # fmt: skip
"""What a conversion would break on, and what the plan says of it."""


def concerns(connection: psycopg.Connection) -> set[str]:
    return {one.concerns for one in scale.plan(connection).obstacles}


@pytest.fixture
def plain_url(server_url: str, template: str) -> Iterator[str]:
    """The migrated schema as it is on one server, also where the tests run on a cluster."""
    name = f"huayuan_test_{os.getpid()}_plain"
    if not cluster.is_named():
        yield from fresh_database(server_url, template, name)
        return
    url = embedded.database(server_url, name)
    _migrate(url)
    yield url
    _drop(server_url, name)


def scaling(url: str, *command: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "HUAYUAN_DATABASE_URL": url, "HUAYUAN_SECRET": SECRET}
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", "scale", *command],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_plan_names_what_stands_in_the_way(plain_url: str, defect: str) -> None:
    with psycopg.connect(plain_url) as connection:
        before = concerns(connection)
        connection.execute(defect)  # type: ignore[arg-type]
        assert concerns(connection) - before == {DEFECTS[defect]}
        connection.rollback()
        assert concerns(connection) == before, "control"


def test_nobody_else_may_be_connected(plain_url: str) -> None:
    with psycopg.connect(plain_url, autocommit=True) as connection:
        before = concerns(connection)
        with psycopg.connect(plain_url):
            assert concerns(connection) - before == {"1 postgres"}
        ended = eventually(lambda: concerns(connection) == before)
    assert ended, "control"


def test_references_come_first_and_parents_before_their_children(plain_url: str) -> None:
    with psycopg.connect(plain_url) as connection:
        plan = scale.plan(connection)
    kinds = [table.kind for table in plan.tables]
    assert kinds == sorted(kinds, key=list(Kind).index)
    named = {kind: {table.name for table in plan.tables if table.kind is kind} for kind in Kind}
    assert named[Kind.REFERENCE] == {"clock", "divisions", "rulebooks"}
    assert named[Kind.LOCAL] == {"sign_in_failures"}
    assert named[Kind.BY_COUNTY] == {t.name for t in metadata.sorted_tables if "county_code" in t.columns}
    order = [table.name for table in plan.tables]
    for child in metadata.sorted_tables:
        for key in child.foreign_key_constraints:
            parent = key.referred_table.name
            assert parent == child.name or order.index(parent) < order.index(child.name)


def test_a_foreign_key_that_is_gone_is_to_be_made_again(plain_url: str) -> None:
    with psycopg.connect(plain_url) as connection:
        assert scale.plan(connection).missing == ()
        connection.execute("alter table people drop constraint fk_people_county_code_township_code_unit_id")
        (missing,) = scale.plan(connection).missing
        assert missing.table.name == "people"
        connection.rollback()


def test_one_server_is_refused_with_the_reason_and_left_as_it_is(plain_url: str) -> None:
    for command in ("plan", "distribute"):
        with scaling(plain_url, command) as told:
            out, err = told.communicate()
        assert (told.returncode, "citus" in err) == (1, True)
        assert ("households county_code" in out) == (command == "plan")


def test_the_county_said_anew_stands_where_the_join_stood() -> None:
    """Also where a cast came after it."""
    found = [r.one(True, False, False) for r in RESOURCES if r.name == "year-end-submissions"]
    assert any(re.search(r"= \w+\.county_code::", statement.sql) for statement in found), "control"
    assert not any(re.search(r"county_code = \$\d+::text\)::", on_a_cluster(statement)) for statement in found)


@pytest.fixture
def undistributed(server_url: str) -> Iterator[str]:
    """The migrated schema on a cluster of its own, not yet distributed."""
    nodes = cluster.nodes(server_url)
    if len(nodes) == 1:
        pytest.skip("NOT SHOWN: HUAYUAN_DATABASE_URL names no database of a Citus coordinator with workers")
    name = f"huayuan_test_{os.getpid()}_whole"
    _drop(server_url, name)
    made = [embedded.database(node, name) for node in nodes]
    cluster.join(made)
    _migrate(made[0])
    yield made[0]
    _drop(server_url, name)


def test_a_distribution_that_broke_off_goes_on_and_loses_nothing(undistributed: str) -> None:
    service = Service(undistributed)
    place = Township(service, "411421701")
    person = place.person("赵六")
    service.stop()
    counts = "select (select count(*) from log_event), (select count(*) from people), (select count(*) from accounts)"
    with psycopg.connect(undistributed) as connection:
        before = connection.execute(counts).fetchone()
    command = (undistributed, "distribute", "--shards", "4")
    with scaling(*command) as broken:
        assert broken.stdout
        told = {line.split()[0] for line in itertools.islice(broken.stdout, 7)}
        broken.kill()
    with psycopg.connect(undistributed, autocommit=True) as connection:
        assert eventually(lambda: scale.plan(connection).obstacles == ()), "the server is done with whoever was killed"
        broken_off = scale.plan(connection)
        done = {table.name for table in broken_off.tables if table.is_done}
        assert told < done < {table.name for table in broken_off.tables}
        assert broken_off.missing
    for once_more in (True, False):
        with scaling(*command) as ended:
            out, err = ended.communicate()
        assert (ended.returncode, err, bool(out)) == (0, "", once_more), "and nothing is done twice"
        assert not {f"{name} {Kind.BY_COUNTY}" for name in done} & {" ".join(x.split()[:2]) for x in out.splitlines()}
    with psycopg.connect(undistributed) as connection:
        whole = scale.plan(connection)
        assert all(t.is_done for t in whole.tables)
        assert (whole.missing, whole.obstacles) == ((), ())
        assert connection.execute(counts).fetchone() == before
        assert connection.execute("select pg_relation_size('log_event')").fetchone() == (0,), "no local copy is left"
    service = Service(undistributed)
    try:
        again = service.caller(service_account(service, place.code, "admin"))
        assert again.read(f"/people/{person}")["name"] == "赵六"
    finally:
        service.stop()


def test_what_cannot_be_planned_costs_the_connection_that_hands_nothing_over_any_more(database_url: str) -> None:
    if not cluster.is_named():
        pytest.skip("NOT SHOWN: HUAYUAN_DATABASE_URL names no database of a Citus coordinator with workers")
    unfit = "with t as (update visits set place = '' where county_code = '0' returning to_char(visited_on, 'YYYY'))"

    async def session(database: Database, then: str) -> int:
        async with database.transaction() as transaction:
            number: int = await transaction.call("select pg_backend_pid()")
            await transaction.call(then)
        return number

    async def sessions() -> list[int]:
        database = Database(database_url, 1)
        await database.open()
        found = [await session(database, "select 1")]
        with pytest.raises(asyncpg.DivisionByZeroError):
            await session(database, "select 1 / 0")
        found.append(await session(database, "select 1"))
        with pytest.raises(asyncpg.FeatureNotSupportedError):
            await session(database, f"{unfit} select * from t")
        found.append(await session(database, "select 1"))
        await database.close()
        return found

    first, after_a_refusal, after_unfit = asyncio.run(sessions())
    assert first == after_a_refusal != after_unfit
