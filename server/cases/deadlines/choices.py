"""What the law leaves open and the operator decides for the installation; the last decision counts.

Each decision is kept beside those before it, with who made it and when.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from server.cases.deadlines.rules import DeadlineRule, Mode


class Question(StrEnum):
    """What can be decided."""

    PRESUMED_DAYS = "presumed_days"
    """How the days of the Legal Aid Law and of Order 148 are counted, which don't say it."""
    DAYS_BEFORE = "days_before"
    """Whether days before an event are clear of it and of the act."""
    TARGETS = "targets"
    """Whether the province's own targets are measured beside the law."""


class PresumedDays(StrEnum):
    """How days are counted of which the law doesn't say it."""

    CALENDAR = "calendar"
    WORKDAYS = "workdays"


class DaysBefore(StrEnum):
    """How days before an event are counted back."""

    CLEAR = "clear"
    """So many whole days lie between: the stricter reading."""
    PLAIN = "plain"
    """Only the event's own day is not counted."""


class Targets(StrEnum):
    """Whether the province's targets are measured."""

    MEASURED = "measured"
    LEFT_OUT = "left_out"


ANSWERS: Mapping[Question, type[StrEnum]] = {
    Question.PRESUMED_DAYS: PresumedDays,
    Question.DAYS_BEFORE: DaysBefore,
    Question.TARGETS: Targets,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One decision of the operator."""

    question: Question
    answer: str
    actor: str
    chosen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """All that is decided; what nobody decided is as the law page presumes it."""

    presumed_days: PresumedDays = PresumedDays.CALENDAR
    days_before: DaysBefore = DaysBefore.CLEAR
    targets: Targets = Targets.MEASURED

    def mode_of(self, rule: DeadlineRule) -> Mode:
        """Return how a rule is counted."""
        by_workdays = self.presumed_days is PresumedDays.WORKDAYS
        return Mode.WORKDAYS if rule.mode is Mode.PRESUMED and by_workdays else rule.mode

    def measures(self, rule: DeadlineRule) -> bool:
        """Tell whether a rule is measured at all."""
        return not rule.internal or self.targets is Targets.MEASURED

    def answer(self, question: Question) -> StrEnum:
        """Return what is decided of a question."""
        match question:
            case Question.PRESUMED_DAYS:
                return self.presumed_days
            case Question.DAYS_BEFORE:
                return self.days_before
            case Question.TARGETS:
                return self.targets


AS_PRESUMED = Choices()


def choices_of(decided: Iterable[Choice]) -> Choices:
    """Return what counts of the operator's decisions, given in the order in which they were made."""
    last = {each.question: ANSWERS[each.question](each.answer) for each in decided}
    return Choices(**{str(question): answer for question, answer in last.items()})  # type: ignore[arg-type]
