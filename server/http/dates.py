"""Moments and durations in the reader's words: explicit patterns, always in China's time zone.

Locale data are not used on purpose: they change between releases, and a deadline must read the same on
every machine.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from server.http.i18n import Locale
from server.kernel.clock import CHINA, local_date

_WEEKDAYS = {
    Locale.ZH: ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    Locale.EN: ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NEAR = {
    Locale.ZH: {-1: "昨天", 0: "今天", 1: "明天"},
    Locale.EN: {-1: "yesterday", 0: "today", 1: "tomorrow"},
}


class Unit(StrEnum):
    """The unit in which a duration is told."""

    DAY = "day"
    HOUR = "hour"
    MINUTE = "minute"


_UNITS = {
    Locale.ZH: {Unit.DAY: "天", Unit.HOUR: "小时", Unit.MINUTE: "分"},
    Locale.EN: {Unit.DAY: "days", Unit.HOUR: "hours", Unit.MINUTE: "min"},
}
_DAYS_FROM = timedelta(hours=48)
_HOURS_FROM = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Span:
    """A duration rounded down to the unit in which people tell it."""

    number: int
    unit: Unit


def span(duration: timedelta) -> Span:
    """Round the length of `duration`, whatever its sign: days from 48 hours, hours from 1, else minutes."""
    length = abs(duration)
    if length >= _DAYS_FROM:
        return Span(length.days, Unit.DAY)
    if length >= _HOURS_FROM:
        return Span(length // timedelta(hours=1), Unit.HOUR)
    return Span(length // timedelta(minutes=1), Unit.MINUTE)


class Dates:
    """Words moments and durations in one language."""

    def __init__(self, locale: Locale) -> None:
        """Keep the language."""
        self._locale = locale

    def told(self, value: object) -> object:
        """Return moments, days and durations in words, anything else as it is."""
        match value:
            case datetime():
                return self.moment(value)
            case date():
                return self.day(value)
            case timedelta():
                return self.duration(value)
            case _:
                return value

    def exact(self, value: datetime) -> str:
        """Return `2026-09-28 09:12:33`, the same in each language."""
        return value.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")

    def day(self, value: datetime | date) -> str:
        """Return `9月28日` or `28 Sep`."""
        found = _local_day(value)
        if self._locale is Locale.EN:
            return f"{found.day} {_MONTHS[found.month - 1]}"
        return f"{found.month}月{found.day}日"

    def weekday(self, value: datetime | date) -> str:
        """Return `周一` or `Mon`."""
        return _WEEKDAYS[self._locale][_local_day(value).weekday()]

    def full_day(self, value: datetime | date) -> str:
        """Return `2026年9月28日 周一` or `Mon 28 Sep 2026`."""
        found = _local_day(value)
        if self._locale is Locale.EN:
            return f"{self.weekday(found)} {self.day(found)} {found.year}"
        return f"{found.year}年{self.day(found)} {self.weekday(found)}"

    def time(self, value: datetime) -> str:
        """Return `09:12`."""
        return value.astimezone(CHINA).strftime("%H:%M")

    def moment(self, value: datetime) -> str:
        """Return `9月28日 周一 09:12` or `Mon 28 Sep 09:12`."""
        if self._locale is Locale.EN:
            return f"{self.weekday(value)} {self.day(value)} {self.time(value)}"
        return f"{self.day(value)} {self.weekday(value)} {self.time(value)}"

    def near_day(self, value: datetime | date, now: datetime) -> str:
        """Return `今天`, `昨天` or `明天`, else the day."""
        found = _local_day(value)
        return _NEAR[self._locale].get((found - local_date(now)).days) or self.day(found)

    def near(self, value: datetime, now: datetime) -> str:
        """Return `今天 09:12`, else the day with its time."""
        return f"{self.near_day(value, now)} {self.time(value)}"

    def end(self, value: datetime) -> str:
        """Return the end of a period as a moment; midnight is told as 24:00 of the day that it ends."""
        day, clock = _ending(value)
        if self._locale is Locale.EN:
            return f"{self.weekday(day)} {self.day(day)} {clock}"
        return f"{self.day(day)} {self.weekday(day)} {clock}"

    def near_end(self, value: datetime, now: datetime) -> str:
        """Return the same with `今天`, `昨天` or `明天`, else the day."""
        day, clock = _ending(value)
        return f"{self.near_day(day, now)} {clock}"

    def unit(self, unit: Unit, number: int) -> str:
        """Return the word for `unit`, beside `number` of it."""
        word = _UNITS[self._locale][unit]
        return word.removesuffix("s") if number == 1 else word

    def duration(self, value: timedelta) -> str:
        """Return `4 天`, `30 小时` or `12 分`."""
        told = span(value)
        return f"{told.number} {self.unit(told.unit, told.number)}"


def _ending(value: datetime) -> tuple[date, str]:
    local = value.astimezone(CHINA)
    if local.time() == time.min:
        return local.date() - timedelta(days=1), "24:00"
    return local.date(), local.strftime("%H:%M")


def _local_day(value: datetime | date) -> date:
    return local_date(value) if isinstance(value, datetime) else value
