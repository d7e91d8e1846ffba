"""Does the county's feed give everything once, in each township's order, to those who may, and wait without holding?"""

import asyncio
import json
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.events import actions, tables
from app.events.actions import Position
from app.reading import BadCursor
from tests.serving import Process, eventually


def happen(place: Any, times: int = 1) -> None:
    for _ in range(times):
        place.office("leading_group_office").made("/units", {"name": uuid4().hex})


def follow(caller: Any, cursor: str | None = None, **query: Any) -> tuple[list[dict[str, Any]], str]:
    """Everything from a cursor on, and where that ends."""
    found = []
    while True:
        page = caller.read("/events", **query, **({"cursor": cursor} if cursor else {}))
        found += page["items"]
        cursor = page["next_cursor"]
        if not page["more"]:
            return found, cursor


def size_of(place: Any) -> int:
    address = f"{place.service.address}/v1/ledger/{place.code}/checkpoint"
    return int(httpx.get(address, headers={"accept": "application/json"}).json()["size"])


def by_log(entries: list[dict[str, Any]]) -> dict[str, list[int]]:
    return {log: [e["seq"] for e in entries if e["log"] == log] for log in sorted({e["log"] for e in entries})}


@pytest.mark.parametrize("limit", [1, 7, 200])
def test_every_entry_of_every_township_comes_once_and_in_its_order(county, limit):
    places = [county.township() for _ in range(3)]
    for number, place in enumerate(places):
        happen(place, 2 * number + 1)
    feed = county.client("events")
    entries, cursor = follow(feed, limit=limit)
    assert by_log(entries) == {place.code: list(range(size_of(place))) for place in places}
    assert follow(feed, cursor) == ([], cursor)
    late = county.township()
    happen(places[1])
    more, _ = follow(feed, cursor, limit=limit)
    size = size_of(places[1])
    assert by_log(more) == {places[1].code: [size - 1], late.code: list(range(size_of(late)))}, "and who comes later"


def test_a_busy_township_holds_up_no_other(county):
    busy, quiet = county.township(), county.township()
    happen(busy, 12)
    happen(quiet)
    page = county.client("events").read("/events", limit=8)
    assert {e["log"] for e in page["items"]} == {busy.code, quiet.code}
    assert page["more"]


def test_what_is_read_while_others_write_has_no_gap(county):
    """Writers in three townships and a reader at once: whatever he saw, in its order, is all there is."""
    places = [county.township() for _ in range(3)]
    for place in places:
        place.office("leading_group_office")
    feed, entries, cursor = county.client("events"), [], None
    with ThreadPoolExecutor(6) as pool:
        writing = [pool.submit(happen, place, 15) for place in places for _ in range(2)]
        while not all(w.done() for w in writing):
            some, cursor = follow(feed, cursor, limit=5)
            entries += some
        for w in writing:
            w.result()
    some, _ = follow(feed, cursor, limit=5)
    assert by_log(entries + some) == {place.code: list(range(size_of(place))) for place in places}


def test_only_the_events_that_are_asked_for_and_the_cursor_passes_over_the_rest(county):
    place = county.township()
    happen(place, 6)
    feed = county.client("events")
    units, cursor = follow(feed, event=["unit.created", "visit.recorded"], limit=2)
    assert [e["event"] for e in units] == ["unit.created"] * 6
    assert Position.of(cursor, county.code).next == {place.code: size_of(place)}
    nothing = feed.read("/events", event="visit.recorded")
    assert (nothing["items"], nothing["more"]) == ([], False)
    refused = feed.get("/events", event="visit.recordet")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "query:event/0")


def test_a_long_log_is_looked_through_in_pieces(county, monkeypatch):
    place = county.township()
    happen(place, 6)
    monkeypatch.setattr(tables, "SPAN", 3)
    monkeypatch.setattr(tables, "FEED_OF_CHOSEN", tables._feed(tables.CHOSEN))
    feed = county.client("events")
    first = feed.read("/events", event="unit.created")
    assert first["more"] and first["items"] == []
    units, cursor = follow(feed, event="unit.created")
    assert len(units) == 6
    assert Position.of(cursor, county.code).next == {place.code: size_of(place)}


def test_who_may_follow_what(county):
    here, there = county.township(), county.township()
    refused = county.client("read", "import").get("/events")
    assert (refused.status_code, refused.json()["code"], refused.json()["scope"]) == (403, "scope-not-given", "events")
    refused = county.client("events").get("/people")
    assert (refused.status_code, refused.json()["scope"]) == (403, "read")
    as_file = county.client("events").client.get("/v1/people", headers={"accept": "text/csv"})
    assert (as_file.status_code, as_file.json()["code"]) == (403, "scope-not-given")
    own, _ = follow(here.office("assessor"))
    assert {e["log"] for e in own} == {here.code}, "an office follows its own township"
    assert here.office("helper").get("/events").status_code == 403
    _, cursor = follow(county.client("events"))
    _, own_cursor = follow(there.office("assessor"), cursor)
    assert set(Position.of(own_cursor, county.code).next) == {here.code, there.code}


