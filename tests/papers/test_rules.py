"""Does a page follow from its record alone, and from nothing that does not belong on it?"""

import json
from typing import Any

import pytest

from app.papers import rules

NOTICE: dict[str, Any] = {
    "id": "01920000-0000-7000-8000-000000000001", "version": 3, "township": "花园乡", "state": "published",
    "entry": {"log": "411421201", "seq": 137, "leaf_hash": "0" * 64}, "organ": "party_committee", "title": "通报",
    "body": "现予以通报。", "document_number": "花发[2017]3号", "channel": "document", "starts_on": "2017-03-05",
    "ends_on": None,
}  # fmt: skip


def words(paper: dict[str, Any]) -> str:
    return json.dumps(paper, ensure_ascii=False)


@pytest.mark.parametrize(
    "typed", ["花发[2017]3号", "花发［2017］3号", "花发(2017)3号", "花发【2017】3号", "花发〔2017〕3号"]
)
def test_a_documents_number_has_the_brackets_of_the_standard_however_it_was_typed(typed):
    assert rules.number_zh(typed) == "花发〔2017〕3号"
    assert rules.number_zh("第(一)项") == "第(一)项", "only around a year"
    assert rules.number_zh(None) is None


def test_a_day_is_written_without_leading_zeros_and_a_moment_in_the_townships_time():
    assert rules.day_zh("2017-03-05") == "2017年3月5日"
    assert rules.moment_zh("2016-12-31T16:05:00.000000Z") == "2017年1月1日\n00:05"
    assert rules.quarter_zh("2016-Q4") == "2016年第四季度"


def test_G30_whatever_stands_beside_a_notice_only_its_own_words_come_on_the_page():
    beside = {
        "household": {"head_name": "赵大山", "card_number": "C1"},
        "reasons": "赵大山家",
        "subject_person_id": "x",
    }
    assert "赵大山" not in words(rules.notice(NOTICE | beside))
    assert "赵大山" in words(rules.notice(NOTICE | {"body": "赵大山"})), "the words above would be seen"


@pytest.mark.parametrize(("channel", "head"), [("document", True), ("board", False), ("meeting", False)])
def test_only_what_goes_out_as_a_document_has_a_red_head(channel, head):
    kinds = [block["kind"] for block in rules.notice(NOTICE | {"channel": channel})["blocks"]]
    assert ("letterhead" in kinds) is head
    assert "花发〔2017〕3号" in words(rules.notice(NOTICE | {"channel": channel}))


@pytest.mark.parametrize(("state", "mark"), [("corrected", "本通报已更正"), ("withdrawn", "本通报已撤回")])
def test_G53_paper_of_a_notice_that_was_settled_says_so(state, mark):
    assert mark in words(rules.notice(NOTICE | {"state": state}))
    assert mark not in words(rules.notice(NOTICE))


def test_the_file_bears_the_day_of_the_newest_of_its_papers():
    older = rules.notice(NOTICE | {"starts_on": "2017-03-01"})
    assert rules.document("通报", older, rules.notice(NOTICE))["date"] == "2017-03-05"


def test_every_ground_has_its_place_in_the_regulation():
    assert rules.clause_zh("HY.9.3.2").startswith("第九条第（三）项第2目　")
    assert rules.clause_zh("HY.8") == "第八条"
    assert rules.clause_zh("OTHER.1") == "OTHER.1", "another rulebook's own code"
    assert all("目" in rules.clause_zh(code) for code in rules.BOOK.grounds)
