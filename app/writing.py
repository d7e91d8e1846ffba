"""How is anything changed? One path: enter, retry key, lock, version, law, change, entry, commit, answer.

A command is one transaction, committed before the answer is sent. HTTP, offline replay, imports and
the command line call the same actions through here.
"""

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Depends, Header, Request, Response
from pydantic_core import PydanticUndefined
from sqlalchemy import bindparam, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.types import Text
from sqlmodel import SQLModel

from app.access import Bearer, Entered
from app.actor import Actor, NotYourOffice, Office
from app.calendar import month_of
from app.database import (
    AS_YET,
    Database,
    Held,
    Prepared,
    Transaction,
    as_json,
    as_wire,
    behind_the_door_of_a_command,
)
from app.log import LISTED, Entry, sealed
from app.reading import (
    ENTER,
    RESOURCES,
    Resource,
    acquaint,
    door_values,
    enter,
    place_values,
    refuse_odd_parameters,
)
from app.refusal import (
    Conflict,
    Forbidden,
    Invalid,
    VersionRequired,
    VersionStale,
)
from app.wire import Upload, sent
from app.workflow import Move, Workflow

in_order = json.JSONEncoder(sort_keys=True).encode


class KeyReused(Invalid):
    """This Idempotency-Key was used for another request.

    该 Idempotency-Key 已用于另一请求。
    """


class StillInFlight(Conflict):
    """The first request under this Idempotency-Key is still being worked on; ask again in a second.

    使用该 Idempotency-Key 的首次请求仍在处理,请稍后重试。
    """


class TownshipsOwn(Forbidden):
    """The county reads this record; its own township changes it.

    县级只能查看,须由本乡办理。
    """


class IdTaken(Conflict):
    """Another request already made a record of this id.

    该 id 已被另一请求使用。
    """


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command answers: status, JSON text, headers; `once` are members told this time and never stored."""

    status: int
    body: str | Held
    """JSON text, known once the change that is held was made."""
    headers: dict[str, str] = field(default_factory=dict)
    once: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str | None:
        """The body; None where it is of a change that is still held."""
        return self.body.body if isinstance(self.body, Held) else self.body


class Replayed(Exception):
    """The command was done before: the stored answer takes the place of doing it again."""


class MadeBefore(Exception):
    """The same request made the record before: that is the answer, and nothing of what was done meanwhile stays."""

    def __init__(self, answer: "Answer") -> None:
        self.answer = answer


@dataclass(slots=True)
class Taken:
    """A record locked for a change: its row as on the wire, and the facts for the law."""

    resource: Resource
    id: UUID
    row: dict[str, Any]
    facts: Any

    @property
    def state(self) -> str:
        return str(self.row["state"])

    @property
    def version(self) -> int:
        return int(self.row["version"])


T = TypeVar("T")
Action = Callable[..., Awaitable[Answer]]


def creates(
    *offices: Office, of: Resource | None = None, about: tuple[Resource, str] | None = None
) -> Callable[[Action], Action]:
    """An action that makes a record, of a resource whose id the client may choose: who may.

    `about` is the record that it looks at first, and the member of the body that holds its id.
    """
    first = about and (lambda args: (about[0], getattr(args[-1], about[1])))
    return _declare("creates", frozenset(offices), None, of, first)


def creates_for_anyone(of: Resource) -> Callable[[Action], Action]:
    """An action that makes a record for whoever is concerned, office or none: the action itself asks who he is."""
    return _declare("creates", None, None, of)


def changes(*offices: Office, first: Resource | None = None) -> Callable[[Action], Action]:
    """An action on a record that must be taken first, outside any workflow: who may.

    `first` is the resource of the record where the action, before all else, takes that of its first argument.
    """
    return _declare("changes", frozenset(offices), None, first=_of_argument(first))


def moves(workflow: Workflow, name: str, *, first: Resource | None = None) -> Callable[[Action], Action]:
    """An action that is a move of a workflow: the declaration says who may. `first` as in `changes`."""
    move = workflow.move(name)
    return _declare("moves", move.offices, move, first=_of_argument(first))


First = Callable[[Sequence[Any]], tuple[Resource, UUID]]
"""Of an action's arguments: the record that it locks first."""


