"""Which columns has a sheet that can be imported? `python -m openapi.sheets` writes docs/sheets.md from what is read.

The examples are imported by tests/imports/test_sheets_page.py as they stand.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from app.actor import Office, seat
from app.intake import rules
from app.intake.rules import FIELDS, OF_MEMBERS, READERS, REQUIRED, Cell, Kind, called
from app.intake.words import HEADERS, WORDS

FILE = Path(__file__).parent.parent / "docs" / "sheets.md"
HEAD = """\
# Sheets that can be imported 可导入的表格

*Written from the code by `make openapi`.*

A township hands in CSV (UTF-8 or GB18030) or XLSX, with the columns below in any order; title rows above are passed
over, and columns that are not named here are not read. A column may be headed by any of the words listed; the first is
the one that reports use. Each example can be imported as it stands, in this order, into a township that has the village
花园村: `huayuan import 花名册.csv --kind roster --login 411421201/<name>`, by the leading group's office, and with
`--dry-run` first.

各乡可提交 CSV(UTF-8 或 GB18030)或 XLSX。列的先后不限,表头之上的标题行不影响,未列于下的列不读取。
同一列的各种写法任选其一,报告中使用第一种。每张示例可照原样保存后导入(先 `--dry-run` 检查),
顺序为:花名册、贫困户登记表、结对帮扶花名册、走访记录;由乡扶贫开发领导小组办公室提交。
"""
TITLES = {
    Kind.ROSTER: ("人员花名册", "people, and the offices they hold; one row for each office of a person"),
    Kind.HOUSEHOLDS: ("贫困户登记表", "household cards; one row for each member, the card stands in the first of them"),
    Kind.PAIRINGS: ("结对帮扶花名册", "who helps which household, since when"),
    Kind.VISITS: ("走访记录", "visits from before the township used this service"),
}
ANY_OF = "、"
SOMETIMES = {
    (Kind.ROSTER, "starts"): "有任职时 with an office",
    (Kind.ROSTER, "place"): "任职于村时 with an office of a village",
    (Kind.HOUSEHOLDS, "head_name"): "成员中无户主时 where no member is the head",
    **{(Kind.HOUSEHOLDS, of): "有成员时 with members" for of in OF_MEMBERS},
}
"""Where a column must be filled in only if something else is."""
READ_AS: dict[Callable[[Cell], Any], str] = {
    rules.day: "日期 a day: 2017-03-05、2017/3/5、2017.3.5、2017年3月5日、20170305",
    rules.citizen_id: "18 位,单元格为文本格式 18 characters, as text",
    rules.digits: "编号,单元格为文本格式 a number, as text",
    rules.phone: "5 至 20 位数字 digits",
    rules.name: "80 字以内 at most 80 characters",
    rules.line: "本乡行政村的名称或代码 a village's name or code",
    rules.prose: "4000 字以内 at most 4,000 characters",
    rules.causes: "同主要致贫原因,至多两个,以“、”分开 at most two of the main causes",
}
SAID = {"visit_place": "200 字以内 at most 200 characters"}
LI, WANG, ZHANG, LIU = "411421198003120014", "411421197505200036", "411421196211080011", "411421196502030022"
EXAMPLES: dict[Kind, list[dict[str, str]]] = {
    Kind.ROSTER: [
        {"name": "李建国", "citizen_id": LI, "category": "机关干部", "unit": "乡财政所", "party": "中共党员",
         "authority": "乡管", "phone": "0370-6780000", "office": "帮扶责任人", "starts": "2017-01-03"},
        {"name": "王秀英", "citizen_id": WANG, "category": "村“两委”成员", "party": "群众", "office": "村主要负责人",
         "place": "花园村", "starts": "2017-01-03"},
    ],
    Kind.HOUSEHOLDS: [
        {"card_number": "4114212010010001", "village": "花园村", "group": "一组", "head_name": "张福来",
         "attribute": "一般贫困户", "main_cause": "因病", "listed_on": "2016-12-01", "name": "张福来",
         "relation": "户主", "citizen_id": ZHANG},
        {"name": "刘桂兰", "relation": "配偶", "citizen_id": LIU},
    ],
    Kind.PAIRINGS: [
        {"card_number": "4114212010010001", "head_name": "张福来", "helper_name": "李建国", "is_primary": "是",
         "starts": "2017-01-05"},
    ],
    Kind.VISITS: [
        {"card_number": "4114212010010001", "head_name": "张福来", "helper_name": "李建国", "visited_on": "2017-01-12",
         "visit_place": "户内", "text": "了解家庭情况,商定帮扶措施"},
    ],
}  # fmt: skip


def allowed(of: str) -> str:
    """What a cell of the column may say."""
    if of in WORDS:
        words = {value: spellings.split()[0] for value, spellings in WORDS[of].items()}
        appointed = (word for value, word in words.items() if of != "office" or seat(Office(value)) != "client")
        return ANY_OF.join(appointed)
    return SAID.get(of) or READ_AS[READERS[of]]


def sheet(kind: Kind) -> str:
    """The example of a kind as CSV, with all its columns."""
    rows = [[row.get(of, "") for of in FIELDS[kind]] for row in EXAMPLES[kind]]
    return "".join(",".join(row) + "\n" for row in ([called(of) for of in FIELDS[kind]], *rows))


def _needed(kind: Kind, of: str) -> str:
    return "必填 required" if of in REQUIRED[kind] else SOMETIMES.get((kind, of), "")


def _part(kind: Kind) -> Iterator[str]:
    zh, en = TITLES[kind]
    yield f"## {zh} `{kind}`\n\n{en[0].upper()}{en[1:]}.\n"
    yield "| 列标题 heading | 必填 required | 内容 what it says |\n|---|---|---|"
    for of in FIELDS[kind]:
        first, *others = HEADERS[of].split()
        yield f"| **{first}**{''.join(ANY_OF + other for other in others)} | {_needed(kind, of)} | {allowed(of)} |"
    yield f"\n```csv\n{sheet(kind)}```\n"


def written() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(line for kind in Kind for line in _part(kind))])


if __name__ == "__main__":
    FILE.write_text(written(), "utf-8")
