"""What can be done with a sheet of an office? Hand it in, carry it out, cancel it, read what is wrong with it."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from tempfile import TemporaryFile
from typing import IO, Any
from uuid import UUID

import xlsxwriter
from fastapi import Response
from sqlalchemy import ColumnElement, and_, func, literal, or_
from sqlmodel import col

from app.access import ACCOUNT, NOBODY, Bearer, Scope, ScopeNotGiven, WhichTownship, whose
from app.actor import ClientScope
from app.database import Transaction, as_json, same_place, table_of
from app.imports import rules, schemas, tables
from app.imports.rules import Event, Mode, Outcome
from app.intake.actions import judge, key_of
from app.intake.rules import WITHIN, Header, Kind, OnTwoRows, Row, called, find_header, read_row
from app.intake.rules import plain as plain_cell
from app.reading import Reading, Resource, belonging, place_values, read_cursor, rows_of
from app.refusal import Refusal, every
from app.sheets import Cells, opened
from app.tabular import AS_TEXT
from app.vault import Vault
from app.wire import Upload
from app.writing import Answer, Batch, Change, commanding, creates, in_turns, moves, operating, uuid7

I, R, O = tables.Import, tables.ImportRow, tables.ImportOutcome  # noqa: E741


def read_import(row: dict[str, Any], facts: dict[str, Any], entered: Any) -> rules.ImportFacts:
    kept = tuple((r["number"], r["sealed"]) for r in facts.get("rows", ()))
    return rules.ImportFacts(Mode(row["mode"]), row["good"], row["bad"], kept)


IMPORTS = Resource(
    "imports", I, scope=Scope(wide=rules.IMPORTERS, more=(and_(col(I.from_county), col(I.handed_in_by) == ACCOUNT),)),
    hide=frozenset({"account_id", "handed_in_by", "width"}), workflow=rules.IMPORT, read_facts=read_import,
    waits=(col(I.good) > 0, or_(col(I.mode) == literal(Mode.INDEPENDENT), col(I.bad) == 0)),
)  # fmt: skip
STAGED = replace(
    IMPORTS,
    facts={
        "rows": rows_of(
            R, same_place(R, I), col(R.import_id) == col(I.id), ~col(I.long), order=col(R.number),
            number=col(R.number), sealed=func.encode(col(R.sealed), "hex"),
        ).correlate(table_of(I)),
    },
)  # fmt: skip
"""A sheet with its rows, where one transaction takes them all."""


# ── reading the file ─────────────────────────────────────────────────────────────────────────────

Numbered = tuple[int, Cells]
"""A row under its number in the sheet."""


@dataclass(frozen=True, slots=True)
class Received:
    """A sheet as it was handed in; `rows` are all of it, or none where it is long."""

    query: schemas.ImportQuery
    upload: Upload
    header: Header
    width: int
    """Of the widest row, without what an earlier report said beside it."""
    rows: tuple[Numbered, ...]
    long: bool


def read(query: schemas.ImportQuery, upload: Upload) -> Received:
    """Off the loop, for it takes a while.

    Raises UnreadableFile, SheetTooLarge, HeaderNotFound, HeadingTwice, AllOrNothingHasALimit.
    """
    with opened(upload.file, upload.media) as rows:
        kept: list[Numbered] = []
        for number, cells in enumerate(rows, 1):
            kept += [(number, cells)] if cells else []
            if len(kept) > WITHIN + rules.AT_ONCE:
                break
    top = dict(kept)
    header = find_header(query.kind, [top.get(number, []) for number in range(1, WITHIN + 1)])
    long = sum(number > header.row for number, _ in kept) > rules.AT_ONCE
    if long and query.mode is Mode.ATOMIC:
        raise rules.AllOrNothingHasALimit("query:mode")
    width = header.columns.get("result", max(len(cells) for _, cells in kept))
    return Received(query, upload, header, width, () if long else tuple(kept), long)


# ── handing in and carrying out ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of some rows: how many, of which records, and the batch that says so."""

    batch: Batch
    good: int
    bad: int
    carried: bool
    made: dict[str, int]

    @property
    def imported(self) -> int:
        return self.good if self.carried else 0


