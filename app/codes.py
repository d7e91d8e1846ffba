"""What are the codes called in Chinese? One word for each, wherever people read them: in files and on paper."""

from collections.abc import Mapping
from typing import Final

from app.actor import OFFICES_ZH

Words = Mapping[str, str]
OFFICES: Final = {office.value: zh for office, zh in OFFICES_ZH.items()}

# ── people, units, places ────────────────────────────────────────────────────────────────────────

CATEGORIES: Final = {
    "organ_cadre": "机关干部", "village_committee_member": "村“两委”成员", "group_cadre": "村组干部",
    "unit_staff": "部门单位人员", "other": "其他",
}  # fmt: skip
PARTY_MEMBERSHIPS: Final = {"member": "中共党员", "not_member": "群众", "unknown": "不详"}
MANAGEMENTS: Final = {"township": "乡管", "county": "县管", "above": "县以上"}
SEXES: Final = {"male": "男", "female": "女"}
RELATIONS: Final = {
    "head": "户主", "spouse": "配偶", "child": "子女", "child_in_law": "儿媳或女婿", "grandchild": "孙辈",
    "parent": "父母", "grandparent": "祖父母", "sibling": "兄弟姐妹", "other": "其他",
}  # fmt: skip
LEVELS: Final = {"province": "省", "city": "市", "county": "县", "township": "乡", "village": "村"}
POSTS: Final = {"party_secretary": "村党组织书记", "committee_director": "村委会主任"}

# ── households ───────────────────────────────────────────────────────────────────────────────────

ATTRIBUTES: Final = {
    "general": "一般贫困户", "low_income_allowance": "低保户", "five_guarantees": "五保户",
    "low_income_allowance_poor": "低保贫困户",
}  # fmt: skip
CAUSES: Final = {
    "illness": "因病", "disability": "因残", "schooling": "因学", "disaster": "因灾", "lack_of_land": "缺土地",
    "lack_of_water": "缺水", "lack_of_skills": "缺技术", "lack_of_labour": "缺劳力", "lack_of_funds": "缺资金",
    "poor_transport": "交通条件落后", "lack_of_motivation": "自身发展动力不足", "other": "其它",
}  # fmt: skip
STATUSES: Final = {
    "registered": "建档立卡在册", "newly_listed": "新识别", "returned_to_poverty": "返贫", "moved_out": "整户迁出",
    "deceased_all": "整户死亡", "split": "分户", "merged": "并户", "delisted": "识别不准剔除",
}  # fmt: skip
LEFT: Final = {"deceased": "死亡", "married_out": "婚嫁迁出", "moved_out": "迁出", "other": "其他"}

# ── signatures ───────────────────────────────────────────────────────────────────────────────────

PARTIES: Final = {
    "household": "帮扶对象", "helper": "帮扶责任人", "village_principal": "村主要负责人",
    "liaison_leader": "乡联系领导",
}  # fmt: skip
KINDS: Final = {"signed": "签字确认", "objected": "签字并附不同意见", "refused": "拒签"}
METHODS: Final = {"in_person": "当面签字", "thumbprint": "捺指印", "code": "一次性签字码", "account": "本人账号"}
CAPACITIES: Final = {"head": "户主", "member": "家庭成员", "guardian": "监护人", "agent": "受托人"}
REMARKS: Final = {"co_signature": "其他帮扶人附签", "predecessor_statement": "前任帮扶责任人说明"}
CHECKS: Final = {
    "food_and_clothing": "吃穿", "housing": "住房", "medical_care": "医疗", "schooling": "义务教育",
    "drinking_water": "饮水", "income": "收入",
}  # fmt: skip
"""What the checklist of a statement is called, where it is one of these; it is informative (G26)."""

# ── assessment ───────────────────────────────────────────────────────────────────────────────────

ASSESSED_BY: Final = {
    "on_site": "实地查看", "documents": "查阅资料", "household_interview": "与帮扶对象谈话", "other": "其他方法",
}  # fmt: skip
OUTCOMES: Final = {
    "complete": "全面完成", "not_complete": "没有完成", "not_applicable": "不适用", "not_determined": "未确定",
    "unconfirmed": "未经确认", "no_rule": "本年度无规定",
}  # fmt: skip
INTERESTS: Final = {"none": "无利害关系", "unit": "同一单位", "kinship": "亲属", "other": "其他"}
ASPECTS: Final = {
    "village_visits": "到村次数", "measures": "帮扶措施落实情况", "forms": "表册及资料报送情况",
}  # fmt: skip

# ── accountability ───────────────────────────────────────────────────────────────────────────────

