"""Are cells read as people mean them, and refused where nobody can know?"""

import string
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.glossary import NAMES
from app.intake import rules, words
from app.intake.rules import Kind, Row
from app.people.rules import check_character
from app.refusal import Refusal

WIDE = {ord(c): ord(c) + 0xFEE0 for c in string.printable if 0x21 <= ord(c) <= 0x7E}
PADDING = st.text(st.sampled_from(" \u3000\u00a0\t\u200b\ufeff"), max_size=3)
DAYS = st.dates(date(1880, 1, 1), date(2199, 12, 31))
RECENT = st.dates(date(1955, 1, 1), date(2100, 1, 1))
WRITTEN = ("{0:04}-{1:02}-{2:02}", "{0}/{1}/{2}", "{0}.{1}.{2}", "{0}年{1}月{2}日", "{0:04}{1:02}{2:02}")


@given(DAYS, st.sampled_from(WRITTEN), PADDING, st.booleans())
def test_a_day_is_one_however_it_is_written(day: date, form: str, padding: str, wide: bool) -> None:
    text = form.format(day.year, day.month, day.day)
    text = padding + (text.translate(WIDE) if wide else text) + padding
    assert rules.day(text) == day


@given(RECENT, st.sampled_from([int, float, str]))
def test_a_day_may_be_a_spreadsheets_count_of_days(day: date, kind: type) -> None:
    assert rules.day(kind((day - date(1899, 12, 30)).days)) == day


def test_a_cell_that_is_a_day_with_the_time_of_midnight_is_a_day() -> None:
    assert rules.day("2017-03-05 00:00:00") == rules.day("2017-3-5 0:00") == date(2017, 3, 5)


@pytest.mark.parametrize(
    "text", ["2017-13-01", "2017-02-30", "2017.3", "17.3.5", "三月五日", "2017-03-05 09:30:00", "5/3/2017", "0", 2017,
             1e300, -1, "20171301", "99999999", "2017年3月", True, "2017-03-05; 2017-03-06", "²⁰¹⁷-03-05"],
)  # fmt: skip
def test_what_may_be_two_days_or_none_is_refused(text: rules.Cell) -> None:
    with pytest.raises(rules.DayUnreadable):
        rules.day(text)


@given(st.integers(10**15, 10**19))
def test_a_number_that_lost_its_last_digits_is_never_taken_for_an_id(number: int) -> None:
    for cell in (number, float(number), f"{number:.5E}"):
        with pytest.raises(rules.DigitsLost):
            rules.digits(cell)
    assert rules.digits(f" {number} ") == str(number), "as text it is whole"


@given(st.integers(0, 999), st.dates(date(1930, 1, 1), date(2015, 1, 1)), PADDING, st.booleans())
def test_a_citizen_id_is_read_through_blanks_and_wide_digits(serial: int, born: date, padding: str, wide: bool) -> None:
    first = f"411421{born:%Y%m%d}{serial:03}"
    number = first + check_character(first)
    said = number.lower().translate(WIDE) if wide else number.lower()
    assert rules.citizen_id(padding + said + padding) == number


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=60)))
def test_no_cell_makes_a_reader_fail_otherwise_than_by_a_refusal(cell: rules.Cell) -> None:
    for read in rules.READERS.values():
        try:
            read(cell)
        except Refusal:
            continue


@given(st.text(max_size=30))
def test_order_is_made_once_and_for_all(text: str) -> None:
    assert rules.plain(rules.plain(text)) == rules.plain(text)
    assert rules.key(rules.key(text)) in (rules.key(text), ""), "nothing comes back out of it"


@pytest.mark.parametrize(
    ("cell", "name"),
    [("王 五", "王五"), ("王\u3000五", "王五"), (" 买买提·艾力 ", "买买提·艾力"), ("买买提 · 艾力", "买买提·艾力"),
     ("John  Smith", "John Smith"), ("王五\n", "王五")],
)  # fmt: skip
def test_a_name_is_written_without_what_fills_its_cell(cell: str, name: str) -> None:
    assert rules.name(cell) == name


def test_every_word_is_told_and_means_one_thing() -> None:
    for of, values in words.WORDS.items():
        spellings = [(rules.key(word), value) for value, many in values.items() for word in many.split()]
        assert len({word for word, _ in spellings}) == len(spellings), of
        for word, value in spellings:
            assert rules.word(of)(word) == value
        with pytest.raises(rules.WordUnknown) as refused:
            rules.word(of)("天书")
        assert refused.value.facts["accepts"]


def test_no_heading_is_two_fields_of_one_kind() -> None:
    for kind, fields in rules.FIELDS.items():
        headings = [(rules.key(word), of) for of in fields for word in words.HEADERS[of].split()]
        assert len(dict(headings)) == len(headings), (kind, sorted(headings))


def test_every_field_is_headed_and_read() -> None:
    for kind, fields in rules.FIELDS.items():
        assert set(rules.REQUIRED[kind]) <= set(fields)
        assert all(of in words.HEADERS and of in rules.READERS for of in fields)


