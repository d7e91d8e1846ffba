"""Is every kind of value written as people read it?"""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel

from app.cells import as_sent, in_words
from app.households.schemas import MemberOut

CODES = {"a": "甲", "b": "乙"}


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (bool | None, None, ""), (bool, True, "是"), (bool, False, "否"), (int, -5, "-5"), (str, "文", "文"),
        (date | None, "2017-03-05", "2017-03-05"), (datetime, "2016-12-31T16:00:00Z", "2017-01-01 00:00:00"),
        (Literal["a", "b"], "a", "甲"), (str | None, "c", "c"), (list[Literal["a", "b"]], ["a", "b"], "甲、乙"),
        (list[UUID], [], ""), (list[str] | None, None, ""), (dict[str, int], {"a": 3, "x": 1}, "甲:3,x:1"),
        (dict[str, bool] | None, {"a": False}, "甲:否"), (dict[str, str], {"2017-01": "a"}, "2017-01:甲"),
        (dict[str, Any], {"reason": ["一", "二"], "late": True}, "理由:一、二,逾期:是"),
        (bool | int | list[str], ["x", "y"], "x、y"), (bool | int | list[str], True, "是"),
    ],
)  # fmt: skip
def test_a_value_is_written_as_people_read_it(kind: Any, value: Any, text: str) -> None:
    assert in_words(kind, CODES)(value) == text


def test_objects_are_their_members_by_name_without_those_that_say_nothing() -> None:
    member = {
        "id": "01920000-0000-7000-8000-000000000001", "name": "李秀英", "relation": "spouse", "sex": "female",
        "born": "1949-12-31", "citizen_id_last_four": "002X", "left_on": None, "left_reason": None,
    }  # fmt: skip
    text = "姓名:李秀英,与户主关系:配偶,性别:女,出生日期:1949-12-31,身份证号后四位:002X"
    assert in_words(MemberOut | None, {})(member) == text
    assert in_words(list[MemberOut], {})([member, member]) == f"{text}; {text}"
    assert in_words(MemberOut | None, {})(None) == in_words(list[MemberOut], {})([]) == ""


def test_a_member_the_glossary_does_not_know_is_an_error_and_no_english_word() -> None:
    class Unknown(BaseModel):
        of_no_list: str

    with pytest.raises(KeyError):
        in_words(Unknown, {})


def test_programs_are_told_what_the_api_says() -> None:
    assert [as_sent(value) for value in (None, True, 5, "a", [], {"a": 1})] == ["", "true", "5", "a", "[]", '{"a":1}']
