"""Is a quarter opened, assessed, summed up and reported as the contract says?"""

import re
from uuid import uuid4

import pytest

SITE = {"method": "on_site", "evidence": "实地查看,鸡舍存栏一百二十只"}
WHY = [{"method": "documents", "reason": "资料在县"}, {"method": "household_interview", "reason": "外出务工,两次未遇"}]
ASSESSED = {"methods": [SITE], "missing": WHY, "narrative": "措施正在落实"}
RUBRIC = {
    "code": "quarterly",
    "title": "乡自定评分细则",
    "criteria": [
        {
            "code": "forms",
            "title": "表册",
            "maximum": 10_000,
            "deductions": [{"code": "late", "title": "报送不及时", "points": 1_500}],
        }
    ],
}


def pair(township, helper: str, starts: str, ends: str | None = None) -> str:
    """A household of its own for a helper, for `[starts, ends)`."""
    office = township.office("leading_group_office")
    register = {"village_code": township.village, "head_name": "甲", "main_cause": "illness", "listed_on": "2016-01-01"}
    household = office.made("/households", {"card_number": str(uuid4()), **register})["id"]
    if not any(a["office"] == "helper" for a in office.read("/appointments", person_id=helper)["items"]):
        township.appoint(helper, "helper")
    body = {"household_id": household, "helper_id": helper, "is_primary": True, "starts": starts, "ends": ends}
    office.made("/pairings", body)
    return household


@pytest.fixture
def team(township):
    township.at("2017-03-20")
    return township.office("assessor")


def opened(team, quarter: str = "2017-Q1", **more) -> tuple[str, list[dict]]:
    made = team.made("/quarterly-rounds", {"quarter": quarter, **more})
    rows = team.read("/quarterly-scores", round_id=made["id"], limit=200)["items"]
    return f"/quarterly-rounds/{made['id']}", rows


def test_R6_3_G14_everyone_with_an_active_day_in_the_quarter_gets_a_row(township, team):
    first, last, before, after, empty = (township.person(n) for n in "甲乙丙丁戊")
    pair(township, first, "2016-11-09", "2017-01-02")
    pair(township, last, "2017-03-31")
    pair(township, last, "2017-03-31")
    pair(township, before, "2016-11-09", "2017-01-01")
    pair(township, after, "2017-04-01")
    pair(township, empty, "2017-02-01", "2017-02-01")
    _, rows = opened(team)
    assert sorted(r["helper_id"] for r in rows) == sorted([first, last])
    assert {r["state"] for r in rows} == {"pending"}


def test_R6_4_a_quarter_is_assessed_summed_up_and_reported(township, team):
    helpers = [township.person(n) for n in "甲乙"]
    for helper in helpers:
        pair(township, helper, "2017-01-01")
    path, rows = opened(team)
    refused = team.try_act(path, "summarise", {"narrative": "汇总"})
    assert (refused.status_code, refused.json()["code"], refused.json()["pending"]) == (409, "somebody-is-pending", 2)
    done = team.act(f"/quarterly-scores/{rows[0]['id']}", "assess", ASSESSED)
    assert (done["state"], done["results"][0]["outcome"], done["results"][0]["points"]) == (
        "assessed",
        "assessed",
        None,
    )
    team.act(f"/quarterly-scores/{rows[1]['id']}", "not-assessed", {"reason": "住院"})
    told = team.act(path, "summarise", {"narrative": "本季度情况"})
    assert (told["state"], told["assessed"], told["not_assessed"]) == ("summarised", 1, 1)
    assert team.act(path, "report", {})["received_by"] == "leading_group"
    assert township.office("leading_group").read(path)["state"] == "reported"


def test_R6_4_only_the_assessment_team_assesses_and_sums_up(township, team):
    pair(township, township.person(), "2017-01-01")
    path, rows = opened(team)
    for office in ("leading_group", "party_committee", "leading_group_office"):
        other = township.office(office)
        assert other.try_act(path, "summarise", {"narrative": "汇总"}).status_code == 403
        assert other.try_act(f"/quarterly-scores/{rows[0]['id']}", "assess", ASSESSED).status_code == 403
    told = township.office("leading_group").read(path)["actions"]
    assert [(a["name"], a["allowed"]) for a in told] == [("summarise", False), ("report", False)]
    assert told[0]["blockers"][0]["code"] == "not-your-office"
    assert re.fullmatch("此事项由.+办理。", told[0]["blockers"][0]["message"])


