"""What coordinators do: see which cases wait, weigh lawyers for one, propose one of them.

The suggestion is made anew inside the writing transaction, so that a proposal rests on what is true then:
of two concurrent proposals that exclude each other, the second is refused.
"""

from dataclasses import dataclass
from typing import ClassVar

from server.cases.events import AssignmentProposed
from server.cases.model import Assignment, AssignmentKind, AssignmentStatus, Case
from server.cases.policy import relation_to_case
from server.cases.service.assigning import ConflictOfInterest, check_lead
from server.cooperation.factors import weights
from server.cooperation.model import Exclusion, LawyerProfile, Suggestion
from server.cooperation.policy import ASSIGNABLE, OPEN, pending_lead, standing
from server.cooperation.ports import CooperationTx
from server.cooperation.rules import rules_of
from server.cooperation.suggest import Weighed, suggest
from server.kernel.clock import Clock, local_date
from server.kernel.errors import N_, DomainError, Kind, NotFound, StaleVersion
from server.kernel.identity import Identity
from server.kernel.ids import AccountId, AssignmentId, CaseId, new_id
from server.kernel.permissions import Action, Relation, require


class LawyerExcluded(DomainError):
    """A rule stands between the lawyer and the case; its code is told, never another case."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "lawyer-excluded"
    title: ClassVar[str] = N_("这位律师不能承办这件案件")
    advice: ClassVar[str] = N_("排除规则 {rules}。请从建议人选中另选一位。")


class NotAssignable(DomainError):
    """The case needs no lead lawyer now, or no further lawyer at all."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "not-assignable"
    title: ClassVar[str] = N_("这件案件现在不能指派")
    advice: ClassVar[str] = N_("它已经指派、正等律师回复，或已经结案。请刷新页面查看最新状态。")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeAssignment:
    """A coordinator asks a lawyer to take a case."""

    case_id: CaseId
    account_id: AccountId
    kind: AssignmentKind
    note: str
    version: int
    """Of the case, as the coordinator saw it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """A case with everyone weighed for it."""

    case: Case
    suggestion: Suggestion
    pool: tuple[Weighed, ...]
    """Every lawyer and how they stand to the case."""


async def waiting_cases(identity: Identity, tx: CooperationTx) -> tuple[Case, ...]:
    """Return the open cases of the coordinator's area."""
    require(identity.role, Action.COORDINATE, Relation.NO_RECORD)
    area_id = identity.organisation_id
    return () if area_id is None else await tx.cases.cases_of_area(area_id, OPEN)


async def weigh_lawyers(case_id: CaseId, identity: Identity, tx: CooperationTx, clock: Clock) -> Weighing:
    """Rank everyone for a case.

    Raises:
        NotFound: the case is not of the coordinator's area.
    """
    return await _weigh(await _find(case_id, identity, tx), tx, clock)


async def propose(
    command: ProposeAssignment, identity: Identity, tx: CooperationTx, clock: Clock
) -> Assignment:
    """Ask a lawyer to take the case, and keep why; the lawyer sees it at once.

    Raises:
        StaleVersion: the case has changed since the coordinator saw it.
        NotAssignable: the case needs nobody in this part now.
        LeadTaken: somebody leads already.
        ConflictOfInterest: the lawyer has to do with a co-defendant.
        LawyerExcluded: another rule excludes the lawyer; it is named by its code.
    """
    case = await _find(command.case_id, identity, tx)
    if case.version != command.version:
        raise StaleVersion
    await _check_part(case, command.kind, tx)
    weighing = await _weigh(case, tx, clock)
    _check_excluded(weighing.suggestion.exclusion(command.account_id))
    chosen = weighing.suggestion.candidate(command.account_id)
    if chosen is None:
        raise NotFound
    assignment = Assignment(
        id=AssignmentId(new_id()),
        case_id=case.id,
        account_id=command.account_id,
        kind=command.kind,
        status=AssignmentStatus.PROPOSED,
        proposed_by=identity.account_id,
        proposed_at=clock.now(),
        note=command.note,
        rank=chosen.rank,
        score=chosen.parts,
        rules_version=weighing.suggestion.rules_version,
        weights_version=weighing.suggestion.weights_version,
    )
    await tx.cases.add_assignment(assignment)
    tx.record(
        AssignmentProposed(
            actor=identity.actor,
            case_id=case.id,
            institution_id=case.institution_id,
            agency_id=case.agency_id,
            area_id=case.area_id,
            assignment_id=assignment.id,
            account_id=assignment.account_id,
            kind=assignment.kind,
            rank=assignment.rank,
        )
    )
    return assignment


async def _find(case_id: CaseId, identity: Identity, tx: CooperationTx) -> Case:
    case = await tx.cases.case(case_id)
    if case is None:
        raise NotFound
    require(identity.role, Action.PROPOSE_ASSIGNMENT, relation_to_case(identity, case, ()))
    return case


async def _check_part(case: Case, kind: AssignmentKind, tx: CooperationTx) -> None:
    if case.status.closed:
        raise NotAssignable
    if kind is not AssignmentKind.LEAD:
        return
    await check_lead(case.id, kind, tx)
    if case.status not in ASSIGNABLE or pending_lead(await tx.cases.assignments_of(case.id)) is not None:
        raise NotAssignable


def _check_excluded(found: Exclusion | None) -> None:
    if found is None:
        return
    if Exclusion.CONFLICT in found:
        raise ConflictOfInterest
    raise LawyerExcluded(rules=", ".join(rule.code for rule in rules_of(found)))


async def _weigh(case: Case, tx: CooperationTx, clock: Clock) -> Weighing:
    on = local_date(clock.now())
    linked_ids = await tx.cases.linked_cases(case.id)
    asked = linked_ids | {case.id} | ({case.continues} if case.continues else set())
    assignments = await tx.cases.assignments_of_cases(frozenset(asked))
    linked = [each for case_id in linked_ids for each in assignments[case_id]]
    loads, leaves = await tx.cases.workloads(), await tx.cooperation.leaves()
    pool = tuple(
        Weighed(
            lawyer,
            standing(
                lawyer.account_id,
                case,
                in_case=assignments[case.id],
                linked=linked,
                earlier=assignments,
                load=loads.get(lawyer.account_id, 0),
                leaves=leaves,
                on=on,
            ),
        )
        for lawyer in await _active_lawyers(tx)
    )
    return Weighing(case=case, suggestion=suggest(case, pool, on, weights()), pool=pool)


async def _active_lawyers(tx: CooperationTx) -> tuple[LawyerProfile, ...]:
    profiles = await tx.cooperation.profiles()
    accounts = await tx.people.accounts(frozenset(profile.account_id for profile in profiles))
    return tuple(profile for profile in profiles if accounts[profile.account_id].active)