async def settle(
    change: Change, id: UUID, values: dict[str, Any], rows: Sequence[Numbered], *, carry: bool, in_pieces: bool = False
) -> Settled:
    """Ask about the rows and make what they say where they are to be carried out and may be; the caller writes it."""
    header = header_of(values)
    below = [(number, cells) for number, cells in rows if number > header.row]
    read_rows = [row async for number, cells in in_turns(below) if (row := read_row(header, number, cells))]
    kind = Kind(values["kind"])
    keys = await _told_apart(change, id, values["version"], kind, read_rows) if in_pieces and not carry else {}
    judged = await judge(change, kind, read_rows, values["importer_id"])
    bad = sum(bool(row.problems) for row in read_rows)
    carried = carry and not (bad and values["mode"] == Mode.ATOMIC)
    batch = judged.batch if carried else Batch(change)
    fate = Outcome.IMPORTED if carried else Outcome.GOOD
    batch.put(O, *[{
        "id": uuid7(change.now), "import_id": id, "number": row.number, "asked_at": values["version"],
        "key": keys.get(row.number), "outcome": Outcome.BAD if row.problems else fate,
        "problems": [_problem(header, of, refusal) for of, refusal in row.problems],
        "records": [{"resource": name, "id": made} for name, made in judged.records.get(row.number, ()) if carried],
    } for row in read_rows])  # fmt: skip
    return Settled(batch, len(read_rows) - bad, bad, carried, judged.batch.made)


async def _told_apart(
    change: Change, id: UUID, asked_at: int, kind: Kind, rows: Sequence[Row]
) -> dict[int, str | None]:
    """The rows' keys; a row is refused whose key an earlier piece of the sheet has, for nothing is on record yet."""
    keys = {row.number: key_of(change, kind, row) for row in rows}
    wanted = sorted({key for key in keys.values() if key})
    found = await change.transaction.rows(
        tables.SAID_BEFORE, **change.here, of_import=id, asked_at=asked_at, keys=wanted
    )
    before = {one["key"]: one["row"] for one in found}
    for row in rows:
        if (key := keys[row.number]) in before:
            row.refuse(None, OnTwoRows(row=before[key]))
    return keys


def _problem(header: Header, of: str | None, refusal: Refusal) -> dict[str, Any]:
    column = (header.title(of) or called(of)) if of else None
    return {"column": column, "code": refusal.code(), "facts": refusal.facts}


def header_of(values: dict[str, Any]) -> Header:
    """The header as the record keeps it."""
    columns = values["columns"]
    fields = {column["field"]: at for at, column in enumerate(columns) if column["field"]}
    return Header(values["header_row"], tuple(column["heading"] for column in columns), fields)


async def _go_where_it_belongs(change: Change, query: schemas.ImportQuery) -> None:
    """A county's client says which township's sheet it is, and does no more than hand it in.

    Raises ScopeNotGiven, OfAnotherTownship, WhichTownship, TownshipCarriesOut, TooManySheetsWait.
    """
    actor = change.actor
    for scope in (ClientScope.IMPORT, ClientScope.READ):  # what is wrong with a row tells of the registers
        if actor.lacks(scope):
            raise ScopeNotGiven(scope=scope)
    of = {"county": actor.county_code, "township": whose(actor, query.township_code)}
    if not actor.reads_county:
        return
    found = await change.transaction.row(tables.BEFORE_A_CLIENTS_SHEET, **of, account=actor.account_id)
    if not found["township"]:
        raise WhichTownship("query:township_code")
    if not query.dry_run:
        raise rules.TownshipCarriesOut
    if found["waiting"] >= rules.WAITING:
        raise rules.TooManySheetsWait(waiting=found["waiting"])
    change.act_in(of["township"])


@creates(*rules.SENDERS)
async def receive(change: Change, sheet: Received) -> Answer:
    """Keep and check a sheet; a short one is imported at once where that is asked and may be."""
    from_county = change.actor.reads_county
    await _go_where_it_belongs(change, sheet.query)
    id_, query = uuid7(change.now), sheet.query
    by_column = {at: of for of, at in sheet.header.columns.items()}
    columns = [{"heading": title, "field": by_column.get(at)} for at, title in enumerate(sheet.header.titles)]
    values: dict[str, Any] = query.model_dump(exclude={"township_code"}) | {
        "importer_id": change.actor.person_id, "account_id": change.actor.account_id,
        "handed_in_by": change.actor.account_id, "from_county": from_county,
        "digest": sheet.upload.digest, "size": sheet.upload.size, "media": sheet.upload.media,
        "header_row": sheet.header.row, "width": sheet.width, "columns": columns, "long": sheet.long, "rows": None,
        "version": 1, "progress": 0, "good": 0, "bad": 0, "imported": 0, "made": {},
        "expires_on": change.today + rules.KEPT,
    }  # fmt: skip
    if sheet.long:
        batch = Batch(change)
        batch.put(tables.ImportPart, *_parts(change, id_, sheet.upload.file))
    else:
        settled = await settle(change, id_, values, sheet.rows, carry=not query.dry_run)
        batch, last = settled.batch, sheet.rows[-1][0]
        values |= _counted(settled) | {"rows": last, "progress": last}
        values |= {"state": "done" if settled.carried else "checked"}
        batch.put(R, *[kept(change, id_, number, cells) async for number, cells in in_turns(sheet.rows)])
    public = {name: values[name] for name in ("kind", "mode", "dry_run", "digest", "good", "bad", "imported", "made")}
    public |= {"from_county": True, "township_code": change.actor.township_code} if from_county else {}
    batch.make(IMPORTS, id_, values, event=Event.RECEIVED, public=public)
    await batch.write()
    return await change.shown(IMPORTS, id_, Answer(201, "", {"etag": '"1"', "location": f"/v1/imports/{id_}"}))