def test_G14_a_helper_paired_later_is_added_and_awaited(township, team):
    path, rows = opened(team)
    assert rows == []
    late = township.person()
    stranger = township.person("路人")
    pair(township, late, "2017-03-25")
    assert team.try_act(path, "summarise", {"narrative": "汇总"}).json()["code"] == "somebody-has-no-row"
    round_id = path.rsplit("/", 1)[1]
    assert team.post("/quarterly-scores", {"round_id": round_id, "helper_id": stranger}).status_code == 409
    added = team.made("/quarterly-scores", {"round_id": round_id, "helper_id": late})
    assert team.post("/quarterly-scores", {"round_id": round_id, "helper_id": late}).status_code == 409
    team.act(f"/quarterly-scores/{added['id']}", "not-assessed", {"reason": "刚到任"})
    assert team.act(path, "summarise", {"narrative": "汇总"})["state"] == "summarised"
    again = township.person("后来者")
    pair(township, again, "2017-03-26")
    refused = team.post("/quarterly-scores", {"round_id": round_id, "helper_id": again})
    assert (refused.status_code, refused.json()["code"]) == (409, "round-is-summarised")


def test_G12_methods_without_evidence_or_reason_are_refused_before_anything_is_looked_at(team):
    nowhere = f"/quarterly-scores/{uuid4()}"
    for body, code in (
        (ASSESSED | {"missing": []}, "method-missing-without-reason"),
        (ASSESSED | {"methods": [{"method": "on_site"}]}, "method-without-evidence"),
        (ASSESSED | {"methods": [{"method": "other", "evidence": "电话"}]}, "no-method-used"),
    ):
        answer = team.post(f"{nowhere}/assess", body, if_match='"1"')
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)
    assert team.post(f"{nowhere}/assess", ASSESSED, if_match='"1"').status_code == 404


def test_G12_a_township_that_requires_all_methods_accepts_nothing_less(township, team):
    pair(township, township.person(), "2017-01-01")
    _, rows = opened(team)
    own = {"value": True, "effective_from": "2017-03-20", "reason": "全面考核"}
    set_it = township.office("leading_group").patch("/policies/quarter.requireAllMethods", own, if_match='"0"')
    assert set_it.status_code == 200, set_it.text
    refused = team.try_act(f"/quarterly-scores/{rows[0]['id']}", "assess", ASSESSED)
    assert (refused.status_code, refused.json()["code"]) == (409, "all-methods-required-here")
    assert refused.json()["missing"] == ["documents", "household_interview"]


def test_G13_G57_an_interview_is_with_a_household_the_helper_helped(township, team):
    helper = township.person()
    household = pair(township, helper, "2017-01-01")
    other = pair(township, township.person("他人"), "2017-01-01")
    _, rows = opened(team)
    row = next(r for r in rows if r["helper_id"] == helper)
    talk = {"method": "household_interview", "evidence": "谈帮扶措施", "helper_present": False}
    missing = [m for m in WHY if m["method"] == "documents"]
    body = {"methods": [SITE, talk | {"household_id": other}], "missing": missing, "narrative": "属实"}
    refused = team.try_act(f"/quarterly-scores/{row['id']}", "assess", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "household-not-his-that-quarter")
    body["methods"][1]["household_id"] = household
    done = team.act(f"/quarterly-scores/{row['id']}", "assess", body)
    assert done["results"][0]["methods"][1]["helper_present"] is False


