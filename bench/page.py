"""How are results kept? JSON a run, and one page with plots made from all of them; nothing is typed by hand."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from bench.servers import TITLES

RESULTS = Path(__file__).parent / "results"
HEAD = """# Measured 测量结果

Written by `make bench` and `make growth`; nothing here is typed by hand. CPU is that of a server's own processes, per request; every
ratio is of rounds that alternated in one run, as median with the least and the greatest. Servers have one core, the
caller the others; the machine is shared, so ratios count and absolute figures do not.
"""


def keep(name: str, figures: dict[str, Any]) -> None:
    """Write a run's figures and the page anew."""
    RESULTS.mkdir(exist_ok=True)
    about = {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "--short=12", "HEAD") + ("+" if _git("status", "--porcelain", "--", "app") else ""),
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}",
    }
    told = json.dumps(about | figures, ensure_ascii=False, indent=1)
    (RESULTS / f"{name}.json").write_text(told + "\n", "utf-8")
    (RESULTS / "README.md").write_text(page(), "utf-8")


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], capture_output=True, text=True, check=True).stdout.strip()


def page() -> str:
    """The page as the results say; the plots beside it."""
    parts = [HEAD]
    for name, section in SECTIONS.items():
        file = RESULTS / f"{name}.json"
        if file.exists():
            found = json.loads(file.read_text("utf-8"))
            parts.append(section(found))
            parts.append(f"{found['machine']}, {found['finished']}, commit `{found['commit']}`\n")
    return "\n".join(parts)


def _spread(of: Mapping[str, float], digits: int = 2) -> str:
    return f"{of['median']:,.{digits}f} ({of['min']:,.{digits}f}–{of['max']:,.{digits}f})"


def _compared(found: dict[str, Any]) -> str:
    lines = ["## Beside the limit and the peers 与手写代码及同类框架相比\n"]
    lines += ["| goal, at 16 connections | reached | |", "|---|---|---|"]
    lines += [
        f"| {one['goal']} | {one['reached']} | {'met' if one['met'] else '**missed**'} |" for one in found["goals"]
    ]
    for kind, levels in found["requests"].items():
        plot = f"{kind.replace(' ', '-')}.svg"
        bars = {TITLES[name]: of["cpu_us"] for name, of in levels["16"].items()}
        (RESULTS / plot).write_text(bar_chart(f"{kind}: CPU of the server, µs a request", bars), "utf-8")
        lines += [f"\n### {kind}\n", f"![{kind}]({plot})\n"]
        lines += [
            "| server | connections | CPU µs | ours ÷ its CPU | a second | p50 ms | p99 ms |",
            "|---|---|---|---|---|---|---|",
        ]
        lines += [
            f"| {TITLES[name]} | {many} | {_spread(of['cpu_us'], 0)} | {_spread(of['ratio'])} | {of['per_s']['median']:,.0f} |"
            f" {of['p50_ms']['median']:.2f} | {of['p99_ms']['median']:.2f} |"
            for many, servers in levels.items()
            for name, of in servers.items()
        ]
    return "\n".join(lines) + "\n"


def _grown(found: dict[str, Any]) -> str:
    sizes = list(next(iter(found["requests"].values())))
    lines = [
        "## As the ledger grows 随台账增长\n",
        "CPU of the API and of PostgreSQL's backends together, µs a request (of a file: µs an entry that it tells of), and in",
        "brackets its ratio to the smallest size in the same round, as median with the least and the greatest. One township",
        "of the 20 of a county, one county of four; townships, helpers and households stay, entries become more.\n",
    ]
    lines += [f"| | {' | '.join(f'{int(size):,} entries' for size in sizes)} | p50, p99 ms at the largest |"]
    lines += ["|---|" + "---|" * (len(sizes) + 1)]
    for kind, at in found["requests"].items():
        told = " | ".join(f"{one['cpu_us']['median']:,.0f} ({_spread(one['ratio'])})" for one in at.values())
        last = at[sizes[-1]]
        lines.append(f"| {kind} | {told} | {last['p50_ms']['median']:.1f}, {last['p99_ms']['median']:.1f} |")
    for which, at in found["files"].items():
        told = " | ".join(f"{one['cpu_us_an_entry']['median']:,.0f} ({_spread(one['ratio'])})" for one in at.values())
        lines.append(f"| file: {which} | {told} | |")
    lines += ["\n| file | entries | MB | CPU ms | peak MB of the worker | grown by MB |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {which}, at {int(size):,} | {one['entries']['median']:,.0f} | {one['mb']['median']:.2f} | {one['cpu_ms']['median']:,.0f} |"
        f" {one['peak_mb']['median']:.0f} | {one['grown_mb']['median']:.1f} |"
        for which, at in found["files"].items()
        for size, one in at.items()
    ]
    missed = [one for one in found["goals"] if not one["met"]]
    lines += [f"\nGoals met: {len(found['goals']) - len(missed)} of {len(found['goals'])}."]
    lines += [f"- **missed**: {one['goal']}, reached {one['reached']}" for one in missed]
    nation = found["nation"]
    first = f"{nation['first']['places']:,} places, {nation['villages']:,} of them villages, in {nation['first']['seconds']} s"
    lines += [
        f"\nThe nation's list of divisions: {first}; a second time, without news, {nation['again']['seconds']} s."
    ]
    ratios = {kind: [one["ratio"]["median"] for one in at.values()] for kind, at in found["requests"].items()}
    (RESULTS / "growth.svg").write_text(growth_chart([int(size) for size in sizes], ratios), "utf-8")
    return "\n".join([*lines, "\n![growth](growth.svg)\n"])


