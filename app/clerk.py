"""How does somebody hand in a sheet from a shell? Over HTTP, as an office does, with a bar that shows how far it is."""

import hashlib
import time
from pathlib import Path
from typing import Any

import httpx
from huayuan_client import Huayuan, Problem, api
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.sheets import CSV, XLSX

EVERY = 1.0
"""Seconds between two looks at a sheet that the worker has."""
PATIENCE = 120.0
"""Seconds for which an answer is waited for."""
UNDER_WAY = frozenset({"received", "running"})
SAID = {"received": "检查 / checking", "running": "导入 / importing"}


class NotTaken(Exception):
    """The server's own words, where it does not take the sheet."""

    def __init__(self, problem: Problem) -> None:
        told = problem.facts
        words = [str(told[name]) for name in ("missing", "accept", "bad") if name in told]
        said = f"登录失败 / signing in failed ({problem.status})" if "error" in told else problem.title
        super().__init__(" ".join([said, *words]))


def hand_in(server: str, login: str, password: str, file: Path, query: dict[str, Any]) -> int:
    """Hand the sheet in, wait until it is checked or imported, and write the report; 1 where a row is bad.

    Sent again after a lost answer it is no second sheet: the retry key is that of the file and what is asked. Raises
    NotTaken.
    """
    content = file.read_bytes()
    asked = sorted((name, str(value).lower()) for name, value in query.items())
    key = hashlib.sha256(content + str(asked).encode()).hexdigest()
    media: Any = XLSX if file.suffix.lower() == ".xlsx" else CSV
    sheet = api.imports_create(content, **query, media=media, retry_key=key)
    with httpx.Client(timeout=PATIENCE) as line:
        office = Huayuan(server, username=login, password=password, http=line)
        try:
            made = _followed(office, office(sheet))
            report = office(api.imports_report(made["id"]).raw(XLSX))
        except Problem as problem:
            raise NotTaken(problem) from problem
    back = file.with_name(f"{file.stem}.导入结果.xlsx")
    back.write_bytes(report)
    words = {"good": "可导入", "bad": "有误", "imported": "已导入"}
    print(made["state"], *(f"{zh} / {name}: {made[name]}" for name, zh in words.items()), made["made"])
    print(back)
    return 1 if made["bad"] else 0


def _followed(office: Huayuan, made: Any) -> Any:
    """The record once the worker is done with it; a short sheet is so at once."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as bar:
        task = bar.add_task(SAID.get(made["state"], made["state"]), total=made["rows"])
        while made["state"] in UNDER_WAY:
            time.sleep(EVERY)
            made = office(api.imports_read(made["id"]))
            said = SAID.get(made["state"], made["state"])
            bar.update(task, description=said, total=made["rows"], completed=made["progress"])
        bar.update(task, completed=made["progress"])
    return made
