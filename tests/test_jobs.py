"""Does the worker do what no request waits for: once a key, to the end when told to stop, again what died with it?"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from procrastinate.schema import SchemaManager

from app.database import APP_ROLE
from app.jobs import LOST, WORK_ROLE
from tests import cluster
from tests.serving import ROOT, SECRET, eventually

SAMPLE = """
import asyncio, sys
from pathlib import Path
from app import jobs
from app.settings import Settings

told = Path(sys.argv[1])

@jobs.looks("sample.look")
async def look(worker):
    for key in "ab":
        if not (told / f"{key}.done").exists():
            await worker.put("sample.work", f"sample/{key}", key=key)

@jobs.works("sample.work")
async def work(worker, key):
    with (told / f"{key}.begun").open("a") as file:
        file.write("x")
    while (told / "hold").exists():
        await asyncio.sleep(0.05)
    (told / f"{key}.done").touch()

asyncio.run(jobs.run(Settings()))
"""


class Sample:
    """A worker in a process of its own, with a task that finds two things to do until they are done."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder

    def start(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "HUAYUAN_DATABASE_URL": self.url, "HUAYUAN_SECRET": SECRET}
        with (self.folder / "output").open("ab") as told:
            return subprocess.Popen(
                [sys.executable, "-c", SAMPLE, str(self.folder)], cwd=ROOT, env=environment, stdout=told, stderr=told
            )

    def begun(self, key: str) -> int:
        file = self.folder / f"{key}.begun"
        return len(file.read_text()) if file.exists() else 0

    def done(self, key: str) -> bool:
        return (self.folder / f"{key}.done").exists()

    def sql(self, statement: str) -> list[Any]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            asked = connection.execute(statement)  # type: ignore[arg-type]
            return asked.fetchall() if asked.description else []

    def output(self) -> str:
        return (self.folder / "output").read_text()


@pytest.fixture
def sample(own_database_url: str, tmp_path: Path) -> Sample:
    return Sample(own_database_url, tmp_path)


def test_what_is_found_is_done_once_and_to_the_end_when_the_worker_is_told_to_stop(sample: Sample) -> None:
    (sample.folder / "hold").touch()
    worker = sample.start()
    assert eventually(lambda: sample.begun("a") == sample.begun("b") == 1), sample.output()
    queued = "select count(*) from queue.procrastinate_jobs where task_name = 'sample.work' and status = 'todo'"
    assert eventually(lambda: sample.sql(queued) == [(2,)]), "looked again, and put each no more than once"
    worker.terminate()
    with pytest.raises(subprocess.TimeoutExpired):
        worker.wait(0.5)
    (sample.folder / "hold").unlink()
    assert worker.wait(20) == 0, sample.output()
    assert sample.done("a")
    assert sample.done("b")
    assert sample.begun("a") == 1


def test_what_died_with_its_worker_is_found_again_and_only_then(sample: Sample) -> None:
    (sample.folder / "hold").touch()
    worker = sample.start()
    assert eventually(lambda: sample.begun("a") == 1), sample.output()
    worker.kill()
    worker.wait(10)
    (sample.folder / "hold").unlink()
    second = sample.start()
    looked = "select 1 from queue.procrastinate_periodic_defers where defer_timestamp > extract(epoch from now()) - 2"
    assert eventually(lambda: bool(sample.sql(looked)))
    assert sample.begun("a") == 1, "while the dead one may still be alive, nobody does its work a second time"
    sample.sql(f"update queue.procrastinate_workers set last_heartbeat = now() - interval '{LOST + 1} s' where id = 1")
    assert eventually(lambda: sample.done("a") and sample.done("b")), sample.output()
    assert sample.begun("a") == 2
    second.terminate()
    assert second.wait(20) == 0, sample.output()
    assert "a job was lost with its worker" in sample.output()


def test_the_queue_is_the_librarys_and_the_workers_alone(database_url: str) -> None:
    assert (ROOT / "alembic" / "sql" / "queue.sql").read_text("utf-8") == SchemaManager.get_schema()
    with psycopg.connect(database_url) as connection:
        rights = "select has_schema_privilege(%s, 'queue', 'usage')"
        assert connection.execute(rights, [WORK_ROLE]).fetchone() == (True,)
        assert connection.execute(rights, [APP_ROLE]).fetchone() == (False,)
        powers = "select rolsuper or rolbypassrls or rolcreaterole, rolcanlogin from pg_roles where rolname = %s"
        signs_in = cluster.is_named()  # where the coordinator goes to its nodes as this role
        assert connection.execute(powers, [WORK_ROLE]).fetchone() == (False, signs_in)
        assert connection.execute("select pg_has_role(%s, %s, 'member')", [APP_ROLE, WORK_ROLE]).fetchone() == (False,)
        reads = """select c.relname || '.' || a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
                    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0
                      and has_column_privilege(%s, c.oid, a.attnum, 'select, insert, update, references')
                      and a.attname not in ('county_code', 'township_code', 'state')"""
        assert connection.execute(reads, [WORK_ROLE]).fetchall() == []
        connection.execute("grant select on people to huayuan_work")
        assert connection.execute(reads, [WORK_ROLE]).fetchall() != [], "the question above can find something"
        connection.rollback()
