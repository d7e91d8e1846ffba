"""What goes over the wire about what happens?"""

from enum import StrEnum
from functools import cache
from typing import Annotated, Any

from pydantic import AfterValidator, Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError

from app.ledger.schemas import EntryOut
from app.reading import PageQuery
from app.wire import PageOut

LONGEST_WAIT = 25
"""Seconds: below the half minute after which proxies give up."""


@cache
def known() -> list[str]:
    """The names of all events: every feature has an enumeration `Event` of its own."""
    kinds = (k for k in StrEnum.__subclasses__() if k.__name__ == "Event" and k.__module__.startswith("app."))
    return sorted(str(event) for kind in kinds for event in kind)


def _known(name: str) -> str:
    if name not in known():
        raise PydanticCustomError("unknown_event", "There is no such event")
    return name


class _Names:
    """The document lists the names, once all features are there."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "enum": known()}


EventName = Annotated[str, AfterValidator(_known), _Names()]


class FeedQuery(PageQuery):
    """Where to read on, what to leave out, and how long to wait."""

    cursor: str | None = Field(
        None, max_length=2_000, description="`next_cursor` of the answer before; none: from the beginning / 上次的游标"
    )
    event: list[EventName] = Field(
        [], max_length=50, description="Only these, each as a parameter of its own / 只要这些事件"
    )
    wait: int = Field(
        0, ge=0, le=LONGEST_WAIT, description="Seconds to wait for something to happen / 没有新事件时最多等待的秒数"
    )


class FeedOut(PageOut):
    """Entries in the order of each township's ledger, and where to read on: always, also where there are none."""

    items: list[EntryOut]
    next_cursor: str
    more: bool = Field(description="Is there more at once? / 是否还有后续")
