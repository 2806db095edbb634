"""A small world in which each role stands in every relation to records of every kind.

Four cases: the one that is everyone's `OWN`; an `OTHER` at the same facility and in the same area, but of
another agency, institution and lawyer; a `CLOSED` one of the same people as the first; and one `ELSEWHERE`,
where nobody asked about has anything to do. Every other record hangs on one of the four.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

from server.cases.model import (
    Assignment,
    AssignmentStatus,
    Case,
    CaseStatus,
    Gender,
    Notice,
    Party,
    PartyKind,
)
from server.kernel.identity import Identity, Role
from server.kernel.ids import NoticeId, OrganisationId, PartyId, new_id
from server.kernel.permissions import Relation
from server.people.model import Account, Organisation, OrganisationKind, Terminal
from server.rooms.model import MeetingStatus
from server.rooms.service import open_meeting
from server.scheduling.model import BookingStatus, Hold
from storage.database import Database, SqlTransaction
from tests.factories import account, assignment, booking, case, organisation, profile, terminal


class Where(StrEnum):
    """Which of the four cases."""

    OWN = "own case"
    OTHER = "other case"
    CLOSED = "closed case"
    ELSEWHERE = "other facility or area"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The organisations around a case."""

    area: Organisation
    institution: Organisation
    agency: Organisation
    facility: Organisation
    terminal: Terminal


@dataclass(slots=True)
class World:
    """Who there is, and the id of each kind of record in each of the four cases."""

    accounts: dict[Role, Account] = field(default_factory=dict)
    kiosk: Terminal | None = None
    places: dict[Where, Place] = field(default_factory=dict)
    cases: dict[Where, Case] = field(default_factory=dict)
    records: dict[Where, dict[str, str]] = field(default_factory=lambda: {where: {} for where in Where})
    """Path parameter → value."""

    def identity(self, role: Role) -> Identity:
        """Returns who acts in `role`."""
        if role is Role.RECIPIENT:
            assert self.kiosk is not None
            return self.kiosk.identity
        return self.accounts[role].identity


_ORGANISATION_OF: Mapping[Role, str] = {
    Role.LEGAL_AID_OFFICER: "institution",
    Role.COORDINATOR: "area",
    Role.FACILITY_OFFICER: "facility",
    Role.AGENCY_OFFICER: "agency",
}

RELATED: Mapping[Role, Mapping[Where, Relation]] = {
    role: {
        Where.OWN: Relation.OWN,
        Where.OTHER: Relation.OWN
        if role in {Role.COORDINATOR, Role.FACILITY_OFFICER}
        else Relation.UNRELATED,
        Where.CLOSED: Relation.CLOSED,
        Where.ELSEWHERE: Relation.UNRELATED,
    }
    for role in (Role.LAWYER, *_ORGANISATION_OF)
}
"""How a role stands to a case in each place; everyone else is unrelated to all."""


async def make_world(database: Database) -> World:
    """Stores the world."""
    world = World()
    async with database.transaction() as tx:
        near = await _place(tx)
        other = await _place(tx, area=near.area, facility=near.facility, kiosk=near.terminal)
        far = await _place(tx)
        world.kiosk = near.terminal
        world.places = {Where.OWN: near, Where.OTHER: other, Where.CLOSED: near, Where.ELSEWHERE: far}
        for role in Role:
            if role not in {Role.ANONYMOUS, Role.RECIPIENT}:
                world.accounts[role] = await _account(tx, role, near)
        for where in Where:
            await _case(tx, world, where)
    return world


async def _place(
    tx: SqlTransaction,
    *,
    area: Organisation | None = None,
    facility: Organisation | None = None,
    kiosk: Terminal | None = None,
) -> Place:
    async def made(kind: OrganisationKind, parent_id: OrganisationId | None) -> Organisation:
        one = organisation(kind, name=str(kind), parent_id=parent_id)
        await tx.people.add_organisation(one)
        return one

    area = area or await made(OrganisationKind.COOPERATION_AREA, None)
    facility = facility or await made(OrganisationKind.DETENTION_FACILITY, area.id)
    if kiosk is None:
        kiosk = terminal(facility.id)
        await tx.people.add_terminal(kiosk)
        await tx.people.set_paired(kiosk.id, datetime(2026, 9, 1, tzinfo=UTC))
    return Place(
        area=area,
        institution=await made(OrganisationKind.LEGAL_AID_INSTITUTION, area.id),
        agency=await made(OrganisationKind.PROCURATORATE, area.id),
        facility=facility,
        terminal=kiosk,
    )


