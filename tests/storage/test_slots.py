import asyncio
import multiprocessing
import random
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta

import pytest

from server.kernel.clock import SystemClock
from server.kernel.events import Job
from server.kernel.ids import AccountId, BookingId, OrganisationId, PartyId, TerminalId, new_id
from server.people.model import OrganisationKind
from server.scheduling.ledger import People, claims_for
from server.scheduling.model import GRANULE, FacilityPractice, OpeningPeriod, ResourceKind, Slot, resource
from server.scheduling.policy import SlotTaken
from storage.bus import LocalBus
from storage.database import Database
from tests.databases import LOG_KEY
from tests.factories import organisation
from tests.fakes.clock import SetClock

MORNING = datetime(2026, 9, 28, 1, 0, tzinfo=UTC)
TERMINALS = tuple(TerminalId(str(number) * 26) for number in range(3))
LAWYERS = tuple(AccountId(letter * 26) for letter in "abcde")
CLIENTS = tuple(PartyId(letter * 26) for letter in "pqrst")

Taken = tuple[Slot, TerminalId, People]


def _people(party_id: PartyId = CLIENTS[0], lawyer_id: AccountId = LAWYERS[0]) -> People:
    return People(party_id=party_id, lawyer_ids=(lawyer_id,), interpreter_id=None)


async def _claim(
    database: Database, taken: Taken, *, expires_at: datetime | None, now: datetime
) -> BookingId:
    booking_id = BookingId(new_id())
    slot, terminal_id, people = taken
    claims = claims_for(booking_id, slot, terminal_id=terminal_id, people=people, turnaround=GRANULE)
    async with database.transaction() as tx:
        await tx.slots.claim(claims, expires_at=expires_at, now=now)
    return booking_id


async def _try_often(url: str, seed: int, attempts: int) -> list[Taken]:
    """Claim at random on a database of one's own connection; return what was acknowledged."""

    async def ignore(_job: Job) -> None:
        pass

    chance = random.Random(seed)  # noqa: S311 - a test's dice
    database = Database(url, bus=LocalBus(), clock=SystemClock(), enqueue=ignore, log_key=LOG_KEY)
    won: list[Taken] = []
    for _ in range(attempts):
        start = MORNING + chance.randrange(48) * GRANULE
        taken = (
            Slot.of(start, chance.randrange(1, 13) * GRANULE),
            chance.choice(TERMINALS),
            _people(chance.choice(CLIENTS), chance.choice(LAWYERS)),
        )
        with suppress(SlotTaken):
            await _claim(database, taken, expires_at=None, now=MORNING)
            won.append(taken)
    await database.close()
    return won


def try_often(url: str, seed: int, attempts: int) -> list[Taken]:
    return asyncio.run(_try_often(url, seed, attempts))


def test_rule_7_eight_processes_at_once_never_book_anything_twice(database_url: str) -> None:
    with ProcessPoolExecutor(8, mp_context=multiprocessing.get_context("spawn")) as pool:
        won = [
            taken
            for each in [pool.submit(try_often, database_url, seed, 40) for seed in range(8)]
            for taken in each.result()
        ]
    assert won
    uses: defaultdict[tuple[str, datetime], int] = defaultdict(int)
    for slot, terminal_id, people in won:
        for who in (resource(ResourceKind.TERMINAL, terminal_id), *people.resources()):
            for start in slot.granules():
                uses[who, start] += 1
    assert max(uses.values()) == 1


async def test_rule_7_a_refused_claim_leaves_no_row_behind(database: Database) -> None:
    slot = Slot.of(MORNING, timedelta(hours=1))
    await _claim(database, (slot, TERMINALS[0], _people()), expires_at=None, now=MORNING)
    with pytest.raises(SlotTaken):
        await _claim(
            database, (slot, TERMINALS[0], _people(CLIENTS[1], LAWYERS[1])), expires_at=None, now=MORNING
        )
    async with database.reading() as tx:
        busy = await tx.slots.busy(_people(CLIENTS[1], LAWYERS[1]).resources(), slot, now=MORNING)
    assert not busy


async def test_a_hold_claims_until_it_expires_and_then_gives_way(database: Database) -> None:
    slot = Slot.of(MORNING, timedelta(hours=1))
    taken = (slot, TERMINALS[0], _people())
    expires_at = MORNING + timedelta(minutes=10)
    await _claim(database, taken, expires_at=expires_at, now=MORNING)
    with pytest.raises(SlotTaken):
        await _claim(database, taken, expires_at=None, now=expires_at - timedelta(seconds=1))
    async with database.reading() as tx:
        assert await tx.slots.busy(_people().resources(), slot, now=MORNING)
        assert not await tx.slots.busy(_people().resources(), slot, now=expires_at)
    await _claim(database, taken, expires_at=None, now=expires_at)


async def test_a_kept_hold_expires_no_more_and_a_released_one_is_free(database: Database) -> None:
    slot = Slot.of(MORNING, timedelta(hours=1))
    taken = (slot, TERMINALS[0], _people())
    late = MORNING + timedelta(days=1)
    booking_id = await _claim(database, taken, expires_at=MORNING + timedelta(minutes=10), now=MORNING)
    async with database.transaction() as tx:
        assert await tx.slots.keep(booking_id)
    with pytest.raises(SlotTaken):
        await _claim(database, taken, expires_at=None, now=late)
    async with database.transaction() as tx:
        await tx.slots.release(booking_id)
    await _claim(database, taken, expires_at=None, now=late)


async def test_a_facilitys_practice_is_kept_and_otherwise_usual(database: Database, clock: SetClock) -> None:
    del clock
    facility = organisation(OrganisationKind.DETENTION_FACILITY)
    practice = FacilityPractice(
        facility_id=OrganisationId(facility.id),
        opening=(OpeningPeriod(weekday=0, opens=time(9), closes=time(11, 30)),),
        turnaround=timedelta(minutes=15),
        guard_viewing=False,
    )
    async with database.transaction() as tx:
        await tx.people.add_organisation(facility)
        assert await tx.slots.practice(facility.id) == FacilityPractice.usual(facility.id)
        await tx.slots.put_practice(practice)
        await tx.slots.put_practice(practice)
    async with database.reading() as tx:
        assert await tx.slots.practice(facility.id) == practice
