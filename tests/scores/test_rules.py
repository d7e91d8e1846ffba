"""The law of the quarter: every state, move and office; methods; the rubric's arithmetic."""

from dataclasses import replace
from datetime import date
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.actor import Actor, Appointment, NotYourOffice, Office
from app.refusal import Refusal, WrongState
from app.scores import rules
from app.scores.rules import ROUND, SCORE, Method, RoundFacts, Rubric, ScoreFacts
from tests.whole import whole

FORM = {
    "summarise": ({"open"}, {Office.ASSESSOR}),
    "report": ({"summarised"}, {Office.ASSESSOR}),
    "assess": ({"pending"}, {Office.ASSESSOR}),
    "not-assessed": ({"pending"}, {Office.ASSESSOR}),
    "correct": ({"assessed", "not_assessed"}, {Office.ASSESSOR}),
}
"""What api.md says, written down a second time."""

ME, HELPER, HOUSEHOLD = UUID(int=1), UUID(int=2), UUID(int=3)
DONE, ROW = RoundFacts(pending=0, without_row=0), ScoreFacts(HELPER)
RUBRIC = Rubric.of(
    {
        "code": "hy",
        "edition": 1,
        "criteria": [
            {
                "code": "visits",
                "title": "到村",
                "maximum": 40_000,
                "deductions": [
                    {"code": "few", "title": "次数不足", "points": 2_500},
                    {"code": "none", "title": "未到村", "points": 40_000},
                ],
            },
            {
                "code": "forms",
                "title": "表册",
                "maximum": 60_000,
                "deductions": [{"code": "late", "title": "报送不及时", "points": 1_000}],
            },
        ],
    }
)


def actor(*offices: Office, person: UUID = ME) -> Actor:
    held = tuple(Appointment(o, "411421201", date(2016, 11, 9)) for o in offices)
    return Actor(UUID(int=9), person, "411421", "411421201", held)


@whole(
    (flow, move.name, state, office)
    for flow in (ROUND, SCORE)
    for move, state, office in product(flow.moves, flow.states, Office)
)
def test_R6_3_R6_4_every_state_move_and_office(flow, move, state, office):
    states, offices = FORM[move]
    facts = DONE if flow is ROUND else ROW
    reasons = {type(r) for r in flow.blockers(move, state, facts, actor(office))}
    assert (NotYourOffice in reasons) == (office not in offices)
    assert (WrongState in reasons) == (state not in states)
    assert bool(reasons) == (office not in offices or state not in states)


def test_the_declared_moves_are_those_of_the_contract():
    assert {m.name for flow in (ROUND, SCORE) for m in flow.moves} == set(FORM)
    assert ROUND.states == ("open", "summarised", "reported")
    assert SCORE.states == ("pending", "assessed", "not_assessed")


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        (DONE, None),
        (RoundFacts(pending=1, without_row=0), rules.SomebodyIsPending),
        (RoundFacts(pending=0, without_row=2), rules.SomebodyHasNoRow),
    ],
)
def test_R6_4_G14_summarise_is_refused_while_anyone_is_pending_or_left_out(facts, refusal):
    reasons = ROUND.blockers("summarise", "open", facts, actor(Office.ASSESSOR))
    assert [type(r) for r in reasons] == ([refusal] if refusal else [])


@pytest.mark.parametrize("move", ["assess", "not-assessed", "correct"])
def test_G11_nobody_assesses_himself(move):
    state = next(iter(SCORE.move(move).path))
    own = SCORE.blockers(move, state, ScoreFacts(ME), actor(Office.ASSESSOR))
    assert [type(r) for r in own] == [rules.NobodyAssessesHimself]
    assert SCORE.blockers(move, state, ROW, actor(Office.ASSESSOR)) == []


SITE = Method("on_site", "看了鸡舍")
READ = Method("documents", attachments=2)
TALK = Method("household_interview", "谈了话", household_id=HOUSEHOLD, helper_present=False)
WHY = {"on_site": "大雪", "documents": "资料在县", "household_interview": "外出务工,两次未遇"}


