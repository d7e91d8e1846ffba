"""How did the year come out, and is that what the story must give?"""

from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from app.demo.people import TOWNSHIP
from app.demo.town import MARK, Town


@dataclass(slots=True)
class Checks:
    """What the story must give beside what the service answers."""

    rows: list[tuple[str, Any, Any]] = field(default_factory=list)

    def add(self, what: str, expected: Any, found: Any) -> None:
        self.rows.append((what, expected, found))

    @property
    def faults(self) -> int:
        return sum(expected != found for _, expected, found in self.rows)


def table(title: str, *columns: str) -> Table:
    return Table(*columns, title=f"{title}({MARK})", title_justify="left", title_style="bold")


async def tell_year(town: Town, console: Console, seconds: float) -> int:
    """Print the year as tables and the checks; how many of these failed."""
    checks = Checks()
    await _ledger(town, console, checks)
    _checked(console, checks)
    console.print(f"{town.line.requests} 次请求,{seconds:.0f} 秒")
    return checks.faults


async def _ledger(town: Town, console: Console, checks: Checks) -> None:
    head = await town.desk("leading-group-1").read(f"/ledger/{TOWNSHIP}/checkpoint")
    shown = table("台账", "日志", "条数", "RFC 9162 根")
    shown.add_row(head["log"], str(head["size"]), head["root"])
    console.print(shown)


def _checked(console: Console, checks: Checks) -> None:
    shown = table("与故事逐项核对", "项目", "应为", "实为", "")
    for what, expected, found in checks.rows:
        shown.add_row(what, str(expected), str(found), "[green]✓[/]" if expected == found else "[bold red]✗[/]")
    console.print(shown)


def print_doors(console: Console, town: Town, address: str) -> None:
    """Where the service runs and with which accounts to look at it."""
    shown = table("样例账号", "账号", "口令", "任职")
    shown.add_row(f"{TOWNSHIP}/admin", "yanshi-admin-2016", "administrator")
    for key in ("leading-group-office-1", "party-gov-office-1", "leading-group-1", "party-committee-1",
                "discipline-commission-1", "assessor-1", "leader-1", "principal-01", "helper-01"):  # fmt: skip
        person = town.person(key)
        shown.add_row(f"{TOWNSHIP}/{key}", person.password, ", ".join(sorted({o for o, _, _ in person.offices})))
    console.print(shown)
    console.print(f"{MARK}:服务地址 {address},接口文档 {address}/docs,Ctrl-C 结束。")
