"""What may an administrator do with others' accounts, and what does he leave behind?"""

import asyncio
import hashlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
import pytest

from app.accounts.actions import HASHING, reset_by_operator
from app.database import Database
from app.sessions.actions import _NOBODYS_HASH
from tests.serving import eventually

FIRST, OWN = "given by the office", "chosen by myself 7"


def sign_in(place, login, password, grant_type="password"):
    names = ("username", "password") if grant_type == "password" else ("client_id", "client_secret")
    return {"grant_type": grant_type, names[0]: f"{place}/{login}", names[1]: password}


def told(service, form):
    return httpx.post(f"{service.address}/v1/oauth/token", data=form)


def as_bearer(service, answer):
    assert answer.status_code == 200, answer.text
    return httpx.Client(
        base_url=f"{service.address}/v1", headers={"authorization": f"Bearer {answer.json()['access_token']}"}
    )


@pytest.fixture
def clerk(township):
    """A person's account with the password that the administrator gave, as its id."""
    body = {"login": "clerk", "password": FIRST, "person_id": township.person()}
    return township.admin.made("/accounts", body)["id"]


def test_a_given_password_is_good_for_setting_ones_own_and_nothing_else(township, clerk):
    service = township.service
    first = told(service, sign_in(township.code, "clerk", FIRST))
    assert first.json()["scope"] == "password" and "refresh_token" not in first.json()
    caller = as_bearer(service, first)
    me = caller.get("/me").json()
    assert (me["must_set_password"], me["secret_set_by"]) == (True, "admin")
    for method, path in (("GET", "/people"), ("GET", "/me/tasks"), ("POST", "/visits"), ("POST", "/clock")):
        refused = caller.request(method, path)
        assert (refused.status_code, refused.json()["code"]) == (403, "set-your-password"), path
    wrong = caller.post("/me/password", json={"current": "not the one given", "password": OWN})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong-password")
    for password, code in ((FIRST, "same-password"), ("clerk-12345678", "easy-to-guess")):
        refused = caller.post("/me/password", json={"current": FIRST, "password": password})
        assert (refused.status_code, refused.json()["code"]) == (409, code)
    done = caller.post("/me/password", json={"current": FIRST, "password": OWN}, headers={"idempotency-key": "k"})
    assert done.status_code == 200 and done.headers["ledger-entry"].startswith("411421/"), done.text
    again = caller.post("/me/password", json={"current": FIRST, "password": OWN}, headers={"idempotency-key": "k"})
    assert again.headers["idempotent-replayed"] == "true"
    assert caller.get("/people").status_code == 403, "the old token still says what it said"
    assert told(service, sign_in(township.code, "clerk", FIRST)).status_code == 400
    second = told(service, sign_in(township.code, "clerk", OWN))
    assert second.json()["scope"] == "full" and second.json()["refresh_token"]
    me = as_bearer(service, second).get("/me").json()
    assert (me["must_set_password"], me["secret_set_by"]) == (False, "clerk")
    assert as_bearer(service, second).get("/people").status_code == 200


def entries(township, account):
    with psycopg.connect(township.service.database_url) as connection:
        return connection.execute(
            "select event, convert_from(leaf, 'UTF8')::json -> 'actor' ->> 'account' from log_event"
            " where township_code = '411421' and subject_id = %s order by seq", [account],
        ).fetchall()  # fmt: skip


def test_whoever_resets_an_account_stands_in_the_ledger_before_what_is_done_with_it(township, clerk):
    service = township.service
    admin = township.admin.get("/me").json()["account_id"]
    township.admin.act(f"/accounts/{clerk}", "reset", {"password": "another one given"})
    caller = as_bearer(service, told(service, sign_in(township.code, "clerk", "another one given")))
    assert caller.post("/me/password", json={"current": "another one given", "password": OWN}).status_code == 200
    events = [("account.created", admin), ("account.reset", admin), ("account.password_set", clerk)]
    assert entries(township, clerk) == events


