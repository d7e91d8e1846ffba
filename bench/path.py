"""What does the full path cost beside a bare handler? CPU of the API process per request, in interleaved rounds.

The service answers with everything on: token, context, appointments, row-level security, ledger. Beside it stands a
hand-written Starlette handler with the same driver over the same table and nothing else. Only the ratio counts.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import httpx
import psutil
import psycopg
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from app import embedded
from app.access import Bearer, Tokens
from app.accounts.actions import adopt
from app.settings import Settings
from app.vault import Vault

PLACE = ("411421", "411421201")
FACE = "township_code, id, version, created_at, name, category"
HERE = "county_code = $1 and township_code = $2"
ONE = f"select row_to_json(t)::text from (select {FACE} from people where {HERE} and id = $3) t"
PAGE = f"select coalesce(json_agg(t), '[]')::text from (select {FACE} from people where {HERE} order by id limit 50) t"
ADD = (
    "with t as (insert into units (county_code, township_code, id, version, created_at, fingerprint, name, level) "
    "values ($1, $2, $3, 1, now(), '', $4, 'x') returning *) select row_to_json(t)::text from t"
)
MOVE = (
    f"with t as (update people set name = $4, version = version + 1 where {HERE} and id = $3 returning *) "
    "select row_to_json(t)::text from t"
)
KINDS = ("one record", "page of 50", "insert", "change")


def bare() -> Starlette:
    """The limit: one statement on the driver's pool, bytes out."""
    api = Starlette()

    async def startup() -> None:
        api.state.pool = await asyncpg.create_pool(os.environ["HUAYUAN_DATABASE_URL"], max_size=12)

    async def run(sql: str, *args: object) -> Response:
        async with api.state.pool.acquire() as connection:
            return Response(await connection.fetchval(sql, *PLACE, *args), media_type="application/json")

    async def one(request):
        return await run(ONE, UUID(request.path_params["id"]))

    async def page(request):
        return await run(PAGE)

    async def add(request):
        return await run(ADD, uuid4(), (await request.json())["name"])

    async def move(request):
        return await run(MOVE, UUID(request.path_params["id"]), (await request.json())["name"])

    api.router.routes += [
        Route("/v1/people/{id}", one), Route("/v1/people", page), Route("/v1/units", add, methods=["POST"]),
        Route("/v1/people/{id}", move, methods=["PATCH"]),
    ]  # fmt: skip

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            await startup()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        else:
            await api(scope, receive, send)

    return app


class Server:
    """One uvicorn worker in a process of its own, and its CPU time."""

    def __init__(self, command: str, environment: dict[str, str]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        told = [sys.executable, "-m", *command.split(), "--port", str(port)]
        self.process = subprocess.Popen(told, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
        self.client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30)
        self.cpu = psutil.Process(self.process.pid)
        for _ in range(200):
            try:
                httpx.get(f"http://127.0.0.1:{port}/healthz")
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"{command} did not start")

    def used(self) -> float:
        times = self.cpu.cpu_times()
        return times.user + times.system


async def send(server: Server, kind: str, ids: list[str], many: int, headers: dict[str, str]) -> float:
    """CPU microseconds per request over `many` requests, 8 at a time."""
    versions: dict[str, int] = {}

    async def once(number: int) -> None:
        key = ids[number % len(ids)]
        if kind == "one record":
            answer = await server.client.get(f"/v1/people/{key}", headers=headers)
        elif kind == "page of 50":
            answer = await server.client.get("/v1/people", headers=headers)
        elif kind == "insert":
            answer = await server.client.post("/v1/units", json={"name": uuid4().hex, "level": "x"}, headers=headers)
        else:
            etag = versions.get(key) or int(
                (await server.client.get(f"/v1/people/{key}", headers=headers)).json()["version"]
            )
            answer = await server.client.patch(
                f"/v1/people/{key}", json={"name": "n"}, headers={**headers, "if-match": f'"{etag}"'}
            )
            versions[key] = etag + 1
        assert answer.is_success, answer.text

    if kind == "change":
        for key in ids[:8]:
            versions[key] = int((await server.client.get(f"/v1/people/{key}", headers=headers)).json()["version"])
        ids = ids[:8]
    before = server.used()
    for start in range(0, many, 8):
        await asyncio.gather(*[once(n) for n in range(start, min(start + 8, many))])
    return (server.used() - before) / many * 1e6


def spread(figures: list[float], digits: int) -> dict[str, float]:
    """Median with minimum and maximum."""
    of = {"median": statistics.median(figures), "min": min(figures), "max": max(figures)}
    return {name: round(figure, digits) for name, figure in of.items()}


async def measure(servers: dict[str, Server], ids: list[str], rounds: int, many: int, headers: dict[str, str]) -> dict:
    results: dict = {}
    for kind in KINDS:
        figures: dict[str, list[float]] = {name: [] for name in servers}
        for server in servers.values():
            await send(server, kind, ids, 200, headers)
        for _ in range(rounds):
            for name, server in servers.items():
                figures[name].append(await send(server, kind, ids, many, headers))
        ratios = [a / b for a, b in zip(figures["service"], figures["bare"], strict=True)]
        results[kind] = {
            **{name: spread(f, 0) for name, f in figures.items()},
            "ratio": spread(ratios, 2),
        }
        print(kind, json.dumps(results[kind]), flush=True)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=1500)
    options = parser.parse_args()
    data = Path(tempfile.gettempdir()) / f"huayuan-bench-{os.getpid()}"
    url = embedded.ensure(data)
    servers: dict[str, Server] = {}
    try:
        environment = {
            "HUAYUAN_DATABASE_URL": url, "HUAYUAN_SECRET": "b" * 32, "HUAYUAN_PROFILE": "demo",
            "HUAYUAN_REQUESTS_PER_SECOND": "1e6",  # one account asks for all
        }  # fmt: skip
        subprocess.run([sys.executable, "-m", "app.cli", "migrate"], check=True, env={**os.environ, **environment})
        settings = Settings(database_url=url, secret="b" * 32, access_token_seconds=7200)
        vault = Vault(settings.master_secret)
        asyncio.run(adopt(url, vault, PLACE[1], "bench", "admin", "correct horse battery"))
        with psycopg.connect(url) as connection:
            ((account,),) = connection.execute("select id from accounts").fetchall()
        token = Tokens(settings, vault).issue(Bearer(account, *PLACE))
        headers = {"authorization": f"Bearer {token}"}
        servers = {
            "service": Server("app.cli serve", environment),
            "bare": Server("uvicorn --factory bench.path:bare --no-access-log --log-level warning", environment),
        }
        with httpx.Client(base_url=servers["service"].client.base_url.join("/v1"), headers=headers) as client:
            body = {"name": "张三", "category": "organ_cadre"}
            ids = [client.post("/people", json=body).json()["id"] for _ in range(200)]
        asyncio.run(measure(servers, ids, options.rounds, options.requests, headers))
    finally:
        for server in servers.values():
            server.process.terminate()
            server.process.wait(15)
        embedded.stop(data)


if __name__ == "__main__":
    main()
