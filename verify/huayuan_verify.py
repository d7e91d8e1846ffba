"""Is it true? Checks what a Huayuan service says from files alone: it asks no service and shares no code with one.
核验程序:只凭文件核验检查点、台账、证明、抽签、签字声明和移交包,不连接、不信任被核验的系统。
    python verify/huayuan_verify.py --key VKEY [--witness VKEY]... [--quorum N] WHAT FILE...
WHAT: checkpoint NOTE | log ENTRIES NOTE [EARLIER_NOTE]... | inclusion TLOG_PROOF LEAF | consistency PROOF EARLIER_NOTE
| handover ZIP | draw PROOF_JSON (with a key: its commitment too) | statement SIGNOFF_JSON (without one). Ends with 0
where all holds. Have keys (vkeys) from somebody you trust, not from the service. Notes need all witnesses, or N."""

import argparse
import hmac
import json
import re
import sys
import zipfile
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SIGNED = ("household_id", "year", "revision", "out_of_poverty", "outside_rule", "measures", "income_fen", "checks",
          "nonce")  # fmt: skip
COMMITTED = ("algorithm", "draw_id", "population", "sample_size", "frame_hash", "exclusions_hash", "recusals_hash",
             "inspectors", "team_size")  # fmt: skip
read = partial(Path.read_text, encoding="utf-8")
canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


class Untrue(ValueError):
    """Something does not hold; the message says what."""


def require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Untrue(otherwise)


def leaf_hash(leaf: bytes) -> bytes:
    return sha256(b"\0" + leaf).digest()


def root(hashes: Sequence[bytes]) -> bytes:
    """The root over the hashes of leaves: neighbours are paired, floor by floor; one left over goes up as it is."""
    floor = list(hashes)
    while len(floor) > 1:
        pairs = zip(floor[::2], floor[1::2], strict=False)
        floor = [sha256(b"\1" + a + b).digest() for a, b in pairs] + floor[len(floor) & ~1 :]
    return floor[0] if floor else sha256().digest()


def climb(node: bytes, index: int, inner: int, proof: Sequence[bytes], *, right: bool = True) -> bytes:
    """The root over the node, with its neighbours from below; above `inner` floors all stand on its left."""
    for floor, other in enumerate(proof):
        if floor >= inner or index >> floor & 1:
            node = root([other, node])
        elif right:
            node = root([node, other])
    return node if len(proof) == inner + (index >> inner).bit_count() else b""


def included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> bool:
    """Does the proof lead from the leaf's hash to the root of the tree? (RFC 9162, 2.1.3.2)"""
    if not 0 <= index < size or any(len(h) != 32 for h in (leaf, expected, *proof)):
        return False
    return climb(leaf, index, (index ^ (size - 1)).bit_length(), proof) == expected


