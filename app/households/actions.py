"""What can be done about households, their members, life events and pairings?"""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Date,
    DateTime,
    LargeBinary,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    update,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlmodel import col

from app.access import PERSON, TODAY, Scope
from app.actor import Office
from app.database import Prepared, as_json, here, holds_on, is_there, same_place
from app.households import rules, schemas, tables
from app.households.rules import Event
from app.people import rules as people_rules
from app.people.actions import identify
from app.people.schemas import Disclose
from app.people.tables import AppointmentRow
from app.reading import Errand, Resource, is_entered_later, rows_of
from app.writing import Answer, Change, Taken, changes, creates, entered_later, moves, uuid7

H, M, E, P = tables.Household, tables.HouseholdMember, tables.HouseholdEvent, tables.Pairing
HOUSEHOLD, PAIRED = H.__table__, P.__table__  # type: ignore[attr-defined]
OTHER = PAIRED.alias("other")


def _children(table: Any) -> tuple[Any, ...]:
    return (
        same_place(table, H),
        col(table.household_id) == col(H.id),
    )


A = AppointmentRow
OF_ITS_HELPER = and_(
    same_place(A, P),
    col(A.person_id) == col(P.helper_id), col(A.office) == Office.HELPER.value,
)  # fmt: skip
IN_OFFICE = exists().where(OF_ITS_HELPER, holds_on(A, TODAY)).correlate(PAIRED)
"""Is who is paired a helper today? Who left that office helps nobody, whatever his pairing says (G16, G18)."""
TODAYS = and_(*_children(P), holds_on(P, TODAY), IN_OFFICE)
HAS_HELPER = is_there(HOUSEHOLD, TODAYS)
ALONE_SINCE = func.timezone("Asia/Shanghai", cast(func.coalesce(
    select(func.max(func.least(col(P.ends), col(A.ends)))).select_from(P).join(A, OF_ITS_HELPER, isouter=True)
    .where(*_children(P)).correlate(HOUSEHOLD).scalar_subquery(),
    col(H.listed_on),
), DateTime()))  # fmt: skip
"""The moment from which the household has been without a helper: the last one's end, or its listing."""
PAIRING_COLUMNS = ("id", "helper_id", "is_primary", "starts", "ends")


def read_household(row: dict[str, Any], facts: dict[str, Any], entered: Any) -> rules.HouseholdFacts:
    events = tuple(rules.LifeEvent(rules.Status(e["kind"]), date.fromisoformat(e["on"])) for e in facts["events"])
    history = rules.History(date.fromisoformat(row["listed_on"]), events)
    return rules.HouseholdFacts(history, tuple(read_pairing(p) for p in facts["pairings"]))


def read_pairing(row: dict[str, Any]) -> rules.Pairing:
    """A pairing of the JSON that PostgreSQL built."""
    ends = date.fromisoformat(row["ends"]) if row["ends"] else None
    starts = date.fromisoformat(row["starts"])
    return rules.Pairing(UUID(row["id"]), UUID(row["helper_id"]), row["is_primary"], starts, ends)


FACTS = {
    "events": rows_of(E, *_children(E), order=col(E.id), kind=col(E.kind), on=col(E.happened_on)),
    "pairings": rows_of(P, *_children(P), order=col(P.starts), **{c: col(getattr(P, c)) for c in PAIRING_COLUMNS}),
}
"""What the law needs to know of a household, beside its own row."""
HOUSEHOLDS = Resource(
    "households", H, scope=Scope(villages=(col(H.village_code),), households=(col(H.id),)),
    known_by=(col(H.card_number), col(H.head_name)),
    extra={
        "members": rows_of(
            M, *_children(M), order=col(M.id), id=col(M.id), name=col(M.name), relation=col(M.relation), sex=col(M.sex),
            born=col(M.born), citizen_id_last_four=col(M.citizen_id_last_four), left_on=col(M.left_on),
            left_reason=col(M.left_reason),
        ).correlate(HOUSEHOLD),
        "primary_helper_id": select(col(P.helper_id)).where(TODAYS, col(P.is_primary)).limit(1)
        .correlate(HOUSEHOLD).scalar_subquery(),
        "helper_ids": select(func.coalesce(func.array_agg(col(P.helper_id)), array([], type_=Uuid())))
        .where(TODAYS).correlate(HOUSEHOLD).scalar_subquery(),
        "has_helper": HAS_HELPER,
        "entered_later": is_entered_later(H, "listed_on"),
    },
    facts=FACTS,
    read_facts=read_household,
    errand=Errand(
        Office.LEADING_GROUP, "pairings", since=ALONE_SINCE,
        where=(col(H.status).in_([literal(status) for status in sorted(rules.OPEN)]), ~HAS_HELPER),
    ),
)  # fmt: skip
"""A household on the register without a helper stands in the leading group's tasks; it is nobody's failure (G16)."""

