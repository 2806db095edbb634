"""What the audit log's services need from outside."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from server.audit.entry import Entry, LogKey
from server.audit.heads import SignedTreeHead
from server.audit.merkle import Frontier, Hash, Span
from server.audit.search import Search
from server.kernel.transaction import Transaction


class LogDamaged(Exception):
    """Rows are missing that the tree grows from: nothing can be written before they are restored."""


class Log(Protocol):
    """The log as it is stored; each call on its tree raises `LogDamaged` if rows are missing."""

    async def frontier(self) -> Frontier:
        """Return what the tree over all entries grows from."""
        ...

    async def roots(self, spans: Sequence[Span]) -> tuple[Hash, ...]:
        """Return the roots of subtrees."""
        ...

    async def entry(self, number: int) -> Entry | None:
        """Return an entry."""
        ...

    async def altered(self, entries: Sequence[Entry], key: LogKey) -> frozenset[int]:
        """Return the numbers of those that are not as they were sealed with `key`."""
        ...

    async def newest(self, search: Search, *, before: int | None, limit: int) -> tuple[Entry, ...]:
        """Return the newest entries that `search` finds, of those with a number below `before`."""
        ...

    async def oldest(self, search: Search, *, after: int, up_to: int, limit: int) -> tuple[Entry, ...]:
        """Return the oldest entries that `search` finds, of those numbered `after` + 1 to `up_to`."""
        ...


class LogTransaction(Transaction, Protocol):
    """A unit of work that sees the log."""

    @property
    def log(self) -> Log:
        """The audit log."""
        ...


class Archive(Protocol):
    """Keeps tree heads where who can change the database should not reach."""

    def append(self, signed: SignedTreeHead) -> None:
        """Keep a head, durably; blocks.

        Raises:
            OSError: it can't be kept.
        """
        ...

    def newest(self) -> SignedTreeHead | None:
        """Return the head that was kept last, None if there is none; blocks."""
        ...


class Directory(Protocol):
    """Knows who the actors are."""

    async def actors(self, name: str) -> frozenset[str]:
        """Return the actors of this name or login."""
        ...

    async def names(self, actors: frozenset[str]) -> Mapping[str, str]:
        """Return the names of those of the actors that are still known."""
        ...
