"""Is a month drawn, checked and closed over HTTP as article 6 and the contract say?"""

import asyncio
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from app.inspections import draw
from app.inspections.actions import mark_township
from app.merkle import leaf_hash, verify_inclusion
from app.note import Verifier, consistency_text
from app.witness import Witness
from tests import cluster
from tests.conftest import Service, Township

BEACON = "fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd"
LGO, PGO = "leading_group_office", "party_gov_office"


Row = tuple[str, dict[str, Any]]


def helpers(township: Any, count: int, *, paired: bool = True, starts: str = "2016-11-09") -> list[str]:
    """Helpers with an appointment, each with a household unless said otherwise."""
    made, rows = [str(uuid4()) for _ in range(count)], []
    for person in made:
        rows.append(("people", {"id": person, "name": "帮扶人", **CADRE}))
        office = {"person_id": person, "office": "helper", "place": township.code, "starts": "2016-01-01"}
        rows.append(("appointments", {"id": uuid4(), **office}))
        rows += paired_with(township, person, starts) if paired else []
    write(township, rows)
    return made


CADRE = {"category": "organ_cadre", "management_authority": "township", "party_membership": "member"}
HOUSEHOLD = {
    "head_name": "户主", "attribute": "general", "main_cause": "illness", "other_causes": [], "listed_on": "2016-01-01",
    "status": "registered", "status_on": "2016-01-01",
}  # fmt: skip
PAIRING = {"is_primary": True, "state": "active", "state_since": "2016-11-09T00:00:00Z"}


def paired_with(township: Any, person: str, starts: str = "2016-11-09", ends: str | None = None) -> list[Row]:
    """A household of the township's village, and its pairing with the helper."""
    household = str(uuid4())
    where = {"card_number": household, "village_code": township.village}
    pairing = {"household_id": household, "helper_id": person, "starts": starts, "ends": ends}
    return [
        ("households", {"id": household, **where, **HOUSEHOLD}),
        ("pairings", {"id": uuid4(), **pairing, **PAIRING}),
    ]


def pair(township: Any, person: str, starts: str = "2016-11-09", ends: str | None = None) -> str:
    """A household for the helper; its id."""
    rows = paired_with(township, person, starts, ends)
    write(township, rows)
    return str(rows[0][1]["id"])


def write(township: Any, rows: list[Row]) -> None:
    """Rows of other features' registers, past their doors: here only the draw is under test."""
    common = {
        "county_code": township.county, "township_code": township.code, "version": 1, "fingerprint": "",
        "created_at": "2016-11-09T00:00:00Z",
    }  # fmt: skip
    with psycopg.connect(township.service.database_url) as connection, connection.pipeline():
        for table, values in rows:
            row = common | values
            names, marks = ", ".join(row), ", ".join(["%s"] * len(row))
            connection.execute(f"insert into {table} ({names}) values ({marks})", list(row.values()))


def announce(day: str, **more: Any) -> dict[str, Any]:
    """A proposal whose one source comes to be at ten on a day."""
    source = {"name": "drand-quicknet-1000", "kind": "beacon", "due": f"{day}T10:00:00+08:00", "reference": "1000"}
    return {"sources": [source], "reveal_by": f"{day}T18:00:00+08:00", **more}


VALUES = {"values": [{"name": "drand-quicknet-1000", "value": BEACON}]}


def planned(township: Any, month: str) -> str:
    return "/inspection-rounds/" + township.office(LGO).made("/inspection-rounds", {"month": month})["id"]


def committed(township: Any, month: str, day: int = 6, **more: Any) -> str:
    """A round committed on a day of its month."""
    township.at(f"{month}-{day:02}")
    path = planned(township, month)
    township.office(LGO).act(path, "propose-commit", announce(f"{month}-{day + 1:02}", **more))
    township.office(PGO).act(path, "confirm-commit", {})
    return path


def drawn(township: Any, month: str, day: int = 6, **more: Any) -> str:
    path = committed(township, month, day, **more)
    township.at(f"{month}-{day + 2:02}")
    township.office(PGO).act(path, "reveal", VALUES)
    return path


def checks(township: Any, path: str, **query: Any) -> list[dict[str, Any]]:
    listed = township.office(LGO).read("/inspections", round_id=path.rsplit("/", 1)[-1], limit=200, **query)
    return sorted(listed["items"], key=lambda c: c["rank"] or 1_000)


def code(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["code"])


def team(township: Any, *interests: str | None) -> list[dict[str, Any]]:
    return [
        {"person_id": township.person("考核员"), "interest": interest} for interest in interests or ("none", "none")
    ]


def found(township: Any, day: str, **more: Any) -> dict[str, Any]:
    """What two inspectors without interest recorded."""
    aspects = {
        "village_visits": {"seen": 2, "found": "走访两次"},
        "measures": {"found": "措施已落实"},
        "forms": {"found": "表册齐全"},
    }
    return {"checked_on": day, "aspects": aspects, "inspectors": team(township), **more}


def set_policy(township: Any, key: str, value: Any) -> None:
    today = township.office("leading_group").read("/me")["today"]
    body = {"value": value, "effective_from": today, "reason": "乡里约定"}
    etag = township.office("leading_group").get(f"/policies/{key}").headers["etag"]
    answer = township.office("leading_group").patch(f"/policies/{key}", body, if_match=etag)
    assert answer.status_code == 200, answer.text


@pytest.fixture
def ten(township: Any) -> list[str]:
    """Ten helpers with a household."""
    return helpers(township, 10)


# ── rounds ───────────────────────────────────────────────────────────────────────────────────────


