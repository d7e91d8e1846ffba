"""Through which doors do files come in and go out?"""

from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import StreamingResponse

from app.attachments import actions, schemas
from app.attachments.rules import AT_ONCE, LIMIT, PART, MediaType
from app.reading import Read, preferred
from app.wire import Body, Json
from app.writing import Changing, Creating

attachments = APIRouter(tags=["attachments"])
routers = [attachments]
BYTES = "application/octet-stream"
BINARY = {"schema": {"type": "string", "format": "binary"}}
bodies = {
    "POST /attachments": Body(limit=4 * AT_ONCE // 3 + 4096, seconds=30),
    "POST /attachments/{id}/parts": Body(limit=PART, media=(BYTES,), seconds=60, is_file=True),
}
FILE = {media.value: BINARY for media in MediaType}


@attachments.post("/attachments", name="attachments_create", status_code=201, response_model=schemas.AttachmentOut)
async def create_attachment(request: Request, command: Creating, body: Json[schemas.CreateAttachment]) -> Response:
    """Declare a file that will come in parts, or send a small one at once / 登记或直接上传附件"""
    kept = await actions.keep_content(request.app.state.storage, command, body)
    return await command.run(actions.create, kept, body)


@attachments.get("/attachments", name="attachments_list", response_model=schemas.AttachmentPage)
async def list_attachments(read: Read, query: Annotated[schemas.AttachmentQuery, Query()]) -> Response:
    """Attachments / 附件"""
    return await read.page(actions.ATTACHMENTS, query)


@attachments.get("/attachments/{id}", name="attachments_read", response_model=schemas.AttachmentOut)
async def read_attachment(read: Read, id: UUID) -> Response:
    """One attachment, and how far its upload has come / 附件及上传进度"""
    return await read.one(actions.ATTACHMENTS, id)


@attachments.post(
    "/attachments/{id}/parts",
    name="attachments_send_part",
    response_model=schemas.ArrivedOut,
    openapi_extra={"requestBody": {"content": {BYTES: BINARY}}},
)
async def send_part(
    request: Request, read: Read, command: Creating, id: UUID, offset: Annotated[int, Query(ge=0, lt=LIMIT)]
) -> Response:
    """Send the bytes from an offset on, up to 1 MiB, in any order; the same again changes nothing / 上传分段"""
    part = await actions.keep_part(read, request.app.state.storage, id, offset, request.state.upload)
    return await command.run(actions.receive, id, part)


@attachments.post("/attachments/{id}/complete", name="attachments_complete", response_model=schemas.AttachmentOut)
async def complete(request: Request, read: Read, command: Changing, id: UUID) -> Response:
    """All parts are there: check size, SHA-256 and kind, and keep the file / 完成上传"""
    whole = await actions.assemble(read, request.app.state.storage, id)
    return await command.run(actions.complete, id, whole)


@attachments.get(
    "/attachments/{id}/content",
    name="attachments_content",
    response_class=StreamingResponse,
    responses={200: {"content": FILE}, 206: {"description": "The bytes that `Range` asked for", "content": FILE}},
)
async def read_content(request: Request, read: Read, id: UUID) -> Response:
    """The file; of `Range` one interval, `ETag` is its SHA-256 / 下载附件"""
    found = await read.find(actions.ATTACHMENTS, id)
    row, media = found.row, preferred(request, [found.row["media_type"]])
    file = await actions.content(request.app.state.storage, found, request.headers.get("range"))
    whole = file.end - file.first == row["size"]
    headers = {
        "etag": f'"{row["sha256"]}"', "accept-ranges": "bytes", "content-length": str(file.end - file.first),
        "content-disposition": f"attachment; filename*=UTF-8''{quote(row['file_name'], safe='')}",
        "x-content-type-options": "nosniff",
    }  # fmt: skip
    if not whole:
        headers["content-range"] = f"bytes {file.first}-{file.end - 1}/{row['size']}"
    return StreamingResponse(file.pieces, 200 if whole else 206, headers, media)
