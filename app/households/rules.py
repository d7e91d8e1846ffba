"""What may be recorded of a household and its helpers? Life events (G19) and dated pairings (G15 to G18)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from app.actor import Actor, Office
from app.refusal import Conflict, Invalid, NotFound, Refusal
from app.workflow import Move, Workflow

KEEPERS = frozenset({Office.LEADING_GROUP_OFFICE, Office.LEADING_GROUP})
"""Who keeps the register of households and pairings: the leading group sets up the ledgers (article 5)."""


class Status(StrEnum):
    """Where a household stands on the register; leaving poverty is no status but a reviewed sign-off (R5.6)."""

    REGISTERED = "registered"  # 建档立卡在册
    NEWLY_LISTED = "newly_listed"  # 新识别
    RETURNED_TO_POVERTY = "returned_to_poverty"  # 返贫
    MOVED_OUT = "moved_out"  # 整户迁出
    DECEASED_ALL = "deceased_all"  # 整户死亡
    SPLIT = "split"  # 分户
    MERGED = "merged"  # 并户
    DELISTED = "delisted"  # 识别不准剔除


class Attribute(StrEnum):
    """贫困户属性, as the household card has it."""

    GENERAL = "general"  # 一般贫困户
    LOW_INCOME_ALLOWANCE = "low_income_allowance"  # 低保户
    FIVE_GUARANTEES = "five_guarantees"  # 五保户
    LOW_INCOME_ALLOWANCE_POOR = "low_income_allowance_poor"  # 低保贫困户


class Cause(StrEnum):
    """致贫原因, as the household card has it: one main cause, at most two others."""

    ILLNESS = "illness"  # 因病
    DISABILITY = "disability"  # 因残
    SCHOOLING = "schooling"  # 因学
    DISASTER = "disaster"  # 因灾
    LACK_OF_LAND = "lack_of_land"  # 缺土地
    LACK_OF_WATER = "lack_of_water"  # 缺水
    LACK_OF_SKILLS = "lack_of_skills"  # 缺技术
    LACK_OF_LABOUR = "lack_of_labour"  # 缺劳力
    LACK_OF_FUNDS = "lack_of_funds"  # 缺资金
    POOR_TRANSPORT = "poor_transport"  # 交通条件落后
    LACK_OF_MOTIVATION = "lack_of_motivation"  # 自身发展动力不足
    OTHER = "other"  # 其它


class Relation(StrEnum):
    """与户主关系."""

    HEAD = "head"
    SPOUSE = "spouse"
    CHILD = "child"
    CHILD_IN_LAW = "child_in_law"
    GRANDCHILD = "grandchild"
    PARENT = "parent"
    GRANDPARENT = "grandparent"
    SIBLING = "sibling"
    OTHER = "other"


class LeftReason(StrEnum):
    """Why a member no longer belongs to a household that lives on (自然减少)."""

    DECEASED = "deceased"
    MARRIED_OUT = "married_out"
    MOVED_OUT = "moved_out"
    OTHER = "other"


OPEN = frozenset({Status.REGISTERED, Status.NEWLY_LISTED, Status.RETURNED_TO_POVERTY})
CLOSED = frozenset(Status) - OPEN

EVENT_PATHS: dict[Status, frozenset[Status]] = {
    Status.MOVED_OUT: OPEN,
    Status.DECEASED_ALL: OPEN,
    Status.SPLIT: OPEN,
    Status.MERGED: OPEN,
    Status.DELISTED: OPEN,
    Status.RETURNED_TO_POVERTY: OPEN,
    Status.NEWLY_LISTED: frozenset({Status.REGISTERED, Status.MOVED_OUT, Status.DELISTED}),
}
"""Each kind of life event (G19), named by the status it leads to, with the statuses it may follow."""

REMOVED_IN_FOURTH_QUARTER = "removed_in_fourth_quarter"
"""The flag of G19: a removal that could flatter the year's result is shown to the leading group, not refused."""


class Event(StrEnum):
    """What the log calls the commands of this feature."""

    REGISTERED = "household.registered"
    AMENDED = "household.amended"
    MEMBER_JOINED = "household.member_joined"
    MEMBER_DISCLOSED = "household.member_disclosed"
    MEMBER_LEFT = "household.member_left"
    LIFE_EVENT = "household.life_event"
    STATUS_CHANGED = "household.status_changed"
    WITHOUT_HELPER = "household.without_helper"
    PAIRED = "pairing.started"
    PAIRING_ENDED = "pairing.ended"
    PRIMARY_CHANGED = "pairing.handed_over"


class TwoDifferentConfirmers(Invalid):
    """A life event of a household is confirmed by two different people.

    家庭变动须由两名不同的人员确认。
    """

    article = "G19"


class MergerNamesItsHousehold(Invalid):
    """A merger names the one household merged into; only a split or a merger names other households.

    并户须写明并入的户;其他变动不写关联户。
    """

    article = "G19"


class RelatedHouseholdMissing(Conflict):
    """A household named here is not on record.

    所列关联户没有登记。
    """

    article = "G19"


