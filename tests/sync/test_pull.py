"""Does a phone take along what its owner may read, what changed of it, and hear what is gone?"""

import gzip
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import defaultdict
from uuid import uuid4

import pytest

from app.sync.tables import TAKEN
from tests.sync.test_routes import Phone

RESOURCES = [resource.name for resource in TAKEN]


class Copy:
    """What a phone holds after its pulls."""

    def __init__(self, caller, limit=500):
        self.caller, self.limit, self.cursor, self.held, self.last = caller, limit, None, defaultdict(dict), {}

    def pull(self):
        """Every page; how many there were."""
        for number in range(1, 1000):
            query = {"cursor": self.cursor} if self.cursor else {}
            self.last = page = self.caller.read("/sync", limit=self.limit, **query)
            if page["anew"]:
                self.held.clear()
            for gone in page["gone"]:
                self.held[gone["resource"]].pop(gone["id"], None)
            for item in page["items"]:
                self.held[item["resource"]][item["record"]["id"]] = item["record"]
            self.cursor = page["next_cursor"]
            if not page["more"]:
                return number
        raise AssertionError("no end")

    @property
    def ids(self):
        return {name: set(self.held[name]) for name in RESOURCES}


def readable(caller):
    """What the ordinary lists show him, every page."""
    found = {}
    for name in RESOURCES:
        found[name], query = {}, {}
        while True:
            page = caller.read(f"/{name}", limit=200, **query)
            found[name] |= {record["id"]: record for record in page["items"]}
            if page["next_cursor"] is None:
                break
            query = {"cursor": page["next_cursor"]}
    return found


def assert_same(copy):
    """The copy is what the lists show, record by record, in every field that it has."""
    lists = readable(copy.caller)
    assert copy.ids == {name: set(found) for name, found in lists.items()}
    for name, held in copy.held.items():
        for id_, record in held.items():
            assert record == {field: lists[name][id_][field] for field in record}, name


def visit(household, at="2016-11-09T08:30:00+08:00"):
    return {"household_id": household, "device_time": at, "place": "家中", "text": "走访", "id": str(uuid4())}


@pytest.fixture
def helped(township):
    household, me = township.helped()
    return household, me


def test_the_first_pull_brings_what_the_lists_show_and_the_next_one_what_changed(township, helped):
    household, me = helped
    other, another = township.helped("周帮扶")
    mine, his = me.made("/visits", visit(household)), another.made("/visits", visit(other))
    copy = Copy(me)
    assert copy.pull() == 1 and copy.last["anew"] is True
    assert_same(copy)
    assert (
        copy.ids["households"] == {household} and copy.ids["visits"] == {mine["id"]} and his["id"] not in str(copy.held)
    )
    assert copy.held["households"][household]["members"] == me.read(f"/households/{household}")["members"]
    copy.pull()
    assert (copy.last["items"], copy.last["gone"], copy.last["anew"]) == ([], [], False)
    me.act(f"/visits/{mine['id']}", "correct", {"place": "村委会", "reason": "写错"})
    another.made("/visits", visit(other))
    copy.pull()
    assert [(i["resource"], i["record"]["place"]) for i in copy.last["items"]] == [("visits", "村委会")]
    assert_same(copy)


@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_pages_bring_the_same_in_the_ledgers_order(township, helped, limit):
    household, me = helped
    for _ in range(5):
        me.made("/visits", visit(household))
    plan = {"household_id": household, "kind": "assistance_plan", "year": 2016, "text": "一户一策"}
    me.made("/plans", plan | {"measures": [{"text": "养鸡", "due_on": "2016-12-31"}] * 3})
    copy = Copy(me, limit)
    pages = copy.pull()
    assert (pages > 3) == (limit < 1000)
    assert_same(copy)


@pytest.mark.parametrize("office", ["assessor", "leading_group_office", "village_principal", "party_committee", None])
def test_every_office_takes_along_what_it_may_read_and_no_more(township, helped, office):
    household, me = helped
    me.made("/visits", visit(household))
    at = township.village if office == "village_principal" else None
    caller = township.office(office, at) if office else township.account(township.person("无职"))
    copy = Copy(caller)
    copy.pull()
    assert_same(copy)
    assert (household in copy.ids["households"]) == (office is not None)
    everything_happens(township, me, household)
    copy.pull()
    assert copy.last["anew"] is False
    assert_same(copy)


