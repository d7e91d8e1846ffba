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


def command(
    township: Township, file: Path, *words: str, password: str = OWN, server: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "import", str(file), "--server", server or township.service.address, *words],
        cwd=ROOT, env={**os.environ, "HUAYUAN_PASSWORD": password}, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip


def test_a_sheet_is_checked_then_imported_and_its_report_lies_beside_it(
    township: Township, login: str, tmp_path: Path
) -> None:
    file = tmp_path / "名册.csv"
    rows = ["王五", "男", "机关干部", "好"], ["李梅", "女", "村干事", ""]
    file.write_bytes(as_csv(["姓名", "性别", "人员类别", "健康状况"], *rows, encoding="gb18030"))
    words = ("--kind", "roster", "--login", login)
    checked = command(township, file, *words, "--dry-run")
    assert checked.returncode == 1, checked.stderr
    lines = [line.strip() for line in checked.stdout.splitlines()]
    assert "已检查,未导入 / checked, nothing is imported" in lines and "将登记 / would become:人员 / people 1" in lines
    told = {"可导入的行 / rows in order:1", "有误的行 / bad rows:1", "已导入的行 / rows imported:0"}
    assert told <= set(lines) and "{" not in checked.stdout
    assert "未导入的列 / columns that were not read:性别、健康状况" in lines
    done = command(township, file, *words, "--mode", "independent")
    assert "已导入的行 / rows imported:1" in done.stdout and "已登记 / became:人员 / people 1" in done.stdout
    rows = reread((tmp_path / "名册.导入结果.xlsx").read_bytes())
    assert rows[1][:5] == ["王五", "男", "机关干部", "好", "已导入"]
    assert rows[2][5].startswith("人员类别:登记簿不认识")
    again = command(township, file, *words, "--mode", "independent")
    assert again.stdout == done.stdout, "sent again it is no second sheet"


def test_what_the_server_does_not_take_is_told_in_words(township: Township, login: str, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(as_csv(["户编号"], ["1"]))
    columns = "没有找到所需的列标题", "missing columns:行政村、主要致贫原因、识别日期", "besides:村民小组、户主姓名"
    for kind, password, server, said in (
        ("households", OWN, "", columns), ("roster", "wrong", "", ["账号或密码不正确"]),
        ("roster", OWN, "http://127.0.0.1:9", ["连接不上", "cannot be reached"]),
        ("roster", OWN, "127.0.0.1:8411", ["服务地址有误"]),
    ):  # fmt: skip
        ended = command(township, file, "--login", login, "--kind", kind, password=password, server=server)
        assert ended.returncode == 1 and "Traceback" not in ended.stderr and "[" not in ended.stderr
        assert all(one in ended.stderr for one in said), ended.stderr
    assert "没有该文件" in command(township, tmp_path / "y.csv", "--kind", "roster", "--login", login).stderr


def test_whose_office_it_is_not_is_told_whose_it_is(township: Township, tmp_path: Path) -> None:
    helper = township.office("helper")
    helper.post("/me/password", {"current": "correct horse battery", "password": OWN})
    account = township.admin.read(f"/accounts/{helper.account_id}")
    file = tmp_path / "x.csv"
    file.write_bytes(as_csv(["姓名", "人员类别"], ["王五", "机关干部"]))
    words = ("--kind", "roster", "--login", f"{township.code}/{account['login']}")
    ended = command(township, file, *words)
    assert ended.returncode == 1
    assert "此事项由其他职务办理" in ended.stderr and "乡扶贫开发领导小组办公室" in ended.stderr


def test_a_report_that_cannot_be_written_is_told(township: Township, login: str, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(as_csv(["姓名", "人员类别"], ["赵六", "机关干部"]))
    (tmp_path / "x.导入结果.xlsx").mkdir()
    ended = command(township, file, "--kind", "roster", "--login", login)
    assert ended.returncode == 1 and "已导入的行 / rows imported:1" in ended.stdout
    assert "x.导入结果.xlsx" in ended.stderr and "Traceback" not in ended.stderr
