"""Do the pure rules of the sign-off hold, each both ways, for the whole product of state, move and office?"""

import itertools
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import rfc8785

from app.actor import Actor, Appointment, NotYourOffice, Office
from app.refusal import Invalid, Refusal, WrongState
from app.signoffs import rules
from app.signoffs.rules import (
    DUE,
    ORDER,
    SIGNED,
    SIGNOFF,
    Capacity,
    Form,
    IssuedCode,
    Kind,
    Member,
    Method,
    Outcome,
    Party,
    Signature,
    SignoffFacts,
    Statement,
)
from tests.whole import whole

VILLAGE = "411421201201"
DAY = date(2017, 12, 10)
HELPER, PRINCIPAL, LEADER, OFFICE, WITNESS, COMMITTEE, GROUP, OTHER = (uuid4() for _ in range(8))
WHO_SIGNS = {Party.HELPER: HELPER, Party.VILLAGE_PRINCIPAL: PRINCIPAL, Party.LIAISON_LEADER: LEADER}
HASH = "a" * 64


def actor(person: UUID | None, *offices: Office, place: str = "411421201") -> Actor:
    return Actor(
        account_id=uuid4(),
        person_id=person,
        county_code="411421",
        township_code="411421201",
        appointments=tuple(Appointment(office, place, date(2016, 1, 1)) for office in offices),
    )


def signed(*parties: Party, kind: Kind = Kind.SIGNED) -> tuple[Signature, ...]:
    return tuple(Signature(party, WHO_SIGNS.get(party), HASH, kind) for party in parties)


def facts(state: str = "open", /, **changes: Any) -> SignoffFacts:
    """A sign-off in a state, with the signatures that normally lead there."""
    given = {"open": 0, "household_signed": 1, "helper_signed": 2, "village_signed": 3}.get(state, 4)
    if state in {"refused", "forwarded_unconfirmed", "considered_unconfirmed"}:
        given = 0
    base = SignoffFacts(
        state=state,
        village_code=VILLAGE,
        statement_hash=HASH,
        primary_helper=HELPER,
        helpers=frozenset({HELPER}),
        principals=frozenset({PRINCIPAL}),
        leaders=frozenset({LEADER}),
        signatures=signed(*ORDER[:given]),
        members=(HEAD, SON),
    )
    return replace(base, **changes)


def household_form(**changes: Any) -> Form:
    base = Form(
        party=Party.HOUSEHOLD,
        method=Method.IN_PERSON,
        member_id=HEAD.id,
        capacity=Capacity.HEAD,
        witness_id=WITNESS,
    )
    return replace(base, **changes)


HEAD = Member(id=uuid4(), person_id=None, is_head=True, born=date(1950, 5, 1))
SON = Member(id=uuid4(), person_id=None, is_head=False, born=date(1980, 5, 1))
RECORDER = actor(OFFICE, Office.LEADING_GROUP_OFFICE)
AGENT_FORM: dict[str, Any] = {
    "member_id": None,
    "agent_id": OTHER,
    "capacity": Capacity.AGENT,
    "relation": "侄",
    "authority": "W-7",
}

# What api.md says, written down a second time: move -> {state: state after} and the offices.
SIGNING = {
    "open": "household_signed",
    "household_signed": "helper_signed",
    "helper_signed": "village_signed",
    "village_signed": "leader_signed",
}
ANY_OFFICE = set(Office) - {Office.ADMINISTRATOR, Office.COUNTY_AUDITOR, Office.COUNTY_SYSTEM}
DECLARED: dict[str, tuple[dict[str, str], set[Office]]] = {
    "sign": (SIGNING, ANY_OFFICE),
    "object": (SIGNING, ANY_OFFICE),
    "refuse": (dict.fromkeys(SIGNING, "refused"), ANY_OFFICE),
    "forward": ({"refused": "forwarded_unconfirmed"}, {Office.LEADING_GROUP}),
    "restate": (
        dict.fromkeys([*SIGNING, "leader_signed", "collected", "refused"], "open"),
        {Office.LEADING_GROUP_OFFICE, Office.HELPER, Office.VILLAGE_PRINCIPAL},
    ),
    "name-substitute": ({s: s for s in SIGNING}, {Office.LEADING_GROUP}),
    "acknowledge-conflict": ({s: s for s in SIGNING}, {Office.PARTY_COMMITTEE}),
    "issue-code": ({"open": "open"}, {Office.LEADING_GROUP_OFFICE}),
    "collect": ({"leader_signed": "collected"}, {Office.LEADING_GROUP}),
    "review": (
        {"collected": "reviewed", "forwarded_unconfirmed": "considered_unconfirmed"},
        {Office.PARTY_COMMITTEE},
    ),
}


