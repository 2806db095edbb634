"""What the law leaves open is counted as the operator decided; targets never loosen the law."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.cases.deadlines.calendar import Calendar
from server.cases.deadlines.choices import (
    ANSWERS,
    AS_PRESUMED,
    Choice,
    Choices,
    DaysBefore,
    PresumedDays,
    Question,
    Targets,
    choices_of,
)
from server.cases.deadlines.counting import deadline
from server.cases.deadlines.engine import Clock, Situation, clocks
from server.cases.deadlines.rules import DeadlineRule, Mode, rule_set
from server.cases.explaining import explain
from server.cases.model import Procedure, Stage
from server.cases.wording import QUESTIONS
from server.kernel.clock import CHINA

CALENDAR = Calendar()
NOW = datetime(2026, 9, 28, 1, tzinfo=UTC)
WORKDAYS = Choices(presumed_days=PresumedDays.WORKDAYS)
PLAIN = Choices(days_before=DaysBefore.PLAIN)
WITHOUT_TARGETS = Choices(targets=Targets.LEFT_OUT)
MEASURED = [rule for rule in rule_set().rules if rule.measured]
MOMENTS = st.datetimes(datetime(2022, 1, 1), datetime(2029, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


def of_mode(mode: Mode) -> st.SearchStrategy[DeadlineRule]:
    return st.sampled_from([rule for rule in MEASURED if rule.mode is mode])


def decided(question: Question, answer: str) -> Choice:
    return Choice(question=question, answer=answer, actor="system_admin:x", chosen_at=NOW)


def test_what_nobody_decided_is_as_presumed_and_the_last_decision_counts() -> None:
    assert choices_of(()) == AS_PRESUMED
    both = (decided(Question.PRESUMED_DAYS, "workdays"), decided(Question.DAYS_BEFORE, "plain"))
    assert choices_of(both) == Choices(presumed_days=PresumedDays.WORKDAYS, days_before=DaysBefore.PLAIN)
    assert choices_of((*both, decided(Question.PRESUMED_DAYS, "calendar"))) == PLAIN


def test_every_question_and_answer_has_words() -> None:
    assert {question: set(answers) for question, (_, answers) in QUESTIONS.items()} == {
        question: set(answers) for question, answers in ANSWERS.items()
    }


@pytest.mark.parametrize(
    ("rule_id", "choices", "day", "due", "sentence"),
    [
        ("A14", AS_PRESUMED, date(2026, 9, 28), date(2026, 10, 8), "按日历日推定"),
        ("A14", WORKDAYS, date(2026, 9, 28), date(2026, 10, 10), "本平台设定按工作日计算"),
        ("T03", AS_PRESUMED, date(2026, 10, 15), date(2026, 10, 11), "中间留足 {n} 日"),
        ("T03", PLAIN, date(2026, 10, 15), date(2026, 10, 12), "提前 {n} 日"),
        ("V02", PLAIN, date(2026, 10, 15), date(2026, 10, 12), "提前 {n} 个工作日"),
        ("S07", PLAIN, date(2026, 10, 15), date(2026, 10, 15), "以前"),
    ],
)
def test_what_the_law_leaves_open_is_counted_and_explained_as_decided(
    rule_id: str, choices: Choices, day: date, due: date, sentence: str
) -> None:
    rule = rule_set().named(rule_id)
    assert rule is not None
    at = datetime(day.year, day.month, day.day, 9, tzinfo=CHINA)
    found = deadline(rule, at, CALENDAR, choices=choices)
    assert found.due_on == due
    assert sentence in "".join(words for words, _ in explain(found))


@given(rule=of_mode(Mode.PRESUMED), at=MOMENTS)
def test_by_workdays_nothing_ends_earlier_than_presumed(rule: DeadlineRule, at: datetime) -> None:
    by_days = deadline(rule, at, CALENDAR)
    by_workdays = deadline(rule, at, CALENDAR, choices=WORKDAYS)
    assert by_workdays.due_at >= by_days.due_at
    assert CALENDAR.day(by_workdays.due_on).working


@given(rule=of_mode(Mode.BEFORE), at=MOMENTS)
def test_clear_days_are_the_stricter_reading(rule: DeadlineRule, at: datetime) -> None:
    clear, plain = deadline(rule, at, CALENDAR), deadline(rule, at, CALENDAR, choices=PLAIN)
    assert clear.due_at <= plain.due_at <= at
    assert (clear.due_at < plain.due_at) == (rule.n > 0)


@given(rule=st.sampled_from(MEASURED), at=MOMENTS)
def test_what_the_law_says_itself_is_counted_alike_whatever_is_decided(
    rule: DeadlineRule, at: datetime
) -> None:
    if rule.mode not in {Mode.PRESUMED, Mode.BEFORE}:
        otherwise = Choices(presumed_days=PresumedDays.WORKDAYS, days_before=DaysBefore.PLAIN)
        assert deadline(rule, at, CALENDAR, choices=otherwise) == deadline(rule, at, CALENDAR)


@given(
    facts=st.dictionaries(
        st.sampled_from(sorted({rule.trigger for rule in MEASURED})),
        st.datetimes(datetime(2026, 1, 1), datetime(2026, 9, 1), timezones=st.just(UTC)),  # noqa: DTZ001
        max_size=8,
    ),
    stage=st.sampled_from(Stage),
    procedure=st.sampled_from(Procedure),
)
def test_targets_beside_the_law_make_no_end_later_and_no_lateness_disappear(
    facts: dict[str, datetime], stage: Stage, procedure: Procedure
) -> None:
    situation = Situation(stage=stage, facts=facts, procedure=procedure)

    def found(choices: Choices) -> dict[str, Clock]:
        counted = clocks(rule_set(), situation, calendar=CALENDAR, now=NOW, choices=choices)
        return {each.key: each for each in counted if each.running}

    both, law = found(AS_PRESUMED), found(WITHOUT_TARGETS)
    for key, alone in law.items():
        beside = both[key]
        assert beside.deadline.due_at <= alone.deadline.due_at
        assert alone.late_at is None or (beside.late_at is not None and beside.late_at <= alone.late_at)
        assert not alone.deadline.rule.internal
    assert set(both) - set(law) <= {
        clock.key for clock in rule_set().clocks if any(rule.internal for rule in clock.rules)
    }


@given(
    returns=st.lists(st.integers(1, 20), max_size=5),
    received=st.datetimes(datetime(2026, 1, 1), datetime(2026, 3, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_a_review_is_counted_from_the_last_return_that_counts(returns: list[int], received: datetime) -> None:
    happened: dict[str, list[datetime]] = {"returned_for_supplement": [], "supplement_returned": []}
    at = received
    for days in returns:
        at += timedelta(days=days)
        happened["returned_for_supplement"].append(at)
        at += timedelta(days=1)
        happened["supplement_returned"].append(at)
    facts = {"procuratorate_received_case_file": received} | {
        key: every[-1] for key, every in happened.items() if every
    }
    earlier = {key: tuple(every[:-1]) for key, every in happened.items()}
    situation = Situation(stage=Stage.PROSECUTION_REVIEW, facts=facts, earlier=earlier)
    found = {each.key: each for each in clocks(rule_set(), situation, calendar=CALENDAR, now=NOW)}
    counted = happened["supplement_returned"][:2]
    review = found["review_for_prosecution"]
    assert review.running
    assert review.deadline.trigger_at == (counted[-1] if counted else received)
    assert ("supplement" in found) == bool(returns)
    assert not returns or not found["supplement"].running