def _of_argument(resource: Resource | None) -> First | None:
    return None if resource is None else lambda args: (resource, args[0])


Ahead = tuple[Resource, UUID, Any]
"""That record as it came with the door, locked; None in the place of its row where the caller may not see it."""


def _declare(
    kind: str, offices: frozenset[Office] | None, move: Move | None, of: Resource | None = None,
    first: First | None = None,
) -> Callable[[Action], Action]:  # fmt: skip
    def mark(action: Action) -> Action:
        DECLARED[action] = Declaration(kind, offices, move, of, first)
        return action

    return mark


@dataclass(frozen=True, slots=True)
class Declaration:
    """What an action says of itself."""

    kind: str
    offices: frozenset[Office] | None
    move: Move | None
    of: Resource | None = None
    first: First | None = None


DECLARED: dict[Action, Declaration] = {}
"""Every action there is, and who may call it; one without a declaration cannot be run."""


class Change:
    """The command in hand: who, when, the transaction, what was written and what is to be recorded."""

    def __init__(
        self, transaction: Transaction, entered: Entered, command: "Command", declared: Declaration,
        ahead: "Ahead | None" = None,
    ) -> None:  # fmt: skip
        self.transaction = transaction
        self.entered = entered
        self.actor: Actor = entered.actor
        self.now: datetime = entered.now
        self.today: date = entered.today
        self.fingerprint = command.fingerprint
        self.vault = command.vault
        self._command, self._declared = command, declared
        self._checked = declared.kind == "creates"
        self.entries: list[Entry] = []
        self.log = entered.actor.township_code
        self._ahead = ahead

    @property
    def place(self) -> dict[str, str]:
        """The two columns every tenant's row begins with."""
        return {"county_code": self.actor.county_code, "township_code": self.actor.township_code}

    @property
    def here(self) -> dict[str, str]:
        """What `database.here` asks for."""
        return {"county": self.actor.county_code, "township": self.actor.township_code}

    def act_in(self, township_code: str) -> None:
        """From here on a caller of the county makes records of a township; the entries stay in the county's log."""
        self.actor = replace(self.actor, township_code=township_code)
        self.entered = replace(self.entered, actor=self.actor)

    def allow(self) -> None:
        """Replay first, then the office: the order every operation keeps. Raises Replayed, KeyReused, Forbidden."""
        stored = self.entered.stored
        if stored is not None:
            if stored["fingerprint"] != self.fingerprint:
                raise KeyReused("header:Idempotency-Key")
            raise Replayed
        offices = self._declared.offices
        if offices is not None and offices.isdisjoint(self.actor.offices):
            raise NotYourOffice(offices=sorted(offices))

    async def take(self, resource: Resource, id: UUID) -> Taken:
        """Lock the record the command is about and ask the law; one round trip.

        In order: NotFound, the replay, Forbidden, VersionRequired or VersionStale, then what the
        workflow has against the move.
        """
        taken = await self.find(resource, id)
        self._checked = True
        stored = self.entered.stored
        if stored is not None:
            self.allow()
        move, blockers = self._declared.move, []
        if move is not None:
            assert resource.workflow is not None
            blockers = resource.workflow.blockers(move.name, taken.state, taken.facts, self.actor)
            for reason in blockers:
                if isinstance(reason, Forbidden):
                    raise reason
        else:
            self.allow()
        self._command.check_version(taken.version)
        for reason in blockers:
            raise reason
        return taken

    def check_version(self, version: int) -> None:
        """What `take` does, for a thing whose version is counted elsewhere. Raises VersionRequired, VersionStale."""
        self._command.check_version(version)

    async def find(self, resource: Resource, id: UUID, *, missing: Exception | None = None) -> Taken:
        """Lock another record the change concerns, as the caller may see it. Raises NotFound, or `missing`."""
        actor = self.actor
        found = await self._held(resource, id)
        if found is None:
            raise missing or resource.not_found
        row = json.loads(found["body"])
        if row["township_code"] != actor.township_code:
            raise TownshipsOwn
        facts = resource.read_facts(row, json.loads(found["facts"]), self.entered) if resource.read_facts else None
        return Taken(resource, id, row, facts)

    async def _held(self, resource: Resource, id: UUID) -> Any:
        """The row, locked, with facts as they stand now that it is; None where the caller may not see it."""
        reach = (resource.scope.sees_all(self.actor.offices), self.actor.reads_county)
        values = {"at_id": id, **place_values(self.entered)}
        if self.transaction.is_cluster:
            await self.transaction.rows(resource.hold, **values)
            return await self.transaction.row(resource.one(*reach, False), **values)
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            if ahead[:2] != (resource, id):
                raise AssertionError(f"the action says that it locks another record first than {resource.name} {id}")
            found = ahead[2]
        else:
            found = await self.transaction.row(resource.one(*reach, True), **values)
        if found is not None and found["seen"] != found["stands"]:  # it waited for the lock: gather the facts anew
            found = await self.transaction.row(resource.one(*reach, True), **values)
        return found

    def record(self, event: str, resource: Resource | str, id: UUID, **parts: Any) -> None:
        """Note an entry for the log; parts are `version`, `public`, `personal`, `helper`, `household`."""
        name = resource if isinstance(resource, str) else resource.name
        self.entries.append(Entry(event, name, id, **parts))

    def record_rest(self, event: str, resource: Resource, id: UUID, helpers: list[UUID], **public: Any) -> None:
        """Note which helpers had no room in the entry before, which holds the first `LISTED`."""
        for at in range(LISTED, len(helpers), LISTED):
            self.record(event, resource, id, version=1, public={**public, "helpers": helpers[at : at + LISTED]})

    def new(self, resource: Resource, id: UUID | None = None) -> dict[str, Any]:
        """The columns that every new record has, in the first state of its workflow where it has one."""
        record = {
            "id": id or uuid7(self.now),
            "version": 1,
            "created_at": self.now,
            "fingerprint": self.fingerprint,
        }
        if resource.workflow is None:
            return record
        return record | {"state": resource.workflow.initial, "state_since": self.now}

    async def create(self, resource: Resource, id: UUID | None, values: Mapping[str, Any], **entry: Any) -> Answer:
        """Insert a record and answer 201 with it; no round trip of its own where nothing but the entries follows.

        The same id from the same request raises MadeBefore, from another IdTaken, now or when it is made. `entry` is
        `event` and the parts of `record`.
        """
        row = {**self.place, **self.new(resource, id), **values}
        new_id = row["id"]
        new = {f"new_{name}": value for name, value in row.items()}

        async def taken() -> None:
            made = await self.made_before(resource, new_id)
            raise MadeBefore(made) if made else IdTaken(id=str(new_id))

        held = Held(_insertion(resource, tuple(row)), {**new, **place_values(self.entered)}, taken)
        await self.transaction.hold(held)
        self.record(entry.pop("event"), resource, new_id, version=1, **entry)
        where = {"location": f"/v1/{resource.name}/{new_id}"} if resource.addressed else {}
        return Answer(201, held, {"etag": '"1"', **where})

    async def made_before(self, resource: Resource | None, id: UUID | None) -> Answer | None:
        """200 and the record where the same request made it before, whatever has become of it since; one round trip.

        Raises IdTaken where another request made it.
        """
        if resource is None or id is None:
            return None
        found = await self._whole(resource, id)
        if found is None:
            return None
        if found["made_by"] != self.fingerprint:
            raise IdTaken(id=str(id))
        return Answer(200, found["body"], {"etag": f'"{json.loads(found["body"])["version"]}"'})

    async def _whole(self, resource: Resource, id: UUID) -> Any:
        """The record as it stands, whoever may see it, unlocked; None where there is none."""
        statement = resource.one(True, self.actor.reads_county, False)
        return await self.transaction.row(statement, at_id=id, **place_values(self.entered))

    async def check_readable(self, stored: Mapping[str, Any]) -> None:
        """May the caller still read what a stored answer made? One round trip. Raises NotFound.

        Of a change that took a record that was asked on the way.
        """
        where = stored["headers"].get("location")
        if where is None:
            return
        _, _, name, made = where.split("/")
        resource = next(r for r in RESOURCES if r.name == name)
        statement = resource.one(resource.scope.sees_all(self.actor.offices), self.actor.reads_county, False)
        if await self.transaction.row(statement, at_id=UUID(made), **place_values(self.entered)) is None:
            raise resource.not_found

    async def shown(self, resource: Resource, id: UUID, answer: Answer) -> Answer:
        """The answer with the record as it stands once its children are written too; one round trip."""
        found = await self._whole(resource, id)
        return Answer(answer.status, found["body"], answer.headers)

    async def save(self, taken: Taken, values: Mapping[str, Any], *, to: str | None = None, **entry: Any) -> Answer:
        """Write the taken record's new values and answer 200 with it; a round trip as in `create`.

        `to` is the state it moves to, which the declared move must allow. `entry` as in `create`.
        """
        new = {**values, "version": taken.version + 1}
        if to is not None:
            move = self._declared.move
            if move is not None and to not in move.path.get(taken.state, ()):
                raise AssertionError(f"{move.name} does not lead from {taken.state} to {to}")
            new |= {"state": to}
            if to != taken.state:
                new |= {"state_since": self.now}

        async def stale() -> None:
            raise VersionStale

        at = {**new, **place_values(self.entered), "at_id": taken.id, "at_version": taken.version}
        held = Held(_updating(taken.resource, tuple(new)), at, stale)
        await self.transaction.hold(held)
        self.record(entry.pop("event"), taken.resource, taken.id, version=taken.version + 1, **entry)
        return Answer(200, held, {"etag": f'"{taken.version + 1}"'})

    async def insert(self, table: type[SQLModel], **values: Any) -> None:
        """A row of a table that has no face of its own; one round trip."""
        await self.transaction.rows(_plain_insertion(table, tuple({**self.place, **values})), **self.place, **values)

    async def insert_rows(self, table: type[SQLModel], rows: list[dict[str, Any]]) -> None:
        await self.transaction.insert_rows(table, [{**self.place, **row} for row in rows])

    async def finish(self, answer: Answer) -> Answer:
        """Make what is held, store the answer under the retry key and append the entries, last; one round trip."""
        if not self._checked:
            raise AssertionError("the action took no record")
        command, transaction = self._command, self.transaction
        if not self.entries and command.key is None:
            await transaction.let_go()
            return answer
        leaves = [
            sealed(e, log=self.log, actor=self.actor, at=self.now, simulated=self.entered.simulated)
            async for e in in_turns(self.entries)
        ]
        stored = None
        if command.key is not None:
            stored = as_json({
                "operation": command.operation, "key": command.key, "fingerprint": self.fingerprint,
                "status": answer.status, "body": answer.text, "headers": answer.headers,
            })  # fmt: skip
        last = await transaction.finish(
            finish_county=self.actor.county_code, finish_log=self.log, finish_account=self.actor.account_id,
            finish_stored=stored, finish_leaves=[leaf for leaf, _ in leaves],
            finish_events=[e.event for e in self.entries], finish_subjects=[e.subject_id for e in self.entries],
            finish_helpers=[e.helper for e in self.entries], finish_households=[e.household for e in self.entries],
            finish_disclosed=[d for _, d in leaves], finish_at=self.now,
        )  # fmt: skip
        if not self.entries:
            return answer
        headers = {**answer.headers, "ledger-entry": f"{self.log}/{last}"}
        return Answer(answer.status, answer.body, headers, answer.once)


