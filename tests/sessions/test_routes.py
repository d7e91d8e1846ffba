"""Does one sign in, stay signed in and sign out as OAuth says, and is one refused by rate and not by account?"""

import asyncio
import hashlib
import re
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import jwt
import psycopg
import pytest

from app.accounts.actions import Hashing
from app.refusal import TooManyRequests
from tests.conftest import Service, Township

PASSWORD = "correct horse battery"


class Client:
    """Of the token endpoint; `address` is what the proxy says it comes from."""

    def __init__(self, township, address="203.0.113.7"):
        self.http = httpx.Client(base_url=f"{township.service.address}/v1", headers={"x-forwarded-for": address})
        self.code = township.code

    def sign_in(self, password=PASSWORD, login="admin"):
        form = {"grant_type": "password", "username": f"{self.code}/{login}", "password": password}
        return self.http.post("/oauth/token", data=form)

    def refresh(self, token):
        return self.http.post("/oauth/token", data={"grant_type": "refresh_token", "refresh_token": token})

    def revoke(self, token, **more):
        return self.http.post("/oauth/revoke", data={"token": token, **more})


@pytest.fixture
def client(township):
    return Client(township, f"198.51.100.{uuid4().int % 250}")


def renewed(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()["refresh_token"]


def ago(township, seconds):
    """Let so much time have passed since the last use of a refresh token of the township."""
    with psycopg.connect(township.service.database_url) as connection:
        connection.execute(
            "update sessions set rotated_at = %s where township_code = %s",
            [datetime.now(UTC) - timedelta(seconds=seconds), township.code],
        )


def test_sign_in_with_a_password_and_refresh(township, client):
    first = client.sign_in()
    assert first.headers["cache-control"] == "no-store"
    bearer = {"authorization": f"Bearer {first.json()['access_token']}"}
    assert client.http.get("/me", headers=bearer).json()["appointments"][0]["office"] == "administrator"
    assert client.refresh(renewed(first)).status_code == 200
    assert client.sign_in("wrong").json()["error"] == "invalid_grant"


def test_a_phone_that_lost_the_answer_gets_the_same_successor(township, client):
    old = renewed(client.sign_in())
    successor = renewed(client.refresh(old))
    ago(township, 25)
    assert renewed(client.refresh(old)) == successor
    assert renewed(client.refresh(successor)), "the session goes on"


def test_after_the_grace_a_second_use_ends_the_session(township, client):
    old = renewed(client.sign_in())
    successor = renewed(client.refresh(old))
    ago(township, 31)
    assert client.refresh(old).json()["error"] == "invalid_grant"
    assert client.refresh(successor).json()["error"] == "invalid_grant"


def test_once_the_successor_is_used_there_is_no_grace(township, client):
    old = renewed(client.sign_in())
    newest = renewed(client.refresh(renewed(client.refresh(old))))
    assert client.refresh(old).json()["error"] == "invalid_grant"
    assert client.refresh(newest).json()["error"] == "invalid_grant"


def test_a_session_ends_after_its_ninety_days_whatever_is_done_with_it(township, client):
    token = renewed(client.refresh(renewed(client.sign_in())))
    with psycopg.connect(township.service.database_url) as connection:
        where = "from sessions where township_code = %s"
        (days,) = connection.execute(f"select extract(day from expires_at - now()) {where}", [township.code]).fetchone()
        stored = connection.execute(f"select token_hash, previous_hash {where}", [township.code]).fetchone()
        connection.execute("update sessions set expires_at = now() where township_code = %s", [township.code])
    assert days == 89
    assert stored[0] == hashlib.sha256(token.encode()).digest(), "only hashes are stored"
    assert client.refresh(token).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("token", ["x", "411421701.x", "1" * 200, f"999999.{'0' * 32}.{'a' * 43}"])
def test_an_unknown_refresh_token_is_refused_and_revoked_without_error(client, token):
    assert client.refresh(token).json()["error"] == "invalid_grant"
    assert (client.revoke(token).status_code, client.revoke(token).json()) == (200, {})


def test_revocation_follows_rfc_7009(client):
    signed_in = client.sign_in()
    token = renewed(signed_in)
    assert client.revoke(token, token_type_hint="access_token").status_code == 200
    assert client.refresh(token).json()["error"] == "invalid_grant"
    assert client.revoke(token).status_code == 200, "twice is no error"
    access = client.revoke(signed_in.json()["access_token"])
    assert (access.status_code, access.json()["error"]) == (400, "unsupported_token_type")
    missing = client.http.post("/oauth/revoke", data={})
    assert (missing.status_code, missing.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("form", "error"),
    [({}, "invalid_request"), ({"grant_type": "password"}, "invalid_request"),
     ({"grant_type": "implicit"}, "unsupported_grant_type"),
     ({"grant_type": "password", "username": "clerk", "password": "x"}, "invalid_grant"),
     ({"grant_type": "password", "username": "411421701/" + "x" * 99, "password": "x"}, "invalid_request")],
)  # fmt: skip
def test_what_is_wrong_is_said_as_rfc_6749_says_it(client, form, error):
    answer = client.http.post("/oauth/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize(
    ("form", "en", "zh"),
    [({}, "Missing or not valid: grant_type.", "缺少或无效:grant_type。"),
     ({"grant_type": "password"}, "Missing or not valid: password, username.", "缺少或无效:password、username。"),
     ({"grant_type": "password", "username": "x" * 99, "password": "x"}, "Missing or not valid: username.",
      "缺少或无效:username。"),
     ({"grant_type": "implicit"}, "One of: password, refresh_token, ", "应为:password、refresh_token、"),
     ({"grant_type": "password", "username": "li", "password": "x"}, "A login is <code of the place>/<name>.",
      "账号写作“所在地代码/登录名”。"),
     ({"grant_type": "refresh_token", "refresh_token": "x"}, "sign in again", "请重新登录"),
     ({"grant_type": "client_credentials", "client_id": "x", "client_secret": "x"}, "An id is", "编号写作")],
)  # fmt: skip
def test_what_is_wrong_is_described_in_the_reader_s_language(client, form, en, zh):
    """The description itself within RFC 6749's characters (appendix A.8), of which no Chinese is."""
    for language, title in (("en", en), ("zh-CN", zh)):
        told = client.http.post("/oauth/token", data=form, headers={"accept-language": language}).json()
        assert en in told["error_description"] and title in told["title"], told
        assert re.fullmatch(r"[\x20\x21\x23-\x5b\x5d-\x7e]+", told["error_description"])


def test_a_description_tells_nothing_of_an_account(township, client):
    """Whether it is there, disabled, or only the password is wrong."""
    person = township.admin.made("/people", {"name": "张三", "category": "organ_cadre"})["id"]
    account = {"person_id": person, "login": "gone", "password": "three grey herons at dusk"}
    made = township.admin.made("/accounts", account)["id"]
    township.admin.act(f"/accounts/{made}", "disable")
    nobody, wrong = client.sign_in(login="nobody"), client.sign_in("wrong")
    disabled = client.sign_in(account["password"], login="gone")
    assert nobody.json() == wrong.json() == disabled.json()
    assert nobody.json()["error"] == "invalid_grant"


@pytest.mark.parametrize("pair", ["411421701/x%00:secret", "411421701/x:a%00b", "411421701/x:%FF", "x" * 81 + ":y"])
def test_a_client_cannot_smuggle_into_its_header_what_no_form_may_hold(client, pair):
    basic = {"authorization": "Basic " + b64encode(pair.encode()).decode()}
    answer = client.http.post("/oauth/token", data={"grant_type": "client_credentials"}, headers=basic)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_the_public_keys_verify_our_tokens(township, client):
    answer = client.http.get("/oauth/jwks")
    assert answer.headers["cache-control"] == "public, max-age=300"
    keys = jwt.PyJWKSet.from_dict(answer.json())
    token = client.sign_in().json()["access_token"]
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["EdDSA"], audience="huayuan", issuer="huayuan")
    assert claims["township"] == township.code
    (only,) = answer.json()["keys"]
    thumbprint = hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{only["x"]}"}}'.encode()).digest()
    assert jwt.utils.base64url_encode(thumbprint).decode() == only["kid"], "RFC 7638"
    assert client.http.get("/oauth/jwks", params={"x": 1}).status_code == 422