async def _account(tx: SqlTransaction, role: Role, near: Place) -> Account:
    belongs: Organisation | None = None
    if role in _ORGANISATION_OF:
        belongs = getattr(near, _ORGANISATION_OF[role])
    one = account(role, name=f"{role}", organisation_id=belongs.id if belongs else None, seeded=True)
    await tx.people.add_account(one, password_hash=None)
    if role is Role.LAWYER:
        await tx.cooperation.put_profile(profile(near.area.id, account_id=one.id))
    return one


async def _case(tx: SqlTransaction, world: World, where: Where) -> None:
    place = world.places[where]
    mine = where in {Where.OWN, Where.CLOSED}
    one = case(
        status=CaseStatus.ARCHIVED if where is Where.CLOSED else CaseStatus.ENGAGED,
        agency_id=place.agency.id,
        institution_id=place.institution.id,
        area_id=place.area.id,
        facility_id=place.facility.id,
    )
    await tx.cases.add_case(one, link_numbers=frozenset({one.agency_number}))
    await tx.cases.add_party(
        Party(
            id=PartyId(new_id()),
            case_id=one.id,
            kind=PartyKind.RECIPIENT,
            name="张某",
            gender=Gender.MALE,
        )
    )
    lawyer = world.accounts[Role.LAWYER]
    if not mine:
        lawyer = account(Role.LAWYER, name="许某")
        await tx.people.add_account(lawyer, password_hash=None)
    accepted = assignment(one.id, lawyer.id)
    await tx.cases.add_assignment(accepted)
    world.cases[where] = one
    world.records[where] |= {
        "case_id": one.id,
        "assignment_id": (await _proposal(tx, one, lawyer)).id,
        "notice_id": (await _notice(tx, one)).id,
        "account_id": lawyer.id,
        "terminal_id": place.terminal.id,
        "organisation_id": place.facility.id,
        **await _meeting(tx, one, lawyer, place.terminal, ended=where is Where.CLOSED),
    }


async def _proposal(tx: SqlTransaction, one: Case, lawyer: Account) -> Assignment:
    """A further assignment that waits for the lawyer's answer."""
    proposed = assignment(one.id, lawyer.id, status=AssignmentStatus.PROPOSED)
    await tx.cases.add_assignment(proposed)
    return proposed


async def _meeting(
    tx: SqlTransaction, one: Case, lawyer: Account, kiosk: Terminal, *, ended: bool
) -> dict[str, str]:
    """A held slot, a booking that waits for the facility, and a meeting; the latter two ended where asked."""
    party = (await tx.cases.parties_of(one.id))[0]
    held = booking(one, party.id, lawyer.id, kiosk)
    asked = booking(
        one,
        party.id,
        lawyer.id,
        kiosk,
        status=BookingStatus.CANCELLED if ended else BookingStatus.REQUESTED,
    )
    met = booking(one, party.id, lawyer.id, kiosk, status=BookingStatus.CONFIRMED)
    await tx.slots.add_hold(
        Hold(
            id=held.id,
            case_id=one.id,
            party_id=party.id,
            facility_id=held.facility_id,
            terminal_id=kiosk.id,
            starts_at=held.starts_at,
            ends_at=held.ends_at,
            lawyer_ids=held.lawyer_ids,
            interpreter_id=None,
            held_by=lawyer.id,
            expires_at=held.starts_at,
        )
    )
    for each in (asked, met):
        await tx.slots.add_booking(each)
    meeting = await open_meeting(met, tx)
    if ended:
        await tx.rooms.put_meeting(replace(meeting, status=MeetingStatus.CLOSED))
    return {"hold_id": held.id, "booking_id": asked.id, "meeting_id": meeting.id}


async def _notice(tx: SqlTransaction, one: Case) -> Notice:
    notice = Notice(
        id=NoticeId(new_id()),
        case_id=one.id,
        agency_id=one.agency_id,
        agency_number=one.agency_number,
        letter_number=f"函{new_id()[:6]}",
        contact="贾某 0396-0000000",
        received_at=one.opened_at,
    )
    await tx.cases.add_notice(notice)
    return notice
