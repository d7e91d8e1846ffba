"""What is lawful in the monthly spot check? Rounds, the seed's sources, missed months, checks and their teams.

当月抽查(第六条(一)):每月按30%的比例随机抽查帮扶责任人。
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from app.actor import ORGANISERS, Actor, Office
from app.calendar import month_bounds, month_of, months_between
from app.inspections.draw import MISSING
from app.refusal import Conflict, Forbidden, Invalid, Refusal
from app.rulebook.rules import Bound
from app.workflow import Move, Workflow

COMMENCEMENT = date(2016, 11, 9)
"""Article 7 as printed: the regulation applies from this day."""
TEAM_MINIMUM = 2
"""G11, `team.minMembers`: local policy; a smaller team warns."""
SEED_NOTICE = timedelta(hours=1)
"""How long after the commitment the first moment lies at which a public source of the seed may exist."""
SEED_BITS = 64
"""No draw from fewer unforeseeable bits."""
QUICKNET = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
"""The chain hash of drand quicknet, a beacon that a league of organisations makes together."""
QUICKNET_GENESIS, QUICKNET_PERIOD = datetime.fromtimestamp(1_692_803_367, UTC), timedelta(seconds=3)
"""When its round 1 came, and how long after each round the next one comes."""
NO_ACTIVE_ASSIGNMENT = "NO_ACTIVE_ASSIGNMENT"
"""G15: why a helper without a household stands on the exclusion list and not in the frame."""


class Event(StrEnum):
    """What the log calls the commands of this feature."""

    ROUND_PLANNED = "inspection_round.planned"
    ROUND_PROPOSED = "inspection_round.proposed"
    ROUND_COMMITTED = "inspection_round.committed"
    ROUND_MISSED = "inspection_round.missed"
    NONCE_OPENED = "inspection_round.nonce_opened"
    ROUND_DRAWN = "inspection_round.drawn"
    ROUND_CLOSED = "inspection_round.closed"
    DRAWN = "inspection.drawn"
    ADDED = "inspection.added"
    TEAM_ASSIGNED = "inspection.team_assigned"
    RECORDED = "inspection.recorded"
    NOT_CHECKED = "inspection.not_checked"
    CORRECTED = "inspection.corrected"


class Kind(StrEnum):
    """Why somebody is checked: `drawn` counts towards the 30 %, `additional` never does (G7)."""

    DRAWN = "drawn"  # 随机抽中
    ADDITIONAL = "additional"  # 另行检查


class Aspect(StrEnum):
    """The three aspects of article 6(1); each is found for everybody who is checked (R6.2, G10, G59)."""

    VILLAGE_VISITS = "village_visits"  # 到村次数
    MEASURES = "measures"  # 帮扶措施落实情况
    FORMS = "forms"  # 表册及资料报送情况


class SourceKind(StrEnum):
    """Where a part of the seed comes from."""

    BEACON = "beacon"  # 公共随机信标
    DRAND = "drand"  # 公共随机信标 drand quicknet 的一个轮次
    LOTTERY = "lottery"  # 公开彩票号码
    DICE = "dice"  # 公证掷十面骰
    NONCE = "nonce"  # 各方自选数(先交散列)


CENTIBITS = {
    SourceKind.DRAND: 400,
    SourceKind.BEACON: 400,
    SourceKind.DICE: 332,
    SourceKind.LOTTERY: 166,
    SourceKind.NONCE: 0,
}
"""Unforeseeable bits in a hundred characters: a party's own number counts nothing, a lottery's two digits half."""
IN_DIGITS = frozenset({SourceKind.DICE, SourceKind.LOTTERY})
"""What gives decimal digits."""


class Interest(StrEnum):
    """What an inspector declares about himself and the helper (G11)."""

    NONE = "none"  # 无利害关系
    UNIT = "unit"  # 同一单位
    KINSHIP = "kinship"  # 亲属
    OTHER = "other"  # 其他


class TeamWarning(StrEnum):
    """What about a team needs the organiser's reason (G11)."""

    TOO_SMALL = "team_too_small"  # 人数不足
    UNDECLARED = "interest_undeclared"  # 未申报利害关系
    OVERLAPPING = "interest_overlapping"  # 存在利害关系


