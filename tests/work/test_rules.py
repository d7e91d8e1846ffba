"""Do requirements, visits, meetings, forms and publications keep G46 to G48, each guard both ways?"""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest

from app.actor import Actor, Appointment, Office
from app.calendar import end_of
from app.work import rules
from app.work.rules import Attendance, Clock, Persons, Proposal, Rule, Village
from app.workflow import Move, Workflow

ME, OTHER = UUID(int=1), UUID(int=2)
VILLAGE, ELSEWHERE = "411421201201", "411421201202"
JAN1, MAR1, MAR31, APR1 = date(2017, 1, 1), date(2017, 3, 1), date(2017, 3, 31), date(2017, 4, 1)


def actor(office: Office, person: UUID = ME, place: str = VILLAGE) -> Actor:
    return Actor(UUID(int=9), person, "411421", "411421201", (Appointment(office, place, date(2016, 11, 9)),))


def shanghai(day: date, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour - 8, minutes=minute)


# ── requirements ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("applies", "recorded", "until", "day", "binds"),
    [
        (JAN1, JAN1, None, MAR1, True),
        (MAR1, JAN1, None, MAR1, True),
        (MAR31, JAN1, None, MAR1, False),
        (JAN1, MAR1, None, MAR1, False),
        (JAN1, MAR31, None, MAR1, False),
        (JAN1, JAN1, MAR1, MAR1, False),
        (JAN1, JAN1, MAR31, MAR1, True),
    ],
)
def test_G47_a_requirement_binds_only_what_came_after_it(
    applies: date, recorded: date, until: date | None, day: date, binds: bool
) -> None:
    assert Rule(applies, recorded, until).binds_on(day) is binds


def test_G47_a_requirement_binds_a_month_only_as_a_whole() -> None:
    assert Rule(JAN1, JAN1).binds_month("2017-02")
    assert not Rule(JAN1, JAN1).binds_month("2017-01")
    assert not Rule(JAN1, date(2016, 12, 1), date(2017, 1, 31)).binds_month("2017-01")
    assert Rule(JAN1, date(2016, 12, 1), date(2017, 2, 1)).binds_month("2017-01")


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


def test_G46_a_required_meeting_names_its_invitees() -> None:
    rules.check_meeting_request(True, [ME])
    rules.check_meeting_request(False, [])
    with pytest.raises(rules.RequiredMeetingNamesItsInvitees):
        rules.check_meeting_request(True, [])
    with pytest.raises(rules.NamedTwice):
        rules.check_meeting_request(False, [ME, OTHER, ME])


def test_G46_a_meeting_is_marked_required_before_it_takes_place() -> None:
    begins = shanghai(MAR1, 9)
    rules.check_meeting(True, begins, begins - timedelta(seconds=1))
    rules.check_meeting(False, begins, begins + timedelta(days=1))
    with pytest.raises(rules.RequiredOnlyBeforehand):
        rules.check_meeting(True, begins, begins)


def test_G46_attendance_is_recorded_once_the_meeting_began() -> None:
    begins = shanghai(MAR1, 9)
    rules.check_attendance(begins, begins)
    with pytest.raises(rules.MeetingNotYetHeld):
        rules.check_attendance(begins, begins - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("required", "attendance", "leave"),
    list(product([True, False], [None, *Attendance], rules.INVITATION.states)),
)
def test_HY_9_1_1_only_an_unexcused_absence_from_a_required_meeting_is_a_proposal(
    required: bool, attendance: Attendance | None, leave: str
) -> None:
    proposed = required and attendance is Attendance.ABSENT and leave in ("invited", "leave_refused")
    assert (rules.absence(required, attendance, leave) == Proposal("HY.9.1.1", ("absent",))) is proposed


def test_G46_approved_leave_defeats_an_absence_without_reason() -> None:
    assert rules.absence(True, Attendance.ABSENT, "invited") is not None
    assert rules.absence(True, Attendance.ABSENT, "leave_approved") is None


# ── forms, publications, plans ───────────────────────────────────────────────────────────────────


def test_G48_due_is_the_end_of_the_day_in_shanghai_without_grace() -> None:
    assert not rules.is_late(MAR31, datetime(2017, 3, 31, 15, 59, 59, tzinfo=UTC))
    assert rules.is_late(MAR31, datetime(2017, 3, 31, 16, 0, tzinfo=UTC))


def test_G47_a_task_is_set_no_later_than_its_due_day() -> None:
    rules.check_due(MAR1, MAR1)
    with pytest.raises(rules.DueBeforeItWasSet):
        rules.check_due(MAR1, MAR1 + timedelta(1))


def test_HY_9_1_3_late_irregular_and_incomplete_are_three_facts() -> None:
    in_time, late = end_of(MAR1) - timedelta(seconds=1), end_of(MAR1)
    assert rules.form_faults(MAR1, in_time, late) is None
    assert rules.form_faults(MAR1, late, late) == Proposal("HY.9.1.3", ("late",))
    assert rules.form_faults(MAR1, None, in_time) is None
    assert rules.form_faults(MAR1, None, late) == Proposal("HY.9.1.3", ("late",))
    both = rules.form_faults(MAR1, in_time, late, irregular=True, incomplete=True)
    assert both == Proposal("HY.9.1.3", ("irregular", "incomplete"))