def allowed(move: str, facts_: SignoffFacts, who: Actor) -> list[type[Refusal]]:
    return [type(reason) for reason in SIGNOFF.blockers(move, facts_.state, facts_, who)]


# ---- the declaration -----------------------------------------------------------------------------


def test_R5_5_the_declaration_has_exactly_the_moves_of_the_contract() -> None:
    assert {move.name for move in SIGNOFF.moves} == set(DECLARED)


@whole(itertools.product(SIGNOFF.states, DECLARED, Office))
def test_R5_5_every_state_move_and_office(state: str, move: str, office: Office) -> None:
    path, offices = DECLARED[move]
    person = OTHER
    place = "411421201"
    if move in {"sign", "object", "refuse"} and state in DUE:
        person = WHO_SIGNS.get(DUE[state], OFFICE)
    if move == "restate":
        person, place = (HELPER, VILLAGE)
    conflicted: dict[str, Any] = {"leaders": frozenset({HELPER})} if "substitute" in move or "conflict" in move else {}
    if move in {"name-substitute", "acknowledge-conflict"}:
        person = GROUP
    blockers = allowed(move, facts(state, **conflicted), actor(person, office, place=place))
    assert (NotYourOffice in blockers) is (office not in offices)
    assert (WrongState in blockers) is (state not in path)
    if office in offices and state in path:
        if move == "restate" and state == "collected" and office is not Office.LEADING_GROUP_OFFICE:
            assert blockers == [rules.OfficeRestatesCollected]
        else:
            assert blockers == []
            assert SIGNOFF.move(move).path[state] == (path[state],)


def test_R5_5_a_state_awaits_the_party_that_is_due() -> None:
    assert SIGNOFF.awaited_offices("household_signed") == ["helper"]
    assert SIGNOFF.awaited_offices("helper_signed") == ["village_principal"]
    assert SIGNOFF.awaited_offices("village_signed") == ["liaison_leader"]
    assert SIGNOFF.awaited_offices("leader_signed") == ["leading_group"]
    assert SIGNOFF.awaited_offices("collected") == ["party_committee"]
    assert SIGNOFF.awaits(Office.ASSESSOR) == frozenset()


def test_R5_6_only_the_party_committee_reviews_and_only_the_leading_group_collects() -> None:
    assert SIGNOFF.move("review").offices == {Office.PARTY_COMMITTEE}
    assert SIGNOFF.move("collect").offices == {Office.LEADING_GROUP}


def test_G21_refused_never_becomes_reviewed_but_by_four_new_signatures() -> None:
    """From `forwarded_unconfirmed` no path leads to `reviewed`; from `refused` only through `open`."""
    edges = {(a, b) for move in SIGNOFF.moves for a, many in move.path.items() for b in many}

    def reach(start: str, closed: frozenset[str] = frozenset()) -> set[str]:
        found, todo = {start}, [start]
        while todo:
            here = todo.pop()
            new = {b for a, b in edges if a == here} - found - closed
            found |= new
            todo += new
        return found

    assert reach("forwarded_unconfirmed") == {"forwarded_unconfirmed", "considered_unconfirmed"}
    assert "reviewed" not in reach("refused", closed=frozenset({"open"}))
    for state in SIGNED.values():
        assert "reviewed" not in reach("open", closed=frozenset({state}))


# ---- order and signatories -----------------------------------------------------------------------


@pytest.mark.parametrize(("state", "party"), list(itertools.product(DUE, Party)))
def test_R5_5_G23_signatures_go_in_listed_order(state: str, party: Party) -> None:
    if DUE[state] is party:
        rules.in_order(facts(state), party)
    else:
        with pytest.raises(rules.NotInOrder) as refused:
            rules.in_order(facts(state), party)
        assert refused.value.facts == {"due": DUE[state]}


@pytest.mark.parametrize("state", ["household_signed", "helper_signed", "village_signed"])
def test_HY_9_3_2_only_the_holder_of_the_role_signs(state: str) -> None:
    who = WHO_SIGNS[DUE[state]]
    assert allowed("sign", facts(state), actor(who, Office.HELPER)) == []
    for someone_else in (OTHER, OFFICE, None):
        assert rules.NotTheSignatory in allowed("sign", facts(state), actor(someone_else, Office.HELPER))


