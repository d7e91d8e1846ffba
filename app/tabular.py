"""How does a list become a file? As CSV, NDJSON or an Excel workbook, row by row: nothing here grows with the list.

Every file ends with a line that says how many rows it holds and whether these are all. One without that line broke
off on the way.
"""

import asyncio
import csv
import io
import json
import logging
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, cached_property, partial
from tempfile import TemporaryDirectory, TemporaryFile
from types import MappingProxyType
from typing import IO, Any, Protocol, Self, get_args, get_origin
from urllib.parse import quote
from uuid import UUID

import asyncpg
import xlsxwriter
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from starlette.responses import StreamingResponse
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from app.cells import Said, as_sent, in_words, name_of, on_the_clock, type_of, words_of
from app.database import as_json
from app.glossary import NAMED
from app.sheets import CSV, XLSX
from app.wire import PageOut, WorkflowOut

log = logging.getLogger("huayuan.files")
NDJSON = "application/x-ndjson"
ENDINGS = {CSV: "csv", NDJSON: "ndjson", XLSX: "xlsx"}
"""What a file of the media type is called."""
BROKEN = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
"""What may end a file before its time. A mistake of our own is not among it: then the answer itself is cut off."""

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20", "'")
"""What a text begins with that Excel would take for a formula, or that a leading apostrophe would hide."""
ROWS = 1_048_576
"""Of one sheet of Excel."""
TOP = 3
"""Rows of a sheet above the list's own: title, unit and day, headings."""
LETTERS = 32_767
"""Of one cell of Excel."""
PARTS = {12: "{0}月{1}", 4: "第{0}季度{1}"}
"""What the members of a list of that length are called, each of which is a column of its own."""
AS_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
"""A text in a cell stays what it is, whatever it begins with."""
PIECE = 65_536
Names = Mapping[tuple[str, str], Sequence[str]]
"""By township and id, by what people know a record."""
UNKNOWN: Names = MappingProxyType({})


# ── what stands in which column ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Column:
    """A field of the list's rows, or one member of a field that always has so many."""

    field: str
    heading: str
    type: Any
    member: int | None
    said: Said
    """How its values are written."""
    resource: str | None = None
    """Of which resource the record is whose name it tells, where the field has its id; `member` says which name."""

    def of(self, row: Mapping[str, Any], names: Names = UNKNOWN) -> Any:
        value = row[self.field]
        if self.resource is not None:
            told = [names.get((place_of(row), one)) for one in self.ids(row)]
            return "、".join(known[self.member or 0] for known in told if known)
        return value if self.member is None or value is None else value[self.member]

    def ids(self, row: Mapping[str, Any]) -> list[str]:
        """Of the records that the field names."""
        value = row[self.field]
        return value if isinstance(value, list) else [] if value is None else [value]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One list as a table: what it is called, of which day it is, its columns, and what stands above them."""

    name: str
    title: str
    day: date
    columns: Sequence[Column]
    above: str
    english: bool = False


@cache
def columns_of(page: type[PageOut], resource: str, *, english: bool) -> tuple[Column, ...]:
    """Those of a list's rows, by its response model: what every row has.

    In English they bear the fields' own names and say what the API says; in Chinese both are words.
    """
    (row,) = get_args(page.model_fields["items"].annotation)
    fields = {name: declared for name, declared in row.model_fields.items() if declared.is_required()}
    if english:
        return tuple(c for name, of in fields.items() for c in _columns(name, name, of, lambda _: as_sent, "{1}_{0}"))
    return tuple(
        column
        for name, declared in fields.items()
        for column in (
            *_names(row, name),
            *_columns(
                name,
                name_of(name, row.__name__),
                declared,
                partial(in_words, words=words_of(name, row.__name__, resource)),
            ),
        )
    )


def _columns(
    field: str, heading: str, declared: FieldInfo, written: Callable[[Any], Said], part: str | None = None
) -> Iterator[Column]:
    """The field's column, or one for each member where it is a list that always has so many."""
    kind = type_of(declared.annotation)
    if get_origin(kind) is not list:
        yield Column(field, heading, kind, None, written(kind))
        return
    (one,) = get_args(kind)
    bounds = {getattr(rule, word, None) for word in ("min_length", "max_length") for rule in declared.metadata} - {None}
    many = bounds.pop() if len(bounds) == 1 else None
    if many not in PARTS:
        yield Column(field, heading, type_of(one), None, written(kind))
        return
    for n in range(many):
        yield Column(field, (part or PARTS[many]).format(n + 1, heading), type_of(one), n, written(one))


