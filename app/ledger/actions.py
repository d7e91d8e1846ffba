"""What can be done about the log? Sign where it stands, prove from its stored hashes, hand out what proves it."""

import json
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

import httpx

from app import merkle, note
from app.access import NOBODY, Bearer
from app.actor import Office
from app.database import Database, Transaction, as_json
from app.ledger import schemas, tables
from app.note import Verifier
from app.refusal import Conflict, NotFound
from app.vault import Vault
from app.witness import Policy
from app.writing import Answer, Change, commanding, creates, operating

STANDING = "select log_standing($1, $2)"
STANDING_OF_ANY = "select log_standing($1, $2) from enter(left($1, 6), $1, $3, null, null)"
HASHES = "select log_hashes($1, $2, $3, $4)"
PROVING = """
    select log_standing($1, $2) as standing, log_hashes($1, $4, $5, $6) as hashes
      from enter_to_read(left($1, 6), $1, $3)
"""
SIGN = "select log_sign($1, $2, $3, $4, $5)"
COSIGN = "select log_cosign($1, $2, $3, $4, $5)"
COSIGNED = "select log_cosigned($1, $2)"
Begin = Callable[[], AbstractAsyncContextManager[Change]]
"""A transaction of the operator's, in the context of a county."""
PAGE = 5000
"""Entries that an export reads at once."""
TILE = re.compile(r"((?:x\d{3}/){0,3}\d{3})(?:\.p/([1-9]\d?\d?))?", re.ASCII)


class Event(StrEnum):
    CHECKPOINT_SIGNED = "checkpoint.signed"


class NothingSigned(NotFound):
    """No checkpoint of this log has been signed, or none of this size.

    该台账尚无已签名的检查点,或没有该条数的检查点。
    """


class OutsideTheTree(NotFound):
    """The log has no such entry, or is not of that size yet.

    台账没有该条目,或尚未达到该条数。
    """


