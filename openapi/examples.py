"""How does a request of each operation look? `python -m openapi.examples` writes openapi/examples.http.

The format is that of the HTTP clients of editors: a name after `###`, the request, `{{address}}` and `{{token}}` as
variables. tests/endurance/test_contract_run.py sends every one of them, with ids of records that are there.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from app.contract import example, operations

Json = Any
FILE = Path(__file__).parent / "examples.http"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
HEAD = """\
# A request of every operation, written from the document: `make openapi`. The tests send them all, with the ids,
# days and choices of records that are there. Ids here stand for such; take a token at /v1/oauth/token.
@address = http://127.0.0.1:8411
@token = ...
"""


@dataclass(frozen=True)
class Example:
    """One request, as the document shows it."""

    operation: str
    summary: str
    method: str
    path: str
    """With its parameters in braces."""
    parameters: Mapping[str, Json] = field(default_factory=dict)
    query: Mapping[str, Json] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = ""
    body: Json = None

    @property
    def text(self) -> str:
        """As it stands in the file."""
        address = self.path.format_map({name: quote(str(value)) for name, value in self.parameters.items()})
        query = f"?{urlencode(self.query)}" if self.query else ""
        lines = [f"### {self.operation}: {self.summary}", f"{self.method} {{{{address}}}}{address}{query}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        body = self.body
        if isinstance(body, str):
            body = body.replace("\r\n", "\n")
        else:
            body = urlencode(body) if self.media == FORM else json.dumps(body, ensure_ascii=False, indent=2)
        return "\n".join([*lines, *(["", body] if self.body is not None else []), ""])


def examples(document: Json) -> Iterator[Example]:
    """Of each operation what it needs: the parameters it cannot do without, the example of its body."""
    schemas = document["components"]["schemas"]
    for path, method, operation in operations(document):
        needed = [p for p in operation.get("parameters", ()) if p.get("required") and p["in"] in {"path", "query"}]
        values = {
            place: {p["name"]: example(p["schema"], schemas, whole=False) for p in needed if p["in"] == place}
            for place in ("path", "query")
        }
        contents = operation.get("requestBody", {}).get("content", {})
        media = next((one for one in contents if "example" in contents[one]), next(iter(contents), ""))
        named = {p["name"] for p in operation.get("parameters", ())}
        headers = {"Authorization": "Bearer {{token}}"} if operation["security"] else {}
        headers |= {"Idempotency-Key": f"{operation['operationId']}-1"} if "idempotency-key" in named else {}
        headers |= {"If-Match": '"1"'} if "if-match" in named else {}
        headers |= {"Content-Type": media} if media else {}
        body = _body(media, contents.get(media, {}), schemas)
        yield Example(
            operation["operationId"], operation["summary"], method.upper(), path, values["path"], values["query"],
            headers, media, body,
        )  # fmt: skip


def _body(media: str, content: Json, schemas: Json) -> Json:
    if media == FORM:
        return example(content["schema"], schemas, whole=False)
    return content.get("example")  # of a file where it is text


def written(document: Json) -> str:
    return "\n".join([HEAD, *(one.text for one in examples(document))])


if __name__ == "__main__":
    FILE.write_text(written(json.loads((FILE.parent / "openapi.json").read_text("utf-8"))), "utf-8")