def test_G17_the_primary_helper_signs_and_a_second_helper_does_not() -> None:
    two = facts("household_signed", helpers=frozenset({HELPER, OTHER}))
    assert allowed("sign", two, actor(HELPER, Office.HELPER)) == []
    assert allowed("sign", two, actor(OTHER, Office.HELPER)) == [rules.NotTheSignatory]


def test_G18_the_incumbent_on_the_day_signs_and_the_predecessor_does_not() -> None:
    replaced = facts("household_signed", primary_helper=OTHER, helpers=frozenset({OTHER}))
    assert allowed("sign", replaced, actor(OTHER, Office.HELPER)) == []
    assert allowed("sign", replaced, actor(HELPER, Office.HELPER)) == [rules.NotTheSignatory]


@pytest.mark.parametrize(
    ("state", "nobody"),
    [
        ("household_signed", {"primary_helper": None}),
        ("helper_signed", {"principals": frozenset()}),
        ("village_signed", {"leaders": frozenset()}),
    ],
)
def test_G16_G25_without_an_incumbent_nobody_signs(state: str, nobody: dict[str, Any]) -> None:
    assert allowed("sign", facts(state, **nobody), actor(OTHER, Office.HELPER)) == [rules.NobodyHoldsTheRole]


@pytest.mark.parametrize("state", DUE)
def test_G19_nothing_is_signed_for_a_household_off_the_register(state: str) -> None:
    who = actor(WHO_SIGNS.get(DUE[state], OFFICE), Office.HELPER)
    for move in ("sign", "object"):
        assert allowed(move, facts(state), who) == []
        assert allowed(move, facts(state, on_the_register=False), who) == [rules.HouseholdOffTheRegister]


# ---- how a household signs -----------------------------------------------------------------------


def test_HY_9_3_2_the_helper_neither_records_nor_witnesses_nor_signs_for_the_household() -> None:
    assert allowed("sign", facts(), RECORDER) == []
    assert allowed("sign", facts(), actor(HELPER, Office.HELPER)) == [rules.HelperMayNotRecord]
    assert allowed("refuse", facts(), actor(HELPER, Office.HELPER)) == [rules.HelperMayNotRecord]
    assert rules.check_parts(facts(), RECORDER, household_form(), DAY) is None
    with pytest.raises(rules.HelperMayNotWitness):
        rules.check_parts(facts(), RECORDER, household_form(witness_id=HELPER), DAY)
    with pytest.raises(rules.HelperMayNotSignForHousehold):
        rules.check_parts(facts(), RECORDER, household_form(**AGENT_FORM | {"agent_id": HELPER}), DAY)
    with pytest.raises(rules.HelperMayNotSignForHousehold):
        rules.check_parts(facts(members=(replace(HEAD, person_id=HELPER),)), RECORDER, household_form(), DAY)


def test_G22_a_second_helper_and_a_helpers_substitute_are_kept_away_too() -> None:
    for helpers in (
        facts(helpers=frozenset({HELPER, WITNESS})),
        facts(substitutes={Party.HELPER: WITNESS}),
    ):
        with pytest.raises(rules.HelperMayNotWitness):
            rules.check_parts(helpers, RECORDER, household_form(), DAY)


def test_G22_who_attended_the_household_does_not_sign_as_its_helper_afterwards() -> None:
    replaced = facts("household_signed", primary_helper=WITNESS, helpers=frozenset({WITNESS}))
    assert allowed("sign", replaced, actor(WITNESS, Office.HELPER)) == []
    attended = replace(replaced, attendants=frozenset({OFFICE, WITNESS}))
    assert allowed("sign", attended, actor(WITNESS, Office.HELPER)) == [rules.OnePersonTwoParts]


def test_G22_signer_recorder_and_witness_are_three_people() -> None:
    with pytest.raises(rules.OnePersonTwoParts):
        rules.check_parts(facts(), RECORDER, household_form(witness_id=OFFICE), DAY)
    with pytest.raises(rules.OnePersonTwoParts):
        rules.check_parts(facts(), RECORDER, household_form(**AGENT_FORM | {"witness_id": OTHER}), DAY)
    with pytest.raises(rules.OnePersonTwoParts):
        rules.check_parts(facts(members=(replace(HEAD, person_id=OFFICE),)), RECORDER, household_form(), DAY)
    assert rules.check_parts(facts(), RECORDER, household_form(**AGENT_FORM), DAY) == OTHER


@pytest.mark.parametrize("method", [Method.IN_PERSON, Method.THUMBPRINT])
def test_G22_in_person_and_thumbprint_need_a_witness(method: Method) -> None:
    rules.check_form(household_form(method=method), Kind.SIGNED)
    with pytest.raises(rules.WitnessNeeded):
        rules.check_form(household_form(method=method, witness_id=None), Kind.SIGNED)


