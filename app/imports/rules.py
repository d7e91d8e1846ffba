"""What may happen to a sheet that was handed in, and how is what is wrong with a row said?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from app.actor import Actor, Office
from app.refusal import Conflict, Forbidden, Invalid, Refusal
from app.workflow import Move, Workflow

IMPORTERS = frozenset({Office.LEADING_GROUP_OFFICE})
"""The one office that keeps both the register of people and that of households (article 5)."""
SENDERS = IMPORTERS | {Office.COUNTY_SYSTEM}
"""Who hands sheets in: a county's system too, whose sheet that office carries out or lets lie."""

LARGEST = 16 << 20
"""Bytes of a sheet."""
AT_ONCE = 5_000
"""Rows below the header that are taken in one transaction; a longer sheet is taken in pieces by the worker."""
CHUNK = 250
"""Rows of such a piece."""
WAITING = 20
"""Sheets of one client that may wait in a township (local policy); those that come at once do not see each other."""
KEPT = timedelta(days=30)
"""How long a report can be read; then its rows, which are the sheet's, are deleted."""


class Mode(StrEnum):
    """What becomes of good rows beside bad ones."""

    ATOMIC = "atomic"  # all or nothing
    INDEPENDENT = "independent"  # the good rows


class Outcome(StrEnum):
    """What became of a row."""

    GOOD = "good"  # in order, nothing written yet
    BAD = "bad"
    IMPORTED = "imported"


OUTCOMES_ZH = {Outcome.GOOD: "可导入", Outcome.BAD: "有误", Outcome.IMPORTED: "已导入"}


class Event(StrEnum):
    """What the log calls the commands of this feature."""

    RECEIVED = "import.received"
    READ = "import.read"
    CHECKED = "import.checked"
    CARRIED_OUT = "import.carried_out"
    CONTINUED = "import.continued"
    FINISHED = "import.finished"
    CANCELLED = "import.cancelled"
    EXPIRED = "import.expired"


class AllOrNothingHasALimit(Invalid):
    """All or nothing takes 5,000 rows at most: divide the sheet, or ask for the good rows (mode=independent).

    整批导入一次最多 5000 行:请拆分表格,或改用逐行导入(mode=independent)。
    """


class TownshipCarriesOut(Forbidden):
    """What a county's system hands in is checked; the township's own office imports it (dry_run=true).

    县级系统提交的表格只作检查,由乡扶贫办确认后导入(dry_run=true)。
    """

    article = "5"


class TooManySheetsWait(Conflict):
    """So many sheets of this client wait in the township already: have it carry out or cancel some first.

    该系统在本乡待办的表格过多:请先由乡扶贫办导入或取消。
    """


class BadRowsRemain(Conflict):
    """All or nothing was asked for, and some rows are not in order: put them right and hand the sheet in again.

    要求整批导入,但仍有行存在问题:请更正后重新提交。
    """


class NothingToImport(Conflict):
    """No row of the sheet can be taken.

    表中没有可以导入的行。
    """


@dataclass(frozen=True, slots=True)
class ImportFacts:
    """What the law needs to know of a sheet."""

    mode: Mode
    good: int
    bad: int
    rows: tuple[tuple[int, str], ...] = ()
    """Number and sealed cells of each row that was kept, where it is a sheet for one transaction."""


def something_is_good(facts: ImportFacts, actor: Actor) -> Refusal | None:
    if facts.mode is Mode.ATOMIC and facts.bad:
        return BadRowsRemain(bad=facts.bad)
    return None if facts.good else NothingToImport()


IMPORT = Workflow(
    name="imports",
    title_zh="表格导入",
    resource="imports",
    states=("received", "checked", "running", "done", "cancelled"),
    states_zh={
        "received": "已接收",
        "checked": "已检查",
        "running": "导入中",
        "done": "已完成",
        "cancelled": "已取消",
    },
    initial="received",
    final=frozenset({"done", "cancelled"}),
    moves=(
        Move(
            "check",
            {"received": ("received", "checked", "running", "cancelled")},
            frozenset(),
            "5",
            "The worker has read a long sheet, and checked it or begins to import it, or cannot read it.",
            "后台读完长表格,并检查或开始导入;无法读取的予以取消。",
        ),
        Move(
            "carry-out",
            {"checked": ("done", "running", "checked")},
            IMPORTERS,
            "5",
            "Import what was checked; every row is asked by the law again.",
            "导入已检查的内容;逐行再次核验。",
            (something_is_good,),
        ),
        Move(
            "finish",
            {"running": ("done",)},
            frozenset(),
            "5",
            "The worker has imported the last row of a long sheet.",
            "后台导入完最后一行。",
        ),
        Move(
            "expire",
            {"received": ("cancelled",), "checked": ("cancelled",)},
            frozenset(),
            "5",
            "Nobody has carried it out before its report was over.",
            "报告保存期满仍未执行导入。",
        ),
        Move(
            "cancel",
            {"received": ("cancelled",), "checked": ("cancelled",), "running": ("cancelled",)},
            IMPORTERS,
            "5",
            "Import nothing more of the sheet; what was imported stays.",
            "不再继续导入;已导入的内容保留。",
            awaited=False,
        ),
    ),
)


# ── what is told of a row ────────────────────────────────────────────────────────────────────────

HINTS = {
    "accepts": ("可填:{}", "one of: {}"),
    "missing": ("缺少:{}", "missing: {}"),
    "optional": ("还可以有:{}", "there may be besides: {}"),
    "row": ("见第 {} 行", "see row {}"),
    "longest": ("最多 {} 个字", "at most {} characters"),
    "most": ("最多 {} 项", "at most {}"),
    "adopted_on": ("启用日期:{}", "adopted on {}"),
    "today": ("今日:{}", "today is {}"),
    "reason": ("{}", "{}"),
}
"""What a refusal's facts add to its sentence, in Chinese and English."""
REASONS_ZH = {"form": "位数或字符不对", "birth_date": "出生日期不对", "check_digit": "校验码不对"}


def explain(refusal: type[Refusal], facts: Mapping[str, Any], language: str) -> str:
    """A sentence that somebody can act on without asking anyone."""
    zh = language.startswith("zh")
    said = []
    for name, hint in HINTS.items():
        if name in facts:
            value = facts[name]
            value = ("、" if zh else ", ").join(map(str, value)) if isinstance(value, list) else value
            said.append(hint[not zh].format(REASONS_ZH.get(value, value) if zh else value))
    title = refusal.title(language)
    if not said:
        return title
    return f"{title}({';'.join(said)})" if zh else f"{title} ({'; '.join(said)})"
