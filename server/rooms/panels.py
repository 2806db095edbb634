"""What other pages show of meetings: a case's list, a lawyer's day."""

from dataclasses import dataclass
from datetime import datetime

from server.cases.model import Case
from server.kernel.clock import Clock, local_date
from server.kernel.identity import Identity, Role
from server.kernel.ids import AccountId
from server.kernel.transaction import Units
from server.rooms.ports import RoomsTx
from server.scheduling.model import Booking, BookingStatus, Slot
from server.scheduling.service.records import OwnMeeting, meetings_of


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingRow:
    """A booking in the list of its case."""

    starts_at: datetime
    ends_at: datetime
    place: str
    people: str
    status: BookingStatus
    href: str | None
    """The way in, once it is open to the reader."""
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaEntry:
    """A booking of today."""

    starts_at: datetime
    title: str
    place: str
    status: BookingStatus
    href: str | None


class MeetingPanels:
    """Tells other features' pages of meetings."""

    def __init__(self, *, units: Units[RoomsTx], clock: Clock) -> None:
        """Keep where to look."""
        self._units = units
        self._clock = clock

    async def of_case(self, case: Case, identity: Identity) -> tuple[MeetingRow, ...]:
        """Return the bookings of a case that the reader may see, the latest first."""
        async with self._units.reading() as tx:
            bookings = await tx.slots.bookings_of_cases(frozenset({case.id}))
            accounts = await tx.people.accounts(
                frozenset(lawyer_id for booking in bookings for lawyer_id in booking.lawyer_ids)
            )
            rows = [
                MeetingRow(
                    starts_at=booking.starts_at,
                    ends_at=booking.ends_at,
                    place=await _place(booking, tx),
                    people="、".join(accounts[each].name for each in booking.lawyer_ids if each in accounts),
                    status=booking.status,
                    href=self._way_in(booking, identity),
                    note=booking.reason_text,
                )
                for booking in reversed(bookings)
            ]
        return tuple(rows)

    async def agenda(self, identity: Identity) -> tuple[AgendaEntry, ...]:
        """Return the lawyer's bookings that are work of this day in China."""
        today = Slot.day(local_date(self._clock.now()))
        async with self._units.reading() as tx:
            return tuple(
                self._entry(each, identity)
                for each in await meetings_of(identity, tx)
                if each.booking.slot.joinable.overlaps(today)
                and identity.account_id in each.booking.lawyer_ids
            )

    def _entry(self, own: OwnMeeting, identity: Identity) -> AgendaEntry:
        return AgendaEntry(
            starts_at=own.booking.starts_at,
            title=f"{own.recipient} {own.case.offence}",
            place=f"{own.facility} {own.terminal}",
            status=own.booking.status,
            href=self._way_in(own.booking, identity),
        )

    def _way_in(self, booking: Booking, identity: Identity) -> str | None:
        now = self._clock.now()
        invited = identity.role is Role.LAWYER and AccountId(identity.account_id or "") in booking.lawyer_ids
        is_open = booking.slot.joinable.contains(now)
        confirmed = booking.status is BookingStatus.CONFIRMED
        return f"/meetings/{booking.id}" if invited and confirmed and is_open else None


async def _place(booking: Booking, tx: RoomsTx) -> str:
    facility = await tx.people.organisation(booking.facility_id)
    terminal = await tx.people.terminal(booking.terminal_id)
    return " ".join(each.name for each in (facility, terminal) if each is not None)
