"""How does an integrator's contract test speak with the service? Hooks of Schemathesis, loaded by its command line.

What is generated stays as it is, except where only the service knows the right value: ids of records that are there,
the version one saw, the page after a page, a number with its check digit. An occasion (see `prepared`) is taken until
its operation has succeeded once; a chain of requests may begin with its retry. Requests that are wrong on purpose are
sent as they were made.

Two things hold still, for everybody in the town would have to go home: the clock of domain dates, and the accounts
and offices of those who ask.
"""

import atexit
import json
import os
import random
import threading
from base64 import b64encode
from collections import Counter, defaultdict
from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4
from zlib import crc32

import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.cli import EventHandler
from schemathesis.engine.events import EngineEvent, ScenarioFinished
from schemathesis.specs.openapi import stateful

GROUND = json.loads(Path(os.environ["HUAYUAN_CONTRACT_GROUND"]).read_text("utf-8"))
RESOURCE_OF = {
    "household_id": "households", "helper_id": "helpers", "person_id": "people", "unit_id": "units",
    "requirement_id": "requirements", "form_task_id": "form-tasks", "meeting_id": "meetings", "plan_id": "plans",
    "case_id": "cases", "submission_id": "year-end-submissions", "rubric_id": "rubrics", "witness_id": "people",
    "agent_id": "people", "handed_by": "people", "substitute_id": "people", "replaces_id": "interpretations",
    "notice_id": "notices", "inspector_id": "people", "confirmer_ids": "people", "invitee_ids": "people",
    "inspectors": "people", "helper_ids": "helpers", "related_household_ids": "households",
    "finding_ids": "findings", "dropped_finding_ids": "findings",
}  # fmt: skip
"""Which record a member of a body or a query refers to."""
IN_ORDER = (("starts", "ends"), ("applies_from", "applies_to"), ("shown_from", "due_on"))
"""Two days of one body, the earlier first: JSON Schema compares no members."""
NAMED = ("name", "person_id", "code")
"""By which objects of one list are told apart, which JSON Schema cannot say."""
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)

stateful.is_likely_root_transition = lambda *_: True
"""Any request may begin a chain, for there is an occasion for each; Schemathesis would leave some out."""
lock = threading.Lock()
choose = random.Random(GROUND["seed"])
pool: defaultdict[str, list[str]] = defaultdict(list, GROUND["pool"])
known = {one for ids in pool.values() for one in ids}
taken: Counter[str] = Counter()
"""How often an occasion of an operation was taken."""
tally: defaultdict[str, Counter[str]] = defaultdict(Counter)
"""By operation and phase, how often which status was answered to a generated request."""
cursors: dict[str, str] = {}
keys: set[tuple[str, str]] = set()
seen_by: dict[str, str] = {}
"""By record, the token of whoever was told of it last."""
done: dict[str, dict[str, Any]] = {}
"""By operation that takes a retry key, the request that succeeded last."""


def _with_check_digit(digits: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=True))
    return digits + "10X98765432"[total % 11]


def _citizen_ids() -> st.SearchStrategy[str]:
    """GB 11643-1999: a place, a day of birth, a serial number, the check digit."""
    born = st.dates(min_value=date(1930, 1, 1), max_value=date(2015, 1, 1))
    return st.builds(
        lambda place, day, serial: _with_check_digit(f"{place}{day:%Y%m%d}{serial:03d}"),
        st.sampled_from(["110105", "411421", "310101"]), born, st.integers(1, 999),
    )  # fmt: skip


schemathesis.openapi.format("citizen-id", _citizen_ids())
HEADS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"%PDF-1.7\n")
schemathesis.openapi.format(
    "attachment",
    st.builds(
        lambda head, rest: b64encode(head + rest).decode(), st.sampled_from(HEADS), st.binary(min_size=12, max_size=99)
    ),
)


def _operation(case: Any) -> str:
    return str(case.operation.definition.raw["operationId"])


def _succeeded(operation: str) -> bool:
    return any(key[-3] == "2" for key in tally[operation])


def _is_meant_well(case: Any) -> bool:
    return case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    operation = _operation(case)
    with lock:
        if _is_meant_well(case) and case.method == case.operation.method.upper():
            follows = _is_stateful(case) and _names_what_is_known(case)
            occasions = GROUND["occasions"].get(operation)
            if _is_stateful(case) and not follows and operation in done:
                _send_again(case, done[operation])
            elif occasions and not follows and not _succeeded(operation):
                _take(case, occasions[taken[operation] % len(occasions)])
                taken[operation] += 1
                _number(case)
            else:
                _fill(case, operation)
                _as_who_saw_it(case)
                _number(case)
            if _is_stateful(case) and not case.path_parameters and case.method == "GET" and choose.random() < 0.7:
                case.query = {}  # what is filtered leads nowhere where nothing is found
        if operation == "imports_create":
            _sheet(case)
        _hold_still(case, operation)


