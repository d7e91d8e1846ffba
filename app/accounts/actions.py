"""What can be done about accounts, and how does a township begin?"""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar
from uuid import UUID, uuid4

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import and_, bindparam, select, union_all, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from app.access import NOBODY, Bearer, Scope
from app.accounts import rules, schemas, tables
from app.actor import Office
from app.database import Prepared, as_json, here, same_place
from app.people import actions as people
from app.places import actions as places
from app.reading import AWAITING, Reading, Resource, place_values, utc
from app.refusal import Conflict, Forbidden, TooManyRequests, Unavailable
from app.rulebook import actions as rulebook
from app.vault import Vault
from app.writing import Answer, Change, Command, changes, commanding, creates, operating, uuid7

T = TypeVar("T")
PASSWORDS = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))
"""Argon2id with OWASP's least memory, so that a month's end does not exhaust the machine."""


class Hashing:
    """Two hashes at once in a process, and at most `waiting` more in line: beyond that it is full, and says so.

    Of what one caller wants verified `each` at most are in line, so that whoever knows one password, and signs in with
    it over and over, leaves room for others. Threads of its own, so that nothing else waits behind a hash.
    """

    def __init__(self, at_once: int = 2, waiting: int = 16, each: int = 4) -> None:
        self._threads = ThreadPoolExecutor(at_once, "hashing")
        self._room = threading.Semaphore(at_once + waiting)
        self._each, self._in_line = each, Counter[Hashable]()

    async def hash(self, secret: str) -> str:
        """Raises TooManyRequests."""
        return await self._run(PASSWORDS.hash, secret)

    async def verify(self, secret: str, hash: str, whose: Hashable) -> bool:
        """Raises TooManyRequests."""
        if self._in_line[whose] >= self._each:
            raise TooManyRequests(1)
        self._in_line[whose] += 1
        try:
            return await self._run(PASSWORDS.verify, secret, hash)
        finally:
            self._in_line -= Counter({whose: 1})

    async def _run(self, work: Callable[..., T], *args: str) -> T:
        if not self._room.acquire(blocking=False):
            raise TooManyRequests(1)
        under_way = self._threads.submit(work, *args)
        under_way.add_done_callback(lambda _: self._room.release())
        return await asyncio.wrap_future(under_way)


HASHING = Hashing()


class Event(StrEnum):
    ACCOUNT_CREATED = "account.created"
    ACCOUNT_DISABLED = "account.disabled"
    ACCOUNT_RESET = "account.reset"
    ACCOUNT_BOUND = "account.bound"


class OnlyACountyAdministrator(Forbidden):
    """Only an administrator of the county makes clients of the county.

    县级客户端只能由县级管理员建立。
    """


class ClockIsReal(Forbidden):
    """The clock of domain dates moves only in a demonstration.

    只有演示环境可以调整业务日期。
    """


class EasyToGuess(Conflict):
    """This password is easy to guess: it is little more than the login, a usual word or a row of keys.

    密码过于简单:不得只由账号、常用词或键盘顺序组成。
    """


class NoIssuer(Conflict):
    """No other issuer of tokens is set up here.

    本系统未配置外部身份认证。
    """


ACCOUNTS = Resource(
    "accounts", tables.Account, scope=Scope(wide=frozenset({Office.ADMINISTRATOR})), hide=frozenset({"secret_hash"})
)


async def hashed(command: Command, chosen: str) -> str | None:
    """The hash of a secret that the command sets, made before its transaction; None where it will not be needed.

    Raises TooManyRequests.
    """
    async with command.look() as (_, entered):
        needed = entered.stored is None and not entered.busy and entered.actor.holds(Office.ADMINISTRATOR)
    return await HASHING.hash(chosen) if needed else None


def secret(change: Change, chosen: str, hash: str | None, by: UUID | None, *names: str) -> dict[str, Any]:
    """The columns of a secret that is set now, `by` an account. Raises EasyToGuess.

    Raises Unavailable where there is no hash, since what made it unneeded is no more.
    """
    if rules.easy_to_guess(chosen, *names, change.actor.township_code):
        raise EasyToGuess
    if hash is None:
        raise Unavailable
    return {"secret_hash": hash, "secret_set_at": datetime.now(UTC), "secret_set_by": by}


