"""What can be had on paper? The figures of a chart, and everything of a year as one file."""

from collections.abc import Callable, Mapping
from datetime import date
from itertools import groupby
from typing import Any

from app.access import WhichTownship, whose
from app.actor import TOWNSHIP_WIDE, NotYourOffice
from app.handovers.rules import sealed
from app.ledger.schemas import HelperLedgerPage, HouseholdLedgerPage
from app.papers import pictures, rules
from app.papers.schemas import ChartQuery
from app.papers.tables import CHARTS
from app.press import Press
from app.reading import Reading
from app.tabular import Sheet, Workbook, columns_of

PICTURES: tuple[Callable[[Any], str], ...] = (
    pictures.draw_coverage,
    pictures.signoff_progress,
    pictures.quarter_distribution,
)


IN_A_FILE = 30
"""Sheets of one file: the press keeps what it has set for the next ten files, so more would be more memory."""
PAGES = {"helpers": HelperLedgerPage, "households": HouseholdLedgerPage}


async def chart(read: Reading, name: str, query: ChartQuery) -> str:
    """The figures of a chart of one township, as JSON.

    Raises NotYourOffice, OfAnotherTownship, and WhichTownship also where it does not use this service.
    """
    async with read.open() as (transaction, entered):
        actor = entered.actor
        if not actor.reads_township:
            raise NotYourOffice(offices=sorted(TOWNSHIP_WIDE))
        place = {"county_code": actor.county_code, "township_code": whose(actor, query.township_code)}
        found: Any = await transaction.value(CHARTS[name], **place, year=query.year, today=entered.today)
    if found is None:
        raise WhichTownship("query:township_code")
    return str(found)


def package(press: Press, row: Mapping[str, Any]) -> bytes:
    """The year as it goes to the Party committee: the same records under the same checkpoint give the same bytes.

    Takes a tenth of a second and up to seconds where there are thousands of households: for the press's own threads.
    Raises NotSummarisedYet, NotYetSigned, CharacterNotPrintable.
    """
    rules.check_package(row)
    files = {name: press.set(document) for name, document in _documents(row).items()}
    files |= {f"charts/{draw.__name__}.svg".replace("_", "-"): draw(row[draw.__name__]).encode() for draw in PICTURES}
    files |= {"ledgers.xlsx": _ledgers(row)}
    files |= {"checkpoint": row["signed"]["note"].encode()}
    told = {name: rules.MEMBERS[name.split("/")[0]] for name in sorted(files)}
    files["cover.pdf"] = press.set(rules.document("年底汇总材料", rules.cover(row, list(told.items()))))
    files["README.txt"] = rules.readme(row, told).encode()
    return sealed(files, **rules.package_of(row))


def _ledgers(row: Mapping[str, Any]) -> bytes:
    """The year's two ledgers as one workbook, a sheet each."""
    day, above = date.fromisoformat(rules.since(row)), f"{row['township']}　{row['year']}年度"
    with Workbook(day) as book:
        for name, title in rules.LEDGERS.items():
            columns = columns_of(PAGES[name], f"ledgers/{name}", english=False)
            page = book.begin(Sheet(name, title, day, columns, above))
            page.add(row[name])
            page.end(f"共 {len(row[name])} 行")
        with book.close() as file:
            return file.read()


def _documents(row: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The year's papers by the name of their file; the sheets of a village stand together."""
    documents = {}
    for village, sheets in groupby(row["sheets"], lambda sheet: sheet["village_code"]):
        told = [rules.sheet(sheet) for sheet in sheets]
        for n, at in enumerate(range(0, len(told), IN_A_FILE), 1):
            documents[f"signoffs/{village}-{n}.pdf"] = rules.document("签字确认表", *told[at : at + IN_A_FILE])
    quarters = [rules.quarter(quarter) for quarter in row["rounds"] if quarter["narrative"] is not None]
    if quarters:
        documents["quarters.pdf"] = rules.document("季度考核汇总表", *quarters)
    if row["explained"]:
        documents["evaluations.pdf"] = rules.document("年终考核评价说明", *map(rules.evaluation, row["explained"]))
    return documents
