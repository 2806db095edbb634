"""What people do with alerts: see those that reached them, and say that they see to one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from server.alerts.model import Alert, AlertHandled, AlertSettled, PlannedAlert
from server.alerts.policy import ACTOR, relation_to_alert
from server.alerts.ports import AlertsTx, Describe, Described
from server.kernel.clock import Clock
from server.kernel.errors import N_, DomainError, Kind, NotFound
from server.kernel.identity import Identity
from server.kernel.ids import AccountId, AlertId, CaseId
from server.kernel.permissions import Action, Relation, require
from server.kernel.transaction import Units
from server.people.policy import account_of

TxT = TypeVar("TxT", bound=AlertsTx)


class AlreadyHandled(DomainError):
    """Somebody else sees to it, or nothing is left to see to."""

    kind = Kind.CONFLICT
    code = "already-handled"
    title = N_("这条提醒已经有人处理")
    advice = N_("请刷新页面查看处理人。")


@dataclass(frozen=True, slots=True)
class AlertList:
    """One's alerts that concern one still, and who handled them."""

    open: tuple[Alert, ...]
    """The earliest due first."""
    past: tuple[Alert, ...]
    """The last raised first."""
    described: Mapping[AlertId, Described]
    names: Mapping[AccountId, str]


PAST_AT_MOST = 100


@dataclass(frozen=True, slots=True)
class AlertDesk(Generic[TxT]):
    """Shows people their alerts, and hears that they see to them."""

    units: Units[TxT]
    describe: Describe[TxT]
    clock: Clock

    async def list(self, identity: Identity) -> AlertList:
        """Return the alerts that reached somebody."""
        require(identity.role, Action.SEE_ALERTS, Relation.NO_RECORD)
        account_id = account_of(identity)
        async with self.units.reading() as tx:
            waiting = await tx.alerts.open_alerts_of(account_id)
            past = await tx.alerts.past_alerts_of(account_id, limit=PAST_AT_MOST)
            described = await self.describe((*waiting, *past), identity, tx)
            handlers = frozenset(each.handled_by for each in past if each.handled_by is not None)
            accounts = await tx.people.accounts(handlers)
        return AlertList(
            tuple(each for each in waiting if each.id in described),
            tuple(each for each in past if each.id in described),
            described,
            {each.id: each.name for each in accounts.values()},
        )

    async def count(self, identity: Identity) -> int:
        """Return how many of somebody's alerts are still to be handled."""
        require(identity.role, Action.SEE_ALERTS, Relation.NO_RECORD)
        async with self.units.reading() as tx:
            waiting = await tx.alerts.open_alerts_of(account_of(identity))
            return len(await self.describe(waiting, identity, tx))

    async def handle(self, alert_id: AlertId, identity: Identity) -> Alert:
        """Note that somebody sees to it; it is taken no further.

        Raises:
            NotFound: it never reached them, or concerns them no longer.
            AlreadyHandled: somebody does already, or it is settled.
        """
        account_id = account_of(identity)
        async with self.units.transaction() as tx:
            alert = await tx.alerts.alert(alert_id)
            if alert is None or not await self.describe((alert,), identity, tx):
                raise NotFound
            told = frozenset(each.account_id for each in await tx.alerts.told_of(alert.id))
            require(identity.role, Action.HANDLE_ALERT, relation_to_alert(account_id, alert, told))
            if not alert.open:
                raise AlreadyHandled
            handled = replace(alert, handled_by=account_id, handled_at=self.clock.now(), escalates_at=None)
            await tx.alerts.put_alert(handled)
            tx.record(AlertHandled.of(alert, identity.actor, sorted(told)))
        return handled


async def plan(case_id: CaseId, planned: tuple[PlannedAlert, ...], tx: AlertsTx, clock: Clock) -> None:
    """Plan a case's alerts anew, in place of those planned before: one for each duty that runs, and kind.

    What was raised already is not raised again; what was raised and is no longer planned is settled.
    """
    raised = await tx.alerts.alerts_of_case(case_id)
    known, still = {_key(each) for each in raised}, {_key(each) for each in planned}
    await tx.alerts.put_planned(case_id, tuple(each for each in planned if _key(each) not in known))
    for alert in raised:
        if alert.settled_at is None and _key(alert) not in still:
            await tx.alerts.put_alert(replace(alert, settled_at=clock.now(), escalates_at=None))
            told = sorted(each.account_id for each in await tx.alerts.told_of(alert.id))
            tx.record(AlertSettled.of(alert, ACTOR, told))


def _key(each: PlannedAlert | Alert) -> tuple[object, ...]:
    return (each.duty, each.kind, each.due_at)
