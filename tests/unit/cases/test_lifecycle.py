from itertools import product

import pytest

from server.cases.lifecycle import (
    ASSIGNMENT_STEPS,
    CASE_STEPS,
    AssignmentStep,
    CaseStep,
    WrongStep,
    next_assignment_status,
    next_status,
)
from server.cases.model import AssignmentStatus, CaseStatus


@pytest.mark.parametrize(("status", "step"), list(product(CaseStatus, CaseStep)))
def test_a_case_moves_as_the_table_says_or_not_at_all(status: CaseStatus, step: CaseStep) -> None:
    following = CASE_STEPS[status].get(step)
    if following is None:
        with pytest.raises(WrongStep):
            next_status(status, step)
    else:
        assert next_status(status, step) is following


@pytest.mark.parametrize(("status", "step"), list(product(AssignmentStatus, AssignmentStep)))
def test_an_assignment_moves_as_the_table_says_or_not_at_all(
    status: AssignmentStatus, step: AssignmentStep
) -> None:
    following = ASSIGNMENT_STEPS[status].get(step)
    if following is None:
        with pytest.raises(WrongStep):
            next_assignment_status(status, step)
    else:
        assert next_assignment_status(status, step) is following


def test_every_state_of_a_case_can_be_reached_from_a_notice_or_an_application() -> None:
    reached, waiting = set(), [CaseStatus.NOTICED, CaseStatus.APPLIED]
    while waiting:
        status = waiting.pop()
        if status not in reached:
            reached.add(status)
            waiting.extend(CASE_STEPS[status].values())
    assert reached == set(CaseStatus)


def test_a_closed_case_is_only_ever_paid() -> None:
    left = {status: set(CASE_STEPS[status]) for status in CaseStatus if status.closed}
    assert left.pop(CaseStatus.ARCHIVED) == {CaseStep.PAY}
    assert not any(left.values())


def test_a_declined_or_ended_assignment_never_comes_back() -> None:
    assert not ASSIGNMENT_STEPS[AssignmentStatus.DECLINED]
    assert not ASSIGNMENT_STEPS[AssignmentStatus.ENDED]
