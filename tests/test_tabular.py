"""Is every list to be had as a file: the same rows, none more than one may read, and never silently cut short?"""

import csv
import io
import json
import re
import sys
from collections.abc import Iterator
from enum import Enum
from typing import Any, Literal, get_args, get_origin

import httpx
import openpyxl
import psycopg
import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app.cells import on_the_clock, words_of
from app.codes import EVENTS, GROUNDS, OUTCOMES, STATUSES, WORDS, WORKFLOWS_OF
from app.contract import operations
from app.evaluations.rules import DETERMINABLE
from app.findings.rules import GENERAL_CLAUSE
from app.glossary import NAMED, NAMES
from app.households.rules import Status
from app.main import FEATURES, create_app
from app.reading import RESOURCES
from app.rulebook.rules import huayuan
from app.settings import Settings
from app.sheets import CSV, XLSX
from app.tabular import NDJSON, columns_of
from app.wire import PageOut
from tests.conftest import Caller, Township

APP = create_app(Settings(secret="t" * 32))
FILES = (CSV, NDJSON, XLSX)
LISTS = {
    operation["operationId"]: path.removeprefix("/v1")
    for path, method, operation in operations(APP.openapi())
    if method == "get" and NDJSON in operation["responses"]["200"]["content"]
}
PAGES = {
    route.name: (route.response_model, route.path)
    for feature in FEATURES
    for router in feature.routers
    for route in router.routes
    if isinstance(route.response_model, type) and issubclass(route.response_model, PageOut)
    if route.response_model.model_fields["next_cursor"].annotation is not str  # a feed, which has no end
}


def models_in(kind: Any) -> Iterator[type[BaseModel]]:
    """The models a type is made of."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for inner in get_args(kind):
        yield from models_in(inner)


def fields_of(model: type[BaseModel], resource: str) -> Iterator[tuple[str, FieldInfo, str]]:
    """Every field of a list's rows as `Model.name`, and those of the objects they hold; a row's with its resource."""
    for name, declared in model.model_fields.items():
        yield f"{model.__name__}.{name}", declared, resource
        if declared.is_required() or not resource:
            for inner in models_in(declared.annotation):
                yield from fields_of(inner, "")


HELD = [
    field
    for model, path in PAGES.values()
    for row in models_in(model.model_fields["items"].annotation)
    for field in fields_of(row, path.split("/")[1])
]
FIELDS = {name for name, _, _ in HELD}
QUERY = {"ledgers_helpers": {"year": "2016"}, "ledgers_households": {"year": "2016"}}
WITHIN = {"form_tasks_submissions", "webhooks_deliveries"}
"""Lists within a record that this town has none of; those of a household are of the same kind."""
FORMULAS = ("=1+1", "+1", "-1", "@A1", "\uff1d1", "'quoted")


def fetch(caller: Caller, path: str, media: str, language: str = "en", **query: Any) -> httpx.Response:
    headers = {"accept": media, "accept-language": language}
    return caller.client.get("/v1" + path, params=query or None, headers=headers)


def table(answer: httpx.Response) -> tuple[list[str], list[list[Any]], str]:
    """Headings, rows, and the line at the end of a CSV or XLSX file."""
    assert answer.status_code == 200, answer.text
    if answer.headers["content-type"] == XLSX:
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        _, _, heading, *rows, end = [list(row) for row in sheet.iter_rows(values_only=True)]
        assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
        return heading[1:], [row[1:] for row in rows], end[0]
    assert answer.content.startswith(b"\xef\xbb\xbf"), "Excel knows UTF-8 by its mark"
    heading, *rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    return heading, rows[:-1], rows[-1][0]


def lines(answer: httpx.Response) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows and the line about the file of NDJSON."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith(NDJSON)
    *rows, end = [json.loads(line) for line in answer.text.splitlines()]
    return rows, end


def everything(caller: Caller, path: str, **query: Any) -> list[dict[str, Any]]:
    """The list as pages of JSON, to its end."""
    found, page = [], caller.read(path, limit=3, **query)
    while True:
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        page = caller.read(path, limit=3, **query, cursor=page["next_cursor"])


class Town:
    """A township in which something stands in the lists."""

    def __init__(self, place: Township) -> None:
        self.place = place
        self.office = place.office("leading_group_office")
        place.admin.made("/villages", {"code": place.village, "name": "东村"})
        place.person("王电话", phone="13812345678", citizen_id="11010519491231002X")
        for number, text in enumerate(FORMULAS):
            self.household, helper = place.helped(f"孙帮扶{number}")
            body = {"household_id": self.household, "device_time": "2016-11-09T08:00:00+08:00", "place": "户内"}
            helper.made("/visits", body | {"text": text})
            self.helper = helper

    def path(self, operation: str) -> str:
        """The list's path with ids that stand for something."""
        path = LISTS[operation].replace("{log}", self.place.code)
        subject = self.helper.person_id if path.startswith("/helpers/") else self.household
        return path.replace("{id}", str(subject))


