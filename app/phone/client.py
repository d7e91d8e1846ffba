"""What does a phone do? Write down without signal, hand in and take along with it; all it knows is one SQLite file.

Nothing that was written down is ever deleted from the file.
"""

import json
import sqlite3
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any, NoReturn
from uuid import uuid4

import httpx
from cryptography.exceptions import InvalidSignature

from app.merkle import verify_consistency
from app.note import ALGORITHMS, ED25519, KEY_ID_BYTES, Note, Verifier

AT_ONCE = 50
"""Operations of one request: on a bad line a short list is answered before it breaks."""
LONGEST = 900_000
"""Bytes of them, of the mebibyte that a request may have."""
LETTERS = {"place": 200, "text": 4000, "reason": 4000}
"""How much the service takes of each."""
TRIES, PATIENCE = 4, 60
"""How often a busy service is asked, and seconds for an answer."""
WAITING = ("queued", "held", "again")
"""What is sent at the next sync; what was refused waits for its owner."""
GIVEN_UP = "given_up"
"""What is handed in instead of what its owner dropped: no operation, so it is refused and its number used up."""
TABLES = """
create table if not exists settings (name text primary key, value);
create table if not exists journal (counter integer primary key, key text not null, operation text not null,
                                    result text not null, told text);
create table if not exists records (resource text, id text, record text not null, primary key (resource, id));
create table if not exists checkpoints (size integer, note text, consistent integer, primary key (size, note));
create table if not exists receipts (number integer primary key, answer text not null);
"""


class Trouble(RuntimeError):
    """The phone cannot go on; its owner reads why."""

    def __str__(self) -> str:
        return super().__str__() or (self.__doc__ or "").strip()


class NoSignal(Trouble):
    """没有信号或系统繁忙:内容已保存在手机上,请稍后再同步。 / No answer; all is kept, sync again later."""


class NoSuchAddress(Trouble):
    """服务地址有误,应如 http://127.0.0.1:8411。 / This is no address of a service."""


class SignInFirst(Trouble):
    """请先登录:huayuan phone sign-in。 / Sign in first."""


class NotYou(Trouble):
    """账号或密码不正确,或账号已停用;账号应写作 乡代码/账号名。 / Login or password is wrong, or disabled."""


class SignInAgain(Trouble):
    """登录已失效或账号已停用:内容仍在手机上,请重新登录;仍不行请联系乡管理员。 / Sign in again; all is kept."""


class SomebodyElses(Trouble):
    """此文件属于另一人,请换一个文件登录。 / This file is another person's; take another one."""


class Forked(Trouble):
    """台账被改写或出现两个版本:已停止同步,请保留手机并向县纪委报告。 / The log was forked: keep the phone as it is."""


class NotAPhone(Trouble):
    """文件无法打开,或不是手机数据。 / The file cannot be opened, or is no phone's."""


class NothingWritten(Trouble):
    """请填写内容(地点、走访情况、更正事由),不能留空。 / Write something; nothing may be left blank."""


class TooLong(Trouble):
    """内容过长:地点至多 200 字,走访情况、更正事由至多 4000 字。 / Too long: 200 letters of a place, 4,000 of a text."""


class NoSuchHousehold(Trouble):
    """手机上没有这一户(不是您的帮扶户?):请核对编号,或先执行 pull。 / The phone knows no such household; pull first."""


class NoSuchVisit(Trouble):
    """手机上没有这条走访:请核对编号,或先同步。 / The phone knows no such visit; sync first."""


class NoSuchLine(Trouble):
    """没有这一条,或已办理,不能放弃。 / There is no such line, or it is done and cannot be given up."""


class NothingRefused(Trouble):
    """没有这一条,或并非“未受理”,无需修改。 / There is no such line, or it was not refused."""


class NotTaken(Trouble):
    """The service does not take it, in its own words, or answered what this client does not know."""

    def __init__(self, answer: httpx.Response) -> None:
        told = _told(answer)
        title = (
            told.get("title") or f"服务的答复无法识别({answer.status_code}) / the service's answer is not understood"
        )
        super().__init__("\n".join([title, *wrong(told.get("errors"))]))


