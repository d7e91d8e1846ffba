"""How do statements reach PostgreSQL? Tables' base, statements compiled once, one guarded transaction.

SQLModel declares tables and SQLAlchemy writes the SQL; no session lives at run time. A statement is
compiled once to the driver's own SQL and runs on asyncpg's connection.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import TracebackType
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    MetaData,
    Text,
    Uuid,
    and_,
    bindparam,
    event,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    true,
)
from sqlalchemy import Table as SqlTable
from sqlalchemy.dialects.postgresql import asyncpg as driver
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.expression import FromClause
from sqlmodel import Field, SQLModel, insert
from sqlmodel.sql.sqltypes import AutoString

from app.pool import Pool
from app.settings import Settings


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)


as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain).encode
DIALECT: Any = driver.dialect(json_serializer=as_json)  # type: ignore[no-untyped-call]
UTC_TIMESTAMP = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
APP_ROLE = "huayuan_app"
SERVICE = "huayuan"
"""What its connections call themselves, where their address gives them no other name."""
PLANNED_ONCE = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off"}
"""A statement is planned once a connection, not for each value, and walks an index though its table is empty as yet."""
LIMITS = {
    "timezone": "UTC",
    "lock_timeout": "2s",
    "statement_timeout": "5s",
    "idle_in_transaction_session_timeout": "10s",
    "transaction_timeout": "15s",
    "client_connection_check_interval": "2s",
}
LONG = 300.0
"""Seconds that a list may take to become a file: a full sheet of Excel is over two minutes' work."""
LIMITS_OF_FILES = LIMITS | {
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "330s",
    "transaction_timeout": "330s",
}
"""A file's rows come piece by piece, as fast as its reader takes them."""
FILES_AT_ONCE = 2
"""How many files one worker writes at a time, on connections of their own, so that none is taken from requests."""
SHEETS_AT_ONCE = 2
"""How many short sheets one worker imports at a time, likewise."""
LIMITS_OF_SHEETS = LIMITS | {
    "lock_timeout": "10s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "30s",
    "transaction_timeout": "60s",
}
"""Thousands of rows are asked about and written in one transaction: two seconds' work, and more where many work."""
QUEUE = 1.0
"""Seconds for which a request waits for a connection."""
PATIENCE = 3.0
"""Seconds that a request's transaction may last, so that every answer is there within five."""
PATIENCE_WITH_SHEETS = 60.0

AGAIN = 3
"""How often a change is done again that PostgreSQL broke off in a deadlock."""
IN_PLANNING = (asyncpg.FeatureNotSupportedError, asyncpg.QueryCanceledError)
"""What may end a statement while it is planned: Citus then keeps that it plans, and hands no function over any more."""
T = TypeVar("T")

LOCKED = " FOR NO KEY UPDATE"
"""How a record is locked: ids and places never change, so what refers to it need not wait for its lock (D60)."""
COUNTY_NAMES = ("at_county", "county", "new_county_code")
"""What statements call the county they are about."""
JOINED = re.compile(r"\b(\w+)\.county_code = (\w+)\.county_code\b(?:::VARCHAR)?")
BEGINNING = "select to_regclass('pg_dist_partition') is not null, current_setting('role')"

KEYS = ("county_code", "township_code")
"""What every key, constraint and index of a tenant's table begins with."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


@event.listens_for(SqlTable, "after_parent_attach")
def _plain_text(table: SqlTable, parent: MetaData) -> None:
    """Strings without a length are `text`: varchar would gain nothing and cost a cast."""
    for column in table.columns:
        if isinstance(column.type, AutoString) and column.type.length is None:
            column.type = Text()


class Reference(SQLModel):
    """Base of tables of no tenant: national references, the moved clock, counts of failed attempts to sign in."""

    metadata = metadata


class Tenant(SQLModel):
    """Base of every tenant's table.

    The key is (county, township, id): a record of another township can be neither referenced nor
    probed, and a later move to a cluster distributed by county needs no new key.
    """

    metadata = metadata

    county_code: str = Field(primary_key=True)
    township_code: str = Field(primary_key=True)
    """Nine digits; the county's six for what belongs to the county itself."""
    id: UUID = Field(primary_key=True)


