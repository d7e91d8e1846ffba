"""What may happen to a record, by whom, and why not? States and moves as data.

A workflow is declared once; routes, permissions, `actions` with their blockers, pictures and the
exhaustive tests are made from the declaration.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.actor import Actor, NotYourOffice, Office
from app.refusal import Refusal, WrongState

Guard = Callable[[Any, Actor], Refusal | None]
"""A pure question about the facts of a record and the caller: None, or why not."""


@dataclass(frozen=True)
class Move:
    """One named action: from which states to which, by whom, on which article, under which guards."""

    name: str
    path: Mapping[str, tuple[str, ...]]
    """From each state the states it may lead to; the same state where the move changes only content."""
    offices: frozenset[Office]
    """Empty for a move of the clock's own, which no caller is ever offered."""
    article: str
    summary: str
    """What it does, in English; `summary_zh` in Chinese."""
    summary_zh: str
    guards: tuple[Guard, ...] = ()
    awaited: bool = True
    """Does the record wait for this move, so that it stands in the tasks of its offices?"""
    awaited_from: Mapping[str, frozenset[Office]] = field(default_factory=dict)
    """In a state, the offices it waits for, where those are fewer than the offices that may make the move."""

    def __str__(self) -> str:
        return self.name

    def awaited_in(self, state: str) -> frozenset[Office]:
        """The offices a record in this state waits for, that they make this move."""
        if not self.awaited or state not in self.path:
            return frozenset()
        return self.awaited_from.get(state, self.offices)


@dataclass(frozen=True)
class Workflow:
    """A named set of states and moves over one resource (its plural, as in its path)."""

    name: str
    title_zh: str
    resource: str
    states: tuple[str, ...]
    initial: str
    final: frozenset[str]
    moves: tuple[Move, ...]
    states_zh: Mapping[str, str]
    """What each state is called in Chinese."""
    _by_name: dict[str, Move] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._by_name.update({move.name: move for move in self.moves})
        if problem := next(self._mistakes(), None):
            raise ValueError(f"workflow {self.name}: {problem}")
        WORKFLOWS[self.name] = self

    def _mistakes(self) -> Iterator[str]:
        if len(self._by_name) != len(self.moves):
            yield "two moves of one name"
        if tuple(self.states_zh) != self.states:
            yield "states and their Chinese names differ"
        edges = {(a, b) for move in self.moves for a, many in move.path.items() for b in many}
        if unknown := {s for edge in edges for s in edge} - set(self.states):
            yield f"unknown states {sorted(unknown)}"
        reached, todo = {self.initial}, [self.initial]
        while todo:
            here = todo.pop()
            new = {b for a, b in edges if a == here} - reached
            reached |= new
            todo += new
        if lost := set(self.states) - reached:
            yield f"unreachable states {sorted(lost)}"
        left = {a for a, b in edges if a != b}
        if dead := set(self.states) - left - self.final:
            yield f"dead ends {sorted(dead)}"

    def move(self, name: str) -> Move:
        return self._by_name[name]

    def blockers(self, name: str, state: str, facts: Any, actor: Actor) -> list[Refusal]:
        """Every reason why the actor may not make the move now: the office first, then state, then guards."""
        move = self._by_name[name]
        reasons: list[Refusal] = []
        if move.offices.isdisjoint(actor.offices):
            reasons.append(NotYourOffice(offices=sorted(move.offices)))
        if state not in move.path:
            reasons.append(WrongState(state=state, possible_in=sorted(move.path)))
        else:
            reasons += [reason for guard in move.guards if (reason := guard(facts, actor)) is not None]
        return reasons

    def check(self, name: str, state: str, facts: Any, actor: Actor) -> Move:
        """The move, or the first reason against it raised."""
        for reason in self.blockers(name, state, facts, actor):
            raise reason
        return self._by_name[name]

    def awaits(self, *offices: Office) -> frozenset[str]:
        """The states in which a record waits for one of the offices."""
        wanted = frozenset(offices)
        return frozenset(s for m in self.moves for s in m.path if not wanted.isdisjoint(m.awaited_in(s)))

    def awaited_offices(self, state: str) -> list[str]:
        return sorted({o for m in self.moves for o in m.awaited_in(state)})


WORKFLOWS: dict[str, Workflow] = {}
"""Every workflow that has been declared, by name."""
