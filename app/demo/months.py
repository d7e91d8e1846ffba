"""What happens in every month? Visits, the public draw, the checks of those drawn.

Fourteen months, 2016-11 to 2017-12: February 2017 is missed and stays missed, August is drawn late, in September.
"""

from datetime import date, datetime, timedelta
from hashlib import sha256

from huayuan_client import api, models

from app.calendar import SHANGHAI, month_of, months_between
from app.demo.desk import everyone
from app.demo.people import Household
from app.demo.town import MARK, Town, on

MONTHS = months_between("2016-11", "2017-12")
MISSED, LATE = "2017-02", "2017-08"
IN_TIME = [m for m in MONTHS if m not in (MISSED, LATE)]
NOT_CHECKED, ADDED, CORRECTED, FOUND = "2017-03", "2017-06", "2017-05", "2017-04"
"""The month in which somebody drawn cannot be checked, one is checked besides, one record is corrected, and a
problem is found."""
SENT_TWICE = 8
"""Number of the household whose helper's phone has a bad connection: it sends each visit twice, which counts once."""
NO_VISITS = ("helper-13", "2017-05")
"""Who visits nobody in which month, against the written requirement (HY.9.1.2)."""


def sixth(month: str) -> str:
    """The day of a month's draw; November 2016 begins on the ninth."""
    return f"{month}-{'16' if month == '2016-11' else '06'}"


@on(*(f"{m}-{'28' if m == '2016-11' else '21'} 18:00" for m in MONTHS))
async def visit(town: Town) -> None:
    """帮扶责任人到村入户走访"""
    month = month_of(town.today)
    await everyone(
        _visit(town, household) for household in town.register.households if _is_visited(town, household, month)
    )


def _is_visited(town: Town, household: Household, month: str) -> bool:
    """Every household every other month, and every month in 2017's last quarter."""
    if household.number in town.closed or (household.helper, month) == NO_VISITS:
        return False
    return (household.number + MONTHS.index(month)) % 2 == 0 or month >= "2017-10"


async def _visit(town: Town, household: Household) -> None:
    day = town.today - timedelta(days=household.number % 12)
    when = datetime(day.year, day.month, day.day, 9 + household.number % 8, 30, tzinfo=SHANGHAI)
    visit = api.visits_create({
        "household_id": household.id, "device_time": when.isoformat(), "place": "户内",
        "text": f"{MARK}:了解生产生活情况,讲解帮扶政策。",
    }, retry_key=f"visit-{household.number}-{when:%Y-%m-%d}")  # fmt: skip
    for _ in range(2 if household.number == SENT_TWICE else 1):
        await town.desk(household.helper).ask(visit)
    town.visits += 1


@on(*(f"{sixth(m)} 09:00" for m in IN_TIME), "2017-09-02 09:00")
async def commit_to_draw(town: Town) -> None:
    """扶贫办提出、党政办确认当月抽查范围和种子来源"""
    month = LATE if town.today == date(2017, 9, 2) else month_of(town.today)
    proposer, confirmer = town.desk("leading-group-office-1"), town.desk("party-gov-office-1")
    draw = await proposer.ask(api.inspection_rounds_create({"month": month}))
    due = town.now + timedelta(hours=26)
    await proposer.act(draw, api.inspection_rounds_propose_commit, {
        "sources": [{"name": f"demo-beacon-{month}", "kind": "beacon", "reference": month, "due": due.isoformat()}],
        "reveal_by": (due + timedelta(days=1)).isoformat(),
        "assignment": {"inspectors": [p.id for p in town.register.of("assessor")], "team_size": 2},
        "late_reason": f"{MARK}:八月防汛,组织单位未能按时抽查。" if month == LATE else None,
    })  # fmt: skip
    await proposer.refused(api.inspection_rounds_confirm_commit(draw, {}), "the-other-organiser-confirms")
    town.rounds[month] = await confirmer.act(draw, api.inspection_rounds_confirm_commit, {})


