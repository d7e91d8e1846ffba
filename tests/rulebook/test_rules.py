"""Is the rulebook what the regulation says, and does the law read it rightly?"""

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import chain, product
from pathlib import Path

import pytest

from app.refusal import Refusal
from app.rulebook import rules
from app.rulebook.rules import Capacity, Category, Crime, Facts, Management, MeasureCode, Organ, Politics, assess

HY = rules.huayuan()
TEXT = (rules.HERE / "regulation.zh.txt").read_text(encoding="utf-8")
PARTIAL = json.loads((Path(__file__).parent / "partial_rulebook.json").read_text(encoding="utf-8"))
DAY = date(2017, 3, 15)

VILLAGE_ORGANS: frozenset[str] = frozenset(
    {Organ.PARTY_COMMITTEE, Organ.TOWNSHIP_GOVERNMENT, Organ.DISCIPLINE_COMMISSION}
)
MATRIX = {
    MeasureCode.CIRCULAR_CRITICISM: {Capacity.HELPER},
    MeasureCode.WRITTEN_SELF_CRITICISM: {Capacity.HELPER, Capacity.VILLAGE_BODY},
    MeasureCode.ADMONITION_TALK: {Capacity.HELPER, Capacity.VILLAGE_BODY_HEAD},
    MeasureCode.PARTY_OR_ADMIN_DISCIPLINE: {
        Capacity.UNIT,
        Capacity.VILLAGE_BODY_HEAD,
        Capacity.DIRECTLY_RESPONSIBLE,
    },
}


def facts(basis: str = "HY.9.2.2", capacity: str = Capacity.HELPER, **more: object) -> Facts:
    """Facts under which nothing stands in the way of most measures."""
    known: dict[str, object] = {
        "fact_date": DAY,
        "categories": (Category.VILLAGE_COMMITTEE_MEMBER,),
        "political_status": Politics.PARTY_MEMBER,
        "crime": Crime.NONE,
        "outcome": "责令整改",
        "cited_rule": "有关规定",
    }
    return Facts(**{**known, "basis": basis, "capacity": capacity, **more})  # type: ignore[arg-type]


def codes(result: rules.Assessment) -> set[str]:
    return {refusal.code() for refusal in result.refusals}


# ── the text ─────────────────────────────────────────────────────────────────────────────────────


