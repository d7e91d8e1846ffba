"""What goes over the wire about rulebooks, policies, interpretations and workflows?"""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.actor import Office
from app.reading import PageQuery
from app.rulebook.rules import Crime, Management, Organ, Politics
from app.wire import Create, Day, In, Line, Out, PageOut, Prose, RecordOut

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,60}$", min_length=1, max_length=60)]
RulebookCode = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9-]{1,40}$", min_length=1, max_length=40)]
Article = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,2}(\.[0-9]{1,2})?$", min_length=1, max_length=5)]
Codes = Annotated[list[Code], Field(max_length=20)]
Scalar = bool | Annotated[int, Field(gt=-(2**53), lt=2**53)] | Line | Annotated[list[Line], Field(max_length=20)]


class SubFactOut(Out):
    """Part of a ground or clause: its code and the words of the text."""

    code: str
    text: str


class ClauseOut(Out):
    """One article, verbatim; `printed_label` is what the paper says."""

    logical_article: int
    printed_label: str = Field(examples=["第九条"])
    topic: str
    topic_zh: str
    text: str


class SubjectOut(Out):
    """A capacity in which one answers."""

    code: str = Field(examples=["helper"])
    name_zh: str
    name_en: str
    is_body: bool
    categories: list[str]


class CategoryOut(Out):
    """A kind of cadre (articles 3 and 10)."""

    code: str
    name_zh: str
    name_en: str


class MeasureOut(Out):
    """One 追究方式: for which capacities, with which outputs."""

    code: str = Field(examples=["circular_criticism"])
    article: str
    rank: int
    name_zh: str
    name_en: str
    lead_text: str
    subjects: list[str]
    outputs: list[str]
    addressee: str | None
    scope: str | None
    requires: dict[str, str]


class GroundOut(Out):
    """One 情形: `text` is verbatim, the labels are paraphrases."""

    code: str = Field(examples=["HY.9.1.1"])
    article: str
    number: int
    printed_label: str
    text: str
    label_en: str
    label_zh: str
    measure: str
    sub_facts: list[SubFactOut]
    needs: str | None = Field(description="What must have been laid down before the fact / 事先须有的要求")
    evidence_zh: str
    alternatives: list[str] = Field(description="Grounds the same facts may fit (G33) / 可能同时符合的情形")
    overlaps_articles: list[str]


class GeneralClauseOut(Out):
    """Article 8: all elements together, and no measure."""

    code: str
    article: str
    organ: str
    subjects: list[str]
    measure: None
    elements: list[SubFactOut]


class RoutingOut(Out):
    """One line of article 10; an empty condition holds always."""

    article: str
    crime: list[str]
    categories: list[str]
    management: list[str]
    to: list[str]
    route: Literal["decide", "refer", "transfer"]
    text: str
    policy: str | None = None


class MonthlyOut(Out):
    article: str
    ratio_percent: int
    unit: str
    random: bool
    open_list: bool
    aspects: list[SubFactOut]


class QuarterlyOut(Out):
    article: str
    coverage: str
    open_list: bool
    report_to: str
    methods: list[SubFactOut]


class AssessmentRulesOut(Out):
    """Articles 4 and 6."""

    monthly: MonthlyOut
    quarterly: QuarterlyOut
    organisers: list[str]


class ConsequenceOut(SubFactOut):
    article: str


class ConsequencesOut(Out):
    """Article 7."""

    complete: list[ConsequenceOut]
    not_complete: list[ConsequenceOut]


class RulebookDocument(Out):
    """The regulation as data. A partial rulebook leaves empty what was not seen."""

    code: str
    edition: int
    partial: bool
    title: str
    title_en: str
    alias: str | None
    trial: bool
    effective_from: date | None
    effective_to: date | None
    target_year: int | None = None
    interpreter: str | None = None
    issuer: str | None = None
    document_number: str | None = None
    text_file: str | None = None
    notes: list[str]
    clauses: list[ClauseOut]
    persons_in_scope: list[str]
    subjects: list[SubjectOut]
    categories: list[CategoryOut]
    ground_count: int | None = Field(None, description="How many grounds there are, where not all were seen")
    measures: list[MeasureOut]
    grounds: list[GroundOut]
    general_clause: GeneralClauseOut | None
    routing: list[RoutingOut]
    handler_of_referrals: str
    assessment: AssessmentRulesOut | None = None
    signoff: list[SubFactOut] = Field([])
    year_rules: dict[str, str]
    consequences: ConsequencesOut | None = None


class RulebookHead(Out):
    """A rulebook, and since when the caller's township is bound to it."""

    code: str = Field(examples=["HUAYUAN-2016"])
    edition: int
    partial: bool
    title: str
    title_en: str
    alias: str | None
    effective_from: date | None
    effective_to: date | None
    sha256: str
    bound_from: date | None


class RulebookOut(RulebookHead):
    document: RulebookDocument


class RulebookPage(PageOut):
    items: list[RulebookHead]


