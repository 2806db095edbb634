"""What the audit log's services need from outside."""

from typing import Protocol

from server.audit.heads import SignedTreeHead
from server.audit.merkle import Frontier
from server.kernel.transaction import Transaction


class Log(Protocol):
    """The log as it is stored."""

    async def frontier(self) -> Frontier:
        """Return what the tree over all entries grows from."""
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
