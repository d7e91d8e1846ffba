"""Does the checker of breaking changes flag what breaks a client, say where, and leave the rest alone?

Every edit is made on the real document.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from openapi.breaking import breaking, main

DOCUMENT = Path(__file__).parent.parent / "openapi" / "openapi.json"
Json = Any
Edit = Callable[[Json], Any]


def api() -> Json:
    return json.loads(DOCUMENT.read_text("utf-8"))


OLD = api()


def people(d: Json, method: str = "post") -> Json:
    return d["paths"]["/v1/people"][method]


def body(d: Json, name: str = "CreatePerson") -> Json:
    return d["components"]["schemas"][name]


def query(d: Json, name: str) -> Json:
    return next(p for p in people(d, "get")["parameters"] if p["name"] == name)


def content(d: Json, status: str = "201") -> Json:
    return people(d)["responses"][status]["content"]


def bounds(d: Json) -> Json:
    """The schema of a text that a request must give."""
    name = body(d)["properties"]["name"]
    assert {"minLength", "maxLength", "pattern"} <= name.keys()
    return name


def nullable(schema: Json) -> Json:
    return {"anyOf": [schema, {"type": "null"}]}


def not_null(schema: Json) -> Json:
    (kept,) = (choice for choice in schema["anyOf"] if choice != {"type": "null"})
    return kept


def change(schema: Json, name: str, how: Callable[[Json], Json]) -> None:
    schema["properties"][name] = how(schema["properties"][name])


def rename_parameter(d: Json) -> None:
    """Of the path: the address a client writes stays the same."""
    item = d["paths"].pop("/v1/people/{id}")
    for operation in item.values():
        for parameter in operation["parameters"]:
            if parameter["in"] == "path":
                parameter["name"] = "person"
    d["paths"]["/v1/people/{person}"] = item


BREAKING: dict[str, tuple[Edit, str]] = {
    "path removed": (lambda d: d["paths"].pop("/v1/people"), "POST /v1/people: the path is gone"),
    "path renamed": (
        lambda d: d["paths"].update({"/v1/persons": d["paths"].pop("/v1/people")}), "GET /v1/people: the path is gone",
    ),
    "method removed": (lambda d: d["paths"]["/v1/people"].pop("post"), "POST /v1/people: the method is gone"),
    "operationId changed": (
        lambda d: people(d).update(operationId="register"), "POST /v1/people: operationId people_create is now reg",
    ),
    "success status removed": (lambda d: people(d)["responses"].pop("201"), "POST /v1/people 201: the status is gone"),
    "error status removed": (lambda d: people(d)["responses"].pop("409"), "POST /v1/people 409: the status is gone"),
    "request media type removed": (
        lambda d: people(d)["requestBody"]["content"].update(
            {"text/csv": people(d)["requestBody"]["content"].pop("application/json")}
        ),
        "POST /v1/people body: media type application/json is gone",
    ),
    "answer media type removed": (
        lambda d: content(d).update({"text/csv": content(d).pop("application/json")}),
        "POST /v1/people 201: media type application/json is gone",
    ),
    "header removed": (
        lambda d: people(d)["responses"]["201"]["headers"].pop("ETag"), "POST /v1/people 201 header ETag: is gone",
    ),
    "header of another type": (
        lambda d: people(d)["responses"]["201"]["headers"]["ETag"].update(schema={"type": "integer"}),
        "POST /v1/people 201 header ETag: may now be integer",
    ),
    "query parameter removed": (
        lambda d: people(d, "get")["parameters"].remove(query(d, "category")),
        "GET /v1/people query category: the parameter is gone",
    ),
    "query parameter now required": (
        lambda d: query(d, "category").update(required=True), "GET /v1/people query category: is now required",
    ),
    "new required header": (
        lambda d: people(d)["parameters"].append(
            {"in": "header", "name": "x-purpose", "required": True, "schema": {"type": "string"}}
        ),
        "POST /v1/people header x-purpose: a new parameter is required",
    ),
    "parameter's maximum lowered": (
        lambda d: query(d, "limit")["schema"].update(maximum=100), "GET /v1/people query limit: maximum 200 is now 100",
    ),
    "parameter's minimum raised": (
        lambda d: query(d, "limit")["schema"].update(minimum=2), "GET /v1/people query limit: minimum 1 is now 2",
    ),
    "parameter's default changed": (
        lambda d: query(d, "limit")["schema"].update(default=20), "GET /v1/people query limit: default 50 is now 20",
    ),
    "parameter's enum value removed": (
        lambda d: query(d, "category")["schema"]["enum"].remove("other"),
        'GET /v1/people query category: value "other" is no longer accepted',
    ),
    "parameter written differently": (
        lambda d: query(d, "category").update(style="pipeDelimited"),
        "GET /v1/people query category: is written differently",
    ),
    "path parameter of another format": (
        lambda d: d["paths"]["/v1/people/{id}"]["get"]["parameters"][0]["schema"].update(format="ulid"),
        'GET /v1/people/{id} path id: format "uuid" is now "ulid"',
    ),
    "body now required": (
        lambda d: d["paths"]["/v1/me"]["get"].update(requestBody={"required": True, "content": {}}),
        "GET /v1/me body: is now required",
    ),
    "body removed": (lambda d: people(d).pop("requestBody"), "POST /v1/people body: is gone"),
    "request member removed": (
        lambda d: body(d)["properties"].pop("phone"), "POST /v1/people body.phone: the member is gone",
    ),
    "request member now required": (
        lambda d: body(d)["required"].append("phone"), "POST /v1/people body.phone: is now required",
    ),
    "new required request member": (
        lambda d: (body(d)["properties"].update(rank={"type": "string"}), body(d)["required"].append("rank")),
        "POST /v1/people body.rank: is now required",
    ),
    "request member's type changed": (
        lambda d: change(body(d), "name", lambda _: {"type": "integer"}),
        "POST /v1/people body.name: string is no longer accepted",
    ),
    "request member may no longer be null": (
        lambda d: change(body(d), "phone", not_null), "POST /v1/people body.phone: null is no longer accepted",
    ),
    "request text shorter": (lambda d: bounds(d).update(maxLength=3), "is now 3"),
    "request text longer": (lambda d: bounds(d).update(minLength=9), "POST /v1/people body.name: minLength 1 is now 9"),
    "request pattern changed": (
        lambda d: bounds(d).update(pattern="^[a-z]+$"), 'is now "^[a-z]+$"',
    ),
    "request format added": (
        lambda d: bounds(d).update(format="email"), 'POST /v1/people body.name: format nothing is now "email"',
    ),
    "request enum value removed": (
        lambda d: body(d)["properties"]["category"]["enum"].remove("other"),
        'POST /v1/people body.category: value "other" is no longer accepted',
    ),
    "request enum where there was none": (
        lambda d: bounds(d).update(enum=["张三"]), "POST /v1/people body.name: any value is no longer accepted",
    ),
    "word the checker does not know": (
        lambda d: body(d).update({"dependentRequired": {"phone": ["citizen_id"]}}),
        "POST /v1/people body: dependentRequired nothing is now",
    ),
    "answer member removed": (
        lambda d: (body(d, "PersonOut")["properties"].pop("phone"), body(d, "PersonOut")["required"].remove("phone")),
        "GET /v1/people/{id} 200.phone: the member is gone",
    ),
    "answer member no longer sure": (
        lambda d: body(d, "PersonOut")["required"].remove("phone"),
        "GET /v1/people 200.items[].phone: is no longer always there",
    ),
    "answer member may be null": (
        lambda d: change(body(d, "PersonOut"), "name", nullable), "GET /v1/people/{id} 200.name: may now be null",
    ),
    "answer member of another type": (
        lambda d: change(body(d, "PersonOut"), "version", lambda _: {"type": "number"}),
        "GET /v1/people/{id} 200.version: may now be number",
    ),
    "answer enum value added": (
        lambda d: body(d, "PersonOut")["properties"]["category"]["enum"].append("robot"),
        'GET /v1/people/{id} 200.category: value "robot" is new',
    ),
    "answer format dropped": (
        lambda d: body(d, "PersonOut")["properties"]["id"].pop("format"),
        'GET /v1/people/{id} 200.id: format "uuid" is now nothing',
    ),
    "answer variant added": (
        lambda d: body(d, "PersonOut")["properties"]["unit_id"]["anyOf"].append({"type": "integer"}),
        "GET /v1/people/{id} 200.unit_id: may now be integer",
    ),
    "answer points at another schema": (
        lambda d: content(d)["application/json"].update(schema={"$ref": "#/components/schemas/UnitOut"}),
        "POST /v1/people 201.category: the member is gone",
    ),
    "problem loses its code": (
        lambda d: (body(d, "Problem")["properties"].pop("code"), body(d, "Problem")["required"].remove("code")),
        "POST /v1/people 422.code: the member is gone",
    ),
    "sign-in newly asked for": (
        lambda d: d["paths"]["/v1/workflows"]["get"].update(security=people(d)["security"]),
        "GET /v1/workflows: nobody's sign-in is no longer enough",
    ),
    "another scheme of sign-in": (
        lambda d: d["components"]["securitySchemes"].update(
            {name: {"type": "mutualTLS"} for name in d["components"]["securitySchemes"]}
        ),
        "gone or changed",
    ),
}  # fmt: skip

HARMLESS: dict[str, Edit] = {
    "new path": lambda d: d["paths"].update({"/v1/plots": deepcopy(d["paths"]["/v1/people"])}),
    "new method": lambda d: d["paths"]["/v1/people"].update(put=deepcopy(people(d))),
    "new optional parameter": lambda d: people(d, "get")["parameters"].append(
        {"in": "query", "name": "name", "required": False, "schema": {"type": "string"}}
    ),
    "parameters in another order": lambda d: people(d, "get")["parameters"].reverse(),
    "path parameter renamed": rename_parameter,
    "parameter's range widened": lambda d: query(d, "limit")["schema"].update(maximum=500, minimum=0),
    "parameter's enum value added": lambda d: query(d, "category")["schema"]["enum"].append("robot"),
    "body no longer required": lambda d: people(d)["requestBody"].update(required=False),
    "new optional request member": lambda d: body(d)["properties"].update(rank={"type": "string"}),
    "request member no longer required": lambda d: body(d)["required"].remove("name"),
    "request member may be null": lambda d: change(body(d), "name", nullable),
    "request text may be longer and shorter": lambda d: bounds(d).update(maxLength=9999, minLength=0),
    "request pattern dropped": lambda d: bounds(d).pop("pattern"),
    "request enum value added": lambda d: body(d)["properties"]["category"]["enum"].append("robot"),
    "request integer may be any number": lambda d: query(d, "limit")["schema"].update(type="number"),
    "request media type added": lambda d: people(d)["requestBody"]["content"].update({"text/csv": {}}),
    "answer member added": lambda d: body(d, "PersonOut")["properties"].update(rank={"type": "string"}),
    "answer member never null": lambda d: change(body(d, "PersonOut"), "phone", not_null),
    "answer enum value no longer used": lambda d: body(d, "PersonOut")["properties"]["category"]["enum"].pop(),
    "answer bounded": lambda d: body(d, "PersonOut")["properties"]["name"].update(maxLength=50, minLength=1),
    "answer media type added": lambda d: content(d).update({"text/csv": {}}),
    "header added": lambda d: people(d)["responses"]["201"]["headers"].update({"X-Note": {"schema": {}}}),
    "error status added": lambda d: people(d)["responses"].update({"507": deepcopy(people(d)["responses"]["409"])}),
    "sign-in no longer needed": lambda d: people(d, "get").update(security=[]),
    "another way to sign in": lambda d: (
        d["components"]["securitySchemes"].update(card={"type": "http"}), people(d)["security"].append({"card": []}),
    ),
    "words": lambda d: (
        people(d).update(summary="x", description="y", tags=["z"], deprecated=True),
        bounds(d).update(title="x", description="y", examples=["z"]), d["info"].update(title="x", description="y"),
    ),
    "schema renamed": lambda d: (
        d["components"]["schemas"].update(Somebody=body(d, "PersonOut")),
        content(d)["application/json"].update(schema={"$ref": "#/components/schemas/Somebody"}),
    ),
    "reference written out": lambda d: content(d)["application/json"].update(schema=deepcopy(body(d, "PersonOut"))),
    "oneOf said as anyOf, types as a list": lambda d: change(
        body(d, "PersonOut"), "phone", lambda _: {"type": ["null", "string"]}
    ),
    "one allOf around it": lambda d: content(d)["application/json"].update(
        schema={"allOf": [{"$ref": "#/components/schemas/PersonOut"}]}
    ),
}  # fmt: skip


@pytest.mark.parametrize(("edit", "told"), BREAKING.values(), ids=BREAKING)
def test_a_breaking_edit_is_flagged_and_told(edit: Edit, told: str) -> None:
    edit(now := api())
    assert now != OLD, "the edit is one"
    found = [str(finding) for finding in breaking(OLD, now)]
    assert [one for one in found if told in one], found[:5]


@pytest.mark.parametrize("edit", HARMLESS.values(), ids=HARMLESS)
def test_a_harmless_edit_is_let_through(edit: Edit) -> None:
    edit(now := api())
    assert now != OLD, "the edit is one"
    assert breaking(OLD, now) == []


def test_there_are_enough_edits_of_both_kinds() -> None:
    assert len(BREAKING) >= 25
    assert len(HARMLESS) >= 15
    assert breaking(OLD, api()) == []


def document(schema: Json, schemas: Json = None) -> Json:
    """One operation that takes and gives what the schema says."""
    content = {"content": {"application/json": {"schema": schema}}}
    operation = {"operationId": "it", "requestBody": content, "responses": {"200": content}}
    return {"paths": {"/it": {"post": operation}}, "components": {"schemas": schemas or {}}}


TEXT, NUMBER = {"type": "string"}, {"type": "integer"}


def object_of(**words: Json) -> Json:
    return {"type": "object", **words}


def array_of(items: Json, **words: Json) -> Json:
    return {"type": "array", "items": items, **words}


CAT = object_of(properties={"kind": {"const": "cat"}, "lives": NUMBER}, required=["kind", "lives"])
DOG = object_of(properties={"kind": {"const": "dog"}}, required=["kind"])
BRANCH = object_of(properties={"below": array_of({"$ref": "#/components/schemas/T"})})


@pytest.mark.parametrize(
    ("was", "now", "request_breaks", "answer_breaks"),
    [
        (TEXT, TEXT, False, False),
        (TEXT, NUMBER, True, True),
        ({"oneOf": [CAT, DOG]}, {"anyOf": [DOG, CAT]}, False, False),
        ({"oneOf": [CAT, DOG]}, DOG, True, False),
        (DOG, {"oneOf": [CAT, DOG]}, False, True),
        ({"const": "a"}, {"enum": ["a", "b"]}, False, True),
        (object_of(), object_of(additionalProperties=False), True, False),
        (object_of(additionalProperties=TEXT), object_of(additionalProperties=NUMBER), True, True),
        (object_of(additionalProperties=TEXT), object_of(additionalProperties={}), False, True),
        (array_of(TEXT), array_of(TEXT, maxItems=3), True, False),
        (array_of(TEXT), array_of(NUMBER), True, True),
        ({}, TEXT, True, False),
    ],
)  # fmt: skip
def test_a_request_may_only_widen_and_an_answer_only_narrow(was, now, request_breaks, answer_breaks):
    found = breaking(document(was), document(now))
    assert any(" body" in one.where for one in found) is request_breaks, found
    assert any(" 200" in one.where for one in found) is answer_breaks, found


def test_a_schema_that_contains_itself_is_compared_all_the_same() -> None:
    whole = {"$ref": "#/components/schemas/T"}
    grown = {**BRANCH, "properties": {**BRANCH["properties"], "name": TEXT}, "required": ["name"]}
    assert breaking(document(whole, {"T": BRANCH}), document(whole, {"T": BRANCH})) == []
    found = breaking(document(whole, {"T": BRANCH}), document(whole, {"T": grown}))
    assert [(one.where, one.what) for one in found] == [("POST /it body.name", "is now required")]


def test_a_finding_says_where_what_and_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = [str(tmp_path / name) for name in ("old.json", "new.json")]
    for name, schema in zip(names, (TEXT, {**TEXT, "maxLength": 3}), strict=True):
        Path(name).write_text(json.dumps(document(schema)), "utf-8")
    assert main(*names) == 1
    assert capsys.readouterr().out == (
        "POST /it body: maxLength nothing is now 3; a request that was accepted would be refused\n"
    )
    assert main(names[0], names[0]) == 0
