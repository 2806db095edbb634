"""The arithmetic of a deadline, with each step kept so that a page can say it.

Days (CPL 105(2), (4)): the day of the trigger is not counted; the period ends with the end of its last day
in China; if that is a day off, with the end of the first day after it that is worked. Hours run on end and
nothing moves; by CPL 105(2) the hour in which they begin is not counted, so that the statutory limit is the
next full hour plus the length, while the platform aims at the stricter moment plus the length.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from server.cases.deadlines.calendar import Calendar, Day
from server.cases.deadlines.rules import ClockRule, DeadlineRule, Mode, RuleSet
from server.cases.model import Stage
from server.kernel.clock import CHINA, local_date

_SOON = timedelta(days=2)
_SOON_SHARE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """When a duty is due by one rule, and how that was counted."""

    rule: DeadlineRule
    trigger_at: datetime
    counted_from: date
    """The first day that counts; for hours, the day of the trigger."""
    last_day: date
    """The last day before it moves."""
    due_on: date
    """The last day after it has moved."""
    due_at: datetime
    """The first moment that is too late."""
    limit_at: datetime
    """The same by the letter of the law, where the platform aims at an earlier moment."""
    skipped: tuple[Day, ...]
    """The days off over which the end moved, in order."""
    days_off: tuple[Day, ...]
    """The days off inside the period, which count all the same unless the end moves over them."""
    provisional: bool
    """The calendar of a day that decided is not published yet."""

    @property
    def nominal_due_at(self) -> datetime:
        """Return the end as it would be if its last day had not moved."""
        return self.due_at if self.rule.mode is Mode.HOURS else _end_of(self.last_day)

    @property
    def moved(self) -> bool:
        """Tell whether the last day moved."""
        return self.due_on != self.last_day

    @property
    def presumed(self) -> bool:
        """Tell whether the law leaves open how its days are counted."""
        return self.rule.mode is Mode.PRESUMED


class ClockState(StrEnum):
    """How a clock stands now."""

    RUNNING = "running"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    UNVERIFIED_PAST = "unverified_past"
    """Past its end, by a rule that is not verified: it is shown, it does not alarm."""
    MET = "met"
    MET_LATE = "met_late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A duty of a case: the earliest deadline counts, the others are shown beside it."""

    key: str
    deadline: Deadline
    others: tuple[Deadline, ...]
    done_at: datetime | None
    state: ClockState

    @property
    def running(self) -> bool:
        """Tell whether the duty is still to be done."""
        return self.done_at is None


def deadline(rule: DeadlineRule, trigger_at: datetime, calendar: Calendar) -> Deadline:
    """Count the rule from its trigger."""
    if rule.mode is Mode.HOURS:
        return _in_hours(rule, trigger_at)
    trigger_day = local_date(trigger_at)
    last_day = trigger_day + timedelta(days=rule.n)
    skipped = []
    day = calendar.day(last_day)
    while not day.working:
        skipped.append(day)
        day = calendar.day(day.date + timedelta(days=1))
    end = _end_of(day.date)
    return Deadline(
        rule=rule,
        trigger_at=trigger_at,
        counted_from=trigger_day + timedelta(days=1),
        last_day=last_day,
        due_on=day.date,
        due_at=end,
        limit_at=end,
        skipped=tuple(skipped),
        days_off=tuple(
            each for each in calendar.days(trigger_day + timedelta(days=1), day.date) if not each.working
        ),
        provisional=day.provisional or any(off.provisional for off in skipped),
    )


def clocks(
    rules: RuleSet, stage: Stage, facts: Mapping[str, datetime], *, calendar: Calendar, now: datetime
) -> tuple[Clock, ...]:
    """Return the clocks that the case's facts have started, the earliest due first, the met ones last."""
    started = (_clock(rule, stage, facts, calendar=calendar, now=now) for rule in rules.clocks)
    found = [clock for clock in started if clock is not None]
    return tuple(sorted(found, key=lambda clock: (not clock.running, clock.deadline.due_at)))


def _clock(
    duty: ClockRule, stage: Stage, facts: Mapping[str, datetime], *, calendar: Calendar, now: datetime
) -> Clock | None:
    deadlines = sorted(
        (
            deadline(rule, facts[rule.trigger], calendar)
            for rule in duty.rules
            if rule.trigger in facts and stage in rule.stages and _in_force(rule, facts[rule.trigger])
        ),
        key=lambda each: (each.due_at, each.rule.internal, not each.rule.verified),
    )
    if not deadlines:
        return None
    done_at = facts.get(duty.done)
    # A duty that began anew after it was done, as with a lawyer's replacement, is still to be done.
    if open_still := [each for each in deadlines if done_at is None or done_at < each.trigger_at]:
        deadlines, done_at = open_still, None
    first, *others = deadlines
    state = _state(deadlines, done_at, now)
    return Clock(key=duty.key, deadline=first, others=tuple(others), done_at=done_at, state=state)


def _state(deadlines: list[Deadline], done_at: datetime | None, now: datetime) -> ClockState:
    """Judge a clock: only a verified rule makes it late, though an unverified one may be due earlier."""
    first = deadlines[0]
    ends = [each.due_at for each in deadlines if each.rule.verified]
    late = bool(ends) and (done_at or now) >= min(ends)
    if done_at is not None:
        return ClockState.MET_LATE if late else ClockState.MET
    if late:
        return ClockState.OVERDUE
    if now >= first.due_at:
        return ClockState.UNVERIFIED_PAST
    soon = max(_SOON, (first.due_at - first.trigger_at) * _SOON_SHARE)
    return ClockState.DUE_SOON if first.due_at - now <= soon else ClockState.RUNNING


def _in_force(rule: DeadlineRule, trigger_at: datetime) -> bool:
    return rule.source is None or local_date(trigger_at) >= rule.source.effective_from


def _in_hours(rule: DeadlineRule, trigger_at: datetime) -> Deadline:
    length = timedelta(hours=rule.n)
    full_hour = trigger_at.replace(minute=0, second=0, microsecond=0)
    if full_hour != trigger_at:
        full_hour += timedelta(hours=1)
    due_at = trigger_at + length
    due_on = local_date(due_at)
    return Deadline(
        rule=rule,
        trigger_at=trigger_at,
        counted_from=local_date(trigger_at),
        last_day=due_on,
        due_on=due_on,
        due_at=due_at,
        limit_at=full_hour + length,
        skipped=(),
        days_off=(),
        provisional=False,
    )


def _end_of(day: date) -> datetime:
    """Return the first moment after `day` in China."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=CHINA)
