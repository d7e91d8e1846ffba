"""How is every helper assessed, quarter by quarter? Five quarters, 2016-Q4 to 2017-Q4."""

from huayuan_client import api, models

from app.demo.desk import everyone
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
    town.rubric = await town.desk("leading-group-1").ask(api.rubrics_create({
        "code": "quarterly", "title": f"{MARK}:季度考核评分细则(乡自定)",
        "criteria": [
            {"code": "visits", "title": "到村次数", "maximum": 40_000,
             "deductions": [{"code": "few_visits", "title": "少于要求", "points": 5_000}]},
            {"code": "forms", "title": "表册及资料报送情况", "maximum": 60_000,
             "deductions": [{"code": "late_forms", "title": "报送不及时", "points": 2_500}]},
        ],
    }))  # fmt: skip


@on(*(f"{day} 14:00" for day in QUARTERS))
async def assess(town: Town) -> None:
    """季度考核:所有帮扶责任人统一评估"""
    quarter = QUARTERS[town.today.isoformat()]
    team = town.register.of("assessor")
    first, rubric = town.desk(team[0]), town.rubric["id"] if town.rubric and quarter == WITH_RUBRIC else None
    opened = await first.ask(api.quarterly_rounds_create({"quarter": quarter, "rubric_id": rubric}))
    rows = await first.all(api.quarterly_scores_list(round_id=opened["id"]))
    await first.refused(api.quarterly_rounds_summarise(opened, {"narrative": MARK}), "somebody-is-pending")
    await everyone(_assess(town, quarter, row, team[n % len(team)].key) for n, row in enumerate(rows))
    told = f"{MARK}:{quarter} 全部帮扶责任人已统一评估。"
    await first.act(opened, api.quarterly_rounds_summarise, {"narrative": told})
    await first.act(opened, api.quarterly_rounds_report, {})


async def _assess(town: Town, quarter: str, score: models.ScoreOut, assessor: str) -> None:
    helper, desk = town.by_id(score["helper_id"]), town.desk(assessor)
    if (quarter, helper.key) == NOT_ASSESSED:
        await desk.act(score, api.quarterly_scores_not_assessed, {"reason": f"{MARK}:住院治疗,整季未在岗。"})
        return
    body = _result(town, quarter, helper.key)
    await desk.act(score, api.quarterly_scores_assess, body)
    if (quarter, helper.key) == CORRECTED:
        again: models.Assess = {**body, "narrative": f"{MARK}:谈话日期记错,已改正。"}
        await desk.act(score, api.quarterly_scores_correct, {"reason": f"{MARK}:谈话日期记错", "assessed": again})


def _result(town: Town, quarter: str, key: str) -> models.Assess:
    """The three methods with their evidence; where nobody could be met, the attempts and the reason."""
    helped = town.register.helped_by(SUCCESSOR if key == REPLACED and not town.register.helped_by(REPLACED) else key)
    household = next(h for h in helped if h.number not in town.closed)
    methods: list[models.MethodBody] = [
        {"method": "on_site", "evidence": f"{MARK}:实地查看帮扶项目。"},
        {"method": "documents", "evidence": f"{MARK}:查阅走访记录和表册。"},
    ]
    missing: list[models.MissingBody] = []
    if (quarter, key) == NOT_MET:
        attempts: list[models.AttemptBody] = [{"on": town.today.isoformat(), "how": f"{MARK}:入户未遇"}]
        missing = [{"method": "household_interview", "reason": f"{MARK}:全家外出务工", "attempts": attempts}]
    else:
        methods.append({
            "method": "household_interview", "evidence": f"{MARK}:与户主见面谈话。",
            "household_id": household.id, "helper_present": False,
        })  # fmt: skip
    told = f"{MARK}:到村次数与走访记录相符,措施正在落实。"
    result: models.Assess = {"methods": methods, "missing": missing, "narrative": told}
    if quarter == WITH_RUBRIC:
        result["deductions"] = [{"code": "late_forms", "times": 2}] if key == "helper-08" else []
    return result
