"""Who watches that the logs only grow? A witness: a small service that another office runs, by C2SP tlog-witness.

It keeps, for each log it was told of, the newest checkpoint it has seen, and signs the next only with a proof that
the tree merely grew. So whoever rewrites a log, or shows two people two of them, needs the witness as an accomplice.
Nothing of the service's database is known here; `huayuan witness` runs it, `huayuan checkpoint` asks it.
"""

import re
import secrets
import sqlite3
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.merkle import EMPTY_ROOT, HASH_BYTES, verify_consistency
from app.note import COSIGNATURE, ED25519, Note, Signer, Verifier

OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")
PROOF_LINES = 63
TEXT = "text/plain; charset=utf-8"
LARGEST = 65_536
"""Bytes of a request; a checkpoint with its proof takes some five thousand."""


# ── whom one trusts ──────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Policy:
    """C2SP tlog-policy: the logs and witnesses that count, and how many of the witnesses are enough."""

    logs: Mapping[str, Verifier]
    """By origin."""
    witnesses: Mapping[str, tuple[Verifier, str | None]]
    """By the policy's own name: key and address."""
    groups: Mapping[str, tuple[int, tuple[str, ...]]]
    quorum: str

    @classmethod
    def of(cls, text: str) -> "Policy":
        """Raises ValueError, with the number of the line, where the text is no policy."""
        made = _Parser()
        for number, line in enumerate(text.split("\n"), 1):
            words = re.split(r"[ \t]+", line.strip(" \t"))
            if words[0] and not words[0].startswith("#"):
                try:
                    made.take(*words)
                except (TypeError, ValueError, KeyError, AttributeError) as fault:
                    raise ValueError(f"line {number} is not understood") from fault
        if made.quorum is None:
            raise ValueError("there must be one line `quorum`")
        return cls(made.logs, made.witnesses, made.groups, made.quorum)

    def is_met(self, cosigners: Iterable[str]) -> bool:
        """Do the witnesses of these names make the quorum?"""
        return self.quorum == "none" or self._has_seen(self.quorum, frozenset(cosigners))

    def _has_seen(self, name: str, cosigners: frozenset[str]) -> bool:
        if name not in self.groups:
            return name in cosigners
        needed, members = self.groups[name]
        return sum(self._has_seen(member, cosigners) for member in members) >= needed


@dataclass
class _Parser:
    """A line is a method's name and its arguments; what is said twice or before it is known is a KeyError."""

    logs: dict[str, Verifier] = field(default_factory=dict)
    witnesses: dict[str, tuple[Verifier, str | None]] = field(default_factory=dict)
    groups: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    quorum: str | None = None
    _members: set[str] = field(default_factory=set)

    def take(self, word: str, *rest: str) -> None:
        kinds: dict[str, Callable[..., None]] = {
            "log": self._log, "witness": self._witness, "group": self._group, "quorum": self._quorum,
        }  # fmt: skip
        kinds[word](*rest)

    def _log(self, vkey: str, _url: str | None = None) -> None:
        key = self._fresh(Verifier.of(vkey), ED25519, [key.public for key in self.logs.values()])
        self.logs[key.name] = key

    def _witness(self, name: str, vkey: str, url: str | None = None) -> None:
        key = self._fresh(Verifier.of(vkey), COSIGNATURE, [key.public for key, _ in self.witnesses.values()])
        self._named(name)
        self.witnesses[name] = (key, url)

    def _group(self, name: str, threshold: str, *members: str) -> None:
        self._named(name)
        needed = {"all": len(members), "any": 1}.get(threshold) or int(threshold)
        known = (self.witnesses.keys() | self.groups.keys()) - self._members
        if not 1 <= needed <= len(members) or len(set(members)) < len(members) or not known.issuperset(members):
            raise ValueError(name)
        self._members.update(members)
        self.groups[name] = (needed, members)

    def _quorum(self, name: str) -> None:
        if self.quorum is not None or name not in {"none", *self.witnesses, *self.groups}:
            raise ValueError(name)
        self.quorum = name

    def _fresh(self, key: Verifier, kind: int, known: list[bytes]) -> Verifier:
        if key.public[0] != kind or key.public in known:
            raise ValueError(key.name)
        return key

    def _named(self, name: str) -> None:
        if name in {"none", *self.witnesses, *self.groups}:
            raise ValueError(name)


