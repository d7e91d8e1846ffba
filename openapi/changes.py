"""What changed in the document, release by release? `python -m openapi.changes` writes openapi/changes.md.

It is made by comparing copies of the document (openapi/breaking.py), so it forgets nothing and explains nothing: what a
change is for stands in CHANGELOG.md.
"""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from openapi.breaking import breaking

Json = Any
ROOT = Path(__file__).parent.parent
NOTHING: Json = {"paths": {}, "components": {"schemas": {}}}
HEAD = """\
# Changes of the document

Every operation, member and parameter that came, went or changed, found by comparing the documents of the releases.
What the changes are for stands in [CHANGELOG.md](../CHANGELOG.md).
"""


def written(root: Path) -> str:
    """The whole page: what is not yet released first, then the releases, the newest first."""
    names = sorted((root / "openapi" / "releases").glob("*.json"), key=lambda p: [int(n) for n in p.stem.split(".")])
    released = [(path.stem, json.loads(path.read_text("utf-8"))) for path in names]
    now = json.loads((root / "openapi" / "openapi.json").read_text("utf-8"))
    stages = [("", NOTHING), *released, ("Unreleased", now)]
    parts = [_section(name, was, is_) for (_, was), (name, is_) in pairwise(stages)]
    return "\n".join([HEAD, *reversed(parts)])


def _section(name: str, was: Json, now: Json) -> str:
    return "\n".join([f"## {name}", "", *(list(_lines(was, now)) or ["Nothing."]), ""])


def _lines(was: Json, now: Json) -> Iterator[str]:
    before, after = _operations(was), _operations(now)
    yield from (f"- New: `{name}` {after[name]['summary']}" for name in after if name not in before)
    broken = {f"`{found.where}`: {found.what}": found.where for found in breaking(was, now)}
    yield from (f"- Breaking: {told}" for told in broken)
    back = dict.fromkeys(found.where for found in breaking(now, was))  # what would break on the way back is wider now
    yield from (f"- Wider: `{where}`" for where in back if where not in {*broken.values(), *after} or where in before)


def _operations(document: Json) -> dict[str, Json]:
    return {
        f"{method.upper()} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def write(root: Path) -> None:
    (root / "openapi" / "changes.md").write_text(written(root), "utf-8")


if __name__ == "__main__":
    write(ROOT)
