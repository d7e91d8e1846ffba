"""Do rounds and checks move only as declared, each guard both ways, and does a missed month stay missed?"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import product
from uuid import UUID

import pytest

from app.actor import ORGANISERS, Actor, Appointment, NotYourOffice, Office
from app.inspections import rules
from app.inspections.draw import MISSING
from app.inspections.rules import (
    INSPECTION,
    INSPECTION_ROUND,
    Aspect,
    InspectionFacts,
    Inspector,
    Interest,
    InterviewOutcome,
    RoundFacts,
    Source,
    SourceKind,
    TeamWarning,
)
from app.refusal import Refusal, WrongState
from tests.whole import whole

ME, OTHER, HELPER, THIRD = (UUID(int=n) for n in (1, 2, 3, 4))
NOW = datetime(2017, 3, 6, 2, tzinfo=UTC)
TODAY = date(2017, 3, 6)


def actor(*offices: Office, person: UUID = ME) -> Actor:
    appointments = tuple(Appointment(office, "411421201", date(2016, 11, 9)) for office in offices)
    return Actor(UUID(int=9), person, "411421", "411421201", appointments)


ROUND = RoundFacts("2017-03", NOW, TODAY, Office.PARTY_GOV_OFFICE, OTHER, NOW, 0)
CHECK = InspectionFacts(HELPER)

ROUND_MOVES = {
    "propose-commit": (ORGANISERS, {"planned": "proposed", "proposed": "proposed", "missed": "proposed"}),
    "confirm-commit": ({Office.LEADING_GROUP_OFFICE}, {"proposed": "committed"}),
    "open-nonce": (ORGANISERS, {"committed": "committed"}),
    "reveal": (ORGANISERS, {"committed": "drawn"}),
    "close": ({Office.LEADING_GROUP_OFFICE}, {"drawn": "closed"}),
    "mark-missed": (set(), {"planned": "missed", "proposed": "missed"}),
}
"""As the contract has it; `confirm-commit` after a proposal of the Party and government office."""
CHECK_MOVES = {
    "assign-team": (ORGANISERS, {"pending"}),
    "record": ({Office.ASSESSOR}, {"pending"}),
    "not-checked": ({Office.ASSESSOR}, {"pending"}),
    "correct": ({Office.ASSESSOR}, {"recorded", "not_checked"}),
}


@whole(product(ROUND_MOVES, INSPECTION_ROUND.states, Office))
def test_R6_1_round_moves_are_those_declared(move: str, state: str, office: Office) -> None:
    offices, path = ROUND_MOVES[move]
    allowed = not INSPECTION_ROUND.blockers(move, state, ROUND, actor(office))
    assert allowed == (office in offices and state in path)
    assert INSPECTION_ROUND.move(move).path.get(state, ()) == ((path[state],) if state in path else ())


@whole(product(CHECK_MOVES, INSPECTION.states, Office))
def test_R6_2_inspection_moves_are_those_declared(move: str, state: str, office: Office) -> None:
    offices, states = CHECK_MOVES[move]
    allowed = not INSPECTION.blockers(move, state, CHECK, actor(office))
    assert allowed == (office in offices and state in states)


def test_both_workflows_have_the_states_and_moves_of_the_contract_and_no_other() -> None:
    assert INSPECTION_ROUND.states == ("planned", "proposed", "committed", "drawn", "closed", "missed")
    assert INSPECTION.states == ("pending", "recorded", "not_checked")
    assert {m.name for m in INSPECTION_ROUND.moves} == set(ROUND_MOVES)
    assert {m.name for m in INSPECTION.moves} == set(CHECK_MOVES)


def test_the_first_reason_is_the_office_then_the_state() -> None:
    reasons = INSPECTION_ROUND.blockers("close", "planned", ROUND, actor(Office.HELPER))
    assert [type(r) for r in reasons] == [NotYourOffice, WrongState]


# ── rounds ───────────────────────────────────────────────────────────────────────────────────────


def blocked(move: str, state: str, facts: RoundFacts, who: Actor) -> list[type[Refusal]]:
    return [type(reason) for reason in INSPECTION_ROUND.blockers(move, state, facts, who)]


@pytest.mark.parametrize(
    ("proposed", "confirms"), [(a, b) for a in sorted(ORGANISERS) for b in sorted(ORGANISERS)], ids=str
)
def test_R4_1_the_other_organiser_confirms(proposed: Office, confirms: Office) -> None:
    facts = replace(ROUND, proposed_office=proposed)
    assert blocked("confirm-commit", "proposed", facts, actor(confirms)) == (
        [rules.TheOtherOrganiserConfirms] if proposed == confirms else []
    )


def test_R4_1_one_person_in_both_offices_does_not_confirm_himself() -> None:
    both = actor(*ORGANISERS)
    assert blocked("confirm-commit", "proposed", replace(ROUND, proposed_by=ME), both) == [
        rules.TheOtherOrganiserConfirms
    ]
    assert blocked("confirm-commit", "proposed", ROUND, both) == []


def test_R6_1_a_round_is_not_committed_ahead_of_its_month() -> None:
    for move, state in (("propose-commit", "planned"), ("confirm-commit", "proposed")):
        who = actor(Office.LEADING_GROUP_OFFICE)
        assert blocked(move, state, replace(ROUND, today=date(2017, 2, 28)), who) == [rules.MonthNotBegun]
        assert blocked(move, state, replace(ROUND, today=date(2017, 3, 1)), who) == []


def test_G7_the_seed_is_not_revealed_before_its_sources_exist() -> None:
    who = actor(Office.PARTY_GOV_OFFICE)
    assert blocked("reveal", "committed", replace(ROUND, seed_due=NOW + timedelta(seconds=1)), who) == [
        rules.SeedNotDue
    ]
    assert blocked("reveal", "committed", ROUND, who) == []


def test_G7_a_draw_is_never_drawn_twice() -> None:
    for state in ("drawn", "closed"):
        for move in ("propose-commit", "confirm-commit", "reveal"):
            assert WrongState in blocked(move, state, ROUND, actor(*ORGANISERS))


def test_R6_1_close_waits_for_everyone_drawn() -> None:
    who = actor(Office.LEADING_GROUP_OFFICE)
    assert blocked("close", "drawn", replace(ROUND, pending=1), who) == [rules.ChecksPending]
    assert blocked("close", "drawn", ROUND, who) == []


# ── missed and late months ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("month", "today", "drawn", "missed"),
    [
        ("2017-03", date(2017, 3, 31), False, False),
        ("2017-03", date(2017, 4, 1), False, True),
        ("2017-03", date(2017, 4, 1), True, False),
        ("2016-12", date(2017, 1, 1), False, True),
    ],
)
def test_G8_a_month_that_ended_without_a_draw_is_missed(month: str, today: date, drawn: bool, missed: bool) -> None:
    assert rules.is_missed(month, today, drawn) is missed


def test_G8_the_partial_first_month_is_optional() -> None:
    assert rules.draw_is_optional("2016-11")
    assert not rules.is_missed("2016-11", date(2018, 1, 1), drawn=False)
    assert not rules.draw_is_optional("2016-12")
    assert not rules.draw_is_optional("2016-11", effective_from=date(2016, 11, 1))
    assert rules.is_missed("2016-11", date(2016, 12, 1), drawn=False, effective_from=date(2016, 11, 1))


def test_R6_1_every_month_that_ended_since_commencement_owes_a_draw() -> None:
    assert rules.months_owed(date(2016, 11, 30)) == []
    assert rules.months_owed(date(2016, 12, 1)) == ["2016-11"]
    assert rules.months_owed(date(2017, 2, 3)) == ["2016-11", "2016-12", "2017-01"]
    assert len(rules.months_owed(date(2018, 1, 1))) == 14


def test_G51_no_round_before_the_regulation_applied() -> None:
    rules.round_month("2016-11")
    with pytest.raises(rules.MonthBeforeTheRegulation):
        rules.round_month("2016-10")


def test_G8_a_late_draw_needs_a_reason_and_only_a_late_one_has_it() -> None:
    assert rules.check_lateness("2017-03", date(2017, 3, 31), None) is False
    assert rules.check_lateness("2017-03", date(2017, 4, 1), "汛期") is True
    for empty in (None, ""):
        with pytest.raises(rules.LateNeedsReason):
            rules.check_lateness("2017-03", date(2017, 4, 1), empty)
    with pytest.raises(rules.MonthNotOver):
        rules.check_lateness("2017-03", date(2017, 3, 31), "汛期")


def test_G8_a_missed_month_may_still_be_committed_and_drawn() -> None:
    late = replace(ROUND, today=date(2017, 4, 10))
    assert blocked("propose-commit", "missed", late, actor(Office.PARTY_GOV_OFFICE)) == []
    assert blocked("confirm-commit", "proposed", late, actor(Office.LEADING_GROUP_OFFICE)) == []


# ── the seed ─────────────────────────────────────────────────────────────────────────────────────

BEACON = Source("drand-quicknet-1000", SourceKind.BEACON, NOW + rules.SEED_NOTICE)
DICE = Source("dice", SourceKind.DICE, NOW + rules.SEED_NOTICE)
NONCE = Source("party-gov-office", SourceKind.NONCE, NOW, sha256(b"abcd").hexdigest())
HEX = "fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd"


def test_G7_an_announcement_is_sound_in_itself() -> None:
    rules.check_sources([BEACON, NONCE])
    with pytest.raises(rules.SourceNamedTwice):
        rules.check_sources([BEACON, BEACON])
    with pytest.raises(rules.NonceNeedsHash):
        rules.check_sources([BEACON, replace(NONCE, digest="")])
    with pytest.raises(rules.NonceNeedsHash):
        rules.check_sources([replace(BEACON, digest=NONCE.digest)])
    for none_public in ([], [NONCE]):
        with pytest.raises(rules.NoPublicSource):
            rules.check_sources(none_public)


def test_G7_the_commitment_comes_before_the_seed() -> None:
    rules.check_unforeseen([BEACON, NONCE], NOW)
    with pytest.raises(rules.SeedTooSoon) as refused:
        rules.check_unforeseen([NONCE, BEACON], NOW + timedelta(seconds=1))
    assert refused.value.facts == {"sources": [BEACON.name]}


def seed_of(*sources: Source, over: bool = True, **given: str) -> list[tuple[str, str]]:
    """The seed's values, each source named by its kind."""
    revealed = {s.name: rules.Revealed(given[s.kind]) for s in sources if s.kind in given}
    return rules.seed_values(sources, revealed, over=over)


