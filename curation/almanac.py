"""Anniversaries: which dates of a calendar come in a stretch of days. Pure.

A date is solar ("6·9") or of the lunar calendar (正月十五), comes each year, and may count from a year: then
the coming day is its n-th anniversary, and round ones (tens, and fives) are told. 29 February falls on the 28th in other
years, the thirtieth of a lunar month on its last day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

Calendar = Literal["solar", "lunar"]


@dataclass(frozen=True)
class Remembered:
    """A date to remember. month, day: in its own calendar; year: when it happened, None for a mere feast."""

    id: int
    name: str
    month: int
    day: int
    calendar: Calendar = "solar"
    year: int | None = None


@dataclass(frozen=True)
class Coming:
    """A date as it comes. years: which anniversary it is; None for a feast, or the year itself."""

    id: int
    on: date
    years: int | None

    @property
    def is_round(self) -> bool:
        """A tenth, fifteenth, twentieth … anniversary."""
        return self.years is not None and self.years >= 5 and self.years % 5 == 0


def coming(dates: Iterable[Remembered], first: date, last: date) -> list[Coming]:
    """Those that fall on first..last, both inclusive, in order."""
    found = []
    for one in dates:
        for year in range(first.year - 1, last.year + 1):  # a lunar year ends in the next solar one
            on = _day(one, year)
            if on is not None and first <= on <= last and (one.year is None or on.year >= one.year):
                passed = on.year - one.year if one.year is not None else None
                found.append(Coming(one.id, on, passed or None))
    return sorted(found, key=lambda c: (c.on, c.id))


def exists(calendar: Calendar, month: int, day: int) -> bool:
    """Whether there is such a day in any year."""
    if calendar == "lunar":
        return 1 <= month <= 12 and 1 <= day <= 30
    try:
        date(2024, month, day)  # a leap year
    except ValueError:
        return False
    return True


def _day(one: Remembered, year: int) -> date | None:
    if one.calendar == "lunar":
        return _lunar(year, one.month, one.day)
    try:
        return date(year, one.month, one.day)
    except ValueError:
        return date(year, one.month, one.day - 1)


def _lunar(year: int, month: int, day: int) -> date | None:
    from lunar_python import LunarYear

    found = LunarYear.fromYear(year).getMonth(month)
    if found is None:
        return None
    from lunar_python import Solar

    start = Solar.fromJulianDay(found.getFirstJulianDay())
    return date(start.getYear(), start.getMonth(), start.getDay()) + timedelta(
        days=min(day, found.getDayCount()) - 1
    )
