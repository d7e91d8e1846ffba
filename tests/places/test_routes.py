"""Are the national list and the township's villages read and kept as the contract says?"""

import psycopg
import pytest

from app.places.actions import load_divisions
from app.places.rules import UnknownDivision

TOWNSHIP = "411421201"


@pytest.fixture(scope="module")
def huayuan(service, shared_township):
    """花园乡 itself, adopted after the county's part of the national list was loaded."""
    load_divisions(service.database_url, "411421")
    return type(shared_township)(service, TOWNSHIP)


def test_divisions_are_a_tree_by_parent(huayuan) -> None:
    read = huayuan.admin.read
    assert [p["name"] for p in read("/divisions")["items"]] == ["河南省"]
    assert [c["code"] for c in read("/divisions", parent="41")["items"]] == ["4114"]
    villages = read("/divisions", parent=TOWNSHIP)["items"]
    assert len(villages) == 17
    assert villages[0] == {"code": "411421201201", "name": "花北村委会", "level": "village", "parent_code": TOWNSHIP}
    assert read(f"/divisions/{TOWNSHIP}") == {
        "code": TOWNSHIP, "name": "花园乡", "level": "township", "parent_code": "411421",
    }  # fmt: skip


def test_divisions_are_paged_by_code(huayuan) -> None:
    first = huayuan.admin.get("/divisions", parent=TOWNSHIP, limit=10)
    assert 'rel="next"' in first.headers["link"]
    rest = huayuan.admin.read("/divisions", parent=TOWNSHIP, limit=10, cursor=first.json()["next_cursor"])
    codes = [d["code"] for d in first.json()["items"] + rest["items"]]
    assert codes == sorted(set(codes)) and len(codes) == 17
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(("code", "status"), [("99", 404), ("411", 422), ("41142x", 422)])
def test_codes_that_are_unknown_or_no_codes(huayuan, code: str, status: int) -> None:
    assert huayuan.admin.get(f"/divisions/{code}").status_code == status


def test_a_load_is_an_entry_of_the_nations_log_and_a_second_changes_nothing(own_database_url) -> None:
    def entries() -> list[tuple[str, dict[str, object]]]:
        with psycopg.connect(own_database_url) as connection:
            query = "select event, convert_from(leaf, 'UTF8')::json->'data' from log_event where township_code = '0'"
            return connection.execute(query + " order by seq").fetchall()

    before = len(entries())
    assert load_divisions(own_database_url, TOWNSHIP) == 4 + 17
    assert load_divisions(own_database_url, TOWNSHIP) == 0
    with psycopg.connect(own_database_url) as connection:
        connection.execute("update divisions set name = 'x' where code = '41'")
    assert load_divisions(own_database_url, TOWNSHIP) == 1
    data = {"source": "china-division 2.7.0", "under": TOWNSHIP}
    assert entries()[before:] == [
        ("divisions.loaded", data | {"changed": 21}),
        ("divisions.loaded", data | {"changed": 1}),
    ]


def test_a_place_that_the_list_does_not_have_is_not_loaded(own_database_url) -> None:
    with pytest.raises(UnknownDivision):
        load_divisions(own_database_url, "411421999")
    with psycopg.connect(own_database_url) as connection:
        assert connection.execute("select count(*) from divisions").fetchone() == (0,)


def test_adoption_settles_the_township_with_its_17_villages_and_a_rulebook(huayuan) -> None:
    (township,) = huayuan.admin.read("/townships")["items"]
    assert (township["name"], township["township_code"]) == ("花园乡", TOWNSHIP)
    assert township["rulebooks"] == [{"rulebook_code": "HUAYUAN-2016", "effective_from": "2016-01-01"}]
    assert huayuan.admin.read(f"/townships/{township['id']}") == township
    villages = huayuan.admin.read("/villages")["items"]
    assert len(villages) == 17
    assert [v["code"] for v in villages] == sorted(v["code"] for v in villages)
    assert {v["principal_post"] for v in villages} == {"party_secretary"}
    first = huayuan.admin.read("/villages", limit=9)
    rest = huayuan.admin.read("/villages", limit=9, cursor=first["next_cursor"])
    assert first["items"] + rest["items"] == villages


def test_G25_a_village_shows_its_principal_and_liaison_leader_of_the_day(township) -> None:
    office = township.office("leading_group_office")
    path = "/villages/" + office.made("/villages", {"code": township.village, "name": "东村"})["id"]
    assert (office.read(path)["principal"], office.read(path)["liaison_leader"]) == (None, None)
    first, second, leader = (township.person(name) for name in ("甲", "乙", "丙"))
    past = township.appoint(first, "village_principal", township.village, "2016-01-01")
    township.admin.act(f"/appointments/{past['id']}", "end", {"ends": "2017-01-01"})
    township.appoint(second, "village_principal", township.village, "2017-01-01")
    township.appoint(leader, "liaison_leader", township.village, "2017-01-01")
    assert office.read(path)["principal"] == {"person_id": first, "name": "甲", "since": "2016-01-01"}
    assert office.read(path)["liaison_leader"] is None
    township.at("2017-01-01")
    assert office.read(path)["principal"] == {"person_id": second, "name": "乙", "since": "2017-01-01"}
    assert office.read(path)["liaison_leader"]["name"] == "丙"


def test_G25_whose_post_makes_the_principal_is_set_per_village(township) -> None:
    office = township.office("party_gov_office")
    made = office.made("/villages", {"code": township.village, "name": "东村"})
    assert made["principal_post"] == "party_secretary"
    body = {"principal_post": "committee_director"}
    answer = office.patch(f"/villages/{made['id']}", body, if_match='"1"')
    assert (answer.status_code, answer.json()["principal_post"], answer.json()["version"]) == (200, *body.values(), 2)
    assert answer.headers["ledger-entry"].startswith(f"{township.code}/")


def test_villages_are_registered_once_inside_the_township_by_its_registrars(township) -> None:
    office = township.office("leading_group_office")
    body = {"code": township.village, "name": "东村"}
    assert township.office("helper").post("/villages", body).status_code == 403
    outside = office.post("/villages", body | {"code": "110101001001"})
    assert outside.status_code == 422
    assert "/code" in outside.text
    office.made("/villages", body)
    assert office.post("/villages", body).status_code == 409
    assert [v["name"] for v in office.read("/villages", code=township.village)["items"]] == ["东村"]


def test_another_townships_villages_are_not_there(township, huayuan) -> None:
    village = huayuan.admin.read("/villages")["items"][0]
    assert township.admin.get(f"/villages/{village['id']}").status_code == 404
    assert township.admin.read("/villages")["items"] == []
    assert [t["township_code"] for t in township.admin.read("/townships")["items"]] == [township.code]