def _is_stateful(case: Any) -> bool:
    """Is it one of a chain of requests, which follow one another through the document's links?"""
    return bool(case.meta.phase.name.value == "stateful")


def _names_what_is_known(case: Any) -> bool:
    """As a link does: then what it names stays."""
    return bool(set(map(str, (case.path_parameters or {}).values())) & known)


def _as_who_saw_it(case: Any) -> None:
    """Whoever follows a link goes on with the token by which he was told it."""
    whose = [seen_by[id_] for id_ in map(str, (case.path_parameters or {}).values()) if id_ in seen_by]
    if whose and _is_stateful(case) and "Authorization" in case.headers:
        case.headers["Authorization"] = whose[0]


SENT = ("path_parameters", "query", "headers", "body", "media_type")


def _send_again(case: Any, before: dict[str, Any]) -> None:
    """What succeeded once, under its own key: the answer is the first one, and its links are there to follow."""
    for name in SENT:
        setattr(case, name, deepcopy(before[name]))


@schemathesis.serializer("text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
def _as_it_is(context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _number(case: Any) -> None:
    """A check digit, where a pattern alone made the number."""
    if isinstance(case.body, dict) and isinstance(case.body.get("citizen_id"), str):
        born = f"19{choose.randrange(30, 99)}0101{choose.randrange(1, 999):03d}"
        case.body = {**case.body, "citizen_id": _with_check_digit(f"110105{born}")}


def _sheet(case: Any) -> None:
    """A sheet of the kind that is asked for, or none where the request is wrong: no schema tells bytes from a sheet.

    The document's type of a body is text, so bytes are wrong in Schemathesis's eyes too, which looks at what is sent.
    """
    right = _is_meant_well(case) and all(p.mode == GenerationMode.POSITIVE for p in case.meta.components.values())
    kind = (case.query or {}).get("kind")
    case.media_type, case.body = "text/csv", GROUND["sheets"].get(kind, "") if right else b"\x00"
    if right:
        case.query = {**(case.query or {}), "mode": "independent"}  # all or nothing takes no long sheet


def _take(case: Any, occasion: dict[str, Any]) -> None:
    case.path_parameters = {**(case.path_parameters or {}), **occasion["path"]}
    if occasion["query"]:
        case.query = {**(case.query or {}), **occasion["query"]}
    if isinstance(case.body, dict):
        made = {**case.body, **occasion["body"]}
        form = case.media_type == "application/x-www-form-urlencoded"
        case.body = {k: v for k, v in made.items() if v is not None} if form else _told_apart(made)
    if occasion["as"] and "Authorization" in case.headers:
        case.headers["Authorization"] = occasion["as"]
    _fresh(case, _operation(case))


def _fill(case: Any, operation: str) -> None:
    if any("%2F" in str(value) for value in (case.path_parameters or {}).values()):
        return  # a tile's index, with its slashes already as they travel
    linked = set(map(str, (case.path_parameters or {}).values())) & known
    if case.path_parameters and not linked:
        resource = case.operation.path.split("/")[2]
        for name in case.path_parameters:
            where = GROUND["names"].get(f"{resource}.{name}") or GROUND["names"].get(name)
            values = where or (pool[resource] if name == "id" else [])
            if values and choose.random() < 0.9:
                case.path_parameters[name] = choose.choice(values)
    if isinstance(case.body, dict):
        case.body = _told_apart(_referring(case.body))
        itself, others = (case.path_parameters or {}).get("id"), case.body.get("related_household_ids")
        if isinstance(others, list) and itself in others:  # no household is merged with itself
            others[others.index(itself)] = next(id_ for id_ in pool["households"] if id_ not in others)
        if case.body.get("cursor"):  # only the service knows one
            case.body["cursor"] = GROUND["occasions"][operation][0]["body"]["cursor"]
        if operation == "sync_push":  # of free objects no schema says that they hold no endless number
            case.body["operations"] = [_bounded(each) for each in case.body["operations"]]
    if case.query:
        for name in list(case.query):
            if name == "cursor":
                case.query.pop(name)
                if operation in cursors:
                    case.query[name] = cursors[operation]
            elif (resource := RESOURCE_OF.get(name)) and pool[resource]:
                case.query[name] = choose.choice(pool[resource])
    if not (linked and case.meta.phase.name.value == "stateful"):
        _fresh(case, operation)
    elif case.headers:
        _new_key(case, operation)


def _bounded(handed_in: dict[str, Any]) -> dict[str, Any]:
    """An operation of a phone; of a faulty one just what tells which it is."""
    if {"operation", "device_time"} <= handed_in.keys():
        return handed_in | {"body": {}, "seen": {}}
    return {name: handed_in[name] for name in ("key", "counter")}


def _fresh(case: Any, operation: str) -> None:
    """The version that the record has now, as whoever read it a moment ago would send it."""
    _new_key(case, operation)
    names = [p.name for p in case.operation.headers if p.name.lower() == "if-match"]
    if names and case.path_parameters and choose.random() < 0.9:
        path = "/".join(case.operation.path.split("/")[:4]).format(**case.path_parameters)
        headers = {"Authorization": case.headers.get("Authorization", GROUND["officer"])}
        answer = requests.get(GROUND["address"] + path, headers=headers, timeout=10)
        if "etag" in answer.headers:
            case.headers[names[0]] = answer.headers["etag"]


def _new_key(case: Any, operation: str) -> None:
    """A retry key is never used for another request."""
    for name in [n for n in case.headers if n.lower() == "idempotency-key"]:
        if (used := (operation, str(case.headers[name]))) in keys:
            case.headers[name] = uuid4().hex
        keys.add(used)


def _referring(value: Any) -> Any:
    """The body with ids of records that are there; villages are the township's own."""
    if isinstance(value, list):
        return [_referring(each) for each in value]
    if not isinstance(value, dict):
        return value
    made = {name: _referring(each) for name, each in value.items()}
    for name, each in made.items():
        resource = RESOURCE_OF.get(name)
        if name in ("village_code", "code") and isinstance(each, str) and each.isdigit() and len(each) == 12:
            made[name] = GROUND["village"][:9] + each[9:]
        elif resource and isinstance(each, str) and pool[resource] and choose.random() < 0.9:
            made[name] = choose.choice(pool[resource])
        elif resource and isinstance(each, list) and all(isinstance(e, str) for e in each):
            made[name] = choose.sample(pool[resource], min(len(each), len(pool[resource])))
    if "deductions" in made and isinstance(made.get("maximum"), int | float):
        made["deductions"] = [
            {
                **d,
                "points": min(d.get("points", 1), made["maximum"]),
                "code": f"d{n}-{crc32(str(made.get('code')).encode()):x}",
            }
            for n, d in enumerate(made["deductions"])
        ]
    for first, last in IN_ORDER:
        if isinstance(made.get(first), str) and isinstance(made.get(last), str) and made[last] < made[first]:
            made[first], made[last] = made[last], made[first]
    return made


def _told_apart(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _told_apart(each) for name, each in value.items()}
    if not isinstance(value, list):
        return value
    found: dict[Any, Any] = {}
    for at, each in enumerate(value):
        name = next((each[n] for n in NAMED if isinstance(each, dict) and n in each), at)
        found.setdefault(name, _told_apart(each))
    return list(found.values())


def _hold_still(case: Any, operation: str) -> None:
    if operation == "clock_set" and isinstance(case.body, dict) and _is_meant_well(case):
        case.body["now"] = GROUND["now"]
    if operation == "events_list" and _is_meant_well(case) and (case.query or {}).get("wait"):
        case.query["wait"] = 1  # nothing happens meanwhile, and there are many to ask
    if (case.path_parameters or {}).get("id") in GROUND["protected"] and case.method != "GET":
        case.path_parameters["id"] = str(uuid4())


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    operation = _operation(case)
    with lock:
        if case.method == case.operation.method.upper():
            phase = case.meta.phase.name.value if case.meta else "other"
            tally[operation][f"{phase} {response.status_code}"] += 1
        if not 200 <= response.status_code < 300:
            return
        if any(name.lower() == "idempotency-key" for name in case.headers):
            done[operation] = {name: deepcopy(getattr(case, name)) for name in SENT}
        try:
            told = response.json()
        except ValueError:
            return
        resource = case.operation.path.split("/")[2]
        for record in _records(told):
            if isinstance(record.get("id"), str):
                known.add(record["id"])
                if "Authorization" in case.headers:
                    seen_by[record["id"]] = case.headers["Authorization"]
                if resource in pool and len(case.operation.path.split("/")) < 5:
                    pool[resource].append(record["id"])
        if isinstance(told, dict) and told.get("next_cursor"):
            cursors[operation] = told["next_cursor"]


def _records(told: Any) -> Iterator[dict[str, Any]]:
    if isinstance(told, dict):
        yield from (told, *(i for i in told.get("items", ()) if isinstance(i, dict)))


followed: set[str] = set()


@schemathesis.cli.handler()
class Links(EventHandler[Any]):
    """Which links were followed: a value of one answer went into the next request."""

    def handle_event(self, ctx: Any, event: EngineEvent) -> None:
        if isinstance(event, ScenarioFinished):
            followed.update(
                case.transition.id
                for case in event.recorder.cases.values()
                if case.transition is not None and case.is_transition_applied
            )


@atexit.register
def _report() -> None:
    Path(GROUND["tally"]).write_text(json.dumps({"answers": tally, "links": sorted(followed)}), "utf-8")
