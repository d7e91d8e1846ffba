"""Can an office hand in its sheets as it has them, and put right what is wrong without asking anyone?"""

import asyncio
import hashlib
import io
import json
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from app.database import PATIENCE, SHEETS_AT_ONCE
from app.imports.actions import expire
from app.sheets import XLSX
from app.writing import in_turns
from tests.conftest import Caller, Township
from tests.imports.offices import as_csv, cards, citizen_id, hand_in, handed_in, refused, reread, roster, workbook
from tests.serving import eventually


@pytest.fixture
def office(township: Township) -> Caller:
    """The one office that hands in sheets, in a township of two villages."""
    township.at("2017-03-20")
    for code, name in ((township.village, "花园村委会"), (f"{township.code}202", "李楼村民委员会")):
        township.admin.made("/villages", {"code": code, "name": name})
    return township.office("leading_group_office")


def problems(caller: Caller, made: dict[str, Any], **query: Any) -> dict[int, list[tuple[str | None, str]]]:
    """Row -> column and code of what is wrong with it."""
    items = caller.read(f"/imports/{made['id']}/report", limit=200, **query)["items"]
    return {i["row"]: [(p["column"], p["code"]) for p in i["problems"]] for i in items if i["problems"]}


def entries(township: Township) -> list[dict[str, Any]]:
    auditor = township.office("party_committee")
    found: list[dict[str, Any]] = []
    cursor: dict[str, Any] = {}
    while True:
        page = auditor.read(f"/ledger/{township.code}/entries", limit=200, **cursor)
        found += [{**item, "leaf": json.loads(item["leaf"])} for item in page["items"]]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


# ── the sheets of an office ──────────────────────────────────────────────────────────────────────


def test_a_messy_roster_is_taken_as_it_is(township: Township, office: Caller) -> None:
    numbers = [citizen_id() for _ in range(7)]
    before = len(entries(township))
    made = handed_in(office, roster(numbers), "roster", XLSX)
    assert (made["state"], made["good"], made["bad"], made["header_row"]) == ("checked", 7, 0, 3)
    assert made["made"] == {"people": 7, "units": 2, "appointments": 6}
    assert [c["field"] for c in made["columns"]] == [
        None, "name", None, "citizen_id", "category", "unit", "party", "phone", "office", "starts", "place",
    ]  # fmt: skip
    assert [e["leaf"]["event"] for e in entries(township)[before:]] == ["import.received"], (
        "nothing else is written yet"
    )
    assert not [p for p in office.read("/people", limit=200)["items"] if p["name"] == "王五"]
    done = office.act(f"/imports/{made['id']}", "carry-out")
    assert (done["state"], done["imported"], done["version"]) == ("done", 7, 2)
    people = {p["name"]: p for p in office.read("/people", limit=200)["items"]}
    assert people["李梅"]["phone"] == "13800000002" and people["李梅"]["party_membership"] == "not_member"
    assert people["王五"]["unit_id"] == people["孙八"]["unit_id"] == people["吴十"]["unit_id"], "乡 财政所 is 乡财政所"
    assert [people[n]["citizen_id_last_four"] for n in ("王五", "李梅", "钱七")] == [numbers[i][-4:] for i in (0, 1, 3)]
    held = {a["person_id"]: a for a in office.read("/appointments", limit=200)["items"]}
    assert {held[people[n]["id"]]["starts"] for n in ("王五", "李梅", "赵六", "钱七", "孙八", "周九")} == {"2017-03-05"}
    assert held[people["赵六"]["id"]]["place"] == held[people["钱七"]["id"]]["place"] == township.village
    assert held[people["王五"]["id"]]["place"] == township.code
    items = office.read(f"/imports/{made['id']}/report")["items"]
    assert [(i["row"], i["outcome"]) for i in items] == [(n, "imported") for n in range(4, 11)]
    assert {"resource": "people", "id": people["王五"]["id"]} in items[0]["records"]


