"""The geometry of the deadline ruler 期限尺, in hundredths of its width.

It shows a period on a straight axis of time: what has passed, the days off inside it, the extension of a
last day that fell on one, now, and the end.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from server.kernel.clock import CHINA

_MAX_TICKS = 62


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of the ruler."""

    x: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruler:
    """What to draw; every figure in hundredths of the ruler's width."""

    done: float
    now: float | None
    """Where now is; None outside the period."""
    days_off: tuple[Bar, ...]
    extension: Bar | None
    ticks: tuple[float, ...]


def ruler(
    *,
    starts_at: datetime,
    due_at: datetime,
    now: datetime,
    days_off: Iterable[date] = (),
    nominal_due_at: datetime | None = None,
) -> Ruler:
    """Lay out the period from `starts_at` to `due_at`.

    Args:
        starts_at: the event that set the clock going.
        due_at: the last moment.
        now: the present.
        days_off: statutory holidays to mark, days in China.
        nominal_due_at: where the period would have ended, had its last day not moved.
    """
    length = max(due_at - starts_at, timedelta(minutes=1))

    def place(moment: datetime) -> float:
        return round(min(max((moment - starts_at) / length, 0.0), 1.0) * 100, 2)

    def bar(begins: datetime, ends: datetime) -> Bar:
        return Bar(place(begins), round(place(ends) - place(begins), 2))

    return Ruler(
        done=place(now),
        now=place(now) if starts_at <= now < due_at else None,
        days_off=tuple(bar(*each) for each in _runs(days_off) if each[1] > starts_at and each[0] < due_at),
        extension=bar(nominal_due_at, due_at) if nominal_due_at and nominal_due_at < due_at else None,
        ticks=tuple(place(tick) for tick in _midnights(starts_at, due_at)),
    )


def _runs(days: Iterable[date]) -> list[tuple[datetime, datetime]]:
    """Join neighbouring days into stretches from midnight to midnight."""
    ordered = enumerate(sorted(set(days)))
    runs = (
        [day for _, day in run]
        for _, run in groupby(ordered, key=lambda pair: pair[1] - timedelta(days=pair[0]))
    )
    return [(_midnight(run[0]), _midnight(run[-1] + timedelta(days=1))) for run in runs]


def _midnights(starts_at: datetime, due_at: datetime) -> list[datetime]:
    """Return the midnights inside the period; none if there are too many to be told apart."""
    first = starts_at.astimezone(CHINA).date() + timedelta(days=1)
    count = (due_at.astimezone(CHINA).date() - first).days + 1
    if count > _MAX_TICKS:
        return []
    found = (_midnight(first + timedelta(days=offset)) for offset in range(count))
    return [midnight for midnight in found if midnight < due_at]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, CHINA)
