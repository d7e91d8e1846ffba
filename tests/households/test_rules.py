"""Does the register of households and pairings keep G15 to G19, each guard both ways?"""

from datetime import date, timedelta
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.actor import Actor, Appointment, Office
from app.households import rules
from app.households.rules import CLOSED, OPEN, History, LifeEvent, Pairing, PairingFacts, Status
from app.refusal import Refusal

TODAY = date(2017, 6, 1)
A, B, C, D = (UUID(int=n) for n in (1, 2, 3, 4))


def actor(office: Office) -> Actor:
    return Actor(A, B, "411421", "411421201", (Appointment(office, "411421201", date(2016, 11, 9)),))


def history(*events: tuple[Status, date], listed: date = date(2016, 11, 9)) -> History:
    return History(listed, tuple(LifeEvent(kind, on) for kind, on in events))


def reach(status: Status) -> History:
    """A history whose last status is `status`."""
    return history() if status is Status.REGISTERED else history((status, date(2017, 1, 1)))


# ── life events ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("status", "kind"), list(product(Status, rules.EVENT_PATHS)))
def test_G19_every_event_after_every_status_follows_the_table(status: Status, kind: Status) -> None:
    past = reach(status)
    if status in rules.EVENT_PATHS[kind]:
        rules.check_event(past, kind, TODAY, TODAY)
    else:
        with pytest.raises(rules.EventDoesNotFollow):
            rules.check_event(past, kind, TODAY, TODAY)


def test_G19_names_its_seven_statuses_and_open_and_closed_are_apart() -> None:
    assert set(rules.EVENT_PATHS) == set(Status) - {Status.REGISTERED}
    assert set(Status) == OPEN | CLOSED and not OPEN & CLOSED
    assert {Status.MOVED_OUT, Status.DECEASED_ALL, Status.SPLIT, Status.MERGED, Status.DELISTED} == CLOSED


@pytest.mark.parametrize("kind", sorted(CLOSED))
def test_G19_a_closed_household_leaves_the_denominator_from_the_date_of_the_event(kind: Status) -> None:
    past = history((kind, date(2017, 3, 10)))
    assert past.counts_on(date(2017, 3, 9))
    assert not past.counts_on(date(2017, 3, 10))
    assert past.status_on(date(2017, 12, 31)) is kind


@pytest.mark.parametrize("kind", [Status.RETURNED_TO_POVERTY, Status.NEWLY_LISTED])
def test_G19_a_household_that_fell_back_or_was_newly_listed_counts(kind: Status) -> None:
    assert history((kind, date(2017, 3, 10))).counts_on(date(2017, 3, 10))


def test_G19_no_status_means_out_of_poverty() -> None:
    assert not [status for status in Status if "out_of_poverty" in status or "exit" in status]


def test_G19_a_household_is_not_counted_before_it_was_listed_and_counts_again_when_listed_anew() -> None:
    past = history((Status.MOVED_OUT, date(2017, 2, 1)), (Status.NEWLY_LISTED, date(2017, 5, 1)))
    days = [date(2016, 11, 8), date(2016, 11, 9), date(2017, 2, 1), date(2017, 5, 1)]
    assert [past.counts_on(day) for day in days] == [False, True, False, True]


def test_G19_events_are_dated_between_the_listing_and_today_and_go_forward() -> None:
    rules.check_event(history(), Status.MOVED_OUT, date(2016, 11, 9), TODAY)
    with pytest.raises(rules.BeforeListing):
        rules.check_event(history(), Status.MOVED_OUT, date(2016, 11, 8), TODAY)
    with pytest.raises(rules.DatedInTheFuture):
        rules.check_event(history(), Status.MOVED_OUT, TODAY + timedelta(1), TODAY)
    past = history((Status.RETURNED_TO_POVERTY, date(2017, 3, 10)))
    rules.check_event(past, Status.MOVED_OUT, date(2017, 3, 10), TODAY)
    with pytest.raises(rules.EventsGoForward):
        rules.check_event(past, Status.MOVED_OUT, date(2017, 3, 9), TODAY)


@pytest.mark.parametrize("confirmers", [[], [A], [A, A], [A, B, C]])
def test_G19_two_different_confirmers_are_needed(confirmers: list[UUID]) -> None:
    rules.check_event_request(Status.MOVED_OUT, D, [A, B], [])
    with pytest.raises(rules.TwoDifferentConfirmers):
        rules.check_event_request(Status.MOVED_OUT, D, confirmers, [])


