from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import pytest
from sqlalchemy import select

from server.cases.model import AssignmentStatus, Case, CaseStatus
from server.demo.affairs import affairs
from server.demo.seed import seed
from server.kernel.clock import CHINA
from server.kernel.identity import Role
from server.scheduling.model import LENGTHS, Booking, BookingStatus
from storage.bus import LocalBus
from storage.database import Database
from storage.queue import LocalQueue
from storage.tables.base import metadata
from tests.databases import LOG_KEY, Content, Databases, Engine
from tests.fakes.clock import SetClock

NOT_CONTENT = ("id", "_hash", "_by", "code", "actor", "subject", "details")
"""Endings of columns that hold what is random."""


@pytest.fixture
async def province(
    databases: Databases, engine: Engine, tmp_path: Path, clock: SetClock
) -> AsyncIterator[Database]:
    url = await databases.copy(engine, tmp_path, Content.PROVINCE)
    queue = LocalQueue({})
    opened = Database(url, bus=LocalBus(), clock=clock, enqueue=queue.enqueue, log_key=LOG_KEY)
    yield opened
    await opened.close()


async def _cases(province: Database) -> tuple[Case, ...]:
    async with province.reading() as tx:
        areas = {account.organisation_id for account in await tx.people.seeded_accounts()}
        found = [
            case
            for area_id in areas
            if area_id is not None
            for case in await tx.cases.cases_of_area(area_id, frozenset(CaseStatus))
        ]
    return tuple(found)


async def _content(database: Database) -> dict[str, list[str]]:
    """Returns every row of every table without the columns that hold ids, hashes or keys."""
    async with database.reading() as tx:
        return {
            table.name: sorted(
                str(tuple(row))
                for row in await tx.connection.execute(
                    select(
                        *[
                            column
                            for column in table.columns
                            if not column.name.endswith(
                                ("id", "_hash", "_by", "code", "actor", "subject", "details")
                            )
                            and not column.name.startswith("answer")
                        ]
                    )
                )
            )
            for table in metadata.sorted_tables
            if table.name not in {"notice_answer", "audit_entry", "stale_plan"}
        }


async def test_two_provinces_made_on_one_day_hold_the_same(
    databases: Databases, engine: Engine, clock: SetClock, tmp_path: Path
) -> None:
    contents = []
    for name in ("first", "second"):
        url = await databases.copy(engine, tmp_path / name)
        queue = LocalQueue({})
        database = Database(url, bus=LocalBus(), clock=clock, enqueue=queue.enqueue, log_key=LOG_KEY)
        await seed(database, clock)
        contents.append(await _content(database))
        await database.close()
    assert contents[0] == contents[1]


async def test_every_affair_has_come_as_far_as_it_was_meant_to(province: Database) -> None:
    cases = await _cases(province)
    goals = Counter(
        CaseStatus.NOTICED if accused.goal is None else accused.goal
        for affair in affairs()
        for accused in affair.accused
    )
    assert Counter(case.status for case in cases) == goals
    assert 38 <= len(cases) <= 45


async def test_no_two_co_defendants_have_a_lawyer_in_common(province: Database) -> None:
    cases = await _cases(province)
    async with province.reading() as tx:
        lawyers = {
            case.id: {each.account_id for each in await tx.cases.assignments_of(case.id)} for case in cases
        }
        pairs = [
            (one, other)
            for one, other in combinations(lawyers, 2)
            if other in await tx.cases.linked_cases(one)
        ]
    assert len(pairs) >= 9
    assert all(lawyers[one].isdisjoint(lawyers[other]) for one, other in pairs)


async def test_two_lawyers_share_the_case_of_the_story(province: Database) -> None:
    async with province.reading() as tx:
        accounts = {account.name: account for account in await tx.people.seeded_accounts()}
        zhou, lin = accounts["周某"], accounts["林某"]
        shared = {case.id for case in await tx.cases.cases_of_lawyer(zhou.id)} & {
            case.id for case in await tx.cases.cases_of_lawyer(lin.id)
        }
        (case_id,) = shared
        case = await tx.cases.case(case_id)
        recipients = await tx.cases.recipients_of(frozenset(shared))
    assert case is not None
    assert case.stage.file_access
    assert recipients[case_id].name == "张某"


async def test_some_lawyers_have_yet_to_answer(province: Database) -> None:
    async with province.reading() as tx:
        accounts = await tx.people.seeded_accounts()
        pending = [
            account.name
            for account in accounts
            if account.role is Role.LAWYER
            for each in await tx.cases.assignments_of_lawyer(account.id)
            if each.status is AssignmentStatus.PROPOSED
        ]
    assert "周某" in pending
    assert len(pending) == 3


async def _bookings(province: Database) -> tuple[Booking, ...]:
    case_ids = frozenset(case.id for case in await _cases(province))
    async with province.reading() as tx:
        return await tx.slots.bookings_of_cases(case_ids)


async def test_every_booking_is_within_the_rules(province: Database) -> None:
    bookings = await _bookings(province)
    assert len(bookings) >= 15
    async with province.reading() as tx:
        for booking in bookings:
            practice = await tx.slots.practice(booking.facility_id)
            assert practice.is_open(booking.slot)
            assert booking.slot.length in LENGTHS
    standing = [booking for booking in bookings if booking.status is not BookingStatus.CANCELLED]
    for one, other in combinations(standing, 2):
        if one.slot.overlaps(other.slot):
            assert one.terminal_id != other.terminal_id
            assert set(one.lawyer_ids).isdisjoint(other.lawyer_ids)
            assert one.party_id != other.party_id


async def test_a_meeting_can_be_entered_as_soon_as_the_demo_is_there(
    province: Database, clock: SetClock
) -> None:
    joinable = [
        booking
        for booking in await _bookings(province)
        if booking.status is BookingStatus.CONFIRMED
        and timedelta(0) < booking.starts_at - clock.now() <= timedelta(minutes=30)
    ]
    async with province.reading() as tx:
        recipients = await tx.cases.recipients_of(frozenset(booking.case_id for booking in joinable))
    assert "张某" in {party.name for party in recipients.values()}


@pytest.mark.parametrize(
    "at",
    [
        pytest.param(datetime(2026, 10, 3, 23, 57, 41, tzinfo=CHINA), id="a Saturday just before midnight"),
        pytest.param(datetime(2027, 1, 1, 0, 0, tzinfo=CHINA), id="the first moment of a year"),
        pytest.param(datetime(2028, 2, 29, 12, 1, tzinfo=CHINA), id="a leap day"),
    ],
)
async def test_the_province_can_be_made_at_any_hour(database: Database, at: datetime) -> None:
    await seed(database, SetClock(at.astimezone(UTC)))
    assert len(await _bookings(database)) >= 15
