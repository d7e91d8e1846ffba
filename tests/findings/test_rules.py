"""Is a finding confirmed only by a competent organ, and only on what was expected beforehand?"""

from datetime import UTC, date, datetime
from itertools import product
from uuid import UUID

import pytest

from app.actor import ORGANS, Actor, Appointment, NotYourOffice, Office
from app.findings.rules import (
    FINDING,
    RECORDERS,
    Article8Elsewhere,
    Expectation,
    ExpectationCameLater,
    FactInTheFuture,
    FindingFacts,
    LeaveWasApproved,
    NoExpectationOnRecord,
    NoMeetingOnRecord,
    NotLate,
    OwnFile,
    SubjectUnclear,
    categories_of,
    check_article_8,
    check_expectation,
    check_fact_day,
    check_subject,
    management_of,
)
from app.refusal import Refusal, WrongState
from app.rulebook.rules import CategoryUnknown, OrganNotCompetent, huayuan

ME, OTHER = UUID(int=1), UUID(int=2)
DAY = date(2017, 3, 15)
GROUNDS = huayuan().grounds


def actor(*offices: Office, person: UUID = ME) -> Actor:
    appointments = tuple(Appointment(office, "411421201", date(2016, 11, 9)) for office in offices)
    return Actor(UUID(int=9), person, "411421", "411421201", appointments)


VILLAGE = FindingFacts(categories=["village_committee_member"], subject_person=str(OTHER))


@pytest.mark.parametrize(("state", "move", "office"), list(product(FINDING.states, FINDING.moves, Office)))
def test_every_state_move_and_office_follows_the_declaration(state: str, move: object, office: Office) -> None:
    name = move.name  # type: ignore[attr-defined]
    reasons = FINDING.blockers(name, state, VILLAGE, actor(office))
    assert (reasons == []) is (state == "proposed" and office in ORGANS)
    assert any(isinstance(r, NotYourOffice) for r in reasons) is (office not in ORGANS)
    assert any(isinstance(r, WrongState) for r in reasons) is (state != "proposed")


@pytest.mark.parametrize("name", ["confirm", "dismiss"])
def test_R10_a_helper_of_a_unit_is_the_discipline_commissions_matter(name: str) -> None:
    unit = FindingFacts(categories=["unit_helper"], management="township")
    with pytest.raises(OrganNotCompetent):
        FINDING.check(name, "proposed", unit, actor(Office.PARTY_COMMITTEE))
    FINDING.check(name, "proposed", unit, actor(Office.DISCIPLINE_COMMISSION))


def test_R10_a_finding_about_a_cadre_of_unknown_kind_waits_for_that_answer() -> None:
    with pytest.raises(CategoryUnknown):
        FINDING.check("confirm", "proposed", FindingFacts(), actor(Office.PARTY_COMMITTEE))
    FINDING.check("confirm", "proposed", FindingFacts(capacity="village_body"), actor(Office.PARTY_COMMITTEE))


def test_G37_a_cadre_of_the_township_goes_to_the_discipline_commission() -> None:
    own = FindingFacts(categories=["organ_cadre"])
    assert FINDING.blockers("confirm", "proposed", own, actor(Office.TOWNSHIP_GOVERNMENT))
    assert not FINDING.blockers("confirm", "proposed", own, actor(Office.DISCIPLINE_COMMISSION))


def test_G61_nobody_confirms_or_dismisses_what_was_found_about_himself() -> None:
    for name in ("confirm", "dismiss"):
        with pytest.raises(OwnFile):
            FINDING.check(name, "proposed", VILLAGE, actor(Office.PARTY_COMMITTEE, person=OTHER))


def test_G58_a_check_proposes_and_only_an_organ_confirms() -> None:
    assert FINDING.initial == "proposed"
    assert Office.ASSESSOR in RECORDERS
    assert FINDING.move("confirm").offices == ORGANS


def test_R2_2_a_proposed_finding_waits_for_the_organs_and_does_not_vanish() -> None:
    assert FINDING.awaits(Office.DISCIPLINE_COMMISSION) == {"proposed"}


