"""The arithmetic of a deadline, with each step kept so that a page can say it.

Days (CPL 105(2), (4)): the day of the trigger is not counted; the period ends with the end of its last day
in China; if that is a day off, with the end of the first day after it that is worked, except that custody is
not made longer by days off. Hours run on end and nothing moves; by CPL 105(2) the hour in which they begin is
not counted, so that the statutory limit is the next full hour plus the length, while the platform aims at the
stricter moment plus the length. Months end with the same day of a later month (SPC interpretation 202). Days
before an event are clear: neither the event's day nor that of the act is one of them. Where the law leaves
open how days are counted, the operator may choose otherwise (`choices`).
"""

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from server.cases.deadlines.calendar import Calendar, Day
from server.cases.deadlines.choices import AS_PRESUMED, Choices, DaysBefore
from server.cases.deadlines.rules import NO_EXTRA, Custody, DeadlineRule, Extra, Mode, Restart, Unit
from server.kernel.clock import CHINA, local_date

_DAY = timedelta(days=1)
_MONTHS = 12
_SHOWN_BEFORE = 7
"""Days before an end that is counted back in which it is drawn at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """When a duty is due by one rule, and how that was counted."""

    rule: DeadlineRule
    counted_as: Mode
    """The rule's own mode, unless the operator chose another where the law leaves it open."""
    trigger_at: datetime
    counted_from: date
    """The first day that counts; for hours, the day of the trigger."""
    last_day: date
    """The last day before it moves."""
    due_on: date
    """The last day after it has moved."""
    held: bool
    """The last day is off, but the end does not move: custody keeps it, or it was counted back."""
    due_at: datetime
    """The first moment that is too late."""
    limit_at: datetime
    """The same by the letter of the law, where the platform aims at an earlier moment."""
    skipped: tuple[Day, ...]
    """The days off over which the end moved, in order."""
    days_off: tuple[Day, ...]
    """The days off inside the period, which count all the same unless the end moves over them."""
    extra: Extra
    """By how much it was extended."""
    provisional: bool
    """The calendar of a day that decided is not published yet."""
    clear: bool = True
    """Whether days before an event lie between it and the act."""
    begun_by: str = ""
    """The event that began it; empty: the rule's trigger."""

    @property
    def trigger(self) -> str:
        """Return the event from which it is counted."""
        return self.begun_by or self.rule.trigger

    @property
    def restart(self) -> Restart | None:
        """Return why it is counted anew; None if it runs from the rule's own trigger."""
        return next((each for each in self.rule.restarts if each.by == self.trigger), None)

    @property
    def nominal_due_at(self) -> datetime:
        """Return the end as it would be if its last day had not moved."""
        return _end_of(self.last_day) if self.moved else self.due_at

    @property
    def began_at(self) -> datetime:
        """Return when its time began to run: of days before an event, some of them before the end."""
        if self.rule.mode is not Mode.BEFORE:
            return self.trigger_at
        return self.due_at - max(self.rule.n, _SHOWN_BEFORE) * _DAY

    @property
    def moved(self) -> bool:
        """Tell whether the last day moved."""
        return self.due_on != self.last_day

    @property
    def presumed(self) -> bool:
        """Tell whether the law leaves open how its days are counted."""
        return self.rule.mode is Mode.PRESUMED


def deadline(  # noqa: PLR0913 - whatever decides an end
    rule: DeadlineRule,
    trigger_at: datetime,
    calendar: Calendar,
    *,
    in_custody: bool = False,
    extra: Extra = NO_EXTRA,
    choices: Choices = AS_PRESUMED,
) -> Deadline:
    """Count a rule that is measured from its trigger, which lies in the future where it is counted back.

    Raises:
        ValueError: the rule is not measured.
    """
    start = local_date(trigger_at)
    match choices.mode_of(rule):
        case Mode.HOURS:
            return _in_hours(rule, trigger_at)
        case Mode.BEFORE:
            return _before(rule, trigger_at, calendar, choices)
        case Mode.WORKDAYS:
            return _in_workdays(rule, trigger_at, calendar)
        case Mode.MONTHS:
            last_day = months_later(start, rule.n + extra.months) + extra.days * _DAY
        case Mode.CALENDAR | Mode.PRESUMED | Mode.APPEAL:
            last_day = start + (rule.n + extra.days) * _DAY
        case _:
            raise ValueError(rule.id)
    is_held = rule.custody is Custody.ALWAYS or (rule.custody is Custody.WHILE_DETAINED and in_custody)
    found = _by_day(rule, trigger_at, last_day, calendar, held=is_held)
    return replace(found, extra=extra)


