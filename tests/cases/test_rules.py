"""Does a case move only as declared, and never to a decision outside the matrices?"""

from datetime import date
from itertools import product
from uuid import UUID

import pytest

from app.actor import ORGANS, Actor, Appointment, Office
from app.cases.rules import (
    CASE,
    Aggravated,
    AlreadyRecused,
    AnotherOrganHasTheCase,
    AnswerStillOpen,
    CapacityNotHeld,
    CaseFacts,
    Conclusion,
    DecisionRevoked,
    GroundFitsNoFinding,
    NoCrimeAssessed,
    NoMemberOfTheOrgan,
    NotAnOutputOfThisMeasure,
    NothingLeft,
    NothingModified,
    NotYetHappened,
    OnlyOutsideOutcome,
    Output,
    OutputAlreadyRecorded,
    OutputsMissing,
    OutsideArticle3Unconfirmed,
    Recused,
    RefusalNeedsWitness,
    Statement,
    StatementNotHeard,
    SubstituteIsConcerned,
    SuperiorOrganDecides,
    check_answer,
    check_basis,
    check_capacity,
    check_decision,
    check_happened,
    check_modification,
    check_opening,
    check_output,
    check_recusal,
    check_scope,
    check_statement,
    check_transfer,
    missing_outputs,
    outcome_state,
    state_after_revision,
)
from app.findings.rules import OwnFile
from app.refusal import Refusal
from app.rulebook.rules import (
    AdminDisciplineOnlyByReferral,
    BeforeCommencement,
    Capacity,
    CrimeAssessmentRequired,
    Facts,
    GeneralClauseElementsMissing,
    GeneralClauseHasNoMeasure,
    JudicialTransferRequired,
    MeasureCode,
    MeasureNotOfThisGround,
    OrganNotCompetent,
    PartyDisciplineOnlyForMembers,
    PoliticalStatusUnknown,
    RoutingReasonRequired,
    SecondMeasureForSameFacts,
    SubjectNotProvidedFor,
    UnitDisciplineNeedsOutcomeAndRule,
    huayuan,
    matrix,
)
from app.workflow import Move
from tests.whole import whole

BOOK = huayuan()
ME, SUBJECT, KIN, DEPUTY = (UUID(int=n) for n in range(1, 5))
DAY = date(2017, 3, 15)
OUTPUTS = {
    "circular_criticism": {"township_notice"},
    "written_self_criticism": {"self_criticism", "township_notice"},
    "admonition_talk": {"talk_record"},
    "party_or_admin_discipline": {"discipline_reference"},
}
POSSIBLE = {
    "present-facts": {"opened"},
    "record-statement": {"facts_presented"},
    "decide": {"facts_presented"},
    "no-measure": {"opened", "facts_presented"},
    "transfer": {"opened", "facts_presented"},
    "refer": {"opened", "facts_presented"},
    "hand-over": {"transferred", "referred"},
    "record-outcome": {"transferred", "referred", "facts_presented"},
    "execute": {"decided", "executed"},
    "close": {"decided", "executed"},
}


def actor(office: Office, person: UUID = ME) -> Actor:
    return Actor(UUID(int=9), person, "411421", "411421201", (Appointment(office, "411421201", date(2017, 1, 1)),))


def ready(organ: str = "party_committee") -> CaseFacts:
    """A case about which every guard is content."""
    return CaseFacts(
        organ,
        "HY.9.1.1",
        str(SUBJECT),
        [str(KIN)],
        "waived",
        "none",
        "circular_criticism",
        ["township_notice"],
    )


COMMITTEE = actor(Office.PARTY_COMMITTEE)
VILLAGER = Facts(DAY, "HY.9.2.2", "helper", ("village_committee_member",), organ="party_committee")
DISCIPLINE = Facts(
    DAY,
    "HY.9.4.2",
    "directly_responsible",
    ("village_committee_member",),
    management="township",
    political_status="party_member",
    crime="none",
    organ="party_committee",
)


def changed(facts: Facts, **values: object) -> Facts:
    return Facts(**({name: getattr(facts, name) for name in Facts.__slots__} | values))


