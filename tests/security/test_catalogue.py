"""Is every tenant's table guarded? Asked of PostgreSQL's own catalogue; each check with a violation it must catch."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from app.database import APP_ROLE
from tests import cluster
from tests.security.strangers import SHIPPED, TENANT_TABLES, seed

Connection = psycopg.Connection[tuple[str, ...]]
TENANTS = """
  select c.oid, c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'township_code'
   where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and not a.attisdropped
"""
MAY_DELETE = ("clock", "sign_in_failures")
"""The application takes its own clock back and forgets failed attempts; it removes nothing else."""
FAULTS = {
    "row-level security is enabled and forced": f"""
        select t.relname from ({TENANTS}) t join pg_class c using (oid)
         where not (c.relrowsecurity and c.relforcerowsecurity)""",
    "there is a policy with USING and WITH CHECK for the application": f"""
        select t.relname from ({TENANTS}) t where not exists (
          select from pg_policy p where p.polrelid = t.oid and p.polcmd = '*' and p.polqual is not null
             and p.polwithcheck is not null and p.polroles = '{{0}}'
             and pg_get_expr(p.polqual, p.polrelid) ~ 'app\\.county.*app\\.township'
             and pg_get_expr(p.polwithcheck, p.polrelid) ~ 'app\\.county.*app\\.township')""",
    "no other permissive policy widens it for the application": f"""
        select p.polname from ({TENANTS}) t join pg_policy p on p.polrelid = t.oid
         where p.polname <> 'tenant' and p.polpermissive
           and p.polroles && array[0::oid, (select oid from pg_roles where rolname = '{APP_ROLE}')]""",
    "there is an index that begins with county and township": f"""
        select t.relname from ({TENANTS}) t where not exists (
          select from pg_index i
            join pg_attribute a on a.attrelid = t.oid and a.attnum = i.indkey[0] and a.attname = 'county_code'
            join pg_attribute b on b.attrelid = t.oid and b.attnum = i.indkey[1] and b.attname = 'township_code'
           where i.indrelid = t.oid and i.indisvalid and i.indpred is null)""",
    "every foreign key between tenants' tables names county and township": f"""
        select k.conname from pg_constraint k
          join ({TENANTS}) t on t.oid = k.conrelid join ({TENANTS}) u on u.oid = k.confrelid
         where k.contype = 'f' and not (
           array(select attname::text from pg_attribute where attrelid = k.conrelid and attnum = any(k.conkey))
           @> array['county_code', 'township_code'])""",
    "the application owns nothing": f"""
        select name from pg_roles r join (
          select relname name, relowner owner from pg_class union all select proname, proowner from pg_proc
          union all select nspname, nspowner from pg_namespace) o on o.owner = r.oid
         where r.rolname = '{APP_ROLE}'""",
    "the application is no superuser, passes no policy, makes no role, and no role of that kind is lent to it": f"""
        select r.rolname from pg_roles r where pg_has_role('{APP_ROLE}', r.oid, 'member')
           and (r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb or r.rolreplication)""",
    "the application empties no table": f"""
        select c.relname from pg_class c where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
           and has_table_privilege('{APP_ROLE}', c.oid, 'TRUNCATE, TRIGGER, REFERENCES, MAINTAIN')""",
    "the application deletes nothing": f"""
        select c.relname from pg_class c where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
           and has_table_privilege('{APP_ROLE}', c.oid, 'DELETE') and c.relname <> all('{{{",".join(MAY_DELETE)}}}')""",
    "the application does not write the log": f"""
        select c.relname from pg_class c where c.relname ~ '^log_'
           and has_table_privilege('{APP_ROLE}', c.oid, 'INSERT, UPDATE, DELETE')""",
}
"""What holds of the schema: a question that names whatever breaks it."""


def broken(connection: Connection, name: str) -> list[str]:
    return [row[0] for row in connection.execute(FAULTS[name])]  # type: ignore[arg-type]


@pytest.fixture
def owner(own_database_url: str) -> Iterator[Connection]:
    with psycopg.connect(own_database_url, autocommit=True) as connection:
        yield connection


def test_the_schema_is_guarded(owner: Connection) -> None:
    assert {name: found for name in FAULTS if (found := broken(owner, name))} == {}
    in_database = {row[1] for row in owner.execute(TENANTS)}
    assert in_database == {table.name for table in TENANT_TABLES}, "and every table is known to the models"


TABLE = "create table forgotten (county_code text, township_code text{more})"
OWNED = f"create function mine() returns int return 1; grant create on schema public to {APP_ROLE}"
BARE = TABLE.format(more=", unit_id uuid constraint bare_key references units (id)")
VIOLATIONS = [
    ("alter table visits no force row level security", "visits", 0),
    ("alter table cases disable row level security", "cases", 0),
    (TABLE.format(more=""), "forgotten", 0),
    ("drop policy tenant on people", "people", 1),
    ("drop policy tenant on units; create policy tenant on units using (true) with check (true)", "units", 1),
    ("alter policy tenant on notices with check (true)", "notices", 1),
    (TABLE.format(more=""), "forgotten", 1),
    (f"create policy friendly on signoffs to {APP_ROLE} using (true)", "friendly", 2),
    ("create policy friendly on signoffs using (true)", "friendly", 2),
    (TABLE.format(more=", primary key (township_code, county_code)"), "forgotten", 3),
    (TABLE.format(more="") + "; create index on forgotten (county_code)", "forgotten", 3),
    pytest.param(
        "create unique index bare on units (id); " + BARE,
        "bare_key",
        4,
        marks=pytest.mark.one_server("a cluster makes no unique index without the county"),
    ),
    (f"create table forgotten (id int); alter table forgotten owner to {APP_ROLE}", "forgotten", 5),
    (f"{OWNED}; alter function mine owner to {APP_ROLE}", "mine", 5),
    (f"alter role {APP_ROLE} bypassrls", APP_ROLE, 6),
    (f"create role lender bypassrls; grant lender to {APP_ROLE}", "lender", 6),
    (f"grant truncate on people to {APP_ROLE}", "people", 7),
    (f"grant delete on findings to {APP_ROLE}", "findings", 8),
    ("grant delete on findings to public", "findings", 8),
    (f"grant insert on log_event to {APP_ROLE}", "log_event", 9),
    (f"grant update on log_checkpoint to {APP_ROLE}", "log_checkpoint", 9),
]


@pytest.mark.parametrize(("violation", "name", "fault"), VIOLATIONS)
def test_a_violation_is_caught(owner: Connection, violation: str, name: str, fault: int) -> None:
    with owner.transaction(force_rollback=True):
        for statement in violation.split("; "):
            owner.execute(statement)  # type: ignore[arg-type]
        assert name in broken(owner, list(FAULTS)[fault])


def rows_seen(connection: Connection) -> dict[str, int]:
    """How many rows of each table the application sees in this transaction."""
    seen = {}
    for table in TENANT_TABLES:
        row = connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table.name))).fetchone()
        seen[table.name] = int(row[0]) if row else -1
    return seen


@pytest.fixture
def seeded(owner: Connection) -> Connection:
    """Two townships of one county and one of another, a row of each in every table."""
    owner.execute(SHIPPED)  # type: ignore[arg-type]
    for township in ("411421701", "411421702", "411422701"):
        with owner.transaction():
            seed(owner, township)
    return owner


def as_application(connection: Connection, *places: tuple[str, str]) -> dict[str, int]:
    with connection.transaction():
        connection.execute(f"set local role {APP_ROLE}")  # type: ignore[arg-type]
        cluster.enter(connection, **dict(places))
        return rows_seen(connection)


def test_without_a_context_there_are_no_rows(seeded: Connection) -> None:
    """In any table, also on a connection where a context once stood; the log of the nation is everyone's."""
    mine = (("county", "411421"), ("township", "411421701"), ("reach", "township"))
    everything = rows_seen(seeded)
    assert min(everything.values()) >= 3, "there is something to see in every table"
    fresh = as_application(seeded)
    with_context = as_application(seeded, *mine)
    once_more = as_application(seeded)
    assert {n: c for n, c in fresh.items() if c} == {n: c for n, c in once_more.items() if c} == {"log_head": 1}
    assert {n for n, c in with_context.items() if c not in (1, 2)} == set()
    assert min(everything[name] - seen for name, seen in with_context.items()) >= 2
    for part in (mine[:1], mine[1:2], (*mine[1:2], ("reach", "county"))):
        seen = as_application(seeded, *part)
        assert {n: c for n, c in seen.items() if c} == {"log_head": 1}, part


