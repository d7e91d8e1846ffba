"""How is anything read? One path: a statement, JSON built by PostgreSQL, bytes out.

A Resource says once how a kind of record looks on the wire, who may see it and what is gathered for
the law; single reads, lists and the locked read before a change are made from that.
"""

import base64
import binascii
import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property, partial
from typing import Annotated, Any, get_origin
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Integer,
    any_,
    bindparam,
    column,
    exists,
    func,
    literal,
    literal_column,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy import table as sql_table
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by, array
from sqlalchemy.types import Text, Uuid
from sqlmodel import SQLModel

from app.access import NOBODY, Bearer, Entered, Scope, ScopeNotGiven, Tokens
from app.actor import Actor, ClientScope, Office
from app.cells import as_sent, name_of
from app.database import DOOR, UTC_TIMESTAMP, Database, Prepared, Transaction, as_json, as_page, behind_the_door
from app.refusal import Invalid, NotAcceptable, NotFound, Refusal, Unauthenticated
from app.sheets import CSV, XLSX
from app.standby import Recent
from app.tabular import NDJSON, Column, Names, Part, Parts, Sheet, columns_of, streamed, workbook
from app.wire import JSON, SHOWN
from app.workflow import Workflow

ENTER = "select enter($1, $2, $3, $4, $5)"
HIDDEN = {"county_code", "fingerprint"}
OFFERS = (JSON, CSV, NDJSON, XLSX)
"""As what a list can be had."""
ACQUAINTANCES = 4096
"""Of how many callers a worker remembers who they were."""
USUAL = (b"*/*", JSON.encode())
"""What nearly all who read lists accept: they are served without weighing anything."""
PIECE = 200
"""How many rows of a file are in memory at a time."""
SHARE = 0.8
"""Of a file's time, after which it is brought to an end that says it is not whole."""
DIVISIONS = sql_table("divisions", column("code"), column("name", Text()))
PLACE_NAME = Prepared(select(DIVISIONS.c.name).where(DIVISIONS.c.code == bindparam("code", type_=Text())))
"""What a file's unit is called in the national list."""
Reads = Database | Recent
"""Of what is read that may be a moment old."""
Asked = tuple[Prepared, dict[str, Any]]
"""A statement and the values of its parameters."""


class UnknownParameter(Invalid):
    """This operation has no such query parameter.

    本操作没有这个查询参数。
    """


class RepeatedParameter(Invalid):
    """A query parameter is given once.

    同一查询参数只能出现一次。
    """


class BadCursor(Invalid):
    """This cursor was not given by this list.

    游标无效:不是本列表给出的。
    """


class PageQuery(BaseModel):
    """What every list takes. Features add their filters by equality, each a column of the resource."""

    model_config = ConfigDict(extra="forbid", str_max_length=200)

    limit: int = Field(
        50, ge=1, le=200, description="How many on a page; a file holds all / 每页最多条数;导出文件不受此限"
    )
    cursor: str | None = Field(None, max_length=200, description="`next_cursor` of the page before / 上一页的游标")


def utc(moment: Any) -> Any:
    """A timestamp as it stands on the wire, for use inside json_build_object."""
    return func.to_char(func.timezone("UTC", moment), UTC_TIMESTAMP)


def is_entered_later(model: type[SQLModel], day: str) -> Any:
    """Was the record entered after the month of its day had ended? What the register holds of earlier times says so."""
    columns = model.__table__.c  # type: ignore[attr-defined]
    entered = func.timezone("Asia/Shanghai", columns.created_at)
    return func.date_trunc("month", columns[day].cast(DateTime())) < func.date_trunc("month", entered)


def inside(there: ColumnElement[bool], page: Any, key: str) -> Any:
    """A page of what belongs to a record: no row where that is not there, one with no `at` where it has nothing."""
    rows = page.subquery("page")
    parent = select(literal(1).label("one")).where(there).subquery("parent")
    return select(*rows.c).select_from(parent.outerjoin(rows, true())).order_by(rows.c[key])


