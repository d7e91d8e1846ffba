"""How far has each phone come, and what changed for its owner? One row a device; the rest is read from the ledger."""

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Text, UniqueConstraint, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlmodel import Field, col

from app.accounts.tables import Retry
from app.database import KEYS, Prepared, Tenant, belongs, here, tenant


class Device(Tenant, table=True):
    """A phone of an account: all its operations up to `counter` are settled."""

    __tablename__ = "devices"
    __table_args__ = tenant(
        belongs("account_id", "accounts"),
        UniqueConstraint(*KEYS, "account_id", "device_id"),
    )

    account_id: UUID
    device_id: UUID
    """As the phone calls itself; another account's phone of that name is another phone."""
    counter: int = Field(sa_type=BigInteger)


D, R = Device, Retry
ACCOUNT: Any = bindparam("account", type_=Uuid())
THIS = (here(D), col(D.account_id) == ACCOUNT, col(D.device_id) == bindparam("device", type_=Uuid()))
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
        index_elements=[*KEYS, "account_id", "device_id"],
        set_={"counter": func.greatest(col(D.counter), _REACHED.excluded.counter)},
    ).returning(col(D.counter)),
    columns=[*KEYS, "id", "account_id", "device_id", "counter"],
)
