"""What does the published document say besides what FastAPI knows? Errors, headers, links and examples, by rule."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from app.actor import OFFICES_ZH
from app.cells import words_of
from app.faults import EXAMPLES
from app.glossary import NAMES
from app.problems import MEDIA, PAGES, FieldProblem, Problem
from app.sheets import CSV, XLSX
from app.tabular import NDJSON
from app.wire import FORM, JSON, NO_NUL
from app.workflow import WORKFLOWS

BEARER = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
BY_FORMAT = {
    "uuid": "01920000-0000-7000-8000-000000000001",
    "date": "2017-03-31",
    "date-time": "2017-03-31T08:00:00Z",
}
MODULE = re.compile(r"app__([a-z]+)__[a-z]+__([A-Za-z]+)")
HEADERS = {
    "ETag": "The record's version, for If-Match",
    "Ledger-Entry": "`<log>/<seq>` of the entry that records the change",
    "Location": "The new record",
    "Idempotent-Replayed": "`true` where this is the stored answer of an earlier request under the same key",
    "Link": '`rel="next"`: the page after this one, where there is one',
    "Retry-After": "Seconds after which to send the same request again / 多少秒后可重发同一请求",
    "WWW-Authenticate": "How to sign in: RFC 6750",
    "Allow": "The methods this address takes",
    "X-Request-Id": "The request's own id, as sent or given; the same stands in the log",
}
ALWAYS = frozenset({"X-Request-Id", "Retry-After", "Allow"})
"""Headers that the answers they are documented for never lack."""
NUMBERS = {"Retry-After": {"type": "integer", "minimum": 1}}
OF_ERRORS = {
    "401": ("WWW-Authenticate",),
    "405": ("Allow",),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}
CHANGED = ["ETag", "Ledger-Entry", "Location", "Idempotent-Replayed"]
A_LIST = """A page as JSON; as CSV, NDJSON or XLSX by `Accept`, a file of all rows from `cursor` on, whatever `limit`.

