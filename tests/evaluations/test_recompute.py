"""Is what was proposed and determined a function of the exported ledger, and does a changed ledger show as changed?"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.ledger.actions import export
from app.log import canonical
from tests.evaluations.test_routes import Year
from tests.inspections import test_routes as months
from verify import huayuan_recompute

PROGRAM = Path(huayuan_recompute.__file__)
Leaf = dict[str, Any]


def exported(caller: Any, log: str) -> list[dict[str, Any]]:
    """All entries of a log, page after page."""
    entries: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 200}
    while True:
        page = caller.read(f"/ledger/{log}/entries", **query)
        entries += page["items"]
        if page["next_cursor"] is None:
            return entries
        query["cursor"] = page["next_cursor"]


def leaves_of(caller: Any, log: str) -> list[Leaf]:
    return huayuan_recompute.read_leaves([json.dumps(e) for e in exported(caller, log)])


class Told:
    """A year in which everything happens on which a proposal rests."""

    def __init__(self, township: Any) -> None:
        self.year = year = Year(township)
        names = "完成", "未脱贫", "拒签", "异议", "前任", "无户", "返贫"
        self.helpers = dict(zip(names, map(year.helper, names), strict=True))
        one = {name: year.household(helper) for name, helper in self.helpers.items() if name not in {"前任", "无户"}}
        gone = year.household(self.helpers["完成"])
        left = year.household(self.helpers["前任"], ends="2017-06-30")
        self.month(township)
        self.quarter(township)
        year.event(gone, "moved_out", "2017-11-20")
        for name in ("完成", "返贫"):
            year.sign_off(one[name], out=True)
        year.sign_off(one["未脱贫"], out=False)
        year.sign_off(one["拒签"], out=True, state="considered_unconfirmed")
        year.sign_off(one["异议"], out=True, objection="补助尚未到账")
        township.at("2017-12-21")
        year.event(one["返贫"], "returned_to_poverty", "2017-12-21")
        self.households = {**one, "前任": left, "已迁": gone}
        self.submission = year.submitted()
        self.outcomes = {name: year.proposed(helper)["outcome"] for name, helper in self.helpers.items()}
        for name, outcome in (("完成", "complete"), ("未脱贫", "not_complete")):
            year.committee.act(year.of(self.helpers[name]), "determine", year.said(self.submission, outcome))

    def month(self, township: Any) -> None:
        """December is drawn and one check corrected; October is planned and missed."""
        township.at("2017-10-10")
        months.planned(township, "2017-10")
        path = months.drawn(township, "2017-12")
        first, second = months.checks(township, path)[:2]
        assessor = township.office("assessor")
        assessor.act(f"/inspections/{first['id']}", "record", months.found(township, "2017-12-08"))
        reason = {"reason": "记错", "not_checked": {"reason": "住院"}}
        assert assessor.try_act(f"/inspections/{first['id']}", "correct", reason).status_code == 201
        assessor.act(f"/inspections/{second['id']}", "not-checked", {"reason": "住院"})
        township.at("2017-12-20")

    def quarter(self, township: Any) -> None:
        """The third quarter's round has one row answered and the others open."""
        team = township.office("assessor")
        made = team.made("/quarterly-rounds", {"quarter": "2017-Q3"})
        row = team.read("/quarterly-scores", round_id=made["id"])["items"][0]
        team.act(f"/quarterly-scores/{row['id']}", "not-assessed", {"reason": "住院"})

    @property
    def leaves(self) -> list[Leaf]:
        return leaves_of(self.year.committee, self.year.township.code)


@pytest.fixture
def told(township) -> Told:
    return Told(township)


EXPECTED = {
    "完成": "complete", "未脱贫": "not_complete", "拒签": "unconfirmed", "异议": "unconfirmed",
    "前任": "not_determined", "无户": "not_applicable", "返贫": "unconfirmed",
}  # fmt: skip


