"""One contract for counts in memory and on Redis, and what is counted while Redis is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from server.http.pace import Counts
from storage.counts import LocalCounts
from storage.redis import ALONE, RedisCounts
from tests.servers.valkey import ValkeyServer


@asynccontextmanager
async def node(server: ValkeyServer) -> AsyncIterator[RedisCounts]:
    counts = RedisCounts(server.url)
    running = counts.run(web.Application())
    await anext(running)
    yield counts
    with pytest.raises(StopAsyncIteration):
        await anext(running)


@pytest.fixture(params=["local", "redis"])
async def counts(request: pytest.FixtureRequest, valkey: ValkeyServer) -> AsyncIterator[Counts]:
    if request.param == "local":
        yield LocalCounts()
        return
    async with node(valkey) as made:
        yield made


async def test_each_subject_is_counted_for_itself_and_anew_in_each_window(counts: Counts) -> None:
    assert [await counts.count("one", 7) for _ in range(3)] == [1, 2, 3]
    assert await counts.count("another", 7) == 1
    assert await counts.count("one", 8) == 1


async def test_two_nodes_count_together(valkey: ValkeyServer) -> None:
    async with node(valkey) as first, node(valkey) as second:
        assert [await each.count("both", 7) for each in (first, second, first)] == [1, 2, 3]


@pytest.mark.parametrize("way", ["killed", "frozen"])
async def test_while_redis_is_away_a_node_counts_strictly_and_with_the_others_once_it_is_back(
    valkey: ValkeyServer, way: str
) -> None:
    async with node(valkey) as counts:
        assert await counts.count("one", 7) == 1
        valkey.kill() if way == "killed" else valkey.freeze()
        assert [await counts.count("one", 7) for _ in range(2)] == [ALONE, 2 * ALONE]
        await valkey.start() if way == "killed" else valkey.thaw()
        async with asyncio.timeout(30):
            while await counts.count("another", 7) % ALONE == 0:  # noqa: ASYNC110 - nobody tells that it is back
                await asyncio.sleep(0.05)