def test_household_cards_with_merged_cells_say_row_by_row_what_is_wrong(township: Township, office: Caller) -> None:
    numbers = [citizen_id() for _ in range(5)]
    made = handed_in(office, cards(numbers), "households", XLSX, mode="independent")
    assert (made["good"], made["bad"]) == (2, 3), "the first household is in order"
    assert problems(office, made) == {
        6: [("识别时间", "day-unreadable")],
        7: [(None, "rows-belong-together")],
        8: [("证件号码", "digits-lost")],
    }
    done = office.act(f"/imports/{made['id']}", "carry-out")
    assert (done["state"], done["imported"], done["made"]) == ("done", 2, {"households": 1})
    (household,) = office.read("/households")["items"]
    assert household["head_name"] == "赵大山" and household["listed_on"] == "2016-01-05" and household["entered_later"]
    assert household["other_causes"] == ["schooling", "lack_of_labour"]
    members = {(m["name"], m["relation"], m["citizen_id_last_four"]) for m in household["members"]}
    assert members == {("赵大山", "head", numbers[0][-4:]), ("李秀英", "spouse", numbers[1][-4:])}


def test_the_sheet_comes_back_with_the_reasons_and_goes_in_again(township: Township, office: Caller) -> None:
    numbers = [citizen_id() for _ in range(5)]
    made = handed_in(office, cards(numbers), "households", XLSX, mode="independent", dry_run=False)
    assert (made["state"], made["imported"], made["bad"]) == ("done", 2, 3)
    answer = office.client.get(f"/v1/imports/{made['id']}/report", headers={"accept": XLSX})
    assert answer.headers["content-type"] == XLSX
    rows = reread(answer.content)
    assert rows[2][8:13] == ["姓名", "与户主关系", "证件号码", "导入结果", "原因"]
    assert [row[11] for row in rows[3:]] == ["已导入", "已导入", "有误", "有误", "有误", None]
    assert rows[5][12] == "识别时间:日期无法识别:请写成 2017-03-05 的样式。"
    assert rows[7][12].startswith("证件号码:号码超过 15 位") and "“文本”格式" in rows[7][12]
    assert rows[3][:11] == [
        "4114212012010001", "花园村", "第三组", "赵大山", "一般贫困户", "因病", "因学、缺劳动力", "2016-01-05",
        "赵大山", "户主", numbers[0],
    ]  # fmt: skip
    rows[5][7], rows[7][10] = "2016年1月5日", numbers[4]
    again = handed_in(office, workbook(rows), "households", XLSX, dry_run=False)
    assert (again["state"], again["good"], again["imported"]) == ("done", 3, 3), "what was imported is left alone"
    assert len(office.read("/households")["items"]) == 3
    third = reread(office.client.get(f"/v1/imports/{again['id']}/report", headers={"accept": XLSX}).content)
    assert third[2][11:] == ["导入结果", "原因"] and third[5][11] == "已导入" and third[3][11] is None


def test_reasons_are_in_the_readers_language(office: Caller) -> None:
    sheet = as_csv(["姓名", "人员类别"], ["王五", "村干事"])
    made = handed_in(office, sheet, "roster")
    path = f"/v1/imports/{made['id']}/report"
    zh = office.client.get(path).json()["items"][0]["problems"][0]
    en = office.client.get(path, headers={"accept-language": "en"}).json()["items"][0]["problems"][0]
    assert zh["message"] == "登记簿不认识这个写法。(可填:机关干部、村“两委”成员、村组干部、部门单位人员、其他)"
    assert en["message"].startswith("The register does not know this word. (one of: 机关干部,")
    assert zh["column"] == en["column"] == "人员类别"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_text_is_read_in_the_encodings_of_offices(office: Caller, encoding: str) -> None:
    made = handed_in(
        office, as_csv(["姓名", "人员类别"], ["㛃䶮", "机关干部"], encoding=encoding), "roster", dry_run=False
    )
    assert made["state"] == "done"
    assert "㛃䶮" in {p["name"] for p in office.read("/people", limit=200)["items"]}


# ── pairings and the time before adoption ────────────────────────────────────────────────────────