def bare(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_the_clauses_together_are_the_regulation_word_for_word() -> None:
    heading = "花园乡精准脱贫工作考核及责任追究办法(试行)"
    assert HY.title == heading
    assert bare(TEXT) == bare(heading + "".join(c.printed_label + c.text for c in HY.clauses))


@pytest.mark.parametrize("clause", HY.clauses, ids=lambda c: f"article_{c.logical_article}")
def test_each_clause_is_verbatim(clause: rules.Clause) -> None:
    assert clause.text in TEXT


def test_the_two_slips_are_articles_11_and_12_and_not_grounds() -> None:
    assert [(c.logical_article, c.printed_label) for c in HY.clauses[-2:]] == [(11, "6、"), (12, "7、")]
    assert len(HY.grounds) == 17
    assert not {"HY.9.4.6", "HY.9.4.7"} & set(HY.grounds)


def test_grounds_are_3_4_5_5() -> None:
    assert list(HY.grounds) == [
        f"HY.9.{m}.{n}" for m, count in enumerate((3, 4, 5, 5), start=1) for n in range(1, count + 1)
    ]


def ground_name(ground: rules.Ground) -> str:
    return ground.code.replace(".", "_")


@pytest.mark.parametrize("ground", HY.grounds.values(), ids=ground_name)
def test_ground_text_is_verbatim_under_its_measure(ground: rules.Ground) -> None:
    article = HY.clauses[8].text
    measure = HY.measures[ground.measure]
    section = article[article.index(measure.lead_text) :]
    later = [m.lead_text for m in HY.measures.values() if m.rank == measure.rank + 1]
    section = section[: section.index(later[0])] if later else section
    assert f"{ground.printed_label}{ground.text}" in section
    assert ground.label_en and ground.label_zh and ground.label_zh != ground.text


@pytest.mark.parametrize("ground", HY.grounds.values(), ids=ground_name)
def test_sub_facts_use_the_words_of_the_ground(ground: rules.Ground) -> None:
    for sub in ground.sub_facts:
        key = sub.text.removeprefix("填写").removeprefix("公开").removeprefix("上报").removeprefix("没有制定")
        assert key.removeprefix("未参加会议") in ground.text or sub.code == "absent"


def test_HY_9_3_2_names_signing_for_another_among_its_five_sub_facts() -> None:
    subs = [s.code for s in HY.grounds["HY.9.3.2"].sub_facts]
    assert len(subs) == 5 and "signed_by_another" in subs


def test_routing_texts_and_elements_are_verbatim() -> None:
    assert HY.general_clause is not None
    for quoted in (*(r.text for r in HY.routing), *(e.text for e in HY.general_clause.elements)):
        assert quoted in TEXT
    for entry in (*HY.data["signoff"], *HY.data["assessment"]["monthly"]["aspects"]):
        assert entry["text"] in TEXT
    for entry in (*HY.data["assessment"]["quarterly"]["methods"], *chain(*HY.data["consequences"].values())):
        assert entry["text"] in TEXT


def test_R5_5_signers_in_the_order_of_the_text() -> None:
    assert [s["code"] for s in HY.data["signoff"]] == ["household", "helper", "village_principal", "liaison_leader"]
    assert "由" + "、".join(s["text"] for s in HY.data["signoff"]) + "逐一签字确认" in TEXT


def test_R5_7_only_2017_has_a_rule_for_all_households() -> None:
    assert dict(HY.year_rules) == {2017: "all_households_out"}


def test_R1_1_target_year_has_no_exact_day() -> None:
    assert HY.data["target_year"] == 2017


def test_R4_1_two_organisers_together() -> None:
    assert HY.data["assessment"]["organisers"] == ["party_gov_office", "leading_group_office"]


def test_R6_1_monthly_is_30_percent_of_helpers_at_random() -> None:
    monthly = HY.data["assessment"]["monthly"]
    assert (monthly["ratio_percent"], monthly["unit"], monthly["random"]) == (30, "helper", True)
    assert len(monthly["aspects"]) == 3


def test_R7_1_and_R7_2_consequences() -> None:
    assert [c["code"] for c in HY.data["consequences"]["complete"]] == ["priority_for_excellent", "priority_for_awards"]
    assert [c["code"] for c in HY.data["consequences"]["not_complete"]] == ["party_committee_notice", "veto"]


# ── the matrix of article 9 ──────────────────────────────────────────────────────────────────────


def test_matrix_is_the_one_of_article_9() -> None:
    assert rules.matrix(HY) == {(s, m) for m, subjects in MATRIX.items() for s in subjects}


@pytest.mark.parametrize(("ground", "capacity"), list(product(HY.grounds, Capacity)))
def test_every_ground_and_capacity_against_the_matrix(ground: str, capacity: Capacity) -> None:
    measure = MeasureCode(HY.grounds[ground].measure)
    result = assess(HY, facts(ground, capacity))
    assert result.measure == measure
    assert result.permitted_subjects == MATRIX[measure]
    assert result.permitted == (capacity in MATRIX[measure])
    assert ("subject-not-provided-for" in codes(result)) == (capacity not in MATRIX[measure])


@pytest.mark.parametrize(("ground", "measure"), list(product(HY.grounds, MeasureCode)))
def test_G34_no_measure_stands_in_for_another(ground: str, measure: MeasureCode) -> None:
    own = HY.grounds[ground].measure
    capacity = min(MATRIX[MeasureCode(own)])
    refused = "measure-not-of-this-ground" in codes(assess(HY, facts(ground, capacity, measure=measure)))
    assert refused == (measure != own)


@pytest.mark.parametrize(
    ("ground", "outputs", "addressee"),
    [
        ("HY.9.1.1", ("township_notice",), None),
        ("HY.9.2.1", ("self_criticism", "township_notice"), "party_committee"),
        ("HY.9.3.1", ("talk_record",), None),
        ("HY.9.4.1", ("discipline_reference",), None),
    ],
)
def test_each_measure_has_its_own_outputs(ground: str, outputs: tuple[str, ...], addressee: str | None) -> None:
    result = assess(HY, facts(ground))
    assert (result.outputs, result.addressee) == (outputs, addressee)


def test_an_unknown_ground_is_refused() -> None:
    assert codes(assess(HY, facts("HY.9.4.6"))) == {"ground-not-in-rulebook"}


# ── article 10 ───────────────────────────────────────────────────────────────────────────────────

VILLAGE = (VILLAGE_ORGANS, VILLAGE_ORGANS, "decide")
COMMISSION: frozenset[str] = frozenset({Organ.DISCIPLINE_COMMISSION})
SUPERIOR: frozenset[str] = frozenset({Organ.SUPERIOR_DISCIPLINE_ORGAN})
JUDICIARY: frozenset[str] = frozenset({Organ.JUDICIAL_ORGAN})
OWN = (COMMISSION, COMMISSION, "decide")
ABOVE = (SUPERIOR, COMMISSION, "refer")
EITHER = (COMMISSION | SUPERIOR, COMMISSION, "decide")
ROUTES = {
    (Category.VILLAGE_COMMITTEE_MEMBER, None): VILLAGE,
    (Category.VILLAGE_COMMITTEE_MEMBER, Management.TOWNSHIP): VILLAGE,
    (Category.VILLAGE_COMMITTEE_MEMBER, Management.SUPERIOR): VILLAGE,
    (Category.GROUP_CADRE, None): VILLAGE,
    (Category.GROUP_CADRE, Management.TOWNSHIP): VILLAGE,
    (Category.GROUP_CADRE, Management.SUPERIOR): VILLAGE,
    (Category.ORGAN_CADRE, None): OWN,
    (Category.ORGAN_CADRE, Management.TOWNSHIP): OWN,
    (Category.ORGAN_CADRE, Management.SUPERIOR): OWN,
    (Category.UNIT_HELPER, None): EITHER,
    (Category.UNIT_HELPER, Management.TOWNSHIP): OWN,
    (Category.UNIT_HELPER, Management.SUPERIOR): ABOVE,
}


@pytest.mark.parametrize(("category", "management"), ROUTES)
def test_R10_routes_by_category_and_management(category: Category, management: Management | None) -> None:
    found = rules.competent_organs(HY, [category], management=management)
    assert (found.deciding, found.handling, found.route) == ROUTES[category, management]
    assert found.reason_required == (ROUTES[category, management] == EITHER)


def test_the_table_of_routes_is_complete() -> None:
    assert set(ROUTES) == set(product(Category, (None, *Management)))


@pytest.mark.parametrize(("category", "crime"), list(product(Category, (Crime.SUSPECTED, Crime.ESTABLISHED))))
def test_R10_crime_goes_to_the_judiciary_whoever_it_is(category: Category, crime: Crime) -> None:
    found = rules.competent_organs(HY, [category], crime=crime)
    assert (found.deciding, found.route) == (JUDICIARY, "transfer")
    assert found.handling == ROUTES[category, None][1]


def test_G37_township_cadres_go_to_the_discipline_commission_and_the_organ_is_told() -> None:
    found = rules.competent_organs(HY, [Category.ORGAN_CADRE])
    assert found.policies == {"routing.townshipCadre"}
    assert "township_cadre_routed" in {w.code for w in assess(HY, facts(categories=(Category.ORGAN_CADRE,))).warnings}


@pytest.mark.parametrize("capacity", [Capacity.VILLAGE_BODY, Capacity.VILLAGE_BODY_HEAD])
def test_G38_the_capacity_acted_in_decides(capacity: Capacity) -> None:
    both = (Category.VILLAGE_COMMITTEE_MEMBER, Category.UNIT_HELPER)
    found = rules.competent_organs(HY, both, capacity=capacity)
    assert (found.deciding, found.reason_required) == (VILLAGE_ORGANS, False)


def test_G38_an_ambiguous_capacity_needs_the_organs_reason() -> None:
    both = (Category.VILLAGE_COMMITTEE_MEMBER, Category.UNIT_HELPER)
    asked = facts(categories=both, management=Management.TOWNSHIP, organ=Organ.DISCIPLINE_COMMISSION)
    assert codes(assess(HY, asked)) == {"routing-reason-required"}
    assert assess(HY, replace(asked, routing_reason="以部门帮扶责任人身份履职")).permitted


@pytest.mark.parametrize("organ", [o for o in Organ if o is not Organ.JUDICIAL_ORGAN])
def test_G36_only_a_competent_organ_acts(organ: Organ) -> None:
    result = assess(HY, facts(organ=organ))
    assert result.permitted == (organ in VILLAGE_ORGANS)
    assert result.permitted or codes(result) == {"organ-not-competent"}


def test_R10_without_a_category_nobody_is_competent_yet() -> None:
    assert codes(assess(HY, facts(categories=()))) == {"category-unknown"}


# ── article 9(4): crime, Party, units ────────────────────────────────────────────────────────────


@pytest.mark.parametrize("ground", [g for g in HY.grounds if g.startswith("HY.9.4.")])
@pytest.mark.parametrize(
    ("crime", "expected"),
    [
        (None, {"crime-assessment-required"}),
        (Crime.NONE, set()),
        (Crime.SUSPECTED, {"judicial-transfer-required"}),
        (Crime.ESTABLISHED, {"judicial-transfer-required"}),
    ],
)
def test_G43_discipline_needs_crime_ruled_out(ground: str, crime: Crime | None, expected: set[str]) -> None:
    assert codes(assess(HY, facts(ground, Capacity.VILLAGE_BODY_HEAD, crime=crime))) == expected


@pytest.mark.parametrize("ground", [g for g in HY.grounds if not g.startswith("HY.9.4.")])
def test_G43_the_other_measures_do_not_ask(ground: str) -> None:
    capacity = min(MATRIX[MeasureCode(HY.grounds[ground].measure)])
    assert assess(HY, facts(ground, capacity, crime=None)).permitted


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Politics.PARTY_MEMBER, set()),
        (Politics.NOT_PARTY_MEMBER, {"party-discipline-only-for-members"}),
        (Politics.UNKNOWN, {"political-status-unknown"}),
    ],
)
def test_G39_party_discipline_only_for_members(status: Politics, expected: set[str]) -> None:
    asked = facts("HY.9.4.2", Capacity.DIRECTLY_RESPONSIBLE, political_status=status)
    assert codes(assess(HY, asked)) == expected
    assert assess(HY, facts("HY.9.1.1", political_status=status)).permitted


