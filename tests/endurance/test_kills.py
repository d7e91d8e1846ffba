"""Is anything lost or torn when PostgreSQL or a worker dies at a random moment, with writers at work?"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any
from uuid import uuid4

import pytest

from tests.endurance.books import Version, of_version
from tests.endurance.clients import Connection, NoAnswer, Reply, Request, connected, insistently
from tests.endurance.desk import Desk, townships
from tests.endurance.history import Added, Seen, stale_and_lost
from tests.endurance.machine import Machine
from tests.endurance.report import LONG

ROUNDS, CONTROL = (100, 4) if LONG else (2, 1)
PLACES, WRITERS = 2, 6
"""Townships, and writers in each."""
WORKING = 0.6
"""Seconds, at the most, for which the writers work before something dies."""
AFTER = 0.3
"""Seconds for which those go on whom that leaves in peace."""


@dataclass
class Write:
    """One attempt, as noted outside the service; without a reply it is in doubt."""

    request: Request
    makes: tuple[Version, ...]
    reply: Reply | None = None
    ended: float | None = None


@dataclass
class Shift:
    """What the clients of one township note in one round, outside the service."""

    desk: Desk
    unit: str
    """Of everybody whom this round puts on the register: the set that its readers read."""
    writes: list[Write] = field(default_factory=list)
    reads: list[Seen] = field(default_factory=list)

    @property
    def adds(self) -> list[Added]:
        return [Added(w.makes[0][1], w.ended) for w in self.writes if w.makes[0][0] == "people" and w.makes[0][2] == 1]


def work(desk: Desk, unit: str) -> Iterator[Write]:
    """A person put on the register and changed; a household, and what befalls it; a finding, and its end."""

    def write(method: str, path: str, body: dict[str, Any], *makes: Version, if_match: int | None = None) -> Write:
        signed = desk.committee if path.startswith("/findings") else desk.office
        return Write(Request(method, path, signed, body, str(uuid4()), if_match), makes)

    who, home, event, finding = (str(uuid4()) for _ in range(4))
    person = {"id": who, "name": "来人", "category": "other", "unit_id": unit}
    yield write("POST", "/people", person, ("people", who, 1))
    for version in (1, 2, 3):
        body = {"name": f"第{version}名"}
        yield write("PATCH", f"/people/{who}", body, ("people", who, version + 1), if_match=version)
    yield write("POST", "/households", {**desk.a_household(), "id": home}, ("households", home, 1))
    delisted = {"kind": "delisted", "happened_on": "2017-03-01", "evidence": "公示无异议", "id": event}
    both = ("household-events", event, 1), ("households", home, 2)
    yield write("POST", f"/households/{home}/events", {**delisted, "confirmer_ids": desk.witnesses}, *both)
    yield write("POST", "/findings", {**desk.a_finding(), "id": finding}, ("findings", finding, 1))
    end = ("findings", finding, 2)
    yield write("POST", f"/findings/{finding}/dismiss", {"reasons": "不属实。"}, end, if_match=1)


async def writing(shift: Shift, worker: Connection, over: asyncio.Event) -> None:
    """One write after the other, until the round is over or one is in doubt."""
    while True:
        for write in work(shift.desk, shift.unit):
            if over.is_set():
                return
            shift.writes.append(write)
            try:
                reply = await worker.ask(write.request)
            except NoAnswer:
                return
            if reply.status == 503:
                return
            assert reply.status in {200, 201}, (write.request, reply)
            write.reply, write.ended = reply, time.monotonic()


async def reading(shift: Shift, worker: Connection, over: asyncio.Event) -> None:
    """The whole set again and again, until the round is over."""
    while not over.is_set():
        if (seen := await whole_set(worker, shift)) is not None:
            shift.reads.append(seen)
        await asyncio.sleep(0.02)


async def whole_set(worker: Connection, shift: Shift) -> Seen | None:
    """Everybody of the unit, page after page; None where some page could not be had."""
    began, elements, after = time.monotonic(), set[str](), ""
    while after is not None:
        path = f"/people?unit_id={shift.unit}&limit=200{after and f'&cursor={after}'}"
        try:
            page = await worker.ask(Request("GET", path, shift.desk.office))
        except NoAnswer:
            return None
        if page.status != 200:
            return None
        elements.update(person["id"] for person in page.json["items"])
        after = page.json["next_cursor"]
    return Seen(began, time.monotonic(), frozenset(elements))


async def a_round(machine: Machine, desks: Sequence[Desk], strike: int) -> list[Shift]:
    """Writers and readers at work until something is killed; then it stands again, and the sets are read once more."""
    over = asyncio.Event()
    with connected(machine.ports) as doors:
        shifts = [Shift(desk, await new_unit(doors, desk)) for desk in desks]
        roles = [(shift, role) for shift in shifts for role in (*[writing] * WRITERS, reading)]
        with connected(random.choices(machine.ports, k=len(roles))) as workers:
            clients = [
                asyncio.create_task(role(shift, worker, over))
                for (shift, role), worker in zip(roles, workers, strict=True)
            ]
            await asyncio.sleep(random.uniform(0.1, WORKING))
            struck = asyncio.create_task(asyncio.to_thread(machine.strike, strike))
            await asyncio.sleep(AFTER)
            over.set()
            await asyncio.gather(struck, *clients)
        for shift in shifts:
            shift.reads.append(await whole_set_at_last(doors, shift))
    return shifts


async def whole_set_at_last(doors: Sequence[Connection], shift: Shift) -> Seen:
    for door in islice(cycle(doors), 100):
        if (seen := await whole_set(door, shift)) is not None:
            return seen
        await asyncio.sleep(0.2)
    raise AssertionError("what was killed does not stand again")


async def new_unit(doors: Sequence[Connection], desk: Desk) -> str:
    request = Request("POST", "/units", desk.office, {"name": str(uuid4())}, str(uuid4()))
    return str((await insistently(doors, request, Counter())).json["id"])


def settle(desk: Desk, writes: Sequence[Write]) -> Counter[str]:
    """What the tables and the log say of everything that this township's clients have noted so far."""
    books = desk.books()
    entered = Counter(of_version(leaf) for leaf in books.leaves)
    with desk.machine.connect() as connection:
        stored = connection.execute("select key from retries where township_code = %s", [desk.township.code]).fetchall()
    committed = {key for (key,) in stored}
    found = Counter(torn=books.torn, gaps=books.gaps, wrong_roots=int(not books.root_holds))
    for write in writes:
        done = {version in books.written and version in entered for version in write.makes}
        is_stored = write.request.key in committed
        if write.reply is None:
            found["in doubt"] += 1
            found["in doubt, had committed"] += is_stored
            found["torn"] += done != {is_stored}
        else:
            found["acknowledged"] += 1
            seq = int(write.reply.headers["ledger-entry"].rpartition("/")[2])
            told = seq < len(books.leaves) and of_version(books.leaves[seq]) in write.makes
            found["lost"] += not (done == {True} and told and is_stored)
    return found


