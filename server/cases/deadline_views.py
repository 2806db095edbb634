"""What pages show of deadlines: the arithmetic, how an end was moved, and what holds without an end.

A view holds message ids with what fills them, moments and plain names; templates word them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from server.cases.deadlines.calendar import DayKind
from server.cases.deadlines.engine import Clock, ClockState, standing
from server.cases.deadlines.rules import DeadlineRule, rule_set
from server.cases.explaining import Skipped, explain, runs_of
from server.cases.model import Stage
from server.cases.service.reckoning import Moved
from server.cases.vocabulary import TRIGGERS
from server.cases.wording import BEARERS, CAUSES, DELAYS, DUTIES, STANDING_RULES, Words
from server.kernel.errors import N_

STATES: Mapping[ClockState, str] = {
    ClockState.RUNNING: "ok",
    ClockState.DUE_SOON: "due_soon",
    ClockState.OVERDUE: "overdue",
    ClockState.UNVERIFIED_PAST: "due_soon",
    ClockState.MET: "met",
    ClockState.MET_LATE: "met",
}
"""A clock's state in the templates' words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineView:
    """A clock as `macros/deadline.html` draws it."""

    title: str
    subject: str
    starts_at: datetime
    trigger_at: datetime
    started_by: str
    due_at: datetime
    nominal_due_at: datetime | None
    days_off: tuple[date, ...]
    state: str
    met_at: datetime | None
    article: str
    explanations: tuple[Words, ...]
    skipped: tuple[Skipped, ...]
    owner: str
    provisional: bool
    unverified: bool


def deadline_view(clock: Clock, *, subject: str = "") -> DeadlineView:
    """Return a clock for a page; `subject` tells whose it is where several cases are shown."""
    deadline = clock.deadline
    title, bearer = DUTIES[clock.key]
    return DeadlineView(
        title=title,
        subject=subject,
        starts_at=deadline.began_at,
        trigger_at=deadline.trigger_at,
        started_by=TRIGGERS[deadline.trigger],
        due_at=deadline.due_at,
        nominal_due_at=deadline.nominal_due_at if deadline.moved else None,
        days_off=tuple(day.date for day in deadline.days_off if day.kind is DayKind.HOLIDAY),
        state=STATES[clock.state],
        met_at=clock.done_at,
        article=article_of(deadline.rule),
        explanations=tuple(_explanations(clock)),
        skipped=tuple(runs_of(deadline.skipped)),
        owner=BEARERS[bearer] if clock.running else "",
        provisional=deadline.provisional,
        unverified=not deadline.rule.verified,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveView:
    """That a deadline came to end otherwise than before."""

    title: str
    counted_at: datetime
    before: datetime | None
    now: datetime | None
    """The first moment that is too late; None: it did not run, or runs no longer."""
    article: str
    """Of the rule that counts now; empty for an internal target."""
    reason: str


def move_view(moved: Moved) -> MoveView:
    """Return how a deadline came to end otherwise, for a page."""
    rule = rule_set().named(moved.now.rule_id)
    return MoveView(
        title=DUTIES[moved.now.duty][0],
        counted_at=moved.now.counted_at,
        before=moved.before.due_at,
        now=moved.now.due_at,
        article=article_of(rule),
        reason=CAUSES[moved.now.cause],
    )


def article_of(rule: DeadlineRule | None) -> str:
    """Return where a rule stands, in full; empty for an internal target, or a rule of the past."""
    return "" if rule is None or rule.internal else rule.citation


@dataclass(frozen=True, slots=True)
class StandingView:
    """A rule that holds and has no end to count."""

    words: str
    article: str
    unverified: bool


def standing_view(stage: Stage, facts: Mapping[str, datetime]) -> tuple[StandingView, ...]:
    """Return the rules that hold in a case and have no end to count."""
    return tuple(
        StandingView(STANDING_RULES[rule.id], article_of(rule), not rule.verified)
        for rule in standing(rule_set(), stage, facts)
    )


def _explanations(clock: Clock) -> Iterable[Words]:
    yield from explain(clock.deadline)
    if clock.state is ClockState.MET_LATE:
        yield N_("办结时已经超过期限。"), {}
    if clock.delayed_by is not None:
        yield DELAYS[clock.delayed_by][1], {}
    for other in clock.others:
        words = N_("省内目标{due}。") if other.rule.internal else N_("另按{article}，{due}届满。")
        yield words, {"due": other.due_on, "article": other.rule.citation}
