"""Worked tables of each counting mode: around holidays, at month ends, without a calendar."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.cases.deadline_document import deadline_document
from server.cases.deadlines.calendar import Calendar, CalendarEntry
from server.cases.deadlines.counting import Deadline, deadline, months_later
from server.cases.deadlines.rules import Custody, DeadlineRule, Mode, rule_set
from server.cases.explaining import explain
from server.cases.vocabulary import TRIGGERS
from server.kernel.clock import CHINA, local_date

RULES = {rule.id: rule for rule in rule_set().rules}
DOCUMENT = Path(__file__).parents[3] / "docs" / "deadlines.md"


def china(year: int, month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=CHINA).astimezone(UTC)


def counted(rule_id: str, at: datetime, *, in_custody: bool = False) -> Deadline:
    return deadline(RULES[rule_id], at, Calendar(), in_custody=in_custody)


def said(found: Deadline) -> str:
    return "".join(words for words, _ in explain(found))


# C  calendar days.   2026: Oct 1–7 off, Oct 10 worked; Feb 15–23 off, Feb 14 and 28 worked.
CALENDAR_DAYS = [
    # rule  trigger               last day            due
    ("N02", china(2026, 9, 21), date(2026, 9, 24), date(2026, 9, 24)),
    ("N02", china(2026, 9, 28), date(2026, 10, 1), date(2026, 10, 8)),
    ("F05", china(2026, 10, 5), date(2026, 10, 10), date(2026, 10, 10)),
    ("T06", china(2026, 2, 1), date(2026, 2, 16), date(2026, 2, 24)),
    ("N02", china(2026, 2, 11), date(2026, 2, 14), date(2026, 2, 14)),
    # I  the same, presumed
    ("A06", china(2026, 9, 28), date(2026, 10, 5), date(2026, 10, 8)),
    # X  ten days from the day after the judgment was received
    ("T11", china(2026, 9, 21), date(2026, 10, 1), date(2026, 10, 8)),
    ("T11", china(2026, 2, 6), date(2026, 2, 16), date(2026, 2, 24)),
    ("T11", china(2026, 12, 21), date(2026, 12, 31), date(2026, 12, 31)),
]


@pytest.mark.parametrize(("rule_id", "at", "last", "due"), CALENDAR_DAYS)
def test_calendar_days_move_over_days_off(rule_id: str, at: datetime, last: date, due: date) -> None:
    found = counted(rule_id, at)
    assert (found.last_day, found.due_on) == (last, due)
    assert found.due_at == datetime(due.year, due.month, due.day, tzinfo=CHINA) + timedelta(days=1)


# W  working days
WORKDAYS = [
    ("F02", china(2026, 9, 28), date(2026, 10, 8)),  # 29, 30, then the holiday, 8 Oct
    ("F02", china(2026, 10, 7), date(2026, 10, 10)),  # 8, 9, and the Saturday that is worked
    ("V03", china(2026, 2, 13), date(2026, 2, 24)),  # 14 is a Saturday that is worked, then Spring Festival
    ("V03", china(2026, 9, 24), date(2026, 9, 29)),  # Mid-Autumn 25–27
]


@pytest.mark.parametrize(("rule_id", "at", "due"), WORKDAYS)
def test_working_days_are_those_on_which_offices_are_open(rule_id: str, at: datetime, due: date) -> None:
    found = counted(rule_id, at)
    assert (found.due_on, found.moved) == (due, False)


# B  clear days before a hearing on Th 15 Oct 2026, 09:30
BEFORE = [
    ("T03", date(2026, 10, 11)),  # 12, 13, 14 lie between
    ("T02", date(2026, 10, 4)),
    ("A09", date(2026, 9, 29)),
    ("V02", date(2026, 10, 10)),  # three working days between: 12, 13, 14; the 11th is a Sunday
]


@pytest.mark.parametrize(("rule_id", "due"), BEFORE)
def test_days_before_a_hearing_are_whole_days_in_between(rule_id: str, due: date) -> None:
    found = counted(rule_id, china(2026, 10, 15, 9, 30))
    assert found.due_on == due
    assert found.due_at < found.trigger_at


def test_what_is_due_before_a_hearing_without_a_number_is_due_when_it_begins() -> None:
    found = counted("T05", china(2026, 10, 15, 9, 30))
    assert found.due_at == found.trigger_at


def test_counted_back_to_a_day_off_the_end_stays_and_says_so() -> None:
    found = counted("T02", china(2026, 10, 15))
    assert found.held
    assert "请在此前的工作日办理" in said(found)


# M  months                                                  in custody: the end does not move
MONTHS = [
    ("T07", china(2026, 1, 15), date(2026, 3, 15), date(2026, 3, 16), date(2026, 3, 15)),  # a Sunday
    ("T07", china(2025, 12, 31), date(2026, 2, 28), date(2026, 2, 28), date(2026, 2, 28)),  # worked Saturday
    ("T07", china(2026, 8, 1), date(2026, 10, 1), date(2026, 10, 8), date(2026, 10, 1)),
    ("T12", china(2026, 2, 28), date(2026, 4, 30), date(2026, 4, 30), date(2026, 4, 30)),
]


@pytest.mark.parametrize(("rule_id", "at", "last", "free", "detained"), MONTHS)
def test_months_end_with_the_same_day_and_custody_is_not_made_longer(
    rule_id: str, at: datetime, last: date, free: date, detained: date
) -> None:
    assert RULES[rule_id].custody is Custody.WHILE_DETAINED
    assert counted(rule_id, at).last_day == last
    assert counted(rule_id, at).due_on == free
    assert counted(rule_id, at, in_custody=True).due_on == detained


# SPC interpretation 202: same day; a month's last day stands for the last day; no such day: the last one
@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 1, 15), 1, date(2026, 2, 15)),
        (date(2026, 1, 30), 1, date(2026, 2, 28)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 2, 28), 1, date(2026, 3, 31)),
        (date(2028, 2, 28), 1, date(2028, 3, 28)),
        (date(2027, 12, 31), 2, date(2028, 2, 29)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 1, 31), 36, date(2029, 1, 31)),
    ],
)
def test_a_month_is_full_with_the_same_day_or_the_last(start: date, months: int, end: date) -> None:
    assert months_later(start, months) == end


@pytest.mark.parametrize("rule_id", ["C03", "C04", "C06", "C07", "C08", "C09"])
def test_the_limits_of_detention_never_move(rule_id: str) -> None:
    for day in range(1, 29):
        found = counted(rule_id, china(2026, 2, day))
        assert (found.due_on, found.moved) == (found.last_day, False)
        assert found.held == (not Calendar().day(found.last_day).working)
        assert ("不因节假日延长" in said(found)) == found.held


# H  hours
@pytest.mark.parametrize(
    ("at", "due", "limit"),
    [
        # 48 hours over a weekend: nothing moves
        (china(2026, 10, 16, 16, 20), china(2026, 10, 18, 16, 20), china(2026, 10, 18, 17)),
        # over Spring Festival
        (china(2026, 2, 16, 8, 0), china(2026, 2, 18, 8, 0), china(2026, 2, 18, 8)),
        (china(2026, 12, 31, 23, 59), china(2027, 1, 2, 23, 59), china(2027, 1, 3, 0)),
    ],
)
def test_hours_run_on_end(at: datetime, due: datetime, limit: datetime) -> None:
    found = counted("M01", at)
    assert (found.due_at, found.limit_at, found.provisional) == (due, limit, False)


# A year that is not published yet: provisional, and rather too early than too late
@pytest.mark.parametrize("rule_id", ["N02", "A06", "F02", "T11", "V02"])
def test_without_the_years_calendar_an_end_is_provisional(rule_id: str) -> None:
    assert counted(rule_id, china(2028, 9, 28)).provisional
    assert not counted(rule_id, china(2026, 6, 1)).provisional


def test_what_the_operator_enters_makes_an_end_certain() -> None:
    entries = [CalendarEntry(date(2028, 10, day), working=False, name="国庆节") for day in range(1, 8)] + [
        CalendarEntry(date(2028, 10, 14), working=True, name="")
    ]
    found = deadline(RULES["N02"], china(2028, 9, 28), Calendar(entries))
    assert (found.due_on, found.provisional) == (date(2028, 10, 8) + timedelta(days=1), False)


# P  nothing to count
def test_what_is_not_measured_has_no_end() -> None:
    unmeasured = [rule for rule in RULES.values() if not rule.measured]
    assert len(unmeasured) == 16
    for rule in unmeasured:
        with pytest.raises(ValueError, match=rule.id):
            counted(rule.id, china(2026, 9, 28))


@given(
    rule=st.sampled_from([rule for rule in RULES.values() if rule.measured]),
    at=st.datetimes(datetime(2022, 1, 1), datetime(2031, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    in_custody=st.booleans(),
)
def test_each_rule_can_be_counted_on_any_day_and_explained(
    rule: DeadlineRule,
    at: datetime,
    in_custody: bool,  # noqa: FBT001 - drawn
) -> None:
    found = deadline(rule, at, Calendar(), in_custody=in_custody)
    assert (found.due_at <= at) == (rule.mode is Mode.BEFORE)
    assert found.nominal_due_at <= found.due_at <= found.limit_at
    assert list(explain(found))
    if rule.mode is Mode.WORKDAYS:
        assert Calendar().day(found.due_on).working
        between = Calendar().days(local_date(at) + timedelta(days=1), found.due_on)
        assert sum(day.working for day in between) == rule.n


def test_every_rule_has_words_for_its_trigger_and_all_eighty_eight_are_there() -> None:
    assert len(RULES) == 88
    assert {rule.trigger for rule in RULES.values()} <= set(TRIGGERS)


def test_every_rule_has_a_worked_example_in_the_document() -> None:
    told = DOCUMENT.read_text(encoding="utf-8")
    assert told == deadline_document(), "python3 -m server docs"
    for rule in RULES.values():
        entry = told.partition(f"### {rule.id} ")[2].partition("\n### ")[0]
        assert "**例**" in entry
        assert ("届满**" in entry) == rule.measured
        assert ("未核实" in entry) == (not rule.verified)
