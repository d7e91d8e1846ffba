"""Does the township hear only what stands, from the organ that decided, and every correction of it?"""

from datetime import date
from itertools import product
from uuid import UUID

import pytest

from app.actor import ORGANS, Actor, Appointment, Office
from app.findings.rules import OwnFile
from app.notices.rules import (
    AUDIENCE,
    MEASURE_NOTICE,
    NOTICE,
    BoardNeedsEndDate,
    Channel,
    CorrectionAlreadyDue,
    HouseholdDataInNotice,
    NoticeEndsBeforeItStarts,
    NoticeFacts,
    NoticeKind,
    NotTheIssuingOrgan,
    TheDecisionFell,
    TheDecisionStands,
    check_period,
    check_text,
    fate_of,
    organ_of,
)
from app.workflow import Move
from tests.whole import whole

POSSIBLE = {"publish": {"draft"}, "correct": {"published"}, "withdraw": {"published"}}


def actor(office: Office) -> Actor:
    return Actor(UUID(int=9), UUID(int=1), "411421", "411421201", (Appointment(office, "411421201", date(2017, 1, 1)),))


@whole(product(NOTICE.states, NOTICE.moves, Office, [True, False]))
def test_every_state_move_and_office_follows_the_declaration(
    state: str, move: Move, office: Office, stands: bool
) -> None:
    organ = office if office in ORGANS else Office.PARTY_COMMITTEE
    facts = NoticeFacts(organ, stands, withdrawal_due=not stands)
    reasons = NOTICE.blockers(move.name, state, facts, actor(office))
    wanted = not stands if move.name == "withdraw" else stands
    assert (reasons == []) is (office in ORGANS and state in POSSIBLE[move.name] and wanted)


def test_R7_2_only_the_organ_that_decided_speaks() -> None:
    facts = NoticeFacts("party_committee", True)
    with pytest.raises(NotTheIssuingOrgan):
        NOTICE.check("publish", "draft", facts, actor(Office.DISCIPLINE_COMMISSION))
    NOTICE.check("publish", "draft", facts, actor(Office.PARTY_COMMITTEE))


@pytest.mark.parametrize("deciding", sorted(ORGANS))
def test_R7_2_the_notice_of_article_7_is_the_party_committees_and_no_circular_criticism(deciding: Office) -> None:
    assert organ_of(NoticeKind.ARTICLE_7_NOTICE, deciding) is Office.PARTY_COMMITTEE
    assert organ_of(NoticeKind.CIRCULAR_CRITICISM, deciding) is deciding
    assert NoticeKind.ARTICLE_7_NOTICE not in MEASURE_NOTICE.values()
    assert len({*MEASURE_NOTICE.values(), NoticeKind.ARTICLE_7_NOTICE}) == 3


def test_G53_what_stands_is_corrected_and_what_fell_is_withdrawn() -> None:
    organ = actor(Office.PARTY_COMMITTEE)
    stands, fell = NoticeFacts("party_committee", True), NoticeFacts("party_committee", False, True, True)
    NOTICE.check("correct", "published", stands, organ)
    NOTICE.check("withdraw", "published", fell, organ)
    with pytest.raises(TheDecisionStands):
        NOTICE.check("withdraw", "published", stands, organ)
    for name, state in (("correct", "published"), ("publish", "draft")):
        with pytest.raises(TheDecisionFell):
            NOTICE.check(name, state, fell, organ)


@pytest.mark.parametrize(("name", "stands"), [("correct", True), ("withdraw", False)])
def test_G53_one_correction_at_a_time(name: str, stands: bool) -> None:
    due = NoticeFacts("party_committee", stands, correction_due=True)
    with pytest.raises(CorrectionAlreadyDue):
        NOTICE.check(name, "published", due, actor(Office.PARTY_COMMITTEE))


def test_G30_the_audience_is_the_township() -> None:
    assert AUDIENCE == "township"


def test_G30_a_notice_on_a_board_has_a_last_day() -> None:
    start = date(2017, 4, 1)
    with pytest.raises(BoardNeedsEndDate):
        check_period(Channel.BOARD, start, None)
    with pytest.raises(NoticeEndsBeforeItStarts):
        check_period(Channel.BOARD, start, date(2017, 3, 31))
    check_period(Channel.BOARD, start, start)
    check_period(Channel.DOCUMENT, start, None)


@pytest.mark.parametrize(
    "text", ["户主王一未脱贫", "证号99010119490101001X", "电话13800138000。", "扶贫手册41142120100001"]
)
def test_G30_no_household_and_no_personal_number_in_a_notice(text: str) -> None:
    with pytest.raises(HouseholdDataInNotice):
        check_text(text, ["王一", "41142120100001", ""])
    check_text("2017年第3号通报:某某无故不参加2017-03-15会议。", ["王一", "41142120100001", ""])


@pytest.mark.parametrize("kind", sorted(MEASURE_NOTICE.values()))
@pytest.mark.parametrize("state", ["draft", "published"])
@pytest.mark.parametrize("keeps", [None, *sorted(MEASURE_NOTICE.values())])
def test_G53_what_was_said_is_corrected_and_what_was_not_yet_said_is_dropped(
    kind: str, state: str, keeps: str | None
) -> None:
    notice = {"kind": kind, "state": state}
    waiting = {"kind": "correction", "state": "draft"}
    said = {"kind": "correction", "state": "published"}
    fate = fate_of([notice, waiting, said], keeps)
    assert (notice in fate.corrected) is (state == "published")
    assert (notice in fate.dropped) is (state == "draft" and kind != keeps)
    assert waiting in fate.dropped
    assert said not in [*fate.dropped, *fate.corrected]


@pytest.mark.parametrize(("name", "state", "stands"), [("publish", "draft", True), ("correct", "published", True)])
def test_G61_nobody_publishes_a_notice_about_himself(name: str, state: str, stands: bool) -> None:
    organ = actor(Office.PARTY_COMMITTEE)
    NOTICE.check(name, state, NoticeFacts("party_committee", stands, subject_person=str(UUID(int=2))), organ)
    with pytest.raises(OwnFile):
        NOTICE.check(name, state, NoticeFacts("party_committee", stands, subject_person=str(UUID(int=1))), organ)
