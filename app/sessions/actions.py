"""What can be done to sign in, to stay signed in, and to sign out?"""

import hashlib
import math
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from ipaddress import IPv6Address, ip_address
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, DateTime, LargeBinary, and_, bindparam, case, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from app.access import PLACE, Bearer
from app.accounts import tables as accounts
from app.accounts.actions import ACCOUNTS, GIVEN, HASHING, PASSWORDS, secret
from app.database import Database, Prepared, as_json, here, same_place
from app.issuer import Issuer
from app.reading import ENTER, enter_as_nobody
from app.refusal import Conflict, Forbidden, Refusal, TooManyRequests, Unauthenticated
from app.sessions import rules, schemas, tables
from app.settings import Settings
from app.vault import Vault
from app.writing import Answer, Change, Command, creates_for_anyone, operating

GRACE = timedelta(seconds=30)
"""For so long a phone that lost the answer gets the same one again."""


class Event(StrEnum):
    PASSWORD_SET = "account.password_set"


class SignInFailed(Refusal):
    """Login or password is wrong, or the account is disabled.

    账号或密码错误,或账号已停用。
    """


class WrongPassword(Forbidden):
    """The present password is wrong.

    当前密码不正确。
    """


class SamePassword(Conflict):
    """The new password is the present one.

    新密码与当前密码相同。
    """


class NoPassword(Forbidden):
    """A client has no password of its own; the administrator sets its secret anew.

    客户端没有个人密码,其密钥由管理员重置。
    """


# ── how often one may fail ───────────────────────────────────────────────────────────────────────

F = tables.SignInFailure.__table__  # type: ignore[attr-defined]
OWED = Prepared(
    select(F.c.key, func.extract("epoch", F.c.until - func.now()).label("seconds")).where(
        F.c.key == bindparam("keys", type_=ARRAY(LargeBinary)).any_(),
        F.c.until > func.now(),
    )
)
FAIL = Prepared(
    text("""
    with counted (key, cost, most) as (
      select key, make_interval(secs => cost), make_interval(secs => most)
        from unnest(cast(:keys as bytea[]), cast(:costs as float8[]), cast(:mosts as float8[])) as n (key, cost, most))
    insert into sign_in_failures as f (key, until) select key, now() + cost from counted order by key
    on conflict (key) do update
      set until = least(greatest(f.until, now()) + (excluded.until - now()),
                        now() + (select most from counted where counted.key = f.key))
    """)
)
"""In the order of the keys, so that two that share some never wait for each other."""
PAID = select(F.c.key).where(F.c.until <= func.now()).with_for_update(skip_locked=True)
FORGET = Prepared(delete(F).where(F.c.key.in_(PAID)))


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody at an address tries to be somebody: by what his failures are counted."""

    pair: bytes
    address: bytes
    login: bytes

    @classmethod
    def of(cls, vault: Vault, who: str, address: str) -> "Attempt":
        """Of an IPv6 address the half that names the network counts."""
        try:
            ip = ip_address(address)
            if isinstance(ip, IPv6Address):
                ip = ip.ipv4_mapped or IPv6Address(int(ip) >> 64 << 64)
            address = str(ip)
        except ValueError:
            pass  # no address of the net, e.g. a socket's: counted as it is called
        return cls(vault.blind(f"pair {who} {address}"), vault.blind(f"address {address}"), vault.blind(f"login {who}"))

    @property
    def keys(self) -> list[bytes]:
        return [self.pair, self.address, self.login]

    async def check(self, transaction: Any) -> None:
        """Raises TooManyRequests while too much is owed; one round trip."""
        owed = {row["key"]: float(row["seconds"]) for row in await transaction.rows(OWED, keys=self.keys)}
        if wait := rules.wait(*(owed.get(key, 0.0) for key in self.keys)):
            raise TooManyRequests(math.ceil(wait))

    async def failed(self, database: Database) -> None:
        """Count a failure, and forget those that are paid back."""
        limits = (rules.PAIR, rules.ADDRESS, rules.LOGIN)
        async with database.transaction() as transaction:
            await transaction.rows(
                FAIL, keys=self.keys, costs=[li.seconds for li in limits], mosts=[li.most for li in limits]
            )
            await transaction.rows(FORGET)


# ── signing in ───────────────────────────────────────────────────────────────────────────────────

A = accounts.Account.__table__  # type: ignore[attr-defined]
BY_LOGIN = Prepared(
    select(A.c.id, A.c.secret_hash, A.c.secret_set_at, GIVEN.label("given")).where(
        here(A), A.c.login == bindparam("login"), A.c.kind == bindparam("kind"), A.c.disabled_at.is_(None)
    )
)
BY_SUBJECT = Prepared(
    select(A.c.id).where(
        here(A), A.c.issuer == bindparam("issuer"), A.c.subject == bindparam("subject"), A.c.disabled_at.is_(None)
    )
)
_NOBODYS_HASH = PASSWORDS.hash("no such account")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in, with the refresh token of his device where it gets one, and for how long at the most."""

    bearer: Bearer
    refresh_token: str | None = None
    until: int | None = None
    """Seconds since 1970, where another issuer's token says so."""


