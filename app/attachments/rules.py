"""What may be uploaded, by whom, and when is it whole? Kinds of files, parts by offset, the states of an upload."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.actor import IN_A_VILLAGE, ORGANS, TOWNSHIP_WIDE, Actor, Office
from app.refusal import Conflict, Forbidden, Invalid, NotFound, Refusal
from app.workflow import Move, Workflow

LIMIT: Final = 20 * 2**20
"""Bytes of a file."""
PART: Final = 2**20
"""Bytes of one part; a phone on a slow line sends smaller ones."""
AT_ONCE: Final = 128 * 2**10
"""Bytes of a file that comes in the very request that makes the record."""
MANY: Final = 2_000
"""Parts of a file."""
KEPT_OPEN: Final = timedelta(days=30)
"""How long an upload may take: a phone is without signal for two weeks, and then some."""
UPLOADERS: Final = (TOWNSHIP_WIDE | IN_A_VILLAGE | {Office.HELPER}) - {Office.COUNTY_AUDITOR, Office.COUNTY_SYSTEM}
CONFIDANTS: Final = ORGANS | {Office.LEADING_GROUP}
"""Offices that read what is confidential: those that read findings."""


class MediaType(StrEnum):
    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    HEIC = "image/heic"
    PDF = "application/pdf"


class Event(StrEnum):
    OPENED = "attachment.opened"
    STORED = "attachment.stored"
    EXPIRED = "attachment.expired"


class NotYourUpload(Forbidden):
    """Who began an upload goes on with it.

    上传须由发起人继续完成。
    """


class PartsMissing(Conflict):
    """Parts of the file have not arrived yet.

    文件尚有部分未上传。
    """


class PartOutside(Conflict):
    """The part goes beyond the size that was declared.

    该分段超出所声明的文件大小。
    """


class PartDiffers(Conflict):
    """Other bytes, or a part cut elsewhere, are on record at this place already.

    该位置已有内容不同或分段不同的数据。
    """


class TooManyParts(Conflict):
    """The file comes in too many parts: send larger ones.

    分段过多,请增大每段的大小。
    """


class ContentDiffers(Conflict):
    """What arrived has another SHA-256 than was declared: begin a new upload.

    已上传内容的 SHA-256 与声明不符,请重新上传。
    """


class OtherKind(Conflict):
    """What arrived is no file of the declared kind.

    已上传内容不是所声明类型的文件。
    """


class UnknownKind(Invalid):
    """The content is no JPEG, PNG, WebP, HEIC or PDF.

    内容不是 JPEG、PNG、WebP、HEIC 或 PDF 文件。
    """


class NotBase64(Invalid):
    """The content is not base64, or holds more than can come at once.

    内容不是有效的 base64,或超过一次上传的上限。
    """


class DeclaredOrSent(Invalid):
    """Either declare size, hash and kind of what will come, or send the content itself.

    请声明将上传文件的大小、散列和类型,或直接附上内容,二者择一。
    """


class ConfidentialOfHousehold(Invalid):
    """What is confidential is no household's, whose helpers would read it.

    保密附件不得归于贫困户,否则其帮扶责任人可以查看。
    """


class NothingStored(NotFound):
    """The file is not whole: its upload goes on or was given up.

    文件尚未上传完整,或上传已中止。
    """


class AttachmentMissing(Conflict):
    """An attachment named here is not on record in this township, or you may not see it.

    所引用的附件在本乡不存在,或您无权查看。
    """


class AttachmentUnfinished(Conflict):
    """An attachment named here is not stored: its upload is open or has expired.

    所引用的附件尚未上传完整或已过期。
    """


def kind_of(head: bytes) -> MediaType | None:
    """What a file is by its first bytes, whatever the client says; None where it is nothing we take."""
    if head.startswith(b"\xff\xd8\xff"):
        return MediaType.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return MediaType.PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return MediaType.WEBP
    if head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"heim", b"heis", b"mif1"):
        return MediaType.HEIC
    return MediaType.PDF if head.startswith(b"%PDF-") else None


HEAD: Final = 12
"""Bytes by which a kind is told."""


RANGE: Final = re.compile(r"bytes=(\d{1,12})-(\d{0,12})", re.ASCII)


def interval(wanted: str | None, size: int) -> tuple[int, int]:
    """First byte, and the one after the last, of the one interval that a `Range` asks for; else all."""
    found = RANGE.fullmatch(wanted or "")
    if not found:
        return 0, size
    first, end = int(found[1]), int(found[2] or size) + 1
    return (first, min(end, size)) if first < min(end, size) else (0, size)


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of a file from an offset on; `object` is where they lie."""

    offset: int
    size: int
    digest: str
    object: str

    @property
    def end(self) -> int:
        return self.offset + self.size


@dataclass(frozen=True, slots=True)
class Standing:
    """What has arrived of a file, in the order of the offsets."""

    state: str
    uploader_id: UUID
    size: int
    parts: Sequence[Part] = ()
    object: str | None = None
    """Where the whole file lies, once it is stored."""

    def missing(self) -> Iterator[tuple[int, int]]:
        """Offset and size of each gap."""
        at = self.size if self.state == "stored" else 0
        for part in self.parts:
            if at < part.offset:
                yield at, part.offset - at
            at = max(at, part.end)
        if at < self.size:
            yield at, self.size - at

    def arrived(self) -> int:
        """How much is there without a gap: where to go on."""
        return next(self.missing(), (self.size, 0))[0]


def has(standing: Standing, part: Part) -> bool:
    """Is the very part there already? Raises PartOutside, PartDiffers, TooManyParts."""
    if part.end > standing.size:
        raise PartOutside(size=standing.size)
    for other in standing.parts:
        if part.offset < other.end and other.offset < part.end:
            if (other.offset, other.size, other.digest) == (part.offset, part.size, part.digest):
                return True
            raise PartDiffers(offset=other.offset, size=other.size)
    if len(standing.parts) >= MANY:
        raise TooManyParts(limit=MANY)
    return False


def the_uploader_goes_on(standing: Standing, actor: Actor) -> Refusal | None:
    return None if standing.uploader_id == actor.person_id else NotYourUpload()


def all_parts_are_there(standing: Standing, actor: Actor) -> Refusal | None:
    return PartsMissing(arrived=standing.arrived()) if standing.arrived() < standing.size else None


ATTACHMENT = Workflow(
    name="attachment",
    title_zh="附件",
    resource="attachments",
    states=("open", "stored", "expired"),
    initial="open",
    final=frozenset({"stored", "expired"}),
    states_zh={"open": "上传中", "stored": "已存", "expired": "已过期"},
    moves=(
        Move(
            "complete", {"open": ("stored",)}, frozenset(UPLOADERS), "5",
            summary="All parts have arrived: check size, hash and kind, and keep the file",
            summary_zh="上传完成:核对大小、散列和类型后存档",
            guards=(the_uploader_goes_on, all_parts_are_there), awaited=False,
        ),
        Move(
            "expire", {"open": ("expired",)}, frozenset(), "5",
            summary="The upload was given up", summary_zh="上传中止,已过期", awaited=False,
        ),
    ),
)  # fmt: skip