def rows_of(table: type[SQLModel], *on: ColumnElement[bool], order: Any, **columns: Any) -> Any:
    """A JSON array of the rows of another table of the same township, for a view or for facts."""
    one = func.json_build_object(*_pairs(columns))
    listed = func.json_agg(aggregate_order_by(one, order))
    return select(func.coalesce(listed, literal_column("'[]'::json"))).where(*on).scalar_subquery()


def _pairs(columns: Mapping[str, Any]) -> list[Any]:
    """Names and expressions in turn, as json_build_object takes them."""
    pairs: list[Any] = []
    for name, expression in columns.items():
        pairs += [literal_column(f"'{name}'"), expression]
    return pairs


@dataclass(frozen=True)
class Errand:
    """What a record without a workflow asks of each holder of an office, until `where` no longer holds."""

    office: Office
    action: str
    where: tuple[ColumnElement[bool], ...]
    since: Any = None
    """The moment, as SQL, from which it has been asked; that of the record where none is named."""


@dataclass(frozen=True, eq=False)
class Resource:
    """One kind of record: its path, its table, its face on the wire, its readers and its workflow.

    `extra` are labelled columns added to the table's own (correlated sub-selects included); `facts`
    are gathered in the same statement for the law and never shown; `hide` are columns kept back;
    `key` is the column of the keyset order. `read_facts` turns the JSON row into the workflow's facts.
    """

    name: str
    table: type[SQLModel]
    scope: Scope = field(default_factory=Scope)
    extra: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    where: tuple[ColumnElement[bool], ...] = ()
    """Which rows of the table are records of this resource at all."""
    filters: Mapping[str, ColumnElement[bool]] = field(default_factory=dict)
    """Filters that are no equality of a column, such as `as_of`: conditions over `bindparam("by_<name>")`."""
    hide: frozenset[str] = frozenset()
    workflow: Workflow | None = None
    read_facts: Any = None
    """`(row: dict, facts: dict, entered: Entered) -> Any`: what the workflow's guards are asked about."""
    derived: Callable[[Any], Mapping[str, Any]] | None = None
    """What a single read says besides, computed from those facts."""
    errand: Errand | None = None
    waits: tuple[ColumnElement[bool], ...] = ()
    """Without which a record waits for nobody, whatever its state."""
    due: Any = None
    """The day, as SQL, by which what awaits somebody should be done."""
    addressed: bool = True
    """Is there an operation that reads one by its id, so that a new one can be told where it is?"""
    key: str = "id"
    known_by: tuple[Any, ...] = ()
    """By what people know one: what stands beside its key in files for people."""
    not_found: type[NotFound] = NotFound

    def __post_init__(self) -> None:
        RESOURCES.append(self)
        if self.known_by:
            KNOWN.setdefault(self.name, self)
        if self.workflow is not None or self.errand is not None:
            AWAITING[self.name] = self

    @cached_property
    def columns(self) -> tuple[Any, ...]:
        """What goes over the wire."""
        own = [c for c in self.table.__table__.columns if c.name not in HIDDEN | self.hide]  # type: ignore[attr-defined]
        return (*own, *[e.label(name) for name, e in self.extra.items()])

    def readable(self, wide: bool, county: bool) -> list[Any]:
        """The conditions under which a caller of that reach may see a row."""
        t = self.table.__table__  # type: ignore[attr-defined]
        where = [t.c.county_code == bindparam("at_county", type_=Text()), *self.where]
        if not county:
            where.append(t.c.township_code == bindparam("at_township", type_=Text()))
        if not wide:
            where.append(self.scope.condition)
        return where

    def awaiting(self, offices: frozenset[Office], county: bool) -> Any:
        """What waits for one of the offices, as `resource, id, state, since, due_on`; None where nothing can."""
        t = self.table.__table__  # type: ignore[attr-defined]
        due = literal(None, Date()) if self.due is None else self.due
        where = self.readable(self.scope.sees_all(offices), county)
        if self.workflow is not None:
            state, since = t.c.state, t.c.state_since
            states = self.workflow.awaits(*offices)
            where += [state.in_([literal(s) for s in sorted(states)]), *self.waits]
        else:
            assert self.errand is not None
            state = literal("open")
            since = t.c.created_at if self.errand.since is None else self.errand.since
            states = offices & {self.errand.office}
            where += self.errand.where
        columns = (literal(self.name).label("resource"), t.c.id, state.label("state"), since.label("since"))
        return select(*columns, due.label("due_on")).where(*where) if states else None

    def asked_of(self, state: str, offices: frozenset[Office]) -> list[str]:
        """The actions by which holders of the offices would answer what waits in that state."""
        if self.workflow is None:
            return [self.errand.action] if self.errand is not None else []
        return [move.name for move in self.workflow.moves if move.awaited_in(state) & offices]

    def _statement(self, wide: bool, county: bool, *more: Any) -> Any:
        return select(*self.columns, *more).where(*self.readable(wide, county))

    @cache  # noqa: B019  (resources live as long as the process)
    def one(self, wide: bool, county: bool, lock: bool) -> Prepared:
        """By id: `body`, and beside it `facts` as JSON text; locked for a change.

        Where the lock had to be waited for, the row is the newest and the facts are older: then the version `seen`
        when the statement began differs from the one that `stands`.
        """
        t = self.table.__table__  # type: ignore[attr-defined]
        facts = func.json_build_object(*_pairs(self.facts)).cast(Text()).label("facts")
        statement = self._statement(wide, county, facts, t.c.fingerprint.label("made_by"))
        statement = statement.where(t.c.id == bindparam("at_id"))
        if not lock:
            if county:  # two townships may have the same id: whoever took it later hides nobody's record
                statement = statement.order_by(t.c.created_at, t.c.township_code).limit(1)
            return Prepared(statement, json=True, beside=("facts", "made_by"))
        before = t.alias("before")
        seen = select(before.c.version).where(*[before.c[k] == t.c[k] for k in ("county_code", "township_code", "id")])
        versions = (seen.scalar_subquery().label("seen"), t.c.version.label("stands"))
        statement = statement.add_columns(*versions).with_for_update(of=t, key_share=True)
        return Prepared(statement, json=True, beside=("facts", "made_by", "seen", "stands"))

    @cached_property
    def hold(self) -> Prepared:
        """The lock alone, where it may not be part of a larger statement: on a cluster."""
        t = self.table.__table__  # type: ignore[attr-defined]
        by_id = (t.c.county_code == bindparam("at_county", type_=Text()), t.c.id == bindparam("at_id"))
        return Prepared(select(t.c.id).where(*by_id).with_for_update(key_share=True))

    @cache  # noqa: B019
    def page(
        self, wide: bool, county: bool, after: bool, filters: tuple[str, ...], within: ColumnElement[bool] | None = None
    ) -> Prepared:
        """A page in keyset order: rows of `body` and `at`, one more than asked for; `within` as in `inside`.

        A county's comes township by township, as its index has it, and `at` names the township before the key.
        """
        t = self.table.__table__  # type: ignore[attr-defined]
        key, place = t.c[self.key], t.c.township_code
        names = {**{c.name: c for c in t.columns}, **self.extra}
        at = place.concat(literal_column("':'")).concat(key.cast(Text())) if county else key.cast(Text())
        statement = self._statement(wide, county, at.label("at"))
        for name in filters:
            by = self.filters.get(name)
            if by is None:
                by = names[name] == bindparam(f"by_{name}", type_=names[name].type)
            statement = statement.where(by)
        order = tuple_(place, key) if county else key
        if after:
            last = bindparam("after", type_=key.type)
            statement = statement.where(
                order > (tuple_(bindparam("after_place", type_=Text()), last) if county else last)
            )
        statement = statement.order_by(*([place, key] if county else [key])).limit(bindparam("many", type_=Integer()))
        if within is not None:
            statement = inside(within, statement, self.key)
        return Prepared(statement, json=True, beside=("at",))

    def names(self, wide: bool, county: bool) -> Any:
        """By what people know those of `wanted_<name>`, keys, that a caller of that reach may see."""
        key = self.table.__table__.c[self.key]  # type: ignore[attr-defined]
        place = self.table.__table__.c.township_code  # type: ignore[attr-defined]
        wanted = key == any_(bindparam(f"wanted_{self.name}", type_=ARRAY(key.type)))
        known = array(self.known_by, type_=Text())
        return select(place, key.cast(Text()).label("key"), known.label("known")).where(
            *self.readable(wide, county), wanted
        )

    @cache  # noqa: B019
    def there(self, wide: bool, county: bool) -> ColumnElement[bool]:
        """Is there the record `of_parent`, for a caller of that reach?"""
        t = self.table.__table__  # type: ignore[attr-defined]
        return exists().where(*self.readable(wide, county), t.c.id == bindparam("of_parent", type_=Uuid()))


