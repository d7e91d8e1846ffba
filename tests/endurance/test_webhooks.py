"""Is every entry told, once in effect and in order, by workers that are killed to a receiver that fails?"""

import asyncio
import json
import math
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app.access import NOBODY
from app.accounts.actions import adopt
from app.events.actions import Position
from app.log import canonical
from app.settings import Settings
from app.webhooks import rules, tables
from app.webhooks.actions import Telling
from tests.conftest import Service, service_account
from tests.endurance.machine import Machine
from tests.endurance.report import LONG
from tests.serving import ROOT, SECRET, eventually
from tests.working import Receiver, work_off

COUNTY = "410950"
TOWNSHIPS, EACH, KILLS = (40, 250, 10) if LONG else (15, 16, 1)
WEEKEND = timedelta(hours=62)
"""From Friday at six to Monday at eight."""
WORKERS = 2
PATIENCE = 3000 if LONG else 300
"""Seconds after which a campaign that stands still has failed."""


class System:
    """A county's system that fails as such systems do, and what it made of what it was told.

    Of three in ten messages it says that it failed; of half of these it is wrong, for it had taken them. What it
    refused while it was down it takes at once afterwards, for that may be the last try.
    """

    def __init__(self, seed: int, failing: float = 0.3) -> None:
        self._random, self._failing, self._lock = random.Random(seed), failing, threading.Lock()
        self.down, self.secret = False, ""
        self.effects = set[str]()
        self.accepted = set[tuple[str, int]]()
        self.refused_while_down = set[str]()
        self.arrivals = self.failed = self.out_of_order = 0
        self.sample = list[tuple[dict[str, str], str]]()
        self.receiver = Receiver(self.answer)
        self.receiver.keep = False

    def answer(self, headers: dict[str, str], body: str) -> int:
        with self._lock:
            self.arrivals += 1
            told, message = json.loads(body)["data"], headers["webhook-id"]
            if self.down:
                self.failed += 1
                self.refused_while_down.add(message)
                return 503
            fate = 1.0 if message in self.refused_while_down else self._random.random()
            if fate < self._failing / 2:
                self.failed += 1
                return self._random.choice([500, 503, 302, 404])
            if told["seq"] and (told["log"], told["seq"] - 1) not in self.accepted:
                self.out_of_order += 1
            self.effects.add(message)
            if fate < self._failing:
                self.failed += 1
                return 500
            self.accepted.add((told["log"], told["seq"]))
            if len(self.sample) < 250:
                Webhook(self.secret).verify(body, headers)
                self.sample.append((headers, body))
            return 200


