"""Raises what is planned when its time has come, and takes further what nobody handles.

Each alert is made in one transaction with all that follows from it: who is told in the app, and the messages
that are to leave. A worker that dies in between leaves nothing half done, and the next one goes on: what is
left to do stands in the database.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from server.alerts.model import (
    Alert,
    AlertEscalated,
    AlertKind,
    AlertRaised,
    Channel,
    Delivery,
    PlannedAlert,
    Told,
)
from server.alerts.policy import ACTOR, LAST_LEVEL, escalates_at
from server.alerts.ports import AlertsTx
from server.kernel.clock import Clock
from server.kernel.ids import AccountId, AlertId, CaseId, OrganisationId, new_id
from server.kernel.transaction import Turns, Units

AT_ONCE = 50
"""How many are raised in one transaction: writers go one after another, and others want their turn."""

TxT = TypeVar("TxT", bound=AlertsTx)


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is told of an alert at one level."""

    accounts: frozenset[AccountId] = frozenset()
    agency_id: OrganisationId | None = None
    """The agency whose system is told as well, where the duty is its own."""


FindAudience = Callable[[CaseId, str, int, TxT], Awaitable[Audience]]
"""Finds who is told of a case's duty at a level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crier(Generic[TxT]):
    """Raises alerts and takes them further."""

    units: Units[TxT]
    turns: Turns
    clock: Clock
    audience: FindAudience[TxT]
    channels: frozenset[Channel]
    """The channels out of the platform that the operator has set up."""

    async def cry(self) -> None:
        """Raise all whose time has come; if another process is at it, that is well."""
        async with self.turns.alone("alerts") as mine:
            while mine and (await self._raise_some() or await self._escalate_some()):
                """There may be more."""

    async def reach(self, case_id: CaseId, tx: TxT) -> None:
        """Tell of a case's open alerts those who came to it since."""
        for alert in await tx.alerts.alerts_of_case(case_id):
            if not alert.open:
                continue
            for level in range(alert.level + 1):
                audience = await self.audience(case_id, alert.duty, level, tx)
                people = replace(audience, agency_id=None)
                if told := await self._tell(alert, people, tx, self.clock.now()):
                    tx.record(AlertRaised.of(alert, ACTOR, told))

    async def _raise_some(self) -> bool:
        """Tell whether there may be more."""
        now = self.clock.now()
        async with self.units.reading() as tx:
            if not await tx.alerts.due(now, limit=1):
                return False
        async with self.units.transaction() as tx:
            due = await tx.alerts.due(now, limit=AT_ONCE)
            for planned in due:
                await tx.alerts.remove_planned(planned)
                await self._raise(planned, tx, now)
        return len(due) == AT_ONCE

    async def _raise(self, planned: PlannedAlert, tx: TxT, now: datetime) -> None:
        alert = Alert(
            id=AlertId(new_id()),
            case_id=planned.case_id,
            duty=planned.duty,
            kind=planned.kind,
            rule_id=planned.rule_id,
            due_at=planned.due_at,
            raised_at=now,
            level=0,
            escalates_at=None,
        )
        reached, audience = await self._first_with_people(alert, 0, tx)
        reached = replace(reached, escalates_at=escalates_at(alert.kind, reached.level, now))
        if await tx.alerts.add_alert(reached):
            await self._replace_warning(reached, tx, now)
            told = await self._tell(reached, audience, tx, now)
            tx.record(AlertRaised.of(reached, ACTOR, told))

    async def _replace_warning(self, alert: Alert, tx: TxT, now: datetime) -> None:
        """Settle what warned of a duty that is late by now: one alert for it is enough."""
        if alert.kind is not AlertKind.OVERDUE:
            return
        for each in await tx.alerts.alerts_of_case(alert.case_id):
            if each.duty == alert.duty and each.kind is AlertKind.DUE_SOON and each.settled_at is None:
                await tx.alerts.put_alert(replace(each, settled_at=now, escalates_at=None))

    async def _escalate_some(self) -> bool:
        now = self.clock.now()
        async with self.units.reading() as tx:
            if not await tx.alerts.to_escalate(now, limit=1):
                return False
        async with self.units.transaction() as tx:
            waiting = await tx.alerts.to_escalate(now, limit=AT_ONCE)
            for alert in waiting:
                reached, audience = await self._first_with_people(alert, alert.level + 1, tx)
                await tx.alerts.put_alert(
                    replace(reached, escalates_at=escalates_at(alert.kind, reached.level, now))
                )
                if told := await self._tell(reached, audience, tx, now):
                    tx.record(AlertEscalated.of(reached, ACTOR, told))
        return len(waiting) == AT_ONCE

    async def _first_with_people(self, alert: Alert, level: int, tx: TxT) -> tuple[Alert, Audience]:
        """Return the alert at the first level, from `level` on, at which there is somebody to tell."""
        audience = Audience()
        while level <= LAST_LEVEL:
            audience = await self.audience(alert.case_id, alert.duty, level, tx)
            if audience.accounts or level == LAST_LEVEL:
                break
            level += 1
        return replace(alert, level=min(level, LAST_LEVEL)), audience

    async def _tell(self, alert: Alert, audience: Audience, tx: TxT, now: datetime) -> list[str]:
        """Tell whom it has not reached yet, in the app and outside; return their accounts."""
        known = await tx.alerts.told_of(alert.id)
        fresh = sorted(audience.accounts - {each.account_id for each in known})
        contacts = await tx.alerts.contacts_of(frozenset(fresh))
        for account_id in fresh:
            await tx.alerts.add_told(
                Told(alert_id=alert.id, account_id=account_id, level=alert.level, told_at=now)
            )
            contact = contacts.get(account_id)
            if contact is not None and contact.email and Channel.EMAIL in self.channels:
                await tx.alerts.add_delivery(_delivery(alert, Channel.EMAIL, account_id, now))
            if contact is not None and contact.phone and Channel.SMS in self.channels:
                await tx.alerts.add_delivery(_delivery(alert, Channel.SMS, account_id, now))
        if audience.agency_id is not None:
            for endpoint in await tx.alerts.endpoints_of(audience.agency_id):
                await tx.alerts.add_delivery(_delivery(alert, Channel.WEBHOOK, endpoint.id, now))
        return list(fresh)


def _delivery(alert: Alert, channel: Channel, target: str, now: datetime) -> Delivery:
    return Delivery(
        id=f"msg_{new_id()}",
        alert_id=alert.id,
        channel=channel,
        target=target,
        attempts=0,
        created_at=now,
        next_at=now,
    )
