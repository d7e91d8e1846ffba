"""Through which doors does one sign in, stay signed in, sign out and set one's own password?"""

import json
import time
from base64 import b64decode
from collections.abc import Callable, Coroutine, Iterable
from typing import Annotated, Any, Self
from urllib.parse import unquote_plus

from fastapi import APIRouter, Form, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from app.reading import language_of, refuse_odd_parameters
from app.refusal import TooManyRequests, Unauthenticated
from app.sessions import actions, schemas
from app.wire import FORM, NO_NUL, Body, Json
from app.writing import CreatingAboutHimself

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
NEEDS = {
    "password": ("username", "password"),
    "refresh_token": ("refresh_token",),
    "client_credentials": ("client_id", "client_secret"),
    EXCHANGE: ("subject_token", "subject_token_type", "audience"),
}
"""What each grant needs besides its name."""
Words = tuple[str, str]
"""In English, within the characters that RFC 6749 allows a description, and in Chinese."""
FAILED: dict[str, Words] = {
    "password": (
        "Login or password is wrong, or the account is disabled. A login is <code of the place>/<name>.",
        "账号或密码错误,或账号已停用。账号写作“所在地代码/登录名”。",
    ),
    "refresh_token": (
        "The refresh token is wrong, used, expired or revoked: sign in again.",
        "刷新令牌有误、已使用、已过期或已吊销,请重新登录。",
    ),
    "client_credentials": (
        "Client id or secret is wrong, or the client is disabled. An id is <code of the place>/<name>.",
        "客户端编号或密钥错误,或客户端已停用。编号写作“所在地代码/名称”。",
    ),
    EXCHANGE: (
        "The token is not one that this service takes for an account of that place.",
        "该令牌不能用于登录该地的账号。",
    ),
}
"""One text for each grant: nothing tells which of it is so."""
REFUSED: dict[int | str, dict[str, Any]] = {
    400: {"model": schemas.TokenError},
    401: {"model": schemas.TokenError},
    429: {"model": schemas.TokenError},
}


class OAuthError(Exception):
    """RFC 6749, section 5.2."""

    def __init__(self, code: str, words: Words, status: int = 400, **headers: str) -> None:
        self.code, self.words, self.status, self.headers = code, words, status, headers

    @classmethod
    def of_request(cls, names: Iterable[str]) -> Self:
        """What of the form, or which header, is missing or wrong."""
        wrong = sorted(set(names))
        words = f"Missing or not valid: {', '.join(wrong)}.", f"缺少或无效:{'、'.join(wrong)}。"
        return cls("invalid_request", words)

    @classmethod
    def too_often(cls, seconds: int) -> Self:
        words = f"Failed too often: wait {seconds} seconds.", f"失败次数过多,请在 {seconds} 秒之后重试。"
        return cls("temporarily_unavailable", words, 429, retry_after=str(seconds))


class OAuthRoute(APIRoute):
    """An operation whose refusals have the form that OAuth wants."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                refused = OAuthError.of_request(str(fault["loc"][-1]) for fault in error.errors())
            except TooManyRequests as error:
                refused = OAuthError.too_often(error.seconds)
            except OAuthError as error:
                refused = error
            headers = {name.replace("_", "-"): value for name, value in refused.headers.items()}
            english, chinese = refused.words
            title = english if language_of(request) == "en" else chinese
            told = {"error": refused.code, "error_description": english, "title": title}
            return _answer(told, refused.status, headers)

        return handler


oauth = APIRouter(tags=["sign-in"], route_class=OAuthRoute)
own = APIRouter(tags=["sign-in"])
routers = [oauth, own]
bodies = dict.fromkeys(("POST /oauth/token", "POST /oauth/revoke"), Body(media=(FORM,)))


def _answer(content: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    unkept = {"cache-control": "no-store", **(headers or {})}
    return Response(json.dumps(content), status, unkept, "application/json")


def _client(request: Request, form: dict[str, str | None]) -> None:
    """Take the client's id and secret from an Authorization header, as RFC 6749 lets it send them (2.3.1)."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, secret = b64decode(encoded, validate=True).decode().partition(":")
            form |= {"client_id": _meant(name, 80), "client_secret": _meant(secret, 200)}
        except ValueError as error:
            raise OAuthError.of_request(["Authorization"]) from error


def _meant(encoded: str, longest: int) -> str:
    """What the form's own fields may hold, out of its encoding. Raises ValueError."""
    text = unquote_plus(encoded, errors="strict")
    if len(text) > longest or "\x00" in text:
        raise ValueError
    return text


