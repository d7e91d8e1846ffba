"""What goes over the wire about notices?"""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import Field

from app.notices.rules import Channel, NoticeKind
from app.reading import PageQuery
from app.wire import Day, In, Line, PageOut, Prose, WorkflowOut, among, given, ruled, when

State = Literal["draft", "published", "corrected", "withdrawn"]


class Publish(In):
    """The words of a notice, where it is shown and until when; its audience is always the township."""

    model_config = ruled(when(among("channel", "board"), given("ends_on")))

    title: Line = Field(examples=["关于对某某予以通报批评的通报"])
    body: Prose = Field(examples=["某某无故不参加2017年3月15日扶贫工作例会,现予以通报批评。"])
    document_number: Line | None = Field(None, description="发文字号", examples=["花发〔2017〕12号"])
    channel: Channel = Field(examples=["board"])
    ends_on: Day | None = Field(None, description="Required on a board / 张贴公示栏的必填", examples=["2017-04-30"])


class Correct(Publish):
    """The words of the correction, and why it is needed."""

    reasons: Prose = Field(examples=["会议日期有误。"])


class Withdraw(Publish):
    """The words in which the same audience hears that the decision fell, and why."""

    reasons: Prose = Field(examples=["原处理决定已撤销。"])


class NoticeOut(WorkflowOut):
    """A notice."""

    state: State
    kind: NoticeKind
    organ: str
    audience: Literal["township"]
    case_id: UUID | None
    evaluation_id: UUID | None
    subject_person_id: UUID | None
    subject_village_code: str | None
    subject_unit_id: UUID | None
    basis_stands: bool
    corrects_id: UUID | None
    withdraws: bool
    document_number: str | None
    title: str | None
    body: str | None
    channel: Channel | None
    starts_on: date | None
    ends_on: date | None
    reasons: str | None


class NoticePage(PageOut):
    """A page of notices."""

    items: list[NoticeOut]


class NoticeQuery(PageQuery):
    """Filters by equality."""

    state: State | None = None
    kind: NoticeKind | None = None
    case_id: UUID | None = None
    evaluation_id: UUID | None = None
    subject_person_id: UUID | None = None
    corrects_id: UUID | None = None
