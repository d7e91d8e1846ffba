"""Does a process keep anything that another would need? What officers do, each request at the other of two workers."""

import itertools
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.access import Bearer
from tests.conftest import Accountability, Caller, Service, Township
from tests.serving import Process

LOGIN = {"grant_type": "password", "username": "411421701/admin", "password": "correct horse battery"}


class Alternating(httpx.BaseTransport):
    """Every request goes to the worker that did not have the one before."""

    def __init__(self, *workers: Process) -> None:
        self._ports, self._transport = itertools.cycle(worker.port for worker in workers), httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(port=next(self._ports))
        return self._transport.handle_request(request)


class Both:
    """As `Service` to a township: its callers alternate."""

    def __init__(self, service: Service, *workers: Process) -> None:
        self._service, self._workers = service, workers
        self.app, self.database_url = service.app, service.database_url

    def client(self, **more: Any) -> httpx.Client:
        return httpx.Client(base_url="http://127.0.0.1", transport=Alternating(*self._workers), timeout=30, **more)

    def caller(self, bearer: Bearer) -> Caller:
        caller = self._service.caller(bearer)
        caller.client = self.client(headers=caller.client.headers)
        return caller


@pytest.fixture(scope="module")
def both(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("workers")
    workers = [Process(service.database_url, folder / f"{n}", data_dir=str(folder)) for n in range(2)]
    yield Both(service, *[worker.await_ready() for worker in workers])
    for worker in workers:
        worker.stop()


@pytest.fixture(scope="module")
def place(both: Both) -> Township:
    return Township(both, "411421690")  # type: ignore[arg-type]


def test_a_case_goes_from_finding_to_notice_over_two_workers(place: Township) -> None:
    """What one answers, its ETag among it, the other goes on with."""
    world = Accountability(place)
    cadre = world.cadre()
    path = world.case(world.finding({"person_id": cadre.person_id}, "HY.9.2.2"), basis="HY.9.2.2")
    decided = world.decided(path, "written_self_criticism")
    assert decided["state"] == "decided"
    assert world.committee.read(path)["version"] == decided["version"]


def test_a_retry_at_the_other_worker_gives_the_first_answer(place: Township) -> None:
    office, key = place.office("party_gov_office"), str(uuid4())
    body = {"name": "民政所", "level": "township"}
    first, second = (office.post("/units", body, idempotency_key=key) for _ in range(2))
    assert (first.status_code, second.status_code, second.json()) == (201, 201, first.json())
    assert second.headers["idempotent-replayed"] == "true"


def test_pages_and_the_feed_go_on_at_the_other_worker(place: Township) -> None:
    office = place.office("party_gov_office")
    for number in range(5):
        office.made("/units", {"name": f"第{number}站", "level": "township"})
    seen, cursor = [], None
    while page := office.read("/units", limit=2, **({"cursor": cursor} if cursor else {})):
        seen += [unit["id"] for unit in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == [unit["id"] for unit in office.read("/units", limit=200)["items"]]
    before = office.read("/events", limit=200)["next_cursor"]
    made = office.made("/units", {"name": "末站", "level": "township"})
    assert [e["subject_id"] for e in office.read("/events", cursor=before)["items"]] == [made["id"]]


def test_an_upload_is_handed_in_at_both(place: Township) -> None:
    office = place.office("leading_group_office")
    photo = b"\x89PNG\r\n\x1a\n" + bytes(300_000)
    declared = {"media_type": "image/png", "size": len(photo), "sha256": sha256(photo).hexdigest()}
    made = office.made("/attachments", {"file_name": "照片.png", **declared})
    for offset in (200_000, 0, 100_000):
        part = photo[offset : offset + 100_000] if offset < 200_000 else photo[offset:]
        answer = office.client.post(
            f"/v1/attachments/{made['id']}/parts", params={"offset": offset}, content=part,
            headers={"content-type": "application/octet-stream"},
        )  # fmt: skip
        assert answer.status_code in {200, 204}, answer.text
    office.act(f"/attachments/{made['id']}", "complete")
    assert office.client.get(f"/v1/attachments/{made['id']}/content").content == photo


def test_who_fails_to_sign_in_is_counted_by_both(place: Township, both: Both) -> None:
    with both.client() as client:
        wrong = {"grant_type": "password", "username": f"{place.code}/admin", "password": "wrong"}
        answers = [client.post("/v1/oauth/token", data=wrong).status_code for _ in range(6)]
    assert answers == [400] * 5 + [429]


def test_workers_of_two_secrets_do_not_go_on_for_each_other(both: Both, place: Township, tmp_path: Path) -> None:
    """The control: where each keeps what the other would need, the same requests fail by turns."""
    first = both._workers[0]
    other = Process(both.database_url, tmp_path / "other", secret="u" * 32, data_dir=str(tmp_path)).await_ready()
    try:
        client = httpx.Client(
            base_url="http://127.0.0.1", transport=Alternating(first, other), headers=place.admin.client.headers
        )
        assert [client.get("/v1/units").status_code for _ in range(4)] == [200, 401, 200, 401]
    finally:
        other.stop()
