"""Do the pages work in a real browser whose net ends at this service, and do they ask nobody else?

Debian's Chromium, where there is one (`make browser`). Its own log of the net says what a page asked for.
"""

import json
import re
import shutil
import subprocess
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from app.contract import operations

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="NOT SHOWN: no Chromium on this machine; `make browser` gets one")
ALONE = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--virtual-time-budget=60000", "--dump-dom",
)  # fmt: skip


class Browser:
    """A browser that is opened anew for every page."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def open(self, address: str) -> tuple[str, set[str]]:
        """The page as it stands once its scripts have run, and every address that it asked for."""
        log = self._home / "net.json"
        words = [CHROMIUM, *ALONE, f"--user-data-dir={self._home / 'profile'}", f"--log-net-log={log}", address]
        done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=240)
        events = json.loads(log.read_text())["events"]
        starts = [e["params"] for e in events if "initiator" in e.get("params", {})]
        return done.stdout, {start["url"] for start in starts if start["initiator"].startswith("http")}


@pytest.fixture
def browser(tmp_path):
    return Browser(tmp_path)


def drawn(dom: str) -> set[str]:
    """The operations that a page of Swagger UI or of Redoc shows."""
    return set(re.findall(r'<div [^>]*id="(?:operations-[^"]*-|tag/[^"]*/operation/)(\w+)"', dom))


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_a_page_of_the_document_shows_every_operation_and_asks_nobody_else(service, browser, page):
    dom, asked = browser.open(service.address + page)
    api = service.app.openapi()
    told = {one["post"]["operationId"] for one in api["webhooks"].values()}
    assert drawn(dom) == {operation["operationId"] for _, _, operation in operations(api)} | told
    assert f"{service.address}/openapi.json" in asked
    assert [address for address in asked if not address.startswith(service.address + "/")] == []


def test_a_page_of_a_problem_is_readable_and_asks_for_nothing(service, browser):
    dom, asked = browser.open(f"{service.address}/problems/signatures-incomplete")
    assert "/v1/signoffs/{id}/collect" in dom
    assert asked == set()


def test_a_page_that_asks_another_server_would_be_caught(service, browser, tmp_path):
    foreign, own = "https://elsewhere.example/a.png", f"{service.address}/docs/assets/favicon.png"
    (tmp_path / "index.html").write_text(f'<img src="{foreign}"><img src="{own}">')
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=tmp_path)) as server:
        Thread(target=server.serve_forever).start()
        _, asked = browser.open(f"http://127.0.0.1:{server.server_port}/index.html")
        server.shutdown()
    assert asked >= {foreign, own}
