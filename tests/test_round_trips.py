"""Does every request keep to its round trips and to the refusals its pages tell, and was every move made?

The counting itself is the fixture `thrift` of conftest.py, which runs beside every test.
"""

import pytest
from fastapi.routing import APIRoute

from app.main import FEATURES
from tests import cluster
from tests.conftest import MOVES, Request, Requests, extravagant, unmade, untold


def asked(method: str, *statements: str) -> Request:
    async def handler() -> None: ...

    route = APIRoute("/somewhere", handler, name="somewhere_act", methods=[method])
    return Request({"method": method, "path": "/v1/somewhere", "route": route}, list(statements))


@pytest.mark.parametrize(("method", "budget"), [("GET", 2), ("POST", 6), ("PATCH", 6)])
def test_one_round_trip_too_many_is_told_by_the_name_of_its_operation(monkeypatch, method, budget):
    monkeypatch.setattr(cluster, "is_named", lambda: False)
    requests = Requests()
    requests.seen.append(asked(method, "BEGIN", *["select 1"] * budget, "COMMIT;"))
    assert extravagant(requests.since()) == []
    requests.seen.append(asked(method, "BEGIN", *["select 1"] * (budget + 1), "COMMIT;"))
    assert extravagant(requests.since()) == [("somewhere_act", ["select 1"] * (budget + 1))]
    assert requests.since() == [], "each is told once"
    assert requests.operations == {"somewhere_act"}


def test_what_the_driver_asks_about_a_type_once_a_connection_is_no_round_trip_of_the_operation():
    assert asked("GET", "BEGIN", "WITH RECURSIVE typeinfo_tree(", "select 1").statements == ["select 1"]


def test_what_a_request_sends_is_noted(township, requests):
    requests.seen.clear()
    township.office("assessor").read("/people")
    (seen,) = [r for r in requests.seen if r.operation == "people_list"]
    assert len(seen.statements) == 2, "the door and the list"


def test_a_refusal_that_no_page_tells_of_the_operation_is_told(township, requests):
    assert township.office("assessor").post("/people", {}).status_code == 422
    seen = requests.since()
    assert [r.problem for r in seen if r.operation == "people_create"][-1] == "invalid"
    assert untold(seen) == []
    seen[-1].problem = "draw-was-rigged"
    assert untold(seen) == [("people_create", "draw-was-rigged")]


def test_a_move_that_no_test_made_is_told_at_the_end_of_the_session():
    assert unmade(MOVES - {"cases_decide"}) == ["cases_decide"]
    assert unmade(MOVES | {"people_list"}) == []


def test_the_names_of_the_moves_are_those_of_operations():
    names = {route.name for feature in FEATURES for router in feature.routers for route in router.routes}
    assert names >= MOVES
