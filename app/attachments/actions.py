"""What can be done about attachments: declare, send in parts, complete, read, name in a record, clear away?"""

import asyncio
from base64 import b64decode
from binascii import Error as BinasciiError
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from uuid import UUID

from sqlalchemy import Uuid, and_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from app.access import NOBODY, WIDE, Bearer, Entered, Scope
from app.attachments import rules, schemas
from app.attachments.rules import Event, Part, Standing
from app.attachments.tables import EXPIRE, NAMED, TAKE, Attachment, AttachmentPart
from app.database import Prepared, as_json, same_place
from app.households.actions import VISITED
from app.reading import Found, Reading, Resource, place_values, rows_of
from app.refusal import NotFound, Refusal, Unavailable, WrongState
from app.storage import Storage
from app.vault import Vault
from app.wire import Upload
from app.writing import Answer, Change, Command, commanding, creates, moves, operating, uuid7

A, P = Attachment, AttachmentPart


def _standing(row: dict[str, Any], facts: dict[str, Any], entered: Entered) -> Standing:
    parts = tuple(Part(**part) for part in facts["parts"])
    return Standing(row["state"], UUID(row["uploader_id"]), row["size"], parts, facts["object"])


def _arrived(standing: Standing) -> dict[str, Any]:
    gaps = [{"offset": offset, "size": size} for offset, size in islice(standing.missing(), 100)]
    return {"arrived": standing.arrived(), "missing": gaps}


ATTACHMENTS = Resource(
    "attachments", A, hide=frozenset({"object"}),
    scope=Scope(
        wide=rules.CONFIDANTS, people=(col(A.uploader_id), col(A.person_id)), households=(col(A.household_id),),
        more=(and_(WIDE, col(A.confidential).is_(False)),),
    ),
    facts={
        "object": col(A.object),
        "parts": rows_of(
            P, same_place(P, A), col(P.attachment_id) == col(A.id), order=col(P.first_byte), offset=col(P.first_byte),
            size=col(P.size), digest=col(P.digest), object=col(P.object),
        ),
    },
    workflow=rules.ATTACHMENT, read_facts=_standing, derived=_arrived,
)  # fmt: skip


# ── uploading ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that lies in the store already, before any row names it."""

    object: str
    media_type: str
    size: int
    sha256: str


async def keep_content(storage: Storage, command: Command, body: schemas.CreateAttachment) -> Kept | None:
    """The content that comes with the declaration, if any, of whom may send one; one round trip where there is any.

    Raises DeclaredOrSent, NotBase64, UnknownKind, NotYourOffice.
    """
    declared = (body.media_type, body.size, body.sha256)
    if (body.content is None) != all(declared) or (body.content is not None and any(declared)):
        raise rules.DeclaredOrSent("/content")
    if body.confidential and body.household_id:
        raise rules.ConfidentialOfHousehold("/household_id")
    if body.content is None:
        return None
    try:
        content = b64decode(body.content, validate=True)
    except (BinasciiError, ValueError) as error:
        raise rules.NotBase64("/content") from error
    if len(content) > rules.AT_ONCE:
        raise rules.NotBase64("/content", limit=rules.AT_ONCE)
    kind = rules.kind_of(content)
    if kind is None:
        raise rules.UnknownKind("/content")
    if not await command.check_sender(rules.UPLOADERS):
        return None
    name = await storage.keep(command.bearer.county_code, command.bearer.township_code, content)
    return Kept(name, kind, len(content), sha256(content).hexdigest())


@creates(*rules.UPLOADERS, of=ATTACHMENTS)
async def create(change: Change, kept: Kept | None, body: schemas.CreateAttachment) -> Answer:
    """Declare what will come, or store what came. A household once helped may still be named, as with visits."""
    if body.household_id:
        await change.find(VISITED, body.household_id)
    values = body.model_dump(exclude={"id", "content"}) | {"uploader_id": change.actor.person_id}
    if kept:
        values |= asdict(kept) | {"state": "stored"}
    event = Event.STORED if kept else Event.OPENED
    return await change.create(ATTACHMENTS, body.id, values, event=event, **_entry(values))


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    """What an entry says of a file: everything but its name in the open."""
    public = ("media_type", "size", "sha256", "household_id", "person_id", "uploader_id", "confidential")
    household = row["household_id"]
    return {
        "public": {name: row[name] for name in public},
        "personal": {"file_name": row["file_name"]},
        "household": UUID(str(household)) if household else None,
    }


async def _mine(read: Reading, id: UUID) -> Found | None:
    """The upload where it is the caller's and still open; otherwise the command says what is wrong, in its order."""
    try:
        found = await read.find(ATTACHMENTS, id)
    except NotFound:
        return None
    mine = found.facts.state == "open" and rules.the_uploader_goes_on(found.facts, found.entered.actor) is None
    return found if mine else None


async def keep_part(read: Reading, storage: Storage, id: UUID, offset: int, upload: Upload) -> Part:
    """The part, in the store where the upload takes it; outside any transaction."""
    part = Part(offset, upload.size, upload.digest, "")
    found = await _mine(read, id)
    if found is None or not part.size or rules.has(found.facts, part):
        return part
    content = upload.file.read()
    if offset == 0 and part.size >= rules.HEAD and rules.kind_of(content) != found.row["media_type"]:
        raise rules.OtherKind
    actor = found.entered.actor
    return replace(part, object=await storage.keep(actor.county_code, actor.township_code, content))


