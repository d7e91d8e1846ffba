"""Is nothing lost when the service is ended or replaced under load? Only in full: short, other tests show it.

Those are tests/test_operations.py (SIGTERM) and tests/test_rolling.py (SIGHUP).
"""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

import psutil
import psycopg
import pytest

from tests.endurance.desk import townships
from tests.endurance.load import Ask, Callers, by_status, run, unit
from tests.endurance.machine import Machine
from tests.serving import Process, eventually

ROUNDS = 5
FLYING = 6
"""Changes that are under way when the signal comes."""
WAITING = (
    "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    " and query like '%finish%'"
)
"""How many changes wait for the head of a log."""


@dataclass(frozen=True)
class Ground:
    """A machine with one township, and who asks there."""

    machine: Machine
    signed: dict[str, str]
    code: str

    def serving(self, name: str, **settings: str) -> Process:
        return Process(self.machine.url, self.machine.home / name, **settings).await_ready()

    def unit(self) -> tuple[str, Ask]:
        """A new unit of a name of its own."""
        name = uuid4().hex
        return name, unit(self.signed, name)

    def on_record(self, names: Sequence[str]) -> int:
        with self.machine.connect() as connection:
            found = connection.execute("select count(*) from units where name = any (%s)", [list(names)]).fetchone()
        return int(found[0]) if found else 0


@pytest.fixture(scope="module")
def ground(standing: Machine) -> Ground:
    (place,) = townships(standing, 1)
    return Ground(standing, standing.headers(place, place.office("leading_group_office")), place.code)


@pytest.fixture(scope="module")
def two_workers(ground: Ground) -> Iterator[Process]:
    """A service of two workers behind one port."""
    process = ground.serving("two-workers", workers="2", pool_size=str(FLYING))
    yield process
    process.stop()


def test_rolling_restart(ground, two_workers, figures):
    """Restarts under load, of workers by SIGHUP and of whole services one after another: 0 failed after a retry."""
    names: list[str] = []
    again: list[int] = []

    async def asking(ports: Sequence[int], over: asyncio.Event) -> None:
        callers = Callers(ports[0])
        while not over.is_set():
            name, unit = ground.unit()
            names.append(name)
            again.append(await callers.surely(unit, ports))
        callers.forget_connections()

    async def under_load(ports: Sequence[int], restart: Callable[[], None]) -> None:
        over = asyncio.Event()
        asked = [asyncio.create_task(asking(ports, over)) for _ in range(8)]
        for _ in range(ROUNDS):
            await asyncio.to_thread(restart)
        await asyncio.sleep(0.2)
        over.set()
        await asyncio.gather(*asked)

    def hang_up() -> None:
        before = workers_of(two_workers)
        os.kill(two_workers.process.pid, signal.SIGHUP)
        assert eventually(lambda: len(workers_of(two_workers)) == 2 and before.isdisjoint(workers_of(two_workers)), 120)

    run(under_load([two_workers.port], hang_up))
    by_signal = len(names)
    pair = [ground.serving(f"one-of-two-{number}") for number in range(2)]

    def replace() -> None:
        for number, process in enumerate(pair):
            process.stop()
            pair[number] = Process(ground.machine.url, process.output, port=process.port).await_ready()

    run(under_load([process.port for process in pair], replace))
    for process in pair:
        process.stop()
    figures |= {
        "changes_while_workers_restarted": by_signal,
        "changes_while_services_restarted": len(names) - by_signal,
        "sent_more_than_once": sum(tries > 0 for tries in again),
        "failed_after_retry": len(names) - len(again),
        "on_record_once": ground.on_record(names),
    }
    assert ground.on_record(names) == len(names) == len(again)


def test_sigterm_with_workers(ground, two_workers, figures):
    """SIGTERM to a service of two workers: what is in flight is finished; after SIGKILL it is lost."""

    async def in_flight(process: Process, end: Callable[[], None]) -> tuple[Counter[int], int]:
        units = [ground.unit() for _ in range(FLYING)]
        callers = Callers(process.port)
        with psycopg.connect(ground.machine.url) as holder, ground.machine.connect() as watch:
            holder.execute("select from log_head where township_code = %s for update", [ground.code])
            asked = [asyncio.create_task(callers.send(unit)) for _, unit in units]
            await asyncio.to_thread(eventually, lambda: watch.execute(WAITING).fetchone() == (FLYING,), 1.2)
            end()
            await asyncio.sleep(0.3)
            holder.rollback()
            answers = await asyncio.gather(*asked)
        return Counter(answer.status for answer in answers), ground.on_record([name for name, _ in units])

    answers, kept = run(in_flight(two_workers, lambda: two_workers.process.send_signal(signal.SIGTERM)))
    code = two_workers.process.wait(20)
    figures |= {"in_flight": FLYING, "answered": by_status(answers), "on_record": kept}
    assert set(answers) <= {201, 503}, "nobody is left without an answer"
    assert kept == answers[201] > 0
    assert code in {0, -signal.SIGTERM}
    assert [line for line in two_workers.lines() if line["level"] in {"error", "critical"}] == []
    killed = ground.serving("killed", pool_size=str(FLYING))
    lost, _ = run(in_flight(killed, killed.kill))
    figures["control_SIGKILL"] = by_status(lost)
    assert lost == {0: FLYING}


def workers_of(process: Process) -> set[int]:
    """The processes that serve; beside them Python keeps one that tracks resources."""
    found = set()
    for child in psutil.Process(process.process.pid).children():
        with suppress(psutil.NoSuchProcess):  # it ends just now
            if "spawn_main" in " ".join(child.cmdline()):
                found.add(child.pid)
    return found
