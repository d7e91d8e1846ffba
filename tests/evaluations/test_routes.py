"""Is the year reviewed, proposed, determined and followed as the contract says?"""

import json
from itertools import count
from uuid import uuid4

import pytest

from app.people.rules import check_character

RULE = "河南省贫困退出实施办法"

SUBMIT = (("review", {"findings": "属实"}), ("summarise", {"summary": "年底汇总"}), ("submit", {}))


_serial = count(1)


def citizen_id(born: str) -> str:
    """A number with a right check digit that no other household of these tests has."""
    digits = f"110105{born}{next(_serial):03d}"
    return digits + check_character(digits)


class Year:
    """The end of 2017 in one township, with its offices."""

    def __init__(self, township) -> None:
        self.township = township
        township.at("2017-12-20")
        self.principal = township.office("village_principal", township.village)
        self.leader = township.office("liaison_leader", township.village)
        self.witness = township.person("见证人", category="group_cadre")
        self.office = township.office("leading_group_office")
        self.group, self.committee = township.office("leading_group"), township.office("party_committee")

    def helper(self, name: str = "帮扶人", **more) -> str:
        person = self.township.person(name, **more)
        self.township.appoint(person, "helper")
        return person

    def leave(self, helper: str, on: str) -> None:
        held = self.office.read("/appointments", person_id=helper, office="helper")["items"][0]
        self.office.act(f"/appointments/{held['id']}", "end", {"ends": on})

    def household(self, helper: str, starts: str = "2016-11-09", ends: str | None = None) -> str:
        """A household of its own for a helper, for `[starts, ends)`."""
        register = {"head_name": "甲", "main_cause": "illness", "listed_on": "2016-01-01"}
        members = [{"name": "甲", "relation": "head", "citizen_id": citizen_id("19500501")}]
        body = {"card_number": str(uuid4()), "village_code": self.township.village, "members": members, **register}
        household = self.office.made("/households", body)["id"]
        paired = {"household_id": household, "helper_id": helper, "is_primary": True, "starts": starts, "ends": ends}
        self.office.made("/pairings", paired)
        return household

    def event(self, household: str, kind: str, on: str) -> None:
        confirmers = [self.township.person("证一"), self.township.person("证二")]
        body = {"kind": kind, "happened_on": on, "evidence": "村委会证明", "confirmer_ids": confirmers}
        self.office.made(f"/households/{household}/events", body)

    def sign_off(self, household: str, *, out: bool, state: str = "reviewed", objection: str = "") -> None:
        """Through the four signatures of article 5 to `state`, or to a refusal by the household."""
        helper = self.office.read("/pairings", household_id=household)["items"][0]["helper_id"]
        statement = {"out_of_poverty": out, "outside_rule": RULE, "measures": ["公益岗位"], "checks": {}}
        opened = {"household_id": household, "year": 2017, "statement": statement}
        path = "/signoffs/" + self.office.made("/signoffs", opened)["id"]
        head = self.office.read(f"/households/{household}")["members"][0]["id"]
        by_head = {"party": "household", "method": "in_person", "member_id": head, "capacity": "head"}
        by_head["witness_id"] = self.witness
        if state in {"refused", "considered_unconfirmed"}:
            self.office.act(path, "refuse", by_head | {"reason": "收入未算清"})
        if state == "considered_unconfirmed":
            self.group.act(path, "forward", {"reason": "该户拒签"})
            self.committee.act(path, "review", {})
        if state in {"leader_signed", "reviewed"}:
            move, more = ("object", {"text": objection}) if objection else ("sign", {})
            self.office.act(path, move, by_head | more)
            self.caller(helper).act(path, "sign", {"party": "helper", "method": "account"})
            self.principal.act(path, "sign", {"party": "village_principal", "method": "account"})
            self.leader.act(path, "sign", {"party": "liaison_leader", "method": "account"})
        if state == "reviewed":
            self.group.act(path, "collect", {})
            self.committee.act(path, "review", {})

    def caller(self, person: str):
        known = (self.committee, self.group, self.office)
        return next((c for c in known if c.person_id == person), None) or self.township.account(person)

    def open(self, year: int = 2017) -> str:
        return "/year-end-submissions/" + self.group.made("/year-end-submissions", {"year": year})["id"]

    def submitted(self) -> str:
        path = self.open()
        for action, body in SUBMIT:
            self.group.act(path, action, body)
        return path.rsplit("/", 1)[1]

    def of(self, helper: str) -> str:
        found = self.group.read("/annual-evaluations", helper_id=helper, year=2017)["items"]
        return f"/annual-evaluations/{found[0]['id']}"

    def proposed(self, helper: str) -> dict:
        self.group.act(self.of(helper), "propose", {})
        return self.group.read(self.of(helper) + "/explanation")["proposal"]

    def said(self, submission: str, outcome: str = "complete", **more) -> dict:
        said = {"outcome": outcome, "reasons": "经审核属实", "results_considered": "各月各季结果均已研究"}
        return {**said, "submission_id": submission, **more}

    def eligible(self, helper: str, year: int = 2017) -> dict:
        return self.committee.read(f"/helpers/{helper}/award-eligibility", year=year)


