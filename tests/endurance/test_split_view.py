"""Can a county show two people two logs? Not once a witness has seen one of them."""

import asyncio
import os
import random
from pathlib import Path
from typing import Any

import psycopg

from app.accounts.actions import adopt
from app.ledger.actions import Shown
from tests.conftest import fresh_database
from tests.endurance.report import LONG
from tests.test_witness import COUNTY, TOWNSHIP, VAULT, append, policy_with, sign, watching

FORKS = 100 if LONG else 2


def test_split_view(own_database_url: str, server_url: str, tmp_path: Path, figures: dict[str, Any]) -> None:
    """From one backup two databases go on with one key: of the second no checkpoint is cosigned, of the first all are.

    Each round the honest log grows too; a copy is made of it as it stood before, and grows by other entries.
    """
    asyncio.run(adopt(own_database_url, VAULT, TOWNSHIP, "管理员", "admin", "correct horse battery"))
    name, chance = str(psycopg.conninfo.conninfo_to_dict(own_database_url)["dbname"]), random.Random(7)
    refused = cosigned = 0
    with watching(tmp_path) as office:
        policy = policy_with(office)
        sign(own_database_url, policy)
        for _ in range(FORKS):
            for copy in fresh_database(server_url, name, f"huayuan_test_{os.getpid()}_fork"):
                append(own_database_url, chance)
                append(copy, chance)
                honest, forked = sign(own_database_url, policy), sign(copy, policy)
                cosigned += all(honest[log][1] == {"office": Shown.COSIGNED} for log in (TOWNSHIP, COUNTY))
                refused += all(forked[log][1] == {"office": Shown.REFUSED} for log in (TOWNSHIP, COUNTY))
    assert (refused, cosigned) == (FORKS, FORKS)
    figures.update(forks=FORKS, forks_refused=refused, honest_checkpoints_cosigned=cosigned)
