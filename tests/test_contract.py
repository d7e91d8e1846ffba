"""Is the published document true, valid and complete?"""

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from app import contract
from app.actor import OFFICES_ZH, Office
from app.cells import words_of
from app.contract import operations
from app.glossary import NAMES
from app.main import FEATURES, create_app
from app.reading import RESOURCES
from app.settings import Settings
from app.tabular import columns_of
from app.wire import PageOut
from app.workflow import WORKFLOWS
from openapi.examples import FILE, written

COMMITTED = Path(__file__).parent.parent / "openapi" / "openapi.json"
API = create_app(Settings(secret="t" * 32)).openapi()
SCHEMAS = API["components"]["schemas"]
ALL = [
    pytest.param(path, method, operation, id=operation["operationId"]) for path, method, operation in operations(API)
]


def test_the_committed_document_is_what_the_code_generates():
    assert json.loads(COMMITTED.read_text()) == json.loads(json.dumps(API)), "run `make openapi`"


def test_the_published_examples_are_those_of_the_document():
    assert FILE.read_text("utf-8") == written(json.loads(COMMITTED.read_text("utf-8"))), "run `make openapi`"


def test_the_document_is_valid_openapi():
    validate(API)


def test_no_body_is_named_after_a_python_module():
    assert [name for name in API["components"]["schemas"] if "__" in name] == []


def test_operation_ids_are_unique():
    ids = [operation["operationId"] for _, _, operation in operations(API)]
    assert len(set(ids)) == len(ids)


def test_every_part_of_the_document_is_named_in_chinese():
    named = {tag["name"]: tag["description"] for tag in API["tags"]}
    assert set(named) == {tag for _, _, operation in operations(API) for tag in operation["tags"]}
    assert not any(chinese.isascii() for chinese in named.values())


@pytest.mark.parametrize(("path", "method", "operation"), ALL)
def test_every_operation_is_fully_described(path, method, operation):
    english, _, chinese = operation["summary"].partition(" / ")
    assert english.isascii() and chinese, "a summary says it in English / and in Chinese"
    assert operation["operationId"].replace("_", "").isalnum()
    errors = {status for status in operation["responses"] if status >= "400"}
    assert {"422", "503"} <= errors
    assert "404" in errors or "{" not in path
    if path != "/v1/oauth/token":  # which answers a client with RFC 6749's own 401
        assert (operation["security"] == []) == ("401" not in errors)
    parameters = {p["name"].lower() for p in operation.get("parameters", ())}
    assert ("if-match" in parameters) == ({"412", "428"} <= errors)


@pytest.mark.parametrize(("path", "method", "operation"), ALL)
def test_every_body_has_an_example_that_its_schema_allows(path, method, operation):
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    for content in (
        c for body in bodies for media, c in body.get("content", {}).items() if media == "application/json"
    ):
        schema = {**content["schema"], "components": API["components"]}
        Draft202012Validator(schema).validate(content["example"])


UNREAD = {"accounts", "cases", "findings", "objections"}
"""What a county's system does not read, its lists say; of these others it reads what is its own or made known."""
PARTLY = {"attachments", "imports", "notices", "recusals"}


def test_a_list_says_where_a_county_s_system_reads_nothing():
    hidden = {r.name for r in RESOURCES if not r.scope.sees_all(frozenset({Office.COUNTY_SYSTEM}))}
    assert hidden == UNREAD | PARTLY
    said = {
        path.removeprefix("/v1/")
        for path, method, operation in operations(API)
        if method == "get" and "县级业务系统不能读取" in operation.get("description", "")
    }
    assert said == UNREAD


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
def test_a_new_record_is_told_where_it_is_only_where_it_can_be_read(resource):
    reads = {path for path, method, _ in operations(API) if method == "get"}
    assert (f"/v1/{resource.name}/{{id}}" in reads) is resource.addressed


PAGES = [
    pytest.param(route, id=route.name)
    for feature in FEATURES
    for router in feature.routers
    for route in router.routes
    if isinstance(route.response_model, type) and issubclass(route.response_model, PageOut)
    if route.response_model.model_fields["next_cursor"].annotation is not str  # a feed, which has no end
]


@pytest.mark.parametrize("route", PAGES)
def test_every_column_and_every_filter_of_a_list_has_its_chinese_name(route):
    """Whoever adds a field to a list adds it to app/glossary.py: it heads a column of the list as a file."""
    columns = columns_of(route.response_model, route.path.split("/")[1], english=False)
    headings = [column.heading for column in columns]
    assert len(set(headings)) == len(headings), "two columns of one name"
    assert not any(heading.isascii() for heading in headings)
    (operation,) = [o for _, _, o in operations(API) if o["operationId"] == route.name]
    filters = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "query"}
    assert filters - {*NAMES, "limit", "cursor"} == set()


