"""What can be done about requirements, plans, visits, meetings, form tasks and publications?"""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Text, and_, bindparam, exists, false, func, or_, select
from sqlalchemy.dialects.postgresql import array
from sqlmodel import col

from app.access import PERSON, Entered, Scope
from app.actor import Office
from app.calendar import month_bounds
from app.database import as_json
from app.households import rules as household_rules
from app.households.actions import HOUSEHOLDS, read_pairing
from app.households.tables import Pairing
from app.people.tables import AppointmentRow
from app.reading import TODAY, Errand, Reading, Resource, rows_of, utc
from app.refusal import NotFound
from app.work import rules, schemas, tables
from app.work.rules import Event
from app.work.tables import count_of, same_place, table_of
from app.writing import Answer, Change, Taken, changes, creates, moves, uuid7

R, PL, PM, V, VV = tables.RequirementRow, tables.Plan, tables.PlanMeasure, tables.Visit, tables.VisitVersion
M, I, T, S, PU = tables.Meeting, tables.MeetingInvitation, tables.FormTask, tables.FormSubmission, tables.Publication  # noqa: E741
P, A = Pairing, AppointmentRow
EVERYONE = Scope(open=True)


AS_OF: Any = bindparam("by_as_of", type_=Date())


def _held(starts: Any, ends: Any) -> Any:
    """The filter `as_of`: rows whose interval holds the day."""
    return {"as_of": and_(col(starts) <= AS_OF, or_(col(ends).is_(None), col(ends) > AS_OF))}


REQUIREMENTS = Resource("requirements", R, scope=EVERYONE, filters=_held(R.applies_from, R.applies_to))
PLANS = Resource(
    "plans", PL, scope=Scope(people=(col(PL.author_id),), households=(col(PL.household_id),)),
    extra={
        "measures": rows_of(
            PM, *same_place(PM, PL), col(PM.plan_id) == col(PL.id), order=col(PM.due_on),
            **{c: col(getattr(PM, c)) for c in ("id", "text", "due_on", "state", "done_on", "result", "version")},
        ).correlate(table_of(PL)),
    },
)  # fmt: skip
PLAN_MEASURES = Resource(
    "plan-measures", PM, scope=Scope(households=(col(PM.household_id),)), due=col(PM.due_on),
    facts={
        "helpers": rows_of(
            P, *same_place(P, PM), col(P.household_id) == col(PM.household_id),
            col(P.starts) <= TODAY, or_(col(P.ends).is_(None), col(P.ends) > TODAY),
            order=col(P.id), id=col(P.helper_id),
        ),
    },
    workflow=rules.PLAN_MEASURE,
    read_facts=lambda row, facts, entered: rules.Persons(frozenset(UUID(h["id"]) for h in facts["helpers"])),
)  # fmt: skip
VISITS = Resource(
    "visits", V, scope=Scope(people=(col(V.helper_id),), households=(col(V.household_id),)),
    extra={
        "month": func.to_char(col(V.visited_on), "YYYY-MM", type_=Text()),
        "earlier": rows_of(
            VV, *same_place(VV, V), col(VV.visit_id) == col(V.id), order=col(VV.version), version=col(VV.version),
            place=col(VV.place), text=col(VV.text), author_id=col(VV.author_id), reason=col(VV.reason),
            corrected_at=utc(col(VV.corrected_at)),
        ).correlate(table_of(V)),
    },
)  # fmt: skip
OF_MEETING = (*same_place(I, M), col(I.meeting_id) == col(M.id))
MEETINGS = Resource(
    "meetings", M, scope=Scope(more=(exists().where(*OF_MEETING, col(I.person_id) == PERSON).correlate(table_of(M)),)),
    extra={
        "invited": count_of(I, *OF_MEETING).correlate(table_of(M)).scalar_subquery(),
        **{
            a.value: count_of(I, *OF_MEETING, col(I.attendance) == a.value).correlate(table_of(M)).scalar_subquery()
            for a in rules.Attendance
        },
        "on_leave": count_of(I, *OF_MEETING, col(I.state) == "leave_approved").correlate(table_of(M)).scalar_subquery(),
    },
)  # fmt: skip
INVITATIONS = Resource(
    "meeting-invitations", I, scope=Scope(people=(col(I.person_id),)), workflow=rules.INVITATION,
    read_facts=lambda row, facts, entered: rules.Persons(frozenset({UUID(row["person_id"])})),
)  # fmt: skip
FORM_TASKS = Resource(
    "form-tasks", T, scope=EVERYONE, due=col(T.due_on),
    errand=Errand(
        Office.HELPER, "submissions",
        where=(
            or_(col(T.helper_ids).is_(None), col(T.helper_ids).contains(array([PERSON]))),
            exists().where(
                *same_place(A, T), col(A.person_id) == PERSON, col(A.office) == Office.HELPER.value,
                col(A.starts) <= col(T.due_on),
            ),
            ~exists().where(
                *same_place(S, T), col(S.form_task_id) == col(T.id), col(S.helper_id) == PERSON,
                col(S.state) != "returned",
            ),
        ),
    ),
    extra={
        "handed_in": select(func.count(func.distinct(col(S.helper_id))))
        .where(*same_place(S, T), col(S.form_task_id) == col(T.id)).correlate(table_of(T)).scalar_subquery(),
    },
)  # fmt: skip
SUBMISSIONS = Resource(
    "form-submissions", S, scope=Scope(people=(col(S.helper_id),)), workflow=rules.FORM_SUBMISSION,
    read_facts=lambda row, facts, entered: rules.Persons(frozenset({UUID(row["helper_id"])})),
)  # fmt: skip
PUBLICATIONS = Resource(
    "publications", PU, scope=EVERYONE, workflow=rules.PUBLICATION,
    filters=_held(PU.shown_from, PU.shown_to),
    extra={"late": func.coalesce(col(PU.shown_from) > col(PU.due_on), false())},
    read_facts=lambda row, facts, entered: rules.Village(row["village_code"] or ""),
)  # fmt: skip


