"""The law of the year's end: every state, move and office; the proposal; what a determination brings."""

from dataclasses import replace
from datetime import date
from itertools import permutations, product
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.actor import Actor, Appointment, NotYourOffice, Office
from app.evaluations import rules
from app.evaluations.rules import (
    EVALUATION,
    SUBMISSION,
    Determination,
    EvaluationFacts,
    Facts,
    Household,
    Outcome,
    Period,
    Request,
    Standing,
    SubmissionFacts,
)
from app.refusal import Refusal, WrongState
from tests.whole import whole

ME, HELPER, CITED = UUID(int=1), UUID(int=2), UUID(int=3)
IN_WINDOW = SubmissionFacts(date(2017, 12, 5), window_from=date(2017, 12, 1), window_to=date(2017, 12, 31))
READY = EvaluationFacts(HELPER, CITED)

FORM = {
    "review": ({"open"}, {Office.LEADING_GROUP}),
    "summarise": ({"reviewed"}, {Office.LEADING_GROUP}),
    "submit": ({"summarised"}, {Office.LEADING_GROUP}),
    "propose": (
        {"pending", "proposed", "reopened"},
        {Office.LEADING_GROUP, Office.LEADING_GROUP_OFFICE, Office.PARTY_COMMITTEE},
    ),
    "determine": ({"proposed", "reopened"}, {Office.PARTY_COMMITTEE}),
    "reopen": ({"determined"}, {Office.PARTY_COMMITTEE}),
}
"""What api.md says, written down a second time."""


def actor(*offices: Office, person: UUID = ME) -> Actor:
    held = tuple(Appointment(o, "411421201", date(2016, 11, 9)) for o in offices)
    return Actor(UUID(int=9), person, "411421", "411421201", held)


@whole(
    (flow, move.name, state, office)
    for flow in (SUBMISSION, EVALUATION)
    for move, state, office in product(flow.moves, flow.states, Office)
)
def test_R5_3_R5_6_every_state_move_and_office(flow, move, state, office):
    states, offices = FORM[move]
    facts = IN_WINDOW if flow is SUBMISSION else READY
    reasons = {type(r) for r in flow.blockers(move, state, facts, actor(office))}
    assert (NotYourOffice in reasons) == (office not in offices)
    assert (WrongState in reasons) == (state not in states)
    assert bool(reasons) == (office not in offices or state not in states)


def test_the_declared_moves_are_those_of_the_contract():
    assert {m.name for flow in (SUBMISSION, EVALUATION) for m in flow.moves} == set(FORM)
    assert SUBMISSION.states == ("open", "reviewed", "summarised", "submitted")
    assert EVALUATION.states == ("pending", "proposed", "determined", "reopened")
    assert EVALUATION.move("reopen").path == {"determined": ("reopened",)}


def test_R5_6_only_the_party_committee_determines():
    able = [o for o in Office if not EVALUATION.blockers("determine", "proposed", READY, actor(o))]
    assert able == [Office.PARTY_COMMITTEE]


def test_R5_3_a_determination_waits_for_the_submission():
    waiting = replace(READY, submission_id=None)
    reasons = EVALUATION.blockers("determine", "proposed", waiting, actor(Office.PARTY_COMMITTEE))
    assert [type(r) for r in reasons] == [rules.SubmissionNotSubmitted]
    assert EVALUATION.blockers("determine", "proposed", READY, actor(Office.PARTY_COMMITTEE)) == []
    assert EVALUATION.blockers("propose", "pending", waiting, actor(Office.PARTY_COMMITTEE)) == []


def test_G4_a_proposal_that_the_record_overtook_is_not_determined_on():
    stale = replace(READY, up_to_date=False)
    for state in ("proposed", "reopened"):
        reasons = EVALUATION.blockers("determine", state, stale, actor(Office.PARTY_COMMITTEE))
        assert [type(r) for r in reasons] == [rules.ProposalOutOfDate]
        assert EVALUATION.blockers("propose", state, stale, actor(Office.PARTY_COMMITTEE)) == []


