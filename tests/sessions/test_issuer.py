"""Is another issuer's access token believed exactly as far as its keys and an administrator's binding go?"""

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from app import issuer as issuers
from app.issuer import REQUIRED, Issuer
from app.refusal import TooManyRequests, Unauthenticated
from app.settings import Settings
from tests.security.forge import b64
from tests.serving import eventually

NAME, AUDIENCE, SUBJECT = "https://sso.example.cn", "huayuan-411421", "248289761001"
KEYS: dict[str, tuple[Any, Any]] = {
    "EdDSA": (Ed25519PrivateKey.generate(), OKPAlgorithm),
    "ES256": (ec.generate_private_key(ec.SECP256R1()), ECAlgorithm),
    "RS256": (rsa.generate_private_key(65537, 2048), RSAAlgorithm),
}
WEAK = rsa.generate_private_key(65537, 1024)


def jwk(algorithm: str, key: Any, kid: str) -> dict[str, Any]:
    return {**json.loads(KEYS[algorithm][1].to_jwk(key.public_key())), "kid": kid, "use": "sig"}


class Sso:
    """The other issuer: a server on 127.0.0.1 that publishes keys, and a pen that signs tokens."""

    def __init__(self) -> None:
        self.asked, self.seconds, self.status = 0, 0.0, 200
        self.keys = [jwk(algorithm, key, algorithm) for algorithm, (key, _) in KEYS.items()]
        self.document: bytes | None = None
        sso = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                sso.asked += 1
                time.sleep(sso.seconds)
                body = sso.document if sso.document is not None else json.dumps({"keys": sso.keys}).encode()
                self.send_response(sso.status)
                self.send_header("content-length", str(len(body)))
                self.send_header("location", sso.address)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/jwks"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def token(self, algorithm: str = "EdDSA", key: Any = None, header: Any = None, **claims: Any) -> str:
        now = int(time.time())
        told = {"iss": NAME, "aud": AUDIENCE, "sub": SUBJECT, "client_id": "phone", "jti": uuid4().hex, "iat": now,
                "exp": now + 300, **claims}  # fmt: skip
        head = {"typ": "at+jwt", "kid": algorithm, **(header or {})}
        told, head = ({k: v for k, v in part.items() if v is not None} for part in (told, head))
        return jwt.encode(told, key or KEYS[algorithm][0], algorithm=algorithm, headers=head)

    def issuer(self) -> Issuer:
        return Issuer(NAME, AUDIENCE, self.address)


@pytest.fixture
def sso() -> Iterator[Sso]:
    made = Sso()
    yield made
    made.server.shutdown()
    made.server.server_close()


def subject(issuer: Issuer, *tokens: str) -> list[str | None]:
    """Whom the issuer says each token names, all asked at once; None where it is not, `later` where it may be."""

    async def ask(token: str) -> str | None:
        try:
            return (await issuer.subject(token))[0]
        except Unauthenticated:
            return None
        except TooManyRequests:
            return "later"

    async def ask_all() -> list[str | None]:
        return await asyncio.gather(*map(ask, tokens))

    return asyncio.run(ask_all())


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_good_token_is_believed(sso, algorithm):
    assert subject(sso.issuer(), sso.token(algorithm)) == [SUBJECT]
    assert subject(sso.issuer(), sso.token(algorithm, header={"typ": "application/at+jwt"})) == [SUBJECT]
    assert subject(sso.issuer(), sso.token(algorithm, aud=["other", AUDIENCE])) == [SUBJECT]


def forged(sso: Sso) -> Iterator[tuple[str, str]]:
    now = int(time.time())
    yield "an ID token", sso.token(header={"typ": "JWT"}, aud="phone", nonce="n")
    yield "an ID token for this audience", sso.token(header={"typ": "JWT"}, nonce="n")
    yield "no typ", sso.token(header={"typ": ""})
    yield "wrong audience", sso.token(aud="another service")
    yield "wrong issuer", sso.token(iss="https://other.example.cn")
    for name in REQUIRED:
        yield f"no {name}", sso.token(**{name: None})
    yield "expired", sso.token(exp=now - 60)
    yield "nbf to come", sso.token(nbf=now + 60)
    yield "iat to come", sso.token(iat=now + 60)
    yield "empty sub", sso.token(sub="")
    yield "long sub", sso.token(sub="x" * 256)
    yield "NUL in sub", sso.token(sub="a\x00")
    yield "another's key", sso.token(key=Ed25519PrivateKey.generate())
    yield "another algorithm's key", sso.token("ES256", header={"kid": "RS256"})
    yield "unknown kid", sso.token(header={"kid": "x"})
    yield "no kid", sso.token(header={"kid": None})
    yield "RS512", jwt.encode({"sub": SUBJECT}, KEYS["RS256"][0], "RS512", headers={"typ": "at+jwt", "kid": "RS256"})
    yield "HMAC with the public key as secret", jwt.encode(
        jwt.decode(sso.token(), options={"verify_signature": False}), sso.keys[0]["x"].ljust(64), "HS256",
        headers={"typ": "at+jwt", "kid": "EdDSA"},
    )  # fmt: skip
    head, claims, _ = sso.token().split(".")
    yield "alg none", f"{b64(json.dumps({'alg': 'none', 'typ': 'at+jwt', 'kid': 'EdDSA'}).encode())}.{claims}."
    yield "truncated", f"{head}.{claims}.AAAA"


