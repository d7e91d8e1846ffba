"""What goes over the wire between a phone and the service?"""

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import ErrorDetails, InitErrorDetails

from app.sync.rules import OPERATIONS, Result
from app.wire import SOMEBODY, In, Json, Moment, Out

MANY = 100
"""Operations of one request."""
Key = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$")]
OwnKey = Annotated[Key, Field(description="Its Idempotency-Key / 重发时不变", examples=["phone-1-7"])]
Counter = Annotated[int, Field(ge=1, lt=2**53, description="Counts every operation of the phone from 1, without gaps")]


class Operation(In):
    """Something done offline: what would have been sent over HTTP, and what only the phone knew."""

    key: OwnKey
    counter: Counter
    operation: str = Field(
        min_length=1, max_length=80, pattern=r"^[a-z_]+$", description=f"One of {', '.join(OPERATIONS)}",
        examples=["visits_create"],
    )  # fmt: skip
    record_id: UUID | None = Field(None, description="The `id` in the operation's path, where there is one")
    version: int | None = Field(None, ge=1, lt=2**31, description="The version seen, as If-Match")
    body: dict[str, Any] | None = Field(
        None, description="The operation's own body, with ids made by the phone",
        examples=[{"household_id": SOMEBODY, "device_time": "2017-03-05T09:30:00Z", "place": "家中", "text": "走访"}],
    )  # fmt: skip
    device_time: Moment = Field(description="By the phone's own clock", examples=["2017-03-05T09:30:00+08:00"])
    after: list[Key] = Field([], max_length=20, description="Keys of operations that must have been done first")
    seen: dict[str, Any] | None = Field(None, description="What the phone saw of the record, to tell what differs now")


class Faulty(BaseModel):
    """Any other operation that says which one it is: it alone is refused, and the receipt's `errors` say why."""

    model_config = ConfigDict(extra="allow")

    key: OwnKey
    counter: Counter
    after: ClassVar[tuple[str, ...]] = ()


def _one_by_one(came: Any, judged: ValidatorFunctionWrapHandler) -> Any:
    """What is wrong with an operation spoils the list only where it cannot be told which operation it is."""
    try:
        return judged(came)
    except ValidationError as fault:
        wrong = [e for e in fault.errors(include_url=False) if e["loc"][0] == Faulty.__name__]
        told = [InitErrorDetails(type=e["type"], loc=e["loc"][1:], input=None, ctx=e.get("ctx", {})) for e in wrong]
        raise ValidationError.from_exception_data(Faulty.__name__, told) from fault


Listed = Annotated[Operation | Faulty, Field(union_mode="left_to_right"), WrapValidator(_one_by_one)]
_whole = TypeAdapter[Operation](Json[Operation])


def wrong_with(came: Any) -> list[ErrorDetails]:
    """All that makes an operation a faulty one."""
    try:
        _whole.validate_python(came)
    except ValidationError as fault:
        return fault.errors(include_url=False)
    return []


class Push(In):
    """What a phone hands in. Sent again it changes nothing."""

    device_id: UUID = Field(description="Made once by the phone / 设备标识", examples=[SOMEBODY])
    sent_at: Moment = Field(description="The phone's clock now", examples=["2017-03-20T18:00:00+08:00"])
    operations: list[Listed] = Field(max_length=MANY)


class Wrong(Out):
    """One thing that is wrong with an operation."""

    pointer: str = Field(description="JSON pointer into its body, or to another member of the operation: `/version`")
    code: str
    message: str


class Difference(Out):
    """A record that moved on: the version the phone saw, the one that stands, and what stands in fields that differ."""

    seen: int | None
    stands: int
    fields: dict[str, Any] = Field(description="From what the phone saw, or from what it wants to write")


class ResultOut(Out):
    """What became of one operation."""

    key: str
    counter: int
    result: Result = Field(description="done 已办理, replayed 此前已办理, held 暂缓, refused 未受理, again 稍后重试")
    digest: str = Field(
        description="SHA-256 of the operation as JSON without blanks, keys by code point, hex; half a pair as `\\udxxx`"
    )
    status: int | None = Field(description="What HTTP would have answered; null where it was not tried")
    code: str | None = Field(description="Of the refusal, as in problem details")
    reason: str | None = Field(description="In the reader's language / 原因")
    advice: str | None = Field(description="What its owner can do / 处理建议")
    errors: list[Wrong] | None
    conflict: Difference | None
    record_id: UUID | None
    version: int | None = Field(description="Of the record, once done")
    entry: str | None = Field(description="`<log>/<seq>` of the entry that records it")


class Receipt(Out):
    """What was received from a phone and what became of it; for its owner to keep."""

    v: int
    log: str
    account_id: UUID
    person_id: UUID | None
    device_id: UUID
    sent_at: datetime
    received_at: datetime
    clock_ahead_seconds: int = Field(description="The phone's clock less the service's")
    clock_warning: str | None
    counter: int = Field(description="Everything up to this counter is settled")
    entry: str | None = Field(
        description="`<log>/<seq>` of the entry that records this sync, where it settled anything"
    )
    results: list[ResultOut]
    checkpoint: str | None = Field(description="The newest signed note of the township's log (C2SP tlog-checkpoint)")


class Pushed(Out):
    """The receipt and its signature: that of a C2SP signed note with the text `receipt/v1`, LF, canonical JSON, LF."""

    receipt: Receipt
    signature: str
    key: str = Field(description="The log's public key, as `ledger/{log}/checkpoint` has it")


class PullQuery(BaseModel):
    """From where, and how much at once."""

    model_config = ConfigDict(extra="forbid", str_max_length=1000)

    cursor: str | None = Field(None, max_length=1000, description="`next_cursor` of the pull before / 上次的游标")
    limit: int = Field(500, ge=1, le=1000, description="How many records at the most / 每次最多条数")


class Item(Out):
    """A record that is new or changed: what its own read shows, without what is counted or gathered from others."""

    resource: str = Field(description="Where it is read: `/v1/<resource>/{id}`", examples=["visits"])
    record: dict[str, Any]


class Gone(Out):
    """A record that its reader may not read any more: take it off the phone."""

    resource: str
    id: UUID


class Pulled(Out):
    """What changed since the cursor, in the ledger's order."""

    log: str
    key: str = Field(description="The log's public key, as `ledger/{log}/checkpoint` has it")
    checkpoint: str | None = Field(description="The newest signed note of the township's log (C2SP tlog-checkpoint)")
    now: datetime = Field(description="The service's clock, to set the phone's by")
    anew: bool = Field(description="Drop what earlier pulls brought: this begins from nothing")
    more: bool = Field(description="Go on at once with the next cursor")
    next_cursor: str
    gone: list[Gone]
    items: list[Item]
