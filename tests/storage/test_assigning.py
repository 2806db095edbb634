"""Proposing and answering on the real database, also at the same time."""

import asyncio
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from sqlalchemy import insert

from server.cases.lifecycle import WrongStep
from server.cases.model import (
    Assignment,
    AssignmentKind,
    AssignmentStatus,
    Case,
    CaseStatus,
    DeclineReason,
    EndReason,
)
from server.cases.service.assigning import (
    AcceptAssignment,
    ConflictOfInterest,
    DeclineAssignment,
    EndAssignment,
    LeadTaken,
    accept,
    decline,
    end,
)
from server.cases.service.facts import note_meeting_held, note_meeting_requested
from server.cases.service.records import clocks_of, find_case
from server.cooperation.service import (
    LawyerExcluded,
    NotAssignable,
    ProposeAssignment,
    propose,
    weigh_lawyers,
)
from server.kernel.errors import InvalidInput, NotFound, StaleVersion
from server.kernel.identity import Identity, Role
from server.kernel.ids import AccountId, OrganisationId
from server.kernel.permissions import Action
from server.people.model import Account, OrganisationKind
from storage.bus import LocalBus
from storage.database import Database
from storage.tables.cases import case_link
from tests.factories import account, case, organisation, profile
from tests.fakes.clock import SetClock


@dataclass(frozen=True, slots=True)
class Area:
    id: OrganisationId
    coordinator: Account
    lawyers: tuple[Account, ...]


@pytest.fixture
async def area(database: Database) -> Area:
    made = organisation(OrganisationKind.COOPERATION_AREA)
    coordinator = account(Role.COORDINATOR, organisation_id=made.id)
    lawyers = tuple(account(Role.LAWYER, organisation_id=made.id) for _ in range(3))
    async with database.transaction() as tx:
        await tx.people.add_organisation(made)
        for person in (coordinator, *lawyers):
            await tx.people.add_account(person, password_hash=None)
        for lawyer, since in zip(lawyers, (2010, 2018, 2025), strict=True):
            await tx.cooperation.put_profile(
                profile(made.id, account_id=lawyer.id, criminal_defence_since=date(since, 1, 1))
            )
    return Area(made.id, coordinator, lawyers)


async def stored(database: Database, area: Area, *, link: str = "", life_or_death: bool = False) -> Case:
    made = case(area_id=area.id, agency_id=area.id, institution_id=area.id, life_or_death=life_or_death)
    async with database.transaction() as tx:
        await tx.cases.add_case(made, link_numbers=frozenset({link or made.agency_number}))
    return made


@dataclass(frozen=True, slots=True)
class Desk:
    database: Database
    area: Area
    clock: SetClock

    async def propose(
        self, about: Case, lawyer: Account, kind: AssignmentKind = AssignmentKind.LEAD, *, version: int = 1
    ) -> Assignment:
        command = ProposeAssignment(
            case_id=about.id, account_id=lawyer.id, kind=kind, note="家属信任", version=version
        )
        async with self.database.transaction() as tx:
            return await propose(command, self.area.coordinator.identity, tx, self.clock)

    async def accept(self, made: Assignment, lawyer: Account, *, version: int = 1) -> Assignment:
        async with self.database.transaction() as tx:
            command = AcceptAssignment(assignment_id=made.id, version=version)
            return await accept(command, lawyer.identity, tx, self.clock)

    async def decline(
        self, made: Assignment, lawyer: Account, reason: DeclineReason, note: str = ""
    ) -> Assignment:
        async with self.database.transaction() as tx:
            command = DeclineAssignment(assignment_id=made.id, version=1, reason=reason, note=note)
            return await decline(command, lawyer.identity, tx, self.clock)

    async def end(self, made: Assignment, identity: Identity, *, version: int = 1) -> Assignment:
        async with self.database.transaction() as tx:
            command = EndAssignment(assignment_id=made.id, version=version, reason=EndReason.LAWYER_UNABLE)
            return await end(command, identity, tx, self.clock)

    async def case(self, case_id: Case) -> Case:
        async with self.database.reading() as tx:
            found = await tx.cases.case(case_id.id)
        assert found is not None
        return found


