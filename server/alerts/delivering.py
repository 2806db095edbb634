"""Sends what is to leave the platform: at least once, each time under the same id, for a day at most.

A message that is being sent is leased for a minute. Should the worker die meanwhile, another sends it again:
whoever receives it knows the id, and nothing is ever lost between two workers.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Generic, TypeVar

import structlog

from server.alerts.messages import SMS, SUBJECT, mail_text, webhook_body, webhook_headers
from server.alerts.model import Alert, Channel, Contact, Delivery, DeliveryGivenUp
from server.alerts.policy import ACTOR, GIVE_UP_AFTER, next_attempt
from server.alerts.ports import AlertsTx, Mailer, NotDelivered, SmsGateway, WebhookSender
from server.kernel.clock import Clock
from server.kernel.ids import AccountId, CaseId
from server.kernel.transaction import Units
from server.people.ports import Sealer

log = structlog.get_logger()

LEASE = timedelta(minutes=1)
"""Longer than any way out may take."""
AT_ONCE = 20
WEBHOOK_SECRET = "secret of webhook"  # noqa: S105 - what it is sealed for

TxT = TypeVar("TxT", bound=AlertsTx)
Send = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaysOut:
    """How messages leave; None: the operator has set none up."""

    mailer: Mailer | None = None
    sms: SmsGateway | None = None
    webhooks: WebhookSender | None = None

    @property
    def channels(self) -> frozenset[Channel]:
        """Name those that there are."""
        ways = {Channel.EMAIL: self.mailer, Channel.SMS: self.sms, Channel.WEBHOOK: self.webhooks}
        return frozenset(channel for channel, way in ways.items() if way is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Post(Generic[TxT]):
    """Sends messages."""

    units: Units[TxT]
    clock: Clock
    ways: WaysOut
    sealer: Sealer
    address: str
    """The page of one's alerts, as it stands in e-mails."""
    agency_number: Callable[[CaseId, TxT], Awaitable[str]]
    """Finds the agency's own number of a case."""

    async def send_all(self) -> None:
        """Send all that is to leave now."""
        while await self._send_some():
            """There may be more."""

    async def _send_some(self) -> bool:
        """Tell whether there may be more."""
        now = self.clock.now()
        async with self.units.reading() as tx:
            if not await tx.alerts.has_deliveries(now):
                return False
        async with self.units.transaction() as tx:
            leased = await tx.alerts.lease_deliveries(now, until=now + LEASE, limit=AT_ONCE)
        await asyncio.gather(*(self._deliver(each) for each in leased))
        return len(leased) == AT_ONCE

    async def _deliver(self, delivery: Delivery) -> None:
        """Send one message, and note how it went."""
        async with self.units.reading() as tx:
            alert = await tx.alerts.alert(delivery.alert_id)
            send = None if alert is None else await self._prepared(delivery, alert, tx)
        now = self.clock.now()
        if alert is None or send is None:
            await self._note(replace(delivery, given_up_at=now))
            return
        try:
            await send()
        except NotDelivered as failure:
            log.warning("not delivered", channel=delivery.channel, id=delivery.id, reason=str(failure))
        except Exception:
            # Our mistake, or a library's: tried again and given up like any other, not sent for ever.
            log.exception("not delivered", channel=delivery.channel, id=delivery.id)
        else:
            await self._note(replace(delivery, attempts=delivery.attempts + 1, sent_at=self.clock.now()))
            return
        await self._note_failure(delivery, alert)

    async def _prepared(self, delivery: Delivery, alert: Alert, tx: TxT) -> Send | None:
        """Return what sends it; None if it is to go nowhere any more, or somebody has seen to it."""
        if not alert.open:
            return None
        if delivery.channel is Channel.WEBHOOK:
            return await self._webhook(delivery, alert, tx)
        account_id = AccountId(delivery.target)
        account = await tx.people.account(account_id)
        contact = (await tx.alerts.contacts_of(frozenset({account_id}))).get(account_id)
        if account is None or not account.active or contact is None:
            return None
        return self._personal(delivery, contact)

    def _personal(self, delivery: Delivery, contact: Contact) -> Send | None:
        mailer, sms = self.ways.mailer, self.ways.sms
        if delivery.channel is Channel.EMAIL and mailer is not None and contact.email:
            text = mail_text(self.address)
            return lambda: mailer.send(delivery.id, contact.email, subject=SUBJECT, text=text)
        if delivery.channel is Channel.SMS and sms is not None and contact.phone:
            return lambda: sms.send(delivery.id, contact.phone, SMS)
        return None

    async def _webhook(self, delivery: Delivery, alert: Alert, tx: TxT) -> Send | None:
        sender, endpoint = self.ways.webhooks, await tx.alerts.endpoint(delivery.target)
        if sender is None or endpoint is None:
            return None
        secret = self.sealer.open(f"{WEBHOOK_SECRET} {endpoint.id}", endpoint.sealed_secret)
        if secret is None:
            return None
        number = await self.agency_number(alert.case_id, tx)
        body = webhook_body(alert, agency_number=number, raised_at=alert.raised_at)
        headers = webhook_headers(delivery.id, body, secret, self.clock.now())
        return lambda: sender.send(endpoint.url, headers, body)

    async def _note_failure(self, delivery: Delivery, alert: Alert) -> None:
        now, attempts = self.clock.now(), delivery.attempts + 1
        if now - delivery.created_at < GIVE_UP_AFTER:
            await self._note(replace(delivery, attempts=attempts, next_at=next_attempt(attempts, now)))
            return
        async with self.units.transaction() as tx:
            await tx.alerts.put_delivery(replace(delivery, attempts=attempts, given_up_at=now))
            tx.record(
                DeliveryGivenUp(
                    actor=ACTOR, alert_id=alert.id, delivery_id=delivery.id, channel=delivery.channel
                )
            )

    async def _note(self, delivery: Delivery) -> None:
        async with self.units.transaction() as tx:
            await tx.alerts.put_delivery(delivery)