@pytest.mark.parametrize(
    ("kind", "related", "fits"),
    [
        (Status.MERGED, [A], True),
        (Status.MERGED, [], False),
        (Status.MERGED, [A, B], False),
        (Status.MERGED, [D], False),
        (Status.SPLIT, [], True),
        (Status.SPLIT, [A, B], True),
        (Status.SPLIT, [A, A], False),
        (Status.MOVED_OUT, [A], False),
        (Status.DELISTED, [], True),
    ],
)
def test_G19_a_merger_names_the_household_merged_into(kind: Status, related: list[UUID], fits: bool) -> None:
    if fits:
        rules.check_event_request(kind, D, [A, B], related)
    else:
        with pytest.raises(rules.MergerNamesItsHousehold):
            rules.check_event_request(kind, D, [A, B], related)


@pytest.mark.parametrize(
    ("on", "recorded", "flagged"),
    [
        (date(2017, 9, 30), date(2017, 9, 30), False),
        (date(2017, 10, 1), date(2017, 10, 1), True),
        (date(2017, 12, 31), date(2018, 1, 2), True),
        (date(2017, 9, 30), date(2017, 11, 2), True),
        (date(2017, 1, 5), date(2017, 1, 6), False),
    ],
)
def test_G19_a_removal_dated_or_recorded_in_the_fourth_quarter_raises_a_flag(
    on: date, recorded: date, flagged: bool
) -> None:
    for kind in rules.EVENT_PATHS:
        expected = [rules.REMOVED_IN_FOURTH_QUARTER] if flagged and kind in CLOSED else []
        assert rules.event_flags(kind, on, recorded) == expected


# ── pairings ─────────────────────────────────────────────────────────────────────────────────────


def pairing(number: int, helper: UUID, primary: bool, starts: date, ends: date | None = None) -> Pairing:
    return Pairing(UUID(int=100 + number), helper, primary, starts, ends)


JAN, MAR, JUN, SEP = date(2017, 1, 1), date(2017, 3, 1), date(2017, 6, 1), date(2017, 9, 1)


def test_G18_a_pairing_holds_from_its_first_day_up_to_but_not_on_its_last() -> None:
    one = pairing(1, A, True, JAN, MAR)
    days = [JAN - timedelta(1), JAN, MAR - timedelta(1), MAR]
    assert [one.holds_on(day) for day in days] == [False, True, True, False]
    assert pairing(1, A, True, JAN).holds_on(date(2030, 1, 1))
    assert not pairing(1, A, True, JAN, JAN).holds_on(JAN)


def test_G16_a_household_may_be_left_without_helper() -> None:
    one = [pairing(1, A, True, JAN)]
    rules.check_end([], one[0], MAR)
    assert rules.helpers_on([pairing(1, A, True, JAN, MAR)], MAR) == frozenset()


def test_G17_the_first_helper_is_primary_and_others_come_beside_him() -> None:
    rules.check_pairing([], A, True, JAN)
    with pytest.raises(rules.PrimaryFirst):
        rules.check_pairing([], A, False, JAN)
    primary = [pairing(1, A, True, JAN)]
    rules.check_pairing(primary, B, False, MAR)
    with pytest.raises(rules.PrimaryFirst):
        rules.check_pairing(primary, B, False, JAN - timedelta(1))
    with pytest.raises(rules.PrimaryFirst):
        rules.check_pairing([pairing(1, A, True, JAN, MAR)], B, False, JAN, JUN)
    rules.check_pairing([pairing(1, A, True, JAN, MAR)], B, False, JAN, MAR)


def test_G17_never_two_primaries_at_a_time() -> None:
    primary = [pairing(1, A, True, JAN, JUN)]
    rules.check_pairing(primary, B, True, JUN)
    with pytest.raises(rules.PrimaryAlreadyNamed):
        rules.check_pairing(primary, B, True, JUN - timedelta(1))


def test_G17_never_the_same_helper_twice_at_a_time() -> None:
    primary = [pairing(1, A, True, JAN, JUN)]
    rules.check_pairing(primary, A, True, JUN)
    with pytest.raises(rules.AlreadyPaired):
        rules.check_pairing(primary, A, False, MAR)


def test_G18_a_pairing_does_not_end_before_it_starts() -> None:
    one = [pairing(1, A, True, MAR)]
    rules.check_end([], one[0], MAR)
    for check in (
        lambda: rules.check_end([], one[0], JAN),
        lambda: rules.check_pairing([], A, True, MAR, JAN),
        lambda: rules.check_hand_over([], one[0], B, JAN),
    ):
        with pytest.raises(rules.EndsBeforeItStarts):
            check()


def test_G17_the_primary_does_not_leave_while_others_help() -> None:
    both = [pairing(1, A, True, JAN), pairing(2, B, False, MAR)]
    rules.check_end(both[:1], both[1], JUN)
    with pytest.raises(rules.OthersStillHelp):
        rules.check_end(both[1:], both[0], JUN)
    before = [pairing(1, A, True, JAN), pairing(2, B, False, MAR, JUN)]
    rules.check_end(before[1:], before[0], JUN)
    with pytest.raises(rules.OthersStillHelp):
        rules.check_end(before[1:], before[0], JUN - timedelta(1))


