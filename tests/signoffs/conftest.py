"""Who lives and works in the village of the sign-off tests?"""

import itertools
from typing import Any
from uuid import uuid4

import pytest

STATEMENT: dict[str, Any] = {
    "out_of_poverty": True,
    "outside_rule": "河南省贫困退出实施办法",
    "measures": ["养羊到户", "公益岗位"],
    "income_fen": 412_300,
    "checks": {"housing": True},
}


_serial = itertools.count(1)


def citizen_id(born: str) -> str:
    """A number with a right check digit (GB 11643-1999) that no other test has."""
    digits = f"110105{born}{next(_serial) % 1000:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))
    return digits + "10X98765432"[total % 11]


class Village:
    """One household, its helper, and everybody a sign-off needs; the day is in the window of 2017."""

    def __init__(self, township: Any, code: str | None = None, helper_is_principal: bool = False) -> None:
        self.township, self.code = township, code or township.village
        self.office = township.office("leading_group_office")
        self.group = township.office("leading_group")
        self.committee = township.office("party_committee")
        self.helper = township.office("helper", name=f"帮扶人{self.code[-3:]}")
        if helper_is_principal:
            township.appoint(self.helper.person_id, "village_principal", self.code)
        self.principal = self.helper if helper_is_principal else township.office("village_principal", self.code)
        self.leader = township.office("liaison_leader", self.code)
        self.assessor = township.office("assessor")
        self.stranger = township.office("helper", name="外村帮扶人")
        self.witness: str = township.person("见证人", category="group_cadre")
        self.household, self.head = self.new_household()
        township.at("2017-12-05")

    def new_household(self) -> tuple[str, str]:
        """A household of a head, a grown son and a child, paired with the helper; its id and the head's."""
        people = (("head", "19500501"), ("child", "19800501"), ("grandchild", "20050101"))
        members = [
            {"id": str(uuid4()), "name": "李家人", "relation": relation, "citizen_id": citizen_id(born)}
            for relation, born in people
        ]
        body = {
            "card_number": f"C{next(_serial)}",
            "village_code": self.code,
            "head_name": "李家人",
            "main_cause": "illness",
            "listed_on": "2016-01-01",
            "members": members,
        }
        household = self.office.made("/households", body)["id"]
        pairing = {"household_id": household, "helper_id": self.helper.person_id, "is_primary": True}
        self.office.made("/pairings", pairing | {"starts": "2016-11-09"})
        self.son, self.child = members[1]["id"], members[2]["id"]
        return household, str(members[0]["id"])

    def opened(self, **changes: Any) -> str:
        """The path of a fresh sign-off of 2017."""
        body = {"household_id": self.household, "year": 2017, "statement": STATEMENT, **changes}
        return "/signoffs/" + str(self.office.made("/signoffs", body)["id"])

    def by_household(self, **changes: Any) -> dict[str, Any]:
        """The head signs in person, before the recorder and the witness."""
        body = {
            "party": "household",
            "method": "in_person",
            "member_id": self.head,
            "capacity": "head",
            "witness_id": self.witness,
        }
        return {k: v for k, v in (body | changes).items() if v is not None}

    def signers(self) -> list[tuple[Any, dict[str, Any]]]:
        """The four, in the order of article 5, each with what he sends."""
        return [
            (self.office, self.by_household()),
            (self.helper, {"party": "helper", "method": "account"}),
            (self.principal, {"party": "village_principal", "method": "account"}),
            (self.leader, {"party": "liaison_leader", "method": "account"}),
        ]

    def signed(self, path: str, times: int = 4) -> str:
        for caller, body in self.signers()[:times]:
            caller.act(path, "sign", body)
        return path


@pytest.fixture
def village(shared_township: Any) -> Village:
    """A village of its own in the file's township, whose offices the tests share."""
    return Village(shared_township, f"{shared_township.code}{next(_serial) % 800 + 200}")


@pytest.fixture(scope="module")
def make_village() -> type[Village]:
    """For tests that need more than one village."""
    return Village
