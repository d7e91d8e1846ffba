"""Does any mix of calls over HTTP bring a case to a decision outside the matrices, or close one without its outputs?

The matrices stand here once more, written down from the regulation and not read from the service.
"""

from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

MEASURES = ["circular_criticism", "written_self_criticism", "admonition_talk", "party_or_admin_discipline"]
GROUNDS = [f"HY.9.{m}.{n}" for m, many in ((1, 3), (2, 4), (3, 5), (4, 5)) for n in range(1, many + 1)]
CAPACITIES = ["helper", "village_body", "village_body_head", "unit", "directly_responsible"]
ANSWERS = {
    "circular_criticism": {"helper"},
    "written_self_criticism": {"helper", "village_body"},
    "admonition_talk": {"helper", "village_body_head"},
    "party_or_admin_discipline": {"unit", "village_body_head", "directly_responsible"},
}
ORGANS = ["party_committee", "township_government", "discipline_commission"]
CALLERS = [*ORGANS, "leading_group", "subject"]
CRIMES = [None, "none", "suspected", "established"]
DECIDED = {"decided", "executed", "closed"}
OUTPUTS = {
    "self_criticism": {"output": "self_criticism", "received_on": "2017-03-20", "summary": "检查深刻。"},
    "talk_record": {
        "output": "talk_record", "held_on": "2017-03-20", "held_by": "郑九", "reason_told": "不及时。",
        "explanation": "人手不足。", "corrections_required": "整改。",
    },
    "discipline_reference": {
        "output": "discipline_reference", "document_number": "花纪〔2017〕3号", "issued_by": "乡纪委",
        "issued_on": "2017-03-20", "cited_rule": "有关规定", "outcome": "依规处理。",
    },
}  # fmt: skip


def complaint(case: dict[str, Any]) -> str | None:
    """What is wrong with a case that carries a measure, or None."""
    if case["measure"] is None:
        return "decided without a measure" if case["state"] in DECIDED and case["basis"] != "HY.8" else None
    if case["basis"] == "HY.8":
        return "a measure on article 8"
    if case["ground"] not in GROUNDS or MEASURES[int(case["ground"].split(".")[2]) - 1] != case["measure"]:
        return "a measure that is not its ground's"
    if case["capacity"] not in ANSWERS[case["measure"]]:
        return "a subject the measure does not have"
    if case["measure"] == "party_or_admin_discipline" and case["crime_assessment"] != "none":
        return "discipline although a crime was not ruled out"
    if case["statement"] is None:
        return "decided unheard"
    kinds = {step["kind"] for step in case["steps"]}
    return None if {"facts", "statement", "decision"} <= kinds else "decided without the steps before"


