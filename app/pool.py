"""Which connection does a transaction use? One of a few that stay open, the last used first.

asyncpg's own pool makes two tasks and a proxy for each use, which was a quarter of the CPU of a read (D54).
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import asyncpg


class Pool:
    """At most `size` connections, opened when they are needed. Taking a free one awaits nothing."""

    def __init__(self, connect: Callable[[], Awaitable[asyncpg.Connection]], size: int, patience: float) -> None:
        self._connect, self.size, self._patience = connect, size, patience
        self._free = asyncio.Semaphore(size)
        self._idle: list[asyncpg.Connection] = []
        self._used: set[asyncpg.Connection] = set()

    @property
    def in_use(self) -> int:
        return len(self._used)

    @property
    def open(self) -> int:
        return len(self._used) + len(self._idle)

    async def take(self) -> asyncpg.Connection:
        """Raises TimeoutError where none is free in time."""
        if self._free.locked():
            async with asyncio.timeout(self._patience):
                await self._free.acquire()
        else:
            await self._free.acquire()
        try:
            connection = self._living() or await self._connect()
        except BaseException:
            self._free.release()
            raise
        self._used.add(connection)
        return connection

    def _living(self) -> asyncpg.Connection | None:
        """One that is open; those that the server ended meanwhile are forgotten."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return None

    def give_back(self, connection: asyncpg.Connection, *, whole: bool) -> None:
        """`whole` is false where its use was broken off: nobody knows what it still does, so it is hung up."""
        self._used.discard(connection)
        if not connection.is_closed():
            if whole and not connection.is_in_transaction():
                self._idle.append(connection)
            else:
                connection.terminate()
        self._free.release()

    async def close(self, seconds: float) -> None:
        """Waits for those in use, so many seconds at most, and lets nobody take one any more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                for _ in range(self.size):
                    await self._free.acquire()
        for connection in self._used:
            connection.terminate()
        await asyncio.gather(*(connection.close(timeout=1) for connection in self._idle), return_exceptions=True)
        self._idle.clear()
