"""Are requirements set, meetings called and forms handed in over HTTP as the contract says?"""

from uuid import uuid4

import pytest


def code(answer):
    return answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]


def test_G47_a_requirement_carries_the_day_it_was_recorded(township):
    office = township.office("party_gov_office")
    body = {"kind": "visits", "text": "每月走访不少于两次", "applies_from": "2016-12-01", "visits_per_month": 2}
    made = office.made("/requirements", body)
    assert made["recorded_on"] == "2016-11-09"
    assert office.read("/requirements", kind="visits")["items"] == [made]
    held = [office.read("/requirements", as_of=day)["items"] for day in ("2016-11-30", "2016-12-01")]
    assert held == [[], [made]]
    assert code(office.post("/requirements", body | {"kind": "forms"})) == (422, "visits-are-counted-by-the-month")
    assert code(office.post("/requirements", body | {"applies_to": "2016-11-30"})) == (422, "ends-before-it-begins")
    assert township.office("assessor").post("/requirements", body).status_code == 403


def meeting(invitees, begins="2016-11-20T09:00:00+08:00", **more):
    return {
        "title": "推进会",
        "place": "会议室",
        "begins_at": begins,
        "required": True,
        "invitee_ids": invitees,
        **more,
    }


def test_G46_a_meeting_is_marked_required_before_it_begins_with_its_invitees(township):
    office, person = township.office("party_gov_office"), township.person()
    assert code(office.post("/meetings", meeting([]))) == (422, "required-meeting-names-its-invitees")
    assert code(office.post("/meetings", meeting([person, person]))) == (422, "named-twice")
    late = meeting([person], begins="2016-11-08T09:00:00+08:00")
    assert code(office.post("/meetings", late)) == (409, "required-only-beforehand")
    assert office.made("/meetings", late | {"required": False})["invited"] == 1
    assert office.post("/meetings", meeting([str(uuid4())])).status_code == 409


def test_G46_attendance_is_recorded_after_the_meeting_began_and_corrected_with_a_reason(township):
    office = township.office("party_gov_office")
    people = [township.person(n) for n in ("甲", "乙", "丙")]
    made = office.made("/meetings", meeting(people))
    path = f"/meetings/{made['id']}"
    entries = [{"person_id": p, "attendance": a} for p, a in zip(people, ("attended", "late", "absent"), strict=True)]
    assert code(office.try_act(path, "attendance", {"entries": entries})) == (409, "meeting-not-yet-held")
    township.at("2016-11-20", "10:00:00")
    seen = office.act(path, "attendance", {"entries": entries})
    assert (seen["invited"], seen["attended"], seen["late"], seen["absent"]) == (3, 1, 1, 1)
    changed = [{"person_id": people[2], "attendance": "late"}]
    assert code(office.try_act(path, "attendance", {"entries": changed})) == (409, "correction-needs-reason")
    assert office.act(path, "attendance", {"entries": changed, "reason": "签到补录"})["absent"] == 0
    stranger = [{"person_id": township.person("丁"), "attendance": "absent"}]
    assert code(office.try_act(path, "attendance", {"entries": stranger})) == (409, "not-invited")


def test_G46_leave_is_asked_for_by_the_invitee_and_decided_by_an_organiser(township):
    office, (_, me) = township.office("party_gov_office"), township.helped()
    made = office.made("/meetings", meeting([me.person_id, office.person_id]))
    assert me.read(f"/meetings/{made['id']}")["invited"] == 2
    mine = me.read("/meeting-invitations", meeting_id=made["id"])["items"]
    assert [i["person_id"] for i in mine] == [me.person_id]
    path = f"/meeting-invitations/{mine[0]['id']}"
    assert office.try_act(path, "request-leave", {"reason": "代请"}).status_code == 403
    assert me.act(path, "request-leave", {"reason": "住院"})["state"] == "leave_requested"
    assert me.try_act(path, "approve-leave").status_code == 403
    tasks = [t["id"] for t in office.read("/me/tasks")["items"]]
    assert mine[0]["id"] in tasks
    assert office.act(path, "approve-leave")["state"] == "leave_approved"
    assert office.read(f"/meetings/{made['id']}")["on_leave"] == 1
    own = office.read("/meeting-invitations", person_id=office.person_id)["items"][0]
    office.act(f"/meeting-invitations/{own['id']}", "request-leave", {"reason": "出差"})
    refused = office.try_act(f"/meeting-invitations/{own['id']}", "approve-leave")
    assert code(refused) == (403, "not-your-own-leave")
    group = township.office("leading_group_office")
    declined = group.act(f"/meeting-invitations/{own['id']}", "refuse-leave", {"reason": "会议不可缺席"})
    assert (declined["state"], declined["decision_reason"]) == ("leave_refused", "会议不可缺席")


