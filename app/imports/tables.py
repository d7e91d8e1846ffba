"""How are sheets kept while they are checked and imported? As sealed rows that are deleted when the report expires."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Index,
    Integer,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, col

from app.database import KEYS, Prepared, Tenant, WorkflowRecord, belongs, here, one_of, same_place, tenant
from app.imports import rules
from app.intake.rules import Kind
from app.places.tables import Township
from app.reading import inside


class Import(WorkflowRecord, table=True):
    """A sheet that was handed in: what it is, how far it got, what it became."""

    __tablename__ = "imports"
    __table_args__ = tenant(
        belongs("importer_id", "people"),
        one_of("kind", Kind),
        one_of("mode", rules.Mode),
        Index("ix_imports_expires", *KEYS, "expires_on"),
        Index("ix_imports_waiting", *KEYS, postgresql_where=text("state in ('received', 'running')")),
        states=rules.IMPORT.states,
    )

    kind: str
    mode: str
    dry_run: bool
    """Is it to be checked only, until somebody says that it be carried out?"""
    importer_id: UUID | None = None
    account_id: UUID
    """Whose account handed it in or had it carried out; the worker goes on in his name."""
    handed_in_by: UUID
    """The account that handed it in."""
    from_county: bool
    """Is that a county's?"""
    digest: str
    size: int
    media: str
    header_row: int
    width: int
    """Columns of the sheet, before those in which a report says what became of its rows."""
    columns: list[Any] = Field(sa_type=JSONB)
    """`heading` and `field` (null where it is not read) of each column, from the left."""
    long: bool
    """Is it longer than what one transaction takes, and so the worker's?"""
    rows: int | None = None
    """Of the sheet, from its first to its last; null until the worker has read a long one."""
    progress: int
    """The row that checking or importing has reached."""
    good: int
    bad: int
    imported: int
    made: dict[str, Any] = Field(sa_type=JSONB)
    """By resource, how many records were made of it, or would be."""
    expires_on: date


class ImportRow(Tenant, table=True):
    """A row of a sheet, with its cells sealed; `number` is the sheet's own."""

    __tablename__ = "import_rows"
    __table_args__ = tenant(
        belongs("import_id", "imports"), Index("uq_import_rows_number", *KEYS, "import_id", "number", unique=True)
    )

    import_id: UUID
    number: int
    sealed: bytes


class ImportOutcome(Tenant, table=True):
    """What became of a row each time it was asked about; `asked_at` is the version that its sheet had then."""

    __tablename__ = "import_outcomes"
    __table_args__ = tenant(
        belongs("import_id", "imports"),
        one_of("outcome", rules.Outcome),
        Index("uq_import_outcomes_number", *KEYS, "import_id", "asked_at", "number", unique=True),
        Index(
            "ix_import_outcomes_key", *KEYS, "import_id", "asked_at", "key", postgresql_where=text("key is not null")
        ),
    )

    import_id: UUID
    number: int
    asked_at: int
    key: str | None = None
    """What no other row of the sheet may say, where a long one is checked in pieces; personal numbers by their hash."""
    outcome: str
    problems: list[Any] = Field(sa_type=JSONB)
    """`column`, `code` and `facts` of each thing that is wrong."""
    records: list[Any] = Field(sa_type=JSONB)
    """`resource` and `id` of each record it became."""


class ImportPart(Tenant, table=True):
    """A piece of a long sheet's file, sealed, for the worker; kept as long as the rows are."""

    __tablename__ = "import_parts"
    __table_args__ = tenant(
        belongs("import_id", "imports"), Index("uq_import_parts_number", *KEYS, "import_id", "number", unique=True)
    )

    import_id: UUID
    number: int
    sealed: bytes


I, R, O, P = Import, ImportRow, ImportOutcome, ImportPart  # noqa: E741

THIS: Any = bindparam("of_import", type_=Uuid())
ADVANCE = (
    update(I)
    .where(here(I), col(I.id) == THIS)
    .values(
        state=bindparam("to_state", type_=Text()),
        state_since=bindparam("to_state_since", type_=DateTime(timezone=True)),
        version=bindparam("to_version", type_=Integer()),
        progress=bindparam("to_progress", type_=Integer()),
        good=bindparam("to_good", type_=Integer()),
        bad=bindparam("to_bad", type_=Integer()),
        imported=bindparam("to_imported", type_=Integer()),
        made=bindparam("to_made", type_=JSONB),
        importer_id=bindparam("to_importer_id", type_=Uuid()),
        account_id=bindparam("to_account_id", type_=Uuid()),
    )
)
"""How far a sheet has got and who had it go on, written together with what came of its rows."""
HELD = (
    select(I).where(here(I), col(I.state).in_([literal("received"), literal("running")])).order_by(col(I.id)).limit(1)
)
NEXT = Prepared(HELD, json=True)
"""The sheet that the worker is at."""
LOCKED = Prepared(HELD.with_for_update(key_share=True), json=True)
READ_UP_TO = Prepared(select(func.max(col(R.number))).where(here(R), col(R.import_id) == THIS))
PARTS = Prepared(select(col(P.sealed)).where(here(P), col(P.import_id) == THIS).order_by(col(P.number)))
ROWS = Prepared(
    select(col(R.number), col(R.sealed))
    .where(here(R), col(R.import_id) == THIS, col(R.number) > bindparam("after", type_=Integer()))
    .order_by(col(R.number))
    .limit(bindparam("many", type_=Integer()))
)
SAID_BEFORE = Prepared(
    select(col(O.key), func.min(col(O.number)).label("row"))
    .where(
        here(O), col(O.import_id) == THIS, col(O.asked_at) == bindparam("asked_at", type_=Integer()),
        col(O.key) == func.any(bindparam("keys", type_=ARRAY(Text()))), col(O.outcome) == "good",
    )
    .group_by(col(O.key))
)  # fmt: skip
"""Of these keys, those that an earlier row of the sheet has, and which."""
READ = Prepared(
    update(I)
    .where(here(I), col(I.id) == THIS, col(I.state) == literal("received"))
    .values(
        rows=bindparam("to_rows", type_=Integer()),
        width=bindparam("to_width", type_=Integer()),
        state=bindparam("to_state", type_=Text()),
        state_since=bindparam("now", type_=DateTime(timezone=True)),
        version=col(I.version) + 1,
    )
    .returning(col(I.version))
)