def test_R6_1_a_month_is_committed_drawn_checked_and_closed(township, ten):
    path = drawn(township, "2017-03")
    round_ = township.office(LGO).read(path)
    assert (round_["state"], round_["population"], round_["sample_size"]) == ("drawn", 10, 3)
    assert (round_["late"], round_["missed_in_month"]) == (False, False)
    expected = draw.draw(f"{township.code}/2017-03/inspect", ten, [("drand-quicknet-1000", BEACON)])
    assert round_["draw_id"] == expected.draw_id
    assert (round_["frame_hash"], round_["seed"]) == (expected.frame_hash, expected.seed)
    made = checks(township, path)
    assert [c["helper_id"] for c in made] == expected.sample
    assert [(c["rank"], c["kind"], c["state"], c["current"]) for c in made] == [
        (n, "drawn", "pending", True) for n in (1, 2, 3)
    ]
    assessor = township.office("assessor")
    for check in made[:2]:
        done = assessor.act(f"/inspections/{check['id']}", "record", found(township, "2017-03-08"))
        assert done["state"] == "recorded"
    assert code(township.office(LGO).try_act(path, "close", {}), 409) == "checks-pending"
    assessor.act(f"/inspections/{made[2]['id']}", "not-checked", {"reason": "住院治疗"})
    assert township.office(LGO).act(path, "close", {})["state"] == "closed"


def test_R4_1_the_organisers_commit_together(township, ten):
    township.at("2017-03-06")
    path = planned(township, "2017-03")
    assert code(township.office("assessor").try_act(path, "propose-commit", announce("2017-03-07")), 403)
    township.office(PGO).act(path, "propose-commit", announce("2017-03-07"))
    refused = township.office(PGO).try_act(path, "confirm-commit", {})
    assert code(refused, 403) == "the-other-organiser-confirms"
    offered = {a["name"]: a for a in township.office(LGO).read(path)["actions"]}
    assert offered["confirm-commit"]["allowed"] and not offered["reveal"]["allowed"]
    assert township.office(LGO).act(path, "confirm-commit", {})["state"] == "committed"


def test_R6_1_one_round_a_month_and_one_draw_a_round(township, ten):
    path = drawn(township, "2017-03")
    again = township.office(LGO).post("/inspection-rounds", {"month": "2017-03"})
    assert code(again, 409) == "round-exists"
    for action, body in (("reveal", VALUES), ("propose-commit", announce("2017-03-20")), ("confirm-commit", {})):
        assert code(township.office(LGO).try_act(path, action, body), 409) == "wrong-state"
    assert len(checks(township, path)) == 3


def test_the_same_round_sent_again_is_the_same_round(township):
    body = {"id": str(uuid4()), "month": "2016-11"}
    assert [township.office(LGO).post("/inspection-rounds", body).status_code for _ in range(2)] == [201, 200]


def test_G7_commitment_is_on_the_ledger_before_the_seed_and_seals_frame_and_sources(township, ten):
    path = committed(township, "2017-03")
    with psycopg.connect(township.service.database_url) as connection:
        rows = connection.execute(
            "select event, convert_from(leaf, 'UTF8') from log_event where township_code = %s and subject_id = %s"
            " order by seq",
            [township.code, path.rsplit("/", 1)[-1]],
        ).fetchall()
    assert [event for event, _ in rows] == [
        "inspection_round.planned", "inspection_round.proposed", "inspection_round.committed",
    ]  # fmt: skip
    assert draw.frame_hash(ten) in rows[-1][1] and "drand-quicknet-1000" in rows[-1][1]
    assert code(township.office(LGO).try_act(path, "reveal", VALUES), 409) == "seed-not-due"


def test_G7_a_source_that_may_exist_already_is_refused(township, ten):
    township.at("2017-03-06", "09:30:00")
    path = planned(township, "2017-03")
    refused = township.office(LGO).try_act(path, "propose-commit", announce("2017-03-06"))
    assert code(refused, 409) == "seed-too-soon"
    township.office(LGO).act(path, "propose-commit", announce("2017-03-07"))
    township.at("2017-03-07", "09:30:00")
    assert code(township.office(PGO).try_act(path, "confirm-commit", {}), 409) == "seed-too-soon"
    township.office(LGO).act(path, "propose-commit", announce("2017-03-08"))
    assert township.office(PGO).act(path, "confirm-commit", {})["state"] == "committed"


def test_G7_the_frame_is_frozen_by_the_commitment(township, ten):
    path = committed(township, "2017-03")
    helpers(township, 10)
    township.at("2017-03-08")
    round_ = township.office(LGO).act(path, "reveal", VALUES)
    assert (round_["population"], round_["frame_hash"]) == (10, draw.frame_hash(ten))
    assert {c["helper_id"] for c in checks(township, path)} <= set(ten)


def test_G7_nothing_is_drawn_from_a_frame_changed_behind_the_service(township, ten):
    path = committed(township, "2017-03")
    township.at("2017-03-08")
    with psycopg.connect(township.service.database_url) as connection:
        at = [path[-36:]]
        (frame,) = connection.execute("select frame from inspection_rounds where id = %s", at).fetchone()
        connection.execute("update inspection_rounds set frame = %s where id = %s", [frame[1:], *at])
    refused = township.office(LGO).try_act(path, "reveal", VALUES)
    assert (code(refused, 409), refused.json()["parts"]) == ("frame-changed", ["commitment"])


OWN = {"name": "party-gov-office", "kind": "nonce", "due": "2017-03-07T09:00:00+08:00"}


def with_own_number(township: Any, value: str) -> str:
    """A committed round in which one organiser brings a number of its own."""
    township.at("2017-03-06")
    path, proposal = planned(township, "2017-03"), announce("2017-03-07")
    proposal["sources"].insert(0, OWN | {"digest": sha256(value.encode()).hexdigest()})
    township.office(LGO).act(path, "propose-commit", proposal)
    township.office(PGO).act(path, "confirm-commit", {})
    return path


def test_G7_a_missing_source_is_recorded_as_missing(township, ten):
    path = with_own_number(township, "abcd")
    township.at("2017-03-08")
    late = township.office(PGO).try_act(path, "open-nonce", {"name": "party-gov-office", "value": "abcd"})
    assert code(late, 409) == "nonce-too-late"
    for name in ("lucky", "party-gov-office"):
        other = {"values": [*VALUES["values"], {"name": name, "value": "abcd"}]}
        assert code(township.office(LGO).try_act(path, "reveal", other), 409) == "sources-differ"
    short = {"values": [{"name": "drand-quicknet-1000", "value": "abcd"}]}
    assert code(township.office(LGO).try_act(path, "reveal", short), 409) == "seed-too-short"
    round_ = township.office(LGO).act(path, "reveal", VALUES)
    assert [s["value"] for s in round_["sources"]] == ["missing", BEACON]
    sources = [("party-gov-office", "missing"), ("drand-quicknet-1000", BEACON)]
    assert round_["seed"] == draw.draw(round_["draw_id"], ten, sources).seed


