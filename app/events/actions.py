"""What can be done with what happens? Read it on from a cursor, and wait for more."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from contextvars import Context
from dataclasses import dataclass

from app.actor import ORGANS, TOWNSHIP_WIDE, NotYourOffice
from app.events import tables
from app.reading import BadCursor, Reading, Reads, enter_as_nobody, read_cursor, write_cursor

LOOK = 0.5
"""Seconds after which it is asked anew how far a county's logs are, for all who wait together."""
ROOM = 500
"""How many may wait at one worker; whoever comes then is answered at once."""
SHAPE = re.compile(r"(\d{6})((?:,\d{3}:(?:0|[1-9]\d{0,15}))*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Position:
    """Where somebody stands in the logs of a county's townships: by code, the number of the entry to come next."""

    county: str
    next: Mapping[str, int]

    @classmethod
    def of(cls, cursor: str | None, county: str) -> "Position":
        """Raises BadCursor where it is none, or one of another county."""
        if cursor is None:
            return cls(county, {})
        told = SHAPE.fullmatch(read_cursor(cursor, str))
        if told is None or told[1] != county:
            raise BadCursor("query:cursor")
        parts = [part.split(":") for part in told[2].split(",")[1:]]
        return cls(county, {county + code: int(seq) for code, seq in parts})

    @property
    def cursor(self) -> str:
        parts = [f"{code[6:]}:{seq}" for code, seq in sorted(self.next.items())]
        return write_cursor(",".join([self.county, *parts]))

    def is_behind(self, sizes: Mapping[str, int]) -> bool:
        return any(self.next.get(log, 0) < size for log, size in sizes.items())


@dataclass(frozen=True, slots=True)
class Found:
    """Entries as JSON, where to read on, and whether there is more; `log` is whose they are (a county's for all)."""

    items: list[str]
    position: Position
    more: bool
    log: str

    @property
    def json(self) -> str:
        more = "true" if self.more else "false"
        return f'{{"items":[{",".join(self.items)}],"next_cursor":"{self.position.cursor}","more":{more}}}'


async def look(read: Reading, cursor: str | None, events: list[str], many: int) -> Found:
    """What there is after the cursor, for offices of the whole township and for the county; two round trips.

    Raises NotYourOffice, BadCursor.
    """
    async with read.open(recent=True) as (transaction, entered):
        actor = entered.actor
        if not actor.reads_township:
            raise NotYourOffice(offices=sorted(TOWNSHIP_WIDE))
        position = Position.of(cursor, actor.county_code)
        rows = await transaction.rows(
            tables.FEED_OF_CHOSEN if events else tables.FEED, at_county=actor.county_code, at_log=actor.township_code,
            logs=[*position.next], positions=[*position.next.values()], events=events, many=many,
            confidential=actor.holds(*ORGANS),
        )  # fmt: skip
    entries = [row for row in rows if row["at"] is not None]
    after, behind = dict(position.next), False
    for log in dict.fromkeys(row["of"] for row in rows):
        its = [row for row in rows if row["of"] == log]
        last, given = its[-1], sum(row["at"] is not None for row in its)
        seen_all = given == last["found"] < many
        after[log] = max(after.get(log, 0), last["reach"]) if seen_all else last["at"] + 1
        behind = behind or after[log] < last["size"]
    more = behind or (bool(rows) and rows[0]["found_in_all"] > len(entries))
    return Found([row["body"] for row in entries], Position(position.county, after), more, actor.township_code)


class Watch:
    """Who waits holds neither a connection nor a place: a county's heads are asked for once, for all who wait."""

    def __init__(self, database: Reads) -> None:
        self._database, self._waiting = database, 0
        self._asked: dict[str, tuple[float, asyncio.Task[dict[str, int]]]] = {}

    async def news(self, found: Found, seconds: float, given_up: Callable[[], Awaitable[bool]]) -> bool:
        """Is something there beyond what was found, before the time is over or the waiting `given_up`?"""
        if self._waiting >= ROOM:
            return False
        until = time.monotonic() + seconds
        self._waiting += 1
        try:
            while (left := until - time.monotonic()) > 0 and not await given_up():
                await asyncio.sleep(min(LOOK, left))
                sizes = await self._sizes(found.position.county)
                if found.position.is_behind({log: n for log, n in sizes.items() if log.startswith(found.log)}):
                    return True
            return False
        finally:
            self._waiting -= 1

    async def _sizes(self, county: str) -> dict[str, int]:
        asked, asking = self._asked.get(county, (0.0, None))
        if asking is None or time.monotonic() - asked >= LOOK:
            asking = asyncio.create_task(self._ask(county), context=Context())  # for all, so of no one's request
            self._asked[county] = time.monotonic(), asking
        return await asyncio.shield(asking)

    async def _ask(self, county: str) -> dict[str, int]:
        async with self._database.transaction(readonly=True) as transaction:
            await enter_as_nobody(transaction, county)
            rows = await transaction.rows(tables.HEADS, at_county=county, at_log=county)
        return {row["log"]: row["size"] for row in rows}