def place_of(row: Mapping[str, Any]) -> str:
    """The township whose record a row is, or in whose log it stands."""
    return str(row["township_code"] if "township_code" in row else row["log"])


def _names(model: type[BaseModel], field: str) -> Iterator[Column]:
    """Columns with the names of the records whose ids the field has, where a row says of which township they are."""
    if model.model_fields.keys().isdisjoint(("township_code", "log")):
        return
    resource, *headings = NAMED.get(f"{model.__name__}.{field}") or NAMED.get(field, ("",))
    for n, heading in enumerate(headings):
        yield Column(field, heading, str, n, as_sent, resource)


def _as_read(columns: Iterable[Column]) -> list[Column]:
    """What the list is about comes first, then what every record has, and ids, which nobody reads, come last."""
    return sorted(columns, key=lambda column: (column.type is UUID, column.field in WorkflowOut.model_fields))


# ── rows on their way ────────────────────────────────────────────────────────────────────────────


@dataclass
class Part:
    """Some rows as JSON texts, the cursor after the last of them, and the names of what they are about."""

    rows: list[str]
    cursor: str
    names: Names = field(default_factory=dict)

    @cached_property
    def objects(self) -> list[dict[str, Any]]:
        """The rows, read once by whoever asks first."""
        return [json.loads(row) for row in self.rows]


Parts = AsyncIterator[Part | None]
"""The rows of a file; a last None says that there are more, for which the time was too short."""


@dataclass(slots=True)
class Count:
    """How far a file has come."""

    sheet: Sheet
    media: str
    rows: int = 0
    cursor: str | None = None
    """After the last row there is."""
    complete: bool = False

    def add(self, part: Part) -> None:
        self.rows, self.cursor = self.rows + len(part.rows), part.cursor

    @property
    def ending(self) -> dict[str, Any]:
        return {"complete": self.complete, "rows": self.rows, "next_cursor": None if self.complete else self.cursor}

    @property
    def said(self) -> str:
        """The line by which a file ends."""
        go_on = f"cursor={self.cursor}"
        if self.sheet.english:
            return (
                f"# complete: {self.rows} rows" if self.complete else f"# incomplete: {self.rows} rows; go on: {go_on}"
            )
        return f"# 完整:共 {self.rows} 行" if self.complete else f"# 不完整:已有 {self.rows} 行,续取:{go_on}"

    def note(self) -> None:
        """Whoever reads a whole list at once leaves a trace: which, how much of it, never what stands in it."""
        facts = {"operation": self.sheet.name, "media": self.media, "rows": self.rows, "complete": self.complete}
        log.info("file", extra={"facts": facts})


