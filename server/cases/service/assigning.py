"""A lawyer answers a proposal; an assignment ends. Conflicts are asked again, in the writing transaction."""

from dataclasses import dataclass, replace
from typing import ClassVar

from server.cases.events import AssignmentAccepted, AssignmentDeclined, AssignmentEnded, of_case
from server.cases.lifecycle import AssignmentStep, CaseStep, can, next_assignment_status
from server.cases.model import Assignment, AssignmentKind, Case, DeclineReason, EndReason
from server.cases.policy import conflicts, relation_to_assignment
from server.cases.ports import CasesTx
from server.cases.service.facts import move_case, record_fact
from server.kernel.clock import Clock
from server.kernel.errors import N_, DomainError, FieldError, InvalidInput, Kind, NotFound, StaleVersion
from server.kernel.identity import Identity
from server.kernel.ids import AccountId, AssignmentId, CaseId
from server.kernel.permissions import Action, require


class ConflictOfInterest(DomainError):
    """The lawyer defends, or has defended, somebody with whom the recipient is accused.

    SPC Interpretation (法释〔2021〕1号) 43(2). Which case that is, is never said.
    """

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "conflict-of-interest"
    title: ClassVar[str] = N_("利益冲突，不能承办")
    advice: ClassVar[str] = N_(
        "一名律师不能为两名以上同案或关联案件的被告人辩护（法释〔2021〕1号第四十三条）。请换一位律师。"
    )


class LeadTaken(DomainError):
    """The case has a lead lawyer already."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "lead-taken"
    title: ClassVar[str] = N_("这件案件已有主办律师")
    advice: ClassVar[str] = N_("可以改为协办或带教，或先结束现在的主办指派。")


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptAssignment:
    """The lawyer takes the case."""

    assignment_id: AssignmentId
    version: int
    """Of the assignment, as the lawyer saw it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineAssignment:
    """The lawyer can't take the case."""

    assignment_id: AssignmentId
    version: int
    reason: DeclineReason
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndAssignment:
    """The assignment ends, or a proposal is taken back."""

    assignment_id: AssignmentId
    version: int
    reason: EndReason


async def accept(command: AcceptAssignment, identity: Identity, tx: CasesTx, clock: Clock) -> Assignment:
    """Take the case: it is the lawyer's own from now on.

    Raises:
        StaleVersion: the proposal was changed or taken back meanwhile.
        ConflictOfInterest: the lawyer has to do with a co-defendant by now.
        LeadTaken: somebody else leads by now.
    """
    assignment, case = await find_assignment(command.assignment_id, identity, Action.ANSWER_ASSIGNMENT, tx)
    _check_version(assignment, command.version)
    await check_conflict(assignment.account_id, case.id, tx)
    await check_lead(case.id, assignment.kind, tx)
    now = clock.now()
    accepted = replace(
        assignment,
        status=next_assignment_status(assignment.status, AssignmentStep.ACCEPT),
        answered_at=now,
        version=assignment.version + 1,
    )
    await tx.cases.put_assignment(accepted)
    tx.record(AssignmentAccepted(**_told(accepted, case, identity)))
    if accepted.kind is AssignmentKind.LEAD:
        if "lawyer_assigned" not in (await tx.cases.facts_of(frozenset({case.id})))[case.id]:
            await record_fact(case, "lawyer_assigned", now, identity.actor, tx)
        await record_fact(case, "lawyer_accepted_assignment", now, identity.actor, tx)
        await record_fact(case, "firm_arranged_or_received_assignment", now, identity.actor, tx)
        if can(case.status, CaseStep.ASSIGN):
            await move_case(case, CaseStep.ASSIGN, identity.actor, tx, at=now)
    return accepted


