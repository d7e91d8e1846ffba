"""How are notices stored?"""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Uuid, and_, any_, bindparam, case, or_, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, col

from app.database import KEYS, WorkflowRecord, belongs, here, one_of, tenant
from app.notices.rules import AUDIENCE, NOTICE, Channel, NoticeKind
from app.reading import rows_of


class Notice(WorkflowRecord, table=True):
    """What the township is told about a decision or a determination; a correction is a notice of its own."""

    __tablename__ = "notices"
    __table_args__ = tenant(
        belongs("case_id", "cases"),
        belongs("corrects_id", "notices"),
        belongs("subject_person_id", "people"),
        belongs("subject_unit_id", "units"),
        one_of("kind", NoticeKind),
        one_of("channel", Channel),
        one_of("audience", (AUDIENCE,)),
        CheckConstraint("(case_id is null) <> (evaluation_id is null)", name="basis"),
        CheckConstraint("(kind = 'correction') = (corrects_id is not null)", name="correction"),
        CheckConstraint("kind <> 'article_7_notice' or organ = 'party_committee'", name="article_7"),
        CheckConstraint("state <> 'published' or (body is not null and starts_on is not null)", name="published"),
        CheckConstraint("channel <> 'board' or ends_on is not null", name="board"),
        CheckConstraint("ends_on >= starts_on", name="period"),
        Index("ix_notices_case", *KEYS, "case_id"),
        Index("ix_notices_evaluation", *KEYS, "evaluation_id"),
        Index("ix_notices_corrects", *KEYS, "corrects_id"),
        states=NOTICE.states,
    )

    kind: str
    organ: str
    audience: str = Field(default=AUDIENCE)
    case_id: UUID | None = None
    evaluation_id: UUID | None = None
    """The determination a notice of article 7(2) tells of."""
    subject_person_id: UUID | None = None
    subject_village_code: str | None = None
    subject_unit_id: UUID | None = None
    basis_stands: bool = True
    corrects_id: UUID | None = None
    withdraws: bool = False
    """Does this correction take the notice back altogether?"""
    document_number: str | None = None
    """发文字号, as the office writes it."""
    title: str | None = None
    body: str | None = None
    channel: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    reasons: str | None = None
    """Why it was corrected or withdrawn."""


IDS: Any = ARRAY(Uuid())
DROPPED: Any = and_(col(Notice.id) == any_(bindparam("dropped_notices", type_=IDS)), col(Notice.state) == "draft")
CORRECTED: Any = and_(
    col(Notice.id) == any_(bindparam("corrected_notices", type_=IDS)), col(Notice.state) == "published"
)
MOMENT = bindparam("notices_moment", type_=DateTime(timezone=True))
REVISION = (
    update(Notice)
    .where(
        here(Notice),
        or_(DROPPED, CORRECTED),
    )
    .values(
        state=case((DROPPED, "withdrawn"), else_=col(Notice.state)),
        state_since=case((DROPPED, MOMENT), else_=col(Notice.state_since)),
        basis_stands=False,
        version=col(Notice.version) + 1,
    )
    .returning(col(Notice.id))
)
"""Drops drafts, and marks published notices whose correction is due."""


def notices_where(*conditions: Any) -> Any:
    """What `fate_of` asks about notices, as a JSON array; for the facts of what they tell of."""
    shown = {name: col(getattr(Notice, name)) for name in ("id", "kind", "state", "version", "organ")}
    return rows_of(Notice, *conditions, order=col(Notice.id), **shown)
