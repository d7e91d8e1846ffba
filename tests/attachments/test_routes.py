"""Does a file arrive over a bad network whole or not at all, and does nobody read it whom it does not concern?"""

import asyncio
import json
import os
import random
import re
import socket
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from app.attachments import actions, rules
from app.settings import Settings
from app.storage import Storage
from tests.attachments.bucket import SECRET, Bucket
from tests.conftest import FILES, Caller, Service, Township

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"
BYTES = {"content-type": "application/octet-stream"}


def photo(size: int, seed: int = 1, head: bytes = PNG) -> bytes:
    return (head + random.Random(seed).randbytes(size))[:size]


def declared(content: bytes, **more: Any) -> dict[str, Any]:
    told = {"file_name": "照片.png", "media_type": "image/png", "size": len(content)}
    return told | {"sha256": sha256(content).hexdigest()} | more


def begun(caller: Caller, content: bytes, **more: Any) -> str:
    return f"/attachments/{caller.made('/attachments', declared(content, **more))['id']}"


def send(caller: Caller, path: str, content: bytes, offset: int = 0, **headers: str) -> httpx.Response:
    headers = BYTES | {name.replace("_", "-"): value for name, value in headers.items()}
    return caller.client.post(f"/v1{path}/parts", params={"offset": offset}, content=content, headers=headers)


def stored(caller: Caller, content: bytes, **more: Any) -> str:
    path = begun(caller, content, **more)
    for offset in range(0, len(content), rules.PART):
        assert send(caller, path, content[offset : offset + rules.PART], offset).status_code == 200
    caller.act(path, "complete")
    return path


def lying(place: Township) -> set[Path]:
    return {*Path(FILES.name, "attachments", place.county, place.code).glob("*")}


def entries(place: Township, id: str) -> list[dict[str, Any]]:
    with psycopg.connect(place.service.database_url) as connection:
        found = connection.execute(
            "select convert_from(leaf, 'UTF8') from log_event where township_code = %s and subject_id = %s"
            " order by seq",
            [place.code, id],
        ).fetchall()
    return [json.loads(leaf) for (leaf,) in found]


@pytest.fixture(scope="module")
def village(shared_township: Township) -> tuple[str, Caller]:
    return shared_township.helped()


@pytest.fixture(scope="module")
def helper(village: tuple[str, Caller]) -> Caller:
    return village[1]


# ── coming in ────────────────────────────────────────────────────────────────────────────────────


def test_a_file_in_parts_is_stored_with_its_hash_on_record(shared_township, village):
    household, helper = village
    content = photo(2 * rules.PART + 5)
    path = begun(helper, content, household_id=household)
    first = send(helper, path, content[: rules.PART])
    assert (first.status_code, first.json()["arrived"]) == (200, rules.PART)
    assert helper.try_act(path, "complete").json()["code"] == "parts-missing"
    assert helper.read(path)["missing"] == [{"offset": rules.PART, "size": rules.PART + 5}]
    send(helper, path, content[2 * rules.PART :], 2 * rules.PART)
    last = send(helper, path, content[rules.PART : 2 * rules.PART], rules.PART)
    assert last.json() == {"arrived": len(content), "missing": []}
    done = helper.act(path, "complete")
    assert (done["state"], done["sha256"]) == ("stored", sha256(content).hexdigest())
    opened, kept = entries(shared_township, done["id"])
    assert (opened["event"], kept["event"]) == ("attachment.opened", "attachment.stored")
    assert kept["data"]["sha256"] == done["sha256"] and list(kept["sealed"]) == ["file_name"]
    assert kept["household"] == household
    answer = helper.get(f"{path}/content")
    assert answer.content == content
    assert (answer.headers["etag"], answer.headers["content-type"]) == (f'"{done["sha256"]}"', "image/png")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''%E7%85%A7%E7%89%87.png"


