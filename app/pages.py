"""What does a problem type mean, which operations answer it, what is to be done? Pages at `/problems/`, also as JSON.

Which operations answer a refusal is read from the code: an operation answers what its door's code can reach and its
document has a status for. That is no more than may happen; tests/conftest.py holds that nothing else does.
"""

import ast
import inspect
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from enum import EnumType
from functools import cache, cached_property
from html import escape
from types import CodeType, FunctionType, MethodType, ModuleType, NoneType
from typing import Any, get_args

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel
from sqlalchemy import ClauseElement

from app import admission, problems
from app import refusal as kinds
from app.problems import PAGES, STATUS, NoSuchPage, render, status_of
from app.reading import preferred
from app.refusal import Refusal, TooManyRequests, every
from app.workflow import WORKFLOWS, Workflow
from app.writing import DECLARED, StillInFlight

OUTSIDE = (admission.Gate, problems.Guard, admission.Admission, problems.refusal_of)
"""What stands before every operation."""
EVERYWHERE = {"en": "every operation", "zh-CN": "各接口通用"}
NOWHERE = {
    "en": "No operation of the document: other addresses of the service, or the name of a whole kind of problems.",
    "zh-CN": "不属于文档中的接口:见于本服务的其他地址,或为一类问题的总称。",
}
THE_RECORD = (
    "Read the record again: `state` and `actions` say what is possible now. Sent as it is, it is refused again.",
    "请重新读取记录:`state` 与 `actions` 说明现在可办什么。记录未变之前,重发同一请求无济于事。",
)
ADVICE: dict[type[Refusal], tuple[str, str]] = {
    kinds.Malformed: (
        "Send JSON in UTF-8 (or the form that the operation takes), each key once.",
        "请以 UTF-8 编码发送 JSON(或该接口规定的表单),同一键只写一次。",
    ),
    kinds.Unauthenticated: (
        "Get a token at `POST /v1/oauth/token` and send it as `Authorization: Bearer …`; a token lasts ten minutes.",
        "请到 `POST /v1/oauth/token` 取得令牌,以 `Authorization: Bearer …` 发送;令牌默认十分钟有效。",
    ),
    kinds.Forbidden: (
        "Whoever the title names can do it, or you in the way it names. Sent by you as it is, it is refused again.",
        "须由标题所述的人员办理,或按其所述的方式办理。由您原样重发必被再次拒绝。",
    ),
    kinds.NotFound: (
        "Check the id, and whether this account may see the record: what may not be read seems not there.",
        "请核对 id,并确认本账号有权查看:无权查看与不存在的记录,答复相同。",
    ),
    kinds.NotAcceptable: (
        "Ask in `Accept` for one of the media types that the document names.",
        "请在 `Accept` 中选用文档所列的格式。",
    ),
    kinds.TooSlow: (
        "Send the same request again, in smaller parts or over a better line.",
        "请在网络较好时重发同一请求,或分小份发送。",
    ),
    kinds.Conflict: (
        "Correct what the title names in what you send, or do first what it asks for. The same is refused again.",
        "请按标题所述改正所发内容,或先办妥其所要求的事项。原样重发必被再次拒绝。",
    ),
    kinds.WrongState: THE_RECORD,
    problems.AlreadyOnRecord: (
        "Look for it in its list: what is on record need not be made again.",
        "请在相应列表中查找:已登记的无须重复登记。",
    ),
    problems.ReferenceMissing: (
        "Check every id in what you send: each must be that of a record of this township.",
        "请逐一核对所发内容中的各个 id:均须为本乡已有的记录。",
    ),
    StillInFlight: (
        "After `Retry-After` seconds send the same request under the same `Idempotency-Key`: it is done once.",
        "请在 `Retry-After` 所示秒数之后,以同一 `Idempotency-Key` 重发同一请求,不会重复办理。",
    ),
    kinds.VersionStale: (
        "Read the record again, look at what has changed, and send its new `ETag` in `If-Match`.",
        "请重新读取记录,核对变更内容,再以新的 `ETag` 作为 `If-Match` 发送。",
    ),
    kinds.TooLarge: ("Send less at once.", "请分次发送较小的内容。"),
    kinds.UnsupportedMediaType: (
        "Send the `Content-Type` that the document names, mostly `application/json`.",
        "请使用文档规定的 `Content-Type`,一般为 `application/json`。",
    ),
    kinds.Invalid: (
        "Put right what `errors` names: `pointer` says where. The same request will always be refused.",
        "请按 `errors` 改正,`pointer` 指明位置。原样重发必被再次拒绝。",
    ),
    kinds.VersionRequired: (
        'Read the record and send its `ETag`, e.g. `If-Match: "3"`.',
        '请先读取记录,把其 `ETag` 放入请求头,如 `If-Match: "3"`。',
    ),
    kinds.TooManyRequests: (
        "Wait as many seconds as `Retry-After` says, then send the same request under the same `Idempotency-Key`.",
        "请等待 `Retry-After` 所示秒数,再以同一 `Idempotency-Key` 重发同一请求。",
    ),
    kinds.Unavailable: (
        "After `Retry-After` seconds send the same request under the same `Idempotency-Key`: it is done once.",
        "请在 `Retry-After` 所示秒数之后,以同一 `Idempotency-Key` 重发同一请求,不会重复办理。",
    ),
    problems.MethodNotAllowed: ("`Allow` names the methods.", "响应头 `Allow` 列明可用的方法。"),
    problems.ServiceFailed: (
        "Tell whoever runs the service the `request_id`; the same request may be sent again.",
        "请把 `request_id` 告知系统运维人员;同一请求可以重发。",
    ),
}

