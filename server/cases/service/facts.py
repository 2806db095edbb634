"""What other features tell of a case: facts that start and stop its clocks and move it on."""

from dataclasses import replace
from datetime import datetime

from server.cases.events import CaseMoved, FactRecorded, of_case
from server.cases.lifecycle import AssignmentStep, CaseStep, can, next_assignment_status, next_status
from server.cases.model import AssignmentStatus, Case, CaseFact
from server.cases.ports import CasesTx
from server.kernel.errors import NotFound
from server.kernel.identity import Identity
from server.kernel.ids import CaseId


async def note_meeting_requested(case_id: CaseId, at: datetime, actor: Identity, tx: CasesTx) -> None:
    """Start the facility's 48 hours (CPL 39(2)); the first request of each lead lawyer counts."""
    case = await _case(case_id, tx)
    if await _is_first("lawyer_presented_three_documents", case_id, tx):
        await record_fact(case, "lawyer_presented_three_documents", at, actor.actor, tx)


async def note_meeting_held(case_id: CaseId, at: datetime, actor: Identity, tx: CasesTx) -> None:
    """Stop the clocks of a lead lawyer's first meeting; the case is engaged and its lawyers are at work."""
    case = await _case(case_id, tx)
    if await _is_first("first_meeting_held", case_id, tx):
        await record_fact(case, "first_meeting_held", at, actor.actor, tx)
    for assignment in await tx.cases.assignments_of(case_id):
        if assignment.status is AssignmentStatus.ACCEPTED:
            status = next_assignment_status(assignment.status, AssignmentStep.BEGIN)
            await tx.cases.put_assignment(replace(assignment, status=status, version=assignment.version + 1))
    if can(case.status, CaseStep.ENGAGE):
        await move_case(case, CaseStep.ENGAGE, actor.actor, tx, at=at)


async def record_fact(  # noqa: PLR0913 - a fact's own fields
    case: Case,
    key: str,
    at: datetime,
    actor: str,
    tx: CasesTx,
    *,
    recorded_at: datetime | None = None,
    again: bool = True,
) -> None:
    """Store a fact and tell whoever shows the case's clocks; it is recorded when it happens, or later.

    What the platform sees itself happens `again` if it was seen before; people also correct what they wrote.
    """
    fact = CaseFact(case_id=case.id, key=key, at=at, actor=actor, recorded_at=recorded_at or at, again=again)
    await tx.cases.add_fact(fact)
    tx.record(
        FactRecorded(
            **of_case(case, actor),
            key=key,
        )
    )


async def move_case(case: Case, step: CaseStep, actor: str, tx: CasesTx, *, at: datetime) -> Case:
    """Do `step` to the case's status and return the case as it is then; one that ends is closed at `at`.

    Raises:
        WrongStep: the life cycle has no such move.
    """
    status = next_status(case.status, step)
    closed_at = case.closed_at or at if status.closed else None
    moved = replace(case, status=status, closed_at=closed_at, version=case.version + 1)
    await tx.cases.put_case(moved)
    tx.record(
        CaseMoved(
            **of_case(case, actor),
            status=moved.status,
        )
    )
    return moved


async def _is_first(key: str, case_id: CaseId, tx: CasesTx) -> bool:
    """Tell whether nothing of the kind is recorded since the lead lawyer accepted."""
    facts = (await tx.cases.facts_of(frozenset({case_id})))[case_id]
    accepted_at = facts.get("lawyer_accepted_assignment")
    return key not in facts or (accepted_at is not None and facts[key] < accepted_at)


async def _case(case_id: CaseId, tx: CasesTx) -> Case:
    case = await tx.cases.case(case_id)
    if case is None:
        raise NotFound
    return case
