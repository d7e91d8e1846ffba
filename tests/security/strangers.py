"""Who tries what belongs to another? A township with one row in every table, and everyone who should get nothing."""

import asyncio
import copy
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from types import FunctionType, ModuleType
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import JSONB

from app.access import Bearer
from app.accounts.actions import PASSWORDS, adopt
from app.actor import IN_A_VILLAGE, ClientScope, Office
from app.contract import example, operations
from app.database import metadata
from app.events.actions import Position
from app.main import FEATURES, create_app
from app.reading import Resource
from app.settings import Settings
from app.workflow import WORKFLOWS
from app.writing import DECLARED, Declaration
from tests import cluster
from tests.conftest import Caller, Service

MARK = "机密"
"""Stands in every free text of the township that is tried."""
ID, WITNESS = UUID(int=0x01920000_0000_7000_8000_0000000000AA), UUID(int=0x01920000_0000_7000_8000_0000000000BB)
"""Every record of that township; and one person more, where the law wants two."""
NOWHERE = UUID(int=0x01920000_0000_7000_8000_0000000000CC)
"""No record at all."""
THERE, AWAY, BESIDE = (UUID(int=0x01920000_0000_7000_8000_000000000000 + n) for n in (0xDD, 0xEE, 0xFF))
"""Every record of a second set: in the township that is tried, in one of another county, and at home."""
_NOBODYS = PASSWORDS.hash("a password that nobody was told")
TOWNSHIP_OFFICES = tuple(o for o in Office if o not in (Office.COUNTY_SYSTEM, Office.COUNTY_AUDITOR))


# ── one row in every table ───────────────────────────────────────────────────────────────────────

LOG = {"log_head", "log_event"}
TENANT_TABLES = [t for t in metadata.sorted_tables if "township_code" in t.columns]
SEEDED = [t for t in TENANT_TABLES if t.name not in LOG]


SHIPPED = (
    "insert into rulebooks (code, edition, partial, title, title_en, effective_from, sha256, document)"
    " values ('HUAYUAN-2016', 1, false, '', '', '2016-11-09', '', '{}')"
)
"""The rulebook that every township's binding names."""


def seed(connection: psycopg.Connection[Any], township: str) -> None:
    """One row in every tenant's table, all under one id: so every reference holds and any operation can be given it."""
    populate(connection, township)
    connection.execute("select log_open(%s, %s)", [township[:6], township])
    cluster.enter(connection, county=township[:6], township=township)
    connection.execute(
        "select finish(%s, %s, null, null, %s, %s, %s, %s, %s, %s, '2017-03-01')",
        [township[:6], township, [b"{}"], ["visit.recorded"], [ID], [ID], [ID], [json.dumps({"text": MARK})]],
    )


def populate(connection: psycopg.Connection[Any], township: str, id: UUID = ID) -> None:
    """A row of that id in every table but the log's; another id makes a second set beside the first."""
    for table in SEEDED:
        row = {c.name: value for c in table.columns if (value := _value(table, c, township)) is not None}
        if id != ID:
            row = {name: _another(value, id) for name, value in row.items()}
        if id == ID or table.name != "townships":
            insert(connection, table.name, row)
        if table.name == "people":
            insert(connection, table.name, row | {"id": witness(id), "citizen_id_lookup": None})


def witness(id: UUID) -> UUID:
    """The person more of a set of rows."""
    return WITNESS if id == ID else UUID(int=id.int + (1 << 16))


def _another(value: Any, id: UUID) -> Any:
    """What stands in a second row in place of what must be unique."""
    match value:
        case UUID():
            return {ID: id, WITNESS: witness(id)}.get(value, value)
        case date() if not isinstance(value, datetime):
            return value + timedelta(days=1)
        case bytes():
            return hashlib.sha256(id.bytes).digest()
        case int() if value == 2016:
            return value + 1
        case str() if value == MARK:
            return MARK + str(id)
        case str() if len(value) == 12 and value.endswith("201"):
            return value[:-1] + "2"
        case _:
            return {"2016-11": "2016-12", "2016-Q4": "2017-Q1"}.get(value, value) if isinstance(value, str) else value


