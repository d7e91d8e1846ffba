"""What can be done in a quarter: open a round, assess everyone, sum up, report; and set a rubric."""

from collections.abc import Collection
from dataclasses import asdict
from typing import Any
from uuid import UUID

from app.actor import Office
from app.attachments import actions as attachments
from app.calendar import quarter_bounds, quarter_of
from app.log import LISTED
from app.scores import rules, schemas
from app.scores.rules import Event
from app.scores.tables import (
    ACTIVE_HELPERS,
    LAST_EDITION,
    ROUNDS,
    RUBRICS,
    SCORES,
    QuarterlyResult,
    QuarterlyScore,
)
from app.writing import Answer, Change, Taken, creates, moves, uuid7


@creates(*rules.RUBRIC_MAKERS, of=RUBRICS)
async def issue_rubric(change: Change, body: schemas.CreateRubric) -> Answer:
    """Set a new edition of a rubric: local policy (G2)."""
    criteria = [c.model_dump(mode="json") for c in body.criteria]
    rubric = rules.Rubric.of({"code": body.code, "edition": 0, "criteria": criteria})
    rules.check_rubric(rubric)
    edition = 1 + await change.transaction.value(LAST_EDITION, **change.place, code=body.code)
    values = {"code": body.code, "edition": edition, "title": body.title, "criteria": criteria}
    return await change.create(
        RUBRICS,
        body.id,
        {**values, "maximum": rubric.maximum, "source": "local_policy"},
        event=Event.RUBRIC_ISSUED,
        public={"code": body.code, "edition": edition, "maximum": rubric.maximum},
        personal={"title": body.title, "criteria": criteria},
    )


@creates(*rules.OPENERS, of=ROUNDS)
async def open_round(change: Change, body: schemas.CreateRound) -> Answer:
    """Open a quarter's round, with a row for everyone who had an active pairing day in it (article 6(2), G14)."""
    rules.check_quarter(body.quarter, quarter_of(change.today))
    first, last = quarter_bounds(body.quarter)
    found = await change.transaction.rows(ACTIVE_HELPERS, **change.place, helper=None, first=first, last=last)
    helpers = [row["helper_id"] for row in found]
    round_id = body.id or uuid7(change.now)
    answer = await change.create(
        ROUNDS,
        round_id,
        {"quarter": body.quarter, "first_day": first, "last_day": last, "rubric_id": body.rubric_id},
        event=Event.ROUND_OPENED,
        public={"quarter": body.quarter, "rubric_id": body.rubric_id, "helpers": helpers[:LISTED]},
    )
    change.record_rest(Event.ROUND_LISTED, ROUNDS, round_id, helpers, quarter=body.quarter)
    await change.insert_rows(QuarterlyScore, [_row(change, round_id, body.quarter, helper) for helper in helpers])
    return answer


def _row(change: Change, round_id: UUID, quarter: str, helper_id: UUID) -> dict[str, Any]:
    return change.new(SCORES) | {"round_id": round_id, "quarter": quarter, "helper_id": helper_id}


@creates(*rules.OPENERS, of=SCORES)
async def add_score(change: Change, body: schemas.AddScore) -> Answer:
    """Add the row of a helper whose pairing was recorded after the round was opened (G14)."""
    found = await change.find(ROUNDS, body.round_id)
    quarter = found.row["quarter"]
    first, last = quarter_bounds(quarter)
    active = await change.transaction.rows(
        ACTIVE_HELPERS, **change.place, helper=body.helper_id, first=first, last=last
    )
    rules.check_addition(found.state, active=bool(active))
    return await change.create(
        SCORES,
        body.id,
        {"round_id": body.round_id, "quarter": quarter, "helper_id": body.helper_id},
        event=Event.ADDED,
        public={"round_id": body.round_id, "quarter": quarter},
        helper=body.helper_id,
    )


@moves(rules.ROUND, "summarise")
async def summarise(change: Change, id: UUID, body: schemas.Summarise) -> Answer:
    """Sum the quarter up once everyone is assessed or not assessed with a reason (article 6(2))."""
    taken = await change.take(ROUNDS, id)
    counts = {"assessed": taken.facts.assessed, "not_assessed": taken.facts.not_assessed}
    return await change.save(
        taken,
        {"narrative": body.narrative, **counts},
        to="summarised",
        event=Event.SUMMARISED,
        public={"quarter": taken.row["quarter"], **counts},
        personal={"narrative": body.narrative},
    )


