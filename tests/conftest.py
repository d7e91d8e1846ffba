"""Which database do the tests run on? A fresh copy of a migrated template, on real PostgreSQL.

Without `HUAYUAN_DATABASE_URL` that is an embedded server of the tests' own, apart from the one that `serve` and
`demo` use, so that it may forget to sync. The template is made once for each state of the migrations.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from psycopg import sql

ROOT = Path(__file__).parent.parent
DATA_DIR = ROOT / ".huayuan" / "tests"
LOCK = 7_240_002
"""Advisory lock under which templates are made and leftovers removed."""


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A server on which databases may be created: the named one, or an embedded one that does not sync."""
    if url := os.environ.get("HUAYUAN_DATABASE_URL"):
        yield url
        return
    from app import embedded

    url = embedded.ensure(DATA_DIR, "postgres")
    with psycopg.connect(url, autocommit=True) as server:
        for knob in ("fsync", "synchronous_commit", "full_page_writes"):
            server.execute(f"ALTER SYSTEM SET {knob} = off")  # type: ignore[arg-type]
        server.execute("SELECT pg_reload_conf()")
    yield url
    embedded.stop(DATA_DIR)


@pytest.fixture(scope="session")
def template(server_url: str) -> str:
    """The name of a database that holds the migrated schema and nothing else."""
    return _template(server_url)


@pytest.fixture(scope="session")
def database_url(server_url: str, template: str) -> Iterator[str]:
    """A database of this test session alone, in which tests see each other's committed rows."""
    yield from fresh_database(server_url, template, f"huayuan_test_{os.getpid()}")


@pytest.fixture
def own_database_url(server_url: str, template: str) -> Iterator[str]:
    """A database of one test alone, for what would disturb the others (about 0.1 s)."""
    yield from fresh_database(server_url, template, f"huayuan_test_{os.getpid()}_own")


def fresh_database(server_url: str, template: str, name: str) -> Iterator[str]:
    from app import embedded

    _drop(server_url, name)
    yield embedded.database(server_url, name, template)
    _drop(server_url, name)


def _drop(server_url: str, name: str) -> None:
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _template(server_url: str) -> str:
    from app import embedded

    name = f"huayuan_template_{_migrations_hash()}"
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        known = [row[0] for row in server.execute("SELECT datname FROM pg_database WHERE datname ~ '^huayuan_te'")]
        if "HUAYUAN_DATABASE_URL" not in os.environ:
            for leftover in known:
                if leftover != name and _is_left_over(leftover):
                    _drop(server_url, leftover)
        if name not in known:
            _drop(server_url, f"{name}_new")
            _migrate(embedded.database(server_url, f"{name}_new"))
            server.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(f"{name}_new"), sql.Identifier(name))
            )
    return name


def _is_left_over(name: str) -> bool:
    """Is it an outdated template, or a test database whose session has died?"""
    kind, owner = name.split("_")[1:3]
    return kind == "template" or not _alive(int(owner))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _migrations_hash() -> str:
    digest = hashlib.sha256()
    for path in sorted((ROOT / "alembic").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _migrate(url: str) -> None:
    """Run the migrations on the empty database at `url`; before there are any, do nothing."""
    if not (ROOT / "alembic.ini").exists():
        return
    config = Config(ROOT / "alembic.ini")
    config.attributes["url"] = url
    command.upgrade(config, "head")
