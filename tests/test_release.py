"""May this state of the project follow its newest release, and is a release what it should be?"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from openapi.changes import written
from openapi.release import objections, raised, release

ROOT = Path(__file__).parent.parent
CHANGES = "# Changelog\n\n## Unreleased\n\n- Everything.\n"


def test_nothing_stands_against_this_state() -> None:
    """Compared with the newest file under openapi/releases, once there is one."""
    assert objections(ROOT) == []


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The parts of the project that a release touches, on the eve of one."""
    for folder in ("alembic/versions", "alembic/sql", "openapi"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("releases", "__pycache__"))
    version = json.loads((tmp_path / "openapi" / "openapi.json").read_text("utf-8"))["info"]["version"]
    (tmp_path / "pyproject.toml").write_text(f'[project]\nversion = "{version}"\n', "utf-8")
    (tmp_path / "CHANGELOG.md").write_text(CHANGES, "utf-8")
    return tmp_path


@pytest.fixture
def released(project: Path) -> Path:
    """The same after the release."""
    release(project, "2026-11-22")
    return project


def raise_version(project: Path, version: str) -> None:
    (project / "pyproject.toml").write_text(f'[project]\nversion = "{version}"\n', "utf-8")
    edit_document(project, lambda document: document["info"].update(version=version))


def edit_document(project: Path, edit: Callable[[dict], object]) -> None:
    path = project / "openapi" / "openapi.json"
    document = json.loads(path.read_text("utf-8"))
    edit(document)
    path.write_text(json.dumps(document), "utf-8")


def note(project: Path, line: str) -> None:
    path = project / "CHANGELOG.md"
    path.write_text(path.read_text("utf-8").replace("## Unreleased\n", f"## Unreleased\n\n{line}\n", 1), "utf-8")


def test_a_release_keeps_the_document_and_closes_the_section(released: Path) -> None:
    (kept,) = (released / "openapi" / "releases").iterdir()
    assert kept.read_bytes() == (ROOT / "openapi" / "openapi.json").read_bytes()
    changes = (released / "CHANGELOG.md").read_text("utf-8")
    assert f"## Unreleased\n\n## {kept.stem}, 2026-11-22\n\n- Everything.\n" in changes
    assert objections(released) == []


def section(project: Path, name: str) -> list[str]:
    """The lines of a section of the changes of the document."""
    return written(project).partition(f"## {name}\n\n")[2].partition("\n\n")[0].splitlines()


def test_the_changes_of_the_document_are_told_release_by_release(released: Path) -> None:
    assert (ROOT / "openapi" / "changes.md").read_text("utf-8") == written(ROOT), "run `make openapi`"
    (version,) = (path.stem for path in (released / "openapi" / "releases").iterdir())
    assert (released / "openapi" / "changes.md").read_text("utf-8") == written(released)
    assert section(released, "Unreleased") == ["Nothing."]
    assert "- New: `POST /v1/people` Register a person / 登记人员" in section(released, version)

    def edit(document: dict) -> None:
        people = document["paths"]["/v1/people"]
        document["paths"]["/v1/plots"] = {"get": people["get"]}
        del document["components"]["schemas"]["PersonOut"]["properties"]["phone"]
        document["components"]["schemas"]["CreatePerson"]["properties"]["rank"] = {"type": "string"}

    edit_document(released, edit)
    told = section(released, "Unreleased")
    assert told[0].startswith("- New: `GET /v1/plots` ")
    assert "- Breaking: `GET /v1/people 200.items[].phone`: the member is gone" in told
    assert "- Wider: `POST /v1/people body.rank`" in told
    assert not [line for line in told if line.startswith("- Wider") and "plots" in line]


def test_it_is_made_once_and_never_of_nothing(released: Path) -> None:
    with pytest.raises(ValueError, match="released already") as refusal:
        release(released, "2026-11-23")
    assert "nothing under Unreleased" in str(refusal.value)


def test_a_breaking_change_needs_its_version_and_its_line(released: Path) -> None:
    version = json.loads((released / "openapi" / "openapi.json").read_text("utf-8"))["info"]["version"]
    major, minor, patch = map(int, version.split("."))
    edit_document(released, lambda document: document["paths"]["/v1/people"].pop("post"))
    told = "\n".join(objections(released))
    assert "POST /v1/people: the method is gone" in told
    assert "raise the version" in told
    assert "- Breaking:" in told

    raise_version(released, f"{major}.{minor}.{patch + 1}")
    assert "raise the version" in "\n".join(objections(released)), "too little"
    raise_version(released, f"{major}.{minor + 1}.0" if major == 0 else f"{major + 1}.0.0")
    assert objections(released) == ["CHANGELOG.md needs a line `- Breaking: …` under Unreleased"]
    note(released, "- Breaking: people are no longer registered.")
    assert objections(released) == []


def test_a_harmless_change_needs_neither(released: Path) -> None:
    edit_document(released, lambda document: document["paths"].update({"/v1/plots": {}}))
    assert objections(released) == []


def test_a_released_migration_stays_as_it_was(released: Path) -> None:
    (released / "alembic" / "versions" / "0999_later.py").write_text("later = True\n", "utf-8")
    assert objections(released) == [], "a new one is welcome"
    with (released / "alembic" / "sql" / "guard.sql").open("a", encoding="utf-8") as file:
        file.write("-- touched\n")
    assert [one.partition(" ")[0] for one in objections(released)] == ["alembic/sql/guard.sql"]


@pytest.mark.parametrize("version", ["0.0.9", "9.9.9"])
def test_both_versions_are_one_and_never_go_back(released: Path, version: str) -> None:
    (released / "pyproject.toml").write_text(f'[project]\nversion = "{version}"\n', "utf-8")
    told = "\n".join(objections(released))
    assert f"pyproject.toml says version {version}" in told
    assert ("is older" in told) == (version == "0.0.9")


@pytest.mark.parametrize(
    ("was", "now", "enough"),
    [
        ((0, 1, 0), (0, 1, 1), False),
        ((0, 1, 0), (0, 2, 0), True),
        ((0, 9, 0), (1, 0, 0), True),
        ((1, 2, 0), (1, 3, 0), False),
        ((1, 2, 0), (2, 0, 0), True),
    ],
)
def test_what_a_version_may_break(was: tuple[int, ...], now: tuple[int, ...], enough: bool) -> None:
    assert raised(was, now) is enough
