"""Through which doors are accounts, tokens, the caller and what awaits him reached?"""

import json
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response

from app.accounts import actions, schemas
from app.reading import PageQuery, Read
from app.wire import Json
from app.writing import Changing, Creating

sign_in = APIRouter(tags=["sign-in"])
routers = [sign_in]


@sign_in.post("/accounts", name="accounts_create", status_code=201, response_model=schemas.AccountOut)
async def create_account(command: Creating, body: Json[schemas.CreateAccount]) -> Response:
    """Give a person a login / 建立账号"""
    return await command.run(actions.create_account, body)


@sign_in.get("/accounts", name="accounts_list", response_model=schemas.AccountPage)
async def list_accounts(read: Read, query: Annotated[PageQuery, Query()]) -> Response:
    """Accounts / 账号"""
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
    return await command.run(actions.reset_account, id, body)


@sign_in.post("/clients", name="clients_create", status_code=201, response_model=schemas.AccountOut)
async def create_client(command: Creating, body: Json[schemas.CreateClient]) -> Response:
    """Give a county system a client / 建立县级系统客户端"""
    return await command.run(actions.create_client, body)


@sign_in.post("/clock", name="clock_set", response_model=schemas.ClockOut)
async def set_clock(command: Creating, request: Request, body: Json[schemas.SetClock]) -> Response:
    """Move the clock of domain dates (demonstration profile only) / 调整业务日期(仅演示环境)"""
    allowed = request.app.state.settings.profile == "demo"
    return await command.run(actions.set_clock, body, allowed)


@sign_in.post(
    "/oauth/token", name="oauth_token", response_model=schemas.TokenOut, openapi_extra={"security": []},
    responses={400: {"model": schemas.TokenError}, 401: {"model": schemas.TokenError}},
)  # fmt: skip
async def token(
    request: Request,
    grant_type: Annotated[str, Form(min_length=1, max_length=40, examples=["password"])],
    username: Annotated[str | None, Form(max_length=80, examples=["411421201/clerk"])] = None,
    password: Annotated[str | None, Form(max_length=200)] = None,
    client_id: Annotated[str | None, Form(max_length=80)] = None,
    client_secret: Annotated[str | None, Form(max_length=200)] = None,
    refresh_token: Annotated[str | None, Form(max_length=200)] = None,
    scope: Annotated[str | None, Form(max_length=200)] = None,
) -> Response:
    """OAuth 2: password, refresh_token or client_credentials / 获取访问令牌"""
    state = request.app.state
    days, renewed = state.settings.refresh_token_days, None
    try:
        if grant_type == "password" and username and password:
            bearer = await actions.sign_in(state.database, username, password, "person")
            renewed = await actions.keep_refresh_token(state.database, bearer, days)
        elif grant_type == "refresh_token" and refresh_token:
            bearer, renewed = await actions.refresh(state.database, refresh_token, days)
        elif grant_type == "client_credentials" and client_id and client_secret:
            bearer = await actions.sign_in(state.database, client_id, client_secret, "client")
        elif grant_type in ("password", "refresh_token", "client_credentials"):
            return _oauth_error("invalid_request")
        else:
            return _oauth_error("unsupported_grant_type")
    except actions.SignInFailed:
        return _oauth_error("invalid_client" if grant_type == "client_credentials" else "invalid_grant")
    answer = schemas.TokenOut(
        access_token=state.tokens.issue(bearer), token_type="Bearer", expires_in=state.tokens.seconds,
        refresh_token=renewed,
    )  # fmt: skip
    return Response(
        answer.model_dump_json(exclude_none=True), media_type="application/json", headers={"cache-control": "no-store"}
    )


def _oauth_error(code: str) -> Response:
    """RFC 6749, section 5.2."""
    status = 401 if code == "invalid_client" else 400
    return Response(json.dumps({"error": code}), status, media_type="application/json")


@sign_in.post("/oauth/revoke", name="oauth_revoke", status_code=200, openapi_extra={"security": []})
async def revoke(request: Request, token: Annotated[str, Form(min_length=1, max_length=200)]) -> Response:
    """Revoke a refresh token and its family / 吊销刷新令牌"""
    await actions.revoke(request.app.state.database, token)
    return Response("{}", media_type="application/json")


@sign_in.get("/me", name="me_read", response_model=schemas.MeOut)
async def me(read: Read) -> Response:
    """Who I am and what I hold today / 本人信息"""
    async with read.open() as (_, entered):
        actor = entered.actor
    answer = schemas.MeOut(
        account_id=actor.account_id, person_id=actor.person_id, login=actor.name, county_code=actor.county_code,
        township_code=actor.township_code, today=entered.today, simulated=entered.simulated,
        appointments=[schemas.HeldOffice(office=a.office, place=a.place, since=a.since) for a in actor.appointments],
    )  # fmt: skip
    return Response(answer.model_dump_json(), media_type="application/json")


@sign_in.get("/me/tasks", name="me_tasks", response_model=schemas.TaskPage)
async def my_tasks(read: Read) -> Response:
    """Every record that awaits one of my offices, and since when / 待办事项"""
    return Response(await actions.tasks(read), media_type="application/json")
