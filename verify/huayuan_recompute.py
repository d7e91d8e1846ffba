"""Does the record itself give what was proposed and determined at the year's end? From exported entries alone.

年终建议与确定能否由台账本身得出?只读导出的台账文件,不询问服务。

    python verify/huayuan_recompute.py 2017 ledger.ndjson

The file holds the entries of one township's log in order, one JSON object a line with `seq` and `leaf`, from entry 0.
That they are the log's entries is what huayuan_verify.py shows; this program replays them. It is written anew from the
regulation and imports nothing of the service. What stood on record for a proposal is the first `log_size` entries, as
the proposal's own entry says. Articles and the G-numbered defaults are those of the regulation's rulebook.

It prints a line for every helper's proposal and determination, with what differs below it, and ends with 0 where
nothing differs, 1 where something does, 2 where the file is no log.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

SHANGHAI = timedelta(hours=8)
CLOSED = {"moved_out", "deceased_all", "split", "merged", "delisted"}  # 不计入分母(G19)
UNCONFIRMED = {"refused", "forwarded_unconfirmed", "considered_unconfirmed"}  # 拒签(G21)
VILLAGE_CADRES = {"village_committee_member", "group_cadre"}  # 无公务员年度考核(G60)
RULE = {  # 适用条款 -> 结果
    "G15": "not_applicable", "G28": "no_rule", "G18": "not_determined", "5": "not_complete", "G21": "unconfirmed",
    "G27": "complete",
}  # fmt: skip
Json = dict[str, Any]


class NotALog(ValueError):
    """The file does not hold a log's entries from the first one on."""


class Result(NamedTuple):
    """One proposal or determination beside what the record gives; equal where `differences` is empty."""

    seq: int
    kind: str
    helper: str
    outcome: str
    differences: list[str]