OF_A_RECORD: dict[type[Refusal], tuple[str, str]] = {
    kinds.Conflict: THE_RECORD,
    kinds.Forbidden: (
        "Somebody else must do it. A single read of the record lists in `actions` what you may do, and who is awaited.",
        "须由他人办理。读取该记录,`actions` 列明您现在可办的事项及正在等待何人。",
    ),
}
"""The same where a record's workflow guards against it, so that its `actions` tell it beforehand."""


@dataclass(frozen=True)
class Operation:
    """One operation of the document, with the function that is its door."""

    id: str
    method: str
    path: str
    summary: str
    statuses: frozenset[int]
    door: Callable[..., Any]


class Pages:
    """All problem types of a service, made when the first is asked for."""

    def __init__(self, api: FastAPI) -> None:
        self._api = api

    @cached_property
    def kinds(self) -> dict[str, type[Refusal]]:
        """By code. One that has no status is told in another way: RFC 6749's."""
        answered = (
            k for k in every(Refusal) if k.__module__.startswith("app.") and not STATUS.keys().isdisjoint(k.__mro__)
        )
        return {kind.code(): kind for kind in answered}

    @cached_property
    def operations(self) -> list[Operation]:
        doors = {route.name: route.endpoint for route in self._api.state.doors}
        return [
            Operation(
                told["operationId"], method.upper(), path, told["summary"],
                frozenset(map(int, told["responses"])), doors[told["operationId"]],
            )
            for path, item in self._api.openapi()["paths"].items()
            for method, told in item.items()
        ]  # fmt: skip

    @cached_property
    def tags(self) -> dict[str, str]:
        return {tag["name"]: tag["description"] for tag in self._api.openapi()["tags"]}

    @cached_property
    def code(self) -> "Code":
        return Code(*OUTSIDE, *(operation.door for operation in self.operations))

    def answering(self, kind: type[Refusal]) -> list[Operation]:
        """The operations whose code, or what stands before all, comes to it, and that document its status."""
        leading = {id(thing) for thing in self.code.leading_to(kind)}
        everywhere = not leading.isdisjoint(map(id, OUTSIDE))
        return [o for o in self.operations if status_of(kind) in o.statuses and (everywhere or id(o.door) in leading)]

    def advice(self, kind: type[Refusal]) -> tuple[str, str]:
        """What to do about it, in English and in Chinese: its own, or that of its kind."""
        guards = {id(guard) for flow in WORKFLOWS.values() for move in flow.moves for guard in move.guards}
        guarded = any(id(thing) in guards for thing in self.code.leading_to(kind))
        told = ADVICE | OF_A_RECORD if guarded else ADVICE
        return kind.advice or next(told[base] for base in kind.__mro__ if base in told)

    def area(self, kind: type[Refusal]) -> dict[str, str]:
        """The part of the document that the feature serves which this refusal belongs to."""
        doors = f"{kind.__module__.rpartition('.')[0]}.routes"
        tag = next((r.tags[0] for r in self._api.state.doors if r.endpoint.__module__ == doors), None)
        return {"en": tag, "zh-CN": self.tags[tag]} if tag else EVERYWHERE

    @cached_property
    def index(self) -> list[dict[str, Any]]:
        """Every problem type, in the order of the document's parts."""
        order = [EVERYWHERE["en"], *self.tags]
        brief = [
            {"code": code, "status": status_of(kind), "title": titles(kind), "area": self.area(kind)}
            for code, kind in self.kinds.items()
        ]
        return sorted(brief, key=lambda one: (order.index(one["area"]["en"]), one["status"], one["code"]))

    def page(self, kind: type[Refusal]) -> dict[str, Any]:
        refusal = kind(seconds=1) if issubclass(kind, TooManyRequests) else kind()
        answer = render("zh-CN", refusal, request_id="019b0000-0000-7000-8000-000000000001")
        english, chinese = self.advice(kind)
        found = self.answering(kind)
        return {
            "code": kind.code(),
            "status": status_of(kind),
            "title": titles(kind),
            "area": self.area(kind),
            "what_to_do": {"zh-CN": chinese, "en": english},
            "article": kind.article,
            "facts": sorted(facts().get(kind.__name__, ())),
            "operations": [
                {"operation_id": o.id, "method": o.method, "path": o.path, "summary": o.summary} for o in found
            ],
            "example": json.loads(bytes(answer.body)),
        }