def test_G7_a_partys_own_number_is_opened_before_the_public_source_comes(township, ten):
    path, own = with_own_number(township, "abcd"), {"name": "party-gov-office", "value": "abcd"}
    assert code(township.office(PGO).try_act(path, "open-nonce", own | {"value": "abce"}), 409) == "nonce-differs"
    assert township.office(PGO).act(path, "open-nonce", own)["sources"][0]["value"] == "abcd"
    assert code(township.office(PGO).try_act(path, "open-nonce", own), 409) == "nonce-opened-already"
    township.at("2017-03-08")
    round_ = township.office(LGO).act(path, "reveal", VALUES)
    sources = [("party-gov-office", "abcd"), ("drand-quicknet-1000", BEACON)]
    assert round_["seed"] == draw.draw(round_["draw_id"], ten, sources).seed


def test_G7_a_public_source_is_missing_only_once_the_deadline_is_over(township, ten):
    township.at("2017-03-06")
    path, proposal = planned(township, "2017-03"), announce("2017-03-07")
    proposal["sources"].append({"name": "dice", "kind": "dice", "due": "2017-03-07T10:00:00+08:00"})
    township.office(LGO).act(path, "propose-commit", proposal)
    township.office(PGO).act(path, "confirm-commit", {})
    township.at("2017-03-07", "11:00:00")
    waits = township.office(LGO).try_act(path, "reveal", VALUES)
    assert (code(waits, 409), waits.json()["sources"]) == ("source-still-awaited", ["dice"])
    township.at("2017-03-07", "18:00:00")
    assert [s["value"] for s in township.office(LGO).act(path, "reveal", VALUES)["sources"]] == [BEACON, "missing"]


SIGNATURE = "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39"
"""Of round 1000 of drand quicknet, whose SHA-256 is BEACON."""


def test_G7_a_round_of_drand_is_named_by_its_number_and_checked_against_its_signature(township, ten):
    township.at("2023-08-20")
    path = planned(township, "2023-08")
    proposal = {"sources": [{"name": "quicknet", "kind": "drand"}], "reveal_by": "2023-08-24T10:00:00+08:00"}
    unnamed = township.office(LGO).try_act(path, "propose-commit", proposal)
    assert code(unnamed, 422) == "source-needs-its-time"
    proposal["sources"][0]["reference"] = "1000"
    source = township.office(LGO).act(path, "propose-commit", proposal)["sources"][0]
    assert (source["due"], source["chain"][:8]) == ("2023-08-23T15:59:24.000000Z", "52db9ba7")
    township.office(PGO).act(path, "confirm-commit", {})
    township.at("2023-08-24")
    value = {"name": "quicknet", "value": BEACON}
    for wrong in (value, value | {"signature": SIGNATURE[::-1]}, value | {"value": "0" * 64, "signature": SIGNATURE}):
        refused = township.office(LGO).try_act(path, "reveal", {"values": [wrong]})
        assert code(refused, 409) == "not-what-the-source-gives"
    assert code(township.office(LGO).try_act(path, "reveal", {"values": [{"name": "x", "value": "00"}]}), 409)
    told = township.office(LGO).act(path, "reveal", {"values": [value | {"signature": SIGNATURE}]})
    assert (told["sources"][0]["value"], told["sources"][0]["signature"]) == (BEACON, SIGNATURE)


def test_G7_a_township_may_keep_to_some_kinds_of_sources(township, ten):
    set_policy(township, "draw.seedSources", ["dice", "lottery"])
    township.at("2017-03-06")
    path = planned(township, "2017-03")
    refused = township.office(LGO).try_act(path, "propose-commit", announce("2017-03-07"))
    assert (code(refused, 409), refused.json()["kinds"]) == ("source-not-in-use", ["beacon"])
    sources = [{"name": "dice", "kind": "dice", "due": "2017-03-07T10:00:00+08:00"}]
    dice = announce("2017-03-07") | {"sources": sources}
    assert township.office(LGO).act(path, "propose-commit", dice)["state"] == "proposed"
    for wrong in ([], ["coin"], ["dice", "dice"], "dice"):
        body = {"value": wrong, "effective_from": "2017-03-06", "reason": "乡里约定"}
        assert (
            township.office("leading_group").patch("/policies/draw.seedSources", body, if_match='"1"').status_code
            == 409
        )


def test_G5_nobody_eligible_is_a_recorded_draw_of_nobody(township):
    path = drawn(township, "2017-03")
    round_ = township.office(LGO).read(path)
    assert (round_["population"], round_["sample_size"], checks(township, path)) == (0, 0, [])
    assert township.office(LGO).act(path, "close", {})["state"] == "closed"


def test_G6_G15_the_frame_is_helpers_with_a_household_that_day(township, ten):
    idle = helpers(township, 2, paired=False)
    pair(township, idle[1], "2016-12-01", "2017-03-06")
    late = helpers(township, 1, starts="2017-03-07")
    path = drawn(township, "2017-03")
    round_ = township.office(LGO).read(path)
    assert round_["frame_hash"] == draw.frame_hash(ten)
    assert {e["helper_id"]: e["reason"] for e in round_["exclusions"]} == dict.fromkeys(
        [*idle, *late], "NO_ACTIVE_ASSIGNMENT"
    )


def test_G8_a_missed_month_stays_missed_and_may_be_drawn_late_with_a_reason(township, ten):
    township.at("2017-03-06")
    march = planned(township, "2017-03")
    township.at("2017-04-10")
    planned(township, "2017-04")
    office = township.office(LGO)
    assert (office.read(march)["state"], office.read(march)["missed_in_month"]) == ("missed", True)
    missed = office.read("/inspection-rounds", missed_in_month="true")["items"]
    assert [r["month"] for r in missed].count("2017-02") == 1, "a month nobody planned is on record too"
    refused = office.try_act(march, "propose-commit", announce("2017-04-11"))
    assert code(refused, 409) == "late-needs-reason"
    office.act(march, "propose-commit", announce("2017-04-11", late_reason="汛期抢险"))
    township.office(PGO).act(march, "confirm-commit", {})
    township.at("2017-04-12")
    round_ = office.act(march, "reveal", VALUES)
    assert (round_["state"], round_["late"], round_["missed_in_month"]) == ("drawn", True, True)
    assert round_["drawn_at"].startswith("2017-04-12"), "never back-dated"


