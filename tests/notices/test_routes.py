"""Does the township hear what stands, and never a word about a household, over HTTP on a real database?"""

from typing import Any

import pytest

WORDS = {"title": "关于予以通报批评的通报", "body": "经研究,予以通报批评。", "channel": "document"}


def decided(world: Any, subject: Any, **more: Any) -> dict[str, Any]:
    """The draft notice of a circular criticism just decided."""
    finding = world.finding({"person_id": subject.person_id}, "HY.9.1.3", **more)
    path = world.case(finding, basis="HY.9.1.3")
    world.decided(path, "circular_criticism")
    (notice,) = world.committee.read("/notices", case_id=path[-36:])["items"]
    assert (notice["kind"], notice["state"]) == ("circular_criticism", "draft")
    return notice


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]


def test_R9_a_circular_criticism_is_published_by_its_organ_to_the_township(world):
    path = f"/notices/{decided(world, world.cadre())['id']}"
    assert code(world.commission.try_act(path, "publish", WORDS)) == (403, "not-the-issuing-organ")
    done = world.committee.act(path, "publish", WORDS)
    assert (done["state"], done["audience"], done["starts_on"]) == ("published", "township", "2017-03-20")


def test_G30_a_draft_is_for_the_organs_and_a_published_notice_for_the_township(world):
    path = f"/notices/{decided(world, world.cadre())['id']}"
    assessor = world.place.office("assessor")
    assert assessor.get(path).status_code == 404
    world.committee.act(path, "publish", WORDS)
    assert assessor.get(path).status_code == 200


def test_G30_no_open_internet_and_no_board_without_an_end(world):
    path = f"/notices/{decided(world, world.cadre())['id']}"
    assert world.committee.try_act(path, "publish", WORDS | {"channel": "internet"}).status_code == 422
    assert world.committee.try_act(path, "publish", WORDS | {"audience": "public"}).status_code == 422
    board = WORDS | {"channel": "board"}
    assert code(world.committee.try_act(path, "publish", board)) == (422, "board-needs-end-date")
    assert world.committee.try_act(path, "publish", board | {"ends_on": "2017-03-19"}).status_code == 409
    assert world.committee.act(path, "publish", board | {"ends_on": "2017-04-20"})["ends_on"] == "2017-04-20"


def household(world: Any, name: str = "欧阳贫困") -> dict[str, Any]:
    keeper = world.place.office("leading_group_office")
    return keeper.made(
        "/households",
        {
            "card_number": "4114212012017001",
            "village_code": world.place.village,
            "head_name": name,
            "attribute": "general",
            "main_cause": "illness",
            "listed_on": "2016-11-10",
        },
    )


def test_G30_the_households_of_the_file_are_never_named(world):
    home = household(world)
    path = f"/notices/{decided(world, world.cadre(), household_id=home['id'])['id']}"
    for text in (home["head_name"], home["card_number"], "13800138000"):
        named = WORDS | {"body": f"对{text}一户未按要求填写表册。"}
        assert code(world.committee.try_act(path, "publish", named)) == (409, "household-data-in-notice")
    assert world.committee.act(path, "publish", WORDS)["state"] == "published"


def test_G53_a_mistake_is_corrected_by_a_new_notice_to_the_same_audience(world):
    path = f"/notices/{decided(world, world.cadre())['id']}"
    reasons = WORDS | {"reasons": "日期有误。"}
    assert code(world.committee.try_act(path, "correct", reasons)) == (409, "wrong-state")
    world.committee.act(path, "publish", WORDS)
    assert code(world.committee.try_act(path, "withdraw", reasons)) == (409, "the-decision-stands")
    assert world.committee.act(path, "correct", reasons)["state"] == "corrected"
    (correction,) = world.committee.read("/notices", corrects_id=path[-36:])["items"]
    assert (correction["kind"], correction["audience"], correction["state"]) == ("correction", "township", "published")
    output = {"output": "township_notice", "notice_id": path[-36:]}
    case = f"/cases/{correction['case_id']}"
    assert world.committee.act(case, "execute", output)["state"] == "executed"


@pytest.mark.parametrize("office", ["leading_group", "assessor", "helper"])
def test_only_the_organs_publish(world, office):
    path = f"/notices/{decided(world, world.cadre())['id']}"
    assert world.place.office(office).try_act(path, "publish", WORDS).status_code in (403, 404)


def test_every_move_takes_at_most_six_round_trips(world, counter):
    path = f"/notices/{decided(world, world.cadre())['id']}"
    for move, body in (("publish", WORDS), ("correct", WORDS | {"reasons": "日期有误。"})):
        etag = world.committee.get(path).headers["etag"]
        counter.seen.clear()
        assert world.committee.post(f"{path}/{move}", body, if_match=etag).status_code == 200
        assert len(counter.work()) <= 6, counter.work()
