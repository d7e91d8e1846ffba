"""What is in a body? A type for every schema of the document. Generated: `make openapi`."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict


class Accept(TypedDict):
    """The objection is taken up; the execution of the decision goes on."""

    remarks: NotRequired[str | None]


class AcceptForm(TypedDict):
    """A note on the form, if any."""

    note: NotRequired[str | None]


class AccountOut(TypedDict):
    """An account; signs in as `<township or county code>/<login>`."""

    created_at: str
    disabled_at: str | None
    id: str
    issuer: str | None
    kind: Literal["person", "client"]
    login: str
    person_id: str | None
    scopes: list[ClientScope] | None
    secret_set_at: str
    secret_set_by: str | None
    subject: str | None
    township_code: str
    version: int


class AcknowledgeConflict(TypedDict):
    """The person whose two roles the Party committee acknowledges (G24)."""

    person_id: str
    reason: str


class AcknowledgementOut(TypedDict):
    """A conflict of roles that the Party committee knows of."""

    acknowledged_at: str
    acknowledged_by: str
    person_id: str
    reason: str


class ActionOut(TypedDict):
    """An action of the record's workflow: may the caller take it now, and if not, why."""

    allowed: bool
    blockers: list[Blocker]
    name: str


class AddCheck(TypedDict):
    """A helper checked besides those drawn; outside the 30 %."""

    helper_id: str
    id: NotRequired[str | None]
    reason: str
    round_id: str


class AddRemark(TypedDict):
    """A co-helper's signature beside the primary's (G17), or what a predecessor has to say (G18)."""

    id: NotRequired[str | None]
    kind: Remark
    text: NotRequired[str | None]


class AddScore(TypedDict):
    """Add a helper whose pairing was recorded after the round was opened (G14)."""

    helper_id: str
    id: NotRequired[str | None]
    round_id: str


class AppointmentOut(TypedDict):
    """An office held by a person."""

    created_at: str
    ends: str | None
    entered_later: bool
    id: str
    office: Office
    person_id: str
    place: str
    starts: str
    township_code: str
    version: int


class ArrivedOut(TypedDict):
    """How far an upload has come."""

    arrived: int
    missing: list[Gap]


class AspectIn(TypedDict):
    found: str


class AspectOut(TypedDict):
    found: str


class AspectsIn(TypedDict):
    """The three aspects of article 6(1), all of them (G10)."""

    forms: AspectIn
    measures: AspectIn
    village_visits: VillageVisitsIn


class AspectsOut(TypedDict):
    forms: AspectOut
    measures: AspectOut
    village_visits: VillageVisitsOut


class Assess(TypedDict):
    """What was assessed, by which methods, with what evidence (article 6(2))."""

    deductions: NotRequired[list[SeenBody] | None]
    methods: list[MethodBody]
    missing: NotRequired[list[MissingBody]]
    narrative: str


class AssessIn(TypedDict):
    """Facts, as far as they are known; names of persons have no place here."""

    basis: str
    capacity: str
    categories: NotRequired[list[str]]
    cited_rule: NotRequired[str | None]
    crime_assessment: NotRequired[Crime | None]
    discipline_kind: NotRequired[Literal["party", "admin"]]
    elements: NotRequired[list[str]]
    fact_date: str
    management: NotRequired[Management | None]
    measure: NotRequired[str | None]
    measures_for_same_facts: NotRequired[list[str]]
    organ: NotRequired[Organ | None]
    outcome: NotRequired[str | None]
    override_reason: NotRequired[str | None]
    political_status: NotRequired[Politics]
    requirement_from: NotRequired[str | None]
    routing_reason: NotRequired[str | None]


class AssessOut(TypedDict):
    """What would follow; nothing was written and nothing decided."""

    addressee: str | None
    alternatives: list[str]
    basis: str
    competence: CompetenceOut
    measure: str | None
    outputs: list[str]
    permitted: bool
    permitted_subjects: list[str]
    refusals: list[ReasonOut]
    rulebook: str
    warnings: list[ReasonOut]


class AssessmentRulesOut(TypedDict):
    """Articles 4 and 6."""

    monthly: MonthlyOut
    organisers: list[str]
    quarterly: QuarterlyOut


class AssignTeam(TypedDict):
    """Who checks this helper; a team below two, or an open interest, needs the organisers' reason (G11)."""

    inspectors: list[InspectorIn]
    reason: NotRequired[str | None]


class AssignmentIn(TypedDict):
    """Draw the teams too: by ticket, with recusal and a cap on each inspector's load."""

    inspectors: list[str]
    team_size: NotRequired[int]


class AttachmentOut(TypedDict):
    """A file as declared; `sha256` is what records and the ledger know it by."""

    actions: NotRequired[list[ActionOut] | None]
    arrived: NotRequired[int | None]
    confidential: bool
    created_at: str
    file_name: str
    household_id: str | None
    id: str
    media_type: MediaType
    missing: NotRequired[list[Gap] | None]
    person_id: str | None
    sha256: str
    size: int
    state: Literal["open", "stored", "expired"]
    state_since: str
    township_code: str
    uploader_id: str
    version: int


class AttemptBody(TypedDict):
    """An attempt to meet a household; never written down as a meeting (G13)."""

    how: str
    on: str


class AttendanceIn(TypedDict):
    """Whether an invitee was there."""

    attendance: Attendance
    person_id: str


class Awaiting(TypedDict):
    """Who is awaited, since when."""

    offices: list[str]
    since: str


class Bind(TypedDict):
    """Who signs in to the account with a token of the issuer that is set up here; null for nobody."""

    subject: str | None


class Blocker(TypedDict):
    """Why an action is not possible now."""

    article: str | None
    awaiting: Awaiting | None
    code: str
    message: str


class BodyOauthRevoke(TypedDict):
    token: str
    token_type_hint: NotRequired[str | None]


class BodyOauthToken(TypedDict):
    audience: NotRequired[str | None]
    client_id: NotRequired[str | None]
    client_secret: NotRequired[str | None]
    grant_type: str
    password: NotRequired[str | None]
    refresh_token: NotRequired[str | None]
    scope: NotRequired[str | None]
    subject_token: NotRequired[str | None]
    subject_token_type: NotRequired[str | None]
    username: NotRequired[str | None]


class BoundRulebook(TypedDict):
    """A rulebook in force for the township from a day."""

    effective_from: str
    rulebook_code: str


class CaseFindingOut(TypedDict):
    """A finding of the case."""

    dropped: bool
    finding_id: str


class CaseOut(TypedDict):
    """A case."""

    actions: NotRequired[list[ActionOut] | None]
    basis: str
    capacity: RulebookCapacity
    categories: list[str]
    created_at: str
    crime_assessment: Crime | None
    decided_on: str | None
    elements: dict[str, str] | None
    fact_on: str
    facts_presented_on: str | None
    findings: list[CaseFindingOut]
    ground: str | None
    history: list[PastMeasure]
    id: str
    management: str | None
    measure: MeasureCode | None
    missing_outputs: NotRequired[list[Output] | None]
    objection_note: str
    objection_until: str | None
    opened_by_id: str | None
    opened_on: str
    organ: Office
    recusals: list[CasesRecusedOut]
    routing_reason: str | None
    rulebook: str
    state: Literal[
        "opened", "facts_presented", "decided", "executed", "closed", "no_measure", "referred", "transferred"
    ]
    state_since: str
    statement: Statement | None
    steps: list[StepOut]
    subject_person_id: str | None
    subject_unit_id: str | None
    subject_village_code: str | None
    township_code: str
    version: int
    warnings: list[str]


class CasesRecusedOut(TypedDict):
    """Who does not act."""

    interest: CasesInterest
    person_id: str
    substitute_id: str | None


class CategoryOut(TypedDict):
    """A kind of cadre (articles 3 and 10)."""

    code: str
    name_en: str
    name_zh: str


class CheckpointOut(TypedDict):
    """Size and root of a log's RFC 9162 tree as it stands; as text, the newest signed note (C2SP tlog-
    checkpoint)."""

    key: str
    log: str
    origin: str
    root: str
    signed: Signed | None
    size: int


class ClauseOut(TypedDict):
    """One article, verbatim; `printed_label` is what the paper says."""

    logical_article: int
    printed_label: str
    text: str
    topic: str
    topic_zh: str


class ClockOut(TypedDict):
    now: str
    simulated: bool


class Close(TypedDict):
    """The end of the case."""

    remarks: NotRequired[str | None]


class CloseRound(TypedDict):
    """Nothing to add: everyone drawn has been answered for."""


class CodeOut(TypedDict):
    """The code, shown this once; it is kept nowhere."""

    code: NotRequired[str | None]
    expires_at: str
    signoff_id: str


class Collect(TypedDict):
    """Into the leading group's summary."""


class ColumnOut(TypedDict):
    """A column of the sheet by its own heading, and what it is read as; null where it is not read."""

    field: str | None
    heading: str


class CompetenceOut(TypedDict):
    """Article 10: who decides, and who in the township carries the case."""

    deciding: list[Organ]
    handling: list[Organ]
    policies: list[str]
    reason_required: bool
    route: Literal["decide", "refer", "transfer"]


class CompleteMeasure(TypedDict):
    """When a measure was carried out and what came of it."""

    done_on: str
    result: str


class ConfirmCommit(TypedDict):
    """Nothing to add: the frame is today's helpers with a household."""


class ConfirmFinding(TypedDict):
    """One primary ground; others that fit are listed as alternatives (G33)."""

    alternatives: NotRequired[list[str]]
    form_task_id: NotRequired[str | None]
    ground: str
    meeting_id: NotRequired[str | None]
    reasons: str
    requirement_id: NotRequired[str | None]


class ConsequenceOut(TypedDict):
    article: str
    code: str
    text: str


class ConsequencesOut(TypedDict):
    """Article 7."""

    complete: list[ConsequenceOut]
    not_complete: list[ConsequenceOut]


class ConsistencyOut(TypedDict):
    """RFC 9162, 2.1.4: the proof leads from the earlier tree to both roots. Hashes are SHA-256 in hex."""

    log: str
    old: int
    old_root: str
    proof: list[str]
    root: str
    size: int


class CorrectCheck(TypedDict):
    """A corrected version: either what was found, or that nobody was checked."""

    not_checked: NotRequired[NotChecked | None]
    reason: str
    recorded: NotRequired[RecordCheck | None]


class CorrectVisit(TypedDict):
    """What was recorded wrongly and why; the earlier version stays."""

    place: NotRequired[str]
    reason: str
    text: NotRequired[str]