def test_G7_a_missing_source_stands_as_missing_and_restarts_nothing() -> None:
    opened = replace(NONCE, value="abcd")
    assert seed_of(NONCE, BEACON, DICE, beacon=HEX) == [
        (NONCE.name, MISSING),
        (BEACON.name, HEX),
        (DICE.name, MISSING),
    ]
    assert seed_of(opened, BEACON, beacon=HEX)[0] == (NONCE.name, "abcd")


def test_G7_nobody_gains_by_withholding() -> None:
    """Before the deadline every public source is awaited; a party's number is not taken once the public one is out."""
    with pytest.raises(rules.SourceStillAwaited) as refused:
        seed_of(BEACON, DICE, beacon=HEX, over=False)
    assert refused.value.facts == {"sources": [DICE.name]}
    assert seed_of(BEACON, NONCE, beacon=HEX, over=False)[1] == (NONCE.name, MISSING)
    with pytest.raises(rules.SourcesDiffer):
        seed_of(BEACON, NONCE, beacon=HEX, nonce="abcd")
    with pytest.raises(rules.SourceStillAwaited):
        seed_of(DRAND, DICE, dice="7" * 20, over=True)


DRAND = Source("drand", SourceKind.DRAND, rules.quicknet_due(1000))
SIGNATURE = "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39"
"""Of round 1000 of drand quicknet."""


