"""What can be done in the monthly spot check? Plan, commit, reveal, close; assign, record, excuse, correct."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Date, cast, func, null, select, text
from sqlmodel import col

from app.access import NOBODY, Bearer, Entered, Scope
from app.actor import ORGANISERS, Office
from app.attachments import actions as attachments
from app.calendar import local_date
from app.database import Database, Prepared, numbered, same_place
from app.findings import actions as findings
from app.findings.rules import Source as FoundBy
from app.findings.tables import Finding
from app.inspections import draw, rules, schemas, tables
from app.inspections.rules import INSPECTION, INSPECTION_ROUND, Event, Inspector, Interest, Kind, Source
from app.inspections.tables import Inspection, InspectionRound
from app.ledger import actions as ledger
from app.log import plain
from app.merkle import inclusion_ranges
from app.reading import Resource, place_values
from app.refusal import NotFound
from app.rulebook.rules import Bound
from app.rulebook.tables import bindings_of, policy_fact
from app.vault import Vault
from app.writing import Answer, Change, Taken, commanding, creates, moves, operating, uuid7

R: Any = InspectionRound
I: Any = Inspection  # noqa: E741

PENDING = (
    select(func.count())
    .where(
        same_place(I, R), I.round_id == R.id,
        I.kind == Kind.DRAWN.value, I.state == "pending",
    )
    .scalar_subquery()
)  # fmt: skip


def round_facts(row: Mapping[str, Any], facts: Mapping[str, Any], entered: Entered) -> rules.RoundFacts:
    begins = rules.seed_begins(announced(row)) if row["sources"] else None
    return rules.RoundFacts(
        month=row["month"],
        now=entered.now,
        today=entered.today,
        proposed_office=row["proposed_office"] or "",
        proposed_by=UUID(row["proposed_by"]) if row["proposed_by"] else None,
        seed_due=datetime.fromisoformat(row["seed_due"]) if row["seed_due"] else None,
        seed_begins=begins,
        reveal_by=datetime.fromisoformat(row["reveal_by"]) if row["reveal_by"] else None,
        source_kinds=tuple(facts["source_kinds"]),
        witnesses=rules.in_time(facts["witnesses"], None if entered.simulated else begins),
        witnesses_wanted=facts["witnesses_wanted"],
        pending=facts["pending"],
        recusals=tuple(facts["recusals"]),
        by_lot=facts["by_lot"],
        team_minimum=facts["minimum"],
        effective_from=rules.effective_from(date.fromisoformat(facts["adopted_on"]) if facts["adopted_on"] else None),
    )


ROUNDS = Resource(
    "inspection-rounds",
    InspectionRound,
    scope=Scope(open=True),
    extra={"draw_id": R.township_code + "/" + R.month + "/inspect"},
    hide=frozenset({"frame", "recusals"}),
    due=cast(func.to_date(R.month + "-01", "YYYY-MM-DD") + text("interval '1 month - 1 day'"), Date()),
    facts={
        "pending": PENDING,
        "adopted_on": tables.ADOPTED_ON,
        "recusals": R.recusals,
        "by_lot": policy_fact("draw.inspectorsRandom", R),
        "source_kinds": policy_fact("draw.seedSources", R),
        "witnesses": tables.WITNESSES,
        "witnesses_wanted": policy_fact("draw.witnesses", R),
        "minimum": policy_fact("team.minMembers", R),
    },
    workflow=INSPECTION_ROUND,
    read_facts=round_facts,
)


def inspection_facts(row: Mapping[str, Any], facts: Mapping[str, Any], entered: Entered) -> rules.InspectionFacts:
    return rules.InspectionFacts(
        helper_id=UUID(row["helper_id"]),
        superseded=row["superseded_by"] is not None,
        drawn_on=local_date(datetime.fromisoformat(facts["drawn_at"])),
        registered_visits=facts["visits"],
        team_minimum=facts["minimum"],
        further_aspects=tuple(facts["further"]),
        bound=Bound.of(facts["bindings"]),
    )


INSPECTIONS = Resource(
    "inspections",
    Inspection,
    scope=Scope(people=(col(Inspection.helper_id),)),
    extra={"current": I.superseded_by.is_(None)},
    facts={
        "drawn_at": tables.DRAWN_AT,
        "visits": tables.VISITS_IN_MONTH,
        "minimum": policy_fact("team.minMembers", I),
        "further": policy_fact("inspection.furtherAspects", I),
        "bindings": bindings_of(I.county_code, I.township_code),
    },
    workflow=INSPECTION,
    read_facts=inspection_facts,
)


# ── rounds ───────────────────────────────────────────────────────────────────────────────────────


@creates(*ORGANISERS, of=ROUNDS)
async def plan_round(change: Change, body: schemas.PlanRound) -> Answer:
    """One round a month. Raises MonthBeforeTheRegulation, RoundExists; other missed months are marked on the way."""
    since, rounds = await known_rounds(change)
    rules.round_month(body.month, since)
    if body.month in rounds and rounds[body.month]["id"] != body.id:
        raise rules.RoundExists(month=body.month)
    missed = rules.is_missed(body.month, change.today, drawn=False, effective_from=since)
    values = new_round(body.month, missed)
    answer = await change.create(
        ROUNDS, body.id, values, event=Event.ROUND_PLANNED, public={"month": body.month, "missed_in_month": missed}
    )
    await mark(change, since, {**rounds, body.month: values | {"drawn_at": None}})
    return answer


async def mark_missed(change: Change) -> list[str]:
    """Mark every month that has ended without its draw, for good; the months newly marked (G8).

    The clock's part of the workflow: any command of the township, a worker and the command line may
    call it, as often as they like. Rounds nobody planned are made, so that a missed month is on record.
    """
    return await mark(change, *await known_rounds(change))


async def mark_township(url: str, vault: Vault, township_code: str) -> list[str]:
    """`mark_missed` for the operator's timer, as the database's owner; the months newly marked."""
    bearer = Bearer(NOBODY, township_code[:6], township_code)
    async with operating(url) as database, commanding(database, vault, bearer, "mark-missed") as change:
        return await mark_missed(change)


async def known_rounds(change: Change) -> tuple[date, dict[str, Any]]:
    """The day from which draws are owed, and the township's rounds by month."""
    rows = await change.transaction.rows(tables.ROUNDS, **change.here)
    return rules.effective_from(rows[0]["adopted_on"]), {r["month"]: r for r in rows if r["month"]}


