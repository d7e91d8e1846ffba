"""Do sign-offs behave over HTTP as the contract says?"""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest
import rfc8785

from app.database import APP_ROLE

STATES = ["household_signed", "helper_signed", "village_signed", "leader_signed"]
STATEMENT: dict[str, Any] = {
    "out_of_poverty": True,
    "outside_rule": "河南省贫困退出实施办法",
    "measures": ["养羊到户", "公益岗位"],
    "income_fen": 412_300,
    "checks": {"housing": True},
}
LOWER = {"statement": STATEMENT | {"income_fen": 398_000}, "reason": "补计医药费"}
AS_HELPER = {"party": "helper", "method": "account"}
AS_PRINCIPAL = {"party": "village_principal", "method": "account"}
AS_LEADER = {"party": "liaison_leader", "method": "account"}


def refused(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text


def blockers(record: dict[str, Any], action: str) -> list[str]:
    (found,) = [a for a in record["actions"] if a["name"] == action]
    assert found["allowed"] is (found["blockers"] == [])
    return [b["code"] for b in found["blockers"]]


# ---- the main path -------------------------------------------------------------------------------


def test_R5_5_R5_6_four_sign_in_order_then_collected_then_reviewed(village: Any) -> None:
    path = village.opened()
    for (caller, body), state in zip(village.signers(), STATES, strict=True):
        assert caller.act(path, "sign", body)["state"] == state
    assert village.group.act(path, "collect", {})["state"] == "collected"
    done = village.committee.act(path, "review", {"note": "同意"})
    assert done["state"] == "reviewed"
    assert (done["confirmed_on"], done["late"], done["objected"]) == ("2017-12-05", False, False)
    assert [s["party"] for s in done["signatures"]] == ["household", "helper", "village_principal", "liaison_leader"]
    assert {s["statement_hash"] for s in done["signatures"]} == {done["statement_hash"]}
    assert done["signatures"][0]["recorder_id"] == village.office.person_id
    read = village.office.read(path)
    assert (read["outcome"], read["role_conflicts"]) == ("out_of_poverty", [])


def test_R5_5_the_hash_is_of_the_canonical_statement(village: Any) -> None:
    record = village.office.read(village.opened())
    statement = {name: record[name] for name in ("household_id", "year", "revision", "nonce", *STATEMENT)}
    statement["signoff_id"] = record["id"]
    assert record["statement_hash"] == hashlib.sha256(rfc8785.dumps(statement)).hexdigest()


def test_R5_5_G23_out_of_turn_is_refused(village: Any) -> None:
    path = village.opened()
    refused(village.helper.try_act(path, "sign", AS_HELPER), 403, "helper-may-not-record")
    refused(village.leader.try_act(path, "sign", AS_LEADER), 409, "not-in-order")
    refused(village.group.try_act(path, "collect", {}), 409, "wrong-state")
    refused(village.committee.try_act(path, "review", {}), 409, "wrong-state")
    village.signed(path, 1)
    early = village.principal.try_act(path, "sign", AS_PRINCIPAL)
    refused(early, 403, "not-the-signatory")
    assert (early.json()["party"], early.json()["detail"][:11]) == ("helper", "现应由帮扶责任人本人签")
    refused(village.helper.try_act(path, "sign", AS_LEADER), 409, "not-in-order")


def test_HY_9_3_2_nobody_signs_for_another(village: Any) -> None:
    path = village.signed(village.opened(), 1)
    for caller in (village.office, village.principal, village.leader, village.committee):
        refused(caller.try_act(path, "sign", AS_HELPER), 403, "not-the-signatory")
    refused(village.stranger.try_act(path, "sign", AS_HELPER), 404, "not-found")
    refused(village.committee.try_act(path, "collect", {}), 403, "not-your-office")
    assert village.office.read(path)["state"] == "household_signed"


def test_R5_5_reads_say_who_is_due_and_why_not(village: Any) -> None:
    path = village.signed(village.opened(), 1)
    assert blockers(village.helper.read(path), "sign") == []
    assert blockers(village.principal.read(path), "sign") == ["not-the-signatory"]
    (review,) = [a for a in village.committee.read(path)["actions"] if a["name"] == "review"]
    assert review["blockers"][0]["awaiting"]["offices"] == ["helper"]
    assert path.split("/")[-1] in [task["id"] for task in village.helper.read("/me/tasks")["items"]]
    assert path.split("/")[-1] not in [task["id"] for task in village.leader.read("/me/tasks")["items"]]


def test_R5_5_G17_G25_the_office_signs_that_is_held_on_the_day(village: Any) -> None:
    path = village.signed(village.opened(), 2)
    newcomer = village.township.person("新任支书")
    account = village.township.account(newcomer)
    village.township.appoint(newcomer, "village_principal", village.code, starts="2017-12-06")
    refused(account.try_act(path, "sign", AS_PRINCIPAL), 404, "not-found")
    village.township.at("2017-12-06")
    assert account.act(path, "sign", AS_PRINCIPAL)["state"] == "village_signed"


def test_G18_who_left_the_helpers_office_signs_as_helper_no_more(make_village: Any, township: Any) -> None:
    village = make_village(township)
    path = village.signed(village.opened(), 1)
    assert blockers(village.helper.read(path), "sign") == []
    (held,) = village.office.read("/appointments", person_id=village.helper.person_id)["items"]
    village.office.act(f"/appointments/{held['id']}", "end", {"ends": "2017-12-06"})
    township.appoint(village.helper.person_id, "group_cadre", village.code, starts="2017-12-06")
    township.at("2017-12-06")
    refused(village.helper.try_act(path, "sign", AS_HELPER), 409, "nobody-holds-the-role")
    (pairing,) = village.office.read("/pairings", household_id=village.household)["items"]
    body = {"helper_id": village.stranger.person_id, "starts": "2017-12-06", "reason": "离任"}
    village.office.act(f"/pairings/{pairing['id']}", "hand-over", body)
    assert village.stranger.act(path, "sign", AS_HELPER)["state"] == "helper_signed"


# ---- beside the four -----------------------------------------------------------------------------

CO_SIGNED = {"kind": "co_signature"}


def co_helper(village: Any) -> Any:
    beside = village.township.office("helper", name=f"共同帮扶人{village.code[-3:]}")
    pairing = {"household_id": village.household, "helper_id": beside.person_id, "is_primary": False}
    village.office.made("/pairings", pairing | {"starts": "2017-01-01"})
    return beside


def test_G17_a_co_helper_signs_beside_the_primary_and_confirms_nothing(village: Any) -> None:
    path, beside = village.opened(), co_helper(village)
    refused(beside.post(f"{path}/remarks", CO_SIGNED), 409, "wrong-state")
    village.signed(path, 1)
    refused(beside.try_act(path, "sign", AS_HELPER), 403, "not-the-signatory")
    before = village.office.read(path)
    made = beside.post(f"{path}/remarks", CO_SIGNED)
    assert (made.status_code, made.headers["location"]) == (201, f"/v1{path}")
    after = village.office.read(path)
    (remark,) = after["remarks"]
    assert remark["statement_hash"] == before["statement_hash"]
    assert {k: v for k, v in after.items() if k != "remarks"} == {k: v for k, v in before.items() if k != "remarks"}
    refused(beside.post(f"{path}/remarks", CO_SIGNED), 409, "already-on-record")
    for other in (village.helper, village.principal, village.office):
        refused(other.post(f"{path}/remarks", CO_SIGNED), 403, "not-a-co-helper")
    refused(village.stranger.post(f"{path}/remarks", CO_SIGNED), 404, "not-found")
    assert beside.post(f"{path}/remarks", CO_SIGNED | {"id": made.json()["id"]}).status_code == 409
    for caller, body in village.signers()[1:]:
        caller.act(path, "sign", body)
    village.group.act(path, "collect", {})
    refused(beside.post(f"{path}/remarks", CO_SIGNED), 409, "wrong-state")


def test_G18_a_predecessor_states_what_he_leaves_and_signs_nothing(village: Any) -> None:
    path, former = village.opened(), village.helper
    said = {"kind": "predecessor_statement", "text": "上半年已落实养羊项目。"}
    refused(former.post(f"{path}/remarks", said), 403, "not-the-predecessor")
    (pairing,) = village.office.read("/pairings", household_id=village.household)["items"]
    body = {"helper_id": village.stranger.person_id, "starts": "2017-07-01", "reason": "轮换"}
    village.office.act(f"/pairings/{pairing['id']}", "hand-over", body)
    refused(former.post(f"{path}/remarks", {"kind": "predecessor_statement"}), 422, "statement-text-needed")
    refused(former.post(f"{path}/remarks", CO_SIGNED), 403, "not-a-co-helper")
    refused(village.stranger.post(f"{path}/remarks", said), 403, "not-the-predecessor")
    assert former.post(f"{path}/remarks", said).status_code == 201
    village.signed(path, 1)
    refused(former.try_act(path, "sign", AS_HELPER), 403, "not-the-signatory")
    record = village.stranger.read(path)
    assert [(r["person_id"], r["text"]) for r in record["remarks"]] == [(former.person_id, said["text"])]
    entries = village.office.read(f"/households/{village.household}/ledger", limit=200)["items"]
    (entry,) = [e for e in entries if e["event"] == "signoff.remarked"]
    assert said["text"] not in str(entry["leaf"])


def test_G18_who_helped_before_the_year_only_is_no_predecessor_in_it(village: Any) -> None:
    former = village.township.office("helper", name=f"早年帮扶人{village.code[-3:]}")
    pairing = {"household_id": village.household, "helper_id": former.person_id, "is_primary": False}
    village.office.made("/pairings", pairing | {"starts": "2016-11-09", "ends": "2017-01-01"})
    said = {"kind": "predecessor_statement", "text": "2016年已入户。"}
    refused(former.post(f"{village.opened()}/remarks", said), 404, "not-found")


# ---- opening -------------------------------------------------------------------------------------


def test_R5_5_one_signoff_for_a_household_and_a_year(village: Any) -> None:
    village.opened()
    body = {"household_id": village.household, "year": 2017, "statement": STATEMENT}
    refused(village.office.post("/signoffs", body), 409, "already-on-record")
    refused(village.office.post("/signoffs", body | {"year": 2018}), 409, "year-not-begun")
    assert village.office.post("/signoffs", body | {"year": 2016}).status_code == 201
    assert len(village.office.read("/signoffs", household_id=village.household)["items"]) == 2
    assert len(village.office.read("/signoffs", household_id=village.household, year=2016)["items"]) == 1


def test_R5_5_only_who_prepares_it_opens_a_signoff(village: Any) -> None:
    body = {"household_id": village.household, "year": 2017, "statement": STATEMENT}
    refused(village.stranger.post("/signoffs", body), 403, "not-your-household")
    refused(village.group.post("/signoffs", body), 403, "not-your-office")
    unknown = body | {"household_id": "01920000-0000-7000-8000-00000000ffff"}
    refused(village.office.post("/signoffs", unknown), 409, "no-such-household")
    refused(village.stranger.post("/signoffs", unknown), 403, "not-your-household")
    assert village.helper.post("/signoffs", body).status_code == 201
    assert village.principal.post("/signoffs", body | {"year": 2016}).status_code == 201


def test_R5_5_a_signoff_is_read_by_those_it_concerns(village: Any) -> None:
    path = village.opened()
    for caller in (village.helper, village.principal, village.leader, village.assessor):
        assert caller.get(path).status_code == 200
    assert village.stranger.get(path).status_code == 404
    assert village.township.admin.get(path).status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"out_of_poverty": "yes"},
        {"outside_rule": ""},
        {"income_fen": 1.5},
        {"income_fen": -1},
        {"checks": {"住房": True}},
        {"surprise": 1},
    ],
)
def test_G26_a_statement_that_is_wrong_in_itself_is_422(village: Any, change: dict[str, Any]) -> None:
    body = {"household_id": village.household, "year": 2017, "statement": STATEMENT | change}
    assert village.office.post("/signoffs", body).status_code == 422