class Record:
    """What stands on record after some entries: what the year's end rests on, and nothing else."""

    def __init__(self) -> None:
        self.pairings: dict[str, Json] = {}
        self.life: dict[str, list[tuple[str, str]]] = {}
        self.signoffs: dict[tuple[str, int], Json] = {}
        self.rounds: dict[str, Json] = {}
        self.checks: dict[str, Json] = {}
        self.quarters: set[str] = set()
        self.scores: dict[tuple[str, str], Json] = {}
        self.categories: dict[str, str | None] = {}
        self.cases: dict[str, Json] = {}
        self.evaluations: dict[str, Json] = {}

    def apply(self, leaf: Json) -> None:
        """One more entry."""
        subject, action = leaf["event"].split(".")
        if handler := getattr(self, f"_{subject}", None):
            handler(action, leaf["subject"]["id"], leaf["data"], leaf)

    def _pairing(self, action: str, key: str, data: Json, leaf: Json) -> None:
        if action == "started":
            self.pairings[key] = {"ends": None, **data}
        elif action in {"ended", "handed_over"}:
            self.pairings[key]["ends"] = data["ends"]

    def _household(self, action: str, key: str, data: Json, leaf: Json) -> None:
        if action == "life_event":
            self.life.setdefault(leaf["household"], []).append((data["happened_on"], data["kind"]))

    def _signoff(self, action: str, key: str, data: Json, leaf: Json) -> None:
        if action == "opened":
            self.signoffs[leaf["household"], data["year"]] = {"id": key}
        found = next((s for s in self.signoffs.values() if s["id"] == key), None)
        if found is None:
            return
        if action in {"opened", "restated"}:
            found |= {"state": "open", "late": False, "objected": False, "confirmed_on": None}
            found |= {name: data[name] for name in ("out_of_poverty", "statement_hash")}
        found["state"] = data.get("state", found["state"])
        found["late"] |= data.get("late", False)
        found["objected"] |= action == "objected"
        if action in {"signed", "objected"} and data["state"] == "leader_signed":
            found["confirmed_on"] = _day(leaf["at"])

    def _inspection_round(self, action: str, key: str, data: Json, leaf: Json) -> None:
        if action == "planned":
            self.rounds[key] = {"month": data["month"], "state": "missed" if data["missed_in_month"] else "planned"}
        elif action == "missed":
            known = self.rounds.setdefault(key, {"month": data["month"], "state": "planned"})
            if known["state"] in {"planned", "proposed"}:
                known["state"] = "missed"
        elif action in {"proposed", "committed", "drawn", "closed"}:
            self.rounds[key]["state"] = action

    def _inspection(self, action: str, key: str, data: Json, leaf: Json) -> None:
        if action in {"drawn", "added"}:
            self.checks[key] = {"month": data["month"], "helper": leaf["helper"], "state": "pending"}
        elif action in {"recorded", "not_checked"}:
            self.checks[key] = {"month": data["month"], "helper": leaf["helper"], "state": action}
        elif action == "corrected":
            del self.checks[key]

    def _quarterly_round(self, action: str, key: str, data: Json, leaf: Json) -> None:
        if action in {"opened", "listed"}:
            self.quarters.add(data["quarter"])
            for helper in data["helpers"]:
                self.scores[data["quarter"], helper] = {"id": None, "state": "pending"}

    def _quarterly_score(self, action: str, key: str, data: Json, leaf: Json) -> None:
        state = data.get("outcome", "pending")
        known = None if action == "added" else key
        self.scores[data["quarter"], leaf["helper"]] = {"id": known, "state": state}

    def _person(self, action: str, key: str, data: Json, leaf: Json) -> None:
        if "category" in data:
            self.categories[key] = data["category"]

    def _case(self, action: str, key: str, data: Json, leaf: Json) -> None:
        if action == "opened":
            self.cases[key] = {"person": data["subject_person_id"], "measure": None, "on": ""}
        elif action == "decided":
            self.cases[key] |= {"measure": data["measure"], "on": data["decided_on"]}
        elif action == "revised":
            self.cases[key]["measure"] = data["measure"]

    def _annual_evaluation(self, action: str, key: str, data: Json, leaf: Json) -> None:
        if action in {"proposed", "determined"}:
            self.evaluations.setdefault(key, {"number": 0})[action] = data
            self.evaluations[key]["number"] += action == "determined"

    # ── what the record suggests (articles 5 and 7) ──────────────────────────────────────────────

    def proposal(self, helper: str, year: int) -> Json:
        """A helper's year: how each household counts, the outcome, and the months and quarters beside it."""
        households = [self._line(p, year) for p in self.pairings.values() if _helped(p, helper, year)]
        counted = {h["standing"] for h in households if h["in_denominator"]}
        if not counted and all(h["standing"] == "closed" for h in households):
            article = "G15"
        elif year != 2017:
            article = "G28"
        elif not counted:
            article = "G18"
        elif "not_out" in counted:
            article = "5"
        else:
            article = "G27" if counted == {"out"} else "G21"
        return {
            "outcome": RULE[article],
            "rule": article,
            "as_of": f"{year}-12-31",
            "denominator": sum(h["in_denominator"] for h in households),
            "out": sum(h["standing"] == "out" for h in households),
            "households": sorted(households, key=lambda h: (h["household_id"], h["assigned_from"])),
            "months": [self._month(m, helper) for m in _months(year)],
            "quarters": [self._quarter(q, helper) for q in _quarters(year)],
        }

    def _line(self, pairing: Json, year: int) -> Json:
        first, last = f"{year}-01-01", f"{year}-12-31"
        events = [(on, kind) for on, kind in self.life.get(pairing["household_id"], ()) if on <= last]
        closed_on, closed_by = max(reversed(events), key=lambda e: e[0], default=(None, None))
        if closed_by not in CLOSED:
            closed_on, closed_by = None, None
        returned = max((on for on, kind in events if kind == "returned_to_poverty" and on >= first), default=None)
        signoff = self.signoffs.get((pairing["household_id"], year), {})
        line = {
            "household_id": pairing["household_id"], "assigned_from": pairing["starts"], "assigned_to": pairing["ends"],
            "primary": pairing["is_primary"], "closed_by": closed_by, "closed_on": closed_on, "returned_on": returned,
            "signoff_id": signoff.get("id"), "signoff_state": signoff.get("state"),
            "out_of_poverty": signoff.get("out_of_poverty"), "statement_hash": signoff.get("statement_hash"),
            "confirmed_on": signoff.get("confirmed_on"), "late": signoff.get("late", False),
            "objected": signoff.get("objected", False),
        }  # fmt: skip
        standing = _standing(line, last)
        flags = {
            "late": line["late"],
            "objected": line["objected"],
            "took_over_in_year": line["assigned_from"] > first,
            "delisted_in_last_quarter": closed_by == "delisted" and (closed_on or "") >= f"{year}-10-01",
            "returned_to_poverty": returned is not None,
        }
        line |= {"standing": standing, "in_denominator": standing not in {"closed", "handed_over"}}
        return line | {"flags": [name for name, holds in flags.items() if holds]}

    def _month(self, month: str, helper: str) -> Json:
        mine = ((k, c) for k, c in self.checks.items() if (c["month"], c["helper"]) == (month, helper))
        check = next(mine, None)
        held = next((r for r in self.rounds.values() if r["month"] == month), None)
        if check:
            return {"period": month, "record_id": check[0], "state": check[1]["state"]}
        state = "no_round" if held is None else "not_drawn" if held["state"] in {"drawn", "closed"} else held["state"]
        return {"period": month, "record_id": None, "state": state}

    def _quarter(self, quarter: str, helper: str) -> Json:
        if score := self.scores.get((quarter, helper)):
            return {"period": quarter, "record_id": score["id"], "state": score["state"]}
        return {"period": quarter, "record_id": None, "state": "no_row" if quarter in self.quarters else "no_round"}

    def determination(self, evaluation: str, helper: str, year: int, outcome: str) -> Json:
        """What follows from an outcome that the Party committee determined, and which version of it this is."""
        before = self.evaluations[evaluation]
        taken = sorted((c["on"], k, c["measure"]) for k, c in self.cases.items() if c["person"] == helper)
        complete, not_complete = outcome == "complete", outcome == "not_complete"
        return {
            "number": before["number"] + 1,
            "replaces_id": before["determined"]["id"] if before["number"] else None,
            "proposal_hash": before["proposed"]["proposal_hash"],
            "departs": outcome != before["proposed"]["outcome"],
            "measures": [measure for on, _, measure in taken if measure and on.startswith(f"{year}-")],
            "priority_for_excellent": complete and self.categories.get(helper) not in VILLAGE_CADRES,
            "priority_for_awards": complete,
            "notice_due": not_complete,
            "veto_year": year if not_complete else None,
        }


