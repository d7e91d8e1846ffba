"""What can be done about a decision one objects to?"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, exists, literal_column, or_, select
from sqlalchemy.types import Uuid
from sqlmodel import col

from app.access import Entered, Scope
from app.actor import ORGANS
from app.cases import actions as cases
from app.cases.rules import WINDOW_LABEL_ZH
from app.cases.tables import Case, whole_case
from app.database import Prepared, here, same_place
from app.objections import rules, schemas
from app.objections.tables import Objection
from app.people.tables import Person
from app.reading import Resource
from app.writing import Answer, Change, creates_for_anyone, moves


class Event(StrEnum):
    FILED = "objection.filed"
    ACCEPTED = "objection.accepted"
    DECIDED = "objection.decided"
    WITHDRAWN = "objection.withdrawn"


def _facts(row: Mapping[str, Any], found: Mapping[str, Any], entered: Entered) -> rules.ObjectionFacts:
    case = cases.as_taken(found["case"], entered)
    return rules.ObjectionFacts(
        filed_by=row["filed_by_id"],
        handlers=case.facts.handlers,
        recused=case.facts.recused,
        subject_person=case.facts.subject_person,
        capacity=case.row["capacity"],
        categories=case.row["categories"],
        management=case.row["management"],
        case=found["case"],
    )


SUBJECT_PERSON = (
    select(col(Case.subject_person_id))
    .where(same_place(Case, Objection), col(Case.id) == col(Objection.case_id))
    .scalar_subquery()
)
OBJECTIONS = Resource(
    "objections",
    Objection,
    scope=Scope(wide=ORGANS, people=(col(Objection.filed_by_id), SUBJECT_PERSON)),
    extra={
        "window_note": literal_column(f"'{WINDOW_LABEL_ZH}'"),
        "other_channels": literal_column(f"'{rules.OTHER_CHANNELS_ZH}'"),
    },
    facts={"case": whole_case(col(Objection.case_id), Objection)},
    workflow=rules.OBJECTION,
    read_facts=_facts,
)

PENDING_AND_UNIT = Prepared(
    select(
        exists(
            select(literal_column("1")).where(
                here(Objection),
                col(Objection.case_id) == bindparam("case", type_=Uuid()),
                or_(col(Objection.state) == "filed", col(Objection.state) == "accepted"),
            )
        ).label("pending"),
        select(col(Person.unit_id))
        .where(
            here(Person),
            col(Person.id) == bindparam("person", type_=Uuid()),
        )
        .scalar_subquery()
        .label("unit_id"),
    )
)


@creates_for_anyone(of=OBJECTIONS)
async def file(change: Change, body: schemas.FileObjection) -> Answer:
    """By the subject himself or the head of the body concerned, within the window of local policy (G50)."""
    case = await change.find(cases.CASES, body.case_id, missing=cases.CASES.not_found())
    row, me = case.row, change.actor.person_id
    found = await change.transaction.row(
        PENDING_AND_UNIT,
        **change.here,
        case=case.id,
        person=me,
    )
    rules.check_filer(change.actor, row, str(found["unit_id"]))
    until = date.fromisoformat(row["objection_until"]) if row["objection_until"] else None
    rules.check_filing(case.facts.measure is not None, found["pending"], until, change.today)
    public = {"case_id": case.id, "filed_by_id": me, "filed_on": change.today}
    return await change.create(
        OBJECTIONS,
        body.id,
        {**public, "text": body.text, "dropped_finding_ids": []},
        event=Event.FILED,
        public=public,
        personal={"text": body.text},
    )


@moves(rules.OBJECTION, "accept")
async def accept(change: Change, id: UUID, body: schemas.Accept) -> Answer:
    """Taken up by somebody who had no hand in the case; the execution goes on."""
    taken = await change.take(OBJECTIONS, id)
    organ = next(iter(sorted(rules.reviewing(taken.facts) & change.actor.offices)))
    values = {"organ": organ, "accepted_by_id": change.actor.person_id}
    return await change.save(
        taken, values, to="accepted", event=Event.ACCEPTED, public=values, personal=body.model_dump()
    )


@moves(rules.OBJECTION, "decide")
async def decide(change: Change, id: UUID, body: schemas.DecideObjection) -> Answer:
    """Upheld, modified or revoked; what the township was told is set right (G50, G53)."""
    rules.check_outcome(body.outcome, body.ground, len(body.dropped_finding_ids))
    taken = await change.take(OBJECTIONS, id)
    if body.outcome != "upheld":
        case = cases.as_taken(taken.facts.case, change.entered)
        modified = body.outcome == "modified"
        await cases.revise(
            change,
            case,
            reasons=body.reasons,
            objection_id=id,
            ground=(body.ground or case.row["ground"]) if modified else None,
            dropped=body.dropped_finding_ids,
        )
    public = {
        "decided_by_id": change.actor.person_id,
        "decided_on": change.today,
        "ground": body.ground,
        "dropped_finding_ids": body.dropped_finding_ids,
    }
    return await change.save(
        taken,
        {**public, "reasons": body.reasons},
        to=body.outcome,
        event=Event.DECIDED,
        public={**public, "outcome": body.outcome, "case_id": taken.row["case_id"]},
        personal={"reasons": body.reasons},
    )


@moves(rules.OBJECTION, "withdraw")
async def withdraw(change: Change, id: UUID, body: schemas.WithdrawObjection) -> Answer:
    """Taken back by whoever filed it."""
    taken = await change.take(OBJECTIONS, id)
    return await change.save(taken, {}, to="withdrawn", event=Event.WITHDRAWN, personal=body.model_dump())
