"""What is done with slots: held, asked for, approved, refused, given back."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from server.cases.model import Assignment, Case, Party, PartyKind
from server.cases.policy import relation_to_case
from server.cases.service.facts import note_meeting_held, note_meeting_requested
from server.cases.service.records import find_case
from server.kernel.clock import Clock
from server.kernel.errors import NotFound
from server.kernel.identity import Identity, Role
from server.kernel.ids import AccountId, BookingId, CaseId, OrganisationId, PartyId, TerminalId, new_id
from server.kernel.permissions import Action, Relation, require
from server.scheduling.ledger import (
    Alternative,
    People,
    Search,
    alternatives,
    claims_for,
    window,
)
from server.scheduling.model import (
    FACILITY_REASONS,
    HOLD_FOR,
    LAWYER_REASONS,
    PENDING,
    Booking,
    BookingCancelled,
    BookingConfirmed,
    BookingEvent,
    BookingRefused,
    BookingRequested,
    BookingStatus,
    FacilityPractice,
    Hold,
    MeetingHeld,
    MeetingMissed,
    Purpose,
    ReasonCode,
    ResourceKind,
    Slot,
    SlotHeld,
    SlotReleased,
    resource,
)
from server.scheduling.policy import (
    HoldExpired,
    NoAlternative,
    NotInCustody,
    NotItsTurn,
    ReasonNeedsText,
    SlotTaken,
    check_slot,
    check_step,
    check_version,
    relation_to_booking,
)
from server.scheduling.ports import SlotsTx

EventT = TypeVar("EventT", bound=BookingEvent)
ClaimT = TypeVar("ClaimT", Booking, Hold)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldSlot:
    """A slot for a meeting with a case's client, with these colleagues beside oneself."""

    case_id: CaseId
    starts_at: datetime
    length: timedelta
    colleagues: frozenset[AccountId] = frozenset()
    interpreter_id: AccountId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """A facility's no: why, and which of the free slots it offers instead."""

    booking_id: BookingId
    version: int
    reason: ReasonCode
    text: str = ""
    alternatives: frozenset[datetime] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAtFacility:
    """What booking needs to know of a case."""

    case: Case
    client: Party
    facility_id: OrganisationId
    assignments: tuple[Assignment, ...]
    """Only the open ones."""


async def case_to_book(case_id: CaseId, identity: Identity, tx: SlotsTx) -> CaseAtFacility:
    """Return what booking a meeting in this case needs.

    Raises:
        NotFound: there is no such case, or it is none of theirs.
        NotAllowed: this role books no meetings.
        NotInCustody: the client is in no facility.
    """
    case = await find_case(case_id, identity, Action.BOOK_MEETING, tx)
    parties = await tx.cases.parties_of(case_id)
    client = next((party for party in parties if party.kind is PartyKind.RECIPIENT), None)
    if case.facility_id is None or client is None:
        raise NotInCustody
    assignments = await tx.cases.assignments_of(case_id)
    return CaseAtFacility(
        case=case,
        client=client,
        facility_id=case.facility_id,
        assignments=tuple(assignment for assignment in assignments if assignment.open),
    )


async def hold_slot(command: HoldSlot, identity: Identity, tx: SlotsTx, clock: Clock) -> Hold:
    """Claim a slot for ten minutes, giving back whatever this account held before.

    Raises:
        NotFound, NotAllowed, NotInCustody: as `case_to_book`.
        OffTheGrid, SlotInThePast, UnusualLength, FacilityClosed: the slot can't be asked for.
        SlotTaken: the terminals or somebody needed are not free.
    """
    found = await case_to_book(command.case_id, identity, tx)
    now = clock.now()
    slot = Slot.of(command.starts_at, command.length)
    practice = await tx.slots.practice(found.facility_id)
    check_slot(slot, practice, now)
    held_by = _account(identity)
    await _release_former_holds(held_by, identity, tx)
    people = people_of(found, held_by, command.colleagues, command.interpreter_id)
    search = await _search(people, found.facility_id, practice, slot, tx, now)
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
    tx.record(_event(SlotHeld, hold, identity))
    return hold


async def release_hold(booking_id: BookingId, identity: Identity, tx: SlotsTx) -> Hold:
    """Give a held slot back; raises `NotFound` if it is none of theirs."""
    hold = await find_hold(booking_id, identity, tx)
    await tx.slots.release(hold.id)
    await tx.slots.end_hold(hold.id)
    tx.record(_event(SlotReleased, hold, identity))
    return hold