def test_G8_a_round_committed_in_its_month_and_drawn_after_it_is_late(township, ten):
    path = committed(township, "2017-03", 30)
    township.at("2017-04-02")
    assert code(township.office(LGO).try_act(path, "reveal", VALUES), 409) == "late-needs-reason"
    round_ = township.office(LGO).act(path, "reveal", {**VALUES, "late_reason": "信标推迟"})
    assert (round_["late"], round_["missed_in_month"]) == (True, True)


def test_G8_no_reason_for_what_is_not_late(township, ten):
    township.at("2017-03-06")
    body = announce("2017-03-07", late_reason="无")
    assert (
        code(township.office(LGO).try_act(planned(township, "2017-03"), "propose-commit", body), 409)
        == "month-not-over"
    )


def test_G8_november_2016_is_optional(township):
    township.at("2016-12-05")
    planned(township, "2016-12")
    township.at("2017-01-05")
    planned(township, "2017-01")
    months = {r["month"]: r["missed_in_month"] for r in township.office(LGO).read("/inspection-rounds")["items"]}
    assert months == {"2016-12": True, "2017-01": False}


def test_G51_no_round_before_the_regulation_and_none_ahead_of_its_month(township):
    refused = township.office(LGO).post("/inspection-rounds", {"month": "2016-10"})
    assert code(refused, 409) == "month-before-the-regulation"
    path = planned(township, "2016-12")
    assert code(township.office(LGO).try_act(path, "propose-commit", announce("2016-11-10")), 409) == "month-not-begun"
    assert code(township.office(LGO).post("/inspection-rounds", {"month": "2016-13"}), 422)


# ── the proof ────────────────────────────────────────────────────────────────────────────────────


def test_the_proof_needs_no_sign_in_and_draws_again_with_sha256sum(township, ten):
    path = committed(township, "2017-03")
    public = httpx.Client(base_url=township.service.address)
    before = public.get(f"/v1{path}/proof").json()
    assert (before["frame"], before["seed"], before["ranking"]) == (None, None, None)
    assert before["frame_hash"] == draw.frame_hash(ten)
    assert before["commitment"]["log"] == township.code
    said = run_text(public, path)
    assert f"frame {draw.frame_hash(ten)}" in said
    assert said[-2:] == [f"entry {before['commitment']['leaf_hash']}", "not yet under a signed checkpoint"]
    township.at("2017-03-08")
    township.office(LGO).act(path, "reveal", VALUES)
    proof = public.get(f"/v1{path}/proof").json()
    claimed = draw.Draw(
        proof["draw_id"], tuple(proof["frame"]), tuple((s["name"], s["value"]) for s in proof["sources"]),
        proof["frame_hash"], proof["seed"], proof["sample_size"],
        tuple((r["id"], r["ticket"]) for r in proof["ranking"]),
    )  # fmt: skip
    commitment = draw.Commitment(
        before["draw_id"], before["frame_hash"], before["population"], before["sample_size"],
        tuple(s["name"] for s in before["sources"]),
    )  # fmt: skip
    assert draw.differences(claimed, commitment) == []
    assert [r["id"] for r in proof["ranking"] if r["drawn"]] == [c["helper_id"] for c in checks(township, path)]
    said = run_text(public, path)
    assert said[1] == f"seed {proof['seed']}"
    assert [line.split()[1] for line in said[2:12]] == [r["id"] for r in proof["ranking"]]
    assert said[12] == "committed to this draw, frame and sources"


def run_text(public: httpx.Client, path: str, change: Callable[[str], str] = str) -> list[str]:
    """What the proof's text prints when bash runs it; raises where it ends with a fault."""
    text = change(public.get(f"/v1{path}/proof", headers={"accept": "text/plain"}).text)
    return subprocess.run(["bash", "-c", text], capture_output=True, text=True, check=True).stdout.splitlines()


def test_the_proof_leads_from_the_commitment_to_a_signed_checkpoint_of_before_the_seed(township, ten):
    path, public = committed(township, "2017-03"), httpx.Client(base_url=township.service.address)
    signed = township.admin.post(f"/ledger/{township.code}/checkpoint").json()["signed"]
    township.at("2017-03-08")
    township.office(LGO).act(path, "reveal", VALUES)
    township.admin.post(f"/ledger/{township.code}/checkpoint")
    proof = public.get(f"/v1{path}/proof").json()
    at = proof["commitment"]
    assert (at["checkpoint_size"], at["signed_at"]) == (signed["size"], signed["at"]), "the first that covers it"
    assert at["seq"] < at["checkpoint_size"]
    leaf = at["leaf"].encode()
    assert (leaf_hash(leaf).hex(), json.loads(leaf)["data"]["frame_hash"]) == (at["leaf_hash"], proof["frame_hash"])
    path_up = [bytes.fromhex(h) for h in at["inclusion"]]
    root = bytes.fromhex(signed["root"])
    assert verify_inclusion(leaf_hash(leaf), at["seq"], signed["size"], path_up, root)
    said = run_text(public, path)
    assert said[13:15] == [f"entry {at['leaf_hash']}", f"root {signed['root']}"]
    assert "\n".join(said[15:]) + "\n" == at["checkpoint"]
    for changes in (
        ("drand-quicknet-1000", "drand-quicknet-1001"),
        (ten[0], str(uuid4())),
        (at["inclusion"][0], "0" * 64),
    ):
        with pytest.raises(subprocess.CalledProcessError):
            run_text(public, path, lambda text, changes=changes: text.replace(*changes, 1))


def test_the_proof_holds_no_name_and_is_not_there_before_the_commitment(township, ten):
    township.at("2017-03-06")
    path = planned(township, "2017-03")
    public = httpx.Client(base_url=township.service.address)
    assert public.get(f"/v1{path}/proof").status_code == 404
    assert public.get(f"/v1/inspection-rounds/{uuid4()}/proof").status_code == 404
    assert public.get(f"/v1{path}").status_code == 401
    proof = public.get(f"/v1{drawn(township, '2017-04')}/proof").text
    assert "帮扶人" not in proof


