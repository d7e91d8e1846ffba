"""How do the year's figures look? Charts as small SVG, in black, white and hatching, so that print loses nothing."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from app.codes import ASSESSED_BY
from app.papers.rules import PERIODS, quarter_zh
from app.scores.rules import SCORE
from app.signoffs.rules import SIGNOFF

Json = Mapping[str, Any]

CELL, LINE, LEFT, TOP = 34, 22, 150, 96
BAR: Final = 520
"""Pixels of the longest bar."""
HATCHES: Final = (
    '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" fill="#fff"/>'
    '<path d="M-1 1 1-1M0 6 6 0M5 7 7 5" stroke="#000" stroke-width="1"/></pattern>'
    '<pattern id="cross" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" fill="#fff"/>'
    '<path d="M0 6 6 0M0 0 6 6" stroke="#000" stroke-width="1"/></pattern>'
    '<pattern id="dots" width="5" height="5" patternUnits="userSpaceOnUse"><rect width="5" height="5" fill="#fff"/>'
    '<circle cx="2.5" cy="2.5" r="1" fill="#000"/></pattern>'
)
CELLS: Final = {
    "recorded": "抽中，已检查", "not_checked": "抽中，未检查", "pending": "抽中，待检查", "additional": "另行检查",
    "not_drawn": "未抽中",
}  # fmt: skip
STATE_FILLS: Final = {
    "open": "#fff", "household_signed": "#e4e4e4", "helper_signed": "#cacaca", "village_signed": "#b0b0b0",
    "leader_signed": "#969696", "collected": "#6e6e6e", "reviewed": "#333", "refused": "url(#cross)",
    "forwarded_unconfirmed": "url(#dots)", "considered_unconfirmed": "url(#hatch)",
}  # fmt: skip
SCORE_FILLS: Final = {"assessed": "#333", "not_assessed": "url(#hatch)", "pending": "#fff"}
DARK: Final = frozenset({"#333", "#6e6e6e"})


def draw_coverage(told: Json) -> str:
    """Who was drawn in which months: a row a helper, a column a month; a month without a draw is hatched (G8)."""
    months, helpers = told["months"], told["helpers"]
    height = TOP + LINE * len(helpers)
    parts = []
    for n, month in enumerate(months):
        x = LEFT + CELL * n
        if month["missed_in_month"]:
            parts.append(_rect(x, 48, CELL, height - 48, "url(#hatch)"))
        label = "未抽" if month["missed_in_month"] and not month["sample_size"] else _of(month)
        parts += [
            _text(x + CELL / 2, 62, f"{int(month['month'][5:])}月", "middle", halo=True),
            _text(x + CELL / 2, 78, label, "middle", 10, halo=True),
            _text(x + CELL / 2, 91, "补抽" if month["late"] else "", "middle", 10, halo=True),
        ]
    for n, helper in enumerate(helpers):
        y = TOP + LINE * n
        parts.append(_line(10, y, LEFT + CELL * len(months) + 50, y))
        parts.append(_text(10, y + 15, helper["name"]))
        for m, month in enumerate(months):
            parts.append(_cell(helper["months"].get(month["month"]), LEFT + CELL * m + CELL / 2, y + LINE / 2))
        drawn = sum(cell in ("recorded", "not_checked", "pending") for cell in helper["months"].values())
        parts.append(_text(LEFT + CELL * len(months) + 30, y + 15, f"{drawn} 次", "middle"))
    legend, under = [], height + 30
    for n, (cell, words) in enumerate(CELLS.items()):
        legend += [_cell(cell, 20 + 118 * n, under), _text(32 + 118 * n, under + 4, words, size=11)]
    legend += [
        _rect(12, under + 15, 16, 14, "url(#hatch)"),
        _text(34, under + 27, "当月未抽查的月份（永久标记）", size=11),
    ]
    words = "；".join(f"{m['month']} {PERIODS.get(m['state'], m['state'])} {_of(m)}" for m in months)
    width = max(LEFT + CELL * len(months) + 70, 620)
    return _picture(f"{told['year']}年当月抽查覆盖情况", words, width, under + 44, [*parts, *legend])


def _of(month: Json) -> str:
    return f"{month['sample_size']}/{month['population']}" if month["sample_size"] is not None else ""


def _cell(cell: str | None, x: float, y: float) -> str:
    match cell:
        case "recorded":
            return _rect(x - 7, y - 7, 14, 14, "#000")
        case "not_checked":
            cross = f'<path d="M{x - 7:g} {y - 7:g}l14 14m0-14l-14 14" stroke="#000"/>'
            return _rect(x - 7, y - 7, 14, 14, "#fff") + cross
        case "pending":
            return _rect(x - 7, y - 7, 14, 14, "#fff")
        case "additional":
            return f'<circle cx="{x:g}" cy="{y:g}" r="7" fill="#fff" stroke="#000"/>'
        case "not_drawn":
            return f'<circle cx="{x:g}" cy="{y:g}" r="1.5"/>'
    return ""


def signoff_progress(told: Json) -> str:
    """How far each village's sign-offs have come: one bar a village, its parts the states."""
    rows = [(v["name"] or v["village_code"], v["states"], f"{v['signoffs']} 户") for v in told["villages"]]
    return _bars(f"{told['year']}年签字确认进度", rows, STATE_FILLS, SIGNOFF.states_zh)


