"""Through which doors are requirements, plans, visits, meetings, form tasks and publications reached?"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from app.reading import PageQuery, Reading, reading
from app.wire import Json
from app.work import actions, schemas
from app.writing import Command, changing, creating

work = APIRouter(tags=["work"])
routers = [work]

Read = Annotated[Reading, Depends(reading)]
Create = Annotated[Command, Depends(creating)]
Change = Annotated[Command, Depends(changing)]


@work.post("/requirements", name="requirements_create", status_code=201, response_model=schemas.RequirementOut)
async def set_requirement(command: Create, body: Json[schemas.CreateRequirement]) -> Response:
    """Set a written requirement / 登记工作要求"""
    return await command.run(actions.set_requirement, body)


@work.get("/requirements", name="requirements_list", response_model=schemas.RequirementPage)
async def list_requirements(read: Read, query: Annotated[schemas.RequirementQuery, Query()]) -> Response:
    """Written requirements / 工作要求"""
    return await read.page(actions.REQUIREMENTS, query)


@work.get("/requirements/{id}", name="requirements_read", response_model=schemas.RequirementOut)
async def requirements_read(read: Read, id: UUID) -> Response:
    """One requirement / 工作要求"""
    return await read.one(actions.REQUIREMENTS, id)


@work.post("/plans", name="plans_create", status_code=201, response_model=schemas.PlanOut)
async def make_plan(command: Create, body: Json[schemas.CreatePlan]) -> Response:
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
async def start_measure(command: Change, id: UUID) -> Response:
    """Begin a measure / 开始实施措施"""
    return await command.run(actions.start_measure, id)


@work.post("/plan-measures/{id}/complete", name="plan_measures_complete", response_model=schemas.MeasureOut)
async def complete_measure(command: Change, id: UUID, body: Json[schemas.CompleteMeasure]) -> Response:
    """A measure was carried out / 措施已落实"""
    return await command.run(actions.complete_measure, id, body)


@work.post("/plan-measures/{id}/drop", name="plan_measures_drop", response_model=schemas.MeasureOut)
async def drop_measure(command: Change, id: UUID, body: Json[schemas.Reason]) -> Response:
    """Give a measure up, with the reason / 取消措施"""
    return await command.run(actions.drop_measure, id, body)


@work.post("/visits", name="visits_create", status_code=201, response_model=schemas.VisitOut)
async def record_visit(command: Create, body: Json[schemas.CreateVisit]) -> Response:
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
async def correct_visit(command: Change, id: UUID, body: Json[schemas.CorrectVisit]) -> Response:
    """Correct one's own record of a visit / 更正本人走访记录"""
    return await command.run(actions.correct_visit, id, body)


@work.post("/meetings", name="meetings_create", status_code=201, response_model=schemas.MeetingOut)
async def call_meeting(command: Create, body: Json[schemas.CreateMeeting]) -> Response:
    """Call a meeting / 通知会议"""
    return await command.run(actions.call_meeting, body)


@work.get("/meetings", name="meetings_list", response_model=schemas.MeetingPage)
async def list_meetings(read: Read, query: Annotated[schemas.MeetingQuery, Query()]) -> Response:
    """Meetings / 会议"""
    return await read.page(actions.MEETINGS, query)


@work.get("/meetings/{id}", name="meetings_read", response_model=schemas.MeetingOut)
async def meetings_read(read: Read, id: UUID) -> Response:
    """One meeting / 会议"""
    return await read.one(actions.MEETINGS, id)


@work.post("/meetings/{id}/attendance", name="meetings_attendance", response_model=schemas.MeetingOut)
async def record_attendance(command: Change, id: UUID, body: Json[schemas.RecordAttendance]) -> Response:
    """Record who was there / 登记到会情况"""
    return await command.run(actions.record_attendance, id, body)


@work.get("/meeting-invitations", name="meeting_invitations_list", response_model=schemas.InvitationPage)
async def list_meeting_invitations(read: Read, query: Annotated[schemas.InvitationQuery, Query()]) -> Response:
    """Invitees, their leave and attendance / 参会与请假"""
    return await read.page(actions.INVITATIONS, query)


@work.get("/meeting-invitations/{id}", name="meeting_invitations_read", response_model=schemas.InvitationOut)
async def meeting_invitations_read(read: Read, id: UUID) -> Response:
    """One invitee / 参会与请假"""
    return await read.one(actions.INVITATIONS, id)


