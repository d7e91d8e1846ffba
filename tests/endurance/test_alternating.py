"""Do townships stay apart where two connections serve them all in turn, and requests break off halfway?"""

import asyncio
import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from app.reading import RESOURCES
from tests.conftest import Service, fresh_database
from tests.endurance.report import LONG
from tests.security.strangers import ID, NOWHERE, TENANT_TABLES, TOWNSHIP_OFFICES, Ground
from tests.security.test_holes import opened, without_conditions, without_policies

TOWNSHIPS = (Ground.mine, Ground.alike, Ground.near, Ground.far)
MANY = 10_000 if LONG else 300
CALLERS = 8
LISTS = (
    "people",
    "households",
    "visits",
    "cases",
    "signoffs",
    "notices",
    "pairings",
    "units",
    "inspections",
    "me/tasks",
)
CODE = re.compile(r"\b411\d{6}")


@pytest.fixture(scope="module")
def narrow(server_url: str, template: str) -> Iterator[Ground]:
    """The ground on a pool of two connections."""
    for url in fresh_database(server_url, template, f"huayuan_test_{os.getpid()}_narrow"):
        service = Service(url, pool_size=2)
        yield Ground(service)
        service.stop()


class Traffic:
    """Requests of four townships in turn; what each was told is looked through for any other."""

    def __init__(self, ground: Ground, many: int = MANY) -> None:
        self.ground, self.dice = ground, random.Random(20161109)
        self.url = ground.service.address
        callers = {t: ground.officer(t, TOWNSHIP_OFFICES) for t in TOWNSHIPS}
        self.tokens = {t: dict(c.client.headers) for t, c in callers.items()}
        self.outcomes: Counter[str] = Counter()
        self.foreign: list[str] = []
        self.left = iter(range(many))
        self.done = False

    async def run(self) -> None:
        trouble = asyncio.create_task(self.trouble())
        await asyncio.gather(*[self.caller() for _ in range(CALLERS)])
        self.done = True
        await trouble

    async def caller(self) -> None:
        async with httpx.AsyncClient(base_url=self.url, timeout=20) as client:
            for number in self.left:
                await self.one(client, number)

    async def one(self, client: httpx.AsyncClient, number: int) -> None:
        township = TOWNSHIPS[number % len(TOWNSHIPS)]
        method, path, body = self.choose(township, number)
        headers = self.tokens[township] | {"if-match": '"1"'}
        patience = self.dice.choice((0.002, 0.005, 0.01)) if self.dice.random() < 0.2 else 20.0
        request = client.request(method, path, headers=headers, json=body)
        try:
            answer = await asyncio.wait_for(request, patience)
        except (TimeoutError, httpx.TransportError):
            assert patience < 1, "the service hung up"
            self.outcomes["hung up"] += 1
            return
        self.outcomes[str(answer.status_code)] += 1
        told = set(CODE.findall(answer.text)) - {township}
        if told:
            self.foreign.append(f"{township} {method} {path}: {sorted(told)}")

    def choose(self, township: str, number: int) -> tuple[str, str, Any]:
        kind = self.dice.random()
        if kind < 0.5:
            return "GET", f"/v1/{self.dice.choice(LISTS)}", None
        if kind < 0.65:
            return "GET", f"/v1/{self.dice.choice(LISTS[:-1])}/{self.dice.choice((ID, NOWHERE))}", None
        if kind < 0.7:
            return "GET", f"/v1/ledger/{self.dice.choice(TOWNSHIPS)}/entries", None
        if kind < 0.85:
            return "POST", "/v1/units", {"name": f"{township} {number}"}
        if kind < 0.9:
            return "POST", "/v1/people", {"name": "缺单位", "category": "organ_cadre", "unit_id": str(NOWHERE)}
        if kind < 0.95:
            return "PATCH", f"/v1/people/{ID}", {"name": f"{township} {number}"}
        return "POST", "/v1/units", {"nom": township}

    async def trouble(self) -> None:
        """Statements cut off as by their timeout, connections that die, a lock in everyone's way."""
        url = self.ground.service.database_url
        ours = "from pg_stat_activity where application_name = 'huayuan' and datname = current_database()"
        ours += " and state <> 'idle'"
        async with await psycopg.AsyncConnection.connect(url, autocommit=True, application_name="trouble") as server:
            while not self.done:
                await asyncio.sleep(self.dice.random() / 20)
                kind = self.dice.random()
                if kind < 0.1:
                    async with server.transaction():
                        await server.execute("lock table units in access exclusive mode")
                        await asyncio.sleep(0.05)
                elif kind < 0.15:
                    await server.execute(f"select pg_terminate_backend(pid) {ours} limit 1")
                else:
                    await server.execute(f"select pg_cancel_backend(pid) {ours}")


def misplaced(sql: Any) -> list[tuple[str, int]]:
    """Rows that say another township than the one they stand in."""
    found = sql.execute(
        "select name, 1 from units where name ~ '^411' and left(name, 9) <> township_code union all"
        " select name, 2 from people where name ~ '^411' and left(name, 9) <> township_code"
    )
    return list(found.fetchall())


def test_alternating_townships(narrow: Ground, figures: dict[str, Any]) -> None:
    """Requests of four townships over two connections, amid cancels, locks, dying connections, callers that hang up."""
    traffic = Traffic(narrow)
    asyncio.run(traffic.run())
    strayed = misplaced(narrow.sql)
    assert (traffic.foreign, strayed) == ([], [])
    assert sum(traffic.outcomes.values()) == MANY
    assert set(traffic.outcomes) <= {"200", "201", "404", "409", "412", "422", "429", "503", "hung up"}, (
        traffic.outcomes
    )
    assert traffic.outcomes["200"] > MANY / 4 and traffic.outcomes["201"] and traffic.outcomes["hung up"]
    figures.update(
        requests=traffic.outcomes.total(), connections=2, townships=len(TOWNSHIPS),
        answers_with_foreign_rows=len(traffic.foreign), rows_in_another_township=len(strayed),
        outcomes=dict(sorted(traffic.outcomes.items())),
    )  # fmt: skip


def test_careless_statements_without_policies_are_found(narrow: Ground) -> None:
    """The control: the same traffic where neither half of tenancy holds."""
    with opened() as patch:
        without_conditions(patch, *RESOURCES)
        without_policies(patch, narrow, *[t.name for t in TENANT_TABLES])
        traffic = Traffic(narrow, 100)
        asyncio.run(traffic.run())
    assert traffic.foreign
