"""Does a township keep to itself, and does the county see its own?"""

import asyncio
import csv
import io
from base64 import b64encode
from datetime import date
from uuid import uuid4

import httpx
import pytest

from app.accounts.actions import adopt
from tests.events.conftest import County

PERSON = {"name": "张三", "category": "organ_cadre"}


@pytest.fixture(scope="module")
def county(service, shared_township):
    """The county's administrator, adopted like a township."""
    asyncio.run(
        adopt(
            service.database_url,
            service.app.state.vault,
            "411421",
            "县管理员",
            "county",
            "correct horse battery",
            date(2016, 1, 1),
        )
    )
    return signed_in(service, grant_type="password", username="411421/county", password="correct horse battery")


def signed_in(service, **form):
    told = httpx.post(f"{service.address}/v1/oauth/token", data=form)
    assert told.status_code == 200, told.text
    headers = {"authorization": f"Bearer {told.json()['access_token']}"}
    return httpx.Client(base_url=f"{service.address}/v1", headers=headers)


def test_a_record_of_another_township_is_not_there(shared_township, other_township):
    mine = shared_township.office("leading_group_office").made("/people", PERSON)["id"]
    other = other_township
    stranger = other.office("leading_group_office")
    assert stranger.get(f"/people/{mine}").status_code == 404
    assert stranger.patch(f"/people/{mine}", {"name": "x"}, if_match='"1"').status_code == 404
    assert stranger.post(f"/people/{mine}/disclose", {"purpose": "x"}).status_code == 404
    assert mine not in [p["id"] for p in stranger.read("/people", limit=200)["items"]]


def test_it_can_neither_be_referenced_nor_probed(shared_township, other_township):
    mine = shared_township.office("leading_group_office").made("/people", PERSON)["id"]
    other = other_township
    stranger = other.office("leading_group_office")
    body = {"person_id": mine, "office": "assessor", "place": other.code, "starts": "2017-01-01"}
    answer = stranger.post("/appointments", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "reference-missing")
    assert stranger.post("/people", {"id": mine, **PERSON}).status_code == 201, "the same id is free elsewhere"


def test_whoever_takes_an_id_of_another_township_hides_nothing_from_the_county(service):
    """Nor where his township comes first by its code."""
    county = County(service)
    townships = [county.township() for _ in range(3)]
    reader, owner = county.client("read"), townships[1].office("leading_group_office")
    made = owner.made("/people", PERSON)["id"]
    photo = b"\x89PNG\r\n\x1a\n" + b"of the owner"
    file = {"id": str(uuid4()), "file_name": "a.png"}
    owner.made("/attachments", file | {"content": b64encode(photo).decode()})
    for other in (townships[0], townships[2]):
        forger = other.office("leading_group_office")
        forger.made("/people", {**PERSON, "id": made, "name": "冒名"})
        forger.made("/attachments", file | {"content": b64encode(photo[:8] + b"forged").decode()})
        for asker in (reader, county.admin):
            told = asker.read(f"/people/{made}")
            assert (told["township_code"], told["name"]) == (townships[1].code, PERSON["name"])
        assert reader.get(f"/attachments/{file['id']}/content").content == photo


def test_a_retry_key_belongs_to_its_account(shared_township, other_township):
    first = shared_township.office("leading_group_office").post("/people", PERSON, idempotency_key="same")
    second = other_township.office("leading_group_office").post("/people", PERSON, idempotency_key="same")
    assert first.json()["id"] != second.json()["id"]


def test_the_county_reads_its_townships_through_a_client_and_writes_none(
    service, county, shared_township, other_township
):
    other = other_township
    login = f"feed-{uuid4().hex[:8]}"  # the county is there for every test of the session
    made = county.post("/clients", json={"login": login, "secret": "a long enough secret"})
    assert made.status_code == 201, made.text
    feed = signed_in(
        service, grant_type="client_credentials", client_id=f"411421/{login}", client_secret="a long enough secret"
    )
    ids = [t.office("leading_group_office").made("/people", PERSON)["id"] for t in (shared_township, other_township)]
    assert [feed.get(f"/people/{key}").json()["township_code"] for key in ids] == [shared_township.code, other.code]
    assert feed.get(f"/ledger/{other.code}/entries").status_code == 200
    assert feed.post("/people", json=PERSON).status_code == 403
    assert made.headers["ledger-entry"].startswith("411421/")


