"""What must a contract run find? The service behind a door that breaks the contract in ways known beforehand."""

import json
import threading
import time
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.main import create_app
from app.settings import Settings
from tests.serving import SECRET

DEFECTS = {
    "GET /v1/units": "IgnoredAuth",
    "GET /v1/villages/{id}": "ObjectLevelAuthorizationViolation",
    "GET /v1/rubrics": "UndefinedStatusCode",
    "GET /v1/requirements": "JsonSchemaError",
    "GET /v1/visits": "ServerError",
    "POST /v1/units": "AcceptedNegativeData",
}
"""Where the door breaks the contract, and the failure that must tell."""


class Broken:
    """Lets everybody in as the officer here, forgets the tenant there, answers what no document promised."""

    def __init__(self, app: ASGIApp, officer: str) -> None:
        self._app, self._officer = app, officer.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        if (method == "GET" and path == "/v1/units") or self._is_anothers_village(scope):
            headers = [pair for pair in scope["headers"] if pair[0] != b"authorization"]
            scope = {**scope, "headers": [*headers, (b"authorization", self._officer)]}
        if method == "GET" and path in ("/v1/rubrics", "/v1/requirements", "/v1/visits"):
            send = self._otherwise(path, send)
        if method == "POST" and path == "/v1/units":
            send = self._always_made(send)
        await self._app(scope, receive, send)

    def _is_anothers_village(self, scope: Scope) -> bool:
        """The tenant's condition forgotten: whoever is signed in reads any village."""
        signed_in = any(name == b"authorization" for name, _ in scope["headers"])
        return scope["method"] == "GET" and scope["path"].startswith("/v1/villages/") and signed_in

    def _otherwise(self, path: str, send: Send) -> Send:
        spoilt = False

        async def changed(message: Message) -> None:
            nonlocal spoilt
            if message["type"] == "http.response.start" and message["status"] == 200:
                spoilt = path == "/v1/requirements"
                status = {"/v1/rubrics": 206, "/v1/visits": 500}.get(path, 200)
                headers = [pair for pair in message["headers"] if pair[0] != b"content-length"]
                message = {**message, "status": status, "headers": headers}
            elif spoilt and message["type"] == "http.response.body":
                message = {**message, "body": json.dumps(json.loads(message["body"]) | {"next_cursor": 5}).encode()}
            await send(message)

        return changed

    def _always_made(self, send: Send) -> Send:
        async def changed(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 422:
                message = {**message, "status": 201}
            await send(message)

        return changed


class BrokenService:
    """Serves on the database `url`, in a thread of this process."""

    def __init__(self, url: str, officer: str) -> None:
        settings = Settings(database_url=url, secret=SECRET, profile="demo", requests_per_second=10_000)
        app: Any = Broken(create_app(settings), officer)
        self._server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", access_log=False))
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
            assert self._thread.is_alive(), "the service did not start"
        self.address = f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)
