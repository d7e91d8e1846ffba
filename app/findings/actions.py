"""What can be done about a finding: propose, confirm, dismiss?"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Text, bindparam, select
from sqlmodel import col

from app.access import Entered, Scope
from app.attachments import actions as attachments
from app.database import Prepared
from app.findings import rules, schemas
from app.findings.tables import EXPECTED, HAS_CASE, Finding, heads_the_village, serves_in_the_unit, subject_facts
from app.reading import Resource
from app.rulebook.rules import GENERAL_CLAUSE, Bound, GroundNotInRulebook, Rulebook, book_of, huayuan
from app.rulebook.tables import bindings_of
from app.writing import Answer, Change, Taken, creates, moves


class Event(StrEnum):
    PROPOSED = "finding.proposed"
    CONFIRMED = "finding.confirmed"
    DISMISSED = "finding.dismissed"


def read_subject(row: Mapping[str, Any], found: Mapping[str, Any]) -> rules.FindingFacts:
    """Who the subject is to article 10, from a row that names him and its `subject_facts`."""
    person = row["subject_person_id"]
    return rules.FindingFacts(
        capacity=rules.body_capacity(row["subject_village_code"], row["subject_unit_id"]),
        categories=rules.categories_of(found["registered"], found["offices"]),
        management=rules.management_of(found["authority"]),
        subject_person=str(person) if person else None,
        politics=rules.politics_of(found["membership"]),
        offices=found["offices"],
        bound=Bound.of(found["bindings"]),
    )


def _facts(row: Mapping[str, Any], found: Mapping[str, Any], entered: Entered) -> rules.FindingFacts:
    return read_subject(row, found)


FINDINGS = Resource(
    "findings",
    Finding,
    scope=Scope(
        wide=rules.READERS,
        people=(col(Finding.subject_person_id),),
        more=(heads_the_village(Finding), serves_in_the_unit(Finding)),
    ),
    extra={"has_case": HAS_CASE},
    facts=subject_facts(Finding, col(Finding.fact_on)),
    workflow=rules.FINDING,
    read_facts=_facts,
)


def rulebook_of(bound: Iterable[Bound], day: date) -> Rulebook:
    """The rulebook the township worked under on the day of the facts (G51, G52). Raises what `book_of` raises."""
    return book_of((huayuan(),), bound, day)


BOUND = Prepared(
    select(
        bindings_of(bindparam("county", type_=Text()), bindparam("township", type_=Text())).cast(Text()).label("bound")
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What was found, about whom, before anyone is accused; exactly one of person, village and unit is the subject."""

    id: UUID | None = None
    source: rules.Source
    fact_on: date
    description: str
    source_id: UUID | None = None
    person_id: UUID | None = None
    village_code: str | None = None
    unit_id: UUID | None = None
    household_id: UUID | None = None
    evidence: Sequence[str] = ()
    suggested_grounds: Sequence[str] = ()


