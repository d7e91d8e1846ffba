"""What does the worker do with a long sheet? Copy its rows outside any lock, then check or import them in pieces."""

import asyncio
import json
import time
from base64 import b64decode
from collections import Counter
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from itertools import islice
from tempfile import TemporaryFile
from typing import Any
from uuid import UUID

from app.access import NOBODY, Bearer
from app.imports import actions as imports
from app.imports import rules, tables
from app.imports.rules import Event
from app.intake.rules import Kind, items, read_row
from app.jobs import Worker, looks, works
from app.refusal import Refusal
from app.sheets import opened
from app.writing import Change, commanding

AT_A_TIME = 8.0
"""Seconds after which a job leaves the rest to the next."""
BLOCK = 1_000
"""Rows that are copied in one transaction."""


@looks("imports.look")
async def look(worker: Worker) -> None:
    for _, township in await worker.places("imports", "received", "running"):
        await worker.put("imports.work", f"imports/{township}", township=township)


@works("imports.work")
async def work(worker: Worker, township: str) -> None:
    """Read, check and import the township's long sheets, in their order, each piece a transaction of its own."""
    until = time.monotonic() + AT_A_TIME
    while time.monotonic() < until:
        async with _going_on(worker, township, NOBODY) as change:
            body = await change.transaction.value(tables.NEXT, **change.here)
        if body is None:
            return
        values = json.loads(body)
        await (_stage(worker, township, values) if values["rows"] is None else _step(worker, township, values))


def _going_on(worker: Worker, township: str, account: UUID) -> AbstractAsyncContextManager[Change]:
    """A command in the name of whoever handed the sheet in, or had it carried out."""
    bearer = Bearer(account, township[:6], township)
    return commanding(worker.database, worker.vault, bearer, "imports")


async def _stage(worker: Worker, township: str, values: dict[str, Any]) -> None:
    """Copy a sheet's rows, or give it up where it cannot be read: the sheets behind it do not wait for ever."""
    id_, account = UUID(values["id"]), UUID(values["account_id"])
    ended: dict[str, Any]
    try:
        last, width = await _copied(worker, township, values)
    except Refusal as refusal:
        ended, event = {"state": "cancelled", "because": refusal.code()}, Event.CANCELLED
        last, width = None, values["width"]
    else:
        ended, event = {"rows": last, "state": "received" if values["dry_run"] else "running"}, Event.READ
    async with _going_on(worker, township, account) as change:
        version = await change.transaction.value(
            tables.READ, **change.here, of_import=id_, to_rows=last, to_width=width, to_state=ended["state"],
            now=change.now,
        )  # fmt: skip
        if version is not None:  # else it was cancelled meanwhile
            change.record(event, imports.IMPORTS, id_, version=version, public=ended)


async def _copied(worker: Worker, township: str, values: dict[str, Any]) -> tuple[int, int]:
    """The last row and the width, once all rows are copied, sealed, outside any lock; a kill makes none come twice.

    Raises UnreadableFile, SheetTooLarge.
    """
    id_, account = UUID(values["id"]), UUID(values["account_id"])
    with TemporaryFile() as file:
        async with _going_on(worker, township, account) as change:
            done = await change.transaction.value(tables.READ_UP_TO, **change.here, of_import=id_) or 0
            for part in await change.transaction.rows(tables.PARTS, **change.here, of_import=id_):
                file.write(b64decode(worker.vault.open(part["sealed"])))
        file.seek(0)
        with opened(file, values["media"]) as rows:
            numbered, last, width = enumerate(rows, 1), 0, values["width"]
            while block := await asyncio.to_thread(list, islice(numbered, BLOCK)):
                last, width = block[-1][0], max(width, *(len(cells) for _, cells in block))
                async with _going_on(worker, township, account) as change:
                    new = [
                        imports.kept(change, id_, number, cells) for number, cells in block if cells and number > done
                    ]
                    await change.transaction.copy(tables.ImportRow, [{**change.place, **row} for row in new])
    return last, values["width"] if "result" in imports.header_of(values).columns else width


async def _step(worker: Worker, township: str, values: dict[str, Any]) -> None:
    """Check or import the next rows: their records, what became of them and how far the sheet is, or nothing of it."""
    id_ = UUID(values["id"])
    async with _going_on(worker, township, UUID(values["account_id"])) as change:
        body = await change.transaction.value(tables.LOCKED, **change.here)
        now = json.loads(body) if body else {}
        if (now.get("id"), now.get("progress"), now.get("state")) != (
            values["id"],
            values["progress"],
            values["state"],
        ):
            return  # cancelled meanwhile, or another worker was here
        found = await change.transaction.rows(
            tables.ROWS, **change.here, of_import=id_, after=now["progress"], many=rules.CHUNK
        )
        rows = [(row["number"], imports.opened_row(worker.vault, row["sealed"])) for row in found]
        more = len(rows) == rules.CHUNK
        if more:
            rows = _whole_items(now, rows)
        carry = now["state"] == "running"
        by = now["importer_id"] and UUID(now["importer_id"])
        settled = await imports.settle(change, id_, now | {"importer_id": by}, rows, carry=carry, in_pieces=True)
        new = _advanced(now, settled, rows[-1][0] if rows else now["rows"], change.now, more=more)
        settled.batch.also(tables.ADVANCE, **change.here, **tables.advanced(id_, new))
        await settled.batch.write()
        event = Event.CONTINUED if more else Event.FINISHED if carry else Event.CHECKED
        public = {name: new[name] for name in ("state", "progress", "good", "bad", "imported")}
        change.record(event, imports.IMPORTS, id_, version=new["version"], public=public)


def _whole_items(values: dict[str, Any], rows: list[imports.Numbered]) -> list[imports.Numbered]:
    """Without the rows at the end that may belong to what comes after; all of them where they are one thing."""
    header = imports.header_of(values)
    said = [row for number, cells in rows if number > header.row and (row := read_row(header, number, cells))]
    last = [item[0].number for item in items(Kind(values["kind"]), said)][-1:]
    before = [row for row in rows if last and row[0] < last[0]]
    return before if values["kind"] == Kind.HOUSEHOLDS and before else rows


def _advanced(
    values: dict[str, Any], settled: imports.Settled, reached: int, moment: datetime, *, more: bool
) -> dict[str, Any]:
    made = Counter(values["made"]) + Counter(settled.made)
    sums = {name: values[name] + getattr(settled, name) for name in ("good", "bad", "imported")}
    new = {**values, **sums, "made": dict(made), "progress": reached}
    if more:
        return new
    state = "done" if values["state"] == "running" else "checked"
    return new | {"state": state, "state_since": moment, "version": values["version"] + 1}
