"""Through which doors are findings reached?"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.findings import actions, schemas
from app.reading import Read
from app.wire import Json
from app.writing import Changing, Creating

router = APIRouter(tags=["accountability"])
routers = [router]


@router.post("/findings", name="findings_create", status_code=201, response_model=schemas.FindingOut)
async def create_finding(command: Creating, body: Json[schemas.CreateFinding]) -> Response:
    """Record what an office found or a citizen reported (G58) / 登记问题线索

    The organs, the leading group and whom it concerns read it from then on; to have recorded it gives no right to.
    """
    return await command.run(actions.create, body)


@router.get("/findings", name="findings_list", response_model=schemas.FindingPage)
async def list_findings(read: Read, query: Annotated[schemas.FindingQuery, Query()]) -> Response:
    """Findings: to the organs, the leading group and the subject / 问题线索

    A county's system reads none of them: its list is empty. / 县级业务系统不能读取,列表为空。
    """
    return await read.page(actions.FINDINGS, query)


@router.get("/findings/{id}", name="findings_read", response_model=schemas.FindingOut)
async def read_finding(read: Read, id: UUID) -> Response:
    """One finding / 问题线索"""
    return await read.one(actions.FINDINGS, id)


@router.post("/findings/{id}/confirm", name="findings_confirm", response_model=schemas.FindingOut)
async def confirm(command: Changing, id: UUID, body: Json[schemas.ConfirmFinding]) -> Response:
    """Confirm under one primary ground (article 10, G33) / 认定事实"""
    return await command.run(actions.confirm, id, body)


@router.post("/findings/{id}/dismiss", name="findings_dismiss", response_model=schemas.FindingOut)
async def dismiss(command: Changing, id: UUID, body: Json[schemas.DismissFinding]) -> Response:
    """Dismiss with the reason (article 2) / 不予认定"""
    return await command.run(actions.dismiss, id, body)
