"""What comes of two changes at the same moment? What would come of one after the other."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from time import sleep
from typing import Any

import psycopg
import pytest

from app import database, writing
from tests import cluster
from tests.households.test_routes import event, helper, household

FINDING = "HY.9.2.2"


@contextmanager
def held_at_the_log(township: Any) -> Iterator[psycopg.Connection[Any]]:
    """Whatever is sent meanwhile does all it does and waits at its last statement, before it commits."""
    with psycopg.connect(township.service.database_url) as connection:
        place = [township.code[:6], township.code]
        connection.execute("select from log_head where (county_code, township_code) = (%s, %s) for update", place)
        yield connection


def lock(connection: psycopg.Connection[Any], person: str, how: str) -> None:
    """A person of the county of the tests, whom a cluster finds by it."""
    where = "where county_code = '411421' and id = %s"
    connection.execute(f"select from people {where} for {how}", [person])  # type: ignore[arg-type]


def until_waiting(township: Any, many: int) -> None:
    """Until so many sessions of this database wait for a lock (or 1.5 s have gone by: the service waits 2)."""
    asked = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    with ExitStack() as open_ones:
        nodes = [
            open_ones.enter_context(psycopg.connect(url, autocommit=True))
            for url in cluster.nodes(township.service.database_url)
        ]
        for _ in range(75):
            if sum(row[0] for node in nodes for row in node.execute(asked)) >= many:
                return
            sleep(0.02)


def at_once(township: Any, *calls: Any) -> list[tuple[int, str | None]]:
    """Status and code of each; each has begun before any of them ends, in this order."""
    with ThreadPoolExecutor(len(calls)) as pool:
        answers: list[Future[Any]] = []
        with held_at_the_log(township):
            for number, call in enumerate(calls, 1):
                answers.append(pool.submit(call))
                until_waiting(township, number)
        return [(a.result().status_code, a.result().json().get("code")) for a in answers]


def two_cases(world: Any) -> list[str]:
    subject = world.cadre()
    finding = world.finding({"person_id": subject.person_id}, FINDING)
    return [world.heard(world.case(finding, basis=FINDING)) for _ in range(2)]


def deciding(world: Any, path: str, **more: Any) -> Any:
    body = {"measure": "written_self_criticism", "reasons": "事实清楚。", **more}
    return lambda: world.committee.try_act(path, "decide", body)


def test_G33_the_same_facts_get_one_measure_even_from_two_cases_at_once(world: Any) -> None:
    found = at_once(world.place, *[deciding(world, path) for path in two_cases(world)])
    assert found == [(200, None), (409, "second-measure-for-same-facts")]


def test_G33_with_its_reason_the_organ_gives_a_second_one_after_the_first(world: Any) -> None:
    first, second = two_cases(world)
    assert at_once(world.place, deciding(world, first)) == [(200, None)]
    assert at_once(world.place, deciding(world, second, same_facts_reason="性质不同。")) == [(200, None)]


def closing(township: Any) -> str:
    """A household that is about to be closed; whoever confirms that is in office already."""
    township.office("party_gov_office")
    township.at("2017-03-05")
    return str(household(township)["id"])


@pytest.mark.parametrize("second", ["moved_out", "returned_to_poverty"])
def test_G19_a_household_that_is_being_closed_has_no_other_event(township: Any, second: str) -> None:
    home = closing(township)
    kinds = ("deceased_all", second)
    found = at_once(township, *[lambda k=k: event(township, home, k, "2017-03-01") for k in kinds])
    assert found == [(201, None), (409, "event-does-not-follow")]


def test_G19_a_household_that_is_being_closed_gets_no_helper(township: Any) -> None:
    home, other, who = closing(township), closing(township), helper(township)
    office = township.office("leading_group_office")

    def pairing(of: str) -> Any:
        body = {"household_id": of, "helper_id": who, "is_primary": True, "starts": "2017-03-05"}
        return lambda: office.post("/pairings", body)

    close = lambda: event(township, home, "moved_out", "2017-03-01")  # noqa: E731
    assert at_once(township, close, pairing(home)) == [(201, None), (409, "household-closed")]
    close = lambda: event(township, home, "newly_listed", "2017-03-05")  # noqa: E731
    assert at_once(township, close, pairing(other)) == [(201, None), (201, None)], "two households do not disturb"


def in_a_deadlock(township: Any) -> int:
    """The status of a change that holds its row and waits for the log, held by one who comes to want that row.

    Whoever waits longest is broken off by PostgreSQL: the change. The other then gets the row, and goes away.
    """
    office = township.office("leading_group_office")
    path = f"/people/{township.person()}"
    match = office.get(path).headers["etag"]
    with ThreadPoolExecutor(1) as pool, held_at_the_log(township) as connection:
        answer = pool.submit(office.patch, path, {"name": "改名"}, if_match=match)
        until_waiting(township, 1)
        with suppress(psycopg.errors.DeadlockDetected):
            lock(connection, path.removeprefix("/people/"), "update")
        connection.rollback()
        return int(answer.result().status_code)


def test_a_change_that_a_deadlock_broke_off_is_done_again(
    township: Any, requests: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = lambda: township.admin.read(f"/ledger/{township.code}/checkpoint")["size"]  # noqa: E731
    township.office("leading_group_office")
    before = size()
    assert in_a_deadlock(township) == 200
    assert size() - before == 2, "the person, and the one change of its name"
    monkeypatch.setattr(database, "AGAIN", 0)
    assert in_a_deadlock(township) == 503, "control"
    requests.seen.clear()  # what is done twice takes more round trips than it may at once


def test_who_waited_for_a_record_judges_by_what_is_so_now(township: Any) -> None:
    """A closed household's pairings end, and with them what had begun before and waited: a visit, a plan."""
    household, helper = township.helped()
    township.office("party_gov_office")
    township.at("2017-03-05")
    visit = {"household_id": household, "device_time": "2017-03-05T09:00:00+08:00", "place": "户内", "text": "走访"}
    plan = {"household_id": household, "kind": "assistance_plan", "year": 2017, "text": "帮扶计划"}
    found = at_once(
        township,
        lambda: event(township, household, "moved_out", "2017-03-05"),
        lambda: helper.post("/visits", visit),
        lambda: helper.post("/plans", plan),
    )
    assert found == [(201, None), (409, "not-paired-that-day"), (404, "not-found")]


