"""Do requirements, meetings and forms keep G46 to G48, each guard both ways?"""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest

from app.actor import Actor, Appointment, Office
from app.calendar import end_of
from app.duties import rules
from app.duties.rules import Attendance, Persons, Proposal, Rule
from app.workflow import Move, Workflow
from tests.whole import whole

ME, OTHER = UUID(int=1), UUID(int=2)
VILLAGE, ELSEWHERE = "411421201201", "411421201202"
JAN1, MAR1, MAR31, APR1 = date(2017, 1, 1), date(2017, 3, 1), date(2017, 3, 31), date(2017, 4, 1)


def actor(office: Office, person: UUID = ME, place: str = VILLAGE) -> Actor:
    return Actor(UUID(int=9), person, "411421", "411421201", (Appointment(office, place, date(2016, 11, 9)),))


def shanghai(day: date, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour - 8, minutes=minute)


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


def test_an_interval_does_not_end_before_it_begins() -> None:
    rules.check_span(MAR1, MAR1, "/shown_to")
    rules.check_span(MAR1, None, "/shown_to")
    with pytest.raises(rules.EndsBeforeItBegins) as refused:
        rules.check_span(MAR1, JAN1, "/shown_to")
    assert refused.value.pointer == "/shown_to"


FLOWS: list[tuple[Workflow, object]] = [
    (rules.INVITATION, Persons(frozenset({ME}))),
    (rules.INVITATION, Persons(frozenset({OTHER}))),
    (rules.FORM_SUBMISSION, Persons(frozenset({OTHER}))),
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
    if flow is rules.INVITATION:
        possible = possible and (move.name == "request-leave") == (facts == Persons(frozenset({ME})))
    assert allowed is possible


def codes(flow: Workflow, move: str, state: str, facts: object, who: Actor) -> list[str]:
    return [blocker.code() for blocker in flow.blockers(move, state, facts, who)]


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
