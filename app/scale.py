"""How does one PostgreSQL become a cluster of Citus? Each table as a reference, by county, or left where it is.

A foreign key cannot stand while its ends are of different kinds: all are dropped first and made again last, from the
models, which the newest migration equals. What is done already is passed over, so a run that broke off goes on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import ForeignKeyConstraint
from sqlalchemy.dialects.postgresql import psycopg as driver
from sqlalchemy.schema import AddConstraint

import app.main  # noqa: F401  (declares every table)
from app.database import SERVICE, metadata


class Kind(StrEnum):
    """What a table becomes."""

    REFERENCE = "reference"
    BY_COUNTY = "county_code"
    LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    kind: Kind
    is_done: bool


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What stands in the way, in both languages, and what it concerns."""

    zh: str
    en: str
    concerns: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The tables in the order in which they are converted, the foreign keys still to be made, and what forbids it."""

    tables: tuple[Table, ...]
    missing: tuple[ForeignKeyConstraint, ...]
    obstacles: tuple[Obstacle, ...]


class LostRows(RuntimeError):
    """A table had another number of rows after its conversion, which was undone."""


DIALECT: Any = driver.dialect()  # type: ignore[no-untyped-call]
TENANTS = [table.name for table in metadata.sorted_tables if "county_code" in table.columns]
"""Parents before their children."""
OTHERS = [table.name for table in metadata.sorted_tables if "county_code" not in table.columns]
HERE = "array(select oid from pg_class where oid = any (%(tenants)s::regclass[]))"
COUNTY = "select attnum from pg_attribute where attname = 'county_code' and attrelid ="
FOREIGN = "select k.conrelid::regclass || ' ' || k.conname from pg_constraint k join pg_class c on c.oid = k.conrelid"
REASONS = (
    (
        "运行此命令的角色看不到全部行(行级安全)", "this role does not see every row: use one above row security",
        "select current_user where not (select rolsuper or rolbypassrls from pg_roles where rolname = current_user)",
    ),
    (
        "尚有其他会话连接,请先停止服务", "others are connected: stop the service, the worker and the timer first",
        """select count(*) || ' ' || string_agg(distinct usename, ' ') from pg_stat_activity
            where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
              and application_name not like 'citus%%' having count(*) > 0""",
    ),
    (
        "主键或唯一索引不含 county_code", "a key or unique index lacks county_code",
        f"""select i.indexrelid::regclass::text from pg_index i
             where (i.indisunique or i.indisexclusion) and i.indrelid = any ({HERE})
               and not ({COUNTY} i.indrelid) = any (i.indkey)""",
    ),
    (
        "外键未包含 county_code", "a foreign key between tenants' tables does not pair county_code",
        f"""{FOREIGN} where k.contype = 'f' and k.conrelid = any ({HERE}) and k.confrelid = any ({HERE})
             and coalesce(array_position(k.conkey, ({COUNTY} k.conrelid)), 0)
               <> coalesce(array_position(k.confkey, ({COUNTY} k.confrelid)), -1)""",
    ),
    (
        "非租户表引用了租户表", "a table of no tenant points at a tenant's",
        f"{FOREIGN} where k.contype = 'f' and k.conrelid <> all ({HERE}) and k.confrelid = any ({HERE})",
    ),
    (
        "约束尚未验证", "a constraint is not validated",
        f"{FOREIGN} where not k.convalidated and k.conrelid = any ({HERE})",
    ),
    (
        "租户表上有触发器", "a tenant's table has a trigger",
        f"""select tgrelid::regclass || ' ' || tgname from pg_trigger
             where not tgisinternal and tgrelid = any ({HERE})""",
    ),
)  # fmt: skip
"""What forbids a conversion: in both languages, and a query for whatever it concerns."""


SETTINGS = {
    "citus.propagate_set_commands": "local",
    "plan_cache_mode": "force_custom_plan",
    "citus.show_shards_for_app_name_prefixes": SERVICE,
}
"""The row-level context goes along to the nodes; a plan is made for the county at hand, not for any; from the service
shards are not hidden, which would cost it over a second whenever the driver asks the catalogue for types, as it does on
each connection.
"""
HANDED_OVER = ("finish", "log_sign", "log_cosign")
"""Functions that run on the node of the county they name."""
SHUT_OUT = r"select rolname from pg_roles where rolname like 'huayuan\_%' and not rolcanlogin"
"""The coordinator goes to its workers as whom a statement runs under; without a password nobody else comes as these."""


def plan(connection: psycopg.Connection) -> Plan:
    """What there is to do, and what stands in the way; nothing is changed."""
    extension = connection.execute("select from pg_extension where extname = 'citus'").fetchone() is not None
    done = _converted(connection) if extension else set()
    obstacles = tuple(_obstacles(connection, extension=extension))
    return Plan(tuple(_tables(connection, done)), tuple(_missing(connection)), obstacles)


def distribute(connection: psycopg.Connection, shards: int) -> Iterator[str]:
    """Do what `plan` says, table by table, each in a transaction of its own, and tell of each; `connection` commits
    by itself. Nothing is asked here about obstacles. Raises LostRows.
    """
    connection.execute("set citus.multi_shard_modify_mode = 'sequential'")
    connection.execute(sql.SQL("set citus.shard_count = {}").format(shards))
    settle(connection)
    for (role,) in connection.execute(SHUT_OUT).fetchall():
        connection.execute(sql.SQL("alter role {} login").format(sql.Identifier(role)))
    todo = [table for table in _tables(connection, _converted(connection)) if not table.is_done]
    if todo:
        _drop_keys(connection)
    for table in todo:
        yield f"{table.name} {table.kind} {_convert(connection, table)}"
    for key in _missing(connection):
        connection.execute(str(AddConstraint(key).compile(dialect=DIALECT)).encode())
        yield f"{key.table.name} {_name(key)}"
    for function in HANDED_OVER:
        connection.execute(
            "select create_distributed_function(oid::regprocedure, 'p_county', colocate_with => 'log_head',"
            " force_delegation => true) from pg_proc where proname = %s and pronamespace = 'public'::regnamespace",
            [function],
        )
    for name in _converted(connection):
        if connection.execute("select pg_relation_size(%s::regclass) > 0", [name]).fetchone() == (True,):
            connection.execute("select truncate_local_data_after_distributing_table(%s)", [name])


def settle(connection: psycopg.Connection) -> None:
    """What every session on the coordinator's database has set."""
    database = sql.Identifier(connection.info.dbname)
    for name, value in SETTINGS.items():
        setting = sql.SQL("alter database {} set {} = {}").format(database, sql.SQL(name), sql.Literal(value))
        connection.execute(setting)