ONCE_HELPED = exists().where(*_children(P), col(P.helper_id) == PERSON).correlate(HOUSEHOLD)
VISITED = replace(HOUSEHOLDS, scope=replace(HOUSEHOLDS.scope, more=(ONCE_HELPED,)), extra={}, errand=None)
"""A household as whoever ever helped it may still name it: to hand in a visit of that time (G18). Never shown."""

EVENTS = Resource(
    "household-events", E, addressed=False, scope=Scope(households=(col(E.household_id),)),
    extra={"confirmer_ids": array([col(E.first_confirmer_id), col(E.second_confirmer_id)])},
    hide=frozenset({"first_confirmer_id", "second_confirmer_id"}),
)  # fmt: skip

AS_OF: Any = bindparam("by_as_of", type_=Date())
PAIRINGS = Resource(
    "pairings", P, scope=Scope(people=(col(P.helper_id),), households=(col(P.household_id),)),
    facts={
        "others": rows_of(
            P, same_place(OTHER, P),
            OTHER.c.household_id == col(P.household_id), OTHER.c.id != col(P.id), order=OTHER.c.starts,
            **{name: OTHER.c[name] for name in PAIRING_COLUMNS},
        ),
    },
    extra={"entered_later": is_entered_later(P, "starts")},
    filters={
        "as_of": holds_on(P, AS_OF),
    },
    workflow=rules.PAIRING,
    read_facts=lambda row, facts, entered: rules.PairingFacts(
        read_pairing(row), tuple(map(read_pairing, facts["others"]))
    ),
)  # fmt: skip


# ── households and members ───────────────────────────────────────────────────────────────────────

LISTED = Prepared(
    select(col(M.citizen_id_last_four)).join(H, and_(*_children(M))).where(
        here(M),
        col(M.citizen_id_lookup) == func.any(bindparam("ids", type_=ARRAY(LargeBinary))),
        col(M.household_id) != bindparam("but"), col(M.left_on).is_(None),
        col(H.status) == func.any(bindparam("open", sorted(rules.OPEN), type_=ARRAY(Text()))),
    ).limit(1)
)  # fmt: skip


NOWHERE = UUID(int=0)


@creates(*rules.KEEPERS)
async def create_household(change: Change, body: schemas.CreateHousehold) -> Answer:
    """Raises VillageOutside, DatedInTheFuture, WrongCitizenId, CitizenAlreadyListed, AlreadyOnRecord."""
    new_id = body.id or uuid7(change.now)
    new, members = household(change, body, new_id)
    await _check_unlisted(change, members, but=new_id)
    answer = await change.create(HOUSEHOLDS, new_id, **new)
    if not members:
        return answer
    await change.insert_rows(M, members)
    return await change.shown(HOUSEHOLDS, new_id, answer)


