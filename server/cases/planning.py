"""Plans the alerts of cases: whatever changes a case's clocks is followed by a new plan within seconds.

The store notes in the changing transaction itself that a plan is stale, so that no change is forgotten,
whoever makes it and however it ends. With the plan goes into the history how each end is counted now.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from server.alerts.handling import plan
from server.alerts.model import AlertKind, PlannedAlert
from server.cases.deadlines.calendar import PUBLISHED_IN
from server.cases.deadlines.engine import Clock as DeadlineClock
from server.cases.deadlines.engine import ClockState
from server.cases.deadlines.rules import fingerprint
from server.cases.model import Case
from server.cases.ports import PlanningTx
from server.cases.service.reckoning import note_reckonings
from server.cases.service.records import clocks_of
from server.kernel.clock import Clock
from server.kernel.identity import Role
from server.kernel.ids import CaseId
from server.kernel.transaction import Turns, Units

log = structlog.get_logger()

TxT = TypeVar("TxT", bound=PlanningTx)

AT_ONCE = 20
"""How many cases are planned in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner(Generic[TxT]):
    """Keeps the plans in step with the cases."""

    units: Units[TxT]
    turns: Turns
    clock: Clock
    reach: Callable[[CaseId, TxT], Awaitable[None]]
    """Tells those of a case's alerts who came to the case since these were raised."""

    async def begin(self) -> None:
        """Have every case planned anew if it was planned by other rules, or another calendar."""
        async with self.units.transaction() as tx:
            await tx.cases.plans_made_by(f"{fingerprint()} {PUBLISHED_IN}")

    async def catch_up(self) -> None:
        """Plan every case whose plan is stale; if another process is at it, that is well."""
        async with self.turns.alone("plan-alerts") as mine:
            while mine and await self._plan_some():
                """There may be more."""

    async def _plan_some(self) -> bool:
        """Tell whether there may be more."""
        async with self.units.reading() as tx:
            if not await tx.cases.stale_plans(limit=1):
                return False
        async with self.units.transaction() as tx:
            stale = await tx.cases.stale_plans(limit=AT_ONCE)
            clocks = await self._clocks(tuple(each.case for each in stale), tx)
            counted = tuple(each for each in stale if each.case.id in clocks)
            await note_reckonings(counted, clocks, tx, self.clock)
            for case in (each.case for each in counted):
                planned = tuple(_planned(case, clocks[case.id]))
                await plan(case.id, planned, tx, self.clock)
                await self.reach(case.id, tx)
            for each in stale:
                await tx.cases.plan_made(each.case.id)
        return len(stale) == AT_ONCE

    async def _clocks(self, cases: tuple[Case, ...], tx: TxT) -> dict[CaseId, tuple[DeadlineClock, ...]]:
        """Return the cases' clocks; a case whose clocks can't be counted keeps its plan and holds up none."""
        try:
            return await clocks_of(cases, Role.LAWYER, tx, self.clock)
        except (ArithmeticError, LookupError, ValueError):
            if len(cases) == 1:
                log.exception("a case's alerts can't be planned; the others go on", case=cases[0].id)
                return {}
        found: dict[CaseId, tuple[DeadlineClock, ...]] = {}
        for case in cases:
            found |= await self._clocks((case,), tx)
        return found


def _planned(case: Case, clocks: tuple[DeadlineClock, ...]) -> Iterator[PlannedAlert]:
    """Yield what is to come of each duty that runs; what no verified rule measures is never late."""
    for clock in clocks:
        if not clock.running:
            continue
        if clock.state is not ClockState.OVERDUE:
            yield PlannedAlert(
                case_id=case.id,
                duty=clock.key,
                kind=AlertKind.DUE_SOON,
                rule_id=clock.deadline.rule.id,
                due_at=clock.deadline.due_at,
                fires_at=clock.soon_at,
            )
        if clock.late_by is not None:
            yield PlannedAlert(
                case_id=case.id,
                duty=clock.key,
                kind=AlertKind.OVERDUE,
                rule_id=clock.late_by.rule.id,
                due_at=clock.late_by.due_at,
                fires_at=clock.late_by.due_at,
            )
