"""Does a witness sign only what merely grew, whatever it is told, and does the service show it what it signs?"""

import asyncio
import base64
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from app import note
from app.accounts.actions import adopt
from app.ledger import actions
from app.ledger.actions import Shown
from app.merkle import consistency_proof, leaf_hash, root
from app.note import COSIGNATURE, Note, Signer, Verifier
from app.vault import Vault
from app.witness import Policy, Refused, Witness
from tests import bulk, cluster
from tests.conftest import fresh_database
from tests.serving import ROOT, SECRET, eventually, free_port

LOG = Signer("example.cn/v1/ledger/411421201", b"l" * 32)
LEAVES = [leaf_hash(b"%d" % number) for number in range(40)]
FORKED = [*LEAVES[:10], leaf_hash(b"another story"), *LEAVES[11:]]


def signed(size: int, leaves: list[bytes] = LEAVES, signer: Signer = LOG) -> str:
    return note.checkpoint(signer, size, root(leaves[:size]))


def asked(old: int, size: int, leaves: list[bytes] = LEAVES, signer: Signer = LOG, proof: Any = None) -> bytes:
    """The body of add-checkpoint."""
    hashes = consistency_proof(leaves[:size], old) if proof is None and 0 < old <= size else proof or []
    return note.consistency_text(old, hashes, signed(size, leaves, signer)).encode()


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness(tmp_path, "witness.example/office", {LOG.name: Verifier.of(LOG.vkey)})


def refused(witness: Witness, body: bytes) -> tuple[int, str]:
    with pytest.raises(Refused) as why:
        witness.add_checkpoint(body)
    return why.value.status, why.value.words


def cosigned(line: str, body: str, vkey: str) -> None:
    """By the text of C2SP tlog-cosignature, and nothing of ours. Raises InvalidSignature."""
    name, key_id, public = vkey.split("+", 2)
    kind_and_key = base64.b64decode(public)
    assert kind_and_key[0] == COSIGNATURE
    assert sha256(name.encode() + b"\n" + kind_and_key).digest()[:4].hex() == key_id
    dash, signer, encoded = line.removesuffix("\n").split(" ")
    raw = base64.b64decode(encoded, validate=True)
    assert (dash, signer, raw[:4].hex(), len(raw)) == ("—", name, key_id, 4 + 8 + 64)
    time = int.from_bytes(raw[4:12], "big")
    text = f"cosignature/v1\ntime {time}\n{body}"
    Ed25519PublicKey.from_public_bytes(kind_and_key[1:]).verify(raw[12:], text.encode())


# ── the witness ──────────────────────────────────────────────────────────────────────────────────


def test_what_merely_grew_is_cosigned(witness: Witness) -> None:
    body = signed(7).partition("\n\n")[0] + "\n"
    for old, size in ((0, 3), (3, 3), (3, 7), (7, 7)):
        line = witness.add_checkpoint(asked(old, size))
    cosigned(line, body, witness.signer.vkey)
    with pytest.raises(InvalidSignature):
        cosigned(line, body.replace("7", "8"), witness.signer.vkey)
    assert Verifier.of(witness.signer.vkey).signature_in(Note.of(signed(7) + line)) == line
    assert Verifier.of(witness.signer.vkey).signature_in(Note.of(signed(8) + line)) is None


def test_what_did_not_merely_grow_is_refused_and_changes_nothing(witness: Witness) -> None:
    witness.add_checkpoint(asked(0, 20))
    stranger = Signer(LOG.name, b"x" * 32)
    nowhere = Signer("example.cn/v1/ledger/000000", b"l" * 32)
    assert refused(witness, asked(0, 20, signer=nowhere))[0] == 404
    assert refused(witness, asked(20, 25, signer=stranger))[0] == 403
    assert refused(witness, asked(26, 25))[0] == 400
    assert refused(witness, asked(10, 25)) == (409, "20\n")
    assert refused(witness, asked(0, 25)) == (409, "20\n")
    assert refused(witness, asked(20, 20, FORKED)) == (409, "20\n"), "as large, and another tree"
    assert refused(witness, asked(20, 25, FORKED))[0] == 422
    assert refused(witness, asked(20, 25, proof=[]))[0] == 422
    assert refused(witness, asked(20, 25, proof=consistency_proof(LEAVES[:25], 19)))[0] == 422
    witness.add_checkpoint(asked(20, 25))


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\n", b"old 20", asked(20, 25).replace(b"old 20", b"old 020"),
        asked(20, 25).replace(b"old 20", b"old -1"),
        asked(20, 25).replace(b"old 20", b"new 20"), asked(20, 25).replace(b"\n\n", b"\n", 1), asked(20, 25)[:-1],
        asked(20, 25).replace(b"=\n", b"\n", 1), asked(20, 25, proof=[b"short"]), asked(20, 25, proof=[b"x" * 32] * 64),
        asked(20, 25) + b"\xff", asked(20, 25) + b"\n", asked(20, 25).replace(b"\n25\n", b"\n0x19\n"),
        asked(20, 25).replace(b"\xe2\x80\x94", b"-"), b"old 0\n\n" + b"\n" * 50, asked(20, 25).replace(b"old", b"old "),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused(witness: Witness, body: bytes) -> None:
    witness.add_checkpoint(asked(0, 20))
    assert refused(witness, body)[0] == 400
    witness.add_checkpoint(asked(20, 25))