def split_login(username: str) -> tuple[str, str]:
    """Place and login of `411421201/clerk`. Raises SignInFailed."""
    place, _, login = username.partition("/")
    if not login or not PLACE.fullmatch(place):
        raise SignInFailed
    return place, login


async def sign_in(
    database: Database, vault: Vault, username: str, given: str, kind: str, address: str, settings: Settings
) -> SignedIn:
    """Whose login and secret these are; the same work is done where there is no such account.

    A person with a password of his own gets a refresh token; one that he was given holds for some days only.
    Raises SignInFailed, TooManyRequests.
    """
    place, login = split_login(username)
    attempt = Attempt.of(vault, username, address)
    async with database.transaction(readonly=True) as transaction:
        await enter_as_nobody(transaction, place)
        await attempt.check(transaction)
        found = await transaction.row(BY_LOGIN, county=place[:6], township=place, login=login, kind=kind)
    right = await HASHING.verify(given, found["secret_hash"] if found else _NOBODYS_HASH, attempt.pair)
    if found is None or not right or _is_too_old(found, settings.given_password_days):
        await attempt.failed(database)
        raise SignInFailed
    bearer = Bearer(found["id"], place[:6], place, full=not found["given"])
    if kind == "client" or not bearer.full:
        return SignedIn(bearer)
    session = await open_session(database, bearer, found["secret_set_at"], settings.refresh_token_days)
    return SignedIn(bearer, session)


def _is_too_old(found: Mapping[str, Any], days: int) -> bool:
    """Was the password given by somebody else, and never used to set one's own?"""
    return bool(found["given"]) and found["secret_set_at"] < datetime.now(UTC) - timedelta(days=days)


async def exchange(database: Database, issuer: Issuer | None, place: str, token: str) -> SignedIn:
    """Whose account at the place is bound to whom another issuer's access token names (RFC 8693).

    Raises SignInFailed.
    """
    if issuer is None or not PLACE.fullmatch(place):
        raise SignInFailed
    try:
        subject, until = await issuer.subject(token)
    except Unauthenticated as error:
        raise SignInFailed from error
    async with database.transaction(readonly=True) as transaction:
        await enter_as_nobody(transaction, place)
        values = {"county": place[:6], "township": place, "issuer": issuer.name, "subject": subject}
        account = await transaction.value(BY_SUBJECT, **values)
    if account is None:
        raise SignInFailed
    return SignedIn(Bearer(account, place[:6], place), until=until)


# ── staying signed in ────────────────────────────────────────────────────────────────────────────

S = tables.DeviceSession.__table__  # type: ignore[attr-defined]
OPEN = Prepared(
    insert(S),
    columns=["county_code", "township_code", "id", "account_id", "secret_set_at", "token_hash", "expires_at"],
)
MINE = and_(here(S), S.c.id == bindparam("session"), S.c.revoked_at.is_(None))
NEWEST = S.c.token_hash == bindparam("hash", type_=LargeBinary)
NOW, LATELY = (bindparam(name, type_=DateTime(timezone=True)) for name in ("now", "lately"))
"""Values, for a cluster takes neither `now()` nor what is reckoned from it in what depends on a condition."""
AGAIN = and_(S.c.previous_hash == bindparam("hash", type_=LargeBinary), S.c.rotated_at > LATELY)
USE = Prepared(
    update(S)
    .where(
        MINE, S.c.expires_at > func.now(),
        same_place(S, A), A.c.id == S.c.account_id, A.c.disabled_at.is_(None), A.c.secret_set_at == S.c.secret_set_at,
    )
    .values(
        previous_hash=case((NEWEST, S.c.token_hash), else_=S.c.previous_hash),
        token_hash=case((NEWEST, bindparam("next", type_=LargeBinary)), else_=S.c.token_hash),
        rotated_at=case((NEWEST, NOW), else_=S.c.rotated_at),
        revoked_at=case((NEWEST, None), (AGAIN, None), else_=NOW),
    )
    .returning(S.c.account_id, S.c.revoked_at)
)  # fmt: skip
"""One UPDATE: the newest token is used up; the one before, for GRACE, gives its successor again; any older ends all."""
END = Prepared(update(S).where(MINE).values(revoked_at=func.now()))
TOKEN = re.compile(r"([0-9]{6}(?:[0-9]{3})?)\.([0-9a-f]{32})\.[A-Za-z0-9_-]{43}", re.ASCII)
"""A refresh token: the place, the session, and a secret."""


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def open_session(database: Database, bearer: Bearer, secret_set_at: datetime, days: int) -> str:
    """A session on a new device, for `days` whatever is done with it; its first refresh token."""
    session = uuid4()
    token = f"{bearer.township_code}.{session.hex}.{secrets.token_urlsafe(32)}"
    async with database.transaction() as transaction:
        await transaction.call(ENTER, bearer.county_code, bearer.township_code, bearer.account_id, None, None)
        await transaction.rows(
            OPEN, county_code=bearer.county_code, township_code=bearer.township_code, id=session,
            account_id=bearer.account_id, secret_set_at=secret_set_at, token_hash=_hash(token),
            expires_at=datetime.now(UTC) + timedelta(days=days),
        )  # fmt: skip
    return token


