"""Does the command line end with a line that an operator understands, and never with a traceback?"""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from app import embedded
from tests.serving import ROOT

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
SECRET = "s" * 32


def run(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HUAYUAN_")} | settings
    command = [sys.executable, "-m", "app.cli", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("words", "settings", "said"),
    [
        (("serve",), {"HUAYUAN_DATABASE_URL": NOWHERE}, "HUAYUAN_SECRET must be set"),
        (("serve",), {"HUAYUAN_DATABASE_URL": NOWHERE, "HUAYUAN_SECRET": "short"}, "at least 32 characters"),
        (("serve",), {"HUAYUAN_PORT": "x", "HUAYUAN_SECRET": SECRET}, "HUAYUAN_PORT: "),
        (("serve",), {"HUAYUAN_DATABASE_URL": NOWHERE, "HUAYUAN_SECRET": SECRET}, "无法连接数据库"),
        (("migrate",), {"HUAYUAN_DATABASE_URL": NOWHERE, "HUAYUAN_SECRET": SECRET}, "cannot be reached"),
    ],
)
def test_a_wrong_setting_is_named(words: tuple[str, ...], settings: dict[str, str], said: str) -> None:
    ended = run(*words, **settings)
    assert ended.returncode == 1
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_township_is_adopted_once_and_by_its_code(own_database_url: str, tmp_path: Path) -> None:
    here = {"HUAYUAN_DATABASE_URL": own_database_url, "HUAYUAN_SECRET": SECRET}
    first = run("adopt", "411421201", "--name", "王建国", **here)
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("411421201/admin ")
    for words, said in [
        (("adopt", "411421201", "--name", "王建国"), "该账号已存在"),
        (("adopt", "4114", "--name", "王建国"), "9 位乡级或 6 位县级代码"),
        (("adopt", "999999999", "--name", "王建国"), "全国区划目录中没有该地"),
        (("mark-missed", "411421202"), "该乡尚未启用"),
    ]:
        ended = run(*words, **here)
        assert ended.returncode == 1, words
        assert said in ended.stderr
        assert "Traceback" not in ended.stderr
    some = run("mark-missed", "411421202", "411421201", "411421203", **here)
    marked = "411421201 新记的未抽查月份 / months newly marked: 无 / none\n"
    assert (some.returncode, some.stdout) == (1, marked), "the others are done, and what is wrong is told"
    assert "411421202 411421203" in some.stderr
    for command, said in (("sweep-attachments", "uploads ended: 0"), ("expire-imports", "sheets deleted: 0")):
        done = run(command, "411421201", HUAYUAN_DATA_DIR=str(tmp_path), **here)
        assert done.returncode == 0 and done.stdout.startswith("411421201 ") and said in done.stdout, done.stderr
    for command in ("mark-missed", "sweep-attachments", "expire-imports"):
        ended = run(command, **here)
        assert (ended.returncode, ended.stdout) == (1, "") and "没有写明乡镇" in ended.stderr


def test_the_embedded_server_is_stopped_when_nobody_uses_it(tmp_path: Path) -> None:
    home = tmp_path / "data"
    url = embedded.ensure(home)
    used = run("stop", HUAYUAN_DATA_DIR=str(home))
    assert used.returncode == 1 and "仍在使用" in used.stderr
    psycopg.connect(url).close()
    os.close(embedded._held.pop(home))
    ended = run("stop", HUAYUAN_DATA_DIR=str(home))
    assert ended.returncode == 0 and "已停止" in ended.stdout, ended.stderr
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    elsewhere = run("stop", HUAYUAN_DATABASE_URL=NOWHERE)
    assert elsewhere.returncode == 1 and "HUAYUAN_DATABASE_URL" in elsewhere.stderr


def make(target: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = ["make", "-f", str(ROOT / "Makefile"), target]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def test_cleaning_leaves_the_data_and_their_secret(tmp_path: Path) -> None:
    for name in (".huayuan/secret", ".venv/bin/x", ".mypy_cache/x"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    assert make("clean", tmp_path).returncode == 0
    assert [one.name for one in tmp_path.iterdir()] == [".huayuan"] and (tmp_path / ".huayuan/secret").exists()
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} "$@"\n')
    (tmp_path / ".venv/bin/python").chmod(0o755)
    removed = make("clean-data", tmp_path)
    assert removed.returncode == 0 and [one.name for one in tmp_path.iterdir()] == [".venv"], removed.stderr
    assert all(word in removed.stdout for word in (str(tmp_path), "database", "attachments", "secret"))


def test_a_database_without_tables_is_migrated_first(server_url: str) -> None:
    name = f"huayuan_test_{os.getpid()}_empty"
    try:
        ended = run("serve", HUAYUAN_DATABASE_URL=embedded.database(server_url, name), HUAYUAN_SECRET=SECRET)
    finally:
        with psycopg.connect(server_url, autocommit=True) as server:
            server.execute(SQL("DROP DATABASE IF EXISTS {}").format(Identifier(name)))
    assert ended.returncode == 1
    assert "huayuan migrate" in ended.stderr
