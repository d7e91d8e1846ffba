"""How are sessions and failed attempts stored?"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Field

from app.database import Reference, Tenant, belongs, tenant


class DeviceSession(Tenant, table=True):
    """A device that stays signed in: its refresh token and the one before, known by their hashes alone.

    One row for the whole family of tokens, so that each use of one is a single UPDATE and races are decided by the
    row's lock. `secret_set_at` is that of the secret it was opened with: where the account has a newer one, it ends.
    """

    __tablename__ = "sessions"
    __table_args__ = tenant(belongs("account_id", "accounts"))

    account_id: UUID
    secret_set_at: datetime
    token_hash: bytes
    previous_hash: bytes | None = None
    rotated_at: datetime = Field(sa_column_kwargs={"server_default": text("now()")})
    expires_at: datetime
    revoked_at: datetime | None = None


class SignInFailure(Reference, table=True):
    """How much somebody owes for failed attempts to sign in: a login, an address, or one from the other.

    Unlogged: it costs no write to disk, and that a crash empties it harms nobody.
    """

    __tablename__ = "sign_in_failures"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    key: bytes = Field(primary_key=True)
    """A keyed hash, so that the table names nobody."""
    until: datetime
    """When all is paid back."""