@pytest.mark.parametrize(("outcome", "rule"), [("", ""), ("责令整改", ""), ("", "有关规定"), ("责令整改", "有关规定")])
def test_G40_a_unit_needs_an_outcome_and_a_cited_rule(outcome: str, rule: str) -> None:
    asked = facts("HY.9.4.3", Capacity.UNIT, outcome=outcome, cited_rule=rule, management=Management.TOWNSHIP)
    expected = set() if outcome and rule else {"unit-discipline-needs-outcome-and-rule"}
    assert codes(assess(HY, asked)) == expected


def test_G40_a_units_discipline_does_not_ask_for_party_membership() -> None:
    asked = facts("HY.9.4.3", Capacity.UNIT, political_status=Politics.UNKNOWN, management=Management.TOWNSHIP)
    assert assess(HY, asked).permitted


def test_G41_administrative_discipline_only_by_referral() -> None:
    asked = facts("HY.9.4.2", Capacity.VILLAGE_BODY_HEAD, discipline_kind="admin")
    assert codes(assess(HY, asked)) == {"admin-discipline-only-by-referral"}


# ── article 8 ────────────────────────────────────────────────────────────────────────────────────

FIVE = ("helper", "duty_not_performed", "task_not_completed", "work_seriously_affected", "adverse_influence")


