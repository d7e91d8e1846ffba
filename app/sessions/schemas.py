"""What goes over the wire about tokens and one's own password?"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from app.accounts.schemas import Password
from app.wire import NO_NUL, In, Out


class TokenOut(Out):
    """RFC 6749, section 5.1; with `issued_token_type` where it was exchanged for another's (RFC 8693)."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    scope: Literal["full", "password"] = Field(
        description="`password`: good only for POST /me/password, since somebody else set it / 仅可用于修改密码"
    )
    refresh_token: str | None = None
    issued_token_type: str | None = None


class TokenError(Out):
    """RFC 6749, section 5.2, and RFC 7009, section 2.2.1."""

    error: Literal[
        "invalid_request", "invalid_client", "invalid_grant", "unsupported_grant_type", "unsupported_token_type",
        "temporarily_unavailable",
    ]  # fmt: skip
    error_description: str = Field(
        description="In English, within the characters that RFC 6749 allows",
        examples=["Missing or not valid: password."],
    )
    title: str = Field(description="The same in the reader's language / 说明", examples=["缺少或无效:password。"])


class Jwk(Out):
    """A public key of access tokens (RFC 7517, RFC 8037)."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str
    kid: str
    use: Literal["sig"]
    alg: Literal["EdDSA"]


class JwksOut(Out):
    keys: list[Jwk]


class SetPassword(In):
    """A password of one's own in place of the present one."""

    current: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)]
    password: Password


class PasswordSet(Out):
    secret_set_at: datetime
