"""The slot ledger on the database."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from typing_extensions import override

from server.kernel.ids import AccountId, BookingId, CaseId, OrganisationId
from server.scheduling.ledger import Busy, Claim
from server.scheduling.model import Booking, FacilityPractice, Hold, OpeningPeriod, ResourceId, Slot
from server.scheduling.policy import SlotTaken
from server.scheduling.ports import SlotStore
from storage.mapping import all_of, one_of, values_of
from storage.tables import slots as tables
from storage.tables.cases import legal_case

_SEALED = select(legal_case.c.id).where(legal_case.c.sealed_at.is_not(None))
"""Cases whose records nobody is shown, a facility's bookings from before among them."""
_TOLD_FOR = timedelta(days=1)
"""How long whoever comes back to a hold is told that it is over; then it is forgotten."""


class SqlSlots(SlotStore):
    """Keeps the ledger in tables."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work within the transaction of `connection`."""
        self._connection = connection

    @override
    async def claim(self, claims: Iterable[Claim], *, expires_at: datetime | None, now: datetime) -> None:
        await self._connection.execute(delete(tables.slot_claim).where(tables.slot_claim.c.expires_at <= now))
        rows = [values_of(claim) | {"expires_at": expires_at} for claim in sorted(claims)]
        try:
            # Within a savepoint: on PostgreSQL a refused row would end the whole transaction.
            async with self._connection.begin_nested():
                await self._connection.execute(insert(tables.slot_claim), rows)
        except IntegrityError:
            raise SlotTaken from None

    @override
    async def keep(self, booking_id: BookingId) -> bool:
        kept = await self._connection.execute(
            update(tables.slot_claim)
            .where(tables.slot_claim.c.booking_id == booking_id)
            .values(expires_at=None)
        )
        return kept.rowcount > 0

    @override
    async def release(self, booking_id: BookingId) -> None:
        await self._connection.execute(
            delete(tables.slot_claim).where(tables.slot_claim.c.booking_id == booking_id)
        )

    @override
    async def release_of(self, booking_id: BookingId, resource_id: ResourceId) -> None:
        columns = tables.slot_claim.c
        await self._connection.execute(
            delete(tables.slot_claim).where(
                columns.booking_id == booking_id, columns.resource_id == resource_id
            )
        )

    @override
    async def busy(self, resource_ids: Iterable[ResourceId], within: Slot, *, now: datetime) -> Busy:
        lasting = tables.slot_claim.c.expires_at.is_(None)
        return await self._claimed(resource_ids, within, or_(lasting, tables.slot_claim.c.expires_at > now))

    @override
    async def tentative(self, resource_ids: Iterable[ResourceId], within: Slot, *, now: datetime) -> Busy:
        return await self._claimed(resource_ids, within, tables.slot_claim.c.expires_at > now)

    @override
    async def add_hold(self, hold: Hold) -> None:
        long_over = tables.slot_hold.c.expires_at <= hold.expires_at - _TOLD_FOR
        await self._connection.execute(delete(tables.slot_hold).where(long_over))
        await self._connection.execute(insert(tables.slot_hold).values(values_of(hold)))

    @override
    async def hold(self, booking_id: BookingId) -> Hold | None:
        query = select(tables.slot_hold).where(tables.slot_hold.c.id == booking_id)
        return one_of(Hold, (await self._connection.execute(query)).one_or_none())

    @override
    async def holds_of(self, account_id: AccountId) -> tuple[Hold, ...]:
        query = select(tables.slot_hold).where(tables.slot_hold.c.held_by == account_id)
        return all_of(Hold, await self._connection.execute(query))

    @override
    async def end_hold(self, booking_id: BookingId) -> None:
        await self._connection.execute(delete(tables.slot_hold).where(tables.slot_hold.c.id == booking_id))

    @override
    async def add_booking(self, booking: Booking) -> None:
        await self._connection.execute(insert(tables.booking).values(values_of(booking)))

    @override
    async def booking(self, booking_id: BookingId) -> Booking | None:
        query = select(tables.booking).where(tables.booking.c.id == booking_id)
        return one_of(Booking, (await self._connection.execute(query)).one_or_none())

    @override
    async def put_booking(self, booking: Booking) -> None:
        await self._connection.execute(
            update(tables.booking).where(tables.booking.c.id == booking.id).values(values_of(booking))
        )

    @override
    async def bookings_of_cases(self, case_ids: frozenset[CaseId]) -> tuple[Booking, ...]:
        query = select(tables.booking).where(tables.booking.c.case_id.in_(case_ids))
        return all_of(Booking, await self._connection.execute(query.order_by(tables.booking.c.starts_at)))

    @override
    async def bookings_of_facility(self, facility_id: OrganisationId, within: Slot) -> tuple[Booking, ...]:
        query = (
            select(tables.booking)
            .where(
                tables.booking.c.facility_id == facility_id,
                tables.booking.c.starts_at < within.ends_at,
                tables.booking.c.ends_at > within.starts_at,
                tables.booking.c.case_id.not_in(_SEALED),
            )
            .order_by(tables.booking.c.starts_at, tables.booking.c.id)
        )
        return all_of(Booking, await self._connection.execute(query))

    @override
    async def practice(self, facility_id: OrganisationId) -> FacilityPractice:
        query = select(tables.facility_practice).where(tables.facility_practice.c.facility_id == facility_id)
        row = (await self._connection.execute(query)).one_or_none()
        if row is None:
            return FacilityPractice.usual(facility_id)
        return FacilityPractice(
            facility_id=facility_id,
            opening=tuple(
                OpeningPeriod(
                    weekday=weekday, opens=time.fromisoformat(opens), closes=time.fromisoformat(closes)
                )
                for weekday, opens, closes in row.opening
            ),
            turnaround=timedelta(minutes=row.turnaround_minutes),
            guard_viewing=row.guard_viewing,
        )

    @override
    async def put_practice(self, practice: FacilityPractice) -> None:
        await self._connection.execute(
            delete(tables.facility_practice).where(
                tables.facility_practice.c.facility_id == practice.facility_id
            )
        )
        opening = [
            [period.weekday, period.opens.isoformat(), period.closes.isoformat()]
            for period in practice.opening
        ]
        await self._connection.execute(
            insert(tables.facility_practice).values(
                facility_id=practice.facility_id,
                opening=opening,
                turnaround_minutes=practice.turnaround // timedelta(minutes=1),
                guard_viewing=practice.guard_viewing,
            )
        )

    async def _claimed(
        self, resource_ids: Iterable[ResourceId], within: Slot, which: ColumnElement[bool]
    ) -> Busy:
        claim = tables.slot_claim.c
        query = select(claim.resource_id, claim.slot_start).where(
            and_(
                claim.resource_id.in_(tuple(resource_ids)),
                claim.slot_start >= within.starts_at,
                claim.slot_start < within.ends_at,
                which,
            )
        )
        found: defaultdict[ResourceId, set[datetime]] = defaultdict(set)
        for resource_id, slot_start in await self._connection.execute(query):
            found[ResourceId(resource_id)].add(slot_start)
        return found
