"""What can be done about a notice: make it due, publish, correct, withdraw?"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, exists, literal_column, or_, select, union
from sqlalchemy.types import Text, Uuid
from sqlmodel import col

from app.access import Entered, Scope
from app.actor import ORGANS, Office
from app.database import Prepared
from app.findings.tables import Finding
from app.households.tables import Household, Pairing
from app.notices import rules, schemas
from app.notices.tables import Notice
from app.reading import Resource
from app.writing import Answer, Change, Taken, moves, uuid7

SUBJECT = ("subject_person_id", "subject_village_code", "subject_unit_id")


class Event(StrEnum):
    DUE = "notice.due"
    PUBLISHED = "notice.published"
    CORRECTED = "notice.corrected"
    WITHDRAWN = "notice.withdrawn"


def _facts(row: Mapping[str, Any], found: Mapping[str, Any], entered: Entered) -> rules.NoticeFacts:
    return rules.NoticeFacts(row["organ"], row["basis_stands"], found["correction_due"])


N: Any = Notice.__table__  # type: ignore[attr-defined]
C = N.alias("corrections")
CORRECTION_DUE = exists(
    select(literal_column("1")).where(
        C.c.county_code == N.c.county_code,
        C.c.township_code == N.c.township_code,
        C.c.corrects_id == N.c.id,
        C.c.state == literal_column("'draft'"),
    )
)

NOTICES = Resource(
    "notices",
    Notice,
    scope=Scope(wide=ORGANS | {Office.LEADING_GROUP}, more=(N.c.state != literal_column("'draft'"),)),
    facts={"correction_due": CORRECTION_DUE},
    workflow=rules.NOTICE,
    read_facts=_facts,
)


def _at(table: Any) -> Any:
    """Rows of the caller's own township."""
    return and_(
        col(table.county_code) == bindparam("county", type_=Text()),
        col(table.township_code) == bindparam("township", type_=Text()),
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
        select(col(Pairing.household_id)).where(_at(Pairing), col(Pairing.helper_id) == person),
        select(col(Finding.household_id)).where(_at(Finding), about),
    )


HOUSEHOLD_WORDS = Prepared(
    select(col(Household.head_name), col(Household.card_number)).where(
        _at(Household), col(Household.id).in_(_helped_or_found())
    )
)
OF_BASIS = Prepared(
    select(col(Notice.id), col(Notice.kind), col(Notice.state))
    .where(
        _at(Notice),
        or_(
            col(Notice.case_id) == bindparam("case", type_=Uuid()),
            col(Notice.evaluation_id) == bindparam("evaluation", type_=Uuid()),
        ),
        or_(col(Notice.state) == "draft", col(Notice.state) == "published"),
        col(Notice.kind) != rules.NoticeKind.CORRECTION,
    )
    .with_for_update()
)


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
    values = {name: subject.get(name) for name in SUBJECT}
    values |= {
        "kind": kind,
        "organ": rules.organ_of(kind, deciding),
        "case_id": case_id,
        "evaluation_id": evaluation_id,
    }
    return await _draft(change, values)


async def _draft(change: Change, values: Mapping[str, Any]) -> UUID:
    key = uuid7(change.now)
    await change.create(
        NOTICES,
        key,
        {"audience": rules.AUDIENCE, "basis_stands": True, "withdraws": False, **values},
        event=Event.DUE,
        public=values,
    )
    return key


async def revise(
    change: Change,
    *,
    case_id: UUID | None = None,
    evaluation_id: UUID | None = None,
    keeps: rules.NoticeKind | None = None,
) -> bool:
    """What becomes of the notices when their decision or determination was changed (G53).

    `keeps` is the kind that it still demands, None where it demands none any more. A draft of another kind
    is dropped; for a published notice a correction to the same audience becomes due, which takes it back
    where its kind is not demanded any more. Answers whether a notice of the kind `keeps` is there.
    """
    place = {"county": change.actor.county_code, "township": change.actor.township_code}
    there = await change.transaction.rows(OF_BASIS, **place, case=case_id, evaluation=evaluation_id)
    for notice in there:
        taken = await change.find(NOTICES, notice["id"])
        kept = taken.row["kind"] == keeps
        if taken.state == "draft" and not kept:
            values = {"state": "withdrawn", "state_since": change.now, "basis_stands": False}
            await change.save(taken, values, event=Event.WITHDRAWN, public={"state": "withdrawn"})
        elif taken.state == "published":
            await change.save(taken, {"basis_stands": False}, event=Event.DUE, public={"basis_stands": False})
            await _draft(change, _correcting(taken, withdraws=not kept))
    return any(notice["kind"] == keeps for notice in there)


