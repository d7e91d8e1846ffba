"""What can be done about a notice: make it due, publish, correct, withdraw?"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, exists, literal_column, or_, select, union, update
from sqlalchemy.types import DateTime, Text, Uuid
from sqlmodel import col

from app.access import Entered, Scope
from app.actor import ORGANS, Office
from app.database import Prepared, here, same_place
from app.findings.tables import Finding
from app.households.tables import Household, Pairing
from app.notices import rules, schemas
from app.notices.tables import Notice
from app.reading import Resource
from app.refusal import VersionStale
from app.writing import Answer, Change, Taken, moves, uuid7

WORDS = ("document_number", "title", "body")
SUBJECT = ("subject_person_id", "subject_village_code", "subject_unit_id")


class Event(StrEnum):
    DUE = "notice.due"
    PUBLISHED = "notice.published"
    CORRECTED = "notice.corrected"
    WITHDRAWN = "notice.withdrawn"


def _facts(row: Mapping[str, Any], found: Mapping[str, Any], entered: Entered) -> rules.NoticeFacts:
    due = (found["correction_due"], found["withdrawal_due"])
    return rules.NoticeFacts(row["organ"], row["basis_stands"], *due, row["subject_person_id"])


N: Any = Notice.__table__  # type: ignore[attr-defined]
C = N.alias("corrections")
WAITING = (same_place(C, N), C.c.corrects_id == N.c.id, C.c.state == literal_column("'draft'"))
CORRECTION_DUE = exists(select(literal_column("1")).where(*WAITING))
WITHDRAWAL_DUE = exists(select(literal_column("1")).where(*WAITING, C.c.withdraws))

NOTICES = Resource(
    "notices",
    Notice,
    scope=Scope(wide=ORGANS | {Office.LEADING_GROUP}, more=(N.c.state != literal_column("'draft'"),)),
    facts={"correction_due": CORRECTION_DUE, "withdrawal_due": WITHDRAWAL_DUE},
    workflow=rules.NOTICE,
    read_facts=_facts,
)


def _helped_or_found() -> Any:
    """Households that the subject helps or helped, and those his findings concern."""
    person: Any = bindparam("person", type_=Uuid())
    village, unit = bindparam("village", type_=Text()), bindparam("unit", type_=Uuid())
    about = or_(
        col(Finding.subject_person_id) == person,
        col(Finding.subject_village_code) == village,
        col(Finding.subject_unit_id) == unit,
    )
    return union(
        select(col(Pairing.household_id)).where(here(Pairing), col(Pairing.helper_id) == person),
        select(col(Finding.household_id)).where(here(Finding), about),
    )


HOUSEHOLD_WORDS = Prepared(
    select(col(Household.head_name), col(Household.card_number)).where(
        here(Household), col(Household.id).in_(_helped_or_found())
    )
)
SETTLE = Prepared(
    update(Notice)
    .where(here(Notice), col(Notice.id) == bindparam("original", type_=Uuid()), col(Notice.state) == "published")
    .values(
        state=bindparam("into", type_=Text()),
        state_since=bindparam("moment", type_=DateTime(timezone=True)),
        version=col(Notice.version) + 1,
    )
    .returning(col(Notice.version))
)


TAKE_BACK = Prepared(
    update(Notice)
    .where(here(Notice), col(Notice.corrects_id) == bindparam("original", type_=Uuid()))
    .where(col(Notice.state) == "draft", col(Notice.withdraws))
    .values(
        {
            name: bindparam(f"as_{name}", type_=N.c[name].type)
            for name in ("title", "body", "channel", "ends_on", "starts_on")
        }
    )
    .values(
        state="published",
        state_since=bindparam("moment", type_=DateTime(timezone=True)),
        version=col(Notice.version) + 1,
    )
    .returning(col(Notice.id), col(Notice.version))
)
"""The correction that takes a notice back, published in the words that are given now."""


async def due(
    change: Change,
    kind: rules.NoticeKind,
    deciding: Office,
    *,
    subject: Mapping[str, Any],
    case_id: UUID | None = None,
    evaluation_id: UUID | None = None,
) -> UUID:
    """A notice that the organ must publish, inside the caller's own transaction; one round trip.

    Exactly one of `case_id` and `evaluation_id`; `subject` names its subject under `subject_person_id`,
    `subject_village_code` or `subject_unit_id`. The notice of article 7(2) is the Party committee's alone.
    """
    basis = {"case_id": case_id, "evaluation_id": evaluation_id, **{name: subject.get(name) for name in SUBJECT}}
    row = draft(change, {**basis, "kind": kind, "organ": rules.organ_of(kind, deciding)})
    await change.insert_rows(Notice, [row])
    return UUID(str(row["id"]))


def draft(change: Change, values: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a new draft, which is noted for the log; inserting it is the caller's."""
    shown = {"corrects_id": None, "withdraws": False, **values}
    key = uuid7(change.now)
    change.record(Event.DUE, NOTICES, key, version=1, public=shown)
    return {
        **change.new(NOTICES, key),
        **{name: value for name, value in shown.items() if name not in IDS},
        **{name: _id(shown[name]) for name in IDS},
        "audience": rules.AUDIENCE,
        "basis_stands": True,
    }


IDS = ("case_id", "evaluation_id", "subject_person_id", "subject_unit_id", "corrects_id")


def _id(value: Any) -> UUID | None:
    return UUID(str(value)) if value is not None else None


