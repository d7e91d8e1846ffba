"""Where are reads asked that may be a moment old? Of a hot standby while it keeps up, else of the primary.

Nothing is decided from a standby: commands, single records (whose ETag a change sends back), tasks, and whatever is
neither a list, nor a file of one, nor the feed go to the primary.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import literal_column, select

from app.database import PATIENCE, QUEUE, AnotherRole, Database, Prepared, Transaction, for_files

log = logging.getLogger("huayuan.standby")
LOOK = 1.0
"""Seconds between two looks at how far the standby is."""
BRIEF = 1.0
"""Seconds that a read of the standby may take before the primary is asked."""
FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, OSError)
"""How a standby fails: it is gone or slow, it lacks a migration, it broke the read off to go on replaying."""
WRITTEN = Prepared(select(literal_column("pg_current_wal_lsn() - '0/0'")))
REPLAYED = Prepared(select(literal_column("pg_last_wal_replay_lsn() - '0/0'")))


class Recent:
    """The reads of a `Database`, asked of its double on the standby as long as that is there."""

    def __init__(self, standby: "Standby", double: Database, primary: Database) -> None:
        self._standby, self._double, self.primary = standby, double, primary

    @property
    def seconds(self) -> float:
        return self.primary.seconds

    @property
    def is_cluster(self) -> bool:
        return self.primary.is_cluster

    async def row(self, statement: Prepared, /, **values: Any) -> Any:
        """As `Database.row`, in the time of one. Raises TimeoutError."""
        async with asyncio.timeout(QUEUE + PATIENCE):
            if self._standby.is_there:
                try:
                    return await self._double.row(statement, **values)
                except FAULTS:
                    self._standby.is_there = False
            return await self.primary.row(statement, **values)

    @asynccontextmanager
    async def transaction(self, *, readonly: bool) -> AsyncIterator[Transaction]:
        """As `Database.transaction`, of whichever lets it begin; what fails after that fails."""
        async with AsyncExitStack() as held:
            yield await self._begun(held, readonly=readonly)

    async def _begun(self, held: AsyncExitStack, *, readonly: bool) -> Transaction:
        if self._standby.is_there:
            try:
                return await held.enter_async_context(self._double.transaction(readonly=readonly))
            except FAULTS:
                self._standby.is_there = False
        return await held.enter_async_context(self.primary.transaction(readonly=readonly))


class Standby:
    """Does the standby answer, and has it replayed all that the primary had written `lag` seconds ago?

    `recent` and `files` are read in the place of the two databases.
    """

    def __init__(self, url: str, lag: float, size: int, database: Database, files: Database) -> None:
        self.is_there = False
        self._lag, self._primary, self._watching = lag, database, asyncio.create_task(self._watch())
        self._double = Database(url, size, seconds=BRIEF)
        self._files = for_files(url)
        self.recent = Recent(self, self._double, database)
        self.files = Recent(self, self._files, files)

    async def close(self) -> None:
        self._watching.cancel()
        await asyncio.gather(self._watching, return_exceptions=True)
        for double in (self._double, self._files):
            if double.is_open:
                await double.close()

    async def _watch(self) -> None:
        """Which place in the log must be reached next, and since when."""
        mark, since = 0, 0.0
        while True:
            try:
                for double in (self._double, self._files):
                    if not double.is_open:
                        await double.open()
                (written,) = await self._primary.row(WRITTEN)
                (replayed,) = await self._double.row(REPLAYED)
                if replayed is not None and replayed >= mark:
                    mark, since = written, time.monotonic()
                self.is_there = replayed is not None and time.monotonic() - since <= self._lag
            except FAULTS:
                self.is_there = False
            except AnotherRole:
                log.exception("the standby is not read")
            await asyncio.sleep(LOOK)
