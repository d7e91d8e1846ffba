"""Are operations made offline handed in once, in order, with a receipt that says what became of each?"""

import base64
import json
import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from app.note import Verifier
from app.sync import routes
from app.sync.rules import OPERATIONS

NOON = "2016-11-09T12:00:00+08:00"


class Phone:
    """A phone of a caller; every operation it makes takes the next counter."""

    def __init__(self, caller, sent_at="2016-11-09T09:00:00+08:00"):
        self.caller, self.id, self.sent_at, self.made = caller, str(uuid4()), sent_at, 0

    def operation(self, name, body=None, **more):
        self.made += 1
        given = {"key": f"k-{self.made}", "counter": self.made, "operation": name, "device_time": self.sent_at}
        return given | ({} if body is None else {"body": body}) | more

    def visit(self, household, text="走访", **more):
        body = {
            "household_id": household, "device_time": "2016-11-09T08:30:00+08:00", "place": "家中", "text": text,
            "id": str(uuid4()),
        }  # fmt: skip
        return self.operation("visits_create", body, **more)

    def send(self, *operations):
        return self.caller.post("/sync", {"device_id": self.id, "sent_at": self.sent_at, "operations": [*operations]})

    def sync(self, *operations):
        answer = self.send(*operations)
        assert answer.status_code == 200, answer.text
        return answer.json()["receipt"]


def results(receipt):
    return [(r["result"], r["code"]) for r in receipt["results"]]


@pytest.fixture
def helped(township):
    household, me = township.helped()
    return household, Phone(me)


def test_operations_made_offline_are_done_in_order_and_sent_again_change_nothing(township, helped):
    household, phone = helped
    made = [phone.visit(household, f"第{n}次") for n in range(3)]
    fix = phone.operation(
        "visits_correct", {"place": "村委会", "reason": "写错"}, record_id=made[0]["body"]["id"], version=1,
        after=[made[0]["key"]],
    )  # fmt: skip
    first = phone.sync(*made, fix)
    assert results(first) == [("done", None)] * 4
    assert first["counter"] == 4
    log, size = first["entry"].split("/")
    assert log == township.code
    assert [r["entry"] for r in first["results"]] == [f"{log}/{int(size) - 4 + n}" for n in range(4)]
    entries = township.office("leading_group_office").read(f"/ledger/{log}/entries")["items"]
    again = phone.sync(*made, fix)
    assert results(again) == [("replayed", None)] * 4
    same = ("key", "entry", "record_id", "version", "digest")
    assert [[r[n] for n in same] for r in again["results"]] == [[r[n] for n in same] for r in first["results"]]
    assert again["entry"] is None
    assert entries == township.office("leading_group_office").read(f"/ledger/{log}/entries")["items"]
    assert len(phone.caller.read("/visits")["items"]) == 3


def test_the_list_of_operations_is_that_of_the_document(service):
    document = service.app.openapi()
    for name, path in OPERATIONS.items():
        assert document["paths"][f"/v1{path}"]["post"]["operationId"] == name
        assert "{member_id}" not in path


def test_what_comes_before_what_it_follows_is_held_and_done_once_that_is_there(helped):
    household, phone = helped
    one, two, three = (phone.visit(household) for _ in range(3))
    assert results(phone.sync(three, two)) == [("held", "predecessor-missing")] * 2
    assert phone.caller.read("/visits")["items"] == []
    late = phone.sync(three, one, two)
    assert results(late) == [("done", None)] * 3
    order = [int(late["results"][at]["entry"].split("/")[1]) for at in (1, 2, 0)]
    assert order == sorted(order), "by the phone's counter, not by the list"


def test_what_builds_on_a_refused_operation_waits_for_it_and_the_rest_goes_on(helped):
    household, phone = helped
    bad = phone.visit(str(uuid4()))
    builds = phone.visit(household, after=[bad["key"]])
    free = phone.visit(household)
    first = phone.sync(bad, builds, free)
    assert results(first) == [("refused", "not-found"), ("held", "predecessor-not-done"), ("done", None)]
    assert all(r["reason"] for r in first["results"][:2])
    mended = bad | {"body": bad["body"] | {"household_id": household}}
    assert results(phone.sync(mended, builds, free)) == [("done", None)] * 2 + [("replayed", None)]
    later = phone.visit(household, after=[mended["key"], builds["key"]])
    assert results(phone.sync(later)) == [("done", None)], "also where they came in an earlier sync"


