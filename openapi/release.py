"""What is a release, and does anything stand against the next one? `make release`.

A release is a version that pyproject.toml and the document both bear, a copy of the document under
`openapi/releases/`, a section of the changelog, and migrations that nobody touches any more.
"""

import hashlib
import json
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from openapi.breaking import Finding, breaking
from openapi.changes import write as write_changes

ROOT = Path(__file__).parent.parent
UNRELEASED = "## Unreleased\n"
Version = tuple[int, ...]


def objections(root: Path) -> list[str]:
    """What stands against this state of the project, beside its newest release if there is one."""
    return [*_versions(root), *_breaches(root), *_touched(root)]


def release(root: Path, day: str) -> None:
    """Make the state of `root` a release. Raises ValueError where something stands against it."""
    version = _version(root)
    against = objections(root)
    if (kept := root / "openapi" / "releases" / f"{version}.json").exists():
        against.append(f"{version} is released already: raise the version in pyproject.toml")
    changes = (root / "CHANGELOG.md").read_text("utf-8")
    if not _unreleased(root):
        against.append("CHANGELOG.md says nothing under Unreleased")
    if against:
        raise ValueError("\n".join(against))
    kept.parent.mkdir(exist_ok=True)
    shutil.copyfile(root / "openapi" / "openapi.json", kept)
    write_changes(root)
    (root / "CHANGELOG.md").write_text(changes.replace(UNRELEASED, f"{UNRELEASED}\n## {version}, {day}\n", 1), "utf-8")
    _frozen(root).write_text("".join(f"{digest}  {path}\n" for path, digest in _migrations(root).items()), "utf-8")


def _versions(root: Path) -> Iterator[str]:
    version = _version(root)
    document = json.loads((root / "openapi" / "openapi.json").read_text("utf-8"))
    if (said := document["info"]["version"]) != version:
        yield f"pyproject.toml says version {version}, the document {said}"
    if (newest := _newest(root)) and _parts(version) < newest[0]:
        yield f"version {version} is older than what is released"


def _breaches(root: Path) -> Iterator[str]:
    """Breaking changes that the version or the changelog does not own up to."""
    newest = _newest(root)
    if newest is None:
        return
    was, now = (json.loads(path.read_text("utf-8")) for path in (newest[1], root / "openapi" / "openapi.json"))
    found: list[Finding] = breaking(was, now)
    if found and not raised(newest[0], _parts(_version(root))):
        yield from (f"breaks clients of {newest[1].stem}: {finding}" for finding in found)
        yield "raise the version: its first number, or the second while the first is 0"
    if found and not re.search(r"^- Breaking: \S", _unreleased(root), re.MULTILINE):
        yield "CHANGELOG.md needs a line `- Breaking: …` under Unreleased"


def raised(was: Version, now: Version) -> bool:
    """May a client of `was` meet a breaking change in `now`?"""
    telling = 2 if was[0] == 0 else 1
    return now[:telling] > was[:telling]


def _touched(root: Path) -> Iterator[str]:
    """Migrations of a release that are no longer what they were."""
    there = _migrations(root)
    lines = _frozen(root).read_text("utf-8").splitlines() if _frozen(root).exists() else []
    for digest, path in (line.split("  ", 1) for line in lines):
        if there.get(path) != digest:
            yield f"{path} is released: leave it as it was and write a new migration"


def _version(root: Path) -> str:
    return str(tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def _parts(version: str) -> Version:
    return tuple(int(part) for part in version.split("."))


def _newest(root: Path) -> tuple[Version, Path] | None:
    return max(((_parts(path.stem), path) for path in (root / "openapi" / "releases").glob("*.json")), default=None)


def _unreleased(root: Path) -> str:
    """What the changelog says under Unreleased."""
    _, _, after = (root / "CHANGELOG.md").read_text("utf-8").partition(UNRELEASED)
    return re.split(r"^## ", after, maxsplit=1, flags=re.MULTILINE)[0].strip()


def _frozen(root: Path) -> Path:
    return root / "alembic" / "released.sha256"


def _migrations(root: Path) -> dict[str, str]:
    """Every migration and the SQL it runs, by path, with its SHA-256 in hexadecimal."""
    paths = sorted(p for kind in ("versions/*.py", "sql/*.sql") for p in (root / "alembic").glob(kind))
    return {p.relative_to(root).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}


if __name__ == "__main__":
    try:
        release(ROOT, datetime.now(UTC).date().isoformat())
    except ValueError as against:
        sys.exit(str(against))
