"""How are accounts, tokens, retries and the moved clock stored?"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Interval, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.database import Record, Reference, Tenant, belongs, one_of, tenant


class Account(Record, table=True):
    """A way to sign in: a person's login and password, or a county system's client and secret."""

    __tablename__ = "accounts"
    __table_args__ = tenant(
        belongs("person_id", "people"),
        one_of("kind", ("person", "client")),
        UniqueConstraint("county_code", "township_code", "login"),
    )

    kind: str
    login: str
    person_id: UUID | None = None
    secret_hash: str
    disabled_at: datetime | None = None


class RefreshToken(Tenant, table=True):
    """A refresh token, known by its hash; used once, its family revoked when used twice."""

    __tablename__ = "refresh_tokens"
    __table_args__ = tenant(
        belongs("account_id", "accounts"),
        UniqueConstraint("county_code", "township_code", "token_hash"),
        Index("ix_refresh_tokens_family", "county_code", "township_code", "family_id"),
    )

    account_id: UUID
    family_id: UUID
    token_hash: bytes
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None


class Retry(SQLModel, table=True):
    """The stored answer of a command under its Idempotency-Key."""

    metadata = Tenant.metadata
    __tablename__ = "retries"
    __table_args__ = tenant()

    county_code: str = Field(primary_key=True)
    township_code: str = Field(primary_key=True)
    account_id: UUID = Field(primary_key=True)
    operation: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: str
    status: int
    body: str
    headers: dict[str, Any] = Field(sa_type=JSONB)
    log: str | None = None
    seq: int | None = None
    created_at: datetime = Field(sa_column_kwargs={"server_default": text("now()")})


class Clock(Reference, table=True):
    """By how much a demonstration moved the clock of domain dates; no row outside one."""

    __tablename__ = "clock"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: int = Field(primary_key=True)
    shift: timedelta = Field(sa_type=Interval)
