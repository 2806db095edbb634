"""Makes valid values with one line; a test names only what matters to it."""

from datetime import UTC, date, datetime, timedelta
from itertools import count

from server.cases.model import (
    Assignment,
    AssignmentKind,
    AssignmentStatus,
    Case,
    CaseStatus,
    NoticeReason,
    Stage,
)
from server.cases.offences import OffenceGroup
from server.cooperation.model import LawyerCategory, LawyerProfile
from server.http.scopes import Scope
from server.kernel.identity import Role
from server.kernel.ids import (
    AccountId,
    AssignmentId,
    BookingId,
    CaseId,
    OrganisationId,
    PartyId,
    TerminalId,
    new_id,
)
from server.people.agency_keys import KEY_LIFE
from server.people.model import Account, AgencyKey, Organisation, OrganisationKind, Terminal
from server.people.sessions import hash_of
from server.scheduling.model import Booking, BookingStatus, Purpose

_number = count(1)


def organisation(
    kind: OrganisationKind = OrganisationKind.LAW_FIRM,
    *,
    name: str = "平舆县看守所",
    region_code: str = "411723",
    parent_id: OrganisationId | None = None,
) -> Organisation:
    return Organisation(
        id=OrganisationId(new_id()), kind=kind, name=name, region_code=region_code, parent_id=parent_id
    )


def agency_key(
    secret: str,
    organisation_id: OrganisationId,
    *,
    scopes: tuple[str, ...] = tuple(Scope),
    networks: tuple[str, ...] = (),
) -> AgencyKey:
    created_at = datetime(2026, 9, 1, tzinfo=UTC)
    return AgencyKey(
        id=new_id(),
        key_hash=hash_of(secret),
        organisation_id=organisation_id,
        name="系统",
        scopes=scopes,
        networks=networks,
        created_at=created_at,
        expires_at=created_at + KEY_LIFE,
    )


def account(
    role: Role = Role.LAWYER,
    *,
    name: str = "周某",
    organisation_id: OrganisationId | None = None,
    active: bool = True,
    seeded: bool = False,
) -> Account:
    return Account(
        id=AccountId(new_id()),
        login=f"{role}-{next(_number)}",
        name=name,
        role=role,
        organisation_id=organisation_id,
        active=active,
        seeded=seeded,
    )


def terminal(facility_id: OrganisationId, *, name: str = "1 号终端") -> Terminal:
    return Terminal(id=TerminalId(new_id()), facility_id=facility_id, name=name)


def case(  # noqa: PLR0913 - every part of a case that some rule looks at
    *,
    status: CaseStatus = CaseStatus.NOTICED,
    stage: Stage = Stage.PROSECUTION_REVIEW,
    reason: NoticeReason = NoticeReason.FULL_COVERAGE,
    offence: str = "故意伤害",
    agency_id: OrganisationId | None = None,
    institution_id: OrganisationId | None = None,
    area_id: OrganisationId | None = None,
    facility_id: OrganisationId | None = None,
    region_code: str = "411723",
    language: str = "zh",
    opened_at: datetime = datetime(2026, 9, 25, 2, 0, tzinfo=UTC),
    continues: CaseId | None = None,
    life_or_death: bool = False,
    minor: bool = False,
    closed_at: datetime | None = None,
    sealed_at: datetime | None = None,
) -> Case:
    number = next(_number)
    return Case(
        id=CaseId(new_id()),
        number=f"平舆援刑字〔2026〕第{number}号",
        agency_number=f"平检刑诉受〔2026〕{number}号",
        status=status,
        stage=stage,
        procedure=None,
        offence=offence,
        reason=reason,
        life_or_death=life_or_death,
        minor=minor,
        closed_at=closed_at,
        sealed_at=sealed_at,
        agency_id=agency_id or OrganisationId(new_id()),
        institution_id=institution_id or OrganisationId(new_id()),
        area_id=area_id or OrganisationId(new_id()),
        region_code=region_code,
        facility_id=facility_id,
        language=language,
        opened_at=opened_at,
        continues=continues,
    )


def assignment(
    case_id: CaseId,
    account_id: AccountId,
    *,
    kind: AssignmentKind = AssignmentKind.LEAD,
    status: AssignmentStatus = AssignmentStatus.ACCEPTED,
) -> Assignment:
    return Assignment(
        id=AssignmentId(new_id()),
        case_id=case_id,
        account_id=account_id,
        kind=kind,
        status=status,
        proposed_by=None,
        proposed_at=datetime(2026, 9, 25, 3, 0, tzinfo=UTC),
    )


def profile(  # noqa: PLR0913 - every part of a profile that some rule looks at
    area_id: OrganisationId,
    *,
    account_id: AccountId | None = None,
    region_code: str = "411723",
    criminal_defence_since: date | None = date(2016, 9, 1),
    specialities: tuple[OffenceGroup, ...] = (OffenceGroup.PERSON,),
    minors: bool = False,
    languages: tuple[str, ...] = ("zh",),
    counties: tuple[str, ...] = (),
    overflow: bool = False,
    cap: int = 10,
    suspended: bool = False,
) -> LawyerProfile:
    return LawyerProfile(
        account_id=account_id or AccountId(new_id()),
        category=LawyerCategory.FULL_TIME,
        area_id=area_id,
        region_code=region_code,
        criminal_defence_since=criminal_defence_since,
        specialities=specialities,
        minors=minors,
        languages=languages,
        counties=counties,
        overflow=overflow,
        cap=cap,
        suspended=suspended,
    )


def booking(  # noqa: PLR0913 - who, where, when and what became of it
    of: Case,
    party_id: PartyId,
    lawyer_id: AccountId,
    at: Terminal,
    *,
    status: BookingStatus = BookingStatus.REQUESTED,
    starts_at: datetime = datetime(2026, 9, 28, 1, 30, tzinfo=UTC),
) -> Booking:
    return Booking(
        id=BookingId(new_id()),
        case_id=of.id,
        party_id=party_id,
        facility_id=at.facility_id,
        terminal_id=at.id,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        lawyer_ids=(lawyer_id,),
        interpreter_id=None,
        purpose=Purpose.FIRST_MEETING,
        requested_by=lawyer_id,
        requested_at=starts_at - timedelta(days=1),
        status=status,
    )