@whole(product(CASE.states, CASE.moves, Office, [ME, SUBJECT, KIN]))
def test_every_state_move_office_and_person_follows_the_declaration(
    state: str, move: Move, office: Office, person: UUID
) -> None:
    organ = office if office in ORGANS else Office.PARTY_COMMITTEE
    reasons = CASE.blockers(move.name, state, ready(organ), actor(office, person))
    assert (reasons == []) is (office in ORGANS and state in POSSIBLE[move.name] and person == ME)


@whole(product(CASE.moves, sorted(ORGANS), sorted(ORGANS)))
def test_R10_only_the_organ_recorded_at_opening_moves_the_case(move: Move, organ: Office, other: Office) -> None:
    state = next(iter(move.path))
    reasons = CASE.blockers(move.name, state, ready(organ), actor(other))
    assert any(isinstance(r, AnotherOrganHasTheCase) for r in reasons) is (organ != other)


@pytest.mark.parametrize("move", CASE.moves)
def test_G61_neither_the_recused_nor_the_subject_acts(move: Move) -> None:
    state = next(iter(move.path))
    for person, refusal in ((KIN, Recused), (SUBJECT, OwnFile)):
        with pytest.raises(refusal):
            CASE.check(move.name, state, ready(), actor(Office.PARTY_COMMITTEE, person))


def test_G49_no_decision_before_the_subject_was_heard() -> None:
    with pytest.raises(StatementNotHeard):
        CASE.check("decide", "facts_presented", CaseFacts("party_committee", "HY.9.2.2"), COMMITTEE)
    for statement in ("stated", "waived", "refused"):
        CASE.check(
            "decide", "facts_presented", CaseFacts("party_committee", "HY.9.2.2", statement=statement), COMMITTEE
        )
    assert CASE.blockers("decide", "opened", ready(), COMMITTEE)


def test_G49_an_urgent_transfer_need_not_wait() -> None:
    CASE.check("transfer", "opened", CaseFacts("party_committee", "HY.9.4.2"), COMMITTEE)
    check_transfer("suspected")
    check_transfer("established")
    for crime in (None, "none"):
        with pytest.raises(NoCrimeAssessed):
            check_transfer(crime)


@pytest.mark.parametrize("crime", ["suspected", "established"])
def test_G43_a_crime_bars_every_measure(crime: str) -> None:
    for basis in ("HY.9.1.1", "HY.9.4.2"):
        facts = CaseFacts("party_committee", basis, statement="waived", crime=crime)
        with pytest.raises(JudicialTransferRequired):
            CASE.check("decide", "facts_presented", facts, COMMITTEE)
        with pytest.raises(JudicialTransferRequired):
            check_decision(BOOK, changed(DISCIPLINE, basis=basis, crime=crime))


def test_G43_a_transferred_case_resumes_only_on_a_recorded_answer() -> None:
    onwards = [m.name for m in CASE.moves if m.path.get("transferred", ("transferred",)) != ("transferred",)]
    assert onwards == ["record-outcome"]
    facts = CaseFacts("party_committee", "HY.9.4.2")
    assert outcome_state("transferred", facts, Conclusion.RESUME, True) == "facts_presented"
    assert outcome_state("transferred", facts, Conclusion.RESUME, False) == "opened"
    assert outcome_state("transferred", facts, Conclusion.CONCLUDED, True) == "closed"
    assert outcome_state("referred", facts, Conclusion.CONCLUDED, False) == "closed"


def test_R8_2_G45_article_8_takes_an_outside_outcome_and_no_measure() -> None:
    general = CaseFacts("discipline_commission", "HY.8", statement="stated")
    commission = actor(Office.DISCIPLINE_COMMISSION)
    with pytest.raises(GeneralClauseHasNoMeasure):
        CASE.check("decide", "facts_presented", general, commission)
    CASE.check("record-outcome", "facts_presented", general, commission)
    assert outcome_state("facts_presented", general, Conclusion.CONCLUDED, True) == "closed"
    for facts, conclusion in (
        (CaseFacts("discipline_commission", "HY.8"), Conclusion.CONCLUDED),
        (CaseFacts("discipline_commission", "HY.9.2.2", statement="stated"), Conclusion.CONCLUDED),
        (general, Conclusion.RESUME),
    ):
        with pytest.raises(OnlyOutsideOutcome):
            outcome_state("facts_presented", facts, conclusion, True)


ELEMENTS = tuple(element.code for element in BOOK.general_clause.elements) if BOOK.general_clause else ()


