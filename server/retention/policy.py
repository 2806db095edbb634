"""Rules of retention: until when a case is kept, what keeps it longer, when its records may be sealed."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import ClassVar

from server.cases.deadlines.counting import months_later
from server.cases.model import Case
from server.kernel.clock import local_date
from server.kernel.errors import N_, DomainError, Kind
from server.retention.model import Hold
from server.retention.periods import Period

GRACE = timedelta(days=7)
"""How long anybody of the institution can take an erasure back."""
OPENED_FOR = timedelta(days=7)
"""How long a seal that was opened for a purpose stays so."""
ACTOR = "system:retention"


class StillKept(DomainError):
    """The case's time is not over."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "still-kept"
    title: ClassVar[str] = N_("保管期限未满，不能销毁")
    advice: ClassVar[str] = N_("这个案件须保管到 {until}。在那以前，任何人都不能销毁它。")


class StageOpen(DomainError):
    """The same person's case goes on at a later stage."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "stage-open"
    title: ClassVar[str] = N_("后续阶段还没有结案，不能销毁")
    advice: ClassVar[str] = N_("同一受援人的案件在后续阶段仍在办理，期限从最后一个阶段结案起算。")


class OnHold(DomainError):
    """Somebody has reason to keep the case."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "on-hold"
    title: ClassVar[str] = N_("案件已被保全，不能销毁")
    advice: ClassVar[str] = N_("请先核对保全的原因；原因消失后解除保全，再安排销毁。")


class NotAMinor(DomainError):
    """The recipient was no minor: nothing demands that the records be sealed."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "not-a-minor"
    title: ClassVar[str] = N_("只有未成年人的案件可以封存")
    advice: ClassVar[str] = N_("如果受援人当时不满十八周岁，请联系办案机关更正通知中的出生日期。")


class NotPlanned(DomainError):
    """There is no erasure to take back, or it has begun."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "erasure-not-planned"
    title: ClassVar[str] = N_("没有可以撤回的销毁安排")
    advice: ClassVar[str] = N_("请看本页最新的状态。")


class NotOnHold(DomainError):
    """The hold was lifted, or never was."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "not-on-hold"
    title: ClassVar[str] = N_("这项保全已经解除")
    advice: ClassVar[str] = N_("请看本页最新的状态。")


class PeriodTooShort(DomainError):
    """The law demands more."""

    code: ClassVar[str] = "period-too-short"
    title: ClassVar[str] = N_("不能短于法定期限")
    advice: ClassVar[str] = N_("这一类记录至少保存 {months} 个月。")


def kept_until(stages: Iterable[Case], period: Period) -> date | None:
    """Return the day from which a case need be kept no longer; None while a stage of it is open.

    Args:
        stages: the case and the same person's cases of later stages; the last end counts.
        period: how long cases are kept.
    """
    ends = [stage.closed_at for stage in stages]
    closed = [local_date(end) for end in ends if end is not None]
    return months_later(max(closed), period.months) if len(closed) == len(ends) else None


def check_erasable(stages: Iterable[Case], holds: Iterable[Hold], period: Period, today: date) -> None:
    """Pass if a case may be erased today.

    Raises:
        StageOpen, StillKept, OnHold: it may not.
    """
    until = kept_until(stages, period)
    if until is None:
        raise StageOpen
    if today < until:
        raise StillKept(until=until.isoformat())
    if any(hold.lasts for hold in holds):
        raise OnHold