class RulebookQuery(PageQuery):
    in_force_on: Day | None = Field(None, description="Only those in force that day / 仅该日施行中的")


class AssessIn(In):
    """Facts, as far as they are known; names of persons have no place here."""

    fact_date: Day = Field(examples=["2017-03-15"])
    basis: Code = Field(examples=["HY.9.1.1"], description="A ground's code, or `HY.8`")
    capacity: Code = Field(examples=["helper"])
    categories: Codes = Field([], examples=[["village_committee_member"]])
    management: Management | None = None
    political_status: Politics = Politics.UNKNOWN
    crime_assessment: Crime | None = None
    measure: Code | None = None
    organ: Organ | None = None
    routing_reason: Line | None = None
    elements: Codes = Field([], description="Elements of article 8 that are found")
    discipline_kind: Literal["party", "admin"] = "party"
    outcome: Line | None = None
    cited_rule: Line | None = None
    measures_for_same_facts: Codes = Field([])
    override_reason: Line | None = None
    requirement_from: Day | None = None


class ReasonOut(Out):
    """Why not, or what to mind."""

    code: str
    article: str | None
    message: str


class CompetenceOut(Out):
    """Article 10: who decides, and who in the township carries the case."""

    route: Literal["decide", "refer", "transfer"]
    deciding: list[Organ]
    handling: list[Organ]
    reason_required: bool
    policies: list[str]


class AssessOut(Out):
    """What would follow; nothing was written and nothing decided."""

    rulebook: str
    basis: str
    permitted: bool
    measure: str | None
    permitted_subjects: list[str]
    competence: CompetenceOut
    outputs: list[str]
    addressee: str | None
    alternatives: list[str]
    warnings: list[ReasonOut]
    refusals: list[ReasonOut]


class LocalValueOut(Out):
    """A value the township set."""

    version: int
    value: Scalar | None
    effective_from: date
    reason: str
    set_by: UUID
    set_at: datetime


class PolicyHead(Out):
    """A policy: its default with source, and the value that holds for the caller's township."""

    key: str = Field(examples=["team.minMembers"])
    number: str = Field(examples=["G11"])
    value: Scalar | None
    source: Literal["seed", "outside_rule", "local_policy"]
    effective_from: date | None = Field(description="Since when the township's own value holds / 本乡取值起始日")
    default: Scalar | None
    default_source: Literal["seed", "outside_rule", "local_policy"]
    citation: str | None
    settable: bool
    takes: dict[str, bool | int | str | list[str]]
    text_zh: str
    text_en: str
    version: int


class PolicyOut(PolicyHead):
    history: list[LocalValueOut]


class PolicyPage(PageOut):
    items: list[PolicyHead]


class PolicyQuery(PageQuery):
    number: Annotated[str, StringConstraints(pattern=r"^G[0-9]{1,2}$", min_length=2, max_length=3)] | None = None
    source: Literal["seed", "outside_rule", "local_policy"] | None = None
    as_of: Day | None = Field(None, description="The day asked for, today if not said / 查询日期")


class SetPolicy(In):
    """A township's own value, from a day on."""

    value: Scalar | None = Field(examples=[3])
    effective_from: Day = Field(examples=["2017-01-01"])
    reason: Prose = Field(examples=["考核力量充足,提高抽查质量"])


class CreateInterpretation(Create):
    """What the text means, by whom it is for to say (article 11)."""

    rulebook_code: RulebookCode = Field("HUAYUAN-2016", examples=["HUAYUAN-2016"])
    article: Article = Field(examples=["10"])
    policy_key: Code | None = Field(None, examples=["routing.townshipCadre"])
    text: Prose = Field(examples=["乡机关干部任帮扶责任人的,由乡纪委处理。"])
    applies_from: Day = Field(examples=["2016-11-09"])
    replaces_id: UUID | None = None


class InterpretationOut(RecordOut):
    rulebook_code: str
    article: str
    policy_key: str | None
    text: str
    applies_from: date
    interpreted_by: UUID
    replaces_id: UUID | None


class InterpretationPage(PageOut):
    items: list[InterpretationOut]


class InterpretationQuery(PageQuery):
    rulebook_code: RulebookCode | None = None
    article: Article | None = None
    policy_key: Code | None = None


class MoveOut(Out):
    """One action: from which states to which, by whom, on which article."""

    name: str = Field(examples=["sign"])
    path: dict[str, list[str]]
    offices: list[Office]
    article: str
    summary: str
    summary_zh: str


class WorkflowHead(Out):
    name: str = Field(examples=["signoff"])
    title_zh: str
    resource: str


class WorkflowDeclaration(WorkflowHead):
    """States and moves, as the code runs them."""

    states: list[str]
    states_zh: dict[str, str] = Field(description="What each state is called in Chinese", examples=[{"open": "待签字"}])
    initial: str
    final: list[str]
    moves: list[MoveOut]


class WorkflowPage(PageOut):
    items: list[WorkflowHead]
