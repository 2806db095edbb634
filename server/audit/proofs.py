"""Proofs that an entry is in the log, and that the log only grew (RFC 9162 §2.1.3, §2.1.4).

Each comes with a signed head, so that whoever holds the heads of the second place, or one of an earlier day,
can verify it without us. Nothing is signed of a log that does not go on from the head that was kept last: it
was rewritten, or its database set back.
"""

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from server.audit.entry import Entry, LogKey
from server.audit.heads import HeadKey, SignedTreeHead, TreeHead
from server.audit.merkle import (
    EMPTY_ROOT,
    Frontier,
    Hash,
    ProofRefused,
    Span,
    consistency_path,
    inclusion_path,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from server.audit.ports import Archive, Log, LogDamaged, LogTransaction
from server.kernel.clock import Clock, microseconds_of
from server.kernel.errors import N_, DomainError, Kind, NotFound
from server.kernel.transaction import Units


class NoSuchTree(DomainError):
    """The log never was of that size, or is not yet."""

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "no-such-tree"
    title: ClassVar[str] = N_("日志没有这么多条")
    advice: ClassVar[str] = N_("请填写 1 到当前条数之间的数，前一个不大于后一个。")


class LogContradicted(DomainError):
    """The log is not that of the head that was kept last."""

    kind: ClassVar[Kind] = Kind.UNAVAILABLE
    code: ClassVar[str] = "log-contradicted"
    title: ClassVar[str] = N_("日志与已导出的树头矛盾")
    advice: ClassVar[str] = N_("日志被改写过，或数据库被还原，因此不再签名。请运行 python3 -m server check。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inclusion:
    """That an entry is in the log that a head shows."""

    entry: Entry
    is_sealed: bool
    """Whether the entry's HMAC is its own."""
    spans: tuple[Span, ...]
    path: tuple[Hash, ...]
    """The roots over `spans`, from the leaf's neighbour up."""
    head: SignedTreeHead

    @property
    def leaf(self) -> Hash:
        """The hash of the entry."""
        return leaf_hash(self.entry.canonical)

    @property
    def is_sound(self) -> bool:
        """Tell whether the entry, as it is stored, is sealed, and the path leads from it to the head."""
        head = self.head.head
        try:
            verify_inclusion(self.leaf, self.leaf_index, head.tree_size, self.path, head.root_hash)
        except ProofRefused:
            return False
        return self.is_sealed

    @property
    def leaf_index(self) -> int:
        """The entry's place, counted from 0."""
        return self.entry.number - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """That the log of a size is the beginning of a later one."""

    first: int
    second: int
    path: tuple[Hash, ...]


class Prover:
    """Signs heads of the log as it is, and makes proofs that lead to them."""

    def __init__(
        self,
        *,
        units: Units[LogTransaction],
        log_key: LogKey,
        head_key: HeadKey,
        archive: Archive,
        clock: Clock,
    ) -> None:
        """Sign with `head_key` what goes on from the heads of `archive`."""
        self._units = units
        self._log_key = log_key
        self._head_key = head_key
        self._archive = archive
        self._clock = clock

    @property
    def public(self) -> bytes:
        """The 32 bytes with which anybody verifies a head (RFC 8032 §5.1.5)."""
        return self._head_key.public

    async def head(self) -> SignedTreeHead:
        """Sign the head of the log as it is.

        Raises:
            LogContradicted: it does not go on from the head that was kept last.
            HeadRefused: what was kept last was not signed with our key.
        """
        before = await asyncio.to_thread(self._last)
        async with self._units.reading() as tx:
            return await self._signed(before, tx)

    async def inclusion(self, number: int) -> Inclusion:
        """Show an entry in the log as it is.

        Raises:
            NotFound: there is no such entry.
            LogContradicted: the log does not go on from the head that was kept last.
            HeadRefused: what was kept last was not signed with our key.
        """
        before = await asyncio.to_thread(self._last)
        async with self._units.reading() as tx:
            entry = await tx.log.entry(number)
            if entry is None:
                raise NotFound
            head = await self._signed(before, tx)
            spans = inclusion_path(number - 1, head.head.tree_size)
            path = await tx.log.roots(spans)
            is_sealed = not await tx.log.altered((entry,), self._log_key)
        return Inclusion(entry=entry, is_sealed=is_sealed, spans=spans, path=path, head=head)

    def _last(self) -> TreeHead:
        """Return the last head that was kept; of the empty log if there is none.

        It is read before the log is, so that one of another node, kept meanwhile, shows no larger log.
        """
        signed = self._archive.newest()
        if signed is None:
            return TreeHead(timestamp=0, tree_size=0, root_hash=EMPTY_ROOT)
        self._head_key.verify(signed)
        return signed.head

    async def _signed(self, before: TreeHead, tx: LogTransaction) -> SignedTreeHead:
        tree = await _grown(before, tx.log)
        if tree is None:
            raise LogContradicted
        timestamp = microseconds_of(self._clock.now()) // 1000
        return self._head_key.sign(TreeHead(timestamp=timestamp, tree_size=tree.size, root_hash=tree.root))


async def consistency(first: int, second: int | None, tx: LogTransaction) -> Consistency:
    """Show the log of the first `first` entries within that of the first `second`, or of all.

    Raises:
        NoSuchTree: there are not that many entries, or the first has more than the second.
    """
    size = (await tx.log.frontier()).size
    later = size if second is None else second
    if not 1 <= first <= later <= size:
        raise NoSuchTree
    return Consistency(first=first, second=later, path=await tx.log.roots(consistency_path(first, later)))


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
