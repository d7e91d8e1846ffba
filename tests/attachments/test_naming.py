"""Does a record name an attachment only where it is whole, here and to be seen, and does its entry hold the hash?"""

import json
from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest

from tests.attachments.test_routes import begun, photo, stored
from tests.conftest import Accountability, Caller, Township
from tests.inspections import test_routes as checks
from tests.scores.test_routes import SITE, WHY, opened
from tests.signoffs.conftest import Village

Attempt = Callable[[list[str]], httpx.Response]


def of_a_visit(place: Township) -> tuple[Caller, Attempt]:
    household, helper = place.helped()
    body = {"household_id": household, "device_time": "2016-11-09T08:00:00+08:00", "place": "家中", "text": "走访"}
    return helper, lambda ids: helper.post("/visits", body | {"attachment_ids": ids})


def of_a_publication(place: Township) -> tuple[Caller, Attempt]:
    office = place.office("leading_group_office")
    body = {"kind": "poor_households", "title": "公示", "place": "公示栏", "shown_from": "2016-11-09"}
    return office, lambda ids: office.post("/publications", body | {"attachment_ids": ids})


def of_a_finding(place: Township) -> tuple[Caller, Attempt]:
    office = place.office("leading_group_office")
    body = {
        "source": "office",
        "subject": {"person_id": place.person()},
        "fact_on": "2016-11-09",
        "description": "敷衍",
    }
    return office, lambda ids: office.post("/findings", body | {"attachment_ids": ids})


def of_a_score(place: Township) -> tuple[Caller, Attempt]:
    place.helped()
    place.at("2016-12-20")
    team = place.office("assessor")
    _, (row,) = opened(team, "2016-Q4")
    body = {"missing": WHY, "narrative": "正在落实"}
    return team, lambda ids: team.try_act(
        f"/quarterly-scores/{row['id']}", "assess", body | {"methods": [SITE | {"attachment_ids": ids}]}
    )


def of_a_check(place: Township) -> tuple[Caller, Attempt]:
    place.helped()
    (row,) = checks.checks(place, checks.drawn(place, "2017-03"))
    body = checks.found(place, "2017-03-08")
    team = place.office("assessor")
    return team, lambda ids: team.try_act(f"/inspections/{row['id']}", "record", body | {"attachment_ids": ids})


def of_a_signature(place: Township) -> tuple[Caller, Attempt]:
    village = Village(place, place.village)
    path = village.opened()
    caller, body = village.signers()[0]
    return caller, lambda ids: caller.try_act(path, "sign", body | {"attachment_ids": ids})


def of_facts(place: Township) -> tuple[Caller, Attempt]:
    world = Accountability(place)
    path = world.case(world.finding({"person_id": world.cadre().person_id}, "HY.9.2.2"), basis="HY.9.2.2")
    body = {"facts": "敷衍塞责"}
    return world.committee, lambda ids: world.committee.try_act(path, "present-facts", body | {"attachment_ids": ids})


def of_a_self_criticism(place: Township) -> tuple[Caller, Attempt]:
    world = Accountability(place)
    path = world.case(world.finding({"person_id": world.cadre().person_id}, "HY.9.2.2"), basis="HY.9.2.2")
    world.decided(path, "written_self_criticism")
    body = {"output": "self_criticism", "received_on": "2017-03-20", "summary": "深刻"}
    return world.committee, lambda ids: world.committee.try_act(path, "execute", body | {"attachment_ids": ids})


def entry(place: Township, answer: httpx.Response) -> dict[str, Any]:
    """The entries of one change: the last is told, a check's may stand before those of its findings."""
    log, last = answer.headers["ledger-entry"].split("/")
    with psycopg.connect(place.service.database_url) as connection:
        found = connection.execute(
            "select convert_from(leaf, 'UTF8') from log_event where township_code = %s and seq = %s", [log, last]
        ).fetchone()
    assert found
    return dict(json.loads(found[0]))


RECORDS = [
    of_a_visit, of_a_publication, of_a_finding, of_a_score, of_a_check, of_a_signature, of_facts, of_a_self_criticism,
]  # fmt: skip


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_what_is_named_is_whole_and_here_and_its_hash_is_on_record(township, other_township, record):
    caller, name = record(township)
    one, two = (stored(caller, photo(60, seed))[-36:] for seed in (1, 2))
    half = begun(caller, photo(60, 3))[-36:]
    elsewhere = stored(other_township.office("leading_group_office"), photo(60, 4))[-36:]
    unseen = stored(
        township.office("village_principal", f"{township.code}298", name="别村"), photo(60, 5), confidential=True
    )
    nothing = "01920000-0000-7000-8000-0000000000cc"
    for ids in ([nothing], [one, elsewhere], [nothing, half], *([[unseen[-36:]]] if caller_is_narrow(caller) else [])):
        refused = name(ids)
        assert (refused.status_code, refused.json()["code"]) == (409, "attachment-missing"), refused.text
    refused = name([one, half])
    assert (refused.status_code, refused.json()["code"]) == (409, "attachment-unfinished")
    answer = name([two, one])
    assert answer.status_code in (200, 201), answer.text
    assert two in answer.text and one in answer.text, "the record shows them"
    digests = {key: caller.read(f"/attachments/{key}")["sha256"] for key in (one, two)}
    assert entry(township, answer)["data"]["attachments"] == [
        {"id": key, "sha256": digests[key]} for key in sorted(digests)
    ]


def caller_is_narrow(caller: Caller) -> bool:
    offices = {o["office"] for o in caller.read("/me")["appointments"]}
    return offices.isdisjoint({"party_committee", "leading_group", "discipline_commission", "township_government"})


def test_who_signs_with_a_code_has_no_scan(township):
    village = Village(township, township.village)
    path = village.opened()
    caller, body = village.signers()[0]
    scan = stored(caller, photo(60, 6))[-36:]
    coded = body | {"method": "code", "code": "ABCD-EFGH-JKLM", "witness_id": None, "attachment_ids": [scan]}
    refused = caller.try_act(path, "sign", coded)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "scan-of-no-paper"), refused.text


def test_a_correction_of_a_check_names_its_own(township):
    team, name = of_a_check(township)
    first, second = (stored(team, photo(60, seed))[-36:] for seed in (7, 8))
    path = f"/inspections/{name([first]).json()['id']}"
    body = {"reason": "补照片", "recorded": checks.found(township, "2017-03-08") | {"attachment_ids": [second]}}
    made = team.try_act(path, "correct", body)
    assert made.status_code == 201, made.text
    assert made.json()["attachment_ids"] == [second] and team.read(path)["attachment_ids"] == [first]
