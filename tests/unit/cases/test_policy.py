from dataclasses import replace
from datetime import UTC, datetime

import pytest

from server.cases.model import AssignmentStatus, CaseStatus
from server.cases.policy import conflicts, may_come_to_conflict, relation_to_case, told_of
from server.kernel.identity import Identity, Role
from server.kernel.ids import AccountId, OrganisationId
from server.kernel.permissions import Relation
from tests.factories import assignment, case

LAWYER = Identity(role=Role.LAWYER, account_id=AccountId("lawyer"))


@pytest.mark.parametrize(
    ("status", "relation"),
    [
        (AssignmentStatus.PROPOSED, Relation.UNRELATED),
        (AssignmentStatus.PINNED, Relation.UNRELATED),
        (AssignmentStatus.ACCEPTED, Relation.OWN),
        (AssignmentStatus.ACTIVE, Relation.OWN),
        (AssignmentStatus.DECLINED, Relation.UNRELATED),
        (AssignmentStatus.ENDED, Relation.UNRELATED),
    ],
)
def test_a_case_is_a_lawyers_own_while_their_assignment_is_open(
    status: AssignmentStatus, relation: Relation
) -> None:
    made = case()
    found = relation_to_case(LAWYER, made, [assignment(made.id, AccountId("lawyer"), status=status)])
    assert found is relation


def test_an_assignment_of_another_case_opens_nothing() -> None:
    made, other = case(), case()
    found = relation_to_case(LAWYER, made, [assignment(other.id, AccountId("lawyer"))])
    assert found is Relation.UNRELATED


def test_an_archived_case_stays_ones_own_but_closed() -> None:
    made = case(status=CaseStatus.ARCHIVED)
    found = relation_to_case(LAWYER, made, [assignment(made.id, AccountId("lawyer"))])
    assert found is Relation.CLOSED


@pytest.mark.parametrize("role", list(Role))
def test_a_case_is_related_to_a_role_only_through_the_organisation_meant_for_it(role: Role) -> None:
    made = case()
    meant = {
        Role.LEGAL_AID_OFFICER: made.institution_id,
        Role.AGENCY_OFFICER: made.agency_id,
        Role.COORDINATOR: made.area_id,
    }
    for organisation_id in (made.institution_id, made.agency_id, made.area_id, OrganisationId("other")):
        identity = Identity(role=role, account_id=AccountId("someone"), organisation_id=organisation_id)
        related = relation_to_case(identity, made, ()) is not Relation.UNRELATED
        assert related == (meant.get(role) == organisation_id)


@pytest.mark.parametrize(
    ("status", "answered", "conflict", "asked"),
    [
        (AssignmentStatus.PROPOSED, False, False, True),
        (AssignmentStatus.PINNED, False, False, True),
        (AssignmentStatus.ACCEPTED, True, True, True),
        (AssignmentStatus.ACTIVE, True, True, True),
        (AssignmentStatus.DECLINED, True, False, False),
        (AssignmentStatus.ENDED, True, True, True),
        (AssignmentStatus.ENDED, False, False, False),
    ],
)
def test_whoever_defended_a_co_defendant_may_not_defend_and_whoever_is_asked_is_not_asked_twice(
    status: AssignmentStatus, *, answered: bool, conflict: bool, asked: bool
) -> None:
    answered_at = datetime(2026, 9, 26, tzinfo=UTC) if answered else None
    linked = replace(assignment(case().id, AccountId("lawyer"), status=status), answered_at=answered_at)
    assert conflicts(AccountId("lawyer"), [linked]) is conflict
    assert may_come_to_conflict(AccountId("lawyer"), [linked]) is asked
    assert not may_come_to_conflict(AccountId("another"), [linked])


@pytest.mark.parametrize("duty", ["decide_evidence", "appeal", "write_outline", "notify_custody"])
def test_what_the_defence_wrote_down_is_neither_the_agencys_nor_the_coordinators(duty: str) -> None:
    told = {role for role in Role if told_of(role, duty)}
    assert {Role.LAWYER, Role.LEGAL_AID_OFFICER} <= told
    assert not {Role.AGENCY_OFFICER, Role.COORDINATOR} & told


def test_a_coordinator_is_told_of_what_the_platform_sees_itself() -> None:
    assert all(
        told_of(Role.COORDINATOR, duty) for duty in ("assign_lawyer", "meet_client", "arrange_meeting")
    )
