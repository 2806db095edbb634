"""What coordinators do: see which cases wait, weigh lawyers for one, propose one of them.

The suggestion is made anew inside the writing transaction, so that a proposal rests on what is true then:
of two concurrent proposals that exclude each other, the second is refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from server.cases.deadlines.engine import Clock as DeadlineClock
from server.cases.events import AssignmentProposed, of_case
from server.cases.model import Assignment, AssignmentKind, AssignmentStatus, Case
from server.cases.policy import relation_to_case
from server.cases.service.assigning import ConflictOfInterest, check_lead
from server.cases.service.records import clocks_of
from server.cooperation.factors import weights
from server.cooperation.model import Exclusion, LawyerProfile, Suggestion
from server.cooperation.policy import ASSIGNABLE, OPEN, lead, pending_lead, standing, waits
from server.cooperation.ports import CooperationTx
from server.cooperation.rules import rules_of
from server.cooperation.suggest import Weighed, suggest
from server.kernel.clock import Clock, local_date
from server.kernel.errors import N_, DomainError, FieldError, InvalidInput, Kind, NotFound, StaleVersion
from server.kernel.identity import Identity
from server.kernel.ids import AccountId, AssignmentId, CaseId, new_id
from server.kernel.permissions import Action, Relation, require
from server.people.model import Account, Organisation


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


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardCase:
    """A case of the area: metadata, its assignments and clocks; nobody's name."""

    case: Case
    assignments: tuple[Assignment, ...]
    clocks: tuple[DeadlineClock, ...]

    @property
    def clock(self) -> DeadlineClock | None:
        """Return the clock of the assignment while it runs, else whatever runs out first."""
        running = [each for each in self.clocks if each.running]
        return next((each for each in running if each.key == "assign_lawyer"), next(iter(running), None))

    @property
    def due_at(self) -> datetime | None:
        """Return when that clock runs out."""
        return self.clock.deadline.due_at if self.clock else None

    @property
    def pending(self) -> tuple[Assignment, ...]:
        """Return the proposals that wait for an answer."""
        return tuple(each for each in self.assignments if each.pending)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What a coordinator sees."""

    waiting: tuple[BoardCase, ...]
    """Cases without a lead, those that run out first before the others."""
    pending: tuple[BoardCase, ...]
    """Cases with a proposal that waits for an answer."""
    assigned: tuple[BoardCase, ...]
    """Cases with a lead, to which others can be added."""
    chosen: BoardCase | None
    weighing: Weighing | None
    """Everyone weighed for the chosen case."""
    accounts: Mapping[AccountId, Account]
    organisations: Mapping[str, Organisation]


async def open_board(case_id: CaseId | None, identity: Identity, tx: CooperationTx, clock: Clock) -> Board:
    """Return the coordinator's board; with no `case_id` the case that runs out first is weighed.

    Raises:
        NotFound: the case is not of the coordinator's area.
    """
    require(identity.role, Action.COORDINATE, Relation.NO_RECORD)
    area_id = identity.organisation_id
    cases = () if area_id is None else await tx.cases.cases_of_area(area_id, OPEN)
    assignments = await tx.cases.assignments_of_cases(frozenset(case.id for case in cases))
    clocks = await clocks_of(cases, identity.role, tx, clock)
    entries = sorted(
        (BoardCase(case=case, assignments=assignments[case.id], clocks=clocks[case.id]) for case in cases),
        key=lambda entry: (entry.due_at is None, entry.due_at, entry.case.id),
    )
    waiting = tuple(entry for entry in entries if waits(entry.case, entry.assignments))
    chosen = case_id or (waiting[0].case.id if waiting else None)
    weighing = None if chosen is None else await weigh_lawyers(chosen, identity, tx, clock)
    return Board(
        waiting=waiting,
        pending=tuple(entry for entry in entries if entry.pending),
        assigned=tuple(entry for entry in entries if lead(entry.assignments)),
        weighing=weighing,
        chosen=next((entry for entry in entries if entry.case.id == chosen), None),
        accounts=await _accounts(entries, weighing, tx),
        organisations={str(each.id): each for each in await tx.people.organisations()},
    )


async def weigh_lawyers(case_id: CaseId, identity: Identity, tx: CooperationTx, clock: Clock) -> Weighing:
    """Rank everyone for a case.

    Raises:
        NotFound: the case is not of the coordinator's area.
    """
    return await _weigh(await find_case_to_assign(case_id, identity, tx), tx, clock)


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
        InvalidInput: a lead other than the first suggested needs a reason.
    """
    case = await find_case_to_assign(command.case_id, identity, tx)
    if case.version != command.version:
        raise StaleVersion
    await _check_part(case, command.kind, tx)
    weighing = await _weigh(case, tx, clock)
    _check_excluded(weighing.suggestion.exclusion(command.account_id))
    chosen = weighing.suggestion.candidate(command.account_id)
    if chosen is None:
        raise NotFound
    if command.kind is AssignmentKind.LEAD and chosen.rank > 1 and not command.note:
        message = N_("没有选排在第一的人选时，请写明理由")
        raise InvalidInput(fields=(FieldError("note", "missing", message),))
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
            **of_case(case, identity.actor),
            assignment_id=assignment.id,
            account_id=assignment.account_id,
            kind=assignment.kind,
            rank=assignment.rank,
        )
    )
    return assignment


async def find_case_to_assign(case_id: CaseId, identity: Identity, tx: CooperationTx) -> Case:
    """Return the case if the coordinator may propose lawyers for it.

    Raises:
        NotFound: it is not of their area.
    """
    case = await tx.cases.case(case_id)
    if case is None:
        raise NotFound
    assignments = await tx.cases.assignments_of(case.id)
    require(identity.role, Action.PROPOSE_ASSIGNMENT, relation_to_case(identity, case, assignments))
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


async def _accounts(
    entries: Iterable[BoardCase], weighing: Weighing | None, tx: CooperationTx
) -> dict[AccountId, Account]:
    named = {each.account_id for entry in entries for each in entry.assignments}
    if weighing is not None:
        named |= {each.lawyer.account_id for each in weighing.pool}
    return await tx.people.accounts(frozenset(named))


async def _active_lawyers(tx: CooperationTx) -> tuple[LawyerProfile, ...]:
    profiles = await tx.cooperation.profiles()
    accounts = await tx.people.accounts(frozenset(profile.account_id for profile in profiles))
    return tuple(profile for profile in profiles if accounts[profile.account_id].active)
