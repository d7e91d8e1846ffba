"""Which registers do the tests of the draw look into before their features stand? Bare tables of the same names."""

from typing import Any

import psycopg
import pytest


@pytest.fixture(autouse=True, scope="module")
def registers(request: pytest.FixtureRequest) -> None:
    """`pairings` and `visits`, where the migrations do not make them yet."""
    if request.node.name.endswith("test_routes.py"):
        service: Any = request.getfixturevalue("service")
        keys = "county_code text, township_code text, id uuid, helper_id uuid"
        with psycopg.connect(service.database_url, autocommit=True) as connection:
            connection.execute(
                f"create table if not exists pairings ({keys}, household_id uuid, starts date, ends date)"
            )
            connection.execute(f"create table if not exists visits ({keys}, visited_on date, corrects_id uuid)")
            keys = "county_code text, township_code text, id uuid"
            connection.execute(f"create table if not exists households ({keys}, village_code text)")
            connection.execute("grant select on pairings, visits, households to huayuan_app")
