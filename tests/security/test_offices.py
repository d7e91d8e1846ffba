"""Does each office do only what is declared, read only what it may, and send only what is known?"""

from collections.abc import Iterator
from typing import Any

import pytest

from app.actor import TOWNSHIP_WIDE, Office
from tests.endurance.report import LONG
from tests.security.strangers import (
    ID,
    LAST_FOUR,
    OPERATIONS,
    PHONE,
    TOWNSHIP_OFFICES,
    Ground,
    Operation,
    meant,
    resolved,
    shots,
)

OFFICES = (*TOWNSHIP_OFFICES, Office.COUNTY_AUDITOR)
CONFIDANTS = {*TOWNSHIP_WIDE, Office.ADMINISTRATOR}
"""Who reads telephone numbers and the last four of citizen ids in the register of people."""
SECRET = {
    "citizen_id", "citizen_id_sealed", "citizen_id_lookup", "secret_hash", "password", "token_hash", "code_hash",
    "fingerprint", "secret",
}  # fmt: skip
"""Names that stand in no answer to a read, whoever asks."""
AT_A_TIME = len(OFFICES) if LONG else 3
"""How many offices an operation is tried by; in short form others for each operation."""


def some(operation: Operation, offices: list[Office]) -> list[Office]:
    start = sum(operation.name.encode()) % max(1, len(offices))
    return (offices[start:] + offices[:start])[:AT_A_TIME]


DECLARED = [o for o in OPERATIONS if o.changes and not o.public and o.offices is not None]


def overreached(ground: Ground, operation: Operation) -> Iterator[str]:
    """What an office could do that the declaration does not name."""
    (shot, *_) = shots(operation, ID, ground.alike, ground.alike)
    for office in some(operation, [o for o in OFFICES if o not in (operation.offices or ())]):
        answer = ground.send(ground.sole[office], operation, shot)
        if answer.status_code not in (403, 404):
            yield f"{operation.name} {office}: {answer.status_code} {answer.text[:200]}"


@pytest.mark.parametrize("operation", DECLARED, ids=lambda o: o.name)
def test_an_office_that_is_not_named_is_refused(ground: Ground, operation: Operation) -> None:
    before = ground.state(ground.alike)
    assert not (found := [*overreached(ground, operation)]), "\n".join(found)
    assert [*ground.changed(before, ground.state(ground.alike))] == []


READS = [o for o in OPERATIONS if o.method == "get" and not o.public]


def members(value: Any) -> Iterator[tuple[str, Any]]:
    """All members of a JSON value, however deep."""
    for name, inner in value.items() if isinstance(value, dict) else ():
        yield name, inner
        yield from members(inner)
    for inner in value if isinstance(value, list) else ():
        yield from members(inner)


def overtold(ground: Ground, operation: Operation) -> Iterator[str]:
    """What a read tells an office that it may not see."""
    (shot, *_) = shots(operation, ID, ground.alike, ground.alike)
    for office in some(operation, list(OFFICES)):
        answer = ground.send(ground.sole[office], operation, shot)
        if answer.status_code not in (200, 403, 404, *((409,) if operation.prints else ())):
            yield f"{operation.name} {office}: {answer.status_code} {answer.text[:200]}"
        told = members(answer.json()) if "json" in answer.headers["content-type"] else ()
        if names := SECRET.intersection(name for name, _ in told):
            yield f"{operation.name} {office} is shown {sorted(names)}"
        if office not in CONFIDANTS and any(word in answer.text for word in (PHONE, LAST_FOUR)):
            yield f"{operation.name} {office} is told what is confided"


@pytest.mark.parametrize("operation", READS, ids=lambda o: o.name)
def test_an_office_is_told_only_what_it_may_see(ground: Ground, operation: Operation) -> None:
    assert not (found := [*overtold(ground, operation)]), "\n".join(found)


def test_the_keepers_and_the_person_himself_are_told(ground: Ground) -> None:
    """The control: what others do not see is there."""
    for office in OFFICES:
        person = ground.sole[office].get(f"/people/{ID}").json()
        seen = (person["phone"], person["citizen_id_last_four"])
        assert seen == ((PHONE, LAST_FOUR) if office in CONFIDANTS else (None, None)), office
    assert ground.villager.get(f"/people/{ID}").json()["phone"] == PHONE
    assert ground.villager.get("/people").text.count(PHONE) == 1, "his own, not the others'"
    assert ground.sole[Office.ASSESSOR].get("/people").text.count(PHONE) > 1


SENT = [
    (o, c) for o in OPERATIONS if (c := o.document.get("requestBody", {}).get("content", {}).get("application/json"))
]
OF_THE_SERVICE = {
    "version": 1, "created_at": "2017-03-01T00:00:00Z", "state": "closed", "state_since": "2017-03-01T00:00:00Z",
    "county_code": "411422", "township_code": "411422701", "fingerprint": "0" * 64, "actor": str(ID), "zzz": 1,
}  # fmt: skip
"""What a body may not say, though answers or tables have it."""


@pytest.mark.parametrize(("operation", "content"), SENT, ids=lambda x: getattr(x, "name", ""))
def test_what_is_the_services_own_is_not_sent(ground: Ground, operation: Operation, content: Any) -> None:
    """No mass assignment: every member that the schema does not name is refused by name, and none is taken."""
    schema = resolved(content["schema"])
    (shot, *_) = shots(operation, ID, ground.alike, ground.alike)
    more = {name: value for name, value in OF_THE_SERVICE.items() if name not in schema.get("properties", ())}
    assert more, "there is something to refuse"
    answer = ground.ask(ground.insider, operation, shot, meant(operation, content, ground.alike) | more)
    assert answer.status_code == 422, answer.text
    assert set(more) <= {e["pointer"].rsplit("/", 1)[1] for e in answer.json()["errors"]}


def objects(schema: Any, seen: tuple[Any, ...] = ()) -> Iterator[Any]:
    """All objects in a request's schema."""
    schema = resolved(schema)
    if any(schema is known for known in seen):
        return
    if "properties" in schema:
        yield schema
    for inner in (*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])):
        for kind in inner.get("anyOf", inner.get("oneOf", [inner])):
            yield from objects(kind, (*seen, schema))


def test_no_object_of_any_request_is_open() -> None:
    inner = [s for _, content in SENT for s in objects(content["schema"])]
    assert len(inner) > len(SENT)
    ajar = [s for s in inner if s.get("additionalProperties") is not False]
    assert [s.get("title") for s in ajar] == ["Faulty"], "of which nothing is done, whatever it holds"
