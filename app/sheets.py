"""How is a table of an office read? CSV or XLSX to rows of cells, within limits that no file can talk us out of.

A workbook is opened in a process of its own that may use so much memory and time and no more: a file of ten kilobytes
can say that it has seventeen billion cells.
"""

import codecs
import csv
import io
import json
import resource
import subprocess
import sys
import zipfile
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime
from threading import BoundedSemaphore
from typing import IO, Any

from app.refusal import Invalid, TooLarge, Unavailable

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Cell = str | int | float | bool | None
Cells = list[Cell]
"""A row, without the empty cells at its end."""

COLUMNS = 256
ROWS = 200_000
"""Rows of one file, blank ones among them."""
ROW = 32_767
"""Characters of a row's cells together, as many as one cell of a workbook may have."""
LETTERS = 16 << 20
"""Characters of a whole sheet: a small workbook may name one long text in every cell."""
BOUNDS = {"rows": ROWS, "columns": COLUMNS, "row": ROW, "letters": LETTERS}
LINE = 4 * ROW
"""Characters of a line of CSV."""
UNPACKED = 256 << 20
"""Bytes that a workbook may say it unpacks to."""
MEMORY = 768 << 20
"""Bytes of address space for whoever opens a workbook."""
SECONDS = 30
"""Of a processor, for the same."""
TURN, PATIENCE = BoundedSemaphore(2), 3.0
"""How many workbooks a process has open at once, and the seconds that another waits for its turn."""


class UnreadableFile(Invalid):
    """This file cannot be read as what it says it is: CSV in UTF-8 or GB18030, or an XLSX workbook without a password.

    文件无法读取:应为 UTF-8 或 GB18030 编码的 CSV,或未加密的 XLSX 工作簿。
    """


class SheetTooLarge(TooLarge):
    """The sheet has more rows, columns or letters, or unpacks to more, than one import takes; divide it.

    表格的行数、列数、字数或解压后的大小超过一次导入的上限,请拆分后再导入。
    """


@contextmanager
def opened(file: IO[bytes], media: str) -> Iterator[Iterator[Cells]]:
    """The rows of the first sheet that is shown. Raises UnreadableFile, SheetTooLarge, at once or on the way."""
    if media == CSV:
        with closing(_lines(file)) as lines:
            yield _bounded(lines)
        return
    with _child(file) as rows:
        yield _bounded(rows)


def _bounded(rows: Iterator[Cells]) -> Iterator[Cells]:
    whole = 0
    for number, row in enumerate(rows, 1):
        while row and row[-1] in (None, ""):
            row.pop()
        whole += (letters := sum(len(cell) for cell in row if isinstance(cell, str)))
        if number > ROWS or len(row) > COLUMNS or letters > ROW or whole > LETTERS:
            raise SheetTooLarge(**BOUNDS)
        yield row


# ── CSV ──────────────────────────────────────────────────────────────────────────────────────────


def _lines(file: IO[bytes]) -> Generator[Cells]:
    """By the line ends that CSV has: what else may end a line, as a soft break of Word, stands within a cell."""
    encoding = _encoding(file)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, newline="")
    csv.field_size_limit(LINE)
    try:
        yield from csv.reader(iter(lambda: _line(text), ""), strict=True)
    except csv.Error as error:
        raise UnreadableFile from error
    finally:
        text.detach()


def _line(text: io.TextIOWrapper) -> str:
    line = text.readline(LINE + 1)
    if len(line) > LINE:
        raise SheetTooLarge(line=LINE)
    return line


def _encoding(file: IO[bytes]) -> str:
    """UTF-8 where all of it is; else GB18030, which an office's spreadsheet writes. NUL stands in no text."""
    for encoding in ("utf-8-sig", "gb18030"):
        file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while part := file.read(1 << 16):
                if "\x00" in decoder.decode(part):
                    raise UnreadableFile
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise UnreadableFile


# ── XLSX ─────────────────────────────────────────────────────────────────────────────────────────


def _check_archive(file: IO[bytes]) -> None:
    """What the archive says of itself; what it conceals meets the child's own limits."""
    try:
        with zipfile.ZipFile(file) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
            is_workbook = "[Content_Types].xml" in archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise UnreadableFile from error
    if unpacked > UNPACKED:
        raise SheetTooLarge(bytes=UNPACKED)
    if not is_workbook:
        raise UnreadableFile


@contextmanager
def _child(file: IO[bytes]) -> Iterator[Iterator[Cells]]:
    if not TURN.acquire(timeout=PATIENCE):
        raise Unavailable
    try:
        _check_archive(file)
        with _started(file) as rows:
            yield rows
    finally:
        TURN.release()


@contextmanager
def _started(file: IO[bytes]) -> Iterator[Iterator[Cells]]:
    file.seek(0)
    child = subprocess.Popen(
        [sys.executable, "-m", "app.sheets"], stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert child.stdout is not None
    try:
        yield _told(child, child.stdout)
    finally:
        child.kill()
        child.stdout.close()
        child.wait()


def _told(child: subprocess.Popen[bytes], lines: IO[bytes]) -> Iterator[Cells]:
    for line in lines:
        yield json.loads(line)
    code = child.wait()
    if code == UNREADABLE:
        raise UnreadableFile
    if code == OVERSIZE:
        raise SheetTooLarge(**BOUNDS)
    if code != 0:
        raise SheetTooLarge(bytes=MEMORY)


UNREADABLE, OVERSIZE = 65, 66
"""What the child ends with where the file is no workbook; any other end but 0 is that of a limit."""


def _plain(value: Any) -> Cell:
    """A cell as JSON has it: a day as text, a moment too, a whole number without a point."""
    match value:
        case datetime() if (value.hour, value.minute, value.second) == (0, 0, 0):
            return value.date().isoformat()
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds")
        case date() | str() | bool() | int():
            return value.isoformat() if isinstance(value, date) else value
        case float():
            return int(value) if value.is_integer() else value
        case _:
            return str(value)


def main() -> None:
    """The child: the workbook comes as its standard input and leaves as a line of JSON for each row."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

    try:
        with CalamineWorkbook.from_filelike(sys.stdin.buffer) as book:
            shown = [sheet for sheet in book.sheets_metadata if sheet.visible == SheetVisibleEnum.Visible]
            sheet = book.get_sheet_by_name((shown or book.sheets_metadata)[0].name)
            if sheet.end and sheet.end[0] >= ROWS:
                sys.exit(OVERSIZE)
            for row in _bounded([_plain(cell) for cell in row] for row in _whole(sheet)):
                sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
    except SheetTooLarge:
        sys.exit(OVERSIZE)
    except (CalamineError, IndexError, UnicodeError):
        sys.exit(UNREADABLE)
    except BrokenPipeError:
        sys.exit(0)


def _whole(sheet: Any) -> Iterator[list[Any]]:
    """Every row from the sheet's first on; in each, every cell from its first on."""
    right = sheet.start[1] if sheet.start else 0
    for row in sheet.iter_rows():
        yield [""] * right + row


if __name__ == "__main__":
    main()
