"""How a deadline was counted, in sentences: the same on a page and in the document of worked examples."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from server.cases.deadlines.calendar import Day
from server.cases.deadlines.counting import Deadline
from server.cases.deadlines.rules import Mode, Unit
from server.cases.wording import Words
from server.kernel.clock import local_date
from server.kernel.errors import N_


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Days off in a row, for one reason, over which an end moved."""

    first: date
    last: date
    name: str


_COUNTED: Mapping[Mode, str] = {
    Mode.CALENDAR: N_("当天不计，从{first}起算 {n} 日，末日{last}。"),
    Mode.PRESUMED: N_("当天不计，从{first}起算 {n} 日，末日{last}。"),
    Mode.APPEAL: N_("从接到的第二日{first}起算 {n} 日，末日{last}；交邮的，以交邮日为准。"),
    Mode.WORKDAYS: N_("当天不计，从{first}起算 {n} 个工作日，末日{last}。"),
    Mode.HOURS: N_("{n} 小时连续计算，不扣假日；按法条从下一个整点起算，最迟{limit}。"),
    Mode.MONTHS: N_("自{start}起满 {n} 个月，末日{last}；当月没有同一日的，到月末为止。"),
}
_BEFORE: Mapping[Unit, str] = {
    Unit.DAYS: N_("从{event}往前算，当天和办理当天都不计，中间留足 {n} 日，最迟{last}。"),
    Unit.WORKDAYS: N_("从{event}往前算，当天和办理当天都不计，中间留足 {n} 个工作日，最迟{last}。"),
    Unit.BEFOREHAND: N_("应在{event}以前。"),
}
_PLAINLY_BEFORE: Mapping[Unit, str] = {
    **_BEFORE,
    Unit.DAYS: N_("从{event}往前算，当天不计，提前 {n} 日，最迟{last}。"),
    Unit.WORKDAYS: N_("从{event}往前算，当天不计，提前 {n} 个工作日，最迟{last}。"),
}
"""The same where the operator chose not to count clear days."""


_HELD: Mapping[bool, str] = {
    True: N_("这一天是休息日，法律没有写明怎样处理，请在此前的工作日办理。"),
    False: N_("末日是休息日，但在押期间不因节假日延长。"),
}
"""Why an end on a day off does not move, by whether it was counted back."""


_PRESUMED: Mapping[Mode, str] = {
    Mode.PRESUMED: N_("法律没有写明这里的“日”怎样计算，按日历日推定。"),
    Mode.WORKDAYS: N_("法律没有写明这里的“日”怎样计算，本平台设定按工作日计算。"),
}


def explain(deadline: Deadline) -> Iterable[Words]:
    """Return the sentences that say how a deadline was counted."""
    rule = deadline.rule
    values = {
        "n": rule.n,
        "start": local_date(deadline.trigger_at),
        "event": deadline.trigger_at,
        "first": deadline.counted_from,
        "last": deadline.last_day,
        "limit": deadline.limit_at,
    }
    if rule.mode is Mode.BEFORE:
        yield (_BEFORE if deadline.clear else _PLAINLY_BEFORE)[rule.unit], values
    else:
        yield _COUNTED[deadline.counted_as], values
    if deadline.restart is not None and deadline.restart.citation:
        yield N_("补充侦查完毕，依照{article}重新计算。"), {"article": deadline.restart.citation}
    if deadline.extra.months:
        yield N_("含经决定延长的 {n} 个月。"), {"n": deadline.extra.months}
    if deadline.extra.days:
        yield N_("含经决定延长的 {n} 日。"), {"n": deadline.extra.days}
    if deadline.moved:
        yield N_("末日是休息日，顺延到之后第一个工作日{due}。"), {"due": deadline.due_on}
    if deadline.held:
        yield _HELD[rule.mode is Mode.BEFORE], {}
    if deadline.presumed:
        yield _PRESUMED[deadline.counted_as], {}


def runs_of(skipped: Iterable[Day]) -> Iterable[Skipped]:
    """Return days off that follow each other under one name as one."""
    for name, run in groupby(skipped, key=lambda day: day.name or N_("周末")):
        days = list(run)
        yield Skipped(first=days[0].date, last=days[-1].date, name=name)
