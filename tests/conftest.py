"""Which database do the tests run on? A fresh copy of a migrated template, on real PostgreSQL.

Without `HUAYUAN_DATABASE_URL` that is an embedded server of the tests' own, apart from the one that `serve` and
`demo` use, so that it may forget to sync. The template is made once for each state of the migrations.
"""

import asyncio
import hashlib
import itertools
import json
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
import uvicorn
from alembic import command
from alembic.config import Config
from psycopg import sql
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.access import Bearer
from app.accounts import actions as accounts
from app.accounts.actions import adopt
from app.main import create_app
from app.rulebook.rules import huayuan
from app.settings import Settings
from app.workflow import WORKFLOWS
from tests import cluster

if os.environ.get("HUAYUAN_LONG") != "1":  # many accounts are made and few sign in; processes of their own hash in full
    accounts.PASSWORDS = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))
ROOT = Path(__file__).parent.parent
FILES = tempfile.TemporaryDirectory(prefix="huayuan-files-")
"""Where attachments of this session lie, whichever service took them."""
DATA_DIR = ROOT / ".huayuan" / "tests"
BRISK = 100_000.0
"""Requests a second that an account of a test may make: no person asks as fast as a test."""
LOCK = 7_240_002
"""Advisory lock under which templates are made and leftovers removed."""


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A server on which databases may be created: the named one, or an embedded one that does not sync."""
    if url := os.environ.get("HUAYUAN_DATABASE_URL"):
        yield url
        return
    from app import embedded

    url = embedded.ensure(DATA_DIR, "postgres")
    with psycopg.connect(url, autocommit=True) as server:
        for knob in ("fsync", "synchronous_commit", "full_page_writes"):
            server.execute(f"ALTER SYSTEM SET {knob} = off")  # type: ignore[arg-type]
        server.execute("SELECT pg_reload_conf()")
    yield url
    embedded.stop(DATA_DIR)


@pytest.fixture(scope="session")
def template(server_url: str) -> str:
    """The name of a database that holds the migrated schema and nothing else."""
    return _template(server_url)


@pytest.fixture(scope="session")
def database_url(server_url: str, template: str) -> Iterator[str]:
    """A database of this test session alone, in which tests see each other's committed rows."""
    yield from fresh_database(server_url, template, f"huayuan_test_{os.getpid()}")


@pytest.fixture
def own_database_url(server_url: str, template: str) -> Iterator[str]:
    """A database of one test alone, for what would disturb the others (about 0.1 s)."""
    yield from fresh_database(server_url, template, f"huayuan_test_{os.getpid()}_own")


def fresh_database(server_url: str, template: str, name: str) -> Iterator[str]:
    from app import embedded

    _drop(server_url, name)
    for node in cluster.nodes(server_url):
        cluster.quiet(node, template)
        embedded.database(node, name, template)
    url = embedded.database(server_url, name, template)
    cluster.settle(url)
    yield url
    _drop(server_url, name)


def _drop(server_url: str, name: str) -> None:
    for node in cluster.nodes(server_url):
        cluster.quiet(node, name)
        with psycopg.connect(node, autocommit=True) as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _template(server_url: str) -> str:
    from app import embedded

    name = f"huayuan_template_{_migrations_hash()}"
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        known = [row[0] for row in server.execute("SELECT datname FROM pg_database WHERE datname ~ '^huayuan_te'")]
        if "HUAYUAN_DATABASE_URL" not in os.environ:
            for leftover in known:
                if leftover != name and _is_left_over(leftover):
                    _drop(server_url, leftover)
        if name not in known:
            _drop(server_url, f"{name}_new")
            made = [embedded.database(node, f"{name}_new") for node in cluster.nodes(server_url)]
            cluster.make(made, _migrate)
            for node in cluster.nodes(server_url):
                _rename(node, f"{name}_new", name)
    return name


def _rename(server_url: str, name: str, new: str) -> None:
    cluster.quiet(server_url, name)
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(new)))


