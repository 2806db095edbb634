"""A database that dies in the middle of a unit is away, not a mistake of ours."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from server.kernel.clock import SystemClock
from server.kernel.transaction import DatabaseUnavailable
from storage.bus import LocalBus
from storage.database import Database
from storage.migrate import migrate_within
from storage.queue import LocalQueue
from tests.databases import LOG_KEY, Engine
from tests.servers.postgresql import PostgresServer

_AT_ONCE = 6


@pytest.fixture
def engine() -> Engine:
    return Engine.POSTGRESQL


@pytest.fixture
async def server() -> AsyncIterator[PostgresServer]:
    started = PostgresServer()
    await started.start()
    yield started
    started.remove()


@pytest.fixture
async def database(server: PostgresServer) -> AsyncIterator[Database]:
    url = server.url(server.create("template0"))
    await migrate_within(url, LOG_KEY)
    opened = Database(
        url, bus=LocalBus(), clock=SystemClock(), enqueue=LocalQueue({}).enqueue, log_key=LOG_KEY
    )
    yield opened
    await opened.close()


async def test_whoever_was_in_the_middle_is_told_that_it_is_away_and_later_goes_on(
    server: PostgresServer, database: Database
) -> None:
    begun = 0

    async def read_on() -> None:
        nonlocal begun
        async with database.reading() as tx:
            begun += 1
            while True:
                await tx.people.organisations()

    async def write_on() -> None:
        nonlocal begun
        async with database.transaction() as tx:
            begun += 1
            while True:
                await tx.people.attempts("login:x")

    async def hold_alone() -> None:
        nonlocal begun
        async with database.alone("task") as mine:
            assert mine
            begun += 1
            async with database.reading() as tx:
                while True:
                    await tx.people.organisations()

    under_way = [asyncio.create_task(each()) for each in (*[read_on] * _AT_ONCE, write_on, hold_alone)]
    async with asyncio.timeout(20):
        while begun < len(under_way):  # noqa: ASYNC110 - the tasks only go on reading
            await asyncio.sleep(0.01)
    server.kill()
    ended = await asyncio.gather(*under_way, return_exceptions=True)
    assert {type(each) for each in ended} == {DatabaseUnavailable}
    await server.start()
    for _ in range(2 * _AT_ONCE):
        await database.ping()
    async with database.alone("task") as mine:
        assert mine
