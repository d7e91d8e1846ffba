"""Does the verifier find what somebody who owns the database did to it, and never cry wolf?

All it is given are exported files and a checkpoint that left the house before. The one who edits owns everything
else: he makes every stored hash fit where he cares to, and takes back what the service remembers to have signed, so
that it signs his forgery. He edits what lies before that checkpoint: what nobody outside has seen, nobody can miss.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from app import note
from app.ledger.actions import HistoryRewritten, export, sign_county
from app.vault import Vault
from tests import bulk
from tests.endurance.report import LONG
from tests.verify.test_trees import accepted
from verify.huayuan_verify import Checkpoint, Key, Trust, Untrue, whole_log

COUNTY, LOG = "411421", "411421701"
VAULT = Vault(b"d" * 32)
SIGNER = VAULT.signer(f"huayuan/{LOG}")
TRUST = Trust(Key.of(SIGNER.vkey))
ROUNDS = 1_200 if LONG else 12
SEEN, SIZE = 520, 620
"""Entries at the checkpoint that is kept outside, and at the next one: more than two tiles, and some more."""
Rows = list[bulk.Row]


def changed(rows: Rows, at: int, chance: random.Random) -> Rows:
    """An entry says something else: its leaf, or what is filed or disclosed beside it."""
    entry, moment, leaf, disclosed = rows[at]
    kinds: list[Callable[[], bulk.Row]] = [
        lambda: (entry, moment, leaf.replace(b'"number":', b'"number":1'), disclosed),
        lambda: (entry, moment, leaf[:-1] + b',"z":0}', disclosed),
        lambda: (replace(entry, event="visit.withdrawn"), moment, leaf, disclosed),
        lambda: (replace(entry, helper=entry.household), moment, leaf, disclosed),
        lambda: (replace(entry, household=None), moment, leaf, disclosed),
        lambda: (entry, rows[at - 1][1], leaf, disclosed),
    ]
    if disclosed:
        kinds.append(lambda: (entry, moment, leaf, disclosed.replace("走访", "未走访")))
    return [*rows[:at], chance.choice(kinds)(), *rows[at + 1 :]]


def deleted(rows: Rows, at: int, chance: random.Random) -> Rows:
    return rows[:at] + rows[at + 1 :]


def inserted(rows: Rows, at: int, chance: random.Random) -> Rows:
    return [*rows[:at], rows[chance.randrange(SEEN)], *rows[at:]]


def swapped(rows: Rows, at: int, chance: random.Random) -> Rows:
    other = chance.choice([i for i in range(SEEN) if i != at])
    copy = list(rows)
    copy[at], copy[other] = copy[other], copy[at]
    return copy


def truncated(rows: Rows, at: int, chance: random.Random) -> Rows:
    return rows[:at]


def restored(rows: Rows, at: int, chance: random.Random) -> Rows:
    """An old backup, after which life went on: as long as before, and another story."""
    return rows[:at] + list(bulk.entries(LOG, len(rows) - at, chance))


EDITS = (changed, deleted, inserted, swapped, truncated, restored)


@dataclass
class House:
    """The database of the one who edits, and the files that he hands out."""

    url: str
    folder: Path

    def put(self, rows: Rows, *, forget: bool = True) -> None:
        """These are now the log's entries, with hashes, tiles and head that fit."""
        with psycopg.connect(self.url) as owner:
            bulk.load(owner, LOG, rows)
            if forget:
                owner.execute("delete from log_checkpoint")

    def put_without_hashes(self, rows: Rows) -> None:
        """The entries alone are changed; of the hashes, those of each leaf fit at the most."""
        with psycopg.connect(self.url) as owner:
            kept = [owner.execute(f"select * from {table}").fetchall() for table in ("log_head", "log_tile")]
            bulk.load(owner, LOG, rows)
            for table, before in zip(("log_head", "log_tile"), kept, strict=True):
                owner.execute(f"delete from {table}")
                for row in before:
                    owner.execute(f"insert into {table} values ({', '.join(['%s'] * len(row))})", row)

    def sign(self) -> bool:
        """Does the service sign what it holds?"""
        try:
            asyncio.run(sign_county(self.url, VAULT, "huayuan", COUNTY, None))
        except HistoryRewritten:
            return False
        return True

    def handed_out(self) -> tuple[list[str], Checkpoint]:
        """The newest checkpoint and the entries it covers, as files."""
        asyncio.run(export(self.url, LOG, self.folder, disclosed=True))
        lines = (self.folder / "entries.ndjson").read_text("utf-8").splitlines()
        return lines, TRUST.checkpoint((self.folder / "checkpoint").read_text("utf-8"))


def why_untrue(lines: list[str], now: Checkpoint, *earlier: Checkpoint) -> str | None:
    try:
        whole_log(lines, now, earlier)
    except Untrue as error:
        return str(error)
    return None


def said(tree: bulk.Tree, size: int) -> Checkpoint:
    """The checkpoint that was signed when the log was that long, read from its note."""
    return TRUST.checkpoint(note.checkpoint(SIGNER, size, tree.subtree(0, size)))


