"""A small world in which each role stands in every relation to records of every kind.

Five cases: the one that is everyone's `OWN`; an `OTHER` at the same facility and in the same area, but of
another agency, institution and lawyer; a `CLOSED` one and a `SEALED` one of the same people as the first; and
one `ELSEWHERE`, where nobody asked about has anything to do. Every other record hangs on one of the five.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from secrets import randbelow

from server.alerts.model import Alert, AlertKind, Told
from server.casefiles.model import DossierStatus, Page, Upload
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
from server.kernel.ids import (
    AlertId,
    BookingId,
    MeetingId,
    NoticeId,
    OrganisationId,
    ParticipantId,
    PartyId,
    UploadId,
    new_id,
)
from server.kernel.permissions import Relation
from server.pdf.manifest import PageProblem
from server.people.model import Account, Organisation, OrganisationKind, Terminal
from server.retention.model import Seal, SealGround
from server.rooms.model import Meeting, MeetingStatus, Participant, ParticipantKind, Visit
from server.scheduling.model import Booking, BookingStatus, Hold, Purpose
from storage.database import Database, SqlTransaction
from tests.dossiers import annotation, dossier
from tests.factories import account, assignment, case, organisation, profile, terminal

STARTS = datetime(2026, 9, 28, 1, 30, tzinfo=UTC)
"""When the meetings begin: soon enough, at the tests' clock, to be joined."""


CLOSED_AT = datetime(2016, 9, 1, tzinfo=UTC)
"""When closed cases were closed: so long ago that nothing keeps them any more."""


class Where(StrEnum):
    """Which of the five cases."""

    OWN = "own case"
    OTHER = "other case"
    CLOSED = "closed case"
    SEALED = "sealed case"
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

_ALL_AT_THE_PLACE = {Role.COORDINATOR, Role.FACILITY_OFFICER}


def _related(role: Role) -> Mapping[Where, Relation]:
    return {
        Where.OWN: Relation.OWN,
        Where.OTHER: Relation.OWN if role in _ALL_AT_THE_PLACE else Relation.UNRELATED,
        Where.CLOSED: Relation.UNRELATED if role is Role.RECIPIENT else Relation.CLOSED,
        Where.SEALED: Relation.SEALED if role is Role.LEGAL_AID_OFFICER else Relation.UNRELATED,
        Where.ELSEWHERE: Relation.UNRELATED,
    }


_OURS = (Where.OWN, Where.CLOSED, Where.SEALED)
"""Whose people are the same."""
_OVER = (Where.CLOSED, Where.SEALED)
RELATED = {role: _related(role) for role in Role}
"""How a role, if it stands to records of a kind at all, stands to those of each place. A recipient's
terminal shows one meeting: it has no closed one."""


async def make_world(database: Database) -> World:
    """Stores the world."""
    world = World()
    async with database.transaction() as tx:
        near = await _place(tx)
        other = await _place(tx, area=near.area, facility=near.facility, kiosk=near.terminal)
        far = await _place(tx)
        world.kiosk = near.terminal
        world.places = dict.fromkeys(_OURS, near) | {Where.OTHER: other, Where.ELSEWHERE: far}
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
    mine = where in _OURS
    sealed = where is Where.SEALED
    one = case(
        status=CaseStatus.ARCHIVED if where in _OVER else CaseStatus.ENGAGED,
        minor=sealed,
        closed_at=CLOSED_AT if where in _OVER else None,
        sealed_at=CLOSED_AT if sealed else None,
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
    if sealed:
        await tx.retention.put_seal(
            Seal(
                case_id=one.id,
                ground=SealGround.SENTENCE,
                sealed_by=world.accounts[Role.LEGAL_AID_OFFICER].id,
                sealed_at=CLOSED_AT,
            )
        )
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
        "number": "1",
        "alert_id": await _alert(tx, world, where),
        "endpoint_id": "none",
    }
    await _meeting(tx, world, where, lawyer)
    await _file(tx, world, where, lawyer)


async def _alert(tx: SqlTransaction, world: World, where: Where) -> str:
    """An alert that has reached all whom the case concerns."""
    one = world.cases[where]
    raised = Alert(
        id=AlertId(new_id()),
        case_id=one.id,
        duty="assign_lawyer",
        kind=AlertKind.OVERDUE,
        rule_id="A05",
        due_at=one.opened_at,
        raised_at=one.opened_at,
        level=2,
        escalates_at=None,
    )
    await tx.alerts.add_alert(raised)
    for role in (*_ORGANISATION_OF, Role.LAWYER):
        if RELATED[role][where] is not Relation.UNRELATED:
            account_id = world.accounts[role].id
            told = Told(alert_id=raised.id, account_id=account_id, level=0, told_at=one.opened_at)
            await tx.alerts.add_told(told)
    return raised.id


