"""Is a file read as what it is, and can none make us read more than we want to?"""

import io
import os
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import pytest
import xlsxwriter

from app import sheets
from app.refusal import Refusal
from app.sheets import CSV, XLSX, SheetTooLarge, UnreadableFile


def read(content: bytes, media: str = CSV) -> list[list[Any]]:
    with on_disk(content) as file, sheets.opened(file, media) as rows:
        return list(rows)


def on_disk(content: bytes) -> IO[bytes]:
    """As an upload lies when a child is to read it."""
    file = TemporaryFile()  # noqa: SIM115  closed by whoever asked
    file.write(content)
    file.seek(0)
    return file


def workbook(write: Callable[[Any, Any], None]) -> bytes:
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"strings_to_urls": False})
    write(book, book.add_worksheet())
    book.close()
    return made.getvalue()


def repacked(content: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with another text in one of its files."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            text = old.read(entry)
            new.writestr(entry, change(text) if entry == name else text)
    return made.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
PLAIN = workbook(lambda book, sheet: sheet.write_row(0, 0, ["姓名", "年龄"]))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_is_read_in_the_encodings_of_offices(encoding: str) -> None:
    text = '姓名,备注\r\n"王,五","第一行\n第二行"\r\n\r\n㛃䶮,𠮷\r\n'
    assert read(text.encode(encoding)) == [["姓名", "备注"], ["王,五", "第一行\n第二行"], [], ["㛃䶮", "𠮷"]]


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe\x00", "姓名,\x00\r\n".encode(), "姓名".encode("utf-16"), b'"never ends', b'a,"b"c\r\n',
     b"\x81\x81\x7f\xff"],
)  # fmt: skip
def test_what_is_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableFile):
        read(content)


def test_a_line_of_csv_ends_where_csv_says_so() -> None:
    """A soft break of Word, or whatever else Unicode calls an end, stands within its cell."""
    for odd in "\x0b\x0c\x1c\x85\u2028\u2029":
        text = f'李{odd}建国,x\r\n"王\r\n五",y\n赵六,z\r李七,w'
        whole = [[f"李{odd}建国", "x"], ["王\r\n五", "y"], ["赵六", "z"], ["李七", "w"]]
        assert read(text.encode()) == whole


class Counted(io.BytesIO):
    """A file that counts what is read of it."""

    many = 0

    def read(self, size: int | None = -1, /) -> bytes:
        got = super().read(size)
        self.many += len(got)
        return got

    def read1(self, size: int = -1, /) -> bytes:
        got = super().read1(size)
        self.many += len(got)
        return got


def test_a_line_without_an_end_is_read_no_further_than_a_line_may_be_long() -> None:
    file = Counted(b"x" * (8 << 20))
    with sheets.opened(file, CSV) as rows, pytest.raises(SheetTooLarge):
        list(rows)
    assert file.many < len(file.getvalue()) + 2 * sheets.LINE, "once for its encoding, and the beginning"


