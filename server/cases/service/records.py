"""Cases looked up through the actor, and their clocks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from server.cases.deadlines.calendar import Calendar
from server.cases.deadlines.engine import Clock as DeadlineClock
from server.cases.deadlines.engine import Situation, clocks
from server.cases.deadlines.rules import NO_EXTRA, Extra, rule_set
from server.cases.model import AssignmentKind, Case, Extension, Procedure
from server.cases.policy import relation_to_case, told_of
from server.cases.ports import CasesTx
from server.kernel.clock import Clock
from server.kernel.errors import NotFound
from server.kernel.identity import Identity, Role
from server.kernel.ids import AccountId, CaseId
from server.kernel.permissions import Action, require


async def find_case(case_id: CaseId, identity: Identity, action: Action, tx: CasesTx) -> Case:
    """Return the case if `identity` may do `action` with it.

    Raises:
        NotFound: there is none, or it is none of theirs: the two look alike.
        NotAllowed: it is theirs, but `action` is not.
    """
    case = await tx.cases.case(case_id)
    if case is None:
        raise NotFound
    assignments = await tx.cases.assignments_of(case_id)
    require(identity.role, action, relation_to_case(identity, case, assignments))
    return case


async def clocks_of(
    cases: Iterable[Case], role: Role, tx: CasesTx, clock: Clock
) -> dict[CaseId, tuple[DeadlineClock, ...]]:
    """Return the clocks of each case that `role` is told of, the earliest due first, the met ones last."""
    known = tuple(cases)
    ids = frozenset(case.id for case in known)
    facts = await tx.cases.facts_of(ids)
    delays = {} if role is Role.AGENCY_OFFICER else await tx.cases.delays_of(ids)
    extensions = await tx.cases.extensions_of(ids)
    calendar = Calendar(await tx.cases.calendar_entries())
    now = clock.now()
    situations = {
        case.id: Situation(
            stage=case.stage,
            facts=facts[case.id],
            procedure=case.procedure or Procedure.ORDINARY,
            in_custody=case.in_custody,
            extras=_extras(extensions[case.id]),
            delays=delays.get(case.id, {}),
        )
        for case in known
    }
    return {
        case_id: tuple(
            each
            for each in clocks(rule_set(), situation, calendar=calendar, now=now)
            if told_of(role, each.key)
        )
        for case_id, situation in situations.items()
    }


def _extras(extensions: Iterable[Extension]) -> dict[str, Extra]:
    """Add up what was decided for each rule."""
    extras: dict[str, Extra] = {}
    for each in extensions:
        extras[each.rule_id] = extras.get(each.rule_id, NO_EXTRA) + Extra(each.months, each.days)
    return extras


@dataclass(frozen=True, slots=True, kw_only=True)
class Defender:
    """A lawyer who works on a case, as everyone in the case may see them."""

    account_id: AccountId
    name: str
    title: str
    organisation: str
    kind: AssignmentKind
    since: datetime


async def defenders_of(case_id: CaseId, tx: CasesTx) -> tuple[Defender, ...]:
    """Return the lawyers with an open assignment, the lead first."""
    assignments = [each for each in await tx.cases.assignments_of(case_id) if each.open]
    accounts = await tx.people.accounts(frozenset(each.account_id for each in assignments))
    organisations = {each.id: each for each in await tx.people.organisations()}
    found = []
    for each in sorted(assignments, key=lambda assignment: list(AssignmentKind).index(assignment.kind)):
        account = accounts[each.account_id]
        organisation = organisations.get(account.organisation_id) if account.organisation_id else None
        found.append(
            Defender(
                account_id=account.id,
                name=account.name,
                title=account.title,
                organisation=organisation.name if organisation else "",
                kind=each.kind,
                since=each.answered_at or each.proposed_at,
            )
        )
    return tuple(found)