def test_of_two_at_once_one_is_signed_and_nothing_rolls_back(witness: Witness) -> None:
    for round_ in range(10):
        old = round_ * 4
        with ThreadPoolExecutor(2) as threads:
            tried = [threads.submit(witness.add_checkpoint, asked(old, old + more)) for more in (4, 2)]
            outcomes = [each.exception() for each in tried]
        assert outcomes.count(None) == 1
        if outcomes[0] is not None:
            witness.add_checkpoint(asked(old + 2, old + 4))


A, B, C = (Signer(name, name.encode() * 32, COSIGNATURE).vkey for name in "abc")
GOOD = f"""# those of the county
log {LOG.vkey} https://example.cn/v1/ledger/411421201
witness A {A} https://a.example
witness B\t{B}
witness C {C}

group two 2 A B C
quorum two
"""


def test_a_policy_says_which_witnesses_are_enough() -> None:
    policy = Policy.of(GOOD)
    assert list(policy.logs) == [LOG.name]
    assert {name: url for name, (_, url) in policy.witnesses.items()} == {
        "A": "https://a.example",
        "B": None,
        "C": None,
    }
    sets = ["", "A", "B", "AB", "AC", "ABC", "XYZ"]
    assert [names for names in sets if policy.is_met(names)] == ["AB", "AC", "ABC"]
    assert [n for n in sets if Policy.of(GOOD.replace("two 2", "two any")).is_met(n)] == ["A", "B", "AB", "AC", "ABC"]
    assert [n for n in sets if Policy.of(GOOD.replace("two 2", "two all")).is_met(n)] == ["ABC"]
    assert Policy.of("quorum none\n").is_met([])


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("quorum two", ""), ("quorum two", "quorum three"), ("quorum two", "quorum two\nquorum two"),
        ("two 2", "two 4"), ("two 2", "two 0"), ("2 A B C", "2 A A C"), ("2 A B C", "2 A B D"), ("log ", "lag "),
        ("two 2 A B C", "none 2 A B C"), (f"log {LOG.vkey}", f"log {LOG.vkey[:-2]}"), ("quorum two", "quorum"),
        ("witness B", "witness A"), (A, LOG.vkey), (B, "b+00+AA"), (B, C),
    ],
)  # fmt: skip
def test_what_is_no_policy_is_refused(was: str, now: str) -> None:
    assert was in GOOD
    with pytest.raises(ValueError, match=r"line|quorum"):
        Policy.of(GOOD.replace(was, now, 1))


# ── another office runs it, the service asks it ──────────────────────────────────────────────────


