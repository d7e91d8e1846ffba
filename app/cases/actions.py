"""What can be done in a case?"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import literal_column
from sqlmodel import col

from app.access import Entered, Scope
from app.actor import ORGANS, NotYourOffice, Office
from app.attachments import actions as attachments
from app.cases import rules, schemas
from app.cases.tables import (
    DECIDE,
    FINDINGS_NAMED,
    GATHERED,
    MEMBERS,
    REVISE,
    SHOWN,
    SUBJECT,
    Case,
    CaseFinding,
    CaseRecusal,
    CaseStep,
)
from app.findings.actions import read_subject, rulebook_of
from app.findings.rules import FindingFacts, OwnFile
from app.findings.tables import heads_the_village, serves_in_the_unit, subject_facts
from app.log import plain
from app.notices import actions as notices
from app.notices.rules import MEASURE_NOTICE
from app.notices.tables import Notice
from app.reading import Resource, place_values
from app.refusal import VersionStale
from app.rulebook.rules import Facts, SecondMeasureForSameFacts, huayuan
from app.rulebook.rules import named as book_named
from app.wire import In
from app.writing import Answer, Change, Taken, creates, moves, uuid7


class Event(StrEnum):
    OPENED = "case.opened"
    FACTS_PRESENTED = "case.facts_presented"
    STATEMENT_RECORDED = "case.statement_recorded"
    DECIDED = "case.decided"
    NO_MEASURE = "case.no_measure"
    TRANSFERRED = "case.transferred"
    REFERRED = "case.referred"
    HANDED_OVER = "case.handed_over"
    OUTCOME_RECORDED = "case.outcome_recorded"
    EXECUTED = "case.executed"
    CLOSED = "case.closed"
    RECUSED = "case.recused"
    REVISED = "case.revised"


def _facts(row: Mapping[str, Any], found: Mapping[str, Any], entered: Entered) -> rules.CaseFacts:
    return rules.CaseFacts(
        organ=row["organ"],
        basis=row["basis"],
        subject_person=row["subject_person_id"],
        recused=found["recused"],
        statement=row["statement"],
        crime=row["crime_assessment"],
        measure=row["measure"],
        outputs=found["outputs"],
        politics=read_subject(row, found).politics,
        same_facts=found["same_facts"],
        fitting={f["finding_id"]: [f["ground"], *f["alternatives"]] for f in found["fitting"]},
        handlers=[*found["handlers"], row["opened_by_id"]],
        notices=found["notices"],
        window_days=found["window_days"],
    )


CASES = Resource(
    "cases",
    Case,
    scope=Scope(
        wide=ORGANS,
        people=(col(Case.subject_person_id),),
        more=(heads_the_village(Case), serves_in_the_unit(Case)),
    ),
    extra={"objection_note": literal_column(f"'{rules.WINDOW_LABEL_ZH}'"), **SHOWN},
    facts={**subject_facts(Case, col(Case.fact_on)), **GATHERED},
    workflow=rules.CASE,
    read_facts=_facts,
    derived=lambda facts: {"missing_outputs": rules.missing_outputs(facts.measure, facts.outputs)},
)
RECUSALS = Resource("recusals", CaseRecusal, scope=Scope(wide=ORGANS), addressed=False)


@creates(*ORGANS)
async def open_case(change: Change, body: schemas.OpenCase) -> Answer:
    """On confirmed findings about one subject, before one competent organ (articles 8 to 10)."""
    organ = Office(body.organ)
    if not change.actor.holds(organ):
        raise NotYourOffice(offices=[organ])
    findings = await change.transaction.rows(FINDINGS_NAMED, **change.here, ids=sorted(set(body.finding_ids)))
    subjects = _subject(change, findings, body)
    categories = sorted({kind for subject in subjects for kind in subject.categories})
    fact_on = min(f["fact_on"] for f in findings)
    rules.check_basis(body.basis, {str(f["id"]): [f["ground"], *f["alternatives"]] for f in findings})
    book = rulebook_of(subjects[0].bound, fact_on)
    found = rules.check_opening(
        book,
        Facts(
            fact_date=fact_on,
            basis=body.basis,
            capacity=body.capacity,
            categories=tuple(categories),
            management=subjects[0].management,
            organ=organ,
            routing_reason=body.routing_reason or "",
            elements=tuple(body.elements.model_dump()) if body.elements else (),
        ),
    )
    public = {
        "organ": organ,
        "rulebook": book.code,
        "basis": body.basis,
        "capacity": body.capacity,
        **{name: findings[0][name] for name in SUBJECT},
        "categories": categories,
        "management": subjects[0].management,
        "warnings": [warning.code for warning in found.warnings],
        "fact_on": fact_on,
        "opened_on": change.today,
    }
    personal = {
        "routing_reason": body.routing_reason,
        "elements": body.elements.model_dump() if body.elements else None,
    }
    key = body.id or uuid7(change.now)
    named = [f["id"] for f in findings]
    made = await change.create(
        CASES,
        key,
        {**public, **personal, "opened_by_id": change.actor.person_id},
        event=Event.OPENED,
        public={**public, "finding_ids": named},
        personal=personal,
    )
    links = [
        {"id": uuid7(change.now), "case_id": key, "finding_id": finding, "dropped": False, "first_measure": False}
        for finding in named
    ]
    await change.insert_rows(CaseFinding, links)
    return Answer(201, (await _again(change, key)), made.headers)


async def _again(change: Change, id: UUID) -> str:
    """The case as it reads now, its children included."""
    statement = CASES.one(True, change.actor.reads_county, False)
    found = await change.transaction.row(statement, at_id=id, **place_values(change.entered))
    return str(found["body"])


def _subject(change: Change, findings: Sequence[Any], body: schemas.OpenCase) -> list[FindingFacts]:
    """The one subject of the findings, as he stood on the day of each.

    Raises FindingUnknown, FindingsDiffer, OwnFile, CapacityNotHeld.
    """
    if len(findings) != len(set(body.finding_ids)):
        raise rules.FindingUnknown
    if len({tuple(f[name] for name in SUBJECT) for f in findings}) != 1 or {f["state"] for f in findings} != {
        "confirmed"
    }:
        raise rules.FindingsDiffer
    subjects = [read_subject(f, json.loads(f["facts"])) for f in findings]
    if subjects[0].subject_person == str(change.actor.person_id):
        raise OwnFile
    for subject in subjects:
        rules.check_capacity(body.capacity, subject.capacity, subject.offices)
    return subjects


async def _step(change: Change, case_id: UUID, kind: rules.Step, details: Mapping[str, Any], **more: Any) -> None:
    """Keep what was written, for good; one round trip."""
    await change.insert(
        CaseStep,
        id=uuid7(change.now),
        case_id=case_id,
        kind=kind,
        on=change.today,
        person_id=change.actor.person_id,
        details={name: plain(value) for name, value in details.items() if value is not None},
        **more,
    )


def _person(taken: Taken) -> UUID | None:
    """The person to whose ledger a measure belongs."""
    return UUID(taken.row[SUBJECT[0]]) if taken.row[SUBJECT[0]] else None


@moves(rules.CASE, "present-facts")
async def present_facts(change: Change, id: UUID, body: schemas.PresentFacts) -> Answer:
    """The subject sees the facts before anything is decided (G49)."""
    taken = await change.take(CASES, id)
    words, named = body.model_dump(exclude={"attachment_ids"}), await attachments.named(change, body.attachment_ids)
    await _step(change, id, rules.Step.FACTS, words | named)
    values = {"facts_presented_on": change.today}
    return await change.save(
        taken, values, to="facts_presented", event=Event.FACTS_PRESENTED, public=values | named, personal=words
    )


@moves(rules.CASE, "record-statement")
async def record_statement(change: Change, id: UUID, body: schemas.RecordStatement) -> Answer:
    """What the subject said, or that he waived or refused (G49)."""
    rules.check_statement(body.statement, body.witness)
    taken = await change.take(CASES, id)
    await _step(change, id, rules.Step.STATEMENT, body.model_dump())
    values = {"statement": body.statement}
    personal = body.model_dump(include={"text", "witness"})
    return await change.save(
        taken, values, to=taken.state, event=Event.STATEMENT_RECORDED, public=values, personal=personal
    )


@moves(rules.CASE, "decide")
async def decide(change: Change, id: UUID, body: schemas.Decide) -> Answer:
    """The measure of the ground, within the matrices of the rulebook of the day of the facts."""
    taken = await change.take(CASES, id)
    row, facts = taken.row, taken.facts
    crime = body.crime_assessment or facts.crime
    fact_on = date.fromisoformat(row["fact_on"])
    rules.check_decision(
        book_named((huayuan(),), row["rulebook"]),
        Facts(
            fact_date=fact_on,
            basis=row["basis"],
            capacity=row["capacity"],
            categories=tuple(row["categories"]),
            management=row["management"],
            political_status=facts.politics,
            crime=crime,
            measure=body.measure,
            organ=row["organ"],
            routing_reason=row["routing_reason"] or "",
            discipline_kind=body.discipline_kind,
            outcome=body.outcome or "",
            cited_rule=body.cited_rule or "",
            measures_for_same_facts=tuple(facts.same_facts),
            override_reason=body.same_facts_reason or "",
        ),
    )
    rules.check_scope(row["warnings"], body.confirms_outside_article_3)
    values = {
        "measure": body.measure,
        "ground": row["basis"],
        "crime_assessment": crime,
        "decided_on": change.today,
        "objection_until": rules.objection_until(change.today, facts.window_days),
    }
    await _decision(change, id, body, first=not facts.same_facts)
    if kind := MEASURE_NOTICE.get(body.measure):
        await notices.due(change, kind, Office(row["organ"]), subject=row, case_id=id)
    return await change.save(
        taken,
        values,
        to="decided",
        event=Event.DECIDED,
        public={**values, "capacity": row["capacity"], "organ": row["organ"]},
        personal=body.model_dump(include={"reasons", "mitigation", "outcome", "cited_rule", "same_facts_reason"}),
        helper=_person(taken),
    )


async def _decision(change: Change, case_id: UUID, body: schemas.Decide, *, first: bool) -> None:
    """Keep what was decided. Raises SecondMeasureForSameFacts where another case was decided at the same moment."""
    step = {
        "step": uuid7(change.now),
        "step_kind": rules.Step.DECISION,
        "step_on": change.today,
        "step_person": change.actor.person_id,
        "step_details": {name: plain(value) for name, value in body.model_dump().items() if value is not None},
    }
    try:
        await change.transaction.rows(DECIDE, **change.here, case=case_id, first=first, **step)
    except asyncpg.UniqueViolationError as error:
        raise SecondMeasureForSameFacts from error


@moves(rules.CASE, "no-measure")
async def no_measure(change: Change, id: UUID, body: schemas.NoMeasure) -> Answer:
    """The organ declines, and says why (R2.2, G34)."""
    taken = await change.take(CASES, id)
    return await _end(change, taken, rules.Step.NO_MEASURE, "no_measure", Event.NO_MEASURE, body)


@moves(rules.CASE, "transfer")
async def transfer(change: Change, id: UUID, body: schemas.Transfer) -> Answer:
    """To the judicial organs, whose answer is awaited (article 10, G43)."""
    taken = await change.take(CASES, id)
    rules.check_transfer(body.crime_assessment)
    values = {"crime_assessment": body.crime_assessment}
    return await _end(change, taken, rules.Step.TRANSFER, "transferred", Event.TRANSFERRED, body, values)


@moves(rules.CASE, "refer")
async def refer(change: Change, id: UUID, body: schemas.Refer) -> Answer:
    """To a superior or otherwise competent organ, whose outcome is recorded (article 10, G39, G41, G44)."""
    taken = await change.take(CASES, id)
    return await _end(change, taken, rules.Step.REFERRAL, "referred", Event.REFERRED, body)


@moves(rules.CASE, "record-outcome")
async def record_outcome(change: Change, id: UUID, body: schemas.RecordOutcome) -> Answer:
    """What another organ answered, or the outside outcome under article 8 (G43, G45)."""
    taken = await change.take(CASES, id)
    rules.check_answer(taken.state, body.conclusion, body.crime_assessment)
    presented = taken.row["facts_presented_on"] is not None
    state = rules.outcome_state(taken.state, taken.facts, body.conclusion, presented)
    values = {"crime_assessment": body.crime_assessment or taken.facts.crime}
    return await _end(change, taken, rules.Step.OUTCOME, state, Event.OUTCOME_RECORDED, body, values)


async def _end(
    change: Change,
    taken: Taken,
    step: rules.Step,
    state: str,
    event: Event,
    body: In,
    values: Mapping[str, Any] | None = None,
) -> Answer:
    """A step whose words are kept and whose state follows."""
    await _step(change, taken.id, step, body.model_dump())
    public = {**(values or {}), "state": state}
    return await change.save(taken, values or {}, to=state, event=event, public=public, personal=body.model_dump())


@moves(rules.CASE, "execute")
async def execute(change: Change, id: UUID, body: schemas.Execute) -> Answer:
    """One output of the measure; each measure takes only its own."""
    taken = await change.take(CASES, id)
    output = rules.Output(body.output)
    rules.check_output(taken.facts, output)
    notice = None
    if isinstance(body, schemas.TownshipNoticeOutput):
        notice = body.notice_id
        rules.check_notice(taken.facts, str(notice))
    else:
        rules.check_happened(body.happened_on, change.today)
    measure = taken.facts.measure
    details = body.model_dump(exclude={"output", "notice_id", "attachment_ids"})
    named = await attachments.named(change, getattr(body, "attachment_ids", ()))
    await _step(change, id, rules.Step.OUTPUT, details | named, output=output, measure=measure, notice_id=notice)
    return await change.save(
        taken,
        {},
        to="executed",
        event=Event.EXECUTED,
        public={"output": output, "measure": measure, "notice_id": notice, **named},
        personal=details,
        helper=_person(taken),
    )


@moves(rules.CASE, "close")
async def close(change: Change, id: UUID, body: schemas.Close) -> Answer:
    """Every output of the measure is on record, or the decision was revoked."""
    taken = await change.take(CASES, id)
    return await _end(change, taken, rules.Step.CLOSING, "closed", Event.CLOSED, body)


@creates(*ORGANS, of=RECUSALS)
async def recuse(change: Change, id: UUID, body: schemas.Recuse) -> Answer:
    """A member of the organ with a declared interest acts no more in this case (G61).

    Who is concerned himself declares it of nobody but himself.
    """
    case = await change.find(CASES, id)
    if not change.actor.holds(Office(case.facts.organ)):
        raise rules.AnotherOrganHasTheCase(awaiting=[case.facts.organ])
    if body.person_id != change.actor.person_id and (refusal := rules.concerned(case.facts, change.actor)):
        raise refusal
    members = await change.transaction.rows(MEMBERS, **change.here, organ=case.facts.organ, day=change.today)
    substitute = str(body.substitute_id) if body.substitute_id else None
    if body.id is None or str(body.person_id) not in case.facts.recused:  # the same recusal may be sent again
        rules.check_recusal(case.facts, [str(m["person_id"]) for m in members], str(body.person_id), substitute)
    public = {"case_id": id, **body.model_dump(include={"person_id", "interest", "substitute_id"})}
    values = {**public, "reason": body.reason, "declared_on": change.today, "declared_by_id": change.actor.person_id}
    made = await change.create(
        RECUSALS, body.id, values, event=Event.RECUSED, public=public, personal={"reason": body.reason}
    )
    return Answer(made.status, made.body, {**made.headers, "location": f"/v1/cases/{id}"})


def as_taken(whole: Mapping[str, Any], entered: Entered) -> Taken:
    """A case gathered by `whole_case`; unlocked, so that what is written compares the version."""
    row = whole["row"]
    return Taken(CASES, UUID(row["id"]), row, _facts(row, whole["gathered"], entered))


async def revise(
    change: Change,
    case: Taken,
    *,
    reasons: str,
    objection_id: UUID,
    ground: str | None = None,
    dropped: Sequence[UUID] = (),
) -> None:
    """What an objection makes of a decision: revoked where `ground` is None, else modified, never heavier (G50).

    One round trip, two where a notice becomes due. Raises what check_modification raises, and VersionStale.
    """
    before, measure = case.facts.measure, None
    gone = {str(d) for d in dropped}
    if ground is not None:
        book = book_named((huayuan(),), case.row["rulebook"])
        kept = {finding: grounds for finding, grounds in case.facts.fitting.items() if finding not in gone}
        lost = len(gone.intersection(case.facts.fitting))
        capacity, decided = case.row["capacity"], case.row["ground"]
        measure = rules.check_modification(book, capacity, decided, ground, kept=kept, dropped=lost)
    state = rules.state_after_revision(case.state, before, measure, case.facts.outputs if measure == before else ())
    details = {"objection_id": objection_id, "ground": ground, "measure": measure, "dropped": list(dropped)}
    step = rules.Step.REVOCATION if ground is None else rules.Step.MODIFICATION
    keeps = MEASURE_NOTICE.get(measure or "")
    basis = {"case_id": case.id, "evaluation_id": None, **{name: case.row[name] for name in SUBJECT}}
    told, rows = notices.follow(change, case.facts.notices, keeps, basis)
    if keeps is not None and not rules.has_notice(case.facts, keeps):
        rows.append(notices.draft(change, {**basis, "kind": keeps, "organ": case.row["organ"]}))
    version = await change.transaction.value(
        REVISE,
        **change.here,
        **told,
        case=case.id,
        seen=case.version,
        step=uuid7(change.now),
        step_kind=step,
        step_on=change.today,
        step_person=change.actor.person_id,
        step_details=plain({**details, "reasons": reasons}),
        dropped_findings=list(dropped),
        new_measure=measure,
        new_ground=ground or case.row["ground"],
        new_state=state,
        new_since=change.now if state != case.state else datetime.fromisoformat(case.row["state_since"]),
    )
    if version is None:
        raise VersionStale
    await change.insert_rows(Notice, rows)
    public = {**details, "state": state}
    personal = {"reasons": reasons}
    change.record(
        Event.REVISED, CASES, case.id, version=version, public=public, personal=personal, helper=_person(case)
    )