def without(*names: str) -> dict[str, str]:
    return {k: v for k, v in WHY.items() if k not in names}


@pytest.mark.parametrize(
    ("used", "missing"),
    [
        ([SITE], without("on_site")),
        ([SITE, READ, TALK], {}),
        ([SITE, TALK, TALK], without("on_site", "household_interview")),
        ([READ, Method("other", "电话谈话")], without("documents")),
    ],
)
def test_R6_3_G12_one_method_suffices_and_the_missing_have_a_reason(used, missing):
    rules.check_methods(used, missing)


@pytest.mark.parametrize(
    ("used", "missing", "refusal"),
    [
        ([], WHY, rules.NoMethodUsed),
        ([Method("other", "电话")], WHY, rules.NoMethodUsed),
        ([SITE], {}, rules.MethodMissingWithoutReason),
        ([SITE], without("on_site") | {"documents": "  "}, rules.MethodMissingWithoutReason),
        ([SITE], WHY, rules.MethodUsedAndMissing),
        ([Method("on_site")], without("on_site"), rules.MethodWithoutEvidence),
        ([Method("on_site", " ")], without("on_site"), rules.MethodWithoutEvidence),
    ],
)
def test_G12_methods_that_do_not_suffice(used, missing, refusal):
    with pytest.raises(refusal):
        rules.check_methods(used, missing)


@pytest.mark.parametrize(("household", "present"), [(None, False), (HOUSEHOLD, None)])
def test_G13_G57_an_interview_names_the_household_and_whether_the_helper_was_there(household, present):
    talk = Method("household_interview", "谈了话", household_id=household, helper_present=present)
    with pytest.raises(rules.InterviewIncomplete):
        rules.check_methods([talk], without("household_interview"))
    rules.check_methods([TALK], without("household_interview"))


def test_R6_3_the_household_met_is_one_the_helper_helped():
    rules.check_against_record([TALK, SITE], ScoreFacts(HELPER, frozenset({HOUSEHOLD})))
    with pytest.raises(rules.HouseholdNotHisThatQuarter):
        rules.check_against_record([TALK], ScoreFacts(HELPER, frozenset({UUID(int=4)})))


def test_G12_a_township_may_require_all_three_for_itself():
    strict = ScoreFacts(HELPER, frozenset({HOUSEHOLD}), all_methods=True)
    rules.check_against_record([SITE, READ, TALK], strict)
    rules.check_against_record([SITE], replace(strict, all_methods=False))
    with pytest.raises(rules.AllMethodsRequiredHere):
        rules.check_against_record([SITE, TALK, Method("other", "电话")], strict)


def test_G2_without_a_rubric_there_are_no_points():
    assert rules.points_of(None, None) is None
    with pytest.raises(rules.NoRubricInForce):
        rules.points_of(None, {"few": 1})
    with pytest.raises(rules.RubricNeedsDeductions):
        rules.points_of(RUBRIC, None)


def test_G2_points_are_milli_points_explained_line_by_line_and_a_reference_only():
    points = rules.score(RUBRIC, {"late": 3, "few": 1})
    assert (points.points, points.maximum, points.label) == (94_500, 100_000, "参考")
    assert [(line.deduction, line.points) for line in points.lines] == [("few", 2_500), ("late", 3_000)]
    assert points.lines[0].text == "到村:次数不足,1次×2.5分,扣2.5分"
    with pytest.raises(rules.UnknownDeduction):
        rules.score(RUBRIC, {"nonsense": 1})


