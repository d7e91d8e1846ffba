"""How does somebody hand in a sheet from a shell? Over HTTP, as an office does, with a bar that shows how far it is."""

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from huayuan_client import Huayuan, Problem, api
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.actor import OFFICES_ZH
from app.sheets import CSV, XLSX

EVERY = 1.0
"""Seconds between two looks at a sheet that the worker has."""
PATIENCE = 120.0
"""Seconds for which an answer is waited for."""
UNDER_WAY = frozenset({"received", "running"})
SAID = {
    "received": "检查 / checking", "running": "导入 / importing", "done": "已办完 / done",
    "checked": "已检查,未导入 / checked, nothing is imported", "cancelled": "已取消 / cancelled",
}  # fmt: skip
ROWS = {"good": "可导入的行 / rows in order", "bad": "有误的行 / bad rows", "imported": "已导入的行 / rows imported"}
RECORDS = {
    "people": "人员 / people", "units": "单位 / units", "appointments": "任职 / appointments",
    "households": "贫困户 / households", "pairings": "结对 / pairings", "visits": "走访 / visits",
}  # fmt: skip
"""What a sheet becomes, by resource."""
FACTS = {
    "missing": "缺少的列 / missing columns", "optional": "还可以有的列 / there may be besides",
    "headings": "重复的标题 / headings that stand twice", "offices": "应由下列职务办理 / done by",
    "bad": "有误的行 / bad rows", "accept": "可用格式 / accepted",
}  # fmt: skip
"""Of what a refusal says besides its sentence, what whoever has the sheet can act on."""


class NotTaken(Exception):
    """Why it came to nothing, in words."""

    @classmethod
    def by(cls, problem: Problem) -> "NotTaken":
        """The server's own, with what it says besides."""
        told = problem.facts
        if told.get("error") == "invalid_grant":
            return cls("账号或密码不正确,或账号已停用 / login or password is wrong, or disabled")
        if "error" in told:
            return cls(f"登录失败 / signing in failed ({problem.status})")
        besides = [f"{said}:{_listed(told[name])}" for name, said in FACTS.items() if name in told]
        wrong = [f"{error['pointer']}:{error['message']}" for error in problem.errors if error["pointer"]]
        return cls("\n    ".join([problem.title, *besides, *wrong]))


def _listed(told: Any) -> str:
    """One after another, offices by their names."""
    return "、".join(OFFICES_ZH.get(each, str(each)) for each in (told if isinstance(told, list) else [told]))


def hand_in(server: str, login: str, password: str, file: Path, query: dict[str, Any]) -> int:
    """Hand the sheet in, wait until it is checked or imported, and write the report; 1 where a row is bad.

    Sent again after a lost answer it is no second sheet: the retry key is that of the file and what is asked. Raises
    NotTaken.
    """
    try:
        made, report = _handed_in(server, login, password, file, query)
        print(*_result(made), sep="\n")
        back = file.with_name(f"{file.stem}.导入结果.xlsx")
        back.write_bytes(report)
    except Problem as problem:
        raise NotTaken.by(problem) from problem
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as fault:
        raise NotTaken(f"服务地址有误 / no address of a service: {server}") from fault
    except httpx.TransportError as fault:
        raise NotTaken(
            f"{server} 连接不上或没有答复;可再次提交同一表格,不会重复导入 / "
            "it cannot be reached or does not answer; the same sheet may be handed in again and is not imported twice"
        ) from fault
    except OSError as fault:
        raise NotTaken(f"文件无法读写 / cannot be read or written: {fault.filename}") from fault
    print(back)
    return 1 if made["bad"] else 0


def _handed_in(server: str, login: str, password: str, file: Path, query: dict[str, Any]) -> tuple[Any, bytes]:
    """The record of the sheet once the service is done with it, and the report."""
    content = file.read_bytes()
    asked = sorted((name, str(value).lower()) for name, value in query.items())
    key = hashlib.sha256(content + str(asked).encode()).hexdigest()
    media: Any = XLSX if file.suffix.lower() == ".xlsx" else CSV
    sheet = api.imports_create(content, **query, media=media, retry_key=key)
    with httpx.Client(timeout=PATIENCE) as line:
        office = Huayuan(server, username=login, password=password, http=line)
        made = _followed(office, office(sheet))
        return made, office(api.imports_report(made["id"]).raw(XLSX))


def _result(made: Any) -> Iterator[str]:
    """What became of the sheet, and which of its columns were not read, a line each."""
    yield SAID[made["state"]]
    for name, said in ROWS.items():
        yield f"    {said}:{made[name]}"
    if made["made"]:
        become = "将登记 / would become" if made["state"] == "checked" else "已登记 / became"
        yield f"    {become}:{'、'.join(f'{RECORDS[name]} {many}' for name, many in made['made'].items())}"
    if unread := [column["heading"] for column in made["columns"] if column["field"] is None and column["heading"]]:
        yield f"    未导入的列 / columns that were not read:{'、'.join(unread)}"


def _followed(office: Huayuan, made: Any) -> Any:
    """The record once the worker is done with it; a short sheet is so at once."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as bar:
        task = bar.add_task(SAID[made["state"]], total=made["rows"])
        while made["state"] in UNDER_WAY:
            time.sleep(EVERY)
            made = office(api.imports_read(made["id"]))
            bar.update(task, description=SAID[made["state"]], total=made["rows"], completed=made["progress"])
        bar.update(task, completed=made["progress"])
    return made