@pytest.fixture
def registers(township: Township, office: Caller) -> dict[str, str]:
    """Two households and two helpers."""
    card = {"village_code": township.village, "main_cause": "illness", "listed_on": "2014-05-01"}
    made = {}
    for number, head in (("A1", "赵大山"), ("A2", "钱有福")):
        made[number] = office.made("/households", {**card, "card_number": number, "head_name": head})["id"]
    for name in ("王五", "李梅"):
        made[name] = township.person(name, citizen_id=citizen_id())
        township.appoint(made[name], "helper", starts="2014-01-01")
    return made


PAIRINGS = ["户编号", "户主", "帮扶责任人", "是否主要帮扶人", "结对时间", "终止时间"]


def test_history_goes_in_with_its_true_dates_and_is_marked(
    township: Township, office: Caller, registers: dict[str, str]
) -> None:
    before = len(entries(township))
    sheet = as_csv(
        PAIRINGS,
        ["A1", "赵大山", "王五", "是", "2014-06-01", "2015-06-01"],
        ["A1", "赵大山", "李梅", "主", "2015年6月1日", ""],
        ["A2", "钱有福", "王五", "", "2017/3/1", ""],
    )
    made = handed_in(office, sheet, "pairings", dry_run=False)
    assert (made["state"], made["made"]) == ("done", {"pairings": 3})
    pairings = {p["starts"]: p for p in office.read("/pairings")["items"]}
    assert {starts: (p["state"], p["entered_later"]) for starts, p in pairings.items()} == {
        "2014-06-01": ("ended", True), "2015-06-01": ("active", True), "2017-03-01": ("active", False),
    }  # fmt: skip
    told = [e["leaf"] for e in entries(township)[before:] if e["leaf"]["event"] == "pairing.started"]
    assert [leaf["data"].get("entered_later") for leaf in told] == [True, True, None]
    with psycopg.connect(township.service.database_url) as connection:
        connection.execute("update townships set adopted_on = '2016-11-01' where township_code = %s", [township.code])
    visits = as_csv(
        ["户编号", "帮扶人", "走访日期", "走访地点", "走访情况"],
        ["A1", "王五", "2014.7.5", "户内", "了解情况"], ["A1", "李梅", "2014.7.5", "户内", "了解情况"],
        ["A1", "王五", "2014年7月5日", "户内", "再写一遍"], ["A1", "李梅", "2016-11-08", "户内", "了解情况"],
        ["A1", "李梅", "2017-01-05", "户内", "了解情况"],
    )  # fmt: skip
    made = handed_in(office, visits, "visits", mode="independent", dry_run=False)
    assert problems(office, made) == {
        3: [("帮扶人", "not-paired-that-day")], 4: [("走访日期", "on-two-rows")],
        5: [("走访日期", "visit-after-adoption")], 6: [("走访日期", "visit-after-adoption")],
    }  # fmt: skip
    (visit,) = office.read("/visits")["items"]
    assert visit["visited_on"] == "2014-07-05" and visit["received_later"] and visit["helper_id"] == registers["王五"]
    helper = township.account(registers["王五"])
    assert [v["id"] for v in helper.read("/visits")["items"]] == [visit["id"]], "it is the helper's own"


