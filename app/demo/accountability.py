"""Who answers for what? Every ground of article 9, article 8, and each way a case may end; three sittings of organs."""

from dataclasses import dataclass, field
from typing import Literal

from huayuan_client import api, models

from app.demo.desk import Desk, everyone
from app.demo.duties import ABSENT, LATE, LATE_VILLAGE, NEVER, UNFINISHED, WITHOUT_PLAN
from app.demo.months import NO_VISITS
from app.demo.people import TOWNSHIP
from app.demo.town import MARK, Town, on

FIRST_SITTING = ("2017-04-18", "2017-04-20", "2017-04-26", "2017-05-10")
SECOND_SITTING = ("2017-07-20", "2017-07-24", "2017-07-28", "2017-08-14")
"""The days on which findings are confirmed, cases opened and facts presented, decided, and carried out."""
Organ = Literal["discipline_commission", "party_committee", "township_government"]
INTEREST = "party-committee-2"
"""A member of the Party committee who is recused in one case."""


@dataclass(frozen=True, slots=True)
class Affair:
    """One finding and its case. `who` is a person's key, a village's place in the list, or a unit's name."""

    ground: str
    who: str | int
    capacity: models.RulebookCapacity
    organ: Organ
    fact_on: str
    what: str
    sitting: tuple[str, ...] = SECOND_SITTING
    alternatives: tuple[str, ...] = ()
    expectation: str = ""
    """What must be on record before the facts: `meeting`, `requirement:<kind>` or `form:<number>`."""
    ends: str = "measure"
    """`measure`, `no_measure`, `transfer`, `refer` or `article_8`."""
    crime: models.Crime | None = None


DISCIPLINE: Organ = "discipline_commission"
PARTY: Organ = "party_committee"
GOVERNMENT: Organ = "township_government"
AFFAIRS = (
    Affair(
        "HY.9.1.1", ABSENT, "helper", DISCIPLINE, "2017-03-10", "例会无故缺席", FIRST_SITTING, expectation="meeting"
    ),
    Affair(
        "HY.9.1.2", NO_VISITS[0], "helper", DISCIPLINE, "2017-05-31", "五月未到村入户", expectation="requirement:visits"
    ),
    Affair("HY.9.1.3", LATE, "helper", DISCIPLINE, "2017-04-05", "表册迟报", FIRST_SITTING, expectation="form:0"),
    Affair("HY.9.2.1", "helper-25", "helper", DISCIPLINE, "2017-02-20", "接访不耐心,政策解释错误", FIRST_SITTING),
    Affair("HY.9.2.3", NEVER, "helper", DISCIPLINE, "2017-07-02", "未按时报送任务表册", expectation="form:1"),
    Affair(
        "HY.9.2.4", 4, "village_body", PARTY, "2017-03-20", "扶贫表格未按要求填写", FIRST_SITTING,
        expectation="requirement:forms",
    ),
    Affair("HY.9.3.1", "helper-15", "helper", DISCIPLINE, "2017-06-12", "业务指导不及时"),
    Affair("HY.9.3.2", "principal-06", "village_body_head", GOVERNMENT, "2017-03-02", "调查摸底不入户", FIRST_SITTING),
    Affair(
        "HY.9.3.3", f"head-{LATE_VILLAGE + 1:02d}", "village_body_head", PARTY, "2017-03-21", "评定结果公开不及时",
        FIRST_SITTING,
    ),
    Affair("HY.9.3.4", WITHOUT_PLAN, "helper", DISCIPLINE, "2017-03-01", "没有制定帮扶计划", FIRST_SITTING),
    Affair("HY.9.3.5", UNFINISHED, "helper", DISCIPLINE, "2017-07-05", "没有完成帮扶计划"),
    Affair(
        "HY.9.4.1", "principal-08", "village_body_head", PARTY, "2017-01-16", "未按规定程序评定贫困户", FIRST_SITTING,
        crime="none",
    ),
    Affair("HY.9.4.2", "helper-16", "directly_responsible", DISCIPLINE, "2017-05-20", "弄虚作假", crime="none"),
    Affair("HY.9.4.3", "乡农业服务中心", "unit", DISCIPLINE, "2017-05-08", "拖欠扶贫项目资金", crime="none"),
    Affair("HY.9.4.4", "head-09", "village_body_head", GOVERNMENT, "2017-04-27", "虚报补助款", crime="none"),
    Affair("HY.9.4.5", "principal-10", "village_body_head", DISCIPLINE, "2017-06-03", "严重违反扶贫政策", crime="none"),
    Affair(
        "HY.9.4.4", "principal-11", "village_body_head", DISCIPLINE, "2017-05-11", "涉嫌套取补助款", ends="transfer",
        crime="suspected",
    ),
    Affair("HY.9.2.1", "helper-29", "helper", DISCIPLINE, "2017-06-15", "县管干部政策解释错误", ends="refer"),
    Affair("HY.8", "helper-17", "helper", DISCIPLINE, "2017-05-25", "严重影响工作并造成不良影响", ends="article_8"),
    Affair("HY.9.1.3", "helper-18", "helper", DISCIPLINE, "2017-07-03", "表册个别栏目不规范", ends="no_measure"),
    Affair(
        "HY.9.2.4", "helper-12", "helper", DISCIPLINE, "2017-06-30", "表格填写不合要求",
        alternatives=("HY.9.1.3",), expectation="requirement:forms",
    ),
)  # fmt: skip
OBJECTS, OBJECTS_IN_VAIN = "helper-12", f"head-{LATE_VILLAGE + 1:02d}"
"""Whose objection modifies a decision, and whose is heard and the decision upheld."""
MODIFIED_TO = "HY.9.1.3"
FOUND_IN_INSPECTION = "HY.9.2.2"
"""The one ground whose finding comes from a monthly check; its subject is whoever was drawn."""
MEASURES: dict[str, models.MeasureCode] = {
    "1": "circular_criticism", "2": "written_self_criticism", "3": "admonition_talk", "4": "party_or_admin_discipline",
}  # fmt: skip