IS_OVER = (here(I), col(I.expires_on) <= bindparam("today", type_=Date()), col(I.state) != "running")
EXPIRE = Prepared(
    update(I)
    .where(*IS_OVER, col(I.state).in_([literal("received"), literal("checked")]))
    .values(state="cancelled", state_since=bindparam("now", type_=DateTime(timezone=True)), version=col(I.version) + 1)
    .returning(col(I.id), col(I.version))
)
OVER = Prepared(
    select(col(I.id)).where(
        *IS_OVER, or_(*[exists().where(same_place(kept, I), col(kept.import_id) == col(I.id)) for kept in (R, P)])
    )
)
"""Sheets whose rows or file are still kept though their time is over."""
DELETE = [
    Prepared(delete(kept).where(here(kept), col(kept.import_id) == func.any(bindparam("over", type_=ARRAY(Uuid())))))
    for kept in (O, R, P)
]


def advanced(id: UUID, values: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of ADVANCE."""
    names = (
        "state", "state_since", "version", "progress", "good", "bad", "imported", "made", "importer_id", "account_id",
    )  # fmt: skip
    moment = values["state_since"]
    since = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return {"of_import": id} | {f"to_{name}": values[name] for name in names} | {"to_state_since": since}


BEFORE_A_CLIENTS_SHEET = Prepared(
    select(
        exists().where(here(Township)).label("township"),
        select(func.count())
        .select_from(I)
        .where(
            here(I),
            col(I.handed_in_by) == bindparam("account", type_=Uuid()),
            col(I.state).not_in([literal(state) for state in sorted(rules.IMPORT.final)]),
        )
        .scalar_subquery()
        .label("waiting"),
    )
)
"""Is there such a township, and how many sheets of this account wait in it?"""

LATEST = (
    select(O)
    .where(same_place(O, R), col(O.import_id) == col(R.import_id), col(O.number) == col(R.number))
    .order_by(col(O.asked_at).desc())
    .limit(1)
    .lateral("latest")
)
"""What became of a row last."""
COUNTY: Any = bindparam("county", type_=Text())
PLACE = select(col(I.township_code)).where(col(I.county_code) == COUNTY, col(I.id) == THIS).scalar_subquery()
"""Whose sheet it is, which a county's system that handed it in need not say again."""
AFTER = (
    col(R.county_code) == COUNTY,
    col(R.township_code) == PLACE,
    col(R.import_id) == THIS,
    col(R.number) > bindparam("after", type_=Integer()),
)


@cache
def report(there: ColumnElement[bool], *, of_one_outcome: bool) -> Prepared:
    """A page of what became of rows, as lists are; no row where the sheet is not there for the caller."""
    columns = (LATEST.c.outcome, LATEST.c.problems, LATEST.c.records)
    rows = select(col(R.number).label("row"), *columns, cast(col(R.number), Text()).label("at")).join(LATEST, true())
    if of_one_outcome:
        rows = rows.where(LATEST.c.outcome == bindparam("by_outcome", type_=Text()))
    rows = rows.where(*AFTER).order_by(col(R.number)).limit(bindparam("many", type_=Integer()))
    return Prepared(inside(there, rows, "row"), json=True, beside=("at",))


@cache
def lines(there: ColumnElement[bool]) -> Prepared:
    """Rows of the sheet with their cells, and what became of those that the table has."""
    told = (col(I.header_row), col(I.width), col(R.number), col(R.sealed))
    rows = (
        select(*told, LATEST.c.outcome, cast(LATEST.c.problems, Text()).label("problems"))
        .join(R, and_(same_place(I, R), col(R.import_id) == col(I.id)))
        .join(LATEST, true(), isouter=True)
    )
    return Prepared(rows.where(there, *AFTER).order_by(col(R.number)).limit(bindparam("many", type_=Integer())))
