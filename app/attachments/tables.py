"""How are attachments and their parts stored?"""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    Index,
    UniqueConstraint,
    Uuid,
    bindparam,
    exists,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, col

from app.attachments.rules import ATTACHMENT, LIMIT, PART, MediaType
from app.database import (
    KEYS,
    Prepared,
    Tenant,
    WorkflowRecord,
    belongs,
    here,
    one_of,
    same_place,
    table_of,
    tenant,
)


class Attachment(WorkflowRecord, table=True):
    """A file as declared; `object` is where it lies, once it is stored."""

    __tablename__ = "attachments"
    __table_args__ = tenant(
        belongs("household_id", "households"),
        belongs("person_id", "people"),
        belongs("uploader_id", "people"),
        one_of("media_type", MediaType),
        CheckConstraint(f"size between 1 and {LIMIT}", name="size"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
        CheckConstraint("(state = 'stored') = (object is not null)", name="object"),
        CheckConstraint("not (confidential and household_id is not null)", name="confidential"),
        Index("ix_attachments_household", *KEYS, "household_id"),
        Index("ix_attachments_person", *KEYS, "person_id"),
        Index("ix_attachments_uploader", *KEYS, "uploader_id"),
        Index("ix_attachments_state", *KEYS, "state"),
        states=ATTACHMENT.states,
    )

    file_name: str
    media_type: str
    size: int
    sha256: str
    household_id: UUID | None = None
    """Whose helpers and village may read it."""
    person_id: UUID | None = None
    """Whom it concerns, and who therefore may read it."""
    uploader_id: UUID
    confidential: bool
    object: str | None = None


class AttachmentPart(Tenant, table=True):
    """Bytes of a file that is being uploaded; of no use once it is stored or expired."""

    __tablename__ = "attachment_parts"
    __table_args__ = tenant(
        belongs("attachment_id", "attachments"),
        UniqueConstraint(*KEYS, "attachment_id", "first_byte"),
        CheckConstraint(f"first_byte >= 0 and size between 1 and {PART}", name="size"),
    )

    attachment_id: UUID
    first_byte: int
    size: int
    digest: str
    object: str


def naming() -> Any:
    """The column of a record that names attachments: what it does not say names none."""
    return Field(sa_type=ARRAY(Uuid), sa_column_kwargs={"server_default": text("'{}'")})


A, P = Attachment, AttachmentPart
NEW = {column.name: bindparam(column.name, type_=column.type) for column in table_of(P).columns}
TAKE = Prepared(
    insert(P)
    .from_select(
        [*NEW],
        select(*NEW.values()).where(
            ~exists().where(
                col(P.county_code) == NEW["county_code"],
                col(P.township_code) == NEW["township_code"],
                col(P.attachment_id) == NEW["attachment_id"],
                col(P.first_byte) < NEW["first_byte"] + NEW["size"],
                NEW["first_byte"] < col(P.first_byte) + col(P.size),
            )
        ),
    )
    .returning(col(P.id))
)
"""A part, unless bytes of its place have come meanwhile; under the lock of its attachment."""
EXPIRE = Prepared(
    update(A)
    .where(
        here(A),
        col(A.state) == "open",
        col(A.created_at) < bindparam("before", type_=DateTime(timezone=True)),
    )
    .values(state="expired", state_since=bindparam("moment", type_=DateTime(timezone=True)), version=A.version + 1)
    .returning(col(A.id), col(A.version), col(A.household_id))
)
NAMED = Prepared(
    select(col(A.object).label("name"))
    .where(here(A), col(A.object).is_not(None))
    .union(select(col(P.object)).join(A, (same_place(A, P)) & (col(A.id) == col(P.attachment_id))).where(
        here(P), col(A.state) == "open"))
)  # fmt: skip
"""The objects of a township that a row still needs."""
