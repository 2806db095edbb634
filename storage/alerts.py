"""Alerts on the database."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from typing_extensions import override

from server.alerts.model import Alert, Contact, Delivery, Endpoint, Feed, PlannedAlert, Told
from server.alerts.ports import AlertStore
from server.kernel.ids import AccountId, AlertId, CaseId, OrganisationId
from storage.mapping import Condition, all_of, one_of, values_of
from storage.tables import alerts as tables


class SqlAlerts(AlertStore):
    """Keeps alerts in tables."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work within the transaction of `connection`."""
        self._connection = connection

    @override
    async def put_feed(self, feed: Feed) -> None:
        await self.remove_feed(feed.account_id)
        await self._connection.execute(insert(tables.feed).values(values_of(feed)))

    @override
    async def feed_of(self, account_id: AccountId) -> Feed | None:
        query = select(tables.feed).where(tables.feed.c.account_id == account_id)
        return one_of(Feed, (await self._connection.execute(query)).one_or_none())

    @override
    async def feed_by_token(self, token_hash: bytes) -> Feed | None:
        query = select(tables.feed).where(tables.feed.c.token_hash == token_hash)
        return one_of(Feed, (await self._connection.execute(query)).one_or_none())

    @override
    async def remove_feed(self, account_id: AccountId) -> None:
        await self._connection.execute(delete(tables.feed).where(tables.feed.c.account_id == account_id))

    @override
    async def put_planned(self, case_id: CaseId, planned: tuple[PlannedAlert, ...]) -> None:
        former = delete(tables.planned_alert).where(tables.planned_alert.c.case_id == case_id)
        await self._connection.execute(former)
        if planned:
            rows = [values_of(each) for each in planned]
            await self._connection.execute(insert(tables.planned_alert), rows)

    @override
    async def due(self, now: datetime, *, limit: int) -> tuple[PlannedAlert, ...]:
        query = select(tables.planned_alert).where(tables.planned_alert.c.fires_at <= now)
        ordered = query.order_by(tables.planned_alert.c.fires_at).limit(limit)
        return all_of(PlannedAlert, await self._connection.execute(ordered))

    @override
    async def remove_planned(self, planned: PlannedAlert) -> None:
        query = delete(tables.planned_alert).where(
            tables.planned_alert.c.case_id == planned.case_id,
            tables.planned_alert.c.duty == planned.duty,
            tables.planned_alert.c.kind == planned.kind,
        )
        await self._connection.execute(query)

    @override
    async def add_alert(self, alert: Alert) -> bool:
        same = select(tables.alert.c.id).where(
            tables.alert.c.case_id == alert.case_id,
            tables.alert.c.duty == alert.duty,
            tables.alert.c.kind == alert.kind,
            tables.alert.c.due_at == alert.due_at,
        )
        if (await self._connection.execute(same)).one_or_none() is not None:
            return False
        await self._connection.execute(insert(tables.alert).values(values_of(alert)))
        return True

    @override
    async def put_alert(self, alert: Alert) -> None:
        query = update(tables.alert).where(tables.alert.c.id == alert.id)
        await self._connection.execute(query.values(values_of(alert)))

    @override
    async def alert(self, alert_id: AlertId) -> Alert | None:
        query = select(tables.alert).where(tables.alert.c.id == alert_id)
        return one_of(Alert, (await self._connection.execute(query)).one_or_none())

    @override
    async def alerts_of_case(self, case_id: CaseId) -> tuple[Alert, ...]:
        query = select(tables.alert).where(tables.alert.c.case_id == case_id)
        return all_of(Alert, await self._connection.execute(query.order_by(tables.alert.c.raised_at)))

    @override
    async def to_escalate(self, now: datetime, *, limit: int) -> tuple[Alert, ...]:
        query = select(tables.alert).where(tables.alert.c.escalates_at <= now)
        ordered = query.order_by(tables.alert.c.escalates_at).limit(limit)
        return all_of(Alert, await self._connection.execute(ordered))

    @override
    async def open_alerts_of(self, account_id: AccountId) -> tuple[Alert, ...]:
        query = _reached(account_id, select(tables.alert)).where(*_OPEN)
        return all_of(Alert, await self._connection.execute(query.order_by(tables.alert.c.due_at)))

    @override
    async def past_alerts_of(self, account_id: AccountId, *, limit: int) -> tuple[Alert, ...]:
        past = tables.alert.c.handled_at.is_not(None) | tables.alert.c.settled_at.is_not(None)
        query = _reached(account_id, select(tables.alert)).where(past)
        ordered = query.order_by(tables.alert.c.raised_at.desc()).limit(limit)
        return all_of(Alert, await self._connection.execute(ordered))

    @override
    async def add_told(self, told: Told) -> None:
        await self._connection.execute(insert(tables.told).values(values_of(told)))

    @override
    async def told_of(self, alert_id: AlertId) -> tuple[Told, ...]:
        query = select(tables.told).where(tables.told.c.alert_id == alert_id)
        return all_of(Told, await self._connection.execute(query.order_by(tables.told.c.account_id)))

    @override
    async def add_delivery(self, delivery: Delivery) -> None:
        await self._connection.execute(insert(tables.delivery).values(values_of(delivery)))

    @override
    async def has_deliveries(self, now: datetime) -> bool:
        query = select(tables.delivery.c.id).where(*_WAITING, tables.delivery.c.next_at <= now)
        return (await self._connection.execute(query.limit(1))).one_or_none() is not None

    @override
    async def lease_deliveries(self, now: datetime, *, until: datetime, limit: int) -> tuple[Delivery, ...]:
        query = select(tables.delivery).where(*_WAITING, tables.delivery.c.next_at <= now)
        ordered = query.order_by(tables.delivery.c.next_at).limit(limit)
        found = all_of(Delivery, await self._connection.execute(ordered))
        leased = update(tables.delivery).where(tables.delivery.c.id.in_([each.id for each in found]))
        await self._connection.execute(leased.values(next_at=until))
        return found

    @override
    async def put_delivery(self, delivery: Delivery) -> None:
        query = update(tables.delivery).where(tables.delivery.c.id == delivery.id)
        await self._connection.execute(query.values(values_of(delivery)))

    @override
    async def stuck_deliveries(self, since: datetime) -> int:
        made = tables.delivery.c.created_at <= since
        query = select(func.count(tables.delivery.c.id)).where(*_WAITING, made)
        return await self._count(query)

    @override
    async def contacts_of(self, account_ids: frozenset[AccountId]) -> dict[AccountId, Contact]:
        query = select(tables.contact).where(tables.contact.c.account_id.in_(account_ids))
        found = all_of(Contact, await self._connection.execute(query))
        return {each.account_id: each for each in found}

    @override
    async def put_contact(self, contact: Contact) -> None:
        former = delete(tables.contact).where(tables.contact.c.account_id == contact.account_id)
        await self._connection.execute(former)
        await self._connection.execute(insert(tables.contact).values(values_of(contact)))

    @override
    async def add_endpoint(self, endpoint: Endpoint) -> None:
        await self._connection.execute(insert(tables.endpoint).values(values_of(endpoint)))

    @override
    async def endpoint(self, endpoint_id: str) -> Endpoint | None:
        query = select(tables.endpoint).where(tables.endpoint.c.id == endpoint_id)
        return one_of(Endpoint, (await self._connection.execute(query)).one_or_none())

    @override
    async def endpoints_of(self, organisation_id: OrganisationId) -> tuple[Endpoint, ...]:
        query = select(tables.endpoint).where(tables.endpoint.c.organisation_id == organisation_id)
        return all_of(Endpoint, await self._connection.execute(query.order_by(tables.endpoint.c.added_at)))

    @override
    async def remove_endpoint(self, endpoint_id: str) -> None:
        await self._connection.execute(delete(tables.endpoint).where(tables.endpoint.c.id == endpoint_id))

    async def _count(self, query: Select[Any]) -> int:
        found: int = (await self._connection.execute(query)).scalar_one()
        return found


_OPEN: Iterable[Condition] = (tables.alert.c.handled_at.is_(None), tables.alert.c.settled_at.is_(None))
_WAITING: Iterable[Condition] = (
    tables.delivery.c.sent_at.is_(None),
    tables.delivery.c.given_up_at.is_(None),
)


def _reached(account_id: AccountId, query: Select[Any]) -> Select[Any]:
    return query.join(tables.told).where(tables.told.c.account_id == account_id)
