"""What happened in a live meeting, on its way into the database and its log, in order.

A meeting goes on for a while without its database; what happens meanwhile waits here and is written once the
database is back. It is lost only with the process.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import structlog

from server.kernel.transaction import DatabaseUnavailable, Units
from server.rooms.ports import RoomsTx

log = structlog.get_logger()

Entry = Callable[[RoomsTx], Awaitable[None]]
"""Writes one thing; doing it twice does no harm."""

SETTLE_S = 10
"""How long the end of a meeting waits for a database that is away."""


class Diary:
    """One meeting's."""

    def __init__(self, units: Units[RoomsTx]) -> None:
        """Begin empty."""
        self._units = units
        self._unwritten: deque[Entry] = deque()

    async def write(self, entry: Entry) -> None:
        """Write an entry, or keep it behind those that wait; raises what the entry itself raises."""
        self._unwritten.append(entry)
        if len(self._unwritten) == 1:
            await self.catch_up()

    async def catch_up(self) -> None:
        """Write what waits, as far as the database takes it."""
        while self._unwritten:
            entry = self._unwritten.popleft()
            try:
                async with self._units.transaction() as tx:
                    await entry(tx)
            except DatabaseUnavailable:
                self._unwritten.appendleft(entry)
                return

    async def settle(self) -> None:
        """Write what waits before the meeting is forgotten."""
        for _ in range(SETTLE_S):
            await self.catch_up()
            if not self._unwritten:
                return
            await asyncio.sleep(1)
        log.error("what happened in a meeting could not be written", entries=len(self._unwritten))