@pytest.fixture
def year(township) -> Year:
    return Year(township)


def test_R5_3_the_year_is_reviewed_summed_up_and_submitted(year):
    helper = year.helper()
    for out, state in ((True, "reviewed"), (True, "refused")):
        year.sign_off(year.household(helper), out=out, state=state)
    year.event(year.household(helper), "moved_out", "2017-05-01")
    path = year.open()
    assert year.group.try_act(path, "submit", {}).status_code == 409
    assert year.committee.try_act(path, "review", {"findings": "属实"}).status_code == 403
    for action, body in SUBMIT:
        told = year.group.act(path, action, body)
    assert (told["state"], told["late"], len(told["package_hash"])) == ("submitted", False, 64)
    assert told["package"]["households"] == {"registered": 2, "moved_out": 1}
    assert told["package"]["signoffs"] == {"reviewed": 1, "refused": 1}
    assert told["package"]["quarters"]["2017-Q1"] == "none"
    assert told["package"]["evaluations"] == 1
    assert year.group.post("/year-end-submissions", {"year": 2017}).status_code == 409


def test_G8_G4_the_package_names_every_month_and_those_nobody_drew_in(year):
    """Missed is what ended without a draw, planned or not; the running month is not missed, nor are those before."""
    year.township.at("2017-04-10")
    year.office.made("/inspection-rounds", {"month": "2017-04"})
    year.township.at("2017-12-20")
    path = year.open()
    for action, body in SUBMIT:
        told = year.group.act(path, action, body)
    ended = dict.fromkeys([f"2017-{month:02d}" for month in range(1, 12)], "missed_in_month")
    assert told["package"]["months"] == {**ended, "2017-12": "none"}


def test_G8_the_partial_first_month_is_not_missed(year):
    path = year.open(2016)
    for action, body in SUBMIT:
        told = year.group.act(path, action, body)
    assert told["package"]["months"] == {"2016-11": "none", "2016-12": "missed_in_month"}


def test_G56_review_begins_with_the_window_and_late_is_shown(year):
    year.township.at("2017-11-30")
    path = year.open()
    refused = year.group.try_act(path, "review", {"findings": "属实"})
    assert (refused.status_code, refused.json()["code"], refused.json()["opens"]) == (
        409,
        "not-yet-year-end",
        "2017-12-01",
    )
    year.township.at("2018-01-01")
    for action, body in SUBMIT:
        told = year.group.act(path, action, body)
    assert told["late"] is True


def test_G56_a_township_may_set_its_own_window(year):
    year.township.at("2017-11-16")
    path = year.open()
    assert year.group.try_act(path, "review", {"findings": "属实"}).status_code == 409
    own = {"value": ["11-15", "12-20"], "effective_from": "2017-11-16", "reason": "提前安排"}
    assert year.group.patch("/policies/year.signoffWindow", own, if_match='"0"').status_code == 200
    assert year.group.act(path, "review", {"findings": "属实"})["state"] == "reviewed"


