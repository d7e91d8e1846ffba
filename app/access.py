"""Who is at the door, and what may he see? Tokens in, callers out; the scope of reading."""

import re
import time
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import jwt
from sqlalchemy import Boolean, ColumnElement, Date, any_, bindparam, column, false, func, or_, select, table, union_all
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from app.actor import TOWNSHIP_WIDE, Actor, Appointment, Office
from app.database import holds_on
from app.refusal import Forbidden, Invalid, Unauthenticated
from app.settings import Settings
from app.vault import Vault

NOBODY = UUID(int=0)
"""The account of whoever did not sign in, of the operator, and of a worker."""
ALGORITHM = "EdDSA"
TOKEN_TYPE = "at+jwt"
REQUIRED = ["exp", "iat", "aud", "iss", "sub", "jti", "county", "township", "scope"]
SCOPES = ("password", "full")
"""What a token is good for: setting one's password, or all that the bearer's offices may do."""
PLACE = re.compile(r"[0-9]{6}([0-9]{3})?", re.ASCII)
LONGEST = 4096
"""Characters that a token may have."""
SKEW = 5
"""Seconds by which the clocks of two machines may differ: a token may seem to come from the future by as much."""


class SetYourPassword(Forbidden):
    """Your password was given to you by somebody else: set your own first, with POST /v1/me/password.

    您的密码由他人设置,请先自行修改密码(POST /v1/me/password)。
    """


class ScopeNotGiven(Forbidden):
    """This client was not given the scope that this needs.

    该客户端未获得此操作所需的权限范围。
    """


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose token this is; what he may do is read from the database at the time of the call."""

    account_id: UUID
    county_code: str
    township_code: str
    full: bool = True
    """False while his password is one that somebody else gave him: then he may only set his own."""


class Tokens:
    """Issues and verifies short-lived access tokens (RFC 9068, Ed25519)."""

    def __init__(self, settings: Settings, vault: Vault) -> None:
        self.seconds = settings.access_token_seconds
        self._issuer, self._signing = settings.issuer, vault.token_keys[0]
        self._public = {key.id: key.public for key in vault.token_keys}
        self.jwks = {"keys": [key.jwk for key in vault.token_keys]}
        """What others verify our tokens with (RFC 7517); the first key signs."""
        self._seen: dict[str, tuple[float, Bearer]] = {}

    def issue(self, bearer: Bearer, seconds: int | None = None) -> str:
        """A token that holds for `seconds`, or as long as the settings say."""
        now = int(time.time())
        claims = {
            "iss": self._issuer, "aud": self._issuer, "sub": str(bearer.account_id), "jti": str(uuid4()),
            "iat": now, "exp": now + (self.seconds if seconds is None else seconds),
            "county": bearer.county_code, "township": bearer.township_code,
            "scope": SCOPES[bearer.full],
        }  # fmt: skip
        return jwt.encode(
            claims, self._signing.private, algorithm=ALGORITHM, headers={"typ": TOKEN_TYPE, "kid": self._signing.id}
        )

    def bearer(self, authorization: str | None, *, about_himself: bool = False) -> Bearer:
        """The bearer of an `Authorization` header. Raises Unauthenticated.

        Raises SetYourPassword where his token allows no more than that, unless what he does is `about_himself`.
        """
        token = _token_in(authorization or "")
        known = self._seen.get(token)
        if known is None:
            known = self._verify(token)
            if len(self._seen) >= 4096:
                self._seen.clear()
            self._seen[token] = known
        if known[0] <= time.time():
            raise Unauthenticated
        if not known[1].full and not about_himself:
            raise SetYourPassword
        return known[1]

    def _verify(self, token: str) -> tuple[float, Bearer]:
        if len(token) > LONGEST:
            raise Unauthenticated
        try:
            header = jwt.get_unverified_header(token)
            if header.get("typ") != TOKEN_TYPE:
                raise Unauthenticated
            claims = jwt.decode(
                token, self._public[header["kid"]], algorithms=[ALGORITHM], audience=self._issuer, issuer=self._issuer,
                options={"require": REQUIRED, "strict_aud": True}, leeway=SKEW,
            )  # fmt: skip
            place, full = claims["township"], bool(SCOPES.index(claims["scope"]))
            if not PLACE.fullmatch(place) or place[:6] != claims["county"]:
                raise Unauthenticated
            return int(claims["exp"]), Bearer(UUID(claims["sub"]), claims["county"], place, full)
        except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            raise Unauthenticated from error


def _token_in(authorization: str) -> str:
    """However many blanks stand around it, so that one token is one; empty where there is none."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


class WhichTownship(Invalid):
    """The county says which township is meant: one of its own that uses this service (township_code).

    县级须注明是哪个乡镇(township_code,限本县已启用本系统的乡镇)。
    """


class OfAnotherTownship(Forbidden):
    """A township reads and hands in what is its own.

    只能查看和提交本乡的内容。
    """


def whose(actor: Actor, named: str | None) -> str:
    """The township that is meant: the caller's own, or the one that the county names.

    Raises WhichTownship, OfAnotherTownship.
    """
    if not actor.reads_county:
        if named not in (None, actor.township_code):
            raise OfAnotherTownship
        return actor.township_code
    if named is None or named[:6] != actor.county_code:
        raise WhichTownship("query:township_code")
    return named


