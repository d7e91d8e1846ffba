"""What can be done with rulebooks, policies and interpretations?"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any
from uuid import UUID, uuid5

from fastapi import Response
from sqlalchemy import Date, Integer, Text, and_, bindparam, func, literal_column, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from app.access import Entered, Scope
from app.actor import Office
from app.database import Prepared, as_json, here
from app.log import canonical, plain
from app.reading import Reading, Resource, read_cursor, utc
from app.refusal import Conflict, NotFound, Refusal
from app.rulebook import policies, rules, schemas, tables
from app.rulebook.policies import Policy
from app.writing import Answer, Change, creates

EVERYONE_HERE = Scope(open=True)
INTERPRETATIONS = Resource("interpretations", tables.Interpretation, scope=EVERYONE_HERE)
BINDINGS = Resource("rulebook-bindings", tables.Binding, scope=EVERYONE_HERE, addressed=False)
VALUES = Resource("policies", tables.PolicyValue, scope=EVERYONE_HERE, addressed=False)
RULEBOOK_IDS = UUID("5d0c4b7e-8c3b-5f3e-9a57-2f7c1d9b6a10")
"""Namespace in which a rulebook's code gives the id under which the log names it."""


class Event(StrEnum):
    RULEBOOK_PUBLISHED = "rulebook.published"
    RULEBOOK_BOUND = "rulebook.bound"
    POLICY_SET = "policy.set"
    INTERPRETATION_MADE = "interpretation.made"


class NoSuchRulebook(NotFound):
    """There is no such rulebook.

    没有该办法。
    """


class NoSuchPolicy(NotFound):
    """There is no such policy.

    没有该项约定。
    """


class InterpretsNothing(Conflict):
    """There is no such rulebook, article or policy to interpret.

    所解释的办法、条文或约定不存在。
    """

    article = "11"


class PolicyCannotBeBackdated(Conflict):
    """A local policy holds from today at the earliest: nobody could have followed it before.

    乡镇约定最早自当日起适用,不得溯及既往。
    """

    article = "G51"


# ── rulebooks ────────────────────────────────────────────────────────────────────────────────────

BOUND_FROM = (
    select(func.min(col(tables.Binding.effective_from)))
    .where(
        here(tables.Binding),
        col(tables.Binding.rulebook_code) == col(tables.RulebookRow.code),
    )
    .scalar_subquery()
    .label("bound_from")
)
HEAD = [c for c in tables.RulebookRow.__table__.columns if c.name != "document"]  # type: ignore[attr-defined]
ON: Any = bindparam("on_day", type_=Date())
RULEBOOK_PAGE = Prepared(
    select(*HEAD, BOUND_FROM, col(tables.RulebookRow.code).label("at"))
    .where(
        col(tables.RulebookRow.code) > bindparam("after", type_=Text()),
        or_(
            ON.is_(None),
            and_(
                col(tables.RulebookRow.effective_from) <= ON,
                func.coalesce(col(tables.RulebookRow.effective_to), literal_column("'infinity'::date")) >= ON,
            ),
        ),
    )
    .order_by(col(tables.RulebookRow.code))
    .limit(bindparam("many", type_=Integer())),
    json=True,
    beside=("at",),
)
RULEBOOK_ONE = Prepared(
    select(*HEAD, BOUND_FROM, col(tables.RulebookRow.document), col(tables.RulebookRow.edition).label("at")).where(
        col(tables.RulebookRow.code) == bindparam("wanted", type_=Text())
    ),
    json=True,
    beside=("at",),
)
PUBLISH = Prepared(
    insert(tables.RulebookRow).on_conflict_do_nothing(index_elements=["code"]).returning(col(tables.RulebookRow.code)),
    columns=[c.name for c in tables.RulebookRow.__table__.columns],  # type: ignore[attr-defined]
)


def place(entered: Entered) -> dict[str, str]:
    return {"county": entered.actor.county_code, "township": entered.actor.township_code}


async def list_rulebooks(read: Reading, query: schemas.RulebookQuery) -> Response:
    """Raises BadCursor."""
    values = {"on_day": query.in_force_on, "after": read_cursor(query.cursor, str) or ""}
    return await read.listing(query, lambda entered: (RULEBOOK_PAGE, {**place(entered), **values}))


async def read_rulebook(read: Reading, code: str) -> tuple[str, int]:
    """The rulebook as JSON text, and its edition. Raises NoSuchRulebook."""
    async with read.open() as (transaction, entered):
        found = await transaction.row(RULEBOOK_ONE, **place(entered), wanted=code)
    if found is None:
        raise NoSuchRulebook
    return found["body"], found["at"]


