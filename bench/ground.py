"""On what does a benchmark stand? A database of real places with people, households and work that nobody has."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
SECRET = "b" * 32
HELPERS, HOUSEHOLDS, VISITS = 60, 300, 20_000
MEASURES = 400_000
"""A measure of a plan is begun once, so there must be as many as all servers together can begin."""

WORK = """
insert into people (county_code, township_code, id, version, created_at, fingerprint, name, category,
                    management_authority, party_membership)
select c, t, uuidv7(), 1, now(), '', '帮扶人' || n, 'organ_cadre', 'township', 'member' from generate_series(1, {helpers}) n, at;
insert into appointments (county_code, township_code, id, version, created_at, fingerprint, person_id, office, place, starts)
select c, t, uuidv7(), 1, now(), '', id, 'helper', t, '2016-11-09' from people, at where name like '帮扶人%';
insert into households (county_code, township_code, id, version, created_at, fingerprint, card_number, village_code,
                        head_name, attribute, main_cause, other_causes, listed_on, status, status_on)
select c, t, uuidv7(), 1, now(), '', 'B' || n, t || '201', '户主' || n, 'general', 'illness', '{{}}', '2016-01-01', 'registered', '2016-01-01'
  from generate_series(1, {households}) n, at;
create temp table paired on commit drop as
select h.id as household, p.id as helper, h.n from at,
  (select id, row_number() over (order by id) n from households) h
  join (select id, row_number() over (order by id) n from people where name like '帮扶人%') p on p.n = h.n % {helpers} + 1;
insert into pairings (county_code, township_code, id, version, created_at, fingerprint, state, state_since, household_id,
                      helper_id, is_primary, starts)
select c, t, uuidv7(), 1, now(), '', 'active', now(), household, helper, true, '2016-11-09' from paired, at;
insert into visits (county_code, township_code, id, version, created_at, fingerprint, helper_id, household_id, visited_on,
                    device_time, received_at, clock, received_later, place, text)
select c, t, uuidv7(), 1, now(), '', helper, household, current_date - v.n % 300, now(), now(), 'device', false, '户内',
       '第' || v.n || '次走访,了解收入和住房情况,宣讲医保与产业政策,商定下月的帮扶措施。'
  from generate_series(1, {visits}) v(n) join paired p on p.n = v.n % {households} + 1, at;
insert into plans (county_code, township_code, id, version, created_at, fingerprint, household_id, kind, year, text, author_id, made_on)
select c, t, uuidv7(), 1, now(), '', household, 'assistance_plan', 2017, '一户一策', helper, current_date from paired, at;
insert into plan_measures (county_code, township_code, id, version, created_at, fingerprint, state, state_since, plan_id,
                           household_id, text, due_on)
select c, t, uuidv7(), 1, now(), '', 'planned', now(), p.id, p.household_id, '发放鸡苗五十只', current_date + 30
  from (select id, household_id, row_number() over (order by id) n from plans) p
  join generate_series(1, {measures}) m(n) on m.n % {households} + 1 = p.n, at;
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
    environment = {
        **os.environ, "HUAYUAN_DATABASE_URL": url, "HUAYUAN_SECRET": SECRET, "HUAYUAN_REQUESTS_PER_SECOND": "1e6",
        "HUAYUAN_REQUESTS_AT_ONCE": "64", "HUAYUAN_ACCESS_TOKEN_SECONDS": "36000",
    }  # fmt: skip
    subprocess.run([sys.executable, "-m", "app.cli", "migrate"], check=True, env=environment)
    load_divisions(url, under)
    settings = Settings(database_url=url, secret=SECRET, access_token_seconds=36_000)
    vault = Vault(settings.master_secret)
    asyncio.run(adopt(url, vault, TOWNSHIP, "管理员", "admin", "correct horse battery"))
    size = {"helpers": HELPERS, "households": HOUSEHOLDS, "visits": VISITS, "measures": MEASURES} | many
    with psycopg.connect(url) as owner:
        owner.execute("create temp table at on commit drop as select %s c, %s t", [COUNTY, TOWNSHIP])
        for statement in WORK.format(**size).split(";\n"):
            owner.execute(statement)  # type: ignore[arg-type]
        office = _account(owner, "leading_group_office", None)
        helpers = {
            str(household): _account(owner, None, helper)
            for household, helper in owner.execute("select household_id, helper_id from pairings").fetchall()
        }
        found = [
            [str(row[0]) for row in owner.execute(f"select id from {table} order by id").fetchall()]
            for table in ("households", "visits", "plan_measures")
        ]
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("vacuum analyze")
    tokens = Tokens(settings, vault)

    def bearing(account: UUID) -> dict[str, str]:
        return {"Authorization": f"Bearer {tokens.issue(Bearer(account, COUNTY, TOWNSHIP))}"}

    return Ground(url, environment, bearing(office), {h: bearing(a) for h, a in helpers.items()}, *found)


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
