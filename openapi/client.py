"""What does the typed client of Python look like? Written from the document: `python -m openapi.client`.

Two modules: `models` has a type for every schema, `api` a function for every operation, named as in the document. How
a call travels is written by hand beside them (`client/huayuan_client/client.py`).
"""

import json
import keyword
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

Json = Any
ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "client" / "huayuan_client"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
MODELS = '''"""What is in a body? A type for every schema of the document. Generated: `make openapi`."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

'''
API = '''"""What can be asked? A function for every operation, named as in the document. Generated: `make openapi`."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import quote

from huayuan_client import models
from huayuan_client.client import Call, Listing, Seen

'''


def written(document: Json) -> dict[str, str]:
    """The generated modules by their file names."""
    schemas = document["components"]["schemas"]
    pages = {name for name, schema in schemas.items() if _is_page(schema)}
    # Aliases are evaluated where they stand, so they stand below the classes that they name.
    aliases_last = sorted(schemas.items(), key=lambda named: "properties" not in named[1])
    models = (_model(_name(name), schema) for name, schema in aliases_last if name not in pages)
    functions = (
        _function(path, method, operation, schemas)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    )
    return {
        "models.py": _formatted(MODELS + "\n\n".join(models)),
        "api.py": _formatted(API + "\n\n".join(functions)),
    }


# ── types ────────────────────────────────────────────────────────────────────────────────────────


def _name(schema: str) -> str:
    """`Body_oauth_token` is BodyOauthToken."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[-_]", schema))


def _type(schema: Json, within: str = "") -> str:
    """A schema as a type; `within` stands before the names of models."""
    match schema:
        case {"$ref": str(address)}:
            kind = within + _name(address.rpartition("/")[2])
        case {"const": value}:
            kind = f"Literal[{value!r}]"
        case {"enum": values}:
            kind = f"Literal[{', '.join(map(repr, values))}]"
        case {"anyOf": choices} | {"oneOf": choices}:
            kind = " | ".join(dict.fromkeys(_type(choice, within) for choice in choices))
        case {"type": "array"}:
            kind = f"list[{_type(schema.get('items', {}), within)}]"
        case {"type": "object", "additionalProperties": dict(values)}:
            kind = f"dict[str, {_type(values, within)}]"
        case {"type": "object", "patternProperties": dict(patterns)}:
            kind = f"dict[str, {' | '.join(_type(values, within) for values in patterns.values())}]"
        case {"type": "object"}:
            kind = "dict[str, Any]"
        case _:
            kind = SIMPLE.get(schema.get("type", ""), "Any")
    return kind


def _model(name: str, schema: Json) -> str:
    if "properties" not in schema:
        return f"{name}: TypeAlias = {_type(schema)}"
    required = schema.get("required", ())
    members = {
        member: _type(one) if member in required else f"NotRequired[{_type(one)}]"
        for member, one in schema["properties"].items()
    }
    told = _told(schema.get("description", ""))
    if any(keyword.iskeyword(member) or not member.isidentifier() for member in members):
        inside = ", ".join(f"{member!r}: '{kind}'" for member, kind in members.items())
        return f'{name} = TypedDict("{name}", {{{inside}}})\n"""{told or name}"""'
    lines = [f"class {name}(TypedDict):", *([f'    """{told}"""', ""] if told else [])]
    lines += [f"    {member}: {kind}" for member, kind in members.items()]
    return "\n".join(lines + (["    pass"] if not members and not told else []))


def _is_page(schema: Json) -> bool:
    return {"items", "next_cursor"} <= set(schema.get("properties", ())) <= {"items", "next_cursor", "more"}


def _told(text: str) -> str:
    """The first paragraph, in lines of an acceptable length."""
    first = " ".join(text.partition("\n\n")[0].split()).replace("\\", "\\\\").replace('"""', "'''")
    return "\n    ".join(textwrap.wrap(first, 100))


# ── operations ───────────────────────────────────────────────────────────────────────────────────


