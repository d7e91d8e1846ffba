"""What can be done about plans, visits and publications, and what do a month's facts point to?"""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Text, false, func
from sqlmodel import col

from app.access import TODAY, Entered, Scope
from app.actor import Office
from app.attachments import actions as attachments
from app.calendar import month_bounds
from app.database import as_json, holds_on, same_place, table_of
from app.duties import rules as duties
from app.duties.actions import EVERYONE, held
from app.duties.schemas import Reason
from app.households import rules as household_rules
from app.households.actions import HOUSEHOLDS, VISITED, read_pairing
from app.households.tables import Pairing
from app.reading import Reading, Resource, rows_of, utc
from app.refusal import NotFound
from app.work import rules, schemas, tables
from app.work.rules import Event
from app.writing import Answer, Change, Taken, changes, creates, moves, uuid7

PL, PM, V, VV, PU = tables.Plan, tables.PlanMeasure, tables.Visit, tables.VisitVersion, tables.Publication
P = Pairing


PLANS = Resource(
    "plans", PL, scope=Scope(people=(col(PL.author_id),), households=(col(PL.household_id),)),
    extra={
        "measures": rows_of(
            PM, same_place(PM, PL), col(PM.plan_id) == col(PL.id), order=col(PM.due_on),
            **{c: col(getattr(PM, c)) for c in ("id", "text", "due_on", "state", "done_on", "result", "version")},
        ).correlate(table_of(PL)),
    },
)  # fmt: skip
PLAN_MEASURES = Resource(
    "plan-measures", PM, scope=Scope(households=(col(PM.household_id),)), due=col(PM.due_on),
    facts={
        "helpers": rows_of(
            P, same_place(P, PM), col(P.household_id) == col(PM.household_id),
            holds_on(P, TODAY),
            order=col(P.id), id=col(P.helper_id),
        ),
    },
    workflow=rules.PLAN_MEASURE,
    read_facts=lambda row, facts, entered: duties.Persons(frozenset(UUID(h["id"]) for h in facts["helpers"])),
)  # fmt: skip
VISITS = Resource(
    "visits", V, scope=Scope(people=(col(V.helper_id),), households=(col(V.household_id),)),
    extra={
        "month": func.to_char(col(V.visited_on), "YYYY-MM", type_=Text()),
        "earlier": rows_of(
            VV, same_place(VV, V), col(VV.visit_id) == col(V.id), order=col(VV.version), version=col(VV.version),
            place=col(VV.place), text=col(VV.text), author_id=col(VV.author_id), reason=col(VV.reason),
            corrected_at=utc(col(VV.corrected_at)),
        ).correlate(table_of(V)),
    },
)  # fmt: skip
PUBLICATIONS = Resource(
    "publications", PU, scope=EVERYONE, workflow=rules.PUBLICATION,
    filters=held(PU.shown_from, PU.shown_to),
    extra={"late": func.coalesce(col(PU.shown_from) > col(PU.due_on), false())},
    read_facts=lambda row, facts, entered: rules.Village(row["village_code"] or ""),
)  # fmt: skip


# ── plans ────────────────────────────────────────────────────────────────────────────────────────


@creates(*rules.PLANNERS, of=PLANS)
async def make_plan(change: Change, body: schemas.CreatePlan) -> Answer:
    """A helper plans for the households he has today. Raises NotYourHousehold."""
    household = await change.find(HOUSEHOLDS, body.household_id)
    helpers = household_rules.helpers_on(household.facts.pairings, change.today)
    if refusal := rules.helpers_keep_to_their_households(duties.Persons(helpers), change.actor):
        raise refusal
    id_ = body.id or uuid7(change.now)
    values = body.model_dump(exclude={"id", "measures"})
    values |= {"author_id": change.actor.person_id, "made_on": change.today}
    public = {k: v for k, v in values.items() if k != "text"} | {"measures": [m.due_on for m in body.measures]}
    helper = change.actor.person_id if change.actor.person_id in helpers else None
    answer = await change.create(
        PLANS, id_, values, event=Event.PLAN_MADE, public=public, helper=helper, household=body.household_id,
        personal={"text": body.text, "measures": [m.text for m in body.measures]},
    )  # fmt: skip
    if not body.measures:
        return answer
    await change.insert_rows(PM, [change.new(PLAN_MEASURES) | m.model_dump() | {
        "plan_id": id_, "household_id": body.household_id,
    } for m in body.measures])  # fmt: skip
    return await change.shown(PLANS, id_, answer)


