"""Directus: an API over whatever tables there are, set up as its documentation says, asked with a token that never ends.

It wants one key a table, so it has copies of the two tables with such a key, and none of their constraints; it does not
ask who is paired with whom.
"""

import itertools
import subprocess

import psycopg

from bench.caller import Endless, request
from bench.ground import TEXT, Ground

CLI = "bench/peers/directus/node_modules/directus/cli.js"
TOKEN = "b" * 32
COPIES = """
create schema directus;
create table directus.visits as table visits;
alter table directus.visits add primary key (id), alter id set default uuidv7(), alter version set default 1,
  alter county_code set default '411421', alter township_code set default '411421201', alter created_at set default now(),
  alter received_at set default now(), alter visited_on set default current_date, alter clock set default 'device',
  alter received_later set default false, alter helper_id set default uuidv7();
create table directus.plan_measures as table plan_measures;
alter table directus.plan_measures add primary key (id);
"""


def prepared(place: Ground) -> dict[str, str]:
    """Its tables, with those of its own; the environment in which it runs."""
    with psycopg.connect(place.url) as owner:
        owner.execute(COPIES)
    with psycopg.connect(place.url, autocommit=True) as owner:
        owner.execute("vacuum analyze directus.visits, directus.plan_measures")
    told = psycopg.conninfo.conninfo_to_dict(place.url)
    environment = place.environment | {
        "DB_CLIENT": "pg", "DB_HOST": str(told["host"]), "DB_PORT": "5432", "DB_DATABASE": str(told["dbname"]),
        "DB_USER": "postgres", "DB_PASSWORD": "-",
        "DB_SEARCH_PATH": "directus", "SECRET": TOKEN, "ADMIN_EMAIL": "admin@example.com", "ADMIN_PASSWORD": TOKEN,
        "ADMIN_TOKEN": TOKEN,
        "TELEMETRY": "false", "HOST": "127.0.0.1", "LOG_LEVEL": "error",
    }  # fmt: skip
    subprocess.run(["node", CLI, "bootstrap"], env=environment, check=True, stdout=subprocess.DEVNULL)
    return environment


class Asked(Endless):
    """The same four kinds of request as Directus takes them, endless; it has a stock of measures of its own."""

    def __init__(self, place: Ground) -> None:
        self._visits, self._households = itertools.cycle(place.visits[::7]), itertools.cycle(place.households)
        self._measures, self._count = iter(place.measures), itertools.count()
        self._headers = {"Authorization": f"Bearer {TOKEN}"}

    def _one(self) -> bytes:
        return request("GET", f"/items/visits/{next(self._visits)}", self._headers)

    def _page(self) -> bytes:
        return request("GET", "/items/visits?limit=50&sort=id", self._headers)

    def _visit(self) -> bytes:
        body = {
            "household_id": next(self._households), "device_time": "2026-01-05T09:30:00+08:00", "place": "户内",
            "text": TEXT.format(next(self._count)),
        }  # fmt: skip
        return request("POST", "/items/visits", self._headers, body)

    def _transition(self) -> bytes:
        body = {"state": "under_way", "version": 2, "state_since": "2026-01-05T09:30:00+08:00"}
        return request("PATCH", f"/items/plan_measures/{next(self._measures)}", self._headers, body)