def test_pairings_are_asked_what_single_ones_are(township: Township, office: Caller, registers: dict[str, str]) -> None:
    sheet = as_csv(
        PAIRINGS,
        ["A1", "赵大山", "王五", "是", "2017-03-01", ""], ["A1", "赵大山", "李梅", "是", "2017-03-02", ""],
        ["A1", "赵大山", "李梅", "否", "2017-03-02", ""], ["A2", "钱有富", "王五", "是", "2017-03-01", ""],
        ["A9", "", "王五", "是", "2017-03-01", ""], ["A2", "", "无名", "是", "2017-03-01", ""],
        ["A2", "", "王五", "是", "2013-03-01", ""], ["A2", "", "王五", "是", "2017-03-01", "2017-02-01"],
        ["A2", "", "李梅", "否", "2017-03-01", ""], ["A2", "", "王五", "也许", "", ""],
    )  # fmt: skip
    made = handed_in(office, sheet, "pairings", mode="independent", dry_run=False)
    assert (made["imported"], made["bad"]) == (2, 8)
    assert problems(office, made) == {
        3: [("帮扶责任人", "primary-already-named")], 5: [("户主", "name-differs")], 6: [("户编号", "card-unknown")],
        7: [("帮扶责任人", "person-not-on-register")],
        8: [("结对时间", "household-closed"), ("帮扶责任人", "not-helper-that-day")],
        9: [("帮扶责任人", "ends-before-it-starts")], 10: [("帮扶责任人", "primary-first")],
        11: [("是否主要帮扶人", "word-unknown"), ("结对时间", "value-missing")],
    }  # fmt: skip
    assert len(office.read("/pairings")["items"]) == 2


# ── all or nothing, duplicates, the one write path ───────────────────────────────────────────────


def test_all_or_nothing_writes_nothing_while_one_row_is_bad(township: Township, office: Caller) -> None:
    good = [[f"人员{n}", "机关干部"] for n in range(20)]
    sheet = as_csv(["姓名", "人员类别"], *good, ["", "机关干部"])
    before = len(office.read("/people", limit=200)["items"])
    made = handed_in(office, sheet, "roster", dry_run=False)
    assert (made["state"], made["good"], made["bad"], made["imported"]) == ("checked", 20, 1, 0)
    assert len(office.read("/people", limit=200)["items"]) == before
    assert problems(office, made, outcome="bad") == {22: [("姓名", "value-missing")]}
    refused = office.try_act(f"/imports/{made['id']}", "carry-out")
    assert (refused.status_code, refused.json()["code"]) == (409, "bad-rows-remain")
    made = handed_in(office, sheet, "roster", dry_run=False, mode="independent")
    assert (made["state"], made["imported"]) == ("done", 20)
    assert len(office.read("/people", limit=200)["items"]) == before + 20


def test_duplicates_are_found_in_the_sheet_and_against_the_register(office: Caller) -> None:
    one, two = citizen_id(), citizen_id()
    header = ["姓名", "身份证号", "人员类别", "任职", "任职时间"]
    first = as_csv(header, ["王五", one, "机关干部", "帮扶责任人", "2017-01-01"], ["同名", "", "机关干部", "", ""])
    assert handed_in(office, first, "roster", dry_run=False)["imported"] == 2
    second = as_csv(
        header,
        ["王五", one, "机关干部", "帮扶责任人", "2017-02-01"], ["王五", one, "机关干部", "", ""],
        ["王武", one, "机关干部", "", ""], ["同名", "", "机关干部", "", ""], ["李梅", two, "机关干部", "", ""],
        ["李梅", two, "机关干部", "", ""], ["李梅", two, "机关干部", "考核组", "2017-01-01"],
    )  # fmt: skip
    made = handed_in(office, second, "roster", dry_run=False, mode="independent")
    assert problems(office, made) == {
        2: [("任职", "on-register-already")], 3: [("姓名", "on-register-already")],
        4: [("姓名", "name-differs"), ("姓名", "on-register-already")], 5: [("身份证号", "name-alone")],
        7: [("姓名", "on-register-already")],
    }  # fmt: skip
    assert made["made"] == {"people": 1, "appointments": 1}, "a second office goes to the same person"


