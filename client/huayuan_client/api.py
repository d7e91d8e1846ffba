"""What can be asked? A function for every operation, named as in the document. Generated: `make openapi`."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import quote

from huayuan_client import models
from huayuan_client.client import Call, Listing, Seen


def accounts_list(*, limit: int | None = None, cursor: str | None = None) -> Listing[models.AccountOut]:
    """Accounts / 账号"""
    return Listing("GET", "/v1/accounts", query={"limit": limit, "cursor": cursor})


def accounts_create(body: models.CreateAccount, *, retry_key: str | None = None) -> Call[models.AccountOut]:
    """Give a person a login / 建立账号"""
    return Call("POST", "/v1/accounts", body=body, retry_key=retry_key)


def accounts_read(id: str) -> Call[models.AccountOut]:
    """One account / 账号"""
    return Call("GET", f"/v1/accounts/{quote(id)}")


def accounts_bind(record: Seen, body: models.Bind, *, retry_key: str | None = None) -> Call[models.AccountOut]:
    """Let somebody sign in with another issuer's tokens / 绑定外部身份"""
    return Call(
        "POST", f"/v1/accounts/{quote(record['id'])}/bind", body=body, version=record["version"], retry_key=retry_key
    )


def accounts_disable(record: Seen, *, retry_key: str | None = None) -> Call[models.AccountOut]:
    """Disable an account at once / 停用账号"""
    return Call("POST", f"/v1/accounts/{quote(record['id'])}/disable", version=record["version"], retry_key=retry_key)


def accounts_reset(
    record: Seen, body: models.ResetPassword, *, retry_key: str | None = None
) -> Call[models.AccountOut]:
    """Set a new password / 重置密码"""
    return Call(
        "POST", f"/v1/accounts/{quote(record['id'])}/reset", body=body, version=record["version"], retry_key=retry_key
    )


def annual_evaluations_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    year: int | None = None,
    helper_id: str | None = None,
    state: Literal["pending", "proposed", "determined", "reopened"] | None = None,
    proposed_outcome: Literal["complete", "not_complete", "not_applicable", "unconfirmed", "not_determined", "no_rule"]
    | None = None,
) -> Listing[models.EvaluationOut]:
    """Annual evaluations / 年终考核评价"""
    return Listing(
        "GET",
        "/v1/annual-evaluations",
        query={
            "limit": limit,
            "cursor": cursor,
            "year": year,
            "helper_id": helper_id,
            "state": state,
            "proposed_outcome": proposed_outcome,
        },
    )


def annual_evaluations_create(
    body: models.CreateEvaluation, *, retry_key: str | None = None
) -> Call[models.EvaluationOut]:
    """Begin the evaluation of a helper for whom the submission made none / 补列年终考核评价"""
    return Call("POST", "/v1/annual-evaluations", body=body, retry_key=retry_key)


def annual_evaluations_read(id: str) -> Call[models.EvaluationOut]:
    """One helper's annual evaluation / 年终考核评价"""
    return Call("GET", f"/v1/annual-evaluations/{quote(id)}")


def annual_evaluations_determine(
    record: Seen, body: models.Determine, *, retry_key: str | None = None
) -> Call[models.EvaluationOut]:
    """Determine whether the task was completed / 确定帮扶任务是否完成"""
    return Call(
        "POST",
        f"/v1/annual-evaluations/{quote(record['id'])}/determine",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def annual_evaluations_explanation(id: str) -> Call[models.EvaluationExplanationOut]:
    """Why the proposal is what it is: households, sign-offs, months, quarters, rule / 建议的说明"""
    return Call("GET", f"/v1/annual-evaluations/{quote(id)}/explanation")


def annual_evaluations_propose(
    record: Seen, body: models.Propose, *, retry_key: str | None = None
) -> Call[models.EvaluationOut]:
    """Compute the proposal from the record / 依据台账生成建议"""
    return Call(
        "POST",
        f"/v1/annual-evaluations/{quote(record['id'])}/propose",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def annual_evaluations_reopen(
    record: Seen, body: models.Reopen, *, retry_key: str | None = None
) -> Call[models.EvaluationOut]:
    """Take a determination up again / 重新研究"""
    return Call(
        "POST",
        f"/v1/annual-evaluations/{quote(record['id'])}/reopen",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def appointments_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    person_id: str | None = None,
    office: models.Office | None = None,
    place: str | None = None,
) -> Listing[models.AppointmentOut]:
    """Appointments / 任职记录"""
    return Listing(
        "GET",
        "/v1/appointments",
        query={"limit": limit, "cursor": cursor, "person_id": person_id, "office": office, "place": place},
    )


def appointments_create(body: models.CreateAppointment, *, retry_key: str | None = None) -> Call[models.AppointmentOut]:
    """Appoint a person to an office at a place from a day / 任职登记"""
    return Call("POST", "/v1/appointments", body=body, retry_key=retry_key)


def appointments_read(id: str) -> Call[models.AppointmentOut]:
    """One appointment / 任职记录"""
    return Call("GET", f"/v1/appointments/{quote(id)}")


def appointments_end(
    record: Seen, body: models.EndAppointment, *, retry_key: str | None = None
) -> Call[models.AppointmentOut]:
    """End an appointment / 免职或离任"""
    return Call(
        "POST", f"/v1/appointments/{quote(record['id'])}/end", body=body, version=record["version"], retry_key=retry_key
    )


def attachments_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    household_id: str | None = None,
    person_id: str | None = None,
    uploader_id: str | None = None,
    state: Literal["open", "stored", "expired"] | None = None,
    sha256: str | None = None,
) -> Listing[models.AttachmentOut]:
    """Attachments / 附件"""
    return Listing(
        "GET",
        "/v1/attachments",
        query={
            "limit": limit,
            "cursor": cursor,
            "household_id": household_id,
            "person_id": person_id,
            "uploader_id": uploader_id,
            "state": state,
            "sha256": sha256,
        },
    )


def attachments_create(body: models.CreateAttachment, *, retry_key: str | None = None) -> Call[models.AttachmentOut]:
    """Declare a file that will come in parts, or send a small one at once / 登记或直接上传附件"""
    return Call("POST", "/v1/attachments", body=body, retry_key=retry_key)


def attachments_read(id: str) -> Call[models.AttachmentOut]:
    """One attachment, and how far its upload has come / 附件及上传进度"""
    return Call("GET", f"/v1/attachments/{quote(id)}")


def attachments_complete(record: Seen, *, retry_key: str | None = None) -> Call[models.AttachmentOut]:
    """All parts are there: check size, SHA-256 and kind, and keep the file / 完成上传"""
    return Call(
        "POST", f"/v1/attachments/{quote(record['id'])}/complete", version=record["version"], retry_key=retry_key
    )


def attachments_content(id: str) -> Call[bytes]:
    """The file; of `Range` one interval, `ETag` is its SHA-256 / 下载附件"""
    return Call("GET", f"/v1/attachments/{quote(id)}/content", accept="application/pdf")


def attachments_send_part(
    id: str, body: bytes, *, offset: int, retry_key: str | None = None
) -> Call[models.ArrivedOut]:
    """Send the bytes from an offset on, up to 1 MiB, in any order; the same again changes nothing / 上传分段"""
    return Call(
        "POST",
        f"/v1/attachments/{quote(id)}/parts",
        query={"offset": offset},
        body=body,
        media="application/octet-stream",
        retry_key=retry_key,
    )


def cases_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    state: Literal[
        "opened", "facts_presented", "decided", "executed", "closed", "no_measure", "referred", "transferred"
    ]
    | None = None,
    organ: Literal["party_committee", "township_government", "discipline_commission"] | None = None,
    basis: str | None = None,
    measure: models.MeasureCode | None = None,
    capacity: models.RulebookCapacity | None = None,
    subject_person_id: str | None = None,
    subject_village_code: str | None = None,
    subject_unit_id: str | None = None,
) -> Listing[models.CaseOut]:
    """Cases: to the organs and the subject / 责任追究案件"""
    return Listing(
        "GET",
        "/v1/cases",
        query={
            "limit": limit,
            "cursor": cursor,
            "state": state,
            "organ": organ,
            "basis": basis,
            "measure": measure,
            "capacity": capacity,
            "subject_person_id": subject_person_id,
            "subject_village_code": subject_village_code,
            "subject_unit_id": subject_unit_id,
        },
    )


def cases_create(body: models.OpenCase, *, retry_key: str | None = None) -> Call[models.CaseOut]:
    """Open a case on confirmed findings (articles 8 to 10) / 立案"""
    return Call("POST", "/v1/cases", body=body, retry_key=retry_key)


def cases_read(id: str) -> Call[models.CaseOut]:
    """One case with its steps / 责任追究案件"""
    return Call("GET", f"/v1/cases/{quote(id)}")


def cases_close(record: Seen, body: models.Close, *, retry_key: str | None = None) -> Call[models.CaseOut]:
    """Close the case / 结案"""
    return Call(
        "POST", f"/v1/cases/{quote(record['id'])}/close", body=body, version=record["version"], retry_key=retry_key
    )


