"""Which meetings somebody is reminded of."""

from server.alerts.model import Reminder
from server.kernel.errors import N_
from server.kernel.identity import Identity, Role
from server.scheduling.model import BookingStatus
from server.scheduling.ports import SlotsTx
from server.scheduling.service.records import meetings_of

MEETING = N_("律师会见")


async def meeting_reminders(identity: Identity, tx: SlotsTx) -> tuple[Reminder, ...]:
    """Return a reminder for each meeting that is agreed on, in a lawyer's cases."""
    if identity.role is not Role.LAWYER:
        return ()
    return tuple(
        Reminder(
            uid=f"meeting-{each.booking.id}",
            words=MEETING,
            starts_at=each.booking.starts_at,
            ends_at=each.booking.ends_at,
            path="/meetings",
        )
        for each in await meetings_of(identity, tx)
        if each.booking.status is BookingStatus.CONFIRMED
    )