async def mark(change: Change, since: date, rounds: Mapping[str, Any]) -> list[str]:
    missed = [
        m for m in rules.months_owed(change.today, since)
        if rules.is_missed(m, change.today, m in rounds and rounds[m]["drawn_at"] is not None, since)
        and not (m in rounds and rounds[m]["missed_in_month"])
    ]  # fmt: skip
    ids = {m: rounds[m]["id"] if m in rounds else uuid7(change.now) for m in missed}
    await change.insert_rows(
        InspectionRound,
        [{**change.new(ROUNDS, ids[m]), **new_round(m, missed=True)} for m in missed if m not in rounds],
    )
    if known := [ids[m] for m in missed if m in rounds]:
        await change.transaction.rows(tables.MARK_MISSED, **change.here, rounds=known, moment=change.now)
    for month, round_id in ids.items():
        change.record(Event.ROUND_MISSED, ROUNDS, round_id, public={"month": month})
    return missed


def new_round(month: str, missed: bool) -> dict[str, Any]:
    """The columns of a round in which nothing has happened yet."""
    return {
        "month": month, "missed_in_month": missed, "state": "missed" if missed else "planned",
        "late": False, "sources": [], "recusals": [], "inspectors": [],
    }  # fmt: skip


@moves(INSPECTION_ROUND, "propose-commit")
async def propose_commit(change: Change, id: UUID, body: schemas.ProposeCommit) -> Answer:
    """Name the sources of the seed, and the teams' lot where wanted.

    Raises SourceNeedsItsTime, SourceNotInUse, SeedTooSoon, LateNeedsReason.
    """
    sources = [
        Source(s.name, s.kind, rules.due_of(s.kind, s.reference or "", s.due, f"/sources/{at}"), s.digest or "")
        for at, s in enumerate(body.sources)
    ]
    rules.check_sources(sources)
    taken = await change.take(ROUNDS, id)
    rules.check_kinds(sources, taken.facts.source_kinds)
    rules.check_lateness(taken.row["month"], change.today, body.late_reason)
    rules.check_unforeseen(sources, change.now)
    inspectors = body.assignment.inspectors if body.assignment else []
    rules.check_lot(taken.facts.by_lot, inspectors)
    await units_of(change, {*inspectors, *(r.inspector_id for r in body.recusals)})
    office = next(o for o in sorted(ORGANISERS) if change.actor.holds(o))
    named = [
        {
            **plain(told.model_dump()),
            "due": plain(source.due),
            "chain": rules.QUICKNET if source.kind is rules.SourceKind.DRAND else None,
        }
        for told, source in zip(body.sources, sources, strict=True)
    ]
    values = {
        "sources": [{**source, "value": None, "signature": None} for source in named],
        "recusals": plain([r.model_dump() for r in body.recusals]),
        "inspectors": list(dict.fromkeys(inspectors)),
        "team_size": body.assignment.team_size if body.assignment else None,
        "reveal_by": body.reveal_by,
        "seed_due": max(s.due for s in sources if s.kind is not rules.SourceKind.NONCE),
        "late_reason": body.late_reason,
        "missed_in_month": now_missed(change, taken),
        "proposed_office": office,
        "proposed_by": change.actor.person_id,
    }
    return await change.save(
        taken, values, to="proposed", event=Event.ROUND_PROPOSED,
        public={"month": taken.row["month"], "office": office, "sources": named},
        personal={"late_reason": body.late_reason},
    )  # fmt: skip