class InterviewOutcome(StrEnum):
    """How it went to speak with a household: an attempt is never written down as a meeting (G13)."""

    MET = "met"  # 见面谈话
    OTHER_MEANS = "other_means"  # 其他方式
    NOT_REACHED = "not_reached"  # 未能见面


class MonthNotBegun(Conflict):
    """The month has not begun: its frame is the helpers of a day of that month.

    该月尚未开始,抽查范围须取该月当日的帮扶责任人。
    """

    article = "6"


class MonthBeforeTheRegulation(Conflict):
    """The regulation applies from 9 November 2016; earlier months have no round.

    本办法自2016年11月9日起执行,此前月份不设抽查。
    """

    article = "G51"


class RoundExists(Conflict):
    """This month has its round already: one draw a month.

    该月已有抽查轮次,每月只抽查一次。
    """

    article = "6"


class TheOtherOrganiserConfirms(Forbidden):
    """The two organisers act together: another person, of the other office, confirms.

    党政办与扶贫办共同组织:须由另一办公室的另一人确认。
    """

    article = "4"


class LateNeedsReason(Conflict):
    """The month has ended without a draw: a late draw needs a reason.

    该月已过而未抽查,补抽须说明理由。
    """

    article = "G8"


class MonthNotOver(Conflict):
    """The month has not ended: there is nothing late to give a reason for.

    该月尚未结束,无须说明迟延理由。
    """

    article = "G8"


class SeedTooSoon(Conflict):
    """Every public source of the seed must come to be at least one hour after the commitment.

    种子的公开来源须在承诺至少一小时之后产生。
    """

    article = "G7"
    advice = (
        "Name sources that come to be later: draws, dice or a beacon's round over an hour after the commitment.",
        "请改列更晚产生的来源:承诺一小时以后的开奖、掷骰或随机信标轮次。",
    )


class SeedTooShort(Conflict):
    """The public sources give fewer than 64 unforeseeable bits.

    公开来源提供的随机性不足64位。
    """

    article = "G7"


class SeedNotDue(Conflict):
    """The sources of the seed do not exist yet.

    种子来源尚未产生。
    """

    article = "G7"


class SourcesDiffer(Conflict):
    """The seed is made of the sources that were announced, in that order, and of no other.

    种子只能由事先公布的来源按公布顺序构成。
    """

    article = "G7"


class NonceDiffers(Conflict):
    """This number is not the one whose hash was announced.

    该数与事先公布的散列不符。
    """

    article = "G7"


class SourceNotInUse(Conflict):
    """This township does not take its seed from such a source.

    本乡不采用此类种子来源。
    """

    article = "G7"


class SourceStillAwaited(Conflict):
    """A source counts as missing only once the deadline of the reveal is over, and a round of drand never.

    公布期限届满前不得将来源记为缺失;drand 轮次不得记为缺失。
    """

    article = "G7"


class NotWhatTheSourceGives(Conflict):
    """Dice and lotteries give decimal digits; a round of drand gives the SHA-256 of its signature.

    骰子和彩票只产生十进制数字;drand 轮次的随机数是其签名的 SHA-256。
    """

    article = "G7"


class NonceTooLate(Conflict):
    """A party opens its number before the first public source exists; afterwards it counts as missing.

    各方自选数须在首个公开来源产生之前公开,逾期记为缺失。
    """

    article = "G7"


class NonceOpenedAlready(Conflict):
    """This number is open already.

    该数已经公开。
    """

    article = "G7"


class WitnessesAwaited(Conflict):
    """Too few witnesses cosigned a checkpoint over the commitment before the seed was public for this township.

    种子公开之前对覆盖承诺的检查点副署的见证方不足本乡约定的数目。
    """

    article = "G7"


class FrameChanged(Conflict):
    """The frame on file is not the one that was committed to: nothing is drawn from it.

    现存抽查范围与承诺不符,不得据此抽取。
    """

    article = "G7"


class NonceNeedsHash(Invalid):
    """A party's own number is announced by its hash, and only such a number is.

    各方自选数须先公布散列;其他来源不公布散列。
    """

    article = "G7"