RESOURCES: list[Resource] = []
"""Every kind of record there is."""
KNOWN: dict[str, Resource] = {}
"""Resources whose records files name, by name; never a variant of one, made of it later, which more may see."""
AWAITING: dict[str, Resource] = {}
"""Resources whose records may await somebody, by name: what `me/tasks` looks through."""


@cache
def _names_of(reach: tuple[tuple[str, bool], ...], county: bool) -> Prepared:
    """By what people know records of these resources, of each of which the caller may see all or not."""
    return Prepared(union_all(*[KNOWN[name].names(wide, county) for name, wide in reach]))


def place_values(entered: Entered) -> dict[str, Any]:
    """Values of the parameters every statement of a Resource may name; `TODAY` among them."""
    actor = entered.actor
    place = {"at_county": actor.county_code, "at_township": actor.township_code, "today": entered.today}
    return place | actor.scope_values


def describe(refusal: Refusal, language: str, awaiting: Any = None) -> dict[str, Any]:
    """A refusal as a blocker: code, article, message, and who is awaited since when."""
    return {
        "code": refusal.code(),
        "article": refusal.article,
        "message": refusal.said(language),
        "awaiting": awaiting,
    }


def actions(
    workflow: Workflow, row: Mapping[str, Any], facts: Any, actor: Actor, language: str
) -> list[dict[str, Any]]:
    """What may be done now, by this caller, and for each thing that may not, why and who is awaited."""
    state = row["state"]
    due = workflow.awaited_offices(state)

    def awaiting(blocker: Refusal) -> dict[str, Any] | None:
        offices = blocker.facts.get("awaiting", due)
        return {"offices": offices, "since": row["state_since"]} if offices else None

    return [
        {
            "name": move.name,
            "allowed": not (blockers := workflow.blockers(move.name, state, facts, actor)),
            "blockers": [describe(b, language, awaiting(b)) for b in blockers],
        }
        for move in workflow.moves
        if move.offices
    ]