def test_G22_a_township_may_take_no_thumbprints() -> None:
    form = household_form(method=Method.THUMBPRINT)
    rules.check_parts(facts(), RECORDER, form, DAY)
    with pytest.raises(rules.ThumbprintNotTaken):
        rules.check_parts(facts(thumbprint_allowed=False), RECORDER, form, DAY)


def test_G22_a_guardian_or_agent_needs_a_written_authority() -> None:
    rules.check_form(household_form(**AGENT_FORM), Kind.SIGNED)
    for missing in ({"authority": None}, {"authority": ""}):
        with pytest.raises(rules.AuthorityNeeded):
            rules.check_form(household_form(**AGENT_FORM | missing), Kind.SIGNED)
    with pytest.raises(rules.SignerNeeded):
        rules.check_form(household_form(**AGENT_FORM | {"agent_id": None}), Kind.SIGNED)
    with pytest.raises(rules.SignerNeeded):
        rules.check_form(household_form(**AGENT_FORM | {"member_id": HEAD.id}), Kind.SIGNED)
    with pytest.raises(rules.AuthorityNeeded):
        rules.check_form(household_form(authority="W-7"), Kind.SIGNED)


def test_G20_another_adult_member_signs_with_his_relation() -> None:
    form = household_form(member_id=SON.id, capacity=Capacity.MEMBER, relation="长子")
    rules.check_form(form, Kind.SIGNED)
    assert rules.check_parts(facts(), RECORDER, form, DAY) is None
    with pytest.raises(rules.RelationNeeded):
        rules.check_form(replace(form, relation=None), Kind.SIGNED)
    with pytest.raises(rules.NotOfThisHousehold):
        rules.check_parts(facts(), RECORDER, replace(form, capacity=Capacity.HEAD), DAY)
    with pytest.raises(rules.NotOfThisHousehold):
        rules.check_parts(facts(members=(HEAD,)), RECORDER, form, DAY)


@pytest.mark.parametrize(("born", "adult"), [(date(1999, 12, 10), True), (date(1999, 12, 11), False)])
def test_G20_a_member_signs_from_his_eighteenth_birthday(born: date, adult: bool) -> None:
    form = household_form(member_id=SON.id, capacity=Capacity.MEMBER, relation="长子")
    known = facts(members=(replace(SON, born=born),))
    if adult:
        rules.check_parts(known, RECORDER, form, DAY)
    else:
        with pytest.raises(rules.SignerNotAdult):
            rules.check_parts(known, RECORDER, form, DAY)


@pytest.mark.parametrize(("party", "method"), list(itertools.product(Party, Method)))
def test_HY_9_3_2_each_party_has_its_own_methods(party: Party, method: Method) -> None:
    code = "ABCD" if method is Method.CODE else None
    form = (
        household_form(method=method, code=code)
        if party is Party.HOUSEHOLD
        else Form(party=party, method=method, code=code)
    )
    if (party is Party.HOUSEHOLD) is (method is not Method.ACCOUNT):
        rules.check_form(form, Kind.SIGNED)
    else:
        with pytest.raises(rules.MethodNotForParty):
            rules.check_form(form, Kind.SIGNED)


def test_HY_9_3_2_nobody_is_named_as_signer_for_an_office_holder() -> None:
    rules.check_form(Form(Party.HELPER, Method.ACCOUNT), Kind.SIGNED)
    for named in ({"agent_id": OTHER}, {"member_id": HEAD.id}, {"capacity": Capacity.AGENT}, {"authority": "W"}):
        with pytest.raises(Invalid):
            rules.check_form(replace(Form(Party.HELPER, Method.ACCOUNT), **named), Kind.SIGNED)


def test_G21_a_refusal_needs_a_witness_and_takes_no_code() -> None:
    rules.check_form(household_form(), Kind.REFUSED)
    rules.check_form(Form(Party.HELPER, Method.ACCOUNT, witness_id=WITNESS), Kind.REFUSED)
    with pytest.raises(rules.WitnessNeeded):
        rules.check_form(Form(Party.HELPER, Method.ACCOUNT), Kind.REFUSED)
    with pytest.raises(rules.MethodNotForParty):
        rules.check_form(household_form(method=Method.CODE, code="ABCD"), Kind.REFUSED)
    with pytest.raises(rules.OnePersonTwoParts):
        rules.check_parts(
            facts("household_signed"),
            actor(HELPER, Office.HELPER),
            Form(Party.HELPER, Method.ACCOUNT, witness_id=HELPER),
            DAY,
        )