@pytest.mark.parametrize("missing", ELEMENTS)
def test_R8_1_G62_article_8_needs_all_five_elements(missing: str) -> None:
    facts = Facts(
        DAY, "HY.8", "helper", ("village_committee_member",), organ="discipline_commission", elements=ELEMENTS
    )
    assert len(ELEMENTS) == 5
    check_opening(BOOK, facts)
    with pytest.raises(GeneralClauseElementsMissing):
        check_opening(BOOK, changed(facts, elements=tuple(e for e in ELEMENTS if e != missing)))
    with pytest.raises(OrganNotCompetent):
        check_opening(BOOK, changed(facts, organ="party_committee"))


def test_G51_facts_before_the_ninth_of_november_2016_are_refused() -> None:
    check_opening(BOOK, changed(VILLAGER, fact_date=date(2016, 11, 9)))
    with pytest.raises(BeforeCommencement):
        check_opening(BOOK, changed(VILLAGER, fact_date=date(2016, 11, 8)))


@pytest.mark.parametrize("ground", sorted(BOOK.grounds))
@pytest.mark.parametrize("capacity", sorted(Capacity))
def test_R9_the_matrix_holds_at_opening_and_at_decision(ground: str, capacity: Capacity) -> None:
    measure = BOOK.grounds[ground].measure
    facts = changed(
        DISCIPLINE,
        basis=ground,
        capacity=capacity,
        outcome="责令整改",
        cited_rule="第十条",
        organ="discipline_commission",
    )
    if (capacity, measure) in matrix(BOOK):
        check_opening(BOOK, facts)
        assert check_decision(BOOK, facts).measure == measure
    else:
        for check in (check_opening, check_decision):
            with pytest.raises(SubjectNotProvidedFor):
                check(BOOK, facts)


@pytest.mark.parametrize(("ground", "measure"), list(product(sorted(BOOK.grounds), sorted(MeasureCode))))
def test_G34_no_measure_stands_in_for_another(ground: str, measure: MeasureCode) -> None:
    facts = changed(
        DISCIPLINE, basis=ground, measure=measure, capacity=BOOK.measures[BOOK.grounds[ground].measure].subjects[-1]
    )
    if measure == BOOK.grounds[ground].measure:
        check_decision(BOOK, facts)
    else:
        with pytest.raises(MeasureNotOfThisGround):
            check_decision(BOOK, facts)


def test_G34_an_organ_that_declines_says_so() -> None:
    assert CASE.move("no-measure").path == {"opened": ("no_measure",), "facts_presented": ("no_measure",)}


def test_G33_a_second_measure_for_the_same_facts_needs_reasons() -> None:
    again = changed(VILLAGER, measures_for_same_facts=("circular_criticism",))
    check_opening(BOOK, again)
    with pytest.raises(SecondMeasureForSameFacts):
        check_decision(BOOK, again)
    check_decision(BOOK, changed(again, override_reason="两次行为性质不同"))


def test_G35_history_changes_nothing() -> None:
    assert not [name for name in CaseFacts.__slots__ if "history" in name or "previous" in name]
    assert check_decision(BOOK, VILLAGER).measure == "written_self_criticism"


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({}, None),
        ({"crime": None}, CrimeAssessmentRequired),
        ({"political_status": "unknown"}, PoliticalStatusUnknown),
        ({"political_status": "not_party_member"}, PartyDisciplineOnlyForMembers),
        ({"discipline_kind": "admin"}, AdminDisciplineOnlyByReferral),
        (
            {"capacity": "unit", "organ": "discipline_commission", "management": "township"},
            UnitDisciplineNeedsOutcomeAndRule,
        ),
        (
            {
                "capacity": "unit",
                "organ": "discipline_commission",
                "management": "township",
                "outcome": "责令整改",
                "cited_rule": "某规定第三条",
            },
            None,
        ),
    ],
)
def test_G39_G40_G41_G42_G43_measure_four_and_its_conditions(
    values: dict[str, object], refusal: type[Refusal] | None
) -> None:
    facts = changed(DISCIPLINE, **values)
    check_opening(BOOK, facts)
    if refusal is None:
        check_decision(BOOK, facts)
    else:
        with pytest.raises(refusal):
            check_decision(BOOK, facts)


