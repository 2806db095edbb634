"""The ruler of deadlines.

September 2026         October 2026
Mo Tu We Th Fr Sa Su   Mo Tu We Th Fr Sa Su
21 22 23 24 25 26 27            1  2  3  4     25–27 中秋
28 29 30                5  6  7  8  9 10 11     1–7 国庆
"""

from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from server.http.ruler import Bar, ruler
from server.kernel.clock import CHINA

NATIONAL_DAY = tuple(date(2026, 10, day) for day in range(1, 8))


def day(month: int, number: int, hour: int = 0) -> datetime:
    return datetime(2026, month, number, hour, tzinfo=CHINA)


def test_ten_days_that_end_in_the_holiday_show_the_holiday_and_the_extension() -> None:
    drawn = ruler(
        starts_at=day(9, 24),
        due_at=day(10, 9),
        now=day(9, 28),
        days_off=(*NATIONAL_DAY, date(2026, 9, 25), date(2026, 9, 26), date(2026, 9, 27)),
        nominal_due_at=day(10, 4),
    )
    assert drawn.now == drawn.done == round(400 / 15, 2)
    assert drawn.days_off == (Bar(6.67, 20.0), Bar(46.67, 46.66))
    assert drawn.extension == Bar(66.67, 33.33)
    assert len(drawn.ticks) == 14


def test_a_period_that_is_over_is_wholly_done_and_shows_no_now() -> None:
    drawn = ruler(starts_at=day(9, 1), due_at=day(9, 3), now=day(9, 28))
    assert (drawn.done, drawn.now) == (100.0, None)


def test_a_long_period_has_no_ticks_that_nobody_could_tell_apart() -> None:
    assert ruler(starts_at=day(1, 1), due_at=day(9, 3), now=day(5, 1)).ticks == ()


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(  # noqa: DTZ001 - made aware
    lambda moment: moment.replace(tzinfo=CHINA)
)


@given(moments, st.timedeltas(timedelta(0), timedelta(days=90)), moments, st.lists(st.dates(), max_size=9))
def test_nothing_is_drawn_outside_the_ruler(
    starts_at: datetime, length: timedelta, now: datetime, days_off: list[date]
) -> None:
    drawn = ruler(starts_at=starts_at, due_at=starts_at + length, now=now, days_off=days_off)
    bars = (*drawn.days_off, *([drawn.extension] if drawn.extension else []))
    assert all(0 <= bar.x <= bar.x + bar.width <= 100.01 for bar in bars)
    assert all(0 <= place <= 100 for place in (drawn.done, *drawn.ticks))