def test_HY_9_1_3_a_returned_form_says_what_is_wrong() -> None:
    rules.check_return(True, False)
    rules.check_return(False, True)
    with pytest.raises(rules.ReturnNamesWhatIsWrong):
        rules.check_return(False, False)


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


def test_HY_9_1_2_a_number_of_visits_belongs_to_a_requirement_of_visits() -> None:
    rules.check_requirement(rules.Requirement.VISITS, 2)
    rules.check_requirement(rules.Requirement.FORMS, None)
    with pytest.raises(rules.VisitsAreCountedByTheMonth):
        rules.check_requirement(rules.Requirement.FORMS, 2)


def test_G55_attendance_on_record_is_corrected_with_a_reason() -> None:
    rules.check_attendance_change(None, "absent", None)
    rules.check_attendance_change("absent", "absent", None)
    rules.check_attendance_change("absent", "attended", "签到表补录")
    with pytest.raises(rules.CorrectionNeedsReason):
        rules.check_attendance_change("absent", "attended", None)


def test_HY_9_3_3_a_publication_does_not_end_before_it_began() -> None:
    rules.check_taken_down(MAR1, MAR1)
    with pytest.raises(rules.TakenDownBeforeShown):
        rules.check_taken_down(MAR1, JAN1)


def test_an_interval_does_not_end_before_it_begins() -> None:
    rules.check_span(MAR1, MAR1, "/shown_to")
    rules.check_span(MAR1, None, "/shown_to")
    with pytest.raises(rules.EndsBeforeItBegins) as refused:
        rules.check_span(MAR1, JAN1, "/shown_to")
    assert refused.value.pointer == "/shown_to"


# ── the workflows, whole product ─────────────────────────────────────────────────────────────────

FLOWS: list[tuple[Workflow, object]] = [
    (rules.PLAN_MEASURE, Persons(frozenset({ME}))),
    (rules.INVITATION, Persons(frozenset({ME}))),
    (rules.INVITATION, Persons(frozenset({OTHER}))),
    (rules.FORM_SUBMISSION, Persons(frozenset({OTHER}))),
    (rules.PUBLICATION, Village(VILLAGE)),
]
PRODUCT = [
    (flow, facts, state, move, office)
    for flow, facts in FLOWS
    for state, move, office in product(flow.states, flow.moves, Office)
]


@pytest.mark.parametrize(("flow", "facts", "state", "move", "office"), PRODUCT)
def test_every_state_move_and_office_follows_the_declaration(
    flow: Workflow, facts: object, state: str, move: Move, office: Office
) -> None:
    allowed = flow.blockers(move.name, state, facts, actor(office)) == []
    possible = state in move.path and office in move.offices
    if flow is rules.INVITATION:
        possible = possible and (move.name == "request-leave") == (facts == Persons(frozenset({ME})))
    assert allowed is possible


def codes(flow: Workflow, move: str, state: str, facts: object, who: Actor) -> list[str]:
    return [blocker.code() for blocker in flow.blockers(move, state, facts, who)]


def test_HY_9_3_5_helpers_keep_to_their_own_households_and_organisers_need_not() -> None:
    not_mine = Persons(frozenset({OTHER}))
    helper, office = actor(Office.HELPER), actor(Office.LEADING_GROUP_OFFICE)
    assert codes(rules.PLAN_MEASURE, "start", "planned", not_mine, helper) == ["not-its-helper"]
    assert codes(rules.PLAN_MEASURE, "start", "planned", not_mine, office) == []


def test_G46_leave_is_asked_for_by_the_invitee_and_decided_by_another() -> None:
    mine, not_mine = Persons(frozenset({ME})), Persons(frozenset({OTHER}))
    office = actor(Office.PARTY_GOV_OFFICE)
    assert codes(rules.INVITATION, "request-leave", "invited", mine, office) == []
    assert codes(rules.INVITATION, "request-leave", "invited", not_mine, office) == ["only-the-invitee-asks"]
    assert codes(rules.INVITATION, "approve-leave", "leave_requested", not_mine, office) == []
    assert codes(rules.INVITATION, "approve-leave", "leave_requested", mine, office) == ["not-your-own-leave"]
    assert codes(rules.INVITATION, "refuse-leave", "leave_requested", mine, office) == ["not-your-own-leave"]


def test_HY_9_1_3_nobody_checks_his_own_form() -> None:
    office = actor(Office.LEADING_GROUP_OFFICE)
    for move in ("accept", "return"):
        own = codes(rules.FORM_SUBMISSION, move, "submitted", Persons(frozenset({ME})), office)
        assert own == ["not-your-own-form"]


def test_HY_9_3_3_villages_publish_their_own() -> None:
    principal = actor(Office.VILLAGE_PRINCIPAL)
    assert codes(rules.PUBLICATION, "take-down", "on_display", Village(VILLAGE), principal) == []
    assert codes(rules.PUBLICATION, "take-down", "on_display", Village(ELSEWHERE), principal) == ["not-your-village"]
    assert codes(rules.PUBLICATION, "take-down", "on_display", Village(""), principal) == ["not-your-village"]
    assert codes(rules.PUBLICATION, "take-down", "on_display", Village(""), actor(Office.PARTY_GOV_OFFICE)) == []