def test_G19_nothing_is_opened_or_signed_for_a_household_off_the_register(village: Any) -> None:
    path = village.signed(village.opened(), 1)
    event = {"kind": "moved_out", "happened_on": "2017-12-04", "evidence": "户口迁移证明"}
    confirmers = [village.witness, village.office.person_id]
    village.office.made(f"/households/{village.household}/events", event | {"confirmer_ids": confirmers})
    refused(village.helper.try_act(path, "sign", AS_HELPER), 409, "household-off-the-register")
    body = {"household_id": village.household, "year": 2016, "statement": STATEMENT}
    refused(village.office.post("/signoffs", body), 409, "household-off-the-register")


# ---- how a household signs -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"method": "account"}, "method-not-for-party"),
        ({"member_id": None}, "signer-needed"),
        ({"capacity": None}, "signer-needed"),
        ({"capacity": "member"}, "relation-needed"),
        ({"witness_id": None}, "witness-needed"),
        ({"method": "thumbprint", "witness_id": None}, "witness-needed"),
        ({"method": "code"}, "code-needed"),
        ({"code": "AAAA-AAAA-AAAA"}, "code-needed"),
        ({"authority": "档案"}, "authority-needed"),
    ],
)
def test_G22_a_form_that_is_wrong_in_itself_is_422(village: Any, changes: dict[str, Any], code: str) -> None:
    refused(village.office.try_act(village.opened(), "sign", village.by_household(**changes)), 422, code)


