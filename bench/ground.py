"""On what does a benchmark stand? A database of real places with people, households and work that nobody has."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import UUID

import psycopg

from app import embedded
from app.access import Bearer, Tokens
from app.accounts.actions import adopt
from app.places.actions import load_divisions
from app.settings import Settings
from app.vault import Vault

COUNTY, TOWNSHIP = "411421", "411421201"
TEXT = "第{}次走访,了解收入和住房情况,宣讲医保与产业政策,商定下月的帮扶措施。"
SECRET, TOKEN_SECONDS = "b" * 32, 36_000
HELPERS, HOUSEHOLDS, VISITS = 60, 300, 20_000
MEASURES = 400_000
"""A measure of a plan is begun once, so there must be as many as all servers together can begin."""

REGISTERS = """
insert into people (county_code, township_code, id, version, created_at, fingerprint, name, category,
                    management_authority, party_membership)
select c, t, uuidv7(), 1, now(), '', '帮扶人' || n, 'organ_cadre', 'township', 'member' from generate_series(1, {helpers}) n, at;
insert into appointments (county_code, township_code, id, version, created_at, fingerprint, person_id, office, place, starts)
select c, t, uuidv7(), 1, now(), '', id, 'helper', t, '2016-11-09' from people, at where township_code = t and name like '帮扶人%';
insert into households (county_code, township_code, id, version, created_at, fingerprint, card_number, village_code,
                        head_name, attribute, main_cause, other_causes, listed_on, status, status_on)
select c, t, uuidv7(), 1, now(), '', 'B' || n, t || 201 + n % 20, '户主' || n, 'general', 'illness', '{{}}', '2016-01-01', 'registered', '2016-01-01'
  from generate_series(1, {households}) n, at;
insert into household_members (county_code, township_code, id, household_id, name, relation, sex, born, citizen_id_sealed,
                               citizen_id_lookup, citizen_id_last_four)
select c, t, uuidv7(), h.id, '家人' || n, case n when 1 then 'head' else 'child' end, 'male', '1970-01-01',
       substring(sha256(h.id::text::bytea) || sha256(n::text::bytea) for 46), sha256((h.id::text || n)::bytea), '0000'
  from households h join at on at.t = h.township_code, generate_series(1, 3) n;
create temp table paired on commit drop as
select c, t, h.id as household, p.id as helper, h.n from at
  join (select id, township_code, row_number() over (partition by township_code order by id) n from households) h
    on h.township_code = t
  join (select id, township_code, row_number() over (partition by township_code order by id) n from people
         where name like '帮扶人%') p on p.township_code = t and p.n = h.n % {helpers} + 1;
insert into pairings (county_code, township_code, id, version, created_at, fingerprint, state, state_since, household_id,
                      helper_id, is_primary, starts)
select c, t, uuidv7(), 1, now(), '', 'active', now(), household, helper, true, '2016-11-09' from paired;
insert into plans (county_code, township_code, id, version, created_at, fingerprint, household_id, kind, year, text, author_id, made_on)
select c, t, uuidv7(), 1, now(), '', household, 'assistance_plan', 2017, '一户一策', helper, current_date from paired;
"""
"""So many helpers and households, each with a helper and a plan, of every township in `at`."""
MEASURES_TO_BEGIN = """
insert into plan_measures (county_code, township_code, id, version, created_at, fingerprint, state, state_since, plan_id,
                           household_id, text, due_on)
select county_code, township_code, uuidv7(), 1, now(), '', 'planned', now(), p.id, p.household_id, '发放鸡苗五十只', current_date + 30
  from (select *, row_number() over (order by id) n from plans where township_code = '{township}') p
  join generate_series(1, {measures}) m(n) on m.n % {households} + 1 = p.n;
"""
WORK = """
insert into visits (county_code, township_code, id, version, created_at, fingerprint, helper_id, household_id, visited_on,
                    device_time, received_at, clock, received_later, place, text)
select c, t, uuidv7(), 1, now(), '', helper, household, current_date - v.n % 300, now(), now(), 'device', false, '户内',
       '第' || v.n || '次走访,了解收入和住房情况,宣讲医保与产业政策,商定下月的帮扶措施。'
  from generate_series(1, {visits}) v(n) join paired p on p.n = v.n % {households} + 1;
"""


@dataclass(frozen=True)
class Ground:
    """The database, who asks, and which records there are to ask for."""

    url: str
    environment: dict[str, str]
    headers: dict[str, str]
    """The office's: it reads the whole township and begins any measure."""
    helpers: dict[str, dict[str, str]]
    """Each household's helper: visits are their own."""
    households: list[str]
    visits: list[str]
    measures: list[str]


