"""Rules of cases: how an identity stands to a case or an assignment, and whom a lawyer may not defend."""

from collections.abc import Iterable
from functools import cache

from server.cases.deadlines.rules import rule_set
from server.cases.model import Assignment, AssignmentStatus, Bearer, Case, CaseStatus, Notice
from server.cases.vocabulary import AFTER_CLOSING, BROUGHT_BY_NOTICES, OF_INSTITUTION, WRITTEN_DOWN
from server.kernel.identity import Identity, Role
from server.kernel.ids import AccountId
from server.kernel.permissions import Relation


def relation_to_case(identity: Identity, case: Case, assignments: Iterable[Assignment]) -> Relation:
    """Return how an identity stands to a case, given the case's assignments.

    A lawyer's are those that they have accepted and that have not ended: a proposal alone opens nothing.
    """
    return _standing(identity, case) if _related(identity, case, assignments) else Relation.UNRELATED


def relation_to_assignment(identity: Identity, assignment: Assignment, case: Case) -> Relation:
    """Return how an identity stands to an assignment: the lawyer's own, or in their organisation's case."""
    if identity.role is Role.LAWYER:
        own = identity.account_id is not None and identity.account_id == assignment.account_id
        return _standing(identity, case) if own else Relation.UNRELATED
    return relation_to_case(identity, case, ())


AGENCY_DUTIES = frozenset({"notify_legal_aid", "assign_lawyer", "file_papers"})
"""The duties of which an agency is told: when the defence meets its client is none of them."""


DUTIES_AFTER_CLOSING = frozenset({"bind_file", "decide_objection", "pay_subsidy"})
"""The duties that go on when a case is closed to the defence."""


def bears(bearer: Bearer, role: Role) -> bool:
    """Tell whether a role is told first of a duty that somebody bears.

    The lawyer is told of every duty but the institution's: whoever else is late, the lawyer presses them.
    """
    match role:
        case Role.LAWYER:
            return bearer not in _OF_INSTITUTION
        case Role.LEGAL_AID_OFFICER:
            return bearer in _OF_INSTITUTION
        case Role.AGENCY_OFFICER:
            return bearer in {Bearer.AGENCY, Bearer.PROCURATORATE}
        case Role.FACILITY_OFFICER:
            return bearer is Bearer.FACILITY
        case _:
            return False


_OF_INSTITUTION = frozenset({Bearer.INSTITUTION, Bearer.BUREAU})


def told_of(role: Role, duty: str) -> bool:
    """Tell whether a role sees how a duty stands, in a case that is its own.

    What the defence wrote down tells how it works: neither agencies nor coordinators are told.
    """
    match role:
        case Role.AGENCY_OFFICER:
            return duty in AGENCY_DUTIES
        case Role.COORDINATOR:
            return duty not in _duties_of_records()
        case _:
            return True


@cache
def _duties_of_records() -> frozenset[str]:
    """Return the duties that only what the defence writes down can begin."""
    recorded = WRITTEN_DOWN - BROUGHT_BY_NOTICES
    return frozenset(
        clock.key for clock in rule_set().clocks if all(rule.trigger in recorded for rule in clock.rules)
    )


def recordable_by(role: Role, case: Case) -> frozenset[str]:
    """Return what a role may write down of what happened in a case that is its own.

    What the institution does itself, only it tells; of a closed case only what comes after closing.
    """
    if case.status.closed:
        return AFTER_CLOSING if role is Role.LEGAL_AID_OFFICER else frozenset()
    return WRITTEN_DOWN if role is Role.LEGAL_AID_OFFICER else WRITTEN_DOWN - OF_INSTITUTION


def status_for_agency(status: CaseStatus) -> CaseStatus:
    """Return the status that an agency is shown: one that tells of a meeting is *assigned* to it."""
    return CaseStatus.ASSIGNED if status in _TELLS_OF_MEETING else status


_TELLS_OF_MEETING = frozenset({CaseStatus.ENGAGED, CaseStatus.PREPARING})


def relation_to_notice(identity: Identity, notice: Notice) -> Relation:
    """Return how an identity stands to a notice: it is the sending agency's own."""
    own = identity.role is Role.AGENCY_OFFICER and identity.organisation_id == notice.agency_id
    return Relation.OWN if own else Relation.UNRELATED


def conflicts(account_id: AccountId, linked: Iterable[Assignment]) -> bool:
    """Tell whether the lawyer may not defend, given the assignments of co-defendants and linked accused.

    An assignment that ended counts too: what was confided stays known. A declined one does not, nor one
    taken back before it was answered.
    """
    return any(
        each.account_id == account_id
        and (each.open or (each.status is AssignmentStatus.ENDED and each.answered_at is not None))
        for each in linked
    )


def may_come_to_conflict(account_id: AccountId, linked: Iterable[Assignment]) -> bool:
    """Tell whether the lawyer may not even be asked: a co-defendant's proposal waits for their answer."""
    known = tuple(linked)
    return conflicts(account_id, known) or any(
        each.account_id == account_id and each.pending for each in known
    )


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


def _standing(identity: Identity, case: Case) -> Relation:
    """Return how somebody stands to a case that is theirs: what is put away is so for all but its keepers."""
    if case.erased_at is not None:
        return Relation.UNRELATED
    if case.sealed_at is not None:
        return Relation.SEALED if identity.role is Role.LEGAL_AID_OFFICER else Relation.UNRELATED
    return Relation.CLOSED if case.status.closed else Relation.OWN
