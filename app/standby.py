"""Where are reads asked that may be a moment old? Of a hot standby while it keeps up, else of the primary.

Nothing is decided from a standby: commands, single records (whose ETag a change sends back), tasks, and whatever is
neither a list, nor a file of one, nor the feed go to the primary.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import asyncpg
from sqlalchemy import literal_column, select

from app.database import PATIENCE, QUEUE, Database, Prepared, Transaction

LOOK = 1.0
"""Seconds between two looks at how far the standby is."""
BRIEF = 1.0
"""Seconds that a read of the standby may take before the primary is asked."""
FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, OSError)
"""How a standby fails: it is gone or slow, it lacks a migration, it broke the read off to go on replaying."""
WRITTEN = Prepared(select(literal_column("pg_current_wal_lsn() - '0/0'")))
REPLAYED = Prepared(select(literal_column("pg_last_wal_replay_lsn() - '0/0'")))


class Standby:
    """Does the standby answer, and is it at most `lag` seconds behind?"""

    def __init__(self, primary: Database, standby: Database, lag: float) -> None:
        self.is_there = False
        self._primary, self._standby, self._lag = primary, standby, lag
        self._watching: asyncio.Task[None] | None = None

    async def open(self) -> None:
        await self._standby.open()
        self._watching = asyncio.create_task(self._watch())

    async def close(self) -> None:
        assert self._watching is not None
        self._watching.cancel()
        await asyncio.gather(self._watching, return_exceptions=True)
        await self._standby.close()

    def gauges(self) -> dict[str, int]:
        """Are reads asked of it now? And its connections."""
        return {"standby_is_read": int(self.is_there)} | self._standby.gauges("standby")

    async def _watch(self) -> None:
        """What the primary had written at one look must have been replayed `lag` seconds later."""
        mark, marked = None, 0.0
        while True:
            self.is_there, mark, marked = await self._look(mark, marked)
            await asyncio.sleep(LOOK)
