"""What does an operator see? A request id, one line a request, counters; never what was said of a person.

No line holds a body, a query, an id from a path, or an exception's message: all of these can name somebody.
"""

import json
import logging
import os
import re
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from contextvars import ContextVar
from datetime import UTC, datetime
from itertools import accumulate
from json.encoder import encode_basestring as quoted
from traceback import walk_tb
from typing import Any, TextIO

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.access import Bearer

log = logging.getLogger("huayuan.access")
CLEAN = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
"""A caller's own request id that is taken over; any other is replaced."""
KNOWN = ("huayuan", "uvicorn", "alembic")
"""Loggers whose words hold nothing of a request."""
METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of the histogram of durations, in seconds."""
as_json = json.JSONEncoder(ensure_ascii=False).encode
FRAMES = 12
"""How many of the innermost calls of a failure are told."""

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Of the request in hand, so that every line written on the way bears it."""


class JsonLines(logging.Formatter):
    """A record as one line of JSON. Of an exception it tells the types and the places in the code.

    What a library says may hold what it was given, as asyncio says the arguments of a call that failed. So of others
    than those whose words we know only the place in the code is told.
    """

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage() if record.name.startswith(KNOWN) else f"{record.pathname}:{record.lineno}",
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


class Lines(logging.StreamHandler[TextIO]):
    """Writes each record as one line of JSON, and finished lines as they are, all at once and one after another."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(stream)
        self.setFormatter(JsonLines())

    def say(self, line: str) -> None:
        with self.lock or nullcontext():
            try:
                self.stream.write(line)
                self.flush()
            except (OSError, ValueError):  # as of a record: told on stderr, and no request suffers from it
                self.handleError(log.makeRecord(log.name, logging.INFO, "", 0, "request", (), None))


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stdout": {"class": "app.telemetry.Lines", "stream": "ext://sys.stdout"}},
    "root": {"handlers": ["stdout"], "level": "INFO"},
    "loggers": {
        "uvicorn.access": {"level": "CRITICAL"},
        "alembic": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "procrastinate": {"level": "WARNING"},
    },
}
"""For `logging.config.dictConfig`: our lines, uvicorn's and the libraries', all to stdout by one handler."""


class Series:
    """The requests of one operation that ended in one status: how many, how long, and what their lines say alike."""

    __slots__ = ("buckets", "seconds", "told")

    def __init__(self, route: str, method: str, status: int) -> None:
        self.buckets = [0] * (len(BUCKETS) + 1)
        self.seconds = 0.0
        self.told = f'"method": {quoted(method)}, "route": {quoted(route)}, "status": {status}'

    def count(self, seconds: float) -> None:
        self.buckets[bisect_left(BUCKETS, seconds)] += 1
        self.seconds += seconds


class Metrics:
    """Counters of one worker, in the text format of Prometheus; `worker` tells the processes apart."""

    def __init__(self) -> None:
        self.series: dict[tuple[str, str, int], Series] = {}
        """By route template, method and status."""
        self._of_route: dict[tuple[int, str, int], Series] = {}

    def of(self, scope: Scope, status: int) -> Series:
        """Where this request counts, found without putting its template together each time."""
        method = scope["method"] if scope["method"] in METHODS else "other"
        key = (id(scope.get("route")), method, status)
        found = self._of_route.get(key)
        if found is None:
            named = (template(scope), method, status)
            found = self._of_route[key] = self.series.setdefault(named, Series(*named))
        return found

    def text(self, gauges: Mapping[str, int]) -> str:
        """With what else there is to tell of the worker just now."""
        worker = f'worker="{os.getpid()}"'
        lines = ["# TYPE huayuan_requests_total counter"]
        lines += [
            f'huayuan_requests_total{{{worker},route="{route}",method="{method}",status="{status}"}} {sum(one.buckets)}'
            for (route, method, status), one in self.series.items()
        ]
        lines.append("# TYPE huayuan_request_duration_seconds histogram")
        operations: defaultdict[tuple[str, str], list[Series]] = defaultdict(list)
        for (route, method, _), one in self.series.items():
            operations[route, method].append(one)
        for (route, method), of_all in operations.items():
            labels = f'{worker},route="{route}",method="{method}"'
            many = accumulate(sum(in_one) for in_one in zip(*(one.buckets for one in of_all), strict=True))
            for bound, total in zip((*BUCKETS, "+Inf"), many, strict=True):
                lines.append(f'huayuan_request_duration_seconds_bucket{{{labels},le="{bound}"}} {total}')
            seconds = sum(one.seconds for one in of_all)
            lines.append(f"huayuan_request_duration_seconds_sum{{{labels}}} {seconds:.6f}")
            lines.append(f"huayuan_request_duration_seconds_count{{{labels}}} {total}")
        for name, value in gauges.items():
            lines.append(f"# TYPE huayuan_{name} gauge")
            lines.append(f"huayuan_{name}{{{worker}}} {value}")
        return "\n".join(lines) + "\n"


class Stamp:
    """The time of a line, of which only the milliseconds are new within a second."""

    def __init__(self) -> None:
        self._second, self._told = 0, ""

    def of(self, now: float) -> str:
        second = int(now)
        if second != self._second:
            self._second, self._told = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._told}.{int((now - second) * 1000):03d}+00:00"


class Telemetry:
    """Pure ASGI, outside everything else: the request's id in and out, its line and its counts."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics, self._stamp = app, metrics, Stamp()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), None)
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
            self._note(scope, rid, status, time.perf_counter() - began)

    def _note(self, scope: Scope, rid: str, status: int, seconds: float) -> None:
        """`status` 0: the caller was gone before there was an answer. No word here needs escaping but the place."""
        series = self._metrics.of(scope, status)
        series.count(seconds)
        if log.isEnabledFor(logging.INFO):
            bearer: Bearer | None = scope["state"].get("bearer")  # whom the gate found
            place = f', "place": {quoted(bearer.township_code)}' if bearer else ""
            line = (
                f'{{"time": "{self._stamp.of(time.time())}", "level": "info", "logger": "{log.name}", '
                f'"message": "request", "request_id": "{rid}", {series.told}, "ms": {seconds * 1e3:.1f}{place}}}\n'
            )
            for handler in logging.root.handlers:
                if isinstance(handler, Lines):
                    handler.say(line)


def template(scope: Scope) -> str:
    """The path of the operation as declared, `/v1/people/{id}`; `none` where no operation was found."""
    route = scope.get("route")
    if route is None:
        return "none"
    path: str = route.path
    return f"/v1{path}" if scope["path"].startswith("/v1/") else path
