"""Do visits, plans and publications keep G46 to G48, each guard both ways?"""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest

from app.actor import Actor, Appointment, Office
from app.duties.rules import Persons, Proposal, Rule
from app.work import rules
from app.work.rules import Clock, Village
from app.workflow import Move, Workflow
from tests.whole import whole

ME, OTHER = UUID(int=1), UUID(int=2)
VILLAGE, ELSEWHERE = "411421201201", "411421201202"
JAN1, MAR1, MAR31, APR1 = date(2017, 1, 1), date(2017, 3, 1), date(2017, 3, 31), date(2017, 4, 1)


def actor(office: Office, person: UUID = ME, place: str = VILLAGE) -> Actor:
    return Actor(UUID(int=9), person, "411421", "411421201", (Appointment(office, place, date(2016, 11, 9)),))


def shanghai(day: date, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour - 8, minutes=minute)


# ── requirements ─────────────────────────────────────────────────────────────────────────────────


def test_HY_9_1_2_without_a_requirement_no_number_of_visits_is_too_few() -> None:
    assert rules.missed_visits([], "2017-03", 0, True, APR1) is None
    assert rules.missed_visits([Rule(JAN1, JAN1)], "2017-03", 0, True, APR1) is None
    late = Rule(JAN1, date(2017, 3, 15), visits_per_month=2)
    assert rules.missed_visits([late], "2017-03", 0, True, APR1) is None


def test_HY_9_1_2_fewer_visits_than_required_are_a_proposal() -> None:
    rule = Rule(JAN1, JAN1, visits_per_month=2)
    assert rules.missed_visits([rule], "2017-03", 2, True, APR1) is None
    too_few = Proposal("HY.9.1.2", ("required:2", "made:1"))
    assert rules.missed_visits([rule], "2017-03", 1, True, APR1) == too_few
    assert rules.missed_visits([rule], "2017-03", 1, True, MAR31) is None, "the month has not ended"
    assert rules.missed_visits([rule], "2017-03", 1, False, APR1) is None, "paired for a part of it"


def test_G58_a_proposal_carries_no_measure() -> None:
    assert set(Proposal.__slots__) == {"ground", "facts"}


# ── visits ───────────────────────────────────────────────────────────────────────────────────────


def test_a_visit_counts_for_the_day_of_the_phone_in_shanghai() -> None:
    made = datetime(2017, 3, 31, 15, 59, tzinfo=UTC)
    dated = rules.date_visit(made, made + timedelta(days=20))
    assert (dated.visited_on, dated.month, dated.clock, dated.received_later) == (MAR31, "2017-03", Clock.DEVICE, True)
    next_day = rules.date_visit(made + timedelta(minutes=1), made + timedelta(minutes=1))
    assert (next_day.visited_on, next_day.month, next_day.received_later) == (date(2017, 4, 1), "2017-04", False)


def test_a_visit_from_a_clock_that_runs_ahead_counts_for_the_day_of_receipt() -> None:
    received = shanghai(MAR31, 23, 58)
    within = rules.date_visit(received + rules.CLOCK_TOLERANCE, received)
    assert (within.visited_on, within.clock) == (MAR31, Clock.DEVICE)
    ahead = rules.date_visit(received + rules.CLOCK_TOLERANCE + timedelta(seconds=1), received)
    assert (ahead.visited_on, ahead.clock) == (MAR31, Clock.SERVER)
    assert rules.date_visit(received + timedelta(days=40), received).month == "2017-03"


# ── meetings ─────────────────────────────────────────────────────────────────────────────────────


# ── forms, publications, plans ───────────────────────────────────────────────────────────────────


def test_HY_9_3_4_a_missing_plan_is_a_proposal_only_where_one_was_required() -> None:
    assert rules.missing_plan([], MAR1, 0) is None
    assert rules.missing_plan([Rule(JAN1, MAR1)], MAR1, 0) is None
    assert rules.missing_plan([Rule(JAN1, JAN1)], MAR1, 0) == Proposal("HY.9.3.4", ("no_plan",))
    assert rules.missing_plan([Rule(JAN1, JAN1)], MAR1, 1) is None


def test_HY_9_3_5_an_overdue_measure_is_a_proposal_and_a_dropped_one_is_not() -> None:
    assert rules.unfinished_plan([("planned", MAR1)], MAR1) is None
    assert rules.unfinished_plan([("done", MAR1), ("dropped", MAR1)], MAR31) is None
    overdue = rules.unfinished_plan([("planned", MAR1), ("under_way", MAR1), ("planned", MAR31)], MAR31)
    assert overdue == Proposal("HY.9.3.5", ("overdue:2",))


def test_HY_9_3_3_a_publication_does_not_end_before_it_began() -> None:
    rules.check_taken_down(MAR1, MAR1)
    with pytest.raises(rules.TakenDownBeforeShown):
        rules.check_taken_down(MAR1, JAN1)


# ── the workflows, whole product ─────────────────────────────────────────────────────────────────

FLOWS: list[tuple[Workflow, object]] = [
    (rules.PLAN_MEASURE, Persons(frozenset({ME}))),
    (rules.PUBLICATION, Village(VILLAGE)),
]
PRODUCT = [
    (flow, facts, state, move, office)
    for flow, facts in FLOWS
    for state, move, office in product(flow.states, flow.moves, Office)
]


@whole(PRODUCT)
def test_every_state_move_and_office_follows_the_declaration(
    flow: Workflow, facts: object, state: str, move: Move, office: Office
) -> None:
    allowed = flow.blockers(move.name, state, facts, actor(office)) == []
    possible = state in move.path and office in move.offices
    assert allowed is possible


def codes(flow: Workflow, move: str, state: str, facts: object, who: Actor) -> list[str]:
    return [blocker.code() for blocker in flow.blockers(move, state, facts, who)]


def test_HY_9_3_5_helpers_keep_to_their_own_households_and_organisers_need_not() -> None:
    not_mine = Persons(frozenset({OTHER}))
    helper, office = actor(Office.HELPER), actor(Office.LEADING_GROUP_OFFICE)
    assert codes(rules.PLAN_MEASURE, "start", "planned", not_mine, helper) == ["not-its-helper"]
    assert codes(rules.PLAN_MEASURE, "start", "planned", not_mine, office) == []


def test_HY_9_3_3_villages_publish_their_own() -> None:
    principal = actor(Office.VILLAGE_PRINCIPAL)
    assert codes(rules.PUBLICATION, "take-down", "on_display", Village(VILLAGE), principal) == []
    assert codes(rules.PUBLICATION, "take-down", "on_display", Village(ELSEWHERE), principal) == ["not-your-village"]
    assert codes(rules.PUBLICATION, "take-down", "on_display", Village(""), principal) == ["not-your-village"]
    assert codes(rules.PUBLICATION, "take-down", "on_display", Village(""), actor(Office.PARTY_GOV_OFFICE)) == []