@creates(*rules.UPLOADERS)
async def receive(change: Change, id: UUID, part: Part) -> Answer:
    """Note a part that has arrived; the same part again changes nothing.

    Raises NotYourUpload, WrongState, PartOutside, PartDiffers, TooManyParts.
    """
    taken = await change.find(ATTACHMENTS, id)
    standing: Standing = taken.facts
    if refusal := rules.the_uploader_goes_on(standing, change.actor):
        raise refusal
    if standing.state != "open":
        raise WrongState(state=standing.state, possible_in=["open"])
    if part.size and not rules.has(standing, part):
        if not part.object or not await _take(change, id, part):  # what stood a moment ago has changed
            raise Unavailable
        standing = replace(standing, parts=sorted((*standing.parts, part), key=lambda one: one.offset))
    return Answer(200, as_json(_arrived(standing)))


async def _take(change: Change, id: UUID, part: Part) -> bool:
    """The facts were gathered before the lock, and a part moves no version: the statement looks again itself."""
    new = {"attachment_id": id, "first_byte": part.offset, "size": part.size, "digest": part.digest}
    row = change.place | new | {"id": uuid7(change.now), "object": part.object}
    return await change.transaction.row(TAKE, **row) is not None


async def assemble(read: Reading, storage: Storage, id: UUID) -> str | Refusal | None:
    """Put the parts together in the store: the name of the whole, or what is wrong with it; None where it is no time.

    Outside any transaction: a file has 20 MiB, an object store its own pace.
    """
    found = await _mine(read, id)
    if found is None or rules.all_parts_are_there(found.facts, found.entered.actor):
        return None
    with SpooledTemporaryFile(max_size=rules.PART) as whole:
        digest = await asyncio.to_thread(_joined, storage, found.facts.parts, whole)
        if digest != found.row["sha256"]:
            return rules.ContentDiffers()
        whole.seek(0)
        if rules.kind_of(whole.read(rules.HEAD)) != found.row["media_type"]:
            return rules.OtherKind()
        whole.seek(0)
        actor = found.entered.actor
        return await storage.keep(actor.county_code, actor.township_code, whole)


def _joined(storage: Storage, parts: Sequence[Part], whole: IO[bytes]) -> str:
    """Writes the parts one after the other; the SHA-256 of the whole."""
    digest = sha256()
    for part in parts:
        for piece in storage.pieces(part.object):
            digest.update(piece)
            whole.write(piece)
    return digest.hexdigest()


@moves(rules.ATTACHMENT, "complete")
async def complete(change: Change, id: UUID, whole: str | Refusal | None) -> Answer:
    """Raises NotYourUpload, PartsMissing, ContentDiffers, OtherKind."""
    taken = await change.take(ATTACHMENTS, id)
    if isinstance(whole, Refusal):
        raise whole
    if whole is None:  # what stood a moment ago has changed
        raise Unavailable
    return await change.save(taken, {"object": whole}, to="stored", event=Event.STORED, **_entry(taken.row))


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class File:
    """A stored file on its way out: the bytes wanted, where they begin and end."""

    pieces: Iterator[bytes]
    first: int
    end: int


async def content(storage: Storage, found: Found, wanted: str | None) -> File:
    """The file of an attachment, or the part of it that `Range` asks for. Raises NothingStored, FileLost."""
    if found.facts.object is None:
        raise rules.NothingStored
    first, end = rules.interval(wanted, found.facts.size)
    return File(await storage.read(found.facts.object, first, end), first, end)


# ── naming ───────────────────────────────────────────────────────────────────────────────────────


def naming(wide: bool) -> Any:
    """A select of `id`, `sha256` and `state` of those attachments among `named` that the caller may see."""
    ids = bindparam("named", type_=ARRAY(Uuid()))
    shown = select(col(A.id), col(A.sha256), col(A.state))
    return shown.where(*ATTACHMENTS.readable(wide, False), col(A.id) == ids.any_())


@cache
def _named(wide: bool) -> Prepared:
    return Prepared(naming(wide))


async def named(change: Change, ids: Collection[UUID]) -> dict[str, Any]:
    """What an entry says in the open of the attachments that a record names; nothing where it names none.

    One round trip, none where none is named. Raises AttachmentMissing, AttachmentUnfinished.
    """
    if not ids:
        return {}
    wide = ATTACHMENTS.scope.sees_all(change.actor.offices)
    rows = await change.transaction.rows(_named(wide), named=sorted(set(ids)), **place_values(change.entered))
    return told(rows, ids)


def told(rows: Iterable[Any], ids: Collection[UUID]) -> dict[str, Any]:
    """Id and hash of each, in the order of the ids, from the rows of `naming`; raises what `named` raises."""
    found = {row["id"]: row for row in rows}
    if found.keys() != set(ids):
        raise rules.AttachmentMissing
    if any(row["state"] != "stored" for row in found.values()):
        raise rules.AttachmentUnfinished
    told = [{"id": str(one), "sha256": found[one]["sha256"]} for one in sorted(found)]
    return {"attachments": told} if told else {}


# ── clearing away ────────────────────────────────────────────────────────────────────────────────


async def sweep(url: str, vault: Vault, storage: Storage, township: str) -> tuple[int, int]:
    """End uploads that were given up and remove files that no row names: how many of each.

    The files are listed before the rows are read: one that is a day old and named by no row then never will be.
    """
    bearer = Bearer(NOBODY, township[:6], township)
    old = await storage.old(township[:6], township, datetime.now(UTC))
    async with operating(url) as database, commanding(database, vault, bearer, "sweep-attachments") as change:
        before = change.now - rules.KEPT_OPEN
        ended = await change.transaction.rows(EXPIRE, **change.here, before=before, moment=change.now)
        for row in ended:
            change.record(
                Event.EXPIRED, ATTACHMENTS, row["id"], version=row["version"], household=row["household_id"]
            )  # fmt: skip
        needed = {row["name"] for row in await change.transaction.rows(NAMED, **change.here)}
    await storage.remove(old - needed)
    return len(ended), len(old - needed)
