"""How is the log read? Statements over log_event and log_head; nothing here writes."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
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
    literal,
    literal_column,
    null,
    or_,
    select,
    table,
    true,
    union,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.types import Uuid
from sqlmodel import col

from app.access import TODAY, Scope
from app.database import Prepared
from app.log import LogEvent, LogHead
from app.reading import inside, utc

PEOPLE = table("people", column("county_code"), column("township_code"), column("id", Uuid()), column("name", String()))
HOUSEHOLDS = table(
    "households",
    column("county_code"), column("township_code"), column("id", Uuid()), column("card_number", String()),
    column("head_name", String()), column("village_code", String()), column("status", String()),
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
    Scope(households=(HOUSEHOLDS.c.id,)).condition,
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


# ── the two ledgers of article 5 ─────────────────────────────────────────────────────────────────

YEAR: Any = bindparam("year", type_=Integer())
PAIRINGS = table(
    "pairings",
    column("county_code"), column("township_code"), column("helper_id", Uuid()), column("household_id", Uuid()),
    column("starts", Date()), column("ends", Date()),
)  # fmt: skip
APPOINTMENTS = table(
    "appointments",
    column("county_code"), column("township_code"), column("person_id", Uuid()), column("office", String()),
    column("starts", Date()),
)  # fmt: skip


def _was_helper(person: Any) -> ColumnElement[bool]:
    """By the end of the year: others, too, are subjects of cases, and in no ledger of helpers' work."""
    a = APPOINTMENTS.c
    return exists().where(
        a.county_code == bindparam("at_county", type_=Text()),
        a.township_code == bindparam("at_log", type_=Text()),
        a.person_id == person,
        a.office == literal("helper"),
        a.starts <= func.make_date(YEAR, 12, 31),
    )


def _own(alias: str, subject: str) -> str:
    """The rows of another table that are about the ledger's row."""
    return (
        f"{alias}.county_code = ledger.county_code and {alias}.township_code = ledger.township_code"
        f" and {alias}.{subject} = ledger.id"
    )


_FIRST, _LAST = "make_date(ledger.year, 1, 1)", "make_date(ledger.year, 12, 31)"
_PAIRED = f"p.starts <= {_LAST} and (p.ends is null or (p.ends > {_FIRST} and p.ends > p.starts))"


def _visits(subject: str) -> Any:
    """How many visits in each month of the year."""
    months = ", ".join(f"count(*) filter (where extract(month from v.visited_on) = {n})" for n in range(1, 13))
    where = f"{_own('v', subject)} and v.visited_on between {_FIRST} and {_LAST}"
    return literal_column(f"(select json_build_array({months}) from visits v where {where})")


def _each(many: int, table: str, condition: str) -> Any:
    """The state of what there is for each month or quarter of the year, null where there is nothing."""
    return literal_column(
        f"(select json_agg(r.state order by n) from generate_series(1, {many}) n"
        f" left join {table} r on {_own('r', 'helper_id')} and {condition})"
    )


OF_A_HELPER = {
    "unit": literal_column(
        "(select u.name from people h join units u on u.county_code = h.county_code"
        f" and u.township_code = h.township_code and u.id = h.unit_id where {_own('h', 'id')})"
    ),
    "households": literal_column(
        f"(select count(distinct p.household_id) from pairings p where {_own('p', 'helper_id')} and {_PAIRED})"
    ),
    "visits": _visits("helper_id"),
    "checks": _each(
        12, "inspections", "r.month = ledger.year || '-' || lpad(cast(n as text), 2, '0') and r.superseded_by is null"
    ),
    "quarters": _each(4, "quarterly_scores", "r.quarter = ledger.year || '-Q' || n"),
    "determination": literal_column(
        f"(select d.outcome from annual_determinations d where {_own('d', 'helper_id')} and d.year = ledger.year"
        " order by d.number desc limit 1)"
    ),
}
_SIGNOFF = f"from signoffs s where {_own('s', 'household_id')} and s.year = ledger.year"
OF_A_HOUSEHOLD = {
    "helper": literal_column(
        "(select h.name from pairings p join people h on h.county_code = p.county_code"
        f" and h.township_code = p.township_code and h.id = p.helper_id where {_own('p', 'household_id')} and {_PAIRED}"
        " order by p.is_primary desc, p.starts desc, p.id limit 1)"
    ),
    "visits": _visits("household_id"),
    "out_of_poverty": literal_column(f"(select s.out_of_poverty {_SIGNOFF})"),
    "signoff": literal_column(f"(select s.state {_SIGNOFF})"),
    "confirmed_on": literal_column(f"(select s.confirmed_on {_SIGNOFF})"),
}