def insert(connection: psycopg.Connection[Any], table: str, row: dict[str, Any]) -> None:
    names = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join(["%s"] * len(row))
    connection.execute(f"insert into {table} ({names}) values ({marks})", list(row.values()))


def in_township(place: str) -> dict[str, Any]:
    """What every record there begins with."""
    return {"county_code": place[:6], "township_code": place, "version": 1, "created_at": "now", "fingerprint": ""}


HASH = "0" * 64
SEEDED_FILE = "seeded"
"""The object of every seeded attachment, in the store of the service that is tried."""
PARTICULAR: dict[tuple[str, str], Any] = {
    ("attachments", "object"): SEEDED_FILE,
    ("attachments", "sha256"): HASH,
    ("attachments", "state"): "stored",
    ("household_events", "second_confirmer_id"): WITNESS,
    ("imports", "columns"): Jsonb([]),
    ("import_outcomes", "problems"): Jsonb([]),
    ("import_outcomes", "records"): Jsonb([]),
    ("inspection_rounds", "month"): "2016-11",
    ("inspection_rounds", "committed_at"): datetime(2016, 11, 9, 1, tzinfo=UTC),
    ("inspection_rounds", "drawn_at"): datetime(2016, 11, 9, 1, tzinfo=UTC),
    ("inspection_rounds", "seed"): HASH,
    ("inspection_rounds", "state"): "drawn",
    ("inspections", "month"): "2016-11",
    ("inspections", "rank"): 1,
    ("interpretations", "rulebook_code"): "HUAYUAN-2016",
    ("notices", "case_id"): ID,
    ("notices", "organ"): "party_committee",
    ("quarterly_results", "methods"): Jsonb([]),
    ("quarterly_results", "narrative"): MARK,
    ("quarterly_rounds", "quarter"): "2016-Q4",
    ("quarterly_scores", "quarter"): "2016-Q4",
    ("rulebook_bindings", "rulebook_code"): "HUAYUAN-2016",
    ("signoff_codes", "code_hash"): HASH,
    ("signoff_codes", "member_id"): ID,
    ("signoff_signatures", "capacity"): "head",
    ("signoff_signatures", "witness_id"): ID,
    ("signoffs", "statement_hash"): HASH,
    ("webhooks", "state"): "enabled",
    ("webhook_deliveries", "state"): "delivered",
}
"""What a table wants that its columns' types do not say."""
PHONE, LAST_FOUR = "13800000000", "002X"
SENSITIVE = {("people", "phone"): PHONE, ("people", "citizen_id_last_four"): LAST_FOUR}
"""Optional columns that not everyone reads."""


def _value(table: Table, column: Any, township: str) -> Any:
    name = column.name
    if (table.name, name) == ("appointments", "place"):
        return township
    given = {"county_code": township[:6], "township_code": township, "version": 1, "number": 1}
    if (table.name, name) in PARTICULAR:
        return PARTICULAR[table.name, name]
    if name in given:
        return given[name]
    if name == "state":
        return next(w.initial for w in WORKFLOWS.values() if w.resource.replace("-", "_") == table.name)
    if name in ("village_code", "code") and not column.nullable:
        return f"{township}201"
    if column.nullable and not name.endswith("subject_person_id"):
        return SENSITIVE.get((table.name, name))
    words = _words(table, name)
    return words[0] if words else _by_type(column.type)


def _words(table: Table, name: str) -> list[str]:
    """The words that a CHECK lets the column take."""
    for check in table.constraints:
        text = str(getattr(check, "sqltext", ""))
        if text.startswith(f"{name} in ("):
            return text[len(name) + 5 : -1].replace("'", "").split(", ")
    return []


def _by_type(kind: Any) -> Any:
    if isinstance(kind, JSONB):
        return Jsonb({})
    values: dict[type, Any] = {
        UUID: ID,
        bool: False,
        int: 2016,
        str: MARK,
        date: date(2016, 11, 9),
        object: datetime(2016, 11, 9, 1, tzinfo=UTC),  # what SQLModel makes of a moment
        bytes: hashlib.sha256(ID.bytes).digest(),
        list: [],
    }
    return values[kind.python_type]


