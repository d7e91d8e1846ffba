"""How are accounts, retries and the moved clock stored?"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Interval, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from app.database import KEYS, Record, Reference, Tenant, belongs, one_of, tenant


def _one_living(name: str, *columns: str) -> Index:
    """Only one account that is not disabled may have these."""
    return Index(name, *KEYS, *columns, unique=True, postgresql_where=text("disabled_at is null"))


class Account(Record, table=True):
    """A way to sign in: a person's login and password, or a county system's client and secret.

    A person has one living account. Where somebody else set his password (`secret_set_by`; nobody where the operator
    did), it is good only for setting his own. `issuer` and `subject` are his name at another issuer of tokens.
    """

    __tablename__ = "accounts"
    __table_args__ = tenant(
        belongs("person_id", "people"),
        one_of("kind", ("person", "client")),
        CheckConstraint("(kind = 'client') = (scopes is not null)", name="scopes"),
        UniqueConstraint("county_code", "township_code", "login"),
        _one_living("uq_accounts_person", "person_id"),
        _one_living("uq_accounts_subject", "issuer", "subject"),
    )

    kind: str
    login: str
    person_id: UUID | None = None
    secret_hash: str
    secret_set_at: datetime = Field(sa_column_kwargs={"server_default": text("now()")})
    secret_set_by: UUID | None = None
    issuer: str | None = None
    subject: str | None = None
    scopes: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    """What a client was given; a person's offices say what he may."""
    disabled_at: datetime | None = None


class Retry(SQLModel, table=True):
    """The stored answer of a command under its Idempotency-Key."""

    metadata = Tenant.metadata
    __tablename__ = "retries"
    __table_args__ = tenant(Index("ix_retries_created_at", "created_at", postgresql_using="brin"))

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
