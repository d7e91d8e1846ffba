"""What does the register hold of that which a sheet's rows name? One statement for each kind of sheet."""

from typing import Any

from sqlalchemy import Date, LargeBinary, Text, and_, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col

from app.actor import Office
from app.database import Prepared, here, same_place
from app.households import rules as households
from app.households.actions import FACTS
from app.households.tables import Household, HouseholdMember
from app.people.tables import AppointmentRow, Person, Unit
from app.places.tables import Township, Village
from app.reading import rows_of
from app.work.tables import Visit

A, H, M, P, U, V = AppointmentRow, Household, HouseholdMember, Person, Unit, Village


def _among(name: str, kind: Any = Text) -> Any:
    return func.any(bindparam(name, type_=ARRAY(kind)))


def _appointments(*more: Any) -> Any:
    return rows_of(
        A, same_place(A, P), col(A.person_id) == col(P.id), *more, order=col(A.starts), office=col(A.office),
        place=col(A.place), starts=col(A.starts), ends=col(A.ends),
    ).correlate(P)  # fmt: skip


def _people(*more: Any, **columns: Any) -> Any:
    """Those whom a number or, where the row has none, a name may mean."""
    meant = or_(col(P.citizen_id_lookup) == _among("lookups", LargeBinary), col(P.name) == _among("names"))
    return rows_of(
        P, here(P), meant, *more, order=col(P.id), id=col(P.id), name=col(P.name),
        lookup=func.encode(col(P.citizen_id_lookup), "hex"), **columns,
    )  # fmt: skip


VILLAGES = rows_of(V, here(V), order=col(V.code), code=col(V.code), name=col(V.name))
UNITS = rows_of(U, here(U), col(U.name) == _among("units"), order=col(U.name), id=col(U.id), name=col(U.name))
OF_ROSTER = Prepared(
    select(
        func.json_build_object(
            "villages", VILLAGES,
            "units", UNITS,
            "people", _people(appointments=_appointments()),
        ).cast(Text())
    )
)  # fmt: skip
OPEN: Any = bindparam("open", sorted(households.OPEN), type_=ARRAY(Text()))
WITH_CARDS = (here(H), col(H.card_number) == _among("cards"))
KNOWN_CARDS = rows_of(H, *WITH_CARDS, order=col(H.id), card=col(H.card_number))
OF_HOUSEHOLDS = Prepared(
    select(
        func.json_build_object(
            "villages", VILLAGES,
            "cards", KNOWN_CARDS,
            "listed", rows_of(
                M, here(M), col(M.citizen_id_lookup) == _among("lookups", LargeBinary), col(M.left_on).is_(None),
                and_(same_place(H, M), col(H.id) == col(M.household_id), col(H.status) == func.any(OPEN)),
                order=col(M.id), lookup=func.encode(col(M.citizen_id_lookup), "hex"),
            ),
        ).cast(Text())
    )
)  # fmt: skip

UNIT_NAME = select(col(U.name)).where(same_place(U, P), col(U.id) == col(P.unit_id)).correlate(P).scalar_subquery()
HELPERS = _people(unit=UNIT_NAME, appointments=_appointments(col(A.office) == Office.HELPER.value))
CARDS = rows_of(
    H, *WITH_CARDS, order=col(H.id), id=col(H.id), card=col(H.card_number),
    head_name=col(H.head_name), listed_on=col(H.listed_on), events=FACTS["events"].correlate(H),
    pairings=FACTS["pairings"].correlate(H),
)  # fmt: skip
LOCK = Prepared(select(col(H.id)).where(*WITH_CARDS).order_by(col(H.id)).with_for_update(key_share=True))
"""The households that rows pair, so that what is read of their pairings afterwards stays true."""
OF_PAIRINGS = Prepared(select(func.json_build_object("people", HELPERS, "households", CARDS).cast(Text())))
OF_VISITS = Prepared(
    select(
        func.json_build_object(
            "people", HELPERS,
            "households", CARDS,
            "adopted_on", select(func.min(col(Township.adopted_on))).where(here(Township)).scalar_subquery(),
            "visits", rows_of(
                Visit, here(Visit), same_place(H, Visit), col(H.id) == col(Visit.household_id),
                col(H.card_number) == _among("cards"), col(Visit.visited_on) == _among("days", Date),
                order=col(Visit.id), household_id=col(Visit.household_id), helper_id=col(Visit.helper_id),
                on=col(Visit.visited_on),
            ),
        ).cast(Text())
    )
)  # fmt: skip