@pytest.mark.parametrize("move", ["propose", "determine", "reopen"])
def test_G61_nobody_judges_his_own_file(move):
    state = next(iter(EVALUATION.move(move).path))
    own = EVALUATION.blockers(move, state, READY, actor(Office.PARTY_COMMITTEE, person=HELPER))
    assert [type(r) for r in own] == [rules.NobodyJudgesHisOwnFile]


def test_G56_the_review_begins_with_the_window():
    early = replace(IN_WINDOW, today=date(2017, 11, 30))
    reasons = SUBMISSION.blockers("review", "open", early, actor(Office.LEADING_GROUP))
    assert [type(r) for r in reasons] == [rules.NotYetYearEnd]
    first = replace(IN_WINDOW, today=date(2017, 12, 1))
    after = replace(IN_WINDOW, today=date(2018, 2, 1))
    for facts in (first, after):
        assert SUBMISSION.blockers("review", "open", facts, actor(Office.LEADING_GROUP)) == []


def test_G56_late_is_shown_from_the_day_after_the_window():
    assert not rules.is_late(date(2017, 12, 31), date(2017, 12, 31))
    assert rules.is_late(date(2018, 1, 1), date(2017, 12, 31))


def household(n: int = 1, **changes) -> Household:
    signed = Household(
        household_id=f"h{n}",
        assigned_from=date(2016, 11, 9),
        signoff_id=f"s{n}",
        signoff_state="reviewed",
        out_of_poverty=True,
        exit_rule="豫办〔2016〕28号",
        confirmed_on=date(2017, 12, 10),
    )
    return replace(signed, **changes)


NO = {"out_of_poverty": False}
CLOSED = {"closed_by": "moved_out", "closed_on": date(2017, 6, 1)}
HANDED = {"assigned_to": date(2017, 7, 1)}
UNSIGNED = {"signoff_id": None, "signoff_state": None, "out_of_poverty": None, "confirmed_on": None}


def outcome(*households: Household, year: int = 2017) -> Outcome:
    return rules.propose(Facts(year, households)).outcome


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({}, Standing.OUT),
        (NO, Standing.NOT_OUT),
        (UNSIGNED, Standing.UNREVIEWED),
        *(({"signoff_state": s}, Standing.UNCONFIRMED) for s in sorted(rules.UNCONFIRMED_STATES)),
        *(
            ({"signoff_state": s, "out_of_poverty": no}, Standing.UNREVIEWED)
            for s in ("open", "household_signed", "helper_signed", "village_signed", "leader_signed", "collected")
            for no in (True, False)
        ),
        ({"objected": True}, Standing.UNCONFIRMED),
        ({"objected": True, **NO}, Standing.UNCONFIRMED),
        *(({"closed_by": k, "closed_on": date(2017, 12, 31)}, Standing.CLOSED) for k in sorted(rules.CLOSED)),
        ({"closed_by": "moved_out", "closed_on": date(2018, 1, 1)}, Standing.OUT),
        ({"assigned_to": date(2017, 12, 31)}, Standing.HANDED_OVER),
        ({"assigned_to": date(2018, 1, 1)}, Standing.OUT),
        ({**CLOSED, "assigned_to": date(2017, 6, 1)}, Standing.CLOSED),
        ({**CLOSED, "assigned_to": date(2017, 5, 1)}, Standing.HANDED_OVER),
        ({"returned_on": date(2017, 12, 20)}, Standing.OVERTAKEN),
        ({"returned_on": date(2017, 3, 1)}, Standing.OUT),
        ({"returned_on": date(2017, 12, 20), **NO}, Standing.NOT_OUT),
    ],
)
def test_R5_5_G19_how_one_household_counts(changes, standing):
    assert rules.standing_of(household(**changes), date(2017, 12, 31)) is standing


