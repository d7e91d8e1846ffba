"""Through which doors are requirements, meetings and form tasks reached?"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.duties import actions, schemas
from app.reading import PageQuery, Read
from app.wire import Json
from app.writing import Changing, Creating

duties = APIRouter(tags=["work"])
routers = [duties]


@duties.post("/requirements", name="requirements_create", status_code=201, response_model=schemas.RequirementOut)
async def set_requirement(command: Creating, body: Json[schemas.CreateRequirement]) -> Response:
    """Set a written requirement / 登记工作要求"""
    return await command.run(actions.set_requirement, body)


@duties.get("/requirements", name="requirements_list", response_model=schemas.RequirementPage)
async def list_requirements(read: Read, query: Annotated[schemas.RequirementQuery, Query()]) -> Response:
    """Written requirements / 工作要求"""
    return await read.page(actions.REQUIREMENTS, query)


@duties.get("/requirements/{id}", name="requirements_read", response_model=schemas.RequirementOut)
async def requirements_read(read: Read, id: UUID) -> Response:
    """One requirement / 工作要求"""
    return await read.one(actions.REQUIREMENTS, id)


@duties.post("/meetings", name="meetings_create", status_code=201, response_model=schemas.MeetingOut)
async def call_meeting(command: Creating, body: Json[schemas.CreateMeeting]) -> Response:
    """Call a meeting / 通知会议"""
    return await command.run(actions.call_meeting, body)


@duties.get("/meetings", name="meetings_list", response_model=schemas.MeetingPage)
async def list_meetings(read: Read, query: Annotated[schemas.MeetingQuery, Query()]) -> Response:
    """Meetings / 会议"""
    return await read.page(actions.MEETINGS, query)


@duties.get("/meetings/{id}", name="meetings_read", response_model=schemas.MeetingOut)
async def meetings_read(read: Read, id: UUID) -> Response:
    """One meeting / 会议"""
    return await read.one(actions.MEETINGS, id)


@duties.post("/meetings/{id}/attendance", name="meetings_attendance", response_model=schemas.MeetingOut)
async def record_attendance(command: Changing, id: UUID, body: Json[schemas.RecordAttendance]) -> Response:
    """Record who was there / 登记到会情况"""
    return await command.run(actions.record_attendance, id, body)


@duties.get("/meeting-invitations", name="meeting_invitations_list", response_model=schemas.InvitationPage)
async def list_meeting_invitations(read: Read, query: Annotated[schemas.InvitationQuery, Query()]) -> Response:
    """Invitees, their leave and attendance / 参会与请假"""
    return await read.page(actions.INVITATIONS, query)


@duties.get("/meeting-invitations/{id}", name="meeting_invitations_read", response_model=schemas.InvitationOut)
async def meeting_invitations_read(read: Read, id: UUID) -> Response:
    """One invitee / 参会与请假"""
    return await read.one(actions.INVITATIONS, id)


@duties.post(
    "/meeting-invitations/{id}/request-leave",
    name="meeting_invitations_request_leave",
    response_model=schemas.InvitationOut,
)
async def request_leave(command: Changing, id: UUID, body: Json[schemas.Reason]) -> Response:
    """Ask for leave / 请假"""
    return await command.run(actions.request_leave, id, body)


@duties.post(
    "/meeting-invitations/{id}/approve-leave",
    name="meeting_invitations_approve_leave",
    response_model=schemas.InvitationOut,
)
async def approve_leave(command: Changing, id: UUID) -> Response:
    """Approve the leave / 批准请假"""
    return await command.run(actions.approve_leave, id)


@duties.post(
    "/meeting-invitations/{id}/refuse-leave",
    name="meeting_invitations_refuse_leave",
    response_model=schemas.InvitationOut,
)
async def refuse_leave(command: Changing, id: UUID, body: Json[schemas.Reason]) -> Response:
    """Refuse the leave / 不批准请假"""
    return await command.run(actions.refuse_leave, id, body)


@duties.post("/form-tasks", name="form_tasks_create", status_code=201, response_model=schemas.FormTaskOut)
async def set_form_task(command: Creating, body: Json[schemas.CreateFormTask]) -> Response:
    """Ask helpers for a form by a day / 下达表册任务"""
    return await command.run(actions.set_form_task, body)


@duties.get("/form-tasks", name="form_tasks_list", response_model=schemas.FormTaskPage)
async def list_form_tasks(read: Read, query: Annotated[schemas.FormTaskQuery, Query()]) -> Response:
    """Form tasks / 表册任务"""
    return await read.page(actions.FORM_TASKS, query)


@duties.get("/form-tasks/{id}", name="form_tasks_read", response_model=schemas.FormTaskOut)
async def form_tasks_read(read: Read, id: UUID) -> Response:
    """One form task / 表册任务"""
    return await read.one(actions.FORM_TASKS, id)


@duties.post("/form-tasks/{id}/submissions", name="form_tasks_submit", status_code=201, response_model=schemas.FormOut)
async def submit_form(command: Creating, id: UUID, body: Json[schemas.CreateForm]) -> Response:
    """Hand in one's own form / 报送本人表册"""
    return await command.run(actions.submit_form, id, body)


@duties.get("/form-tasks/{id}/submissions", name="form_tasks_submissions", response_model=schemas.FormPage)
async def list_form_tasks_submissions(read: Read, id: UUID, query: Annotated[PageQuery, Query()]) -> Response:
    """What was handed in / 报送情况"""
    return await read.page(actions.SUBMISSIONS, query, (actions.FORM_TASKS, id), form_task_id=id)


@duties.get("/form-submissions", name="form_submissions_list", response_model=schemas.FormPage)
async def list_form_submissions(read: Read, query: Annotated[schemas.FormQuery, Query()]) -> Response:
    """Forms handed in / 表册报送"""
    return await read.page(actions.SUBMISSIONS, query)


@duties.get("/form-submissions/{id}", name="form_submissions_read", response_model=schemas.FormOut)
async def form_submissions_read(read: Read, id: UUID) -> Response:
    """One form handed in / 表册报送"""
    return await read.one(actions.SUBMISSIONS, id)


@duties.post("/form-submissions/{id}/accept", name="form_submissions_accept", response_model=schemas.FormOut)
async def accept_form(command: Changing, id: UUID, body: Json[schemas.AcceptForm]) -> Response:
    """Accept a form / 认可表册"""
    return await command.run(actions.accept_form, id, body)


@duties.post("/form-submissions/{id}/return", name="form_submissions_return", response_model=schemas.FormOut)
async def return_form(command: Changing, id: UUID, body: Json[schemas.ReturnForm]) -> Response:
    """Return a form as irregular or incomplete / 退回表册"""
    return await command.run(actions.return_form, id, body)