# ── the operations of the document ───────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Operation:
    """An operation of the document, and what its handler says of who may: actions declared, resources with a scope."""

    path: str
    method: str
    document: dict[str, Any]
    actions: tuple[Any, ...]
    declared: tuple[Declaration, ...]
    resources: tuple[Resource, ...]

    @property
    def name(self) -> str:
        return str(self.document["operationId"])

    @property
    def public(self) -> bool:
        return self.document["security"] == []

    @property
    def changes(self) -> bool:
        return self.method != "get" and self.name not in BY_HAND

    @property
    def prints(self) -> bool:
        """Is it a paper, of which may be said that there is nothing to print yet?"""
        return self.method == "get" and "409" in self.document["responses"]

    @property
    def offices(self) -> frozenset[Office] | None:
        """Who may call it; None where the action asks itself."""
        return self.declared[0].offices


def what_it_uses(endpoint: Any) -> Iterator[Any]:
    """Whatever of its module's globals, and of the modules among them, a handler names."""
    names, known = endpoint.__code__.co_names, endpoint.__globals__
    for name in names:
        thing = known.get(name)
        yield thing
        if isinstance(thing, ModuleType):
            yield from (getattr(thing, n) for n in names if hasattr(thing, n))


def described(app: Any, routes: Any) -> list[Operation]:
    handlers = {route.name: route.endpoint for route in routes}
    found = []
    for path, method, document in operations(app.openapi()):
        used = [*what_it_uses(handlers[document["operationId"]])]
        actions = tuple(thing for thing in used if isinstance(thing, FunctionType) and thing in DECLARED)
        declared = tuple(DECLARED[action] for action in actions)
        resources = tuple(dict.fromkeys(thing for thing in used if isinstance(thing, Resource)))
        found.append(Operation(path, method, document, actions, declared, resources))
    return found


APP = create_app(Settings(secret="t" * 32))
ROUTES = [route for feature in FEATURES for router in feature.routers for route in router.routes]
OPERATIONS = described(APP, ROUTES)
SCHEMAS = APP.openapi()["components"]["schemas"]


# ── what is sent ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Shot:
    """One request of an operation; `in_path` and `in_body` say where an id of the township that is tried stands."""

    path: str
    query: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    in_path: bool = False
    in_body: bool = False
    plain: bool = True
    """Is it the example itself? One with an optional id more may contradict itself, and is refused for that."""


COMPLETED: dict[str, dict[str, Any]] = {
    "findings_create": {"subject": {"person_id": str(NOWHERE)}, "fact_on": "2017-02-15"},
    "publications_create": {"village_code": None},
}
"""What fits the township that is tried, so that the example is judged by who sends it."""
NATIONAL = {"key": "objection.windowDays", "name": "cases", "code": "HUAYUAN-2016", "index": "000.p/1"}
"""Names in paths that belong to no township."""


def shots(operation: Operation, id: UUID, log: str, home: str) -> list[Shot]:
    """The operation's own example with that id wherever one may stand; optional ones one at a time.

    `log` stands in paths; places in bodies are those of `home`, so that only the id is foreign.
    """
    code = "41" if operation.path.startswith("/v1/divisions") else NATIONAL["code"]
    path, given = operation.path, NATIONAL | {"code": code} | {"id": str(id), "member_id": str(id), "log": log}
    for name, value in given.items():
        path = path.replace(f"{{{name}}}", value)
    in_path = any(f"{{{name}}}" in operation.path for name in ("id", "member_id", "log"))
    parameters = [p for p in operation.document.get("parameters", ()) if p["in"] == "query"]
    asked = {p["name"]: example(p["schema"], SCHEMAS, whole=False) for p in parameters if p["required"]}
    if operation.name == "events_list":  # without what the caller's own log tells of what he tried
        asked["cursor"] = Position(home[:6], {home: 10**9}).cursor
    queries = [asked, *[asked | {p["name"]: str(id)} for p in parameters if is_id(p["schema"])]]
    queries += [
        asked | {"township_code": log} for p in parameters if p["name"] == "township_code" and not operation.changes
    ]
    content = operation.document.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return [Shot(path, query, None, in_path) for query in queries]
    bodies = _bodies(resolved(content["schema"]), meant(operation, content, home), id)
    return [Shot(path, asked, b, in_path, str(id) in json.dumps(b), n == 0) for n, b in enumerate(bodies)]