def test_R5_7_G27_complete_needs_every_open_household_signed_and_reviewed_as_out():
    assert outcome(household(1), household(2)) is Outcome.COMPLETE
    for state in ("open", "leader_signed", "collected"):
        assert outcome(household(1), household(2, signoff_state=state)) is Outcome.UNCONFIRMED
    assert outcome(household(1), household(2, **UNSIGNED)) is Outcome.UNCONFIRMED


def test_R5_7_G28_two_of_three_is_not_complete_in_2017_only():
    three = household(1), household(2), household(3, **NO)
    assert outcome(*three) is Outcome.NOT_COMPLETE
    assert outcome(*three, year=2016) is Outcome.NO_RULE
    assert outcome(replace(three[0], assigned_from=date(2018, 1, 1)), year=2018) is Outcome.NO_RULE


def test_G21_a_refused_signature_gives_unconfirmed_never_not_complete():
    for state in rules.UNCONFIRMED_STATES:
        assert outcome(household(1), household(2, signoff_state=state, **NO)) is Outcome.UNCONFIRMED


def test_G21_a_signature_given_with_disagreement_confirms_nothing():
    for answer in ({}, NO):
        assert outcome(household(1), household(2, objected=True, **answer)) is Outcome.UNCONFIRMED


def test_G15_no_household_is_neither_complete_nor_not_complete():
    for year in (2016, 2017, 2018):
        assert outcome(year=year) is Outcome.NOT_APPLICABLE


def test_G19_closed_households_leave_the_denominator_and_never_count_as_out():
    proposal = rules.propose(Facts(2017, (household(1), household(2, **CLOSED))))
    told = proposal.explanation()
    assert (told["outcome"], told["denominator"], told["out"]) == ("complete", 1, 1)
    assert [(h["standing"], h["in_denominator"]) for h in told["households"]] == [("out", True), ("closed", False)]
    assert outcome(household(1, **CLOSED)) is Outcome.NOT_APPLICABLE


def test_G19_delisting_in_the_last_quarter_is_flagged():
    def flags(day: date, kind: str = "delisted") -> list[str]:
        told = rules.propose(Facts(2017, (household(closed_by=kind, closed_on=day),))).explanation()
        return told["households"][0]["flags"]

    assert flags(date(2017, 10, 1)) == ["delisted_in_last_quarter"]
    assert flags(date(2017, 9, 30)) == []
    assert flags(date(2017, 10, 1), "moved_out") == []


def test_G19_a_household_that_fell_back_after_signing_is_not_complete_by_itself_nor_out():
    assert outcome(household(1), household(2, returned_on=date(2017, 12, 20))) is Outcome.UNCONFIRMED


def test_G18_a_replaced_predecessor_is_not_determined_and_a_successor_is_judged_by_the_years_end():
    assert outcome(household(1, **HANDED)) is Outcome.NOT_DETERMINED
    assert outcome(household(1, **HANDED, **NO)) is Outcome.NOT_DETERMINED
    assert outcome(household(1, **HANDED), household(2)) is Outcome.COMPLETE
    successor = rules.propose(Facts(2017, (household(1, assigned_from=date(2017, 7, 1)),)))
    assert successor.outcome is Outcome.COMPLETE
    assert successor.households[0].flags == ("took_over_in_year",)


def test_R5_4_G4_months_and_quarters_are_attached_and_carry_no_weight():
    months = (Period("2017-01", "recorded", "i1"), Period("2017-02", "missed"))
    quarters = (Period("2017-Q1", "assessed", "q1"),)
    bare, full = Facts(2017, (household(),)), Facts(2017, (household(),), months, quarters)
    assert rules.propose(bare).outcome is rules.propose(full).outcome
    told = rules.propose(full).explanation()
    assert [m["state"] for m in told["months"]] == ["recorded", "missed"]
    assert told["quarters"] == [{"period": "2017-Q1", "state": "assessed", "record_id": "q1"}]


