"""Does every operation, and not only the one we thought of, answer bad input with a clear problem and never a 500?

The attempts are generated from the document: each operation with a body gets every broken body, each with parameters
every broken parameter, by somebody who holds every office of his township.
"""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from app.contract import operations
from app.main import create_app
from app.problems import MEDIA
from app.settings import Settings
from tests.conftest import Caller, Township
from tests.endurance.prepared import officer

API = create_app(Settings(secret="t" * 32)).openapi()
SCHEMAS = API["components"]["schemas"]
ALL = [(path, method, operation) for path, method, operation in operations(API)]
HERE = "01920000-0000-7000-8000-0000000000ff"
JSON = "application/json"
PLAIN = {
    "name": "x",
    "code": "411421",
    "key": "draw.min",
    "log": "411421701",
    "level": "0",
    "index": "000",
    "year": 2017,
}
"""What stands in a path where no id does; nothing of it needs to be there."""


def filled(path: str, **instead: str) -> str:
    parts = [part[1:-1] if part.startswith("{") else "" for part in path.split("/")]
    for name in filter(None, parts):
        path = path.replace(f"{{{name}}}", str(instead.get(name, PLAIN.get(name, HERE))))
    return path


def example(operation: dict[str, Any]) -> Any:
    return operation["requestBody"]["content"][JSON]["example"]


WITH_BODY = [
    pytest.param(path, method, operation, id=operation["operationId"])
    for path, method, operation in ALL
    if JSON in operation.get("requestBody", {}).get("content", {})
]
SIGNED_IN = [
    pytest.param(path, method, operation, id=operation["operationId"])
    for path, method, operation in ALL
    if operation["security"]
]


@pytest.fixture(scope="module")
def everybody(shared_township: Township) -> Caller:
    return officer(shared_township)


def broken_bodies(body: Any) -> Iterator[tuple[str, bytes, dict[str, str]]]:
    """Bodies that no operation takes, made of one it does, with the headers they travel under."""
    text = json.dumps(body, ensure_ascii=False)
    within = text[:-1] + (", " if body else "")
    as_json = {"content-type": JSON}
    for name, value in (
        ("NaN", "NaN"), ("Infinity", "Infinity"), ("minus Infinity", "-Infinity"), ("1e999", "1e999"),
        ("beyond 64 bits", "9" * 40), ("NUL", '"a\\u0000b"'), ("half a pair", '"\\ud800"'), ("other half", '"\\udfff"'),
        ("unknown member", "1"), ("deep", "[" * 60 + "]" * 60), ("very deep", "[" * 5_000 + "]" * 5_000),
        ("deep objects", '{"a":' * 60 + "1" + "}" * 60), ("0x1", "0x1"), ("01", "01"), ("+1", "+1"), (".5", ".5"),
    ):  # fmt: skip
        yield name, f'{within}"unheard_of": {value}}}'.encode(), as_json
    yield "unknown member that is NUL", f'{within}"\\u0000": 1}}'.encode(), as_json
    yield "duplicate keys", f'{within}"twice": 1, "twice": 1}}'.encode(), as_json
    for kind in ("[]", '"text"', "5", "null", "true", "", " ", "{", "not json", "{}{}", text + "x", "'", "{,}"):
        yield f"a body {kind[:8]!r}", kind.encode(), as_json
    yield "latin-1", '{"unheard_of": "é"}'.encode("latin-1"), as_json
    yield "UTF-16", text.encode("utf-16"), as_json
    yield "UTF-32", text.encode("utf-32"), as_json
    yield "byte order mark", b"\xef\xbb\xbf" + text.encode(), as_json
    yield "raw NUL", text.encode() + b"\x00", as_json
    yield "overlong UTF-8", b'{"unheard_of": "\xc0\x80"}', as_json
    yield "UTF-8 of half a pair", b'{"unheard_of": "\xed\xa0\x80"}', as_json
    yield "compressed", gzip.compress(text.encode()), as_json | {"content-encoding": "gzip"}
    yield "compressed and not said", gzip.compress(text.encode()), as_json
    yield "too large", f'{within}"unheard_of": "{"x" * 70_000}"}}'.encode(), as_json
    for media in (
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "json",
        "",
    ):
        yield f"as {media!r}", text.encode(), {"content-type": media}