def test_a_token_that_is_wrong_in_one_thing_is_not(sso):
    issuer, cases = sso.issuer(), dict(forged(sso))
    assert subject(issuer, sso.token()) == [SUBJECT], "whose keys are known from now on"
    answers = subject(issuer, *cases.values(), sso.token())
    assert answers.pop() == SUBJECT
    assert {name for name, answer in zip(cases, answers, strict=True) if answer is not None} == set()


def test_keys_are_fetched_once_for_many_and_an_unknown_one_at_most_once_a_minute(sso, monkeypatch):
    issuer = sso.issuer()
    told = subject(issuer, *[sso.token() for _ in range(20)])
    assert Counter(told) == {SUBJECT: issuers.WAITING, "later": 20 - issuers.WAITING}
    assert subject(issuer, *[sso.token() for _ in range(20)]) == [SUBJECT] * 20
    assert sso.asked == 1
    new = Ed25519PrivateKey.generate()
    sso.keys.append(jwk("EdDSA", new, "next"))
    turned = sso.token(key=new, header={"kid": "next"})
    assert subject(issuer, *[sso.token(header={"kid": f"x{n}"}) for n in range(20)], turned) == [None] * 21
    assert sso.asked == 1, "a flood of unknown keys asks nobody within the minute"
    monkeypatch.setattr(issuers, "PAUSE", 0.0)
    assert subject(issuer, turned) == [SUBJECT] and sso.asked == 2, "after it the issuer's new key is found"


def test_a_withdrawn_key_is_forgotten_when_keys_are_fetched_anew(sso, monkeypatch):
    issuer = sso.issuer()
    assert subject(issuer, sso.token()) == [SUBJECT]
    sso.keys = sso.keys[1:]
    assert subject(issuer, sso.token()) == [SUBJECT], "for an hour"
    monkeypatch.setattr(issuers, "PAUSE", 0.0)
    monkeypatch.setattr(issuers, "FRESH", 0.0)
    assert subject(issuer, sso.token()) == [None]


BROKEN: dict[str, dict[str, Any]] = {
    "500": {"status": 500},
    "elsewhere": {"status": 302},
    "no JSON": {"document": b"<html>"},
    "another shape": {"document": b'{"keys": {"kid": 1}}'},
    "no keys": {"document": b'{"keys": []}'},
    "only keys of other kinds": {
        "document": b'{"keys": [{"kty": "oct", "kid": "EdDSA", "k": "AAAA"}, {"kty": "RSA"}, 3]}'
    },
    "endless": {"document": b'{"keys": []' + b" " * 300_000 + b"}"},
    "slow": {"seconds": 1.0},
}


@pytest.mark.parametrize("fault", BROKEN)
def test_while_the_issuer_gives_no_keys_the_old_ones_hold_and_without_any_nobody_is_let_in(sso, monkeypatch, fault):
    monkeypatch.setattr(issuers, "PATIENCE", 0.5)
    monkeypatch.setattr(issuers, "PAUSE", 0.0)
    known, fresh = sso.issuer(), sso.issuer()
    assert subject(known, sso.token()) == [SUBJECT]
    for name, value in BROKEN[fault].items():
        setattr(sso, name, value)
    monkeypatch.setattr(issuers, "FRESH", 0.0)
    assert subject(known, sso.token()) == [SUBJECT]
    assert subject(fresh, sso.token()) == [None]
    sso.status, sso.document, sso.seconds = 200, None, 0.0
    assert subject(fresh, sso.token()) == [SUBJECT], "and when it is back all is well"


@pytest.mark.filterwarnings("ignore:The RSA key is 1024 bits long")
def test_a_weak_key_is_not_used(sso):
    sso.keys.append(jwk("RS256", WEAK, "weak"))
    assert subject(sso.issuer(), sso.token("RS256", WEAK, {"kid": "weak"}), sso.token("RS256")) == [None, SUBJECT]


def test_keys_may_stand_in_a_file(sso, tmp_path):
    file = tmp_path / "jwks.json"
    assert subject(Issuer(NAME, AUDIENCE, str(file)), sso.token()) == [None]
    file.write_text(json.dumps({"keys": sso.keys}))
    assert subject(Issuer(NAME, AUDIENCE, str(file)), sso.token()) == [SUBJECT]


@pytest.mark.parametrize(
    "named",
    [{"oidc_issuer": NAME}, {"oidc_issuer": NAME, "oidc_audience": AUDIENCE, "oidc_jwks": "http://sso.example.cn/jwks"},
     {"oidc_issuer": NAME, "oidc_audience": AUDIENCE, "oidc_jwks": "http://127.0.0.1.example.cn/jwks"}],
)  # fmt: skip
def test_half_an_issuer_or_one_without_tls_is_refused_at_the_start(named):
    with pytest.raises(ValueError, match="HUAYUAN_OIDC"):
        _ = Settings(secret="t" * 32, **named).oidc


