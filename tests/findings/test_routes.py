"""Are findings proposed, confirmed, dismissed and kept from others' eyes, over HTTP on a real database?"""

from typing import Any

import pytest

FOUND: dict[str, Any] = {
    "source": "citizen_report",
    "fact_on": "2017-03-15",
    "description": "评议结果公示后第三天即被撤下。",
    "evidence": ["照片2张"],
    "suggested_grounds": ["HY.9.3.3"],
}
CONFIRM = {"ground": "HY.9.3.3", "alternatives": ["HY.9.4.1"], "reasons": "经核实,公示时间不足。"}


@pytest.fixture
def place(township):
    township.at("2017-03-20")
    return township


def village_finding(place: Any, **more: Any) -> dict[str, Any]:
    body = {**FOUND, "subject": {"village_code": place.village}, **more}
    return place.office("leading_group_office").made("/findings", body)


def test_G58_a_finding_is_proposed_and_an_organ_confirms_it(place):
    made = village_finding(place)
    assert (made["state"], made["rulebook"]) == ("proposed", "HUAYUAN-2016")
    committee = place.office("party_committee")
    seen = committee.read(f"/findings/{made['id']}")
    assert [a["name"] for a in seen["actions"] if a["allowed"]] == ["confirm", "dismiss"]
    done = committee.act(f"/findings/{made['id']}", "confirm", CONFIRM)
    assert (done["state"], done["ground"], done["alternatives"]) == ("confirmed", "HY.9.3.3", ["HY.9.4.1"])
    assert (done["settled_organ"], done["settled_on"]) == ("party_committee", "2017-03-20")
    assert committee.try_act(f"/findings/{made['id']}", "dismiss", {"reasons": "不属实"}).status_code == 409


def test_R2_2_a_finding_is_dismissed_with_its_reason_only(place):
    path = f"/findings/{village_finding(place)['id']}"
    commission = place.office("discipline_commission")
    assert commission.try_act(path, "dismiss", {}).status_code == 422
    assert commission.act(path, "dismiss", {"reasons": "经核实不属实。"})["reasons"] == "经核实不属实。"


def test_R10_a_unit_helpers_finding_is_for_the_discipline_commission(place):
    helper = place.person("孙六", category="unit_staff")
    made = place.office("assessor").made("/findings", {**FOUND, "source": "office", "subject": {"person_id": helper}})
    path = f"/findings/{made['id']}"
    refused = place.office("party_committee").try_act(path, "confirm", CONFIRM)
    assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[-1]) == (403, "organ-not-competent")
    assert place.office("discipline_commission").act(path, "confirm", CONFIRM)["state"] == "confirmed"


def test_findings_are_read_by_organs_leading_group_and_subject_only(place):
    person = place.person("周七", category="organ_cadre")
    place.appoint(person, "helper")
    subject = place.account(person)
    made = place.office("assessor").made("/findings", {**FOUND, "subject": {"person_id": person}})
    path = f"/findings/{made['id']}"
    for office in ("party_committee", "township_government", "discipline_commission", "leading_group"):
        assert place.office(office).get(path).status_code == 200
    assert subject.get(path).status_code == 200
    assert len(subject.read("/findings")["items"]) == 1
    for office in ("assessor", "leading_group_office", "helper", "administrator"):
        assert place.office(office).get(path).status_code == 404
        assert place.office(office).read("/findings")["items"] == []


def test_the_head_of_the_village_reads_what_was_found_about_its_committees(place):
    path = f"/findings/{village_finding(place)['id']}"
    assert place.office("village_committee_head", place=place.village).get(path).status_code == 200
    elsewhere = place.office("village_committee_head", place=place.code + "202")
    assert elsewhere.get(path).status_code == 404


def test_G61_nobody_settles_a_finding_about_himself(place):
    person = place.person("吴八", category="village_committee_member")
    place.appoint(person, "party_committee")
    member = place.account(person)
    made = place.office("assessor").made("/findings", {**FOUND, "subject": {"person_id": person}})
    refused = member.try_act(f"/findings/{made['id']}", "confirm", CONFIRM)
    assert (refused.status_code, refused.json()["article"]) == (403, "G61")


@pytest.mark.parametrize(
    ("values", "status", "code"),
    [
        ({"fact_on": "2016-11-08"}, 409, "before-commencement"),
        ({"fact_on": "2017-03-21"}, 409, "fact-in-the-future"),
        ({"suggested_grounds": ["HY.9.1.4"]}, 409, "ground-not-in-rulebook"),
        ({"suggested_grounds": ["HY.9.6"]}, 422, None),
        ({"subject": {}}, 422, "subject-unclear"),
        ({"source": "inspection"}, 422, None),
    ],
)
def test_G51_and_other_findings_that_are_refused(shared_township, values, status, code):
    shared_township.at("2017-03-20")
    body = {**FOUND, "subject": {"village_code": shared_township.village}, **values}
    answer = shared_township.office("party_gov_office").post("/findings", body)
    assert answer.status_code == status, answer.text
    assert code is None or answer.json()["type"].endswith(code)


def test_G45_only_the_discipline_commission_confirms_under_article_8(place):
    path = f"/findings/{village_finding(place)['id']}"
    general = {"ground": "HY.8", "reasons": "五项要件俱备。"}
    assert place.office("party_committee").try_act(path, "confirm", general).status_code == 403
    assert place.office("discipline_commission").act(path, "confirm", general)["ground"] == "HY.8"


def test_only_recorders_propose(place):
    body = {**FOUND, "subject": {"village_code": place.village}}
    assert place.office("helper").post("/findings", body).status_code == 403
