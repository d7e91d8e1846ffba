"""Does a record of one's own reach what is foreign? Every id that a body or a filter names, one at a time."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from psycopg.types.json import Jsonb

from app.contract import example
from app.workflow import WORKFLOWS
from tests.conftest import Caller
from tests.security import strangers
from tests.security.strangers import (
    AWAY,
    BESIDE,
    COMPLETED,
    FOR_THE_TOWNSHIP,
    ID,
    IN_PARTS,
    MARK,
    NOWHERE,
    OPERATIONS,
    SCHEMAS,
    THERE,
    Ground,
    Operation,
    is_id,
    resolved,
    with_id,
)

Where = tuple[str | int, ...]


@dataclass(frozen=True)
class Body:
    """A request of one's own in which one id may be somebody else's."""

    where: Where
    many: bool
    meant: Any

    def naming(self, id: UUID) -> Any:
        body = copy.deepcopy(self.meant)
        here = body
        for step in self.where[:-1]:
            here = here[step]
        here[self.where[-1]] = [str(id)] if self.many else str(id)
        return body


def bodies(operation: Operation, home: str) -> Iterator[Body]:
    """The operation's own request, once for every id its schema has, optional ones included."""
    content = operation.document.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return
    meant = strangers.meant(operation, content, home)
    for where, many, body in _ids(content["schema"], with_id(content["schema"], meant, ID)):
        if where[-1] != "id":  # what is chosen for a new record refers to none
            for name in COMPLETED.get(operation.name, {}):
                if len(where) > 1 and name != where[0] and name not in resolved(content["schema"]).get("required", ()):
                    body.pop(name, None)  # the other of two that exclude each other
            yield Body(where, many, body)


def _ids(schema: Any, value: Any) -> Iterator[tuple[Where, bool, Any]]:
    """Where ids may stand, whether in an array, and the value with everything around them filled in."""
    schema = resolved(schema)
    for name, member in schema.get("properties", {}).items():
        inner = resolved(member)
        several = inner.get("type") == "array"
        if is_id(member):
            alone = not schema.get("required")  # one of several that exclude each other
            yield (name,), several, {} if alone else copy.deepcopy(value)
            continue
        item = resolved(inner["items"]) if several and "items" in inner else inner
        if "properties" not in item:
            continue
        given = value.get(name) or example(item, SCHEMAS, whole=False)
        first = given[0] if isinstance(given, list) else given
        for where, many, filled in _ids(item, with_id(item, first, ID)):
            step: Where = (name, 0) if several else (name,)
            rest = given[1:] if isinstance(given, list) else []
            yield (*step, *where), many, copy.deepcopy(value) | {name: [filled, *rest] if several else filled}


def told(answer: httpx.Response, id: UUID) -> Any:
    """An answer without what is each request's own, and without the id that was asked about."""
    own = ("date", "x-request-id", "content-length")
    headers = sorted((k, v) for k, v in answer.headers.items() if k not in own)
    text = answer.text.replace(answer.headers["x-request-id"], "").replace(str(id), "")
    return answer.status_code, headers, text


ONLY_IN: dict[str, dict[str, tuple[Any, set[str]]]] = {
    "annual_evaluations": {
        "proposal": (Jsonb({}), {"proposed", "determined", "reopened"}),
        "reopen_reason": ("重新研究", {"reopened"}),
    },
    "inspections": {"not_checked_reason": ("住院", {"not_checked"}), "aspects": (Jsonb({}), {"recorded"})},
}
"""What a record has in some of its states and in no others, by CHECK."""


def stand(ground: Ground, operation: Operation) -> Iterator[str]:
    """Put the record at home into each state from which the operation leads, so that more than its state is judged."""
    move = operation.declared[0].move
    if move is None:
        yield ""
        return
    flow = next(w for w in WORKFLOWS.values() if move in w.moves)
    table = flow.resource.replace("-", "_")
    columns = ["version", "state", *ONLY_IN.get(table, {})]
    places = ", ".join(f"{column} = %s" for column in columns)
    change = f"update {table} set {places} where township_code = '{ground.alike}' and id = '{ID}'"
    seen = f"select {', '.join(columns)} from {table} where township_code = '{ground.alike}' and id = '{ID}'"
    before = ground.sql.execute(seen).fetchone()
    assert before
    for state in sorted(move.path):
        more = [value if state in states else None for value, states in ONLY_IN.get(table, {}).values()]
        ground.sql.execute(change, [1, state, *more])
        yield state
    ground.sql.execute(change, [Jsonb(v) if isinstance(v, dict) else v for v in before])


