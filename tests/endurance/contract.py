"""How is the contract tested? Schemathesis, all phases and checks, against a process on prepared ground."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from app import embedded
from tests.conftest import FILES, Township
from tests.endurance.machine import Machine
from tests.endurance.prepared import Prepared
from tests.serving import ROOT, Process

CONFIG = """\
[auth.wfc]
path = "{auth}"
user = "officer"
peers = ["officer", "neighbour"]

[checks]
# What the stored state decides is no fault of a valid request; what no schema can say is how large it is as a whole.
# What is larger than that is told so, whatever else is wrong with it.
positive_data_acceptance.expected-statuses = ["2xx", "403", "404", "409", "412", "413", "429"]
negative_data_rejection.expected-statuses = [
    "400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429",
]
missing_required_header.expected-statuses = ["400", "401", "403", "406", "415", "422", "428"]

[phases.stateful]
max-steps = {steps}
# The document's own links; what could be guessed besides is guessed by the other phases' pool.
inference.algorithms = []

# RFC 6749 answers credentials that nobody has with 400 or 401.
[[operations]]
include-operation-id = "oauth_token"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "413", "429"]
"""


@dataclass(frozen=True)
class Outcome:
    """What one run of Schemathesis said."""

    code: int
    output: str
    report: dict[str, Any]
    tally: dict[str, dict[str, int]]
    links: frozenset[str]
    """Those that were followed."""

    @cached_property
    def answered(self) -> dict[str, set[int]]:
        """By operation, the statuses of generated requests."""
        return {name: {int(key.split()[1]) for key in found} for name, found in self.tally.items()}

    def never_2xx(self, operations: set[str]) -> list[str]:
        return sorted(o for o in operations if not any(200 <= s < 300 for s in self.answered.get(o, ())))

    @property
    def five_hundreds(self) -> int:
        return sum(n for found in self.tally.values() for key, n in found.items() if key.split()[1] == "500")


BROKEN = "SystemError: AST constructor recursion depth mismatch"
"""What CPython 3.11 may say of a source that Hypothesis parses: nothing that was asked of the service."""


class Ground:
    """A machine whose database is prepared once and copied for every run."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        self.machine, self.folder = machine, folder
        with machine.connect() as connection:  # what is asked here is no question of the disk
            connection.execute("ALTER SYSTEM SET synchronous_commit = off")
            connection.execute("SELECT pg_reload_conf()")
        place = machine.township("411421701")
        self.prepared = Prepared(place.service, place, Township(place.service, "411422701"))
        self.states = self.prepared.states()
        self.told = self.prepared.told("", "", 0)
        place.service.stop()
        self._runs = 0

    def copy(self) -> tuple[str, Path]:
        """The prepared database once more, and a folder for the run on it."""
        self._runs += 1
        home = self.folder / f"run-{self._runs}"
        home.mkdir()
        return embedded.database(self.machine.url, f"run_{self._runs}", "huayuan"), home

    def run(self, *, seed: int, examples: int, steps: int = 50, more: tuple[str, ...] = ()) -> Outcome:
        """One run on a copy of the database, by a process of its own. `more` are words for Schemathesis.

        Once more where its interpreter failed it.
        """
        for _ in range(2):
            with self.serving() as (address, home):
                found = self.test(address, home, seed=seed, examples=examples, steps=steps, more=more)
            if BROKEN not in found.output:
                break
        return found

    @contextmanager
    def serving(self) -> Iterator[tuple[str, Path]]:
        """The address of a process on a copy of the database, and the folder of both."""
        url, home = self.copy()
        (home / "jwks.json").write_text('{"keys": []}')  # nobody comes from there; accounts can be bound to it
        issuer = {"oidc_issuer": "https://issuer.example", "oidc_audience": "huayuan", "oidc_jwks": f"{home}/jwks.json"}
        named = issuer | {"data_dir": FILES.name, "pool_size": "12"}
        process = Process(url, home / "service", **named).await_ready()
        try:
            yield process.address, home
        finally:
            process.stop()

    def test(
        self, address: str, home: Path, *, seed: int, examples: int, steps: int = 50, more: tuple[str, ...] = ()
    ) -> Outcome:
        """Schemathesis against whatever serves there."""
        tokens = {"officer": self.told["officer"], "neighbour": self.prepared.token(self.prepared.stranger)}
        auth = [{"name": n, "fixedHeaders": [{"name": "Authorization", "value": t}]} for n, t in tokens.items()]
        (home / "auth.json").write_text(json.dumps({"auth": auth}))
        (home / "schemathesis.toml").write_text(CONFIG.format(auth=home / "auth.json", steps=steps))
        told = self.told | {"address": address, "tally": str(home / "tally.json"), "seed": seed}
        (home / "ground.json").write_text(json.dumps(told))
        environment = {
            **os.environ, "HUAYUAN_CONTRACT_GROUND": str(home / "ground.json"),
            "SCHEMATHESIS_HOOKS": "tests.endurance.integrator", "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        words = [
            "--config-file", str(home / "schemathesis.toml"), "run", f"{address}/openapi.json",
            "--seed", str(seed), "-n", str(examples), "-w", "2", "--checks", "all", "--no-color",
            "--generation-database", "none",
            "--report-json-path", str(home / "report.json"), *more,
        ]  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "schemathesis.cli", *words], cwd=home, env=environment, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        (home / "output.txt").write_text(done.stdout + done.stderr)
        told = json.loads((home / "tally.json").read_text())
        report = json.loads((home / "report.json").read_text())
        return Outcome(
            done.returncode, done.stdout + done.stderr, report, told["answers"], frozenset(told["links"])
        )  # fmt: skip
