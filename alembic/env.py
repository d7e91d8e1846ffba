"""Migrations run here: plain synchronous SQL under an advisory lock, so that several starters queue up."""

from typing import Any

import psycopg
from alembic import context
from sqlalchemy import Connection, create_engine, pool, text

import app.main  # noqa: F401  (declares every table)
from app.database import address, metadata
from app.settings import Settings

LOCK = 7_240_001


def render_item(kind: str, thing: Any, _: Any) -> str | bool:
    """Plain SQLAlchemy in migrations: no application code in history."""
    if kind == "type" and type(thing).__module__.startswith("sqlmodel"):
        match type(thing).__name__:
            case "AutoString":
                return f"sa.String({thing.length})" if thing.length else "sa.Text()"
            case "UTCDateTime":
                return "sa.DateTime(timezone=True)"
    return False


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_item=render_item,
        compare_server_default=True,
        autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
    )
    with context.begin_transaction():
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": LOCK})
        connection.execute(text("set local lock_timeout = '5s'"))
        context.run_migrations()


if (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    url = context.config.attributes.get("url") or address(Settings())
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        run(connection)
