"""Can what stands on record be had on paper, by those who may read it and by nobody else?"""

import json
import zipfile
from hashlib import sha256
from io import BytesIO
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from pypdf import PdfReader

from app.access import Bearer
from tests.conftest import Accountability
from tests.events.conftest import County
from tests.inspections import test_routes as months
from tests.scores.test_routes import ASSESSED, opened, pair
from tests.signoffs.conftest import STATEMENT, Village

NAMELESS = "𠮷"
"""A character of people's names that the shipped fonts lack."""


def text_of(pdf: bytes) -> str:
    """All words of all pages, without the breaks of lines."""
    return "".join("".join(page.extract_text().split()) for page in PdfReader(BytesIO(pdf)).pages)


def printed(caller: Any, path: str) -> bytes:
    answer = caller.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    return bytes(answer.content)


@pytest.fixture(scope="module")
def village(shared_township: Any) -> Village:
    return Village(shared_township, f"{shared_township.code}201")


@pytest.fixture(scope="module")
def signed(village: Village) -> str:
    return village.signed(village.opened())


def test_R5_5_the_sheet_shows_four_signatures_with_method_moment_and_hash(village, signed):
    record = village.office.read(signed)
    text = text_of(printed(village.office, f"{signed}/sheet"))
    for party in (
        "帮扶对象李家人签字确认当面签字",
        "帮扶责任人帮扶人201签字确认本人账号",
        "村主要负责人",
        "乡联系领导",
    ):
        assert party in text
    assert text.count(record["statement_hash"][:16]) == 5, "once whole, and with each signature"
    assert "见证人：见证人" in text and "2017年12月5日" in text


def test_the_foot_names_version_and_entry_so_that_paper_can_be_checked_against_the_log(village, signed):
    last = village.office.read(f"/households/{village.household}/ledger", limit=200)["items"]
    entry = next(e for e in reversed(last) if e["subject_id"] == signed.split("/")[-1])
    text = text_of(printed(village.office, f"{signed}/sheet"))
    assert f"记录signoffs/{entry['subject_id']}第5版" in text
    assert f"台账{entry['log']}/{entry['seq']}条目散列{entry['leaf_hash']}" in text


def test_a_sheet_not_signed_yet_says_so(village, make_household):
    path = village.opened(household_id=make_household())
    assert text_of(printed(village.office, f"{path}/sheet")).count("尚未签字") == 4


@pytest.fixture
def make_household(village: Village) -> Any:
    return lambda: village.new_household()[0]


def test_the_sheet_is_for_those_who_may_read_the_sign_off(village, signed):
    for caller in (village.helper, village.principal, village.committee, village.assessor):
        assert printed(caller, f"{signed}/sheet")
    assert village.stranger.get(f"{signed}/sheet").status_code == village.stranger.get(signed).status_code == 404


def test_the_same_record_gives_the_same_bytes_to_everybody_from_every_worker(village, signed):
    first = printed(village.office, f"{signed}/sheet")
    assert printed(village.committee, f"{signed}/sheet") == first
    township = village.township
    service = type(township.service)(township.service.database_url)
    try:
        other = service.caller(Bearer(UUID(village.office.account_id), township.county, township.code))
        assert printed(other, f"{signed}/sheet") == first
    finally:
        service.stop()


def test_what_no_font_can_print_is_refused_by_name_and_never_a_box(township):
    village = Village(township)
    path = village.opened()
    assert printed(village.office, f"{path}/sheet"), "the same sheet prints without the character"
    statement = STATEMENT | {"measures": [f"{NAMELESS}野家养羊"]}
    village.office.act(path, "restate", {"statement": statement, "reason": "改"})
    answer = village.office.get(f"{path}/sheet")
    assert answer.status_code == 409, answer.text
    told = answer.json()
    assert told["code"] == "character-not-printable"
    assert (told["characters"], told["code_points"]) == ([NAMELESS], ["U+20BB7"])
    assert told["papers"] == [f"记录 {path[1:]}　第 2 版"]


def test_R6_4_G2_the_quarter_is_on_paper_once_it_was_summed_up_by_name_and_without_points(township):
    township.at("2017-03-20")
    team = township.office("assessor")
    for name in ("丁一", "甲二"):
        pair(township, township.person(name), "2016-11-09")
    path, rows = opened(team)
    early = team.get(f"{path}/summary")
    assert early.status_code == 409 and early.json()["code"] == "not-summarised-yet"
    team.act(f"/quarterly-scores/{rows[0]['id']}", "assess", ASSESSED)
    team.act(f"/quarterly-scores/{rows[1]['id']}", "not-assessed", {"reason": "住院治疗,整季未在岗"})
    team.act(path, "summarise", {"narrative": "本季度资料报送及时。"})
    text = text_of(printed(team, f"{path}/summary"))
    assert "2017年第一季度帮扶责任人考核汇总表" in text and "住院治疗,整季未在岗" in text
    assert text.index("1丁一") < text.index("2甲二")
    assert "分" not in text.split("逐人情况")[1].split("考核组")[0].replace("不分先后", "")


