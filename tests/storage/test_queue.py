"""One contract for each queue, and what the one on Redis does while Redis is away."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from server.kernel.events import Job
from storage.queue import LocalQueue, TaskQueue
from storage.redis import RedisQueue
from tests.servers.valkey import ValkeyServer
from tests.until import until

Runs = Callable[[str], Coroutine[None, None, None]]


@asynccontextmanager
async def handing_in(queue: TaskQueue) -> AsyncIterator[None]:
    life = queue.run(web.Application())
    await anext(life)
    yield
    await anext(life, None)


@asynccontextmanager
async def working(server: ValkeyServer, runs: Runs) -> AsyncIterator[None]:
    """A worker of its own connection, for as long as the block lasts."""
    queue, ending = RedisQueue(server.url), asyncio.Event()
    queue.add("split", runs)
    worker = asyncio.create_task(queue.work(ending))
    yield
    ending.set()
    await worker


@pytest.fixture(params=["local", "redis"])
async def queue(
    request: pytest.FixtureRequest, valkey: ValkeyServer, done: list[str]
) -> AsyncIterator[TaskQueue]:
    """A queue whose jobs named `split` are noted in `done`; one with the key `bad` fails."""
    runs = noting(done)
    if request.param == "local":
        local = LocalQueue({"split": runs})
        async with handing_in(local):
            yield local
        return
    remote = RedisQueue(valkey.url)
    remote.add("split", runs)
    async with working(valkey, runs), handing_in(remote):
        yield remote


@pytest.fixture
def done() -> list[str]:
    return []


def noting(done: list[str]) -> Runs:
    async def run(key: str) -> None:
        if key == "bad":
            raise ConnectionError
        done.append(key)

    return run


async def test_each_job_is_done_and_one_that_fails_hurts_no_other(queue: TaskQueue, done: list[str]) -> None:
    for key in ("1", "bad", "2"):
        await queue.enqueue(Job("split", key))
    await until(lambda: sorted(done) == ["1", "2"])


async def test_a_job_waits_for_the_first_worker(valkey: ValkeyServer, done: list[str]) -> None:
    queue = RedisQueue(valkey.url)
    queue.add("split", noting(done))
    async with handing_in(queue):
        await queue.enqueue(Job("split", "1"))
        async with working(valkey, noting(done)):
            await until(lambda: done == ["1"])


async def test_of_two_workers_one_does_the_job(valkey: ValkeyServer, done: list[str]) -> None:
    queue = RedisQueue(valkey.url)
    queue.add("split", noting(done))
    async with handing_in(queue), working(valkey, noting(done)), working(valkey, noting(done)):
        for number in range(20):
            await queue.enqueue(Job("split", str(number)))
        await until(lambda: len(done) >= 20)
    assert sorted(done, key=int) == [str(number) for number in range(20)]


async def test_without_redis_handing_in_a_job_fails_nobody_and_goes_on_once_it_is_back(
    valkey: ValkeyServer, done: list[str]
) -> None:
    valkey.kill()
    queue = RedisQueue(valkey.url)
    queue.add("split", noting(done))
    async with handing_in(queue), working(valkey, noting(done)):
        async with asyncio.timeout(5):
            await queue.enqueue(Job("split", "lost"))
        await valkey.start()
        await queue.enqueue(Job("split", "1"))
        await until(lambda: done == ["1"])
        valkey.kill()  # with all that it held: the stream and its group too
        await valkey.start()
        await queue.enqueue(Job("split", "2"))
        await until(lambda: done == ["1", "2"])


async def test_a_worker_outlives_redis_going_away_while_it_does_a_job(
    valkey: ValkeyServer, done: list[str]
) -> None:
    async def run(key: str) -> None:
        if key == "1":
            valkey.kill()
        done.append(key)

    queue = RedisQueue(valkey.url)
    queue.add("split", run)
    async with handing_in(queue), working(valkey, run):
        await queue.enqueue(Job("split", "1"))
        await until(lambda: done == ["1"])
        await valkey.start()
        await queue.enqueue(Job("split", "2"))
        await until(lambda: done == ["1", "2"])