async def find_hold(booking_id: BookingId, identity: Identity, tx: SlotsTx) -> Hold:
    """Return the hold if it is theirs and the case still is; raises `NotFound`."""
    hold = await tx.slots.hold(booking_id)
    if hold is None or hold.held_by != identity.account_id:
        raise NotFound
    await find_case(hold.case_id, identity, Action.BOOK_MEETING, tx)
    return hold


async def find_hold_or_booking(booking_id: BookingId, identity: Identity, tx: SlotsTx) -> Hold | Booking:
    """Return the hold, or the booking that was made of it; raises as `find_hold` and `find_booking`."""
    if await tx.slots.booking(booking_id) is not None:
        return await find_booking(booking_id, identity, Action.BOOK_MEETING, tx)
    return await find_hold(booking_id, identity, tx)


async def submit(
    booking_id: BookingId, purpose: Purpose, identity: Identity, tx: SlotsTx, clock: Clock
) -> Booking:
    """Ask the facility for the held slot. Doing it twice makes one booking.

    Raises:
        NotFound: there is no such hold of theirs.
        HoldExpired: the ten minutes are over.
    """
    hold = await find_hold_or_booking(booking_id, identity, tx)
    if isinstance(hold, Booking):
        return hold
    now = clock.now()
    if hold.expires_at <= now:
        raise HoldExpired
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
    await tx.slots.keep(hold.id)
    await tx.slots.end_hold(hold.id)
    await tx.slots.add_booking(booking)
    tx.record(_event(BookingRequested, booking, identity))
    await note_meeting_requested(booking.case_id, now, identity, tx)
    return booking


async def find_booking(booking_id: BookingId, identity: Identity, action: Action, tx: SlotsTx) -> Booking:
    """Return the booking if `identity` may do `action` with it.

    Raises:
        NotFound: there is none, or it is none of theirs: the two look alike.
        NotAllowed: it is theirs, but `action` is not.
    """
    booking = await tx.slots.booking(booking_id)
    case = None if booking is None else await tx.cases.case(booking.case_id)
    if booking is None or case is None:
        raise NotFound
    to_case = relation_to_case(identity, case, await tx.cases.assignments_of(case.id))
    require(identity.role, action, relation_to_booking(identity, booking, to_case=to_case))
    return booking


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
        decided_by=_account(identity),
    )
    await tx.slots.put_booking(booking)
    tx.record(_event(BookingConfirmed, booking, identity))
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
        decided_by=_account(identity),
        reason=command.reason,
        reason_text=command.text,
        alternatives=tuple(each.slot.starts_at for each in offered),
    )
    await tx.slots.put_booking(booking)
    await tx.slots.release(booking.id)
    tx.record(_event(BookingRefused, booking, identity))
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
        decided_by=_account(identity),
        reason=reason,
    )
    await tx.slots.put_booking(booking)
    await tx.slots.release(booking.id)
    tx.record(_event(BookingCancelled, booking, identity))
    return booking


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
            tx.record(_event(SlotReleased, _without(hold, account_id), actor))
    now = clock.now()
    cancelled = []
    for booking in await tx.slots.bookings_of_cases(frozenset({case_id})):
        to_come = booking.starts_at > now and booking.status in PENDING | {BookingStatus.CONFIRMED}
        if not to_come or account_id not in booking.lawyer_ids:
            continue
        left = _without(booking, account_id)
        if left.lawyer_ids:
            await tx.slots.put_booking(replace(left, version=booking.version + 1))
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
        tx.record(_event(BookingCancelled, left, actor))
        cancelled.append(gone)
    return tuple(cancelled)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMeeting:
    """A booking in a case of the lawyer's own."""

    booking: Booking
    case: Case
    recipient: str
    facility: str
    terminal: str


async def meetings_of(identity: Identity, tx: SlotsTx) -> tuple[OwnMeeting, ...]:
    """Return the bookings in the lawyer's open cases, by their start."""
    require(identity.role, Action.LIST_MEETINGS, Relation.NO_RECORD)
    cases = {case.id: case for case in await tx.cases.cases_of_lawyer(_account(identity))}
    recipients = await tx.cases.recipients_of(frozenset(cases))
    found = []
    for booking in await tx.slots.bookings_of_cases(frozenset(cases)):
        facility = await tx.people.organisation(booking.facility_id)
        terminal = await tx.people.terminal(booking.terminal_id)
        recipient = recipients.get(booking.case_id)
        found.append(
            OwnMeeting(
                booking=booking,
                case=cases[booking.case_id],
                recipient="" if recipient is None else recipient.name,
                facility="" if facility is None else facility.name,
                terminal="" if terminal is None else terminal.name,
            )
        )
    return tuple(found)


