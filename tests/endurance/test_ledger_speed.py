"""What do proofs and the log itself cost? Measured, never asserted: the machine is shared."""

import asyncio
import os
import random
import time
from statistics import median, quantiles
from typing import Any
from uuid import uuid4

import asyncpg
import psycopg

from app.database import Database
from app.ledger import actions, schemas
from app.merkle import verify_consistency, verify_inclusion
from tests import bulk
from tests.endurance.machine import Machine
from tests.endurance.report import LONG

COUNTY, LOG = "411421", "411421701"
ENTRIES, PROOFS = (100_000, 2_000) if LONG else (3_000, 40)


def milliseconds(seconds: list[float]) -> dict[str, float]:
    cuts = quantiles(seconds, n=100)
    return {
        "p10_ms": round(cuts[9] * 1000, 2),
        "p50_ms": round(cuts[49] * 1000, 2),
        "p99_ms": round(cuts[98] * 1000, 2),
    }


class Watch:
    """How long something took by the clock, and how much of that this process worked."""

    def __init__(self) -> None:
        self.clock, self.work = list[float](), list[float]()

    def __enter__(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        clock, work = self._began
        self.clock.append(time.perf_counter() - clock)
        self.work.append(time.process_time() - work)


async def proofs(database: Database, tree: bulk.Tree, chance: random.Random) -> dict[str, Watch]:
    """Each proof, from the pool's connection to the hashes in hand; each is verified."""
    took = {"inclusion": Watch(), "consistency": Watch()}
    whole = tree.subtree(0, tree.size)
    await actions.inclusion(database, LOG, schemas.InclusionQuery(index=0, size=tree.size))
    for _ in range(PROOFS):
        at = chance.randrange(1, tree.size)
        with took["inclusion"]:
            found = await actions.inclusion(database, LOG, schemas.InclusionQuery(index=at, size=tree.size))
        assert verify_inclusion(tree.levels[0][at], at, tree.size, found.hashes, whole)
        with took["consistency"]:
            grown = await actions.consistency(database, LOG, schemas.ConsistencyQuery(old=at, size=tree.size))
        old_root = bytes.fromhex(str(grown.about["old_root"]))
        assert verify_consistency(at, tree.size, old_root, whole, grown.hashes)
    return took


def test_proofs(own_database_url: str, figures: dict[str, Any]) -> None:
    """Proofs of random entries and of growth since random sizes, one after another: statements and hashing."""
    chance = random.Random(12)
    with psycopg.connect(own_database_url) as owner:
        tree = bulk.load(owner, LOG, bulk.entries(LOG, ENTRIES, chance))
    with psycopg.connect(own_database_url, autocommit=True) as owner:
        owner.execute("vacuum analyze log_event, log_tile")

    async def measured() -> dict[str, Watch]:
        database = Database(own_database_url, 2)
        await database.open()
        try:
            return await proofs(database, tree, chance)
        finally:
            await database.close()

    took = asyncio.run(measured())
    figures |= {"entries": ENTRIES, "proofs_of_each_kind": PROOFS, "load_of_the_machine": round(os.getloadavg()[0], 1)}
    for kind, watch in took.items():
        figures |= {f"{kind}_{name}": value for name, value in milliseconds(watch.clock).items()}
        figures |= {f"{kind}_of_the_process_{name}": value for name, value in milliseconds(watch.work).items()}


# ── what the log costs ───────────────────────────────────────────────────────────────────────────

TOWNSHIPS = 16
PASSES, SECONDS = (10, 3.0) if LONG else (1, 0.4)
WORK = """
create function work(p_county text, p_township text, p_id uuid, p_leaves bytea[]) returns void language plpgsql as $$
begin
  perform set_config('app.county', p_county, true), set_config('app.township', p_township, true),
          set_config('app.reach', 'township', true);
  insert into units (county_code, township_code, id, version, created_at, fingerprint, name, level)
  values (p_county, p_township, p_id, 1, now(), '', p_id::text, 'township');
  perform finish(left(p_township, 6), p_township, p_id,
    json_build_object('operation', 'POST /v1/units', 'key', p_id, 'fingerprint', '', 'status', 201, 'body', '{}',
                      'headers', json_build_object())::text,
    p_leaves, array['unit.created'], array[p_id], array[null::uuid], array[null::uuid], array[null::text], now());
end $$
"""
"""A command as PostgreSQL sees it: the record, the stored answer, and last the entry, where there is one."""


async def commands(connections: list[asyncpg.Connection], leaf: bytes | None) -> float:
    """How many commands a second 16 townships do at once, each on its own connection."""
    until, done = time.perf_counter() + SECONDS, 0
    leaves = [] if leaf is None else [leaf]

    async def one(number: int, connection: asyncpg.Connection) -> None:
        nonlocal done
        while time.perf_counter() < until:
            await connection.execute("select work($1, $2, $3, $4)", COUNTY, f"{COUNTY}{701 + number}", uuid4(), leaves)
            done += 1

    began = time.perf_counter()
    await asyncio.gather(*(one(number, connection) for number, connection in enumerate(connections)))
    return done / (time.perf_counter() - began)


async def taken_in_turn(url: str, leaf: bytes) -> tuple[list[float], list[float]]:
    """Commands a second with and without the log, in passes that alternate, so that the machine's moods meet both."""
    connections = [await asyncpg.connect(url) for _ in range(TOWNSHIPS)]
    for connection in connections:
        await connection.execute("set role huayuan_app")
    with_log, without = [], []
    for number in range(PASSES):
        for logged in ((True, False), (False, True))[number % 2]:
            (with_log if logged else without).append(await commands(connections, leaf if logged else None))
    for connection in connections:
        await connection.close()
    return with_log, without


def test_throughput_with_the_log(machine: Machine, figures: dict[str, Any]) -> None:
    """Commands of 16 townships at once, committed to disk, with their entries and without, in alternating passes."""
    (_, _, leaf, _), *_ = bulk.entries(LOG, 1, random.Random(13))
    with machine.connect() as owner:
        owner.execute(WORK)
        for number in range(TOWNSHIPS):
            owner.execute("select log_open(%s, %s)", [COUNTY, f"{COUNTY}{701 + number}"])
    with_log, without = asyncio.run(taken_in_turn(machine.url, leaf))
    with machine.connect() as owner:
        row = owner.execute(
            "select sum(size), (select count(*) from units), (select count(*) from log_event) from log_head"
        )
        entries, units, stored = row.fetchone() or ()
        assert entries == stored <= units, "every command did its work"
        assert entries > 0
        for name in ("fsync", "synchronous_commit"):
            assert owner.execute(f"show {name}").fetchone() == ("on",)
    shares = [a / b for a, b in zip(with_log, without, strict=True)]
    figures |= {
        "townships": TOWNSHIPS, "passes_of_each": PASSES, "seconds_of_a_pass": SECONDS, "entries": int(entries),
        "commands_a_second_with_the_log": round(median(with_log)),
        "commands_a_second_without": round(median(without)),
        "share_that_remains_median": round(median(shares), 2),
        "share_that_remains_least": round(min(shares), 2), "load_of_the_machine": round(os.getloadavg()[0], 1),
    }  # fmt: skip
