"""Does the service prove what it says of a log, and does it never sign two stories?"""

import asyncio
import base64
import random
from collections.abc import Iterator
from hashlib import sha256

import httpx
import psycopg
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from app.accounts.actions import adopt
from app.database import PLANNED_ONCE
from app.ledger import actions
from app.merkle import leaf_hash, root, verify_consistency, verify_inclusion
from app.refusal import NotFound
from app.vault import Vault
from tests import bulk, cluster
from tests.conftest import Township

Connection = psycopg.Connection[tuple[object, ...]]
TEXT = {"accept": "text/plain"}
SIZE = 70_000
"""273 full tiles, a partial one of 112 leaves, one full tile of level 1 and a partial one of 17."""


@pytest.fixture
def owner(own_database_url: str) -> Iterator[Connection]:
    with psycopg.connect(own_database_url) as connection:
        yield connection


def public(township: Township, path: str, **query: object) -> httpx.Response:
    accept = {"accept": str(query.pop("accept"))} if "accept" in query else {}
    return httpx.get(
        f"{township.service.address}/v1/ledger/{township.code}/{path}", params=query or None, headers=accept
    )


def verified(note: str, key: str) -> tuple[str, int, bytes]:
    """Origin, size and root of a note, by the text of C2SP signed-note and nothing of ours."""
    name, key_id, public_key = key.split("+", 2)
    kind_and_key = base64.b64decode(public_key)
    assert sha256(name.encode() + b"\n" + kind_and_key).digest()[:4].hex() == key_id
    assert kind_and_key[0] == 1
    body, _, signatures = note.rpartition("\n\n")
    dash, signer, signature = signatures.rstrip("\n").split(" ")
    raw = base64.b64decode(signature, validate=True)
    assert (dash, signer, raw[:4].hex()) == ("—", name, key_id)
    Ed25519PublicKey.from_public_bytes(kind_and_key[1:]).verify(raw[4:], f"{body}\n".encode())
    origin, size, encoded = body.split("\n")
    return origin, int(size), base64.b64decode(encoded, validate=True)


@pytest.fixture(scope="module")
def large(shared_township: Township) -> tuple[Township, bulk.Tree]:
    """A township whose log has 70,000 entries, signed once before and once after most of them."""
    place = shared_township
    place.admin.post(f"/ledger/{place.code}/checkpoint")
    with psycopg.connect(place.service.database_url) as connection:
        rows = connection.execute("select leaf from log_event where township_code = %s order by seq", [place.code])
        own = [row[0] for row in rows]
        more = bulk.entries(place.code, SIZE - len(own), random.Random(1))
        columns = "event, subject_id, helper_id, household_id, at, leaf_hash, leaf"
        found = connection.execute(
            f"select {columns} from log_event where township_code = %s order by seq", [place.code]
        )
        first = [(bulk.Entry(e, "", s, helper=h, household=f), at, leaf, None) for e, s, h, f, at, _, leaf in found]
        tree = bulk.load(connection, place.code, [*first, *more])
    assert place.admin.post(f"/ledger/{place.code}/checkpoint").json()["signed"]["size"] == SIZE
    return place, tree


def test_appends_leave_the_rows_that_the_bulk_loader_makes(owner: Connection) -> None:
    """So that what large logs show holds for real ones; across the first tile of level 2 in the long run."""
    rows = list(bulk.entries("411421701", 1_300, random.Random(2)))
    bulk.append(owner, "411421701", rows)
    moved = "update {} set township_code = '411421702' where township_code = '411421701'"
    tables = {
        "log_head": "size, frontier, root",
        "log_tile": "level, number, root",
        "log_event": "seq, event, subject_id, helper_id, household_id, at, leaf_hash, leaf, disclosed",
    }
    for table in tables:
        owner.execute(moved.format(table))
    bulk.load(owner, "411421701", rows)
    for table, columns in tables.items():
        one, other = (
            owner.execute(f"select {columns} from {table} where township_code = %s order by 1, 2", [code]).fetchall()
            for code in ("411421701", "411421702")
        )
        assert one == other
    assert owner.execute("select count(*) from log_tile where township_code = '411421702'").fetchone() == (5,)