def _tables(connection: psycopg.Connection, done: set[str]) -> Iterator[Table]:
    """In the order in which they are converted."""
    query = "select relname::text from pg_class where relpersistence = 'u' and oid = any (%s::regclass[])"
    unlogged = {name for (name,) in connection.execute(query, [OTHERS]).fetchall()}
    kinds = {name: Kind.LOCAL if name in unlogged else Kind.REFERENCE for name in OTHERS}
    kinds |= dict.fromkeys(TENANTS, Kind.BY_COUNTY)
    for name in sorted(kinds, key=lambda name: list(Kind).index(kinds[name])):
        yield Table(name, kinds[name], name in done or kinds[name] is Kind.LOCAL)


def _convert(connection: psycopg.Connection, table: Table) -> int:
    """How many rows went; undone where not all arrived."""
    name = sql.Identifier(table.name)
    counting = sql.SQL("select count(*) from {}").format(name)
    with connection.transaction():
        connection.execute(sql.SQL("lock table {} in access exclusive mode").format(name))
        before = connection.execute(counting).fetchone()
        if table.kind is Kind.REFERENCE:
            connection.execute("select create_reference_table(%s)", [table.name])
        else:
            connection.execute("select create_distributed_table(%s, 'county_code')", [table.name])
        after = connection.execute(counting).fetchone()
        if before is None or before != after:
            raise LostRows(table.name, before, after)
    return int(before[0])


def _converted(connection: psycopg.Connection) -> set[str]:
    found = connection.execute("select logicalrelid::text from pg_dist_partition").fetchall()
    return {name for (name,) in found}


def _drop_keys(connection: psycopg.Connection) -> None:
    found = connection.execute(
        """select conrelid::regclass::text, conname from pg_constraint
            where contype = 'f' and conrelid = any (%s::regclass[])""",
        [TENANTS],
    ).fetchall()
    for table, name in found:
        connection.execute(
            sql.SQL("alter table {} drop constraint {}").format(sql.Identifier(table), sql.Identifier(name))
        )


def _missing(connection: psycopg.Connection) -> Iterator[ForeignKeyConstraint]:
    """The foreign keys that the models have and the database has not."""
    query = "select conrelid::regclass::text, conname from pg_constraint where contype = 'f'"
    there = set(connection.execute(query).fetchall())
    for table in metadata.sorted_tables:
        for key in sorted(table.foreign_key_constraints, key=lambda key: str(key.name)):
            if (table.name, _name(key)) not in there:
                yield key


def _name(key: ForeignKeyConstraint) -> str:
    """As it stands in the database, which long names are shortened for."""
    return str(DIALECT.identifier_preparer.format_constraint(key))


def _obstacles(connection: psycopg.Connection, *, extension: bool) -> Iterator[Obstacle]:
    if not extension:
        yield Obstacle("未安装 citus 扩展", "the extension citus is not there: see docs/operations.md", "citus")
    elif (
        connection.execute(
            "select from pg_dist_node where groupid <> 0 and isactive and noderole = 'primary'"
        ).fetchone()
        is None
    ):
        yield Obstacle("集群没有工作节点", "no worker has been added: select citus_add_node(…)", "pg_dist_node")
    for zh, en, query in REASONS:
        for (concerns,) in connection.execute(query, {"tenants": TENANTS}).fetchall():
            yield Obstacle(zh, en, str(concerns))
