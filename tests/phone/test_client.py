"""Does the reference client keep everything, hand it in once, and refuse a log that was forked?"""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest

from app.phone import client
from app.phone.client import (
    Forked,
    NoSignal,
    NoSuchAddress,
    NoSuchLine,
    NoSuchVisit,
    NothingWritten,
    NotTaken,
    NotYou,
    Phone,
    SignInAgain,
    SignInFirst,
    SomebodyElses,
)
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


def test_a_correction_of_what_the_phone_does_not_know_is_refused_at_once(phone, owner):
    household, _, _ = owner
    with pytest.raises(NoSuchVisit):
        phone.correct(str(uuid4()), "写错", text="改")
    phone.visit(household, "家中", "走访")
    phone.sync()
    assert results(phone) == ["done"], "nothing bad was written down that could hold it up"


def test_what_was_done_but_not_yet_taken_along_can_be_corrected(phone, owner):
    household, _, _ = owner
    visit = phone.visit(household, "家中", "走访")["body"]["id"]
    phone.push()
    assert phone.records("visits") == []
    phone.correct(visit, "写错", place="院内")
    phone.push()
    phone.correct(visit, "又写错", place="村委会")
    phone.sync()
    assert results(phone) == ["done"] * 3
    (stands,) = phone.records("visits")
    assert (stands["place"], stands["version"]) == ("村委会", 3)


@pytest.mark.parametrize(("place", "text"), [("", "走访"), ("家中", "  "), ("\u3000", "走访")])
def test_a_visit_that_says_nothing_is_not_written_down(phone, owner, place, text):
    with pytest.raises(NothingWritten):
        phone.visit(owner[0], place, text)
    assert phone.journal() == []


def test_a_bad_line_holds_up_nothing_and_is_told_with_what_is_wrong(phone, owner):
    household, me, _ = owner
    phone.do("visits_correct", {"reason": "写错"}, record_id=str(uuid4()), version=0)
    phone.visit(household, "家中", "走访")
    phone.sync()
    assert results(phone) == ["refused", "done"] and len(me.read("/visits")["items"]) == 1
    (error,) = phone.journal()[0][3]["errors"]
    assert error["pointer"] == "/version"


def test_what_is_dropped_while_it_waits_is_never_done_and_holds_up_nothing(phone, owner):
    household, me, _ = owner
    made = [phone.visit(household, "家中", f"第{n}次") for n in range(3)]
    phone.drop(2)
    phone.sync()
    assert results(phone) == ["done", "dropped", "done"]
    assert sorted(v["text"] for v in me.read("/visits")["items"]) == ["第0次", "第2次"]
    assert phone.journal()[1][1] == made[1], "it stays in the journal as it was"
    for done_or_unknown in (1, 2, 9):
        with pytest.raises(NoSuchLine):
            phone.drop(done_or_unknown)


def test_what_was_dropped_is_not_done_where_the_service_lost_its_number(phone, owner, service):
    household, me, _ = owner
    phone.visit(str(uuid4()), "家中", "不知何处")
    phone.sync()
    assert results(phone) == ["refused"]
    phone.mend(1, household_id=household)
    phone.drop(1)
    with psycopg.connect(service.database_url) as connection:
        connection.execute("delete from devices where person_id = %s", [me.person_id])
    phone.visit(household, "家中", "走访")
    phone.sync()
    phone.sync()
    assert results(phone) == ["dropped", "done"]
    assert [v["text"] for v in me.read("/visits")["items"]] == ["走访"]


def test_what_keeps_one_from_signing_in_is_told_apart(tmp_path, owner, service):
    _, _, login = owner
    fresh = Phone(tmp_path / "fresh", lambda: DAY)
    for ask in (fresh.pull, fresh.sync):
        with pytest.raises(SignInFirst):
            ask()
    for address, who, password, trouble in (
        (service.address, login, "wrong horse battery", NotYou),
        (service.address, "411421201/nobody", PASSWORD, NotYou),
        ("127.0.0.1:8411", login, PASSWORD, NoSuchAddress), ("http://[::", login, PASSWORD, NoSuchAddress),
        ("http://127.0.0.1:9", login, PASSWORD, NoSignal), (f"{service.address}/docs", login, PASSWORD, NotTaken),
    ):  # fmt: skip
        with pytest.raises(trouble):
            fresh.sign_in(address, who, password)
    fresh.close()


def test_a_problem_is_told_in_words(phone):
    with pytest.raises(NotTaken) as refused:
        phone._ask("GET", "/v1/sync", params={"limit": 0})
    assert str(refused.value).splitlines() == ["请求本身有误。", "query:limit: 不得小于 1"]


