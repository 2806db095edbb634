"""The facility says yes or no, the lawyer takes a booking back."""

from dataclasses import dataclass, replace
from datetime import datetime

from server.kernel.clock import Clock
from server.kernel.identity import Identity
from server.kernel.ids import BookingId
from server.kernel.permissions import Action
from server.people.policy import account_of
from server.scheduling.model import (
    FACILITY_REASONS,
    LAWYER_REASONS,
    Booking,
    BookingCancelled,
    BookingConfirmed,
    BookingRefused,
    BookingStatus,
    ReasonCode,
)
from server.scheduling.policy import NoAlternative, NotItsTurn, ReasonNeedsText, check_step, check_version
from server.scheduling.ports import SlotsTx
from server.scheduling.service.records import event_of, find_booking
from server.scheduling.service.searching import alternatives_to


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """A facility's no: why, and which of the free slots it offers instead."""

    booking_id: BookingId
    version: int
    reason: ReasonCode
    text: str = ""
    alternatives: frozenset[datetime] = frozenset()


async def approve(
    booking_id: BookingId, version: int, identity: Identity, tx: SlotsTx, clock: Clock
) -> Booking:
    """Say yes for the facility; its rows in the ledger stay as they are."""
    booking = await find_booking(booking_id, identity, Action.DECIDE_BOOKING, tx)
    check_version(booking, version)
    check_step(booking, BookingStatus.CONFIRMED)
    booking = replace(
        booking,
        version=booking.version + 1,
        status=BookingStatus.CONFIRMED,
        decided_at=clock.now(),
        decided_by=account_of(identity),
    )
    await tx.slots.put_booking(booking)
    tx.record(event_of(BookingConfirmed, booking, identity))
    return booking


async def refuse(command: Refuse, identity: Identity, tx: SlotsTx, clock: Clock) -> Booking:
    """Say no for the facility, with a reason and at least one free slot instead; the slot is given back.

    Where no slot is free, none needs to be offered.

    Raises:
        NotFound, NotAllowed: as `find_booking`.
        StaleVersion, NotItsTurn: it has changed, or the reason is not a facility's.
        ReasonNeedsText: "other" without a text.
        NoAlternative: none of the free slots is offered.
    """
    booking = await find_booking(command.booking_id, identity, Action.DECIDE_BOOKING, tx)
    check_version(booking, command.version)
    check_step(booking, BookingStatus.CANCELLED)
    if command.reason not in FACILITY_REASONS:
        raise NotItsTurn
    if command.reason is ReasonCode.FACILITY_OTHER and not command.text:
        raise ReasonNeedsText
    now = clock.now()
    free = await alternatives_to(booking, tx, now)
    offered = tuple(each for each in free if each.slot.starts_at in command.alternatives)
    if free and not offered:
        raise NoAlternative
    booking = replace(
        booking,
        version=booking.version + 1,
        status=BookingStatus.CANCELLED,
        decided_at=now,
        decided_by=account_of(identity),
        reason=command.reason,
        reason_text=command.text,
        alternatives=tuple(each.slot.starts_at for each in offered),
    )
    await tx.slots.put_booking(booking)
    await tx.slots.release(booking.id)
    tx.record(event_of(BookingRefused, booking, identity))
    return booking


async def cancel(
    booking_id: BookingId, reason: ReasonCode, identity: Identity, tx: SlotsTx, clock: Clock
) -> Booking:
    """Take a booking back for the lawyer, with a coded reason; the slot is given back."""
    booking = await find_booking(booking_id, identity, Action.CANCEL_BOOKING, tx)
    check_step(booking, BookingStatus.CANCELLED)
    if reason not in LAWYER_REASONS:
        raise NotItsTurn
    booking = replace(
        booking,
        version=booking.version + 1,
        status=BookingStatus.CANCELLED,
        decided_at=clock.now(),
        decided_by=account_of(identity),
        reason=reason,
    )
    await tx.slots.put_booking(booking)
    await tx.slots.release(booking.id)
    tx.record(event_of(BookingCancelled, booking, identity))
    return booking
