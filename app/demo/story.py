"""What happens in the year of the township? Every act in its order, then the year as tables, checked."""

import asyncio
import importlib
import signal
import sys
import time

from huayuan_client import api
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.demo import people, report
from app.demo.desk import Desk, Line, StoryBroke
from app.demo.service import ADMIN_LOGIN, ADMIN_PASSWORD, Service, ServiceFailed
from app.demo.town import CALENDAR, MARK, Town

ACTS = ("preparation", "duties", "months", "quarters", "exits", "accountability", "year_end")
"""The files of acts; within a moment they are told in this order."""
NOTICE = (
    f"[bold red]{MARK}[/]:村名为国家统计区划中的真实村名;人员、事件均为虚构;办法原文未写明所属县,"
    "本演示假定为民权县(411421)。"
)


def tell(*, leave: bool) -> int:
    """Play the year. With `leave` the service is stopped afterwards; otherwise it runs until Ctrl-C.

    Returns 0, or 1 where the year came out otherwise than the story says.
    """
    console = Console(width=None if sys.stdout.isatty() else 120)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    console.print(NOTICE)
    service = Service()
    try:
        with console.status("准备数据库并启动服务 / starting"):
            service.prepare(people.TOWNSHIP, people.START.isoformat())
            service.start()
        town, faults = asyncio.run(_play(service, console))
        if not leave:
            report.print_doors(console, town, service.address)
            service.wait()
    except (ServiceFailed, StoryBroke) as failure:
        console.print(f"[bold red]{MARK} 中断 / the story broke off:[/]")
        console.print(str(failure), markup=False)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        service.stop()
    return 1 if faults else 0


async def _play(service: Service, console: Console) -> tuple[Town, int]:
    line = Line(service.address)
    async with line.http:
        first = Desk(line, f"{people.TOWNSHIP}/{ADMIN_LOGIN}", ADMIN_PASSWORD)
        villages = [(v["code"], v["name"]) for v in await first.all(api.villages_list())]
        town = Town(line, people.invent(sorted(villages)))
        began = time.monotonic()
        await _acts(town, console)
        faults = await report.tell_year(town, console, time.monotonic() - began)
        return town, faults


async def _acts(town: Town, console: Console) -> None:
    for name in ACTS:
        importlib.import_module(f"app.demo.{name}")
    calendar = sorted(CALENDAR, key=lambda entry: entry[0])
    columns = (
        TextColumn("{task.fields[day]}"), BarColumn(30), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("{task.fields[requests]} 次请求"), TextColumn("{task.description}"),
    )  # fmt: skip
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("", total=len(calendar), day="", requests=0)
        for moment, title, act in calendar:
            progress.update(bar, description=title, day=f"{moment:%Y-%m-%d}", requests=town.line.requests)
            if moment != town.now:
                await town.at(moment)
            await act(town)
            progress.update(bar, advance=1, requests=town.line.requests)
        progress.update(bar, description=MARK)