def now_missed(change: Change, taken: Taken) -> bool:
    """Missed already, or from now on because the month is over and nothing was drawn."""
    since = taken.facts.effective_from
    return taken.row["missed_in_month"] or rules.is_missed(taken.row["month"], change.today, False, since)


@moves(INSPECTION_ROUND, "confirm-commit")
async def confirm_commit(change: Change, id: UUID, body: schemas.ConfirmCommit) -> Answer:
    """Freeze today's helpers with a household, and commit to the draw before its seed exists (G6, G15)."""
    taken = await change.take(ROUNDS, id)
    row = taken.row
    rules.check_lateness(row["month"], change.today, row["late_reason"])
    rules.check_unforeseen(announced(row), change.now)
    helpers = await change.transaction.rows(tables.HELPERS, **change.here, day=change.today)
    frame = [h["person_id"] for h in helpers if h["assigned"]]
    excluded = [h["person_id"] for h in helpers if not h["assigned"]]
    recusals = [*taken.facts.recusals, *await unit_recusals(change, row, helpers)]
    commitment = draw.commit(row["draw_id"], [str(i) for i in frame], [s["name"] for s in row["sources"]])
    hashes = {
        "frame_hash": commitment.frame_hash,
        "exclusions_hash": hashed(f"{i} {rules.NO_ACTIVE_ASSIGNMENT}" for i in excluded),
        "recusals_hash": hashed({f"{r['helper_id']} {r['inspector_id']}" for r in recusals}),
    }
    sizes = {"population": commitment.population, "sample_size": commitment.size}
    values = {
        "frame": frame,
        "exclusions": [{"helper_id": str(i), "reason": rules.NO_ACTIVE_ASSIGNMENT} for i in excluded],
        "recusals": recusals,
        "committed_at": change.now,
        "confirmed_by": change.actor.person_id,
        "algorithm": draw.ALGORITHM,
        **sizes,
        **hashes,
    }
    return await change.save(
        taken, values, to="committed", event=Event.ROUND_COMMITTED,
        public={"algorithm": draw.ALGORITHM, "draw_id": row["draw_id"], **sizes, **hashes,
                "sources": [{k: v for k, v in s.items() if k not in {"value", "signature"}} for s in row["sources"]],
                "reveal_by": row["reveal_by"], "inspectors": row["inspectors"], "team_size": row["team_size"]},
        personal={"recusals": recusals},
    )  # fmt: skip


def announced(row: Mapping[str, Any]) -> list[Source]:
    return [
        Source(
            s["name"],
            rules.SourceKind(s["kind"]),
            datetime.fromisoformat(s["due"]),
            s["digest"] or "",
            s["value"] or "",
        )
        for s in row["sources"]
    ]


def hashed(items: Any) -> str:
    return sha256(draw.lines(items)).hexdigest()