class CreateAccount(TypedDict):
    """A login for a person of the register, with a password good only for setting his own."""

    id: NotRequired[str | None]
    login: str
    password: str
    person_id: str


class CreateAppointment(TypedDict):
    """An office from a day; `place` is a township's, village's or county's code."""

    ends: NotRequired[str | None]
    id: NotRequired[str | None]
    office: Office
    person_id: str
    place: str
    starts: str


class CreateAttachment(TypedDict):
    """A file: either declared, to come in parts, or sent at once as `content`."""

    confidential: NotRequired[bool]
    content: NotRequired[str | None]
    file_name: str
    household_id: NotRequired[str | None]
    id: NotRequired[str | None]
    media_type: NotRequired[MediaType | None]
    person_id: NotRequired[str | None]
    sha256: NotRequired[str | None]
    size: NotRequired[int | None]


class CreateClient(TypedDict):
    """A county system's client."""

    id: NotRequired[str | None]
    login: str
    scopes: NotRequired[list[ClientScope]]
    secret: str


class CreateEvaluation(TypedDict):
    """Begin the evaluation of a helper for whom the year-end submission made none."""

    helper_id: str
    id: NotRequired[str | None]
    year: int


class CreateEvent(TypedDict):
    """A dated life event (G19), confirmed by two different people on the evidence named."""

    confirmer_ids: list[str]
    evidence: str
    happened_on: str
    id: NotRequired[str | None]
    kind: Literal["moved_out", "deceased_all", "split", "merged", "delisted", "returned_to_poverty", "newly_listed"]
    related_household_ids: NotRequired[list[str]]


class CreateFinding(TypedDict):
    """Something found about one subject; a citizen's report is recorded by an office."""

    attachment_ids: NotRequired[list[str]]
    description: str
    evidence: NotRequired[list[str]]
    fact_on: str
    household_id: NotRequired[str | None]
    id: NotRequired[str | None]
    source: Literal["citizen_report", "office"]
    subject: Subject
    suggested_grounds: NotRequired[list[str]]


class CreateForm(TypedDict):
    """The caller's own form."""

    digest: NotRequired[str | None]
    id: NotRequired[str | None]
    text: str


class CreateFormTask(TypedDict):
    """A form due by the end of a day, of the helpers named or of every helper."""

    due_on: str
    helper_ids: NotRequired[list[str] | None]
    id: NotRequired[str | None]
    requirement_id: NotRequired[str | None]
    text: str
    title: str


class CreateHousehold(TypedDict):
    """A household of the register (建档立卡)."""

    attribute: NotRequired[Attribute]
    card_number: str
    group_name: NotRequired[str | None]
    head_name: str
    id: NotRequired[str | None]
    listed_on: str
    main_cause: Cause
    members: NotRequired[list[MemberIn]]
    other_causes: NotRequired[list[Cause]]
    village_code: str


class CreateInterpretation(TypedDict):
    """What the text means, by whom it is for to say (article 11)."""

    applies_from: str
    article: str
    id: NotRequired[str | None]
    policy_key: NotRequired[str | None]
    replaces_id: NotRequired[str | None]
    rulebook_code: NotRequired[str]
    text: str


class CreateMeeting(TypedDict):
    """A meeting; one that people must attend is called before it begins, with its invitees (G46)."""

    begins_at: str
    id: NotRequired[str | None]
    invitee_ids: NotRequired[list[str]]
    place: str
    required: bool
    requirement_id: NotRequired[str | None]
    title: str


class CreatePairing(TypedDict):
    """A helper for a household from a day; one of a household's helpers is the primary one."""

    ends: NotRequired[str | None]
    helper_id: str
    household_id: str
    id: NotRequired[str | None]
    is_primary: bool
    starts: str


class CreatePerson(TypedDict):
    """A person of the township's register."""

    category: Literal["organ_cadre", "village_committee_member", "group_cadre", "unit_staff", "other"]
    citizen_id: NotRequired[str | None]
    id: NotRequired[str | None]
    management_authority: NotRequired[Literal["township", "county", "above"]]
    name: str
    party_membership: NotRequired[Literal["member", "not_member", "unknown"]]
    phone: NotRequired[str | None]
    unit_id: NotRequired[str | None]


class CreatePlan(TypedDict):
    """A plan for a household and year, with its measures (HY.9.3.4)."""

    household_id: str
    id: NotRequired[str | None]
    kind: PlanKind
    measures: NotRequired[list[MeasureIn]]
    text: str
    year: int


class CreatePublication(TypedDict):
    """What was made public, where, from which day."""

    attachment_ids: NotRequired[list[str]]
    digest: NotRequired[str | None]
    due_on: NotRequired[str | None]
    id: NotRequired[str | None]
    kind: PublicationKind
    place: str
    requirement_id: NotRequired[str | None]
    shown_from: str
    title: str
    village_code: NotRequired[str | None]


class CreateRequirement(TypedDict):
    """What is required in writing; it binds what comes after it was recorded (G47)."""

    applies_from: str
    applies_to: NotRequired[str | None]
    document_number: NotRequired[str | None]
    id: NotRequired[str | None]
    kind: Requirement
    text: str
    visits_per_month: NotRequired[int | None]


class CreateRound(TypedDict):
    """Open the quarterly assessment (季度考核) of a quarter."""

    id: NotRequired[str | None]
    quarter: str
    rubric_id: NotRequired[str | None]


class CreateRubric(TypedDict):
    """A new edition of a rubric (评分细则): local policy, never part of the regulation (G2)."""

    code: str
    criteria: list[CriterionBody]
    id: NotRequired[str | None]
    title: str


class CreateSignoff(TypedDict):
    """Open the sign-off of a household for a year."""

    household_id: str
    id: NotRequired[str | None]
    statement: StatementIn
    year: int


class CreateSubmission(TypedDict):
    """Open the year-end review (年底审核汇总) of a year, with an evaluation for everyone who helped in it."""

    id: NotRequired[str | None]
    year: int


class CreateUnit(TypedDict):
    """A unit whose staff help."""

    id: NotRequired[str | None]
    level: NotRequired[str]
    name: str


class CreateVillage(TypedDict):
    """A village that the national list did not bring."""

    code: str
    id: NotRequired[str | None]
    name: str
    principal_post: NotRequired[PrincipalPost]


class CreateVisit(TypedDict):
    """The caller's own visit to a household of his; `device_time` is the phone's."""

    attachment_ids: NotRequired[list[str]]
    device_time: str
    household_id: str
    id: NotRequired[str | None]
    place: str
    text: str


class CreateWebhook(TypedDict):
    """Where to tell what happens in the county's townships."""

    cursor: NotRequired[str | None]
    description: NotRequired[str | None]
    events: NotRequired[
        list[
            Literal[
                "account.bound",
                "account.created",
                "account.disabled",
                "account.password_set",
                "account.reset",
                "annual_evaluation.begun",
                "annual_evaluation.determined",
                "annual_evaluation.proposed",
                "annual_evaluation.reopened",
                "appointment.ended",
                "appointment.made",
                "attachment.expired",
                "attachment.opened",
                "attachment.stored",
                "case.closed",
                "case.decided",
                "case.executed",
                "case.facts_presented",
                "case.handed_over",
                "case.no_measure",
                "case.opened",
                "case.outcome_recorded",
                "case.recused",
                "case.referred",
                "case.revised",
                "case.statement_recorded",
                "case.transferred",
                "checkpoint.signed",
                "device.synced",
                "divisions.loaded",
                "finding.confirmed",
                "finding.dismissed",
                "finding.proposed",
                "form.accepted",
                "form.returned",
                "form.submitted",
                "form_task.set",
                "household.amended",
                "household.life_event",
                "household.member_disclosed",
                "household.member_joined",
                "household.member_left",
                "household.registered",
                "household.status_changed",
                "household.without_helper",
                "import.cancelled",
                "import.carried_out",
                "import.checked",
                "import.continued",
                "import.expired",
                "import.finished",
                "import.read",
                "import.received",
                "inspection.added",
                "inspection.corrected",
                "inspection.drawn",
                "inspection.not_checked",
                "inspection.recorded",
                "inspection.team_assigned",
                "inspection_round.closed",
                "inspection_round.committed",
                "inspection_round.drawn",
                "inspection_round.missed",
                "inspection_round.nonce_opened",
                "inspection_round.planned",
                "inspection_round.proposed",
                "interpretation.made",
                "leave.approved",
                "leave.refused",
                "leave.requested",
                "meeting.attendance_recorded",
                "meeting.called",
                "meeting_invitation.attendance",
                "notice.corrected",
                "notice.due",
                "notice.published",
                "notice.withdrawn",
                "objection.accepted",
                "objection.decided",
                "objection.filed",
                "objection.withdrawn",
                "pairing.ended",
                "pairing.handed_over",
                "pairing.started",
                "person.changed",
                "person.created",
                "person.disclosed",
                "plan.made",
                "plan_measure.completed",
                "plan_measure.dropped",
                "plan_measure.started",
                "policy.set",
                "publication.shown",
                "publication.taken_down",
                "quarterly_round.listed",
                "quarterly_round.opened",
                "quarterly_round.reported",
                "quarterly_round.summarised",
                "quarterly_score.added",
                "quarterly_score.assessed",
                "quarterly_score.corrected",
                "quarterly_score.not_assessed",
                "requirement.set",
                "rubric.issued",
                "rulebook.bound",
                "rulebook.published",
                "signoff.code_issued",
                "signoff.collected",
                "signoff.conflict_acknowledged",
                "signoff.considered_unconfirmed",
                "signoff.forwarded",
                "signoff.objected",
                "signoff.opened",
                "signoff.refused",
                "signoff.remarked",
                "signoff.restated",
                "signoff.reviewed",
                "signoff.signed",
                "signoff.substitute_named",
                "township.adopted",
                "unit.created",
                "village.changed",
                "village.registered",
                "visit.corrected",
                "visit.recorded",
                "webhook.changed",
                "webhook.created",
                "webhook.disabled",
                "webhook.enabled",
                "webhook.replay_asked",
                "webhook.secret_rotated",
                "year_end_submission.listed",
                "year_end_submission.opened",
                "year_end_submission.reviewed",
                "year_end_submission.submitted",
                "year_end_submission.summarised",
            ]
        ]
    ]
    id: NotRequired[str | None]
    url: str


