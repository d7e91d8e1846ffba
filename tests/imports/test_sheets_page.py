"""Is docs/sheets.md what the service reads, and do its examples go in as they stand?"""

import re

import psycopg

from app.intake.rules import FIELDS, READERS, Kind
from openapi.sheets import EXAMPLES, FILE, written
from tests.conftest import Township
from tests.imports.offices import handed_in

PAGE = FILE.read_text("utf-8")


def test_the_page_is_what_is_read() -> None:
    assert written() == PAGE, "run `make openapi`"
    for kind in Kind:
        assert f"`{kind}`" in PAGE and EXAMPLES[kind]
        assert {of for row in EXAMPLES[kind] for of in row} <= set(FIELDS[kind])
        assert all(READERS[of](said) for row in EXAMPLES[kind] for of, said in row.items())


def test_its_examples_are_imported_in_their_order(township: Township) -> None:
    township.at("2017-03-20")
    with psycopg.connect(township.service.database_url) as connection:  # whatever day another test had set
        connection.execute("update townships set adopted_on = '2017-02-01' where township_code = %s", [township.code])
    township.admin.made("/villages", {"code": township.village, "name": "花园村"})
    office = township.office("leading_group_office")
    sheets = re.findall(r"^```csv\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert len(sheets) == len(Kind)
    for kind, sheet in zip(Kind, sheets, strict=True):
        made = handed_in(office, sheet.encode(), kind, dry_run=False)
        report = office.read(f"/imports/{made['id']}/report")["items"]
        assert (made["state"], made["bad"]) == ("done", 0), report
        assert made["imported"] == len(EXAMPLES[kind]), report
        assert [column["field"] for column in made["columns"]] == list(FIELDS[kind])


def test_the_document_names_the_columns(township: Township) -> None:
    api = township.admin.client.get("/openapi.json").json()
    told = api["paths"]["/v1/imports"]["post"]["requestBody"]["description"]
    assert "docs/sheets.md" in told
    assert re.search("`roster`: 姓名\\*、身份证号码、人员类别\\*、", told)
