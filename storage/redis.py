"""The one door to Redis: notifications to every node, jobs for the workers, and counts of requests.

The first two only hint; the database is the truth. While Redis is away, notifications still reach the
listeners of their own process, and everybody is told each second to ask again for their permission; once it
is back, everybody is told that something may have been missed. Jobs that nobody heard of stand in the
database. Requests are then counted by each node for itself, and more strictly.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import structlog
from aiohttp import web
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from taskiq import AckableMessage
from taskiq.receiver import Receiver
from taskiq_redis import RedisStreamBroker
from typing_extensions import override

from server.http.pace import WINDOW_S, Counts
from server.kernel.events import Bus, Job, Notification
from server.kernel.ids import new_id
from storage.bus import LocalBus, LocalSubscription
from storage.counts import LocalCounts
from storage.queue import TaskQueue

log = structlog.get_logger()

ANSWER_S = 1.0
"""How long Redis may take to answer; one that is slower counts as away."""
AGAIN_S = 1.0
"""How long to wait before it is tried again."""
COUNT_S = 0.25
"""How long a request waits for being counted; then this node counts by itself until `AGAIN_S` have passed."""
ALONE = 4
"""How many times a node counts each request while it counts alone, for others may be asked as well."""
_CHANNEL = "lianbian"
_COUNTS = "lianbian-counts"
_STREAM = "lianbian-jobs"
_KEPT_JOBS = 10_000
_DEAD_AFTER_MS = 600_000
"""How long a job may take before another worker takes it; doing it twice does no harm."""
_BACKLOG = 1_000
"""Notifications kept for other nodes while Redis is away; more become one that says: something happened."""
_MISSED = "Missed"
_SOMETHING = Notification("*", _MISSED, "*")
_TROUBLE = (RedisError, OSError)
"""What a client raises when Redis is away; its time-outs are among both."""


class RedisBus(Bus):
    """A bus for every process that is given the same `url`."""

    def __init__(self, url: str) -> None:
        """Prepare; nothing is opened before `run`."""
        self._redis = Redis.from_url(url, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S)
        # Redis numbers databases, but its channels know of none: installations may share a server.
        self._channel = f"{_CHANNEL}-{self._redis.connection_pool.connection_kwargs.get('db') or 0}"
        self._here = new_id()
        self._local = LocalBus()
        self._untold: asyncio.Queue[Notification] = asyncio.Queue()
        self._ending = asyncio.Event()
        self.is_connected = False
        """Whether notifications of other nodes arrive."""

    @override
    async def publish(self, notification: Notification) -> None:
        await self._local.publish(notification)
        if self._untold.qsize() >= _BACKLOG:
            while not self._untold.empty():
                self._untold.get_nowait()
            notification = _SOMETHING
        self._untold.put_nowait(notification)

    @override
    def subscribe(self, topics: frozenset[str]) -> LocalSubscription:
        return self._local.subscribe(topics)

    async def run(self, _app: web.Application) -> AsyncIterator[None]:
        """Talk with the other nodes while the application runs.

        Neither side is ended by a cancellation: Redis' client can turn one into a time-out of its own.
        """
        hearing = asyncio.create_task(self._hear(), name="redis-bus-hears")
        telling = asyncio.create_task(self._tell(), name="redis-bus-tells")
        yield
        self._ending.set()
        self._untold.put_nowait(_SOMETHING)
        await asyncio.gather(hearing, telling)
        await self._redis.aclose()

    async def _tell(self) -> None:
        """Tell the other nodes, in order; what Redis does not take now is told once it does."""
        while not self._ending.is_set():
            notification = await self._untold.get()
            said = (self._here, notification.topic, notification.event, notification.subject)
            await self._tell_others(json.dumps(said))

    async def _tell_others(self, said: str) -> None:
        while not self._ending.is_set():
            try:
                await self._redis.publish(self._channel, said)
            except _TROUBLE as error:
                log.warning("other nodes can't be told yet", error=repr(error))
                await asyncio.sleep(AGAIN_S)
            else:
                return

    async def _hear(self) -> None:
        was_away = False
        while not self._ending.is_set():
            try:
                async with self._redis.pubsub() as pubsub:
                    await pubsub.subscribe(self._channel)
                    if was_away:
                        self._local.tell_everybody(_MISSED, kind=None)
                    await self._hear_from(pubsub)
            except _TROUBLE as error:
                log.warning("Redis is away", error=repr(error))
                self.is_connected, was_away = False, True
                self._local.tell_everybody("Unheard", kind="access")
                await asyncio.sleep(AGAIN_S)

    async def _hear_from(self, pubsub: PubSub) -> None:
        """Pass on what comes; a Redis that is silent for twice `ANSWER_S`, even when asked, is away."""
        silent_s = 0.0
        while not self._ending.is_set():
            message = await pubsub.get_message(timeout=ANSWER_S)
            if message is None:
                silent_s += ANSWER_S
                if silent_s > 2 * ANSWER_S:
                    raise TimeoutError
                await pubsub.ping()
                continue
            silent_s, self.is_connected = 0.0, True
            if message["type"] == "message":
                await self._pass_on_said(message["data"])

    async def _pass_on_said(self, said: bytes) -> None:
        """Pass on what a node said; what is none of ours is left alone."""
        try:
            node, topic, event, subject = json.loads(said)
        except (ValueError, TypeError):
            log.warning("something else speaks on our channel of Redis")
        else:
            await self._pass_on(node, Notification(topic, event, subject))

    async def _pass_on(self, node: str, notification: Notification) -> None:
        if notification == _SOMETHING:
            self._local.tell_everybody(_MISSED, kind=None)
        elif node != self._here:
            await self._local.publish(notification)


class RedisCounts(Counts):
    """Counts for all nodes together; strictly for this one alone while Redis is away."""

    def __init__(self, url: str) -> None:
        """Prepare; nothing is opened before the first request."""
        self._redis = Redis.from_url(
            url, socket_timeout=COUNT_S, socket_connect_timeout=COUNT_S, retry=Retry(NoBackoff(), 0)
        )
        self._local = LocalCounts()
        self._alone_until_s = 0.0

    @override
    async def count(self, subject: str, window: int) -> int:
        if time.monotonic() >= self._alone_until_s:
            try:
                return await self._count_together(f"{_COUNTS}:{window}:{subject}")
            except _TROUBLE as error:
                log.warning("requests are counted by this node alone", error=repr(error))
                self._alone_until_s = time.monotonic() + AGAIN_S
        return ALONE * await self._local.count(subject, window)

    async def _count_together(self, key: str) -> int:
        async with self._redis.pipeline(transaction=False) as pipeline:
            await pipeline.incr(key)
            await pipeline.expire(key, 2 * WINDOW_S)
            counted, _ = await pipeline.execute()
        return int(counted)

    async def run(self, _app: web.Application) -> AsyncIterator[None]:
        """Hang up when the application ends."""
        yield
        await self._redis.aclose()


class RedisQueue(TaskQueue):
    """Jobs on a Redis stream: web processes hand them in, workers take them."""

    def __init__(self, url: str) -> None:
        """Prepare; nothing is opened before `run` or `work`."""
        self._stream = _Broker(url)
        super().__init__(self._stream)

    @override
    async def enqueue(self, job: Job) -> None:
        try:
            async with asyncio.timeout(2 * ANSWER_S):
                await super().enqueue(job)
        except Exception as error:  # noqa: BLE001 - taskiq wraps what the client raises
            log.warning("the workers find a job in the database", job=job.name, error=repr(error))

    async def work(self, ending: asyncio.Event) -> None:
        """Take one job after another until `ending`; nothing is cut short."""
        await self.broker.startup()
        receiver = Receiver(self.broker, max_async_tasks=1)
        async for message in self._stream.until(ending):
            await receiver.callback(message)
        await self.broker.shutdown()


class _Broker(RedisStreamBroker):
    """taskiq's broker, which starts without Redis and goes on after it was away or lost its data."""

    def __init__(self, url: str) -> None:
        super().__init__(
            url,
            queue_name=_STREAM,
            consumer_id="0",
            maxlen=_KEPT_JOBS,
            xread_block=int(ANSWER_S * 1000),
            socket_connect_timeout=ANSWER_S,
        )

    @override
    async def startup(self) -> None:
        try:
            await super().startup()
        except _TROUBLE as error:
            log.warning("Redis is away; jobs are found in the database", error=repr(error))

    async def until(self, ending: asyncio.Event) -> AsyncIterator[AckableMessage]:
        """Yield what comes until `ending`; taskiq's own way ends by a cancellation, which can get lost."""
        async with Redis(connection_pool=self.connection_pool) as redis:
            while not ending.is_set():
                try:
                    await self._declare_consumer_group()  # it is gone if Redis lost its data
                    for number, fields in await self._fetch(redis):
                        yield AckableMessage(data=fields[b"data"], ack=partial(self._acknowledge, number))
                except _TROUBLE as error:
                    log.warning("Redis is away; jobs are found in the database", error=repr(error))
                    await asyncio.sleep(AGAIN_S)

    async def _acknowledge(self, number: str) -> None:
        """Strike off a job that is done; while Redis is away it stays, and is done once more."""
        try:
            await self._ack_generator(number, _STREAM)()
        except _TROUBLE as error:
            log.warning("Redis is away; a job is done once more later", error=repr(error))

    async def _fetch(self, redis: Redis) -> list[tuple[Any, dict[bytes, bytes]]]:
        """Return a job that a dead worker left, else one that is new, waiting a moment for it."""
        group, me = self.consumer_group_name, self.consumer_name
        _, left, *_ = await redis.xautoclaim(_STREAM, group, me, min_idle_time=_DEAD_AFTER_MS, count=1)
        if left:
            return list(left)
        streams: Any = await redis.xreadgroup(group, me, {_STREAM: ">"}, count=1, block=self.block)
        return [message for _, messages in streams for message in messages]
