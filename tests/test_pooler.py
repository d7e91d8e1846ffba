"""Does the service run behind PgBouncer with the settings of compose? Where there is none, that is said."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import yaml
from psycopg.conninfo import conninfo_to_dict

from tests.conftest import Accountability, Service, Township
from tests.serving import Process, eventually, free_port
from tests.test_two_workers import Both

ROOT = Path(__file__).parent.parent
LOGIN, PASSWORD = "behind_the_pooler", "abc"
SERVERS = 3
"""Connections to the database on which two workers of eight each are put together."""


def pgbouncer() -> str:
    found = shutil.which("pgbouncer")
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout if found else ""
    version = re.match(r"PgBouncer (\d+)\.(\d+)", told)
    if found is None or version is None or (int(version[1]), int(version[2])) < (1, 21):
        pytest.skip("NOT SHOWN: there is no PgBouncer 1.21 or newer on this machine")
    return found


class Pooler:
    """PgBouncer with the settings of docker-compose.yml, but for where it listens and where the database is."""

    def __init__(self, command: str, url: str, folder: Path, *, instead: tuple[str, str] = ("", "")) -> None:
        at, self.port, self.folder = conninfo_to_dict(url), free_port(), folder
        told = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["configs"]["pooler"]["content"]
        for old, new in (
            ("host=db dbname=huayuan", " ".join(f"{k}={v}" for k, v in at.items() if k in ("host", "port", "dbname"))),
            ("listen_addr = *", "listen_addr = 127.0.0.1"),
            ("listen_port = 5432", f"listen_port = {self.port}\nunix_socket_dir ="),
            ("default_pool_size = 20", f"default_pool_size = {SERVERS}"),
            ("/etc/pgbouncer/userlist.txt", f"{folder}/userlist.txt"),
            instead,
        ):
            assert old in told
            told = told.replace(old, new)
        (folder / "pgbouncer.ini").write_text(told)
        (folder / "userlist.txt").write_text(f'"{LOGIN}" "{PASSWORD}"\n')
        as_root = ["-u", Path(str(at["host"])).owner()] if os.geteuid() == 0 else []  # who may open the server's socket
        if as_root:
            for part in (folder, *folder.iterdir(), *folder.parents[:2]):
                part.chmod(0o755)
        with (folder / "output").open("w") as output:
            words = [command, *as_root, str(folder / "pgbouncer.ini")]
            self.process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT)
        self.url = f"postgresql://{LOGIN}:{PASSWORD}@127.0.0.1:{self.port}/huayuan"
        assert eventually(self._is_there), (folder / "output").read_text()

    def _is_there(self) -> bool:
        try:
            psycopg.connect(self.url).close()
        except psycopg.OperationalError:
            return self.process.poll() is not None and pytest.fail((self.folder / "output").read_text())
        return True

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture(scope="module")
def pooler(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pooler]:
    with psycopg.connect(service.database_url, autocommit=True) as owner:
        owner.execute(
            f"do $$ begin create role {LOGIN} login password '{PASSWORD}' in role huayuan_app;"
            " exception when duplicate_object then null; end $$"
        )
    made = Pooler(pgbouncer(), service.database_url, tmp_path_factory.mktemp("pooler"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def place(service: Service, pooler: Pooler, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Township]:
    """A township whose callers go to two workers in turn, both behind the pooler."""
    folder = tmp_path_factory.mktemp("pooled")
    workers = [Process(pooler.url, folder / f"{n}", data_dir=str(folder), pool_size="8") for n in range(2)]
    both = Both(service, *[worker.await_ready() for worker in workers])
    yield Township(both, "411421688")  # type: ignore[arg-type]
    for worker in workers:
        worker.stop()


def test_a_case_goes_from_finding_to_notice_behind_the_pooler(place: Township, service: Service) -> None:
    world = Accountability(place)
    cadre = world.cadre()
    path = world.case(world.finding({"person_id": cadre.person_id}, "HY.9.2.2"), basis="HY.9.2.2")
    assert world.decided(path, "written_self_criticism")["state"] == "decided"
    with psycopg.connect(service.database_url) as owner:
        query = "select count(*), count(*) filter (where usename = %s) from pg_stat_activity where usename = %s"
        (held, _) = owner.execute(query, [LOGIN, LOGIN]).fetchone()  # type: ignore[misc]
    assert 0 < held <= 2 * SERVERS, "and on few connections"


def test_row_level_security_holds_behind_it(place: Township, pooler: Pooler) -> None:
    office = place.office("leading_group_office")
    assert office.read("/people")["items"]
    with psycopg.connect(pooler.url) as api:
        assert api.execute("select current_user, count(*) from people group by 1").fetchall() == []
        assert api.execute("select current_user").fetchone() == ("huayuan_app",)


def test_a_worker_whose_role_the_pooler_drops_does_not_start(pooler: Pooler, service: Service, tmp_path: Path) -> None:
    dropping = Pooler(pgbouncer(), service.database_url, tmp_path, instead=("set role huayuan_app; ", ""))
    worker = Process(dropping.url, tmp_path / "worker")
    try:
        assert worker.process.wait(60) != 0
    finally:
        dropping.stop()
    assert "AnotherRole" in (tmp_path / "worker").read_text("utf-8")
    assert urlsplit(dropping.url).port != pooler.port
