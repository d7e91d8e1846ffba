"""Is a hand-over one file for one case, does it open no more than it may, and does every changed byte show?"""

import io
import json
import zipfile
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.actor import Actor, Appointment, Office
from app.handovers import rules
from app.log import Entry, sealed
from app.merkle import inclusion_proof, leaf_hash, root
from app.note import Signer, checkpoint
from verify import huayuan_verify

LOG = "411421201"
SIGNER = Signer(f"huayuan/{LOG}", bytes(32))
TRUST = huayuan_verify.Trust(huayuan_verify.Key.of(SIGNER.vkey))
NOW = datetime(2017, 3, 20, 2, tzinfo=UTC)
TODAY = NOW.date()
CLERK = Actor(UUID(int=9), UUID(int=8), LOG[:6], LOG, (Appointment(Office.PARTY_COMMITTEE, LOG, NOW.date()),))
SUBJECT, FINDING, CASE, NOTICE, RECUSAL = (UUID(int=n) for n in range(1, 6))
HAPPENED = [
    Entry("person.created", "people", SUBJECT, 1, {}, {"name": "周七", "phone": "13912345678"}),
    Entry("finding.proposed", "findings", FINDING, 1, {"fact_on": TODAY}, {"description": "挪用", "evidence": ["账"]}),
    Entry("case.opened", "cases", CASE, 1, {"basis": "HY.9.4.3"}, {"routing_reason": "直接责任"}),
    Entry("case.recused", "recusals", RECUSAL, 1, {"interest": "kinship"}, {"reason": "系其胞弟"}),
    Entry("case.transferred", "cases", CASE, 2, {"state": "transferred"}, {"reasons": "涉嫌犯罪"}),
]  # fmt: skip


def logged(number: int, happened: Entry) -> dict[str, Any]:
    """An entry as the ledger tells it."""
    leaf, disclosed = sealed(happened, log=LOG, actor=CLERK, at=NOW, simulated=False)
    return {
        "log": LOG, "seq": number, "event": happened.event, "subject_id": str(happened.subject_id), "helper_id": None,
        "household_id": None, "happened_at": json.loads(leaf)["at"], "leaf_hash": leaf_hash(leaf).hex(),
        "leaf": leaf.decode(), "disclosed": json.loads(disclosed or "null"),
    }  # fmt: skip


ENTRIES = [logged(number, happened) for number, happened in enumerate(HAPPENED)]
LEAVES = [bytes.fromhex(e["leaf_hash"]) for e in ENTRIES]
NOTE = checkpoint(SIGNER, len(LEAVES), root(LEAVES))
PROOFS = {e["seq"]: inclusion_proof(LEAVES, e["seq"]) for e in ENTRIES}
PACKAGE = rules.package(ENTRIES, PROOFS, NOTE, {})
FILES = {
    "README.txt", "case.json", "checkpoint", "entries.ndjson", "finding.json", "manifest.json", "person.json",
    "proofs.json",
}  # fmt: skip


