"""What can be done about accounts and tokens, and how does a township begin?"""

import asyncio
import hashlib
import secrets
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache
from uuid import UUID, uuid4

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import bindparam, func, select, union_all, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from app.access import Bearer, Scope
from app.accounts import schemas, tables
from app.actor import Office
from app.database import Database, Prepared, as_json, here
from app.people import actions as people
from app.places import actions as places
from app.reading import AWAITING, ENTER, Reading, Resource, enter, place_values, utc
from app.refusal import Forbidden, Refusal
from app.rulebook import actions as rulebook
from app.vault import Vault
from app.writing import Answer, Change, changes, commanding, creates, operating, uuid7

PASSWORDS = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))
"""Argon2id with OWASP's least memory, so that a month's end does not exhaust the machine."""
_hashing = asyncio.Semaphore(2)


class Event(StrEnum):
    ACCOUNT_CREATED = "account.created"
    ACCOUNT_DISABLED = "account.disabled"
    ACCOUNT_RESET = "account.reset"


class OnlyACountyAdministrator(Forbidden):
    """Only an administrator of the county makes clients of the county.

    县级客户端只能由县级管理员建立。
    """


class ClockIsReal(Forbidden):
    """The clock of domain dates moves only in a demonstration.

    只有演示环境可以调整业务日期。
    """


class SignInFailed(Refusal):
    """Login or password is wrong, or the account is disabled.

    账号或密码错误,或账号已停用。
    """


ACCOUNTS = Resource(
    "accounts", tables.Account, scope=Scope(wide=frozenset({Office.ADMINISTRATOR})), hide=frozenset({"secret_hash"})
)


async def hashed(secret: str) -> str:
    async with _hashing:
        return await asyncio.to_thread(PASSWORDS.hash, secret)


@creates(Office.ADMINISTRATOR, of=ACCOUNTS)
async def create_account(change: Change, body: schemas.CreateAccount) -> Answer:
    change.log = change.actor.county_code
    values = {
        "kind": "person",
        "login": body.login,
        "person_id": body.person_id,
        "secret_hash": await hashed(body.password),
    }
    public = {"kind": "person", "person_id": body.person_id}
    return await change.create(
        ACCOUNTS, body.id, values, event=Event.ACCOUNT_CREATED, public=public, personal={"login": body.login}
    )


@creates(Office.ADMINISTRATOR, of=ACCOUNTS)
async def create_client(change: Change, body: schemas.CreateClient) -> Answer:
    if not change.actor.reads_county:
        raise OnlyACountyAdministrator
    values = {"kind": "client", "login": body.login, "secret_hash": await hashed(body.secret)}
    public = {"kind": "client", "login": body.login}
    return await change.create(ACCOUNTS, body.id, values, event=Event.ACCOUNT_CREATED, public=public)


@changes(Office.ADMINISTRATOR)
async def disable_account(change: Change, id: UUID) -> Answer:
    taken = await change.take(ACCOUNTS, id)
    change.log = change.actor.county_code
    await sign_out(change, id)
    return await change.save(taken, {"disabled_at": change.now}, event=Event.ACCOUNT_DISABLED)


@changes(Office.ADMINISTRATOR)
async def reset_account(change: Change, id: UUID, body: schemas.ResetPassword) -> Answer:
    """Whoever signed in with the old password is signed out."""
    taken = await change.take(ACCOUNTS, id)
    change.log = change.actor.county_code
    await sign_out(change, id)
    return await change.save(taken, {"secret_hash": await hashed(body.password)}, event=Event.ACCOUNT_RESET)


async def sign_out(change: Change, account: UUID) -> None:
    """End every family of refresh tokens of an account; one round trip."""
    await change.transaction.rows(SIGN_OUT, **change.here, account=account)


async def adopt(
    url: str, vault: Vault, place: str, name: str, login: str, password: str, on: date | None = None
) -> None:
    """The first day of a township or county: its logs, its villages, and its first administrator with an account.

    Run by the operator as the database's owner; everything after goes through the API. Raises
    AlreadyOnRecord's database error where the login exists.
    """
    operator = Bearer(uuid4(), place[:6], place)
    secret_hash = await hashed(password)
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
            await change.create(ACCOUNTS, operator.account_id, {
                "kind": "person", "login": login, "person_id": person, "secret_hash": secret_hash,
            }, event=Event.ACCOUNT_CREATED, public={"person_id": person})  # fmt: skip
            if len(place) == 9:
                await places.settle(change)
                await rulebook.bind(change, rulebook.shipped()[0].code, on or change.today)


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