def _correcting(taken: Taken, *, withdraws: bool) -> dict[str, Any]:
    """A correction's values: of the same organ, about the same subject, on the same basis."""
    row = taken.row
    ids = {
        name: UUID(row[name]) if row[name] else None for name in ("case_id", "evaluation_id", SUBJECT[0], SUBJECT[2])
    }
    return {
        **ids,
        SUBJECT[1]: row[SUBJECT[1]],
        "kind": rules.NoticeKind.CORRECTION,
        "organ": row["organ"],
        "corrects_id": taken.id,
        "withdraws": withdraws,
    }


async def _words(change: Change, taken: Taken, body: schemas.Publish) -> dict[str, Any]:
    """The columns of a notice that is published today, checked (G30)."""
    rules.check_period(body.channel, change.today, body.ends_on)
    households = await change.transaction.rows(
        HOUSEHOLD_WORDS,
        county=change.actor.county_code,
        township=change.actor.township_code,
        person=taken.row[SUBJECT[0]],
        village=taken.row[SUBJECT[1]],
        unit=taken.row[SUBJECT[2]],
    )
    rules.check_text(f"{body.title}\n{body.body}", [word for found in households for word in found.values()])
    return {**body.model_dump(include={"title", "body", "channel", "ends_on"}), "starts_on": change.today}


def _entry(words: Mapping[str, Any]) -> dict[str, Any]:
    """What the log says of words: the period and channel openly, the text sealed."""
    return {
        "public": {name: words[name] for name in ("channel", "starts_on", "ends_on")},
        "personal": {name: words[name] for name in ("title", "body")},
    }


def _helper(taken: Taken) -> UUID | None:
    return UUID(taken.row[SUBJECT[0]]) if taken.row[SUBJECT[0]] else None


@moves(rules.NOTICE, "publish")
async def publish(change: Change, id: UUID, body: schemas.Publish) -> Answer:
    """To the whole township, and to nobody else; a correction settles the notice it corrects."""
    taken = await change.take(NOTICES, id)
    words = await _words(change, taken, body)
    if taken.row["corrects_id"]:
        first = await change.find(NOTICES, UUID(taken.row["corrects_id"]))
        state = "withdrawn" if taken.row["withdraws"] else "corrected"
        event = Event.WITHDRAWN if taken.row["withdraws"] else Event.CORRECTED
        await change.save(
            first,
            {"state": state, "state_since": change.now},
            event=event,
            public={"state": state, "correction_id": id},
            helper=_helper(taken),
        )
    return await change.save(
        taken, words, to="published", event=Event.PUBLISHED, helper=_helper(taken), **_entry(words)
    )


@moves(rules.NOTICE, "correct")
async def correct(change: Change, id: UUID, body: schemas.Correct) -> Answer:
    """A mistake in the words: a correction is published to the same audience, the decision stands."""
    return await _replace(change, id, body, "corrected", Event.CORRECTED)


@moves(rules.NOTICE, "withdraw")
async def withdraw(change: Change, id: UUID, body: schemas.Withdraw) -> Answer:
    """The decision fell: the same audience is told so."""
    return await _replace(change, id, body, "withdrawn", Event.WITHDRAWN)


async def _replace(
    change: Change, id: UUID, body: schemas.Correct | schemas.Withdraw, state: str, event: Event
) -> Answer:
    taken = await change.take(NOTICES, id)
    words = await _words(change, taken, body)
    correction = uuid7(change.now)
    await change.create(
        NOTICES,
        correction,
        {
            **_correcting(taken, withdraws=state == "withdrawn"),
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
    return await change.save(
        taken,
        {"reasons": body.reasons},
        to=state,
        event=event,
        public={"correction_id": correction},
        personal={"reasons": body.reasons},
        helper=_helper(taken),
    )
