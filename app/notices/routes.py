"""Through which doors are notices reached?"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.notices import actions, schemas
from app.reading import Read
from app.wire import Json
from app.writing import Changing

router = APIRouter(tags=["accountability"])
routers = [router]


@router.get("/notices", name="notices_list", response_model=schemas.NoticePage)
async def list_notices(read: Read, query: Annotated[schemas.NoticeQuery, Query()]) -> Response:
    """Notices; drafts only to the organs / 通报"""
    return await read.page(actions.NOTICES, query)


@router.get("/notices/{id}", name="notices_read", response_model=schemas.NoticeOut)
async def read_notice(read: Read, id: UUID) -> Response:
    """One notice / 通报"""
    return await read.one(actions.NOTICES, id)


@router.post("/notices/{id}/publish", name="notices_publish", response_model=schemas.NoticeOut)
async def publish(command: Changing, id: UUID, body: Json[schemas.Publish]) -> Response:
    """Publish to the whole township (articles 7(2), 9) / 在全乡范围内发布"""
    return await command.run(actions.publish, id, body)


@router.post("/notices/{id}/correct", name="notices_correct", response_model=schemas.NoticeOut)
async def correct(command: Changing, id: UUID, body: Json[schemas.Correct]) -> Response:
    """Publish a correction to the same audience (G53) / 向同一范围发布更正"""
    return await command.run(actions.correct, id, body)


@router.post("/notices/{id}/withdraw", name="notices_withdraw", response_model=schemas.NoticeOut)
async def withdraw(command: Changing, id: UUID, body: Json[schemas.Withdraw]) -> Response:
    """Take back the notice of a decision that fell (G53) / 决定变更或撤销后撤回"""
    return await command.run(actions.withdraw, id, body)