def test_R10_a_superior_organs_subject_is_referred_never_decided_here() -> None:
    superior = changed(VILLAGER, categories=("unit_helper",), management="superior", organ="discipline_commission")
    check_opening(BOOK, superior)
    with pytest.raises(SuperiorOrganDecides):
        check_decision(BOOK, superior)
    check_decision(BOOK, changed(superior, management="township"))


def test_G38_two_capacities_need_the_organs_reason() -> None:
    both = changed(VILLAGER, categories=("village_committee_member", "unit_helper"), management="township")
    with pytest.raises(RoutingReasonRequired):
        check_opening(BOOK, both)
    check_opening(BOOK, changed(both, routing_reason="以村干部身份实施"))


def test_G1_a_subject_outside_article_3_is_accepted_with_a_warning() -> None:
    found = check_opening(BOOK, changed(VILLAGER, categories=("group_cadre",)))
    assert [w.code for w in found.warnings if w.article == "G1"] == ["outside_art3"]
    assert not [w for w in check_opening(BOOK, VILLAGER).warnings if w.article == "G1"]


@pytest.mark.parametrize("measure", sorted(MeasureCode))
def test_R9_a_measure_closes_only_with_its_own_outputs(measure: MeasureCode) -> None:
    for output in Output:
        facts = CaseFacts("party_committee", "HY.9.2.2", measure=measure)
        if output in OUTPUTS[measure]:
            check_output(facts, output)
            with pytest.raises(OutputAlreadyRecorded):
                check_output(CaseFacts("party_committee", "HY.9.2.2", measure=measure, outputs=[output]), output)
        else:
            with pytest.raises(NotAnOutputOfThisMeasure):
                check_output(facts, output)
    for recorded in product([False, True], repeat=len(Output)):
        outputs = [o for o, there in zip(Output, recorded, strict=True) if there]
        facts = CaseFacts("party_committee", "HY.9.2.2", measure=measure, outputs=outputs)
        complete = OUTPUTS[measure] <= set(outputs)
        assert (missing_outputs(measure, outputs) == []) is complete
        reasons = CASE.blockers("close", "executed", facts, COMMITTEE)
        assert any(isinstance(r, OutputsMissing) for r in reasons) is not complete


def test_R9_a_written_self_criticism_needs_the_notice_too() -> None:
    assert missing_outputs("written_self_criticism", ["self_criticism"]) == ["township_notice"]


def test_G50_a_revoked_decision_is_not_carried_out_and_the_case_closes() -> None:
    revoked = CaseFacts("party_committee", "HY.9.2.2", statement="waived")
    with pytest.raises(DecisionRevoked):
        CASE.check("execute", "decided", revoked, COMMITTEE)
    CASE.check("close", "decided", revoked, COMMITTEE)
    with pytest.raises(NotAnOutputOfThisMeasure):
        check_output(revoked, Output.TALK_RECORD)


def test_G61_who_can_be_recused_and_who_may_take_his_place() -> None:
    members = [str(n) for n in (ME, SUBJECT, KIN, DEPUTY)]
    check_recusal(ready(), members, str(ME), None)
    check_recusal(ready(), members, str(ME), str(DEPUTY))
    with pytest.raises(AlreadyRecused):
        check_recusal(ready(), members, str(KIN), None)
    for person, substitute in ((str(ME), None), (str(DEPUTY), str(ME))):
        with pytest.raises(NoMemberOfTheOrgan):
            check_recusal(ready(), [str(DEPUTY)], person, substitute)
    for concerned in (KIN, SUBJECT, ME):
        with pytest.raises(SubstituteIsConcerned):
            check_recusal(ready(), members, str(ME), str(concerned))


@pytest.mark.parametrize(
    ("capacity", "body", "offices", "fits"),
    [
        ("helper", None, ["helper"], True),
        ("helper", None, ["village_committee_head"], False),
        ("village_body_head", None, ["village_committee_head"], True),
        ("village_body_head", None, ["village_principal"], True),
        ("village_body_head", None, ["helper"], False),
        ("directly_responsible", None, [], True),
        ("village_body", None, [], False),
        ("unit", None, [], False),
        ("village_body", "village_body", [], True),
        ("unit", "unit", [], True),
        ("helper", "unit", [], False),
        ("unit", "village_body", [], False),
    ],
)
def test_R9_a_subject_answers_only_in_a_capacity_he_had(
    capacity: str, body: str | None, offices: list[str], fits: bool
) -> None:
    if fits:
        check_capacity(capacity, body, offices)
    else:
        with pytest.raises(CapacityNotHeld):
            check_capacity(capacity, body, offices)