@dataclass(frozen=True, slots=True)
class Entered:
    """What the door brought back in one round trip: the caller, the clock, and a stored answer if any."""

    actor: Actor
    now: datetime
    """The moment of domain dates; real time unless a demonstration moved the clock."""
    today: date
    """In Asia/Shanghai."""
    simulated: bool
    stored: dict[str, Any] | None
    busy: bool
    told: Any
    """What the door said of the caller."""

    @classmethod
    def of(cls, bearer: Bearer, found: dict[str, Any], before: "Entered | None" = None) -> "Entered":
        """`before` is how this bearer entered last. Raises Unauthenticated where the account is gone or disabled."""
        account = found["account"]
        if account is None:
            raise Unauthenticated
        told = (bearer, account, found["appointments"])
        return cls(
            before.actor if before and before.told == told else _actor(*told),
            datetime.fromisoformat(found["now"]),
            date.fromisoformat(found["today"]),
            found["simulated"],
            found["stored"],
            found["busy"],
            told,
        )

    def is_as(self, before: "Entered") -> bool:
        """Is he in the same offices, on the same day? What a statement shows him hangs on these."""
        return (self.actor, self.today) == (before.actor, before.today)

    @property
    def to_keep(self) -> "Entered":
        """Without what is of this request alone."""
        return replace(self, stored=None, busy=False) if self.busy or self.stored is not None else self


def _actor(bearer: Bearer, account: dict[str, Any], appointments: list[dict[str, str]]) -> Actor:
    return Actor(
        bearer.account_id,
        UUID(account["person_id"]) if account["person_id"] else None,
        bearer.county_code,
        bearer.township_code,
        tuple(Appointment(Office(a["office"]), a["place"], date.fromisoformat(a["since"])) for a in appointments),
        account["name"],
        frozenset(account.get("scopes") or ()),
    )


PAIRINGS = table(
    "pairings",
    column("county_code"), column("township_code"), column("helper_id", Uuid()), column("household_id", Uuid()),
    column("starts", Date()), column("ends", Date()), column("is_primary"),
)  # fmt: skip
"""Who helps whom, named here because what a helper may see hangs on it."""
HOUSEHOLDS = table(
    "households", column("county_code"), column("township_code"), column("id", Uuid()), column("village_code")
)
PERSON: Any = bindparam("scope_person", type_=Uuid())
ACCOUNT: Any = bindparam("scope_account", type_=Uuid())
"""With which the caller signed in: a county system's client is nobody, and has no more than that."""
HELPER: Any = bindparam("scope_helper", type_=Uuid())
"""The caller, where he holds a helper's office today; null otherwise, which helps nobody (G16, G18)."""
CONFIDANT: Any = bindparam("scope_confidant", type_=Boolean())
"""Does the caller keep the register, or does his work cover the whole township?"""
WIDE: Any = bindparam("scope_wide", type_=Boolean())
"""Does the caller's work cover the whole township?"""
VILLAGES: Any = bindparam("scope_villages", type_=ARRAY(SqlText()))
TODAY: Any = bindparam("today", type_=Date())
"""The township's day, for conditions on dated rows."""


def _here(register: Any) -> tuple[ColumnElement[bool], ...]:
    county, township = bindparam("at_county", type_=SqlText()), bindparam("at_township", type_=SqlText())
    return register.c.county_code == county, register.c.township_code == township


def _near() -> Any:
    """Households that the caller helps or answers for today: found once a statement, so that rows are found by them."""
    helped = select(PAIRINGS.c.household_id).where(
        *_here(PAIRINGS), PAIRINGS.c.helper_id == HELPER, holds_on(PAIRINGS, TODAY)
    )
    local = select(HOUSEHOLDS.c.id).where(*_here(HOUSEHOLDS), HOUSEHOLDS.c.village_code == VILLAGES.any_())
    return func.array(union_all(helped, local).scalar_subquery(), type_=ARRAY(Uuid()))


@dataclass(frozen=True)
class Scope:
    """Who may see which rows of a resource. `wide` offices see all of the township; others what is theirs.

    Theirs is what names them (`people`: columns of person ids), what lies in a village they answer for
    (`villages`: columns of 12-digit codes), or what concerns a household they help or answer for today
    (`households`: columns of household ids); of a household once helped, only their own work stays theirs (G18).
    `open` shows everything to everyone signed in there.
    """

    wide: frozenset[Office] = TOWNSHIP_WIDE
    people: tuple[Any, ...] = ()
    villages: tuple[Any, ...] = ()
    households: tuple[Any, ...] = ()
    open: bool = False
    more: tuple[ColumnElement[bool], ...] = field(default=())
    """Further conditions that open a row, written with PERSON, ACCOUNT and VILLAGES."""

    def sees_all(self, offices: frozenset[Office]) -> bool:
        return self.open or not self.wide.isdisjoint(offices)

    @property
    def condition(self) -> ColumnElement[bool]:
        """What a narrow reader may see, as SQL over the actor's `scope_values`, his place and `today`."""
        return or_(
            false(),
            *[c == PERSON for c in self.people],
            *[c == VILLAGES.any_() for c in self.villages],
            *[c == any_(_near()) for c in self.households],
            *self.more,
        )