LAX: dict[str, tuple[Any, ...]] = {
    "integer": ("1", True, 1.5, [1], {}, 2**63, -(2**63)), "boolean": ("true", 1, 0, "yes", [], {}),
    "string": (5, True, [], {}, 1.0), "array": ("x", 1, {}, True), "object": ("x", 1, [], True),
}  # fmt: skip


def resolved(schema: Any) -> list[Any]:
    """The schemas a value may have, behind references."""
    if "$ref" in schema:
        return resolved(SCHEMAS[schema["$ref"].rsplit("/", 1)[1]])
    return [one for choice in schema.get("anyOf") or schema.get("oneOf") or () for one in resolved(choice)] or [schema]


def laxly(schema: Any, body: Any, where: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Each member of the body with values of another type, however deep it stands."""
    for choice in resolved(schema):
        for name, member in choice.get("properties", {}).items():
            if not isinstance(body, dict) or name not in body:
                continue
            kinds = {one.get("type") for one in resolved(member)}
            if kinds <= {*LAX, "null", None} and None not in kinds:
                taken = {type(v) for k in kinds & set(LAX) for v in KINDS[k]}
                for value in (v for kind in kinds & set(LAX) for v in LAX[kind]):
                    if isinstance(value, float) and value.is_integer() and "integer" in kinds:
                        continue  # JSON Schema calls 1.0 an integer
                    if type(value) not in taken or (kinds == {"integer"} and value in (2**63, -(2**63))):
                        yield (*where, name), value
            yield from laxly(member, body[name], (*where, name))


KINDS: dict[str, tuple[Any, ...]] = {
    "integer": (1,), "boolean": (True,), "string": ("",), "array": ([],), "object": ({},)
}  # fmt: skip


def put(body: Any, where: tuple[Any, ...], value: Any) -> Any:
    made = deepcopy(body)
    here = made
    for step in where[:-1]:
        here = here[step]
    here[where[-1]] = value
    return made


def judge(answer: Any, what: str, allowed: set[int], language: str) -> list[str]:
    """What is wrong with the answer to a bad request: nothing, or one line."""
    told = f"{what}: {answer.status_code} {answer.text[:200]}"
    if answer.status_code not in allowed:
        return [told]
    problem = answer.json()
    title = problem.get("title", "")
    if answer.headers["content-type"] != MEDIA or problem.get("status") != answer.status_code or not title:
        return [told]
    if title.isascii() is not (language == "en"):
        return [f"{what} is not told in {language}: {title}"]
    if answer.status_code == 422 and not problem.get("errors"):
        return [f"{what} has no pointer"]
    return []


def languages() -> Iterator[str]:
    while True:
        yield from ("zh-CN", "en")


@pytest.mark.parametrize(("path", "method", "operation"), WITH_BODY)
def test_no_operation_takes_a_broken_body(everybody, path, method, operation):
    wrong: list[str] = []
    turns, counted = languages(), Counter[int]()
    where, given = filled(path), example(operation)
    wants = {"if-match": '"1"'} if any(p["name"] == "if-match" for p in operation.get("parameters", ())) else {}
    schema = operation["requestBody"]["content"][JSON]["schema"]
    attempts = list(broken_bodies(given))
    attempts += [
        (f"{where} {value!r}", json.dumps(put(given, place, value)).encode(), {"content-type": JSON})
        for place, value in laxly(schema, given)
    ]
    for what, content, headers in attempts:
        language = next(turns)
        sent = {**headers, **wants, "accept-language": language}
        answer = everybody.client.request(method, where, content=content, headers=sent)
        counted[answer.status_code] += 1
        wrong += judge(answer, what, {400, 413, 415, 422}, language)
    assert wrong == [], f"{len(wrong)} of {len(attempts)}: {counted}"


@pytest.mark.parametrize(("path", "method", "operation"), SIGNED_IN)
def test_no_operation_takes_parameters_it_does_not_know_or_broken_ones(everybody, path, method, operation):
    wrong: list[str] = []
    turns = languages()
    body = (
        {"content": json.dumps(example(operation)), "headers": {"content-type": JSON}} if _has_body(operation) else {}
    )
    known = [p["name"] for p in operation.get("parameters", ()) if p["in"] == "query"]
    queries = ["unheard_of=1", "%00=1", "unheard_of=%00", "a=%ff", "a=%ed%a0%80", "=1", "limit=5&unheard_of=2"]
    queries += [f"{name}=%00" for name in known] + [f"{name}=%ff" for name in known]
    queries += [f"{p['name']}={NINES}" for p in operation.get("parameters", ()) if p["in"] == "query" and _narrow(p)]
    for query in queries:
        language = next(turns)
        headers = body.get("headers", {}) | {"accept-language": language, "if-match": '"1"'}
        answer = everybody.client.request(
            method, f"{filled(path)}?{query}", content=body.get("content"), headers=headers
        )
        wrong += judge(answer, f"?{query[:40]}", {422, 404}, language)
    for trick in TRICKS if "{id}" in path else ():
        language = next(turns)
        headers = body.get("headers", {}) | {"accept-language": language, "if-match": '"1"'}
        there = filled(path, id=trick)
        answer = everybody.client.request(method, there, content=body.get("content"), headers=headers)
        wrong += judge(answer, there, {404, 405, 422}, language)
    assert wrong == []


NINES = "9" * 40


def _narrow(parameter: dict[str, Any]) -> bool:
    """Forty nines are no value of it, nor any cursor."""
    schema = {**parameter["schema"], "components": API["components"]}
    return parameter["name"] != "cursor" and not Draft202012Validator(schema).is_valid(NINES)


TRICKS = (
    "7", "%00", "%2e%2e", "..%2f..%2fetc%2fpasswd", "%ff", "%ed%a0%80", "'; drop table people; --", "{id}",
    "01920000-0000-7000-8000-0000000000zz", "x" * 2_000, "%252e", "null", "-1", "*", "%0d%0aSet-Cookie:a=b",
)  # fmt: skip


def _has_body(operation: dict[str, Any]) -> bool:
    return JSON in operation.get("requestBody", {}).get("content", {})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("idempotency-key", "x" * 256), ("idempotency-key", "a b"), ("idempotency-key", ""), ("if-match", "x" * 65),
        ("accept-language", "x" * 5_000), ("accept", "x" * 5_000), ("x-request-id", "x" * 5_000),
        ("authorization", "Bearer " + "x" * 5_000), ("authorization", "Basic YTpi"), ("authorization", ""),
        ("range", "bytes=0-"), ("x-http-method-override", "DELETE"), ("expect", "nonsense"),
    ],
)  # fmt: skip
def test_no_header_breaks_anything(everybody, name, value):
    for path, method in (("/v1/people", "GET"), ("/v1/people", "POST"), (f"/v1/people/{HERE}", "PATCH")):
        headers = {"content-type": JSON, "if-match": '"1"', name: value}
        answer = everybody.client.request(method, path, content=None if method == "GET" else b"{}", headers=headers)
        assert answer.status_code in {200, 400, 401, 404, 406, 422, 428}, (name, answer.status_code, answer.text)


def test_a_check_here_can_fail(everybody):
    """What is accepted, told in the wrong language or told without a problem is found."""
    accepted = everybody.client.get("/v1/me")
    refused = everybody.client.get("/v1/me?x=1", headers={"accept-language": "en"})
    assert judge(accepted, "read", {422}, "en") and judge(refused, "told", {422}, "zh-CN")
    assert judge(refused, "told", {422}, "en") == []