@on(*(f"{sixth(m)[:8]}{int(sixth(m)[8:]) + 2:02d} 10:00" for m in IN_TIME), "2017-09-04 10:00")
async def reveal_and_draw(town: Town) -> None:
    """公布种子,按30%随机抽取"""
    month = LATE if town.today == date(2017, 9, 4) else month_of(town.today)
    draw = town.rounds[month]
    value = sha256(f"{MARK} {month}".encode()).hexdigest()
    await town.desk("party-gov-office-1").act(
        draw, api.inspection_rounds_reveal, {"values": [{"name": f"demo-beacon-{month}", "value": value}]}
    )
    office = town.desk("leading-group-office-1")
    if month == ADDED:
        drawn = {i["helper_id"] for i in await office.all(api.inspections_list(round_id=draw["id"]))}
        helper = next(town.person(key) for key in sorted(town.working) if town.person(key).id not in drawn)
        added = await office.ask(api.inspections_create({
            "round_id": draw["id"], "helper_id": helper.id, "reason": f"{MARK}:群众反映较多。",
        }))  # fmt: skip
        assessors = town.register.of("assessor")[:2]
        team: list[models.InspectorIn] = [{"person_id": p.id, "interest": "none"} for p in assessors]
        await office.act(added, api.inspections_assign_team, {"inspectors": team})


@on(*(f"{m}-25 15:00" for m in IN_TIME), "2017-09-24 15:00")
async def check(town: Town) -> None:
    """考核组检查抽中的帮扶责任人,结束本轮"""
    month = LATE if town.today == date(2017, 9, 24) else month_of(town.today)
    draw, office = town.rounds[month], town.desk("leading-group-office-1")
    listed = await office.all(api.inspections_list(round_id=draw["id"]))
    checks = sorted(listed, key=lambda i: (i["kind"] != "drawn", i["rank"] or 0))
    await office.refused(api.inspection_rounds_close(draw, {}), "checks-pending")
    town.careless = next(c["helper_id"] for c in checks if town.by_id(c["helper_id"]).authority == "township")
    await everyone(_check(town, one, month) for one in checks)
    town.rounds[month] = await office.act(draw, api.inspection_rounds_close, {})


async def _check(town: Town, one: models.InspectionOut, month: str) -> None:
    if len(one["team"]) < 2:
        await _complete_team(town, one)
    first = one["rank"] == 1
    assessor = town.desk(town.by_id(one["team"][0]["person_id"]))
    if first and month == NOT_CHECKED:
        await assessor.act(one, api.inspections_not_checked, {"reason": f"{MARK}:住院治疗。"})
        return
    body = _found(town, one, month)
    await assessor.act(one, api.inspections_record, body)
    if first and month == CORRECTED:
        body["aspects"]["measures"]["found"] += "补记:到户项目已验收。"
        await assessor.act(one, api.inspections_correct, {"reason": f"{MARK}:漏记一项。", "recorded": body})


async def _complete_team(town: Town, one: models.InspectionOut) -> None:
    """Where the lot left a team short, the organisers name another inspector (G11)."""
    named = [i["person_id"] for i in one["team"]]
    named += [p.id for p in town.register.of("assessor") if p.id not in named][: 2 - len(named)]
    await town.desk("leading-group-office-1").act(one, api.inspections_assign_team, {
        "inspectors": [{"person_id": person, "interest": "none"} for person in named],
        "reason": f"{MARK}:随机选派不足两人,补派一人。",
    })  # fmt: skip


def _found(town: Town, one: models.InspectionOut, month: str) -> models.RecordCheck:
    """The three aspects; in one month the first one drawn whom the township manages works carelessly."""
    problems: list[models.ProblemIn] = []
    if month == FOUND and one["helper_id"] == town.careless:
        problems.append({
            "aspect": "measures", "happened_on": town.today.isoformat(), "ground": "HY.9.2.2",
            "description": f"{MARK}:帮扶措施推进缓慢。",
        })  # fmt: skip
    return {
        "checked_on": town.today.isoformat(),
        "aspects": {
            "village_visits": {"seen": 1, "found": f"{MARK}:与走访登记核对。"},
            "measures": {"found": f"{MARK}:帮扶措施正在落实。"},
            "forms": {"found": f"{MARK}:表册齐全。"},
        },
        "problems": problems,
    }