def everything_happens(township, me, household):
    """One record more of most kinds, parts of others among them."""
    office = township.office("leading_group_office")
    plan = {"household_id": household, "kind": "assistance_plan", "year": 2016, "text": "一户一策"}
    measures = me.made("/plans", plan | {"measures": [{"text": "养鸡", "due_on": "2016-12-31"}] * 2})["measures"]
    me.act(f"/plan-measures/{measures[0]['id']}", "start")
    meeting = {"title": "会", "place": "室", "begins_at": "2016-12-10T09:00:00+08:00", "required": True}
    office.made("/meetings", meeting | {"invitee_ids": [me.person_id]})
    task = office.made("/form-tasks", {"title": "表", "text": "填", "due_on": "2016-12-15"})
    me.made(f"/form-tasks/{task['id']}/submissions", {"text": "已报"})
    office.made("/requirements", {"text": "走访", "applies_from": "2016-11-09", "kind": "plans"})
    shown = {"kind": "other", "title": "公示", "place": "栏", "shown_from": "2016-11-09"}
    office.made("/publications", shown)
    township.helped("周帮扶")


def test_G18_after_a_new_pairing_the_household_goes_from_one_phone_and_comes_to_the_other(township, helped):
    household, me = helped
    office, leaders = township.office("leading_group_office"), township.office("leading_group")
    mine = me.made("/visits", visit(household))
    plan = {"household_id": household, "kind": "assistance_plan", "year": 2016, "text": "一户一策"}
    me.made("/plans", plan | {"measures": [{"text": "养鸡", "due_on": "2016-12-31"}]})
    _, heir = township.helped("接任")
    copies = [Copy(me), Copy(heir), Copy(office)]
    for copy in copies:
        copy.pull()
    (pairing,) = office.read("/pairings", household_id=household)["items"]
    handed_over = {"helper_id": heir.person_id, "starts": "2016-11-20", "reason": "调整"}
    leaders.act(f"/pairings/{pairing['id']}", "hand-over", handed_over)
    for day in ("2016-11-15", "2016-11-20"):
        township.at(day)
        for copy in copies:
            copy.pull()
            assert_same(copy)
    assert copies[0].ids["households"] == set() and copies[0].ids["visits"] == {mine["id"]}
    gone = {(g["resource"], g["id"]) for g in copies[0].last["gone"]}
    assert ("households", household) in gone and "plan-measures" in {resource for resource, _ in gone}
    assert mine["id"] in copies[1].ids["visits"] and household in copies[1].ids["households"]
    heir.made("/visits", visit(household, "2016-11-20T08:00:00+08:00"))
    copies[0].pull()
    assert (copies[0].last["items"], copies[0].last["gone"]) == ([], []), "nor is he told what happens there now"


def test_under_other_offices_the_copy_begins_anew(township, helped):
    _, me = helped
    copy = Copy(me)
    copy.pull()
    held = township.admin.read("/appointments", person_id=me.person_id)["items"][0]
    township.admin.act(f"/appointments/{held['id']}", "end", {"ends": "2016-11-09"})
    copy.pull()
    assert copy.last["anew"] is True
    assert_same(copy)
    assert copy.ids["households"] == set()


def test_a_cursor_is_the_accounts_own_and_not_to_be_written(township, helped):
    _, me = helped
    _, other = township.helped("周帮扶")
    copy = Copy(me)
    copy.pull()
    theirs = Copy(other)
    theirs.cursor = copy.cursor
    theirs.pull()
    assert theirs.last["anew"] is True
    assert_same(theirs)
    told = urlsafe_b64decode(copy.cursor + "=" * (-len(copy.cursor) % 4)).decode()
    forged = urlsafe_b64encode(told.replace("2016", "2015").encode()).decode().rstrip("=")
    assert me.read("/sync", cursor=forged)["anew"] is True
    for wrong in ("x", "AAAA"):
        answer = me.get("/sync", cursor=wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "bad-cursor")


def test_the_answer_is_compressed_for_whoever_takes_it_and_bears_the_checkpoint(township, helped):
    household, me = helped
    signed = township.admin.post(f"/ledger/{township.code}/checkpoint").json()
    for _ in range(20):
        me.made("/visits", visit(household))
    with me.client.stream("GET", "/v1/sync", headers={"accept-encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
        assert answer.headers["content-encoding"] == "gzip"
    plain = me.client.get("/v1/sync", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    told = json.loads(gzip.decompress(raw))
    assert told["items"] == plain.json()["items"]
    assert len(raw) < len(plain.content) / 4
    assert (told["key"], told["checkpoint"].split("\n")[0]) == (signed["key"], signed["origin"])


def test_what_was_handed_in_comes_back_changed(helped):
    household, me = helped
    phone, copy = Phone(me), Copy(me)
    copy.pull()
    made = phone.visit(household)
    phone.sync(made)
    copy.pull()
    assert made["body"]["id"] in copy.ids["visits"]
