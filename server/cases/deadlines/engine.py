"""The clocks of a case: each duty with the rules that measure it, and how it stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from server.cases.deadlines.calendar import Calendar
from server.cases.deadlines.choices import AS_PRESUMED, Choices
from server.cases.deadlines.counting import Deadline, deadline
from server.cases.deadlines.rules import NO_EXTRA, ClockRule, DeadlineRule, Extra, Mode, RuleSet
from server.cases.model import DelayParty, Procedure, Stage
from server.cases.vocabulary import STANDING
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
    late_by: Deadline | None
    """What makes it overdue; None where no verified rule measures it, so that nothing makes it late."""
    delayed_by: DelayParty | None
    """Who caused it to be late, if it is and somebody recorded it."""

    @property
    def late_at(self) -> datetime | None:
        """Return from when it is overdue."""
        return None if self.late_by is None else self.late_by.due_at

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
    """What happened and when, by the rules' word for it; of what happened again, the last time."""
    earlier: Mapping[str, tuple[datetime, ...]] = field(default_factory=dict)
    """When that happened before, in order."""
    procedure: Procedure = Procedure.ORDINARY
    in_custody: bool = False
    extras: Mapping[str, Extra] = field(default_factory=dict)
    """By how much rules were extended, by their ids."""
    delays: Mapping[str, DelayParty] = field(default_factory=dict)
    """Who caused a duty to be late, by the clock's key."""


def clocks(
    rules: RuleSet,
    situation: Situation,
    *,
    calendar: Calendar,
    now: datetime,
    choices: Choices = AS_PRESUMED,
) -> tuple[Clock, ...]:
    """Return the clocks that the case's facts have started, the earliest due first, the met ones last."""
    counter = _Counter(rules, situation, calendar, choices)
    started = (_clock(duty, counter, now=now) for duty in rules.clocks)
    found = [clock for clock in started if clock is not None]
    return tuple(sorted(found, key=lambda clock: (not clock.running, clock.deadline.due_at)))


def standing(rules: RuleSet, stage: Stage, facts: Mapping[str, datetime]) -> tuple[DeadlineRule, ...]:
    """Return the rules that hold in a case at its stage and by its facts, and have no end to count."""
    return tuple(
        rule
        for rule in rules.standing
        if stage in rule.stages and (rule.trigger in facts or rule.trigger in STANDING)
    )


@dataclass(frozen=True, slots=True)
class _Counter:
    """Counts the rules of a case as its facts stand."""

    rules: RuleSet
    situation: Situation
    calendar: Calendar
    choices: Choices

    def happened(self, key: str) -> tuple[datetime, ...]:
        """Return when something happened, in order, as often as the law lets it count."""
        last = self.situation.facts.get(key)
        every = self.situation.earlier.get(key, ()) + (() if last is None else (last,))
        return every[: self.rules.limits.get(key)]

    def deadlines(self, duty: ClockRule) -> Iterator[Deadline]:
        """Yield what the rules of a duty that apply say of its end."""
        situation = self.situation
        for rule in duty.rules:
            begun = max(
                ((at, key) for key in rule.begun_by for at in self.happened(key)[-1:]),
                default=None,
            )
            if begun is None or not self._applies(rule, begun[0]):
                continue
            found = deadline(
                rule,
                begun[0],
                self.calendar,
                in_custody=situation.in_custody,
                extra=situation.extras.get(rule.id, NO_EXTRA),
                choices=self.choices,
            )
            yield replace(found, begun_by=begun[1])

    def _applies(self, rule: DeadlineRule, begun_at: datetime) -> bool:
        situation = self.situation
        return (
            situation.stage in rule.stages
            and situation.procedure in rule.procedures
            and (not rule.condition or rule.condition in situation.facts)
            and self.choices.measures(rule)
            and _in_force(rule, begun_at)
        )

    def ends(self, at: datetime, begun: Deadline, duty: ClockRule) -> bool:
        """Tell whether what was done then ends a period.

        A period that began anew after that is still to be kept, as with a lawyer's replacement. One before
        an event to come began before its trigger: of those that are due each time, after the time before.
        """
        if begun.rule.mode is not Mode.BEFORE:
            return at >= begun.trigger_at
        before = self.happened(begun.trigger)[:-1] if duty.each_time else ()
        return not before or at >= before[-1]


def _clock(duty: ClockRule, counter: _Counter, *, now: datetime) -> Clock | None:
    deadlines = sorted(
        counter.deadlines(duty),
        key=lambda each: (each.due_at, each.rule.internal, not each.rule.verified),
    )
    if not deadlines:
        return None
    done = sorted(at for key in duty.done for at in counter.happened(key)[-1:])
    open_still = [each for each in deadlines if not any(counter.ends(at, each, duty) for at in done)]
    done_at = None
    if open_still:
        deadlines = open_still
    else:
        done_at = max(next(at for at in done if counter.ends(at, each, duty)) for each in deadlines)
    first, *others = deadlines
    late_by = next((each for each in deadlines if each.rule.verified), None)
    soon_at = first.due_at - _soon(first)
    late_at = None if late_by is None else late_by.due_at
    state = _state(first.due_at, soon_at=soon_at, late_at=late_at, done_at=done_at, now=now)
    return Clock(
        key=duty.key,
        deadline=first,
        others=tuple(others),
        done_at=done_at,
        state=state,
        soon_at=soon_at,
        late_by=late_by,
        delayed_by=counter.situation.delays.get(duty.key) if state in _LATE else None,
    )


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