class SourceNeedsItsTime(Invalid):
    """Every source has its time; that of a drand round follows from the number of the round, given as its reference.

    种子来源须注明产生时间;drand 轮次须填写轮次号,其时间由轮次号确定。
    """

    article = "G7"


class SourceNamedTwice(Invalid):
    """Each source of the seed has its own name.

    种子来源名称不得重复。
    """

    article = "G7"


class NoPublicSource(Invalid):
    """At least one source of the seed is public: beacon, lottery or dice.

    种子至少须有一个公开来源:信标、彩票或骰子。
    """

    article = "G7"


class ChecksPending(Conflict):
    """Some who were drawn are neither checked nor recorded as not checked.

    尚有抽中人员既未检查,也未记录未检查原因。
    """

    article = "6"


class CheckingOneself(Forbidden):
    """Nobody checks himself.

    不得检查本人。
    """

    article = "G11"


class TeamNeedsReason(Conflict):
    """The organisers must give their reason for this team first.

    该考核组须先由组织单位说明理由。
    """

    article = "G11"


class AlreadyInTheRound(Conflict):
    """This helper is checked in this round already.

    该帮扶责任人已在本轮检查之列。
    """

    article = "G7"


class TeamsNotByLot(Conflict):
    """This township does not draw its teams: no inspectors are named with the proposal.

    本乡未开启随机选派检查人员,提案中不列检查人员。
    """

    article = "G7"


class TeamsAreByLot(Conflict):
    """This township draws its teams: name the inspectors among whom they are drawn.

    本乡已开启随机选派检查人员,须列明参加抽选的检查人员。
    """

    article = "G7"


class FurtherAspectMissing(Conflict):
    """The township asks for further aspects beside the three, and one is not there.

    本乡增列的检查方面尚未填写。
    """

    article = "G10"


class RoundNotDrawn(Conflict):
    """Additional checks are added between the draw and the close of a round: they never touch the 30 %.

    抽签之后、本轮结束之前方可另行增加检查,且不计入30%。
    """

    article = "G7"


class HelperNotInOffice(Conflict):
    """This person holds no helper's appointment today.

    该人员今日不是帮扶责任人。
    """

    article = "3"


class NoSuchInspector(Conflict):
    """An inspector named is not on the township's register.

    所列检查人员未在本乡登记。
    """

    article = "G11"


class HouseholdNotRegistered(Conflict):
    """A household named is not on the township's register.

    所列贫困户未在本乡登记。
    """

    article = "G13"


class CheckedOutOfTime(Conflict):
    """A check lies between the day of the draw and today.

    检查日期须在抽签之日与今日之间。
    """

    article = "G8"


class CheckSuperseded(Conflict):
    """A newer version corrects this record; correct that one.

    该记录已被更正,请更正最新版本。
    """

    article = "G55"


class InterviewTold(Invalid):
    """A meeting says whether the helper was present; without a meeting there was nobody to be present with.

    见面谈话须注明帮扶责任人是否在场;未见面的不得注明。
    """

    article = "G57"


@dataclass(frozen=True, slots=True)
class RoundFacts:
    """What the moves of a round depend on; the office and person that proposed are empty before that."""

    month: str
    now: datetime
    today: date
    proposed_office: str = ""
    proposed_by: UUID | None = None
    seed_due: datetime | None = None
    """When the last announced source exists."""
    pending: int = 0
    """Drawn helpers who are neither recorded nor not-checked."""
    recusals: tuple[Mapping[str, str], ...] = ()
    """Who is not to check whom (回避): kept for the lot, and from those whom it does not concern."""
    by_lot: bool = False
    """Has the township turned on that teams are drawn (`draw.inspectorsRandom`)?"""
    team_minimum: int = TEAM_MINIMUM
    effective_from: date = COMMENCEMENT
    """The day from which the township owes a draw each month."""
    seed_begins: datetime | None = None
    """When the first public source exists."""
    reveal_by: datetime | None = None
    """Until when the sources are awaited."""
    source_kinds: tuple[str, ...] = tuple(SourceKind)
    """Which sources the township takes its seed from (`draw.seedSources`)."""
    witnesses: int = 0
    """How many cosigned a checkpoint that covers the commitment before the seed was public."""
    witnesses_wanted: int = 0
    """How many the township asks for (`draw.witnesses`)."""


