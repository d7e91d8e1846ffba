"""Do phones that were without signal for weeks hand in everything once, whatever the line does to what they send?"""

import gzip
import json
import random
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.phone.client import NoSignal, Phone
from app.sync.rules import Line
from tests.conftest import Township
from tests.endurance.books import Books
from tests.endurance.desk import townships
from tests.endurance.machine import Machine
from tests.endurance.proxy import Proxy, Toxic
from tests.endurance.report import LONG
from tests.signoffs.conftest import citizen_id
from tests.sync.test_routes import verified

PHONES, ROUNDS, AT_ONCE = (200, 5, 8) if LONG else (6, 4, 3)
DAYS = 14
LEFT, BACK = datetime(2017, 3, 6, 1, tzinfo=UTC), datetime(2017, 3, 20, 1, tzinfo=UTC)
"""When signal was lost and found again, by the service's clock: nine in the morning."""
SKEW = 12
"""Hours by which a phone's clock may be wrong, either way."""


class Shaky(Phone):
    """A phone on a bad line: lists are lost, answers are lost, old lists come late, parts come before others."""

    def __init__(self, file: Path, chance: random.Random, met: Counter[str]) -> None:
        self.chance, self.met, self.bad = chance, met, False
        self.earlier: list[dict[str, Any]] = []
        self.skew = timedelta(hours=chance.uniform(-SKEW, SKEW))
        self.true = LEFT
        super().__init__(file, self.now)

    def now(self) -> datetime:
        return self.true + self.skew

    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        if not self.bad or (method, path) != ("POST", "/v1/sync"):
            return super()._send(method, path, **more)
        body, line = more.pop("json"), self.chance.random()
        self.met["lists sent"] += 1
        if line < 0.15:
            self.met["lists lost on the way"] += 1
            raise NoSignal
        if line < 0.3:
            body = body | {"operations": self.chance.sample(body["operations"], len(body["operations"]))}
            self.met["lists in another order"] += 1
        elif line < 0.45:
            self.met["second halves before the first"] += 1
            half = body["operations"][len(body["operations"]) // 2 :]
            super()._send(method, path, json=self.sent(body | {"operations": half}), **more)
        elif line < 0.6 and self.earlier:
            self.met["old lists again"] += 1
            super()._send(method, path, json=self.chance.choice(self.earlier), **more)
        elif line < 0.75:
            self.met["lists sent twice"] += 1
            super()._send(method, path, json=self.sent(body), **more)
        answer = super()._send(method, path, json=self.sent(body), **more)
        if line > 0.8:
            self.met["answers lost on the way"] += 1
            raise NoSignal
        return answer

    def sent(self, body: dict[str, Any]) -> dict[str, Any]:
        self.earlier.append(body)
        return body


class Backwards(Shaky):
    """Always the second half of a list before the first."""

    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        if self.bad and (method, path) == ("POST", "/v1/sync"):
            body = more["json"]
            half = body["operations"][len(body["operations"]) // 2 :]
            Phone._send(self, method, path, **more | {"json": body | {"operations": half}})
        return Phone._send(self, method, path, **more)


class Keyless(Shaky):
    """The negative control: what is sent again has a new key and a new id."""

    def sent(self, body: dict[str, Any]) -> dict[str, Any]:
        anew = [o | {"key": str(uuid4()), "body": o["body"] | {"id": str(uuid4())}} for o in body["operations"]]
        return super().sent(body | {"operations": anew})


@dataclass
class Field:
    """A township and its phones, each with one helper and his household."""

    place: Township
    sign: Callable[[], httpx.Response]
    """Sign a checkpoint of the township's log."""
    phones: list[Shaky] = field(default_factory=list)
    homes: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls, machine: Machine, place: Township, folder: Path, many: int, met: Counter[str], kind: type[Shaky] = Shaky
    ) -> "Field":
        signed, log = machine.headers(place, place.admin), f"/v1/ledger/{place.code}/checkpoint"
        made = cls(place, partial(httpx.post, machine.workers[0].address + log, headers=signed, timeout=60))
        for number in range(many):
            household, helper = place.helped(f"帮扶{number}")
            phone = kind(folder / f"{place.code}-{number}", random.Random(number), met)
            phone["access_token"] = machine.headers(place, helper)["authorization"].split()[1]
            phone["device_id"], phone["person_id"] = str(uuid4()), helper.person_id
            made.phones.append(phone)
            made.homes.append(household)
        return made

    def leave(self, address: str) -> None:
        """The day before signal is lost: everything is taken along, and the clock's error is measured."""
        self.place.at("2017-03-06")
        assert self.sign().is_success
        for phone in self.phones:
            phone["address"] = address
            phone.pull()

    def work(self) -> None:
        """Two weeks: visits, corrections of what is still on the phone, a plan, and now and then what is refused."""
        for phone, household in zip(self.phones, self.homes, strict=True):
            chance, visits = phone.chance, list[str]()
            for day in range(DAYS):
                phone.true = LEFT + timedelta(days=day, hours=2)
                if chance.random() < 0.7:
                    visits.append(phone.visit(household, "家中", f"第{day}天走访")["body"]["id"])
                if visits and chance.random() < 0.3:
                    phone.correct(chance.choice(visits), "写错", place=f"院内{day}")
                if day == 3:
                    plan = {"id": str(uuid4()), "household_id": household, "kind": "assistance_plan", "year": 2017}
                    phone.do("plans_create", plan | {"text": "一户一策", "measures": []})
                if chance.random() < 0.05:
                    lost = phone.visit(str(uuid4()), "别处", "并非本人帮扶")["body"]["id"]
                    phone.correct(lost, "写错", place="别处")
            phone.true = BACK

    def come_back(self, addresses: list[str]) -> None:
        """Rounds over the bad line, then one that is good."""
        self.place.at("2017-03-20")
        for number in range(ROUNDS + 1):
            assert self.sign().is_success
            with ThreadPoolExecutor(AT_ONCE) as pool:
                [*pool.map(partial(one_round, addresses=addresses, bad=number < ROUNDS), self.phones)]


def one_round(phone: Shaky, addresses: list[str], *, bad: bool) -> None:
    phone.bad = bad
    phone["address"] = phone.chance.choice(addresses) if bad else addresses[0]
    for _ in range(1 if bad else 3):
        with suppress(NoSignal):
            phone.sync()


# ── what is held against it ──────────────────────────────────────────────────────────────────────


EVENTS = {"visits_create": "visit.recorded", "visits_correct": "visit.corrected", "plans_create": "plan.made"}


def told(machine: Machine, ground: Field) -> dict[str, int]:
    """What the tables, the ledger and the receipts say beside what the phones wrote down; all zero is good."""
    found = Counter[str]()
    with machine.connect() as connection:
        rows = connection.execute(
            "select id::text, helper_id::text, version, place, visited_on from visits where township_code = %s",
            [ground.place.code],
        ).fetchall()
        plans = connection.execute(
            "select id::text from plans where township_code = %s", [ground.place.code]
        ).fetchall()
        books = Books.of(connection, ground.place.code)
    visits, entries = {row[0]: row for row in rows}, Counter(
        (leaf["event"], leaf["subject"]["id"]) for leaf in books.leaves
    )  # fmt: skip
    wanted = Counter[tuple[str, str]]()
    for phone in ground.phones:
        refused = set[str]()
        for _, operation, result, _ in phone.journal():
            name, body = operation["operation"], operation.get("body")
            if name != "visits_correct":
                foreign = body.get("place") == "别处"
                id_ = body["id"]
            else:
                id_ = operation["record_id"]
                foreign = id_ in refused
            if foreign:
                refused.add(id_)
                found["wrongly done"] += id_ in visits
                found["not told why"] += result != ("refused" if name == "visits_create" else "held")
                continue
            wanted[EVENTS[name], id_] += 1
            found["not done"] += result not in ("done", "replayed")
            if name == "visits_create" and id_ in visits:
                day = datetime.fromisoformat(operation["device_time"]) - phone.skew + timedelta(hours=8)
                found["dated wrongly"] += visits[id_][4] != day.date()
        found["out of order"] += disorder(phone)
    made = Counter({entry: many for entry, many in entries.items() if entry[0] in EVENTS.values()})
    found["lost"] += (wanted - made).total()
    found["doubled"] += (made - wanted).total()
    records = Counter([*visits, *(plan for (plan,) in plans)])
    due = Counter(id_ for event, id_ in wanted if event != "visit.corrected")
    found["records lost"], found["records doubled"] = (due - records).total(), (records - due).total()
    found["versions wrong"] += sum(
        visits[id_][2] != 1 + wanted["visit.corrected", id_] for event, id_ in wanted
        if event == "visit.recorded" and id_ in visits
    )  # fmt: skip
    found["torn, gaps, wrong roots"] += books.torn + books.gaps + (not books.root_holds)
    return dict(found)


def disorder(phone: Phone) -> int:
    """How often the ledger has what one phone did in another order than the phone."""
    done = [told for _, _, _, told in phone.journal("done", "replayed") if told and told["entry"]]
    return sum(int(a["entry"].split("/")[1]) > int(b["entry"].split("/")[1]) for a, b in pairwise(done))


def receipts(phones: Iterable[Phone]) -> Counter[str]:
    """Every receipt that came through, checked by the log's key alone; one flipped digit must be seen."""
    counted = Counter[str]()
    for phone in phones:
        entries = dict[str, str]()
        for (text,) in phone._store.execute("select answer from receipts"):
            answer = json.loads(text)
            counted["receipts verified"] += verified(phone["key"], answer["receipt"], answer["signature"])
            counted["receipts"] += 1
            forged = answer["receipt"] | {"counter": answer["receipt"]["counter"] + 1}
            counted["forged receipts taken"] += verified(phone["key"], forged, answer["signature"])
            for result in answer["receipt"]["results"]:
                if entry := result["entry"]:
                    counted["entries told otherwise"] += entries.setdefault(result["key"], entry) != entry
        counted["checkpoints kept"] += len(phone.checkpoints())
    return counted


CLEAN = {
    "wrongly done", "not told why", "not done", "dated wrongly", "out of order", "lost", "doubled", "records lost",
    "records doubled", "versions wrong", "torn, gaps, wrong roots",
}  # fmt: skip


def test_phones(standing: Machine, tmp_path: Path, figures: dict[str, Any]) -> None:
    """Phones two weeks without signal hand in over a line that loses, doubles and reorders; clocks off by hours."""
    place, control, typical = townships(standing, 3)
    weights = weighed(typical, standing, standing.workers[0].address)
    doubled = keyless(standing, control, tmp_path, standing.workers[0].address)
    met = Counter[str]()
    ground = Field.of(standing, place, tmp_path, PHONES, met)
    direct = [worker.address for worker in standing.workers]
    ground.leave(direct[0])
    ground.work()
    toxics = (Toxic(limit_data=4000), Toxic(limit_data=9000), Toxic(latency=0.05), Toxic(bandwidth=40_000))
    proxies = [Proxy(worker.port) for worker in standing.workers for _ in toxics[::2]]
    for proxy, toxic in zip(proxies, toxics, strict=True):
        proxy.toxic = toxic
    ground.come_back([*direct, *(f"http://127.0.0.1:{proxy.port}" for proxy in proxies)])
    for proxy in proxies:
        proxy.__exit__()
    outcome, checked = told(standing, ground), receipts(ground.phones)
    assert outcome == dict.fromkeys(CLEAN, 0), outcome
    assert checked["receipts verified"] == checked["receipts"] > PHONES and checked["forged receipts taken"] == 0
    assert checked["entries told otherwise"] == 0
    written = Counter(result for phone in ground.phones for _, _, result, _ in phone.journal())
    assert not written["queued"] and not written["again"]
    figures |= {
        "phones": PHONES, "days without signal": DAYS, "hours a clock was off, at the most": SKEW,
        "operations written down": written.total(), "done": written["done"] + written["replayed"],
        "refused with a reason": written["refused"], "held behind a refused one": written["held"],
        "lost": outcome["lost"] + outcome["records lost"], "doubled": outcome["doubled"] + outcome["records doubled"],
        "out of order": outcome["out of order"], "dated wrongly": outcome["dated wrongly"], **met,
        "receipts": checked["receipts"], "receipts verified": checked["receipts verified"],
        "checkpoints kept and shown consistent": checked["checkpoints kept"],
    }  # fmt: skip
    figures |= {"doubled by two phones without keys, the control": doubled, **weights}


def keyless(machine: Machine, place: Township, folder: Path, address: str) -> int:
    """Phones that send again without keys and ids are found out."""
    ground = Field.of(machine, place, folder, 2, Counter(), Keyless)
    ground.leave(address)
    for phone, household in zip(ground.phones, ground.homes, strict=True):
        for number in range(4):
            phone.true = LEFT + timedelta(days=number)
            phone.visit(household, "家中", f"第{number}次")
        phone.true = BACK
    ground.come_back([address])
    doubled = told(machine, ground)["records doubled"]
    assert doubled > 0
    return doubled


@pytest.mark.parametrize("ignores", [False, True])
def test_a_service_that_ignores_what_comes_first_is_found_out(
    standing: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ignores: bool
) -> None:
    """The negative control of order: where nothing holds them up, second halves are done before the first."""
    (place,) = townships(standing, 1)
    if ignores:
        monkeypatch.setattr(Line, "obstacle", lambda self, counter, after: None)
    ground = Field.of(standing, place, tmp_path, 1, Counter(), Backwards)
    ground.leave(place.service.address)
    ground.work()
    ground.come_back([place.service.address])
    assert (told(standing, ground)["out of order"] > 0) == ignores


# ── how much goes over the line ──────────────────────────────────────────────────────────────────


def weighed(place: Township, machine: Machine, address: str) -> dict[str, Any]:
    """Bytes of a typical helper: five households of four since November, two visits a month to each."""
    place.at("2017-03-06")
    office, homes = place.office("leading_group_office"), list[str]()
    first, helper = place.helped("典型")
    for number in range(4):
        people = [("李秀英", "spouse"), ("赵小山", "child"), ("赵小花", "child"), ("赵大山", "head")]
        members = [
            {"name": name, "relation": relation, "citizen_id": citizen_id(f"19{60 + number}010{n + 1}")}
            for n, (name, relation) in enumerate(people)
        ]
        card = {
            "card_number": f"41142120120100{number}", "village_code": place.village, "head_name": "赵大山",
            "main_cause": "illness", "listed_on": "2016-01-01",
        }  # fmt: skip
        made = office.made("/households", card | {"members": members})
        start = {"household_id": made["id"], "helper_id": helper.person_id, "is_primary": True, "starts": "2016-11-09"}
        office.made("/pairings", start)
        homes.append(made["id"])
    homes.append(first)
    for household in homes:
        plan = {"household_id": household, "kind": "assistance_plan", "year": 2017, "text": "发展养殖,户均增收两千元"}
        measures = [{"text": f"措施{n}", "due_on": f"2017-0{n + 4}-01"} for n in range(3)]
        helper.made("/plans", plan | {"measures": measures})
        for month in ("2016-11", "2016-12", "2017-01", "2017-02"):
            for day in (12, 26):
                visit(helper, household, f"{month}-{day}")
    for n in range(5):
        office.made("/requirements", {"text": f"要求{n}", "applies_from": "2016-11-09", "kind": "plans"})
        office.made("/form-tasks", {"title": f"表册{n}", "text": "按户填报", "due_on": f"2017-03-1{n}"})
    headers = machine.headers(place, helper)
    initial, cursor = weigh(address, headers, {})
    place.at("2017-03-20")
    for household in homes:
        for day in (8, 15):
            visit(helper, household, f"2017-03-{day:02}")
    delta, cursor = weigh(address, headers, {"cursor": cursor})
    nothing, _ = weigh(address, headers, {"cursor": cursor})
    return {"first pull of a typical helper": initial, "two weeks later": delta, "with nothing new": nothing}


def visit(helper: Any, household: str, day: str) -> None:
    body = {"household_id": household, "device_time": f"{day}T09:30:00+08:00", "place": "家中"}
    helper.made("/visits", body | {"text": f"{day} 了解生产生活情况,讲解医保与教育政策,查看养殖进展"})


def weigh(address: str, headers: dict[str, str], query: dict[str, str]) -> tuple[dict[str, int], str]:
    """Records and bytes of one pull as it travels, and what it would be uncompressed."""
    asked = {"params": query, "headers": headers | {"accept-encoding": "gzip"}, "timeout": 60}
    with httpx.stream("GET", f"{address}/v1/sync", **asked) as answer:
        raw = b"".join(answer.iter_raw())
    plain = gzip.decompress(raw)
    told = json.loads(plain)
    assert answer.headers["content-encoding"] == "gzip" and not told["more"]
    return {"records": len(told["items"]), "bytes": len(raw), "bytes uncompressed": len(plain)}, told["next_cursor"]