async def mark_held(booking_id: BookingId, at: datetime, actor: str, tx: SlotsTx) -> None:
    """Note that the meeting took place from `at` on; repeated or late, it changes nothing."""
    booking = await tx.slots.booking(booking_id)
    if booking is None or booking.status is not BookingStatus.CONFIRMED:
        return
    await tx.slots.put_booking(replace(booking, version=booking.version + 1, status=BookingStatus.HELD))
    tx.record(_event(MeetingHeld, booking, actor))
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
    tx.record(_event(MeetingMissed, booking, actor))


async def alternatives_to(wanted: Booking | Hold, tx: SlotsTx, now: datetime) -> tuple[Alternative, ...]:
    """Return the free slots nearest to a booking's, at its facility, for the same people."""
    people = People(
        party_id=wanted.party_id, lawyer_ids=wanted.lawyer_ids, interpreter_id=wanted.interpreter_id
    )
    practice = await tx.slots.practice(wanted.facility_id)
    search = await _search(people, wanted.facility_id, practice, wanted.slot, tx, now)
    return alternatives(search, wanted.slot, now=now)


async def alternatives_for(
    command: HoldSlot, identity: Identity, tx: SlotsTx, clock: Clock
) -> tuple[Alternative, ...]:
    """Return the free slots nearest to one that was refused; raises as `case_to_book`."""
    found = await case_to_book(command.case_id, identity, tx)
    people = people_of(found, _account(identity), command.colleagues, command.interpreter_id)
    practice = await tx.slots.practice(found.facility_id)
    slot, now = Slot.of(command.starts_at, command.length), clock.now()
    search = await _search(people, found.facility_id, practice, slot, tx, now)
    return alternatives(search, slot, now=now)


def people_of(
    found: CaseAtFacility,
    booker: AccountId,
    colleagues: Iterable[AccountId],
    interpreter_id: AccountId | None,
) -> People:
    """Return who takes part: the booker first, then colleagues who are assigned to the case."""
    assigned = {assignment.account_id for assignment in found.assignments}
    others = sorted(assigned.intersection(colleagues) - {booker})
    return People(
        party_id=PartyId(found.client.id), lawyer_ids=(booker, *others), interpreter_id=interpreter_id
    )


async def _search(  # noqa: PLR0913, PLR0917 - what a search is made of
    people: People,
    facility_id: OrganisationId,
    practice: FacilityPractice,
    wanted: Slot,
    tx: SlotsTx,
    now: datetime,
) -> Search:
    terminals = tuple(TerminalId(each.id) for each in await tx.people.terminals_of(facility_id))
    resources = [resource(ResourceKind.TERMINAL, terminal_id) for terminal_id in terminals]
    resources += people.resources()
    around = window(wanted, now=now)
    reach = Slot(
        min(around.starts_at, wanted.starts_at), max(around.ends_at, wanted.ends_at) + practice.turnaround
    )
    busy = await tx.slots.busy(resources, reach, now=now)
    return Search(practice=practice, terminals=terminals, people=people, busy=busy)


async def _release_former_holds(held_by: AccountId, identity: Identity, tx: SlotsTx) -> None:
    for former in await tx.slots.holds_of(held_by):
        await tx.slots.release(former.id)
        await tx.slots.end_hold(former.id)
        tx.record(_event(SlotReleased, former, identity))


def _without(about: ClaimT, account_id: AccountId) -> ClaimT:
    return replace(about, lawyer_ids=tuple(each for each in about.lawyer_ids if each != account_id))


def _account(identity: Identity) -> AccountId:
    if identity.account_id is None:
        raise NotFound
    return identity.account_id


def _event(kind: type[EventT], about: Booking | Hold, actor: Identity | str) -> EventT:
    return kind(
        actor=actor if isinstance(actor, str) else actor.actor,
        booking_id=about.id,
        case_id=about.case_id,
        facility_id=about.facility_id,
        lawyer_ids=about.lawyer_ids,
    )