class Streamed(StreamingResponse):
    """A file on its way: what it is read from is given back as soon as nobody reads on."""

    def __init__(self, content: AsyncIterator[str] | AsyncIterator[bytes], count: Count) -> None:
        sheet, ending = count.sheet, ENDINGS[count.media]
        name = f"attachment; filename=\"{sheet.name}.{ending}\"; filename*=UTF-8''{quote(sheet.title)}.{ending}"
        headers = {"content-disposition": name, "vary": "accept, accept-language", "cache-control": "no-store"}
        super().__init__(content, media_type=count.media, headers=headers)

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Each is ended but once, so that what it ends in turn comes to its own end."""
        async with aclosing(self.body_iterator):  # type: ignore[type-var]
            answer = asyncio.ensure_future(self.stream_response(send))
            gone = asyncio.ensure_future(self.listen_for_disconnect(receive))
            try:
                await asyncio.wait((answer, gone), return_when=asyncio.FIRST_COMPLETED)
            finally:
                answer.cancel()
                gone.cancel()
                await asyncio.wait((answer, gone))
            if not answer.cancelled():
                answer.result()


def streamed(media: str, sheet: Sheet, parts: Parts, held: AsyncExitStack) -> Streamed:
    """CSV or NDJSON as its rows come; `held` is left when the last one is there, and when nobody reads on."""
    count = Count(sheet, media)
    return Streamed(_pieces(Csv(sheet) if media == CSV else Ndjson(), parts, held, count), count)


async def _pieces(writer: "Text", parts: Parts, held: AsyncExitStack, count: Count) -> AsyncIterator[str]:
    try:
        try:
            async with held:
                yield writer.head()
                async for part in parts:
                    if part is None:
                        break
                    count.add(part)
                    yield writer.rows(part)
                else:
                    count.complete = True
        except BROKEN as error:
            count.complete = False
            log.warning("file broken off: %s", type(error).__name__)
        yield writer.end(count)
    finally:
        count.note()


# ── CSV and NDJSON ───────────────────────────────────────────────────────────────────────────────


class Text(Protocol):
    def head(self) -> str: ...

    def rows(self, part: Part) -> str: ...

    def end(self, count: Count) -> str: ...


class Ndjson:
    """A line for each row, the same object as in `items`; the last line is about the file."""

    def head(self) -> str:
        return ""

    def rows(self, part: Part) -> str:
        """PostgreSQL breaks lines between the members of what it gathers; inside a text they are always escaped."""
        return "".join(row.replace("\n", "") + "\n" for row in part.rows)

    def end(self, count: Count) -> str:
        return as_json(count.ending) + "\n"


class Csv:
    """RFC 4180 in UTF-8 with a byte order mark, by which Excel knows it; in English what is no plain value is JSON.

    A text that a spreadsheet would take for a formula gets an apostrophe in front, and so does one that begins with
    an apostrophe: whoever takes the first one away has the text again.
    """

    def __init__(self, sheet: Sheet) -> None:
        self._columns = sheet.columns if sheet.english else _as_read(sheet.columns)
        self._out = io.StringIO(newline="")
        self._writer = csv.writer(self._out)

    def head(self) -> str:
        return "\ufeff" + self._lines([[column.heading for column in self._columns]])

    def rows(self, part: Part) -> str:
        return self._lines([[_plain(c, c.of(row, part.names)) for c in self._columns] for row in part.objects])

    def end(self, count: Count) -> str:
        return self._lines([[count.said]])

    def _lines(self, lines: Sequence[Sequence[str]]) -> str:
        self._writer.writerows(lines)
        text = self._out.getvalue()
        self._out.seek(0)
        self._out.truncate()
        return text


def _plain(column: Column, value: Any) -> str:
    text = column.said(value)
    return f"'{text}" if text.startswith(FORMULA) and not isinstance(value, int | float) else text


# ── Excel ────────────────────────────────────────────────────────────────────────────────────────


async def workbook(sheet: Sheet, parts: Parts, held: AsyncExitStack) -> Streamed:
    """The rows as a file of Excel, on disk before the answer begins; what goes beyond a sheet is another file."""
    count = Count(sheet, XLSX)
    with Workbook(sheet.day) as book:
        page = book.begin(sheet)

        def put(part: Part) -> None:
            page.add(part.objects, part.names)

        async with held:
            async for part in parts:
                if part is None or count.rows + len(part.rows) > page.room:
                    break
                await asyncio.to_thread(put, part)
                count.add(part)
            else:
                count.complete = True
        page.end(count.said)
        file = await asyncio.to_thread(book.close)
    count.note()
    return Streamed(_contents(file), count)


async def _contents(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


class Workbook:
    """A file of Excel, sheet after sheet, row after row: equal data of one day give equal bytes."""

    def __init__(self, day: date) -> None:
        self._folder = TemporaryDirectory(prefix="huayuan-")
        self._file = TemporaryFile()  # noqa: SIM115  it outlives the workbook, until it has been read
        options = {"constant_memory": True, "tmpdir": self._folder.name, "use_zip64": True}
        self._book = xlsxwriter.Workbook(self._file, {**options, **AS_TEXT})
        self._book.set_properties({"created": datetime(day.year, day.month, day.day)})  # noqa: DTZ001  Excel knows no zones
        font = {"font_name": "宋体", "font_size": 10, "valign": "vcenter"}
        edged = {**font, "border": 1}
        self.styles = {
            name: self._book.add_format(style)
            for name, style in {
                "title": {**font, "font_size": 18, "bold": True, "align": "center"}, "line": font,
                "heading": {**edged, "bold": True, "align": "center", "text_wrap": True, "bg_color": "#EDEDED"},
                "cell": edged, "day": {**edged, "num_format": "yyyy-mm-dd"},
                "moment": {**edged, "num_format": "yyyy-mm-dd hh:mm:ss"},
            }.items()
        }  # fmt: skip

    def begin(self, sheet: Sheet) -> "Page":
        """A new sheet; the one before must be at its end."""
        name = re.sub(r"[\[\]:*?/\\']", " ", sheet.title)[:31]
        return Page(self._book.add_worksheet(name), sheet, self.styles)

    def close(self) -> IO[bytes]:
        """Put it together: the file, open at its beginning; whoever takes it closes it."""
        self._book.close()
        self._file.seek(0)
        return self._file

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()


class Page:
    """One sheet as it is filled: title, what it is about, headings that every printed page repeats, rows, the end.

    Before all columns stands the row's number.
    """

    def __init__(self, worksheet: Any, sheet: Sheet, styles: Mapping[str, Any]) -> None:
        self._page, self._sheet, self._styles = worksheet, sheet, styles
        self._columns = _as_read(sheet.columns)
        self._at = TOP
        self.room = ROWS - TOP - 1
        self._lay_out()

    def _lay_out(self) -> None:
        page, english = self._page, self._sheet.english
        page.set_landscape()
        page.set_paper(9)  # A4
        page.fit_to_pages(1, 0)
        page.repeat_rows(TOP - 1)
        page.freeze_panes(TOP, 0)
        page.set_footer("&CPage &P / &N" if english else "&C第 &P 页 共 &N 页")
        page.set_row(0, 32)
        for row, (text, style) in enumerate(((self._sheet.title, "title"), (self._sheet.above, "line"))):
            page.merge_range(row, 0, row, len(self._columns), text, self._styles[style])
        page.set_column(0, 0, 6)
        page.write_string(TOP - 1, 0, "No." if english else "序号", self._styles["heading"])
        for n, column in enumerate(self._columns, 1):
            page.set_column(n, n, _width(column))
            page.write_string(TOP - 1, n, column.heading, self._styles["heading"])

    def add(self, rows: Iterable[Mapping[str, Any]], names: Names = UNKNOWN) -> None:
        for row in rows:
            self._page.write_number(self._at, 0, self._at - TOP + 1, self._styles["cell"])
            for n, column in enumerate(self._columns, 1):
                self._write(n, column, column.of(row, names))
            self._at += 1

    def end(self, said: str) -> None:
        self._page.autofilter(TOP - 1, 0, max(self._at, TOP) - 1, len(self._columns))
        self._page.write_string(self._at, 0, said, self._styles["line"])

    def _write(self, n: int, column: Column, value: Any) -> None:
        page, at, cell = self._page, self._at, self._styles["cell"]
        match value:
            case None:
                page.write_blank(at, n, None, cell)
            case bool() if self._sheet.english:
                page.write_boolean(at, n, value, cell)
            case int() | float() if not isinstance(value, bool) and abs(value) < 2**53:
                page.write_number(at, n, value, cell)
            case str() if (moment := _on_the_calendar(column, value)) is not None:
                page.write_datetime(at, n, moment, self._styles["moment" if column.type is datetime else "day"])
            case _:
                page.write_string(at, n, _cut(column.said(value), english=self._sheet.english), cell)


def _on_the_calendar(column: Column, value: str) -> date | None:
    """The day or moment, where Excel's calendar has it, which begins with 1900."""
    if column.type not in (date, datetime):
        return None
    moment = on_the_clock(value)
    return moment if moment.year > 1900 else None


def _cut(text: str, *, english: bool) -> str:
    """No cell holds more than so many letters; what is left out is said."""
    if len(text) <= LETTERS:
        return text
    said = f"…[{len(text)} characters, cut: see NDJSON]" if english else f"…[共 {len(text)} 字,已截断,全文见 NDJSON]"
    return text[: LETTERS - len(said)] + said


def _width(column: Column) -> float:
    is_one_of_many = column.member is not None and column.resource is None
    usual = {date: 11, datetime: 19, int: 7, bool: 7}.get(column.type, 7 if is_one_of_many else 16)
    letters = sum(1 if letter.isascii() else 2 for letter in column.heading)
    return max(usual, min(letters + 2, 22))
