"""What does the township make of the year? The leading group submits, the Party committee determines."""

from typing import Literal

from huayuan_client import api, models

from app.demo.accountability import DOCKET
from app.demo.desk import everyone
from app.demo.exits import FELL_BACK, OBJECTED, REFUSED, REPLACED, STILL_POOR
from app.demo.people import SINGLE_OFFICES, Person
from app.demo.town import MARK, Town, on

IDLE = "helper-idle"
Outcome = Literal["complete", "not_complete", "not_applicable", "not_determined"]
DEPARTS = {STILL_POOR: "not_complete", REFUSED: "unconfirmed", OBJECTED: "unconfirmed"}
"""What was proposed where the committee does not determine: a disaster (G29), a refusal and an objection (G21)."""
REOPENED = OBJECTED
"""Whose determination is taken up again once the matter is cleared up, and determined complete."""


def proposals_2017(town: Town) -> dict[str, str]:
    """What the record must suggest for every helper of 2017, from the story alone."""
    return determinations_2017(town) | DEPARTS


def helpers_of_2017(town: Town) -> list[Person]:
    return [*town.register.of("helper"), town.person("successor")]


def determinations_2017(town: Town) -> dict[str, Outcome]:
    """What the Party committee determines in the story, before anything is reopened."""
    known: dict[str, Outcome] = {IDLE: "not_applicable", REPLACED: "not_determined", FELL_BACK: "not_complete"}
    known |= dict.fromkeys(DEPARTS, "not_determined")
    return {p.key: known.get(p.key, "complete") for p in helpers_of_2017(town)}


@on("2016-12-26", "2017-12-26")
async def submit(town: Town) -> None:
    """领导小组审核两本台账,汇总上报乡党委"""
    group, year = town.desk("leading-group-1"), town.today.year
    opened = await group.ask(api.year_end_submissions_create({"year": year}))
    await group.act(opened, api.year_end_submissions_review, {"findings": f"{MARK}:两本台账与原始记录一致。"})
    await group.act(
        opened, api.year_end_submissions_summarise, {"summary": f"{MARK}:{year} 年全乡帮扶对象脱贫情况汇总。"}
    )
    town.submissions[year] = await group.act(opened, api.year_end_submissions_submit, {})


@on("2016-12-28", "2017-12-27")
async def propose(town: Town) -> None:
    """依据台账生成年终考核评价建议"""
    office, year = town.desk("leading-group-office-1"), town.today.year
    records = await office.all(api.annual_evaluations_list(year=year))
    await everyone(office.act(record, api.annual_evaluations_propose, {}) for record in records)
    town.evaluations[year] = {town.by_id(r["helper_id"]).key: r for r in records}


@on("2016-12-30")
async def leave_undetermined(town: Town) -> None:
    """2016年度无规定任务:乡党委不作完成与否的认定"""
    await everyone(
        _determine(town, key, "not_applicable" if key == IDLE else "not_determined", year=2016)
        for key in town.evaluations[2016]
    )


@on("2017-12-28")
async def determine(town: Town) -> None:
    """乡党委逐人确定帮扶任务是否完成"""
    outcomes = determinations_2017(town)
    await everyone(_determine(town, key, outcome) for key, outcome in outcomes.items())


async def _determine(town: Town, key: str, outcome: Outcome, year: int = 2017) -> None:
    body: models.Determine = {
        "outcome": outcome, "reasons": f"{MARK}:经乡党委审核研究确定。",
        "results_considered": f"{MARK}:全年月抽查、季考核结果已逐项研究,作为重要依据。",
        "submission_id": town.submissions[year]["id"],
    }  # fmt: skip
    if key == STILL_POOR and year == 2017:
        body["mitigation"] = f"{MARK}:该户年底突遭火灾。"
    if outcome == "complete" and key in measured(town):
        body["priority_reason"] = f"{MARK}:已改正,帮扶任务全面完成。"
    await town.desk("party-committee-1").act(town.evaluations[year][key], api.annual_evaluations_determine, body)


def measured(town: Town) -> set[str]:
    """The keys of the people against whom a measure of article 9 was taken in 2017."""
    return {str(affair.who) for affair, _ in DOCKET.cases if affair.ends == "measure"}


@on("2017-12-29")
async def reopen(town: Town) -> None:
    """异议查清后重新研究,另作确定"""
    committee, record = town.desk("party-committee-1"), town.evaluations[2017][REOPENED]
    await committee.act(record, api.annual_evaluations_reopen, {"reason": f"{MARK}:补助已到账,异议已查清。"})
    await _determine(town, REOPENED, "complete")


@on("2017-12-30")
async def notify(town: Town) -> None:
    """乡党委通报没有完成任务的帮扶责任人(第七条),当年一票否决"""
    committee = town.desk("party-committee-1")
    for due in await committee.all(api.notices_list(kind="article_7_notice", state="draft")):
        await committee.act(due, api.notices_publish, {
            "title": f"{MARK}:关于没有完成帮扶任务的通报", "body": f"{MARK}:依第七条第(二)项予以通报。",
            "channel": "document",
        })  # fmt: skip


@on("2017-12-31 17:00")
async def look_for_what_is_left(town: Town) -> None:
    """年度终了:各机关查看待办事项"""
    keys = [f"{office.replace('_', '-')}-1" for office in SINGLE_OFFICES]
    keys += ["leader-1", "principal-01", "head-01", "helper-01"]
    lists = await everyone(town.desk(key).ask(api.me_tasks()) for key in keys)
    town.left_over = {key: len(tasks["items"]) for key, tasks in zip(keys, lists, strict=True) if tasks["items"]}
