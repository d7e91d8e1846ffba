"""Does the service keep its own document, whoever asks? Schemathesis, all phases and checks, two peers."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from app.contract import operations
from app.main import create_app
from app.settings import Settings
from app.workflow import WORKFLOWS
from tests.endurance.broken import DEFECTS, BrokenService
from tests.endurance.conftest import a_machine
from tests.endurance.contract import Ground, Outcome
from tests.endurance.exemplary import failing
from tests.endurance.report import LONG

API = create_app(Settings(secret="t" * 32)).openapi()
ALL = {operation["operationId"] for _, _, operation in operations(API)}
PARTS = sorted({path.split("/")[2] for path, _, operation in operations(API) if "links" in str(operation["responses"])})
LINKS = sum(len(answer.get("links", ())) for _, _, each in operations(API) for answer in each["responses"].values())
SEEDS, EXAMPLES = ((1, 2, 3), 200) if LONG else ((1,), 10)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with a_machine() as machine:
        yield Ground(machine, tmp_path_factory.mktemp("contract"))


def told(outcome: Outcome) -> dict[str, Any]:
    """The figures of a run."""
    report = outcome.report
    return {
        "cases": report["test_cases"]["generated"],
        "failures": dict(Counter({f["title"]: f["count"] for f in report["failures"]})) or 0,
        "errors": sum(e["count"] for e in report["errors"]),
        "operations with a generated 2xx": f"{len(ALL) - len(outcome.never_2xx(ALL))}/{len(ALL)}",
        "answers of 500": outcome.five_hundreds,
        "seconds": round(report["running_time"] or 0),
    }


@pytest.mark.parametrize("seed", [pytest.param(seed, id=f"seed_{seed}") for seed in SEEDS])
def test_contract_run(ground, figures, seed):
    """Schemathesis, all phases and checks, two peers, against a process of the service with records in every state."""
    assert {f.name: set(f.states) - ground.states[f.name] for f in WORKFLOWS.values()} == {
        f.name: set() for f in WORKFLOWS.values()
    }
    figures["states with records"] = sum(len(f.states) for f in WORKFLOWS.values())
    figures["planted defects found"] = planted(ground, seed)
    outcome = ground.run(seed=seed, examples=EXAMPLES)
    figures |= told(outcome)
    assert outcome.report["failures"] == [] and outcome.code == 0, outcome.output[-20_000:]
    assert outcome.report["errors"] == [] and outcome.five_hundreds == 0
    assert {name: outcome.tally.get(name) for name in outcome.never_2xx(ALL)} == {}


@pytest.mark.skipif(not LONG, reason="the long form alone follows every link")
def test_contract_links(ground, figures):
    """The links of the document followed, from one answer to the next request, part by part and then from part to part.

    That a link is followed is what Schemathesis says of it: a value of the answer went into the request.
    """
    selections = [("--include-path-regex", f"^/v1/{part}(/|$)") for part in PARTS] + [("--include-method", "GET")]
    followed, cases = set[str](), 0
    for selection in selections:
        outcome = ground.run(seed=1, examples=80, more=("--phases", "stateful", *selection))
        assert outcome.report["failures"] == [] and outcome.five_hundreds == 0, outcome.output[-20_000:]
        followed |= outcome.links
        cases += outcome.report["test_cases"]["generated"]
    figures |= {"links covered": f"{len(followed)}/{LINKS}", "cases": cases, "failures": 0, "answers of 500": 0}
    assert len(followed) >= 0.9 * LINKS


def test_published_examples(ground, figures):
    """Every request of openapi/examples.http, sent with ids of records that are there."""
    with ground.serving() as (address, _):
        failed = failing(ground.told, address)
    figures["examples that do what the document says"] = f"{len(ALL) - len(failed)}/{len(ALL)}"
    assert set(failed) == set(), failed


def planted(ground: Ground, seed: int) -> str:
    """The negative control: behind a door that breaks the contract, every defect is found by its check."""
    url, home = ground.copy()
    service = BrokenService(url, ground.prepared.token())
    names = [*DEFECTS, "GET /v1/villages"]
    words = [word for name in names for word in ("--include-name", name)]
    try:
        outcome = ground.test(service.address, home, seed=seed, examples=20, more=tuple(words))
    finally:
        service.stop()
    found = {(operation, f["type"]) for f in outcome.report["failures"] for operation in f["operations"]}
    missed = [(o, kind) for o, kind in DEFECTS.items() if (o, kind) not in found]
    assert outcome.code == 1 and missed == [], json.dumps(outcome.report["failures"], indent=1)
    return f"{len(DEFECTS)}/{len(DEFECTS)}"
