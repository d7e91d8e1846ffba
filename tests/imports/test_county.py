"""Can a county's system hand in a sheet, and does nothing of it come on record before the township says so?"""

import hashlib
import json

import pytest

from app.imports import rules
from app.sheets import CSV, XLSX
from tests.conftest import Caller, Township
from tests.events.conftest import County
from tests.imports.offices import as_csv, citizen_id, hand_in, handed_in, refused, reread, roster

SHEET = as_csv(["姓名", "人员类别"], ["李建国", "机关干部"], ["王小明", "天书"])


@pytest.fixture
def township(county: County) -> Township:
    place = county.township()
    place.admin.made("/villages", {"code": place.village, "name": "花园村委会"})
    return place


def names(caller: Caller) -> list[str]:
    return [person["name"] for person in caller.read("/people", limit=200)["items"]]


def test_the_township_imports_what_the_county_handed_in(county: County, township: Township) -> None:
    system, office = county.client("import", "read"), township.office("leading_group_office")
    numbers = [citizen_id() for _ in range(7)]
    made = handed_in(system, roster(numbers), "roster", XLSX, township_code=township.code)
    assert (made["township_code"], made["from_county"], made["importer_id"]) == (township.code, True, None)
    assert (made["state"], made["good"], made["bad"], made["imported"]) == ("checked", 7, 0, 0)
    assert "王五" not in names(office), "nothing is on the register yet"
    refused(system.try_act(f"/imports/{made['id']}", "carry-out"), 403, "townships-own")

    (task,) = [t for t in office.read("/me/tasks")["items"] if t["resource"] == "imports"]
    assert task["id"] == made["id"]
    done = office.act(f"/imports/{made['id']}", "carry-out")
    assert (done["state"], done["imported"], done["from_county"]) == ("done", 7, True)
    assert done["importer_id"] == office.person_id
    assert names(office).count("王五") == 1

    seen = system.read(f"/imports/{made['id']}")
    assert (seen["state"], seen["imported"]) == ("done", 7), "whoever handed it in follows what became of it"


def test_the_county_reads_the_reasons_in_its_own_sheet(county: County, township: Township) -> None:
    system = county.client("import", "read")
    made = handed_in(system, SHEET, "roster", CSV, township_code=township.code, mode="independent")
    assert (made["good"], made["bad"]) == (1, 1)
    items = system.read(f"/imports/{made['id']}/report")["items"]
    assert [(i["row"], i["outcome"]) for i in items] == [(2, "good"), (3, "bad")]
    returned = system.client.get(f"/v1/imports/{made['id']}/report", headers={"accept": XLSX})
    assert [row[2] for row in reread(returned.content)] == ["导入结果", "可导入", "有误"]


def test_a_client_sees_no_sheet_but_its_own(county: County, township: Township) -> None:
    system, other, reader = (
        county.client("import", "read"),
        county.client("import", "read"),
        county.client("read", "events"),
    )
    townships = handed_in(township.office("leading_group_office"), SHEET, "roster")
    own = handed_in(system, SHEET, "roster", township_code=township.code)
    assert [i["id"] for i in system.read("/imports")["items"]] == [own["id"]]
    for one in (own["id"], townships["id"]):
        for path in (f"/imports/{one}", f"/imports/{one}/report"):
            assert other.get(path).status_code == 404
    assert other.read("/imports")["items"] == []
    refused(reader.get("/imports"), 403, "scope-not-given")
    refused(hand_in(county.client("import"), SHEET, "roster", township_code=township.code), 403, "scope-not-given")
    refused(hand_in(reader, SHEET, "roster", township_code=township.code), 403, "scope-not-given")


def test_what_a_client_must_say(county: County, township: Township) -> None:
    system, elsewhere = county.client("import", "read"), f"{county.code}799"
    for of in ({}, {"township_code": elsewhere}, {"township_code": "411421001"}):
        told = refused(hand_in(system, SHEET, "roster", **of), 422, "which-township")
        assert told["errors"][0]["pointer"] == "query:township_code" or "township_code" in str(told["errors"])
    refused(hand_in(system, SHEET, "roster", township_code=township.code, dry_run=False), 403, "township-carries-out")
    assert system.read("/imports")["items"] == []


def test_a_township_speaks_for_itself_alone(county: County, township: Township) -> None:
    office, other = township.office("leading_group_office"), county.township()
    refused(hand_in(office, SHEET, "roster", township_code=other.code), 403, "of-another-township")
    assert handed_in(office, SHEET, "roster", township_code=township.code)["from_county"] is False


def test_of_one_client_so_many_sheets_wait_and_no_more(
    county: County, township: Township, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "WAITING", 2)
    system, of = county.client("import", "read"), {"township_code": township.code}
    first, _ = (handed_in(system, SHEET, "roster", **of) for _ in range(2))
    refused(hand_in(system, SHEET, "roster", **of), 409, "too-many-sheets-wait")
    handed_in(county.client("import", "read"), SHEET, "roster", **of)
    handed_in(system, SHEET, "roster", township_code=county.township().code)
    township.office("leading_group_office").act(f"/imports/{first['id']}", "cancel")
    handed_in(system, SHEET, "roster", **of)


def test_the_same_sheet_sent_again_is_one(county: County, township: Township) -> None:
    system = county.client("import", "read")
    first, again = (hand_in(system, SHEET, "roster", key="sheet-7", township_code=township.code) for _ in range(2))
    assert (again.status_code, again.headers.get("idempotent-replayed")) == (201, "true")
    assert again.json() == first.json() and len(system.read("/imports")["items"]) == 1
    other = county.township()
    refused(hand_in(system, SHEET, "roster", key="sheet-7", township_code=other.code), 422, "key-reused")


def test_both_logs_tell_whose_sheet_it_was(county: County, township: Township) -> None:
    system: Caller = county.client("import", "read")
    made = handed_in(system, SHEET, "roster", township_code=township.code, mode="independent")
    township.office("leading_group_office").act(f"/imports/{made['id']}", "carry-out")
    for reader, log, event in (
        (county.client("read"), county.code, "import.received"),
        (township.office("party_committee"), township.code, "import.carried_out"),
    ):
        entries = [json.loads(e["leaf"]) for e in reader.read(f"/ledger/{log}/entries", limit=200)["items"]]
        (entry,) = [e for e in entries if e["event"] == event]
        assert entry["subject"]["id"] == made["id"] and entry["data"]["from_county"] is True
        assert entry["data"]["digest"] == hashlib.sha256(SHEET).hexdigest()
    assert entry["actor"]["person"] == township.office("leading_group_office").person_id


def test_who_is_in_the_office_no_more_reads_no_sheet_that_he_handed_in(township: Township) -> None:
    clerk = township.office("leading_group_office")
    made = handed_in(clerk, SHEET, "roster")
    paths = (f"/imports/{made['id']}", f"/imports/{made['id']}/report")
    assert [clerk.get(path).status_code for path in paths] == [200, 200]
    (held,) = [a for a in township.admin.read("/appointments", limit=200)["items"] if a["person_id"] == clerk.person_id]
    township.at("2016-11-20")
    township.admin.act(f"/appointments/{held['id']}", "end", {"ends": "2016-11-20"})
    assert [clerk.get(path).status_code for path in paths] == [404, 404]
    assert clerk.read("/imports")["items"] == []