@dataclass
class Office:
    """A witness as an operator starts it."""

    folder: Path
    port: int
    process: subprocess.Popen[str] | None = None
    vkey: str = ""

    def start(self) -> None:
        command = [
            sys.executable,
            "-m",
            "app.cli",
            "witness",
            str(self.folder / "policy"),
            "--name",
            "witness.example/w",
        ]
        command += ["--folder", str(self.folder / "kept"), "--port", str(self.port)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.vkey = self.process.stdout.readline().strip()  # type: ignore[union-attr]
        assert eventually(lambda: httpx.get(self.url).text.strip() == self.vkey)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.communicate(timeout=10)


VAULT = Vault(SECRET.encode())
ORIGIN = "example.cn/v1/ledger"
COUNTY, TOWNSHIP = "411421", "411421201"


@contextmanager
def watching(folder: Path) -> Iterator[Office]:
    """A witness of the township and its county, running."""
    logs = "".join(f"log {VAULT.signer(f'{ORIGIN}/{log}').vkey}\n" for log in (COUNTY, TOWNSHIP))
    (folder / "policy").write_text(f"{logs}quorum none\n", "utf-8")
    made = Office(folder, free_port())
    made.start()
    yield made
    made.kill()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with watching(tmp_path) as made:
        yield made


def policy_with(office: Office) -> Policy:
    return Policy.of(f"witness office {office.vkey} {office.url}\nquorum office\n")


def sign(url: str, policy: Policy) -> dict[str, tuple[int, dict[str, Shown]]]:
    found = asyncio.run(actions.sign_county(url, VAULT, ORIGIN, COUNTY, policy))
    return {one.log: (one.size, one.shown) for one in found}


def append(url: str, chance: random.Random) -> None:
    with psycopg.connect(url) as connection:
        bulk.append(connection, TOWNSHIP, bulk.entries(TOWNSHIP, chance.randint(1, 400), chance))


def standing(url: str, log: str) -> actions.Standing:
    with psycopg.connect(url) as connection:
        cluster.enter(connection, county=COUNTY, reach="county")
        (found,) = connection.execute("select log_standing(%s, null)", [log]).fetchone()  # type: ignore[misc]
    return actions.Standing.of(log, found)


def test_what_is_signed_bears_the_witness_and_a_second_story_is_refused(
    own_database_url: str, server_url: str, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of the database goes on by another way: its log is signed by the same key, and the witness refuses it."""
    asyncio.run(adopt(own_database_url, VAULT, TOWNSHIP, "管理员", "admin", "correct horse battery"))
    policy, chance = policy_with(office), random.Random(1)
    assert {log: shown for log, (_, shown) in sign(own_database_url, policy).items()} == {
        TOWNSHIP: {"office": Shown.COSIGNED}, COUNTY: {"office": Shown.COSIGNED},
    }  # fmt: skip
    text = Note.of(standing(own_database_url, TOWNSHIP).note)
    cosigned(text.signatures[1][2], text.body, office.vkey)
    assert Verifier.of(VAULT.signer(f"{ORIGIN}/{TOWNSHIP}").vkey).signature_in(text) is not None
    name = psycopg.conninfo.conninfo_to_dict(own_database_url)["dbname"]
    for copy in fresh_database(server_url, str(name), f"huayuan_test_{os.getpid()}_copy"):
        for url in (own_database_url, copy):
            append(url, chance)
        honest, forked = sign(own_database_url, policy), sign(copy, policy)
        assert honest[TOWNSHIP][1] == honest[COUNTY][1] == {"office": Shown.COSIGNED}
        assert forked[TOWNSHIP][1] == forked[COUNTY][1] == {"office": Shown.REFUSED}
        assert standing(copy, TOWNSHIP).shown(VAULT, ORIGIN).count("witness.example/w") == 0
        for setting, value in {
            "DATABASE_URL": copy, "SECRET": SECRET, "LOG_ORIGIN": ORIGIN, "WITNESSES": str(office.folder / "asked"),
        }.items():  # fmt: skip
            monkeypatch.setenv(f"HUAYUAN_{setting}", value)
        (office.folder / "asked").write_text(f"witness office {office.vkey} {office.url}\nquorum office\n", "utf-8")
        command = [sys.executable, "-m", "app.cli", "checkpoint", COUNTY]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, "office:refused" in done.stdout, "a witness refused" in done.stderr) == (1, True, True)
        monkeypatch.setenv("HUAYUAN_DATABASE_URL", own_database_url)
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout.count("office:cosigned")) == (0, 2), done.stderr


def test_a_witness_that_was_killed_remembers_and_one_that_is_away_is_asked_again(
    own_database_url: str, office: Office
) -> None:
    asyncio.run(adopt(own_database_url, VAULT, TOWNSHIP, "管理员", "admin", "correct horse battery"))
    policy = policy_with(office)
    sign(own_database_url, policy)
    size = standing(own_database_url, TOWNSHIP).signed_size
    office.kill()
    append(own_database_url, random.Random(2))
    assert sign(own_database_url, policy)[TOWNSHIP][1] == {"office": Shown.UNREACHABLE}
    before = office.vkey
    office.start()
    assert office.vkey == before
    body = note.consistency_text(size + 1, [], standing(own_database_url, TOWNSHIP).note).encode()
    answer = httpx.post(f"{office.url}/add-checkpoint", content=body)
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (409, f"{size}\n", "text/x.tlog.size")
    with psycopg.connect(own_database_url) as connection:
        connection.execute("delete from log_cosignature")  # as in an old backup: the witness says where it stands
    assert sign(own_database_url, policy)[TOWNSHIP][1] == {"office": Shown.COSIGNED}
    assert httpx.post(f"{office.url}/add-checkpoint", content=b"x" * 70_000).status_code == 413
    assert httpx.get(f"{office.url}/add-checkpoint").status_code == 405