SUBJECTS: Final = {
    "helper": "帮扶责任人", "village_body": "村“两委”", "village_body_head": "村“两委”负责人", "unit": "相关部门单位",
    "directly_responsible": "直接责任人",
}  # fmt: skip
MEASURES: Final = {
    "circular_criticism": "通报批评", "written_self_criticism": "书面检查", "admonition_talk": "诫勉谈话",
    "party_or_admin_discipline": "党政纪处分",
}  # fmt: skip
NOTICES: Final = {
    "article_7_notice": "第七条通报", "circular_criticism": "通报批评", "self_criticism_circulation": "书面检查通报",
    "correction": "更正通报",
}  # fmt: skip
CHANNELS: Final = {"board": "公示栏", "document": "文件", "meeting": "会议"}
GROUNDS: Final = {
    "HY.8": "第八条",
    **{
        f"HY.9.{item}.{number}": f"第九条第（{'一二三四'[item - 1]}）项第{number}目"
        for item, numbers in enumerate((3, 4, 5, 5), 1)
        for number in range(1, numbers + 1)
    },
}
"""Where the grounds stand in the regulation."""

# ── what is written down of them ─────────────────────────────────────────────────────────────────

SOURCES: Final = {"seed": "办法原文", "outside_rule": "上级规定", "local_policy": "本地约定"}
RESOURCES: Final = {
    "units": "单位", "people": "人员", "appointments": "任职", "households": "贫困户", "pairings": "结对",
    "visits": "走访",
}  # fmt: skip
EVENTS: Final = {
    "account.bound": "账号关联外部登录", "account.created": "开设账号", "account.disabled": "停用账号",
    "account.password_set": "设置密码", "account.reset": "重置密码", "annual_evaluation.begun": "开始年终评定",
    "annual_evaluation.determined": "确定年终评定", "annual_evaluation.proposed": "提出年终评定建议",
    "annual_evaluation.reopened": "重新研究年终评定", "appointment.ended": "终止任职", "appointment.made": "任职",
    "attachment.expired": "附件过期", "attachment.opened": "开始上传附件", "attachment.stored": "附件存妥",
    "case.closed": "结案", "case.decided": "作出处理决定", "case.executed": "处理执行",
    "case.facts_presented": "告知事实",
    "case.handed_over": "案件转交", "case.no_measure": "不予追究", "case.opened": "立案",
    "case.outcome_recorded": "记录外部处理结果", "case.recused": "办案回避", "case.referred": "转送上级",
    "case.revised": "异议后改变处理", "case.statement_recorded": "记录陈述申辩", "case.transferred": "移交司法",
    "checkpoint.signed": "签署检查点", "device.synced": "手机同步", "divisions.loaded": "载入区划",
    "finding.confirmed": "认定问题", "finding.dismissed": "不予认定问题", "finding.proposed": "提出问题线索",
    "form.accepted": "认可表册", "form.returned": "退回表册", "form.submitted": "报送表册",
    "form_task.set": "布置表册任务", "household.amended": "户信息更正", "household.life_event": "户的变动",
    "household.member_disclosed": "查看成员身份证号", "household.member_joined": "成员增加",
    "household.member_left": "成员减少", "household.registered": "登记入册", "household.status_changed": "户的状态变更",
    "household.without_helper": "户无帮扶责任人", "import.cancelled": "取消导入", "import.carried_out": "办理导入",
    "import.checked": "检查导入表格", "import.continued": "导入一批", "import.expired": "导入过期",
    "import.finished": "导入完成", "import.read": "读取导入表格", "import.received": "接收导入表格",
    "inspection.added": "增加检查", "inspection.corrected": "更正检查记录", "inspection.drawn": "抽中检查",
    "inspection.not_checked": "未检查", "inspection.recorded": "检查", "inspection.team_assigned": "确定检查组",
    "inspection_round.closed": "当月抽查结束", "inspection_round.committed": "冻结抽查范围",
    "inspection_round.drawn": "抽取", "inspection_round.missed": "当月未抽查",
    "inspection_round.nonce_opened": "公开自选数", "inspection_round.planned": "列入抽查",
    "inspection_round.proposed": "提出抽查", "interpretation.made": "作出解释", "leave.approved": "准假",
    "leave.refused": "不准假", "leave.requested": "请假", "meeting.attendance_recorded": "登记到会",
    "meeting.called": "通知开会", "meeting_invitation.attendance": "到会情况", "notice.corrected": "更正通报",
    "notice.due": "应发通报", "notice.published": "发布通报", "notice.withdrawn": "撤回通报",
    "objection.accepted": "受理异议", "objection.decided": "异议决定", "objection.filed": "提出异议",
    "objection.withdrawn": "撤回异议", "pairing.ended": "终止结对", "pairing.handed_over": "帮扶责任交接",
    "pairing.started": "结对帮扶", "person.changed": "人员信息变更", "person.created": "登记人员",
    "person.disclosed": "查看身份证号", "plan.made": "制定帮扶计划", "plan_measure.completed": "措施落实",
    "plan_measure.dropped": "措施取消", "plan_measure.started": "措施开始实施", "policy.set": "约定取值",
    "publication.shown": "公示", "publication.taken_down": "公示结束", "quarterly_round.listed": "列入季考核",
    "quarterly_round.opened": "开始季考核", "quarterly_round.reported": "上报季考核",
    "quarterly_round.summarised": "汇总季考核", "quarterly_score.added": "增列季考核",
    "quarterly_score.assessed": "季考核",
    "quarterly_score.corrected": "更正季考核", "quarterly_score.not_assessed": "季度未考核",
    "requirement.set": "提出要求",
    "rubric.issued": "发布评分标准", "rulebook.bound": "执行办法", "rulebook.published": "公布办法",
    "signoff.code_issued": "发放签字码", "signoff.collected": "统一汇总",
    "signoff.conflict_acknowledged": "认可身份重合",
    "signoff.considered_unconfirmed": "审议未确认", "signoff.forwarded": "未确认上报",
    "signoff.objected": "签字并附异议",
    "signoff.opened": "开始签字确认", "signoff.refused": "拒绝签字", "signoff.remarked": "附签或说明",
    "signoff.restated": "重新拟定内容,已有签字作废", "signoff.reviewed": "乡党委审核", "signoff.signed": "签字",
    "signoff.substitute_named": "指定替代签字人", "township.adopted": "启用乡镇", "unit.created": "登记单位",
    "village.changed": "村信息变更", "village.registered": "登记村", "visit.corrected": "走访记录更正",
    "visit.recorded": "走访", "webhook.changed": "变更推送地址", "webhook.created": "登记推送地址",
    "webhook.disabled": "停用推送", "webhook.enabled": "启用推送", "webhook.replay_asked": "要求重新推送",
    "webhook.secret_rotated": "更换推送密钥", "year_end_submission.listed": "列入年终汇总",
    "year_end_submission.opened": "开始年终汇总", "year_end_submission.reviewed": "年终审核",
    "year_end_submission.submitted": "年终上报", "year_end_submission.summarised": "年终汇总",
}  # fmt: skip
"""What is entered in the log."""

