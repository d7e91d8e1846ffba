"""Can the tokens' key be changed without signing anybody out, and without losing what is sealed?"""

import asyncio
from datetime import date
from uuid import uuid4

import httpx
import psycopg
import pytest

from app.access import Bearer, Tokens
from app.accounts.actions import adopt
from app.refusal import Unauthenticated
from app.settings import Settings
from app.vault import Vault
from tests.serving import PROMPT, SECRET, Process

OLD, NEW = SECRET, "the next secret of the tokens' keys"
PLACE, PASSWORD = "411421701", "correct horse battery"


def signed_in(process: Process) -> httpx.Client:
    form = {"grant_type": "password", "username": f"{PLACE}/admin", "password": PASSWORD}
    told = httpx.post(f"{process.address}/v1/oauth/token", data=form, timeout=PROMPT).json()
    return httpx.Client(headers={"authorization": f"Bearer {told['access_token']}", "x-refresh": told["refresh_token"]})


def kids(process: Process) -> list[str]:
    return [key["kid"] for key in httpx.get(f"{process.address}/v1/oauth/jwks").json()["keys"]]


def test_two_workers_in_the_middle_of_a_rotation_take_each_others_tokens(own_database_url, tmp_path):
    """One restarted with the new key first, one not yet; the default key was that of HUAYUAN_SECRET."""
    asyncio.run(adopt(own_database_url, Vault(SECRET.encode()), PLACE, "王建国", "admin", PASSWORD, date(2016, 1, 1)))
    before = Process(own_database_url, tmp_path / "before", token_secrets=f"{OLD},{NEW}")
    after = Process(own_database_url, tmp_path / "after", token_secrets=f"{NEW},{OLD}")
    try:
        for process in (before, after):
            process.await_ready()
        assert kids(before) == kids(after)[::-1]
        callers = [signed_in(before), signed_in(after)]
        for caller in callers:
            for process in (before, after):
                assert caller.get(f"{process.address}/v1/me").status_code == 200
        person = {"name": "张三", "category": "organ_cadre", "citizen_id": "11010519491231002X"}
        assert callers[0].post(f"{before.address}/v1/people", json=person).status_code == 201
        again = callers[1].post(f"{after.address}/v1/people", json=person)
        assert again.json()["code"] == "already-on-record", "lookups do not hang on the tokens' keys"
        with psycopg.connect(own_database_url) as connection:
            row = connection.execute(
                "select citizen_id_sealed from people where citizen_id_sealed is not null"
            ).fetchone()
        assert row and Vault(SECRET.encode(), NEW.encode()).open(row[0]) == person["citizen_id"], (
            "nor does what is sealed"
        )
        form = {"grant_type": "refresh_token", "refresh_token": callers[0].headers["x-refresh"]}
        successors = [httpx.post(f"{p.address}/v1/oauth/token", data=form).json() for p in (before, after)]
        assert successors[0]["refresh_token"] == successors[1]["refresh_token"], "nor do refresh tokens"
        guess = {"grant_type": "password", "username": f"{PLACE}/admin", "password": "wrong"}
        told = [httpx.post(f"{p.address}/v1/oauth/token", data=guess).status_code for p in [before, after] * 3]
        assert told == [400] * 5 + [429], "failures are counted for all workers together"
    finally:
        before.stop()
        after.stop()


def tokens(*secrets: str) -> Tokens:
    settings = Settings(secret=SECRET, token_secrets=",".join(secrets))
    return Tokens(settings, Vault(settings.master_secret, *settings.token_masters))


def test_a_key_that_is_not_named_is_not_taken():
    """So that the order of the three restarts matters, and the last one ends the old key."""
    bearer = Bearer(uuid4(), PLACE[:6], PLACE)
    assert tokens().bearer(f"Bearer {tokens(OLD, NEW).issue(bearer)}") == bearer, (
        "without a list it is HUAYUAN_SECRET's"
    )
    for verifier, signer in ((tokens(OLD), tokens(NEW, OLD)), (tokens(NEW), tokens(OLD, NEW))):
        with pytest.raises(Unauthenticated):
            verifier.bearer(f"Bearer {signer.issue(bearer)}")


@pytest.mark.parametrize("secrets", ["short", f"{OLD},short"])
def test_a_short_secret_is_refused(secrets):
    with pytest.raises(ValueError, match="32 characters"):
        _ = Settings(secret=SECRET, token_secrets=secrets).token_masters
