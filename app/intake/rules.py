"""What does a row of an office's sheet say? Header, cells, words and days put in order; nothing is guessed."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from app.calendar import EARLIEST, LATEST
from app.intake.words import HEADERS, NOTES, TOTALS, WORDS
from app.people.rules import read_citizen_id
from app.refusal import Conflict, Invalid, Refusal

Cell = str | int | float | bool | None


class Kind(StrEnum):
    """What a sheet is about."""

    ROSTER = "roster"  # 人员花名册
    HOUSEHOLDS = "households"  # 贫困户登记表
    PAIRINGS = "pairings"  # 结对帮扶花名册
    VISITS = "visits"  # 走访记录


FIELDS: dict[Kind, tuple[str, ...]] = {
    Kind.ROSTER: (
        "name", "citizen_id", "category", "unit", "party", "authority", "phone", "office", "place", "starts", "ends",
    ),
    Kind.HOUSEHOLDS: (
        "card_number", "village", "group", "head_name", "attribute", "main_cause", "other_causes", "listed_on", "name",
        "relation", "citizen_id",
    ),
    Kind.PAIRINGS: ("card_number", "head_name", "helper_name", "helper_id", "unit", "is_primary", "starts", "ends"),
    Kind.VISITS: ("card_number", "head_name", "helper_name", "helper_id", "unit", "visited_on", "visit_place", "text"),
}  # fmt: skip
"""What is read of a sheet of each kind; other columns are left alone."""
REQUIRED: dict[Kind, tuple[str, ...]] = {
    Kind.ROSTER: ("name", "category"),
    Kind.HOUSEHOLDS: ("card_number", "village", "main_cause", "listed_on"),
    Kind.PAIRINGS: ("card_number", "helper_name", "starts"),
    Kind.VISITS: ("card_number", "helper_name", "visited_on", "visit_place", "text"),
}
"""Without which a sheet is none of the kind, and a record none."""
OF_MEMBERS = ("name", "relation", "citizen_id")
"""What a household's further rows say; the rest stands in its first."""

WITHIN = 20
"""Rows from the top in which the header stands."""
EXACT = 10**15
"""A spreadsheet keeps fifteen digits of a number and no more."""
SERIAL_DAYS = (20_000, 80_000)
"""Days of a spreadsheet's calendar, from 1954 to 2119, that a cell may hold without saying that it is one."""


class HeaderNotFound(Invalid):
    """No row near the top names the columns that such a sheet needs.

    表格前 20 行中没有找到所需的列标题。
    """


class HeadingTwice(Invalid):
    """Two columns bear one heading, and only one could be read: name the other one otherwise, or leave it out.

    有两列使用同一标题,只能读取其中一列:请更改或删除多余的一列。
    """


class ValueMissing(Invalid):
    """This must be filled in.

    此项必填。
    """


class WordUnknown(Invalid):
    """The register does not know this word.

    登记簿不认识这个写法。
    """


class DayUnreadable(Invalid):
    """This is no day of the calendar: write it like 2017-03-05.

    日期无法识别:请写成 2017-03-05 的样式。
    """


class DigitsLost(Invalid):
    """The spreadsheet kept only fifteen digits of this number: make the column text and type it again.

    号码超过 15 位且按数字保存,末尾几位已丢失:请把该列设为“文本”格式后重新录入。
    """


class PhoneUnreadable(Invalid):
    """This is no telephone number: 5 to 20 digits.

    电话号码有误:应为 5 至 20 位数字。
    """


class TextUnfit(Invalid):
    """This text is too long for the register, or holds characters that no form may hold.

    内容过长,或含有不能登记的字符。
    """


# ── cells ────────────────────────────────────────────────────────────────────────────────────────

HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}
BLANKS = re.compile(r"[\s\u00A0\u200B-\u200D\u2060\uFEFF]+")
HAN = r"\u3400-\u9FFF\uF900-\uFAFF\U00020000-\U0003FFFF"
BETWEEN_HAN = re.compile(rf"(?<=[{HAN}·]) (?=[{HAN}·])")
FLOATING = re.compile(r"\d(\.\d+)?E\+\d+", re.IGNORECASE)
DAY = re.compile(
    r"(\d{4})(?:[-/.](\d{1,2})[-/.](\d{1,2})|年(\d{1,2})月(\d{1,2})[日号]?|(\d{2})(\d{2}))"
    r"(?: ?0?0:00(?::00)?)?",
    re.ASCII,
)
PUNCTUATION = re.compile(r"[\s\u00A0\u200B-\u200D\u2060\uFEFF“”\"'‘’*:,.。、,;;_/\\-]+")
IN_BRACKETS = re.compile(r"[((【\[<].*?[))】\]>]")
CONTROL = re.compile(r"[\x00-\x1F\x7F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFFFE\uFFFF]")
"""What no text of the register holds (`wire.CLEAN`)."""


def plain(cell: Cell) -> str:
    """The cell's text: half-width letters and digits, one blank where several stood, none at the ends."""
    if cell is None or isinstance(cell, bool):
        return {None: "", True: "是", False: "否"}[cell]
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < EXACT:
        cell = int(cell)
    return BLANKS.sub(" ", str(cell).translate(HALF_WIDTH)).strip()


