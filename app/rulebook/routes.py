"""Through which doors are rulebooks, policies, interpretations and workflows reached?"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from app.database import as_json
from app.reading import (
    PageQuery,
    Read,
    preferred,
    read_cursor,
    refuse_odd_parameters,
    write_cursor,
)
from app.refusal import NotFound
from app.rulebook import actions, pictures, schemas
from app.wire import Json
from app.workflow import WORKFLOWS, Workflow
from app.writing import Changing, Creating

router = APIRouter(tags=["rules"])
routers = [router]

PUBLIC: dict[str, Any] = {"security": []}
MERMAID, SVG = "text/vnd.mermaid", "image/svg+xml"
PICTURE_TYPES: dict[int | str, dict[str, Any]] = {
    200: {"content": {MERMAID: {"schema": {"type": "string"}}, SVG: {"schema": {"type": "string"}}}}
}


class NoSuchWorkflow(NotFound):
    """There is no such workflow.

    没有该流程。
    """


def as_answer(body: str, **headers: str) -> Response:
    return Response(body, media_type="application/json", headers=headers)


@router.get("/rulebooks", name="rulebooks_list", response_model=schemas.RulebookPage)
async def list_rulebooks(read: Read, query: Annotated[schemas.RulebookQuery, Query()]) -> Response:
    """Rulebooks, side by side / 各项办法"""
    return await actions.list_rulebooks(read, query)


@router.get("/rulebooks/{code}", name="rulebooks_read", response_model=schemas.RulebookOut)
async def read_rulebook(read: Read, code: schemas.RulebookCode) -> Response:
    """A rulebook: articles, grounds, measures, routing / 办法全文与数据"""
    book, edition = await actions.read_rulebook(read, code)
    return as_answer(book, etag=f'"{edition}"')


@router.post("/rulebooks/{code}/assess", name="rulebooks_assess", response_model=schemas.AssessOut)
async def assess(read: Read, code: schemas.RulebookCode, body: Json[schemas.AssessIn]) -> Response:
    """What would follow from these facts; nothing is written / 按所列事实应如何处理(仅试算,不留记录)"""
    return as_answer(as_json(await actions.assess(read, code, body)))


@router.get("/policies", name="policies_list", response_model=schemas.PolicyPage)
async def list_policies(read: Read, query: Annotated[schemas.PolicyQuery, Query()]) -> Response:
    """Where the text is silent: every policy, its value here and its source / 办法未尽事项的约定"""
    return await actions.list_policies(read, query)


@router.get("/policies/{key}", name="policies_read", response_model=schemas.PolicyOut)
async def read_policy(read: Read, key: schemas.Code) -> Response:
    """One policy with the values the township has set / 单项约定及本乡历次取值"""
    found = await actions.read_policy(read, key)
    return as_answer(as_json(found), etag=f'"{found["version"]}"')


@router.patch("/policies/{key}", name="policies_patch", response_model=schemas.PolicyOut)
async def set_policy(command: Changing, key: schemas.Code, body: Json[schemas.SetPolicy]) -> Response:
    """Set the township's own value from a day on / 设定本乡取值"""
    actions.policy_named(key).require_fit(body.value)
    return await command.run(actions.set_policy, key, body)


@router.post(
    "/interpretations", name="interpretations_create", status_code=201, response_model=schemas.InterpretationOut
)
async def interpret(command: Creating, body: Json[schemas.CreateInterpretation]) -> Response:
    """The leading group interprets the text / 领导小组作出解释"""
    return await command.run(actions.interpret, body)


@router.get("/interpretations", name="interpretations_list", response_model=schemas.InterpretationPage)
async def list_interpretations(read: Read, query: Annotated[schemas.InterpretationQuery, Query()]) -> Response:
    """Interpretations / 历次解释"""
    return await read.page(actions.INTERPRETATIONS, query)


@router.get("/interpretations/{id}", name="interpretations_read", response_model=schemas.InterpretationOut)
async def read_interpretation(read: Read, id: UUID) -> Response:
    """One interpretation / 单项解释"""
    return await read.one(actions.INTERPRETATIONS, id)


def head(flow: Workflow) -> dict[str, Any]:
    return {"name": flow.name, "title_zh": flow.title_zh, "resource": flow.resource}


def declaration(flow: Workflow) -> dict[str, Any]:
    moves = [
        {
            "name": move.name,
            "path": move.path,
            "offices": sorted(move.offices),
            "article": move.article,
            "summary": move.summary,
            "summary_zh": move.summary_zh,
        }
        for move in flow.moves
    ]
    final = [state for state in flow.states if state in flow.final]
    states = {"states": flow.states, "states_zh": flow.states_zh, "initial": flow.initial, "final": final}
    return {**head(flow), **states, "moves": moves}


@router.get("/workflows", name="workflows_list", response_model=schemas.WorkflowPage, openapi_extra=PUBLIC)
async def list_workflows(query: Annotated[PageQuery, Query()]) -> Response:
    """Every workflow; no sign-in needed / 各流程(无需登录)"""
    after = read_cursor(query.cursor, str) or ""
    flows = [WORKFLOWS[name] for name in sorted(WORKFLOWS) if name > after]
    page, more = flows[: query.limit], len(flows) > query.limit
    cursor = write_cursor(page[-1].name) if more else None
    return as_answer(as_json({"items": [head(flow) for flow in page], "next_cursor": cursor}))


@router.get(
    "/workflows/{name}", name="workflows_read", response_model=schemas.WorkflowDeclaration, responses=PICTURE_TYPES,
    openapi_extra=PUBLIC,
)  # fmt: skip
async def read_workflow(request: Request, name: schemas.Code) -> Response:
    """A workflow as JSON, Mermaid or a picture; no sign-in needed / 单个流程:数据、Mermaid 或图(无需登录)"""
    refuse_odd_parameters(request)
    if (flow := WORKFLOWS.get(name)) is None:
        raise NoSuchWorkflow
    match kind := preferred(request, ("application/json", MERMAID, SVG)):
        case "application/json":
            body = as_json(declaration(flow))
        case "text/vnd.mermaid":
            body = pictures.mermaid(flow)
        case _:
            body = pictures.svg(flow)
    return Response(body, media_type=kind, headers={"vary": "accept", "cache-control": "public, max-age=300"})
