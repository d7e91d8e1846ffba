"""How is the service asked? A call is a value; a client sends it, signs in, waits, and asks again under the same key.

What is to be done stands in `_talk`, once; `Huayuan` does it with threads' patience, `AsyncHuayuan` with asyncio's.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Generic, NotRequired, Self, TypedDict, TypeVar, cast
from uuid import uuid4

import httpx

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
H = TypeVar("H", httpx.Client, httpx.AsyncClient)
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
SECONDS, PATIENCE = 30.0, 60.0
"""For how long an answer is waited for, and for how long `Retry-After` is obeyed rather than told."""


class Page(TypedDict, Generic[T]):
    """One page of a list; `next_cursor` leads to the next, where there is one: of the feed there always is."""

    items: list[T]
    next_cursor: str | None
    more: NotRequired[bool]
    """Of the feed: is there more already?"""


class Seen(TypedDict):
    """A record as it was last seen, whose version a change names; every type of `models` that has both is one."""

    id: str
    version: int


@dataclass(frozen=True)
class Call(Generic[T_co]):
    """One operation with its parameters, as the functions of `api` make it; nothing is sent yet."""

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    media: str = JSON
    """The media type of the body."""
    version: int | str | None = None
    """The version seen, for If-Match."""
    retry_key: str | None = None
    """The retry key of a change; made where it is sent, unless it is given."""
    accept: str = JSON
    signed: bool = True
    """Does it need a token?"""

    def raw(self, accept: str) -> Call[bytes]:
        """The same asked for in another media type, such as `text/csv`, and read as bytes."""
        return cast("Call[bytes]", replace(self, accept=accept))


@dataclass(frozen=True)
class Listing(Call[Page[T]]):
    """A call that answers with a page; `all` goes through all of them."""

    def after(self, page: Page[T]) -> Listing[T] | None:
        """The call for the page after this one, where there is one."""
        cursor = page["next_cursor"]
        return None if cursor is None else replace(self, query={**self.query, "cursor": cursor})


@dataclass(frozen=True)
class Answer(Generic[T_co]):
    """What the service answered: the body, and what stood beside it."""

    body: T_co
    status: int
    headers: httpx.Headers

    @property
    def version(self) -> str | None:
        """The record's ETag; the record itself has its number as `version`."""
        return cast("str | None", self.headers.get("etag"))

    @property
    def entry(self) -> str | None:
        """`<log>/<seq>` of the ledger's entry, where something was changed."""
        return cast("str | None", self.headers.get("ledger-entry"))

    @property
    def replayed(self) -> bool:
        """Was this done before under the same key?"""
        return bool(self.headers.get("idempotent-replayed") == "true")


class Problem(Exception):
    """The service refused. `code` is stable, `title` for people, `facts` all that was said (RFC 9457)."""

    def __init__(self, response: httpx.Response) -> None:
        told = response.json() if "json" in response.headers.get("content-type", "") else {}
        self.facts: Mapping[str, Any] = told
        self.status = response.status_code
        self.code = str(told.get("code") or told.get("error") or response.status_code)
        self.title = str(told.get("title") or told.get("error_description") or response.reason_phrase)
        self.article: str | None = told.get("article")
        self.errors: list[dict[str, str]] = told.get("errors") or []
        where = "".join(f"; {error['pointer']}: {error['message']}" for error in self.errors)
        request = response.request
        super().__init__(f"{request.method} {request.url.path}: {self.status} {self.code}: {self.title}{where}")


class Stale(str):
    """A token that no longer signs in, or the empty one before there is any."""

    __slots__ = ()


Wish = httpx.Request | float | Stale
"""What a talk asks of who holds the line: send this, wait so many seconds, sign in anew."""
Talk = Generator[Wish, httpx.Response, T]
Step = Callable[[], Wish]
"""Goes on with a talk, up to its next wish."""


