"""On what does the story run? A fresh database and the real service in a process of its own."""

import os
import secrets
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import httpx
import psycopg
from psycopg import sql

from app.settings import Settings

DATABASE = "huayuan_demo"
ADMIN_LOGIN, ADMIN_PASSWORD = "admin", "yanshi-admin-2016"
CLIENT_LOGIN, CLIENT_SECRET = "county", "yanshi-county-2016"
"""Of the county's own system."""
STARTING_SECONDS = 180


class ServiceFailed(RuntimeError):
    """The service did not start; the message carries what it printed."""


class Service:
    """The service of one run: `start` it, talk to its `address`, `stop` it."""

    def __init__(self) -> None:
        settings = Settings()
        self.embedded_in: Path | None = None
        server = settings.database_url
        if server is None:
            from app import embedded

            self.embedded_in = settings.data_dir
            server = embedded.ensure(settings.data_dir, "postgres")
        self._environment = {
            **os.environ,
            "HUAYUAN_DATABASE_URL": _fresh_database(server),
            "HUAYUAN_SECRET": secrets.token_hex(32),
            "HUAYUAN_PROFILE": "demo",
            "HUAYUAN_REQUESTS_PER_SECOND": "1000",  # one storyteller acts for a whole township
        }
        self.host, self.port = settings.host, _free_port(settings.host, settings.port)
        self.address = f"http://{self.host}:{self.port}"
        self.output = settings.data_dir / "demo.log"
        """What the service prints."""
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self, township: str, day: str) -> None:
        """Migrate, and let the township and its county adopt the service as of `day`."""
        self._command("migrate")
        account = ("--name", "系统管理员(演示)", "--login", ADMIN_LOGIN, "--password", ADMIN_PASSWORD)
        for place in (township, township[:6]):
            self._command("adopt", place, *account, "--on", day)

    def start(self) -> None:
        """Serve, and return when the service says that it is ready."""
        self.output.parent.mkdir(parents=True, exist_ok=True)
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "serve", "--host", self.host, "--port", str(self.port)],
                env=self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + STARTING_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise ServiceFailed(self.output.read_text(errors="replace"))
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.address}/readyz").status_code == 200:
                    return
            time.sleep(0.2)
        raise ServiceFailed(f"not ready after {STARTING_SECONDS} seconds; it printed {self.output}")

    def wait(self) -> None:
        """Until somebody ends the service, as with Ctrl-C."""
        if self._process is not None:
            with suppress(KeyboardInterrupt):
                self._process.wait()

    def stop(self) -> None:
        """End the service, and the embedded server unless another process uses it."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(20)
        if self.embedded_in is not None:
            from app import embedded

            embedded.stop(self.embedded_in)

    def _command(self, *words: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", *words], env=self._environment, capture_output=True, check=False
        )
        if done.returncode:
            raise ServiceFailed(f"huayuan {words[0]}: {done.stderr.decode(errors='replace')}")


def _fresh_database(server: str) -> str:
    """Drop and make the demonstration's own database on the server of this URL; its URL.

    It alone does not wait for the disk at each commit: whatever it loses is played again.
    """
    name = sql.Identifier(DATABASE)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        connection.execute(
            sql.SQL(
                "CREATE DATABASE {} TEMPLATE template0 STRATEGY file_copy ENCODING 'UTF8' LOCALE 'C'"
                " LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"
            ).format(name)
        )
        connection.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(name))
    address, mark, query = server.partition("?")
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/{quote(DATABASE)}{mark}{query}"


def _free_port(host: str, wanted: int) -> int:
    """The port the settings name, or another one where that is taken."""
    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((host, wanted))
        except OSError:
            door.bind((host, 0))
        return int(door.getsockname()[1])
