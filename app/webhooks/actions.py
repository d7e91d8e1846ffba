"""What can be done about webhooks? Set up, changed, asked to tell again; and the telling itself, by a worker."""

import os
import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.access import NOBODY, Bearer, Scope
from app.actor import Office
from app.database import Transaction, as_json
from app.events.actions import Position
from app.jobs import Worker, looks, works
from app.outbound import Outcome, Sender
from app.reading import Resource, enter_as_nobody
from app.refusal import NotFound
from app.webhooks import rules, schemas, tables
from app.webhooks.rules import Event, State, Told, Why
from app.writing import Answer, Change, changes, commanding, creates, uuid7

SPELL = 5.0
"""Seconds after which a job ends and leaves the rest to the next, so that no webhook and no stop waits long for it."""
BATCH = 50
READERS = Scope(wide=frozenset({Office.ADMINISTRATOR, Office.COUNTY_AUDITOR, Office.COUNTY_SYSTEM}))

WEBHOOKS = Resource("webhooks", tables.Webhook, scope=READERS, hide=frozenset({"secret_sealed", "previous_sealed"}))
DELIVERIES = Resource("webhook-deliveries", tables.Delivery, scope=READERS, addressed=False)


# ── set up ───────────────────────────────────────────────────────────────────────────────────────


def _of_the_county(change: Change) -> dict[str, Any]:
    """Raises OnlyTheCountyHasWebhooks."""
    if not change.actor.reads_county:
        raise rules.OnlyTheCountyHasWebhooks
    return {"at_county": change.actor.county_code}


def _positions(cursor: str | None, county: str) -> dict[str, Any]:
    """What `_position` asks for: of no cursor, nothing. Raises BadCursor."""
    given = Position.of(cursor, county).next if cursor else {}
    return {"positions": as_json(dict(given)), "otherwise": 0 if cursor else None}


@creates(Office.ADMINISTRATOR, of=WEBHOOKS)
async def create_webhook(change: Change, allowed: frozenset[str], body: schemas.CreateWebhook) -> Answer:
    """Raises OnlyTheCountyHasWebhooks, AddressRefused, BadCursor."""
    county = _of_the_county(change)
    rules.check_address(body.url, allowed)
    begin = _positions(body.cursor, change.actor.county_code)
    id_, secret = body.id or uuid7(change.now), _new_secret()
    values = {"url": body.url, "description": body.description, "events": body.events, "state": State.ENABLED}
    answer = await change.create(
        WEBHOOKS, id_, values | {"secret_sealed": change.vault.seal(secret)}, event=Event.WEBHOOK_CREATED,
        public={"events": body.events}, personal={"url": body.url, "description": body.description},
    )  # fmt: skip
    await change.transaction.rows(tables.BEGIN, **county, **begin, of_webhook=id_)
    return replace(answer, once={"secret": secret})


def _new_secret() -> str:
    return rules.secret_of(os.urandom(rules.SECRET_BYTES))


@changes(Office.ADMINISTRATOR)
async def patch_webhook(change: Change, id: UUID, allowed: frozenset[str], body: schemas.PatchWebhook) -> Answer:
    """Raises AddressRefused."""
    taken = await change.take(WEBHOOKS, id)
    values = body.model_dump()
    if "url" in values:
        rules.check_address(values["url"], allowed)
    personal = {k: v for k, v in values.items() if k != "events"}
    public = {k: v for k, v in values.items() if k == "events"}
    return await change.save(taken, values, event=Event.WEBHOOK_CHANGED, public=public, personal=personal)


@changes(Office.ADMINISTRATOR)
async def rotate_secret(change: Change, id: UUID, body: schemas.RotateSecret) -> Answer:
    """The one before signs too for so many hours of real time."""
    taken = await change.take(WEBHOOKS, id)
    before = await change.transaction.value(tables.SECRET, at_county=change.actor.county_code, of_webhook=id)
    until, secret = datetime.now(UTC) + timedelta(hours=body.overlap_hours), _new_secret()
    kept = {"previous_sealed": before, "previous_until": until} if body.overlap_hours else _NONE_BEFORE
    answer = await change.save(
        taken, {"secret_sealed": change.vault.seal(secret), **kept}, event=Event.SECRET_ROTATED,
        public={"overlap_hours": body.overlap_hours},
    )  # fmt: skip
    return replace(answer, once={"secret": secret})


_NONE_BEFORE = {"previous_sealed": None, "previous_until": None}


@changes(Office.ADMINISTRATOR)
async def disable_webhook(change: Change, id: UUID) -> Answer:
    """What happens from now on waits, and is told once it is enabled again. Raises WebhookDisabled."""
    taken = await change.take(WEBHOOKS, id)
    if taken.state == State.DISABLED:
        raise rules.WebhookDisabled
    values = {"state": State.DISABLED, "disabled_because": Why.ADMINISTRATOR}
    public = {"because": Why.ADMINISTRATOR}
    return await change.save(taken, values, event=Event.WEBHOOK_DISABLED, public=public)


