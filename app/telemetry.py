"""What does an operator see? A request id, one line a request, counters; never what was said of a person.

No line holds a body, a query, an id from a path, or an exception's message: all of these can name somebody.
"""

import json
import logging
import os
import re
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from traceback import walk_tb
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access import Tokens

log = logging.getLogger("huayuan.access")
CLEAN = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
"""A caller's own request id that is taken over; any other is replaced."""
METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of the histogram of durations, in seconds."""
as_json = json.JSONEncoder(ensure_ascii=False).encode
FRAMES = 12
"""How many of the innermost calls of a failure are told."""

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Of the request in hand, so that every line written on the way bears it."""


class JsonLines(logging.Formatter):
    """A record as one line of JSON. Of an exception it tells the types and the places in the code."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": request_id.get(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["failure"] = [_told(error) for error in _chain(record.exc_info[1])]
        return as_json({k: v for k, v in line.items() if v is not None})


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The exception and what it came from, at most five."""
    for _ in range(5):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _told(error: BaseException) -> dict[str, Any]:
    places = [f"{f.f_code.co_filename}:{line} {f.f_code.co_name}" for f, line in walk_tb(error.__traceback__)]
    return {"type": type(error).__qualname__, "at": places[-FRAMES:]}


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": JsonLines}},
    "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}},
    "root": {"handlers": ["stdout"], "level": "INFO"},
    "loggers": {
        "uvicorn.access": {"level": "CRITICAL"},
        "alembic": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
    },
}
"""For `logging.config.dictConfig`: our lines, uvicorn's and the libraries', all to stdout by one handler."""


class Metrics:
    """Counters of one worker, in the text format of Prometheus; `worker` tells the processes apart."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._durations: dict[tuple[str, str], list[int]] = {}
        self._seconds: defaultdict[tuple[str, str], float] = defaultdict(float)

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        key = (route, method)
        self._requests[route, method, status] += 1
        buckets = self._durations.get(key)
        if buckets is None:
            buckets = self._durations[key] = [0] * (len(BUCKETS) + 1)
        buckets[bisect_left(BUCKETS, seconds)] += 1
        self._seconds[key] += seconds

    def text(self, gauges: Mapping[str, int]) -> str:
        """With what else there is to tell of the worker just now."""
        worker = f'worker="{os.getpid()}"'
        lines = ["# TYPE huayuan_requests_total counter"]
        lines += [
            f'huayuan_requests_total{{{worker},route="{route}",method="{method}",status="{status}"}} {many}'
            for (route, method, status), many in self._requests.items()
        ]
        lines.append("# TYPE huayuan_request_duration_seconds histogram")
        for (route, method), buckets in self._durations.items():
            labels = f'{worker},route="{route}",method="{method}"'
            total = 0
            for bound, many in zip((*BUCKETS, "+Inf"), buckets, strict=True):
                total += many
                lines.append(f'huayuan_request_duration_seconds_bucket{{{labels},le="{bound}"}} {total}')
            lines.append(f"huayuan_request_duration_seconds_sum{{{labels}}} {self._seconds[route, method]:.6f}")
            lines.append(f"huayuan_request_duration_seconds_count{{{labels}}} {total}")
        for name, value in gauges.items():
            lines.append(f"# TYPE huayuan_{name} gauge")
            lines.append(f"huayuan_{name}{{{worker}}} {value}")
        return "\n".join(lines) + "\n"


class Telemetry:
    """Pure ASGI, outside everything else: the request's id in and out, its line and its counts."""

    def __init__(self, app: ASGIApp, metrics: Metrics, tokens: Callable[[], Tokens]) -> None:
        self._app, self._metrics, self._tokens = app, metrics, tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = authorization = None
        for name, value in scope["headers"]:
            if name == b"x-request-id":
                given = value
            elif name == b"authorization":
                authorization = value
        rid = given.decode() if given and CLEAN.fullmatch(given) else os.urandom(16).hex()
        scope.setdefault("state", {})["request_id"] = rid
        request_id.set(rid)
        echoed = (b"x-request-id", rid.encode())
        status, began = 0, time.perf_counter()

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), echoed]
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            self._note(scope, status, time.perf_counter() - began, authorization)

    def _note(self, scope: Scope, status: int, seconds: float, authorization: bytes | None) -> None:
        """`status` 0: the caller was gone before there was an answer."""
        route, method = template(scope), scope["method"] if scope["method"] in METHODS else "other"
        self._metrics.count(route, method, status, seconds)
        if log.isEnabledFor(logging.INFO):
            facts: dict[str, Any] = {"method": method, "route": route, "status": status, "ms": round(seconds * 1e3, 1)}
            if authorization and (bearer := self._tokens().known(authorization.decode("latin-1"))):
                facts["place"] = bearer.township_code
            record = log.makeRecord(log.name, logging.INFO, "", 0, "request", (), None, None, {"facts": facts})
            log.handle(record)  # `log.info` would look for the line of code that calls it: a sixth of the whole cost


def template(scope: Scope) -> str:
    """The path of the operation as declared, `/v1/people/{id}`; `none` where no operation was found."""
    route = scope.get("route")
    if route is None:
        return "none"
    path: str = route.path
    return f"/v1{path}" if scope["path"].startswith("/v1/") else path
