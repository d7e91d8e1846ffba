"""What stands on a page? Each paper made from its record alone: the same record gives the same page.

A paper is blocks as app/press.typ knows them, with a foot that names the record, its version and its newest entry in
the ledger, so that paper can be checked against the log. Its date is the record's, never the day of printing.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from app.actor import OFFICES_ZH, Office
from app.calendar import SHANGHAI
from app.codes import (
    ASSESSED_BY,
    CAPACITIES,
    CHANNELS,
    CHECKS,
    GROUNDS,
    KINDS,
    METHODS,
    OUTCOMES,
    PARTIES,
    REMARKS,
    STATUSES,
    SUBJECTS,
)
from app.evaluations.rules import EVALUATION, SUBMISSION
from app.handovers.rules import NotYetSigned
from app.inspections.rules import INSPECTION, INSPECTION_ROUND
from app.refusal import Conflict
from app.rulebook.rules import huayuan
from app.scores.rules import ROUND, SCORE
from app.signoffs.rules import ORDER, SIGNOFF

Json = dict[str, Any]
Row = Mapping[str, Any]

ORGANS: Final = {
    "party_committee": "中共{}委员会", "township_government": "{}人民政府",
    "discipline_commission": "中共{}纪律检查委员会",
}  # fmt: skip
STANDINGS: Final = {
    "out": "已脱贫", "not_out": "未脱贫", "unconfirmed": "未经确认", "unreviewed": "未经审核",
    "overtaken": "情况已变化", "closed": "已销户", "handed_over": "已移交他人帮扶",
}  # fmt: skip
PERIODS: Final = {
    **INSPECTION_ROUND.states_zh, **INSPECTION.states_zh, **SCORE.states_zh, **ROUND.states_zh,
    "missed_in_month": "当月未抽查", "none": "无", "no_round": "未开展", "not_drawn": "未抽中", "no_row": "不在其列",
    "additional": "另行检查",
}  # fmt: skip
BOOK: Final = huayuan()


class NothingPublishedYet(Conflict):
    """This notice has no words yet: it is on paper once it was published.

    该通报尚未发布,没有可打印的内容。
    """

    article = "7(2)"


class NoTalkOnRecord(Conflict):
    """No admonition talk of this case is on record, so there is no record of it to print.

    本案尚无诫勉谈话记录,没有可打印的内容。
    """

    article = "9"


class NotSummarisedYet(Conflict):
    """This is not summed up yet: it is on paper once it was.

    尚未汇总,没有可打印的内容。
    """

    article = "5"


# ── how things are written ───────────────────────────────────────────────────────────────────────


def day_zh(day: str) -> str:
    """`2017-03-05` as documents write it: 2017年3月5日."""
    told = date.fromisoformat(day)
    return f"{told.year}年{told.month}月{told.day}日"


def local(moment: str) -> datetime:
    return datetime.fromisoformat(moment).astimezone(SHANGHAI)


def moment_zh(moment: str) -> str:
    told = local(moment)
    return f"{day_zh(told.date().isoformat())}\n{told:%H:%M}"


def quarter_zh(quarter: str) -> str:
    return f"{quarter[:4]}年第{'一二三四'[int(quarter[-1]) - 1]}季度"


def number_zh(number: str | None) -> str | None:
    """A document's number with the brackets that GB/T 9704 gives the year: 〔2017〕; offices type others."""
    return number and re.sub(r"[\[［(（【〔]\s*(\d{4})\s*[\]］)）】〕]", r"〔\1〕", number)


def grouped(digest: str) -> str:
    """A hash as one reads it aloud: four groups of sixteen."""
    return " ".join(digest[n : n + 16] for n in range(0, len(digest), 16))


def yuan(fen: int | None) -> str:
    return "未填" if fen is None else f"{fen // 100}.{fen % 100:02d} 元"


def clause_zh(code: str) -> str:
    """Where a ground stands in the regulation, and what it says in short."""
    where, ground = GROUNDS.get(code, code), BOOK.grounds.get(code)
    return where if ground is None else f"{where}　{ground.label_zh}"


