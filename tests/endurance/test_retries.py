"""Is a request that is sent again and again done once, whatever dies meanwhile?"""

import asyncio
import random
import socket
import struct
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import cycle
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from app.people.rules import check_character
from tests.endurance.clients import Reply, Request, connected, insistently, parsed
from tests.endurance.desk import GROUND, Desk, townships
from tests.endurance.machine import Machine
from tests.endurance.report import LONG
from tests.serving import PROMPT

KEYS, SHARED, BARE, KILLS, CUTS = (1000, 100, 100, 30, 500) if LONG else (14, 7, 4, 1, 7)
"""Keys of one township, how many of them another uses too, ids sent without a key, kills, connections cut."""
SENDS = 5
BORN = date(1940, 1, 1)


@dataclass(frozen=True)
class Command:
    """Something to be done once: what is sent, another payload, and the versions and entries it must leave."""

    desk: Desk
    request: Request
    other: dict[str, Any]
    leaves: tuple[tuple[str, str, str | None, int], ...]
    """Event, kind of record, its id (None: that of the answer) and version."""

    def left(self, reply: Reply) -> list[tuple[str, str, str, int]]:
        return [(event, kind, key or reply.json["id"], version) for event, kind, key, version in self.leaves]


class Orders(Desk):
    """Commands for a township, with the records made beforehand that some need."""

    def commands(self, many: int, kinds: Sequence[str], *, step: int = 1, keyed: bool = True) -> list[Command]:
        """Of each kind in turn; number `n` has the same key, the same id and the same body in every township."""
        made: list[Command] = [getattr(self, kinds[n % len(kinds)])(n) for n in range(0, many * step, step)]
        self.before = self.books()
        return [
            replace(c, request=replace(c.request, key=f"key-{n}" if keyed else None))
            for c, n in zip(made, range(0, many * step, step), strict=True)
        ]

    def _created(self, path: str, event: str, body: dict[str, Any], other: dict[str, Any], signed: Any) -> Command:
        request = Request("POST", path, signed, body)
        return Command(self, request, body | other, ((event, path[1:], body.get("id"), 1),))

    def person(self, n: int) -> Command:
        body = {"name": f"来人{n}", "category": "other"}
        return self._created("/people", "person.created", body, {"name": "别人"}, self.office)

    def unit(self, n: int) -> Command:
        body = {"id": _id("unit", n), "name": f"单位{n}"}
        return self._created("/units", "unit.created", body, {"level": "县直"}, self.office)

    def household(self, n: int) -> Command:
        """First registration, with a member."""
        first = f"990000{BORN + timedelta(days=n):%Y%m%d}001"
        member = {"name": "赵大山", "relation": "head", "citizen_id": first + check_character(first)}
        body = {**self.a_household(), "card_number": f"{n}", "id": _id("household", n), "members": [member]}
        return self._created("/households", "household.registered", body, {"head_name": "别人"}, self.office)

    def case(self, n: int) -> Command:
        finding = self.world.finding({"person_id": self.cadre}, GROUND)
        body = {"finding_ids": [finding], "organ": "party_committee", "basis": GROUND, "capacity": "helper"}
        body["id"] = _id("case", n)
        return self._created("/cases", "case.opened", body, {"routing_reason": "另述"}, self.committee)

    def life_event(self, n: int) -> Command:
        home = self.clerk.made("/households", self.a_household())["id"]
        body = {"kind": "delisted", "happened_on": "2017-03-01", "evidence": "公示无异议", "id": _id("event", n)}
        request = Request("POST", f"/households/{home}/events", self.office, {**body, "confirmer_ids": self.witnesses})
        leaves = (
            ("household.life_event", "household-events", _id("event", n), 1),
            ("household.status_changed", "households", home, 2),
        )
        return Command(self, request, {**body, "confirmer_ids": self.witnesses[::-1]}, leaves)

    def patch(self, n: int) -> Command:
        who = self.township.person()
        request = Request("PATCH", f"/people/{who}", self.office, {"name": f"新名{n}"}, if_match=1)
        return Command(self, request, {"name": "别名"}, (("person.changed", "people", who, 2),))

    def dismissal(self, n: int) -> Command:
        """A move: its retry finds a state in which it is not allowed, and a version long gone."""
        finding = self.world.committee.made("/findings", self.a_finding())["id"]
        request = Request("POST", f"/findings/{finding}/dismiss", self.committee, {"reasons": "不属实。"}, if_match=1)
        return Command(self, request, {"reasons": "另述。"}, (("finding.dismissed", "findings", finding, 2),))