def test_R5_6_the_exported_ledger_alone_gives_every_proposal_and_determination(told, tmp_path):
    assert told.outcomes == EXPECTED
    file = tmp_path / "ledger.ndjson"
    entries = exported(told.year.committee, told.year.township.code)
    file.write_text("".join(json.dumps({"seq": e["seq"], "leaf": e["leaf"]}) + "\n" for e in entries))
    program = [sys.executable, "-I", str(PROGRAM), "2017", str(file)]  # -I: nothing of this project can be imported
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    *lines, summary = done.stdout.splitlines()
    proposed = {line.split()[0]: line.split()[2] for line in lines if " proposed " in line}
    assert proposed == {told.helpers[name]: outcome for name, outcome in EXPECTED.items()}
    assert summary.startswith(f"2017: {len(EXPECTED) + 2} equal, 0 different")


def test_R5_6_the_operators_export_gives_it_too(told, tmp_path, capsys):
    """With the personal values left out: everything that a proposal rests on stands in the sealed leaves."""
    place = told.year.township
    place.admin.post(f"/ledger/{place.code}/checkpoint")
    assert asyncio.run(export(place.service.database_url, place.code, tmp_path, disclosed=False)) == len(told.leaves)
    assert huayuan_recompute.main("2017", str(tmp_path / "entries.ndjson")) == 0
    assert f"{len(EXPECTED) + 2} equal, 0 different" in capsys.readouterr().out


def test_R5_6_a_proposal_rests_on_the_entries_that_it_says(told):
    """What is recorded after a proposal leaves it as it was; proposed again, it rests on more."""
    told.year.sign_off(told.year.household(told.helpers["完成"]), out=False)
    assert told.year.proposed(told.helpers["拒签"])["outcome"] == "unconfirmed"
    results = huayuan_recompute.recompute(told.leaves, 2017)
    assert [r for r in results if r.differences] == []
    assert [r.helper for r in results].count(told.helpers["拒签"]) == 2


def of(told: Told, name: str) -> Callable[[Leaf], bool]:
    return lambda leaf: leaf.get("household") == told.households[name]


Change = tuple[str, str, Callable[[Leaf], None], str]


def put(*path: str, value: Any) -> Callable[[Leaf], None]:
    def change(leaf: Leaf) -> None:
        for name in path[:-1]:
            leaf = leaf[name]
        assert leaf[path[-1]] != value
        leaf[path[-1]] = value

    return change


CHANGES: dict[str, Change] = {
    "a pairing begins later": ("pairing.started", "完成", put("data", "starts", value="2017-03-01"), "assigned_from"),
    "a pairing lasts longer": ("pairing.started", "前任", put("data", "ends", value="2017-07-01"), "assigned_to"),
    "another closing event": ("household.life_event", "已迁", put("data", "kind", value="merged"), "closed_by"),
    "another day of it": ("household.life_event", "已迁", put("data", "happened_on", value="2017-11-21"), "closed_on"),
    "never fell back": ("household.life_event", "返贫", put("data", "kind", value="newly_listed"), "returned_on"),
    "out instead of not out": ("signoff.opened", "未脱贫", put("data", "out_of_poverty", value=True), "outcome"),
    "another statement": ("signoff.opened", "完成", put("data", "statement_hash", value="0" * 64), "statement_hash"),
    "signed late": ("signoff.signed", "完成", put("data", "late", value=True), "late"),
    "no objection": ("signoff.objected", "异议", put("event", value="signoff.signed"), "objected"),
    "reviewed though refused": ("signoff.considered_unconfirmed", "拒签", put("data", "state", value="reviewed"),
                                "signoff_state"),
}  # fmt: skip


@pytest.fixture(scope="module")
def leaves_of_a_year(service, shared_township) -> tuple[Told, list[Leaf]]:
    told = Told(shared_township)
    return told, told.leaves