@changes(Office.ADMINISTRATOR)
async def enable_webhook(change: Change, id: UUID) -> Answer:
    """It goes on where it stood, and what failed is tried at once. Raises WebhookEnabled."""
    taken = await change.take(WEBHOOKS, id)
    if taken.state == State.ENABLED:
        raise rules.WebhookEnabled
    await change.transaction.rows(tables.HURRY, at_county=change.actor.county_code, of_webhook=id)
    values = {"state": State.ENABLED, "disabled_because": None}
    return await change.save(taken, values, event=Event.WEBHOOK_ENABLED)


@changes(Office.ADMINISTRATOR)
async def replay(change: Change, id: UUID, body: schemas.Replay) -> Answer:
    """Everything from the cursor on is told once more. Raises BadCursor."""
    taken = await change.take(WEBHOOKS, id)
    county = change.actor.county_code
    await change.transaction.rows(tables.REWIND, at_county=county, of_webhook=id, **_positions(body.cursor, county))
    return await change.save(taken, {}, event=Event.REPLAY_ASKED, public={"cursor": body.cursor})


@changes(Office.ADMINISTRATOR)
async def replay_delivery(change: Change, id: UUID, delivery: UUID) -> Answer:
    """One entry is told once more, out of turn. Raises NotFound, WebhookDisabled, StillBeingTold."""
    taken = await change.take(WEBHOOKS, id)
    if taken.state == State.DISABLED:
        raise rules.WebhookDisabled
    which = {"at_county": change.actor.county_code, "of_webhook": id, "of_delivery": delivery}
    asked = await change.transaction.row(tables.ASK, **which)
    if asked is None:
        if await change.transaction.value(tables.THERE, **which) is None:
            raise NotFound
        raise rules.StillBeingTold
    public = {"log": asked["log"], "seq": asked["seq"]}
    return await change.save(taken, {}, event=Event.REPLAY_ASKED, public=public)


# ── the telling ──────────────────────────────────────────────────────────────────────────────────


@looks("webhooks.look")
async def look(worker: Worker) -> None:
    """For every webhook and log where there is something to tell, one job."""
    for county, _ in await worker.places("webhooks", State.ENABLED):
        async with _context(worker, county, readonly=True) as transaction:
            due = await transaction.rows(tables.DUE, at_county=county)
        for row in due:
            webhook, log = str(row["id"]), row["log"]
            await worker.put("webhooks.tell", f"webhook/{webhook}/{log}", county=county, webhook=webhook, log=log)


@works("webhooks.tell")
async def tell(worker: Worker, county: str, webhook: str, log: str) -> None:
    """Tell one webhook the entries of one log in their order, until one fails, none is left or the spell is over."""
    telling = Telling(worker, county, UUID(webhook), log)
    await telling.again()
    until = time.monotonic() + SPELL
    while time.monotonic() < until and await telling.on():
        pass


@asynccontextmanager
async def _context(worker: Worker, county: str, *, readonly: bool = False) -> AsyncIterator[Transaction]:
    """A transaction in the county's context, of nobody."""
    async with worker.database.transaction(readonly=readonly) as transaction:
        await enter_as_nobody(transaction, county)
        yield transaction


