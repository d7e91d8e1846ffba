"""How does a test run the service as an operator starts it: as a process, ended by its pid?"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parent.parent
SECRET = "t" * 32
"""Of every service of the tests, so that a token of one holds at the others."""
POOL = 4
BRISK = "100000"
"""Requests a second that an account of a campaign may make: no person asks as fast."""
PROMPT = 8.0
"""Seconds within which a bounded answer (5 s) has come even on a busy machine; a hanging one has not."""

STARTING = 120
"""Seconds within which a worker has started even on a machine that does much else."""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def eventually(holds: Callable[[], bool], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            if holds():
                return True
        time.sleep(0.05)
    return False


class Process:
    """The service on the database `url`, in a process of its own, and what it prints; `settings` are its own."""

    def __init__(self, url: str, output: Path, *, port: int | None = None, **settings: str) -> None:
        self.port, self.output = port or free_port(), output
        self.address = f"http://127.0.0.1:{self.port}"
        named = {
            "DATABASE_URL": url, "SECRET": SECRET, "PROFILE": "demo", "POOL_SIZE": str(POOL),
            "REQUESTS_PER_SECOND": BRISK,
            **{name.upper(): value for name, value in settings.items()},
        }  # fmt: skip
        environment = {**os.environ, **{f"HUAYUAN_{name}": value for name, value in named.items()}}
        with output.open("ab") as told:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "serve", "--port", str(self.port)],
                cwd=ROOT, env=environment, stdout=told, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def await_ready(self) -> "Process":
        ready = eventually(lambda: httpx.get(f"{self.address}/readyz").status_code == 200, STARTING)
        assert ready, self.output.read_text("utf-8")[-2000:]
        return self

    def caller(self, like: Any) -> httpx.Client:
        """The same token at this process: it has the same secret."""
        return httpx.Client(base_url=self.address, headers=like.client.headers, timeout=PROMPT)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.output.read_text("utf-8").splitlines()]

    def kill(self) -> None:
        """As the system's out-of-memory killer would."""
        self.process.kill()
        self.process.wait(15)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(15)
