"""Is the log read in order, by those who may, and are the two ledgers of article 5 made from it alone?"""

from uuid import uuid4

import httpx


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
