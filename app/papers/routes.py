"""Through which doors does the township get its papers and charts?"""

import json
from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from app.papers import actions, pictures, rules, schemas
from app.papers.tables import PACKAGES, PUBLISHED, QUARTERS, SHEETS, TALKS
from app.press import Press
from app.reading import Read, preferred
from app.wire import JSON

router = APIRouter()
routers = [router]
PDF, ZIP, SVG = "application/pdf", "application/zip", "image/svg+xml"
BINARY = {"schema": {"type": "string", "format": "binary"}}
PAPER: dict[str, Any] = {
    "response_class": Response,
    "responses": {
        200: {"content": {PDF: BINARY}},
        409: {"description": "Nothing to print yet, or a character that no font here has"},
    },
}
PICTURE: dict[int | str, dict[str, Any]] = {200: {"content": {SVG: {"schema": {"type": "string"}}}}}


async def press(request: Request) -> Press:
    """FastAPI dependency: what sets pages."""
    found: Press = request.app.state.press
    return found


Printing = Annotated[Press, Depends(press)]


async def _printed(press: Press, name: str, title: str, paper: rules.Json, *, form: bool = True) -> Response:
    made = await press.pdf(rules.document(title, paper, form=form))
    return Response(made, media_type=PDF, headers={"content-disposition": f'inline; filename="{name}.pdf"'})


@router.get("/signoffs/{id}/sheet", name="signoffs_sheet", tags=["signoffs"], **PAPER)
async def signoff_sheet(press: Printing, read: Read, id: UUID) -> Response:
    """The sign-off sheet: four signatures with method, moment and hash (R5.5) / 签字确认表(PDF)"""
    found = await read.find(SHEETS, id)
    return await _printed(press, f"signoff-{id}", "签字确认表", rules.sheet(found.row))


@router.get("/notices/{id}/document", name="notices_document", tags=["accountability"], **PAPER)
async def notice_document(press: Printing, read: Read, id: UUID) -> Response:
    """The notice as published, in the layout of official documents / 通报(PDF)"""
    found = await read.find(PUBLISHED, id)
    return await _printed(press, f"notice-{id}", "通报", rules.notice(found.row), form=False)


@router.get("/cases/{id}/talk-record", name="cases_talk_record", tags=["accountability"], **PAPER)
async def talk_record(press: Printing, read: Read, id: UUID) -> Response:
    """The record of the admonition talk (article 9(3)) / 诫勉谈话记录(PDF)"""
    found = await read.find(TALKS, id)
    return await _printed(press, f"talk-{id}", "诫勉谈话记录", rules.talk(found.row))


@router.get("/quarterly-rounds/{id}/summary", name="quarterly_rounds_summary", tags=["quarter"], **PAPER)
async def quarterly_summary(press: Printing, read: Read, id: UUID) -> Response:
    """The quarter's summary as reported to the leading group (article 6(2)) / 季度考核汇总表(PDF)"""
    found = await read.find(QUARTERS, id)
    return await _printed(press, f"quarter-{id}", "季度考核汇总表", rules.quarter(found.row))


@router.get(
    "/year-end-submissions/{id}/package",
    name="year_end_submissions_package",
    tags=["year end"],
    response_class=Response,
    responses={**PAPER["responses"], 200: {"content": {ZIP: BINARY}}},
)
async def package(press: Printing, read: Read, id: UUID) -> Response:
    """Everything of the year for the Party committee, as one file (article 5, G8) / 年底汇总材料包(ZIP)"""
    found = await read.find(PACKAGES, id)
    made = await press.work(actions.package, press, found.row)
    headers = {"content-disposition": f'attachment; filename="year-end-{id}.zip"'}
    return Response(made, media_type=ZIP, headers=headers)


Year = Annotated[schemas.ChartQuery, Query()]


async def _chart(request: Request, read: Read, query: Year, draw: Callable[[Any], str]) -> Response:
    """The figures, or their picture for whoever prefers one. Raises what `actions.chart` raises."""
    kind = preferred(request, (JSON, SVG))
    told = await actions.chart(read, draw.__name__, query)
    return Response(draw(json.loads(told)) if kind == SVG else told, media_type=kind, headers={"vary": "accept"})


@router.get("/charts/draw-coverage", name="charts_draw_coverage", tags=["monthly check"],
            response_model=schemas.DrawCoverageOut, responses=PICTURE)  # fmt: skip
async def draw_coverage(request: Request, read: Read, query: Year) -> Response:
    """Who was drawn in which months, and the months missed / 当月抽查覆盖情况(数据或图)"""
    return await _chart(request, read, query, pictures.draw_coverage)


@router.get("/charts/signoff-progress", name="charts_signoff_progress", tags=["signoffs"],
            response_model=schemas.SignoffProgressOut, responses=PICTURE)  # fmt: skip
async def signoff_progress(request: Request, read: Read, query: Year) -> Response:
    """How far each village's sign-offs have come / 签字确认进度(数据或图)"""
    return await _chart(request, read, query, pictures.signoff_progress)


@router.get("/charts/quarter-distribution", name="charts_quarter_distribution", tags=["quarter"],
            response_model=schemas.QuarterDistributionOut, responses=PICTURE)  # fmt: skip
async def quarter_distribution(request: Request, read: Read, query: Year) -> Response:
    """Assessed or not, and by which methods, quarter by quarter; no points / 季度考核分布(数据或图)"""
    return await _chart(request, read, query, pictures.quarter_distribution)