async def refresh(database: Database, vault: Vault, token: str) -> SignedIn:
    """Use a refresh token once.

    Used again within 30 s, while its successor is unused, it gives the same successor: a phone that lost the answer
    stays signed in. Any other second use ends the session. Raises SignInFailed.
    """
    parts = TOKEN.fullmatch(token)
    if parts is None:
        raise SignInFailed
    place, session = parts[1], UUID(parts[2])
    following = f"{place}.{session.hex}.{vault.successor(token)}"
    now = datetime.now(UTC)
    async with database.transaction() as transaction:
        await enter_as_nobody(transaction, place)
        used = await transaction.row(
            USE, county=place[:6], township=place, session=session, hash=_hash(token), next=_hash(following),
            now=now, lately=now - GRACE,
        )  # fmt: skip
    if used is None or used["revoked_at"] is not None:
        raise SignInFailed
    return SignedIn(Bearer(used["account_id"], place[:6], place), following)


async def revoke(database: Database, token: str) -> None:
    """End the session of a refresh token, also of one that is used up; an unknown one is no error (RFC 7009)."""
    if parts := TOKEN.fullmatch(token):
        async with database.transaction() as transaction:
            await enter_as_nobody(transaction, parts[1])
            await transaction.rows(END, county=parts[1][:6], township=parts[1], session=UUID(parts[2]))


SWEPT = 1000
"""Rows that go in one transaction, so that nobody waits for it."""


async def sweep(url: str) -> int:
    """Forget sessions, stored answers and failures that are over; how many rows went. For the operator's timer."""
    total = 0
    async with operating(url) as database:
        while True:
            async with database.transaction() as transaction:
                gone = await transaction.call("select sweep($1)", SWEPT)
            if not gone:
                return total
            total += gone


# ── one's own password ───────────────────────────────────────────────────────────────────────────

MY_SECRET = Prepared(select(A.c.kind, A.c.secret_hash).where(here(A), A.c.id == bindparam("account")))
SET_SECRET = Prepared(
    update(A)
    .where(here(A), A.c.id == bindparam("account"), A.c.secret_hash == bindparam("proved"))
    .values({name: bindparam(f"new_{name}") for name in ("secret_hash", "secret_set_at", "secret_set_by")})
    .values(version=A.c.version + 1)
    .returning(A.c.version)
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The hash of a new password, and that of the present one, which was proved."""

    hash: str
    proved: str


async def choose(command: Command, attempt: Attempt, body: schemas.SetPassword) -> Chosen | None:
    """Prove the present password and hash the new one, while no connection is held; None where it was done before.

    Raises NoPassword, WrongPassword, SamePassword, TooManyRequests.
    """
    async with command.look() as (transaction, entered):
        if entered.stored is not None or entered.busy:
            return None
        actor = entered.actor
        place = {"county": actor.county_code, "township": actor.township_code}
        mine: Mapping[str, Any] = await transaction.row(MY_SECRET, **place, account=actor.account_id)
        if mine["kind"] != "person":
            raise NoPassword
        await attempt.check(transaction)
    if not await HASHING.verify(body.current, mine["secret_hash"], attempt.pair):
        raise WrongPassword
    if body.password == body.current:
        raise SamePassword
    return Chosen(await HASHING.hash(body.password), mine["secret_hash"])


@creates_for_anyone(of=ACCOUNTS)
async def set_password(change: Change, chosen: Chosen | None, body: schemas.SetPassword) -> Answer:
    """One's own in place of the one that was proved; every session ends.

    Raises EasyToGuess, and WrongPassword where the one that was proved is not the present one any more.
    """
    actor = change.actor
    new = secret(change, body.password, chosen.hash if chosen else None, actor.account_id, actor.name)
    named = {f"new_{name}": value for name, value in new.items()}
    version = await change.transaction.value(
        SET_SECRET, **change.here, account=actor.account_id, proved=chosen.proved if chosen else None, **named
    )
    if version is None:
        raise WrongPassword
    change.log = actor.county_code
    change.record(Event.PASSWORD_SET, ACCOUNTS, actor.account_id, version=version)
    return Answer(200, as_json({"secret_set_at": f"{new['secret_set_at']:%Y-%m-%dT%H:%M:%S.%fZ}"}))
