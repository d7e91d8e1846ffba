"""Does a case leave as one file, the same for everybody who may have it, and is it on record that it left?"""

import io
import json
import os
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from app import embedded
from app.access import Bearer
from app.handovers import rules
from tests.attachments.test_routes import photo, stored
from tests.conftest import FILES
from verify import huayuan_verify

TO = {"to": "民权县人民检察院"}


def transferred(world: Any) -> str:
    """A case on its way to the judiciary: facts, a finding, an opening and a transfer."""
    finding = world.finding({"person_id": world.cadre().person_id}, "HY.9.4.3")
    path = world.case(finding, basis="HY.9.4.3", capacity="directly_responsible")
    suspected = {"to": "县人民检察院", "reasons": "涉嫌挪用。", "crime_assessment": "suspected"}
    world.committee.act(path, "transfer", suspected)
    return path


def sign(world: Any) -> str:
    """A checkpoint over all there is; the log's public key."""
    return world.place.admin.post(f"/ledger/{world.place.code}/checkpoint").json()["key"]


def handed_over(caller: Any, path: str, **headers: str) -> httpx.Response:
    answer = caller.post(f"{path}/hand-over", TO, if_match=caller.get(path).headers["etag"], **headers)
    assert answer.status_code == 200, answer.text
    return answer


def test_R10_a_case_leaves_as_one_file_that_proves_itself_without_the_service(world, tmp_path):
    path = transferred(world)
    key = sign(world)
    answer = handed_over(world.committee, path)
    assert answer.headers["content-type"] == "application/zip"
    file = tmp_path / "case.zip"
    file.write_bytes(answer.content)
    program = [sys.executable, "-I", huayuan_verify.__file__, "--key", key, "handover", str(file)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    inside = zipfile.ZipFile(io.BytesIO(answer.content))
    events = [line["event"] for line in map(json.loads, inside.read("entries.ndjson").splitlines())]
    assert events == ["person.created", "finding.proposed", "finding.confirmed", "case.opened", "case.transferred"]
    assert "涉嫌挪用" in inside.read("case.json").decode() and "周七" in inside.read("person.json").decode()


def test_R10_the_same_case_gives_the_same_bytes_to_everybody_from_every_worker(world):
    path = transferred(world)
    sign(world)
    first = handed_over(world.committee, path)
    sign(world)
    assert handed_over(world.committee, path).content == first.content, "handing it over changes nothing of it"
    other = world.place.office("party_committee", name="另一委员")
    assert handed_over(other, path).content == first.content
    service = type(world.place.service)(world.place.service.database_url)
    try:
        assert handed_over(elsewhere(service, world), path).content == first.content
    finally:
        service.stop()


def elsewhere(service: Any, world: Any) -> Any:
    """The Party committee's member at another door."""
    place = world.place
    return service.caller(Bearer(UUID(world.committee.account_id), place.county, place.code))


@pytest.fixture
def restored(world, server_url: str, tmp_path: Path) -> Any:
    """The database saved and restored under another name, when the test asks for it."""
    name = f"huayuan_test_{os.getpid()}_restored"
    programs, dump = embedded._binaries(), str(tmp_path / "huayuan.dump")

    def restore() -> str:
        saved = ["--format=custom", f"--file={dump}", f"--dbname={world.place.service.database_url}"]
        subprocess.run([f"{programs}/pg_dump", *saved], check=True, capture_output=True)
        made = embedded.database(server_url, name)
        subprocess.run([f"{programs}/pg_restore", "--exit-on-error", f"--dbname={made}", dump], check=True)
        return made

    yield restore
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f"drop database if exists {name} with (force)")


def test_R10_the_same_case_gives_the_same_bytes_after_a_restore(world, restored):
    path = transferred(world)
    sign(world)
    first = handed_over(world.committee, path)
    service = type(world.place.service)(restored())
    try:
        assert handed_over(elsewhere(service, world), path).content == first.content
    finally:
        service.stop()


def test_R10_that_it_left_is_on_record_with_the_hash_of_what_left(world):
    path = transferred(world)
    sign(world)
    answer = handed_over(world.committee, path)
    log, seq = answer.headers["ledger-entry"].split("/")
    with psycopg.connect(world.place.service.database_url) as connection:
        found = connection.execute(
            "select convert_from(leaf, 'UTF8') from log_event where township_code = %s and seq = %s", [log, seq]
        ).fetchone()
    leaf = json.loads(found[0])
    assert (leaf["event"], leaf["data"]["sha256"]) == ("case.handed_over", sha256(answer.content).hexdigest())
    assert (leaf["data"]["size"], leaf["data"]["entries"]) == (len(answer.content), 5)
    assert list(leaf["sealed"]) == ["to"]


