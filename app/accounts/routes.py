"""Through which doors are accounts, the caller and what awaits him reached?"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from app.accounts import actions, schemas
from app.reading import PageQuery, Read, ReadAboutHimself
from app.wire import Json
from app.writing import Changing, Creating

sign_in = APIRouter(tags=["sign-in"])
routers = [sign_in]


@sign_in.post("/accounts", name="accounts_create", status_code=201, response_model=schemas.AccountOut)
async def create_account(command: Creating, body: Json[schemas.CreateAccount]) -> Response:
    """Give a person a login / 建立账号"""
    return await command.run(actions.create_account, await actions.hashed(command, body.password), body)


@sign_in.get("/accounts", name="accounts_list", response_model=schemas.AccountPage)
async def list_accounts(read: Read, query: Annotated[PageQuery, Query()]) -> Response:
    """Accounts / 账号

    A county's system reads none of them: its list is empty. / 县级业务系统不能读取,列表为空。
    """
    return await read.page(actions.ACCOUNTS, query)


@sign_in.get("/accounts/{id}", name="accounts_read", response_model=schemas.AccountOut)
async def read_account(read: Read, id: UUID) -> Response:
    """One account / 账号"""
    return await read.one(actions.ACCOUNTS, id)


@sign_in.post("/accounts/{id}/disable", name="accounts_disable", response_model=schemas.AccountOut)
async def disable_account(command: Changing, id: UUID) -> Response:
    """Disable an account at once / 停用账号"""
    return await command.run(actions.disable_account, id)


@sign_in.post("/accounts/{id}/reset", name="accounts_reset", response_model=schemas.AccountOut)
async def reset_account(command: Changing, id: UUID, body: Json[schemas.ResetPassword]) -> Response:
    """Set a new password / 重置密码"""
    return await command.run(actions.reset_account, id, await actions.hashed(command, body.password), body)


@sign_in.post("/accounts/{id}/bind", name="accounts_bind", response_model=schemas.AccountOut)
async def bind_account(command: Changing, request: Request, id: UUID, body: Json[schemas.Bind]) -> Response:
    """Let somebody sign in with another issuer's tokens / 绑定外部身份"""
    return await command.run(actions.bind_account, id, body, request.app.state.settings.oidc_issuer)


@sign_in.post("/clients", name="clients_create", status_code=201, response_model=schemas.AccountOut)
async def create_client(command: Creating, body: Json[schemas.CreateClient]) -> Response:
    """Give a county system a client / 建立县级系统客户端"""
    return await command.run(actions.create_client, await actions.hashed(command, body.secret), body)


@sign_in.post("/clock", name="clock_set", response_model=schemas.ClockOut)
async def set_clock(command: Creating, request: Request, body: Json[schemas.SetClock]) -> Response:
    """Move the clock of domain dates (demonstration profile only) / 调整业务日期(仅演示环境)"""
    allowed = request.app.state.settings.profile == "demo"
    return await command.run(actions.set_clock, body, allowed)


@sign_in.get("/me", name="me_read", response_model=schemas.MeOut)
async def me(read: ReadAboutHimself) -> Response:
    """Who I am and what I hold today / 本人信息"""
    return Response((await actions.myself(read)).model_dump_json(), media_type="application/json")


@sign_in.get("/me/tasks", name="me_tasks", response_model=schemas.TaskPage)
async def my_tasks(read: Read) -> Response:
    """Every record that awaits one of my offices, and since when / 待办事项"""
    return Response(await actions.tasks(read), media_type="application/json")