def test_failing_is_limited_by_login_and_address_together(township):
    here, elsewhere = Client(township, "192.0.2.1"), Client(township, "192.0.2.2")
    assert [here.sign_in("wrong").status_code for _ in range(6)] == [400] * 5 + [429]
    refused = here.sign_in()
    assert (refused.status_code, refused.json()["error"]) == (429, "temporarily_unavailable")
    assert f" {refused.headers['retry-after']} 秒" in refused.json()["title"]
    assert 0 < int(refused.headers["retry-after"]) <= 60, "the right password has to wait as well, but not for long"
    assert elsewhere.sign_in().status_code == 200, "the person is not locked out"
    assert here.sign_in("wrong", login="nobody").status_code == 400, "nor is the address"


def test_a_login_attacked_from_everywhere_lets_its_owner_in(township):
    """60 addresses, one failure each: over the login's limit an address that failed may not go on, a new one may."""
    attackers = [Client(township, f"2001:db8:{n:x}::1") for n in range(60)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda a: a.sign_in("wrong").status_code, attackers))
    assert answers.count(429) == 0
    assert attackers[0].sign_in("wrong").status_code == 429
    neighbour = Client(township, "2001:db8:0:0:ffff::2")
    assert neighbour.sign_in("wrong").status_code == 429, "a network of IPv6 is one address"
    assert Client(township, "2001:db8:ffff::1").sign_in().status_code == 200


