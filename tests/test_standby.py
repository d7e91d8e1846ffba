"""Is what may be a moment old read of a real hot standby, nothing else, and of the primary when that is away?"""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from app import embedded
from app.access import Bearer
from tests.conftest import Caller, Service, Township, _migrate
from tests.serving import eventually
from tests.test_operations import commands

PERSON = {"category": "organ_cadre", "party_membership": "member"}
HELD_BACK = 3600.0
"""Seconds that the standby may be behind, where a test holds it back."""


@dataclass(frozen=True)
class Pair:
    """A primary and the standby that follows it, each a server of its own."""

    url: str
    home: Path
    standby: str

    def tell(self, order: str) -> None:
        """An order to the standby."""
        with psycopg.connect(self.standby, autocommit=True) as standby:
            standby.execute(order)  # type: ignore[arg-type]

    def has_followed(self) -> bool:
        with psycopg.connect(self.url) as primary, psycopg.connect(self.standby) as standby:
            (written,) = primary.execute("select pg_current_wal_lsn()::text").fetchone() or ("",)
            return standby.execute("select pg_last_wal_replay_lsn() >= %s", [written]).fetchone() == (True,)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Made by the documented command."""
    first, second = tmp_path_factory.mktemp("primary"), tmp_path_factory.mktemp("standby")
    url = embedded.ensure(first)
    _migrate(url)
    commands("standby", second, PRIMARY=url, COPY=str(second / "postgres"))
    (second / "postgres" / ".s.PGSQL.5432.lock").unlink()
    subprocess.run(["chown", "-R", "--reference", str(first / "postgres"), str(second / "postgres")], check=True)
    embedded._let_through(second / "postgres")
    yield Pair(url, second, embedded.ensure(second))
    embedded.stop(second)
    embedded.stop(first)


@pytest.fixture(scope="module")
def following(pair: Pair) -> Iterator[Township]:
    """A township on both, with a standby that may be as far behind as it likes."""
    service = Service(pair.url, standby_url=pair.standby, standby_seconds=HELD_BACK)
    place = Township(service, "411421701")
    assert eventually(lambda: service.app.state.standby.is_there)
    yield place
    service.stop()


@pytest.fixture
def held_back(pair: Pair, following: Township) -> Iterator[Township]:
    """While the standby replays nothing: it shows what was there before."""
    for office in ("party_gov_office", "party_committee"):
        following.office(office)
    assert eventually(pair.has_followed)
    pair.tell("select pg_wal_replay_pause()")
    assert eventually(lambda: following.service.app.state.standby.is_there)
    yield following
    pair.tell("select pg_wal_replay_resume()")
    assert eventually(pair.has_followed)


def at(service: Service, like: Caller) -> Caller:
    """The same token at another service of the same secret."""
    return Caller(httpx.Client(base_url=service.address, headers=like.client.headers, timeout=30))


def names(caller: Caller, accept: str = "application/json") -> str:
    answer = caller.client.get("/v1/people", headers={"accept": accept})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_lists_files_and_the_feed_may_be_old_and_what_decides_is_not(pair: Pair, held_back: Township) -> None:
    office = held_back.office("party_gov_office")
    cursor = office.read("/events")["next_cursor"]
    person = office.made("/people", PERSON | {"name": "甲老师"})
    for accept in ("application/json", "text/csv", "application/x-ndjson"):
        assert "甲老师" not in names(office, accept), accept
    assert office.read("/events", cursor=cursor)["items"] == []
    path = f"/people/{person['id']}"
    one = office.get(path)
    assert (one.status_code, one.json()["name"], one.headers["etag"]) == (200, "甲老师", '"1"')
    changed = office.patch(path, {"name": "乙老师"}, if_match=one.headers["etag"])
    assert changed.status_code == 200
    assert office.get(path).headers["etag"] == '"2"'
    pair.tell("select pg_wal_replay_resume()")
    assert eventually(lambda: "乙老师" in names(office)), "control: it was the standby that was read"
    assert office.read("/events", cursor=cursor)["items"]


def test_tasks_are_never_old(held_back: Township) -> None:
    """Whoever is asked to do something sees it at once, though the list of it is old."""
    office, committee = held_back.office("party_gov_office"), held_back.office("party_committee")
    subject = {"person_id": office.person_id}
    body = {"source": "office", "subject": subject, "fact_on": "2016-11-09", "description": "敷衍塞责。"}
    made = committee.made("/findings", body)
    commission = held_back.office("discipline_commission")
    assert made["id"] in {
        task["id"] for caller in (committee, commission) for task in caller.read("/me/tasks")["items"]
    }
    assert made["id"] not in {item["id"] for item in committee.read("/findings")["items"]}


def test_whom_the_standby_does_not_know_yet_the_primary_does(held_back: Township) -> None:
    """An account that was made a moment ago is not told to sign in again."""
    newcomer = held_back.account(held_back.person("新来的"))
    for accept in ("application/json", "text/csv"):
        assert newcomer.client.get("/v1/units", headers={"accept": accept}).status_code == 200
    stranger = held_back.service.caller(Bearer(uuid4(), held_back.county, held_back.code))
    assert stranger.get("/units").status_code == 401, "control"


def test_a_standby_too_far_behind_is_not_read(pair: Pair, held_back: Township) -> None:
    service = Service(pair.url, standby_url=pair.standby, standby_seconds=1.5)
    try:
        office = at(service, held_back.office("party_gov_office"))
        person = office.made("/people", PERSON | {"name": "丙老师"})
        assert eventually(lambda: not service.app.state.standby.is_there)
        assert person["name"] in names(office)
        assert person["name"] not in names(held_back.office("party_gov_office")), "control: where it may be behind"
        pair.tell("select pg_wal_replay_resume()")
        assert eventually(lambda: bool(service.app.state.standby.is_there))
    finally:
        service.stop()


def test_a_dead_standby_is_missed_by_nobody(pair: Pair, following: Township) -> None:
    office, standby = following.office("party_gov_office"), following.service.app.state.standby
    assert eventually(lambda: bool(standby.is_there))
    embedded._run("pg_ctl", "-D", str(pair.home / "postgres"), "-m", "immediate", "-w", "stop")
    try:
        office.made("/people", PERSON | {"name": "丁老师"})
        for accept in ("application/json", "text/csv"):
            assert "丁老师" in names(office, accept)
        assert "huayuan_standby_is_read" in (told := office.client.get("/metrics").text)
        assert re.search(r"^huayuan_standby_is_read\{.*\} 0$", told, re.MULTILINE)
    finally:
        embedded.ensure(pair.home)
    assert eventually(lambda: bool(standby.is_there))
    assert eventually(pair.has_followed)
    assert "丁老师" in names(office)


def test_without_a_standby_there_is_one_database(service: Service) -> None:
    state: Any = service.app.state
    assert (state.standby, state.recent, state.recent_files) == (None, state.database, state.files)
