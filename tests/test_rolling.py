"""Does the service go on while its database is migrated and its workers are replaced?

Two workers as an operator starts them, callers that never stop asking, and migrations of a later release.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil
import psycopg
import pytest
from alembic import command
from alembic.config import Config

from app import migrations
from tests.conftest import Caller, Service, Township, fresh_database
from tests.serving import PROMPT, ROOT, SECRET, Process, eventually

WORKERS = 2
HEAD = migrations.known()[0]
LATER = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, oldest = {revision!r}, {before!r}, {oldest!r}


def upgrade():
    op.add_column("people", sa.Column("nickname_{revision}", sa.Text()))
    op.create_table("plots_{revision}", sa.Column("id", sa.Uuid(), primary_key=True))


def downgrade():
    op.drop_table("plots_{revision}")
    op.drop_column("people", "nickname_{revision}")
"""


@pytest.fixture(scope="module")
def town(server_url: str, template: str) -> Iterator[Township]:
    """A township on a database of its own, which these tests migrate."""
    for url in fresh_database(server_url, template, f"huayuan_test_{os.getpid()}_rolling"):
        service = Service(url)
        yield Township(service, "411421690")
        service.stop()


@pytest.fixture(scope="module")
def office(town: Township) -> Caller:
    return town.office("leading_group_office")


