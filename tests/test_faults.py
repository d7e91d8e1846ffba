"""Does a fault of a request say in Chinese what it says in English: the bound, the choices, the form?"""

import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic_core._pydantic_core import list_all_errors

from app.faults import CHINESE, EXAMPLES, SAID, told
from app.main import create_app
from app.settings import Settings

GIVES = {
    "any": (),
    "bool": ("bool_type", "bool_parsing"),
    "date": ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"),
    "datetime": (
        "datetime_type", "datetime_parsing", "datetime_from_date_parsing", "datetime_object_invalid", "timezone_aware",
    ),
    "default": (), "definition-ref": (), "definitions": (),
    "dict": ("dict_type", "too_long"),
    "enum": ("enum",),
    "function-after": (), "function-before": (), "function-wrap": (),
    "int": (
        "int_type", "int_parsing", "int_parsing_size", "int_from_float", "greater_than", "greater_than_equal",
        "less_than", "less_than_equal",
    ),
    "list": ("list_type", "too_short", "too_long"),
    "literal": ("literal_error",),
    "missing-sentinel": ("missing_sentinel_error",),
    "model": ("model_type", "model_attributes_type"),
    "model-field": ("missing",), "model-fields": ("extra_forbidden",),
    "no-info": (), "nullable": (),
    "str": ("string_type", "string_unicode", "string_too_short", "string_too_long", "string_pattern_mismatch"),
    "tagged-union": ("union_tag_invalid", "union_tag_not_found"), "union": (),
    "uuid": ("uuid_type", "uuid_parsing"),
}  # fmt: skip
"""The faults that each kind of pydantic's schemas finds."""
UNTOLD = {"error", "class_name", "field_type", "expected_plural", "tag"}
"""Facts that are English words, Python's names, or what was sent."""


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        yield from (node for inner in schema.values() for node in nodes(inner))
    elif isinstance(schema, list | tuple):
        yield from (node for inner in schema for node in nodes(inner))


def dependants(of: Any) -> Iterator[Any]:
    yield of
    yield from (inner for each in of.dependencies for inner in dependants(each))


@pytest.fixture(scope="module")
def schemas():
    """Every schema by which any operation judges what it is sent, as pydantic runs it."""
    doors = create_app(Settings(secret="t" * 32)).state.doors
    fields = [
        field
        for door in doors
        for of in dependants(door.dependant)
        for field in (*of.path_params, *of.query_params, *of.header_params, *of.body_params)
    ]
    assert len(fields) > 200
    return [node for field in fields for node in nodes(field._type_adapter.core_schema)]


@pytest.fixture(scope="module")
def possible(schemas):
    kinds = {node["type"] for node in schemas if isinstance(node.get("type"), str)}
    source = "".join(path.read_text("utf-8") for path in Path("app").rglob("*.py"))
    own = set(re.findall(r'PydanticCustomError\(\s*"(\w+)"', source))
    assert kinds <= GIVES.keys() and len(own) >= 5
    return {fault for kind in kinds for fault in GIVES[kind]} | own


def facts(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_every_fault_that_a_request_can_have_is_told_in_chinese_with_its_facts(possible):
    known = {e["type"]: e.get("message_template_json") or e["message_template_python"] for e in list_all_errors()}
    assert possible - CHINESE.keys() == {"string_pattern_mismatch"}, "told by an example"
    assert CHINESE.keys() - possible == set(), "nothing is told that cannot be"
    for fault in possible & known.keys() & CHINESE.keys():
        assert facts(CHINESE[fault]) == facts(known[fault]) - UNTOLD, fault


def test_every_pattern_is_explained_by_an_example_that_has_its_form(schemas):
    patterns = {node["pattern"] for node in schemas if node.get("type") == "str" and "pattern" in node}
    assert patterns - SAID.keys() - EXAMPLES.keys() == set()
    assert [pattern for pattern, example in EXAMPLES.items() if not re.search(pattern, example)] == []


def test_what_nobody_foresaw_is_not_repeated():
    fault = {"type": "unforeseen", "msg": "secret", "ctx": {"tag": "secret"}}
    assert (told(fault, "zh-CN"), told(fault, "en")) == ("内容无效", "invalid")
    fault = {"type": "union_tag_invalid", "msg": "secret", "ctx": {
        "tag": "secret", "discriminator": "'kind'", "expected_tags": "'a', 'b'",
    }}  # fmt: skip
    assert (told(fault, "zh-CN"), told(fault, "en")) == ("kind 应为下列之一:a、b", "kind should be one of a, b")


PERSON = {"name": "张三", "category": "organ_cadre"}
OF = "01920000-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    ("method", "path", "body", "zh", "en"),
    [
        ("POST", "/accounts", {"login": "li", "password": "short", "person_id": OF}, "至少 10 个字符", "at least 10"),
        ("POST", "/accounts", {"login": "张三", "password": "x" * 10, "person_id": OF},
         "格式不符,应如 zhang.san", "for example zhang.san"),
        ("POST", "/people", PERSON | {"category": "xx"}, "应为下列之一:organ_cadre、village_committee_member、",
         "should be 'organ_cadre', 'village_committee_member'"),
        ("POST", "/people", PERSON | {"name": " "}, "须有可见文字,且不得含有换行等控制字符", "visible text"),
        ("POST", "/people", PERSON | {"unit_id": "z7"}, "应为 UUID", "valid UUID"),
        ("GET", "/people?limit=100000", None, "不得大于 200", "less than or equal to 200"),
        ("GET", "/people?limit=x", None, "应为整数", "valid integer"),
        ("GET", "/events?wait=-1", None, "不得小于 0", "greater than or equal to 0"),
        ("POST", "/appointments", {"person_id": OF, "office": "helper", "place": "411421201", "starts": "2026/11/27"},
         "日期无效,应如 2017-03-31", "YYYY-MM-DD"),
        ("POST", "/quarterly-rounds", {"quarter": "2026-4", "rubric_id": OF},
         "格式不符,应如 2017-Q1", "for example 2017-Q1"),
        ("POST", "/inspection-rounds", {"month": "2026-1"}, "格式不符,应如 2017-03", "for example 2017-03"),
        ("POST", "/people", [], "应为 JSON 对象", "object"),
    ],
)  # fmt: skip
def test_a_clerk_reads_what_is_wanted_in_either_language(shared_township, method, path, body, zh, en):
    office = shared_township.office("leading_group_office")
    for language, expected in (("zh-CN", zh), ("en", en)):
        sent = {} if body is None else {"json": body}
        answer = office.client.request(method, f"/v1{path}", headers={"accept-language": language}, **sent)
        assert answer.status_code == 422, answer.text
        assert [e for e in answer.json()["errors"] if expected in e["message"]], answer.text