@dataclass(slots=True)
class Docket:
    """The cases of the story beside their affairs, in the order of their opening."""

    findings: list[tuple[Affair, models.FindingOut]] = field(default_factory=list)
    cases: list[tuple[Affair, models.CaseOut]] = field(default_factory=list)


DOCKET = Docket()


def organ(town: Town, affair: Affair) -> Desk:
    return town.desk(f"{affair.organ.replace('_', '-')}-1")


def measure_of(ground: str) -> models.MeasureCode:
    return MEASURES[ground.split(".")[2]]


def _subject(town: Town, affair: Affair) -> models.Subject:
    if isinstance(affair.who, int):
        return {"village_code": town.register.villages[affair.who][0]}
    if affair.capacity == "unit":
        return {"unit_id": town.register.units[affair.who]}
    return {"person_id": town.person(affair.who).id}


def _now(town: Town, step: int) -> list[Affair]:
    return [affair for affair in AFFAIRS if affair.sitting[step] == town.today.isoformat()]


def _under_way(town: Town, step: int) -> list[tuple[Affair, models.CaseOut]]:
    return [(affair, case) for affair, case in DOCKET.cases if affair.sitting[step] == town.today.isoformat()]


@on(FIRST_SITTING[0], SECOND_SITTING[0])
async def find_and_confirm(town: Town) -> None:
    """提出问题线索,由有管辖权的机关认定"""
    for affair, record in zip(_now(town, 0), await everyone(_find(town, a) for a in _now(town, 0)), strict=True):
        DOCKET.findings.append((affair, record))
    if town.today.isoformat() == SECOND_SITTING[0]:
        await _confirm_from_inspection(town)
        await _dismiss_one(town)


