"""May a sheet be carried out, and is what is wrong with a row said so that somebody can act on it?"""

from datetime import date
from itertools import product
from uuid import UUID

import pytest

from app.actor import Actor, Appointment, Office
from app.imports import rules
from app.imports.rules import IMPORT, ImportFacts, Mode
from app.intake.rules import HeaderNotFound, OnTwoRows, TextUnfit, WordUnknown
from app.people.rules import WrongCitizenId

ID = UUID(int=1)


def caller(office: Office) -> Actor:
    return Actor(ID, ID, "411421", "411421201", (Appointment(office, "411421201", date(2016, 1, 1)),))


@pytest.mark.parametrize(("move", "state", "office"), list(product(("carry-out", "cancel"), IMPORT.states, Office)))
def test_only_the_office_moves_a_sheet_and_only_from_where_it_may(move: str, state: str, office: Office) -> None:
    facts = ImportFacts(Mode.INDEPENDENT, good=1, bad=1)
    reasons = IMPORT.blockers(move, state, facts, caller(office))
    may = office is Office.LEADING_GROUP_OFFICE and state in IMPORT.move(move).path
    assert (reasons == []) is may


@pytest.mark.parametrize(
    ("mode", "good", "bad", "why"),
    [
        (Mode.ATOMIC, 5, 0, None), (Mode.ATOMIC, 5, 1, "bad-rows-remain"), (Mode.INDEPENDENT, 5, 1, None),
        (Mode.INDEPENDENT, 0, 1, "nothing-to-import"), (Mode.ATOMIC, 0, 0, "nothing-to-import"),
    ],
)  # fmt: skip
def test_a_sheet_is_carried_out_as_far_as_was_asked(mode: Mode, good: int, bad: int, why: str | None) -> None:
    refusal = rules.something_is_good(ImportFacts(mode, good, bad), caller(Office.LEADING_GROUP_OFFICE))
    assert (refusal.code() if refusal else None) == why


@pytest.mark.parametrize(
    ("refusal", "zh", "en"),
    [
        (WordUnknown(accepts=["是", "否"]), "(可填:是、否)", "(one of: 是, 否)"),
        (OnTwoRows(row=7), "(见第 7 行)", "(see row 7)"),
        (TextUnfit(longest=80), "(最多 80 个字)", "(at most 80 characters)"),
        (HeaderNotFound(missing=["户编号"]), "(缺少:户编号)", "(missing: 户编号)"),
        (WrongCitizenId(reason="check_digit"), "(校验码不对)", "(check_digit)"),
    ],
)
def test_a_reason_says_what_to_do(refusal: rules.Refusal, zh: str, en: str) -> None:
    told = rules.explain(type(refusal), refusal.facts, "zh-CN"), rules.explain(type(refusal), refusal.facts, "en")
    assert told[0].endswith(zh) and told[1].endswith(en)
    assert told[0].startswith(refusal.title("zh-CN")) and told[1].startswith(refusal.title("en"))