async def unit_recusals(change: Change, row: Mapping[str, Any], helpers: Sequence[Any]) -> list[dict[str, str]]:
    """Where teams are drawn: nobody of a helper's own unit checks him (G11)."""
    if not row["inspectors"]:
        return []
    units, _ = await units_of(change, {UUID(i) for i in row["inspectors"]})
    return [
        {"inspector_id": str(inspector), "helper_id": str(h["person_id"]), "interest": Interest.UNIT.value}
        for h in helpers for inspector, unit in units.items()
        if h["assigned"] and unit is not None and unit == h["unit_id"]
    ]  # fmt: skip


@moves(INSPECTION_ROUND, "open-nonce")
async def open_nonce(change: Change, id: UUID, body: schemas.OpenNonce) -> Answer:
    """Raises NonceTooLate, SourcesDiffer, NonceOpenedAlready, NonceDiffers (G7)."""
    taken = await change.take(ROUNDS, id)
    rules.check_nonce(announced(taken.row), body.name, body.value)
    sources = [s | {"value": body.value} if s["name"] == body.name else s for s in taken.row["sources"]]
    return await change.save(
        taken, {"sources": sources}, to="committed", event=Event.NONCE_OPENED,
        public={"draw_id": taken.row["draw_id"], "name": body.name, "value": body.value},
    )  # fmt: skip


@moves(INSPECTION_ROUND, "reveal")
async def reveal(change: Change, id: UUID, body: schemas.Reveal) -> Answer:
    """Record what the sources gave and draw; whoever is drawn gets a pending check. It cannot be repeated.

    Raises SeedNotDue, SourcesDiffer, NotWhatTheSourceGives, SourceStillAwaited, SeedTooShort, LateNeedsReason,
    FrameChanged.
    """
    revealed = {v.name: rules.Revealed(v.value, v.signature or "") for v in body.values}
    if len(revealed) != len(body.values):
        raise rules.SourceNamedTwice("/values")
    taken = await change.take(ROUNDS, id)
    row = taken.row
    reason = body.late_reason or row["late_reason"]
    late = rules.check_lateness(row["month"], change.today, reason)
    over = taken.facts.reveal_by is not None and change.now >= taken.facts.reveal_by
    values = rules.seed_values(announced(row), revealed, over=over)
    signatures = {name: given.signature or None for name, given in revealed.items()}
    frame = await change.transaction.value(tables.FRAME, **change.here, round=id)
    drawn = draw.draw(row["draw_id"], [str(i) for i in frame], values)
    if wrong := draw.differences(drawn, committed(row)):
        raise rules.FrameChanged(parts=wrong)
    answer = await change.save(
        taken,
        {
            "sources": [
                {**s, "value": value, "signature": signatures.get(name)}
                for s, (name, value) in zip(row["sources"], values, strict=True)
            ],
            "seed": drawn.seed, "drawn_at": change.now, "late": late, "late_reason": reason,
            "missed_in_month": now_missed(change, taken),
        },
        to="drawn", event=Event.ROUND_DRAWN,
        public={"draw_id": drawn.draw_id, "seed": drawn.seed, "values": dict(values), "signatures": signatures,
                "drawn": drawn.sample, "late": late},
        personal={"late_reason": reason},
    )  # fmt: skip
    await add_drawn(change, row, drawn, taken.facts)
    return answer


def committed(row: Mapping[str, Any]) -> draw.Commitment:
    names = tuple(s["name"] for s in row["sources"])
    return draw.Commitment(row["draw_id"], row["frame_hash"], row["population"], row["sample_size"], names)


async def add_drawn(change: Change, row: Mapping[str, Any], drawn: draw.Draw, facts: rules.RoundFacts) -> None:
    """A pending check for everybody drawn, with his team where teams are drawn; one statement."""
    teams = teams_of(drawn, row, facts.recusals)
    rows = []
    for rank, helper in enumerate(drawn.sample, 1):
        team = [Inspector(UUID(i), Interest.NONE) for i in teams.get(helper, ())]
        rows.append(
            {
                **change.new(INSPECTIONS), "round_id": UUID(row["id"]),
                "month": row["month"], "helper_id": UUID(helper), "kind": Kind.DRAWN.value, "rank": rank,
                **tables.NO_TEAM, "team": told(team),
                "team_warnings": rules.team_warnings(team, UUID(helper), facts.team_minimum) if team else [],
            }
        )  # fmt: skip
        public = {"round_id": row["id"], "month": row["month"], "rank": rank, "team": teams.get(helper, [])}
        change.record(Event.DRAWN, INSPECTIONS, rows[-1]["id"], version=1, public=public, helper=UUID(helper))
    await change.insert_rows(Inspection, rows)