async def _find(town: Town, affair: Affair) -> models.FindingOut:
    desk = organ(town, affair)
    finding = await desk.ask(api.findings_create({
        "source": "office", "subject": _subject(town, affair), "fact_on": affair.fact_on,
        "description": f"{MARK}:{affair.what}", "evidence": [f"{MARK}:核查记录"],
        "suggested_grounds": [affair.ground],
    }))  # fmt: skip
    kind, _, which = affair.expectation.partition(":")
    return await desk.act(finding, api.findings_confirm, {
        "ground": affair.ground, "alternatives": list(affair.alternatives), "reasons": f"{MARK}:经核实,事实存在。",
        "meeting_id": town.the(town.meeting)["id"] if kind == "meeting" else None,
        "requirement_id": town.requirements[which]["id"] if kind == "requirement" else None,
        "form_task_id": town.form_tasks[int(which)]["id"] if kind == "form" else None,
    })  # fmt: skip


async def _confirm_from_inspection(town: Town) -> None:
    """The finding of April's check: whoever was drawn and managed by the township."""
    desk = town.desk("discipline-commission-1")
    (finding,) = await desk.all(api.findings_list(source="inspection", state="proposed"))
    confirmed: models.ConfirmFinding = {"ground": FOUND_IN_INSPECTION, "reasons": f"{MARK}:经核实,推进缓慢。"}
    await desk.act(finding, api.findings_confirm, confirmed)
    who = town.by_id(town.the(finding["subject_person_id"])).key
    affair = Affair(FOUND_IN_INSPECTION, who, "helper", DISCIPLINE, finding["fact_on"], "工作推进缓慢")
    DOCKET.findings.append((affair, finding))


async def _dismiss_one(town: Town) -> None:
    body: models.CreateFinding = {
        "source": "citizen_report", "subject": {"person_id": town.person("helper-19").id}, "fact_on": "2017-07-01",
        "description": f"{MARK}:群众反映未入户",
    }  # fmt: skip
    office, commission = town.desk("leading-group-office-1"), town.desk("discipline-commission-1")
    finding = await office.ask(api.findings_create(body))
    await commission.act(finding, api.findings_dismiss, {"reasons": f"{MARK}:走访登记齐全,反映不实。"})
    await office.refused(api.findings_create({**body, "fact_on": "2016-11-08"}), "before-commencement")


@on(FIRST_SITTING[1], SECOND_SITTING[1])
async def open_and_present(town: Town) -> None:
    """立案、告知事实"""
    waiting = [(a, f) for a, f in DOCKET.findings if a.sitting[1] == town.today.isoformat()]
    cases = await everyone(_open(town, affair, finding) for affair, finding in waiting)
    DOCKET.cases += [(affair, case) for (affair, _), case in zip(waiting, cases, strict=True)]


async def _open(town: Town, affair: Affair, finding: models.FindingOut) -> models.CaseOut:
    desk, what = organ(town, affair), f"{MARK}:{affair.what}"
    elements: models.Elements = {
        "helper": what, "duty_not_performed": what, "task_not_completed": what, "work_seriously_affected": what,
        "adverse_influence": what,
    }  # fmt: skip
    case = await desk.ask(api.cases_create({
        "finding_ids": [finding["id"]], "organ": affair.organ, "basis": affair.ground, "capacity": affair.capacity,
        "routing_reason": f"{MARK}:按干部管理权限受理", "elements": elements if affair.ground == "HY.8" else None,
    }))  # fmt: skip
    if affair.ground == "HY.9.4.1":
        await desk.ask(api.cases_recuse(case["id"], {
            "person_id": town.person(INTEREST).id, "interest": "kinship", "reason": f"{MARK}:与当事人系亲属",
            "substitute_id": town.person("party-committee-3").id,
        }))  # fmt: skip
        await town.desk(INTEREST).refused(api.cases_present_facts(case, {"facts": MARK}), "recused")
    if affair.ends == "transfer":
        await desk.act(case, api.cases_transfer, {
            "crime_assessment": "suspected", "to": "县人民检察院(演示)", "reasons": f"{MARK}:涉嫌犯罪,移交司法机关",
        })  # fmt: skip
        await town.admin.ask(api.ledger_sign(TOWNSHIP))
        file = api.cases_hand_over(case, {"to": "县人民检察院(演示)"}).raw("application/zip")
        town.handed_over = await desk.ask(file)
        return await desk.ask(api.cases_read(case["id"]))
    shown_to = f"{MARK}负责人" if affair.capacity in ("village_body", "unit") else None
    return await desk.act(case, api.cases_present_facts, {"facts": what, "shown_to": shown_to})


