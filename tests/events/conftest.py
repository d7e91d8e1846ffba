"""Which county do the tests of its feed follow? One of their own, where nothing happens but what they do."""

import asyncio
import itertools
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.access import Bearer
from app.accounts.actions import adopt
from tests.conftest import Caller, Service, Township, service_account

_counties = itertools.count(410901)
SECRET = "a long enough secret"
OPENED = date(2016, 1, 1)


class County:
    """A county adopted for one test, its administrator, and as many townships as he has `township()` make."""

    def __init__(self, service: Service) -> None:
        self.service, self.code = service, str(next(_counties))
        self._townships = itertools.count(701)
        vault = service.app.state.vault
        asyncio.run(
            adopt(service.database_url, vault, self.code, "县管理员", "feeder", "correct horse battery", OPENED)
        )
        self.admin = service.caller(service_account(service, self.code, "feeder"))

    def township(self) -> Township:
        return Township(self.service, f"{self.code}{next(self._townships)}")

    def client(self, *scopes: str) -> Caller:
        """A county system that was given these scopes."""
        body: dict[str, Any] = {"login": f"c{uuid4().hex[:12]}", "secret": SECRET, "scopes": list(scopes)}
        made = self.admin.made("/clients", body)
        return self.service.caller(Bearer(UUID(made["id"]), self.code, self.code))


@pytest.fixture
def county(service: Service) -> County:
    return County(service)


@pytest.fixture(scope="module")
def shared_county(service: Service) -> County:
    """One county for the tests of a file that do not disturb each other."""
    return County(service)
