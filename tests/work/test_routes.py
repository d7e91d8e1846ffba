"""Is the everyday work kept over HTTP: requirements, plans, visits, meetings, forms, publications?"""

from uuid import uuid4

import pytest


def code(answer):
    return answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]


def helped(township, name="孙帮扶"):
    """A household and its helper, signed in."""
    office = township.office("leading_group_office")
    body = {
        "card_number": uuid4().hex, "village_code": township.village, "head_name": "赵大山", "main_cause": "illness",
        "listed_on": "2016-01-01",
    }  # fmt: skip
    household = office.made("/households", body)["id"]
    person = township.person(name)
    township.appoint(person, "helper")
    pairing = {"household_id": household, "helper_id": person, "is_primary": True, "starts": "2016-11-09"}
    office.made("/pairings", pairing)
    return household, township.account(person)


def visit(household, at="2016-11-09T08:30:00+08:00", **more):
    return {"household_id": household, "device_time": at, "place": "家中", "text": "了解生产情况", **more}


# ── requirements and plans ───────────────────────────────────────────────────────────────────────


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


def test_HY_9_3_4_a_helper_plans_for_his_household_and_HY_9_3_5_carries_it_out(township):
    household, me = helped(township)
    other, _ = helped(township, "周帮扶")
    measures = [{"text": "养鸡", "due_on": "2017-06-30"}, {"text": "务工", "due_on": "2017-03-31"}]
    body = {
        "household_id": household,
        "kind": "assistance_plan",
        "year": 2017,
        "text": "一户一策",
        "measures": measures,
    }
    made = me.made("/plans", body)
    assert [m["text"] for m in made["measures"]] == ["务工", "养鸡"]
    assert me.read(f"/plans/{made['id']}") == made
    assert me.post("/plans", body | {"household_id": other}).status_code == 404
    path = f"/plan-measures/{made['measures'][0]['id']}"
    me.act(path, "start")
    late = me.try_act(path, "complete", {"done_on": "2017-03-01", "result": "已务工"})
    assert code(late) == (409, "dated-in-the-future")
    township.at("2017-03-05")
    done = me.act(path, "complete", {"done_on": "2017-03-01", "result": "已务工"})
    assert (done["state"], done["done_on"], done["result"]) == ("done", "2017-03-01", "已务工")
    dropped = me.act(f"/plan-measures/{made['measures'][1]['id']}", "drop", {"reason": "缺场地"})
    assert (dropped["state"], dropped["result"]) == ("dropped", "缺场地")
    assert township.office("assessor").try_act(path, "start").status_code == 403


# ── visits ───────────────────────────────────────────────────────────────────────────────────────


def test_a_visit_is_recorded_by_the_helper_with_two_clocks(township):
    household, me = helped(township)
    township.at("2016-12-02")
    made = me.made("/visits", visit(household, "2016-11-30T15:59:00Z"))
    assert (made["visited_on"], made["month"], made["clock"]) == ("2016-11-30", "2016-11", "device")
    assert made["received_later"] is True
    assert made["helper_id"] == me.person_id
    ahead = me.made("/visits", visit(household, "2017-03-01T08:00:00+08:00"))
    assert (ahead["visited_on"], ahead["clock"], ahead["received_later"]) == ("2016-12-02", "server", False)
    assert [v["id"] for v in me.read("/visits", month="2016-12")["items"]] == [ahead["id"]]
    assert township.office("leading_group_office").post("/visits", visit(household)).status_code == 403


def test_a_visit_sent_again_is_no_second_visit(township):
    household, me = helped(township)
    body = visit(household, id=str(uuid4()))
    first, second = me.post("/visits", body), me.post("/visits", body)
    assert [first.status_code, second.status_code] == [201, 200]
    assert first.json() == second.json()
    assert code(me.post("/visits", body | {"text": "另一次"})) == (409, "id-taken")
    assert len(me.read("/visits", household_id=household)["items"]) == 1


def test_G18_a_visit_belongs_to_a_helper_of_that_day(township):
    household, me = helped(township)
    other, _ = helped(township, "周帮扶")
    assert me.post("/visits", visit(other)).status_code == 404
    assert code(me.post("/visits", visit(household, "2016-11-08T10:00:00+08:00"))) == (409, "not-paired-that-day")


def test_a_visit_is_never_handed_in_without_a_time_zone_or_with_unknown_fields(township):
    household, me = helped(township)
    assert me.post("/visits", visit(household, "2016-11-09T08:30:00")).status_code == 422
    assert me.post("/visits", visit(household, helper_id=me.person_id)).status_code == 422
    assert me.get("/visits", helper="x").status_code == 422


def test_G55_a_visit_is_corrected_in_a_new_version_and_the_old_one_stays(township):
    household, me = helped(township)
    made = me.made("/visits", visit(household))
    fixed = me.act(f"/visits/{made['id']}", "correct", {"place": "村委会", "reason": "地点写错"})
    assert (fixed["place"], fixed["version"]) == ("村委会", 2)
    assert [(e["version"], e["place"], e["reason"]) for e in fixed["earlier"]] == [(1, "家中", "地点写错")]
    assert me.read(f"/visits/{made['id']}") == fixed
    office = township.office("leading_group_office")
    events = [e["event"] for e in office.read(f"/households/{household}/ledger")["items"]]
    assert events[-2:] == ["visit.recorded", "visit.corrected"]


