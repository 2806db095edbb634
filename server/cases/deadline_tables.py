"""Worked tables of `docs/deadlines.md`: each way of counting at the days that are hard, and the restarts.

The rows say what is counted; the product's own code counts them, and a test knows the ends by hand.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from server.cases.deadlines.calendar import Calendar
from server.cases.deadlines.choices import AS_PRESUMED, Choices, DaysBefore, PresumedDays
from server.cases.deadlines.counting import Deadline, deadline
from server.cases.deadlines.engine import Clock, Situation, clocks
from server.cases.deadlines.rules import Mode, rule_set
from server.cases.model import Stage
from server.cases.vocabulary import TRIGGERS
from server.http.dates import Dates
from server.http.i18n import Locale
from server.kernel.clock import CHINA

DATES = Dates(Locale.ZH)
_WORKDAYS = Choices(presumed_days=PresumedDays.WORKDAYS)
_PLAIN = Choices(days_before=DaysBefore.PLAIN)


@dataclass(frozen=True, slots=True)
class Row:
    """One deadline of a table."""

    about: str
    """What is hard about it."""
    rule_id: str
    at: datetime
    in_custody: bool = False
    choices: Choices = AS_PRESUMED


def _on(year: int, month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=CHINA).astimezone(UTC)


TABLES: Mapping[Mode, tuple[Row, ...]] = {
    Mode.CALENDAR: (
        Row("国庆节前", "N02", _on(2026, 9, 28)),
        Row("春节前", "N02", _on(2026, 2, 12)),
        Row("末日是调休上班的周六", "N02", _on(2026, 2, 11)),
        Row("平常的周末", "N02", _on(2026, 11, 18)),
        Row("月末跨月", "C05", _on(2026, 4, 28)),
        Row("羁押期限，国庆节", "C03", _on(2026, 9, 28)),
        Row("放假安排未公布的年份", "N02", _on(2028, 9, 28)),
    ),
    Mode.PRESUMED: (
        Row("国庆节前，按日历日推定", "A14", _on(2026, 9, 28)),
        Row("国庆节前，设定为工作日", "A14", _on(2026, 9, 28), choices=_WORKDAYS),
        Row("春节前，按日历日推定", "A05", _on(2026, 2, 13)),
        Row("春节前，设定为工作日", "A05", _on(2026, 2, 13), choices=_WORKDAYS),
        Row("放假安排未公布的年份", "A05", _on(2028, 9, 28)),
    ),
    Mode.HOURS: (
        Row("48 小时，跨周末", "M01", _on(2026, 10, 16, 16, 20)),
        Row("48 小时，国庆节", "M01", _on(2026, 9, 30, 9, 12)),
        Row("48 小时，春节，整点起算", "M01", _on(2026, 2, 16, 8)),
        Row("24 小时，跨年", "C01", _on(2026, 12, 31, 23, 59)),
        Row("放假安排未公布的年份，不受影响", "M01", _on(2028, 9, 30, 9, 12)),
    ),
    Mode.WORKDAYS: (
        Row("国庆节前", "F02", _on(2026, 9, 28)),
        Row("遇调休上班的周六", "F02", _on(2026, 10, 7)),
        Row("春节前", "V03", _on(2026, 2, 13)),
        Row("放假安排未公布的年份", "F02", _on(2028, 9, 28)),
    ),
    Mode.BEFORE: (
        Row("开庭前三日", "T03", _on(2026, 10, 15, 9, 30)),
        Row("同上，设定为只有开庭当天不计", "T03", _on(2026, 10, 15, 9, 30), choices=_PLAIN),
        Row("开庭前十日，末日在国庆假期", "T02", _on(2026, 10, 15, 9, 30)),
        Row("开庭前十日，末日在春节", "T02", _on(2026, 3, 2, 9, 30)),
        Row("三个工作日，跨国庆节", "V02", _on(2026, 10, 10, 9, 30)),
        Row("放假安排未公布的年份", "V02", _on(2028, 10, 12, 9, 30)),
    ),
    Mode.MONTHS: (
        Row("月末到月末", "C06", _on(2026, 1, 31)),
        Row("当月没有同一日", "C08", _on(2026, 1, 30)),
        Row("二月末日到三月末日", "C08", _on(2026, 2, 28)),
        Row("国庆节，没有羁押", "T07", _on(2026, 8, 1)),
        Row("国庆节，在押", "T07", _on(2026, 8, 1), in_custody=True),
        Row("春节，没有羁押", "T12", _on(2025, 12, 17)),
        Row("放假安排未公布的年份", "T12", _on(2028, 8, 1)),
    ),
    Mode.APPEAL: (
        Row("国庆节", "T11", _on(2026, 9, 21)),
        Row("春节", "T11", _on(2026, 2, 6)),
        Row("年末最后一天", "T11", _on(2026, 12, 21)),
        Row("放假安排未公布的年份", "T11", _on(2028, 9, 21)),
    ),
}

RESTARTS = (
    ("procuratorate_received_case_file", _on(2026, 3, 2)),
    ("returned_for_supplement", _on(2026, 3, 20)),
    ("supplement_returned", _on(2026, 4, 15)),
    ("returned_for_supplement", _on(2026, 5, 10)),
    ("supplement_returned", _on(2026, 6, 5)),
    ("returned_for_supplement", _on(2026, 7, 1)),
)
"""What happens to one case in turn; the third return is one too many."""
REVIEW, SUPPLEMENT = "review_for_prosecution", "supplement"


def count(row: Row) -> Deadline:
    """Count a row."""
    rule = rule_set().named(row.rule_id)
    if rule is None:
        raise LookupError(row.rule_id)
    return deadline(rule, row.at, Calendar(), in_custody=row.in_custody, choices=row.choices)


def restarted(steps: int) -> dict[str, Clock]:
    """Return the clocks of the restarting case after so many of its events."""
    happened: dict[str, list[datetime]] = {}
    for key, at in RESTARTS[:steps]:
        happened.setdefault(key, []).append(at)
    situation = Situation(
        stage=Stage.PROSECUTION_REVIEW,
        facts={key: every[-1] for key, every in happened.items()},
        earlier={key: tuple(every[:-1]) for key, every in happened.items()},
    )
    now = RESTARTS[steps - 1][1]
    return {each.key: each for each in clocks(rule_set(), situation, calendar=Calendar(), now=now)}


def mode_table(mode: Mode) -> Iterator[str]:
    """Yield the lines of a mode's table."""
    yield "| 情形 | 规则 | 起算 | 届满 |"
    yield "|---|---|---|---|"
    for row in TABLES[mode]:
        found = count(row)
        remarks = {"，顺延": found.moved, "，不顺延": found.held, "，**暂定**": found.provisional}
        remark = "".join(text for text, holds in remarks.items() if holds)
        words = TRIGGERS[found.rule.trigger]
        yield f"| {row.about} | {row.rule_id} | {_moment(row.at)} {words} | **{_end(found)}**{remark} |"


def restart_table() -> Iterator[str]:
    """Yield the lines of the table of a review that is counted anew."""
    yield "| 日期 | 事项 | 审查起诉期限（C07） | 补充侦查（C08） |"
    yield "|---|---|---|---|"
    for place, (key, at) in enumerate(RESTARTS, start=1):
        found = restarted(place)
        ends = f"{_stand(found[REVIEW])} | {_stand(found.get(SUPPLEMENT))}"
        yield f"| {DATES.full_day(at)} | {TRIGGERS[key]} | {ends} |"


def _stand(clock: Clock | None) -> str:
    if clock is None:
        return "没有开始"
    return f"**{_end(clock.deadline)}**" if clock.running else "不计算"


def _moment(at: datetime) -> str:
    return f"{DATES.full_day(at)} {DATES.time(at)}"


def _end(found: Deadline) -> str:
    return f"{found.due_on.year}年{DATES.end(found.due_at)}"
