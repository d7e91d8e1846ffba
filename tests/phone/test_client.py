"""Does the reference client keep everything, hand it in once, and refuse a log that was forked?"""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from app.phone.client import Forked, NoSignal, Phone, SignInAgain, SomebodyElses
from tests.conftest import Service, Township, fresh_database, service_account

DAY = datetime(2016, 11, 9, 2, tzinfo=UTC)
PASSWORD = "own horse battery staple"


@pytest.fixture
def owner(township):
    """A household, its helper, and the login that is good with PASSWORD."""
    household, me = township.helped()
    return household, me, own_login(township, me)


def own_login(township, caller):
    caller.post("/me/password", {"current": "correct horse battery", "password": PASSWORD})
    return f"{township.code}/{township.admin.read(f'/accounts/{caller.account_id}')['login']}"


@pytest.fixture
def phone(tmp_path, owner, service):
    made = Phone(tmp_path / "phone", lambda: DAY)
    made.sign_in(service.address, owner[2], PASSWORD)
    made.pull()
    yield made
    made.close()


def results(phone):
    return [result for _, _, result, _ in phone.journal()]


def test_what_is_written_down_without_signal_is_handed_in_once_and_comes_back(phone, owner, service):
    household, me, _ = owner
    phone["address"] = "http://127.0.0.1:9"
    made = phone.visit(household, "家中", "走访")
    phone.correct(made["body"]["id"], "写错", place="村委会")
    with pytest.raises(NoSignal):
        phone.sync()
    assert results(phone) == ["queued", "queued"]
    phone["address"] = service.address
    phone.sync()
    phone.sync()
    assert results(phone) == ["done", "done"]
    (visit,) = phone.records("visits")
    assert (visit["place"], visit["version"], visit["visited_on"]) == ("村委会", 2, "2016-11-09")
    assert len(me.read("/visits")["items"]) == 1


def test_a_clock_that_is_off_by_hours_dates_visits_by_the_services(tmp_path, owner, service, township):
    household, me, login = owner
    ahead = Phone(tmp_path / "ahead", lambda: DAY + timedelta(hours=30))
    ahead.sign_in(service.address, login, PASSWORD)
    ahead.pull()
    ahead.visit(household, "家中", "走访")
    ahead.sync()
    (visit,) = me.read("/visits")["items"]
    assert (visit["visited_on"], visit["clock"]) == ("2016-11-09", "device")
    (_, operation, _, _) = ahead.journal()[0]
    assert operation["device_time"].startswith("2016-11-10"), "beside it what the phone's own clock said"


def test_a_disabled_account_loses_nothing_and_a_new_one_of_the_same_person_goes_on(phone, owner, service, township):
    household, me, _ = owner
    phone.visit(household, "家中", "一")
    phone.sync()
    phone.visit(household, "家中", "二")
    township.admin.act(f"/accounts/{me.account_id}", "disable")
    with pytest.raises(SignInAgain):
        phone.sync()
    assert results(phone) == ["done", "queued"]
    del township._accounts[me.person_id]
    again = township.account(me.person_id)
    phone.sign_in(service.address, own_login(township, again), PASSWORD)
    phone.sync()
    assert results(phone) == ["done", "done"] and len(again.read("/visits")["items"]) == 2
    _, other = township.helped("周帮扶")
    with pytest.raises(SomebodyElses):
        phone.sign_in(service.address, own_login(township, other), PASSWORD)


def test_what_is_refused_waits_for_its_owner_and_holds_up_nothing(phone, owner, service):
    household, me, _ = owner
    made = phone.visit(household, "家中", "走访")
    phone.sync()
    visit = made["body"]["id"]
    me.act(f"/visits/{visit}", "correct", {"place": "院内", "reason": "写错"})
    phone.correct(visit, "补充", text="新的说法")
    phone.visit(household, "家中", "又一次")
    phone.sync()
    assert results(phone) == ["done", "refused", "done"]
    told = phone.journal()[1][3]
    assert told["conflict"]["stands"] == 2 and told["conflict"]["fields"]["place"] == "院内"
    phone.mend(2, version=2, place="院内")
    phone.sync()
    assert results(phone) == ["done", "done", "done"]
    phone.correct(visit, "再补充", text="第三种说法")
    me.act(f"/visits/{visit}", "correct", {"place": "室内", "reason": "写错"})
    phone.sync()
    phone.drop(4)
    phone.sync()
    assert results(phone)[3] == "dropped"