class HistoryRewritten(Conflict):
    """The log does not extend what was signed before; nothing is signed.

    台账与先前已签名的检查点不一致,不予签名。
    """


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a log stands, and what was signed of it: the newest, or what was asked for by its size."""

    log: str
    size: int
    root: bytes
    signed: dict[str, Any] | None

    @classmethod
    def of(cls, log: str, found: str | None) -> "Standing":
        """Raises NotFound where there is no such log."""
        if found is None:
            raise NotFound
        told = json.loads(found)
        return cls(log, told["size"], bytes.fromhex(told["root"]), told["signed"])

    @property
    def note(self) -> str:
        """Raises NothingSigned."""
        return str(self._signed["note"])

    @property
    def signed_size(self) -> int:
        """Raises NothingSigned."""
        return int(self._signed["size"])

    @property
    def _signed(self) -> dict[str, Any]:
        if self.signed is None:
            raise NothingSigned
        return self.signed

    def root_of(self, size: int) -> bytes | None:
        """The root of the tree of that size, where it is known without its hashes: as it stands or was signed."""
        if size == self.size:
            return self.root
        return bytes.fromhex(self.signed["root"]) if self.signed and self.signed["size"] == size else None

    def shown(self, vault: Vault, origin: str) -> str:
        """`CheckpointOut` as JSON."""
        signer = vault.signer(f"{origin}/{self.log}")
        signed = self.signed and {name: self.signed[name] for name in ("size", "root", "at", "witnesses")}
        head = {"log": self.log, "size": self.size, "root": self.root.hex()}
        return as_json(head | {"origin": signer.name, "key": signer.vkey, "signed": signed})


async def standing_of(transaction: Transaction, log: str, size: int | None = None) -> Standing:
    """For somebody who did not sign in: the context of this one log, and where it stands; one round trip."""
    return Standing.of(log, await transaction.call(STANDING_OF_ANY, log, size, NOBODY))


def asked(subtrees: Sequence[merkle.Range]) -> tuple[list[int], list[int], list[int]]:
    """Levels, firsts and ends of the stored hashes that give these subtrees' roots, as `log_hashes` takes them.

    What lies side by side is asked for at once: of a proof's thirty runs three or four are left.
    """
    spans: list[merkle.Run] = []
    for level, first, end in sorted(run for subtree in subtrees for run in merkle.runs(subtree)):
        if spans and spans[-1][0] == level and first <= spans[-1][2]:
            spans[-1] = (level, spans[-1][1], max(end, spans[-1][2]))
        else:
            spans.append((level, first, end))
    return [span[0] for span in spans], [span[1] for span in spans], [span[2] for span in spans]


def roots_of(subtrees: Sequence[merkle.Range], found: Sequence[bytes | None]) -> list[bytes]:
    """The root of each subtree, from what `log_hashes` answered. Raises OutsideTheTree where a hash is missing."""
    spans = [
        (level, first, end, hashes or b"") for level, first, end, hashes in zip(*asked(subtrees), found, strict=True)
    ]
    if any(len(hashes) != (end - first) * merkle.HASH_BYTES for _, first, end, hashes in spans):
        raise OutsideTheTree

    def hashes_of(run: merkle.Run) -> list[bytes]:
        level, first, end = run
        start, hashes = next(
            (at, some) for its, at, last, some in spans if its == level and at <= first and end <= last
        )
        size = merkle.HASH_BYTES
        return [hashes[at : at + size] for at in range((first - start) * size, (end - start) * size, size)]

    return [merkle.join(map(hashes_of, merkle.runs(subtree))) for subtree in subtrees]


async def roots(transaction: Transaction, log: str, subtrees: Sequence[merkle.Range]) -> list[bytes]:
    """The root of each subtree, from stored hashes; one round trip. Raises OutsideTheTree where one is missing."""
    found = await transaction.call(HASHES, log, *asked(subtrees))
    return roots_of(subtrees, found or [])  # null where only the empty tree was asked for


# ── checkpoints ──────────────────────────────────────────────────────────────────────────────────


async def checkpoint(change: Change, log: str, origin: str) -> Standing:
    """Sign where the log stands, and enter it in the county's log; nothing where that was signed before.

    What is signed was shown, by a proof from the stored tree, to extend what was signed last. Four round trips at
    most, and the entry. Raises NotFound, HistoryRewritten.
    """
    transaction = change.transaction
    stands = Standing.of(log, await transaction.call(STANDING, log, None))
    if stands.signed is not None:
        old, old_root = stands.signed_size, bytes.fromhex(str(stands.signed["root"]))
        if (old, old_root) == (stands.size, stands.root):
            return stands
        subtrees = merkle.consistency_ranges(old, stands.size) if old <= stands.size else []
        proof = await roots(transaction, log, subtrees) if subtrees else []
        if not merkle.verify_consistency(old, stands.size, old_root, stands.root, proof):
            raise HistoryRewritten(log=log, signed=old, size=stands.size)
    signer = change.vault.signer(f"{origin}/{log}")
    signed = note.checkpoint(signer, stands.size, stands.root)
    if await transaction.call(SIGN, log[:6], log, stands.size, stands.root, signed) and log != change.actor.county_code:
        change.log = change.actor.county_code
        head = {"log": log, "origin": signer.name, "size": stands.size, "root": stands.root.hex()}
        change.record(Event.CHECKPOINT_SIGNED, "ledger", uuid5(NAMESPACE_URL, signer.name), public=head)
    return Standing.of(log, await transaction.call(STANDING, log, None))


@creates(Office.ADMINISTRATOR)
async def sign(change: Change, log: str, origin: str) -> Answer:
    """Raises NotFound where the log is neither the administrator's own nor one of his county; HistoryRewritten."""
    actor = change.actor
    if log != actor.township_code and not (actor.reads_county and log.startswith(actor.county_code)):
        raise NotFound
    return Answer(200, (await checkpoint(change, log, origin)).shown(change.vault, origin))


# ── witnesses ────────────────────────────────────────────────────────────────────────────────────


class Shown(StrEnum):
    """What a witness made of a checkpoint."""

    COSIGNED = "cosigned"
    NOT_FOLLOWED = "not_followed"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Watched:
    """How far a log is signed, and what each witness made of that."""

    log: str
    size: int
    shown: dict[str, Shown]

    @property
    def cosigners(self) -> list[str]:
        return [name for name, shown in self.shown.items() if shown is Shown.COSIGNED]