class Campaign:
    """A county whose townships' logs fill up, the webhook that is told, and the workers that tell."""

    def __init__(self, machine: Machine, system: System) -> None:
        self.machine, self.system = machine, system
        self.logs = [f"{COUNTY}{701 + n}" for n in range(TOWNSHIPS)]
        service = Service(machine.url, webhook_allow=system.receiver.place)
        self.settings: Settings = service.settings
        who = (COUNTY, "县管理员", "keeper", "correct horse battery", date(2016, 1, 1))
        asyncio.run(adopt(machine.url, service.app.state.vault, *who))
        admin = service.caller(service_account(service, COUNTY, "keeper"))
        with machine.connect() as connection:
            for log in self.logs:
                connection.execute("select log_open(%s, %s)", [COUNTY, log])
        body = {"url": system.receiver.url, "cursor": Position(COUNTY, {}).cursor}
        self.hook = admin.made("/webhooks", body)
        system.secret = self.hook["secret"]
        self.service = service
        self.workers = list[tuple[subprocess.Popen[bytes], int]]()

    def state(self) -> str:
        with self.machine.connect() as connection:
            found = connection.execute("select state from webhooks where id = %s", [self.hook["id"]]).fetchone()
        return str(found and found[0])

    def enable(self) -> None:
        """What the administrator does once an entry failed ten times, as one in 170,000 does here by chance."""
        admin = self.service.caller(service_account(self.service, COUNTY, "keeper"))
        admin.act(f"/webhooks/{self.hook['id']}", "enable")

    def happen(self, many: int) -> None:
        """So many entries more in every log, by the function that every command appends with."""
        with self.machine.connect() as connection:
            for log in self.logs:
                leaves = [canonical({"v": 1, "log": log, "event": "unit.created", "n": n}) for n in range(many)]
                with connection.transaction():
                    connection.execute(
                        "select set_config('app.county', %s, true), set_config('app.township', %s, true)", [COUNTY, log]
                    )
                    ids = [NOBODY] * many
                    connection.execute(
                        "select log_append(%s, %s, %s, %s, %s, %s, %s, now())",
                        [log, leaves, ["unit.created"] * many, ids, [None] * many, [None] * many, [None] * many],
                    )

    def start(self) -> None:
        """One more worker, known by its pid and by its number in the queue."""
        before = self._numbers()
        environment = {
            **os.environ, "HUAYUAN_DATABASE_URL": self.machine.url, "HUAYUAN_SECRET": SECRET,
            "HUAYUAN_WEBHOOK_ALLOW": self.system.receiver.place,
        }  # fmt: skip
        output = self.machine.home / f"work-{len(self.workers)}"
        with output.open("ab") as told:
            process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "work"], cwd=ROOT, env=environment, stdout=told, stderr=told
            )
        assert eventually(lambda: bool(self._numbers() - before), 120), output.read_text()[-2000:]
        self.workers.append((process, max(self._numbers() - before)))

    def _numbers(self) -> set[int]:
        with self.machine.connect() as connection:
            return {row[0] for row in connection.execute("select id from queue.procrastinate_workers")}

    def kill(self) -> None:
        """kill -9 of one worker by its pid; its heartbeat is old at once, and another takes its place."""
        process, number = self.workers.pop(random.randrange(len(self.workers)))
        process.kill()
        process.wait(15)
        with self.machine.connect() as connection:
            old = "update queue.procrastinate_workers set last_heartbeat = now() - interval '1 hour' where id = %s"
            connection.execute(old, [number])
        self.start()

    def hurry(self) -> None:
        """As if the pauses before the next tries were over."""
        with self.machine.connect() as connection:
            connection.execute("update webhook_cursors set next_attempt_at = now() where next_attempt_at > now()")

    def wait_for_the_next_try(self) -> timedelta | None:
        """Once all that is due was tried: let as much time pass as the longest pause lasts; None before that."""
        with self.machine.connect() as connection:
            untried, pause = connection.execute(
                "select count(*) filter (where coalesce(c.next_attempt_at, now()) <= now() and c.next_seq < h.size),"
                " max(c.next_attempt_at) - now() from webhook_cursors c join log_head h on h.township_code = c.log"
            ).fetchone() or (1, None)
            if untried or pause is None or pause <= timedelta():
                return None
            connection.execute("update webhook_cursors set next_attempt_at = now() where next_attempt_at is not null")
            return timedelta(seconds=pause.total_seconds())

    def stop(self) -> None:
        for process, _ in self.workers:
            process.terminate()
        for process, _ in self.workers:
            process.wait(60)
        self.service.stop()
        self.system.receiver.stop()


def tampered(secret: str, messages: list[tuple[dict[str, str], str]]) -> dict[str, str]:
    """Of every message in the sample, what was changed on the way and how often the specification's library saw it."""
    verify, other = Webhook(secret), Webhook(rules.secret_of(bytes(32)))
    found = dict.fromkeys(("body", "id", "time, 301 s early", "time, 301 s late", "key"), 0)
    for headers, body in messages:
        now = math.ceil(time.time())
        fresh = headers | stamped(verify, headers["webhook-id"], body, now)
        verify.verify(body, fresh)
        cases = {
            "body": (verify, body.replace('"seq":', '"seq": ', 1), fresh),
            "id": (verify, body, fresh | {"webhook-id": headers["webhook-id"] + "1"}),
            "time, 301 s early": (verify, body, headers | stamped(verify, headers["webhook-id"], body, now - 302)),
            "time, 301 s late": (verify, body, headers | stamped(verify, headers["webhook-id"], body, now + 301)),
            "key": (other, body, fresh),
        }
        for name, (library, text, sent) in cases.items():
            try:
                library.verify(text, sent)
            except WebhookVerificationError:
                found[name] += 1
    return {name: f"{many} of {len(messages)}" for name, many in found.items()}