def test_G22_a_thumbprint_before_a_witness_who_is_not_the_helper(village: Any) -> None:
    path = village.opened()
    by_helper = village.by_household(method="thumbprint", witness_id=village.helper.person_id)
    refused(village.office.try_act(path, "sign", by_helper), 409, "helper-may-not-witness")
    by_recorder = village.by_household(method="thumbprint", witness_id=village.office.person_id)
    refused(village.office.try_act(path, "sign", by_recorder), 409, "one-person-two-parts")
    refused(village.helper.try_act(path, "sign", village.by_household()), 403, "helper-may-not-record")
    assert village.office.act(path, "sign", village.by_household(method="thumbprint"))["state"] == "household_signed"


def test_G20_another_adult_member_signs_with_his_relation(village: Any) -> None:
    path = village.opened()
    as_son = village.by_household(member_id=village.son, capacity="member", relation="长子")
    refused(village.office.try_act(path, "sign", as_son | {"capacity": "head"}), 409, "not-of-this-household")
    refused(village.office.try_act(path, "sign", as_son | {"member_id": village.child}), 409, "signer-not-adult")
    signed = village.office.act(path, "sign", as_son)
    assert (signed["signatures"][0]["relation"], signed["signatures"][0]["member_id"]) == ("长子", village.son)


