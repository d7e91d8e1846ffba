"""What goes over the wire about findings?"""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.attachments.schemas import AttachmentIds
from app.findings.rules import Source
from app.reading import PageQuery
from app.rulebook.rules import GENERAL_CLAUSE, huayuan
from app.wire import Create, Day, In, Line, PageOut, Prose, VillageCode, WorkflowOut, just_one, ruled

State = Literal["proposed", "confirmed", "dismissed"]
Basis = Annotated[str, StringConstraints(pattern=r"^HY\.(8|9\.[1-4]\.[1-5])$", min_length=4, max_length=8)]
"""A ground's code, or `HY.8`. That it is one of the seventeen is the rulebook's to say."""

assert GENERAL_CLAUSE == "HY.8" and len(huayuan().grounds) == 17  # noqa: PT018


class Subject(In):
    """Exactly one of the three: a person, a village's two committees, or a unit."""

    model_config = ruled(just_one("person_id", "village_code", "unit_id"))

    person_id: UUID | None = None
    village_code: VillageCode | None = None
    unit_id: UUID | None = None


class CreateFinding(Create):
    """Something found about one subject; a citizen's report is recorded by an office."""

    source: Literal["citizen_report", "office"] = Field(examples=["citizen_report"])
    subject: Subject = Field(examples=[{"village_code": "411421201200"}])
    household_id: UUID | None = Field(None, description="A household concerned / 所涉贫困户")
    fact_on: Day = Field(description="The day of the facts, from 2016-11-09 on / 事实发生日期", examples=["2017-03-15"])
    description: Prose = Field(examples=["评议结果公示后第三天即被撤下。"])
    evidence: list[Line] = Field(default_factory=list, max_length=20, examples=[["照片2张"]])
    attachment_ids: AttachmentIds = Field(default=[])
    suggested_grounds: list[Basis] = Field(default_factory=list, max_length=5, examples=[["HY.9.3.3"]])


class ConfirmFinding(In):
    """One primary ground; others that fit are listed as alternatives (G33)."""

    ground: Basis = Field(examples=["HY.9.3.3"])
    alternatives: list[Basis] = Field(default_factory=list, max_length=5, examples=[["HY.9.4.1"]])
    reasons: Prose = Field(examples=["经核实,公示时间不足。"])
    requirement_id: UUID | None = Field(None, description="The written requirement not met (G47) / 所违反的要求")
    form_task_id: UUID | None = Field(None, description="The task that was due (G48) / 到期的任务")
    meeting_id: UUID | None = Field(None, description="The required meeting that was missed (G46) / 缺席的会议")


class DismissFinding(In):
    """Why nothing follows; without a reason no finding vanishes (article 2)."""

    reasons: Prose = Field(examples=["经核实,所反映情况不属实。"])


class FindingOut(WorkflowOut):
    """A finding."""

    state: State
    source: Source
    source_id: UUID | None
    subject_person_id: UUID | None
    subject_village_code: str | None
    subject_unit_id: UUID | None
    household_id: UUID | None
    fact_on: date
    description: str
    evidence: list[str]
    attachment_ids: list[UUID]
    suggested_grounds: list[str]
    rulebook: str
    recorded_by_id: UUID | None
    ground: str | None
    alternatives: list[str]
    requirement_id: UUID | None
    form_task_id: UUID | None
    meeting_id: UUID | None
    reasons: str | None
    settled_by_id: UUID | None
    settled_organ: str | None
    settled_on: date | None
    has_case: bool = Field(
        description="Does a case rest on it? A confirmed finding never vanishes (article 2) / 已立案"
    )


class FindingPage(PageOut):
    """A page of findings."""

    items: list[FindingOut]


class FindingQuery(PageQuery):
    """Filters by equality."""

    state: State | None = None
    source: Source | None = None
    source_id: UUID | None = None
    subject_person_id: UUID | None = None
    subject_village_code: VillageCode | None = None
    subject_unit_id: UUID | None = None
    ground: Basis | None = None
    has_case: bool | None = Field(None, description="With `state=confirmed`: what still waits for a case / 是否已立案")