def test_the_header_is_found_below_titles_and_across_two_rows() -> None:
    top: list[list[rules.Cell]] = [
        ["花园乡结对帮扶花名册"], ["填报单位:花园乡扶贫办", None, None, "2017年3月"],
        ["序号", "户 编 号", "帮扶情况", None, None], [None, None, "帮扶责任人(姓名)", "工作单位", "结对\n时间"],
    ]  # fmt: skip
    header = rules.find_header(Kind.PAIRINGS, top)
    assert header.row == 4
    assert header.columns == {"card_number": 1, "helper_name": 2, "unit": 3, "starts": 4}
    assert header.title("starts") == "结对 时间"


def test_a_sheet_without_its_columns_says_which_are_missing() -> None:
    with pytest.raises(rules.HeaderNotFound) as refused:
        rules.find_header(Kind.PAIRINGS, [["户编号", "联系电话"], ["4114", "1"]])
    besides = ["户主姓名", "帮扶责任人身份证号码", "单位", "是否主要帮扶责任人", "终止日期"]
    assert refused.value.facts == {"missing": ["帮扶责任人", "起始日期"], "optional": besides}


def test_of_two_columns_with_one_heading_none_is_passed_over_in_silence() -> None:
    with pytest.raises(rules.HeadingTwice) as refused:
        rules.find_header(Kind.ROSTER, [["姓名", "人员类别", "备注", "备注", "姓 名"]])
    assert refused.value.facts == {"headings": ["姓 名"]}, "what is not read may stand there as often as it likes"


HEADER = rules.Header(1, ("序号", "姓名", "类别", "备注", "导入结果"), {"name": 1, "category": 2, "result": 4})


@pytest.mark.parametrize(
    "cells",
    [[], [None, "  "], ["合计", None, "2人"], [None, "合 计"], ["注:本表一式三份"],
     ["填表人:王五", None, None, "审核人:李四"], ["序号", "姓名", "类别"], [1, "王五", "机关干部", "", "已导入"]],
)  # fmt: skip
def test_what_is_no_row_of_the_table_is_left_alone(cells: list[rules.Cell]) -> None:
    assert rules.read_row(HEADER, 2, cells) is None


def test_a_row_says_all_that_is_wrong_with_it() -> None:
    row = rules.read_row(HEADER, 7, [1, "x" * 81, "村干事", "注"])
    assert row is not None and [(of, type(why)) for of, why in row.problems] == [
        ("name", rules.TextUnfit), ("category", rules.WordUnknown),
    ]  # fmt: skip
    row.require("name", "citizen_id")
    assert [of for of, _ in row.problems] == ["name", "category", "citizen_id"], "one cell is refused once"


def test_rows_of_a_household_stand_together() -> None:
    cards = [None, "1", None, "1", "2", "1", None]
    rows = [Row(n, {"card_number": card} if card else {}) for n, card in enumerate(cards)]
    items = [[row.number for row in item] for item in rules.items(Kind.HOUSEHOLDS, rows)]
    assert items == [[0], [1, 2, 3], [4], [5, 6]]
    assert all(len(item) == 1 for item in rules.items(Kind.ROSTER, rows))


VILLAGES = [("411421201201", "花园村委会"), ("411421201202", "李楼村民委员会"), ("411421201203", "花园新村委会")]


@pytest.mark.parametrize("said", ["花园村", "花园", "花园村委会", "411421201201", "花园村民委员会"])
def test_a_village_is_known_by_any_of_its_names(said: str) -> None:
    assert rules.find_village(said, VILLAGES) == "411421201201"


@pytest.mark.parametrize("said", ["王集村", "411421201999", "村"])
def test_another_village_is_refused_with_those_there_are(said: str) -> None:
    with pytest.raises(rules.VillageUnknown) as refused:
        rules.find_village(said, VILLAGES)
    assert len(refused.value.facts["accepts"]) == 3


def test_days_counted_by_a_spreadsheet_agree_with_its_own() -> None:
    assert rules.day(42799) == date(1899, 12, 30) + timedelta(42799) == date(2017, 3, 5)


SAME = {
    "name": "PersonOut.name", "category": "category", "unit": "HelperLedgerRow.unit", "party": "party_membership",
    "authority": "management_authority", "phone": "phone", "office": "office", "place": "AppointmentOut.place",
    "starts": "starts", "ends": "ends", "card_number": "card_number", "group": "group_name", "head_name": "head_name",
    "attribute": "attribute", "main_cause": "main_cause", "other_causes": "other_causes", "listed_on": "listed_on",
    "relation": "relation", "helper_name": "HelperLedgerRow.name", "is_primary": "is_primary",
    "visited_on": "visited_on", "visit_place": "VisitOut.place", "text": "VisitOut.text",
}  # fmt: skip
"""Columns of sheets -> fields of lists that are the same."""


@pytest.mark.parametrize(("column", "field"), SAME.items())
def test_a_column_is_called_alike_where_it_comes_in_and_where_it_goes_out(column: str, field: str) -> None:
    assert words.HEADERS[column].split()[0] == NAMES[field]


def test_columns_that_come_in_alone_are_few() -> None:
    """Whole numbers of citizens go out nowhere, and villages by their code."""
    assert words.HEADERS.keys() - SAME.keys() == {"citizen_id", "helper_id", "village", "result"}


def test_every_word_of_a_value_that_goes_out_is_understood_where_it_comes_in() -> None:
    for field, called in words.NAMED.items():
        assert called.keys() >= words.ALSO[field].keys(), "which would be the word of nothing"
        for code, word in called.items():
            assert rules.key(words.WORDS[field][code].split()[0]) == rules.key(word)