def foot(row: Row, name: str) -> list[str]:
    """What every page says of its record, and where the log proves it."""
    lines = [f"记录 {name}/{row['id']}　第 {row['version']} 版"]
    if entry := row["entry"]:
        lines.append(f"台账 {entry['log']}/{entry['seq']}　条目散列 {entry['leaf_hash']}")
    return lines


def paper(row: Row, name: str, day: str, *blocks: Json | None) -> Json:
    """The pages of one record, of that day."""
    return {"foot": foot(row, name), "day": day, "blocks": [block for block in blocks if block is not None]}


def document(name: str, *papers: Json, form: bool = True) -> Json:
    """What the press takes: a form of tables or a letter, which bears the day of the newest of its papers."""
    return {"title": name, "date": max(paper["day"] for paper in papers), "form": form, "papers": papers}


def since(row: Row) -> str:
    """The day from which the record stands as it does."""
    return local(row["state_since"]).date().isoformat()


def title(text: str, under: str | None = None) -> Json:
    return {"kind": "title", "text": text, "under": under}


def heading(text: str) -> Json:
    return {"kind": "heading", "text": text}


def prose(text: str) -> Json:
    return {"kind": "prose", "text": text}


def form(*rows: Sequence[str]) -> Json:
    """Rows of a label and a value, or of two of each."""
    return {"kind": "form", "rows": [[str(part) for part in row] for row in rows]}


def listing(
    head: Sequence[str], widths: Sequence[float], rows: Sequence[Sequence[str]], centred: Sequence[int] = (0,)
) -> Json:
    size = 9 if len(head) > 5 else 10
    return {"kind": "listing", "head": head, "widths": widths, "rows": rows, "centred": [*centred], "size": size}


def close(*lines: str) -> Json:
    return {"kind": "close", "lines": lines}


# ── the sign-off sheet ───────────────────────────────────────────────────────────────────────────


def sheet(row: Row) -> Json:
    """The four signatures on one household's exit, with method, moment and what was signed (R5.5)."""
    household = row["household"]
    standing = {s["party"]: s for s in row["signatures"] if s["voided_at"] is None}
    voided = [s for s in row["signatures"] if s["voided_at"] is not None]
    head = ("签字方", "签字人", "结果", "方式", "时间", "说明", "内容散列")
    widths = (1.8, 1.4, 1.7, 1.5, 2.2, 2.5, 2.8)
    checks = "；".join(
        f"{CHECKS.get(name, name)}：{'是' if yes else '否'}" for name, yes in sorted(row["checks"].items())
    )
    return paper(
        row,
        "signoffs",
        since(row),
        title("贫困户年底脱贫情况签字确认表", f"{row['township']}　{row['year']}年度"),
        form(
            ("户主姓名", household["head_name"], "建档立卡编号", household["card_number"]),
            ("所在村组", f"{row['village'] or row['village_code']}{household['group'] or ''}", "年度", row["year"]),
            ("是否脱贫", "是" if row["out_of_poverty"] else "否", "人均纯收入", yuan(row["income_fen"])),
            ("所依据规定", row["outside_rule"]),
            ("帮扶措施", "\n".join(row["measures"]) or "无"),
            ("参考核对项", checks or "无"),
            ("办理状态", SIGNOFF.states_zh[row["state"]], "内容版次", f"第 {row['revision']} 稿"),
            ("内容散列", grouped(row["statement_hash"])),
        ),
        heading("四方逐一签字确认（第五条）"),
        listing(head, widths, [_signature(row, party, standing.get(party)) for party in ORDER], centred=range(5)),
        *_told_beside(row),
        heading("已作废的签字") if voided else None,
        listing(head, widths, [_signature(row, s["party"], s) for s in voided], centred=range(5)) if voided else None,
    )


def _signature(row: Row, party: str, signature: Row | None) -> list[str]:
    if signature is None:
        return [PARTIES[party], "", "尚未签字", "", "", "", ""]
    who = row["people"].get(signature["person_id"]) or row["members"].get(signature["member_id"]) or ""
    notes = [
        CAPACITIES.get(signature["capacity"] or "", ""),
        f"与户主关系：{signature['relation']}" if signature["relation"] else "",
        f"书面授权存档：{signature['authority']}" if signature["authority"] else "",
        f"见证人：{row['people'].get(signature['witness_id'])}" if signature["witness_id"] else "",
        f"记录人：{row['people'].get(signature['recorder_id'])}" if party == "household" else "",
        signature["content"] or "",
        "逾期" if signature["late"] else "",
    ]
    return [
        PARTIES[party], who, KINDS[signature["kind"]], METHODS[signature["method"]], moment_zh(signature["signed_at"]),
        "\n".join(note for note in notes if note), signature["statement_hash"][:16],
    ]  # fmt: skip


