"""Do rulebooks, policies, interpretations and workflows answer over HTTP as the contract says?"""

import asyncio
import base64
import json
from datetime import date
from xml.etree import ElementTree as ET

import httpx
import psycopg
import pytest
from sqlalchemy import Text, bindparam, select
from sqlmodel import col

import app.signoffs.rules  # noqa: F401  (declares a workflow)
from app.database import Database, Prepared
from app.rulebook import rules, schemas, tables
from app.rulebook.policies import policies
from app.rulebook.tables import Binding
from app.workflow import WORKFLOWS

FACTS = {
    "fact_date": "2017-03-15",
    "basis": "HY.9.1.1",
    "capacity": "helper",
    "categories": ["village_committee_member"],
    "requirement_from": "2017-03-01",
}
READING = {
    "rulebook_code": "HUAYUAN-2016",
    "article": "10",
    "policy_key": "routing.townshipCadre",
    "text": "乡机关干部任帮扶责任人的,由乡纪委处理。",
    "applies_from": "2017-01-01",
}


@pytest.fixture(scope="module")
def helper(shared_township):
    """A caller without any special office."""
    return shared_township.office("helper")


# ── rulebooks ────────────────────────────────────────────────────────────────────────────────────


def test_the_regulation_is_listed_with_the_day_of_the_townships_binding(helper):
    page = schemas.RulebookPage.model_validate(helper.read("/rulebooks"))
    (book,) = [b for b in page.items if b.code == "HUAYUAN-2016"]
    assert str(book.bound_from) == "2016-01-01"
    assert book.title == "花园乡精准脱贫工作考核及责任追究办法(试行)"


def test_G51_the_list_can_be_asked_for_a_day(helper):
    codes = lambda day: [b["code"] for b in helper.read("/rulebooks", in_force_on=day)["items"]]  # noqa: E731
    assert "HUAYUAN-2016" not in codes("2016-11-08")
    assert "HUAYUAN-2016" in codes("2016-11-09")
    assert "HUAYUAN-2016" in codes("2030-01-01")


def test_the_rulebook_is_read_whole_and_as_documented(helper):
    answer = helper.get("/rulebooks/HUAYUAN-2016")
    book = schemas.RulebookOut.model_validate(answer.json())
    assert answer.headers["etag"] == '"1"'
    assert len(book.document.grounds) == 17
    assert book.document.model_dump(mode="json", exclude_unset=True) == rules.huayuan().data


def test_its_publication_stands_in_the_log_of_the_nation_once(township):
    with psycopg.connect(township.service.database_url) as connection:
        found = connection.execute(
            "select leaf from log_event where township_code = '0' and event = 'rulebook.published'"
        ).fetchall()
    (leaf,) = [json.loads(bytes(row[0])) for row in found]
    book = township.admin.read("/rulebooks/HUAYUAN-2016")
    assert leaf["data"] == {"code": "HUAYUAN-2016", "effective_from": "2016-11-09", "sha256": book["sha256"]}


def test_the_binding_stands_in_the_townships_log(township):
    with psycopg.connect(township.service.database_url) as connection:
        found = connection.execute(
            "select leaf from log_event where township_code = %s and event = 'rulebook.bound'", [township.code]
        ).fetchall()
    assert [json.loads(bytes(row[0]))["data"]["rulebook_code"] for row in found] == ["HUAYUAN-2016"]


def test_a_partial_rulebook_stands_beside_it(service, helper):
    raw = json.loads((rules.HERE.parent.parent / "tests" / "rulebook" / "partial_rulebook.json").read_text())
    partial = rules.load(raw)
    with psycopg.connect(service.database_url, autocommit=True) as connection:
        connection.execute(
            "insert into rulebooks (code, edition, partial, title, title_en, sha256, document)"
            " values (%s, 1, true, %s, %s, '', %s)",
            [partial.code, partial.title, raw["title_en"], json.dumps(raw)],
        )
        try:
            # Another test of the session may have brought a rulebook of its own, which sorts behind.
            assert [b["code"] for b in helper.read("/rulebooks")["items"]][:2] == ["HEYANG-2016", "HUAYUAN-2016"]
            first = helper.read("/rulebooks", limit=1)
            assert first["next_cursor"] is not None
            second = helper.read("/rulebooks", limit=1, cursor=first["next_cursor"])
            assert [b["code"] for b in second["items"]] == ["HUAYUAN-2016"]
            schemas.RulebookOut.model_validate(helper.read("/rulebooks/HEYANG-2016"))
            told = helper.post("/rulebooks/HEYANG-2016/assess", FACTS).json()
            assert "rulebook-is-partial" in [r["code"] for r in told["refusals"]]
        finally:
            connection.execute("delete from rulebooks where code = %s", [partial.code])