def test_a_forged_predecessor_is_held(township, helped):
    household, phone = helped
    other, someone = township.helped("周帮扶")
    mine = Phone(someone)
    mine.sync(mine.visit(other, key="of-another"))
    forged = phone.visit(household, after=["of-another"])
    assert results(phone.sync(forged)) == [("held", "predecessor-not-done")]


def test_what_passes_by_itself_is_no_refusal_and_keeps_its_place(service, helped):
    household, phone = helped
    one, two = phone.visit(household), phone.visit(household)
    account = phone.caller.account_id
    with psycopg.connect(service.database_url) as held:
        held.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{account} POST /v1/visits k-1"])
        waiting = phone.sync(one, two)
    assert results(waiting) == [("again", "still-in-flight"), ("held", "predecessor-missing")]
    assert (waiting["counter"], waiting["entry"]) == (0, None)
    assert results(phone.sync(one, two)) == [("done", None)] * 2


def test_a_conflict_shows_both_versions_and_the_fields_that_differ(helped):
    household, phone = helped
    made = phone.visit(household)
    phone.sync(made)
    id_ = made["body"]["id"]
    seen = phone.caller.read(f"/visits/{id_}")
    phone.caller.act(f"/visits/{id_}", "correct", {"place": "村委会", "reason": "写错"})
    fix = phone.operation(
        "visits_correct", {"text": "新的说法", "reason": "补充"}, record_id=id_, version=1, seen=seen
    )  # fmt: skip
    (result,) = phone.sync(fix)["results"]
    assert (result["result"], result["status"], result["code"]) == ("refused", 412, "version-stale")
    conflict = result["conflict"]
    assert (conflict["seen"], conflict["stands"]) == (1, 2)
    assert conflict["fields"]["place"] == "村委会" and conflict["fields"]["text"] == "走访"
    assert set(conflict["fields"]) == {"place", "text", "earlier"}
    assert "差异" in result["advice"]
    renewed = fix | {"version": 2}
    assert results(phone.sync(renewed)) == [("done", None)]


def test_G18_after_a_new_pairing_what_was_done_before_counts_and_what_came_later_says_why_not(township, helped):
    household, phone = helped
    township.at("2016-12-20")
    office = township.office("leading_group_office")
    (pairing,) = office.read("/pairings", household_id=household)["items"]
    heir = township.person("接任")
    township.appoint(heir, "helper")
    leaders = township.office("leading_group")
    handed_over = {"helper_id": heir, "starts": "2016-12-10", "reason": "调整"}
    leaders.act(f"/pairings/{pairing['id']}", "hand-over", handed_over)
    phone.sent_at = "2016-12-20T09:00:00+08:00"
    before, after = phone.visit(household), phone.visit(household)
    before["body"]["device_time"] = "2016-12-09T10:00:00+08:00"
    after["body"]["device_time"] = "2016-12-11T10:00:00+08:00"
    receipt = phone.sync(before, after)
    assert results(receipt) == [("done", None), ("refused", "not-paired-that-day")]
    refused = receipt["results"][1]
    assert "结对" in refused["reason"] and "手机" not in refused["reason"] and refused["advice"]
    entry = office.read(f"/ledger/{township.code}/entries", limit=200)["items"][-1]
    leaf = json.loads(entry["leaf"])
    assert (leaf["event"], leaf["helper"]) == ("device.synced", phone.caller.person_id)
    assert [(o["counter"], o["result"], o["code"]) for o in leaf["data"]["operations"]] == [
        (1, "done", None), (2, "refused", "not-paired-that-day"),
    ]  # fmt: skip
    assert entry["disclosed"]["digests"]["value"] == [[r["counter"], r["digest"]] for r in receipt["results"]]
    assert results(phone.sync(after)) == [("refused", "not-paired-that-day")]
    assert office.read(f"/ledger/{township.code}/entries", limit=200)["items"][-1]["seq"] == entry["seq"]