def test_a_round_elsewhere_that_is_given_the_same_id_does_not_take_the_place_of_the_proof(township, ten, service):
    """The id is public once the proof is, and any township may choose it for a round of its own.

    The other has a lower code, so that an index finds it first.
    """
    path = committed(township, "2017-03", 6)
    other = type(township)(service, f"{township.county}{int(township.code[6:]) - 500:03}")
    helpers(other, 10)
    other.at("2017-03-07")
    made = other.office(LGO).made("/inspection-rounds", {"id": path.rsplit("/", 1)[-1], "month": "2017-03"})
    assert path.endswith(made["id"])
    other.office(LGO).act(path, "propose-commit", announce("2017-03-08"))
    other.office(PGO).act(path, "confirm-commit", {})
    public = httpx.Client(base_url=township.service.address)
    assert public.get(f"/v1{path}/proof").json()["commitment"]["log"] == township.code
    township.at("2017-03-08")
    township.office(LGO).act(path, "reveal", VALUES)
    proof = public.get(f"/v1{path}/proof").json()
    assert (proof["commitment"]["log"], proof["frame"]) == (township.code, sorted(ten))


def test_G7_a_witness_who_signed_when_the_seed_was_public_does_not_count(own_database_url, tmp_path):
    """By the clocks of all of them, which is what a moved clock cannot show: here time runs as it does."""
    service = Service(own_database_url)
    township = Township(service, "411421701")
    helpers(township, 4)
    set_policy(township, "draw.witnesses", 1)
    with psycopg.connect(own_database_url, autocommit=True) as connection:
        connection.execute("delete from clock")
        today = date.fromisoformat(township.admin.read("/me")["today"])
        path = planned(township, f"{today:%Y-%m}")
        township.office(LGO).act(path, "propose-commit", announce(f"{today + timedelta(days=1)}"))
        township.office(PGO).act(path, "confirm-commit", {})
        signed = township.admin.post(f"/ledger/{township.code}/checkpoint").json()
        cosign(service, township, signed, tmp_path)

        def public_for(seconds: float) -> httpx.Response:
            connection.execute(
                "update inspection_rounds set seed_due = now() - make_interval(secs => %(secs)s), sources = jsonb_set("
                "sources, '{0,due}', to_jsonb(now() - make_interval(secs => %(secs)s)))", {"secs": seconds},
            )  # fmt: skip
            return township.office(LGO).try_act(path, "reveal", VALUES)

        time.sleep(2)  # a cosignature tells whole seconds
        late = public_for(60)
        assert (code(late, 409), late.json()["witnesses"]) == ("witnesses-awaited", 0)
        assert public_for(0).status_code == 200
        # the node of a cluster looks at a clock of its own
        same = "abs(extract(epoch from recorded_at - at)) < 1" if cluster.is_named() else "recorded_at = at"
        beside = f"select count(*), count(*) filter (where {same}) from log_event where township_code = '411421701'"
        entries = connection.execute(beside + " and not convert_from(leaf, 'UTF8')::jsonb ? 'simulated'").fetchone()
    service.stop()
    assert entries is not None and entries[0] == entries[1] > 3, "recorded_at repeats what the leaf says"


def cosign(service: Service, township: Township, signed: Any, folder: Path) -> str:
    """Another office cosigns the newest checkpoint; its line."""
    name = "witness.example/office"
    other_office = Witness(folder, name, {signed["origin"]: Verifier.of(signed["key"])})
    checkpoint = f"{service.address}/v1/ledger/{township.code}/checkpoint"
    text = httpx.get(checkpoint, headers={"accept": "text/plain"}).text
    line = other_office.add_checkpoint(consistency_text(0, [], text).encode())
    with psycopg.connect(service.database_url) as connection:
        connection.execute(
            "insert into log_cosignature (county_code, township_code, size, witness, line) values (%s, %s, %s, %s, %s)",
            [township.county, township.code, signed["size"], name, line],
        )
    return line


def test_G7_a_township_may_ask_for_a_witness_of_the_commitment_before_the_seed(township, ten, tmp_path):
    set_policy(township, "draw.witnesses", 1)
    path, public = committed(township, "2017-03"), httpx.Client(base_url=township.service.address)
    township.at("2017-03-08")
    waits = township.office(LGO).try_act(path, "reveal", VALUES)
    assert (code(waits, 409), waits.json()["wanted"]) == ("witnesses-awaited", 1)
    signed = township.admin.post(f"/ledger/{township.code}/checkpoint").json()
    assert code(township.office(LGO).try_act(path, "reveal", VALUES), 409) == "witnesses-awaited", "signed, not seen"
    assert public.get(f"/v1{path}/proof").json()["commitment"]["witnesses"] == []
    text = public.get(f"/v1/ledger/{township.code}/checkpoint", headers={"accept": "text/plain"}).text
    line = cosign(township.service, township, signed, tmp_path)
    assert township.office(LGO).act(path, "reveal", VALUES)["state"] == "drawn"
    at = public.get(f"/v1{path}/proof").json()["commitment"]
    assert (at["witnesses"], at["checkpoint"]) == (["witness.example/office"], text + line)
    assert run_text(public, path)[-1] == line.strip()


# ── checks ───────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def pending(shared_township: Any) -> Iterator[str]:
    """Pending checks of one township, drawn on 8 March 2017: each test takes one."""
    helpers(shared_township, 60)
    return iter([f"/inspections/{c['id']}" for c in checks(shared_township, drawn(shared_township, "2017-03"))])


@pytest.fixture
def check(pending: Iterator[str]) -> str:
    """The path of a pending check in the shared township."""
    return next(pending)


def test_R6_2_G10_a_record_needs_all_three_aspects(shared_township, check):
    body = found(shared_township, "2017-03-08")
    for aspect in ("village_visits", "measures", "forms"):
        partial = {**body, "aspects": {k: v for k, v in body["aspects"].items() if k != aspect}}
        assert shared_township.office("assessor").try_act(check, "record", partial).status_code == 422
    done = shared_township.office("assessor").act(
        check, "record", {**body, "further": [{"name": "群众评价", "found": "较好"}]}
    )
    assert done["further"] == [{"name": "群众评价", "found": "较好"}]
    assert set(done["aspects"]) == {"village_visits", "measures", "forms"}


