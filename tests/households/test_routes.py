"""Are households, their life events and pairings kept over HTTP as the contract says?"""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

ID, OTHER_ID = "11010519491231002X", "34052419800101001X"


def household(township, **more):
    office = township.office("leading_group_office")
    body = {
        "card_number": f"{township.code}-{uuid4().hex[:8]}", "village_code": township.village, "head_name": "赵大山",
        "main_cause": "illness", "listed_on": "2016-01-01", **more,
    }  # fmt: skip
    return office.made("/households", body)


def helper(township, name="孙帮扶", starts="2016-01-01"):
    person = township.person(name)
    township.appoint(person, "helper", starts=starts)
    return person


def pair(township, household_id, helper_id, primary=True, starts="2016-11-09"):
    body = {"household_id": household_id, "helper_id": helper_id, "is_primary": primary, "starts": starts}
    return township.office("leading_group_office").post("/pairings", body)


def event(township, household_id, kind, on, **more):
    confirmers = [township.office("leading_group_office").person_id, township.office("party_gov_office").person_id]
    body = {"kind": kind, "happened_on": on, "evidence": "村委会证明", "confirmer_ids": confirmers, **more}
    return township.office("leading_group_office").post(f"/households/{household_id}/events", body)


def code(answer):
    return answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]


# ── households and members ───────────────────────────────────────────────────────────────────────


def test_a_household_is_registered_with_its_members_and_read_back(township):
    members = [{"name": "赵大山", "relation": "head", "citizen_id": ID}]
    made = household(township, members=members)
    office = township.office("leading_group_office")
    assert (made["status"], made["members"][0]["citizen_id_last_four"]) == ("registered", "002X")
    assert (made["members"][0]["sex"], made["members"][0]["born"]) == ("female", "1949-12-31")
    assert ID not in office.get(f"/households/{made['id']}").text
    assert office.read(f"/households/{made['id']}") == made
    listed = office.read("/households", card_number=made["card_number"])["items"]
    assert listed == [made]


def test_a_wrong_check_digit_is_refused_naming_the_field(township):
    members = [{"name": "赵大山", "relation": "head", "citizen_id": "110105194912310021"}]
    body = {
        "card_number": "1", "village_code": township.village, "head_name": "赵大山", "main_cause": "illness",
        "listed_on": "2016-01-01", "members": members,
    }  # fmt: skip
    answer = township.office("leading_group_office").post("/households", body)
    assert answer.status_code == 422
    assert "/members/0/citizen_id" in answer.text
    assert "110105194912310021" not in answer.text


def test_nobody_belongs_to_two_households_on_the_register(township):
    members = [{"name": "赵大山", "relation": "head", "citizen_id": ID}]
    first = household(township, members=members)
    office = township.office("leading_group_office")
    body = {k: first[k] for k in ("village_code", "head_name", "main_cause", "listed_on")}
    again = office.post("/households", body | {"card_number": "other", "members": members})
    assert code(again) == (409, "citizen-already-listed")
    assert event(township, first["id"], "moved_out", "2016-11-09").status_code == 201
    assert office.post("/households", body | {"card_number": "other", "members": members}).status_code == 201


def test_members_join_leave_and_are_disclosed_for_a_purpose(township):
    made = household(township, members=[{"name": "赵大山", "relation": "head", "citizen_id": ID}])
    office, path = township.office("leading_group_office"), f"/households/{made['id']}"
    joined = office.act(path, "members", {"name": "赵小山", "relation": "child", "citizen_id": OTHER_ID})
    assert (joined["version"], len(joined["members"])) == (2, 2)
    member = joined["members"][1]["id"]
    told = office.post(f"{path}/members/{member}/disclose", {"purpose": "核对签字人"})
    assert told.json()["citizen_id"] == OTHER_ID
    assert "ledger-entry" in told.headers
    left = office.act(path, f"members/{member}/leave", {"left_on": "2016-11-08", "reason": "deceased"})
    assert left["members"][1]["left_reason"] == "deceased"
    twice = office.try_act(path, f"members/{member}/leave", {"left_on": "2016-11-08", "reason": "deceased"})
    assert code(twice) == (409, "member-already-left")
    nobody = office.try_act(path, f"members/{uuid4()}/leave", {"left_on": "2016-11-08", "reason": "deceased"})
    assert nobody.status_code == 404