def test_every_entry_is_proved_to_be_in_the_signed_tree(large: tuple[Township, bulk.Tree]) -> None:
    place, tree = large
    chance, whole = random.Random(3), tree.subtree(0, SIZE)
    for index in [0, 255, 256, 65_535, 65_536, SIZE - 1, *(chance.randrange(SIZE) for _ in range(30))]:
        told = public(place, "proof/inclusion", index=index).json()
        leaf, *proof = (bytes.fromhex(text) for text in (told["leaf_hash"], *told["proof"]))
        assert (told["size"], leaf, told["root"]) == (SIZE, tree.levels[0][index], whole.hex())
        assert verify_inclusion(leaf, index, SIZE, proof, whole)
        assert not verify_inclusion(leaf, index ^ 1, SIZE, proof, whole)


def test_any_earlier_tree_is_proved_to_be_the_beginning_of_any_later_one(large: tuple[Township, bulk.Tree]) -> None:
    place, tree = large
    chance = random.Random(4)
    pairs = [(0, 1), (1, SIZE), (256, 65_536), (65_536, SIZE), (SIZE, SIZE)]
    for old, size in [*pairs, *(sorted((chance.randint(1, SIZE), chance.randint(1, SIZE))) for _ in range(30))]:
        told = public(place, "proof/consistency", old=old, size=size).json()
        proof = [bytes.fromhex(text) for text in told["proof"]]
        roots = root(tree.levels[0][:old]), tree.subtree(0, size)
        assert (told["old_root"], told["root"]) == tuple(item.hex() for item in roots)
        assert verify_consistency(old, size, *roots, proof)
        assert old in (0, size) or not verify_consistency(old, size, tree.levels[0][0], roots[1], proof) or old == 1


def test_tiles_are_the_hashes_of_the_tree_and_bundles_the_leaves(large: tuple[Township, bulk.Tree]) -> None:
    """The example of C2SP tlog-tiles: a tree of 70,000."""
    place, tree = large
    for path, level, first, width in (
        ("0/000", 0, 0, 256), ("0/272", 0, 272 * 256, 256), ("0/273.p/112", 0, 273 * 256, 112),
        ("0/273.p/7", 0, 273 * 256, 7), ("1/000", 1, 0, 256), ("1/001.p/17", 1, 256, 17), ("2/000.p/1", 2, 0, 1),
    ):  # fmt: skip
        answer = public(place, f"tile/{path}")
        assert answer.content == b"".join(tree.levels[level][first : first + width]), path
        assert answer.headers["content-type"] == "application/octet-stream"
        assert "immutable" in answer.headers["cache-control"]
    for path in ("0/273", "0/273.p/113", "0/274.p/1", "1/001", "1/001.p/18", "2/000.p/2", "3/000.p/1", "0/x000/000"):
        assert public(place, f"tile/{path}").status_code == 404, path
    for path in ("0/0", "0/000.p/0", "0/000.p/256", "64/000", "00/000", "0/1000", "0/x1/000", "0/000.p/", "x/000"):
        assert public(place, f"tile/{path}").status_code in (404, 422), path
    reader, hashes = place.office("assessor"), []
    body = reader.get(f"/ledger/{place.code}/tile/entries/273.p/112").content
    while body:
        end = 2 + int.from_bytes(body[:2], "big")
        hashes.append(leaf_hash(body[2:end]))
        body = body[end:]
    assert hashes == tree.levels[0][273 * 256 :]
    assert reader.get(f"/ledger/{place.code}/tile/entries/273").status_code == 404


def test_who_may_read_leaves(large: tuple[Township, bulk.Tree]) -> None:
    """Hashes tell nothing; a leaf names accounts and people by their ids, so that it needs an office."""
    place, _ = large
    path = f"/ledger/{place.code}/tile/entries/000"
    assert public(place, "tile/entries/000").status_code == 401
    assert place.admin.get(path).status_code == 403
    assert place.office("assessor").get(path).status_code == 200
    assert place.office("assessor").get("/ledger/411421999/tile/entries/000").status_code == 404


def test_a_checkpoint_is_a_signed_note_and_says_what_the_tree_is(large: tuple[Township, bulk.Tree]) -> None:
    place, tree = large
    told = public(place, "checkpoint").json()
    assert told["origin"] == f"huayuan/{place.code}"
    note = public(place, "checkpoint", **TEXT).text
    assert verified(note, told["key"]) == (told["origin"], SIZE, tree.subtree(0, SIZE))
    with httpx.Client() as client:
        del client.headers["accept"]
        assert client.get(f"{place.service.address}/v1/ledger/{place.code}/checkpoint").text == note
    changed = note.replace(str(SIZE), str(SIZE - 1))
    with pytest.raises(InvalidSignature):
        verified(changed, told["key"])


