"""A week of slots at one facility, as the booking page draws it: free, held, taken or closed. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from server.kernel.clock import CHINA, local_date
from server.scheduling.ledger import Busy, Search
from server.scheduling.model import BOOK_AHEAD, FacilityPractice, Hold, Slot

DAYS = 7
_MIDNIGHT = 24 * 60
_SHORT, _LONG = timedelta(minutes=30), timedelta(hours=1)


class CellState(StrEnum):
    """What can be done with a slot."""

    FREE = "free"
    TENTATIVE = "tentative"
    """Somebody fills a form for it at this moment."""
    TAKEN = "taken"
    CLOSED = "closed"
    HELD = "held"
    """Kept for the reader."""
    REFUSED = "refused"
    """Asked for before, and refused."""
    ALTERNATIVE = "alternative"
    """Offered by the facility in place of the refused one."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One slot of the week."""

    state: CellState
    starts_at: datetime
    in_window: bool
    """Whether it begins within the statutory 48 hours."""
    is_last: bool
    """Whether these end before the next row."""


@dataclass(frozen=True, slots=True)
class Row:
    """The slots that begin at one time of the day."""

    time: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """One column's head."""

    date: date
    today: bool
    in_window: bool
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """The drawn week."""

    days: tuple[Day, ...]
    rows: tuple[Row | None, ...]
    """None is the midday break."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What the page knows besides who is busy."""

    search: Search
    tentative: Busy
    """Granules that only a hold claims."""
    length: timedelta
    now: datetime
    arrange_by: datetime
    hold: Hold | None = None
    marked: Mapping[datetime, CellState] | None = None
    """Starts that were refused or offered."""


def monday_of(day: date) -> date:
    """Return the Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def span_of(monday: date) -> Slot:
    """Return the whole week that begins on `monday`, in China's days."""
    starts_at = _moment(monday, time(0))
    return Slot(starts_at, starts_at + timedelta(days=DAYS))


def draw_week(monday: date, asking: Asking) -> Week:
    """Draw the week that begins on `monday`."""
    today, last = local_date(asking.now), local_date(asking.arrange_by)
    dates = tuple(monday + timedelta(days=offset) for offset in range(DAYS))
    days = tuple(
        Day(
            date=each,
            today=each == today,
            in_window=today <= each <= last,
        )
        for each in dates
    )
    step = _SHORT if asking.length <= _SHORT else _LONG
    rows = tuple(
        None if start is None else _row(dates, start, step, asking)
        for start in _starts(asking.search.practice, step)
    )
    return Week(days=days, rows=rows)


def _row(dates: tuple[date, ...], start: time, step: timedelta, asking: Asking) -> Row:
    cells = []
    for each in dates:
        slot = Slot.of(_moment(each, start), asking.length)
        cells.append(
            Cell(
                state=_state(slot, asking),
                starts_at=slot.starts_at,
                in_window=asking.now < slot.starts_at <= asking.arrange_by,
                is_last=slot.starts_at <= asking.arrange_by < slot.starts_at + step,
            )
        )
    return Row(time=f"{start:%H:%M}", cells=tuple(cells))


def _state(slot: Slot, asking: Asking) -> CellState:
    marked = (asking.marked or {}).get(slot.starts_at)
    if asking.hold is not None and asking.hold.starts_at == slot.starts_at:
        return CellState.HELD
    if marked is CellState.REFUSED:
        return marked
    if not asking.now < slot.starts_at <= asking.now + BOOK_AHEAD or not asking.search.practice.is_open(slot):
        return CellState.CLOSED
    if asking.search.terminal_for(slot) is not None:
        return marked or CellState.FREE
    without_holds = {
        resource_id: set(starts) - set(asking.tentative.get(resource_id, ()))
        for resource_id, starts in asking.search.busy.items()
    }
    lasting = replace(asking.search, busy=without_holds)
    return CellState.TAKEN if lasting.terminal_for(slot) is None else CellState.TENTATIVE


def _starts(practice: FacilityPractice, step: timedelta) -> tuple[time | None, ...]:
    """Return when slots begin on any day of the week, with None where every day has a break."""
    minutes: set[int] = set()
    for period in practice.opening:
        minute, closes = _minutes(period.opens), _minutes(period.closes) or _MIDNIGHT
        while minute < closes:
            minutes.add(minute)
            minute += step // timedelta(minutes=1)
    starts: list[time | None] = []
    former: int | None = None
    for minute in sorted(minutes):
        if former is not None and minute > former + step // timedelta(minutes=1):
            starts.append(None)
        starts.append(time(minute // 60, minute % 60))
        former = minute
    return tuple(starts)


def _minutes(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _moment(day: date, start: time) -> datetime:
    return datetime.combine(day, start, CHINA).astimezone(UTC)
