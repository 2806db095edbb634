"""Signs what the log is, again and again, and has it kept in a second place."""

import asyncio
from datetime import UTC, datetime

from server.audit.heads import HeadKey, TreeHead
from server.audit.ports import Archive, LogTransaction
from server.kernel.clock import Clock, microseconds_of
from server.kernel.transaction import Units

EVERY_S = 60.0
"""How long an entry waits at most for a head that shows it."""


class HeadPublisher:
    """Publishes the log's tree heads."""

    def __init__(self, *, units: Units[LogTransaction], key: HeadKey, archive: Archive, clock: Clock) -> None:
        """Publish to `archive`."""
        self._units = units
        self._key = key
        self._archive = archive
        self._clock = clock
        self.published_at = datetime.min.replace(tzinfo=UTC)
        """When this process published the last one; the beginning of time if it has not."""

    async def publish(self) -> None:
        """Publish the head of the log as it is now; raises `OSError` if it can't be kept."""
        async with self._units.reading() as tx:
            tree = await tx.log.frontier()
        now = self._clock.now()
        head = TreeHead(timestamp=microseconds_of(now) // 1000, tree_size=tree.size, root_hash=tree.root)
        await asyncio.to_thread(self._sign_and_keep, head)
        self.published_at = now

    def _sign_and_keep(self, head: TreeHead) -> None:
        self._archive.append(self._key.sign(head))
