"""What does a request cost as the work grows? One database that grows tenfold at a time and is kept at each size.

All sizes are measured in one run, in rounds that take turns, so that ratios are of the same minutes. The township
asked for is one of a county's twenty, the county one of four; townships, helpers and households stay as many, entries
become more, as in ten years of work.
"""

import argparse
import asyncio
import http.client
import itertools
import random
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg

from app import embedded
from app.places.actions import load_divisions
from app.reading import write_cursor
from bench import history, nation, page, servers
from bench.caller import closed, request
from bench.compare import Requests, quantile, spread
from bench.ground import (
    COUNTY,
    MEASURES_TO_BEGIN,
    REGISTERS,
    TOWNSHIP,
    Ground,
    adopted,
    bearing,
    environment,
    fill,
    standing_on,
)
from bench.servers import Server

COUNTIES = (COUNTY, "411422", "411423", "411424")
SMALLEST, USUAL = 10_000, 1_000_000
HELPERS, HOUSEHOLDS = 75, 750
"""Of a township: 3 million helpers and 30 million households of the nation over its 41,352 townships."""
MEASURES = 30_000
"""A measure is begun once, so there must be as many as one run begins."""
YEAR = 2017
"""Of the proposals: the year of which the regulation has a rule."""
CONNECTIONS = 4
GOAL = 1.3
KINDS = (
    "one record", "page of 50", "visit recorded", "transition", "proposal of a helper's year", "newest entries, 50",
    "feed of a county, newest 50", "own households, 50", "anywhere in the visits, 50", "entries anywhere in a log, 50",
)  # fmt: skip
"""The last two read what nobody has read for long: rows of one township lie scattered among those of all."""
FILES = ("ledger of helpers", "entries of a log")
BEFORE = """
insert into annual_evaluations (county_code, township_code, id, version, created_at, fingerprint, state, state_since,
                                year, helper_id)
select county_code, township_code, uuidv7(), 1, now(), '', 'pending', now(), {year}, id from people
 where township_code = '{township}' and name like '帮扶人%';
insert into accounts (county_code, township_code, id, version, created_at, fingerprint, kind, login, secret_hash, scopes)
select left('{township}', 6), left('{township}', 6), uuidv7(), 1, now(), '', 'client', 'feed', '-', '{{read,events}}'
"""


# ── the database, grown ──────────────────────────────────────────────────────────────────────────


def name_of(size: int) -> str:
    return f"grown_{size}"


def grown(server: str, sizes: list[int]) -> None:
    """A database of each size, grown from a copy of the one before."""
    there, before = _databases(server), "template0"
    for size in sizes:
        url = embedded.database(server, name_of(size), before)
        if not there and before == "template0":
            _founded(url)
        began = time.perf_counter()
        if put := history.grow(url, size):
            with psycopg.connect(url, autocommit=True) as owner:
                owner.execute("vacuum analyze")
                owner.execute("checkpoint")
            print(f"{size:,} entries: {put:,} put in, {time.perf_counter() - began:.0f} s", flush=True)
        before = name_of(size)


def _databases(server: str) -> set[str]:
    with psycopg.connect(server) as owner:
        return {row[0] for row in owner.execute("select datname from pg_database where datname like 'grown%'")}


def _founded(url: str) -> None:
    """Schema, the townships of four counties with their registers, and who will ask."""
    adopted(url, COUNTY, [COUNTY])
    load_divisions(url)
    with psycopg.connect(url) as owner:
        places = [
            row[0]
            for row in owner.execute(
                "select code from divisions where left(code, 6) = any(%s) and length(code) = 9", [list(COUNTIES)]
            )
        ]
    adopted(url, COUNTY, places)
    with psycopg.connect(url) as owner:
        fill(owner, REGISTERS, places, helpers=HELPERS, households=HOUSEHOLDS)
    with psycopg.connect(url) as owner:
        statements = MEASURES_TO_BEGIN + BEFORE
        fill(owner, statements, places, measures=MEASURES, households=HOUSEHOLDS, year=YEAR)