@on(FIRST_SITTING[2], SECOND_SITTING[2])
async def decide(town: Town) -> None:
    """听取陈述申辩,作出处理决定"""
    await everyone(_decide(town, affair, case) for affair, case in _under_way(town, 2) if affair.ends != "transfer")


async def _decide(town: Town, affair: Affair, case: models.CaseOut) -> None:
    desk = organ(town, affair)
    if affair.ground == "HY.9.1.1":
        decision = api.cases_decide(case, {"measure": measure_of(affair.ground), "reasons": MARK})
        await desk.refused(decision, "statement-not-heard")
    if affair.ends == "refer":
        await desk.act(case, api.cases_refer, {
            "to": "县纪委(演示)", "cited_rule": f"{MARK}:干部管理权限规定", "reasons": f"{MARK}:县管干部",
        })  # fmt: skip
        return
    if affair.ends == "no_measure":
        await desk.act(case, api.cases_no_measure, {"reasons": f"{MARK}:情节轻微,已当场改正。"})
        return
    await desk.act(case, api.cases_record_statement, _statement(affair))
    if affair.ends == "article_8":
        return
    if affair.ground == "HY.9.1.1":
        talk = api.cases_decide(case, {"measure": "admonition_talk", "reasons": MARK})
        await desk.refused(talk, "measure-not-of-this-ground")
    body: models.Decide = {
        "measure": measure_of(affair.ground), "reasons": f"{MARK}:事实清楚,依第九条作出。",
        "crime_assessment": affair.crime, "confirms_outside_article_3": bool(case["warnings"]),
    }  # fmt: skip
    if affair.crime:
        body["cited_rule"] = f"{MARK}:所依据的党内法规"
    if affair.capacity == "unit":
        body["outcome"] = f"{MARK}:责令整改并通报"
    await desk.act(case, api.cases_decide, body)


def _statement(affair: Affair) -> models.RecordStatement:
    if affair.who == "helper-16":
        return {"statement": "refused", "witness": "见证人(演示)"}
    if affair.who == UNFINISHED:
        return {"statement": "waived"}
    return {"statement": "stated", "text": f"{MARK}:本人承认,愿意改正。"}


@on("2017-05-02")
async def object_in_vain(town: Town) -> None:
    """当事人提出异议,另一名成员复核后维持"""
    upheld: models.DecideObjection = {"outcome": "upheld", "reasons": f"{MARK}:事实清楚,维持。"}
    await _object(town, OBJECTS_IN_VAIN, "party-committee-3", upheld)


@on("2017-08-03")
async def object_with_success(town: Town) -> None:
    """当事人提出异议,决定变更为较轻的情形"""
    await _object(town, OBJECTS, "discipline-commission-3", {
        "outcome": "modified", "reasons": f"{MARK}:部分事实不能认定。", "ground": MODIFIED_TO,
    })  # fmt: skip