def test_G22_an_agent_with_written_authority_and_never_the_helper(village: Any) -> None:
    path = village.opened()
    agent = village.township.person("受托人")
    body = village.by_household(member_id=None, agent_id=agent, capacity="agent", relation="侄", authority="档案 7")
    refused(
        village.office.try_act(path, "sign", {k: v for k, v in body.items() if k != "authority"}),
        422,
        "authority-needed",
    )
    by_helper = body | {"agent_id": village.helper.person_id}
    refused(village.office.try_act(path, "sign", by_helper), 409, "helper-may-not-sign-for-household")
    assert village.office.act(path, "sign", body)["signatures"][0]["person_id"] == agent


# ---- the code ------------------------------------------------------------------------------------


def test_R5_5_a_code_signs_once_through_a_recorder_who_is_not_the_helper(village: Any) -> None:
    path = village.opened()
    issued = village.office.act(path, "issue-code", {"member_id": village.head})
    by_code = village.by_household(method="code", code=issued["code"], witness_id=None)
    refused(village.helper.try_act(path, "sign", by_code), 403, "helper-may-not-record")
    refused(village.assessor.try_act(path, "sign", by_code | {"code": "AAAA-AAAA-AAAA"}), 409, "code-not-good")
    other = by_code | {"member_id": village.son, "capacity": "member", "relation": "长子"}
    refused(village.assessor.try_act(path, "sign", other), 409, "code-not-good")
    signed = village.assessor.act(path, "sign", by_code | {"code": issued["code"].lower().replace("-", "")})
    assert (signed["state"], signed["signatures"][0]["method"]) == ("household_signed", "code")
    village.office.act(path, "restate", LOWER)
    refused(village.assessor.try_act(path, "sign", by_code), 409, "code-not-good")


