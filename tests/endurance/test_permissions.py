"""Does anybody get what is not his, and would it be noticed?"""

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests import cluster
from tests.conftest import Service, fresh_database
from tests.endurance.report import LONG
from tests.security.careless import judged
from tests.security.strangers import AWAY, BESIDE, ID, OPERATIONS, THERE, Ground, Operation, shots
from tests.security.test_bodies import CONFIDED, NAMING, reached
from tests.security.test_holes import BY_NAME, HOLES, PROBED, opened
from tests.security.test_keys import CHANGES, retold
from tests.security.test_offices import DECLARED, READS, overreached, overtold

SHARE = 1 if LONG else 10
"""In short form every tenth, as the tests beside the matrix ask every one."""


@pytest.fixture(scope="module")
def proving_ground(server_url: str, template: str) -> Iterator[Ground]:
    """The township that is tried, in a database of the campaign's own."""
    for url in fresh_database(server_url, template, f"huayuan_test_{os.getpid()}_proving"):
        service = Service(url)
        yield Ground(service)
        service.stop()


def named(operation: Operation) -> bool:
    """Does a request of it name a record, in its path, its query or its body?"""
    return any(shot.in_path or shot.in_body or str(ID) in str(shot.query) for shot in shots(operation, ID, "1", "1"))


def test_permissions(proving_ground: Ground, figures: dict[str, Any]) -> None:
    """Every operation by everyone who should get nothing: foreign townships, counties, offices, bodies, keys."""
    ground = proving_ground
    signed_in = [o for o in OPERATIONS if not o.public]
    ways = {
        "by strangers": (signed_in, ground.holes),
        "naming what is foreign in a body": (NAMING, lambda o: reached(ground, o, ground.insider, THERE, AWAY)),
        "naming what is beside one's own": (
            NAMING,
            lambda o: reached(ground, o, ground.villager, BESIDE, only=CONFIDED),
        ),
        "by offices that are not named": (DECLARED, lambda o: overreached(ground, o)),
        "told more than the office may see": (READS, lambda o: overtold(ground, o)),
        "by another's retry key": (CHANGES, lambda o: retold(ground, o)),
    }
    before, wrong, requests = ground.state(), list[str](), Counter[str]()
    for way, (operations, probe) in ways.items():
        for operation in operations[::SHARE]:
            sent = ground.sent
            wrong += probe(operation)
            requests[way] += ground.sent - sent
    changed = [*ground.changed(before, ground.state())]
    assert (wrong, changed) == ([], [])
    figures.update(
        operations=len(OPERATIONS), operations_signed_in=len(signed_in[::SHARE]),
        operations_that_name_a_record=sum(map(named, signed_in[::SHARE])),
        requests=dict(requests), requests_in_all=requests.total(),
        wrongly_answered=len(wrong), tables_changed=len(changed),
    )  # fmt: skip


def test_holes(proving_ground: Ground, figures: dict[str, Any]) -> None:
    """Holes opened on purpose, one at a time: a condition, a policy, a check of an office, of a date, of a key."""
    ground, opened_, found = proving_ground, Counter[str](), Counter[str]()
    probes = [(hole, name, lambda g, o: g.holes(o)) for hole, name in HOLES]
    for hole, name, probe in [*probes, *PROBED][:: SHARE or 1]:
        with opened() as patch:
            hole(patch, ground, name)
            opened_[hole.__name__] += 1
            found[hole.__name__] += any(probe(ground, BY_NAME[name]))
    assert found == opened_
    figures.update(opened=opened_.total(), found=found.total(), of_kinds=len(opened_), kinds=dict(opened_))


def test_statements(proving_ground: Ground, figures: dict[str, Any]) -> None:
    """Every statement of tenants' tables with its own conditions on county and township taken out."""
    found = judged(proving_ground)
    most = 1 / 3 if cluster.is_named() else 0.6  # there the county stays, and only what lies in it is foreign
    assert found["telling without policies"] > most * found["statements"], (
        "the control: most would tell what is foreign"
    )
    figures.update({name.replace(" ", "_"): many for name, many in found.items()})