def test_G33_the_basis_is_one_of_the_findings_grounds() -> None:
    check_basis("HY.9.1.3", KEPT)
    with pytest.raises(GroundFitsNoFinding):
        check_basis("HY.9.1.1", KEPT)


def test_G1_the_organ_confirms_a_subject_outside_article_3() -> None:
    check_scope([], confirmed=False)
    check_scope(["outside_art3"], confirmed=True)
    with pytest.raises(OutsideArticle3Unconfirmed):
        check_scope(["outside_art3"], confirmed=False)


def test_G49_a_refusal_to_be_heard_has_a_witness() -> None:
    check_statement(Statement.REFUSED, "王二")
    check_statement(Statement.WAIVED, None)
    with pytest.raises(RefusalNeedsWitness):
        check_statement(Statement.REFUSED, None)


@pytest.mark.parametrize(
    ("state", "before", "after", "outputs", "expected"),
    [
        ("closed", "admonition_talk", "admonition_talk", ["talk_record"], "closed"),
        ("closed", "admonition_talk", None, [], "closed"),
        ("closed", "admonition_talk", "circular_criticism", [], "decided"),
        ("executed", "party_or_admin_discipline", "written_self_criticism", ["self_criticism"], "executed"),
        ("executed", "admonition_talk", "circular_criticism", [], "decided"),
        ("decided", "admonition_talk", "circular_criticism", [], "decided"),
        ("closed", "admonition_talk", "circular_criticism", ["township_notice"], "closed"),
    ],
)
def test_G50_a_milder_measure_waits_for_its_own_outputs(
    state: str, before: str, after: str | None, outputs: list[str], expected: str
) -> None:
    assert state_after_revision(state, before, after, outputs) == expected


KEPT = {"a": ["HY.9.2.4", "HY.9.1.3"]}


def test_G50_an_objection_drops_facts_or_takes_a_ground_no_heavier() -> None:
    assert check_modification(BOOK, "helper", "HY.9.2.4", "HY.9.1.3", kept=KEPT, dropped=0) == "circular_criticism"
    assert check_modification(BOOK, "helper", "HY.9.2.4", "HY.9.2.4", kept=KEPT, dropped=1) == "written_self_criticism"
    with pytest.raises(NothingModified):
        check_modification(BOOK, "helper", "HY.9.2.4", "HY.9.2.4", kept=KEPT, dropped=0)
    with pytest.raises(NothingLeft):
        check_modification(BOOK, "helper", "HY.9.2.4", "HY.9.2.4", kept={}, dropped=1)
    with pytest.raises(GroundFitsNoFinding):
        check_modification(BOOK, "helper", "HY.9.2.4", "HY.9.1.1", kept=KEPT, dropped=0)
    with pytest.raises(SubjectNotProvidedFor):
        check_modification(BOOK, "village_body", "HY.9.2.4", "HY.9.1.3", kept=KEPT, dropped=0)


@whole(product(sorted(BOOK.grounds), repeat=2))
def test_G50_never_heavier_for_any_two_grounds(before: str, after: str) -> None:
    old, new = BOOK.measures[BOOK.grounds[before].measure], BOOK.measures[BOOK.grounds[after].measure]
    kept, capacity = {"a": [before, after]}, new.subjects[0]
    if new.rank > old.rank:
        with pytest.raises(Aggravated):
            check_modification(BOOK, capacity, before, after, kept=kept, dropped=1)
    else:
        assert check_modification(BOOK, capacity, before, after, kept=kept, dropped=1) == new.code


@pytest.mark.parametrize("crime", [None, "none", "suspected", "established"])
def test_G43_what_was_transferred_resumes_only_when_there_is_no_crime(crime: str | None) -> None:
    check_answer("transferred", Conclusion.CONCLUDED, crime)
    check_answer("referred", Conclusion.RESUME, crime)
    if crime == "none":
        check_answer("transferred", Conclusion.RESUME, crime)
    else:
        with pytest.raises(AnswerStillOpen):
            check_answer("transferred", Conclusion.RESUME, crime)


def test_R5_2_an_output_is_recorded_once_it_happened() -> None:
    check_happened(DAY, DAY)
    with pytest.raises(NotYetHappened):
        check_happened(date(2017, 3, 16), DAY)
