"""Which month, quarter and year does a moment belong to? Calendar arithmetic in Asia/Shanghai (G48)."""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has kept UTC+8 without summer time since 1992; every date of the regulation lies after that."""

EARLIEST, LATEST = date(1880, 1, 1), date(2199, 12, 31)
"""No date of the registers lies outside: arithmetic on days, months and time zones stays possible everywhere."""

MONTH = re.compile(r"^\d{4}-(0[1-9]|1[0-2])$")
QUARTER = re.compile(r"^\d{4}-Q[1-4]$")


def local_date(moment: datetime) -> date:
    """The calendar day in the township at an aware moment."""
    return moment.astimezone(SHANGHAI).date()


def month_of(day: date) -> str:
    """`2017-03`."""
    return f"{day.year:04d}-{day.month:02d}"


def quarter_of(day: date) -> str:
    """`2017-Q1`."""
    return f"{day.year:04d}-Q{(day.month + 2) // 3}"


def month_bounds(month: str) -> tuple[date, date]:
    """First and last day of `2017-03`, both inside."""
    year, number = int(month[:4]), int(month[5:])
    return date(year, number, 1), date(year, number, monthrange(year, number)[1])


def quarter_bounds(quarter: str) -> tuple[date, date]:
    """First and last day of `2017-Q1`, both inside."""
    year, number = int(quarter[:4]), int(quarter[6:])
    return date(year, 3 * number - 2, 1), month_bounds(f"{year:04d}-{3 * number:02d}")[1]


def year_bounds(year: int) -> tuple[date, date]:
    return date(year, 1, 1), date(year, 12, 31)


def end_of(day: date) -> datetime:
    """The first moment after `day`, in UTC: something due that day is late from then on (G48, grace 0)."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC) + timedelta(days=1)


def months_between(first: str, last: str) -> list[str]:
    """Every month from `first` to `last`, both inside."""
    start, end = int(first[:4]) * 12 + int(first[5:]) - 1, int(last[:4]) * 12 + int(last[5:]) - 1
    return [f"{n // 12:04d}-{n % 12 + 1:02d}" for n in range(start, end + 1)]