@pytest.fixture
def desk(database: Database, area: Area, clock: SetClock) -> Desk:
    return Desk(database, area, clock)


async def test_a_proposal_keeps_who_why_and_by_which_versions(database: Database, desk: Desk) -> None:
    about = await stored(database, desk.area)
    made = await desk.propose(about, desk.area.lawyers[0])
    async with database.reading() as tx:
        assert await tx.cases.assignments_of(about.id) == (made,)
    assert (made.proposed_by, made.rank) == (desk.area.coordinator.id, 1)
    assert (made.rules_version, made.weights_version) == ("2026-09", "2026-09")
    assert {part.factor: part.points for part in made.score} == {
        "expertise": 40.0,
        "workload": 25.0,
        "distance": 15.0,
        "continuity": 0.0,
        "language": 10.0,
    }


async def test_an_accepted_lead_makes_the_case_the_lawyers_own_and_stops_the_clock(
    database: Database, desk: Desk
) -> None:
    about, lawyer = await stored(database, desk.area), desk.area.lawyers[0]
    made = await desk.propose(about, lawyer)
    async with database.reading() as tx:
        with pytest.raises(NotFound):
            await find_case(about.id, lawyer.identity, Action.VIEW_CASE, tx)
    await desk.accept(made, lawyer)
    async with database.reading() as tx:
        found = await find_case(about.id, lawyer.identity, Action.VIEW_CASE, tx)
        facts = (await tx.cases.facts_of(frozenset({about.id})))[about.id]
        (clock,) = [
            each
            for each in (await clocks_of((found,), Role.LAWYER, tx, desk.clock))[about.id]
            if each.key == "meet_client"
        ]
    assert found.status is CaseStatus.ASSIGNED
    assert facts["lawyer_assigned"] == facts["lawyer_accepted_assignment"] == desk.clock.now()
    assert clock.deadline.rule.id == "S05"


async def test_the_meeting_moves_case_and_assignment_on(database: Database, desk: Desk) -> None:
    about, lawyer = await stored(database, desk.area), desk.area.lawyers[0]
    await desk.accept(await desk.propose(about, lawyer), lawyer)
    async with database.transaction() as tx:
        await note_meeting_requested(about.id, desk.clock.now(), lawyer.identity, tx)
    desk.clock.move(timedelta(days=1))
    for _ in range(2):
        async with database.transaction() as tx:
            await note_meeting_held(about.id, desk.clock.now(), lawyer.identity, tx)
    async with database.reading() as tx:
        (assignment,) = await tx.cases.assignments_of(about.id)
        keys = {
            each.key: each.running
            for each in (await clocks_of((await desk.case(about),), Role.LAWYER, tx, desk.clock))[about.id]
        }
    assert assignment.status is AssignmentStatus.ACTIVE
    assert (await desk.case(about)).status is CaseStatus.ENGAGED
    assert (keys["meet_client"], keys["arrange_meeting"]) == (False, False)