class CriterionBody(TypedDict):
    """One heading of a rubric."""

    code: str
    deductions: list[DeductionBody]
    maximum: int
    title: str


class Decide(TypedDict):
    """The measure of the ground, with reasons; a measure is never substituted for another (G34)."""

    cited_rule: NotRequired[str | None]
    confirms_outside_article_3: NotRequired[bool]
    crime_assessment: NotRequired[Crime | None]
    discipline_kind: NotRequired[Literal["party", "admin"]]
    measure: MeasureCode
    mitigation: NotRequired[str | None]
    outcome: NotRequired[str | None]
    reasons: str
    same_facts_reason: NotRequired[str | None]


class DecideObjection(TypedDict):
    """Upheld, modified or revoked; never heavier."""

    dropped_finding_ids: NotRequired[list[str]]
    ground: NotRequired[str | None]
    outcome: Literal["upheld", "modified", "revoked"]
    reasons: str


class DeductionBody(TypedDict):
    """One thing for which points are taken off."""

    code: str
    points: int
    title: str


class DeliveryOut(TypedDict):
    """What became of telling one entry."""

    attempts: int
    delivered_at: str | None
    error: str | None
    event: str
    first_at: str
    id: str
    last_at: str
    log: str
    ms: int
    seq: int
    state: Told
    status: int | None
    township_code: str
    webhook_id: str


class DeterminationOut(TypedDict):
    """A version of what the Party committee determined, and what follows from it (article 7)."""

    author_id: str
    cadre_annual_grade: GradeBody | None
    departs: bool
    determined_at: str
    id: str
    measures: list[str]
    mitigation: str | None
    notice_due: bool
    number: int
    outcome: Literal["complete", "not_complete", "not_applicable", "not_determined"]
    plan_target: str | None
    priority_for_awards: bool
    priority_for_excellent: bool
    priority_reason: str | None
    proposal_hash: str
    reasons: str
    reopened_because: str | None
    replaces_id: str | None
    results_considered: str
    submission_id: str
    veto_year: int | None


class Determine(TypedDict):
    """What the Party committee determines, why, and how it considered the year's results (R5.4, R5.6, G4)."""

    cadre_annual_grade: NotRequired[GradeBody | None]
    mitigation: NotRequired[str | None]
    outcome: Literal["complete", "not_complete", "not_applicable", "not_determined"]
    plan_target: NotRequired[str | None]
    priority_reason: NotRequired[str | None]
    reasons: str
    results_considered: str
    submission_id: str


class Difference(TypedDict):
    """A record that moved on: the version the phone saw, the one that stands, and what stands in fields
    that differ."""

    fields: dict[str, Any]
    seen: int | None
    stands: int


class DisciplineReferenceOutput(TypedDict):
    """党政纪处分: the decision of the organ that issued it, under the rule it cites (G42)."""

    cited_rule: str
    document_number: str
    issued_by: str
    issued_on: str
    outcome: str
    output: Literal["discipline_reference"]


class Disclose(TypedDict):
    """Why the full citizen id is needed; it is recorded."""

    purpose: str


class Disclosed(TypedDict):
    """A citizen id in full; it is not kept for retries."""

    citizen_id: NotRequired[str | None]
    id: str


class DismissFinding(TypedDict):
    """Why nothing follows; without a reason no finding vanishes (article 2)."""

    reasons: str


class DivisionOut(TypedDict):
    """A place of the national list."""

    code: str
    level: Level
    name: str
    parent_code: str | None


class DrawCoverageOut(TypedDict):
    """Who was drawn in which months of the year."""

    helpers: list[HelperMonthsOut]
    months: list[MonthOut]
    year: int


class Elements(TypedDict):
    """The five elements of article 8, each with its evidence; none is ever computed (G45, G62)."""

    adverse_influence: str
    duty_not_performed: str
    helper: str
    task_not_completed: str
    work_seriously_affected: str


class EligibilityOut(TypedDict):
    """May this helper take part in the awards of a year? Every kind of award (R7.2, G31)."""

    determination: StandingDeterminationOut | None
    eligible: bool
    helper_id: str
    measures: list[str]
    priority: bool
    priority_for_excellent: bool
    veto_ends_on: str | None
    year: int


class EndAppointment(TypedDict):
    """The first day on which the office is no longer held."""

    ends: str


class EndPairing(TypedDict):
    """The first day on which the helper no longer has the household."""

    ends: str
    reason: str


class EntryOut(TypedDict):
    """One entry: the sealed leaf exactly as hashed, and what is disclosed beside it."""

    disclosed: dict[str, Any] | None
    event: str
    happened_at: str
    helper_id: str | None
    household_id: str | None
    leaf: str
    leaf_hash: str
    log: str
    recorded_at: str
    seq: int
    subject_id: str


class EntryTold(TypedDict):
    """The entry as it stands in the ledger; what is disclosed beside it is read at `GET /v1/events`."""

    event: str
    happened_at: str
    helper_id: str | None
    household_id: str | None
    leaf: str
    leaf_hash: str
    log: str
    recorded_at: str
    seq: int
    subject_id: str


class EvaluationExplanationOut(TypedDict):
    """The explanation of an evaluation's latest proposal; null before the first."""

    helper_id: str
    id: str
    proposal: ExplanationOut | None
    township_code: str
    version: int
    year: int


class EvaluationOut(TypedDict):
    """A helper's year-end evaluation (年终考核评价); the last determination stands."""

    actions: NotRequired[list[ActionOut] | None]
    created_at: str
    determinations: list[DeterminationOut]
    helper_id: str
    id: str
    proposal_hash: str | None
    proposed_at: str | None
    proposed_outcome: (
        Literal["complete", "not_complete", "not_applicable", "unconfirmed", "not_determined", "no_rule"] | None
    )
    reopen_reason: str | None
    state: Literal["pending", "proposed", "determined", "reopened"]
    state_since: str
    township_code: str
    version: int
    year: int


class EvaluationsReview(TypedDict):
    """What the review of the two ledgers found (审核)."""

    findings: str


class EvaluationsSummarise(TypedDict):
    """Sum the year up (统一汇总): the numbers are the service's, the words the leading group's."""

    summary: str


class EventOut(TypedDict):
    """A life event of a household."""

    confirmer_ids: list[str]
    created_at: str
    evidence: str
    flags: list[Literal["removed_in_fourth_quarter"]]
    happened_on: str
    household_id: str
    id: str
    kind: Literal["moved_out", "deceased_all", "split", "merged", "delisted", "returned_to_poverty", "newly_listed"]
    recorded_on: str
    related_household_ids: list[str]
    township_code: str
    version: int


class ExclusionOut(TypedDict):
    """A helper outside the frame, and why."""

    helper_id: str
    reason: str


class ExplanationOut(TypedDict):
    """Why a proposal is what it is. It decides nothing."""

    as_of: str
    denominator: int
    households: list[HouseholdLineOut]
    months: list[PeriodOut]
    out: int
    outcome: Literal["complete", "not_complete", "not_applicable", "unconfirmed", "not_determined", "no_rule"]
    quarters: list[PeriodOut]
    rule: RuleOut


class Faulty(TypedDict):
    """Any other operation that says which one it is: it alone is refused, and the receipt's `errors` say
    why."""

    counter: int
    key: str


class FieldProblem(TypedDict):
    """One thing that is wrong with the request, and where."""

    code: str
    message: str
    pointer: str


class FileObjection(TypedDict):
    """What the subject of a decision, or the head of the body concerned, has against it."""

    case_id: str
    id: NotRequired[str | None]
    text: str


class FindingOut(TypedDict):
    """A finding."""

    actions: NotRequired[list[ActionOut] | None]
    alternatives: list[str]
    attachment_ids: list[str]
    created_at: str
    description: str
    evidence: list[str]
    fact_on: str
    form_task_id: str | None
    ground: str | None
    has_case: bool
    household_id: str | None
    id: str
    meeting_id: str | None
    reasons: str | None
    recorded_by_id: str | None
    requirement_id: str | None
    rulebook: str
    settled_by_id: str | None
    settled_on: str | None
    settled_organ: str | None
    source: Source
    source_id: str | None
    state: Literal["proposed", "confirmed", "dismissed"]
    state_since: str
    subject_person_id: str | None
    subject_unit_id: str | None
    subject_village_code: str | None
    suggested_grounds: list[str]
    township_code: str
    version: int


class FormOut(TypedDict):
    """A form handed in."""

    actions: NotRequired[list[ActionOut] | None]
    created_at: str
    digest: str | None
    form_task_id: str
    helper_id: str
    id: str
    incomplete: bool
    irregular: bool
    late: bool
    review_note: str | None
    state: Literal["submitted", "accepted", "returned"]
    state_since: str
    submitted_at: str
    text: str
    township_code: str
    version: int


class FormTaskOut(TypedDict):
    """A form task and how many have handed in."""

    created_at: str
    due_on: str
    handed_in: int
    helper_ids: list[str] | None
    id: str
    requirement_id: str | None
    set_on: str
    text: str
    title: str
    township_code: str
    version: int


class Forward(TypedDict):
    """Send a refused sign-off on, unconfirmed."""

    reason: str


class FurtherIn(TypedDict):
    """A further aspect (等方面)."""

    found: str
    name: str


class FurtherOut(TypedDict):
    found: str
    name: str


class Gap(TypedDict):
    """What has not arrived yet."""

    offset: int
    size: int


class GeneralClauseOut(TypedDict):
    """Article 8: all elements together, and no measure."""

    article: str
    code: str
    elements: list[SubFactOut]
    measure: None
    organ: str
    subjects: list[str]


class Gone(TypedDict):
    """A record that its reader may not read any more: take it off the phone."""

    id: str
    resource: str


class GradeBody(TypedDict):
    """The cadre's annual assessment made elsewhere (年度考核), for reference only (G3, G60)."""

    grade: str
    source: str


class GroundOut(TypedDict):
    """One 情形: `text` is verbatim, the labels are paraphrases."""

    alternatives: list[str]
    article: str
    code: str
    evidence_zh: str
    label_en: str
    label_zh: str
    measure: str
    needs: str | None
    number: int
    overlaps_articles: list[str]
    printed_label: str
    sub_facts: list[SubFactOut]
    text: str


class HandedOver(TypedDict):
    """What was handed over, where the same request is sent again: the package itself leaves only once."""

    checkpoint_size: int
    entries: int
    evidence: int
    sha256: str
    size: int


class HandoversHandOver(TypedDict):
    """To whom the case is handed over; it stands, sealed, in the entry that records this."""

    to: str


