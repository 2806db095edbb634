"""The unit of work as a port.

A feature's `ports.py` extends `Transaction` with the stores that it uses (read-only properties), so a
service says exactly what it touches and a fake needs exactly that much.
"""

from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

from server.kernel.events import Event, Job

T_co = TypeVar("T_co", covariant=True)


class DatabaseUnavailable(Exception):
    """The database does not answer, or broke off; whether a unit just ended was stored is not known.

    It is no `DomainError`, so that nobody takes it for a rule's refusal.
    """


class Transaction(Protocol):
    """One database transaction: state, audit entries and outbox rows are stored together or not at all."""

    def record(self, event: Event) -> None:
        """Write `event` to the log in this transaction; tell the bus after the commit."""
        ...

    def enqueue(self, job: Job) -> None:
        """Hand `job` to the workers after the commit."""
        ...


class Turns(Protocol):
    """Sees to it that of all processes one works at a task."""

    def alone(self, task: str) -> AbstractAsyncContextManager[bool]:
        """Be the only one at `task` within the block; False: somebody else is, and the block must do nothing.

        Raises:
            DatabaseUnavailable: it can't be told.
        """
        ...


class Units(Protocol[T_co]):
    """Opens units of work."""

    def transaction(self) -> AbstractAsyncContextManager[T_co]:
        """Open a unit that may write: commits when the block ends, rolls back when it raises.

        Raises:
            DatabaseUnavailable: the database does not answer, at its begin, within it or at its end.
        """
        ...

    def reading(self) -> AbstractAsyncContextManager[T_co]:
        """Open a unit that only reads, beside any writer; a write in it is an error."""
        ...
