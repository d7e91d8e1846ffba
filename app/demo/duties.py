"""What is required of the helpers, and what do they do beside their visits? Plans, meetings, forms, publications."""

from huayuan_client import api, models

from app.demo.desk import everyone
from app.demo.people import Household
from app.demo.town import MARK, Town, on

WITHOUT_PLAN = "helper-24"
"""Makes no plan for anybody (HY.9.3.4)."""
UNFINISHED = "helper-26"
"""Does not carry out what he planned (HY.9.3.5)."""
ABSENT, ON_LEAVE, LEAVE_REFUSED = "helper-07", "helper-05", "helper-06"
"""The required meeting of March: one is absent without leave (HY.9.1.1), one has leave, one asks in vain and comes."""
LATE, IRREGULAR, NEVER = "helper-08", "helper-09", "helper-11"
"""The forms: one late (HY.9.1.3), one returned and handed in again, one never handed in (HY.9.2.3)."""
FORM_DUE = ("2017-03-31", "2017-06-30", "2017-09-30")
LATE_VILLAGE = 6
"""The village, counted from nought, whose result is published too late (HY.9.3.3)."""


@on("2016-11-10")
async def lay_down_requirements(town: Town) -> None:
    """扶贫办书面提出走访、表册、会议、公示要求"""
    office = town.desk("leading-group-office-1")
    asked: dict[models.Requirement, str] = {
        "visits": "帮扶责任人每两月到每户走访不少于一次,每月均须到村。",
        "forms": "各类表册按期报送,填写规范、完整。",
        "meetings": "扶贫工作例会须按时参加,有事请假。",
        "publication": "评定结果按期公示,不少于七日。",
    }
    for n, (kind, text) in enumerate(asked.items(), 1):
        town.requirements[kind] = await office.ask(api.requirements_create({
            "kind": kind, "document_number": f"演示〔2016〕{n}号", "text": f"{MARK}:{text}",
            "applies_from": "2016-12-01",
            "visits_per_month": 1 if kind == "visits" else None,
        }))  # fmt: skip


@on("2016-11-10 15:00")
async def settle_the_silent_places(town: Town) -> None:
    """领导小组就办法未尽事项作出约定和解释"""
    group = town.desk("leading-group-1")
    policy = await group.ask(api.policies_read("draw.inspectorsRandom"))
    await group.ask(api.policies_patch("draw.inspectorsRandom", {
        "value": True, "effective_from": town.today.isoformat(), "reason": f"{MARK}:检查人员随机选派。",
    }, version=policy["version"]))  # fmt: skip
    await group.ask(api.interpretations_create({
        "article": "10", "policy_key": "routing.townshipCadre",
        "text": f"{MARK}:乡机关干部任帮扶责任人的,由乡纪委处理。", "applies_from": town.today.isoformat(),
    }))  # fmt: skip


@on("2016-11-14")
async def publish_households(town: Town) -> None:
    """各村公示贫困户名单"""
    town.publications = await everyone(
        _publish(town, n, "poor_households", "贫困户名单公示") for n in range(len(town.register.villages))
    )


@on("2016-11-25")
async def take_lists_down(town: Town) -> None:
    """公示期满"""
    await everyone(
        town.desk(f"principal-{n:02d}").act(shown, api.publications_take_down, {"shown_to": "2016-11-25"})
        for n, shown in enumerate(town.publications, 1)
    )


async def _publish(
    town: Town, village: int, kind: models.PublicationKind, title: str, due: str | None = None
) -> models.PublicationOut:
    return await town.desk(f"principal-{village + 1:02d}").ask(api.publications_create({
        "kind": kind, "title": f"{MARK}:{title}", "village_code": town.register.villages[village][0],
        "place": "村委会公示栏", "shown_from": town.today.isoformat(), "due_on": due,
        "requirement_id": town.requirements["publication"]["id"],
    }))  # fmt: skip


@on("2017-04-10")
async def publish_too_late(town: Town) -> None:
    """一个村的评定结果迟延公示"""
    await _publish(town, LATE_VILLAGE, "assessment_results", "评定结果公示", due="2017-03-20")


@on("2017-12-22")
async def publish_exits(town: Town) -> None:
    """各村公示脱贫退出结果"""
    await everyone(_publish(town, n, "exits", "脱贫退出结果公示") for n in range(len(town.register.villages)))


@on("2016-12-12")
async def make_plans(town: Town) -> None:
    """帮扶责任人逐户制定帮扶计划"""
    planned = [h for h in town.register.households if h.helper != WITHOUT_PLAN]
    for household, plan in zip(planned, await everyone(_plan(town, h) for h in planned), strict=True):
        town.plans[household.number] = plan


