"""Which words do offices use? Headings of columns and entries of cells, in one place; what is not here is not guessed.

Of each list, parted by blanks, the first word is the one that people are told. Texts are compared as half-width
characters without blanks, punctuation and what stands in brackets (`rules.key`).
"""

from app.actor import Office
from app.codes import ATTRIBUTES, CATEGORIES, CAUSES, MANAGEMENTS, OFFICES, PARTY_MEMBERSHIPS, RELATIONS, Words
from app.households.rules import Attribute, Cause, Relation

HEADERS: dict[str, str] = {
    "name": "姓名 人员姓名 帮扶责任人 帮扶责任人姓名 帮扶人姓名 帮扶人 成员姓名 家庭成员姓名 家庭成员",
    "citizen_id": "身份证号码 身份证号 身份证 公民身份号码 证件号码 证件号 居民身份证号码 身份证件号码 成员身份证号",
    "category": "人员类别 类别 人员类型 干部类别 人员性质",
    "unit": "单位 工作单位 所在单位 帮扶单位 单位名称 帮扶人单位 所属单位",
    "party": "政治面貌 是否党员 党员 是否中共党员",
    "authority": "干部管理权限 管理权限",
    "phone": "联系电话 电话 手机 手机号 手机号码 电话号码 联系方式",
    "office": "职务 任职 担任职务 岗位 岗位职务 工作职务",
    "place": "任职地点 任职村 所在村 包村 驻村 负责村 行政村 村 村名",
    "starts": (
        "起始日期 开始日期 开始时间 起始时间 任职时间 任职日期 任职起始时间 结对时间 结对日期 帮扶开始时间 "
        "帮扶起始时间 帮扶时间"
    ),
    "ends": "终止日期 结束日期 结束时间 终止时间 离任时间 离任日期 帮扶结束时间 截止时间 截止日期",
    "card_number": "建档立卡编号 户编号 贫困户编号 户号 建档立卡号 档案编号 户码 户籍编号",
    "village": "行政村 村 村名 村居 所属村 行政村名称 村委会 行政村代码 村代码",
    "group": "村民小组 组 组别 自然村 村民组 自然村组",
    "head_name": "户主姓名 户主 贫困户姓名 贫困户户主 贫困户 户主名",
    "attribute": "贫困户属性 属性 贫困户类型 户属性",
    "main_cause": "主要致贫原因 致贫原因 主要致贫因素 致贫主因",
    "other_causes": "其他致贫原因 其它致贫原因 次要致贫原因",
    "listed_on": "识别日期 识别时间 建档立卡日期 建档立卡时间 建档日期 建档时间 录入时间 纳入时间",
    "relation": "与户主关系 关系 家庭关系 与户主的关系",
    "helper_name": "帮扶责任人 帮扶责任人姓名 帮扶人 帮扶人姓名 帮扶干部 帮扶干部姓名 走访人 走访干部 结对干部",
    "helper_id": ("帮扶责任人身份证号码 帮扶责任人身份证号 帮扶人身份证号 帮扶人身份证号码 帮扶干部身份证号"),
    "is_primary": "是否主要帮扶责任人 是否主要帮扶人 主要帮扶责任人 是否第一帮扶人 主次",
    "visited_on": "走访日期 走访时间 入户日期 入户时间 日期 时间",
    "visit_place": "走访地点 地点 入户地点",
    "text": "走访情况 走访内容 内容 工作内容 帮扶内容 情况记录",
    "result": "导入结果",
}
"""Field -> how its column may be headed."""

NAMED: dict[str, Words] = {
    "category": CATEGORIES, "party": PARTY_MEMBERSHIPS, "authority": MANAGEMENTS, "office": OFFICES,
    "attribute": ATTRIBUTES, "main_cause": CAUSES, "relation": RELATIONS, "is_primary": {"yes": "是", "no": "否"},
}  # fmt: skip
"""Field -> value -> what it is called, in files that go out too."""

