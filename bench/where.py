"""Where does the CPU of a request go? A sample of the worker's stack at every millisecond that it works.

A sample belongs to the innermost call whose file is one of a layer's; what C code does counts for whoever called it,
and what the event loop does by itself, sockets and the driver's protocol above all, for the loop.
"""

import argparse
import asyncio
import json
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from bench import page, servers
from bench.caller import closed
from bench.compare import KINDS, Requests
from bench.ground import Ground, ground
from bench.servers import Server

EVERY = 0.001
"""Seconds of CPU between two samples."""
LAYERS = {
    "the driver (asyncpg)": ("/asyncpg/",),
    "telemetry": ("/app/telemetry.py",),
    "admission and the body's guard": ("/app/admission.py", "/app/problems.py", "/app/rate.py"),
    "statements and their values": ("/app/database.py",),
    "sealing an entry": ("/app/log.py", "/app/vault.py", "/app/merkle.py"),
    "token, caller, command": ("/app/access.py", "/app/actor.py", "/app/writing.py", "/app/reading.py"),
    "the way to the operation": ("/app/doors.py", "/app/main.py"),
    "the feature's action and the law": ("/app/",),
    "FastAPI and Starlette": ("/fastapi/", "/starlette/"),
    "pydantic": ("/pydantic/",),
    "uvicorn": ("/uvicorn/",),
    "the event loop": ("/asyncio/",),
}
"""Of a file the first layer that names a part of its path."""


def layer_of(frame: FrameType | None) -> str:
    while frame is not None:
        path = frame.f_code.co_filename
        for layer, parts in LAYERS.items():
            if any(part in path for part in parts):
                return layer
        frame = frame.f_back
    return "else"


def serve(port: str, told: str) -> None:
    """The service, as `huayuan serve`, sampled; SIGUSR1 writes what was found since the last one to the file `told`."""
    from app import cli

    found: Counter[str] = Counter()

    def sample(_: int, frame: FrameType | None) -> None:
        found[layer_of(frame)] += 1

    def tell(*_: object) -> None:
        Path(told).write_text(json.dumps(found), "utf-8")
        found.clear()

    signal.signal(signal.SIGPROF, sample)
    signal.signal(signal.SIGUSR1, tell)
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    cli.app(["serve", "--port", port])


def samples(server: Server, told: Path) -> dict[str, int]:
    """How many of each layer since they were last asked for."""
    told.unlink(missing_ok=True)
    server.process.send_signal(signal.SIGUSR1)
    while not told.exists() or not told.read_text("utf-8"):
        time.sleep(0.05)
    return dict(json.loads(told.read_text("utf-8")))


async def of_kind(server: Server, requests: Iterator[bytes], told: Path, lasting: float) -> dict[str, float]:
    """Microseconds of each layer for a request."""

    await closed(server.port, requests, 16, lasting / 3)
    await asyncio.to_thread(samples, server, told)
    before = server.used()
    took = await closed(server.port, requests, 16, lasting)
    each = (server.used() - before) / len(took.seconds) * 1e6
    found = await asyncio.to_thread(samples, server, told)
    return {layer: round(each * many / sum(found.values()), 1) for layer, many in Counter(found).most_common()}


async def run(server: Server, place: Ground, told: Path, lasting: float) -> dict[str, Any]:
    requests, results = Requests(place), {}
    for kind in KINDS:
        results[kind] = await of_kind(server, requests.of(kind), told, lasting)
        print(f"{kind}: {sum(results[kind].values()):.0f} µs", flush=True)
        for layer, each in results[kind].items():
            print(f"  {each:7.1f} µs  {layer}")
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each kind of request is measured")
    parser.add_argument("--keep", action="store_true", help="write bench/results")
    options = parser.parse_args()
    servers.keep_off_their_core()
    with ground() as place, tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "samples.json"
        command = (sys.executable, f"-m bench.where serve {{port}} {told}")
        server = Server.start("sampled", place.environment, command)
        try:
            results = asyncio.run(run(server, place, told, options.seconds))
        finally:
            server.stop()
    if options.keep:
        page.keep("where", {"layers": results})


if __name__ == "__main__":
    serve(*sys.argv[2:]) if sys.argv[1:2] == ["serve"] else main()