async def _plan(town: Town, household: Household) -> models.PlanOut:
    return await town.desk(household.helper).ask(api.plans_create({
        "household_id": household.id, "kind": "assistance_plan", "year": 2017, "text": f"{MARK}:一户一策帮扶计划。",
        "measures": [{"text": f"{MARK}:发展林下养殖。", "due_on": "2017-06-30"}],
    }))  # fmt: skip


@on("2017-06-27")
async def carry_plans_out(town: Town) -> None:
    """落实帮扶措施"""
    households = town.register.households
    await everyone(_measure_done(town, h) for h in households if h.number in town.plans and h.number not in town.closed)


async def _measure_done(town: Town, household: Household) -> None:
    if household.helper == UNFINISHED:
        return
    measure = town.plans[household.number]["measures"][0]
    done: models.CompleteMeasure = {"done_on": town.today.isoformat(), "result": f"{MARK}:已落实到户。"}
    await town.desk(household.helper).ask(api.plan_measures_complete(measure, done))


@on("2017-03-01")
async def call_meeting(town: Town) -> None:
    """召集三月份扶贫工作例会(必须参加)"""
    town.meeting = await town.desk("party-gov-office-1").ask(api.meetings_create({
        "title": f"{MARK}:三月份扶贫工作例会", "place": "乡政府会议室", "begins_at": "2017-03-10T09:00:00+08:00",
        "required": True, "requirement_id": town.requirements["meetings"]["id"],
        "invitee_ids": [p.id for p in town.register.of("helper")],
    }))  # fmt: skip


@on("2017-03-03")
async def ask_for_leave(town: Town) -> None:
    """两人请假:一人获准,一人未获准"""
    office, meeting = town.desk("party-gov-office-1"), town.the(town.meeting)
    for key in (ON_LEAVE, LEAVE_REFUSED):
        desk, person_id = town.desk(key), town.person(key).id
        (mine,) = await desk.all(api.meeting_invitations_list(meeting_id=meeting["id"], person_id=person_id))
        await desk.act(mine, api.meeting_invitations_request_leave, {"reason": f"{MARK}:家中有事"})
        if key == ON_LEAVE:
            await office.act(mine, api.meeting_invitations_approve_leave)
        else:
            await office.act(mine, api.meeting_invitations_refuse_leave, {"reason": f"{MARK}:已核实"})


@on("2017-03-10 12:00")
async def hold_meeting(town: Town) -> None:
    """例会签到"""
    seen: dict[str, models.Attendance] = {ABSENT: "absent", ON_LEAVE: "absent"}
    await town.desk("party-gov-office-1").act(town.the(town.meeting), api.meetings_attendance, {"entries": [
        {"person_id": p.id, "attendance": seen.get(p.key, "attended")} for p in town.register.of("helper")
    ]})  # fmt: skip


@on("2017-03-02", "2017-06-02", "2017-09-04 09:30")
async def set_forms(town: Town) -> None:
    """布置收入核算表"""
    due = FORM_DUE[len(town.form_tasks)]
    helpers = [town.person(key).id for key in sorted(town.working)]
    town.form_tasks.append(await town.desk("leading-group-office-2").ask(api.form_tasks_create({
        "title": f"{MARK}:收入核算表", "text": "按户填写", "due_on": due, "helper_ids": helpers,
        "requirement_id": town.requirements["forms"]["id"],
    })))  # fmt: skip


@on("2017-03-30", "2017-06-29", "2017-09-29")
async def hand_forms_in(town: Town) -> None:
    """报送收入核算表,扶贫办审核"""
    task = town.form_tasks[-1]
    late = {LATE} if len(town.form_tasks) == 1 else {NEVER} if len(town.form_tasks) == 2 else set()
    await everyone(_hand_in(town, task, key) for key in sorted(town.working - late))


@on("2017-04-05")
async def hand_in_late(town: Town) -> None:
    """一份表册迟报"""
    await _hand_in(town, town.form_tasks[0], LATE)


async def _hand_in(town: Town, task: models.FormTaskOut, key: str) -> None:
    helper, office = town.desk(key), town.desk("leading-group-office-2")
    form = api.form_tasks_submit(task["id"], {"text": f"{MARK}:收入核算表已报送"})
    handed = await helper.ask(form)
    if key == IRREGULAR:
        wrong: models.ReturnForm = {"irregular": True, "incomplete": False, "note": f"{MARK}:填写不规范"}
        await office.act(handed, api.form_submissions_return, wrong)
        handed = await helper.ask(form)
    await office.act(handed, api.form_submissions_accept, {})
