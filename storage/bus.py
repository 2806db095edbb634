"""The in-process bus: fans notifications out to the subscribers of their topic."""

import asyncio
from collections import defaultdict
from typing import Self

from typing_extensions import override

from server.kernel.events import Bus, Notification, Subscription

_BACKLOG = 1000
"""Notifications kept for a slow listener; beyond it the oldest goes, as the bus only hints."""


class LocalSubscription(Subscription):
    """One subscriber's end."""

    def __init__(self, bus: "LocalBus", topics: frozenset[str]) -> None:
        """Begin to listen once entered."""
        self._bus = bus
        self._topics = topics
        self._waiting: asyncio.Queue[Notification] = asyncio.Queue(_BACKLOG)

    @override
    async def __aenter__(self) -> Self:
        for topic in self._topics:
            self._bus.listeners[topic].add(self)
        return self

    @override
    async def __aexit__(self, *_exc: object) -> None:
        for topic in self._topics:
            self._bus.listeners[topic].discard(self)
            if not self._bus.listeners[topic]:
                del self._bus.listeners[topic]

    @override
    async def next(self) -> Notification:
        return await self._waiting.get()

    def put(self, notification: Notification) -> None:
        """Keep the notification until it is asked for."""
        if self._waiting.full():
            self._waiting.get_nowait()
        self._waiting.put_nowait(notification)


class LocalBus(Bus):
    """A bus for one process."""

    def __init__(self) -> None:
        """Start with no listener."""
        self.listeners: defaultdict[str, set[LocalSubscription]] = defaultdict(set)

    @override
    async def publish(self, notification: Notification) -> None:
        for listener in tuple(self.listeners.get(notification.topic, ())):
            listener.put(notification)

    def tell_everybody(self, event: str, *, kind: str | None) -> None:
        """Tell each listener, on its topics of `kind` (None: on all), of something without a subject."""
        for topic, listeners in tuple(self.listeners.items()):
            if kind is None or topic.startswith(f"{kind}:"):
                for listener in tuple(listeners):
                    listener.put(Notification(topic, event, topic))

    @override
    def subscribe(self, topics: frozenset[str]) -> LocalSubscription:
        return LocalSubscription(self, topics)
