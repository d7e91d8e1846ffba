"""How does a request come to its function? At once by method and path, with what FastAPI read of its declaration.

FastAPI declares, documents and validates. What it works out at every request anew is worked out here once, for
operations that ask for no more than a caller, single segments of the path, a query, headers and JSON. Whatever else
there is, and whatever matches none, goes FastAPI's own way; both give the same answers (tests/test_doors.py).
"""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from inspect import iscoroutinefunction
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_body_to_args, request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.params import Form
from fastapi.routing import APIRoute
from pydantic_core import PydanticUndefined
from starlette._exception_handler import wrap_app_handling_exceptions
from starlette.convertors import StringConvertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from app.wire import sent

PREFIX = "/v1"
JSON = b"application/json"


class Value:
    """A segment of the path or a header: the argument that it becomes, where it stands, and what it must be."""

    def __init__(self, field: Any, *, header: bool = False) -> None:
        self.name, self._validate, self._field = field.name, field.validate, field
        self.alias = field.alias.replace("_", "-") if header else field.alias
        self._at = (field.field_info.in_.value, self.alias)
        self._key = self.alias.encode()

    def read(self, given: Any, values: dict[str, Any], errors: list[Any]) -> None:
        value, wrong = self._validate(given, loc=self._at)
        if wrong:
            errors += wrong
        else:
            values[self.name] = value

    def of(self, headers: Iterable[tuple[bytes, bytes]], values: dict[str, Any], errors: list[Any]) -> None:
        """The first header of that name; where there is none, what it is without."""
        for name, value in headers:
            if name == self._key:
                self.read(value.decode("latin-1"), values, errors)
                return
        values[self.name] = self._field.default


class Operation:
    """An operation whose declaration is read: what of a request becomes which argument of its function."""

    def __init__(self, route: APIRoute) -> None:
        of = route.dependant
        assert of.call is not None
        self.route, self._call, self._embeds = route, of.call, route._embed_body_fields  # noqa: SLF001
        self.takes_body = bool(of.body_params)
        self._path = [Value(field) for field in of.path_params]
        self._query, self._body = of.query_params, of.body_params
        self._without_query = _without(of.query_params)
        self._request = of.request_param_name
        self._dependencies = [_Dependency(each) for each in of.dependencies]

    @staticmethod
    def can_be_read(route: APIRoute) -> bool:
        """Does it ask for no more than is read here?"""
        of = route.dependant
        returns = inspect.signature(route.endpoint).return_annotation
        return (
            all(isinstance(each, StringConvertor) for each in route.param_convertors.values())
            and iscoroutinefunction(of.call)
            and isinstance(returns, type) and issubclass(returns, Response)
            and not any(isinstance(field.field_info, Form) for field in of.body_params)
            and not of.header_params
            and not _asks_for_more(of)
            and all(_Dependency.can_be_read(each) for each in of.dependencies)
        )  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            response = await self._answer(request)
            await response(scope, receive, send)

        await wrap_app_handling_exceptions(answer, request)(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        scope = request.scope
        body = await sent(request) if self.takes_body else PydanticUndefined
        values, errors = dict[str, Any](), list[Any]()
        for dependency in self._dependencies:
            values[dependency.name] = await dependency.solved(request, errors)
        for each in self._path:
            each.read(scope["path_params"][each.alias], values, errors)
        if self._query and (scope["query_string"] or self._without_query is None):
            found, wrong = request_params_to_args(self._query, request.query_params)
            values |= found
            errors += wrong
        elif self._without_query:
            values |= self._without_query
        if self._body:
            found, wrong = await request_body_to_args(self._body, body, self._embeds)
            values |= found
            errors += wrong
        if errors:
            raise RequestValidationError(errors, body=None if body is PydanticUndefined else body)
        if self._request:
            values[self._request] = request
        response: Response = await self._call(**values)
        return response


class _Dependency:
    """What an operation depends on: a function of the request and its headers."""

    def __init__(self, of: Dependant) -> None:
        assert of.name
        assert of.call
        assert of.request_param_name
        self.name, self._call, self._request = of.name, of.call, of.request_param_name
        self._headers = [Value(field, header=True) for field in of.header_params]

    @staticmethod
    def can_be_read(of: Dependant) -> bool:
        more = [*of.dependencies, *of.path_params, *of.query_params, *of.body_params]
        required = any(field.field_info.is_required() for field in of.header_params)
        return iscoroutinefunction(of.call) and not more and not required and not _asks_for_more(of)

    async def solved(self, request: Request, errors: list[Any]) -> Any:
        """What the function gives; nothing where a header is wrong, which then stands among the errors."""
        values, wrong = dict[str, Any]({self._request: request}), list[Any]()
        for each in self._headers:
            each.of(request.scope["headers"], values, wrong)
        errors += wrong
        return None if wrong else await self._call(**values)


def _without(fields: Sequence[Any]) -> dict[str, Any] | None:
    """What a query is that says nothing; None where it must say something."""
    found, wrong = request_params_to_args(fields, {})
    return None if wrong else found


def _asks_for_more(of: Dependant) -> bool:
    return bool(
        of.cookie_params or of.http_connection_param_name or of.websocket_param_name or of.response_param_name
        or of.background_tasks_param_name or of.security_scopes_param_name
    )  # fmt: skip


class Doors:
    """Inside the router: a path goes straight to its operation, or to the routes that share its first segment."""

    def __init__(self, api: FastAPI, by_segment: Mapping[str, APIRouter]) -> None:
        self._router, self._others, self._routes = api.router, api.router.middleware_stack, dict[str, BaseRoute]()
        self._operations: dict[tuple[str, str, int], list[tuple[Template, Operation]]] = {}
        for segment, door in by_segment.items():
            api.include_router(door, prefix=PREFIX)
            self._routes[segment] = api.routes[-1]
            for route in door.routes:
                assert isinstance(route, APIRoute)
                self._learn(route)

    def _learn(self, route: APIRoute) -> None:
        template = Template(PREFIX + route.path)
        if Operation.can_be_read(route):
            operation = Operation(route)
            for method in route.methods or ():
                self._operations.setdefault((method, *template.kind), []).append((template, operation))

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """The operation and the segments that are its parameters."""
        segments = path.split("/")
        if len(segments) > 2:
            for template, operation in self._operations.get((method, segments[2], len(segments)), ()):
                if (found := template.match(segments)) is not None:
                    return operation, found
        return None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not (route := self._routes.get(scope["path"][4:].partition("/")[0])):
            await self._others(scope, receive, send)
            return
        scope["router"] = self._router
        found = self.find(scope["method"], scope["path"])
        if found is None or (found[0].takes_body and not _is_json(scope["headers"])):
            await route.handle(scope, receive, send)
            return
        operation, params = found
        scope["route"], scope["endpoint"], scope["path_params"] = operation.route, operation.route.endpoint, params
        await operation(scope, receive, send)


class Template:
    """A path as declared."""

    def __init__(self, path: str) -> None:
        segments = path.split("/")
        self.kind = segments[2], len(segments)
        """Its first segment, by which paths are sorted, and how many there are."""
        self._names = [(at, each[1:-1]) for at, each in enumerate(segments) if each.startswith("{")]
        self._fixed = [(at, each) for at, each in enumerate(segments) if not each.startswith("{")]

    def match(self, segments: Sequence[str]) -> dict[str, str] | None:
        if any(segments[at] != each for at, each in self._fixed) or not all(segments[at] for at, _ in self._names):
            return None
        return {name: segments[at] for at, name in self._names}


def _is_json(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return next((value for name, value in headers if name == b"content-type"), None) == JSON
