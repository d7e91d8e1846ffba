"""Is an objection heard by fresh eyes, never to the subject's harm, over HTTP on a real database?"""

from typing import Any

import pytest

WORDS = {"title": "通报", "body": "经研究,予以通报。", "channel": "document"}


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]


class Dispute:
    """A decided case of the Party committee, its subject, and a reviewer who had no hand in it."""

    def __init__(self, world: Any, ground: str = "HY.9.2.2", *alternatives: str) -> None:
        self.world, self.subject = world, world.cadre()
        self.findings = [
            world.finding({"person_id": self.subject.person_id}, ground, alternatives),
            world.finding({"person_id": self.subject.person_id}, "HY.9.2.1"),
        ]
        self.case = world.case(*self.findings, basis=ground)
        world.decided(self.case, world.measures[ground])
        self.reviewer = world.place.office("party_committee", name="复核人")

    def filed(self) -> str:
        made = self.subject.made("/objections", {"case_id": self.case[-36:], "text": "当日已请假。"})
        assert made["state"] == "filed"
        return f"/objections/{made['id']}"

    def accepted(self) -> str:
        path = self.filed()
        self.reviewer.act(path, "accept", {})
        return path

    def notices(self, **filters: str) -> list[dict[str, Any]]:
        return self.reviewer.read("/notices", case_id=self.case[-36:], **filters)["items"]


@pytest.fixture
def dispute(world):
    return Dispute(world, "HY.9.2.2", "HY.9.1.3")


def test_G50_the_subject_objects_and_is_told_that_the_window_is_no_law(dispute):
    path = dispute.filed()
    read = dispute.subject.read(path)
    assert "非办法规定" in read["window_note"]
    assert read["other_channels"]
    again = dispute.subject.post("/objections", {"case_id": dispute.case[-36:], "text": "再次。"})
    assert code(again) == (409, "objection-pending")


def test_G50_nobody_else_objects_or_reads(dispute):
    body = {"case_id": dispute.case[-36:], "text": "不服。"}
    assert code(dispute.world.committee.post("/objections", body)) == (403, "only-the-subject-objects")
    stranger = dispute.world.place.office("helper")
    assert stranger.post("/objections", body).status_code == 404
    path = dispute.filed()
    for office in ("helper", "assessor", "leading_group", "administrator"):
        assert dispute.world.place.office(office).get(path).status_code == 404


def test_G50_whoever_lost_his_office_may_still_object(dispute):
    place = dispute.world.place
    (held,) = place.admin.read("/appointments", person_id=dispute.subject.person_id)["items"]
    place.admin.act(f"/appointments/{held['id']}", "end", {"ends": "2017-03-20"})
    assert dispute.subject.read("/me")["appointments"] == []
    assert dispute.filed()


def test_G50_the_window_closes_on_its_last_day(own_world):
    dispute = Dispute(own_world)
    body = {"case_id": dispute.case[-36:], "text": "不服。"}
    dispute.world.place.at("2017-04-20")
    late = dispute.subject.post("/objections", body)
    assert code(late) == (409, "window-closed")
    assert late.json()["source"] == "local_policy"
    dispute.world.place.at("2017-04-19")
    assert dispute.subject.post("/objections", body).status_code == 201


def test_G50_whoever_handled_the_case_does_not_review(dispute):
    path = dispute.filed()
    assert code(dispute.world.committee.try_act(path, "accept", {})) == (403, "original-handler-reviews")
    dispute.reviewer.act(path, "accept", {})
    upheld = {"outcome": "upheld", "reasons": "事实清楚。"}
    assert code(dispute.world.committee.try_act(path, "decide", upheld)) == (403, "original-handler-reviews")
    assert dispute.reviewer.act(path, "decide", upheld)["state"] == "upheld"
    assert dispute.reviewer.read(dispute.case)["measure"] == "written_self_criticism"


def test_G50_execution_goes_on_while_an_objection_is_heard(dispute):
    dispute.accepted()
    output = {"output": "self_criticism", "received_on": "2017-03-20", "summary": "检查深刻。"}
    assert dispute.world.committee.act(dispute.case, "execute", output)["state"] == "executed"