@pytest.mark.one_server("a cluster locks nothing together with the door")
def test_who_sends_it_again_while_the_first_is_in_flight_is_told_so_and_waits_for_nothing(
    township: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    household, me = township.helped()
    visit = {"household_id": household, "device_time": "2016-11-09T08:30:00+08:00", "place": "户内", "text": "走访"}
    me.made("/visits", visit)

    def waits(key: str) -> bool:
        """Does the second wait for the record that the first has locked?"""
        with ThreadPoolExecutor(2) as pool, held_at_the_log(township) as connection:
            first = pool.submit(me.post, "/visits", visit, idempotency_key=key)
            until_waiting(township, 1)
            second = pool.submit(me.post, "/visits", visit, idempotency_key=key)
            until_waiting(township, 2)
            waited = not second.done()
            connection.rollback()
            codes = [(each.result().status_code, each.result().json().get("code")) for each in (first, second)]
            assert codes == [(201, None), (409, "still-in-flight")]
            return waited

    assert not waits("k")
    monkeypatch.setattr(writing, "behind_the_door_of_a_command", unheeding)
    assert waits("l"), "control"


def unheeding(statement: Any) -> Any:
    """The record behind the door, locked also while the first request is in flight."""
    return database._behind("enter", statement, statement.sql, "door_key", "door_operation")


def test_whoever_waits_for_what_a_record_refers_to_does_not_hold_the_log(township: Any) -> None:
    """A person who is being changed and his own visit do not wait for each other: nobody needs his key."""
    household, me = township.helped()
    visit = {"household_id": household, "device_time": "2016-11-09T08:30:00+08:00", "place": "户内", "text": "走访"}

    def waits(how: str) -> bool:
        with ThreadPoolExecutor(1) as pool, psycopg.connect(township.service.database_url) as connection:
            lock(connection, me.person_id, how)
            answer = pool.submit(me.post, "/visits", visit)
            until_waiting(township, 1)
            waited = not answer.done()
            connection.rollback()
            assert answer.result().status_code == 201
            return waited

    assert not waits("no key update"), "so the service locks a record"
    assert waits("update"), "control"
    assert database.LOCKED == " FOR NO KEY UPDATE"