def _is_left_over(name: str) -> bool:
    """Is it an outdated template, or a test database whose session has died?"""
    kind, owner = name.split("_")[1:3]
    return kind == "template" or not _alive(int(owner))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _migrations_hash() -> str:
    digest = hashlib.sha256()
    for path in sorted(p for kind in ("*.py", "*.sql") for p in (ROOT / "alembic").rglob(kind)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _migrate(url: str) -> None:
    """Run the migrations on the empty database at `url`; before there are any, do nothing."""
    if not (ROOT / "alembic.ini").exists():
        return
    config = Config(ROOT / "alembic.ini")
    config.attributes["url"] = url
    command.upgrade(config, "head")


@dataclass
class Request:
    """What one request asked of the server; `scope` is ASGI's, in which the router leaves the operation."""

    scope: Any
    sent: list[str] = field(default_factory=list)
    problem: str | None = None
    """The code of the problem that it was answered with."""

    @property
    def operation(self) -> str:
        return str(getattr(self.scope.get("route"), "name", self.scope["path"]))

    @property
    def statements(self) -> list[str]:
        """Without the transaction's ends, and without what the driver asks about a type once a connection."""
        ends = ("BEGIN", "COMMIT", "ROLLBACK")
        return [q for q in self.sent if not q.upper().startswith(ends) and "typeinfo" not in q and "jit" not in q]

    @property
    def parts(self) -> list[list[str]]:
        """The whole request; every transaction by itself where each is a command, or a look before a file is read."""
        if self.operation not in {"sync_push", "imports_create"}:
            return [self.statements]
        begun = itertools.accumulate(q.upper().startswith("BEGIN") for q in self.sent)
        pairs = zip(begun, self.sent, strict=True)
        return [
            Request(self.scope, [q for _, q in part]).statements for _, part in itertools.groupby(pairs, lambda p: p[0])
        ]

    @property
    def budget(self) -> int:
        """Round trips inside a transaction: two for a read, six for a change, whatever the size of the data.

        Who waits for something to happen looks twice, before and after, as does who wants a proof of no size he names.
        On a cluster the door and every lock are a trip of their own.
        """
        twice = cluster.is_named() or (self.operation == "events_list" and b"wait=" in self.scope["query_string"])
        if self.scope["method"] in {"GET", "HEAD"}:
            return 4 if twice else 2
        return 12 if cluster.is_named() else 6


class Requests:
    """ASGI middleware that notes which request sent which statement, by asyncpg's own query loggers."""

    def __init__(self) -> None:
        self.seen: list[Request] = []
        self.operations: set[str] = set()
        self._current: ContextVar[Request | None] = ContextVar("request", default=None)

    def around(self, app: Any) -> Any:
        async def observed(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                self._current.set(request := Request(scope))
                self.seen.append(request)
                send = self._reading(request, send)
            await app(scope, receive, send)

        return observed

    def _reading(self, request: Request, send: Any) -> Any:
        """Send on, and note what refusal is sent."""
        refused = False

        async def noted(message: Any) -> None:
            nonlocal refused
            if message["type"] == "http.response.start":
                await asyncio.sleep(0)  # the driver tells of the last statement in the loop's next round
                refused = (b"content-type", b"application/problem+json") in message["headers"]
            elif refused:
                request.problem = json.loads(message["body"])["code"]
            await send(message)

        return noted

    def listen(self, pool: Any) -> None:
        """On the connections there are, and on those the pool will open."""
        for connection in pool._idle:
            connection.add_query_logger(self._note)
        connect = pool._connect

        async def connected() -> Any:
            connection = await connect()
            connection.add_query_logger(self._note)
            return connection

        pool._connect = connected

    def _note(self, record: Any) -> None:
        if request := self._current.get():
            request.sent.append(record.query)

    def since(self) -> list[Request]:
        """The requests since this was last asked."""
        seen, self.seen = self.seen, []
        self.operations |= {r.operation for r in seen}
        return seen


REQUESTS = Requests()
"""Every request of the test session."""


@pytest.fixture
def requests() -> Requests:
    return REQUESTS


@pytest.fixture(autouse=True)
def thrift() -> Iterator[None]:
    """No request of any test takes more round trips than its kind may."""
    yield
    seen = REQUESTS.since()
    assert extravagant(seen) == []
    assert untold(seen) == []


def extravagant(seen: list[Request]) -> list[tuple[str, list[str]]]:
    """The operations that took more round trips than they may, with what they sent."""
    return [(r.operation, part) for r in seen for part in r.parts if len(part) > r.budget]


@cache
def told() -> dict[str, frozenset[str]]:
    """By operation, the problems whose pages name it."""
    pages = create_app(Settings(secret="t" * 32)).state.pages
    answering = {code: {o.id for o in pages.answering(kind)} for code, kind in pages.kinds.items()}
    return {o.id: frozenset(c for c, by in answering.items() if o.id in by) for o in pages.operations}


def untold(seen: list[Request]) -> list[tuple[str, str | None]]:
    """Operations with a problem they were answered with and that its page does not say they answer."""
    met = {(r.operation, r.problem) for r in seen if r.problem not in {None, "method-not-allowed"}}
    return [(operation, code) for operation, code in met if code not in told().get(operation, {code})]


MOVES = {
    f"{flow.resource.replace('-', '_')}_{move.name.replace('-', '_')}"
    for flow in WORKFLOWS.values()
    for move in flow.moves
    if move.offices
}
"""The operations of all moves that somebody makes."""


def unmade(operations: set[str]) -> list[str]:
    return sorted(MOVES - operations)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """What is said of one server alone is not asked of a cluster."""
    if (mark := item.get_closest_marker("one_server")) and cluster.is_named():
        pytest.skip(mark.args[0])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker of the session tells which operations its tests asked for."""
    REQUESTS.operations |= set(getattr(node, "workeroutput", {}).get("operations", ()))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """After all tests, where all were chosen: every move of every workflow was made by some test, or the run fails."""
    config = session.config
    if hasattr(config, "workerinput"):
        config.workeroutput["operations"] = sorted(REQUESTS.operations)
        return
    chosen_all = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not config.option.keyword
    if (
        chosen_all
        and not config.option.collectonly
        and session.testsfailed == 0
        and (lost := unmade(REQUESTS.operations))
    ):
        config.get_terminal_writer().line(f"\nNo test made these moves: {', '.join(lost)}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What was asked and could not be shown here stands in red below everything, lest it pass for green."""
    for report in terminalreporter.stats.get("skipped", ()):
        if "NOT SHOWN" in str(report.longrepr):
            terminalreporter.line(f"{report.nodeid}: {report.longrepr[-1]}", red=True)


class Service:
    """The real service on a real port, in a thread of this process, on the session's database."""

    def __init__(self, url: str, pool_size: int = 8, **more: Any) -> None:
        self.database_url = url
        self.settings = Settings(
            database_url=url,
            secret="t" * 32,
            profile="demo",
            pool_size=pool_size,
            requests_per_second=BRISK,
            **{"data_dir": Path(FILES.name), **more},
        )
        self.app = create_app(self.settings)
        config = uvicorn.Config(
            REQUESTS.around(self.app), port=0, log_level="warning", access_log=False, timeout_graceful_shutdown=2
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)
            assert self.thread.is_alive(), "the service did not start"
        REQUESTS.listen(self.app.state.database._pool)
        self.address = f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(10)

    def caller(self, bearer: Bearer) -> "Caller":
        token = self.app.state.tokens.issue(bearer)
        return Caller(httpx.Client(base_url=self.address, headers={"authorization": f"Bearer {token}"}, timeout=30))


class Caller:
    """Somebody signed in. Every call answers with the response; `made` and `act` expect success."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.person_id: str | None = None
        self.account_id: str | None = None

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.client.get("/v1" + path, params=query or None)

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """`headers` in snake_case, e.g. `if_match='"1"'`, `idempotency_key="k"`."""
        named = {k.replace("_", "-"): v for k, v in headers.items()}
        return self.client.post("/v1" + path, json=body, headers=named)

    def patch(self, path: str, body: Any, **headers: str) -> httpx.Response:
        named = {k.replace("_", "-"): v for k, v in headers.items()}
        return self.client.patch("/v1" + path, json=body, headers=named)

    def read(self, path: str, **query: Any) -> dict[str, Any]:
        """A GET that must succeed."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.json()

    def made(self, path: str, body: Any = None) -> dict[str, Any]:
        """A POST that must make a record."""
        answer = self.post(path, body)
        assert answer.status_code == 201, (path, answer.status_code, answer.text)
        return answer.json()

    def try_act(self, record: str, action: str, body: Any = None) -> httpx.Response:
        """An action on the record as it stands now: read its ETag, then post with If-Match."""
        etag = self.get(record).headers.get("etag", '"1"')
        return self.post(f"{record}/{action}", body, if_match=etag)

    def act(self, record: str, action: str, body: Any = None) -> dict[str, Any]:
        """An action that must succeed."""
        answer = self.try_act(record, action, body)
        assert answer.status_code == 200, (record, action, answer.status_code, answer.text)
        return answer.json()


class Township:
    """A township adopted for one test, with its own registers, log and officers."""

    def __init__(self, service: Service, code: str) -> None:
        self.service, self.code, self.county = service, code, code[:6]
        self.village = f"{code}201"
        vault = service.app.state.vault
        asyncio.run(
            adopt(service.database_url, vault, code, "管理员", "admin", "correct horse battery", date(2016, 1, 1))
        )
        self.admin = service.caller(service_account(service, code, "admin"))
        self.at("2016-11-09")
        self._callers: dict[Any, Caller] = {}
        self._accounts: dict[str, Caller] = {}
        self._villages = set[str]()

    def at(self, day: str, clock: str = "09:00:00") -> None:
        """Move the clock of domain dates to a moment in Asia/Shanghai."""
        answer = self.admin.post("/clock", {"now": f"{day}T{clock}+08:00"})
        assert answer.status_code == 200, answer.text

    def person(self, name: str = "王五", **more: Any) -> str:
        body = {"name": name, "category": "organ_cadre", "party_membership": "member", **more}
        return self.admin.made("/people", body)["id"]

    def appoint(
        self, person_id: str, office: str, place: str | None = None, starts: str = "2016-01-01"
    ) -> dict[str, Any]:
        if place is not None and len(place) == 12 and place not in self._villages:
            self._villages.add(place)
            assert self.admin.post("/villages", {"code": place, "name": "行政村"}).status_code in {201, 409}
        body = {"person_id": person_id, "office": office, "place": place or self.code, "starts": starts}
        return self.admin.made("/appointments", body)

    def account(self, person_id: str) -> Caller:
        """A signed-in caller for a person, as if he had set his password; his appointments say what he may do."""
        if person_id in self._accounts:
            return self._accounts[person_id]
        login = f"u{uuid4().hex[:12]}"
        body = {"login": login, "password": "correct horse battery", "person_id": person_id}
        made = self.admin.made("/accounts", body)
        caller = self.service.caller(Bearer(UUID(made["id"]), self.county, self.code))
        caller.person_id, caller.account_id = person_id, made["id"]
        self._accounts[person_id] = caller
        return caller

    def office(self, office: str, place: str | None = None, name: str | None = None) -> Caller:
        """The one holder of an office at a place (a new person with an account the first time)."""
        key = (office, place or self.code, name)
        if key not in self._callers:
            person = self.person(name or f"{office} {place or ''}".strip()[:40])
            self.appoint(person, office, place)
            self._callers[key] = self.account(person)
        return self._callers[key]

    def helped(self, name: str = "孙帮扶") -> tuple[str, Caller]:
        """A household and its helper, signed in."""
        office = self.office("leading_group_office")
        body = {
            "card_number": uuid4().hex, "village_code": self.village, "head_name": "赵大山", "main_cause": "illness",
            "listed_on": "2016-01-01",
        }  # fmt: skip
        household = office.made("/households", body)["id"]
        person = self.person(name)
        self.appoint(person, "helper")
        pairing = {"household_id": household, "helper_id": person, "is_primary": True, "starts": "2016-11-09"}
        office.made("/pairings", pairing)
        return household, self.account(person)


class Accountability:
    """A township on 2017-03-20 with organs that decide, and people to answer for what was found."""

    def __init__(self, place: Township) -> None:
        self.place = place
        place.at("2017-03-20")
        self.committee = place.office("party_committee")
        self.commission = place.office("discipline_commission")
        self.government = place.office("township_government")
        self.measures = {code: ground.measure for code, ground in huayuan().grounds.items()}

    def cadre(self, office: str = "helper", **more: Any) -> Caller:
        """A signed-in village cadre who holds an office."""
        person = self.place.person("周七", **{"category": "village_committee_member", **more})
        self.place.appoint(person, office, self.place.village if office.startswith("village") else None)
        return self.place.account(person)

    def finding(self, subject: dict[str, Any], ground: str, alternatives: tuple[str, ...] = (), **more: Any) -> str:
        """A confirmed finding."""
        body = {
            "source": "office",
            "subject": subject,
            "fact_on": "2017-03-15",
            "description": "工作推进缓慢,敷衍塞责。",
            **more,
        }
        made = self.committee.made("/findings", body)
        confirm = {"ground": ground, "alternatives": list(alternatives), "reasons": "经核实属实。"}
        self.commission.act(f"/findings/{made['id']}", "confirm", confirm)
        return str(made["id"])

    def case(self, *findings: str, basis: str, capacity: str = "helper", **more: Any) -> str:
        """An opened case of the Party committee, as a path."""
        body = {"finding_ids": list(findings), "organ": "party_committee", "basis": basis, "capacity": capacity, **more}
        caller = {"party_committee": self.committee, "discipline_commission": self.commission}[body["organ"]]
        return f"/cases/{caller.made('/cases', body)['id']}"

    def heard(self, path: str, caller: Any = None) -> str:
        caller = caller or self.committee
        caller.act(path, "present-facts", {"facts": "2017年3月15日工作敷衍。"})
        caller.act(path, "record-statement", {"statement": "stated", "text": "情况属实,愿意接受处理。"})
        return path

    def decided(self, path: str, measure: str, **more: Any) -> dict[str, Any]:
        body = {"measure": measure, "reasons": "事实清楚。", **more}
        return self.committee.act(self.heard(path), "decide", body)


def service_account(service: Service, code: str, login: str) -> Bearer:
    with psycopg.connect(service.database_url) as connection:
        row = connection.execute(
            "select id from accounts where township_code = %s and login = %s", [code, login]
        ).fetchone()
    assert row is not None
    return Bearer(row[0], code[:6], code)


@pytest.fixture(scope="session")
def service(database_url: str) -> Iterator[Service]:
    running = Service(database_url)
    yield running
    running.stop()


_codes = itertools.chain(range(701, 991), range(501, 690))
"""Codes that the national list does not have; those above and below are of tests that name theirs."""


@pytest.fixture
def township(service: Service) -> Township:
    """A fresh township of county 411421."""
    return Township(service, f"411421{next(_codes)}")


@pytest.fixture(scope="module")
def world(shared_township: Township) -> "Accountability":
    """For the cases, notices and objections of one file, which name subjects of their own."""
    return Accountability(shared_township)


@pytest.fixture
def own_world(township: Township) -> "Accountability":
    """For one test that moves the clock or sets a policy."""
    return Accountability(township)


@pytest.fixture(scope="module")
def shared_township(service: Service) -> Township:
    """One township for all tests of a file, where they do not disturb each other."""
    return Township(service, f"411421{next(_codes)}")


@pytest.fixture
def county(service: Service, shared_township: Township) -> Caller:
    """The county's administrator."""
    with psycopg.connect(service.database_url) as connection:
        there = connection.execute("select 1 from accounts where login = 'keeper'").fetchone()
    if there is None:
        vault = service.app.state.vault
        asyncio.run(adopt(service.database_url, vault, "411421", "县管理员", "keeper", "correct horse battery"))
    return service.caller(service_account(service, "411421", "keeper"))


class Counter:
    """Counts the statements that reach the server, by asyncpg's own query loggers."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, record: Any) -> None:
        self.seen.append(record.query)

    def work(self) -> list[str]:
        return [q for q in self.seen if not q.upper().startswith(("BEGIN", "COMMIT", "ROLLBACK"))]


@pytest.fixture
def counter(service: Service) -> Iterator[Counter]:
    """Statements on the service's own pool, which this fixture narrows to loggers on every connection."""
    if cluster.is_named():
        pytest.skip("counts are those of one server: on a cluster `thrift` counts, by budgets of its own")
    count = Counter()
    held = list(service.app.state.database._pool._idle)
    for connection in held:
        connection.add_query_logger(count)
    yield count
    for connection in held:
        connection.remove_query_logger(count)


@pytest.fixture(scope="module")
def other_township(service: Service) -> Township:
    """A second township of the same county."""
    return Township(service, f"411421{next(_codes)}")