async def rounds(machine: Machine, desks: Sequence[Desk], strikes: Sequence[int]) -> Counter[str]:
    """One strike a round, and after each everything noted since the first held against the books."""
    writes: dict[Desk, list[Write]] = {desk: [] for desk in desks}
    found, worst = Counter[str](), Counter[str]()
    for strike in strikes:
        for shift in await a_round(machine, desks, strike):
            writes[shift.desk] += shift.writes
            stale, lost = stale_and_lost(shift.adds, shift.reads)
            found += Counter({"added": len(shift.adds), "reads": len(shift.reads), "stale": stale, "vanished": lost})
        now = sum((settle(desk, noted) for desk, noted in writes.items()), Counter[str]())
        worst |= now
    return found + worst


@pytest.fixture
def desks(standing: Machine) -> list[Desk]:
    return [Desk(standing, place) for place in townships(standing, PLACES)]


WRONG = ("lost", "torn", "gaps", "wrong_roots", "stale", "vanished")


def test_kills(standing: Machine, desks: list[Desk], figures: dict[str, Any]) -> None:
    """PostgreSQL and workers killed with writers at work: what was acknowledged stands, whole and in the ledger.

    A kill leaves what the system holds for the disk: that a power cut loses nothing either rests on the settings
    asserted here. After every round all that was noted outside since the first is looked for.
    """
    with standing.connect() as connection:
        for knob in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
            assert connection.execute(f"show {knob}").fetchone() == ("on",), knob
    found = asyncio.run(rounds(standing, desks, range(ROUNDS)))
    assert {name: found[name] for name in WRONG} == dict.fromkeys(WRONG, 0)
    assert found["acknowledged"] > ROUNDS * WRITERS and found["reads"] > ROUNDS
    figures |= {
        "rounds": ROUNDS, "kills of PostgreSQL": -(-ROUNDS // 2), "kills of a worker": ROUNDS // 2,
        "townships": PLACES, "writers": PLACES * WRITERS, "acknowledged writes": found["acknowledged"],
        "acknowledged writes lost": found["lost"], "torn change, entry and stored answer": found["torn"],
        "gaps in the sequence": found["gaps"], "roots that are not those of all leaves": found["wrong_roots"],
        "writes in doubt": found["in doubt"], "of these had committed": found["in doubt, had committed"],
        "elements added": found["added"], "reads of the whole set": found["reads"],
        "stale reads of an acknowledged element": found["stale"], "elements lost from the set": found["vanished"],
    }  # fmt: skip


def test_kills_lose_what_was_acknowledged_early(standing: Machine, desks: list[Desk], figures: dict[str, Any]) -> None:
    """Negative control: the same rounds while commits are acknowledged before they are on disk."""
    with standing.acknowledging_early():
        found = asyncio.run(rounds(standing, desks, [0] * CONTROL))
    assert found["lost"] > 0
    figures |= {
        "rounds": CONTROL, "acknowledged writes": found["acknowledged"], "acknowledged writes lost": found["lost"],
    }  # fmt: skip