def test_G2_a_criterion_never_falls_below_zero():
    points = rules.score(RUBRIC, {"few": 4, "none": 1})
    assert [line.points for line in points.lines] == [10_000, 30_000]
    assert points.points == 60_000
    assert points.lines[1].text.endswith("(本项扣完为止)")


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.sampled_from(["few", "none", "late"]), st.integers(0, 200)), st.randoms())
def test_G2_lines_add_up_whatever_the_order(observed, random):
    keys = list(observed)
    random.shuffle(keys)
    points = rules.score(RUBRIC, observed)
    assert points == rules.score(RUBRIC, {k: observed[k] for k in keys})
    assert 0 <= points.points == points.maximum - sum(line.points for line in points.lines)
    assert len(points.lines) == sum(times > 0 for times in observed.values())


def test_G2_points_reach_no_guard_of_any_move():
    assert set(ScoreFacts.__slots__) == {"helper_id", "helped", "rubric", "all_methods"}
    assert set(RoundFacts.__slots__) == {"pending", "without_row", "assessed", "not_assessed"}


@pytest.mark.parametrize(
    "criteria",
    [
        [("a", 10, [("x", 11)])],
        [("a", 10, [("x", 0)])],
        [("a", 0, [])],
        [("a", 10, [("x", 1)]), ("a", 10, [])],
        [("a", 10, [("x", 1), ("x", 2)])],
        [("a", 10, [("x", 1)]), ("b", 10, [("x", 1)])],
    ],
)
def test_G2_an_unsound_rubric_is_refused(criteria):
    made = [
        rules.Criterion(code, code, maximum, tuple(rules.Deduction(d, d, points) for d, points in deductions))
        for code, maximum, deductions in criteria
    ]
    with pytest.raises(rules.RubricUnsound):
        rules.check_rubric(Rubric("hy", 1, tuple(made)))
    rules.check_rubric(RUBRIC)


@pytest.mark.parametrize(("points", "shown"), [(0, "0"), (1, "0.001"), (2500, "2.5"), (40_000, "40")])
def test_milli_points_are_shown_without_floats(points, shown):
    assert rules.milli(points) == shown


def test_G51_quarters_begin_with_the_regulation_and_end_with_today():
    rules.check_quarter("2016-Q4", "2016-Q4")
    rules.check_quarter("2017-Q1", "2017-Q2")
    with pytest.raises(rules.QuarterBeforeTheRegulation):
        rules.check_quarter("2016-Q3", "2017-Q1")
    with pytest.raises(rules.QuarterNotYetBegun):
        rules.check_quarter("2017-Q2", "2017-Q1")


def test_facts_come_from_json():
    assert RoundFacts.of({"pending": 2, "without_row": 1}) == RoundFacts(2, 1)
    row = {"helper_id": str(HELPER), "helped": [str(HOUSEHOLD)], "rubric": None, "all_methods": False}
    assert ScoreFacts.of(row) == ScoreFacts(HELPER, frozenset({HOUSEHOLD}))


def test_G55_a_correction_says_one_thing():
    rules.check_correction(assessed=True, not_assessed=False)
    rules.check_correction(assessed=False, not_assessed=True)
    for both in (True, False):
        with pytest.raises(rules.CorrectionIsOneThing):
            rules.check_correction(assessed=both, not_assessed=both)


def test_every_refusal_speaks_both_languages_and_names_its_article():
    own = [c for c in vars(rules).values() if isinstance(c, type) and issubclass(c, Refusal)]
    for refusal in (c for c in own if c.__module__ == rules.__name__):
        assert refusal.article and refusal.title("en") != refusal.title("zh-CN"), refusal


def test_G14_rows_are_added_to_an_open_round_for_who_had_an_active_day():
    rules.check_addition("open", active=True)
    with pytest.raises(rules.NoActiveDay):
        rules.check_addition("open", active=False)
    for state in ("summarised", "reported"):
        with pytest.raises(rules.RoundIsSummarised):
            rules.check_addition(state, active=True)


def test_G2_deductions_named_twice_add_up():
    assert rules.seen([("late", 1), ("few", 2), ("late", 3)]) == {"late": 4, "few": 2}
