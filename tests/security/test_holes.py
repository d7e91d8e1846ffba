"""Does the matrix see a hole? Each is opened on purpose, in this process or in a database of the session's own."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from sqlalchemy import true

from app import access
from app.access import Entered, Scope, Tokens
from app.actor import Actor, Appointment, Office
from app.contract import document
from app.households import actions as households
from app.reading import RESOURCES, Resource
from app.workflow import WORKFLOWS
from app.writing import DECLARED
from tests import cluster
from tests.security.strangers import (
    AWAY,
    BESIDE,
    FOR_THE_TOWNSHIP,
    OPERATIONS,
    TENANT_TABLES,
    THERE,
    Ground,
    Operation,
    described,
    rowless,
)
from tests.security.test_bodies import CONFIDED, reached
from tests.security.test_keys import retold
from tests.security.test_offices import overreached, overtold

BY_NAME = {operation.name: operation for operation in OPERATIONS}


class Patch(pytest.MonkeyPatch):
    """That also undoes what is no attribute."""

    def __init__(self) -> None:
        super().__init__()
        self._undo: list[Callable[[], Any]] = []

    def callback(self, undo: Callable[[], Any]) -> None:
        self._undo.append(undo)

    def undo(self) -> None:
        super().undo()
        while self._undo:
            self._undo.pop()()


def no_office_is_asked_for(patch: Patch, ground: Ground, name: str) -> None:
    action = BY_NAME[name].actions[0]
    declared = DECLARED[action]
    if declared.move is None:
        patch.setitem(DECLARED, action, replace(declared, offices=None))
        return
    anyone = replace(declared.move, offices=frozenset(Office))
    flow = next(w for w in WORKFLOWS.values() if declared.move in w.moves)
    patch.setitem(flow._by_name, anyone.name, anyone)
    patch.setitem(DECLARED, action, replace(declared, offices=anyone.offices, move=anyone))


def everyone_sees_all(patch: Patch, ground: Ground, name: str) -> None:
    resource = BY_NAME[name].resources[0]
    before = resource.scope
    object.__setattr__(resource, "scope", Scope(open=True))
    patch.callback(lambda: object.__setattr__(resource, "scope", before))


def no_tenancy(patch: Patch, ground: Ground, name: str) -> None:
    """Neither the condition in the statement nor the policy beneath: either alone would hold."""
    operation = BY_NAME[name]
    resource = next(r for r in RESOURCES if r.name == operation.path.split("/")[2])
    without_conditions(patch, resource)
    without_policies(patch, ground, str(resource.table.__tablename__))


def without_conditions(patch: Patch, *resources: Resource) -> None:
    """On a cluster the county stays: it says on which node the rows are, and no statement goes without."""
    readable = Resource.readable

    def careless(self: Resource, wide: bool, county: bool) -> list[Any]:
        if self not in resources or not wide:
            return readable(self, wide, county)
        return readable(self, True, True) if cluster.is_named() else [*self.where]

    patch.setattr(Resource, "readable", careless)


def without_policies(patch: Patch, ground: Ground, *tables: str) -> None:
    for table in tables:
        ground.sql.execute(f"alter table {table} disable row level security")
        patch.callback(lambda table=table: ground.sql.execute(f"alter table {table} enable row level security"))


def a_reference_unheld(patch: Patch, ground: Ground, name: str) -> None:
    """A foreign key that forgets the township."""
    key = "fk_appointments_county_code_township_code_person_id"
    told = "select pg_get_constraintdef(oid) from pg_constraint where conname = %s"
    found = ground.sql.execute(told, [key]).fetchone()
    assert found

    def hold() -> None:
        there = "(p.county_code, p.township_code, p.id) = (a.county_code, a.township_code, a.person_id)"
        ground.sql.execute(f"delete from appointments a where not exists (select from people p where {there})")
        ground.sql.execute(f"alter table appointments add constraint {key} {found[0]}")

    ground.sql.execute(f"alter table appointments drop constraint {key}")
    patch.callback(hold)


def every_office_reads_the_township(patch: Patch, ground: Ground, name: str) -> None:
    patch.setattr(Actor, "reads_township", property(lambda self: True))


def everyone_reads_the_county(patch: Patch, ground: Ground, name: str) -> None:
    patch.setattr(Actor, "reads_county", property(lambda self: True))


def no_token_is_asked_for(patch: Patch, ground: Ground, name: str) -> None:
    bearer = Tokens.bearer
    known = ground.insider.client.headers["authorization"]
    patch.setattr(Tokens, "bearer", lambda self, given, **more: bearer(self, given or known, **more))


def clients_hold_every_office(patch: Patch, ground: Ground, name: str) -> None:
    of = Entered.of.__func__

    def careless(cls: type[Entered], bearer: Any, found: Any, before: Entered | None = None) -> Entered:
        entered = of(cls, bearer, found)
        offices = tuple(Appointment(office, "411421", entered.today) for office in Office)
        return replace(entered, actor=replace(entered.actor, appointments=offices), told=None)

    patch.setattr(Entered, "of", classmethod(careless))


def a_key_without_its_account(patch: Patch, ground: Ground, name: str) -> None:
    """The stored answer is looked up by township, operation and key alone."""
    found = ground.sql.execute("select pg_get_functiondef('enter'::regproc)").fetchone()
    assert found
    careless = found[0].replace("and r.account_id = p_account", "")
    assert careless != found[0]
    ground.sql.execute(careless)
    patch.callback(lambda: ground.sql.execute(found[0]))


def pairings_never_end(patch: Patch, ground: Ground, name: str) -> None:
    """Who helped a household once reads it for good."""
    patch.setattr(access, "holds_on", lambda table, day: true())


def any_household_may_be_named(patch: Patch, ground: Ground, name: str) -> None:
    """A body names a household that the caller could not read."""
    for resource in (households.HOUSEHOLDS, households.VISITED):
        before = resource.scope
        object.__setattr__(resource, "scope", Scope(open=True))
        patch.callback(lambda r=resource, s=before: object.__setattr__(r, "scope", s))


def a_household_named_from_elsewhere(patch: Patch, ground: Ground, name: str) -> None:
    """A body names a household of another township, and neither condition nor policy holds."""
    any_household_may_be_named(patch, ground, name)
    without_conditions(patch, households.HOUSEHOLDS, households.VISITED)
    without_policies(patch, ground, "households", "pairings")


def everyone_is_told_what_is_confided(patch: Patch, ground: Ground, name: str) -> None:
    values = Actor.scope_values.func
    patch.setattr(Actor, "scope_values", property(lambda actor: values(actor) | {"scope_confidant": True}))


Hole = Callable[[Patch, Ground, str], None]
Probe = Callable[[Ground, Operation], Iterable[str]]


def beside(ground: Ground, operation: Operation) -> Iterable[str]:
    """A narrow office names what is beside its own."""
    return reached(ground, operation, ground.villager, BESIDE, only=CONFIDED)


def foreign(ground: Ground, operation: Operation) -> Iterable[str]:
    """A record of one's own names what is foreign."""
    return reached(ground, operation, ground.insider, THERE, AWAY)


