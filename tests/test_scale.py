"""Does a database become a cluster's table by table, or say why not? The second half needs a cluster, and says so."""

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app import embedded, scale
from app.database import metadata
from app.scale import Kind
from tests import cluster
from tests.conftest import Service, Township, _drop, _migrate, service_account
from tests.serving import eventually

ROOT = Path(__file__).parent.parent
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


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_plan_names_what_stands_in_the_way(own_database_url: str, defect: str) -> None:
    with psycopg.connect(own_database_url) as connection:
        before = concerns(connection)
        connection.execute(defect)  # type: ignore[arg-type]
        assert concerns(connection) - before == {DEFECTS[defect]}
        connection.rollback()
        assert concerns(connection) == before, "control"


def test_nobody_else_may_be_connected(own_database_url: str) -> None:
    with psycopg.connect(own_database_url, autocommit=True) as connection:
        before = concerns(connection)
        with psycopg.connect(own_database_url):
            assert concerns(connection) - before == {"1 postgres"}
        ended = eventually(lambda: concerns(connection) == before)
    assert ended, "control"


def test_references_come_first_and_parents_before_their_children(own_database_url: str) -> None:
    with psycopg.connect(own_database_url) as connection:
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


def test_a_foreign_key_that_is_gone_is_to_be_made_again(own_database_url: str) -> None:
    with psycopg.connect(own_database_url) as connection:
        assert scale.plan(connection).missing == ()
        connection.execute("alter table people drop constraint fk_people_county_code_township_code_unit_id")
        (missing,) = scale.plan(connection).missing
        assert missing.table.name == "people"
        connection.rollback()


def test_one_server_is_refused_with_the_reason_and_left_as_it_is(server_url: str, own_database_url: str) -> None:
    if len(cluster.nodes(server_url)) > 1:
        pytest.skip("this is a cluster")
    environment = {**os.environ, "HUAYUAN_DATABASE_URL": own_database_url, "HUAYUAN_SECRET": "t" * 32}
    for command in ("plan", "distribute"):
        told = subprocess.run(
            [sys.executable, "-m", "app.cli", "scale", command],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (told.returncode, "citus" in told.stderr) == (1, True)
        assert ("households county_code" in told.stdout) == (command == "plan")


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
    with psycopg.connect(undistributed, autocommit=True) as connection:
        before = connection.execute(counts).fetchone()
        assert len(list(itertools.islice(scale.distribute(connection, 4), 7))) == 7
        broken_off = scale.plan(connection)
        assert sum(t.is_done for t in broken_off.tables) == 7 + 1, "and the local one, of which nothing is made"
        assert broken_off.missing
        assert list(scale.distribute(connection, 4))
        done = scale.plan(connection)
        assert all(t.is_done for t in done.tables)
        assert (done.missing, done.obstacles) == ((), ())
        assert connection.execute(counts).fetchone() == before
        assert connection.execute("select pg_relation_size('log_event')").fetchone() == (0,), "no local copy is left"
        assert list(scale.distribute(connection, 4)) == [], "and nothing is done twice"
    service = Service(undistributed)
    try:
        again = service.caller(service_account(service, place.code, "admin"))
        assert again.read(f"/people/{person}")["name"] == "赵六"
    finally:
        service.stop()
