"""Does a worker take a long sheet in constant memory, and each good row once, however often it is killed?"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import psycopg
import pytest
import xlsxwriter

from app.imports import rules
from app.people.rules import check_character
from app.sheets import CSV, XLSX
from tests.conftest import Caller, Township
from tests.endurance.conftest import a_machine
from tests.endurance.machine import CODES
from tests.endurance.report import LONG
from tests.imports.offices import handed_in
from tests.serving import ROOT, SECRET

SIZES = ((10_000, 0), (100_000, 3)) if LONG else ((5_100, 0),)
"""Rows of a sheet, and how often the worker is killed on the way; in short tests/longsheets stops it."""
GROWTH = 16 * 2**20
"""Bytes by which the worker may be larger at its peak for the many rows than for the few."""
HEADER = ["姓名", "身份证号", "人员类别", "任职", "任职时间"]
_codes = count(951)


def people(many: int) -> Iterator[list[str]]:
    """Rows of a roster; every thousandth has a word that nobody knows, every 2,500th the number of the row before."""
    born, number = date(1950, 1, 1), ""
    for n in range(many):
        before = number
        first = f"411421{born + timedelta(n // 999):%Y%m%d}{n % 999 + 1:03}"
        number = first + check_character(first)
        said = before if n % 2_500 == 7 else number
        yield [f"人员{n:06}", said, "天书" if n % 1_000 == 500 else "机关干部", "帮扶责任人", "2015-03-01"]


def good_of(many: int) -> int:
    return many - len(range(500, many, 1_000)) - len(range(7, many, 2_500))


def sheet(folder: Path, many: int, media: str) -> bytes:
    if media == CSV:
        return "\r\n".join(",".join(row) for row in [HEADER, *people(many)]).encode("gb18030")
    book = xlsxwriter.Workbook(folder / "sheet.xlsx", {"constant_memory": True})
    page = book.add_worksheet()
    for at, row in enumerate([HEADER, *people(many)]):
        page.write_row(at, 0, row)
    book.close()
    return (folder / "sheet.xlsx").read_bytes()


class Worker:
    """`huayuan work` in a process of its own."""

    def __init__(self, url: str) -> None:
        named = {"HUAYUAN_DATABASE_URL": url, "HUAYUAN_SECRET": SECRET, "HUAYUAN_PROFILE": "demo"}
        command = [sys.executable, "-m", "app.cli", "work"]
        told = subprocess.DEVNULL
        self.process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **named}, stdout=told, stderr=told)

    def end(self, *, at_once: bool = False) -> None:
        (self.process.kill if at_once else self.process.terminate)()
        self.process.wait(60)

    def size(self) -> int:
        """Bytes that it holds in memory now; the child that reads a workbook is another process, and not counted."""
        return int(psutil.Process(self.process.pid).memory_info().rss)


@contextmanager
def working(url: str) -> Iterator[Worker]:
    worker = Worker(url)
    try:
        yield worker
    finally:
        worker.end()


def exactly_once(url: str, township: str) -> dict[str, int]:
    """What the registers and the ledger hold of the sheet's rows: once each, or more, or not in the other."""
    counts = {
        "people": "select count(*) from people where township_code = %(t)s and name ~ '^人员[0-9]'",
        "doubled people": "select count(*) from (select name from people where township_code = %(t)s"
        " and name ~ '^人员[0-9]' group by name having count(*) > 1) d",
        "appointments": "select count(*) from appointments a"
        " join people p on (p.county_code, p.id) = (a.county_code, a.person_id)"
        " where a.township_code = %(t)s and p.name ~ '^人员[0-9]'",
        "entries of people": "select count(*) from log_event e"
        " join people p on (p.county_code, p.id) = (e.county_code, e.subject_id)"
        " where e.township_code = %(t)s and e.event = 'person.created' and p.name ~ '^人员[0-9]'",
        "rows told imported": "select count(*) from import_outcomes"
        " where township_code = %(t)s and outcome = 'imported'",
    }
    with psycopg.connect(url) as connection:
        return {name: connection.execute(query, {"t": township}).fetchone()[0] for name, query in counts.items()}  # type: ignore[arg-type,index]


def each_once(good: int) -> dict[str, int]:
    return {
        "people": good, "doubled people": 0, "appointments": good, "entries of people": good,
        "rows told imported": good,
    }  # fmt: skip


def imported(caller: Caller, url: str, content: bytes, media: str, kills: int) -> tuple[str, int, float, int]:
    """Its id, the worker's peak, seconds, and how often it was killed on the way."""
    began = time.monotonic()
    made = handed_in(caller, content, "roster", media, mode="independent", dry_run=False)
    assert made["long"]
    killed, peak = 0, 0
    while True:
        with working(url) as worker:
            goal = None if killed == kills else killed / (kills + 1)
            while (now := standing(url, made["id"]))[0] in ("received", "running"):
                peak = max(peak, worker.size())
                _, rows, progress, copied = now
                reached = 0.0 if rows is None else progress / rows
                if goal is not None and (reached > goal or (goal == 0 and copied)):
                    worker.end(at_once=True)
                    killed += 1
                    break
                time.sleep(0.1)
        if now[0] not in ("received", "running"):
            return made["id"], peak, time.monotonic() - began, killed


