"""What goes over the wire about webhooks, and to them?"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field, StringConstraints

from app.events.schemas import EventName
from app.reading import PageQuery
from app.webhooks.rules import State, Told, Why
from app.wire import Create, In, Line, Out, PageOut, RecordOut

Url = Annotated[
    str,
    StringConstraints(min_length=10, max_length=500, pattern=r"^https?://[!-~]+$"),
    Field(examples=["https://county.example/huayuan/events"]),
]
Cursor = Annotated[str, StringConstraints(min_length=1, max_length=2_000, pattern=r"^[A-Za-z0-9_-]+$")]
Log = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{9}$", min_length=9, max_length=9), Field(examples=["411421201"])
]
Events = Annotated[
    list[EventName], Field(max_length=200, description="Only these; none for all / 只推送这些事件,空为全部")
]


class CreateWebhook(Create):
    """Where to tell what happens in the county's townships."""

    url: Url = Field(description="A public https address; it is checked again each time / 公网 https 地址")
    description: Line | None = None
    events: Events = Field([])
    cursor: Cursor | None = Field(
        None, description="`next_cursor` of `GET /v1/events`, from where to tell; from now on without one / 起始游标"
    )


class PatchWebhook(In):
    """What is left out stays as it is."""

    url: Url | MISSING = MISSING
    description: Line | None | MISSING = MISSING
    events: Events | MISSING = MISSING


class RotateSecret(In):
    """How long the secret before goes on signing beside the new one."""

    overlap_hours: int = Field(24, ge=0, le=168, description="0 where it has leaked / 新旧密钥并用的小时数")


class Replay(In):
    """From where to tell once more."""

    cursor: Cursor = Field(description="`next_cursor` of `GET /v1/events` / 重新推送的起始游标")


class WebhookOut(RecordOut):
    """A webhook; `secret` is told once, when it is made."""

    url: str
    description: str | None
    events: list[str]
    state: State
    disabled_because: Why | None
    previous_until: datetime | None = Field(description="Until when the secret before signs too / 旧密钥并用至")
    secret: str | None = Field(None, description="`whsec_…`; shown this time and never again / 仅显示一次")


class WebhookPage(PageOut):
    items: list[WebhookOut]


class DeliveryQuery(PageQuery):
    log: Log | None = None
    state: Told | None = None


class DeliveryOut(Out):
    """What became of telling one entry."""

    township_code: str
    id: UUID
    webhook_id: UUID
    log: str
    seq: int
    event: str
    state: Told
    attempts: int
    first_at: datetime
    last_at: datetime
    delivered_at: datetime | None
    status: int | None = Field(description="HTTP, of the last try / 最近一次的状态码")
    error: str | None = Field(description="Why there was no status / 未得到应答的原因", examples=["timeout"])
    ms: int


class DeliveryPage(PageOut):
    items: list[DeliveryOut]


class EntryTold(Out):
    """The entry as it stands in the ledger; what is disclosed beside it is read at `GET /v1/events`."""

    log: str
    seq: int
    event: str
    subject_id: UUID
    helper_id: UUID | None
    household_id: UUID | None
    happened_at: datetime
    recorded_at: datetime
    leaf_hash: str
    leaf: str


class Message(Out):
    """What is posted to a webhook, by the Standard Webhooks specification: verify it before reading it.

    `webhook-id` is the same at every try: keep it, and let the second have no effect. In each township the messages
    come in the order of its ledger; one that fails holds up those after it.
    """

    type: str = Field(examples=["visit.recorded"])
    timestamp: datetime
    data: EntryTold