def test_G10_a_township_may_add_aspects(township, ten):
    check = f"/inspections/{checks(township, drawn(township, '2017-03'))[0]['id']}"
    set_policy(township, "inspection.furtherAspects", ["群众评价"])
    refused = township.office("assessor").try_act(check, "record", found(township, "2017-03-08"))
    assert code(refused, 409) == "further-aspect-missing"
    body = found(township, "2017-03-08", further=[{"name": "群众评价", "found": "较好"}])
    assert township.office("assessor").act(check, "record", body)["further"] == body["further"]


def test_R6_2_visits_are_counted_in_the_register_beside_what_was_seen(shared_township, check):
    helper = shared_township.office(LGO).read(check)["helper_id"]
    households = [pair(shared_township, helper), pair(shared_township, helper)]
    days = ("2017-02-28", "2017-03-02", "2017-03-05", "2017-03-31", "2017-04-01")
    common = {"helper_id": helper, "place": "村里", "clock": "server", "received_later": False, "text": "走访"}
    times = {day: dict.fromkeys(("device_time", "received_at"), f"{day}T02:00:00Z") for day in days}
    visits = [
        ("visits", {"id": uuid4(), "household_id": household, "visited_on": day, **common, **times[day]})
        for day, household in product(days, households)
    ]
    write(shared_township, visits)
    done = shared_township.office("assessor").act(check, "record", found(shared_township, "2017-03-08"))
    assert (done["aspects"]["village_visits"]["registered"], done["aspects"]["village_visits"]["seen"]) == (3, 2)


def test_G2_a_record_has_no_score(shared_township, check):
    body = found(shared_township, "2017-03-08")
    assert shared_township.office("assessor").try_act(check, "record", {**body, "score": 90}).status_code == 422


def test_G9_not_checked_has_a_reason_and_nobody_is_drawn_in_place(shared_township, check):
    before = len(checks(shared_township, "/" + shared_township.office(LGO).read(check)["round_id"]))
    done = shared_township.office("assessor").act(check, "not-checked", {"reason": "外出培训"})
    assert (done["state"], done["not_checked_reason"]) == ("not_checked", "外出培训")
    assert len(checks(shared_township, "/" + done["round_id"])) == before


def test_G11_nobody_checks_himself(shared_township, check):
    helper = shared_township.office(LGO).read(check)["helper_id"]
    body = found(
        shared_township,
        "2017-03-08",
        inspectors=[*team(shared_township, "none"), {"person_id": helper, "interest": "none"}],
    )
    assert code(shared_township.office("assessor").try_act(check, "record", body), 403) == "checking-oneself"
    shared_township.appoint(helper, "assessor")
    himself = shared_township.account(helper)
    assert code(himself.try_act(check, "record", found(shared_township, "2017-03-08")), 403) == "checking-oneself"
    blocked = {a["name"]: a["allowed"] for a in himself.read(check)["actions"]}
    assert not blocked["record"] and not blocked["not-checked"]


@pytest.mark.parametrize(
    ("interests", "warning"),
    [
        (("none",), "team_too_small"),
        (("none", None), "interest_undeclared"),
        (("none", "kinship"), "interest_overlapping"),
    ],
)
def test_G11_an_unusual_team_needs_the_organisers_reason(shared_township, check, interests, warning):
    unusual = team(shared_township, *interests)
    assessor = shared_township.office("assessor")
    refused = assessor.try_act(check, "record", found(shared_township, "2017-03-08", inspectors=unusual))
    assert code(refused, 409) == "team-needs-reason"
    assert refused.json()["warnings"] == [warning]
    assert assessor.try_act(check, "assign-team", {"inspectors": unusual, "reason": "人手不足"}).status_code == 403
    office = shared_township.office(LGO)
    assert code(office.try_act(check, "assign-team", {"inspectors": unusual}), 409) == "team-needs-reason"
    office.act(check, "assign-team", {"inspectors": unusual, "reason": "人手不足"})
    done = assessor.act(check, "record", found(shared_township, "2017-03-08", inspectors=None))
    assert (done["team_warnings"], done["team_reason"]) == ([warning], "人手不足")


def test_G11_the_register_shows_an_overlap_nobody_declared(township, ten):
    unit = township.office(LGO).made("/units", {"name": "乡财政所"})["id"]
    helper = township.person("同单位", unit_id=unit)
    township.appoint(helper, "helper")
    path = drawn(township, "2017-03")
    check = township.office(LGO).made(
        "/inspections", {"round_id": path.rsplit("/", 1)[-1], "helper_id": helper, "reason": "群众反映"}
    )
    colleague = {"person_id": township.person("同事", unit_id=unit), "interest": "none"}
    body = found(township, "2017-03-08", inspectors=[*team(township, "none"), colleague])
    refused = township.office("assessor").try_act(f"/inspections/{check['id']}", "record", body)
    assert refused.json()["warnings"] == ["interest_overlapping"]


def test_G11_no_inspector_from_outside_the_register(shared_township, check):
    body = found(shared_township, "2017-03-08", inspectors=[{"person_id": str(uuid4()), "interest": "none"}])
    assert code(shared_township.office("assessor").try_act(check, "record", body), 409) == "no-such-inspector"


