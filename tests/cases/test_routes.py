"""Do cases run every path over HTTP on a real database, and do others never see them?"""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

ELEMENTS = {
    "helper": "系结对帮扶责任人。",
    "duty_not_performed": "长期不履行帮扶职责。",
    "task_not_completed": "未完成帮扶计划。",
    "work_seriously_affected": "该村脱贫进度严重滞后。",
    "adverse_influence": "群众多次反映,造成不良影响。",
}
NOTICE = {"title": "关于予以通报批评的通报", "body": "经研究,予以通报批评。", "channel": "document"}
WORDS = {
    "self_criticism": {"output": "self_criticism", "received_on": "2017-03-18", "summary": "检查深刻。"},
    "talk_record": {
        "output": "talk_record",
        "held_on": "2017-03-18",
        "held_by": "郑九",
        "reason_told": "业务指导不及时。",
        "explanation": "人手不足。",
        "corrections_required": "一个月内整改。",
    },
    "discipline_reference": {
        "output": "discipline_reference",
        "document_number": "花纪〔2017〕3号",
        "issued_by": "中共花园乡纪律检查委员会",
        "issued_on": "2017-03-19",
        "cited_rule": "《中国共产党纪律处分条例》有关规定",
        "outcome": "依规处理。",
    },
}


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]


def test_R9_a_written_self_criticism_runs_from_finding_to_closing(world):
    subject = world.cadre()
    path = world.case(world.finding({"person_id": subject.person_id}, "HY.9.2.2"), basis="HY.9.2.2")
    decided = world.decided(path, "written_self_criticism")
    assert (decided["state"], decided["measure"], decided["ground"]) == (
        "decided",
        "written_self_criticism",
        "HY.9.2.2",
    )
    assert decided["objection_until"] == "2017-04-19"
    assert "非办法规定" in decided["objection_note"]
    assert [s["kind"] for s in decided["steps"]] == ["facts", "statement", "decision"]
    assert code(world.committee.try_act(path, "close", {})) == (409, "outputs-missing")
    early = WORDS["self_criticism"] | {"received_on": "2017-03-21"}
    assert code(world.committee.try_act(path, "execute", early)) == (409, "not-yet-happened")
    world.committee.act(path, "execute", WORDS["self_criticism"])
    assert code(world.committee.try_act(path, "close", {})) == (409, "outputs-missing")
    assert world.committee.read(path)["missing_outputs"] == ["township_notice"]
    (notice,) = world.committee.read("/notices", case_id=path[-36:])["items"]
    assert (notice["kind"], notice["audience"], notice["state"]) == ("self_criticism_circulation", "township", "draft")
    output = {"output": "township_notice", "notice_id": notice["id"]}
    assert code(world.committee.try_act(path, "execute", output)) == (409, "notice-not-published")
    world.committee.act(f"/notices/{notice['id']}", "publish", NOTICE)
    world.committee.act(path, "execute", output)
    assert world.committee.act(path, "close", {})["state"] == "closed"


@pytest.mark.parametrize(
    ("ground", "measure", "capacity", "office", "output"),
    [
        ("HY.9.3.1", "admonition_talk", "village_body_head", "village_committee_head", "talk_record"),
        ("HY.9.4.2", "party_or_admin_discipline", "directly_responsible", "helper", "discipline_reference"),
    ],
)
def test_R9_each_measure_closes_with_its_own_output(world, ground, measure, capacity, office, output):
    subject = world.cadre(office)
    path = world.case(world.finding({"person_id": subject.person_id}, ground), basis=ground, capacity=capacity)
    crime = {"crime_assessment": "none"} if measure.startswith("party") else {}
    world.decided(path, measure, **crime)
    for other in {*WORDS} - {output}:
        assert code(world.committee.try_act(path, "execute", WORDS[other])) == (409, "not-an-output-of-this-measure")
    world.committee.act(path, "execute", WORDS[output])
    assert code(world.committee.try_act(path, "execute", WORDS[output])) == (409, "output-already-recorded")
    assert world.committee.act(path, "close", {"remarks": "已整改。"})["state"] == "closed"


