"""Do rounds and checks move only as declared, each guard both ways, and does a missed month stay missed?"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import product
from uuid import UUID

import pytest

from app.actor import ORGANISERS, Actor, Appointment, Office
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
from app.refusal import NotYourOffice, Refusal, WrongState

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


@pytest.mark.parametrize(("move", "state", "office"), list(product(ROUND_MOVES, INSPECTION_ROUND.states, Office)))
def test_R6_1_round_moves_are_those_declared(move: str, state: str, office: Office) -> None:
    offices, path = ROUND_MOVES[move]
    allowed = not INSPECTION_ROUND.blockers(move, state, ROUND, actor(office))
    assert allowed == (office in offices and state in path)
    assert INSPECTION_ROUND.move(move).path.get(state, ()) == ((path[state],) if state in path else ())


@pytest.mark.parametrize(("move", "state", "office"), list(product(CHECK_MOVES, INSPECTION.states, Office)))
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


def test_G7_a_missing_source_stands_as_missing_and_restarts_nothing() -> None:
    sources = [NONCE, BEACON, DICE]
    assert rules.seed_values(sources, {BEACON.name: HEX}) == [
        (NONCE.name, MISSING),
        (BEACON.name, HEX),
        (DICE.name, MISSING),
    ]
    assert rules.seed_values(sources, {BEACON.name: HEX, NONCE.name: "abcd"})[0] == (NONCE.name, "abcd")


def test_G7_the_seed_has_the_announced_sources_and_no_other() -> None:
    with pytest.raises(rules.SourcesDiffer):
        rules.seed_values([BEACON], {BEACON.name: HEX, "lucky-number": "08"})
    with pytest.raises(rules.NonceDiffers):
        rules.seed_values([BEACON, NONCE], {BEACON.name: HEX, NONCE.name: "abce"})


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
    sources = [Source("public", kind, NOW), NONCE]
    revealed = {"public": "7" * length, NONCE.name: "abcd"}
    if enough:
        assert rules.seed_values(sources, revealed)[0] == ("public", "7" * length)
    else:
        with pytest.raises(rules.SeedTooShort):
            rules.seed_values(sources, revealed)


def test_G7_without_any_public_source_nothing_is_drawn() -> None:
    with pytest.raises(rules.SeedTooShort):
        rules.seed_values([BEACON, NONCE], {NONCE.name: "abcd"})


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
