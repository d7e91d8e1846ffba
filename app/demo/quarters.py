"""How is every helper assessed, quarter by quarter? Five quarters, 2016-Q4 to 2017-Q4."""

from typing import Any

from app.demo.desk import Record, everyone
from app.demo.exits import REPLACED, SUCCESSOR
from app.demo.town import MARK, Town, on

QUARTERS = {
    "2017-01-09": "2016-Q4", "2017-04-10": "2017-Q1", "2017-07-10": "2017-Q2", "2017-10-12": "2017-Q3",
    "2017-12-22": "2017-Q4",
}  # fmt: skip
"""When which quarter is assessed; the last one in its last days, before the year's end is determined."""
NOT_ASSESSED = ("2017-Q2", "helper-43")
"""Who could not be assessed when."""
NOT_MET = ("2017-Q1", "helper-44")
"""With whose households nobody could speak, and when."""
CORRECTED = ("2017-Q1", "helper-45")
WITH_RUBRIC = "2017-Q3"
"""The one quarter with points, shown as 参考 and triggering nothing."""


@on("2017-07-03")
async def issue_rubric(town: Town) -> None:
    """领导小组制定评分细则(乡自定,仅供参考)"""
    town.rubric = await town.desk("leading-group-1").make("/rubrics", {
        "code": "quarterly", "title": f"{MARK}:季度考核评分细则(乡自定)",
        "criteria": [
            {"code": "visits", "title": "到村次数", "maximum": 40_000,
             "deductions": [{"code": "few_visits", "title": "少于要求", "points": 5_000}]},
            {"code": "forms", "title": "表册及资料报送情况", "maximum": 60_000,
             "deductions": [{"code": "late_forms", "title": "报送不及时", "points": 2_500}]},
        ],
    })  # fmt: skip


@on(*(f"{day} 14:00" for day in QUARTERS))
async def assess(town: Town) -> None:
    """季度考核:所有帮扶责任人统一评估"""
    quarter = QUARTERS[town.today.isoformat()]
    team = town.register.of("assessor")
    rubric = {"rubric_id": town.rubric.id} if town.rubric and quarter == WITH_RUBRIC else {}
    opened = await town.desk(team[0]).make("/quarterly-rounds", {"quarter": quarter, **rubric})
    rows = await town.desk(team[0]).all("/quarterly-scores", round_id=opened.id)
    await town.desk(team[0]).refused(opened, "summarise", {"narrative": MARK}, "somebody-is-pending")
    await everyone(_assess(town, quarter, row, team[n % len(team)].key) for n, row in enumerate(rows))
    await town.desk(team[0]).act(opened, "summarise", {"narrative": f"{MARK}:{quarter} 全部帮扶责任人已统一评估。"})
    await town.desk(team[0]).act(opened, "report")


async def _assess(town: Town, quarter: str, row: dict[str, Any], assessor: str) -> None:
    score = Record(f"/quarterly-scores/{row['id']}", row, f'"{row["version"]}"')
    helper, desk = town.by_id(row["helper_id"]), town.desk(assessor)
    if (quarter, helper.key) == NOT_ASSESSED:
        await desk.act(score, "not-assessed", {"reason": f"{MARK}:住院治疗,整季未在岗。"})
        return
    body = _result(town, quarter, helper.key)
    await desk.act(score, "assess", body)
    if (quarter, helper.key) == CORRECTED:
        again = {**body, "narrative": f"{MARK}:谈话日期记错,已改正。"}
        await desk.act(score, "correct", {"reason": f"{MARK}:谈话日期记错", "assessed": again})


def _result(town: Town, quarter: str, key: str) -> dict[str, Any]:
    """The three methods with their evidence; where nobody could be met, the attempts and the reason."""
    helped = town.register.helped_by(SUCCESSOR if key == REPLACED and not town.register.helped_by(REPLACED) else key)
    household = next(h for h in helped if h.number not in town.closed)
    methods: list[dict[str, Any]] = [
        {"method": "on_site", "evidence": f"{MARK}:实地查看帮扶项目。"},
        {"method": "documents", "evidence": f"{MARK}:查阅走访记录和表册。"},
    ]
    missing = []
    if (quarter, key) == NOT_MET:
        attempts = [{"on": town.today.isoformat(), "how": f"{MARK}:入户未遇"}]
        missing = [{"method": "household_interview", "reason": f"{MARK}:全家外出务工", "attempts": attempts}]
    else:
        methods.append({
            "method": "household_interview", "evidence": f"{MARK}:与户主见面谈话。",
            "household_id": household.id, "helper_present": False,
        })  # fmt: skip
    result = {"methods": methods, "missing": missing, "narrative": f"{MARK}:到村次数与走访记录相符,措施正在落实。"}
    if quarter == WITH_RUBRIC:
        result["deductions"] = [{"code": "late_forms", "times": 2}] if key == "helper-08" else []
    return result
