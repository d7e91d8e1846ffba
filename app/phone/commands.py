"""What can one do with the phone by hand? `huayuan phone …`, for trying out what an app of one's own has to do."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any

import cyclopts

from app.phone.client import NoSuchHousehold, NothingWritten, Phone, SignInFirst, Trouble, wrong
from app.shell import password

commands = cyclopts.App(name="phone", help="离线手机参考客户端 / a reference client for phones without signal")
File = Annotated[Path, cyclopts.Parameter(name="--file", help="all that the phone keeps, in SQLite")]
PHONE = Path(".huayuan-phone")


@contextmanager
def _opened(file: Path) -> Iterator[Phone]:
    """The phone in a file; trouble ends it with one line."""
    try:
        with closing(Phone(file)) as phone:
            yield phone
    except Trouble as trouble:
        sys.exit(str(trouble))


@commands.command
def sign_in(address: str, login: str, *, file: File = PHONE) -> None:
    """Sign in as 乡代码/账号, take along what there is, and show the log's key: compare it once with the office's.

    The password is asked for, or stands in HUAYUAN_PASSWORD.
    """
    with _opened(file) as phone:
        phone.sign_in(address, login, password())
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
        print(phone.visit(_household(phone, household), place, text)["counter"])


def _household(phone: Phone, called: str) -> str:
    """The id of one that is on the phone. Raises SignInFirst, NoSuchHousehold."""
    if phone["person_id"] is None:
        raise SignInFirst
    for household in phone.records("households"):
        if called in (household["id"], household["card_number"]):
            return str(household["id"])
    raise NoSuchHousehold


@commands.command
def correct(visit: str, reason: str, *, place: str = "", text: str = "", file: File = PHONE) -> None:
    """Write down what was wrong about a visit of one's own."""
    with _opened(file) as phone:
        print(phone.correct(visit, reason, **_given(place=place, text=text))["counter"])


@commands.command
def mend(counter: int, *, household: str = "", place: str = "", text: str = "", file: File = PHONE) -> None:
    """Write a visit or its correction that was refused anew, upon the version that stands now; then sync."""
    with _opened(file) as phone:
        changes = _given(household_id=household and _household(phone, household), place=place, text=text)
        if not changes:
            raise NothingWritten
        phone.mend(counter, **changes, **_version(phone, counter))


def _given(**said: str) -> dict[str, str]:
    return {name: value for name, value in said.items() if value}


def _version(phone: Phone, counter: int) -> dict[str, int]:
    """Where others changed the record meanwhile: the version whose differences were shown."""
    told = [t for number, _, _, t in phone.journal("refused") if number == counter and t and t["conflict"]]
    return {"version": told[0]["conflict"]["stands"]} if told else {}


@commands.command
def sync(*, file: File = PHONE) -> None:
    """Hand in what waits and take along what changed."""
    with _opened(file) as phone:
        print("正在同步…", file=sys.stderr, flush=True)
        phone.sync()
        _show(phone)


@commands.command
def status(*, file: File = PHONE) -> None:
    """What was written down, what became of it, and what can be done about it."""
    with _opened(file) as phone:
        _show(phone)


@commands.command
def drop(counter: int, *, file: File = PHONE) -> None:
    """Give up what was refused or still waits; it stays in the journal."""
    with _opened(file) as phone:
        phone.drop(counter)


def _show(phone: Phone) -> None:
    for counter, operation, result, told in phone.journal():
        body = operation.get("body") or {}
        print(counter, operation["operation"], body.get("text", ""), RESULTS.get(result, result))
        for line in _why(told) if told and result not in ("done", "replayed") else ():
            print("   ", line)
    print(f"已收检查点 {len(phone.checkpoints())} 个", *(["⚠ 台账异常,已停止同步"] if phone["alarm"] else []))


def _why(told: dict[str, Any]) -> list[str]:
    """What the service said of an operation that was not done, a line each."""
    said = [told[word] for word in ("reason", "advice") if told[word]] + wrong(told["errors"])
    if told["conflict"]:
        fields = (f"{name}:{value}" for name, value in told["conflict"]["fields"].items() if isinstance(value, str))
        said.append("、".join([f"现为第 {told['conflict']['stands']} 版", *fields]))
    return said


RESULTS = {
    "queued": "待同步", "done": "已办理", "replayed": "已办理", "held": "暂缓", "refused": "未受理", "again": "待重试",
    "dropped": "已放弃",
}  # fmt: skip
