"""Plays what has happened in the demo province so far, through the features' own services.

Each step is taken by the person whose step it is, at the moment at which it was taken: so whatever the
rules forbid (two co-defendants with one lawyer, a terminal booked twice) can't be in the demo either.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from typing_extensions import override

from server.cases.lifecycle import CaseStep
from server.cases.model import Assignment, AssignmentKind, Case, CaseStatus
from server.cases.service.assigning import AcceptAssignment, accept
from server.cases.service.facts import move_case, note_meeting_held, record_fact
from server.cases.service.intake import Delivery, send_notice
from server.cooperation.service import ProposeAssignment, propose, weigh_lawyers
from server.demo.notices import PlannedNotice, planned_notices, worded
from server.demo.organisations import Organisations
from server.demo.people import People
from server.kernel.clock import Clock
from server.kernel.errors import NotFound
from server.kernel.identity import Identity, Role
from server.kernel.ids import CaseId
from server.people.model import OrganisationKind
from storage.database import SqlTransaction

_PROPOSED_AFTER = timedelta(hours=5)
_ANSWERED_AFTER = timedelta(hours=8)
_MET_AFTER = timedelta(hours=49)

_S = CaseStep
_STEPS: Mapping[CaseStatus, tuple[CaseStep, ...]] = {
    CaseStatus.PREPARING: (_S.PREPARE,),
    CaseStatus.HEARING: (_S.PREPARE, _S.HEAR),
    CaseStatus.AWAITING_JUDGMENT: (_S.PREPARE, _S.HEAR, _S.AWAIT_JUDGMENT),
    CaseStatus.CLOSING: (_S.PREPARE, _S.HEAR, _S.AWAIT_JUDGMENT, _S.CLOSE),
    CaseStatus.ARCHIVED: (_S.PREPARE, _S.HEAR, _S.AWAIT_JUDGMENT, _S.CLOSE, _S.ARCHIVE),
    CaseStatus.PAID: (_S.PREPARE, _S.HEAR, _S.AWAIT_JUDGMENT, _S.CLOSE, _S.ARCHIVE, _S.PAY),
    CaseStatus.STAGE_TRANSFERRED: (_S.TRANSFER_STAGE,),
    CaseStatus.TERMINATED: (_S.TERMINATE,),
}
"""What follows the first meeting, for each goal beyond it."""


@dataclass(frozen=True, slots=True)
class At(Clock):
    """The clock as it stood at one moment."""

    moment: datetime

    @override
    def now(self) -> datetime:
        return self.moment

    @override
    def monotonic_s(self) -> float:
        return 0.0


@dataclass(frozen=True, slots=True)
class Cast:
    """Who acts."""

    organisations: Organisations
    people: People


async def play_cases(cast: Cast, tx: SqlTransaction, now: datetime) -> None:
    """Play every case, the oldest first, so that numbers follow the days."""
    for planned in planned_notices(now):
        await _play(planned, cast, tx)


async def _play(planned: PlannedNotice, cast: Cast, tx: SqlTransaction) -> None:
    case = await _notified(planned, cast, tx)
    accused = planned.accused
    if accused.goal is CaseStatus.NOTICED:
        return
    lead = await _proposed(case, AssignmentKind.LEAD, accused.lead, planned.at + _PROPOSED_AFTER, cast, tx)
    if accused.goal is None:
        return
    answered_at = planned.at + _ANSWERED_AFTER
    await _accepted(lead, answered_at, cast, tx)
    if accused.assisting:
        assisting = await _proposed(case, AssignmentKind.ASSISTING, accused.assisting, answered_at, cast, tx)
        await _accepted(assisting, planned.at + _MET_AFTER, cast, tx)
    if accused.goal is CaseStatus.ASSIGNED:
        return
    lawyer = cast.people.by_id(lead.account_id).identity
    for key in ("agreement_signed", "papers_filed"):
        await record_fact(case, key, planned.at + _MET_AFTER, lawyer.actor, tx)
    await note_meeting_held(case.id, planned.at + _MET_AFTER, lawyer, tx)
    for step in _STEPS.get(accused.goal, ()):
        await move_case(await _case(case.id, tx), step, lawyer.actor, tx, at=planned.at + _MET_AFTER)


_WHY_NAMED = "此前办过同类案件，当地看守所会见方便"
"""Why the story's lawyers were asked, where they are not the first suggested."""


async def _notified(planned: PlannedNotice, cast: Cast, tx: SqlTransaction) -> Case:
    agency = cast.organisations.named(planned.affair.agency)
    (facility,) = cast.organisations.of(OrganisationKind.DETENTION_FACILITY, agency.region_code)
    identity = Identity(role=Role.AGENCY_OFFICER, name=agency.name, organisation_id=agency.id)
    delivery = Delivery(key=f"demo-{planned.number}-{planned.accused.name}", body_hash=b"")
    answer = await send_notice(worded(planned, agency, facility), delivery, identity, tx, At(planned.at))
    return await _case(CaseId(answer.location.rpartition("/")[2]), tx)


async def _proposed(  # noqa: PLR0913, PLR0917 - what, to whom, when
    case: Case, kind: AssignmentKind, lawyer: str, at: datetime, cast: Cast, tx: SqlTransaction
) -> Assignment:
    coordinator = cast.people.of(Role.COORDINATOR, case.area_id).identity
    if lawyer:
        account_id = cast.people.named(lawyer).id
    else:
        weighing = await weigh_lawyers(case.id, coordinator, tx, At(at))
        account_id = weighing.suggestion.candidates[0].account_id
    command = ProposeAssignment(
        case_id=case.id,
        account_id=account_id,
        kind=kind,
        note=_WHY_NAMED if lawyer else "",
        version=(await _case(case.id, tx)).version,
    )
    return await propose(command, coordinator, tx, At(at))


async def _accepted(assignment: Assignment, at: datetime, cast: Cast, tx: SqlTransaction) -> None:
    command = AcceptAssignment(assignment_id=assignment.id, version=assignment.version)
    await accept(command, cast.people.by_id(assignment.account_id).identity, tx, At(at))


async def _case(case_id: CaseId, tx: SqlTransaction) -> Case:
    case = await tx.cases.case(case_id)
    if case is None:
        raise NotFound
    return case
