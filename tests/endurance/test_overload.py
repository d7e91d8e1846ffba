"""Does the service go on when more is asked than it can do, and when callers dawdle or leave?"""

import asyncio
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx
import psutil
import psycopg
import pytest

from app.database import FILES_AT_ONCE, PATIENCE
from app.settings import Settings
from tests.endurance.desk import townships
from tests.endurance.load import Answer, Ask, Callers, mix, percentile, run, told, wrong
from tests.endurance.machine import Cores, Machine
from tests.endurance.report import LONG
from tests.serving import Process, eventually

SLOW = 500 if LONG else 50
"""Callers that dawdle at the same time, half with the body, half with the headers."""
ENDED_WITHIN = 10.0
POOL = 12
NAME = "campaign"
"""Of the worker's sessions at the database."""
PLACES = Settings.model_fields["requests_at_once"].default


@dataclass(frozen=True)
class Ground:
    """A worker of the usual size, and who asks there."""

    machine: Machine
    worker: Process
    signed: dict[str, str]
    asks: Callable[[], Ask]


@pytest.fixture(scope="module")
def ground(standing: Machine) -> Iterator[Ground]:
    (place,) = townships(standing, 1)
    signed = standing.headers(place, place.office("leading_group_office"))
    people = [place.person(f"张{number}") for number in range(5)]
    url = f"{standing.url}&application_name={NAME}"
    worker = Process(url, standing.home / "campaign", pool_size=str(POOL)).await_ready()
    yield Ground(standing, worker, signed, mix(signed, people))
    worker.stop()


# --- callers that dawdle