def test_a_village_outside_the_township_and_a_card_number_twice_are_refused(township):
    office = township.office("leading_group_office")
    made = household(township)
    body = {k: made[k] for k in ("card_number", "village_code", "head_name", "main_cause", "listed_on")}
    assert code(office.post("/households", body | {"card_number": "x", "village_code": "411421999201"})) == (
        422, "village-outside",
    )  # fmt: skip
    assert office.post("/households", body).status_code == 409


def test_master_data_is_patched_by_the_office_alone(township):
    made = household(township)
    path, office = f"/households/{made['id']}", township.office("leading_group_office")
    done = office.patch(path, {"main_cause": "schooling"}, if_match='"1"')
    assert (done.status_code, done.json()["main_cause"], done.json()["version"]) == (200, "schooling", 2)
    assert office.patch(path, {"status": "moved_out"}, if_match='"2"').status_code == 422
    assert township.office("assessor").patch(path, {"main_cause": "illness"}, if_match='"2"').status_code == 403


def test_a_helper_sees_only_his_households_and_a_village_only_its_own(township):
    mine, other = household(township), household(township, village_code=f"{township.code}202")
    person = helper(township)
    assert pair(township, mine["id"], person).status_code == 201
    account = township.account(person)
    assert account.get(f"/households/{mine['id']}").status_code == 200
    assert account.get(f"/households/{other['id']}").status_code == 404
    principal = township.office("village_principal", place=other["village_code"])
    assert [h["id"] for h in principal.read("/households")["items"]] == [other["id"]]


# ── life events ──────────────────────────────────────────────────────────────────────────────────


def test_G19_a_closing_event_changes_the_status_and_ends_the_pairings(township):
    made = household(township)
    pairing = pair(township, made["id"], helper(township)).json()
    township.at("2017-03-05")
    answer = event(township, made["id"], "deceased_all", "2017-03-01")
    assert answer.status_code == 201, answer.text
    assert answer.json()["flags"] == []
    office = township.office("leading_group_office")
    read = office.read(f"/households/{made['id']}")
    assert (read["status"], read["status_on"], read["has_helper"]) == ("deceased_all", "2017-03-01", False)
    ended = office.read(f"/pairings/{pairing['id']}")
    assert (ended["state"], ended["ends"]) == ("ended", "2017-03-01")
    assert [e["kind"] for e in office.read(f"/households/{made['id']}/events")["items"]] == ["deceased_all"]
    assert code(event(township, made["id"], "moved_out", "2017-03-02")) == (409, "event-does-not-follow")


def test_G19_two_different_confirmers_of_the_register(township):
    made = household(township)
    one = township.office("leading_group_office").person_id
    same = event(township, made["id"], "moved_out", "2016-11-09", confirmer_ids=[one, one])
    assert code(same) == (422, "two-different-confirmers")
    stranger = event(township, made["id"], "moved_out", "2016-11-09", confirmer_ids=[one, str(uuid4())])
    assert stranger.status_code == 409
    assert township.office("leading_group_office").read(f"/households/{made['id']}")["status"] == "registered"


def test_G19_removal_in_the_fourth_quarter_is_flagged_and_fallen_back_is_open(township):
    fell, removed = household(township), household(township)
    township.at("2017-10-20")
    assert event(township, removed["id"], "delisted", "2017-09-20").json()["flags"] == ["removed_in_fourth_quarter"]
    answer = event(township, fell["id"], "returned_to_poverty", "2017-10-10")
    assert answer.json()["flags"] == []
    assert pair(township, fell["id"], helper(township), starts="2017-10-11").status_code == 201


def test_G19_a_merger_names_a_household_on_record(township):
    made, into = household(township), household(township)
    assert code(event(township, made["id"], "merged", "2016-11-09")) == (422, "merger-names-its-household")
    unknown = event(township, made["id"], "merged", "2016-11-09", related_household_ids=[str(uuid4())])
    assert code(unknown) == (409, "related-household-missing")
    done = event(township, made["id"], "merged", "2016-11-09", related_household_ids=[into["id"]])
    assert done.json()["related_household_ids"] == [into["id"]]