BY_LOGIN = Prepared(
    select(col(tables.Account.id), col(tables.Account.secret_hash)).where(
        here(tables.Account),
        col(tables.Account.login) == bindparam("login"),
        col(tables.Account.kind) == bindparam("kind"),
        col(tables.Account.disabled_at).is_(None),
    )
)
_NOBODY_HASH = PASSWORDS.hash("no such account")


def split_login(username: str) -> tuple[str, str, str]:
    """County, township (or the county again) and login of `411421201/clerk`. Raises SignInFailed."""
    place, _, login = username.partition("/")
    if not login or not place.isdigit() or len(place) not in (6, 9):
        raise SignInFailed
    return place[:6], place, login


async def sign_in(database: Database, username: str, secret: str, kind: str) -> Bearer:
    """Whose login and password these are; the same work is done where there is no such account."""
    county, township, login = split_login(username)
    nobody = Bearer(UUID(int=0), county, township)
    async with database.transaction(readonly=True) as transaction:
        await transaction.call(ENTER, county, township, nobody.account_id, None, None)
        found = await transaction.row(BY_LOGIN, county=county, township=township, login=login, kind=kind)
    async with _hashing:
        right = await asyncio.to_thread(PASSWORDS.verify, secret, found["secret_hash"] if found else _NOBODY_HASH)
    if found is None or not right:
        raise SignInFailed
    return Bearer(found["id"], county, township)


T = tables.RefreshToken
KEEP = Prepared(
    insert(T), columns=["county_code", "township_code", "id", "account_id", "family_id", "token_hash", "expires_at"]
)
USE = Prepared(
    update(T)
    .where(
        here(T),
        col(T.token_hash) == bindparam("hash"), col(T.used_at).is_(None), col(T.revoked_at).is_(None),
        col(T.expires_at) > func.now(),
    )
    .values(used_at=func.now())
    .returning(col(T.account_id), col(T.family_id), col(T.expires_at))
)  # fmt: skip
REVOKE = Prepared(
    update(T)
    .where(
        here(T),
        col(T.family_id).in_(
            select(col(T.family_id)).where(
                here(T),
                col(T.token_hash) == bindparam("hash"),
            )
        ),
    )
    .values(revoked_at=func.now())
)  # fmt: skip


SIGN_OUT = Prepared(
    update(T)
    .where(
        here(T),
        col(T.account_id) == bindparam("account"), col(T.revoked_at).is_(None),
    )
    .values(revoked_at=func.now())
)  # fmt: skip


def _token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def keep_refresh_token(
    database: Database, bearer: Bearer, days: int, family: UUID | None = None, until: datetime | None = None
) -> str:
    """A new refresh token `<place>.<random>`; its family lives `days` from the first sign-in."""
    token = f"{bearer.township_code}.{secrets.token_urlsafe(32)}"
    async with database.transaction() as transaction:
        await enter(transaction, bearer)
        await transaction.rows(
            KEEP, county_code=bearer.county_code, township_code=bearer.township_code, id=uuid4(),
            account_id=bearer.account_id, family_id=family or uuid4(), token_hash=_token_hash(token),
            expires_at=until or datetime.now(UTC) + timedelta(days=days),
        )  # fmt: skip
    return token


async def refresh(database: Database, token: str, days: int) -> tuple[Bearer, str]:
    """Use a refresh token once; used twice, its whole family is revoked. Raises SignInFailed."""
    place = token.partition(".")[0]
    if not place.isdigit() or len(place) not in (6, 9):
        raise SignInFailed
    values = {"county": place[:6], "township": place, "hash": _token_hash(token)}
    async with database.transaction() as transaction:
        await transaction.call(ENTER, place[:6], place, UUID(int=0), None, None)
        used = await transaction.row(USE, **values)
        if used is None:
            await transaction.rows(REVOKE, **values)
    if used is None:
        raise SignInFailed
    bearer = Bearer(used["account_id"], place[:6], place)
    return bearer, await keep_refresh_token(database, bearer, days, used["family_id"], used["expires_at"])


async def revoke(database: Database, token: str) -> None:
    """End the family of a refresh token; an unknown one is no error (RFC 7009)."""
    place = token.partition(".")[0]
    if place.isdigit() and len(place) in (6, 9):
        async with database.transaction() as transaction:
            await transaction.call(ENTER, place[:6], place, UUID(int=0), None, None)
            await transaction.rows(REVOKE, county=place[:6], township=place, hash=_token_hash(token))


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