def language_of(request: Request) -> str:
    """`zh-CN` unless the caller prefers English."""
    return preferred_language(request.headers.get("accept-language", ""))


def preferred_language(accept: str) -> str:
    """The same of what `Accept-Language` says."""
    wanted = accept.lower()
    english, chinese = wanted.find("en"), wanted.find("zh")
    return "en" if english >= 0 and (chinese < 0 or english < chinese) else "zh-CN"


def preferred(request: Request, offers: Sequence[str]) -> str:
    """The media type on offer that the caller likes best, the first where it is all the same. Raises NotAcceptable."""
    liking: dict[str, float] = {}
    for part in request.headers.get("accept", "*/*").split(","):
        kind, *parameters = (p.strip().lower() for p in part.split(";"))
        weights = [p[2:] for p in parameters if p.startswith("q=")]
        liking[kind] = float(weights[0]) if weights and re.fullmatch(r"[01](\.\d{0,3})?", weights[0]) else 1.0

    def like(offer: str) -> float:
        return liking.get(offer, liking.get(offer.partition("/")[0] + "/*", liking.get("*/*", 0.0)))

    best = max(offers, key=like)
    if like(best) <= 0:
        raise NotAcceptable(offers=list(offers))
    return best


def door_values(bearer: Bearer) -> dict[str, Any]:
    """Values of the parameters of `behind_the_door`."""
    return {
        "door_county": bearer.county_code, "door_township": bearer.township_code, "door_account": bearer.account_id,
    }  # fmt: skip