@pytest.mark.parametrize("path", ["/rulebooks", "/rulebooks/HUAYUAN-2016", "/policies", "/interpretations"])
def test_rules_are_read_by_whoever_is_signed_in_and_by_nobody_else(service, helper, path):
    assert helper.get(path).status_code == 200
    assert httpx.get(service.address + "/v1" + path).status_code == 401


@pytest.mark.parametrize("path", ["/rulebooks", "/policies", "/interpretations"])
@pytest.mark.parametrize("cursor", [b"\x00", b"nobody", b"\xff"])
def test_a_cursor_from_elsewhere_never_breaks_a_list(helper, path, cursor):
    answer = helper.get(path, cursor=base64.urlsafe_b64encode(cursor).decode().rstrip("="))
    assert answer.status_code in (200, 422), answer.text


def test_an_unknown_rulebook_is_not_found(helper):
    assert helper.get("/rulebooks/NOWHERE-1").status_code == 404
    assert helper.post("/rulebooks/NOWHERE-1/assess", FACTS).status_code == 404


def entries(township):
    with psycopg.connect(township.service.database_url) as connection:
        return connection.execute("select size from log_head where township_code = %s", [township.code]).fetchone()


def test_assess_says_what_would_follow_and_writes_nothing(shared_township, helper):
    before = entries(shared_township)
    answer = helper.post("/rulebooks/HUAYUAN-2016/assess", FACTS)
    assert (answer.status_code, "ledger-entry" in answer.headers) == (200, False)
    told = schemas.AssessOut.model_validate(answer.json())
    assert told.permitted and told.measure == "circular_criticism"
    assert told.competence.deciding == ["discipline_commission", "party_committee", "township_government"]
    assert told.outputs == ["township_notice"]
    assert entries(shared_township) == before


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"fact_date": "2016-11-08", "requirement_from": None}, "before-commencement"),
        ({"capacity": "village_body"}, "subject-not-provided-for"),
        ({"basis": "HY.9.4.6"}, "ground-not-in-rulebook"),
        ({"measure": "admonition_talk"}, "measure-not-of-this-ground"),
        ({"basis": "HY.9.4.2", "capacity": "village_body_head"}, "crime-assessment-required"),
        (
            {"basis": "HY.9.4.2", "capacity": "village_body_head", "crime_assessment": "suspected"},
            "judicial-transfer-required",
        ),
        ({"basis": "HY.8", "elements": ["helper"]}, "general-clause-elements-missing"),
        ({"requirement_from": "2017-03-16"}, "no-requirement-before-the-fact"),
    ],
)
def test_assess_names_every_reason_against(helper, changed, code):
    told = helper.post("/rulebooks/HUAYUAN-2016/assess", FACTS | changed).json()
    assert not told["permitted"]
    assert code in [r["code"] for r in told["refusals"]]


def test_assess_speaks_the_callers_language(helper):
    outside = FACTS | {"categories": ["group_cadre"]}
    said = {
        language: helper.post("/rulebooks/HUAYUAN-2016/assess", outside, accept_language=language).json()
        for language in ("zh-CN", "en")
    }
    assert said["en"]["warnings"][0]["message"].isascii()
    assert not said["zh-CN"]["warnings"][0]["message"].isascii()
    assert said["en"]["warnings"][0]["code"] == "outside_art3"


@pytest.mark.parametrize(
    "bad", [{"fact_date": "2017-02-30"}, {"surprise": 1}, {"crime_assessment": "maybe"}, {"basis": ""}]
)
def test_assess_refuses_what_is_wrong_in_itself(helper, bad):
    assert helper.post("/rulebooks/HUAYUAN-2016/assess", FACTS | bad).status_code == 422


# ── policies ─────────────────────────────────────────────────────────────────────────────────────


def test_every_policy_is_listed_with_its_source(helper):
    items = schemas.PolicyPage.model_validate(helper.read("/policies", limit=200)).items
    assert [p.key for p in items] == list(policies())
    assert {p.number for p in items} == {f"G{n}" for n in range(1, 63)}


def test_policies_come_in_pages_and_by_filter(helper):
    first = helper.read("/policies", limit=40)
    rest = helper.read("/policies", limit=40, cursor=first["next_cursor"])
    assert [p["key"] for p in first["items"] + rest["items"]] == list(policies())
    assert rest["next_cursor"] is None
    assert [p["key"] for p in helper.read("/policies", number="G5")["items"]] == ["draw.rounding", "draw.min"]
    assert {p["source"] for p in helper.read("/policies", source="outside_rule")["items"]} == {"outside_rule"}
    assert helper.get("/policies", nonsense="1").status_code == 422