def household(
    change: Change, body: schemas.CreateHousehold, new_id: UUID
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Values and entry of a new household, and its members' rows. Raises VillageOutside and the like."""
    if not body.village_code.startswith(change.actor.township_code):
        raise rules.VillageOutside("/village_code")
    rules.check_past(body.listed_on, change.today)
    values = body.model_dump(exclude={"id", "members"})
    values |= {"status": rules.Status.REGISTERED, "status_on": body.listed_on}
    members = [_member(change, new_id, m, f"/members/{n}/citizen_id") for n, m in enumerate(body.members)]
    public = {k: v for k, v in values.items() if k not in ("head_name", "group_name")}
    public |= {"members": len(members), **entered_later(body.listed_on, change.today)}
    personal = {"head_name": body.head_name, "group_name": body.group_name, "members": [m["name"] for m in members]}
    new = {"values": values, "event": Event.REGISTERED, "public": public, "personal": personal, "household": new_id}
    return new, members


def _member(change: Change, household: UUID, body: schemas.MemberIn, pointer: str) -> dict[str, Any]:
    read = people_rules.read_citizen_id(body.citizen_id, change.today, pointer)
    return {
        "id": body.id or uuid7(change.now), "household_id": household, "name": body.name, "relation": body.relation,
        "sex": read.sex, "born": read.born, **identify(change, read.number, pointer),
    }  # fmt: skip


async def _check_unlisted(change: Change, members: list[dict[str, Any]], but: UUID = NOWHERE) -> None:
    """Nobody belongs to two households on the register at once. `but`: a household sent again is no second one."""
    ids = [m["citizen_id_lookup"] for m in members]
    if not ids:
        return
    twice = len(set(ids)) < len(ids)
    if twice or await change.transaction.value(LISTED, **change.here, ids=ids, but=but) is not None:
        raise rules.CitizenAlreadyListed()


@changes(*rules.KEEPERS)
async def patch_household(change: Change, id: UUID, body: schemas.PatchHousehold) -> Answer:
    taken = await change.take(HOUSEHOLDS, id)
    values = body.model_dump()
    personal = {k: v for k, v in values.items() if k in ("head_name", "group_name")}
    public = {k: v for k, v in values.items() if k not in personal}
    return await change.save(taken, values, event=Event.AMENDED, public=public, personal=personal, household=id)


@changes(*rules.KEEPERS)
async def add_member(change: Change, id: UUID, body: schemas.MemberIn) -> Answer:
    """Birth, marriage, return (自然增加). Raises WrongCitizenId, CitizenAlreadyListed."""
    taken = await change.take(HOUSEHOLDS, id)
    member = _member(change, id, body, "/citizen_id")
    await _check_unlisted(change, [member])
    await change.insert(M, **member)
    return await change.save(
        taken, {}, event=Event.MEMBER_JOINED, public={"member_id": member["id"], "relation": body.relation},
        personal={"name": body.name}, household=id,
    )  # fmt: skip


def _this_member(statement: Any) -> Any:
    return statement.where(
        here(M),
        col(M.household_id) == bindparam("of_household"), col(M.id) == bindparam("key"),
    )  # fmt: skip


MEMBER = Prepared(_this_member(select(col(M.left_on), col(M.citizen_id_sealed))))
LEAVE = Prepared(
    _this_member(update(M)).values(left_on=bindparam("on", type_=Date()), left_reason=bindparam("why", type_=Text()))
)


async def _find_member(change: Change, household: UUID, member: UUID) -> Any:
    found = await change.transaction.row(MEMBER, **change.here, of_household=household, key=member)
    if found is None:
        raise rules.NoSuchMember()
    return found


@changes(*rules.KEEPERS)
async def member_leaves(change: Change, id: UUID, member_id: UUID, body: schemas.MemberLeaves) -> Answer:
    """Death of one, marriage elsewhere (自然减少, G20). Raises NoSuchMember, MemberAlreadyLeft, DatedInTheFuture."""
    taken = await change.take(HOUSEHOLDS, id)
    if (await _find_member(change, id, member_id))["left_on"] is not None:
        raise rules.MemberAlreadyLeft()
    rules.check_past(body.left_on, change.today)
    await change.transaction.rows(
        LEAVE, **change.here, of_household=id, key=member_id, on=body.left_on, why=body.reason
    )
    public = {"member_id": member_id, "left_on": body.left_on, "reason": body.reason}
    return await change.save(taken, {}, event=Event.MEMBER_LEFT, public=public, household=id)


@creates(Office.LEADING_GROUP_OFFICE, Office.PARTY_GOV_OFFICE, Office.DISCIPLINE_COMMISSION)
async def disclose_member(change: Change, id: UUID, member_id: UUID, body: Disclose) -> Answer:
    """A member's citizen id in full, for a purpose that is recorded. Raises NoSuchMember."""
    await change.find(HOUSEHOLDS, id)
    found = await _find_member(change, id, member_id)
    change.record(
        Event.MEMBER_DISCLOSED, HOUSEHOLDS, id, public={"member_id": member_id}, personal={"purpose": body.purpose},
        household=id,
    )  # fmt: skip
    told = change.vault.open(found["citizen_id_sealed"])
    return Answer(200, as_json({"id": str(member_id)}), once={"citizen_id": told})


# ── life events ──────────────────────────────────────────────────────────────────────────────────

RELATED = (
    select(func.count()).select_from(HOUSEHOLD).where(
        here(H),
        col(H.id) == func.any(bindparam("ids", type_=ARRAY(Uuid()))),
    ).scalar_subquery()
)  # fmt: skip
RELEASED = (
    update(P)
    .where(
        here(P),
        col(P.household_id) == bindparam("of_household"),
        or_(col(P.ends).is_(None), col(P.ends) > bindparam("on", type_=Date())),
    )
    .values(
        ends=func.greatest(col(P.starts), bindparam("on", type_=Date())),
        end_reason=bindparam("why", type_=Text()),
        state="ended",
        state_since=bindparam("at", type_=DateTime(timezone=True)),
        version=col(P.version) + 1,
    )
    .returning(col(P.id), col(P.helper_id), col(P.ends), col(P.version))
    .cte("released")
)
CLOSE = Prepared(
    select(RELATED.label("related"), RELEASED).select_from(
        select(literal_column("1")).subquery().outerjoin(RELEASED, true())
    )
)
"""A closed household's pairings end on the day of the event: a row for each, or one of nulls; the count in each."""


@creates(*rules.KEEPERS)
async def record_event(change: Change, id: UUID, body: schemas.CreateEvent) -> Answer:
    """A life event (G19): the household's status follows it; where it closes, its pairings end that day.

    Raises TwoDifferentConfirmers, MergerNamesItsHousehold, DatedInTheFuture, BeforeListing, EventsGoForward,
    EventDoesNotFollow; ReferenceMissing where a confirmer or a related household is not on record.
    """
    kind = rules.Status(body.kind)
    rules.check_event_request(kind, id, body.confirmer_ids, body.related_household_ids)
    household = await change.find(HOUSEHOLDS, id)
    flags = rules.event_flags(kind, body.happened_on, change.today)
    public = {
        "kind": kind, "happened_on": body.happened_on, "confirmer_ids": body.confirmer_ids,
        "related_household_ids": body.related_household_ids, "flags": flags,
    }  # fmt: skip
    values = body.model_dump(exclude={"id", "confirmer_ids"}) | {
        "household_id": id, "recorded_on": change.today, "flags": flags,
        "first_confirmer_id": body.confirmer_ids[0], "second_confirmer_id": body.confirmer_ids[1],
    }  # fmt: skip
    answer = await change.create(
        EVENTS,
        body.id,
        values,
        event=Event.LIFE_EVENT,
        public=public,
        personal={"evidence": body.evidence},
        household=id,
    )
    await change.transaction.let_go()  # sent again, it is the same event, and follows nothing any more
    rules.check_event(_so_far(household.row), kind, body.happened_on, change.today)
    await change.save(
        household, {"status": kind, "status_on": body.happened_on}, event=Event.STATUS_CHANGED,
        public={"status": kind, "status_on": body.happened_on}, household=id,
    )  # fmt: skip
    if kind in rules.CLOSED:
        await _close(change, id, body)
    return answer


def _so_far(row: dict[str, Any]) -> rules.History:
    """The household's history as its locked row tells it: the latest event is all that the next one must follow."""
    status, listed_on = rules.Status(row["status"]), date.fromisoformat(row["listed_on"])
    latest = rules.LifeEvent(status, date.fromisoformat(row["status_on"]))
    return rules.History(listed_on, () if status is rules.Status.REGISTERED else (latest,))


async def _close(change: Change, household: UUID, body: schemas.CreateEvent) -> None:
    """What follows where a household closes; only such an event names others."""
    ids = body.related_household_ids
    released = await change.transaction.rows(
        CLOSE, **change.here, of_household=household, on=body.happened_on, why=body.kind, at=change.now, ids=ids
    )
    if released[0]["related"] != len(ids):
        raise rules.RelatedHouseholdMissing()
    for row in released:
        if row["id"] is not None:
            change.record(
                Event.PAIRING_ENDED, PAIRINGS, row["id"], version=row["version"], helper=row["helper_id"],
                household=household, public={"ends": row["ends"], "because": body.kind},
            )  # fmt: skip


# ── pairings ─────────────────────────────────────────────────────────────────────────────────────

IS_HELPER = exists().where(
    here(A),
    col(A.person_id) == bindparam("person"), col(A.office) == Office.HELPER.value,
    holds_on(A, bindparam("on", type_=Date())),
)  # fmt: skip
OF_PAIRING = select(col(P.household_id)).where(
    here(P),
    col(P.id) == bindparam("pairing"),
).scalar_subquery()  # fmt: skip


def _locking(household: Any) -> Prepared:
    """Lock the household, so that what is read of its pairings afterwards stays true; is that person a helper?"""
    return Prepared(
        select(IS_HELPER).where(
            here(H),
            col(H.id) == household,
        ).with_for_update(of=HOUSEHOLD, key_share=True)
    )  # fmt: skip


LOCK_HOUSEHOLD, LOCK_OF_PAIRING = _locking(bindparam("household", type_=Uuid())), _locking(OF_PAIRING)


@creates(*rules.KEEPERS, of=PAIRINGS)
async def create_pairing(change: Change, body: schemas.CreatePairing) -> Answer:
    """A helper for a household from a day (G17).

    Raises HouseholdClosed, NotHelperThatDay, EndsBeforeItStarts, AlreadyPaired, PrimaryAlreadyNamed, PrimaryFirst.
    """
    is_helper = await change.transaction.value(
        LOCK_HOUSEHOLD, **change.here, household=body.household_id, person=body.helper_id, on=body.starts
    )
    household = await change.find(HOUSEHOLDS, body.household_id)
    before = next((p for p in household.facts.pairings if p.id == body.id), None)
    if before is None:
        rules.check_open(household.facts.history, body.starts, change.today)
        rules.check_pairing(household.facts.pairings, body.helper_id, body.is_primary, body.starts, body.ends)
        if not is_helper:
            raise rules.NotHelperThatDay()
    return await change.create(PAIRINGS, body.id, **pairing(body, change.today))


def pairing(body: schemas.CreatePairing, today: date) -> dict[str, Any]:
    """Values and entry of a new pairing."""
    values = body.model_dump(exclude={"id"})
    if body.ends is not None:
        values |= {"state": "ended"}
    return {
        "values": values, "event": Event.PAIRED, "public": values | entered_later(body.starts, today),
        "helper": body.helper_id, "household": body.household_id,
    }  # fmt: skip


def _note_alone(change: Change, taken: Taken, ends: date) -> None:
    """A household left without any helper is an alert to the leading group, and no helper's failure (G16)."""
    facts: rules.PairingFacts = taken.facts
    household = UUID(taken.row["household_id"])
    if not rules.helpers_on(facts.others, ends):
        change.record(
            Event.WITHOUT_HELPER, HOUSEHOLDS, household, household=household, public={"from": ends, "policy": "G16"}
        )


@moves(rules.PAIRING, "end")
async def end_pairing(change: Change, id: UUID, body: schemas.EndPairing) -> Answer:
    """Raises EndsBeforeItStarts, OthersStillHelp."""
    await change.transaction.value(LOCK_OF_PAIRING, **change.here, pairing=id, person=None, on=body.ends)
    taken = await change.take(PAIRINGS, id)
    rules.check_end(taken.facts.others, taken.facts.pairing, body.ends)
    answer = await _end(change, taken, body.ends, body.reason, Event.PAIRING_ENDED)
    _note_alone(change, taken, body.ends)
    return answer


async def _end(change: Change, taken: Taken, ends: date, reason: str, event: Event) -> Answer:
    return await change.save(
        taken, {"ends": ends, "end_reason": reason}, to="ended", event=event, public={"ends": ends},
        personal={"reason": reason}, helper=UUID(taken.row["helper_id"]), household=UUID(taken.row["household_id"]),
    )  # fmt: skip


@moves(rules.PAIRING, "hand-over")
async def hand_over(change: Change, id: UUID, body: schemas.HandOver) -> Answer:
    """Answers with the new pairing. Raises EndsBeforeItStarts, AlreadyPaired, PrimaryAlreadyNamed, NotHelperThatDay."""
    is_helper = await change.transaction.value(
        LOCK_OF_PAIRING, **change.here, pairing=id, person=body.helper_id, on=body.starts
    )
    taken = await change.take(PAIRINGS, id)
    rules.check_hand_over(taken.facts.others, taken.facts.pairing, body.helper_id, body.starts)
    if not is_helper:
        raise rules.NotHelperThatDay()
    await _end(change, taken, body.starts, body.reason, Event.PRIMARY_CHANGED)
    values = {
        "household_id": UUID(taken.row["household_id"]), "helper_id": body.helper_id, "is_primary": True,
        "starts": body.starts,
    }  # fmt: skip
    made = await change.create(
        PAIRINGS, None, values, event=Event.PAIRED, public=values | entered_later(body.starts, change.today),
        helper=body.helper_id, household=values["household_id"],
    )  # fmt: skip
    return Answer(200, made.body, made.headers)