def reached(
    ground: Ground, operation: Operation, caller: Caller, *foreign: UUID, only: frozenset[str] | None = None
) -> Iterator[str]:
    """What was wrongly given or told of a foreign record that a body names; `only` in these fields."""
    path = strangers.shots(operation, ID, ground.alike, ground.alike)[0]
    for body in bodies(operation, ground.alike):
        if only is not None and body.where[-1] not in only:
            continue
        for state in stand(ground, operation):
            nothing = ground.ask(caller, operation, path, body.naming(NOWHERE))
            for key in foreign:
                answer = ground.ask(caller, operation, path, body.naming(key))
                where = f"{operation.name} {body.where} {state}: {answer.status_code} {answer.text[:200]}"
                ground.told[f"{answer.status_code} {answer.json().get('code')}"] += 1
                if answer.is_success:
                    yield f"{where} took what is foreign"
                if told(answer, key) != told(nothing, NOWHERE):
                    yield f"{where} differs from {nothing.status_code} {nothing.text[:200]}"
                if any(word in answer.text for word in (MARK, ground.mine, ground.away)):
                    yield f"{where} tells of it"


NAMING = [o for o in OPERATIONS if o.changes and o.name not in IN_PARTS and [*bodies(o, Ground.alike)]]


@pytest.mark.parametrize("operation", NAMING, ids=lambda o: o.name)
def test_a_record_of_ones_own_does_not_reach_a_foreign_one(ground: Ground, operation: Operation) -> None:
    before = ground.state()
    assert not (holes := [*reached(ground, operation, ground.insider, THERE, AWAY)]), "\n".join(holes)
    assert ground.state() == before


CONFIDED = frozenset(
    {"household_id", "related_household_ids", "finding_ids", "case_id", "dropped_finding_ids", "member_id",
     "submission_id"}
)  # fmt: skip
"""What refers to records that not everyone of the township reads."""


@pytest.mark.parametrize("operation", NAMING, ids=lambda o: o.name)
def test_a_narrow_office_does_not_reach_what_is_beside_its_own(ground: Ground, operation: Operation) -> None:
    """A helper and village officer names another household of his own township, or what hangs on it."""
    before = ground.state()
    holes = [*reached(ground, operation, ground.villager, BESIDE, only=CONFIDED)]
    assert not holes, "\n".join(holes)
    assert ground.state() == before


def filters(operation: Operation) -> list[str]:
    """The filters of a list that take an id."""
    parameters = operation.document.get("parameters", ())
    return [p["name"] for p in parameters if p["in"] == "query" and is_id(p["schema"])]


FILTERED = [(o, name) for o in OPERATIONS for name in filters(o)]


@pytest.mark.parametrize(("operation", "name"), FILTERED, ids=lambda x: getattr(x, "name", x))
def test_a_filter_by_what_is_foreign_finds_nothing(ground: Ground, operation: Operation, name: str) -> None:
    path = strangers.shots(operation, ID, ground.alike, ground.alike)[0]
    answers = [
        ground.insider.client.get(path.path, params=path.query | {name: str(key)}) for key in (NOWHERE, THERE, AWAY)
    ]
    assert {a.status_code for a in answers} == {200}
    assert [a.json()["items"] for a in answers] == [[], [], []]
    mine = ground.insider.client.get(path.path, params=path.query | {name: str(BESIDE)})
    assert mine.status_code == 200


BY_ID = [
    o
    for o in OPERATIONS
    if "{id}" in o.path
    and not o.public
    and o.path.split("/")[2] not in FOR_THE_TOWNSHIP - {"helpers"}
    and o.name != "helpers_read"
]


@pytest.mark.parametrize("operation", BY_ID, ids=lambda o: o.name)
def test_a_narrow_office_reads_nothing_beside_its_own(ground: Ground, operation: Operation) -> None:
    """As if it were not there: whatever the operation, but what the whole township reads."""
    beside, nowhere = (strangers.shots(operation, key, ground.alike, ground.alike)[0] for key in (BESIDE, NOWHERE))
    answer, nothing = (ground.send(ground.villager, operation, shot) for shot in (beside, nowhere))
    assert answer.status_code in (403, 404), answer.text
    assert told(answer, BESIDE) == told(nothing, NOWHERE)
