"""Time as a port: `now` comes from a `Clock`, so a rule can be tested on any day of any year."""

import time
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")
"""The one time zone of Chinese law: statutory days begin and end at its midnight."""


class Clock(Protocol):
    """Tells what time it is."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...

    def monotonic_s(self) -> float:
        """Return seconds since an arbitrary start; never jumps when the wall clock is set."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Return seconds of the monotonic clock."""
        return time.monotonic()


def microseconds_of(moment: datetime) -> int:
    """Return the whole microseconds from 1970-01-01 UTC to an aware `moment`, exactly."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def local_date(moment: datetime) -> date:
    """Return the calendar day in China on which an aware `moment` falls."""
    return moment.astimezone(CHINA).date()