class HeldOffice(TypedDict):
    office: Office
    place: str
    since: str


class HelperLedgerRow(TypedDict):
    """A year in the ledger of helpers' work: of a helper who had a household then, or of whom it has an
    entry."""

    checks: list[str | None]
    determination: str | None
    entries: int
    events: dict[str, int]
    first_at: str | None
    households: int
    id: str
    last_at: str | None
    last_seq: int | None
    name: str
    quarters: list[str | None]
    unit: str | None
    visits: list[int]


class HelperMonthsOut(TypedDict):
    """One helper's months: drawn and checked or not, checked besides, in the frame and not drawn."""

    helper_id: str
    months: dict[str, Literal["recorded", "not_checked", "pending", "additional", "not_drawn"]]
    name: str


class HelperOut(TypedDict):
    """A person with a helper appointment today."""

    category: Literal["organ_cadre", "village_committee_member", "group_cadre", "unit_staff", "other"]
    citizen_id_last_four: str | None
    created_at: str
    households: int
    id: str
    management_authority: Literal["township", "county", "above"]
    name: str
    party_membership: Literal["member", "not_member", "unknown"]
    phone: str | None
    township_code: str
    unit_id: str | None
    version: int


class HouseholdLedgerRow(TypedDict):
    """A household's year in the ledger of exits from poverty: one that had a helper then, or has an entry."""

    card_number: str
    confirmed_on: str | None
    entries: int
    events: dict[str, int]
    first_at: str | None
    head_name: str
    helper: str | None
    id: str
    last_at: str | None
    last_seq: int | None
    out_of_poverty: bool | None
    signoff: str | None
    status: str
    village_code: str
    visits: list[int]


class HouseholdLineOut(TypedDict):
    """One household: how it counts, and on what record."""

    assigned_from: str
    assigned_to: str | None
    closed_by: str | None
    closed_on: str | None
    confirmed_on: str | None
    exit_rule: str | None
    flags: list[str]
    household_id: str
    in_denominator: bool
    late: bool
    objected: bool
    out_of_poverty: bool | None
    primary: bool
    returned_on: str | None
    signoff_id: str | None
    signoff_state: str | None
    standing: Literal["out", "not_out", "unconfirmed", "unreviewed", "overtaken", "closed", "handed_over"]
    statement_hash: str | None


class HouseholdOut(TypedDict):
    """A household with its members and today's helpers."""

    attribute: Attribute
    card_number: str
    created_at: str
    entered_later: bool
    group_name: str | None
    has_helper: bool
    head_name: str
    helper_ids: list[str]
    id: str
    listed_on: str
    main_cause: Cause
    members: list[MemberOut]
    other_causes: list[Cause]
    primary_helper_id: str | None
    status: Status
    status_on: str
    township_code: str
    version: int
    village_code: str


class HouseholdsHandOver(TypedDict):
    """Who is the primary helper from which day on."""

    helper_id: str
    reason: str
    starts: str


class ImportOut(TypedDict):
    """A sheet that was handed in; nothing of it is on the registers before it is carried out."""

    actions: NotRequired[list[ActionOut] | None]
    bad: int
    columns: list[ColumnOut]
    created_at: str
    digest: str
    dry_run: bool
    expires_on: str
    from_county: bool
    good: int
    header_row: int
    id: str
    imported: int
    importer_id: str | None
    kind: IntakeKind
    long: bool
    made: dict[str, int]
    media: str
    mode: Mode
    progress: int
    rows: int | None
    size: int
    state: Literal["received", "checked", "running", "done", "cancelled"]
    state_since: str
    township_code: str
    version: int


class InclusionOut(TypedDict):
    """RFC 9162, 2.1.3: the proof leads from the leaf's hash to the root. Hashes are SHA-256 in hex."""

    index: int
    leaf_hash: str
    log: str
    proof: list[str]
    root: str
    size: int


class InspectionOut(TypedDict):
    """The check of one helper in one month."""

    actions: NotRequired[list[ActionOut] | None]
    added_reason: str | None
    aspects: AspectsOut | None
    attachment_ids: list[str]
    checked_on: str | None
    correction_reason: str | None
    corrects_id: str | None
    created_at: str
    current: bool
    further: list[FurtherOut]
    helper_id: str
    id: str
    interviews: list[InterviewOut]
    kind: InspectionsKind
    month: str
    not_checked_reason: str | None
    problems: list[ProblemOut]
    rank: int | None
    recorded_by: str | None
    round_id: str
    state: Literal["pending", "recorded", "not_checked"]
    state_since: str
    superseded_by: str | None
    team: list[InspectorOut]
    team_reason: str | None
    team_warnings: list[TeamWarning]
    township_code: str
    version: int


class InspectionsRecusedOut(TypedDict):
    helper_id: str
    inspector_id: str


class InspectionsRoundOut(TypedDict):
    """The spot check of one month."""

    actions: NotRequired[list[ActionOut] | None]
    algorithm: Literal["draw/v1"] | None
    committed_at: str | None
    confirmed_by: str | None
    created_at: str
    draw_id: str
    drawn_at: str | None
    exclusions: list[ExclusionOut] | None
    exclusions_hash: str | None
    frame_hash: str | None
    id: str
    inspectors: list[str]
    late: bool
    late_reason: str | None
    missed_in_month: bool
    month: str
    population: int | None
    proposed_by: str | None
    proposed_office: str | None
    recusals_hash: str | None
    reveal_by: str | None
    sample_size: int | None
    seed: str | None
    seed_due: str | None
    sources: list[SourceOut]
    state: Literal["planned", "proposed", "committed", "drawn", "closed", "missed"]
    state_since: str
    team_size: int | None
    township_code: str
    version: int


class InspectorIn(TypedDict):
    """A member of the team and what he declares about this helper; leaving it out is not declaring."""

    interest: NotRequired[InspectionsInterest | None]
    person_id: str


class InspectorOut(TypedDict):
    interest: InspectionsInterest | None
    person_id: str
    same_unit: bool


class InterpretationOut(TypedDict):
    applies_from: str
    article: str
    created_at: str
    id: str
    interpreted_by: str
    policy_key: str | None
    replaces_id: str | None
    rulebook_code: str
    text: str
    township_code: str
    version: int


class InterviewIn(TypedDict):
    """A household spoken with, or the attempt (G13); was the helper there? (G57)"""

    attempts: NotRequired[int]
    found: NotRequired[str | None]
    helper_present: NotRequired[bool | None]
    household_id: str
    outcome: InterviewOutcome


class InterviewOut(TypedDict):
    attempts: int
    found: str | None
    helper_present: bool | None
    household_id: str
    outcome: InterviewOutcome


class InvitationOut(TypedDict):
    """One invitee: his leave is the state, and his attendance."""

    actions: NotRequired[list[ActionOut] | None]
    attendance: Attendance | None
    created_at: str
    decision_reason: str | None
    id: str
    leave_reason: str | None
    meeting_id: str
    person_id: str
    state: Literal["invited", "leave_requested", "leave_approved", "leave_refused"]
    state_since: str
    township_code: str
    version: int


class IssueCode(TypedDict):
    """To whom the code is handed, and by whom: never to or through the helper."""

    agent_id: NotRequired[str | None]
    handed_by: NotRequired[str | None]
    member_id: NotRequired[str | None]


class Item(TypedDict):
    """A record that is new or changed: what its own read shows, without what is counted or gathered from
    others."""

    record: dict[str, Any]
    resource: str


class Jwk(TypedDict):
    """A public key of access tokens (RFC 7517, RFC 8037)."""

    alg: Literal["EdDSA"]
    crv: Literal["Ed25519"]
    kid: str
    kty: Literal["OKP"]
    use: Literal["sig"]
    x: str


class JwksOut(TypedDict):
    keys: list[Jwk]


class LedgerPlace(TypedDict):
    """Where the commitment stands in the township's log, and what shows that it stands there."""

    checkpoint: str | None
    checkpoint_size: int | None
    inclusion: list[str] | None
    leaf: str
    leaf_hash: str
    log: str
    seq: int
    signed_at: str | None
    witnesses: list[str]


class LineOut(TypedDict):
    """One deduction explained."""

    criterion: str
    deduction: str
    points: int
    text: str
    times: int


class LocalValueOut(TypedDict):
    """A value the township set."""

    effective_from: str
    reason: str
    set_at: str
    set_by: str
    value: bool | int | str | list[str] | None
    version: int


class Made(TypedDict):
    """A record that the row became."""

    id: str
    resource: str


class MeOut(TypedDict):
    """Who I am and what I hold today."""

    account_id: str
    appointments: list[HeldOffice]
    county_code: str
    issuer: str | None
    login: str
    must_set_password: bool
    person_id: str | None
    scopes: list[ClientScope] | None
    secret_set_at: str
    secret_set_by: str | None
    simulated: bool
    subject: str | None
    today: str
    township_code: str


class MeasureIn(TypedDict):
    """One measure of a plan."""

    due_on: str
    text: str


class MeasureLine(TypedDict):
    """A measure as its plan shows it."""

    done_on: str | None
    due_on: str
    id: str
    result: str | None
    state: Literal["planned", "under_way", "done", "dropped"]
    text: str
    version: int


class MeetingOut(TypedDict):
    """A meeting with its numbers; who was invited stands under `meeting-invitations`."""

    absent: int
    attended: int
    begins_at: str
    created_at: str
    id: str
    invited: int
    late: int
    on_leave: int
    place: str
    required: bool
    requirement_id: str | None
    title: str
    township_code: str
    version: int


class MemberIn(TypedDict):
    """A person of a household; sex and birth date follow from the citizen id."""

    citizen_id: str
    id: NotRequired[str | None]
    name: str
    relation: Relation


class MemberLeaves(TypedDict):
    """A member who no longer belongs to a household that lives on (自然减少)."""

    left_on: str
    reason: LeftReason


class MemberOut(TypedDict):
    """A person of a household; of the citizen id only the last four."""

    born: str
    citizen_id_last_four: str
    id: str
    left_on: str | None
    left_reason: LeftReason | None
    name: str
    relation: Relation
    sex: Literal["male", "female"]


class Message(TypedDict):
    """What is posted to a webhook, by the Standard Webhooks specification: verify it before reading it."""

    data: EntryTold
    timestamp: str
    type: str