# ---- the code ------------------------------------------------------------------------------------

NOW = datetime(2017, 12, 10, 8, tzinfo=UTC)
CODE = IssuedCode("c" * 64, HASH, HEAD.id, NOW + timedelta(days=7), frozenset({OFFICE, OTHER}))
CLERK = actor(GROUP, Office.ASSESSOR)


def test_R5_5_a_code_is_good_once_in_time_for_its_statement_and_signer() -> None:
    known = facts(codes=(CODE,))
    rules.check_code(known, CLERK, CODE.code_hash, HEAD.id, NOW)
    for bad, hashed, signer, now in (
        (facts(), CODE.code_hash, HEAD.id, NOW),
        (known, "d" * 64, HEAD.id, NOW),
        (facts(codes=(replace(CODE, statement_hash="b" * 64),)), CODE.code_hash, HEAD.id, NOW),
        (known, CODE.code_hash, SON.id, NOW),
        (known, CODE.code_hash, None, NOW),
        (known, CODE.code_hash, HEAD.id, CODE.expires_at),
    ):
        with pytest.raises(rules.CodeNotGood):
            rules.check_code(bad, CLERK, hashed, signer, now)


def test_HY_9_3_2_whoever_gave_a_code_out_does_not_record_its_signature() -> None:
    for giver in (OFFICE, OTHER):
        with pytest.raises(rules.GiverMayNotRecord):
            rules.check_code(facts(codes=(CODE,)), actor(giver, Office.ASSESSOR), CODE.code_hash, HEAD.id, NOW)


def test_R5_5_a_code_is_stored_as_a_hash_bound_to_its_signoff() -> None:
    one, two = uuid4(), uuid4()
    assert rules.code_hash(one, "abcd-efgh") == rules.code_hash(one, "ABCDEFGH")
    assert rules.code_hash(one, "ABCDEFGH") != rules.code_hash(two, "ABCDEFGH")
    assert "ABCD" not in rules.code_hash(one, "ABCDEFGH")


def test_R5_5_a_code_comes_with_the_method_code_and_with_no_other() -> None:
    rules.check_form(household_form(method=Method.CODE, code="ABCD", witness_id=None), Kind.SIGNED)
    for method, code in ((Method.CODE, None), (Method.IN_PERSON, "ABCD")):
        with pytest.raises(rules.CodeNeeded):
            rules.check_form(household_form(method=method, code=code), Kind.SIGNED)


def test_HY_9_3_2_a_code_goes_neither_to_nor_through_the_helper() -> None:
    rules.check_code_delivery(facts(), OFFICE, OTHER, None)
    for people in ((HELPER,), (OFFICE, HELPER)):
        with pytest.raises(rules.CodeThroughHelper):
            rules.check_code_delivery(facts(), *people)
    assert allowed("issue-code", facts(), actor(OFFICE, Office.LEADING_GROUP_OFFICE)) == []
    assert allowed("issue-code", facts(), actor(HELPER, Office.LEADING_GROUP_OFFICE)) == [rules.HelpsThisHousehold]


# ---- conflicts of roles --------------------------------------------------------------------------


def test_G24_no_conflict_where_four_people_stand() -> None:
    assert rules.role_conflicts(facts()) == {}
    assert allowed("name-substitute", facts(), actor(GROUP, Office.LEADING_GROUP)) == [rules.NoRoleConflict]
    assert allowed("acknowledge-conflict", facts(), actor(COMMITTEE, Office.PARTY_COMMITTEE)) == [rules.NoRoleConflict]


BOTH: dict[str, Any] = {"principals": frozenset({HELPER})}


def test_G24_one_person_in_two_roles_is_flagged_and_his_second_signature_blocked() -> None:
    assert rules.role_conflicts(facts(**BOTH)) == {HELPER: [Party.HELPER, Party.VILLAGE_PRINCIPAL]}
    assert allowed("sign", facts("household_signed", **BOTH), actor(HELPER, Office.HELPER)) == []
    blockers = SIGNOFF.blockers("sign", "helper_signed", facts("helper_signed", **BOTH), actor(HELPER, Office.HELPER))
    assert [type(b) for b in blockers] == [rules.RoleConflict]
    assert blockers[0].facts["parties"] == ["helper", "village_principal"]
    assert blockers[0].facts["awaiting"] == ["leading_group", "party_committee"]
    assert allowed("refuse", facts("helper_signed", **BOTH), actor(HELPER, Office.HELPER)) == []


