"""How are rulebooks, a township's binding to one, its own policy values and interpretations stored?"""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, func, literal, select
from sqlalchemy.dialects.postgresql import JSON, JSONB
from sqlmodel import Field, col

from app.access import TODAY
from app.database import Record, Reference, belongs, same_place, tenant
from app.reading import rows_of
from app.rulebook.policies import policies

TO_RULEBOOK = "rulebooks.code"


class RulebookRow(Reference, table=True):
    """A regulation as data, the same for the whole nation; its publication stands in log `0`."""

    __tablename__ = "rulebooks"
    __table_args__ = (CheckConstraint("effective_to is null or effective_to >= effective_from", name="interval"),)

    code: str = Field(primary_key=True)
    edition: int
    partial: bool
    title: str
    title_en: str
    alias: str | None = None
    effective_from: date | None = None
    effective_to: date | None = None
    """The last day on which it holds; none for an open end."""
    sha256: str
    """Of the document's canonical JSON, hex."""
    document: dict[str, Any] = Field(sa_type=JSON)


class Binding(Record, table=True):
    """From this day the township works under that rulebook."""

    __tablename__ = "rulebook_bindings"
    __table_args__ = tenant(
        ForeignKeyConstraint(["rulebook_code"], [TO_RULEBOOK]),
        UniqueConstraint("county_code", "township_code", "effective_from"),
    )

    rulebook_code: str
    effective_from: date


class PolicyValue(Record, table=True):
    """A township's own value of a policy, from a day on. Never changed: a later one replaces it."""

    __tablename__ = "policy_values"
    __table_args__ = tenant(
        belongs("set_by", "people"),
        UniqueConstraint("county_code", "township_code", "key", "number"),
        CheckConstraint("number > 0", name="number"),
    )

    key: str
    number: int
    """The how-manyeth value of this key here; the version of the township's policy."""
    value: Any = Field(sa_type=JSONB, nullable=True)
    effective_from: date
    reason: str
    set_by: UUID


class Interpretation(Record, table=True):
    """What the leading group says the text means (article 11, printed "6、"), from a day on."""

    __tablename__ = "interpretations"
    __table_args__ = tenant(
        ForeignKeyConstraint(["rulebook_code"], [TO_RULEBOOK]),
        belongs("interpreted_by", "people"),
        belongs("replaces_id", "interpretations"),
        Index("ix_interpretations_article", "county_code", "township_code", "rulebook_code", "article"),
    )

    rulebook_code: str
    article: str
    policy_key: str | None = None
    text: str
    applies_from: date
    interpreted_by: UUID
    replaces_id: UUID | None = None


def bindings_of(county: Any, township: Any) -> Any:
    """A township's rulebooks as a JSON array of `effective_from` and `code`: a fact for the law."""
    b = Binding
    here = (col(b.county_code) == county, col(b.township_code) == township)
    return rows_of(
        b, *here, order=col(b.effective_from), effective_from=col(b.effective_from), code=col(b.rulebook_code)
    )


def policy_fact(key: str, table: Any) -> Any:
    """The value of a policy that holds today in the township of a row of `table`, as JSON: a fact for the law.

    It reads in the same statement as the row itself and takes the day from `TODAY`; without a local
    value it is the default.
    """
    v = PolicyValue
    newest = (col(v.effective_from).desc(), col(v.number).desc())
    held = select(col(v.value)).where(same_place(v, table), col(v.key) == key, col(v.effective_from) <= TODAY)
    return func.coalesce(held.order_by(*newest).limit(1).scalar_subquery(), literal(policies()[key].default, JSONB))