def test_HY_8_with_its_five_elements_goes_to_the_discipline_commission_without_a_measure() -> None:
    result = assess(HY, facts("HY.8", elements=FIVE, organ=Organ.DISCIPLINE_COMMISSION))
    assert result.permitted and result.measure is None and result.outputs == ()
    assert result.competence.deciding == COMMISSION


@pytest.mark.parametrize("missing", FIVE)
def test_G45_each_element_of_HY_8_is_needed(missing: str) -> None:
    result = assess(HY, facts("HY.8", elements=tuple(e for e in FIVE if e != missing)))
    assert codes(result) == {"general-clause-elements-missing"}
    assert result.refusals[0].facts["missing"] == [missing]


@pytest.mark.parametrize("measure", MeasureCode)
def test_G45_HY_8_has_no_measure(measure: MeasureCode) -> None:
    assert codes(assess(HY, facts("HY.8", elements=FIVE, measure=measure))) == {"general-clause-has-no-measure"}


@pytest.mark.parametrize("capacity", Capacity)
def test_R8_1_HY_8_is_for_helpers(capacity: Capacity) -> None:
    assert assess(HY, facts("HY.8", capacity, elements=FIVE)).permitted == (capacity == Capacity.HELPER)


@pytest.mark.parametrize("organ", [Organ.PARTY_COMMITTEE, Organ.TOWNSHIP_GOVERNMENT])
def test_R8_2_only_the_discipline_commission_uses_HY_8(organ: Organ) -> None:
    assert codes(assess(HY, facts("HY.8", elements=FIVE, organ=organ))) == {"organ-not-competent"}