def consistent(old: int, size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Is one tree the beginning of the other? (RFC 9162, 2.1.4.2) The empty one is, by the empty proof (C2SP)."""
    if not 0 <= old <= size or any(len(h) != 32 for h in (old_root, new_root, *proof)):
        return False
    if old in (0, size):
        return not proof and old_root == (new_root if old else root([])) and (size > 0 or new_root == root([]))
    if old & (old - 1) == 0:  # the old tree is one perfect subtree, whose root the proof leaves out
        proof = [old_root, *proof]
    skip = (old & -old).bit_length() - 1  # the proof begins with the old tree's last perfect subtree
    path = (old - 1) >> skip, ((old - 1) ^ (size - 1)).bit_length() - skip, proof[1:]
    ends = [climb(proof[0], *path, right=right) for right in (False, True)] if proof else []
    return ends == [old_root, new_root]


ALGORITHMS: dict[int, Callable[[bytes, bytes, bytes], None]] = {  # by signature type byte: another one, another row
    0x01: lambda public, signature, text: Ed25519PublicKey.from_public_bytes(public).verify(signature, text),
    0x04: lambda public, signature, text: ALGORITHMS[0x01](
        public, signature[8:], b"cosignature/v1\ntime %d\n%b" % (int.from_bytes(signature[:8], "big"), text)),
}  # fmt: skip
Checkpoint = tuple[int, bytes]  # a log had that many entries under that root


def unbase64(text: str) -> bytes:
    raw = b64decode(text, validate=True)  # and only the one way to write those bytes:
    require(b64encode(raw).decode() == text, f"not base64: {text[:60]!r}")
    return raw


class Key(NamedTuple):
    name: str
    id: bytes
    kind: int
    public: bytes

    @classmethod
    def of(cls, vkey: str) -> "Key":
        name, key_id, encoded = vkey.split("+", 2)
        raw = unbase64(encoded)
        require(sha256(name.encode() + b"\n" + raw).digest()[:4].hex() == key_id, f"{name}: the key has another id")
        return cls(name, bytes.fromhex(key_id), raw[0], raw[1:])


class Trust(NamedTuple):  # whose signatures a checkpoint must bear: its log's, and of `quorum` witnesses (None: of all)
    log: Key
    witnesses: Sequence[Key] = ()
    quorum: int | None = None

    def checkpoint(self, note: str) -> Checkpoint:
        """What the note says. A wrong signature of a known key spoils it, unknown keys are skipped. Raises Untrue."""
        text, gap, lines = note.rpartition("\n\n")
        form = re.fullmatch("(\u2014 \\S+ \\S+\n)+", lines) and min(note.replace("\n", " ")) >= " "
        require(bool(gap and form), "this is no signed note")
        known, signed = {(key.name, key.id): key for key in (self.log, *self.witnesses)}, set()
        for _, name, encoded in map(str.split, lines[:-1].split("\n")):
            signature = unbase64(encoded)
            if key := known.get((name, signature[:4])):
                try:
                    ALGORITHMS[key.kind](key.public, signature[4:], f"{text}\n".encode())
                except InvalidSignature as error:
                    raise Untrue(f"the signature of {name} is wrong") from error
                signed.add(key)
        require(self.log in signed, f"{self.log.name} has not signed this")
        seen, wanted = len(signed) - 1, len(self.witnesses) if self.quorum is None else self.quorum
        require(seen >= wanted, f"{seen} of the witnesses have cosigned, {wanted} are wanted")
        if not (found := re.fullmatch(re.escape(self.log.name) + r"\n(0|[1-9][0-9]{0,18})\n(.{44})(\n.+)*", text)):
            raise Untrue("this is no checkpoint of the log")
        return int(found[1]), unbase64(found[2])

    def proof(self, form: str, text: str) -> tuple[int, list[bytes], Checkpoint]:
        """The number in a proof's head, its hashes, and the checkpoint below. Raises Untrue."""
        head, _, note = text.partition("\n\n")
        if not (found := re.fullmatch(form + r"(0|[1-9][0-9]{0,18})((?:\n.{44})*)", head)):
            raise Untrue("this is no proof of that form")
        return int(found[1]), [unbase64(line) for line in found[2].split("\n")[1:]], self.checkpoint(note)

    def inclusion(self, text: str, leaf: bytes) -> int:
        """C2SP tlog-proof: where in the log the leaf stands. Raises Untrue."""
        index, hashes, (size, top) = self.proof(r"c2sp\.org/tlog-proof@v1\n(?:extra .*\n)?index ", text)
        require(included(leaf_hash(leaf), index, size, hashes, top), "the leaf is not in the log")
        return index

    def consistency(self, text: str, earlier: Checkpoint) -> int:
        """The text of `proof/consistency`: the size to which the log of the earlier checkpoint grew. Raises Untrue."""
        old, hashes, (size, top) = self.proof("old ", text)
        holds = old == earlier[0] and consistent(old, size, earlier[1], top, hashes)
        require(holds, f"it is not shown that the log of {size} entries extends the one of {earlier[0]}")
        return size


def entry_hash(entry: Mapping[str, Any]) -> bytes:
    """The leaf's hash, once everything that stands beside the leaf is what the leaf says. Raises Untrue."""
    digest, leaf = leaf_hash(entry["leaf"].encode()), json.loads(entry["leaf"])
    meant = [leaf["log"], leaf["event"], leaf["subject"]["id"], leaf["at"], leaf.get("helper"), leaf.get("household")]
    beside = [entry[k] for k in ("log", "event", "subject_id", "happened_at", "helper_id", "household_id")]
    require(digest.hex() == entry["leaf_hash"] and meant == beside, "what stands beside the leaf is not what it says")
    for name, shown in (entry["disclosed"] or {}).items():
        said = hmac.digest(bytes.fromhex(shown["salt"]), canonical({name: shown["value"]}).encode(), "sha256").hex()
        require(leaf["sealed"].get(name) == said, f"{name} is not what was sealed")
    return digest


def entries(lines: Iterable[str | bytes]) -> Iterator[tuple[int, bytes]]:
    """The number and the leaf's hash of each entry of an NDJSON file. Raises Untrue."""
    for number, line in enumerate(lines):
        try:
            entry = json.loads(line)
            yield entry["seq"], entry_hash(entry)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Untrue(f"line {number + 1}: {error!r}") from error


def whole_log(lines: Iterable[str | bytes], now: Checkpoint, earlier: Iterable[Checkpoint] = ()) -> int:
    """Are these all the entries of the checkpoint, and did the log only grow since each earlier one? How many."""
    hashes: list[bytes] = []
    for seq, digest in entries(lines):
        require(seq == len(hashes), f"entry {len(hashes)} is missing: {seq} stands in its place")
        hashes.append(digest)
    require(len(hashes) == now[0], f"{len(hashes)} entries are here, {now[0]} were signed")
    for size, top in (now, *earlier):
        require(size <= now[0] and root(hashes[:size]) == top, f"the first {size} entries are not those signed")
    return len(hashes)


def listed(items: Iterable[str]) -> str:
    return sha256(b"".join(item + b"\n" for item in sorted(item.encode() for item in items))).hexdigest()


def lots(seed: bytes, sample: Sequence[str], proof: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The team of each who is drawn: the lowest tickets, nobody who is barred, nobody more often than his share."""
    load, shares = dict.fromkeys(proof["inspectors"], 0), proof["team_size"] * len(sample)
    barred = [(r["helper_id"], r["inspector_id"]) for r in proof["recusals"]]
    for unit in sample:
        free = [i for i in load if load[i] * len(load) < shares and i != unit and (unit, i) not in barred]
        lot = sorted((sha256(b"\3" + seed + f"{unit}\n{i}".encode()).digest(), i) for i in free)
        team = [i for _, i in lot[: proof["team_size"]]]
        load |= {i: load[i] + 1 for i in team}
        yield {"helper_id": unit, "inspectors": team}


def draw(proof: Mapping[str, Any], trust: Trust | None = None) -> list[str]:
    """Who is drawn, by the proof of a round (draw/v1); given whom to trust, also that its log has the commitment."""
    require(proof["algorithm"] == "draw/v1" and proof["seed"] is not None, "nothing is drawn yet")
    frame, sources, at, size = proof["frame"], proof["sources"], proof["commitment"], len(proof["frame"])
    leaf, said = leaf_hash(at["leaf"].encode()), json.loads(at["leaf"])["data"]
    announced = [{k: v for k, v in s.items() if k not in ("value", "signature")} for s in sources]
    same = [said[k] for k in COMMITTED] == [proof[k] for k in COMMITTED] and said["sources"] == announced
    require(same and leaf.hex() == at["leaf_hash"], "the commitment was to another draw")
    if trust is not None:
        total, top = trust.checkpoint(at["checkpoint"])
        require(included(leaf, at["seq"], total, [*map(bytes.fromhex, at["inclusion"])], top), "it is not in the log")
    outside, drawn = [f"{e['helper_id']} {e['reason']}" for e in proof["exclusions"]], (30 * size + 99) // 100
    held = [proof[k] for k in ("frame", "frame_hash", "exclusions_hash", "population", "sample_size")]
    require(held == [sorted(set(frame)), listed(frame), listed(outside), size, drawn], "frame or size are others")
    own = [(s["digest"], s["value"].encode()) for s in sources if s["digest"] and s["value"] != "missing"]
    own += [(s["value"], bytes.fromhex(s["signature"])) for s in sources if s.get("signature")]  # a round of drand
    require(all(sha256(value).hexdigest() == digest for digest, value in own), "a number is not the one announced")
    given = "".join(f"{s['name']}={s['value']}\n" for s in sources)
    seed = sha256(f"\1draw/v1\n{proof['draw_id']}\n{proof['frame_hash']}\n{given}".encode()).digest()
    require(seed.hex() == proof["seed"], "the seed is not what the sources give")
    order = sorted((sha256(b"\2" + seed + i.encode()).hexdigest(), i) for i in frame)
    require(proof["ranking"] == [{"id": i, "ticket": t, "drawn": n < drawn} for n, (t, i) in enumerate(order)], "ranks")
    sample = [i for _, i in order[:drawn]]
    if proof["teams"]:
        barred = listed(f"{r['helper_id']} {r['inspector_id']}" for r in proof["recusals"]) == proof["recusals_hash"]
        require(barred and proof["teams"] == [*lots(seed, sample, proof)], "the teams are not those of the lot")
    return sample


def statement(signoff: Mapping[str, Any]) -> str:
    """The hash of a sign-off's statement, which every signature that stands must name. Raises Untrue."""
    digest = sha256(canonical({"signoff_id": signoff["id"], **{k: signoff[k] for k in SIGNED}}).encode()).hexdigest()
    standing = {s["statement_hash"] for s in signoff["signatures"] if s["voided_at"] is None}
    require({signoff["statement_hash"]} | standing == {digest}, "the statement is not the one that was signed")
    return digest


def handover(path: Path, trust: Trust) -> int:
    """How many entries a sealed hand-over proves: a ZIP, of which its README.txt says what is in it. Raises Untrue."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
        require(len(archive.namelist()) == len(files), "a file stands twice in the archive")
    sealed, named = json.loads(files.pop("manifest.json"))["files"], set[str]()
    require(sealed == {n: sha256(data).hexdigest() for n, data in files.items()}, "a file was changed")
    (size, top), proofs = trust.checkpoint(files["checkpoint"].decode()), json.loads(files.pop("proofs.json"))
    found, told = [*map(json.loads, files["entries.ndjson"].splitlines())], dict[str, list[Any]]()
    for entry in found:
        seq, leaf, hashes = entry["seq"], json.loads(entry["leaf"]), map(bytes.fromhex, proofs[str(entry["seq"])])
        require(included(entry_hash(entry), seq, size, [*hashes], top), f"entry {seq} is not in the log")
        named |= {one["sha256"] for one in leaf["data"].get("attachments", ())}
        line = {"seq": seq, "words": {name: shown["value"] for name, shown in (entry["disclosed"] or {}).items()}}
        told.setdefault(f"{leaf['event'].partition('.')[0]}.json", []).append(
            line | {name: leaf[name] for name in ("event", "at", "data")})  # fmt: skip
    require({n: json.loads(d) for n, d in files.items() if n.endswith(".json")} == told, "the entries say otherwise")
    require(all(n[9:73] == d in named for n, d in sealed.items() if n[:9] == "evidence/"), "no entry names a file")
    return len(found)


CHECKS: dict[str, tuple[str, Callable[..., Any]]] = {
    "checkpoint": ("the log has {0[0]} entries", lambda trust, note: trust.checkpoint(read(note))),
    "log": ("these are all {} entries", lambda trust, lines, note, *older: whole_log(
        lines.open("rb"), trust.checkpoint(read(note)), [Trust(trust.log).checkpoint(read(note)) for note in older])),
    "inclusion": ("it is entry {}", lambda trust, proof, leaf: trust.inclusion(read(proof), leaf.read_bytes())),
    "consistency": ("the log only grew, to {} entries", lambda trust, proof, note: trust.consistency(
        read(proof), Trust(trust.log).checkpoint(read(note)))),
    "handover": ("{} entries of the log are handed over", lambda trust, archive: handover(archive, trust)),
    "draw": ("drawn are {}", lambda trust, proof: draw(json.loads(read(proof)), trust if trust.log else None)),
    "statement": ("what stands was signed under {}", lambda _, record: statement(json.loads(read(record)))),
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--key", type=Key.of)
    parser.add_argument("--witness", type=Key.of, action="append", default=[])
    parser.add_argument("--quorum", type=int)
    parser.add_argument("what", choices=CHECKS)
    parser.add_argument("files", nargs="+", type=Path)
    given = parser.parse_args(arguments)
    try:
        told, function = CHECKS[given.what]
        print("true:", told.format(function(Trust(given.key, given.witness, given.quorum), *given.files)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        print("UNTRUE:", error if isinstance(error, Untrue) else f"malformed, {error!r}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