@creates(Office.ADMINISTRATOR, of=ACCOUNTS)
async def create_account(change: Change, hash: str | None, body: schemas.CreateAccount) -> Answer:
    """With it the person can do nothing but set a password of his own."""
    change.log = change.actor.county_code
    given = secret(change, body.password, hash, change.actor.account_id, body.login)
    values = {"kind": "person", "login": body.login, "person_id": body.person_id, **given}
    public = {"kind": "person", "person_id": body.person_id}
    return await change.create(
        ACCOUNTS, body.id, values, event=Event.ACCOUNT_CREATED, public=public, personal={"login": body.login}
    )


@creates(Office.ADMINISTRATOR, of=ACCOUNTS)
async def create_client(change: Change, hash: str | None, body: schemas.CreateClient) -> Answer:
    if not change.actor.reads_county:
        raise OnlyACountyAdministrator
    given = secret(change, body.secret, hash, change.actor.account_id, body.login)
    values = {"kind": "client", "login": body.login, "scopes": body.scopes, **given}
    public = {"kind": "client", "login": body.login, "scopes": body.scopes}
    return await change.create(ACCOUNTS, body.id, values, event=Event.ACCOUNT_CREATED, public=public)


@changes(Office.ADMINISTRATOR)
async def disable_account(change: Change, id: UUID) -> Answer:
    """Whoever is signed in there can do nothing from the next request on."""
    taken = await change.take(ACCOUNTS, id)
    change.log = change.actor.county_code
    return await change.save(taken, {"disabled_at": change.now}, event=Event.ACCOUNT_DISABLED)


@changes(Office.ADMINISTRATOR)
async def reset_account(change: Change, id: UUID, hash: str | None, body: schemas.ResetPassword) -> Answer:
    """Every session that was opened with the old secret ends; a person must set a password of his own."""
    taken = await change.take(ACCOUNTS, id)
    change.log = change.actor.county_code
    given = secret(change, body.password, hash, change.actor.account_id, taken.row["login"])
    return await change.save(taken, given, event=Event.ACCOUNT_RESET)


@changes(Office.ADMINISTRATOR)
async def bind_account(change: Change, id: UUID, body: schemas.Bind, issuer: str | None) -> Answer:
    """From now on whom the issuer calls so signs in here; nobody, where no subject is given."""
    taken = await change.take(ACCOUNTS, id)
    if issuer is None:
        raise NoIssuer
    change.log = change.actor.county_code
    bound = {"issuer": issuer if body.subject else None, "subject": body.subject}
    public = {"issuer": bound["issuer"]}
    personal = {"subject": body.subject} if body.subject else {}
    return await change.save(taken, bound, event=Event.ACCOUNT_BOUND, public=public, personal=personal)


async def adopt(
    url: str,
    vault: Vault,
    place: str,
    name: str,
    login: str,
    password: str,
    on: date | None = None,
    *,
    chosen: bool = True,
) -> None:
    """The first day of a township or county: its logs, its villages, and its first administrator with an account.

    Run by the operator as the database's owner; everything after goes through the API. Where the administrator
    has not `chosen` the password himself, he must set his own. Raises AlreadyOnRecord's database error where the
    login exists.
    """
    operator, kept = Bearer(uuid4(), place[:6], place), PASSWORDS.hash(password)
    async with operating(url) as database:
        async with commanding(database, vault, Bearer(uuid4(), "0", "0"), "publish") as change:
            for book in rulebook.shipped():
                await rulebook.publish(change, book)
        async with commanding(database, vault, operator, "adopt") as change:
            for log in {place[:6], place}:
                await change.transaction.call("select log_open($1, $2)", place[:6], log)
            person = uuid7(change.now)
            await change.create(people.PEOPLE, person, {
                "name": name, "category": "organ_cadre",
                "management_authority": "township", "party_membership": "unknown",
            }, event=people.Event.PERSON_CREATED, personal={"name": name})  # fmt: skip
            held = {"person_id": person, "office": Office.ADMINISTRATOR, "place": place, "starts": on or change.today}
            public = {"office": Office.ADMINISTRATOR, "place": place}
            await change.create(people.APPOINTMENTS, None, held, event=people.Event.APPOINTMENT_MADE, public=public)
            given = secret(change, password, kept, operator.account_id if chosen else None, login)
            await change.create(ACCOUNTS, operator.account_id, {
                "kind": "person", "login": login, "person_id": person, **given,
            }, event=Event.ACCOUNT_CREATED, public={"person_id": person})  # fmt: skip
            if len(place) == 9:
                await places.settle(change)
                await rulebook.bind(change, rulebook.shipped()[0].code, on or change.today)


