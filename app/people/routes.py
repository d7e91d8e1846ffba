"""Through which doors are people and appointments reached?"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.people import actions, schemas
from app.reading import PageQuery, Read
from app.wire import Json
from app.writing import Changing, Creating

people = APIRouter(tags=["people"])
routers = [people]


@people.post("/units", name="units_create", status_code=201, response_model=schemas.UnitOut)
async def create_unit(command: Creating, body: Json[schemas.CreateUnit]) -> Response:
    """Register a unit / 登记单位"""
    return await command.run(actions.create_unit, body)


@people.get("/units", name="units_list", response_model=schemas.UnitPage)
async def list_units(read: Read, query: Annotated[PageQuery, Query()]) -> Response:
    """Units / 单位"""
    return await read.page(actions.UNITS, query)


@people.get("/units/{id}", name="units_read", response_model=schemas.UnitOut)
async def read_unit(read: Read, id: UUID) -> Response:
    """One unit / 单位"""
    return await read.one(actions.UNITS, id)


@people.post("/people", name="people_create", status_code=201, response_model=schemas.PersonOut)
async def create_person(command: Creating, body: Json[schemas.CreatePerson]) -> Response:
    """Register a person / 登记人员"""
    return await command.run(actions.create_person, body)


@people.get("/people", name="people_list", response_model=schemas.PersonPage)
async def list_people(read: Read, query: Annotated[schemas.PeopleQuery, Query()]) -> Response:
    """People of the register / 人员名册"""
    return await read.page(actions.PEOPLE, query)


@people.get("/people/{id}", name="people_read", response_model=schemas.PersonOut)
async def read_person(read: Read, id: UUID) -> Response:
    """One person / 人员"""
    return await read.one(actions.PEOPLE, id)


@people.patch("/people/{id}", name="people_patch", response_model=schemas.PersonOut)
async def patch_person(command: Changing, id: UUID, body: Json[schemas.PatchPerson]) -> Response:
    """Change master data of a person / 修改人员基本信息"""
    return await command.run(actions.patch_person, id, body)


@people.post("/people/{id}/disclose", name="people_disclose", response_model=schemas.Disclosed)
async def disclose(command: Creating, id: UUID, body: Json[schemas.Disclose]) -> Response:
    """A citizen id in full, for a recorded purpose / 查看完整公民身份号码(须说明用途并留痕)"""
    return await command.run(actions.disclose, id, body)


@people.get("/helpers", name="helpers_list", response_model=schemas.HelperPage)
async def list_helpers(read: Read, query: Annotated[schemas.PeopleQuery, Query()]) -> Response:
    """People with a helper appointment today / 现任帮扶责任人"""
    return await read.page(actions.HELPERS, query)


@people.get("/helpers/{id}", name="helpers_read", response_model=schemas.HelperOut)
async def read_helper(read: Read, id: UUID) -> Response:
    """One helper, by person id / 帮扶责任人"""
    return await read.one(actions.HELPERS, id)


@people.post("/appointments", name="appointments_create", status_code=201, response_model=schemas.AppointmentOut)
async def appoint(command: Creating, body: Json[schemas.CreateAppointment]) -> Response:
    """Appoint a person to an office at a place from a day / 任职登记"""
    return await command.run(actions.appoint, body)


@people.get("/appointments", name="appointments_list", response_model=schemas.AppointmentPage)
async def list_appointments(read: Read, query: Annotated[schemas.AppointmentQuery, Query()]) -> Response:
    """Appointments / 任职记录"""
    return await read.page(actions.APPOINTMENTS, query)


@people.get("/appointments/{id}", name="appointments_read", response_model=schemas.AppointmentOut)
async def read_appointment(read: Read, id: UUID) -> Response:
    """One appointment / 任职记录"""
    return await read.one(actions.APPOINTMENTS, id)


@people.post("/appointments/{id}/end", name="appointments_end", response_model=schemas.AppointmentOut)
async def end_appointment(command: Changing, id: UUID, body: Json[schemas.EndAppointment]) -> Response:
    """End an appointment / 免职或离任"""
    return await command.run(actions.end_appointment, id, body)
