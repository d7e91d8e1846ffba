"""Who is let in when more is asked than can be done? So many at a time, a short queue, and a pace for each account.

What a queue cannot hold is turned away at once and cheaply: a service that takes everything in answers nobody.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access import Tokens
from app.problems import refused
from app.rate import Rate
from app.refusal import Refusal, TooManyRequests, Unauthenticated, Unavailable

QUEUE = 80
"""How many whole requests may wait for a place."""
PATIENCE = 0.5
"""Seconds for which they do."""
BURST = 10
"""Of how many seconds the requests may come at once."""


class Overloaded(Unavailable):
    """More is asked of the service than it can do at once; try again shortly.

    请求过多,系统繁忙,请稍后重试。
    """


class Places:
    """So many requests may be in work; a few more wait briefly. Taking a free place awaits nothing."""

    def __init__(self, many: int) -> None:
        self._many, self._free = many, asyncio.Semaphore(many)
        self._waiting, self._turned_away = 0, 0

    def gauges(self) -> dict[str, int]:
        """How many requests are in work and how many wait, and how many were turned away since the start."""
        in_work = self._many - self._free._value  # noqa: SLF001  the semaphore counts already
        return {
            "requests_in_work": in_work,
            "requests_waiting": self._waiting,
            "requests_turned_away": self._turned_away,
        }

    async def take(self) -> None:
        """Raises Overloaded."""
        if self._free.locked():
            await self._wait()
        else:
            await self._free.acquire()

    async def _wait(self) -> None:
        if self._waiting >= QUEUE:
            self._turned_away += 1
            raise Overloaded
        self._waiting += 1
        try:
            async with asyncio.timeout(PATIENCE):
                await self._free.acquire()
        except TimeoutError as error:
            self._turned_away += 1
            raise Overloaded from error
        finally:
            self._waiting -= 1

    def leave(self) -> None:
        self._free.release()


class Place:
    """One request's place: left when its answer begins, or for as long as it only waits for something to happen."""

    def __init__(self, places: Places) -> None:
        self._places, self._held = places, False

    async def take(self) -> None:
        """Raises Overloaded."""
        await self._places.take()
        self._held = True

    def leave(self) -> None:
        if self._held:
            self._held = False
            self._places.leave()

    @asynccontextmanager
    async def given_up(self) -> AsyncIterator[None]:
        """Others may have it meanwhile. Raises Overloaded at the end."""
        self.leave()
        yield
        await self.take()


class Admission:
    """Pure ASGI, inside the guard: a request comes here when its body has arrived, so that a slow one takes no place.

    Its place is free again when its answer begins, so that a slow reader holds none. Health, metrics and the
    documentation are always answered.
    """

    def __init__(self, app: ASGIApp, tokens: Callable[[], Tokens], places: Places, per_second: float) -> None:
        self._app, self._tokens, self._places = app, tokens, places
        self._rate = Rate(per_second, int(per_second * BURST))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        place = Place(self._places)
        try:
            self._check_rate(scope)
            await place.take()
        except Refusal as refusal:
            await refused(scope, refusal)(scope, receive, send)
            return
        scope.setdefault("state", {})["place"] = place

        async def answer(message: Message) -> None:
            place.leave()
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            place.leave()

    def _check_rate(self, scope: Scope) -> None:
        """Raises TooManyRequests. Every token of an account counts for it; who is not signed in has no pace here."""
        try:
            bearer = self._tokens().bearer(Request(scope).headers.get("authorization"), about_himself=True)
        except Unauthenticated:
            return
        if seconds := self._rate.take(bearer.account_id, time.monotonic()):
            raise TooManyRequests(math.ceil(seconds))