def stamped(library: Webhook, id: str, body: str, second: int) -> dict[str, str]:
    """Signed again as of that second."""
    at = datetime.fromtimestamp(second, UTC)
    return {"webhook-timestamp": str(second), "webhook-signature": library.sign(id, at, body)}


@pytest.fixture
def campaign(machine: Machine) -> Iterator[Campaign]:
    made = Campaign(machine, System(seed=20161109))
    yield made
    made.stop()


def test_webhooks(campaign: Campaign, figures: dict[str, Any]) -> None:
    """Entries told to a receiver that fails three times in ten and is down for a weekend, by workers that die."""
    system, total = campaign.system, TOWNSHIPS * EACH
    kills, enabled, hours = 0, 0, timedelta()
    weekend = "ahead"
    for _ in range(WORKERS):
        campaign.start()
    begun = time.monotonic()
    campaign.happen(EACH)
    until = time.monotonic() + PATIENCE
    while len(system.accepted) < total:
        assert time.monotonic() < until, (len(system.accepted), total, campaign.state())
        if campaign.state() == "disabled":
            campaign.enable()
            enabled += 1
        if kills < KILLS and len(system.accepted) >= total * (kills + 1) / (KILLS + 2):
            campaign.kill()
            kills += 1
        if weekend == "ahead" and len(system.accepted) >= total / 2:
            weekend, system.down = "now", True
        if weekend == "now":
            passed = campaign.wait_for_the_next_try()
            hours += passed or timedelta()
            if hours >= WEEKEND:
                weekend, system.down = "over", False
        else:
            campaign.hurry()
        time.sleep(0.1)
    told = round(time.monotonic() - begun)
    seen = tampered(campaign.hook["secret"], system.sample)
    figures |= {
        "entries": total, "townships": TOWNSHIPS, "workers killed": kills, "messages": system.arrivals,
        "answered with a failure": system.failed,
        "down for, hours of the schedule": round(hours.total_seconds() / 3600, 1),
        "delivered at least once": len(system.accepted), "lost": total - len(system.accepted),
        "out of order within a township": system.out_of_order, "effects at the receiver": len(system.effects),
        "times that ten tries were not enough, and it was enabled again": enabled,
        "webhook at the end": campaign.state(), "tampered messages refused": seen, "seconds of telling": told,
    }  # fmt: skip
    assert (len(system.accepted), len(system.effects), system.out_of_order) == (total, total, 0)
    assert (kills, weekend, campaign.state()) == (KILLS, "over", "enabled")
    assert set(seen.values()) == {f"{len(system.sample)} of {len(system.sample)}"}


async def skipping(self: Telling, entry: Any, outcome: Any, seq: int, failures: int) -> bool:
    """What a worker does that takes every answer for a good one."""
    return await kept(self, entry, type(outcome)(200, None, outcome.ms), seq, failures)


kept = Telling._note


@pytest.mark.parametrize("careless", ["skips what fails", "sends the newest first"])
def test_a_careless_worker_is_caught(machine: Machine, monkeypatch: pytest.MonkeyPatch, careless: str) -> None:
    """Negative control: what the campaign counts as lost or out of order, it can count."""
    made = Campaign(machine, System(seed=1))
    try:
        made.happen(3)
        if careless == "skips what fails":
            monkeypatch.setattr(Telling, "_note", skipping)
        else:
            turned = tables.ENTRIES.sql.replace("ORDER BY log_event.seq", "ORDER BY log_event.seq DESC")
            assert turned != tables.ENTRIES.sql
            monkeypatch.setattr(tables.ENTRIES, "sql", turned)
        for _ in range(12):
            work_off(made.settings)
            made.hurry()
        lost = TOWNSHIPS * 3 - len(made.system.accepted)
        assert lost > 0
        assert made.system.out_of_order > 0
    finally:
        made.stop()
