"""Through which doors is the log read?"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from app import note
from app.access import Entered, WhichTownship, whose
from app.actor import ORGANS, TOWNSHIP_WIDE, NotYourOffice
from app.calendar import SHANGHAI
from app.database import Prepared
from app.ledger import actions, schemas, tables
from app.merkle import TILE_WIDTH
from app.reading import Asked, PageQuery, Read, Reading, place_values, preferred, read_cursor, refuse_odd_parameters
from app.refusal import NotFound
from app.writing import Creating

ledger = APIRouter(tags=["ledger"])
routers = [ledger]

Log = Annotated[str, Path(pattern=r"^[0-9]{6}([0-9]{3})?$", min_length=6, max_length=9, examples=["411421201"])]
AnyLog = Annotated[str, Path(pattern=r"^(0|[0-9]{6}([0-9]{3})?)$", max_length=9, examples=["411421201"])]
"""A township's, a county's, or the nation's: what is public of it."""
Level = Annotated[str, Path(pattern=r"^([0-9]|[1-5][0-9]|6[0-3])$", max_length=2, examples=["0"])]
Tile = Annotated[
    str,
    Path(
        pattern=r"^(x[0-9]{3}/){0,3}[0-9]{3}(\.p/[1-9][0-9]{0,2})?$",
        description="C2SP tlog-tiles: `x001/x234/067`, and `.p/<width>` where it is not full yet",
        examples=["000.p/1"],
    ),
]
TEXT_MEDIA = "text/plain"
TEXT = {"content": {TEXT_MEDIA: {"schema": {"type": "string"}}}}
BYTES = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
FOR_GOOD = {"cache-control": "max-age=31536000, immutable"}
"""What a log once gave it always gives."""


def _log_of(entered: Entered, log: str) -> dict[str, Any]:
    """The values that name a log, for those whose office reads the whole township. Raises NotYourOffice, NotFound."""
    actor = entered.actor
    if not actor.reads_township:
        raise NotYourOffice(offices=sorted(TOWNSHIP_WIDE))
    if log != actor.township_code and not (actor.reads_county and log.startswith(actor.county_code)):
        raise NotFound
    return {"at_county": actor.county_code, "at_log": log, "confidential": actor.holds(*ORGANS)}


@ledger.get("/ledger/{log}/entries", name="ledger_entries", response_model=schemas.EntryPage)
async def entries(read: Read, log: Log, query: Annotated[PageQuery, Query()]) -> Response:
    """Entries of a log in order / 台账流水"""
    after = _seq(query)
    return await read.listing(query, lambda entered: (tables.ENTRIES, {**_log_of(entered, log), "after": after}))


def _seq(query: PageQuery) -> int:
    """The entry after which a page begins. Raises BadCursor."""
    after = read_cursor(query.cursor, int)
    return -1 if after is None else int(after)


@ledger.get(
    "/ledger/{log}/checkpoint", name="ledger_checkpoint", response_model=schemas.CheckpointOut,
    responses={200: TEXT}, openapi_extra={"security": []},
)  # fmt: skip
async def checkpoint(request: Request, log: AnyLog) -> Response:
    """Size and root of a log as it stands; as text, its newest signed note / 台账检查点(公开)

    Who names no media type, as C2SP clients do, gets the note.
    """
    refuse_odd_parameters(request)
    offers = ("application/json", TEXT_MEDIA) if "accept" in request.headers else (TEXT_MEDIA,)
    state = request.app.state
    async with state.database.transaction(readonly=True) as transaction:
        stands = await actions.standing_of(transaction, log)
    if preferred(request, offers) == TEXT_MEDIA:
        return _text(stands.note)
    return Response(stands.shown(state.vault, state.settings.log_origin), media_type="application/json")


@ledger.post("/ledger/{log}/checkpoint", name="ledger_sign", response_model=schemas.CheckpointOut)
async def sign(request: Request, command: Creating, log: Log) -> Response:
    """Sign the log as it stands; once signed it binds for ever / 签署台账检查点"""
    return await command.run(actions.sign, log, request.app.state.settings.log_origin)


@ledger.get(
    "/ledger/{log}/proof/inclusion", name="ledger_proof_inclusion", response_model=schemas.InclusionOut,
    responses={200: TEXT}, openapi_extra={"security": []},
)  # fmt: skip
async def inclusion(request: Request, log: AnyLog, query: Annotated[schemas.InclusionQuery, Query()]) -> Response:
    """That an entry is in the log; as text a C2SP tlog-proof with the signed note / 条目存在证明(公开)"""
    proof = await actions.inclusion(request.app.state.database, log, query)
    return _proved(request, proof, lambda: note.inclusion_text(query.index, proof.hashes, proof.standing.note))


@ledger.get(
    "/ledger/{log}/proof/consistency", name="ledger_proof_consistency", response_model=schemas.ConsistencyOut,
    responses={200: TEXT}, openapi_extra={"security": []},
)  # fmt: skip
async def consistency(request: Request, log: AnyLog, query: Annotated[schemas.ConsistencyQuery, Query()]) -> Response:
    """That the log only grew; as text what C2SP `add-checkpoint` takes / 只增未改证明(公开)"""
    proof = await actions.consistency(request.app.state.database, log, query)
    return _proved(request, proof, lambda: note.consistency_text(query.old, proof.hashes, proof.standing.note))


