"""Is the surplus turned away at once, in documented words, and is nothing held by whoever was turned away?"""

import asyncio
import time
from collections import Counter
from contextlib import asynccontextmanager
from functools import partial
from uuid import uuid4

import httpx
import pytest

from app import admission
from app.access import Bearer
from app.admission import Admission, Gate, Places
from app.main import create_app
from app.rate import KEPT, Rate
from app.settings import Settings

SECRET = "t" * 32


def test_a_burst_and_then_the_pace():
    rate = Rate(10, 3)
    assert [rate.take("a", 0.0) for _ in range(3)] == [0, 0, 0]
    assert rate.take("a", 0.0) == pytest.approx(0.1)
    assert rate.take("b", 0.0) == 0, "another has a bucket of its own"
    assert rate.take("a", 0.05) == pytest.approx(0.05), "what was refused took nothing"
    assert rate.take("a", 0.1) == 0
    assert rate.take("a", 0.1) > 0


def test_over_a_long_time_the_pace_is_exact():
    rate = Rate(5, 10)
    let_in = sum(rate.take("a", tick / 100) == 0 for tick in range(10_000))
    assert let_in == pytest.approx(5 * 100 + 10, abs=1)


def test_keys_whose_buckets_are_full_again_are_forgotten():
    rate = Rate(1, 1)
    for number in range(3 * KEPT):
        assert rate.take(number, float(number)) == 0
    assert len(rate._full) <= KEPT


TOKENS = create_app(Settings(secret=SECRET)).state.tokens
SIGNED_IN = {"authorization": f"Bearer {TOKENS.issue(Bearer(uuid4(), '411421', '411421701'))}"}


def places(many: int, work: asyncio.Event) -> tuple[Places, Gate]:
    """Gate and admission before an application that works until told."""

    async def app(scope, receive, send):
        await work.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    made = Places(many)
    return made, Gate(Admission(app), lambda: TOKENS, made, 1000)


