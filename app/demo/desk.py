"""How does an office of the story speak with the service? Signed in as itself, over HTTP and nothing else."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

import httpx

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


@dataclass(slots=True)
class Line:
    """The connection that all desks share, and what went over it."""

    client: httpx.AsyncClient
    requests: int = 0
    refusals: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often the service refused what the law forbids, by the refusal's code and title."""
    pool: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request; while the service asks for patience (429, 503) the same again under the same key."""
        if method != "GET":
            more["headers"] = {"idempotency-key": str(uuid4()), **more.get("headers", {})}
        async with self.pool:
            for _ in range(TRIES):
                self.requests += 1
                answer = await self.client.request(method, path, **more)
                if answer.status_code not in {429, 503}:
                    break
                await asyncio.sleep(int(answer.headers["retry-after"]))
        return answer


class Desk:
    """Somebody with an account; signs in at the first request and again when the token has run out."""

    def __init__(self, line: Line, login: str, password: str) -> None:
        self.line, self.login = line, login
        self._password, self._token, self._signing = password, "", asyncio.Lock()

    async def choose_password(self, given: str) -> None:
        """Set the password of one's own in place of the one that the administrator gave."""
        bearer = {"authorization": f"Bearer {await self._token_for(given)}"}
        body = {"current": given, "password": self._password}
        self._expect(await self.line.send("POST", "/v1/me/password", headers=bearer, json=body), 200)

    async def _sign_in(self, stale: str) -> None:
        async with self._signing:
            if self._token == stale:
                self._token = await self._token_for(self._password)

    async def _token_for(self, password: str) -> str:
        form = {"grant_type": "password", "username": self.login, "password": password}
        answer = await self.line.send("POST", "/v1/oauth/token", data=form)
        if answer.status_code != 200:
            raise StoryBroke(f"{self.login} cannot sign in: {answer.text}")
        return str(answer.json()["access_token"])

    async def send(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        """One request as this account; the answer, whatever it is."""
        for _ in range(2):
            token = self._token
            if not token:
                await self._sign_in(token)
                token = self._token
            wanted = {"authorization": f"Bearer {token}", **(headers or {})}
            answer = await self.line.send(method, f"/v1{path}", headers=wanted, **more)
            if answer.status_code != 401:
                break
            await self._sign_in(token)
        return answer

    async def read(self, path: str, **query: Any) -> Record:
        answer = await self.send("GET", path, params=query or None)
        self._expect(answer, 200)
        return Record(path, answer.json(), answer.headers.get("etag", ""))

    async def all(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Every record of a list, page after page."""
        items: list[dict[str, Any]] = []
        query = {"limit": 200, **query}
        while True:
            page = await self.read(path, **query)
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            query["cursor"] = page["next_cursor"]

    async def make(self, path: str, body: Any, **headers: str) -> Record:
        """A POST that makes a record."""
        answer = await self.send("POST", path, headers, json=body)
        self._expect(answer, 201)
        made = answer.json()
        return Record(f"{path}/{made.get('id', '')}", made, answer.headers.get("etag", '"1"'))

    async def ask(self, path: str, body: Any) -> dict[str, Any]:
        """A POST that answers and makes nothing of its own."""
        answer = await self.send("POST", path, json=body)
        self._expect(answer, 200)
        found: dict[str, Any] = answer.json()
        return found

    async def act(self, record: Record, action: str, body: Any = None) -> Record:
        """An action on the record as last seen; the same record afterwards."""
        answer = await self.send("POST", f"{record.path}/{action}", {"if-match": record.etag}, json=body or {})
        self._expect(answer, 200, 201)
        if answer.status_code == 200 and answer.json().get("id") == record.body.get("id"):
            record.body, record.etag = answer.json(), answer.headers.get("etag", record.etag)
            return record
        return Record(record.path, answer.json(), answer.headers.get("etag", ""))

    async def fetch(self, record: Record, action: str, body: Any) -> bytes:
        """An action on the record that answers with a file; the record's new version is noted."""
        answer = await self.send("POST", f"{record.path}/{action}", {"if-match": record.etag}, json=body)
        self._expect(answer, 200)
        record.etag = answer.headers["etag"]
        return answer.content

    async def patch(self, path: str, body: Any) -> None:
        """A change of master data or of a setting, as it stands now."""
        seen = await self.read(path)
        self._expect(await self.send("PATCH", path, {"if-match": seen.etag}, json=body), 200)

    async def refused(self, record: Record | str, action: str, body: Any, code: str) -> None:
        """An attempt that the law forbids: it must be refused with this code, and it is counted."""
        path, etag = (record.path, record.etag) if isinstance(record, Record) else (record, '"1"')
        answer = await self.send("POST", f"{path}/{action}".rstrip("/"), {"if-match": etag}, json=body)
        found = answer.json().get("code") if answer.status_code >= 400 else "done"
        if found != code:
            raise StoryBroke(f"{self.login} POST {path}/{action}: {found} instead of {code}: {answer.text}")
        self.line.refusals[code, answer.json()["title"]] += 1

    def _expect(self, answer: httpx.Response, *wanted: int) -> None:
        if answer.status_code not in wanted:
            asked = answer.request.content.decode(errors="replace")[:800]
            where = f"{answer.request.method} {answer.request.url.path}"
            raise StoryBroke(f"{self.login} {where} {asked}: {answer.status_code} {answer.text}")


async def everyone(doings: Iterable[Awaitable[T]]) -> list[T]:
    """All of them at the same time, as far as the line lets them; the first failure ends the story."""
    return list(await asyncio.gather(*doings))
