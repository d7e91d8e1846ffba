"""Does the story have in it what it promises? The law's lists against the calendar of acts, before anything runs."""

import importlib
import re
from pathlib import Path

from app.demo import accountability, months, quarters, story
from app.demo.report import Checks, differences
from app.demo.town import CALENDAR
from app.rulebook.rules import huayuan, matrix

for name in story.ACTS:
    importlib.import_module(f"app.demo.{name}")


def test_every_ground_leads_to_its_measure_at_least_once() -> None:
    ends = {a.ground: a for a in accountability.AFFAIRS if a.ends == "measure"}
    assert {*ends, accountability.FOUND_IN_INSPECTION} == set(huayuan().grounds)
    for ground in huayuan().grounds.values():
        assert accountability.measure_of(ground.code) == ground.measure


def test_every_measure_falls_inside_the_matrix() -> None:
    for affair in accountability.AFFAIRS:
        if affair.ground != "HY.8":
            assert (affair.capacity, accountability.measure_of(affair.ground)) in matrix(huayuan())


def test_a_case_ends_in_every_way() -> None:
    assert {a.ends for a in accountability.AFFAIRS} == {"measure", "no_measure", "transfer", "refer", "article_8"}


def test_fourteen_months_and_five_quarters() -> None:
    assert len(months.MONTHS) == 14
    assert set(months.MONTHS) - set(months.IN_TIME) == {months.MISSED, months.LATE}
    assert len(quarters.QUARTERS) == 5


def test_every_act_says_in_chinese_what_it_does() -> None:
    assert len(CALENDAR) > 100
    assert all(any("\u4e00" <= c <= "\u9fff" for c in title) for _, title, _ in CALENDAR)


def test_what_is_asked_is_asked_by_the_typed_functions_of_the_client_alone() -> None:
    for file in Path(story.__file__).parent.glob("*.py"):
        assert not re.search(r"""["']/[\w{]|\b(Call|Listing)\(""", file.read_text("utf-8")), file.name


def test_a_mismatch_counts_and_is_named() -> None:
    checks = Checks()
    checks.add("n", 18, 18)
    assert checks.faults == 0
    checks.add("n", {"a": 1, "b": 2}, {"a": 1, "b": 3})
    assert checks.faults == 1
    assert differences(*checks.rows[-1][1:]) == ["b: 应为 2,实为 3"]
