"""Through which doors are objections reached?"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.objections import actions, schemas
from app.reading import Read
from app.wire import Json
from app.writing import Changing, Creating

router = APIRouter(tags=["accountability"])
routers = [router]


@router.post("/objections", name="objections_create", status_code=201, response_model=schemas.ObjectionOut)
async def file_objection(command: Creating, body: Json[schemas.FileObjection]) -> Response:
    """Object to a decision, as its subject (G50) / 提出异议"""
    return await command.run(actions.file, body)


@router.get("/objections", name="objections_list", response_model=schemas.ObjectionPage)
async def list_objections(read: Read, query: Annotated[schemas.ObjectionQuery, Query()]) -> Response:
    """Objections: to the organs and the subject / 异议

    A county's system reads none of them: its list is empty. / 县级业务系统不能读取,列表为空。
    """
    return await read.page(actions.OBJECTIONS, query)


@router.get("/objections/{id}", name="objections_read", response_model=schemas.ObjectionOut)
async def read_objection(read: Read, id: UUID) -> Response:
    """One objection / 异议"""
    return await read.one(actions.OBJECTIONS, id)


@router.post("/objections/{id}/accept", name="objections_accept", response_model=schemas.ObjectionOut)
async def accept(command: Changing, id: UUID, body: Json[schemas.Accept]) -> Response:
    """Take the objection up; execution goes on (G50) / 受理异议"""
    return await command.run(actions.accept, id, body)


@router.post("/objections/{id}/decide", name="objections_decide", response_model=schemas.ObjectionOut)
async def decide(command: Changing, id: UUID, body: Json[schemas.DecideObjection]) -> Response:
    """Uphold, modify or revoke, never aggravate (G50) / 复核决定"""
    return await command.run(actions.decide, id, body)


@router.post("/objections/{id}/withdraw", name="objections_withdraw", response_model=schemas.ObjectionOut)
async def withdraw(command: Changing, id: UUID, body: Json[schemas.WithdrawObjection]) -> Response:
    """Withdraw the objection / 撤回异议"""
    return await command.run(actions.withdraw, id, body)