def quarter_distribution(told: Json) -> str:
    """How many were assessed in each quarter, and by which methods; no points and no rank (G2)."""
    rows, below = [], []
    for q in told["quarters"]:
        name = quarter_zh(q["quarter"])
        state = PERIODS.get(q["state"], q["state"])
        rows.append((name, q["helpers"], f"{sum(q['helpers'].values())} 人，{state}"))
        used = [(words, q["methods"].get(code)) for code, words in ASSESSED_BY.items()]
        below += [(f"{name} {words}", many) for words, many in used if many]
    return _bars(f"{told['year']}年季度考核分布", rows, SCORE_FILLS, SCORE.states_zh, below)


def _bars(
    name: str,
    rows: Sequence[tuple[str, Mapping[str, int], str]],
    fills: Mapping[str, str],
    names: Mapping[str, str],
    below: Sequence[tuple[str, int]] = (),
) -> str:
    """A bar a row, its parts in the order of `fills` with their numbers; below, single numbers as thin bars."""
    most = max([sum(counts.values()) for _, counts, _ in rows] + [many for _, many in below], default=0) or 1
    used = [code for code in fills if any(counts.get(code) for _, counts, _ in rows)]
    parts, x = [], 10.0
    for code in used:
        parts += [_rect(x, 42, 16, 14, fills[code]), _text(x + 22, 54, names[code], size=12)]
        x += 40 + 12 * len(names[code])
    width, y = max(x + 10, LEFT + BAR + 110), 74
    for label, counts, total in rows:
        at = float(LEFT)
        parts.append(_text(10, y + 15, label))
        for code in used:
            wide = BAR * counts.get(code, 0) / most
            if wide:
                parts.append(_rect(at, y, wide, 20, fills[code]))
                ink = "#fff" if fills[code] in DARK else "#000"
                parts.append(_text(at + wide / 2, y + 15, str(counts[code]), "middle", 12, ink, halo=ink == "#000"))
            at += wide
        parts.append(_text(at + 8, y + 15, total, size=12))
        y += 28
    y += 14 if below else 0
    for label, many in below:
        parts += [_text(10, y + 12, label, size=11), _rect(LEFT + 60, y + 2, BAR * 0.8 * many / most, 11, "#777")]
        parts.append(_text(LEFT + 66 + BAR * 0.8 * many / most, y + 12, str(many), size=11))
        y += 17
    words = "；".join(
        f"{label} {total}：" + "、".join(f"{names[c]} {counts[c]}" for c in used if counts.get(c))
        for label, counts, total in rows
    )
    told = "；".join(f"{label} {many}" for label, many in below)
    return _picture(name, "；".join(filter(None, (words, told))), width, y + 10, parts)


def _picture(name: str, words: str, width: float, height: float, parts: Sequence[str]) -> str:
    """The whole picture, with its figures in words for whoever cannot see it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" font-family="\'Noto Sans SC\',\'Microsoft YaHei\',SimHei,sans-serif" font-size="13" '
        f'role="img" aria-labelledby="t d"><title id="t">{escape(name)}</title><desc id="d">{escape(words)}</desc>'
        f'<defs>{HATCHES}</defs><rect width="100%" height="100%" fill="#fff"/>'
        f'<text x="10" y="26" font-size="17">{escape(name)}</text>{"".join(parts)}</svg>\n'
    )


def _rect(x: float, y: float, width: float, height: float, fill: str) -> str:
    return (
        f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" fill="{fill}" '
        'stroke="#000" stroke-width=".6"/>'
    )


def _line(x: float, y: float, x2: float, y2: float) -> str:
    return f'<path d="M{_n(x)} {_n(y)}H{_n(x2)}" stroke="#ccc"/>'


def _text(
    x: float, y: float, text: str, anchor: str = "", size: int = 13, fill: str = "#000", *, halo: bool = False
) -> str:
    if not text:
        return ""
    more = f' text-anchor="{anchor}"' if anchor else ""
    more += f' font-size="{size}"' if size != 13 else ""
    more += f' fill="{fill}"' if fill != "#000" else ""
    more += ' stroke="#fff" stroke-width="3" paint-order="stroke"' if halo else ""
    return f'<text x="{_n(x)}" y="{_n(y)}"{more}>{escape(text)}</text>'


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
