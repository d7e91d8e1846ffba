"""How are the ledgers of all townships of a county read on from where somebody stands in each?"""

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Text,
    and_,
    bindparam,
    cast,
    column,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from app.database import Prepared
from app.ledger.tables import FACE, MANY
from app.log import LogEvent, LogHead

SPAN = 5_000
"""Entries of one log that are looked through at once for the events that are asked for."""
COUNTY = bindparam("at_county", type_=Text())
LOGS = and_(
    col(LogHead.county_code) == COUNTY,
    func.length(col(LogHead.township_code)) == 9,
    func.starts_with(col(LogHead.township_code), bindparam("at_log", type_=Text())),
)
"""The townships' logs of a county, or one of them: whose code begins with `at_log`."""

HEADS = Prepared(select(col(LogHead.township_code).label("log"), col(LogHead.size)).where(LOGS))


def _feed(*chosen: ColumnElement[bool]) -> Prepared:
    """An entry as `body`, its number (`at`) and log (`of`); of that log the `size`, how far it was looked through
    (`reach`) and how many entries were `found` there, and `found_in_all`. A log without any is one row with no number.

    Logs take turns, so that a busy one holds up no other; in each the order is its own. Who has a turn is found out by
    numbers alone, so that whole entries are read only of those that are shown.
    """
    given = func.unnest(bindparam("logs", type_=ARRAY(Text())), bindparam("positions", type_=ARRAY(BigInteger())))
    at = given.table_valued(column("log", Text()), column("position", BigInteger())).render_derived("at")
    position = func.coalesce(at.c.position, 0)
    heads = (
        select(
            col(LogHead.township_code).label("log"), col(LogHead.size), position.label("position"),
            func.least(col(LogHead.size), position + literal(SPAN, Integer())).label("reach"),
        )
        .select_from(LogHead.__table__.outerjoin(at, at.c.log == col(LogHead.township_code)))  # type: ignore[attr-defined]
        .where(LOGS)
        .offset(literal_column("0"))  # else row-level security lets no index compare with these sums
        .subquery("heads")
    )  # fmt: skip
    entries = (
        select(col(LogEvent.seq))
        .where(
            col(LogEvent.county_code) == COUNTY, col(LogEvent.township_code) == heads.c.log,
            col(LogEvent.seq) >= heads.c.position, col(LogEvent.seq) < heads.c.reach, *chosen,
        )
        .order_by(col(LogEvent.seq)).limit(MANY).lateral("entries")
    )  # fmt: skip
    seq = entries.c.seq
    turn = func.row_number().over(partition_by=heads.c.log, order_by=seq)
    ranked = select(
        heads.c.log, seq, cast(heads.c.size, BigInteger()).label("size"), heads.c.reach, turn.label("turn"),
        func.count(seq).over(partition_by=heads.c.log).label("found"), func.count(seq).over().label("found_in_all"),
    ).select_from(heads.outerjoin(entries, true())).subquery("ranked")  # fmt: skip
    place = func.count(ranked.c.seq).over(order_by=(ranked.c.turn, ranked.c.log))
    listed = select(*ranked.c, place.label("place")).subquery("listed")
    entry = and_(
        col(LogEvent.county_code) == COUNTY, col(LogEvent.township_code) == listed.c.log,
        col(LogEvent.seq) == listed.c.seq,
    )  # fmt: skip
    beside = ("at", "of", "size", "reach", "found", "found_in_all", "turn", "place")
    face = [part for part in FACE if part.name != "log"]
    told = [listed.c.seq.label("at"), listed.c.log.label("of"), *[listed.c[name] for name in beside[2:]]]
    wanted = (
        select(listed.c.log, *face, *told)
        .select_from(listed.outerjoin(LogEvent.__table__, entry))  # type: ignore[attr-defined]
        .where(or_(listed.c.seq.is_(None), listed.c.place <= MANY))
    )
    return Prepared(wanted.order_by(listed.c.place), json=True, beside=beside)


FEED = _feed()
CHOSEN = col(LogEvent.event) == bindparam("events", type_=ARRAY(Text())).any_()
FEED_OF_CHOSEN = _feed(CHOSEN)
"""Of the events that are named alone."""