async def until_ended(port: int, begun: bytes, little: bytes) -> tuple[float, bytes]:
    """Seconds until the other side ends a connection on which a little is sent ever again, and what it said."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.monotonic()
    writer.write(begun)
    said = b""

    async def listen() -> None:
        nonlocal said
        with suppress(OSError):
            while part := await reader.read(1000):
                said += part

    reading = asyncio.create_task(listen())
    while not reading.done() and time.monotonic() - began < 1.5 * ENDED_WITHIN:
        writer.write(little)
        await asyncio.wait([reading], timeout=0.5)
    seconds = time.monotonic() - began
    reading.cancel()
    writer.transport.abort()
    return seconds, said


async def never_ends() -> float:
    """The negative control: the same caller at a server that waits for ever."""

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(100):
            pass

    server = await asyncio.start_server(wait, "127.0.0.1", 0)
    seconds, _ = await until_ended(server.sockets[0].getsockname()[1], b"GET / HTTP/1.1\r\n", b"a: b\r\n")
    server.close()
    return seconds


def test_slow_clients(ground, figures):
    """Callers that never finish a body or their headers: all are let go, and the others hardly notice."""
    signed = "".join(f"{name}: {value}\r\n" for name, value in ground.signed.items())
    bodies = (
        f"POST /v1/units HTTP/1.1\r\nhost: x\r\n{signed}content-type: application/json\r\ncontent-length: 999\r\n\r\n"
    )

    async def usual(until: Callable[[], bool]) -> list[Answer]:
        callers = Callers(ground.worker.port)
        await callers.in_turn(ground.asks, 4, until, rest=0.05)
        callers.forget_connections()
        return callers.answers

    async def campaign() -> tuple[list[Answer], list[Answer], list[tuple[float, bytes]], float]:
        alone = time.monotonic() + (20 if LONG else 0.5)
        before = await usual(lambda: time.monotonic() > alone)
        control = asyncio.create_task(never_ends()) if LONG else None
        slow = [asyncio.create_task(until_ended(ground.worker.port, bodies.encode(), b" ")) for _ in range(SLOW // 2)]
        slow += [
            asyncio.create_task(until_ended(ground.worker.port, b"GET / HTTP/1.1\r\n", b"a: b\r\n"))
            for _ in range(SLOW // 2)
        ]
        during = await usual(lambda: all(task.done() for task in slow))
        return before, during, [await task for task in slow], await control if control else 1.5 * ENDED_WITHIN

    before, during, slow, control = run(campaign())
    p95 = [percentile((a.seconds for a in answers), 0.95) for answers in (before, during)]
    figures |= {
        "slow_clients": len(slow),
        "told_408": sum(said.startswith(b"HTTP/1.1 408") for _, said in slow),
        "last_ended_after_s": round(max(seconds for seconds, _ in slow), 1),
        "others_p95_ms_before_and_during": [round(each * 1000, 1) for each in p95],
        "others_p95_ratio": round(p95[1] / p95[0], 2),
        "others": told(during),
        "control_at_a_server_without_deadlines_s": round(control, 1),
    }
    assert figures["last_ended_after_s"] <= ENDED_WITHIN < control
    assert figures["told_408"] == SLOW // 2, "who sent his headers is told why"
    assert wrong(before + during) == {}
    assert all(answer.ok for answer in before + during)


# --- more than it can do


class Watch:
    """What a worker holds while it is under load: its memory, and its own gauges."""

    def __init__(self, worker: Process) -> None:
        self._process = psutil.Process(worker.process.pid)
        self._metrics = f"{worker.address}/metrics"
        self.memory: list[int] = []
        self.in_work: list[int] = []
        self.waiting: list[int] = []

    def look(self) -> dict[str, int]:
        self.memory.append(self._process.memory_info().rss)
        gauges = gauges_of(httpx.get(self._metrics, timeout=30).text)
        self.in_work.append(gauges["huayuan_requests_in_work"])
        self.waiting.append(gauges["huayuan_requests_waiting"])
        return gauges

    async def during(self, work: Any, every: float) -> Any:
        asked = asyncio.create_task(work)
        while not asked.done():
            await asyncio.gather(asyncio.to_thread(self.look), asyncio.sleep(every))
        return await asked


def gauges_of(metrics: str) -> dict[str, int]:
    lines = (line.partition("{") for line in metrics.splitlines() if not line.startswith("#"))
    return {name: int(float(rest.rpartition(" ")[2])) for name, _, rest in lines}


def spread(sizes: Sequence[int]) -> float:
    """The largest departure from the median once it is warm, as a part of it."""
    warm = sizes[len(sizes) // 5 :]
    middle = statistics.median(warm)
    return max(abs(size - middle) for size in warm) / middle


@dataclass(frozen=True)
class Peak:
    """What it does when 32 callers ask without rest."""

    per_second: float
    cost: dict[str, float]
    """Seconds of a processor for each answer."""


async def peak(ground: Ground, worker: Process, seconds: float, cores: Cores | None = None) -> Peak:
    callers, before = Callers(worker.port), cores.spent() if cores else {}
    began = time.monotonic()
    await callers.in_turn(ground.asks, 32, lambda: time.monotonic() - began > seconds)
    lasted, after = time.monotonic() - began, cores.spent() if cores else {}
    callers.forget_connections()
    assert wrong(callers.answers) == {}
    answered = sum(a.ok for a in callers.answers)
    return Peak(answered / lasted, {who: (after[who] - before[who]) / answered for who in before})


async def overloaded(ground: Ground, worker: Process, per_second: float, seconds: float) -> tuple[Callers, int, Watch]:
    callers, watch = Callers(worker.port), Watch(worker)
    work = callers.at_a_rate(ground.asks, per_second, seconds)
    held_back = await watch.during(work, 1.0 if LONG else 0.1)
    callers.forget_connections()
    return callers, held_back, watch


def figures_of(callers: Callers, watch: Watch, seconds: float) -> dict[str, Any]:
    return {
        **told(callers.answers),
        "answered_per_s": round(sum(a.ok for a in callers.answers) / seconds),
        "p95_ms_of_successes": round(percentile((a.seconds for a in callers.answers if a.ok), 0.95) * 1000),
        "most_in_work": max(watch.in_work),
        "most_waiting": max(watch.waiting),
        "memory_MB": [round(size / 1e6) for size in (watch.memory[0], max(watch.memory))],
    }


ROUNDS = 5 if LONG else 1


def test_twice_the_load(ground, figures):
    """Twice the load it can carry: how much is still done, and what becomes of the rest; and without admission.

    The peak is looked for anew between the minutes of overload, for the machine is shared: what is done in a minute is
    compared with the peaks before and after it.
    """
    seconds, calm = (60.0, 15.0) if LONG else (1.0, 0.5)
    peaks, rounds = list[Peak](), list[tuple[Callers, int, Watch, dict[str, float]]]()

    async def campaign(cores: Cores) -> None:
        peaks.append(await peak(ground, ground.worker, calm, cores))
        for _ in range(ROUNDS):
            spent = cores.spent()
            found = await overloaded(ground, ground.worker, 2 * peaks[-1].per_second, seconds)
            rounds.append((*found, {who: then - spent[who] for who, then in cores.spent().items()}))
            peaks.append(await peak(ground, ground.worker, calm, cores))

    with Cores(ground.machine, ground.worker) as cores:
        run(campaign(cores))
    answers = [answer for callers, *_ in rounds for answer in callers.answers]
    done = [sum(a.ok for a in callers.answers) / seconds for callers, *_ in rounds]
    parts = [each / statistics.mean((peaks[n].per_second, peaks[n + 1].per_second)) for n, each in enumerate(done)]
    memory = [size for _, _, watch, _ in rounds for size in watch.memory]
    figures |= {
        "minutes_of_overload": [round(ROUNDS * seconds / 60, 1), "in rounds", ROUNDS],
        "peaks_per_s_before_between_after": [round(each.per_second) for each in peaks],
        "offered_per_s": [round(2 * each.per_second) for each in peaks[:-1]],
        "not_offered_as_the_callers_were_too_slow": sum(held_back for _, held_back, *_ in rounds),
        **told(answers),
        "answered_per_s": [round(each) for each in done],
        "goodput_of_peak_by_round": [round(each, 2) for each in parts],
        "goodput_of_peak": round(statistics.median(parts), 2),
        "p95_ms_of_successes": round(percentile((a.seconds for a in answers if a.ok), 0.95) * 1000),
        "most_in_work_and_waiting": [max(n for _, _, w, _ in rounds for n in w.in_work),
                                     max(n for _, _, w, _ in rounds for n in w.waiting)],
        "memory_MB": [round(size / 1e6) for size in (memory[0], max(memory))],
        "memory_spread": round(spread(memory), 3),
        "busy_of_a_core_at_the_peak": {who: round(c * peaks[0].per_second, 2) for who, c in peaks[0].cost.items()},
        "busy_of_a_core_beyond": {
            who: round(sum(spent[who] for *_, spent in rounds) / (ROUNDS * seconds), 2) for who in peaks[0].cost
        },
    }  # fmt: skip
    assert wrong(answers) == {}
    assert {a.status for a in answers} <= {200, 201, 429, 503}
    assert figures["most_in_work_and_waiting"][0] <= PLACES
    if LONG:  # in short tests/test_admission.py shows it
        figures["control_without_admission"] = without_admission(ground, figures["offered_per_s"][-1])
        assert figures["goodput_of_peak"] >= 0.8
        assert figures["memory_spread"] <= 0.1


def without_admission(ground: Ground, per_second: float) -> dict[str, Any]:
    """The negative control: a worker that lets everybody in is given the same load."""
    settings = {"pool_size": str(POOL), "requests_at_once": "1000000"}
    unbounded = Process(ground.machine.url, ground.machine.home / "without-admission", **settings).await_ready()
    with Cores(ground.machine, unbounded):
        callers, _, watch = run(overloaded(ground, unbounded, per_second, 30))
    unbounded.stop()
    assert max(watch.in_work) > 2 * PLACES, "without admission they pile up"
    return figures_of(callers, watch, 30)


def test_memory_that_grows_is_found():
    assert spread([50, 80, *[100] * 20, 104, 97]) < 0.1
    assert spread([100 + 2 * second for second in range(60)]) > 0.1


# --- a long time


def sessions(machine: Machine, idle: float = PATIENCE) -> tuple[int, int]:
    """The worker's sessions at the database, and those of them that have idled in a transaction for so long."""
    query = """
        select count(*),
               count(*) filter (where state like 'idle in transaction%%' and state_change < now() - %s * interval '1 s')
        from pg_stat_activity where application_name = %s
    """
    with machine.connect() as connection:
        found = connection.execute(query, [idle, NAME]).fetchone()
    assert found
    return found[0], found[1]


