"""What can be done with a sign-off: open it, sign, object, refuse, restate, forward, resolve, collect, review?"""

import json
import secrets
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Text, bindparam, func, select, update
from sqlmodel import col

from app.access import PERSON, Scope
from app.attachments import actions as attachments
from app.database import Prepared, as_json, here, is_there, table_of
from app.households.rules import CLOSED
from app.households.tables import Household
from app.reading import Resource
from app.refusal import Conflict
from app.signoffs import rules, schemas, tables
from app.signoffs.rules import SIGNOFF, Kind, Party, SignoffFacts, Statement
from app.writing import Answer, Change, Taken, creates, creates_for_anyone, moves, uuid7

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""No 0, 1, I or O: a code is read aloud and typed. Twelve of them are 60 random bits."""


class Event(StrEnum):
    """What the log calls the commands of this feature."""

    OPENED = "signoff.opened"
    SIGNED = "signoff.signed"
    OBJECTED = "signoff.objected"
    REFUSED = "signoff.refused"
    FORWARDED = "signoff.forwarded"
    RESTATED = "signoff.restated"
    SUBSTITUTE_NAMED = "signoff.substitute_named"
    CONFLICT_ACKNOWLEDGED = "signoff.conflict_acknowledged"
    CODE_ISSUED = "signoff.code_issued"
    COLLECTED = "signoff.collected"
    REVIEWED = "signoff.reviewed"
    CONSIDERED = "signoff.considered_unconfirmed"
    REMARKED = "signoff.remarked"


class NoSuchHousehold(Conflict):
    """That household is not on record here.

    本乡没有该户的记录。
    """


class YearNotBegun(Conflict):
    """That year has not begun.

    该年度尚未开始。
    """

    article = "5"


class NotHandedToTheHousehold(Conflict):
    """A code is handed to one member of the household, or to its guardian or agent.

    签字码须交给该户一名成员,或其监护人、受托人。
    """

    article = "G22"


def derived(facts: SignoffFacts) -> dict[str, Any]:
    """What a single read says besides: what the record amounts to (G21, G27), who stands in two roles today (G24)."""
    conflicts = rules.role_conflicts(facts)
    return {
        "outcome": rules.outcome(facts),
        "role_conflicts": [
            {"person_id": person, "parties": parties, "acknowledged": person in facts.acknowledged}
            for person, parties in sorted(conflicts.items())
        ],
    }


B = tables.SignoffSubstitute
SUBSTITUTED = is_there(table_of(tables.Signoff), tables.of_signoff(B), col(B.person_id) == PERSON)
SIGNED = is_there(
    table_of(tables.Signoff),
    tables.of_signoff(tables.SignoffSignature), col(tables.SignoffSignature.person_id) == PERSON,
)  # fmt: skip
SIGNOFFS = Resource(
    "signoffs",
    tables.Signoff,
    due=func.make_date(col(tables.Signoff.year), 12, 31),
    scope=Scope(
        households=(col(tables.Signoff.household_id),),
        more=(SUBSTITUTED, SIGNED, tables.helped_in_its_year(PERSON)),
    ),
    extra=tables.SHOWN,
    facts=tables.FACTS,
    workflow=SIGNOFF,
    read_facts=tables.read_facts,
    derived=derived,
)

REMARKS = Resource(
    "remarks", tables.SignoffRemark, scope=Scope(people=(col(tables.SignoffRemark.person_id),)), addressed=False
)

H = Household
HOUSEHOLD = Prepared(
    select(col(H.village_code), col(H.status), tables.helpers_of(H, col(H.id)).cast(Text()).label("helpers")).where(
        here(H),
        col(H.id) == bindparam("household"),
    )
)


def this_signoff(table: Any) -> tuple[Any, ...]:
    """The rows of one sign-off, in a change."""
    return (
        col(table.county_code) == bindparam("at_county"),
        col(table.township_code) == bindparam("at_township"),
        col(table.signoff_id) == bindparam("at_signoff"),
    )


S, C = tables.SignoffSignature, tables.SignoffCode
VOID_SIGNATURES = Prepared(
    update(S)
    .where(*this_signoff(S), col(S.voided_at).is_(None))
    .values(voided_at=bindparam("moment"), voided_by=bindparam("person"))
    .returning(col(S.party))
)
VOID_CODES = Prepared(
    update(C)
    .where(*this_signoff(C), col(C.used_at).is_(None), col(C.voided_at).is_(None))
    .values(voided_at=bindparam("moment"))
)
USE_CODE = Prepared(
    update(C)
    .where(
        *this_signoff(C), col(C.code_hash) == bindparam("hash"), col(C.used_at).is_(None), col(C.voided_at).is_(None)
    )
    .values(used_at=bindparam("moment"))
    .returning(col(C.id))
)


def rows(change: Change, id: UUID) -> dict[str, Any]:
    return {**{f"at_{k.removesuffix('_code')}": v for k, v in change.place.items()}, "at_signoff": id}


def myself(change: Change) -> UUID:
    """The person behind the account; every domain office is a person's."""
    assert change.actor.person_id is not None
    return change.actor.person_id