def acquaint(known: dict[UUID, Entered], entered: Entered) -> None:
    """Remember who he was, so that next time the door and his first statement are one round trip."""
    if len(known) >= ACQUAINTANCES:
        known.clear()
    known[entered.actor.account_id] = entered.to_keep


@dataclass(frozen=True, slots=True)
class Found:
    """A record that was read: its JSON text, the same as a row, the facts for the law, and who reads it."""

    body: str
    row: dict[str, Any]
    facts: Any
    entered: Entered


class Reading:
    """One read: the door and the statement, together in one round trip or, where a statement is no list, one each."""

    def __init__(self, request: Request, bearer: Bearer, scope: ClientScope | None) -> None:
        self._request, self._bearer, self._scope = request, bearer, scope
        self._database: Database = request.app.state.database
        self._recent: Reads = request.app.state.recent
        self._acquainted: dict[UUID, Entered] = request.app.state.acquainted

    @cached_property
    def language(self) -> str:
        """Asked for only where something is said in words."""
        return language_of(self._request)

    @asynccontextmanager
    async def open(self, *, recent: bool = False) -> AsyncIterator[tuple[Transaction, Entered]]:
        """The transaction with its context set, and who is in it; for reads no Resource describes.

        `recent` is for what nothing is decided by, so that it may be a moment old. Raises ScopeNotGiven.
        """
        async with AsyncExitStack() as held:
            yield await self._enter(held, self._recent if recent else self._database)

    async def _enter(self, held: AsyncExitStack, reads: Reads) -> tuple[Transaction, Entered]:
        """The same, held open; whom a standby does not know yet the primary is asked about."""
        transaction = await held.enter_async_context(reads.transaction(readonly=True))
        try:
            return transaction, self._let_in(await enter(transaction, self._bearer))
        except Unauthenticated:
            if not isinstance(reads, Recent):
                raise
        return await self._enter(held, reads.primary)

    def _let_in(self, entered: Entered) -> Entered:
        """Raises ScopeNotGiven."""
        if self._scope and entered.actor.lacks(self._scope):
            raise ScopeNotGiven(scope=self._scope)
        return entered

    async def _found(self, asked: Callable[[Entered], Asked], reads: Reads) -> tuple[Entered, Any]:
        """Who asks, and the row of the statement, None or all nulls where it finds none.

        Which statement it is hangs on his offices and the day, and these the door tells. Whom a standby does not know
        yet the primary is asked about.
        """
        if reads.is_cluster:
            async with AsyncExitStack() as held:
                transaction, entered = await self._enter(held, reads)
                statement, values = asked(entered)
                return entered, await transaction.row(statement, **values)
        try:
            return await self._found_in_one(asked, reads)
        except Unauthenticated:
            if not isinstance(reads, Recent):
                raise
        return await self._found(asked, reads.primary)

    async def _found_in_one(self, asked: Callable[[Entered], Asked], reads: Reads) -> tuple[Entered, Any]:
        """The same, the door and the statement together.

        Whoever was here before is taken for who he was then; where something has changed since, it is asked again.
        """
        bearer, door = self._bearer, door_values(self._bearer)
        before = self._acquainted.get(bearer.account_id)
        if before is None:
            before = Entered.of(bearer, json.loads((await reads.row(DOOR, **door))["entered"]))
        while True:
            statement, values = asked(before)
            row = await reads.row(behind_the_door(statement), **values, **door)
            entered = Entered.of(bearer, json.loads(row["entered"]), before)
            if entered.is_as(before):
                break
            before = entered
        acquaint(self._acquainted, entered)
        return self._let_in(entered), row

    async def find(self, resource: Resource, id: UUID) -> Found:
        """A single record as the caller may see it. Raises NotFound."""

        def asked(entered: Entered) -> Asked:
            actor = entered.actor
            statement = resource.one(resource.scope.sees_all(actor.offices), actor.reads_county, False)
            return statement, {"at_id": id, **place_values(entered)}

        entered, found = await self._found(asked, self._database)
        if not found or found["body"] is None:
            raise resource.not_found
        row = json.loads(found["body"])
        facts = resource.read_facts(row, json.loads(found["facts"]), entered) if resource.read_facts else None
        return Found(found["body"], row, facts, entered)

    async def one(self, resource: Resource, id: UUID) -> Response:
        """A single record with `ETag`, and `actions` where it has a workflow. Raises NotFound."""
        found = await self.find(resource, id)
        body, row = found.body, found.row
        if resource.workflow is not None:
            more = dict(resource.derived(found.facts)) if resource.derived else {}
            more["actions"] = actions(resource.workflow, row, found.facts, found.entered.actor, self.language)
            body = f"{body[:-1]},{as_json(more)[1:]}"
        headers = {"etag": f'"{row["version"]}"'} if "version" in row else {}
        return Response(body, media_type=JSON, headers=headers)

    async def page(
        self, resource: Resource, query: PageQuery, within: tuple[Resource, UUID] | None = None, **fixed: Any
    ) -> Response:
        """A list of a Resource; `fixed` are filters that come from the path.

        Raises BadCursor; NotFound where it is a list `within` a record that the caller may not see.
        """
        filters = {**query.model_dump(exclude={"limit", "cursor"}, exclude_none=True), **fixed}
        kind = resource.table.__table__.c[resource.key].type.python_type  # type: ignore[attr-defined]

        def asked(entered: Entered) -> Asked:
            actor = entered.actor
            at_place, after = (
                _last_seen(query.cursor, kind) if actor.reads_county else (None, read_cursor(query.cursor, kind))
            )
            reach = (resource.scope.sees_all(actor.offices), actor.reads_county, after is not None)
            there = within and within[0].there(within[0].scope.sees_all(actor.offices), actor.reads_county)
            values = {f"by_{name}": value for name, value in filters.items()}
            place = place_values(entered)
            parent = within and within[1]
            return resource.page(*reach, tuple(sorted(filters)), there), {
                **place, **values, "after": after, "after_place": at_place, "of_parent": parent,
            }  # fmt: skip

        return await self.listing(query, asked, within and within[0].not_found)

    async def listing(
        self, query: PageQuery, asked: Callable[[Entered], Asked], missing: type[Refusal] | None = None
    ) -> Response:
        """What a statement finds: a page of JSON, or all of it as a file where the caller likes that better.

        `asked` gives the statement (rows of `body` and `at` in keyset order, at most `many` of them) and its values
        but for `many`. Where it is one of `inside`, `missing` is raised when it finds no row at all.
        Raises NotAcceptable.
        """
        if (media := self._liked()) != JSON:
            return await self._file(media, query, asked, missing)

        def one_page(entered: Entered) -> Asked:
            statement, values = asked(entered)
            return as_page(statement), {**values, "many": query.limit + 1}

        _, page = await self._found(one_page, self._recent)
        if missing is not None and not page["found"]:
            raise missing
        return self._paged(page["items"], page["last"] if page["more"] else None)

    async def given(self, query: PageQuery, rows: Sequence[Mapping[str, str]], day: date) -> Response:
        """The same of rows that no statement finds: all that there are after the cursor."""
        if (media := self._liked()) == JSON:
            return self.listed(rows, query.limit)
        async with AsyncExitStack() as held:
            transaction, entered = await self._enter(held, self._request.app.state.recent_files)
            sheet = self._sheet(query, day, await _unit(transaction, entered))
        return await _written(media, sheet, _at_once(rows), AsyncExitStack())

    def listed(self, rows: Sequence[Any], limit: int) -> Response:
        """Rows of `body` and `at`, one more than `limit` where there is more, as a page."""
        shown = rows[:limit]
        return self._paged(",".join(row["body"] for row in shown), shown[-1]["at"] if len(rows) > limit else None)

    def _paged(self, items: str, last: str | None) -> Response:
        """A page of items, and where it goes on after the last of them, if it does."""
        cursor = None if last is None else write_cursor(last)
        headers = {}
        if cursor:
            query = dict(self._request.query_params) | {"cursor": cursor}
            headers["link"] = f'<{self._request.url.path}?{urlencode(query)}>; rel="next"'
        body = f'{{"items":[{items}],"next_cursor":{as_json(cursor)}}}'
        return Response(body, media_type=JSON, headers=headers)

    # ── a list as a file ─────────────────────────────────────────────────────────────────────────

    def _liked(self) -> str:
        """The media type in which the caller wants a list. Raises NotAcceptable."""
        for name, value in self._request.scope["headers"]:
            if name == b"accept":
                return JSON if value in USUAL else preferred(self._request, OFFERS)
        return JSON

    async def _file(
        self, media: str, query: PageQuery, asked: Callable[[Entered], Asked], missing: type[Refusal] | None
    ) -> Response:
        """All that the statement finds, read piece by piece on one of the few connections there are for files."""
        files: Reads = self._request.app.state.recent_files
        async with AsyncExitStack() as held:
            transaction, entered = await self._enter(held, files)
            statement, values = asked(entered)
            unit = await _unit(transaction, entered)
            pieces = transaction.pieces(statement, PIECE, **values, many=None)
            first = belonging(await anext(pieces, []), missing)
            sheet = self._sheet(query, entered.today, unit)
            named = [] if media == NDJSON else [column for column in sheet.columns if column.resource]
            parts = self._parts(first, pieces, partial(_names, transaction, entered, named), files.seconds)
            return await _written(media, sheet, parts, held.pop_all())

    async def _parts(
        self, rows: Sequence[Any], pieces: AsyncIterator[list[Any]],
        names: Callable[[Part], Awaitable[Names]], seconds: float,
    ) -> Parts:  # fmt: skip
        """The rows with their cursors and names, as long as somebody waits for them and there is time."""
        until = time.monotonic() + seconds * SHARE
        while rows:
            part = _part(rows)
            part.names = await names(part)
            yield part
            if time.monotonic() > until or await self._request.is_disconnected():
                yield None
                return
            rows = await anext(pieces, [])

    def _sheet(self, query: PageQuery, day: date, unit: str) -> Sheet:
        """What stands above the rows: whose list it is, what was asked for, and of which day it is."""
        route, english = self._request.scope["route"], self.language == "en"
        en, _, zh = route.description.split("\n")[0].partition(" / ")
        columns = columns_of(route.response_model, route.path.split("/")[1], english=english)
        asked = query.model_dump(mode="json", exclude={"limit", "cursor"}, exclude_none=True)
        said = ("Unit", "Made on") if english else ("填报单位", "制表日期")
        said_of = {column.field: column.said for column in columns if column.member is None}
        given = {k if english else name_of(k): said_of.get(k, as_sent)(v) for k, v in asked.items()}
        named = {said[0]: unit, **given, said[1]: day}
        above = "    ".join(f"{name}:{value}" for name, value in named.items())
        return Sheet(route.name.removesuffix("_list"), en if english else zh, day, columns, above, english)