RESET = Prepared(
    update(tables.Account)
    .where(here(tables.Account), col(tables.Account.login) == bindparam("of_login"))
    .where(col(tables.Account.disabled_at).is_(None))
    .values({name: bindparam(f"new_{name}") for name in ("secret_hash", "secret_set_at", "secret_set_by")})
    .values(version=col(tables.Account.version) + 1)
    .returning(col(tables.Account.id), col(tables.Account.version))
)


async def reset_by_operator(url: str, vault: Vault, place: str, login: str, password: str) -> bool:
    """The password of a living account, for the operator, where no administrator can give one; false where none is."""
    kept = PASSWORDS.hash(password)
    async with (
        operating(url) as database,
        commanding(database, vault, Bearer(NOBODY, place[:6], place), "reset") as change,
    ):
        given = {f"new_{name}": value for name, value in secret(change, password, kept, None, login).items()}
        found = await change.transaction.row(RESET, **change.here, of_login=login, **given)
        if found is not None:
            change.log = place[:6]
            change.record(Event.ACCOUNT_RESET, ACCOUNTS, found["id"], version=found["version"])
    return found is not None


SET_CLOCK = Prepared(
    insert(tables.Clock)
    .values(id=1, shift=bindparam("shift"))
    .on_conflict_do_update(index_elements=["id"], set_={"shift": bindparam("shift")})
)


@creates(Office.ADMINISTRATOR)
async def set_clock(change: Change, body: schemas.SetClock, allowed: bool) -> Answer:
    """Move the clock of domain dates; tokens, rates and retention keep real time."""
    if not allowed:
        raise ClockIsReal
    await change.transaction.rows(SET_CLOCK, shift=body.now - datetime.now(UTC))
    return Answer(200, as_json({"now": body.now.astimezone(UTC), "simulated": True}))


A = tables.Account.__table__  # type: ignore[attr-defined]
GIVEN = and_(A.c.kind == "person", A.c.secret_set_by.is_distinct_from(A.c.id))
"""Was the account's password set by somebody else, so that it is good only for setting one's own?"""
_SETTER = A.alias("setter")
MYSELF = Prepared(
    select(
        A.c.secret_set_at, _SETTER.c.login.label("secret_set_by"), GIVEN.label("must_set_password"),
        A.c.issuer, A.c.subject, A.c.scopes,
    ).join_from(A, _SETTER, and_(same_place(A, _SETTER), _SETTER.c.id == A.c.secret_set_by), isouter=True)
    .where(here(A), A.c.id == bindparam("account"))
)  # fmt: skip


async def myself(read: Reading) -> schemas.MeOut:
    """Who calls, what he holds today, and when and by whom his secret was last set."""
    async with read.open() as (transaction, entered):
        actor = entered.actor
        place = {"county": actor.county_code, "township": actor.township_code}
        own = await transaction.row(MYSELF, **place, account=actor.account_id)
    return schemas.MeOut(
        account_id=actor.account_id, person_id=actor.person_id, login=actor.name, county_code=actor.county_code,
        township_code=actor.township_code, today=entered.today, simulated=entered.simulated,
        appointments=[schemas.HeldOffice(office=a.office, place=a.place, since=a.since) for a in actor.appointments],
        **own,
    )  # fmt: skip


@cache
def _awaiting(offices: frozenset[Office], county: bool) -> Prepared | None:
    """The union over all resources of what waits for one of the offices."""
    parts = [part for r in AWAITING.values() if (part := r.awaiting(offices, county)) is not None]
    if not parts:
        return None
    both = union_all(*parts).subquery()
    rendered = select(both.c.resource, both.c.id, both.c.state, utc(both.c.since).label("since"), both.c.due_on)
    return Prepared(rendered.order_by(both.c.since, both.c.id).limit(200))


async def tasks(read: Reading) -> str:
    """What awaits the caller, oldest first, as JSON: one statement over all that can wait."""
    async with read.open() as (transaction, entered):
        actor = entered.actor
        statement = _awaiting(actor.offices, actor.reads_county)
        rows = await transaction.rows(statement, **place_values(entered)) if statement else []
    asked = [{**row, "actions": AWAITING[row["resource"]].asked_of(row["state"], actor.offices)} for row in rows]
    return as_json({"items": asked})
