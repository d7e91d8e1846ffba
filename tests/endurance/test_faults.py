"""Is every answer there in time and in documented words when database or network fail, and is all well at once after?

A few callers ask without pause while one thing after another is broken and mended. The service is never restarted.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import asyncpg
import psycopg
import pytest

from app import embedded
from app.database import LIMITS, Database
from app.problems import refusal_of
from app.refusal import Unavailable
from tests.conftest import Service
from tests.endurance.desk import townships
from tests.endurance.load import Answer, Ask, Callers, mix, person, run, told, wrong
from tests.endurance.machine import Machine
from tests.endurance.proxy import CLEAN, Proxy, Toxic
from tests.endurance.report import LONG
from tests.serving import Process

CALLERS = 16
RECOVERED = 10.0
"""Seconds after the end of a fault within which all is well."""
CALM = 3.0 if LONG else 0.5
"""Seconds without a single failure that count as all being well."""


@dataclass(frozen=True)
class Ground:
    """A worker that knows its database through one proxy, and its callers through another."""

    machine: Machine
    worker: Process
    database: Proxy
    network: Proxy
    asks: Callable[[], Ask]
    one: Ask
    code: str

    @contextmanager
    def toxic(self, proxy: Proxy, toxic: Toxic) -> Iterator[None]:
        proxy.toxic = toxic
        try:
            yield
        finally:
            proxy.toxic = CLEAN

    @contextmanager
    def holding(self, statement: str) -> Iterator[None]:
        """A transaction that did this and does not end."""
        with psycopg.connect(self.machine.url) as holder:
            holder.execute(statement)  # type: ignore[arg-type]
            yield
            holder.rollback()

    @contextmanager
    def gone(self) -> Iterator[None]:
        """kill -9 of PostgreSQL and all it started."""
        self.machine.kill_postgresql()
        try:
            yield
        finally:
            self.machine.start_postgresql()

    @contextmanager
    def no_connection_left(self) -> Iterator[None]:
        """Others hold every connection that the server has."""
        with ExitStack() as stack:
            others: list[psycopg.Connection[Any]] = [stack.enter_context(self.machine.connect())]
            for _ in range(2):
                others[0].execute("select pg_terminate_backend(pid) from pg_stat_activity where usename is not null"
                                  " and pid <> all (%s)", [[other.info.backend_pid for other in others]])  # fmt: skip
                with suppress(psycopg.OperationalError):
                    while True:
                        others.append(stack.enter_context(self.machine.connect()))
            yield

    @contextmanager
    def ending_slowly(self) -> Iterator[None]:
        """The server ends its sessions, and the service is told so three seconds later."""
        with self.toxic(self.database, Toxic(slow_close=3)):
            with self.machine.connect() as other:
                other.execute("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()")
            yield


@pytest.fixture(scope="module")
def ground(standing: Machine) -> Iterator[Ground]:
    (place,) = townships(standing, 1)
    signed = standing.headers(place, place.office("leading_group_office"))
    people = [place.person(f"张{number}") for number in range(5)]
    with Proxy(str(embedded._sockets(standing.home) / ".s.PGSQL.5432")) as database:
        url = f"postgresql://postgres@127.0.0.1:{database.port}/huayuan?sslmode=disable"
        worker = Process(url, standing.home / "behind-proxies").await_ready()
        with Proxy(worker.port) as network:
            yield Ground(
                standing, worker, database, network, mix(signed, people), person(signed, people[0]), place.code
            )
        worker.stop()


@dataclass(frozen=True)
class Fault:
    """One thing that breaks: how, for how long, and whether callers can lose their connection by it."""

    name: str
    broken: Callable[[Ground], AbstractContextManager[None]]
    seconds: float = 15.0 if LONG else 1.0
    cuts: bool = False


def of_network(name: str, *, cuts: bool = False, **toxic: Any) -> Fault:
    return Fault(f"callers: {name}", lambda g: g.toxic(g.network, Toxic(**toxic)), cuts=cuts)


def of_database(name: str, **toxic: Any) -> Fault:
    return Fault(f"database: {name}", lambda g: g.toxic(g.database, Toxic(**toxic)))


LOCKED = Fault("locked table", lambda g: g.holding("lock table people in access exclusive mode"), 15 if LONG else 2.5)
RESET = of_database("reset_peer", reset_peer=0.3)
ALL = (
    Fault("exhausted pool", lambda g: g.holding(f"select from log_head where township_code = '{g.code}' for update")),
    Fault("no connection left", lambda g: g.no_connection_left()),
    Fault("database gone", lambda g: g.gone(), 30),
    of_database("latency 500 ms a round trip", latency=0.25),
    of_database("down", down=True),
    of_database("bandwidth 1 KB/s", bandwidth=1000),
    Fault("database: slow_close", lambda g: g.ending_slowly()),
    of_database("timeout", timeout=20),
    RESET,
    of_database("slicer", slicer=64),
    of_database("limit_data", limit_data=20_000),
    of_network("latency 500 ms a round trip", latency=0.25),
    of_network("down", down=True, cuts=True),
    of_network("bandwidth 1 KB/s", bandwidth=1000),
    of_network("slow_close", slow_close=3, limit_data=3000, cuts=True),
    of_network("timeout", timeout=3, cuts=True),
    of_network("reset_peer", reset_peer=0.3, cuts=True),
    of_network("slicer", slicer=32),
    of_network("limit_data", limit_data=3000, cuts=True),
)


async def while_broken(ground: Ground, fault: Fault) -> tuple[list[Answer], float]:
    """All answers from before the fault until calm after it, and the seconds from its end to the last failure."""
    callers = Callers(ground.network.port)
    over = False
    asking = asyncio.create_task(callers.in_turn(ground.asks, CALLERS, lambda: over, rest=0.02))
    await asyncio.sleep(0.3)
    broken = fault.broken(ground)
    await asyncio.to_thread(broken.__enter__)
    await asyncio.sleep(fault.seconds)
    await asyncio.to_thread(broken.__exit__, None, None, None)
    ended = last = time.monotonic()
    while time.monotonic() < min(last + CALM, ended + RECOVERED + CALM):
        await asyncio.sleep(0.1)
        last = max([last, *(a.at for a in callers.answers if not a.ok)])
    over = True
    await asking
    callers.forget_connections()
    return callers.answers, last - ended


def held_to(ground: Ground, fault: Fault) -> dict[str, Any]:
    """Break it, and expect what must hold; the figures."""
    answers, recovered = run(while_broken(ground, fault))
    assert wrong(answers) == {}, fault.name
    lost = sum(answer.status == 0 for answer in answers)
    assert fault.cuts or lost == 0, f"{fault.name}: {lost} callers were left without an answer"
    assert recovered <= RECOVERED, f"{fault.name}: not well after {recovered:.1f} s"
    assert ground.worker.process.poll() is None
    serious = [line for line in ground.worker.lines() if line["level"] in {"error", "critical"}]
    assert serious == [], fault.name
    return {**told(answers), "well_after_s": round(recovered, 1)}


@contextmanager
def without_limits(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """A service that waits for ever."""
    with monkeypatch.context() as patch:
        for name in ("lock_timeout", "statement_timeout", "transaction_timeout"):
            patch.setitem(LIMITS, name, "0")
        patch.setitem(Database.__init__.__kwdefaults__, "seconds", 600.0)
        service = Service(url, pool_size=2)
    yield service
    service.stop()


def test_a_locked_table(ground, figures, monkeypatch):
    """A locked table: answers in time and in documented words, and all well after; without limits nobody answers."""

    async def beside(service: Service) -> bool:
        control = asyncio.create_task(Callers(int(service.address.rpartition(":")[2])).send(ground.one))
        await asyncio.sleep(LOCKED.seconds)
        hung = not control.done()
        holder.rollback()
        assert (await control).ok, "it waited for nothing but the lock"
        return hung

    figures.update(held_to(ground, LOCKED))
    with without_limits(ground.machine.url, monkeypatch) as service, psycopg.connect(ground.machine.url) as holder:
        holder.execute("lock table people in access exclusive mode")
        hung = run(beside(service))
    figures["control_without_limits_hung_s"] = LOCKED.seconds
    assert hung


def test_faults(ground, figures):
    """Faults of database and network: every answer in time, documented and no 500, and all well soon after."""
    for fault in ALL if LONG else (RESET,):
        figures[fault.name] = held_to(ground, fault)
    figures["answers_not_in_time_or_not_documented"] = 0


def test_the_check_can_fail():
    """Answers that must never come, each found."""
    bad = {
        (500, 0.1): "500 is not documented",
        (418, 0.1): "418 is not documented",
        (503, 0.1): "503 without Retry-After",
        (200, 60.0): "200 after 60.0 s",
        (-1, 60.0): "-1 after 60.0 s",
    }
    answers = [Answer("GET", "/v1/people/{id}", status, seconds, 0.0) for status, seconds in bad]
    assert wrong(answers) == dict.fromkeys(bad.values(), 1)
    assert wrong([Answer("GET", "/v1/people/{id}", 503, 0.1, 0.0, says_when=True)]) == {}


IN_TROUBLE = """
    08000 08003 08006 25006 25P03 25P04 28000 28P01 3D000 40001 40P01 53000 53100 53200 53300 53400 55P03 57000 57014
    57P01 57P02 57P03 57P04 57P05 58000 58030
""".split()  # noqa: SIM905  read as a list of words


@pytest.mark.parametrize(
    ("state", "meant"), [*((s, Unavailable) for s in IN_TROUBLE), ("42601", None), ("XX000", None)]
)
def test_a_server_in_trouble_is_503_and_a_mistake_of_ours_is_not(state, meant):
    """Full disk, no memory, no connection left, shutting down, broken off: what an operator mends, or time."""
    refusal = refusal_of(asyncpg.PostgresError.new({"C": state, "M": "x", "S": "ERROR"}))
    assert (refusal and type(refusal)) == meant
