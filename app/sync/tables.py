"""How far has each phone come, and what changed for its owner? One row a device; the rest is read from the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    Integer,
    Text,
    UniqueConstraint,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlmodel import Field, col

from app.access import PERSON, TODAY
from app.accounts.tables import Retry
from app.database import KEYS, Prepared, Tenant, as_wire, belongs, here, tenant
from app.duties.actions import FORM_TASKS, INVITATIONS, MEETINGS, REQUIREMENTS, SUBMISSIONS
from app.duties.tables import MeetingInvitation
from app.households.actions import HOUSEHOLDS, PAIRINGS
from app.households.tables import Household, Pairing
from app.inspections.actions import INSPECTIONS
from app.inspections.tables import Inspection
from app.log import LogEvent
from app.places.actions import VILLAGES
from app.reading import Resource
from app.signoffs.actions import SIGNOFFS
from app.signoffs.tables import Signoff
from app.work.actions import PLAN_MEASURES, PLANS, PUBLICATIONS, VISITS
from app.work.tables import Plan, PlanMeasure, Visit


class Device(Tenant, table=True):
    """A phone of a person: all its operations up to `counter` are settled, whatever account brought them."""

    __tablename__ = "devices"
    __table_args__ = tenant(
        belongs("person_id", "people"),
        UniqueConstraint(*KEYS, "person_id", "device_id"),
    )

    person_id: UUID
    device_id: UUID
    """As the phone calls itself; another person's phone of that name is another phone."""
    counter: int = Field(sa_type=BigInteger)


D, R = Device, Retry
ACCOUNT: Any = bindparam("account", type_=Uuid())
THIS = (
    here(D),
    col(D.person_id) == bindparam("person", type_=Uuid()),
    col(D.device_id) == bindparam("device", type_=Uuid()),
)
STANDING = Prepared(
    select(
        func.coalesce(select(col(D.counter)).where(*THIS).scalar_subquery(), 0).label("counter"),
        func.array(
            select(col(R.key))
            .where(here(R), col(R.account_id) == ACCOUNT, col(R.key) == bindparam("keys", type_=ARRAY(Text())).any_())
            .scalar_subquery()
        ).label("done"),
    )
)
"""How far the phone has come, and which of the keys asked for are those of commands that were done."""

_REACHED = insert(D)
REACHED = Prepared(
    _REACHED.on_conflict_do_update(
        index_elements=[*KEYS, "person_id", "device_id"],
        set_={"counter": func.greatest(col(D.counter), _REACHED.excluded.counter)},
    ).returning(col(D.counter)),
    columns=[*KEYS, "id", "person_id", "device_id", "counter"],
)


# ── what a phone takes along ─────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Taken:
    """What a kind of record hangs on: a household, with which it comes and goes, and a record it was written with."""

    household: Any = None
    parent: Any = None


TAKEN: dict[Resource, Taken] = {
    VILLAGES: Taken(),
    HOUSEHOLDS: Taken(col(Household.id)),
    PAIRINGS: Taken(col(Pairing.household_id)),
    PLANS: Taken(col(Plan.household_id)),
    PLAN_MEASURES: Taken(col(PlanMeasure.household_id), col(PlanMeasure.plan_id)),
    VISITS: Taken(col(Visit.household_id)),
    SIGNOFFS: Taken(col(Signoff.household_id)),
    REQUIREMENTS: Taken(),
    MEETINGS: Taken(),
    INVITATIONS: Taken(parent=col(MeetingInvitation.meeting_id)),
    FORM_TASKS: Taken(),
    SUBMISSIONS: Taken(),
    PUBLICATIONS: Taken(),
    INSPECTIONS: Taken(parent=col(Inspection.round_id)),
}
"""The kinds of records that work away from the desk needs."""
GATHERED = frozenset({"members"})
"""Of what a record shows of other tables only this: it changes with the record itself."""

BASE: Any = bindparam("base", type_=BigInteger())
E = LogEvent
CHANGED = (
    select(col(E.subject_id).label("id"), func.max(col(E.seq)).label("seq"))
    .where(
        col(E.county_code) == bindparam("at_county", type_=Text()),
        col(E.township_code) == bindparam("at_township", type_=Text()),
        col(E.seq) > BASE,
    )
    .group_by(col(E.subject_id))
    .cte("changed")
)
"""Of each record the last entry after the phone's last one."""
PARENT = CHANGED.alias("parent")