def test_R9_a_village_body_answers_as_a_body_and_gets_no_circular_criticism(world):
    village = {"village_code": world.place.village}
    finding = world.finding(village, "HY.9.2.2", ("HY.9.1.3",))
    wrong = {"finding_ids": [finding], "organ": "party_committee", "basis": "HY.9.1.3", "capacity": "village_body"}
    assert code(world.committee.post("/cases", wrong)) == (409, "subject-not-provided-for")
    assert code(world.committee.post("/cases", wrong | {"capacity": "helper"})) == (409, "capacity-not-held")
    path = world.case(finding, basis="HY.9.2.2", capacity="village_body")
    assert world.decided(path, "written_self_criticism")["capacity"] == "village_body"


def test_R10_only_the_organ_recorded_at_opening_moves_the_case(world):
    subject = world.cadre()
    path = world.case(world.finding({"person_id": subject.person_id}, "HY.9.2.2"), basis="HY.9.2.2")
    refused = world.commission.try_act(path, "present-facts", {"facts": "事实"})
    assert code(refused) == (403, "another-organ-has-the-case")
    assert world.committee.act(path, "present-facts", {"facts": "事实"})["state"] == "facts_presented"


def test_R10_a_unit_helper_is_not_the_party_committees(world):
    subject = world.cadre(category="unit_staff")
    finding = world.finding({"person_id": subject.person_id}, "HY.9.2.2")
    body = {"finding_ids": [finding], "organ": "party_committee", "basis": "HY.9.2.2", "capacity": "helper"}
    assert code(world.committee.post("/cases", body)) == (403, "organ-not-competent")
    assert world.commission.made("/cases", body | {"organ": "discipline_commission"})["state"] == "opened"


def test_R10_a_superiors_cadre_is_referred_and_his_outcome_recorded(world):
    subject = world.cadre(category="unit_staff", management_authority="county")
    finding = world.finding({"person_id": subject.person_id}, "HY.9.2.2")
    path = world.heard(world.case(finding, basis="HY.9.2.2", organ="discipline_commission"), world.commission)
    decide = {"measure": "written_self_criticism", "reasons": "事实清楚。"}
    assert code(world.commission.try_act(path, "decide", decide)) == (409, "superior-organ-decides")
    refer = {"to": "县纪委", "cited_rule": "干部管理权限", "reasons": "县管干部。"}
    assert world.commission.act(path, "refer", refer)["state"] == "referred"
    outcome = {"conclusion": "concluded", "outcome": "县纪委已处理。", "cited_rule": "有关规定"}
    assert world.commission.act(path, "record-outcome", outcome)["state"] == "closed"


def test_G43_G49_an_urgent_transfer_waits_for_nothing_and_resumes_on_the_answer(world):
    subject = world.cadre()
    finding = world.finding({"person_id": subject.person_id}, "HY.9.4.3")
    path = world.case(finding, basis="HY.9.4.3", capacity="directly_responsible")
    to = {"to": "县人民检察院", "reasons": "涉嫌挪用。"}
    assert code(world.committee.try_act(path, "transfer", {**to, "crime_assessment": "none"}))[0] == 409
    assert world.committee.act(path, "transfer", {**to, "crime_assessment": "suspected"})["state"] == "transferred"
    assert code(world.committee.try_act(path, "present-facts", {"facts": "事实"})) == (409, "wrong-state")
    back = {"conclusion": "resume", "outcome": "不构成犯罪。", "cited_rule": "刑事诉讼法", "crime_assessment": "none"}
    unanswered = world.committee.try_act(path, "record-outcome", back | {"crime_assessment": "suspected"})
    assert code(unanswered) == (409, "answer-still-open")
    assert world.committee.act(path, "record-outcome", back)["state"] == "opened"
    done = world.decided(path, "party_or_admin_discipline")
    assert done["crime_assessment"] == "none"