def test_G24_an_acknowledged_conflict_lets_the_same_person_sign_twice() -> None:
    known = facts("helper_signed", acknowledged=frozenset({HELPER}), **BOTH)
    assert allowed("sign", known, actor(HELPER, Office.HELPER)) == []
    assert rules.open_conflicts(known) == {}
    assert rules.open_conflicts(facts("helper_signed", **BOTH)) != {}


def test_G24_a_substitute_signs_in_the_place_of_the_incumbent() -> None:
    named = facts("helper_signed", substitutes={Party.VILLAGE_PRINCIPAL: OTHER}, **BOTH)
    assert allowed("sign", named, actor(OTHER, Office.ASSESSOR)) == []
    assert rules.NotTheSignatory in allowed("sign", named, actor(HELPER, Office.HELPER))
    assert rules.role_conflicts(named) == {}


def test_G24_a_substitute_signs_only_while_the_conflict_lasts() -> None:
    over = facts("helper_signed", substitutes={Party.VILLAGE_PRINCIPAL: OTHER})
    assert allowed("sign", over, actor(OTHER, Office.ASSESSOR)) == [rules.NotTheSignatory]
    assert allowed("sign", over, actor(PRINCIPAL, Office.VILLAGE_PRINCIPAL)) == []


def test_G24_an_agent_of_the_household_does_not_sign_in_office_as_well() -> None:
    agent = (Signature(Party.HOUSEHOLD, PRINCIPAL, HASH), Signature(Party.HELPER, HELPER, HASH))
    known = facts("helper_signed", signatures=agent)
    assert rules.role_conflicts(known) == {PRINCIPAL: [Party.HOUSEHOLD, Party.VILLAGE_PRINCIPAL]}
    assert allowed("sign", known, actor(PRINCIPAL, Office.VILLAGE_PRINCIPAL)) == [rules.RoleConflict]


def test_G24_a_substitute_is_a_fourth_person() -> None:
    conflicted = facts(**BOTH)
    rules.check_substitute(conflicted, Party.VILLAGE_PRINCIPAL, OTHER)
    rules.check_substitute(conflicted, Party.HELPER, OTHER)
    rules.check_substitute(replace(conflicted, helpers=frozenset({HELPER, OTHER})), Party.HELPER, OTHER)
    rules.check_substitute(replace(conflicted, attendants=frozenset({OTHER})), Party.VILLAGE_PRINCIPAL, OTHER)
    of_the_household = (replace(HEAD, person_id=OTHER),)
    for party, person, changes in (
        (Party.VILLAGE_PRINCIPAL, HELPER, {}),
        (Party.HELPER, HELPER, {}),
        (Party.VILLAGE_PRINCIPAL, LEADER, {}),
        (Party.VILLAGE_PRINCIPAL, OTHER, {"members": of_the_household}),
        (Party.VILLAGE_PRINCIPAL, OTHER, {"helpers": frozenset({HELPER, OTHER})}),
        (Party.HELPER, OTHER, {"attendants": frozenset({OTHER})}),
    ):
        with pytest.raises(rules.SubstituteUnfit):
            rules.check_substitute(facts(**BOTH | changes), party, person)


def test_G24_only_a_role_in_conflict_and_not_yet_signed_is_substituted() -> None:
    for state, party in (("open", Party.LIAISON_LEADER), ("helper_signed", Party.HELPER)):
        with pytest.raises(rules.NoRoleConflict):
            rules.check_substitute(facts(state, **BOTH), party, OTHER)
    rules.check_substitute(facts("helper_signed", **BOTH), Party.VILLAGE_PRINCIPAL, OTHER)


def test_G21_nobody_is_substituted_for_the_household() -> None:
    with pytest.raises(rules.HouseholdHasNoSubstitute):
        rules.check_substitute(facts(**BOTH), Party.HOUSEHOLD, OTHER)


def test_G24_who_stands_in_two_roles_does_not_resolve_it() -> None:
    both: dict[str, Any] = {"principals": frozenset({OTHER}), "leaders": frozenset({OTHER})}
    for move, office in (
        ("name-substitute", Office.LEADING_GROUP),
        ("acknowledge-conflict", Office.PARTY_COMMITTEE),
    ):
        assert allowed(move, facts(**both), actor(GROUP, office)) == []
        assert allowed(move, facts(**both), actor(OTHER, office)) == [rules.OwnConflict]