def test_a_small_photo_comes_in_one_request_and_again_is_no_second_one(shared_township, village):
    household, helper = village
    content = photo(3000, 2, JPEG)
    body = {"id": str(uuid4()), "file_name": "a.jpg", "content": b64encode(content).decode(), "household_id": household}
    first = helper.post("/attachments", body)
    assert (first.status_code, first.json()["state"], first.json()["media_type"]) == (201, "stored", "image/jpeg")
    again = helper.post("/attachments", body)
    assert (again.status_code, again.json()) == (200, first.json())
    assert helper.post("/attachments", body | {"file_name": "b.jpg"}).json()["code"] == "id-taken"
    assert helper.get(f"/attachments/{body['id']}/content").content == content
    assert [e["event"] for e in entries(shared_township, body["id"])] == ["attachment.stored"]


@pytest.mark.parametrize(("wanted", "status", "part"), [
    ("bytes=0-9", 206, slice(0, 10)), ("bytes=2990-", 206, slice(2990, 3000)), ("bytes=5-5", 206, slice(5, 6)),
    ("bytes=3000-", 200, slice(None)), ("bytes=9-2", 200, slice(None)), ("lines=1-2", 200, slice(None)),
])  # fmt: skip
def test_a_download_goes_on_where_it_was_cut(helper, wanted, status, part):
    content = photo(3000, 3)
    path = stored(helper, content)
    answer = helper.client.get(f"/v1{path}/content", headers={"range": wanted})
    assert (answer.status_code, answer.content) == (status, content[part])
    if status == 206:
        assert answer.headers["content-range"] == f"bytes {range(3000)[part][0]}-{range(3000)[part][-1]}/3000"


def cut(caller: Caller, path: str, part: bytes, offset: int, at: int) -> None:
    """Begin to send a part, and hang up after so many bytes of it; nobody hears an answer."""
    url = caller.client.base_url
    head = (
        f"POST /v1{path}/parts?offset={offset} HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\n"
        f"authorization: {caller.client.headers['authorization']}\r\ncontent-length: {len(part)}\r\n\r\n"
    )
    with socket.create_connection((url.host, url.port)) as line:
        line.sendall(head.encode() + part[:at])


def go_on(caller: Caller, path: str, content: bytes, at: int, step: int) -> int:
    """Send a part and hear where to go on; one whose answer was lost may arrive late and be there already."""
    answer = send(caller, path, content[at : at + step], at)
    if answer.status_code == 200:
        return int(answer.json()["arrived"])
    assert answer.status_code in (409, 503), answer.text
    return int(caller.read(path)["arrived"])


@settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(data=st.data())
def test_an_upload_that_is_cut_at_any_byte_goes_on_and_ends_whole(helper, data):
    content = photo(data.draw(st.integers(20, 4000), "size"), data.draw(st.integers(0, 9), "seed"))
    path, at = begun(helper, content), 0
    for _ in range(data.draw(st.integers(1, 4), "cuts")):
        step = data.draw(st.integers(len(content) // 5, len(content)), "part")
        for _ in range(data.draw(st.integers(0, 2), "parts before the cut")):
            at = go_on(helper, path, content, at, step) if at < len(content) else at
        part = content[at : at + step]
        cut(helper, path, part, at, data.draw(st.integers(0, len(part)), "cut at"))
        at = helper.read(path)["arrived"]
    while at < len(content):
        at = go_on(helper, path, content, at, 700)
    helper.act(path, "complete")
    assert helper.get(f"{path}/content").content == content


def test_parts_come_twice_and_in_any_order(shared_township, helper):
    content = photo(5000, 4)
    path = begun(helper, content)
    cuts = [(offset, content[offset : offset + 1000]) for offset in range(0, 5000, 1000)]
    for offset, part in [*reversed(cuts), *cuts]:
        assert send(helper, path, part, offset).status_code == 200
    assert len(lying(shared_township)) > 0
    before = lying(shared_township)
    assert send(helper, path, cuts[0][1], 0).json()["arrived"] == 5000
    assert lying(shared_township) == before, "what is there is not written again"
    other = send(helper, path, photo(1000, 5), 0)
    assert (other.status_code, other.json()["code"]) == (409, "part-differs")
    assert send(helper, path, content[500:1500], 500).json()["code"] == "part-differs", "cut elsewhere"
    assert send(helper, path, b"x", 5000).json()["code"] == "part-outside"
    helper.act(path, "complete")
    assert helper.get(f"{path}/content").content == content


def test_a_retry_key_tells_one_place_from_another(helper):
    content = photo(2000, 6)
    path = begun(helper, content)
    same = content[500:600]
    assert send(helper, path, same, 500, idempotency_key="part-1").status_code == 200
    again = send(helper, path, same, 500, idempotency_key="part-1")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
    moved = send(helper, path, same, 700, idempotency_key="part-1")
    assert (moved.status_code, moved.json()["code"]) == (422, "key-reused")


def test_two_phones_race_on_one_upload(helper):
    """The same account on two phones: each part is taken once, and one completion wins."""
    content = photo(40_000, 7)
    body = declared(content, id=str(uuid4()))
    with ThreadPoolExecutor(8) as pool:
        made = [*pool.map(lambda _: helper.post("/attachments", body).status_code, range(4))]
        assert sorted(made) == [200, 200, 200, 201]
        path = f"/attachments/{body['id']}"
        offsets = [*range(0, 40_000, 5000)] * 2
        random.Random(1).shuffle(offsets)
        sent = [*pool.map(lambda at: send(helper, path, content[at : at + 5000], at).status_code, offsets)]
        assert set(sent) <= {200, 503}
        for at in offsets:
            assert send(helper, path, content[at : at + 5000], at).status_code == 200
        done = [*pool.map(lambda _: helper.post(f"{path}/complete", if_match='"1"').status_code, range(4))]
    assert done.count(200) == 1 and set(done) <= {200, 409, 412, 503}
    assert helper.get(f"{path}/content").content == content


def test_another_person_neither_takes_the_id_nor_sends_parts(shared_township, helper):
    content = photo(900, 8)
    path = begun(helper, content)
    office = shared_township.office("leading_group_office")
    assert office.post("/attachments", declared(content, id=path[-36:])).json()["code"] == "id-taken"
    assert send(office, path, content).json()["code"] == "not-your-upload"
    assert office.try_act(path, "complete").json()["code"] == "not-your-upload"


def test_a_wrong_hash_is_never_stored(helper):
    content = photo(1000, 9)
    path = f"/attachments/{helper.made('/attachments', declared(content, sha256='0' * 64))['id']}"
    send(helper, path, content)
    refused = helper.try_act(path, "complete")
    assert (refused.status_code, refused.json()["code"]) == (409, "content-differs")
    assert helper.read(path)["state"] == "open" and helper.get(f"{path}/content").status_code == 404


@pytest.mark.parametrize("content", [b"<html><script>alert(1)</script>" + PNG, b"GIF89a" + bytes(90), JPEG + bytes(90)])
def test_what_is_not_of_the_declared_kind_is_refused_at_its_first_bytes(helper, content):
    """A page that hides a picture further on, another kind, and a kind that we take but that was not declared."""
    path = begun(helper, content)
    assert send(helper, path, content).json()["code"] == "other-kind"
    for at in range(0, len(content), 8):  # too little at once to tell
        assert send(helper, path, content[at : at + 8], at).status_code == 200
    refused = helper.try_act(path, "complete")
    assert (refused.status_code, refused.json()["code"]) == (409, "other-kind")
    inline = {"file_name": "a.png", "content": b64encode(content).decode()}
    assert helper.post("/attachments", inline).status_code == (201 if content[:3] == JPEG[:3] else 422)


def test_what_is_too_large_is_refused(helper):
    assert helper.post("/attachments", declared(PNG, size=rules.LIMIT + 1)).status_code == 422
    path = begun(helper, photo(rules.PART + 10))
    assert send(helper, path, bytes(rules.PART + 1)).status_code == 413
    assert send(helper, path, b"", 0).json()["arrived"] == 0
    large = b64encode(photo(rules.AT_ONCE + 1)).decode()
    assert helper.post("/attachments", {"file_name": "a.png", "content": large}).status_code in (413, 422)
    fits = b64encode(photo(rules.AT_ONCE)).decode()
    assert helper.post("/attachments", {"file_name": "a.png", "content": fits}).status_code == 201


@pytest.mark.parametrize("name", [
    "../../etc/passwd", "..", ".", ".hidden", "a/b.png", "C:\\x.png", "a\x00b", "a\nb: c", "a\u202egnp.exe", " a.png",
    "a\u061cgnp", "a\u2028b", "a\x85", "\u200b", "a\ufeff",
    "", "x" * 121,
])  # fmt: skip
def test_a_name_that_is_a_path_or_a_trick_is_refused(helper, name):
    assert helper.post("/attachments", declared(PNG, file_name=name)).status_code == 422


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_part_is_posted_and_nothing_else(helper, method):
    """Whatever its body: that a file is no JSON is not what is wrong with it."""
    path = begun(helper, photo(50))
    answer = helper.client.request(method, f"/v1{path}/parts?offset=0", content=photo(50), headers=BYTES)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_a_name_goes_out_as_it_came_and_opens_no_header(helper):
    name = '"; filename=x.exe; 照片 %0d%0a.png'
    path = stored(helper, photo(100, 10), file_name=name)
    told = helper.get(f"{path}/content").headers["content-disposition"]
    assert told.startswith("attachment; filename*=UTF-8''%22%3B%20filename%3Dx.exe") and "\n" not in told


@pytest.mark.parametrize("body", [
    {"file_name": "a.png"}, {"file_name": "a.png", "size": 3, "sha256": "0" * 64},
    {"file_name": "a.png", "content": b64encode(photo(50)).decode(), "size": 50},
    {"file_name": "a.png", "content": "?" * 40}, {"file_name": "a.png", "content": "A" * 17},
])  # fmt: skip
def test_a_file_is_either_declared_or_sent(helper, body):
    assert helper.post("/attachments", body).status_code == 422


# ── who reads ────────────────────────────────────────────────────────────────────────────────────


def test_a_photo_of_a_household_is_read_by_those_who_read_the_household(shared_township, village):
    household, helper = village
    path = stored(helper, photo(200, 11), household_id=household)
    readers = [helper, shared_township.office("assessor"),
               shared_township.office("village_principal", shared_township.village)]  # fmt: skip
    for reader in readers:
        assert reader.get(f"{path}/content").status_code == 200
    others = [shared_township.helped("另一帮扶人")[1], shared_township.admin,
              shared_township.office("village_principal", f"{shared_township.code}299")]  # fmt: skip
    for other in others[:2]:
        assert other.get(path).status_code == other.get(f"{path}/content").status_code == 404
    assert path[-36:] not in others[0].get("/attachments").text


def test_a_confidential_scan_is_read_by_the_organs_and_whom_it_concerns(shared_township, helper):
    office = shared_township.office("leading_group_office")
    path = stored(office, photo(200, 12), confidential=True, person_id=helper.person_id)
    for reader in (office, helper, shared_township.office("party_committee"), shared_township.office("leading_group")):
        assert reader.get(f"{path}/content").status_code == 200
    for other in (shared_township.office("assessor"), shared_township.office("party_gov_office")):
        assert other.get(path).status_code == other.get(f"{path}/content").status_code == 404
        assert path[-36:] not in other.get("/attachments").text
    household = shared_township.helped("丙")[0]
    both = declared(PNG, confidential=True, household_id=household)
    assert office.post("/attachments", both).json()["errors"][0]["code"] == "confidential-of-household"


def test_a_household_that_is_not_ones_own_is_not_given_photos(shared_township, helper):
    household = shared_township.helped("丁")[0]
    assert helper.post("/attachments", declared(PNG, household_id=household)).status_code == 404


def test_another_township_reaches_nothing(shared_township, other_township, helper):
    """Every operation, by somebody of every office there; the very same content tells nothing of it either."""
    content = photo(300, 13)
    path, half = stored(helper, content), begun(helper, content)
    stranger = other_township.office("party_committee")
    other_township.appoint(stranger.person_id, "assessor")
    for answer in (
        stranger.get(path), stranger.get(f"{path}/content"), send(stranger, half, content),
        stranger.post(f"{half}/complete", if_match='"1"'), send(stranger, path, content),
    ):  # fmt: skip
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    assert stranger.read("/attachments", sha256=sha256(content).hexdigest())["items"] == []
    own = begun(stranger, content)
    assert stranger.read(own)["arrived"] == 0, "that it is known elsewhere saves nobody the sending"


# ── where it lies ────────────────────────────────────────────────────────────────────────────────


def swept(place: Township, storage: Storage | None = None) -> tuple[int, int]:
    service = place.service
    storage = storage or service.app.state.storage
    return asyncio.run(actions.sweep(service.database_url, service.app.state.vault, storage, place.code))


def age(files: set[Path]) -> None:
    before = (datetime.now(UTC) - timedelta(days=2)).timestamp()
    for file in files:
        os.utime(file, (before, before))


def test_names_of_files_begin_with_the_township_and_tell_nothing(township):
    helper = township.office("helper")
    content = photo(100, 14)
    stored(helper, content)
    assert len(lying(township)) == 2, "the part, until it is swept, and the whole"
    for file in lying(township):
        assert len(file.name) == 32 and sha256(content).hexdigest()[:8] not in file.name


def test_what_was_given_up_ends_and_what_nothing_names_goes(township):
    helper = township.office("helper")
    kept, given_up = stored(helper, photo(100, 15)), begun(helper, photo(100, 16))
    send(helper, given_up, photo(100, 16))
    assert swept(township) == (0, 0), "nothing is a day old yet"
    age(lying(township))
    assert swept(township) == (0, 1), "the part of what is stored; an open upload keeps its own"
    township.at("2016-12-20")
    assert swept(township) == (1, 1)
    ended = helper.read(given_up)
    assert (ended["state"], ended["actions"][0]["allowed"]) == ("expired", False)
    assert entries(township, given_up[-36:])[-1]["event"] == "attachment.expired"
    assert send(helper, given_up, photo(100, 16)).json()["code"] == "wrong-state"
    assert helper.get(f"{kept}/content").status_code == 200
    assert swept(township) == (0, 0)


@contextmanager
def dying(service: Service) -> Iterator[None]:
    """Its transactions all fail at their end, as if it were killed between the file and the commit."""
    run = service.app.state.database.run

    async def killed(work: Any) -> Any:
        async def then_dead(transaction: Any) -> Any:
            await work(transaction)
            raise TimeoutError

        return await run(then_dead)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service.app.state.database, "run", killed)
        yield


def test_killed_between_file_and_commit_nothing_dangles_and_nothing_acknowledged_is_lost(township):
    helper = township.office("helper")
    content = photo(500, 17)
    path = begun(helper, content)
    send(helper, path, content[:300])
    with dying(township.service):
        assert send(helper, path, content[300:], 300).status_code == 503
    assert helper.read(path)["arrived"] == 300
    assert send(helper, path, content[300:], 300).status_code == 200
    inline = {"id": str(uuid4()), "file_name": "a.png", "content": b64encode(content).decode()}
    with dying(township.service):
        assert helper.try_act(path, "complete").status_code == 503
        assert helper.post("/attachments", inline).status_code == 503
    assert helper.read(path)["state"] == "open"
    assert helper.get(f"/attachments/{inline['id']}").status_code == 404
    orphans = len(lying(township)) - 2
    assert orphans == 3, "a part, a whole and one that came at once, which no row names"
    helper.act(path, "complete")
    age(lying(township))
    assert swept(township) == (0, orphans + 2), "and the two parts of what is stored"
    assert helper.get(f"{path}/content").content == content


@contextmanager
def lying_at(service: Service, address: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(service.app.state._state, "storage", Storage(Settings(secret="t" * 32, storage=address)))
        yield


def test_a_file_that_is_lost_is_told_as_such(township):
    helper = township.office("helper")
    path = stored(helper, photo(100, 18))
    for file in lying(township):
        file.unlink()
    lost = helper.get(f"{path}/content")
    assert (lost.status_code, lost.json()["code"]) == (503, "file-lost")


def test_any_store_that_obstore_opens_serves(township):
    helper, content = township.office("helper"), photo(70_000, 19)
    with lying_at(township.service, "memory:///"):
        path = stored(helper, content)
        assert helper.get(f"{path}/content").content == content
        assert helper.client.get(f"/v1{path}/content", headers={"range": "bytes=9-11"}).content == content[9:12]
        assert swept(township) == (0, 0)
    assert helper.get(f"{path}/content").json()["code"] == "file-lost", "it lies there alone"
    assert lying(township) == set()


def test_a_store_that_does_not_answer_is_503_and_loses_nothing(township):
    """An address at which nobody listens."""
    helper = township.office("helper")
    path = begun(helper, photo(100, 20))
    with lying_at(township.service, "http://127.0.0.1:9/"):
        assert send(helper, path, photo(100, 20)).status_code == 503
    assert helper.read(path)["arrived"] == 0


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    found = Bucket("photos")
    for name, value in found.environment.items():
        monkeypatch.setenv(name, value)
    yield found
    found.close()


def test_photos_lie_in_a_bucket_of_an_object_store(township, bucket):
    """By its address; whose it is and where it stands is the environment's, as obstore takes it."""
    helper, content = township.office("helper"), photo(6 * rules.PART + 5, 21)
    with lying_at(township.service, "s3://photos/some/prefix"):
        path = stored(helper, content)
        assert helper.get(f"{path}/content").content == content
        assert helper.client.get(f"/v1{path}/content", headers={"range": "bytes=9-11"}).content == content[9:12]
        inside = f"some/prefix/{township.county}/{township.code}/"
        assert len(bucket.files) == 8 and all(re.fullmatch(f"{inside}[0-9a-f]{{32}}", name) for name in bucket.files)
        assert swept(township) == (0, 7), "the parts, which no row names any more"
        assert helper.get(f"{path}/content").content == content
        bucket.files.clear()
        assert helper.get(f"{path}/content").json()["code"] == "file-lost"
    assert lying(township) == set() and bucket.refused == 0
    assert {"PUT", "GET", "GET list-type", "POST delete", "POST uploads"} <= set(bucket.asked)


@pytest.mark.parametrize("wrong", ["AWS_SECRET_ACCESS_KEY", "bucket"])
def test_a_bucket_that_is_not_ours_takes_nothing_and_loses_nothing(township, bucket, monkeypatch, wrong):
    helper, content = township.office("helper"), photo(100, 22)
    path = begun(helper, content)
    if wrong != "bucket":
        monkeypatch.setenv(wrong, "x" * 40)
    with lying_at(township.service, "s3://others" if wrong == "bucket" else "s3://photos"):
        assert send(helper, path, content).status_code == 503
    assert helper.read(path)["arrived"] == 0 and bucket.files == {}
    assert (bucket.refused > 0) is (wrong != "bucket") and bucket.asked
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    with lying_at(township.service, "s3://photos"):
        assert send(helper, path, content).status_code == 200


def test_whoever_may_send_nothing_leaves_nothing_behind(township: Township) -> None:
    """Neither does one who sends the same once more."""
    content = {"file_name": "a.png", "content": b64encode(photo(100, seed=77)).decode()}

    def files() -> int:
        return sum(len(names) for _, _, names in os.walk(FILES.name))

    before = files()
    assert township.admin.post("/attachments", content).json()["code"] == "not-your-office"
    assert files() == before
    office = township.office("leading_group_office")
    assert {office.post("/attachments", content, idempotency_key="k").status_code for _ in range(3)} == {201}
    assert files() == before + 1
