"""Does the short way to an operation answer as FastAPI's own way does, whatever is sent?"""

from collections.abc import Iterator
from typing import Any

import pytest

from app import doors
from app.contract import operations
from app.main import create_app
from app.settings import Settings
from tests.conftest import Caller, Service, Township
from tests.endurance.prepared import officer
from tests.test_bad_input_everywhere import JSON, filled

API = create_app(Settings(secret="t" * 32))
ALL = [(path, method.upper(), operation) for path, method, operation in operations(API.openapi())]
LONG_WAY = {"ledger_tile", "ledger_entry_bundle", "oauth_token", "oauth_revoke"}
"""Operations whose path or body is more than is read once."""
OF_ONE_REQUEST = {"date", "x-request-id", "content-length"}


@pytest.fixture(scope="module")
def long_way(service: Service) -> Iterator[Service]:
    """The same service, where nothing is found at once."""
    other = Service(service.database_url, pool_size=2)
    other.app.router.middleware_stack._operations.clear()
    yield other
    other.stop()


@pytest.fixture(scope="module")
def officers(shared_township: Township, long_way: Service) -> tuple[Caller, Caller]:
    """One who holds every office, at both."""
    one = officer(shared_township)
    two = Caller(type(one.client)(base_url=long_way.address, headers=one.client.headers, timeout=30))
    return one, two


def attempts(path: str, method: str, operation: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and the rest of requests, nearly all of which are wrong somewhere."""
    at = filled(path)
    signed = {"headers": {"if-match": '"1"', "idempotency-key": "k"}}
    yield method, at, {"headers": {"authorization": ""}}
    yield method, at, signed
    yield method, at, {}
    yield method, filled(path, **dict.fromkeys(["id", "seq", "year", "number", "page_id"], "x")), signed
    yield method, f"{at}/", signed
    yield method, f"{at}/nowhere", signed
    yield "PUT" if method != "PUT" else "PATCH", at, signed
    for query in ("unheard_of=1", "limit=0", "limit=x&limit=2", "limit=7", "cursor=x", "year=x", "state=x&kind=x"):
        yield method, f"{at}?{query}", signed
    for wrong in (
        {"idempotency-key": "a b"},
        {"idempotency-key": "k" * 300},
        {"if-match": "1" * 99},
        {"if-match": "x"},
    ):
        yield method, at, {"headers": wrong}
    if method in ("POST", "PATCH", "PUT"):
        for body in (b"", b"{}", b"[]", b'"x"', b"null", b"7", b'{"unheard_of": 1}', b'{"id": "x"}'):
            yield method, at, {"content": body, "headers": signed["headers"] | {"content-type": JSON}}
        for media in (
            "application/json; charset=utf-8",
            "APPLICATION/JSON",
            "application/problem+json",
            "text/plain",
            "",
        ):
            yield method, at, {"content": b"{}", "headers": signed["headers"] | {"content-type": media}}


def answer(caller: Caller, method: str, path: str, more: dict[str, Any]) -> tuple[Any, ...]:
    """What matters of it; of success the status alone, for a record that was made is another each time."""
    told = caller.client.request(method, path, **more)
    if told.is_success:
        return (told.status_code,)
    headers = {name: value for name, value in told.headers.items() if name not in OF_ONE_REQUEST}
    body = told.json() if "json" in headers.get("content-type", "") else told.text
    return told.status_code, headers, {**body, "request_id": None} if isinstance(body, dict) else body


def differences(officers: tuple[Caller, Caller], which: list[tuple[str, str, dict[str, Any]]]) -> list[Any]:
    found = []
    for path, method, operation in which:
        for attempt in attempts(path, method, operation):
            short, long = (answer(caller, *attempt) for caller in officers)
            if short != long:
                found.append((attempt, short, long))
    return found


@pytest.mark.parametrize("tag", sorted({operation["tags"][0] for _, _, operation in ALL}))
def test_both_ways_answer_alike(officers: tuple[Caller, Caller], tag: str) -> None:
    assert differences(officers, [each for each in ALL if each[2]["tags"][0] == tag]) == []


def test_control_an_error_told_of_another_place_is_noticed(
    officers: tuple[Caller, Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = doors.Value.read

    def elsewhere(self: doors.Value, given: Any, values: dict[str, Any], errors: list[Any]) -> None:
        wrong: list[Any] = []
        read(self, given, values, wrong)
        errors += [{**each, "loc": ("header", "elsewhere")} for each in wrong]

    monkeypatch.setattr(doors.Value, "read", elsewhere)
    some = [each for each in ALL if each[2]["operationId"] in {"visits_list", "plan_measures_start"}]
    assert differences(officers, some) != []


def test_nearly_every_operation_goes_the_short_way() -> None:
    found: Any = API.router.middleware_stack
    long = {operation["operationId"] for path, method, operation in ALL if found.find(method, filled(path)) is None}
    assert long == LONG_WAY
