"""How are places stored? The national list as a reference table; a township's own rows with its key."""

from datetime import date

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from app.database import Record, Reference, one_of, tenant
from app.places.rules import Level, PrincipalPost


class DivisionRow(Reference, table=True):
    """One place of the national list 统计用区划代码; it belongs to no tenant."""

    __tablename__ = "divisions"
    __table_args__ = (
        one_of("level", Level),
        CheckConstraint("code ~ '^([0-9]{2}){1,3}([0-9]{3}){0,2}$'", name="code"),
        CheckConstraint("parent_code is null or starts_with(code, parent_code)", name="parent_code"),
    )

    code: str = Field(primary_key=True)
    name: str
    level: str
    parent_code: str | None = Field(default=None, index=True)


class Township(Record, table=True):
    """A township that works with this service, from the day of its adoption."""

    __tablename__ = "townships"
    __table_args__ = tenant(UniqueConstraint("county_code", "township_code"))

    name: str
    adopted_on: date


class Village(Record, table=True):
    """A village (or community) of the township."""

    __tablename__ = "villages"
    __table_args__ = tenant(
        one_of("principal_post", PrincipalPost),
        CheckConstraint("code ~ '^[0-9]{12}$' and starts_with(code, township_code)", name="code"),
        UniqueConstraint("county_code", "township_code", "code"),
    )

    code: str
    name: str
    principal_post: str
