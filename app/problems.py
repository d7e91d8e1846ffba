"""How does a refusal reach the caller? As RFC 9457 problem details; the only file that knows status codes."""

import asyncio
import hashlib
import json
import logging
import random
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import Any, Self
from urllib.parse import parse_qsl

import asyncpg
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import refusal as kinds
from app.access import Tokens
from app.faults import told
from app.reading import language_of, preferred_language
from app.refusal import (
    Conflict,
    Invalid,
    Malformed,
    NotFound,
    Refusal,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)
from app.wire import JSON, SHOWN, Body, Upload

log = logging.getLogger("huayuan.problems")
MEDIA = "application/problem+json"
PAGES = "/problems/"

STATUS: dict[type[Refusal], int] = {
    kinds.Malformed: 400,
    kinds.Unauthenticated: 401,
    kinds.Forbidden: 403,
    kinds.NotFound: 404,
    kinds.NotAcceptable: 406,
    kinds.TooSlow: 408,
    kinds.Conflict: 409,
    kinds.VersionStale: 412,
    kinds.TooLarge: 413,
    kinds.UnsupportedMediaType: 415,
    kinds.Invalid: 422,
    kinds.VersionRequired: 428,
    kinds.TooManyRequests: 429,
    kinds.Unavailable: 503,
}


class AlreadyOnRecord(Conflict):
    """The same thing is on record already.

    相同的记录已经存在。
    """


class ReferenceMissing(Conflict):
    """Something this refers to is not on record here.

    所引用的记录在本乡不存在。
    """


class ContradictsItself(Conflict):
    """The values contradict each other or a rule of the register.

    所填内容相互矛盾,或不符合登记规则。
    """


class NoSuchPage(NotFound):
    """There is nothing at this address.

    此地址没有内容。
    """


class MethodNotAllowed(Refusal):
    """This address does not take that method.

    此地址不支持该请求方法。
    """


class ServiceFailed(Refusal):
    """The service failed; it was logged, and nothing was changed.

    系统内部出错,已记录;数据未作任何变更。
    """


STATUS |= {MethodNotAllowed: 405, ServiceFailed: 500}


class FieldProblem(BaseModel):
    """One thing that is wrong with the request, and where."""

    model_config = ConfigDict(extra="forbid")

    pointer: str = Field(description="JSON pointer into the body, or `query:name`, `path:name`, `header:name`")
    code: str
    message: str


class Problem(BaseModel):
    """RFC 9457 problem details; further members are facts about this refusal."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="Stable; the address of a page that explains it", examples=["/problems/wrong-state"])
    title: str = Field(description="One sentence in the reader's language")
    status: int
    code: str = Field(description="The last part of `type`", examples=["wrong-state"])
    detail: str | None = Field(None, description="What is so of this one besides, in the reader's language")
    article: str | None = Field(None, description="The article of the regulation, or the policy, it rests on")
    request_id: str | None = None
    errors: list[FieldProblem] | None = None


def status_of(refusal: type[Refusal]) -> int:
    return next(STATUS[kind] for kind in refusal.__mro__ if kind in STATUS)


def field_problem(refusal: Invalid, language: str) -> FieldProblem:
    return FieldProblem(pointer=refusal.pointer, code=refusal.code(), message=refusal.title(language))


def render(
    language: str,
    refusal: Refusal,
    errors: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
    request_id: str | None = None,
) -> Response:
    status = status_of(type(refusal))
    if isinstance(refusal, Invalid) and not errors:
        errors = [field_problem(refusal, language)]
    members = refusal.facts | {
        "type": PAGES + refusal.code(), "title": refusal.title(language), "status": status, "code": refusal.code(),
        "detail": refusal.detail(language), "article": refusal.article, "request_id": request_id,
    }  # fmt: skip
    if errors:
        members["errors"] = [e.model_dump() for e in errors]
    text = json.dumps({k: v for k, v in members.items() if v is not None}, ensure_ascii=False, default=str)
    body = text.encode(errors="backslashreplace")  # half a surrogate pair, echoed from a request, stays JSON
    extra = dict(headers or {})
    if status == 401:
        extra["www-authenticate"] = 'Bearer realm="huayuan"'
    if seconds := _again(refusal):
        extra["retry-after"] = str(seconds)
    return Response(body, status, extra, MEDIA)


def _again(refusal: Refusal) -> int | None:
    """Seconds after which to send it again; those who were turned away together do not all come back together."""
    if isinstance(refusal, TooManyRequests):
        return refusal.seconds
    if isinstance(refusal, Unavailable):
        return random.randint(1, 3)  # noqa: S311  no secret
    return 1 if refusal.code() == "still-in-flight" else None


_HALVES: dict[tuple[type[Refusal], str], tuple[bytes, bytes]] = {}
_ID = "0" * 32
"""Where a request's id goes in a body that is made once."""


