"""What can one do with the phone by hand? `huayuan phone …`, for trying out what an app of one's own has to do."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import cyclopts

from app.phone.client import Forked, NoSignal, NotUnderstood, Phone, SignInAgain, SomebodyElses

commands = cyclopts.App(name="phone", help="离线手机参考客户端 / a reference client for phones without signal")
File = Annotated[Path, cyclopts.Parameter(name="--file", help="all that the phone keeps, in SQLite")]
PHONE = Path(".huayuan-phone")
TROUBLE = (NoSignal, SignInAgain, SomebodyElses, Forked, NotUnderstood)


@contextmanager
def _opened(file: Path) -> Iterator[Phone]:
    """The phone in a file; trouble ends it with one line."""
    phone = Phone(file)
    try:
        yield phone
    except TROUBLE as trouble:
        sys.exit(str(trouble) if isinstance(trouble, NotUnderstood) else trouble.__doc__)
    finally:
        phone.close()


@commands.command
def sign_in(address: str, login: str, password: str, *, file: File = PHONE) -> None:
    """Sign in as 乡代码/账号, take along what there is, and show the log's key: compare it once with the office's."""
    with _opened(file) as phone:
        phone.sign_in(address, login, password)
        phone.pull()
        print(phone["key"])


@commands.command
def pull(*, file: File = PHONE) -> None:
    """Take along what changed."""
    with _opened(file) as phone:
        phone.pull()
        for household in phone.records("households"):
            print(household["id"], household["card_number"], household["head_name"])


@commands.command
def visit(household: str, place: str, text: str, *, file: File = PHONE) -> None:
    """Write a visit down, with or without signal. HOUSEHOLD is an id or a card number."""
    with _opened(file) as phone:
        found = {h["card_number"]: h["id"] for h in phone.records("households")}
        print(phone.visit(found.get(household, household), place, text)["counter"])


@commands.command
def correct(visit: str, reason: str, *, place: str = "", text: str = "", file: File = PHONE) -> None:
    """Write down what was wrong about a visit of one's own."""
    with _opened(file) as phone:
        print(phone.correct(visit, reason, **{k: v for k, v in (("place", place), ("text", text)) if v})["counter"])


@commands.command
def sync(*, file: File = PHONE) -> None:
    """Hand in what waits and take along what changed."""
    with _opened(file) as phone:
        phone.sync()
        _show(phone)


@commands.command
def status(*, file: File = PHONE) -> None:
    """What was written down, what became of it, and what can be done about it."""
    with _opened(file) as phone:
        _show(phone)


@commands.command
def drop(counter: int, *, file: File = PHONE) -> None:
    """Give up what was refused; it stays in the journal."""
    with _opened(file) as phone:
        phone.drop(counter)


def _show(phone: Phone) -> None:
    for counter, operation, result, told in phone.journal():
        body = operation.get("body") or {}
        print(counter, operation["operation"], body.get("text", ""), RESULTS.get(result, result))
        for word in ("reason", "advice", "conflict"):
            if told and told[word] and result not in ("done", "replayed"):
                print("   ", told[word])
    print(f"已收检查点 {len(phone.checkpoints())} 个", *(["⚠ 台账异常,已停止同步"] if phone["alarm"] else []))


RESULTS = {
    "queued": "待同步", "done": "已办理", "replayed": "已办理", "held": "暂缓", "refused": "未受理", "again": "待重试",
    "dropped": "已放弃",
}  # fmt: skip
