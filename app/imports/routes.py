"""Through which doors are sheets handed in, and what is wrong with them read?"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from app.imports import actions, rules, schemas
from app.intake.rules import FIELDS, REQUIRED, Kind, called
from app.reading import ReadImports, preferred
from app.sheets import CSV, XLSX
from app.wire import Body
from app.writing import Changing, Creating

imports = APIRouter(tags=["imports"])
routers = [imports]

bodies = {"POST /imports": Body(limit=rules.LARGEST, media=(CSV, XLSX), seconds=60, is_file=True)}
FILE = {"schema": {"type": "string", "format": "binary"}}


def _columns(kind: Kind) -> str:
    named = "、".join(f"{called(of)}*" if of in REQUIRED[kind] else called(of) for of in FIELDS[kind])
    return f"- `{kind}`: {named}"


ABOUT = """The sheet; of a workbook the first one that is shown / 表格文件;工作簿只读第一张可见的工作表

Its columns, with * where required; docs/sheets.md has other headings, and what they may say / 各列(*为必填):

"""
UPLOAD = {
    "requestBody": {
        "required": True,
        "description": ABOUT + "\n".join(map(_columns, Kind)),
        "content": {
            CSV: {**FILE, "example": "姓名,人员类别\r\n李建国,机关干部\r\n"},
            XLSX: FILE,
        },
    }
}
WORKBOOK = {"content": {XLSX: FILE}}


@imports.post(
    "/imports", name="imports_create", status_code=201, response_model=schemas.ImportOut, openapi_extra=UPLOAD
)
async def create(command: Creating, request: Request, query: Annotated[schemas.ImportQuery, Query()]) -> Response:
    """Hand in a sheet: it is checked, and imported if dry_run is false / 提交表格导入(默认只检查)

    CSV in UTF-8 or GB18030, or an XLSX workbook, of 16 MiB at most. Up to 5,000 rows are answered for at once; more,
    which only mode=independent takes, the worker reads, checks and imports while the record tells how far it is.
    """
    await command.check_sender(rules.SENDERS)
    received = await run_in_threadpool(actions.read, query, request.state.upload)
    return await command.on(request.app.state.sheets).run(actions.receive, received)


@imports.get("/imports", name="imports_list", response_model=schemas.ImportPage)
async def list_imports(read: ReadImports, query: Annotated[schemas.ImportsQuery, Query()]) -> Response:
    """Sheets that were handed in / 表格导入记录"""
    return await read.page(actions.IMPORTS, query)


@imports.get("/imports/{id}", name="imports_read", response_model=schemas.ImportOut)
async def read_import(read: ReadImports, id: UUID) -> Response:
    """One sheet, and how far it has got / 表格导入及其进度"""
    return await read.one(actions.IMPORTS, id)


@imports.get(
    "/imports/{id}/report", name="imports_report", response_model=schemas.ReportPage, responses={200: WORKBOOK}
)
async def report(
    request: Request, read: ReadImports, id: UUID, query: Annotated[schemas.ReportQuery, Query()]
) -> Response:
    """Row by row what is wrong; as a workbook the sheet with the reasons / 逐行结果(可取回带原因的表格)"""
    if preferred(request, ("application/json", XLSX)) != XLSX:
        return await actions.report(read, id, query)
    file = await actions.workbook(read, request.app.state.vault, id)
    return StreamingResponse(iter(lambda: file.read(1 << 16), b""), media_type=XLSX)


@imports.post("/imports/{id}/carry-out", name="imports_carry_out", response_model=schemas.ImportOut)
async def carry_out(request: Request, command: Changing, id: UUID) -> Response:
    """Import what was checked / 执行导入"""
    return await command.on(request.app.state.sheets).run(actions.carry_out, id)


@imports.post("/imports/{id}/cancel", name="imports_cancel", response_model=schemas.ImportOut)
async def cancel(command: Changing, id: UUID) -> Response:
    """Import nothing more of it / 取消导入"""
    return await command.run(actions.cancel, id)
