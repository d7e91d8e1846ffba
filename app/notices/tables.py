"""How are notices stored?"""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from app.database import WorkflowRecord, belongs, one_of, tenant
from app.notices.rules import AUDIENCE, NOTICE, Channel, NoticeKind

KEYS = ("county_code", "township_code")


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
    title: str | None = None
    body: str | None = None
    channel: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    reasons: str | None = None
    """Why it was corrected or withdrawn."""