def titles(kind: type[Refusal]) -> dict[str, str]:
    return {language: kind.title(language) for language in ("zh-CN", "en")}


# ── what a door can reach ────────────────────────────────────────────────────────────────────────


class Code:
    """What mentions what, from some doors on."""

    def __init__(self, *doors: Any) -> None:
        self._things: dict[int, Any] = {}
        """By their ids; a thing that is kept keeps its id."""
        self._mentioned_by: dict[int, list[int]] = {}
        todo = [*doors]
        while todo:
            thing = todo.pop()
            if id(thing) in self._things:
                continue
            self._things[id(thing)] = thing
            if not (isinstance(thing, type) and issubclass(thing, Refusal)):
                for mentioned in _mentions(thing):
                    if not isinstance(mentioned, SAYS_NOTHING):
                        todo.append(mentioned)
                        self._mentioned_by.setdefault(id(mentioned), []).append(id(thing))

    def leading_to(self, kind: type[Refusal]) -> list[Any]:
        """All that can come to this refusal, the refusal included."""
        seen: set[int] = set()
        todo = [id(kind)]
        while todo:
            if (here := todo.pop()) not in seen:
                seen.add(here)
                todo += self._mentioned_by.get(here, ())
        return [self._things[one] for one in seen if one in self._things]


SAYS_NOTHING = (str, bytes, int, float, date, NoneType, EnumType, ClauseElement)


def _mentions(thing: Any) -> Iterable[Any]:
    """What else of the service a thing names: code by its names, a class by its methods, data by what it holds."""
    for within in (
        "wrapped",
        "fget",
        "func",
        "__wrapped__",
    ):  # pydantic's, a property's, a cached property's, functools'
        thing = getattr(thing, within, None) or thing
    match thing:
        case FunctionType() if thing.__module__.startswith("app."):
            yield from _named_by(thing)
        case MethodType():
            yield from (thing.__func__, *getattr(thing.__self__, "__dict__", {}).values())
        case staticmethod() | classmethod():
            yield thing.__func__
        case type() if thing.__module__.startswith("app."):
            yield from vars(thing).values()
            yield from thing.__bases__
            if issubclass(thing, BaseModel):
                yield from (f.annotation for f in thing.model_fields.values())
                yield from (m for f in thing.model_fields.values() for m in f.metadata)
        case tuple() | list() | frozenset():
            yield from thing
        case dict():
            yield from thing.values()
        case _ if is_dataclass(thing) and not isinstance(thing, type | Workflow):
            yield from (getattr(thing, f.name) for f in fields(thing) if hasattr(thing, f.name))
            yield from (thing.dependency,) if hasattr(thing, "dependency") else ()
        case _:
            yield from get_args(thing)


def _named_by(function: FunctionType) -> Iterator[Any]:
    """Names of the code that are known where it stands; of a module, the names that follow it."""
    names = frozenset(_names(function.__code__))
    a_feature = function.__module__.count(".") == 2
    for name in names & function.__globals__.keys():
        thing = function.__globals__[name]
        if isinstance(thing, ModuleType):
            yield from (vars(thing)[n] for n in names & vars(thing).keys() if thing.__name__.startswith("app"))
        elif a_feature or not isinstance(thing, dict | list):  # the plumbing's are registers of everything there is
            yield thing
    yield from (cell.cell_contents for cell in function.__closure__ or ())
    yield from function.__annotations__.values()
    if declared := DECLARED.get(function):
        yield declared.move


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


@cache
def facts() -> Mapping[str, set[str]]:
    """By the name of a refusal, the members that its answers have besides: what it is raised with."""
    found: dict[str, set[str]] = {}
    for name, module in sorted(sys.modules.items()):
        if name.startswith("app.") and getattr(module, "__file__", None):
            for node in ast.walk(ast.parse(inspect.getsource(module))):
                if isinstance(node, ast.Call) and (called := getattr(node.func, "id", getattr(node.func, "attr", ""))):
                    found.setdefault(called, set()).update(k.arg for k in node.keywords if k.arg)
    return found


# ── pages ────────────────────────────────────────────────────────────────────────────────────────

