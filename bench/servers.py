"""What is measured? Each server as one worker in a process of its own, on a core of its own, with its CPU time."""

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.peers import directus

ROOT = Path(__file__).parent.parent
PEERS = ROOT / ".venv-peers" / "bin" / "python"
UVICORN = "-m uvicorn --no-access-log --log-level warning --loop uvloop --http httptools --port {port}"
GUNICORN = "-m gunicorn --workers 1 --threads 16 --keep-alive 60 --log-level warning --bind 127.0.0.1:{port}"
COMMANDS = {
    "huayuan": (sys.executable, "-m app.cli serve --port {port}"),
    "bare": (sys.executable, f"{UVICORN} bench.peers.bare:app"),
    "litestar": (str(PEERS), f"{UVICORN} bench.peers.litestar_app:app"),
    "ninja": (str(PEERS), f"{GUNICORN} bench.peers.ninja_app:app"),
    "drf": (str(PEERS), f"{GUNICORN} bench.peers.drf_app:app"),
    "directus": ("node", f"{directus.CLI} start"),
}
TITLES = {
    "huayuan": "Huayuan, everything on",
    "bare": "Starlette + asyncpg by hand",
    "litestar": "Litestar + SQLAlchemy",
    "ninja": "Django Ninja",
    "drf": "Django REST framework",
    "directus": "Directus",
}


@dataclass
class Server:
    """One server that runs."""

    name: str
    port: int
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, name: str, environment: dict[str, str], command: tuple[str, str] | None = None) -> "Server":
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        python, words = command or COMMANDS[name]
        told = [python, *words.format(port=port).split()]
        environment = environment | {"PORT": str(port)}
        server = cls(name, port, subprocess.Popen(told, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL))
        server._await()
        for one in server._family():
            one.cpu_affinity([0])
        return server

    def _await(self) -> None:
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"{self.name} did not start")

    def _family(self) -> list[psutil.Process]:
        whole = psutil.Process(self.process.pid)
        return [whole, *whole.children(recursive=True)]

    def used(self) -> float:
        """Seconds of CPU so far, user and system."""
        times = [one.cpu_times() for one in self._family()]
        return sum(t.user + t.system for t in times)

    def memory(self) -> int:
        return sum(one.memory_info().rss for one in self._family())

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


def keep_off_their_core() -> None:
    """The caller and whatever it starts from now on leave core 0 to the server in hand."""
    if len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[1:])
