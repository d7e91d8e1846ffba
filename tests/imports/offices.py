"""What do the sheets of an office look like? Three of them, as messy as they come, with what is meant by each."""

import io
from collections.abc import Sequence
from datetime import date
from itertools import count
from typing import Any

import openpyxl
import xlsxwriter

from app.people.rules import check_character
from app.sheets import CSV
from tests.conftest import Caller

_serial = count(1)


def citizen_id(born: str = "19800101", place: str = "411421") -> str:
    """A number with a right check digit that no other test has."""
    first = f"{place}{born}{next(_serial) % 1000:03d}"
    return first + check_character(first)


def hand_in(caller: Caller, content: bytes, kind: str, media: str = CSV, key: str | None = None, **query: Any) -> Any:
    headers = {"content-type": media} | ({"idempotency-key": key} if key else {})
    return caller.client.post("/v1/imports", params={"kind": kind, **query}, content=content, headers=headers)


def handed_in(caller: Caller, content: bytes, kind: str, media: str = CSV, **query: Any) -> dict[str, Any]:
    answer = hand_in(caller, content, kind, media, **query)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    told = dict(answer.json())
    assert (answer.status_code, told["code"]) == (status, code), told
    return told


def as_csv(*rows: Sequence[Any], encoding: str = "utf-8") -> bytes:
    return "\r\n".join(",".join(map(str, row)) for row in rows).encode(encoding)


def workbook(rows: Sequence[Sequence[Any]], merge: Sequence[str] = ()) -> bytes:
    """By openpyxl: strings as text, numbers as numbers, days as days; `merge` like A1:F1."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(list(row))
    for cells in merge:
        sheet.merge_cells(cells)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def reread(content: bytes) -> list[list[Any]]:
    """A workbook that came back, cell by cell, as openpyxl sees it."""
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


WIDE = {ord(c): ord(c) + 0xFEE0 for c in "0123456789X"}


def roster(numbers: Sequence[str]) -> bytes:
    """Helpers and village officers, typed by several hands; eight of ten numbers are used."""
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made)
    sheet = book.add_worksheet("帮扶责任人")
    day = book.add_format({"num_format": "yyyy/m/d"})
    sheet.merge_range(0, 0, 0, 9, "花园乡2017年度帮扶责任人及村组干部花名册")
    sheet.merge_range(1, 0, 1, 4, "填报单位(盖章):花园乡扶贫办")
    sheet.write_row(2, 0, [
        "序号", "姓 名", "性别", "身份证号码\n(18位)", "人员类别", "工作单位", "政治面貌", "联系电话", "任 职",
        "任职时间", "所在村",
    ])  # fmt: skip
    lines = [
        ["王 五", "男", numbers[0], "机关干部", "乡财政所", "中共党员", 13800000001, "帮扶责任人", "2017-03-05", ""],
        ["李　梅", "女", numbers[1].translate(WIDE), "部门单位人员", "县农业局", "群众", "138 0000 0002", "帮扶人",
         "2017年3月5日", ""],
        ["赵六", "男", f" {numbers[2]}\u00a0", "村“两委”成员", "", "党员", "1380000000３", "村主要负责人", "2017.3.5",
         "花园村"],
        ["钱七", "男", numbers[3].lower(), "村组干部", "", "", "", "村组干部", 42799, "花园村委会"],
        ["孙八", "女", numbers[4], "机关干部", "乡财政所", "预备党员", "", "帮扶责任人", date(2017, 3, 5), ""],
        ["周九", "男", numbers[5], "教师", "县农业局", "否", "", "帮扶责任人", "20170305", ""],
        ["吴十", "男", numbers[6], "公务员", "乡 财政所", "是", "", "", "", ""],
    ]  # fmt: skip
    for at, line in enumerate(lines, 3):
        for column, cell in enumerate([at - 2, *line]):
            if isinstance(cell, date):
                sheet.write_datetime(at, column, cell, day)
            else:
                sheet.write(at, column, cell)
    sheet.write_row(len(lines) + 3, 0, ["合计", "", "", "7人"])
    sheet.write_row(len(lines) + 5, 0, ["注:本表由各村填报,一式两份。"])
    book.close()
    return made.getvalue()


def cards(numbers: Sequence[str]) -> bytes:
    """Three households of two, one and two persons, each household's own cells merged over its members."""
    rows = [
        ["贫困户登记表", *[None] * 10],
        ["户编号", "行政村", "组", "户主姓名", "贫困户属性", "主要致贫原因", "其他致贫原因", "识别时间", "家庭成员"],
        [None] * 8 + ["姓名", "与户主关系", "证件号码"],
        ["4114212012010001", "花园村", "第三组", "赵大山", "一般贫困户", "因病", "因学、缺劳动力", date(2016, 1, 5),
         "赵大山", "户主", numbers[0]],
        [None] * 8 + ["李秀英", "妻", numbers[1]],
        ["4114212012010002", "花园村", "第三组", None, "低保贫困户", "缺技术", None, "2016年1月", "钱有福", "本人",
         numbers[2]],
        ["4114212012010003", "李楼", None, "孙满仓", "五保户", "因残", None, "2016.1.5", "孙满仓", "户主", numbers[3]],
        [None] * 8 + ["孙小宝", "孙子", int(numbers[4][:17]) * 10],
        ["合计", "3户5人"],
    ]  # fmt: skip
    return workbook(rows, ["A1:K1", "I2:K2", "A4:A5", "B4:B5", "D4:D5", "A7:A8"])
