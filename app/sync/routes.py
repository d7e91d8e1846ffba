"""Through which doors do phones come back from being offline?"""

import gzip
import json
import logging
import time
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from starlette.types import Message

from app.log import canonical
from app.problems import FieldProblem, ServiceFailed, field_problem, field_problems, judge, status_of
from app.reading import Read, language_of
from app.refusal import Invalid, Refusal, Unavailable
from app.sync import actions, rules, schemas
from app.sync.rules import Line, Result
from app.wire import Body, Json, sent
from app.writing import Receiving

log = logging.getLogger("huayuan.sync")
sync = APIRouter(tags=["sync"])
routers = [sync]
bodies = {"POST /sync": Body(limit=1 << 20, seconds=60, judged_within="/operations/[0-9]+($|/(?!key$|after(/|$)))")}
"""A list may come over a slow line: it takes no place in work until it is here.

Unfit text spoils one operation; the whole list in a key, by which operations are told apart.
"""
SECONDS = 2.0
"""After so long no further operation of a list is begun; the phone sends the rest again."""
_under_way: set[UUID] = set()
"""Accounts whose sync this worker has in hand: one at a time, so that nobody's lists take all connections."""


@sync.post("/sync", name="sync_push", response_model=schemas.Pushed)
async def push(request: Request, command: Receiving, read: Read, body: Json[schemas.Push]) -> Response:
    """Hand in what was done offline, in its order; a signed receipt says what became of each / 离线补报"""
    account = command.bearer.account_id
    if account in _under_way:
        raise rules.OneSyncAtATime(1)
    _under_way.add(account)
    try:
        line = await actions.line_of(read, body)
        results = await _in_order(request, body, line, read.language)
        answer = await command.run(actions.receive, body, line, results, read.language)
    finally:
        _under_way.discard(account)
    state, receipt = request.app.state, json.loads(bytes(answer.body))
    receipt["entry"] = answer.headers.get("ledger-entry")
    signed = actions.signed(state.vault, state.settings.log_origin, receipt)
    headers = {"ledger-entry": receipt["entry"]} if receipt["entry"] else {}
    return _packed(request, signed, headers)


@sync.get("/sync", name="sync_pull", response_model=schemas.Pulled)
async def pull(request: Request, read: Read, query: Annotated[schemas.PullQuery, Query()]) -> Response:
    """What changed for me since the cursor, and what is gone, with the newest checkpoint / 增量同步"""
    state = request.app.state
    return _packed(request, await actions.news(read, query, state.vault, state.settings.log_origin), {})


def _packed(request: Request, body: str, headers: dict[str, str]) -> Response:
    """For a slow line: compressed where the caller takes it."""
    headers["vary"] = "accept-encoding"
    if "gzip" not in request.headers.get("accept-encoding", "").replace("gzip;q=0", ""):
        return Response(body, 200, headers, "application/json")
    return Response(
        gzip.compress(body.encode(), 6, mtime=0), 200, headers | {"content-encoding": "gzip"}, "application/json"
    )


async def _in_order(request: Request, body: schemas.Push, line: Line, language: str) -> list[dict[str, Any]]:
    """Each operation by its counter, as a transaction of its own; the results in the order of the list."""
    operations, until = (await sent(request))["operations"], time.monotonic() + SECONDS
    results: list[dict[str, Any]] = [{}] * len(operations)
    for at in sorted(range(len(operations)), key=lambda n: body.operations[n].counter):
        operation = body.operations[at]
        obstacle = line.obstacle(operation.counter, operation.after)
        if obstacle is not None:
            told = _untried(Result.HELD, obstacle, language)
        elif time.monotonic() > until:
            told = _untried(Result.AGAIN, Unavailable(), language)
        else:
            told = await _tried(request, operation, operations[at], language)
        missing = isinstance(obstacle, rules.PredecessorMissing)
        line.note(operation.counter, operation.key, told["result"], missing=missing)
        digest = sha256(canonical(operations[at], errors="backslashreplace")).hexdigest()
        results[at] = {"key": operation.key, "counter": operation.counter, "digest": digest, **NOTHING, **told}
    return results


NOTHING = dict.fromkeys(
    ("status", "code", "reason", "advice", "errors", "conflict", "record_id", "version", "entry")
)  # fmt: skip
"""What a result says where it says nothing else."""


def _untried(result: Result, why: Refusal, language: str) -> dict[str, Any]:
    return {"result": result, "code": why.code(), "reason": why.said(language)}