# ── time, scope, same facts, requirements ────────────────────────────────────────────────────────


@pytest.mark.parametrize(("day", "permitted"), [(date(2016, 11, 8), False), (date(2016, 11, 9), True), (DAY, True)])
def test_G51_nothing_before_2016_11_09(day: date, permitted: bool) -> None:
    result = assess(HY, facts(fact_date=day))
    assert codes(result) == (set() if permitted else {"before-commencement"})


def test_G51_no_end_and_no_limitation() -> None:
    assert HY.effective_to is None
    assert assess(HY, facts(fact_date=date(2035, 1, 1))).permitted


def test_G52_a_case_keeps_the_rulebook_of_the_day_of_its_facts() -> None:
    last = date(2018, 6, 30)
    old = replace(HY, effective_to=last)
    assert codes(assess(old, facts(fact_date=last))) == set()
    assert codes(assess(old, facts(fact_date=last + timedelta(days=1)))) == {"after-expiry"}


@pytest.mark.parametrize(
    ("day", "code"),
    [
        ("2016-11-08", "before-commencement"),
        ("2016-11-09", "HUAYUAN-2016"),  # before the first binding, and after commencement
        ("2017-12-31", "HUAYUAN-2016"),
        ("2018-01-01", "HUAYUAN-2018"),
        ("2018-07-01", "after-expiry"),
        ("2019-01-01", "rulebook-is-partial"),
    ],
)
def test_G52_a_township_answers_to_the_rulebook_it_was_bound_to_on_the_day(day: str, code: str) -> None:
    new = replace(HY, code="HUAYUAN-2018", effective_from=date(2018, 1, 1), effective_to=date(2018, 6, 30))
    days = {"HUAYUAN-2016": date(2017, 1, 1), "HUAYUAN-2018": date(2018, 1, 1), "UNKNOWN": date(2019, 1, 1)}
    bound = [rules.Bound(since, name) for name, since in days.items()]
    try:
        found = rules.book_of([HY, new, rules.load(PARTIAL)], reversed(bound), date.fromisoformat(day)).code
    except Refusal as refusal:
        found = refusal.code()
    assert found == code


def test_G52_without_a_binding_or_under_a_partial_rulebook_nothing_is_concluded() -> None:
    partial = rules.load(PARTIAL)
    with pytest.raises(rules.NoRulebookInForce):
        rules.book_of([HY], [], date(2017, 1, 1))
    with pytest.raises(rules.RulebookIsPartial):
        rules.named([HY, partial], partial.code)
    assert rules.named([HY, partial], HY.code) is HY


@pytest.mark.parametrize("category", Category)
def test_R3_1_G1_a_person_outside_article_3_is_accepted_with_a_warning(category: Category) -> None:
    result = assess(HY, facts(categories=(category,), management=Management.TOWNSHIP))
    inside = category in (Category.ORGAN_CADRE, Category.VILLAGE_COMMITTEE_MEMBER)
    assert result.permitted
    assert ("outside_art3" in {w.code for w in result.warnings}) == (not inside)


