"""Is the log read in order, by those who may, and do the two ledgers of article 5 say what a year had?"""

from io import BytesIO
from uuid import uuid4

import httpx
import openpyxl
import psycopg
import pytest
from psycopg import sql

from app.tabular import XLSX


def test_R5_1_the_ledger_of_helpers_has_a_row_for_each_helper_of_the_year(township):
    office = township.office("leading_group_office")
    helper = township.person("赵六")
    township.appoint(helper, "helper")
    rows = office.read("/ledgers/helpers", year=2016)["items"]
    assert [(row["id"], row["name"], row["events"]) for row in rows] == [(helper, "赵六", {"appointment.made": 1})]
    assert office.read("/ledgers/helpers", year=2017)["items"] == []
    assert office.read("/ledgers/households", year=2016)["items"] == []


def test_G55_entries_are_only_added_and_come_in_order_by_pages(township):
    office = township.office("leading_group_office")
    for number in range(5):
        office.made("/units", {"name": f"单位{number}"})
    path, seen, cursor = f"/ledger/{township.code}/entries", [], None
    while True:
        page = office.read(path, limit=3, **({"cursor": cursor} if cursor else {}))
        seen += [entry["seq"] for entry in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    size = httpx.get(f"{township.service.address}/v1/ledger/{township.code}/checkpoint").json()["size"]
    assert seen == list(range(size))


def test_a_helper_reads_his_own_ledger_and_no_other(township):
    helper, other = township.office("helper"), township.person("别人")
    assert helper.get(f"/helpers/{helper.person_id}/ledger").json()["items"][0]["event"] == "appointment.made"
    assert helper.get(f"/helpers/{other}/ledger").status_code == 404
    assert helper.get("/ledgers/helpers", year=2016).status_code == 403
    assert helper.get(f"/ledger/{township.code}/entries").status_code == 403


def test_another_township_s_log_is_not_there(township, service):
    office = township.office("leading_group_office")
    assert office.get("/ledger/411421999/entries").status_code == 404
    assert httpx.get(f"{service.address}/v1/ledger/411421999/checkpoint").status_code == 404
    for register in ("households", "helpers"):
        assert office.get(f"/{register}/{uuid4()}/ledger").status_code == 404


def test_a_checkpoint_needs_no_sign_in_and_tells_size_and_root_only(township):
    told = httpx.get(f"{township.service.address}/v1/ledger/{township.code}/checkpoint").json()
    assert told.keys() == {"log", "size", "root", "origin", "key", "signed"}
    assert len(told["root"]) == 64


def test_what_was_written_in_a_finding_or_a_case_is_disclosed_to_the_organs_and_the_subject_only(world):
    subject = world.cadre()
    world.decided(
        world.case(world.finding({"person_id": subject.person_id}, "HY.9.2.2"), basis="HY.9.2.2"),
        "written_self_criticism",
    )
    path = f"/helpers/{subject.person_id}/ledger"
    for reader, sees in ((world.committee, True), (subject, True), (world.place.office("assessor"), False)):
        decided = [e for e in reader.read(path)["items"] if e["event"] == "case.decided"]
        assert [e["disclosed"] is not None for e in decided] == [sees], reader
        assert "reasons" in decided[0]["leaf"], "the commitment stays"
    entries = world.place.office("assessor").read(f"/ledger/{world.place.code}/entries", limit=200)["items"]
    seen = {e["event"].split(".")[0] for e in entries if e["disclosed"] is not None}
    assert "finding.proposed" in {e["event"] for e in entries}
    assert not seen & {"finding", "case", "objection"}
    assert "person" in seen


RECORD = {"version": 1, "created_at": "2016-12-01", "fingerprint": ""}


@pytest.fixture
def keep(township):
    """Rows as the service would keep them, past what they refer to; gone afterwards, for a backup wants them whole."""
    tables: dict[str, None] = {}

    def kept(table: str, **values) -> None:
        tables[table] = None
        row = {"county_code": township.county, "township_code": township.code, "id": str(uuid4()), **values}
        names, marks = map(sql.Identifier, row), [sql.Placeholder()] * len(row)
        parts = (sql.Identifier(table), sql.SQL(", ").join(names), sql.SQL(", ").join(marks))
        past(sql.SQL("insert into {} ({}) values ({})").format(*parts), list(row.values()))

    def past(statement, values: list[object]) -> None:
        with psycopg.connect(township.service.database_url) as owner:
            owner.execute("set local session_replication_role = replica")
            owner.execute(statement, values)

    yield kept
    for table in tables:
        past(sql.SQL("delete from {} where township_code = %s").format(sql.Identifier(table)), [township.code])


def test_R5_1_the_two_ledgers_say_what_an_office_wants_to_know_of_the_year(township, keep):
    """Visits by month, checks, quarters, determination; the household's helper and sign-off: of that year alone."""
    office = township.office("leading_group_office")
    household, helper = township.helped("孙帮扶")
    township.at("2016-12-20")
    for day in ("2016-11-09", "2016-12-01", "2016-12-20"):
        visit = {"household_id": household, "device_time": f"{day}T09:00:00+08:00", "place": "户内", "text": "走访"}
        helper.made("/visits", visit)
    since = RECORD | {"state_since": "2016-12-01"}
    him = {"helper_id": helper.person_id}
    for month, state, why in (("2016-11", "not_checked", "外出"), ("2016-12", "pending", None)):
        check = {"round_id": str(uuid4()), "month": month, "kind": "additional", "added_reason": "x", "state": state}
        nothing = dict.fromkeys(("team", "further", "interviews", "problems"), "[]")
        keep("inspections", **him, **since, **check, **nothing, team_warnings=[], not_checked_reason=why)
    keep("quarterly_scores", **him, **since, round_id=str(uuid4()), quarter="2016-Q4", state="assessed")
    made = {"proposal": "{}", "proposal_hash": "0", "departs": False, "measures": [], "priority_for_excellent": False}
    made |= {"priority_for_awards": False, "notice_due": False, "author_id": str(uuid4()), "reasons": "x"}
    made |= {"determined_at": "2016-12-31", "submission_id": str(uuid4()), "results_considered": "x", "year": 2016}
    evaluation = str(uuid4())
    for number, outcome, before in ((1, "not_determined", None), (2, "complete", str(uuid4()))):
        again = {"replaces_id": before, "reopened_because": before and "x"}
        what = {"evaluation_id": evaluation, "number": number, "outcome": outcome, **again}
        keep("annual_determinations", **him, **made, **what)
    keep("signoffs", **since, household_id=household, village_code=township.village, year=2016, revision=1,
         state="household_signed", out_of_poverty=True, outside_rule="x", measures=[], checks="{}", nonce="0",
         statement_hash="0" * 64, prepared_by=str(uuid4()), objected=False, late=False)  # fmt: skip

    rows = {row["id"]: row for row in office.read("/ledgers/helpers", year=2016)["items"]}
    assert rows.keys() == {helper.person_id}, "others have entries too, and no place in a ledger of helpers' work"
    row = rows[helper.person_id]
    assert (row["name"], row["unit"], row["households"]) == ("孙帮扶", None, 1)
    assert row["visits"] == [0] * 10 + [1, 2]
    assert row["checks"] == [None] * 10 + ["not_checked", "pending"]
    assert row["quarters"] == [None, None, None, "assessed"]
    assert row["determination"] == "complete", "the last one stands"
    assert row["events"]["visit.recorded"] == 3

    (row,) = office.read("/ledgers/households", year=2016)["items"]
    assert (row["head_name"], row["helper"], row["visits"]) == ("赵大山", "孙帮扶", [0] * 10 + [1, 2])
    assert (row["signoff"], row["out_of_poverty"], row["confirmed_on"]) == ("household_signed", True, None)
    headers = {"accept": XLSX}
    answer = office.client.get("/v1/ledgers/helpers", params={"year": 2016}, headers=headers)
    sheet = openpyxl.load_workbook(BytesIO(answer.content)).active
    assert sheet["A1"].value == "帮扶责任人帮扶工作考核台账"
    assert "年度:2016" in sheet["A2"].value and "制表日期:2016-12-20" in sheet["A2"].value
    table = [dict(zip([c.value for c in sheet[3]], [c.value for c in line], strict=True)) for line in sheet["4:8"]]
    line = next(line for line in table if line["帮扶责任人"] == "孙帮扶")
    assert (line["1月走访"], line["12月走访"], line["11月抽查"]) == (0, 2, "未检查")
    assert (line["第4季度考核"], line["年终评定"]) == ("已考核", "全面完成")

    assert office.read("/ledgers/helpers", year=2017)["items"] == [], "a year that has not begun has no rows"

    township.at("2017-01-02")
    rows = {row["id"]: row for row in office.read("/ledgers/helpers", year=2017)["items"]}
    row = rows[helper.person_id]
    assert (row["households"], row["visits"], row["entries"], row["events"]) == (1, [0] * 12, 0, {})
    assert (row["first_at"], row["determination"]) == (None, None), "he who did nothing stands there too"
