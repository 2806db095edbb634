"""Rules of cooperation: which cases wait for a lawyer, and what a lawyer is to a case."""

from collections.abc import Iterable, Mapping
from datetime import date

from server.cases.model import Assignment, AssignmentKind, AssignmentStatus, Case, CaseStatus
from server.cases.policy import may_come_to_conflict
from server.cooperation.model import Leave
from server.cooperation.rules import Standing
from server.kernel.ids import AccountId, CaseId

ASSIGNABLE = frozenset({CaseStatus.NOTICED, CaseStatus.ACCEPTED, CaseStatus.REPLACED})
"""Cases that need a lead lawyer."""
OPEN = frozenset(status for status in CaseStatus if not status.closed)


def pending_lead(assignments: Iterable[Assignment]) -> Assignment | None:
    """Return the lead's proposal that waits for an answer."""
    return next((each for each in assignments if each.pending and each.kind is AssignmentKind.LEAD), None)


def lead(assignments: Iterable[Assignment]) -> Assignment | None:
    """Return the open lead assignment."""
    return next((each for each in assignments if each.open and each.kind is AssignmentKind.LEAD), None)


def waits(case: Case, assignments: Iterable[Assignment]) -> bool:
    """Tell whether a lead lawyer has yet to be proposed."""
    return case.status in ASSIGNABLE and pending_lead(assignments) is None


def standing(  # noqa: PLR0913 - what the stores know of one lawyer and one case
    account_id: AccountId,
    case: Case,
    *,
    in_case: Iterable[Assignment],
    linked: Iterable[Assignment],
    earlier: Mapping[CaseId, tuple[Assignment, ...]],
    load: int,
    leaves: Iterable[Leave],
    on: date,
) -> Standing:
    """Return how a lawyer stands to a case on a day."""
    own = [each for each in in_case if each.account_id == account_id]
    before = earlier.get(case.continues, ()) if case.continues else ()
    return Standing(
        conflict=may_come_to_conflict(account_id, linked),
        load=load,
        leave=next(
            (
                leave
                for leave in leaves
                if leave.account_id == account_id and leave.from_day <= on <= leave.until_day
            ),
            None,
        ),
        declined=any(each.status is AssignmentStatus.DECLINED for each in own),
        in_case=any(each.pending or each.open for each in own),
        earlier_stage=any(
            each.account_id == account_id and each.answered_at and each.decline_reason is None
            for each in before
        ),
    )
