"""What the pages of cases need, read in one unit of work and only through the actor."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from server.cases.deadlines.engine import Clock as DeadlineClock
from server.cases.model import Assignment, AssignmentKind, Case, Party
from server.cases.policy import relation_to_assignment, relation_to_case
from server.cases.ports import CasesTx
from server.cases.service.records import Defender, clocks_of, defenders_of, find_case
from server.kernel.clock import Clock
from server.kernel.errors import NotFound
from server.kernel.identity import Identity, Role
from server.kernel.ids import AccountId, AssignmentId, CaseId
from server.kernel.permissions import Action, Decision, Relation, decide, require
from server.people.model import Account, Organisation


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """A case with all that its page shows."""

    case: Case
    clocks: tuple[DeadlineClock, ...]
    facts: Mapping[str, datetime]
    parties: tuple[Party, ...]
    defenders: tuple[Defender, ...]
    assignments: tuple[Assignment, ...]
    accounts: Mapping[AccountId, Account]
    """Who is named by the assignments."""
    organisations: Mapping[str, Organisation]

    @property
    def recipient(self) -> Party | None:
        """Return whom the case is about."""
        return self.parties[0] if self.parties else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseList:
    """Cases with what a list shows of them; `clocks` as `clocks_of` gives them."""

    cases: tuple[Case, ...]
    clocks: Mapping[CaseId, tuple[DeadlineClock, ...]]
    recipients: Mapping[CaseId, Party]
    leads: Mapping[CaseId, str]
    """The lead lawyer's name, where there is one."""
    organisations: Mapping[str, Organisation]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A lawyer's work: the cases that are theirs, and the proposals that wait for their answer."""

    own: CaseList
    offers: tuple[tuple[Assignment, Case, tuple[DeadlineClock, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A proposal with what the lawyer needs to know for an answer."""

    assignment: Assignment
    page: CasePage


async def open_case(case_id: CaseId, identity: Identity, tx: CasesTx, clock: Clock) -> CasePage:
    """Return a case to somebody who may see it.

    Raises:
        NotFound: it is none of theirs.
    """
    return await _page(await find_case(case_id, identity, Action.VIEW_CASE, tx), identity.role, tx, clock)


async def open_offer(assignment_id: AssignmentId, identity: Identity, tx: CasesTx, clock: Clock) -> Offer:
    """Return a proposal to the lawyer whom it asks, until it is declined or taken back.

    Raises:
        NotFound: it asks somebody else, or it is over.
    """
    assignment = await tx.cases.assignment(assignment_id)
    case = None if assignment is None else await tx.cases.case(assignment.case_id)
    if assignment is None or case is None:
        raise NotFound
    require(identity.role, Action.ANSWER_ASSIGNMENT, relation_to_assignment(identity, assignment, case))
    if not (assignment.pending or assignment.open):
        raise NotFound
    return Offer(assignment=assignment, page=await _page(case, identity.role, tx, clock))


async def list_cases(identity: Identity, tx: CasesTx, clock: Clock) -> CaseList:
    """Return the cases of an institution or an agency, those that run out first before the others."""
    require(identity.role, Action.LIST_CASES, Relation.NO_RECORD)
    organisation_id = identity.organisation_id
    if organisation_id is None:
        return await _list((), identity.role, tx, clock)
    if identity.role is Role.LEGAL_AID_OFFICER:
        return await _list(await tx.cases.cases_of_institution(organisation_id), identity.role, tx, clock)
    return await _list(await tx.cases.cases_of_agency(organisation_id), identity.role, tx, clock)


async def open_desk(identity: Identity, tx: CasesTx, clock: Clock) -> Desk:
    """Return a lawyer's work."""
    require(identity.role, Action.LIST_CASES, Relation.NO_RECORD)
    account_id = identity.account_id
    if account_id is None:
        return Desk(own=await _list((), identity.role, tx, clock), offers=())
    own = await _list(await tx.cases.cases_of_lawyer(account_id), identity.role, tx, clock)
    pending = [each for each in await tx.cases.assignments_of_lawyer(account_id) if each.pending]
    cases = {each.case_id: await tx.cases.case(each.case_id) for each in pending}
    clocks = await clocks_of((case for case in cases.values() if case is not None), identity.role, tx, clock)
    offers = [(each, case, clocks[case.id]) for each in pending if (case := cases[each.case_id])]
    return Desk(own=own, offers=tuple(offers))


async def may_watch_case(identity: Identity, case_id: CaseId, tx: CasesTx) -> bool:
    """Tell whether somebody may hear whatever happens in a case, the steps of the defence included.

    An agency may not: it hears on its own topic of what it is told.
    """
    case = await tx.cases.case(case_id)
    if case is None:
        return False
    assignments = await tx.cases.assignments_of(case_id)
    relation = relation_to_case(identity, case, assignments)
    told = decide(identity.role, Action.VIEW_CASE, relation) is Decision.ALLOW
    return told and identity.role is not Role.AGENCY_OFFICER


async def _page(case: Case, role: Role, tx: CasesTx, clock: Clock) -> CasePage:
    assignments = await tx.cases.assignments_of(case.id)
    named = {each.account_id for each in assignments} | {
        each.proposed_by for each in assignments if each.proposed_by is not None
    }
    return CasePage(
        case=case,
        clocks=(await clocks_of((case,), role, tx, clock))[case.id],
        facts=(await tx.cases.facts_of(frozenset({case.id})))[case.id],
        parties=await tx.cases.parties_of(case.id),
        defenders=await defenders_of(case.id, tx),
        assignments=assignments,
        accounts=await tx.people.accounts(frozenset(named)),
        organisations=await _organisations(tx),
    )


async def _list(cases: Iterable[Case], role: Role, tx: CasesTx, clock: Clock) -> CaseList:
    known = tuple(cases)
    ids = frozenset(case.id for case in known)
    clocks = await clocks_of(known, role, tx, clock)
    assignments = await tx.cases.assignments_of_cases(ids)
    leading = {
        case_id: each.account_id
        for case_id, group in assignments.items()
        for each in group
        if each.open and each.kind is AssignmentKind.LEAD
    }
    accounts = await tx.people.accounts(frozenset(leading.values()))
    return CaseList(
        cases=tuple(sorted(known, key=lambda case: _urgency(clocks[case.id]))),
        clocks=clocks,
        recipients=await tx.cases.recipients_of(ids),
        leads={case_id: accounts[account_id].name for case_id, account_id in leading.items()},
        organisations=await _organisations(tx),
    )


def _urgency(clocks: tuple[DeadlineClock, ...]) -> tuple[bool, float]:
    running = [each.deadline.due_at.timestamp() for each in clocks if each.running]
    return (not running, min(running, default=0.0))


async def _organisations(tx: CasesTx) -> dict[str, Organisation]:
    return {str(each.id): each for each in await tx.people.organisations()}