def file_of(operation: Operation) -> tuple[str, bytes] | None:
    """Media type and content of the file that an operation takes, by its own example."""
    for media, content in operation.document.get("requestBody", {}).get("content", {}).items():
        if content["schema"].get("format") == "binary" and "example" in content:
            return media, content["example"].encode()
    return None


def meant(operation: Operation, content: dict[str, Any], home: str) -> Any:
    """The operation's own example, with what the law wants besides, at home in that township."""
    text = json.dumps(content["example"]).replace("411421201", home)
    return json.loads(text) | copy.deepcopy(COMPLETED.get(operation.name, {}))


def _bodies(schema: Any, meant: Any, id: UUID) -> Iterator[Any]:
    base = with_id(schema, meant, id)
    yield base
    for where, value in _optional_ids(schema, base, id):
        body = json.loads(json.dumps(base))
        here = body
        for step in where[:-1]:
            here = here[step]
        here[where[-1]] = value
        yield body


NO_RECORD = {"device_id"}
"""Ids that a client gives itself."""
IN_PARTS = {"sync_push"}
"""What answers 200 and says of each part what became of it: test_sync.py tries the parts."""


def resolved(schema: Any) -> Any:
    """The schema behind references, and of several kinds the one that is no null."""
    while True:
        if "$ref" in schema:
            schema = SCHEMAS[schema["$ref"].rsplit("/", 1)[1]]
        elif "anyOf" in schema:
            schema = next(s for s in schema["anyOf"] if s.get("type") != "null")
        else:
            return schema


def is_id(schema: Any) -> bool:
    schema = resolved(schema)
    return schema.get("format") == "uuid" or (schema.get("type") == "array" and is_id(schema.get("items", {})))


def with_id(schema: Any, value: Any, id: UUID) -> Any:
    """The value with that id wherever the schema has one."""
    schema = resolved(schema)
    if schema.get("format") == "uuid":
        return str(id)
    if isinstance(value, list):
        first = [with_id(schema["items"], v, id) for v in value[:1]]
        return [*first, *[with_id(schema["items"], v, WITNESS) for v in value[1:]]]
    if isinstance(value, dict):
        members = schema.get("properties", {})
        return {k: with_id(members[k], v, id) if k in members and k not in NO_RECORD else v for k, v in value.items()}
    return value


def _optional_ids(schema: Any, value: Any, id: UUID, where: tuple[str, ...] = ()) -> Iterator[tuple[Any, Any]]:
    for name, member in schema.get("properties", {}).items():
        inner = resolved(member)
        if (*where, name) != ("id",) and name not in value and is_id(inner):
            yield (*where, name), [str(id)] if inner.get("type") == "array" else str(id)
        elif isinstance(value.get(name), dict):
            yield from _optional_ids(inner, value[name], id, (*where, name))


# ── those who try ────────────────────────────────────────────────────────────────────────────────


def said(answer: httpx.Response) -> dict[str, Any]:
    """A problem without what is each request's own."""
    return {k: v for k, v in answer.json().items() if k != "request_id"}


