"""What goes over the wire about quarterly rounds, scores and rubrics?"""

from datetime import date, datetime
from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import Field, StringConstraints

from app.attachments.schemas import AttachmentIds
from app.reading import PageQuery
from app.wire import (
    Create,
    Day,
    In,
    Line,
    Out,
    PageOut,
    Prose,
    Quarter,
    RecordOut,
    Rule,
    WorkflowOut,
    among,
    given,
    just_one,
    ruled,
    when,
)

Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]*$", min_length=1, max_length=40)]
MilliPoints = Annotated[int, Field(ge=1, le=1_000_000_000)]
RoundState = Literal["open", "summarised", "reported"]
ScoreState = Literal["pending", "assessed", "not_assessed"]
NamedMethod = Literal["on_site", "documents", "household_interview"]
AnyMethod = Literal["on_site", "documents", "household_interview", "other"]


class DeductionBody(In):
    """One thing for which points are taken off."""

    code: Code = Field(examples=["late_forms"])
    title: Line = Field(examples=["表册报送不及时"])
    points: MilliPoints = Field(description="Milli-points each time / 每次扣分,单位千分之一分", examples=[2000])


class CriterionBody(In):
    """One heading of a rubric."""

    code: Code = Field(examples=["forms"])
    title: Line = Field(examples=["表册及资料报送情况"])
    maximum: MilliPoints = Field(description="Milli-points / 满分,单位千分之一分", examples=[30_000])
    deductions: list[DeductionBody] = Field(max_length=50)


class CreateRubric(Create):
    """A new edition of a rubric (评分细则): local policy, never part of the regulation (G2)."""

    code: Code = Field(examples=["quarterly"])
    title: Line = Field(examples=["季度考核评分细则(乡自定)"])
    criteria: list[CriterionBody] = Field(min_length=1, max_length=50)


class RubricOut(RecordOut):
    """An edition of a rubric; a changed rubric is another edition."""

    code: str
    edition: int
    title: str
    criteria: list[CriterionBody]
    maximum: int = Field(description="Milli-points / 单位千分之一分")
    source: Literal["local_policy"]


class RubricPage(PageOut):
    items: list[RubricOut]


class RubricQuery(PageQuery):
    code: str | None = None


class CreateRound(Create):
    """Open the quarterly assessment (季度考核) of a quarter."""

    quarter: Quarter = Field(examples=["2017-Q1"])
    rubric_id: UUID | None = Field(None, description="A rubric, where the township uses one / 评分细则,可不设")


class Summarise(In):
    """Sum the quarter up (统一评估并汇总)."""

    narrative: Prose = Field(examples=["本季度帮扶责任人均到村开展工作,资料报送较上季度及时。"])


class Report(In):
    """Report the summary to the leading group (上报乡扶贫开发领导小组)."""


class RoundOut(WorkflowOut):
    """A quarterly round: one township, one quarter."""

    state: RoundState
    quarter: str
    first_day: date
    last_day: date
    rubric_id: UUID | None
    narrative: str | None
    assessed: int | None = Field(description="How many, as summarised / 汇总时已考核人数")
    not_assessed: int | None = Field(description="How many, as summarised / 汇总时未考核人数")
    received_by: Literal["leading_group"] | None


class RoundPage(PageOut):
    items: list[RoundOut]


class RoundQuery(PageQuery):
    quarter: Quarter | None = None
    state: RoundState | None = None


class AddScore(Create):
    """Add a helper whose pairing was recorded after the round was opened (G14)."""

    round_id: UUID
    helper_id: UUID


class MethodBody(In):
    """A method used, with what there is to show for it."""

    model_config = ruled(
        {
            "anyOf": [
                given("evidence"),
                {"properties": {"attachment_ids": {"minItems": 1}}, "required": ["attachment_ids"]},
            ]
        },
        when(
            among("method", "household_interview"),
            {"allOf": [given("household_id"), given("helper_present", kind="boolean")]},
        ),
    )

    method: AnyMethod
    evidence: Prose | None = Field(None, examples=["实地查看该户鸡舍,存栏一百二十只。"])
    attachment_ids: AttachmentIds = Field(default=[])
    household_id: UUID | None = Field(None, description="The household met / 见面谈话的帮扶对象")
    helper_present: bool | None = Field(None, description="Was the helper present? / 帮扶责任人是否在场")