ALL = ("person", "unit", "household", "case", "life_event", "patch", "dismissal")
WITH_IDS = ("unit", "household", "case", "life_event")


def _id(kind: str, n: int) -> str:
    return str(uuid5(NAMESPACE_URL, f"{kind}/{n}"))


@pytest.fixture
def desks(standing: Machine) -> list[Orders]:
    return [Orders(standing, place) for place in townships(standing, 2)]


async def send_all(
    machine: Machine, commands: Sequence[Command], met: Counter[str], strike: int | None = None
) -> list[list[Reply]]:
    """The answers to every command sent five times at once; the strike comes when some, at random, are answered."""

    async def send(command: Command, number: int) -> Reply:
        with connected(machine.ports[:: 1 if number % 2 else -1]) as workers:
            return await insistently(workers, command.request, met)

    tasks = [asyncio.create_task(send(command, number)) for command in commands for number in range(SENDS)]
    if strike is not None:
        answered = random.randrange(len(commands))
        while sum(task.done() for task in tasks) < answered:  # noqa: ASYNC110  (the senders know of no event)
            await asyncio.sleep(0.001)
        met["in flight at a kill"] += sum(not task.done() for task in tasks)
        await asyncio.to_thread(machine.strike, strike)
    replies = await asyncio.gather(*tasks)
    return [replies[first : first + SENDS] for first in range(0, len(replies), SENDS)]


