"""What becomes of a long file on its way: when its reader leaves, its time is over, or the database goes away?"""

import csv
import io
import json
import logging
from contextlib import ExitStack
from typing import Any

import httpx
import openpyxl
import psycopg
import pytest

from app import reading, tabular
from app.database import FILES_AT_ONCE
from app.sheets import CSV, XLSX
from app.tabular import NDJSON
from tests import bulk
from tests.conftest import Counter, Township
from tests.serving import eventually

MANY = 20_000
"""Rows of a thousand bytes: far more than waits in the buffers between the service and a reader who stops reading."""
FEW = 450
"""Rows that are read in three pieces."""
ON_THE_WAY = """select pid from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null"""


class Shelf:
    """A township with many visits of one helper and a few of another."""

    def __init__(self, place: Township) -> None:
        self.place, self.url = place, place.service.database_url
        self.office = place.office("leading_group_office")
        self.many, self.few = (self._visits(place, n) for n in (MANY, FEW))

    def _visits(self, place: Township, many: int) -> str:
        household, helper = place.helped()
        with psycopg.connect(self.url) as owner:
            bulk.visits(owner, place.code, str(helper.person_id), household, many)
        return str(helper.person_id)

    def stream(self, media: str = NDJSON, **query: Any) -> Any:
        headers = {"accept": media, "accept-language": "en"}
        return self.office.client.stream("GET", "/v1/visits", params={"helper_id": self.many, **query}, headers=headers)

    def read(self, media: str, **query: Any) -> httpx.Response:
        headers = {"accept": media, "accept-language": "en"}
        return self.office.client.get("/v1/visits", params=query, headers=headers)

    def backends(self) -> list[int]:
        """The connections on which files are on their way."""
        with psycopg.connect(self.url) as owner:
            return [row[0] for row in owner.execute(ON_THE_WAY)]


@pytest.fixture(scope="module")
def shelf(service: Any) -> Shelf:
    return Shelf(Township(service, "411421992"))


def parsed(media: str, content: bytes) -> tuple[list[str], dict[str, Any]]:
    """The ids of a file's rows, and its last line as NDJSON would say it."""
    if media == NDJSON:
        *rows, end = [json.loads(line) for line in content.splitlines()]
        return [row["id"] for row in rows], end
    if media == CSV:
        heading, *table, (said,) = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    else:
        sheet = openpyxl.load_workbook(io.BytesIO(content), read_only=True).active
        _, _, heading, *table, last = [list(row) for row in sheet.iter_rows(values_only=True)]
        said = last[0]
    words = said.replace(";", "").split()
    whole = words[1] == "complete:"
    end = {"complete": whole, "rows": int(words[2]), "next_cursor": None if whole else said.partition("cursor=")[2]}
    return [row[heading.index("id")] for row in table], end


def to_the_end(shelf: Shelf, media: str, **query: Any) -> tuple[list[str], int]:
    """The rows of as many files as it takes, each going on where the one before says; and how many that were."""
    ids, files = list[str](), 0
    while True:
        found, end = parsed(media, shelf.read(media, **query).content)
        assert end["rows"] == len(found)
        ids, files = ids + found, files + 1
        if end["complete"]:
            return ids, files
        query["cursor"] = end["next_cursor"]


@pytest.mark.parametrize("media", [CSV, NDJSON, XLSX])
def test_a_file_of_several_pieces_has_every_row_once(shelf, media):
    ids, files = to_the_end(shelf, media, helper_id=shelf.few)
    assert (len(ids), len(set(ids)), files) == (FEW, FEW, 1)
    assert ids == sorted(ids), "in the order of the pages"


def named(shelf, media: str, language: str) -> list[int]:
    """How many statements looked for names while a file was written, on each of the connections for files."""
    counts = []
    held = list(shelf.place.service.app.state.recent_files._pool._idle)
    for connection in held:
        counts.append(Counter())
        connection.add_query_logger(counts[-1])
    headers = {"accept": media, "accept-language": language}
    assert shelf.office.client.get("/v1/visits", params={"helper_id": shelf.few}, headers=headers).status_code == 200
    for connection, count in zip(held, counts, strict=True):
        connection.remove_query_logger(count)
    return [n for count in counts if (n := sum("AS known" in query for query in count.seen))]