class AttemptBody(In):
    """An attempt to meet a household; never written down as a meeting (G13)."""

    on: Day
    how: Line = Field(examples=["入户未遇,全家外出务工"])


class MissingBody(In):
    """A method not used, and why (G12)."""

    method: NamedMethod
    reason: Line = Field(examples=["全家外出务工,两次入户未遇"])
    attempts: list[AttemptBody] = Field([], max_length=20)


class SeenBody(In):
    """A deduction of the round's rubric, and how often it was seen."""

    code: Code = Field(examples=["late_forms"])
    times: int = Field(1, ge=1, le=1000)
    note: Line | None = None


def _answered(method: str) -> Rule:
    """The method is used, or missing with its reason; not both (G12)."""
    named = {"contains": {"properties": {"method": {"const": method}}, "required": ["method"]}}
    used = {"properties": {"methods": named}, "required": ["methods"]}
    missing = {"properties": {"missing": named}, "required": ["missing"]}
    return {"oneOf": [used, missing]}


class Assess(In):
    """What was assessed, by which methods, with what evidence (article 6(2))."""

    model_config = ruled(
        {"properties": {"methods": {"contains": among("method", *get_args(NamedMethod))}}, "required": ["methods"]},
        *map(_answered, get_args(NamedMethod)),
    )

    methods: list[MethodBody] = Field(min_length=1, max_length=20)
    missing: list[MissingBody] = Field(
        [], max_length=3, examples=[[{"method": m, "reason": "未开展"} for m in ("documents", "household_interview")]]
    )
    narrative: Prose = Field(examples=["到村次数与走访记录相符,帮扶措施正在落实。"])
    deductions: list[SeenBody] | None = Field(None, max_length=100, description="Only where the round has a rubric")


class NotAssessed(In):
    """Why this helper was not assessed; not a negative result (G14)."""

    reason: Prose = Field(examples=["住院治疗,整季未在岗"])


class Correct(In):
    """A corrected result beside the recorded one (G55): either `assessed` or `not_assessed`."""

    model_config = ruled(just_one("assessed", "not_assessed", kind="object"))

    reason: Prose = Field(description="Why it is corrected / 更正原因", examples=["谈话日期记错"])
    assessed: Assess | None = None
    not_assessed: NotAssessed | None = Field(None, examples=[{"reason": "住院治疗,整季未在岗"}])


class LineOut(Out):
    """One deduction explained."""

    criterion: str
    deduction: str
    times: int
    points: int = Field(description="Milli-points taken off / 扣分,单位千分之一分")
    text: str


class PointsOut(Out):
    """What the rubric gives: a reference, which triggers nothing (G2)."""

    label: Literal["参考"]
    points: int = Field(description="Milli-points / 单位千分之一分")
    maximum: int
    lines: list[LineOut]


class ResultOut(Out):
    """One recorded result of a row."""

    id: UUID
    number: int
    corrects_id: UUID | None
    correction_reason: str | None
    author_id: UUID
    recorded_at: datetime
    outcome: Literal["assessed", "not_assessed"]
    reason: str | None
    methods: list[MethodBody] | None
    missing: list[MissingBody] | None
    narrative: str | None
    deductions: list[SeenBody] | None
    points: PointsOut | None


class ScoreOut(WorkflowOut):
    """One helper's row in a quarterly round; the last result stands."""

    state: ScoreState
    round_id: UUID
    quarter: str
    helper_id: UUID
    results: list[ResultOut]


class ScorePage(PageOut):
    items: list[ScoreOut]


class ScoreQuery(PageQuery):
    round_id: UUID | None = None
    quarter: Quarter | None = None
    helper_id: UUID | None = None
    state: ScoreState | None = None
