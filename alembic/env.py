"""Migrations run here, beside workers that serve: one starter at a time, and no lock is waited for long.

A statement that waits for a table makes everybody after it wait too. So each migration is a transaction of its own
that gives up after a moment and is tried again, until whoever holds the table is done.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from alembic import context
from psycopg import errors, sql
from sqlalchemy import Connection, create_engine, pool, text
from sqlalchemy.exc import DBAPIError

import app.main  # noqa: F401  (declares every table)
from app.database import address, metadata
from app.migrations import NOTE
from app.settings import Settings

LOCK = 7_240_001
PATIENCE = 600.0
"""Seconds after which a migration gives up: what it did not finish is undone, what it did stays."""
PAUSE = 1.0
"""Seconds between two tries, in which everybody else goes on."""
WAIT = "200ms"
"""How long a statement may wait for a lock, and so how long others may wait behind it."""


def render_item(kind: str, thing: Any, _: Any) -> str | bool:
    """Plain SQLAlchemy in migrations: no application code in history."""
    if kind == "type" and type(thing).__module__.startswith("sqlmodel"):
        match type(thing).__name__:
            case "AutoString":
                return f"sa.String({thing.length})" if thing.length else "sa.Text()"
            case "UTCDateTime":
                return "sa.DateTime(timezone=True)"
    return False


def note_oldest(ctx: Any, step: Any, heads: set[str], run_args: Any) -> None:
    """In the migration's own transaction: the oldest one whose release may go on running."""
    for head in heads:
        note = NOTE.format(oldest=context.script.get_revision(head).module.oldest)
        driver = ctx.connection.connection.driver_connection
        driver.execute(sql.SQL("comment on table alembic_version is {}").format(sql.Literal(note)))


def tries() -> Iterator[int]:
    """Counts on with a pause, until patience is at its end."""
    until, number = time.monotonic() + PATIENCE, 0
    while time.monotonic() < until:
        yield (number := number + 1)
        time.sleep(PAUSE)


@contextmanager
def alone(connection: Connection) -> Iterator[None]:
    """While another migrates, ask now and then: whoever slept in a statement would hold up an index being built."""
    for _ in tries():
        (ours,) = connection.execute(text("select pg_try_advisory_lock(:key)"), {"key": LOCK}).one()
        connection.commit()
        if ours:
            break
    else:
        raise TimeoutError("another migration is running and does not end")
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(text("select pg_advisory_unlock(:key)"), {"key": LOCK})
        connection.commit()


def run(connection: Connection) -> None:
    """All that is missing, as often as a held table makes it necessary."""
    connection.execute(text(f"set lock_timeout = '{WAIT}'"))
    with alone(connection):
        for number in tries():
            context.configure(
                connection=connection,
                target_metadata=metadata,
                render_item=render_item,
                compare_server_default=True,
                autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
                transaction_per_migration=True,
                on_version_apply=note_oldest,
            )
            try:
                with context.begin_transaction():
                    context.run_migrations()
            except (DBAPIError, psycopg.Error) as error:
                if not isinstance(getattr(error, "orig", error), errors.LockNotAvailable | errors.DeadlockDetected):
                    raise
                connection.rollback()
                print(f"a table is in use, try {number}", flush=True)
            else:
                return
        raise TimeoutError("a table stays in use: end the transaction that holds it, then migrate again")


if (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    url = context.config.attributes.get("url") or address(Settings())
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        run(connection)
