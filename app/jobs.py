"""How is work done that no request waits for? By `huayuan work`: tasks of features, on a queue in the same database.

Requests put nothing on the queue: that would cost them a round trip, and their login may not touch it. A worker follows
tables instead. A task that looks, each second, finds in them what is to be done and puts that on the queue, once a key;
a task that works does a piece of it, in seconds, and leaves the rest to the next look. So the tables alone say what is
done: a job that is lost with its worker is dropped, and the next look finds its work again.
"""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ProcrastinateException
from procrastinate.jobs import Status

from app.database import Database, address
from app.settings import Settings
from app.vault import Vault

log = logging.getLogger("huayuan.jobs")
WORK_ROLE = "huayuan_work"
"""Owns nothing; it may do with the queue what it likes and sees of the tables it follows where there is work."""
EACH_SECOND = "* * * * * *"
AT_ONCE = 50
"""Jobs that one worker has in hand; most of them wait for somebody's answer."""
POLL = 0.5
"""Seconds after which a worker with nothing to do asks again."""
HEARTBEAT = 5.0
LOST = 20.0
"""Seconds without a heartbeat after which a worker is dead, and its jobs with it."""
GRACE = 25.0
"""Seconds that jobs in hand have to end once the worker was told to."""
PATIENCE = 10.0
"""Seconds that a transaction of a task may last: nobody waits for its answer."""
PAUSE = 2.0
"""Seconds between two tries where PostgreSQL is away."""


@dataclass(frozen=True, slots=True)
class Worker:
    """What a task has in hand: the database as the application, under row-level security, and the queue."""

    settings: Settings
    vault: Vault
    database: Database
    queue: App

    async def places(self, table: str, *states: str) -> list[tuple[str, str]]:
        """County and township of the rows in these states of a followed table, whatever tenant's; one round trip."""
        query = f"select distinct county_code, township_code from public.{table} where state = any(%(states)s)"
        rows = await self.queue.connector.execute_query_all_async(query, states=list(states))
        return [(row["county_code"], row["township_code"]) for row in rows]

    async def put(self, task: str, key: str, /, **args: Any) -> None:
        """On the queue, unless it waits there already; jobs of one key run one after the other. `args` are JSON."""
        with suppress(AlreadyEnqueued):
            await self.queue.configure_task(task, lock=key, queueing_lock=key).defer_async(**args)

    async def drop_lost(self) -> None:
        """Forget the jobs of workers that died; whoever looks finds their work again."""
        for job in await self.queue.job_manager.get_stalled_jobs(seconds_since_heartbeat=LOST):
            assert job.id is not None
            log.warning("a job was lost with its worker: %s", job.task_name)
            await self.queue.job_manager.finish_job_by_id_async(job.id, Status.FAILED, delete_job=True)


Work = Callable[..., Awaitable[None]]
WORKS: dict[str, Work] = {}
"""Every task by name, called with the worker and the arguments it was put with."""
LOOKS: dict[str, Work] = {}
"""Those of them that look for work each second, one of each at a time whatever the number of workers."""


def works(name: str) -> Callable[[Work], Work]:
    """A task that does a piece of work. It may run twice, and may be killed anywhere: what it did must stand."""

    def mark(work: Work) -> Work:
        WORKS[name] = work
        return work

    return mark


def looks(name: str) -> Callable[[Work], Work]:
    """A task that looks for work and puts it."""

    def mark(look: Work) -> Work:
        LOOKS[name] = WORKS[name] = look
        return look

    return mark


def _queue(url: str) -> App:
    """procrastinate on the schema `queue`, with every task there is."""
    options = f"-c search_path=queue -c role={WORK_ROLE} -c lock_timeout=2s -c statement_timeout=5s"
    queue = App(connector=PsycopgConnector(conninfo=url, kwargs={"options": options}, min_size=1, max_size=4))
    for name, work in WORKS.items():
        once = name if name in LOOKS else None
        task = queue.task(name=name, pass_context=True, lock=once, queueing_lock=once)(_with_worker(work))
        if name in LOOKS:
            queue.periodic(cron=EACH_SECOND)(task)
    return queue


def _with_worker(work: Work) -> Work:
    async def run(context: JobContext, *, timestamp: int = 0, **args: Any) -> None:  # a look is told when it was due
        await work(context.additional_context["worker"], **args)

    return run


@asynccontextmanager
async def open_worker(settings: Settings) -> AsyncIterator[Worker]:
    """The two connections of a worker: to the domain as the application, to the queue in its own role."""
    url = address(settings)
    database, queue = Database(url, settings.pool_size, seconds=PATIENCE), _queue(url)
    await database.open()
    try:
        async with queue.open_async():
            yield Worker(settings, Vault(settings.master_secret), database, queue)
    finally:
        await database.close()


async def serve(worker: Worker, *, wait: bool = True) -> None:
    """Work until cancelled, then finish what is in hand; without `wait` until the queue is empty."""
    await worker.drop_lost()
    await worker.queue.run_worker_async(
        wait=wait, concurrency=AT_ONCE, fetch_job_polling_interval=POLL, shutdown_graceful_timeout=GRACE,
        listen_notify=False, delete_jobs="always", additional_context={"worker": worker}, install_signal_handlers=False,
        update_heartbeat_interval=HEARTBEAT, stalled_worker_timeout=LOST,
    )  # fmt: skip


async def run(settings: Settings) -> None:
    """`huayuan work`: until SIGTERM or SIGINT; where PostgreSQL goes away it waits and goes on."""
    told_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
    async with open_worker(settings) as worker:
        stopping = asyncio.create_task(told_to_stop.wait())
        while not stopping.done():
            serving = asyncio.create_task(serve(worker))
            burying = asyncio.create_task(_bury(worker))
            await asyncio.wait({stopping, serving, burying}, return_when=asyncio.FIRST_COMPLETED)
            for task in (burying, serving):
                task.cancel()
            for fault in await asyncio.gather(serving, burying, return_exceptions=True):
                if isinstance(fault, ProcrastinateException | OSError):
                    log.warning("the queue cannot be reached: %s", type(fault).__name__)
                elif fault is not None and not isinstance(fault, asyncio.CancelledError):
                    raise fault
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(stopping), PAUSE)


async def _bury(worker: Worker) -> None:
    while True:
        await asyncio.sleep(HEARTBEAT)
        await worker.drop_lost()
