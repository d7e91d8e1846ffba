"""What do the campaigns break? A PostgreSQL that commits to disk and workers of the service, each ended by its pid."""

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, LiteralString, Self

import httpx
import psutil
import psycopg

from app import embedded
from app.access import Bearer, Tokens
from app.settings import Settings
from app.vault import Vault
from tests.conftest import Service, Township, _migrate
from tests.serving import PROMPT, SECRET, Process

HOURS = 6 * 3600
CODES = (f"411421{number}" for number in count(811))
"""Of townships that the national list does not have, each for one campaign."""


class Machine:
    """One database server on its own, one migrated database, the workers that serve it.

    Everything an ordinary installation has is on.
    """

    def __init__(self, home: Path) -> None:
        self.home, self.workers = home, list[Process]()
        self._preparing: Service | None = None
        self.url = embedded.database(embedded.ensure(home, "postgres"), "huayuan")
        _migrate(self.url)
        settings = Settings(database_url=self.url, secret=SECRET, access_token_seconds=HOURS)
        self._tokens = Tokens(settings, Vault(settings.master_secret))

    def township(self, code: str) -> Township:
        """A township with its registers and officers, made while all is well.

        Its callers speak to a service in this process, which is only for preparing: a campaign uses the workers,
        and `headers`.
        """
        if self._preparing is None:
            self._preparing = Service(self.url, pool_size=2, access_token_seconds=HOURS)
        return Township(self._preparing, code)

    def headers(self, place: Township, caller: Any) -> dict[str, str]:
        """What signs a caller of the township in at every worker, for hours."""
        account = caller.account_id or caller.get("/me").json()["account_id"]
        return {"authorization": f"Bearer {self._tokens.issue(Bearer(account, place.county, place.code))}"}

    def worker(self, **settings: str) -> Process:
        """One more process of the service, ready."""
        output = self.home / f"worker-{len(self.workers)}"
        process = Process(self.url, output, **settings)
        self.workers.append(process)
        return process.await_ready()

    @property
    def ports(self) -> list[int]:
        """Of the workers; one started anew has that of the one that died."""
        return [worker.port for worker in self.workers]

    def again(self, worker: Process) -> Process:
        """The worker that died, started anew at the same port; it may still have to wait for its database."""
        self.workers[self.workers.index(worker)] = process = Process(self.url, worker.output, port=worker.port)
        return process

    def kill_postgresql(self) -> None:
        """kill -9 of the server and everything it started.

        The postmaster is stopped before its children are listed: one forked in between would survive, and
        the shared memory it holds would keep the server from starting again.
        """
        postmaster = psutil.Process(int((self.home / "postgres" / "postmaster.pid").read_text().split()[0]))
        postmaster.suspend()
        family = [*postmaster.children(recursive=True), postmaster]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family, timeout=10)

    def start_postgresql(self) -> None:
        embedded.ensure(self.home, "huayuan")

    def strike(self, number: int) -> None:
        """Kill PostgreSQL where the number is even, a worker where it is odd, and start again what died."""
        if number % 2:
            worker = random.choice(self.workers)
            worker.kill()
            self.again(worker).await_ready()
        else:
            self.kill_postgresql()
            self.start_postgresql()

    @contextmanager
    def acknowledging_early(self) -> Iterator[None]:
        """The negative control: meanwhile a commit is acknowledged before it is on disk."""
        self._configure("synchronous_commit = off", "wal_writer_delay = '10s'")
        yield
        self._configure("synchronous_commit = on", "wal_writer_delay = '200ms'")

    def _configure(self, *settings: LiteralString) -> None:
        with self.connect() as connection:
            for setting in settings:
                connection.execute("ALTER SYSTEM SET " + setting)
            connection.execute("SELECT pg_reload_conf()")

    def connect(self) -> psycopg.Connection[Any]:
        """As the owner of everything, beside the service."""
        return psycopg.connect(self.url, autocommit=True)

    def clients(self, headers: dict[str, str]) -> list[httpx.Client]:
        """One client for each worker."""
        return [httpx.Client(base_url=w.address, headers=headers, timeout=PROMPT) for w in self.workers]

    def stop(self) -> None:
        if self._preparing is not None:
            self._preparing.stop()
        for worker in self.workers:
            worker.stop()
        embedded.stop(self.home)


class Cores:
    """The worker has a processor to itself; the database and the callers share another, at the peak and beyond alike.

    Otherwise callers who ask twice as often would take from the service the time that is to be measured.
    """

    def __init__(self, machine: Machine, worker: Process) -> None:
        postmaster = int((machine.home / "postgres" / "postmaster.pid").read_text().split()[0])
        self._all = os.sched_getaffinity(0)
        self._worker, self._database = psutil.Process(worker.process.pid), psutil.Process(postmaster)

    def __enter__(self) -> Self:
        if len(self._all) > 1:
            first, second, *_ = sorted(self._all)
            self._bind({first}, {second})
        return self

    def __exit__(self, *_: object) -> None:
        self._bind(self._all, self._all)

    def _bind(self, of_the_worker: set[int], of_the_rest: set[int]) -> None:
        for thread in self._worker.threads():
            os.sched_setaffinity(thread.id, of_the_worker)
        for process in (self._database, *self._database.children(recursive=True)):
            os.sched_setaffinity(process.pid, of_the_rest)
        os.sched_setaffinity(0, of_the_rest)

    def spent(self) -> dict[str, float]:
        """Seconds of a processor so far, of whom."""
        family = (self._database, *self._database.children(recursive=True))
        return {
            "worker": sum(self._worker.cpu_times()[:2]),
            "database": sum(sum(process.cpu_times()[:2]) for process in family),
            "callers": time.process_time(),
        }
