"""Is a citizen id accepted exactly when GB 11643-1999 makes it one?"""

from datetime import date

import pytest

from app.people.rules import WrongCitizenId, check_character, last_four, read_citizen_id

VECTORS = [
    ("11010519491231002X", date(1949, 12, 31), "female"),
    ("440524188001010014", date(1880, 1, 1), "male"),
    ("34052419800101001X", date(1980, 1, 1), "male"),
]


@pytest.mark.parametrize(("number", "born", "sex"), VECTORS)
def test_vectors_of_the_standard_are_read(number: str, born: date, sex: str) -> None:
    read = read_citizen_id(number)
    assert (read.number, read.born, read.sex) == (number, born, sex)
    assert check_character(number[:17]) == number[17]


@pytest.mark.parametrize(("number", "born", "sex"), VECTORS)
def test_every_other_check_character_is_refused(number: str, born: date, sex: str) -> None:
    for other in set("0123456789X") - {number[17]}:
        with pytest.raises(WrongCitizenId) as refused:
            read_citizen_id(number[:17] + other)
        assert refused.value.facts["reason"] == "check_digit"


def test_every_single_digit_error_and_neighbour_swap_is_found() -> None:
    number = "34052419800101001X"
    for place in range(17):
        for digit in set("0123456789") - {number[place]}:
            with pytest.raises(WrongCitizenId):
                read_citizen_id(number[:place] + digit + number[place + 1 :])
    for place in range(16):
        if number[place] != number[place + 1]:
            swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
            with pytest.raises(WrongCitizenId):
                read_citizen_id(swapped)


def test_a_small_x_is_the_same_id() -> None:
    assert read_citizen_id("34052419800101001x").number == "34052419800101001X"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3405241980010100",
        "34052419800101001XX",
        "3405241980010100１X",
        "X" * 18,
        "34052419800101001X\n",
        "34052419800101001\0",
    ],
)
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(WrongCitizenId) as refused:
        read_citizen_id(text)
    assert refused.value.facts == {"reason": "form"}


@pytest.mark.parametrize("born", ["19801301", "19800230", "18791231", "19810229"])
def test_an_impossible_birth_date_is_refused_even_with_a_right_check_digit(born: str) -> None:
    first = f"340524{born}001"
    with pytest.raises(WrongCitizenId) as refused:
        read_citizen_id(first + check_character(first))
    assert refused.value.facts == {"reason": "birth_date"}


def test_a_birth_after_today_is_refused_and_on_today_accepted() -> None:
    assert read_citizen_id("34052419800101001X", today=date(1980, 1, 1)).born == date(1980, 1, 1)
    with pytest.raises(WrongCitizenId):
        read_citizen_id("34052419800101001X", today=date(1979, 12, 31))


def test_the_refusal_repeats_nothing_personal_and_names_the_field() -> None:
    with pytest.raises(WrongCitizenId) as refused:
        read_citizen_id("340524198001010011", pointer="/members/0/citizen_id")
    assert refused.value.pointer == "/members/0/citizen_id"
    assert "3405" not in str(refused.value.facts) + str(refused.value)


def test_the_last_four_are_shown() -> None:
    assert last_four("34052419800101001X") == "001X"