def test_HY_9_3_2_who_gave_the_code_and_became_the_helper_neither_lets_it_be_used_nor_signs(
    township: Any, make_village: Any
) -> None:
    village = make_village(township)
    carrier = township.office("helper", name="送码人")
    by_code = village.by_household(method="code", witness_id=None)

    def taken_over(day: str) -> None:
        (pairing,) = [
            p
            for p in village.office.read("/pairings", household_id=village.household)["items"]
            if p["state"] == "active"
        ]
        new = carrier if pairing["helper_id"] != carrier.person_id else village.helper
        body = {"helper_id": new.person_id, "starts": day, "reason": "调整"}
        village.office.act(f"/pairings/{pairing['id']}", "hand-over", body)

    path = village.opened()
    issued = village.office.act(path, "issue-code", {"member_id": village.head, "handed_by": carrier.person_id})
    taken_over("2017-12-05")
    refused(village.assessor.try_act(path, "sign", by_code | {"code": issued["code"]}), 409, "code-through-helper")
    taken_over("2017-12-05")
    signed = village.assessor.act(path, "sign", by_code | {"code": issued["code"]})
    assert signed["state"] == "household_signed"
    taken_over("2017-12-05")
    own = {"party": "helper", "method": "account"}
    refused(carrier.try_act(path, "sign", own), 409, "one-person-two-parts")
    taken_over("2017-12-05")
    assert village.helper.act(path, "sign", own)["state"] == "helper_signed"


def test_R5_5_a_code_expires_and_a_second_one_voids_the_first(village: Any) -> None:
    path = village.opened()
    first = village.office.act(path, "issue-code", {"member_id": village.head})["code"]
    second = village.office.act(path, "issue-code", {"member_id": village.head})["code"]
    by_code = village.by_household(method="code", witness_id=None)
    refused(village.assessor.try_act(path, "sign", by_code | {"code": first}), 409, "code-not-good")
    village.township.at("2017-12-13")
    refused(village.assessor.try_act(path, "sign", by_code | {"code": second}), 409, "code-not-good")
    third = village.office.act(path, "issue-code", {"member_id": village.head})["code"]
    refused(village.office.try_act(path, "sign", by_code | {"code": third}), 409, "giver-may-not-record")
    assert village.assessor.act(path, "sign", by_code | {"code": third})["state"] == "household_signed"


def test_HY_9_3_2_a_code_goes_neither_to_nor_through_the_helper(village: Any) -> None:
    path = village.opened()
    helper = village.helper.person_id
    for body in ({"member_id": village.head, "handed_by": helper}, {"agent_id": helper}):
        refused(village.office.try_act(path, "issue-code", body), 409, "code-through-helper")
    refused(village.helper.try_act(path, "issue-code", {"member_id": village.head}), 403, "not-your-office")
    refused(village.office.try_act(path, "issue-code", {}), 422, "signer-needed")
    somebody = {"member_id": "01920000-0000-7000-8000-00000000ffff"}
    refused(village.office.try_act(path, "issue-code", somebody), 409, "not-handed-to-the-household")


def test_R5_5_a_code_is_kept_nowhere(village: Any) -> None:
    path = village.opened()
    etag = village.office.get(path).headers["etag"]
    sent = {"member_id": village.head}
    first = village.office.post(f"{path}/issue-code", sent, if_match=etag, idempotency_key="code-1")
    again = village.office.post(f"{path}/issue-code", sent, if_match=etag, idempotency_key="code-1")
    code = first.json()["code"]
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == {k: v for k, v in first.json().items() if k != "code"}
    with psycopg.connect(village.township.service.database_url) as connection:
        for table in ("signoff_codes", "retries", "log_event"):
            rows = connection.execute(
                f"select t::text, {'leaf' if table == 'log_event' else 'null::bytea'} from {table} t"
            )
            for text, leaf in rows:
                assert code not in text
                assert code.encode() not in (leaf or b"")


# ---- objection, refusal, restatement -------------------------------------------------------------


def test_G21_an_objection_is_a_signature_and_goes_on(village: Any) -> None:
    path = village.opened()
    objected = village.office.act(path, "object", village.by_household() | {"text": "收入核算漏计医药费"})
    assert (objected["state"], objected["objected"]) == ("household_signed", True)
    for caller, body in village.signers()[1:]:
        caller.act(path, "sign", body)
    village.group.act(path, "collect", {})
    done = village.committee.act(path, "review", {})
    assert village.office.read(path)["outcome"] == "unconfirmed"
    assert (done["state"], done["objected"], done["signatures"][0]["content"]) == (
        "reviewed",
        True,
        "收入核算漏计医药费",
    )