@pytest.fixture(scope="module")
def serving(town: Township, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The release before."""
    output = tmp_path_factory.mktemp("output") / "lines"
    process = Process(town.service.database_url, output, workers=str(WORKERS))
    yield process.await_ready()
    process.stop()


@dataclass
class Asking:
    """What callers that never stop asking were told."""

    failures: list[Any] = field(default_factory=list)
    answered: int = 0
    retried: int = 0


@contextmanager
def callers(serving: Process, office: Caller, many: int = 2) -> Iterator[Asking]:
    """They register units and read them again; a broken connection is tried once more under the same key."""
    asking, end = Asking(), threading.Event()

    def send(client: httpx.Client, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            return client.request(method, path, **more)
        except httpx.TransportError:
            asking.retried += 1
            return client.request(method, path, **more)

    def ask() -> None:
        with serving.caller(office) as client:
            while not end.wait(0.05):
                key = {"idempotency-key": uuid4().hex}
                try:
                    made = send(client, "POST", "/v1/units", json={"name": uuid4().hex, "level": "x"}, headers=key)
                    answers = [made, *(send(client, "GET", path) for path in ("/v1/people?limit=2", "/readyz"))]
                except httpx.TransportError as fault:
                    asking.failures.append(repr(fault))
                    continue
                asking.answered += len(answers)
                asking.failures += [(a.request.url.path, a.status_code, a.text) for a in answers if not a.is_success]

    with ThreadPoolExecutor(many) as threads:
        asked = [threads.submit(ask) for _ in range(many)]
        try:
            yield asking
        finally:
            end.set()
            for one in asked:
                one.result()


def more(asking: Asking, than: int = 20) -> None:
    """Wait until there were that many more answers, so that something was indeed asked meanwhile."""
    before = asking.answered + len(asking.failures)
    assert eventually(lambda: asking.answered + len(asking.failures) >= before + than)


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """The migrations of a later release: one that only adds, and one that ends support for the release before."""
    shutil.copytree(ROOT / "alembic", tmp_path / "alembic", ignore=shutil.ignore_patterns("__pycache__"))
    for revision, before, oldest in (("0901", HEAD, HEAD), ("0902", "0901", "0902")):
        text = LATER.format(revision=revision, before=before, oldest=oldest)
        (tmp_path / "alembic" / "versions" / f"{revision}_later.py").write_text(text, "utf-8")
    shutil.copy(ROOT / "alembic.ini", tmp_path)
    return tmp_path / "alembic.ini"


def upgrade(town: Township, later: Path) -> subprocess.Popen[str]:
    """The later release's migration that only adds, as an operator starts it."""
    environment = {**os.environ, "HUAYUAN_DATABASE_URL": town.service.database_url, "HUAYUAN_SECRET": SECRET}
    return subprocess.Popen(
        [sys.executable, "-m", "alembic", "-c", str(later), "upgrade", "0901"],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def done(process: subprocess.Popen[str]) -> None:
    told = process.communicate(timeout=60)[0]
    assert process.returncode == 0, told


@contextmanager
def undone(town: Township, later: Path) -> Iterator[Config]:
    """What a later release's migrations do is undone in the end."""
    config = Config(later)
    config.attributes["url"] = town.service.database_url
    try:
        yield config
    finally:
        command.downgrade(config, HEAD)


@contextmanager
def long_reader(town: Township) -> Iterator[psycopg.Connection[Any]]:
    """Somebody's report that reads people and does not end."""
    with psycopg.connect(town.service.database_url) as reader:
        reader.execute("select count(*) from people").fetchone()
        yield reader


def ready(serving: Process) -> tuple[int, str]:
    answer = httpx.get(f"{serving.address}/readyz", timeout=PROMPT)
    return answer.status_code, answer.json().get("code") or answer.json()["migration"]


def test_a_statement_that_waits_for_a_long_reader_stops_everybody(serving, town, office):
    """The control of the next test: what happens where nothing bounds the wait."""
    waiting = "select exists (select from pg_stat_activity where query ~ '^alter table' and wait_event_type = 'Lock')"
    with (
        callers(serving, office) as asking,
        long_reader(town),
        psycopg.connect(town.service.database_url) as careless,
        psycopg.connect(town.service.database_url, autocommit=True) as watch,
        ThreadPoolExecutor(1) as thread,
    ):
        asked = thread.submit(careless.execute, "alter table people add column nickname text")
        assert eventually(lambda: watch.execute(waiting).fetchone() == (True,))
        assert eventually(lambda: any("/v1/people" in failure for failure in asking.failures))
        careless.cancel()
        with pytest.raises(psycopg.errors.QueryCanceled):
            asked.result(PROMPT)


def test_a_migration_waits_in_short_tries_and_the_old_workers_serve_on(serving, town, office, later):
    with undone(town, later), callers(serving, office) as asking:
        with long_reader(town):
            process = upgrade(town, later)
            assert process.stdout is not None
            told = [process.stdout.readline() for _ in range(3)]
            assert [line for line in told if "a table is in use" not in line] == []
            more(asking)
            assert ready(serving) == (200, HEAD), "nothing is changed yet"
        done(process)
        more(asking)
        assert ready(serving) == (200, "0901"), "the release before may run beside it"
    assert asking.failures == []


def test_a_release_beside_which_a_migration_does_not_work_leaves_the_balancer(serving, town, later):
    with undone(town, later) as config:
        command.upgrade(config, "0902")
        assert ready(serving) == (503, "release-too-old")
        told = subprocess.run(
            [sys.executable, "-m", "app.cli", "serve"],
            env={**os.environ, "HUAYUAN_DATABASE_URL": town.service.database_url, "HUAYUAN_SECRET": SECRET},
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (told.returncode, told.stderr.count("本版本过旧")) == (1, 1)
    assert ready(serving) == (200, HEAD)


def test_of_two_migrations_at_once_one_waits(town, later):
    with undone(town, later), psycopg.connect(town.service.database_url, autocommit=True) as other:
        other.execute("select pg_advisory_lock(7240001)")
        process = upgrade(town, later)
        asked = "select count(*) from pg_stat_activity where query ~ 'pg_try_advisory_lock|^COMMIT' and pid <> all(%s)"
        mine = [other.info.backend_pid]
        try:
            assert eventually(lambda: (other.execute(asked, [mine]).fetchone() or (0,))[0] > 0)
            assert other.execute("select version_num from alembic_version").fetchone() == (HEAD,)
            assert process.poll() is None
        finally:
            other.execute("select pg_advisory_unlock(7240001)")
            done(process)
        assert other.execute("select version_num from alembic_version").fetchone() == ("0901",)


def workers(serving: Process) -> set[int]:
    """The processes that answer, as their metrics name them."""
    told = (httpx.get(f"{serving.address}/metrics", timeout=PROMPT).text for _ in range(8 * WORKERS))
    return {int(pid) for text in told for pid in re.findall(r'worker="(\d+)"', text)}


def test_workers_are_replaced_one_by_one_and_nobody_is_turned_away(serving, office):
    """Where a new worker is not ready in time the old one stays, and the operator asks again."""
    before, asked = set[int](), 0

    def all_serve() -> bool:
        before.update(workers(serving))
        return len(before) == WORKERS

    assert eventually(all_serve, 120), "the second one may start later than the first"

    def replaced() -> bool:
        nonlocal asked
        if serving.output.read_text("utf-8").count("aborting the restart") == asked:
            serving.process.send_signal(signal.SIGHUP)
            asked += 1
        return not any(psutil.pid_exists(pid) for pid in before)

    with callers(serving, office) as asking:
        assert eventually(replaced, 240), serving.output.read_text("utf-8")[-2000:]
        more(asking)
    assert asking.failures == []
    assert before.isdisjoint(workers(serving))
