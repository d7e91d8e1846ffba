"""Through which door does a case leave?"""

import json
from base64 import b64decode
from uuid import UUID

from fastapi import APIRouter, Response

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
async def hand_over(command: Changing, id: UUID, body: Json[schemas.HandOver]) -> Response:
    """The case as one sealed file that proves itself (article 10); a replay answers with its hash alone / 移交包"""
    answer = await command.run(actions.hand_over, id, body)
    package = json.loads(bytes(answer.body)).get("package")
    if package is None:
        return answer
    headers = {name: answer.headers[name] for name in ("etag", "ledger-entry")}
    headers["content-disposition"] = f'attachment; filename="case-{id}.zip"'
    return Response(b64decode(package), headers=headers, media_type=ZIP)
