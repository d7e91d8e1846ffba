"""How are the campaigns run? Short with all other tests; in full by `make endurance`, which reports its figures.

A campaign takes the fixture `figures`, a dict, and leaves there what it measured. In full (`LONG`) what a passed
campaign left is written to `results/<campaign>.json`, and docs/endurance.md anew from all of them; what a failed
one had written before is removed.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.endurance import report
from tests.endurance.machine import Machine

collect_ignore = [] if report.LONG else ["test_restarts.py"]  # in short others show it, see there
PASSED = pytest.StashKey[bool]()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    outcome: Any = yield
    if call.when == "call":
        item.stash[PASSED] = outcome.get_result().passed


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """Where a campaign leaves what it measured: names in words, values of JSON."""
    found: dict[str, Any] = {}
    began = time.monotonic()
    yield found
    if report.LONG:
        passed = request.node.stash.get(PASSED, False)
        about = (request.function.__doc__ or "").split("\n")[0]
        campaign = request.node.name.removeprefix("test_").replace("[", "_").rstrip("]")
        report.write(campaign, about, found, time.monotonic() - began, passed=passed)


@contextmanager
def a_machine() -> Iterator[Machine]:
    """In a folder of its own: every new session of pytest shuts pytest's own to the user that PostgreSQL runs as."""
    with tempfile.TemporaryDirectory(prefix="huayuan-") as home:
        made = Machine(Path(home))
        try:
            yield made
        finally:
            made.stop()


@pytest.fixture
def machine() -> Iterator[Machine]:
    """A machine of one campaign's own."""
    with a_machine() as made:
        yield made


@pytest.fixture(scope="session")
def standing() -> Iterator[Machine]:
    """A machine with two workers for all campaigns that put right what they break, each with townships of its own."""
    with a_machine() as made:
        for _ in range(2):
            made.worker()
        yield made
