"""Does each of the 17 grounds of article 9 carry its own words, measure, subjects and outputs, and no others?"""

from datetime import date

from app.rulebook.rules import Capacity, Category, Crime, Facts, MeasureCode, Politics, assess, huayuan

CIRCULAR, WRITTEN = MeasureCode.CIRCULAR_CRITICISM, MeasureCode.WRITTEN_SELF_CRITICISM
TALK, DISCIPLINE = MeasureCode.ADMONITION_TALK, MeasureCode.PARTY_OR_ADMIN_DISCIPLINE
SUBJECTS = {
    CIRCULAR: {Capacity.HELPER},
    WRITTEN: {Capacity.HELPER, Capacity.VILLAGE_BODY},
    TALK: {Capacity.HELPER, Capacity.VILLAGE_BODY_HEAD},
    DISCIPLINE: {Capacity.UNIT, Capacity.VILLAGE_BODY_HEAD, Capacity.DIRECTLY_RESPONSIBLE},
}
OUTPUTS = {
    CIRCULAR: {"township_notice"},
    WRITTEN: {"self_criticism", "township_notice"},
    TALK: {"talk_record"},
    DISCIPLINE: {"discipline_reference"},
}


def holds(code: str, words: str, measure: MeasureCode) -> None:
    """The ground has these words, leads to this measure for its subjects, and to nothing for anybody else."""
    assert huayuan().grounds[code].text == words
    for capacity in Capacity:
        facts = Facts(
            fact_date=date(2017, 3, 15), basis=code, capacity=capacity, crime=Crime.NONE, outcome="责令整改",
            categories=(Category.VILLAGE_COMMITTEE_MEMBER,), political_status=Politics.PARTY_MEMBER, cited_rule="规定",
        )  # fmt: skip
        result = assess(huayuan(), facts)
        assert (result.measure, set(result.outputs)) == (measure, OUTPUTS[measure])
        assert result.permitted is (capacity in SUBJECTS[measure]), capacity


def test_HY_9_1_1_absence_from_required_meetings() -> None:
    holds("HY.9.1.1", "无故不参加有关会议的", CIRCULAR)


def test_HY_9_1_2_visits_that_were_required_and_not_made() -> None:
    holds("HY.9.1.2", "不按要求进村入户开展扶贫工作的", CIRCULAR)


def test_HY_9_1_3_forms_late_irregular_or_incomplete() -> None:
    holds("HY.9.1.3", "各类表册等材料上报不及时、填写不规范、不完善的", CIRCULAR)


def test_HY_9_2_1_impatience_and_wrong_explanations() -> None:
    holds("HY.9.2.1", "不能耐心接待群众来访、对政策解释错误,给脱贫工作带来负面影响的", WRITTEN)


def test_HY_9_2_2_passive_slow_and_inefficient_work() -> None:
    holds("HY.9.2.2", "工作态度消极、敷衍塞责、推进缓慢、效率低下的", WRITTEN)


def test_HY_9_2_3_tasks_not_done_in_time() -> None:
    holds("HY.9.2.3", "在规定时间内没有完成各项工作任务的", WRITTEN)


def test_HY_9_2_4_tables_not_filled_in_as_required() -> None:
    holds("HY.9.2.4", "未按照要求填写精准扶贫表格的", WRITTEN)


def test_HY_9_3_1_late_guidance_and_policy_at_a_discount() -> None:
    holds("HY.9.3.1", "业务指导不及时、扶贫政策兑现打折扣的", TALK)


def test_HY_9_3_2_surveys_without_visits_and_signing_for_others() -> None:
    holds("HY.9.3.2", "调查摸底不入户、收入核算不仔细、非本人签字确认、审核把关不严的、建档立卡不完善的", TALK)


def test_HY_9_3_3_results_not_made_public() -> None:
    holds("HY.9.3.3", "评定结果不公开或公开不及时、不真实、不全面的", TALK)


def test_HY_9_3_4_no_plan_scheme_or_measures() -> None:
    holds("HY.9.3.4", "没有制定帮扶计划、项目实施方案、增收脱贫措施的", TALK)


def test_HY_9_3_5_plan_not_completed() -> None:
    holds("HY.9.3.5", "没有完成帮扶计划的", TALK)


def test_HY_9_4_1_households_listed_outside_procedure() -> None:
    holds("HY.9.4.1", "未按规定程序评定贫困户,徇私舞弊、暗箱操作的", DISCIPLINE)


def test_HY_9_4_2_fraud_and_dereliction() -> None:
    holds("HY.9.4.2", "工作中弄虚作假、玩忽职守、失职渎职的", DISCIPLINE)


def test_HY_9_4_3_misuse_of_funds() -> None:
    holds("HY.9.4.3", "挤占、截留、挪用、拖欠扶贫补助项目资金的", DISCIPLINE)


def test_HY_9_4_4_false_reports_for_subsidies() -> None:
    holds("HY.9.4.4", "虚报、瞒报和违规套取扶贫项目补助款的", DISCIPLINE)


def test_HY_9_4_5_serious_breach_of_policy_and_law() -> None:
    holds("HY.9.4.5", "严重违反国家有关扶贫政策和法规等行为的", DISCIPLINE)
