"""What can be done about a decision one objects to?"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, distinct, exists, func, literal_column, or_, select
from sqlalchemy.types import Text, Uuid
from sqlmodel import col

from app.access import Entered, Scope
from app.actor import ORGANS
from app.cases import actions as cases
from app.cases.rules import WINDOW_LABEL_ZH
from app.cases.tables import Case, CaseRecusal, CaseStep
from app.database import Prepared
from app.findings.tables import same_place
from app.objections import rules, schemas
from app.objections.tables import Objection
from app.people.tables import Person
from app.reading import Resource
from app.writing import Answer, Change, creates, moves


class Event(StrEnum):
    FILED = "objection.filed"
    ACCEPTED = "objection.accepted"
    DECIDED = "objection.decided"
    WITHDRAWN = "objection.withdrawn"


def _of_case(table: Any) -> Any:
    return and_(same_place(table, Objection), col(table.case_id) == col(Objection.case_id))


def _case(column: Any) -> Any:
    """A column of the case objected to."""
    return select(column).where(same_place(Case, Objection), col(Case.id) == col(Objection.case_id)).scalar_subquery()


def _people(column: Any, table: Any) -> Any:
    listed = func.coalesce(func.json_agg(distinct(column)), literal_column("'[]'::json"))
    return select(listed).where(_of_case(table), column.is_not(None)).scalar_subquery()


def _facts(row: Mapping[str, Any], found: Mapping[str, Any], entered: Entered) -> rules.ObjectionFacts:
    return rules.ObjectionFacts(
        filed_by=row["filed_by_id"],
        handlers=[*found["handlers"], found["opened_by"]],
        recused=found["recused"],
        subject_person=found["subject"],
        capacity=found["capacity"],
        categories=found["categories"],
        management=found["management"],
    )


OBJECTIONS = Resource(
    "objections",
    Objection,
    scope=Scope(wide=ORGANS, people=(col(Objection.filed_by_id), _case(col(Case.subject_person_id)))),
    extra={
        "window_note": literal_column(f"'{WINDOW_LABEL_ZH}'"),
        "other_channels": literal_column(f"'{rules.OTHER_CHANNELS_ZH}'"),
    },
    facts={
        "handlers": _people(col(CaseStep.person_id), CaseStep),
        "recused": _people(col(CaseRecusal.person_id), CaseRecusal),
        "opened_by": _case(col(Case.opened_by_id)),
        "subject": _case(col(Case.subject_person_id)),
        "capacity": _case(col(Case.capacity)),
        "categories": _case(func.to_json(col(Case.categories))),
        "management": _case(col(Case.management)),
    },
    workflow=rules.OBJECTION,
    read_facts=_facts,
)

PENDING_AND_UNIT = Prepared(
    select(
        exists(
            select(literal_column("1")).where(
                col(Objection.county_code) == bindparam("county", type_=Text()),
                col(Objection.township_code) == bindparam("township", type_=Text()),
                col(Objection.case_id) == bindparam("case", type_=Uuid()),
                or_(col(Objection.state) == "filed", col(Objection.state) == "accepted"),
            )
        ).label("pending"),
        select(col(Person.unit_id))
        .where(
            col(Person.county_code) == bindparam("county", type_=Text()),
            col(Person.township_code) == bindparam("township", type_=Text()),
            col(Person.id) == bindparam("person", type_=Uuid()),
        )
        .scalar_subquery()
        .label("unit_id"),
    )
)


@creates(*rules.PEOPLE)
async def file(change: Change, body: schemas.FileObjection) -> Answer:
    """By the subject himself or the head of the body concerned, within the window of local policy (G50)."""
    case = await change.find(cases.CASES, body.case_id, missing=cases.CASES.not_found())
    row, me = case.row, change.actor.person_id
    found = await change.transaction.row(
        PENDING_AND_UNIT,
        county=change.actor.county_code,
        township=change.actor.township_code,
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
    taken = await change.take(OBJECTIONS, id)
    rules.check_outcome(body.outcome, body.ground, len(body.dropped_finding_ids))
    if body.outcome != "upheld":
        case = await change.find(cases.CASES, UUID(taken.row["case_id"]))
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
