"""What goes over the wire about cases?"""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Discriminator, Field, StringConstraints
from typing_extensions import TypeAliasType

from app.actor import Office
from app.attachments.schemas import AttachmentIds
from app.cases.rules import WINDOW_LABEL_ZH, Conclusion, Interest, Output, Statement, Step
from app.reading import PageQuery
from app.rulebook.rules import Capacity, Crime, MeasureCode
from app.wire import (
    Create,
    Day,
    In,
    Line,
    Name,
    Out,
    PageOut,
    Prose,
    RecordOut,
    VillageCode,
    WorkflowOut,
    among,
    given,
    ruled,
    when,
)

State = Literal["opened", "facts_presented", "decided", "executed", "closed", "no_measure", "referred", "transferred"]
OrganOffice = Literal["party_committee", "township_government", "discipline_commission"]
Basis = Annotated[str, StringConstraints(pattern=r"^HY\.(8|9\.[1-4]\.[1-5])$", min_length=4, max_length=8)]


class Elements(In):
    """The five elements of article 8, each with its evidence; none is ever computed (G45, G62)."""

    helper: Prose = Field(description="帮扶责任人")
    duty_not_performed: Prose = Field(description="不履行或不正确履行工作职责")
    task_not_completed: Prose = Field(description="未按照要求完成相关工作任务")
    work_seriously_affected: Prose = Field(description="严重影响精准脱贫工作开展")
    adverse_influence: Prose = Field(description="造成不良影响")


class OpenCase(Create):
    """A case on confirmed findings about one subject, before one organ."""

    finding_ids: list[UUID] = Field(min_length=1, max_length=20)
    organ: OrganOffice = Field(description="Recorded now; no other organ moves the case / 办案机关")
    basis: Basis = Field(description="A ground that fits a finding, or HY.8", examples=["HY.9.1.1"])
    capacity: Capacity = Field(description="In what capacity the subject answers / 追责身份", examples=["helper"])
    routing_reason: Prose | None = Field(None, description="Where several kinds of cadre fit (G38) / 受理理由")
    elements: Elements | None = Field(None, description="For HY.8 only / 仅第八条")


class PresentFacts(In):
    """The facts as the subject was shown them."""

    facts: Prose = Field(examples=["2017年3月15日例会无故缺席,已提前通知。"])
    shown_to: Name | None = Field(None, description="For a body: who was shown them / 组织的被告知人")
    attachment_ids: AttachmentIds = Field(default=[])


class RecordStatement(In):
    """What the subject said, or that he waived or refused; a refusal names its witness."""

    model_config = ruled(when(among("statement", "refused"), given("witness")))

    statement: Statement
    text: Prose | None = Field(None, description="The statement / 陈述申辩内容")
    witness: Name | None = Field(None, description="Required for a refusal / 拒绝时的见证人")


class Decide(In):
    """The measure of the ground, with reasons; a measure is never substituted for another (G34)."""

    measure: MeasureCode = Field(examples=["circular_criticism"])
    reasons: Prose = Field(examples=["事实清楚,依第九条第(一)项第1目予以通报批评。"])
    mitigation: Prose | None = Field(None, description="What speaks for the subject (G29) / 从轻情节")
    crime_assessment: Crime | None = Field(None, description="Required for measure four (G43) / 是否构成犯罪")
    discipline_kind: Literal["party", "admin"] = Field("party", description="admin is refused: refer instead (G41)")
    outcome: Prose | None = Field(None, description="For a unit: the outcome in words (G40) / 对单位的处理结果")
    cited_rule: Prose | None = Field(None, description="The outside rule it rests on / 所依据的有关规定")
    same_facts_reason: Prose | None = Field(None, description="For a second measure on the same facts (G33)")
    confirms_outside_article_3: bool = Field(False, description="G1: decided on all the same / 确认第三条以外对象")


class NoMeasure(In):
    """Why the organ declines any measure (articles 2, 9; G34)."""

    reasons: Prose


class Transfer(In):
    """To the judicial organs; it need not wait for a statement."""

    crime_assessment: Crime = Field(examples=["suspected"])
    to: Line = Field(examples=["县人民检察院"])
    reasons: Prose


class Refer(In):
    """To a superior discipline organ or another competent one."""

    to: Line = Field(examples=["县纪委监委"])
    cited_rule: Prose = Field(examples=["干部管理权限规定"])
    reasons: Prose


