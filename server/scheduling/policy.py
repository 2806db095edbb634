"""Rules of bookings: how an identity stands to one, and what a request must satisfy before it is tried."""

from datetime import datetime

from server.kernel.errors import N_, DomainError, Kind, StaleVersion
from server.kernel.identity import Identity, Role
from server.kernel.permissions import Relation
from server.scheduling.model import (
    BOOK_AHEAD,
    BOOKING_TRANSITIONS,
    LENGTHS,
    Booking,
    BookingStatus,
    FacilityPractice,
    Slot,
)


class SlotTaken(DomainError):
    """Somebody needed for the slot is not free; who, and for which case, is not told."""

    kind = Kind.CONFLICT
    code = "slot-taken"
    title = N_("这个时段刚被约走")
    advice = N_("请从旁边列出的空闲时段中改选，已填内容仍然保留。")


class SlotInThePast(DomainError):
    """The slot has begun."""

    code = "slot-in-the-past"
    title = N_("这个时段已经开始或过去")
    advice = N_("请改选晚一些的时段。")


class TooFarAhead(DomainError):
    """The slot is farther off than anybody may book."""

    code = "too-far-ahead"
    title = N_("这个时段太远，还不能预约")
    advice = N_("请选择 {days} 天以内的时段。")


class FacilityClosed(DomainError):
    """The facility brings nobody to the terminals at that time."""

    code = "facility-closed"
    title = N_("看守所这个时段不开放会见")
    advice = N_("请改选日历中标为空闲的时段。")


class UnusualLength(DomainError):
    """The length is none that can be chosen."""

    code = "unusual-length"
    title = N_("会见时长不在可选范围")
    advice = N_("请从 30、60、90 分钟中选择。")


class NotInCustody(DomainError):
    """The recipient is in no detention facility."""

    kind = Kind.CONFLICT
    code = "not-in-custody"
    title = N_("受援人不在看守所，不需要预约终端")
    advice = N_("请直接与受援人约定会见；如羁押地有变化，请联系法律援助机构更新。")


class HoldExpired(DomainError):
    """The slot was kept for ten minutes, which are over."""

    kind = Kind.CONFLICT
    code = "hold-expired"
    title = N_("保留的时段已经释放")
    advice = N_("请重新选择时段，10 分钟内提交。")


class NotItsTurn(DomainError):
    """The booking's life cycle has no such step from where it is."""

    kind = Kind.CONFLICT
    code = "booking-not-its-turn"
    title = N_("预约的状态已经变化")
    advice = N_("请刷新页面查看最新状态。")


class ReasonNeedsText(DomainError):
    """A reason that says "other" must be written out."""

    code = "reason-needs-text"
    title = N_("请写明退回原因")
    advice = N_("选“其他原因”时须写明，律师会看到。")


class NoAlternative(DomainError):
    """A refusal offers nothing although something is free."""

    code = "no-alternative"
    title = N_("请至少勾选一个替代时段")
    advice = N_("律师会直接从您给出的时段中改选。")


def relation_to_booking(identity: Identity, booking: Booking, *, to_case: Relation) -> Relation:
    """Return how an identity stands to a booking: a lawyer through the case, an officer by the facility."""
    if identity.role is Role.FACILITY_OFFICER:
        own = identity.organisation_id == booking.facility_id
        if not own:
            return Relation.UNRELATED
        return Relation.CLOSED if not BOOKING_TRANSITIONS[booking.status] else Relation.OWN
    if identity.role is not Role.LAWYER:
        return Relation.UNRELATED
    if to_case is Relation.OWN and not BOOKING_TRANSITIONS[booking.status]:
        return Relation.CLOSED
    return to_case


def check_slot(slot: Slot, practice: FacilityPractice, now: datetime) -> None:
    """Pass if the slot can be asked for at all, whoever may be busy.

    Raises:
        SlotInThePast: it has begun.
        TooFarAhead: it is farther off than anybody may book.
        UnusualLength: its length can't be chosen.
        FacilityClosed: the facility is closed in some part of it.
    """
    if slot.starts_at <= now:
        raise SlotInThePast
    if slot.starts_at > now + BOOK_AHEAD:
        raise TooFarAhead(days=BOOK_AHEAD.days)
    if slot.length not in LENGTHS:
        raise UnusualLength
    if not practice.is_open(slot):
        raise FacilityClosed


def check_version(booking: Booking, version: int) -> None:
    """Pass if the form that names `version` showed the booking as it is; raises `StaleVersion`."""
    if booking.version != version:
        raise StaleVersion


def check_step(booking: Booking, to: BookingStatus) -> None:
    """Pass if the life cycle has this step; raises `NotItsTurn`."""
    if to not in BOOKING_TRANSITIONS[booking.status]:
        raise NotItsTurn
