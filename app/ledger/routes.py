"""Through which doors is the log read?"""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from app.actor import ORGANS, TOWNSHIP_WIDE
from app.calendar import SHANGHAI
from app.database import Prepared
from app.ledger import schemas, tables
from app.reading import ENTER, PageQuery, Read, Reading, place_values, read_cursor
from app.refusal import NotFound, NotYourOffice

ledger = APIRouter(tags=["ledger"])
routers = [ledger]

Log = Annotated[str, Path(pattern=r"^[0-9]{6}([0-9]{3})?$", min_length=6, max_length=9, examples=["411421201"])]


async def _entries(read: Read, query: PageQuery, statement: Prepared, log: str | None = None) -> Response:
    """A page of the log, for those whose office reads the whole township."""
    after = read_cursor(query.cursor, int)
    async with read.open() as (transaction, entered):
        actor = entered.actor
        if not actor.reads_township:
            raise NotYourOffice(offices=sorted(TOWNSHIP_WIDE))
        log = log or actor.township_code
        if log != actor.township_code and not (actor.reads_county and log.startswith(actor.county_code)):
            raise NotFound
        rows = await transaction.rows(
            statement, at_county=actor.county_code, at_log=log, after=-1 if after is None else after,
            many=query.limit + 1, confidential=actor.holds(*ORGANS),
        )  # fmt: skip
    return read.listed(rows, query.limit)


@ledger.get("/ledger/{log}/entries", name="ledger_entries", response_model=schemas.EntryPage)
async def entries(read: Read, log: Log, query: Annotated[PageQuery, Query()]) -> Response:
    """Entries of a log in order / 台账流水"""
    return await _entries(read, query, tables.ENTRIES, log)


@ledger.get(
    "/ledger/{log}/checkpoint", name="ledger_checkpoint", response_model=schemas.CheckpointOut,
    openapi_extra={"security": []},
)  # fmt: skip
async def checkpoint(request: Request, log: Log) -> Response:
    """Size and root of a log; no sign-in / 台账检查点(公开)"""
    async with request.app.state.database.transaction(readonly=True) as transaction:
        await transaction.call(ENTER, log[:6], log, UUID(int=0), None, None)
        body = await transaction.value(tables.HEAD, at_county=log[:6], at_log=log)
    if body is None:
        raise NotFound
    return Response(body, media_type="application/json")


async def _of(read: Reading, query: PageQuery, subject: UUID, kind: str) -> Response:
    """Entries of one helper or household: for the helper himself, those near the household, and wide offices."""
    after = read_cursor(query.cursor, int)
    async with read.open() as (transaction, entered):
        actor = entered.actor
        place = place_values(entered) | {"at_log": actor.township_code, "subject": subject}
        mine = kind == "helper" and subject == actor.person_id
        if kind == "helper":
            if not (mine or actor.reads_township):
                raise NotFound
            statement = tables.OF_HELPER
        else:
            statement = tables.OF_HOUSEHOLD if actor.reads_township else tables.OF_HOUSEHOLD_NEAR
        rows = await transaction.rows(
            statement, **place, after=-1 if after is None else after, many=query.limit + 1,
            confidential=mine or actor.holds(*ORGANS),
        )  # fmt: skip
    return read.belonging(rows, query.limit)


@ledger.get("/helpers/{id}/ledger", name="helpers_ledger", response_model=schemas.EntryPage)
async def helper_ledger(read: Read, id: UUID, query: Annotated[PageQuery, Query()]) -> Response:
    """Everything on record about one helper's work / 帮扶责任人工作台账"""
    return await _of(read, query, id, "helper")


@ledger.get("/households/{id}/ledger", name="households_ledger", response_model=schemas.EntryPage)
async def household_ledger(read: Read, id: UUID, query: Annotated[PageQuery, Query()]) -> Response:
    """Everything on record about one household / 帮扶对象台账"""
    return await _of(read, query, id, "household")


async def _year(read: Reading, query: schemas.LedgerQuery, statement: Prepared) -> Response:
    after = read_cursor(query.cursor, UUID)
    first, end = (datetime(year, 1, 1, tzinfo=SHANGHAI).astimezone(UTC) for year in (query.year, query.year + 1))
    async with read.open() as (transaction, entered):
        actor = entered.actor
        if not actor.reads_township:
            raise NotYourOffice(offices=sorted(TOWNSHIP_WIDE))
        rows = await transaction.rows(
            statement, at_county=actor.county_code, at_log=actor.township_code, from_moment=first, until_moment=end,
            after=after or UUID(int=0), many=query.limit + 1,
        )  # fmt: skip
    return read.listed(rows, query.limit)


@ledger.get("/ledgers/helpers", name="ledgers_helpers", response_model=schemas.HelperLedgerPage)
async def helpers_year(read: Read, query: Annotated[schemas.LedgerQuery, Query()]) -> Response:
    """The ledger of helpers' work, one row a helper (article 5) / 帮扶责任人帮扶工作考核台账"""
    return await _year(read, query, tables.HELPERS)


@ledger.get("/ledgers/households", name="ledgers_households", response_model=schemas.HouseholdLedgerPage)
async def households_year(read: Read, query: Annotated[schemas.LedgerQuery, Query()]) -> Response:
    """The ledger of exits from poverty, one row a household (article 5) / 帮扶对象脱贫情况考核台账"""
    return await _year(read, query, tables.HOUSEHOLD_EXITS)
