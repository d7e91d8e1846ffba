"""Could one change after the other have given every answer that clients got who worked on the same records at once?"""

import asyncio
import copy
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from app import database, writing
from app.cases.rules import CASE
from tests.conftest import Service, Township
from tests.endurance.clients import Connection, NoAnswer, Reply, Request, connected
from tests.endurance.desk import GROUND, Desk, townships
from tests.endurance.history import Op, Step, is_linearizable
from tests.endurance.machine import Machine
from tests.endurance.report import LONG

BATCHES, RECORDS, EACH = (50, 20, 52) if LONG else (2, 8, 25)
"""Batches (something is killed in every other one), records that all clients work on in one, questions for each."""
CLIENTS = 12
STALE = "version-stale"
Asked = tuple[str, int, str]
"""What to do (`read`, or the change), the version named in If-Match, the value to write."""


@dataclass
class Record:
    """A record that many work on: where it is, what it should do, and what everybody asked and was told."""

    path: str
    signed: dict[str, str]
    initial: Hashable
    step: Step
    shown: tuple[str, ...]
    """The members of an answer that are its state."""
    change: Callable[[], tuple[str, str, str, Any]]
    """Some change: method, the rest of the path, value to write, body."""
    history: list[Op] = field(default_factory=list)

    def question(self, seen: int | None) -> tuple[Asked, Request]:
        """A change of the version last seen, or a read; whoever has seen none reads."""
        if seen is None or random.random() < 0.5:
            return ("read", 0, ""), Request("GET", self.path, self.signed)
        method, what, value, body = self.change()
        return (what, seen, value), Request(
            method, f"{self.path}/{what}".removesuffix("/"), self.signed, body, if_match=seen
        )

    def told(self, reply: Reply) -> Hashable:
        if reply.status == 200:
            return tuple(reply.json[name] for name in self.shown)
        assert reply.status in {409, 412}, reply
        return str(reply.json["code"])

    def is_right(self) -> bool:
        return is_linearizable(self.history, self.initial, self.step)


def person(path: str, signed: dict[str, str]) -> Record:
    """A register of one value: the name, changed on its version."""

    def step(state: tuple[int, str], asked: Asked) -> tuple[Hashable, Hashable]:
        what, seen, name = asked
        after = state if what == "read" else (seen + 1, name)
        return (after, after) if what == "read" or seen == state[0] else (STALE, state)

    def change() -> tuple[str, str, str, Any]:
        name = f"第{random.randrange(10**9)}名"
        return "PATCH", "", name, {"name": name}

    return Record(path, signed, (1, "王五"), step, ("version", "name"), change)


CaseState = tuple[int, str, str | None, bool]
"""Version, state, the kind of statement, and whether the facts were presented, which the state alone does not tell."""


def case(path: str, signed: dict[str, str]) -> Record:
    """An accountability case: the moves by which it goes to and fro, and rarely the one that ends it."""

    def step(state: CaseState, asked: Asked) -> tuple[Hashable, Hashable]:
        what, seen, word = asked
        version, at, statement, presented = state
        if what == "read":
            return state[:3], state
        if seen != version:
            return STALE, state
        if at not in CASE.move(what).path:
            return "wrong-state", state
        if (what, at) == ("record-outcome", "facts_presented"):
            return "only-outside-outcome", state
        after: CaseState = (version + 1, *{
            "present-facts": ("facts_presented", statement, True),
            "record-statement": ("facts_presented", word, presented),
            "refer": ("referred", statement, presented),
            "record-outcome": ("facts_presented" if presented else "opened", statement, presented),
            "no-measure": ("no_measure", statement, presented),
        }[what])  # fmt: skip
        return after[:3], after

    def change() -> tuple[str, str, str, Any]:
        word, text = random.choice(("stated", "waived", "refused")), "经核实。"
        bodies = {
            "present-facts": {"facts": text}, "record-statement": {"statement": word, "witness": "见证人"},
            "refer": {"to": "县纪委", "cited_rule": text, "reasons": text},
            "record-outcome": {"conclusion": "resume", "outcome": text, "cited_rule": text},
            "no-measure": {"reasons": text},
        }  # fmt: skip
        (move,) = random.choices(list(bodies), (20, 40, 10, 20, 1))
        return "POST", move, word, bodies[move]

    return Record(path, signed, (1, "opened", None, False), step, ("version", "state", "statement"), change)