def entered_later(day: date, today: date) -> dict[str, bool]:
    """What an entry says besides where it tells of a month that had ended (`reading.is_entered_later`)."""
    return {"entered_later": True} if month_of(today) > month_of(day) else {}


class Batch:
    """Records that are made together: one statement for all their rows, an entry for each record."""

    def __init__(self, change: Change) -> None:
        self._change = change
        self._rows: dict[type[SQLModel], list[dict[str, Any]]] = {}
        self._updates: dict[Any, Mapping[str, Any]] = {}
        self._entries: list[Entry] = []

    def make(self, resource: Resource, id: UUID | None, values: Mapping[str, Any], *, event: str, **entry: Any) -> UUID:
        """A record, as `Change.create` makes one; its id. What it violates is known when the batch is written."""
        row = {**self._change.new(resource, id), **values}
        self.put(resource.table, row)
        self._entries.append(Entry(event, resource.name, row["id"], version=1, **entry))
        return UUID(str(row["id"]))

    def put(self, table: type[SQLModel], *rows: Mapping[str, Any]) -> None:
        """Rows that belong to records of the batch, or to what no entry describes."""
        self._rows.setdefault(table, []).extend({**self._change.place, **row} for row in rows)

    def also(self, update: Any, **values: Any) -> None:
        """A change of what is there, an UPDATE with its parameters, in the same statement."""
        self._updates[update] = values

    async def write(self) -> None:
        """One round trip, however many records."""
        await self._change.transaction.write(self._rows, self._updates)
        self._change.entries += self._entries

    @property
    def made(self) -> dict[str, int]:
        """How many records of each resource."""
        return dict(Counter(entry.subject_type for entry in self._entries))


