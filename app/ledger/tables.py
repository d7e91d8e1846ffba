"""How is the log read? Statements over log_event and log_head; nothing here writes."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Integer,
    String,
    Text,
    and_,
    bindparam,
    case,
    cast,
    column,
    exists,
    func,
    null,
    or_,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.types import Uuid
from sqlmodel import col

from app.access import Scope
from app.database import Prepared
from app.log import LogEvent, LogHead
from app.reading import inside, utc

PEOPLE = table("people", column("county_code"), column("township_code"), column("id", Uuid()), column("name", String()))
HOUSEHOLDS = table(
    "households",
    column("county_code"), column("township_code"), column("id", Uuid()), column("card_number", String()),
    column("village_code", String()), column("status", String()),
)  # fmt: skip

HERE = (
    col(LogEvent.county_code) == bindparam("at_county", type_=Text()),
    col(LogEvent.township_code) == bindparam("at_log", type_=Text()),
)
CONFIDENTIAL = ("case", "finding", "objection")
"""Subjects whose words only the organs of article 10 and the person concerned read; others see the sealed leaf."""
GUARDED = or_(*[func.split_part(col(LogEvent.event), ".", 1) == subject for subject in CONFIDENTIAL])
FACE: tuple[Any, ...] = (
    col(LogEvent.township_code).label("log"),
    col(LogEvent.seq),
    col(LogEvent.event),
    col(LogEvent.subject_id),
    col(LogEvent.helper_id),
    col(LogEvent.household_id),
    col(LogEvent.at).label("happened_at"),
    col(LogEvent.recorded_at),
    func.encode(col(LogEvent.leaf_hash), "hex").label("leaf_hash"),
    func.convert_from(col(LogEvent.leaf), "UTF8").label("leaf"),
    case(
        (bindparam("sealed", False, type_=Boolean()), null()),
        (and_(GUARDED, bindparam("confidential", False, type_=Boolean()).is_(False)), null()),
        else_=col(LogEvent.disclosed),
    )
    .cast(JSONB)
    .label("disclosed"),
)
AFTER = col(LogEvent.seq) > bindparam("after", type_=BigInteger())
MANY = bindparam("many", type_=Integer())
FROM = bindparam("from_moment", type_=DateTime(timezone=True))
UNTIL = bindparam("until_moment", type_=DateTime(timezone=True))


def _page(*conditions: ColumnElement[bool]) -> Any:
    statement = select(*FACE, cast(col(LogEvent.seq), Text()).label("at")).where(*HERE, AFTER, *conditions)
    return statement.order_by(col(LogEvent.seq)).limit(MANY)


SUBJECT: Any = bindparam("subject", type_=Uuid())
ENTRIES = Prepared(_page(), json=True, beside=("at",))


def _belonging(subject: Any, register: Any, *visible: ColumnElement[bool]) -> Prepared:
    """Entries of one subject, where the register of the township has it and the caller may see it."""
    there = exists().where(
        register.c.county_code == bindparam("at_county", type_=Text()),
        register.c.township_code == bindparam("at_log", type_=Text()),
        register.c.id == SUBJECT,
        *visible,
    )
    return Prepared(inside(there, _page(col(subject) == SUBJECT), "seq"), json=True, beside=("at",))


OF_HELPER = _belonging(LogEvent.helper_id, PEOPLE)
OF_HOUSEHOLD = _belonging(LogEvent.household_id, HOUSEHOLDS)
OF_HOUSEHOLD_NEAR = _belonging(
    LogEvent.household_id,
    HOUSEHOLDS,
    Scope(households=(HOUSEHOLDS.c.id,)).condition(HOUSEHOLDS.c.county_code, HOUSEHOLDS.c.township_code),
)
"""For those whose work does not cover the whole township."""

LEAVES = Prepared(
    select(col(LogEvent.leaf))
    .where(*HERE, col(LogEvent.seq) >= bindparam("first", type_=BigInteger()))
    .order_by(col(LogEvent.seq))
    .limit(MANY)
)
LOGS = Prepared(
    select(col(LogHead.township_code).label("log")).where(
        col(LogHead.county_code) == bindparam("at_county", type_=Text())
    )
)


def _ledger(who: Any, register: Any, *face: Any) -> Prepared:
    """One row for each subject of a year: its entries counted by event, the first and the last of them."""
    e = LogEvent.__table__  # type: ignore[attr-defined]
    counted = (
        select(
            who.label("subject"), e.c.event, func.count().label("many"), func.min(e.c.at).label("first"),
            func.max(e.c.at).label("last"), func.max(e.c.seq).label("seq"),
        )
        .where(*HERE, who > bindparam("after", type_=Uuid()), e.c.at >= FROM, e.c.at < UNTIL)
        .group_by(who, e.c.event)
        .subquery()
    )  # fmt: skip
    one = and_(
        register.c.county_code == bindparam("at_county", type_=Text()),
        register.c.township_code == bindparam("at_log", type_=Text()),
        register.c.id == counted.c.subject,
    )
    statement = (
        select(
            counted.c.subject.label("id"), *face, func.sum(counted.c.many).cast(Integer()).label("entries"),
            func.json_object_agg(counted.c.event, aggregate_order_by(counted.c.many, counted.c.event)).label("events"),
            utc(func.min(counted.c.first)).label("first_at"), utc(func.max(counted.c.last)).label("last_at"),
            func.max(counted.c.seq).label("last_seq"), counted.c.subject.cast(Text()).label("at"),
        )
        .select_from(counted.join(register, one))
        .group_by(counted.c.subject, *face).order_by(counted.c.subject).limit(MANY)
    )  # fmt: skip
    return Prepared(statement, json=True, beside=("at",))


HELPERS = _ledger(col(LogEvent.helper_id), PEOPLE, PEOPLE.c.name)
HOUSEHOLD_EXITS = _ledger(
    col(LogEvent.household_id), HOUSEHOLDS, HOUSEHOLDS.c.card_number, HOUSEHOLDS.c.village_code, HOUSEHOLDS.c.status
)