class MethodBody(TypedDict):
    """A method used, with what there is to show for it."""

    attachment_ids: NotRequired[list[str]]
    evidence: NotRequired[str | None]
    helper_present: NotRequired[bool | None]
    household_id: NotRequired[str | None]
    method: Literal["on_site", "documents", "household_interview", "other"]


class MissingBody(TypedDict):
    """A method not used, and why (G12)."""

    attempts: NotRequired[list[AttemptBody]]
    method: Literal["on_site", "documents", "household_interview"]
    reason: str


class MonthOut(TypedDict):
    """A month's draw; `missed_in_month` for good where the month ended without one (G8)."""

    late: bool
    missed_in_month: bool
    month: str
    population: int | None
    sample_size: int | None
    state: str


class MonthlyOut(TypedDict):
    article: str
    aspects: list[SubFactOut]
    open_list: bool
    random: bool
    ratio_percent: int
    unit: str


class MoveOut(TypedDict):
    """One action: from which states to which, by whom, on which article."""

    article: str
    name: str
    offices: list[Office]
    path: dict[str, list[str]]
    summary: str
    summary_zh: str


class NameSubstitute(TypedDict):
    """Who signs in one of the two roles that one person holds (G24)."""

    party: Party
    person_id: str
    reason: str


class NoMeasure(TypedDict):
    """Why the organ declines any measure (articles 2, 9; G34)."""

    reasons: str


class NotAssessed(TypedDict):
    """Why this helper was not assessed; not a negative result (G14)."""

    reason: str


class NotChecked(TypedDict):
    """Why nobody was checked; it counts against nobody (G9)."""

    reason: str


class NoticeOut(TypedDict):
    """A notice."""

    actions: NotRequired[list[ActionOut] | None]
    audience: Literal["township"]
    basis_stands: bool
    body: str | None
    case_id: str | None
    channel: Channel | None
    corrects_id: str | None
    created_at: str
    document_number: str | None
    ends_on: str | None
    evaluation_id: str | None
    id: str
    kind: NoticeKind
    organ: str
    reasons: str | None
    starts_on: str | None
    state: Literal["draft", "published", "corrected", "withdrawn"]
    state_since: str
    subject_person_id: str | None
    subject_unit_id: str | None
    subject_village_code: str | None
    title: str | None
    township_code: str
    version: int
    withdraws: bool


class NoticesCorrect(TypedDict):
    """The words of the correction, and why it is needed."""

    body: str
    channel: Channel
    document_number: NotRequired[str | None]
    ends_on: NotRequired[str | None]
    reasons: str
    title: str


class Object(TypedDict):
    """A signature with a text of disagreement; it goes on with the statement (G21)."""

    agent_id: NotRequired[str | None]
    attachment_ids: NotRequired[list[str]]
    authority: NotRequired[str | None]
    capacity: NotRequired[SignoffsCapacity | None]
    code: NotRequired[str | None]
    member_id: NotRequired[str | None]
    method: Method
    party: Party
    relation: NotRequired[str | None]
    text: str
    witness_id: NotRequired[str | None]


class ObjectionOut(TypedDict):
    """An objection."""

    accepted_by_id: str | None
    actions: NotRequired[list[ActionOut] | None]
    case_id: str
    created_at: str
    decided_by_id: str | None
    decided_on: str | None
    dropped_finding_ids: list[str]
    filed_by_id: str
    filed_on: str
    ground: str | None
    id: str
    organ: str | None
    other_channels: str
    reasons: str | None
    state: Literal["filed", "accepted", "upheld", "modified", "revoked", "withdrawn"]
    state_since: str
    text: str
    township_code: str
    version: int
    window_note: str


class OfficerOut(TypedDict):
    """Who holds an office at the village today."""

    name: str
    person_id: str
    since: str


class OpenCase(TypedDict):
    """A case on confirmed findings about one subject, before one organ."""

    basis: str
    capacity: RulebookCapacity
    elements: NotRequired[Elements | None]
    finding_ids: list[str]
    id: NotRequired[str | None]
    organ: Literal["party_committee", "township_government", "discipline_commission"]
    routing_reason: NotRequired[str | None]


class OpenNonce(TypedDict):
    """A party's own number, whose hash was announced; opened before any public source exists."""

    name: str
    value: str


class Operation(TypedDict):
    """Something done offline: what would have been sent over HTTP, and what only the phone knew."""

    after: NotRequired[list[str]]
    body: NotRequired[dict[str, Any] | None]
    counter: int
    device_time: str
    key: str
    operation: str
    record_id: NotRequired[str | None]
    seen: NotRequired[dict[str, Any] | None]
    version: NotRequired[int | None]


class PackageOut(TypedDict):
    """The numbers of the year as they stood when they were summed up."""

    evaluations: int
    households: dict[str, int]
    months: dict[str, str]
    quarters: dict[str, str]
    signoffs: dict[str, int]
    year: int


class PairingOut(TypedDict):
    """A helper's time with a household."""

    actions: NotRequired[list[ActionOut] | None]
    created_at: str
    end_reason: str | None
    ends: str | None
    entered_later: bool
    helper_id: str
    household_id: str
    id: str
    is_primary: bool
    starts: str
    state: Literal["active", "ended"]
    state_since: str
    township_code: str
    version: int


class PasswordSet(TypedDict):
    secret_set_at: str


class PastMeasure(TypedDict):
    """An earlier measure against the same subject: shown, and nothing follows from it (G35)."""

    case_id: str
    decided_on: str
    ground: str
    measure: MeasureCode


class PatchHousehold(TypedDict):
    """What may change of a household's master data; its status changes by life events alone."""

    attribute: NotRequired[Attribute]
    group_name: NotRequired[str | None]
    head_name: NotRequired[str]
    main_cause: NotRequired[Cause]
    other_causes: NotRequired[list[Cause]]


class PatchPerson(TypedDict):
    """What may change of a person's master data."""

    category: NotRequired[Literal["organ_cadre", "village_committee_member", "group_cadre", "unit_staff", "other"]]
    management_authority: NotRequired[Literal["township", "county", "above"]]
    name: NotRequired[str]
    party_membership: NotRequired[Literal["member", "not_member", "unknown"]]
    unit_id: NotRequired[str | None]


class PatchVillage(TypedDict):
    """What may change of a village's master data."""

    name: NotRequired[str]
    principal_post: NotRequired[PrincipalPost]


class PatchWebhook(TypedDict):
    """What is left out stays as it is."""

    description: NotRequired[str | None]
    events: NotRequired[
        list[
            Literal[
                "account.bound",
                "account.created",
                "account.disabled",
                "account.password_set",
                "account.reset",
                "annual_evaluation.begun",
                "annual_evaluation.determined",
                "annual_evaluation.proposed",
                "annual_evaluation.reopened",
                "appointment.ended",
                "appointment.made",
                "attachment.expired",
                "attachment.opened",
                "attachment.stored",
                "case.closed",
                "case.decided",
                "case.executed",
                "case.facts_presented",
                "case.handed_over",
                "case.no_measure",
                "case.opened",
                "case.outcome_recorded",
                "case.recused",
                "case.referred",
                "case.revised",
                "case.statement_recorded",
                "case.transferred",
                "checkpoint.signed",
                "device.synced",
                "divisions.loaded",
                "finding.confirmed",
                "finding.dismissed",
                "finding.proposed",
                "form.accepted",
                "form.returned",
                "form.submitted",
                "form_task.set",
                "household.amended",
                "household.life_event",
                "household.member_disclosed",
                "household.member_joined",
                "household.member_left",
                "household.registered",
                "household.status_changed",
                "household.without_helper",
                "import.cancelled",
                "import.carried_out",
                "import.checked",
                "import.continued",
                "import.expired",
                "import.finished",
                "import.read",
                "import.received",
                "inspection.added",
                "inspection.corrected",
                "inspection.drawn",
                "inspection.not_checked",
                "inspection.recorded",
                "inspection.team_assigned",
                "inspection_round.closed",
                "inspection_round.committed",
                "inspection_round.drawn",
                "inspection_round.missed",
                "inspection_round.nonce_opened",
                "inspection_round.planned",
                "inspection_round.proposed",
                "interpretation.made",
                "leave.approved",
                "leave.refused",
                "leave.requested",
                "meeting.attendance_recorded",
                "meeting.called",
                "meeting_invitation.attendance",
                "notice.corrected",
                "notice.due",
                "notice.published",
                "notice.withdrawn",
                "objection.accepted",
                "objection.decided",
                "objection.filed",
                "objection.withdrawn",
                "pairing.ended",
                "pairing.handed_over",
                "pairing.started",
                "person.changed",
                "person.created",
                "person.disclosed",
                "plan.made",
                "plan_measure.completed",
                "plan_measure.dropped",
                "plan_measure.started",
                "policy.set",
                "publication.shown",
                "publication.taken_down",
                "quarterly_round.listed",
                "quarterly_round.opened",
                "quarterly_round.reported",
                "quarterly_round.summarised",
                "quarterly_score.added",
                "quarterly_score.assessed",
                "quarterly_score.corrected",
                "quarterly_score.not_assessed",
                "requirement.set",
                "rubric.issued",
                "rulebook.bound",
                "rulebook.published",
                "signoff.code_issued",
                "signoff.collected",
                "signoff.conflict_acknowledged",
                "signoff.considered_unconfirmed",
                "signoff.forwarded",
                "signoff.objected",
                "signoff.opened",
                "signoff.refused",
                "signoff.remarked",
                "signoff.restated",
                "signoff.reviewed",
                "signoff.signed",
                "signoff.substitute_named",
                "township.adopted",
                "unit.created",
                "village.changed",
                "village.registered",
                "visit.corrected",
                "visit.recorded",
                "webhook.changed",
                "webhook.created",
                "webhook.disabled",
                "webhook.enabled",
                "webhook.replay_asked",
                "webhook.secret_rotated",
                "year_end_submission.listed",
                "year_end_submission.opened",
                "year_end_submission.reviewed",
                "year_end_submission.submitted",
                "year_end_submission.summarised",
            ]
        ]
    ]
    url: NotRequired[str]


class PeriodOut(TypedDict):
    """A month's or a quarter's result, attached for consideration; it carries no weight (G4)."""

    period: str
    record_id: str | None
    state: str


class PersonOut(TypedDict):
    """A person; of the citizen id only the last four, and these like the phone only for whom they concern."""

    category: Literal["organ_cadre", "village_committee_member", "group_cadre", "unit_staff", "other"]
    citizen_id_last_four: str | None
    created_at: str
    id: str
    management_authority: Literal["township", "county", "above"]
    name: str
    party_membership: Literal["member", "not_member", "unknown"]
    phone: str | None
    township_code: str
    unit_id: str | None
    version: int


