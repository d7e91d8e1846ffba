"""How are objections stored?"""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid
from sqlmodel import Field

from app.actor import ORGANS
from app.database import KEYS, WorkflowRecord, belongs, one_of, tenant
from app.objections.rules import OBJECTION


class Objection(WorkflowRecord, table=True):
    """What the subject has against a decision, and what a fresh pair of eyes made of it."""

    __tablename__ = "objections"
    __table_args__ = tenant(
        belongs("case_id", "cases"),
        belongs("filed_by_id", "people"),
        belongs("accepted_by_id", "people"),
        belongs("decided_by_id", "people"),
        one_of("organ", sorted(ORGANS)),
        CheckConstraint(
            "state not in ('upheld', 'modified', 'revoked') or (decided_by_id is not null and reasons is not null)",
            name="decided",
        ),
        CheckConstraint("decided_by_id <> filed_by_id and accepted_by_id <> filed_by_id", name="reviewer"),
        Index("ix_objections_filed_by", *KEYS, "filed_by_id"),
        Index(
            "uq_objections_pending", *KEYS, "case_id", unique=True,
            postgresql_where=text("state in ('filed', 'accepted')"),
        ),
        states=OBJECTION.states,
    )  # fmt: skip

    case_id: UUID
    filed_by_id: UUID
    filed_on: date
    text: str
    organ: str | None = None
    """Whose member accepted it."""
    accepted_by_id: UUID | None = None
    decided_by_id: UUID | None = None
    decided_on: date | None = None
    reasons: str | None = None
    ground: str | None = None
    """After a modification, the ground that stands now."""
    dropped_finding_ids: list[UUID] = Field(sa_type=ARRAY(Uuid))
