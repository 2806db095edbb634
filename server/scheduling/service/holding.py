"""A slot is held for ten minutes, given back, or asked for."""

from dataclasses import replace

from server.cases.service.facts import note_meeting_requested
from server.kernel.clock import Clock
from server.kernel.identity import Identity
from server.kernel.ids import AccountId, BookingId, new_id
from server.people.policy import account_of
from server.scheduling.ledger import claims_for
from server.scheduling.model import (
    HOLD_FOR,
    Booking,
    BookingRequested,
    BookingStatus,
    Hold,
    Purpose,
    ResourceKind,
    Slot,
    SlotHeld,
    SlotReleased,
    resource,
)
from server.scheduling.policy import HoldExpired, SlotTaken, check_slot
from server.scheduling.ports import SlotsTx
from server.scheduling.service.records import (
    case_to_book,
    event_of,
    find_hold,
    find_hold_or_booking,
    people_of,
)
from server.scheduling.service.searching import HoldSlot, search_for


async def hold_slot(command: HoldSlot, identity: Identity, tx: SlotsTx, clock: Clock) -> Hold:
    """Claim a slot for ten minutes, giving back whatever this account held before.

    Raises:
        NotFound, NotAllowed, NotInCustody: as `case_to_book`.
        OffTheGrid, SlotInThePast, TooFarAhead, UnusualLength, FacilityClosed: the slot can't be asked for.
        SlotTaken: the terminals or somebody needed are not free.
    """
    found = await case_to_book(command.case_id, identity, tx)
    now = clock.now()
    slot = Slot.of(command.starts_at, command.length)
    practice = await tx.slots.practice(found.facility_id)
    check_slot(slot, practice, now)
    held_by = account_of(identity)
    await _release_former_holds(held_by, identity, tx)
    people = people_of(found, held_by, command.colleagues, command.interpreter_id)
    search = await search_for(people, found.facility_id, practice, slot, tx, now)
    terminal_id = search.terminal_for(slot)
    if terminal_id is None:
        raise SlotTaken
    hold = Hold(
        id=BookingId(new_id()),
        case_id=found.case.id,
        party_id=found.client.id,
        facility_id=found.facility_id,
        terminal_id=terminal_id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        lawyer_ids=people.lawyer_ids,
        interpreter_id=people.interpreter_id,
        held_by=held_by,
        expires_at=now + HOLD_FOR,
    )
    claims = claims_for(hold.id, slot, terminal_id=terminal_id, people=people, turnaround=practice.turnaround)
    await tx.slots.claim(claims, expires_at=hold.expires_at, now=now)
    await tx.slots.add_hold(hold)
    tx.record(event_of(SlotHeld, hold, identity))
    return hold


async def release_hold(booking_id: BookingId, identity: Identity, tx: SlotsTx) -> Hold:
    """Give a held slot back; raises `NotFound` if it is none of theirs."""
    hold = await find_hold(booking_id, identity, tx)
    await tx.slots.release(hold.id)
    await tx.slots.end_hold(hold.id)
    tx.record(event_of(SlotReleased, hold, identity))
    return hold


async def submit(
    booking_id: BookingId, purpose: Purpose, identity: Identity, tx: SlotsTx, clock: Clock
) -> Booking:
    """Ask the facility for the held slot. Doing it twice makes one booking.

    Raises:
        NotFound: there is no such hold of theirs.
        HoldExpired: the ten minutes are over, by this node's clock or by one whose claim took the rows.
    """
    hold = await find_hold_or_booking(booking_id, identity, tx)
    if isinstance(hold, Booking):
        return hold
    now = clock.now()
    if hold.expires_at <= now:
        raise HoldExpired
    hold = await _without_those_who_left(hold, tx)
    booking = Booking(
        id=hold.id,
        case_id=hold.case_id,
        party_id=hold.party_id,
        facility_id=hold.facility_id,
        terminal_id=hold.terminal_id,
        starts_at=hold.starts_at,
        ends_at=hold.ends_at,
        lawyer_ids=hold.lawyer_ids,
        interpreter_id=hold.interpreter_id,
        purpose=purpose,
        requested_by=hold.held_by,
        requested_at=now,
        status=BookingStatus.REQUESTED,
    )
    if not await tx.slots.keep(hold.id):
        raise HoldExpired
    await tx.slots.end_hold(hold.id)
    await tx.slots.add_booking(booking)
    tx.record(event_of(BookingRequested, booking, identity))
    await note_meeting_requested(booking.case_id, now, identity, tx)
    return booking


async def _without_those_who_left(hold: Hold, tx: SlotsTx) -> Hold:
    """Leave out colleagues whose work on the case ended while the slot was held, and free their time."""
    working = {each.account_id for each in await tx.cases.assignments_of(hold.case_id) if each.open}
    for lawyer_id in set(hold.lawyer_ids) - working:
        await tx.slots.release_of(hold.id, resource(ResourceKind.LAWYER, lawyer_id))
    return replace(hold, lawyer_ids=tuple(each for each in hold.lawyer_ids if each in working))


async def _release_former_holds(held_by: AccountId, identity: Identity, tx: SlotsTx) -> None:
    for former in await tx.slots.holds_of(held_by):
        await tx.slots.release(former.id)
        await tx.slots.end_hold(former.id)
        tx.record(event_of(SlotReleased, former, identity))
