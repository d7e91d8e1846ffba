"""What do all bodies have in common? Strict JSON, closed objects, bounded clean text."""

import functools
import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Annotated, Any, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    StringConstraints,
    TypeAdapter,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError, PydanticUndefined, core_schema
from starlette.requests import Request

from app.calendar import EARLIEST, LATEST

YEAR = "(18[89][0-9]|19[0-9]{2}|2[01][0-9]{2})"
DAY = rf"^{YEAR}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
MOMENT = DAY[:-1] + r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
"""How days and moments are written: RFC 3339, within the years every register knows; the document says so."""
ANY_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
ANY_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})?"
)


def _a_day(value: Any) -> Any:
    """The day that is written; pydantic would take `0` for one of 1970."""
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value if ANY_DAY.fullmatch(value) else "")
    except ValueError as error:
        raise PydanticCustomError("date_parsing", "Input should be a valid date in the format YYYY-MM-DD") from error


def _a_moment(value: Any) -> Any:
    """The moment that is written; pydantic would take a blank for the T and a moment without seconds."""
    if not isinstance(value, str):
        return value
    try:
        return datetime.fromisoformat(value if ANY_MOMENT.fullmatch(value) else "")
    except ValueError as error:
        raise PydanticCustomError("datetime_parsing", "Input should be a valid moment as in RFC 3339") from error


def _on_the_calendar(value: date) -> date:
    """A date far outside every register would overflow somewhere later."""
    if not EARLIEST.year <= value.year <= LATEST.year:
        raise PydanticCustomError("date_out_of_range", "The date lies outside 1880 to 2199")
    return value


Day = Annotated[
    date,
    BeforeValidator(_a_day),
    AfterValidator(_on_the_calendar),
    WithJsonSchema({"type": "string", "format": "date", "pattern": DAY}),
]
Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_a_moment),
    AfterValidator(_on_the_calendar),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": MOMENT}),
]
"""RFC 3339 with an offset."""


JSON, FORM = "application/json", "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Body:
    """What an operation takes as its body: bytes, media types, seconds for it to arrive.

    A file is not read on the way: the door finds it as `request.state.upload`. Features name what is not usual in
    `bodies` of their routes, by `METHOD /path`.
    """

    limit: int = 65_536
    media: tuple[str, ...] = (JSON,)
    seconds: float = 5
    is_file: bool = False
    judged_within: str | None = None
    """Pointers of parts whose text the door judges itself, a pattern: what is unfit there spoils them alone."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that arrived: open at its beginning until the answer is sent."""

    file: IO[bytes]
    size: int
    digest: str
    """SHA-256, hex."""
    media: str


async def sent(request: Request) -> Any:
    """What a request brings as JSON, parsed once, by whoever asks first; PydanticUndefined where it brings nothing."""
    state = request.scope.setdefault("state", {})
    if "json" not in state:
        body = await request.body()
        state["json"] = json.loads(body) if body else PydanticUndefined
    return state["json"]


SHOWN = 80
"""Letters that a pointer tells of a name that a request made up."""


class In(BaseModel):
    """A request body: unknown fields are refused, text is bounded."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, str_max_length=4000)


class Out(BaseModel):
    """A response, as documented; PostgreSQL builds the JSON itself."""

    model_config = ConfigDict(extra="forbid")


def _canon(value: Any) -> Any:
    """JSON Schema calls 5.0 an integer; strict pydantic does not."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, dict):
        return {k: _canon(v) for k, v in value.items()}
    return [_canon(v) for v in value] if isinstance(value, list) else value


