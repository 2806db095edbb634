"""Whether the log is as it was written, by its entries' HMACs, their tree, and the exported tree heads. Pure.

Who can change every row, but has neither the key nor the place that heads are kept in, is found out: an
entry's HMAC binds what it says to its number, numbers have no gap, and a tree that was made anew has another
root than the heads that have left the house.
"""

import hmac
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from server.audit.entry import LogKey, canonical_of
from server.audit.heads import TreeHead
from server.audit.merkle import Frontier, Hash, leaf_hash


class LogAltered(Exception):
    """The log is not as it was written; the message says from which entry on, in both languages."""


class Verification:
    """Is shown the log's rows from the first to the last, and refuses at the first that was altered."""

    def __init__(self, key: LogKey, heads: Iterable[TreeHead]) -> None:
        """Keep what the rows are held against; the heads' signatures have been verified."""
        self._key = key
        self._tree = Frontier()
        self._entries = 0
        self._shown = 0
        """Size of the largest tree that a head has shown to be the same."""
        self._heads = defaultdict[int, list[TreeHead]](list)
        for head in heads:
            self._heads[head.tree_size].append(head)

    def take(self, fields: Sequence[object], subtree: object, mac: object) -> None:
        """Hold the next row against its seal, its place and the heads that end with it.

        Raises:
            LogAltered: it is not as it was written.
        """
        number = self._entries + 1
        if fields[0] != number:
            message = f"审计日志缺第 {number} 条 · audit log: entry {number} is missing"
            raise LogAltered(message)
        leaf = self._leaf(fields, mac)
        if leaf is None:
            message = (
                f"审计日志第 {number} 条被改动，或是用另一把密钥写的 · "
                f"audit log: entry {number} was altered, or made with another key"
            )
            raise LogAltered(message)
        self._tree.append(leaf)
        if self._tree.peaks[-1] != subtree:
            message = (
                f"审计日志第 {number} 条的哈希树被改动 · audit log: the tree was altered at entry {number}"
            )
            raise LogAltered(message)
        for head in self._heads.get(number, ()):
            self._hold_against(head)
        self._entries = number

    @property
    def entries(self) -> int:
        """How many rows were shown and are as they were written."""
        return self._entries

    def end(self) -> None:
        """Pass if no row was taken from the end.

        Raises:
            LogAltered: a head has shown more.
        """
        last = max(self._heads, default=0)
        if last > self._entries:
            first = self._entries + 1
            message = f"审计日志缺第 {first} 至 {last} 条 · audit log: entries {first} to {last} are missing"
            raise LogAltered(message)

    def _leaf(self, fields: Sequence[object], mac: object) -> Hash | None:
        """Return the leaf's hash; None if the HMAC is not that of these fields."""
        try:
            canonical = canonical_of(fields)
        except TypeError:
            return None
        is_sealed = isinstance(mac, bytes) and hmac.compare_digest(self._key.mac(canonical), mac)
        return leaf_hash(canonical) if is_sealed else None

    def _hold_against(self, head: TreeHead) -> None:
        if head.root_hash != self._tree.root:
            first, last = self._shown + 1, head.tree_size
            at = datetime.fromtimestamp(head.timestamp // 1000, UTC).isoformat()
            message = (
                f"审计日志第 {first} 至 {last} 条与 {at} 的树头不符 · "
                f"audit log: entries {first} to {last} are not those of the tree head of {at}"
            )
            raise LogAltered(message)
        self._shown = head.tree_size