@pytest.fixture(scope="module")
def town(service: Any) -> Town:
    return Town(Township(service, "411421991"))


def test_every_list_of_the_document_is_a_file_too_and_says_so():
    assert set(LISTS) == set(PAGES) - {"workflows_list"}, "which is the only list that asks for no sign-in"
    assert {"events_list", "sync_pull"}.isdisjoint(LISTS), "control: feeds have no end that a file could have"
    for path, method, operation in operations(APP.openapi()):
        if operation["operationId"] in LISTS:
            assert set(operation["responses"]["200"]["content"]) == {"application/json", *FILES}
            assert "406" in operation["responses"]
        elif method == "get":
            assert CSV not in operation["responses"]["200"]["content"], path


@pytest.mark.parametrize("operation", sorted(set(LISTS) - WITHIN))
def test_a_list_gives_the_same_rows_in_every_format(town, operation):
    caller = town.place.admin if operation == "accounts_list" else town.office
    path, query = town.path(operation), QUERY.get(operation, {})
    expected = everything(caller, path, **query)
    columns = columns_of(PAGES[operation][0], path.split("/")[1], english=True)
    rows, end = lines(fetch(caller, path, NDJSON, **query))
    assert rows == expected
    assert end == {"complete": True, "rows": len(expected), "next_cursor": None}
    for media in (CSV, XLSX):
        answer = fetch(caller, path, media, **query)
        heading, found, said = table(answer)
        headings = [column.heading for column in columns]
        assert heading == headings if media == CSV else sorted(heading) == sorted(headings)
        assert said == f"# complete: {len(expected)} rows"
        assert len(found) == len(expected)
    heading, found, _ = table(fetch(caller, path, CSV, **query))
    for row, record in zip(found, expected, strict=True):
        assert [as_sent(cell) for cell in row] == [plain(column.of(record)) for column in columns]


def as_sent(cell: str) -> str:
    return cell.removeprefix("'")