def nation_loaded(server: str) -> dict[str, Any]:
    """What the nation's list of divisions takes as it ships, into a database that has none, and a second time."""
    url = embedded.database(server, "nation")
    subprocess.run([sys.executable, "-m", "app.cli", "migrate"], check=True, env=environment(url))
    told: dict[str, Any] = {}
    for when in ("first", "again"):
        began = time.perf_counter()
        told[when] = {"places": load_divisions(url), "seconds": round(time.perf_counter() - began, 1)}
    with psycopg.connect(url) as owner:
        ((told["villages"],),) = owner.execute("select count(*) from divisions where length(code) = 12").fetchall()
    with psycopg.connect(server, autocommit=True) as owner:
        owner.execute("drop database nation")
    return told


# ── what is asked ────────────────────────────────────────────────────────────────────────────────


def cursor(text: str) -> dict[str, str]:
    return {"cursor": write_cursor(text)}


class Asked(Requests):
    """Endless requests of each kind of one database."""

    def __init__(self, place: Ground, number: int) -> None:
        super().__init__(place)
        self._chance = random.Random(number)
        here = [COUNTY, TOWNSHIP]
        with psycopg.connect(place.url) as owner:
            heads = owner.execute(
                "select township_code, size from log_head where county_code = %s", [COUNTY]
            ).fetchall()
            self._heads = {log: size for log, size in heads if len(log) == 9}
            loaded = "select max(seq) from log_event where (county_code, township_code) = (%s, %s) and at < %s"
            end = history.BEGAN + history.STEP * number
            ((self._newest_loaded,),) = owner.execute(loaded, [*here, end]).fetchall()
            ((client,),) = owner.execute("select id from accounts where kind = 'client'").fetchall()
            found = owner.execute(
                "select id, version from annual_evaluations where county_code = %s and township_code = %s", here
            ).fetchall()
        self._county = bearing(client, COUNTY)
        self._evaluations = itertools.cycle([[str(id_), version] for id_, version in found])
        self._begun = f"growth-{number}-{time.time_ns()}"

    def _anywhere(self) -> bytes:
        after = self._place.visits[self._chance.randrange(max(1, len(self._place.visits) - 60))]
        return request("GET", f"/v1/visits?{urlencode(cursor(after))}", self._place.headers)

    def _proposal(self) -> bytes:
        evaluation = next(self._evaluations)
        headers = self._place.headers | {"If-Match": f'"{evaluation[1]}"'} | self._key()
        evaluation[1] += 1
        return request("POST", f"/v1/annual-evaluations/{evaluation[0]}/propose", headers, {})

    def _newest(self) -> bytes:
        """Of what was loaded: what requests leave is larger, and a database that was measured before has more of it."""
        return self._entries(self._newest_loaded - 51)

    def _entries(self, after: int | None = None) -> bytes:
        after = self._chance.randrange(self._heads[TOWNSHIP] - 50) if after is None else after
        return request("GET", f"/v1/ledger/{TOWNSHIP}/entries?{urlencode(cursor(str(after)))}", self._place.headers)

    def _feed(self) -> bytes:
        at = [f"{log[6:]}:{size - 3}" for log, size in self._heads.items()]
        asked = cursor(",".join([COUNTY, *at])) | {"limit": "50"}
        return request("GET", f"/v1/events?{urlencode(asked)}", self._county)

    def _own(self) -> bytes:
        return request("GET", "/v1/households", self._place.helpers[next(self._households)])

    def _key(self) -> dict[str, str]:
        return {"Idempotency-Key": f"{self._begun}-{next(self._keys)}"}


# ── what it costs ────────────────────────────────────────────────────────────────────────────────


