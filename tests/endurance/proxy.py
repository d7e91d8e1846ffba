"""What does a bad network do? A TCP proxy on 127.0.0.1 with the toxics of Toxiproxy, changed while it runs.

It stands between client and API, or between API and PostgreSQL, whose unix socket it then speaks to.
"""

import asyncio
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of no time: closing sends RST."""
PIECE = 4096


@dataclass(frozen=True)
class Toxic:
    """What befalls each connection, both ways; times in seconds, sizes in bytes. As it is made, nothing does."""

    latency: float = 0.0
    """Before each piece is handed on."""
    down: bool = False
    """New connections are closed at once, old ones are ended."""
    bandwidth: float = 0.0
    """Bytes a second; 0 is no limit."""
    slow_close: float = 0.0
    """Before the end of one side is told to the other."""
    timeout: float | None = None
    """Nothing is handed on any more, and after so long the connection is closed."""
    reset_peer: float | None = None
    """After so long the connection is reset."""
    slicer: int = 0
    """Pieces of so many bytes, a millisecond between them."""
    limit_data: int = 0
    """After so many bytes the connection is closed."""


CLEAN = Toxic()


class Proxy:
    """Listens on `port` and hands on to `upstream`, a port or the path of a unix socket; `toxic` may change."""

    def __init__(self, upstream: int | str) -> None:
        self._upstream = upstream
        self._toxic = CLEAN
        self._pairs: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            self.port: int = listener.getsockname()[1]
            listening = asyncio.start_server(self._pair, sock=listener.dup(), limit=PIECE)
            self._server = self._loop.run_until_complete(listening)
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    @property
    def toxic(self) -> Toxic:
        return self._toxic

    @toxic.setter
    def toxic(self, toxic: Toxic) -> None:
        """Holds for all connections from now on. What breaks connections breaks those there are, too."""
        self._toxic = toxic
        if toxic.down:
            self._loop.call_soon_threadsafe(self.sever)

    def sever(self) -> None:
        for pair in self._pairs:
            pair.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        async def end() -> None:
            self._server.close()
            self.sever()
            await asyncio.gather(*self._pairs, return_exceptions=True)
            self._loop.stop()

        asyncio.run_coroutine_threadsafe(end(), self._loop)
        self._thread.join(10)

    async def _pair(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection and the one it leads to, until either breaks."""
        task = asyncio.current_task()
        assert task is not None
        self._pairs.add(task)
        theirs: asyncio.StreamWriter | None = None
        try:
            if self._toxic.down:
                return
            if isinstance(self._upstream, str):
                answers, theirs = await asyncio.open_unix_connection(self._upstream, limit=PIECE)
            else:
                answers, theirs = await asyncio.open_connection("127.0.0.1", self._upstream, limit=PIECE)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._breaks((writer, theirs)))
                one = both.create_task(self._hand_on(reader, theirs))
                other = both.create_task(self._hand_on(answers, writer))
                await asyncio.wait((one, other))
                raise _Ended
        except (OSError, ExceptionGroup, asyncio.CancelledError):
            pass
        finally:
            self._pairs.discard(task)
            for side in (writer, theirs):
                if side is not None:
                    side.close()

    async def _breaks(self, sides: tuple[asyncio.StreamWriter, asyncio.StreamWriter]) -> None:
        """Watch for the toxics that break a connection, and do it."""
        while True:
            toxic = self._toxic
            if (after := toxic.reset_peer if toxic.reset_peer is not None else toxic.timeout) is not None:
                await asyncio.sleep(after)
                if toxic.reset_peer is not None:
                    for side in sides:
                        with suppress(OSError):  # a unix socket knows no reset
                            side.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                        side.transport.abort()
                raise _Ended
            await asyncio.sleep(0.05)

    async def _hand_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen = 0
        while data := await reader.read(PIECE):
            toxic = self._toxic
            while toxic.timeout is not None:  # for as long as it lasts, nothing passes
                await asyncio.sleep(0.05)
                toxic = self._toxic
            seen += len(data)
            await _send(writer, data, toxic)
            if toxic.limit_data and seen > toxic.limit_data:
                raise _Ended
        await asyncio.sleep(self._toxic.slow_close)
        if writer.can_write_eof():
            with suppress(OSError):
                writer.write_eof()


class _Ended(Exception):
    """The connection is over; it takes its other half along."""


async def _send(writer: asyncio.StreamWriter, data: bytes, toxic: Toxic) -> None:
    await asyncio.sleep(toxic.latency)
    size = toxic.slicer or (max(1, int(toxic.bandwidth / 10)) if toxic.bandwidth else len(data))
    for start in range(0, len(data), size):
        piece = data[start : start + size]
        writer.write(piece)
        await writer.drain()
        if toxic.bandwidth:
            await asyncio.sleep(len(piece) / toxic.bandwidth)
        elif toxic.slicer:
            await asyncio.sleep(0.001)
