"""What goes over the wire about charts: the figures that the pictures show."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.wire import OfTownship, Out, VillageCode, Year

Cell = Literal["recorded", "not_checked", "pending", "additional", "not_drawn"]


class ChartQuery(BaseModel):
    """The year that is looked at."""

    model_config = ConfigDict(extra="forbid")

    year: Year = Field(examples=[2017])
    township_code: OfTownship = None


class MonthOut(Out):
    """A month's draw; `missed_in_month` for good where the month ended without one (G8)."""

    month: str
    state: str
    missed_in_month: bool
    late: bool
    population: int | None = Field(description="Helpers in the frame / 在帮人数")
    sample_size: int | None = Field(description="Drawn / 抽取人数")


class HelperMonthsOut(Out):
    """One helper's months: drawn and checked or not, checked besides, in the frame and not drawn."""

    helper_id: UUID
    name: str
    months: dict[str, Cell]


class DrawCoverageOut(Out):
    """Who was drawn in which months of the year."""

    year: int
    months: list[MonthOut]
    helpers: list[HelperMonthsOut]


class VillageProgressOut(Out):
    """One village's sign-offs of the year, by state."""

    village_code: VillageCode
    name: str | None
    signoffs: int
    objected: int
    states: dict[str, int]


class SignoffProgressOut(Out):
    """How far the sign-offs of the year have come."""

    year: int
    villages: list[VillageProgressOut]


class QuarterOut(Out):
    """One quarter: helpers by state, and by how many rows each method was used; no points (G2)."""

    quarter: str
    state: str = Field(description="Of the round; `none` where there was none / 季度考核状态")
    helpers: dict[str, int]
    methods: dict[str, int]


class QuarterDistributionOut(Out):
    """The quarters of the year."""

    year: int
    quarters: list[QuarterOut]