def cpu_of(pid: int) -> float:
    """Seconds that a process ran, to the nanosecond; 0 where it is gone."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except FileNotFoundError:
        return 0


@dataclass
class Subject:
    """One database with its service, and how its work is counted."""

    size: int
    place: Ground
    server: Server
    asked: Asked
    watch: psycopg.Connection[Any]

    @classmethod
    def begun(cls, server_url: str, size: int, held: ExitStack) -> "Subject":
        url = embedded.database(server_url, name_of(size))
        place = standing_on(url)
        server = Server.start("huayuan", place.environment)
        held.callback(server.stop)
        watch = held.enter_context(psycopg.connect(url, autocommit=True))
        return cls(size, place, server, Asked(place, size), watch)

    def used(self) -> tuple[float, float]:
        """Seconds of CPU so far: of the API, and of PostgreSQL's processes that serve it."""
        backends = self.watch.execute(
            "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
        ).fetchall()
        return cpu_of(self.server.process.pid), sum(cpu_of(pid) for (pid,) in backends)

    async def measure(self, kind: str, lasting: float) -> dict[str, float]:
        """One kind for a while: microseconds of CPU a request, milliseconds of waiting."""
        before = self.used()
        took = await closed(self.server.port, self.asked.of(kind), CONNECTIONS, lasting)
        api, postgres = (after - then for after, then in zip(self.used(), before, strict=True))
        if set(took.statuses) - {200, 201}:
            raise AssertionError(f"{kind} at {self.size:,} entries: answered {took.statuses}")
        many = len(took.seconds)
        return {
            "cpu_us": (api + postgres) / many * 1e6, "api_us": api / many * 1e6, "postgres_us": postgres / many * 1e6,
            "p50_ms": quantile(took.seconds, 0.5) * 1e3, "p99_ms": quantile(took.seconds, 0.99) * 1e3,
        }  # fmt: skip

    def file(self, which: str) -> dict[str, float]:
        """A list as CSV: rows, entries it tells of, CPU, and by how much the worker was larger at its peak."""
        pid = self.server.process.pid
        Path(f"/proc/{pid}/clear_refs").write_text("5")
        year, entries = self._told_by(which)
        before, stood = self.used(), resident(pid, "VmRSS")
        received, end = self._received(f"/v1/ledgers/helpers?year={year}" if year else f"/v1/ledger/{TOWNSHIP}/entries")
        if b"complete" not in end:
            raise AssertionError(f"{which} at {self.size:,} entries: cut short")
        used = sum(self.used()) - sum(before)
        return {
            "entries": entries, "mb": received / 1e6, "cpu_ms": used * 1e3,
            "cpu_us_an_entry": used / entries * 1e6, "peak_mb": resident(pid, "VmHWM") / 1024,
            "grown_mb": (resident(pid, "VmHWM") - stood) / 1024,
        }  # fmt: skip

    def _received(self, path: str) -> tuple[int, bytes]:
        """Bytes of the file, and its end."""
        line = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=300)
        line.request("GET", path, headers=self.place.headers | {"Accept": "text/csv", "Accept-Language": "en"})
        answer, received, end = line.getresponse(), 0, b""
        while piece := answer.read(65_536):
            received, end = received + len(piece), (end + piece)[-200:]
        line.close()
        return received, end

    def _told_by(self, which: str) -> tuple[int | None, int]:
        """Of which year the list is, that of the history's last entry, and of how many entries it tells."""
        here = "from log_event where county_code = %s and township_code = %s"
        if which != FILES[0]:
            ((many,),) = self.watch.execute(f"select count(*) {here}", [COUNTY, TOWNSHIP]).fetchall()
            return None, many
        year = (history.BEGAN + history.STEP * (self.size - 1)).year
        ((many,),) = self.watch.execute(
            f"select count(*) {here} and helper_id is not null"
            " and extract(year from at at time zone 'Asia/Shanghai') = %s", [COUNTY, TOWNSHIP, year],
        ).fetchall()  # fmt: skip
        return year, many


