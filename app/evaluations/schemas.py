"""What goes over the wire about the year's end?"""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.reading import PageQuery
from app.wire import Create, In, Line, Out, PageOut, Prose, WorkflowOut, Year

SubmissionState = Literal["open", "reviewed", "summarised", "submitted"]
EvaluationState = Literal["pending", "proposed", "determined", "reopened"]
Proposed = Literal["complete", "not_complete", "not_applicable", "unconfirmed", "not_determined", "no_rule"]
Determined = Literal["complete", "not_complete", "not_applicable", "not_determined"]
Standing = Literal["out", "not_out", "unconfirmed", "unreviewed", "overtaken", "closed", "handed_over"]


class CreateSubmission(Create):
    """Open the year-end review (年底审核汇总) of a year, with an evaluation for everyone who helped in it."""

    year: Year = Field(examples=[2017])


class Review(In):
    """What the review of the two ledgers found (审核)."""

    findings: Prose = Field(examples=["两本台账与原始记录一致。"])


class Summarise(In):
    """Sum the year up (统一汇总): the numbers are the service's, the words the leading group's."""

    summary: Prose = Field(examples=["全乡年底帮扶对象脱贫情况及帮扶工作汇总如下。"])


class Submit(In):
    """Hand the summary to the Party committee (上报乡党委)."""


class PackageOut(Out):
    """The numbers of the year as they stood when they were summed up."""

    year: int
    households: dict[str, int] = Field(description="By status at the year's end / 按年底状态")
    signoffs: dict[str, int] = Field(description="By state / 按签字确认状态")
    months: dict[str, str] = Field(
        description="State of each month's check; `missed_in_month` where it ended without a draw (G8), `none` before"
    )
    quarters: dict[str, str] = Field(description="State of each quarter's round; `none` where there was none")
    evaluations: int = Field(description="Helpers to be evaluated / 待考核评价人数")


class SubmissionOut(WorkflowOut):
    """The leading group's year-end submission, which every determination cites (article 5)."""

    state: SubmissionState
    year: int
    findings: str | None
    summary: str | None
    package: PackageOut | None
    package_hash: str | None = Field(description="SHA-256 of the package's canonical JSON, hex")
    late: bool | None = Field(description="Submitted after the window; no effect (G56)")


class SubmissionPage(PageOut):
    items: list[SubmissionOut]


class SubmissionQuery(PageQuery):
    year: Year | None = None
    state: SubmissionState | None = None


class CreateEvaluation(Create):
    """Begin the evaluation of a helper for whom the year-end submission made none."""

    helper_id: UUID
    year: Year = Field(examples=[2017])


class Propose(In):
    """Compute the proposal from the record; nothing follows from it."""


class GradeBody(In):
    """The cadre's annual assessment made elsewhere (年度考核), for reference only (G3, G60)."""

    grade: Line = Field(examples=["称职"])
    source: Line = Field(examples=["县委组织部 2017 年度考核结果"])


class Determine(In):
    """What the Party committee determines, why, and how it considered the year's results (R5.4, R5.6, G4)."""

    outcome: Determined
    reasons: Prose = Field(examples=["所帮扶贫困户年底全部签字确认脱贫,经审核属实。"])
    results_considered: Prose = Field(
        description="How the monthly and quarterly results were considered / 如何考虑月抽查、季考核结果",
        examples=["全年抽查两次、季考核四次,帮扶措施落实到位。"],
    )
    submission_id: UUID = Field(description="The year-end submission it rests on / 所依据的年底汇总材料")
    mitigation: Prose | None = Field(None, description="What speaks for the helper, e.g. a disaster (G29)")
    plan_target: Line | None = Field(None, description="The plan target not met, for a year without a rule (G28)")
    priority_reason: Prose | None = Field(None, description="Why priority although a measure was taken (G32)")
    cadre_annual_grade: GradeBody | None = None