def test_a_township_sets_a_local_value_from_a_day(township):
    group = township.office("leading_group")
    path = "/policies/team.minMembers"
    read = group.get(path)
    assert (read.headers["etag"], read.json()["value"], read.json()["version"]) == ('"0"', 2, 0)
    body = {"value": 3, "effective_from": "2016-12-01", "reason": "力量充足"}
    done = group.patch(path, body, if_match='"0"')
    assert done.status_code == 200, done.text
    assert done.headers["ledger-entry"].startswith(f"{township.code}/")
    shown = schemas.PolicyOut.model_validate(done.json())
    assert (shown.value, shown.version, shown.effective_from) == (2, 1, None), "not before its day"
    assert group.read(path) == done.json()
    township.at("2016-12-01")
    held = group.read(path)
    assert (held["value"], held["source"], held["effective_from"]) == (3, "local_policy", "2016-12-01")
    assert held["default"] == 2
    (listed,) = [p for p in group.read("/policies", number="G11")["items"] if p["key"] == "team.minMembers"]
    assert listed["value"] == 3
    (earlier,) = [
        p for p in group.read("/policies", number="G11", as_of="2016-11-30")["items"] if p["key"] == "team.minMembers"
    ]
    assert earlier["value"] == 2


def test_a_policy_is_set_on_the_version_seen(township):
    group = township.office("leading_group")
    body = {"value": True, "effective_from": "2016-12-01", "reason": "随机选派"}
    assert group.patch("/policies/draw.inspectorsRandom", body).status_code == 428
    assert group.patch("/policies/draw.inspectorsRandom", body, if_match='"1"').status_code == 412
    assert group.patch("/policies/draw.inspectorsRandom", body, if_match='"0"').status_code == 200
    assert group.patch("/policies/draw.inspectorsRandom", body, if_match='"0"').status_code == 412


def test_a_retry_sets_a_policy_once(township):
    group = township.office("leading_group")
    body = {"value": 60, "effective_from": "2016-12-01", "reason": "延长异议期限"}
    asked = {"if_match": '"0"', "idempotency_key": "k1"}
    first = group.patch("/policies/objection.windowDays", body, **asked)
    again = group.patch("/policies/objection.windowDays", body, **asked)
    assert (first.status_code, again.status_code, again.headers["idempotent-replayed"]) == (200, 200, "true")
    assert again.json() == first.json()
    assert group.read("/policies/objection.windowDays")["version"] == 1


@pytest.mark.parametrize(
    ("key", "value", "day", "status", "code"),
    [
        ("draw.min", 0, "2016-12-01", 409, "policy-is-fixed"),
        ("team.minMembers", 0, "2016-12-01", 409, "policy-value-invalid"),
        ("team.minMembers", "3", "2016-12-01", 409, "policy-value-invalid"),
        ("team.minMembers", 2**70, "2016-12-01", 422, "bad-number"),
        ("inspection.furtherAspects", ["a\x00b"], "2016-12-01", 422, "bad-text"),
        ("team.minMembers", 3, "2016-11-08", 409, "policy-cannot-be-backdated"),
        ("no.such", 3, "2016-12-01", 404, "no-such-policy"),
    ],
)
def test_what_a_township_may_not_set(shared_township, key, value, day, status, code):
    group = shared_township.office("leading_group")
    body = {"value": value, "effective_from": day, "reason": "试设"}
    answer = group.patch(f"/policies/{key}", body, if_match='"0"')
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


@pytest.mark.parametrize("office", ["party_committee", "leading_group_office", "helper", "assessor"])
def test_only_the_leading_group_sets_policies_and_interprets(shared_township, office):
    caller = shared_township.office(office)
    body = {"value": 3, "effective_from": "2016-12-01", "reason": "试设"}
    assert caller.patch("/policies/team.minMembers", body, if_match='"0"').status_code == 403
    assert caller.post("/interpretations", READING).status_code == 403


POLICY_HELD = Prepared(
    select(*[tables.policy_fact(key, Binding).label(name) for name, key in (("a", "team.minMembers"), ("b", "grades"))])
    .where(col(Binding.township_code) == bindparam("here", type_=Text())),
    json=True,
)  # fmt: skip
"""What other features do: the policy as a fact beside a row of their own (here the binding)."""


def test_a_policy_is_a_fact_for_other_features(township):
    group = township.office("leading_group")

    async def held(day):
        database = Database(township.service.database_url, 1, role="none")
        await database.open()
        async with database.transaction(readonly=True) as transaction:
            body = await transaction.value(POLICY_HELD, here=township.code, today=date.fromisoformat(day))
        await database.close()
        return json.loads(body)

    assert asyncio.run(held("2017-01-01")) == {"a": 2, "b": []}
    for number, (value, day) in enumerate([(3, "2016-12-01"), (4, "2016-12-01"), (5, "2017-06-01")]):
        body = {"value": value, "effective_from": day, "reason": "分步调整"}
        assert group.patch("/policies/team.minMembers", body, if_match=f'"{number}"').status_code == 200
    days = ("2016-11-30", "2016-12-01", "2017-06-01")
    assert [asyncio.run(held(day))["a"] for day in days] == [2, 4, 5]
    township.at("2016-12-02")
    assert group.read("/policies/team.minMembers")["value"] == 4, "both ways agree"