def test_G48_a_form_is_late_after_the_end_of_its_due_day(township):
    office, (_, me) = township.office("leading_group_office"), township.helped()
    body = {"title": "收入核算表", "text": "按户填写", "due_on": "2016-11-30"}
    task = office.made("/form-tasks", body)
    assert code(office.post("/form-tasks", body | {"due_on": "2016-11-08"})) == (409, "due-before-it-was-set")
    township.at("2016-11-30", "23:59:59")
    assert me.made(f"/form-tasks/{task['id']}/submissions", {"text": "已填"})["late"] is False
    township.at("2016-12-01", "00:00:00")
    assert me.made(f"/form-tasks/{task['id']}/submissions", {"text": "补报"})["late"] is True
    assert me.read(f"/form-tasks/{task['id']}")["handed_in"] == 1
    assert len(office.read(f"/form-tasks/{task['id']}/submissions")["items"]) == 2


def test_HY_9_1_3_a_form_is_returned_as_irregular_or_incomplete_by_another(township):
    office, (_, me), (_, other) = township.office("leading_group_office"), township.helped(), township.helped("周")
    body = {"title": "收入核算表", "text": "按户填写", "due_on": "2016-11-30", "helper_ids": [me.person_id]}
    task = office.made("/form-tasks", body)
    assert code(other.post(f"/form-tasks/{task['id']}/submissions", {"text": "x"})) == (409, "not-asked-of-you")
    form = me.made(f"/form-tasks/{task['id']}/submissions", {"text": "已填"})
    path = f"/form-submissions/{form['id']}"
    assert other.get(path).status_code == 404
    empty = office.try_act(path, "return", {"irregular": False, "incomplete": False, "note": "?"})
    assert code(empty) == (422, "return-names-what-is-wrong")
    back = office.act(path, "return", {"irregular": True, "incomplete": False, "note": "收入栏漏填"})
    assert (back["state"], back["irregular"], back["incomplete"]) == ("returned", True, False)
    again = me.made(f"/form-tasks/{task['id']}/submissions", {"text": "改好"})
    assert office.act(f"/form-submissions/{again['id']}", "accept", {})["state"] == "accepted"
    assert me.try_act(path, "accept", {}).status_code == 403


def test_G48_a_form_is_a_task_of_its_helpers_until_handed_in(township):
    office, helper = township.office("leading_group_office"), township.office("helper")
    task = office.made("/form-tasks", {"title": "月报表", "text": "每月报送。", "due_on": "2016-11-30"})

    def asked(caller):
        return [t for t in caller.read("/me/tasks")["items"] if t["resource"] == "form-tasks"]

    (mine,) = asked(helper)
    assert (mine["id"], mine["due_on"], mine["actions"]) == (task["id"], "2016-11-30", ["submissions"])
    assert asked(office) == [], "it is the helpers' to hand in"
    handed = helper.made(f"/form-tasks/{task['id']}/submissions", {"text": "已填报。"})
    assert asked(helper) == []
    office.act(f"/form-submissions/{handed['id']}", "return", {"irregular": True, "incomplete": False, "note": "重填"})
    assert [t["id"] for t in asked(helper)] == [task["id"]], "what was returned is asked for again"


@pytest.mark.parametrize("path", ["requirements", "meetings", "form-tasks"])
def test_every_list_refuses_unknown_filters_and_needs_a_sign_in(township, path):
    office = township.office("leading_group_office")
    assert office.get(f"/{path}").status_code == 200
    assert office.get(f"/{path}", wrong="1").status_code == 422
    assert office.client.get(f"/v1/{path}", headers={"authorization": ""}).status_code == 401


def test_a_form_is_asked_only_of_people_on_record(township, other_township):
    office = township.office("leading_group_office")
    body = {"title": "收入核算表", "text": "按户填写", "due_on": "2016-11-30"}
    for stranger in (other_township.person(), "01920000-0000-7000-8000-000000000009"):
        answer = office.post("/form-tasks", body | {"helper_ids": [township.person(), stranger]})
        assert (answer.status_code, answer.json()["code"]) == (409, "nobody-of-that-name")
    assert office.post("/form-tasks", body | {"helper_ids": [township.person()]}).status_code == 201
