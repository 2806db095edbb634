"""The arithmetic of the slot ledger: which rows a slot claims, what is free, what to offer instead. Pure.

The guarantee itself is the primary key of the table `slot_claim`: rows are inserted sorted, in one
transaction, and a key that exists refuses them all. What is computed here only advises.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from server.kernel.ids import AccountId, BookingId, PartyId, TerminalId
from server.scheduling.model import (
    FacilityPractice,
    ResourceId,
    ResourceKind,
    Slot,
    resource,
)

ALTERNATIVES = 3
"""How many other slots stand beside a refused one."""
SEARCH_FOR = timedelta(days=7)
"""How far before and after the wanted slot alternatives are looked for."""
_STEP = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """One row of the ledger. Rows are ordered by resource, then time, the order of their insertion."""

    resource_id: ResourceId
    slot_start: datetime
    booking_id: BookingId
    """The hold or booking that claims it; a booking keeps the id of its hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Everyone but the terminal whose time a meeting takes."""

    party_id: PartyId
    lawyer_ids: tuple[AccountId, ...]
    interpreter_id: AccountId | None

    def resources(self) -> tuple[ResourceId, ...]:
        """Return the resources of these people."""
        named = [resource(ResourceKind.CLIENT, self.party_id)]
        named += [resource(ResourceKind.LAWYER, lawyer_id) for lawyer_id in self.lawyer_ids]
        if self.interpreter_id is not None:
            named.append(resource(ResourceKind.INTERPRETER, self.interpreter_id))
        return tuple(named)


def claims_for(
    booking_id: BookingId, slot: Slot, *, terminal_id: TerminalId, people: People, turnaround: timedelta
) -> tuple[Claim, ...]:
    """Return the sorted rows that a meeting claims: the terminal also for the turnaround after it."""
    terminal_slot = Slot.of(slot.starts_at, slot.length + turnaround)
    terminal = resource(ResourceKind.TERMINAL, terminal_id)
    rows = [Claim(terminal, start, booking_id) for start in terminal_slot.granules()]
    rows += [Claim(who, start, booking_id) for who in people.resources() for start in slot.granules()]
    return tuple(sorted(rows))


Busy = Mapping[ResourceId, Collection[datetime]]
"""The granules, by their start, in which each resource is claimed."""


def is_free(busy: Busy, resource_id: ResourceId, slot: Slot) -> bool:
    """Tell whether no granule of `slot` is claimed for the resource."""
    claimed = busy.get(resource_id, ())
    return not claimed or not any(start in claimed for start in slot.granules())


def free_terminals(
    busy: Busy, slot: Slot, *, terminals: Iterable[TerminalId], turnaround: timedelta
) -> tuple[TerminalId, ...]:
    """Return the terminals that are free for `slot` and the turnaround after it, in the order given."""
    needed = Slot.of(slot.starts_at, slot.length + turnaround)
    return tuple(
        terminal_id
        for terminal_id in terminals
        if is_free(busy, resource(ResourceKind.TERMINAL, terminal_id), needed)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Another slot that would do."""

    slot: Slot
    terminal_id: TerminalId


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is needed to look for free slots of one meeting."""

    practice: FacilityPractice
    terminals: tuple[TerminalId, ...]
    """In order of preference."""
    people: People
    busy: Busy

    def terminal_for(self, slot: Slot) -> TerminalId | None:
        """Return the first terminal at which everyone could meet in `slot`, None if there is none."""
        if not self.practice.is_open(slot):
            return None
        if not all(is_free(self.busy, who, slot) for who in self.people.resources()):
            return None
        free = free_terminals(self.busy, slot, terminals=self.terminals, turnaround=self.practice.turnaround)
        return free[0] if free else None


def alternatives(search: Search, wanted: Slot, *, now: datetime) -> tuple[Alternative, ...]:
    """Return the free slots nearest to `wanted`, of its length, later than `now`; nearest first.

    Starts are tried each half hour, which is how people speak of times; `wanted` itself is left out.
    """
    around = window(wanted, now=now)
    starts = [
        around.starts_at + count * _STEP
        for count in range((around.length - wanted.length) // _STEP)
        if around.starts_at + count * _STEP != wanted.starts_at
    ]
    starts.sort(key=lambda moment: (abs(moment - wanted.starts_at), moment))
    found = _first_free(search, (Slot.of(start, wanted.length) for start in starts))
    return tuple(islice(found, ALTERNATIVES))


def window(wanted: Slot, *, now: datetime) -> Slot:
    """Return the stretch of time in which alternatives to `wanted` are looked for: a week either side."""
    starts_at = max(_next_step(now), _next_step(wanted.starts_at - SEARCH_FOR))
    return Slot.of(starts_at, max(SEARCH_FOR, wanted.starts_at + SEARCH_FOR - starts_at) + wanted.length)


def _first_free(search: Search, slots: Iterable[Slot]) -> Iterator[Alternative]:
    for slot in slots:
        terminal_id = search.terminal_for(slot)
        if terminal_id is not None:
            yield Alternative(slot=slot, terminal_id=terminal_id)


def _next_step(moment: datetime) -> datetime:
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return day + -(-(moment - day) // _STEP) * _STEP
