"""Through which doors are webhooks set up and watched?"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response

from app.reading import PageQuery, Read
from app.webhooks import actions, schemas
from app.wire import Json
from app.writing import Changing, Creating

exchange = APIRouter(tags=["exchange"])
routers = [exchange]
told = APIRouter(tags=["exchange"])
"""What is posted to others: it stands in the document, and nobody asks for it here."""


@told.post("entry", name="webhooks_entry", operation_id="webhooks_entry", status_code=204)
async def entry(
    body: schemas.Message,
    webhook_id: Annotated[str, Header(description="The same at every try / 每次重试相同", examples=["411421201-17"])],
    webhook_timestamp: Annotated[int, Header(description="Of this try, in seconds / 本次发送时间")],
    webhook_signature: Annotated[str, Header(description="`v1,<base64>`, several apart by blanks / 签名")],
) -> None:
    """An entry of a ledger is told, by Standard Webhooks / 推送一条台账事件"""


def _allowed(request: Request) -> frozenset[str]:
    allowed: frozenset[str] = request.app.state.settings.webhooks_allowed
    return allowed


@exchange.post("/webhooks", name="webhooks_create", status_code=201, response_model=schemas.WebhookOut)
async def create_webhook(request: Request, command: Creating, body: Json[schemas.CreateWebhook]) -> Response:
    """Have a system told what happens, by Standard Webhooks; `secret` is shown this once / 设置事件推送"""
    return await command.run(actions.create_webhook, _allowed(request), body)


@exchange.get("/webhooks", name="webhooks_list", response_model=schemas.WebhookPage)
async def list_webhooks(read: Read, query: Annotated[PageQuery, Query()]) -> Response:
    """Webhooks of the county / 事件推送"""
    return await read.page(actions.WEBHOOKS, query)


@exchange.get("/webhooks/{id}", name="webhooks_read", response_model=schemas.WebhookOut)
async def read_webhook(read: Read, id: UUID) -> Response:
    """One webhook / 事件推送"""
    return await read.one(actions.WEBHOOKS, id)


@exchange.patch("/webhooks/{id}", name="webhooks_patch", response_model=schemas.WebhookOut)
async def patch_webhook(request: Request, command: Changing, id: UUID, body: Json[schemas.PatchWebhook]) -> Response:
    """Another address, other events / 修改推送地址或事件"""
    return await command.run(actions.patch_webhook, id, _allowed(request), body)


@exchange.post("/webhooks/{id}/rotate-secret", name="webhooks_rotate_secret", response_model=schemas.WebhookOut)
async def rotate_secret(command: Changing, id: UUID, body: Json[schemas.RotateSecret]) -> Response:
    """A new secret, shown this once; the one before signs beside it for a while / 更换签名密钥"""
    return await command.run(actions.rotate_secret, id, body)


@exchange.post("/webhooks/{id}/disable", name="webhooks_disable", response_model=schemas.WebhookOut)
async def disable_webhook(command: Changing, id: UUID) -> Response:
    """Tell it nothing; what happens meanwhile waits / 停用推送"""
    return await command.run(actions.disable_webhook, id)


@exchange.post("/webhooks/{id}/enable", name="webhooks_enable", response_model=schemas.WebhookOut)
async def enable_webhook(command: Changing, id: UUID) -> Response:
    """Go on where it stood, at once / 启用推送"""
    return await command.run(actions.enable_webhook, id)


@exchange.post("/webhooks/{id}/replay", name="webhooks_replay", response_model=schemas.WebhookOut)
async def replay(command: Changing, id: UUID, body: Json[schemas.Replay]) -> Response:
    """Tell everything from a cursor of the feed on once more / 从指定位置重新推送"""
    return await command.run(actions.replay, id, body)


@exchange.get("/webhooks/{id}/deliveries", name="webhooks_deliveries", response_model=schemas.DeliveryPage)
async def list_deliveries(read: Read, id: UUID, query: Annotated[schemas.DeliveryQuery, Query()]) -> Response:
    """What became of telling it each entry / 推送记录"""
    return await read.page(actions.DELIVERIES, query, (actions.WEBHOOKS, id), webhook_id=id)


@exchange.post(
    "/webhooks/{id}/deliveries/{member_id}/replay", name="webhooks_replay_delivery", response_model=schemas.WebhookOut
)
async def replay_delivery(command: Changing, id: UUID, member_id: UUID) -> Response:
    """Tell one entry once more, out of turn / 重新推送一条"""
    return await command.run(actions.replay_delivery, id, member_id)