def test_no_request_leaves_a_password_where_it_could_be_tried(township, clerk):
    """Neither the account nor the stored answer holds a plain hash of the body."""
    township.admin.post("/accounts", {"login": "other", "password": FIRST, "person_id": township.person()},
                        idempotency_key="remember")  # fmt: skip
    with psycopg.connect(township.service.database_url) as connection:
        query = "select person_id, login, fingerprint from accounts where login in ('clerk', 'other')"
        found = connection.execute(f"{query} and township_code = %s", [township.code]).fetchall()
        stored = connection.execute("select fingerprint from retries where key = 'remember'").fetchall()
    admin = township.admin.get("/me").json()["account_id"]
    assert len(found) == 2 and stored
    for person, login, fingerprint in found:
        body = json.dumps({"login": login, "password": FIRST, "person_id": str(person)}, sort_keys=True)
        plain = hashlib.sha256(f"POST /v1/accounts\n{admin}\n{body}".encode()).hexdigest()
        assert plain not in (fingerprint, *[s[0] for s in stored])


def test_a_person_has_one_living_account(township, clerk):
    person = township.admin.read(f"/accounts/{clerk}")["person_id"]
    second = {"login": "second", "password": FIRST, "person_id": person}
    refused = township.admin.post("/accounts", second)
    assert (refused.status_code, refused.json()["code"]) == (409, "already-on-record")
    township.admin.act(f"/accounts/{clerk}", "disable")
    assert township.admin.post("/accounts", second).status_code == 201


@pytest.mark.parametrize(
    "body", [{"login": "zhangsan", "password": "zhangsan123456"}, {"login": "li", "password": "1" * 12}]
)
def test_an_easy_password_is_refused(township, body):
    refused = township.admin.post("/accounts", {**body, "person_id": township.person()})
    assert (refused.status_code, refused.json()["code"]) == (409, "easy-to-guess")


@pytest.mark.parametrize(("action", "body"), [("reset", {"password": "another long secret"}), ("disable", None)])
def test_a_reset_or_disabled_account_is_signed_out(township, clerk, action, body):
    service = township.service
    caller = as_bearer(service, told(service, sign_in(township.code, "clerk", FIRST)))
    caller.post("/me/password", json={"current": FIRST, "password": OWN})
    signed_in = told(service, sign_in(township.code, "clerk", OWN))

    def refreshed(token):
        return told(service, {"grant_type": "refresh_token", "refresh_token": token}).json()

    renewed = refreshed(signed_in.json()["refresh_token"])["refresh_token"]
    township.admin.act(f"/accounts/{clerk}", action, body)
    assert refreshed(renewed)["error"] == "invalid_grant"
    if action == "disable":
        assert as_bearer(service, signed_in).get("/people").status_code == 401, "also with the token he still has"


def test_a_clients_secret_is_its_own_at_once_and_changes_by_reset(service, county):
    client = county.made("/clients", {"login": "feed", "secret": "first secret of it"})
    answer = told(service, sign_in("411421", "feed", "first secret of it", "client_credentials"))
    assert answer.json()["scope"] == "full" and "refresh_token" not in answer.json()
    machine = as_bearer(service, answer)
    assert machine.get("/people").status_code == 200
    refused = machine.post("/me/password", json={"current": "first secret of it", "password": OWN})
    assert (refused.status_code, refused.json()["code"]) == (403, "no-password")
    county.act(f"/accounts/{client['id']}", "reset", {"password": "second secret of it"})
    old = told(service, sign_in("411421", "feed", "first secret of it", "client_credentials"))
    assert (old.status_code, old.json()["error"]) == (401, "invalid_client")
    assert old.headers["www-authenticate"].startswith("Basic")
    basic = httpx.BasicAuth("411421%2Ffeed", "second+secret%20of+it")
    new = httpx.post(f"{service.address}/v1/oauth/token", data={"grant_type": "client_credentials"}, auth=basic)
    assert new.json()["scope"] == "full", "also as RFC 6749 (2.3.1) has clients send it"


@contextmanager
def hashers_at_work():
    """Both threads that hash are busy until this ends, so that whoever wants a hash waits in their line."""
    until = threading.Event()
    for _ in range(2):
        HASHING._threads.submit(until.wait)
    try:
        yield HASHING._threads._work_queue
    finally:
        until.set()