class PlanOut(TypedDict):
    """A plan with its measures."""

    author_id: str
    created_at: str
    household_id: str
    id: str
    kind: PlanKind
    made_on: str
    measures: list[MeasureLine]
    text: str
    township_code: str
    version: int
    year: int


class PlanRound(TypedDict):
    """The spot check of one month; one draw a month (article 6)."""

    id: NotRequired[str | None]
    month: str


class PointsOut(TypedDict):
    """What the rubric gives: a reference, which triggers nothing (G2)."""

    label: Literal["参考"]
    lines: list[LineOut]
    maximum: int
    points: int


class PolicyHead(TypedDict):
    """A policy: its default with source, and the value that holds for the caller's township."""

    citation: str | None
    default: bool | int | str | list[str] | None
    default_source: Literal["seed", "outside_rule", "local_policy"]
    effective_from: str | None
    key: str
    number: str
    settable: bool
    source: Literal["seed", "outside_rule", "local_policy"]
    takes: dict[str, bool | int | str | list[str]]
    text_en: str
    text_zh: str
    value: bool | int | str | list[str] | None
    version: int


class PolicyOut(TypedDict):
    citation: str | None
    default: bool | int | str | list[str] | None
    default_source: Literal["seed", "outside_rule", "local_policy"]
    effective_from: str | None
    history: list[LocalValueOut]
    key: str
    number: str
    settable: bool
    source: Literal["seed", "outside_rule", "local_policy"]
    takes: dict[str, bool | int | str | list[str]]
    text_en: str
    text_zh: str
    value: bool | int | str | list[str] | None
    version: int


class PresentFacts(TypedDict):
    """The facts as the subject was shown them."""

    attachment_ids: NotRequired[list[str]]
    facts: str
    shown_to: NotRequired[str | None]


class Problem(TypedDict):
    """RFC 9457 problem details; further members are facts about this refusal."""

    article: NotRequired[str | None]
    code: str
    detail: NotRequired[str | None]
    errors: NotRequired[list[FieldProblem] | None]
    request_id: NotRequired[str | None]
    status: int
    title: str
    type: str


class ProblemIn(TypedDict):
    """A problem: it becomes a proposed finding and nothing more (G58)."""

    aspect: Aspect
    description: str
    ground: NotRequired[str | None]
    happened_on: str


class ProblemOut(TypedDict):
    aspect: Aspect
    description: str
    finding_id: str | None
    ground: str | None
    happened_on: str


class ProofOut(TypedDict):
    """Everything that recomputes the draw, in ids and hashes; before the draw, the commitment alone."""

    algorithm: Literal["draw/v1"]
    commitment: LedgerPlace | None
    committed_at: str
    draw_id: str
    drawn_at: str | None
    exclusions: list[ExclusionOut] | None
    exclusions_hash: str
    frame: list[str] | None
    frame_hash: str
    inspectors: list[str]
    late: bool
    missed_in_month: bool
    month: str
    population: int
    ranking: list[TicketOut] | None
    recusals: list[InspectionsRecusedOut] | None
    recusals_hash: str
    round_id: str
    sample_size: int
    seed: str | None
    sources: list[SourceOut]
    state: Literal["planned", "proposed", "committed", "drawn", "closed", "missed"]
    team_size: int | None
    teams: list[TeamOut] | None


class ProposalOut(TypedDict):
    """A ground that facts point to: for an organ to judge, with no effect of its own (G58)."""

    facts: list[str]
    ground: str
    subject_id: str | None


class Propose(TypedDict):
    """Compute the proposal from the record; nothing follows from it."""


class ProposeCommit(TypedDict):
    """What is proposed: the sources of the seed and, where wanted, teams by lot."""

    assignment: NotRequired[AssignmentIn | None]
    late_reason: NotRequired[str | None]
    recusals: NotRequired[list[RecusalIn]]
    reveal_by: str
    sources: list[SourceIn]


class PublicationOut(TypedDict):
    """What was made public."""

    actions: NotRequired[list[ActionOut] | None]
    attachment_ids: list[str]
    created_at: str
    digest: str | None
    due_on: str | None
    id: str
    kind: PublicationKind
    late: bool
    place: str
    requirement_id: str | None
    shown_from: str
    shown_to: str | None
    state: Literal["on_display", "taken_down"]
    state_since: str
    title: str
    township_code: str
    version: int
    village_code: str | None


class Publish(TypedDict):
    """The words of a notice, where it is shown and until when; its audience is always the township."""

    body: str
    channel: Channel
    document_number: NotRequired[str | None]
    ends_on: NotRequired[str | None]
    title: str


class Pulled(TypedDict):
    """What changed since the cursor, in the ledger's order."""

    anew: bool
    checkpoint: str | None
    gone: list[Gone]
    items: list[Item]
    key: str
    log: str
    more: bool
    next_cursor: str
    now: str


class Push(TypedDict):
    """What a phone hands in. Sent again it changes nothing."""

    device_id: str
    operations: list[Operation | Faulty]
    sent_at: str


class Pushed(TypedDict):
    """The receipt and its signature: that of a C2SP signed note with the text `receipt/v1`, LF, canonical
    JSON, LF."""

    key: str
    receipt: Receipt
    signature: str


class QuarterDistributionOut(TypedDict):
    """The quarters of the year."""

    quarters: list[QuarterOut]
    year: int


class QuarterOut(TypedDict):
    """One quarter: helpers by state, and by how many rows each method was used; no points (G2)."""

    helpers: dict[str, int]
    methods: dict[str, int]
    quarter: str
    state: str


class QuarterlyOut(TypedDict):
    article: str
    coverage: str
    methods: list[SubFactOut]
    open_list: bool
    report_to: str


class Reason(TypedDict):
    """Why."""

    reason: str


class ReasonOut(TypedDict):
    """Why not, or what to mind."""

    article: str | None
    code: str
    message: str


class Receipt(TypedDict):
    """What was received from a phone and what became of it; for its owner to keep."""

    account_id: str
    checkpoint: str | None
    clock_ahead_seconds: int
    clock_warning: str | None
    counter: int
    device_id: str
    entry: str | None
    log: str
    person_id: str | None
    received_at: str
    results: list[SyncResultOut]
    sent_at: str
    v: int


class RecordAttendance(TypedDict):
    """Who was there; changing what is on record needs a reason."""

    entries: list[AttendanceIn]
    reason: NotRequired[str | None]


class RecordCheck(TypedDict):
    """What the inspectors found."""

    aspects: AspectsIn
    attachment_ids: NotRequired[list[str]]
    checked_on: str
    further: NotRequired[list[FurtherIn]]
    inspectors: NotRequired[list[InspectorIn] | None]
    interviews: NotRequired[list[InterviewIn]]
    problems: NotRequired[list[ProblemIn]]


class RecordOutcome(TypedDict):
    """What the other organ answered; under article 8, the outcome by the outside rule cited."""

    cited_rule: str
    conclusion: Conclusion
    crime_assessment: NotRequired[Crime | None]
    document_number: NotRequired[str | None]
    issued_by: NotRequired[str | None]
    outcome: str


class RecordStatement(TypedDict):
    """What the subject said, or that he waived or refused; a refusal names its witness."""

    statement: Statement
    text: NotRequired[str | None]
    witness: NotRequired[str | None]


class RecusalIn(TypedDict):
    """An inspector who is not to check a helper (回避), fixed with the commitment."""

    helper_id: str
    inspector_id: str
    interest: Literal["unit", "kinship", "other"]


class RecusalOut(TypedDict):
    """A recusal."""

    case_id: str
    created_at: str
    declared_by_id: str | None
    declared_on: str
    id: str
    interest: CasesInterest
    person_id: str
    reason: str
    substitute_id: str | None
    township_code: str
    version: int


class Recuse(TypedDict):
    """A member of the organ who does not act, and who acts in his place (G61)."""

    id: NotRequired[str | None]
    interest: CasesInterest
    person_id: str
    reason: str
    substitute_id: NotRequired[str | None]


class Refer(TypedDict):
    """To a superior discipline organ or another competent one."""

    cited_rule: str
    reasons: str
    to: str


class Refuse(TypedDict):
    """The party that is due will not sign: the reason, before a witness (G21)."""

    agent_id: NotRequired[str | None]
    attachment_ids: NotRequired[list[str]]
    authority: NotRequired[str | None]
    capacity: NotRequired[SignoffsCapacity | None]
    code: NotRequired[str | None]
    member_id: NotRequired[str | None]
    method: Method
    party: Party
    reason: str
    relation: NotRequired[str | None]
    witness_id: NotRequired[str | None]


class RemarkOut(TypedDict):
    """What stands beside the four signatures, on the statement whose hash it names."""

    created_at: str
    id: str
    kind: Remark
    made_on: str
    person_id: str
    signoff_id: str
    statement_hash: str
    text: str | None
    township_code: str
    version: int


class RemarkedOut(TypedDict):
    """A remark as the sign-off shows it; it confirms and stops nothing."""

    id: str
    kind: Remark
    made_on: str
    person_id: str
    statement_hash: str
    text: str | None


class Reopen(TypedDict):
    """Why the determination is taken up again; it stands until another replaces it (G53)."""

    reason: str


class Replay(TypedDict):
    """From where to tell once more."""

    cursor: str


class Report(TypedDict):
    """Report the summary to the leading group (上报乡扶贫开发领导小组)."""


class RequirementOut(TypedDict):
    """A written requirement."""

    applies_from: str
    applies_to: str | None
    created_at: str
    document_number: str | None
    id: str
    kind: Requirement
    recorded_on: str
    text: str
    township_code: str
    version: int
    visits_per_month: int | None


class ResetPassword(TypedDict):
    """A new secret: of a client for good, of a person until he has set his own."""

    password: str


class Restate(TypedDict):
    """A changed statement; every signature on the old one is void."""

    reason: str
    statement: StatementIn


class ReturnForm(TypedDict):
    """What is wrong with the form (HY.9.1.3)."""

    incomplete: bool
    irregular: bool
    note: str


class Reveal(TypedDict):
    """The seed's sources as they came."""

    late_reason: NotRequired[str | None]
    values: list[RevealedIn]


class RevealedIn(TypedDict):
    """What an announced source gave; a source that is left out is recorded as `missing`."""

    name: str
    signature: NotRequired[str | None]
    value: str


