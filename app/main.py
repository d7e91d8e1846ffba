"""How is it all joined? create_app(); nobody imports this but the server, the command line and the tests."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp

from app import contract, migrations, pages, problems
from app.access import Tokens
from app.accounts import routes as accounts
from app.admission import Admission, Gate, Places
from app.attachments import routes as attachments
from app.cases import routes as cases
from app.database import Database, address, as_json, for_files, for_sheets
from app.doors import Doors
from app.duties import routes as duties
from app.evaluations import routes as evaluations
from app.events import routes as events
from app.events.actions import Watch
from app.findings import routes as findings
from app.handovers import routes as handovers
from app.households import routes as households
from app.imports import routes as imports
from app.inspections import routes as inspections
from app.issuer import Issuer
from app.ledger import routes as ledger
from app.longsheets import actions as longsheets  # noqa: F401  (declares what the worker does)
from app.notices import routes as notices
from app.objections import routes as objections
from app.papers import routes as papers
from app.people import routes as people
from app.places import routes as places
from app.press import Press
from app.refusal import Unavailable
from app.rulebook import routes as rulebook
from app.scores import routes as scores
from app.sessions import routes as sessions
from app.settings import Settings
from app.signoffs import routes as signoffs
from app.standby import Standby
from app.storage import Storage
from app.sync import routes as sync
from app.telemetry import Metrics, Telemetry
from app.vault import Vault
from app.webhooks import routes as webhooks
from app.wire import Body
from app.work import routes as work

FEATURES = (
    accounts,
    attachments,
    cases,
    duties,
    evaluations,
    events,
    findings,
    handovers,
    households,
    imports,
    inspections,
    ledger,
    notices,
    objections,
    papers,
    people,
    places,
    rulebook,
    scores,
    sessions,
    signoffs,
    sync,
    webhooks,
    work,
)  # fmt: skip
ROOT = Path(__file__).parent.parent
DESCRIPTION = """\
花园乡精准脱贫工作考核及责任追究办法(试行)的 JSON 接口。The regulation of a township's poverty relief work as an API.

Every change answers with `Ledger-Entry`; every workflow action needs `If-Match`; every refusal is an RFC 9457 problem,
whose `type` is the address of a page that explains it.

登录:`POST /v1/oauth/token`,把 `access_token` 填入 Authorize。Sign in there and put the `access_token` into Authorize.
"""
TAGS = {
    "sign-in": "登录、账号与待办", "places": "县、乡、村", "people": "人员、任职与单位",
    "households": "贫困户与结对帮扶", "work": "帮扶计划、走访、要求、会议、表册与公示",
    "attachments": "照片与扫描件",
    "monthly check": "当月抽查", "quarter": "季度考核",
    "signoffs": "签字确认", "year end": "年终考核评价", "accountability": "问题线索、案件、通报与异议",
    "rules": "办法、约定、解释与流程", "ledger": "台账与证明", "sync": "离线补报与同步",
    "imports": "表格导入", "exchange": "与县级系统交换",
}  # fmt: skip
"""The document's parts, in the order of the year, with what they are called in Chinese."""
DEMO_NOTICE = "**演示数据 / demonstration data**:村名真实,人员与事件均为虚构,办法所属县为假定。\n\n"
"""What the document of a demonstration says before anything else."""


POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " worker-src 'self' blob:; frame-ancestors 'none'"
)


class Api(FastAPI):
    """FastAPI whose document names every error each operation can give, and all of whose requests are counted."""

    def build_middleware_stack(self) -> ASGIApp:
        """Telemetry stands outside even of what answers for our own mistakes."""
        return Telemetry(super().build_middleware_stack(), self.state.metrics)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = contract.by_feature(contract.document(super().openapi()))
        return self.openapi_schema

    @cached_property
    def document(self) -> tuple[bytes, str]:
        """The same as it goes out, and its tag: over a megabyte, which anybody may ask for."""
        text = as_json(self.openapi()).encode()
        return text, f'"{sha256(text).hexdigest()[:16]}"'