def test_G19_the_same_event_sent_again_is_no_second_event(township):
    made, mine = household(township), str(uuid4())
    answers = [event(township, made["id"], "moved_out", "2016-11-09", id=mine) for _ in range(2)]
    assert [a.status_code for a in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    assert "ledger-entry" not in answers[1].headers


@pytest.mark.parametrize("office", ["assessor", "village_principal", "party_committee"])
def test_only_the_keepers_record_events_and_pairings(township, office):
    made, person = household(township), helper(township)
    other = township.office(office, place=township.village if office == "village_principal" else None)
    keeper = township.office("leading_group_office").person_id
    body = {"kind": "moved_out", "happened_on": "2016-11-09", "evidence": "x", "confirmer_ids": [keeper, person]}
    assert other.post(f"/households/{made['id']}/events", body).status_code == 403
    body = {"household_id": made["id"], "helper_id": person, "is_primary": True, "starts": "2016-11-09"}
    assert other.post("/pairings", body).status_code == 403


# ── pairings ─────────────────────────────────────────────────────────────────────────────────────


def test_G17_one_primary_at_a_time_and_co_helpers_beside_him(township):
    made, first, second = household(township), helper(township), helper(township)
    assert code(pair(township, made["id"], second, primary=False)) == (409, "primary-first")
    assert pair(township, made["id"], first).status_code == 201
    assert code(pair(township, made["id"], second)) == (409, "primary-already-named")
    assert pair(township, made["id"], second, primary=False).status_code == 201
    assert code(pair(township, made["id"], first, primary=False)) == (409, "already-paired")
    read = township.office("leading_group_office").read(f"/households/{made['id']}")
    assert read["primary_helper_id"] == first
    assert sorted(read["helper_ids"]) == sorted([first, second])


def test_G18_the_primary_role_is_handed_over_in_one_command(township):
    made, first, second = household(township), helper(township), helper(township)
    old = pair(township, made["id"], first).json()
    township.at("2017-07-01")
    office = township.office("leading_group_office")
    body = {"helper_id": second, "starts": "2017-07-01", "reason": "工作调动"}
    new = office.act(f"/pairings/{old['id']}", "hand-over", body)
    assert (new["helper_id"], new["is_primary"], new["starts"], new["state"]) == (second, True, "2017-07-01", "active")
    assert office.read(f"/pairings/{old['id']}")["ends"] == "2017-07-01"
    assert office.read(f"/households/{made['id']}")["primary_helper_id"] == second
    stale = office.try_act(f"/pairings/{old['id']}", "hand-over", body)
    assert code(stale) == (409, "wrong-state")


def test_G16_a_household_left_without_helper_is_an_alert(township):
    made, first, second = household(township), helper(township), helper(township)
    pairing = pair(township, made["id"], first).json()
    co_helper = pair(township, made["id"], second, primary=False).json()
    office = township.office("leading_group_office")
    body = {"ends": "2016-11-09", "reason": "退休"}
    blocked = office.try_act(f"/pairings/{pairing['id']}", "end", body)
    assert code(blocked) == (409, "others-still-help")
    office.act(f"/pairings/{co_helper['id']}", "end", body)
    assert office.read("/households", has_helper="false")["items"] == []
    office.act(f"/pairings/{pairing['id']}", "end", body)
    assert [h["id"] for h in office.read("/households", has_helper="false")["items"]] == [made["id"]]
    events = [e["event"] for e in office.read(f"/households/{made['id']}/ledger")["items"]]
    assert events.count("household.without_helper") == 1


def test_G16_the_leading_group_finds_households_without_helper_among_its_tasks(township):
    """From its listing on, and again once the only helper is not paired or is a helper no more; closed ones never."""
    made, office, group = household(township), township.office("leading_group_office"), township.office("leading_group")
    gone = household(township)
    event(township, gone["id"], "moved_out", "2016-11-09")

    def alerts(caller):
        return [t for t in caller.read("/me/tasks")["items"] if t["resource"] == "households"]

    (alert,) = alerts(group)
    assert (alert["id"], alert["since"], alert["actions"]) == (made["id"], "2015-12-31T16:00:00.000000Z", ["pairings"])
    assert alerts(office) == alerts(township.account(helper(township))) == []
    person = township.person("孙帮扶")
    appointment = township.appoint(person, "helper", starts="2016-01-01")
    pairing = pair(township, made["id"], person).json()
    assert alerts(group) == []
    township.at("2017-05-01")
    office.act(f"/appointments/{appointment['id']}", "end", {"ends": "2017-05-01"})
    assert [(t["id"], t["since"]) for t in alerts(group)] == [(made["id"], "2017-04-30T16:00:00.000000Z")]
    assert office.read(f"/households/{made['id']}")["primary_helper_id"] is None
    office.act(f"/pairings/{pairing['id']}", "hand-over", {
        "helper_id": helper(township, "周接手"), "starts": "2017-05-01", "reason": "离任",
    })  # fmt: skip
    assert alerts(group) == []


def test_G15_only_helpers_are_paired_and_one_without_household_counts_none(township):
    made, nobody, idle = household(township), township.person("王会计"), helper(township)
    assert code(pair(township, made["id"], nobody)) == (409, "not-helper-that-day")
    early = helper(township, starts="2017-01-01")
    assert code(pair(township, made["id"], early)) == (409, "not-helper-that-day")
    assert township.office("leading_group_office").read(f"/helpers/{idle}")["households"] == 0


def test_G19_no_pairing_begins_with_a_household_off_the_register(township):
    made = household(township)
    event(township, made["id"], "moved_out", "2016-11-09")
    assert code(pair(township, made["id"], helper(township))) == (409, "household-closed")


def test_G17_pairings_at_the_same_moment_name_one_primary(township):
    made, people = household(township), [helper(township) for _ in range(4)]
    township.office("leading_group_office")
    with ThreadPoolExecutor(4) as at_once:
        answers = list(at_once.map(lambda person: pair(township, made["id"], person), people))
    assert sorted(a.status_code for a in answers) == [201, 409, 409, 409]


def test_G17_no_co_helper_comes_while_the_primary_leaves(township):
    office = township.office("leading_group_office")
    for _ in range(5):
        made, first, second = household(township), helper(township), helper(township)
        primary = pair(township, made["id"], first).json()["id"]
        with ThreadPoolExecutor(2) as at_once:
            leaves = at_once.submit(
                office.try_act, f"/pairings/{primary}", "end", {"ends": "2016-11-10", "reason": "x"}
            )
            comes = at_once.submit(pair, township, made["id"], second, False)
        assert sorted([leaves.result().status_code == 200, comes.result().status_code == 201]) == [False, True]


def test_G19_two_closing_events_at_the_same_moment_are_one(township):
    for _ in range(5):
        made = household(township)
        kinds = ["moved_out", "delisted", "deceased_all"]
        event(township, made["id"], "returned_to_poverty", "2016-11-09")
        with ThreadPoolExecutor(3) as at_once:
            answers = list(at_once.map(lambda k: event(township, made["id"], k, "2016-11-09"), kinds))  # noqa: B023
        assert sorted(a.status_code for a in answers) == [201, 409, 409]


def test_G18_pairings_are_listed_as_of_a_day(township):
    made, first, second = household(township), helper(township), helper(township)
    old = pair(township, made["id"], first).json()
    office = township.office("leading_group_office")
    office.act(f"/pairings/{old['id']}", "hand-over", {"helper_id": second, "starts": "2017-07-01", "reason": "调动"})
    held = [
        [p["helper_id"] for p in office.read("/pairings", household_id=made["id"], as_of=day)["items"]]
        for day in ("2016-11-08", "2016-11-09", "2017-06-30", "2017-07-01")
    ]
    assert held == [[], [first], [first], [second]]


def test_pairings_are_listed_by_household_and_helper(township):
    made, person = household(township), helper(township)
    one = pair(township, made["id"], person).json()
    office = township.office("leading_group_office")
    for query in ({"household_id": made["id"]}, {"helper_id": person}, {"state": "active", "is_primary": "true"}):
        assert [p["id"] for p in office.read("/pairings", **query)["items"]] == [one["id"]]
    actions = {a["name"]: a["allowed"] for a in office.read(f"/pairings/{one['id']}")["actions"]}
    assert actions == {"end": True, "hand-over": True}


def test_a_new_household_is_answered_with_its_own_people_only(township):
    first = household(township, members=[{"name": "赵大山", "relation": "head", "citizen_id": ID}])
    pair(township, first["id"], helper(township))
    second = household(township)
    assert (second["members"], second["helper_ids"], second["primary_helper_id"]) == ([], [], None)
    office = township.office("leading_group_office")
    assert office.read(f"/households/{second['id']}") == second
    assert len(office.read(f"/households/{first['id']}")["members"]) == 1


def test_the_same_household_sent_again_is_no_second_one(township):
    members = [{"name": "赵大山", "relation": "head", "citizen_id": ID}]
    body = {
        "id": str(uuid4()), "card_number": "C1", "village_code": township.village, "head_name": "赵大山",
        "main_cause": "illness", "listed_on": "2016-01-01", "members": members,
    }  # fmt: skip
    office = township.office("leading_group_office")
    first, again = (office.post("/households", body) for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
    other = body | {"id": str(uuid4()), "card_number": "C2"}
    assert code(office.post("/households", other)) == (409, "citizen-already-listed")
