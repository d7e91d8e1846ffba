"""Does the embedded PostgreSQL start, serve two drivers, survive odd paths and stop only when nobody uses it?"""

import asyncio
import subprocess
import sys
from pathlib import Path

import asyncpg
import psycopg
import pytest

from app import embedded


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A path that is too long for a socket and full of what shells and lists read."""
    return tmp_path_factory.mktemp("it's, a path") / ("x" * 100)


@pytest.fixture(scope="module")
def url(home: Path) -> str:
    return embedded.ensure(home, "first")


def test_both_drivers_reach_it_in_utc_and_utf8(url: str) -> None:
    async def ask() -> str:
        connection = await asyncpg.connect(url)
        try:
            return str(await connection.fetchval("SELECT lower('ÄÖ') || '花园' || current_setting('timezone')"))
        finally:
            await connection.close()

    assert asyncio.run(ask()) == "äö花园UTC"
    with psycopg.connect(url) as server:
        assert server.info.server_version // 10_000 == 18
        assert server.info.dbname == "first"


def test_ensure_again_finds_the_running_server_and_its_data(url: str, home: Path) -> None:
    with psycopg.connect(url) as server:
        server.execute("CREATE TABLE kept (n int)")
    assert embedded.ensure(home, "first") == url
    with psycopg.connect(url) as server:
        assert server.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_database_is_made_from_a_template_under_any_name(url: str) -> None:
    made = embedded.database(url, "名 / ?x", template="first")
    with psycopg.connect(made) as server:
        assert server.execute("SELECT current_database()").fetchone() == ("名 / ?x",)
    assert embedded.database(url, "名 / ?x") == made


def test_another_process_may_not_stop_a_server_in_use(url: str, home: Path) -> None:
    told = "import sys; from app import embedded; print(embedded.stop(sys.argv[1]))"
    answer = subprocess.run([sys.executable, "-c", told, str(home)], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
    psycopg.connect(url).close()


def test_the_last_user_stops_it_and_it_starts_again(url: str, home: Path) -> None:
    assert embedded.stop(home)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    (home / "postgres" / "postmaster.pid").write_text("1\n")  # a number that now belongs to another program
    assert embedded.ensure(home, "first") == url
    assert embedded.stop(home)
    assert embedded.stop(home), "stopping a server at rest is no error"