def follow(
    change: Change, there: Sequence[Mapping[str, Any]], keeps: str | None, basis: Mapping[str, Any]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What becomes of the notices `there` when what they tell of was changed (G53): values of REVISED, and new rows.

    `keeps` is the kind that is still demanded, None where none is. A draft of another kind is dropped; for a
    published notice a correction to the same audience becomes due, which takes it back where its kind is not
    demanded any more. `basis` holds case, evaluation and subject.
    """
    fate = rules.fate_of(there, keeps)
    for notice in fate.dropped:
        public = {"state": "withdrawn", "basis_stands": False}
        change.record(Event.WITHDRAWN, NOTICES, UUID(str(notice["id"])), version=notice["version"] + 1, public=public)
    rows = []
    for notice in fate.corrected:
        public = {"basis_stands": False}
        change.record(Event.DUE, NOTICES, UUID(str(notice["id"])), version=notice["version"] + 1, public=public)
        told = {"organ": notice["organ"], "corrects_id": notice["id"], "withdraws": notice["kind"] != keeps}
        rows.append(draft(change, {**basis, **told, "kind": rules.NoticeKind.CORRECTION}))
    values = {
        "dropped_notices": [UUID(str(n["id"])) for n in fate.dropped],
        "corrected_notices": [UUID(str(n["id"])) for n in fate.corrected],
        "notices_moment": change.now,
    }
    return values, rows


async def _words(change: Change, taken: Taken, body: schemas.Publish) -> dict[str, Any]:
    """The columns of a notice that is published today, checked (G30)."""
    rules.check_period(body.channel, change.today, body.ends_on)
    households = await change.transaction.rows(
        HOUSEHOLD_WORDS,
        **change.here,
        person=taken.row[SUBJECT[0]],
        village=taken.row[SUBJECT[1]],
        unit=taken.row[SUBJECT[2]],
    )
    words = body.model_dump(include={*WORDS, "channel", "ends_on"})
    text = "\n".join(words[name] or "" for name in WORDS)
    rules.check_text(text, [word for found in households for word in found.values()])
    return {**words, "starts_on": change.today}


def _entry(words: Mapping[str, Any]) -> dict[str, Any]:
    """What the log says of words: the period and channel openly, the text sealed."""
    return {
        "public": {name: words[name] for name in ("channel", "starts_on", "ends_on")},
        "personal": {name: words[name] for name in WORDS if words[name] is not None},
    }


def _helper(taken: Taken) -> UUID | None:
    return UUID(taken.row[SUBJECT[0]]) if taken.row[SUBJECT[0]] else None


@moves(rules.NOTICE, "publish")
async def publish(change: Change, id: UUID, body: schemas.Publish) -> Answer:
    """To the whole township, and to nobody else; a correction settles the notice it corrects."""
    taken = await change.take(NOTICES, id)
    words = await _words(change, taken, body)
    if taken.row["corrects_id"]:
        await _settle_original(change, taken)
    return await change.save(
        taken, words, to="published", event=Event.PUBLISHED, helper=_helper(taken), **_entry(words)
    )


async def _settle_original(change: Change, correction: Taken) -> None:
    """The notice that a published correction corrects or takes back; one round trip. Raises VersionStale."""
    original = UUID(correction.row["corrects_id"])
    state, event = ("withdrawn", Event.WITHDRAWN) if correction.row["withdraws"] else ("corrected", Event.CORRECTED)
    version = await change.transaction.value(SETTLE, **change.here, original=original, into=state, moment=change.now)
    if version is None:
        raise VersionStale
    public = {"state": state, "correction_id": correction.id}
    change.record(event, NOTICES, original, version=version, public=public, helper=_helper(correction))


@moves(rules.NOTICE, "correct")
async def correct(change: Change, id: UUID, body: schemas.Correct) -> Answer:
    """A mistake in the words: a correction is published to the same audience, the decision stands."""
    taken = await change.take(NOTICES, id)
    words = await _words(change, taken, body)
    correction = uuid7(change.now)
    await change.create(
        NOTICES,
        correction,
        {
            **{name: _id(taken.row[name]) for name in IDS},
            SUBJECT[1]: taken.row[SUBJECT[1]],
            "kind": rules.NoticeKind.CORRECTION,
            "organ": taken.row["organ"],
            "corrects_id": taken.id,
            "withdraws": False,
            **words,
            "audience": rules.AUDIENCE,
            "basis_stands": True,
            "state": "published",
            "state_since": change.now,
        },
        event=Event.PUBLISHED,
        helper=_helper(taken),
        **_entry(words),
    )
    return await _replaced(change, taken, "corrected", correction, body.reasons)


@moves(rules.NOTICE, "withdraw")
async def withdraw(change: Change, id: UUID, body: schemas.Withdraw) -> Answer:
    """The decision fell: the same audience is told so, by the correction that is due since. Raises VersionStale."""
    taken = await change.take(NOTICES, id)
    words = await _words(change, taken, body)
    told = {f"as_{name}": value for name, value in words.items()}
    found = await change.transaction.row(TAKE_BACK, **change.here, original=id, moment=change.now, **told)
    if found is None:
        raise VersionStale
    change.record(
        Event.PUBLISHED, NOTICES, found["id"], version=found["version"], helper=_helper(taken), **_entry(words)
    )
    return await _replaced(change, taken, "withdrawn", found["id"], body.reasons)


async def _replaced(change: Change, taken: Taken, state: str, correction: UUID, reasons: str) -> Answer:
    return await change.save(
        taken,
        {"reasons": reasons},
        to=state,
        event=Event.CORRECTED if state == "corrected" else Event.WITHDRAWN,
        public={"correction_id": correction},
        personal={"reasons": reasons},
        helper=_helper(taken),
    )
