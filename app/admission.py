"""Who is let in when more is asked than can be done? So many at a time, a short queue, and a pace for each caller.

What a queue cannot hold is turned away at once and cheaply: a service that takes everything in answers nobody. Whoever
has not signed in has a share of the places only, so that nobody without a token keeps out those who have one.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access import Bearer, Tokens
from app.problems import turned_away
from app.rate import Rate
from app.refusal import Refusal, TooManyRequests, Unauthenticated, Unavailable

WAITING = 2
"""How many whole requests may wait for each place."""
PATIENCE = 0.5
"""Seconds for which they do."""
BURST = 10
"""Of how many seconds the requests may come at once."""
SHARE = 4
"""One in so many places is for those who sign in, and one for whoever reads what is public."""


class Overloaded(Unavailable):
    """More is asked of the service than it can do at once; try again shortly.

    请求过多,系统繁忙,请稍后重试。
    """


class Places:
    """So many requests may be in work; a few more wait briefly. Taking a free place awaits nothing."""

    def __init__(self, many: int, of: "Places | None" = None) -> None:
        self._many, self._free, self._of = many, asyncio.Semaphore(many), of
        self.waiting, self.turned_away = 0, 0
        self._shares: list[Places] = []

    def share(self) -> "Places":
        """Some of these places: whoever takes one of them takes one of all."""
        self._shares.append(Places(max(1, self._many // SHARE), of=self))
        return self._shares[-1]

    def gauges(self) -> dict[str, int]:
        """How many requests are in work and how many wait, and how many were turned away since the start."""
        in_work = self._many - self._free._value  # noqa: SLF001  the semaphore counts already
        counted = (self, *self._shares)
        return {
            "requests_in_work": in_work,
            "requests_waiting": sum(one.waiting for one in counted),
            "requests_turned_away": sum(one.turned_away for one in counted),
        }

    @property
    def full(self) -> bool:
        """Is there neither a place nor room to wait for one?"""
        return self.waiting >= WAITING * self._many or (self._of is not None and self._of.full)

    def turn_away(self) -> Overloaded:
        self.turned_away += 1
        return Overloaded()

    async def take(self) -> None:
        """Raises Overloaded."""
        if self._free.locked():
            await self._wait()
        else:
            await self._free.acquire()
        if self._of is not None:
            try:
                await self._of.take()
            except BaseException:
                self._free.release()
                raise

    async def _wait(self) -> None:
        if self.full:
            raise self.turn_away()
        self.waiting += 1
        try:
            async with asyncio.timeout(PATIENCE):
                await self._free.acquire()
        except TimeoutError as error:
            raise self.turn_away() from error
        finally:
            self.waiting -= 1

    def leave(self) -> None:
        self._free.release()
        if self._of is not None:
            self._of.leave()


class Gate:
    """Pure ASGI, outside the guard: who comes too often, and whom there is no room for, goes before anything is read.

    Health, metrics and the documentation are always answered.
    """

    def __init__(self, app: ASGIApp, tokens: Callable[[], Tokens], places: Places, per_second: float) -> None:
        self._app, self._tokens, self._places = app, tokens, places
        self._signing_in, self._in_public = places.share(), places.share()
        self._rate = Rate(per_second, int(per_second * BURST))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(("/v1/", "/problems/")):
            await self._app(scope, receive, send)
            return
        try:
            places = self._places_for(scope, self._paced(scope))
            if places.full:
                raise places.turn_away()
        except Refusal as refusal:
            await turned_away(scope, refusal)(scope, receive, send)
            return
        scope.setdefault("state", {})["place"] = Place(places)
        await self._app(scope, receive, send)

    def _places_for(self, scope: Scope, bearer: Bearer | None) -> Places:
        if bearer is not None:
            return self._places
        return self._signing_in if scope["path"].startswith("/v1/oauth/") else self._in_public

    def _paced(self, scope: Scope) -> Bearer | None:
        """Who asks; None where he is not signed in. Raises TooManyRequests.

        Every token of an account counts for it, and whoever shows none that holds counts for his address.
        """
        bearer = None
        given = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"), None)
        if given is not None:
            with suppress(Unauthenticated):
                bearer = scope.setdefault("state", {})["bearer"] = self._tokens().bearer(given, about_himself=True)
        whose = bearer.account_id if bearer else scope["client"] and scope["client"][0]
        if seconds := self._rate.take(whose, time.monotonic()):
            raise TooManyRequests(math.ceil(seconds))
        return bearer


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

    Its place is free again when its answer begins, so that a slow reader holds none.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        place: Place | None = scope.get("state", {}).get("place")
        if place is None:
            await self._app(scope, receive, send)
            return
        try:
            await place.take()
        except Overloaded as refusal:
            await turned_away(scope, refusal)(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            place.leave()
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            place.leave()
