"""How did the year come out, and is that what the story must give?

What is expected is computed from the story and from the public proofs, what is found is what the service answers.
"""

import asyncio
import json
import sys
import zipfile
from asyncio.subprocess import PIPE, STDOUT
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from huayuan_client import api, models
from rich.console import Console
from rich.table import Column, Table

from app.actor import OFFICES_ZH, Office
from app.codes import EVENTS, MEASURES, NOTICES, OUTCOMES
from app.demo import exits, months, quarters, year_end
from app.demo.accountability import AFFAIRS, FOUND_IN_INSPECTION, MODIFIED_TO, OBJECTS, measure_of
from app.demo.desk import Desk, everyone
from app.demo.people import HOUSEHOLDS, TOWNSHIP
from app.demo.service import ADMIN_PASSWORD, CLIENT_LOGIN, CLIENT_SECRET
from app.demo.town import MARK, Town
from app.merkle import leaf_hash, root

STATES = {
    "closed": "已结束", "missed": "未抽查", "reported": "已上报", "reviewed": "乡党委已审核",
    "considered_unconfirmed": "未确认(已审议)", **OUTCOMES, **MEASURES,
    "transferred": "移交司法", "referred": "转送上级", "outside": "依外部规定处理", "no_measure": "不予追究",
    "upheld": "维持", "modified": "变更", "confirmed": "已认定", "dismissed": "不予认定", "published": "已发布",
    **NOTICES,
}  # fmt: skip


@dataclass(slots=True)
class Checks:
    """What the story must give beside what the service answers."""

    rows: list[tuple[str, Any, Any]] = field(default_factory=list)

    def add(self, what: str, expected: Any, found: Any) -> None:
        self.rows.append((what, expected, found))

    @property
    def faults(self) -> int:
        return sum(expected != found for _, expected, found in self.rows)


def table(title: str, *columns: str) -> Table:
    folded = [Column(name, overflow="fold") for name in columns]  # Chinese has no blanks at which to break a line
    return Table(*folded, title=f"{title}({MARK})", title_justify="left", title_style="bold")


def named(code: Any) -> str:
    """A code, a pair of codes, a yes or no, or a number, as the township says it."""
    if isinstance(code, tuple):
        return "".join(map(named, code))
    return {True: "是", False: "否"}[code] if isinstance(code, bool) else STATES.get(code or "", str(code))


def counted(counts: dict[Any, int], between: str = "、") -> str:
    order = list(STATES)
    ranked = sorted(counts.items(), key=lambda entry: order.index(entry[0]) if entry[0] in order else -1)
    return between.join(f"{named(code)} {many}" for code, many in ranked)


async def tell_year(town: Town, console: Console, seconds: float) -> int:
    """Print the year as tables and the checks; how many of these failed."""
    checks = Checks()
    reader = town.desk("discipline-commission-1")
    for part in (
        _villages,
        _months,
        _quarters,
        _signoffs,
        _year_end,
        _cases,
        _one_household,
        _ledger,
        _recomputed,
        _handed_over,
        _on_paper,
    ):
        console.print(await part(town, reader, checks))
    checks.add("年终各机关待办", {}, town.left_over)
    refused = table("依法不予受理的尝试", "次数", "说明", "代码")
    for (code, title), many in sorted(town.line.refusals.items()):
        refused.add_row(str(many), title, code)
    console.print(refused)
    _checked(console, checks)
    console.print(f"{MARK}:{town.line.requests} 次请求,{seconds:.0f} 秒。")
    return checks.faults


async def _villages(town: Town, reader: Desk, checks: Checks) -> Table:
    shown = table(
        "各村(村名真实,户为虚构)", "代码", "村", "贫困户", "2016年脱贫", "2017年底在册", "四方确认脱贫(无异议)"
    )
    households = await reader.all(api.households_list())
    left = Counter(h["village_code"] for h in households if h["status"] not in OPEN)
    signed = [s for year in (2016, 2017) for s in await reader.all(api.signoffs_list(year=year, state="reviewed"))]
    out = Counter((s["village_code"], s["year"]) for s in signed if s["out_of_poverty"] and not s["objected"])
    listed = Counter(h["village_code"] for h in households)
    for code, name in town.register.villages:
        numbers = (listed[code], out[code, 2016], listed[code] - left[code], out[code, 2017])
        shown.add_row(code, name, *map(str, numbers))
    total = (listed.total(), sum(n for (_, y), n in out.items() if y == 2016), listed.total() - left.total())
    confirmed = sum(n for (_, y), n in out.items() if y == 2017)
    shown.add_row("", "合计", *map(str, (*total, confirmed)), style="bold")
    checks.add("村", 17, len(town.register.villages))
    open_now = len(exits.sign_in_2017(town))
    checks.add("户:登记、2016年脱贫、年底在册", (HOUSEHOLDS, len(exits.sign_early(town)), open_now), total)
    checks.add("2017年底四方确认脱贫(无异议)", open_now - 4, confirmed)
    return shown


