"""How does a workflow look? Its states and moves as Mermaid text and as a small SVG."""

from html import escape

from app.actor import OFFICES_ZH
from app.workflow import Move, Workflow

WIDTH, HEIGHT, GAP, LANE, LINE = 190, 40, 46, 15, 20
HALO = 'stroke="#fff" stroke-width="4" paint-order="stroke"'


def edges(flow: Workflow) -> list[tuple[str, str, str]]:
    """Every (from, to, move), in the order of the declaration."""
    return [(a, b, move.name) for move in flow.moves for a, many in move.path.items() for b in many]


def mermaid(flow: Workflow) -> str:
    """The workflow as a Mermaid state diagram."""
    lines = ["stateDiagram-v2"]
    lines += [f"  {state}: {flow.states_zh[state]} {state}" for state in flow.states]
    lines += [f"  [*] --> {flow.initial}"]
    lines += [f"  {a} --> {b}: {name}" for a, b, name in edges(flow)]
    lines += [f"  {state} --> [*]" for state in flow.states if state in flow.final]
    return "\n".join(lines) + "\n"


def svg(flow: Workflow) -> str:
    """The workflow as one column of states; moves run down its right side and back up its left.

    Moves between the same two states share one line, and lines with the same moves into the same state share a lane.
    Below stands what each move does, on which article, and whose it is. The picture is drawn from the declaration
    alone, in black on white, and has the declaration's texts as its title and description.
    """
    row = {state: i for i, state in enumerate(flow.states)}
    lanes = sorted(_lanes(flow), key=lambda lane: max(abs(row[lane[1]] - row[a]) for a in lane[0]))
    down = [lane for lane in lanes if row[lane[1]] >= row[lane[0][0]]]
    up = [lane for lane in lanes if row[lane[1]] < row[lane[0][0]]]
    legend = [_words(move) for move in flow.moves]
    left = 20 + LANE * len(up) + max((7 * len(text) for _, _, text in up), default=0)
    right = 20 + LANE * len(down) + max((7 * len(text) for _, _, text in down), default=0)
    width = max(left + WIDTH + right, 20 + 7 * max(len(m.name) for m in flow.moves) + max(map(_wide, legend)))
    height = 60 + len(flow.states) * (HEIGHT + GAP) + LINE * len(legend)
    parts = [_state(flow, state, left, _top(i)) for i, state in enumerate(flow.states)]
    parts += _lines(left + WIDTH, LANE, [([_top(row[a]) for a in many], _top(row[b]), text) for many, b, text in down])
    parts += _lines(left, -LANE, [([_top(row[a]) for a in many], _top(row[b]), text) for many, b, text in up])
    parts.sort(key=lambda part: part.startswith("<text"))
    parts += _legend(flow, legend, _top(len(flow.states)) + LINE)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="sans-serif" font-size="12" role="img">'
        f"<title>{escape(flow.title_zh)} {escape(flow.name)}</title><desc>{escape(mermaid(flow))}</desc>"
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z"/></marker></defs><rect width="100%" height="100%" fill="#fff"/>'
        f'<text x="{left}" y="24" font-size="15">{escape(flow.title_zh)}</text>{"".join(parts)}</svg>\n'
    )


def _lanes(flow: Workflow) -> list[tuple[list[str], str, str]]:
    """States from which the same moves lead the same way into a state; that state; the moves' names."""
    row = {state: i for i, state in enumerate(flow.states)}
    joined: dict[tuple[str, str], list[str]] = {}
    for a, b, name in edges(flow):
        joined.setdefault((a, b), []).append(name)
    lanes: dict[tuple[str, str, int], list[str]] = {}
    for (a, b), names in joined.items():
        way = (row[b] > row[a]) - (row[b] < row[a])
        lanes.setdefault((b, ", ".join(names), way), []).append(a)
    return [(many, b, text) for (b, text, _), many in lanes.items()]


def _top(row: int) -> int:
    return 42 + row * (HEIGHT + GAP)


def _state(flow: Workflow, state: str, x: int, y: int) -> str:
    """A box; the first state has a thick border, the final ones a double one."""
    stroke = 3 if state == flow.initial else 1
    box = f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="none" stroke="#000" {{}}/>'
    inner = (
        f'<rect x="{x + 3}" y="{y + 3}" width="{WIDTH - 6}" height="{HEIGHT - 6}" rx="4" fill="none" stroke="#000"/>'
    )
    middle = f'x="{x + WIDTH // 2}" text-anchor="middle"'
    named = f'<text {middle} y="{y + 18}" font-size="13">{escape(flow.states_zh[state])}</text>'
    code = f'<text {middle} y="{y + 32}" font-size="10" fill="#555">{escape(state)}</text>'
    return box.format(f'stroke-width="{stroke}"') + (inner if state in flow.final else "") + named + code


def _lines(x: int, lane: int, lanes: list[tuple[list[int], int, str]]) -> list[str]:
    """Each lane from the lower halves of its boxes into the upper half of another; one label each, labels apart."""
    parts: list[str] = []
    taken: list[int] = []
    for number, (starts, end, label) in enumerate(lanes, start=1):
        into, out = end + HEIGHT // 3, x + lane * number
        leave = [start + HEIGHT * 2 // 3 for start in starts]
        at = (min(leave, key=lambda y: abs(y - into)) + into) // 2 + 4
        while any(abs(at - other) < 14 for other in taken):
            at += 14
        taken.append(at)
        parts += [
            f'<path d="M{x} {y}H{out}V{into}H{x}" fill="none" stroke="#777" marker-end="url(#tip)"/>' for y in leave
        ]
        side = ("start", out + 4) if lane > 0 else ("end", out - 4)
        parts.append(f'<text x="{side[1]}" y="{at}" text-anchor="{side[0]}" {HALO}>{escape(label)}</text>')
    return parts


def _words(move: Move) -> str:
    """What a move does, on which article, and whose it is, in Chinese."""
    whose = "、".join(OFFICES_ZH[office] for office in sorted(move.offices)) or "系统时钟"
    whose = "有关人员" if len(move.offices) > 4 else whose
    return f"{move.summary_zh.rstrip('。')}({move.article};{whose})"


def _wide(text: str) -> int:
    """About how many pixels a text takes at size 12."""
    return sum(12 if ord(c) > 0x2000 else 7 for c in text)


def _legend(flow: Workflow, legend: list[str], y: int) -> list[str]:
    x = 20 + 7 * max(len(move.name) for move in flow.moves)
    return [
        f'<text x="10" y="{y + LINE * i}">{escape(move.name)}</text>'
        f'<text x="{x}" y="{y + LINE * i}">{escape(words)}</text>'
        for i, (move, words) in enumerate(zip(flow.moves, legend, strict=True))
    ]