@pytest.mark.parametrize("media", [CSV, XLSX])
def test_names_are_looked_up_once_a_piece_and_never_for_programs(shelf, media):
    shelf.read(media, helper_id=shelf.few)  # a connection is open from then on
    assert named(shelf, media, "zh-CN") == [3], "for people and households together"
    assert named(shelf, media, "en") == named(shelf, NDJSON, "zh-CN") == named(shelf, "application/json", "zh-CN") == []


@pytest.mark.parametrize("media", [CSV, NDJSON, XLSX])
def test_a_file_whose_time_is_over_says_where_to_go_on(shelf, media, monkeypatch):
    """Also within the time there was none left but for the first piece."""
    monkeypatch.setattr(reading, "SHARE", 0)
    ids, files = to_the_end(shelf, media, helper_id=shelf.few)
    assert (len(ids), len(set(ids))) == (FEW, FEW)
    assert files > 1, "a file was cut"


def test_what_goes_beyond_a_sheet_of_excel_is_another_file(shelf, monkeypatch):
    monkeypatch.setattr(tabular, "ROWS", 300)
    ids, files = to_the_end(shelf, XLSX, helper_id=shelf.few)
    assert (len(ids), len(set(ids)), files) == (FEW, FEW, 2)


@pytest.mark.parametrize("media", [CSV, NDJSON])
def test_a_file_whose_database_goes_away_says_that_it_is_not_whole(shelf, media):
    with shelf.stream(media) as answer:
        pieces = answer.iter_bytes()
        content = next(pieces)
        assert eventually(lambda: len(shelf.backends()) == 1, 10)
        with psycopg.connect(shelf.url, autocommit=True) as owner:
            (backend,) = shelf.backends()
            owner.execute("select pg_terminate_backend(%s::int)", [backend])
        content += b"".join(pieces)
    ids, end = parsed(media, content)
    assert not end["complete"] and end["rows"] == len(ids) < MANY
    rest, _ = to_the_end(shelf, media, helper_id=shelf.many, cursor=end["next_cursor"])
    assert len(set(ids) | set(rest)) == len(ids) + len(rest) == MANY


def test_a_reader_who_leaves_ends_the_query(shelf):
    with shelf.stream() as answer:
        pieces = answer.iter_bytes()
        next(pieces)
        assert len(shelf.backends()) == 1, "control: it goes on while he reads"
    assert eventually(lambda: shelf.backends() == [], 10)


def test_files_take_no_connection_from_pages_and_only_so_many_are_written_at_a_time(shelf):
    with ExitStack() as readers:
        for _ in range(FILES_AT_ONCE):
            assert readers.enter_context(shelf.stream()).status_code == 200
        refused = shelf.read(NDJSON, helper_id=shelf.few)
        assert refused.status_code == 503 and "retry-after" in refused.headers
        assert shelf.office.get("/visits").status_code == 200, "a page is answered all the while"
    assert eventually(lambda: shelf.read(NDJSON, helper_id=shelf.few).status_code == 200, 10)


@pytest.mark.parametrize("media", [CSV, NDJSON, XLSX])
def test_every_file_leaves_a_trace_that_names_nobody(shelf, media, caplog):
    with caplog.at_level(logging.INFO, "huayuan.files"):
        shelf.read(media, helper_id=shelf.few)
        shelf.office.get("/visits")  # a page leaves none
    told = [record.facts for record in caplog.records if record.name == "huayuan.files"]
    assert told == [{"operation": "visits", "media": media, "rows": FEW, "complete": True}]


def test_a_text_longer_than_a_cell_of_excel_says_that_it_was_cut():
    whole = "长" * tabular.LETTERS
    assert tabular._cut(whole, english=False) == whole
    cut = tabular._cut(whole + "长", english=False)
    assert len(cut) == tabular.LETTERS
    assert cut.endswith("…[共 32768 字,已截断,全文见 NDJSON]")
