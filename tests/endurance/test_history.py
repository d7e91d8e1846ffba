"""Do the checks of histories tell right from wrong?"""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.endurance.history import Added, Op, Seen, is_linearizable, stale_and_lost

Register = tuple[int, str]
NEW: Register = (1, "new")


def versioned(state: Register, asked):
    """A register with versions: `read`, or a write of a value on a version."""
    if asked == "read":
        return state, state
    version, value = asked
    return ("done", (version + 1, value)) if state[0] == version else ("stale", state)


def read(value, began, ended):
    return Op("read", value, began, ended)


def write(version, value, told, began, ended):
    return Op((version, value), told, began, ended)


GOOD = {
    "nothing": [],
    "one after the other": [write(1, "a", "done", 0, 1), read((2, "a"), 2, 3), write(1, "b", "stale", 4, 5)],
    "a read beside a write may see either": [write(1, "a", "done", 0, 9), read(NEW, 1, 2), read((2, "a"), 3, 4)],
    "of two writes on one version the second to happen is stale": [
        write(1, "a", "stale", 0, 9), write(1, "b", "done", 1, 8), read((2, "b"), 10, 11),
    ],
    "what was never answered may have happened": [Op.unknown((1, "a"), 0), read(NEW, 1, 2), read((2, "a"), 3, 4)],
    "or not": [Op.unknown((1, "a"), 0), read(NEW, 1, 2), write(1, "b", "done", 3, 4), read((2, "b"), 5, 6)],
    "or much later": [
        Op.unknown((2, "z"), 0), write(1, "a", "done", 1, 2), read((2, "a"), 3, 4), read((3, "z"), 5, 6),
    ],
}  # fmt: skip
BAD = {
    "a lost update: both writes on one version done": [
        write(1, "a", "done", 0, 9), write(1, "b", "done", 1, 8), read((2, "b"), 10, 11),
    ],
    "a stale read": [write(1, "a", "done", 0, 1), read(NEW, 2, 3)],
    "an acknowledged write gone": [write(1, "a", "done", 0, 1), read((2, "a"), 2, 3), read(NEW, 4, 5)],
    "a refusal without cause": [write(1, "a", "stale", 0, 1)],
    "two reads that go back": [write(1, "a", "done", 0, 9), read((2, "a"), 1, 2), read(NEW, 3, 4)],
    "a value nobody wrote": [read((2, "x"), 0, 1)],
    "unanswered, it cannot have happened before it was asked": [read((2, "a"), 0, 1), Op.unknown((1, "a"), 2)],
    "unanswered, it happens once": [
        Op.unknown((1, "a"), 0), read((2, "a"), 1, 2), write(2, "b", "done", 3, 4), read((2, "a"), 5, 6),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_good_histories_pass(name):
    assert is_linearizable(GOOD[name], NEW, versioned)


@pytest.mark.parametrize("name", BAD)
def test_bad_histories_are_caught(name):
    assert not is_linearizable(BAD[name], NEW, versioned)


asked = st.one_of(st.just("read"), st.tuples(st.integers(1, 3), st.sampled_from("ab")))
told = st.one_of(st.none(), st.sampled_from(["done", "stale"]), st.tuples(st.integers(1, 3), st.sampled_from("ab")))
span = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(sorted)


def in_some_order(history):
    """The definition itself: every subset of what was unanswered, in every order true to time."""
    answered, open_ = [o for o in history if o.told is not None], [o for o in history if o.told is None]
    for many in range(len(open_) + 1):
        for happened in itertools.combinations(open_, many):
            for order in itertools.permutations([*answered, *happened]):
                if _is_true_to_time(order) and _gives_its_answers(order):
                    return True
    return False


def _is_true_to_time(order):
    return all(one.began <= other.ended for one, other in itertools.combinations(order, 2))


def _gives_its_answers(order):
    state = (1, "a")
    for op in order:
        right, state = versioned(state, op.asked)
        if op.told not in (None, right):
            return False
    return True


@given(st.lists(st.tuples(asked, told, span), max_size=5))
def test_the_search_finds_what_trying_every_order_finds(drawn):
    history = [Op(a, t, b, math.inf if t is None else e) for a, t, (b, e) in drawn]
    assert is_linearizable(history, (1, "a"), versioned) == in_some_order(history)


def test_a_long_history_is_searched_quickly():
    history = [write(n, "x", "done", n, n + 0.5) for n in range(1, 400)]
    history += [read((n, "x"), n - 0.4, n + 0.9) for n in range(2, 400)]
    assert is_linearizable(history, (1, "x"), versioned)


def seen(began, *elements):
    return Seen(began, began + 1, frozenset(elements))


@pytest.mark.parametrize(
    ("adds", "reads", "stale", "lost"),
    [
        ([Added("a", 5)], [seen(0), seen(6, "a")], 0, 0),
        ([Added("a", 5)], [seen(4.5), seen(6, "a")], 0, 0),
        ([Added("a", 5)], [seen(6), seen(8, "a")], 1, 0),
        ([Added("a", 5)], [seen(6, "a"), seen(8)], 0, 1),
        ([Added("a", None)], [seen(6), seen(8)], 0, 0),
        ([Added("a", None)], [seen(0, "a"), seen(2), seen(4, "a")], 1, 0),
        ([Added("a", None), Added("b", 1)], [seen(0, "a"), seen(2)], 0, 2),
    ],
)
def test_what_was_acknowledged_is_in_every_later_read(adds, reads, stale, lost):
    assert stale_and_lost(adds, reads) == (stale, lost)