def test_G7_a_round_of_drand_has_its_time_and_gives_the_hash_of_its_signature() -> None:
    assert rules.quicknet_due(1) == datetime(2023, 8, 23, 15, 9, 27, tzinfo=UTC)
    assert rules.due_of(SourceKind.DRAND, "1000", None, "/s") == datetime(2023, 8, 23, 15, 59, 24, tzinfo=UTC)
    for reference, due in (("", None), ("0", None), ("last", None), ("1000", NOW)):
        with pytest.raises(rules.SourceNeedsItsTime):
            rules.due_of(SourceKind.DRAND, reference, due, "/s")
    with pytest.raises(rules.SourceNeedsItsTime):
        rules.due_of(SourceKind.LOTTERY, "2017031", None, "/s")
    assert rules.seed_values([DRAND], {"drand": rules.Revealed(HEX, SIGNATURE)}, over=False) == [("drand", HEX)]
    for value, signature in ((HEX, ""), (HEX[::-1], SIGNATURE), (HEX, SIGNATURE[:-2] + "38"), (HEX, SIGNATURE[1:])):
        with pytest.raises(rules.NotWhatTheSourceGives):
            rules.seed_values([DRAND], {"drand": rules.Revealed(value, signature)}, over=True)


def test_G7_dice_and_lotteries_give_digits_and_only_drand_a_signature() -> None:
    with pytest.raises(rules.NotWhatTheSourceGives):
        seed_of(DICE, dice="a" * 64)
    with pytest.raises(rules.NotWhatTheSourceGives):
        rules.seed_values([BEACON], {BEACON.name: rules.Revealed(HEX, SIGNATURE)}, over=True)