ALSO: dict[str, dict[str, str]] = {
    "category": {
        "organ_cadre": "乡机关干部 乡干部 乡镇干部 公务员",
        "village_committee_member": "两委成员 村两委 村两委干部 村干部",
        "group_cadre": "组干部 村民组长 组长",
        "unit_staff": "单位人员 单位职工 县直单位人员 部门人员 事业人员 教师",
        "other": "其它",
    },
    "party": {
        "member": "党员 是 中共预备党员 预备党员",
        "not_member": "非党员 否 不是 共青团员 团员 民主党派 无党派人士 无党派",
        "unknown": "未知",
    },
    "authority": {
        "township": "乡管干部 乡 乡镇管理",
        "county": "县管干部 县 县级管理",
        "above": "市管 省管 市管干部 省管干部 上级",
    },
    "office": {
        Office.HELPER: "帮扶人 帮扶干部 帮扶责任人员 结对帮扶干部",
        Office.LIAISON_LEADER: "包村领导 联系领导",
        Office.ASSESSOR: "考核组成员 考核人员",
        Office.LEADING_GROUP_OFFICE: "扶贫办 乡扶贫办 乡扶贫办公室",
        Office.PARTY_GOV_OFFICE: "党政办 乡党政办 党政办公室",
        Office.LEADING_GROUP: "扶贫开发领导小组 领导小组",
        Office.VILLAGE_COMMITTEE_MEMBER: "两委成员 村委委员 村支委员",
    },
    "attribute": {
        Attribute.GENERAL: "一般户 一般农户",
        Attribute.LOW_INCOME_ALLOWANCE: "低保",
        Attribute.FIVE_GUARANTEES: "五保 特困供养户",
    },
    "main_cause": {
        Cause.ILLNESS: "因病致贫 疾病",
        Cause.DISABILITY: "因残致贫 残疾",
        Cause.SCHOOLING: "因学致贫",
        Cause.DISASTER: "因灾致贫",
        Cause.LACK_OF_LAND: "缺地",
        Cause.LACK_OF_LABOUR: "缺劳动力",
        Cause.LACK_OF_FUNDS: "缺少资金",
        Cause.POOR_TRANSPORT: "交通落后",
        Cause.LACK_OF_MOTIVATION: "发展动力不足 自身发展力不足",
        Cause.OTHER: "其他",
    },
    "relation": {
        Relation.HEAD: "本人 本人或户主",
        Relation.SPOUSE: "妻 妻子 夫 丈夫 爱人 之妻 之夫",
        Relation.CHILD: (
            "子 女 儿子 女儿 长子 次子 三子 四子 长女 次女 三女 四女 独生子 独生女 之子 之女 养子 养女 继子 继女"
        ),
        Relation.CHILD_IN_LAW: "儿媳 媳妇 女婿 之儿媳 之女婿",
        Relation.GRANDCHILD: "孙子 孙女 外孙 外孙子 外孙女 孙子女 之孙子 之孙女 之外孙子 之外孙女 孙",
        Relation.PARENT: "父 母 父亲 母亲 之父 之母 岳父 岳母 公公 婆婆",
        Relation.GRANDPARENT: "祖父 祖母 爷爷 奶奶 外祖父 外祖母 外祖父母",
        Relation.SIBLING: "兄 弟 姐 妹 哥哥 弟弟 姐姐 妹妹 之兄弟姐妹",
        Relation.OTHER: "其它",
    },
    "is_primary": {
        "yes": "主 主要 第一 √ 第一帮扶人",
        "no": "次 协助 第二 × 不是",
    },
}
"""How it is written besides."""

WORDS: dict[str, dict[str, str]] = {
    field: {code: f"{word} {ALSO[field].get(code, '')}".strip() for code, word in words.items()}
    for field, words in NAMED.items()
}
"""Field -> value -> how it is written."""

TOTALS = "合计 总计 小计 共计 累计"
NOTES = "备注 注 说明 填表说明 填表人 制表人 制表 填报人 审核人 审核 单位盖章 负责人 填报单位 填报日期 联系人"
"""With what the lines below a table begin."""
