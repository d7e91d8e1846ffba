"""Through which doors are cases reached?"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query, Response

from app.cases import actions, schemas
from app.reading import Read
from app.wire import Json
from app.writing import Changing, Creating

router = APIRouter(tags=["accountability"])
routers = [router]


@router.post("/cases", name="cases_create", status_code=201, response_model=schemas.CaseOut)
async def open_case(command: Creating, body: Json[schemas.OpenCase]) -> Response:
    """Open a case on confirmed findings (articles 8 to 10) / 立案"""
    return await command.run(actions.open_case, body)


@router.get("/cases", name="cases_list", response_model=schemas.CasePage)
async def list_cases(read: Read, query: Annotated[schemas.CaseQuery, Query()]) -> Response:
    """Cases: to the organs and the subject / 责任追究案件

    A county's system reads none of them: its list is empty. / 县级业务系统不能读取,列表为空。
    """
    return await read.page(actions.CASES, query)


@router.get("/cases/{id}", name="cases_read", response_model=schemas.CaseOut)
async def read_case(read: Read, id: UUID) -> Response:
    """One case with its steps / 责任追究案件"""
    return await read.one(actions.CASES, id)


@router.post("/cases/{id}/recusals", name="cases_recuse", status_code=201, response_model=schemas.RecusalOut)
async def recuse(command: Creating, id: UUID, body: Json[schemas.Recuse]) -> Response:
    """Recuse a member of the organ (G61) / 回避"""
    return await command.run(actions.recuse, id, body)


@router.post("/cases/{id}/present-facts", name="cases_present_facts", response_model=schemas.CaseOut)
async def present_facts(command: Changing, id: UUID, body: Json[schemas.PresentFacts]) -> Response:
    """Show the facts to the subject (G49) / 告知事实"""
    return await command.run(actions.present_facts, id, body)


@router.post("/cases/{id}/record-statement", name="cases_record_statement", response_model=schemas.CaseOut)
async def record_statement(command: Changing, id: UUID, body: Json[schemas.RecordStatement]) -> Response:
    """Record a statement, a waiver or a refusal (G49) / 记录陈述申辩"""
    return await command.run(actions.record_statement, id, body)


@router.post("/cases/{id}/decide", name="cases_decide", response_model=schemas.CaseOut)
async def decide(command: Changing, id: UUID, body: Json[schemas.Decide]) -> Response:
    """Decide the measure of the ground (article 9) / 作出追究决定"""
    return await command.run(actions.decide, id, body)


@router.post("/cases/{id}/no-measure", name="cases_no_measure", response_model=schemas.CaseOut)
async def no_measure(command: Changing, id: UUID, body: Json[schemas.NoMeasure]) -> Response:
    """End without a measure, with the reason (article 2, G34) / 不予追究"""
    return await command.run(actions.no_measure, id, body)


@router.post("/cases/{id}/transfer", name="cases_transfer", response_model=schemas.CaseOut)
async def transfer(command: Changing, id: UUID, body: Json[schemas.Transfer]) -> Response:
    """Transfer to the judicial organs (article 10) / 移交司法机关"""
    return await command.run(actions.transfer, id, body)


@router.post("/cases/{id}/refer", name="cases_refer", response_model=schemas.CaseOut)
async def refer(command: Changing, id: UUID, body: Json[schemas.Refer]) -> Response:
    """Refer to a superior or competent organ (article 10) / 转送有权机关"""
    return await command.run(actions.refer, id, body)


@router.post("/cases/{id}/record-outcome", name="cases_record_outcome", response_model=schemas.CaseOut)
async def record_outcome(command: Changing, id: UUID, body: Json[schemas.RecordOutcome]) -> Response:
    """Record what another organ answered (G43, G45) / 记录外部处理结果"""
    return await command.run(actions.record_outcome, id, body)


@router.post("/cases/{id}/execute", name="cases_execute", response_model=schemas.CaseOut)
async def execute(command: Changing, id: UUID, body: Annotated[Json[schemas.Execute], Body()]) -> Response:
    """Record one output of the measure (article 9) / 记录执行结果"""
    return await command.run(actions.execute, id, body)


@router.post("/cases/{id}/close", name="cases_close", response_model=schemas.CaseOut)
async def close(command: Changing, id: UUID, body: Json[schemas.Close]) -> Response:
    """Close the case / 结案"""
    return await command.run(actions.close, id, body)