def _refused(why: Refusal, wrong: list[FieldProblem], language: str) -> dict[str, Any]:
    """Not tried, for it cannot be done as it is."""
    own = why.advice and why.advice[0 if language == "en" else 1]
    advice = own or rules.advice(status_of(type(why)), language)
    errors = [one.model_dump() for one in wrong] or None
    return _untried(Result.REFUSED, why, language) | {"advice": advice, "errors": errors}


def _check(operation: schemas.Operation | schemas.Faulty, came: dict[str, Any]) -> None:
    """Raises BadText, TooDeep, NotForPhones, RecordNotNamed."""
    judge({name: value for name, value in came.items() if name not in {"body", "seen"}})
    judge(came.get("body"))
    if isinstance(operation, schemas.Operation):
        rules.check_named(operation.operation, named=operation.record_id is not None)


async def _tried(
    request: Request, operation: schemas.Operation | schemas.Faulty, came: Any, language: str
) -> dict[str, Any]:
    """The operation, as it `came`, through its own door, and what the answer means to the phone."""
    try:
        _check(operation, came)
    except Refusal as refusal:
        return _refused(refusal, [field_problem(refusal, language)] if isinstance(refusal, Invalid) else [], language)
    if isinstance(operation, schemas.Faulty):
        return _refused(Invalid(), field_problems(schemas.wrong_with(came), language), language)
    headers = {"idempotency-key": operation.key}
    if operation.version is not None:
        headers["if-match"] = f'"{operation.version}"'
    door = rules.OPERATIONS[operation.operation]
    path = door.replace("{id}", str(operation.record_id))
    status, told, answered = await _ask(request, "POST", path, headers, operation.body)
    made_before = status == 200 and "{id}" not in door
    replayed = made_before or "idempotent-replayed" in answered
    result = rules.verdict(status, told.get("code"), replayed=replayed)
    if result in (Result.DONE, Result.REPLAYED):
        return {
            "result": result, "status": status, "record_id": told.get("id"), "version": told.get("version"),
            "entry": answered.get("ledger-entry"),
        }  # fmt: skip
    refused = {"result": result, "status": status, "code": told["code"], "reason": told.get("detail") or told["title"]}
    if result is Result.REFUSED:
        refused |= {"advice": rules.advice(status, language), "errors": told.get("errors")}
    if status == 412:
        refused["conflict"] = await _conflict(request, path, operation)
    return refused


async def _conflict(request: Request, path: str, operation: schemas.Operation) -> dict[str, Any] | None:
    """What stands now, as the phone's owner may read it, where it differs; None where he may not any more."""
    status, stands, _ = await _ask(request, "GET", "/".join(path.split("/")[:3]), {}, None)
    if status != 200:
        return None
    known = {**(operation.seen or {}), **(operation.body or {})}
    return {"seen": operation.version, "stands": stands["version"], "fields": rules.differing(stands, known)}


KEPT = frozenset(
    {"type", "asgi", "http_version", "scheme", "server", "client", "root_path", "app", "starlette.exception_handlers",
     "fastapi_middleware_astack"}
)  # fmt: skip
"""What a request through the inner door shares with the one that brought it."""


async def _ask(
    request: Request, method: str, path: str, headers: dict[str, str], body: Any
) -> tuple[int, dict[str, Any], dict[str, str]]:
    """One request to the service's own door, in this process, with the caller's token: status, body, headers.

    Behind guard and admission, which have seen the whole list already.
    """
    content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    given = {k: request.headers[k] for k in ("authorization", "accept-language") if k in request.headers} | headers
    if content:
        given["content-type"] = "application/json"
    scope = {k: v for k, v in request.scope.items() if k in KEPT} | {
        "method": method, "path": f"/v1{path}", "raw_path": f"/v1{path}".encode(), "query_string": b"", "state": {},
        "headers": [(k.encode("latin-1"), v.encode("latin-1")) for k, v in given.items()],
    }  # fmt: skip
    told: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Message) -> None:
        told.append(message)

    try:
        await request.app.router(scope, receive, send)
    except Exception:  # a mistake of ours in one operation takes no receipt from the others
        log.exception("unhandled")
        failed = {"code": ServiceFailed.code(), "title": ServiceFailed.title(language_of(request))}
        return status_of(ServiceFailed), failed, {}
    answered = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in told[0]["headers"]}
    return told[0]["status"], json.loads(b"".join(m.get("body", b"") for m in told[1:])), answered