def test_by_hand_it_says_in_chinese_what_became_of_each(tmp_path, owner, service):
    household, _, login = owner
    file = ["--file", str(tmp_path / "by-hand")]
    by_hand("sign-in", service.address, login, *file)
    card = next(line.split()[1] for line in by_hand("pull", *file).splitlines() if household in line)
    assert by_hand("visit", card, "家中", "走访", *file).strip() == "1"
    assert by_hand("visit", household, "家中", "又一次", *file).strip() == "2"
    by_hand("drop", "2", *file)
    told = by_hand("sync", *file)
    assert "已办理" in told and "已放弃" in told and "检查点 0 个" in told


def test_by_hand_what_was_refused_is_told_with_what_is_wrong_and_mended(tmp_path, owner, service):
    household, _, login = owner
    file = ["--file", str(tmp_path / "by-hand")]
    by_hand("sign-in", service.address, login, *file)
    phone = Phone(file[1])
    phone.visit("不是编号", "家中", "走访")
    phone.close()
    told = by_hand("sync", *file)
    assert "未受理" in told and "/household_id: " in told and "{" not in told
    by_hand("mend", "1", "--household", household, *file)
    assert "已办理" in by_hand("sync", *file)


def test_by_hand_what_cannot_be_is_told_in_one_line_and_not_kept(tmp_path, owner, service):
    household, _, login = owner
    file = ["--file", str(tmp_path / "by-hand")]
    for words, said in (
        (("pull",), "请先登录"), (("sync",), "请先登录"), (("visit", household, "家中", "走访"), "请先登录"),
        (("drop", "1"), "没有这一条"), (("sign-in", service.address, f"{login}x"), "账号或密码不正确"),
        (("sign-in", service.address, login), None), (("visit", "4114212012010002", "家中", "走访"), "没有这一户"),
        (("visit", household, "", "走访"), "不能留空"), (("visit", household, "家中", " "), "不能留空"),
        (("correct", str(uuid4()), "写错", "--text", "改"), "没有这条走访"),
        (("mend", "1", "--text", "改"), "没有这一条"),
    ):  # fmt: skip
        done = at_the_shell(*words, *file)
        assert (done.returncode == 1) == (said is not None), done.stderr
        assert (said or "") in done.stderr and "Traceback" not in done.stderr, words
    assert by_hand("status", *file).splitlines() == ["已收检查点 0 个"], "nothing was written down"
    (tmp_path / "letter").write_text("亲爱的同志" * 100, "utf-8")
    for no_phone in (tmp_path / "letter", tmp_path / "nowhere" / "phone"):
        done = at_the_shell("status", "--file", str(no_phone))
        assert done.returncode == 1 and "不是手机数据" in done.stderr and "Traceback" not in done.stderr


def at_the_shell(*words):
    command, settings = [sys.executable, "-m", "app.cli", "phone", *words], {"HUAYUAN_PASSWORD": PASSWORD}
    return subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, check=False)


def by_hand(*words):
    done = at_the_shell(*words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_long_list_goes_out_in_as_many_requests_as_it_takes() -> None:
    """Fifty lines of full length are more than a request may have; so is none of them alone."""
    lines = [{"counter": n, "body": {"text": "长" * 4000}} for n in range(50)]
    sent, rest = [], lines
    while rest:
        some = client._a_list(rest)
        assert len(json.dumps(some)) < 1 << 20
        sent, rest = [*sent, len(some)], rest[len(some) :]
    assert sum(sent) == 50 and len(sent) > 1
    assert client._a_list(lines[:3]) == lines[:3] and len(client._a_list([{"n": "x"}] * 99)) == client.AT_ONCE
    assert len(client._a_list([{"text": "x" * 2_000_000}] * 2)) == 1, "which the service refuses, and says so"


def test_what_the_service_would_not_take_is_not_written_down(tmp_path: Path) -> None:
    phone = client.Phone(tmp_path / "phone.db")
    for place, text in (("户" * 201, "走访"), ("户内", "长" * 4001)):
        with pytest.raises(client.TooLong):
            phone.visit(str(uuid4()), place, text)
    assert phone.visit(str(uuid4()), "户" * 200, "长" * 4000)["counter"] == 1, "control"


@pytest.mark.parametrize("content", [b"", b"[1]", b'"x"', b"<html>", b'{"errors": ["x", {}]}'])
def test_another_who_answers_in_the_services_place_is_told_in_words(content: bytes) -> None:
    answer = httpx.Response(418, content=content, headers={"content-type": "application/json"})
    assert "418" in str(client.NotTaken(answer))