class Reopen(In):
    """Why the determination is taken up again; it stands until another replaces it (G53)."""

    reason: Prose = Field(examples=["新收到帮扶对象迁出证明,需重新研究。"])


class DeterminationOut(Out):
    """A version of what the Party committee determined, and what follows from it (article 7)."""

    id: UUID
    number: int
    replaces_id: UUID | None
    reopened_because: str | None
    outcome: Determined
    reasons: str
    results_considered: str
    mitigation: str | None
    plan_target: str | None
    priority_reason: str | None
    cadre_annual_grade: GradeBody | None
    submission_id: UUID
    proposal_hash: str = Field(
        description="SHA-256 of the explanation before the committee: RFC 8785 JSON, `rule` its article, no `exit_rule`"
    )
    departs: bool = Field(description="Does it differ from the proposal? / 是否与建议不同")
    measures: list[str] = Field(description="Measures taken against the helper that year, shown beside it (G32)")
    priority_for_excellent: bool
    priority_for_awards: bool
    notice_due: bool = Field(description="The notice of article 7(2) is due / 应予通报")
    veto_year: int | None = Field(description="The year whose awards are closed / 一票否决年度")
    author_id: UUID
    determined_at: datetime


class EvaluationOut(WorkflowOut):
    """A helper's year-end evaluation (年终考核评价); the last determination stands."""

    state: EvaluationState
    year: int
    helper_id: UUID
    proposed_outcome: Proposed | None
    proposal_hash: str | None
    proposed_at: datetime | None
    reopen_reason: str | None
    determinations: list[DeterminationOut]


class EvaluationPage(PageOut):
    items: list[EvaluationOut]


class EvaluationQuery(PageQuery):
    year: Year | None = None
    helper_id: UUID | None = None
    state: EvaluationState | None = None
    proposed_outcome: Proposed | None = None


class RuleOut(Out):
    """The rule applied, with its article or policy number."""

    article: str
    text: str
    text_zh: str


class HouseholdLineOut(Out):
    """One household: how it counts, and on what record."""

    household_id: UUID
    assigned_from: date
    assigned_to: date | None
    primary: bool
    closed_by: str | None
    closed_on: date | None
    returned_on: date | None
    signoff_id: UUID | None
    signoff_state: str | None
    out_of_poverty: bool | None
    exit_rule: str | None
    statement_hash: str | None
    confirmed_on: date | None
    late: bool
    objected: bool
    standing: Standing
    in_denominator: bool
    flags: list[str]


class PeriodOut(Out):
    """A month's or a quarter's result, attached for consideration; it carries no weight (G4)."""

    period: str
    state: str
    record_id: UUID | None


class ExplanationOut(Out):
    """Why a proposal is what it is. It decides nothing."""

    outcome: Proposed
    rule: RuleOut
    as_of: date
    denominator: int
    out: int
    households: list[HouseholdLineOut]
    months: list[PeriodOut]
    quarters: list[PeriodOut]


class EvaluationExplanationOut(Out):
    """The explanation of an evaluation's latest proposal; null before the first."""

    township_code: str
    id: UUID
    version: int
    year: int
    helper_id: UUID
    proposal: ExplanationOut | None


class StandingDeterminationOut(Out):
    """The determination that stands for the year."""

    id: UUID
    evaluation_id: UUID
    number: int
    outcome: Determined
    under_reconsideration: bool


class EligibilityOut(Out):
    """May this helper take part in the awards of a year? Every kind of award (R7.2, G31)."""

    helper_id: UUID
    year: int
    eligible: bool
    priority: bool
    priority_for_excellent: bool
    veto_ends_on: date | None = Field(description="A veto ends with its year / 一票否决限当年")
    measures: list[str]
    determination: StandingDeterminationOut | None


class EligibilityQuery(BaseModel):
    """The year whose awards are asked about."""

    model_config = ConfigDict(extra="forbid")

    year: Year = Field(examples=[2017])