# ── requirements and plans ───────────────────────────────────────────────────────────────────────


@creates(*rules.REQUIRERS)
async def set_requirement(change: Change, body: schemas.CreateRequirement) -> Answer:
    """Raises EndsBeforeItBegins, VisitsAreCountedByTheMonth."""
    rules.check_span(body.applies_from, body.applies_to, "/applies_to")
    rules.check_requirement(body.kind, body.visits_per_month)
    values = body.model_dump(exclude={"id"}) | {"recorded_on": change.today}
    public = {k: v for k, v in values.items() if k != "text"}
    personal = {"text": body.text}
    return await change.create(
        REQUIREMENTS, body.id, values, event=Event.REQUIREMENT_SET, public=public, personal=personal
    )


@creates(*rules.PLANNERS)
async def make_plan(change: Change, body: schemas.CreatePlan) -> Answer:
    """A helper plans for the households he has today. Raises NotYourHousehold."""
    household = await change.find(HOUSEHOLDS, body.household_id)
    helpers = household_rules.helpers_on(household.facts.pairings, change.today)
    if refusal := rules.helpers_keep_to_their_households(rules.Persons(helpers), change.actor):
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
    if answer.status == 200 or not body.measures:
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


@moves(rules.PLAN_MEASURE, "start")
async def start_measure(change: Change, id: UUID) -> Answer:
    taken = await change.take(PLAN_MEASURES, id)
    return await _move_measure(change, taken, "under_way", Event.MEASURE_STARTED, None)


@moves(rules.PLAN_MEASURE, "complete")
async def complete_measure(change: Change, id: UUID, body: schemas.CompleteMeasure) -> Answer:
    """Raises DatedInTheFuture."""
    taken = await change.take(PLAN_MEASURES, id)
    household_rules.check_past(body.done_on, change.today)
    return await _move_measure(change, taken, "done", Event.MEASURE_COMPLETED, body.result, done_on=body.done_on)


@moves(rules.PLAN_MEASURE, "drop")
async def drop_measure(change: Change, id: UUID, body: schemas.Reason) -> Answer:
    taken = await change.take(PLAN_MEASURES, id)
    return await _move_measure(change, taken, "dropped", Event.MEASURE_DROPPED, body.reason)


# ── visits ───────────────────────────────────────────────────────────────────────────────────────


@creates(Office.HELPER)
async def record_visit(change: Change, body: schemas.CreateVisit) -> Answer:
    """The caller's own visit; sent again with the same id it is no second visit. Raises NotPairedThatDay."""
    me = change.actor.person_id
    dated = rules.date_visit(body.device_time, change.now)
    household = await change.find(HOUSEHOLDS, body.household_id)
    if me not in household_rules.helpers_on(household.facts.pairings, dated.visited_on):
        raise rules.NotPairedThatDay()
    values = body.model_dump(exclude={"id"}) | {
        "helper_id": me, "visited_on": dated.visited_on, "received_at": change.now, "clock": dated.clock,
        "received_later": dated.received_later,
    }  # fmt: skip
    public = {k: v for k, v in values.items() if k not in ("text", "place")}
    return await change.create(
        VISITS, body.id, values, event=Event.VISIT_RECORDED, public=public, helper=me, household=body.household_id,
        personal={"text": body.text, "place": body.place},
    )  # fmt: skip


@changes(Office.HELPER)
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


# ── meetings ─────────────────────────────────────────────────────────────────────────────────────


