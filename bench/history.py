"""How is the history of many townships copied in? In order of time, each entry as the service seals it, with its row.

What an append would have left is left: dense numbers, leaves and their hashes, full tiles, the head. Memory is that of
one piece; of a log only its frontier is kept.
"""

import itertools
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from app.actor import Actor, Appointment, Office
from app.log import Entry, sealed
from app.merkle import TILE_HEIGHT, Frontier, leaf_hash, node_hash
from app.work.rules import Event
from app.writing import uuid7
from bench.ground import TEXT

BEGAN = datetime(2016, 11, 9, 1, tzinfo=UTC)
STEP = timedelta(days=3_660) / 10_000_000
"""From one entry to the next: ten million are ten years of 73 townships, each household visited some 1.4 times a month."""
PIECE = 10_000
WORKERS = 2
COLUMNS = {
    "log_event": "county_code, township_code, seq, event, subject_id, helper_id, household_id, at, leaf_hash, leaf, disclosed",
    "log_tile": "county_code, township_code, level, number, root",
    "visits": "county_code, township_code, id, version, created_at, fingerprint, helper_id, household_id, visited_on,"
    " device_time, received_at, clock, received_later, place, text",
    "plan_measures": "county_code, township_code, id, version, created_at, fingerprint, state, state_since, plan_id,"
    " household_id, text, due_on, done_on, result",
}
HEAD = "update log_head set size = %s, frontier = %s, root = %s where county_code = %s and township_code = %s"
FOR_LOADING = "set session_replication_role = replica"
"""No foreign key is asked about: every row refers to what the registers were just found to hold."""

Rows = dict[str, list[tuple[Any, ...]]]
"""By table, in the order of its COLUMNS."""