def test_words_of_findings_and_cases_stay_sealed_for_the_county(county):
    place = county.township()
    person = place.person("周七")
    place.appoint(person, "helper")
    body = {"source": "office", "subject": {"person_id": person}, "fact_on": "2016-11-09", "description": "工作敷衍。"}
    place.office("party_committee").made("/findings", body)
    told, _ = follow(county.client("events"), event="finding.proposed")
    organ, _ = follow(place.office("party_committee"), event="finding.proposed")
    assert [e["disclosed"] for e in told] == [None]
    assert json.loads(told[0]["leaf"])["sealed"].keys() == organ[0]["disclosed"].keys()


@pytest.mark.parametrize("wrong", ["x", "NDEwOTAx!", "NDEwOTAxLDcwMTow" * 10, ""])
def test_a_cursor_that_was_not_given_is_refused(shared_county, wrong):
    refused = shared_county.client("events").get("/events", cursor=wrong)
    assert (refused.status_code, refused.json()["code"]) == (422, "bad-cursor")


def test_a_cursor_says_where_one_stands_in_each_township():
    position = Position("411421", {"411421201": 7, "411421202": 0})
    assert Position.of(position.cursor, "411421") == position
    with pytest.raises(BadCursor):
        Position.of(position.cursor, "411422")


# ── waiting ──────────────────────────────────────────────────────────────────────────────────────


def test_who_waits_is_answered_when_something_happens(county):
    place = county.township()
    happen(place)
    feed = county.client("events")
    _, cursor = follow(feed)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(feed.read, "/events", cursor=cursor, wait=20)
        time.sleep(0.3)
        assert not waiting.done()
        happen(place)
        page = waiting.result(10)
    assert [e["event"] for e in page["items"]][-1] == "unit.created"


def test_who_waits_for_nothing_hears_so_and_where_to_ask_on(county):
    county.township()
    feed = county.client("events")
    _, cursor = follow(feed)
    page = feed.read("/events", cursor=cursor, wait=1)
    assert page == {"items": [], "next_cursor": cursor, "more": False}
    assert feed.get("/events", wait=26).status_code == 422


def test_a_hundred_who_wait_hold_no_connection_and_no_place(county):
    """There are 40 places and 8 connections here; ask for others meanwhile."""
    place, service = county.township(), county.service
    happen(place)
    feed = county.client("events")
    _, cursor = follow(feed)

    async def crowd() -> tuple[dict[str, int], list[int]]:
        limits = httpx.Limits(max_connections=200)
        async with httpx.AsyncClient(
            base_url=service.address, headers=feed.client.headers, limits=limits, timeout=60
        ) as http:
            asked = [
                asyncio.create_task(http.get("/v1/events", params={"cursor": cursor, "wait": 20})) for _ in range(100)
            ]
            assert await asyncio.to_thread(eventually, lambda: service.app.state.watch._waiting == 100)
            gauges = {**service.app.state.places.gauges(), **service.app.state.database.gauges("database")}
            await asyncio.to_thread(happen, place)
            return gauges, [len((await a).json()["items"]) for a in asked]

    gauges, found = asyncio.run(crowd())
    assert gauges["requests_in_work"] == 0
    assert gauges["database_connections_in_use"] <= 1, "of the one who asks for all"
    assert found == [1] * 100


def test_where_the_room_is_full_one_is_answered_at_once(county, monkeypatch):
    monkeypatch.setattr(actions, "ROOM", 0)
    feed = county.client("events")
    _, cursor = follow(feed)
    assert feed.read("/events", cursor=cursor, wait=25)["items"] == []


def test_a_worker_that_goes_answers_those_who_wait(county, tmp_path):
    county.township()
    feed = county.client("events")
    _, cursor = follow(feed)
    process = Process(county.service.database_url, tmp_path / "lines").await_ready()
    with process.caller(feed) as client, ThreadPoolExecutor(1) as pool:
        client.timeout = 60
        waiting = pool.submit(client.get, "/v1/events", params={"cursor": cursor, "wait": 25})
        time.sleep(1)
        process.process.send_signal(signal.SIGTERM)
        answer = waiting.result(8)
        assert (answer.status_code, answer.json()["items"]) == (200, [])
    assert process.process.wait(10) is not None