def test_a_row_becomes_the_entry_that_the_single_action_makes(township: Township, office: Caller) -> None:
    number, other = citizen_id(), citizen_id()
    unit = office.made("/units", {"name": "乡财政所"})["id"]
    person = {"name": "王五", "category": "organ_cadre", "party_membership": "member", "unit_id": unit}
    before = len(entries(township))
    by_hand = office.made("/people", {**person, "phone": "13800000001", "citizen_id": number})["id"]
    office.made(
        "/appointments", {"person_id": by_hand, "office": "helper", "place": township.code, "starts": "2017-01-01"}
    )
    sheet = as_csv(
        ["姓名", "人员类别", "政治面貌", "单位", "电话", "身份证号", "任职", "任职时间"],
        ["王五", "机关干部", "党员", "乡财政所", "13800000001", other, "帮扶责任人", "2017-01-01"],
    )
    handed_in(office, sheet, "roster", dry_run=False)
    first, second, third, fourth, last = [e["leaf"] for e in entries(township)[before:]]
    assert last["event"] == "import.received" and last["data"]["digest"] == hashlib.sha256(sheet).hexdigest()
    for hand, row in ((first, third), (second, fourth)):
        same = ("v", "log", "event", "actor")
        assert {k: hand[k] for k in same} == {k: row[k] for k in same}
        assert hand["sealed"].keys() == row["sealed"].keys() if "sealed" in hand else "sealed" not in row
        assert {k: v for k, v in hand["data"].items() if k != "person_id"} == {
            k: v for k, v in row["data"].items() if k != "person_id"
        }


def test_nobody_appoints_himself_by_a_sheet(township: Township, office: Caller) -> None:
    me = office.read("/me")["person_id"]
    number = citizen_id()
    with psycopg.connect(township.service.database_url) as connection:
        lookup = township.service.app.state.vault.lookup(township.county, number)
        connection.execute("update people set name = '本人', citizen_id_lookup = %s where id = %s", [lookup, me])
    sheet = as_csv(
        ["姓名", "身份证号", "人员类别", "任职", "任职时间"], ["本人", number, "机关干部", "乡纪委", "2017-01-01"]
    )
    made = handed_in(office, sheet, "roster", dry_run=False, mode="independent")
    assert problems(office, made) == {2: [("任职", "nobody-appoints-himself")]}


def test_what_was_good_when_checked_is_asked_again(township: Township, office: Caller) -> None:
    number = citizen_id()
    sheet = as_csv(["姓名", "身份证号", "人员类别"], ["王五", number, "机关干部"], ["李梅", "", "机关干部"])
    made = handed_in(office, sheet, "roster")
    assert made["good"] == 2
    township.person("王五", citizen_id=number)
    again = office.act(f"/imports/{made['id']}", "carry-out")
    assert (again["state"], again["good"], again["bad"], again["imported"]) == ("checked", 1, 1, 0)
    assert problems(office, made) == {2: [("姓名", "on-register-already")]}
    assert "李梅" not in json.dumps(office.read("/people", limit=200), ensure_ascii=False)


def test_a_sheet_sent_again_is_no_second_one(office: Caller) -> None:
    sheet = as_csv(["姓名", "人员类别"], ["王五", "机关干部"])
    first = hand_in(office, sheet, "roster", key="k1", dry_run=False)
    again = hand_in(office, sheet, "roster", key="k1", dry_run=False)
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    assert hand_in(office, sheet, "roster", key="k1").json()["code"] == "key-reused", "another question"
    assert hand_in(office, sheet + b"\n", "roster", key="k1", dry_run=False).json()["code"] == "key-reused"


@pytest.mark.parametrize(("mode", "waits"), [("independent", 1), ("atomic", 0)])
def test_a_sheet_that_cannot_be_carried_out_waits_for_nobody(office: Caller, mode: str, waits: int) -> None:
    """Like its record: all or nothing does not go with a bad row, and nothing is nothing."""
    good, bad = ["王五", "机关干部"], ["赵六", "天书"]
    for rows, many in (([good, bad], waits), ([bad], 0)):
        made = handed_in(office, as_csv(["姓名", "人员类别"], *rows), "roster", mode=mode)
        waiting = [t["id"] for t in office.read("/me/tasks")["items"] if t["resource"] == "imports"]
        allowed = [a["allowed"] for a in office.read(f"/imports/{made['id']}")["actions"] if a["name"] == "carry-out"]
        assert (waiting, allowed) == ([made["id"]] * many, [bool(many)])
        office.act(f"/imports/{made['id']}", "cancel")