@dataclass
class Book:
    """A log that grows, kept as its head keeps it."""

    county: str
    log: str
    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    @classmethod
    def of(cls, county: str, log: str, size: int, frontier: bytes) -> "Book":
        return cls(county, log, size, [frontier[at : at + 32] for at in range(0, len(frontier), 32)])

    def append(self, leaf: bytes, into: Rows) -> tuple[int, bytes]:
        """Number and hash of the leaf; the tiles that it fills go `into` the rows."""
        seq, node, rest, height = self.size, leaf_hash(leaf), self.size, 0
        hashed = node
        while rest & 1:
            node, rest, height = node_hash(self.peaks.pop(), node), rest >> 1, height + 1
            if height % TILE_HEIGHT == 0:
                into["log_tile"].append((self.county, self.log, height // TILE_HEIGHT, rest, node))
        self.peaks.append(node)
        self.size += 1
        return seq, hashed

    @property
    def head(self) -> tuple[Any, ...]:
        frontier = Frontier(self.size, b"".join(self.peaks))
        return frontier.size, frontier.peaks, frontier.root, self.county, self.log


@dataclass
class Town:
    """A township's log, and its households as `(household, helper, plan)`."""

    book: Book
    homes: list[tuple[UUID, UUID, UUID]]

    def live(self, at: datetime, into: Rows) -> None:
        """One more entry: nine visits, then a measure carried out, each household in its turn."""
        number = self.book.size
        home = self.homes[number * 7 % len(self.homes)]
        (self._carry_out if number % 10 == 9 else self._visit)(at, number, *home, into)

    def _visit(self, at: datetime, number: int, household: UUID, helper: UUID, _: UUID, into: Rows) -> None:
        id_, text, place = uuid7(at), TEXT.format(number), "户内"
        public = {
            "household_id": household, "device_time": at, "helper_id": helper, "visited_on": at.date(), "received_at": at,
            "clock": "device", "received_later": False,
        }  # fmt: skip
        entry = Entry(Event.VISIT_RECORDED, "visits", id_, 1, public, {"text": text, "place": place}, helper, household)
        self._enter(entry, at, into)
        when = (at.date(), at, at, "device", False)
        into["visits"].append((*self._place, id_, 1, at, "", helper, household, *when, place, text))

    def _carry_out(self, at: datetime, number: int, household: UUID, helper: UUID, plan: UUID, into: Rows) -> None:
        id_, day, result = uuid7(at), at.date(), f"已发放第{number}批。"
        public = {"plan_id": plan, "due_on": day, "done_on": day}
        entry = Entry(Event.MEASURE_COMPLETED, "plan-measures", id_, 3, public, {"result": result}, helper, household)
        self._enter(entry, at, into)
        known = (*self._place, id_, 3, at, "", "done", at, plan, household, "发放鸡苗五十只", day, day, result)
        into["plan_measures"].append(known)

    def _enter(self, entry: Entry, at: datetime, into: Rows) -> None:
        log, by = self.book.log, entry.helper
        actor = Actor(by, by, log[:6], log, (Appointment(Office.HELPER, log, BEGAN.date()),))
        leaf, disclosed = sealed(entry, log=log, actor=actor, at=at, simulated=False)
        seq, hashed = self.book.append(leaf, into)
        about = (entry.event, entry.subject_id, entry.helper, entry.household, at)
        into["log_event"].append((*self._place, seq, *about, hashed, leaf, disclosed))

    @property
    def _place(self) -> tuple[str, str]:
        return self.book.county, self.book.log


def towns(owner: psycopg.Connection[Any]) -> list[Town]:
    """Every township that has households, as its log stands now."""
    heads = owner.execute(
        "select county_code, township_code, size, frontier from log_head where length(township_code) = 9 order by 2"
    ).fetchall()
    homes: dict[str, list[tuple[UUID, UUID, UUID]]] = {}
    for log, *home in owner.execute(
        "select p.township_code, p.household_id, p.helper_id, l.id from pairings p"
        " join plans l on l.county_code = p.county_code and l.township_code = p.township_code"
        " and l.household_id = p.household_id order by p.household_id"
    ):
        homes.setdefault(log, []).append((home[0], home[1], home[2]))
    return [Town(Book.of(*head), homes[head[1]]) for head in heads if head[1] in homes]


def pieces(among: list[Town], moments: Iterable[datetime]) -> Iterator[Rows]:
    """The rows of so many more entries, the towns in turn, a piece at a time."""
    turn, ahead = itertools.cycle(among), iter(moments)
    while part := list(itertools.islice(ahead, PIECE)):
        rows: Rows = {table: [] for table in COLUMNS}
        for at, town in zip(part, turn, strict=False):
            town.live(at, rows)
        yield rows


def put(owner: psycopg.Connection[Any], rows: Rows, among: Iterable[Town]) -> None:
    """A piece and the heads of its logs, in the transaction in hand."""
    with owner.cursor() as cursor:
        for table, many in rows.items():
            with cursor.copy(f"copy {table} ({COLUMNS[table]}) from stdin") as copy:
                for row in many:
                    copy.write_row(row)
        cursor.executemany(HEAD, [town.book.head for town in among])


def moments(first: int, end: int, every: int = 1, offset: int = 0) -> Iterator[datetime]:
    """When the entries numbered so happen."""
    return (BEGAN + STEP * number for number in range(first + offset, end, every))


def _load(url: str, part: int, first: int, end: int) -> None:
    """One worker's share: every so many-th township, and its entries."""
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(FOR_LOADING)
        owner.execute("set synchronous_commit = off")
        among = towns(owner)[part::WORKERS]
        for rows in pieces(among, moments(first, end, WORKERS, part)):
            with owner.transaction():
                put(owner, rows, among)


def grow(url: str, to: int) -> int:
    """Entries until all the townships' logs together have `to`; how many were put in. As superuser."""
    with psycopg.connect(url) as owner:
        stands = sum(town.book.size for town in towns(owner))
    if stands < to:
        with ProcessPoolExecutor(WORKERS) as workers:
            parts = [workers.submit(_load, url, part, stands, to) for part in range(WORKERS)]
            for one in parts:
                one.result()
    return max(0, to - stands)