async def test_after_a_replacement_the_new_lead_has_a_first_meeting_of_their_own(
    database: Database, desk: Desk
) -> None:
    about = await stored(database, desk.area)
    former, new = desk.area.lawyers[:2]

    async def running() -> dict[str, bool]:
        case = await desk.case(about)
        async with database.reading() as tx:
            clocks = (await clocks_of((case,), Role.LAWYER, tx, desk.clock))[about.id]
        return {each.key: each.running for each in clocks if each.key in {"meet_client", "arrange_meeting"}}

    async def meet(lawyer: Account) -> None:
        async with database.transaction() as tx:
            await note_meeting_requested(about.id, desk.clock.now(), lawyer.identity, tx)
        desk.clock.move(timedelta(days=1))
        async with database.transaction() as tx:
            await note_meeting_held(about.id, desk.clock.now(), lawyer.identity, tx)

    accepted = await desk.accept(await desk.propose(about, former), former)
    await meet(former)
    desk.clock.move(timedelta(days=1))
    await desk.end(accepted, desk.area.coordinator.identity, version=3)
    replaced = await desk.case(about)
    await desk.accept(await desk.propose(about, new, version=replaced.version), new)
    assert await running() == {"meet_client": True, "arrange_meeting": False}
    async with database.transaction() as tx:
        await note_meeting_requested(about.id, desk.clock.now(), new.identity, tx)
    assert await running() == {"meet_client": True, "arrange_meeting": True}
    await meet(new)
    assert await running() == {"meet_client": False, "arrange_meeting": False}


async def test_a_case_takes_one_lead_but_an_assisting_lawyer_besides(database: Database, desk: Desk) -> None:
    about = await stored(database, desk.area)
    first, second, third = desk.area.lawyers
    made = await desk.propose(about, first)
    with pytest.raises(NotAssignable):
        await desk.propose(about, second)
    await desk.accept(made, first)
    with pytest.raises(LeadTaken):
        await desk.propose(about, second, version=2)
    helping = await desk.propose(about, second, AssignmentKind.ASSISTING, version=2)
    await desk.accept(helping, second)
    assert (await desk.case(about)).status is CaseStatus.ASSIGNED
    with pytest.raises(LawyerExcluded) as refused:
        await desk.propose(about, second, AssignmentKind.MENTOR, version=2)
    assert refused.value.values == {"rules": "X-09"}
    await desk.propose(about, third, AssignmentKind.MENTOR, version=2)


async def test_a_declined_lawyer_is_not_proposed_again_and_the_reason_stays(
    database: Database, desk: Desk
) -> None:
    about, lawyer = await stored(database, desk.area), desk.area.lawyers[0]
    made = await desk.propose(about, lawyer)
    with pytest.raises(InvalidInput):
        await desk.decline(made, lawyer, DeclineReason.OTHER)
    declined = await desk.decline(made, lawyer, DeclineReason.WORKLOAD)
    assert declined.decline_reason is DeclineReason.WORKLOAD
    with pytest.raises(LawyerExcluded):
        await desk.propose(about, lawyer)
    with pytest.raises(WrongStep):
        await desk.accept(declined, lawyer, version=2)


async def test_life_or_death_needs_three_years(database: Database, desk: Desk) -> None:
    about = await stored(database, desk.area, life_or_death=True)
    with pytest.raises(LawyerExcluded) as refused:
        await desk.propose(about, desk.area.lawyers[2])
    assert refused.value.values == {"rules": "X-02"}


async def test_a_conflict_is_refused_without_naming_the_other_case(database: Database, desk: Desk) -> None:
    first, second = [await stored(database, desk.area, link="平公刑〔2026〕9号") for _ in range(2)]
    lawyer = desk.area.lawyers[0]
    await desk.accept(await desk.propose(first, lawyer), lawyer)
    with pytest.raises(ConflictOfInterest) as refused:
        await desk.propose(second, lawyer)
    assert refused.value.values == {}
    async with database.reading() as tx:
        weighing = await weigh_lawyers(second.id, desk.area.coordinator.identity, tx, desk.clock)
    assert weighing.suggestion.candidate(lawyer.id) is None


async def test_what_was_confided_stays_known_after_an_assignment_ended(
    database: Database, desk: Desk
) -> None:
    first, second = [await stored(database, desk.area, link="平公刑〔2026〕9号") for _ in range(2)]
    lawyer = desk.area.lawyers[0]
    accepted = await desk.accept(await desk.propose(first, lawyer), lawyer)
    await desk.end(accepted, desk.area.coordinator.identity, version=2)
    assert (await desk.case(first)).status is CaseStatus.REPLACED
    with pytest.raises(ConflictOfInterest):
        await desk.propose(second, lawyer)


