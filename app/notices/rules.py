"""When may the township be told, in what words, and how is it taken back? (articles 7(2), 9, G30, G53)"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from app.actor import ORGANS, Actor, Office
from app.findings.rules import OwnFile
from app.refusal import Conflict, Forbidden, Invalid, Refusal
from app.workflow import Move, Workflow


class NoticeKind(StrEnum):
    """The kinds of document. The notice of article 7(2) is not the circular criticism of article 9(1)."""

    ARTICLE_7_NOTICE = "article_7_notice"  # 第七条(二)通报,乡党委
    CIRCULAR_CRITICISM = "circular_criticism"  # 第九条(一)通报批评
    SELF_CRITICISM_CIRCULATION = "self_criticism_circulation"  # 第九条(二)书面检查的全乡通报
    CORRECTION = "correction"  # 更正通报


class Channel(StrEnum):
    BOARD = "board"  # 公示栏
    DOCUMENT = "document"  # 文件
    MEETING = "meeting"  # 会议


AUDIENCE = "township"
"""全乡范围内: the township and nobody else (article 9, G30); corrections go to the same audience (G53)."""

MEASURE_NOTICE = {
    "circular_criticism": NoticeKind.CIRCULAR_CRITICISM,
    "written_self_criticism": NoticeKind.SELF_CRITICISM_CIRCULATION,
}
"""The notice that a measure of article 9 demands, by the code of the measure."""


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """What the guards ask of a notice."""

    organ: str
    """The office that issues it."""
    basis_stands: bool
    """Does the decision or determination it tells of still stand, unchanged?"""
    correction_due: bool = False
    """Does a correction of it already wait for its publication?"""
    withdrawal_due: bool = False
    """Does that correction take it back?"""
    subject_person: str | None = None


class NotTheIssuingOrgan(Forbidden):
    """Only the organ that decided issues, corrects and withdraws its notice.

    通报只能由作出决定的机关发布、更正和撤回。
    """

    article = "7(2)"


class TheDecisionStands(Conflict):
    """The decision stands: a mistake in the notice is corrected, the notice is not withdrawn.

    决定仍然有效:通报有误应予更正,不得撤回。
    """

    article = "G53"


class TheDecisionFell(Conflict):
    """The decision no longer stands as it was: this notice cannot be published or repeated.

    决定已变更或撤销,不得再按原内容发布。
    """

    article = "G53"


class CorrectionAlreadyDue(Conflict):
    """A correction of this notice already waits to be published.

    该通报的更正已待发布。
    """

    article = "G53"


class BoardNeedsEndDate(Invalid):
    """A notice on a board needs the day on which it is taken down.

    在公示栏张贴的通报必须写明撤除日期。
    """

    article = "G30"


class NoticeEndsBeforeItStarts(Conflict):
    """A notice cannot end before it starts.

    撤除日期不得早于发布日期。
    """

    article = "G30"


class HouseholdDataInNotice(Conflict):
    """A notice never carries data of a household or personal numbers.

    通报不得含有贫困户信息或证件号码、电话号码。
    """

    article = "G30"


def _by_the_organ(facts: NoticeFacts, actor: Actor) -> Refusal | None:
    return None if facts.organ in actor.offices else NotTheIssuingOrgan(awaiting=[facts.organ])


def _not_about_himself(facts: NoticeFacts, actor: Actor) -> Refusal | None:
    himself = facts.subject_person is not None and facts.subject_person == str(actor.person_id)
    return OwnFile() if himself else None


def _basis_stands(facts: NoticeFacts, actor: Actor) -> Refusal | None:
    return None if facts.basis_stands else TheDecisionFell()


def _basis_fell(facts: NoticeFacts, actor: Actor) -> Refusal | None:
    return TheDecisionStands() if facts.basis_stands else None


def _no_correction_due(facts: NoticeFacts, actor: Actor) -> Refusal | None:
    return CorrectionAlreadyDue() if facts.correction_due else None


def _taking_back_is_due(facts: NoticeFacts, actor: Actor) -> Refusal | None:
    """Where the decision only changed, its correction is published as what it is."""
    return None if facts.basis_stands or facts.withdrawal_due else CorrectionAlreadyDue()


NOTICE = Workflow(
    name="notice",
    title_zh="通报",
    resource="notices",
    states=("draft", "published", "corrected", "withdrawn"),
    states_zh={
        "draft": "待发布",
        "published": "已发布",
        "corrected": "已更正",
        "withdrawn": "已撤回",
    },
    initial="draft",
    final=frozenset({"published", "corrected", "withdrawn"}),
    moves=(
        Move(
            "publish",
            {"draft": ("published",)},
            ORGANS,
            "7(2)",
            "Publish the notice to the whole township.",
            "在全乡范围内发布通报。",
            (_by_the_organ, _not_about_himself, _basis_stands),
        ),
        Move(
            "correct",
            {"published": ("corrected",)},
            ORGANS,
            "G53",
            "Publish a correction to the same audience; the decision stands.",
            "向同一范围发布更正,决定不变。",
            (_by_the_organ, _not_about_himself, _basis_stands, _no_correction_due),
            awaited=False,
        ),
        Move(
            "withdraw",
            {"published": ("withdrawn",)},
            ORGANS,
            "G53",
            "Withdraw the notice of a decision that fell, telling the same audience so.",
            "决定变更或撤销后撤回通报,并向同一范围说明。",
            (_by_the_organ, _not_about_himself, _basis_fell, _taking_back_is_due),
            awaited=False,
        ),
    ),
)

_NUMBERS = re.compile(r"(?<!\d)(\d{17}[\dXx]|1[3-9]\d{9})(?!\d)", re.ASCII)
"""A citizen id of 18 places or a mobile number of 11."""


def check_period(channel: Channel, starts_on: date, ends_on: date | None) -> None:
    """G30: what hangs on a board has a last day; no period ends before it starts. Raises Invalid."""
    if channel is Channel.BOARD and ends_on is None:
        raise BoardNeedsEndDate("/ends_on")
    if ends_on is not None and ends_on < starts_on:
        raise NoticeEndsBeforeItStarts(starts_on=starts_on.isoformat())


def check_text(text: str, household_words: Collection[str]) -> None:
    """G30: `household_words` are names and card numbers of the households concerned. Raises HouseholdDataInNotice."""
    if _NUMBERS.search(text) or any(word and word in text for word in household_words):
        raise HouseholdDataInNotice()


def organ_of(kind: NoticeKind, deciding: Office) -> Office:
    """Article 7(2): that notice is the Party committee's alone; any other is the deciding organ's."""
    return Office.PARTY_COMMITTEE if kind is NoticeKind.ARTICLE_7_NOTICE else deciding


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of notices whose basis was changed."""

    dropped: Sequence[Mapping[str, Any]]
    """Drafts nobody publishes any more."""
    corrected: Sequence[Mapping[str, Any]]
    """Published notices whose correction becomes due."""


def fate_of(notices: Sequence[Mapping[str, Any]], keeps: str | None) -> Fate:
    """G53: a draft that is not demanded is dropped, a correction that waits is made anew, what was said is corrected.

    `notices` carry `kind` and `state`; `keeps` is the kind that is still demanded.
    """
    live = [n for n in notices if n["kind"] != NoticeKind.CORRECTION]
    waiting = [n for n in notices if n["kind"] == NoticeKind.CORRECTION and n["state"] == "draft"]
    return Fate(
        dropped=[*waiting, *[n for n in live if n["state"] == "draft" and n["kind"] != keeps]],
        corrected=[n for n in live if n["state"] == "published"],
    )
