"""How does a workflow look? Its states and moves as Mermaid text and as a small SVG."""

from html import escape

from app.workflow import Workflow

WIDTH, HEIGHT, GAP, LANE = 190, 34, 46, 15
HALO = 'stroke="#fff" stroke-width="4" paint-order="stroke"'


def edges(flow: Workflow) -> list[tuple[str, str, str]]:
    """Every (from, to, move), in the order of the declaration."""
    return [(a, b, move.name) for move in flow.moves for a, many in move.path.items() for b in many]


def mermaid(flow: Workflow) -> str:
    """The workflow as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"  [*] --> {flow.initial}"]
    lines += [f"  {a} --> {b}: {name}" for a, b, name in edges(flow)]
    lines += [f"  {state} --> [*]" for state in flow.states if state in flow.final]
    return "\n".join(lines) + "\n"


def svg(flow: Workflow) -> str:
    """The workflow as one column of states; moves run down its right side and back up its left.

    Moves between the same two states share one line. The picture is drawn from the declaration alone, in
    black on white, and has the declaration's texts as its title and description.
    """
    row = {state: i for i, state in enumerate(flow.states)}
    joined: dict[tuple[str, str], list[str]] = {}
    for a, b, name in edges(flow):
        joined.setdefault((a, b), []).append(name)
    short_first = sorted(((a, b, names) for (a, b), names in joined.items()), key=lambda e: abs(row[e[1]] - row[e[0]]))
    down = [(a, b, names) for a, b, names in short_first if row[b] >= row[a]]
    up = [(a, b, names) for a, b, names in short_first if row[b] < row[a]]
    left = 20 + LANE * len(up) + (9 * max((len(", ".join(n)) for _, _, n in up), default=0))
    right = 20 + LANE * len(down) + (8 * max((len(", ".join(n)) for _, _, n in down), default=0))
    total_width, total_height = left + WIDTH + right, 50 + len(flow.states) * (HEIGHT + GAP)
    parts = [_state(flow, state, left, _top(i)) for i, state in enumerate(flow.states)]
    parts += _lines(left + WIDTH, LANE, [(_top(row[a]), _top(row[b]), ", ".join(n)) for a, b, n in down])
    parts += _lines(left, -LANE, [(_top(row[a]), _top(row[b]), ", ".join(n)) for a, b, n in up])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total_width} {total_height}" '
        f'width="{total_width}" height="{total_height}" font-family="sans-serif" font-size="12" role="img">'
        f"<title>{escape(flow.title_zh)} {escape(flow.name)}</title><desc>{escape(mermaid(flow))}</desc>"
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z"/></marker></defs><rect width="100%" height="100%" fill="#fff"/>'
        f'<text x="{left}" y="24" font-size="15">{escape(flow.title_zh)}</text>{"".join(parts)}</svg>\n'
    )


def _top(row: int) -> int:
    return 42 + row * (HEIGHT + GAP)


def _state(flow: Workflow, state: str, x: int, y: int) -> str:
    """A box; the first state has a thick border, the final ones a double one."""
    stroke = 3 if state == flow.initial else 1
    box = f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="none" stroke="#000" {{}}/>'
    inner = (
        f'<rect x="{x + 3}" y="{y + 3}" width="{WIDTH - 6}" height="{HEIGHT - 6}" rx="4" fill="none" stroke="#000"/>'
    )
    text = f'<text x="{x + WIDTH // 2}" y="{y + HEIGHT // 2 + 4}" text-anchor="middle">{escape(state)}</text>'
    return box.format(f'stroke-width="{stroke}"') + (inner if state in flow.final else "") + text


def _lines(x: int, lane: int, edges: list[tuple[int, int, str]]) -> list[str]:
    """Each edge in a lane of its own, from the lower half of a box into the upper half of another; labels apart."""
    parts: list[str] = []
    taken: list[int] = []
    for number, (start, end, label) in enumerate(edges, start=1):
        y1, y2, out = start + HEIGHT * 2 // 3, end + HEIGHT // 3, x + lane * number
        at = (y1 + y2) // 2 + 4
        while any(abs(at - other) < 14 for other in taken):
            at += 14
        taken.append(at)
        parts.append(f'<path d="M{x} {y1}H{out}V{y2}H{x}" fill="none" stroke="#777" marker-end="url(#tip)"/>')
        side = ("start", out + 4) if lane > 0 else ("end", out - 4)
        parts.append(f'<text x="{side[1]}" y="{at}" text-anchor="{side[0]}" {HALO}>{escape(label)}</text>')
    return parts
