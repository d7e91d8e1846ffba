"""Does the verifier accept what the service says, from files alone, and nothing else?"""

import ast
import asyncio
import base64
import json
import random
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.cli import export_log
from app.handovers.rules import readable
from app.inspections import draw as service_draw
from app.ledger.actions import roots, standing_of
from app.merkle import inclusion_ranges
from app.note import ALGORITHMS, Signer, checkpoint
from app.writing import operating
from tests.conftest import Township
from tests.endurance.report import LONG
from tests.inspections.test_routes import drawn, helpers
from tests.serving import SECRET
from tests.signoffs.conftest import Village
from verify import huayuan_verify
from verify.huayuan_verify import Key, Trust, Untrue

PROGRAM = Path(huayuan_verify.__file__)
TEXT = {"accept": "text/plain"}


def imported(source: str) -> set[str]:
    """Packages imported anywhere in the source."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." if node.level else str(node.module).split(".")[0])
    return found


def foreign(source: str) -> set[str]:
    return imported(source) - sys.stdlib_module_names - {"cryptography"}


def test_it_is_one_short_file_that_knows_nothing_of_the_service() -> None:
    source = PROGRAM.read_text("utf-8")
    assert len(source.splitlines()) < 300
    assert foreign(source) == set()
    assert foreign("import app.merkle\nfrom verify import x\nimport json\nfrom . import y") == {"app", "verify", "."}


@dataclass
class Files:
    """What an office outside has: the log's key, the verifier, and files."""

    folder: Path
    key: str

    def told(self, what: str, *files: str, key: str | None = None, more: tuple[str, ...] = ()) -> tuple[int, str]:
        """The verifier alone, in another folder and without our path: its status and its line."""
        arguments = ["--key", key or self.key, *more, what, *files]
        run = [sys.executable, "-I", "huayuan_verify.py", *arguments]
        done = subprocess.run(run, cwd=self.folder, capture_output=True, text=True, check=False)
        return done.returncode, (done.stdout or done.stderr).strip()

    def write(self, name: str, data: str | bytes) -> str:
        raw = data if isinstance(data, bytes) else data.encode()
        (self.folder / name).write_bytes(raw)
        return name

    @property
    def trust(self) -> Trust:
        return Trust(Key.of(self.key))


