"""Is the everyday work kept over HTTP: plans, visits, publications and the month they make?"""

from uuid import uuid4

import pytest


def code(answer):
    return answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]


def visit(household, at="2016-11-09T08:30:00+08:00", **more):
    return {"household_id": household, "device_time": at, "place": "家中", "text": "了解生产情况", **more}


# ── requirements and plans ───────────────────────────────────────────────────────────────────────


def test_HY_9_3_4_a_helper_plans_for_his_household_and_HY_9_3_5_carries_it_out(township):
    household, me = township.helped()
    other, _ = township.helped("周帮扶")
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
    household, me = township.helped()
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
    household, me = township.helped()
    body = visit(household, id=str(uuid4()))
    first, second = me.post("/visits", body), me.post("/visits", body)
    assert [first.status_code, second.status_code] == [201, 200]
    assert first.json() == second.json()
    assert code(me.post("/visits", body | {"text": "另一次"})) == (409, "id-taken")
    assert len(me.read("/visits", household_id=household)["items"]) == 1


def test_G18_a_visit_belongs_to_a_helper_of_that_day(township):
    household, me = township.helped()
    other, _ = township.helped("周帮扶")
    assert me.post("/visits", visit(other)).status_code == 404
    assert code(me.post("/visits", visit(household, "2016-11-08T10:00:00+08:00"))) == (409, "not-paired-that-day")


def test_a_visit_is_never_handed_in_without_a_time_zone_or_with_unknown_fields(township):
    household, me = township.helped()
    assert me.post("/visits", visit(household, "2016-11-09T08:30:00")).status_code == 422
    assert me.post("/visits", visit(household, helper_id=me.person_id)).status_code == 422
    assert me.get("/visits", helper="x").status_code == 422


def test_G55_a_visit_is_corrected_in_a_new_version_and_the_old_one_stays(township):
    household, me = township.helped()
    made = me.made("/visits", visit(household))
    fixed = me.act(f"/visits/{made['id']}", "correct", {"place": "村委会", "reason": "地点写错"})
    assert (fixed["place"], fixed["version"]) == ("村委会", 2)
    assert [(e["version"], e["place"], e["reason"]) for e in fixed["earlier"]] == [(1, "家中", "地点写错")]
    assert me.read(f"/visits/{made['id']}") == fixed
    office = township.office("leading_group_office")
    events = [e["event"] for e in office.read(f"/households/{household}/ledger")["items"]]
    assert events[-2:] == ["visit.recorded", "visit.corrected"]


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


@pytest.mark.parametrize("path", ["plans", "visits", "publications"])
def test_every_list_refuses_unknown_filters_and_needs_a_sign_in(township, path):
    office = township.office("leading_group_office")
    assert office.get(f"/{path}").status_code == 200
    assert office.get(f"/{path}", wrong="1").status_code == 422
    assert office.client.get(f"/v1/{path}", headers={"authorization": ""}).status_code == 401


# ── what a month's facts point to ────────────────────────────────────────────────────────────────


def test_G58_a_months_facts_are_counted_and_at_most_proposed(township):
    office, (household, me) = township.office("leading_group_office"), township.helped()
    rule = {"text": "每月走访不少于两次", "applies_from": "2016-11-09"}
    office.made("/requirements", rule | {"kind": "visits", "visits_per_month": 2})
    office.made("/requirements", rule | {"kind": "plans"})
    called = office.made(
        "/meetings",
        {
            "title": "推进会",
            "place": "会议室",
            "begins_at": "2016-12-10T09:00:00+08:00",
            "required": True,
            "invitee_ids": [me.person_id],
        },
    )
    task = office.made("/form-tasks", {"title": "表", "text": "填", "due_on": "2016-12-15"})
    township.at("2016-12-20")
    entries = [{"person_id": me.person_id, "attendance": "absent"}]
    office.act(f"/meetings/{called['id']}", "attendance", {"entries": entries})
    me.made("/visits", visit(household, "2016-12-05T09:00:00+08:00"))
    me.made("/visits", visit(household, "2016-12-05T15:00:00+08:00"))
    path = f"/helpers/{me.person_id}/work"
    assert me.get(path, month="0000-01").status_code == 422, "there is no such year"
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