def months_later(start: date, months: int) -> date:
    """Return the day by which months from `start` are full: its last day stands for a month's last one."""
    year, month = divmod(start.year * _MONTHS + start.month - 1 + months, _MONTHS)
    last = monthrange(year, month + 1)[1]
    is_last = start.day == monthrange(start.year, start.month)[1]
    return date(year, month + 1, last if is_last else min(start.day, last))


def _off_from(day: date, calendar: Calendar) -> list[Day]:
    """Return the days off that begin with `day`."""
    off = []
    while not (known := calendar.day(day)).working:
        off.append(known)
        day += _DAY
    return off


def _by_day(
    rule: DeadlineRule, trigger_at: datetime, last_day: date, calendar: Calendar, *, held: bool
) -> Deadline:
    """Return a deadline that ends with a day, moved over days off unless it is `held`."""
    skipped = () if held else tuple(_off_from(last_day, calendar))
    due_on = last_day + len(skipped) * _DAY
    first = local_date(trigger_at) + _DAY
    return Deadline(
        rule=rule,
        counted_as=rule.mode,
        trigger_at=trigger_at,
        counted_from=first,
        last_day=last_day,
        due_on=due_on,
        held=held and not calendar.day(last_day).working,
        due_at=_end_of(due_on),
        limit_at=_end_of(due_on),
        skipped=skipped,
        days_off=tuple(each for each in calendar.days(first, due_on) if not each.working),
        extra=NO_EXTRA,
        provisional=any(each.provisional for each in calendar.days(last_day, due_on)),
    )


def _in_workdays(rule: DeadlineRule, trigger_at: datetime, calendar: Calendar) -> Deadline:
    last_day, worked = local_date(trigger_at), 0
    while worked < rule.n:
        last_day += _DAY
        worked += calendar.day(last_day).working
    found = _by_day(rule, trigger_at, last_day, calendar, held=False)
    days = calendar.days(found.counted_from, last_day)
    provisional = any(day.provisional for day in days)
    return replace(found, counted_as=Mode.WORKDAYS, provisional=provisional)


def _before(rule: DeadlineRule, event_at: datetime, calendar: Calendar, choices: Choices) -> Deadline:
    """Count back: between the last day and the event's lie `n` whole days, of workdays the last is worked.

    Counted plainly it is one day less: the day of the act is the first of them.
    """
    event_day = local_date(event_at)
    is_clear = choices.days_before is DaysBefore.CLEAR
    between = rule.n if is_clear else rule.n - 1
    by_workdays = rule.unit is Unit.WORKDAYS
    days: list[Day] = []
    clear = 0
    while clear < between:
        days.append(calendar.day(event_day - (len(days) + 1) * _DAY))
        clear += days[-1].working or not by_workdays
    last_day = event_day - (len(days) + 1) * _DAY
    while by_workdays and not calendar.day(last_day).working:
        days.append(calendar.day(last_day))
        last_day -= _DAY
    end = _end_of(last_day) if rule.n else event_at
    return Deadline(
        rule=rule,
        counted_as=rule.mode,
        trigger_at=event_at,
        counted_from=event_day - _DAY,
        last_day=last_day if rule.n else event_day,
        due_on=last_day if rule.n else event_day,
        held=rule.n > 0 and not calendar.day(last_day).working,
        due_at=end,
        limit_at=end,
        skipped=(),
        days_off=tuple(day for day in reversed(days) if not day.working),
        extra=NO_EXTRA,
        provisional=by_workdays and any(day.provisional for day in (*days, calendar.day(last_day))),
        clear=is_clear,
    )


def _in_hours(rule: DeadlineRule, trigger_at: datetime) -> Deadline:
    length = timedelta(hours=rule.n)
    full_hour = trigger_at.replace(minute=0, second=0, microsecond=0)
    if full_hour != trigger_at:
        full_hour += timedelta(hours=1)
    due_at = trigger_at + length
    due_on = local_date(due_at)
    return Deadline(
        rule=rule,
        counted_as=rule.mode,
        trigger_at=trigger_at,
        counted_from=local_date(trigger_at),
        last_day=due_on,
        due_on=due_on,
        held=False,
        due_at=due_at,
        limit_at=full_hour + length,
        skipped=(),
        days_off=(),
        extra=NO_EXTRA,
        provisional=False,
    )


def _end_of(day: date) -> datetime:
    """Return the first moment after `day` in China."""
    return datetime.combine(day + _DAY, time(), tzinfo=CHINA)
