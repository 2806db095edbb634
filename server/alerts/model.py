"""What alerts are made of: what is planned, what was raised, whom it reached; reminders and their feeds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from typing_extensions import override

from server.kernel.events import Event
from server.kernel.ids import AccountId, AlertId, CaseId, OrganisationId
from server.people.events import AccountEvent


class AlertKind(StrEnum):
    """What is wrong with a duty."""

    DUE_SOON = "due_soon"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAlert:
    """That a duty of a case will be due soon, or late, unless it is done before."""

    case_id: CaseId
    duty: str
    """The clock's key."""
    kind: AlertKind
    rule_id: str
    """The rule by which it will be."""
    due_at: datetime
    """The end that it is about: when that moves, it is another alert."""
    fires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """That a duty of a case is due soon, or late; of each case, duty, kind and end there is one."""

    id: AlertId
    case_id: CaseId
    duty: str
    kind: AlertKind
    rule_id: str
    """The rule by which it is; empty of those raised before this was kept."""
    due_at: datetime
    raised_at: datetime
    level: int
    """How far it has been taken: 0 those who have to do it; see `policy.ESCALATION`."""
    escalates_at: datetime | None
    """When it is taken further unless somebody handles it; None: it is not."""
    handled_by: AccountId | None = None
    handled_at: datetime | None = None
    settled_at: datetime | None = None
    """When there was nothing more to handle: the duty was done, its end moved, or the case ended."""

    @property
    def open(self) -> bool:
        """Tell whether somebody still has to see to it."""
        return self.handled_at is None and self.settled_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A person whom an alert reached, and at which level."""

    alert_id: AlertId
    account_id: AccountId
    level: int
    told_at: datetime


class Channel(StrEnum):
    """How an alert leaves the platform."""

    EMAIL = "email"
    SMS = "sms"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message outside: sent at least once, each time under the same id."""

    id: str
    alert_id: AlertId
    channel: Channel
    target: str
    """The account's id, or of a webhook the endpoint's."""
    attempts: int
    created_at: datetime
    """When it was to leave first: it is given up a day after that, whenever the alert was raised."""
    next_at: datetime
    """When it is sent, or sent again."""
    sent_at: datetime | None = None
    given_up_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Where a person wants alerts besides in the app; empty: not there."""

    account_id: AccountId
    email: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where an agency's system hears of alerts about its duties (Standard Webhooks)."""

    id: str
    organisation_id: OrganisationId
    url: str
    sealed_secret: bytes
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEvent(Event):
    """Something that happened to an alert; those whom it reached hear of it."""

    case_id: str
    alert_id: str
    duty: str
    kind: AlertKind
    told: list[str]
    """The accounts that it concerns."""

    @classmethod
    def of(cls, alert: Alert, actor: str, told: Iterable[str]) -> Self:
        """Tell it of an alert."""
        return cls(
            actor=actor,
            case_id=alert.case_id,
            alert_id=alert.id,
            duty=alert.duty,
            kind=alert.kind,
            told=list(told),
        )

    @property
    @override
    def subject(self) -> str:
        return f"alert:{self.alert_id}"

    @property
    @override
    def topics(self) -> tuple[str, ...]:
        return tuple(f"account:{each}" for each in self.told)


class AlertRaised(AlertEvent):
    """A duty is due soon, or late, and those who have to do it were told."""


class AlertEscalated(AlertEvent):
    """Nobody handled it in time: others were told."""


class AlertHandled(AlertEvent):
    """Somebody said that they see to it."""


class AlertSettled(AlertEvent):
    """There is nothing more to handle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryGivenUp(Event):
    """A message could not be delivered for a day; in the app the alert stands all the same."""

    alert_id: str
    delivery_id: str
    channel: Channel

    @property
    @override
    def subject(self) -> str:
        return f"alert:{self.alert_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointEvent(Event):
    """Something that happened to an agency's webhook."""

    organisation_id: str
    endpoint_id: str

    @property
    @override
    def subject(self) -> str:
        return f"organisation:{self.organisation_id}"


class EndpointAdded(EndpointEvent):
    """An agency's system hears of alerts."""


class EndpointRemoved(EndpointEvent):
    """It hears of none any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """Something that a person has to think of in time; it names no person and no case."""

    uid: str
    """The same whenever it is told."""
    words: str
    """Message id of what it is."""
    starts_at: datetime
    ends_at: datetime
    path: str
    """The page that tells more, to whom it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """An account's subscription: whoever has its token reads the account's reminders."""

    account_id: AccountId
    token_hash: bytes
    """SHA-256; the token itself is shown once and not kept."""
    created_at: datetime


class FeedMade(AccountEvent):
    """An account got a feed, in place of the one before."""

    @property
    @override
    def topics(self) -> tuple[str, ...]:
        """Return none: what the account may do stays the same."""
        return ()


class FeedRevoked(FeedMade):
    """Nobody reads an account's reminders through a feed any more."""


class ContactSet(FeedMade):
    """A person said where they want alerts."""