def teams_of(drawn: draw.Draw, row: Mapping[str, Any], recusals: Sequence[Mapping[str, str]]) -> dict[str, list[str]]:
    """The team of everybody drawn, where teams are drawn."""
    if not row["inspectors"]:
        return {}
    barred: dict[str, set[str]] = {}
    for recusal in recusals:
        barred.setdefault(recusal["helper_id"], set()).add(recusal["inspector_id"])
    excluded = {helper: frozenset(who) for helper, who in barred.items()}
    return draw.assign(drawn, row["inspectors"], excluded, row["team_size"])


@moves(INSPECTION_ROUND, "close")
async def close(change: Change, id: UUID, body: schemas.CloseRound) -> Answer:
    taken = await change.take(ROUNDS, id)
    return await change.save(taken, {}, to="closed", event=Event.ROUND_CLOSED, public={"month": taken.row["month"]})


# ── checks ───────────────────────────────────────────────────────────────────────────────────────


@creates(Office.ASSESSOR, *ORGANISERS, of=INSPECTIONS)
async def add_check(change: Change, body: schemas.AddCheck) -> Answer:
    """Check somebody besides those drawn; he never counts towards the 30 % (G7)."""
    found = await change.find(ROUNDS, body.round_id)
    if found.state != "drawn":
        raise rules.RoundNotDrawn(state=found.state)
    if not await change.transaction.value(tables.IS_HELPER, **change.here, helper=body.helper_id, day=change.today):
        raise rules.HelperNotInOffice
    taken = await change.transaction.value(tables.CHECK_OF, **change.here, round=body.round_id, helper=body.helper_id)
    if taken is not None and taken != body.id:
        raise rules.AlreadyInTheRound
    values = {
        "round_id": body.round_id, "month": found.row["month"], "helper_id": body.helper_id,
        "kind": Kind.ADDITIONAL.value, "added_reason": body.reason,
    }  # fmt: skip
    return await change.create(
        INSPECTIONS, body.id, values | tables.NO_TEAM, event=Event.ADDED, helper=body.helper_id,
        public={"round_id": body.round_id, "month": found.row["month"]}, personal={"reason": body.reason},
    )  # fmt: skip


@moves(INSPECTION, "assign-team")
async def assign_team(change: Change, id: UUID, body: schemas.AssignTeam) -> Answer:
    """Name the team. Raises CheckingOneself, TeamNeedsReason, NoSuchInspector."""
    taken = await change.take(INSPECTIONS, id)
    team, _ = await team_of(change, taken, body.inspectors)
    values = answered(team, taken.facts, body.reason)
    return await change.save(
        taken, values, to="pending", event=Event.TEAM_ASSIGNED, helper=taken.facts.helper_id,
        public={"team": values["team"], "warnings": values["team_warnings"]}, personal={"reason": body.reason},
    )  # fmt: skip


def answered(team: Sequence[Inspector], facts: rules.InspectionFacts, reason: str | None) -> dict[str, Any]:
    """The columns of a team, once its warnings are answered for."""
    warnings = rules.check_team(team, facts.helper_id, reason, facts.team_minimum)
    return {"team": told(team), "team_warnings": warnings, "team_reason": reason}


def told(team: Sequence[Inspector]) -> list[dict[str, Any]]:
    return [{"person_id": str(i.person_id), "interest": i.interest, "same_unit": i.same_unit} for i in team]


@cache
def _on_record(wide: bool) -> Prepared:
    """People with their units, households, and attachments with hash and state: all that one check may name."""
    files = attachments.naming(wide).subquery()
    people, households = (one.add_columns(null().label("sha256"), null().label("state")) for one in tables.ON_REGISTER)
    return Prepared(people.union_all(households, select(files.c.id, null(), files.c.sha256, files.c.state)))


