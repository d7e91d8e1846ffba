"""Through which doors is the monthly spot check reached?"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from app.database import as_json
from app.inspections import actions, schemas
from app.reading import Read, preferred
from app.wire import Json
from app.writing import Changing, Creating

rounds = APIRouter(tags=["monthly check"])
checks = APIRouter(tags=["monthly check"])
routers = [rounds, checks]


@rounds.post("/inspection-rounds", name="inspection_rounds_create", status_code=201, response_model=schemas.RoundOut)
async def plan_round(command: Creating, body: Json[schemas.PlanRound]) -> Response:
    """Plan the spot check of a month / 设立当月抽查"""
    return await command.run(actions.plan_round, body)


@rounds.get("/inspection-rounds", name="inspection_rounds_list", response_model=schemas.RoundPage)
async def list_rounds(read: Read, query: Annotated[schemas.RoundQuery, Query()]) -> Response:
    """Spot checks by month / 各月抽查"""
    return await read.page(actions.ROUNDS, query)


@rounds.get("/inspection-rounds/{id}", name="inspection_rounds_read", response_model=schemas.RoundOut)
async def read_round(read: Read, id: UUID) -> Response:
    """The spot check of one month / 当月抽查"""
    return await read.one(actions.ROUNDS, id)


@rounds.post(
    "/inspection-rounds/{id}/propose-commit", name="inspection_rounds_propose_commit", response_model=schemas.RoundOut
)
async def propose_commit(command: Changing, id: UUID, body: Json[schemas.ProposeCommit]) -> Response:
    """Propose the frame and the sources of the seed / 提出抽查范围和种子来源"""
    return await command.run(actions.propose_commit, id, body)


@rounds.post(
    "/inspection-rounds/{id}/confirm-commit", name="inspection_rounds_confirm_commit", response_model=schemas.RoundOut
)
async def confirm_commit(command: Changing, id: UUID, body: Json[schemas.ConfirmCommit]) -> Response:
    """Freeze the frame and commit, by the other organiser / 由另一组织单位确认并冻结范围"""
    return await command.run(actions.confirm_commit, id, body)


@rounds.post("/inspection-rounds/{id}/open-nonce", name="inspection_rounds_open_nonce", response_model=schemas.RoundOut)
async def open_nonce(command: Changing, id: UUID, body: Json[schemas.OpenNonce]) -> Response:
    """Open a party's own number before any public source exists / 公开一方自选数"""
    return await command.run(actions.open_nonce, id, body)


@rounds.post("/inspection-rounds/{id}/reveal", name="inspection_rounds_reveal", response_model=schemas.RoundOut)
async def reveal(command: Changing, id: UUID, body: Json[schemas.Reveal]) -> Response:
    """Record the seed and draw 30 % of the helpers / 公布种子并按30%抽取"""
    return await command.run(actions.reveal, id, body)


@rounds.post("/inspection-rounds/{id}/close", name="inspection_rounds_close", response_model=schemas.RoundOut)
async def close(command: Changing, id: UUID, body: Json[schemas.CloseRound]) -> Response:
    """Close the round once everyone drawn is answered for / 结束本轮抽查"""
    return await command.run(actions.close, id, body)


@rounds.get(
    "/inspection-rounds/{id}/proof",
    name="inspection_rounds_proof",
    response_model=schemas.ProofOut,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    openapi_extra={"security": []},
)
async def proof(request: Request, id: UUID) -> Response:
    """What anybody needs to draw again, in ids and hashes; as text, a script for sha256sum / 公开的复算证明"""
    row = await actions.proof(request.app.state.database, id)
    if preferred(request, ("application/json", "text/plain")) == "text/plain":
        return Response(actions.as_text(row), media_type="text/plain; charset=utf-8")
    return Response(as_json({name: row[name] for name in schemas.ProofOut.model_fields}), media_type="application/json")


@checks.post("/inspections", name="inspections_create", status_code=201, response_model=schemas.InspectionOut)
async def add_check(command: Creating, body: Json[schemas.AddCheck]) -> Response:
    """Check a helper besides those drawn, outside the 30 % / 另行增加检查"""
    return await command.run(actions.add_check, body)


@checks.get("/inspections", name="inspections_list", response_model=schemas.InspectionPage)
async def list_checks(read: Read, query: Annotated[schemas.InspectionQuery, Query()]) -> Response:
    """Checks of helpers / 抽查记录"""
    return await read.page(actions.INSPECTIONS, query)


@checks.get("/inspections/{id}", name="inspections_read", response_model=schemas.InspectionOut)
async def read_check(read: Read, id: UUID) -> Response:
    """The check of one helper / 抽查记录"""
    return await read.one(actions.INSPECTIONS, id)


@checks.post("/inspections/{id}/assign-team", name="inspections_assign_team", response_model=schemas.InspectionOut)
async def assign_team(command: Changing, id: UUID, body: Json[schemas.AssignTeam]) -> Response:
    """Name the team, with the organisers' reason where it needs one / 确定考核组成员"""
    return await command.run(actions.assign_team, id, body)


@checks.post("/inspections/{id}/record", name="inspections_record", response_model=schemas.InspectionOut)
async def record(command: Changing, id: UUID, body: Json[schemas.RecordCheck]) -> Response:
    """Record the three aspects / 记录三个方面的检查情况"""
    return await command.run(actions.record, id, body)


@checks.post("/inspections/{id}/not-checked", name="inspections_not_checked", response_model=schemas.InspectionOut)
async def not_checked(command: Changing, id: UUID, body: Json[schemas.NotChecked]) -> Response:
    """Record why the helper was not checked / 记录未检查的原因"""
    return await command.run(actions.not_checked, id, body)


@checks.post(
    "/inspections/{id}/correct", name="inspections_correct", status_code=201, response_model=schemas.InspectionOut
)
async def correct(command: Changing, id: UUID, body: Json[schemas.CorrectCheck]) -> Response:
    """Add a corrected version / 另立更正记录"""
    return await command.run(actions.correct, id, body)