def test_another_townships_value_is_not_ours(service, township, shared_township):
    group = township.office("leading_group")
    body = {"value": 9, "effective_from": "2016-11-09", "reason": "仅本乡"}
    assert group.patch("/policies/team.minMembers", body, if_match='"0"').status_code == 200
    assert shared_township.office("leading_group").read("/policies/team.minMembers")["version"] == 0


# ── interpretations ──────────────────────────────────────────────────────────────────────────────


def test_R11_the_leading_group_interprets_and_everyone_reads(shared_township, helper):
    group = shared_township.office("leading_group")
    made = group.made("/interpretations", READING)
    schemas.InterpretationOut.model_validate(made)
    assert made["interpreted_by"] == group.person_id
    assert helper.read(f"/interpretations/{made['id']}") == made
    assert made["id"] in [i["id"] for i in helper.read("/interpretations", article="10")["items"]]
    assert helper.read("/interpretations", article="3")["items"] == []
    newer = group.made("/interpretations", READING | {"text": "补充解释。", "replaces_id": made["id"]})
    assert newer["replaces_id"] == made["id"]


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"rulebook_code": "NOWHERE-1"}, 409),
        ({"article": "13"}, 409),
        ({"article": "第十条"}, 422),
        ({"policy_key": "no.such"}, 409),
        ({"replaces_id": "01890a5d-ac96-774b-bcce-b302099a8057"}, 409),
        ({"text": ""}, 422),
    ],
)
def test_what_cannot_be_interpreted(shared_township, changed, status):
    answer = shared_township.office("leading_group").post("/interpretations", READING | changed)
    assert answer.status_code == status, answer.text


def test_reads_take_two_round_trips_and_changes_at_most_six(shared_township, counter):
    group = shared_township.office("leading_group")
    value = {"value": 1, "effective_from": "2016-12-01", "reason": "人手有限"}
    for most, act in [
        (2, lambda: group.read("/rulebooks")),
        (2, lambda: group.read("/rulebooks/HUAYUAN-2016")),
        (2, lambda: group.read("/policies")),
        (2, lambda: group.read("/policies/team.minMembers")),
        (2, lambda: group.read("/interpretations")),
        (2, lambda: group.post("/rulebooks/HUAYUAN-2016/assess", FACTS)),
        (6, lambda: group.made("/interpretations", READING)),
        (6, lambda: group.patch("/policies/team.minMembers", value, if_match='"0"')),
    ]:
        counter.seen.clear()
        act()
        assert 0 < len(counter.work()) <= most, counter.work()


# ── workflows ────────────────────────────────────────────────────────────────────────────────────


def test_workflows_are_listed_and_read_without_sign_in(service):
    page = httpx.get(f"{service.address}/v1/workflows").json()
    assert [flow.name for flow in schemas.WorkflowPage.model_validate(page).items] == sorted(WORKFLOWS)


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_each_workflow_as_json_mermaid_and_svg(service, name):
    url = f"{service.address}/v1/workflows/{name}"
    told = schemas.WorkflowDeclaration.model_validate(httpx.get(url).json())
    assert told.states == list(WORKFLOWS[name].states)
    assert [m.name for m in told.moves] == [m.name for m in WORKFLOWS[name].moves]
    text = httpx.get(url, headers={"accept": "text/vnd.mermaid"})
    assert text.headers["content-type"].startswith("text/vnd.mermaid") and text.text.startswith("stateDiagram-v2")
    picture = httpx.get(url, headers={"accept": "image/svg+xml, application/json;q=0.5"})
    assert picture.headers["content-type"] == "image/svg+xml"
    ET.fromstring(picture.content)


def test_workflows_refuse_what_they_do_not_have(service):
    url = f"{service.address}/v1/workflows/{min(WORKFLOWS)}"
    for nothing in ("text/html", "application/*;q=0", "image/svg+xml;q=0"):
        assert httpx.get(url, headers={"accept": nothing}).status_code == 406, nothing
    for anything in ("*/*", "application/*", "image/png, */*;q=0.1", "text/html;q=x, application/json"):
        assert httpx.get(url, headers={"accept": anything}).headers["content-type"] == "application/json", anything
    assert httpx.get(url, headers={"accept": "image/*"}).headers["content-type"] == "image/svg+xml"
    assert httpx.get(url, params={"size": "big"}).status_code == 422
    assert httpx.get(f"{service.address}/v1/workflows/no_such").status_code == 404
