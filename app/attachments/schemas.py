"""What goes over the wire about attachments?"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.attachments.rules import AT_ONCE, LIMIT, MediaType
from app.reading import PageQuery
from app.wire import Create, Digest, Out, PageOut, WorkflowOut, given, left_out, ruled, when

State = Literal["open", "stored", "expired"]
UNFIT = r"/\\\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
FileName = Annotated[
    str, StringConstraints(min_length=1, max_length=120, pattern=rf"^[^.\s{UNFIT}][^{UNFIT}]*$")
]  # fmt: skip
"""A name and no path: no separators, no hidden file, nothing that is not seen or turns the direction of writing."""
Content = Annotated[
    str,
    StringConstraints(min_length=16, max_length=4 * AT_ONCE // 3 + 4),
    Field(json_schema_extra={"contentEncoding": "base64", "format": "attachment"}),
]


AttachmentIds = Annotated[
    list[UUID], Field(max_length=20, description="Stored attachments; the entry names them by hash too / 附件")
]
"""How a record names its attachments."""


class CreateAttachment(Create):
    """A file: either declared, to come in parts, or sent at once as `content`."""

    model_config = ruled(
        {
            "oneOf": [
                {"allOf": [given("media_type", "sha256"), given("size", kind="integer"), left_out("content")]},
                {"allOf": [given("content"), left_out("media_type", "size", "sha256")]},
            ]
        },
        when({"properties": {"confidential": {"const": True}}, "required": ["confidential"]}, left_out("household_id")),
    )

    file_name: FileName = Field(examples=["入户照片.jpg"])
    media_type: MediaType | None = Field(None, examples=["image/jpeg"])
    size: int | None = Field(None, ge=1, le=LIMIT, description="Bytes / 字节数", examples=[245_760])
    sha256: Digest | None = Field(None, description="Of the whole file, hex / 整个文件的散列", examples=["0" * 64])
    content: Content | None = Field(None, description=f"The file itself in base64, up to {AT_ONCE} bytes / 文件内容")
    household_id: UUID | None = Field(None, description="Whose helpers and village may read it / 所属贫困户")
    person_id: UUID | None = Field(None, description="Whom it concerns, and who may read it / 所涉人员")
    confidential: bool = Field(
        False,
        description="For findings and cases: read by the organs, the leading group, who uploads it and whom it concerns"
        " / 保密:用于问题线索和案件",
    )


class Gap(Out):
    """What has not arrived yet."""

    offset: int
    size: int


class ArrivedOut(Out):
    """How far an upload has come."""

    arrived: int = Field(description="Bytes from the start without a gap: go on there / 已连续到达的字节数")
    missing: list[Gap] = Field(description="The first hundred gaps / 尚缺部分")


class AttachmentOut(WorkflowOut):
    """A file as declared; `sha256` is what records and the ledger know it by."""

    state: State
    file_name: str
    media_type: MediaType
    size: int
    sha256: str
    household_id: UUID | None
    person_id: UUID | None
    uploader_id: UUID
    confidential: bool
    arrived: int | None = Field(None, description="On single reads: bytes from the start without a gap / 已连续到达")
    missing: list[Gap] | None = Field(None, description="On single reads: the first hundred gaps / 尚缺部分")


class AttachmentPage(PageOut):
    items: list[AttachmentOut]


class AttachmentQuery(PageQuery):
    household_id: UUID | None = None
    person_id: UUID | None = None
    uploader_id: UUID | None = None
    state: State | None = None
    sha256: Digest | None = None