def resident(pid: int, which: str) -> int:
    """KiB: `VmRSS` now, `VmHWM` at the peak since that was forgotten."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split(f"{which}:")[1].split()[0])


# ── a run ────────────────────────────────────────────────────────────────────────────────────────


async def run(subjects: list[Subject], rounds: int, lasting: float) -> dict[str, Any]:
    """Each kind at each size, in rounds that go up the sizes and down again."""
    told: dict[str, Any] = {}
    for kind in KINDS:
        found: dict[int, list[dict[str, float]]] = {one.size: [] for one in subjects}
        for one in subjects:
            await one.measure(kind, lasting / 2)
        for number in range(rounds):
            for one in subjects[:: -1 if number % 2 else 1]:
                found[one.size].append(await one.measure(kind, lasting))
        told[kind] = with_ratios(found, "cpu_us")
        say(kind, told[kind], "cpu_us")
    return told


def files(subjects: list[Subject], rounds: int) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for which in FILES:
        found: dict[int, list[dict[str, float]]] = {one.size: [] for one in subjects}
        for one in subjects:
            one.file(which)
        for _ in range(rounds):
            for one in subjects:
                found[one.size].append(one.file(which))
        told[which] = with_ratios(found, "cpu_us_an_entry")
        say(which, told[which], "cpu_us_an_entry")
    return told


def with_ratios(found: dict[int, list[dict[str, float]]], of: str) -> dict[str, Any]:
    """Of each size the figures with their spread, and the ratio to the smallest size round by round."""
    smallest = found[min(found)]
    told = {}
    for size, many in found.items():
        figures = {figure: spread([one[figure] for one in many]) for figure in many[0]}
        figures["ratio"] = spread([one[of] / its[of] for one, its in zip(many, smallest, strict=True)])
        told[str(size)] = figures
    return told


def say(what: str, told: dict[str, Any], of: str) -> None:
    line = ", ".join(
        f"{int(size):,}: {one[of]['median']:,.0f} µs ({one['ratio']['median']:.2f})" for size, one in told.items()
    )
    print(f"{what}: {line}", flush=True)


BYTES = """
select c.relname, c.reltuples::bigint, pg_relation_size(c.oid), pg_indexes_size(c.oid),
       pg_total_relation_size(c.oid) - pg_relation_size(c.oid) - pg_indexes_size(c.oid)
  from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.reltuples >= 500 order by 1
"""


def bytes_a_row(url: str) -> dict[str, Any]:
    """Of each table with rows enough: rows, and bytes a row of the table itself, its indexes, and what lies beside."""
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("vacuum analyze")
        found = owner.execute(BYTES).fetchall()
    return {
        name: {"rows": rows, "table": round(own / rows), "indexes": round(indexes / rows), "beside": round(rest / rows)}
        for name, rows, own, indexes, rest in found
    }


def verdicts(requests: dict[str, Any], lists: dict[str, Any]) -> list[dict[str, Any]]:
    """At each size beyond the smallest: a request at most so many times what it costs there, a file an entry at most so
    many times the least at any smaller size, for among few entries what a file costs anyway is most of it."""
    found = [
        _goal(f"{what} at {int(size):,} entries: at most {GOAL} × the smallest", one["ratio"]["median"])
        for what, sizes in requests.items()
        for size, one in list(sizes.items())[1:]
    ]
    for what, sizes in lists.items():
        costs = {int(size): one["cpu_us_an_entry"]["median"] for size, one in sizes.items()}
        for size in list(costs)[1:]:
            least = min(cost for smaller, cost in costs.items() if smaller < size)
            found.append(
                _goal(f"{what} at {size:,} entries: an entry at most {GOAL} × the least before", costs[size] / least)
            )
    return found


def _goal(goal: str, reached: float) -> dict[str, Any]:
    return {"goal": goal, "reached": round(reached, 2), "met": reached <= GOAL}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--largest", type=int, default=USUAL, help="entries of the last size; those before it go up by tens"
    )
    parser.add_argument("--data", type=Path, help="a folder in which the databases are kept for the next run")
    parser.add_argument("--only-load", action="store_true", help="make the databases in --data and measure nothing")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="how long each measurement lasts")
    parser.add_argument("--keep", action="store_true", help="write bench/results")
    options = parser.parse_args()
    sizes = sorted({*(size for power in range(8) if (size := SMALLEST * 10**power) < options.largest), options.largest})
    data = options.data or Path(tempfile.mkdtemp(prefix="huayuan-growth-"))
    url = embedded.ensure(data, "postgres")
    try:
        grown(url, sizes)
        if not options.only_load:
            measured(url, sizes, options)
    finally:
        embedded.stop(data)


def measured(url: str, sizes: list[int], options: argparse.Namespace) -> None:
    loaded = nation_loaded(url)
    servers.keep_off_their_core()
    with ExitStack() as held:
        subjects = [Subject.begun(url, size, held) for size in sizes]
        requests = asyncio.run(run(subjects, options.rounds, options.seconds))
        lists = files(subjects, min(3, options.rounds))
    found = verdicts(requests, lists)
    for one in found:
        print("met   " if one["met"] else "MISSED", one["goal"], "- reached", one["reached"])
    if options.keep:
        rows = bytes_a_row(embedded.database(url, name_of(sizes[-1])))
        page.keep("growth", {"requests": requests, "files": lists, "goals": found, "bytes": rows, "nation": loaded})
        nation.write()


if __name__ == "__main__":
    main()