# ── the witness itself ───────────────────────────────────────────────────────────────────────────


class Refused(Exception):
    """Why a checkpoint is not cosigned: a status of tlog-witness, and its words."""

    def __init__(self, status: int, words: str, media: str = TEXT) -> None:
        super().__init__(status, words)
        self.status, self.words, self.media = status, words, media


class Witness:
    """Its key and what it has seen, in a folder that only its owner enters."""

    def __init__(self, folder: Path, name: str, logs: Mapping[str, Verifier]) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file, self._logs = folder / "seen.sqlite", logs
        self.signer = Signer(name, _secret(folder / "key"), COSIGNATURE)
        with closing(self._open()) as store:
            store.execute("create table if not exists seen (origin text primary key, note text not null) strict")

    def _open(self) -> sqlite3.Connection:
        store = sqlite3.connect(self._file, timeout=5, isolation_level=None)
        store.execute("pragma synchronous = full")
        return store

    def add_checkpoint(self, body: bytes) -> str:
        """The cosignature's line over a checkpoint that extends what was seen. Raises Refused."""
        old, proof, note, text = _parsed(body)
        known = self._logs.get(note.origin)
        if known is None:
            raise Refused(404, "this log is not followed here\n")
        if known.signature_in(note) is None:
            raise Refused(403, "not signed by this log\n")
        if old > note.size:
            raise Refused(400, "the old size is larger than the checkpoint's\n")
        with closing(self._open()) as store:
            store.execute("begin immediate")  # what is checked stays so until it is replaced, whoever else asks
            self._replace(store, old, proof, note, text)
            store.execute("commit")
        return self.signer.sign(note.body)

    def _replace(self, store: sqlite3.Connection, old: int, proof: list[bytes], note: Note, text: str) -> None:
        row = store.execute("select note from seen where origin = ?", [note.origin]).fetchone()
        seen = Note.of(row[0]) if row else None
        size, root = (seen.size, seen.root) if seen else (0, EMPTY_ROOT)
        if old != size or (size == note.size and root != note.root):
            raise Refused(409, f"{size}\n", "text/x.tlog.size")
        if not verify_consistency(size, note.size, root, note.root, proof):
            raise Refused(422, "the proof does not show that the log only grew\n")
        store.execute("insert or replace into seen values (?, ?)", [note.origin, text])


def _secret(file: Path) -> bytes:
    """The witness's key, made the first time."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(32))
    return bytes.fromhex(file.read_text().strip())


def _parsed(body: bytes) -> tuple[int, list[bytes], Note, str]:
    """Old size, proof, checkpoint, and its text. Raises Refused."""
    try:
        head, parted, text = body.decode().partition("\n\n")
        first, *lines = head.split("\n")
        old, proof = OLD.fullmatch(first), [b64decode(line, validate=True) for line in lines]
        note = Note.of(text)
    except ValueError as fault:
        raise Refused(400, "not understood\n") from fault
    if not (old and parted) or len(proof) > PROOF_LINES or any(len(item) != HASH_BYTES for item in proof):
        raise Refused(400, "not understood\n")
    return int(old[1]), proof, note, text


def application(witness: Witness) -> Starlette:
    """The witness over HTTP: `POST /add-checkpoint`, and its public key at `GET /`."""

    async def add_checkpoint(request: Request) -> Response:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > LARGEST:
                return Response("too large\n", 413)
        try:
            return Response(await run_in_threadpool(witness.add_checkpoint, body), media_type=TEXT)
        except Refused as refused:
            return Response(refused.words, refused.status, {"content-type": refused.media})

    async def key(request: Request) -> Response:
        return Response(f"{witness.signer.vkey}\n", media_type=TEXT)

    return Starlette(routes=[Route("/add-checkpoint", add_checkpoint, methods=["POST"]), Route("/", key)])