async def assess(read: Reading, code: str, body: schemas.AssessIn) -> dict[str, Any]:
    """What would follow from these facts under articles 8 to 10; writes nothing. Raises NoSuchRulebook."""
    given = body.model_dump(exclude={"crime_assessment"}, exclude_none=True)
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in given.items()}
    facts = rules.Facts(crime=body.crime_assessment, **values)
    found = rules.assess(_loaded((await read_rulebook(read, code))[0]), facts)
    return {
        "rulebook": found.rulebook,
        "basis": found.basis,
        "permitted": found.permitted,
        "measure": found.measure,
        "permitted_subjects": sorted(found.permitted_subjects),
        "competence": {
            "route": found.competence.route,
            "deciding": sorted(found.competence.deciding),
            "handling": sorted(found.competence.handling),
            "reason_required": found.competence.reason_required,
            "policies": sorted(found.competence.policies),
        },
        "outputs": list(found.outputs),
        "addressee": found.addressee,
        "alternatives": list(found.alternatives),
        "warnings": [_caution(w, read.language) for w in found.warnings],
        "refusals": [_refusal(r, read.language) for r in found.refusals],
    }


@lru_cache(maxsize=16)
def _loaded(body: str) -> rules.Rulebook:
    return rules.load(json.loads(body)["document"])


def _caution(caution: rules.Caution, language: str) -> dict[str, Any]:
    message = caution.en if language == "en" else caution.zh
    return {"code": caution.code, "article": caution.article, "message": message}


def _refusal(refusal: Refusal, language: str) -> dict[str, Any]:
    return {"code": refusal.code(), "article": refusal.article, "message": refusal.title(language)}


async def publish(change: Change, rulebook: rules.Rulebook) -> None:
    """Put a rulebook among the national reference data, with an entry in log `0`; nothing where it stands already.

    `change` is the operator's own command upon log `0`. One round trip.
    """
    data = rulebook.data
    digest = hashlib.sha256(canonical(data)).hexdigest()
    code = await change.transaction.value(
        PUBLISH, code=rulebook.code, edition=rulebook.edition, partial=rulebook.partial, title=rulebook.title,
        title_en=data["title_en"], alias=data.get("alias"), effective_from=rulebook.effective_from,
        effective_to=rulebook.effective_to, sha256=digest, document=data,
    )  # fmt: skip
    if code is not None:
        change.record(
            Event.RULEBOOK_PUBLISHED, "rulebooks", uuid5(RULEBOOK_IDS, rulebook.code), version=rulebook.edition,
            public={"code": rulebook.code, "effective_from": rulebook.effective_from, "sha256": digest},
        )  # fmt: skip


async def bind(change: Change, code: str, effective_from: date) -> None:
    """From that day the township works under that rulebook; part of its adoption. One round trip."""
    values = {"rulebook_code": code, "effective_from": effective_from}
    await change.create(BINDINGS, None, values, event=Event.RULEBOOK_BOUND, public=values)


# ── policies ─────────────────────────────────────────────────────────────────────────────────────

LOCAL_VALUES = Prepared(
    select(
        col(tables.PolicyValue.key),
        func.json_build_object(
            "version", col(tables.PolicyValue.number), "value", col(tables.PolicyValue.value),
            "effective_from", col(tables.PolicyValue.effective_from), "reason", col(tables.PolicyValue.reason),
            "set_by", col(tables.PolicyValue.set_by), "set_at", utc(col(tables.PolicyValue.created_at)),
        ).cast(Text()).label("body"),
    )
    .where(
        here(tables.PolicyValue),
        or_(
            bindparam("wanted", type_=Text()).is_(None),
            col(tables.PolicyValue.key) == bindparam("wanted", type_=Text()),
        ),
    )
    .order_by(col(tables.PolicyValue.key), col(tables.PolicyValue.number))
)  # fmt: skip


def policy_named(key: str) -> Policy:
    """Raises NoSuchPolicy."""
    if (policy := policies.policies().get(key)) is None:
        raise NoSuchPolicy
    return policy


