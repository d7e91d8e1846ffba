"""Does the evening of a month's end pass? Every helper hands in two weeks of visits, and the leaders read meanwhile."""

import asyncio
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import Caller, Township
from tests.endurance.books import Books
from tests.endurance.clients import Request
from tests.endurance.desk import townships
from tests.endurance.load import Answer, Ask, Callers, percentile, run, told, wrong
from tests.endurance.machine import Cores, Machine
from tests.endurance.report import LONG
from tests.serving import Process

TOWNSHIPS, HELPERS = (20, 60) if LONG else (2, 4)
VISITS = 10
"""In one list: two weeks of a helper who goes to his household on most working days."""
QUIET, PEAK, CROWD = (20.0, 30.0, 90.0) if LONG else (0.3, 0.3, 0.5)
"""Seconds for which leaders read alone, helpers hand in as fast as they can, and twice that is offered."""
READS = 10
"""Lists that leaders read each second."""
BEGAN = datetime(2017, 3, 6, 1, tzinfo=UTC)
DONE, AGAIN = 200, frozenset({0, 429, 503})


@dataclass
class Helper:
    """A helper's phone: its lists in order, of which the next is made when the one before was taken."""

    signed: dict[str, str]
    household: str
    device: str = field(default_factory=lambda: str(uuid4()))
    counter: int = 0
    ids: list[str] = field(default_factory=list)
    """Of visits in lists that were taken."""
    waiting: tuple[Ask, list[str]] | None = None
    """The list under way, or one that was not taken yet."""

    def handed_in(self) -> Ask:
        if self.waiting is None:
            self.waiting = self._written()
        return self.waiting[0]

    def taken(self) -> None:
        assert self.waiting is not None
        self.ids += self.waiting[1]
        self.counter += VISITS
        self.waiting = None

    def _written(self) -> tuple[Ask, list[str]]:
        ids = [str(uuid4()) for _ in range(VISITS)]
        operations = []
        for number, visit in enumerate(ids):
            at = (BEGAN + timedelta(days=number + number // 5 * 2, minutes=random.randrange(400))).isoformat()
            body = {
                "id": visit,
                "household_id": self.household,
                "device_time": at,
                "place": "家中",
                "text": f"走访{number}",
            }
            operations.append(
                {"key": visit, "counter": self.counter + number + 1, "operation": "visits_create", "device_time": at,
                 "body": body}
            )  # fmt: skip
        handed = {"device_id": self.device, "sent_at": "2017-03-20T09:00:00Z", "operations": operations}
        return Ask("POST", "/v1/sync", Request("POST", "/sync", self.signed, handed).wire()), ids


@dataclass
class Evening:
    """A county's helpers and leaders, and the one worker they all ask."""

    callers: Callers
    helpers: list[Helper]
    lists: Iterator[Ask]
    """What leaders read, township by township."""
    reads: list[Answer] = field(default_factory=list)

    async def hand_in(self, helper: Helper) -> Answer:
        answer = await self.callers.send(helper.handed_in())
        if answer.status == DONE:
            helper.taken()
        return answer

    async def hand_in_surely(self, helper: Helper) -> int:
        """As a phone does: again after a while, until it is taken; how often it was turned away."""
        for tries in range(200):
            answer = await self.hand_in(helper)
            if answer.status not in AGAIN:
                assert answer.status == DONE, answer
                return tries
            await asyncio.sleep(random.uniform(0.5, 1.5))  # Retry-After is a second, and phones do not march in step
        raise AssertionError("it was never taken")

    async def read(self, until: Callable[[], bool]) -> list[Answer]:
        """Leaders read at an even pace, whatever becomes of what they asked before."""
        found: list[asyncio.Task[Answer]] = []
        while not until():
            found.append(asyncio.create_task(self.callers.send(next(self.lists))))
            await asyncio.sleep(1 / READS)
        return [*await asyncio.gather(*found)]

    async def as_fast_as_they_can(self, seconds: float, at_once: int = 16) -> float:
        """Lists that are taken each second when so many hand in at the same time, one after another."""
        began, turns, many = time.monotonic(), cycle(self.helpers), 0

        async def one() -> None:
            nonlocal many
            while time.monotonic() - began < seconds:
                taken = await self.hand_in(next(turns))
                many += taken.status == DONE  # never around an await: others count meanwhile

        await asyncio.gather(*[one() for _ in range(min(at_once, len(self.helpers) // 2))])
        return many / (time.monotonic() - began)

    async def at_a_rate(self, each: Callable[[Helper], Any], per_second: float, many: int) -> tuple[list[Any], int]:
        """An open loop: so many lists are due at their times; one whose helper is still busy is held back."""
        began, held_back, under_way = time.monotonic(), 0, dict[int, asyncio.Task[Any]]()
        found: list[asyncio.Task[Any]] = []
        for number in range(many):
            await asyncio.sleep(max(0.0, began + number / per_second - time.monotonic()))
            at = number % len(self.helpers)
            if at in under_way and not under_way[at].done():
                held_back += 1
                continue
            under_way[at] = asyncio.create_task(each(self.helpers[at]))
            found.append(under_way[at])
        return [*await asyncio.gather(*found)], held_back


def in_pieces(place: Township, machine: Machine, leader: Caller) -> list[Ask]:
    """The lists of a leader's dashboard."""
    signed = machine.headers(place, leader)
    paths = ("/visits", "/households", "/pairings", "/plans", "/inspections", "/signoffs", "/me/tasks")
    return [Ask("GET", f"/v1{path}", Request("GET", path, signed).wire()) for path in paths]


@pytest.fixture
def ground(machine: Machine) -> tuple[Machine, Process, list[Township], list[Helper], list[Ask]]:
    places, helpers, lists = townships(machine, TOWNSHIPS), list[Helper](), list[Ask]()
    for place in places:
        place.at("2017-03-20")
        lists += in_pieces(place, machine, place.office("leading_group_office"))
        for number in range(HELPERS):
            household, helper = place.helped(f"帮扶{number}")
            helpers.append(Helper(machine.headers(place, helper), household))
    random.Random(11).shuffle(helpers)
    return machine, machine.worker(pool_size="12"), places, helpers, lists


def p99(answers: Sequence[Answer]) -> float:
    return percentile((answer.seconds for answer in answers), 0.99)


def missing(machine: Machine, places: Sequence[Township], helpers: Sequence[Helper]) -> Counter[str]:
    """What the tables and the logs say beside what the phones were told; all zero is good."""
    wanted = Counter(visit for helper in helpers for visit in helper.ids)
    found = Counter({"lost": 0, "doubled": 0, "torn, gaps, wrong roots": 0, "never told": 0})
    entries, rows = Counter[str](), set[str]()
    with machine.connect() as connection:
        for place in places:
            books = Books.of(connection, place.code)
            entries.update(leaf["subject"]["id"] for leaf in books.leaves if leaf["event"] == "visit.recorded")
            rows |= {visit for kind, visit, _ in books.written if kind == "visits"}
            found["torn, gaps, wrong roots"] += books.torn + books.gaps + (not books.root_holds)
    found["lost"] = sum(visit not in rows or not entries[visit] for visit in wanted)
    found["doubled"] = sum(many > 1 for many in entries.values())
    found["never told"] = len(rows - wanted.keys())
    return found


def test_months_end(ground, figures: dict[str, Any]) -> None:
    """Twenty townships' helpers hand in two weeks of visits while leaders read; then twice what can be carried."""
    machine, worker, places, helpers, lists = ground
    evening = Evening(Callers(worker.port), helpers, cycle(lists))
    none_lost = dict.fromkeys(("lost", "doubled", "torn, gaps, wrong roots", "never told"), 0)

    async def quiet() -> list[Answer]:
        began = time.monotonic()
        return await evening.read(lambda: time.monotonic() - began > QUIET)

    async def an_evening(per_second: float) -> tuple[list[int], list[Answer], int]:
        work = asyncio.create_task(evening.at_a_rate(evening.hand_in_surely, per_second, len(helpers)))
        reads = await evening.read(work.done)
        turned_away, held_back = await work
        return turned_away, reads, held_back

    async def a_crowd(per_second: float) -> tuple[list[Answer], list[Answer], float, int]:
        began = time.monotonic()
        work = asyncio.create_task(evening.at_a_rate(evening.hand_in, per_second, int(per_second * CROWD)))
        reads = await evening.read(work.done)
        answers, held_back = await work
        return answers, reads, time.monotonic() - began, held_back

    async def campaign() -> None:
        await evening.as_fast_as_they_can(PEAK / 3)  # warm
        alone = await quiet()
        before = await evening.as_fast_as_they_can(PEAK)
        turned_away, reads, late = await an_evening(before / 2)
        answers, crowded, lasted, held_back = await a_crowd(2 * before)
        left = [helper for helper in helpers if helper.waiting]
        figures["control: lists lost if no phone sent again"] = len(left)
        await asyncio.gather(*[evening.hand_in_surely(helper) for helper in left])
        after = await evening.as_fast_as_they_can(PEAK)
        evening.callers.forget_connections()
        peak = statistics.mean((before, after))
        taken = sum(answer.status == DONE for answer in answers)
        figures.update({
            "townships": TOWNSHIPS, "helpers": len(helpers), "visits in a list": VISITS,
            "lists a second at the peak, before and after": [round(before, 1), round(after, 1)],
            "evening: lists": len(turned_away), "evening: turned away once or more": sum(map(bool, turned_away)),
            "evening: held back": late,
            "reads p99 ms: alone, in the evening, in the crowd": [
                round(p99(one) * 1e3, 1) for one in (alone, reads, crowded)
            ],
            "reads p50 ms: alone, in the evening, in the crowd": [
                round(percentile((one.seconds for one in a), 0.5) * 1e3, 1) for a in (alone, reads, crowded)
            ],
            "evening p99 of reads, times that alone": round(p99(reads) / p99(alone), 2),
            "crowd: offered lists a second": round(2 * before, 1),
            "crowd: held back as their phone was busy": held_back,
            "crowd: lists": told(answers), "crowd: reads": told(crowded),
            "crowd: goodput of the peak": round(taken / lasted / peak, 2),
        })  # fmt: skip
        assert wrong(evening.callers.answers) == {}
        assert all(answer.ok for answer in (*alone, *reads)), "no leader is turned away in the evening"
        assert {answer.status for answer in (*answers, *crowded)} <= {200, 429, 503}

    with Cores(machine, worker):
        run(campaign())
    found = missing(machine, places, helpers)
    figures |= {"visits handed in": sum(len(helper.ids) for helper in helpers), **found}
    assert found == none_lost
    helpers[0].ids.append(str(uuid4()))
    assert missing(machine, places, helpers)["lost"] == 1, "the control: a visit that never arrived is missed"
    if LONG:
        assert figures["evening p99 of reads, times that alone"] < 3
        assert figures["crowd: goodput of the peak"] >= 0.8
        assert figures["control: lists lost if no phone sent again"] > 0