class Record(Tenant):
    """A tenant's row that goes over the wire: versioned, and known by the request that made it."""

    version: int = Field(default=1)
    created_at: datetime
    fingerprint: str
    """Keyed hash of the creating request, hex: the same id sent again is recognised by it."""


class WorkflowRecord(Record):
    """A record with a state of a declared workflow."""

    state: str
    state_since: datetime


TENANT_CHECKS = (
    ("county_code", "county_code ~ '^[0-9]{6}$'"),
    ("township_code", "township_code ~ '^[0-9]{6}([0-9]{3})?$' and left(township_code, 6) = county_code"),
)


def tenant(*more: Any, states: Iterable[str] = ()) -> tuple[Any, ...]:
    """`__table_args__` of a tenant's table: the checks of its key, its states, and what is added."""
    checks = [CheckConstraint(sql, name=name) for name, sql in TENANT_CHECKS]
    if states:
        checks.append(one_of("state", states))
    return (*checks, *more)


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """CHECK that a text column is one of the words; nulls pass."""
    words = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} in ({words})", name=column)


def belongs(column: str, table: str) -> ForeignKeyConstraint:
    """Foreign key to a tenant's table, within the same county and township."""
    return ForeignKeyConstraint([*KEYS, column], [f"{table}.{key}" for key in (*KEYS, "id")])


def table_of(model: Any) -> Any:
    """The table of a model, as what a sub-select is correlated with."""
    return model.__table__


def same_place(one: Any, other: Any) -> Any:
    """Rows of two tables, or of their aliases, that belong to one township."""
    return and_(
        _column(one, "county_code") == _column(other, "county_code"),
        _column(one, "township_code") == _column(other, "township_code"),
    )


def here(table: Any) -> Any:
    """The rows of the township that the parameters `county` and `township` name, as `Change.here` does."""
    return and_(
        _column(table, "county_code") == bindparam("county", type_=Text()),
        _column(table, "township_code") == bindparam("township", type_=Text()),
    )


def is_there(correlated: Any, *where: Any) -> Any:
    """Is there such a row beside one of the `correlated` table? Asked of each by an index.

    An EXISTS would say the same, but PostgreSQL may answer it for many rows by hashing all that all tenants have.
    """
    found = select(true()).where(*where).limit(literal_column("1")).correlate(correlated).scalar_subquery()
    return func.coalesce(found, false())


def holds_on(table: Any, day: Any) -> Any:
    """Does the row's interval `[starts, ends)` hold the day? (G18)"""
    ends = _column(table, "ends")
    return and_(_column(table, "starts") <= day, or_(ends.is_(None), ends > day))


def _column(table: Any, name: str) -> Any:
    return table.c[name] if isinstance(table, FromClause) else getattr(table, name)