@oauth.post(
    "/oauth/token", name="oauth_token", response_model=schemas.TokenOut, responses=REFUSED,
    openapi_extra={"security": []},
)  # fmt: skip
async def token(
    request: Request,
    grant_type: Annotated[str, Form(min_length=1, max_length=80, pattern=NO_NUL, examples=["password"])],
    username: Annotated[str | None, Form(max_length=80, pattern=NO_NUL, examples=["411421201/clerk"])] = None,
    password: Annotated[str | None, Form(max_length=200, pattern=NO_NUL)] = None,
    client_id: Annotated[str | None, Form(max_length=80, pattern=NO_NUL)] = None,
    client_secret: Annotated[str | None, Form(max_length=200, pattern=NO_NUL)] = None,
    refresh_token: Annotated[str | None, Form(max_length=200, pattern=NO_NUL)] = None,
    subject_token: Annotated[str | None, Form(max_length=8192, pattern=NO_NUL)] = None,
    subject_token_type: Annotated[str | None, Form(max_length=80, pattern=NO_NUL)] = None,
    audience: Annotated[
        str | None, Form(max_length=9, pattern=NO_NUL, description="The place of the account / 账号所在地代码")
    ] = None,
    scope: Annotated[str | None, Form(max_length=200, pattern=NO_NUL)] = None,
) -> Response:
    """OAuth 2: password, refresh_token, client_credentials or another issuer's token / 获取访问令牌"""
    form = {
        "username": username, "password": password, "client_id": client_id, "client_secret": client_secret,
        "refresh_token": refresh_token, "subject_token": subject_token, "subject_token_type": subject_token_type,
        "audience": audience,
    }  # fmt: skip
    _client(request, form)
    if grant_type not in NEEDS:
        raise OAuthError("unsupported_grant_type", (f"One of: {', '.join(NEEDS)}.", f"应为:{'、'.join(NEEDS)}。"))
    if missing := [name for name in NEEDS[grant_type] if not form[name]]:
        raise OAuthError.of_request(missing)
    given = [form[name] or "" for name in NEEDS[grant_type]]
    try:
        signed_in = await _sign_in(request, grant_type, *given)
    except actions.SignInFailed as error:
        if grant_type == "client_credentials":
            wanted = 'Basic realm="huayuan"'
            raise OAuthError("invalid_client", FAILED[grant_type], 401, www_authenticate=wanted) from error
        raise OAuthError("invalid_grant", FAILED[grant_type]) from error
    return _answer(_issued(request, signed_in, grant_type))


async def _sign_in(request: Request, grant_type: str, *given: str) -> actions.SignedIn:
    state = request.app.state
    if grant_type == "refresh_token":
        return await actions.refresh(state.database, state.vault, *given)
    if grant_type == EXCHANGE:
        foreign, kind, place = given
        if kind != ACCESS_TOKEN:
            raise OAuthError.of_request(["subject_token_type"])
        return await actions.exchange(state.database, state.issuer, place, foreign)
    kind = "person" if grant_type == "password" else "client"
    name, secret = given
    return await actions.sign_in(state.database, state.vault, name, secret, kind, _address(request), state.settings)


def _issued(request: Request, signed_in: actions.SignedIn, grant_type: str) -> dict[str, Any]:
    tokens = request.app.state.tokens
    seconds = tokens.seconds if signed_in.until is None else min(tokens.seconds, signed_in.until - int(time.time()))
    return schemas.TokenOut(
        access_token=tokens.issue(signed_in.bearer, seconds), token_type="Bearer", expires_in=seconds,
        scope="full" if signed_in.bearer.full else "password", refresh_token=signed_in.refresh_token,
        issued_token_type=ACCESS_TOKEN if grant_type == EXCHANGE else None,
    ).model_dump(exclude_none=True)  # fmt: skip


def _address(request: Request) -> str:
    """Of the caller, as the reverse proxy tells it where uvicorn trusts the proxy."""
    return request.client.host if request.client else ""


@oauth.post(
    "/oauth/revoke", name="oauth_revoke", responses={400: {"model": schemas.TokenError}},
    openapi_extra={"security": []},
)  # fmt: skip
async def revoke(
    request: Request,
    token: Annotated[str, Form(min_length=1, max_length=4096, pattern=NO_NUL)],
    token_type_hint: Annotated[str | None, Form(max_length=40, pattern=NO_NUL, examples=["refresh_token"])] = None,
) -> Response:
    """Sign a device out: revoke its refresh token (RFC 7009) / 吊销刷新令牌"""
    try:
        request.app.state.tokens.bearer(f"Bearer {token}", about_himself=True)
    except Unauthenticated:
        await actions.revoke(request.app.state.database, token)
        return _answer({})
    raise OAuthError(
        "unsupported_token_type", ("An access token ends by itself, in minutes.", "访问令牌数分钟后自行失效,无须吊销。")
    )


@own.get("/oauth/jwks", name="oauth_jwks", response_model=schemas.JwksOut, openapi_extra={"security": []})
async def jwks(request: Request) -> Response:
    """The public keys of access tokens (RFC 7517) / 访问令牌公钥"""
    refuse_odd_parameters(request)
    keys = json.dumps(request.app.state.tokens.jwks)
    return Response(keys, media_type="application/json", headers={"cache-control": "public, max-age=300"})


@own.post("/me/password", name="me_password", response_model=schemas.PasswordSet)
async def set_password(command: CreatingAboutHimself, request: Request, body: Json[schemas.SetPassword]) -> Response:
    """Set a password of one's own; every device signs in anew / 修改本人密码"""
    state = request.app.state
    attempt = actions.Attempt.of(state.vault, str(command.bearer.account_id), _address(request))
    try:
        chosen = await actions.choose(command, attempt, body)
    except actions.WrongPassword:
        await attempt.failed(state.database)
        raise
    return await command.run(actions.set_password, chosen, body)
