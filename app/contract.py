"""What does the published document say besides what FastAPI knows? Errors, sign-in, headers and examples, by rule."""

import json
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from app.problems import MEDIA, FieldProblem, Problem

JSON = "application/json"
BEARER = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
BY_FORMAT = {
    "uuid": "01920000-0000-7000-8000-000000000001",
    "date": "2017-03-31",
    "date-time": "2017-03-31T08:00:00Z",
}
BY_PATTERN = {
    r"^[0-9]{12}$": "411421201201",
    r"^[0-9a-f]{64}$": "0" * 64,
    r"^[0-9]{4}-(0[1-9]|1[0-2])$": "2017-03",
    r"^[0-9]{4}-Q[1-4]$": "2017-Q1",
    r"^[0-9]{17}[0-9X]$": "11010519491231002X",
    r"^[0-9]{6}([0-9]{3}([0-9]{3})?)?$": "411421201",
    r"^[0-9]{6}([0-9]{3})?$": "411421201",
    r"^(0|[0-9]{6}([0-9]{3})?)$": "411421201",
}
MODULE = re.compile(r"app__([a-z]+)__[a-z]+__([A-Za-z]+)")
HEADERS = {
    "ETag": "The record's version, for If-Match",
    "Ledger-Entry": "`<log>/<seq>` of the entry that records the change",
    "Location": "The new record",
    "Idempotent-Replayed": "`true` where this is the stored answer of an earlier request under the same key",
}

RETRY_AFTER = {
    "description": "Seconds after which to send the same request again / 多少秒后可重发同一请求",
    "required": True,
    "schema": {"type": "integer", "minimum": 1},
}


def document(api: dict[str, Any]) -> dict[str, Any]:
    """Complete the OpenAPI document in place."""
    components = api.setdefault("components", {})
    components["securitySchemes"] = BEARER
    schemas = components.setdefault("schemas", {})
    for model in (Problem, FieldProblem):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schema.pop("$defs", None)
        schemas[model.__name__] = schema
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for path, method, operation in operations(api):
        operation.setdefault("security", [{"bearer": []}])
        operation["summary"] = operation.get("description", operation["summary"]).split("\n")[0]
        operation["responses"].pop("422", None)
        body = _body(operation, schemas)
        if "201" in operation["responses"] and "id" in body:
            again = {
                "description": "The same request made this record before",
                **_content(operation["responses"]["201"]),
            }
            operation["responses"].setdefault("200", again)
        for status in sorted(_statuses(path, method, operation, body)):
            answer = operation["responses"].setdefault(str(status), {"description": HTTPStatus(status).phrase})
            answer.setdefault("content", {})[MEDIA] = {"schema": _ref("Problem")}
        _headers(method, operation)
        _examples(operation, schemas)
    return api


def by_feature(api: dict[str, Any]) -> dict[str, Any]:
    """Bodies of one name in two features are told apart by the feature, not by a Python module."""
    text = json.dumps(api, ensure_ascii=False)
    return dict(json.loads(MODULE.sub(lambda m: m[1].title() + m[2], text)))


def operations(api: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in api["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _content(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {"content": {media: dict(content) for media, content in answer["content"].items()}}


def _body(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    """The members of the request's body, by name."""
    schema = operation.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema", {})
    members: Mapping[str, Any] = schemas.get(schema.get("$ref", "").rsplit("/", 1)[-1], {}).get("properties", {})
    return members


def _statuses(path: str, method: str, operation: Mapping[str, Any], body: Mapping[str, Any]) -> set[int]:
    """The errors an operation can give, from its shape; `body` are the members of its request."""
    needed = {422, 429, 503}
    if operation["security"]:
        needed |= {401, 403}
    if "{" in path or any(name.endswith("_id") for name in body):
        needed |= {404}
    if method in ("post", "patch", "put"):
        needed |= {400, 408, 409, 413}
    if "requestBody" in operation:
        needed |= {415}
    if len(operation["responses"].get("200", {}).get("content", ())) > 1:
        needed |= {406}
    if any(p["in"] == "header" and p["name"].lower() == "if-match" for p in operation.get("parameters", ())):
        needed |= {412, 428}
    return needed


def _headers(method: str, operation: dict[str, Any]) -> None:
    for status in ("429", "503"):
        operation["responses"][status]["headers"] = {"Retry-After": RETRY_AFTER}
    for status in ("200", "201"):
        if (answer := operation["responses"].get(status)) and operation["security"]:
            names = ["ETag"] if method == "get" else list(HEADERS)
            described = {n: {"description": HEADERS[n], "schema": {"type": "string"}} for n in names}
            answer.setdefault("headers", {}).update(described)


def _examples(operation: dict[str, Any], schemas: Mapping[str, Any]) -> None:
    """An example for every body that has none of its own, made from its schema."""
    bodies = [operation.get("requestBody", {})]
    bodies += operation["responses"].values()
    for body in bodies:
        for media, content in body.get("content", {}).items():
            if media == JSON and "schema" in content and "example" not in content and "examples" not in content:
                content["example"] = example(content["schema"], schemas, whole=body is not bodies[0])


def example(schema: Mapping[str, Any], schemas: Mapping[str, Any], *, whole: bool, depth: int = 0) -> Any:
    """A value the schema allows: every member of an answer, of a request what is required or has an example."""
    if "$ref" in schema:
        return example(schemas[schema["$ref"].rsplit("/", 1)[1]], schemas, whole=whole, depth=depth)
    given = [schema[word] for word in ("example", "const", "default") if schema.get(word) is not None]
    given += [schema[word][0] for word in ("examples", "enum") if schema.get(word)]
    if given:
        return given[0]
    for word in ("anyOf", "oneOf", "allOf"):
        if schema.get(word):
            return example(schema[word][0], schemas, whole=whole, depth=depth)
    match schema.get("type"):
        case "object":
            return _object(schema, schemas, whole=whole, depth=depth)
        case "array":
            many = schema.get("minItems", 0) or (depth < 3)
            return [example(schema.get("items", {}), schemas, whole=whole, depth=depth + 1)] * int(many)
    return (
        _text(schema)
        if schema.get("type") == "string"
        else {"integer": schema.get("minimum", 1), "boolean": True, "null": None}.get(schema.get("type", ""), {})
    )


def _object(schema: Mapping[str, Any], schemas: Mapping[str, Any], *, whole: bool, depth: int) -> dict[str, Any]:
    required = schema.get("required", [])
    return {
        name: example(member, schemas, whole=whole, depth=depth + 1)
        for name, member in schema.get("properties", {}).items()
        if whole or name in required or member.get("examples")
    }


def _text(schema: Mapping[str, Any]) -> str:
    made = str(BY_FORMAT.get(schema.get("format", "")) or BY_PATTERN.get(schema.get("pattern", "")) or "示例")
    if made == "示例" and (pattern := schema.get("pattern")) and not re.search(pattern, made):
        made = "example-1"
    return made + "例" * max(0, int(schema.get("minLength", 0)) - len(made))