class Prepared:
    """A SQLAlchemy statement compiled once, its parameters bound in the driver's order.

    With `json=True` PostgreSQL builds one JSON text a row, in a column `body`, with times in UTC;
    columns named in `beside` come next to it as they are.
    """

    def __init__(
        self, statement: Any, *, json: bool = False, beside: Sequence[str] = (), columns: Sequence[str] | None = None
    ) -> None:
        compiled = statement.compile(dialect=DIALECT, column_keys=columns)
        self.names: list[str] = list(compiled.positiontup or [])
        self._defaults = compiled.params
        self._process = dict(compiled._bind_processors)
        self.tenant_table: str | None = None
        is_change = isinstance(statement, UpdateBase)
        self.returns = is_change and bool(statement._returning)
        """A change that says which rows it touched: none, and nothing was written."""
        if is_change and is_of_tenants(statement.table.name):
            self.tenant_table = statement.table.name
        self.sql = str(compiled)
        if "POSTCOMPILE" in self.sql:
            raise ValueError("a list in `in_` is expanded only when run: give it `literal()`s, or use `= any(...)`")
        if json:
            exported = statement.exported_columns
            body = as_wire([c for c in exported if c.name not in beside])
            keep = "".join(f', t."{name}"' for name in beside)
            shown = f"{body} as body{keep}"
            as_cte = f"with t as ({self.sql}) select {shown} from t"
            self.sql = as_cte if is_change else f"select {shown} from ({self.sql}) t"

    def as_sql(self, sql: str, *more: str) -> "Prepared":
        """Other words over the same parameters, and more of them."""
        made = copy(self)
        made.sql, made.names = sql, [*self.names, *more]
        return made

    def inside(self, **given: str) -> str:
        """The rows' JSON as one array, for use within another statement; `given` are values as SQL, by parameter."""

        def value(found: re.Match[str]) -> str:
            name = self.names[int(found[1]) - 1]
            return given[name] if name in given else f"'{self._defaults[name]}'"

        rows = re.sub(r"\$(\d+)", value, self.sql)
        return f"select coalesce(json_agg(x.body::json), '[]') from ({rows}) x"

    def args(self, values: Mapping[str, Any]) -> list[Any]:
        """None is SQL's null, also where a column holds JSON."""
        given, process = self._defaults | values, self._process
        return [process[n](v) if (v := given[n]) is not None and n in process else v for n in self.names]


DOOR = Prepared(
    select(
        func.enter_to_read(
            bindparam("door_county", type_=Text()),
            bindparam("door_township", type_=Text()),
            bindparam("door_account", type_=Uuid()),
        ).label("entered")
    )
)
"""The door alone: sets the context of a read, and says who enters."""


DOOR_NAMES = ("door_county", "door_township", "door_account")


@cache
def behind_the_door(statement: Prepared) -> Prepared:
    """A statement together with the door, in one round trip: its rows with `entered` beside them.

    Where it finds none there is one row nevertheless.

    The door is the outer side of a nested loop, so that the row-level context stands before a table is looked at; the
    parameters `door_county`, `door_township`, `door_account` say who enters.
    """
    return _behind("enter_to_read", statement, statement.sql)


@cache
def behind_the_door_of_a_command(statement: Prepared) -> Prepared:
    """The same for a record that is locked for a change; `door_key` and `door_operation` name the request.

    While the first request under the key is in flight nothing is locked, so that the next is told so at once.
    """
    assert statement.sql.count(LOCKED) == 1
    idle = "not (e.entered::json ->> 'busy')::boolean"
    return _behind(
        "enter", statement, statement.sql.replace(LOCKED, f" AND {idle}{LOCKED}"), "door_key", "door_operation"
    )


def _behind(function: str, statement: Prepared, sql: str, *more: str) -> Prepared:
    names = (*DOOR_NAMES, *more)
    place = ", ".join(f"${len(statement.names) + n}" for n in range(1, len(names) + 1))
    door = f"select {function}({place}) as entered offset 0"
    return statement.as_sql(f"select e.entered, r.* from ({door}) e left join lateral ({sql}) r on true", *names)


@cache
def on_a_cluster(statement: Prepared) -> str:
    """The statement with its county said anew wherever two tables are joined by it.

    A cluster's planner does not conclude it for a sub-select from what the statement says of its outer table, and so
    would not know that all of it lies on one node.
    """
    given = next((name for name in COUNTY_NAMES if name in statement.names), None)
    if given is None:
        return statement.sql
    county = f"${statement.names.index(given) + 1}::text"
    return JOINED.sub(rf"(\1.county_code = {county} AND \2.county_code = {county})", statement.sql)


