"""Are people registered and appointed as the contract says?"""

import psycopg
import pytest

from app.actor import Office
from tests.security.strangers import ID, insert


def test_a_person_is_registered_and_read_back(township):
    office = township.office("leading_group_office")
    made = office.post("/people", {"name": "张三", "category": "organ_cadre", "citizen_id": "11010519491231002X"})
    assert made.status_code == 201, made.text
    assert made.json()["citizen_id_last_four"] == "002X"
    assert made.headers["ledger-entry"].startswith(township.code + "/")
    read = office.get(f"/people/{made.json()['id']}")
    assert read.status_code == 200
    assert read.json() == made.json()
    assert read.headers["etag"] == '"1"'


def test_a_full_citizen_id_is_given_for_a_recorded_purpose_only(township):
    office = township.office("leading_group_office")
    made = office.made("/people", {"name": "张三", "category": "organ_cadre", "citizen_id": "11010519491231002X"})
    told = office.post(f"/people/{made['id']}/disclose", {"purpose": "核对签字人"})
    assert told.json()["citizen_id"] == "11010519491231002X"
    assert "ledger-entry" in told.headers
    assert township.admin.post(f"/people/{made['id']}/disclose", {"purpose": "好奇"}).status_code == 403


def test_patch_needs_the_version_seen(township):
    office = township.office("leading_group_office")
    path = "/people/" + office.made("/people", {"name": "张三", "category": "organ_cadre"})["id"]
    assert office.patch(path, {"name": "李四"}).status_code == 428
    assert office.patch(path, {"name": "李四"}, if_match='"7"').status_code == 412
    done = office.patch(path, {"name": "李四"}, if_match='"1"')
    assert (done.status_code, done.json()["name"], done.headers["etag"]) == (200, "李四", '"2"')


def test_a_retry_gives_the_first_answer(township):
    office = township.office("leading_group_office")
    body = {"name": "张三", "category": "organ_cadre"}
    first = office.post("/people", body, idempotency_key="k1")
    again = office.post("/people", body, idempotency_key="k1")
    assert (again.status_code, again.json(), again.headers["idempotent-replayed"]) == (201, first.json(), "true")
    assert again.headers["ledger-entry"] == first.headers["ledger-entry"]
    assert office.post("/people", body | {"name": "李四"}, idempotency_key="k1").status_code == 422
    path = "/people/" + first.json()["id"]
    moved = office.patch(path, {"name": "李四"}, if_match='"1"', idempotency_key="k2")
    assert office.patch(path, {"name": "李四"}, if_match='"1"', idempotency_key="k2").json() == moved.json()


def test_the_same_id_from_the_same_request_is_no_second_record(township):
    office = township.office("leading_group_office")
    body = {"id": "01920000-0000-7000-8000-000000000001", "name": "张三", "category": "organ_cadre"}
    assert [office.post("/people", body).status_code for _ in range(2)] == [201, 200]
    assert office.post("/people", body | {"name": "李四"}).status_code == 409


def test_a_disclosed_citizen_id_is_not_kept_for_retries(township):
    office = township.office("leading_group_office")
    made = office.made("/people", {"name": "张三", "category": "organ_cadre", "citizen_id": "11010519491231002X"})
    path = f"/people/{made['id']}/disclose"
    first = office.post(path, {"purpose": "核对签字人"}, idempotency_key="told-once")
    assert first.json() == {"id": made["id"], "citizen_id": "11010519491231002X"}
    again = office.post(path, {"purpose": "核对签字人"}, idempotency_key="told-once")
    assert (again.status_code, again.json()) == (200, {"id": made["id"]})
    with psycopg.connect(township.service.database_url) as connection:
        kept = connection.execute(
            "select count(*), count(*) filter (where body like '%11010519491231002X%') from retries"
        )
        (all_, telling), *_ = kept.fetchall()
    assert all_ > 0 and telling == 0