@pytest.mark.parametrize("pair", [("HY.9.1.3", "HY.9.2.4"), ("HY.9.2.3", "HY.9.3.5"), ("HY.9.1.2", "HY.9.3.2")])
def test_G33_overlapping_grounds_name_each_other(pair: tuple[str, str]) -> None:
    for one, other in (pair, pair[::-1], ("HY.9.3.3", "HY.9.4.1"), ("HY.9.4.1", "HY.9.3.3")):
        assert other in assess(HY, facts(one)).alternatives
        assert "several_grounds_fit" in {w.code for w in assess(HY, facts(one)).warnings}


def test_G33_task_and_plan_overlap_with_article_7() -> None:
    assert {g.code for g in HY.grounds.values() if g.overlaps_articles} == {"HY.9.2.3", "HY.9.3.5"}


def test_G33_a_second_measure_for_the_same_facts_needs_a_reason() -> None:
    asked = facts(measures_for_same_facts=(MeasureCode.CIRCULAR_CRITICISM,))
    assert codes(assess(HY, asked)) == {"second-measure-for-same-facts"}
    assert assess(HY, replace(asked, override_reason="新查明的情节")).permitted


def test_G35_repetition_changes_nothing() -> None:
    fields = {f for f in Facts.__dataclass_fields__ if "repeat" in f or "history" in f or "earlier" in f}
    assert not fields


@pytest.mark.parametrize("code", ["HY.9.1.1", "HY.9.1.2", "HY.9.2.3", "HY.9.2.4"])
def test_G46_G47_G48_what_was_required_must_predate_the_fact(code: str) -> None:
    ground = HY.grounds[code]
    assert rules.requirement_refusal(ground, None, DAY) is not None
    assert rules.requirement_refusal(ground, DAY + timedelta(days=1), DAY) is not None
    assert rules.requirement_refusal(ground, DAY, DAY) is None
    late = facts(code, requirement_from=DAY + timedelta(days=1))
    assert codes(assess(HY, late)) == {"no-requirement-before-the-fact"}
    assert "requirement_not_shown" in {w.code for w in assess(HY, facts(code)).warnings}
    assert "requirement_not_shown" not in {w.code for w in assess(HY, facts(code, requirement_from=DAY)).warnings}


def test_the_other_grounds_need_no_requirement() -> None:
    free = [g for g in HY.grounds.values() if g.needs is None]
    assert len(free) == 13
    assert not [g for g in free if rules.requirement_refusal(g, None, DAY)]


@pytest.mark.parametrize(("before", "after"), list(product(MeasureCode, MeasureCode)))
def test_G50_an_objection_never_aggravates(before: MeasureCode, after: MeasureCode) -> None:
    order = list(MeasureCode)
    assert rules.not_heavier(HY, before, after) == (order.index(after) <= order.index(before))


def test_check_raises_the_first_refusal_or_gives_itself() -> None:
    good = assess(HY, facts())
    assert good.check() is good
    with pytest.raises(rules.GroundNotInRulebook):
        assess(HY, facts("HY.9.9.9")).check()


# ── several rulebooks ────────────────────────────────────────────────────────────────────────────


def test_a_partial_rulebook_stands_beside_but_concludes_nothing() -> None:
    partial = rules.load(PARTIAL)
    assert partial.partial and set(partial.measures).isdisjoint(HY.measures)
    assert "rulebook-is-partial" in codes(assess(partial, facts("HY.9.1.1")))


def test_a_partial_rulebook_must_say_so() -> None:
    with pytest.raises(ValueError, match="not marked partial"):
        rules.load({**PARTIAL, "partial": False})


@pytest.mark.parametrize("field", ["measure", "alternatives"])
def test_a_rulebook_that_contradicts_itself_is_not_loaded(field: str) -> None:
    first = {**HY.data["grounds"][0], field: "unheard_of" if field == "measure" else ["HY.0"]}
    with pytest.raises(ValueError, match="unknown"):
        rules.load({**HY.data, "grounds": [first, *HY.data["grounds"][1:]]})


def all_refusals(kind: type[Refusal]) -> list[type[Refusal]]:
    return [s for s in vars(rules).values() if isinstance(s, type) and issubclass(s, kind) and s.article]


@pytest.mark.parametrize("refusal", all_refusals(Refusal), ids=lambda r: r.__name__)
def test_every_refusal_speaks_both_languages_and_names_its_article(refusal: type[Refusal]) -> None:
    assert refusal.title("en").isascii() and not refusal.title("zh-CN").isascii()
