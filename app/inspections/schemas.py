"""What goes over the wire about the monthly spot check?"""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from app.attachments.schemas import AttachmentIds
from app.inspections.rules import Aspect, Interest, InterviewOutcome, Kind, SourceKind, TeamWarning
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
    WorkflowOut,
    among,
    given,
    just_one,
    left_out,
    ruled,
    when,
)

RoundState = Literal["planned", "proposed", "committed", "drawn", "closed", "missed"]
CheckState = Literal["pending", "recorded", "not_checked"]
SourceName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]+$", min_length=1, max_length=64)]
Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]+$", min_length=1, max_length=1024)]
Conflicting = Literal["unit", "kinship", "other"]


class PlanRound(Create):
    """The spot check of one month; one draw a month (article 6)."""

    month: Month = Field(examples=["2017-03"])


class SourceIn(In):
    """A source of the seed that does not exist yet, named so that everybody can look it up."""

    model_config = ruled(
        when(among("kind", "nonce"), given("digest"), left_out("digest")),
        when(
            among("kind", "drand"),
            {
                "properties": {
                    "reference": {"type": "string", "pattern": "^[1-9][0-9]{0,9}$"},
                    "due": {"type": "null"},
                },
                "required": ["reference"],
            },
            given("due"),
        ),
    )

    name: SourceName = Field(examples=["drand-quicknet-1000"])
    kind: SourceKind = Field(description="公共随机信标、drand 轮次、彩票、公证掷骰、各方自选数")
    reference: SourceName | None = Field(None, description="Round or issue / 轮次或期号", examples=["2017031"])
    due: Moment | None = Field(
        None,
        description="When it will exist; a drand round's follows from its number / 产生时间(drand 由轮次号确定)",
        examples=["2017-03-08T02:00:00Z"],
    )
    digest: Digest | None = Field(None, description="Of a nonce only: SHA-256 of its text / 自选数的散列")


class RecusalIn(In):
    """An inspector who is not to check a helper (回避), fixed with the commitment."""

    inspector_id: UUID
    helper_id: UUID
    interest: Conflicting


class AssignmentIn(In):
    """Draw the teams too: by ticket, with recusal and a cap on each inspector's load."""

    inspectors: list[UUID] = Field(min_length=1, max_length=200)
    team_size: int = Field(2, ge=1, le=5)


class ProposeCommit(In):
    """What is proposed: the sources of the seed and, where wanted, teams by lot."""

    sources: list[SourceIn] = Field(
        min_length=1, max_length=10, json_schema_extra={"contains": {"not": among("kind", "nonce")}}
    )
    reveal_by: Moment = Field(
        description="Until when the seed is revealed / 公布种子的期限", examples=["2017-03-10T02:00:00Z"]
    )
    recusals: list[RecusalIn] = Field([], max_length=500)
    assignment: AssignmentIn | None = None
    late_reason: Prose | None = Field(None, description="Needed once the month has ended (G8) / 该月已过时须说明")


class ConfirmCommit(In):
    """Nothing to add: the frame is today's helpers with a household."""


class RevealedIn(In):
    """What an announced source gave; a source that is left out is recorded as `missing`."""

    name: SourceName = Field(examples=["drand-quicknet-1000"])
    value: Hex = Field(examples=["fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd"])
    signature: Hex | None = Field(
        None,
        description="Of a drand round only: its SHA-256 is the value / 仅 drand:签名,其 SHA-256 即随机数",
    )


class OpenNonce(In):
    """A party's own number, whose hash was announced; opened before any public source exists."""

    name: SourceName = Field(examples=["party-gov-office"])
    value: Hex = Field(examples=["8f1d0c5e7a92b3d4"])


class Reveal(In):
    """The seed's sources as they came."""

    values: list[RevealedIn] = Field(min_length=1, max_length=10)
    late_reason: Prose | None = Field(None, description="Needed once the month has ended (G8) / 该月已过时须说明")


class CloseRound(In):
    """Nothing to add: everyone drawn has been answered for."""


