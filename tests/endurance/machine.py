"""What do the campaigns break? A PostgreSQL that commits to disk and workers of the service, each ended by its pid."""

from contextlib import suppress
from pathlib import Path
from typing import Any

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


class Machine:
    """One database server on its own, one migrated database, the workers that serve it.

    Everything an ordinary installation has is on; `durable=False` is the negative control that acknowledges
    commits before they are on disk.
    """

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.home, self.workers = home, list[Process]()
        server = embedded.ensure(home, "postgres")
        self.url = embedded.database(server, "huayuan")
        _migrate(self.url)
        if not durable:
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute("ALTER SYSTEM SET synchronous_commit = off")
                connection.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")
                connection.execute("SELECT pg_reload_conf()")
        settings = Settings(database_url=self.url, secret=SECRET, access_token_seconds=HOURS)
        self._tokens = Tokens(settings, Vault(settings.master_secret))

    def township(self, code: str) -> Township:
        """A township with its registers and officers, made while all is well.

        Its callers speak to a service in this process: use it to prepare, `headers` for the campaign, and
        `done_preparing` before anything is broken.
        """
        return Township(Service(self.url, pool_size=2), code)

    def done_preparing(self, place: Township) -> None:
        place.service.stop()

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

    def connect(self) -> psycopg.Connection[Any]:
        """As the owner of everything, beside the service."""
        return psycopg.connect(self.url, autocommit=True)

    def clients(self, headers: dict[str, str]) -> list[httpx.Client]:
        """One client for each worker."""
        return [httpx.Client(base_url=w.address, headers=headers, timeout=PROMPT) for w in self.workers]

    def stop(self) -> None:
        for worker in self.workers:
            worker.stop()
        embedded.stop(self.home)