def create_app(settings: Settings) -> FastAPI:
    """The service on the database that the settings name."""
    vault = Vault(settings.master_secret, *settings.token_masters)

    @asynccontextmanager
    async def lifespan(api: Api) -> AsyncIterator[None]:
        migrations.known()  # read now, not while a request waits
        api.state.storage = Storage(settings)
        api.state.database = Database(address(settings), settings.pool_size)
        api.state.files, api.state.sheets = for_files(address(settings)), for_sheets(address(settings))
        pools: list[Database] = [api.state.database, api.state.files, api.state.sheets]
        for pool in pools:
            await pool.open()
        standby = stand_by(api, settings)
        api.state.watch = Watch(api.state.recent)
        if settings.profile == "production":
            await refuse_a_moved_clock(api.state.database)
        assert api.document  # made now: two hundred operations take over a second, and nobody should wait for it
        gc.collect()
        gc.freeze()
        yield
        if standby:
            await standby.close()
        for pool in reversed(pools):
            await pool.close()
        api.state.press.close()

    api = Api(
        title="花园 Huayuan",
        version="0.1.0",
        description=DEMO_NOTICE + DESCRIPTION if settings.profile == "demo" else DESCRIPTION,
        webhooks=webhooks.told,
        openapi_tags=[{"name": name, "description": zh} for name, zh in TAGS.items()],
        lifespan=lifespan,
        redirect_slashes=False,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=operation_id,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # FastAPI's own tells paths, which name somebody
    )
    api.state.settings, api.state.vault = settings, vault
    api.state.tokens, api.state.issuer, api.state.metrics = Tokens(settings, vault), Issuer.of(settings), Metrics()
    api.state.places, api.state.acquainted = Places(settings.requests_at_once), {}
    api.state.press = Press(settings.fonts)
    api.router.middleware_stack = Doors(api, doors(*FEATURES))
    api.state.doors = [route for feature in FEATURES for router in feature.routers for route in router.routes]
    problems.install(api)
    pages.serve(api)
    serve_docs(api)
    tokens = lambda: api.state.tokens  # noqa: E731
    api.add_middleware(Admission)  # the last one added is the outermost
    api.add_middleware(problems.Guard, tokens=tokens, bodies=bodies(*FEATURES))
    api.add_middleware(Gate, tokens=tokens, places=api.state.places, per_second=settings.requests_per_second)

    @api.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @api.get("/readyz", include_in_schema=False)
    async def readyz(request: Request) -> Response:
        try:
            async with request.app.state.database.transaction(readonly=True) as transaction:
                standing = await transaction.call(migrations.STANDING)
        except asyncpg.PostgresError as error:
            raise Unavailable from error
        if obstacle := migrations.obstacle(standing):
            raise obstacle
        return Response(f'{{"status":"ok","migration":"{standing[0]}"}}', media_type="application/json")

    @api.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        state = request.app.state
        gauges = state.database.gauges("database") | state.files.gauges("file") | state.sheets.gauges("sheet")
        gauges |= state.places.gauges()
        gauges |= {"standby_is_read": int(state.standby is not None and state.standby.is_there)}
        return Response(state.metrics.text(gauges), media_type="text/plain; version=0.0.4")

    return api


def stand_by(api: FastAPI, settings: Settings) -> Standby | None:
    """Of what is read that may be a moment old: of a standby where one is named."""
    state, standby = api.state, None
    state.recent, state.recent_files = state.database, state.files
    if settings.standby_url:
        of = (settings.standby_url, settings.standby_seconds, settings.pool_size)
        standby = Standby(*of, state.database, state.files)
        state.recent, state.recent_files = standby.recent, standby.files
    state.standby = standby
    return standby


class ClockWasMoved(RuntimeError):
    """This database was a demonstration's: its clock of domain dates was moved, so production must not use it."""


async def refuse_a_moved_clock(database: Database) -> None:
    async with database.transaction(readonly=True) as transaction:
        if await transaction.call("select exists (select from clock)"):
            raise ClockWasMoved


def doors(*features: Any) -> dict[str, APIRouter]:
    """The features' routes, sorted by the first segment of their paths."""
    by_segment: dict[str, APIRouter] = {}
    for route in (r for feature in features for router in feature.routers for r in router.routes):
        by_segment.setdefault(route.path.split("/")[1], APIRouter()).routes.append(route)
    return by_segment


def bodies(*features: Any) -> dict[str, Body]:
    """What operations take as bodies where it is not the usual JSON, by `METHOD /v1/path`."""
    named = (getattr(feature, "bodies", {}) for feature in features)
    return {door.replace(" ", " /v1", 1): body for own in named for door, body in own.items()}


def serve_docs(api: Api) -> None:
    """Pages made from the document, with scripts and styles of our own: a township's net may reach nothing else."""
    assets = "/docs/assets"
    api.mount(assets, StaticFiles(packages=[("fastapi_offline", "static")]))

    @api.get("/", include_in_schema=False)
    async def front() -> Response:
        return RedirectResponse("/docs")

    @api.api_route("/openapi.json", methods=["GET", "HEAD"], include_in_schema=False)
    async def document(request: Request) -> Response:
        text, tag = api.document
        known = tag in request.headers.get("if-none-match", "")  # or W/, as a proxy that compresses says
        headers = {"etag": tag, "cache-control": "no-cache"}
        return Response(b"" if known else text, 304 if known else 200, headers, "application/json")

    @api.get("/docs", include_in_schema=False)
    async def swagger() -> Response:
        page = get_swagger_ui_html(
            openapi_url="/openapi.json",
            title=api.title,
            swagger_js_url=f"{assets}/swagger-ui-bundle.js",
            swagger_css_url=f"{assets}/swagger-ui.css",
            swagger_favicon_url=f"{assets}/favicon.png",
            swagger_ui_parameters={"filter": True, "defaultModelsExpandDepth": -1},
        )
        return _shut(page)

    @api.get("/redoc", include_in_schema=False)
    async def redoc() -> Response:
        page = get_redoc_html(
            openapi_url="/openapi.json",
            title=api.title,
            redoc_js_url=f"{assets}/redoc.standalone.js",
            redoc_favicon_url=f"{assets}/favicon.png",
            with_google_fonts=False,
        )
        return _shut(page)


def _shut(page: Response) -> Response:
    """The page, which its reader's browser keeps from asking any other server: Redoc would, for a logo."""
    page.headers["content-security-policy"] = POLICY
    return page


def operation_id(route: APIRoute) -> str:
    return route.name


def application() -> FastAPI:
    """For uvicorn: settings from the environment."""
    return create_app(Settings())