class CaseMachine(RuleBasedStateMachine):
    """One case under arbitrary calls by everybody; `place` is set by the test."""

    place: Any

    @initialize(
        ground=st.sampled_from(GROUNDS), other=st.sampled_from(GROUNDS), capacity=st.sampled_from(CAPACITIES),
        organ=st.sampled_from(ORGANS), member=st.sampled_from(["member", "not_member", "unknown"]),
    )  # fmt: skip
    def open(self, ground: str, other: str, capacity: str, organ: str, member: str) -> None:
        place = type(self).place
        self.path: str | None = None
        self.callers = {office: place.office(office) for office in CALLERS[:-1]}
        category = "unit_staff" if capacity == "unit" else "village_committee_member"
        person = place.person("周七", category=category, party_membership=member)
        place.appoint(
            person,
            "village_committee_head" if capacity == "village_body_head" else "helper",
            place.village if capacity == "village_body_head" else None,
        )
        self.callers["subject"] = place.account(person)
        subject: dict[str, Any] = {"person_id": person}
        if capacity == "village_body":
            subject = {"village_code": place.village}
        elif capacity == "unit":
            subject = {"unit_id": place.admin.made("/units", {"name": f"单位{person}"})["id"]}
        body = {"source": "office", "subject": subject, "fact_on": "2017-03-15", "description": "工作敷衍。"}
        finding = self.callers[organ].post("/findings", body)
        if finding.status_code != 201:
            return
        confirm = {"ground": ground, "alternatives": [other] if other != ground else [], "reasons": "属实。"}
        if self.callers[organ].try_act(f"/findings/{finding.json()['id']}", "confirm", confirm).status_code != 200:
            return
        opened = self.callers[organ].post("/cases", {
            "finding_ids": [finding.json()["id"]], "organ": organ, "basis": ground, "capacity": capacity,
        })  # fmt: skip
        if opened.status_code == 201:
            self.path, self.organ = f"/cases/{opened.json()['id']}", organ

    def act(self, caller: str, action: str, body: dict[str, Any]) -> None:
        if self.path is not None:
            answer = self.callers[caller].try_act(self.path, action, body)
            assert answer.status_code < 500, answer.text

    @rule()
    def hear(self) -> None:
        """Take the lawful way on, so that walks get far."""
        if self.path is not None:
            self.act(self.organ, "present-facts", {"facts": "敷衍。", "shown_to": "周七"})
            self.act(self.organ, "record-statement", {"statement": "stated", "text": "属实。"})

    @rule(caller=st.sampled_from(CALLERS))
    def present(self, caller: str) -> None:
        self.act(caller, "present-facts", {"facts": "敷衍。"})

    @rule(caller=st.sampled_from(CALLERS), statement=st.sampled_from(["stated", "waived", "refused"]))
    def state(self, caller: str, statement: str) -> None:
        self.act(caller, "record-statement", {"statement": statement, "text": "无异议。"})

    @rule(caller=st.sampled_from(CALLERS), measure=st.sampled_from(MEASURES), crime=st.sampled_from(CRIMES))
    def decide(self, caller: str, measure: str, crime: str | None) -> None:
        more = {"outcome": "责令整改。", "cited_rule": "有关规定", "confirms_outside_article_3": True}
        self.act(caller, "decide", {"measure": measure, "reasons": "清楚。", "crime_assessment": crime, **more})

    @rule(measure=st.sampled_from(MEASURES), crime=st.sampled_from(CRIMES))
    def the_organ_decides(self, measure: str, crime: str | None) -> None:
        if self.path is not None:
            self.decide(self.organ, measure, crime)

    @rule(caller=st.sampled_from(CALLERS), crime=st.sampled_from(CRIMES[1:]))
    def transfer(self, caller: str, crime: str) -> None:
        self.act(caller, "transfer", {"crime_assessment": crime, "to": "县检察院", "reasons": "涉嫌犯罪。"})

    @rule(caller=st.sampled_from(ORGANS), output=st.sampled_from(list(OUTPUTS)))
    def execute(self, caller: str, output: str) -> None:
        self.act(caller, "execute", OUTPUTS[output])

    @rule(caller=st.sampled_from(ORGANS))
    def close(self, caller: str) -> None:
        self.act(caller, "close", {})

    @invariant()
    def nothing_is_decided_outside_the_law(self) -> None:
        if getattr(self, "path", None) is not None:
            case = self.callers[self.organ].read(self.path)
            assert complaint(case) is None, (complaint(case), case)
            assert case["state"] != "closed" or case["missing_outputs"] == []


@pytest.fixture
def machine(township: Any) -> type[CaseMachine]:
    township.at("2017-03-20")
    return type("Machine", (CaseMachine,), {"place": township})


def test_R9_R10_no_mix_of_calls_decides_outside_the_matrices(machine: type[CaseMachine]) -> None:
    small = settings(
        max_examples=25, stateful_step_count=10, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(machine, settings=small)


def decided(machine: type[CaseMachine]) -> CaseMachine:
    walk = machine()
    walk.open("HY.9.2.2", "HY.9.1.1", "helper", "party_committee", "member")
    walk.hear()
    walk.decide("party_committee", "written_self_criticism", None)
    return walk


def test_R9_the_machine_does_reach_a_decision(machine: type[CaseMachine]) -> None:
    walk = decided(machine)
    assert walk.path is not None
    assert walk.callers["party_committee"].read(walk.path)["measure"] == "written_self_criticism"
    walk.nothing_is_decided_outside_the_law()


@pytest.mark.parametrize("forced", ["measure = 'admonition_talk'", "ground = 'HY.9.3.1'"])
def test_R9_control_the_machine_notices_a_forced_decision(machine: type[CaseMachine], forced: str) -> None:
    walk = decided(machine)
    assert walk.path is not None
    with psycopg.connect(walk.place.service.database_url) as connection:
        connection.execute(f"update cases set {forced} where id = %s", [walk.path.split("/")[-1]])  # type: ignore[arg-type]
    with pytest.raises(AssertionError):
        walk.nothing_is_decided_outside_the_law()


def test_R9_control_the_database_itself_refuses_a_subject_the_measure_does_not_have(
    machine: type[CaseMachine],
) -> None:
    walk = decided(machine)
    assert walk.path is not None
    assert complaint({**walk.callers["party_committee"].read(walk.path), "capacity": "unit"})
    with psycopg.connect(walk.place.service.database_url) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("update cases set capacity = 'unit' where id = %s", [walk.path.split("/")[-1]])
