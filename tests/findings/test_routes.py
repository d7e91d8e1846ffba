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


# ── what was expected ────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def helper(township):
    """A village cadre who helps, on 2016-12-01."""
    township.at("2016-12-01")
    person = township.person("周七", category="village_committee_member")
    township.appoint(person, "helper")
    return person


def confirmable(place: Any, person: str, fact_on: str, source: str = "office") -> str:
    """A proposed finding about a person, on 2017-03-20."""
    place.at("2017-03-20")
    body = {**FOUND, "source": source, "subject": {"person_id": person}, "fact_on": fact_on, "suggested_grounds": []}
    return f"/findings/{place.office('assessor').made('/findings', body)['id']}"


def confirm(place: Any, path: str, ground: str, **named: str) -> tuple[int, str]:
    body = {"ground": ground, "reasons": "经核实。", **named}
    answer = place.office("party_committee").try_act(path, "confirm", body)
    return answer.status_code, answer.json().get("code", "")


def test_G47_HY_9_1_2_rests_on_a_requirement_that_was_there_before(township, helper):
    office = township.office("party_gov_office")
    visits = {"kind": "visits", "text": "每月走访不少于两次", "applies_from": "2016-12-01", "visits_per_month": 2}
    first = office.made("/requirements", visits | {"applies_to": "2017-02-01"})["id"]
    path = confirmable(township, helper, "2017-01-31")
    later = office.made("/requirements", visits)["id"]
    assert confirm(township, path, "HY.9.1.2") == (409, "no-expectation-on-record")
    assert confirm(township, path, "HY.9.1.2", requirement_id=later) == (409, "expectation-came-later")
    assert confirm(township, path, "HY.9.1.2", requirement_id=first)[0] == 200
    after = confirmable(township, helper, "2017-02-01")
    assert confirm(township, after, "HY.9.1.2", requirement_id=first) == (409, "no-expectation-on-record")


def test_G47_a_requirement_put_on_record_on_the_day_of_the_facts_is_no_measure_of_them(township, helper):
    """Nobody can have kept what was only written down that day."""
    township.at("2017-01-30")
    visits = {"kind": "visits", "text": "每月走访不少于两次", "applies_from": "2016-12-01", "visits_per_month": 2}
    written = township.office("party_gov_office").made("/requirements", visits)["id"]
    same_day, day_after = (confirmable(township, helper, day) for day in ("2017-01-30", "2017-01-31"))
    assert confirm(township, same_day, "HY.9.1.2", requirement_id=written) == (409, "expectation-came-later")
    assert confirm(township, day_after, "HY.9.1.2", requirement_id=written)[0] == 200


@pytest.mark.parametrize(
    ("seen", "answer"), [("attended", (409, "was-there")), ("late", (409, "was-there")), ("absent", (200, ""))]
)
def test_G46_nobody_missed_a_meeting_at_which_he_was_seen(township, helper, seen, answer):
    office = township.office("leading_group_office")
    body = {"title": "例会", "place": "乡政府", "begins_at": "2016-12-05T09:00:00+08:00", "required": True}
    meeting = office.made("/meetings", body | {"invitee_ids": [helper]})["id"]
    path = confirmable(township, helper, "2016-12-05")
    entries = {"entries": [{"person_id": helper, "attendance": seen}]}
    office.act(f"/meetings/{meeting}", "attendance", entries)
    assert confirm(township, path, "HY.9.1.1", meeting_id=meeting) == answer


@pytest.mark.parametrize(("handed_in", "answer"), [("2016-12-10", (409, "done-in-time")), ("2016-12-11", (200, ""))])
def test_G48_what_was_handed_in_on_its_last_day_was_done_in_time(township, helper, handed_in, answer):
    office = township.office("leading_group_office")
    task = {"title": "收入核算表", "text": "按户填写", "due_on": "2016-12-10", "helper_ids": [helper]}
    mine = office.made("/form-tasks", task)["id"]
    township.at(handed_in, "23:30:00")
    township.account(helper).made(f"/form-tasks/{mine}/submissions", {"text": "已填写"})
    path = confirmable(township, helper, "2016-12-12")
    assert confirm(township, path, "HY.9.2.3", form_task_id=mine) == answer


def test_G46_HY_9_1_1_rests_on_a_required_meeting_missed_without_leave(township, helper):
    office = township.office("leading_group_office")
    body = {"title": "例会", "place": "乡政府", "begins_at": "2016-12-05T09:00:00+08:00", "required": True}
    missed, excused = (office.made("/meetings", body | {"invitee_ids": [helper]})["id"] for _ in range(2))
    optional = office.made("/meetings", body | {"required": False, "invitee_ids": [helper]})["id"]
    (invitation,) = office.read("/meeting-invitations", meeting_id=excused)["items"]
    township.account(helper).act(f"/meeting-invitations/{invitation['id']}", "request-leave", {"reason": "住院"})
    office.act(f"/meeting-invitations/{invitation['id']}", "approve-leave", {"reason": "同意"})
    path = confirmable(township, helper, "2016-12-05")
    assert confirm(township, path, "HY.9.1.1") == (409, "no-meeting-on-record")
    assert confirm(township, path, "HY.9.1.1", meeting_id=optional) == (409, "no-meeting-on-record")
    assert confirm(township, path, "HY.9.1.1", meeting_id=excused) == (409, "leave-was-approved")
    assert confirm(township, path, "HY.9.1.1", meeting_id=missed)[0] == 200


def test_G48_HY_9_2_3_rests_on_a_task_overdue_that_day(township, helper):
    office = township.office("leading_group_office")
    task = {"title": "收入核算表", "text": "按户填写", "due_on": "2016-12-10", "helper_ids": [helper]}
    mine = office.made("/form-tasks", task)["id"]
    other = township.person("别人", category="village_committee_member")
    township.appoint(other, "helper")
    theirs = office.made("/form-tasks", task | {"helper_ids": [other]})["id"]
    early, late = (confirmable(township, helper, day) for day in ("2016-12-10", "2016-12-11"))
    assert confirm(township, early, "HY.9.2.3", form_task_id=mine) == (409, "not-late")
    assert confirm(township, late, "HY.9.2.3", form_task_id=theirs) == (409, "no-expectation-on-record")
    assert confirm(township, late, "HY.9.2.3", form_task_id=mine)[0] == 200