def test_proofs_as_text_carry_the_signed_note(large: tuple[Township, bulk.Tree]) -> None:
    """C2SP tlog-proof, and the body of tlog-witness add-checkpoint."""
    place, tree = large
    note = public(place, "checkpoint", **TEXT).text
    head, _, rest = public(place, "proof/inclusion", index=300, **TEXT).text.partition("\n\n")
    assert rest == note
    magic, index, *lines = head.split("\n")
    assert (magic, index) == ("c2sp.org/tlog-proof@v1", "index 300")
    proof = [base64.b64decode(line, validate=True) for line in lines]
    assert verify_inclusion(tree.levels[0][300], 300, SIZE, proof, tree.subtree(0, SIZE))
    head, _, rest = public(place, "proof/consistency", old=300, **TEXT).text.partition("\n\n")
    assert rest == note
    old, *lines = head.split("\n")
    assert old == "old 300"
    proof = [base64.b64decode(line, validate=True) for line in lines]
    assert verify_consistency(300, SIZE, tree.subtree(0, 300), tree.subtree(0, SIZE), proof)
    assert public(place, "proof/inclusion", index=1, size=SIZE - 1, **TEXT).json()["code"] == "nothing-signed"


def test_what_is_not_in_the_tree_has_no_proof(large: tuple[Township, bulk.Tree]) -> None:
    place, _ = large
    for path, query in (
        ("proof/inclusion", {"index": SIZE}), ("proof/inclusion", {"index": 5, "size": 5}),
        ("proof/inclusion", {"index": 0, "size": 2 * SIZE}), ("proof/consistency", {"old": SIZE + 1}),
        ("proof/consistency", {"old": 2, "size": 1}),
    ):  # fmt: skip
        assert public(place, path, **query).json()["code"] == "outside-the-tree", (path, query)
    for query in ({}, {"index": -1}, {"index": 2**64}, {"index": 1, "size": 0}, {"index": 1, "leaf": 1}):
        assert public(place, "proof/inclusion", **query).status_code == 422, query


def test_only_administrators_sign_and_only_what_has_grown_is_signed(township: Township) -> None:
    path = f"/ledger/{township.code}/checkpoint"
    assert public(township, "checkpoint", **TEXT).json()["code"] == "nothing-signed"
    assert public(township, "proof/inclusion", index=0).json()["code"] == "nothing-signed"
    assert township.office("party_committee").post(path).status_code == 403
    assert township.admin.post("/ledger/411421999/checkpoint").status_code == 404
    first, again = township.admin.post(path), township.admin.post(path)
    assert first.headers["ledger-entry"].startswith("411421/"), "the county's log has it as a leaf"
    assert "ledger-entry" not in again.headers
    assert first.json() == again.json()
    signed = first.json()["signed"]
    assert (signed["size"], signed["root"]) == (first.json()["size"], first.json()["root"])
    township.person("后来")
    grown = public(township, "checkpoint").json()
    assert grown["size"] == signed["size"] + 1
    assert grown["signed"] == signed, "what was signed stays until it is signed again"


def test_the_county_s_log_holds_what_its_townships_signed(township: Township) -> None:
    told = township.admin.post(f"/ledger/{township.code}/checkpoint")
    seq = int(told.headers["ledger-entry"].split("/")[1])
    with psycopg.connect(township.service.database_url) as connection:
        query = "select event, convert_from(leaf, 'UTF8')::json->'data' from log_event"
        event, data = connection.execute(f"{query} where township_code = '411421' and seq = %s", [seq]).fetchone()  # type: ignore[misc]
    body = told.json()
    assert event == "checkpoint.signed"
    assert data == {name: body[name] for name in ("log", "origin", "size", "root")}


def test_a_rewritten_log_is_not_signed(township: Township) -> None:
    """Not when it was rewritten with all its hashes, not when it was cut, not when its head alone was."""
    path = f"/ledger/{township.code}/checkpoint"
    signed = township.admin.post(path).json()["signed"]
    township.person("后来")
    forged = list(bulk.entries(township.code, signed["size"] + 5, random.Random(5)))
    for rows in (forged, forged[: signed["size"]], forged[:3], []):
        with psycopg.connect(township.service.database_url) as connection:
            bulk.load(connection, township.code, rows)
        refused = township.admin.post(path)
        assert (refused.status_code, refused.json()["code"]) == (409, "history-rewritten"), len(rows)
    assert public(township, "checkpoint").json()["signed"] == signed