MINE, OTHER = "411421701", "411421702"


def test_nothing_is_written_into_another_township(seeded: Connection) -> None:
    """Whatever the statement says: no insert there, no update of what is there, no row moved there."""
    for table in (t for t in TENANT_TABLES if not t.name.startswith("log_")):
        of_another = ", ".join(f'quote_nullable("{column.name}"::text)' for column in table.columns)
        copied = seeded.execute(
            f"select concat_ws(', ', {of_another}) from {table} where township_code = '{OTHER}' limit 1"
        ).fetchone()  # type: ignore[arg-type]
        assert copied
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        for statement in (
            f"update {table} set township_code = '{OTHER}' where township_code = '{MINE}'",
            f"insert into {table} ({names}) values ({copied[0]})",
        ):
            with seeded.transaction(force_rollback=True):
                seeded.execute(f"set local role {APP_ROLE}")  # type: ignore[arg-type]
                cluster.enter(seeded, county=MINE[:6], township=MINE, reach="township")
                with pytest.raises(psycopg.errors.InsufficientPrivilege), seeded.transaction():
                    seeded.execute(statement)  # type: ignore[arg-type]
                touched = seeded.execute(f"select count(*) from {table} where township_code = '{OTHER}'").fetchone()  # type: ignore[arg-type]
                assert touched == (0,)
