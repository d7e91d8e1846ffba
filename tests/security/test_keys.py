"""Does a retry key give its stored answer to its own account alone, for its own operation alone?"""

from collections.abc import Iterator

import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Caller
from tests.endurance.report import LONG
from tests.security.strangers import ID, MARK, OPERATIONS, Ground, Operation, insert, shots

KEY = "phone-1-visit-1"
CALLERS = ("neighbour", "juggler", "foreigner", "county", "other_county") if LONG else ("neighbour", "juggler")
"""Of another township, of the same, of another county, the clients of both counties."""
CHANGES = [o for o in OPERATIONS if o.changes and not o.public]


def kept(ground: Ground, operation: Operation, owner: Caller) -> None:
    """The owner made that request once, and the answer is kept under the key."""
    (shot, *_) = shots(operation, ID, ground.mine, ground.mine)
    asked = f"{operation.method.upper()} {shot.path}"
    row = {"account_id": owner.account_id, "operation": asked, "key": KEY, "fingerprint": "0" * 64, "status": 200}
    place = {"county_code": ground.mine[:6], "township_code": ground.mine}
    insert(ground.sql, "retries", place | row | {"body": f'{{"text":"{MARK}"}}', "headers": Jsonb({"etag": '"7"'})})


def retold(ground: Ground, operation: Operation) -> Iterator[str]:
    """What others get under the owner's key for the very same operation."""
    owner = ground.owner
    kept(ground, operation, owner)
    for name in CALLERS:
        caller = getattr(ground, name)
        (shot, *_) = shots(operation, ID, ground.mine, ground.homes.get(name, ground.mine))
        answer = ground.ask(caller, operation, shot, shot.body, idempotency_key=KEY)
        if answer.headers.get("idempotent-replayed") or MARK in answer.text or '"7"' in answer.headers.get("etag", ""):
            yield f"{operation.name} {name} gets the owner's answer"
        elif answer.json().get("code") == "key-reused":
            yield f"{operation.name} {name} learns that the key was used"
    ground.sql.execute("delete from retries where key = %s", [KEY])


@pytest.mark.parametrize("operation", CHANGES, ids=lambda o: o.name)
def test_a_retry_key_is_its_accounts_own(ground: Ground, operation: Operation) -> None:
    before = ground.state()
    assert not (found := [*retold(ground, operation)]), "\n".join(found)
    assert [*ground.changed(before, ground.state())] == []


def test_the_owner_is_known_by_it(ground: Ground) -> None:
    """The control: the stored answer is there, and another body under the key is refused for that."""
    units = next(o for o in CHANGES if o.name == "units_create")
    owner = ground.owner
    kept(ground, units, owner)
    (shot, *_) = shots(units, ID, ground.mine, ground.mine)
    answer = ground.ask(owner, units, shot, shot.body, idempotency_key=KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "key-reused")
    ground.sql.execute("delete from retries where key = %s", [KEY])


def test_one_key_at_several_operations_is_several_requests(ground: Ground) -> None:
    """As phones that number their requests anew do."""
    caller = ground.insider
    body = {"name": "一键多用", "category": "organ_cadre"}
    first = caller.post("/units", {"name": "一键多用"}, idempotency_key="1")
    second = caller.post("/people", body, idempotency_key="1")
    third = caller.patch(f"/people/{second.json()['id']}", {"name": "改"}, idempotency_key="1", if_match='"1"')
    answers = (first, second, third)
    assert [a.status_code for a in answers] == [201, 201, 200]
    assert not any("idempotent-replayed" in a.headers for a in answers)
    again = caller.patch(f"/people/{second.json()['id']}", {"name": "改"}, idempotency_key="1", if_match='"1"')
    assert again.headers["idempotent-replayed"] == "true" and again.text == third.text
