"""What goes over the wire about accounts, tokens, the caller and what awaits him?"""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.actor import Office
from app.wire import Create, In, Moment, Out, PageOut, RecordOut

Login = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{1,39}$", min_length=2, max_length=40)]
Password = Annotated[str, StringConstraints(min_length=10, max_length=200, pattern=r"^[^\x00-\x1F\x7F]*$")]


class CreateAccount(Create):
    """A login for a person of the register."""

    login: Login
    password: Password
    person_id: UUID


class CreateClient(Create):
    """A county system's client."""

    login: Login
    secret: Password


class ResetPassword(In):
    password: Password


class AccountOut(RecordOut):
    """An account; signs in as `<township or county code>/<login>`."""

    kind: Literal["person", "client"]
    login: str
    person_id: UUID | None
    disabled_at: datetime | None


class AccountPage(PageOut):
    items: list[AccountOut]


class TokenOut(Out):
    """RFC 6749 answer."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    refresh_token: str | None = None


class TokenError(Out):
    """RFC 6749, section 5.2."""

    error: Literal["invalid_request", "invalid_client", "invalid_grant", "unsupported_grant_type"]


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
