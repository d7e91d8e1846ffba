"""Do the migrations make the schema that the models declare, and can several starters run them at once?"""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint, create_engine, pool

import app.main  # noqa: F401  (declares every table)
from app import embedded, migrations
from app.database import metadata

ROOT = Path(__file__).parent.parent
CATALOG = {
    "column": """
        select c.relname || '.' || a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull,
               pg_get_expr(d.adbin, d.adrelid), a.attgenerated, a.attidentity)
        from pg_attribute a join pg_class c on c.oid = a.attrelid
        left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0
          and not a.attisdropped""",
    "constraint": """
        select conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) from pg_constraint
        where connamespace = 'public'::regnamespace and contype <> 'n' and conrelid <> 0""",
    "index": """
        select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index i
        join pg_class c on c.oid = indrelid where relnamespace = 'public'::regnamespace""",
}
"""What Alembic's own comparison does not see (texts of checks, conditions of indexes) stands in the catalog."""


def schema(connection: psycopg.Connection) -> set[tuple[str, ...]]:
    rows = {(kind, *row) for kind, query in CATALOG.items() for row in connection.execute(query)}
    return {row for row in rows if "alembic_version" not in row[1]}


@pytest.fixture(scope="module")
def declared(server_url) -> set[tuple[str, ...]]:
    """The schema of a database made from the models alone."""
    name = f"huayuan_test_{os.getpid()}_declared"
    url = embedded.database(server_url, name)
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=pool.NullPool)
    metadata.create_all(engine)
    with psycopg.connect(url) as connection:
        found = schema(connection)
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f"drop database {name} with (force)")
    return found


@pytest.mark.one_server("a cluster's catalogue holds its shards too")
def test_the_migrated_schema_is_the_declared_one(database_url, declared):
    with psycopg.connect(database_url) as connection:
        migrated = schema(connection)
    assert len(migrated) > 100
    assert sorted(migrated ^ declared) == [], "run `make revision`"


@pytest.mark.one_server("a cluster's catalogue holds its shards too")
@pytest.mark.parametrize(
    "drift",
    [
        "alter table people alter column name drop not null",
        "alter table people drop constraint ck_people_category",
        "alter table people drop constraint ck_people_category, add constraint ck_people_category check (true)",
        "drop index ix_appointments_person",
        "alter table people add column nickname text",
    ],
)
def test_a_drift_is_caught(database_url, declared, drift):
    with psycopg.connect(database_url) as connection:
        connection.execute(drift)
        assert schema(connection) != declared
        connection.rollback()


def test_there_is_one_head_and_the_database_is_at_it(database_url):
    (head,) = ScriptDirectory.from_config(Config(ROOT / "alembic.ini")).get_heads()
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select version_num from alembic_version").fetchone() == (head,)


def revisions(folder: Path) -> list[tuple[str, str]]:
    """Every migration with the oldest one whose release may run beside it, the first one first."""
    scripts = ScriptDirectory(str(folder)).walk_revisions()
    return [(script.revision, script.module.oldest) for script in scripts][::-1]


def backward(found: list[tuple[str, str]]) -> list[str]:
    """Migrations that name one that is not theirs or before, or that let in what an earlier one has shut out."""
    order = [revision for revision, _ in found]
    oldest = [order.index(name) if name in order else len(order) for _, name in found]
    return [
        revision for at, revision in enumerate(order) if oldest[at] > at or oldest[at] < max(oldest[:at], default=0)
    ]


def test_every_migration_says_whose_release_may_run_beside_it():
    assert backward(revisions(ROOT / "alembic")) == []
    assert backward([("1", "1"), ("2", "1"), ("3", "3"), ("4", "3")]) == []
    assert backward([("1", "2"), ("2", "2"), ("3", "1"), ("4", "x")]) == ["1", "3", "4"], "control"


def test_the_note_of_the_database_is_the_newest_migrations_own(database_url):
    with psycopg.connect(database_url) as connection:
        (found,) = connection.execute(migrations.STANDING).fetchone()
    (head, oldest) = revisions(ROOT / "alembic")[-1]
    assert found == [head, migrations.NOTE.format(oldest=oldest)]


def test_three_starters_migrate_an_empty_database_at_once(server_url):
    name = "huayuan_test_0_together"
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f"drop database if exists {name} with (force)")
        url = embedded.database(server_url, name)
        told = "from app.cli import app; app(['migrate'])"
        environment = {"HUAYUAN_DATABASE_URL": url, "HUAYUAN_SECRET": "x" * 32, "PATH": ""}
        starters = [
            subprocess.Popen([sys.executable, "-c", told], cwd=ROOT, env=environment, stderr=subprocess.PIPE)
            for _ in range(3)
        ]
        failures = [starter.communicate()[1].decode()[-500:] for starter in starters if starter.wait()]
        assert failures == []
        server.execute(f"drop database {name} with (force)")


def test_every_tenant_key_begins_with_county_and_township():
    """Every primary, unique and foreign key of a tenant's table names both, so that it may be distributed (D1)."""
    for table in metadata.tables.values():
        if "township_code" not in table.columns or table.name in {"log_head", "log_event"}:
            continue
        unique = [c for c in table.constraints if isinstance(c, PrimaryKeyConstraint | UniqueConstraint)]
        for key in (*unique, *(index for index in table.indexes if index.unique)):
            assert key.columns.keys()[:2] == ["county_code", "township_code"], (table.name, key.name)
        for key in table.foreign_key_constraints:
            target = key.referred_table
            if "township_code" in target.columns:
                assert key.column_keys[:2] == ["county_code", "township_code"], key
            assert key.ondelete is None and not key.deferrable


def test_an_owner_who_is_no_superuser_can_migrate(server_url: str, template: str) -> None:
    name, roles = (
        f"huayuan_test_{os.getpid()}_owner",
        "huayuan_app, huayuan_log, huayuan_public, huayuan_sweep, huayuan_work",
    )
    url = embedded.database(server_url, name)
    own_url = f"postgresql://{name}:{name}@{url.partition('@')[2]}"
    with psycopg.connect(server_url, autocommit=True) as server:
        try:
            server.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{name}'")
            server.execute(f"GRANT {roles} TO {name} WITH ADMIN OPTION")
            server.execute(f"ALTER DATABASE {name} OWNER TO {name}")
            environment = {**os.environ, "HUAYUAN_DATABASE_URL": own_url, "HUAYUAN_SECRET": "s" * 32}
            subprocess.run([sys.executable, "-m", "app.cli", "migrate"], env=environment, check=True)
            with psycopg.connect(own_url) as own:
                assert own.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (False,)
                asked = "SELECT has_function_privilege('public', oid, 'execute') FROM pg_proc WHERE proname = %s"
                assert own.execute(asked, ["log_append"]).fetchone() == (False,)
                may = "SELECT has_schema_privilege('huayuan_log', 'public', 'create')"
                assert own.execute(may).fetchone() == (False,)
        finally:
            server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            server.execute(f"DROP ROLE IF EXISTS {name}")
