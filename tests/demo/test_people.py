"""Are the people of the demonstration nobody's likeness, well formed, and the same in every run?"""

from datetime import date

from app.demo import people
from app.people.rules import read_citizen_id

VILLAGES = [(f"{people.TOWNSHIP}{200 + n}", f"村{n}") for n in range(17)]


def test_the_same_people_in_every_run() -> None:
    assert people.invent(VILLAGES) == people.invent(VILLAGES)


def test_citizen_ids_are_right_in_themselves_and_nobodys() -> None:
    register = people.invent(VILLAGES)
    numbers = [p.citizen_id for p in register.people.values()]
    numbers += [m.citizen_id for h in register.households for m in h.members]
    assert len(set(numbers)) == len(numbers) > 1000
    for number in numbers:
        assert number.startswith("990000"), "an area that nobody comes from"
        read_citizen_id(number, date(2016, 11, 9))


def test_ids_are_unique_version_7() -> None:
    register = people.invent(VILLAGES)
    ids = [p.id for p in register.people.values()] + [h.id for h in register.households]
    ids += [m.id for h in register.households for m in h.members]
    assert len(set(ids)) == len(ids)
    assert all(i[14] == "7" for i in ids)


def test_the_township_is_staffed_as_the_story_needs() -> None:
    register = people.invent(VILLAGES)
    assert len(register.households) == 400
    assert len(register.of("helper")) == 59, "helper-idle among them has no household; the successor makes sixty"
    helped = {h.helper for h in register.households}
    assert len(helped) == 58
    assert "helper-idle" not in helped
    for code, _ in VILLAGES:
        for office in ("village_principal", "liaison_leader", "village_committee_head"):
            assert register.at(office, code)
    assert {h.village for h in register.helped_by("principal-03")} == {VILLAGES[2][0]}
