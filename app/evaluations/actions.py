"""What can be done at the year's end: open, review, sum up, submit; propose, determine, reopen."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from json import loads
from typing import Any
from uuid import UUID

from fastapi import Response

from app.actor import Office
from app.calendar import year_bounds
from app.database import as_json
from app.evaluations import rules, schemas
from app.evaluations.rules import Event
from app.evaluations.tables import (
    AWARDS,
    DETERMINE,
    EVALUATIONS,
    HELPED_IN,
    PACKAGE,
    SUBMISSIONS,
    AnnualDetermination,
    AnnualEvaluation,
    hash_of,
)
from app.log import LISTED
from app.notices import actions as notices
from app.notices.rules import NoticeKind
from app.notices.tables import Notice
from app.reading import Reading
from app.refusal import NotFound, VersionStale
from app.writing import Answer, Change, creates, moves, uuid7


@creates(*rules.LEADING_GROUP, of=SUBMISSIONS)
async def open_submission(change: Change, body: schemas.CreateSubmission) -> Answer:
    """Open a year's review, with an evaluation for everyone who helped in that year (article 5)."""
    rules.check_year(body.year, change.today.year)
    first, last = year_bounds(body.year)
    found = await change.transaction.rows(HELPED_IN, **change.place, year=body.year, first=first, last=last)
    helpers = [row["helper_id"] for row in found]
    submission_id, public = body.id or uuid7(change.now), {"year": body.year, "helpers": helpers[:LISTED]}
    answer = await change.create(SUBMISSIONS, submission_id, {"year": body.year}, event=Event.OPENED, public=public)
    change.record_rest(Event.LISTED, SUBMISSIONS, submission_id, helpers, year=body.year)
    await change.insert_rows(AnnualEvaluation, [_begun(change, body.year, helper) for helper in helpers])
    return answer


def _begun(change: Change, year: int, helper_id: UUID) -> dict[str, Any]:
    return change.new(EVALUATIONS) | {"year": year, "helper_id": helper_id}


@moves(rules.SUBMISSION, "review")
async def review(change: Change, id: UUID, body: schemas.Review) -> Answer:
    """Review the two ledgers of the year (article 5)."""
    taken = await change.take(SUBMISSIONS, id)
    return await change.save(
        taken,
        {"findings": body.findings},
        to="reviewed",
        event=Event.REVIEWED,
        public={"year": taken.row["year"]},
        personal={"findings": body.findings},
    )


@moves(rules.SUBMISSION, "summarise")
async def summarise(change: Change, id: UUID, body: schemas.Summarise) -> Answer:
    """Freeze the numbers of the year and their hash (article 5, G8)."""
    taken = await change.take(SUBMISSIONS, id)
    year = taken.row["year"]
    first, last = year_bounds(year)
    values = {"year": year, "first": first, "last": last, "today": change.today}
    found = await change.transaction.value(PACKAGE, **change.place, **values)
    package = loads(found)
    package_hash = hash_of(package)
    return await change.save(
        taken,
        {"summary": body.summary, "package": package, "package_hash": package_hash},
        to="summarised",
        event=Event.SUMMARISED,
        public={"year": year, "package": package, "package_hash": package_hash},
        personal={"summary": body.summary},
    )


@moves(rules.SUBMISSION, "submit")
async def submit(change: Change, id: UUID, body: schemas.Submit) -> Answer:
    """Hand the summary to the Party committee (article 5)."""
    taken = await change.take(SUBMISSIONS, id)
    late = rules.is_late(change.today, taken.facts.window_to)
    public = {"year": taken.row["year"], "package_hash": taken.row["package_hash"], "late": late}
    return await change.save(taken, {"late": late}, to="submitted", event=Event.SUBMITTED, public=public)


@creates(*rules.LEADING_GROUP, *rules.PROPOSERS, of=EVALUATIONS)
async def begin_evaluation(change: Change, body: schemas.CreateEvaluation) -> Answer:
    """Begin the evaluation of a helper for whom the submission made none."""
    rules.check_year(body.year, change.today.year)
    return await change.create(
        EVALUATIONS,
        body.id,
        {"year": body.year, "helper_id": body.helper_id},
        event=Event.BEGUN,
        public={"year": body.year},
        helper=body.helper_id,
    )


@moves(rules.EVALUATION, "propose")
async def propose(change: Change, id: UUID, body: schemas.Propose) -> Answer:
    """Compute the proposal and its explanation from the record; nothing follows from it (R5.6, G27)."""
    taken = await change.take(EVALUATIONS, id)
    year, proposal = taken.row["year"], taken.facts.explanation
    told = rules.recomputable(proposal)
    proposal_hash = hash_of(told)
    return await change.save(
        taken,
        {
            "proposal": proposal,
            "proposed_outcome": proposal["outcome"],
            "proposal_hash": proposal_hash,
            "proposed_at": change.now,
        },
        to="reopened" if taken.state == "reopened" else "proposed",
        event=Event.PROPOSED,
        public={
            "year": year,
            "outcome": proposal["outcome"],
            "proposal_hash": proposal_hash,
            "proposal": {**told, "households": [_line(line) for line in told["households"]]},
            "log_size": taken.facts.log_size,
        },
        helper=taken.facts.helper_id,
    )


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    """A household in the entry: short, so that an entry holds hundreds."""
    return {"household_id": line["household_id"], "standing": line["standing"], "line_hash": hash_of(line)}


