"""Does every gap have its policy, with a source, in both languages, and can a township set only what it may?"""

from datetime import date
from pathlib import Path

import pytest

from app.rulebook import policies as p

ALL = p.policies()
NUMBERS = [f"G{n}" for n in range(1, 63)]
DAY = date(2017, 3, 15)


@pytest.mark.parametrize("number", NUMBERS)
def test_every_gap_has_a_policy(number: str) -> None:
    assert [policy for policy in ALL.values() if policy.number == number]


def test_there_are_no_other_gaps() -> None:
    assert {policy.number for policy in ALL.values()} == set(NUMBERS)


@pytest.mark.parametrize("policy", ALL.values(), ids=lambda v: f"{v.number}_{v.key}")
def test_every_policy_names_its_source_in_both_languages(policy: p.Policy) -> None:
    assert policy.source in {"seed", "outside_rule", "local_policy"}
    assert policy.citation if policy.source != "local_policy" else policy.citation is None
    assert policy.zh and not policy.zh.isascii() and policy.en and policy.en.isascii()
    assert not (policy.source == "seed" and policy.settable)


EXPECTED = {
    "scope.mode": "union_of_named",
    "rubric": None,
    "grades": [],
    "annual.weights": None,
    "draw.rounding": "ceil",
    "draw.min": 1,
    "draw.unit": "helper",
    "draw.method": "simple_without_replacement",
    "draw.partialFirstMonth": "optional",
    "draw.replaceUnavailable": False,
    "team.minMembers": 2,
    "team.recusal": "on",
    "quarter.requireAllMethods": False,
    "draw.includeUnassigned": False,
    "signoff.helperRule": "primary_at_signing_date",
    "signoff.allowThumbprint": True,
    "signoff.order": "strict",
    "village.principal": "village_party_secretary",
    "exit.criteria": "external_declaration",
    "notice.audience": "township",
    "notice.endDate": "required_on_a_board",
    "veto.duration": "assessment_year",
    "sameFact.policy": "one_measure",
    "repeat.escalation": "off",
    "routing.townshipCadre": "discipline_commission",
    "discipline.kinds": ["party"],
    "visit.minPerMonth": None,
    "task.graceDays": 0,
    "procedure.hearing": "on",
    "objection.enabled": True,
    "year.signoffWindow": ["12-01", "12-31"],
    "interview.helperPresent": False,
    "draw.inspectorsRandom": False,
}


@pytest.mark.parametrize(("key", "default"), EXPECTED.items(), ids=EXPECTED)
def test_the_default_is_the_one_of_the_requirements(key: str, default: p.Value) -> None:
    assert ALL[key].default == default
    assert p.effective(key, DAY) == (default, ALL[key].source)


@pytest.mark.parametrize("policy", ALL.values(), ids=lambda v: v.key)
def test_a_default_is_a_value_the_policy_takes(policy: p.Policy) -> None:
    policy.require_fit(policy.default)
    if policy.settable:
        policy.require_settable()
    else:
        with pytest.raises(p.PolicyIsFixed):
            policy.require_settable()


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("team.minMembers", [1, 9], [0, 10, True, None, "2", 2.0]),
        ("signoff.allowThumbprint", [True, False], [None, 1, "yes"]),
        ("inspection.furtherAspects", [[], ["政策宣传"]], [None, [""], ["a", "a"], [1], "a", ["x" * 101]]),
        (
            "year.signoffWindow",
            [["11-15", "12-31"]],
            [["12-31", "12-01"], ["12-01"], ["13-01", "12-31"], ["2-30", "12-01"], ["12-01", 3], None],
        ),
    ],
)
def test_what_a_township_may_set(key: str, good: list[object], bad: list[object]) -> None:
    for value in good:
        ALL[key].require_fit(value)
    for value in bad:
        with pytest.raises(p.PolicyValueInvalid):
            ALL[key].require_fit(value)


@pytest.mark.parametrize("policy", [v for v in ALL.values() if v.settable], ids=lambda v: v.key)
def test_what_a_township_may_set_is_read_by_some_feature(policy: p.Policy) -> None:
    """A setting that nothing reads would promise what it does not keep."""
    app = Path(p.__file__).parent.parent
    read = [f for f in app.rglob("*.py") if f'policy_fact("{policy.key}"' in f.read_text(encoding="utf-8")]
    assert read


def test_a_local_value_holds_from_its_day_and_the_later_setting_wins() -> None:
    local = [
        p.LocalValue("team.minMembers", 3, date(2017, 2, 1)),
        p.LocalValue("team.minMembers", 4, date(2017, 2, 1)),
        p.LocalValue("team.minMembers", 5, date(2017, 4, 1)),
        p.LocalValue("objection.windowDays", 60, date(2017, 1, 1)),
    ]
    assert p.effective("team.minMembers", date(2017, 1, 31), local) == (2, "local_policy")
    assert p.effective("team.minMembers", DAY, local) == (4, "local_policy")
    assert p.effective("team.minMembers", date(2017, 4, 1), local) == (5, "local_policy")
    assert p.effective("quarter.requireAllMethods", DAY, local) == (False, "local_policy")


def test_a_fixed_policy_is_not_moved_by_a_stored_value() -> None:
    assert p.effective("draw.min", DAY, [p.LocalValue("draw.min", 0, date(2017, 1, 1))])[0] == 1