@creates(*rules.ORGANISERS)
async def call_meeting(change: Change, body: schemas.CreateMeeting) -> Answer:
    """Raises RequiredMeetingNamesItsInvitees, NamedTwice, RequiredOnlyBeforehand (G46)."""
    rules.check_meeting_request(body.required, body.invitee_ids)
    rules.check_meeting(body.required, body.begins_at, change.now)
    id_ = body.id or uuid7(change.now)
    values = body.model_dump(exclude={"id", "invitee_ids"})
    public = {k: v for k, v in values.items() if k not in ("title", "place")} | {"invitee_ids": body.invitee_ids}
    answer = await change.create(
        MEETINGS, id_, values, event=Event.MEETING_CALLED, public=public,
        personal={"title": body.title, "place": body.place},
    )  # fmt: skip
    if answer.status == 200 or not body.invitee_ids:
        return answer
    invited = [change.new(INVITATIONS) | {"meeting_id": id_, "person_id": person} for person in body.invitee_ids]
    invited = [change.new(INVITATIONS) | {"meeting_id": id_, "person_id": person} for person in body.invitee_ids]
    await change.insert_rows(I, invited)
    return await change.shown(MEETINGS, id_, answer)


@changes(*rules.ORGANISERS)
async def record_attendance(change: Change, id: UUID, body: schemas.RecordAttendance) -> Answer:
    """What was seen of invitees. Raises NamedTwice, MeetingNotYetHeld, NotInvited, CorrectionNeedsReason."""
    people = [e.person_id for e in body.entries]
    rules.check_once(people, "/entries")
    taken = await change.take(MEETINGS, id)
    rules.check_attendance(datetime.fromisoformat(taken.row["begins_at"]), change.now)
    place = {"county": change.actor.county_code, "township": change.actor.township_code, "of_meeting": id}
    before = {row["person_id"]: row for row in await change.transaction.rows(tables.ATTENDANCE, **place, people=people)}
    for entry in body.entries:
        if entry.person_id not in before:
            raise rules.NotInvited()
        known = before[entry.person_id]
        rules.check_attendance_change(known["attendance"], entry.attendance, body.reason)
        if known["attendance"] != entry.attendance:
            change.record(
                Event.ATTENDED, INVITATIONS, known["id"], helper=entry.person_id,
                public={"meeting_id": id, "attendance": entry.attendance, "before": known["attendance"]},
                personal={"reason": body.reason},
            )  # fmt: skip
    await change.transaction.rows(tables.ATTEND, **place, people=people, seen=[e.attendance for e in body.entries])
    return await change.save(taken, {}, event=Event.ATTENDANCE_RECORDED, public={"entries": len(people)})


async def _leave(change: Change, id: UUID, to: str, event: Event, **reasons: str | None) -> Answer:
    taken = await change.take(INVITATIONS, id)
    return await change.save(
        taken, reasons, to=to, event=event, public={"meeting_id": taken.row["meeting_id"]}, personal=reasons,
        helper=UUID(taken.row["person_id"]),
    )  # fmt: skip


@moves(rules.INVITATION, "request-leave")
async def request_leave(change: Change, id: UUID, body: schemas.Reason) -> Answer:
    return await _leave(change, id, "leave_requested", Event.LEAVE_REQUESTED, leave_reason=body.reason)


@moves(rules.INVITATION, "approve-leave")
async def approve_leave(change: Change, id: UUID) -> Answer:
    return await _leave(change, id, "leave_approved", Event.LEAVE_APPROVED)


@moves(rules.INVITATION, "refuse-leave")
async def refuse_leave(change: Change, id: UUID, body: schemas.Reason) -> Answer:
    return await _leave(change, id, "leave_refused", Event.LEAVE_REFUSED, decision_reason=body.reason)


# ── form tasks ───────────────────────────────────────────────────────────────────────────────────


@creates(*rules.ORGANISERS)
async def set_form_task(change: Change, body: schemas.CreateFormTask) -> Answer:
    """Raises NamedTwice, DueBeforeItWasSet (G47)."""
    rules.check_once(body.helper_ids or [], "/helper_ids")
    rules.check_due(body.due_on, change.today)
    values = body.model_dump(exclude={"id"}) | {"set_on": change.today}
    public = {k: v for k, v in values.items() if k not in ("title", "text")}
    return await change.create(
        FORM_TASKS, body.id, values, event=Event.FORM_TASK_SET, public=public,
        personal={"title": body.title, "text": body.text},
    )  # fmt: skip


