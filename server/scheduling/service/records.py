"""Holds and bookings looked up through the actor, and who has to be free for them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from server.cases.model import Assignment, Case, Party, PartyKind
from server.cases.policy import relation_to_case
from server.cases.service.records import find_case
from server.kernel.errors import NotFound
from server.kernel.identity import Identity
from server.kernel.ids import AccountId, BookingId, CaseId, OrganisationId, PartyId
from server.kernel.permissions import Action, Relation, require
from server.people.policy import account_of
from server.scheduling.ledger import People
from server.scheduling.model import Booking, BookingEvent, Hold
from server.scheduling.policy import NotInCustody, relation_to_booking
from server.scheduling.ports import SlotsTx

EventT = TypeVar("EventT", bound=BookingEvent)


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


async def find_booking(booking_id: BookingId, identity: Identity, action: Action, tx: SlotsTx) -> Booking:
    """Return the booking if `identity` may do `action` with it.

    Raises:
        NotFound: there is none, or it is none of theirs: the two look alike.
        NotAllowed: it is theirs, but `action` is not.
    """
    booking = await tx.slots.booking(booking_id)
    case = None if booking is None else await tx.cases.case(booking.case_id)
    if booking is None or case is None or case.sealed_at is not None:
        raise NotFound
    to_case = relation_to_case(identity, case, await tx.cases.assignments_of(case.id))
    require(identity.role, action, relation_to_booking(identity, booking, to_case=to_case))
    return booking


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
    cases = {case.id: case for case in await tx.cases.cases_of_lawyer(account_of(identity))}
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


def event_of(kind: type[EventT], about: Booking | Hold, actor: Identity | str) -> EventT:
    """Return what happened to a hold or a booking."""
    return kind(
        actor=actor if isinstance(actor, str) else actor.actor,
        booking_id=about.id,
        case_id=about.case_id,
        facility_id=about.facility_id,
        lawyer_ids=about.lawyer_ids,
    )