@contextmanager
def ground(under: str = "", **many: int) -> Iterator[Ground]:
    """A server of its own, with everything durable as in use, and gone afterwards; places of the nation or a part."""
    data = Path(tempfile.gettempdir()) / f"huayuan-bench-{os.getpid()}"
    url = embedded.ensure(data)
    try:
        yield _made(url, under, many)
    finally:
        embedded.stop(data)


def _made(url: str, under: str, many: dict[str, int]) -> Ground:
    adopted(url, under, [TOWNSHIP])
    size = {"helpers": HELPERS, "households": HOUSEHOLDS, "visits": VISITS, "measures": MEASURES} | many
    with psycopg.connect(url) as owner:
        fill(owner, REGISTERS + WORK + MEASURES_TO_BEGIN, [TOWNSHIP], **size)
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("vacuum analyze")
    return standing_on(url)


def environment(url: str) -> dict[str, str]:
    """Of a service on that database, which turns nobody away for being brisk."""
    return {
        **os.environ, "HUAYUAN_DATABASE_URL": url, "HUAYUAN_SECRET": SECRET, "HUAYUAN_REQUESTS_PER_SECOND": "1e6",
        "HUAYUAN_REQUESTS_AT_ONCE": "64", "HUAYUAN_ACCESS_TOKEN_SECONDS": str(TOKEN_SECONDS),
    }  # fmt: skip


def adopted(url: str, under: str, places: Iterable[str]) -> None:
    """The schema, the divisions of the nation or the part `under`, and these places with their first administrators."""
    subprocess.run([sys.executable, "-m", "app.cli", "migrate"], check=True, env=environment(url))
    load_divisions(url, under)
    vault = Vault(Settings(secret=SECRET).master_secret)
    for place in places:
        asyncio.run(adopt(url, vault, place, "管理员", "admin", "correct horse battery"))


def fill(owner: psycopg.Connection, statements: str, townships: Iterable[str], **size: int | str) -> None:
    """Rows of some townships, by statements over the table `at` of their codes `c` and `t`."""
    owner.execute("create temp table at (c text, t text) on commit drop")
    owner.cursor().executemany("insert into at values (left(%(t)s, 6), %(t)s)", [{"t": t} for t in townships])
    for statement in statements.format(township=TOWNSHIP, **size).split(";\n"):
        owner.execute(statement)  # type: ignore[arg-type]


def standing_on(url: str) -> Ground:
    """What there is of the township to be asked for, and who may ask."""
    here = "where county_code = %s and township_code = %s"
    with psycopg.connect(url) as owner:
        office = _account(owner, "leading_group_office", None)
        pairs = owner.execute(f"select household_id, helper_id from pairings {here}", [COUNTY, TOWNSHIP]).fetchall()
        helpers = {str(household): _account(owner, None, helper) for household, helper in pairs}
        found = [
            [str(row[0]) for row in owner.execute(f"select id from {which} order by id", [COUNTY, TOWNSHIP]).fetchall()]
            for which in (f"households {here}", f"visits {here}", f"plan_measures {here} and state = 'planned'")
        ]
    return Ground(url, environment(url), bearing(office), {h: bearing(a) for h, a in helpers.items()}, *found)


@cache
def _tokens() -> Tokens:
    settings = Settings(secret=SECRET, access_token_seconds=TOKEN_SECONDS)
    return Tokens(settings, Vault(settings.master_secret))


def bearing(account: UUID, place: str = TOWNSHIP) -> dict[str, str]:
    """Headers of somebody signed in."""
    return {"Authorization": f"Bearer {_tokens().issue(Bearer(account, COUNTY, place))}"}


def _account(owner: psycopg.Connection, office: str | None, person: UUID | None) -> UUID:
    """An account of a person, made with an office where he is new."""
    place = {"c": COUNTY, "t": TOWNSHIP}
    if person is None:
        ((person,),) = owner.execute(
            "insert into people (county_code, township_code, id, version, created_at, fingerprint, name, category,"
            " management_authority, party_membership)"
            " values (%(c)s, %(t)s, uuidv7(), 1, now(), '', '干部', 'organ_cadre', 'township', 'member') returning id",
            place,
        ).fetchall()
        owner.execute(
            "insert into appointments (county_code, township_code, id, version, created_at, fingerprint, person_id,"
            " office, place, starts) values (%(c)s, %(t)s, uuidv7(), 1, now(), '', %(p)s, %(o)s, %(t)s, '2016-11-09')",
            place | {"p": person, "o": office},
        )
    known = owner.execute("select id from accounts where person_id = %s", [person]).fetchone()
    if known is None:
        known = owner.execute(
            "insert into accounts (county_code, township_code, id, version, created_at, fingerprint, kind, login,"
            " person_id, secret_hash) values (%(c)s, %(t)s, uuidv7(), 1, now(), '', 'person', %(l)s, %(p)s, '-') returning id",
            place | {"p": person, "l": f"u{person}"},
        ).fetchone()
    assert known is not None
    return UUID(str(known[0]))