@pytest.fixture
def files(township: Township, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    """A township's log, signed at some size, grown, signed again and exported."""
    path = f"/ledger/{township.code}/checkpoint"
    assert township.admin.post(path).status_code == 200
    found = Files(tmp_path, township.admin.read(path)["key"])
    shutil.copy(PROGRAM, tmp_path)
    found.write("earlier", township.admin.client.get(f"/v1{path}", headers=TEXT).text)
    for number in range(20):
        township.person(f"第{number}人")
    assert township.admin.post(path).status_code == 200
    monkeypatch.setenv("HUAYUAN_DATABASE_URL", township.service.database_url)
    monkeypatch.setenv("HUAYUAN_SECRET", SECRET)
    export_log(township.code, tmp_path)
    return found


def test_an_exported_log_is_what_was_signed(files: Files) -> None:
    size = len((files.folder / "entries.ndjson").read_text("utf-8").splitlines())
    assert files.told("log", "entries.ndjson", "checkpoint", "earlier") == (0, f"true: these are all {size} entries")
    assert files.told("checkpoint", "checkpoint") == (0, f"true: the log has {size} entries")
    status, told = files.told("log", "entries.ndjson", "earlier")
    assert (status, told) == (1, f"UNTRUE: {size} entries are here, {size - 20} were signed")
    assert "salt" not in (files.folder / "entries.ndjson").read_text("utf-8"), "no personal value leaves the house"


def test_disclosed_values_are_what_was_sealed(files: Files, township: Township) -> None:
    export_log(township.code, files.folder, disclosed=True)
    told = (files.folder / "entries.ndjson").read_text("utf-8")
    assert "第7人" in told
    assert files.told("log", "entries.ndjson", "checkpoint")[0] == 0
    files.write("entries.ndjson", told.replace("第7人", "第8人"))
    status, why = files.told("log", "entries.ndjson", "checkpoint")
    assert status == 1 and "name is not what was sealed" in why


def rewritten(line: bytes) -> bytes:
    """The entry with another leaf, and the hash beside it changed with it."""
    entry = json.loads(line)
    leaf = entry["leaf"].replace('"actor":{', '"actor":{"other":1,')
    assert leaf != entry["leaf"]
    return json.dumps({**entry, "leaf": leaf, "leaf_hash": sha256(b"\0" + leaf.encode()).hexdigest()}).encode() + b"\n"


@pytest.mark.parametrize("change", ["leaf", "beside", "missing", "double", "swapped", "short", "more", "no JSON"])
def test_a_changed_export_is_found(files: Files, change: str) -> None:
    """Also where the hash beside the leaf was changed with it."""
    lines = (files.folder / "entries.ndjson").read_text("utf-8").splitlines(keepends=True)
    entry = json.loads(lines[5])
    entry |= {"subject_id": "0" * 36} if change == "beside" else {}
    lines[5] = rewritten(lines[5].encode()).decode() if change == "leaf" else json.dumps(entry) + "\n"
    changed = {
        "missing": lines[:5] + lines[6:], "double": lines[:5] + lines[4:], "short": lines[:-1],
        "more": [*lines, lines[-1]],
        "swapped": [*lines[:5], lines[6], lines[5], *lines[7:]], "no JSON": [*lines[:5], "{}\n", *lines[6:]],
    }.get(change, lines)  # fmt: skip
    files.write("entries.ndjson", "".join(changed))
    status, told = files.told("log", "entries.ndjson", "checkpoint")
    assert status == 1 and told.startswith("UNTRUE"), told


def test_proofs_and_growth(files: Files, township: Township) -> None:
    anybody = httpx.Client(base_url=f"{township.service.address}/v1/ledger/{township.code}", headers=TEXT)
    entry = json.loads((files.folder / "entries.ndjson").read_text("utf-8").splitlines()[3])
    files.write("leaf", entry["leaf"])
    files.write("proof", anybody.get("/proof/inclusion", params={"index": 3}).text)
    assert files.told("inclusion", "proof", "leaf") == (0, "true: it is entry 3")
    files.write("other", entry["leaf"] + " ")
    assert files.told("inclusion", "proof", "other") == (1, "UNTRUE: the leaf is not in the log")
    old = files.trust.checkpoint((files.folder / "earlier").read_text("utf-8"))[0]
    growth = anybody.get("/proof/consistency", params={"old": old}).text
    files.write("growth", growth)
    assert files.told("consistency", "growth", "earlier") == (0, f"true: the log only grew, to {old + 20} entries")
    assert files.told("consistency", "growth", "checkpoint")[0] == 1
    assert files.told("inclusion", "growth", "leaf")[0] == 1


def each_bit(text: str) -> list[bytes]:
    """The text with one bit changed, for every bit of it."""
    raw = text.encode()
    return [raw[:at] + bytes([raw[at] ^ 1 << bit]) + raw[at + 1 :] for at in range(len(raw)) for bit in range(8)]


def refused(check: Any, texts: list[bytes]) -> int:
    count = 0
    for text in texts:
        try:
            check(text.decode())
        except (Untrue, ValueError, KeyError, TypeError):
            count += 1
    return count


def test_not_a_bit_of_a_note_or_proof_can_be_changed(files: Files, township: Township) -> None:
    """Every bit of them, of signatures and of base64's own padding too; some of them in the short form."""
    anybody = httpx.Client(base_url=f"{township.service.address}/v1/ledger/{township.code}", headers=TEXT)
    note = (files.folder / "checkpoint").read_text("utf-8")
    leaf = json.loads((files.folder / "entries.ndjson").read_text("utf-8").splitlines()[3])["leaf"].encode()
    proof = anybody.get("/proof/inclusion", params={"index": 3}).text
    earlier = files.trust.checkpoint((files.folder / "earlier").read_text("utf-8"))
    growth = anybody.get("/proof/consistency", params={"old": earlier[0]}).text
    for text, check in (
        (note, files.trust.checkpoint),
        (proof, lambda text: files.trust.inclusion(text, leaf)),
        (growth, lambda text: files.trust.consistency(text, earlier)),
    ):
        check(text)
        changed = each_bit(text) if LONG else random.Random(1).sample(each_bit(text), 300)
        assert refused(check, changed) == len(changed)


# ── whose signatures ─────────────────────────────────────────────────────────────────────────────


def cosigned(note: str, name: str, secret: bytes, moment: int = 1_700_000_000) -> tuple[str, str]:
    """The note with a witness's cosignature, written from C2SP tlog-cosignature; and the witness's vkey."""
    key = Ed25519PrivateKey.from_private_bytes(secret)
    material = b"\x04" + key.public_key().public_bytes_raw()
    key_id = sha256(name.encode() + b"\n" + material).digest()[:4]
    text = note.rpartition("\n\n")[0] + "\n"
    signature = key.sign(f"cosignature/v1\ntime {moment}\n{text}".encode())
    line = base64.b64encode(key_id + moment.to_bytes(8, "big") + signature).decode()
    return f"{note}— {name} {line}\n", f"{name}+{key_id.hex()}+{base64.b64encode(material).decode()}"


LOG = Signer("example.cn/v1/ledger/411421", b"l" * 32)
NOTE = checkpoint(LOG, 5, b"r" * 32)


def test_witnesses_and_quorum() -> None:
    once, first = cosigned(NOTE, "jiwei.example.cn", b"1" * 32)
    twice, second = cosigned(once, "dangan.example.cn", b"2" * 32)
    third = cosigned(NOTE, "absent.example.cn", b"3" * 32)[1]
    log, one, two, three = map(Key.of, (LOG.vkey, first, second, third))
    assert Trust(log).checkpoint(twice) == (5, b"r" * 32), "who is not known is skipped"
    assert Trust(log, [one, two]).checkpoint(twice)
    assert Trust(log, [one, two, three], 2).checkpoint(twice)
    for trust, note in (
        (Trust(log, [one, two]), once),
        (Trust(log, [one, two, three]), twice),
        (Trust(log, [one], 2), once + once.splitlines()[-1] + "\n"),
        (Trust(one, [log]), twice),
        (Trust(log, [one]), NOTE + once.splitlines()[-1].replace("jiwei", "dangan") + "\n"),
    ):
        with pytest.raises(Untrue):
            trust.checkpoint(note)


def test_a_wrong_signature_of_a_known_witness_spoils_the_note() -> None:
    once, vkey = cosigned(NOTE, "jiwei.example.cn", b"1" * 32)
    other = cosigned(NOTE, "jiwei.example.cn", b"1" * 32, moment=1_700_000_001)[0]
    line, later = once.splitlines()[-1], other.splitlines()[-1]
    forged = base64.b64decode(line.split()[2])[:12] + base64.b64decode(later.split()[2])[12:]
    note = f"{NOTE}{' '.join(line.split()[:2])} {base64.b64encode(forged).decode()}\n"
    trust = Trust(Key.of(LOG.vkey), [Key.of(vkey)], 0)
    assert trust.checkpoint(once)
    with pytest.raises(Untrue, match="wrong"):
        trust.checkpoint(note)


@pytest.mark.parametrize(
    "text",
    ["{0}\n05\n{1}\n", "{0}\n-5\n{1}\n", "{0}\n5\nAAAA\n", "{0}\n5\n{1}\n\n", "other\n5\n{1}\n", "{0}\n5\n", "\n\n\n"],
)
def test_a_signed_text_that_is_no_checkpoint_of_the_log(text: str) -> None:
    body = text.format(LOG.name, base64.b64encode(b"r" * 32).decode())
    with pytest.raises((Untrue, ValueError)):
        Trust(Key.of(LOG.vkey)).checkpoint(f"{body}\n{LOG.sign(body)}")


def test_keys() -> None:
    """A vkey names itself; the algorithms of the service are known to the verifier by the same bytes."""
    assert Key.of(LOG.vkey).name == LOG.name
    assert set(ALGORITHMS) <= set(huayuan_verify.ALGORITHMS)
    name, key_id, public = LOG.vkey.split("+", 2)
    for vkey in (f"{name}x+{key_id}+{public}", f"{name}+00000000+{public}", f"{name}+{key_id}+{public[:-4]}", name):
        with pytest.raises((Untrue, ValueError)):
            Key.of(vkey)


# ── a draw, a statement, a hand-over ─────────────────────────────────────────────────────────────


def test_a_draw_from_its_published_proof(files: Files, township: Township) -> None:
    helpers(township, 10)
    path = drawn(township, "2017-03")
    township.admin.post(f"/ledger/{township.code}/checkpoint")
    proof = httpx.get(f"{township.service.address}/v1{path}/proof").json()
    files.write("proof", json.dumps(proof))
    sample = huayuan_verify.draw(proof)
    assert len(sample) == 3
    assert files.told("draw", "proof") == (0, f"true: drawn are {sample}")
    ranking, at = proof["ranking"], proof["commitment"]
    leaf = at["leaf"].replace(proof["exclusions_hash"], "0" * 64)
    forged = {**at, "leaf": leaf, "leaf_hash": sha256(b"\0" + leaf.encode()).hexdigest()}
    for changed in (
        {"frame": proof["frame"][1:]}, {"frame": [*proof["frame"], "0"]}, {"seed": "0" * 64}, {"seed": None},
        {"sources": [{**proof["sources"][0], "value": "0" * 64}]}, {"sources": proof["sources"] * 2},
        {"ranking": [ranking[1], ranking[0], *ranking[2:]]}, {"sample_size": 2}, {"population": 11}, {"draw_id": "x"},
        {"ranking": [{**r, "drawn": n < 4} for n, r in enumerate(ranking)]}, {"team_size": 2},
        {"exclusions": [{"helper_id": "x", "reason": "y"}]}, {"frame_hash": "0" * 64}, {"exclusions_hash": "0" * 64},
        {"recusals_hash": "0" * 64}, {"commitment": {**at, "leaf": at["leaf"] + " "}}, {"commitment": forged},
    ):  # fmt: skip
        with pytest.raises(Untrue):
            huayuan_verify.draw(proof | changed)
    invented = proof | {"commitment": forged, "exclusions_hash": "0" * 64}
    for changed in ({**at, "seq": at["seq"] + 1}, {**at, "inclusion": at["inclusion"][1:]}, {**at, "checkpoint": NOTE}):
        assert huayuan_verify.draw(proof | {"commitment": changed}), "who trusts no log is shown the draw alone"
        with pytest.raises(Untrue):
            huayuan_verify.draw(proof | {"commitment": changed}, files.trust)
    with pytest.raises(Untrue):
        huayuan_verify.draw(invented, files.trust)


def test_teams_by_lot() -> None:
    """As the service draws them, from what it publishes; a team of anybody else is refused."""
    units, inspectors = [f"h{n:02}" for n in range(10)], ["i1", "i2", "i3", "h01"]
    sources = [{"name": "beacon", "digest": None, "value": "ab" * 32}]
    done = service_draw.draw("411421201/2017-03/inspect", units, [("beacon", "ab" * 32)])
    pairs = [(unit, "i1") for unit in done.sample[:2]]
    barred = {unit: frozenset({i}) for unit, i in pairs}
    teams = [{"helper_id": u, "inspectors": t} for u, t in service_draw.assign(done, inspectors, barred, 2).items()]
    said = {
        "algorithm": "draw/v1", "draw_id": done.draw_id, "population": 10, "sample_size": 3,
        "frame_hash": done.frame_hash,
        "exclusions_hash": huayuan_verify.listed([]), "inspectors": inspectors, "team_size": 2,
        "recusals_hash": huayuan_verify.listed(f"{u} {i}" for u, i in pairs),
    }  # fmt: skip
    leaf = json.dumps({"data": said | {"sources": [{"name": "beacon", "digest": None}]}})
    at = {"leaf": leaf, "leaf_hash": sha256(b"\0" + leaf.encode()).hexdigest()}
    proof = said | {
        "commitment": at, "sources": sources, "seed": done.seed, "frame": units, "exclusions": [], "teams": teams,
        "recusals": [{"helper_id": u, "inspector_id": i} for u, i in pairs],
        "ranking": [{"id": i, "ticket": t, "drawn": n < 3} for n, (i, t) in enumerate(done.ranking)],
    }  # fmt: skip
    assert huayuan_verify.draw(proof) == done.sample
    for changed in (
        {"teams": [{**teams[0], "inspectors": teams[0]["inspectors"][::-1]}, *teams[1:]]},
        {"teams": teams[1:]}, {"recusals": proof["recusals"][1:]}, {"recusals": []},
    ):  # fmt: skip
        with pytest.raises(Untrue, match="teams"):
            huayuan_verify.draw(proof | changed)


def test_a_sign_off_s_statement(files: Files, township: Township) -> None:
    village = Village(township)
    path = village.signed(village.opened(), 1)
    record = village.group.read(path)
    assert [s["statement_hash"] for s in record["signatures"]] == [huayuan_verify.statement(record)]
    files.write("record", json.dumps(record, ensure_ascii=False))
    assert files.told("statement", "record") == (0, f"true: what stands was signed under {record['statement_hash']}")
    other = {**record["signatures"][0], "statement_hash": "0" * 64}
    for changed in (
        {"income_fen": 1},
        {"nonce": "0"},
        {"measures": []},
        {"statement_hash": "0" * 64},
        {"signatures": [other]},
    ):
        with pytest.raises(Untrue):
            huayuan_verify.statement(record | changed)
    assert huayuan_verify.statement(record | {"signatures": [{**other, "voided_at": "2017-12-06T00:00:00Z"}]})


async def _proofs(url: str, log: str, seqs: list[int]) -> dict[str, list[str]]:
    async with operating(url) as database, database.transaction(readonly=True) as transaction:
        size = (await standing_of(transaction, log)).signed_size
        return {str(s): [h.hex() for h in await roots(transaction, log, inclusion_ranges(s, size))] for s in seqs}


def archive(path: Path, files: dict[str, bytes], *, manifest: dict[str, str] | None = None) -> Path:
    hashes = {name: sha256(data).hexdigest() for name, data in files.items()}
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("manifest.json", json.dumps({"files": manifest or hashes}))
        for name, data in files.items():
            made.writestr(name, data)
    return path


def test_a_hand_over(files: Files, township: Township, tmp_path: Path) -> None:
    lines = (files.folder / "entries.ndjson").read_bytes().splitlines(keepends=True)
    proofs = asyncio.run(_proofs(township.service.database_url, township.code, [3, 9]))
    told = readable([json.loads(lines[3]), json.loads(lines[9])])
    inside = {
        "checkpoint": (files.folder / "checkpoint").read_bytes(), "entries.ndjson": lines[3] + lines[9],
        "proofs.json": json.dumps(proofs).encode(), "README.txt": b"how to verify",
        **{f"{subject}.json": json.dumps(said).encode() for subject, said in told.items()},
    }  # fmt: skip
    archive(tmp_path / "case.zip", inside)
    assert files.told("handover", "case.zip") == (0, "true: 2 entries of the log are handed over")
    hashes = {name: sha256(data).hexdigest() for name, data in inside.items()}
    for number, (changed, manifest) in enumerate((
        (inside | {"README.txt": b"how to believe"}, hashes),
        ({name: data for name, data in inside.items() if name != "README.txt"}, hashes),
        (inside | {f"{next(iter(told))}.json": b"[]"}, None),
        (inside | {"more.json": b""}, hashes),
        (inside | {"entries.ndjson": lines[3] + lines[8]}, None),
        (inside | {"entries.ndjson": rewritten(lines[3])}, None),
        (inside | {"checkpoint": (files.folder / "earlier").read_bytes()}, None),
        (inside | {"proofs.json": json.dumps(proofs | {"3": proofs["9"]}).encode()}, None),
    )):  # fmt: skip
        path = archive(tmp_path / f"{number}.zip", changed, manifest=manifest)
        assert refused(lambda _, path=path: huayuan_verify.handover(path, files.trust), [b""]) == 1, number
    (tmp_path / "no.zip").write_bytes(b"PK")
    assert files.told("handover", "no.zip")[0] == 1