# ── meetings ─────────────────────────────────────────────────────────────────────────────────────


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
    office, (_, me) = township.office("party_gov_office"), helped(township)
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


# ── form tasks ───────────────────────────────────────────────────────────────────────────────────


def test_G48_a_form_is_late_after_the_end_of_its_due_day(township):
    office, (_, me) = township.office("leading_group_office"), helped(township)
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
    office, (_, me), (_, other) = township.office("leading_group_office"), helped(township), helped(township, "周")
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


# ── publications ─────────────────────────────────────────────────────────────────────────────────


def test_HY_9_3_3_what_was_public_is_recorded_from_day_to_day(township):
    principal = township.office("village_principal", place=township.village)
    body = {
        "kind": "poor_households", "title": "名单公示", "village_code": township.village, "place": "公示栏",
        "shown_from": "2016-11-09",
    }  # fmt: skip
    made = principal.made("/publications", body)
    assert code(principal.post("/publications", body | {"shown_from": "2016-11-10"})) == (409, "dated-in-the-future")
    elsewhere = body | {"village_code": f"{township.code}202"}
    assert code(principal.post("/publications", elsewhere)) == (403, "not-your-village")
    assert code(principal.post("/publications", body | {"village_code": "411421999201"})) == (422, "village-outside")
    township.at("2016-11-20")
    path = f"/publications/{made['id']}"
    early = principal.try_act(path, "take-down", {"shown_to": "2016-11-08"})
    assert code(early) == (409, "taken-down-before-shown")
    down = principal.act(path, "take-down", {"shown_to": "2016-11-16"})
    assert (down["state"], down["shown_to"]) == ("taken_down", "2016-11-16")
    assert principal.read("/publications", as_of="2016-11-16")["items"] == []
    assert [p["id"] for p in principal.read("/publications", as_of="2016-11-15")["items"]] == [made["id"]]
    late = principal.made("/publications", body | {"due_on": "2016-11-08"})
    assert (made["late"], late["late"]) == (False, True)
    assert township.office("assessor").post("/publications", body).status_code == 403


@pytest.mark.parametrize("path", ["requirements", "plans", "visits", "meetings", "form-tasks", "publications"])
def test_every_list_refuses_unknown_filters_and_needs_a_sign_in(township, path):
    office = township.office("leading_group_office")
    assert office.get(f"/{path}").status_code == 200
    assert office.get(f"/{path}", wrong="1").status_code == 422
    assert office.client.get(f"/v1/{path}", headers={"authorization": ""}).status_code == 401


# ── what a month's facts point to ────────────────────────────────────────────────────────────────


def test_G58_a_months_facts_are_counted_and_at_most_proposed(township):
    office, (household, me) = township.office("leading_group_office"), helped(township)
    rule = {"text": "每月走访不少于两次", "applies_from": "2016-11-09"}
    office.made("/requirements", rule | {"kind": "visits", "visits_per_month": 2})
    office.made("/requirements", rule | {"kind": "plans"})
    called = office.made("/meetings", meeting([me.person_id], begins="2016-12-10T09:00:00+08:00"))
    task = office.made("/form-tasks", {"title": "表", "text": "填", "due_on": "2016-12-15"})
    township.at("2016-12-20")
    entries = [{"person_id": me.person_id, "attendance": "absent"}]
    office.act(f"/meetings/{called['id']}", "attendance", {"entries": entries})
    me.made("/visits", visit(household, "2016-12-05T09:00:00+08:00"))
    me.made("/visits", visit(household, "2016-12-05T15:00:00+08:00"))
    path = f"/helpers/{me.person_id}/work"
    seen = me.read(path, month="2016-12")
    assert (seen["visits"], seen["days_in_village"], seen["households_visited"]) == (2, 1, 1)
    grounds = {p["ground"]: (p["facts"], p["subject_id"]) for p in seen["proposals"]}
    assert grounds == {
        "HY.9.1.1": (["absent"], called["id"]),
        "HY.9.1.3": (["late"], task["id"]),
        "HY.9.3.4": (["no_plan"], household),
    }
    plan = {"household_id": household, "kind": "assistance_plan", "year": 2016, "text": "一户一策"}
    me.made("/plans", plan | {"measures": [{"text": "养鸡", "due_on": "2016-12-21"}]})
    invitation = office.read("/meeting-invitations", meeting_id=called["id"])["items"][0]["id"]
    me.act(f"/meeting-invitations/{invitation}", "request-leave", {"reason": "住院"})
    me.made(f"/form-tasks/{task['id']}/submissions", {"text": "补报"})
    township.at("2017-02-02")
    later = {p["ground"]: p["facts"] for p in office.read(path, month="2016-12")["proposals"]}
    assert later == {"HY.9.1.3": ["late"], "HY.9.3.5": ["overdue:1"]}
    assert office.read(path, month="2017-01")["proposals"] == [
        {"ground": "HY.9.1.2", "facts": ["required:2", "made:0"], "subject_id": None},
        {"ground": "HY.9.3.4", "facts": ["no_plan"], "subject_id": household},
    ]
    assert township.office("village_principal", place=township.village).get(path, month="2016-12").status_code == 404
    assert office.get(path, month="2016-13").status_code == 422


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