class Ground:
    """A township of one row in every table, one just like it, a neighbour, one of another county, and strangers."""

    mine, near, far, alike, away = "411421701", "411421702", "411422701", "411421703", "411423701"

    def __init__(self, service: Service) -> None:
        self.homes = {"neighbour": self.near, "foreigner": self.far, "other_county": self.far}
        self.told: Counter[str] = Counter()
        self.service, self.sent = service, 0
        vault = service.app.state.vault
        (service.settings.data_dir / "attachments" / SEEDED_FILE).write_bytes(MARK.encode().ljust(2017))
        for place in (self.near, self.far):
            asyncio.run(adopt(service.database_url, vault, place, "管理员", "admin", "correct horse battery"))
        self.sql = psycopg.connect(service.database_url, autocommit=True)
        with self.sql.transaction():
            self.sql.execute("insert into divisions (code, name, level) values ('41', '河南省', 'province')")
            for place in (self.mine, self.alike):
                seed(self.sql, place)
            for place, key in ((self.mine, THERE), (self.away, AWAY), (self.alike, BESIDE)):
                populate(self.sql, place, key)
            self.sql.execute("insert into clock values (1, '2017-03-01 09:00+08'::timestamptz - now())")
            sealed = vault.seal("11010519491231002X")
            self.sql.execute("update household_members set citizen_id_sealed = %s", [sealed])
        self.neighbour = self.officer(self.near, TOWNSHIP_OFFICES)
        self.foreigner = self.officer(self.far, TOWNSHIP_OFFICES)
        self.insider = self.officer(self.alike, TOWNSHIP_OFFICES)
        """At home in a township of the very same ids, where he may do everything."""
        self.county = self.officer("411421", (), kind="client")
        self.other_county = self.officer("411422", (), kind="client")
        self.nobody = self.officer(self.mine, ())
        self.juggler = self.officer(self.mine, ())
        self.former = self.officer(self.mine, (Office.HELPER,))
        """Who helped the household once, and is a helper still."""
        self.paired(self.former, "2015-01-01", "2016-01-01")
        self.villager = self.officer(self.alike, (Office.HELPER, *IN_A_VILLAGE), person=ID)
        """The very person that every record of the first set names: what is his he sees, of the second set nothing."""
        offices = (*TOWNSHIP_OFFICES, Office.COUNTY_AUDITOR)
        self.sole = {office: self.officer(self.alike, (office,)) for office in offices}
        """Who holds that one office, where the insider is at home."""
        self.owner = self.officer(self.mine, ())
        self.anonymous = Caller(httpx.Client(base_url=service.address, timeout=30))

    def officer(
        self, place: str, offices: Iterable[Office], kind: str = "person", person: UUID | None = None
    ) -> Caller:
        """Somebody with an account and the offices, put there without asking the service."""
        here = in_township(place)
        account = uuid4()
        if person is None:
            person = uuid4()
            words = {"name": "外人", "category": "organ_cadre", "management_authority": "township"}
            insert(self.sql, "people", here | {"id": person, "party_membership": "unknown"} | words)
        login = {"kind": kind, "login": account.hex, "person_id": person if kind == "person" else None}
        if kind == "client":
            login["scopes"] = [*ClientScope]
        insert(self.sql, "accounts", here | {"id": account, "secret_hash": _NOBODYS} | login)
        caller = self.service.caller(Bearer(account, place[:6], place))
        caller.person_id, caller.account_id = str(person), str(account)
        self.appoint(caller, place, offices)
        return caller

    def appoint(self, caller: Caller, place: str, offices: Iterable[Office]) -> None:
        """From now on he holds these offices, and no others but those he was seeded with."""
        self.sql.execute("delete from appointments where person_id = %s and id <> %s", [caller.person_id, ID])
        for office in offices:
            at = f"{place}201" if office in IN_A_VILLAGE else place
            held = {"id": uuid4(), "person_id": caller.person_id, "office": office, "place": at, "starts": "2016-01-01"}
            insert(self.sql, "appointments", in_township(place) | held)

    def paired(self, caller: Caller, starts: str, ends: str) -> None:
        """He helped the household of his township in that time."""
        state = {"state": "ended", "state_since": "now", "is_primary": False, "starts": starts, "ends": ends}
        home = in_township(self.mine) | {"id": uuid4(), "household_id": ID, "helper_id": caller.person_id}
        insert(self.sql, "pairings", home | state)

    def state(self, place: str | None = None) -> dict[str, str]:
        """Of every table a hash of the rows of a township, the one that is tried unless another is named."""
        rows = "select '{0}', md5(string_agg(t::text, '' order by t::text)) from {0} t where township_code = %(at)s"
        every = " union all ".join(rows.format(t.name) for t in TENANT_TABLES)
        return dict(self.sql.execute(every, {"at": place or self.mine}).fetchall())

    def changed(self, before: dict[str, str], after: dict[str, str], *but: str) -> Iterator[str]:
        """The tables whose rows are others now."""
        yield from sorted(name for name in before if before[name] != after[name] and name not in but)

    def send(self, caller: Caller, operation: Operation, shot: Shot) -> httpx.Response:
        return self.ask(caller, operation, shot, shot.body)

    def ask(self, caller: Caller, operation: Operation, shot: Shot, body: Any, **more: str) -> httpx.Response:
        """The shot with another body, under more headers than `If-Match`; these in snake_case."""
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        if operation.changes:
            headers = {"if-match": '"1"'} | headers
        sent: dict[str, Any] = {"json": body} if body is not None else {}
        if file := file_of(operation):
            sent, headers = {"content": file[1]}, headers | {"content-type": file[0]}
        self.sent += 1
        return caller.client.request(operation.method, shot.path, params=shot.query or None, headers=headers, **sent)

    # ── what each of them should get ──

    def holes(self, operation: Operation) -> list[str]:
        """What was wrongly given to anybody; empty where the operation is tight."""
        before = self.state() if operation.changes else None
        found = [*self._without_a_token(operation), *self._from_elsewhere(operation)]
        if operation.changes:
            found += [*self._from_the_county(operation), *self._without_the_office(operation)]
            if before != self.state():
                found.append(f"{operation.name}: the township was changed")
        else:
            found += self._without_a_share(operation)
        return found

    def heard(self, operation: Operation) -> httpx.Response:
        """What the very same request gets from somebody who is at home and holds every office."""
        return self.send(self.insider, operation, shots(operation, ID, self.alike, self.alike)[0])

    def _without_a_token(self, operation: Operation) -> Iterator[str]:
        for shot in shots(operation, ID, self.mine, self.mine)[:1]:
            if (status := self.send(self.anonymous, operation, shot).status_code) != 401:
                yield f"{operation.name} anonymous: {status}"

    def _from_elsewhere(self, operation: Operation) -> Iterator[str]:
        """From a neighbour of every office, from officer and client of another county: as if it were not there."""
        for name in self.homes:
            caller = getattr(self, name)
            home = self.homes[name]
            foreign, unknown = (shots(operation, subject, self.mine, home) for subject in (ID, NOWHERE))
            for shot, blank in zip(foreign, unknown, strict=True):
                if operation.changes and not (shot.in_path or shot.in_body):
                    continue
                answer = self.send(caller, operation, shot)
                where = f"{operation.name} {name} {list(shot.query)} {shot.body or ''}: {answer.status_code}"
                if any(word in answer.text for word in (MARK, str(ID), self.mine)):
                    yield f"{where} tells of the township"
                if self._is_refused(operation, shot, answer) and (name == "other_county" or answer.status_code == 422):
                    continue
                if shot.in_path:
                    nothing = self.send(caller, operation, blank) if shot.plain else answer
                    if answer.status_code != 404 or said(answer) != said(nothing):
                        yield f"{where} {answer.text[:200]}; of no record {nothing.status_code} {nothing.text[:200]}"
                elif shot.in_body:
                    self.told[f"{answer.status_code} {answer.json().get('code')}"] += 1
                    nothing = self.send(caller, operation, blank)
                    if answer.status_code not in (403, 404, 409) or said(answer) != said(nothing):
                        yield f"{where} {answer.text[:200]}; of no record {nothing.status_code} {nothing.text[:200]}"
                elif answer.status_code not in (200, 403) and not _asks_whose(answer):
                    yield f"{where} {answer.text[:200]}"

    def _is_refused(self, operation: Operation, shot: Shot, answer: httpx.Response) -> bool:
        """For who sends it; or for itself, where it is more than the example."""
        return operation.changes and (
            answer.status_code in (403, 404) or (not shot.plain and answer.status_code == 422)
        )

    def _from_the_county(self, operation: Operation) -> Iterator[str]:
        """The county's clients read; they write nothing, but hand in a sheet where they say whose it is."""
        for shot in shots(operation, ID, self.mine, self.mine):
            answer = self.send(self.county, operation, shot)
            if not self._is_refused(operation, shot, answer) and not _asks_whose(answer):
                yield f"{operation.name} county client {shot.body or ''}: {answer.status_code} {answer.text[:200]}"

    def _without_the_office(self, operation: Operation) -> Iterator[str]:
        """By somebody of the township who holds every office but the right ones, and by somebody who holds none."""
        self.appoint(self.juggler, self.mine, set(TOWNSHIP_OFFICES) - (operation.offices or set(Office)))
        before = self.state()
        for caller in (self.juggler, self.nobody):
            for shot in shots(operation, ID, self.mine, self.mine):
                answer = self.send(caller, operation, shot)
                if not self._is_refused(operation, shot, answer):
                    yield f"{operation.name} wrong office {shot.body or ''}: {answer.status_code} {answer.text[:200]}"
        if before != self.state():
            yield f"{operation.name}: changed by the wrong office"
        self.appoint(self.juggler, self.mine, ())

    def _without_a_share(self, operation: Operation) -> Iterator[str]:
        """By somebody of the township whom the record does not concern, or does no more."""
        names = [resource.name for resource in operation.resources]
        if operation.name in FOR_EVERYONE or (names and names[0] in FOR_THE_TOWNSHIP):
            return
        refusals = (200, 403, 404) if FOR_THE_TOWNSHIP.intersection(names) else (403, 404)
        for name in ("nobody", "former"):
            for shot in shots(operation, ID, self.mine, self.mine):
                answer = self.send(getattr(self, name), operation, shot)
                if answer.status_code not in (refusals if shot.in_path else (200, 403)):
                    yield f"{operation.name} {name}: {answer.status_code} {answer.text[:200]}"
                if MARK in answer.text:
                    yield f"{operation.name} {name} is told {answer.text[:200]}"


