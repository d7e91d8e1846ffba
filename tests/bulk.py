"""How does a test get a log of many entries in seconds? It copies in the rows that appends would have left."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from app.actor import Actor, Appointment, Office
from app.log import Entry, sealed
from app.merkle import TILE_WIDTH, join, leaf_hash, root, runs
from tests import cluster

BEGAN = datetime(2016, 11, 9, 1, tzinfo=UTC)
Row = tuple[Entry, datetime, bytes, str | None]
"""What happened, when, the leaf and what is disclosed beside it."""


def entries(log: str, count: int, chance: random.Random) -> Iterator[Row]:
    """Entries such as a township's year brings: visits with a text, signatures, pairings; each with its ledger."""
    people = [UUID(int=chance.getrandbits(128), version=4) for _ in range(40)]
    households = [UUID(int=chance.getrandbits(128), version=4) for _ in range(200)]
    actor = Actor(people[0], people[1], log[:6], log, (Appointment(Office.HELPER, log, BEGAN.date()),))
    kinds = (("visit.recorded", "visits"), ("signoff.signed", "signoffs"), ("pairing.made", "pairings"))
    for number in range(count):
        event, subject = chance.choice(kinds)
        personal = {"text": f"走访第{number}次,了解家中情况。"} if event == "visit.recorded" else {}
        helper, household = chance.choice(people), chance.choice(households)
        about = {"place": "户内", "number": number}
        entry = Entry(event, subject, people[number % 40], 1, about, personal, helper, household)
        at = BEGAN + timedelta(seconds=number)
        yield entry, at, *sealed(entry, log=log, actor=actor, at=at, simulated=True)


@dataclass(frozen=True)
class Tree:
    """Every stored hash of a log: those of leaves at level 0, those of full tiles above it."""

    levels: list[list[bytes]]

    @classmethod
    def over(cls, leaves: Iterable[bytes]) -> "Tree":
        levels = [[leaf_hash(leaf) for leaf in leaves]]
        while len(levels[-1]) >= TILE_WIDTH:
            below = levels[-1]
            full = len(below) - len(below) % TILE_WIDTH
            levels.append([root(below[at : at + TILE_WIDTH]) for at in range(0, full, TILE_WIDTH)])
        return cls(levels)

    @property
    def size(self) -> int:
        return len(self.levels[0])

    def subtree(self, first: int, end: int) -> bytes:
        return join(self.levels[level][a:b] for level, a, b in runs((first, end)))

    @property
    def frontier(self) -> bytes:
        """The roots of the perfect subtrees, largest first."""
        peaks, first = b"", 0
        for bit in reversed(range(self.size.bit_length())):
            if self.size >> bit & 1:
                peaks, first = peaks + self.subtree(first, first + (1 << bit)), first + (1 << bit)
        return peaks


def load(connection: psycopg.Connection[Any], log: str, rows: Iterable[Row]) -> Tree:
    """Put the rows into a log that is still empty (or replace what it holds), with head and tiles; as superuser."""
    place = (log[:6], log)
    rows = list(rows)
    tree = Tree.over(leaf for _, _, leaf, _ in rows)
    for table in ("log_event", "log_tile"):
        connection.execute(f"delete from {table} where county_code = %s and township_code = %s", place)
    columns = (
        "county_code, township_code, seq, event, subject_id, helper_id, household_id, at, leaf_hash, leaf, disclosed"
    )
    with connection.cursor() as cursor:
        with cursor.copy(f"copy log_event ({columns}) from stdin") as copy:
            for seq, (e, at, leaf, disclosed) in enumerate(rows):
                known = (e.event, e.subject_id, e.helper, e.household, at)
                copy.write_row((*place, seq, *known, tree.levels[0][seq], leaf, disclosed))
        with cursor.copy("copy log_tile (county_code, township_code, level, number, root) from stdin") as copy:
            for level, hashes in enumerate(tree.levels[1:], 1):
                for number, item in enumerate(hashes):
                    copy.write_row((*place, level, number, item))
    head = "insert into log_head (county_code, township_code, size, frontier, root) values (%s, %s, %s, %s, %s)"
    again = "on conflict (county_code, township_code) do update set (size, frontier, root) ="
    values = (*place, tree.size, tree.frontier, tree.subtree(0, tree.size))
    connection.execute(f"{head} {again} (excluded.size, excluded.frontier, excluded.root)", values)
    return tree


def append(connection: psycopg.Connection[Any], log: str, rows: Iterable[Row]) -> None:
    """The same by the service's own function, one entry at a time."""
    cluster.enter(connection, county=log[:6], township=log)
    connection.execute("select log_open(%s, %s)", (log[:6], log))
    for e, at, leaf, disclosed in rows:
        connection.execute(
            "select finish(%s, %s, null, null, array[%s]::bytea[], array[%s], array[%s]::uuid[], array[%s]::uuid[],"
            " array[%s]::uuid[], array[%s]::text[], %s)",
            (log[:6], log, leaf, e.event, e.subject_id, e.helper, e.household, disclosed, at),
        )


def visits(connection: psycopg.Connection[Any], place: str, helper: str, household: str, many: int) -> None:
    """So many visits of a helper to a household, of about a thousand bytes each, as the service would keep them."""
    connection.execute(
        "insert into visits (county_code, township_code, id, version, created_at, fingerprint, helper_id, household_id,"
        " visited_on, device_time, received_at, clock, received_later, place, text)"
        " select left(%(place)s, 6), %(place)s, uuidv7(), 1, now(), '', %(helper)s, %(household)s, '2016-11-09', now(),"
        " now(), 'device', false, '户内', repeat('走访贫困户,了解家中情况。', 25) || n"
        " from generate_series(1, %(many)s) n",
        {"place": place, "helper": helper, "household": household, "many": many},
    )