class _Strict:
    """Validate by JSON's own rules: `"5"` and `true` are no numbers, dates are ISO strings."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        @functools.cache
        def adapter() -> TypeAdapter[Any]:
            return TypeAdapter(source)

        def before(value: Any) -> Any:
            if isinstance(value, dict | list):
                text = json.dumps(_canon(value), ensure_ascii=False)  # half a pair comes so far where a door judges it
                return adapter().validate_json(text.encode(errors="replace"), strict=True)
            return value

        return core_schema.no_info_before_validator_function(before, handler(source))


T = TypeVar("T")
Json = Annotated[T, _Strict()]
"""The only spelling of a body parameter: `body: Json[CreateHousehold]`."""

UNSEEN = r"\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069"
"""Characters that leave no ink and turn the others around: what is read would not be what was written."""
_BLANK = r"\x00-\x20\x7F\x85\xA0\u1680\u2000-\u200D\u2028\u2029\u202F\u205F\u2060\u3000\uFEFF"
INK = rf"[^{_BLANK}{UNSEEN}\uFFFE\uFFFF]"
"""A character that leaves something on paper: a text of blanks says nothing."""
NO_NUL = r"^[^\x00]*$"
_CLEAN = rf"[^\x00-\x1F\x7F{UNSEEN}\uFFFE\uFFFF]*"
CLEAN = f"^{_CLEAN}{INK}{_CLEAN}$"
_WORDS = rf"[^\x00-\x08\x0B-\x1F\x7F{UNSEEN}\uFFFE\uFFFF]*"
WORDS = f"^{_WORDS}{INK}{_WORDS}$"
Name = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=CLEAN)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=CLEAN)]
Prose = Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=WORDS)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$", min_length=64, max_length=64)]
OfTownship = Annotated[
    str | None,
    Field(pattern="^[0-9]{9}$", description="Which township a county means / 县级须注明乡镇", examples=["411421001"]),
]


def _seven(pattern: str) -> WithJsonSchema:
    """Characters, says the document; who writes fewer hears of the form, not of their number."""
    return WithJsonSchema({"type": "string", "pattern": pattern, "minLength": 7, "maxLength": 7})


MONTH = rf"^{YEAR}-(0[1-9]|1[0-2])$"
QUARTER = rf"^{YEAR}-Q[1-4]$"
Month = Annotated[str, StringConstraints(pattern=MONTH), _seven(MONTH)]
Quarter = Annotated[str, StringConstraints(pattern=QUARTER), _seven(QUARTER)]
Year = Annotated[int, Field(ge=2016, le=2100)]
VillageCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$", min_length=12, max_length=12)]
PlaceCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}([0-9]{3}([0-9]{3})?)?$", min_length=6, max_length=12)]


SOMEBODY, ANOTHER = "01920000-0000-7000-8000-000000000001", "01920000-0000-7000-8000-000000000002"
"""Ids of examples."""
Rule = dict[str, Any]
"""What a body must be besides its members' types, as JSON Schema; the feature's pure rules refuse the same."""


def ruled(*rules: Rule) -> ConfigDict:
    """The configuration of a body whose document says these rules."""
    return ConfigDict(json_schema_extra={"allOf": list(rules)})


def when(condition: Rule, then: Rule, otherwise: Rule | None = None) -> Rule:
    return {"if": condition, "then": then} | ({"else": otherwise} if otherwise else {})


def among(name: str, *values: str) -> Rule:
    """The member is there and one of these."""
    return {"properties": {name: {"enum": list(values)}}, "required": [name]}


def given(*names: str, kind: str = "string") -> Rule:
    """These members are there and not null."""
    return {"properties": {name: {"type": kind} for name in names}, "required": list(names)}


def left_out(*names: str) -> Rule:
    """None of these members says anything."""
    return {"properties": {name: {"type": "null"} for name in names}}


def just_one(*names: str, kind: str = "string") -> Rule:
    """One of these members says something, the others nothing."""
    return {
        "oneOf": [{"allOf": [given(name, kind=kind), left_out(*(n for n in names if n != name))]} for name in names]
    }


class Create(In):
    """A body that makes a record; a client may choose the id, so that offline work can refer to it."""

    id: UUID | None = Field(None, description="UUIDv7 made by the client / 客户端生成的 UUIDv7")


class RecordOut(Out):
    """What every record carries."""

    township_code: str = Field(examples=["411421201"])
    id: UUID
    version: int
    created_at: datetime


class Awaiting(Out):
    """Who is awaited, since when."""

    offices: list[str] = Field(description="Who is awaited / 等待办理的职务")
    since: datetime = Field(description="Since when / 自何时起等待")


class Blocker(Out):
    """Why an action is not possible now."""

    code: str = Field(description="Of the refusal that trying would get / 拒绝代码,见 /problems/")
    article: str | None = Field(description="What it rests on / 依据的条款")
    message: str = Field(description="Why not, in the reader's language / 不能办理的原因")
    awaiting: Awaiting | None = Field(description="Who is awaited instead / 正在等待何人")


class ActionOut(Out):
    """An action of the record's workflow: may the caller take it now, and if not, why."""

    name: str = Field(description="As in the path of the operation / 操作名称,即路径末段")
    allowed: bool = Field(description="May the caller take it now / 本人现在可否办理")
    blockers: list[Blocker] = Field(description="If not, why / 不能办理的各项原因")


class WorkflowOut(RecordOut):
    """What every record with a workflow carries; `actions` on single reads only."""

    state: str
    state_since: datetime
    actions: list[ActionOut] | None = Field(None, description="On single reads: what can be done with it / 可办事项")


Item = TypeVar("Item")
Months = Annotated[list[Item], Field(min_length=12, max_length=12)]
Quarters = Annotated[list[Item], Field(min_length=4, max_length=4)]
"""One value for each month or quarter of a year; a column each where the list is a file."""


class PageOut(Out):
    """A page of a list. Features subclass it with `items: list[...]`."""

    next_cursor: str | None = Field(
        description="The `cursor` of the next page; null on the last / 下一页的游标,末页为空"
    )
