"""How does an office of the story speak with the service? Signed in as itself, with the client that all can have."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Concatenate, ParamSpec, TypeVar

import httpx
from huayuan_client import AsyncHuayuan, Call, Listing, Problem, Seen, api

T = TypeVar("T")
R = TypeVar("R", bound=Seen)
P = ParamSpec("P")
AT_ONCE = 12
"""Requests under way at the same time."""
TRIES = 10
"""How often a request is sent before the story breaks off: a busy machine needs patience."""


class StoryBroke(RuntimeError):
    """The service answered otherwise than the story says."""


class Line:
    """The connection that all desks share, and what went over it."""

    def __init__(self, address: str) -> None:
        self.address, self.requests = address, 0
        self.refusals: Counter[tuple[str, str]] = Counter()
        """How often the service refused what the law forbids, by the refusal's code and title."""
        limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
        patience = httpx.Timeout(60, pool=None)
        self.http = httpx.AsyncClient(limits=limits, timeout=patience, event_hooks={"request": [self._count]})

    async def _count(self, request: httpx.Request) -> None:
        self.requests += 1


class Desk:
    """Somebody with an account; signs in at the first request and again when the token has run out."""

    def __init__(self, line: Line, login: str, password: str) -> None:
        self.line, self.login, self._password = line, login, password
        self._client = self._with(password)

    def _with(self, password: str) -> AsyncHuayuan:
        line = self.line
        return AsyncHuayuan(line.address, username=self.login, password=password, tries=TRIES, http=line.http)

    async def choose_password(self, given: str) -> None:
        """Set the password of one's own in place of the one that the administrator gave."""
        await self._with(given)(api.me_password({"current": given, "password": self._password}))

    async def ask(self, call: Call[T]) -> T:
        """One call as this account, which must succeed."""
        try:
            return await self._client(call)
        except Problem as problem:
            raise StoryBroke(f"{self.login} {problem}; asked: {str(call.body)[:800]}") from problem

    async def all(self, listing: Listing[T]) -> list[T]:
        """Every record of a list, page after page."""
        longest = replace(listing, query={**listing.query, "limit": 200})
        try:
            return [item async for item in self._client.all(longest)]
        except Problem as problem:
            raise StoryBroke(f"{self.login} {problem}") from problem

    async def act(
        self, record: R, action: Callable[Concatenate[Seen, P], Call[R]], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """An action on the record as last seen; the same record afterwards."""
        record.update(await self.ask(action(record, *args, **kwargs)))
        return record

    async def refused(self, call: Call[T], code: str) -> None:
        """An attempt that the law forbids: it must be refused with this code, and it is counted."""
        found = "done"
        try:
            await self._client(call)
        except Problem as problem:
            found, title = problem.code, problem.title
        if found != code:
            raise StoryBroke(f"{self.login} {call.method} {call.path}: {found} instead of {code}")
        self.line.refusals[code, title] += 1


async def everyone(doings: Iterable[Awaitable[T]]) -> list[T]:
    """All of them at the same time, as far as the line lets them; the first failure ends the story."""
    return list(await asyncio.gather(*doings))