CHINESE = re.compile("[\u4e00-\u9fff]")


def said_of(schema: str, member: str) -> str:
    return str(SCHEMAS[schema]["properties"][member].get("description", ""))


@pytest.mark.parametrize("route", PAGES)
def test_what_a_list_has_and_is_filtered_by_is_called_in_chinese_in_the_document(route):
    (operation,) = [o for _, _, o in operations(API) if o["operationId"] == route.name]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    page = SCHEMAS[schema["$ref"].rpartition("/")[2]]
    row = SCHEMAS[page["properties"]["items"]["items"]["$ref"].rpartition("/")[2]]
    assert [
        name for name, member in row["properties"].items() if not CHINESE.search(member.get("description", ""))
    ] == []
    filters = [p for p in operation.get("parameters", ()) if p["in"] == "query"]
    assert [p["name"] for p in filters if not CHINESE.search(p.get("description", ""))] == []


def test_a_word_is_said_only_where_it_means_that():
    assert said_of("CreatePerson", "name") == said_of("PersonOut", "name") == "姓名"
    assert said_of("HouseholdOut", "status") == "脱贫状态" and not CHINESE.search(said_of("Problem", "status"))
    assert "约定代码" not in said_of("Operation", "key"), "of a retry, not of a policy"
    assert said_of("HouseholdOut", "has_helper").startswith("A household without helper"), "what is told stays"


def test_states_and_offices_are_named_one_by_one():
    for flow in WORKFLOWS.values():
        told = [p for p in API["paths"][f"/v1/{flow.resource}"]["get"]["parameters"] if p["name"] == "state"]
        assert all(f"{state} {zh}" in p["description"] for p in told for state, zh in flow.states_zh.items()), flow.name
    assert all(f"{office} {zh}" in SCHEMAS["Office"]["description"] for office, zh in OFFICES_ZH.items())
    assert "open 待贫困户签字" in said_of("SignoffOut", "state")


def test_codes_are_named_one_by_one_as_in_files():
    """Of whatever codes a file of a list has words for."""
    named = []
    for route in PAGES:
        (row,) = get_args(route.values[0].response_model.model_fields["items"].annotation)
        for name, member in SCHEMAS.get(row.__name__, {"properties": {}})["properties"].items():
            coded, words = contract._coded(member, SCHEMAS), words_of(name, row.__name__)
            if coded and words.keys() >= set(coded["enum"]):
                assert all(f"{code} {words[code]}" in coded["description"] for code in coded["enum"]), (row, name)
                named.append(name)
    assert {"main_cause", "attribute", "measure", "kind", "category"} <= set(named)


def test_no_file_is_mentioned_that_is_not_there():
    named = set(re.findall(r"[\w/.-]+\.(?:md|py|json|http)\b", json.dumps(API, ensure_ascii=False)))
    assert "docs/sheets.md" in named
    assert [name for name in named if not (COMMITTED.parent.parent / name).exists()] == []


def unbounded(schema: dict[str, Any], where: str, seen: set[str]) -> Iterator[str]:
    """Texts that may hold anything and whole numbers of any size, wherever a body has them."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in seen:
            seen.add(name)
            yield from unbounded(SCHEMAS[name], name, seen)
        return
    if schema.get("type") == "string" and not schema.keys() & {"pattern", "format", "enum", "const"}:
        yield where
    if schema.get("type") == "integer" and not schema.keys() & {"maximum", "exclusiveMaximum"}:
        yield where
    for name, inner in schema.get("properties", {}).items():
        yield from unbounded(inner, f"{where}.{name}", seen)
    for inner in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        if "properties" not in inner:  # a condition on members, not what they are
            yield from unbounded(inner, where, seen)
    for inner in (schema.get("items"), schema.get("additionalProperties")):
        if isinstance(inner, dict):
            yield from unbounded(inner, f"{where}[]", seen)


def test_no_text_and_no_number_of_a_body_is_unbounded() -> None:
    """What the guard refuses, NUL and what is beyond 64 bits, no schema may seem to allow."""
    seen: set[str] = set()
    bodies = [
        media["schema"]
        for _, _, operation in operations(API)
        for kind, media in operation.get("requestBody", {}).get("content", {}).items()
        if kind == "application/json"
    ]
    assert [*itertools.chain(*[unbounded(body, "", seen) for body in bodies])] == []
    assert len(seen) > 90
    hole = {"properties": {"a": {"type": "string"}, "b": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}}
    assert [*unbounded(hole, "x", set())] == ["x.a", "x.b"], "control"
