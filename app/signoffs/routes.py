"""Through which doors are sign-offs reached?"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.reading import Read
from app.signoffs import actions, schemas
from app.wire import Json
from app.writing import Changing, Creating

signoffs = APIRouter(prefix="/signoffs", tags=["signoffs"])
routers = [signoffs]


@signoffs.post("", name="signoffs_create", status_code=201, response_model=schemas.SignoffOut)
async def open_signoff(command: Creating, body: Json[schemas.CreateSignoff]) -> Response:
    """Open the sign-off of a household for a year / 建立签字确认"""
    return await command.run(actions.open_signoff, body)


@signoffs.get("", name="signoffs_list", response_model=schemas.SignoffPage)
async def list_signoffs(read: Read, query: Annotated[schemas.SignoffQuery, Query()]) -> Response:
    """Sign-offs / 签字确认列表"""
    return await read.page(actions.SIGNOFFS, query)


@signoffs.get("/{id}", name="signoffs_read", response_model=schemas.SignoffOut)
async def read_signoff(read: Read, id: UUID) -> Response:
    """One sign-off with its signatures, what may be done now, and what stands in the way / 签字确认详情"""
    return await read.one(actions.SIGNOFFS, id)


@signoffs.post("/{id}/sign", name="signoffs_sign", response_model=schemas.SignoffOut)
async def sign(command: Changing, id: UUID, body: Json[schemas.Sign]) -> Response:
    """Sign for the party that is due / 签字确认"""
    return await command.run(actions.sign, id, body)


@signoffs.post("/{id}/object", name="signoffs_object", response_model=schemas.SignoffOut)
async def object_(command: Changing, id: UUID, body: Json[schemas.Object]) -> Response:
    """Sign with a text of disagreement / 签字并附不同意见"""
    return await command.run(actions.object_, id, body)


@signoffs.post("/{id}/refuse", name="signoffs_refuse", response_model=schemas.SignoffOut)
async def refuse(command: Changing, id: UUID, body: Json[schemas.Refuse]) -> Response:
    """Put on record that the party that is due will not sign / 拒绝签字"""
    return await command.run(actions.refuse, id, body)


@signoffs.post("/{id}/forward", name="signoffs_forward", response_model=schemas.SignoffOut)
async def forward(command: Changing, id: UUID, body: Json[schemas.Forward]) -> Response:
    """Send a refused sign-off on, unconfirmed / 未确认上报"""
    return await command.run(actions.forward, id, body)


@signoffs.post("/{id}/restate", name="signoffs_restate", response_model=schemas.SignoffOut)
async def restate(command: Changing, id: UUID, body: Json[schemas.Restate]) -> Response:
    """Change the statement, which voids its signatures / 重新拟定内容并作废签字"""
    return await command.run(actions.restate, id, body)


@signoffs.post("/{id}/name-substitute", name="signoffs_name_substitute", response_model=schemas.SignoffOut)
async def name_substitute(command: Changing, id: UUID, body: Json[schemas.NameSubstitute]) -> Response:
    """Name who signs in one of two roles held by one person / 指定替代签字人"""
    return await command.run(actions.name_substitute, id, body)


@signoffs.post("/{id}/acknowledge-conflict", name="signoffs_acknowledge_conflict", response_model=schemas.SignoffOut)
async def acknowledge_conflict(command: Changing, id: UUID, body: Json[schemas.AcknowledgeConflict]) -> Response:
    """Acknowledge that one person signs in two roles / 确认角色冲突"""
    return await command.run(actions.acknowledge_conflict, id, body)


@signoffs.post("/{id}/remarks", name="signoffs_remark", status_code=201, response_model=schemas.RemarkOut)
async def remark(command: Creating, id: UUID, body: Json[schemas.AddRemark]) -> Response:
    """Co-sign beside the primary helper, or state something as a predecessor (G17, G18) / 附签或前任说明"""
    return await command.run(actions.remark, id, body)


@signoffs.post("/{id}/issue-code", name="signoffs_issue_code", response_model=schemas.CodeOut)
async def issue_code(command: Changing, id: UUID, body: Json[schemas.IssueCode]) -> Response:
    """Give the household a single-use code for its signature / 发放一次性签字码"""
    return await command.run(actions.issue_code, id, body)


@signoffs.post("/{id}/collect", name="signoffs_collect", response_model=schemas.SignoffOut)
async def collect(command: Changing, id: UUID, body: Json[schemas.Collect]) -> Response:
    """Take the four signatures into the leading group's summary / 统一汇总"""
    return await command.run(actions.collect, id, body)


@signoffs.post("/{id}/review", name="signoffs_review", response_model=schemas.SignoffOut)
async def review(command: Changing, id: UUID, body: Json[schemas.Review]) -> Response:
    """Review by the Party committee / 乡党委审核"""
    return await command.run(actions.review, id, body)
