"""What may a phone hand in later, in which order, and what is it told of each operation?"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

from app.actor import IN_A_VILLAGE, ORGANISERS, Office
from app.refusal import Conflict, Forbidden, Invalid, Refusal, TooManyRequests

PHONES = IN_A_VILLAGE | ORGANISERS | {Office.HELPER, Office.ASSESSOR}
"""The offices whose work is done away from the desk."""

OPERATIONS = {
    "visits_create": "/visits",
    "visits_correct": "/visits/{id}/correct",
    "plans_create": "/plans",
    "plan_measures_start": "/plan-measures/{id}/start",
    "plan_measures_complete": "/plan-measures/{id}/complete",
    "plan_measures_drop": "/plan-measures/{id}/drop",
    "form_tasks_submit": "/form-tasks/{id}/submissions",
    "meeting_invitations_request_leave": "/meeting-invitations/{id}/request-leave",
    "meetings_attendance": "/meetings/{id}/attendance",
    "households_record_event": "/households/{id}/events",
    "publications_create": "/publications",
    "publications_take_down": "/publications/{id}/take-down",
    "inspections_record": "/inspections/{id}/record",
    "inspections_not_checked": "/inspections/{id}/not-checked",
    "signoffs_sign": "/signoffs/{id}/sign",
    "signoffs_object": "/signoffs/{id}/object",
    "signoffs_refuse": "/signoffs/{id}/refuse",
    "signoffs_remark": "/signoffs/{id}/remarks",
}
"""What can be done without signal: the operation and the path to which it is posted. What one does at a desk is not."""

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far a phone's clock may be off before its owner is told (local policy, as for visits)."""


class Event(StrEnum):
    """What the log calls the commands of this feature."""

    SYNCED = "device.synced"


class Result(StrEnum):
    """What became of an operation that a phone handed in."""

    DONE = "done"  # 已办理
    REPLAYED = "replayed"  # 此前已办理
    HELD = "held"  # 暂缓:前项未到或未办理
    REFUSED = "refused"  # 未受理
    AGAIN = "again"  # 稍后重试


class PredecessorMissing(Conflict):
    """An operation made before this one on the same phone has not arrived yet: send them together.

    本机在此之前的操作尚未收到或尚未办完,本项暂缓;请保留并连同前项再次同步。
    """


class PredecessorNotDone(Conflict):
    """The operation that this one builds on was not done: see to that one first.

    本项所依据的前项尚未办理,本项暂缓;请先处理前项,再次同步时自动办理。
    """


class NotForPhones(Forbidden):
    """This operation cannot be handed in by sync; do it while connected.

    此事项不能离线补报,请在有网络时直接办理。
    """

    advice = (
        "Do it where there is a network, then delete it from the phone.",
        "请在有网络时直接办理,办妥后从手机中删除本项。",
    )


class RecordNotNamed(Invalid):
    """Say which record this operation is about, in `record_id`.

    未注明所办理的记录(record_id)。
    """


class PeopleOnly(Forbidden):
    """Phones belong to people of a township; county systems read the lists and the feed.

    离线同步仅供乡内人员使用,县级请使用列表或事件接口。
    """


class OneSyncAtATime(TooManyRequests):
    """Another sync of this account is under way; send the same list again in a moment.

    该账号正在同步,请稍后重发同一清单。
    """


class Line:
    """How far a phone's operations have come: up to which counter all is settled, and which keys are done.

    What was refused is settled: it waits for its owner and holds up only what names it in `after`. What has not
    arrived, or may be tried again as it is, holds up everything behind it, so that a phone's order is kept.
    """

    def __init__(self, counter: int, done: Iterable[str]) -> None:
        self.began, self.counter, self._done = counter, counter, set(done)

    def settles(self, counter: int) -> bool:
        """Is it the first time that what becomes of this operation is settled?"""
        return self.began < counter <= self.counter

    def obstacle(self, counter: int, after: Iterable[str]) -> Refusal | None:
        """Why the operation cannot be tried yet."""
        if counter > self.counter + 1:
            return PredecessorMissing()
        return None if self._done.issuperset(after) else PredecessorNotDone()

    def note(self, counter: int, key: str, result: Result, *, missing: bool) -> None:
        """What became of it; `missing` where it is held since something has not arrived."""
        if result in (Result.DONE, Result.REPLAYED):
            self._done.add(key)
        if result is not Result.AGAIN and not missing:
            self.counter = max(self.counter, counter)


def check_named(operation: str, *, named: bool) -> None:
    """Is this what a phone hands in? `named` where it says which record it is about.

    Raises NotForPhones, RecordNotNamed.
    """
    if (path := OPERATIONS.get(operation)) is None:
        raise NotForPhones
    if "{id}" in path and not named:
        raise RecordNotNamed("/record_id")


def verdict(status: int, code: str | None, *, replayed: bool) -> Result:
    """What the answer that a door gave means to the phone; who is not signed in any more is told so of all."""
    if status < 300:
        return Result.REPLAYED if replayed else Result.DONE
    passing = status in (401, 408, 429) or status >= 500 or code == "still-in-flight"
    return Result.AGAIN if passing else Result.REFUSED


def differing(stands: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in the fields that a phone knows otherwise; in all of them where it says nothing of any."""
    common = known.keys() & stands.keys() - UNCOMPARED
    if not common:
        return {name: value for name, value in stands.items() if name not in UNCOMPARED}
    return {name: stands[name] for name in sorted(common) if stands[name] != known[name]}


UNCOMPARED = {"id", "version", "actions", "township_code", "created_at"}

ADVICE = {
    403: ("请核对您的任职;如职务有变动,请联系乡扶贫办,内容仍保留在手机上。",
          "Check your office with the township; what you wrote stays on the phone."),
    404: ("该记录不存在或已不在您的工作范围(如结对已调整);请联系乡扶贫办确认后再报或删除。",
          "It is not within your work any more, perhaps after a new pairing: ask the township's office."),
    409: ("请核对现有记录后修改重报;如已由他人办理,可删除本项。",
          "Compare with what is on record, then correct and send again, or delete it where others did it."),
    412: ("记录已由他人更新:请对照列出的差异,按最新版本重新填写后再报。",
          "Others changed the record: compare what differs, fill it in on the newest version and send again."),
    422: ("填写内容有误:请按提示修改后再次同步。", "Correct what is named, then sync again."),
    428: ("请先更新该记录,再按所见版本重报。", "Pull the record first, then send it with the version you saw."),
}  # fmt: skip
"""What the owner of a refused operation can do, by the kind of refusal; in Chinese and English."""


def advice(status: int, language: str) -> str:
    zh, en = ADVICE.get(status, ADVICE[409])
    return en if language == "en" else zh


def clock_warning(offset: timedelta, language: str) -> str | None:
    """What to tell whose clock is off; visits are dated by their own rule all the same (G47)."""
    if abs(offset) <= CLOCK_TOLERANCE:
        return None
    minutes = round(abs(offset).total_seconds() / 60)
    days, hours, minutes = minutes // 1440, minutes % 1440 // 60, minutes % 60
    if language == "en":
        way = "ahead of" if offset > timedelta() else "behind"
        return f"The phone's clock is {days} d {hours} h {minutes} min {way} the service's: set it, and check dates."
    way = "快" if offset > timedelta() else "慢"
    return f"手机时间比系统{way}{days}天{hours}小时{minutes}分,请校正时间,并核对已填日期。"
