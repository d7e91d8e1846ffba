"""Does row-level security alone keep every statement at home? Each is run with its own conditions taken out."""

import asyncio
import gc
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import psycopg
from sqlalchemy.sql.crud import REQUIRED

from app.database import APP_ROLE, Prepared, is_of_tenants, metadata
from app.reading import RESOURCES
from tests import cluster
from tests.security.strangers import ID, MARK, OPERATIONS, TENANT_TABLES, Ground
from tests.security.test_holes import opened, without_policies

OWN = re.compile(r"(?:\b\w+\.)?\b(?:county_code|township_code) = (\$\d+)(?:::\w+)?")
OF_TOWNSHIP = re.compile(OWN.pattern.replace("county_code|", ""))
SAME = re.compile(r"\b\w+\.(?:county_code|township_code) = \w+\.(?:county_code|township_code)(?:::VARCHAR)?")
MOMENT = datetime(2017, 3, 1, tzinfo=UTC)
BY_TYPE: dict[str, Any] = {
    "uuid": ID, "uuid[]": [ID], "text": MARK, "text[]": [MARK], "int4": 1, "int8": -1, "bool": True,
    "date": MOMENT.date(),
    "timestamptz": MOMENT, "bytea": b"", "bytea[]": [b""], "json": "[]", "jsonb": "{}", "interval": timedelta(0),
    "varchar": MARK, "int4[]": [1], "date[]": [MOMENT.date()], "numeric": 1, "int2": 1,
}  # fmt: skip
BY_NAME: dict[str, Any] = {
    "many": 100, "year": 2016, "by_year": 2016, "of_year": 2016, "month": "2016-11",
    "by_month": "2016-11", "quarter": "2016-Q4", "by_quarter": "2016-Q4", "at_version": 1,
    "from_moment": datetime(2016, 1, 1, tzinfo=UTC), "until_moment": datetime(2100, 1, 1, tzinfo=UTC),
    "first": date(2016, 1, 1), "last": date(2017, 12, 31), "scope_confidant": True,
}  # fmt: skip
"""What finds most, where a parameter's type does not say."""


def careless(sql: str) -> str:
    """The statement without what it says of county and township; parameters keep their places and types.

    On a cluster it keeps the county, without which there is no plan.
    """
    if cluster.is_named():
        return OF_TOWNSHIP.sub(r"(\1::text is not null)", sql)
    return SAME.sub("true", OWN.sub(r"(\1::text is not null)", sql))


def known(ground: Ground) -> list[Prepared]:
    """Every statement of tenants' tables that exists once each operation was called, and all a resource can make."""
    for operation in OPERATIONS:
        if not operation.public:
            ground.heard(operation)
    for resource in RESOURCES:
        columns = resource.table.__table__.columns  # type: ignore[attr-defined]
        for wide in (True, False):
            resource.page(wide, False, False, ())
            if "fingerprint" in columns:  # what has a list alone is no record
                for lock in (True, False) if "version" in columns else (False,):
                    resource.one(wide, False, lock)
    prepared = [p for p in gc.get_objects() if isinstance(p, Prepared)]
    door = re.compile(r"\(select enter(_to_read)?\(")  # what stands behind the door is there without it too
    found = {p.sql: p for p in prepared if not door.search(p.sql)}
    tables = [name for name in metadata.tables if is_of_tenants(name) or name in ("retries", "sessions")]
    named = re.compile(rf"\b({'|'.join(tables)})\b")
    return [found[sql] for sql in sorted(found) if named.search(sql)]


def values(statement: Prepared, types: list[str], place: str) -> Iterator[Any]:
    """For every parameter what is meant where it has a meaning of its own, else what would find most."""
    for name, kind in zip(statement.names, types, strict=True):
        given = statement._defaults.get(name)
        if "county" in name:
            yield place[:6]
        elif "township" in name or name in ("at_log", "log", "place"):
            yield place
        elif name == "after":
            yield {"text": "", "varchar": "", "uuid": UUID(int=0)}.get(kind, -1)
        elif name in BY_NAME:
            yield BY_NAME[name]
        else:
            process = statement._process.get(name)
            meant = given is not None and given is not REQUIRED
            yield BY_TYPE[kind] if not meant else process(given) if process else given


async def told(connection: Any, statement: Prepared, sql: str, place: str) -> Any:
    """What the application is told in that place: the rows, sorted, or the error's class; undone afterwards."""
    outcome: Any = None
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(f"set local role {APP_ROLE}")
        context = {"county": place[:6], "township": place, "reach": "township"}
        await connection.execute("; ".join(f"set local app.{name} = '{value}'" for name, value in context.items()))
        prepared = await connection.prepare(sql)
        types = [t.name if t.kind != "array" else f"{t.name.rstrip('[]')}[]" for t in prepared.get_parameters()]
        rows = await prepared.fetch(*values(statement, types, place))
        outcome = sorted(map(str, rows)), re.sub(r"^INSERT \d+", "INSERT", prepared.get_statusmsg() or "")
    except asyncpg.PostgresError as error:
        outcome = type(error).__name__
    await transaction.rollback()
    return outcome


async def differing(ground: Ground, statements: list[Prepared], place: str) -> list[Prepared]:
    """The statements that tell something else, or touch other rows, without their conditions than with them."""
    connection = await asyncpg.connect(ground.service.database_url)
    different = []
    for statement in statements:
        with_them = await told(connection, statement, statement.sql, place)
        assert with_them != "DataError", f"a parameter was given the wrong type: {statement.sql}"
        if with_them != await told(connection, statement, careless(statement.sql), place):
            different.append(statement)
    await connection.close()
    return different


def judged(ground: Ground) -> dict[str, int]:
    """How many statements there are, how many stay at home by the policies alone, how many would not without these."""
    statements = [s for s in known(ground) if careless(s.sql) != s.sql]
    with psycopg.connect(ground.service.database_url) as owner:  # policies leave a township its county's own log
        owner.execute("delete from log_event where township_code = county_code")
    leaking = asyncio.run(differing(ground, statements, ground.near))
    assert not leaking, "\n".join(s.sql for s in leaking)
    with opened() as patch:
        without_policies(patch, ground, *[t.name for t in TENANT_TABLES])
        telling = asyncio.run(differing(ground, statements, ground.near))
    return {
        "statements": len(statements),
        "telling by policies alone": len(leaking),
        "telling without policies": len(telling),
    }