class _Client(Generic[H]):
    """What both clients are: an address, credentials, the token of the moment, a line."""

    def __init__(
        self,
        address: str,
        *,
        username: str = "",
        password: str = "",
        client_id: str = "",
        client_secret: str = "",
        language: str = "zh-CN",
        tries: int = 5,
        http: H | None = None,
    ) -> None:
        """A person signs in by `username` (`411421201/clerk`) and `password`, a system by `client_id` and its secret.

        `tries` is how often a call is sent at the most; `http` a line of one's own, which is left open.
        """
        if client_id:
            secrets = {"client_id": client_id, "client_secret": client_secret}
            self._credentials = {"grant_type": "client_credentials", **secrets}
        else:
            self._credentials = {"grant_type": "password", "username": username, "password": password}
        self._address, self._language, self._tries = address.rstrip("/"), language, tries
        self._http: H = http or self._line()
        self._lent = http is not None
        self._token, self._refresh, self._signing = "", "", self._lock()

    def _line(self) -> H:
        raise NotImplementedError

    def _lock(self) -> Any:
        """Held by who signs in, so that the others wait for the token."""
        raise NotImplementedError

    def _talk(self, call: Call[T]) -> Talk[Answer[T]]:
        """Send it; again the same, under the same key, while no answer comes or the service asks for patience."""
        key = call.retry_key or (None if call.method == "GET" or not call.signed else str(uuid4()))
        refused = ""
        for tries_left in reversed(range(self._tries)):
            if call.signed and self._token in {"", refused}:
                yield Stale(self._token)
            token = self._token
            try:
                response = yield self._request(call, key, token)
            except httpx.TransportError:
                if not tries_left:
                    raise
                yield 1.0
                continue
            pause = float(response.headers.get("retry-after", PATIENCE + 1))
            if not tries_left or not (pause <= PATIENCE or (response.status_code == 401 and token and not refused)):
                break
            if response.status_code == 401:
                refused = token
            else:
                yield pause
        if response.is_error:
            raise Problem(response)
        read = response.json() if response.headers.get("content-type", "").startswith(JSON) else response.content
        return Answer(cast("T", read), response.status_code, response.headers)

    def _request(self, call: Call[Any], key: str | None, token: str) -> httpx.Request:
        headers = {"accept": call.accept, "accept-language": self._language}
        if call.signed:
            headers["authorization"] = f"Bearer {token}"
        if key is not None:
            headers["idempotency-key"] = key
        if call.version is not None:
            headers["if-match"] = f'"{call.version}"' if isinstance(call.version, int) else call.version
        sent: dict[str, Any] = {}
        if call.body is not None and call.media in {JSON, FORM}:
            sent = {"json" if call.media == JSON else "data": call.body}
        elif call.body is not None:
            sent, headers["content-type"] = {"content": call.body}, call.media
        query = {name: value for name, value in call.query.items() if value is not None}
        address = self._address + call.path
        return self._http.build_request(call.method, address, params=query, headers=headers, **sent)

    def _sign_in(self, stale: str) -> Talk[None]:
        """A token in place of the stale one, unless somebody else has put one there; by the refresh token if it can."""
        if self._token != stale:
            return
        renewal = {"grant_type": "refresh_token", "refresh_token": self._refresh}
        for form in [renewal] * bool(self._refresh) + [self._credentials]:
            try:
                told = (yield from self._talk(_token(form))).body
            except Problem as problem:
                if form is self._credentials or problem.status not in {400, 401}:
                    raise
            else:
                self._token, self._refresh = told["access_token"], told.get("refresh_token") or ""
                return


def _token(form: Mapping[str, str]) -> Call[dict[str, str]]:
    return Call("POST", "/v1/oauth/token", body=form, media=FORM, signed=False)


class Huayuan(_Client[httpx.Client]):
    """The service, asked one call after another; threads may share it.

    `with Huayuan(address, client_id=…, client_secret=…) as county: county(api.me_read())`
    """

    def send(self, call: Call[T]) -> Answer[T]:
        """The answer. Raises Problem where the service refuses, httpx.TransportError where it cannot be reached."""
        return self._done(self._talk(call))

    def __call__(self, call: Call[T]) -> T:
        """What the service answered, without what stood beside it."""
        return self.send(call).body

    def all(self, listing: Listing[T]) -> Iterator[T]:
        """Every record of a list, page after page."""
        going: Listing[T] | None = listing
        while going:
            page = self(going)
            yield from page["items"]
            going = going.after(page)

    def close(self) -> None:
        if not self._lent:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _line(self) -> httpx.Client:
        return httpx.Client(timeout=SECONDS)

    def _lock(self) -> threading.Lock:
        return threading.Lock()

    def _done(self, talk: Talk[T]) -> T:
        step: Step = partial(next, talk)
        while True:
            try:
                wish = step()
            except StopIteration as done:
                return cast("T", done.value)
            step = self._grant(talk, wish)

    def _grant(self, talk: Talk[Any], wish: Wish) -> Step:
        match wish:
            case httpx.Request():
                try:
                    response = self._http.send(wish)
                except httpx.TransportError as error:
                    return partial(talk.throw, error)
                return partial(talk.send, response)
            case Stale():
                with self._signing:
                    self._done(self._sign_in(wish))
            case _:
                time.sleep(wish)
        return partial(next, talk)


class AsyncHuayuan(_Client[httpx.AsyncClient]):
    """The same for asyncio: `await county(api.me_read())`, `async for helper in county.all(api.helpers_list())`."""

    async def send(self, call: Call[T]) -> Answer[T]:
        """The answer. Raises Problem where the service refuses, httpx.TransportError where it cannot be reached."""
        return await self._done(self._talk(call))

    async def __call__(self, call: Call[T]) -> T:
        """What the service answered, without what stood beside it."""
        return (await self.send(call)).body

    async def all(self, listing: Listing[T]) -> AsyncIterator[T]:
        """Every record of a list, page after page."""
        going: Listing[T] | None = listing
        while going:
            page = await self(going)
            for item in page["items"]:
                yield item
            going = going.after(page)

    async def close(self) -> None:
        if not self._lent:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _line(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(timeout=SECONDS)

    def _lock(self) -> asyncio.Lock:
        return asyncio.Lock()

    async def _done(self, talk: Talk[T]) -> T:
        step: Step = partial(next, talk)
        while True:
            try:
                wish = step()
            except StopIteration as done:
                return cast("T", done.value)
            step = await self._grant(talk, wish)

    async def _grant(self, talk: Talk[Any], wish: Wish) -> Step:
        match wish:
            case httpx.Request():
                try:
                    response = await self._http.send(wish)
                except httpx.TransportError as error:
                    return partial(talk.throw, error)
                return partial(talk.send, response)
            case Stale():
                async with self._signing:
                    await self._done(self._sign_in(wish))
            case _:
                await asyncio.sleep(wish)
        return partial(next, talk)
