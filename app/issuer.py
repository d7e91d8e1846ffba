"""Whom does another issuer's access token name? Its keys are fetched, kept, and nothing is believed without them."""

import asyncio
import logging
import math
import time
from pathlib import Path
from typing import Any

import httpx
import jwt
from pydantic import BaseModel, Field, ValidationError

from app.access import SKEW
from app.refusal import TooManyRequests, Unauthenticated
from app.settings import Settings

log = logging.getLogger("huayuan.issuer")
ALGORITHMS = {("OKP", "Ed25519"): "EdDSA", ("EC", "P-256"): "ES256", ("RSA", None): "RS256"}
"""What a key may sign with; a key of any other kind is not used."""
TYPES = ("at+jwt", "application/at+jwt")
REQUIRED = ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"]
"""What RFC 9068 demands of an access token."""
FRESH = 3600.0
"""Seconds after which keys are fetched again, so that withdrawn ones are forgotten."""
PAUSE = 60.0
"""Seconds between two fetches at the least, whatever tokens ask for."""
PATIENCE = 3.0
"""Seconds that a fetch may take as a whole."""
WAITING, WAIT = 4, 1.0
"""How many callers wait for a fetch, and for how many seconds: an issuer that hangs holds up nobody else."""
LARGEST = 262_144
"""Bytes that the issuer's answer may have."""


class Jwk(BaseModel):
    """A key as the issuer publishes it; what is not looked at may be anything."""

    kty: str
    kid: str = Field(min_length=1, max_length=200)
    crv: str | None = None
    use: str | None = None
    alg: str | None = None


class Jwks(BaseModel):
    """RFC 7517, as far as it is relied upon."""

    keys: list[dict[str, Any]] = Field(max_length=100)


class Issuer:
    """One issuer of tokens whose keys are at `jwks`: an https address or a file.

    Keys are fetched when first needed, when old, and when a token names an unknown one, but never twice in a minute.
    No request fetches them: a few wait a moment for them, the others go on with the keys there are or come again. While
    the issuer cannot be reached the keys it had go on to hold.
    """

    def __init__(self, name: str, audience: str, jwks: str) -> None:
        self.name, self._audience, self._jwks = name, audience, jwks
        self._keys: dict[str, jwt.PyJWK] = {}
        self._tried = self._fetched = -float("inf")
        self._fetching: asyncio.Task[None] | None = None
        self._waiting = 0

    @classmethod
    def of(cls, settings: Settings) -> "Issuer | None":
        named = settings.oidc
        return cls(*named) if named else None

    async def subject(self, token: str) -> tuple[str, int]:
        """Whom a valid access token names, and until when (seconds since 1970).

        Raises Unauthenticated; TooManyRequests where its key may still come.
        """
        try:
            header = jwt.get_unverified_header(token)
            if str(header.get("typ", "")).lower() not in TYPES:
                raise Unauthenticated
            key = await self._key(header["kid"])
            claims = jwt.decode(
                token, key, algorithms=[key.algorithm_name], audience=self._audience, issuer=self.name,
                options={"require": REQUIRED, "enforce_minimum_key_length": True}, leeway=SKEW,
            )  # fmt: skip
            subject, until = claims["sub"], int(claims["exp"])
        except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            raise Unauthenticated from error
        if not 0 < len(subject) <= 255 or not subject.isprintable() or until <= time.time():
            raise Unauthenticated
        return subject, until

    async def _key(self, kid: str) -> jwt.PyJWK:
        """Raises KeyError where the issuer has no such key, TooManyRequests where it may still come."""
        if kid not in self._keys or time.monotonic() - self._fetched > FRESH:
            if time.monotonic() - self._tried > PAUSE:
                self._tried = time.monotonic()
                self._fetching = asyncio.create_task(self._renew())
            if not await self._is_fetched() and kid not in self._keys:
                raise TooManyRequests(math.ceil(PATIENCE - WAIT))
        return self._keys[kid]

    async def _is_fetched(self) -> bool:
        """Is no fetch under way, or over in a moment?"""
        fetching = self._fetching
        if fetching is None or fetching.done():
            return True
        if self._waiting >= WAITING:
            return False
        self._waiting += 1
        try:
            await asyncio.wait([fetching], timeout=WAIT)
        finally:
            self._waiting -= 1
        return fetching.done()

    async def _renew(self) -> None:
        """Take the issuer's keys in place of those there are; keep these where it gives none."""
        try:
            async with asyncio.timeout(PATIENCE):
                found = readable(await self._fetch())
        except (httpx.HTTPError, OSError, TimeoutError, ValueError):
            log.warning("the issuer's keys cannot be fetched", exc_info=True)
        else:
            self._keys, self._fetched = found, time.monotonic()

    async def _fetch(self) -> bytes:
        if "://" not in self._jwks:
            return await asyncio.to_thread(Path(self._jwks).read_bytes)
        body = b""
        async with httpx.AsyncClient(timeout=PATIENCE) as client, client.stream("GET", self._jwks) as answer:
            answer.raise_for_status()
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > LARGEST:
                    raise ValueError("the issuer's answer is too long")
        return body


def readable(document: bytes) -> dict[str, jwt.PyJWK]:
    """The keys of a JWKS that tokens may be signed with, by id. Raises ValueError where there is none."""
    keys = {}
    for found in Jwks.model_validate_json(document).keys:
        try:
            key = Jwk.model_validate(found)
            algorithm = ALGORITHMS.get((key.kty, key.crv))
            if algorithm is not None and key.use in (None, "sig") and key.alg in (None, algorithm):
                keys[key.kid] = jwt.PyJWK(found, algorithm)
        except (ValidationError, jwt.PyJWTError):
            continue
    if not keys:
        raise ValueError("no usable key")
    return keys