TRIED = """Tried, and kept: door and statement of a read in one round trip, outside any transaction (D38); pages whose text PostgreSQL
joins; a pool of our own (D54); the record of a usual command locked together with its door (D55); a command's last change
made together with its entries (D60); the way from method and path straight to the function (D58); what a request sends
read once; who a caller is worked out once, connections lent without generators (D64), which gave reads a fifth and writes
a few hundredths. What is left of a write: four round trips, BEGIN and COMMIT among them; a worker that waits for the disk a
third of its time, so that each answer of PostgreSQL wakes it alone; its entry's canonical JSON and commitments; the retry
key's fingerprint; the law. No function stands out: of a transition the event loop and the driver take two fifths, and of
the rest none takes a thirtieth. The hand-written handler makes one round trip, keeps no ledger, knows no caller and
asks nobody. Considered and not done: one SQL function for a whole command, which would put the law of each feature into the
database a second time; sending BEGIN together with the door, which the driver's protocol of prepared statements does not
do; no transaction but the last statement's own, which would have to find the record as the door saw it (its version) and
set the context anew before a row is looked at: it would save two round trips of four, and every action's locks would rest
on versions alone. Tried, and not kept: orjson for all JSON of a request (0.92 of a visit, 0.955 of a transition, 0.98 of
reads): it judges half pairs and large numbers otherwise than a request's guard does, and where that one keeps its own
judgement half of it is left, a twentieth, for a dependency in the ledger's canonical form.
"""


def _where(found: dict[str, Any]) -> str:
    kinds = found["layers"]
    layers = sorted(
        {layer for of in kinds.values() for layer in of},
        key=lambda layer: -sum(of.get(layer, 0) for of in kinds.values()),
    )
    lines = [
        "## Where the CPU of a request goes 每次请求的处理器时间去向\n",
        "µs a request, at 16 connections, by sampling.\n",
    ]
    lines += [f"| layer | {' | '.join(kinds)} |", "|---|" + "---|" * len(kinds)]
    lines += [f"| {layer} | {' | '.join(f'{of.get(layer, 0):.0f}' for of in kinds.values())} |" for layer in layers]
    lines += [f"| in all | {' | '.join(f'{sum(of.values()):.0f}' for of in kinds.values())} |"]
    return "\n".join([*lines, "", TRIED])


SECTIONS = {"compare": _compared, "where": _where, "growth": _grown}


# ── plots ────────────────────────────────────────────────────────────────────────────────────────

STYLE = "<style>text{font:12px sans-serif;fill:#222}.h{font-weight:bold;font-size:13px}.q{fill:#555}</style>"
COLOURS = ("#b3261e", *["#8d99ae"] * 5)


def _svg(width: int, height: int, title: str, body: list[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">'
    ground = f'<title>{escape(title)}</title>{STYLE}<rect width="100%" height="100%" fill="#fff"/>'
    return "\n".join([head, ground, f'<text class="h" x="12" y="20">{escape(title)}</text>', *body, "</svg>\n"])


def bar_chart(title: str, bars: Mapping[str, Mapping[str, float]]) -> str:
    """One bar a server: the median, with a line from the least to the greatest."""
    longest, left, wide = max(of["max"] for of in bars.values()), 210, 400
    body = []
    for number, (name, of) in enumerate(bars.items()):
        y, at = 34 + number * 26, {k: left + wide * of[k] / longest for k in ("median", "min", "max")}
        body += [
            f'<text x="{left - 8}" y="{y + 14}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{left}" y="{y}" width="{at["median"] - left:.1f}" height="18" fill="{COLOURS[number]}"/>',
            f'<line x1="{at["min"]:.1f}" x2="{at["max"]:.1f}" y1="{y + 9}" y2="{y + 9}" stroke="#222"/>',
            f'<text class="q" x="{at["max"] + 6:.1f}" y="{y + 14}">{of["median"]:,.0f}</text>',
        ]
    return _svg(left + wide + 70, 44 + 26 * len(bars), title, body)


def growth_chart(sizes: Sequence[int], ratios: Mapping[str, Sequence[float]]) -> str:
    """A line a request: its cost at each size beside that at the smallest, and how far it may rise."""
    top = max(2.0, *(max(of) for of in ratios.values()))
    xs = [60 + 420 * n / max(1, len(sizes) - 1) for n in range(len(sizes))]
    body = [
        f'<text class="q" x="{x:.0f}" y="258" text-anchor="middle">{size:,}</text>'
        for x, size in zip(xs, sizes, strict=True)
    ]
    body += [
        f'<line x1="60" x2="480" y1="{240 - 200 * v / top:.1f}" y2="{240 - 200 * v / top:.1f}" stroke="#ddd"/>'
        f'<text class="q" x="52" y="{244 - 200 * v / top:.1f}" text-anchor="end">{v}</text>'
        for v in (0, 1, 1.3)
    ]
    for number, (name, of) in enumerate(ratios.items()):
        colour = f"hsl({number * 360 // len(ratios)} 60% 40%)"
        line = " ".join(f"{x:.1f},{240 - 200 * v / top:.1f}" for x, v in zip(xs, of, strict=True))
        body += [
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>',
            f'<text x="490" y="{50 + number * 18}" style="fill:{colour}">{escape(name)}</text>',
        ]
    return _svg(720, 270, "CPU of a request as the ledger grows, smallest = 1", body)