async def _object(town: Town, who: str, reviewer: str, outcome: models.DecideObjection) -> None:
    n, (affair, case) = next((n, c) for n, c in enumerate(DOCKET.cases) if c[0].who == who)
    text = f"{MARK}:对所认定的事实有异议。"
    filed = await town.desk(who).ask(api.objections_create({"case_id": case["id"], "text": text}))
    await organ(town, affair).refused(api.objections_accept(filed, {}), "original-handler-reviews")
    desk = town.desk(reviewer)
    await desk.act(filed, api.objections_accept, {})
    await desk.act(filed, api.objections_decide, outcome)
    DOCKET.cases[n] = (affair, await organ(town, affair).ask(api.cases_read(case["id"])))


@on(FIRST_SITTING[3], SECOND_SITTING[3])
async def carry_out(town: Town) -> None:
    """执行:通报、书面检查、谈话、处分文号,结果齐备后结案"""
    await everyone(_carry_out(town, affair, case) for affair, case in _under_way(town, 3))


async def _carry_out(town: Town, affair: Affair, case: models.CaseOut) -> None:
    desk = organ(town, affair)
    if affair.ends == "article_8":
        await desk.act(case, api.cases_record_outcome, _outcome("依有关规定给予组织处理"))
        return
    if affair.ends != "measure":
        return
    measure = case["measure"]
    await desk.refused(api.cases_close(case, {}), "outputs-missing")
    if measure in ("circular_criticism", "written_self_criticism"):
        await desk.act(case, api.cases_execute, await _notice(town, affair, case))
    if measure == "written_self_criticism":
        await desk.act(case, api.cases_execute, {
            "output": "self_criticism", "received_on": town.today.isoformat(), "summary": f"{MARK}:已作深刻检查。",
        })  # fmt: skip
    if measure == "admonition_talk":
        await desk.act(case, api.cases_execute, {
            "output": "talk_record", "held_on": town.today.isoformat(), "held_by": "谈话人(演示)",
            "reason_told": f"{MARK}:{affair.what}", "explanation": f"{MARK}:本人说明。",
            "corrections_required": f"{MARK}:限期改正。",
        })  # fmt: skip
    if measure == "party_or_admin_discipline":
        await desk.act(case, api.cases_execute, {
            "output": "discipline_reference", "document_number": "演示纪〔2017〕1号", "issued_by": "有权机关(演示)",
            "issued_on": town.today.isoformat(), "cited_rule": f"{MARK}:所依据的党内法规", "outcome": f"{MARK}:处分",
        })  # fmt: skip
    await desk.act(case, api.cases_close, {})


async def _notice(town: Town, affair: Affair, case: models.CaseOut) -> models.TownshipNoticeOutput:
    desk = organ(town, affair)
    drafts = await desk.all(api.notices_list(case_id=case["id"], state="draft"))
    kind = "circular_criticism" if case["measure"] == "circular_criticism" else "self_criticism_circulation"
    notice = next(d for d in drafts if d["kind"] == kind)
    await desk.act(notice, api.notices_publish, {
        "title": f"{MARK}:全乡通报", "body": f"{MARK}:{affair.what},现予通报。", "channel": "board",
        "ends_on": f"{town.today.year}-12-31",
    })  # fmt: skip
    return {"output": "township_notice", "notice_id": notice["id"]}


def _outcome(what: str) -> models.RecordOutcome:
    return {
        "conclusion": "concluded", "outcome": f"{MARK}:{what}", "cited_rule": f"{MARK}:有关规定",
        "document_number": "演示〔2017〕9号", "issued_by": "有关机关(演示)",
    }  # fmt: skip


@on("2017-11-08")
async def outcomes_return(town: Town) -> None:
    """司法机关和上级纪检监察机关回复处理结果"""
    for affair, case in DOCKET.cases:
        if affair.ends == "transfer":
            answer: models.RecordOutcome = {**_outcome("人民法院已作出判决"), "crime_assessment": "established"}
            await organ(town, affair).act(case, api.cases_record_outcome, answer)
        if affair.ends == "refer":
            await organ(town, affair).act(case, api.cases_record_outcome, _outcome("县纪委已诫勉谈话"))
