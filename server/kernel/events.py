"""What happened, told after the commit: events for the log and for live pages, jobs for the workers."""

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Protocol, Self

JsonValue = str | int | bool | None | list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(ABC):
    """A fact, in the past tense: subclasses are named `CaseAssigned`, `BookingConfirmed`.

    Fields hold ids, codes and counts, never content: an event is written to the audit log, and its
    name and subject (nothing more) travel over the bus to open pages. What concerns a case
    has a field `case_id`.
    """

    actor: str
    """`Identity.actor` of who did it."""

    @property
    @abstractmethod
    def subject(self) -> str:
        """Name the record that it is about, as `kind:id`."""

    @property
    def topics(self) -> tuple[str, ...]:
        """Name the bus topics whose listeners are told, each as `kind:id`; by default the subject."""
        return (self.subject,)

    def details(self) -> dict[str, JsonValue]:
        """Return the event's own fields for the log."""
        return {name: value for name, value in asdict(self).items() if name != "actor"}


@dataclass(frozen=True, slots=True)
class Job:
    """Work to be done outside the request: a hint. The database says what is truly left to do."""

    name: str
    key: str
    """The record it concerns; running a job twice does no harm."""


@dataclass(frozen=True, slots=True)
class Notification:
    """What the bus carries: that something happened to a record, never what."""

    topic: str
    event: str
    subject: str


class Subscription(Protocol):
    """A listener's end of the bus, closed with `async with`."""

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        ...

    async def __aexit__(self, *_exc: object) -> None:
        """Stop listening."""
        ...

    async def next(self) -> Notification:
        """Wait for the next notification."""
        ...


class Bus(Protocol):
    """Tells open pages and sockets, on every node, that something happened. Delivery is best effort."""

    async def publish(self, notification: Notification) -> None:
        """Tell every subscriber of the notification's topic."""
        ...

    def subscribe(self, topics: frozenset[str]) -> Subscription:
        """Listen to `topics`."""
        ...
