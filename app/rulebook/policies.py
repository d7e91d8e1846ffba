"""Where the regulation is silent, which value holds, and on whose authority? The G-numbered policies.

No default adds a duty, a penalty or an automatic negative outcome. What carries a safeguard, or has a
record of its own elsewhere, is `fixed`; the rest a township may set for itself, from a day on, and it
is then shown as local policy, never as law.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from app.refusal import Conflict

Value = str | int | bool | list[str] | None


class PolicyIsFixed(Conflict):
    """This policy keeps a safeguard or is settled elsewhere; a township cannot set it here.

    此项约定属保障性规则或另有登记,不能在此自行设定。
    """

    article = "G1"


class PolicyValueInvalid(Conflict):
    """This policy does not take such a value.

    此项约定不接受该取值。
    """


@dataclass(frozen=True, slots=True)
class Policy:
    """One named answer to a gap: `source` is `seed`, `outside_rule` (with citation) or `local_policy`."""

    number: str
    key: str
    default: Value
    source: str
    citation: str | None
    value: Mapping[str, Any]
    """What a township may set: `fixed`, `boolean`, `integer`, `texts`, `words` or `month_days`."""
    zh: str
    en: str

    @property
    def settable(self) -> bool:
        return bool(self.value["kind"] != "fixed")

    def require_settable(self) -> None:
        """Raises PolicyIsFixed."""
        if not self.settable:
            raise PolicyIsFixed(key=self.key, policy=self.number)

    def require_fit(self, value: Any) -> None:
        """Raises PolicyValueInvalid unless the policy takes this value; a fixed one judges none."""
        if self.settable and not _FITS[self.value["kind"]](self.value, value):
            raise PolicyValueInvalid(key=self.key, takes=dict(self.value))


def _fits_integer(shape: Mapping[str, Any], value: Any) -> bool:
    return type(value) is int and int(shape["minimum"]) <= value <= int(shape["maximum"])


def _fits_texts(shape: Mapping[str, Any], value: Any) -> bool:
    short = isinstance(value, list) and len(value) <= shape["maximum"]
    return short and all(isinstance(v, str) and 0 < len(v) <= 100 for v in value) and len(set(value)) == len(value)


def _fits_words(shape: Mapping[str, Any], value: Any) -> bool:
    """At least one of the words, each once."""
    known = isinstance(value, list) and all(isinstance(v, str) and v in shape["words"] for v in value)
    return known and 0 < len(value) == len(set(value))


def _fits_month_days(_: Mapping[str, Any], value: Any) -> bool:
    """Two days of one year as `MM-DD`, the first not after the second."""
    if not (isinstance(value, list) and len(value) == 2 and all(isinstance(v, str) for v in value)):
        return False
    try:
        first, last = (date.fromisoformat(f"2017-{v}") for v in value)
    except ValueError:
        return False
    return first <= last and all(re.fullmatch(r"\d\d-\d\d", v) for v in value)


_FITS: dict[str, Callable[[Mapping[str, Any], Any], bool]] = {
    "boolean": lambda _, value: isinstance(value, bool),
    "integer": _fits_integer,
    "texts": _fits_texts,
    "words": _fits_words,
    "month_days": _fits_month_days,
}


@cache
def policies() -> Mapping[str, Policy]:
    """Every policy by its key, in the order of the gaps."""
    raw = json.loads((Path(__file__).parent / "policies.json").read_text(encoding="utf-8"))
    return {entry["key"]: Policy(**entry) for entry in raw}


@dataclass(frozen=True, slots=True)
class LocalValue:
    """A township's own value, from a day on; the later one of the same day replaces the earlier."""

    key: str
    value: Value
    effective_from: date


def effective(key: str, day: date, local: Iterable[LocalValue] = ()) -> tuple[Value, str]:
    """The value that holds on the day, and its source; `local` in the order in which it was set."""
    policy = policies()[key]
    mine = [v for v in local if v.key == key and v.effective_from <= day]
    if policy.settable and mine:
        return max(reversed(mine), key=lambda v: v.effective_from).value, "local_policy"
    return policy.default, policy.source
