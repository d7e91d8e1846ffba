"""How is load made without using up the machine? HTTP/1.1 on plain asyncio streams: prepared bytes out, a status in.

A load generator that costs as much as the service measures itself. This one takes some 60 µs a request.
"""

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any


def request(method: str, path: str, headers: dict[str, str], body: Any = None) -> bytes:
    """A request as it goes over the wire."""
    content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    head = {"Host": "bench", **headers} | (
        {"Content-Type": "application/json", "Content-Length": str(len(content))} if method != "GET" else {}
    )
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + content


class Endless:
    """Requests of each kind without end; a kind is made by the method that its first word names."""

    def of(self, kind: str) -> Iterator[bytes]:
        return (getattr(self, "_" + kind.split(maxsplit=1)[0])() for _ in itertools.count())


class Connection(asyncio.Protocol):
    """One kept-alive connection; `ask` sends and waits for the whole answer."""

    def __init__(self) -> None:
        self._buffer, self._waiting = bytearray(), None
        self._needs = -1

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionResetError())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._needs < 0 and (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._buffer[:end]).lower()
            at = head.find(b"content-length:")
            if at < 0:
                self._waiting.set_exception(ValueError("no Content-Length"))
                return
            self._needs = end + 4 + int(head[at + 15 :].split(b"\r\n", 1)[0])
        if 0 <= self._needs <= len(self._buffer):
            answer = bytes(self._buffer[: self._needs])
            del self._buffer[: self._needs]
            self._needs = -1
            self._waiting.set_result(answer)

    async def ask(self, what: bytes) -> bytes:
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(what)
        return await self._waiting

    def close(self) -> None:
        self._transport.close()


@dataclass
class Took:
    """What was measured: seconds of each answer, how many by status, seconds in all."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    lasted: float = 0


async def closed(port: int, requests: Iterator[bytes], connections: int, lasting: float) -> Took:
    """So many callers, each asking again as soon as it was answered, for so many seconds."""
    loop, took = asyncio.get_running_loop(), Took()
    lines = [(await loop.create_connection(Connection, "127.0.0.1", port))[1] for _ in range(connections)]
    began = time.perf_counter()
    until = began + lasting

    async def one(line: Connection) -> None:
        while (start := time.perf_counter()) < until:
            answer = await line.ask(next(requests))
            took.seconds.append(time.perf_counter() - start)
            status = int(answer[9:12])
            took.statuses[status] = took.statuses.get(status, 0) + 1

    await asyncio.gather(*map(one, lines))
    took.lasted = time.perf_counter() - began
    for line in lines:
        line.close()
    return took


async def once(port: int, what: bytes) -> tuple[int, bytes]:
    """Status and body of one request."""
    line = (await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port))[1]
    answer = await line.ask(what)
    line.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head[9:12]), body


Make = Callable[[], Iterator[bytes]]