def test_G7_a_township_may_keep_to_some_kinds_of_sources() -> None:
    rules.check_kinds([BEACON, DICE], ["beacon", "dice"])
    with pytest.raises(rules.SourceNotInUse) as refused:
        rules.check_kinds([BEACON, DICE], ["drand", "dice"])
    assert refused.value.facts == {"kinds": ["beacon"], "in_use": ["drand", "dice"]}


def test_G7_a_partys_own_number_is_the_one_announced_and_is_opened_once_in_time() -> None:
    rules.check_nonce([BEACON, NONCE], NONCE.name, "abcd")
    with pytest.raises(rules.NonceDiffers):
        rules.check_nonce([BEACON, NONCE], NONCE.name, "abce")
    with pytest.raises(rules.NonceOpenedAlready):
        rules.check_nonce([BEACON, replace(NONCE, value="abcd")], NONCE.name, "abcd")
    for name in (BEACON.name, "another"):
        with pytest.raises(rules.SourcesDiffer):
            rules.check_nonce([BEACON, NONCE], name, "abcd")
    who = actor(Office.PARTY_GOV_OFFICE)
    known = replace(ROUND, seed_begins=NOW)
    assert blocked("open-nonce", "committed", known, who) == [rules.NonceTooLate]
    assert blocked("open-nonce", "committed", replace(known, now=NOW - timedelta(seconds=1)), who) == []
    later = replace(BEACON, due=NOW + timedelta(days=1))
    assert rules.seed_begins([later, NONCE, BEACON]) == BEACON.due


def test_G7_the_seed_has_the_announced_sources_and_no_other() -> None:
    with pytest.raises(rules.SourcesDiffer):
        rules.seed_values([BEACON], {"lucky-number": rules.Revealed("08")}, over=True)


@pytest.mark.parametrize(
    ("kind", "length", "enough"),
    [
        (SourceKind.BEACON, 16, True),
        (SourceKind.BEACON, 15, False),
        (SourceKind.DICE, 20, True),
        (SourceKind.DICE, 19, False),
        (SourceKind.LOTTERY, 39, True),
        (SourceKind.LOTTERY, 14, False),
    ],
)
def test_G7_a_seed_has_at_least_64_unforeseeable_bits(kind: SourceKind, length: int, enough: bool) -> None:
    """A party's own number adds none, so that the operator's own generator is never the seed."""
    sources = (Source("public", kind, NOW), replace(NONCE, value="abcd" * 16))
    if enough:
        assert seed_of(*sources, **{kind: "7" * length})[0] == ("public", "7" * length)
    else:
        with pytest.raises(rules.SeedTooShort):
            seed_of(*sources, **{kind: "7" * length})


def test_G7_without_any_public_source_nothing_is_drawn() -> None:
    with pytest.raises(rules.SeedTooShort):
        seed_of(BEACON, replace(NONCE, value="abcd"))


# ── checks ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("move", ["record", "not-checked", "correct"])
def test_G11_nobody_records_on_himself(move: str) -> None:
    state = "recorded" if move == "correct" else "pending"
    himself = actor(Office.ASSESSOR, person=HELPER)
    assert [type(r) for r in INSPECTION.blockers(move, state, CHECK, himself)] == [rules.CheckingOneself]
    assert INSPECTION.blockers(move, state, CHECK, actor(Office.ASSESSOR)) == []


def test_G11_a_team_that_includes_the_helper_is_refused_whatever_the_reason() -> None:
    team = [Inspector(ME, Interest.NONE), Inspector(HELPER, Interest.NONE)]
    with pytest.raises(rules.CheckingOneself):
        rules.check_team(team, HELPER, "人手不足")


@pytest.mark.parametrize(
    ("team", "warnings"),
    [
        ([Inspector(ME, Interest.NONE), Inspector(OTHER, Interest.NONE)], []),
        ([Inspector(ME, Interest.NONE)], [TeamWarning.TOO_SMALL]),
        ([Inspector(ME, Interest.NONE), Inspector(ME, Interest.NONE)], [TeamWarning.TOO_SMALL]),
        ([Inspector(ME, Interest.NONE), Inspector(OTHER)], [TeamWarning.UNDECLARED]),
        ([Inspector(ME, Interest.NONE), Inspector(OTHER, Interest.KINSHIP)], [TeamWarning.OVERLAPPING]),
        ([Inspector(ME, Interest.NONE), Inspector(OTHER, Interest.UNIT)], [TeamWarning.OVERLAPPING]),
        ([Inspector(ME, Interest.NONE), Inspector(OTHER, Interest.NONE, same_unit=True)], [TeamWarning.OVERLAPPING]),
        ([Inspector(ME)], [TeamWarning.TOO_SMALL, TeamWarning.UNDECLARED]),
    ],
)
def test_G11_an_unusual_team_warns_and_needs_the_organisers_reason(
    team: list[Inspector], warnings: list[TeamWarning]
) -> None:
    assert rules.check_team(team, HELPER, "组织单位已核") == warnings
    if warnings:
        with pytest.raises(rules.TeamNeedsReason) as refused:
            rules.check_team(team, HELPER, None)
        assert refused.value.facts == {"warnings": warnings}
    else:
        assert rules.check_team(team, HELPER, None) == []