def write_statement(
    signoff_id: UUID, household_id: UUID, year: int, revision: int, body: schemas.StatementIn
) -> Statement:
    """The statement with a fresh nonce."""
    return Statement(
        signoff_id=str(signoff_id), household_id=str(household_id), year=year, revision=revision,
        out_of_poverty=body.out_of_poverty, outside_rule=body.outside_rule, measures=tuple(body.measures),
        income_fen=body.income_fen, checks=dict(body.checks), nonce=secrets.token_hex(16),
    )  # fmt: skip


def read_statement(row: dict[str, Any]) -> Statement:
    """The statement of a stored sign-off."""
    return Statement(
        signoff_id=row["id"], household_id=row["household_id"], year=row["year"], revision=row["revision"],
        out_of_poverty=row["out_of_poverty"], outside_rule=row["outside_rule"], measures=tuple(row["measures"]),
        income_fen=row["income_fen"], checks=row["checks"], nonce=row["nonce"],
    )  # fmt: skip


def columns(statement: Statement) -> dict[str, Any]:
    """What of a statement changes when it is restated."""
    return {
        "revision": statement.revision,
        "out_of_poverty": statement.out_of_poverty,
        "outside_rule": statement.outside_rule,
        "measures": list(statement.measures),
        "income_fen": statement.income_fen,
        "checks": dict(statement.checks),
        "nonce": statement.nonce,
        "statement_hash": statement.hash(),
    }


def told(statement: Statement) -> dict[str, dict[str, Any]]:
    """A statement's parts of an entry: the hash and the yes or no in public, the rest sealed."""
    public = {"revision": statement.revision, "out_of_poverty": statement.out_of_poverty}
    personal = {
        name: getattr(statement, name) for name in ("outside_rule", "measures", "income_fen", "checks", "nonce")
    }
    return {"public": {**public, "year": statement.year, "statement_hash": statement.hash()}, "personal": personal}


@creates(*rules.PREPARERS, of=SIGNOFFS)
async def open_signoff(change: Change, body: schemas.CreateSignoff) -> Answer:
    """Raises NotYourHousehold, NoSuchHousehold, HouseholdOffTheRegister, YearNotBegun."""
    values = change.here
    found = await change.transaction.row(HOUSEHOLD, **values, household=body.household_id, today=change.today)
    helpers = frozenset(UUID(h) for h in json.loads(found["helpers"] or "[]")) if found else frozenset()
    if refusal := rules.prepares(change.actor, helpers, found["village_code"] if found else ""):
        raise refusal
    if found is None:
        raise NoSuchHousehold
    if found["status"] in CLOSED:
        raise rules.HouseholdOffTheRegister(household_status=found["status"])
    if body.year > change.today.year:
        raise YearNotBegun(year=body.year)
    new_id = body.id or uuid7(change.now)
    statement = write_statement(new_id, body.household_id, body.year, 1, body.statement)
    row = {
        "household_id": body.household_id, "village_code": found["village_code"], "year": body.year,
        "prepared_by": myself(change), "objected": False, "late": False, **columns(statement),
    }  # fmt: skip
    parts = told(statement)
    parts["public"]["household_id"] = body.household_id
    return await change.create(SIGNOFFS, new_id, row, event=Event.OPENED, household=body.household_id, **parts)


def concerned(taken: Taken) -> dict[str, Any]:
    """The two ledgers of article 5 that an entry belongs to."""
    return {"helper": taken.facts.primary_helper, "household": UUID(taken.row["household_id"])}


