"""What can be done about people, appointments, accounts and tokens?"""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, case, exists, func, null, or_, select
from sqlmodel import col

from app.access import CONFIDANT, PAIRINGS, PERSON, TODAY, Scope
from app.actor import OF_THE_COUNTY, Office, seat
from app.database import Prepared, as_json, here, holds_on, same_place
from app.people import rules, schemas, tables
from app.places.tables import Village
from app.reading import Resource, is_entered_later
from app.refusal import Conflict, Forbidden
from app.writing import Answer, Change, changes, creates, entered_later

REGISTRARS = (Office.ADMINISTRATOR, Office.LEADING_GROUP_OFFICE, Office.PARTY_GOV_OFFICE)
"""Who keeps the register of people; accounts are the administrator's alone."""


class Event(StrEnum):
    UNIT_CREATED = "unit.created"
    PERSON_CREATED = "person.created"
    PERSON_CHANGED = "person.changed"
    PERSON_DISCLOSED = "person.disclosed"
    APPOINTMENT_MADE = "appointment.made"
    APPOINTMENT_ENDED = "appointment.ended"


class NoCitizenIdOnFile(Conflict):
    """No citizen id is on file for this person.

    此人未登记公民身份号码。
    """


class PlaceOutside(Conflict):
    """The place does not lie in this township.

    该地点不在本乡范围内。
    """


class NobodyAppointsHimself(Forbidden):
    """Nobody gives himself an office: somebody else makes the appointment.

    不得为本人办理任职,须由他人办理。
    """

    article = "3"


class NotAnOfficeOfTheCounty(Conflict):
    """The county has administrators and auditors; every other office is a township's.

    县级只设系统管理员和审计人员,其他职务均属乡级。
    """

    article = "10"


class OfficeNotHeldThere(Conflict):
    """An office of a village is held at one village, any other at the township itself; a client's at none.

    村级职务须任于某一行政村,其他职务须任于本乡本级;业务系统不以任职方式登录。
    """


class NoSuchVillage(Conflict):
    """This village does not stand in the township's register of villages.

    本乡村级名册中没有该行政村。
    """


class AppointmentOver(Conflict):
    """This appointment has ended; a new one is made instead.

    该任职已经结束,请另行办理任职。
    """


REGISTER = Scope(open=True)
UNITS = Resource("units", tables.Unit, scope=REGISTER)


def confided(column: Any) -> Any:
    """What only the keepers of the register, offices of the whole township and the person himself read; else null."""
    return case((or_(CONFIDANT, col(tables.Person.id) == PERSON), column), else_=null())


PEOPLE = Resource(
    "people", tables.Person, scope=REGISTER, known_by=(col(tables.Person.name),),
    hide=frozenset({"citizen_id_sealed", "citizen_id_lookup", "citizen_id_last_four", "phone"}),
    extra={
        "phone": confided(col(tables.Person.phone)),
        "citizen_id_last_four": confided(col(tables.Person.citizen_id_last_four)),
    },
)  # fmt: skip
HELD = (
    same_place(tables.AppointmentRow, tables.Person),
    col(tables.AppointmentRow.person_id) == col(tables.Person.id),
    holds_on(tables.AppointmentRow, TODAY),
)
HELPED = select(func.count()).where(
    same_place(PAIRINGS, tables.Person),
    PAIRINGS.c.helper_id == col(tables.Person.id),
    holds_on(PAIRINGS, TODAY),
)
HELPERS = Resource(
    "helpers", tables.Person, scope=REGISTER, hide=PEOPLE.hide,
    where=(exists().where(*HELD, col(tables.AppointmentRow.office) == Office.HELPER),),
    extra={**PEOPLE.extra, "households": HELPED.scalar_subquery()},
)  # fmt: skip
APPOINTMENTS = Resource(
    "appointments", tables.AppointmentRow, scope=REGISTER,
    extra={"entered_later": is_entered_later(tables.AppointmentRow, "starts")},
)  # fmt: skip


@creates(*REGISTRARS, of=UNITS)
async def create_unit(change: Change, body: schemas.CreateUnit) -> Answer:
    return await change.create(UNITS, body.id, **unit(body))


def unit(body: schemas.CreateUnit) -> dict[str, Any]:
    """What `create` and a batch are given: the record's values and the parts of its entry."""
    values = body.model_dump(exclude={"id"})
    return {"values": values, "event": Event.UNIT_CREATED, "public": values}


@creates(*REGISTRARS, of=PEOPLE)
async def create_person(change: Change, body: schemas.CreatePerson) -> Answer:
    """Raises WrongCitizenId; AlreadyOnRecord where the same citizen id is registered."""
    return await change.create(PEOPLE, body.id, **person(change, body))


