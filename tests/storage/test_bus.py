"""One contract for each bus, and what the one on Redis does while Redis is away."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from aiohttp import web
from redis.asyncio import Redis

from server.kernel.events import Bus, Notification, Subscription
from storage.bus import LocalBus
from storage.redis import RedisBus
from tests.servers.valkey import ValkeyServer
from tests.until import until

MET = Notification("case:1", "ClientMet", "case:1")
OTHER = Notification("case:2", "ClientMet", "case:2")


@asynccontextmanager
async def node(server: ValkeyServer) -> AsyncIterator[RedisBus]:
    bus = RedisBus(server.url)
    running = bus.run(web.Application())
    await anext(running)
    await until(lambda: bus.is_connected)
    yield bus
    with pytest.raises(StopAsyncIteration):
        await anext(running)


@pytest.fixture(params=["local", "redis, one node", "redis, two nodes"])
async def ends(request: pytest.FixtureRequest, valkey: ValkeyServer) -> AsyncIterator[tuple[Bus, Bus]]:
    """The bus on which is told, and the one on which is heard."""
    if request.param == "local":
        bus = LocalBus()
        yield bus, bus
        return
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(node(valkey))
        second = first if "one" in request.param else await stack.enter_async_context(node(valkey))
        yield first, second


async def heard(subscription: Subscription) -> Notification:
    async with asyncio.timeout(20):
        return await subscription.next()


async def test_who_listens_to_a_topic_hears_of_it_once_and_of_no_other(ends: tuple[Bus, Bus]) -> None:
    told, listened = ends
    async with listened.subscribe(frozenset({"case:1", "case:3"})) as subscription:
        for notification in (OTHER, MET, Notification("case:3", "Ended", "case:3")):
            await told.publish(notification)
        assert await heard(subscription) == MET
        assert (await heard(subscription)).topic == "case:3"


async def test_what_others_say_on_the_server_harms_nobody_and_other_installations_are_not_heard(
    valkey: ValkeyServer,
) -> None:
    other = Redis.from_url(valkey.url)
    async with node(valkey) as bus, node(valkey) as second, bus.subscribe(frozenset({"case:1"})) as mine:
        for said in (b"no JSON", b"[1]", b"7"):
            assert await other.publish("lianbian-0", said) == 2
        foreign = json.dumps(["node", "case:1", "OfAnotherInstallation", "case:1"])
        assert await other.publish("lianbian-1", foreign) == 0
        await second.publish(MET)
        assert await heard(mine) == MET
    await other.aclose()


async def test_who_listens_no_more_hears_nothing_more(ends: tuple[Bus, Bus]) -> None:
    told, listened = ends
    ended = listened.subscribe(frozenset({"case:1"}))
    async with listened.subscribe(frozenset({"case:1"})) as goes_on:
        async with ended:
            await told.publish(MET)
            assert await heard(ended) == MET
        await told.publish(MET)
        await heard(goes_on)
        assert await heard(goes_on) == MET
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await ended.next()


@pytest.mark.parametrize("way", ["killed", "frozen"])
async def test_without_redis_a_node_hears_itself_and_asks_for_every_permission_again(
    valkey: ValkeyServer, way: str
) -> None:
    async with node(valkey) as bus, bus.subscribe(frozenset({"case:1", "access:a"})) as subscription:
        valkey.kill() if way == "killed" else valkey.freeze()
        await until(lambda: not bus.is_connected)
        async with asyncio.timeout(0.5):
            await bus.publish(MET)
        first, *others = [await heard(subscription) for _ in range(3)]
        assert MET in {first, *others}
        assert Notification("access:a", "Unheard", "access:a") in {first, *others}
        await valkey.start() if way == "killed" else valkey.thaw()
        await until(lambda: bus.is_connected)


async def test_once_redis_is_back_everybody_is_told_that_something_may_have_been_missed(
    valkey: ValkeyServer,
) -> None:
    async with node(valkey) as bus, bus.subscribe(frozenset({"case:1"})) as subscription:
        valkey.kill()
        await until(lambda: not bus.is_connected)
        await valkey.start()
        assert await heard(subscription) == Notification("case:1", "Missed", "case:1")


async def test_nodes_that_lost_redis_hear_each_other_again_once_it_is_back(valkey: ValkeyServer) -> None:
    async with node(valkey) as first, node(valkey) as second:
        valkey.kill()
        await until(lambda: not first.is_connected and not second.is_connected)
        await first.publish(MET)
        await valkey.start()
        await until(lambda: first.is_connected and second.is_connected)
        async with second.subscribe(frozenset({"case:2"})) as subscription:
            await first.publish(OTHER)
            while await heard(subscription) != OTHER:
                continue


async def test_a_node_with_too_much_untold_tells_that_something_happened(
    valkey: ValkeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.redis._BACKLOG", 3)
    async with node(valkey) as first, node(valkey) as second:
        valkey.freeze()
        for _ in range(10):
            await first.publish(OTHER)
        async with second.subscribe(frozenset({"case:1"})) as subscription:
            valkey.thaw()
            assert await heard(subscription) == Notification("case:1", "Missed", "case:1")