async def ask(
    door: Gate, path: str = "/v1/people", headers: dict[str, str] = SIGNED_IN, address: str = "198.51.100.7"
) -> tuple[int, str | None]:
    transport = httpx.ASGITransport(door, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://x", headers=headers) as client:
        answer = await client.get(path)
        return answer.status_code, answer.headers.get("retry-after")


def test_places_are_bounded_and_so_is_the_queue(monkeypatch):
    monkeypatch.setattr(admission, "PATIENCE", 30)

    async def crowd() -> tuple[list[tuple[int, str | None]], dict[str, int], dict[str, int]]:
        work = asyncio.Event()
        made, door = places(2, work)
        asked = [asyncio.create_task(ask(door)) for _ in range(9)]
        await asyncio.sleep(0.1)
        full = made.gauges()
        work.set()
        answers = await asyncio.gather(*asked)
        return answers, full, made.gauges()

    answers, full, after = asyncio.run(crowd())
    assert full == {"requests_in_work": 2, "requests_waiting": 4, "requests_turned_away": 3}
    assert after == {"requests_in_work": 0, "requests_waiting": 0, "requests_turned_away": 3}
    assert Counter(status for status, _ in answers) == {200: 6, 503: 3}
    assert {seconds for status, seconds in answers if status == 503} <= {"1", "2", "3"}


def test_who_waits_too_long_is_turned_away_and_leaves_his_place_to_the_next(monkeypatch):
    monkeypatch.setattr(admission, "PATIENCE", 0.05)

    async def crowd():
        work = asyncio.Event()
        made, door = places(1, work)
        first = asyncio.create_task(ask(door))
        await asyncio.sleep(0)
        late = await asyncio.gather(*[ask(door) for _ in range(2)])
        work.set()
        return [await first, await ask(door)], late, made.gauges()

    served, late, after = asyncio.run(crowd())
    assert [status for status, _ in served] == [200, 200]
    assert [status for status, _ in late] == [503] * 2
    assert after["requests_in_work"] == 0


def test_who_is_gone_holds_no_place():
    async def crowd():
        made, door = places(2, asyncio.Event())
        asked = [asyncio.create_task(ask(door)) for _ in range(6)]
        await asyncio.sleep(0.05)
        for task in asked[::2]:
            task.cancel()
        await asyncio.sleep(0.05)
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        return made.gauges()

    assert asyncio.run(crowd()) == {"requests_in_work": 0, "requests_waiting": 0, "requests_turned_away": 0}


def test_health_is_told_while_all_places_are_taken():
    async def crowd():
        work = asyncio.Event()
        made, door = places(1, work)
        first = asyncio.create_task(ask(door))
        await asyncio.sleep(0)
        work.set()
        return await ask(door, "/healthz"), await first, made.gauges()["requests_waiting"]

    assert asyncio.run(crowd()) == ((200, None), (200, None), 0)


def behind_a_crowd() -> tuple[Counter[int], list[int]]:
    """What a hundred without a token are told, from everywhere; then one who has one, and one who signs in."""

    async def crowd():
        work = asyncio.Event()
        _, door = places(8, work)
        tile = "/v1/ledger/411421701/tile/0/000"
        strangers = [asyncio.create_task(ask(door, tile, {}, f"198.51.100.{number}")) for number in range(100)]
        await asyncio.sleep(0.02)
        others = [asyncio.create_task(ask(door)), asyncio.create_task(ask(door, "/v1/oauth/token", {}))]
        await asyncio.sleep(0.2)  # whoever has no place by now is told so
        work.set()
        return await asyncio.gather(*strangers), await asyncio.gather(*others)

    strangers, others = asyncio.run(crowd())
    return Counter(status for status, _ in strangers), [status for status, _ in others]


def test_whoever_shows_no_token_keeps_nobody_out_who_has_one(monkeypatch):
    monkeypatch.setattr(admission, "PATIENCE", 0.05)
    assert behind_a_crowd() == ({200: 2, 503: 98}, [200, 200])


def test_without_shares_they_would(monkeypatch):
    """The negative control."""
    monkeypatch.setattr(admission, "PATIENCE", 0.05)
    monkeypatch.setattr(admission, "SHARE", 1)
    assert behind_a_crowd() == ({200: 8, 503: 92}, [503, 503])


def test_no_address_outruns_the_pace_without_a_token():
    async def hurry():
        work = asyncio.Event()
        work.set()
        _, door = places(100, work)
        door._rate = Rate(2, 20)
        told = [await ask(door, "/problems/not-found", {}) for _ in range(30)]
        forged = [await ask(door, headers={"authorization": f"Bearer {n}"}, address="198.51.100.9") for n in range(30)]
        return told, forged, await ask(door, headers={}, address="198.51.100.8"), await ask(door)

    told, forged, another, signed_in = asyncio.run(hurry())
    assert [Counter(told)[200, None], Counter(forged)[200, None]] == [20, 20]
    assert another == (200, None), "another address"
    assert signed_in == (200, None), "whoever is signed in counts for himself, whoever else is behind his address"


def test_whoever_is_turned_away_is_not_listened_to():
    """Neither the pace nor a full queue waits for a body."""

    async def crowd():
        made, door = places(1, asyncio.Event())
        asked = [asyncio.create_task(ask(door)) for _ in range(3)]
        await asyncio.sleep(0.02)
        said = []

        async def receive():
            raise AssertionError("the body was read")

        async def send(message):
            said.append(message)

        scope = {"type": "http", "method": "POST", "path": "/v1/units", "client": ("198.51.100.7", 1)}
        scope["headers"] = [(b"authorization", SIGNED_IN["authorization"].encode())]
        await door(scope, receive, send)
        for task in asked:
            task.cancel()
        return said[0]["status"], made.gauges()["requests_turned_away"]

    assert asyncio.run(crowd()) == (503, 1)


@asynccontextmanager
async def service_with(url: str, **settings):
    api = create_app(Settings(database_url=url, secret=SECRET, profile="demo", **settings))
    async with (
        api.router.lifespan_context(api),
        httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://x/v1") as client,
    ):
        yield api, client


def test_an_account_that_asks_too_often_is_told_when_to_go_on(service, shared_township):
    async def hurry():
        async with service_with(service.database_url, requests_per_second=2) as (api, client):
            someone = shared_township.admin.get("/me").json()["account_id"]
            other = shared_township.office("assessor").account_id
            place = (shared_township.county, shared_township.code)
            tokens = [api.state.tokens.issue(Bearer(account, *place)) for account in (someone, other)]
            headers = [{"authorization": f"Bearer {token}"} for token in tokens]
            answers = [await client.get("/me", headers=headers[0]) for _ in range(30)]
            return answers, await client.get("/me", headers=headers[1])

    began = time.monotonic()
    answers, other = asyncio.run(hurry())
    surplus = [a for a in answers if a.status_code == 429]
    assert len(answers) - len(surplus) <= 21 + 2 * (time.monotonic() - began), "20 at once, and 2 a second"
    assert {a.status_code for a in answers} == {200, 429}
    assert {(a.json()["code"], a.headers["retry-after"]) for a in surplus} == {("too-many-requests", "1")}
    assert other.status_code == 200, "somebody else"


def test_no_token_and_no_spelling_of_one_outruns_the_pace(service, shared_township):
    """Each of these was new to the door, which knew only whom it had let in before."""

    async def hurry(spellings):
        async with service_with(service.database_url, requests_per_second=2) as (api, client):
            account = shared_township.admin.get("/me").json()["account_id"]
            issue = partial(api.state.tokens.issue, Bearer(account, shared_township.county, shared_township.code))
            asked = [await client.get("/me", headers={"authorization": one}) for one in spellings(issue)]
            return [answer.status_code for answer in asked], len(api.state.tokens._seen)

    def blanks(issue):
        token = issue()
        return [f"Bearer{' ' * many}{token}" for many in range(1, 61)]

    def fresh(issue):
        return [f"Bearer {issue()}" for _ in range(60)]

    for spellings, kept in ((blanks, 1), (fresh, 60)):
        began = time.monotonic()
        told, seen = asyncio.run(hurry(spellings))
        assert set(told) == {200, 429}
        assert told.count(200) <= 21 + 2 * (time.monotonic() - began)
        assert seen == kept