def test_what_is_cancelled_is_not_carried_out(office: Caller) -> None:
    made = handed_in(office, as_csv(["姓名", "人员类别"], ["王五", "机关干部"]), "roster")
    waiting = [t for t in office.read("/me/tasks")["items"] if t["resource"] == "imports"]
    assert [(t["id"], t["actions"]) for t in waiting] == [(made["id"], ["carry-out"])]
    assert office.act(f"/imports/{made['id']}", "cancel")["state"] == "cancelled"
    assert office.try_act(f"/imports/{made['id']}", "carry-out").json()["code"] == "wrong-state"


# ── what a sheet must not do ─────────────────────────────────────────────────────────────────────


def test_citizen_ids_lie_sealed_while_a_sheet_waits(township: Township, office: Caller) -> None:
    number = citizen_id()
    made = handed_in(office, as_csv(["姓名", "身份证号", "人员类别"], ["王五", number, "机关干部"]), "roster")
    with psycopg.connect(township.service.database_url) as connection:
        for table in ("imports", "import_rows", "import_outcomes", "log_event"):
            for (row,) in connection.execute(
                f"select t::text from {table} t where township_code = %s", [township.code]
            ):  # type: ignore[arg-type]
                assert number not in row and number.encode().hex() not in row
    shown = office.client.get(f"/v1/imports/{made['id']}/report", headers={"accept": XLSX}).content
    assert number in str(reread(shown)), "whoever handed it in has it back"