@pytest.mark.parametrize("step", range(4))
def test_G21_a_refusal_stops_the_chain_and_is_forwarded_unconfirmed(village: Any, step: int) -> None:
    path = village.signed(village.opened(), step)
    caller, body = village.signers()[step]
    body = {**body, "reason": "认为尚未脱贫", "witness_id": village.witness}
    refused(caller.try_act(path, "refuse", {k: v for k, v in body.items() if k != "witness_id"}), 422, "witness-needed")
    stopped = caller.act(path, "refuse", body)
    assert (stopped["state"], stopped["signatures"][-1]["kind"]) == ("refused", "refused")
    for who, signing in village.signers():
        refused(who.try_act(path, "sign", signing), 409, "wrong-state")
    refused(village.group.try_act(path, "collect", {}), 409, "wrong-state")
    refused(village.office.try_act(path, "forward", {"reason": "多次入户未同意"}), 403, "not-your-office")
    assert village.group.act(path, "forward", {"reason": "多次入户未同意"})["state"] == "forwarded_unconfirmed"
    refused(village.office.try_act(path, "restate", LOWER), 409, "wrong-state")
    considered = village.committee.act(path, "review", {"note": "据实认定"})
    assert (considered["state"], considered["confirmed_on"]) == ("considered_unconfirmed", None)
    refused(village.committee.try_act(path, "review", {}), 409, "wrong-state")


def test_R5_5_restating_voids_the_signatures_and_names_whose(village: Any) -> None:
    path = village.signed(village.opened(), 3)
    before = village.office.read(path)
    refused(village.office.try_act(path, "restate", LOWER | {"statement": STATEMENT}), 409, "statement-unchanged")
    after = village.helper.act(path, "restate", LOWER)
    assert (after["state"], after["revision"], after["income_fen"]) == ("open", 2, 398_000)
    assert after["statement_hash"] != before["statement_hash"]
    assert [s["voided_by"] for s in after["signatures"]] == [village.helper.person_id] * 3
    with psycopg.connect(village.township.service.database_url) as connection:
        leaf = connection.execute(
            "select convert_from(leaf, 'utf8')::json -> 'data' from log_event where subject_id = %s and event = %s",
            [before["id"], "signoff.restated"],
        ).fetchone()
    assert leaf is not None
    assert sorted(leaf[0]["voided"]) == ["helper", "household", "village_principal"]
    assert leaf[0]["replaces"] == before["statement_hash"]
    village.signed(path)
    assert len(village.office.read(path)["signatures"]) == 7


def test_G21_a_refused_statement_may_be_laid_before_the_household_again(village: Any) -> None:
    path = village.opened()
    village.office.act(path, "refuse", village.by_household() | {"reason": "当时不在场"})
    again = village.office.act(path, "restate", {"statement": STATEMENT, "reason": "户主已了解情况"})
    assert again["state"] == "open"
    assert village.group.get(village.signed(path)).json()["state"] == "leader_signed"


def test_R5_6_once_collected_only_the_office_restates(village: Any) -> None:
    path = village.signed(village.opened())
    village.group.act(path, "collect", {})
    refused(village.helper.try_act(path, "restate", LOWER), 403, "office-restates-collected")
    assert village.office.act(path, "restate", LOWER)["confirmed_on"] is None


def test_G56_a_signature_after_the_window_is_marked_late_and_stands(village: Any) -> None:
    path = village.signed(village.opened(), 3)
    village.township.at("2018-01-01")
    late = village.leader.act(path, "sign", AS_LEADER)
    assert [s["late"] for s in late["signatures"]] == [False, False, False, True]
    assert (late["state"], late["late"]) == ("leader_signed", True)


