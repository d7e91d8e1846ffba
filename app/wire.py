"""What do all bodies have in common? Strict JSON, closed objects, bounded clean text."""

import functools
import json
from datetime import date, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    StringConstraints,
    TypeAdapter,
    field_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from app.calendar import EARLIEST, LATEST


class In(BaseModel):
    """A request body: unknown fields are refused, text is bounded."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, str_max_length=4000)

    @field_validator("*")
    @classmethod
    def _on_the_calendar(cls, value: Any) -> Any:
        """A date far outside every register would overflow somewhere later."""
        if isinstance(value, date) and not EARLIEST.year <= value.year <= LATEST.year:
            raise PydanticCustomError("date_out_of_range", "The date lies outside 1880 to 2199")
        return value


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
                return adapter().validate_json(json.dumps(_canon(value)), strict=True)
            return value

        return core_schema.no_info_before_validator_function(before, handler(source))


T = TypeVar("T")
Json = Annotated[T, _Strict()]
"""The only spelling of a body parameter: `body: Json[CreateHousehold]`."""

CLEAN = r"^[^\x00-\x1F\x7F]*$"
Name = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=CLEAN)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=CLEAN)]
Prose = Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=r"^[^\x00-\x08\x0B-\x1F\x7F]*$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$", min_length=64, max_length=64)]
Month = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$", min_length=7, max_length=7)]
Quarter = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-Q[1-4]$", min_length=7, max_length=7)]
Year = Annotated[int, Field(ge=2016, le=2100)]
VillageCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$", min_length=12, max_length=12)]
PlaceCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}([0-9]{3}([0-9]{3})?)?$", min_length=6, max_length=12)]
Moment = AwareDatetime
"""RFC 3339 with an offset."""


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

    offices: list[str]
    since: datetime


class Blocker(Out):
    """Why an action is not possible now."""

    code: str
    article: str | None
    message: str
    awaiting: Awaiting | None


class ActionOut(Out):
    """An action of the record's workflow: may the caller take it now, and if not, why."""

    name: str
    allowed: bool
    blockers: list[Blocker]


class WorkflowOut(RecordOut):
    """What every record with a workflow carries; `actions` on single reads only."""

    state: str
    state_since: datetime
    actions: list[ActionOut] | None = None


Item = TypeVar("Item")


class PageOut(Out):
    """A page of a list. Features subclass it with `items: list[...]`."""

    next_cursor: str | None
