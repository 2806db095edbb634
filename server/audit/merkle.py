"""A Merkle tree over a growing list, as RFC 9162 §2.1 defines it, with SHA-256. Pure.

The tree of `n` leaves splits at the largest power of two below `n`. A `Frontier` holds the roots of the full
subtrees from left to right, one for each bit of `n`, so that appending and the root take O(log n). A proof
names the subtrees whose roots it needs; each is made of O(log n) that were complete with their last leaf.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

Hash = bytes
"""32 bytes."""
EMPTY_ROOT: Hash = sha256(b"").digest()


class ProofRefused(Exception):
    """A proof does not show what it should: a leaf, a tree or the proof itself was altered."""


def leaf_hash(entry: bytes) -> Hash:
    """Return the hash of a leaf (§2.1.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: Hash, right: Hash) -> Hash:
    """Return the hash of an inner node (§2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class Frontier:
    """What has to be kept of a tree so that it can grow."""

    size: int = 0
    peaks: list[Hash] = field(default_factory=list)
    """Roots of the full subtrees, the largest first; one for each bit of `size`."""

    def append(self, leaf: Hash) -> None:
        """Add a leaf by its hash."""
        bit = 1
        while self.size & bit:
            leaf = node_hash(self.peaks.pop(), leaf)
            bit <<= 1
        self.peaks.append(leaf)
        self.size += 1

    @property
    def root(self) -> Hash:
        """The tree's root."""
        if not self.peaks:
            return EMPTY_ROOT
        root, *others = reversed(self.peaks)
        for peak in others:
            root = node_hash(peak, root)
        return root


Span = tuple[int, int]
"""Leaves from the first number up to the second, counted from 0: a subtree of the whole."""


def inclusion_path(index: int, size: int) -> tuple[Span, ...]:
    """Return the subtrees whose roots show leaf `index` in the tree of `size` leaves (§2.1.3.1)."""
    start, end = 0, size
    path: list[Span] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return tuple(reversed(path))


def consistency_path(first: int, size: int) -> tuple[Span, ...]:
    """Return the subtrees whose roots show the tree of `first` leaves within that of `size` (§2.1.4.1)."""
    if first in {0, size}:
        return ()
    start, end = 0, size
    path: list[Span] = []
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    if start:
        path.append((start, end))
    return tuple(reversed(path))


def pieces(span: Span) -> tuple[int, ...]:
    """Return where the subtrees end of which `span` is made, each the largest full one that ends there.

    Only where the last of them is one leaf, a larger one may end there: then the leaf itself is meant.
    """
    start, end = span
    ends: list[int] = []
    while end - start > 1 and end & -end != end - start:
        start += _split(end - start)
        ends.append(start)
    return (*ends, end)


def root_of(span: Span, subtrees: Callable[[int], Hash], leaves: Callable[[int], Hash]) -> Hash:
    """Return the root over `span` from the roots of its pieces or its last leaf, asked for by their ends."""
    *before, last = pieces(span)
    is_leaf = last - (before[-1] if before else span[0]) == 1
    root = leaves(last) if is_leaf else subtrees(last)
    for end in reversed(before):
        root = node_hash(subtrees(end), root)
    return root


def verify_inclusion(leaf: Hash, index: int, size: int, proof: Sequence[Hash], root: Hash) -> None:
    """Pass if `proof` shows that the tree of `size` leaves and `root` has `leaf` at `index` (§2.1.3.2).

    Raises:
        ProofRefused: it does not.
    """
    if not 0 <= index < size or len(leaf) != len(EMPTY_ROOT):
        raise ProofRefused
    at, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            raise ProofRefused
        if at & 1 or at == last:
            found = node_hash(step, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    if last or found != root:
        raise ProofRefused


def verify_consistency(
    size: int, root: Hash, whole_size: int, whole_root: Hash, proof: Sequence[Hash]
) -> None:
    """Pass if `proof` shows the tree of the first `size` leaves within that of `whole_size` (§2.1.4.2).

    Raises:
        ProofRefused: it does not.
    """
    if not size and (whole_size or whole_root != EMPTY_ROOT):
        raise ProofRefused
    verify_subtree(0, size, root, whole_size, whole_root, proof)


def verify_subtree(  # noqa: PLR0913, PLR0917 - the two trees and the proof
    start: int, end: int, root: Hash, whole_size: int, whole_root: Hash, proof: Sequence[Hash]
) -> None:
    """Pass if `proof` shows the tree of leaves `start` to `end` within that of `whole_size`.

    `start` must be a multiple of the power of two that holds the leaves, so that the tree of the whole has
    this one in it (draft-ietf-plants-merkle-tree-certs §4.4.3).

    Raises:
        ProofRefused: it does not.
    """
    if start == end <= whole_size:
        if root != EMPTY_ROOT or proof:
            raise ProofRefused
        return
    if not 0 <= start < end <= whole_size or start % (1 << (end - start - 1).bit_length()):
        raise ProofRefused
    path, rest = _Path(start, end - 1, whole_size - 1), list(proof)
    path.climb_to_full()
    if path.first != path.last and not rest:
        raise ProofRefused
    seed = root if path.first == path.last else rest.pop(0)
    if _roots(path, seed, rest) != (root, whole_root):
        raise ProofRefused


@dataclass(slots=True)
class _Path:
    """Where a level has the first and last node of the smaller tree, and the last of the whole."""

    first: int
    last: int
    whole: int

    def climb(self) -> None:
        """Go to the parents."""
        self.first, self.last, self.whole = self.first >> 1, self.last >> 1, self.whole >> 1

    def climb_to_full(self) -> None:
        """Go up while the smaller tree's last node is a right child, or the last of the whole."""
        while self.first != self.last and (self.last == self.whole or self.last & 1):
            self.climb()

    def climb_to_right(self) -> None:
        """Go up until the smaller tree's last node is a right child."""
        while self.last and not self.last & 1:
            self.climb()


def _roots(path: _Path, seed: Hash, proof: Sequence[Hash]) -> tuple[Hash, Hash]:
    """Return the roots of the smaller tree and of the whole that the proof leads to."""
    found = found_whole = seed
    for step in proof:
        if not path.whole:
            raise ProofRefused
        if path.last & 1 or path.last == path.whole:
            if path.first < path.last:
                found = node_hash(step, found)
            found_whole = node_hash(step, found_whole)
            path.climb_to_right()
        else:
            found_whole = node_hash(found_whole, step)
        path.climb()
    if path.whole:
        raise ProofRefused
    return found, found_whole


def _split(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1