async def sign_county(url: str, vault: Vault, origin: str, county: str, policy: Policy | None) -> list[Watched]:
    """By the operator's timer: sign every log of a county (`0`: of the nation) that has grown, the county's own last.

    Each is shown to the policy's witnesses. No transaction is open while one of them is asked. Raises NotFound,
    HistoryRewritten.
    """
    operator, done = Bearer(uuid4(), county, county), []
    async with operating(url) as database, httpx.AsyncClient(timeout=10) as http:
        begin = partial(commanding, database, vault, operator, "checkpoint")
        async with begin() as change:
            logs = [row["log"] for row in await change.transaction.rows(tables.LOGS, at_county=county)]
        if county not in logs:
            raise NotFound
        for log in sorted(logs, key=lambda log: (log == county, log)):
            async with begin() as change:
                signed = await checkpoint(change, log, origin)
            asked = {} if policy is None else policy.witnesses
            shown = {name: await _show(begin, http, log, *witness) for name, witness in asked.items()}
            done.append(Watched(log, signed.signed_size, shown))
    return done


async def _show(begin: Begin, http: httpx.AsyncClient, log: str, witness: Verifier, url: str | None) -> Shown:
    """Ask one witness to cosign the newest checkpoint, from where it stands by its own account, and keep its line."""
    async with begin() as change:
        stands = Standing.of(log, await change.transaction.call(STANDING, log, None))
        old = await change.transaction.call(COSIGNED, log, witness.name)
    if old == stands.signed_size:
        return Shown.COSIGNED
    try:
        answer = await _ask(begin, http, stands, old, url)
        if answer.status_code == HTTPStatus.CONFLICT and answer.text.strip().isdecimal():
            answer = await _ask(begin, http, stands, int(answer.text), url)
        answer.raise_for_status()
        line = witness.signature_in(note.Note.of(stands.note + answer.text))
    except httpx.HTTPStatusError as refusal:
        return Shown.NOT_FOLLOWED if refusal.response.status_code == HTTPStatus.NOT_FOUND else Shown.REFUSED
    except (httpx.HTTPError, httpx.InvalidURL):
        return Shown.UNREACHABLE
    except (ValueError, OutsideTheTree):
        return Shown.REFUSED
    if line is None:
        return Shown.REFUSED
    async with begin() as change:
        await change.transaction.call(COSIGN, log[:6], log, stands.signed_size, witness.name, line)
    return Shown.COSIGNED


async def _ask(begin: Begin, http: httpx.AsyncClient, stands: Standing, old: int, url: str | None) -> httpx.Response:
    """C2SP `add-checkpoint`. Raises ValueError where the witness has seen more than there is."""
    subtrees = merkle.consistency_ranges(old, stands.signed_size)
    async with begin() as change:
        proof = await roots(change.transaction, stands.log, subtrees) if subtrees else []
    return await http.post(f"{url}/add-checkpoint", content=note.consistency_text(old, proof, stands.note))


async def export(url: str, log: str, folder: Path, *, disclosed: bool) -> int:
    """By the operator: `checkpoint`, the newest signed note, and `entries.ndjson`, the entries it covers; how many.

    Without `disclosed` no personal value leaves the house: the sealed leaves prove the same. Raises NotFound,
    NothingSigned.
    """
    async with operating(url) as database:
        async with database.transaction(readonly=True) as transaction:
            stands = await standing_of(transaction, log)
        (folder / "checkpoint").write_text(stands.note, "utf-8")
        with (folder / "entries.ndjson").open("w", encoding="utf-8") as file:
            for first in range(0, stands.signed_size, PAGE):
                async with database.transaction(readonly=True) as transaction:
                    await standing_of(transaction, log)
                    rows = await transaction.rows(
                        tables.ENTRIES, at_county=log[:6], at_log=log, after=first - 1, sealed=not disclosed,
                        confidential=True, many=min(PAGE, stands.signed_size - first),
                    )  # fmt: skip
                file.writelines(f"{row['body']}\n" for row in rows)
    return stands.signed_size


