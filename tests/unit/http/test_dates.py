"""Moments and durations in words."""

from datetime import UTC, date, datetime, timedelta

import pytest

from server.http.dates import Dates
from server.http.i18n import Locale

ZH, EN = Dates(Locale.ZH), Dates(Locale.EN)
MONDAY = datetime(2026, 9, 28, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("length", "chinese", "english"),
    [
        (timedelta(days=4, hours=23), "4 天", "4 days"),
        (timedelta(hours=48), "2 天", "2 days"),
        (timedelta(hours=47, minutes=59), "47 小时", "47 hours"),
        (timedelta(hours=1), "1 小时", "1 hour"),
        (timedelta(minutes=59, seconds=59), "59 分", "59 min"),
        (timedelta(seconds=3), "0 分", "0 min"),
        (-timedelta(hours=30), "30 小时", "30 hours"),
    ],
)
def test_a_duration_is_told_in_the_unit_people_use(length: timedelta, chinese: str, english: str) -> None:
    assert (ZH.duration(length), EN.duration(length)) == (chinese, english)


def test_a_moment_is_told_in_china_time() -> None:
    assert ZH.moment(MONDAY) == "9月28日 周一 09:12"
    assert EN.moment(MONDAY) == "Mon 28 Sep 09:12"


def test_a_day_begins_at_midnight_in_china() -> None:
    late = datetime(2026, 9, 27, 16, 0, tzinfo=UTC)
    assert ZH.near(late, MONDAY) == "今天 00:00"
    assert ZH.near(late - timedelta(seconds=1), MONDAY) == "昨天 23:59"
    assert EN.near_day(date(2026, 9, 29), MONDAY) == "tomorrow"


def test_a_period_that_ends_with_a_day_ends_at_its_24_00() -> None:
    midnight = datetime(2026, 9, 28, 16, 0, tzinfo=UTC)
    assert ZH.end(midnight) == "9月28日 周一 24:00"
    assert EN.near_end(midnight, MONDAY) == "today 24:00"
    assert ZH.near_end(MONDAY, MONDAY) == "今天 09:12"


def test_a_day_far_away_is_told_with_its_year_where_asked() -> None:
    assert ZH.full_day(date(2027, 1, 4)) == "2027年1月4日 周一"
    assert EN.full_day(date(2027, 1, 4)) == "Mon 4 Jan 2027"