async def put_on_record(change: Change, id: UUID, body: schemas.Signing, kind: Kind, content: str | None) -> Answer:
    """A party signs, objects or refuses: one row, one new state."""
    form = body.form()
    rules.check_form(form, kind)
    if form.code is not None and body.attachment_ids:
        raise rules.ScanOfNoPaper("/attachment_ids")
    taken = await change.take(SIGNOFFS, id)
    signer = rules.check_parts(taken.facts, change.actor, form, change.today)
    if form.code is not None:
        await use_code(change, taken, form)
    named = await attachments.named(change, body.attachment_ids)
    late = rules.is_late(taken.facts, taken.row["year"], change.today)
    row = {
        "party": form.party, "kind": kind, "method": form.method, "statement_hash": taken.row["statement_hash"],
        "person_id": signer, "member_id": form.member_id, "capacity": form.capacity,
        "recorder_id": myself(change), "witness_id": form.witness_id, "late": late,
    }  # fmt: skip
    private = {"relation": form.relation, "authority": form.authority, "content": content}
    await change.insert(
        tables.SignoffSignature, id=uuid7(change.now), signoff_id=id, at_version=taken.version, **row, **private,
        attachment_ids=body.attachment_ids, signed_at=change.now, signed_on=change.today,
    )  # fmt: skip
    to = "refused" if kind is Kind.REFUSED else rules.SIGNED[taken.state]
    now = {"late": taken.row["late"] or late, "objected": taken.row["objected"] or kind is Kind.OBJECTED}
    if to == "leader_signed":
        now["confirmed_on"] = change.today
    event = {Kind.SIGNED: Event.SIGNED, Kind.OBJECTED: Event.OBJECTED, Kind.REFUSED: Event.REFUSED}[kind]
    return await change.save(
        taken, now, to=to, event=event, public={**row, **named, "state": to}, personal=private, **concerned(taken)
    )


async def use_code(change: Change, taken: Taken, form: rules.Form) -> None:
    """Raises CodeNotGood; a code is spent in the transaction that signs with it."""
    hashed = rules.code_hash(taken.id, form.code or "")
    rules.check_code(taken.facts, change.actor, hashed, form.member_id or form.agent_id, change.now)
    if await change.transaction.value(USE_CODE, **rows(change, taken.id), hash=hashed, moment=change.now) is None:
        raise rules.CodeNotGood


@moves(SIGNOFF, "sign", first=SIGNOFFS)
async def sign(change: Change, id: UUID, body: schemas.Sign) -> Answer:
    return await put_on_record(change, id, body, Kind.SIGNED, None)


@moves(SIGNOFF, "object", first=SIGNOFFS)
async def object_(change: Change, id: UUID, body: schemas.Object) -> Answer:
    return await put_on_record(change, id, body, Kind.OBJECTED, body.text)


@moves(SIGNOFF, "refuse", first=SIGNOFFS)
async def refuse(change: Change, id: UUID, body: schemas.Refuse) -> Answer:
    return await put_on_record(change, id, body, Kind.REFUSED, body.reason)


@moves(SIGNOFF, "forward", first=SIGNOFFS)
async def forward(change: Change, id: UUID, body: schemas.Forward) -> Answer:
    taken = await change.take(SIGNOFFS, id)
    to = "forwarded_unconfirmed"
    return await change.save(
        taken, {"forward_reason": body.reason}, to=to, event=Event.FORWARDED, public={"state": to},
        personal={"reason": body.reason}, **concerned(taken),
    )  # fmt: skip


@moves(SIGNOFF, "restate")
async def restate(change: Change, id: UUID, body: schemas.Restate) -> Answer:
    """A new statement; the standing signatures are voided and named in the entry. Raises StatementUnchanged."""
    taken = await change.take(SIGNOFFS, id)
    before = read_statement(taken.row)
    household = UUID(taken.row["household_id"])
    after = write_statement(id, household, before.year, before.revision + 1, body.statement)
    rules.check_restatement(taken.state, before, after)
    voided = await change.transaction.rows(
        VOID_SIGNATURES, **rows(change, id), moment=change.now, person=myself(change)
    )
    parts = told(after)
    parts["public"] |= {"state": "open", "voided": [row["party"] for row in voided], "replaces": before.hash()}
    parts["personal"]["reason"] = body.reason
    values = {**columns(after), "prepared_by": myself(change), "restatement_reason": body.reason}
    values |= {"objected": False, "late": False, "confirmed_on": None}
    return await change.save(taken, values, to="open", event=Event.RESTATED, **concerned(taken), **parts)


@moves(SIGNOFF, "name-substitute")
async def name_substitute(change: Change, id: UUID, body: schemas.NameSubstitute) -> Answer:
    """Raises HouseholdHasNoSubstitute, NoRoleConflict, SubstituteUnfit (G24)."""
    if body.party is Party.HOUSEHOLD:
        raise rules.HouseholdHasNoSubstitute("/party")
    taken = await change.take(SIGNOFFS, id)
    rules.check_substitute(taken.facts, body.party, body.person_id)
    await change.insert(
        tables.SignoffSubstitute, id=uuid7(change.now), signoff_id=id, at_version=taken.version, party=body.party,
        person_id=body.person_id, reason=body.reason, named_by=myself(change), named_at=change.now,
    )  # fmt: skip
    public = {"party": body.party, "person_id": body.person_id}
    return await change.save(
        taken, {}, to=taken.state, event=Event.SUBSTITUTE_NAMED, public=public, personal={"reason": body.reason},
        **concerned(taken),
    )  # fmt: skip