def test_a_township_administrator_makes_no_county_client(shared_township):
    answer = shared_township.admin.post("/clients", {"login": "feed", "secret": "a long enough secret"})
    assert answer.json()["code"] == "only-a-county-administrator"


def test_a_disabled_account_is_out_at_once(shared_township):
    person = shared_township.person()
    shared_township.appoint(person, "assessor")
    caller = shared_township.account(person)
    assert caller.get("/people").status_code == 200
    shared_township.admin.act(f"/accounts/{caller.account_id}", "disable")
    assert caller.get("/people").status_code == 401


def test_an_appointment_that_ended_gives_no_power(shared_township):
    person = shared_township.person()
    held = shared_township.appoint(person, "leading_group_office")
    caller = shared_township.account(person)
    assert caller.post("/units", {"name": uuid4().hex}).status_code == 201
    shared_township.admin.act(f"/appointments/{held['id']}", "end", {"ends": "2016-11-09"})
    assert caller.post("/units", {"name": uuid4().hex}).status_code == 403


def test_the_county_reads_what_a_township_changes(county, shared_township):
    office = shared_township.office("leading_group_office")
    path = f"/people/{office.made('/people', PERSON)['id']}"
    assert county.get(path).status_code == 200
    refused = county.patch(path, json={"name": "县改"}, headers={"if-match": '"1"'})
    assert (refused.status_code, refused.json()["code"]) == (403, "townships-own")
    assert office.patch(path, {"name": "乡改"}, if_match='"1"').status_code == 200


def test_the_county_has_no_offices_but_its_own(county, shared_township):
    person = county.post("/people", json=PERSON).json()["id"]
    body = {"person_id": person, "starts": "2016-01-01"}
    for place in ("411421", shared_township.code):
        refused = county.post("/appointments", json=body | {"office": "party_committee", "place": place})
        assert (refused.status_code, refused.json()["code"]) == (409, "not-an-office-of-the-county")
    auditor = body | {"office": "county_auditor", "place": "411421"}
    assert county.post("/appointments", json=auditor).status_code == 201
    village = {"code": shared_township.code + "288", "name": "某村"}
    assert county.post("/villages", json=village).json()["code"] == "outside-the-township"
    assert shared_township.admin.post("/villages", village).status_code == 201


def test_the_county_pages_through_its_townships_one_after_the_other(county, shared_township, other_township):
    """Each record once, whatever lies on a page; a township's cursor is none of the county's."""
    login = f"pages-{uuid4().hex[:8]}"
    assert county.post("/clients", json={"login": login, "secret": "a long enough secret"}).status_code == 201
    client = signed_in(
        shared_township.service, grant_type="client_credentials", client_id=f"411421/{login}",
        client_secret="a long enough secret",
    )  # fmt: skip
    places = [shared_township, other_township]
    made = {place.office("leading_group_office").made("/people", PERSON)["id"] for place in places for _ in range(3)}
    found, cursor = [], None
    while cursor is not None or not found:
        page = client.get("/people", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        found += [(one["township_code"], one["id"]) for one in page["items"]]
        cursor = page["next_cursor"]
    assert found == sorted(set(found))
    assert made <= {id_ for _, id_ in found}
    theirs = places[0].office("leading_group_office").read("/people", limit=1)["next_cursor"]
    refused = client.get("/people", params={"cursor": theirs})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad-cursor")


def test_a_countys_file_names_each_by_the_register_of_its_own_township(shared_township, other_township, county):
    """Where two townships have people of one id."""
    same, names = str(uuid4()), {shared_township: "甲乡张三", other_township: "乙乡李四"}
    for place, name in names.items():
        place.office("leading_group_office").made("/people", {**PERSON, "id": same, "name": name})
        place.appoint(same, "assessor")
    told = county.get("/appointments", params={"person_id": same}, headers={"accept": "text/csv"}).text
    heading, *rows, _ = list(csv.reader(io.StringIO(told.removeprefix("\ufeff"), newline="")))
    found = {row[heading.index("乡镇代码")]: row[heading.index("姓名")] for row in rows}
    assert found == {place.code: name for place, name in names.items()}