class Phone:
    """One person's phone, for one thread at a time; `clock` is its own, however wrong."""

    def __init__(self, file: Path | str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Raises NotAPhone."""
        try:
            self._store = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
            self._store.executescript(TABLES)
        except sqlite3.DatabaseError as error:
            raise NotAPhone from error
        self._clock = clock

    # ── what it keeps ──

    def __getitem__(self, name: str) -> Any:
        found = self._store.execute("select value from settings where name = ?", [name]).fetchone()
        return found[0] if found else None

    def __setitem__(self, name: str, value: Any) -> None:
        self._store.execute("insert or replace into settings values (?, ?)", [name, value])

    @contextmanager
    def _together(self) -> Iterator[None]:
        """All of it or nothing, also where the battery dies meanwhile."""
        self._store.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._store.execute("rollback")
            raise
        self._store.execute("commit")

    def journal(self, *results: str) -> list[tuple[int, dict[str, Any], str, dict[str, Any] | None]]:
        """Counter, operation, result and what the service told of it; of these results, or of all."""
        rows = self._store.execute("select counter, operation, result, told from journal order by counter").fetchall()
        return [(c, json.loads(o), r, t and json.loads(t)) for c, o, r, t in rows if not results or r in results]

    def records(self, resource: str) -> list[dict[str, Any]]:
        found = self._store.execute("select record from records where resource = ? order by id", [resource])
        return [json.loads(row[0]) for row in found.fetchall()]

    def checkpoints(self) -> list[str]:
        """Every signed note it ever got of the log, smallest first."""
        found = self._store.execute("select note from checkpoints where consistent order by size")
        return [row[0] for row in found.fetchall()]

    # ── without signal ──

    def do(self, operation: str, body: Any = None, **more: Any) -> dict[str, Any]:
        """Write an operation down; `more` are `record_id`, `version`, `after` and `seen`."""
        with self._together():
            last = self._store.execute("select coalesce(max(counter), 0) from journal").fetchone()[0]
            made = {
                "key": str(uuid4()), "counter": last + 1, "operation": operation, "device_time": _text(self._clock()),
                **({} if body is None else {"body": body}), **more,
            }  # fmt: skip
            row = [last + 1, made["key"], json.dumps(made, ensure_ascii=False), "queued", None]
            self._store.execute("insert into journal values (?, ?, ?, ?, ?)", row)
        return made

    def visit(self, household: str, place: str, text: str) -> dict[str, Any]:
        """A visit now, by the phone's clock less what it was wrong by when it last had signal.

        Raises NothingWritten, TooLong.
        """
        if not (place.strip() and text.strip()):
            raise NothingWritten
        _check_letters(place=place, text=text)
        at = self._clock() - timedelta(seconds=self["clock_ahead"] or 0)
        body = {"id": str(uuid4()), "household_id": household, "device_time": _text(at), "place": place, "text": text}
        return self.do("visits_create", body)

    def correct(self, visit: str, reason: str, **fields: str) -> dict[str, Any]:
        """Correct a visit, also one that is still in the queue: then after it.

        Raises NoSuchVisit, NothingWritten, TooLong.
        """
        if not reason.strip() or not any(text.strip() for text in fields.values()):
            raise NothingWritten
        _check_letters(reason=reason, **fields)
        seen = next((r for r in self.records("visits") if r["id"] == visit), None)
        about = [line for line in self.journal() if visit in _records_of(line[1])]
        waiting = [operation for _, operation, result, _ in about if result in WAITING]
        told = [told for _, _, result, told in about if result in ("done", "replayed")]
        versions = [each["version"] for each in (seen, *told) if each and each["version"]]
        if not (versions or waiting):
            raise NoSuchVisit
        more: dict[str, Any] = {"version": max(versions, default=0) + len(waiting)}
        more |= {"after": [waiting[-1]["key"]]} if waiting else {"seen": seen}
        return self.do("visits_correct", {**fields, "reason": reason}, record_id=visit, **more)

    def mend(self, counter: int, **changes: Any) -> None:
        """What was refused, written anew under its own key and number: it was not done, so nothing is done twice.

        Raises NothingRefused.
        """
        operation = next((o for number, o, _, _ in self.journal("refused") if number == counter), None)
        if operation is None:
            raise NothingRefused
        operation["body"] = {**(operation.get("body") or {}), **{k: v for k, v in changes.items() if k != "version"}}
        operation |= {"version": changes["version"]} if "version" in changes else {}
        row = [json.dumps(operation, ensure_ascii=False), "queued", counter]
        self._store.execute("update journal set operation = ?, result = ? where counter = ?", row)

    def drop(self, counter: int) -> None:
        """What was refused or still waits is given up; it stays in the journal. Raises NoSuchLine.

        Where an answer was lost it may be done already: then the service has it, and the next pull brings it.
        """
        if counter not in [line[0] for line in self.journal("refused", *WAITING)]:
            raise NoSuchLine
        self._store.execute("update journal set result = 'dropped' where counter = ?", [counter])

    # ── with signal ──

    def sign_in(self, address: str, login: str, password: str) -> None:
        """Also with a new account of the same person. Raises NotYou, SomebodyElses, NoSignal, NoSuchAddress."""
        before, self["address"] = self["address"], address
        try:
            self._token({"grant_type": "password", "username": login, "password": password}, NotYou)
            person = self._ask("GET", "/v1/me").json()["person_id"]
            if self["person_id"] not in (None, person):
                self["access_token"] = self["refresh_token"] = None
                raise SomebodyElses
        except Trouble:
            self["address"] = before
            raise
        self["person_id"], self["device_id"] = person, self["device_id"] or str(uuid4())

    def sync(self) -> None:
        """Hand in what waits, then take along what changed. Raises Trouble."""
        self.push()
        self.pull()

    def push(self) -> None:
        """Hand in what waits, a few at a time and in order, until nothing more comes of it."""
        if self["alarm"]:
            raise Forked
        while waiting := self._waiting():
            body = {"device_id": self["device_id"], "sent_at": _text(self._clock()), "operations": _a_list(waiting)}
            answer = self._ask("POST", "/v1/sync", json=body).json()
            self._watch(answer["key"], answer["receipt"]["log"], answer["receipt"]["checkpoint"])
            self._check_receipt(answer)
            before = self._waiting()
            with self._together():
                self._note(answer)
            if self._waiting() == before:
                return

    def _waiting(self) -> list[dict[str, Any]]:
        """In order; and what the service does not know any more, though it once was settled."""
        known = self["settled"] or 0
        lines = [(o, r) for counter, o, r, _ in self.journal() if r in WAITING or counter > known]
        return [_given_up(operation) if result == "dropped" else operation for operation, result in lines]

    def _note(self, answer: dict[str, Any]) -> None:
        receipt = answer["receipt"]
        self._store.execute("insert into receipts (answer) values (?)", [json.dumps(answer, ensure_ascii=False)])
        self["settled"], self["clock_ahead"] = receipt["counter"], receipt["clock_ahead_seconds"]
        for told in receipt["results"]:
            row = [told["result"], json.dumps(told, ensure_ascii=False), told["counter"], told["key"]]
            self._store.execute(
                "update journal set result = ?, told = ? where counter = ? and key = ? and result <> 'dropped'", row
            )

    def pull(self) -> None:
        """Take along what changed, page by page; what is gone goes."""
        more = True
        while more:
            query = {"cursor": self["cursor"]} if self["cursor"] else {}
            page = self._ask("GET", "/v1/sync", params=query).json()
            self._watch(page["key"], page["log"], page["checkpoint"])
            with self._together():
                if page["anew"]:
                    self._store.execute("delete from records")
                for gone in page["gone"]:
                    self._store.execute("delete from records where resource = ? and id = ?", [*gone.values()])
                for item in page["items"]:
                    row = [item["resource"], item["record"]["id"], json.dumps(item["record"], ensure_ascii=False)]
                    self._store.execute("insert or replace into records values (?, ?, ?)", row)
                self["cursor"] = page["next_cursor"]
                self["clock_ahead"] = round((self._clock() - datetime.fromisoformat(page["now"])).total_seconds())
            more = page["more"]

    # ── whom it trusts ──

    def _watch(self, key: str, log: str, note: str | None) -> None:
        """Keep the checkpoint if the log merely grew since the last one, else refuse it for good. Raises Forked.

        The key is trusted at first use, and no other ever after: compare it once with the office's.
        """
        self["key"] = self["key"] or key
        if key != self["key"] or self["alarm"]:
            self._alarm(note)
        if note is None:
            return
        try:
            signer, new = Verifier.of(self["key"]), Note.of(note)
        except ValueError:
            self._alarm(note)
        kept = self.checkpoints()
        signed = signer.signature_in(new) is not None and new.origin == signer.name
        if not signed or (kept and not self._grew(log, Note.of(kept[-1]), new)):
            self._alarm(note)
        self._store.execute("insert or ignore into checkpoints values (?, ?, true)", [new.size, note])

    def _grew(self, log: str, old: Note, new: Note) -> bool:
        if new.size <= old.size:
            return (new.size, new.root) == (old.size, old.root)
        asked = {"old": old.size, "size": new.size}
        answer = self._ask("GET", f"/v1/ledger/{log}/proof/consistency", params=asked, known=(404,))
        proof = [bytes.fromhex(item) for item in answer.json().get("proof", ())]
        return answer.is_success and verify_consistency(old.size, new.size, old.root, new.root, proof)

    def _alarm(self, note: str | None) -> NoReturn:
        self["alarm"] = _text(self._clock())
        if note is not None:
            self._store.execute("insert or ignore into checkpoints values (?, ?, false)", [None, note])
        raise Forked

    def _check_receipt(self, answer: dict[str, Any]) -> None:
        """Raises Forked where the log's key did not sign it."""
        text = json.dumps(answer["receipt"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        signature = b64decode(answer["signature"].split()[2])[KEY_ID_BYTES:]
        try:
            ALGORITHMS[ED25519].verify(Verifier.of(self["key"]).public[1:], signature, f"receipt/v1\n{text}\n".encode())
        except InvalidSignature:
            self._alarm(None)

    # ── the line ──

    def _ask(self, method: str, path: str, *, known: tuple[int, ...] = (), **more: Any) -> httpx.Response:
        """One request, again where it should be; the signature is renewed once.

        Raises SignInFirst, NoSignal, SignInAgain, NotTaken.
        """
        if self["access_token"] is None:
            raise SignInAgain if self["person_id"] else SignInFirst
        for _ in range(2):
            answer = self._send(method, path, headers={"authorization": f"Bearer {self['access_token']}"}, **more)
            if answer.is_success or answer.status_code in known:
                return answer
            if answer.status_code != 401 or not self["refresh_token"]:
                break
            self._token({"grant_type": "refresh_token", "refresh_token": self["refresh_token"]}, SignInAgain)
        if answer.status_code == 401:
            raise SignInAgain
        raise NotTaken(answer)

    def _token(self, form: dict[str, str], otherwise: type[Trouble]) -> None:
        answer = self._send("POST", "/v1/oauth/token", data=form)
        if not answer.is_success:
            raise otherwise if "error" in answer.json() else NotTaken(answer)
        told = answer.json()
        self["access_token"], self["refresh_token"] = told["access_token"], told.get("refresh_token")

    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Raises NoSuchAddress, NoSignal, NotTaken where another than the service answers."""
        try:
            with httpx.Client(base_url=self["address"], timeout=PATIENCE) as line:
                for _ in range(TRIES):
                    answer = line.request(method, path, **more)
                    if answer.status_code not in (429, 503):
                        break
                    time.sleep(int(answer.headers.get("retry-after", 1)))
                else:
                    raise NoSignal
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise NoSuchAddress from error
        except httpx.TransportError as error:
            raise NoSignal from error
        if not _told(answer):
            raise NotTaken(answer)
        return answer

    def close(self) -> None:
        self._store.close()


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _check_letters(**fields: str) -> None:
    if any(len(text) > LETTERS[name] for name, text in fields.items()):
        raise TooLong


def _records_of(operation: dict[str, Any]) -> tuple[str | None, str | None]:
    """The record it is about, and the one it makes."""
    return operation.get("record_id"), operation.get("body", {}).get("id")


def _given_up(operation: dict[str, Any]) -> dict[str, Any]:
    """Under its own key and number, so that what comes behind it is held up by nothing."""
    return {**{name: operation[name] for name in ("key", "counter", "device_time")}, "operation": GIVEN_UP}


def _told(answer: httpx.Response) -> dict[str, Any]:
    """What the service says, which is an object always; nothing where another answers in its place."""
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _a_list(waiting: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As many as one request takes, by their number and their bytes; one at least."""
    sizes = accumulate(len(json.dumps(one)) for one in waiting[:AT_ONCE])
    return waiting[: max(1, sum(size < LONGEST for size in sizes))]


def wrong(errors: Any) -> list[str]:
    """Where it is wrong and how, a line each."""
    return [f"{error.get('pointer')}: {error.get('message')}" for error in errors or () if isinstance(error, dict)]
