"""Signs what the log is, again and again, and has it kept in a second place.

A log that does not go on from the head before is not signed: it was rewritten, or its database set back.
"""

import asyncio
from datetime import UTC, datetime

from server.audit.heads import HeadKey, TreeHead
from server.audit.merkle import EMPTY_ROOT, Frontier, ProofRefused, consistency_path, verify_consistency
from server.audit.ports import Archive, Log, LogDamaged, LogTransaction
from server.kernel.clock import Clock, microseconds_of
from server.kernel.transaction import Units

EVERY_S = 60.0
"""How long an entry waits at most for a head that shows it."""


class LogContradicted(Exception):
    """The log is not that of the head that was published last."""


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
        self.is_contradicted = False
        """Whether the log is not that of the last head any more."""

    async def publish(self) -> None:
        """Publish the head of the log as it is now; raises `OSError` if it can't be kept.

        Raises:
            LogContradicted: it does not go on from the last one.
        """
        before = await asyncio.to_thread(self._last)
        async with self._units.reading() as tx:
            tree = await _grown(before, tx.log)
        self.is_contradicted = tree is None
        if tree is None:
            raise LogContradicted
        now = self._clock.now()
        head = TreeHead(timestamp=microseconds_of(now) // 1000, tree_size=tree.size, root_hash=tree.root)
        await asyncio.to_thread(self._sign_and_keep, head)
        self.published_at = now

    def _last(self) -> TreeHead:
        """Return the last head that was kept; of the empty log if there is none."""
        signed = self._archive.newest()
        if signed is None:
            return TreeHead(timestamp=0, tree_size=0, root_hash=EMPTY_ROOT)
        self._key.verify(signed)
        return signed.head

    def _sign_and_keep(self, head: TreeHead) -> None:
        self._archive.append(self._key.sign(head))


async def _grown(before: TreeHead, log: Log) -> Frontier | None:
    """Return the log's tree; None if it does not have that of `before` in it, or has holes."""
    try:
        tree = await log.frontier()
        return tree if await _goes_on(before, tree, log) else None
    except LogDamaged:
        return None


async def _goes_on(before: TreeHead, tree: Frontier, log: Log) -> bool:
    """Tell whether the tree has that of `before` in it."""
    if before.tree_size > tree.size:
        return False
    if not before.tree_size:
        return True
    proof = await log.roots(consistency_path(before.tree_size, tree.size))
    try:
        verify_consistency(before.tree_size, before.root_hash, tree.size, tree.root, proof)
    except ProofRefused:
        return False
    return True
