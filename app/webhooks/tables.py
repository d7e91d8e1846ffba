"""How are webhooks, where each stands in each township, and what became of every delivery stored?"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.types import DateTime, Uuid
from sqlmodel import Field

from app.database import KEYS, Prepared, Record, Tenant, belongs, one_of, same_place, table_of, tenant
from app.ledger.tables import FACE
from app.log import LogEvent, LogHead
from app.webhooks.rules import State, Told, Why


class Webhook(Record, table=True):
    """Where a county's system is told what happens. The county's own: its code stands where a township's would."""

    __tablename__ = "webhooks"
    __table_args__ = tenant(one_of("disabled_because", Why), states=State)

    url: str
    description: str | None = None
    events: list[str] = Field(sa_type=ARRAY(Text))
    """Names of events; none for all."""
    state: str
    disabled_because: str | None = None
    secret_sealed: bytes
    previous_sealed: bytes | None = None
    previous_until: datetime | None = None
    """While a secret is being changed the one before signs too."""


class WebhookCursor(Tenant, table=True):
    """Up to where a webhook has told of one township: the ledger is the queue, and this the place in it."""

    __tablename__ = "webhook_cursors"
    __table_args__ = tenant(
        belongs("webhook_id", "webhooks"), UniqueConstraint(*KEYS, "webhook_id", "log", name="uq_webhook_cursors_log")
    )

    webhook_id: UUID
    log: str
    next_seq: int = Field(sa_type=BigInteger)
    failures: int = 0
    """Of the entry that comes next, one after the other."""
    next_attempt_at: datetime | None = None