The last line of a file says how many rows it holds and whether these are all; if not, after which `cursor` to go on.
`Accept-Language` says for whom CSV and XLSX are: in English for programs, with the members' names, codes, and in CSV
UTC; in Chinese (the usual) for people, with words, 是 and 否, the township's clock, and the names of people, households
and villages beside their ids.
JSON 为一页;按 `Accept` 可取 CSV、NDJSON 或 XLSX,为自 `cursor` 起的全部行,末行说明行数及是否完整。
中文(默认)的 CSV 与 XLSX 供人阅读:代码写作文字,编号旁列出姓名、户主和村名,时间为北京时间。
英文的供程序使用:字段名、代码原样,CSV 中时间为 UTC。
"""
NOT_ALLOWED = """This address takes other methods: `Allow` names them. HEAD and OPTIONS are taken nowhere."""


def document(api: dict[str, Any]) -> dict[str, Any]:
    """Complete the OpenAPI document in place."""
    components = api.setdefault("components", {})
    components["securitySchemes"] = BEARER
    api["externalDocs"] = {"url": PAGES, "description": "Every type of problem / 所有问题类型"}
    schemas = components.setdefault("schemas", {})
    for model in (Problem, FieldProblem):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schema.pop("$defs", None)
        schemas[model.__name__] = schema
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    not_allowed = {"description": NOT_ALLOWED, "content": {MEDIA: {"schema": _ref("Problem")}}}
    components["responses"] = {"MethodNotAllowed": not_allowed | {"headers": _named("Allow", "X-Request-Id")}}
    for path, method, operation in operations(api):
        operation.setdefault("security", [{"bearer": []}])
        operation["summary"], _, more = operation.pop("description", operation["summary"]).partition("\n")
        if more.strip():
            operation["description"] = more.strip()
        operation["responses"].pop("422", None)
        _files(operation, schemas)
        _form(operation, schemas)
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
        _parameters(operation)
        _headers(method, operation)
        _examples(operation, schemas)
    _links(api)
    _in_chinese(api)
    for told in (operation for item in api.get("webhooks", {}).values() for operation in item.values()):
        told["responses"].pop("422")  # it is others who answer
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


def _form(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> None:
    """Fields that nobody knows are passed over (RFC 6749, section 3.2), but neither name nor value holds NUL."""
    schema = operation.get("requestBody", {}).get("content", {}).get(FORM, {}).get("schema", {})
    if "$ref" in schema:
        text = {"type": "string", "pattern": NO_NUL}
        schemas[schema["$ref"].rsplit("/", 1)[-1]].update(propertyNames=text, additionalProperties=text)


def _files(operation: dict[str, Any], schemas: Mapping[str, Any]) -> None:
    """Every list that asks for a sign-in and has an end is to be had as a file too."""
    answer = operation["responses"].get("200", {})
    schema = answer.get("content", {}).get(JSON, {}).get("schema", {})
    members = schemas.get(schema.get("$ref", "").rsplit("/", 1)[-1], {}).get("properties", {})
    own = XLSX in answer.get("content", {})  # a workbook that is something else than the list
    ends = {"type": "null"} in members.get("next_cursor", {}).get("anyOf", ())
    if operation["security"] and "items" in members and ends and not own:
        answer["description"] = A_LIST
        answer["content"] |= {CSV: {"schema": {"type": "string"}}, NDJSON: {"schema": {"type": "string"}}}
        answer["content"] |= {XLSX: {"schema": {"type": "string", "format": "binary"}}}


def _statuses(path: str, method: str, operation: Mapping[str, Any], body: Mapping[str, Any]) -> set[int]:
    """The errors an operation can give, from its shape; `body` are the members of its request."""
    needed = {422, 429, 503, *(int(status) for status in operation["responses"] if status >= "400")}
    if operation["security"]:
        needed |= {401, 403}
    replayed = "201" in operation["responses"]  # a replay is told only to who may still read what it made
    if replayed or "{" in path or any(name.endswith("_id") for name in body):
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


def _parameters(operation: Mapping[str, Any]) -> None:
    """No parameter can say null; `If-Match` is asked for wherever it is taken (428 without it)."""
    for parameter in operation.get("parameters", ()):
        kinds = [kind for kind in parameter["schema"].pop("anyOf", ()) if kind.get("type") != "null"]
        if len(kinds) == 1:
            parameter["schema"].update(kinds[0])
        elif kinds:
            parameter["schema"]["anyOf"] = kinds
        if parameter["name"] == "if-match":
            parameter["required"] = True


def _headers(method: str, operation: dict[str, Any]) -> None:
    for status, answer in operation["responses"].items():
        names = list(OF_ERRORS.get(status, ()))
        if status < "300" and operation["security"]:
            listed = operation["operationId"].endswith("_list")
            names += ["Link" if listed else "ETag"] if method == "get" else CHANGED
        answer.setdefault("headers", {}).update(_named(*names, "X-Request-Id"))


def _named(*names: str) -> dict[str, Any]:
    return {
        name: {
            "description": HEADERS[name],
            "required": name in ALWAYS,
            "schema": dict(NUMBERS.get(name, {"type": "string"})),
        }
        for name in names
    }


# ── links ────────────────────────────────────────────────────────────────────────────────────────

IRREGULAR = {"people": "person"}
KEYS = {"policies": "key", "rulebooks": "code", "workflows": "name", "divisions": "code"}
"""What stands in the path of these instead of an id."""


def _links(api: Mapping[str, Any]) -> None:
    """From a record to what can be done with it, from a list to its first record, by rule.

    Whoever made, read or moved a record knows its id and its version: what its state allows next is linked with
    both, reading it again always is, and so are the lists that can be filtered by it.
    """
    found = [(path.split("/")[2:], method, operation) for path, method, operation in operations(api)]
    for parts, method, operation in found:
        for target, its_method, other in found:
            if (parameters := _linked(parts, method, operation, target, its_method, other)) is not None:
                link = {"operationId": other["operationId"], "parameters": parameters}
                answer = operation["responses"]["201" if "201" in operation["responses"] else "200"]
                answer.setdefault("links", {})[other["operationId"]] = link


def _linked(
    parts: list[str], method: str, operation: Mapping[str, Any], target: list[str], its_method: str, other: Any
) -> dict[str, str] | None:
    """The parameters that the answer of `operation` gives to `other`, or None where it leads nowhere there."""
    key = KEYS.get(parts[0], "id")
    if parts[0] == target[0] and len(target) > 1 and target[1] == f"{{{key}}}" and target.count("{member_id}") == 0:
        if method == "get" and len(parts) == 1:
            return {key: f"$response.body#/items/0/{key}"} if len(target) == 2 and its_method == "get" else None
        if operation is other or not _leads(parts, method, operation, other):
            return None
        whose = f"$request.path.{key}" if len(parts) > 1 else f"$response.body#/{key}"
        return {key: whose} | ({"if-match": "$response.header.ETag"} if _wants_version(other) else {})
    named = IRREGULAR.get(parts[0], parts[0].replace("-", "_").removesuffix("s")) + "_id"
    filtered = len(target) == 1 and any(p["in"] == "query" and p["name"] == named for p in other.get("parameters", ()))
    return {named: "$response.body#/id"} if method == "get" and parts[1:] == ["{id}"] and filtered else None


def _leads(parts: list[str], method: str, operation: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Does a record stand where `other` is possible, once `operation` has answered?"""
    if len(parts) > 2 and (method == "get" or not _wants_version(operation)):
        return False
    if other["operationId"].endswith("_read"):
        return True
    flow = next((w for w in WORKFLOWS.values() if w.resource == parts[0]), None)
    if method == "get" or flow is None:
        return len(parts) < 3
    reached = {flow.initial}
    if len(parts) > 2:
        reached = {state for m in flow.moves if m.name == parts[2] for many in m.path.values() for state in many}
    moves = {f"{flow.resource}_{m.name}".replace("-", "_"): m for m in flow.moves}
    move = moves.get(other["operationId"])
    return move is not None and not reached.isdisjoint(move.path)


