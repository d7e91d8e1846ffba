"""Is the second door no wider than the first? Whatever a phone hands in, strangers get what HTTP gives them."""

from uuid import uuid4

import pytest

from app.sync.rules import OPERATIONS as HANDED_IN
from tests.security.strangers import ID, MARK, OPERATIONS, Ground, Operation, shots
from tests.sync.test_pull import Copy, readable

PHONES = [o for o in OPERATIONS if o.name in HANDED_IN]


def handed_in(operation: Operation, body: object) -> dict[str, object]:
    """The very request that HTTP gets, as a phone hands it in."""
    sent = {"key": "k", "counter": 1, "operation": operation.name, "version": 1, "device_time": "2017-03-01T00:00:00Z"}
    record = {"record_id": str(ID)} if "{id}" in operation.path else {}
    return sent | record | ({} if body is None else {"body": body})


@pytest.mark.parametrize("operation", PHONES, ids=lambda o: o.name)
def test_a_stranger_is_told_the_same_as_over_http(ground: Ground, operation: Operation) -> None:
    before = ground.state()
    for name in ("neighbour", "foreigner", "nobody"):
        caller, home = getattr(ground, name), ground.homes.get(name, ground.mine)
        shot = shots(operation, ID, ground.mine, home)[0]
        over_http = ground.send(caller, operation, shot)
        listed = {"device_id": str(uuid4()), "sent_at": "2017-03-01T00:00:00Z"}
        answer = caller.post("/sync", listed | {"operations": [handed_in(operation, shot.body)]})
        if name == "nobody":
            assert answer.status_code == 403 <= over_http.status_code
            continue
        (told,) = answer.json()["receipt"]["results"]
        if over_http.is_success:  # nothing of it is the other township's
            assert told["result"] == "done" and not (shot.in_path or shot.in_body), over_http.text
        else:
            assert (told["status"], told["code"]) == (over_http.status_code, over_http.json()["code"])
            assert told["reason"] == over_http.json()["title"] and told["result"] == "refused"
    assert before == ground.state()


def test_every_operation_of_the_list_is_tried() -> None:
    assert {o.name for o in PHONES} == set(HANDED_IN)


@pytest.mark.parametrize("name", ["nobody", "former", "juggler", "villager", "insider", "neighbour", "owner"])
def test_what_one_takes_along_is_what_the_lists_show_him(ground: Ground, name: str) -> None:
    copy = Copy(getattr(ground, name))
    copy.pull()
    lists = readable(copy.caller)
    held = [(name, id_, record) for name, records in copy.held.items() for id_, record in records.items()]
    assert all(record == {field: lists[name][id_][field] for field in record} for name, id_, record in held)
    assert (MARK in str(copy.held)) == (name != "neighbour"), "there is something to see, but not for strangers"


def test_the_countys_client_takes_nothing_along(ground: Ground) -> None:
    assert ground.county.get("/sync").json()["code"] == "people-only"
