"""When does something found become a confirmed fact, and what must exist before? (articles 8 to 10, G46 to G51)"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from app.actor import ORGANS, Actor, Office
from app.calendar import end_of, local_date
from app.refusal import Conflict, Forbidden, Invalid, Refusal
from app.rulebook.rules import (
    GENERAL_CLAUSE,
    Bound,
    Capacity,
    Category,
    CategoryUnknown,
    Competence,
    Ground,
    Management,
    OrganNotCompetent,
    Politics,
    competent_organs,
    huayuan,
)
from app.workflow import Move, Workflow


class Source(StrEnum):
    """Where a finding comes from."""

    INSPECTION = "inspection"  # 月抽查
    QUARTERLY_SCORE = "quarterly_score"  # 季考核
    CITIZEN_REPORT = "citizen_report"  # 群众反映
    OFFICE = "office"  # 机关、办公室发现


RECORDERS = ORGANS | {
    Office.ASSESSOR,
    Office.LEADING_GROUP_OFFICE,
    Office.PARTY_GOV_OFFICE,
    Office.LEADING_GROUP,
}
"""Offices that may propose a finding; a citizen's report is recorded by one of them."""

READERS = ORGANS | {Office.LEADING_GROUP}
"""Offices that read findings; the subject reads his own."""


@dataclass(frozen=True, slots=True)
class FindingFacts:
    """What the guards ask of a finding."""

    capacity: str | None = None
    """In what capacity the subject answers, where that is settled: always for a body or a unit."""
    categories: Sequence[str] = ()
    """What kind of cadre the person was on the day of the facts; several where that is ambiguous (G38)."""
    management: str | None = None
    subject_person: str | None = None
    """The person concerned; None for a body or a unit."""
    politics: str = Politics.UNKNOWN
    offices: Sequence[str] = ()
    """Offices the person held on the day of the facts."""
    bound: Sequence[Bound] = ()
    """Under which rulebooks the township has worked (G52)."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the registers say was expected, as named by the organ; None where it named nothing."""

    required_from: date | None = None
    """The first day that had to answer to the written requirement: in force, and on record the day before (G47)."""
    due_on: date | None = None
    """The day the task was due (G48)."""
    handed_in_in_time: bool = False
    """Does the register hold what the subject handed in for the task in time, and was not given back?"""
    meeting_held_at: datetime | None = None
    meeting_required_at: datetime | None = None
    """When the meeting was marked as required (G46)."""
    invited: bool = False
    leave_approved: bool = False
    attended: bool = False
    """Was the subject seen at the meeting? Coming late is attending."""


_REGISTERED = {
    "organ_cadre": Category.ORGAN_CADRE,
    "village_committee_member": Category.VILLAGE_COMMITTEE_MEMBER,
    "group_cadre": Category.GROUP_CADRE,
    "unit_staff": Category.UNIT_HELPER,
}
_APPOINTED = {
    Office.VILLAGE_PRINCIPAL: Category.VILLAGE_COMMITTEE_MEMBER,
    Office.VILLAGE_COMMITTEE_HEAD: Category.VILLAGE_COMMITTEE_MEMBER,
    Office.VILLAGE_COMMITTEE_MEMBER: Category.VILLAGE_COMMITTEE_MEMBER,
    Office.GROUP_CADRE: Category.GROUP_CADRE,
}


def categories_of(registered: str | None, offices: Iterable[str]) -> tuple[str, ...]:
    """What kinds of cadre article 10 sees in a person: by the register, and by the offices he held that day."""
    found = {_REGISTERED.get(registered or ""), *(_APPOINTED.get(Office(office)) for office in offices)}
    return tuple(sorted(kind for kind in found if kind is not None))


def management_of(authority: str | None) -> str | None:
    """干部管理权限 as article 10 asks: the township's own, or a superior organ's."""
    if authority is None:
        return None
    return Management.TOWNSHIP if authority == "township" else Management.SUPERIOR


def politics_of(membership: str | None) -> str:
    """Party membership as article 9(4) asks (G39)."""
    known = {"member": Politics.PARTY_MEMBER, "not_member": Politics.NOT_PARTY_MEMBER}
    return known.get(membership or "", Politics.UNKNOWN)


def body_capacity(village: str | None, unit: str | None) -> str | None:
    """A village's committees and a unit answer in one capacity only; a person's is chosen at opening."""
    return Capacity.VILLAGE_BODY if village else Capacity.UNIT if unit else None


class OwnFile(Forbidden):
    """Nobody acts on a file about himself.

    本人不得办理涉及自己的事项。
    """

    article = "G61"


class FactInTheFuture(Conflict):
    """The day of the facts has not come yet.

    事实发生日期尚未到来。
    """

    article = "2"


class NoExpectationOnRecord(Conflict):
    """This ground needs a requirement or a due date on record that existed before the facts.

    此情形须有先于事实存在的要求或期限记录。
    """

    article = "G47"


class ExpectationCameLater(Conflict):
    """The requirement named begins after the facts.

    所引用的要求晚于事实发生之日。
    """

    article = "G47"


class NotLate(Conflict):
    """The task was not overdue on the day of the facts: it is late only after the end of the day it is due.

    事实发生之日任务尚未逾期:到期日当日结束后方为逾期。
    """

    article = "G48"