def test_G22_G56_the_township_sets_its_window_and_whether_it_takes_thumbprints(
    township: Any, make_village: Any
) -> None:
    village = make_village(township)
    path = village.opened()
    for key, value in (("year.signoffWindow", ["11-01", "11-30"]), ("signoff.allowThumbprint", False)):
        body = {"value": value, "effective_from": "2017-12-05", "reason": "领导小组会议决定"}
        answer = village.group.patch(f"/policies/{key}", body, if_match='"0"')
        assert answer.status_code == 200, answer.text
    refused(
        village.office.try_act(path, "sign", village.by_household(method="thumbprint")), 409, "thumbprint-not-taken"
    )
    assert village.office.act(path, "sign", village.by_household())["late"] is True


# ---- conflicts of roles --------------------------------------------------------------------------


def test_G24_the_second_signature_of_one_person_waits_for_a_substitute(village: Any) -> None:
    path = village.opened()
    village.township.appoint(village.helper.person_id, "liaison_leader", village.code)
    conflict = {"person_id": village.helper.person_id, "parties": ["helper", "liaison_leader"], "acknowledged": False}
    assert village.office.read(path)["role_conflicts"] == [conflict]
    village.signed(path, 3)
    refused(village.helper.try_act(path, "sign", AS_LEADER), 409, "role-conflict")
    (sign,) = [a for a in village.helper.read(path)["actions"] if a["name"] == "sign"]
    assert sign["blockers"][0]["awaiting"]["offices"] == ["leading_group", "party_committee"]

    substitute = village.township.office("party_gov_office")
    naming = {"party": "liaison_leader", "person_id": substitute.person_id, "reason": "联系领导兼帮扶责任人"}
    for unfit in (village.principal.person_id, village.helper.person_id):
        refused(village.group.try_act(path, "name-substitute", naming | {"person_id": unfit}), 409, "substitute-unfit")
    refused(village.committee.try_act(path, "name-substitute", naming), 403, "not-your-office")
    refused(
        village.group.try_act(path, "name-substitute", naming | {"party": "household"}),
        422,
        "household-has-no-substitute",
    )
    village.group.act(path, "name-substitute", naming)
    assert village.office.read(path)["role_conflicts"] == []
    refused(village.helper.try_act(path, "sign", AS_LEADER), 403, "not-the-signatory")
    assert substitute.act(path, "sign", AS_LEADER)["state"] == "leader_signed"


def test_G24_a_substitute_from_elsewhere_sees_what_he_signs(village: Any) -> None:
    path = village.opened()
    village.township.appoint(village.principal.person_id, "liaison_leader", village.code)
    assert village.stranger.get(path).status_code == 404
    naming = {"party": "village_principal", "person_id": village.stranger.person_id, "reason": "支书兼联系领导"}
    village.group.act(path, "name-substitute", naming)
    village.signed(path, 2)
    assert village.stranger.act(path, "sign", AS_PRINCIPAL)["state"] == "village_signed"


def test_G24_or_for_the_committees_acknowledgement(village: Any) -> None:
    path = village.opened()
    refused(
        village.committee.try_act(
            path, "acknowledge-conflict", {"person_id": village.helper.person_id, "reason": "无"}
        ),
        409,
        "no-role-conflict",
    )
    village.township.appoint(village.helper.person_id, "liaison_leader", village.code)
    village.signed(path, 3)
    knowing = {"person_id": village.helper.person_id, "reason": "驻村干部不足,同意兼签"}
    refused(village.group.try_act(path, "acknowledge-conflict", knowing), 403, "not-your-office")
    refused(
        village.committee.try_act(path, "acknowledge-conflict", knowing | {"person_id": village.witness}),
        409,
        "no-role-conflict",
    )
    village.committee.act(path, "acknowledge-conflict", knowing)
    assert village.office.read(path)["role_conflicts"][0]["acknowledged"] is True
    assert village.helper.act(path, "sign", AS_LEADER)["state"] == "leader_signed"
    village.group.act(path, "collect", {})
    assert village.committee.act(path, "review", {})["state"] == "reviewed"


def test_G61_the_households_helper_decides_nothing_in_its_file(village: Any) -> None:
    path = village.signed(village.opened())
    village.township.appoint(village.helper.person_id, "leading_group")
    refused(village.helper.try_act(path, "collect", {}), 403, "helps-this-household")
    village.group.act(path, "collect", {})
    village.township.appoint(village.helper.person_id, "party_committee")
    refused(village.helper.try_act(path, "review", {}), 403, "helps-this-household")