class Command:
    """A request to change something: the caller, the retry key, the version seen, the body's fingerprint."""

    def __init__(
        self, database: Database, vault: Any, bearer: Bearer, *, operation: str, fingerprint: str,
        key: str | None = None, if_match: str | None = None, acquainted: dict[UUID, Entered] | None = None,
    ) -> None:  # fmt: skip
        self.vault = vault
        self._acquainted = {} if acquainted is None else acquainted
        self.operation, self.fingerprint, self.key = operation, fingerprint, key
        self.bearer = bearer
        self._database, self._if_match = database, if_match

    def on(self, database: Database) -> "Command":
        """The same on other connections: what takes long keeps none from requests."""
        self._database = database
        return self

    def check_version(self, version: int) -> None:
        """Raises VersionRequired without If-Match, VersionStale with another version."""
        if self._if_match is None:
            raise VersionRequired
        if self._if_match.removeprefix("W/") != f'"{version}"':
            raise VersionStale

    @asynccontextmanager
    async def look(self) -> AsyncIterator[tuple[Transaction, Entered]]:
        """Beforehand, nothing written: who calls, and was it done before? So what takes long holds no connection."""
        async with self._database.transaction(readonly=True) as transaction:
            yield transaction, await enter(transaction, self.bearer, self.key, self.operation)

    async def check_sender(self, offices: Collection[Office]) -> bool:
        """Beforehand: a file that nobody asked him for is neither read nor kept; one round trip.

        False where the request was answered before. Raises NotYourOffice.
        """
        async with self.look() as (_, entered):
            if entered.stored is None and entered.actor.offices.isdisjoint(offices):
                raise NotYourOffice(offices=sorted(offices))
            return entered.stored is None

    async def run(self, action: Action, *args: Any) -> Response:
        """Do the action in one transaction and answer after the commit."""
        try:
            answer = await self._database.run(lambda transaction: self._do(transaction, action, *args))
        except MadeBefore as before:
            answer = before.answer
        body = answer.text
        assert body is not None
        if answer.once:
            body = f"{body[:-1]},{as_json(answer.once)[1:]}"
        return Response(body, answer.status, answer.headers, "application/json")

    async def _enter(
        self, transaction: Transaction, first: tuple[Resource, UUID] | None
    ) -> tuple[Entered, Ahead | None]:
        """Who calls, and with him the record that the action locks first, where he was here before: one round trip.

        How he may see that record hangs on his offices; were they others before, what came along is left alone.
        """
        before = self._acquainted.get(self.bearer.account_id)
        if before is None or first is None or transaction.is_cluster:
            entered, ahead = await enter(transaction, self.bearer, self.key, self.operation), None
        else:
            resource, record = first
            actor = before.actor
            statement = resource.one(resource.scope.sees_all(actor.offices), actor.reads_county, True)
            found = await transaction.row(
                behind_the_door_of_a_command(statement), at_id=record, **place_values(before),
                **door_values(self.bearer), door_key=self.key, door_operation=self.operation,
            )  # fmt: skip
            entered = Entered.of(self.bearer, json.loads(found["entered"]), before)
            row = found if found["body"] is not None else None
            ahead = (resource, record, row) if entered.is_as(before) else None
        acquaint(self._acquainted, entered)
        return entered, ahead

    async def _do(self, transaction: Transaction, action: Action, *args: Any) -> Answer:
        """All of it but the commit; it can be done again, since nothing of it is kept but in the transaction."""
        declared = DECLARED[action]
        entered, ahead = await self._enter(transaction, declared.first and declared.first(args))
        if entered.busy:
            raise StillInFlight
        change = Change(transaction, entered, self, declared, ahead)
        try:
            made = None
            if declared.kind == "creates":
                change.allow()
                made = await change.made_before(declared.of, getattr(args[-1], "id", None))
            return await change.finish(made or await action(change, *args))
        except MadeBefore as before:
            if transaction.has_written:
                raise
            change.entries.clear()
            return await change.finish(before.answer)
        except Replayed:
            assert entered.stored is not None
            await change.check_readable(entered.stored)
            return replay(entered.stored)


