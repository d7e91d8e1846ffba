"""How does a test let a worker work, and who receives what it tells?"""

import asyncio
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from app import jobs
from app.settings import Settings


def work_off(settings: Settings, *, times: int = 1) -> None:
    """Every look there is, and all they find; so many times."""

    async def work() -> None:
        async with jobs.open_worker(settings) as worker:
            for _ in range(times):
                for look in jobs.LOOKS.values():
                    await look(worker)
                await jobs.serve(worker, wait=False)

    asyncio.run(work())


class Receiver:
    """A county's system: keeps what it was told, and answers as `answer` says (200 where it says nothing)."""

    def __init__(self, answer: Callable[[dict[str, str], str], int] | None = None) -> None:
        self.answer = answer or (lambda headers, body: 200)
        self.messages: list[tuple[dict[str, str], str]] = []
        """Headers, by lower-case name, and body; in the order of arrival."""
        self.keep = True
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                if receiver.keep:
                    receiver.messages.append((headers, body))
                status = receiver.answer(headers, body)
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("location", f"{receiver.url}/elsewhere")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.place = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.place}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.messages]

    @property
    def told(self) -> list[Any]:
        return [json.loads(body) for _, body in self.messages]
