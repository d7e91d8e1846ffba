"""Does the picture show every state and every move, and nothing else?"""

from xml.etree import ElementTree as ET

import pytest

from app.actor import Office
from app.rulebook.pictures import edges, mermaid, svg
from app.workflow import WORKFLOWS, Move, Workflow

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def flow() -> Workflow:
    offices = frozenset({Office.LEADING_GROUP})

    def move(name: str, **path: tuple[str, ...]) -> Move:
        return Move(name, path, offices, "5", name, name)

    made = Workflow(
        "picture_example",
        "示例<图>",
        "examples",
        ("open", "signed", "closed"),
        "open",
        frozenset({"closed"}),
        (
            move("sign", open=("signed",)),
            move("close", signed=("closed",), open=("closed",)),
            move("restate", signed=("open", "signed")),
        ),
        {"open": "待签", "signed": "已签", "closed": "已结"},
    )
    del WORKFLOWS["picture_example"]
    return made


def test_mermaid_has_every_edge_once(flow: Workflow) -> None:
    assert mermaid(flow).splitlines() == [
        "stateDiagram-v2",
        "  open: 待签 open",
        "  signed: 已签 signed",
        "  closed: 已结 closed",
        "  [*] --> open",
        "  open --> signed: sign",
        "  signed --> closed: close",
        "  open --> closed: close",
        "  signed --> open: restate",
        "  signed --> signed: restate",
        "  closed --> [*]",
    ]


def test_svg_is_well_formed_and_draws_every_state_and_edge(flow: Workflow) -> None:
    root = ET.fromstring(svg(flow))
    texts = [t.text for t in root.findall(f"{SVG}text")]
    assert [t for t in texts if t in flow.states] == list(flow.states)
    assert [t for t in texts if t in flow.states_zh.values()] == ["待签", "已签", "已结"]
    assert all(move.name in texts and f"{move.summary_zh}(5;乡扶贫开发领导小组)" in texts for move in flow.moves)
    assert len(root.findall(f"{SVG}path")) == len({(a, b) for a, b, _ in edges(flow)})
    assert root.findtext(f"{SVG}desc") == mermaid(flow)
    assert root.findtext(f"{SVG}title") == "示例<图> picture_example"


def test_svg_stays_inside_its_canvas_and_its_labels_apart(flow: Workflow) -> None:
    root = ET.fromstring(svg(flow))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    places = [(float(t.attrib["x"]), float(t.attrib["y"])) for t in root.findall(f"{SVG}text")]
    assert all(0 <= x <= width and 0 <= y <= height for x, y in places)
    assert len(set(places)) == len(places)
