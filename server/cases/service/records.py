"""Cases looked up through the actor, and their clocks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from server.cases.chronicle import Happening
from server.cases.deadlines.calendar import Calendar
from server.cases.deadlines.choices import choices_of
from server.cases.deadlines.engine import Clock as DeadlineClock
from server.cases.deadlines.engine import Situation, clocks
from server.cases.deadlines.rules import NO_EXTRA, Extra, rule_set
from server.cases.model import AssignmentKind, Case, Extension, Procedure
from server.cases.policy import DUTIES_AFTER_CLOSING, relation_to_case, told_of
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
    """Return the clocks of each case that `role` is told of, the earliest due first, the met ones last.

    Of a closed case only what is to be done after its end runs on.
    """
    known = {case.id: case for case in cases}
    situations = await situations_of(known.values(), role, tx)
    calendar = Calendar(await tx.cases.calendar_entries())
    choices = choices_of(await tx.cases.choices())
    now = clock.now()
    return {
        case_id: tuple(
            each
            for each in clocks(rule_set(), situation, calendar=calendar, now=now, choices=choices)
            if told_of(role, each.key) and _concerns(known[case_id], each)
        )
        for case_id, situation in situations.items()
    }


def _concerns(case: Case, clock: DeadlineClock) -> bool:
    return not (case.status.closed and clock.running and clock.key not in DUTIES_AFTER_CLOSING)


async def situations_of(cases: Iterable[Case], role: Role, tx: CasesTx) -> dict[CaseId, Situation]:
    """Return what the clocks of each case depend on, as far as `role` is told."""
    known = tuple(cases)
    ids = frozenset(case.id for case in known)
    happened = await tx.cases.happened_in(ids)
    delays = {} if role is Role.AGENCY_OFFICER else await tx.cases.delays_of(ids)
    extensions = await tx.cases.extensions_of(ids)
    return {
        case.id: Situation(
            stage=case.stage,
            facts={key: each[-1].at for key, each in happened[case.id].items()},
            earlier={key: tuple(each.at for each in every[:-1]) for key, every in happened[case.id].items()},
            procedure=case.procedure or Procedure.ORDINARY,
            in_custody=case.in_custody,
            extras=_extras(extensions[case.id], happened[case.id]),
            delays=delays.get(case.id, {}),
        )
        for case in known
    }


def _extras(
    extensions: Iterable[Extension], happened: Mapping[str, tuple[Happening, ...]]
) -> dict[str, Extra]:
    """Add up what was decided for each rule since its period began, or began anew."""
    extras: dict[str, Extra] = {}
    for each in extensions:
        if each.recorded_at >= _begun_at(each.rule_id, happened):
            extras[each.rule_id] = extras.get(each.rule_id, NO_EXTRA) + Extra(each.months, each.days)
    return extras


def _begun_at(rule_id: str, happened: Mapping[str, tuple[Happening, ...]]) -> datetime:
    """Return when it was first recorded that a rule's period began, or began anew."""
    rule = rule_set().named(rule_id)
    keys = () if rule is None else rule.begun_by
    begun = [happened[key][: rule_set().limits.get(key)][-1] for key in keys if key in happened]
    return max(begun, key=lambda each: each.at).noted_at if begun else datetime.max.replace(tzinfo=UTC)


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