OPEN = ("registered", "newly_listed", "returned_to_poverty")


async def _months(town: Town, reader: Desk, checks: Checks) -> Table:
    shown = table(
        "当月抽查", "月份", "在帮", "抽取", "状态", "当月未抽", "补抽", "已检查", "未检查", "另行检查", "种子前8位"
    )
    rounds = {r["month"]: r for r in await reader.all(api.inspection_rounds_list())}
    checked = await reader.all(api.inspections_list(current=True))
    everybody = len({h.helper for h in town.register.households})
    checks.add("抽查月份", months.MONTHS, sorted(rounds))
    for month in months.MONTHS:
        one, mine = rounds[month], [i for i in checked if i["month"] == month]
        by = Counter(i["state"] for i in mine)
        added = sum(i["kind"] == "additional" for i in mine)
        shown.add_row(
            month, _n(one["population"]), _n(one["sample_size"]), named(one["state"]),
            "是" if one["missed_in_month"] else "", "是" if one["late"] else "", _n(by["recorded"]),
            _n(by["not_checked"]), _n(added), (one["seed"] or "")[:8],
        )  # fmt: skip
        if month == months.MISSED:
            checks.add(
                f"{month} 未抽查,永久标记", ("missed", True, 0), (one["state"], one["missed_in_month"], len(mine))
            )
            continue
        late = month == months.LATE
        size = -(-3 * everybody // 10)
        expected = ("closed", everybody, size, late, late)
        found = (one["state"], one["population"], one["sample_size"], one["missed_in_month"], one["late"])
        checks.add(f"{month} 状态、在帮、抽取、当月未抽、补抽", expected, found)
        drawn = await _drawn_again(reader, one["id"])
        checks.add(f"{month} 复算抽中名单", drawn, [i["helper_id"] for i in _drawn(mine)])
        missed = int(month == months.NOT_CHECKED)
        checks.add(f"{month} 未检查人数", missed, by["not_checked"])
    besides = sum(i["kind"] == "additional" for i in checked)
    checks.add("另行检查(不计入30%)", 1, besides)
    return shown


def _drawn(inspections: list[models.InspectionOut]) -> list[models.InspectionOut]:
    return sorted((i for i in inspections if i["kind"] == "drawn"), key=lambda i: i["rank"] or 0)


def _n(number: int | None) -> str:
    return str(number or "")


async def _drawn_again(reader: Desk, round_id: str) -> list[str]:
    """Who must have been drawn: computed here from the public proof with nothing but SHA-256."""
    proof = await reader.ask(api.inspection_rounds_proof(round_id))
    helpers = sorted(proof["frame"] or ())
    frame = sha256("".join(f"{i}\n" for i in helpers).encode()).hexdigest()
    sources = "".join(f"{s['name']}={s['value']}\n" for s in proof["sources"])
    seed = sha256(b"\x01" + f"draw/v1\n{proof['draw_id']}\n{frame}\n{sources}".encode()).digest()
    tickets = sorted((sha256(b"\x02" + seed + i.encode()).digest(), i) for i in helpers)
    return [i for _, i in tickets[: (30 * len(tickets) + 99) // 100]]


async def _quarters(town: Town, reader: Desk, checks: Checks) -> Table:
    shown = table("季度考核", "季度", "状态", "已考核", "未考核", "评分细则")
    everybody = len({h.helper for h in town.register.households})
    found = {r["quarter"]: r for r in await reader.all(api.quarterly_rounds_list())}
    checks.add("考核季度", sorted(quarters.QUARTERS.values()), sorted(found))
    for quarter, one in sorted(found.items()):
        rubric = "有(仅供参考)" if one["rubric_id"] else ""
        shown.add_row(quarter, named(one["state"]), str(one["assessed"]), str(one["not_assessed"]), rubric)
        left_out = int(quarter == quarters.NOT_ASSESSED[0])
        expected = ("reported", everybody - left_out, left_out)
        checks.add(f"{quarter} 状态、已考核、未考核", expected, (one["state"], one["assessed"], one["not_assessed"]))
    return shown


async def _signoffs(town: Town, reader: Desk, checks: Checks) -> Table:
    shown = table("签字确认", "年度", "户数", "状态", "附异议", "曾作废签字", "替代人", "捺印", "签字码")
    for year in (2016, 2017):
        found = await reader.all(api.signoffs_list(year=year))
        states = Counter(s["state"] for s in found)
        signatures = [[g for g in s["signatures"] if not g["voided_at"]] for s in found]
        methods = Counter(g["method"] for standing in signatures for g in standing)
        objected = sum(s["objected"] for s in found)
        voided = sum(any(g["voided_at"] for g in s["signatures"]) for s in found)
        substitutes = sum(bool(s["substitutes"]) for s in found)
        told = (objected, voided, substitutes, methods["thumbprint"], methods["code"])
        shown.add_row(str(year), str(len(found)), counted(states), *map(str, told))
        special = year == 2017
        many = len(exits.sign_in_2017(town)) if special else len(exits.sign_early(town))
        expected = {"reviewed": many - 1, "considered_unconfirmed": 1} if special else {"reviewed": many}
        checks.add(f"{year} 签字确认状态", expected, dict(states))
        marks = (1, 2, 1, 1, 1) if special else (0, 0, 0, 0, 0)
        checks.add(f"{year} 异议、作废、替代、捺印、签字码", marks, told)
        four = sum([g["party"] for g in s] == list(PARTIES) for s in signatures)
        checks.add(f"{year} 四方依次签字的户数", expected["reviewed"], four)
    return shown


PARTIES = ("household", "helper", "village_principal", "liaison_leader")


async def _year_end(town: Town, reader: Desk, checks: Checks) -> Table:
    shown = table("年终考核评价", "年度", "建议", "乡党委确定", "一票否决", "应予通报")
    for year in (2016, 2017):
        found = {town.by_id(e["helper_id"]).key: e for e in await reader.all(api.annual_evaluations_list(year=year))}
        proposed = {key: e["proposed_outcome"] for key, e in found.items()}
        last = {key: e["determinations"][-1] for key, e in found.items() if e["determinations"]}
        vetoed = sorted(key for key, d in last.items() if d["veto_year"])
        shown.add_row(
            str(year), counted(Counter(proposed.values()), "\n"),
            counted(Counter(d["outcome"] for d in last.values()), "\n"),
            "、".join(f"{town.person(key).name}({key})" for key in vetoed),
            str(sum(d["notice_due"] for d in last.values())),
        )  # fmt: skip
        if year == 2016:
            expected = {p.key: "no_rule" for p in town.register.of("helper")} | {year_end.IDLE: "not_applicable"}
            checks.add("2016 逐人建议", expected, proposed)
            undetermined = dict.fromkeys(expected, "not_determined") | {year_end.IDLE: "not_applicable"}
            checks.add("2016 逐人确定", undetermined, {key: d["outcome"] for key, d in last.items()})
            continue
        checks.add("2017 逐人建议", year_end.proposals_2017(town), proposed)
        outcomes = year_end.determinations_2017(town) | {year_end.REOPENED: "complete"}
        checks.add("2017 逐人确定", outcomes, {key: d["outcome"] for key, d in last.items()})
        checks.add("重新研究后的版本", 2, len(found[year_end.REOPENED]["determinations"]))
        checks.add("一票否决", [exits.FELL_BACK], vetoed)
        await _awards(town, reader, checks)
    return shown


async def _awards(town: Town, reader: Desk, checks: Checks) -> None:
    """Eligibility follows from the determinations of that year alone."""
    people = year_end.helpers_of_2017(town)
    answers = await everyone(reader.ask(api.helpers_award_eligibility(p.id, year=2017)) for p in people)
    barred = [p.key for p, a in zip(people, answers, strict=True) if not a["eligible"]]
    first = sorted(p.key for p, a in zip(people, answers, strict=True) if a["priority"])
    determined = year_end.determinations_2017(town) | {year_end.REOPENED: "complete"}
    checks.add("不得参加评先选优", [exits.FELL_BACK], barred)
    checks.add("优先推荐", sorted(k for k, outcome in determined.items() if outcome == "complete"), first)


async def _cases(town: Town, reader: Desk, checks: Checks) -> Table:
    shown = table("责任追究", "结果", "件数", "条款", "情形")
    found = await reader.all(api.cases_list())
    document = (await reader.ask(api.rulebooks_read(RULEBOOK)))["document"]
    grounds = {ground["code"]: ground["label_zh"] for ground in document["grounds"]}
    by: dict[str, list[str]] = {}
    for case in found:
        by.setdefault(case["measure"] or _other_end(case), []).append(case["ground"] or case["basis"])
    for end in sorted(by, key=list(STATES).index):
        for ground, many in sorted(Counter(by[end]).items()):
            shown.add_row(named(end), str(many), _clause(ground), grounds.get(ground, "影响工作并造成不良影响"))
        shown.add_section()
    checks.add("各类结果的情形", _expected_ends(), {end: sorted(grounds) for end, grounds in by.items()})
    checks.add("十七种情形均有处理", 17, len({c["basis"] for c in found} - {"HY.8"}))
    finished = Counter(c["state"] for c in found)
    checks.add("案件状态", {"closed": len(AFFAIRS), "no_measure": 1}, dict(finished))
    notices = Counter((n["kind"], n["state"]) for n in await reader.all(api.notices_list()))
    ends = _expected_ends()
    expected = {
        ("circular_criticism", "published"): len(ends["circular_criticism"]),
        ("self_criticism_circulation", "published"): len(ends["written_self_criticism"]),
        ("article_7_notice", "published"): 1,
    }
    checks.add("已发布的通报", expected, {k: many for k, many in notices.items() if k[1] == "published"})
    objections = Counter(o["state"] for o in await reader.all(api.objections_list()))
    checks.add("异议", {"upheld": 1, "modified": 1}, dict(objections))
    findings = Counter(f["state"] for f in await reader.all(api.findings_list()))
    checks.add("问题线索", {"confirmed": len(AFFAIRS) + 1, "dismissed": 1}, dict(findings))
    return shown


RULEBOOK = "HUAYUAN-2016"


def _clause(code: str) -> str:
    """Where a ground stands in the text: `HY.9.1.3` is article 9, section 1, item 3."""
    _, article, *rest = code.split(".")
    return {"8": "第八条", "9": "第九条"}[article] + (f"({'一二三四'[int(rest[0]) - 1]}){rest[1]}" if rest else "")


def _other_end(case: models.CaseOut) -> str:
    kinds = {step["kind"] for step in case["steps"]}
    if case["state"] == "no_measure":
        return "no_measure"
    return "transferred" if "transfer" in kinds else "referred" if "referral" in kinds else "outside"


def _expected_ends() -> dict[str, list[str]]:
    """The grounds of the story by what becomes of them; an objection turns one into a milder one."""
    other = {"transfer": "transferred", "refer": "referred", "article_8": "outside", "no_measure": "no_measure"}
    ends: dict[str, list[str]] = {measure_of(FOUND_IN_INSPECTION): [FOUND_IN_INSPECTION]}
    for affair in AFFAIRS:
        ground = MODIFIED_TO if affair.who == OBJECTS else affair.ground
        end = measure_of(ground) if affair.ends == "measure" else other[affair.ends]
        ends.setdefault(end, []).append(ground)
    return {end: sorted(grounds) for end, grounds in ends.items()}


async def _one_household(town: Town, reader: Desk, checks: Checks) -> Table:
    """One household's page of the second ledger of article 5, with the signatures that a restatement voided."""
    shown = table("一户的台账(第五条)", "序号", "日期", "事项")
    entries = await reader.all(api.households_ledger(exits.first_of(town, exits.RESTATED).id))
    for entry in entries:
        shown.add_row(str(entry["seq"]), entry["happened_at"][:10], EVENTS.get(entry["event"], entry["event"]))
    signed = [e["event"] for e in entries if e["event"].startswith("signoff.")]
    expected = ["opened", "signed", "signed", "restated", *["signed"] * 4, "collected", "reviewed"]
    checks.add("一户签字确认的经过", [f"signoff.{event}" for event in expected], signed)
    return shown


async def _ledger(town: Town, reader: Desk, checks: Checks) -> Table:
    shown = table("台账", "日志", "条数", "RFC 9162 根(SHA-256)")
    head = await reader.ask(api.ledger_checkpoint(TOWNSHIP))
    shown.add_row(head["log"], str(head["size"]), head["root"])
    entries = await reader.all(api.ledger_entries(TOWNSHIP))
    checks.add("台账条数连续", list(range(head["size"])), [e["seq"] for e in entries][: head["size"]])
    checks.add("由全部条目复算的根", head["root"], root([leaf_hash(e["leaf"].encode()) for e in entries]).hex())
    real = [e["seq"] for e in entries if not json.loads(e["leaf"]).get("simulated")]
    checks.add("除启用当日外均标为模拟时钟", True, len(real) < 40)
    years = [r for year in (2016, 2017) for r in await reader.all(api.ledgers_helpers(year=year))]
    checks.add("走访次数", town.visits, sum(r["events"].get("visit.recorded", 0) for r in years))
    return shown


VERIFY = Path(__file__).parents[2] / "verify"
"""Programs that know nothing of the service."""


async def _asked(program: str, *arguments: Any) -> tuple[int, str]:
    """How one of them ends, and all it prints; -I keeps everything of this project from it."""
    command = (sys.executable, "-I", VERIFY / program, *arguments)
    told = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=STDOUT)
    printed, _ = await told.communicate()
    assert told.returncode is not None
    return told.returncode, printed.decode()


async def _recomputed(town: Town, reader: Desk, checks: Checks) -> Table:
    """The year's end from the exported entries alone, by a program that knows nothing of the service."""
    shown = table("由导出的台账文件复算年终建议与确定", "年度", "一致", "不一致")
    entries = await reader.all(api.ledger_entries(TOWNSHIP))
    with TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.ndjson"
        file.write_text("".join(json.dumps({"seq": e["seq"], "leaf": e["leaf"]}) + "\n" for e in entries))
        for year in (2016, 2017):
            code, printed = await _asked("huayuan_recompute.py", str(year), file)
            told = [line.split() for line in printed.splitlines()]
            results = [line for line in told if line[-1] in {"equal", "DIFFERS"}]
            verdicts = Counter(line[-1] for line in results)
            shown.add_row(str(year), str(verdicts["equal"]), str(verdicts["DIFFERS"]))
            proposed = {town.by_id(line[0]).key: line[2] for line in results if line[1] == "proposed"}
            expected = {town.by_id(e["helper_id"]).key: e["proposed_outcome"]
                        for e in await reader.all(api.annual_evaluations_list(year=year))}  # fmt: skip
            checks.add(f"{year} 由台账文件逐人复算的建议", expected, proposed)
            checks.add(f"{year} 复算与台账不一致的", (0, 0), (code, verdicts["DIFFERS"]))
    return shown


async def _handed_over(town: Town, reader: Desk, checks: Checks) -> Table:
    """The case that went to the judiciary, as its receiver sees it: a file, a public key and a program."""
    shown = table("移交包", "文件", "字节")
    with zipfile.ZipFile(BytesIO(town.handed_over)) as archive:
        for member in archive.infolist():
            shown.add_row(member.filename, str(member.file_size))
    key = (await reader.ask(api.ledger_checkpoint(TOWNSHIP)))["key"]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "case.zip"
        file.write_bytes(town.handed_over)
        code, _ = await _asked("huayuan_verify.py", "--key", key, "handover", file)
        with zipfile.ZipFile(BytesIO(town.handed_over)) as archive, zipfile.ZipFile(file, "w") as altered:
            for member in archive.infolist():
                altered.writestr(member, archive.read(member).replace("涉嫌".encode(), "没有".encode()))
        forged, _ = await _asked("huayuan_verify.py", "--key", key, "handover", file)
    checks.add("移交包核验:原件通过,改一个词即不通过", (0, 1), (code, forged))
    return shown


async def _on_paper(town: Town, reader: Desk, checks: Checks) -> Table:
    """What the Party committee gets on paper, and the year as one file whose manifest its receiver checks.

    Of each list the first record is printed.
    """
    shown = table("纸质材料", "材料", "字节")
    await town.admin.ask(api.ledger_sign(TOWNSHIP))
    committee, year = town.desk("party-committee-1"), town.submissions[2017]["id"]
    signoff, *_ = await reader.all(api.signoffs_list(year=2017, state="reviewed"))
    notice, *_ = await reader.all(api.notices_list(kind="article_7_notice", state="published"))
    talk, *_ = await reader.all(api.cases_list(measure="admonition_talk", state="closed"))
    quarter, *_ = await reader.all(api.quarterly_rounds_list(quarter="2017-Q2"))
    papers = {
        "签字确认表": api.signoffs_sheet(signoff["id"]),
        "第七条通报": api.notices_document(notice["id"]),
        "诫勉谈话记录": api.cases_talk_record(talk["id"]),
        "季度考核汇总表": api.quarterly_rounds_summary(quarter["id"]),
    }
    made = {name: await committee.ask(paper) for name, paper in papers.items()}
    checks.add("纸质材料均为 PDF", dict.fromkeys(papers, b"%PDF"), {name: pdf[:4] for name, pdf in made.items()})
    package = await committee.ask(api.year_end_submissions_package(year))
    for name, content in {**made, "年底汇总材料包": package}.items():
        shown.add_row(name, str(len(content)))
    with zipfile.ZipFile(BytesIO(package)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    checks.add("材料包清单", manifest["files"], {name: sha256(data).hexdigest() for name, data in files.items()})
    checks.add("材料包中各村签字确认表", len(town.register.villages), sum(name.endswith("-1.pdf") for name in files))
    return shown


def _checked(console: Console, checks: Checks) -> None:
    """One line a check; where one failed, what differs stands below in full."""
    shown = table("与故事逐项核对", "", "项目", "应为")
    shown.columns[2].no_wrap, shown.columns[2].overflow = True, "ellipsis"
    for what, expected, found in checks.rows:
        mark = "[green]✓[/]" if expected == found else "[bold red]✗[/]"
        shown.add_row(mark, what, _short(expected))
    console.print(shown)
    for what, expected, found in checks.rows:
        if expected != found:
            console.print(f"[bold red]✗[/] {what}")
            for line in differences(expected, found):
                console.print(f"    {line}", markup=False)


def _short(value: Any) -> str:
    """A value in one line of words; of what is too long for that, how many."""
    if isinstance(value, dict):
        countable = all(isinstance(many, int) for many in value.values())
        text = counted(value) if countable else ""
    else:
        countable = True
        text = "、".join(map(named, value)) if isinstance(value, list | tuple) else named(value)
    if isinstance(value, list | dict) and (not countable or len(text) > 48):
        return f"{len(value)} 项"
    return text or "无"


def differences(expected: Any, found: Any) -> list[str]:
    """What differs; of two tables only the lines that do."""
    if isinstance(expected, dict) and isinstance(found, dict):
        keys = [k for k in {**expected, **found} if expected.get(k) != found.get(k)]
        return [f"{k}: 应为 {expected.get(k)},实为 {found.get(k)}" for k in keys]
    return [f"应为 {expected}", f"实为 {found}"]


def print_doors(console: Console, town: Town, address: str) -> None:
    """Where the service runs and with which accounts to look at it."""
    shown = table("样例账号", "账号", "口令", "姓名", "任职")
    shown.add_row(f"{TOWNSHIP}/admin", ADMIN_PASSWORD, "", OFFICES_ZH[Office.ADMINISTRATOR])
    for key in ("leading-group-office-1", "party-gov-office-1", "leading-group-1", "party-committee-1",
                "discipline-commission-1", "assessor-1", "leader-1", "principal-01", "helper-01"):  # fmt: skip
        person = town.person(key)
        offices = "、".join(sorted({OFFICES_ZH[Office(o)] for o, _, _ in person.offices}))
        shown.add_row(f"{TOWNSHIP}/{key}", person.password, person.name, offices)
    shown.add_row(f"{TOWNSHIP[:6]}/{CLIENT_LOGIN}", CLIENT_SECRET, "县级业务系统", OFFICES_ZH[Office.COUNTY_SYSTEM])
    console.print(shown)
    console.print(f"{MARK}:服务地址 {address},接口文档 {address}/docs,Ctrl-C 结束。")