# ---- the record ----------------------------------------------------------------------------------


def test_R5_2_signatures_are_never_changed_and_free_text_is_sealed(village: Any) -> None:
    path = village.opened()
    village.office.act(path, "object", village.by_household() | {"text": "漏计医药费一千元"})
    with psycopg.connect(village.township.service.database_url) as connection:
        rows = connection.execute(
            "select convert_from(leaf, 'utf8'), disclosed::text, household_id::text, helper_id::text from log_event"
            " where subject_id = %s order by seq",
            [path.split("/")[-1]],
        ).fetchall()
    assert [leaf for leaf, *_ in rows if "漏计医药费" in leaf or "养羊到户" in leaf] == []
    assert "漏计医药费" in rows[1][1]
    assert {household for _, _, household, _ in rows} == {village.household}
    assert rows[1][3] == village.helper.person_id


def test_R5_2_the_database_itself_lets_nobody_change_a_signature(village: Any) -> None:
    path = village.signed(village.opened(), 1)
    with psycopg.connect(village.township.service.database_url) as connection:
        connection.execute(f"set role {APP_ROLE}")
        place = [village.township.county, village.township.code, path.split("/")[-1]]
        connection.execute("select enter(%s, %s, %s, null, null)", place)
        with connection.transaction(force_rollback=True):
            voided = connection.execute("update signoff_signatures set voided_at = now(), voided_by = recorder_id")
            assert voided.rowcount > 0
        for change in ("update signoff_signatures set kind = 'refused'", "delete from signoff_signatures"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(change)


def test_R5_5_of_many_at_once_one_signs(village: Any) -> None:
    path = village.signed(village.opened(), 1)
    with ThreadPoolExecutor(4) as crowd:
        sent = [crowd.submit(village.helper.post, f"{path}/sign", AS_HELPER, if_match='"2"') for _ in range(4)]
    assert sorted(call.result().status_code for call in sent)[:2] == [200, 403]
    assert len(village.office.read(path)["signatures"]) == 2


def test_R5_5_a_retry_of_a_signature_gives_the_first_answer(village: Any) -> None:
    path = village.opened()
    body = village.by_household()
    first = village.office.post(f"{path}/sign", body, if_match='"1"', idempotency_key="s-1")
    again = village.office.post(f"{path}/sign", body, if_match='"1"', idempotency_key="s-1")
    assert (first.status_code, again.json()) == (200, first.json())
    assert again.headers["ledger-entry"] == first.headers["ledger-entry"]
    unseen = village.office.post(f"{path}/sign", body, idempotency_key="s-1")
    assert unseen.status_code in (403, 428), "who does not say which version he saw sends no retry"
    refused(village.helper.post(f"{path}/sign", AS_HELPER, if_match='"1"'), 412, "version-stale")
    refused(village.helper.post(f"{path}/sign", AS_HELPER), 428, "version-required")


def test_R5_5_a_move_takes_at_most_six_round_trips(village: Any, counter: Any) -> None:
    path = village.opened()
    code = village.office.act(path, "issue-code", {"member_id": village.head})["code"]
    by_code = village.by_household(method="code", code=code, witness_id=None)
    for caller, action, body in (
        (village.assessor, "sign", by_code),
        (village.helper, "sign", AS_HELPER),
        (village.office, "restate", LOWER),
        (village.office, "issue-code", {"member_id": village.head}),
    ):
        etag = caller.get(path).headers["etag"]
        counter.seen.clear()
        assert caller.post(f"{path}/{action}", body, if_match=etag).status_code == 200
        assert len(counter.work()) <= 6, (action, counter.work())
    for read in (path, "/signoffs?year=2017", "/me/tasks"):
        counter.seen.clear()
        assert village.office.get(read).status_code == 200
        assert len(counter.work()) <= 2, (read, counter.work())


def test_a_new_sign_off_is_answered_without_anybody_else_s_signatures(village: Any) -> None:
    first = village.signed(village.opened(), 2)
    household, _ = village.new_household()
    village.township.at("2017-12-05")
    made = village.office.made("/signoffs", {"household_id": household, "year": 2017, "statement": STATEMENT})
    assert made["signatures"] == [] and len(village.office.read(first)["signatures"]) == 2