def test_R10_only_the_organ_that_has_the_case_hands_it_over(world):
    path = transferred(world)
    sign(world)
    version = world.committee.get(path).headers["etag"]
    for caller, status in (
        (world.commission, 403),
        (world.place.office("leading_group"), 404),
        (world.place.admin, 404),
    ):
        assert caller.post(f"{path}/hand-over", TO, if_match=version).status_code == status
    assert world.committee.post(f"{path}/hand-over", TO).status_code == 428


def test_R10_nothing_leaves_before_it_was_transferred_or_before_the_log_is_signed(world):
    finding = world.finding({"person_id": world.cadre().person_id}, "HY.9.4.3")
    path = world.case(finding, basis="HY.9.4.3", capacity="directly_responsible")
    assert world.committee.try_act(path, "hand-over", TO).json()["code"] == "wrong-state"
    unsigned = world.committee.try_act(transferred(world), "hand-over", TO)
    assert (unsigned.status_code, unsigned.json()["code"]) == (409, "not-yet-signed")


def test_a_replay_tells_the_hash_and_not_the_file_again(world):
    path = transferred(world)
    sign(world)
    version = world.committee.get(path).headers["etag"]
    first = world.committee.post(f"{path}/hand-over", TO, if_match=version, idempotency_key="hand-over-1")
    again = world.committee.post(f"{path}/hand-over", TO, if_match=version, idempotency_key="hand-over-1")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
    assert again.json()["sha256"] == sha256(first.content).hexdigest()
    assert set(again.json()) == {"sha256", "size", "entries", "evidence", "checkpoint_size"}


def test_R10_the_evidence_that_the_entries_name_leaves_with_the_case(world, tmp_path):
    """Bytes and all, by their hash; not what nobody named, and not what is another file by now."""
    committee = world.committee
    scans = [photo(3000, seed) for seed in (31, 32, 33)]
    named, also, _ = (stored(committee, scan, confidential=True)[-36:] for scan in scans)
    finding = world.finding({"person_id": world.cadre().person_id}, "HY.9.4.3", attachment_ids=[named])
    path = world.case(finding, basis="HY.9.4.3", capacity="directly_responsible")
    committee.act(path, "present-facts", {"facts": "挪用", "attachment_ids": [also, named]})
    committee.act(path, "transfer", {"to": "县检", "reasons": "涉嫌挪用。", "crime_assessment": "suspected"})
    key = sign(world)
    answer = handed_over(committee, path)
    inside = zipfile.ZipFile(io.BytesIO(answer.content))
    evidence = {name: inside.read(name) for name in inside.namelist() if name.startswith("evidence/")}
    assert evidence == {f"evidence/{sha256(scan).hexdigest()}.png": scan for scan in scans[:2]}
    file = tmp_path / "case.zip"
    file.write_bytes(answer.content)
    assert huayuan_verify.main(["--key", key, "handover", str(file)]) == 0
    for forged in (
        {**evidence, f"evidence/{sha256(scans[2]).hexdigest()}.png": scans[2]},
        {next(iter(evidence)): scans[2]},
    ):
        file.write_bytes(repacked(inside, forged))
        assert huayuan_verify.main(["--key", key, "handover", str(file)]) == 1
    assert handed_over(committee, path).content == answer.content
    with psycopg.connect(world.place.service.database_url) as connection:
        lies = connection.execute("select object from attachments where id = %s", [named]).fetchone()
    lying = Path(FILES.name, "attachments", lies[0])
    lying.write_bytes(scans[2])
    lost = committee.try_act(path, "hand-over", TO)
    assert (lost.status_code, lost.json()["code"]) == (503, "file-lost")
    lying.write_bytes(scans[0])
    assert handed_over(committee, path).content == answer.content


def repacked(archive: zipfile.ZipFile, evidence: dict[str, bytes]) -> bytes:
    """The package with other evidence, and a manifest that fits."""
    files = {n: archive.read(n) for n in archive.namelist() if n != "manifest.json" and not n.startswith("evidence/")}
    files |= evidence
    manifest = {"files": {name: sha256(data).hexdigest() for name, data in files.items()}}
    return rules.zipped({"manifest.json": json.dumps(manifest).encode(), **files})
