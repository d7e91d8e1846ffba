"""What can be done for a phone? Say where it stands, put its sync on record, sign the receipt, give what changed."""

import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from app.actor import Actor, NotYourOffice, Office
from app.calendar import EARLIEST
from app.database import as_json
from app.ledger.actions import STANDING
from app.log import canonical, plain
from app.reading import Reading, place_values, read_cursor, write_cursor
from app.sync import rules, schemas, tables
from app.sync.rules import Event, Line
from app.vault import Vault
from app.writing import Answer, Change, creates, uuid7

NONE = UUID(int=0)
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
            tables.STANDING,
            **place,
            account=actor.account_id,
            person=actor.person_id,
            device=body.device_id,
            keys=asked,
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
            tables.REACHED, **change.place, id=uuid7(change.now), person_id=actor.person_id,
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
            readable = operation if isinstance(operation, schemas.Operation) else None
            yield {
                "counter": operation.counter, "device_time": readable and readable.device_time,
                "result": result["result"],
                "operation": readable.operation if readable and readable.operation in rules.OPERATIONS else None,
                "code": result["code"], "entry": result["entry"],
            }  # fmt: skip


def signed(vault: Vault, origin: str, receipt: dict[str, Any]) -> str:
    """The receipt with its signature by the township's log, as JSON."""
    signer = vault.signer(f"{origin}/{receipt['log']}")
    signature = signer.sign(f"{RECEIPT}{canonical(receipt).decode()}\n")
    return as_json({"receipt": receipt, "signature": signature, "key": signer.vkey})


# ── what changed since ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Copy:
    """How far a phone's copy goes: all entries to `base`, seen on a day and at a moment by who held these offices.

    In the midst of a long answer, the place behind which the next page begins.
    """

    base: int
    day: date
    at: datetime
    offices: str
    position: int
    id: UUID = NONE

    @classmethod
    def nowhere(cls, offices: str) -> "Copy":
        return cls(-1, EARLIEST, datetime.fromtimestamp(0, UTC), offices, -1)

    @classmethod
    def of(cls, cursor: str | None, offices: str, vault: Vault, account: UUID) -> "Copy":
        """From a cursor; nowhere where another account was given it, or under other offices. Raises BadCursor."""
        if cursor is None:
            return cls.nowhere(offices)
        told, _, mac = str(read_cursor(cursor, str)).rpartition(" ")
        if not hmac.compare_digest(mac.encode(), _mac(vault, account, told).encode()):
            return cls.nowhere(offices)
        base, day, at, held, position, id_ = json.loads(told)
        if held != offices:
            return cls.nowhere(offices)
        return cls(base, date.fromisoformat(day), datetime.fromisoformat(at), held, position, UUID(id_))

    def cursor(self, vault: Vault, account: UUID) -> str:
        told = as_json([self.base, self.day, self.at, self.offices, self.position, self.id])
        return write_cursor(f"{told} {_mac(vault, account, told)}")


def _mac(vault: Vault, account: UUID, told: str) -> str:
    """Nobody but the service writes a cursor: it would be told what once was where his cursor says he was."""
    return vault.fingerprint(f"sync cursor\n{account}\n{told}")[:32]


async def news(read: Reading, query: schemas.PullQuery, vault: Vault, origin: str) -> str:
    """What changed of what the caller may read since his cursor, as JSON; two round trips, on a cluster three.

    Under other offices than those of the cursor he gets all anew. Raises PeopleOnly, BadCursor.
    """
    async with read.open() as (transaction, entered):
        actor = entered.actor
        if actor.reads_county or actor.person_id is None:
            raise rules.PeopleOnly
        held = sorted((a.office, a.place) for a in actor.appointments)
        offices = sha256(as_json(held).encode()).hexdigest()[:16]
        since = Copy.of(query.cursor, offices, vault, actor.account_id)
        wide = tuple(resource.scope.sees_all(actor.offices) for resource in tables.TAKEN)
        apart = await transaction.call(STANDING, actor.township_code, None) if transaction.is_cluster else None
        head, *rows = await transaction.rows(
            tables.news(wide, standing=apart is None), **place_values(entered),
            base=since.base, since_day=since.day, since=since.at, from_position=since.position, from_id=since.id,
            many=query.limit + 1,
        )  # fmt: skip
    more, rows = len(rows) > query.limit, rows[: query.limit]
    stands = json.loads(apart or head["body"])
    if more:
        then = replace(since, position=rows[-1]["position"], id=rows[-1]["id"])
    else:
        last = stands["size"] - 1
        then = Copy(last, entered.today, entered.now, offices, last)
    items = ",".join(f'{{"resource":"{r["resource"]}","record":{r["body"]}}}' for r in rows if r["body"] is not None)
    told = as_json({
        "log": actor.township_code, "key": vault.signer(f"{origin}/{actor.township_code}").vkey,
        "checkpoint": stands["signed"] and stands["signed"]["note"], "now": plain(entered.now),
        "anew": (since.base, since.id) == (-1, NONE), "more": more, "next_cursor": then.cursor(vault, actor.account_id),
        "gone": [{"resource": r["resource"], "id": r["id"]} for r in rows if r["body"] is None],
    })  # fmt: skip
    return f'{told[:-1]},"items":[{items}]}}'