class RoleConflictOut(TypedDict):
    """One person in two or more of the four roles (G24)."""

    acknowledged: bool
    parties: list[Party]
    person_id: str


class RotateSecret(TypedDict):
    """How long the secret before goes on signing beside the new one."""

    overlap_hours: NotRequired[int]


class RoutingOut(TypedDict):
    """One line of article 10; an empty condition holds always."""

    article: str
    categories: list[str]
    crime: list[str]
    management: list[str]
    policy: NotRequired[str | None]
    route: Literal["decide", "refer", "transfer"]
    text: str
    to: list[str]


class RowOut(TypedDict):
    """A row by its number in the sheet, and what became of it."""

    outcome: ImportsOutcome
    problems: list[RowProblem]
    records: list[Made]
    row: int


class RowProblem(TypedDict):
    """What is wrong, in the reader's language; `column` is the sheet's own heading."""

    code: str
    column: str | None
    message: str


class RubricOut(TypedDict):
    """An edition of a rubric; a changed rubric is another edition."""

    code: str
    created_at: str
    criteria: list[CriterionBody]
    edition: int
    id: str
    maximum: int
    source: Literal["local_policy"]
    title: str
    township_code: str
    version: int


class RuleOut(TypedDict):
    """The rule applied, with its article or policy number."""

    article: str
    text: str
    text_zh: str


class RulebookDocument(TypedDict):
    """The regulation as data. A partial rulebook leaves empty what was not seen."""

    alias: str | None
    assessment: NotRequired[AssessmentRulesOut | None]
    categories: list[CategoryOut]
    clauses: list[ClauseOut]
    code: str
    consequences: NotRequired[ConsequencesOut | None]
    document_number: NotRequired[str | None]
    edition: int
    effective_from: str | None
    effective_to: str | None
    general_clause: GeneralClauseOut | None
    ground_count: NotRequired[int | None]
    grounds: list[GroundOut]
    handler_of_referrals: str
    interpreter: NotRequired[str | None]
    issuer: NotRequired[str | None]
    measures: list[RulebookMeasureOut]
    notes: list[str]
    partial: bool
    persons_in_scope: list[str]
    routing: list[RoutingOut]
    signoff: NotRequired[list[SubFactOut]]
    subjects: list[SubjectOut]
    target_year: NotRequired[int | None]
    text_file: NotRequired[str | None]
    title: str
    title_en: str
    trial: bool
    year_rules: dict[str, str]


class RulebookHead(TypedDict):
    """A rulebook, and since when the caller's township is bound to it."""

    alias: str | None
    bound_from: str | None
    code: str
    edition: int
    effective_from: str | None
    effective_to: str | None
    partial: bool
    sha256: str
    title: str
    title_en: str


class RulebookMeasureOut(TypedDict):
    """One 追究方式: for which capacities, with which outputs."""

    addressee: str | None
    article: str
    code: str
    lead_text: str
    name_en: str
    name_zh: str
    outputs: list[str]
    rank: int
    requires: dict[str, str]
    scope: str | None
    subjects: list[str]


class RulebookOut(TypedDict):
    alias: str | None
    bound_from: str | None
    code: str
    document: RulebookDocument
    edition: int
    effective_from: str | None
    effective_to: str | None
    partial: bool
    sha256: str
    title: str
    title_en: str


class ScoreOut(TypedDict):
    """One helper's row in a quarterly round; the last result stands."""

    actions: NotRequired[list[ActionOut] | None]
    created_at: str
    helper_id: str
    id: str
    quarter: str
    results: list[ScoresResultOut]
    round_id: str
    state: Literal["pending", "assessed", "not_assessed"]
    state_since: str
    township_code: str
    version: int


class ScoresCorrect(TypedDict):
    """A corrected result beside the recorded one (G55): either `assessed` or `not_assessed`."""

    assessed: NotRequired[Assess | None]
    not_assessed: NotRequired[NotAssessed | None]
    reason: str


class ScoresResultOut(TypedDict):
    """One recorded result of a row."""

    author_id: str
    correction_reason: str | None
    corrects_id: str | None
    deductions: list[SeenBody] | None
    id: str
    methods: list[MethodBody] | None
    missing: list[MissingBody] | None
    narrative: str | None
    number: int
    outcome: Literal["assessed", "not_assessed"]
    points: PointsOut | None
    reason: str | None
    recorded_at: str


class ScoresRoundOut(TypedDict):
    """A quarterly round: one township, one quarter."""

    actions: NotRequired[list[ActionOut] | None]
    assessed: int | None
    created_at: str
    first_day: str
    id: str
    last_day: str
    narrative: str | None
    not_assessed: int | None
    quarter: str
    received_by: Literal["leading_group"] | None
    rubric_id: str | None
    state: Literal["open", "summarised", "reported"]
    state_since: str
    township_code: str
    version: int


class ScoresSummarise(TypedDict):
    """Sum the quarter up (统一评估并汇总)."""

    narrative: str


class SeenBody(TypedDict):
    """A deduction of the round's rubric, and how often it was seen."""

    code: str
    note: NotRequired[str | None]
    times: NotRequired[int]


class SelfCriticismOutput(TypedDict):
    """书面检查: received by the Party committee."""

    attachment_ids: NotRequired[list[str]]
    output: Literal["self_criticism"]
    received_on: str
    summary: str


class SetClock(TypedDict):
    """Where the clock of domain dates stands from now on; demonstrations only."""

    now: str


class SetPassword(TypedDict):
    """A password of one's own in place of the present one."""

    current: str
    password: str


class SetPolicy(TypedDict):
    """A township's own value, from a day on."""

    effective_from: str
    reason: str
    value: bool | int | str | list[str] | None


class Sign(TypedDict):
    """A party's signature on the statement."""

    agent_id: NotRequired[str | None]
    attachment_ids: NotRequired[list[str]]
    authority: NotRequired[str | None]
    capacity: NotRequired[SignoffsCapacity | None]
    code: NotRequired[str | None]
    member_id: NotRequired[str | None]
    method: Method
    party: Party
    relation: NotRequired[str | None]
    witness_id: NotRequired[str | None]


class SignatureOut(TypedDict):
    """What one party put on record, voided ones included."""

    attachment_ids: list[str]
    authority: str | None
    capacity: SignoffsCapacity | None
    content: str | None
    id: str
    kind: SignoffsKind
    late: bool
    member_id: str | None
    method: Method
    party: Party
    person_id: str | None
    recorder_id: str
    relation: str | None
    signed_at: str
    signed_on: str
    statement_hash: str
    voided_at: str | None
    voided_by: str | None
    witness_id: str | None


class Signed(TypedDict):
    """What was signed last."""

    at: str
    root: str
    size: int
    witnesses: list[str]


class SignoffOut(TypedDict):
    """A sign-off and everything put on record; `outcome` and `role_conflicts` on single reads only."""

    acknowledgements: list[AcknowledgementOut]
    actions: NotRequired[list[ActionOut] | None]
    checks: dict[str, bool]
    confirmed_on: str | None
    created_at: str
    forward_reason: str | None
    household_id: str
    id: str
    income_fen: int | None
    late: bool
    measures: list[str]
    nonce: str
    objected: bool
    out_of_poverty: bool
    outcome: NotRequired[SignoffsOutcome | None]
    outside_rule: str
    prepared_by: str
    remarks: list[RemarkedOut]
    restatement_reason: str | None
    review_note: str | None
    revision: int
    role_conflicts: NotRequired[list[RoleConflictOut] | None]
    signatures: list[SignatureOut]
    state: str
    state_since: str
    statement_hash: str
    substitutes: list[SubstituteOut]
    township_code: str
    version: int
    village_code: str
    year: int


class SignoffProgressOut(TypedDict):
    """How far the sign-offs of the year have come."""

    villages: list[VillageProgressOut]
    year: int


class SignoffsReview(TypedDict):
    """The Party committee's review."""

    note: NotRequired[str | None]


class SourceIn(TypedDict):
    """A source of the seed that does not exist yet, named so that everybody can look it up."""

    digest: NotRequired[str | None]
    due: NotRequired[str | None]
    kind: SourceKind
    name: str
    reference: NotRequired[str | None]


class SourceOut(TypedDict):
    """A source of the seed; `value` once revealed, `missing` where it never came."""

    chain: str | None
    digest: str | None
    due: str
    kind: SourceKind
    name: str
    reference: str | None
    signature: str | None
    value: str | None


class StandingDeterminationOut(TypedDict):
    """The determination that stands for the year."""

    evaluation_id: str
    id: str
    number: int
    outcome: Literal["complete", "not_complete", "not_applicable", "not_determined"]
    under_reconsideration: bool


class StatementIn(TypedDict):
    """What the four sign (article 5); the outside rule is cited, for the regulation has no criterion
    (G26)."""

    checks: NotRequired[dict[str, bool]]
    income_fen: NotRequired[int | None]
    measures: NotRequired[list[str]]
    out_of_poverty: bool
    outside_rule: str


class StepOut(TypedDict):
    """What was done, when, by whom, in what words."""

    details: dict[str, Any]
    kind: Step
    notice_id: str | None
    on: str
    output: Output | None
    person_id: str | None


class SubFactOut(TypedDict):
    """Part of a ground or clause: its code and the words of the text."""

    code: str
    text: str


class Subject(TypedDict):
    """Exactly one of the three: a person, a village's two committees, or a unit."""

    person_id: NotRequired[str | None]
    unit_id: NotRequired[str | None]
    village_code: NotRequired[str | None]


class SubjectOut(TypedDict):
    """A capacity in which one answers."""

    categories: list[str]
    code: str
    is_body: bool
    name_en: str
    name_zh: str


class SubmissionOut(TypedDict):
    """The leading group's year-end submission, which every determination cites (article 5)."""

    actions: NotRequired[list[ActionOut] | None]
    created_at: str
    findings: str | None
    id: str
    late: bool | None
    package: PackageOut | None
    package_hash: str | None
    state: Literal["open", "reviewed", "summarised", "submitted"]
    state_since: str
    summary: str | None
    township_code: str
    version: int
    year: int


class Submit(TypedDict):
    """Hand the summary to the Party committee (上报乡党委)."""


class SubstituteOut(TypedDict):
    """A substitute; the latest for a role counts."""

    named_at: str
    named_by: str
    party: Party
    person_id: str
    reason: str