class SourceOut(Out):
    """A source of the seed; `value` once revealed, `missing` where it never came."""

    name: str
    kind: SourceKind
    reference: str | None
    due: datetime
    digest: str | None
    chain: str | None = Field(description="Of a drand round: the chain's hash / drand 链的散列")
    value: str | None
    signature: str | None


class ExclusionOut(Out):
    """A helper outside the frame, and why."""

    helper_id: UUID
    reason: str = Field(examples=["NO_ACTIVE_ASSIGNMENT"])


class RoundOut(WorkflowOut):
    """The spot check of one month."""

    state: RoundState
    month: str
    draw_id: str
    missed_in_month: bool
    late: bool
    late_reason: str | None
    proposed_office: str | None
    proposed_by: UUID | None
    confirmed_by: UUID | None
    sources: list[SourceOut]
    inspectors: list[UUID]
    team_size: int | None
    reveal_by: datetime | None
    seed_due: datetime | None
    committed_at: datetime | None
    exclusions: list[ExclusionOut] | None
    population: int | None
    sample_size: int | None
    frame_hash: str | None
    algorithm: Literal["draw/v1"] | None
    exclusions_hash: str | None
    recusals_hash: str | None
    drawn_at: datetime | None
    seed: str | None


class RoundPage(PageOut):
    items: list[RoundOut]


class RoundQuery(PageQuery):
    month: Month | None = None
    state: RoundState | None = None
    missed_in_month: bool | None = None


class TicketOut(Out):
    """A place in the order: the lower the ticket, the earlier."""

    id: UUID
    ticket: str
    drawn: bool


class LedgerPlace(Out):
    """Where the commitment stands in the township's log, and what shows that it stands there."""

    log: str
    seq: int
    leaf_hash: str
    leaf: str = Field(description="The entry as it was hashed: RFC 8785 JSON in ids and hashes / 条目原文")
    checkpoint: str | None = Field(
        description="The first cosigned checkpoint over the entry, or else the first signed one: a C2SP note"
        " / 首个覆盖该条目并经副署(否则仅签名)的检查点"
    )
    checkpoint_size: int | None
    signed_at: datetime | None
    witnesses: list[str] = Field(description="Whose cosignatures the note bears / 副署的见证方")
    inclusion: list[str] | None = Field(description="Proof that the entry is under that checkpoint / 存在证明")


class RecusedOut(Out):
    helper_id: UUID
    inspector_id: UUID


class TeamOut(Out):
    helper_id: UUID
    inspectors: list[UUID]


class ProofOut(Out):
    """Everything that recomputes the draw, in ids and hashes; before the draw, the commitment alone."""

    algorithm: Literal["draw/v1"]
    round_id: UUID
    draw_id: str
    month: str
    state: RoundState
    missed_in_month: bool
    late: bool
    committed_at: datetime
    commitment: LedgerPlace | None
    population: int
    sample_size: int
    frame_hash: str
    exclusions_hash: str
    recusals_hash: str
    sources: list[SourceOut]
    drawn_at: datetime | None
    seed: str | None
    frame: list[UUID] | None
    exclusions: list[ExclusionOut] | None
    ranking: list[TicketOut] | None
    inspectors: list[UUID] = Field(description="Those among whom teams are drawn, where they are / 参加抽选的检查人员")
    team_size: int | None
    recusals: list[RecusedOut] | None = Field(description="Who was not to check whom, as hashed / 回避名单")
    teams: list[TeamOut] | None


class AddCheck(Create):
    """A helper checked besides those drawn; outside the 30 %."""

    round_id: UUID
    helper_id: UUID
    reason: Prose = Field(examples=["群众反映较多"])


class InspectorIn(In):
    """A member of the team and what he declares about this helper; leaving it out is not declaring."""

    person_id: UUID
    interest: Interest | None = None


class AssignTeam(In):
    """Who checks this helper; a team below two, or an open interest, needs the organisers' reason (G11)."""

    inspectors: list[InspectorIn] = Field(min_length=1, max_length=10)
    reason: Prose | None = None


class VillageVisitsIn(In):
    """到村次数: the register's count is set beside what the inspectors saw."""

    seen: int = Field(ge=0, le=1000, description="Visits the inspectors could ascertain / 检查核实的次数")
    found: Prose