def show(policy: Policy, history: Sequence[Mapping[str, Any]], day: date) -> dict[str, Any]:
    """A policy as it goes over the wire: the value that holds on the day, and every local one."""
    local = [policies.LocalValue(policy.key, v["value"], date.fromisoformat(v["effective_from"])) for v in history]
    value, source = policies.effective(policy.key, day, local)
    since = [v.effective_from for v in local if v.effective_from <= day]
    return {
        "key": policy.key, "number": policy.number, "value": value, "source": source,
        "effective_from": max(since).isoformat() if since else None,
        "default": policy.default, "default_source": policy.source, "citation": policy.citation,
        "settable": policy.settable, "takes": policy.value, "text_zh": policy.zh, "text_en": policy.en,
        "version": len(history), "history": list(history),
    }  # fmt: skip


async def _local_values(transaction: Any, where: Mapping[str, Any], key: str | None) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in await transaction.rows(LOCAL_VALUES, **where, wanted=key):
        found.setdefault(row["key"], []).append(json.loads(row["body"]))
    return found


async def list_policies(read: Reading, query: schemas.PolicyQuery) -> Response:
    """In the order of the gaps. Raises BadCursor."""
    after = read_cursor(query.cursor, str)
    async with read.open() as (transaction, entered):
        local = await _local_values(transaction, place(entered), None)
    day = query.as_of or entered.today
    shown = [show(policy, local.get(policy.key, ()), day) for policy in policies.policies().values()]
    keys = [policy["key"] for policy in shown]
    start = keys.index(after) + 1 if after in keys else 0
    wanted = [
        {k: v for k, v in policy.items() if k != "history"}
        for policy in shown[start:]
        if query.number in (None, policy["number"]) and query.source in (None, policy["source"])
    ]
    rows = [{"body": as_json(policy), "at": policy["key"]} for policy in wanted]
    return await read.given(query, rows, entered.today)


async def read_policy(read: Reading, key: str) -> dict[str, Any]:
    """Raises NoSuchPolicy."""
    policy = policy_named(key)
    async with read.open() as (transaction, entered):
        local = await _local_values(transaction, place(entered), key)
    return show(policy, local.get(key, ()), entered.today)


@creates(Office.LEADING_GROUP)
async def set_policy(change: Change, key: str, body: schemas.SetPolicy) -> Answer:
    """A township's own value, dated. Raises NoSuchPolicy, PolicyIsFixed, PolicyCannotBeBackdated."""
    policy = policy_named(key)
    local = await _local_values(change.transaction, place(change.entered), key)
    history = local.get(key, [])
    change.check_version(len(history))
    policy.require_settable()
    if body.effective_from < change.today:
        raise PolicyCannotBeBackdated(today=str(change.today))
    number = len(history) + 1
    values = {**body.model_dump(), "key": key, "number": number, "set_by": change.actor.person_id}
    public = {"key": key, "number": number, "effective_from": body.effective_from}
    personal = {"value": body.value, "reason": body.reason}
    await change.create(VALUES, None, values, event=Event.POLICY_SET, public=public, personal=personal)
    entry = {
        "version": number, "value": body.value, "effective_from": body.effective_from.isoformat(),
        "reason": body.reason, "set_by": change.actor.person_id, "set_at": plain(change.now),
    }  # fmt: skip
    return Answer(200, as_json(show(policy, [*history, entry], change.today)), {"etag": f'"{number}"'})


# ── interpretations ──────────────────────────────────────────────────────────────────────────────


@creates(Office.LEADING_GROUP, of=INTERPRETATIONS)
async def interpret(change: Change, body: schemas.CreateInterpretation) -> Answer:
    """Only the leading group interprets (article 11). Raises InterpretsNothing."""
    found = await change.transaction.value(RULEBOOK_ONE, **place(change.entered), wanted=body.rulebook_code)
    if found is None:
        raise InterpretsNothing(missing="rulebook_code")
    articles = {str(clause["logical_article"]) for clause in json.loads(found)["document"]["clauses"]}
    if body.article.partition(".")[0] not in articles:
        raise InterpretsNothing(missing="article")
    if body.policy_key is not None and body.policy_key not in policies.policies():
        raise InterpretsNothing(missing="policy_key")
    values = {**body.model_dump(exclude={"id"}), "interpreted_by": change.actor.person_id}
    public = {k: v for k, v in values.items() if k != "text"}
    return await change.create(
        INTERPRETATIONS, body.id, values, event=Event.INTERPRETATION_MADE, public=public, personal={"text": body.text}
    )


@cache
def shipped() -> tuple[rules.Rulebook, ...]:
    """The rulebooks that come with the service."""
    return (rules.huayuan(),)