def cases_decide(record: Seen, body: models.Decide, *, retry_key: str | None = None) -> Call[models.CaseOut]:
    """Decide the measure of the ground (article 9) / 作出追究决定"""
    return Call(
        "POST", f"/v1/cases/{quote(record['id'])}/decide", body=body, version=record["version"], retry_key=retry_key
    )


def cases_execute(record: Seen, body: models.Execute, *, retry_key: str | None = None) -> Call[models.CaseOut]:
    """Record one output of the measure (article 9) / 记录执行结果"""
    return Call(
        "POST", f"/v1/cases/{quote(record['id'])}/execute", body=body, version=record["version"], retry_key=retry_key
    )


def cases_hand_over(
    record: Seen, body: models.HandoversHandOver, *, retry_key: str | None = None
) -> Call[models.HandedOver]:
    """The case as one sealed file that proves itself (article 10); a replay answers with its hash alone /
    移交包"""
    return Call(
        "POST", f"/v1/cases/{quote(record['id'])}/hand-over", body=body, version=record["version"], retry_key=retry_key
    )


def cases_no_measure(record: Seen, body: models.NoMeasure, *, retry_key: str | None = None) -> Call[models.CaseOut]:
    """End without a measure, with the reason (article 2, G34) / 不予追究"""
    return Call(
        "POST", f"/v1/cases/{quote(record['id'])}/no-measure", body=body, version=record["version"], retry_key=retry_key
    )


