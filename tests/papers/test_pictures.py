"""Do the charts say what the figures say, in a picture and in words, and nothing by colour alone?"""

import re
from xml.etree import ElementTree as ET

import pytest

from app.papers import pictures

SVG = "{http://www.w3.org/2000/svg}"
COVERAGE = {
    "year": 2017,
    "months": [
        {"month": "2017-01", "state": "closed", "missed_in_month": False, "late": False, "population": 2,
         "sample_size": 1},
        {"month": "2017-02", "state": "missed_in_month", "missed_in_month": True, "late": False, "population": None,
         "sample_size": None},
        {"month": "2017-03", "state": "missed_in_month", "missed_in_month": True, "late": True, "population": 2,
         "sample_size": 1},
    ],
    "helpers": [
        {"helper_id": "x", "name": "甲<乙>", "months": {"2017-01": "recorded", "2017-03": "not_drawn"}},
        {"helper_id": "y", "name": "丙", "months": {"2017-01": "additional", "2017-03": "not_checked"}},
    ],
}  # fmt: skip
PROGRESS = {
    "year": 2017,
    "villages": [
        {"name": "花园村", "village_code": "1", "signoffs": 5, "objected": 1, "states": {"open": 1, "reviewed": 4}},
        {"name": None, "village_code": "411421201202", "signoffs": 1, "objected": 0, "states": {"refused": 1}},
    ],
}
QUARTERS = {
    "year": 2017,
    "quarters": [
        {"quarter": "2017-Q1", "state": "reported", "helpers": {"assessed": 3, "not_assessed": 1},
         "methods": {"on_site": 3, "documents": 2}},
        {"quarter": "2017-Q2", "state": "none", "helpers": {}, "methods": {}},
    ],
}  # fmt: skip
EMPTY = {"year": 2018, "months": [], "helpers": [], "villages": [], "quarters": []}
ALL = [
    (pictures.draw_coverage, COVERAGE),
    (pictures.signoff_progress, PROGRESS),
    (pictures.quarter_distribution, QUARTERS),
]


def words(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize(("draw", "told"), ALL)
def test_a_chart_is_small_the_same_every_time_and_has_a_title_and_its_figures_in_words(draw, told):
    svg = draw(told)
    assert svg == draw(told) and len(svg) < 8_000
    tree = ET.fromstring(svg)
    assert tree.get("role") == "img"
    assert "2017年" in tree.findtext(f"{SVG}title") and len(tree.findtext(f"{SVG}desc")) > 10


@pytest.mark.parametrize(("draw", "told"), ALL)
def test_nothing_is_told_by_colour(draw, told):
    colours = re.findall(r"#[0-9a-f]{3,6}", draw(told))
    assert colours
    assert all(len({*c[1:]}) == 1 or c[1:3] == c[3:5] == c[5:7] for c in colours), "greys alone"


@pytest.mark.parametrize("draw", [draw for draw, _ in ALL])
def test_a_year_without_anything_is_a_picture_too(draw):
    ET.fromstring(draw(EMPTY))


def test_G8_a_month_without_a_draw_is_marked_whole_and_stays_marked_when_drawn_late():
    svg = pictures.draw_coverage(COVERAGE)
    assert svg.count('fill="url(#hatch)"') == 3, "February, March, and the legend"
    assert "未抽" in words(svg) and "补抽" in words(svg)
    assert "2017-02 当月未抽查" in svg
    spared = COVERAGE | {"months": COVERAGE["months"][:1]}
    assert pictures.draw_coverage(spared).count('fill="url(#hatch)"') == 1, "the legend alone"


def test_who_was_drawn_how_often():
    shown = words(pictures.draw_coverage(COVERAGE))
    assert shown.index("1 次") > shown.index("甲<乙>") and shown.count("1 次") == 2


def test_every_part_of_a_bar_has_its_number():
    shown = words(pictures.signoff_progress(PROGRESS))
    assert {"1", "4", "花园村", "411421201202", "5 户"} <= {*shown}


def test_G2_the_quarters_tell_how_many_and_how_and_no_points():
    svg = pictures.quarter_distribution(QUARTERS)
    assert {"3", "1", "4 人，已上报", "2017年第一季度 查阅资料"} <= {*words(svg)}
    assert "分数" not in svg and "得分" not in svg and "名次" not in svg