async def test_of_proposals_of_one_lawyer_to_co_defendants_at_once_one_is_made(
    database: Database, desk: Desk
) -> None:
    cases = [await stored(database, desk.area, link="平公刑〔2026〕9号") for _ in range(8)]
    lawyer = desk.area.lawyers[0]
    found = await asyncio.gather(*(desk.propose(about, lawyer) for about in cases), return_exceptions=True)
    assert sorted(type(each).__name__ for each in found) == ["Assignment", *["ConflictOfInterest"] * 7]


async def test_of_cases_that_prove_linked_after_the_proposals_one_is_accepted(
    database: Database, desk: Desk
) -> None:
    cases = [await stored(database, desk.area) for _ in range(6)]
    lawyer = desk.area.lawyers[0]
    made = [await desk.propose(about, lawyer) for about in cases]
    async with database.transaction() as tx:
        links = [{"case_id": about.id, "number": "平公刑〔2026〕9号"} for about in cases]
        await tx.connection.execute(insert(case_link), links)
    found = await asyncio.gather(*(desk.accept(each, lawyer) for each in made), return_exceptions=True)
    assert sorted(type(each).__name__ for each in found) == ["Assignment", *["ConflictOfInterest"] * 5]


async def test_of_two_lawyers_asked_to_lead_at_once_one_is(database: Database, desk: Desk) -> None:
    about = await stored(database, desk.area)
    found = await asyncio.gather(
        *(desk.propose(about, lawyer) for lawyer in desk.area.lawyers), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in found) == ["Assignment", *["NotAssignable"] * 2]


async def test_a_stale_view_is_refused(database: Database, desk: Desk) -> None:
    about, lawyer = await stored(database, desk.area), desk.area.lawyers[0]
    with pytest.raises(StaleVersion):
        await desk.propose(about, lawyer, version=2)
    made = await desk.propose(about, lawyer)
    with pytest.raises(StaleVersion):
        await desk.accept(made, lawyer, version=2)


async def test_nobody_answers_for_another_and_no_coordinator_reaches_another_area(
    database: Database, desk: Desk
) -> None:
    about = await stored(database, desk.area)
    made = await desk.propose(about, desk.area.lawyers[0])
    with pytest.raises(NotFound):
        await desk.accept(made, desk.area.lawyers[1])
    stranger = Identity(
        role=Role.COORDINATOR, account_id=AccountId("x"), organisation_id=OrganisationId("elsewhere")
    )
    with pytest.raises(NotFound):
        await desk.end(made, stranger)


async def test_an_ended_assignment_is_told_on_the_topic_that_closes_sockets(
    database: Database, desk: Desk, bus: LocalBus
) -> None:
    about, lawyer = await stored(database, desk.area), desk.area.lawyers[0]
    accepted = await desk.accept(await desk.propose(about, lawyer), lawyer)
    async with bus.subscribe(frozenset({f"access:{lawyer.id}"})) as subscription:
        await desk.end(accepted, desk.area.coordinator.identity, version=2)
        told = await asyncio.wait_for(subscription.next(), 1)
    assert (told.event, told.subject) == ("AssignmentEnded", f"case:{about.id}")
    async with database.reading() as tx:
        with pytest.raises(NotFound):
            await find_case(about.id, lawyer.identity, Action.VIEW_CASE, tx)


async def test_the_lawyer_hears_of_a_proposal_at_once(database: Database, desk: Desk, bus: LocalBus) -> None:
    about, lawyer = await stored(database, desk.area), desk.area.lawyers[0]
    async with bus.subscribe(frozenset({f"account:{lawyer.id}"})) as subscription:
        await desk.propose(about, lawyer)
        told = await asyncio.wait_for(subscription.next(), 1)
    assert told.event == "AssignmentProposed"