def test_G44_other_illegality_is_referred_under_a_cited_rule_and_bars_no_measure(world):
    """What breaks other law than criminal law goes to the organ that has it; the case may come back and be decided."""
    path = world.case(world.finding({"person_id": world.cadre().person_id}, "HY.9.2.2"), basis="HY.9.2.2")
    world.heard(path)
    refer = {"to": "县市场监督管理局", "reasons": "涉嫌一般违法。"}
    assert world.committee.try_act(path, "refer", refer).status_code == 422
    transfer = {"to": "县人民检察院", "reasons": "涉嫌一般违法。", "crime_assessment": "none"}
    assert code(world.committee.try_act(path, "transfer", transfer)) == (409, "no-crime-assessed")
    assert world.committee.act(path, "refer", refer | {"cited_rule": "行政处罚法"})["state"] == "referred"
    decide = {"measure": "written_self_criticism", "reasons": "事实清楚。"}
    assert code(world.committee.try_act(path, "decide", decide)) == (409, "wrong-state")
    back = {"conclusion": "resume", "outcome": "已责令改正。", "cited_rule": "行政处罚法"}
    assert world.committee.act(path, "record-outcome", back)["state"] == "facts_presented"
    assert world.committee.act(path, "decide", decide)["state"] == "decided"


def test_G39_G43_measure_four_asks_for_membership_and_for_crime(world):
    stranger = world.cadre(party_membership="not_member")
    finding = world.finding({"person_id": stranger.person_id}, "HY.9.4.1")
    path = world.heard(world.case(finding, basis="HY.9.4.1", capacity="directly_responsible"))
    body = {"measure": "party_or_admin_discipline", "reasons": "事实清楚。"}
    assert code(world.committee.try_act(path, "decide", body)) == (409, "crime-assessment-required")
    suspected = world.committee.try_act(path, "decide", body | {"crime_assessment": "suspected"})
    assert code(suspected) == (409, "judicial-transfer-required")
    refused = world.committee.try_act(path, "decide", body | {"crime_assessment": "none"})
    assert code(refused) == (409, "party-discipline-only-for-members")


def test_G45_G62_article_8_is_the_discipline_commissions_and_takes_an_outside_outcome(world):
    subject = world.cadre()
    finding = world.finding({"person_id": subject.person_id}, "HY.8")
    body = {"finding_ids": [finding], "organ": "party_committee", "basis": "HY.8", "capacity": "helper"}
    assert code(world.committee.post("/cases", body | {"elements": ELEMENTS})) == (403, "organ-not-competent")
    body["organ"] = "discipline_commission"
    assert code(world.commission.post("/cases", body)) == (409, "general-clause-elements-missing")
    path = f"/cases/{world.commission.made('/cases', body | {'elements': ELEMENTS})['id']}"
    outcome = {"conclusion": "concluded", "outcome": "组织处理。", "cited_rule": "干部管理有关规定"}
    world.commission.act(path, "present-facts", {"facts": "长期不履职。"})
    assert code(world.commission.try_act(path, "record-outcome", outcome)) == (409, "only-outside-outcome")
    world.commission.act(path, "record-statement", {"statement": "waived"})
    measure = {"measure": "circular_criticism", "reasons": "事实清楚。"}
    assert code(world.commission.try_act(path, "decide", measure)) == (409, "general-clause-has-no-measure")
    assert world.commission.act(path, "record-outcome", outcome)["state"] == "closed"


def test_G33_G35_a_second_measure_needs_reasons_and_history_is_only_shown(world):
    subject = world.cadre()
    finding = world.finding({"person_id": subject.person_id}, "HY.9.2.2", ("HY.9.1.3",))
    world.decided(world.case(finding, basis="HY.9.2.2"), "written_self_criticism")
    second = world.heard(world.case(finding, basis="HY.9.1.3"))
    assert [m["measure"] for m in world.committee.read(second)["history"]] == ["written_self_criticism"]
    body = {"measure": "circular_criticism", "reasons": "事实清楚。"}
    assert code(world.committee.try_act(second, "decide", body)) == (409, "second-measure-for-same-facts")
    assert world.committee.act(second, "decide", body | {"same_facts_reason": "另有材料问题。"})["state"] == "decided"