def test_what_the_service_lost_is_handed_in_again(phone, owner, service):
    """As after a restore of yesterday's copy, where no checkpoint lies between: else the phone would refuse it."""
    household, me, _ = owner
    phone.visit(household, "家中", "一")
    phone.visit(household, "家中", "二")
    phone.sync()
    with psycopg.connect(service.database_url) as connection:
        for table, whose in (("devices", "person_id"), ("visits", "helper_id")):
            connection.execute(f"delete from {table} where {whose} = %s", [me.person_id])
        connection.execute("delete from retries where account_id = %s", [me.account_id])
    phone.visit(household, "家中", "三")
    phone.sync()
    assert results(phone) == ["done"] * 3
    assert sorted(v["text"] for v in me.read("/visits")["items"]) == ["一", "三", "二"]


def test_a_log_that_did_not_merely_grow_is_refused_loudly(own_database_url, server_url, tmp_path):
    """From a copy of the database that goes on otherwise, or not at all; what merely grew is accepted each time."""
    before = Service(own_database_url, pool_size=2)
    place = Township(before, "411421701")
    household, me = place.helped()
    login = own_login(place, me)
    sign(place.admin, place)
    admin, helper = [service_account(before, place.code, name) for name in ("admin", login.split("/")[1])]
    before.stop()
    name = str(psycopg.conninfo.conninfo_to_dict(own_database_url)["dbname"])
    for copy in fresh_database(server_url, name, f"huayuan_test_{os.getpid()}_copy"):
        honest, other = (Service(url, pool_size=2) for url in (own_database_url, copy))
        phone = Phone(tmp_path / "phone", lambda: DAY)
        phone.sign_in(honest.address, login, PASSWORD)
        for number in range(3):
            phone.visit(household, "家中", f"第{number}次")
            phone.sync()
            sign(honest.caller(admin), place)
        phone.sync()
        assert results(phone) == ["done"] * 3 and len(phone.checkpoints()) == 4
        phone.visit(household, "家中", "给谁")
        phone.close()
        assert_alarmed(tmp_path, honest.address, key=honest.app.state.vault.signer("huayuan/0").vkey)
        assert_alarmed(tmp_path, other.address)
        for _ in range(9):
            visit = {"household_id": household, "device_time": "2016-11-09T08:00:00+08:00"}
            other.caller(helper).made("/visits", visit | {"place": "别处", "text": "从未发生"})
        sign(other.caller(admin), place)
        assert_alarmed(tmp_path, other.address)
        phone = Phone(tmp_path / "phone", lambda: DAY)
        phone.sync()
        assert results(phone) == ["done"] * 3 + ["replayed"], "the honest service has it since the wrong key"
        other.stop()
        honest.stop()


def assert_alarmed(folder, address, **settings):
    """A phone just like that one, which from now on speaks to another service."""
    shutil.copy(folder / "phone", folder / "alike")
    phone = Phone(folder / "alike", lambda: DAY)
    for name, value in (settings | {"address": address}).items():
        phone[name] = value
    for _ in range(2):
        with pytest.raises(Forked):
            phone.sync()
    assert results(phone)[-1] == "queued", "what a liar says of it counts nothing"
    assert len(phone.checkpoints()) == 4 and phone["alarm"]
    phone.close()


def sign(admin, place):
    assert admin.post(f"/ledger/{place.code}/checkpoint").status_code == 200


def test_by_hand_it_says_in_chinese_what_became_of_each(tmp_path, owner, service):
    household, _, login = owner
    file = ["--file", str(tmp_path / "by-hand")]
    by_hand("sign-in", service.address, login, PASSWORD, *file)
    assert household in by_hand("pull", *file)
    assert by_hand("visit", household, "家中", "走访", *file).strip() == "1"
    told = by_hand("sync", *file)
    assert "已办理" in told and "检查点 0 个" in told


def by_hand(*words):
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "phone", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
