"""A Merkle tree over a growing list, as RFC 9162 §2.1 defines it, with SHA-256. Pure.

The tree of `n` leaves splits at the largest power of two below `n`. A `Frontier` holds the roots of the full
subtrees from left to right, one for each bit of `n`, so that appending and the root take O(log n); proofs are
made from the leaves' hashes.
"""

from collections.abc import Sequence
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


def root_of(leaves: Sequence[Hash]) -> Hash:
    """Return the root of the tree over these leaves' hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root


def inclusion_proof(index: int, leaves: Sequence[Hash]) -> tuple[Hash, ...]:
    """Return the path that shows leaf `index` in the tree over `leaves` (§2.1.3.1)."""
    if len(leaves) == 1:
        return ()
    split = _split(len(leaves))
    left, right = leaves[:split], leaves[split:]
    if index < split:
        return (*inclusion_proof(index, left), root_of(right))
    return (*inclusion_proof(index - split, right), root_of(left))


def consistency_proof(size: int, leaves: Sequence[Hash]) -> tuple[Hash, ...]:
    """Return the path that shows the tree over the first `size` leaves within that over all (§2.1.4.1)."""
    return () if size in {0, len(leaves)} else _subproof(size, leaves, is_whole=True)


def _subproof(size: int, leaves: Sequence[Hash], *, is_whole: bool) -> tuple[Hash, ...]:
    if size == len(leaves):
        return () if is_whole else (root_of(leaves),)
    split = _split(len(leaves))
    left, right = leaves[:split], leaves[split:]
    if size <= split:
        return (*_subproof(size, left, is_whole=is_whole), root_of(right))
    return (*_subproof(size - split, right, is_whole=False), root_of(left))


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
