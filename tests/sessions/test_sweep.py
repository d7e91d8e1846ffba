"""Is what is over forgotten, and nothing else, by a role that can forget nothing else?"""

import asyncio
import re
from collections.abc import Iterator

import psycopg
import pytest

from app.sessions import actions
from tests import cluster
from tests.security.strangers import SHIPPED, seed

HERE, THERE = "411421701", "411422701"
LIVING = {
    "sessions": {"expires_at": "now() + interval '1 day'", "revoked_at": "null"},
    "retries": {"created_at": "now()"},
}
TABLES = ("sessions", "retries", "sign_in_failures", "webhook_deliveries")


@pytest.fixture
def owner(own_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection]:
    """A database with three of everything in two townships: long over, over of late, and not over."""
    monkeypatch.setattr(actions, "SWEPT", 2)  # so that it takes more than one turn
    with psycopg.connect(own_database_url, autocommit=True) as connection:
        connection.execute(SHIPPED)  # type: ignore[arg-type]
        for township in (HERE, THERE):
            with connection.transaction():
                seed(connection, township)
                for table in LIVING:
                    copy_row(connection, table, township)
                for over, gone in (("'31 days'", "'91 days'"), ("'29 days'", "'89 days'")):
                    copy_row(connection, "sessions", township, expires_at=f"now() - interval {over}")
                    copy_row(connection, "sessions", township, revoked_at=f"now() - interval {over}")
                    copy_row(connection, "retries", township, created_at=f"now() - interval {gone}")
        connection.execute(
            "insert into sign_in_failures values ('\\x01', now() - interval '1 s'), ('\\x02', now() + interval '1 h')"
        )
        yield connection


def copy_row(connection: psycopg.Connection, table: str, township: str, **changed: str) -> None:
    """A row like the seeded one, with another key."""
    key = {"sessions": "id", "retries": "key"}[table]
    new = LIVING[table] | changed | {key: "gen_random_uuid()"}
    found = connection.execute("select attname from pg_attribute where attrelid = %s::regclass and attnum > 0", [table])
    names = [row[0] for row in found]
    values = ", ".join(new.get(name, name) for name in names)
    connection.execute(
        f"insert into {table} ({', '.join(names)}) select {values} from {table} where township_code = %s limit 1",  # type: ignore[arg-type]
        [township],
    )


def many(connection: psycopg.Connection) -> dict[str, int]:
    return {t: connection.execute(f"select count(*) from {t}").fetchone()[0] for t in TABLES}  # type: ignore[arg-type,index]


def as_the_api(url: str, owner: psycopg.Connection) -> str:
    """The address for a login that owns nothing."""
    if owner.execute("select from pg_roles where rolname = 'huayuan_sweeper'").fetchone() is None:
        owner.execute("create role huayuan_sweeper login in role huayuan_app")
    return re.sub(r"//[^@]*@", "//huayuan_sweeper@", url)


def test_what_is_over_is_forgotten_and_nothing_else(owner, own_database_url):
    before = many(owner)
    url = as_the_api(own_database_url, owner)
    gone = {"sessions": 2 * 3, "retries": 2 * 2, "sign_in_failures": 1, "webhook_deliveries": 2}
    # the seeded rows are of 2017
    assert asyncio.run(actions.sweep(url)) == sum(gone.values())
    assert many(owner) == {table: before[table] - gone[table] for table in TABLES}
    assert asyncio.run(actions.sweep(url)) == 0, "what is left is not over"
    (ended,) = owner.execute(
        "select count(*) from sessions where least(expires_at, coalesce(revoked_at, expires_at)) < now()"
    ).fetchone()
    assert ended == 4, "what ended lately is kept for whoever asks what happened"


def test_whoever_sweeps_can_forget_nothing_else(owner, own_database_url):
    """Whatever place he claims; the control is the owner, who may."""
    with psycopg.connect(as_the_api(own_database_url, owner)) as api:
        cluster.enter(api, county=HERE[:6], township=HERE)
        while api.execute("select sweep(1000)").fetchone() != (0,):
            pass
        api.commit()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            api.execute("delete from sessions")
    left = many(owner)
    owner.execute("set role huayuan_sweep")
    assert [owner.execute(f"delete from {t}").rowcount for t in ("sessions", "retries")] == [0, 0]
    owner.execute("reset role")
    assert many(owner) == left
    assert owner.execute("delete from retries").rowcount == left["retries"] > 0
