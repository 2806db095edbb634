"""Which deadlines somebody is reminded of: the running ones of their cases."""

from datetime import timedelta
from hashlib import sha256

from server.alerts.model import Reminder
from server.cases.deadlines.engine import Clock as DeadlineClock
from server.cases.ports import CasesTx
from server.cases.service.pages import CaseList, list_cases, open_desk
from server.cases.wording import DUTIES
from server.kernel.clock import Clock
from server.kernel.identity import Identity, Role
from server.kernel.ids import CaseId

_LENGTH = timedelta(hours=1)
"""A deadline stands at the end of its day, not at the midnight that begins the next."""


async def deadline_reminders(identity: Identity, tx: CasesTx, clock: Clock) -> tuple[Reminder, ...]:
    """Return a reminder for each running deadline of one's cases; of other roles there is none."""
    found = await _cases(identity, tx, clock)
    if found is None:
        return ()
    return tuple(
        _reminder(case.id, each) for case in found.cases for each in found.clocks[case.id] if each.running
    )


async def _cases(identity: Identity, tx: CasesTx, clock: Clock) -> CaseList | None:
    if identity.role is Role.LAWYER:
        return (await open_desk(identity, tx, clock)).own
    if identity.role is Role.LEGAL_AID_OFFICER:
        return await list_cases(identity, tx, clock)
    return None


def _reminder(case_id: CaseId, clock: DeadlineClock) -> Reminder:
    due_at = clock.deadline.due_at
    return Reminder(
        uid=f"deadline-{alias_of(case_id)}-{clock.key}",
        words=DUTIES[clock.key][0],
        starts_at=due_at - _LENGTH,
        ends_at=due_at,
        path="/cases",
    )


def alias_of(case_id: CaseId) -> str:
    """Return what stands for a case where others may read it: always the same, and leading nowhere."""
    return sha256(case_id.encode()).hexdigest()[:32]