def test_G15_G18_everyone_who_helped_in_the_year_is_evaluated(year):
    idle, gone, before = year.helper("无户"), year.helper("前任"), year.helper("上年")
    year.household(gone, ends="2017-06-30")
    year.household(before, ends="2017-01-01")
    year.leave(before, "2017-01-01")
    year.open()
    rows = year.group.read("/annual-evaluations")["items"]
    assert sorted(r["helper_id"] for r in rows) == sorted([idle, gone])
    assert year.proposed(idle)["outcome"] == "not_applicable"
    assert year.proposed(gone)["outcome"] == "not_determined"


def test_who_is_under_evaluation_already_gets_no_second_one(year):
    helper, late = year.helper("甲"), year.township.person("后来")
    early = {"helper_id": helper, "year": 2017}
    made = year.office.made("/annual-evaluations", early)
    assert year.office.post("/annual-evaluations", early).status_code == 409
    year.open()
    assert [r["id"] for r in year.group.read("/annual-evaluations")["items"]] == [made["id"]]
    assert year.office.made("/annual-evaluations", {"helper_id": late, "year": 2017})["state"] == "pending"
    ahead = year.office.post("/annual-evaluations", {"helper_id": late, "year": 2018})
    assert (ahead.status_code, ahead.json()["code"]) == (409, "year-not-yet-begun")


def test_R5_2_a_determination_stands_in_the_helpers_ledger_and_awaits_the_committee_before(year):
    helper = year.helper()
    year.sign_off(year.household(helper), out=True)
    submission = year.submitted()
    year.proposed(helper)
    path = year.of(helper)
    (task,) = [t for t in year.committee.read("/me/tasks")["items"] if t["resource"] == "annual-evaluations"]
    assert (task["id"], task["state"], task["actions"]) == (path[-36:], "proposed", ["determine"])
    year.committee.act(path, "determine", year.said(submission))
    entries = year.group.read(f"/helpers/{helper}/ledger", limit=200)["items"]
    assert [e["event"] for e in entries][-2:] == ["annual_evaluation.proposed", "annual_evaluation.determined"]
    leaf = json.loads(entries[-1]["leaf"])
    assert leaf["data"]["outcome"] == "complete"
    assert "reasons" not in leaf["data"] and len(leaf["sealed"]["reasons"]) == 64


def test_R5_6_R5_7_G27_the_proposal_explains_itself_household_by_household(year):
    helper = year.helper()
    signed, moved = year.household(helper), year.household(helper)
    year.sign_off(signed, out=True)
    year.event(moved, "moved_out", "2017-05-01")
    year.open()
    told = year.proposed(helper)
    assert (told["outcome"], told["rule"]["article"], told["denominator"], told["out"]) == ("complete", "G27", 1, 1)
    lines = {h["household_id"]: h for h in told["households"]}
    assert (lines[signed]["standing"], lines[signed]["exit_rule"]) == ("out", RULE)
    assert (lines[moved]["standing"], lines[moved]["in_denominator"]) == ("closed", False)
    assert [m["period"] for m in told["months"]] == [f"2017-{m:02d}" for m in range(1, 13)]
    assert {m["state"] for m in told["months"]} == {"no_round"}
    assert [q["period"] for q in told["quarters"]] == ["2017-Q1", "2017-Q2", "2017-Q3", "2017-Q4"]


@pytest.mark.parametrize(
    ("out", "state", "outcome"),
    [
        (False, "reviewed", "not_complete"),
        (True, "leader_signed", "unconfirmed"),
        (False, "considered_unconfirmed", "unconfirmed"),
    ],
)
def test_G21_G28_what_one_household_of_two_makes_of_the_proposal(year, out, state, outcome):
    helper = year.helper()
    year.sign_off(year.household(helper), out=True)
    year.sign_off(year.household(helper), out=out, state=state)
    year.open()
    assert year.proposed(helper)["outcome"] == outcome
    assert year.eligible(helper)["eligible"] is True