PROBED: list[tuple[Hole, str, Probe]] = [
    *[(a_key_without_its_account, name, retold) for name in ("units_create", "people_patch", "appointments_end")],
    (any_household_may_be_named, "visits_create", beside),
    (any_household_may_be_named, "plans_create", beside),
    (a_household_named_from_elsewhere, "pairings_create", foreign),
    (a_household_named_from_elsewhere, "visits_create", foreign),
    *[(no_office_is_asked_for, name, overreached) for name in ("rubrics_create", "meetings_create")],
    *[(everyone_is_told_what_is_confided, name, overtold) for name in ("people_list", "helpers_read")],
]  # fmt: skip
"""Holes of other kinds, each seen by the probe made for its kind."""
HOLES: list[tuple[Hole, str]] = [
    *[
        (no_office_is_asked_for, name)
        for name in (
            "units_create", "households_create", "accounts_create", "policies_patch", "people_patch", "villages_patch",
            "pairings_end", "quarterly_rounds_summarise", "signoffs_review", "annual_evaluations_determine",
        )
    ],
    *[
        (everyone_sees_all, name)
        for name in ("accounts_read", "cases_read", "findings_list", "visits_list", "households_read")
    ],
    *[(no_tenancy, name) for name in ("people_read", "cases_list", "signoffs_read", "people_patch", "cases_decide")],
    (a_reference_unheld, "appointments_create"),
    (every_office_reads_the_township, "ledgers_households"),
    (every_office_reads_the_township, "helpers_work"),
    (everyone_reads_the_county, "ledger_entries"),
    (no_token_is_asked_for, "me_read"),
    (no_token_is_asked_for, "notices_publish"),
    (clients_hold_every_office, "units_create"),
    *[(pairings_never_end, name) for name in ("households_read", "visits_list", "households_events")],
]  # fmt: skip


