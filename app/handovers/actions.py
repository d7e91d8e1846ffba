"""What can be done about a case that leaves the township? Pack what the log holds of it, and record that it left."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import accumulate, pairwise
from typing import IO, Any
from uuid import UUID

from app.cases.actions import CASES, Event
from app.cases.rules import CASE
from app.database import as_json
from app.handovers import rules, schemas
from app.handovers.tables import FILE
from app.ledger import actions as ledger
from app.merkle import inclusion_ranges
from app.storage import FileLost, Storage
from app.writing import Answer, Change, moves


@moves(CASE, "hand-over")
async def hand_over(change: Change, storage: Storage, into: IO[bytes], id: UUID, body: schemas.HandOver) -> Answer:
    """The case as one sealed file, to the organ that was transferred or referred to; its hash enters the log.

    The same case gives the same file, whoever asks and whenever; it is written `into`. Raises NotYetSigned, FileLost.
    """
    taken = await change.take(CASES, id)
    subject = taken.row["subject_person_id"]
    found = await change.transaction.value(FILE, **change.place, case=id, person=UUID(subject) if subject else None)
    told = json.loads(found)
    if told["signed"] is None:
        raise rules.NotYetSigned
    size = told["signed"]["size"]
    paths = [inclusion_ranges(entry["seq"], size) for entry in told["entries"]]
    hashes = await ledger.roots(change.transaction, change.log, [subtree for path in paths for subtree in path])
    at = pairwise([0, *accumulate(map(len, paths))])
    proofs = {entry["seq"]: hashes[a:b] for entry, (a, b) in zip(told["entries"], at, strict=True)}
    evidence = await enclosed(storage, told["entries"], told["evidence"])
    package = rules.package(told["entries"], proofs, told["signed"]["note"], evidence)
    into.seek(0)
    into.truncate()
    into.write(package)
    public = {
        "sha256": sha256(package).hexdigest(),
        "size": len(package),
        "entries": len(proofs),
        "evidence": len(evidence),
        "checkpoint_size": size,
    }
    saved = await change.save(
        taken, {}, to=taken.state, event=Event.HANDED_OVER, public=public, personal={"to": body.to}
    )
    return Answer(200, as_json(public), saved.headers)


async def enclosed(
    storage: Storage, entries: Sequence[Mapping[str, Any]], known: Mapping[str, Mapping[str, Any]]
) -> dict[str, bytes]:
    """The files that go with the entries, by the hash that these name. Raises FileLost where one is another by now."""
    found = {}
    for digest in rules.enclosed(entries, {one: known[one]["size"] for one in rules.named(entries)}):
        pieces = await storage.read(known[digest]["object"])
        found[digest] = await asyncio.to_thread(b"".join, pieces)
        if sha256(found[digest]).hexdigest() != digest:
            raise FileLost
    return found