def _asks_whose(answer: httpx.Response) -> bool:
    """Of the county, which means a township of its own."""
    return answer.status_code == 422 and answer.json()["code"] == "which-township"


NATIONAL_READS = frozenset({"divisions_list", "divisions_read", "rulebooks_list", "rulebooks_read", "rulebooks_assess"})
FOR_EVERYONE = NATIONAL_READS | {"me_read", "me_tasks", "policies_list", "policies_read", "sync_pull"}
"""Reads that no Resource describes, of the nation, of the caller himself, of what holds for all in the township.

What a phone takes along is that and what is the caller's own: test_sync.py holds it against the lists.
"""
BY_HAND = FOR_EVERYONE | {
    "charts_draw_coverage", "charts_quarter_distribution", "charts_signoff_progress", "events_list",
    "helpers_award_eligibility", "helpers_ledger", "helpers_work", "households_ledger", "imports_report",
    "ledger_entries",
    "ledger_entry_bundle", "ledgers_helpers", "ledgers_households",
}  # fmt: skip
"""Every read that no Resource describes."""
FOR_THE_TOWNSHIP = frozenset(
    {
        "appointments",
        "form-tasks",
        "helpers",
        "inspection-rounds",
        "interpretations",
        "people",
        "publications",
        "requirements",
        "rubrics",
        "townships",
        "units",
        "villages",
    }
)
"""Resources that everyone signed in at the township may read."""
PUBLIC = frozenset(
    {
        "inspection_rounds_proof",
        "ledger_checkpoint",
        "ledger_proof_consistency",
        "ledger_proof_inclusion",
        "ledger_tile",
        "oauth_jwks",
        "oauth_revoke",
        "oauth_token",
        "workflows_list",
        "workflows_read",
    }
)
"""What needs no sign-in."""


def rowless(found: Iterable[Operation]) -> list[str]:
    """The operations that do not say who may: a change by one declared action, a read by a Resource or in BY_HAND."""
    return [
        o.name
        for o in found
        if not o.public and (len(o.declared) != 1 if o.changes else not o.resources and o.name not in BY_HAND)
    ]