def test_G50_a_modification_takes_a_milder_ground_and_the_notices_follow(dispute):
    (draft,) = dispute.notices()
    path = dispute.accepted()
    modified = {"outcome": "modified", "reasons": "情节较轻。", "ground": "HY.9.1.3"}
    assert dispute.reviewer.act(path, "decide", modified)["state"] == "modified"
    case = dispute.reviewer.read(dispute.case)
    assert (case["ground"], case["measure"]) == ("HY.9.1.3", "circular_criticism")
    states = {n["kind"]: n["state"] for n in dispute.notices()}
    assert states == {"self_criticism_circulation": "withdrawn", "circular_criticism": "draft"}
    assert dispute.reviewer.try_act(f"/notices/{draft['id']}", "publish", WORDS).status_code == 409


@pytest.mark.parametrize("by", ["publish", "withdraw"])
def test_G50_G53_a_revocation_ends_the_execution_and_takes_the_notice_back(dispute, by):
    """The correction that is due is published, or the notice withdrawn, which is the same."""
    (notice,) = dispute.notices()
    dispute.world.committee.act(f"/notices/{notice['id']}", "publish", WORDS)
    path = dispute.accepted()
    dispute.reviewer.act(path, "decide", {"outcome": "revoked", "reasons": "事实不成立。"})
    case = dispute.reviewer.read(dispute.case)
    assert (case["measure"], case["missing_outputs"], case["state"]) == (None, [], "decided")
    output = {"output": "self_criticism", "received_on": "2017-03-20", "summary": "检查。"}
    assert code(dispute.world.committee.try_act(dispute.case, "execute", output)) == (409, "decision-revoked")
    (due,) = dispute.notices(kind="correction")
    assert (due["state"], due["audience"], due["withdraws"]) == ("draft", "township", True)
    words = WORDS | {"body": "原通报撤回。"}
    if by == "publish":
        dispute.world.committee.act(f"/notices/{due['id']}", "publish", words)
    else:
        told = dispute.world.committee.act(f"/notices/{notice['id']}", "withdraw", words | {"reasons": "决定已撤销。"})
        assert (told["state"], told["reasons"]) == ("withdrawn", "决定已撤销。")
    assert dispute.reviewer.read(f"/notices/{notice['id']}")["state"] == "withdrawn"
    (told,) = dispute.notices(kind="correction")
    assert (told["id"], told["state"], told["body"]) == (due["id"], "published", "原通报撤回。")
    assert dispute.world.committee.act(dispute.case, "close", {})["state"] == "closed"


@pytest.mark.parametrize("outcome", ["revoked", "modified"])
def test_G33_G50_facts_whose_measure_fell_may_lead_to_another_without_overriding_one(dispute, outcome):
    path, finding = dispute.accepted(), dispute.findings[0]
    later = dispute.world.heard(dispute.world.case(finding, basis="HY.9.1.3"))
    body = {"measure": "circular_criticism", "reasons": "事实清楚。"}
    assert code(dispute.world.committee.try_act(later, "decide", body)) == (409, "second-measure-for-same-facts")
    modified = {"dropped_finding_ids": [finding], "ground": "HY.9.2.1"} if outcome == "modified" else {}
    dispute.reviewer.act(path, "decide", {"outcome": outcome, "reasons": "该项不能认定。", **modified})
    assert dispute.world.committee.act(later, "decide", body)["state"] == "decided"


def test_G50_dropping_facts_is_a_modification(dispute):
    path = dispute.accepted()
    dropped = {"outcome": "modified", "reasons": "一项不能认定。", "dropped_finding_ids": [dispute.findings[1]]}
    assert dispute.reviewer.act(path, "decide", dropped)["state"] == "modified"
    shown = {f["finding_id"]: f["dropped"] for f in dispute.reviewer.read(dispute.case)["findings"]}
    assert shown == {dispute.findings[0]: False, dispute.findings[1]: True}


