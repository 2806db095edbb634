"""What scheduling needs of the outside: the ledger's store."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from server.cases.ports import CasesTx
from server.kernel.ids import AccountId, BookingId, CaseId, OrganisationId
from server.scheduling.ledger import Busy, Claim
from server.scheduling.model import Booking, FacilityPractice, Hold, ResourceId, Slot


class SlotStore(Protocol):
    """Keeps the ledger, holds, bookings and how each facility conducts meetings."""

    async def claim(self, claims: Iterable[Claim], *, expires_at: datetime | None, now: datetime) -> None:
        """Insert the rows, sorted; rows of holds that expired by `now` give way.

        Raises:
            SlotTaken: some row exists; the unit of work must end.
        """
        ...

    async def keep(self, booking_id: BookingId) -> bool:
        """Let the booking's rows expire no more; tell whether there are any: a hold's give way together."""
        ...

    async def release(self, booking_id: BookingId) -> None:
        """Delete the booking's rows."""
        ...

    async def release_of(self, booking_id: BookingId, resource_id: ResourceId) -> None:
        """Delete the booking's rows for one resource, which has no more to do with it."""
        ...

    async def busy(self, resource_ids: Iterable[ResourceId], within: Slot, *, now: datetime) -> Busy:
        """Return which granules within a stretch of time are claimed for each of the resources."""
        ...

    async def tentative(self, resource_ids: Iterable[ResourceId], within: Slot, *, now: datetime) -> Busy:
        """Return those of the `busy` granules that only a hold claims."""
        ...

    async def add_hold(self, hold: Hold) -> None:
        """Store a hold."""
        ...

    async def hold(self, booking_id: BookingId) -> Hold | None:
        """Return the hold, expired or not."""
        ...

    async def holds_of(self, account_id: AccountId) -> tuple[Hold, ...]:
        """Return an account's holds."""
        ...

    async def end_hold(self, booking_id: BookingId) -> None:
        """Forget the hold; its rows in the ledger stay."""
        ...

    async def add_booking(self, booking: Booking) -> None:
        """Store a new booking."""
        ...

    async def booking(self, booking_id: BookingId) -> Booking | None:
        """Return the booking, if there is one."""
        ...

    async def put_booking(self, booking: Booking) -> None:
        """Store a changed booking."""
        ...

    async def bookings_of_cases(self, case_ids: frozenset[CaseId]) -> tuple[Booking, ...]:
        """Return the bookings of several cases, by their start."""
        ...

    async def bookings_of_facility(self, facility_id: OrganisationId, within: Slot) -> tuple[Booking, ...]:
        """Return the facility's bookings that overlap a stretch of time, by their start."""
        ...

    async def practice(self, facility_id: OrganisationId) -> FacilityPractice:
        """Return how the facility conducts meetings; what is usual if it has set nothing."""
        ...

    async def put_practice(self, practice: FacilityPractice) -> None:
        """Store how the facility conducts meetings."""
        ...


class SlotsTx(CasesTx, Protocol):
    """A unit of work with the ledger, cases and people in it."""

    @property
    def slots(self) -> SlotStore:
        """The ledger and what stands on it."""
        ...
