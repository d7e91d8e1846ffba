"""What does the story hold in its hands while it is told? The register, the desks, the calendar of acts."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TypeVar

from huayuan_client import api, models

from app.calendar import SHANGHAI
from app.demo.desk import Desk, Line, StoryBroke
from app.demo.people import TOWNSHIP, Household, Person, Register
from app.demo.service import ADMIN_LOGIN, ADMIN_PASSWORD

T = TypeVar("T")
MARK = "演示数据"
"""Stands in every text that the story writes."""


@dataclass(slots=True)
class Town:
    """The township as the story knows it. What an act leaves for later acts has a name here."""

    line: Line
    register: Register
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    desks: dict[str, Desk] = field(default_factory=dict)
    pairings: dict[int, models.PairingOut] = field(default_factory=dict)
    """The primary pairing of each household, by its number."""
    closed: set[int] = field(default_factory=set)
    """Numbers of households that are no longer on the register."""
    rounds: dict[str, models.InspectionsRoundOut] = field(default_factory=dict)
    """The spot check of each month."""
    visits: int = 0
    careless: str = ""
    """Person id of the first one drawn in the month whom the township manages."""
    requirements: dict[str, models.RequirementOut] = field(default_factory=dict)
    publications: list[models.PublicationOut] = field(default_factory=list)
    plans: dict[int, models.PlanOut] = field(default_factory=dict)
    """The plan for each household, by its number."""
    form_tasks: list[models.FormTaskOut] = field(default_factory=list)
    meeting: models.MeetingOut | None = None
    """The required meeting of March 2017."""
    rubric: models.RubricOut | None = None
    signoffs: dict[int, dict[int, models.SignoffOut]] = field(default_factory=dict)
    """By year, the sign-off of each household, by its number."""
    submissions: dict[int, models.SubmissionOut] = field(default_factory=dict)
    evaluations: dict[int, dict[str, models.EvaluationOut]] = field(default_factory=dict)
    """By year, the annual evaluation of each helper, by his key."""
    handed_over: bytes = b""
    """The case that went to the judiciary, as the sealed file in which it left."""
    left_over: dict[str, int] = field(default_factory=dict)
    """How many tasks still await whom when the year is over."""

    @property
    def today(self) -> date:
        return self.now.astimezone(SHANGHAI).date()

    @property
    def working(self) -> set[str]:
        """The keys of the helpers who have a household today."""
        return {h.helper for h in self.register.households if h.number not in self.closed}

    @property
    def admin(self) -> Desk:
        return self._desk("admin", ADMIN_LOGIN, ADMIN_PASSWORD)

    def desk(self, who: str | Person) -> Desk:
        """The desk of a person by key, e.g. `assessor-1`."""
        person = self.person(who) if isinstance(who, str) else who
        return self._desk(person.key, person.key, person.password)

    def _desk(self, key: str, login: str, password: str) -> Desk:
        if key not in self.desks:
            self.desks[key] = Desk(self.line, f"{TOWNSHIP}/{login}", password)
        return self.desks[key]

    def person(self, key: str) -> Person:
        return self.register.people[key]

    def by_id(self, person_id: str) -> Person:
        return self.register.by_id[person_id]

    def helper_of(self, household: Household) -> Person:
        """Its primary helper today."""
        return self.person(household.helper)

    @staticmethod
    def the(record: T | None) -> T:
        """What an earlier act has made."""
        if record is None:
            raise StoryBroke("an act comes before what it needs")
        return record

    async def at(self, moment: datetime) -> None:
        """Move the clock of domain dates."""
        await self.admin.ask(api.clock_set({"now": moment.isoformat()}))
        self.now = moment


Act = Callable[[Town], Awaitable[None]]
CALENDAR: list[tuple[datetime, str, Act]] = []
"""Every act with its moment and what it is called; same moments in the order in which they are told."""


def on(*days: str) -> Callable[[Act], Act]:
    """The act happens on these days, at nine or at the time given: `2016-11-09`, `2017-03-05 14:00`."""

    def enter(act: Act) -> Act:
        for day in days:
            moment = datetime.fromisoformat(day if " " in day else f"{day} 09:00").replace(tzinfo=SHANGHAI)
            CALENDAR.append((moment, (act.__doc__ or "").strip(), act))
        return act

    return enter
