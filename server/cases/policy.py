"""Rules of cases: how an identity stands to a case, an assignment; which notice is too much."""

from collections.abc import Iterable

from server.cases.model import Assignment, Case
from server.kernel.identity import Identity, Role
from server.kernel.permissions import Relation


def relation_to_case(identity: Identity, case: Case, assignments: Iterable[Assignment]) -> Relation:
    """Return how an identity stands to a case, given the case's assignments.

    A lawyer's are those that they have accepted and that have not ended: a proposal alone opens nothing.
    """
    return _open_or_closed(case) if _related(identity, case, assignments) else Relation.UNRELATED


def relation_to_assignment(identity: Identity, assignment: Assignment, case: Case) -> Relation:
    """Return how an identity stands to an assignment: the lawyer's own, or in their organisation's case."""
    if identity.role is Role.LAWYER:
        own = identity.account_id is not None and identity.account_id == assignment.account_id
        return Relation.OWN if own else Relation.UNRELATED
    return relation_to_case(identity, case, ())


def _related(identity: Identity, case: Case, assignments: Iterable[Assignment]) -> bool:
    organisation_id = identity.organisation_id
    if identity.role is Role.LAWYER:
        return identity.account_id is not None and any(
            assignment.open and assignment.account_id == identity.account_id
            for assignment in assignments
            if assignment.case_id == case.id
        )
    if organisation_id is None:
        return False
    match identity.role:
        case Role.LEGAL_AID_OFFICER:
            return organisation_id == case.institution_id
        case Role.AGENCY_OFFICER:
            return organisation_id == case.agency_id
        case Role.COORDINATOR:
            return organisation_id == case.area_id
        case _:
            return False


def _open_or_closed(case: Case) -> Relation:
    return Relation.CLOSED if case.status.closed else Relation.OWN