@pytest.mark.parametrize("changed", CHANGES)
def test_R5_6_one_changed_entry_is_a_difference_named(leaves_of_a_year, changed):
    told, leaves = leaves_of_a_year
    event, name, change, named = CHANGES[changed]
    assert differing(leaves) == {}
    copies = json.loads(json.dumps(leaves))
    change(next(leaf for leaf in copies if leaf["event"] == event and of(told, name)(leaf)))
    found = differing(copies)
    assert set(found) == {told.helpers["完成" if name == "已迁" else name]}
    assert any(named in difference for differences in found.values() for difference in differences), found


def differing(leaves: list[Leaf]) -> dict[str, list[str]]:
    results = [r for r in huayuan_recompute.recompute(leaves, 2017) if r.differences and r.kind == "proposed"]
    return {r.helper: r.differences for r in results}


OTHERS = {
    "a check not recorded": ("inspection.not_checked", put("event", value="inspection.recorded"), "months[11]"),
    "a month not missed": ("inspection_round.missed", put("data", "month", value="2016-12"), "months["),
    "a score": ("quarterly_score.not_assessed", put("data", "outcome", value="assessed"), "quarters[2]"),
    "no quarter": ("quarterly_round.opened", put("data", "quarter", value="2017-Q2"), "quarters["),
    "a helper's category": ("person.created", put("data", "category", value="group_cadre"), "priority_for_excellent"),
    "a proposal's outcome": ("annual_evaluation.proposed", put("data", "outcome", value="no_rule"), "told"),
    "a proposal's hash": ("annual_evaluation.proposed", put("data", "proposal_hash", value="0" * 64), "told"),
    "no veto": ("annual_evaluation.determined", put("data", "priority_for_awards", value=None), "priority_for_awards"),
}  # fmt: skip


@pytest.mark.parametrize("changed", OTHERS)
def test_R5_6_R7_1_whatever_a_result_rests_on_shows_when_changed(leaves_of_a_year, changed):
    told, leaves = leaves_of_a_year
    event, change, named = OTHERS[changed]
    copies = json.loads(json.dumps(leaves))
    mine = [leaf for leaf in copies if leaf["event"] == event]
    if event == "person.created":
        mine = [leaf for leaf in mine if leaf["subject"]["id"] == told.helpers["完成"]]
    for leaf in mine[-1:]:
        change(leaf)
    assert mine
    wrong = [d for r in huayuan_recompute.recompute(copies, 2017) for d in r.differences]
    assert any(named in difference for difference in wrong), wrong


def test_a_file_that_is_no_log_is_refused(leaves_of_a_year, tmp_path, capsys):
    lines = [json.dumps({"seq": n, "leaf": canonical(leaf).decode()}) for n, leaf in enumerate(leaves_of_a_year[1])]
    for wrong in (lines[1:], [*lines[:5], *lines[6:]], ["{}"], ["no JSON"]):
        file = tmp_path / "ledger.ndjson"
        file.write_text("\n".join(wrong))
        assert huayuan_recompute.main("2017", str(file)) == 2
        assert "line" in capsys.readouterr().err


def test_a_township_of_more_helpers_than_an_entry_holds_opens_its_year(township):
    """1,700 ids are more than 64 KiB: the entries that follow hold the rest, and the program reads them all."""
    there = set(months.helpers(township, 1700))
    township.at("2017-12-20")
    opened = township.office("leading_group").made("/year-end-submissions", {"year": 2017})
    township.office("assessor").made("/quarterly-rounds", {"quarter": "2017-Q4"})
    leaves = leaves_of(township.office("assessor"), township.code)
    assert max(len(canonical(leaf)) for leaf in leaves) < 65_536 < 39 * len(there)
    parts = [leaf["data"]["helpers"] for leaf in leaves if leaf["subject"]["id"] == opened["id"]]
    assert [len(part) for part in parts] == [1000, 700]
    assert {helper for part in parts for helper in part} == there
    record = huayuan_recompute.Record()
    for leaf in leaves:
        record.apply(leaf)
    assert {helper for _, helper in record.scores} == there
