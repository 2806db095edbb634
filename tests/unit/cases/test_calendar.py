from datetime import date, timedelta

import pytest

from server.cases.deadlines.calendar import HOLIDAY_NAMES, Calendar, CalendarEntry, DayKind

CALENDAR = Calendar()

# 2026        Mo  Tu  We  Th  Fr  Sa  Su        W worked   w weekend   H holiday   M make-up workday
# Sep 14      W   W   W   W   W   w   M
# Sep 21      W   W   W   W   H   w   w         Sep 25 Mid-Autumn
# Sep 28      W   W   W   H   H   H   w         Oct 1–3 National Day
# Oct  5      H   H   H   W   W   M   w         Oct 5–7 days off, Oct 10 worked for Oct 7
DRAWN = {
    date(2026, 9, 14): "WWWWWwM",
    date(2026, 9, 21): "WWWWHww",
    date(2026, 9, 28): "WWWHHHw",
    date(2026, 10, 5): "HHHWWMw",
}
LETTERS = {DayKind.WORKDAY: "W", DayKind.WEEKEND: "w", DayKind.HOLIDAY: "H", DayKind.MAKE_UP: "M"}


@pytest.mark.parametrize("monday", list(DRAWN))
def test_the_weeks_around_national_day_are_as_published(monday: date) -> None:
    week = CALENDAR.days(monday, monday + timedelta(days=6))
    assert "".join(LETTERS[day.kind] for day in week) == DRAWN[monday]


def test_a_published_year_is_not_provisional_and_a_later_one_is() -> None:
    assert not CALENDAR.day(date(2026, 10, 1)).provisional
    assert CALENDAR.day(date(2027, 10, 1)).provisional
    assert CALENDAR.day(date(2031, 3, 3)).provisional


def test_in_an_unpublished_year_weekends_near_a_holiday_count_as_worked() -> None:
    near, far = date(2027, 10, 10), date(2027, 11, 14)
    assert near.weekday() == far.weekday() == 6
    assert CALENDAR.day(near).kind is DayKind.MAKE_UP
    assert CALENDAR.day(far).kind is DayKind.WEEKEND


def test_what_the_operator_enters_is_believed_and_covers_its_year() -> None:
    corrected = Calendar(
        [
            CalendarEntry(date(2027, 10, 9), working=True, name=""),
            CalendarEntry(date(2027, 10, 8), working=False, name="国庆节"),
        ]
    )
    assert corrected.day(date(2027, 10, 9)).kind is DayKind.MAKE_UP
    assert corrected.day(date(2027, 10, 8)).kind is DayKind.HOLIDAY
    assert not corrected.day(date(2027, 10, 8)).provisional
    assert corrected.covers(2027)
    assert corrected.day(date(2027, 10, 10)).kind is DayKind.WEEKEND


def test_a_workday_that_the_operator_confirms_covers_no_year() -> None:
    monday = date(2031, 3, 3)
    calendar = Calendar([CalendarEntry(monday, working=True, name="")])
    assert not calendar.day(monday).provisional
    assert calendar.day(date(2031, 10, 1)).provisional


def test_every_holiday_has_a_name_that_the_catalogue_knows() -> None:
    names = {day.name for day in CALENDAR.days(date(2024, 1, 1), date(2028, 12, 31))} - {""}
    assert names <= set(HOLIDAY_NAMES)