# ── which field holds which ──────────────────────────────────────────────────────────────────────

WORKFLOWS_OF: Final = {
    "HelperLedgerRow.checks": "inspection", "HelperLedgerRow.quarters": "quarterly_score",
    "HouseholdLedgerRow.signoff": "signoff", "MeasureLine.state": "plan_measures",
    "PackageOut.months": "inspection_round",
    "PackageOut.quarters": "quarterly_round", "PackageOut.signoffs": "signoff", "ResultOut.outcome": "quarterly_score",
}  # fmt: skip
"""Fields that hold a state of a workflow, besides every `state` of a row."""
WORDS: Final[Mapping[str, Words]] = {
    "alternatives": GROUNDS, "attendance": {"attended": "到会", "late": "迟到", "absent": "缺席"},
    "attribute": ATTRIBUTES, "basis": GROUNDS, "category": CATEGORIES, "channel": CHANNELS,
    "clock": {"device": "手机", "server": "服务器"},
    "crime_assessment": {"none": "不构成犯罪", "suspected": "涉嫌犯罪", "established": "构成犯罪"},
    "default_source": SOURCES, "determination": OUTCOMES, "event": EVENTS, "events": EVENTS,
    "flags": {"removed_in_fourth_quarter": "第四季度减少"}, "ground": GROUNDS, "left_reason": LEFT, "level": LEVELS,
    "made": RESOURCES, "main_cause": CAUSES, "management_authority": MANAGEMENTS, "measure": MEASURES,
    "media_type": {
        "image/jpeg": "JPEG 图片", "image/png": "PNG 图片", "image/webp": "WebP 图片", "image/heic": "HEIC 图片",
        "application/pdf": "PDF 文件",
    },
    "method": ASSESSED_BY, "office": OFFICES, "organ": OFFICES, "other_causes": CAUSES, "party": PARTIES,
    "party_membership": PARTY_MEMBERSHIPS, "principal_post": POSTS, "proposed_office": OFFICES,
    "proposed_outcome": OUTCOMES, "received_by": OFFICES, "relation": RELATIONS,
    "scopes": {"read": "读取", "import": "导入", "events": "跟踪事件"}, "settled_organ": OFFICES, "sex": SEXES,
    "status": STATUSES, "suggested_grounds": GROUNDS,
    "AccountOut.kind": {"person": "个人", "client": "业务系统"},
    "CaseOut.capacity": SUBJECTS,
    "CaseOut.categories": {**CATEGORIES, "unit_helper": "部门、单位帮扶责任人"},
    "CaseOut.elements": {
        "helper": "帮扶责任人", "duty_not_performed": "不履行或不正确履行工作职责",
        "task_not_completed": "未按照要求完成相关工作任务", "work_seriously_affected": "严重影响精准脱贫工作开展",
        "adverse_influence": "造成不良影响",
    },
    "CaseOut.management": {"township": "乡管", "superior": "上级管理"},
    "CaseOut.statement": {"stated": "已陈述申辩", "waived": "放弃", "refused": "拒绝"},
    "DeliveryOut.state": {"delivered": "已送达", "failing": "重试中", "asked": "待重新推送", "failed": "未送达"},
    "DeterminationOut.measures": MEASURES,
    "DeterminationOut.outcome": OUTCOMES,
    "EventOut.kind": STATUSES,
    "FindingOut.source": {
        "inspection": "月抽查", "quarterly_score": "季考核", "citizen_report": "群众反映", "office": "机关、办公室发现",
    },
    "ImportOut.kind": {
        "roster": "人员花名册", "households": "贫困户登记表", "pairings": "结对帮扶花名册", "visits": "走访记录",
    },
    "ImportOut.mode": {"atomic": "整批", "independent": "逐行"},
    "InspectionOut.kind": {"drawn": "随机抽中", "additional": "另行检查"},
    "InspectionOut.team_warnings": {
        "team_too_small": "人数不足", "interest_undeclared": "未申报利害关系", "interest_overlapping": "存在利害关系",
    },
    "InspectorOut.interest": INTERESTS,
    "InterviewOut.outcome": {"met": "见面谈话", "other_means": "其他方式", "not_reached": "未能见面"},
    "NoticeOut.audience": {"township": "全乡"},
    "NoticeOut.kind": NOTICES,
    "PackageOut.households": STATUSES,
    "PackageOut.months": {"missed_in_month": "当月未抽查", "none": "无"},
    "PackageOut.quarters": {"none": "无"},
    "PlanOut.kind": {
        "assistance_plan": "帮扶计划", "project_scheme": "项目实施方案", "income_measures": "增收脱贫措施",
    },
    "PolicyHead.source": SOURCES,
    "ProblemOut.aspect": ASPECTS,
    "PublicationOut.kind": {
        "poor_households": "贫困户评定结果", "exits": "脱贫退出结果", "assessment_results": "考核评定结果",
        "funds_and_projects": "资金项目", "other": "其他",
    },
    "RecusedOut.interest": INTERESTS,
    "RemarkedOut.kind": REMARKS,
    "RequirementOut.kind": {
        "visits": "进村入户", "forms": "表册及资料报送", "meetings": "会议", "plans": "帮扶计划",
        "publication": "公示公告", "other": "其他",
    },
    "RoundOut.algorithm": {"draw/v1": "第一版(draw/v1)"},
    "RubricOut.source": SOURCES,
    "SignatureOut.capacity": CAPACITIES,
    "SignatureOut.kind": KINDS,
    "SignatureOut.method": METHODS,
    "SignoffOut.checks": CHECKS,
    "SourceOut.kind": {
        "beacon": "公共随机信标", "drand": "公共随机信标 drand", "lottery": "公开彩票号码", "dice": "公证掷骰",
        "nonce": "各方自选数",
    },
    "StepOut.kind": {
        "facts": "告知事实", "statement": "陈述申辩", "decision": "处理决定", "no_measure": "不予追究",
        "transfer": "移交司法机关", "referral": "转送", "outcome": "外部处理结果", "output": "执行结果材料",
        "closing": "结案", "modification": "异议后变更", "revocation": "异议后撤销",
    },
    "StepOut.output": {
        "township_notice": "全乡通报", "self_criticism": "书面检查", "talk_record": "诫勉谈话记录",
        "discipline_reference": "处分决定文号",
    },
    "WebhookOut.disabled_because": {"administrator": "管理员停用", "gone": "接收方已撤销", "exhausted": "多次推送失败"},
    "WebhookOut.state": {"enabled": "启用", "disabled": "停用"},
}  # fmt: skip
"""By the field's name, or `Model.field` where one model means something of its own by it; of a mapping, its keys."""