def cases_present_facts(
    record: Seen, body: models.PresentFacts, *, retry_key: str | None = None
) -> Call[models.CaseOut]:
    """Show the facts to the subject (G49) / 告知事实"""
    return Call(
        "POST",
        f"/v1/cases/{quote(record['id'])}/present-facts",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def cases_record_outcome(
    record: Seen, body: models.RecordOutcome, *, retry_key: str | None = None
) -> Call[models.CaseOut]:
    """Record what another organ answered (G43, G45) / 记录外部处理结果"""
    return Call(
        "POST",
        f"/v1/cases/{quote(record['id'])}/record-outcome",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def cases_record_statement(
    record: Seen, body: models.RecordStatement, *, retry_key: str | None = None
) -> Call[models.CaseOut]:
    """Record a statement, a waiver or a refusal (G49) / 记录陈述申辩"""
    return Call(
        "POST",
        f"/v1/cases/{quote(record['id'])}/record-statement",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def cases_recuse(id: str, body: models.Recuse, *, retry_key: str | None = None) -> Call[models.RecusalOut]:
    """Recuse a member of the organ (G61) / 回避"""
    return Call("POST", f"/v1/cases/{quote(id)}/recusals", body=body, retry_key=retry_key)


def cases_refer(record: Seen, body: models.Refer, *, retry_key: str | None = None) -> Call[models.CaseOut]:
    """Refer to a superior or competent organ (article 10) / 转送有权机关"""
    return Call(
        "POST", f"/v1/cases/{quote(record['id'])}/refer", body=body, version=record["version"], retry_key=retry_key
    )


def cases_talk_record(id: str) -> Call[bytes]:
    """The record of the admonition talk (article 9(3)) / 诫勉谈话记录(PDF)"""
    return Call("GET", f"/v1/cases/{quote(id)}/talk-record", accept="application/pdf")


def cases_transfer(record: Seen, body: models.Transfer, *, retry_key: str | None = None) -> Call[models.CaseOut]:
    """Transfer to the judicial organs (article 10) / 移交司法机关"""
    return Call(
        "POST", f"/v1/cases/{quote(record['id'])}/transfer", body=body, version=record["version"], retry_key=retry_key
    )


def charts_draw_coverage(*, year: int, township_code: str | None = None) -> Call[models.DrawCoverageOut]:
    """Who was drawn in which months, and the months missed / 当月抽查覆盖情况(数据或图)"""
    return Call("GET", "/v1/charts/draw-coverage", query={"year": year, "township_code": township_code})


def charts_quarter_distribution(*, year: int, township_code: str | None = None) -> Call[models.QuarterDistributionOut]:
    """Assessed or not, and by which methods, quarter by quarter; no points / 季度考核分布(数据或图)"""
    return Call("GET", "/v1/charts/quarter-distribution", query={"year": year, "township_code": township_code})


def charts_signoff_progress(*, year: int, township_code: str | None = None) -> Call[models.SignoffProgressOut]:
    """How far each village's sign-offs have come / 签字确认进度(数据或图)"""
    return Call("GET", "/v1/charts/signoff-progress", query={"year": year, "township_code": township_code})


def clients_create(body: models.CreateClient, *, retry_key: str | None = None) -> Call[models.AccountOut]:
    """Give a county system a client / 建立县级系统客户端"""
    return Call("POST", "/v1/clients", body=body, retry_key=retry_key)


def clock_set(body: models.SetClock, *, retry_key: str | None = None) -> Call[models.ClockOut]:
    """Move the clock of domain dates (demonstration profile only) / 调整业务日期(仅演示环境)"""
    return Call("POST", "/v1/clock", body=body, retry_key=retry_key)


def divisions_list(
    *, limit: int | None = None, cursor: str | None = None, parent: str | None = None
) -> Listing[models.DivisionOut]:
    """The national list, one level at a time / 全国区划(按上级逐级)"""
    return Listing("GET", "/v1/divisions", query={"limit": limit, "cursor": cursor, "parent": parent})


def divisions_read(code: str) -> Call[models.DivisionOut]:
    """One place of the national list / 区划"""
    return Call("GET", f"/v1/divisions/{quote(code)}")


def events_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    event: list[
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
    | None = None,
    wait: int | None = None,
) -> Listing[models.EntryOut]:
    """What happened in the townships of the county, in each in the order of its ledger, without a gap /
    县级事件流"""
    return Listing("GET", "/v1/events", query={"limit": limit, "cursor": cursor, "event": event, "wait": wait})


def findings_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    state: Literal["proposed", "confirmed", "dismissed"] | None = None,
    source: models.Source | None = None,
    source_id: str | None = None,
    subject_person_id: str | None = None,
    subject_village_code: str | None = None,
    subject_unit_id: str | None = None,
    ground: str | None = None,
    has_case: bool | None = None,
) -> Listing[models.FindingOut]:
    """Findings: to the organs, the leading group and the subject / 问题线索"""
    return Listing(
        "GET",
        "/v1/findings",
        query={
            "limit": limit,
            "cursor": cursor,
            "state": state,
            "source": source,
            "source_id": source_id,
            "subject_person_id": subject_person_id,
            "subject_village_code": subject_village_code,
            "subject_unit_id": subject_unit_id,
            "ground": ground,
            "has_case": has_case,
        },
    )


def findings_create(body: models.CreateFinding, *, retry_key: str | None = None) -> Call[models.FindingOut]:
    """Record what an office found or a citizen reported (G58) / 登记问题线索"""
    return Call("POST", "/v1/findings", body=body, retry_key=retry_key)


def findings_read(id: str) -> Call[models.FindingOut]:
    """One finding / 问题线索"""
    return Call("GET", f"/v1/findings/{quote(id)}")


def findings_confirm(
    record: Seen, body: models.ConfirmFinding, *, retry_key: str | None = None
) -> Call[models.FindingOut]:
    """Confirm under one primary ground (article 10, G33) / 认定事实"""
    return Call(
        "POST", f"/v1/findings/{quote(record['id'])}/confirm", body=body, version=record["version"], retry_key=retry_key
    )


def findings_dismiss(
    record: Seen, body: models.DismissFinding, *, retry_key: str | None = None
) -> Call[models.FindingOut]:
    """Dismiss with the reason (article 2) / 不予认定"""
    return Call(
        "POST", f"/v1/findings/{quote(record['id'])}/dismiss", body=body, version=record["version"], retry_key=retry_key
    )


def form_submissions_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    form_task_id: str | None = None,
    helper_id: str | None = None,
    state: Literal["submitted", "accepted", "returned"] | None = None,
    late: bool | None = None,
) -> Listing[models.FormOut]:
    """Forms handed in / 表册报送"""
    return Listing(
        "GET",
        "/v1/form-submissions",
        query={
            "limit": limit,
            "cursor": cursor,
            "form_task_id": form_task_id,
            "helper_id": helper_id,
            "state": state,
            "late": late,
        },
    )


def form_submissions_read(id: str) -> Call[models.FormOut]:
    """One form handed in / 表册报送"""
    return Call("GET", f"/v1/form-submissions/{quote(id)}")


def form_submissions_accept(
    record: Seen, body: models.AcceptForm, *, retry_key: str | None = None
) -> Call[models.FormOut]:
    """Accept a form / 认可表册"""
    return Call(
        "POST",
        f"/v1/form-submissions/{quote(record['id'])}/accept",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def form_submissions_return(
    record: Seen, body: models.ReturnForm, *, retry_key: str | None = None
) -> Call[models.FormOut]:
    """Return a form as irregular or incomplete / 退回表册"""
    return Call(
        "POST",
        f"/v1/form-submissions/{quote(record['id'])}/return",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def form_tasks_list(
    *, limit: int | None = None, cursor: str | None = None, due_on: str | None = None
) -> Listing[models.FormTaskOut]:
    """Form tasks / 表册任务"""
    return Listing("GET", "/v1/form-tasks", query={"limit": limit, "cursor": cursor, "due_on": due_on})


def form_tasks_create(body: models.CreateFormTask, *, retry_key: str | None = None) -> Call[models.FormTaskOut]:
    """Ask helpers for a form by a day / 下达表册任务"""
    return Call("POST", "/v1/form-tasks", body=body, retry_key=retry_key)


def form_tasks_read(id: str) -> Call[models.FormTaskOut]:
    """One form task / 表册任务"""
    return Call("GET", f"/v1/form-tasks/{quote(id)}")


def form_tasks_submissions(id: str, *, limit: int | None = None, cursor: str | None = None) -> Listing[models.FormOut]:
    """What was handed in / 报送情况"""
    return Listing("GET", f"/v1/form-tasks/{quote(id)}/submissions", query={"limit": limit, "cursor": cursor})


def form_tasks_submit(id: str, body: models.CreateForm, *, retry_key: str | None = None) -> Call[models.FormOut]:
    """Hand in one's own form / 报送本人表册"""
    return Call("POST", f"/v1/form-tasks/{quote(id)}/submissions", body=body, retry_key=retry_key)


def helpers_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    category: Literal["organ_cadre", "village_committee_member", "group_cadre", "unit_staff", "other"] | None = None,
    unit_id: str | None = None,
) -> Listing[models.HelperOut]:
    """People with a helper appointment today / 现任帮扶责任人"""
    return Listing(
        "GET", "/v1/helpers", query={"limit": limit, "cursor": cursor, "category": category, "unit_id": unit_id}
    )


def helpers_read(id: str) -> Call[models.HelperOut]:
    """One helper, by person id / 帮扶责任人"""
    return Call("GET", f"/v1/helpers/{quote(id)}")


def helpers_award_eligibility(id: str, *, year: int) -> Call[models.EligibilityOut]:
    """May this helper take part in the awards of a year? / 评先选优资格"""
    return Call("GET", f"/v1/helpers/{quote(id)}/award-eligibility", query={"year": year})


def helpers_ledger(id: str, *, limit: int | None = None, cursor: str | None = None) -> Listing[models.EntryOut]:
    """Everything on record about one helper's work / 帮扶责任人工作台账"""
    return Listing("GET", f"/v1/helpers/{quote(id)}/ledger", query={"limit": limit, "cursor": cursor})


def helpers_work(id: str, *, month: str) -> Call[models.WorkOut]:
    """A helper's month, and what its facts would at most propose / 帮扶责任人当月工作(仅供参考,不作处理)"""
    return Call("GET", f"/v1/helpers/{quote(id)}/work", query={"month": month})


def households_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    village_code: str | None = None,
    status: models.Status | None = None,
    attribute: models.Attribute | None = None,
    card_number: str | None = None,
    primary_helper_id: str | None = None,
    has_helper: bool | None = None,
) -> Listing[models.HouseholdOut]:
    """Households of the register / 贫困户名册"""
    return Listing(
        "GET",
        "/v1/households",
        query={
            "limit": limit,
            "cursor": cursor,
            "village_code": village_code,
            "status": status,
            "attribute": attribute,
            "card_number": card_number,
            "primary_helper_id": primary_helper_id,
            "has_helper": has_helper,
        },
    )


def households_create(body: models.CreateHousehold, *, retry_key: str | None = None) -> Call[models.HouseholdOut]:
    """Register a household with its members / 登记贫困户"""
    return Call("POST", "/v1/households", body=body, retry_key=retry_key)


def households_read(id: str) -> Call[models.HouseholdOut]:
    """One household / 贫困户"""
    return Call("GET", f"/v1/households/{quote(id)}")


def households_patch(
    record: Seen, body: models.PatchHousehold, *, retry_key: str | None = None
) -> Call[models.HouseholdOut]:
    """Change master data of a household / 修改贫困户基本信息"""
    return Call(
        "PATCH", f"/v1/households/{quote(record['id'])}", body=body, version=record["version"], retry_key=retry_key
    )


def households_events(id: str, *, limit: int | None = None, cursor: str | None = None) -> Listing[models.EventOut]:
    """Life events of a household / 家庭变动记录"""
    return Listing("GET", f"/v1/households/{quote(id)}/events", query={"limit": limit, "cursor": cursor})


def households_record_event(
    id: str, body: models.CreateEvent, *, retry_key: str | None = None
) -> Call[models.EventOut]:
    """Record a life event with its two confirmers / 登记家庭变动(两人确认)"""
    return Call("POST", f"/v1/households/{quote(id)}/events", body=body, retry_key=retry_key)


def households_ledger(id: str, *, limit: int | None = None, cursor: str | None = None) -> Listing[models.EntryOut]:
    """Everything on record about one household / 帮扶对象台账"""
    return Listing("GET", f"/v1/households/{quote(id)}/ledger", query={"limit": limit, "cursor": cursor})


def households_add_member(
    record: Seen, body: models.MemberIn, *, retry_key: str | None = None
) -> Call[models.HouseholdOut]:
    """A member joins the household / 家庭成员自然增加"""
    return Call(
        "POST",
        f"/v1/households/{quote(record['id'])}/members",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def households_disclose_member(
    id: str, member_id: str, body: models.Disclose, *, retry_key: str | None = None
) -> Call[models.Disclosed]:
    """A member's citizen id in full, for a recorded purpose / 查看成员完整公民身份号码(须说明用途并留痕)"""
    return Call(
        "POST", f"/v1/households/{quote(id)}/members/{quote(member_id)}/disclose", body=body, retry_key=retry_key
    )


def households_member_leaves(
    record: Seen, member_id: str, body: models.MemberLeaves, *, retry_key: str | None = None
) -> Call[models.HouseholdOut]:
    """A member no longer belongs to the household / 家庭成员自然减少"""
    return Call(
        "POST",
        f"/v1/households/{quote(record['id'])}/members/{quote(member_id)}/leave",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def imports_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    kind: models.IntakeKind | None = None,
    state: Literal["received", "checked", "running", "done", "cancelled"] | None = None,
) -> Listing[models.ImportOut]:
    """Sheets that were handed in / 表格导入记录"""
    return Listing("GET", "/v1/imports", query={"limit": limit, "cursor": cursor, "kind": kind, "state": state})


def imports_create(
    body: bytes,
    *,
    kind: models.IntakeKind,
    mode: models.Mode | None = None,
    dry_run: bool | None = None,
    township_code: str | None = None,
    media: Literal[
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "text/csv"
    ] = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    retry_key: str | None = None,
) -> Call[models.ImportOut]:
    """Hand in a sheet: it is checked, and imported if dry_run is false / 提交表格导入(默认只检查)"""
    return Call(
        "POST",
        "/v1/imports",
        query={"kind": kind, "mode": mode, "dry_run": dry_run, "township_code": township_code},
        body=body,
        media=media,
        retry_key=retry_key,
    )


def imports_read(id: str) -> Call[models.ImportOut]:
    """One sheet, and how far it has got / 表格导入及其进度"""
    return Call("GET", f"/v1/imports/{quote(id)}")


def imports_cancel(record: Seen, *, retry_key: str | None = None) -> Call[models.ImportOut]:
    """Import nothing more of it / 取消导入"""
    return Call("POST", f"/v1/imports/{quote(record['id'])}/cancel", version=record["version"], retry_key=retry_key)


def imports_carry_out(record: Seen, *, retry_key: str | None = None) -> Call[models.ImportOut]:
    """Import what was checked / 执行导入"""
    return Call("POST", f"/v1/imports/{quote(record['id'])}/carry-out", version=record["version"], retry_key=retry_key)


def imports_report(
    id: str, *, limit: int | None = None, cursor: str | None = None, outcome: models.OutcomeInput | None = None
) -> Listing[models.RowOut]:
    """Row by row what is wrong; as a workbook the sheet with the reasons / 逐行结果(可取回带原因的表格)"""
    return Listing(
        "GET", f"/v1/imports/{quote(id)}/report", query={"limit": limit, "cursor": cursor, "outcome": outcome}
    )


def inspection_rounds_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    month: str | None = None,
    state: Literal["planned", "proposed", "committed", "drawn", "closed", "missed"] | None = None,
    missed_in_month: bool | None = None,
) -> Listing[models.InspectionsRoundOut]:
    """Spot checks by month / 各月抽查"""
    return Listing(
        "GET",
        "/v1/inspection-rounds",
        query={"limit": limit, "cursor": cursor, "month": month, "state": state, "missed_in_month": missed_in_month},
    )


def inspection_rounds_create(
    body: models.PlanRound, *, retry_key: str | None = None
) -> Call[models.InspectionsRoundOut]:
    """Plan the spot check of a month / 设立当月抽查"""
    return Call("POST", "/v1/inspection-rounds", body=body, retry_key=retry_key)


def inspection_rounds_read(id: str) -> Call[models.InspectionsRoundOut]:
    """The spot check of one month / 当月抽查"""
    return Call("GET", f"/v1/inspection-rounds/{quote(id)}")


def inspection_rounds_close(
    record: Seen, body: models.CloseRound, *, retry_key: str | None = None
) -> Call[models.InspectionsRoundOut]:
    """Close the round once everyone drawn is answered for / 结束本轮抽查"""
    return Call(
        "POST",
        f"/v1/inspection-rounds/{quote(record['id'])}/close",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def inspection_rounds_confirm_commit(
    record: Seen, body: models.ConfirmCommit, *, retry_key: str | None = None
) -> Call[models.InspectionsRoundOut]:
    """Freeze the frame and commit, by the other organiser / 由另一组织单位确认并冻结范围"""
    return Call(
        "POST",
        f"/v1/inspection-rounds/{quote(record['id'])}/confirm-commit",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def inspection_rounds_open_nonce(
    record: Seen, body: models.OpenNonce, *, retry_key: str | None = None
) -> Call[models.InspectionsRoundOut]:
    """Open a party's own number before any public source exists / 公开一方自选数"""
    return Call(
        "POST",
        f"/v1/inspection-rounds/{quote(record['id'])}/open-nonce",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def inspection_rounds_proof(id: str) -> Call[models.ProofOut]:
    """What anybody needs to draw again, in ids and hashes; as text, a script for sha256sum / 公开的复算证明"""
    return Call("GET", f"/v1/inspection-rounds/{quote(id)}/proof", signed=False)


def inspection_rounds_propose_commit(
    record: Seen, body: models.ProposeCommit, *, retry_key: str | None = None
) -> Call[models.InspectionsRoundOut]:
    """Propose the frame and the sources of the seed / 提出抽查范围和种子来源"""
    return Call(
        "POST",
        f"/v1/inspection-rounds/{quote(record['id'])}/propose-commit",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def inspection_rounds_reveal(
    record: Seen, body: models.Reveal, *, retry_key: str | None = None
) -> Call[models.InspectionsRoundOut]:
    """Record the seed and draw 30 % of the helpers / 公布种子并按30%抽取"""
    return Call(
        "POST",
        f"/v1/inspection-rounds/{quote(record['id'])}/reveal",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def inspections_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    round_id: str | None = None,
    month: str | None = None,
    helper_id: str | None = None,
    kind: models.InspectionsKind | None = None,
    state: Literal["pending", "recorded", "not_checked"] | None = None,
    current: bool | None = None,
) -> Listing[models.InspectionOut]:
    """Checks of helpers / 抽查记录"""
    return Listing(
        "GET",
        "/v1/inspections",
        query={
            "limit": limit,
            "cursor": cursor,
            "round_id": round_id,
            "month": month,
            "helper_id": helper_id,
            "kind": kind,
            "state": state,
            "current": current,
        },
    )


def inspections_create(body: models.AddCheck, *, retry_key: str | None = None) -> Call[models.InspectionOut]:
    """Check a helper besides those drawn, outside the 30 % / 另行增加检查"""
    return Call("POST", "/v1/inspections", body=body, retry_key=retry_key)


def inspections_read(id: str) -> Call[models.InspectionOut]:
    """The check of one helper / 抽查记录"""
    return Call("GET", f"/v1/inspections/{quote(id)}")


def inspections_assign_team(
    record: Seen, body: models.AssignTeam, *, retry_key: str | None = None
) -> Call[models.InspectionOut]:
    """Name the team, with the organisers' reason where it needs one / 确定考核组成员"""
    return Call(
        "POST",
        f"/v1/inspections/{quote(record['id'])}/assign-team",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def inspections_correct(
    record: Seen, body: models.CorrectCheck, *, retry_key: str | None = None
) -> Call[models.InspectionOut]:
    """Add a corrected version / 另立更正记录"""
    return Call(
        "POST",
        f"/v1/inspections/{quote(record['id'])}/correct",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def inspections_not_checked(
    record: Seen, body: models.NotChecked, *, retry_key: str | None = None
) -> Call[models.InspectionOut]:
    """Record why the helper was not checked / 记录未检查的原因"""
    return Call(
        "POST",
        f"/v1/inspections/{quote(record['id'])}/not-checked",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def inspections_record(
    record: Seen, body: models.RecordCheck, *, retry_key: str | None = None
) -> Call[models.InspectionOut]:
    """Record the three aspects / 记录三个方面的检查情况"""
    return Call(
        "POST",
        f"/v1/inspections/{quote(record['id'])}/record",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def interpretations_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    rulebook_code: str | None = None,
    article: str | None = None,
    policy_key: str | None = None,
) -> Listing[models.InterpretationOut]:
    """Interpretations / 历次解释"""
    return Listing(
        "GET",
        "/v1/interpretations",
        query={
            "limit": limit,
            "cursor": cursor,
            "rulebook_code": rulebook_code,
            "article": article,
            "policy_key": policy_key,
        },
    )


def interpretations_create(
    body: models.CreateInterpretation, *, retry_key: str | None = None
) -> Call[models.InterpretationOut]:
    """The leading group interprets the text / 领导小组作出解释"""
    return Call("POST", "/v1/interpretations", body=body, retry_key=retry_key)


def interpretations_read(id: str) -> Call[models.InterpretationOut]:
    """One interpretation / 单项解释"""
    return Call("GET", f"/v1/interpretations/{quote(id)}")


def ledger_checkpoint(log: str) -> Call[models.CheckpointOut]:
    """Size and root of a log as it stands; as text, its newest signed note / 台账检查点(公开)"""
    return Call("GET", f"/v1/ledger/{quote(log)}/checkpoint", signed=False)


def ledger_sign(log: str, *, retry_key: str | None = None) -> Call[models.CheckpointOut]:
    """Sign the log as it stands; once signed it binds for ever / 签署台账检查点"""
    return Call("POST", f"/v1/ledger/{quote(log)}/checkpoint", retry_key=retry_key)


def ledger_entries(log: str, *, limit: int | None = None, cursor: str | None = None) -> Listing[models.EntryOut]:
    """Entries of a log in order / 台账流水"""
    return Listing("GET", f"/v1/ledger/{quote(log)}/entries", query={"limit": limit, "cursor": cursor})


def ledger_proof_consistency(log: str, *, old: int, size: int | None = None) -> Call[models.ConsistencyOut]:
    """That the log only grew; as text what C2SP `add-checkpoint` takes / 只增未改证明(公开)"""
    return Call("GET", f"/v1/ledger/{quote(log)}/proof/consistency", query={"size": size, "old": old}, signed=False)


def ledger_proof_inclusion(log: str, *, index: int, size: int | None = None) -> Call[models.InclusionOut]:
    """That an entry is in the log; as text a C2SP tlog-proof with the signed note / 条目存在证明(公开)"""
    return Call("GET", f"/v1/ledger/{quote(log)}/proof/inclusion", query={"size": size, "index": index}, signed=False)


def ledger_entry_bundle(log: str, index: str) -> Call[bytes]:
    """256 leaves as they were hashed (C2SP tlog-tiles) / 条目原文分块"""
    return Call("GET", f"/v1/ledger/{quote(log)}/tile/entries/{quote(index)}", accept="application/octet-stream")


def ledger_tile(log: str, level: str, index: str) -> Call[bytes]:
    """256 hashes of the tree (C2SP tlog-tiles) / 散列分块(公开)"""
    return Call(
        "GET",
        f"/v1/ledger/{quote(log)}/tile/{quote(level)}/{quote(index)}",
        accept="application/octet-stream",
        signed=False,
    )


def ledgers_helpers(
    *, year: int, limit: int | None = None, cursor: str | None = None, township_code: str | None = None
) -> Listing[models.HelperLedgerRow]:
    """The ledger of helpers' work, one row a helper (article 5) / 帮扶责任人帮扶工作考核台账"""
    return Listing(
        "GET",
        "/v1/ledgers/helpers",
        query={"limit": limit, "cursor": cursor, "year": year, "township_code": township_code},
    )


def ledgers_households(
    *, year: int, limit: int | None = None, cursor: str | None = None, township_code: str | None = None
) -> Listing[models.HouseholdLedgerRow]:
    """The ledger of exits from poverty, one row a household (article 5) / 帮扶对象脱贫情况考核台账"""
    return Listing(
        "GET",
        "/v1/ledgers/households",
        query={"limit": limit, "cursor": cursor, "year": year, "township_code": township_code},
    )


def me_read() -> Call[models.MeOut]:
    """Who I am and what I hold today / 本人信息"""
    return Call("GET", "/v1/me")


def me_password(body: models.SetPassword, *, retry_key: str | None = None) -> Call[models.PasswordSet]:
    """Set a password of one's own; every device signs in anew / 修改本人密码"""
    return Call("POST", "/v1/me/password", body=body, retry_key=retry_key)


def me_tasks() -> Call[models.TaskPage]:
    """Every record that awaits one of my offices, and since when / 待办事项"""
    return Call("GET", "/v1/me/tasks")


def meeting_invitations_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    meeting_id: str | None = None,
    person_id: str | None = None,
    state: Literal["invited", "leave_requested", "leave_approved", "leave_refused"] | None = None,
    attendance: models.Attendance | None = None,
) -> Listing[models.InvitationOut]:
    """Invitees, their leave and attendance / 参会与请假"""
    return Listing(
        "GET",
        "/v1/meeting-invitations",
        query={
            "limit": limit,
            "cursor": cursor,
            "meeting_id": meeting_id,
            "person_id": person_id,
            "state": state,
            "attendance": attendance,
        },
    )


def meeting_invitations_read(id: str) -> Call[models.InvitationOut]:
    """One invitee / 参会与请假"""
    return Call("GET", f"/v1/meeting-invitations/{quote(id)}")


def meeting_invitations_approve_leave(record: Seen, *, retry_key: str | None = None) -> Call[models.InvitationOut]:
    """Approve the leave / 批准请假"""
    return Call(
        "POST",
        f"/v1/meeting-invitations/{quote(record['id'])}/approve-leave",
        version=record["version"],
        retry_key=retry_key,
    )


def meeting_invitations_refuse_leave(
    record: Seen, body: models.Reason, *, retry_key: str | None = None
) -> Call[models.InvitationOut]:
    """Refuse the leave / 不批准请假"""
    return Call(
        "POST",
        f"/v1/meeting-invitations/{quote(record['id'])}/refuse-leave",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def meeting_invitations_request_leave(
    record: Seen, body: models.Reason, *, retry_key: str | None = None
) -> Call[models.InvitationOut]:
    """Ask for leave / 请假"""
    return Call(
        "POST",
        f"/v1/meeting-invitations/{quote(record['id'])}/request-leave",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def meetings_list(
    *, limit: int | None = None, cursor: str | None = None, required: bool | None = None
) -> Listing[models.MeetingOut]:
    """Meetings / 会议"""
    return Listing("GET", "/v1/meetings", query={"limit": limit, "cursor": cursor, "required": required})


def meetings_create(body: models.CreateMeeting, *, retry_key: str | None = None) -> Call[models.MeetingOut]:
    """Call a meeting / 通知会议"""
    return Call("POST", "/v1/meetings", body=body, retry_key=retry_key)


def meetings_read(id: str) -> Call[models.MeetingOut]:
    """One meeting / 会议"""
    return Call("GET", f"/v1/meetings/{quote(id)}")


def meetings_attendance(
    record: Seen, body: models.RecordAttendance, *, retry_key: str | None = None
) -> Call[models.MeetingOut]:
    """Record who was there / 登记到会情况"""
    return Call(
        "POST",
        f"/v1/meetings/{quote(record['id'])}/attendance",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def notices_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    state: Literal["draft", "published", "corrected", "withdrawn"] | None = None,
    kind: models.NoticeKind | None = None,
    case_id: str | None = None,
    evaluation_id: str | None = None,
    subject_person_id: str | None = None,
    corrects_id: str | None = None,
) -> Listing[models.NoticeOut]:
    """Notices; drafts only to the organs / 通报"""
    return Listing(
        "GET",
        "/v1/notices",
        query={
            "limit": limit,
            "cursor": cursor,
            "state": state,
            "kind": kind,
            "case_id": case_id,
            "evaluation_id": evaluation_id,
            "subject_person_id": subject_person_id,
            "corrects_id": corrects_id,
        },
    )


def notices_read(id: str) -> Call[models.NoticeOut]:
    """One notice / 通报"""
    return Call("GET", f"/v1/notices/{quote(id)}")


def notices_correct(
    record: Seen, body: models.NoticesCorrect, *, retry_key: str | None = None
) -> Call[models.NoticeOut]:
    """Publish a correction to the same audience (G53) / 向同一范围发布更正"""
    return Call(
        "POST", f"/v1/notices/{quote(record['id'])}/correct", body=body, version=record["version"], retry_key=retry_key
    )


def notices_document(id: str) -> Call[bytes]:
    """The notice as published, in the layout of official documents / 通报(PDF)"""
    return Call("GET", f"/v1/notices/{quote(id)}/document", accept="application/pdf")


def notices_publish(record: Seen, body: models.Publish, *, retry_key: str | None = None) -> Call[models.NoticeOut]:
    """Publish to the whole township (articles 7(2), 9) / 在全乡范围内发布"""
    return Call(
        "POST", f"/v1/notices/{quote(record['id'])}/publish", body=body, version=record["version"], retry_key=retry_key
    )


def notices_withdraw(record: Seen, body: models.Withdraw, *, retry_key: str | None = None) -> Call[models.NoticeOut]:
    """Take back the notice of a decision that fell (G53) / 决定变更或撤销后撤回"""
    return Call(
        "POST", f"/v1/notices/{quote(record['id'])}/withdraw", body=body, version=record["version"], retry_key=retry_key
    )


def oauth_jwks() -> Call[models.JwksOut]:
    """The public keys of access tokens (RFC 7517) / 访问令牌公钥"""
    return Call("GET", "/v1/oauth/jwks", signed=False)


def oauth_revoke(body: models.BodyOauthRevoke) -> Call[Any]:
    """Sign a device out: revoke its refresh token (RFC 7009) / 吊销刷新令牌"""
    return Call("POST", "/v1/oauth/revoke", body=body, media="application/x-www-form-urlencoded", signed=False)


def oauth_token(body: models.BodyOauthToken) -> Call[models.TokenOut]:
    """OAuth 2: password, refresh_token, client_credentials or another issuer's token / 获取访问令牌"""
    return Call("POST", "/v1/oauth/token", body=body, media="application/x-www-form-urlencoded", signed=False)


def objections_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    state: Literal["filed", "accepted", "upheld", "modified", "revoked", "withdrawn"] | None = None,
    case_id: str | None = None,
    filed_by_id: str | None = None,
) -> Listing[models.ObjectionOut]:
    """Objections: to the organs and the subject / 异议"""
    return Listing(
        "GET",
        "/v1/objections",
        query={"limit": limit, "cursor": cursor, "state": state, "case_id": case_id, "filed_by_id": filed_by_id},
    )


def objections_create(body: models.FileObjection, *, retry_key: str | None = None) -> Call[models.ObjectionOut]:
    """Object to a decision, as its subject (G50) / 提出异议"""
    return Call("POST", "/v1/objections", body=body, retry_key=retry_key)


def objections_read(id: str) -> Call[models.ObjectionOut]:
    """One objection / 异议"""
    return Call("GET", f"/v1/objections/{quote(id)}")


def objections_accept(record: Seen, body: models.Accept, *, retry_key: str | None = None) -> Call[models.ObjectionOut]:
    """Take the objection up; execution goes on (G50) / 受理异议"""
    return Call(
        "POST",
        f"/v1/objections/{quote(record['id'])}/accept",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def objections_decide(
    record: Seen, body: models.DecideObjection, *, retry_key: str | None = None
) -> Call[models.ObjectionOut]:
    """Uphold, modify or revoke, never aggravate (G50) / 复核决定"""
    return Call(
        "POST",
        f"/v1/objections/{quote(record['id'])}/decide",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def objections_withdraw(
    record: Seen, body: models.WithdrawObjection, *, retry_key: str | None = None
) -> Call[models.ObjectionOut]:
    """Withdraw the objection / 撤回异议"""
    return Call(
        "POST",
        f"/v1/objections/{quote(record['id'])}/withdraw",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def pairings_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    household_id: str | None = None,
    helper_id: str | None = None,
    is_primary: bool | None = None,
    as_of: str | None = None,
    state: Literal["active", "ended"] | None = None,
) -> Listing[models.PairingOut]:
    """Pairings / 结对关系"""
    return Listing(
        "GET",
        "/v1/pairings",
        query={
            "limit": limit,
            "cursor": cursor,
            "household_id": household_id,
            "helper_id": helper_id,
            "is_primary": is_primary,
            "as_of": as_of,
            "state": state,
        },
    )


def pairings_create(body: models.CreatePairing, *, retry_key: str | None = None) -> Call[models.PairingOut]:
    """Give a household a helper from a day / 结对帮扶登记"""
    return Call("POST", "/v1/pairings", body=body, retry_key=retry_key)


def pairings_read(id: str) -> Call[models.PairingOut]:
    """One pairing / 结对关系"""
    return Call("GET", f"/v1/pairings/{quote(id)}")


def pairings_end(record: Seen, body: models.EndPairing, *, retry_key: str | None = None) -> Call[models.PairingOut]:
    """End a pairing on a date / 终止结对"""
    return Call(
        "POST", f"/v1/pairings/{quote(record['id'])}/end", body=body, version=record["version"], retry_key=retry_key
    )


def pairings_hand_over(
    record: Seen, body: models.HouseholdsHandOver, *, retry_key: str | None = None
) -> Call[models.PairingOut]:
    """Pass the primary role on; answers with the new pairing / 交接主要帮扶责任(返回新的结对)"""
    return Call(
        "POST",
        f"/v1/pairings/{quote(record['id'])}/hand-over",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def people_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    category: Literal["organ_cadre", "village_committee_member", "group_cadre", "unit_staff", "other"] | None = None,
    unit_id: str | None = None,
) -> Listing[models.PersonOut]:
    """People of the register / 人员名册"""
    return Listing(
        "GET", "/v1/people", query={"limit": limit, "cursor": cursor, "category": category, "unit_id": unit_id}
    )


def people_create(body: models.CreatePerson, *, retry_key: str | None = None) -> Call[models.PersonOut]:
    """Register a person / 登记人员"""
    return Call("POST", "/v1/people", body=body, retry_key=retry_key)


def people_read(id: str) -> Call[models.PersonOut]:
    """One person / 人员"""
    return Call("GET", f"/v1/people/{quote(id)}")


def people_patch(record: Seen, body: models.PatchPerson, *, retry_key: str | None = None) -> Call[models.PersonOut]:
    """Change master data of a person / 修改人员基本信息"""
    return Call("PATCH", f"/v1/people/{quote(record['id'])}", body=body, version=record["version"], retry_key=retry_key)


def people_disclose(id: str, body: models.Disclose, *, retry_key: str | None = None) -> Call[models.Disclosed]:
    """A citizen id in full, for a recorded purpose / 查看完整公民身份号码(须说明用途并留痕)"""
    return Call("POST", f"/v1/people/{quote(id)}/disclose", body=body, retry_key=retry_key)


def plan_measures_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    plan_id: str | None = None,
    household_id: str | None = None,
    state: Literal["planned", "under_way", "done", "dropped"] | None = None,
) -> Listing[models.WorkMeasureOut]:
    """Measures of plans / 帮扶措施"""
    return Listing(
        "GET",
        "/v1/plan-measures",
        query={"limit": limit, "cursor": cursor, "plan_id": plan_id, "household_id": household_id, "state": state},
    )


def plan_measures_read(id: str) -> Call[models.WorkMeasureOut]:
    """One measure / 帮扶措施"""
    return Call("GET", f"/v1/plan-measures/{quote(id)}")


def plan_measures_complete(
    record: Seen, body: models.CompleteMeasure, *, retry_key: str | None = None
) -> Call[models.WorkMeasureOut]:
    """A measure was carried out / 措施已落实"""
    return Call(
        "POST",
        f"/v1/plan-measures/{quote(record['id'])}/complete",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def plan_measures_drop(
    record: Seen, body: models.Reason, *, retry_key: str | None = None
) -> Call[models.WorkMeasureOut]:
    """Give a measure up, with the reason / 取消措施"""
    return Call(
        "POST",
        f"/v1/plan-measures/{quote(record['id'])}/drop",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def plan_measures_start(record: Seen, *, retry_key: str | None = None) -> Call[models.WorkMeasureOut]:
    """Begin a measure / 开始实施措施"""
    return Call(
        "POST", f"/v1/plan-measures/{quote(record['id'])}/start", version=record["version"], retry_key=retry_key
    )


def plans_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    household_id: str | None = None,
    year: int | None = None,
    kind: models.PlanKind | None = None,
    author_id: str | None = None,
) -> Listing[models.PlanOut]:
    """Plans / 帮扶计划"""
    return Listing(
        "GET",
        "/v1/plans",
        query={
            "limit": limit,
            "cursor": cursor,
            "household_id": household_id,
            "year": year,
            "kind": kind,
            "author_id": author_id,
        },
    )


def plans_create(body: models.CreatePlan, *, retry_key: str | None = None) -> Call[models.PlanOut]:
    """Make a plan with its measures / 制定帮扶计划"""
    return Call("POST", "/v1/plans", body=body, retry_key=retry_key)


def plans_read(id: str) -> Call[models.PlanOut]:
    """One plan / 帮扶计划"""
    return Call("GET", f"/v1/plans/{quote(id)}")


def policies_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    number: str | None = None,
    source: Literal["seed", "outside_rule", "local_policy"] | None = None,
    as_of: str | None = None,
) -> Listing[models.PolicyHead]:
    """Where the text is silent: every policy, its value here and its source / 办法未尽事项的约定"""
    return Listing(
        "GET",
        "/v1/policies",
        query={"limit": limit, "cursor": cursor, "number": number, "source": source, "as_of": as_of},
    )


def policies_read(key: str) -> Call[models.PolicyOut]:
    """One policy with the values the township has set / 单项约定及本乡历次取值"""
    return Call("GET", f"/v1/policies/{quote(key)}")


def policies_patch(
    key: str, body: models.SetPolicy, *, version: int | str, retry_key: str | None = None
) -> Call[models.PolicyOut]:
    """Set the township's own value from a day on / 设定本乡取值"""
    return Call("PATCH", f"/v1/policies/{quote(key)}", body=body, version=version, retry_key=retry_key)


def publications_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    kind: models.PublicationKind | None = None,
    village_code: str | None = None,
    state: Literal["on_display", "taken_down"] | None = None,
    as_of: str | None = None,
) -> Listing[models.PublicationOut]:
    """Publications / 公示公告"""
    return Listing(
        "GET",
        "/v1/publications",
        query={
            "limit": limit,
            "cursor": cursor,
            "kind": kind,
            "village_code": village_code,
            "state": state,
            "as_of": as_of,
        },
    )


def publications_create(body: models.CreatePublication, *, retry_key: str | None = None) -> Call[models.PublicationOut]:
    """Record what was made public / 登记公示公告"""
    return Call("POST", "/v1/publications", body=body, retry_key=retry_key)


def publications_read(id: str) -> Call[models.PublicationOut]:
    """One publication / 公示公告"""
    return Call("GET", f"/v1/publications/{quote(id)}")


def publications_take_down(
    record: Seen, body: models.TakeDown, *, retry_key: str | None = None
) -> Call[models.PublicationOut]:
    """Until when it was shown / 登记公示截止"""
    return Call(
        "POST",
        f"/v1/publications/{quote(record['id'])}/take-down",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def quarterly_rounds_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    quarter: str | None = None,
    state: Literal["open", "summarised", "reported"] | None = None,
) -> Listing[models.ScoresRoundOut]:
    """Quarterly rounds / 季度考核"""
    return Listing(
        "GET", "/v1/quarterly-rounds", query={"limit": limit, "cursor": cursor, "quarter": quarter, "state": state}
    )


def quarterly_rounds_create(body: models.CreateRound, *, retry_key: str | None = None) -> Call[models.ScoresRoundOut]:
    """Open a quarter's round, with a row for everyone who helped in it / 开始季度考核"""
    return Call("POST", "/v1/quarterly-rounds", body=body, retry_key=retry_key)


def quarterly_rounds_read(id: str) -> Call[models.ScoresRoundOut]:
    """One quarterly round / 季度考核"""
    return Call("GET", f"/v1/quarterly-rounds/{quote(id)}")


def quarterly_rounds_report(
    record: Seen, body: models.Report, *, retry_key: str | None = None
) -> Call[models.ScoresRoundOut]:
    """Report the quarter to the leading group / 上报乡扶贫开发领导小组"""
    return Call(
        "POST",
        f"/v1/quarterly-rounds/{quote(record['id'])}/report",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def quarterly_rounds_summarise(
    record: Seen, body: models.ScoresSummarise, *, retry_key: str | None = None
) -> Call[models.ScoresRoundOut]:
    """Sum the quarter up / 统一评估并汇总"""
    return Call(
        "POST",
        f"/v1/quarterly-rounds/{quote(record['id'])}/summarise",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def quarterly_rounds_summary(id: str) -> Call[bytes]:
    """The quarter's summary as reported to the leading group (article 6(2)) / 季度考核汇总表(PDF)"""
    return Call("GET", f"/v1/quarterly-rounds/{quote(id)}/summary", accept="application/pdf")


def quarterly_scores_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    round_id: str | None = None,
    quarter: str | None = None,
    helper_id: str | None = None,
    state: Literal["pending", "assessed", "not_assessed"] | None = None,
) -> Listing[models.ScoreOut]:
    """Rows of quarterly rounds / 季度考核记录"""
    return Listing(
        "GET",
        "/v1/quarterly-scores",
        query={
            "limit": limit,
            "cursor": cursor,
            "round_id": round_id,
            "quarter": quarter,
            "helper_id": helper_id,
            "state": state,
        },
    )


def quarterly_scores_create(body: models.AddScore, *, retry_key: str | None = None) -> Call[models.ScoreOut]:
    """Add a helper whose pairing was recorded after the round was opened / 补列帮扶责任人"""
    return Call("POST", "/v1/quarterly-scores", body=body, retry_key=retry_key)


def quarterly_scores_read(id: str) -> Call[models.ScoreOut]:
    """One helper's row in a quarterly round / 季度考核记录"""
    return Call("GET", f"/v1/quarterly-scores/{quote(id)}")


def quarterly_scores_assess(
    record: Seen, body: models.Assess, *, retry_key: str | None = None
) -> Call[models.ScoreOut]:
    """Record methods, evidence and narrative / 记录考核方式、依据和评语"""
    return Call(
        "POST",
        f"/v1/quarterly-scores/{quote(record['id'])}/assess",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def quarterly_scores_correct(
    record: Seen, body: models.ScoresCorrect, *, retry_key: str | None = None
) -> Call[models.ScoreOut]:
    """Add a corrected result / 更正考核记录"""
    return Call(
        "POST",
        f"/v1/quarterly-scores/{quote(record['id'])}/correct",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def quarterly_scores_not_assessed(
    record: Seen, body: models.NotAssessed, *, retry_key: str | None = None
) -> Call[models.ScoreOut]:
    """Record why a helper was not assessed / 说明未考核原因"""
    return Call(
        "POST",
        f"/v1/quarterly-scores/{quote(record['id'])}/not-assessed",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def requirements_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    kind: models.Requirement | None = None,
    as_of: str | None = None,
) -> Listing[models.RequirementOut]:
    """Written requirements / 工作要求"""
    return Listing("GET", "/v1/requirements", query={"limit": limit, "cursor": cursor, "kind": kind, "as_of": as_of})


def requirements_create(body: models.CreateRequirement, *, retry_key: str | None = None) -> Call[models.RequirementOut]:
    """Set a written requirement / 登记工作要求"""
    return Call("POST", "/v1/requirements", body=body, retry_key=retry_key)


def requirements_read(id: str) -> Call[models.RequirementOut]:
    """One requirement / 工作要求"""
    return Call("GET", f"/v1/requirements/{quote(id)}")


def rubrics_list(
    *, limit: int | None = None, cursor: str | None = None, code: str | None = None
) -> Listing[models.RubricOut]:
    """Rubrics / 评分细则"""
    return Listing("GET", "/v1/rubrics", query={"limit": limit, "cursor": cursor, "code": code})


def rubrics_create(body: models.CreateRubric, *, retry_key: str | None = None) -> Call[models.RubricOut]:
    """Set a new edition of a rubric / 制定评分细则(乡自定,非办法规定)"""
    return Call("POST", "/v1/rubrics", body=body, retry_key=retry_key)


def rubrics_read(id: str) -> Call[models.RubricOut]:
    """One edition of a rubric / 评分细则的一个版本"""
    return Call("GET", f"/v1/rubrics/{quote(id)}")


def rulebooks_list(
    *, limit: int | None = None, cursor: str | None = None, in_force_on: str | None = None
) -> Listing[models.RulebookHead]:
    """Rulebooks, side by side / 各项办法"""
    return Listing("GET", "/v1/rulebooks", query={"limit": limit, "cursor": cursor, "in_force_on": in_force_on})


def rulebooks_read(code: str) -> Call[models.RulebookOut]:
    """A rulebook: articles, grounds, measures, routing / 办法全文与数据"""
    return Call("GET", f"/v1/rulebooks/{quote(code)}")


def rulebooks_assess(code: str, body: models.AssessIn) -> Call[models.AssessOut]:
    """What would follow from these facts; nothing is written / 按所列事实应如何处理(仅试算,不留记录)"""
    return Call("POST", f"/v1/rulebooks/{quote(code)}/assess", body=body)


def signoffs_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    household_id: str | None = None,
    village_code: str | None = None,
    year: int | None = None,
    state: str | None = None,
) -> Listing[models.SignoffOut]:
    """Sign-offs / 签字确认列表"""
    return Listing(
        "GET",
        "/v1/signoffs",
        query={
            "limit": limit,
            "cursor": cursor,
            "household_id": household_id,
            "village_code": village_code,
            "year": year,
            "state": state,
        },
    )


def signoffs_create(body: models.CreateSignoff, *, retry_key: str | None = None) -> Call[models.SignoffOut]:
    """Open the sign-off of a household for a year / 建立签字确认"""
    return Call("POST", "/v1/signoffs", body=body, retry_key=retry_key)


def signoffs_read(id: str) -> Call[models.SignoffOut]:
    """One sign-off with its signatures, what may be done now, and what stands in the way / 签字确认详情"""
    return Call("GET", f"/v1/signoffs/{quote(id)}")


def signoffs_acknowledge_conflict(
    record: Seen, body: models.AcknowledgeConflict, *, retry_key: str | None = None
) -> Call[models.SignoffOut]:
    """Acknowledge that one person signs in two roles / 确认角色冲突"""
    return Call(
        "POST",
        f"/v1/signoffs/{quote(record['id'])}/acknowledge-conflict",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def signoffs_collect(record: Seen, body: models.Collect, *, retry_key: str | None = None) -> Call[models.SignoffOut]:
    """Take the four signatures into the leading group's summary / 统一汇总"""
    return Call(
        "POST", f"/v1/signoffs/{quote(record['id'])}/collect", body=body, version=record["version"], retry_key=retry_key
    )


def signoffs_forward(record: Seen, body: models.Forward, *, retry_key: str | None = None) -> Call[models.SignoffOut]:
    """Send a refused sign-off on, unconfirmed / 未确认上报"""
    return Call(
        "POST", f"/v1/signoffs/{quote(record['id'])}/forward", body=body, version=record["version"], retry_key=retry_key
    )


def signoffs_issue_code(record: Seen, body: models.IssueCode, *, retry_key: str | None = None) -> Call[models.CodeOut]:
    """Give the household a single-use code for its signature / 发放一次性签字码"""
    return Call(
        "POST",
        f"/v1/signoffs/{quote(record['id'])}/issue-code",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def signoffs_name_substitute(
    record: Seen, body: models.NameSubstitute, *, retry_key: str | None = None
) -> Call[models.SignoffOut]:
    """Name who signs in one of two roles held by one person / 指定替代签字人"""
    return Call(
        "POST",
        f"/v1/signoffs/{quote(record['id'])}/name-substitute",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def signoffs_object(record: Seen, body: models.Object, *, retry_key: str | None = None) -> Call[models.SignoffOut]:
    """Sign with a text of disagreement / 签字并附不同意见"""
    return Call(
        "POST", f"/v1/signoffs/{quote(record['id'])}/object", body=body, version=record["version"], retry_key=retry_key
    )


def signoffs_refuse(record: Seen, body: models.Refuse, *, retry_key: str | None = None) -> Call[models.SignoffOut]:
    """Put on record that the party that is due will not sign / 拒绝签字"""
    return Call(
        "POST", f"/v1/signoffs/{quote(record['id'])}/refuse", body=body, version=record["version"], retry_key=retry_key
    )


def signoffs_remark(id: str, body: models.AddRemark, *, retry_key: str | None = None) -> Call[models.RemarkOut]:
    """Co-sign beside the primary helper, or state something as a predecessor (G17, G18) / 附签或前任说明"""
    return Call("POST", f"/v1/signoffs/{quote(id)}/remarks", body=body, retry_key=retry_key)


def signoffs_restate(record: Seen, body: models.Restate, *, retry_key: str | None = None) -> Call[models.SignoffOut]:
    """Change the statement, which voids its signatures / 重新拟定内容并作废签字"""
    return Call(
        "POST", f"/v1/signoffs/{quote(record['id'])}/restate", body=body, version=record["version"], retry_key=retry_key
    )


def signoffs_review(
    record: Seen, body: models.SignoffsReview, *, retry_key: str | None = None
) -> Call[models.SignoffOut]:
    """Review by the Party committee / 乡党委审核"""
    return Call(
        "POST", f"/v1/signoffs/{quote(record['id'])}/review", body=body, version=record["version"], retry_key=retry_key
    )


def signoffs_sheet(id: str) -> Call[bytes]:
    """The sign-off sheet: four signatures with method, moment and hash (R5.5) / 签字确认表(PDF)"""
    return Call("GET", f"/v1/signoffs/{quote(id)}/sheet", accept="application/pdf")


def signoffs_sign(record: Seen, body: models.Sign, *, retry_key: str | None = None) -> Call[models.SignoffOut]:
    """Sign for the party that is due / 签字确认"""
    return Call(
        "POST", f"/v1/signoffs/{quote(record['id'])}/sign", body=body, version=record["version"], retry_key=retry_key
    )


def sync_pull(*, cursor: str | None = None, limit: int | None = None) -> Call[models.Pulled]:
    """What changed for me since the cursor, and what is gone, with the newest checkpoint / 增量同步"""
    return Call("GET", "/v1/sync", query={"cursor": cursor, "limit": limit})


def sync_push(body: models.Push) -> Call[models.Pushed]:
    """Hand in what was done offline, in its order; a signed receipt says what became of each / 离线补报"""
    return Call("POST", "/v1/sync", body=body)


def townships_list(*, limit: int | None = None, cursor: str | None = None) -> Listing[models.TownshipOut]:
    """Townships that work with this service / 已启用的乡镇"""
    return Listing("GET", "/v1/townships", query={"limit": limit, "cursor": cursor})


def townships_read(id: str) -> Call[models.TownshipOut]:
    """One township / 乡镇"""
    return Call("GET", f"/v1/townships/{quote(id)}")


def units_list(*, limit: int | None = None, cursor: str | None = None) -> Listing[models.UnitOut]:
    """Units / 单位"""
    return Listing("GET", "/v1/units", query={"limit": limit, "cursor": cursor})


def units_create(body: models.CreateUnit, *, retry_key: str | None = None) -> Call[models.UnitOut]:
    """Register a unit / 登记单位"""
    return Call("POST", "/v1/units", body=body, retry_key=retry_key)


def units_read(id: str) -> Call[models.UnitOut]:
    """One unit / 单位"""
    return Call("GET", f"/v1/units/{quote(id)}")


def villages_list(
    *, limit: int | None = None, cursor: str | None = None, code: str | None = None
) -> Listing[models.VillageOut]:
    """Villages, with principal and liaison leader today / 村"""
    return Listing("GET", "/v1/villages", query={"limit": limit, "cursor": cursor, "code": code})


def villages_create(body: models.CreateVillage, *, retry_key: str | None = None) -> Call[models.VillageOut]:
    """Register a village that the national list did not bring / 登记村"""
    return Call("POST", "/v1/villages", body=body, retry_key=retry_key)


def villages_read(id: str) -> Call[models.VillageOut]:
    """One village / 村"""
    return Call("GET", f"/v1/villages/{quote(id)}")


def villages_patch(record: Seen, body: models.PatchVillage, *, retry_key: str | None = None) -> Call[models.VillageOut]:
    """Change a village's name or whose post makes its principal / 修改村信息"""
    return Call(
        "PATCH", f"/v1/villages/{quote(record['id'])}", body=body, version=record["version"], retry_key=retry_key
    )


def visits_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    helper_id: str | None = None,
    household_id: str | None = None,
    visited_on: str | None = None,
    month: str | None = None,
) -> Listing[models.VisitOut]:
    """Visits / 走访记录"""
    return Listing(
        "GET",
        "/v1/visits",
        query={
            "limit": limit,
            "cursor": cursor,
            "helper_id": helper_id,
            "household_id": household_id,
            "visited_on": visited_on,
            "month": month,
        },
    )


def visits_create(body: models.CreateVisit, *, retry_key: str | None = None) -> Call[models.VisitOut]:
    """Record one's own visit / 记录本人走访"""
    return Call("POST", "/v1/visits", body=body, retry_key=retry_key)


def visits_read(id: str) -> Call[models.VisitOut]:
    """One visit / 走访记录"""
    return Call("GET", f"/v1/visits/{quote(id)}")


def visits_correct(record: Seen, body: models.CorrectVisit, *, retry_key: str | None = None) -> Call[models.VisitOut]:
    """Correct one's own record of a visit / 更正本人走访记录"""
    return Call(
        "POST", f"/v1/visits/{quote(record['id'])}/correct", body=body, version=record["version"], retry_key=retry_key
    )


def webhooks_list(*, limit: int | None = None, cursor: str | None = None) -> Listing[models.WebhookOut]:
    """Webhooks of the county / 事件推送"""
    return Listing("GET", "/v1/webhooks", query={"limit": limit, "cursor": cursor})


def webhooks_create(body: models.CreateWebhook, *, retry_key: str | None = None) -> Call[models.WebhookOut]:
    """Have a system told what happens, by Standard Webhooks; `secret` is shown this once / 设置事件推送"""
    return Call("POST", "/v1/webhooks", body=body, retry_key=retry_key)


def webhooks_read(id: str) -> Call[models.WebhookOut]:
    """One webhook / 事件推送"""
    return Call("GET", f"/v1/webhooks/{quote(id)}")


def webhooks_patch(record: Seen, body: models.PatchWebhook, *, retry_key: str | None = None) -> Call[models.WebhookOut]:
    """Another address, other events / 修改推送地址或事件"""
    return Call(
        "PATCH", f"/v1/webhooks/{quote(record['id'])}", body=body, version=record["version"], retry_key=retry_key
    )


def webhooks_deliveries(
    id: str,
    *,
    limit: int | None = None,
    cursor: str | None = None,
    log: str | None = None,
    state: models.Told | None = None,
) -> Listing[models.DeliveryOut]:
    """What became of telling it each entry / 推送记录"""
    return Listing(
        "GET",
        f"/v1/webhooks/{quote(id)}/deliveries",
        query={"limit": limit, "cursor": cursor, "log": log, "state": state},
    )


def webhooks_replay_delivery(record: Seen, member_id: str, *, retry_key: str | None = None) -> Call[models.WebhookOut]:
    """Tell one entry once more, out of turn / 重新推送一条"""
    return Call(
        "POST",
        f"/v1/webhooks/{quote(record['id'])}/deliveries/{quote(member_id)}/replay",
        version=record["version"],
        retry_key=retry_key,
    )


def webhooks_disable(record: Seen, *, retry_key: str | None = None) -> Call[models.WebhookOut]:
    """Tell it nothing; what happens meanwhile waits / 停用推送"""
    return Call("POST", f"/v1/webhooks/{quote(record['id'])}/disable", version=record["version"], retry_key=retry_key)


def webhooks_enable(record: Seen, *, retry_key: str | None = None) -> Call[models.WebhookOut]:
    """Go on where it stood, at once / 启用推送"""
    return Call("POST", f"/v1/webhooks/{quote(record['id'])}/enable", version=record["version"], retry_key=retry_key)


def webhooks_replay(record: Seen, body: models.Replay, *, retry_key: str | None = None) -> Call[models.WebhookOut]:
    """Tell everything from a cursor of the feed on once more / 从指定位置重新推送"""
    return Call(
        "POST", f"/v1/webhooks/{quote(record['id'])}/replay", body=body, version=record["version"], retry_key=retry_key
    )


def webhooks_rotate_secret(
    record: Seen, body: models.RotateSecret, *, retry_key: str | None = None
) -> Call[models.WebhookOut]:
    """A new secret, shown this once; the one before signs beside it for a while / 更换签名密钥"""
    return Call(
        "POST",
        f"/v1/webhooks/{quote(record['id'])}/rotate-secret",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def workflows_list(*, limit: int | None = None, cursor: str | None = None) -> Listing[models.WorkflowHead]:
    """Every workflow; no sign-in needed / 各流程(无需登录)"""
    return Listing("GET", "/v1/workflows", query={"limit": limit, "cursor": cursor}, signed=False)


def workflows_read(name: str) -> Call[models.WorkflowDeclaration]:
    """A workflow as JSON, Mermaid or a picture; no sign-in needed / 单个流程:数据、Mermaid 或图(无需登录)"""
    return Call("GET", f"/v1/workflows/{quote(name)}", signed=False)


def year_end_submissions_list(
    *,
    limit: int | None = None,
    cursor: str | None = None,
    year: int | None = None,
    state: Literal["open", "reviewed", "summarised", "submitted"] | None = None,
) -> Listing[models.SubmissionOut]:
    """Year-end submissions / 年底汇总材料"""
    return Listing(
        "GET", "/v1/year-end-submissions", query={"limit": limit, "cursor": cursor, "year": year, "state": state}
    )


def year_end_submissions_create(
    body: models.CreateSubmission, *, retry_key: str | None = None
) -> Call[models.SubmissionOut]:
    """Open a year's review, with an evaluation for everyone who helped in it / 开始年底审核汇总"""
    return Call("POST", "/v1/year-end-submissions", body=body, retry_key=retry_key)


def year_end_submissions_read(id: str) -> Call[models.SubmissionOut]:
    """One year-end submission / 年底汇总材料"""
    return Call("GET", f"/v1/year-end-submissions/{quote(id)}")


def year_end_submissions_package(id: str) -> Call[bytes]:
    """Everything of the year for the Party committee, as one file (article 5, G8) / 年底汇总材料包(ZIP)"""
    return Call("GET", f"/v1/year-end-submissions/{quote(id)}/package", accept="application/zip")


def year_end_submissions_review(
    record: Seen, body: models.EvaluationsReview, *, retry_key: str | None = None
) -> Call[models.SubmissionOut]:
    """Review the two ledgers / 审核两本考核台账"""
    return Call(
        "POST",
        f"/v1/year-end-submissions/{quote(record['id'])}/review",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def year_end_submissions_submit(
    record: Seen, body: models.Submit, *, retry_key: str | None = None
) -> Call[models.SubmissionOut]:
    """Hand the summary to the Party committee / 上报乡党委"""
    return Call(
        "POST",
        f"/v1/year-end-submissions/{quote(record['id'])}/submit",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )


def year_end_submissions_summarise(
    record: Seen, body: models.EvaluationsSummarise, *, retry_key: str | None = None
) -> Call[models.SubmissionOut]:
    """Sum the year up / 统一汇总"""
    return Call(
        "POST",
        f"/v1/year-end-submissions/{quote(record['id'])}/summarise",
        body=body,
        version=record["version"],
        retry_key=retry_key,
    )
