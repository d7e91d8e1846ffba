"""Does every published example do what the document says, once its ids are those of records that are there?

The examples are those of openapi/examples.http. Where an operation asks for a record in a certain state, the occasion
that `prepared` made for it says which, who calls, and the choices that fit this record; the rest is sent as published.
"""

import json
from collections.abc import Iterator, Mapping
from itertools import count, product
from typing import Any

import httpx

from openapi.examples import JSON, Example, examples
from tests.serving import ROOT

DOCUMENT = json.loads((ROOT / "openapi" / "openapi.json").read_text("utf-8"))


class Examples:
    """Whoever tries the examples one after another, against a process of the service on prepared ground."""

    def __init__(self, told: Mapping[str, Any], address: str) -> None:
        self._told, self._client = told, httpx.Client(base_url=address, timeout=30)
        self._numbers = count(1)
        self._pool = {resource: list(ids) for resource, ids in told["pool"].items()}

    def answer(self, example: Example) -> httpx.Response:
        """The first success with one of the records that are there, or the last refusal."""
        occasions = self._told["occasions"].get(example.operation)
        for occasion in occasions or [{"path": path, "as": None, "body": {}} for path in self._places(example)]:
            answer = self._send(example, occasion)
            if answer.is_success:
                break
        if answer.status_code == 201 and "id" in answer.json():
            self._pool.setdefault(example.path.split("/")[2], []).append(answer.json()["id"])
        return answer

    def _places(self, example: Example) -> Iterator[dict[str, Any]]:
        """Ids of records that are there, one after another, as far as the service gave any."""
        resource = example.path.split("/")[2]
        there = {**self._told["names"], f"{resource}.id": self._pool.get(resource)}
        values = [there.get(f"{resource}.{name}") or [shown] for name, shown in example.parameters.items()]
        yield from (dict(zip(example.parameters, chosen, strict=True)) for chosen in product(*values))

    def _send(self, example: Example, occasion: Mapping[str, Any]) -> httpx.Response:
        path = example.path.format_map({**next(self._places(example)), **occasion["path"]})
        signed = {"Authorization": occasion["as"] or self._told["officer"]}
        headers = {**example.headers, **(signed if "Authorization" in example.headers else {})}
        if "Idempotency-Key" in headers:
            headers["Idempotency-Key"] += f"-{next(self._numbers)}"
        if "If-Match" in headers:
            record = "/".join(path.split("/")[:4])
            headers["If-Match"] = self._client.get(record, headers=signed).headers.get("etag", '"1"')
        sent: dict[str, Any] = {}
        if isinstance(example.body, str):
            sent = {"content": example.body.encode()}
        elif example.body is not None:
            body = {**example.body, **occasion["body"]}
            form = {name: value for name, value in body.items() if value is not None}
            sent = {"json": body} if example.media == JSON else {"data": form}
        return self._client.request(example.method, path, params=example.query, headers=headers, **sent)


def failing(told: Mapping[str, Any], address: str) -> dict[str, str]:
    """By operation, what was answered to the examples that did not do what the document says."""
    trying = Examples(told, address)
    answers = {example.operation: trying.answer(example) for example in examples(DOCUMENT)}
    fine = {
        operation["operationId"]: {int(status) for status in operation["responses"] if status < "300"}
        for item in DOCUMENT["paths"].values()
        for operation in item.values()
    }
    return {
        name: f"{a.status_code} {a.request.method} {a.request.url} {a.request.content[:400]!r}: {a.text[:400]}"
        for name, a in answers.items()
        if a.status_code not in fine[name]
    }