def test_a_clock_a_year_off_is_told_and_nothing_is_lost(helped):
    household, phone = helped
    phone.sent_at = "2017-11-09T09:00:00+08:00"
    ahead = phone.visit(household)
    ahead["body"]["device_time"] = phone.sent_at
    receipt = phone.sync(ahead)
    assert results(receipt) == [("done", None)]
    assert "快365天" in receipt["clock_warning"] and 365 * 86400 - 60 < receipt["clock_ahead_seconds"] <= 365 * 86400
    visit = phone.caller.read(f"/visits/{ahead['body']['id']}")
    assert (visit["visited_on"], visit["clock"]) == ("2016-11-09", "server")


def test_a_disabled_account_hands_in_nothing(township, helped):
    household, phone = helped
    township.admin.act(f"/accounts/{phone.caller.account_id}", "disable")
    assert phone.send(phone.visit(household)).status_code == 401
    assert township.office("leading_group_office").read("/visits")["items"] == []


@pytest.mark.parametrize("name", ["sync_push", "accounts_create", "clock_set", "me_password", "visits_list"])
def test_what_is_not_on_the_list_is_refused_by_name(helped, name):
    _, phone = helped
    told = phone.sync(phone.operation(name, {"operations": []}))
    assert results(told) == [("refused", "not-for-phones")]
    assert "网络" in told["results"][0]["advice"], "nothing about offices, which have nothing to do with it"


def test_a_hostile_list_gets_no_further_than_http(township, helped):
    household, phone = helped
    far, _ = township.helped("周帮扶")
    foreign, nowhere = phone.visit(far), phone.visit(str(uuid4()))
    told = phone.sync(foreign, nowhere)["results"]
    assert [r["code"] for r in told] == ["not-found"] * 2 and told[0]["reason"] == told[1]["reason"]
    many = [phone.visit(household) for _ in range(101)]
    assert phone.send(*many).status_code == 422
    assert phone.send(phone.visit(household, text="走" * 400_000)).status_code == 413
    phone.made = 2
    crooked = phone.operation("visits_correct", {"reason": "x"}, record_id="../../accounts")
    assert results(phone.sync(crooked)) == [("refused", "invalid")]
    reused = [phone.visit(household, key="same"), phone.visit(household, "别的", key="same")]
    assert results(phone.sync(*reused)) == [("done", None), ("refused", "key-reused")]
    bad = phone.visit(household)
    del bad["body"]["place"]
    (refused,) = phone.sync(bad)["results"]
    assert (refused["status"], refused["errors"][0]["pointer"]) == (422, "/place")