class Delivery(Tenant, table=True):
    """What became of telling a webhook one entry; a row once it was tried."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = tenant(
        belongs("webhook_id", "webhooks"),
        UniqueConstraint(*KEYS, "webhook_id", "log", "seq", name="uq_webhook_deliveries_entry"),
        Index("ix_webhook_deliveries_webhook", *KEYS, "webhook_id", "id"),
        Index(
            "ix_webhook_deliveries_asked", *KEYS, "webhook_id", "log", postgresql_where=text(f"state = '{Told.ASKED}'")
        ),
        states=Told,
    )

    webhook_id: UUID
    log: str
    seq: int = Field(sa_type=BigInteger)
    event: str
    state: str
    attempts: int
    first_at: datetime
    last_at: datetime
    delivered_at: datetime | None = None
    status: int | None = None
    error: str | None = None
    ms: int


W, C, D = table_of(Webhook), table_of(WebhookCursor), table_of(Delivery)
E, H = table_of(LogEvent), table_of(LogHead)
COUNTY = bindparam("at_county", type_=Text())
WEBHOOK = bindparam("of_webhook", type_=Uuid())
LOG = bindparam("of_log", type_=Text())
OF_PAIR = (D.c.county_code == COUNTY, D.c.township_code == COUNTY, D.c.webhook_id == WEBHOOK, D.c.log == LOG)
LOGS = and_(H.c.county_code == COUNTY, func.length(H.c.township_code) == 9)
STANDS = and_(same_place(C, W), C.c.webhook_id == W.c.id, C.c.log == H.c.township_code)


def _due() -> Prepared:
    """Webhooks and logs where there is something to tell, or to tell again."""
    asked = exists().where(
        same_place(D, W), D.c.webhook_id == W.c.id, D.c.log == H.c.township_code, D.c.state == literal(Told.ASKED)
    )
    behind = func.coalesce(C.c.next_seq, 0) < H.c.size
    in_time = func.coalesce(C.c.next_attempt_at, func.now()) <= func.now()
    joined = W.join(H, H.c.county_code == W.c.county_code).outerjoin(C, STANDS)
    found = select(W.c.id, H.c.township_code.label("log")).select_from(joined)
    here = (W.c.county_code == COUNTY, W.c.state == literal(State.ENABLED), LOGS)
    return Prepared(found.where(*here, or_(and_(behind, in_time), asked)))


DUE = _due()
NEXT = Prepared(
    select(
        W.c.url, W.c.events, W.c.secret_sealed, W.c.previous_sealed, W.c.previous_until, H.c.size,
        func.coalesce(C.c.next_seq, 0).label("next_seq"), func.coalesce(C.c.failures, 0).label("failures"),
        (func.coalesce(C.c.next_attempt_at, func.now()) <= func.now()).label("in_time"),
    )
    .select_from(W.join(H, H.c.county_code == W.c.county_code).outerjoin(C, STANDS))
    .where(
        W.c.county_code == COUNTY, W.c.id == WEBHOOK, W.c.state == literal(State.ENABLED), LOGS,
        H.c.township_code == LOG,
    )
)  # fmt: skip
"""An enabled webhook and where it stands in one log."""

_TOLD = [part for part in FACE if part.name != "disclosed"]


def _entries(*which: Any) -> Prepared:
    """What is told: the sealed leaf and where it stands; what is disclosed is read with a token of one's own."""
    here = (E.c.county_code == COUNTY, E.c.township_code == LOG)
    stamp = func.to_char(func.timezone("UTC", E.c.at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"').label("moment")
    beside = (E.c.seq.label("at"), E.c.event.label("name"), stamp)
    statement = select(*_TOLD, *beside).where(*here, *which).order_by(E.c.seq)
    return Prepared(statement.limit(bindparam("many", type_=Integer())), json=True, beside=("at", "name", "moment"))


_EVENTS = bindparam("events", type_=ARRAY(Text()))
ENTRIES = _entries(
    E.c.seq >= bindparam("from_seq", type_=BigInteger()), E.c.seq < bindparam("to_seq", type_=BigInteger()),
    or_(func.cardinality(_EVENTS) == 0, E.c.event == _EVENTS.any_()),
)  # fmt: skip
ASKED = _entries(E.c.seq.in_(select(D.c.seq).where(*OF_PAIR, D.c.state == literal(Told.ASKED))))


def _advance() -> Prepared:
    """Move the place in a log from `from_seq`, where nobody else has moved it; answers with the webhook's state."""
    put = insert(C).values(
        county_code=COUNTY, township_code=COUNTY, id=bindparam("new_id", type_=Uuid()), webhook_id=WEBHOOK, log=LOG,
        next_seq=bindparam("to_seq", type_=BigInteger()), failures=bindparam("failures", type_=Integer()),
        next_attempt_at=bindparam("next_attempt_at", type_=DateTime(timezone=True)),
    )  # fmt: skip
    new = {name: put.excluded[name] for name in ("next_seq", "failures", "next_attempt_at")}
    put = put.on_conflict_do_update(
        index_elements=[*KEYS, "webhook_id", "log"], set_=new,
        where=C.c.next_seq == bindparam("from_seq", type_=BigInteger()),
    )  # fmt: skip
    moved = put.returning(C.c.county_code).cte("moved")
    stands = W.join(moved, moved.c.county_code == W.c.county_code)
    return Prepared(
        select(W.c.state).select_from(stands).where(
            W.c.county_code == COUNTY, W.c.township_code == COUNTY, W.c.id == WEBHOOK
        )
    )  # fmt: skip


ADVANCE = _advance()


def _note() -> Prepared:
    put = insert(D).values({c.name: bindparam(f"new_{c.name}", type_=c.type) for c in D.columns})
    new: dict[str, Any] = {name: put.excluded[name] for name in ("state", "last_at", "status", "error", "ms")}
    new["attempts"] = D.c.attempts + 1
    new["delivered_at"] = func.coalesce(D.c.delivered_at, put.excluded.delivered_at)
    return Prepared(put.on_conflict_do_update(index_elements=[*KEYS, "webhook_id", "log", "seq"], set_=new))


NOTE = _note()


def _position(log: Any) -> Any:
    """Where a cursor of the feed stands in the log: the number named for it, or `otherwise`."""
    named = cast(cast(bindparam("positions", type_=Text()), JSONB)[log].astext, BigInteger())
    return func.coalesce(named, cast(bindparam("otherwise", type_=BigInteger()), BigInteger()))


def _begin() -> Prepared:
    """A new webhook stands where it is told in every log, or at its end.

    The ids, which nobody is told, are made of what they stand for: so a node of a cluster may insert them by itself.
    """
    next_seq = func.least(H.c.size, func.coalesce(_position(H.c.township_code), H.c.size))
    id_ = cast(func.md5(cast(WEBHOOK, Text()).concat(H.c.township_code)), Uuid())
    begins = select(H.c.county_code, COUNTY, id_, WEBHOOK, H.c.township_code, next_seq, literal(0, Integer()))
    names = ["county_code", "township_code", "id", "webhook_id", "log", "next_seq", "failures"]
    return Prepared(insert(C).from_select(names, begins.where(LOGS)))


BEGIN = _begin()
REWIND = Prepared(
    update(C)
    .where(C.c.county_code == COUNTY, C.c.township_code == COUNTY, C.c.webhook_id == WEBHOOK)
    .values(next_seq=func.least(C.c.next_seq, _position(C.c.log)), failures=0, next_attempt_at=None)
)
"""Back to where a cursor of the feed stands; never on, for what is skipped would be lost."""
HURRY = Prepared(
    update(C)
    .where(C.c.county_code == COUNTY, C.c.township_code == COUNTY, C.c.webhook_id == WEBHOOK)
    .values(failures=0, next_attempt_at=None)
)
"""What failed is tried at once, and as often as at first."""
ASK = Prepared(
    update(D)
    .where(D.c.county_code == COUNTY, D.c.township_code == COUNTY, D.c.webhook_id == WEBHOOK)
    .where(
        D.c.id == bindparam("of_delivery", type_=Uuid()), D.c.state.in_([literal(Told.DELIVERED), literal(Told.FAILED)])
    )
    .values(state=literal(Told.ASKED))
    .returning(D.c.log, D.c.seq)
)
STOP = Prepared(
    update(W)
    .where(W.c.county_code == COUNTY, W.c.township_code == COUNTY, W.c.id == WEBHOOK)
    .where(W.c.state == literal(State.ENABLED))
    .values(state=literal(State.DISABLED), disabled_because=bindparam("why", type_=Text()), version=W.c.version + 1)
    .returning(W.c.version)
)
SECRET = Prepared(
    select(W.c.secret_sealed).where(W.c.county_code == COUNTY, W.c.township_code == COUNTY, W.c.id == WEBHOOK)
)
THERE = Prepared(
    select(D.c.id).where(
        D.c.county_code == COUNTY, D.c.township_code == COUNTY, D.c.webhook_id == WEBHOOK,
        D.c.id == bindparam("of_delivery", type_=Uuid()),
    )
)  # fmt: skip
