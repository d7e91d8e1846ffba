"""Through which door does a case leave?"""

from io import BytesIO
from uuid import UUID

from fastapi import APIRouter, Request, Response

from app.handovers import actions, schemas
from app.wire import Json
from app.writing import Changing

router = APIRouter(tags=["accountability"])
routers = [router]
ZIP = "application/zip"


@router.post(
    "/cases/{id}/hand-over",
    name="cases_hand_over",
    response_model=schemas.HandedOver,
    responses={200: {"content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}}},
)
async def hand_over(request: Request, command: Changing, id: UUID, body: Json[schemas.HandOver]) -> Response:
    """The case as one sealed file that proves itself (article 10); a replay answers with its hash alone / 移交包"""
    package = BytesIO()
    answer = await command.run(actions.hand_over, request.app.state.storage, package, id, body)
    if "idempotent-replayed" in answer.headers:
        return answer
    headers = {name: answer.headers[name] for name in ("etag", "ledger-entry")}
    headers["content-disposition"] = f'attachment; filename="case-{id}.zip"'
    return Response(package.getvalue(), headers=headers, media_type=ZIP)
