"""The clocks of a case: each duty with the rules that measure it, and how it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from server.cases.deadlines.calendar import Calendar
from server.cases.deadlines.counting import Deadline, deadline
from server.cases.deadlines.rules import NO_EXTRA, ClockRule, DeadlineRule, Extra, Mode, RuleSet
from server.cases.model import DelayParty, Procedure, Stage
from server.kernel.clock import local_date

_SOON = timedelta(days=2)
_SOON_SHARE = 0.2


class ClockState(StrEnum):
    """How a clock stands now."""

    RUNNING = "running"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    UNVERIFIED_PAST = "unverified_past"
    """Past its end, by a rule that is not verified: it is shown, it does not alarm."""
    MET = "met"
    MET_LATE = "met_late"


_LATE = {ClockState.OVERDUE, ClockState.MET_LATE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A duty of a case: the earliest deadline counts, the others are shown beside it."""

    key: str
    deadline: Deadline
    others: tuple[Deadline, ...]
    done_at: datetime | None
    state: ClockState
    soon_at: datetime
    """From when it is due soon."""
    late_at: datetime | None
    """From when it is overdue; None where no verified rule measures it, so that nothing makes it late."""
    delayed_by: DelayParty | None
    """Who caused it to be late, if it is and somebody recorded it."""

    @property
    def late(self) -> bool:
        """Tell whether the duty is or was done too late."""
        return self.state in _LATE

    @property
    def running(self) -> bool:
        """Tell whether the duty is still to be done."""
        return self.done_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the clocks of a case depend on."""

    stage: Stage
    facts: Mapping[str, datetime]
    """What happened and when, by the rules' word for it."""
    procedure: Procedure = Procedure.ORDINARY
    in_custody: bool = False
    extras: Mapping[str, Extra] = field(default_factory=dict)
    """By how much rules were extended, by their ids."""
    delays: Mapping[str, DelayParty] = field(default_factory=dict)
    """Who caused a duty to be late, by the clock's key."""


def clocks(rules: RuleSet, situation: Situation, *, calendar: Calendar, now: datetime) -> tuple[Clock, ...]:
    """Return the clocks that the case's facts have started, the earliest due first, the met ones last."""
    started = (_clock(rule, situation, calendar=calendar, now=now) for rule in rules.clocks)
    found = [clock for clock in started if clock is not None]
    return tuple(sorted(found, key=lambda clock: (not clock.running, clock.deadline.due_at)))


def _clock(duty: ClockRule, situation: Situation, *, calendar: Calendar, now: datetime) -> Clock | None:
    facts = situation.facts
    deadlines = sorted(
        (
            deadline(
                rule,
                facts[rule.trigger],
                calendar,
                in_custody=situation.in_custody,
                extra=situation.extras.get(rule.id, NO_EXTRA),
            )
            for rule in duty.rules
            if rule.trigger in facts
            and situation.stage in rule.stages
            and situation.procedure in rule.procedures
            and _in_force(rule, facts[rule.trigger])
        ),
        key=lambda each: (each.due_at, each.rule.internal, not each.rule.verified),
    )
    if not deadlines:
        return None
    done_at = facts.get(duty.done)
    # A duty that began anew after it was done, as with a lawyer's replacement, is still to be done.
    if open_still := [each for each in deadlines if done_at is None or _is_older(done_at, each)]:
        deadlines, done_at = open_still, None
    first, *others = deadlines
    ends = [each.due_at for each in deadlines if each.rule.verified]
    late_at, soon_at = min(ends, default=None), first.due_at - _soon(first)
    state = _state(first.due_at, soon_at=soon_at, late_at=late_at, done_at=done_at, now=now)
    return Clock(
        key=duty.key,
        deadline=first,
        others=tuple(others),
        done_at=done_at,
        state=state,
        soon_at=soon_at,
        late_at=late_at,
        delayed_by=situation.delays.get(duty.key) if state in _LATE else None,
    )


def _is_older(done_at: datetime, begun: Deadline) -> bool:
    """Tell whether the duty began anew after it was done; one before an event to come began before it."""
    return begun.rule.mode is not Mode.BEFORE and done_at < begun.trigger_at


def _soon(first: Deadline) -> timedelta:
    return max(_SOON, (first.due_at - first.trigger_at) * _SOON_SHARE)


def _state(
    due_at: datetime, *, soon_at: datetime, late_at: datetime | None, done_at: datetime | None, now: datetime
) -> ClockState:
    """Judge a clock: only a verified rule makes it late, though an unverified one may be due earlier."""
    late = late_at is not None and (done_at or now) >= late_at
    if done_at is not None:
        return ClockState.MET_LATE if late else ClockState.MET
    if late:
        return ClockState.OVERDUE
    if now >= due_at:
        return ClockState.UNVERIFIED_PAST
    return ClockState.DUE_SOON if now >= soon_at else ClockState.RUNNING


def _in_force(rule: DeadlineRule, trigger_at: datetime) -> bool:
    return rule.source is None or local_date(trigger_at) >= rule.source.effective_from