def test_G11_teams_by_lot_keep_recusals_and_own_units(township):
    unit = township.office(LGO).made("/units", {"name": "乡财政所"})["id"]
    of_unit = [township.person(f"财政{n}", unit_id=unit) for n in range(4)]
    for person in of_unit[:3]:
        township.appoint(person, "helper")
        pair(township, person)
    ten = helpers(township, 7)
    inspectors = [of_unit[3], *(township.person(f"考核{n}") for n in range(3))]
    body = {"recusals": [], "assignment": {"inspectors": inspectors, "team_size": 2}}
    township.at("2017-02-06")
    february = planned(township, "2017-02")
    refused = township.office(LGO).try_act(february, "propose-commit", announce("2017-02-07", **body))
    assert code(refused, 409) == "teams-not-by-lot", "only where the township turned it on"
    set_policy(township, "draw.inspectorsRandom", True)
    refused = township.office(LGO).try_act(february, "propose-commit", announce("2017-02-07"))
    assert code(refused, 409) == "teams-are-by-lot"
    recusals = [{"inspector_id": inspectors[1], "helper_id": h, "interest": "kinship"} for h in ten]
    path = drawn(
        township, "2017-03", recusals=recusals, assignment={"inspectors": inspectors, "team_size": 2}
    )  # fmt: skip
    for made in checks(township, path):
        who = {i["person_id"] for i in made["team"]}
        assert len(who) <= 2 and who <= set(inspectors)
        assert inspectors[0] not in who if made["helper_id"] in of_unit else inspectors[1] not in who
        assert made["team_warnings"] == ([] if len(who) == 2 else ["team_too_small"])
    public = httpx.Client(base_url=township.service.address)
    proof = public.get(f"/v1{path}/proof").json()
    listed = [(c["helper_id"], sorted(i["person_id"] for i in c["team"])) for c in checks(township, path)]
    assert [(t["helper_id"], sorted(t["inspectors"])) for t in proof["teams"]] == listed
    pairs = [f"{r['helper_id']} {r['inspector_id']}" for r in proof["recusals"]]
    assert sha256(draw.lines(pairs)).hexdigest() == proof["recusals_hash"]
    assert "kinship" not in json.dumps(proof["recusals"]), "who, not why"
    teams = [line.split()[1:] for line in run_text(public, path) if line.startswith("team ")]
    assert teams == [[t["helper_id"], *t["inspectors"]] for t in proof["teams"]], "the same with sha256sum"


def test_G13_G57_an_attempt_is_no_meeting(shared_township, check):
    household = pair(shared_township, shared_township.office(LGO).read(check)["helper_id"])

    def told(**interview: Any) -> httpx.Response:
        body = found(shared_township, "2017-03-08", interviews=[{"household_id": household, **interview}])
        return shared_township.office("assessor").try_act(check, "record", body)

    assert code(told(outcome="met"), 422) == "interview-told"
    refused = told(outcome="not_reached", attempts=3, helper_present=False)
    assert refused.json()["errors"][0]["pointer"] == "/interviews/0/helper_present"
    stranger = told(outcome="not_reached", household_id=str(uuid4()))
    assert code(stranger, 409) == "household-not-registered"
    done = told(outcome="other_means", attempts=2, found="电话联系,在外务工")
    assert done.status_code == 200, done.text
    assert done.json()["interviews"][0]["helper_present"] is None


@pytest.mark.parametrize("day", ["2017-03-07", "2017-03-09"])
def test_G8_a_check_is_dated_between_its_draw_and_today(shared_township, check, day):
    assert (
        code(shared_township.office("assessor").try_act(check, "record", found(shared_township, day)), 409)
        == "checked-out-of-time"
    )


def test_G55_a_correction_is_a_linked_new_version(shared_township, check):
    assessor = shared_township.office("assessor")
    body = found(shared_township, "2017-03-08")
    assessor.act(check, "record", body)
    body["aspects"]["village_visits"]["seen"] = 1
    answer = assessor.try_act(check, "correct", {"reason": "误记", "recorded": body})
    assert answer.status_code == 201, answer.text
    new, old = answer.json(), assessor.read(check)
    assert (new["corrects_id"], new["correction_reason"], new["current"]) == (old["id"], "误记", True)
    assert (new["helper_id"], new["rank"], new["kind"]) == (old["helper_id"], old["rank"], old["kind"])
    assert (old["aspects"]["village_visits"]["seen"], old["superseded_by"], old["current"]) == (2, new["id"], False)
    again = assessor.try_act(check, "correct", {"reason": "再改", "recorded": body})
    assert code(again, 409) == "check-superseded"
    excused = assessor.try_act(
        f"/inspections/{new['id']}", "correct", {"reason": "当日未检查", "not_checked": {"reason": "住院"}}
    )
    assert (excused.json()["state"], excused.json()["aspects"]) == ("not_checked", None)
    path = "/" + old["round_id"]
    versions = checks(shared_township, path, helper_id=old["helper_id"])
    assert [c["current"] for c in sorted(versions, key=lambda c: c["created_at"])] == [False, False, True]
    assert len(checks(shared_township, path, helper_id=old["helper_id"], current="false")) == 2
    assert assessor.try_act(check, "correct", {"reason": "空"}).status_code == 422


def test_G7_additional_checks_are_outside_the_thirty_percent(township, ten):
    path = drawn(township, "2017-03")
    chosen = {c["helper_id"] for c in checks(township, path)}
    extra = next(h for h in ten if h not in chosen)
    body = {"round_id": path.rsplit("/", 1)[-1], "helper_id": extra, "reason": "群众反映"}
    added = township.office("assessor").made("/inspections", body)
    assert (added["kind"], added["rank"], added["added_reason"]) == ("additional", None, "群众反映")
    assert township.office(LGO).read(path)["sample_size"] == 3
    assert code(township.office(LGO).post("/inspections", body), 409) == "already-in-the-round"
    nobody = {**body, "helper_id": township.person("外人")}
    assert code(township.office(LGO).post("/inspections", nobody), 409) == "helper-not-in-office"
    for made in checks(township, path, kind="drawn"):
        township.office("assessor").act(f"/inspections/{made['id']}", "not-checked", {"reason": "外出"})
    township.office(LGO).act(path, "close", {})
    assert code(township.office(LGO).post("/inspections", body), 409) == "round-not-drawn"


def test_a_draw_is_drawn_once_however_many_reveal_at_once(township, ten):
    path = committed(township, "2017-03")
    township.at("2017-03-08")
    office = township.office(LGO)
    etag = office.get(path).headers["etag"]
    with ThreadPoolExecutor(6) as many:
        answers = list(many.map(lambda _: office.post(f"{path}/reveal", VALUES, if_match=etag).status_code, range(6)))
    assert set(answers) <= {200, 412, 409}
    assert answers.count(200) == 1
    assert len(checks(township, path)) == 3