@pytest.mark.parametrize("reason", [None, "另有材料问题。"])
def test_G33_two_organs_that_decide_on_one_finding_at_the_same_moment_give_one_measure(world, reason):
    """A reason written before anything was decided overrides nothing: it must answer a measure that is there."""
    measures = {"HY.9.2.2": "written_self_criticism", "HY.9.1.3": "circular_criticism"}
    for _ in range(3):
        finding = world.finding({"person_id": world.cadre().person_id}, "HY.9.2.2", ("HY.9.1.3",))
        organs = {"party_committee": world.committee, "discipline_commission": world.commission}
        ready = [
            (caller, world.heard(world.case(finding, basis=basis, organ=organ), caller), measures[basis])
            for (organ, caller), basis in zip(organs.items(), measures, strict=True)
        ]
        bodies = [{"measure": measure, "reasons": "事实清楚。", "same_facts_reason": reason} for *_, measure in ready]
        with ThreadPoolExecutor(2) as at_once:
            answers = list(at_once.map(lambda r, b: r[0].try_act(r[1], "decide", b), ready, bodies))
        decided = [a for a in answers if a.status_code == 200]
        refused = [code(a) for a in answers if a.status_code != 200]
        overridden = len(decided) == 2 and reason is not None  # one waited for the other and then saw its measure
        assert overridden or (len(decided), refused) == (1, [(409, "second-measure-for-same-facts")])


def test_G33_the_database_itself_holds_one_first_measure_of_a_finding(world):
    """What makes the race above safe whatever its timing: an overriding measure is never the first."""
    finding = world.finding({"person_id": world.cadre().person_id}, "HY.9.2.2", ("HY.9.1.3",))
    first, second = (world.case(finding, basis=basis) for basis in ("HY.9.2.2", "HY.9.1.3"))
    world.decided(first, "written_self_criticism")
    body = {"measure": "circular_criticism", "reasons": "事实清楚。", "same_facts_reason": "另有材料问题。"}
    assert world.committee.act(world.heard(second), "decide", body)["state"] == "decided"
    mark = "update case_findings set first_measure = true where case_id = %s"
    with psycopg.connect(world.place.service.database_url) as connection:
        marks = "select first_measure from case_findings where finding_id = %s order by first_measure"
        assert connection.execute(marks, [finding]).fetchall() == [(False,), (True,)]
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(mark, [second[-36:]])


def test_R2_2_a_confirmed_finding_stays_in_sight_until_a_case_rests_on_it(own_world):
    """有错必究: an organ can ask at any time which confirmed facts nobody has taken up."""
    findings = [own_world.finding({"person_id": own_world.cadre().person_id}, "HY.9.2.2") for _ in range(2)]

    def left():
        found = own_world.commission.read("/findings", state="confirmed", has_case="false")["items"]
        return sorted(f["id"] for f in found)

    assert left() == sorted(findings)
    case = own_world.case(findings[0], basis="HY.9.2.2")
    assert left() == [findings[1]]
    assert own_world.committee.read(f"/findings/{findings[0]}")["has_case"] is True
    own_world.committee.act(case, "no-measure", {"reasons": "情节轻微,已改正。"})
    assert left() == [findings[1]], "declining is an answer, with its reason on record"


def test_G34_no_substitution_and_declining_is_recorded(world):
    subject = world.cadre()
    path = world.heard(world.case(world.finding({"person_id": subject.person_id}, "HY.9.2.2"), basis="HY.9.2.2"))
    body = {"measure": "admonition_talk", "reasons": "事实清楚。"}
    assert code(world.committee.try_act(path, "decide", body)) == (409, "measure-not-of-this-ground")
    assert world.committee.act(path, "no-measure", {"reasons": "情节轻微,已改正。"})["state"] == "no_measure"


