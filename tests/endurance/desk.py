"""At which desks do the campaigns' clients sit? A township of its own, who signs there, what is filled in."""

from itertools import count
from typing import Any

from tests.conftest import Accountability, Township
from tests.endurance.books import Books
from tests.endurance.machine import CODES, Machine

GROUND = "HY.9.2.2"


class Desk:
    """A township of one campaign on 2017-03-20."""

    def __init__(self, machine: Machine, township: Township) -> None:
        self.machine, self.township, self.world = machine, township, Accountability(township)
        self.clerk = township.office("leading_group_office")
        self.witnesses = [self.clerk.person_id, township.office("party_gov_office").person_id]
        self.office = machine.headers(township, self.clerk)
        self.committee = machine.headers(township, self.world.committee)
        self.cadre = self.world.cadre().person_id
        self._number = count()
        self.before = self.books()

    def books(self) -> Books:
        with self.machine.connect() as connection:
            return Books.of(connection, self.township.code)

    def a_household(self) -> dict[str, Any]:
        return {
            "card_number": f"made-{next(self._number)}", "village_code": self.township.village, "head_name": "赵大山",
            "main_cause": "illness", "listed_on": "2016-01-01",
        }  # fmt: skip

    def a_finding(self) -> dict[str, Any]:
        subject = {"person_id": self.cadre}
        return {"source": "office", "subject": subject, "fact_on": "2017-03-15", "description": "工作推进缓慢。"}


def townships(machine: Machine, many: int) -> list[Township]:
    """All adopted before any desk is set up, since each begins by turning the one clock back."""
    return [machine.township(next(CODES)) for _ in range(many)]
