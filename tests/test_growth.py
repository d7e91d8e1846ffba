"""Does the history that the growth benchmark copies in stand as if the service had appended it?"""

import itertools
import json
import random
from collections.abc import Iterator

import psycopg
import pytest

from app.log import canonical, commitment
from app.merkle import TILE_WIDTH
from bench import ground, history, nation
from tests import bulk

LOGS = ("411421701", "411421702")
SIZES = (100, 700, 900)
"""Of both logs together: below the first full tile, just across it, and well into the next."""
TABLES = {
    "log_head": "size, frontier, root",
    "log_tile": "level, number, root",
    "log_event": "seq, event, subject_id, helper_id, household_id, at, leaf_hash, leaf, disclosed",
}
Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def owner(own_database_url: str) -> Iterator[Connection]:
    with psycopg.connect(own_database_url) as connection:
        for log in LOGS:
            connection.execute("select log_open(%s, %s)", [log[:6], log])
        ground.fill(connection, ground.REGISTERS, LOGS, helpers=3, households=12)
        connection.commit()
        yield connection


def grow(owner: Connection, to: int) -> None:
    """As a worker does, a few entries at a time."""
    towns = history.towns(owner)
    stands = sum(town.book.size for town in towns)
    owner.execute(history.FOR_LOADING)
    for rows in history.pieces(towns, history.moments(stands, to)):
        history.put(owner, rows, towns)
    owner.execute("reset session_replication_role")


def rows_of(owner: Connection, log: str) -> dict[str, list[tuple[object, ...]]]:
    return {
        table: owner.execute(f"select {columns} from {table} where township_code = %s order by 1, 2", [log]).fetchall()
        for table, columns in TABLES.items()
    }


def appended(owner: Connection, log: str) -> dict[str, list[tuple[object, ...]]]:
    """The rows that the service's own append leaves of the same leaves, in a log that was emptied before."""
    known = owner.execute(
        "select event, subject_id, helper_id, household_id, at, leaf, disclosed from log_event"
        " where township_code = %s order by seq", [log],
    ).fetchall()  # fmt: skip
    for table in TABLES:
        owner.execute(f"delete from {table} where township_code = %s", [log])
    rows = [
        (bulk.Entry(event, "", subject, helper=helper, household=home), at, leaf, json.dumps(disclosed))
        for event, subject, helper, home, at, leaf, disclosed in known
    ]
    bulk.append(owner, log, rows)
    return rows_of(owner, log)


def test_appends_leave_the_rows_that_growing_leaves(owner: Connection) -> None:
    """Grown in steps, as the benchmark grows, across the first tile's border and up to its last leaf."""
    for size in (*SIZES, 4 * TILE_WIDTH):
        grow(owner, size)
    for log in LOGS:
        copied = rows_of(owner, log)
        assert len(copied["log_event"]) == 2 * TILE_WIDTH
        assert len(copied["log_tile"]) == 2
        assert appended(owner, log) == copied


def test_control_an_entry_out_of_its_place_is_another_root(owner: Connection) -> None:
    grow(owner, 900)
    copied = rows_of(owner, LOGS[0])
    swap = "update log_event set seq = case seq when 7 then -8 else -7 end where township_code = %s and seq in (7, 8)"
    owner.execute(swap, [LOGS[0]])
    owner.execute("update log_event set seq = -seq where township_code = %s and seq < 0", [LOGS[0]])
    changed = appended(owner, LOGS[0])
    assert changed["log_head"] != copied["log_head"]
    assert changed["log_tile"] != copied["log_tile"]


def test_the_service_appends_to_what_was_copied_in(owner: Connection) -> None:
    """And what is then copied in goes on from there."""
    grow(owner, 600)
    bulk.append(owner, LOGS[0], bulk.entries(LOGS[0], 11, random.Random(3)))
    grow(owner, 1_200)
    copied = rows_of(owner, LOGS[0])
    assert appended(owner, LOGS[0]) == copied
    assert [row[0] for row in copied["log_event"]] == list(range(len(copied["log_event"])))


def test_every_entry_has_its_row_and_seals_what_it_discloses(owner: Connection) -> None:
    grow(owner, 200)
    for table, event in (("visits", "visit.recorded"), ("plan_measures", "plan_measure.completed")):
        ((missing, there),) = owner.execute(
            f"select count(*) filter (where r.id is null), count(r.id) from log_event e left join {table} r"
            " on (r.county_code, r.township_code) = (e.county_code, e.township_code)"
            " and r.id = e.subject_id and r.household_id = e.household_id"
            " where e.event = %s", [event],
        ).fetchall()  # fmt: skip
        assert not missing
        assert there
    for leaf, disclosed in owner.execute("select leaf, disclosed from log_event").fetchall():
        told = json.loads(bytes(leaf))
        assert canonical(told) == bytes(leaf)
        for name, part in disclosed.items():
            assert told["sealed"][name] == commitment(bytes.fromhex(part["salt"]), name, part["value"])


def test_towns_take_turns_in_order_of_time(owner: Connection) -> None:
    grow(owner, 300)
    found = owner.execute("select at, township_code from log_event order by at").fetchall()
    assert all(one[0] < other[0] for one, other in itertools.pairwise(found))
    assert [log for _, log in found] == [*LOGS] * 150


def test_the_plan_of_the_nation_stands_on_what_was_measured() -> None:
    """And not on what somebody typed: the tables are those that the kept results make."""
    found = json.loads(nation.RESULTS.read_text("utf-8"))
    kept = nation.PLAN.read_text("utf-8").split(nation.BEGIN)[1].split(nation.END)[0].strip()
    assert kept == nation.generated(found)
    found["bytes"]["log_event"]["table"] += 1
    assert kept != nation.generated(found), "control"
