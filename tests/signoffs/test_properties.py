"""Does any sequence of calls, however mixed, reach `reviewed` without four signatures in order by the right people?

The oracle `complain` knows nothing of the rules: it looks only at what happened and who held which role that day.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from app.actor import Actor, Appointment, Office
from app.refusal import Refusal
from app.signoffs import rules
from app.signoffs.rules import DUE, ORDER, SIGNOFF, Capacity, Form, Kind, Member, Method, Party, Signature, SignoffFacts
from app.workflow import WORKFLOWS, Move, Workflow

VILLAGE = "411421201201"
PEOPLE = [UUID(int=n) for n in range(1, 8)]
HELPER, PRINCIPAL, LEADER, OFFICE, GROUP, COMMITTEE, WITNESS = PEOPLE
DAY = date(2017, 12, 10)
HEAD = Member(id=UUID(int=100), person_id=None, is_head=True, born=date(1950, 1, 1))
DOMAIN = sorted(set(Office) - {Office.ADMINISTRATOR, Office.COUNTY_AUDITOR, Office.COUNTY_SYSTEM})


@dataclass
class Given:
    """One signature as it happened, with the roles as they stood at that moment."""

    party: Party
    person: UUID | None
    statement: int
    caller: UUID | None
    witness: UUID | None
    helpers: frozenset[UUID]
    entitled: frozenset[UUID]


@dataclass
class World:
    """A sign-off and the people around it."""

    workflow: Workflow = SIGNOFF
    state: str = "open"
    statement: int = 1
    primary: UUID | None = HELPER
    co_helpers: frozenset[UUID] = frozenset()
    principals: frozenset[UUID] = frozenset({PRINCIPAL})
    leaders: frozenset[UUID] = frozenset({LEADER})
    substitutes: dict[Party, UUID] = field(default_factory=dict)
    acknowledged: set[UUID] = field(default_factory=set)
    given: list[Given] = field(default_factory=list)
    last_by: dict[str, frozenset[Office]] = field(default_factory=dict)
    refused_since_restated: bool = False

    @property
    def helpers(self) -> frozenset[UUID]:
        return self.co_helpers | frozenset({self.primary} if self.primary else ())

    def facts(self) -> SignoffFacts:
        return SignoffFacts(
            state=self.state,
            village_code=VILLAGE,
            statement_hash=str(self.statement),
            primary_helper=self.primary,
            helpers=self.helpers,
            principals=self.principals,
            leaders=self.leaders,
            substitutes=dict(self.substitutes),
            acknowledged=frozenset(self.acknowledged),
            signatures=tuple(Signature(g.party, g.person, str(g.statement)) for g in self.given),
            attendants=frozenset(
                p for g in self.given if g.party is Party.HOUSEHOLD for p in (g.caller, g.witness) if p
            ),
            members=(HEAD,),
        )

    def entitled(self, party: Party) -> frozenset[UUID]:
        """Who is the right person today, said without the rules' help."""
        given = {g.party: frozenset({g.person}) for g in self.given}
        held = {p: given.get(p, self.incumbents(p)) for p in ORDER}
        clash = any(held[party] & held[p] for p in ORDER if p is not party)
        return frozenset({self.substitutes[party]}) if party in self.substitutes and clash else self.incumbents(party)

    def incumbents(self, party: Party) -> frozenset[UUID]:
        primary = frozenset({self.primary} if self.primary else ())
        offices = {Party.HELPER: primary, Party.VILLAGE_PRINCIPAL: self.principals, Party.LIAISON_LEADER: self.leaders}
        return offices.get(party, frozenset())


@dataclass(frozen=True)
class Call:
    """Somebody calls an action with some body."""

    move: str
    caller: UUID
    offices: tuple[Office, ...]
    party: Party = Party.HOUSEHOLD
    other: UUID = WITNESS
    """The witness, the substitute or the person whose conflict is acknowledged."""
    agent: UUID | None = None

    def form(self) -> Form:
        if self.party is not Party.HOUSEHOLD:
            return Form(self.party, Method.ACCOUNT, witness_id=self.other if self.move == "refuse" else None)
        if self.agent:
            return Form(
                self.party,
                Method.IN_PERSON,
                agent_id=self.agent,
                capacity=Capacity.AGENT,
                relation="侄",
                authority="W-1",
                witness_id=self.other,
            )
        return Form(self.party, Method.THUMBPRINT, member_id=HEAD.id, capacity=Capacity.HEAD, witness_id=self.other)


