"""Does the service tell what it does and nothing of a person, answer in time when others fail, and come back whole?

All of it on a server of these tests' own, filled by the commands of docs/operations.md.
"""

import asyncio
import io
import json
import logging
import os
import re
import signal
import socket
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil
import psycopg
import pytest
from starlette.types import Receive, Scope, Send

from app import embedded, merkle
from app.access import NOBODY, Bearer
from app.database import LIMITS, Database
from app.main import create_app
from app.problems import refusal_of
from app.refusal import Unavailable
from app.settings import Settings
from app.telemetry import JsonLines, Lines, Metrics, Telemetry, request_id
from tests import cluster
from tests.serving import POOL, PROMPT, ROOT, SECRET, Process, eventually

PERSON = {"name": "欧阳修远", "category": "organ_cadre", "citizen_id": "11010519491231002X", "phone": "13912345678"}
PHOTO = b"\x89PNG\r\n\x1a\n" + bytes(100)
NUMBER = PERSON["citizen_id"]
SOON = {"1", "2", "3"}
MAY_TELL = {"time", "level", "logger", "message", "request_id", "method", "route", "status", "ms", "place"}


def commands(name: str, folder: Path, **environment: str) -> None:
    """Run a block of docs/operations.md as it stands there."""
    blocks = re.findall(r"```sh\n# (\w+)\n(.*?)```", (ROOT / "docs" / "operations.md").read_text("utf-8"), re.DOTALL)
    path = f"{embedded._binaries()}:{os.environ['PATH']}"
    told = dict(blocks)[name]
    done = subprocess.run(
        ["sh", "-ec", told], cwd=folder, env={**environment, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@dataclass(frozen=True)
class Copy:
    """The restored database on a server of its own, and what the original said when it was saved."""

    home: Path
    url: str
    files: Path
    checkpoint: dict[str, Any]
    person: str
    attachment: str


@pytest.fixture(scope="module")
def copy(shared_township: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """Saved from the session's server and restored on another, by the documented commands."""
    if cluster.is_named():
        pytest.skip("what a cluster saved is restored on servers with Citus")
    folder = tmp_path_factory.mktemp("saved")
    made = shared_township.office("leading_group_office").made("/people", PERSON)
    photo = {"file_name": "照片.png", "content": b64encode(PHOTO).decode()}
    kept = shared_township.office("leading_group_office").made("/attachments", photo)
    told = shared_township.admin.read(f"/ledger/{shared_township.code}/checkpoint")
    service = shared_township.service
    commands(
        "backup", folder, HUAYUAN_DATABASE_URL=service.database_url, HUAYUAN_DATA_DIR=str(service.settings.data_dir)
    )
    home = tmp_path_factory.mktemp("server")
    server = embedded.ensure(home, "postgres")
    with psycopg.connect(server, autocommit=True) as connection:  # processes die here, machines do not
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    files = tmp_path_factory.mktemp("data")
    commands("restore", folder, NEW_SERVER=server, NEW_DATA_DIR=str(files))
    name = psycopg.conninfo.conninfo_to_dict(shared_township.service.database_url)["dbname"]
    yield Copy(home, embedded.database(server, str(name)), files, told, made["id"], kept["id"])
    embedded.stop(home)


@pytest.fixture(scope="module")
def running(copy: Copy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    process = Process(copy.url, tmp_path_factory.mktemp("output") / "lines", data_dir=str(copy.files))
    yield process.await_ready()
    process.stop()


@pytest.fixture(scope="module")
def clerk(running: Process, shared_township: Any) -> Iterator[httpx.Client]:
    """The leading group's office at the running process."""
    with running.caller(shared_township.office("leading_group_office")) as client:
        yield client


def leaf_hashes(connection: psycopg.Connection[Any], place: str) -> list[bytes]:
    query = "select leaf from log_event where township_code = %s order by seq"
    return [merkle.leaf_hash(bytes(row[0])) for row in connection.execute(query, [place])]


# --- what it tells


def answered(answer: httpx.Response) -> str:
    return answer.headers["x-request-id"]


def test_requests_leave_one_line_each_and_nothing_of_a_person(running, clerk, copy, shared_township):
    sign_in = {"grant_type": "password", "username": PERSON["phone"], "password": NUMBER}
    as_json = {"content-type": "application/json"}
    asked = {
        "made": clerk.post("/v1/people", json={**PERSON, "citizen_id": "110105194912310070"[:17] + "X"}),
        "again": clerk.post("/v1/people", json=PERSON),
        "read": clerk.get(f"/v1/people/{copy.person}"),
        "path": clerk.get(f"/v1/people/{NUMBER}"),
        "query": clerk.get("/v1/people", params={"name": PERSON["name"], "phone": PERSON["phone"]}),
        "nowhere": clerk.get(f"/v1/{NUMBER}/{PERSON['phone']}"),
        "broken": clerk.post("/v1/people", content=json.dumps(PERSON)[:-1], headers=as_json),
        "sign in": clerk.post("/v1/oauth/token", data=sign_in),
    }  # fmt: skip
    last = answered(asked["sign in"])
    assert eventually(lambda: any(line.get("request_id") == last for line in running.lines()))
    found = {line["request_id"]: line for line in running.lines() if line["logger"] == "huayuan.access"}
    for name, answer in asked.items():
        line = found[answered(answer)]
        assert (line["method"], line["status"]) == (answer.request.method, answer.status_code), name
        assert set(line) <= MAY_TELL
    read = found[answered(asked["read"])]
    assert (read["route"], read["place"]) == ("/v1/people/{id}", shared_township.code)
    told = running.output.read_text("utf-8")
    assert [secret for secret in (*PERSON.values(), copy.person) if secret in told and secret != "organ_cadre"] == []
    assert shared_township.code in told, "what is told is found by this search"
    assert asked["made"].status_code in {201, 422} and asked["read"].status_code == 200


def test_of_a_failure_only_the_types_and_the_places_are_told():
    """The very record that a plain formatter would print with the number in it."""
    output = {formatter: io.StringIO() for formatter in (JsonLines, logging.Formatter)}
    logger = logging.getLogger("huayuan.test")
    logger.propagate = False
    for formatter, stream in output.items():
        handler = logging.StreamHandler(stream)
        handler.setFormatter(formatter())
        logger.addHandler(handler)
    try:
        try:
            int(NUMBER)
        except ValueError as error:
            raise RuntimeError(f"of {NUMBER}") from error
    except RuntimeError:
        logger.exception("unhandled")
    assert NUMBER in output[logging.Formatter].getvalue(), "control"
    told = json.loads(output[JsonLines].getvalue())
    assert NUMBER not in str(told)
    assert [f["type"] for f in told["failure"]] == ["RuntimeError", "ValueError"]
    assert "test_of_a_failure" in told["failure"][0]["at"][-1]


@pytest.mark.parametrize("stream_of_lines", [io.StringIO], indirect=True)
def test_of_what_a_library_says_only_the_place_is_told(stream_of_lines):
    """asyncio's own complaint of a callback that failed names its arguments."""

    async def fail() -> None:
        asyncio.get_running_loop().call_soon(int, NUMBER)
        await asyncio.sleep(0)

    plain = logging.StreamHandler(spoken := io.StringIO())
    logging.getLogger("asyncio").addHandler(plain)
    try:
        asyncio.run(fail())
    finally:
        logging.getLogger("asyncio").removeHandler(plain)
    assert NUMBER in spoken.getvalue(), "control"
    (line,) = map(json.loads, stream_of_lines.getvalue().splitlines())
    assert NUMBER not in str(line)
    assert (line["logger"], line["failure"][0]["type"]) == ("asyncio", "ValueError")
    assert re.search(r"asyncio/.*\.py:\d+$", line["message"])


def test_strange_requests_make_no_line_and_no_series_of_their_own(running, clerk, copy):
    """What a stranger may choose freely (path, method, headers, an upgrade) is in no line and in no metric."""
    before = set(clerk.get("/metrics").text.splitlines())
    for number in range(30):
        clerk.request(f"X{number}", f"/v1/{NUMBER}/{number}", headers={"user-agent": NUMBER, "referer": NUMBER})
        clerk.get(f"/{NUMBER}/{number}")
    with socket.create_connection(("127.0.0.1", running.port), timeout=PROMPT) as wire:
        wire.sendall(
            f"GET /v1/people/{NUMBER}?n={NUMBER} HTTP/1.1\r\nHost: {NUMBER}\r\nConnection: Upgrade\r\n"
            f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGVzdHRlc3R0ZXN0dGVzdA==\r\n\r\n"
            .encode()
        )  # fmt: skip
        assert wire.recv(4096)
    with socket.create_connection(("127.0.0.1", running.port), timeout=PROMPT) as wire:
        wire.sendall(f"GET /v1/{NUMBER} {NUMBER}\r\nX-Request-Id: a\r\n b\r\n\r\n".encode())
        assert wire.recv(4096)
    told = clerk.get("/metrics").text
    new = {line.partition(" ")[0] for line in told.splitlines()} - {line.partition(" ")[0] for line in before}
    assert {m for line in new for m in re.findall(r'route="([^"]*)"', line)} <= {"none", "/metrics", "/v1/people/{id}"}
    assert {m for line in new for m in re.findall(r'method="([^"]*)"', line)} <= {"other", "GET"}
    assert NUMBER not in told
    assert NUMBER not in running.output.read_text("utf-8")
    assert all(line["logger"].startswith(("huayuan.", "uvicorn.")) for line in running.lines())


@pytest.mark.parametrize("given", ["a", "0190-AB.c:d_e", "x" * 64])
def test_a_clean_request_id_is_taken_over(service, given):
    answer = httpx.get(f"{service.address}/v1/people", headers={"x-request-id": given})
    assert (answer.status_code, answer.headers["x-request-id"], answer.json()["request_id"]) == (401, given, given)


@pytest.mark.parametrize("given", [b"", b"x" * 65, b"a b", b'a"b', "花".encode(), None])
def test_any_other_is_replaced_in_answers_and_problems_alike(service, given):
    headers = [] if given is None else [(b"x-request-id", given)]
    client = httpx.Client(base_url=service.address, headers=headers)
    for answer in (client.get("/v1/people"), client.post("/v1/people", content=b"{"), client.get("/nowhere")):
        made = answer.headers["x-request-id"]
        assert re.fullmatch(r"[0-9a-f]{32}", made)
        assert answer.json()["request_id"] == made
    assert httpx.get(f"{service.address}/healthz").headers["x-request-id"] != made


def test_our_own_mistake_is_answered_counted_and_told_too():
    """What Starlette's outermost layer answers also bears the id: telemetry stands outside of it."""
    api = create_app(Settings(secret=SECRET, database_url="postgresql://nobody@127.0.0.1:1/none"))

    @api.get("/mistake")
    async def mistake() -> None:
        raise RuntimeError(NUMBER)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(api, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.get("/mistake", headers={"x-request-id": "mine"})

    answer = asyncio.run(ask())
    assert (answer.status_code, answer.headers["x-request-id"], answer.json()["request_id"]) == (500, "mine", "mine")
    assert NUMBER not in answer.text
    assert sum(api.state.metrics.series["/mistake", "GET", 500].buckets) == 1


def test_a_line_within_a_request_bears_its_id_and_others_none():
    lines: list[dict[str, Any]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        record = logging.makeLogRecord({"msg": "within", "name": "huayuan"})
        lines.append(json.loads(JsonLines().format(record)))

    async def ask() -> None:
        scope = {"type": "http", "method": "FOO", "path": "/", "headers": [(b"x-request-id", b"one")]}
        metrics = Metrics()
        await Telemetry(app, metrics)(scope, None, None)  # type: ignore[arg-type, return-value]
        assert list(metrics.series) == [("none", "other", 0)], "strange methods make no series of their own"

    asyncio.run(ask())
    assert lines[0]["request_id"] == "one"
    assert request_id.get() is None


def asked(place: str) -> list[Any]:
    """One request from there through telemetry alone, with the streams that the root logger has; what was sent."""
    sent: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 204})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": [],
        "state": {"bearer": Bearer(NOBODY, "411421", place)},
    }
    asyncio.run(Telemetry(app, Metrics())(scope, None, send))  # type: ignore[arg-type]
    return sent


class Full(io.StringIO):
    """A stream on a full disk."""

    def write(self, _: str) -> int:
        raise OSError(28, "No space left on device")


@pytest.fixture
def stream_of_lines(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """Every line is written here too."""
    handler, level = Lines(request.param()), logging.root.level
    logging.root.addHandler(handler)
    logging.root.setLevel("INFO")
    yield handler.stream
    logging.root.removeHandler(handler)
    logging.root.setLevel(level)


@pytest.mark.parametrize("stream_of_lines", [io.StringIO], indirect=True)
def test_a_line_put_together_from_parts_reads_like_any_other(stream_of_lines):
    for place in ("411421201", '4"\n{"level": "error"}'):
        asked(place)
        logging.getLogger("huayuan.plain").info("plain")
        made, plain = map(json.loads, stream_of_lines.getvalue().splitlines()[-2:])
        assert made["place"] == place
        assert list(plain) == list(made)[:4], "beside what only a request has, in the same order"
        assert re.sub(r"\d", "0", plain["time"]) == re.sub(r"\d", "0", made["time"])
        assert plain["time"] >= made["time"]


@pytest.mark.parametrize("stream_of_lines", [Full], indirect=True)
def test_a_line_that_cannot_be_written_harms_no_request_and_is_told(stream_of_lines, capsys):
    assert asked("411421201")[0]["status"] == 204
    assert "No space left on device" in capsys.readouterr().err


def series(text: str, name: str, **labels: str) -> float:
    found = [
        float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if line.startswith(name + "{") and all(f'{k}="{v}"' in line for k, v in labels.items())
    ]
    return sum(found)


def test_metrics_count_what_was_asked(running, clerk):
    before = clerk.get("/metrics").text
    for _ in range(3):
        clerk.get("/v1/people/0190a0a0-0000-7000-8000-000000000000")
    answer = clerk.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    labels = {"route": "/v1/people/{id}", "method": "GET"}
    for name, more in {
        "huayuan_requests_total": {"status": "404"},
        "huayuan_request_duration_seconds_count": {},
        "huayuan_request_duration_seconds_bucket": {"le": "+Inf"},
    }.items():
        assert series(answer.text, name, **labels, **more) - series(before, name, **labels, **more) == 3, name
    assert series(answer.text, "huayuan_database_connections_limit") == POOL
    assert 1 <= series(answer.text, "huayuan_database_connections_open") <= POOL
    assert "/metrics" not in json.loads((ROOT / "openapi" / "openapi.json").read_text("utf-8"))["paths"]
    grammar = re.compile(r'# TYPE \w+ (counter|gauge|histogram)|\w+(\{(\w+="[^"\\]*",?)+\})? [0-9.]+')
    assert [line for line in answer.text.splitlines() if not grammar.fullmatch(line)] == []


def test_not_ready_before_the_migration(running, clerk, copy):
    assert clerk.get("/readyz").status_code == 200
    with psycopg.connect(copy.url, autocommit=True) as connection:
        (head,) = connection.execute("select version_num from alembic_version").fetchone()
        try:
            for version in ("0001", None):
                connection.execute("delete from alembic_version")
                if version:
                    connection.execute("insert into alembic_version values (%s)", [version])
                answer = clerk.get("/readyz")
                assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"] in SOON) == (
                    503, "not-migrated", True,
                )  # fmt: skip
        finally:
            connection.execute("delete from alembic_version")
            connection.execute("insert into alembic_version values (%s)", [head])
    assert clerk.get("/readyz").json() == {"status": "ok", "migration": head}


# --- what is saved


def test_the_restored_copy_has_the_same_root_and_serves(clerk, copy, shared_township):
    code = shared_township.code
    assert clerk.get(f"/v1/ledger/{code}/checkpoint").json() == copy.checkpoint
    assert clerk.get(f"/v1/people/{copy.person}").json()["name"] == PERSON["name"]
    assert clerk.get(f"/v1/attachments/{copy.attachment}/content").content == PHOTO
    with psycopg.connect(copy.url) as connection:
        (root,) = connection.execute("select root from log_head where township_code = %s", [code]).fetchone()
        found = leaf_hashes(connection, code)
        assert merkle.root(found) == bytes(root), "recomputed from every leaf"
        assert merkle.root([*found[:-1], merkle.leaf_hash(b"")]) != bytes(root), "control"
    assert clerk.post("/v1/units", json={"name": "财政所"}).status_code == 201


GUARDS = """
    select 'table', oid::regclass::text, relowner::regrole::text || relrowsecurity || relforcerowsecurity
           || coalesce(array(select unnest(relacl)::text order by 1)::text, '')
      from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
    union all select 'column', attrelid::regclass || '.' || attname, attacl::text
      from pg_attribute where attacl is not null and attrelid::regclass::text !~ '^pg_|^information'
    union all select 'policy', tablename || '.' || policyname, concat_ws(' ', cmd, roles, permissive, qual, with_check)
      from pg_policies
    union all select 'function', oid::regprocedure::text, concat_ws(' ', proowner::regrole, prosecdef, proconfig)
           || coalesce(array(select unnest(proacl)::text order by 1)::text, '')
      from pg_proc where pronamespace = 'public'::regnamespace
    union all select 'role', rolname, concat_ws(' ', rolsuper, rolbypassrls, rolcreaterole, rolcanlogin)
      from pg_roles where rolname ~ '^huayuan_(app|log|public)'
    union all select 'note', 'alembic_version', obj_description('alembic_version'::regclass, 'pg_class')"""
"""Who may do what, as PostgreSQL's catalogue has it."""


def test_the_service_runs_as_a_login_that_owns_nothing(copy, shared_township, tmp_path):
    """As docs/operations.md advises and compose does: a fault in the API reaches no further than its own role."""
    with psycopg.connect(copy.url, autocommit=True) as owner:
        owner.execute("create role huayuan_api login in role huayuan_app")
    url = re.sub(r"//\w+@", "//huayuan_api@", copy.url)
    process = Process(url, tmp_path / "lines")
    try:
        with process.await_ready().caller(shared_township.office("leading_group_office")) as clerk:
            assert clerk.post("/v1/units", json={"name": "水利站", "level": "x"}).status_code == 201
    finally:
        process.stop()
    attempts = (
        "set role postgres",
        "set role huayuan_log",
        "update log_event set leaf = leaf",
        "delete from log_event",
        "truncate people",
        "alter table people disable row level security",
        "drop table people",
    )
    for attempt in attempts:
        with psycopg.connect(url) as api, pytest.raises(psycopg.errors.InsufficientPrivilege):
            api.execute(attempt)
        with psycopg.connect(copy.url) as owner:
            owner.execute("set local lock_timeout = '5s'")
            owner.execute(attempt + " cascade" * attempt.startswith(("drop", "truncate")))
            owner.rollback()  # control: the owner could


def test_the_restored_copy_is_guarded_as_the_original_was(copy, shared_township):
    with psycopg.connect(shared_township.service.database_url) as original, psycopg.connect(copy.url) as restored:
        found = {tuple(row) for row in restored.execute(GUARDS)}
        assert sorted(found ^ {tuple(row) for row in original.execute(GUARDS)}) == []
        assert {row[0] for row in found} == {"table", "column", "policy", "function", "role", "note"}
        restored.execute("grant delete on people to huayuan_app")
        assert {tuple(row) for row in restored.execute(GUARDS)} != found, "control"
        restored.rollback()
        restored.execute("set role huayuan_app")
        assert restored.execute("select count(*) from people").fetchone() == (0,), "without a context"
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            restored.execute("delete from log_event")


def test_one_changed_entry_in_the_copy_has_another_root(copy, shared_township):
    """The control: whoever changes one byte of one entry in a restored database is found by the kept root."""
    code = shared_township.code
    kept = bytes.fromhex(copy.checkpoint["root"])
    with psycopg.connect(copy.url) as connection:
        before = leaf_hashes(connection, code)[: copy.checkpoint["size"]]
        change = (
            "update log_event set leaf = set_byte(leaf, 9, get_byte(leaf, 9) # 1) where township_code = %s and seq = 1"
        )
        assert connection.execute(change, [code]).rowcount == 1
        after = leaf_hashes(connection, code)[: copy.checkpoint["size"]]
        connection.rollback()
    assert merkle.root(before) == kept
    assert merkle.root(after) != kept


def test_a_base_backup_starts_with_the_same_root(copy, shared_township, tmp_path_factory):
    home = tmp_path_factory.mktemp("base")
    data = home / "postgres"
    commands("basebackup", home, HUAYUAN_DATABASE_URL=copy.url, COPY=str(data))
    (data / ".s.PGSQL.5432.lock").unlink()
    if os.geteuid() == 0:
        for path in (data, *data.rglob("*")):
            embedded._own(path)
        embedded._let_through(data)
    name = str(psycopg.conninfo.conninfo_to_dict(copy.url)["dbname"])
    try:
        query = "select size, root from log_head where township_code = %s"
        with psycopg.connect(embedded.ensure(home, name)) as theirs, psycopg.connect(copy.url) as ours:
            (size, root) = theirs.execute(query, [shared_township.code]).fetchone()
            assert (size, root) == ours.execute(query, [shared_township.code]).fetchone()
            assert merkle.root(leaf_hashes(theirs, shared_township.code)) == bytes(root)
    finally:
        embedded.stop(home)


# --- when others fail


def unavailable(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.json()["code"], answer.headers.get("retry-after") in SOON) == (
        503,
        "unavailable",
        True,
    )


def test_a_locked_table_answers_503_in_time_and_then_all_is_well(running, clerk, copy):
    with ThreadPoolExecutor(20) as threads:
        with psycopg.connect(copy.url) as holder:
            holder.execute("lock table people in access exclusive mode")
            paths = [f"/v1/people/{copy.person}", "/v1/people"] * 10
            answers = list(threads.map(clerk.get, paths))
            assert [a.text for a in answers if not unavailable(a)] == []
        assert {a.status_code for a in threads.map(clerk.get, paths)} == {200}, "control: the same without the lock"


def test_an_exhausted_pool_answers_503_and_then_all_is_well(service):
    async def ask() -> list[httpx.Response]:
        api = create_app(Settings(database_url=service.database_url, secret=SECRET, profile="demo", pool_size=2))
        transport = httpx.ASGITransport(api)
        async with (
            api.router.lifespan_context(api),
            httpx.AsyncClient(transport=transport, base_url="http://x", timeout=PROMPT) as client,
        ):
            async with api.state.database.transaction(), api.state.database.transaction():
                full = [await client.get("/readyz"), await client.get("/healthz")]
            return [*full, await client.get("/readyz")]

    full, alive, after = asyncio.run(ask())
    assert unavailable(full)
    assert (alive.status_code, after.status_code) == (200, 200)


def test_the_limits_of_postgresql_are_in_force_on_every_connection(service):
    async def ask() -> dict[str, str]:
        database = Database(service.database_url, 2)
        await database.open()
        async with database.transaction(), database.transaction() as second:
            found = {name: await second.call("select current_setting($1)", name) for name in LIMITS}
        await database.close()
        return found

    assert asyncio.run(ask()) == LIMITS
    with psycopg.connect(service.database_url) as plain:
        assert plain.execute("select current_setting('lock_timeout')").fetchone() == ("0",), "control"


@pytest.mark.parametrize(
    ("where", "statement", "meant"),
    [
        ("huayuan_nowhere", "select 1", Unavailable),
        (None, "set transaction read only; create table x ()", Unavailable),
        (None, "mistake", None),
    ],
)
def test_a_database_that_is_being_replaced_is_no_mistake_of_ours(service, where, statement, meant):
    """Not there yet in the middle of a restore, or a standby that is not yet the primary; the last is the control."""

    async def ask() -> None:
        connection = await asyncpg.connect(service.database_url, database=where)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    with pytest.raises(asyncpg.PostgresError) as failure:
        asyncio.run(ask())
    refusal = refusal_of(failure.value)
    assert (refusal and type(refusal)) == meant


@pytest.mark.parametrize(("seconds", "patient"), [(0.2, False), (30.0, True)])
def test_a_transaction_that_lasts_too_long_is_hung_up(service, seconds, patient):
    async def ask() -> None:
        database = Database(service.database_url, 1, seconds=seconds)
        await database.open()
        try:
            async with database.transaction() as transaction:
                await transaction.call("select pg_sleep(0.8)")
        finally:
            async with database.transaction() as transaction:
                assert await transaction.call("select 1") == 1, "on a new connection"
            await database.close()

    if patient:
        asyncio.run(ask())
    else:
        with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.InterfaceError)):
            asyncio.run(ask())


def test_a_server_that_no_longer_answers_is_given_up_in_time(running, clerk, copy):
    """Stopped, not dead: nothing is refused and no timeout of PostgreSQL's own can fire."""
    postmaster = psutil.Process(int((copy.home / "postgres" / "postmaster.pid").read_text().split()[0]))
    frozen = [postmaster]
    postmaster.suspend()
    try:
        for child in postmaster.children():
            child.suspend()
            frozen.append(child)
        with ThreadPoolExecutor(2 * POOL) as threads:
            answers = list(threads.map(clerk.get, ["/v1/people"] * 2 * POOL))
        assert [a.text for a in answers if not unavailable(a)] == []
    finally:
        for process in frozen:
            process.resume()
    assert eventually(lambda: clerk.get("/v1/people").status_code == 200, 10)


def test_postgresql_restarts_under_the_running_service(running, clerk, copy):
    made = clerk.post("/v1/units", json={"name": "民政所", "level": "x"})
    assert made.status_code == 201
    embedded._run("pg_ctl", "-D", str(copy.home / "postgres"), "-m", "immediate", "-w", "stop")
    try:
        for path in ("/v1/people", f"/v1/people/{copy.person}", "/readyz"):
            assert unavailable(clerk.get(path)), path
        assert unavailable(clerk.post("/v1/units", json={"name": "x", "level": "x"}))
        assert clerk.get("/healthz").status_code == 200
    finally:
        embedded.ensure(copy.home, "postgres")
    assert eventually(lambda: clerk.get("/readyz").status_code == 200, 10)
    kept = clerk.get(f"/v1/units/{made.json()['id']}")
    assert (kept.status_code, kept.json()["name"]) == (200, "民政所"), "and what was acknowledged is there"
    assert running.process.poll() is None


def test_sigterm_finishes_what_is_in_flight_and_sigkill_does_not(running, copy, shared_township, tmp_path):
    """In flight is a change that waits for a row; it is given free after the signal. Last: it ends what runs."""
    office = shared_township.office("leading_group_office")
    with ExitStack() as stack, ThreadPoolExecutor(2) as threads, psycopg.connect(copy.url) as holder:
        processes = [running, Process(copy.url, tmp_path / "lines")]
        stack.callback(processes[1].stop)
        clients = [stack.enter_context(p.await_ready().caller(office)) for p in processes]
        path = f"/v1/people/{copy.person}"
        match = {"if-match": clients[0].get(path).headers["etag"]}
        holder.execute("select from people where id = %s for update", [copy.person])
        finished, lost = (
            threads.submit(client.patch, path, json={"name": name}, headers=match)
            for client, name in zip(clients, ("甲", "乙"), strict=True)
        )
        waiting = (
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        )
        with psycopg.connect(copy.url, autocommit=True) as watch:
            assert eventually(lambda: watch.execute(waiting).fetchone() == (2,), 5)
        processes[1].process.kill()
        processes[0].process.send_signal(signal.SIGTERM)
        assert eventually(lambda: refuses(processes[0].address), 5), "nobody new is let in"
        assert isinstance(outcome(lost), httpx.TransportError), "control"
        holder.rollback()
        answer = outcome(finished)
        assert isinstance(answer, httpx.Response), answer
        assert answer.status_code == 200, answer.text
        assert processes[0].process.wait(15) in {0, -signal.SIGTERM}
    assert [line for line in running.lines() if line["level"] in {"error", "critical"}] == []


def refuses(address: str) -> bool:
    try:
        httpx.get(f"{address}/healthz", timeout=1)
    except httpx.ConnectError:
        return True
    return False


def outcome(asked: Future[httpx.Response]) -> httpx.Response | Exception:
    try:
        return asked.result(PROMPT)
    except httpx.TransportError as error:
        return error
