"""Through which doors are quarterly rounds, scores and rubrics reached?"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.reading import Read
from app.scores import actions, schemas
from app.scores.tables import ROUNDS, RUBRICS, SCORES
from app.wire import Json
from app.writing import Changing, Creating

scores = APIRouter(tags=["quarter"])
routers = [scores]


@scores.post("/rubrics", name="rubrics_create", status_code=201, response_model=schemas.RubricOut)
async def issue_rubric(command: Creating, body: Json[schemas.CreateRubric]) -> Response:
    """Set a new edition of a rubric / 制定评分细则(乡自定,非办法规定)"""
    return await command.run(actions.issue_rubric, body)


@scores.get("/rubrics", name="rubrics_list", response_model=schemas.RubricPage)
async def list_rubrics(read: Read, query: Annotated[schemas.RubricQuery, Query()]) -> Response:
    """Rubrics / 评分细则"""
    return await read.page(RUBRICS, query)


@scores.get("/rubrics/{id}", name="rubrics_read", response_model=schemas.RubricOut)
async def read_rubric(read: Read, id: UUID) -> Response:
    """One edition of a rubric / 评分细则的一个版本"""
    return await read.one(RUBRICS, id)


@scores.post("/quarterly-rounds", name="quarterly_rounds_create", status_code=201, response_model=schemas.RoundOut)
async def open_round(command: Creating, body: Json[schemas.CreateRound]) -> Response:
    """Open a quarter's round, with a row for everyone who helped in it / 开始季度考核"""
    return await command.run(actions.open_round, body)


@scores.get("/quarterly-rounds", name="quarterly_rounds_list", response_model=schemas.RoundPage)
async def list_rounds(read: Read, query: Annotated[schemas.RoundQuery, Query()]) -> Response:
    """Quarterly rounds / 季度考核"""
    return await read.page(ROUNDS, query)


@scores.get("/quarterly-rounds/{id}", name="quarterly_rounds_read", response_model=schemas.RoundOut)
async def read_round(read: Read, id: UUID) -> Response:
    """One quarterly round / 季度考核"""
    return await read.one(ROUNDS, id)


@scores.post("/quarterly-rounds/{id}/summarise", name="quarterly_rounds_summarise", response_model=schemas.RoundOut)
async def summarise(command: Changing, id: UUID, body: Json[schemas.Summarise]) -> Response:
    """Sum the quarter up / 统一评估并汇总"""
    return await command.run(actions.summarise, id, body)


@scores.post("/quarterly-rounds/{id}/report", name="quarterly_rounds_report", response_model=schemas.RoundOut)
async def report(command: Changing, id: UUID, body: Json[schemas.Report]) -> Response:
    """Report the quarter to the leading group / 上报乡扶贫开发领导小组"""
    return await command.run(actions.report, id, body)


@scores.post("/quarterly-scores", name="quarterly_scores_create", status_code=201, response_model=schemas.ScoreOut)
async def add_score(command: Creating, body: Json[schemas.AddScore]) -> Response:
    """Add a helper whose pairing was recorded after the round was opened / 补列帮扶责任人"""
    return await command.run(actions.add_score, body)


@scores.get("/quarterly-scores", name="quarterly_scores_list", response_model=schemas.ScorePage)
async def list_scores(read: Read, query: Annotated[schemas.ScoreQuery, Query()]) -> Response:
    """Rows of quarterly rounds / 季度考核记录"""
    return await read.page(SCORES, query)


@scores.get("/quarterly-scores/{id}", name="quarterly_scores_read", response_model=schemas.ScoreOut)
async def read_score(read: Read, id: UUID) -> Response:
    """One helper's row in a quarterly round / 季度考核记录"""
    return await read.one(SCORES, id)


@scores.post("/quarterly-scores/{id}/assess", name="quarterly_scores_assess", response_model=schemas.ScoreOut)
async def assess(command: Changing, id: UUID, body: Json[schemas.Assess]) -> Response:
    """Record methods, evidence and narrative / 记录考核方式、依据和评语"""
    return await command.run(actions.assess, id, body)


@scores.post(
    "/quarterly-scores/{id}/not-assessed", name="quarterly_scores_not_assessed", response_model=schemas.ScoreOut
)
async def not_assessed(command: Changing, id: UUID, body: Json[schemas.NotAssessed]) -> Response:
    """Record why a helper was not assessed / 说明未考核原因"""
    return await command.run(actions.not_assessed, id, body)


@scores.post("/quarterly-scores/{id}/correct", name="quarterly_scores_correct", response_model=schemas.ScoreOut)
async def correct(command: Changing, id: UUID, body: Json[schemas.Correct]) -> Response:
    """Add a corrected result / 更正考核记录"""
    return await command.run(actions.correct, id, body)