def test_G26_the_explanation_names_the_outside_rule_and_the_rule_applied():
    told = rules.propose(Facts(2017, (household(late=True),))).explanation()
    assert told["households"][0]["exit_rule"] == "豫办〔2016〕28号"
    assert told["households"][0]["flags"] == ["late"]
    assert told["rule"]["article"] == "G27" and told["as_of"] == "2017-12-31"


VARIANTS = [
    {},
    NO,
    UNSIGNED,
    CLOSED,
    HANDED,
    {"signoff_state": "refused"},
    {"objected": True},
    {"returned_on": date(2017, 12, 20)},
]


@pytest.mark.parametrize("pair", list(product(range(len(VARIANTS)), repeat=2)))
def test_R5_7_the_worst_that_follows_from_any_two_households(pair):
    two = [household(n, **VARIANTS[v]) for n, v in enumerate(pair)]
    standings = {rules.standing_of(h, date(2017, 12, 31)) for h in two} - {Standing.CLOSED, Standing.HANDED_OVER}
    got = outcome(*two)
    assert (got is Outcome.NOT_COMPLETE) == (Standing.NOT_OUT in standings)
    assert (got is Outcome.COMPLETE) == (standings == {Standing.OUT})


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(VARIANTS), max_size=4), st.sampled_from([2016, 2017, 2018]))
def test_R5_6_the_proposal_is_a_function_of_the_facts_whatever_their_order(variants, year):
    households = [household(n, **v) for n, v in enumerate(variants)]
    told = rules.propose(Facts(year, tuple(households))).explanation()
    for other in list(permutations(households))[:6]:
        assert rules.propose(Facts(year, other)).explanation() == told
    assert year == 2017 or told["outcome"] in ("no_rule", "not_applicable")


def test_facts_come_from_json():
    json = {
        "year": 2017,
        "households": [
            {"household_id": "h1", "assigned_from": "2017-01-05", "assigned_to": None, "closed_on": "2017-06-01"}
        ],
        "months": [{"period": "2017-01", "state": "recorded", "record_id": "i1"}],
        "quarters": [],
    }
    facts = Facts.of(json)
    assert facts.households[0].assigned_from == date(2017, 1, 5)
    assert facts.households[0].closed_on == date(2017, 6, 1)
    assert facts.months[0].record_id == "i1"
    assert SubmissionFacts.of(date(2017, 12, 5), 2017, ["12-01", "12-31"]) == IN_WINDOW


SAID = Request("complete", "全部脱贫", "各月各季均已研究", CITED)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"outcome": "unconfirmed"}, rules.NotForDetermination),
        ({"outcome": "no_rule"}, rules.NotForDetermination),
        ({"reasons": " "}, rules.ReasonsRequired),
        ({"results_considered": "\n"}, rules.ConsiderationRequired),
    ],
)
def test_G4_R2_2_a_determination_says_why_and_how_the_results_were_considered(changes, refusal):
    rules.check_request(SAID)
    with pytest.raises(refusal):
        rules.check_request(replace(SAID, **changes))


def check(said: Request, year: int = 2017, proposed: str = "complete", measures: tuple[str, ...] = ()) -> None:
    rules.check_determination(said, READY, year, proposed, measures)


def test_R5_3_a_determination_cites_the_submission_of_its_year():
    check(SAID)
    with pytest.raises(rules.AnotherSubmission):
        check(replace(SAID, submission_id=UUID(int=7)))


def test_G15_nothing_to_complete_can_be_neither_completed_nor_failed():
    for said in ("complete", "not_complete"):
        with pytest.raises(rules.NothingToComplete):
            check(replace(SAID, outcome=said), proposed="not_applicable")
    for said in ("not_applicable", "not_determined"):
        check(replace(SAID, outcome=said), proposed="not_applicable")


def test_G28_not_complete_outside_2017_names_a_plan_target():
    said = replace(SAID, outcome="not_complete")
    check(said)
    with pytest.raises(rules.NoRuleWithoutAPlanTarget):
        check(said, year=2016)
    check(replace(said, plan_target="帮扶计划第3项"), year=2016)