def person(change: Change, body: schemas.CreatePerson) -> dict[str, Any]:
    """Values and entry of a new person. Raises WrongCitizenId."""
    values = body.model_dump(exclude={"id", "citizen_id"})
    if body.citizen_id is not None:
        values |= identify(change, body.citizen_id)
    public = {
        k: v for k, v in values.items() if k in ("category", "management_authority", "party_membership", "unit_id")
    }
    personal = {"name": body.name, "phone": body.phone}
    return {"values": values, "event": Event.PERSON_CREATED, "public": public, "personal": personal}


def identify(change: Change, number: str, pointer: str = "/citizen_id") -> dict[str, Any]:
    """The three columns in which a citizen id is kept. Raises WrongCitizenId with the pointer."""
    rules.read_citizen_id(number, today=change.today, pointer=pointer)
    return {
        "citizen_id_sealed": change.vault.seal(number),
        "citizen_id_lookup": change.vault.lookup(change.actor.county_code, number),
        "citizen_id_last_four": rules.last_four(number),
    }


@changes(*REGISTRARS)
async def patch_person(change: Change, id: UUID, body: schemas.PatchPerson) -> Answer:
    taken = await change.take(PEOPLE, id)
    values = body.model_dump()
    personal = {k: v for k, v in values.items() if k == "name"}
    public = {k: v for k, v in values.items() if k != "name"}
    return await change.save(taken, values, event=Event.PERSON_CHANGED, public=public, personal=personal)


SEALED_ID = Prepared(
    select(col(tables.Person.citizen_id_sealed)).where(
        here(tables.Person),
        col(tables.Person.id) == bindparam("key"),
    )
)


@creates(Office.LEADING_GROUP_OFFICE, Office.PARTY_GOV_OFFICE, Office.DISCIPLINE_COMMISSION)
async def disclose(change: Change, id: UUID, body: schemas.Disclose) -> Answer:
    """A citizen id in full, for a purpose that is recorded."""
    await change.find(PEOPLE, id)
    sealed = await change.transaction.value(SEALED_ID, **change.here, key=id)
    if sealed is None:
        raise NoCitizenIdOnFile
    change.record(Event.PERSON_DISCLOSED, PEOPLE, id, personal={"purpose": body.purpose})
    return Answer(200, as_json({"id": str(id)}), once={"citizen_id": change.vault.open(sealed)})


VILLAGE = Prepared(select(col(Village.id)).where(here(Village), col(Village.code) == bindparam("code")))


@creates(*REGISTRARS, of=APPOINTMENTS)
async def appoint(change: Change, body: schemas.CreateAppointment) -> Answer:
    """Raises NobodyAppointsHimself, PlaceOutside, OfficeNotHeldThere, NoSuchVillage.

    Administrators appoint administrators.
    """
    made = appointment(change, body, change.actor.person_id)
    if seat(body.office) == "village" and await change.transaction.row(VILLAGE, **change.here, code=body.place) is None:
        raise NoSuchVillage
    return await change.create(APPOINTMENTS, body.id, **made)


def appointment(change: Change, body: schemas.CreateAppointment, by: UUID | None) -> dict[str, Any]:
    """Values and entry of a new appointment that `by` makes; that its village is on register is asked before.

    Raises NobodyAppointsHimself, PlaceOutside, OfficeNotHeldThere.
    """
    if body.person_id == by:
        raise NobodyAppointsHimself
    if not body.place.startswith(change.actor.township_code):
        raise PlaceOutside
    if body.office in OF_THE_COUNTY and not change.actor.holds(Office.ADMINISTRATOR):
        raise Forbidden
    if change.actor.reads_county and body.office not in OF_THE_COUNTY:
        raise NotAnOfficeOfTheCounty
    held_at = seat(body.office)
    if held_at != ("township" if body.place == change.actor.township_code else "village"):
        raise OfficeNotHeldThere(office=body.office, held_at=held_at)
    values = body.model_dump(exclude={"id"})
    helper = body.person_id if body.office is Office.HELPER else None
    public = values | entered_later(body.starts, change.today)
    return {"values": values, "event": Event.APPOINTMENT_MADE, "public": public, "helper": helper}


@changes(*REGISTRARS)
async def end_appointment(change: Change, id: UUID, body: schemas.EndAppointment) -> Answer:
    """Raises AppointmentOver: what has ended is not made to last longer."""
    taken = await change.take(APPOINTMENTS, id)
    if taken.row["ends"] is not None and date.fromisoformat(taken.row["ends"]) <= change.today:
        raise AppointmentOver
    helper = UUID(taken.row["person_id"]) if taken.row["office"] == Office.HELPER else None
    return await change.save(
        taken, {"ends": body.ends}, event=Event.APPOINTMENT_ENDED,
        public={"ends": body.ends, "person_id": taken.row["person_id"], "office": taken.row["office"]}, helper=helper,
    )  # fmt: skip