def _wants_version(operation: Mapping[str, Any]) -> bool:
    return any(p["name"] == "if-match" for p in operation.get("parameters", ()))


# ── Chinese words ────────────────────────────────────────────────────────────────────────────────

CHINESE = re.compile("[\u4e00-\u9fff]")


def _in_chinese(api: Mapping[str, Any]) -> None:
    """What nothing Chinese is said of is called as it is called where its list is a file, by rule.

    A member has the name of the column where its resource's list has that column, or where its own name is of several
    words and so means the same everywhere; so has a filter, of a list always. States, offices and codes are named one
    by one, as in files.
    """
    schemas = api["components"]["schemas"]
    rows = {path: row for path, _, operation in operations(api) if (row := _row(operation, schemas))}
    for path, _, operation in operations(api):
        resource = path.split("/")[2]
        row = rows.get(path) or rows.get(f"/v1/{resource}", "")
        columns = schemas.get(row, {}).get("properties", {})
        states = words_of("state", resource=resource)
        for parameter in operation.get("parameters", ()):
            _call(parameter, parameter["name"], row, NAMES if path in rows else columns)
            if parameter["name"] == "state":
                _word(states, states, parameter)
        for model in sorted(_reached(operation, schemas) - {"Problem"}):
            for name, member in schemas[model].get("properties", {}).items():
                _call(member, name, model if f"{model}.{name}" in NAMES else row, columns)
                if states and name == "state" and model == row:
                    _word(states, states, member)
                elif coded := _coded(member, schemas):
                    _word(coded["enum"], words_of(name, model) or words_of(name, row), coded)
    if office := schemas.get("Office"):
        _word(office["enum"], {one.value: word for one, word in OFFICES_ZH.items()}, office)


def _row(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> str | None:
    """What the list that the operation answers is a list of."""
    schema = operation["responses"].get("200", {}).get("content", {}).get(JSON, {}).get("schema", {})
    items = schemas.get(_named_by(schema), {}).get("properties", {}).get("items", {})
    return _named_by(items.get("items", {})) or None


def _named_by(node: Mapping[str, Any]) -> str:
    return str(node.get("$ref", "")).rpartition("/")[2]


def _reached(node: Any, schemas: Mapping[str, Any], seen: frozenset[str] = frozenset()) -> frozenset[str]:
    """The bodies that an operation names, and those within them."""
    if isinstance(node, list):
        node = dict(enumerate(node))
    if not isinstance(node, Mapping):
        return seen
    if (name := _named_by(node)) and name not in seen:
        seen = _reached(schemas[name], schemas, seen | {name})
    for inner in node.values():
        seen = _reached(inner, schemas, seen)
    return seen


def _call(node: dict[str, Any], name: str, model: str, columns: Mapping[str, Any]) -> None:
    called = NAMES.get(f"{model}.{name}") or (NAMES.get(name) if name in columns or "_" in name else None)
    told = node.get("description", "")
    if called and not CHINESE.search(told):
        node["description"] = f"{told} / {called}" if told else called


def _word(values: Collection[str], words: Mapping[str, str], node: dict[str, Any]) -> None:
    """Say what each value is called, where all have a word."""
    if not values or not words.keys() >= set(values):
        return
    meant, told = "、".join(f"{value} {words[value]}" for value in values), node.get("description", "")
    if meant not in told:
        node["description"] = f"{told} / {meant}" if told else meant


def _coded(node: dict[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Where the codes stand that a member may have, or each of its items; nothing where any text may stand there."""
    if "$ref" in node:
        node = schemas[_named_by(node)]
    inside = (_coded(one, schemas) for one in (node.get("items", {}), *node.get("anyOf", ())) if one)
    return node if "enum" in node else next((found for found in inside if found), {})


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
    given = [*schema.get("examples", ())] or [schema[word] for word in ("const", "default") if word in schema]
    given = [value for value in given if value is not None] or schema.get("enum", ())
    if given:
        return given[0]
    if "$ref" in schema:
        return example(schemas[schema["$ref"].rsplit("/", 1)[1]], schemas, whole=whole, depth=depth)
    for word in ("anyOf", "oneOf", "allOf"):
        if schema.get(word) and "properties" not in schema:
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
    made = str(BY_FORMAT.get(schema.get("format", "")) or EXAMPLES.get(schema.get("pattern", "")) or "示例")
    if made == "示例" and (pattern := schema.get("pattern")) and not re.search(pattern, made):
        made = "example-1"
    return made + "例" * max(0, int(schema.get("minLength", 0)) - len(made))