def month_has_begun(facts: RoundFacts, actor: Actor) -> Refusal | None:
    """The frame is who helps on a day of the month, so no round is committed ahead of its month."""
    first = month_bounds(facts.month)[0]
    return MonthNotBegun(month=facts.month, begins=first.isoformat()) if facts.today < first else None


def other_organiser(facts: RoundFacts, actor: Actor) -> Refusal | None:
    """Article 4 is joint, not either-or: office and person both differ from the proposal's."""
    others = ORGANISERS - {Office(facts.proposed_office)}
    if actor.holds(*others) and actor.person_id != facts.proposed_by:
        return None
    return TheOtherOrganiserConfirms(awaiting=sorted(others))


def seed_exists(facts: RoundFacts, actor: Actor) -> Refusal | None:
    if facts.seed_due is None or facts.now >= facts.seed_due:
        return None
    return SeedNotDue(due=facts.seed_due.isoformat())


def seed_is_unknown(facts: RoundFacts, actor: Actor) -> Refusal | None:
    """Who opens his number after he has seen the others' could choose between two draws."""
    if facts.seed_begins is None or facts.now < facts.seed_begins:
        return None
    return NonceTooLate(until=facts.seed_begins.isoformat())


def commitment_is_witnessed(facts: RoundFacts, actor: Actor) -> Refusal | None:
    """Where the township asks for witnesses, others know of the commitment before there is a seed."""
    if facts.witnesses >= facts.witnesses_wanted:
        return None
    return WitnessesAwaited(witnesses=facts.witnesses, wanted=facts.witnesses_wanted)


def everyone_answered(facts: RoundFacts, actor: Actor) -> Refusal | None:
    return ChecksPending(pending=facts.pending) if facts.pending else None


