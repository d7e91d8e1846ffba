"""Does the worker take a long sheet piece by piece, each good row once, whenever it is stopped?"""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from app.database import Database
from app.imports import rules
from app.imports.actions import expire
from app.jobs import Worker
from app.longsheets import actions
from tests.conftest import Caller, Township
from tests.imports.offices import as_csv, citizen_id, hand_in, handed_in, refused

HEADER = ["姓名", "身份证号", "人员类别"]


@pytest.fixture
def office(township: Township, monkeypatch: pytest.MonkeyPatch) -> Iterator[Caller]:
    """Where more than ten rows are a long sheet, and a piece has four."""
    monkeypatch.setattr(rules, "AT_ONCE", 10)
    monkeypatch.setattr(rules, "CHUNK", 4)
    monkeypatch.setattr(actions, "BLOCK", 7)
    return township.office("leading_group_office")


def work(township: Township, *, seconds: float = 60) -> None:
    """What a job does, or so much of it as fits into the seconds."""

    async def go() -> None:
        state, database = township.service.app.state, Database(township.service.database_url, 2)
        await database.open()
        worker = Worker(state.settings, state.vault, database, queue=None)  # type: ignore[arg-type]
        actions.AT_A_TIME = seconds
        await actions.work(worker, township.code)
        await database.close()

    asyncio.run(go())


def people(many: int) -> list[list[str]]:
    return [[f"人员{n:03}", citizen_id(), "机关干部"] for n in range(many)]


def outcomes(caller: Caller, made: dict[str, Any]) -> dict[int, list[str]]:
    items = caller.read(f"/imports/{made['id']}/report", limit=200)["items"]
    return {i["row"]: [i["outcome"], *[p["code"] for p in i["problems"]]] for i in items}


def names(caller: Caller) -> list[str]:
    return sorted(p["name"] for p in caller.read("/people", limit=200)["items"] if p["name"].startswith("人员"))


def test_a_long_sheet_is_checked_and_then_imported_by_the_worker(township: Township, office: Caller) -> None:
    rows = people(22)
    rows[5][2], rows[20] = "村干事", rows[2]
    made = handed_in(office, as_csv(["花园乡名册"], HEADER, *rows, ["合计"]), "roster", mode="independent")
    assert (made["state"], made["long"], made["rows"]) == ("received", True, None)
    work(township)
    checked = office.read(f"/imports/{made['id']}")
    told = [checked[name] for name in ("state", "rows", "progress", "good", "bad", "imported")]
    assert told == ["checked", 25, 25, 20, 2, 0]
    assert names(office) == []
    wrong = {row: said[1:] for row, said in outcomes(office, made).items() if said[0] == "bad"}
    assert wrong == {8: ["word-unknown"], 23: ["on-two-rows"]}, "though the first stands in an earlier piece"
    assert office.act(f"/imports/{made['id']}", "carry-out")["state"] == "running"
    work(township)
    done = office.read(f"/imports/{made['id']}")
    assert [done[name] for name in ("state", "good", "bad", "imported", "made")] == ["done", 20, 2, 20, {"people": 20}]
    assert len(set(names(office))) == len(names(office)) == 20
    assert sorted(said[0] for said in outcomes(office, made).values()) == ["bad"] * 2 + ["imported"] * 20