def records(desk: Desk, many: int) -> list[Record]:
    """Half of them people, half of them cases."""
    world, subject = desk.world, {"person_id": desk.cadre}
    people = [person(f"/people/{desk.township.person()}", desk.office) for _ in range(many // 2)]
    return people + [
        case(world.case(world.finding(subject, GROUND), basis=GROUND), desk.committee) for _ in range(many // 2)
    ]


@dataclass
class Batch:
    """Records that all clients work on at the same time, until so many questions were asked."""

    ports: Sequence[int]
    records: Sequence[Record]
    left: int
    answers: Counter[str] = field(default_factory=Counter)

    async def work(self, workers: Sequence[Connection]) -> None:
        seen: dict[str, int] = {}
        while self.left > 0:
            self.left -= 1
            record = random.choice(self.records)
            asked, request = record.question(seen.get(record.path))
            began = time.monotonic()
            try:
                reply = await random.choice(workers).ask(request)
            except NoAnswer:
                reply = None
            self.answers[str(reply.status) if reply else "none"] += 1
            if reply is None or reply.status == 503:
                if request.method != "GET":
                    record.history.append(Op.unknown(asked, began))
                await asyncio.sleep(0.1)
                continue
            record.history.append(Op(asked, record.told(reply), began, time.monotonic()))
            if reply.status == 412:
                seen.pop(record.path)
            elif reply.status == 200:
                seen[record.path] = reply.json["version"]

    async def client(self) -> None:
        with connected(self.ports) as workers:
            await self.work(workers)

    async def run(self, strike: Callable[[], None] | None = None) -> None:
        clients = [asyncio.create_task(self.client()) for _ in range(CLIENTS)]
        if strike is not None:
            half = self.left // 2
            while self.left > half:  # noqa: ASYNC110  (whoever works counts, nobody waits)
                await asyncio.sleep(0.01)
            await asyncio.to_thread(strike)
        await asyncio.gather(*clients)


def test_histories(standing: Machine, figures: dict[str, Any]) -> None:
    """People and cases worked on by many clients at once, half of them while something dies: each history in order."""
    (place,) = townships(standing, 1)
    desk = Desk(standing, place)
    batches = [Batch(standing.ports, records(desk, RECORDS), RECORDS * EACH) for _ in range(BATCHES)]
    for number, batch in enumerate(batches):
        asyncio.run(batch.run(None if number % 2 else lambda n=number: standing.strike(n // 2)))  # type: ignore[misc]
    answers = sum((batch.answers for batch in batches), Counter[str]())
    assert set(answers) <= {"200", "409", "412", "503", "none"}
    assert min(answers[code] for code in ("200", "409", "412")) > 0
    bad = [record for batch in batches for record in batch.records if not record.is_right()]
    assert bad == []
    struck = batches[::2]
    figures |= {
        "records": BATCHES * RECORDS, "of these cases": BATCHES * RECORDS // 2, "clients": CLIENTS,
        "operations": answers.total(), "done": answers["200"], "refused, stale": answers["412"],
        "refused by the state": answers["409"], "kills": len(struck),
        "records under faults": sum(len(batch.records) for batch in struck),
        "changes whose outcome nobody knows": sum(
            op.told is None for batch in batches for record in batch.records for op in record.history
        ),
        "records without an order that explains all answers": len(bad),
    }  # fmt: skip


def without_version_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes writes, whatever he has seen."""
    monkeypatch.setattr(writing.Command, "check_version", lambda command, version: None)


def without_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read, compare, write: without the lock, and without the version in the UPDATE."""
    rows = database.Transaction.rows

    async def naive(transaction: Any, statement: Any, /, **values: Any) -> list[Any]:
        as_it_is = copy.copy(statement)
        unlocked = re.sub(rf"{database.LOCKED}( OF people)?", "", statement.sql)
        as_it_is.sql = re.sub(r"people\.version = (\$\d+::\w+)", r"\1 is not null", unlocked)
        found = await rows(transaction, as_it_is, **values)
        if unlocked != statement.sql:
            await asyncio.sleep(0.01)  # it thinks for a moment, so that others come between on any machine
        return found

    monkeypatch.setattr(database.Transaction, "rows", naive)


def test_histories_of_a_naive_service(
    service: Service, township: Township, figures: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the same clients and the same check find what a service without its safeguard does wrong."""
    signed = {"authorization": township.office("leading_group_office").client.headers["authorization"]}
    port = service.server.servers[0].sockets[0].getsockname()[1]

    def bad() -> int:
        people = [person(f"/people/{township.person()}", signed) for _ in range(RECORDS)]
        asyncio.run(Batch([port], people, RECORDS * EACH).run())
        return sum(not record.is_right() for record in people)

    figures["records"] = RECORDS
    assert bad() == 0
    for naive in (without_version_check, without_lock):
        with monkeypatch.context() as patch:
            naive(patch)
            figures[f"bad {naive.__name__}"] = caught = bad()
        assert caught > 0, naive
