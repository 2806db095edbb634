"""Has the log's head signed again and again, and kept in a second place."""

import asyncio
from datetime import UTC, datetime

from server.audit.ports import Archive
from server.audit.proofs import LogContradicted, Prover
from server.kernel.clock import Clock

EVERY_S = 60.0
"""How long an entry waits at most for a head that shows it."""


class HeadPublisher:
    """Publishes the log's tree heads."""

    def __init__(self, *, prover: Prover, archive: Archive, clock: Clock) -> None:
        """Publish to `archive`, which is the prover's."""
        self._prover = prover
        self._archive = archive
        self._clock = clock
        self.published_at = datetime.min.replace(tzinfo=UTC)
        """When this process published the last one; the beginning of time if it has not."""
        self.is_contradicted = False
        """Whether the log is not that of the last head any more."""

    async def publish(self) -> None:
        """Publish the head of the log as it is now; raises `OSError` if it can't be kept.

        Raises:
            LogContradicted: it does not go on from the last one.
        """
        now = self._clock.now()
        try:
            head = await self._prover.head()
        except LogContradicted:
            self.is_contradicted = True
            raise
        self.is_contradicted = False
        await asyncio.to_thread(self._archive.append, head)
        self.published_at = now
