"""Do the codes of places tell their level and parent, and does the packed national list keep to them?"""

import pytest

from app.places import rules
from app.places.rules import Level

TOWNSHIP = "411421201"


def test_the_length_tells_the_level() -> None:
    assert [rules.level_of(code) for code in ("41", "4114", "411421", TOWNSHIP, "411421201201")] == list(Level)


@pytest.mark.parametrize("code", ["", "4", "411", "41142", "4114212010", "41142120x", "41142120１", "-4"])
def test_other_lengths_and_letters_are_no_code(code: str) -> None:
    with pytest.raises(rules.NotADivisionCode) as refused:
        rules.level_of(code, "/place")
    assert refused.value.pointer == "/place"


def test_parents_are_prefixes() -> None:
    assert rules.parent_of("411421201201") == TOWNSHIP
    assert rules.parent_of("41") is None
    assert rules.lineage(TOWNSHIP) == ["41", "4114", "411421", TOWNSHIP]


def test_lies_in_takes_the_place_itself_and_what_is_below() -> None:
    assert rules.lies_in("411421201201", TOWNSHIP)
    assert rules.lies_in(TOWNSHIP, TOWNSHIP)
    assert not rules.lies_in("411421202201", TOWNSHIP)
    assert not rules.lies_in("411421201201", "41142"), "half a county is no place"


def test_a_village_of_another_township_is_refused_at_its_pointer() -> None:
    rules.require_village_of(TOWNSHIP, "411421201201", "/village_code")
    for code in ("411421202201", TOWNSHIP):
        with pytest.raises(rules.OutsideTheTownship) as refused:
            rules.require_village_of(TOWNSHIP, code, "/village_code")
        assert refused.value.pointer == "/village_code"
        assert refused.value.facts == {"township_code": TOWNSHIP}


def test_the_packed_list_is_whole_and_every_parent_comes_first() -> None:
    seen: dict[str, Level] = {}
    for division in rules.divisions():
        above = rules.parent_of(division.code)
        assert above is None or above in seen
        assert division.code not in seen
        assert division.name == division.name.strip() != ""
        seen[division.code] = division.level
    counts = [list(seen.values()).count(level) for level in Level]
    assert counts == [31, 342, 2978, 41352, 620573]


def test_the_township_of_the_demo_has_its_17_villages() -> None:
    found = list(rules.divisions(TOWNSHIP))
    assert found[0] == (TOWNSHIP, "花园乡")
    assert [division.level for division in found[1:]] == [Level.VILLAGE] * 17
    assert found[1].name == "花北村委会"


def test_G25_the_principal_is_the_party_secretary_or_else_the_director() -> None:
    assert [post.value for post in rules.PrincipalPost] == ["party_secretary", "committee_director"]