@pytest.mark.parametrize("half", ["\x00", "\ud83d"], ids=["NUL", "half a pair"])
def test_a_text_that_is_unfit_spoils_its_operation_alone(helped, half):
    """What a broken keyboard typed holds up nothing; who wrote it is told where it stands."""
    household, phone = helped
    made = [
        phone.visit(household, f"走访{half}"), phone.visit(household), phone.operation("visits_create", {half: 1}),
        phone.visit(household, seen={"text": [half]}), phone.visit(household),
    ]  # fmt: skip
    receipt = hand_in(phone, *made).json()["receipt"]
    unfit, good = ("refused", "bad-text"), ("done", None)
    assert results(receipt) == [unfit, good, unfit, good, good]
    pointers = [told["errors"] and told["errors"][0]["pointer"] for told in receipt["results"]]
    assert pointers == ["/text", None, "", None, None]
    assert receipt["results"][0]["advice"] and receipt["counter"] == 5
    exact = json.dumps(made[0], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert receipt["results"][0]["digest"] == sha256(exact.encode(errors="backslashreplace")).hexdigest()
    made[0]["body"]["text"] = "走访"
    assert results(hand_in(phone, *made).json()["receipt"])[0] == good, "mended, under its own key and number"


FAULTS = {
    "version": (0, "/version"), "record_id": ("../../accounts", "/record_id"), "operation": ("Visits!", "/operation"),
    "device_time": ("yesterday", "/device_time"), "body": ([], "/body"), "after": ([""], "/after/0"),
    "place": (1, "/place"), "seen": (5, "/seen"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_one_operation_refuses_that_one_alone(township, helped, name):
    household, phone = helped
    wrong, pointer = FAULTS[name]
    made = [phone.visit(household), phone.visit(household) | {name: wrong}, phone.visit(household)]
    receipt = phone.sync(*made)
    assert results(receipt) == [("done", None), ("refused", "invalid"), ("done", None)]
    told = receipt["results"][1]
    (error,) = told["errors"]
    assert error["pointer"] == pointer and not error["message"].isascii() and told["advice"]
    assert receipt["counter"] == 3, "it is settled and holds up nothing"
    exact = json.dumps(made[1], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert told["digest"] == sha256(exact.encode()).hexdigest()
    entry = township.office("leading_group_office").read(f"/ledger/{township.code}/entries", limit=200)["items"][-1]
    sealed = json.loads(entry["leaf"])["data"]["operations"]
    assert [o["result"] for o in sealed] == ["done", "refused", "done"]
    assert (sealed[1]["operation"], sealed[1]["device_time"]) == (None, None), "nothing that nobody has judged"
    mended = phone.visit(household) | {"key": made[1]["key"], "counter": 2}
    assert results(phone.sync(mended)) == [("done", None)], "mended, under its own key and number"


def test_all_faults_of_an_operation_are_told_in_the_readers_language(helped):
    _, phone = helped
    body = {"device_id": phone.id, "sent_at": phone.sent_at, "operations": [{"key": "k", "counter": 1, "version": 0}]}
    in_english = {"accept-language": "en"}
    (told,) = phone.caller.client.post("/v1/sync", json=body, headers=in_english).json()["receipt"]["results"]
    assert {e["pointer"]: e["code"] for e in told["errors"]} == {
        "/operation": "missing", "/version": "greater_than_equal", "/device_time": "missing",
    }  # fmt: skip
    assert all(e["message"].isascii() for e in told["errors"]) and told["reason"].isascii()


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"key": ""}, "/key"), ({"key": "二"}, "/key"), ({"counter": 0}, "/counter"), ({"counter": "1"}, "/counter"),
        (None, ""),
    ],
)  # fmt: skip
def test_where_it_cannot_be_told_which_operation_it_is_the_list_is_refused(helped, wrong, pointer):
    household, phone = helped
    good = phone.visit(household)
    answer = phone.send(good, wrong and phone.visit(household, version=0) | wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert [e["pointer"] for e in answer.json()["errors"]] == [f"/operations/1{pointer}"]
    assert results(phone.sync(good)) == [("done", None)], "nothing of it was taken"


@pytest.mark.parametrize("half", ["\x00", "\ud83d"], ids=["NUL", "half a pair"])
def test_unfit_text_in_what_a_phone_writes_refuses_that_operation_alone_but_for_keys(helped, half):
    household, phone = helped
    for name, wrong in (("operation", half), ("device_time", half), (half, half)):
        (told,) = hand_in(phone, phone.visit(household) | {name: wrong}).json()["receipt"]["results"]
        assert (told["result"], told["code"]) == ("refused", "bad-text"), name
        assert name == half or told["errors"][0]["pointer"].startswith(f"/{name}")
    for name, wrong, pointer in (("key", half, "/key"), ("after", [half], "/after/0")):
        refused = hand_in(phone, phone.visit(household) | {name: wrong})
        assert (refused.status_code, refused.json()["code"]) == (422, "bad-text")
        assert refused.json()["errors"][0]["pointer"] == f"/operations/0{pointer}"
    deep = phone.visit(household)
    deep["body"]["text"] = json.loads("[" * 60 + "]" * 60)
    assert hand_in(phone, deep).json()["code"] == "too-deep"


@pytest.mark.parametrize("number", ["1e400", "99999999999999999999", "NaN"])
def test_of_a_number_that_is_none_it_is_told_where_it_stands(helped, number):
    household, phone = helped
    made = [phone.visit(household), phone.visit(household, text=[1, 54321])]
    text = json.dumps({"device_id": phone.id, "sent_at": phone.sent_at, "operations": made}).replace("54321", number)
    json_of_it = {"content-type": "application/json"}
    told = phone.caller.client.post("/v1/sync", content=text, headers=json_of_it).json()
    assert (told["code"], told["errors"][0]["pointer"]) == ("bad-number", "/operations/1/body/text/1")


def test_who_shows_two_tokens_is_the_first_one_all_the_way(township, helped):
    household, phone = helped
    other = township.office("leading_group_office")
    both = [("authorization", c.client.headers["authorization"]) for c in (phone.caller, other)]
    body = {"device_id": phone.id, "sent_at": phone.sent_at, "operations": [phone.visit(household)]}
    with httpx.Client(transport=phone.caller.client._transport, base_url=phone.caller.client.base_url) as client:
        receipt = client.post("/v1/sync", json=body, headers=both).json()["receipt"]
    assert results(receipt) == [("done", None)]
    visit = phone.caller.read(f"/visits/{receipt['results'][0]['record_id']}")
    assert visit["helper_id"] == receipt["person_id"] == phone.caller.person_id


def hand_in(phone, *operations):
    """As a phone writes what it sends: half a surrogate pair as JSON escapes it."""
    text = json.dumps({"device_id": phone.id, "sent_at": phone.sent_at, "operations": [*operations]})
    return phone.caller.client.post("/v1/sync", content=text, headers={"content-type": "application/json"})


def test_only_people_with_work_outside_hand_in(township, service):

    assert Phone(township.office("party_committee")).send().status_code == 403
    assert Phone(township.office("leading_group_office")).send().status_code == 200
    assert Phone(township.admin).send().status_code == 403


def test_one_account_has_one_sync_in_hand(helped):
    _, phone = helped
    routes._under_way.add(UUID(phone.caller.account_id))
    busy = phone.send()
    routes._under_way.clear()
    assert (busy.status_code, busy.json()["code"], busy.headers["retry-after"]) == (429, "one-sync-at-a-time", "1")
    assert phone.send().status_code == 200


def test_a_receipt_is_signed_by_the_log_and_bears_its_newest_checkpoint(township, helped):
    household, phone = helped
    signed = township.admin.post(f"/ledger/{township.code}/checkpoint").json()
    answer = phone.send(phone.visit(household)).json()
    assert answer["key"] == signed["key"]
    key, note = Verifier.of(answer["key"]), answer["receipt"]["checkpoint"]
    assert note.split("\n")[:2] == [signed["origin"], str(signed["signed"]["size"])]
    assert verified(answer["key"], answer["receipt"], answer["signature"])
    forged = answer["receipt"] | {"counter": 7}
    assert not verified(answer["key"], forged, answer["signature"])
    assert key.name == signed["origin"]


def test_anybody_checks_a_receipt_as_the_operations_page_tells(helped, tmp_path):
    household, phone = helped
    made = phone.visit(household)
    answer = phone.send(made)
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")
    (program,) = re.findall(r"```python\n(import base64.*?)```", page, re.DOTALL)
    (tmp_path / "receipt.py").write_text(program, "utf-8")
    forged = answer.text.replace('"result":"done"', '"result":"held"')
    for text, holds in ((answer.text, True), (forged, False)):
        (tmp_path / "answer.json").write_text(text, "utf-8")
        words = [
            sys.executable,
            "-I",
            str(tmp_path / "receipt.py"),
            str(tmp_path / "answer.json"),
            answer.json()["key"],
        ]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert (done.stdout == "true\n") == holds, done.stderr
    sent = json.dumps(made, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert answer.json()["receipt"]["results"][0]["digest"] == sha256(sent.encode()).hexdigest()


def verified(vkey, receipt, signature):
    """As docs/operations.md tells it: with the log's key, by anybody."""
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(vkey.split("+", 2)[2])[1:])
    text = json.dumps(receipt, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    try:
        public.verify(base64.b64decode(signature.split()[2])[4:], f"receipt/v1\n{text}\n".encode())
    except InvalidSignature:
        return False
    return True