def test_HY_9_3_1_the_talk_is_on_paper_once_it_is_on_record(world: Accountability):
    finding = world.finding({"person_id": (person := world.cadre("village_committee_head")).person_id}, "HY.9.3.1")
    path = world.case(finding, basis="HY.9.3.1", capacity="village_body_head")
    world.decided(path, "admonition_talk")
    early = world.committee.get(f"{path}/talk-record")
    assert early.status_code == 409 and early.json()["code"] == "no-talk-on-record"
    talk = {
        "output": "talk_record", "held_on": "2017-03-20", "held_by": "王书记", "reason_told": "业务指导不及时。",
        "explanation": "本人认识到问题。", "corrections_required": "每周入户指导一次。",
    }  # fmt: skip
    world.committee.act(path, "execute", talk)
    text = text_of(printed(world.committee, f"{path}/talk-record"))
    for words in ("诫勉谈话记录", "周七", "王书记", "业务指导不及时。", "每周入户指导一次。", "第九条第（三）项第1目"):
        assert words in text
    assert printed(person, f"{path}/talk-record"), "the subject reads his case"
    assert world.place.office("assessor").get(f"{path}/talk-record").status_code == 404


def published(world: Accountability, **words: Any) -> str:
    finding = world.finding({"person_id": world.cadre().person_id}, "HY.9.2.2")
    path = world.case(finding, basis="HY.9.2.2")
    world.decided(path, "written_self_criticism")
    due = world.committee.read("/notices", case_id=path.split("/")[-1])["items"][0]
    notice = f"/notices/{due['id']}"
    early = world.committee.get(f"{notice}/document")
    assert early.status_code == 409 and early.json()["code"] == "nothing-published-yet"
    body = {
        "title": "关于对周七予以通报批评的通报",
        "body": "周七无故不参加会议。\n现予以通报批评。",
        "channel": "document",
    }
    world.committee.act(notice, "publish", body | words)
    return notice


def test_G30_a_notice_has_a_red_head_only_as_a_document_and_its_number_in_the_brackets_of_the_standard(world):
    as_document = published(world, document_number="花发[2017]12号")
    text = text_of(printed(world.committee, f"{as_document}/document"))
    assert "委员会文件" in text and "花发〔2017〕12号" in text and "2017年3月20日" in text
    on_board = published(world, channel="board", ends_on="2017-04-30")
    text = text_of(printed(world.place.office("assessor"), f"{on_board}/document"))
    assert "委员会文件" not in text and "公示期限：2017年3月20日至2017年4月30日" in text


def test_G30_no_data_of_a_household_stands_in_a_notice(world):
    household, helper = world.place.helped()
    path = published(world)
    text = text_of(printed(helper, f"{path}/document"))
    head = world.place.office("leading_group_office").read(f"/households/{household}")
    assert head["head_name"] not in text and head["card_number"] not in text


# ── charts ───────────────────────────────────────────────────────────────────────────────────────

CHARTS = ("draw-coverage", "signoff-progress", "quarter-distribution")


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_figures_or_their_picture_for_the_offices_of_the_whole_township(village, signed, name):
    path = f"/charts/{name}"
    told = village.office.read(path, year=2017)
    assert told["year"] == 2017
    picture = village.office.client.get(f"/v1{path}?year=2017", headers={"accept": "image/svg+xml"})
    assert picture.status_code == 200 and picture.headers["content-type"] == "image/svg+xml"
    assert picture.text.startswith("<svg") and picture.headers["vary"] == "accept"
    assert village.helper.get(path, year=2017).json()["code"] == "not-your-office"
    assert village.office.get(path).status_code == 422, "a year is asked for"
    odd = village.office.client.get(f"/v1{path}?year=2017", headers={"accept": "image/png"})
    assert odd.status_code == 406


