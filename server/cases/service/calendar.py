"""The operator's calendar: what is known of each day, and what they know better than the published one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from server.cases.deadlines.calendar import Calendar, CalendarEntry
from server.cases.events import CalendarChanged
from server.cases.ports import CasesTx
from server.kernel.errors import N_, FieldError, InvalidInput
from server.kernel.identity import Identity
from server.kernel.permissions import Action, Relation, require

FIRST_YEAR, LAST_YEAR = 2010, 2060
MOST_DAYS = 31
"""Days that are set at once."""
NAME_OF_OFF = N_("休息日")


class Setting(StrEnum):
    """What days are set to."""

    OFF = "off"
    WORK = "work"
    PUBLISHED = "published"
    """As the published calendar has them, whatever was entered before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDays:
    """Set the days from `first` to `last`, both included."""

    first: date
    last: date
    setting: Setting
    name: str
    """Of a holiday; empty for any day off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCalendar:
    """The calendar, and the days of it that an operator entered."""

    calendar: Calendar
    entered: frozenset[date]


async def open_calendar(identity: Identity, tx: CasesTx) -> KnownCalendar:
    """Return what is known."""
    require(identity.role, Action.EDIT_CALENDAR, Relation.NO_RECORD)
    entries = await tx.cases.calendar_entries()
    return KnownCalendar(calendar=Calendar(entries), entered=frozenset(entry.day for entry in entries))


async def set_days(command: SetDays, identity: Identity, tx: CasesTx) -> None:
    """Set days; every deadline is counted anew from then on, as none is kept.

    Raises:
        InvalidInput: the days are in the wrong order, too many, or out of range.
    """
    require(identity.role, Action.EDIT_CALENDAR, Relation.NO_RECORD)
    for day in _days(command):
        if command.setting is Setting.PUBLISHED:
            await tx.cases.remove_calendar_entry(day)
        else:
            is_off = command.setting is Setting.OFF
            name = (command.name or NAME_OF_OFF) if is_off else ""
            await tx.cases.put_calendar_entry(CalendarEntry(day, working=not is_off, name=name))
    tx.record(
        CalendarChanged(
            actor=identity.actor,
            first=command.first.isoformat(),
            last=command.last.isoformat(),
            setting=command.setting,
        )
    )


def _days(command: SetDays) -> Iterator[date]:
    count = (command.last - command.first).days + 1
    if count < 1:
        raise InvalidInput(fields=(FieldError("last", "before-first", N_("不能早于第一天")),))
    if count > MOST_DAYS:
        raise InvalidInput(fields=(FieldError("last", "too-many", N_("一次最多设置 31 天")),))
    if command.first.year < FIRST_YEAR or command.last.year > LAST_YEAR:
        raise InvalidInput(fields=(FieldError("first", "out-of-range", N_("请填写 2010 至 2060 年的日期")),))
    return (command.first + timedelta(days=offset) for offset in range(count))