def test_G11_a_township_may_ask_for_larger_or_smaller_teams() -> None:
    team = [Inspector(ME, Interest.NONE), Inspector(OTHER, Interest.NONE)]
    assert rules.check_team(team[:1], HELPER, None, minimum=1) == []
    assert rules.team_warnings(team, HELPER, minimum=3) == [TeamWarning.TOO_SMALL]


def test_G7_inspectors_are_named_where_teams_are_drawn_and_only_there() -> None:
    rules.check_lot(True, [ME])
    rules.check_lot(False, [])
    with pytest.raises(rules.TeamsAreByLot):
        rules.check_lot(True, [])
    with pytest.raises(rules.TeamsNotByLot):
        rules.check_lot(False, [ME])


def test_G10_further_aspects_of_the_township_are_told_of() -> None:
    rules.check_further([], ["纪律作风"])
    rules.check_further(["纪律作风"], ["群众评价", "纪律作风"])
    with pytest.raises(rules.FurtherAspectMissing) as refused:
        rules.check_further(["纪律作风", "群众评价"], ["群众评价"])
    assert refused.value.facts == {"aspects": ["纪律作风"]}


@pytest.mark.parametrize(("day", "fits"), [(5, False), (6, True), (20, True), (21, False)])
def test_G8_a_check_is_not_dated_before_its_draw_or_after_today(day: int, fits: bool) -> None:
    if fits:
        rules.check_day(date(2017, 3, day), TODAY, date(2017, 3, 20))
    else:
        with pytest.raises(rules.CheckedOutOfTime):
            rules.check_day(date(2017, 3, day), TODAY, date(2017, 3, 20))


def test_G55_only_the_newest_version_is_corrected() -> None:
    who = actor(Office.ASSESSOR)
    assert [type(r) for r in INSPECTION.blockers("correct", "recorded", replace(CHECK, superseded=True), who)] == [
        rules.CheckSuperseded
    ]
    assert INSPECTION.blockers("correct", "recorded", CHECK, who) == []


def test_G10_G59_the_three_aspects_are_those_of_article_6() -> None:
    assert [a.value for a in Aspect] == ["village_visits", "measures", "forms"]


@pytest.mark.parametrize("outcome", list(InterviewOutcome))
@pytest.mark.parametrize("present", [None, True, False])
def test_G13_G57_only_a_meeting_tells_whether_the_helper_was_there(
    outcome: InterviewOutcome, present: bool | None
) -> None:
    if (outcome is InterviewOutcome.MET) is (present is not None):
        rules.check_interview(outcome, present, "/interviews/0")
    else:
        with pytest.raises(rules.InterviewTold):
            rules.check_interview(outcome, present, "/interviews/0")


def test_G9_not_checked_is_an_end_of_its_own_and_leads_to_no_other_draw() -> None:
    assert INSPECTION.move("not-checked").path == {"pending": ("not_checked",)}
    assert "not_checked" in INSPECTION.final


def test_G15_a_helper_without_a_household_is_excluded_by_name_of_the_reason() -> None:
    assert rules.NO_ACTIVE_ASSIGNMENT == "NO_ACTIVE_ASSIGNMENT"


def test_G58_no_move_of_a_check_leads_beyond_the_check() -> None:
    ends = {to for move in INSPECTION.moves for many in move.path.values() for to in many}
    assert ends == {"pending", "recorded", "not_checked"}


def test_every_refusal_speaks_both_languages_and_names_its_article() -> None:
    found = [
        c
        for c in vars(rules).values()
        if isinstance(c, type) and issubclass(c, Refusal) and c.__module__ == rules.__name__
    ]
    assert len(found) > 20
    for refusal in found:
        assert refusal.article
        assert refusal.title("zh-CN") != refusal.title("en")


def test_draw_id_names_township_and_month() -> None:
    assert rules.draw_id("411421201", "2017-03") == "411421201/2017-03/inspect"