def standing(url: str, id: str) -> tuple[str, int | None, int, bool]:
    """State, rows, progress, and whether some rows are copied: by SQL, for a token ends before a long sheet."""
    query = (
        "select state, rows, progress, exists (select from import_rows r where r.county_code = i.county_code"
        " and r.import_id = i.id) from imports i"
    )
    with psycopg.connect(url) as connection:
        found = connection.execute(query + " where id = %s", [id]).fetchone()
    assert found is not None
    return found[0], found[1], found[2], found[3]


@pytest.mark.parametrize("media", [CSV, XLSX] if LONG else [CSV], ids=lambda media: "csv" if media == CSV else "xlsx")
def test_imports(service: Any, figures: dict[str, Any], media: str, request: pytest.FixtureRequest) -> None:
    """100,000 rows in the memory of 10,000, each good row once, though the worker is killed three times."""
    peaks, url = [], service.database_url
    for many, kills in SIZES:
        code = f"411421{next(_codes)}"
        place = Township(service, code)
        with TemporaryDirectory() as folder:
            content = sheet(Path(folder), many, media)
        id_, peak, seconds, killed = imported(place.office("leading_group_office"), url, content, media, kills)
        peaks.append(peak)
        good = good_of(many)
        with psycopg.connect(url) as connection:
            told = connection.execute("select state, imported, bad from imports where id = %s", [id_]).fetchone()
        assert told == ("done", good, many - good)
        found = exactly_once(url, code)
        assert found == each_once(good)
        figures |= {
            f"{many:,} rows: MiB of the file": round(len(content) / 2**20, 1),
            f"{many:,} rows: MiB of the worker at its peak": round(peak / 2**20),
            f"{many:,} rows: seconds": round(seconds),
            f"{many:,} rows: rows imported, and refused": [good, many - good],
            f"{many:,} rows: worker killed": killed,
        }  # fmt: skip
        assert killed == kills
        _control(url, code, found)
    assert peaks[-1] - peaks[0] < GROWTH


STRIKES = 3 if LONG else 1
"""How often PostgreSQL is killed under a worker."""


def test_imports_outlive_postgresql(figures: dict[str, Any]) -> None:
    """PostgreSQL killed under the worker and started again: the worker waits and goes on, each row once."""
    many = 20_000 if LONG else 5_100
    with a_machine() as machine, TemporaryDirectory() as folder:
        code = next(CODES)
        office = machine.township(code).office("leading_group_office")
        made = handed_in(office, sheet(Path(folder), many, CSV), "roster", CSV, mode="independent", dry_run=False)
        worker, strikes, ended = Worker(machine.url), 0, 0
        try:
            while (now := standing(machine.url, made["id"]))[0] in ("received", "running"):
                _, rows, progress, copied = now
                if strikes < STRIKES and copied and progress >= (rows or 0) * strikes / STRIKES:
                    machine.kill_postgresql()
                    time.sleep(1)
                    machine.start_postgresql()
                    strikes += 1
                if worker.process.poll() is not None:
                    worker, ended = Worker(machine.url), ended + 1
                time.sleep(0.1)
        finally:
            worker.end()
        good = good_of(many)
        found = exactly_once(machine.url, code)
        figures |= {"rows": many, "PostgreSQL killed": strikes, "worker ended by that": ended, "found": found}
        assert (strikes, ended) == (STRIKES, 0)
        assert found == each_once(good)


AT_ONCE = rules.AT_ONCE if LONG else 500


def test_imports_at_once(service: Any, figures: dict[str, Any]) -> None:
    """All or nothing: as many good rows as one transaction takes, and with one bad row none of them."""
    code = f"411421{next(_codes)}"
    office = Township(service, code).office("leading_group_office")
    rows = [row for row in people(2 * AT_ONCE) if row[2] != "天书"]
    seen: dict[str, list[str]] = {}
    good = [row for row in rows if seen.setdefault(row[1], row) is row][:AT_ONCE]

    def handed(*lines: list[str]) -> tuple[dict[str, Any], float]:
        content = "\r\n".join(",".join(row) for row in [HEADER, *lines]).encode()
        began = time.monotonic()
        made = handed_in(office, content, "roster", CSV, dry_run=False)
        return made, round(time.monotonic() - began, 2)

    refused, took_to_refuse = handed(*good[:-1], [*good[-1][:2], "天书", *good[-1][3:]])
    assert (refused["state"], refused["bad"], refused["imported"]) == ("checked", 1, 0)
    assert exactly_once(service.database_url, code)["people"] == 0
    done, took = handed(*good)
    figures |= {"rows": AT_ONCE, "seconds, all imported": took, "seconds, one bad and none imported": took_to_refuse}
    assert (done["state"], done["imported"]) == ("done", AT_ONCE)
    assert exactly_once(service.database_url, code) == each_once(AT_ONCE)


def _control(url: str, code: str, found: dict[str, int]) -> None:
    """One person twice, one entry's person gone: the count must tell both."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "insert into people (county_code, township_code, id, version, created_at, fingerprint, name, category,"
            " management_authority, party_membership) select county_code, township_code, gen_random_uuid(), version,"
            " created_at, fingerprint, name, category, management_authority, party_membership from people"
            " where township_code = %s and name ~ '^人员[0-9]' limit 1", [code],
        )  # fmt: skip
    told = exactly_once(url, code)
    assert told["people"] == found["people"] + 1 and told["doubled people"] == 1