def key(cell: Cell) -> str:
    """What two spellings of one word have in common: neither blanks nor punctuation nor what stands in brackets."""
    text = plain(cell)
    return PUNCTUATION.sub("", IN_BRACKETS.sub("", text) or text).upper()


def prose(cell: Cell, longest: int = 4000) -> str:
    text = plain(cell)
    if len(text) > longest or CONTROL.search(text):
        raise TextUnfit(longest=longest)
    return text


def line(cell: Cell) -> str:
    return prose(cell, 200)


def name(cell: Cell) -> str:
    """A name is written without the blanks that fill it up to three characters: 王 五."""
    return BETWEEN_HAN.sub("", prose(cell, 80))


def digits(cell: Cell) -> str:
    """A number that is a name. Raises DigitsLost where a spreadsheet has taken it for an amount."""
    text = plain(cell).replace(" ", "").lstrip("'").upper()
    if FLOATING.fullmatch(text) or (isinstance(cell, int | float) and abs(cell) >= EXACT):
        raise DigitsLost
    return prose(text, 200)


def citizen_id(cell: Cell) -> str:
    """Raises DigitsLost, WrongCitizenId."""
    return read_citizen_id(digits(cell)).number


def phone(cell: Cell) -> str:
    text = digits(cell)
    if not re.fullmatch(r"[0-9+-]{5,20}", text):
        raise PhoneUnreadable
    return text


def day(cell: Cell) -> date:
    """2017-03-05, 2017/3/5, 2017.3.5, 2017年3月5日, 20170305, or a spreadsheet's count of days.

    Raises DayUnreadable.
    """
    text = plain(cell)
    try:
        if text.isdecimal() and SERIAL_DAYS[0] <= int(text) <= SERIAL_DAYS[1]:
            return date(1899, 12, 30) + timedelta(days=int(text))
        found = DAY.fullmatch(text)
        if found is None:
            raise DayUnreadable
        year, month, number = (int(part) for part in found.groups() if part is not None)
        read = date(year, month, number)
    except ValueError as error:
        raise DayUnreadable from error
    if not EARLIEST <= read <= LATEST:
        raise DayUnreadable
    return read


@cache
def _spellings(of: str) -> dict[str, str]:
    return {key(written): value for value, many in WORDS[of].items() for written in many.split()}


def word(of: str) -> Callable[[Cell], str]:
    """A reader of one of the words of a field. Raises WordUnknown, which says those there are."""

    def read(cell: Cell) -> str:
        found = _spellings(of).get(key(cell))
        if found is None:
            raise WordUnknown(accepts=[many.split()[0] for many in WORDS[of].values()])
        return found

    return read


def causes(cell: Cell) -> list[str]:
    """Several causes in one cell; more than the card takes are refused. Raises WordUnknown, TextUnfit."""
    parts = [part for part in re.split(r"[、,,;;/ ]+", plain(cell)) if part]
    if len(parts) > 2:
        raise TextUnfit(most=2)
    return [word("main_cause")(part) for part in parts]


READERS: dict[str, Callable[[Cell], Any]] = {
    "name": name, "head_name": name, "helper_name": name, "citizen_id": citizen_id, "helper_id": citizen_id,
    "unit": name, "phone": phone, "place": line, "village": line, "group": name, "card_number": digits,
    "starts": day, "ends": day, "listed_on": day, "visited_on": day, "visit_place": line, "text": prose,
    "other_causes": causes,
    **{each: word(each) for each in WORDS},
    "is_primary": lambda cell: word("is_primary")(cell) == "yes",
}  # fmt: skip


# ── header and rows ──────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Header:
    """Where the header stands (rows count from 1) and which column says what."""

    row: int
    titles: tuple[str, ...]
    """The columns' own headings, from the left."""
    columns: dict[str, int]
    """Field -> column, from 0."""

    def title(self, of: str) -> str | None:
        """How the sheet itself calls the column of a field."""
        return self.titles[self.columns[of]] if of in self.columns else None


def find_header(kind: Kind, rows: Sequence[Sequence[Cell]]) -> Header:
    """The row near the top that names most of the kind's columns; a heading above several counts for those left blank.

    Raises HeaderNotFound with the columns that are missing in the best one and those that may be there besides,
    HeadingTwice with the headings.
    """
    found = [_as_header(kind, number, rows) for number in range(1, min(len(rows), WITHIN) + 1)]
    best = max(found, key=lambda header: len(header.columns), default=Header(0, (), {}))
    if missing := [called(each) for each in REQUIRED[kind] if each not in best.columns]:
        optional = [called(each) for each in FIELDS[kind] if each not in REQUIRED[kind]]
        raise HeaderNotFound(missing=missing, optional=optional)
    read = {title for each in best.columns for title in _titles(each)}
    unread = (title for at, title in enumerate(best.titles) if at not in best.columns.values())
    if twice := sorted({title for title in unread if key(title) in read}):
        raise HeadingTwice(headings=twice)
    return best