def _checked(change: Change, found: Proposal, bound: Iterable[Bound]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns of a finding that are public and those that are personal."""
    rules.check_subject(found.person_id, found.village_code, found.unit_id)
    rules.check_fact_day(found.fact_on, change.today)
    book = rulebook_of(bound, found.fact_on)
    _check_grounds(book, found.suggested_grounds)
    public = {
        "source": found.source,
        "source_id": found.source_id,
        "subject_person_id": found.person_id,
        "subject_village_code": found.village_code,
        "subject_unit_id": found.unit_id,
        "household_id": found.household_id,
        "fact_on": found.fact_on,
        "suggested_grounds": list(found.suggested_grounds),
        "rulebook": book.code,
    }
    return public, {"description": found.description, "evidence": list(found.evidence)}


def propose(change: Change, found: Sequence[Proposal], bound: Sequence[Bound]) -> list[dict[str, Any]]:
    """Rows of findings `proposed`, which are noted for the log; inserting them is the caller's (G58).

    Raises SubjectUnclear, FactInTheFuture, BeforeCommencement (facts before 2016-11-09), GroundNotInRulebook.
    """
    rows = []
    for one in found:
        public, personal = _checked(change, one, bound)
        row = change.new(FINDINGS, one.id) | public | personal
        rows.append(row | {"alternatives": [], "attachment_ids": [], "recorded_by_id": change.actor.person_id})
        change.record(Event.PROPOSED, FINDINGS, row["id"], version=1, public=public, personal=personal)
    return rows


def _check_grounds(book: Rulebook, grounds: Sequence[str]) -> None:
    for ground in grounds:
        if ground not in book.grounds and ground != GENERAL_CLAUSE:
            raise GroundNotInRulebook(basis=ground, rulebook=book.code)


@creates(*rules.RECORDERS, of=FINDINGS)
async def create(change: Change, body: schemas.CreateFinding) -> Answer:
    """What an office found, or a citizen reported to it."""
    found = Proposal(
        source=rules.Source(body.source),
        fact_on=body.fact_on,
        description=body.description,
        person_id=body.subject.person_id,
        village_code=body.subject.village_code,
        unit_id=body.subject.unit_id,
        household_id=body.household_id,
        evidence=body.evidence,
        suggested_grounds=body.suggested_grounds,
    )
    here = {"county": change.actor.county_code, "township": change.actor.township_code}
    bound = Bound.of(json.loads(await change.transaction.value(BOUND, **here)))
    public, personal = _checked(change, found, bound)
    values = {**public, **personal, "alternatives": [], "recorded_by_id": change.actor.person_id}
    values["attachment_ids"] = body.attachment_ids
    public |= await attachments.named(change, body.attachment_ids)
    return await change.create(FINDINGS, body.id, values, event=Event.PROPOSED, public=public, personal=personal)


@moves(rules.FINDING, "confirm", first=FINDINGS)
async def confirm(change: Change, id: UUID, body: schemas.ConfirmFinding) -> Answer:
    """One primary ground whose presuppositions are on record (G33, G46 to G48)."""
    taken = await change.take(FINDINGS, id)
    fact_on = date.fromisoformat(taken.row["fact_on"])
    book = rulebook_of(taken.facts.bound, fact_on)
    alternatives = sorted({*body.alternatives} - {body.ground})
    _check_grounds(book, [body.ground, *alternatives])
    rules.check_article_8(body.ground, change.actor)
    if body.ground != GENERAL_CLAUSE:
        rules.check_expectation(book.grounds[body.ground], fact_on, await _expectation(change, taken.row, body))
    named = body.model_dump(include={"ground", "requirement_id", "form_task_id", "meeting_id"})
    values = {**named, "alternatives": alternatives, "rulebook": book.code}
    return await _settle(change, taken, "confirmed", Event.CONFIRMED, values, body.reasons)


async def _expectation(change: Change, row: Mapping[str, Any], body: schemas.ConfirmFinding) -> rules.Expectation:
    """What the registers say of the requirement, task or meeting that the organ names."""
    found = await change.transaction.row(
        EXPECTED,
        **change.here,
        subject=row["subject_person_id"],
        day=date.fromisoformat(row["fact_on"]),
        requirement=body.requirement_id,
        task=body.form_task_id,
        meeting=body.meeting_id,
    )
    return rules.Expectation(**found)


@moves(rules.FINDING, "dismiss", first=FINDINGS)
async def dismiss(change: Change, id: UUID, body: schemas.DismissFinding) -> Answer:
    """Nothing follows, and the reason is kept (R2.2)."""
    taken = await change.take(FINDINGS, id)
    return await _settle(change, taken, "dismissed", Event.DISMISSED, {}, body.reasons)


async def _settle(
    change: Change, taken: Taken, state: str, event: Event, values: Mapping[str, Any], reasons: str
) -> Answer:
    organ = next(iter(sorted(rules.competent(taken.facts).handling & change.actor.offices)))
    settled = {**values, "settled_by_id": change.actor.person_id, "settled_organ": organ, "settled_on": change.today}
    return await change.save(
        taken,
        {**settled, "reasons": reasons},
        to=state,
        event=event,
        public=settled,
        personal={"reasons": reasons},
    )
