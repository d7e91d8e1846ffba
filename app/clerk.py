"""How does somebody hand in a sheet from a shell? Over HTTP, as an office does, with a bar that shows how far it is."""

import hashlib
import time
from pathlib import Path
from typing import Any

import httpx
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.sheets import CSV, XLSX

EVERY = 1.0
"""Seconds between two looks at a sheet that the worker has."""
UNDER_WAY = frozenset({"received", "running"})
SAID = {"received": "检查 / checking", "running": "导入 / importing"}


class NotTaken(Exception):
    """The server's own words, where it does not take the sheet."""


class Signed:
    """Requests of somebody signed in, who is signed in again when his token is over."""

    def __init__(self, server: str, login: str, password: str) -> None:
        self._client = httpx.Client(base_url=server.rstrip("/"), timeout=120)
        self._form = {"grant_type": "password", "username": login, "password": password}
        self._sign_in()

    def _sign_in(self) -> None:
        answer = self._client.post("/v1/oauth/token", data=self._form)
        if answer.status_code != 200:
            raise NotTaken(f"登录失败 / signing in failed ({answer.status_code})")
        self._client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        answer = self._client.request(method, path, **more)
        if answer.status_code == 401:
            self._sign_in()
            answer = self._client.request(method, path, **more)
        if not answer.is_success:
            told = answer.json()
            facts = [str(told[name]) for name in ("missing", "accept", "bad") if name in told]
            raise NotTaken(" ".join([told["title"], *facts]))
        return answer


def hand_in(server: str, login: str, password: str, file: Path, query: dict[str, Any]) -> int:
    """Hand the sheet in, wait until it is checked or imported, and write the report; 1 where a row is bad.

    Sent again after a lost answer it is no second sheet: the retry key is that of the file and what is asked.
    """
    signed, content = Signed(server, login, password), file.read_bytes()
    asked = {name: str(value).lower() for name, value in query.items()}
    key = hashlib.sha256(content + str(sorted(asked.items())).encode()).hexdigest()
    headers = {"content-type": XLSX if file.suffix.lower() == ".xlsx" else CSV, "idempotency-key": key}
    made = signed.ask("POST", "/v1/imports", params=asked, content=content, headers=headers).json()
    made = _followed(signed, made)
    back = file.with_name(f"{file.stem}.导入结果.xlsx")
    back.write_bytes(signed.ask("GET", f"/v1/imports/{made['id']}/report", headers={"accept": XLSX}).content)
    words = {"good": "可导入", "bad": "有误", "imported": "已导入"}
    print(made["state"], *(f"{zh} / {name}: {made[name]}" for name, zh in words.items()), made["made"])
    print(back)
    return 1 if made["bad"] else 0


def _followed(signed: Signed, made: dict[str, Any]) -> dict[str, Any]:
    """The record once the worker is done with it; a short sheet is so at once."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as bar:
        task = bar.add_task(SAID.get(made["state"], made["state"]), total=made["rows"])
        while made["state"] in UNDER_WAY:
            time.sleep(EVERY)
            made = signed.ask("GET", f"/v1/imports/{made['id']}").json()
            said = SAID.get(made["state"], made["state"])
            bar.update(task, description=said, total=made["rows"], completed=made["progress"])
        bar.update(task, completed=made["progress"])
    return made