def _told_beside(row: Row) -> list[Json]:
    """What was put on record beside the four signatures, each under its own heading."""
    people = row["people"]
    told = {
        "替代签字": [
            f"{PARTIES[s['party']]}由{people.get(s['person_id'])}替代：{s['reason']}" for s in row["substitutes"]
        ],
        "附签与说明": [
            f"{REMARKS[r['kind']]} {people.get(r['person_id'])} {day_zh(r['made_on'])} {r['text'] or ''}".rstrip()
            for r in row["remarks"]
        ],
        "重新拟定理由": [row["restatement_reason"] or ""],
        "未确认上报理由": [row["forward_reason"] or ""],
        "乡党委审核意见": [row["review_note"] or ""],
    }
    blocks = []
    for name, lines in told.items():
        if any(lines):
            blocks += [heading(name), prose("\n".join(lines))]
    return blocks


# ── the notice ───────────────────────────────────────────────────────────────────────────────────


def notice(row: Row) -> Json:
    """A notice in the layout of an official document: the red head only where it goes out as a document (文件).

    On it stand the words that were published, the organ, the day and where it is shown; nothing of a household (G30).
    """
    if row["body"] is None:
        raise NothingPublishedYet
    organ = ORGANS[row["organ"]].format(row["township"])
    number = number_zh(row["document_number"])
    as_document = row["channel"] == "document"
    shown = [f"发布范围：全乡；发布方式：{CHANNELS[row['channel']]}"]
    if row["ends_on"]:
        shown.append(f"公示期限：{day_zh(row['starts_on'])}至{day_zh(row['ends_on'])}")
    settled = {"corrected": "本通报已更正", "withdrawn": "本通报已撤回"}.get(row["state"])
    return paper(
        row,
        "notices",
        row["starts_on"],
        {"kind": "letterhead", "organ": f"{organ}文件", "number": number} if as_document else None,
        {"kind": "mark", "text": settled} if settled else None,
        title(row["title"], None if as_document else number),
        prose(row["body"]),
        close(organ, day_zh(row["starts_on"])),
        {"kind": "note", "text": f"（{'；'.join(shown)}）"},
    )


# ── the record of an admonition talk ─────────────────────────────────────────────────────────────


def talk(row: Row) -> Json:
    """The record of a case's admonition talk (诫勉谈话, article 9(3)), of the day it was held."""
    steps = [step for step in row["steps"] if step["output"] == "talk_record"]
    if not steps:
        raise NoTalkOnRecord
    step, people = steps[-1], row["people"]
    told = step["details"]
    return paper(
        row,
        "cases",
        told["held_on"],
        title("诫勉谈话记录", row["township"]),
        form(
            (
                "被谈话人",
                people.get(row["subject_person_id"]) or row["subject_name"] or "",
                "追责身份",
                SUBJECTS[row["capacity"]],
            ),
            ("谈话人", told["held_by"], "谈话日期", day_zh(told["held_on"])),
            ("决定机关", OFFICES_ZH[Office(row["organ"])], "决定日期", day_zh(row["decided_on"])),
            ("情形", clause_zh(row["ground"] or row["basis"])),
            ("记录人", people.get(step["person_id"]) or "", "记入日期", day_zh(step["on"])),
        ),
        heading("一、告知的事由"),
        prose(told["reason_told"]),
        heading("二、本人的说明"),
        prose(told["explanation"]),
        heading("三、整改要求"),
        prose(told["corrections_required"]),
        {"kind": "hands", "labels": ["谈话人", "被谈话人", "记录人"]},
    )


# ── the quarterly summary ────────────────────────────────────────────────────────────────────────


