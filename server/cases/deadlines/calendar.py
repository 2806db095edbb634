"""Which days are worked in China: published holidays, make-up workdays, and what the operator knows better.

The State Council publishes each year's arrangement in the November before. Until then a year is not
covered, and every day of it is provisional (暂定): the holidays of the regulation hold, but which weekends
will be worked is unknown. So that a provisional deadline falls rather too early than too late, weekends
within nine days of a holiday then count as worked; over 4,191 past deadlines that was too late once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from importlib.metadata import version

from holidays import HolidayBase, country_holidays

from server.kernel.errors import N_

PUBLISHED_IN = f"holidays {version('holidays')}"
"""Where the published arrangements come from, and of which version."""
_NEAR_HOLIDAY = timedelta(days=9)
_SATURDAY = 5


class DayKind(StrEnum):
    """What kind of a day it is."""

    WORKDAY = "workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKE_UP = "make_up"
    """A weekend day that is worked in exchange for a day off (调休)."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day and what is known of it."""

    date: date
    kind: DayKind
    name: str
    """Message id of the holiday's name; empty on other days."""
    provisional: bool

    @property
    def working(self) -> bool:
        """Tell whether offices are open."""
        return self.kind in {DayKind.WORKDAY, DayKind.MAKE_UP}


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """A day on which the operator knows better than the published calendar."""

    day: date
    working: bool
    name: str


HOLIDAY_NAMES = (
    N_("元旦"),
    N_("农历除夕"),
    N_("春节"),
    N_("清明节"),
    N_("劳动节"),
    N_("端午节"),
    N_("中秋节"),
    N_("国庆节"),
    N_("休息日"),
)
"""The names that the published calendar uses, for the catalogue."""


class Calendar:
    """Knows the days."""

    def __init__(self, entries: Iterable[CalendarEntry] = ()) -> None:
        """Know the published calendar, corrected by `entries`."""
        self._entries = {entry.day: entry for entry in entries}
        self._published = _published()
        self._covered: dict[int, bool] = {}

    def day(self, on: date) -> Day:
        """Return what is known of the day."""
        entry = self._entries.get(on)
        if entry is not None:
            name = "" if entry.working else entry.name
            return Day(on, _kind(on, working=entry.working), name, provisional=False)
        holiday = self._published.get(on)
        provisional = not self.covers(on.year)
        if holiday is not None:
            return Day(on, DayKind.HOLIDAY, _plain(holiday), provisional)
        working = self._works_weekend(on, provisional=provisional) if on.weekday() >= _SATURDAY else True
        return Day(on, _kind(on, working=working), "", provisional)

    def covers(self, year: int) -> bool:
        """Tell whether the year's arrangement is published: then some day of a weekend is worked."""
        if year not in self._covered:
            self._published.get(date(year, 1, 1))
            entered = (
                day for day, entry in self._entries.items() if entry.working and day.weekday() >= _SATURDAY
            )
            worked = (*self._published.weekend_workdays, *entered)
            self._covered[year] = any(day.year == year for day in worked)
        return self._covered[year]

    def days(self, start: date, end: date) -> Iterator[Day]:
        """Yield the days from `start` to `end`, both included."""
        for offset in range((end - start).days + 1):
            yield self.day(start + timedelta(days=offset))

    def _works_weekend(self, on: date, *, provisional: bool) -> bool:
        if not provisional:
            return on in self._published.weekend_workdays
        first = on - _NEAR_HOLIDAY
        near = (first + timedelta(days=offset) for offset in range(2 * _NEAR_HOLIDAY.days + 1))
        return any(self._published.get(day) is not None for day in near)


@cache
def _published() -> HolidayBase:
    return country_holidays("CN", language="zh_CN")


def _kind(on: date, *, working: bool) -> DayKind:
    weekend = on.weekday() >= _SATURDAY
    if working:
        return DayKind.MAKE_UP if weekend else DayKind.WORKDAY
    return DayKind.WEEKEND if weekend else DayKind.HOLIDAY


def _plain(name: str) -> str:
    """Return the holiday's name without what the calendar adds to it: 国庆节（补假） is 国庆节."""
    return name.partition(";")[0].partition("（")[0].strip()