@creates(Office.HELPER)
async def submit_form(change: Change, id: UUID, body: schemas.CreateSubmission) -> Answer:
    """The caller's own form; late after the end of the due day (G48). Raises NotAskedOfYou."""
    me = change.actor.person_id
    task = (await change.find(FORM_TASKS, id)).row
    if task["helper_ids"] is not None and str(me) not in task["helper_ids"]:
        raise rules.NotAskedOfYou()
    late = rules.is_late(date.fromisoformat(task["due_on"]), change.now)
    values = body.model_dump(exclude={"id"}) | {
        "form_task_id": id, "helper_id": me, "submitted_at": change.now, "late": late, "irregular": False,
        "incomplete": False,
    }  # fmt: skip
    public = {"form_task_id": id, "submitted_at": change.now, "late": late, "digest": body.digest}
    return await change.create(
        SUBMISSIONS, body.id, values, event=Event.FORM_SUBMITTED, public=public, personal={"text": body.text}, helper=me
    )


async def _review(change: Change, id: UUID, to: str, event: Event, note: str | None, **faults: bool) -> Answer:
    taken = await change.take(SUBMISSIONS, id)
    public = {"form_task_id": taken.row["form_task_id"], **faults}
    return await change.save(
        taken, {"review_note": note, **faults}, to=to, event=event, public=public, personal={"note": note},
        helper=UUID(taken.row["helper_id"]),
    )  # fmt: skip


@moves(rules.FORM_SUBMISSION, "accept")
async def accept_form(change: Change, id: UUID, body: schemas.AcceptForm) -> Answer:
    return await _review(change, id, "accepted", Event.FORM_ACCEPTED, body.note)


@moves(rules.FORM_SUBMISSION, "return")
async def return_form(change: Change, id: UUID, body: schemas.ReturnForm) -> Answer:
    """Raises ReturnNamesWhatIsWrong (HY.9.1.3)."""
    rules.check_return(body.irregular, body.incomplete)
    faults = {"irregular": body.irregular, "incomplete": body.incomplete}
    return await _review(change, id, "returned", Event.FORM_RETURNED, body.note, **faults)


# ── publications ─────────────────────────────────────────────────────────────────────────────────


@creates(*rules.PUBLISHERS)
async def publish(change: Change, body: schemas.CreatePublication) -> Answer:
    """Raises VillageOutside, NotYourVillage, DatedInTheFuture."""
    if body.village_code is not None and not body.village_code.startswith(change.actor.township_code):
        raise household_rules.VillageOutside("/village_code")
    if refusal := rules.villages_publish_their_own(rules.Village(body.village_code or ""), change.actor):
        raise refusal
    household_rules.check_past(body.shown_from, change.today)
    values = body.model_dump(exclude={"id"})
    public = {k: v for k, v in values.items() if k not in ("title", "place")}
    return await change.create(
        PUBLICATIONS, body.id, values, event=Event.PUBLISHED, public=public,
        personal={"title": body.title, "place": body.place},
    )  # fmt: skip


@moves(rules.PUBLICATION, "take-down")
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
    proposals = [
        {"ground": p.ground, "facts": p.facts, "subject_id": subject}
        for subject, p in _proposals(found, month, entered) if p is not None
    ]  # fmt: skip
    return as_json({
        "helper_id": helper, "month": month, "visits": found["visits"], "days_in_village": found["days"],
        "households_visited": found["households"], "proposals": proposals,
    })  # fmt: skip


def _proposals(found: Any, month: str, entered: Entered) -> Iterator[tuple[str | None, rules.Proposal | None]]:
    """Every rule of this feature asked about the month, with the record each answer concerns."""
    first, last = month_bounds(month)
    written = [(r["kind"], _rule(r)) for r in found["requirements"]]
    paired = household_rules.covered(map(read_pairing, found["pairings"]), first, last + timedelta(days=1))
    visits = [rule for kind, rule in written if kind == rules.Requirement.VISITS]
    yield None, rules.missed_visits(visits, month, found["visits"], paired, entered.today)
    for m in found["meetings"]:
        seen = rules.Attendance(m["attendance"]) if m["attendance"] else None
        yield m["id"], rules.absence(m["required"], seen, m["state"])
    for f in found["forms"]:
        handed_in = datetime.fromisoformat(f["handed_in"]) if f["handed_in"] else None
        due = date.fromisoformat(f["due_on"])
        yield f["id"], rules.form_faults(due, handed_in, entered.now, f["irregular"], f["incomplete"])
    for household in sorted({m["household"] for m in found["measures"]}):
        measures = [
            (m["state"], date.fromisoformat(m["due_on"])) for m in found["measures"] if m["household"] == household
        ]
        yield household, rules.unfinished_plan(measures, entered.today)
    plans = [rule for kind, rule in written if kind == rules.Requirement.PLANS]
    for h in found["plans"]:
        yield h["household"], rules.missing_plan(plans, min(last, entered.today), h["plans"])


def _rule(row: dict[str, Any]) -> rules.Rule:
    until = date.fromisoformat(row["applies_to"]) if row["applies_to"] else None
    applies, recorded = (date.fromisoformat(row[c]) for c in ("applies_from", "recorded_on"))
    return rules.Rule(applies, recorded, until, row["visits"])