def quarter(row: Row) -> Json:
    """The summary of a quarter (article 6(2)): who was assessed by which methods; no number and no rank (G2)."""
    if row["narrative"] is None:
        raise NotSummarisedYet
    rows = [[str(n), *_result(score)] for n, score in enumerate(row["rows"], 1)]
    return paper(
        row,
        "quarterly-rounds",
        since(row),
        title(f"{quarter_zh(row['quarter'])}帮扶责任人考核汇总表", row["township"]),
        form(
            ("考核时段", f"{day_zh(row['first_day'])}至{day_zh(row['last_day'])}"),
            ("办理状态", ROUND.states_zh[row["state"]]),
            ("已考核人数", row["assessed"], "未考核人数", row["not_assessed"]),
        ),
        heading("一、统一评估"),
        prose(row["narrative"]),
        heading("二、逐人情况（按姓名排列，不分先后）"),
        listing(("序号", "姓名", "结果", "考核方法", "评语或未考核原因"), (0.8, 1.4, 1.3, 3, 6), rows, (0, 1, 2)),
        close("考核组", day_zh(since(row))),
    )  # fmt: skip


def _result(score: Row) -> list[str]:
    result = score["result"]
    if result is None:
        return [score["name"], SCORE.states_zh[score["state"]], "", ""]
    used = list(dict.fromkeys(ASSESSED_BY[m["method"]] for m in result["methods"] or ()))
    missing = [f"未{ASSESSED_BY[m['method']]}：{m['reason']}" for m in result["missing"] or ()]
    state = SCORE.states_zh[result["outcome"]] + ("（已更正）" if result["corrected"] else "")
    return [score["name"], state, "\n".join([*used, *missing]), result["narrative"] or result["reason"] or ""]


# ── the year-end package ─────────────────────────────────────────────────────────────────────────


def evaluation(row: Row) -> Json:
    """A helper's year-end evaluation with its explanation, month by month and quarter by quarter (R5.4, G4)."""
    name = row["people"].get(row["helper_id"], "")
    told = row["proposal"] or {}
    lines = [_household(row["households"], line) for line in told.get("households", ())]
    periods = [
        ("、".join(f"{p['period']} {PERIODS.get(p['state'], p['state'])}" for p in told.get(which, ())) or "无")
        for which in ("months", "quarters")
    ]
    counted = f"{told['out']} / {told['denominator']} 户" if told else ""
    return paper(
        row,
        "annual-evaluations",
        since(row),
        title("帮扶责任人年终考核评价说明", f"{row['township']}　{row['year']}年度"),
        form(
            ("姓名", name, "办理状态", EVALUATION.states_zh[row["state"]]),
            ("系统建议", OUTCOMES.get(row["proposed_outcome"] or "", "尚未建议"), "脱贫户数", counted),
            ("建议依据", f"{told['rule']['text_zh']}（{told['rule']['article']}）" if told else "无"),
            ("月抽查结果", periods[0]),
            ("季考核结果", periods[1]),
        ),
        heading("帮扶对象") if lines else None,
        listing(("编号", "户主", "帮扶时段", "年底情况", "备注"), (2, 1.5, 3, 2, 3), lines) if lines else None,
        *_determinations(row),
    )


def _household(names: Row, line: Row) -> list[str]:
    card, head = names.get(line["household_id"], ("", ""))
    until = f"至{line['assigned_to']}" if line["assigned_to"] else "起"
    marks = [("主要帮扶责任人" if line["primary"] else "共同帮扶人"), "逾期" if line["late"] else "",
             "附不同意见" if line["objected"] else "", "" if line["in_denominator"] else "不计入"]  # fmt: skip
    standing = STANDINGS.get(line["standing"], line["standing"])
    return [card, head, f"{line['assigned_from']} {until}", standing, "；".join(mark for mark in marks if mark)]


def _determinations(row: Row) -> list[Json]:
    rows = [
        [
            f"第 {d['number']} 版", OUTCOMES[d["outcome"]], day_zh(local(d["determined_at"]).date().isoformat()),
            d["reasons"], d["results_considered"],
        ]
        for d in row["determinations"]
    ]  # fmt: skip
    head = ("版次", "乡党委确定", "日期", "理由", "月抽查、季考核结果如何考虑")
    return [heading("乡党委的确定"), listing(head, (1, 1.6, 2, 4, 4), rows, centred=(0, 1, 2))] if rows else []