def test_a_formula_comes_back_as_text(office: Caller) -> None:
    evil = ["=cmd|'/c calc'!A1", "+1+1", "@SUM(1)", "-2", "https://x.example/"]
    made = handed_in(office, workbook([["姓名", "人员类别", *evil], ["王五", "机关干部", *evil]]), "roster", XLSX)
    rows = reread(office.client.get(f"/v1/imports/{made['id']}/report", headers={"accept": XLSX}).content)
    assert rows[1][3:7] == evil[1:]
    raw = office.client.get(f"/v1/imports/{made['id']}/report", headers={"accept": XLSX}).content
    sheet = zipfile.ZipFile(io.BytesIO(raw)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and "hyperlink" not in sheet


@pytest.mark.parametrize("office_", ["leading_group", "administrator", "party_gov_office", "helper"])
def test_no_other_office_hands_in_or_reads_a_sheet(township: Township, office: Caller, office_: str) -> None:
    made = handed_in(office, as_csv(["姓名", "人员类别"], ["王五", "机关干部"]), "roster")
    other = township.admin if office_ == "administrator" else township.office(office_)
    refused = hand_in(other, as_csv(["姓名", "人员类别"], ["王五", "机关干部"]), "roster")
    assert (refused.status_code, refused.json()["code"]) == (403, "not-your-office")
    for media in ("application/json", XLSX):
        answer = other.client.get(f"/v1/imports/{made['id']}/report", headers={"accept": media})
        assert answer.status_code == 404
    assert other.get(f"/imports/{made['id']}").status_code == 404


def test_whoever_may_hand_in_nothing_is_told_before_his_file_is_read(township: Township) -> None:
    """Reading a workbook takes a process: it is not for everybody to have one."""
    helper = township.office("helper")
    refused(hand_in(helper, b"no workbook at all", "roster", media=XLSX), 403, "not-your-office")


def test_a_sheet_that_is_none_is_refused_with_what_is_missing(office: Caller) -> None:
    answer = hand_in(office, as_csv(["户编号", "电话"], ["1", "2"]), "households")
    assert (answer.status_code, answer.json()["code"]) == (422, "header-not-found")
    assert answer.json()["missing"] == ["行政村", "主要致贫原因", "识别日期"]
    besides = ["村民小组", "户主姓名", "贫困户属性", "其他致贫原因", "姓名", "与户主关系", "身份证号码"]
    assert answer.json()["optional"] == besides
    assert hand_in(office, b"", "roster").json()["code"] == "header-not-found"
    assert hand_in(office, b"{}", "roster", "application/json").status_code == 415
    assert hand_in(office, b"PK\x03\x04", "roster", XLSX).json()["code"] == "unreadable-file"
    assert hand_in(office, as_csv(["姓名", "人员类别"]), "wedding").status_code == 422


def test_a_report_expires_and_what_lay_behind_it_is_deleted(township: Township, office: Caller) -> None:
    sheet = as_csv(["姓名", "人员类别"], ["王五", "机关干部"])
    done, waiting = handed_in(office, sheet, "roster", dry_run=False), handed_in(office, sheet + b"\n", "roster")
    settings, vault = township.service.settings, township.service.app.state.vault
    assert asyncio.run(expire(settings.database_url, vault, township.code)) == 0, "not before its time"
    township.at("2017-04-19")
    assert asyncio.run(expire(settings.database_url, vault, township.code)) == 2
    assert asyncio.run(expire(settings.database_url, vault, township.code)) == 0
    with psycopg.connect(township.service.database_url) as connection:
        for table in ("import_rows", "import_outcomes", "import_parts"):
            query = f"select count(*) from {table} where township_code = %s"
            assert connection.execute(query, [township.code]).fetchone() == (0,)  # type: ignore[arg-type]
    states = {i["id"]: i["state"] for i in office.read("/imports")["items"]}
    assert states == {done["id"]: "done", waiting["id"]: "cancelled"}
    assert "import.expired" in {e["leaf"]["event"] for e in entries(township)}
    assert "王五" in {p["name"] for p in office.read("/people", limit=200)["items"]}


# ── beside everybody else's requests ─────────────────────────────────────────────────────────────


@pytest.mark.one_server("who waits for whom each node of a cluster knows for itself")
def test_sheets_take_no_connection_from_requests_and_only_so_many_are_imported_at_a_time(
    township: Township, office: Caller
) -> None:
    """While the township's log is held, as many sheets as may wait for it, longer than a request would."""
    sheets = [as_csv(["姓名", "人员类别"], [f"第{number}人", "机关干部"]) for number in range(SHEETS_AT_ONCE + 1)]
    *first, last = [lambda sheet=sheet: hand_in(office, sheet, "roster", dry_run=False) for sheet in sheets]
    with (
        psycopg.connect(township.service.database_url) as connection, ThreadPoolExecutor(SHEETS_AT_ONCE) as clerks
    ):  # fmt: skip
        connection.execute("select from log_head where township_code = %s for update", [township.code])
        waiting = [clerks.submit(one) for one in first]
        assert eventually(lambda: _waiting(township) == SHEETS_AT_ONCE, 10)
        began = time.monotonic()
        answer = last()
        assert refused(answer, 503, "unavailable") and "retry-after" in answer.headers
        assert office.get("/people").status_code == 200, "a page is answered all the while"
        time.sleep(max(0.0, PATIENCE + 0.5 - (time.monotonic() - began)))  # a request would have ended by now
        connection.rollback()
        assert [one.result().status_code for one in waiting] == [201] * SHEETS_AT_ONCE
    assert last().status_code == 201


def _waiting(township: Township) -> int:
    """How many wait for a lock."""
    locked = "select count(*) from pg_stat_activity where cardinality(pg_blocking_pids(pid)) > 0"
    with psycopg.connect(township.service.database_url) as connection:
        found = connection.execute(f"{locked} and datname = current_database()").fetchone()
    assert found
    return int(found[0])


def test_thousands_of_rows_leave_others_their_turn() -> None:
    turns = []

    async def other() -> None:
        while True:
            turns.append(True)
            await asyncio.sleep(0)

    async def all_of(rows: range) -> list[int]:
        beside = asyncio.create_task(other())
        try:
            return [row async for row in in_turns(rows)]
        finally:
            beside.cancel()

    assert asyncio.run(all_of(range(1000))) == [*range(1000)]
    assert len(turns) == 10
    turns.clear()
    assert asyncio.run(all_of(range(99))) == [*range(99)]
    assert not turns, "control: few rows go through at once"
