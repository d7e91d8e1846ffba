"""How does a change enter the sealed log? Entries, their leaves, and the disclosed part beside them.

A leaf is canonical JSON (RFC 8785) in which personal values stand as salted commitments; the
disclosed part keeps those values with their salts. Erasing a disclosed value leaves every proof whole.
"""

import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.actor import Actor
from app.database import metadata

LEAF_VERSION = 1
LOG_KEYS = (
    CheckConstraint("county_code ~ '^([0-9]{6}|0)$'", name="county_code"),
    CheckConstraint("township_code ~ '^([0-9]{6}([0-9]{3})?|0)$'", name="township_code"),
)


class LogHead(SQLModel, table=True):
    """The size, frontier and root of one log: a township's, a county's, or the nation's (`0`)."""

    metadata = metadata
    __tablename__ = "log_head"
    __table_args__ = (*LOG_KEYS, {"postgresql_with": {"fillfactor": 50}})

    county_code: str = Field(primary_key=True)
    township_code: str = Field(primary_key=True)
    size: int = Field(sa_type=BigInteger)
    frontier: bytes
    root: bytes


class LogEvent(SQLModel, table=True):
    """One entry: the sealed leaf, its hash, what is disclosed beside it, and how to find it again."""

    metadata = metadata
    __tablename__ = "log_event"
    __table_args__ = (
        *LOG_KEYS,
        CheckConstraint("octet_length(leaf) < 65536", name="leaf"),
        Index(
            "ix_log_event_moment", "county_code", "township_code", "at",
            postgresql_include=["seq", "event", "helper_id", "household_id"],
        ),
        Index("ix_log_event_subject", "county_code", "township_code", "subject_id", "seq"),
        Index(
            "ix_log_event_helper", "county_code", "township_code", "helper_id", "seq",
            postgresql_where=text("helper_id is not null"),
        ),
        Index(
            "ix_log_event_household", "county_code", "township_code", "household_id", "seq",
            postgresql_where=text("household_id is not null"),
        ),
    )  # fmt: skip

    county_code: str = Field(primary_key=True)
    township_code: str = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    """Dense from 0, in commit order."""
    event: str
    subject_id: UUID
    helper_id: UUID | None = None
    household_id: UUID | None = None
    at: datetime
    """The domain's moment, as in the leaf."""
    leaf_hash: bytes
    leaf: bytes
    disclosed: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    recorded_at: datetime = Field(sa_column_kwargs={"server_default": text("now()")})
    """The real time of the append, whatever the clock of domain dates says."""


class LogTile(SQLModel, table=True):
    """The root of a full tile: of 256 leaves at level 1, of 256 roots of the level below above it (C2SP tlog-tiles)."""

    metadata = metadata
    __tablename__ = "log_tile"
    __table_args__ = LOG_KEYS

    county_code: str = Field(primary_key=True)
    township_code: str = Field(primary_key=True)
    level: int = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=BigInteger)
    """Dense from 0 in each level."""
    root: bytes


class LogCheckpoint(SQLModel, table=True):
    """What was signed of a log, for ever: nothing inconsistent with it is signed again (C2SP tlog-checkpoint)."""

    metadata = metadata
    __tablename__ = "log_checkpoint"
    __table_args__ = LOG_KEYS

    county_code: str = Field(primary_key=True)
    township_code: str = Field(primary_key=True)
    size: int = Field(primary_key=True, sa_type=BigInteger)
    root: bytes
    note: str
    """The signed note, exactly as it left the house."""
    signed_at: datetime = Field(sa_column_kwargs={"server_default": text("now()")})


class LogCosignature(SQLModel, table=True):
    """What a witness signed of a checkpoint: the log it watches only grew up to there (C2SP tlog-cosignature)."""

    metadata = metadata
    __tablename__ = "log_cosignature"
    __table_args__ = LOG_KEYS

    county_code: str = Field(primary_key=True)
    township_code: str = Field(primary_key=True)
    size: int = Field(primary_key=True, sa_type=BigInteger)
    witness: str = Field(primary_key=True)
    """The name of its key."""
    line: str
    """The signature's line, as it came."""
    kept_at: datetime = Field(sa_column_kwargs={"server_default": text("now()")})


LISTED = 1000
"""How many ids an entry lists; of a longer list others hold the rest, since an entry has less than 64 KiB."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened: an event `subject.action`, to which record, with which values.

    `public` holds ids, dates, codes, states, integers and hashes; `personal` holds names, numbers of
    persons and every free text. `helper` and `household` place it in the two ledgers of article 5.
    """

    event: str
    subject_type: str
    subject_id: UUID
    version: int | None = None
    public: Mapping[str, Any] = field(default_factory=dict)
    personal: Mapping[str, Any] = field(default_factory=dict)
    helper: UUID | None = None
    household: UUID | None = None


_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def canonical(value: Any, errors: str = "strict") -> bytes:
    """RFC 8785 for what entries hold: objects with ASCII keys, strings, booleans, null, |integers| < 2^53.

    `errors` as `str.encode` has it, for half a surrogate pair.
    """
    return _canonical(value).encode(errors=errors)


def commitment(salt: bytes, name: str, value: Any) -> str:
    """HMAC-SHA256 under the value's own salt over the canonical `{name: value}`, in hex."""
    return hmac.digest(salt, canonical({name: value}), "sha256").hex()


AS_THEY_ARE = frozenset({str, int, bool, type(None)})


def plain(value: Any) -> Any:
    """A value as it may stand in an entry: times in RFC 3339 UTC, dates ISO, ids as text, no floats."""
    if type(value) in AS_THEY_ARE:
        return value
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in (sorted(value) if isinstance(value, set | frozenset) else value)]
    if isinstance(value, float):
        raise TypeError("entries hold no floats")
    if isinstance(value, int):
        return int(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def sealed(entry: Entry, *, log: str, actor: Actor, at: datetime, simulated: bool) -> tuple[bytes, str | None]:
    """The leaf's bytes and the disclosed part as JSON text (None where nothing is personal)."""
    leaf: dict[str, Any] = {
        "v": LEAF_VERSION,
        "log": log,
        "id": str(uuid4()),
        "event": entry.event,
        "at": plain(at),
        "actor": {
            "account": str(actor.account_id),
            "person": plain(actor.person_id),
            "offices": sorted(actor.offices),
        },
        "subject": {"type": entry.subject_type, "id": str(entry.subject_id), "version": entry.version},
        "data": plain(entry.public),
    }
    if entry.helper is not None:
        leaf["helper"] = str(entry.helper)
    if entry.household is not None:
        leaf["household"] = str(entry.household)
    if simulated:
        leaf["simulated"] = True
    disclosed = {}
    for name, raw in entry.personal.items():
        if raw is not None:
            salt, value = os.urandom(16), plain(raw)
            leaf.setdefault("sealed", {})[name] = commitment(salt, name, value)
            disclosed[name] = {"salt": salt.hex(), "value": value}
    return canonical(leaf), json.dumps(disclosed, ensure_ascii=False) if disclosed else None