def refused(scope: Scope, refusal: Refusal) -> Response:
    """The answer to a request that goes no further."""
    request = Request(scope)
    return render(language_of(request), refusal, request_id=getattr(request.state, "request_id", None))


def turned_away(scope: Scope, refusal: Refusal) -> ASGIApp:
    """The same where a whole crowd gets it: put together from two halves that are made once."""
    given = next((value for name, value in scope["headers"] if name == b"accept-language"), b"")
    language, rid = preferred_language(given.decode("latin-1")), scope.get("state", {}).get("request_id")
    seconds = _again(refusal)
    if seconds is None or rid is None or refusal.facts:
        return refused(scope, refusal)
    key = (type(refusal), language)
    if key not in _HALVES:
        before, _, after = bytes(render(language, refusal, request_id=_ID).body).partition(_ID.encode())
        _HALVES[key] = before, after
    body = rid.encode().join(_HALVES[key])
    headers = [
        (b"content-type", MEDIA.encode()), (b"content-length", b"%d" % len(body)), (b"retry-after", b"%d" % seconds),
    ]  # fmt: skip

    async def answer(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status_of(type(refusal)), "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return answer


def _constraint(error: Any) -> str | None:
    """Its name; a cluster adds the number of the table's part."""
    return error.constraint_name and re.sub(r"_\d{6,}$", "", error.constraint_name)


def refusal_of(error: Exception) -> Refusal | None:
    """The refusal that an error of the database means, or None where it is our own mistake."""
    match error:
        case asyncpg.UniqueViolationError():
            return AlreadyOnRecord(constraint=_constraint(error))
        case asyncpg.ForeignKeyViolationError():
            return ReferenceMissing(constraint=_constraint(error))
        case asyncpg.CheckViolationError() | asyncpg.ExclusionViolationError():
            return ContradictsItself(constraint=_constraint(error))
        case asyncpg.DataError():
            return ValueTooLarge()
        case (
            asyncpg.LockNotAvailableError() | asyncpg.QueryCanceledError() | asyncpg.TransactionRollbackError()
            | asyncpg.InsufficientResourcesError() | asyncpg.OperatorInterventionError() | asyncpg.InterfaceError()
            | asyncpg.PostgresConnectionError() | asyncpg.TransactionTimeoutError() | TimeoutError() | OSError()
            | asyncpg.IdleInTransactionSessionTimeoutError() | asyncpg.ReadOnlySQLTransactionError()
            | asyncpg.PostgresSystemError() | asyncpg.InvalidCachedStatementError()
            | asyncpg.InvalidCatalogNameError() | asyncpg.InvalidAuthorizationSpecificationError()
            | asyncpg.InternalClientError()  # the connection died between two statements
        ):  # fmt: skip
            return Unavailable()
    return None


TOLD = 50
"""Of how many members of a request an answer says what is wrong with them."""


def install(app: FastAPI) -> None:
    """Handlers for everything that can go wrong."""

    def answer(
        request: Request,
        refusal: Refusal,
        errors: Sequence[FieldProblem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        return render(language_of(request), refusal, errors, headers, getattr(request.state, "request_id", None))

    async def on_refusal(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)
        return answer(request, error)

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 405:
            allowed = sorted({m for c in _matching(app, request.scope["path"]) for m in (c.methods or ())})
            return answer(request, MethodNotAllowed(), headers={"allow": ", ".join(allowed)})
        return answer(request, NoSuchPage() if error.status_code == 404 else Malformed())

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        found = error.errors()
        if any(e["type"] == "json_invalid" for e in found):
            return answer(request, Malformed())
        return answer(request, Invalid(), [_of_schema(e, e["loc"], language_of(request)) for e in found[:TOLD]])

    async def on_database(request: Request, error: Exception) -> Response:
        refusal = refusal_of(error)
        if refusal is None:
            return await on_bug(request, error)
        log.warning("database: %s", type(error).__name__)
        return answer(request, refusal)

    async def on_bug(request: Request, error: Exception) -> Response:
        log.error("unhandled", exc_info=error)
        return answer(request, ServiceFailed())

    for kind, handler in {
        Refusal: on_refusal, HTTPException: on_http, RequestValidationError: on_invalid,
        asyncpg.PostgresError: on_database, asyncpg.InterfaceError: on_database,
        asyncpg.InternalClientError: on_database, TimeoutError: on_database, OSError: on_database, Exception: on_bug,
    }.items():  # fmt: skip
        app.add_exception_handler(kind, handler)


def field_problems(errors: Sequence[Mapping[str, Any]], language: str) -> list[FieldProblem]:
    """What pydantic found in a part of a body, by pointers into that part."""
    return [_of_schema(error, ("body", *error["loc"]), language) for error in errors[:TOLD]]


def _of_schema(error: Mapping[str, Any], loc: Sequence[Any], language: str) -> FieldProblem:
    refusal = (error.get("ctx") or {}).get("error")
    if isinstance(refusal, Refusal):
        return FieldProblem(pointer=pointer(loc), code=refusal.code(), message=refusal.title(language))
    return FieldProblem(pointer=pointer(loc), code=error["type"], message=told(error, language))


def _matching(app: FastAPI, path: str) -> Iterator[Any]:
    for context in iter_route_contexts(app.routes):
        if (regex := getattr(context, "path_regex", None)) and regex.match(path):
            yield context


def pointer(loc: Sequence[Any]) -> str:
    """Where a value stands; names that did not come from the schema are escaped to ASCII."""
    where, *rest = loc or ("body",)
    parts = [str(part).encode("ascii", "backslashreplace").decode()[:SHOWN] for part in rest]
    if where == "body":
        return _joined(["", *parts])
    return f"{where}:{'/'.join(parts)}"


class DuplicateKey(Malformed):
    """An object in the body has the same key twice.

    请求正文中同一对象出现重复的键。
    """


class TooDeep(Malformed):
    """The body is nested deeper than anything this service knows.

    请求正文嵌套过深。
    """


class ValueTooLarge(Invalid):
    """A value is larger than the register holds.

    数值超出登记范围。
    """


class BadNumber(Invalid):
    """The body holds a number that JSON or this service does not know: NaN, Infinity, or beyond 64 bits.

    请求正文含有无效数字(NaN、无穷大或超出 64 位)。
    """


class BadText(Invalid):
    """The request holds a NUL character or half a surrogate pair, or its address a control character.

    请求含有 NUL 字符或不完整的代理对,或地址含有控制字符。
    """


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise DuplicateKey
    return made


class _Beyond:
    """Stands where a number stood that is none, until it is told where."""


def _integer(digits: str) -> int | _Beyond:
    within = len(digits) <= 20 and -(2**63) <= (number := int(digits)) < 2**63
    return number if within else _Beyond()


def _float(digits: str) -> float | _Beyond:
    number = float(digits)
    return _Beyond() if number in (float("inf"), float("-inf")) else number


def _constant(_: str) -> _Beyond:
    return _Beyond()


_strict = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant
).decode


DEPTH = 40
"""How deep a body may be nested."""
IN_MEMORY = 1 << 20
"""Bytes of a body that are kept in memory; what is longer waits on disk."""
USUAL = Body()


UNFIT = re.compile("[\x00\ud800-\udfff]").search
"""NUL, or half of a pair, where it stands in a text."""
CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]").search
"""What stands in no address: a line feed at its end belongs to no door, though the router finds one."""


def judge(value: Any, where: str = "", but: str | None = None) -> None:
    """Refuse NUL, lone surrogates, endless numbers and bottomless nesting, also in keys; the pointer says where.

    Of parts whose pointer matches `but`, any text. Raises BadText, BadNumber, TooDeep.
    """
    _judge(value, [where], but)


def _judge(value: Any, path: list[str | int], but: str | None) -> None:
    """`path` becomes a pointer only where one is asked for: a long key above many values costs nothing."""
    if len(path) > DEPTH + 1:
        raise TooDeep
    if isinstance(value, str):
        if UNFIT(value) and not (but and re.match(but, _joined(path))):
            raise BadText(_joined(path))
    elif isinstance(value, _Beyond):
        raise BadNumber(_joined(path))
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(key, str):
                _judge(key, path, but)
            path.append(key)
            _judge(inner, path, but)
            path.pop()


def _joined(path: Sequence[str | int]) -> str:
    where, *keys = map(str, path)
    return where + "".join("/" + key[:SHOWN].replace("~", "~0").replace("/", "~1") for key in keys)


class Guard:
    """Pure ASGI, before routing: size, pace, type and text of the body; what is a file goes to disk as it comes."""

    def __init__(self, app: ASGIApp, tokens: Callable[[], Tokens], bodies: Mapping[str, Body]) -> None:
        self._app, self._tokens = app, tokens
        doors = [(door.split(" "), body) for door, body in bodies.items()]
        self._bodies = [(m, re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), b) for (m, path), b in doors]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with ExitStack() as files:
            try:
                self._check_query(scope)
                if scope["method"] in ("POST", "PATCH", "PUT") and (expected := self._expected(scope)):
                    receive = await self._body(scope, receive, files, expected)
            except Refusal as refusal:
                answer = refused(scope, self._first(scope, refusal))
                if isinstance(refusal, kinds.TooSlow):
                    answer.headers["connection"] = "close"  # the rest of the body is not waited for
                await answer(scope, receive, send)
            else:
                await self._app(scope, receive, send)

    def _first(self, scope: Scope, refusal: Refusal) -> Refusal:
        """Who is not signed in hears that before anything about the request."""
        if scope["path"].startswith("/v1/oauth/"):
            return refusal
        try:
            self._tokens().bearer(Request(scope).headers.get("authorization"), about_himself=True)
        except Unauthenticated as first:
            return first
        return refusal

    def _check_query(self, scope: Scope) -> None:
        try:
            if query := scope["query_string"].decode("ascii"):
                for name, value in parse_qsl(query, errors="strict", keep_blank_values=True):
                    judge(value, f"query:{name}")
            if CONTROL(scope["path"]):
                raise BadText("path")
        except UnicodeError as error:
            raise BadText("query") from error

    def _expected(self, scope: Scope) -> Body | None:
        """The body of the door; none where it is taken by another method alone, which the router answers."""
        named = {method: body for method, path, body in self._bodies if path.fullmatch(scope["path"])}
        return named.get(scope["method"], None if named else USUAL)

    async def _body(self, scope: Scope, receive: Receive, files: ExitStack, expected: Body) -> Receive:
        """Raises TooLarge, TooSlow, UnsupportedMediaType, and Malformed or BadText where it is read at once."""
        headers = dict(scope["headers"])
        declared = headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > expected.limit:
            raise kinds.TooLarge(limit=expected.limit)
        if expected.limit > USUAL.limit:  # nobody else fills the disk, or has us read so much
            self._tokens().bearer(Request(scope).headers.get("authorization"))
        file, body = files.enter_context(Arriving()) if expected.is_file else None, bytearray()
        try:
            async with asyncio.timeout(expected.seconds):
                async for part in _parts(receive, expected.limit):
                    (file.add if file else body.extend)(part)
        except TimeoutError as error:
            raise kinds.TooSlow from error
        media = headers.get(b"content-type", b"").partition(b";")[0].strip().lower().decode("latin-1")
        if (file.size if file else body) and media not in expected.media:
            raise kinds.UnsupportedMediaType(accept=", ".join(expected.media))
        if file:
            file.file.seek(0)
            scope.setdefault("state", {})["upload"] = Upload(file.file, file.size, file.digest, media)
        elif body and media == JSON:
            scope.setdefault("state", {})["json"] = _parse(body, expected.judged_within)
        elif b"\x00" in body or b"%00" in body:
            raise BadText
        return _replaying(receive, bytes(body))


async def _parts(receive: Receive, limit: int) -> AsyncIterator[bytes]:
    """A body part by part. Raises TooLarge, TooSlow."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise kinds.TooSlow
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise kinds.TooLarge(limit=limit)
        yield part
        more = message.get("more_body", False)


class Arriving:
    """A file as it comes, counted and hashed: in memory while it is small, else on disk without a name."""

    def __init__(self) -> None:
        self.file, self.size = SpooledTemporaryFile(max_size=IN_MEMORY), 0  # noqa: SIM115  closed on leaving
        self._hash = hashlib.sha256()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def add(self, part: bytes) -> None:
        self.size += len(part)
        self._hash.update(part)
        self.file.write(part)


def _replaying(receive: Receive, body: bytes) -> Receive:
    """What the application receives: the whole body at once, then whatever comes."""
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _parse(body: bytearray, but: str | None) -> Any:
    try:
        found = _strict(body.decode())
        judge(found, but=but)
    except (ValueError, RecursionError) as error:
        raise Malformed from error
    return found
