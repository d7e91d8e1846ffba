"""What can be done about requirements, meetings and form tasks?"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, and_, bindparam, exists, func, or_, select
from sqlalchemy.dialects.postgresql import array
from sqlmodel import col

from app.access import PERSON, Scope
from app.actor import ORGANISERS, Office
from app.database import same_place, table_of
from app.duties import rules, schemas, tables
from app.duties.rules import Event
from app.duties.tables import count_of
from app.people.tables import AppointmentRow
from app.reading import Errand, Resource
from app.writing import Answer, Change, changes, creates, moves, uuid7

R, A = tables.RequirementRow, AppointmentRow
M, I, T, S = tables.Meeting, tables.MeetingInvitation, tables.FormTask, tables.FormSubmission  # noqa: E741
EVERYONE = Scope(open=True)


AS_OF: Any = bindparam("by_as_of", type_=Date())


def held(starts: Any, ends: Any) -> Any:
    """The filter `as_of`: rows whose interval holds the day."""
    return {"as_of": and_(col(starts) <= AS_OF, or_(col(ends).is_(None), col(ends) > AS_OF))}


REQUIREMENTS = Resource("requirements", R, scope=EVERYONE, filters=held(R.applies_from, R.applies_to))


OF_MEETING = (same_place(I, M), col(I.meeting_id) == col(M.id))
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
                same_place(A, T), col(A.person_id) == PERSON, col(A.office) == Office.HELPER.value,
                col(A.starts) <= col(T.due_on),
            ),
            ~exists().where(
                same_place(S, T), col(S.form_task_id) == col(T.id), col(S.helper_id) == PERSON,
                col(S.state) != "returned",
            ),
        ),
    ),
    extra={
        "handed_in": select(func.count(func.distinct(col(S.helper_id))))
        .where(same_place(S, T), col(S.form_task_id) == col(T.id)).correlate(table_of(T)).scalar_subquery(),
    },
)  # fmt: skip
SUBMISSIONS = Resource(
    "form-submissions", S, scope=Scope(people=(col(S.helper_id),)), workflow=rules.FORM_SUBMISSION,
    read_facts=lambda row, facts, entered: rules.Persons(frozenset({UUID(row["helper_id"])})),
)  # fmt: skip


# ── requirements ──────────────────────────────────────────────────────────────────────────────────


@creates(*rules.REQUIRERS, of=REQUIREMENTS)
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


# ── meetings ──────────────────────────────────────────────────────────────────────────────────────


@creates(*ORGANISERS, of=MEETINGS)
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
    if not body.invitee_ids:
        return answer
    invited = [change.new(INVITATIONS) | {"meeting_id": id_, "person_id": person} for person in body.invitee_ids]
    await change.insert_rows(I, invited)
    return await change.shown(MEETINGS, id_, answer)


@changes(*ORGANISERS)
async def record_attendance(change: Change, id: UUID, body: schemas.RecordAttendance) -> Answer:
    """What was seen of invitees. Raises NamedTwice, MeetingNotYetHeld, NotInvited, CorrectionNeedsReason."""
    people = [e.person_id for e in body.entries]
    rules.check_once(people, "/entries")
    taken = await change.take(MEETINGS, id)
    rules.check_attendance(datetime.fromisoformat(taken.row["begins_at"]), change.now)
    place = {**change.here, "of_meeting": id}
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


@moves(rules.INVITATION, "request-leave", first=INVITATIONS)
async def request_leave(change: Change, id: UUID, body: schemas.Reason) -> Answer:
    return await _leave(change, id, "leave_requested", Event.LEAVE_REQUESTED, leave_reason=body.reason)


@moves(rules.INVITATION, "approve-leave", first=INVITATIONS)
async def approve_leave(change: Change, id: UUID) -> Answer:
    return await _leave(change, id, "leave_approved", Event.LEAVE_APPROVED)


@moves(rules.INVITATION, "refuse-leave", first=INVITATIONS)
async def refuse_leave(change: Change, id: UUID, body: schemas.Reason) -> Answer:
    return await _leave(change, id, "leave_refused", Event.LEAVE_REFUSED, decision_reason=body.reason)


# ── form tasks ────────────────────────────────────────────────────────────────────────────────────


@creates(*ORGANISERS, of=FORM_TASKS)
async def set_form_task(change: Change, body: schemas.CreateFormTask) -> Answer:
    """Raises NamedTwice, DueBeforeItWasSet (G47), NobodyOfThatName."""
    helpers = body.helper_ids or []
    rules.check_once(helpers, "/helper_ids")
    rules.check_due(body.due_on, change.today)
    if helpers and await change.transaction.value(tables.ON_RECORD, **change.here, people=helpers) < len(helpers):
        raise rules.NobodyOfThatName
    values = body.model_dump(exclude={"id"}) | {"set_on": change.today}
    public = {k: v for k, v in values.items() if k not in ("title", "text")}
    return await change.create(
        FORM_TASKS, body.id, values, event=Event.FORM_TASK_SET, public=public,
        personal={"title": body.title, "text": body.text},
    )  # fmt: skip


@creates(Office.HELPER, of=SUBMISSIONS)
async def submit_form(change: Change, id: UUID, body: schemas.CreateForm) -> Answer:
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


@moves(rules.FORM_SUBMISSION, "accept", first=SUBMISSIONS)
async def accept_form(change: Change, id: UUID, body: schemas.AcceptForm) -> Answer:
    return await _review(change, id, "accepted", Event.FORM_ACCEPTED, body.note)


@moves(rules.FORM_SUBMISSION, "return", first=SUBMISSIONS)
async def return_form(change: Change, id: UUID, body: schemas.ReturnForm) -> Answer:
    """Raises ReturnNamesWhatIsWrong (HY.9.1.3)."""
    rules.check_return(body.irregular, body.incomplete)
    faults = {"irregular": body.irregular, "incomplete": body.incomplete}
    return await _review(change, id, "returned", Event.FORM_RETURNED, body.note, **faults)
