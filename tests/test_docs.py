"""Do the pages of the document work where nothing but this service can be reached, and do ours name what is there?"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.actor import Office
from app.workflow import WORKFLOWS
from tests.serving import SECRET, Process

ROOT = Path(__file__).parent.parent
ADDRESS = re.compile(r"""(?:src|href)=["']((?:https?:)?//[^"']+)""")


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_a_page_of_the_document_needs_no_other_server(service, page):
    client = httpx.Client(base_url=service.address)
    answer = client.get(page)
    assert answer.status_code == 200
    assert ADDRESS.findall(answer.text) == []
    assets = re.findall(r"""["'](/docs/assets/[^"']+)["']""", answer.text)
    assert len(assets) >= 2
    for asset in assets:
        assert client.get(asset).status_code == 200, asset
    assert "/openapi.json" in answer.text
    assert client.get("/openapi.json").json()["openapi"].startswith("3.1")


def test_the_address_alone_leads_to_the_document(service):
    answer = httpx.get(service.address)
    assert (answer.status_code, answer.headers["location"]) == (307, "/docs")


def test_a_problem_is_readable_as_it_stands(service):
    assert "请先登录" in httpx.get(f"{service.address}/v1/helpers").text


def mappings(node: Any) -> Iterator[Any]:
    """What the discriminators of a document map to; a page draws nothing where that is no reference."""
    if isinstance(node, dict):
        yield from node.get("discriminator", {}).get("mapping", {}).values() if "oneOf" in node else ()
        yield from (found for child in node.values() for found in mappings(child))
    elif isinstance(node, list):
        yield from (found for child in node for found in mappings(child))


def test_discriminators_map_to_references(service):
    found = list(mappings(httpx.get(f"{service.address}/openapi.json").json()))
    assert found
    assert all(isinstance(one, str) for one in found)
    assert list(mappings([{"oneOf": [], "discriminator": {"mapping": {"a": {"anyOf": []}}}}])) == [{"anyOf": []}]


def test_the_pages_that_fastapi_makes_by_itself_would_be_caught():
    from fastapi.openapi.docs import get_swagger_ui_html

    page = get_swagger_ui_html(openapi_url="/openapi.json", title="x")
    assert ADDRESS.findall(bytes(page.body).decode())


def missing(text: str) -> list[str]:
    """The tests that a page names and nobody has written."""
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", text)
    assert named, "a page of threats names its tests"
    return [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).exists() or f"def {name}(" not in (ROOT / path).read_text("utf-8")
    ]


def test_every_test_that_the_threat_model_names_is_there():
    page = (ROOT / "docs" / "threats.md").read_text("utf-8")
    assert missing(page) == []
    rows = [row for row in page.splitlines() if row.startswith("|")][2:]
    assert [row for row in rows if "`tests/" not in row and not row.endswith("| – |")] == []
    gone = "`tests/test_docs.py::test_that_nobody_wrote` `tests/test_gone.py::test_x`"
    assert missing(gone) == ["tests/test_docs.py::test_that_nobody_wrote", "tests/test_gone.py::test_x"], "control"


def blocks(page: str, language: str) -> list[str]:
    """The pieces of code of a language in a page, as they stand."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


FIRST_DAY = "### A township's first day"


def first_day() -> str:
    """That part of the README, up to the next heading."""
    return (ROOT / "README.md").read_text("utf-8").partition(FIRST_DAY)[2].partition("\n## ")[0]


def test_the_first_day_works_as_it_stands(own_database_url, tmp_path):
    """In a service that nobody has used yet: from the first administrator to an office that signs in."""
    (shown,) = blocks(first_day(), "sh")
    service = Process(own_database_url, tmp_path / "serve.log").await_ready()
    here = {"HUAYUAN_DATABASE_URL": own_database_url, "HUAYUAN_SECRET": SECRET}
    try:
        code = shown.replace("http://127.0.0.1:8411", service.address)
        code = code.replace(".venv/bin/huayuan", f"{sys.executable} -m app.cli")
        assert code.count(service.address) == code.count("app.cli") == 1
        words = ["bash", "-euo", "pipefail", "-c", code]
        done, again = (
            subprocess.run(words, cwd=ROOT, env=os.environ | here, capture_output=True, text=True, check=False)
            for _ in "12"
        )
    finally:
        service.stop()
    assert done.returncode == 0, done.stderr + done.stdout
    me = json.loads(done.stdout.splitlines()[-1])
    assert [held["office"] for held in me["appointments"]] == ["leading_group_office"], me
    assert again.returncode != 0, "it can fail: the township is there already"


def test_the_offices_of_the_first_day_are_all_that_the_regulation_waits_for():
    named = set(re.findall(r"^\| (.+?) \|", first_day(), re.MULTILINE)[2:])
    held = {Office(code) for row in named for code in re.findall("`(\\w+)`", row)}
    assert len(held) == 10
    waiting = {f"{flow.name}.{move.name}" for flow in WORKFLOWS.values() for move in flow.moves if move.offices}
    done = {f"{flow.name}.{move.name}" for flow in WORKFLOWS.values() for move in flow.moves if move.offices & held}
    assert waiting == done and len(done) > 50
    for flow in WORKFLOWS.values():
        for move in flow.moves:
            for state in move.path:
                assert not move.awaited_in(state) or move.awaited_in(state) & held, (flow.name, move.name, state)


@pytest.mark.parametrize("page", ["README.md", "docs/quickstart.md", "docs/operations.md", "docs/threats.md"])
def test_a_page_begins_with_its_summary_in_chinese(page):
    summary = (ROOT / page).read_text("utf-8").split("\n\n")[1]
    assert summary.startswith("**摘要。**") and len(re.findall("[\u4e00-\u9fff]", summary)) > 80


def test_the_quick_start_works_as_it_stands(service, township, county):
    """With curl and with the client of Python, by a client that the county's administrator made."""
    page = (ROOT / "docs" / "quickstart.md").read_text("utf-8")
    settings, curl = blocks(page, "sh")
    (python,) = blocks(page, "python")
    assert all(len([line for line in code.splitlines() if line.strip()]) <= 10 for code in (curl, python))
    township.helped("王帮扶")
    login, scopes = f"c{uuid4().hex[:12]}", ["read", "events"]
    county.made("/clients", {"login": login, "secret": "three grey herons at dusk", "scopes": scopes})
    given = {"HUAYUAN": service.address, "CLIENT": f"411421/{login}", "SECRET": "three grey herons at dusk"}
    assert all(name in settings for name in given)
    for words in (["bash", "-euo", "pipefail", "-c", curl], [sys.executable, "-c", python]):
        done = subprocess.run(words, env={**os.environ, **given}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr + done.stdout
        assert "411421" in done.stdout, done.stdout
        assert len(re.findall(r"\b[a-z_]+\.[a-z_]+\b", done.stdout)) >= 2, "events"
    signed_in = httpx.post(
        f"{service.address}/v1/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(given["CLIENT"], given["SECRET"]),
    ).json()
    system = httpx.Client(
        base_url=f"{service.address}/v1", headers={"authorization": f"Bearer {signed_in['access_token']}"}
    )
    for path in ("/cases", "/findings", "/objections", "/accounts"):
        assert path[1:] in page and system.get(path).json()["items"] == [], path
    wrong = subprocess.run(
        [sys.executable, "-c", python], env={**os.environ, **given, "SECRET": "x"}, capture_output=True, check=False
    )
    assert wrong.returncode != 0, "it can fail"
