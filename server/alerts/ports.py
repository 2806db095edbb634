"""What alerts need of the outside: a store, the people, ways out, and what other features remind of."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from server.alerts.model import (
    Alert,
    Contact,
    Delivery,
    Endpoint,
    Feed,
    PlannedAlert,
    Reminder,
    Told,
)
from server.kernel.identity import Identity
from server.kernel.ids import AccountId, AlertId, CaseId, OrganisationId
from server.kernel.transaction import Transaction
from server.people.ports import PeopleStore

TxT_contra = TypeVar("TxT_contra", contravariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What a person is told of an alert."""

    words: str
    """Message id of the duty."""
    article: str
    """Where the duty stands in the law; empty of a target, and where it is not known."""
    internal: bool
    """It is the province's own target rather than law."""
    subject: str
    """Which case, as far as it is told; may be empty."""
    path: str
    """The page on which the person sees to it."""


class Describe(Protocol[TxT_contra]):
    """Describes those alerts that concern a person still; of others it says nothing."""

    async def __call__(
        self, alerts: Iterable[Alert], identity: Identity, tx: TxT_contra
    ) -> Mapping[AlertId, Described]:
        """Return what is told, by alert."""
        ...


Agenda = Callable[[Identity], Awaitable[Sequence[Reminder]]]
"""What a feature reminds somebody of."""


class FeedStore(Protocol):
    """Keeps feeds, one an account."""

    async def put_feed(self, feed: Feed) -> None:
        """Store an account's feed, in place of the one before."""
        ...

    async def feed_of(self, account_id: AccountId) -> Feed | None:
        """Return the account's feed, if it has one."""
        ...

    async def feed_by_token(self, token_hash: bytes) -> Feed | None:
        """Return the feed whose token has this hash."""
        ...

    async def remove_feed(self, account_id: AccountId) -> None:
        """Forget the account's feed; missing is well."""
        ...


class AlertStore(FeedStore, Protocol):
    """Keeps alerts, planned and raised, whom they reach, and the messages that leave."""

    async def put_planned(self, case_id: CaseId, planned: tuple[PlannedAlert, ...]) -> None:
        """Store what is planned of a case, in place of what was."""
        ...

    async def due(self, now: datetime, *, limit: int) -> tuple[PlannedAlert, ...]:
        """Return what is to be raised, the earliest first."""
        ...

    async def remove_planned(self, planned: PlannedAlert) -> None:
        """Forget what was planned."""
        ...

    async def add_alert(self, alert: Alert) -> bool:
        """Store an alert; False if there is one of that case, duty, kind and end."""
        ...

    async def put_alert(self, alert: Alert) -> None:
        """Store a changed alert."""
        ...

    async def alert(self, alert_id: AlertId) -> Alert | None:
        """Return the alert, if there is one."""
        ...

    async def alerts_of_case(self, case_id: CaseId) -> tuple[Alert, ...]:
        """Return what was raised of a case."""
        ...

    async def to_escalate(self, now: datetime, *, limit: int) -> tuple[Alert, ...]:
        """Return what is to be taken further, the longest overdue first."""
        ...

    async def open_alerts_of(self, account_id: AccountId) -> tuple[Alert, ...]:
        """Return what reached somebody and is still to be handled, the earliest due first."""
        ...

    async def past_alerts_of(self, account_id: AccountId, *, limit: int) -> tuple[Alert, ...]:
        """Return what reached somebody and is handled or settled, the last raised first."""
        ...

    async def add_told(self, told: Told) -> None:
        """Store that an alert reached somebody."""
        ...

    async def told_of(self, alert_id: AlertId) -> tuple[Told, ...]:
        """Return whom an alert reached."""
        ...

    async def add_delivery(self, delivery: Delivery) -> None:
        """Store a message that is to leave."""
        ...

    async def has_deliveries(self, now: datetime) -> bool:
        """Tell whether any message is to leave now."""
        ...

    async def lease_deliveries(self, now: datetime, *, until: datetime, limit: int) -> tuple[Delivery, ...]:
        """Return messages that are to leave now, and keep them from anybody else `until` then."""
        ...

    async def put_delivery(self, delivery: Delivery) -> None:
        """Store how it went."""
        ...

    async def stuck_deliveries(self, since: datetime) -> int:
        """Return how many messages have been waiting since before then."""
        ...

    async def contacts_of(self, account_ids: frozenset[AccountId]) -> dict[AccountId, Contact]:
        """Return where those people want alerts, as far as they said."""
        ...

    async def put_contact(self, contact: Contact) -> None:
        """Store where a person wants alerts."""
        ...

    async def add_endpoint(self, endpoint: Endpoint) -> None:
        """Store where an agency's system hears of alerts."""
        ...

    async def endpoint(self, endpoint_id: str) -> Endpoint | None:
        """Return the endpoint, if there is one."""
        ...

    async def endpoints_of(self, organisation_id: OrganisationId) -> tuple[Endpoint, ...]:
        """Return an agency's endpoints, oldest first."""
        ...

    async def remove_endpoint(self, endpoint_id: str) -> None:
        """Forget the endpoint."""
        ...


class Mailer(Protocol):
    """Sends e-mail."""

    async def send(self, message_id: str, to: str, *, subject: str, text: str) -> None:
        """Hand one message to the next server.

        Raises:
            NotDelivered: it did not take it; a later try may do better.
        """
        ...


class SmsGateway(Protocol):
    """Sends short messages."""

    async def send(self, message_id: str, to: str, text: str) -> None:
        """Hand one message to the gateway, which knows the id again; raises `NotDelivered`."""
        ...


class WebhookSender(Protocol):
    """Posts to agencies' systems."""

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Post once; raises `NotDelivered` unless the answer is a success."""
        ...


class NotDelivered(Exception):
    """A message was not taken; its text says why, without what was in the message."""


class AlertsTx(Transaction, Protocol):
    """A unit of work with alerts and people in it."""

    @property
    def alerts(self) -> AlertStore:
        """The alerts and feeds."""
        ...

    @property
    def people(self) -> PeopleStore:
        """The people."""
        ...