def _since(day: Any) -> Any:
    return and_(day > bindparam("since_day", type_=Date()), day <= TODAY)


MOVED = (
    select(col(Pairing.household_id).label("id"))
    .where(
        col(Pairing.county_code) == bindparam("at_county", type_=Text()),
        col(Pairing.township_code) == bindparam("at_township", type_=Text()),
        col(Pairing.helper_id) == PERSON,
        or_(_since(col(Pairing.starts)), _since(col(Pairing.ends)), col(Pairing.id).in_(select(CHANGED.c.id))),
    )
    .cte("moved")
)
"""The households that came to the caller or went from him since, and with them records that nobody changed."""
ROWS = bindparam("many", type_=Integer())


def _in_turn(columns: Sequence[Any], where: Any, source: Any, t: Any, position: Any) -> Any:
    """Rows behind the place where the last page ended, in the order of their last entries."""
    behind = tuple_(position, t.c.id) > tuple_(
        bindparam("from_position", type_=BigInteger()), bindparam("from_id", type_=Uuid())
    )
    statement = select(*columns, position.label("position")).select_from(source).where(where, behind)
    return statement.order_by(position, t.c.id).limit(ROWS).subquery("t")


def _there(resource: Resource, hangs: Taken, *, wide: bool) -> Any:
    """What may be read and was changed, itself or as a part of its parent; and what came with its household."""
    t = resource.table.__table__  # type: ignore[attr-defined]
    reasons = [CHANGED.c.id.is_not(None)]
    source = t.join(CHANGED, CHANGED.c.id == t.c.id, isouter=True)
    position: Any = CHANGED.c.seq
    if hangs.parent is not None:
        source = source.join(PARENT, PARENT.c.id == hangs.parent, isouter=True)
        reasons.append(PARENT.c.id.is_not(None))
        position = func.greatest(position, PARENT.c.seq)
    if hangs.household is not None and not wide:
        reasons.append(hangs.household.in_(select(MOVED.c.id)))
    shown = [c for c in resource.columns if c.name not in resource.extra or c.name in GATHERED]
    where = and_(*resource.readable(wide, False), or_(*reasons))
    row = _in_turn(shown, where, source, t, func.coalesce(position, BASE))
    body = literal_column(as_wire([c for c in row.c if c.name != "position"]), Text())
    return select(literal(resource.name).label("resource"), row.c.id, row.c.position, body.label("body"))


def _gone(resource: Resource, household: Any) -> Any:
    """What the phone may hold and its owner may not read any more."""
    t = resource.table.__table__  # type: ignore[attr-defined]
    where = and_(
        t.c.county_code == bindparam("at_county", type_=Text()),
        t.c.township_code == bindparam("at_township", type_=Text()),
        household.in_(select(MOVED.c.id)),
        t.c.created_at <= bindparam("since", type_=DateTime(timezone=True)),
        and_(*resource.readable(False, False)).is_not(True),
    )
    row = _in_turn([t.c.id], where, t, t, cast(BASE, BigInteger()))
    return select(literal(resource.name), row.c.id, row.c.position, literal(None, Text()))


@cache
def news(wide: tuple[bool, ...], *, standing: bool) -> Prepared:
    """Where the log stands, then each record, with no body where it is gone; `wide`: which of TAKEN one sees all of.

    Without `standing` it is not said where the log stands: what reads other tables may be no part of a statement that
    a cluster hands over to a node.
    """
    log = bindparam("at_township", type_=Text())
    stands = func.log_standing(log, literal(None, BigInteger())) if standing else literal(None, Text())
    head = select(
        literal("").label("resource"), literal(None, Uuid()).label("id"), literal(-2, BigInteger()).label("position"),
        stands.label("body"),
    )  # fmt: skip
    parts = [head]
    for (resource, hangs), all_of_it in zip(TAKEN.items(), wide, strict=True):
        parts.append(_there(resource, hangs, wide=all_of_it))
        if hangs.household is not None and not all_of_it:
            parts.append(_gone(resource, hangs.household))
    found = union_all(*parts).subquery("found")
    return Prepared(select(found).order_by(found.c.position, found.c.id).limit(ROWS + 1))