@asynccontextmanager
async def operating(url: str) -> AsyncIterator[Database]:
    """The database for the operator's own command, as its owner."""
    database = Database(url, 1, role="none", seconds=600)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def commanding(database: Database, vault: Any, bearer: Bearer, operation: str) -> AsyncIterator[Change]:
    """The operator's own command: a transaction with its clock and context, before there is any account."""
    async with database.transaction() as transaction:
        place = (bearer.county_code, bearer.township_code, bearer.account_id)
        found = json.loads(await transaction.call(ENTER, *place, None, None))
        found["account"] = {"person_id": None, "name": "operator"}
        command = Command(database, vault, bearer, operation=operation, fingerprint="")
        change = Change(transaction, Entered.of(bearer, found), command, Declaration("creates", frozenset(), None))
        yield change
        await change.finish(Answer(200, "{}"))


def replay(stored: Mapping[str, Any]) -> Answer:
    headers = {**stored["headers"], "idempotent-replayed": "true"}
    if stored["seq"] is not None:
        headers["ledger-entry"] = f"{stored['log']}/{stored['seq']}"
    return Answer(stored["status"], stored["body"], headers)


_cache: dict[Any, Prepared] = {}


def _insertion(resource: Resource, names: tuple[str, ...]) -> Prepared:
    """Insert and show; values are bound as `new_<column>`."""
    key = (resource.name, "insert", names)
    if key not in _cache:
        t = resource.table.__table__  # type: ignore[attr-defined]
        statement = insert(t).values({n: bindparam(f"new_{n}", type_=t.c[n].type) for n in names})
        _cache[key] = _showing(
            resource, statement.on_conflict_do_nothing(index_elements=["county_code", "township_code", "id"])
        )
    return _cache[key]