def test_G21_an_objection_leaves_the_household_unconfirmed(year):
    helper = year.helper()
    year.sign_off(year.household(helper), out=True, objection="补助尚未到账")
    year.open()
    told = year.proposed(helper)
    assert (told["outcome"], told["households"][0]["standing"]) == ("unconfirmed", "unconfirmed")
    assert told["households"][0]["flags"] == ["objected"]


def test_R5_4_G4_the_quarter_assessed_is_attached(year):
    helper = year.helper()
    year.household(helper)
    team = year.township.office("assessor")
    made = team.made("/quarterly-rounds", {"quarter": "2017-Q2"})
    row = team.read("/quarterly-scores", round_id=made["id"])["items"][0]
    team.act(f"/quarterly-scores/{row['id']}", "not-assessed", {"reason": "住院"})
    year.open()
    told = year.proposed(helper)["quarters"]
    assert told[1] == {"period": "2017-Q2", "state": "not_assessed", "record_id": row["id"]}
    assert told[0]["state"] == "no_round"


def test_R5_6_R7_1_the_committee_alone_determines_on_a_submitted_submission(year):
    helper = year.helper()
    year.sign_off(year.household(helper), out=True)
    path = year.open()
    submission = path.rsplit("/", 1)[1]
    evaluation = year.of(helper)
    assert year.committee.try_act(evaluation, "determine", year.said(submission)).status_code == 409
    year.proposed(helper)
    early = year.committee.try_act(evaluation, "determine", year.said(submission))
    assert (early.status_code, early.json()["code"]) == (409, "submission-not-submitted")
    for action, body in SUBMIT:
        year.group.act(path, action, body)
    assert year.group.try_act(evaluation, "determine", year.said(submission)).status_code == 403
    foreign = year.committee.try_act(evaluation, "determine", year.said(str(uuid4())))
    assert foreign.json()["code"] == "another-submission"
    for blank in ({"results_considered": ""}, {"results_considered": " "}, {"reasons": " "}):
        assert year.committee.try_act(evaluation, "determine", year.said(submission) | blank).status_code == 422
    told = year.committee.act(evaluation, "determine", year.said(submission))
    only = told["determinations"][0]
    assert (told["state"], only["outcome"], only["departs"], only["notice_due"]) == (
        "determined",
        "complete",
        False,
        False,
    )
    assert (only["priority_for_excellent"], only["priority_for_awards"]) == (True, True)
    assert year.eligible(helper)["priority"] is True


def test_G4_what_the_record_says_after_the_proposal_is_proposed_again_before_the_committee_determines(year):
    helper = year.helper()
    year.sign_off(year.household(helper), out=True)
    submission = year.submitted()
    year.proposed(helper)
    year.sign_off(year.household(helper), out=False)
    said = year.said(submission)
    refused = year.committee.try_act(year.of(helper), "determine", said)
    assert (refused.status_code, refused.json()["code"]) == (409, "proposal-out-of-date")
    assert year.proposed(helper)["outcome"] == "not_complete"
    assert year.committee.act(year.of(helper), "determine", said)["determinations"][0]["departs"] is True


def test_R7_2_G31_not_complete_makes_the_notice_due_and_vetoes_that_years_awards_only(year):
    helper = year.helper()
    year.sign_off(year.household(helper), out=False)
    submission = year.submitted()
    year.proposed(helper)
    assert year.eligible(helper)["eligible"] is True
    told = year.committee.act(year.of(helper), "determine", year.said(submission, "not_complete", mitigation="洪灾"))
    only = told["determinations"][0]
    assert (only["notice_due"], only["veto_year"], only["mitigation"]) == (True, 2017, "洪灾")
    (notice,) = year.committee.read("/notices", evaluation_id=told["id"])["items"]
    assert (notice["kind"], notice["organ"], notice["audience"], notice["state"], notice["subject_person_id"]) == (
        "article_7_notice",
        "party_committee",
        "township",
        "draft",
        helper,
    )
    vetoed = year.eligible(helper)
    assert (vetoed["eligible"], vetoed["priority"], vetoed["veto_ends_on"]) == (False, False, "2017-12-31")
    assert year.eligible(helper, 2018)["eligible"] is True