@pytest.mark.parametrize("path", [*[f"/charts/{name}" for name in CHARTS], "/ledgers/helpers", "/ledgers/households"])
def test_the_county_says_of_which_township(service, path):
    """Of the county itself, or of a place that does not use this service, every month would be one that was missed."""
    county = County(service)
    place, system = county.township(), county.client("read")
    place.helped()
    office = place.office("leading_group_office")

    def code(caller, **asked):
        return caller.get(path, year=2016, **asked).json().get("code")

    told = system.read(path, year=2016, township_code=place.code)
    assert told == office.read(path, year=2016) == office.read(path, year=2016, township_code=place.code)
    elsewhere, nowhere = {"township_code": "411422001"}, {"township_code": f"{county.code}999"}
    assert code(system) == code(system, **elsewhere) == code(system, **nowhere) == "which-township"
    assert code(office, township_code=f"{county.code}999") == "of-another-township"


def test_nobody_is_said_not_to_be_drawn_before_there_was_a_draw(township):
    months.helpers(township, 10)
    path = months.committed(township, "2017-03")
    office = township.office("leading_group_office")
    assert office.read("/charts/draw-coverage", year=2017)["helpers"] == []
    township.at("2017-03-08")
    township.office(months.PGO).act(path, "reveal", months.VALUES)
    cells = [h["months"]["2017-03"] for h in office.read("/charts/draw-coverage", year=2017)["helpers"]]
    assert (cells.count("pending"), cells.count("not_drawn")) == (3, 7)


def test_the_progress_of_sign_offs_counts_each_villages_states(village, signed):
    told = village.office.read("/charts/signoff-progress", year=2017)
    mine = next(v for v in told["villages"] if v["village_code"] == village.code)
    listed = village.office.read("/signoffs", village_code=village.code, year=2017, limit=200)["items"]
    assert mine["signoffs"] == len(listed) == sum(mine["states"].values())
    assert mine["states"]["leader_signed"] == sum(s["state"] == "leader_signed" for s in listed)


# ── the year-end package ─────────────────────────────────────────────────────────────────────────


def test_R5_3_G8_the_year_goes_to_the_party_committee_as_one_file_that_checks_itself(village, signed):
    place = village.township
    place.at("2017-12-26")
    village.group.act(signed, "collect", {})
    made = village.group.made("/year-end-submissions", {"year": 2017})
    path = f"/year-end-submissions/{made['id']}"
    assert village.group.get(f"{path}/package").json()["code"] == "not-summarised-yet"
    village.group.act(path, "review", {"findings": "两本台账与原始记录一致。"})
    told = village.group.act(path, "summarise", {"summary": "年底汇总如下。"})
    assert village.group.get(f"{path}/package").json()["code"] == "not-yet-signed"
    checkpoint = place.admin.post(f"/ledger/{place.code}/checkpoint").json()
    answer = village.committee.get(f"{path}/package")
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(BytesIO(answer.content)) as package:
        files = {name: package.read(name) for name in package.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    assert manifest["files"] == {name: sha256(data).hexdigest() for name, data in files.items()}
    assert manifest["package_hash"] == told["package_hash"]
    assert manifest["last_entry"] < manifest["checkpoint_size"] == checkpoint["size"]
    assert files["checkpoint"].decode().splitlines()[1] == str(checkpoint["size"])
    assert f"signoffs/{village.code}-1.pdf" in files and "charts/draw-coverage.svg" in files
    cover = text_of(files["cover.pdf"])
    assert "两本台账与原始记录一致。" in cover and "年底汇总如下。" in cover
    missed = [month for month, state in told["package"]["months"].items() if state == "missed_in_month"]
    assert missed and "、".join(missed) in cover
    assert "年终考核评价说明" in text_of(files["evaluations.pdf"])
    book = openpyxl.load_workbook(BytesIO(files["ledgers.xlsx"]))
    assert book.sheetnames == ["帮扶责任人帮扶工作考核台账", "帮扶对象脱贫情况考核台账"]
    for sheet, name in zip(book, ("helpers", "households"), strict=True):
        listed = village.committee.read(f"/ledgers/{name}", year=2017, limit=200)["items"]
        cells = [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row]
        assert sheet.max_row == len(listed) + 4, "title, line, headings, rows, the end"
        assert all(one["id"] in cells and one.get("name", one.get("card_number")) in cells for one in listed)


def test_the_same_year_under_the_same_checkpoint_gives_the_same_package(village):
    path = f"/year-end-submissions/{village.group.read('/year-end-submissions', year=2017)['items'][0]['id']}"
    first = village.committee.get(f"{path}/package").content
    village.township.admin.post(f"/ledger/{village.township.code}/checkpoint")
    village.township.at("2017-12-27")
    assert village.group.get(f"{path}/package").content == first
    assert village.helper.get(f"{path}/package").status_code == 404
    village.group.act(path, "submit", {})
    village.township.admin.post(f"/ledger/{village.township.code}/checkpoint")
    assert village.group.get(f"{path}/package").content != first, "the comparison above can fail"