def test_failures_are_counted_in_the_database_for_all_workers_and_forgotten_when_paid_back(township):
    with psycopg.connect(township.service.database_url, autocommit=True) as connection:
        client = Client(township, "192.0.2.77")
        for _ in range(5):
            client.sign_in("wrong")
        connection.execute("update sign_in_failures set until = until - interval '61 s'")
        assert client.sign_in("wrong").status_code == 400, "one more after a minute"
        assert client.sign_in("wrong").status_code == 429
        connection.execute("update sign_in_failures set until = now() - interval '1 s'")
        client.sign_in("wrong")
        assert connection.execute("select count(*) from sign_in_failures").fetchone() == (3,)
        persistence = connection.execute("select relpersistence from pg_class where relname = 'sign_in_failures'")
        assert persistence.fetchone() == ("u",)


def test_whoever_signs_in_over_and_over_leaves_room_for_others():
    """Right passwords are no failures and cost nothing later; thirty at once would fill the line of eighteen."""

    async def crowd():
        hashing = Hashing()
        known = await hashing.hash(PASSWORD)
        busy = [hashing.verify(PASSWORD, known, "one") for _ in range(30)]
        told = await asyncio.gather(*busy, hashing.verify(PASSWORD, known, "another"), return_exceptions=True)
        return told, await hashing.verify(PASSWORD, known, "one")

    told, afterwards = asyncio.run(crowd())
    assert (told.count(True), told[-1], afterwards) == (4 + 1, True, True)
    assert sum(isinstance(refused, TooManyRequests) for refused in told) == 26


def test_an_address_that_an_untrusted_peer_claims_is_not_believed(own_database_url, monkeypatch):
    """Only a proxy named by FORWARDED_ALLOW_IPS (127.0.0.1 by default) speaks for others."""
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "10.0.0.1")
    service = Service(own_database_url)
    township = Township(service, "411421701")
    answers = [Client(township, f"192.0.2.{n}").sign_in("wrong").status_code for n in range(6)]
    service.stop()
    assert answers == [400] * 5 + [429]