def test_G2_with_a_rubric_points_are_a_reference_and_without_one_there_are_none(township, team):
    group = township.office("leading_group")
    assert team.post("/rubrics", RUBRIC).status_code == 403
    first = group.made("/rubrics", RUBRIC)
    second = group.made("/rubrics", RUBRIC)
    assert (first["edition"], second["edition"], second["source"]) == (1, 2, "local_policy")
    pair(township, township.person(), "2017-01-01")
    path, rows = opened(team, rubric_id=second["id"])
    row = f"/quarterly-scores/{rows[0]['id']}"
    assert team.try_act(row, "assess", ASSESSED).json()["code"] == "rubric-needs-deductions"
    done = team.act(row, "assess", ASSESSED | {"deductions": [{"code": "late", "times": 2}]})
    points = done["results"][0]["points"]
    assert (points["label"], points["points"], points["maximum"]) == ("参考", 7_000, 10_000)
    assert [line["text"] for line in points["lines"]] == ["表册:报送不及时,2次×1.5分,扣3分"]
    assert team.act(path, "summarise", {"narrative": "汇总"})["state"] == "summarised"


def test_G55_a_correction_stands_beside_what_was_recorded(township, team):
    pair(township, township.person(), "2017-01-01")
    _, rows = opened(team)
    row = f"/quarterly-scores/{rows[0]['id']}"
    fix = {"reason": "记错", "not_assessed": {"reason": "住院"}}
    assert team.try_act(row, "correct", fix).status_code == 409
    team.act(row, "assess", ASSESSED)
    done = team.act(row, "correct", fix)
    first, last = done["results"]
    assert (done["state"], last["corrects_id"], last["correction_reason"]) == ("not_assessed", first["id"], "记错")
    assert first["narrative"] == ASSESSED["narrative"]
    both = team.try_act(row, "correct", fix | {"assessed": ASSESSED})
    assert both.status_code == 422


def test_G11_an_assessor_who_helps_is_not_assessed_by_himself(township, team):
    pair(township, team.person_id, "2017-01-01")
    _, rows = opened(team)
    row = f"/quarterly-scores/{rows[0]['id']}"
    own = team.try_act(row, "assess", ASSESSED)
    assert (own.status_code, own.json()["code"]) == (403, "nobody-assesses-himself")
    assert township.office("assessor", name="另一人").act(row, "assess", ASSESSED)["state"] == "assessed"


def test_G51_rounds_are_of_quarters_that_have_begun_under_the_regulation_once_each(township, team):
    for quarter, code in (("2016-Q3", "quarter-before-the-regulation"), ("2017-Q2", "quarter-not-yet-begun")):
        answer = team.post("/quarterly-rounds", {"quarter": quarter})
        assert (answer.status_code, answer.json()["code"]) == (409, code)
    team.made("/quarterly-rounds", {"quarter": "2016-Q4"})
    assert team.post("/quarterly-rounds", {"quarter": "2016-Q4"}).status_code == 409
    assert township.office("party_committee").post("/quarterly-rounds", {"quarter": "2017-Q1"}).status_code == 403
    assert team.post("/quarterly-rounds", {"quarter": "2017-Q5"}).status_code == 422


def test_a_helper_sees_his_own_row_and_nobody_elses(township, team):
    helper, other = township.person("甲"), township.person("乙")
    for one in (helper, other):
        pair(township, one, "2017-01-01")
    _, rows = opened(team)
    seen = township.account(helper).read("/quarterly-scores")["items"]
    assert [r["helper_id"] for r in seen] == [helper]
    foreign = next(r["id"] for r in rows if r["helper_id"] == other)
    assert township.account(helper).get(f"/quarterly-scores/{foreign}").status_code == 404


def test_reads_take_two_round_trips_and_actions_at_most_six(township, team, counter):
    for name in "甲乙丙丁戊":
        pair(township, township.person(name), "2017-01-01")
    path, rows = opened(team)
    row = f"/quarterly-scores/{rows[0]['id']}"
    township.office("leading_group_office")
    steps = (
        (2, lambda: team.get(path)),
        (2, lambda: team.get("/quarterly-scores")),
        (5, lambda: team.post(f"{row}/assess", ASSESSED, if_match='"1"')),
        (5, lambda: team.post(f"{row}/correct", {"reason": "记错", "assessed": ASSESSED}, if_match='"2"')),
        (5, lambda: team.post("/quarterly-rounds", {"quarter": "2016-Q4"})),
    )
    for most, step in steps:
        counter.seen.clear()
        assert step().status_code in {200, 201}
        assert 0 < len(counter.work()) <= most, counter.work()