@pytest.mark.parametrize("registrar", ["administrator", "leading_group_office", "party_gov_office"])
def test_nobody_appoints_himself(township, registrar):
    me = township.admin if registrar == "administrator" else township.office(registrar)
    body = {"person_id": me.read("/me")["person_id"], "office": "party_committee", "place": township.code}
    refused = me.post("/appointments", body | {"starts": "2016-01-01"})
    assert (refused.status_code, refused.json()["code"]) == (403, "nobody-appoints-himself")
    assert "party_committee" not in [a["office"] for a in me.read("/me")["appointments"]]
    assert me.made("/appointments", body | {"starts": "2016-01-01", "person_id": township.person()})


def test_what_has_ended_is_not_made_to_last_longer(township):
    made = township.appoint(township.person(), "assessor")
    path = f"/appointments/{made['id']}"
    assert township.admin.act(path, "end", {"ends": "2017-01-31"})["ends"] == "2017-01-31"
    assert township.admin.act(path, "end", {"ends": "2016-12-31"})["ends"] == "2016-12-31", "not over yet"
    township.at("2016-12-31")
    again = township.admin.try_act(path, "end", {"ends": "2018-12-31"})
    assert (again.status_code, again.json()["code"]) == (409, "appointment-over")


VILLAGE = ("village_principal", "liaison_leader", "village_committee_head", "village_committee_member", "group_cadre")
"""五类村级职务; every other office is the township's own."""
APPOINTED = [office for office in Office if office != "county_system"]


@pytest.mark.parametrize("office", Office)
def test_an_office_is_held_at_its_own_kind_of_place(shared_township, office):
    township = shared_township
    township.admin.post("/villages", {"code": township.village, "name": "东村"})  # the first time
    body = {"person_id": township.person(), "office": office, "starts": "2017-01-01"}
    told = {
        kind: township.admin.post("/appointments", body | {"place": place})
        for kind, place in (("village", township.village), ("township", township.code), ("county", township.county))
    }
    at = "village" if office in VILLAGE else "township" if office in APPOINTED else None
    assert {kind for kind, answer in told.items() if answer.status_code == 201} == ({at} if at else set())
    wrong = told["township" if at == "village" else "village"]
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["held_at"]) == (
        409, "office-not-held-there", at or "client",
    )  # fmt: skip
    assert told["county"].json()["code"] == "place-outside"


def test_an_office_of_a_village_needs_a_village_on_register(township):
    body = {"person_id": township.person(), "office": "group_cadre", "place": township.village, "starts": "2017-01-01"}
    unknown = township.admin.post("/appointments", body)
    assert (unknown.status_code, unknown.json()["code"]) == (409, "no-such-village")
    township.admin.made("/villages", {"code": township.village, "name": "东村"})
    assert township.admin.post("/appointments", body).status_code == 201


@pytest.mark.parametrize(
    ("office", "place"),
    [("village_principal", "411421701"), ("administrator", "411421701201"), ("assessor", "411421702"),
     ("group_cadre", "411421702201"), ("county_system", "411421701"), ("helper", "x")],
)  # fmt: skip
def test_the_database_holds_no_office_at_another_place_either(own_database_url, office, place):
    here = {"county_code": "411421", "township_code": "411421701", "version": 1, "created_at": "now", "fingerprint": ""}
    held = here | {"id": ID, "person_id": ID, "office": office, "place": place, "starts": "2016-01-01"}
    person = here | {
        "id": ID, "name": "张三", "category": "other", "management_authority": "township",
        "party_membership": "unknown",
    }  # fmt: skip
    with psycopg.connect(own_database_url, autocommit=True) as sql:
        insert(sql, "people", person)
        with pytest.raises(psycopg.errors.CheckViolation, match="ck_appointments_place"):
            insert(sql, "appointments", held)
        lawful = {"office": "helper", "place": "411421701"}
        insert(sql, "appointments", held | lawful)