def _standing(line: Json, last: str) -> str:
    """How a household counts on the year's last day; days are ISO and compare as text (G18, G19, G21, G27)."""
    left, closed = line["assigned_to"] or "9999", line["closed_on"] or "9999"
    if closed <= min(last, left):
        return "closed"
    if left <= last:
        return "handed_over"
    if line["signoff_state"] in UNCONFIRMED or line["objected"]:
        return "unconfirmed"
    if line["signoff_state"] != "reviewed":
        return "unreviewed"
    if not line["out_of_poverty"]:
        return "not_out"
    fell_back = line["returned_on"] and line["returned_on"] > (line["confirmed_on"] or "")
    return "overtaken" if fell_back else "out"


def _helped(pairing: Json, helper: str, year: int) -> bool:
    """Had the helper's pairing `[starts, ends)` a day in the year?"""
    starts, ends = pairing["starts"], pairing["ends"] or "9999"
    in_year = starts <= f"{year}-12-31" and ends > max(f"{year}-01-01", starts)
    return bool(pairing["helper_id"] == helper and in_year)


def _months(year: int) -> list[str]:
    return [m for n in range(1, 13) if (m := f"{year}-{n:02d}") >= "2016-11"]


def _quarters(year: int) -> list[str]:
    return [q for n in range(1, 5) if (q := f"{year}-Q{n}") >= "2016-Q4"]


def _day(moment: str) -> str:
    """The day in Asia/Shanghai of a moment in UTC."""
    return (datetime.fromisoformat(moment) + SHANGHAI).date().isoformat()