def _as_header(kind: Kind, number: int, rows: Sequence[Sequence[Cell]]) -> Header:
    own = rows[number - 1]
    above = rows[number - 2] if number > 1 else ()
    titles = tuple(
        plain(own[at] if at < len(own) and plain(own[at]) else above[at] if at < len(above) else "")
        for at in range(max(len(own), len(above) if any(map(plain, own)) else 0))
    )
    columns: dict[str, int] = {}
    for at, title in enumerate(titles):
        for each in (*FIELDS[kind], "result"):
            if each not in columns and key(title) in _titles(each):
                columns[each] = at
                break
    return Header(number, titles, columns)


def called(of: str) -> str:
    """What people are told that the column of a field is called."""
    return HEADERS[of].split()[0]


@cache
def _titles(of: str) -> frozenset[str]:
    return frozenset(key(title) for title in HEADERS[of].split())


@dataclass(slots=True)
class Row:
    """A row of a table: what it says by field, and what is wrong with it."""

    number: int
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[tuple[str | None, Refusal]] = field(default_factory=list)
    """Field (or none) and why."""

    def refuse(self, of: str | None, refusal: Refusal) -> None:
        self.problems.append((of, refusal))

    def require(self, *fields: str) -> None:
        told = {of for of, _ in self.problems}
        for each in fields:
            if each not in self.values and each not in told:
                self.refuse(each, ValueMissing())


def read_row(header: Header, number: int, cells: Sequence[Cell]) -> Row | None:
    """What a row below the header says; None where it is blank, a total, a note, the header again or done before."""
    said = {of: cells[at] for of, at in header.columns.items() if at < len(cells) and plain(cells[at])}
    first = next((key(cell) for cell in cells if plain(cell)), "")
    if not first or str(said.pop("result", "")).startswith(DONE):
        return None
    if any(key(cell) in TOTALS.split() for cell in cells[:4]):
        return None
    if len(said) <= 2 and first.startswith(tuple(NOTES.split())):
        return None
    if all(key(cell) == key(header.titles[header.columns[of]]) for of, cell in said.items()):
        return None
    row = Row(number)
    for of, cell in said.items():
        try:
            row.values[of] = READERS[of](cell)
        except Refusal as refusal:
            row.refuse(of, refusal)
    return row


DONE = "已导入"
"""What the report says of a row that is on the register now: handed in again, it is left alone."""


def items(kind: Kind, rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows that stand or fall together: a household's, each other row by itself.

    A household's further rows follow its first, without a card number or with the same.
    """
    item: list[Row] = []
    for row in rows:
        continues = kind is Kind.HOUSEHOLDS and item and _card(row) in (None, _card(item[0]))
        if item and not continues:
            yield item
            item = []
        item.append(row)
    if item:
        yield item


def _card(row: Row) -> str | None:
    """None where the cell is blank; what could not be read is no other household's blank."""
    if any(of == "card_number" for of, _ in row.problems):
        return f"row {row.number}"
    return row.values.get("card_number")


# ── what the register says against a row ─────────────────────────────────────────────────────────


class OnTwoRows(Invalid):
    """Another row of this sheet says the same.

    表内另有一行内容重复。
    """


class RowsBelongTogether(Conflict):
    """This row is in order, but not another of the same household: put that right first.

    本行无误,但同户的另一行有误,请先更正该行。
    """


class OnRegisterAlready(Conflict):
    """This is on the register already.

    登记簿中已有此项,无需重复导入。
    """


class NameDiffers(Conflict):
    """The register knows this number under another name.

    该号码在登记簿中登记的姓名与此处不同。
    """


class NameAlone(Conflict):
    """Somebody of this name is on the register or in this sheet already: the citizen id tells them apart.

    已有同名人员:请填写身份证号码以便区分。
    """


class PersonNotOnRegister(Conflict):
    """The register has no such person: register the person first.

    登记簿中没有此人,请先登记人员。
    """


class VillageUnknown(Conflict):
    """The township has no village of this name or code.

    本乡没有这个村名或村代码。
    """


class CardUnknown(Conflict):
    """No household of the register has this card number.

    登记簿中没有这个建档立卡编号。
    """


class VisitAfterAdoption(Conflict):
    """Only visits from before the township used this service are taken from sheets; later ones the helper records.

    表格只补录启用本系统之前的走访;启用之后的走访由帮扶责任人本人填报。
    """

    article = "G55"


OF_A_VILLAGE = re.compile("(村民委员会|居民委员会|村委会|居委会|社区|村)+$")


def find_village(text: str, villages: Iterable[tuple[str, str]]) -> str:
    """The code of the village, given as (code, name), that a cell means. Raises VillageUnknown."""
    known = list(villages)
    wanted = key(text)
    found = [code for code, title in known if wanted in (code, key(title))]
    found = found or [c for c, title in known if OF_A_VILLAGE.sub("", key(title)) == OF_A_VILLAGE.sub("", wanted)]
    if len(found) != 1:
        raise VillageUnknown(accepts=[title for _, title in known])
    return found[0]