STYLE = """
body{font:16px/1.6 system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif;max-width:56rem;margin:2rem auto;
padding:0 1rem;color:#222}
h1{font:600 1.6rem ui-monospace,monospace}h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}
td{padding:.3rem .8rem .3rem 0;border-bottom:1px solid #ddd;vertical-align:top;overflow-wrap:anywhere}
td:first-child{white-space:nowrap}
code,pre{font:.9em ui-monospace,monospace}pre{background:#f5f5f5;padding:1rem;overflow:auto}
.en{color:#555}"""


def _html(title: str, body: str) -> HTMLResponse:
    head = f"<meta charset='utf-8'><meta name='viewport' content='width=device-width'><title>{escape(title)}</title>"
    page = f"<!doctype html><html lang='zh-CN'>{head}<style>{STYLE}</style><body>{body}</body></html>"
    return HTMLResponse(page, headers={"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"})


def _both(texts: Mapping[str, str]) -> str:
    return f"<p>{_marked(texts['zh-CN'])}</p><p class='en' lang='en'>{_marked(texts['en'])}</p>"


def _marked(text: str) -> str:
    """Escaped, with what stands between backticks as code."""
    parts = escape(text, quote=False).split("`")
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))


def _table(rows: Iterable[Iterable[str]]) -> str:
    return f"<table>{''.join('<tr>' + ''.join(f'<td>{cell}</td>' for cell in row) + '</tr>' for row in rows)}</table>"


def _index_page(index: list[dict[str, Any]]) -> Response:
    parts = ["<h1>/problems/</h1><p>所有问题类型 <span class='en' lang='en'>Every type of problem</span></p>"]
    for area in dict.fromkeys((one["area"]["zh-CN"], one["area"]["en"]) for one in index):
        rows = [
            (str(o["status"]), f"<a href='{PAGES}{o['code']}'><code>{o['code']}</code></a>",
             f"{escape(o['title']['zh-CN'])}<br><span class='en' lang='en'>{escape(o['title']['en'])}</span>")
            for o in index if o["area"]["en"] == area[1]
        ]  # fmt: skip
        parts.append(f"<h2>{area[0]} <span class='en' lang='en'>{area[1]}</span></h2>{_table(rows)}")
    return _html("问题类型 Problems", "".join(parts))


def _problem_page(page: dict[str, Any]) -> Response:
    operations = [
        (f"<code>{o['method']}</code>", f"<code>{o['path']}</code>", escape(o["summary"])) for o in page["operations"]
    ]
    article = (
        page["article"] and f"<h2>依据 <span class='en'>Rests on</span></h2><p>{_named_article(page['article'])}</p>"
    )
    members = " ".join(f"<code>{name}</code>" for name in page["facts"])
    further = f"<p>另有成员 <span class='en' lang='en'>Further members</span>: {members}</p>" if members else ""
    example = escape(json.dumps(page["example"], ensure_ascii=False, indent=2), quote=False)
    doors = _table(operations) if operations else _both(NOWHERE)
    body = (
        f"<p><a href='{PAGES}'>/problems/</a></p><h1>{page['code']}</h1>{_both(page['title'])}"
        f"<p>HTTP {page['status']}</p>"
        f"<h2>怎么办 <span class='en'>What to do</span></h2>{_both(page['what_to_do'])}{article or ''}"
        f"<h2>示例 <span class='en'>Example</span></h2><pre>{example}</pre>{further}"
        f"<h2>可能由下列接口返回 <span class='en'>May be answered by</span></h2>{doors}"
    )
    return _html(page["code"], body)


def _named_article(article: str) -> str:
    """An article of the regulation, a ground of its article 9, or a policy where it is silent."""
    kinds = {"G": ("约定", "policy"), "H": ("情形", "ground")}
    zh, en = kinds.get(article[0], ("办法条款", "article"))
    return f"{zh} {escape(article)} <span class='en' lang='en'>{en} {escape(article)}</span>"


def serve(api: FastAPI) -> None:
    """The index and a page for every type, for people and, by `Accept`, for programs."""
    pages = api.state.pages = Pages(api)

    def answer(request: Request, found: Any, page: Callable[[Any], Response]) -> Response:
        if preferred(request, ("text/html", "application/json")) == "text/html":
            made = page(found)
        else:
            made = Response(json.dumps(found, ensure_ascii=False), media_type="application/json")
        made.headers["vary"] = "accept"
        return made

    @api.get(PAGES, include_in_schema=False)
    def index(request: Request) -> Response:
        return answer(request, pages.index, _index_page)

    @api.get(PAGES + "{code}", include_in_schema=False)
    def problem(request: Request, code: str) -> Response:
        kind = pages.kinds.get(code)
        if kind is None:
            raise NoSuchPage
        return answer(request, pages.page(kind), _problem_page)
