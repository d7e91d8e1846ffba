"""Who may object to a decision, until when, and who looks at it again? (G50: the regulation is silent)"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.actor import ORGANS, Actor, Office
from app.cases.rules import WINDOW_LABEL_ZH
from app.findings.rules import OwnFile
from app.refusal import Conflict, Forbidden, Invalid, Refusal
from app.rulebook.rules import OrganNotCompetent, competent_organs, huayuan
from app.workflow import Move, Workflow

OTHER_CHANNELS_ZH = "当事人还可依法依规通过其他途径申诉、复核、复审;何者受理由有关规定确定。"
OTHER_CHANNELS_EN = (
    "Other channels of appeal and review under other rules remain open; those rules say who is competent."
)

PEOPLE = frozenset(Office) - {Office.COUNTY_SYSTEM, Office.COUNTY_AUDITOR, Office.ADMINISTRATOR}
"""A subject may hold any office of the township: that he is the subject is a guard's question."""


@dataclass(frozen=True, slots=True)
class ObjectionFacts:
    """What the guards ask of an objection."""

    filed_by: str
    """Person id of the subject, or of the head of the body concerned."""
    handlers: Sequence[str] = ()
    """Person ids of everyone who moved the case."""
    recused: Sequence[str] = ()
    subject_person: str | None = None
    capacity: str | None = None
    categories: Sequence[str] = ()
    management: str | None = None
    case: Mapping[str, Any] | None = None
    """The whole case, as gathered: what a review changes."""


class OnlyTheSubjectObjects(Forbidden):
    """Only the subject of the decision, or the head of the body concerned, objects.

    只有决定所涉对象本人或该组织负责人可以提出异议。
    """

    article = "G50"


class WindowClosed(Conflict):
    """The time for objections is over. It is agreed for this service and not a rule of the regulation.

    提出异议的期限已过(本系统约定,非办法规定)。
    """

    article = "G50"


class NothingToObjectTo(Conflict):
    """There is no decision that stands in this case.

    本案没有有效的处理决定。
    """

    article = "G50"


class ObjectionPending(Conflict):
    """An objection to this decision is already being looked at.

    对该决定的异议正在处理中。
    """

    article = "G50"


class OriginalHandlerReviews(Forbidden):
    """Whoever handled the case does not review the objection.

    原办理人员不得复核该异议。
    """

    article = "G50"


class ReviewerIsRecused(Forbidden):
    """You are recused from this case, and so from the objection.

    您已回避本案,不得复核该异议。
    """

    article = "G61"


class OutcomeContradictsItself(Invalid):
    """A modification names the ground that stands now or the facts dropped; nothing else does.

    变更须写明变更后的情形或排除的事实;维持、撤销则不写。
    """

    article = "G50"


def _by_the_filer(facts: ObjectionFacts, actor: Actor) -> Refusal | None:
    return None if facts.filed_by == str(actor.person_id) else OnlyTheSubjectObjects()


def reviewing(facts: ObjectionFacts) -> frozenset[str]:
    """The organs of the township that may review: those competent for the subject under article 10."""
    found = competent_organs(huayuan(), facts.categories, capacity=facts.capacity, management=facts.management)
    return found.handling or frozenset(ORGANS)


def _competent(facts: ObjectionFacts, actor: Actor) -> Refusal | None:
    organs = sorted(reviewing(facts))
    return OrganNotCompetent(competent=organs, awaiting=organs) if actor.offices.isdisjoint(organs) else None


def _fresh_eyes(facts: ObjectionFacts, actor: Actor) -> Refusal | None:
    me = str(actor.person_id)
    if me in (facts.filed_by, facts.subject_person):
        return OwnFile()
    if me in facts.handlers:
        return OriginalHandlerReviews()
    return ReviewerIsRecused() if me in facts.recused else None


_REVIEW = (_competent, _fresh_eyes)

OBJECTION = Workflow(
    name="objection",
    title_zh="异议",
    resource="objections",
    states=("filed", "accepted", "upheld", "modified", "revoked", "withdrawn"),
    states_zh={
        "filed": "已提出",
        "accepted": "已受理",
        "upheld": "维持",
        "modified": "变更",
        "revoked": "撤销",
        "withdrawn": "已撤回",
    },
    initial="filed",
    final=frozenset({"upheld", "modified", "revoked", "withdrawn"}),
    moves=(
        Move(
            "accept",
            {"filed": ("accepted",)},
            ORGANS,
            "G50",
            "Take the objection up; the execution of the decision goes on.",
            "受理异议;不停止执行。",
            _REVIEW,
        ),
        Move(
            "decide",
            {"accepted": ("upheld", "modified", "revoked")},
            ORGANS,
            "G50",
            "Uphold, modify or revoke the decision, with reasons; never aggravate it.",
            "维持、变更或撤销原决定并说明理由,不得加重。",
            _REVIEW,
        ),
        Move(
            "withdraw",
            {"filed": ("withdrawn",), "accepted": ("withdrawn",)},
            PEOPLE,
            "G50",
            "Withdraw the objection.",
            "撤回异议。",
            (_by_the_filer,),
            awaited=False,
        ),
    ),
)


def check_filer(actor: Actor, case: Mapping[str, Any], unit_id: str) -> None:
    """The subject himself; for a village's committees their head; for a unit somebody of it (`unit_id` is his).

    `case` names its subject as on the wire. Raises OnlyTheSubjectObjects.
    """
    heads = {
        a.place for a in actor.appointments if a.office in (Office.VILLAGE_COMMITTEE_HEAD, Office.VILLAGE_PRINCIPAL)
    }
    person, village, unit = case["subject_person_id"], case["subject_village_code"], case["subject_unit_id"]
    himself = person is not None and person == str(actor.person_id)
    if not (himself or (village is not None and village in heads) or (unit is not None and unit == unit_id)):
        raise OnlyTheSubjectObjects()


def check_outcome(outcome: str, ground: str | None, dropped: int) -> None:
    """Only a modification names a ground or facts to drop; one of the two at the least. Raises Invalid."""
    if (outcome == "modified") != bool(ground or dropped):
        raise OutcomeContradictsItself("/outcome")


def check_filing(stands: bool, pending: bool, until: date | None, today: date) -> None:
    """A decision that stands, no other objection pending, and the window, whose last day is `until`, open."""
    if not stands or until is None:
        raise NothingToObjectTo()
    if pending:
        raise ObjectionPending()
    if today > until:
        raise WindowClosed(closed_on=until.isoformat(), source="local_policy", label=WINDOW_LABEL_ZH)
