"""What tokens are there that must not be taken? Each differs from a good one in one thing."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.access import REQUIRED, Bearer
from app.vault import TokenKey
from tests.conftest import Caller, Service


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Forge:
    """Makes tokens that differ from a good one in one thing."""

    def __init__(self, service: Service, caller: Caller) -> None:
        self.good = str(caller.client.headers["authorization"]).removeprefix("Bearer ")
        self.key = service.app.state.vault.token_keys[0]
        self.header = jwt.get_unverified_header(self.good)
        self.claims = jwt.decode(self.good, options={"verify_signature": False})
        self.tokens = service.app.state.tokens

    def made(self, header: dict[str, Any] | None = None, key: Any = None, **claims: Any) -> str:
        """A token with these parts of header and claims, by our own key if no other; None takes a part away."""
        told = {k: v for k, v in {**self.claims, **claims}.items() if v is not None}
        head = {k: v for k, v in {**self.header, **(header or {})}.items() if v is not None}
        signed = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(told).encode())}"
        return f"{signed}.{b64((key or self.key.private).sign(signed.encode()))}"

    def by_hmac(self, secret: bytes) -> str:
        signed = f"{b64(json.dumps({**self.header, 'alg': 'HS256'}).encode())}.{self.good.split('.')[1]}"
        return f"{signed}.{b64(hmac.digest(secret, signed.encode(), hashlib.sha256))}"

    def by_another(self, algorithm: str, key: Any) -> str:
        return jwt.encode(self.claims, key, algorithm=algorithm, headers={"typ": "at+jwt", "kid": self.key.id})

    def table(self) -> Iterator[tuple[str, str | None]]:
        """Every case by its name, as the value of the Authorization header."""
        yield "none at all", None
        yield from {"empty": "", "scheme alone": "Bearer", "another scheme": f"Basic {self.good}"}.items()
        yield from ((name, f"Bearer {token}") for name, token in self.tokens_table())

    def tokens_table(self) -> Iterator[tuple[str, str]]:
        another, now = Ed25519PrivateKey.generate(), int(time.time())
        theirs = TokenKey(b"the secret of another installation")
        signed, _, signature = self.good.rpartition(".")
        head, claims = signed.split(".")
        yield "alg none", f"{b64(json.dumps({**self.header, 'alg': 'none'}).encode())}.{claims}."
        yield "alg none, signed", self.made({"alg": "none"})
        for form, secret in {
            "raw": self.key.public.public_bytes_raw(),
            "PEM": self.key.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "JWK": self.key.jwk["x"].encode(),
        }.items():
            yield f"HMAC with the public key as secret, {form}", self.by_hmac(secret)
        yield "alg ES256", self.by_another("ES256", ec.generate_private_key(ec.SECP256R1()))
        yield "alg RS256", self.by_another("RS256", rsa.generate_private_key(65537, 2048))
        yield "alg unknown", self.made({"alg": "EdDSA2"})
        yield "another key under our kid", self.made(key=another)
        yield "another installation's key", self.made({"kid": theirs.id}, theirs.private)
        yield "a key of its own in the header", self.made({"jwk": theirs.jwk, "kid": theirs.id}, theirs.private)
        yield "no kid", self.made({"kid": None})
        yield "kid is no text", self.made({"kid": [self.key.id]})
        yield "kid is a path", self.made({"kid": "../../dev/null"})
        yield "unknown critical header", self.made({"crit": ["x"], "x": 1})
        for name, typ in {"JWT": "JWT", "missing": None, "no text": ["at+jwt"]}.items():
            yield f"typ {name}", self.made({"typ": typ})
        yield "an ID token", self.made({"typ": "JWT"}, nonce="n", auth_time=now, at_hash="x")
        yield "wrong aud", self.made(aud="another service")
        yield "aud is a list", self.made(aud=["huayuan", "another service"])
        yield "wrong iss", self.made(iss="another issuer")
        for name in REQUIRED:
            yield f"no {name}", self.made(**{name: None})
        yield "expired", self.made(exp=now - 1)
        yield "exp is no number", self.made(exp="soon")
        yield "exp is infinite", self.made(exp=float("inf"))
        yield "nbf to come", self.made(nbf=now + 60)
        yield "iat to come", self.made(iat=now + 60)
        yield "sub is no id", self.made(sub="1 or 1=1")
        yield "sub is a number", self.made(sub=7)
        yield "NUL in a claim", self.made(township=self.claims["township"] + "\x00")
        yield "township is no place", self.made(township="' or ''='")
        yield "township of another county", self.made(county="411422")
        yield "unknown scope", self.made(scope="everything")
        yield "truncated signature", self.good[:-8]
        yield "truncated claims", f"{head}.{claims[:-8]}.{signature}"
        yield "no signature", f"{signed}."
        yield "one bit turned", f"{signed}.{signature[:-2]}{'A' if signature[-2] != 'A' else 'B'}{signature[-1]}"
        yield "a part more", f"{self.good}.{signature}"
        yield "no JSON", f"{b64(b'{')}.{claims}.{signature}"
        yield "deep JSON", f"{b64(b'[' * 3000)}.{claims}.{signature}"
        yield "huge", "A" * 60_000
        yield "huge and signed by us", self.made(padding="x" * 20_000)
        yield "NUL, encoded", self.good + "%00"
        yield (
            "an account that is not there",
            self.tokens.issue(Bearer(uuid4(), self.claims["county"], self.claims["township"])),
        )