@pytest.mark.parametrize("names", list(product([None, "x"], repeat=3)))
def test_a_finding_names_exactly_one_subject(names: tuple[str | None, ...]) -> None:
    if sum(name is not None for name in names) == 1:
        check_subject(*names)
    else:
        with pytest.raises(SubjectUnclear):
            check_subject(*names)


def test_R2_2_facts_lie_in_the_past() -> None:
    check_fact_day(DAY, DAY)
    with pytest.raises(FactInTheFuture):
        check_fact_day(date(2017, 3, 16), DAY)


def test_G45_G62_only_the_discipline_commission_finds_the_elements_of_article_8() -> None:
    check_article_8("HY.8", actor(Office.DISCIPLINE_COMMISSION))
    check_article_8("HY.9.2.2", actor(Office.PARTY_COMMITTEE))
    with pytest.raises(Article8Elsewhere):
        check_article_8("HY.8", actor(Office.PARTY_COMMITTEE))


HELD = datetime(2017, 3, 15, 1, tzinfo=UTC)
CALLED = datetime(2017, 3, 10, tzinfo=UTC)
MISSED = Expectation(meeting_held_at=HELD, meeting_required_at=CALLED, invited=True)


@pytest.mark.parametrize(
    ("ground", "expected", "refusal"),
    [
        ("HY.9.1.1", MISSED, None),
        ("HY.9.1.1", Expectation(), NoMeetingOnRecord),
        ("HY.9.1.1", Expectation(meeting_held_at=HELD, invited=True), NoMeetingOnRecord),
        ("HY.9.1.1", Expectation(meeting_held_at=HELD, meeting_required_at=HELD, invited=True), NoMeetingOnRecord),
        ("HY.9.1.1", Expectation(meeting_held_at=HELD, meeting_required_at=CALLED), NoMeetingOnRecord),
        (
            "HY.9.1.1",
            Expectation(meeting_held_at=datetime(2017, 3, 16, tzinfo=UTC), meeting_required_at=CALLED, invited=True),
            NoMeetingOnRecord,
        ),
        (
            "HY.9.1.1",
            Expectation(meeting_held_at=HELD, meeting_required_at=CALLED, invited=True, leave_approved=True),
            LeaveWasApproved,
        ),
        ("HY.9.1.2", Expectation(required_from=DAY), None),
        ("HY.9.1.2", Expectation(), NoExpectationOnRecord),
        ("HY.9.1.2", Expectation(required_from=date(2017, 3, 16)), ExpectationCameLater),
        ("HY.9.2.4", Expectation(required_from=date(2016, 12, 1)), None),
        ("HY.9.2.4", Expectation(), NoExpectationOnRecord),
        ("HY.9.2.3", Expectation(due_on=date(2017, 3, 14)), None),
        ("HY.9.2.3", Expectation(), NoExpectationOnRecord),
        ("HY.9.2.3", Expectation(due_on=DAY), NotLate),
        ("HY.9.1.3", Expectation(), None),
        ("HY.9.1.3", Expectation(due_on=date(2017, 3, 14)), None),
        ("HY.9.1.3", Expectation(due_on=DAY), NotLate),
        ("HY.9.2.2", Expectation(), None),
    ],
)
def test_G46_G47_G48_what_was_expected_existed_before_the_facts(
    ground: str, expected: Expectation, refusal: type[Refusal] | None
) -> None:
    if refusal is None:
        check_expectation(GROUNDS[ground], DAY, expected)
    else:
        with pytest.raises(refusal):
            check_expectation(GROUNDS[ground], DAY, expected)


def test_G38_what_kind_of_cadre_somebody_is_comes_from_the_register_and_his_offices() -> None:
    assert categories_of("unit_staff", []) == ("unit_helper",)
    assert categories_of("organ_cadre", ["helper"]) == ("organ_cadre",)
    assert categories_of("other", ["village_committee_head", "helper"]) == ("village_committee_member",)
    assert categories_of("unit_staff", ["village_principal"]) == ("unit_helper", "village_committee_member")
    assert categories_of("other", ["helper"]) == categories_of(None, []) == ()


def test_R10_a_superior_organ_manages_whom_the_township_does_not() -> None:
    answers = [management_of(who) for who in ("township", "county", "above", None)]
    assert answers == ["township", "superior", "superior", None]
