"""What can be done for a phone? Say where it stands, put its sync on record, sign the receipt."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.actor import Actor, Office
from app.database import as_json
from app.ledger.actions import STANDING
from app.log import canonical, plain
from app.reading import Reading
from app.refusal import NotYourOffice
from app.sync import rules, schemas, tables
from app.sync.rules import Event, Line
from app.vault import Vault
from app.writing import Answer, Change, creates, uuid7

RECEIPT = "receipt/v1\n"
"""What a signed receipt begins with, so that it can be mistaken for no checkpoint."""


def check_caller(actor: Actor) -> None:
    """Raises PeopleOnly, NotYourOffice."""
    if actor.reads_county or actor.person_id is None:
        raise rules.PeopleOnly
    if rules.PHONES.isdisjoint(actor.offices):
        raise NotYourOffice(offices=sorted(rules.PHONES))


async def line_of(read: Reading, body: schemas.Push) -> Line:
    """How far the phone has come; two round trips. Raises PeopleOnly, NotYourOffice."""
    own = {operation.key for operation in body.operations}
    asked = sorted({key for operation in body.operations for key in operation.after} - own)
    async with read.open() as (transaction, entered):
        actor = entered.actor
        check_caller(actor)
        place = {"county": actor.county_code, "township": actor.township_code}
        found = await transaction.row(
            tables.STANDING, **place, account=actor.account_id, device=body.device_id, keys=asked
        )
    return Line(found["counter"], found["done"])


@creates(*rules.PHONES)
async def receive(
    change: Change, body: schemas.Push, line: Line, results: Sequence[Mapping[str, Any]], language: str
) -> Answer:
    """Put on record what a sync settled, and give its receipt; nothing is written where it settled nothing new."""
    actor = change.actor
    ahead = body.sent_at - change.now
    if line.counter > line.began:
        await change.transaction.rows(
            tables.REACHED, **change.place, id=uuid7(change.now), account_id=actor.account_id,
            device_id=body.device_id, counter=line.counter,
        )  # fmt: skip
        change.record(
            Event.SYNCED, "devices", body.device_id, helper=actor.person_id if actor.holds(Office.HELPER) else None,
            public={
                "counter": line.counter, "sent_at": body.sent_at, "clock_ahead_seconds": round(ahead.total_seconds()),
                "operations": [*_told(body, line, results)],
            },
            personal={"digests": [[r["counter"], r["digest"]] for r in results if line.settles(r["counter"])]},
        )  # fmt: skip
    signed = json.loads(await change.transaction.call(STANDING, change.log, None))["signed"]
    return Answer(200, as_json(plain({
        "v": 1, "log": change.log, "account_id": actor.account_id, "person_id": actor.person_id,
        "device_id": body.device_id, "sent_at": body.sent_at, "received_at": change.now,
        "clock_ahead_seconds": round(ahead.total_seconds()), "clock_warning": rules.clock_warning(ahead, language),
        "counter": line.counter, "entry": None, "results": results, "checkpoint": signed and signed["note"],
    })))  # fmt: skip


def _told(body: schemas.Push, line: Line, results: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """What the entry says of the operations that this sync settled: ids, codes, counters and both clocks."""
    for operation, result in zip(body.operations, results, strict=True):
        if line.settles(operation.counter):
            yield {
                "counter": operation.counter, "device_time": operation.device_time, "result": result["result"],
                "operation": operation.operation if operation.operation in rules.OPERATIONS else None,
                "code": result["code"], "entry": result["entry"],
            }  # fmt: skip


def signed(vault: Vault, origin: str, receipt: dict[str, Any]) -> str:
    """The receipt with its signature by the township's log, as JSON."""
    signer = vault.signer(f"{origin}/{receipt['log']}")
    signature = signer.sign(f"{RECEIPT}{canonical(receipt).decode()}\n")
    return as_json({"receipt": receipt, "signature": signature, "key": signer.vkey})