INSPECTION_ROUND = Workflow(
    name="inspection_round",
    title_zh="当月抽查",
    resource="inspection-rounds",
    states=("planned", "proposed", "committed", "drawn", "closed", "missed"),
    states_zh={
        "planned": "待提出",
        "proposed": "待确认",
        "committed": "范围已冻结",
        "drawn": "已抽取",
        "closed": "已结束",
        "missed": "未抽查",
    },
    initial="planned",
    final=frozenset({"closed", "missed"}),
    moves=(
        Move(
            "propose-commit",
            {"planned": ("proposed",), "proposed": ("proposed",), "missed": ("proposed",)},
            ORGANISERS,
            "4",
            "Propose the frame of the draw and the sources of its seed",
            "提出抽查范围和种子来源",
            (month_has_begun,),
            awaited_from={"proposed": frozenset(), "missed": frozenset()},
        ),
        Move(
            "confirm-commit",
            {"proposed": ("committed",)},
            ORGANISERS,
            "4",
            "Freeze the frame and commit to the draw, before its seed exists",
            "确认并冻结抽查范围,在种子产生之前作出承诺",
            (month_has_begun, other_organiser),
        ),
        Move(
            "open-nonce",
            {"committed": ("committed",)},
            ORGANISERS,
            "6",
            "Open a party's own number, before any public source exists",
            "在公开来源产生之前公开一方自选数",
            (seed_is_unknown,),
            awaited=False,
        ),
        Move(
            "reveal",
            {"committed": ("drawn",)},
            ORGANISERS,
            "6",
            "Record the seed and draw 30 % of the helpers",
            "记录种子并按30%随机抽取帮扶责任人",
            (seed_exists, commitment_is_witnessed),
        ),
        Move(
            "close",
            {"drawn": ("closed",)},
            frozenset({Office.LEADING_GROUP_OFFICE}),
            "6",
            "Close the round once everyone drawn is answered for",
            "抽中人员全部有结果后结束本轮",
            (everyone_answered,),
        ),
        Move(
            "mark-missed",
            {"planned": ("missed",), "proposed": ("missed",)},
            frozenset(),
            "G8",
            "The clock's own move: the month ended and nothing was drawn",
            "由系统时钟标记:该月已结束而未抽查",
            awaited=False,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class InspectionFacts:
    """What the moves of a check depend on."""

    helper_id: UUID
    superseded: bool = False
    """Does a newer version correct this record?"""
    drawn_on: date | None = None
    """The day of the round's draw."""
    registered_visits: int = 0
    """What the visits register counts for the helper in the round's month."""
    team_minimum: int = TEAM_MINIMUM
    further_aspects: tuple[str, ...] = ()
    """What the township checks beside the three aspects (`inspection.furtherAspects`)."""
    bound: tuple[Bound, ...] = ()
    """Under which rulebooks the township has worked, for the findings that problems become (G52)."""


def not_oneself(facts: InspectionFacts, actor: Actor) -> Refusal | None:
    return CheckingOneself() if actor.person_id == facts.helper_id else None


def newest(facts: InspectionFacts, actor: Actor) -> Refusal | None:
    return CheckSuperseded() if facts.superseded else None


ASSESSORS = frozenset({Office.ASSESSOR})

INSPECTION = Workflow(
    name="inspection",
    title_zh="抽查记录",
    resource="inspections",
    states=("pending", "recorded", "not_checked"),
    states_zh={
        "pending": "待检查",
        "recorded": "已检查",
        "not_checked": "未检查",
    },
    initial="pending",
    final=frozenset({"recorded", "not_checked"}),
    moves=(
        Move(
            "assign-team",
            {"pending": ("pending",)},
            ORGANISERS,
            "G11",
            "Name the inspectors, with the reason that an unusual team needs",
            "确定检查人员;情况特殊的须说明理由",
            awaited=False,
        ),
        Move(
            "record",
            {"pending": ("recorded",)},
            ASSESSORS,
            "6",
            "Record what the inspectors found on the three aspects",
            "如实记录三个方面的检查情况",
            (not_oneself,),
        ),
        Move(
            "not-checked",
            {"pending": ("not_checked",)},
            ASSESSORS,
            "G9",
            "Record why this helper was not checked; it counts against nobody, and nobody is drawn in place",
            "记录未检查的原因;不作为负面结果,不另行补抽",
            (not_oneself,),
        ),
        Move(
            "correct",
            {"recorded": ("recorded", "not_checked"), "not_checked": ("not_checked", "recorded")},
            ASSESSORS,
            "5",
            "Add a corrected version with its reason; the first one stays",
            "另立更正记录并说明理由,原记录保留",
            (not_oneself, newest),
            awaited=False,
        ),
    ),
)


def effective_from(adopted_on: date | None) -> date:
    """The regulation's first day, or the township's first with this service if that is later."""
    return max(COMMENCEMENT, adopted_on or COMMENCEMENT)


def draw_id(township_code: str, month: str) -> str:
    """`411421201/2017-03/inspect`."""
    return f"{township_code}/{month}/inspect"


def round_month(month: str, effective_from: date = COMMENCEMENT) -> None:
    """Raises MonthBeforeTheRegulation for a month that ended before the regulation applied (G51)."""
    if month < month_of(effective_from):
        raise MonthBeforeTheRegulation(month=month, effective_from=effective_from.isoformat())


def draw_is_optional(month: str, effective_from: date = COMMENCEMENT) -> bool:
    """The first month, where it is partial, may go without a draw (G8, `draw.partialFirstMonth=OPTIONAL`)."""
    return month == month_of(effective_from) and effective_from.day > 1


def is_missed(month: str, today: date, drawn: bool, effective_from: date = COMMENCEMENT) -> bool:
    """Has the month ended without its draw? Once true, it stays on the round for good (G8)."""
    over = today > month_bounds(month)[1]
    return over and not drawn and not draw_is_optional(month, effective_from)


def months_owed(today: date, effective_from: date = COMMENCEMENT) -> list[str]:
    """The months that have ended, from the first on; each of them has had a draw or is missed (R6.1)."""
    this = month_of(today)
    return [m for m in months_between(month_of(effective_from), this) if m != this]


def check_lateness(month: str, today: date, reason: str | None) -> bool:
    """Is a draw today late? Raises LateNeedsReason without, MonthNotOver with a needless reason (G8)."""
    late = today > month_bounds(month)[1]
    if late and not reason:
        raise LateNeedsReason(month=month)
    if reason and not late:
        raise MonthNotOver(month=month)
    return late


@dataclass(frozen=True, slots=True)
class Source:
    """An announced source of the seed: what it is called, what it is, and when it will exist."""

    name: str
    kind: SourceKind
    due: datetime
    digest: str = ""
    """Of a nonce only: SHA-256 of its text, in hex, announced in its stead."""
    value: str = ""
    """What a nonce turned out to be, once opened."""


@dataclass(frozen=True, slots=True)
class Revealed:
    """What a public source gave, in hex; with a round of drand, its signature."""

    value: str
    signature: str = ""


def quicknet_due(number: int) -> datetime:
    """The moment of a round of drand quicknet."""
    return QUICKNET_GENESIS + (number - 1) * QUICKNET_PERIOD


def due_of(kind: SourceKind, reference: str, due: datetime | None, pointer: str) -> datetime:
    """When a source will exist; a drand round's own number says it. Raises SourceNeedsItsTime."""
    if kind is SourceKind.DRAND:
        if not re.fullmatch(r"[1-9][0-9]{0,9}", reference):
            raise SourceNeedsItsTime(f"{pointer}/reference")
        known = quicknet_due(int(reference))
        if due not in (None, known):
            raise SourceNeedsItsTime(f"{pointer}/due", due=known.isoformat())
        return known
    if due is None:
        raise SourceNeedsItsTime(f"{pointer}/due")
    return due


def check_sources(sources: Sequence[Source]) -> None:
    """Is the announcement sound in itself? Raises SourceNamedTwice, NonceNeedsHash, NoPublicSource."""
    if len({s.name for s in sources}) != len(sources):
        raise SourceNamedTwice("/sources")
    for at, source in enumerate(sources):
        if (source.kind is SourceKind.NONCE) is not bool(source.digest):
            raise NonceNeedsHash(f"/sources/{at}/digest")
    if all(s.kind is SourceKind.NONCE for s in sources):
        raise NoPublicSource("/sources")


def check_kinds(sources: Sequence[Source], in_use: Sequence[str]) -> None:
    """Raises SourceNotInUse where the township does not take its seed from such a source."""
    if other := sorted({s.kind for s in sources} - set(in_use)):
        raise SourceNotInUse(kinds=other, in_use=list(in_use))


def check_unforeseen(sources: Sequence[Source], now: datetime) -> None:
    """Raises SeedTooSoon if a public source may exist already, or within the hour, when the commitment is made."""
    soon = [s.name for s in sources if s.kind is not SourceKind.NONCE and s.due < now + SEED_NOTICE]
    if soon:
        raise SeedTooSoon(sources=soon)


def seed_begins(sources: Sequence[Source]) -> datetime:
    """When the first public source exists: from then on no party opens its own number."""
    return min(s.due for s in sources if s.kind is not SourceKind.NONCE)


def in_time(first: Mapping[str, int], begins: datetime | None) -> int:
    """How many witnesses first cosigned before the seed began to be public, by their own clocks (G7).

    `first` are seconds since 1970. Where there is no such moment to compare with, as on a moved clock, all count.
    """
    return len(first) if begins is None else sum(at < begins.timestamp() for at in first.values())


def check_nonce(sources: Sequence[Source], name: str, value: str) -> None:
    """Is this the number whose hash a party announced? Raises SourcesDiffer, NonceOpenedAlready, NonceDiffers."""
    nonce = next((s for s in sources if s.name == name and s.digest), None)
    if nonce is None:
        raise SourcesDiffer(sources=[name])
    if nonce.value:
        raise NonceOpenedAlready(source=name)
    if sha256(value.encode()).hexdigest() != nonce.digest:
        raise NonceDiffers(source=name)


def seed_values(sources: Sequence[Source], revealed: Mapping[str, Revealed], *, over: bool) -> list[tuple[str, str]]:
    """Name and value of every announced source in order, `missing` for one that did not come.

    What is missing restarts nothing. Nobody gains by withholding: a party's number was opened before the public
    sources came or is missing, a public source is missing only once the deadline is `over`, and a round of drand,
    which anybody can fetch, never. Raises SourcesDiffer for a source that was not announced, NotWhatTheSourceGives,
    SourceStillAwaited, and SeedTooShort if the public ones do not suffice.
    """
    public = {s.name: s for s in sources if s.kind is not SourceKind.NONCE}
    if unknown := sorted(set(revealed) - set(public)):
        raise SourcesDiffer(sources=unknown)
    for name, given in revealed.items():
        _check_given(public[name], given)
    due = [s for s in public.values() if s.name not in revealed and (s.kind is SourceKind.DRAND or not over)]
    if due:
        raise SourceStillAwaited(sources=[s.name for s in due])
    bits = sum(CENTIBITS[public[name].kind] * len(given.value) for name, given in revealed.items()) // 100
    if bits < SEED_BITS:
        raise SeedTooShort(bits=bits, needed=SEED_BITS)
    known = {name: given.value for name, given in revealed.items()} | {s.name: s.value for s in sources if s.value}
    return [(s.name, known.get(s.name, MISSING)) for s in sources]


def _check_given(source: Source, given: Revealed) -> None:
    """Raises NotWhatTheSourceGives."""
    if source.kind is SourceKind.DRAND:
        signature = bytes.fromhex(given.signature) if len(given.signature) % 2 == 0 else b""
        fits = bool(signature) and sha256(signature).hexdigest() == given.value
    else:
        fits = not given.signature and (source.kind not in IN_DIGITS or given.value.isdecimal())
    if not fits:
        raise NotWhatTheSourceGives(source=source.name)


def check_lot(by_lot: bool, inspectors: Sequence[UUID]) -> None:
    """Inspectors are named where teams are drawn, and only there. Raises TeamsAreByLot, TeamsNotByLot."""
    if by_lot and not inspectors:
        raise TeamsAreByLot
    if inspectors and not by_lot:
        raise TeamsNotByLot


def check_further(wanted: Sequence[str], told: Sequence[str]) -> None:
    """Every further aspect of the township is told of (G10). Raises FurtherAspectMissing."""
    if missing := [name for name in wanted if name not in told]:
        raise FurtherAspectMissing(aspects=missing)


@dataclass(frozen=True, slots=True)
class Inspector:
    """A member of a team: what he declared about the helper, and whether the register shows the same unit."""

    person_id: UUID
    interest: Interest | None = None
    """None: not declared."""
    same_unit: bool = False


def team_warnings(team: Sequence[Inspector], helper_id: UUID, minimum: int = TEAM_MINIMUM) -> list[TeamWarning]:
    """What the organisers must answer for; raises CheckingOneself, which no reason heals (G11)."""
    if any(i.person_id == helper_id for i in team):
        raise CheckingOneself()
    found = {
        TeamWarning.TOO_SMALL: len({i.person_id for i in team}) < minimum,
        TeamWarning.UNDECLARED: any(i.interest is None for i in team),
        TeamWarning.OVERLAPPING: any(i.same_unit or i.interest not in (None, Interest.NONE) for i in team),
    }
    return [warning for warning, holds in found.items() if holds]


def check_team(
    team: Sequence[Inspector], helper_id: UUID, reason: str | None, minimum: int = TEAM_MINIMUM
) -> list[TeamWarning]:
    """The warnings of a team; raises TeamNeedsReason if there are any and the organisers gave no reason (G11)."""
    warnings = team_warnings(team, helper_id, minimum)
    if warnings and not reason:
        raise TeamNeedsReason(warnings=warnings)
    return warnings


def check_day(checked_on: date, drawn_on: date, today: date) -> None:
    """Nothing is checked before it was drawn, or after today. Raises CheckedOutOfTime (G8: never back-dated)."""
    if not drawn_on <= checked_on <= today:
        raise CheckedOutOfTime(drawn_on=drawn_on.isoformat(), today=today.isoformat())


def check_interview(outcome: InterviewOutcome, helper_present: bool | None, pointer: str) -> None:
    """A meeting tells whether the helper was there (G57); what was no meeting is not dressed up as one (G13)."""
    if (outcome is InterviewOutcome.MET) is not (helper_present is not None):
        raise InterviewTold(pointer)