def _proved(request: Request, proof: actions.Proof, as_text: Callable[[], str]) -> Response:
    if preferred(request, ("application/json", TEXT_MEDIA)) == TEXT_MEDIA:
        return _text(as_text())
    return Response(proof.json, media_type="application/json")


def _text(text: str) -> Response:
    return Response(text, media_type="text/plain; charset=utf-8")


@ledger.get(
    "/ledger/{log}/tile/entries/{index:path}", name="ledger_entry_bundle", response_class=Response,
    responses={200: BYTES},
)  # fmt: skip
async def entry_bundle(read: Read, log: Log, index: Tile) -> Response:
    """256 leaves as they were hashed (C2SP tlog-tiles) / 条目原文分块"""
    number, width = actions.tile_range(index)
    async with read.open() as (transaction, entered):
        values = _log_of(entered, log) | {"first": number * TILE_WIDTH, "many": width}
        rows = await transaction.rows(tables.LEAVES, **values)
    body = actions.entry_bundle([row["leaf"] for row in rows], width)
    return Response(body, media_type="application/octet-stream", headers=FOR_GOOD)


@ledger.get(
    "/ledger/{log}/tile/{level}/{index:path}", name="ledger_tile", response_class=Response,
    responses={200: BYTES}, openapi_extra={"security": []},
)  # fmt: skip
async def tile(request: Request, log: AnyLog, level: Level, index: Tile) -> Response:
    """256 hashes of the tree (C2SP tlog-tiles) / 散列分块(公开)"""
    refuse_odd_parameters(request)
    body = await actions.tile(request.app.state.database, log, int(level), index)
    return Response(body, media_type="application/octet-stream", headers=FOR_GOOD)


async def _of(read: Reading, query: PageQuery, subject: UUID, kind: str) -> Response:
    """Entries of one helper or household: for the helper himself, those near the household, and wide offices."""
    after = _seq(query)

    def asked(entered: Entered) -> Asked:
        actor = entered.actor
        mine = kind == "helper" and subject == actor.person_id
        if kind == "helper":
            if not (mine or actor.reads_township):
                raise NotFound
            statement = tables.OF_HELPER
        else:
            statement = tables.OF_HOUSEHOLD if actor.reads_township else tables.OF_HOUSEHOLD_NEAR
        return statement, {
            **place_values(entered), "at_log": actor.township_code, "subject": subject, "after": after,
            "confidential": mine or actor.holds(*ORGANS),
        }  # fmt: skip

    return await read.listing(query, asked, NotFound)


@ledger.get("/helpers/{id}/ledger", name="helpers_ledger", response_model=schemas.EntryPage)
async def helper_ledger(read: Read, id: UUID, query: Annotated[PageQuery, Query()]) -> Response:
    """Everything on record about one helper's work / 帮扶责任人工作台账"""
    return await _of(read, query, id, "helper")


@ledger.get("/households/{id}/ledger", name="households_ledger", response_model=schemas.EntryPage)
async def household_ledger(read: Read, id: UUID, query: Annotated[PageQuery, Query()]) -> Response:
    """Everything on record about one household / 帮扶对象台账"""
    return await _of(read, query, id, "household")


async def _year(read: Reading, query: schemas.LedgerQuery, statement: Prepared) -> Response:
    after = read_cursor(query.cursor, UUID) or UUID(int=0)
    first, end = (datetime(year, 1, 1, tzinfo=SHANGHAI).astimezone(UTC) for year in (query.year, query.year + 1))

    def asked(entered: Entered) -> Asked:
        actor = entered.actor
        if not actor.reads_township:
            raise NotYourOffice(offices=sorted(TOWNSHIP_WIDE))
        return statement, {
            "at_county": actor.county_code, "at_log": whose(actor, query.township_code), "from_moment": first,
            "until_moment": end, "after": after, "year": query.year, "today": entered.today,
        }  # fmt: skip

    return await read.listing(query, asked, WhichTownship)


@ledger.get("/ledgers/helpers", name="ledgers_helpers", response_model=schemas.HelperLedgerPage)
async def helpers_year(read: Read, query: Annotated[schemas.LedgerQuery, Query()]) -> Response:
    """The ledger of helpers' work, one row a helper (article 5) / 帮扶责任人帮扶工作考核台账"""
    return await _year(read, query, tables.HELPERS)


@ledger.get("/ledgers/households", name="ledgers_households", response_model=schemas.HouseholdLedgerPage)
async def households_year(read: Read, query: Annotated[schemas.LedgerQuery, Query()]) -> Response:
    """The ledger of exits from poverty, one row a household (article 5) / 帮扶对象脱贫情况考核台账"""
    return await _year(read, query, tables.HOUSEHOLD_EXITS)
