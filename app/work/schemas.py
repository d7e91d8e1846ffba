"""What goes over the wire about plans, visits, publications and a helper's month?"""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import MISSING, Field

from app.attachments.schemas import AttachmentIds
from app.reading import PageQuery
from app.wire import (
    Create,
    Day,
    Digest,
    In,
    Line,
    Moment,
    Month,
    Out,
    PageOut,
    Prose,
    RecordOut,
    VillageCode,
    WorkflowOut,
    Year,
)
from app.work.rules import Clock, PlanKind, PublicationKind

MeasureState = Literal["planned", "under_way", "done", "dropped"]
ShownState = Literal["on_display", "taken_down"]


# ── plans ────────────────────────────────────────────────────────────────────────────────────────


class MeasureIn(In):
    """One measure of a plan."""

    text: Prose = Field(examples=["发展林下养殖,户均增收两千元"])
    due_on: Day = Field(examples=["2017-06-30"])


class CreatePlan(Create):
    """A plan for a household and year, with its measures (HY.9.3.4)."""

    household_id: UUID
    kind: PlanKind = Field(examples=["assistance_plan"])
    year: Year = Field(examples=[2017])
    text: Prose = Field(examples=["一户一策帮扶计划"])
    measures: list[MeasureIn] = Field([], max_length=50)


class MeasureLine(Out):
    """A measure as its plan shows it."""

    id: UUID
    text: str
    due_on: date
    state: MeasureState
    done_on: date | None
    result: str | None
    version: int


class PlanOut(RecordOut):
    """A plan with its measures."""

    household_id: UUID
    kind: PlanKind
    year: int
    text: str
    author_id: UUID
    made_on: date
    measures: list[MeasureLine]


class PlanPage(PageOut):
    items: list[PlanOut]


class PlanQuery(PageQuery):
    household_id: UUID | None = None
    year: Year | None = None
    kind: PlanKind | None = None
    author_id: UUID | None = None


class MeasureOut(WorkflowOut):
    """A measure of a plan."""

    state: MeasureState
    plan_id: UUID
    household_id: UUID
    text: str
    due_on: date
    done_on: date | None
    result: str | None


class MeasurePage(PageOut):
    items: list[MeasureOut]


class MeasureQuery(PageQuery):
    plan_id: UUID | None = None
    household_id: UUID | None = None
    state: MeasureState | None = None


class CompleteMeasure(In):
    """When a measure was carried out and what came of it."""

    done_on: Day = Field(examples=["2017-06-20"])
    result: Prose = Field(examples=["已发放鸡苗五十只"])


# ── visits ───────────────────────────────────────────────────────────────────────────────────────


class CreateVisit(Create):
    """The caller's own visit to a household of his; `device_time` is the phone's."""

    household_id: UUID
    device_time: Moment = Field(examples=["2017-03-05T09:30:00+08:00"])
    place: Line = Field(examples=["村东头家中"])
    text: Prose = Field(examples=["了解春耕准备情况,讲解医保政策"])
    attachment_ids: AttachmentIds = Field(default=[])


class CorrectVisit(In):
    """What was recorded wrongly and why; the earlier version stays."""

    place: Line | MISSING = MISSING
    text: Prose | MISSING = MISSING
    reason: Line = Field(examples=["地点写错"])


class VisitVersionOut(Out):
    """What the record said before a correction."""

    version: int
    place: str
    text: str
    author_id: UUID | None
    reason: str
    corrected_at: datetime


class VisitOut(RecordOut):
    """A visit: the day and month it counts for, and both clocks."""

    helper_id: UUID
    household_id: UUID
    visited_on: date
    month: str
    device_time: datetime
    received_at: datetime
    clock: Clock = Field(description="Whose clock dates it: the phone's unless that ran ahead")
    received_later: bool = Field(description="Handed in after its month had ended; held against nobody")
    place: str
    text: str
    attachment_ids: list[UUID]
    earlier: list[VisitVersionOut]


class VisitPage(PageOut):
    items: list[VisitOut]


class VisitQuery(PageQuery):
    helper_id: UUID | None = None
    household_id: UUID | None = None
    visited_on: Day | None = None
    month: Month | None = None


# ── publications ─────────────────────────────────────────────────────────────────────────────────


class CreatePublication(Create):
    """What was made public, where, from which day."""

    kind: PublicationKind = Field(examples=["poor_households"])
    title: Line = Field(examples=["2017年度贫困户名单公示"])
    village_code: VillageCode | None = Field(None, examples=["411421201201"])
    place: Line = Field(examples=["村委会公示栏"])
    shown_from: Day = Field(examples=["2017-03-01"])
    due_on: Day | None = Field(None, description="By when a requirement demanded it")
    requirement_id: UUID | None = None
    digest: Digest | None = Field(None, description="SHA-256 of what was shown, hex")
    attachment_ids: AttachmentIds = Field(default=[])


class TakeDown(In):
    """The first day on which it was no longer shown."""

    shown_to: Day = Field(examples=["2017-03-08"])


class PublicationOut(WorkflowOut):
    """What was made public."""

    state: ShownState
    kind: PublicationKind
    title: str
    village_code: str | None
    place: str
    shown_from: date
    shown_to: date | None
    due_on: date | None
    late: bool = Field(description="Shown only after the day by which it was demanded (HY.9.3.3)")
    requirement_id: UUID | None
    digest: str | None
    attachment_ids: list[UUID]


class PublicationPage(PageOut):
    items: list[PublicationOut]


class PublicationQuery(PageQuery):
    kind: PublicationKind | None = None
    village_code: VillageCode | None = None
    state: ShownState | None = None
    as_of: Day | None = Field(None, description="On display on that day / 该日正在公示")


# ── what a month's facts point to ────────────────────────────────────────────────────────────────


class WorkQuery(In):
    """Which month."""

    month: Month = Field(examples=["2017-03"])


class ProposalOut(Out):
    """A ground that facts point to: for an organ to judge, with no effect of its own (G58)."""

    ground: str = Field(examples=["HY.9.1.2"])
    facts: list[str] = Field(examples=[["required:2", "made:1"]])
    subject_id: UUID | None = Field(description="The meeting, form task or household concerned")


class WorkOut(Out):
    """A helper's month: visits counted, and what its facts would at most propose."""

    helper_id: UUID
    month: str
    visits: int
    days_in_village: int = Field(description="到村次数: days with at least one visit")
    households_visited: int
    proposals: list[ProposalOut]