def belonging(rows: list[Any], missing: type[Refusal] | None) -> list[Any]:
    """Of a statement of `inside`, without the row that only says that the record is there. Raises `missing`."""
    if missing is None:
        return rows
    if not rows:
        raise missing
    return [row for row in rows if row["at"] is not None]


async def _names(transaction: Transaction, entered: Entered, columns: Sequence[Column], part: Part) -> Names:
    """By what people know what the rows name by id, as far as the caller may see it: one statement, if any."""
    wanted: dict[str, set[str]] = {}
    for row in part.objects if columns else ():
        for named in columns:
            wanted.setdefault(named.resource or "", set()).update(named.ids(row))
    if not any(wanted.values()):
        return {}
    actor = entered.actor
    reach = tuple((name, KNOWN[name].scope.sees_all(actor.offices)) for name in sorted(wanted))
    statement = _names_of(reach, actor.reads_county)
    keys = {f"wanted_{resource}": sorted(ids) for resource, ids in wanted.items()}
    rows = await transaction.rows(statement, **place_values(entered), **keys)
    return {(row["township_code"], row["key"]): row["known"] for row in rows}


async def _unit(transaction: Transaction, entered: Entered) -> str:
    """Whose list it is, by name and code."""
    code = entered.actor.township_code
    return f"{await transaction.value(PLACE_NAME, code=code) or ''}({code})"


