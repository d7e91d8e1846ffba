"""Could one after the other have given these answers? Checks of what clients saw happen at once.

`is_linearizable` is the search of Wing and Gong with Lowe's memory, for one record at a time: records do not share
anything, so that a history is right if that of each record is (P-compositionality). `stale_and_lost` is Jepsen's
`set-full`: whatever was acknowledged is in every read that begins later.
"""

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Op:
    """One question and its answer; `told` is None and `ended` infinite where no answer came: it may yet happen."""

    asked: Hashable
    told: Hashable
    began: float
    ended: float

    @classmethod
    def unknown(cls, asked: Hashable, began: float) -> "Op":
        return cls(asked, None, began, math.inf)


Step = Callable[[Any, Any], tuple[Hashable, Hashable]]
"""`(state, asked) -> (what must be told, state afterwards)`: the record as it should be."""


def is_linearizable(history: Iterable[Op], initial: Hashable, step: Step) -> bool:
    """Is there an order of the questions, true to time, in which `step` gives every answer that came?

    A question without an answer may stand anywhere after it was asked, or nowhere.
    """
    ops = sorted(history, key=lambda op: op.ended)
    answered = sum(1 << number for number, op in enumerate(ops) if op.told is not None)
    seen: set[tuple[int, Hashable]] = set()
    ahead: list[tuple[int, Hashable]] = [(0, initial)]
    while ahead:
        done, state = node = ahead.pop()
        if done & answered == answered:
            return True
        if node in seen:
            continue
        seen.add(node)
        ahead += reversed(list(_next(ops, done, state, step)))
    return False


def _next(ops: Sequence[Op], done: int, state: Hashable, step: Step) -> Iterable[tuple[int, Hashable]]:
    """Where the search may go: to each question asked before any that is left was answered."""
    left = [(number, op) for number, op in enumerate(ops) if not done >> number & 1]
    horizon = left[0][1].ended  # they are sorted by their ends
    for number, op in left:
        if op.began <= horizon:
            told, after = step(state, op.asked)
            if op.told == told or (op.told is None and after != state):
                yield done | 1 << number, after


@dataclass(frozen=True, slots=True)
class Added:
    """An element that somebody tried to add; `known` is when it was acknowledged, None where it never was."""

    element: Hashable
    known: float | None


@dataclass(frozen=True, slots=True)
class Seen:
    """A read of the whole set."""

    began: float
    ended: float
    elements: frozenset[Hashable]


def stale_and_lost(adds: Iterable[Added], reads: Iterable[Seen]) -> tuple[int, int]:
    """How many elements a later read lacked that a still later one had, and how many were gone from then on.

    An element is known from its acknowledgement, or from the end of the first read that had it.
    """
    reads = sorted(reads, key=lambda read: read.began)
    stale = lost = 0
    for add in adds:
        known = min(
            [read.ended for read in reads if add.element in read.elements]
            + ([add.known] if add.known is not None else []),
            default=math.inf,
        )
        later = [add.element in read.elements for read in reads if read.began > known]
        lost += bool(later) and not later[-1]
        stale += bool(later) and later[-1] and not all(later)
    return stale, lost
