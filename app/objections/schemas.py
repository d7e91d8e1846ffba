"""What goes over the wire about objections?"""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.cases.rules import WINDOW_LABEL_ZH
from app.objections.rules import OTHER_CHANNELS_ZH
from app.reading import PageQuery
from app.wire import Create, In, PageOut, Prose, WorkflowOut, among, given, left_out, ruled, when

State = Literal["filed", "accepted", "upheld", "modified", "revoked", "withdrawn"]
Ground = Annotated[str, StringConstraints(pattern=r"^HY\.9\.[1-4]\.[1-5]$", min_length=8, max_length=8)]


class FileObjection(Create):
    """What the subject of a decision, or the head of the body concerned, has against it."""

    case_id: UUID
    text: Prose = Field(examples=["当日已请假,并非无故缺席。"])


class Accept(In):
    """The objection is taken up; the execution of the decision goes on."""

    remarks: Prose | None = None


class DecideObjection(In):
    """Upheld, modified or revoked; never heavier."""

    model_config = ruled(
        when(
            among("outcome", "modified"),
            {
                "anyOf": [
                    given("ground"),
                    {"properties": {"dropped_finding_ids": {"minItems": 1}}, "required": ["dropped_finding_ids"]},
                ]
            },
            {"allOf": [left_out("ground"), {"properties": {"dropped_finding_ids": {"maxItems": 0}}}]},
        )
    )

    outcome: Literal["upheld", "modified", "revoked"]
    reasons: Prose = Field(examples=["部分事实不能认定,改按较轻情形处理。"])
    ground: Ground | None = Field(None, description="Modified: the ground that stands now / 变更后的情形")
    dropped_finding_ids: list[UUID] = Field(default_factory=list, max_length=20, description="Modified: facts dropped")


class WithdrawObjection(In):
    """The objection is taken back."""

    remarks: Prose | None = None


class ObjectionOut(WorkflowOut):
    """An objection."""

    state: State
    case_id: UUID
    filed_by_id: UUID
    filed_on: date
    text: str
    organ: str | None
    accepted_by_id: UUID | None
    decided_by_id: UUID | None
    decided_on: date | None
    reasons: str | None
    ground: str | None
    dropped_finding_ids: list[UUID]
    window_note: str = Field(examples=[WINDOW_LABEL_ZH])
    other_channels: str = Field(examples=[OTHER_CHANNELS_ZH])


class ObjectionPage(PageOut):
    """A page of objections."""

    items: list[ObjectionOut]


class ObjectionQuery(PageQuery):
    """Filters by equality."""

    state: State | None = None
    case_id: UUID | None = None
    filed_by_id: UUID | None = None