def test_a_retry_of_the_draw_gives_the_first_answer(township, ten):
    path = committed(township, "2017-03")
    township.at("2017-03-08")
    office = township.office(LGO)
    etag = office.get(path).headers["etag"]
    first, again = (office.post(f"{path}/reveal", VALUES, if_match=etag, idempotency_key="d") for _ in range(2))
    assert (again.status_code, again.json(), again.headers["idempotent-replayed"]) == (200, first.json(), "true")


def test_every_action_takes_at_most_six_round_trips_however_many_helpers(township, counter):
    helpers(township, 40)
    trips: dict[str, int] = {}

    def counted(name: str, call: Any) -> Any:
        counter.seen.clear()
        result = call()
        trips[name] = len(counter.work())
        return result

    township.at("2017-03-06")
    path, office = planned(township, "2017-03"), township.office(LGO)
    proposal = announce("2017-03-07", recusals=[])
    tag = {"if_match": office.get(path).headers["etag"]}
    assert counted("propose", lambda: office.post(f"{path}/propose-commit", proposal, **tag)).status_code == 200
    tag, other = {"if_match": office.get(path).headers["etag"]}, township.office(PGO)
    assert counted("confirm", lambda: other.post(f"{path}/confirm-commit", {}, **tag)).status_code == 200
    township.at("2017-03-08")
    tag = {"if_match": office.get(path).headers["etag"]}
    assert counted("reveal", lambda: office.post(f"{path}/reveal", VALUES, **tag)).status_code == 200
    made = checks(township, path)
    assert len(made) == 12
    problems = [
        {"aspect": "forms", "description": f"表册缺{page}页", "happened_on": "2017-03-05"} for page in range(1, 6)
    ]
    body, assessor = found(township, "2017-03-08", problems=problems), township.office("assessor")
    check, tag = f"/inspections/{made[0]['id']}", {"if_match": '"1"'}
    assert counted("record", lambda: assessor.post(f"{check}/record", body, **tag)).status_code == 200
    more = [{**problem, "description": f"{problem['description']},另有涂改"} for problem in problems]
    body = {"reason": "补录", "recorded": found(township, "2017-03-08", problems=problems + more)}
    answer = counted("correct", lambda: assessor.post(f"{check}/correct", body, if_match='"2"'))
    assert answer.status_code in {200, 201}
    assert len(township.office("discipline_commission").read("/findings", source="inspection")["items"]) == 10
    assert max(trips.values()) <= 6, trips


def test_teams_by_lot_are_committed_to_in_at_most_six_round_trips(township, counter):
    helpers(township, 8)
    township.at("2017-03-06")
    set_policy(township, "draw.inspectorsRandom", True)
    lot = {"inspectors": [township.person("考核员") for _ in range(3)], "team_size": 2}
    path = planned(township, "2017-03")
    township.office(LGO).act(path, "propose-commit", announce("2017-03-07", assignment=lot))
    other, etag = township.office(PGO), township.office(PGO).get(path).headers["etag"]
    counter.seen.clear()
    assert other.post(f"{path}/confirm-commit", {}, if_match=etag).status_code == 200
    assert 0 < len(counter.work()) <= 6


def test_G8_the_clock_marks_months_without_anybody_asking(township):
    township.at("2017-02-10")
    service = township.service
    marked = asyncio.run(mark_township(service.database_url, service.app.state.vault, township.code))
    assert marked == ["2016-12", "2017-01"]
    assert asyncio.run(mark_township(service.database_url, service.app.state.vault, township.code)) == []
    rounds = township.office(LGO).read("/inspection-rounds", state="missed")["items"]
    assert {r["month"]: r["missed_in_month"] for r in rounds} == {"2016-12": True, "2017-01": True}
    assert not any(
        a["name"] == "mark-missed"
        for a in township.office(LGO).read(f"/inspection-rounds/{rounds[0]['id']}")["actions"]
    )


def test_the_helper_sees_his_own_check_and_others_do_not(township, ten):
    path = drawn(township, "2017-03")
    made = checks(township, path)[0]
    himself, another = township.account(made["helper_id"]), township.office("village_principal", place=township.village)
    assert himself.read(f"/inspections/{made['id']}")["helper_id"] == made["helper_id"]
    assert another.get(f"/inspections/{made['id']}").status_code == 404
    assert another.read(path)["state"] == "drawn", "the round itself is open to everybody signed in"


def test_an_action_needs_the_version_seen(shared_township, check):
    assessor = shared_township.office("assessor")
    assert assessor.post(f"{check}/not-checked", {"reason": "外出"}).status_code == 428
    assert assessor.post(f"{check}/not-checked", {"reason": "外出"}, if_match='"9"').status_code == 412


def test_G58_a_problem_becomes_a_proposed_finding_and_nothing_more(shared_township, check):
    problem = {
        "aspect": "forms", "description": "表册缺页", "happened_on": "2017-03-05", "ground": "HY.9.1.3",
    }  # fmt: skip
    assessor, commission = shared_township.office("assessor"), shared_township.office("discipline_commission")
    done = assessor.act(check, "record", found(shared_township, "2017-03-08", problems=[problem]))
    finding = commission.read(f"/findings/{done['problems'][0]['finding_id']}")
    assert (finding["state"], finding["source"], finding["source_id"]) == ("proposed", "inspection", done["id"])
    assert (finding["subject_person_id"], finding["fact_on"]) == (done["helper_id"], "2017-03-05")
    another = {**problem, "description": "表册漏签"}
    body = {"reason": "漏记一项", "recorded": found(shared_township, "2017-03-08", problems=[problem, another])}
    new = assessor.try_act(check, "correct", body).json()
    assert new["problems"][0]["finding_id"] == finding["id"], "a correction proposes nothing twice"
    assert commission.read(f"/findings/{new['problems'][1]['finding_id']}")["source_id"] == new["id"]
    early = {**problem, "happened_on": "2016-11-08"}
    refused = assessor.try_act(
        f"/inspections/{new['id']}",
        "correct",
        {"reason": "更早", "recorded": found(shared_township, "2017-03-08", problems=[early])},
    )
    assert refused.status_code == 409, "nothing before the regulation applied"
    assert assessor.read(f"/inspections/{new['id']}")["current"], "a refusal rolls everything back"
