"""Does `huayuan import` hand in a sheet as somebody with an office, and leave the report beside it?"""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.conftest import Township
from tests.imports.offices import as_csv, reread
from tests.serving import ROOT

GIVEN, OWN = "a password that was given", "a password of his own"


@pytest.fixture
def login(township: Township) -> str:
    """Of the office's clerk, who has set his password."""
    person = township.person("文书")
    township.appoint(person, "leading_group_office")
    township.admin.made("/accounts", {"login": "clerk", "password": GIVEN, "person_id": person})
    name, server = f"{township.code}/clerk", httpx.Client(base_url=township.service.address)
    form = {"grant_type": "password", "username": name, "password": GIVEN}
    token = server.post("/v1/oauth/token", data=form).json()["access_token"]
    body = {"current": GIVEN, "password": OWN}
    answer = server.post("/v1/me/password", json=body, headers={"authorization": f"Bearer {token}"})
    assert answer.is_success, answer.text
    return name


def command(township: Township, file: Path, *words: str, password: str = OWN) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "import", str(file), "--server", township.service.address, *words],
        cwd=ROOT, env={**os.environ, "HUAYUAN_PASSWORD": password}, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip


def test_a_sheet_is_checked_then_imported_and_its_report_lies_beside_it(
    township: Township, login: str, tmp_path: Path
) -> None:
    file = tmp_path / "名册.csv"
    file.write_bytes(as_csv(["姓名", "人员类别"], ["王五", "机关干部"], ["李梅", "村干事"], encoding="gb18030"))
    words = ("--kind", "roster", "--login", login)
    checked = command(township, file, *words, "--dry-run")
    assert checked.returncode == 1, checked.stderr
    assert "checked 可导入 / good: 1 有误 / bad: 1 已导入 / imported: 0" in checked.stdout
    done = command(township, file, *words, "--mode", "independent")
    assert "done 可导入 / good: 1 有误 / bad: 1 已导入 / imported: 1" in done.stdout
    rows = reread((tmp_path / "名册.导入结果.xlsx").read_bytes())
    assert rows[1][:3] == ["王五", "机关干部", "已导入"] and rows[2][3].startswith("人员类别:登记簿不认识")
    again = command(township, file, *words, "--mode", "independent")
    assert again.stdout == done.stdout, "sent again it is no second sheet"


def test_what_the_server_does_not_take_is_told_in_one_line(township: Township, login: str, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(as_csv(["户编号"], ["1"]))
    for words, password, said in (
        (("--kind", "households"), OWN, "没有找到所需的列标题"), (("--kind", "roster"), "wrong", "登录失败"),
    ):  # fmt: skip
        ended = command(township, file, "--login", login, *words, password=password)
        assert ended.returncode == 1 and said in ended.stderr and "Traceback" not in ended.stderr
    assert "没有该文件" in command(township, tmp_path / "y.csv", "--kind", "roster", "--login", login).stderr