class DatedInTheFuture(Conflict):
    """What is recorded has happened: its date is not after today.

    只能记录已发生的事项,日期不得晚于今日。
    """


class BeforeListing(Conflict):
    """The date lies before the household was listed.

    日期早于该户识别日期。
    """

    article = "G19"


class EventsGoForward(Conflict):
    """A later life event of this household is already on record.

    该户已有日期更晚的变动记录。
    """

    article = "G19"


class EventDoesNotFollow(Conflict):
    """This life event cannot follow the household's present status.

    该户当前状态不能发生此种变动。
    """

    article = "G19"


class HouseholdClosed(Conflict):
    """The household is not on the register on that day.

    该户在该日不在册。
    """

    article = "G19"


class CitizenAlreadyListed(Conflict):
    """A person with this citizen id belongs to a household on the register.

    该公民身份号码已登记在册内其他户中。
    """

    article = "HY.9.4.4"


class VillageOutside(Invalid):
    """The village does not lie in this township.

    该村不在本乡范围内。
    """


class NoSuchMember(NotFound):
    """The household has no such member.

    该户没有此成员。
    """


class MemberAlreadyLeft(Conflict):
    """That member no longer belongs to the household.

    该成员已不属于该户。
    """


class NotHelperThatDay(Conflict):
    """That person holds no helper's appointment on that day.

    该人员在该日不是帮扶责任人。
    """

    article = "3"


class AlreadyPaired(Conflict):
    """This helper already has this household during that time.

    该帮扶责任人在此期间已结对该户。
    """

    article = "G17"


class PrimaryAlreadyNamed(Conflict):
    """The household has a primary helper during that time; hand over instead.

    该户在此期间已有主要帮扶责任人,请办理交接。
    """

    article = "G17"


class PrimaryFirst(Conflict):
    """Whoever helps a household beside others needs a primary helper there all that time.

    须先确定主要帮扶责任人,才能增加其他帮扶人。
    """

    article = "G17"


class OthersStillHelp(Conflict):
    """Other helpers remain with the household: hand the primary role over instead of ending it.

    该户仍有其他帮扶人:请交接主要帮扶责任,而不是直接终止。
    """

    article = "G17"


class OnlyThePrimaryHandsOver(Conflict):
    """Only the primary pairing is handed over; end a co-helper's instead.

    只有主要帮扶责任可以交接;其他帮扶人请终止结对。
    """

    article = "G17"


class EndsBeforeItStarts(Conflict):
    """A pairing does not end before it starts.

    结对终止日期不得早于开始日期。
    """

    article = "G18"


# ── life events ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class LifeEvent:
    """Something dated in a household's life."""

    kind: Status
    on: date


@dataclass(frozen=True, slots=True)
class History:
    """A household's time on the register; `events` in the order of their dates."""

    listed_on: date
    events: tuple[LifeEvent, ...] = ()

    def status_on(self, day: date) -> Status | None:
        """The status at the end of `day`; None before the household was listed."""
        if day < self.listed_on:
            return None
        return next((event.kind for event in reversed(self.events) if event.on <= day), Status.REGISTERED)

    def counts_on(self, day: date) -> bool:
        """Is the household in the denominator of 全部实现脱贫 on `day`? From a closing event's date on, no (G19)."""
        return self.status_on(day) in OPEN


def check_past(on: date, today: date) -> None:
    """What is recorded as having happened is not dated after today."""
    if on > today:
        raise DatedInTheFuture(today=today.isoformat())


def check_event_request(kind: Status, household_id: UUID, confirmers: Sequence[UUID], related: Sequence[UUID]) -> None:
    """What a life event's request must say by itself: two different confirmers, and where a merger went."""
    if len(confirmers) != 2 or len(set(confirmers)) != 2:
        raise TwoDifferentConfirmers("/confirmer_ids")
    fits = {Status.MERGED: len(related) == 1, Status.SPLIT: True}.get(kind, not related)
    if not fits or household_id in related or len(set(related)) != len(related):
        raise MergerNamesItsHousehold("/related_household_ids")


def check_event(history: History, kind: Status, on: date, today: date) -> None:
    """May this life event be recorded against what is already on record? (G19)"""
    check_past(on, today)
    if on < history.listed_on:
        raise BeforeListing(listed_on=history.listed_on.isoformat())
    if history.events and on < history.events[-1].on:
        raise EventsGoForward(latest=history.events[-1].on.isoformat())
    status = history.status_on(on)
    if status not in EVENT_PATHS[kind]:
        raise EventDoesNotFollow(household_status=status, possible_after=sorted(EVENT_PATHS[kind]))


def event_flags(kind: Status, on: date, recorded_on: date) -> list[str]:
    """The flags a life event raises: a removal dated, or only recorded, from 1 October of its year on (G19)."""
    removed_late = kind in CLOSED and max(on, recorded_on) >= date(on.year, 10, 1)
    return [REMOVED_IN_FOURTH_QUARTER] if removed_late else []


