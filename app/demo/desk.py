"""How does an office of the story speak with the service? Signed in as itself, with the client that all can have."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
from huayuan_client import Answer, AsyncHuayuan, Call, Listing, Problem, api

T = TypeVar("T")
AT_ONCE = 12
"""Requests under way at the same time."""
TRIES = 10
"""How often a request is sent before the story breaks off: a busy machine needs patience."""


class StoryBroke(RuntimeError):
    """The service answered otherwise than the story says."""


@dataclass(slots=True)
class Record:
    """A record as its last answer showed it; `etag` goes into the next If-Match."""

    path: str
    body: dict[str, Any]
    etag: str

    @property
    def id(self) -> str:
        return str(self.body["id"])

    def __getitem__(self, name: str) -> Any:
        return self.body[name]


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

    async def send(self, call: Call[T]) -> Answer[T]:
        """One call as this account, which must succeed."""
        try:
            return await self._client.send(call)
        except Problem as problem:
            raise StoryBroke(f"{self.login} {problem}; asked: {str(call.body)[:800]}") from problem

    async def ask(self, call: Call[T]) -> T:
        return (await self.send(call)).body

    async def read(self, path: str, **query: Any) -> Record:
        answer: Answer[dict[str, Any]] = await self.send(Call("GET", f"/v1{path}", query))
        return Record(path, answer.body, answer.version or "")

    async def all(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Every record of a list, page after page."""
        listing: Listing[dict[str, Any]] = Listing("GET", f"/v1{path}", {"limit": 200, **query})
        try:
            return [item async for item in self._client.all(listing)]
        except Problem as problem:
            raise StoryBroke(f"{self.login} {problem}") from problem

    async def make(self, path: str, body: Any) -> Record:
        """A POST that makes a record."""
        answer: Answer[dict[str, Any]] = await self.send(Call("POST", f"/v1{path}", body=body))
        return Record(f"{path}/{answer.body.get('id', '')}", answer.body, answer.version or '"1"')

    async def act(self, record: Record, action: str, body: Any = None) -> Record:
        """An action on the record as last seen; the same record afterwards."""
        answer: Answer[dict[str, Any]] = await self.send(_action(record, action, body or {}))
        if answer.status == 200 and answer.body.get("id") == record.body.get("id"):
            record.body, record.etag = answer.body, answer.version or record.etag
            return record
        return Record(record.path, answer.body, answer.version or "")

    async def refused(self, record: Record | str, action: str, body: Any, code: str) -> None:
        """An attempt that the law forbids: it must be refused with this code, and it is counted."""
        target = record if isinstance(record, Record) else Record(record, {}, '"1"')
        found = "done"
        try:
            await self._client.send(_action(target, action, body))
        except Problem as problem:
            found, title = problem.code, problem.title
        if found != code:
            raise StoryBroke(f"{self.login} POST {target.path}/{action}: {found} instead of {code}")
        self.line.refusals[code, title] += 1


def _action(record: Record, action: str, body: Any) -> Call[dict[str, Any]]:
    return Call("POST", f"/v1{record.path}/{action}".rstrip("/"), body=body, version=record.etag)


async def everyone(doings: Iterable[Awaitable[T]]) -> list[T]:
    """All of them at the same time, as far as the line lets them; the first failure ends the story."""
    return list(await asyncio.gather(*doings))