@pytest.mark.parametrize("media", [CSV, XLSX])
def test_so_many_letters_a_row_and_a_sheet_may_have(media: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def of(*rows: list[str]) -> bytes:
        if media == CSV:
            return "\r\n".join(",".join(row) for row in rows).encode()
        return workbook(lambda book, sheet: [sheet.write_row(n, 0, row) for n, row in enumerate(rows)])

    half = "长" * (sheets.ROW // 2)
    assert read(of([half, half], [half]), media)[0] == [half, half]
    with pytest.raises(SheetTooLarge):
        read(of([half, half, "长长"]), media)
    monkeypatch.setattr(sheets, "LETTERS", 3 * len(half) - 1)
    with pytest.raises(SheetTooLarge):
        read(of([half, half], [half]), media)


def test_a_text_that_every_cell_names_does_not_leave_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty kilobytes that would be hundreds of millions of letters."""
    told: list[int] = []
    told_by = sheets._told

    def counted(child: Any, lines: Any) -> Any:
        return told_by(child, (told.append(len(line)) or line for line in lines))

    monkeypatch.setattr(sheets, "_told", counted)
    bomb = workbook(lambda book, sheet: [sheet.write_row(n, 0, ["长" * 32_000]) for n in range(5_000)])
    assert len(bomb) < 200_000
    with pytest.raises(SheetTooLarge):
        read(bomb, XLSX)
    assert sheets.LETTERS < sum(told) < 3 * sheets.LETTERS + 200_000, "of three bytes each, and not three times as many"


def test_cells_of_a_workbook_are_what_they_are() -> None:
    def write(book: Any, sheet: Any) -> None:
        sheet.write_row(2, 1, ["王五", 13800000001, 0.5, True])
        sheet.write_datetime(3, 1, date(2017, 3, 5), book.add_format({"num_format": "m/d"}))
        sheet.write_formula(3, 2, "=1+1", None, 2)
        book.add_worksheet("第二张").write(0, 0, "not read")

    rows = read(workbook(write), XLSX)
    assert rows == [[], [], ["", "王五", 13800000001, 0.5, True], ["", "2017-03-05", 2]]


def test_a_hidden_sheet_is_not_the_one_that_is_meant() -> None:
    def write(book: Any, sheet: Any) -> None:
        sheet.write(0, 0, "hidden")
        sheet.hide()
        shown = book.add_worksheet("花名册")
        shown.write(0, 0, "shown")
        shown.activate()

    assert read(workbook(write), XLSX) == [["shown"]]


def test_two_hundred_columns_are_read_and_no_more_than_there_may_be() -> None:
    wide = workbook(lambda book, sheet: sheet.write_row(0, 0, list(range(200))))
    assert len(read(wide, XLSX)[0]) == 200
    for content, media in (
        (workbook(lambda b, s: s.write_row(0, 0, list(range(300)))), XLSX),
        (b"," * 300 + b"x", CSV),
    ):
        with pytest.raises(SheetTooLarge):
            read(content, media)


def test_a_million_empty_rows_are_not_read_through() -> None:
    far = workbook(lambda book, sheet: [sheet.write(0, 0, "姓名"), sheet.write(1_048_575, 0, "王五")])
    for content, media in ((far, XLSX), (b"\r\n" * 1_000_000, CSV)):
        with pytest.raises(SheetTooLarge):
            read(content, media)


def test_a_small_file_that_says_it_has_seventeen_billion_cells_takes_no_memory_of_ours() -> None:
    far = workbook(lambda book, sheet: [sheet.write(0, 0, "a"), sheet.write(1_048_575, 16_383, "b")])
    assert len(far) < 10_000
    with pytest.raises(SheetTooLarge):
        read(far, XLSX)


def bomb(megabytes: int) -> bytes:
    """A workbook whose sheet unpacks to that much."""
    return repacked(PLAIN, SHEET, lambda xml: xml.replace(b"<sheetData>", b"<sheetData>" + b" " * (megabytes << 20)))


def test_a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "UNPACKED", 2 << 20)
    monkeypatch.setattr(sheets.subprocess, "Popen", None)  # opening it would fail with another error
    with pytest.raises(SheetTooLarge):
        read(bomb(3), XLSX)


def test_a_workbook_that_lies_about_it_meets_the_limits_of_whoever_opens_it() -> None:
    """The archive says 1 byte; the child unpacks what is there, within its own memory and time."""
    content = bytearray(bomb(64))
    at = content.rindex(b"PK\x01\x02", 0, content.rindex(SHEET.encode()))
    content[at + 24 : at + 28] = (1).to_bytes(4, "little")
    with pytest.raises(Refusal):
        read(bytes(content), XLSX)


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0" * 100, PLAIN[:-30], repacked(PLAIN, SHEET, lambda xml: xml[:-40]),
     repacked(PLAIN, "xl/workbook.xml", lambda xml: b""), b"PK\x05\x06" + b"\x00" * 18],
)  # fmt: skip
def test_what_is_no_workbook_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableFile):
        read(content, XLSX)


def test_an_entity_of_the_reader_reaches_no_file() -> None:
    entity = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><worksheet'
    evil = repacked(PLAIN, SHEET, lambda xml: xml.replace(b"<worksheet", entity, 1).replace(b">0<", b">&e;<"))
    with suppress(UnreadableFile, SheetTooLarge):
        assert "root" not in str(read(evil, XLSX))


def test_nothing_is_left_running_where_the_reader_stops() -> None:
    many = workbook(lambda book, sheet: [sheet.write_row(n, 0, ["x" * 50] * 10) for n in range(2_000)])
    with on_disk(many) as file, sheets.opened(file, XLSX) as rows:
        next(rows)
        assert children(), "it can be seen while it runs"
    assert not children()


def children() -> list[str]:
    """Of this process, those that read a workbook."""
    own = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    return [pid for pid in own if "app.sheets" in Path(f"/proc/{pid}/cmdline").read_text()]
