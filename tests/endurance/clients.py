"""How do many clients ask at once, and again until they are answered? Raw HTTP/1.1 over connections that are kept."""

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.serving import PROMPT

TOLD = ("etag", "location", "ledger-entry")


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, and by whom; sent again it is the same bytes."""

    method: str
    path: str
    signed: dict[str, str]
    body: Any = None
    key: str | None = None
    if_match: int | None = None

    def wire(self) -> bytes:
        body = b"" if self.body is None else json.dumps(self.body).encode()
        head = {**self.signed, "host": "127.0.0.1", "content-length": str(len(body))}
        if body:
            head["content-type"] = "application/json"
        if self.key is not None:
            head["idempotency-key"] = self.key
        if self.if_match is not None:
            head["if-match"] = f'"{self.if_match}"'
        lines = [f"{self.method} /v1{self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
        return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, with headers in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> tuple[Any, ...]:
        """All that the answer to a retry must say again, byte for byte."""
        return (self.status, self.body, *(self.headers.get(name) for name in TOLD))

    @property
    def replayed(self) -> bool:
        return self.headers.get("idempotent-replayed") == "true"

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def is_in_flight(self) -> bool:
        return self.status == 409 and self.json["code"] == "still-in-flight"


def parsed(raw: bytes) -> Reply | None:
    """The answer, or None while some of it is still to come."""
    head, end, body = raw.partition(b"\r\n\r\n")
    if not end:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if len(body) < int(headers.get("content-length", 0)):
        return None
    return Reply(int(first.split()[1]), headers, body)


class NoAnswer(Exception):
    """The connection ended before the answer was there: whether it was done, nobody here knows."""


class Connection:
    """One kept connection to a worker; after it broke, the next question opens another."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: Request) -> Reply:
        """Raises NoAnswer."""
        reply = None
        try:
            async with asyncio.timeout(PROMPT):
                reply = await self._exchange(request.wire())
        except (OSError, EOFError, TimeoutError) as error:
            raise NoAnswer from error
        finally:
            if reply is None or reply.headers.get("connection") == "close":
                self.close()
        return reply

    async def _exchange(self, wire: bytes) -> Reply:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(wire)
        raw = b""
        while (reply := parsed(raw)) is None:
            if not (more := await reader.read(65536)):
                raise EOFError
            raw += more
        return reply

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


@contextmanager
def connected(ports: Sequence[int]) -> Iterator[list[Connection]]:
    """One connection to each worker, as long as it is needed."""
    connections = [Connection(port) for port in ports]
    try:
        yield connections
    finally:
        for connection in connections:
            connection.close()


async def insistently(workers: Sequence[Connection], request: Request, met: Counter[str]) -> Reply:
    """Ask, and ask the next worker again as `Retry-After` says, until an answer settles it; notes what it met."""
    for worker in itertools.cycle(workers):
        try:
            reply = await worker.ask(request)
        except NoAnswer:
            met["no answer"] += 1
            await asyncio.sleep(0.2)
            continue
        if reply.status != 503 and not reply.is_in_flight:
            return reply
        met["503" if reply.status == 503 else "409 in flight"] += 1
        met["without Retry-After"] += "retry-after" not in reply.headers
        await asyncio.sleep(float(reply.headers.get("retry-after", 1)))
    raise AssertionError("no workers")