def test_tamper(own_database_url: str, tmp_path: Path, figures: dict[str, Any]) -> None:
    """Edits by the database's owner are found by the verifier, from files and one older checkpoint."""
    chance, house = random.Random(8), House(own_database_url, tmp_path)
    honest = list(bulk.entries(LOG, SIZE, chance))
    with psycopg.connect(own_database_url) as owner:
        owner.execute("select log_open(%s, %s)", [COUNTY, COUNTY])
    witnessed = said(bulk.Tree.over(row[2] for row in honest), SEEN)
    found, alarms, refused, unseen_without = Counter[str](), 0, 0, 0
    for number in range(ROUNDS):
        house.put(honest)
        if number % 10 == 0:
            assert house.sign()
            alarms += why_untrue(*house.handed_out(), witnessed) is not None
        edit, thorough = EDITS[number % len(EDITS)], chance.random() < 0.7
        forged = edit(honest, chance.randrange(1, SEEN), chance)
        assert forged != honest
        if thorough:
            house.put(forged)
        else:
            house.put_without_hashes(forged)
        refused += not (signed := house.sign())
        if signed:
            lines, now = house.handed_out()
            found[edit.__name__] += why_untrue(lines, now, witnessed) is not None
            unseen_without += why_untrue(lines, now) is None
        else:
            found[edit.__name__] += 1
    assert sum(found.values()) == ROUNDS
    assert alarms == 0
    assert unseen_without > ROUNDS // 4, "it is the older checkpoint that tells: without it forgeries pass"
    figures |= {
        "edits": ROUNDS, "edits_found": sum(found.values()),
        "by_kind": ", ".join(f"{kind} {count}" for kind, count in sorted(found.items())),
        "edits_that_the_service_itself_refused_to_sign": refused,
        "edits_that_would_pass_without_the_older_checkpoint": unseen_without,
        "honest_logs_checked_in_between": -(-ROUNDS // 10), "false_alarms": alarms,
    }  # fmt: skip


def test_a_service_that_remembers_signs_no_forgery(own_database_url: str, tmp_path: Path) -> None:
    """Where only the log was edited and not what was signed of it."""
    chance, house = random.Random(9), House(own_database_url, tmp_path)
    honest = list(bulk.entries(LOG, SIZE, chance))
    with psycopg.connect(own_database_url) as owner:
        owner.execute("select log_open(%s, %s)", [COUNTY, COUNTY])
    house.put(honest[:SEEN])
    assert house.sign()
    house.put(honest, forget=False)
    assert house.sign(), "an honest log goes on"
    for edit in (deleted, inserted, swapped, truncated, restored):
        house.put(edit(honest, chance.randrange(1, SEEN), chance), forget=False)
        assert not house.sign(), edit.__name__


TAMPERS = 10_000 if LONG else 200


def test_one_bit_tampers(figures: dict[str, Any]) -> None:
    """Proofs of trees up to 129 leaves with one bit changed, of a hash, a root or a place: all are refused."""
    for kind in ("inclusion", "consistency"):
        wrongly = accepted(kind, TAMPERS)
        figures |= {f"{kind}_proofs_tampered_with": TAMPERS, f"{kind}_proofs_refused": TAMPERS - wrongly}
        assert wrongly == 0


HONEST, EACH = (1_000_000, 100_000) if LONG else (5_000, 5_000)


def test_honest_logs(own_database_url: str, tmp_path: Path, figures: dict[str, Any]) -> None:
    """Exported logs that nobody touched: every disclosed value, every entry and three older checkpoints are checked."""
    chance, house, alarms, rates, clocks = random.Random(10), House(own_database_url, tmp_path), 0, [], []
    with psycopg.connect(own_database_url) as owner:
        owner.execute("select log_open(%s, %s)", [COUNTY, COUNTY])
    for _ in range(HONEST // EACH):
        rows = list(bulk.entries(LOG, EACH, chance))
        house.put(rows)
        assert house.sign()
        lines, now = house.handed_out()
        tree = bulk.Tree.over(row[2] for row in rows)
        earlier = [said(tree, size) for size in sorted(chance.sample(range(1, EACH), 3))]
        clock, cpu = time.perf_counter(), time.process_time()
        alarms += why_untrue(lines, now, *earlier) is not None
        rates.append(EACH / (time.process_time() - cpu))
        clocks.append(EACH / (time.perf_counter() - clock))
        lines[EACH // 2] = lines[EACH // 2].replace("411421701", "411421702", 1)
        assert why_untrue(lines, now), "the alarm works"
    assert alarms == 0
    figures |= {
        "honest_entries": HONEST, "logs": HONEST // EACH, "false_alarms": alarms,
        "entries_a_second_of_one_core_median": round(median(rates)),
        "entries_a_second_by_the_clock_median": round(median(clocks)),
        "entries_a_second_by_the_clock_slowest": round(min(clocks)),
    }  # fmt: skip