class NoMeetingOnRecord(Conflict):
    """This ground needs the meeting that was missed, marked as required before it took place, with the invitation.

    此情形须引用会前已标明必须参加、且已通知本人的会议。
    """

    article = "G46"


class LeaveWasApproved(Conflict):
    """Leave was approved: the absence was not without reason.

    已准假,不属无故缺席。
    """

    article = "G46"


class WasThere(Conflict):
    """The register shows that the subject attended this meeting.

    登记显示其参加了该会议。
    """

    article = "G46"


class DoneInTime(Conflict):
    """The register shows that the task was done in time.

    登记显示该任务已按时完成。
    """

    article = "G48"


class Article8Elsewhere(Forbidden):
    """Only the discipline commission finds the elements of article 8.

    第八条的要件只能由乡纪委认定。
    """

    article = "8"


class SubjectUnclear(Invalid):
    """Name exactly one subject: a person, a village's two committees, or a unit.

    须且仅须写明一个对象:个人、村“两委”或部门单位。
    """

    article = "9"


def competent(facts: FindingFacts) -> Competence:
    """Who takes up this finding under article 10."""
    return competent_organs(huayuan(), facts.categories, capacity=facts.capacity, management=facts.management)


def _competent(facts: FindingFacts, actor: Actor) -> Refusal | None:
    handling = competent(facts).handling
    if not handling:
        return CategoryUnknown()
    if handling.isdisjoint(actor.offices):
        return OrganNotCompetent(competent=sorted(handling), awaiting=sorted(handling))
    return None


def _not_about_himself(facts: FindingFacts, actor: Actor) -> Refusal | None:
    himself = facts.subject_person is not None and facts.subject_person == str(actor.person_id)
    return OwnFile() if himself else None


FINDING = Workflow(
    name="finding",
    title_zh="问题线索",
    resource="findings",
    states=("proposed", "confirmed", "dismissed"),
    states_zh={
        "proposed": "待认定",
        "confirmed": "已认定",
        "dismissed": "不予认定",
    },
    initial="proposed",
    final=frozenset({"confirmed", "dismissed"}),
    moves=(
        Move(
            "confirm",
            {"proposed": ("confirmed",)},
            ORGANS,
            "10",
            "Confirm what was found, under one primary ground (G33).",
            "认定事实,确定一个主要情形,其余列为备选。",
            (_competent, _not_about_himself),
        ),
        Move(
            "dismiss",
            {"proposed": ("dismissed",)},
            ORGANS,
            "2",
            "Dismiss the finding, with the reason.",
            "不予认定,并说明理由。",
            (_competent, _not_about_himself),
            awaited=False,
        ),
    ),
)


def check_subject(person: object, village: object, unit: object) -> None:
    """Exactly one of the three names the subject. Raises SubjectUnclear."""
    if sum(subject is not None for subject in (person, village, unit)) != 1:
        raise SubjectUnclear("/subject")


def check_fact_day(fact_on: date, today: date) -> None:
    """Facts lie in the past. Whether a rulebook was in force that day is the rulebook's to say (G51, G52)."""
    if fact_on > today:
        raise FactInTheFuture(fact_on=fact_on.isoformat(), today=today.isoformat())


def check_article_8(ground: str, actor: Actor) -> None:
    """G45, G62: the elements of article 8 are found by the discipline commission, never computed."""
    if ground == GENERAL_CLAUSE and not actor.holds(Office.DISCIPLINE_COMMISSION):
        raise Article8Elsewhere()


def _check_requirement(fact_on: date, expected: Expectation) -> None:
    if expected.required_from is None:
        raise NoExpectationOnRecord()
    if expected.required_from > fact_on:
        raise ExpectationCameLater(required_from=expected.required_from.isoformat(), fact_on=fact_on.isoformat())


def _check_due(fact_on: date, expected: Expectation) -> None:
    if expected.due_on is None:
        raise NoExpectationOnRecord()
    if local_date(end_of(expected.due_on)) > fact_on:
        raise NotLate(due_on=expected.due_on.isoformat(), fact_on=fact_on.isoformat())


def _check_undone(fact_on: date, expected: Expectation) -> None:
    _check_due(fact_on, expected)
    if expected.handed_in_in_time:
        raise DoneInTime()


def _check_meeting(fact_on: date, expected: Expectation) -> None:
    held, required = expected.meeting_held_at, expected.meeting_required_at
    if held is None or required is None or required >= held or not expected.invited or local_date(held) != fact_on:
        raise NoMeetingOnRecord()
    if expected.leave_approved:
        raise LeaveWasApproved()
    if expected.attended:
        raise WasThere()


_PRESUPPOSES = {
    "required_meeting": _check_meeting,
    "requirement": _check_requirement,
    "due_date": _check_undone,
}
"""What a ground's words presuppose (有关会议, 按要求, 在规定时间内), as the rulebook names it."""


def check_expectation(ground: Ground, fact_on: date, expected: Expectation) -> None:
    """Refuses a ground whose requirement, due date or meeting is not on record before the facts (G46, G47, G48).

    A ground that presupposes none passes, unless a task is named that was not late that day: it rests on the
    organ's own judgement of the evidence.
    """
    if ground.needs:
        _PRESUPPOSES[ground.needs](fact_on, expected)
    elif expected.due_on is not None:
        _check_due(fact_on, expected)