def members(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def verified(path: Path, package: bytes) -> int:
    path.write_bytes(package)
    return huayuan_verify.handover(path, TRUST)


def test_R10_a_package_proves_itself(tmp_path):
    assert set(members(PACKAGE)) == FILES
    assert verified(tmp_path / "case.zip", PACKAGE) == len(ENTRIES)
    with pytest.raises(huayuan_verify.Untrue):
        huayuan_verify.handover(tmp_path / "case.zip", TRUST._replace(log=other_key()))


def other_key() -> huayuan_verify.Key:
    return huayuan_verify.Key.of(Signer(SIGNER.name, bytes([1] * 32)).vkey)


def test_R10_the_same_case_gives_the_same_bytes():
    shuffled = [dict(reversed(e.items())) for e in ENTRIES]
    assert rules.package(shuffled, PROOFS, NOTE, {}) == PACKAGE
    infos = zipfile.ZipFile(io.BytesIO(PACKAGE)).infolist()
    assert {(i.date_time, i.compress_type, i.external_attr, i.create_system) for i in infos} == {
        (rules.EPOCH, zipfile.ZIP_STORED, rules.MODE, rules.UNIX)
    }
    assert [i.filename for i in infos] == sorted(FILES)


def test_R10_what_the_case_does_not_need_stays_sealed():
    """The subject's name and the file's words are opened, each with its salt; his telephone and a kinship are not."""
    told = {e["event"]: e["disclosed"] for e in map(json.loads, members(PACKAGE)["entries.ndjson"].splitlines())}
    assert {event: sorted(values or ()) for event, values in told.items()} == {
        "person.created": ["name"],
        "finding.proposed": ["description", "evidence"],
        "case.opened": ["routing_reason"],
        "case.recused": [],
        "case.transferred": ["reasons"],
    }
    assert all({"salt", "value"} == set(value) for values in told.values() if values for value in values.values())
    assert b"13912345678" not in PACKAGE and "胞弟".encode() not in PACKAGE
    assert "周七".encode() in PACKAGE


def test_R10_the_readable_files_say_what_the_entries_say():
    inside = members(PACKAGE)
    assert [line["event"] for line in json.loads(inside["case.json"])] == [
        "case.opened", "case.recused", "case.transferred",
    ]  # fmt: skip
    (finding,) = json.loads(inside["finding.json"])
    assert (finding["data"]["fact_on"], finding["words"]["evidence"]) == ("2017-03-20", ["账"])


@pytest.mark.parametrize("name", sorted(FILES))
def test_R10_a_changed_byte_in_any_member_is_found(name, tmp_path):
    """Every byte of small members, some two hundred of large ones, each by one bit."""
    inside = members(PACKAGE)
    data = inside[name]
    for at in range(0, len(data), max(1, len(data) // 200)):
        changed = data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :]
        assert refused(tmp_path, inside | {name: changed}), f"{name} at {at}"


def refused(folder: Path, inside: dict[str, bytes]) -> bool:
    (folder / "case.zip").write_bytes(rules.zipped(inside))
    return huayuan_verify.main(["--key", SIGNER.vkey, "handover", str(folder / "case.zip")]) == 1


@pytest.mark.parametrize("name", ["case.json", "finding.json", "entries.ndjson", "proofs.json", "checkpoint"])
def test_R10_a_manifest_made_anew_hides_no_change(name, tmp_path):
    """Whoever repacks the file cannot say something else in it: it all hangs on the signed checkpoint."""
    inside = members(PACKAGE)
    word = {"checkpoint": b"\n5\n", "proofs.json": b"a", "case.json": "涉嫌犯罪".encode()}.get(name, "挪用".encode())
    assert word in inside[name]
    inside[name] = inside[name].replace(word, {b"\n5\n": b"\n4\n", b"a": b"b"}.get(word, "挪动".encode()), 1)
    del inside["manifest.json"]
    manifest = {"files": {n: sha256(data).hexdigest() for n, data in inside.items()}}
    assert refused(tmp_path, inside | {"manifest.json": json.dumps(manifest).encode()})
    assert not refused(tmp_path, members(PACKAGE)), "untouched it holds"


def test_R10_a_readable_file_left_out_or_added_is_found(tmp_path):
    for change in ({"case.json": None}, {"objection.json": b"[]"}):
        inside = {n: d for n, d in (members(PACKAGE) | change).items() if d is not None and n != "manifest.json"}
        manifest = {"files": {n: sha256(data).hexdigest() for n, data in inside.items()}}
        assert refused(tmp_path, inside | {"manifest.json": json.dumps(manifest).encode()})


def naming(*digests: str) -> dict[str, Any]:
    return {"leaf": json.dumps({"data": {"attachments": [{"id": "x", "sha256": digest} for digest in digests]}})}


def test_R10_evidence_is_enclosed_in_the_order_of_the_log_until_it_is_too_much():
    entries = [naming("b", "a"), naming(), {"leaf": '{"data": {}}'}, naming("a", "c")]
    assert rules.named(entries) == ["b", "a", "c"]
    assert rules.enclosed(entries, dict.fromkeys("abc", 1)) == ["b", "a", "c"]
    sizes = {"b": rules.ENCLOSED, "a": 1, "c": 1}
    assert rules.enclosed(entries, sizes) == ["b"]
    assert rules.enclosed(entries, sizes | {"b": rules.ENCLOSED + 1}) == []