def test_G53_reopening_keeps_the_determination_until_another_version_replaces_it(year):
    helper = year.helper()
    year.sign_off(year.household(helper), out=False)
    submission = year.submitted()
    evaluation = year.of(helper)
    year.proposed(helper)
    year.committee.act(evaluation, "determine", year.said(submission, "not_complete"))
    assert year.committee.act(evaluation, "reopen", {"reason": "新证据"})["state"] == "reopened"
    held = year.eligible(helper)
    assert (held["eligible"], held["determination"]["under_reconsideration"]) == (False, True)
    assert year.group.act(evaluation, "propose", {})["state"] == "reopened"
    told = year.committee.act(evaluation, "determine", year.said(submission, "not_determined"))
    first, second = told["determinations"]
    assert (first["outcome"], second["replaces_id"], second["reopened_because"]) == (
        "not_complete",
        first["id"],
        "新证据",
    )
    assert second["departs"] is True
    assert year.eligible(helper)["eligible"] is True
    (notice,) = year.committee.read("/notices", evaluation_id=told["id"])["items"]
    assert notice["state"] == "withdrawn"


def test_G53_a_published_notice_is_corrected_where_the_new_determination_takes_it_back(year, counter):
    helper = year.helper()
    year.sign_off(year.household(helper), out=False)
    submission = year.submitted()
    path = year.of(helper)
    year.proposed(helper)
    told = year.committee.act(path, "determine", year.said(submission, "not_complete"))
    (notice,) = year.committee.read("/notices", evaluation_id=told["id"])["items"]
    words = {"title": "通报", "body": "未完成任务。", "channel": "meeting"}
    year.committee.act(f"/notices/{notice['id']}", "publish", words)
    for outcome, due in (("not_complete", [False]), ("not_determined", [True])):
        year.committee.act(path, "reopen", {"reason": "复核"})
        etag = year.committee.get(path).headers["etag"]
        counter.seen.clear()
        answer = year.committee.post(f"{path}/determine", year.said(submission, outcome), if_match=etag)
        assert answer.status_code == 200, answer.text
        assert 0 < len(counter.work()) <= 6, counter.work()
        notices = year.committee.read("/notices", evaluation_id=told["id"])["items"]
        assert [n["withdraws"] for n in notices if n["state"] == "draft"] == due
        assert {n["kind"] for n in notices} == {"article_7_notice", "correction"}
        assert len([n for n in notices if n["state"] == "published"]) == 1


def test_G15_nobody_without_a_household_is_complete_or_not(year):
    helper = year.helper()
    submission = year.submitted()
    year.proposed(helper)
    for outcome in ("complete", "not_complete"):
        refused = year.committee.try_act(year.of(helper), "determine", year.said(submission, outcome))
        assert (refused.status_code, refused.json()["code"]) == (409, "nothing-to-complete")
    told = year.committee.act(year.of(helper), "determine", year.said(submission, "not_applicable"))
    assert told["determinations"][0]["veto_year"] is None


def test_G32_priority_beside_a_measure_needs_a_reason_and_both_are_shown(year):
    helper = year.helper(category="village_committee_member")
    year.sign_off(year.household(helper), out=True)
    found = {"source": "office", "subject": {"person_id": helper}, "fact_on": "2017-03-15", "description": "无故缺会"}
    finding = year.committee.made("/findings", found)["id"]
    confirmed = {"ground": "HY.9.2.2", "alternatives": [], "reasons": "属实"}
    year.township.office("discipline_commission").act(f"/findings/{finding}", "confirm", confirmed)
    opened = {"finding_ids": [finding], "organ": "party_committee", "basis": "HY.9.2.2", "capacity": "helper"}
    case = "/cases/" + year.committee.made("/cases", opened)["id"]
    year.committee.act(case, "present-facts", {"facts": "敷衍塞责"})
    year.committee.act(case, "record-statement", {"statement": "stated", "text": "愿意整改"})
    year.committee.act(case, "decide", {"measure": "written_self_criticism", "reasons": "事实清楚"})
    submission = year.submitted()
    year.proposed(helper)
    refused = year.committee.try_act(year.of(helper), "determine", year.said(submission))
    assert (refused.status_code, refused.json()["code"]) == (409, "priority-needs-a-reason")
    said = year.said(submission, priority_reason="已整改到位")
    told = year.committee.act(year.of(helper), "determine", said)["determinations"][0]
    assert (told["measures"], told["priority_for_awards"]) == (["written_self_criticism"], True)
    shown = year.eligible(helper)
    assert (shown["eligible"], shown["priority"], shown["measures"]) == (True, True, ["written_self_criticism"])


