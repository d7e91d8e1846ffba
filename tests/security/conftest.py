"""The ground on which strangers try, once a session: a database of its own, which some tests open on purpose."""

import os
from collections.abc import Iterator

import pytest

from tests.conftest import Service, fresh_database
from tests.security.strangers import Ground


@pytest.fixture(scope="session")
def ground(server_url: str, template: str) -> Iterator[Ground]:
    """The service on a database of the session's own."""
    for url in fresh_database(server_url, template, f"huayuan_test_{os.getpid()}_ground"):
        service = Service(url)
        yield Ground(service)
        service.stop()
