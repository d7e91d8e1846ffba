"""Does any mix of calls over HTTP leave a vetoed helper eligible for an award, or veto one whom nobody determined?

The machine keeps its own account of the determinations the service accepted and judges by that alone.
"""

from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

CALLERS = ["leading_group", "party_committee", "leading_group_office", "assessor"]
OUTCOMES = ["complete", "not_complete", "not_applicable", "not_determined"]
STEPS = {"review": {"findings": "属实"}, "summarise": {"summary": "汇总"}, "submit": {}}


class YearMachine(RuleBasedStateMachine):
    """One helper's 2017 under arbitrary calls by everybody; `place` is set by the test."""

    place: Any

    @initialize()
    def begin(self) -> None:
        place = type(self).place
        self.callers = {office: place.office(office) for office in CALLERS}
        office, group = self.callers["leading_group_office"], self.callers["leading_group"]
        self.helper = place.person("帮扶人")
        place.appoint(self.helper, "helper")
        register = {"head_name": "甲", "main_cause": "illness", "listed_on": "2016-01-01"}
        body = {"card_number": f"K{self.helper}", "village_code": place.village, **register}
        household = office.made("/households", body)["id"]
        office.made("/pairings", {
            "household_id": household, "helper_id": self.helper, "is_primary": True, "starts": "2016-11-09",
        })  # fmt: skip
        found = group.read("/year-end-submissions", year=2017)["items"]
        self.submission = found[0]["id"] if found else group.made("/year-end-submissions", {"year": 2017})["id"]
        self.path: str | None = None
        self.said: list[str] = []

    def act(self, caller: str, path: str | None, action: str, body: dict[str, Any]) -> bool:
        if path is None:
            return False
        answer = self.callers[caller].try_act(path, action, body)
        assert answer.status_code < 500, answer.text
        return bool(answer.status_code == 200)

    @rule(caller=st.sampled_from(CALLERS), step=st.sampled_from(list(STEPS)))
    def submission_step(self, caller: str, step: str) -> None:
        self.act(caller, f"/year-end-submissions/{self.submission}", step, STEPS[step])

    @rule()
    def lawful_way(self) -> None:
        """Submit and propose, so that walks get to determinations."""
        for step, body in STEPS.items():
            self.act("leading_group", f"/year-end-submissions/{self.submission}", step, body)
        self.propose("leading_group")

    @rule(caller=st.sampled_from(CALLERS))
    def propose(self, caller: str) -> None:
        if self.path is None:
            found = self.callers["leading_group"].read("/annual-evaluations", helper_id=self.helper, year=2017)["items"]
            self.path = f"/annual-evaluations/{found[0]['id']}" if found else None
        self.act(caller, self.path, "propose", {})

    @rule(caller=st.sampled_from(CALLERS), outcome=st.sampled_from(OUTCOMES), considered=st.booleans())
    def determine(self, caller: str, outcome: str, considered: bool) -> None:
        body = {"outcome": outcome, "reasons": "经审核属实", "submission_id": self.submission}
        if considered:
            body["results_considered"] = "各月各季结果均已研究"
        if self.act(caller, self.path, "determine", body):
            assert caller == "party_committee" and considered, "only the committee, and never with the box empty"
            self.said.append(outcome)

    @rule(outcome=st.sampled_from(OUTCOMES))
    def the_committee_determines(self, outcome: str) -> None:
        self.determine("party_committee", outcome, considered=True)

    @rule(caller=st.sampled_from(CALLERS))
    def reopen(self, caller: str) -> None:
        self.act(caller, self.path, "reopen", {"reasons": "有新的事实"})

    @invariant()
    def a_veto_follows_from_the_last_determination_and_from_nothing_else(self) -> None:
        if not hasattr(self, "said"):
            return
        told = self.callers["party_committee"].read(f"/helpers/{self.helper}/award-eligibility", year=2017)
        vetoed = self.said[-1:] == ["not_complete"]
        assert told["eligible"] is not vetoed, (self.said, told)
        assert told["priority"] is (self.said[-1:] == ["complete"]), (self.said, told)


@pytest.fixture
def machine(township: Any) -> type[YearMachine]:
    township.at("2017-12-20")
    return type("Machine", (YearMachine,), {"place": township})


def test_R7_2_G31_no_mix_of_calls_makes_a_vetoed_helper_eligible(machine: type[YearMachine]) -> None:
    small = settings(
        max_examples=15, stateful_step_count=10, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(machine, settings=small)


def vetoed(machine: type[YearMachine]) -> YearMachine:
    walk = machine()
    walk.begin()
    walk.lawful_way()
    walk.the_committee_determines("not_complete")
    return walk


def test_R7_2_the_machine_does_reach_a_veto(machine: type[YearMachine]) -> None:
    walk = vetoed(machine)
    assert walk.said == ["not_complete"]
    walk.a_veto_follows_from_the_last_determination_and_from_nothing_else()


def test_R7_2_control_the_machine_notices_a_veto_that_was_lifted_by_hand(machine: type[YearMachine]) -> None:
    walk = vetoed(machine)
    with psycopg.connect(walk.place.service.database_url) as connection:
        connection.execute(
            "update annual_determinations set outcome = 'complete', notice_due = false, veto_year = null "
            "where evaluation_id = %s",
            [str(walk.path).split("/")[-1]],
        )
    with pytest.raises(AssertionError):
        walk.a_veto_follows_from_the_last_determination_and_from_nothing_else()
