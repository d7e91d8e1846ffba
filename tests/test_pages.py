"""Does every type of problem have a page that tells what it means, who answers it and what to do?"""

import re

import httpx
import pytest

from app.pages import ADVICE, Code
from app.problems import PAGES, STATUS, status_of
from app.refusal import Conflict, Refusal, every

CHINESE = re.compile(r"[\u4e00-\u9fff]")
NOWHERE = {"conflict", "method-not-allowed", "no-such-page", "not-migrated", "release-too-old", "service-failed"}
"""Answered by no operation: the name of a kind, other addresses, a process that is not ready, our own mistakes."""

NOT_YET = {"attachment-missing", "attachment-unfinished"}
"""Of `attachments.actions.named`, which no operation asks before records name attachments."""


@pytest.fixture(scope="module")
def pages(service):
    return service.app.state.pages


@pytest.fixture(scope="module")
def client(service):
    with httpx.Client(base_url=service.address, timeout=60) as made:
        yield made


def json(client, path):
    return client.get(path, headers={"accept": "application/json"})


def test_every_refusal_that_is_answered_as_a_problem_is_in_the_index(client, service):
    found = json(client, PAGES).json()
    codes = {kind.code() for kind in every(Refusal) if kind.__module__.startswith("app.")}
    assert codes - {one["code"] for one in found} == {"refusal", "sign-in-failed"}, "the latter is RFC 6749's"
    assert len(found) > 200
    parts = {tag["description"] for tag in service.app.openapi()["tags"]} | {"各接口通用"}
    assert {one["area"]["zh-CN"] for one in found} <= parts
    html = client.get(PAGES)
    assert html.headers["content-type"] == "text/html; charset=utf-8"
    assert re.findall(r"href='/problems/([^']+)'", html.text) == [one["code"] for one in found]


def test_every_page_is_complete_and_says_the_same_to_people_and_programs(client, pages):
    for code, kind in pages.kinds.items():
        told = json(client, PAGES + code).json()
        assert CHINESE.search(told["title"]["zh-CN"]) and not CHINESE.search(told["title"]["en"]), code
        assert CHINESE.search(told["what_to_do"]["zh-CN"]) and told["what_to_do"]["en"].isascii() is (
            "…" not in told["what_to_do"]["en"]
        )
        assert told["example"] | {"type": PAGES + code, "code": code, "status": status_of(kind)} == told["example"]
        assert (told["operations"] == []) is (code in NOWHERE) or code in NOT_YET, code
        html = client.get(PAGES + code).text
        assert f"HTTP {told['status']}" in html and (kind.article or "") in html
        assert all(f"<code>{o['path']}</code>" in html for o in told["operations"])
        assert re.findall(r"""<script|(?:src|href)=["'](?!/problems/)|https?:|url\(""", html) == [], "nothing foreign"


def test_every_kind_has_its_advice():
    assert {kind for kind in STATUS if not any(base in ADVICE for base in kind.__mro__)} == set()


def test_only_what_a_record_tells_beforehand_is_advised_to_be_read_there(pages):
    """A record lists as blockers what its workflow has against a move; not what is wrong with what was sent."""

    def advises_a_record(code):
        return "`actions`" in pages.advice(pages.kinds[code])[0]

    assert all(map(advises_a_record, ("wrong-state", "checks-pending", "signatures-incomplete", "own-file")))
    sent = ("seed-too-soon", "address-refused", "already-on-record", "year-not-begun", "place-outside", "easy-to-guess")
    assert not any(map(advises_a_record, (*sent, "not-your-office", "only-the-county-has-webhooks", "not-for-phones")))
    assert "`HUAYUAN_WEBHOOK_ALLOW`" in pages.advice(pages.kinds["address-refused"])[1]


def test_every_advice_of_its_own_is_in_both_languages(pages):
    own = [kind for kind in pages.kinds.values() if kind.advice]
    assert len(own) >= 4
    assert all(kind.advice[0].isascii() and CHINESE.search(kind.advice[1]) for kind in own)


def test_the_operations_are_those_whose_code_comes_to_it(pages):
    def answered_by(code):
        return [o.id for o in pages.answering(pages.kinds[code])]

    assert answered_by("proposal-out-of-date") == ["annual_evaluations_determine"]
    assert answered_by("year-not-begun") == ["signoffs_create"]
    assert answered_by("signatures-incomplete") == ["signoffs_collect", "signoffs_review"]
    assert len(answered_by("overloaded")) == len(pages.operations)


class OnlyInATest(Conflict):
    """Only a test knows this.

    仅供测试。
    """


def deep():
    raise OnlyInATest


def door():
    return [deep() for _ in "x"]


def aside():
    return "OnlyInATest"


def test_what_a_door_does_not_name_it_does_not_reach():
    door.__module__ = deep.__module__ = aside.__module__ = "app.test.door"
    assert door in Code(door, aside).leading_to(OnlyInATest)
    assert aside not in Code(door, aside).leading_to(OnlyInATest)
    assert Code(aside).leading_to(OnlyInATest) == []


def test_the_document_says_where_the_pages_are(service, client):
    api = service.app.openapi()
    assert client.get(api["externalDocs"]["url"]).status_code == 200
    (example,) = api["components"]["schemas"]["Problem"]["properties"]["type"]["examples"]
    assert client.get(example).status_code == 200
    assert client.get(PAGES + "nothing-such").status_code == 404