@moves(rules.EVALUATION, "determine")
async def determine(change: Change, id: UUID, body: schemas.Determine) -> Answer:
    """Determine whether the task was completed; what follows, follows from here (R5.6, R7.1, R7.2)."""
    request = rules.Request(
        outcome=body.outcome,
        reasons=body.reasons,
        results_considered=body.results_considered,
        submission_id=body.submission_id,
        mitigation=body.mitigation or "",
        plan_target=body.plan_target or "",
        priority_reason=body.priority_reason or "",
    )
    rules.check_request(request)
    taken = await change.take(EVALUATIONS, id)
    row, facts, year = taken.row, taken.facts, taken.row["year"]
    rules.check_determination(request, facts, year, row["proposed_outcome"], facts.measures)
    effects = asdict(rules.effects(body.outcome, year, facts.category))
    before = row["determinations"][-1] if row["determinations"] else None
    determined = {
        "id": uuid7(change.now),
        "number": len(row["determinations"]) + 1,
        "replaces_id": UUID(before["id"]) if before else None,
        "outcome": body.outcome,
        "submission_id": body.submission_id,
        "proposal_hash": row["proposal_hash"],
        "departs": body.outcome != row["proposed_outcome"],
        "measures": list(facts.measures),
        **effects,
    }
    said = body.model_dump(mode="json", exclude={"outcome", "submission_id"})
    said["reopened_because"] = row["reopen_reason"]
    version = {
        **change.place,
        **determined,
        **said,
        "proposal": facts.explanation,
        "evaluation_id": id,
        "helper_id": facts.helper_id,
        "year": year,
        "author_id": change.actor.person_id,
        "determined_at": change.now,
    }
    await _write(change, version, facts.notices)
    return await change.save(
        taken,
        {"reopen_reason": None},
        to="determined",
        event=Event.DETERMINED,
        public={"year": year, **determined, "log_size": facts.log_size},
        personal=said,
        helper=facts.helper_id,
    )


async def _write(change: Change, version: Mapping[str, Any], known: Sequence[Mapping[str, Any]]) -> None:
    """The version, with the notice of article 7(2) that it makes due or takes back (R7.2, G53). Raises VersionStale."""
    kind = NoticeKind.ARTICLE_7_NOTICE if version["outcome"] == rules.Outcome.NOT_COMPLETE else None
    basis = {**dict.fromkeys(notices.SUBJECT), "subject_person_id": version["helper_id"]}
    basis |= {"case_id": None, "evaluation_id": version["evaluation_id"]}
    told, rows = notices.follow(change, known, kind, basis)
    if kind is not None and all(notice["kind"] != kind for notice in known):
        rows.append(notices.draft(change, {**basis, "kind": kind, "organ": Office.PARTY_COMMITTEE}))
    values = {f"determined_{name}": version.get(name) for name in AnnualDetermination.model_fields}
    changed = await change.transaction.rows(DETERMINE, **change.here, **told, **values)
    if len(changed) != len(told["dropped_notices"]) + len(told["corrected_notices"]):
        raise VersionStale
    await change.insert_rows(Notice, rows)


@moves(rules.EVALUATION, "reopen")
async def reopen(change: Change, id: UUID, body: schemas.Reopen) -> Answer:
    """Take a determination up again; it stands until a new version replaces it (G53)."""
    taken = await change.take(EVALUATIONS, id)
    return await change.save(
        taken,
        {"reopen_reason": body.reason},
        to="reopened",
        event=Event.REOPENED,
        public={"year": taken.row["year"], "determination_id": taken.row["determinations"][-1]["id"]},
        personal={"reason": body.reason},
        helper=taken.facts.helper_id,
    )


async def award_eligibility(read: Reading, helper_id: UUID, year: int) -> Response:
    """May this helper take part in the awards of that year? From its determinations alone (R7.2, G31)."""
    async with read.open() as (transaction, entered):
        actor = entered.actor
        found = await transaction.value(
            AWARDS,
            county_code=actor.county_code,
            township_code=actor.township_code,
            county_wide=actor.reads_county,
            helper=helper_id,
            year=year,
        )
    if found is None or not (actor.reads_township or actor.reads_county or actor.person_id == helper_id):
        raise NotFound
    known = loads(found)
    versions = {d.pop("number"): d for d in known["determinations"]}
    judged = rules.award_eligibility(
        str(helper_id),
        year,
        [rules.Determination(str(helper_id), year, number, d["outcome"]) for number, d in versions.items()],
        known["measures"],
    )
    number = judged.determination.version if judged.determination else None
    stands = None if number is None else {"number": number, **versions[number]}
    told = {
        "helper_id": helper_id,
        "year": year,
        "eligible": judged.eligible,
        "priority": judged.priority,
        "priority_for_excellent": bool(stands and stands.pop("priority_for_excellent")),
        "veto_ends_on": None if judged.eligible else year_bounds(year)[1],
        "measures": judged.measures,
        "determination": stands,
    }
    return Response(as_json(told), media_type="application/json")
