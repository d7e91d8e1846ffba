"""Does the code keep the rules of the house? Those that a machine can check, each with a violation it must catch."""

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import app
from app.refusal import Refusal, every

ROOT = Path(__file__).parent.parent
LAW = {"rules", "draw", "policies", "pictures", "words"}
"""Pure files: the rules of a feature, and four pieces with a format of their own."""
KINDS = LAW | {"__init__", "tables", "schemas", "actions", "routes"}
PURE = {"app.workflow", "app.refusal", "app.actor", "app.calendar", "app.codes", "app.glossary", "app.merkle"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")

Tree = dict[str, str]
"""Text files of the project: path from its root -> content."""


def imports(source: str) -> Iterator[str]:
    """Modules imported anywhere in the source; for `from app import x` that is `app.x`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [alias.name for alias in node.names]
            a_package = node.module == "app" or KINDS.issuperset(names)
            yield from (f"{node.module}.{name}" for name in names) if a_package else (node.module,)


def python(tree: Tree, *folders: str) -> Iterator[tuple[str, str]]:
    return ((path, text) for path, text in tree.items() if path.endswith(".py") and path.startswith(folders))


def features(tree: Tree) -> Iterator[tuple[str, str, str]]:
    """Feature folder, file kind and source; app/demo and app/phone are no features but talk to the service."""
    for path, text in python(tree, "app/"):
        if path.startswith(("app/demo/", "app/phone/")):
            continue
        if path.count("/") == 2:
            yield path.split("/")[1], Path(path).stem, text
        elif path.count("/") > 2:
            yield path.split("/")[1], path, text


def file_kinds(tree: Tree) -> list[str]:
    return [f"{feature}: no file kind {kind}" for feature, kind, _ in features(tree) if kind not in KINDS]


def only_docstring(source: str) -> bool:
    body = ast.parse(source).body
    return len(body) == 1 and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)


def init_says_what_it_is(tree: Tree) -> list[str]:
    return [
        f"{feature}/__init__.py holds more or less than a docstring"
        for feature, kind, text in features(tree)
        if kind == "__init__" and not only_docstring(text)
    ]


def module_docstrings(tree: Tree) -> list[str]:
    sources = python(tree, "app/", "tests/")
    return [f"{path}: says nothing" for path, text in sources if not ast.get_docstring(ast.parse(text))]


def rules_are_pure(tree: Tree) -> list[str]:
    allowed = re.compile(rf"app\.\w+\.({'|'.join(LAW)})")
    return [
        f"{feature}/{kind}.py imports {module}"
        for feature, kind, text in features(tree)
        if kind in LAW
        for module in imports(text)
        if module not in PURE
        and not allowed.fullmatch(module)
        and module.split(".")[0] not in sys.stdlib_module_names - {"random", "secrets", "os", "time", "socket"}
    ]


def rules_have_no_clock(tree: Tree) -> list[str]:
    clock = re.compile(r"\b(now|today|utcnow)\(\)|uuid[147]\(\)")
    return [
        f"{feature}/{kind}.py: {match[0]}"
        for feature, kind, text in features(tree)
        if kind in LAW
        for match in clock.finditer(text)
    ]


def no_session(tree: Tree) -> list[str]:
    banned = re.compile(r"\b(AsyncSession|sessionmaker|Session\(|Relationship\(|relationship\()")
    return [f"{p}: {m[0]}" for p, text in python(tree, "app/") for m in banned.finditer(text)]


def no_mocks(tree: Tree) -> list[str]:
    return [f"{p}: {m}" for p, text in python(tree, "tests/") for m in imports(text) if "mock" in m.split(".")]


def no_foreign_addresses(tree: Tree) -> list[str]:
    """Addresses of package indexes and paths of somebody's machine."""
    banned = re.compile(
        r"py[p]i\.org|pythonhoste[d]|npmj[s]\.|deb[.]debian[.]org|(?<![\w.~}])/(?:hom[e]|roo[t]|wor[k]|op[t]|farm)/[\w.-]"
    )
    return [f"{p}: {m[0]}" for p, text in tree.items() if p != "LICENSE" for m in banned.finditer(text)]


def no_conflict_is_left(tree: Tree) -> list[str]:
    """Nothing that git wrote into a file for somebody to decide."""
    mark = re.compile(r"^(<{7}|>{7}|\|{7}) ", re.MULTILINE)
    return [f"{p}: {m[0]}" for p, text in tree.items() for m in mark.finditer(text)]


def mirrored_by_tests(tree: Tree) -> list[str]:
    return [
        f"tests/{feature}/test_{kind}.py is missing"
        for feature, kind, _ in features(tree)
        if kind in {"rules", "routes"} and f"tests/{feature}/test_{kind}.py" not in tree
    ]


def locks_are_whole(tree: Tree) -> list[str]:
    """Every dependency is pinned with hashes, and nothing else stands in the lock files."""
    project = tomllib.loads(tree["pyproject.toml"])["project"]
    wanted = {"requirements-runtime.lock": project["dependencies"]}
    wanted["requirements.lock"] = sum(project["optional-dependencies"].values(), project["dependencies"])
    faults = []
    for name, dependencies in wanted.items():
        entries = tree[name].replace("\\\n", " ").splitlines()
        pinned = {m[1]: m[2] for e in entries if (m := re.match(r"([a-z0-9._-]+)(?:\[[a-z0-9,-]+\])?==(\S+)", e))}
        faults += [f"{name}: {e[:60]}" for e in entries if not re.match(r"[a-z0-9\[\],._-]+==\S+ .*--hash=sha256:", e)]
        names = {re.match(r"[\w.-]+", d)[0].lower().replace("_", "-") for d in dependencies}  # type: ignore[index]
        faults += [f"{name}: {d} is not pinned" for d in sorted(names - pinned.keys())]
    return faults


def make_explains_itself(tree: Tree) -> list[str]:
    """Every target has its line of help, and what the README and .ci/run tell to run exists."""
    explained = set(re.findall(r"^([a-z-]+):.*## \S", tree["Makefile"], re.MULTILINE))
    named = set(re.search(r"^\.PHONY: (.*)$", tree["Makefile"], re.MULTILINE)[1].split())  # type: ignore[index]
    told = {t for p in (".ci/run", "README.md") for t in re.findall(r"^(?:\$ )?make ([a-z-]+)", tree[p], re.MULTILINE)}
    return [f"make {target}" for target in sorted((named | told) - explained)]


def one_map(tree: Tree) -> list[str]:
    """The floors that import-linter holds are the floors that the README shows, in the same order."""
    contract = tomllib.loads(tree["pyproject.toml"])["tool"]["importlinter"]["contracts"][0]
    floors = [layer.strip("()") for layer in contract["layers"]]
    shown = re.findall(r"^  (\w+)(?:/|\.py) ", tree["README.md"], re.MULTILINE)
    return [] if floors == shown else [f"pyproject.toml {floors}", f"README.md {shown}"]


CHECKS: list[tuple[Callable[[Tree], list[str]], Tree]] = [
    (file_kinds, {"app/x/services.py": ""}),
    (file_kinds, {"app/x/deep/rules.py": ""}),
    (init_says_what_it_is, {"app/x/__init__.py": '"""A thing."""\nfrom app.x import rules'}),
    (init_says_what_it_is, {"app/x/__init__.py": ""}),
    (module_docstrings, {"app/x/rules.py": "N = 1"}),
    (rules_are_pure, {"app/x/rules.py": "from datetime import date\nimport httpx"}),
    (rules_are_pure, {"app/x/rules.py": "from app.x.rules import a\nfrom app import database"}),
    (rules_are_pure, {"app/x/rules.py": "from secrets import token_hex"}),
    (rules_are_pure, {"app/x/draw.py": "import sqlmodel"}),
    (rules_have_no_clock, {"app/x/rules.py": "due = date.today()"}),
    (no_session, {"app/x/tables.py": "with Session(engine) as s: ..."}),
    (no_session, {"app/x/tables.py": "helper: Helper = Relationship()"}),
    (no_mocks, {"tests/x/test_routes.py": "from unittest.mock import patch"}),
    (no_foreign_addresses, {"a.md": "https://" + "pypi" + ".org/simple"}),
    (no_foreign_addresses, {"a.md": "see " + "/home/" + "me/x"}),
    (no_conflict_is_left, {"a.md": "one\n" + "<" * 7 + " HEAD\ntwo\n"}),
    (mirrored_by_tests, {"app/x/routes.py": ""}),
    (
        locks_are_whole,
        {
            "pyproject.toml": '[project]\ndependencies=["a"]\n[project.optional-dependencies]\nd=["b"]',
            "requirements.lock": "a==1 \\\n    --hash=sha256:0\n",
            "requirements-runtime.lock": "a==1 --hash=sha256:0\n",
        },
    ),
    (
        locks_are_whole,
        {
            "pyproject.toml": '[project]\ndependencies=["a"]\n[project.optional-dependencies]\nd=[]',
            "requirements.lock": "a==1\n",
            "requirements-runtime.lock": "--index-url x\na==1 --hash=sha256:0\n",
        },
    ),
    (make_explains_itself, {"Makefile": ".PHONY: a b\na: ## yes\nb:\n", ".ci/run": "", "README.md": ""}),
    (make_explains_itself, {"Makefile": ".PHONY: a\na: ## yes\n", ".ci/run": "make gone\n", "README.md": ""}),
    (
        one_map,
        {
            "pyproject.toml": '[[tool.importlinter.contracts]]\nlayers=["(b)", "(a)"]',
            "README.md": "  a/   one\n  b.py   two\n",
        },
    ),
]


@pytest.fixture(scope="module")
def tree() -> Tree:
    """What git tracks or would track, where it is text."""
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    files = (ROOT / name for name in listing.stdout.splitlines())
    found = {}
    for path in files:
        if path.is_file() and path.suffix not in {".xz", ".gz", ".png", ".ico"}:
            found[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
    return found


@pytest.mark.parametrize("check", dict.fromkeys(check for check, _ in CHECKS), ids=lambda c: c.__name__)
def test_the_house_is_in_order(check: Callable[[Tree], list[str]], tree: Tree) -> None:
    assert check(tree) == []


@pytest.mark.parametrize(("check", "violation"), CHECKS)
def test_a_violation_is_caught(check: Callable[[Tree], list[str]], violation: Tree) -> None:
    assert check(violation)


def all_refusals() -> list[type[Refusal]]:
    for module in pkgutil.walk_packages(app.__path__, "app."):
        importlib.import_module(module.name)
    return [refusal for refusal in every(Refusal) if refusal.__module__.startswith("app.")]


def test_every_refusal_speaks_both_languages() -> None:
    for refusal in all_refusals():
        assert not CHINESE.search(refusal.title("en")), refusal
        assert CHINESE.search(refusal.title("zh-CN")), refusal

    class Silent(Refusal):
        """English only."""

    assert not CHINESE.search(Silent.title("zh-CN")), "the check above can fail"


def test_no_two_refusals_share_a_code() -> None:
    """The code is the stable `type` of a problem: clients tell refusals apart by it."""
    codes: dict[str, str] = {}
    for refusal in all_refusals():
        name = f"{refusal.__module__}.{refusal.__qualname__}"
        assert codes.setdefault(refusal.code(), name) == name
