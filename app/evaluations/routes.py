"""Through which doors is the year's end reached?"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.evaluations import actions, schemas
from app.evaluations.tables import EVALUATIONS, EXPLANATIONS, SUBMISSIONS
from app.reading import Read
from app.wire import Json
from app.writing import Changing, Creating

year_end = APIRouter(tags=["year end"])
routers = [year_end]


@year_end.post(
    "/year-end-submissions", name="year_end_submissions_create", status_code=201, response_model=schemas.SubmissionOut
)
async def open_submission(command: Creating, body: Json[schemas.CreateSubmission]) -> Response:
    """Open a year's review, with an evaluation for everyone who helped in it / 开始年底审核汇总"""
    return await command.run(actions.open_submission, body)


@year_end.get("/year-end-submissions", name="year_end_submissions_list", response_model=schemas.SubmissionPage)
async def list_submissions(read: Read, query: Annotated[schemas.SubmissionQuery, Query()]) -> Response:
    """Year-end submissions / 年底汇总材料"""
    return await read.page(SUBMISSIONS, query)


@year_end.get("/year-end-submissions/{id}", name="year_end_submissions_read", response_model=schemas.SubmissionOut)
async def read_submission(read: Read, id: UUID) -> Response:
    """One year-end submission / 年底汇总材料"""
    return await read.one(SUBMISSIONS, id)


@year_end.post(
    "/year-end-submissions/{id}/review", name="year_end_submissions_review", response_model=schemas.SubmissionOut
)
async def review(command: Changing, id: UUID, body: Json[schemas.Review]) -> Response:
    """Review the two ledgers / 审核两本考核台账"""
    return await command.run(actions.review, id, body)


@year_end.post(
    "/year-end-submissions/{id}/summarise", name="year_end_submissions_summarise", response_model=schemas.SubmissionOut
)
async def summarise(command: Changing, id: UUID, body: Json[schemas.Summarise]) -> Response:
    """Sum the year up / 统一汇总"""
    return await command.run(actions.summarise, id, body)


@year_end.post(
    "/year-end-submissions/{id}/submit", name="year_end_submissions_submit", response_model=schemas.SubmissionOut
)
async def submit(command: Changing, id: UUID, body: Json[schemas.Submit]) -> Response:
    """Hand the summary to the Party committee / 上报乡党委"""
    return await command.run(actions.submit, id, body)


@year_end.post(
    "/annual-evaluations", name="annual_evaluations_create", status_code=201, response_model=schemas.EvaluationOut
)
async def begin_evaluation(command: Creating, body: Json[schemas.CreateEvaluation]) -> Response:
    """Begin the evaluation of a helper for whom the submission made none / 补列年终考核评价"""
    return await command.run(actions.begin_evaluation, body)


@year_end.get("/annual-evaluations", name="annual_evaluations_list", response_model=schemas.EvaluationPage)
async def list_evaluations(read: Read, query: Annotated[schemas.EvaluationQuery, Query()]) -> Response:
    """Annual evaluations / 年终考核评价"""
    return await read.page(EVALUATIONS, query)


@year_end.get("/annual-evaluations/{id}", name="annual_evaluations_read", response_model=schemas.EvaluationOut)
async def read_evaluation(read: Read, id: UUID) -> Response:
    """One helper's annual evaluation / 年终考核评价"""
    return await read.one(EVALUATIONS, id)


@year_end.get(
    "/annual-evaluations/{id}/explanation",
    name="annual_evaluations_explanation",
    response_model=schemas.EvaluationExplanationOut,
)
async def explain(read: Read, id: UUID) -> Response:
    """Why the proposal is what it is: households, sign-offs, months, quarters, rule / 建议的说明"""
    return await read.one(EXPLANATIONS, id)


@year_end.post(
    "/annual-evaluations/{id}/propose", name="annual_evaluations_propose", response_model=schemas.EvaluationOut
)
async def propose(command: Changing, id: UUID, body: Json[schemas.Propose]) -> Response:
    """Compute the proposal from the record / 依据台账生成建议"""
    return await command.run(actions.propose, id, body)


@year_end.post(
    "/annual-evaluations/{id}/determine", name="annual_evaluations_determine", response_model=schemas.EvaluationOut
)
async def determine(command: Changing, id: UUID, body: Json[schemas.Determine]) -> Response:
    """Determine whether the task was completed / 确定帮扶任务是否完成"""
    return await command.run(actions.determine, id, body)


@year_end.post(
    "/annual-evaluations/{id}/reopen", name="annual_evaluations_reopen", response_model=schemas.EvaluationOut
)
async def reopen(command: Changing, id: UUID, body: Json[schemas.Reopen]) -> Response:
    """Take a determination up again / 重新研究"""
    return await command.run(actions.reopen, id, body)


@year_end.get(
    "/helpers/{id}/award-eligibility", name="helpers_award_eligibility", response_model=schemas.EligibilityOut
)
async def award_eligibility(read: Read, id: UUID, query: Annotated[schemas.EligibilityQuery, Query()]) -> Response:
    """May this helper take part in the awards of a year? / 评先选优资格"""
    return await actions.award_eligibility(read, id, query.year)
