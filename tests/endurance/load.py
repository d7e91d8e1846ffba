"""Who asks, and what is wrong with an answer? Cheap callers on raw sockets, held to the published document.

A caller costs a tenth of what httpx would: the cores are shared with the service that is to be measured.
"""

import asyncio
import gc
import json
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from app.contract import operations
from tests.endurance.clients import Request
from tests.endurance.report import LONG, ROOT
from tests.serving import PROMPT

WITHIN = 5.0 if LONG else PROMPT
"""Seconds within which every answer is there; on a machine busy with other tests a little more."""
AT_ONCE = 800
"""Connections of a crowd at the most; a worker keeps 1,000."""
RESTS = 3.0
"""Seconds for which a connection rests before it is let go: the service ends one after five, whatever comes then."""
GIVEN_UP = 30.0
"""Seconds after which a caller no longer waits."""
DOCUMENTED = {
    (method.upper(), path): {int(status) for status in operation["responses"]}
    for path, method, operation in operations(json.loads((ROOT / "openapi" / "openapi.json").read_text("utf-8")))
}


@dataclass(frozen=True, slots=True)
class Ask:
    """A request as it goes over the wire, and the operation that it is of."""

    method: str
    template: str
    wire: bytes


def person(signed: dict[str, str], id: str) -> Ask:
    return Ask("GET", "/v1/people/{id}", Request("GET", f"/people/{id}", signed).wire())


def unit(signed: dict[str, str], name: str) -> Ask:
    """A new unit of that name, which is also the retry key."""
    return Ask("POST", "/v1/units", Request("POST", "/units", signed, {"name": name, "level": "x"}, key=name).wire())


@dataclass(frozen=True, slots=True)
class Answer:
    """What came: status 0 where the connection ended first, -1 where nobody answered until the caller gave up."""

    method: str
    template: str
    status: int
    seconds: float
    """From the moment its request was sent."""
    at: float
    says_when: bool = False
    """By Retry-After."""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def wrong(self) -> str | None:
        """What is wrong with it, whatever happens to the service."""
        if self.seconds > WITHIN:
            return f"{self.status} after {self.seconds:.1f} s"
        if self.status > 0 and self.status not in DOCUMENTED[self.method, self.template]:
            return f"{self.status} is not documented"
        if self.status in {429, 503} and not self.says_when:
            return f"{self.status} without Retry-After"
        return None


class _Line(asyncio.Protocol):
    """A connection that carries one request at a time."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.answer: asyncio.Future[tuple[int, bool]] | None = None
        self.rests_since = 0.0
        self._got = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._got += data
        end = self._got.find(b"\r\n\r\n")
        if end < 0 or self.answer is None:
            return
        head = bytes(self._got[:end]).lower()
        _, _, length = head.partition(b"\r\ncontent-length: ")
        whole = end + 4 + int(length.partition(b"\r\n")[0] or 0)
        if len(self._got) >= whole:
            self._got.clear()
            if b"\r\nconnection: close" in head:
                self.transport.close()
            if not self.answer.done():
                self.answer.set_result((int(head[9:12]), b"\r\nretry-after: " in head))

    def connection_lost(self, exc: Exception | None) -> None:
        if self.answer is not None and not self.answer.done():
            self.answer.set_exception(ConnectionResetError())


@dataclass
class Callers:
    """Callers of one port: each request takes a resting connection, or opens one."""

    port: int
    answers: list[Answer] = field(default_factory=list)
    _resting: list[_Line] = field(default_factory=list)

    async def send(self, asked: Ask) -> Answer:
        began = time.monotonic()
        status, says_when = -1, False
        line: _Line | None = None
        try:
            async with asyncio.timeout(GIVEN_UP):
                line = await self._line()
                line.answer = asyncio.get_running_loop().create_future()
                began = time.monotonic()
                line.transport.write(asked.wire)
                status, says_when = await line.answer
            if not line.transport.is_closing():
                line.rests_since = time.monotonic()
                self._resting.append(line)
        except TimeoutError:
            if line is not None:
                line.transport.abort()
        except OSError:
            status = 0
        now = time.monotonic()
        answer = Answer(asked.method, asked.template, status, now - began, now, says_when)
        self.answers.append(answer)
        return answer

    async def _line(self) -> _Line:
        while self._resting:
            line = self._resting.pop()
            if not line.transport.is_closing() and time.monotonic() - line.rests_since < RESTS:
                return line
            line.transport.abort()
        _, line = await asyncio.get_running_loop().create_connection(_Line, "127.0.0.1", self.port)
        return line

    async def in_turn(self, asks: Callable[[], Ask], callers: int, until: Callable[[], bool], rest: float = 0) -> None:
        """A closed loop: so many callers, each with one request at a time and a rest after its answer."""

        async def one() -> None:
            while not until():
                if not (await self.send(asks())).ok:
                    await asyncio.sleep(0.05)
                await asyncio.sleep(rest)

        await asyncio.gather(*[one() for _ in range(callers)])

    async def at_a_rate(self, asks: Callable[[], Ask], per_second: float, seconds: float) -> int:
        """An open loop: requests are due at their times, whatever became of those before.

        At most `AT_ONCE` are under way; how many could not be sent for that.
        """
        began, due, held_back = time.monotonic(), 0, 0
        under_way: set[asyncio.Task[Answer]] = set()
        while (elapsed := time.monotonic() - began) < seconds:
            while due < elapsed * per_second:
                if len(under_way) < AT_ONCE:
                    task = asyncio.create_task(self.send(asks()))
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
                else:
                    held_back += 1
                due += 1
            await asyncio.sleep(0.002)
        await asyncio.gather(*under_way)
        return held_back

    async def surely(self, asked: Ask, ports: Sequence[int] = ()) -> int:
        """Send it until it is done, as a client should: again after a 503 or a lost connection, at the next port."""
        for tries in range(200):
            if ports:
                self.port = ports[tries % len(ports)]
            answer = await self.send(asked)
            if answer.status not in {0, 503}:
                assert answer.ok, answer
                return tries
            await asyncio.sleep(0.1)
        raise AssertionError("it was never done")

    def forget_connections(self) -> None:
        """Let go of those that rest."""
        while self._resting:
            self._resting.pop().transport.abort()


def mix(signed: dict[str, str], people: Sequence[str]) -> Callable[[], Ask]:
    """A township's day: seven reads of a person and three new units, by chance; a new unit under a retry key."""
    reads = [person(signed, each) for each in people]
    return lambda: random.choice(reads) if random.random() < 0.7 else unit(signed, uuid4().hex)


def wrong(answers: Iterable[Answer]) -> dict[str, int]:
    """Everything that no fault excuses, and how often it was."""
    return dict(Counter(found for answer in answers if (found := answer.wrong)))


def by_status(counts: Mapping[int, int]) -> dict[str, int]:
    """`lost` are those whose connection ended first."""
    names = {0: "lost", -1: "unanswered"}
    return {str(names.get(status, status)): counts[status] for status in sorted(counts)}


def told(answers: Sequence[Answer]) -> dict[str, Any]:
    """Figures of some answers."""
    return {
        "answers": by_status(Counter(answer.status for answer in answers)),
        "slowest_s": round(max((a.seconds for a in answers), default=0), 2),
    }


def percentile(values: Iterable[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0


def run(work: Awaitable[Any]) -> Any:
    """Without pauses of our own: what the callers keep would be looked through for garbage again and again."""

    async def main() -> Any:
        return await work

    gc.disable()
    try:
        return asyncio.run(main())
    finally:
        gc.enable()
