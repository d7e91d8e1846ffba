"""Through which doors are plans, visits, publications and a helper's month reached?"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.duties.schemas import Reason
from app.reading import Read
from app.wire import Json
from app.work import actions, schemas
from app.writing import Changing, Creating

work = APIRouter(tags=["work"])
routers = [work]


@work.post("/plans", name="plans_create", status_code=201, response_model=schemas.PlanOut)
async def make_plan(command: Creating, body: Json[schemas.CreatePlan]) -> Response:
    """Make a plan with its measures / 制定帮扶计划"""
    return await command.run(actions.make_plan, body)


@work.get("/plans", name="plans_list", response_model=schemas.PlanPage)
async def list_plans(read: Read, query: Annotated[schemas.PlanQuery, Query()]) -> Response:
    """Plans / 帮扶计划"""
    return await read.page(actions.PLANS, query)


@work.get("/plans/{id}", name="plans_read", response_model=schemas.PlanOut)
async def plans_read(read: Read, id: UUID) -> Response:
    """One plan / 帮扶计划"""
    return await read.one(actions.PLANS, id)


@work.get("/plan-measures", name="plan_measures_list", response_model=schemas.MeasurePage)
async def list_plan_measures(read: Read, query: Annotated[schemas.MeasureQuery, Query()]) -> Response:
    """Measures of plans / 帮扶措施"""
    return await read.page(actions.PLAN_MEASURES, query)


@work.get("/plan-measures/{id}", name="plan_measures_read", response_model=schemas.MeasureOut)
async def plan_measures_read(read: Read, id: UUID) -> Response:
    """One measure / 帮扶措施"""
    return await read.one(actions.PLAN_MEASURES, id)


@work.post("/plan-measures/{id}/start", name="plan_measures_start", response_model=schemas.MeasureOut)
async def start_measure(command: Changing, id: UUID) -> Response:
    """Begin a measure / 开始实施措施"""
    return await command.run(actions.start_measure, id)


@work.post("/plan-measures/{id}/complete", name="plan_measures_complete", response_model=schemas.MeasureOut)
async def complete_measure(command: Changing, id: UUID, body: Json[schemas.CompleteMeasure]) -> Response:
    """A measure was carried out / 措施已落实"""
    return await command.run(actions.complete_measure, id, body)


@work.post("/plan-measures/{id}/drop", name="plan_measures_drop", response_model=schemas.MeasureOut)
async def drop_measure(command: Changing, id: UUID, body: Json[Reason]) -> Response:
    """Give a measure up, with the reason / 取消措施"""
    return await command.run(actions.drop_measure, id, body)


@work.post("/visits", name="visits_create", status_code=201, response_model=schemas.VisitOut)
async def record_visit(command: Creating, body: Json[schemas.CreateVisit]) -> Response:
    """Record one's own visit / 记录本人走访"""
    return await command.run(actions.record_visit, body)


@work.get("/visits", name="visits_list", response_model=schemas.VisitPage)
async def list_visits(read: Read, query: Annotated[schemas.VisitQuery, Query()]) -> Response:
    """Visits / 走访记录"""
    return await read.page(actions.VISITS, query)


@work.get("/visits/{id}", name="visits_read", response_model=schemas.VisitOut)
async def visits_read(read: Read, id: UUID) -> Response:
    """One visit / 走访记录"""
    return await read.one(actions.VISITS, id)


@work.post("/visits/{id}/correct", name="visits_correct", response_model=schemas.VisitOut)
async def correct_visit(command: Changing, id: UUID, body: Json[schemas.CorrectVisit]) -> Response:
    """Correct one's own record of a visit / 更正本人走访记录"""
    return await command.run(actions.correct_visit, id, body)


@work.post("/publications", name="publications_create", status_code=201, response_model=schemas.PublicationOut)
async def publish(command: Creating, body: Json[schemas.CreatePublication]) -> Response:
    """Record what was made public / 登记公示公告"""
    return await command.run(actions.publish, body)


@work.get("/publications", name="publications_list", response_model=schemas.PublicationPage)
async def list_publications(read: Read, query: Annotated[schemas.PublicationQuery, Query()]) -> Response:
    """Publications / 公示公告"""
    return await read.page(actions.PUBLICATIONS, query)


@work.get("/publications/{id}", name="publications_read", response_model=schemas.PublicationOut)
async def publications_read(read: Read, id: UUID) -> Response:
    """One publication / 公示公告"""
    return await read.one(actions.PUBLICATIONS, id)


@work.post("/publications/{id}/take-down", name="publications_take_down", response_model=schemas.PublicationOut)
async def take_down(command: Changing, id: UUID, body: Json[schemas.TakeDown]) -> Response:
    """Until when it was shown / 登记公示截止"""
    return await command.run(actions.take_down, id, body)


@work.get("/helpers/{id}/work", name="helpers_work", response_model=schemas.WorkOut)
async def helper_work(read: Read, id: UUID, query: Annotated[schemas.WorkQuery, Query()]) -> Response:
    """A helper's month, and what its facts would at most propose / 帮扶责任人当月工作(仅供参考,不作处理)"""
    return Response(await actions.month_of_work(read, id, query.month), media_type="application/json")
