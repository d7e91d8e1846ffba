"""What do the tables and the ledger say? Read beside the service, as the owner of everything."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import psycopg

from app import main, merkle
from app.reading import RESOURCES

assert main.FEATURES, "with them all resources are known"
KEPT = {
    resource.name: resource.table.__tablename__
    for resource in RESOURCES
    if resource.name not in {"helpers", "accounts"} and "version" in resource.table.__table__.columns  # type: ignore[attr-defined]
}
"""Every kind of record that has versions, and its table. Helpers are people; accounts stand in the county's log."""

Version = tuple[str, str, int]
"""Kind of record, id, version."""


@dataclass(frozen=True)
class Books:
    """One township's versions of records and its whole log, of one moment."""

    written: Counter[Version]
    """What the tables hold: every version that each record has had."""
    leaves: list[dict[str, Any]]
    torn: int
    """Versions of records without just one entry, and entries without their version."""
    gaps: int
    """Sequence numbers missing from the log, or beyond its head."""
    root_holds: bool
    """Does the tree over all leaves, built anew, have the root of the log's head?"""

    @classmethod
    def of(cls, connection: psycopg.Connection[Any], township: str) -> "Books":
        with connection.transaction():
            connection.execute("set transaction isolation level repeatable read")
            versions = " union all ".join(
                f"select '{name}', id::text, generate_series(1, version) from {table} where township_code = %(code)s"
                for name, table in KEPT.items()
            )
            named = {"code": township}
            written = Counter(connection.execute(versions, named).fetchall())  # type: ignore[arg-type]
            log = connection.execute(
                "select seq, leaf from log_event where township_code = %(code)s order by seq", named
            ).fetchall()
            head = connection.execute(
                "select size, root from log_head where township_code = %(code)s", named
            ).fetchone()
        assert head is not None
        leaves = [json.loads(leaf) for _, leaf in log]
        told = Counter(of_version(leaf) for leaf in leaves if leaf["subject"]["type"] in KEPT)
        return cls(
            written,
            leaves,
            torn=((written - told) + (told - written)).total(),
            gaps=len(set(range(head[0])) ^ {seq for seq, _ in log}),
            root_holds=merkle.root(merkle.leaf_hash(leaf) for _, leaf in log) == head[1],
        )


def of_version(leaf: dict[str, Any]) -> Version:
    subject = leaf["subject"]
    return subject["type"], subject["id"], subject["version"]