def test_soak(ground, figures):
    """Half the load it can carry for a long time, some callers leaving in the middle: nothing is left behind."""
    seconds = 600.0 if LONG else 1.0
    idle: list[int] = []

    async def leaving(until: float) -> int:
        """Callers that send half a request or do not wait for the answer."""
        gone = 0
        while time.monotonic() < until:
            _, writer = await asyncio.open_connection("127.0.0.1", ground.worker.port)
            wire = ground.asks().wire
            writer.write(wire if gone % 2 else wire[: len(wire) // 2])
            await asyncio.sleep(0.05)
            writer.transport.abort()
            gone += 1
        return gone

    async def looking(until: float) -> None:
        while time.monotonic() < until:
            idle.append((await asyncio.to_thread(sessions, ground.machine))[1])
            await asyncio.sleep(1)

    async def campaign() -> tuple[Callers, Watch, int]:
        rate = (await peak(ground, ground.worker, 10 if LONG else 0.5)).per_second / 2
        callers, watch = Callers(ground.worker.port), Watch(ground.worker)
        until = time.monotonic() + seconds
        work = asyncio.gather(callers.at_a_rate(ground.asks, rate, seconds), leaving(until), looking(until))

        async def all_of_it() -> int:
            return int((await work)[1])

        gone = await watch.during(all_of_it(), 2.0 if LONG else 0.2)
        callers.forget_connections()
        return callers, watch, gone

    before = psutil.Process(ground.worker.process.pid).num_fds()
    callers, watch, gone = run(campaign())
    assert eventually(lambda: at_rest(watch.look()), 10), "nothing is held when nobody asks"
    left, _ = sessions(ground.machine)
    fds = psutil.Process(ground.worker.process.pid).num_fds()
    warm = watch.memory[len(watch.memory) // 5 :]
    early, late = (statistics.median(half) for half in (warm[: len(warm) // 2], warm[len(warm) // 2 :]))
    figures |= {
        **told(callers.answers),
        "left_in_the_middle": gone,
        "sessions_at_the_end": left,
        "idle_in_transaction_longer_than_3_s": max(idle),
        "descriptors_before_and_after": [before, fds],
        "memory_MB_first_and_second_half": [round(early / 1e6, 1), round(late / 1e6, 1)],
    }
    assert wrong(callers.answers) == {}
    assert max(idle) == 0
    assert left <= POOL + FILES_AT_ONCE
    assert fds <= before + POOL + FILES_AT_ONCE
    assert not LONG or late <= 1.1 * early


def at_rest(gauges: dict[str, int]) -> bool:
    names = ("requests_in_work", "requests_waiting", "database_connections_in_use")
    return all(gauges[f"huayuan_{name}"] == 0 for name in names)


def test_a_transaction_left_open_is_found(ground):
    """The negative control of the soak."""
    before, none = sessions(ground.machine, idle=1)
    with psycopg.connect(ground.machine.url, application_name=NAME) as left_open:
        left_open.execute("select 1")
        time.sleep(1.2)
        assert sessions(ground.machine, idle=1) == (before + 1, none + 1)
    assert not at_rest({"huayuan_requests_in_work": 1, "huayuan_requests_waiting": 0})
