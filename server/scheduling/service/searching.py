"""Free slots near one that is not free, for the same people."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.kernel.clock import Clock
from server.kernel.identity import Identity
from server.kernel.ids import AccountId, CaseId, OrganisationId, TerminalId
from server.people.policy import account_of
from server.scheduling.ledger import Alternative, People, Search, alternatives, window
from server.scheduling.model import Booking, FacilityPractice, Hold, ResourceKind, Slot, resource
from server.scheduling.ports import SlotsTx
from server.scheduling.service.records import case_to_book, people_of


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldSlot:
    """A slot for a meeting with a case's client, with these colleagues beside oneself."""

    case_id: CaseId
    starts_at: datetime
    length: timedelta
    colleagues: frozenset[AccountId] = frozenset()
    interpreter_id: AccountId | None = None


async def alternatives_to(wanted: Booking | Hold, tx: SlotsTx, now: datetime) -> tuple[Alternative, ...]:
    """Return the free slots nearest to a booking's, at its facility, for the same people."""
    people = People(
        party_id=wanted.party_id, lawyer_ids=wanted.lawyer_ids, interpreter_id=wanted.interpreter_id
    )
    practice = await tx.slots.practice(wanted.facility_id)
    search = await search_for(people, wanted.facility_id, practice, wanted.slot, tx, now)
    return alternatives(search, wanted.slot, now=now)


async def alternatives_for(
    command: HoldSlot, identity: Identity, tx: SlotsTx, clock: Clock
) -> tuple[Alternative, ...]:
    """Return the free slots nearest to one that was refused; raises as `case_to_book`."""
    found = await case_to_book(command.case_id, identity, tx)
    people = people_of(found, account_of(identity), command.colleagues, command.interpreter_id)
    practice = await tx.slots.practice(found.facility_id)
    slot, now = Slot.of(command.starts_at, command.length), clock.now()
    search = await search_for(people, found.facility_id, practice, slot, tx, now)
    return alternatives(search, slot, now=now)


async def search_for(  # noqa: PLR0913, PLR0917 - what a search is made of
    people: People,
    facility_id: OrganisationId,
    practice: FacilityPractice,
    wanted: Slot,
    tx: SlotsTx,
    now: datetime,
) -> Search:
    """Return what is known around a slot: the terminals, the people, and who of them is busy when."""
    terminals = tuple(TerminalId(each.id) for each in await tx.people.terminals_of(facility_id))
    resources = [resource(ResourceKind.TERMINAL, terminal_id) for terminal_id in terminals]
    resources += people.resources()
    around = window(wanted, now=now)
    reach = Slot(
        min(around.starts_at, wanted.starts_at), max(around.ends_at, wanted.ends_at) + practice.turnaround
    )
    busy = await tx.slots.busy(resources, reach, now=now)
    return Search(practice=practice, terminals=terminals, people=people, busy=busy)