FORMAT: Final = "huayuan year-end package v1"
LEDGERS: Final = {"helpers": "帮扶责任人帮扶工作考核台账", "households": "帮扶对象脱贫情况考核台账"}
"""The two ledgers of article 5, as their sheets are called."""
MEMBERS: Final = {
    "ledgers.xlsx": "两本考核台账",
    "signoffs": "各村贫困户脱贫情况签字确认表", "quarters.pdf": "季度考核汇总表",
    "evaluations.pdf": "帮扶责任人年终考核评价说明",
    "charts": "图表:当月抽查覆盖、签字确认进度、季度考核分布", "checkpoint": "台账所有者签名的检查点",
}  # fmt: skip
"""What lies in the package, by the name of the file or of its folder."""


def check_package(row: Row) -> None:
    """Raises NotSummarisedYet, NotYetSigned."""
    if row["package"] is None:
        raise NotSummarisedYet
    if row["signed"] is None:
        raise NotYetSigned


def package_of(row: Row) -> Json:
    """What the manifest says besides the hashes of the files: of what this is the package, and on what it rests."""
    signed = row["signed"]
    return {
        "format": FORMAT, "township": row["township_code"], "year": row["year"], "submission": row["id"],
        "version": row["version"], "package_hash": row["package_hash"], "last_entry": signed["last_entry"],
        "checkpoint_size": signed["size"],
    }  # fmt: skip


def readme(row: Row, contents: Mapping[str, str]) -> str:
    """What each file is, for whoever opens the package; and how it is checked."""
    lines = [f"{row['township']} {row['year']} 年度精准脱贫工作考核年底汇总材料 / year-end package", ""]
    lines += [f"{name}\t{words}" for name, words in {"cover.pdf": "封面、汇总、目录", **contents}.items()]
    lines += [
        "manifest.json\t其余各文件的 SHA-256 / SHA-256 of every other file",
        "",
        f"依据台账 {row['township_code']} 前 {row['signed']['size']} 条（检查点已签名）；",
        "每页页脚载明记录、版次与台账条目，可据以核对。",
        "Every page names its record, its version and its entry of the ledger, under the signed checkpoint.",
    ]
    return "\n".join(lines) + "\n"


def cover(row: Row, contents: Sequence[tuple[str, str]]) -> Json:
    """What lies on top of the year-end package: the summary, the numbers, the months without a draw, the contents."""
    told, signed = row["package"], row["signed"]
    missed = [month for month, state in told["months"].items() if state == "missed_in_month"]
    return paper(
        row,
        "year-end-submissions",
        since(row),
        title(f"{row['year']}年度精准脱贫工作考核年底汇总材料", f"{row['township']}　报乡党委审核"),
        form(
            ("办理状态", SUBMISSION.states_zh[row["state"]] + ("（逾期）" if row["late"] else "")),
            ("待评价人数", told["evaluations"]),
            ("年底在册及变动", _counts(told["households"], STATUSES)),
            ("签字确认", _counts(told["signoffs"], SIGNOFF.states_zh)),
            ("月抽查", _counts(_tally(told["months"]), PERIODS)),
            ("当月未抽查的月份", "、".join(missed) or "无"),
            ("季考核", "、".join(f"{q} {PERIODS.get(s, s)}" for q, s in told["quarters"].items())),
            ("汇总数据散列", grouped(row["package_hash"])),
            ("所依据检查点", f"台账 {row['entry']['log']}，前 {signed['size']} 条"),
        ),
        heading("一、审核情况"),
        prose(row["findings"]),
        heading("二、汇总"),
        prose(row["summary"]),
        heading("三、材料目录"),
        listing(("文件", "内容"), (3, 5), [list(entry) for entry in contents], centred=()),
        close("乡扶贫开发领导小组", day_zh(since(row))),
    )  # fmt: skip


def _tally(states: Mapping[str, str]) -> dict[str, int]:
    return {state: sum(s == state for s in states.values()) for state in dict.fromkeys(states.values())}


def _counts(counts: Mapping[str, int], names: Mapping[str, str]) -> str:
    return "、".join(f"{names.get(code, code)} {many}" for code, many in counts.items()) or "无"
