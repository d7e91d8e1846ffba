"""How does a test get databases on a cluster? The same on every node, and joined; on one server this is nothing."""

import os
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import psycopg
from psycopg import sql

from app import scale

SHARDS = 4


@cache
def nodes(url: str) -> tuple[str, ...]:
    """The address itself, and those of the workers where it names a database of a coordinator."""
    with psycopg.connect(url) as coordinator:
        if coordinator.execute("select to_regclass('pg_dist_node') is not null").fetchone() == (False,):
            return (url,)
        found = coordinator.execute("select nodename, nodeport from pg_dist_node where groupid <> 0").fetchall()
    return (url, *(at(url, host, port) for host, port in found))


@cache
def is_named() -> bool:
    """Do the tests run on one?"""
    url = os.environ.get("HUAYUAN_DATABASE_URL")
    return url is not None and len(nodes(url)) > 1


def at(url: str, host: str, port: int) -> str:
    return re.sub(r"(?<=@)[^/]*", f"{host}:{port}", url)


def make(urls: list[str], migrate: Callable[[str], None]) -> None:
    """The schema in an empty database, or distributed over several of one name, the coordinator's first."""
    if len(urls) > 1:
        join(urls)
    migrate(urls[0])
    if len(urls) > 1:
        distribute(urls[0])


def join(urls: list[str]) -> None:
    """Make one cluster of empty databases, the coordinator's first."""
    for url in urls:
        with psycopg.connect(url, autocommit=True) as node:
            node.execute("create extension citus")
    with psycopg.connect(urls[0], autocommit=True) as coordinator:
        names = [psycopg.conninfo.conninfo_to_dict(url) for url in urls]
        coordinator.execute("select citus_set_coordinator_host(%s, %s)", place(names[0]))
        coordinator.execute("select citus_set_node_property(%s, %s, 'shouldhaveshards', false)", place(names[0]))
        for name in names[1:]:
            coordinator.execute("select citus_add_node(%s, %s)", place(name))


def place(name: dict[str, Any]) -> tuple[str, int]:
    return str(name["host"]), int(name["port"])


def distribute(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as coordinator:
        assert scale.plan(coordinator).obstacles == ()
        assert list(scale.distribute(coordinator, SHARDS))


def settle(url: str) -> None:
    """What a copy of the coordinator's database does not take along."""
    if len(nodes(url)) > 1:
        with psycopg.connect(url, autocommit=True) as coordinator:
            scale.settle(coordinator)


def enter(connection: psycopg.Connection[Any], **context: str) -> None:
    """Set the row-level context of a transaction; `set_config` would not reach the nodes."""
    for name, value in context.items():
        connection.execute(sql.SQL("set local {} = {}").format(sql.Identifier("app", name), sql.Literal(value)))


def quiet(url: str, name: str) -> None:
    """End what is connected to the database, also the cluster's own workers, so that it can be copied."""
    with psycopg.connect(url, autocommit=True) as node:
        node.execute("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s", [name])