def test_G24_only_a_standing_conflict_is_acknowledged() -> None:
    rules.check_acknowledgement(facts(**BOTH), HELPER)
    for known, person in ((facts(**BOTH), OTHER), (facts(acknowledged=frozenset({HELPER}), **BOTH), HELPER)):
        with pytest.raises(rules.NoRoleConflict):
            rules.check_acknowledgement(known, person)


@pytest.mark.parametrize(
    ("move", "state", "office"),
    [
        ("forward", "refused", Office.LEADING_GROUP),
        ("collect", "leader_signed", Office.LEADING_GROUP),
        ("review", "collected", Office.PARTY_COMMITTEE),
        ("review", "forwarded_unconfirmed", Office.PARTY_COMMITTEE),
    ],
)
def test_G61_the_households_helper_does_not_decide_in_its_file(move: str, state: str, office: Office) -> None:
    assert allowed(move, facts(state), actor(OTHER, office)) == []
    assert allowed(move, facts(state), actor(HELPER, office)) == [rules.HelpsThisHousehold]


# ---- four that stand -----------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["leader_signed", "collected"])
@pytest.mark.parametrize(
    "signatures",
    [
        (),
        signed(*ORDER[:3]),
        signed(*ORDER[1:]),
        signed(ORDER[1], ORDER[0], ORDER[2], ORDER[3]),
        (*signed(*ORDER), Signature(Party.HELPER, OTHER, HASH)),
        (*signed(*ORDER[:3]), Signature(Party.LIAISON_LEADER, LEADER, "b" * 64)),
        (*signed(*ORDER[:3]), Signature(Party.LIAISON_LEADER, HELPER, HASH)),
        (*signed(*ORDER[:3]), Signature(Party.LIAISON_LEADER, None, HASH)),
        (*signed(*ORDER[:3]), Signature(Party.LIAISON_LEADER, LEADER, HASH, Kind.REFUSED)),
    ],
)
def test_R5_5_nothing_is_collected_or_reviewed_without_four_that_stand(
    state: str, signatures: tuple[Signature, ...]
) -> None:
    move, office = {
        "leader_signed": ("collect", Office.LEADING_GROUP),
        "collected": ("review", Office.PARTY_COMMITTEE),
    }[state]
    assert allowed(move, facts(state), actor(OTHER, office)) == []
    assert allowed(move, facts(state, signatures=signatures), actor(OTHER, office)) == [rules.SignaturesIncomplete]


def test_G24_four_signatures_of_three_people_stand_once_acknowledged() -> None:
    three = (*signed(*ORDER[:3]), Signature(Party.LIAISON_LEADER, HELPER, HASH))
    known = facts("collected", signatures=three, acknowledged=frozenset({HELPER}))
    assert allowed("review", known, actor(OTHER, Office.PARTY_COMMITTEE)) == []


# ---- the statement -------------------------------------------------------------------------------

STATEMENT = Statement(
    signoff_id=str(uuid4()),
    household_id=str(uuid4()),
    year=2017,
    revision=1,
    out_of_poverty=True,
    outside_rule="豫扶贫〔2017〕×号",
    measures=("养羊到户", "公益岗位"),
    income_fen=412_300,
    checks={"housing": True, "food": True},
    nonce="0" * 32,
)


def test_R5_5_the_statement_is_hashed_over_canonical_json() -> None:
    assert STATEMENT.canonical() == rfc8785.dumps(json.loads(STATEMENT.canonical()))
    assert STATEMENT.hash() == replace(STATEMENT, checks={"food": True, "housing": True}).hash()
    for changes in ({"year": 2016}, {"out_of_poverty": False}, {"income_fen": None}, {"revision": 2}, {"nonce": "1"}):
        assert replace(STATEMENT, **changes).hash() != STATEMENT.hash()


def test_R5_5_restating_changes_the_statement_or_follows_a_refusal() -> None:
    same = replace(STATEMENT, revision=2, nonce="f" * 32)
    rules.check_restatement("refused", STATEMENT, same)
    rules.check_restatement("helper_signed", STATEMENT, replace(same, out_of_poverty=False))
    with pytest.raises(rules.StatementUnchanged):
        rules.check_restatement("helper_signed", STATEMENT, same)


def test_R5_5_the_office_the_own_helper_and_the_own_village_prepare_the_statement() -> None:
    for who in (
        RECORDER,
        actor(HELPER, Office.HELPER),
        actor(PRINCIPAL, Office.VILLAGE_PRINCIPAL, place=VILLAGE),
    ):
        assert rules.prepares(who, frozenset({HELPER}), VILLAGE) is None
        assert allowed("restate", facts("helper_signed"), who) == []
    for who in (
        actor(OTHER, Office.HELPER),
        actor(PRINCIPAL, Office.VILLAGE_PRINCIPAL, place="411421201202"),
    ):
        assert isinstance(rules.prepares(who, frozenset({HELPER}), VILLAGE), rules.NotYourHousehold)
        assert allowed("restate", facts("helper_signed"), who) == [rules.NotYourHousehold]