def _showing(resource: Resource, change: Any) -> Prepared:
    """The change, and the record as it then is.

    It is selected from what the change returns, for RETURNING itself says less: SQLAlchemy correlates nothing in that
    of an INSERT, a cluster lets no function of it hang on settings. The row stands there under its table's own name,
    and that name elsewhere, as of the records beside it, means the table.
    """
    t = resource.table.__table__  # type: ignore[attr-defined]
    shown = select(*resource.columns).select_from(t).subquery("t")
    wire: Any = select(literal_column(as_wire(shown.c)).label("body")).select_from(shown).offset(literal_column("0"))
    told = wire.subquery("w")
    made = change.returning(*t.c).cte("made")
    prepared = Prepared(select(told.c.body, literal_column(AS_YET).label("seq")).select_from(told).add_cte(made))
    own = f"FROM {t.name}) AS t"
    assert prepared.sql.count(own) == 1
    prepared.sql = prepared.sql.replace(own, f"FROM made AS {t.name}) AS t")
    prepared.tenant_table, prepared.returns = t.name, True
    return prepared


def _plain_insertion(table: type[SQLModel], names: tuple[str, ...]) -> Prepared:
    key = (table.__name__, "insert", names)
    if key not in _cache:
        _cache[key] = Prepared(insert(table), columns=names)
    return _cache[key]