async def decline(command: DeclineAssignment, identity: Identity, tx: CasesTx, clock: Clock) -> Assignment:
    """Say why the lawyer can't take the case; the coordinator sees it at once.

    Raises:
        InvalidInput: another reason needs a text.
        StaleVersion: the proposal was changed or taken back meanwhile.
    """
    assignment, case = await find_assignment(command.assignment_id, identity, Action.ANSWER_ASSIGNMENT, tx)
    _check_version(assignment, command.version)
    if command.reason is DeclineReason.OTHER and not command.note:
        raise InvalidInput(fields=(FieldError("note", "missing", N_("选“其他”时请写明原因")),))
    declined = replace(
        assignment,
        status=next_assignment_status(assignment.status, AssignmentStep.DECLINE),
        answered_at=clock.now(),
        decline_reason=command.reason,
        answer_note=command.note,
        version=assignment.version + 1,
    )
    await tx.cases.put_assignment(declined)
    tx.record(AssignmentDeclined(**_told(declined, case, identity), reason=command.reason))
    return declined


async def end(command: EndAssignment, identity: Identity, tx: CasesTx, clock: Clock) -> Assignment:
    """End an assignment: the case is closed to the lawyer at once, sockets included.

    Raises:
        StaleVersion: the assignment was changed meanwhile.
    """
    assignment, case = await find_assignment(command.assignment_id, identity, Action.END_ASSIGNMENT, tx)
    _check_version(assignment, command.version)
    ended = replace(
        assignment,
        status=next_assignment_status(assignment.status, AssignmentStep.END),
        ended_at=clock.now(),
        end_reason=command.reason,
        version=assignment.version + 1,
    )
    await tx.cases.put_assignment(ended)
    tx.record(
        AssignmentEnded(**_told(ended, case, identity), reason=command.reason, accepted=assignment.open)
    )
    if assignment.open and assignment.kind is AssignmentKind.LEAD and can(case.status, CaseStep.REPLACE):
        await move_case(case, CaseStep.REPLACE, identity.actor, tx, at=clock.now())
    return ended


async def check_conflict(account_id: AccountId, case_id: CaseId, tx: CasesTx) -> None:
    """Pass if the lawyer has nothing to do with any co-defendant or linked accused.

    Called in the writing transaction (SQLite: BEGIN IMMEDIATE), so that of two concurrent attempts the
    second sees the first.

    Raises:
        ConflictOfInterest: they have.
    """
    linked = await tx.cases.assignments_of_cases(await tx.cases.linked_cases(case_id))
    if conflicts(account_id, (each for group in linked.values() for each in group)):
        raise ConflictOfInterest


async def check_lead(case_id: CaseId, kind: AssignmentKind, tx: CasesTx) -> None:
    """Pass if the case has no lead lawyer, or if none is asked for.

    Raises:
        LeadTaken: it has one.
    """
    if kind is not AssignmentKind.LEAD:
        return
    if any(each.open and each.kind is AssignmentKind.LEAD for each in await tx.cases.assignments_of(case_id)):
        raise LeadTaken


async def find_assignment(
    assignment_id: AssignmentId, identity: Identity, action: Action, tx: CasesTx
) -> tuple[Assignment, Case]:
    """Return an assignment and its case if `identity` may do `action` with it.

    Raises:
        NotFound: there is none, or it is none of theirs.
        NotAllowed: it is theirs, but `action` is not.
    """
    assignment = await tx.cases.assignment(assignment_id)
    case = None if assignment is None else await tx.cases.case(assignment.case_id)
    if assignment is None or case is None:
        raise NotFound
    require(identity.role, action, relation_to_assignment(identity, assignment, case))
    return assignment, case


def _check_version(assignment: Assignment, version: int) -> None:
    if assignment.version != version:
        raise StaleVersion


def _told(assignment: Assignment, case: Case, identity: Identity) -> dict[str, str]:
    return {
        **of_case(case, identity.actor),
        "assignment_id": assignment.id,
        "account_id": assignment.account_id,
        "kind": assignment.kind,
    }