async def _meeting(tx: SqlTransaction, world: World, where: Where, lawyer: Account) -> None:
    """A booking that waits for its answer, a meeting that can be joined, and a slot that is only held."""
    one, place = world.cases[where], world.places[where]
    closed = where in _OVER
    interpreter = world.accounts[Role.INTERPRETER] if where in _OURS else None
    (recipient,) = await tx.cases.parties_of(one.id)
    hold = Hold(
        id=BookingId(new_id()),
        case_id=one.id,
        party_id=recipient.id,
        facility_id=place.facility.id,
        terminal_id=place.terminal.id,
        starts_at=STARTS + timedelta(days=1),
        ends_at=STARTS + timedelta(days=1, hours=1),
        lawyer_ids=(lawyer.id,),
        interpreter_id=None,
        held_by=lawyer.id,
        expires_at=STARTS,
    )
    booking = Booking(
        id=BookingId(new_id()),
        case_id=one.id,
        party_id=recipient.id,
        facility_id=place.facility.id,
        terminal_id=place.terminal.id,
        starts_at=STARTS,
        ends_at=STARTS + timedelta(hours=1),
        lawyer_ids=(lawyer.id,),
        interpreter_id=interpreter.id if interpreter else None,
        purpose=Purpose.FIRST_MEETING,
        requested_by=lawyer.id,
        requested_at=one.opened_at,
        status=BookingStatus.HELD if closed else BookingStatus.REQUESTED,
    )
    confirmed = replace(
        booking, id=BookingId(new_id()), status=BookingStatus.HELD if closed else BookingStatus.CONFIRMED
    )
    meeting = Meeting(
        id=MeetingId(new_id()),
        booking_id=confirmed.id,
        case_id=one.id,
        facility_id=place.facility.id,
        terminal_id=place.terminal.id,
        recipient_name=recipient.name,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        status=MeetingStatus.CLOSED if closed else MeetingStatus.SCHEDULED,
        code=f"{randbelow(10**6):06}",
    )
    await tx.slots.add_hold(hold)
    await tx.slots.add_booking(booking)
    await tx.slots.add_booking(confirmed)
    await tx.rooms.add_meeting(meeting)
    if interpreter is not None:
        await tx.rooms.add_participant(
            Participant(
                id=ParticipantId(new_id()),
                meeting_id=meeting.id,
                kind=ParticipantKind.INTERPRETER,
                name=interpreter.name,
                account_id=interpreter.id,
            )
        )
    if where is Where.OWN:
        kiosk = place.terminal.id
        await tx.rooms.put_visit(
            Visit(terminal_id=kiosk, meeting_id=meeting.id, agreed=True, began_at=one.opened_at)
        )
    world.records[where] |= {"booking_id": booking.id, "hold_id": hold.id, "meeting_id": meeting.id}


async def _file(tx: SqlTransaction, world: World, where: Where, lawyer: Account) -> None:
    """A dossier of one page with an annotation on it, and a file on its way in."""
    one = world.cases[where]
    received = dossier(one.id, received_from=lawyer.id)
    volume = replace(received, status=DossierStatus.READY, page_count=1)
    note = annotation(author=lawyer.identity, dossier_id=volume.id)
    upload = Upload(
        id=UploadId(new_id()),
        case_id=one.id,
        account_id=lawyer.id,
        title="诉讼证据卷 第二册",
        filename="证据卷.pdf",
        length_bytes=1000,
        offset=0,
        expected_sha256=None,
        created_at=one.opened_at,
        expires_at=one.opened_at + timedelta(days=3650),
    )
    await tx.casefiles.add_dossier(volume)
    await tx.casefiles.add_page(Page(dossier_id=volume.id, number=1, problem=PageProblem.DAMAGED))
    await tx.casefiles.add_annotation(note)
    await tx.casefiles.add_upload(upload)
    world.records[where] |= {"dossier_id": volume.id, "annotation_id": note.id, "upload_id": upload.id}


async def _proposal(tx: SqlTransaction, one: Case, lawyer: Account) -> Assignment:
    """A further assignment that waits for the lawyer's answer."""
    proposed = assignment(one.id, lawyer.id, status=AssignmentStatus.PROPOSED)
    await tx.cases.add_assignment(proposed)
    return proposed


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