class RecordOutcome(In):
    """What the other organ answered; under article 8, the outcome by the outside rule cited."""

    conclusion: Conclusion
    outcome: Prose
    cited_rule: Prose
    document_number: Line | None = Field(None, description="发文字号")
    issued_by: Line | None = None
    crime_assessment: Crime | None = Field(None, description="After a transfer: what the answer says of it")


class TownshipNoticeOutput(In):
    """全乡通报: a published notice of this case."""

    output: Literal["township_notice"]
    notice_id: UUID


class SelfCriticismOutput(In):
    """书面检查: received by the Party committee."""

    output: Literal["self_criticism"]
    received_on: Day
    summary: Prose
    attachment_ids: AttachmentIds = Field(default=[])

    @property
    def happened_on(self) -> date:
        return self.received_on


class TalkRecordOutput(In):
    """诫勉谈话: who talked, the reason told, the explanation heard, what must change."""

    output: Literal["talk_record"]
    held_on: Day
    held_by: Name
    reason_told: Prose
    explanation: Prose
    corrections_required: Prose
    attachment_ids: AttachmentIds = Field(default=[])

    @property
    def happened_on(self) -> date:
        return self.held_on


class DisciplineReferenceOutput(In):
    """党政纪处分: the decision of the organ that issued it, under the rule it cites (G42)."""

    output: Literal["discipline_reference"]
    document_number: Line
    issued_by: Line
    issued_on: Day
    cited_rule: Prose
    outcome: Prose

    @property
    def happened_on(self) -> date:
        return self.issued_on


Execute = TypeAliasType(
    "Execute",
    Annotated[
        TownshipNoticeOutput | SelfCriticismOutput | TalkRecordOutput | DisciplineReferenceOutput,
        Discriminator("output"),
        Field(examples=[{"output": "self_criticism", "received_on": "2017-04-01", "summary": "已作深刻检查。"}]),
    ],
)
"""An alias of its own, so that the discriminator stays with it wherever it is used."""


class Close(In):
    """The end of the case."""

    remarks: Prose | None = None


class Recuse(Create):
    """A member of the organ who does not act, and who acts in his place (G61)."""

    person_id: UUID
    interest: Interest = Field(examples=["kinship"])
    reason: Prose = Field(examples=["与当事人系夫妻关系。"])
    substitute_id: UUID | None = None


class RecusalOut(RecordOut):
    """A recusal."""

    case_id: UUID
    person_id: UUID
    interest: Interest
    reason: str
    substitute_id: UUID | None
    declared_by_id: UUID | None
    declared_on: date


class CaseFindingOut(Out):
    """A finding of the case."""

    finding_id: UUID
    dropped: bool


class StepOut(Out):
    """What was done, when, by whom, in what words."""

    kind: Step
    on: date
    person_id: UUID | None
    output: Output | None
    notice_id: UUID | None
    details: dict[str, Any]


class RecusedOut(Out):
    """Who does not act."""

    person_id: UUID
    substitute_id: UUID | None
    interest: Interest


class PastMeasure(Out):
    """An earlier measure against the same subject: shown, and nothing follows from it (G35)."""

    case_id: UUID
    measure: MeasureCode
    ground: str
    decided_on: date


class CaseOut(WorkflowOut):
    """A case."""

    state: State
    organ: Office
    rulebook: str
    basis: str
    capacity: Capacity
    subject_person_id: UUID | None
    subject_village_code: VillageCode | None
    subject_unit_id: UUID | None
    categories: list[str]
    management: str | None
    routing_reason: str | None
    warnings: list[str]
    elements: dict[str, str] | None
    fact_on: date
    opened_by_id: UUID | None
    opened_on: date
    facts_presented_on: date | None
    statement: Statement | None
    crime_assessment: Crime | None
    ground: str | None
    measure: MeasureCode | None
    decided_on: date | None
    objection_until: date | None = Field(description=f"Local policy (G50): {WINDOW_LABEL_ZH}")
    objection_note: str = Field(examples=[WINDOW_LABEL_ZH])
    findings: list[CaseFindingOut]
    steps: list[StepOut]
    recusals: list[RecusedOut]
    history: list[PastMeasure]
    missing_outputs: list[Output] | None = Field(None, description="On single reads / 尚缺的结果材料")


class CasePage(PageOut):
    """A page of cases."""

    items: list[CaseOut]


class CaseQuery(PageQuery):
    """Filters by equality."""

    state: State | None = None
    organ: OrganOffice | None = None
    basis: Basis | None = None
    measure: MeasureCode | None = None
    capacity: Capacity | None = None
    subject_person_id: UUID | None = None
    subject_village_code: VillageCode | None = None
    subject_unit_id: UUID | None = None