def _updating(resource: Resource, names: tuple[str, ...]) -> Prepared:
    key = (resource.name, "update", names)
    if key not in _cache:
        t = resource.table.__table__  # type: ignore[attr-defined]
        statement = update(resource.table).where(
            t.c.county_code == bindparam("at_county", type_=Text()),
            t.c.township_code == bindparam("at_township", type_=Text()),
            t.c.id == bindparam("at_id"),
            t.c.version == bindparam("at_version"),
        )
        _cache[key] = _showing(resource, statement.values({n: bindparam(n, type_=t.c[n].type) for n in names}))
    return _cache[key]


async def in_turns(items: Iterable[T]) -> AsyncIterator[T]:
    """The items, of which there may be thousands: after every hundred others have their turn on the loop."""
    for number, item in enumerate(items, 1):
        yield item
        if number % 100 == 0:
            await asyncio.sleep(0)


def uuid7(moment: datetime) -> UUID:
    """A UUIDv7 (RFC 9562) of a moment: milliseconds, then 74 random bits."""
    random = int.from_bytes(os.urandom(10), "big")
    value = int(moment.timestamp() * 1000) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


async def _command(request: Request, key: str | None, if_match: str | None, *, about_himself: bool = False) -> Command:
    state = request.app.state
    bearer = state.tokens.bearer(request.headers.get("authorization"), about_himself=about_himself)
    refuse_odd_parameters(request)
    operation = f"{request.method} {request.url.path}"
    upload: Upload | None = getattr(request.state, "upload", None)
    if upload:
        what = f"{request.url.query}\n{upload.digest}"
    else:
        body = await sent(request)
        what = "" if body is PydanticUndefined else in_order(body)
    fingerprint = state.vault.fingerprint(f"{operation}\n{bearer.account_id}\n{what}")
    return Command(
        state.database, state.vault, bearer, operation=operation, fingerprint=fingerprint, key=key, if_match=if_match,
        acquainted=state.acquainted,
    )  # fmt: skip


Key = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="A retry under the same key gives the first answer again / 重发同一请求时使用同一键值",
    ),
]
IfMatch = Annotated[str | None, Header(max_length=64, description='The version you saw, e.g. `"3"` / 您所见的版本')]


async def creating(request: Request, idempotency_key: Key = None) -> Command:
    """FastAPI dependency of operations that make a record."""
    return await _command(request, idempotency_key, None)


async def changing(request: Request, idempotency_key: Key = None, if_match: IfMatch = None) -> Command:
    """FastAPI dependency of operations on a record: they need `If-Match`, without which nothing is a retry."""
    return await _command(request, None if if_match is None else idempotency_key, if_match)


async def creating_about_himself(request: Request, idempotency_key: Key = None) -> Command:
    """The same, also for a caller who must set a password of his own before anything else."""
    return await _command(request, idempotency_key, None, about_himself=True)


async def receiving(request: Request) -> Command:
    """The same, where each part of the body has a retry key of its own."""
    return await _command(request, None, None)


Creating = Annotated[Command, Depends(creating)]
Receiving = Annotated[Command, Depends(receiving)]
CreatingAboutHimself = Annotated[Command, Depends(creating_about_himself)]
Changing = Annotated[Command, Depends(changing)]
"""How a door declares what it does."""