def test_the_application_signs_no_tree_that_is_not_there(township: Township) -> None:
    """The database refuses it whatever the application says; and the application takes nothing back."""
    told = public(township, "checkpoint").json()
    with psycopg.connect(township.service.database_url) as connection:
        connection.execute("set local role huayuan_app")
        for statement, error in (
            ("select log_sign(left('{0}', 6), '{0}', {1}, sha256('x'), '')", psycopg.errors.CheckViolation),
            (
                "select log_sign(left('{0}', 6), '{0}', {1} + 1, decode('{2}', 'hex'), '')",
                psycopg.errors.CheckViolation,
            ),
            ("select log_sign('411421', '411421999', 1, sha256('x'), '')", psycopg.errors.InsufficientPrivilege),
            ("delete from log_checkpoint", psycopg.errors.InsufficientPrivilege),
            ("update log_checkpoint set size = 1", psycopg.errors.InsufficientPrivilege),
            ("insert into log_tile select * from log_tile", psycopg.errors.InsufficientPrivilege),
        ):
            cluster.enter(connection, county="411421", township=township.code, reach="township")
            with pytest.raises(error), connection.transaction():
                connection.execute(statement.format(township.code, told["size"], told["root"]))  # type: ignore[arg-type]


def test_the_operator_signs_a_whole_county(own_database_url: str) -> None:
    vault, places = Vault(b"s" * 32), ("411421701", "411421702", "411421")
    for place in places:
        asyncio.run(adopt(own_database_url, vault, place, "管理员", "admin", "correct horse battery"))

    def signed(county: str) -> dict[str, int]:
        done = asyncio.run(actions.sign_county(own_database_url, vault, "example.cn/v1/ledger", county, None))
        return {one.log: one.size for one in done}

    first = signed("411421")
    assert tuple(first) == places, "the county's own log comes last, with what its townships signed"
    assert signed("411421") == first, "nothing grew, nothing is signed"
    assert signed("0")["0"] > 0
    with pytest.raises(NotFound):
        signed("990000")
    with psycopg.connect(own_database_url) as connection:
        heads = dict(connection.execute("select township_code, size from log_head").fetchall())
        notes = dict(connection.execute("select township_code, note from log_checkpoint").fetchall())
    assert heads == first | {"0": heads["0"]}
    for log, size in heads.items():
        signer = vault.signer(f"example.cn/v1/ledger/{log}")
        assert verified(notes[log], signer.vkey)[:2] == (signer.name, size)


def test_every_log_extends_the_empty_one(large: tuple[Township, bulk.Tree]) -> None:
    """Of the signed size the root is known, so nothing at all is asked of the stored hashes."""
    told = public(large[0], "proof/consistency", old=0).json()
    assert (told["proof"], told["old_root"]) == ([], sha256(b"").hexdigest())


@pytest.mark.one_server("a cluster's nodes count their own reads")
def test_an_old_checkpoint_is_found_by_its_size_and_not_among_all(owner: Connection) -> None:
    """Anyone may ask for a proof of any size."""
    place = ("411421", "411421701")
    owner.execute("select log_open(%s, %s)", place)
    owner.execute(
        "insert into log_checkpoint (county_code, township_code, size, root, note)"
        " select %s, %s, n, '', '' from generate_series(1, 10000) n", place,
    )  # fmt: skip
    for name, value in PLANNED_ONCE.items():
        owner.execute("select set_config(%s, %s, false)", [name, value])

    def blocks(asked: str) -> int:
        """How many are looked at, within functions too."""
        for _ in range(2):  # at first the catalogue is read as well
            found = owner.execute(f"explain (analyze, buffers, format json) {asked}").fetchone()  # type: ignore[arg-type]
        assert found
        plan = found[0][0]["Plan"]  # type: ignore[index]
        return int(plan["Shared Hit Blocks"]) + int(plan["Shared Read Blocks"])

    for size in ("7", "null", "20000"):
        assert blocks(f"select log_standing('{place[1]}', {size})") < 30
    here = "(county_code, township_code) = ('411421', '411421701')"
    assert blocks(f"select from log_checkpoint where {here} and note = 'none'") > 60, "control"
