"""Whom a case's alerts concern, and what each of them is told of it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from server.alerts.model import Alert
from server.alerts.ports import Described
from server.alerts.raising import Audience
from server.cases.deadline_views import article_of
from server.cases.deadlines.rules import rule_set
from server.cases.model import Case
from server.cases.policy import bears, relation_to_case, told_of
from server.cases.ports import CasesTx
from server.cases.wording import DUTIES
from server.kernel.identity import Identity, Role
from server.kernel.ids import AccountId, AlertId, CaseId, OrganisationId
from server.kernel.permissions import Relation


async def audience(case_id: CaseId, duty: str, level: int, tx: CasesTx) -> Audience:
    """Return who is told of a duty: first who has to do it, then the institution, then the coordinators."""
    case = await tx.cases.case(case_id)
    if case is None:
        return Audience()
    match level:
        case 0:
            return await _first(case, duty, tx)
        case 1:
            return Audience(await _of(case.institution_id, Role.LEGAL_AID_OFFICER, duty, tx))
        case _:
            return Audience(await _of(case.area_id, Role.COORDINATOR, duty, tx))


async def _first(case: Case, duty: str, tx: CasesTx) -> Audience:
    bearer = DUTIES[duty][1]
    accounts: frozenset[AccountId] = frozenset()
    if bears(bearer, Role.LAWYER):
        assignments = await tx.cases.assignments_of(case.id)
        accounts |= frozenset(each.account_id for each in assignments if each.open)
    places = {
        Role.LEGAL_AID_OFFICER: case.institution_id,
        Role.AGENCY_OFFICER: case.agency_id,
        Role.FACILITY_OFFICER: case.facility_id,
    }
    for role, place in places.items():
        if bears(bearer, role):
            accounts |= await _of(place, role, duty, tx)
    agency_bears = bears(bearer, Role.AGENCY_OFFICER) and told_of(Role.AGENCY_OFFICER, duty)
    return Audience(accounts, case.agency_id if agency_bears else None)


async def _of(
    organisation_id: OrganisationId | None, role: Role, duty: str, tx: CasesTx
) -> frozenset[AccountId]:
    if organisation_id is None or not told_of(role, duty):
        return frozenset()
    return frozenset(each.id for each in await tx.people.accounts_of(organisation_id, role))


async def agency_number(case_id: CaseId, tx: CasesTx) -> str:
    """Return the agency's own number of a case."""
    case = await tx.cases.case(case_id)
    return "" if case is None else case.agency_number


async def describe(alerts: Iterable[Alert], identity: Identity, tx: CasesTx) -> Mapping[AlertId, Described]:
    """Return what a person is told of those alerts that concern them still; of others nothing."""
    found: dict[AlertId, Described] = {}
    cases: dict[CaseId, Described | None] = {}
    for alert in alerts:
        if alert.case_id not in cases:
            cases[alert.case_id] = await _subject(alert.case_id, identity, tx)
        subject = cases[alert.case_id]
        if subject is not None and told_of(identity.role, alert.duty):
            rule = rule_set().named(alert.rule_id)
            found[alert.id] = replace(
                subject,
                words=DUTIES[alert.duty][0],
                article=article_of(rule),
                internal=rule is not None and rule.internal,
            )
    return found


async def _subject(case_id: CaseId, identity: Identity, tx: CasesTx) -> Described | None:
    """Return which case it is, as far as that is told to this person; None if it does not concern them."""
    case = await tx.cases.case(case_id)
    if case is None or case.sealed_at is not None:
        return None
    match identity.role:
        case Role.FACILITY_OFFICER:
            own = case.facility_id is not None and case.facility_id == identity.organisation_id
            return _subject_only("", "/desk") if own else None
        case Role.COORDINATOR:
            own = case.area_id == identity.organisation_id
            return _subject_only(case.number, "/cooperation") if own else None
        case _:
            assignments = await tx.cases.assignments_of(case_id)
            if relation_to_case(identity, case, assignments) is Relation.UNRELATED:
                return None
            number = case.agency_number if identity.role is Role.AGENCY_OFFICER else case.number
            return _subject_only(number, f"/cases/{case.id}")


def _subject_only(subject: str, path: str) -> Described:
    return Described(words="", article="", internal=False, subject=subject, path=path)