def differences(told: Any, found: Any, path: str = "") -> Iterator[str]:
    """Where an entry tells something else than the record gives, by path."""
    if isinstance(told, dict) and isinstance(found, dict):
        for name in sorted({*told, *found}):
            yield from differences(told.get(name), found.get(name), f"{path}.{name}".lstrip("."))
    elif isinstance(told, list) and isinstance(found, list) and len(told) == len(found):
        for at, (one, other) in enumerate(zip(told, found, strict=True)):
            yield from differences(one, other, f"{path}[{at}]")
    elif told != found:
        yield f"{path}: the entry says {json.dumps(told)}, the record gives {json.dumps(found)}"


def recompute(leaves: list[Json], year: int) -> list[Result]:
    """Every proposal and determination of `year`, each beside what the entries before it give."""
    wanted = [
        (leaf["data"]["log_size"], seq, leaf)
        for seq, leaf in enumerate(leaves)
        if leaf["event"] in {"annual_evaluation.proposed", "annual_evaluation.determined"}
        and leaf["data"]["year"] == year
    ]
    record, size, results = Record(), 0, []
    for log_size, seq, leaf in sorted(wanted, key=lambda w: w[:2]):
        for entry in leaves[size : min(log_size, seq)]:
            record.apply(entry)
        size = max(size, min(log_size, seq))
        results.append(_compared(record, seq, leaf))
    return sorted(results)


def _compared(record: Record, seq: int, leaf: Json) -> Result:
    data, helper, year = leaf["data"], leaf["helper"], leaf["data"]["year"]
    kind = leaf["event"].split(".")[1]
    if kind == "determined":
        found = record.determination(leaf["subject"]["id"], helper, year, data["outcome"])
        wrong = list(differences({name: data.get(name) for name in found}, found))
    else:
        found = record.proposal(helper, year)
        wrong = list(_unlike(data["proposal"], found))
        hashed = {"outcome": found["outcome"], "proposal_hash": _hash(found)}
        wrong += differences({name: data[name] for name in hashed}, hashed, "told")
    return Result(seq, kind, helper, data["outcome"], wrong)


def _unlike(told: Json, found: Json) -> Iterator[str]:
    """Where a proposal's entry, which holds a household's line as its hash, is unlike what the record gives."""
    lines = found["households"]
    short = [{**{n: h[n] for n in ("household_id", "standing")}, "line_hash": _hash(h)} for h in lines]
    yield from differences(told, {**found, "households": short})
    for one, other, line in zip(told["households"], short, lines, strict=False):
        if one != other:
            yield f"household {line['household_id']}: the record gives {json.dumps(line)}"


def _hash(value: Any) -> str:
    """SHA-256 of RFC 8785 JSON, for what entries hold; hex."""
    return sha256(json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def read_leaves(lines: Iterable[str]) -> list[Json]:
    """The leaves of an exported log. Raises NotALog where a line is none of its entries, or out of its place."""
    leaves = []
    for at, line in enumerate(lines):
        try:
            entry = json.loads(line)
            leaves.append(json.loads(entry["leaf"]))
            in_place = entry["seq"] == at
        except (ValueError, KeyError, TypeError) as fault:
            raise NotALog(f"line {at + 1}: {fault!r}") from fault
        if not in_place:
            raise NotALog(f"line {at + 1}: entry {entry['seq']} stands where {at} must")
    return leaves


def main(year: str, file: str) -> int:
    with open(file, encoding="utf-8") as lines:  # noqa: PTH123  one program, one file
        try:
            results = recompute(read_leaves(lines), date.fromisoformat(f"{year}-01-01").year)
        except NotALog as fault:
            print(fault, file=sys.stderr)
            return 2
    for result in results:
        print(result.helper, result.kind, result.outcome, "DIFFERS" if result.differences else "equal")
        for difference in result.differences:
            print(f"    entry {result.seq}: {difference}")
    wrong = sum(bool(r.differences) for r in results)
    print(f"{year}: {len(results) - wrong} equal, {wrong} different / {len(results) - wrong} 项一致,{wrong} 项不一致")
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
