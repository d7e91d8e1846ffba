"""Does any mix of calls over HTTP bring a sign-off to `reviewed` without four signatures by the right people?

The machine keeps its own account of every call that succeeded and judges by that alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

ORDER = ["household", "helper", "village_principal", "liaison_leader"]
CALLERS = ["office", "group", "committee", "helper", "principal", "leader", "assessor", "stranger"]
STATEMENT: dict[str, Any] = {"out_of_poverty": True, "outside_rule": "河南省贫困退出实施办法", "income_fen": 412_300}


@dataclass(frozen=True)
class Put:
    """A signature that the service accepted: which party, whose account, who else stood by, on which statement."""

    party: str
    caller: str
    witness: str | None
    method: str
    statement: str


def complaint(
    village: Any, record: dict[str, Any], given: list[Put], known: set[str], named: dict[str, str]
) -> str | None:
    """What is wrong with a sign-off that the service calls reviewed, or None."""
    if record["state"] != "reviewed":
        return None
    if [put.party for put in given] != ORDER:
        return f"signatures in this order: {[put.party for put in given]}"
    if {put.statement for put in given} != {record["statement_hash"]}:
        return "a signature on another statement"
    household, *officers = given
    if village.helper.person_id in (household.caller, household.witness):
        return "the helper had a hand in the household's signature"
    if household.method != "code" and household.witness in (None, household.caller):
        return "no witness apart from the recorder"
    right = {"helper": village.helper, "village_principal": village.principal, "liaison_leader": village.leader}
    if any(put.caller != named.get(put.party, right[put.party].person_id) for put in officers):
        return "somebody signed for another"
    people = [put.caller for put in officers if put.caller not in known]
    return None if len(set(people)) == len(people) else "one person signed twice in silence"


class SignoffMachine(RuleBasedStateMachine):
    """One sign-off under arbitrary calls by everybody; `villages` are set by the test."""

    villages: list[Any]

    @initialize(conflicted=st.booleans())
    def open(self, conflicted: bool) -> None:
        self.village = self.villages[conflicted]
        self.village.household, self.village.head = self.village.new_household()
        self.path = self.village.opened()
        self.given: list[Put] = []
        self.known: set[str] = set()
        self.named: dict[str, str] = {}
        self.code: str | None = None

    def person(self, who: str) -> str:
        return str(self.village.witness if who == "witness" else getattr(self.village, who).person_id)

    def call(self, who: str, action: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """The answer where it succeeded; a refusal must be one that the contract knows."""
        answer = getattr(self.village, who).try_act(self.path, action, body)
        assert answer.status_code in (200, 403, 404, 409, 412, 422), answer.text
        return answer.json() if answer.status_code == 200 else None

    def put(self, who: str, action: str, body: dict[str, Any]) -> None:
        done = self.call(who, action, body)
        if done is not None and action != "refuse":
            self.given.append(
                Put(body["party"], self.person(who), body.get("witness_id"), body["method"], done["statement_hash"])
            )

    @rule(
        who=st.sampled_from(CALLERS),
        action=st.sampled_from(["sign", "sign", "object", "refuse"]),
        party=st.sampled_from(ORDER),
        method=st.sampled_from(["in_person", "thumbprint", "code", "account"]),
        witness=st.sampled_from([None, "witness", "helper", "office"]),
    )
    def anybody_signs(self, who: str, action: str, party: str, method: str, witness: str | None) -> None:
        body: dict[str, Any] = {"party": party, "method": method}
        if party == "household":
            body |= {"member_id": self.village.head, "capacity": "head"}
        if witness:
            body["witness_id"] = self.person(witness)
        if method == "code":
            body["code"] = self.code or "AAAA-AAAA-AAAA"
        if action != "sign":
            body["text" if action == "object" else "reason"] = "不同意见"
        self.put(who, action, body)

    @rule(times=st.integers(1, 4))
    def honest_signatures(self, times: int) -> None:
        for _ in range(times):
            due = len(self.given)
            if due < 4:
                caller, body = self.village.signers()[due]
                who = next(name for name in CALLERS if getattr(self.village, name) is caller)
                self.put(who, "sign", body)

    @rule(who=st.sampled_from(CALLERS), changed=st.booleans())
    def restate(self, who: str, changed: bool) -> None:
        record = self.village.office.read(self.path)
        statement = STATEMENT | {"income_fen": (record["income_fen"] or 0) + changed}
        if self.call(who, "restate", {"statement": statement, "reason": "重新核算"}):
            self.given, self.code = [], None

    @rule(who=st.sampled_from(CALLERS), to_helper=st.booleans())
    def issue_code(self, who: str, to_helper: bool) -> None:
        handed = {"handed_by": self.person("helper")} if to_helper else {}
        issued = self.call(who, "issue-code", {"member_id": self.village.head, **handed})
        assert not (issued and to_helper), "a code went through the helper"
        self.code = issued["code"] if issued else self.code

    @rule(who=st.sampled_from(CALLERS), party=st.sampled_from(ORDER), substitute=st.sampled_from(CALLERS))
    def name_substitute(self, who: str, party: str, substitute: str) -> None:
        body = {"party": party, "person_id": self.person(substitute), "reason": "兼任"}
        if self.call(who, "name-substitute", body):
            assert who == "group"
            self.named[party] = self.person(substitute)

    @rule(who=st.sampled_from(CALLERS), person=st.sampled_from(CALLERS))
    def acknowledge(self, who: str, person: str) -> None:
        if self.call(who, "acknowledge-conflict", {"person_id": self.person(person), "reason": "知悉"}):
            assert who == "committee"
            self.known.add(self.person(person))

    @rule(who=st.sampled_from(CALLERS))
    def forward(self, who: str) -> None:
        self.call(who, "forward", {"reason": "多次入户未同意"})

    @rule(who=st.sampled_from(["group", "group", *CALLERS]))
    def collect(self, who: str) -> None:
        assert self.call(who, "collect", {}) is None or who == "group"

    @rule(who=st.sampled_from(["committee", "committee", *CALLERS]))
    def review(self, who: str) -> None:
        assert self.call(who, "review", {}) is None or who == "committee"

    @invariant()
    def nothing_wrong_is_reviewed(self) -> None:
        if hasattr(self, "path"):
            record = self.village.office.read(self.path)
            assert complaint(self.village, record, self.given, self.known, self.named) is None


@pytest.fixture(scope="module")
def machine(shared_township: Any, make_village: Callable[..., Any]) -> type[SignoffMachine]:
    """The machine in two villages; in the second the helper is the village principal as well."""
    plain = make_village(shared_township)
    conflicted = make_village(shared_township, f"{shared_township.code}202", helper_is_principal=True)
    SignoffMachine.villages = [plain, conflicted]
    return SignoffMachine


def test_R5_5_HY_9_3_2_no_mix_of_calls_is_reviewed_without_four_right_signatures(machine: type[SignoffMachine]) -> None:
    small = settings(
        max_examples=25,
        stateful_step_count=15,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=small)


def test_R5_5_the_machine_does_reach_reviewed(machine: type[SignoffMachine]) -> None:
    walk = machine()
    walk.open(conflicted=True)
    walk.name_substitute("group", "village_principal", "assessor")
    walk.honest_signatures(2)
    walk.put("assessor", "sign", {"party": "village_principal", "method": "account"})
    walk.honest_signatures(1)
    walk.collect("group")
    walk.review("committee")
    assert walk.village.office.read(walk.path)["state"] == "reviewed"
    walk.nothing_wrong_is_reviewed()


def test_R5_5_control_the_machine_notices_a_forced_review(machine: type[SignoffMachine]) -> None:
    walk = machine()
    walk.open(conflicted=False)
    walk.honest_signatures(3)
    with psycopg.connect(walk.village.township.service.database_url) as connection:
        connection.execute("update signoffs set state = 'reviewed' where id = %s", [walk.path.split("/")[-1]])
    with pytest.raises(AssertionError):
        walk.nothing_wrong_is_reviewed()