@moves(rules.ROUND, "report")
async def report(change: Change, id: UUID, body: schemas.Report) -> Answer:
    """Report the summary to the leading group, which receives it (article 6(2))."""
    taken = await change.take(ROUNDS, id)
    to = {"received_by": Office.LEADING_GROUP.value}
    public = {"quarter": taken.row["quarter"], **to}
    return await change.save(taken, to, to="reported", event=Event.REPORTED, public=public)


@moves(rules.SCORE, "assess", first=SCORES)
async def assess(change: Change, id: UUID, body: schemas.Assess) -> Answer:
    """Record the methods used, their evidence and the narrative (article 6(2), G12, G13)."""
    _check(body)
    taken = await change.take(SCORES, id)
    return await _record(change, taken, Event.ASSESSED, _assessed(taken, body), _shown(body))


@moves(rules.SCORE, "not-assessed", first=SCORES)
async def not_assessed(change: Change, id: UUID, body: schemas.NotAssessed) -> Answer:
    """Record why this helper was not assessed (G14)."""
    taken = await change.take(SCORES, id)
    return await _record(change, taken, Event.NOT_ASSESSED, _not_assessed(body))


@moves(rules.SCORE, "correct")
async def correct(change: Change, id: UUID, body: schemas.Correct) -> Answer:
    """Add a corrected result that names the one it corrects; the recorded one stays (G55)."""
    rules.check_correction(assessed=body.assessed is not None, not_assessed=body.not_assessed is not None)
    if body.assessed:
        _check(body.assessed)
    taken = await change.take(SCORES, id)
    if body.assessed:
        result = _assessed(taken, body.assessed)
    elif body.not_assessed:
        result = _not_assessed(body.not_assessed)
    corrected = {"corrects_id": UUID(taken.row["results"][-1]["id"]), "correction_reason": body.reason}
    return await _record(change, taken, Event.CORRECTED, {**result, **corrected}, _shown(body.assessed))


def _check(body: schemas.Assess) -> None:
    rules.check_methods(_methods(body), {m.method: m.reason for m in body.missing})


def _methods(body: schemas.Assess) -> list[rules.Method]:
    return [
        rules.Method(m.method, m.evidence or "", len(m.attachment_ids), m.household_id, m.helper_present)
        for m in body.methods
    ]


def _assessed(taken: Taken, body: schemas.Assess) -> dict[str, Any]:
    rules.check_against_record(_methods(body), taken.facts)
    seen = None if body.deductions is None else rules.seen([(d.code, d.times) for d in body.deductions])
    points = rules.points_of(taken.facts.rubric, seen)
    said = body.model_dump(mode="json")
    return {"outcome": "assessed", **said, "points": asdict(points) if points else None}


def _not_assessed(body: schemas.NotAssessed) -> dict[str, Any]:
    return {"outcome": "not_assessed", "reason": body.reason}


def _shown(body: schemas.Assess | None) -> set[UUID]:
    """The attachments that show what was seen or read."""
    return {shown for method in body.methods for shown in method.attachment_ids} if body else set()


async def _record(
    change: Change, taken: Taken, event: Event, result: dict[str, Any], shown: Collection[UUID] = ()
) -> Answer:
    named = await attachments.named(change, shown)
    result_id, number = uuid7(change.now), len(taken.row["results"]) + 1
    known = {"id": result_id, "score_id": taken.id, "number": number, "author_id": change.actor.person_id}
    await change.insert(QuarterlyResult, **known, recorded_at=change.now, **result)
    public = {"result_id": result_id, "number": number, "quarter": taken.row["quarter"], "outcome": result["outcome"]}
    personal = {name: result.get(name) for name in PERSONAL}
    if points := result.get("points"):
        public["reference_points"] = points["points"]
    return await change.save(
        taken,
        {},
        to=result["outcome"],
        event=event,
        public={**public, **named, "corrects_id": result.get("corrects_id")},
        personal=personal,
        helper=UUID(taken.row["helper_id"]),
    )


PERSONAL = ("reason", "correction_reason", "methods", "missing", "narrative", "deductions")
"""Parts of a result that hold free text."""