@contextmanager
def opened() -> Iterator[Patch]:
    """Statements are made anew under a hole, and once more after it."""
    patch = Patch()
    forget()
    try:
        yield patch
    finally:
        patch.undo()
        forget()


def forget() -> None:
    for made in (Resource.one, Resource.page, Resource.there):
        made.cache_clear()


@pytest.mark.parametrize(("hole", "name"), HOLES, ids=lambda x: x if isinstance(x, str) else x.__name__)
def test_a_hole_is_found(ground: Ground, hole: Hole, name: str) -> None:
    with opened() as patch:
        hole(patch, ground, name)
        assert ground.holes(BY_NAME[name])
    assert ground.holes(BY_NAME[name]) == [], "and it is closed again"


@pytest.mark.parametrize(("hole", "name", "probe"), PROBED, ids=lambda x: x if isinstance(x, str) else x.__name__)
def test_a_hole_of_another_kind_is_found(ground: Ground, hole: Hole, name: str, probe: Probe) -> None:
    with opened() as patch:
        hole(patch, ground, name)
        assert [*probe(ground, BY_NAME[name])]
    assert [*probe(ground, BY_NAME[name])] == [], "and it is closed again"


def test_an_operation_without_a_row_is_found() -> None:
    api, router = FastAPI(generate_unique_id_function=lambda route: route.name), APIRouter()

    async def undeclared(change: Any) -> None: ...

    @router.post("/v1/things", name="things_create")
    async def create(command: str) -> Any:
        return await command.run(undeclared)  # type: ignore[attr-defined]

    @router.get("/v1/things", name="things_list")
    async def listed(read: str) -> Any:
        return await read.page(BY_NAME)  # type: ignore[attr-defined]

    api.include_router(router)
    routes = list(router.routes)

    class Documented:
        def openapi(self) -> Any:
            return document(api.openapi())

    assert rowless(described(Documented(), routes)) == ["things_create", "things_list"]


def test_the_resources_that_everyone_reads_are_those_decided() -> None:
    shown = {r.name for o in OPERATIONS for r in o.resources}
    assert {r.name for r in RESOURCES if r.scope.open and r.name in shown} == FOR_THE_TOWNSHIP


# ── twice: each half of tenancy holds alone ──────────────────────────────────────────────────────

READS = [o for o in OPERATIONS if o.resources and not o.changes]


def test_conditions_alone_keep_townships_apart(ground: Ground) -> None:
    with opened() as patch:
        without_policies(patch, ground, *[t.name for t in TENANT_TABLES])
        assert [
            hole for operation in OPERATIONS if not operation.public for hole in from_elsewhere(ground, operation)
        ] == []


def test_policies_alone_keep_townships_apart(ground: Ground) -> None:
    with opened() as patch:
        without_conditions(patch, *RESOURCES)
        assert [hole for operation in READS for hole in from_elsewhere(ground, operation)] == []


def test_without_both_every_read_is_a_hole(ground: Ground) -> None:
    """The control: what the two tests above look at would show foreign rows."""
    with opened() as patch:
        without_policies(patch, ground, *[t.name for t in TENANT_TABLES])
        without_conditions(patch, *RESOURCES)
        blind = [o.name for o in READS if not from_elsewhere(ground, o)]
    assert blind == []


def from_elsewhere(ground: Ground, operation: Any) -> list[str]:
    return [*ground._from_elsewhere(operation)]