@dataclass(frozen=True)
class Change:
    """Appointments and pairings change under way."""

    role: str
    people: frozenset[UUID]


Step = Call | Change | None
"""None is the step that the record waits for, taken by the right person."""


def take(world: World, step: Step) -> None:
    """Let it happen if the rules allow it; a refusal changes nothing."""
    if isinstance(step, Change):
        value = next(iter(sorted(step.people)), None) if step.role == "primary" else step.people
        setattr(world, step.role, value)
        return
    call = step or honest(world)
    if call is None:
        return
    appointments = tuple(Appointment(o, VILLAGE, date(2016, 1, 1)) for o in call.offices)
    actor = Actor(UUID(int=0), call.caller, "411421", "411421201", appointments)
    try:
        move = world.workflow.check(call.move, world.state, world.facts(), actor)
        effect(world, move, call, actor)
    except Refusal:
        return


def effect(world: World, move: Move, call: Call, actor: Actor) -> None:
    facts = world.facts()
    if move.name in {"sign", "object", "refuse"}:
        form = call.form()
        rules.check_form(form, Kind.REFUSED if move.name == "refuse" else Kind.SIGNED)
        signer = rules.check_parts(facts, actor, form, DAY)
        if move.name == "refuse":
            world.refused_since_restated = True
        else:
            entitled = frozenset() if form.party is Party.HOUSEHOLD else world.entitled(form.party)
            world.given.append(
                Given(form.party, signer, world.statement, call.caller, form.witness_id, world.helpers, entitled)
            )
    elif move.name == "name-substitute":
        rules.check_substitute(facts, call.party, call.other)
        world.substitutes[call.party] = call.other
    elif move.name == "acknowledge-conflict":
        rules.check_acknowledgement(facts, call.other)
        world.acknowledged.add(call.other)
    elif move.name == "restate":
        world.statement += 1
        world.given, world.refused_since_restated = [], False
    world.last_by[move.name] = frozenset(call.offices)
    (world.state,) = move.path[world.state]


def honest(world: World) -> Call | None:
    """The next step of a sign-off that goes well."""
    if world.state in DUE:
        party = DUE[world.state]
        if party is Party.HOUSEHOLD:
            return Call("sign", OFFICE, (Office.LEADING_GROUP_OFFICE,))
        who = sorted(world.entitled(party))
        return Call("sign", who[0], (Office.HELPER,), party) if who else None
    if world.state == "leader_signed":
        return Call("collect", GROUP, (Office.LEADING_GROUP,))
    return Call("review", COMMITTEE, (Office.PARTY_COMMITTEE,)) if world.state == "collected" else None


def complain(world: World) -> str | None:
    """What is wrong with a sign-off that is `reviewed`, or None."""
    if world.state != "reviewed":
        return None
    if [g.party for g in world.given] != list(ORDER):
        return "not four signatures in order"
    if {g.statement for g in world.given} != {world.statement} or world.refused_since_restated:
        return "a signature on another statement, or a refusal passed over"
    household, *others = world.given
    attended = {household.caller, household.witness}
    if household.helpers & {*attended, household.person} or others[0].person in attended:
        return "the helper had a hand in the household's signature"
    if household.caller == household.witness or household.person in {household.caller, household.witness}:
        return "one person in two parts"
    if any(g.person != g.caller or g.person not in g.entitled for g in others):
        return "somebody signed for another"
    people = [g.person for g in world.given if g.person and g.person not in world.acknowledged]
    if len(set(people)) != len(people):
        return "one person signed twice in silence"
    if Office.LEADING_GROUP not in world.last_by["collect"] or Office.PARTY_COMMITTEE not in world.last_by["review"]:
        return "collected or reviewed by another office"
    return None