async def _move_measure(
    change: Change, taken: Taken, to: str, event: Event, result: str | None, **done: date
) -> Answer:
    me = change.actor.person_id
    return await change.save(
        taken, {"result": result, **done} if result else {}, to=to, event=event, personal={"result": result},
        public={"plan_id": taken.row["plan_id"], "due_on": taken.row["due_on"], **done},
        helper=me if me in taken.facts.person_ids else None, household=UUID(taken.row["household_id"]),
    )  # fmt: skip


@moves(rules.PLAN_MEASURE, "start", first=PLAN_MEASURES)
async def start_measure(change: Change, id: UUID) -> Answer:
    taken = await change.take(PLAN_MEASURES, id)
    return await _move_measure(change, taken, "under_way", Event.MEASURE_STARTED, None)


@moves(rules.PLAN_MEASURE, "complete", first=PLAN_MEASURES)
async def complete_measure(change: Change, id: UUID, body: schemas.CompleteMeasure) -> Answer:
    """Raises DatedInTheFuture."""
    taken = await change.take(PLAN_MEASURES, id)
    household_rules.check_past(body.done_on, change.today)
    return await _move_measure(change, taken, "done", Event.MEASURE_COMPLETED, body.result, done_on=body.done_on)


@moves(rules.PLAN_MEASURE, "drop", first=PLAN_MEASURES)
async def drop_measure(change: Change, id: UUID, body: Reason) -> Answer:
    taken = await change.take(PLAN_MEASURES, id)
    return await _move_measure(change, taken, "dropped", Event.MEASURE_DROPPED, body.reason)


# ── visits ───────────────────────────────────────────────────────────────────────────────────────


@creates(Office.HELPER, of=VISITS, about=(VISITED, "household_id"))
async def record_visit(change: Change, body: schemas.CreateVisit) -> Answer:
    """The caller's own visit; sent again with the same id it is no second visit. Raises NotPairedThatDay."""
    me = change.actor.person_id
    dated = rules.date_visit(body.device_time, change.now)
    household = await change.find(VISITED, body.household_id)
    if me not in household_rules.helpers_on(household.facts.pairings, dated.visited_on):
        raise rules.NotPairedThatDay()
    made = visit(change, body, me, dated)
    made["public"] |= await attachments.named(change, body.attachment_ids)
    return await change.create(VISITS, body.id, **made)


def visit(change: Change, body: schemas.CreateVisit, helper: UUID | None, dated: rules.Dated) -> dict[str, Any]:
    """Values and entry of a helper's visit, but for what its attachments are."""
    values = body.model_dump(exclude={"id"}) | {
        "helper_id": helper, "visited_on": dated.visited_on, "received_at": change.now, "clock": dated.clock,
        "received_later": dated.received_later,
    }  # fmt: skip
    public = {k: v for k, v in values.items() if k not in ("text", "place", "attachment_ids")}
    return {
        "values": values, "event": Event.VISIT_RECORDED, "public": public, "helper": helper,
        "household": body.household_id, "personal": {"text": body.text, "place": body.place},
    }  # fmt: skip


@changes(Office.HELPER, first=VISITS)
async def correct_visit(change: Change, id: UUID, body: schemas.CorrectVisit) -> Answer:
    """A new version with author and reason; the earlier one stays beside it (G55). Raises NotYourVisit."""
    taken = await change.take(VISITS, id)
    me = change.actor.person_id
    if taken.row["helper_id"] != str(me):
        raise rules.NotYourVisit()
    await change.insert(
        VV, id=uuid7(change.now), visit_id=id, version=taken.version, place=taken.row["place"], text=taken.row["text"],
        author_id=me, reason=body.reason, corrected_at=change.now,
    )  # fmt: skip
    values = body.model_dump(exclude={"reason"})
    return await change.save(
        taken, values, event=Event.VISIT_CORRECTED, public={"corrects_version": taken.version},
        personal={**values, "reason": body.reason}, helper=me, household=UUID(taken.row["household_id"]),
    )  # fmt: skip


# ── publications ─────────────────────────────────────────────────────────────────────────────────


