"""Who may do what? Every operation of the document is tried by everyone who should get nothing."""

import pytest

from tests.security.strangers import OPERATIONS, PUBLIC, Ground, Operation, rowless

SIGNED_IN = [o for o in OPERATIONS if not o.public]


@pytest.mark.parametrize("operation", SIGNED_IN, ids=lambda o: o.name)
def test_nobody_gets_what_is_not_his(ground: Ground, operation: Operation) -> None:
    assert not (holes := ground.holes(operation)), "\n".join(holes)


@pytest.mark.parametrize("operation", SIGNED_IN, ids=lambda o: o.name)
def test_the_same_request_is_heard_at_home(ground: Ground, operation: Operation) -> None:
    """So that what strangers get is said to them, not to a request that nobody could make.

    A read succeeds; only of papers it may be said that there is nothing to print yet.
    """
    answer = ground.heard(operation)
    assert answer.status_code in (200, 201, 403, 409, 412), answer.text
    assert operation.changes or answer.status_code == 200 or operation.prints


def test_every_operation_has_its_row() -> None:
    assert rowless(OPERATIONS) == []
    assert {o.name for o in OPERATIONS if o.public} == PUBLIC