async def _at_once(rows: Sequence[Any]) -> Parts:
    if rows:
        yield _part(rows)


def _part(rows: Sequence[Any]) -> Part:
    return Part([row["body"] for row in rows], write_cursor(rows[-1]["at"]))


async def _written(media: str, sheet: Sheet, parts: Parts, held: AsyncExitStack) -> Response:
    if media == XLSX:
        return await workbook(sheet, parts, held)
    return streamed(media, sheet, parts, held)


async def enter(
    transaction: Transaction, bearer: Bearer, key: str | None = None, operation: str | None = None
) -> Entered:
    """Set the row-level context; who calls, what time it is, and the stored answer: one round trip."""
    found = await transaction.call(ENTER, bearer.county_code, bearer.township_code, bearer.account_id, key, operation)
    return Entered.of(bearer, json.loads(found))


async def enter_as_nobody(transaction: Transaction, place: str) -> None:
    """Set the row-level context of a place for whoever has no account: one round trip."""
    await transaction.call(ENTER, place[:6], place, NOBODY, None, None)


def write_cursor(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def read_cursor(cursor: str | None, kind: type) -> Any:
    """The key after which a page begins, or None. Raises BadCursor."""
    if cursor is None:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (ValueError, binascii.Error) as error:
        raise BadCursor("query:cursor") from error
    return _key(text, kind)


def _key(text: str, kind: type) -> Any:
    """Raises BadCursor."""
    try:
        key = kind(text)
    except ValueError as error:
        raise BadCursor("query:cursor") from error
    if "\x00" in text or (kind is int and not 0 <= key < 2**63):
        raise BadCursor("query:cursor")
    return key


def _last_seen(cursor: str | None, kind: type) -> tuple[str | None, Any]:
    """Township and key after which a page of a county begins, or twice None. Raises BadCursor."""
    if cursor is None:
        return None, None
    place, _, key = read_cursor(cursor, str).partition(":")
    return place, _key(key, kind)


def refuse_odd_parameters(request: Request) -> None:
    """A filter never fails open: none where the operation takes none, none twice of which one would be passed over.

    Raises UnknownParameter, RepeatedParameter.
    """
    if not request.scope.get("query_string"):
        return
    names = [name for name, _ in request.query_params.multi_items()]
    taken = request.scope["route"].dependant.query_params
    if not taken:
        raise UnknownParameter(f"query:{next(iter(names), '')[:SHOWN]}")
    several = _lists(taken[0].field_info.annotation)
    for name, many in Counter(names).items():
        if many > 1 and name not in several:
            raise RepeatedParameter(f"query:{name[:SHOWN]}")


@cache
def _lists(query: Any) -> frozenset[str]:
    """The parameters of a query that are given as often as one likes."""
    fields = getattr(query, "model_fields", {})
    return frozenset(name for name, one in fields.items() if get_origin(one.annotation) is list)


async def reading(request: Request) -> Reading:
    """FastAPI dependency: a caller with a valid token, about to read."""
    return _reading(request, ClientScope.READ)


async def reading_events(request: Request) -> Reading:
    """The same, about to follow what happens."""
    return _reading(request, ClientScope.EVENTS)


async def reading_imports(request: Request) -> Reading:
    """The same, about to see what became of sheets."""
    return _reading(request, ClientScope.IMPORT)


async def reading_about_himself(request: Request) -> Reading:
    """The same, also for a caller who must set a password of his own before anything else."""
    return _reading(request, None, about_himself=True)


def _reading(request: Request, scope: ClientScope | None, *, about_himself: bool = False) -> Reading:
    state = request.app.state
    tokens: Tokens = state.tokens
    bearer = tokens.bearer(request.headers.get("authorization"), about_himself=about_himself)
    refuse_odd_parameters(request)
    return Reading(request, bearer, scope)


Read = Annotated[Reading, Depends(reading)]
"""How a door declares that it reads."""
ReadEvents = Annotated[Reading, Depends(reading_events)]
ReadImports = Annotated[Reading, Depends(reading_imports)]
ReadAboutHimself = Annotated[Reading, Depends(reading_about_himself)]
