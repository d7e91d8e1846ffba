"""Which knobs does an installation have? Environment variables that begin with HUAYUAN_."""

import re
import secrets
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Everything an operator may set; what is not here is not configurable."""

    model_config = SettingsConfigDict(env_prefix="HUAYUAN_", extra="ignore")

    database_url: str | None = None
    """PostgreSQL 18 as a libpq URL; without one an embedded server runs in `data_dir`."""
    standby_url: str | None = None
    """A hot standby, likewise, of which lists, their files and the feed are read; nothing is decided from it."""
    standby_seconds: float = 10
    """By how much it may be behind; then all is read of the primary."""
    data_dir: Path = Path(".huayuan")
    storage: str | None = None
    """Where attachments lie: an address that obstore opens, `s3://bucket/prefix`; the folder `data_dir`/attachments."""
    profile: Literal["production", "demo"] = "production"
    """`demo` allows the clock of domain dates to be moved; `production` refuses to start where it was."""
    secret: str = ""
    """At least 32 characters; every key is derived from it. Generated in `data_dir` for the embedded server."""
    token_secrets: str = ""
    """Of access tokens' keys, separated by commas: the first signs, all are accepted. `secret` where there is none."""
    issuer: str = "huayuan"
    oidc_issuer: str | None = None
    """Another issuer whose access tokens are exchanged for ours, as their `iss` names it; with it the next two."""
    oidc_audience: str | None = None
    """The `aud` by which that issuer means this service."""
    oidc_jwks: str | None = None
    """Its keys: an https address (http on this machine alone) or a file."""
    log_origin: Annotated[str, Field(pattern=r"^[\x21-\x2a\x2c-\x7e]+$")] = "huayuan"
    """What logs' names begin with, before `/<code>`: best where they are served, `example.cn/v1/ledger`. For good."""
    witnesses: Path | None = None
    """A C2SP tlog-policy: the witnesses to whom `huayuan checkpoint` shows what it signs, and how many must agree."""
    webhook_allow: str = ""
    """Of addresses that are not public https ones, those that webhooks may have: `host:port`, separated by commas."""
    access_token_seconds: int = 600
    refresh_token_days: int = 90
    given_password_days: int = 30
    """For how long a password that somebody else set lets its owner in, to set his own."""
    pool_size: int = 12
    fonts: Path | None = None
    """A folder of further fonts for documents: for names with characters that the shipped ones lack."""
    host: str = "127.0.0.1"
    port: int = 8411
    workers: int = 1
    requests_at_once: int = 40
    """How many requests one worker has in work; a few more wait briefly, the rest is turned away with 503."""
    requests_per_second: float = 50
    """Of one account at one worker on the average, ten seconds' worth at once; beyond that 429."""

    @cached_property
    def master_secret(self) -> bytes:
        """The installation's secret; raises ValueError where a server database has none."""
        if self.secret:
            return _long_enough("HUAYUAN_SECRET", self.secret)
        if self.database_url is not None:
            raise ValueError("HUAYUAN_SECRET must be set when HUAYUAN_DATABASE_URL is")
        self.data_dir.mkdir(parents=True, exist_ok=True)
        file = self.data_dir / "secret"
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(secrets.token_hex(32))
        return file.read_text().strip().encode()

    @cached_property
    def token_masters(self) -> tuple[bytes, ...]:
        """The secrets of tokens' keys, the signing one first; none where they come from the master secret."""
        named = [secret.strip() for secret in self.token_secrets.split(",") if secret.strip()]
        return tuple(_long_enough("each of HUAYUAN_TOKEN_SECRETS", secret) for secret in named)

    @property
    def webhooks_allowed(self) -> frozenset[str]:
        return frozenset(place.strip().lower() for place in self.webhook_allow.split(",") if place.strip())

    @cached_property
    def oidc(self) -> tuple[str, str, str] | None:
        """Issuer, audience and keys of the other issuer, if any; raises ValueError where one of them is missing."""
        match self.oidc_issuer, self.oidc_audience, self.oidc_jwks:
            case None, None, None:
                return None
            case str(issuer), str(audience), str(jwks):
                if not re.match(r"https://|http://(127\.0\.0\.1|localhost|\[::1\])[:/]", jwks) and "://" in jwks:
                    raise ValueError("HUAYUAN_OIDC_JWKS must be a file or an https address")
                return issuer, audience, jwks
        raise ValueError("HUAYUAN_OIDC_ISSUER, HUAYUAN_OIDC_AUDIENCE and HUAYUAN_OIDC_JWKS belong together")


def _long_enough(name: str, secret: str) -> bytes:
    if len(secret) < 32:
        raise ValueError(f"{name} needs at least 32 characters")
    return secret.encode()