def _counted(settled: Settled) -> dict[str, Any]:
    return {"good": settled.good, "bad": settled.bad, "imported": settled.imported, "made": settled.made}


def kept(change: Change, id: UUID, number: int, cells: Cells) -> dict[str, Any]:
    """A row as it is kept: its cells are sealed, for citizen ids stand in them."""
    sealed = change.vault.seal(json.dumps(cells, ensure_ascii=False))
    return {"id": uuid7(change.now), "import_id": id, "number": number, "sealed": sealed}


PART = 1 << 20
"""Bytes of a piece of a file."""


def _parts(change: Change, id: UUID, file: IO[bytes]) -> Iterator[dict[str, Any]]:
    file.seek(0)
    for number, part in enumerate(iter(lambda: file.read(PART), b"")):
        sealed = change.vault.seal(b64encode(part).decode())
        yield {"id": uuid7(change.now), "import_id": id, "number": number, "sealed": sealed}


WHOSE = ("kind", "mode", "digest", "from_county")
"""What the township's log tells of a sheet that it imports."""


@moves(rules.IMPORT, "carry-out")
async def carry_out(change: Change, id: UUID) -> Answer:
    """A short sheet now, in this transaction; a long one by the worker from here on.

    Rows that were good are asked again: in all or nothing one that is good no more leaves all of them where they were.
    """
    taken = await change.take(STAGED, id)
    me = {"importer_id": change.actor.person_id, "account_id": change.actor.account_id}
    if taken.row["long"]:
        start = me | {"progress": 0, "good": 0, "bad": 0, "made": {}}
        public = {name: taken.row[name] for name in WHOSE}
        return await change.save(taken, start, to="running", event=Event.CARRIED_OUT, public=public)
    asked = taken.row | me | {"version": taken.version + 1}
    rows = [(number, opened_row(change.vault, bytes.fromhex(sealed))) for number, sealed in taken.facts.rows]
    settled = await settle(change, id, asked, rows, carry=True)
    state = {"state": "done", "state_since": change.now} if settled.carried else {}
    new = {**asked, **_counted(settled), **state}
    settled.batch.also(tables.ADVANCE, **change.here, **tables.advanced(id, new))
    await settled.batch.write()
    public = {name: new[name] for name in (*WHOSE, "good", "bad", "imported", "made", "state")}
    change.record(Event.CARRIED_OUT, IMPORTS, id, version=new["version"], public=public)
    return await change.shown(IMPORTS, id, Answer(200, "", {"etag": f'"{new["version"]}"'}))


def opened_row(vault: Vault, sealed: bytes) -> Cells:
    cells: Cells = json.loads(vault.open(sealed))
    return cells


@moves(rules.IMPORT, "cancel")
async def cancel(change: Change, id: UUID) -> Answer:
    """The worker leaves off after the piece in hand."""
    taken = await change.take(IMPORTS, id)
    public = {"imported": taken.row["imported"]}
    return await change.save(taken, {}, to="cancelled", event=Event.CANCELLED, public=public)


async def expire(url: str, vault: Vault, township_code: str) -> int:
    """For the operator's timer, as the database's owner: delete what sheets held once their reports are over.

    What waited till then for somebody to carry it out is cancelled. How many sheets that were.
    """
    bearer = Bearer(NOBODY, township_code[:6], township_code)
    async with operating(url) as database, commanding(database, vault, bearer, "expire-imports") as change:
        for row in await change.transaction.rows(tables.EXPIRE, **change.here, today=change.today, now=change.now):
            change.record(Event.EXPIRED, IMPORTS, row["id"], version=row["version"])
        over = await change.transaction.rows(tables.OVER, **change.here, today=change.today)
        for statement in tables.DELETE:
            await change.transaction.rows(statement, **change.here, over=[row["id"] for row in over])
        return len(over)