# ── pairings ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Pairing:
    """A helper's time with a household: from `starts` inside to `ends` outside; open while `ends` is None."""

    id: UUID
    helper_id: UUID
    is_primary: bool
    starts: date
    ends: date | None = None

    def holds_on(self, day: date) -> bool:
        return self.starts <= day and (self.ends is None or day < self.ends)

    def overlaps(self, starts: date, ends: date | None) -> bool:
        """Do the two share a day?"""
        mine, theirs = self.ends or date.max, ends or date.max
        return max(self.starts, starts) < min(mine, theirs)


def helpers_on(pairings: Iterable[Pairing], day: date) -> frozenset[UUID]:
    """Everyone who has the household on `day`; nobody means an alert to the leading group (G16)."""
    return frozenset(p.helper_id for p in pairings if p.holds_on(day))


def covered(pairings: Iterable[Pairing], starts: date, ends: date | None) -> bool:
    """Does some pairing hold on every day from `starts` inside to `ends` outside (None: for ever)?"""
    reached = starts
    for pairing in sorted(pairings, key=lambda p: p.starts):
        if pairing.starts <= reached:
            reached = max(reached, pairing.ends or date.max)
    return reached >= (ends or date.max)


def check_pairing(
    pairings: Sequence[Pairing], helper_id: UUID, is_primary: bool, starts: date, ends: date | None = None
) -> None:
    """May this helper be paired beside the household's other pairings? Exactly one primary at a time (G17)."""
    if ends is not None and ends < starts:
        raise EndsBeforeItStarts(starts=starts.isoformat())
    beside = [p for p in pairings if p.overlaps(starts, ends)]
    if any(p.helper_id == helper_id for p in beside):
        raise AlreadyPaired()
    if is_primary and (primary := next((p for p in beside if p.is_primary), None)):
        raise PrimaryAlreadyNamed(pairing_id=str(primary.id))
    if not is_primary and not covered((p for p in beside if p.is_primary), starts, ends):
        raise PrimaryFirst()


def check_end(others: Sequence[Pairing], pairing: Pairing, ends: date) -> None:
    """May this pairing end on `ends`? The last one may (then G16 alerts), a primary beside others may not (G17)."""
    if ends < pairing.starts:
        raise EndsBeforeItStarts(starts=pairing.starts.isoformat())
    if pairing.is_primary and any(p.overlaps(ends, pairing.ends) for p in others):
        raise OthersStillHelp()


def check_hand_over(others: Sequence[Pairing], pairing: Pairing, helper_id: UUID, on: date) -> None:
    """May this primary role pass to `helper_id` on `on` without a day between? A co-helper ends that first (G18)."""
    if on < pairing.starts:
        raise EndsBeforeItStarts(starts=pairing.starts.isoformat())
    if helper_id == pairing.helper_id:
        raise AlreadyPaired()
    check_pairing(others, helper_id, True, on)


@dataclass(frozen=True, slots=True)
class PairingFacts:
    """What the law needs to know of one pairing before it ends or is handed over."""

    pairing: Pairing
    others: tuple[Pairing, ...] = ()
    """The household's other pairings."""


@dataclass(frozen=True, slots=True)
class HouseholdFacts:
    """A household's time on the register and its pairings."""

    history: History
    pairings: tuple[Pairing, ...] = ()


def check_open(history: History, starts: date, today: date) -> None:
    """A pairing begins while its household is on the register, and the household still is (G19)."""
    if not (history.counts_on(starts) and history.counts_on(max(starts, today))):
        raise HouseholdClosed()


def only_the_primary_hands_over(facts: PairingFacts, actor: Actor) -> Refusal | None:
    return None if facts.pairing.is_primary else OnlyThePrimaryHandsOver()


def others_do_not_lose_their_primary(facts: PairingFacts, actor: Actor) -> Refusal | None:
    left_alone = facts.pairing.is_primary and any(other.ends is None for other in facts.others)
    return OthersStillHelp() if left_alone else None


PAIRING = Workflow(
    name="pairings",
    title_zh="结对帮扶",
    resource="pairings",
    states=("active", "ended"),
    states_zh={
        "active": "帮扶中",
        "ended": "已终止",
    },
    initial="active",
    final=frozenset({"ended"}),
    moves=(
        Move(
            name="end",
            path={"active": ("ended",)},
            offices=KEEPERS,
            article="G18",
            summary="End the pairing on a date: the helper is no longer answerable from that day on.",
            summary_zh="终止结对,自该日起不再负责。",
            guards=(others_do_not_lose_their_primary,),
            awaited=False,
        ),
        Move(
            name="hand-over",
            path={"active": ("ended",)},
            offices=KEEPERS,
            article="G18",
            summary="Pass the primary role to another helper on a date, so that there is always exactly one.",
            summary_zh="自某日起将主要帮扶责任交接给另一名帮扶责任人。",
            guards=(only_the_primary_hands_over,),
            awaited=False,
        ),
    ),
)