@work.post(
    "/meeting-invitations/{id}/request-leave",
    name="meeting_invitations_request_leave",
    response_model=schemas.InvitationOut,
)
async def request_leave(command: Change, id: UUID, body: Json[schemas.Reason]) -> Response:
    """Ask for leave / 请假"""
    return await command.run(actions.request_leave, id, body)


@work.post(
    "/meeting-invitations/{id}/approve-leave",
    name="meeting_invitations_approve_leave",
    response_model=schemas.InvitationOut,
)
async def approve_leave(command: Change, id: UUID) -> Response:
    """Approve the leave / 批准请假"""
    return await command.run(actions.approve_leave, id)


@work.post(
    "/meeting-invitations/{id}/refuse-leave",
    name="meeting_invitations_refuse_leave",
    response_model=schemas.InvitationOut,
)
async def refuse_leave(command: Change, id: UUID, body: Json[schemas.Reason]) -> Response:
    """Refuse the leave / 不批准请假"""
    return await command.run(actions.refuse_leave, id, body)


@work.post("/form-tasks", name="form_tasks_create", status_code=201, response_model=schemas.FormTaskOut)
async def set_form_task(command: Create, body: Json[schemas.CreateFormTask]) -> Response:
    """Ask helpers for a form by a day / 下达表册任务"""
    return await command.run(actions.set_form_task, body)


@work.get("/form-tasks", name="form_tasks_list", response_model=schemas.FormTaskPage)
async def list_form_tasks(read: Read, query: Annotated[schemas.FormTaskQuery, Query()]) -> Response:
    """Form tasks / 表册任务"""
    return await read.page(actions.FORM_TASKS, query)


@work.get("/form-tasks/{id}", name="form_tasks_read", response_model=schemas.FormTaskOut)
async def form_tasks_read(read: Read, id: UUID) -> Response:
    """One form task / 表册任务"""
    return await read.one(actions.FORM_TASKS, id)


@work.post(
    "/form-tasks/{id}/submissions", name="form_tasks_submit", status_code=201, response_model=schemas.SubmissionOut
)
async def submit_form(command: Create, id: UUID, body: Json[schemas.CreateSubmission]) -> Response:
    """Hand in one's own form / 报送本人表册"""
    return await command.run(actions.submit_form, id, body)


@work.get("/form-tasks/{id}/submissions", name="form_tasks_submissions", response_model=schemas.SubmissionPage)
async def list_form_tasks_submissions(read: Read, id: UUID, query: Annotated[PageQuery, Query()]) -> Response:
    """What was handed in / 报送情况"""
    return await read.page(actions.SUBMISSIONS, query, form_task_id=id)


@work.get("/form-submissions", name="form_submissions_list", response_model=schemas.SubmissionPage)
async def list_form_submissions(read: Read, query: Annotated[schemas.SubmissionQuery, Query()]) -> Response:
    """Forms handed in / 表册报送"""
    return await read.page(actions.SUBMISSIONS, query)


@work.get("/form-submissions/{id}", name="form_submissions_read", response_model=schemas.SubmissionOut)
async def form_submissions_read(read: Read, id: UUID) -> Response:
    """One form handed in / 表册报送"""
    return await read.one(actions.SUBMISSIONS, id)


@work.post("/form-submissions/{id}/accept", name="form_submissions_accept", response_model=schemas.SubmissionOut)
async def accept_form(command: Change, id: UUID, body: Json[schemas.AcceptForm]) -> Response:
    """Accept a form / 认可表册"""
    return await command.run(actions.accept_form, id, body)


@work.post("/form-submissions/{id}/return", name="form_submissions_return", response_model=schemas.SubmissionOut)
async def return_form(command: Change, id: UUID, body: Json[schemas.ReturnForm]) -> Response:
    """Return a form as irregular or incomplete / 退回表册"""
    return await command.run(actions.return_form, id, body)


@work.post("/publications", name="publications_create", status_code=201, response_model=schemas.PublicationOut)
async def publish(command: Create, body: Json[schemas.CreatePublication]) -> Response:
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
async def take_down(command: Change, id: UUID, body: Json[schemas.TakeDown]) -> Response:
    """Until when it was shown / 登记公示截止"""
    return await command.run(actions.take_down, id, body)


@work.get("/helpers/{id}/work", name="helpers_work", response_model=schemas.WorkOut)
async def helper_work(read: Read, id: UUID, query: Annotated[schemas.WorkQuery, Query()]) -> Response:
    """A helper's month, and what its facts would at most propose / 帮扶责任人当月工作(仅供参考,不作处理)"""
    return Response(await actions.month_of_work(read, id, query.month), media_type="application/json")
