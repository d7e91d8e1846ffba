"""Is an objection filed by the subject, in time, and reviewed by someone else?"""

from dataclasses import fields
from datetime import date
from itertools import product
from uuid import UUID

import pytest

from app.actor import ORGANS, Actor, Appointment, Office
from app.cases.rules import CASE, WINDOW_LABEL_ZH, CaseFacts, objection_until
from app.findings.rules import OwnFile
from app.objections.rules import (
    OBJECTION,
    PEOPLE,
    NothingToObjectTo,
    ObjectionFacts,
    ObjectionPending,
    OnlyTheSubjectObjects,
    OriginalHandlerReviews,
    ReviewerIsRecused,
    WindowClosed,
    check_filing,
)
from app.rulebook.policies import effective
from app.rulebook.rules import OrganNotCompetent
from app.workflow import Move
from tests.whole import whole

FILER, HANDLER, REVIEWER, KIN = (UUID(int=n) for n in range(1, 5))
FACTS = ObjectionFacts(str(FILER), [str(HANDLER)], [str(KIN)], str(FILER), categories=["village_committee_member"])
POSSIBLE = {"accept": {"filed"}, "decide": {"accepted"}, "withdraw": {"filed", "accepted"}}


def actor(office: Office, person: UUID) -> Actor:
    return Actor(UUID(int=9), person, "411421", "411421201", (Appointment(office, "411421201", date(2017, 1, 1)),))


@whole(product(OBJECTION.states, OBJECTION.moves, Office, [FILER, HANDLER, REVIEWER, KIN]))
def test_every_state_move_office_and_person_follows_the_declaration(
    state: str, move: Move, office: Office, person: UUID
) -> None:
    reasons = OBJECTION.blockers(move.name, state, FACTS, actor(office, person))
    offices, rightful = (PEOPLE, FILER) if move.name == "withdraw" else (ORGANS, REVIEWER)
    right = office in offices and person == rightful
    assert (reasons == []) is (right and state in POSSIBLE[move.name])


@pytest.mark.parametrize(
    ("person", "refusal"), [(HANDLER, OriginalHandlerReviews), (KIN, ReviewerIsRecused), (FILER, OwnFile)]
)
def test_G50_the_reviewer_is_neither_handler_nor_concerned(person: UUID, refusal: type[Exception]) -> None:
    for name, state in (("accept", "filed"), ("decide", "accepted")):
        with pytest.raises(refusal):
            OBJECTION.check(name, state, FACTS, actor(Office.PARTY_COMMITTEE, person))


def test_G50_only_the_filer_withdraws() -> None:
    with pytest.raises(OnlyTheSubjectObjects):
        OBJECTION.check("withdraw", "filed", FACTS, actor(Office.HELPER, REVIEWER))
    OBJECTION.check("withdraw", "filed", FACTS, actor(Office.HELPER, FILER))


def test_R10_a_unit_helpers_objection_goes_to_the_discipline_commission() -> None:
    unit = ObjectionFacts(str(FILER), categories=["unit_helper"], management="township")
    with pytest.raises(OrganNotCompetent):
        OBJECTION.check("accept", "filed", unit, actor(Office.PARTY_COMMITTEE, REVIEWER))
    OBJECTION.check("accept", "filed", unit, actor(Office.DISCIPLINE_COMMISSION, REVIEWER))


def test_G50_the_window_is_local_policy_and_says_so() -> None:
    days, source = effective("objection.windowDays", date(2017, 6, 1))
    assert (days, source) == (30, "local_policy")
    until = objection_until(date(2017, 6, 1), 30)
    assert until == date(2017, 7, 1)
    check_filing(True, False, until, date(2017, 7, 1))
    with pytest.raises(WindowClosed) as closed:
        check_filing(True, False, until, date(2017, 7, 2))
    assert closed.value.facts["source"] == "local_policy"
    assert closed.value.facts["label"] == WINDOW_LABEL_ZH == "本系统约定,非办法规定"


def test_G50_a_decision_that_stands_and_one_objection_at_a_time() -> None:
    day = date(2017, 6, 1)
    with pytest.raises(NothingToObjectTo):
        check_filing(False, False, day, day)
    with pytest.raises(ObjectionPending):
        check_filing(True, True, day, day)


def test_G50_execution_goes_on_no_guard_of_a_case_knows_of_objections() -> None:
    assert not [field.name for field in fields(CaseFacts) if "objection" in field.name]
    executor = actor(Office.PARTY_COMMITTEE, REVIEWER)
    CASE.check("execute", "decided", CaseFacts("party_committee", "HY.9.1.1", measure="circular_criticism"), executor)
