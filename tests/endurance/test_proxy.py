"""Does each toxic do what it is named after? Otherwise the campaigns would show nothing."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.endurance.proxy import CLEAN, Proxy, Toxic

WORD = b"x" * 2000


@pytest.fixture(scope="module")
def proxy() -> Iterator[Proxy]:
    """Before a server that sends back what it gets, and ends when the other side does."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            writer.write(data)
        writer.close()

    with Proxy(0) as server:  # only for a port that is free, and a loop in a thread
        listening = asyncio.run_coroutine_threadsafe(asyncio.start_server(echo, "127.0.0.1", 0), server._loop).result(5)
        with Proxy(listening.sockets[0].getsockname()[1]) as made:
            yield made
        server._loop.call_soon_threadsafe(listening.close)


async def said(port: int, *, ends: bool) -> tuple[bytes, str, float]:
    """What comes back of a word within two seconds; how it ended (`open`, `closed`, `reset`); after how long."""
    began, got, end = time.monotonic(), b"", "open"
    writer = None
    with suppress(TimeoutError):
        async with asyncio.timeout(2):
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(WORD)
                if ends:
                    writer.write_eof()
                while len(got) < len(WORD) or ends:
                    if not (part := await reader.read(4096)):
                        end = "closed"
                        break
                    got += part
            except ConnectionResetError:
                end = "reset"
    if writer is not None:
        writer.transport.abort()
    return got, end, time.monotonic() - began


@pytest.mark.parametrize(
    ("toxic", "whole", "end", "at_least"),
    [
        (CLEAN, True, "open", 0),
        (Toxic(latency=0.2), True, "open", 0.4),
        (Toxic(down=True), False, "cut", 0),
        (Toxic(bandwidth=5000), True, "open", 0.25),
        (Toxic(timeout=0.3), False, "cut", 0.3),
        (Toxic(reset_peer=0.0, latency=0.1), False, "reset", 0),
        (Toxic(slicer=50), True, "open", 0.04),
        (Toxic(limit_data=500), False, "cut", 0),
    ],
)
def test_a_toxic_does_what_it_is_named_after(proxy, toxic, whole, end, at_least):
    proxy.toxic = toxic
    got, ended, seconds = asyncio.run(said(proxy.port, ends=False))
    proxy.toxic = CLEAN
    assert (got == WORD) is whole
    assert ended in ({"closed", "reset"} if end == "cut" else {end})
    assert seconds >= at_least


def test_the_end_of_one_side_is_told_late(proxy):
    proxy.toxic = Toxic(slow_close=0.3)
    assert asyncio.run(said(proxy.port, ends=True))[2] >= 0.6
    proxy.toxic = CLEAN
    got, ended, seconds = asyncio.run(said(proxy.port, ends=True))
    assert (got, ended) == (WORD, "closed")
    assert seconds < 0.6, "control"