@cache
def as_page(statement: Prepared) -> Prepared:
    """A list, of rows of `body` and `at`, at most `many`, as one row, whose text is joined where it is made.

    `items` are the bodies of all but the row too many, `last` is the key of the last of them, null where there is no
    `more`; `found` counts the rows, also those without a key.
    """
    size = f"${statement.names.index('many') + 1}::int - 1"
    numbered = f"select *, row_number() over () as n from ({statement.sql}) t"
    return statement.as_sql(
        f"select coalesce(string_agg(body, ',' order by n) filter (where at is not null and n <= {size}), '') as items,"
        f" max(at) filter (where n = {size}) as last, count(*) > {size} as more, count(*) as found from ({numbered}) p"
    )


def as_wire(columns: Iterable[Any]) -> str:
    """The columns of a row source `t` as one JSON text."""
    return f"(select row_to_json(r)::text from (select {', '.join(_wire(c) for c in columns)}) r)"


def _wire(column: Any) -> str:
    name = f't."{column.name}"'
    if isinstance(column.type, DateTime) or getattr(column.type, "impl_instance", None).__class__ is DateTime:
        return f"to_char({name} at time zone 'UTC', '{UTC_TIMESTAMP}') as \"{column.name}\""
    return f'{name} as "{column.name}"'


@cache
def is_of_tenants(name: str) -> bool:
    """Does the table hold tenants' rows, which no command may write without an entry?"""
    table = metadata.tables[name]
    return "township_code" in table.columns and name not in PLUMBING


def insertion_of_many(table: type[SQLModel], rows_in: str = "many_rows") -> Any:
    """INSERT of the rows that a parameter holds as a JSON array, however many there are."""
    names = list(metadata.tables[str(table.__tablename__)].columns.keys())
    columns = ", ".join(f'"{name}"' for name in names)
    rows = text(f"select {columns} from json_populate_recordset(null::{table.__tablename__}, cast(:{rows_in} as json))")
    return insert(table).from_select(names, rows.bindparams(bindparam(rows_in, type_=Text())).columns())


@cache
def _at_once(tables: tuple[type[SQLModel], ...], updates: tuple[Any, ...]) -> Prepared:
    """The rows of each table, as `many_<table>`, and the updates; foreign keys are asked about once all are there."""
    changes = [*(insertion_of_many(table, f"many_{table.__tablename__}") for table in tables), *updates]
    prepared = Prepared(select(literal(1)).add_cte(*(change.cte() for change in changes)))
    names = [change.table.name for change in changes]
    prepared.tenant_table = next((name for name in names if is_of_tenants(name)), None)
    return prepared


_prepared = cache(Prepared)


@cache
def _order() -> list[str]:
    """All tables, parents before their children."""
    return [table.name for table in metadata.sorted_tables]


def insertion_of(table: type[SQLModel], many: int) -> Any:
    """INSERT of so many rows as a part of another statement; `numbered` gives their values.

    Rows stand in VALUES and come from no SELECT: INSERT ... SELECT under row-level security fails on a cluster.
    """
    columns = metadata.tables[str(table.__tablename__)].columns
    return insert(table).values(
        [{c.name: bindparam(f"row_{at}_{c.name}", type_=c.type) for c in columns} for at in range(many)]
    )


