"""How legal aid in a case ends: the file handed in and archived, or terminated before that."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from server.cases.lifecycle import CaseStep, can
from server.cases.model import Assignment, Case
from server.cases.ports import CasesTx
from server.cases.service.facts import move_case, record_fact
from server.cases.service.records import find_case
from server.kernel.clock import Clock
from server.kernel.errors import StaleVersion
from server.kernel.identity import Identity
from server.kernel.ids import CaseId
from server.kernel.permissions import Action

ENDS = (CaseStep.CLOSE, CaseStep.ARCHIVE, CaseStep.TERMINATE)
"""The steps by which a case ends, in the order in which they are offered."""
CLOSED = "case_closed"
"""The event from which the time to hand in the closing file runs."""

TxT = TypeVar("TxT", bound=CasesTx)
Freed = Callable[[Assignment, Identity, TxT, Clock], Awaitable[None]]
"""Frees what a lawyer had claimed for a case that is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndCase:
    """Legal aid in a case ends by a step."""

    case_id: CaseId
    version: int
    step: CaseStep


def ends_of(case: Case) -> tuple[CaseStep, ...]:
    """Return the steps by which the case can end now."""
    return tuple(step for step in ENDS if can(case.status, step))


async def end_case(command: EndCase, identity: Identity, tx: TxT, clock: Clock, freed: Freed[TxT]) -> Case:
    """Do the step; a case that is closed by it has no meetings to come.

    Raises:
        NotFound, NotAllowed: it is none of theirs to end.
        StaleVersion: it has changed since.
        WrongStep: it can't end so now.
    """
    case = await find_case(command.case_id, identity, Action.CLOSE_CASE, tx)
    if case.version != command.version:
        raise StaleVersion
    now = clock.now()
    moved = await move_case(case, command.step, identity.actor, tx, at=now)
    if command.step is CaseStep.CLOSE:
        await record_fact(case, CLOSED, now, identity.actor, tx)
    if moved.status.closed:
        for assignment in await tx.cases.assignments_of(case.id):
            if assignment.open:
                await freed(assignment, identity, tx, clock)
    return moved