def test_G32_priority_beside_a_measure_needs_a_reason_and_is_not_blocked():
    check(SAID)
    with pytest.raises(rules.PriorityNeedsAReason):
        check(SAID, measures=("9.1",))
    check(replace(SAID, priority_reason="已整改"), measures=("9.1",))
    check(replace(SAID, outcome="not_determined"), measures=("9.1",))


def test_G29_the_committee_may_depart_from_the_proposal_and_mitigation_vetoes_nothing():
    spared = replace(SAID, outcome="not_determined", mitigation="洪灾")
    rules.check_request(spared)
    check(spared, proposed="not_complete")
    assert rules.effects("not_determined", 2017, None) == rules.Effects()


def test_R7_1_G3_G60_complete_gives_priorities_and_no_grade():
    cadre = rules.effects("complete", 2017, "organ_cadre")
    assert cadre == rules.Effects(priority_for_excellent=True, priority_for_awards=True)
    for category in rules.VILLAGE_CADRES:
        assert rules.effects("complete", 2017, category) == rules.Effects(priority_for_awards=True)


def test_R7_2_G30_not_complete_makes_the_notice_due_and_vetoes_that_years_awards():
    assert rules.effects("not_complete", 2017, None) == rules.Effects(notice_due=True, veto_year=2017)


@pytest.mark.parametrize("said", ["not_applicable", "not_determined", "unconfirmed", "no_rule"])
def test_R7_2_nothing_else_has_effects(said):
    assert rules.effects(said, 2017, "organ_cadre") == rules.Effects()


def determined(said: str, year: int = 2017, version: int = 1, helper: str = "p1") -> Determination:
    return Determination(helper, year, version, said)


def test_R7_2_G31_a_veto_closes_the_awards_of_its_own_year_only():
    record = [determined("not_complete")]
    assert not rules.award_eligibility("p1", 2017, record).eligible
    for year in (2016, 2018):
        assert rules.award_eligibility("p1", year, record).eligible
    assert rules.award_eligibility("p2", 2017, record).eligible


def test_R7_2_nothing_vetoes_without_a_determination():
    found = rules.award_eligibility("p1", 2017, [], measures=["9.1"])
    assert found.eligible and not found.priority and found.determination is None


def test_G53_the_highest_version_stands():
    record = [determined("not_complete"), determined("complete", version=2)]
    for order in permutations(record):
        found = rules.award_eligibility("p1", 2017, order)
        assert found.eligible and found.priority
    back = [*record, determined("not_complete", version=3)]
    assert not rules.award_eligibility("p1", 2017, back).eligible


def test_G32_priority_and_measures_are_shown_together():
    found = rules.award_eligibility("p1", 2017, [determined("complete")], ["9.2", "9.1"])
    assert found.priority and found.eligible and found.measures == ("9.1", "9.2")


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(rules.DETERMINABLE), st.sampled_from([2016, 2017, 2018]), st.sampled_from("ab")),
        max_size=6,
    )
)
def test_R7_2_no_vetoed_helper_is_ever_eligible(record):
    versions = [Determination(h, y, n, o) for n, (o, y, h) in enumerate(record)]
    for helper, year in product("ab", [2016, 2017, 2018]):
        own = [d.outcome for d in versions if (d.helper_id, d.year) == (helper, year)]
        assert rules.award_eligibility(helper, year, versions).eligible == (not own or own[-1] != "not_complete")


def test_G51_years_begin_with_the_regulation_and_end_with_today():
    rules.check_year(2016, 2016)
    with pytest.raises(rules.YearBeforeTheRegulation):
        rules.check_year(2015, 2017)
    with pytest.raises(rules.YearNotYetBegun):
        rules.check_year(2018, 2017)


def test_every_refusal_speaks_both_languages_and_names_its_article():
    own = [c for c in vars(rules).values() if isinstance(c, type) and issubclass(c, Refusal)]
    for refusal in (c for c in own if c.__module__ == rules.__name__):
        assert refusal.article and refusal.title("en") != refusal.title("zh-CN"), refusal