class SyncResultOut(TypedDict):
    """What became of one operation."""

    advice: str | None
    code: str | None
    conflict: Difference | None
    counter: int
    digest: str
    entry: str | None
    errors: list[Wrong] | None
    key: str
    reason: str | None
    record_id: str | None
    result: Result
    status: int | None
    version: int | None


class TakeDown(TypedDict):
    """The first day on which it was no longer shown."""

    shown_to: str


class TalkRecordOutput(TypedDict):
    """诫勉谈话: who talked, the reason told, the explanation heard, what must change."""

    attachment_ids: NotRequired[list[str]]
    corrections_required: str
    explanation: str
    held_by: str
    held_on: str
    output: Literal["talk_record"]
    reason_told: str


class TaskOut(TypedDict):
    """A record that awaits me."""

    actions: list[str]
    due_on: str | None
    id: str
    resource: str
    since: str
    state: str


class TaskPage(TypedDict):
    items: list[TaskOut]


class TeamOut(TypedDict):
    helper_id: str
    inspectors: list[str]


class TicketOut(TypedDict):
    """A place in the order: the lower the ticket, the earlier."""

    drawn: bool
    id: str
    ticket: str


class TokenError(TypedDict):
    """RFC 6749, section 5.2, and RFC 7009, section 2.2.1."""

    error: Literal[
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unsupported_grant_type",
        "unsupported_token_type",
        "temporarily_unavailable",
    ]
    error_description: str
    title: str


class TokenOut(TypedDict):
    """RFC 6749, section 5.1; with `issued_token_type` where it was exchanged for another's (RFC 8693)."""

    access_token: str
    expires_in: int
    issued_token_type: NotRequired[str | None]
    refresh_token: NotRequired[str | None]
    scope: Literal["full", "password"]
    token_type: Literal["Bearer"]


class TownshipNoticeOutput(TypedDict):
    """全乡通报: a published notice of this case."""

    notice_id: str
    output: Literal["township_notice"]


class TownshipOut(TypedDict):
    """A township that works with this service."""

    adopted_on: str
    created_at: str
    id: str
    name: str
    rulebooks: list[BoundRulebook]
    township_code: str
    version: int


class Transfer(TypedDict):
    """To the judicial organs; it need not wait for a statement."""

    crime_assessment: Crime
    reasons: str
    to: str


class UnitOut(TypedDict):
    """A unit."""

    created_at: str
    id: str
    level: str
    name: str
    township_code: str
    version: int


class VillageOut(TypedDict):
    """A village, with its principal and its liaison leader today."""

    code: str
    created_at: str
    id: str
    liaison_leader: OfficerOut | None
    name: str
    principal: OfficerOut | None
    principal_post: PrincipalPost
    township_code: str
    version: int


class VillageProgressOut(TypedDict):
    """One village's sign-offs of the year, by state."""

    name: str | None
    objected: int
    signoffs: int
    states: dict[str, int]
    village_code: str


class VillageVisitsIn(TypedDict):
    """到村次数: the register's count is set beside what the inspectors saw."""

    found: str
    seen: int


class VillageVisitsOut(TypedDict):
    found: str
    registered: int
    seen: int


class VisitOut(TypedDict):
    """A visit: the day and month it counts for, and both clocks."""

    attachment_ids: list[str]
    clock: Clock
    created_at: str
    device_time: str
    earlier: list[VisitVersionOut]
    helper_id: str
    household_id: str
    id: str
    month: str
    place: str
    received_at: str
    received_later: bool
    text: str
    township_code: str
    version: int
    visited_on: str


class VisitVersionOut(TypedDict):
    """What the record said before a correction."""

    author_id: str | None
    corrected_at: str
    place: str
    reason: str
    text: str
    version: int


class WebhookOut(TypedDict):
    """A webhook; `secret` is told once, when it is made."""

    created_at: str
    description: str | None
    disabled_because: Why | None
    events: list[str]
    id: str
    previous_until: str | None
    secret: NotRequired[str | None]
    state: State
    township_code: str
    url: str
    version: int


class Withdraw(TypedDict):
    """The words in which the same audience hears that the decision fell, and why."""

    body: str
    channel: Channel
    document_number: NotRequired[str | None]
    ends_on: NotRequired[str | None]
    reasons: str
    title: str


class WithdrawObjection(TypedDict):
    """The objection is taken back."""

    remarks: NotRequired[str | None]


class WorkMeasureOut(TypedDict):
    """A measure of a plan."""

    actions: NotRequired[list[ActionOut] | None]
    created_at: str
    done_on: str | None
    due_on: str
    household_id: str
    id: str
    plan_id: str
    result: str | None
    state: Literal["planned", "under_way", "done", "dropped"]
    state_since: str
    text: str
    township_code: str
    version: int


class WorkOut(TypedDict):
    """A helper's month: visits counted, and what its facts would at most propose."""

    days_in_village: int
    helper_id: str
    households_visited: int
    month: str
    proposals: list[ProposalOut]
    visits: int


class WorkflowDeclaration(TypedDict):
    """States and moves, as the code runs them."""

    final: list[str]
    initial: str
    moves: list[MoveOut]
    name: str
    resource: str
    states: list[str]
    states_zh: dict[str, str]
    title_zh: str


class WorkflowHead(TypedDict):
    name: str
    resource: str
    title_zh: str


class Wrong(TypedDict):
    """One thing that is wrong with an operation."""

    code: str
    message: str
    pointer: str


Aspect: TypeAlias = Literal["village_visits", "measures", "forms"]

Attendance: TypeAlias = Literal["attended", "late", "absent"]

Attribute: TypeAlias = Literal["general", "low_income_allowance", "five_guarantees", "low_income_allowance_poor"]

CasesInterest: TypeAlias = Literal["kinship", "unit"]

Cause: TypeAlias = Literal[
    "illness",
    "disability",
    "schooling",
    "disaster",
    "lack_of_land",
    "lack_of_water",
    "lack_of_skills",
    "lack_of_labour",
    "lack_of_funds",
    "poor_transport",
    "lack_of_motivation",
    "other",
]

Channel: TypeAlias = Literal["board", "document", "meeting"]

ClientScope: TypeAlias = Literal["read", "import", "events"]

Clock: TypeAlias = Literal["device", "server"]

Conclusion: TypeAlias = Literal["resume", "concluded"]

Crime: TypeAlias = Literal["none", "suspected", "established"]

Execute: TypeAlias = TownshipNoticeOutput | SelfCriticismOutput | TalkRecordOutput | DisciplineReferenceOutput

ImportsOutcome: TypeAlias = Literal["good", "bad", "imported"]

InspectionsInterest: TypeAlias = Literal["none", "unit", "kinship", "other"]

InspectionsKind: TypeAlias = Literal["drawn", "additional"]

IntakeKind: TypeAlias = Literal["roster", "households", "pairings", "visits"]

InterviewOutcome: TypeAlias = Literal["met", "other_means", "not_reached"]

LeftReason: TypeAlias = Literal["deceased", "married_out", "moved_out", "other"]

Level: TypeAlias = Literal["province", "city", "county", "township", "village"]

Management: TypeAlias = Literal["township", "superior"]

MeasureCode: TypeAlias = Literal[
    "circular_criticism", "written_self_criticism", "admonition_talk", "party_or_admin_discipline"
]

MediaType: TypeAlias = Literal["image/jpeg", "image/png", "image/webp", "image/heic", "application/pdf"]

Method: TypeAlias = Literal["in_person", "thumbprint", "code", "account"]

Mode: TypeAlias = Literal["atomic", "independent"]

NoticeKind: TypeAlias = Literal["article_7_notice", "circular_criticism", "self_criticism_circulation", "correction"]

Office: TypeAlias = Literal[
    "helper",
    "village_principal",
    "liaison_leader",
    "assessor",
    "leading_group_office",
    "party_gov_office",
    "leading_group",
    "party_committee",
    "township_government",
    "discipline_commission",
    "village_committee_head",
    "village_committee_member",
    "group_cadre",
    "administrator",
    "county_auditor",
    "county_system",
]

Organ: TypeAlias = Literal[
    "party_committee", "township_government", "discipline_commission", "superior_discipline_organ", "judicial_organ"
]

OutcomeInput: TypeAlias = Literal["good", "bad", "imported"]

Output: TypeAlias = Literal["township_notice", "self_criticism", "talk_record", "discipline_reference"]

Party: TypeAlias = Literal["household", "helper", "village_principal", "liaison_leader"]

PlanKind: TypeAlias = Literal["assistance_plan", "project_scheme", "income_measures"]

Politics: TypeAlias = Literal["party_member", "not_party_member", "unknown"]

PrincipalPost: TypeAlias = Literal["party_secretary", "committee_director"]

PublicationKind: TypeAlias = Literal["poor_households", "exits", "assessment_results", "funds_and_projects", "other"]

Relation: TypeAlias = Literal[
    "head", "spouse", "child", "child_in_law", "grandchild", "parent", "grandparent", "sibling", "other"
]

Remark: TypeAlias = Literal["co_signature", "predecessor_statement"]

Requirement: TypeAlias = Literal["visits", "forms", "meetings", "plans", "publication", "other"]

Result: TypeAlias = Literal["done", "replayed", "held", "refused", "again"]

RulebookCapacity: TypeAlias = Literal["helper", "village_body", "village_body_head", "unit", "directly_responsible"]

SignoffsCapacity: TypeAlias = Literal["head", "member", "guardian", "agent"]

SignoffsKind: TypeAlias = Literal["signed", "objected", "refused"]

SignoffsOutcome: TypeAlias = Literal["out_of_poverty", "in_poverty", "unconfirmed", "pending"]

Source: TypeAlias = Literal["inspection", "quarterly_score", "citizen_report", "office"]

SourceKind: TypeAlias = Literal["beacon", "drand", "lottery", "dice", "nonce"]

State: TypeAlias = Literal["enabled", "disabled"]

Statement: TypeAlias = Literal["stated", "waived", "refused"]

Status: TypeAlias = Literal[
    "registered", "newly_listed", "returned_to_poverty", "moved_out", "deceased_all", "split", "merged", "delisted"
]

Step: TypeAlias = Literal[
    "facts",
    "statement",
    "decision",
    "no_measure",
    "transfer",
    "referral",
    "outcome",
    "output",
    "closing",
    "modification",
    "revocation",
]

TeamWarning: TypeAlias = Literal["team_too_small", "interest_undeclared", "interest_overlapping"]

Told: TypeAlias = Literal["delivered", "failing", "asked", "failed"]

Why: TypeAlias = Literal["administrator", "gone", "exhausted"]