class Telling:
    """One webhook and one township's log. What was told stands in the cursor: who is killed here tells once more."""

    def __init__(self, worker: Worker, county: str, webhook: UUID, log: str) -> None:
        self._worker, self._county, self._webhook, self._log = worker, county, webhook, log
        self._pair: dict[str, Any] = {"at_county": county, "of_webhook": webhook, "of_log": log}

    async def on(self) -> bool:
        """The next entries; False where a job should end."""
        async with _context(self._worker, self._county, readonly=True) as transaction:
            at = await transaction.row(tables.NEXT, **self._pair)
            if at is None or not at["in_time"] or at["next_seq"] >= at["size"]:
                return False
            entries = await transaction.rows(
                tables.ENTRIES,
                **self._pair,
                from_seq=at["next_seq"],
                to_seq=at["size"],
                events=at["events"],
                many=BATCH,
            )
        seq, failures = at["next_seq"], at["failures"]
        async with _sending(at["url"], self._worker) as sender:
            for entry in entries:
                outcome = await self._send(sender, at, entry)
                if not await self._note(entry, outcome, seq, failures):
                    return False
                seq, failures = entry["at"] + 1, 0
        if len(entries) < BATCH and seq < at["size"]:  # the rest of the log is not asked for
            return await self._advance(seq, at["size"])
        return True

    async def again(self) -> None:
        """What somebody asked for again, out of turn; each is tried once."""
        async with _context(self._worker, self._county, readonly=True) as transaction:
            at = await transaction.row(tables.NEXT, **self._pair)
            entries = await transaction.rows(tables.ASKED, **self._pair, many=BATCH) if at else []
        if not entries:
            return
        async with _sending(at["url"], self._worker) as sender:
            for entry in entries:
                outcome = await self._send(sender, at, entry)
                state = Told.DELIVERED if _is_delivered(outcome) else Told.FAILED
                async with _context(self._worker, self._county) as transaction:
                    await self._write(transaction, entry, outcome, state)

    async def _send(self, sender: Sender, at: Mapping[str, Any], entry: Mapping[str, Any]) -> Outcome:
        vault, now = self._worker.vault, datetime.now(UTC)
        secrets = [vault.open(at["secret_sealed"])]
        if at["previous_sealed"] is not None and at["previous_until"] > now:
            secrets.append(vault.open(at["previous_sealed"]))
        body = f'{{"type":"{entry["name"]}","timestamp":"{entry["moment"]}","data":{entry["body"]}}}'
        message, timestamp = rules.message_id(self._log, entry["at"]), int(now.timestamp())
        signed = rules.signatures(secrets, message, timestamp, body)
        headers = {
            "content-type": "application/json", "user-agent": "huayuan", "webhook-id": message,
            "webhook-timestamp": str(timestamp), "webhook-signature": signed,
        }  # fmt: skip
        return await sender.post(at["url"], body.encode(), headers)

    async def _note(self, entry: Mapping[str, Any], outcome: Outcome, seq: int, failures: int) -> bool:
        """What became of it, and where that leaves the cursor; False where nothing more is to be told now."""
        if _is_delivered(outcome):
            async with _context(self._worker, self._county) as transaction:
                state = await self._put(transaction, seq, entry["at"] + 1)
                await self._write(transaction, entry, outcome, Told.DELIVERED)
            return state == State.ENABLED
        failures += 1
        wait = rules.pause(failures, random.random())  # noqa: S311  no secret
        gone = outcome.status is not None and rules.is_gone(outcome.status)
        next_attempt = None if wait is None or gone else datetime.now(UTC) + wait
        async with _context(self._worker, self._county) as transaction:
            if await self._put(transaction, seq, seq, failures, next_attempt) is not None:
                await self._write(transaction, entry, outcome, Told.FAILING)
        if next_attempt is None:
            await self._stop(Why.GONE if gone else Why.EXHAUSTED)
        return False

    async def _advance(self, seq: int, to: int) -> bool:
        async with _context(self._worker, self._county) as transaction:
            return await self._put(transaction, seq, to) == State.ENABLED

    async def _put(
        self, transaction: Transaction, seq: int, to: int, failures: int = 0, next_attempt: datetime | None = None
    ) -> str | None:
        """Move the cursor from where it was seen; the webhook's state, None where somebody else has moved it."""
        found: str | None = await transaction.value(
            tables.ADVANCE, **self._pair, from_seq=seq, to_seq=to, failures=failures, next_attempt_at=next_attempt,
            new_id=uuid7(datetime.now(UTC)),
        )  # fmt: skip
        return found

    async def _write(self, transaction: Transaction, entry: Mapping[str, Any], outcome: Outcome, state: Told) -> None:
        now = datetime.now(UTC)
        row = {
            "county_code": self._county, "township_code": self._county, "id": uuid7(now),
            "webhook_id": self._webhook, "log": self._log, "seq": entry["at"],
            "event": entry["name"], "state": state, "attempts": 1, "first_at": now, "last_at": now,
            "delivered_at": now if state is Told.DELIVERED else None,
            "status": outcome.status, "error": outcome.error, "ms": outcome.ms,
        }  # fmt: skip
        await transaction.rows(tables.NOTE, **{f"new_{name}": value for name, value in row.items()})

    async def _stop(self, why: Why) -> None:
        """Disable the webhook and put that on record in the county's log."""
        operator = Bearer(NOBODY, self._county, self._county)
        async with commanding(self._worker.database, self._worker.vault, operator, "webhooks.tell") as change:
            where = {"at_county": self._county, "of_webhook": self._webhook}
            version = await change.transaction.value(tables.STOP, **where, why=why)
            if version is not None:
                public = {"because": why, "log": self._log}
                change.record(Event.WEBHOOK_DISABLED, WEBHOOKS, self._webhook, version=version, public=public)


def _is_delivered(outcome: Outcome) -> bool:
    return outcome.status is not None and rules.is_delivered(outcome.status)


@asynccontextmanager
async def _sending(url: str, worker: Worker) -> AsyncIterator[Sender]:
    host, port = rules.host_and_port(url)
    anything = f"{host}:{port}" in worker.settings.webhooks_allowed
    sender = Sender(host, port, lambda address: anything or rules.is_public(address))
    try:
        yield sender
    finally:
        await sender.close()