async def campaign(machine: Machine, commands: Sequence[Command], met: Counter[str]) -> list[list[Reply]]:
    """In as many rounds as there are kills."""
    size = -(-len(commands) // KILLS)
    answers = []
    for number in range(KILLS):
        answers += await send_all(machine, commands[number * size : (number + 1) * size], met, number + 1)
    return answers


def told(commands: Sequence[Command], answers: Sequence[Sequence[Reply]]) -> dict[str, int]:
    """What the tables and the ledger hold beside what they should after these commands, each done once."""
    found = Counter[str]()
    for desk in dict.fromkeys(command.desk for command in commands):
        books = desk.books()
        due = [
            left for c, replies in zip(commands, answers, strict=True) if c.desk is desk for left in c.left(replies[0])
        ]
        versions = Counter(left[1:] for left in due)
        entries = Counter(due)
        written = books.written - desk.before.written
        logged = Counter(
            (leaf["event"], *(leaf["subject"][part] for part in ("type", "id", "version")))
            for leaf in books.leaves[len(desk.before.leaves) :]
        )
        found["records missing"] += (versions - written).total()
        found["records duplicated"] += (written - versions).total()
        found["entries missing"] += (entries - logged).total()
        found["entries duplicated"] += (logged - entries).total()
        found["torn, gaps, wrong roots"] += books.torn + books.gaps + (not books.root_holds)
    return dict(found)


CLEAN = dict.fromkeys(
    ("records missing", "records duplicated", "entries missing", "entries duplicated", "torn, gaps, wrong roots"), 0
)


def test_retries(standing: Machine, desks: list[Orders], figures: dict[str, Any]) -> None:
    """Every request under a key sent five times at once, and again until answered, while PostgreSQL and workers die."""
    here, there = desks
    commands = here.commands(KEYS, ALL) + there.commands(SHARED, ALL, step=KEYS // SHARED)
    random.shuffle(commands)
    met = Counter[str]()
    answers = asyncio.run(campaign(standing, commands, met))
    assert {reply.status for replies in answers for reply in replies} <= {200, 201}
    assert told(commands, answers) == CLEAN
    unequal = sum(len({reply.said for reply in replies}) > 1 for replies in answers)
    first = Counter(sum(not reply.replayed for reply in replies) for replies in answers)
    assert unequal == 0 and not set(first) - {0, 1}, "at most one of the answers is no replay"
    assert met["without Retry-After"] == 0

    again = asyncio.run(in_turn(standing, [c.request for c in commands]))
    later = sum(r.replayed and r.said == said[0].said for r, said in zip(again, answers, strict=True))
    assert later == len(commands), "also when the state has moved on and If-Match is stale"
    others = asyncio.run(in_turn(standing, [replace(c.request, body=c.other) for c in commands]))
    reused = sum(reply.status == 422 and reply.json["code"] == "key-reused" for reply in others)
    assert reused == len(commands)
    assert told(commands, answers) == CLEAN, "neither left anything"
    same = len({c.request.key for c in commands})
    assert same == KEYS and len(commands) == KEYS + SHARED

    figures |= {
        "keys": same, "of these used in a second township too, independently": SHARED, "kinds of commands": len(ALL),
        "sends": len(commands) * SENDS, "kills of PostgreSQL": KILLS // 2, "kills of a worker": -(-KILLS // 2),
        "sends in flight at a kill": met["in flight at a kill"], "sends that got no answer": met["no answer"],
        "answered 503": met["503"], "answered 409 in flight, with Retry-After": met["409 in flight"],
        **told(commands, answers), "requests whose answers were not all equal": unequal,
        "requests whose first answer was lost": first[0], "equal replays when all was done": later,
        "same key with another payload, refused with 422": reused,
    }  # fmt: skip


async def in_turn(machine: Machine, requests: Sequence[Request]) -> list[Reply]:
    with connected(machine.ports) as workers:
        return [await insistently(workers, request, Counter()) for request in requests]


def test_retries_by_id(standing: Machine, desks: list[Orders], figures: dict[str, Any]) -> None:
    """Records with ids made by the client, sent five times at once without a key while something dies."""
    commands = desks[0].commands(BARE, WITH_IDS, keyed=False)
    plain = desks[1].commands(BARE, ("person",), keyed=False)
    met = Counter[str]()
    answers = asyncio.run(send_all(standing, commands, met, strike=0))
    assert {reply.status for replies in answers for reply in replies} <= {200, 201}
    assert told(commands, answers) == CLEAN
    assert all(len({reply.body for reply in replies}) == 1 for replies in answers)
    assert all(Counter(reply.status for reply in replies)[201] <= 1 for replies in answers)

    control = told(plain, asyncio.run(send_all(standing, plain, met)))
    assert control["records duplicated"] > 0, "without a key and without an id each send is one more"
    figures |= {
        "ids": BARE, "sends": BARE * SENDS, **told(commands, answers),
        "control: records duplicated without key and id": control["records duplicated"],
    }  # fmt: skip


def cut_after_commit(port: int, request: Request) -> Reply:
    """Send, wait until the answer has reached this machine, and break the connection without taking it.

    The service answers after its commit: what is seen here was committed. Returns the answer nobody took.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=PROMPT) as connection:
        connection.sendall(request.wire())
        while (untaken := parsed(arrived := connection.recv(65536, socket.MSG_PEEK))) is None:
            assert arrived, "the service hung up"
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return untaken


def test_lost_acknowledgements(standing: Machine, desks: list[Orders], figures: dict[str, Any]) -> None:
    """The connection is cut after the commit, before the client has read a byte; then he asks again."""
    commands = desks[0].commands(CUTS, ALL)
    ports = cycle(standing.ports)
    untaken = [cut_after_commit(next(ports), command.request) for command in commands]
    assert {reply.status for reply in untaken} <= {200, 201} and not any(reply.replayed for reply in untaken)
    retried = asyncio.run(in_turn(standing, [command.request for command in commands]))
    equal = sum(r.replayed and r.said == lost.said for r, lost in zip(retried, untaken, strict=True))
    assert equal == CUTS
    assert told(commands, [[reply] for reply in retried]) == CLEAN
    figures |= {"connections cut after the commit": CUTS, "retries that got the original answer": equal}