async def units_of(
    change: Change, people: Collection[UUID], households: Collection[UUID] = (), files: Collection[UUID] = ()
) -> tuple[dict[UUID, UUID | None], dict[str, Any]]:
    """The unit of each of the people, and what an entry says of the attachments; one round trip at the most.

    Raises NoSuchInspector, HouseholdNotRegistered, and what `attachments.named` raises.
    """
    if not people and not households and not files:
        return {}, {}
    wide = attachments.ATTACHMENTS.scope.sees_all(change.actor.offices)
    named = {"people": sorted(people), "households": sorted(households), "named": sorted(files)}
    place = change.here | place_values(change.entered)
    rows = await change.transaction.rows(_on_record(wide), **place, **named)
    units = {row["id"]: row["unit_id"] for row in rows if row["state"] is None}
    if unknown := set(people) - set(units):
        raise rules.NoSuchInspector(people=sorted(map(str, unknown)))
    if unknown := set(households) - set(units):
        raise rules.HouseholdNotRegistered(households=sorted(map(str, unknown)))
    return units, attachments.told([row for row in rows if row["state"] is not None], files)


async def team_of(
    change: Change,
    taken: Taken,
    named: Sequence[schemas.InspectorIn] | None,
    households: Collection[UUID] = (),
    files: Collection[UUID] = (),
) -> tuple[list[Inspector], dict[str, Any]]:
    """The inspectors named, or the team assigned before; and what `units_of` says of the attachments."""
    helper = taken.facts.helper_id
    people = {helper, *(i.person_id for i in named)} if named else set()
    units, shown = await units_of(change, people, households, files)
    if not named:
        return assigned(taken.row), shown
    return [
        Inspector(i.person_id, i.interest, units[i.person_id] is not None and units[i.person_id] == units[helper])
        for i in named
    ], shown


def assigned(row: Mapping[str, Any]) -> list[Inspector]:
    return [
        Inspector(UUID(i["person_id"]), Interest(i["interest"]) if i["interest"] else None, i["same_unit"])
        for i in row["team"]
    ]


@moves(INSPECTION, "record", first=INSPECTIONS)
async def record(change: Change, id: UUID, body: schemas.RecordCheck) -> Answer:
    """Record the three aspects; each problem becomes a proposed finding (R6.2, G10, G58)."""
    check_interviews(body)
    taken = await change.take(INSPECTIONS, id)
    values, shown = await found_out(change, taken, body)
    answer = await change.save(taken, values, to="recorded", **entry_of(taken, values, **shown))
    await change.insert_rows(Finding, proposed_findings(change, taken, values, id))
    return answer


def check_interviews(body: schemas.RecordCheck, pointer: str = "") -> None:
    for at, interview in enumerate(body.interviews):
        rules.check_interview(interview.outcome, interview.helper_present, f"{pointer}/interviews/{at}/helper_present")


