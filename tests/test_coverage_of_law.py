"""Which test shows which article? Every requirement, gap and ground is named by at least one test.

`python tests/test_coverage_of_law.py` writes the table, coverage_of_law.md; the names of tests are read from the
files, so that the table can be made without a database.
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

TESTS = Path(__file__).parent
TABLE = TESTS / "coverage_of_law.md"

LAW = {
    "R1_1": "第一条 the township is to be out of poverty by the end of 2017",
    "R2_1": "第二条 assessment: objective, by real work, open; monthly and yearly together",
    "R2_2": "第二条 accountability: truth, every error answered for, proportionate",
    "R3_1": "第三条 organ cadres and members of the villages' two committees",
    "R4_1": "第四条 the two offices assess together",
    "R5_1": "第五条 two ledgers, set up separately",
    "R5_2": "第五条 results recorded as they are",
    "R5_3": "第五条 year end: reviewed, summed up, submitted to the Party committee",
    "R5_4": "第五条 monthly and quarterly results are an important basis, not the only one",
    "R5_5": "第五条 four signatures, one after the other",
    "R5_6": "第五条 the Party committee reviews and determines completion",
    "R5_7": "第五条 in 2017 all helped households are out of poverty",
    "R6_1": "第六条 each month 30 % of helpers, at random",
    "R6_2": "第六条 every checked helper on the three named aspects",
    "R6_3": "第六条 each quarter every helper, with the methods used",
    "R6_4": "第六条 the quarter summed up and reported to the leading group",
    "R7_1": "第七条 complete: priority for the excellent grade and for awards",
    "R7_2": "第七条 not complete: notice and veto",
    "R8_1": "第八条 five elements together",
    "R8_2": "第八条 the discipline commission, by outside rules",
    "R9": "第九条 four measures, their subjects and outputs",
    "R10": "第十条 which organ decides, refers or transfers",
    "R11": "“6、” the leading group interprets",
    "R12": "“7、” in force from 2016-11-09",
    "G1": "persons named outside article 3",
    "G2": "no rubric, no weight, no threshold",
    "G3": "no list of grades",
    "G4": "how months and quarters were considered",
    "G5": "30 % rounded up, at least one",
    "G6": "30 % of helpers",
    "G7": "random: simple, without replacement, months independent",
    "G8": "a month without a draw",
    "G9": "a drawn helper who could not be checked",
    "G10": "three aspects required, further ones possible",
    "G11": "the team: at least two, no conflict of interest",
    "G12": "quarterly methods: at least one, the missing with a reason",
    "G13": "an interview that was not possible",
    "G14": "everyone with an active day in the quarter",
    "G15": "a helper without a household",
    "G16": "a household without a helper",
    "G17": "several helpers of one household, one primary",
    "G18": "a helper replaced during the year",
    "G19": "a household that moves, dies out, splits, merges, falls back",
    "G20": "the signatory died, the household lives",
    "G21": "a signature refused, or given with an objection",
    "G22": "someone who cannot sign",
    "G23": "the order of the four signatures is strict",
    "G24": "one person in two of the four roles",
    "G25": "who a village's principal is",
    "G26": "what counts as out of poverty",
    "G27": "what complete means",
    "G28": "some of the households only",
    "G29": "not complete without fault",
    "G30": "the notice: who publishes, to whom, how long",
    "G31": "how long the veto lasts",
    "G32": "priority beside a measure",
    "G33": "one fact, several grounds",
    "G34": "no measure stands in for another",
    "G35": "repetition does not escalate",
    "G36": "who decides the first three measures",
    "G37": "the township's own cadres as helpers",
    "G38": "two capacities in one person",
    "G39": "party discipline only for members",
    "G40": "discipline of a unit",
    "G41": "the heading's administrative discipline",
    "G42": "which discipline: never suggested",
    "G43": "no crime constituted",
    "G44": "other illegality is referred",
    "G45": "article 8 without a ground",
    "G46": "without cause; which meetings",
    "G47": "as required: by a requirement that came first",
    "G48": "late: after the end of the due day, in Shanghai",
    "G49": "statement and defence before the decision",
    "G50": "objection: who, when, by whom reviewed",
    "G51": "nothing before 2016-11-09, no limitation after",
    "G52": "versions of the rulebook",
    "G53": "revocation and correction",
    "G54": "retention and privacy of households",
    "G55": "true recording: corrections are new entries",
    "G56": "the window of year-end signatures",
    "G57": "the helper's presence at an interview",
    "G58": "a problem at a check is a proposal only",
    "G59": "30 % of helpers, all aspects of each",
    "G60": "the helper's year end and the cadre's grade",
    "G61": "a decider who is himself a helper",
    "G62": "serious effect: found by people with reasons",
    "HY_8": "the general clause as a basis",
    **{
        f"HY_9_{measure}_{number}": f"第九条({'一二三四'[measure - 1]}){number}"
        for measure, many in enumerate((3, 4, 5, 5), start=1)
        for number in range(1, many + 1)
    },
}
NAMED = re.compile(r"(?:^|_)(?=((?:R\d+(?:_\d+)?|G\d+|HY_8|HY_9_\d_\d))(?:_|$))")

Found = Mapping[str, list[str]]


def ids_of(name: str) -> list[str]:
    """The ids of the law that a test's name names."""
    return NAMED.findall(name)


def by_id() -> Found:
    """For each id the tests that name it, as `file::name`."""
    found = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                for key in ids_of(node.name):
                    found[key].append(f"{path.relative_to(TESTS).as_posix()}::{node.name}")
    return found


def unnamed(found: Found) -> list[str]:
    return [key for key in LAW if not found.get(key)]


def unknown(found: Found) -> list[str]:
    return sorted(found.keys() - LAW.keys())


def table(found: Found) -> str:
    """One line for each id; `make test ARGS="-k G21"` runs its tests."""
    lines = [
        "# Which test shows which article",
        "",
        "Made by `make fix` from the names of the tests. `R5_5` is requirement 5 of article 5, `G21` the default of",
        'gap 21, `HY_9_2_1` the first ground of the second measure; `make test ARGS="-k R5_5"` runs what names one.',
        "",
        "| id | what | tests |",
        "|---|---|---|",
    ]
    for key, what in LAW.items():
        files = dict.fromkeys(test.split("::")[0] for test in found.get(key, []))
        lines.append(f"| {key} | {what} | {', '.join(files)} |")
    return "\n".join(lines) + "\n"


def test_every_article_gap_and_ground_is_named_by_a_test() -> None:
    assert unnamed(by_id()) == []


def test_no_test_names_what_the_law_does_not_have() -> None:
    assert unknown(by_id()) == []


def test_the_table_is_the_one_of_these_tests() -> None:
    assert TABLE.read_text(encoding="utf-8") == table(by_id()), "run `make fix`"


def test_an_unnamed_and_an_unknown_id_are_caught() -> None:
    found = {key: ["x::test"] for key in LAW} | {"G21": [], "G99": ["x::test_G99_nothing"]}
    assert (unnamed(found), unknown(found)) == (["G21"], ["G99"])


def test_names_name_ids_whole() -> None:
    assert ids_of("test_R7_1_and_R7_2_hold_for_HY_9_1_3_and_G5") == ["R7_1", "R7_2", "HY_9_1_3", "G5"]
    assert ids_of("test_FG5_R55x_HY_9_1") == []


if __name__ == "__main__":
    TABLE.write_text(table(by_id()), encoding="utf-8")
    sys.exit(f"no test names {missing}" if (missing := unnamed(by_id())) else 0)
