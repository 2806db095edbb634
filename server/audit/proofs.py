"""Proofs that an entry is in the log, and that the log only grew (RFC 9162 §2.1.3, §2.1.4).

Each comes with a signed head, so that whoever holds the heads of the second place, or one of an earlier day,
can verify it without us.
"""

from dataclasses import dataclass
from typing import ClassVar

from server.audit.entry import Entry
from server.audit.heads import HeadKey, SignedTreeHead, TreeHead
from server.audit.merkle import (
    Hash,
    ProofRefused,
    Span,
    consistency_path,
    inclusion_path,
    leaf_hash,
    verify_inclusion,
)
from server.audit.ports import LogTransaction
from server.kernel.clock import Clock, microseconds_of
from server.kernel.errors import N_, DomainError, Kind, NotFound


class NoSuchTree(DomainError):
    """The log never was of that size, or is not yet."""

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "no-such-tree"
    title: ClassVar[str] = N_("日志没有这么多条")
    advice: ClassVar[str] = N_("请填写 1 到当前条数之间的数，前一个不大于后一个。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inclusion:
    """That an entry is in the log that a head shows."""

    entry: Entry
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
        """Tell whether the path leads from the entry, as it is stored, to the head."""
        head = self.head.head
        try:
            verify_inclusion(self.leaf, self.leaf_index, head.tree_size, self.path, head.root_hash)
        except ProofRefused:
            return False
        return True

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
    """Makes proofs over the log as it is."""

    def __init__(self, key: HeadKey, clock: Clock) -> None:
        """Sign heads with `key`."""
        self._key = key
        self._clock = clock

    async def head(self, tx: LogTransaction) -> SignedTreeHead:
        """Return the head of the log as it is."""
        tree = await tx.log.frontier()
        timestamp = microseconds_of(self._clock.now()) // 1000
        return self._key.sign(TreeHead(timestamp=timestamp, tree_size=tree.size, root_hash=tree.root))

    async def inclusion(self, number: int, tx: LogTransaction) -> Inclusion:
        """Show an entry in the log as it is.

        Raises:
            NotFound: there is no such entry.
        """
        entry = await tx.log.entry(number)
        if entry is None:
            raise NotFound
        head = await self.head(tx)
        spans = inclusion_path(number - 1, head.head.tree_size)
        return Inclusion(entry=entry, spans=spans, path=await tx.log.roots(spans), head=head)


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