async def found_out(change: Change, taken: Taken, body: schemas.RecordCheck) -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns of what was found, with the register's count of visits beside what the inspectors saw.

    And what the entry says of the attachments.
    """
    facts: rules.InspectionFacts = taken.facts
    assert facts.drawn_on is not None
    rules.check_day(body.checked_on, facts.drawn_on, change.today)
    rules.check_further(facts.further_aspects, [f.name for f in body.further])
    before = assigned(taken.row)
    team, shown = await team_of(
        change, taken, body.inspectors, {i.household_id for i in body.interviews}, set(body.attachment_ids)
    )
    same = {i.person_id for i in team} == {i.person_id for i in before}
    aspects = body.aspects.model_dump()
    aspects["village_visits"]["registered"] = facts.registered_visits
    return {
        **answered(team, facts, taken.row["team_reason"] if same else None),
        "checked_on": body.checked_on,
        "aspects": aspects,
        "further": [f.model_dump() for f in body.further],
        "interviews": plain([i.model_dump() for i in body.interviews]),
        "problems": [known_problem(change, taken, plain(p.model_dump())) for p in body.problems],
        "attachment_ids": body.attachment_ids,
        "recorded_by": change.actor.person_id,
    }, shown


def known_problem(change: Change, taken: Taken, problem: dict[str, Any]) -> dict[str, Any]:
    """The problem with the finding it is: the one an earlier version proposed, or a new one."""
    for before in taken.row["problems"]:
        if {**before, "finding_id": None} == {**problem, "finding_id": None}:
            return {**problem, "finding_id": before["finding_id"]}
    return {**problem, "finding_id": str(uuid7(change.now))}


def proposed_findings(change: Change, taken: Taken, values: Mapping[str, Any], source_id: UUID) -> list[dict[str, Any]]:
    """Rows of the findings that new problems become, which an organ may take up or dismiss (G58)."""
    before = {p["finding_id"] for p in taken.row["problems"]}
    return findings.propose(
        change,
        [
            findings.Proposal(
                id=UUID(problem["finding_id"]),
                source=FoundBy.INSPECTION,
                source_id=source_id,
                fact_on=date.fromisoformat(problem["happened_on"]),
                description=problem["description"],
                person_id=taken.facts.helper_id,
                suggested_grounds=[problem["ground"]] if problem["ground"] else [],
            )
            for problem in values["problems"]
            if problem["finding_id"] not in before
        ],
        taken.facts.bound,
    )


def entry_of(taken: Taken, values: Mapping[str, Any], **public: Any) -> dict[str, Any]:
    """The entry of a recorded check: counts and ids in the open, every text sealed."""
    visits = values["aspects"]["village_visits"]
    return {
        "event": Event.RECORDED,
        "helper": taken.facts.helper_id,
        "public": {
            "round_id": taken.row["round_id"], "month": taken.row["month"], "kind": taken.row["kind"],
            "checked_on": values["checked_on"], "team": [i["person_id"] for i in values["team"]],
            "warnings": values["team_warnings"], "visits_registered": visits["registered"],
            "visits_seen": visits["seen"], "problems": len(values["problems"]), **public,
        },
        "personal": {k: values[k] for k in ("aspects", "further", "interviews", "problems")},
    }  # fmt: skip


@moves(INSPECTION, "not-checked", first=INSPECTIONS)
async def not_checked(change: Change, id: UUID, body: schemas.NotChecked) -> Answer:
    """Why this helper was not checked: counts against nobody, and nobody is drawn in place (G9)."""
    taken = await change.take(INSPECTIONS, id)
    values = {"not_checked_reason": body.reason, "recorded_by": change.actor.person_id}
    return await change.save(taken, values, to="not_checked", **excused(taken, body.reason))


def excused(taken: Taken, reason: str, **public: Any) -> dict[str, Any]:
    return {
        "event": Event.NOT_CHECKED,
        "helper": taken.facts.helper_id,
        "public": {"round_id": taken.row["round_id"], "month": taken.row["month"], "kind": taken.row["kind"], **public},
        "personal": {"reason": reason},
    }


@moves(INSPECTION, "correct")
async def correct(change: Change, id: UUID, body: schemas.CorrectCheck) -> Answer:
    """Add a corrected version; the first stays as it was, and says by which it is superseded (G55)."""
    if body.recorded is not None:
        check_interviews(body.recorded, "/recorded")
    taken = await change.take(INSPECTIONS, id)
    new_id = uuid7(change.now)
    kept = ("round_id", "month", "helper_id", "kind", "rank", "added_reason")
    values = {k: taken.row[k] for k in kept} | {
        "round_id": UUID(taken.row["round_id"]),
        "helper_id": taken.facts.helper_id,
    }
    values |= {"corrects_id": id, "correction_reason": body.reason, "recorded_by": change.actor.person_id}
    if body.recorded is not None:
        found, shown = await found_out(change, taken, body.recorded)
        values |= {"state": "recorded", **found}
        entry = entry_of(taken, values, corrects_id=id, **shown)
    else:
        assert body.not_checked is not None
        values |= tables.NO_TEAM | {"state": "not_checked", "not_checked_reason": body.not_checked.reason}
        entry = excused(taken, body.not_checked.reason, corrects_id=id)
    change.record(
        Event.CORRECTED, INSPECTIONS, id, version=taken.version + 1, helper=taken.facts.helper_id,
        public={"superseded_by": new_id}, personal={"reason": body.reason},
    )  # fmt: skip
    answer = await change.create(INSPECTIONS, new_id, values, **entry)
    proposed = [change.place | f for f in proposed_findings(change, taken, values, new_id)]
    await change.transaction.rows(
        tables.superseding(len(proposed)),
        **change.here,
        superseded=id,
        by=new_id,
        **numbered(Finding, proposed),
    )
    return answer


# ── in public ────────────────────────────────────────────────────────────────────────────────────


ROUND_IN_LOG = "select round_in_log($1, $2)"


async def proof(database: Database, id: UUID) -> dict[str, Any]:
    """The commitment of a round and, once drawn, all that recomputes the draw; ids and hashes only.

    With the commitment comes the first cosigned checkpoint that covers it, or else the first signed one. Nobody
    signs in for this. Raises NotFound before the commitment.
    """
    async with database.transaction(readonly=True) as transaction:
        found = await transaction.call(ROUND_IN_LOG, id, NOBODY)
        if found is None:
            raise NotFound
        at = json.loads(found)
        log, signed = at["log"], at["standing"]["signed"]
        covered = signed is not None and at["seq"] < signed["size"]
        subtrees = inclusion_ranges(at["seq"], signed["size"]) if covered else []
        hashes = dict(zip(("levels", "firsts", "ends"), ledger.asked(subtrees), strict=True))
        apart = await ledger.roots(transaction, log, subtrees) if transaction.is_cluster else None
        statement = tables.PROOF if apart is None else tables.PROOF_ALONE
        body = await transaction.value(statement, county=log[:6], township=log, round=id, **hashes)
    row: dict[str, Any] = json.loads(body)
    found_hashes = [bytes.fromhex(h.removeprefix("\\x")) for h in row.get("hashes") or ()]
    inclusion = [root.hex() for root in apart or ledger.roots_of(subtrees, found_hashes)]
    row["commitment"] |= {
        "checkpoint": signed["note"] if covered else None,
        "checkpoint_size": signed["size"] if covered else None,
        "signed_at": signed["at"] if covered else None,
        "witnesses": signed["witnesses"] if covered else [],
        "inclusion": inclusion if covered else None,
    }
    row |= {"round_id": row["id"], "draw_id": rules.draw_id(log, row["month"]), "ranking": None}
    if row["seed"] is None:
        return row | {"frame": None, "exclusions": None, "recusals": None, "teams": None}
    done = redrawn(row)
    ranking = [{"id": i, "ticket": t, "drawn": at < done.size} for at, (i, t) in enumerate(done.ranking)]
    return row | {"frame": list(done.frame), "ranking": ranking} | told_teams(done, row)


def redrawn(row: Mapping[str, Any]) -> draw.Draw:
    return draw.draw(row["draw_id"], row["frame"], [(s["name"], s["value"]) for s in row["sources"]])


def told_teams(done: draw.Draw, row: Mapping[str, Any]) -> dict[str, Any]:
    """Where teams are drawn: who was not to check whom, without why, and whose lot it was."""
    teams = teams_of(done, row, row["recusals"])
    pairs = sorted({(r["helper_id"], r["inspector_id"]) for r in row["recusals"]})
    return {
        "recusals": [{"helper_id": h, "inspector_id": i} for h, i in pairs] if teams else None,
        "teams": [{"helper_id": h, "inspectors": team} for h, team in teams.items()] if teams else None,
    }


def as_text(row: Mapping[str, Any]) -> str:
    """The same for people, as a text that runs in bash: it checks the commitment and, after the draw, draws again."""
    at = row["commitment"]
    sides = inclusion_ranges(at["seq"], at["checkpoint_size"]) if at["inclusion"] is not None else []
    path = tuple(
        ("left" if end <= at["seq"] else "right", item)
        for (_, end), item in zip(sides, at["inclusion"] or (), strict=True)
    )
    evidence = draw.evidence(draw.Evidence(at["log"], at["seq"], at["leaf"], path, at["checkpoint"]))
    if row["seed"] is None:
        return draw.announcement(committed(row)) + evidence
    barred = [(r["helper_id"], r["inspector_id"]) for r in row["recusals"] or ()]
    teams = draw.lot(row["inspectors"], barred, row["team_size"], row["sample_size"]) if row["teams"] else ""
    return draw.recipe(redrawn(row)) + teams + evidence