def _function(path: str, method: str, operation: Json, schemas: Json) -> str:
    parameters = operation.get("parameters", ())
    in_path = [p for p in parameters if p["in"] == "path"]
    query = [p for p in parameters if p["in"] == "query"]
    headers = {p["name"].lower() for p in parameters if p["in"] == "header"}
    contents: dict[str, Json] = operation.get("requestBody", {}).get("content", {})
    media = next(iter(contents), "")
    of_a_record = "if-match" in headers and in_path[0]["name"] == "id"
    takes = [f"{p['name']}: {_type(p['schema'], 'models.')}" for p in in_path]
    if of_a_record:
        takes[0] = "record: Seen"
    if media:
        takes += [f"body: {_type(contents[media]['schema'], 'models.') if media in {JSON, FORM} else 'bytes'}"]
    named = ["version: int | str"] if "if-match" in headers and not of_a_record else []
    named += sorted((_parameter(p) for p in query), key=lambda said: "= None" in said)
    named += [f"media: Literal[{', '.join(map(repr, contents))}] = {media!r}"] if len(contents) > 1 else []
    named += ["retry_key: str | None = None"] if "idempotency-key" in headers else []
    kind, accept = _answers(operation, schemas)
    address = path
    for p in in_path:
        inside = "record['id']" if of_a_record and p["name"] == "id" else p["name"]
        inside = inside if p["schema"].get("type") == "integer" else f"quote({inside})"
        address = address.replace(f"{{{p['name']}}}", f"{{{inside}}}")
    gives = [f'"{method.upper()}"', f'{"f" * bool(in_path)}"{address}"']
    pairs = [f'"{p["name"]}": {_safe(p["name"])}' for p in query]
    gives += [f"query={{{', '.join(pairs)}}}"] if query else []
    gives += ["body=body"] if media else []
    if len(contents) > 1:
        gives += ["media=media"]
    elif media not in {"", JSON}:
        gives += [f"media={media!r}"]
    gives += ["version=record['version']" if of_a_record else "version=version"] if "if-match" in headers else []
    gives += ["retry_key=retry_key"] if "idempotency-key" in headers else []
    gives += [f"accept={accept!r}"] if accept != JSON else []
    gives += [] if operation["security"] else ["signed=False"]
    signature = ", ".join([*takes, *(["*", *named] if named else [])])
    return (
        f"def {operation['operationId']}({signature}) -> {kind}:\n"
        f'    """{_told(operation["summary"])}"""\n'
        f"    return {kind.partition('[')[0]}({', '.join(gives)})\n"
    )


def _parameter(parameter: Json) -> str:
    kind = _type(parameter["schema"], "models.")
    return f"{_safe(parameter['name'])}: {kind}{'' if parameter.get('required') else ' | None = None'}"


def _safe(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name


def _answers(operation: Json, schemas: Json) -> tuple[str, str]:
    """The type of the call, and the media type to ask for: JSON wherever there is any."""
    answers = operation["responses"]
    content = answers.get("201", answers.get("200", {})).get("content", {})
    if JSON not in content:
        return ("Call[bytes]", next(iter(content))) if content else ("Call[None]", JSON)
    schema = content[JSON].get("schema", {})
    page = schemas.get(schema.get("$ref", "").rsplit("/", 1)[-1], {})
    if _is_page(page):
        return f"Listing[{_type(page['properties']['items']['items'], 'models.')}]", JSON
    return f"Call[{_type(schema, 'models.')}]", JSON


def _formatted(text: str) -> str:
    words = [sys.executable, "-m", "ruff", "format", "--quiet", "--stdin-filename", str(PACKAGE / "generated.py"), "-"]
    return subprocess.run(words, input=text, capture_output=True, text=True, check=True, cwd=ROOT).stdout


def main() -> None:
    document = json.loads((ROOT / "openapi" / "openapi.json").read_text("utf-8"))
    for name, text in written(document).items():
        (PACKAGE / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