def test_R5_6_once_collected_only_the_office_restates() -> None:
    assert allowed("restate", facts("collected"), RECORDER) == []
    assert allowed("restate", facts("collected"), actor(HELPER, Office.HELPER)) == [rules.OfficeRestatesCollected]


@pytest.mark.parametrize(
    ("day", "late"),
    [
        (date(2017, 11, 30), False),
        (date(2017, 12, 1), False),
        (date(2017, 12, 31), False),
        (date(2018, 1, 1), True),
    ],
)
def test_G56_a_signature_after_the_window_is_late(day: date, late: bool) -> None:
    assert rules.is_late(facts(), 2017, day) is late
    assert rules.is_late(facts(window=("11-01", "11-30")), 2017, day) is (day > date(2017, 11, 30))


# ---- what it means -------------------------------------------------------------------------------


@pytest.mark.parametrize("state", SIGNOFF.states)
def test_G27_only_reviewed_without_objection_confirms(state: str) -> None:
    unconfirmed = state in {"refused", "forwarded_unconfirmed", "considered_unconfirmed"}
    expected = (
        Outcome.UNCONFIRMED if unconfirmed else Outcome.OUT_OF_POVERTY if state == "reviewed" else Outcome.PENDING
    )
    assert rules.outcome(facts(state)) is expected


def test_G21_an_objection_makes_it_unconfirmed_and_never_the_households_fault() -> None:
    objected = (*signed(Party.HOUSEHOLD, kind=Kind.OBJECTED), *signed(*ORDER[1:]))
    assert rules.outcome(facts("reviewed", signatures=objected)) is Outcome.UNCONFIRMED
    assert rules.outcome(facts("reviewed", out_of_poverty=False)) is Outcome.IN_POVERTY
    assert {o.value for o in Outcome} == {"out_of_poverty", "in_poverty", "unconfirmed", "pending"}


def test_G26_the_statement_cites_the_outside_rule_and_the_checks_decide_nothing() -> None:
    failing = replace(STATEMENT, checks={"food": False})
    assert failing.out_of_poverty is True and failing.outside_rule


def test_R5_5_facts_are_built_from_what_the_database_gathers() -> None:
    known = SignoffFacts.of(
        {
            "state": "helper_signed",
            "village_code": VILLAGE,
            "statement_hash": HASH,
            "primary_helper": str(HELPER),
            "helpers": [str(HELPER)],
            "principals": [str(PRINCIPAL)],
            "leaders": [str(LEADER)],
            "substitutes": {"liaison_leader": str(OTHER)},
            "acknowledged": [str(OTHER)],
            "attendants": [str(WITNESS)],
            "members": [{"id": str(HEAD.id), "person_id": str(OTHER), "relation": "head", "born": "1950-05-01"}],
            "codes": [
                {
                    "code_hash": CODE.code_hash,
                    "statement_hash": HASH,
                    "signer_id": str(HEAD.id),
                    "expires_at": "2017-12-17T08:00:00.000000Z",
                    "issued_by": str(OFFICE),
                    "handed_by": str(OTHER),
                }
            ],
            "signatures": [
                {"party": "household", "person_id": None, "statement_hash": HASH, "kind": "signed"},
                {"party": "helper", "person_id": str(HELPER), "statement_hash": HASH, "kind": "signed"},
            ],
        }
    )
    expected = facts("helper_signed", substitutes={Party.LIAISON_LEADER: OTHER}, acknowledged=frozenset({OTHER}))
    expected = replace(
        expected, attendants=frozenset({WITNESS}), members=(replace(HEAD, person_id=OTHER),), codes=(CODE,)
    )
    assert known == expected
    assert SignoffFacts.of({"state": "open", "village_code": VILLAGE, "statement_hash": HASH}).primary_helper is None


@pytest.mark.parametrize(
    "refusal",
    [
        c
        for c in vars(rules).values()
        if isinstance(c, type) and c.__module__ == rules.__name__ and issubclass(c, Refusal)
    ],
)
def test_every_refusal_speaks_both_languages_and_cites(refusal: type[Refusal]) -> None:
    assert refusal.title("en") != refusal.title("zh-CN")
    assert refusal.article