def test_G49_nobody_is_decided_on_unheard(world):
    subject = world.cadre()
    path = world.case(world.finding({"person_id": subject.person_id}, "HY.9.2.2"), basis="HY.9.2.2")
    body = {"measure": "written_self_criticism", "reasons": "事实清楚。"}
    assert code(world.committee.try_act(path, "decide", body)) == (409, "wrong-state")
    world.committee.act(path, "present-facts", {"facts": "事实"})
    assert code(world.committee.try_act(path, "decide", body)) == (409, "statement-not-heard")
    assert code(world.committee.try_act(path, "record-statement", {"statement": "refused"}))[0] == 422
    world.committee.act(path, "record-statement", {"statement": "refused", "witness": "见证人"})
    assert world.committee.act(path, "decide", body)["state"] == "decided"


def test_G61_a_recused_member_acts_no_more_and_his_substitute_does(world):
    subject = world.cadre()
    path = world.case(world.finding({"person_id": subject.person_id}, "HY.9.2.2"), basis="HY.9.2.2")
    deputy = world.place.office("party_committee", name="副职")
    recusal = {
        "person_id": world.committee.person_id,
        "interest": "kinship",
        "reason": "系夫妻。",
        "substitute_id": deputy.person_id,
    }
    assert code(world.commission.post(f"{path}/recusals", recusal))[0] == 403
    assert world.committee.post(f"{path}/recusals", recusal).status_code == 201
    assert code(world.committee.try_act(path, "present-facts", {"facts": "事实"})) == (403, "recused")
    assert code(deputy.post(f"{path}/recusals", recusal)) == (409, "already-recused")
    assert deputy.act(path, "present-facts", {"facts": "事实"})["recusals"][0]["substitute_id"] == deputy.person_id


def test_G1_a_group_cadre_is_decided_on_once_the_organ_confirms(world):
    subject = world.cadre(category="group_cadre")
    path = world.case(world.finding({"person_id": subject.person_id}, "HY.9.2.2"), basis="HY.9.2.2")
    assert "outside_art3" in world.committee.read(path)["warnings"]
    world.heard(path)
    body = {"measure": "written_self_criticism", "reasons": "事实清楚。"}
    assert code(world.committee.try_act(path, "decide", body)) == (409, "outside-article3-unconfirmed")
    assert world.committee.act(path, "decide", body | {"confirms_outside_article_3": True})["state"] == "decided"


def test_G40_a_unit_gets_an_outcome_in_words_under_a_cited_rule(world):
    unit = world.place.office("leading_group_office").made("/units", {"name": "乡财政所"})["id"]
    finding = world.finding({"unit_id": unit}, "HY.9.4.3")
    opening = {
        "organ": "discipline_commission",
        "basis": "HY.9.4.3",
        "capacity": "unit",
        "routing_reason": "乡属单位。",
    }
    path = f"/cases/{world.commission.made('/cases', {'finding_ids': [finding], **opening})['id']}"
    world.heard(path, world.commission)
    body = {"measure": "party_or_admin_discipline", "reasons": "事实清楚。", "crime_assessment": "none"}
    body["confirms_outside_article_3"] = True
    assert code(world.commission.try_act(path, "decide", body)) == (409, "unit-discipline-needs-outcome-and-rule")
    body |= {"outcome": "责令整改。", "cited_rule": "有关规定"}
    assert world.commission.act(path, "decide", body)["state"] == "decided"


def test_findings_of_a_case_are_confirmed_known_and_of_one_subject(world):
    one, other = world.cadre(), world.cadre()
    mine, theirs = (world.finding({"person_id": who.person_id}, "HY.9.2.2") for who in (one, other))
    body = {"organ": "party_committee", "basis": "HY.9.2.2", "capacity": "helper"}
    assert code(world.committee.post("/cases", body | {"finding_ids": [mine, theirs]})) == (409, "findings-differ")
    unknown = body | {"finding_ids": [one.person_id]}
    assert code(world.committee.post("/cases", unknown)) == (409, "finding-unknown")
    wrong = body | {"finding_ids": [mine], "basis": "HY.9.2.1"}
    assert code(world.committee.post("/cases", wrong)) == (409, "ground-fits-no-finding")
    unmet = body | {"finding_ids": [mine], "organ": "discipline_commission"}
    assert world.committee.post("/cases", unmet).status_code == 403