def test_G60_a_village_cadre_gets_the_award_priority_and_no_grade(year):
    helper = year.helper(category="village_committee_member")
    year.sign_off(year.household(helper), out=True)
    submission = year.submitted()
    year.proposed(helper)
    told = year.committee.act(year.of(helper), "determine", year.said(submission))["determinations"][0]
    assert (told["priority_for_excellent"], told["priority_for_awards"]) == (False, True)
    assert year.eligible(helper)["priority_for_excellent"] is False


def test_G61_nobody_determines_his_own_file(year):
    own = year.committee.person_id
    year.township.appoint(own, "helper")
    year.sign_off(year.household(own), out=True, state="leader_signed")
    submission = year.submitted()
    year.proposed(own)
    refused = year.committee.try_act(year.of(own), "determine", year.said(submission))
    assert (refused.status_code, refused.json()["code"]) == (403, "nobody-judges-his-own-file")


def test_G51_years_lie_between_the_regulation_and_today(year):
    assert year.group.post("/year-end-submissions", {"year": 2015}).status_code == 422
    ahead = year.group.post("/year-end-submissions", {"year": 2018})
    assert (ahead.status_code, ahead.json()["code"]) == (409, "year-not-yet-begun")
    assert year.committee.post("/year-end-submissions", {"year": 2017}).status_code == 403


def test_an_evaluation_is_seen_by_the_helper_himself_and_the_offices_only(year):
    helper, other = year.helper("甲"), year.helper("乙")
    year.open()
    path = year.of(helper)
    assert year.township.account(helper).read(path + "/explanation")["proposal"] is None
    stranger = year.township.account(other)
    for hidden in (path, path + "/explanation", f"/helpers/{helper}/award-eligibility?year=2017"):
        assert stranger.get(hidden).status_code == 404
    assert year.township.account(helper).read(f"/helpers/{helper}/award-eligibility", year=2017)["eligible"] is True
    assert year.committee.get(f"/helpers/{helper}/award-eligibility").status_code == 422


def test_reads_take_two_round_trips_and_actions_at_most_six(year, counter):
    helper = year.helper()
    for _ in range(3):
        year.sign_off(year.household(helper), out=False)
    path, version = year.open(), iter(("1", "2", "3"))
    for action, body in SUBMIT:
        counter.seen.clear()
        assert year.group.post(f"{path}/{action}", body, if_match=f'"{next(version)}"').status_code == 200
        assert 0 < len(counter.work()) <= 5, counter.work()
    evaluation = year.of(helper)
    said = year.said(path.rsplit("/", 1)[1], "not_complete")
    steps = (
        (4, lambda: year.group.post(f"{evaluation}/propose", {}, if_match='"1"')),
        (6, lambda: year.committee.post(f"{evaluation}/determine", said, if_match='"2"')),
        (4, lambda: year.committee.post(f"{evaluation}/reopen", {"reason": "复核"}, if_match='"3"')),
        (2, lambda: year.group.get(evaluation)),
        (2, lambda: year.group.get(f"{evaluation}/explanation")),
        (2, lambda: year.group.get("/annual-evaluations")),
        (2, lambda: year.group.get(f"/helpers/{helper}/award-eligibility?year=2017")),
    )
    for most, step in steps:
        counter.seen.clear()
        assert step().status_code == 200
        assert 0 < len(counter.work()) <= most, counter.work()