class AspectIn(In):
    found: Prose


class AspectsIn(In):
    """The three aspects of article 6(1), all of them (G10)."""

    village_visits: VillageVisitsIn
    measures: AspectIn
    forms: AspectIn


class FurtherIn(In):
    """A further aspect (等方面)."""

    name: Line
    found: Prose


class InterviewIn(In):
    """A household spoken with, or the attempt (G13); was the helper there? (G57)"""

    model_config = ruled(
        when(among("outcome", "met"), given("helper_present", kind="boolean"), left_out("helper_present"))
    )

    household_id: UUID
    outcome: InterviewOutcome
    attempts: int = Field(1, ge=1, le=20)
    helper_present: bool | None = Field(None, description="Only where they met / 仅见面谈话时填写")
    found: Prose | None = None


class ProblemIn(In):
    """A problem: it becomes a proposed finding and nothing more (G58)."""

    aspect: Aspect
    description: Prose
    happened_on: Day
    ground: Annotated[str, StringConstraints(pattern=r"^HY\.9\.[1-4]\.[1-5]$", min_length=8, max_length=8)] | None = (
        None
    )


class RecordCheck(In):
    """What the inspectors found."""

    checked_on: Day
    aspects: AspectsIn
    further: list[FurtherIn] = Field([], max_length=20)
    interviews: list[InterviewIn] = Field([], max_length=50)
    problems: list[ProblemIn] = Field([], max_length=10)
    attachment_ids: AttachmentIds = Field(default=[])
    inspectors: list[InspectorIn] | None = Field(
        None, min_length=1, max_length=10, description="Where it is not the assigned team / 与已确定的考核组不同时填写"
    )


class NotChecked(In):
    """Why nobody was checked; it counts against nobody (G9)."""

    reason: Prose = Field(examples=["住院治疗"])


class CorrectCheck(In):
    """A corrected version: either what was found, or that nobody was checked."""

    model_config = ruled(just_one("recorded", "not_checked", kind="object"))

    reason: Prose
    recorded: RecordCheck | None = None
    not_checked: NotChecked | None = Field(None, examples=[{"reason": "住院治疗"}])

    @model_validator(mode="after")
    def one_result(self) -> "CorrectCheck":
        if (self.recorded is None) is (self.not_checked is None):
            raise ValueError("give exactly one of recorded and not_checked")
        return self


class InspectorOut(Out):
    person_id: UUID
    interest: Interest | None
    same_unit: bool


class VillageVisitsOut(Out):
    registered: int = Field(description="Visits in the register that month / 走访登记次数")
    seen: int
    found: str


class AspectOut(Out):
    found: str


class AspectsOut(Out):
    village_visits: VillageVisitsOut
    measures: AspectOut
    forms: AspectOut


class FurtherOut(Out):
    name: str
    found: str


class InterviewOut(Out):
    household_id: UUID
    outcome: InterviewOutcome
    attempts: int
    helper_present: bool | None
    found: str | None


class ProblemOut(Out):
    aspect: Aspect
    description: str
    happened_on: date
    ground: str | None
    finding_id: UUID | None


class InspectionOut(WorkflowOut):
    """The check of one helper in one month."""

    state: CheckState
    round_id: UUID
    month: str
    helper_id: UUID
    kind: Kind
    rank: int | None
    added_reason: str | None
    team: list[InspectorOut]
    team_warnings: list[TeamWarning]
    team_reason: str | None
    checked_on: date | None
    aspects: AspectsOut | None
    further: list[FurtherOut]
    interviews: list[InterviewOut]
    problems: list[ProblemOut]
    attachment_ids: list[UUID]
    not_checked_reason: str | None
    recorded_by: UUID | None
    corrects_id: UUID | None
    correction_reason: str | None
    superseded_by: UUID | None
    current: bool


class InspectionPage(PageOut):
    items: list[InspectionOut]


class InspectionQuery(PageQuery):
    round_id: UUID | None = None
    month: Month | None = None
    helper_id: UUID | None = None
    kind: Kind | None = None
    state: CheckState | None = None
    current: bool | None = Field(None, description="false: only versions that were corrected / 已被更正的版本")