@creates(*rules.PUBLISHERS, of=PUBLICATIONS)
async def publish(change: Change, body: schemas.CreatePublication) -> Answer:
    """Raises VillageOutside, NotYourVillage, DatedInTheFuture."""
    if body.village_code is not None and not body.village_code.startswith(change.actor.township_code):
        raise household_rules.VillageOutside("/village_code")
    if refusal := rules.villages_publish_their_own(rules.Village(body.village_code or ""), change.actor):
        raise refusal
    household_rules.check_past(body.shown_from, change.today)
    values = body.model_dump(exclude={"id"})
    public = {k: v for k, v in values.items() if k not in ("title", "place", "attachment_ids")}
    public |= await attachments.named(change, body.attachment_ids)
    return await change.create(
        PUBLICATIONS, body.id, values, event=Event.PUBLISHED, public=public,
        personal={"title": body.title, "place": body.place},
    )  # fmt: skip


@moves(rules.PUBLICATION, "take-down", first=PUBLICATIONS)
async def take_down(change: Change, id: UUID, body: schemas.TakeDown) -> Answer:
    """Raises TakenDownBeforeShown, DatedInTheFuture."""
    taken = await change.take(PUBLICATIONS, id)
    rules.check_taken_down(date.fromisoformat(taken.row["shown_from"]), body.shown_to)
    household_rules.check_past(body.shown_to, change.today)
    public = {"shown_from": taken.row["shown_from"], "shown_to": body.shown_to}
    return await change.save(taken, {"shown_to": body.shown_to}, to="taken_down", event=Event.TAKEN_DOWN, public=public)


# ── what a month's facts point to ────────────────────────────────────────────────────────────────


async def month_of_work(read: Reading, helper: UUID, month: str) -> str:
    """A helper's month: the visits that count for it, and what its facts would at most propose (G58); JSON text.

    For the helper himself and offices of the whole township; NotFound for others. Two round trips.
    """
    first, last = month_bounds(month)
    async with read.open() as (transaction, entered):
        actor = entered.actor
        if helper != actor.person_id and not actor.reads_township:
            raise NotFound()
        found = json.loads(await transaction.value(
            tables.MONTH_OF_WORK, county=actor.county_code, township=actor.township_code, of_helper=helper,
            first=first, last=last,
        ))  # fmt: skip
        if not found["known"]:
            raise NotFound()
    proposals = [
        {"ground": p.ground, "facts": p.facts, "subject_id": subject}
        for subject, p in _proposals(found, month, entered) if p is not None
    ]  # fmt: skip
    return as_json({
        "helper_id": helper, "month": month, "visits": found["visits"], "days_in_village": found["days"],
        "households_visited": found["households"], "proposals": proposals,
    })  # fmt: skip


def _proposals(found: Any, month: str, entered: Entered) -> Iterator[tuple[str | None, duties.Proposal | None]]:
    """Every rule of this feature asked about the month, with the record each answer concerns."""
    first, last = month_bounds(month)
    written = [(r["kind"], _rule(r)) for r in found["requirements"]]
    paired = household_rules.covered(map(read_pairing, found["pairings"]), first, last + timedelta(days=1))
    visits = [rule for kind, rule in written if kind == duties.Requirement.VISITS]
    yield None, rules.missed_visits(visits, month, found["visits"], paired, entered.today)
    for m in found["meetings"]:
        seen = duties.Attendance(m["attendance"]) if m["attendance"] else None
        yield m["id"], duties.absence(m["required"], seen, m["state"])
    for f in found["forms"]:
        handed_in = datetime.fromisoformat(f["handed_in"]) if f["handed_in"] else None
        due = date.fromisoformat(f["due_on"])
        yield f["id"], duties.form_faults(due, handed_in, entered.now, f["irregular"], f["incomplete"])
    for household in sorted({m["household"] for m in found["measures"]}):
        measures = [
            (m["state"], date.fromisoformat(m["due_on"])) for m in found["measures"] if m["household"] == household
        ]
        yield household, rules.unfinished_plan(measures, entered.today)
    plans = [rule for kind, rule in written if kind == duties.Requirement.PLANS]
    for h in found["plans"]:
        yield h["household"], rules.missing_plan(plans, min(last, entered.today), h["plans"])


def _rule(row: dict[str, Any]) -> duties.Rule:
    until = date.fromisoformat(row["applies_to"]) if row["applies_to"] else None
    applies, recorded = (date.fromisoformat(row[c]) for c in ("applies_from", "recorded_on"))
    return duties.Rule(applies, recorded, until, row["visits"])