# ── proofs and tiles ─────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Proof:
    """The hashes of a proof, what they prove, and the signed note where there is one of that size."""

    about: dict[str, Any]
    hashes: list[bytes]
    standing: Standing

    @property
    def json(self) -> str:
        return as_json(self.about | {"proof": [item.hex() for item in self.hashes]})


async def inclusion(database: Database, log: str, query: schemas.InclusionQuery) -> Proof:
    """That an entry is in the tree. Raises NotFound, NothingSigned, OutsideTheTree."""

    def subtrees(size: int) -> list[merkle.Range]:
        if query.index >= size:
            raise OutsideTheTree
        return [(query.index, query.index + 1), *merkle.inclusion_ranges(query.index, size)]

    stands, size, root, (leaf, *hashes) = await _proving(database, log, query.size, subtrees)
    about = {"log": log, "index": query.index, "size": size, "leaf_hash": leaf.hex(), "root": root.hex()}
    return Proof(about, hashes, stands)


async def consistency(database: Database, log: str, query: schemas.ConsistencyQuery) -> Proof:
    """That the tree extends its first `old` entries. Raises NotFound, NothingSigned, OutsideTheTree."""

    def subtrees(size: int) -> list[merkle.Range]:
        if query.old > size:
            raise OutsideTheTree
        return [(0, query.old), *merkle.consistency_ranges(query.old, size)]

    stands, size, root, (old_root, *hashes) = await _proving(database, log, query.size, subtrees)
    about = {"log": log, "old": query.old, "size": size, "old_root": old_root.hex(), "root": root.hex()}
    return Proof(about, hashes, stands)


async def _proving(
    database: Database, log: str, asked_size: int | None, subtrees: Callable[[int], list[merkle.Range]]
) -> tuple[Standing, int, bytes, list[bytes]]:
    """Where the log stands, the size of the tree in question, its root, and the roots of its subtrees.

    The tree is that of the newest signed checkpoint where no size is said. One round trip where it is said and is the
    size of a checkpoint or of the log as it stands; two otherwise, and the log only grows between them.
    """

    async def read(size: int | None, ranges: Sequence[merkle.Range]) -> tuple[Standing, list[bytes | None]]:
        if database.is_cluster:
            async with database.transaction(readonly=True) as transaction:
                stands = await standing_of(transaction, log, size)
                return stands, await transaction.call(HASHES, log, *asked(ranges)) or []
        found = await database.call(PROVING, log, size, NOBODY, *asked(ranges))
        return Standing.of(log, found["standing"]), found["hashes"] or []

    size = (await read(None, ()))[0].signed_size if asked_size is None else asked_size
    wanted = subtrees(size)
    stands, found = await read(size, wanted)
    if not 0 < size <= stands.size:
        raise OutsideTheTree
    root = stands.root_of(size)
    if root is None:
        (root,) = roots_of([(0, size)], (await read(size, [(0, size)]))[1])
    return stands, size, root, roots_of(wanted, found)


def tile_range(path: str) -> tuple[int, int]:
    """`x001/x234/067.p/8` -> (1234067, 8): the number of a tile and its width. Raises OutsideTheTree."""
    found = TILE.fullmatch(path)
    if found is None or found[1].startswith("x000/") or int(found[2] or 1) >= merkle.TILE_WIDTH:
        raise OutsideTheTree
    return int(re.sub(r"\D", "", found[1])), int(found[2] or merkle.TILE_WIDTH)


async def tile(database: Database, log: str, level: int, path: str) -> bytes:
    """The hashes of a tile, 32 bytes each. Raises NotFound, OutsideTheTree where it is not that wide yet."""
    number, width = tile_range(path)
    first = number * merkle.TILE_WIDTH
    async with database.transaction(readonly=True) as transaction:
        await standing_of(transaction, log)
        (found,) = await transaction.call(HASHES, log, [level], [first], [first + width])
    if found is None or len(found) != width * merkle.HASH_BYTES:
        raise OutsideTheTree
    return bytes(found)


def entry_bundle(leaves: Sequence[bytes], width: int) -> bytes:
    """C2SP entry bundle: each leaf behind its length in two bytes. Raises OutsideTheTree where some are missing."""
    if len(leaves) != width:
        raise OutsideTheTree
    return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves)