people = st.sampled_from(PEOPLE)
calls = st.builds(
    Call,
    move=st.sampled_from([m.name for m in SIGNOFF.moves]),
    caller=people,
    offices=st.lists(st.sampled_from(DOMAIN), min_size=1, max_size=3, unique=True).map(tuple),
    party=st.sampled_from(Party),
    other=people,
    agent=st.none() | people,
)
changes = st.builds(
    Change,
    role=st.sampled_from(["primary", "co_helpers", "principals", "leaders"]),
    people=st.frozensets(people, max_size=2),
)
steps = st.lists(st.one_of(st.none(), calls, st.none(), changes), max_size=20)


def play(sequence: list[Step], workflow: Workflow = SIGNOFF) -> World:
    world = World(workflow=workflow)
    for step in sequence:
        take(world, step)
    return world


@settings(max_examples=50, deadline=None)
@given(steps)
def test_R5_5_HY_9_3_2_no_sequence_is_reviewed_without_four_in_order_by_the_right_people(sequence: list[Step]) -> None:
    assert complain(play(sequence)) is None


def test_R5_5_the_honest_sequence_is_reviewed() -> None:
    assert play([None] * 6).state == "reviewed"
    assert play([None] * 5).state == "collected"


def test_G21_a_forwarded_refusal_is_considered_and_never_reviewed() -> None:
    sequence: list[Step] = [
        None,
        Call("refuse", HELPER, (Office.HELPER,), Party.HELPER),
        Call("forward", GROUP, (Office.LEADING_GROUP,)),
        Call("review", COMMITTEE, (Office.PARTY_COMMITTEE,)),
        *[None] * 6,
    ]
    assert play(sequence).state == "considered_unconfirmed"


# ---- negative controls: with one rule taken away, the same oracle finds the breach ----------------------


@contextmanager
def without(*guards: Callable[..., object], also: dict[str, dict[str, str]] | None = None) -> Iterator[Workflow]:
    """The workflow with guards taken out, or with paths that should not be there."""
    moves = []
    for move in SIGNOFF.moves:
        path = {**move.path, **{a: (b,) for a, b in (also or {}).get(move.name, {}).items()}}
        moves.append(replace(move, guards=tuple(g for g in move.guards if g not in guards), path=path))
    broken = replace(SIGNOFF, name="signoff-broken", moves=tuple(moves))
    try:
        yield broken
    finally:
        del WORKFLOWS["signoff-broken"]


STRANGER = Call("sign", GROUP, (Office.HELPER,), Party.HELPER)
TWICE = Change("principals", frozenset({HELPER}))
BY_HELPER = Call("sign", HELPER, (Office.HELPER,))
COLLECT = Call("collect", GROUP, (Office.LEADING_GROUP,))
REVIEW = Call("review", COMMITTEE, (Office.PARTY_COMMITTEE,))


@pytest.mark.parametrize(
    ("guards", "also", "sequence", "complaint"),
    [
        ([rules.is_the_signatory], {}, [None, STRANGER, *[None] * 4], "somebody signed for another"),
        ([rules.is_the_signatory], {}, [BY_HELPER, *[None] * 5], "the helper had a hand in the household's signature"),
        (
            [rules.signs_once, rules.four_signatures_stand],
            {},
            [TWICE, *[None] * 6],
            "one person signed twice in silence",
        ),
        (
            [rules.four_signatures_stand],
            {"collect": {"helper_signed": "collected"}},
            [None, None, COLLECT],
            "not four signatures in order",
        ),
    ],
)
def test_R5_5_control_a_rule_taken_away_is_noticed(
    guards: list[Callable[..., object]], also: dict[str, dict[str, str]], sequence: list[Step], complaint: str
) -> None:
    with without(*guards, also=also) as broken:
        world = play(sequence, broken)
        if world.state == "collected":
            take(world, REVIEW)
        assert complain(world) == complaint
    assert complain(play(sequence)) is None


def test_R5_5_control_the_search_itself_finds_a_missing_rule() -> None:
    """The generator is good enough: it finds a stranger's signature by itself, and none in the real workflow."""
    thorough = settings(max_examples=2_000, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    with without(rules.is_the_signatory) as broken:
        find(steps, lambda sequence: complain(play(sequence, broken)) is not None, settings=thorough)
    with pytest.raises(NoSuchExample):
        find(
            steps, lambda sequence: complain(play(sequence)) is not None, settings=settings(thorough, max_examples=200)
        )
