"""Does every declared workflow bar every caller of another office and every other state, over its whole product?

Guards have tests of their own beside the rules that declare them; here they are left out.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from itertools import product
from uuid import UUID

import pytest

import app.main  # noqa: F401  (declares every workflow)
from app.actor import Actor, Appointment, NotYourOffice, Office
from app.refusal import Refusal, WrongState
from app.workflow import WORKFLOWS, Move, Workflow
from app.writing import DECLARED

DECLARED_FLOWS = dict(WORKFLOWS)
NOBODY: tuple[Office, ...] = ()
CALLERS = [NOBODY, *[(office,) for office in Office], tuple(Office)]
"""Somebody without an office, the holder of each office alone, and whoever holds them all."""

Ask = Callable[[Workflow, Move, str, Actor], list[Refusal]]


def caller(offices: tuple[Office, ...]) -> Actor:
    held = tuple(Appointment(office, "411421201", date(2016, 11, 9)) for office in offices)
    return Actor(UUID(int=1), UUID(int=2), "411421", "411421201", held)


def without_guards(flow: Workflow) -> Workflow:
    bare = replace(flow, name=f"{flow.name} without guards", moves=tuple(replace(m, guards=()) for m in flow.moves))
    del WORKFLOWS[bare.name]
    return bare


def ask(flow: Workflow, move: Move, state: str, actor: Actor) -> list[Refusal]:
    return flow.blockers(move.name, state, None, actor)


def astray(flow: Workflow, ask: Ask) -> Iterator[tuple[str, str, tuple[Office, ...]]]:
    """State, move and offices where the answer is not what the declaration says: the office first, then the state."""
    for state, move, offices in product(flow.states, flow.moves, CALLERS):
        wanted = []
        if not any(office in move.offices for office in offices):
            wanted.append(("not-your-office", {"offices": sorted(move.offices)}))
        if state not in move.path:
            wanted.append(("wrong-state", {"state": state, "possible_in": sorted(move.path)}))
        if [(r.code(), r.facts) for r in ask(flow, move, state, caller(offices))] != wanted:
            yield state, move.name, offices


@pytest.mark.parametrize("name", sorted(DECLARED_FLOWS))
def test_every_state_move_and_office_answers_as_declared(name: str) -> None:
    assert list(astray(without_guards(DECLARED_FLOWS[name]), ask)) == []


@pytest.mark.parametrize("forgotten", [NotYourOffice, WrongState])
@pytest.mark.parametrize("name", sorted(DECLARED_FLOWS))
def test_a_workflow_that_forgets_the_office_or_the_state_is_caught(name: str, forgotten: type[Refusal]) -> None:
    def forgetful(flow: Workflow, move: Move, state: str, actor: Actor) -> list[Refusal]:
        return [reason for reason in ask(flow, move, state, actor) if not isinstance(reason, forgotten)]

    flow = without_guards(DECLARED_FLOWS[name])
    every_state = all(set(move.path) == set(flow.states) for move in flow.moves)
    assert list(astray(flow, forgetful)) or (forgotten is WrongState and every_state)


@pytest.mark.parametrize("name", sorted(DECLARED_FLOWS))
def test_one_office_or_state_too_many_is_caught(name: str) -> None:
    """The question is put to a flow that lets everyone do everything, the answer held against the declared one."""
    flow = without_guards(DECLARED_FLOWS[name])
    for changed in flow.moves:
        loose = replace(changed, offices=frozenset(Office), path=dict.fromkeys(flow.states, flow.states))

        def ask_loose(flow: Workflow, move: Move, state: str, actor: Actor, loose: Move = loose) -> list[Refusal]:
            if move.name != loose.name:
                return ask(flow, move, state, actor)
            everyone = replace(flow, name="loose", moves=tuple(loose if m.name == move.name else m for m in flow.moves))
            del WORKFLOWS["loose"]
            return ask(everyone, loose, state, actor)

        assert {move for _, move, _ in astray(flow, ask_loose)} == {changed.name}


@pytest.mark.parametrize("name", sorted(DECLARED_FLOWS))
def test_every_move_that_a_caller_may_make_has_one_action(name: str) -> None:
    made = [declared.move for declared in DECLARED.values() if declared.move in DECLARED_FLOWS[name].moves]
    assert sorted(m.name for m in made) == sorted(m.name for m in DECLARED_FLOWS[name].moves if m.offices)


def test_the_workflows_stay_as_they_were_declared() -> None:
    assert WORKFLOWS.keys() >= DECLARED_FLOWS.keys()
    assert all(WORKFLOWS[name] is flow for name, flow in DECLARED_FLOWS.items())
