"""What goes over the wire about accounts, the caller and what awaits him?"""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.actor import ClientScope, Office
from app.wire import CLEAN, Create, In, Moment, Out, PageOut, RecordOut

Login = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{1,39}$", min_length=2, max_length=40)]
Password = Annotated[
    str, StringConstraints(min_length=10, max_length=200, pattern=CLEAN), Field(examples=["three grey herons at dusk"])
]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=CLEAN)]


def _each_once(scopes: list[ClientScope]) -> list[ClientScope]:
    if len(scopes) != len(set(scopes)):
        raise PydanticCustomError("repeated", "Each scope is given once")
    return scopes


class CreateAccount(Create):
    """A login for a person of the register, with a password good only for setting his own."""

    login: Login
    password: Password
    person_id: UUID


class CreateClient(Create):
    """A county system's client."""

    login: Login
    secret: Password
    scopes: Annotated[list[ClientScope], AfterValidator(_each_once)] = Field(
        [ClientScope.READ], min_length=1, max_length=len(ClientScope), json_schema_extra={"uniqueItems": True},
        description="`read` its county's registers, `import` into them, follow its `events` / 权限范围",
    )  # fmt: skip


class ResetPassword(In):
    """A new secret: of a client for good, of a person until he has set his own."""

    password: Password


class Bind(In):
    """Who signs in to the account with a token of the issuer that is set up here; null for nobody."""

    subject: Subject | None = Field(examples=["248289761001"])


class AccountOut(RecordOut):
    """An account; signs in as `<township or county code>/<login>`."""

    kind: Literal["person", "client"]
    login: str
    person_id: UUID | None
    secret_set_at: datetime
    secret_set_by: UUID | None = Field(description="The account that set the secret; null: the operator / 密码由谁设置")
    issuer: str | None
    subject: str | None
    scopes: list[ClientScope] | None = Field(description="Of a client / 客户端的权限范围")
    disabled_at: datetime | None


class AccountPage(PageOut):
    items: list[AccountOut]


class HeldOffice(Out):
    office: Office
    place: str
    since: date


class MeOut(Out):
    """Who I am and what I hold today."""

    account_id: UUID
    person_id: UUID | None
    login: str
    county_code: str
    township_code: str
    today: date
    simulated: bool
    appointments: list[HeldOffice]
    secret_set_at: datetime
    secret_set_by: str | None = Field(description="The login of who set it; null: the operator / 密码由谁设置")
    scopes: list[ClientScope] | None = Field(description="Of a client / 客户端的权限范围")
    must_set_password: bool = Field(description="Only POST /me/password is open until then / 须先自行修改密码")
    issuer: str | None
    subject: str | None


class TaskOut(Out):
    """A record that awaits me."""

    resource: str
    id: UUID
    state: str
    since: datetime
    due_on: date | None = Field(description="The day by which it should be done, where there is one / 应办结日期")
    actions: list[str]


class TaskPage(Out):
    items: list[TaskOut]


class SetClock(In):
    """Where the clock of domain dates stands from now on; demonstrations only."""

    now: Moment


class ClockOut(Out):
    now: datetime
    simulated: bool