def test_cases_are_read_by_the_organs_and_the_subject_only(world):
    subject = world.cadre()
    path = world.case(world.finding({"person_id": subject.person_id}, "HY.9.2.2"), basis="HY.9.2.2")
    for caller in (world.committee, world.commission, world.government, subject):
        assert caller.get(path).status_code == 200
    for office in ("leading_group", "assessor", "leading_group_office", "helper", "administrator", "county_auditor"):
        other = world.place.office(office)
        assert other.get(path).status_code == 404
        assert other.read("/cases")["items"] == []
    assert subject.try_act(path, "present-facts", {"facts": "事实"}).status_code == 403


def test_the_same_case_sent_twice_is_one_case(world):
    subject = world.cadre()
    finding = world.finding({"person_id": subject.person_id}, "HY.9.2.2")
    body = {
        "id": "01920000-0000-7000-8000-0000000000ca",
        "finding_ids": [finding],
        "organ": "party_committee",
        "basis": "HY.9.2.2",
        "capacity": "helper",
    }
    answers = [world.committee.post("/cases", body) for _ in range(2)]
    assert [a.status_code for a in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    assert len(answers[0].json()["findings"]) == 1


def test_every_move_takes_at_most_six_round_trips(world, counter):
    subject = world.cadre()
    findings = [world.finding({"person_id": subject.person_id}, "HY.9.2.2") for _ in range(3)]
    body = {"finding_ids": findings, "organ": "party_committee", "basis": "HY.9.2.2", "capacity": "helper"}
    counter.seen.clear()
    path = f"/cases/{world.committee.made('/cases', body)['id']}"
    assert len(counter.work()) <= 6, counter.work()
    moves = []
    for move, body in (
        ("present-facts", {"facts": "事实"}),
        ("record-statement", {"statement": "waived"}),
        ("decide", {"measure": "written_self_criticism", "reasons": "事实清楚。"}),
        ("execute", WORDS["self_criticism"]),
    ):
        etag = world.committee.get(path).headers["etag"]
        counter.seen.clear()
        assert world.committee.post(f"{path}/{move}", body, if_match=etag).status_code == 200
        moves.append((move, len(counter.work())))
    assert max(n for _, n in moves) <= 6, moves


def test_a_list_or_a_single_read_takes_two_round_trips(world, counter):
    subject = world.cadre()
    path = world.case(world.finding({"person_id": subject.person_id}, "HY.9.2.2"), basis="HY.9.2.2")
    for read in (path, "/cases", "/findings", "/notices", "/objections"):
        counter.seen.clear()
        assert world.committee.get(read).status_code == 200
        assert len(counter.work()) <= 2, read


def test_G61_who_is_concerned_declares_nobody_recused_but_himself(own_world):
    place = own_world.place
    other = place.office("party_committee", name="郑书记")
    person = place.person("兼任人", category="village_committee_member")
    place.appoint(person, "helper")
    place.appoint(person, "party_committee")
    subject = place.account(person)
    path = own_world.case(own_world.finding({"person_id": person}, "HY.9.2.2"), basis="HY.9.2.2")
    body = {"person_id": other.person_id, "interest": "kinship", "reason": "亲属。"}
    assert code(subject.post(f"{path}/recusals", body)) == (403, "own-file")
    assert subject.post(f"{path}/recusals", body | {"person_id": person}).status_code == 201
    again = body | {"id": "01920000-0000-7000-8000-00000000a001"}
    answers = [own_world.committee.post(f"{path}/recusals", again) for _ in range(2)]
    assert [a.status_code for a in answers] == [201, 200], "a colleague may, and may send it again"
    assert code(own_world.committee.post(f"{path}/recusals", body)) == (409, "already-recused")


# ── the rulebook of the day ──────────────────────────────────────────────────────────────────────


def bound_to(township: Any, code: str, effective_from: str) -> None:
    """The township works under another rulebook from that day on, as an operator would lay down."""
    document = json.loads((Path(__file__).parent.parent / "rulebook" / "partial_rulebook.json").read_text())
    rulebook = (code, document["edition"], document["title"], document["title_en"], json.dumps(document))
    with psycopg.connect(township.service.database_url) as connection:
        connection.execute(
            "insert into rulebooks (code, edition, partial, title, title_en, sha256, document)"
            " values (%s, %s, true, %s, %s, '', %s) on conflict do nothing", rulebook,
        )  # fmt: skip
        connection.execute(
            "insert into rulebook_bindings (county_code, township_code, id, version, created_at, fingerprint,"
            " rulebook_code, effective_from) values (left(%s, 6), %s, gen_random_uuid(), 1, now(), '', %s, %s)",
            (township.code, township.code, code, effective_from),
        )


def test_G52_a_case_keeps_the_rulebook_of_the_day_of_its_facts_and_no_other_is_guessed(own_world):
    """Facts of the last day under the first rulebook stay under it; from the next day on another one holds."""
    subject, place = {"person_id": own_world.cadre().person_id}, own_world.place
    before = own_world.case(own_world.finding(subject, "HY.9.2.2", fact_on="2017-03-14"), basis="HY.9.2.2")
    open_still = own_world.finding(subject, "HY.9.2.2", fact_on="2017-03-15")
    bound_to(place, "PARTIAL-TEST", "2017-03-15")
    later = {"source": "office", "subject": subject, "fact_on": "2017-03-15", "description": "工作推进缓慢。"}
    assert code(own_world.committee.post("/findings", later)) == (409, "rulebook-is-partial")
    opened = {"organ": "party_committee", "basis": "HY.9.2.2", "capacity": "helper"}
    under_another = own_world.committee.post("/cases", opened | {"finding_ids": [open_still]})
    assert code(under_another) == (409, "rulebook-is-partial")
    assert own_world.committee.made("/findings", later | {"fact_on": "2017-03-14"})["rulebook"] == "HUAYUAN-2016"
    decided = own_world.decided(before, "written_self_criticism")
    assert (decided["rulebook"], decided["state"]) == ("HUAYUAN-2016", "decided")


def test_G51_G52_a_township_that_adopted_the_service_later_answers_for_facts_since_commencement(own_world):
    """The service came in 2017; the regulation has held since 2016-11-09, and not a day longer."""
    with psycopg.connect(own_world.place.service.database_url) as connection:
        at = "update rulebook_bindings set effective_from = '2017-03-01' where township_code = %s"
        connection.execute(at, [own_world.place.code])
    made = {"source": "office", "subject": {"person_id": own_world.cadre().person_id}, "description": "进度缓慢。"}
    assert own_world.committee.made("/findings", made | {"fact_on": "2016-11-09"})["rulebook"] == "HUAYUAN-2016"
    early = own_world.committee.post("/findings", made | {"fact_on": "2016-11-08"})
    assert code(early) == (409, "before-commencement")


def test_G37_G38_who_acted_in_which_capacity_decides_the_organ_over_http(world):
    """The discipline commission has the township's own cadres; where he is a village cadre too the organ says why."""
    cadre = world.cadre(category="organ_cadre")
    finding = world.finding({"person_id": cadre.person_id}, "HY.9.2.2")
    body = {"finding_ids": [finding], "organ": "party_committee", "basis": "HY.9.2.2", "capacity": "helper"}
    assert code(world.committee.post("/cases", body)) == (403, "organ-not-competent")
    opened = world.commission.made("/cases", body | {"organ": "discipline_commission"})
    assert "township_cadre_routed" in opened["warnings"]
    world.place.appoint(cadre.person_id, "village_committee_member", world.place.village)
    both = {**body, "finding_ids": [world.finding({"person_id": cadre.person_id}, "HY.9.2.1")], "basis": "HY.9.2.1"}
    assert code(world.committee.post("/cases", both)) == (409, "routing-reason-required")
    reason = {"routing_reason": "系以村“两委”成员身份履职时发生。"}
    assert world.committee.made("/cases", both | reason)["routing_reason"] == reason["routing_reason"]
