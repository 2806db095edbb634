"""What becomes of bookings: held, missed, or left by a lawyer whose assignment ended."""

from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from server.cases.service.facts import note_meeting_held
from server.kernel.clock import Clock
from server.kernel.identity import Identity, Role
from server.kernel.ids import AccountId, BookingId, CaseId
from server.scheduling.model import (
    PENDING,
    Booking,
    BookingCancelled,
    BookingStatus,
    Hold,
    MeetingHeld,
    MeetingMissed,
    ReasonCode,
    ResourceKind,
    SlotReleased,
    resource,
)
from server.scheduling.ports import SlotsTx
from server.scheduling.service.records import event_of

ClaimT = TypeVar("ClaimT", Booking, Hold)


async def withdraw_lawyer(
    case_id: CaseId, account_id: AccountId, actor: str, tx: SlotsTx, clock: Clock
) -> tuple[Booking, ...]:
    """Free what a lawyer without the case had claimed for it, and return the bookings that are cancelled.

    Those to come that other lawyers take part in stay theirs; events reach the lawyer no more.
    """
    for hold in await tx.slots.holds_of(account_id):
        if hold.case_id == case_id:
            await tx.slots.release(hold.id)
            await tx.slots.end_hold(hold.id)
            tx.record(event_of(SlotReleased, _without(hold, account_id), actor))
    now = clock.now()
    cancelled = []
    for booking in await tx.slots.bookings_of_cases(frozenset({case_id})):
        to_come = booking.starts_at > now and booking.status in PENDING | {BookingStatus.CONFIRMED}
        if not to_come or account_id not in booking.lawyer_ids:
            continue
        left = _without(booking, account_id)
        if left.lawyer_ids:
            await tx.slots.put_booking(replace(left, version=booking.version + 1))
            await tx.slots.release_of(booking.id, resource(ResourceKind.LAWYER, account_id))
            continue
        gone = replace(
            booking,
            version=booking.version + 1,
            status=BookingStatus.CANCELLED,
            decided_at=now,
            reason=ReasonCode.CASE_CHANGED,
        )
        await tx.slots.put_booking(gone)
        await tx.slots.release(booking.id)
        tx.record(event_of(BookingCancelled, left, actor))
        cancelled.append(gone)
    return tuple(cancelled)


async def mark_held(booking_id: BookingId, at: datetime, actor: str, tx: SlotsTx) -> None:
    """Note that the meeting took place from `at` on; repeated or late, it changes nothing."""
    booking = await tx.slots.booking(booking_id)
    if booking is None or booking.status is not BookingStatus.CONFIRMED:
        return
    await tx.slots.put_booking(replace(booking, version=booking.version + 1, status=BookingStatus.HELD))
    tx.record(event_of(MeetingHeld, booking, actor))
    lawyer = Identity(role=Role.LAWYER, account_id=booking.requested_by)
    await note_meeting_held(booking.case_id, at, lawyer, tx)


async def mark_missed(booking_id: BookingId, actor: str, tx: SlotsTx) -> None:
    """Note that lawyer and client never met in the time booked; repeated or late, it changes nothing."""
    booking = await tx.slots.booking(booking_id)
    if booking is None or booking.status is not BookingStatus.CONFIRMED:
        return
    missed = replace(booking, version=booking.version + 1, status=BookingStatus.NO_SHOW)
    await tx.slots.put_booking(missed)
    await tx.slots.release(booking.id)
    tx.record(event_of(MeetingMissed, booking, actor))


def _without(about: ClaimT, account_id: AccountId) -> ClaimT:
    return replace(about, lawyer_ids=tuple(each for each in about.lawyer_ids if each != account_id))