@pytest.mark.parametrize(
    ("values", "status", "refusal"),
    [
        ({"outcome": "modified"}, 422, "outcome-contradicts-itself"),
        ({"outcome": "upheld", "ground": "HY.9.1.3"}, 422, "outcome-contradicts-itself"),
        ({"outcome": "modified", "ground": "HY.9.3.1"}, 409, "ground-fits-no-finding"),
        ({"outcome": "modified", "ground": "HY.9.2.2"}, 409, "nothing-modified"),
    ],
)
def test_G50_what_no_review_may_do(dispute, values, status, refusal):
    answer = dispute.reviewer.try_act(dispute.accepted(), "decide", {"reasons": "复核。", **values})
    assert code(answer) == (status, refusal)


def test_G50_a_review_never_aggravates(world):
    dispute = Dispute(world, "HY.9.1.3", "HY.9.3.1")
    heavier = {"outcome": "modified", "reasons": "复核。", "ground": "HY.9.3.1"}
    assert code(dispute.reviewer.try_act(dispute.accepted(), "decide", heavier)) == (409, "aggravated")


def test_G50_the_subject_withdraws_and_may_file_again_in_time(dispute):
    path = dispute.filed()
    assert dispute.reviewer.try_act(path, "withdraw", {}).status_code == 403
    assert dispute.subject.act(path, "withdraw", {})["state"] == "withdrawn"
    dispute.filed()


def test_G50_the_head_objects_for_a_villages_committees(world):
    village = {"village_code": world.place.village}
    case = world.case(world.finding(village, "HY.9.2.2"), basis="HY.9.2.2", capacity="village_body")
    world.decided(case, "written_self_criticism")
    body = {"case_id": case[-36:], "text": "不服。"}
    head = world.place.office("village_committee_head", place=world.place.village)
    elsewhere = world.place.office("village_committee_head", place=world.place.code + "202")
    assert elsewhere.post("/objections", body).status_code == 404
    assert head.post("/objections", body).status_code == 201


def test_G50_there_must_be_a_decision(world):
    subject = world.cadre()
    case = world.case(world.finding({"person_id": subject.person_id}, "HY.9.2.2"), basis="HY.9.2.2")
    answer = subject.post("/objections", {"case_id": case[-36:], "text": "不服。"})
    assert code(answer) == (409, "nothing-to-object-to")


def test_G50_the_township_may_set_its_own_window(own_world):
    world = own_world
    setter = world.place.office("leading_group")
    body = {"value": 60, "effective_from": "2017-03-20", "reason": "乡镇约定。"}
    etag = setter.get("/policies/objection.windowDays").headers["etag"]
    answer = setter.patch("/policies/objection.windowDays", body, if_match=etag)
    assert answer.status_code == 200, answer.text
    subject = world.cadre()
    case = world.case(world.finding({"person_id": subject.person_id}, "HY.9.2.2"), basis="HY.9.2.2")
    assert world.decided(case, "written_self_criticism")["objection_until"] == "2017-05-19"


def trips(counter, caller, path, move, body):
    """How often the database was asked during one move that succeeded."""
    etag = caller.get(path).headers["etag"]
    counter.seen.clear()
    answer = caller.post(f"{path}/{move}", body, if_match=etag)
    assert answer.status_code == 200, answer.text
    return len(counter.work())


@pytest.mark.parametrize("outcome", ["upheld", "modified", "revoked"])
def test_a_review_takes_at_most_six_round_trips(world, counter, outcome):
    dispute = Dispute(world, "HY.9.2.2", "HY.9.1.3")
    (notice,) = dispute.notices()
    assert trips(counter, world.committee, f"/notices/{notice['id']}", "publish", WORDS) <= 6
    path = dispute.filed()
    assert trips(counter, dispute.reviewer, path, "accept", {}) <= 6
    more = {"ground": "HY.9.1.3", "dropped_finding_ids": [dispute.findings[1]]} if outcome == "modified" else {}
    body = {"outcome": outcome, "reasons": "复核。", **more}
    assert trips(counter, dispute.reviewer, path, "decide", body) <= 6
    if outcome != "upheld":
        (due,) = dispute.notices(kind="correction")
        assert trips(counter, world.committee, f"/notices/{due['id']}", "publish", WORDS) <= 6