def test_G18_the_primary_role_is_handed_over_without_a_day_between() -> None:
    both = [pairing(1, A, True, JAN), pairing(2, B, False, MAR)]
    rules.check_hand_over(both[1:], both[0], C, JUN)
    with pytest.raises(rules.AlreadyPaired):
        rules.check_hand_over(both[1:], both[0], B, JUN)
    rules.check_hand_over([pairing(2, B, False, MAR, JUN)], both[0], B, JUN)
    with pytest.raises(rules.AlreadyPaired):
        rules.check_hand_over(both[1:], both[0], A, JUN)
    with pytest.raises(rules.PrimaryAlreadyNamed):
        rules.check_hand_over([pairing(3, C, True, SEP)], both[0], B, JUN)


def legal(pairings: list[Pairing], first: date, days: int) -> bool:
    """On each day, whoever is there includes exactly one primary, and nobody twice."""
    for offset in range(days):
        there = [p for p in pairings if p.holds_on(first + timedelta(offset))]
        if (there and sum(p.is_primary for p in there) != 1) or len({p.helper_id for p in there}) != len(there):
            return False
    return True


STEP = st.tuples(
    st.sampled_from(["pair", "end", "hand"]), st.integers(0, 3), st.booleans(), st.integers(0, 40), st.integers(0, 9)
)


@settings(max_examples=50, deadline=None)
@given(st.lists(STEP, max_size=12))
def test_G17_no_sequence_of_commands_leaves_a_helped_household_without_exactly_one_primary(
    steps: list[tuple[str, int, bool, int, int]],
) -> None:
    held: list[Pairing] = []
    for number, (what, who, primary, offset, which) in enumerate(steps):
        helper, on = UUID(int=who + 1), JAN + timedelta(offset)
        active = [p for p in held if p.ends is None]
        try:
            if what == "pair":
                rules.check_pairing(held, helper, primary, on)
                held.append(pairing(number, helper, primary, on))
            elif active:
                chosen = active[which % len(active)]
                others = [p for p in held if p != chosen]
                if what == "end":
                    rules.check_end(others, chosen, on)
                    held[held.index(chosen)] = pairing(-number, chosen.helper_id, chosen.is_primary, chosen.starts, on)
                elif chosen.is_primary:
                    rules.check_hand_over(others, chosen, helper, on)
                    held[held.index(chosen)] = Pairing(chosen.id, chosen.helper_id, True, chosen.starts, on)
                    held.append(pairing(number, helper, True, on))
        except Refusal:
            pass
        assert legal(held, JAN, 60)


def test_the_invariant_of_the_test_above_can_fail() -> None:
    assert not legal([pairing(1, A, True, JAN), pairing(2, B, True, JAN)], JAN, 5)
    assert not legal([pairing(1, A, False, JAN)], JAN, 5)


# ── the workflow, whole product ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("state", "move", "office"), list(product(rules.PAIRING.states, rules.PAIRING.moves, Office)), ids=str
)
def test_every_state_move_and_office_of_pairings_follows_the_declaration(state, move, office) -> None:
    blockers = rules.PAIRING.blockers(move.name, state, PairingFacts(pairing(1, A, True, JAN)), actor(office))
    assert (blockers == []) == (state == "active" and office in rules.KEEPERS)


def test_G17_the_guards_of_pairings_hold_both_ways() -> None:
    office = actor(Office.LEADING_GROUP_OFFICE)

    def codes(move: str, facts: PairingFacts) -> list[str]:
        return [b.code() for b in rules.PAIRING.blockers(move, "active", facts, office)]

    primary, co_helper = pairing(1, A, True, JAN), pairing(2, B, False, JAN)
    assert codes("end", PairingFacts(primary)) == []
    assert codes("end", PairingFacts(co_helper, (primary,))) == []
    assert codes("end", PairingFacts(primary, (co_helper,))) == ["others-still-help"]
    assert codes("hand-over", PairingFacts(primary, (co_helper,))) == []
    assert codes("hand-over", PairingFacts(co_helper, (primary,))) == ["only-the-primary-hands-over"]


def test_G19_a_pairing_begins_only_with_a_household_on_the_register() -> None:
    rules.check_open(history(), JAN, TODAY)
    rules.check_open(history(), SEP, TODAY)
    closed = history((Status.MOVED_OUT, MAR))
    for starts in (date(2016, 11, 8), JAN, MAR, SEP):
        with pytest.raises(rules.HouseholdClosed):
            rules.check_open(closed, starts, TODAY)