@moves(SIGNOFF, "acknowledge-conflict")
async def acknowledge_conflict(change: Change, id: UUID, body: schemas.AcknowledgeConflict) -> Answer:
    """Raises NoRoleConflict (G24)."""
    taken = await change.take(SIGNOFFS, id)
    rules.check_acknowledgement(taken.facts, body.person_id)
    await change.insert(
        tables.SignoffAcknowledgement, id=uuid7(change.now), signoff_id=id, person_id=body.person_id,
        reason=body.reason, acknowledged_by=myself(change), acknowledged_at=change.now,
    )  # fmt: skip
    return await change.save(
        taken, {}, to=taken.state, event=Event.CONFLICT_ACKNOWLEDGED, public={"person_id": body.person_id},
        personal={"reason": body.reason}, **concerned(taken),
    )  # fmt: skip


@creates_for_anyone(of=REMARKS)
async def remark(change: Change, id: UUID, body: schemas.AddRemark) -> Answer:
    """A co-helper signs beside the primary, a predecessor states what he leaves: neither confirms or stops anything.

    Raises StatementTextNeeded, NotACoHelper, NotThePredecessor, WrongState (G17, G18); AlreadyOnRecord the second time.
    """
    rules.check_remark_text(body.kind, body.text)
    signoff = await change.find(SIGNOFFS, id)
    rules.check_remark(signoff.facts, change.actor, body.kind)
    public = {
        "signoff_id": id, "kind": body.kind, "person_id": myself(change),
        "statement_hash": signoff.row["statement_hash"],
    }  # fmt: skip
    made = await change.create(
        REMARKS, body.id, {**public, "text": body.text, "made_on": change.today}, event=Event.REMARKED, public=public,
        personal={"text": body.text}, helper=myself(change), household=UUID(signoff.row["household_id"]),
    )  # fmt: skip
    return Answer(made.status, made.body, {**made.headers, "location": f"/v1/signoffs/{id}"})


@moves(SIGNOFF, "issue-code")
async def issue_code(change: Change, id: UUID, body: schemas.IssueCode) -> Answer:
    """A fresh code; one issued before is void. Raises NotHandedToTheHousehold, CodeThroughHelper."""
    if (body.member_id is None) is (body.agent_id is None):
        raise rules.SignerNeeded("/member_id")
    taken = await change.take(SIGNOFFS, id)
    member = next((m for m in taken.facts.members if m.id == body.member_id), None)
    if body.member_id is not None and member is None:
        raise NotHandedToTheHousehold
    handed_by = body.handed_by or myself(change)
    rules.check_code_delivery(taken.facts, handed_by, body.agent_id, member.person_id if member else None)
    code = "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(3))
    expires = change.now + timedelta(days=rules.CODE_DAYS)
    who = {"member_id": body.member_id, "agent_id": body.agent_id, "handed_by": handed_by}
    await change.transaction.rows(VOID_CODES, **rows(change, id), moment=change.now)
    await change.insert(
        tables.SignoffCode, id=uuid7(change.now), signoff_id=id, code_hash=rules.code_hash(id, code), **who,
        statement_hash=taken.row["statement_hash"], issued_by=myself(change), issued_at=change.now, expires_at=expires,
    )  # fmt: skip
    saved = await change.save(
        taken, {}, to=taken.state, event=Event.CODE_ISSUED, public={**who, "expires_at": expires}, **concerned(taken)
    )
    return Answer(200, as_json({"signoff_id": id, "expires_at": expires}), saved.headers, once={"code": code})


@moves(SIGNOFF, "collect", first=SIGNOFFS)
async def collect(change: Change, id: UUID, body: schemas.Collect) -> Answer:
    taken = await change.take(SIGNOFFS, id)
    public = {"state": "collected", "statement_hash": taken.row["statement_hash"]}
    return await change.save(taken, {}, to="collected", event=Event.COLLECTED, public=public, **concerned(taken))


@moves(SIGNOFF, "review", first=SIGNOFFS)
async def review(change: Change, id: UUID, body: schemas.Review) -> Answer:
    """What came with four signatures is reviewed; what came unconfirmed is considered and stays so (G21)."""
    taken = await change.take(SIGNOFFS, id)
    (to,) = SIGNOFF.move("review").path[taken.state]
    event = Event.REVIEWED if to == "reviewed" else Event.CONSIDERED
    return await change.save(
        taken, {"review_note": body.note}, to=to, event=event,
        public={"state": to, "statement_hash": taken.row["statement_hash"]}, personal={"note": body.note},
        **concerned(taken),
    )  # fmt: skip