# ── the report ───────────────────────────────────────────────────────────────────────────────────


@cache
def _refusals() -> dict[str, type[Refusal]]:
    """Every refusal there is, by its code."""
    return {kind.code(): kind for kind in every(Refusal)}


def _told(problem: dict[str, Any], language: str) -> dict[str, Any]:
    message = rules.explain(_refusals()[problem["code"]], problem["facts"], language)
    return {"column": problem["column"], "code": problem["code"], "message": message}


@asynccontextmanager
async def _reached(reading: Reading) -> AsyncIterator[tuple[Transaction, ColumnElement[bool], dict[str, Any]]]:
    """A transaction, whether the caller may see the sheet, and the parameters of both."""
    async with reading.open() as (transaction, entered):
        actor = entered.actor
        there = IMPORTS.there(IMPORTS.scope.sees_all(actor.offices), actor.reads_county)
        yield transaction, there, {"county": actor.county_code, **place_values(entered)}


async def report(reading: Reading, id: UUID, query: schemas.ReportQuery) -> Response:
    """What became of the rows, in pages. Raises NotFound, BadCursor."""
    after = read_cursor(query.cursor, int)
    async with _reached(reading) as (transaction, there, values):
        rows = await transaction.rows(
            tables.report(there, of_one_outcome=query.outcome is not None), **values, of_import=id, of_parent=id,
            after=-1 if after is None else after, many=query.limit + 1, by_outcome=query.outcome,
        )  # fmt: skip
    found = belonging(rows, IMPORTS.not_found)
    told = [{"body": _row_told(row["body"], reading.language), "at": row["at"]} for row in found]
    return reading.listed(told, query.limit)


def _row_told(body: str, language: str) -> str:
    row = json.loads(body)
    return as_json(row | {"problems": [_told(problem, language) for problem in row["problems"]]})


PIECE = 5_000
"""Rows of a workbook that are fetched at a time."""


async def workbook(reading: Reading, vault: Vault, id: UUID) -> IO[bytes]:
    """The sheet again, every cell as text, with what became of each row beside it. Raises NotFound."""
    made = Returned(vault, reading.language)
    after: int | None = 0
    while after is not None:
        async with _reached(reading) as (transaction, there, values):
            rows = await transaction.rows(
                tables.lines(there), **values, of_import=id, of_parent=id, after=after, many=PIECE
            )
        if not rows and not after:
            raise IMPORTS.not_found
        await asyncio.to_thread(made.add, rows)
        after = rows[-1]["number"] if len(rows) == PIECE else None
    return await asyncio.to_thread(made.close)


class Returned:
    """The workbook that goes back: no cell of it is a formula or a link, whatever it begins with."""

    def __init__(self, vault: Vault, language: str) -> None:
        self._vault, self._language = vault, language
        self._file = TemporaryFile()  # noqa: SIM115  handed to whoever sends it
        self._book = xlsxwriter.Workbook(self._file, {"constant_memory": True, **AS_TEXT})
        self._sheet = self._book.add_worksheet()
        self._marked = self._book.add_format({"bg_color": "#FFC7CE", "text_wrap": True})

    def add(self, rows: Sequence[Any]) -> None:
        for row in rows:
            at, beside = row["number"] - 1, row["width"]
            cells = opened_row(self._vault, row["sealed"])[:beside]
            for column, cell in enumerate(cells):
                if cell not in (None, ""):
                    self._sheet.write_string(at, column, plain_cell(cell))
            if row["number"] == row["header_row"]:
                self._sheet.write_string(at, beside, RESULT)
                self._sheet.write_string(at, beside + 1, REASON)
                self._sheet.set_column(beside + 1, beside + 1, 60)
            elif row["outcome"]:
                self._sheet.write_string(at, beside, rules.OUTCOMES_ZH[Outcome(row["outcome"])])
                told = [_told(problem, self._language) for problem in json.loads(row["problems"])]
                if said := "\n".join(f"{p['column']}:{p['message']}" if p["column"] else p["message"] for p in told):
                    self._sheet.write_string(at, beside + 1, said, self._marked)

    def close(self) -> IO[bytes]:
        self._book.close()
        self._file.seek(0)
        return self._file


RESULT, REASON = "导入结果", "原因"
"""How the two columns of a returned sheet are headed."""