def test_it_goes_on_where_it_was_stopped(township: Township, office: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = people(30)
    made = handed_in(office, as_csv(HEADER, *rows), "roster", mode="independent", dry_run=False)
    real, copied = Database.transaction, [0]

    def breaks(self: Database, **how: Any) -> Any:
        copied[0] += 1
        if copied[0] == 5:
            raise ConnectionError
        return real(self, **how)

    monkeypatch.setattr(Database, "transaction", breaks)
    with pytest.raises(ConnectionError):
        work(township)
    monkeypatch.setattr(Database, "transaction", real)
    assert office.read(f"/imports/{made['id']}")["rows"] is None, "it broke off while rows were copied"
    progress = [0]
    for _ in range(20):
        work(township, seconds=0.001)
        progress.append(office.read(f"/imports/{made['id']}")["progress"])
    assert progress == sorted(progress)
    assert progress[-1] == 31 and len(set(progress)) > 6, "a piece at a time"
    assert names(office) == sorted(row[0] for row in rows)
    assert office.read(f"/imports/{made['id']}")["state"] == "done"


def test_a_household_is_never_cut_in_two(township: Township, office: Caller) -> None:
    header = ["户编号", "行政村", "户主", "主要致贫原因", "识别时间", "姓名", "与户主关系", "身份证号"]
    rows = []
    for card in range(4):
        first = [f"K{card}", township.village, f"户主{card}", "因病", "2016-01-01"]
        rows += [[*first, f"户主{card}", "户主", citizen_id()]]
        rows += [["", "", "", "", "", f"成员{n}", "子女", citizen_id()] for n in range(card)]
    township.admin.made("/villages", {"code": township.village, "name": "花园村委会"})
    made = handed_in(office, as_csv(header, *rows), "households", mode="independent", dry_run=False)
    work(township)
    assert office.read(f"/imports/{made['id']}")["made"] == {"households": 4}
    households = {h["card_number"]: len(h["members"]) for h in office.read("/households")["items"]}
    assert households == {f"K{card}": card + 1 for card in range(4)}


def test_cancelling_stops_it_and_keeps_what_is_there(township: Township, office: Caller) -> None:
    made = handed_in(office, as_csv(HEADER, *people(30)), "roster", mode="independent", dry_run=False)
    for _ in range(3):
        work(township, seconds=0.001)
    done = office.act(f"/imports/{made['id']}", "cancel")
    assert (done["state"], 0 < done["imported"] < 30) == ("cancelled", True)
    work(township)
    assert office.read(f"/imports/{made['id']}")["imported"] == done["imported"] == len(names(office))


def test_a_piece_is_undone_whole_where_progress_is_not_written(township: Township, office: Caller) -> None:
    """The control: a worker that lost count of what it did would be told, for no row has two outcomes."""
    made = handed_in(office, as_csv(HEADER, *people(12)), "roster", mode="independent", dry_run=False)
    for _ in range(3):
        work(township, seconds=0.001)
    before = names(office)
    assert before
    with psycopg.connect(township.service.database_url, autocommit=True) as connection:
        connection.execute("update imports set progress = 0 where id = %s", [made["id"]])
        with pytest.raises(Exception, match="uq_import_outcomes_number"):
            work(township)
    assert names(office) == before


def test_blank_rows_hide_none(township: Township, office: Caller) -> None:
    """Where a sheet is full of gaps: as many rows as there are, whether it is short or long."""
    blank: list[list[str]] = [[]] * 40
    gaps = [row for person in people(9) for row in ([], [], [], person)]
    for rows, many in ((gaps, 9), ([*blank, *people(2)], 2)):
        made = handed_in(office, as_csv(HEADER, *rows), "roster", mode="atomic")
        assert (made["long"], made["good"], made["bad"]) == (False, many, 0)
    long = [row for person in people(12) for row in ([], [], [], person)]
    refused(hand_in(office, as_csv(HEADER, *long), "roster", mode="atomic"), 422, "all-or-nothing-has-a-limit")
    made = handed_in(office, as_csv(HEADER, *long), "roster", mode="independent")
    work(township)
    assert office.read(f"/imports/{made['id']}")["good"] == 12


def test_the_file_of_a_long_sheet_that_nobody_read_goes_with_the_others(township: Township, office: Caller) -> None:
    made = handed_in(office, as_csv(HEADER, *people(12)), "roster", mode="independent")
    office.act(f"/imports/{made['id']}", "cancel")
    township.at("2017-04-19")
    state = township.service.app.state
    with psycopg.connect(township.service.database_url) as connection:
        query = "select count(*) from import_parts where township_code = %s"
        for gone, left in ((1, 0), (0, 0)):
            assert connection.execute(query, [township.code]).fetchone() == (gone,)
            assert asyncio.run(expire(state.settings.database_url, state.vault, township.code)) == gone
            assert connection.execute(query, [township.code]).fetchone() == (left,)


def test_all_or_nothing_is_not_for_long_sheets(office: Caller) -> None:
    refused = hand_in(office, as_csv(HEADER, *people(11)), "roster")
    assert (refused.status_code, refused.json()["code"]) == (422, "all-or-nothing-has-a-limit")
    assert json.dumps(refused.json()["errors"][0]["pointer"]) == '"query:mode"'


def test_a_sheet_that_cannot_be_read_to_its_end_keeps_none_waiting(township: Township, office: Caller) -> None:
    broken = as_csv(HEADER, *people(60)) + b'\r\n"a"b,,\r\n'
    given_up = handed_in(office, broken, "roster", mode="independent")
    behind = handed_in(office, as_csv(HEADER, *people(22)), "roster", mode="independent")
    work(township)
    assert office.read(f"/imports/{given_up['id']}")["state"] == "cancelled"
    assert office.read(f"/imports/{behind['id']}")["state"] == "checked"
    entries = township.office("party_committee").read(f"/ledger/{township.code}/entries", limit=200)["items"]
    (told,) = [e["data"] for e in (json.loads(one["leaf"]) for one in entries) if e["event"] == "import.cancelled"]
    assert told == {"state": "cancelled", "because": "unreadable-file"}


def test_a_sheet_that_was_cancelled_while_it_was_read_stays_so(
    township: Township, office: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = handed_in(office, as_csv(HEADER, *people(22)), "roster", mode="independent")
    copied = actions._copied

    async def meanwhile(*args: Any) -> Any:
        found = await copied(*args)
        await asyncio.to_thread(office.act, f"/imports/{made['id']}", "cancel")
        return found

    monkeypatch.setattr(actions, "_copied", meanwhile)
    work(township)
    assert office.read(f"/imports/{made['id']}")["state"] == "cancelled"