def test_no_connection_is_held_while_a_password_is_hashed(township, clerk):
    database = township.service.app.state.database
    own = as_bearer(township.service, told(township.service, sign_in(township.code, "clerk", FIRST)))
    body = {"login": "other", "password": FIRST, "person_id": township.person()}
    other = township.admin.made("/accounts", body)["id"]
    asked = (
        lambda: own.post("/me/password", json={"current": FIRST, "password": OWN}),
        lambda: township.admin.post("/accounts", {"login": "x2", "password": FIRST, "person_id": township.person()}),
        lambda: township.admin.try_act(f"/accounts/{other}", "reset", {"password": "another one given"}),
    )
    with ThreadPoolExecutor() as threads:
        with hashers_at_work() as line:
            answers = [threads.submit(ask) for ask in asked]
            assert eventually(lambda: line.qsize() == len(asked))
            assert eventually(lambda: database.gauges("database")["database_connections_in_use"] == 0, 5)
        assert [answer.result().status_code for answer in answers] == [200, 201, 200]


def test_a_hash_inside_a_transaction_would_hold_its_connection(service):
    """The negative control."""

    async def inside():
        database = Database(service.database_url, 1)
        await database.open()
        with hashers_at_work() as line:
            async with database.transaction():
                hashing = asyncio.create_task(HASHING.hash("a secret"))
                await asyncio.sleep(0.05)
                held = line.qsize(), database.gauges("database")["database_connections_in_use"]
        await hashing
        await database.close()
        return held

    assert asyncio.run(inside()) == (1, 1)


def test_whoever_may_not_give_a_password_waits_for_no_hash(township):
    someone = township.office("assessor")
    with hashers_at_work():
        refused = someone.post("/accounts", {"login": "x3", "password": FIRST, "person_id": someone.person_id})
    assert (refused.status_code, refused.json()["code"]) == (403, "not-your-office")


def test_of_two_new_passwords_at_once_one_is_set(township, clerk):
    """Both prove the same present password before either is written."""
    own = as_bearer(township.service, told(township.service, sign_in(township.code, "clerk", FIRST)))
    with ThreadPoolExecutor() as threads, hashers_at_work() as line:
        answers = [
            threads.submit(own.post, "/me/password", json={"current": FIRST, "password": f"{OWN} {number}"})
            for number in range(2)
        ]
        assert eventually(lambda: line.qsize() == 2)
    assert sorted(answer.result().status_code for answer in answers) == [200, 403]


def given_ago(township, login, days):
    with psycopg.connect(township.service.database_url) as connection:
        connection.execute(
            "update accounts set secret_set_at = %s where township_code = %s and login = %s",
            [datetime.now(UTC) - timedelta(days), township.code, login],
        )  # fmt: skip


def test_a_given_password_holds_a_month_and_ones_own_for_good(township, clerk):
    service = township.service
    given_ago(township, "clerk", 29)
    assert told(service, sign_in(township.code, "clerk", FIRST)).status_code == 200
    given_ago(township, "clerk", 31)
    late = told(service, sign_in(township.code, "clerk", FIRST))
    assert (late.status_code, late.json()["error"]) == (400, "invalid_grant")
    given_ago(township, "admin", 1000)
    assert told(service, sign_in(township.code, "admin", "correct horse battery")).status_code == 200


def test_the_operator_gives_a_password_where_no_administrator_can(township):
    service, vault = township.service, township.service.app.state.vault
    given_ago(township, "admin", 1000)

    def reset(login):
        return asyncio.run(reset_by_operator(service.database_url, vault, township.code, login, "printed once 123"))

    assert reset("admin") and not reset("nobody")
    first = told(service, sign_in(township.code, "admin", "printed once 123"))
    assert first.json()["scope"] == "password"
    account = township.admin.read("/me")["account_id"]
    assert entries(township, account) == [("account.reset", "00000000-0000-0000-0000-000000000000")]


def test_a_password_costs_whoever_guesses_what_owasp_asks_for():
    """Outside these tests, where thousands are hashed; what nobody's login is verified with was made beforehand."""
    assert _NOBODYS_HASH.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