def numbered(table: type[SQLModel], rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The values of `insertion_of`; what a row does not name is null."""
    names = metadata.tables[str(table.__tablename__)].columns.keys()
    return {f"row_{at}_{name}": row.get(name) for at, row in enumerate(rows) for name in names}


@cache
def _insertion(table: type[SQLModel]) -> Prepared:
    """INSERT of one whole row."""
    return Prepared(insert(table), columns=metadata.tables[str(table.__tablename__)].columns.keys())


PLUMBING = frozenset(
    {
        "attachment_parts", "retries", "sessions", "import_rows", "import_outcomes", "import_parts", "webhook_cursors",
        "webhook_deliveries",
    }
)  # fmt: skip
"""Tables of the machinery itself, which no entry describes."""


class UnrecordedChange(RuntimeError):
    """A tenant's table was written and nothing was recorded: the transaction must not commit."""


@dataclass(slots=True)
class Held:
    """A change that is yet to be made: before the next statement, or in one with the entries that record it.

    `statement` ends in `FROM w`, whose `body` is the record as it then is, and says AS_YET where it may call `finish`.
    """

    statement: Prepared
    values: Mapping[str, Any]
    failed: Callable[[], Awaitable[None]]
    """Raises what it means that nothing was changed."""
    body: str | None = None


AS_YET = "null::bigint"
FINISH_NAMES = (
    "finish_county", "finish_log", "finish_account", "finish_stored", "finish_leaves", "finish_events",
    "finish_subjects", "finish_helpers", "finish_households", "finish_disclosed", "finish_at",
)  # fmt: skip


def _finishing(statement: Prepared, *body: str) -> Prepared:
    args = ", ".join([*(f"${len(statement.names) + n}" for n in range(1, len(FINISH_NAMES) + 1)), *body])
    return statement.as_sql(statement.sql.replace(AS_YET, f"finish({args})"), *FINISH_NAMES)


FINISH = _finishing(Prepared(select(literal_column(AS_YET).label("seq"))))
_and_finishing = cache(lambda statement: _finishing(statement, "w.body"))


class Transaction:
    """One transaction in hand. Every statement passes through here, so that none goes unrecorded."""

    def __init__(self, connection: Any, *, is_cluster: bool = False) -> None:
        self._connection, self.is_cluster = connection, is_cluster
        self._written: str | None = None
        self._recorded = False
        self.held: Held | None = None

    async def hold(self, change: Held) -> None:
        """Make a change with whatever comes next, so that it takes no round trip of its own; on a cluster at once."""
        await self.let_go()
        self.held = change
        if self.is_cluster:
            await self.let_go()

    async def let_go(self) -> None:
        """Make the change that is held, if there is one; one round trip."""
        held, self.held = self.held, None
        if held is not None:
            held.body = await self.value(held.statement, **held.values)
            if held.body is None:
                await held.failed()

    async def finish(self, **told: Any) -> int | None:
        """The last statement: what is held, the answer under its retry key, the entries; the last one's number."""
        held, self.held = self.held, None
        self._recorded = bool(told["finish_leaves"])
        if held is None:
            return (await self.row(FINISH, **told))["seq"]  # type: ignore[no-any-return]
        row = await self.row(_and_finishing(held.statement), **held.values, **told)
        if row is None:
            await held.failed()
        held.body = row["body"]
        return row["seq"]  # type: ignore[no-any-return]

    async def rows(self, statement: Prepared, /, **values: Any) -> list[Any]:
        """All rows of a statement; one round trip."""
        if self.held is not None:
            await self.let_go()
        sql = on_a_cluster(statement) if self.is_cluster else statement.sql
        found: list[Any] = await self._connection.fetch(sql, *statement.args(values))
        if statement.tenant_table and (found or not statement.returns):
            self._written = statement.tenant_table
        return found

    async def row(self, statement: Prepared, /, **values: Any) -> Any:
        """The first row or None; one round trip."""
        found = await self.rows(statement, **values)
        return found[0] if found else None

    async def value(self, statement: Prepared, /, **values: Any) -> Any:
        """The first column of the first row, or None; one round trip."""
        found = await self.row(statement, **values)
        return None if found is None else found[0]

    async def pieces(self, statement: Prepared, many: int, /, **values: Any) -> AsyncIterator[list[Any]]:
        """All rows of a statement, so many at a time: the server keeps the place, and only they are in memory."""
        await self.let_go()
        sql = on_a_cluster(statement) if self.is_cluster else statement.sql
        cursor = await self._connection.cursor(sql, *statement.args(values))
        while rows := await cursor.fetch(many):
            yield rows

    async def call(self, sql: str, *args: Any) -> Any:
        """One of the database's own functions, never a table."""
        await self.let_go()
        return await self._connection.fetchval(sql, *args)

    async def write(
        self,
        rows: Mapping[type[SQLModel], Sequence[Mapping[str, Any]]],
        updates: Mapping[Any, Mapping[str, Any]] | None = None,
    ) -> None:
        """Any number of rows of any number of tables, and UPDATEs with their parameters; one round trip.

        On a cluster INSERT ... SELECT fails under row-level security, so there it is a statement a table, and more.
        """
        given = {table: many for table, many in rows.items() if many}
        updates = updates or {}
        if self.is_cluster:
            for table in sorted(given, key=lambda table: _order().index(str(table.__tablename__))):
                await self.insert_rows(table, given[table])
            for update, more in updates.items():
                await self.rows(_prepared(update), **more)
        elif given or updates:
            values = {f"many_{table.__tablename__}": as_json(many) for table, many in given.items()}
            for more in updates.values():
                values |= more
            await self.rows(_at_once(tuple(given), tuple(updates)), **values)

    async def copy(self, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows by COPY; once in a transaction.

        Row-level security refuses COPY, so they come into a table of this transaction, and from there by an INSERT
        that it watches; on a cluster not even that, so there they are so many INSERTs.
        """
        await self.let_go()
        if self.is_cluster:
            await self.insert_rows(table, rows)
            return
        name = str(table.__tablename__)
        await self._connection.execute(f"create temp table incoming (like {name}) on commit drop")
        columns = list(metadata.tables[name].columns.keys())
        records = [tuple(row[column] for column in columns) for row in rows]
        await self._connection.copy_records_to_table("incoming", records=records, columns=columns)
        listed = ", ".join(f'"{column}"' for column in columns)
        await self._connection.execute(f"insert into {name} ({listed}) select {listed} from incoming")

    async def insert_rows(self, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
        """Any number of rows, one INSERT of VALUES each, sent together in one round trip; what is not named is null."""
        if rows:
            await self.let_go()
            statement = _insertion(table)
            whole = [{name: row.get(name) for name in statement.names} for row in rows]
            await self._connection.executemany(statement.sql, [statement.args(row) for row in whole])
            self._written = statement.tenant_table or self._written

    @property
    def has_written(self) -> bool:
        return self._written is not None

    def check_recorded(self) -> None:
        """Raises UnrecordedChange where a tenant's table was written without an entry."""
        assert self.held is None
        if self._written and not self._recorded:
            raise UnrecordedChange(self._written)


def address(settings: Settings) -> str:
    """The named server, or the embedded one, started if need be; a libpq URL."""
    if settings.database_url is not None:
        return settings.database_url
    from app import embedded

    return embedded.ensure(settings.data_dir)


class AnotherRole(RuntimeError):
    """What connections act as, and what they should: somebody in between drops what they ask for."""


class Database:
    """The pool of one worker."""

    def __init__(
        self,
        url: str,
        size: int,
        *,
        role: str = APP_ROLE,
        seconds: float = PATIENCE,
        limits: Mapping[str, str] = LIMITS,
    ) -> None:
        self._url, self._size, self.seconds = url, size, seconds
        named = {} if "application_name=" in url else {"application_name": SERVICE}
        self._settings = {**limits, **named, **PLANNED_ONCE, "role": role}
        self._pool: Any = None
        self.is_cluster = False
        """Are the rows on other nodes? Then the context must be set by a statement of its own before they are read."""

    async def open(self) -> None:
        """Raises what asyncpg raises where the server is not there: that is known at once. Raises AnotherRole."""
        pool = Pool(self._connect, self._size, QUEUE)
        connection = await pool.take()
        try:
            beginning = await connection.fetchrow(BEGINNING)
            assert beginning
            self.is_cluster, acts_as = beginning
        finally:
            pool.give_back(connection, whole=not self.is_cluster)
        if self.is_cluster:  # which plans for the node that a value names
            self._settings = {name: value for name, value in self._settings.items() if name not in PLANNED_ONCE}
        if acts_as != self._settings["role"]:
            await pool.close(5)
            raise AnotherRole(acts_as, self._settings["role"])
        self._pool = pool

    @property
    def is_open(self) -> bool:
        return self._pool is not None

    async def _connect(self) -> Any:
        return await asyncpg.connect(
            self._url, server_settings=self._settings, statement_cache_size=1024, timeout=5,
        )  # fmt: skip

    async def close(self) -> None:
        """Waits for transactions in hand, at most five seconds."""
        await self._pool.close(5)

    def gauges(self, of: str) -> dict[str, int]:
        """How many connections are open, how many of these are in use, and how many there may be."""
        counts = {"open": self._pool.open, "in_use": self._pool.in_use, "limit": self._pool.size}
        return {f"{of}_connections_{name}": many for name, many in counts.items()}

    @asynccontextmanager
    async def transaction(self, *, readonly: bool = False) -> AsyncIterator[Transaction]:
        """BEGIN … COMMIT; an exception rolls back. Raises TimeoutError when no connection is free in time.

        A transaction that lasts too long, also because nobody answers any more, ends by hanging up: whoever waits
        for the server then has asyncpg's ConnectionDoesNotExistError.
        """
        async with self._lent() as connection, _Begun(self, connection, readonly=readonly) as transaction:
            yield transaction

    async def row(self, statement: Prepared, /, **values: Any) -> Any:
        """The row of a read that is behind its door; PostgreSQL begins and ends the transaction by itself."""
        async with self._lent() as connection:
            return await connection.fetchrow(statement.sql, *statement.args(values))

    async def call(self, sql: str, *args: Any) -> Any:
        """The row of the database's own functions behind their door, likewise."""
        async with self._lent() as connection:
            return await connection.fetchrow(sql, *args)

    async def run(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Do the work in a transaction, and again where PostgreSQL broke it off to let another go on.

        All attempts together have the time of one; the last one's error is raised.
        """
        async with self._lent() as connection:
            for _ in range(AGAIN):
                with suppress(asyncpg.SerializationError, asyncpg.DeadlockDetectedError):
                    async with _Begun(self, connection) as transaction:
                        return await work(transaction)
            async with _Begun(self, connection) as transaction:
                return await work(transaction)

    def _lent(self) -> "_Lent":
        return _Lent(self._pool, self.seconds, IN_PLANNING if self.is_cluster else ())


def for_files(url: str) -> Database:
    """The pool of lists as files, which nothing else waits for."""
    return Database(url, FILES_AT_ONCE, seconds=LONG, limits=LIMITS_OF_FILES)


def for_sheets(url: str) -> Database:
    """The pool of short sheets, likewise."""
    return Database(url, SHEETS_AT_ONCE, seconds=PATIENCE_WITH_SHEETS, limits=LIMITS_OF_SHEETS)


class _Begun:
    """A transaction of a connection, from BEGIN to COMMIT or ROLLBACK."""

    def __init__(self, database: Database, connection: Any, *, readonly: bool = False) -> None:
        self._whole = connection.transaction(readonly=readonly)
        self._transaction = Transaction(connection, is_cluster=database.is_cluster)

    async def __aenter__(self) -> Transaction:
        await self._whole.__aenter__()
        return self._transaction

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if kind is None:
            try:
                self._transaction.check_recorded()
            except BaseException as unrecorded:
                await self._whole.__aexit__(type(unrecorded), unrecorded, unrecorded.__traceback__)
                raise
        await self._whole.__aexit__(kind, error, at)


class _Lent:
    """A connection from the pool, which hangs up when it is kept too long."""

    def __init__(self, pool: Pool, seconds: float, spoiling: tuple[type[Exception], ...]) -> None:
        self._pool, self._seconds, self._spoiling = pool, seconds, spoiling

    async def __aenter__(self) -> Any:
        self._connection = await self._pool.take()
        self._hang_up = asyncio.get_running_loop().call_later(self._seconds, self._connection.terminate)
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Whose use was cancelled, or failed in a way that spoils it, is not whole: nobody else may have it."""
        self._hang_up.cancel()
        whole = error is None or (isinstance(error, Exception) and not isinstance(error, self._spoiling))
        self._pool.give_back(self._connection, whole=whole)