def _counted(who: Any) -> Any:
    """The year's entries of each subject, by event, the first and the last of them."""
    e = LogEvent.__table__  # type: ignore[attr-defined]
    of_event = (
        select(
            who.label("subject"), e.c.event, func.count().label("many"), func.min(e.c.at).label("first"),
            func.max(e.c.at).label("last"), func.max(e.c.seq).label("seq"),
        )
        .where(*HERE, who > bindparam("after", type_=Uuid()), e.c.at >= FROM, e.c.at < UNTIL)
        .group_by(who, e.c.event)
        .subquery()
    )  # fmt: skip
    return (
        select(
            of_event.c.subject, func.sum(of_event.c.many).cast(Integer()).label("entries"),
            func.json_object_agg(
                of_event.c.event, aggregate_order_by(of_event.c.many, of_event.c.event)
            ).label("events"),
            utc(func.min(of_event.c.first)).label("first_at"), utc(func.max(of_event.c.last)).label("last_at"),
            func.max(of_event.c.seq).label("last_seq"),
        )
        .group_by(of_event.c.subject).cte("counted")
    )  # fmt: skip


TOWNSHIPS = table("townships", column("county_code"), column("township_code"))
_ADOPTED = exists().where(
    TOWNSHIPS.c.county_code == bindparam("at_county", type_=Text()),
    TOWNSHIPS.c.township_code == bindparam("at_log", type_=Text()),
)


def _ledger(
    who: Any, register: Any, face: tuple[str, ...], more: Mapping[str, Any],
    belongs: Callable[[Any], ColumnElement[bool]] = lambda subject: true(),
) -> Prepared:  # fmt: skip
    """A row for each subject of which the year has an entry or a pairing; what else is told only of a page's rows."""
    counted = _counted(who)
    paired = select(PAIRINGS.c[who.key]).where(
        PAIRINGS.c.county_code == bindparam("at_county", type_=Text()),
        PAIRINGS.c.township_code == bindparam("at_log", type_=Text()),
        PAIRINGS.c[who.key] > bindparam("after", type_=Uuid()),
        func.make_date(YEAR, 1, 1) <= TODAY,
        PAIRINGS.c.starts <= func.least(func.make_date(YEAR, 12, 31), TODAY),
        or_(
            PAIRINGS.c.ends.is_(None),
            and_(PAIRINGS.c.ends > func.make_date(YEAR, 1, 1), PAIRINGS.c.ends > PAIRINGS.c.starts),
        ),
    )
    everyone = union(select(counted.c.subject).where(belongs(counted.c.subject)), paired).subquery("everyone")
    one = and_(
        register.c.county_code == bindparam("at_county", type_=Text()),
        register.c.township_code == bindparam("at_log", type_=Text()),
        register.c.id == everyone.c.subject,
    )
    ledger = (
        select(
            *[register.c[name] for name in ("county_code", "township_code", "id", *face)], YEAR.label("year"),
            func.coalesce(counted.c.entries, 0).label("entries"),
            func.coalesce(counted.c.events, literal_column("'{}'::json")).label("events"),
            counted.c.first_at, counted.c.last_at, counted.c.last_seq,
        )
        .select_from(everyone.join(register, one).join(counted, counted.c.subject == everyone.c.subject, isouter=True))
        .order_by(register.c.id).limit(MANY)
        .subquery("ledger")
    )  # fmt: skip
    told = [ledger.c[name] for name in ("entries", "events", "first_at", "last_at", "last_seq")]
    statement = select(
        ledger.c.id, *[ledger.c[name] for name in face], *[e.label(name) for name, e in more.items()], *told,
        ledger.c.id.cast(Text()).label("at"),
    ).order_by(ledger.c.id)  # fmt: skip
    return Prepared(inside(_ADOPTED, statement, "id"), json=True, beside=("at",))


HELPERS = _ledger(col(LogEvent.helper_id), PEOPLE, ("name",), OF_A_HELPER, _was_helper)
HOUSEHOLD_EXITS = _ledger(
    col(LogEvent.household_id), HOUSEHOLDS, ("card_number", "head_name", "village_code", "status"), OF_A_HOUSEHOLD
)