def plain(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def test_lists_that_always_have_so_many_are_columns_of_their_own_and_texts_never_are():
    columns = [c for model, path in PAGES.values() for c in columns_of(model, path.split("/")[1], english=True)]
    parted = {column.field for column in columns if column.member is not None}
    assert parted == {"visits", "checks", "quarters"}, "of the two ledgers, and no code of a village"
    codes = [column.heading for column in columns if column.field == "village_code"]
    assert codes and set(codes) == {"village_code"}


def test_what_no_list_has_is_not_in_the_glossary():
    used = FIELDS | {field.partition(".")[2] for field in FIELDS}
    filters = {
        p["name"] for _, _, o in operations(APP.openapi()) for p in o.get("parameters", ()) if p["in"] == "query"
    }
    assert set(NAMES) - used - filters == set()


def test_a_caller_who_says_nothing_or_anything_gets_json_and_one_who_wants_something_else_is_told(town):
    for accept in ("*/*", "application/json", "text/html,application/xhtml+xml,*/*;q=0.8", "text/csv;q=0.5,*/*"):
        assert fetch(town.office, "/people", accept).headers["content-type"] == "application/json"
    refused = fetch(town.office, "/people", "application/pdf")
    assert refused.status_code == 406
    assert refused.json()["offers"] == ["application/json", CSV, NDJSON, XLSX]


def test_filters_and_a_cursor_hold_for_files_and_a_limit_does_not_cut_them(town):
    expected = everything(town.office, "/visits", helper_id=town.helper.person_id)
    assert len(expected) == 1
    assert lines(fetch(town.office, "/visits", NDJSON, helper_id=town.helper.person_id))[0] == expected
    everyone = everything(town.office, "/visits")
    cursor = town.office.read("/visits", limit=2)["next_cursor"]
    assert lines(fetch(town.office, "/visits", NDJSON, cursor=cursor, limit=1))[0] == everyone[2:]


def test_what_is_wrong_with_a_request_for_a_file_is_said_as_for_a_page(town):
    for media in FILES:
        assert fetch(town.office, "/visits", media, cursor="!").status_code == 422
        assert fetch(town.office, "/visits", media, sort="x").status_code == 422
        assert fetch(town.office, f"/households/{town.helper.person_id}/events", media).status_code == 404
        assert fetch(town.helper, "/ledgers/helpers", media, year=2016).status_code == 403
        assert httpx.get(town.office.client.base_url.join("/v1/people"), headers={"accept": media}).status_code == 401


@pytest.mark.parametrize("media", FILES)
def test_a_file_tells_nobody_more_than_his_pages_do(town, media):
    """A helper reads no telephone and no number of others, and only the households he helps."""
    keeper, helper = (fetch(c, "/people", media) for c in (town.place.admin, town.helper))
    told = [str(lines(a)[0] if media == NDJSON else table(a)[1]) for a in (keeper, helper)]
    assert "13812345678" in told[0] and "002X" in told[0]
    assert "13812345678" not in told[1] and "002X" not in told[1]
    for words in told:
        assert "11010519491231002X" not in words
    answer = fetch(town.helper, "/households", media)
    rows = lines(answer)[0] if media == NDJSON else table(answer)[1]
    assert len(rows) == len(everything(town.helper, "/households")) == 1


def test_no_text_of_a_csv_file_is_a_formula_and_every_one_can_be_had_again(town):
    heading, rows, _ = table(fetch(town.office, "/visits", CSV))
    cells = [row[heading.index("text")] for row in rows]
    assert all(cell[0] == "'" for cell in cells)
    assert sorted(cell[1:] for cell in cells) == sorted(FORMULAS)


def test_no_text_of_a_workbook_is_a_formula_or_a_number(town):
    answer = fetch(town.office, "/visits", XLSX)
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    cells = [cell for row in sheet.iter_rows(min_row=4, max_row=3 + len(FORMULAS)) for cell in row]
    assert {cell.data_type for cell in cells} == {"s", "n", "d", "b"}, "no `f`; `n` are numbers and empty cells"
    assert {cell.value for cell in cells} >= set(FORMULAS)


def test_a_workbook_is_laid_out_as_an_office_prints_it(town):
    answer = fetch(town.office, "/pairings", XLSX, "zh-CN", is_primary=True)
    assert re.fullmatch(
        r"attachment; filename=\"pairings.xlsx\"; filename\*=UTF-8''[%A-F0-9]+\.xlsx",
        answer.headers["content-disposition"],
    )
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet.title == sheet["A1"].value == "结对关系"
    assert sheet["A2"].value.startswith("填报单位:")
    assert "是否主要帮扶责任人:是    制表日期:2016-11-09" in sheet["A2"].value
    first_of = ["序号", "建档立卡编号", "户主姓名", "帮扶责任人", "是否主要帮扶责任人"]
    assert [cell.value for cell in sheet[3]][:5] == first_of
    assert sheet["A3"].border.left.style == "thin"
    assert (sheet.freeze_panes, sheet.print_title_rows) == ("A4", "$3:$3")
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    headings = {cell.value: cell.column for cell in sheet[3]}
    first = {name: sheet.cell(4, column) for name, column in headings.items()}
    assert first["状态"].value == "帮扶中"
    assert first["是否主要帮扶责任人"].value == "是"
    assert first["起始日期"].is_date and first["起始日期"].value.date().isoformat() == "2016-11-09"
    assert first["登记时间"].value.hour == 9, "as clocks in the township show it"
    assert sheet.cell(sheet.max_row, 1).value == f"# 完整:共 {len(FORMULAS)} 行"


@pytest.mark.parametrize("path", ["/policies", "/pairings"])
def test_a_workbook_says_whose_list_it_is(town, path):
    """Also where no statement finds the rows. The national list has no name for this township."""
    sheet = openpyxl.load_workbook(io.BytesIO(fetch(town.office, path, XLSX, "zh-CN").content)).active
    assert sheet["A2"].value.startswith(f"填报单位:({town.place.code})    制表日期:")


def test_headings_say_what_stands_below_them():
    columns = [c for model, path in PAGES.values() for c in columns_of(model, path.split("/")[1], english=False)]
    counted = {column.heading for column in columns if column.type is int}
    asked = {column.heading for column in columns if column.type is bool}
    assert not any(heading.endswith("名单") for heading in counted | asked), "which is no number, and no yes or no"
    assert {"通知人数", "到会人数", "缺席人数", "请假人数", "迟到人数"} <= counted
    assert {"是否必须参加", "是否不规范", "是否不完整"} <= asked
    assert "序号" not in {column.heading for column in columns}, "which is the number of a row"


def test_equal_data_give_equal_bytes(town):
    for media in FILES:
        one, other = (fetch(town.office, "/visits", media, "zh-CN").content for _ in range(2))
        assert one == other
    changed = fetch(town.office, "/visits", XLSX, "en").content
    assert changed != one, "which is no accident"


def codes_in(kind: Any) -> set[str]:
    """The codes that a field of the type may hold itself."""
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {member.value for member in kind}
    if get_origin(kind) is Literal:
        return {value for value in get_args(kind) if value.isascii()}
    return set().union(*map(codes_in, get_args(kind)))


def test_every_code_that_a_row_of_a_list_holds_has_its_chinese_word():
    """Whoever adds an enumeration to a list adds its words to app/codes.py."""
    held = {
        name: (codes_in(of.annotation), resource) for name, of, resource in HELD if of.is_required() or not resource
    }
    coded = {name: (codes, resource) for name, (codes, resource) in held.items() if codes}
    assert len(coded) > 70 and "MemberOut.relation" in coded and "PairingOut.state" in coded
    for field, (codes, resource) in coded.items():
        model, _, name = field.partition(".")
        words = words_of(name, model, resource)
        assert codes - words.keys() == set(), field
        assert not any(word.isascii() for word in words.values()), field
    assert codes_in(list[Literal["new"] | None]) - words_of("of_no_list").keys() == {"new"}, "control"


def test_no_code_has_a_word_that_nothing_holds():
    names = FIELDS | {field.partition(".")[2] for field in FIELDS}
    assert {*WORDS, *WORKFLOWS_OF} - names == set()
    declared = {e for m in [*sys.modules.values()] if getattr(m, "__name__", "").startswith("app.")
                for e in getattr(m, "Event", ())}  # fmt: skip
    assert set(EVENTS) == declared
    assert set(GROUNDS) == {GENERAL_CLAUSE, *huayuan().grounds}
    assert set(STATUSES) == set(Status) and set(OUTCOMES) >= set(DETERMINABLE), "which the two ledgers hold as texts"


def test_a_file_in_chinese_is_for_people_and_one_in_english_for_programs(town):
    """In Chinese: words, the township's clock, and first what the list is about. In English what the API says."""
    heading, rows, end = table(fetch(town.office, "/pairings", CSV, "zh-CN", is_primary=True))
    of = dict(zip(heading, rows[0], strict=True))
    (record, *_) = everything(town.office, "/pairings", is_primary=True)
    assert end == f"# 完整:共 {len(rows)} 行"
    assert (of["状态"], of["是否主要帮扶责任人"], of["起始日期"]) == ("帮扶中", "是", "2016-11-09")
    assert (of["终止日期"], of["版本"]) == ("", "1")
    assert of["登记时间"] == on_the_clock(record["created_at"]).isoformat(" ", "seconds") and "09:" in of["登记时间"]
    about, others, ids = (heading.index(name) for name in ("是否主要帮扶责任人", "乡镇代码", "编号"))
    assert about < others < ids
    heading, rows, _ = table(fetch(town.office, "/pairings", CSV, is_primary=True))
    of = dict(zip(heading, rows[0], strict=True))
    assert heading[0] == "township_code"
    assert (of["state"], of["is_primary"], of["created_at"]) == ("active", "true", record["created_at"])


def test_what_is_no_plain_value_is_a_text_for_people(town):
    heading, rows, _ = table(fetch(town.office, "/households", CSV, "zh-CN"))
    other, members = heading.index("其他致贫原因"), heading.index("家庭成员")
    assert {row[other] for row in rows} == {""}, "an empty list is an empty cell"
    assert not any("[" in row[members] or "{" in row[members] for row in rows)
    sheet = openpyxl.load_workbook(io.BytesIO(fetch(town.office, "/households", XLSX, "zh-CN").content)).active
    cells = [cell for row in sheet.iter_rows(min_row=4, values_only=True) for cell in row]
    assert not {"[]", "registered", "illness"} & set(cells) and {"建档立卡在册", "因病"} <= set(cells)


def test_no_text_of_a_csv_file_for_people_is_a_formula_either(town):
    heading, rows, _ = table(fetch(town.office, "/visits", CSV, "zh-CN"))
    assert sorted(row[heading.index("走访情况")][1:] for row in rows) == sorted(FORMULAS)
    assert all(row[heading.index("走访情况")][0] == "'" for row in rows)


def test_every_field_that_is_a_person_or_a_household_has_columns_with_its_name():
    """As the tables say by their foreign keys; whoever adds such a field adds it to NAMED of app/glossary.py."""
    tables = {resource.name: resource.table.__table__ for resource in RESOURCES}
    named = {}
    for model, path in PAGES.values():
        (row,) = models_in(model.model_fields["items"].annotation)
        told = {column.field: column.resource for column in columns_of(model, path.split("/")[1], english=False)
                if column.resource}  # fmt: skip
        table = tables.get(path.split("/")[1])
        for key in table.foreign_keys if table is not None and path.count("/") == 1 else ():
            of = key.column.table.name
            if key.column.name == "id" and of in {"people", "households"} and key.parent.name in row.model_fields:
                assert told.get(key.parent.name) == of, (row, key)
                named[f"{row.__name__}.{key.parent.name}"] = of
    assert len(named) > 25 and named["VisitOut.household_id"] == "households"
    assert {*NAMED} <= FIELDS | {field.partition(".")[2] for field in FIELDS}


@pytest.mark.parametrize("media", [CSV, XLSX])
def test_a_file_for_people_names_them(town, media):
    household = town.office.read(f"/households/{town.household}")
    helper = town.office.read(f"/people/{town.helper.person_id}")
    query = {"helper_id": town.helper.person_id}
    heading, ((*cells,),), _ = table(fetch(town.office, "/visits", media, "zh-CN", **query))
    of = dict(zip(heading, cells, strict=True))
    assert (of["帮扶责任人"], of["户主姓名"]) == (helper["name"], household["head_name"])
    assert of["建档立卡编号"] == household["card_number"]
    assert of["帮扶责任人编号"] == helper["id"], "control: beside its id"
    heading, rows, _ = table(fetch(town.office, "/households", media, "zh-CN"))
    assert {row[heading.index("行政村")] for row in rows} == {"东村"}
    assert helper["name"] in {row[heading.index("各帮扶责任人")] for row in rows}


def test_a_file_names_only_what_its_reader_may_see(town):
    """Of a household that somebody else helps now a visit is still his, and whose household that was is not told."""
    household, former = town.place.helped("前任帮扶")
    body = {"household_id": household, "device_time": "2016-11-09T08:00:00+08:00", "place": "户内", "text": "交接前"}
    former.made("/visits", body)

    def told(caller: Caller) -> tuple[str, str]:
        heading, rows, _ = table(fetch(caller, "/visits", CSV, "zh-CN", household_id=household))
        (of,) = (dict(zip(heading, row, strict=True)) for row in rows)
        return of["帮扶责任人"], of["户主姓名"]

    assert told(former) == ("前任帮扶", "赵大山"), "control: as long as he helps it"
    ended = "update pairings set starts = '2016-01-01', ends = '2016-11-01' where household_id = %s"
    with psycopg.connect(town.place.service.database_url) as owner:
        owner.execute(ended, [household])
    assert former.get(f"/households/{household}").status_code == 404
    assert told(former) == ("前任帮扶", "")
    assert told(town.office) == ("前任帮扶", "赵大山")