# ── over HTTP ────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def known(township, sso, monkeypatch) -> Any:
    """A township of a service that knows the issuer, and a person's account there."""
    service = township.service
    monkeypatch.setitem(service.app.state._state, "issuer", sso.issuer())
    monkeypatch.setattr(service.settings, "oidc_issuer", NAME)
    person = township.person()
    township.appoint(person, "assessor")
    return township, township.account(person).account_id


def exchange(township, token, **more):
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "audience": township.code,
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token", "subject_token": token, **more,
    }  # fmt: skip
    return httpx.post(f"{township.service.address}/v1/oauth/token", data=form, timeout=20)


def test_whom_an_administrator_bound_signs_in_and_nobody_else(known, other_township, sso):
    township, account = known
    assert exchange(township, sso.token()).json()["error"] == "invalid_grant"
    bound = township.admin.act(f"/accounts/{account}", "bind", {"subject": SUBJECT})
    assert (bound["issuer"], bound["subject"]) == (NAME, SUBJECT)
    told = exchange(township, sso.token(exp=int(time.time()) + 100)).json()
    assert (
        told["scope"] == "full" and "refresh_token" not in told and told["issued_token_type"].endswith("access_token")
    )
    assert told["expires_in"] <= 100, "ours ends when it ends"
    headers = {"authorization": f"Bearer {told['access_token']}"}
    me = httpx.get(f"{township.service.address}/v1/me", headers=headers).json()
    assert (me["account_id"], me["issuer"], me["subject"]) == (account, NAME, SUBJECT)
    for answer in (
        exchange(other_township, sso.token()), exchange(township, sso.token(sub="another")),
        exchange(township, sso.token(header={"typ": "JWT"})), exchange(township, "x"),
        exchange(township, told["access_token"]), exchange(township, sso.token(), audience="41142"),
    ):  # fmt: skip
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    wrong = exchange(township, sso.token(), subject_token_type="urn:ietf:params:oauth:token-type:id_token")
    assert wrong.json()["error"] == "invalid_request"
    direct = httpx.get(f"{township.service.address}/v1/me", headers={"authorization": f"Bearer {sso.token()}"})
    assert direct.status_code == 401, "a foreign token is exchanged, not accepted"


def test_a_subject_has_one_account_at_a_place_and_can_be_released(known, sso):
    township, account = known
    other = township.account(township.person()).account_id
    township.admin.act(f"/accounts/{account}", "bind", {"subject": SUBJECT})
    twice = township.admin.try_act(f"/accounts/{other}", "bind", {"subject": SUBJECT})
    assert (twice.status_code, twice.json()["code"]) == (409, "already-on-record")
    township.admin.act(f"/accounts/{account}", "bind", {"subject": None})
    assert exchange(township, sso.token()).status_code == 400
    township.admin.act(f"/accounts/{other}", "bind", {"subject": SUBJECT})
    assert exchange(township, sso.token()).status_code == 200
    township.admin.act(f"/accounts/{other}", "disable")
    assert exchange(township, sso.token()).status_code == 400


def test_a_slow_issuer_holds_up_nobody_else(known, sso):
    township, account = known
    township.admin.act(f"/accounts/{account}", "bind", {"subject": SUBJECT})
    sso.seconds = 2.0
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(exchange, township, sso.token())
        answered = 0
        while not waiting.done():
            assert township.admin.get("/me").status_code == 200
            answered += 1
    later = waiting.result()
    assert (later.status_code, later.json()["error"]) == (429, "temporarily_unavailable")
    assert answered > 10 and later.headers["retry-after"] == "2"
    assert eventually(lambda: exchange(township, sso.token()).status_code == 200), "the keys came all the same"
    assert sso.asked == 1


@pytest.mark.parametrize(("waiting", "held"), [(issuers.WAITING, issuers.WAITING), (1000, 20)])
def test_an_issuer_that_hangs_holds_few_requests_and_for_a_moment(sso, monkeypatch, waiting, held):
    """Without the bound (the control) it would hold all who come from it."""
    monkeypatch.setattr(issuers, "WAITING", waiting)
    monkeypatch.setattr(issuers, "WAIT", 0.2)
    sso.seconds = 1.0
    issuer = sso.issuer()

    async def crowd():
        asked = [asyncio.create_task(issuer.subject(sso.token())) for _ in range(20)]
        await asyncio.sleep(0.05)
        many = sum(not task.done() for task in asked)
        told = await asyncio.gather(*asked, return_exceptions=True)
        return many, {type(one) for one in told}, issuer._waiting

    assert asyncio.run(crowd()) == (held, {TooManyRequests}, 0)
    assert sso.asked <= 1


def test_without_an_issuer_nothing_is_bound_or_exchanged(township, sso):
    account = township.account(township.person()).account_id
    refused = township.admin.try_act(f"/accounts/{account}", "bind", {"subject": SUBJECT})
    assert (refused.status_code, refused.json()["code"]) == (409, "no-issuer")
    assert exchange(township, sso.token()).json()["error"] == "invalid_grant"
