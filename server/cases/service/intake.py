"""Intake: an agency's notice becomes a case with its clocks, once however often it is sent."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import ClassVar

from server.cases.events import NoticeReceived, SecretNumberRegistered, of_case
from server.cases.messages import NoticeMessage, case_message, notice_message
from server.cases.model import (
    LONGEST,
    Case,
    CaseFact,
    CaseStatus,
    Gender,
    Notice,
    NoticeReason,
    Party,
    PartyKind,
    Procedure,
    Stage,
)
from server.cases.policy import relation_to_notice
from server.cases.ports import CasesTx, KeptAnswer
from server.cases.service.records import clocks_of
from server.kernel.clock import CHINA, Clock, local_date
from server.kernel.errors import N_, DomainError, FieldError, InvalidInput, Kind, NotFound
from server.kernel.identity import Identity
from server.kernel.ids import CaseId, NoticeId, OrganisationId, PartyId, new_id
from server.kernel.permissions import Action, Relation, require
from server.people.model import Organisation, OrganisationKind

ADULT_YEARS = 18


class KeyReused(DomainError):
    """An idempotency key came again with another body."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "idempotency-key-reused"
    title: ClassVar[str] = N_("同一个 Idempotency-Key 用在了不同的内容上")
    advice: ClassVar[str] = N_("重发同一份通知时内容不要改动；新的通知请换一个 Idempotency-Key。")


class AlreadyNotified(DomainError):
    """The agency has already notified this person at this stage."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "already-notified"
    title: ClassVar[str] = N_("这个人的这一阶段已经通知过")
    advice: ClassVar[str] = N_("已有案件 {number}，不用重复通知。信息有变请联系法律援助机构更正。")


class NoInstitution(DomainError):
    """There is no legal aid institution for where the agency sits."""

    code: ClassVar[str] = "no-institution"
    title: ClassVar[str] = N_("找不到负责的法律援助机构")
    advice: ClassVar[str] = N_("贵单位所在地还没有登记法律援助机构，不是您的操作问题。请联系系统管理员。")


class NoAgency(DomainError):
    """The account belongs to no agency."""

    kind: ClassVar[Kind] = Kind.FORBIDDEN
    code: ClassVar[str] = "no-agency"
    title: ClassVar[str] = N_("这个账号不属于任何办案机关")
    advice: ClassVar[str] = N_("请联系本单位的管理员登记。")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whom the agency asks a defender for."""

    name: str
    gender: Gender
    born_on: date | None
    ethnicity: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendNotice:
    """An agency's notice, complete."""

    agency_number: str
    letter_number: str
    recipient: Recipient
    offence: str
    stage: Stage
    procedure: Procedure | None
    reason: NoticeReason
    life_or_death: bool
    found_on: date | None
    """When the agency found that the person needs a defender; None means today."""
    received_case_on: date | None
    """When the procuratorate received the file or the court the case."""
    rights_told_on: date | None
    """When the agency told the person that they may have a defender and legal aid; None if it doesn't say."""
    facility: str
    """Name of the detention facility; empty if at large."""
    co_accused: int
    volumes: int
    related_numbers: tuple[str, ...]
    earlier_number: str
    """The legal-aid number of an earlier stage; empty if there was none."""
    hearing_at: datetime | None
    contact: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a notice was delivered: under which key, with which body."""

    key: str
    body_hash: bytes


async def send_notice(
    command: SendNotice, delivery: Delivery, identity: Identity, tx: CasesTx, clock: Clock
) -> KeptAnswer:
    """Open a case for the notice and return the answer; a repeated delivery gets the same answer again.

    Raises:
        InvalidInput: a field contradicts what is known; each is named.
        KeyReused: the key came before with another body.
        AlreadyNotified: the agency has an open case of this person at this stage.
        NoInstitution: nobody is responsible where the agency sits.
    """
    agency = await _agency(identity, tx)
    kept = await _kept(delivery, agency, tx)
    if kept is not None:
        return kept
    now = clock.now()
    await _check_new(command, agency, tx)
    case = await _new_case(command, agency, tx, now)
    numbers = {command.agency_number, *command.related_numbers}
    await tx.cases.add_case(case, link_numbers=frozenset(normal_number(number) for number in numbers))
    await tx.cases.add_party(_recipient(command.recipient, case.id))
    notice = Notice(
        id=NoticeId(new_id()),
        case_id=case.id,
        agency_id=agency.id,
        agency_number=command.agency_number,
        letter_number=command.letter_number,
        contact=command.contact,
        received_at=now,
    )
    await tx.cases.add_notice(notice)
    for key, at in _facts(command, now).items():
        fact = CaseFact(case_id=case.id, key=key, at=at, actor=identity.actor, recorded_at=now)
        await tx.cases.add_fact(fact)
    tx.record(
        NoticeReceived(
            **of_case(case, identity.actor),
            notice_id=notice.id,
        )
    )
    clocks = (await clocks_of((case,), identity.role, tx, clock))[case.id]
    message = notice_message(notice, case_message(case, clocks))
    return await _keep(message, f"/api/v1/cases/{case.id}", delivery, tx)


async def register_secret_number(
    agency_number: str, delivery: Delivery, identity: Identity, tx: CasesTx, clock: Clock
) -> KeptAnswer:
    """Keep the number of a secret case, and nothing else: such cases are handled outside the platform.

    Raises:
        KeyReused: the key came before with another body.
    """
    agency = await _agency(identity, tx)
    kept = await _kept(delivery, agency, tx)
    if kept is not None:
        return kept
    notice = Notice(
        id=NoticeId(new_id()),
        case_id=None,
        agency_id=agency.id,
        agency_number=agency_number,
        letter_number="",
        contact="",
        received_at=clock.now(),
    )
    await tx.cases.add_notice(notice)
    tx.record(SecretNumberRegistered(actor=identity.actor, notice_id=notice.id, agency_id=agency.id))
    return await _keep(notice_message(notice, None), f"/api/v1/notices/{notice.id}", delivery, tx)


async def find_notice(notice_id: NoticeId, identity: Identity, tx: CasesTx) -> Notice:
    """Return a notice to the agency that sent it.

    Raises:
        NotFound: there is none, or another agency's, or its case's records are sealed.
    """
    notice = await tx.cases.notice(notice_id)
    case = None if notice is None or notice.case_id is None else await tx.cases.case(notice.case_id)
    if notice is None or (case is not None and case.sealed_at is not None):
        raise NotFound
    require(identity.role, Action.VIEW_NOTICE, relation_to_notice(identity, notice))
    return notice


def normal_number(number: str) -> str:
    """Return a case number in one writing: agencies mix brackets and spaces, 〔2026〕 [2026] （2026）."""
    return "".join(_BRACKETS.get(character, character) for character in number if not character.isspace())


_BRACKETS = dict.fromkeys("([（［【", "〔") | dict.fromkeys(")]）］】", "〕")


async def _agency(identity: Identity, tx: CasesTx) -> Organisation:
    require(identity.role, Action.SEND_NOTICE, Relation.NO_RECORD)
    agency = (
        None if identity.organisation_id is None else await tx.people.organisation(identity.organisation_id)
    )
    if agency is None:
        raise NoAgency
    return agency


async def _kept(delivery: Delivery, agency: Organisation, tx: CasesTx) -> KeptAnswer | None:
    kept = await tx.cases.kept_answer(agency.id, delivery.key)
    if kept is not None and kept.body_hash != delivery.body_hash:
        raise KeyReused
    return kept


async def _keep(message: NoticeMessage, location: str, delivery: Delivery, tx: CasesTx) -> KeptAnswer:
    kept = KeptAnswer(delivery.body_hash, location, message.model_dump_json())
    notice = await tx.cases.notice(NoticeId(message.id))
    if notice is not None:
        await tx.cases.keep_answer(notice.agency_id, delivery.key, kept, at=message.received_at)
    return kept


async def _check_new(command: SendNotice, agency: Organisation, tx: CasesTx) -> None:
    """Refuse a second notice of the same person in the same case at the same stage."""
    number = normal_number(command.agency_number)
    same = {
        case.id: case
        for case in await tx.cases.open_cases_numbered(agency.id, number, command.stage)
        if normal_number(case.agency_number) == number
    }
    for case_id, recipient in (await tx.cases.recipients_of(frozenset(same))).items():
        if recipient.name == command.recipient.name:
            raise AlreadyNotified(number=same[case_id].number)


async def _new_case(command: SendNotice, agency: Organisation, tx: CasesTx, now: datetime) -> Case:
    organisations = await tx.people.organisations()
    institution = _institution_of(agency, organisations)
    if institution is None or agency.parent_id is None:
        raise NoInstitution
    today = local_date(now)
    _check_dates(command, now)
    recipient = command.recipient
    return Case(
        id=CaseId(new_id()),
        number=await _next_number(institution, today.year, tx),
        agency_number=command.agency_number,
        status=CaseStatus.NOTICED,
        stage=command.stage,
        procedure=command.procedure,
        offence=command.offence.removesuffix("罪"),
        reason=command.reason,
        life_or_death=command.life_or_death
        or command.reason in {NoticeReason.LIFE_OR_DEATH, NoticeReason.DEATH_REVIEW},
        minor=command.reason is NoticeReason.MINOR
        or (recipient.born_on is not None and _age(recipient.born_on, today) < ADULT_YEARS),
        agency_id=agency.id,
        institution_id=institution.id,
        area_id=agency.parent_id,
        region_code=agency.region_code,
        facility_id=_facility(command.facility, organisations),
        language=recipient.language,
        volumes=command.volumes,
        co_accused=command.co_accused,
        continues=await _earlier(command, tx),
        opened_at=now,
        hearing_at=command.hearing_at,
    )


def _institution_of(agency: Organisation, organisations: tuple[Organisation, ...]) -> Organisation | None:
    """Return the institution at the agency's seat (Legal Aid Law 38): of its county, else of its city."""
    institutions = {
        each.region_code: each
        for each in organisations
        if each.kind is OrganisationKind.LEGAL_AID_INSTITUTION and each.parent_id == agency.parent_id
    }
    return institutions.get(agency.region_code) or institutions.get(agency.region_code[:4] + "00")


def _facility(name: str, organisations: tuple[Organisation, ...]) -> OrganisationId | None:
    if not name:
        return None
    for each in organisations:
        if each.kind is OrganisationKind.DETENTION_FACILITY and each.name == name:
            return each.id
    unknown = FieldError(
        "facility", "unknown-facility", N_("没有登记这个看守所，请写全称，例如：平舆县看守所")
    )
    raise InvalidInput(fields=(unknown,))


def _check_dates(command: SendNotice, now: datetime) -> None:
    today, hearing_at = local_date(now), command.hearing_at
    of_case = {
        "found_on": command.found_on,
        "received_case_on": command.received_case_on,
        "rights_told_on": command.rights_told_on,
    }
    dates = of_case | {"recipient.born_on": command.recipient.born_on}
    wrong = [
        FieldError(name, "in-the-future", N_("日期不能晚于今天"))
        for name, given in dates.items()
        if given is not None and given > today
    ]
    too_far = [name for name, given in of_case.items() if given is not None and today - given > LONGEST]
    if hearing_at is not None and abs(hearing_at - now) > LONGEST:
        too_far.append("hearing_at")
    wrong += [FieldError(name, "too-far", N_("日期离今天太远，请核对年份")) for name in too_far]
    if wrong:
        raise InvalidInput(fields=tuple(wrong))


async def _next_number(institution: Organisation, year: int, tx: CasesTx) -> str:
    place = institution.name.removesuffix("法律援助中心").rstrip("市县区")
    serial = await tx.cases.opened_by(institution.id, year) + 1
    while await tx.cases.case_by_number(f"{place}援刑字〔{year}〕第{serial}号") is not None:
        serial += 1
    return f"{place}援刑字〔{year}〕第{serial}号"


async def _earlier(command: SendNotice, tx: CasesTx) -> CaseId | None:
    """Return the case of the earlier stage, if number and person fit; that they don't is not told."""
    earlier = await tx.cases.case_by_number(command.earlier_number) if command.earlier_number else None
    if earlier is None:
        return None
    recipient = (await tx.cases.recipients_of(frozenset({earlier.id}))).get(earlier.id)
    same = recipient is not None and recipient.name == command.recipient.name
    return earlier.id if same else None


def _recipient(recipient: Recipient, case_id: CaseId) -> Party:
    return Party(
        id=PartyId(new_id()),
        case_id=case_id,
        kind=PartyKind.RECIPIENT,
        name=recipient.name,
        gender=recipient.gender,
        born_on=recipient.born_on,
        ethnicity=recipient.ethnicity,
    )


def _facts(command: SendNotice, now: datetime) -> dict[str, datetime]:
    """Return the triggers that a notice brings with it."""
    found_at = now if command.found_on is None else _morning(command.found_on)
    facts = {"lai_received_agency_notice": now}
    if command.reason.mandatory:
        facts["agency_found_art25_1_or_art28"] = found_at
    elif command.stage is Stage.PROSECUTION_REVIEW:
        facts["prosecution_extended_category_found"] = found_at
        facts["lai_received_defence_letter"] = now
    received = _RECEIVED.get(command.stage)
    if received is not None and command.received_case_on is not None:
        facts[received] = _morning(command.received_case_on)
    if command.rights_told_on is not None:
        facts["rights_told"] = _morning(command.rights_told_on)
    return facts


_RECEIVED = {
    Stage.PROSECUTION_REVIEW: "procuratorate_received_case_file",
    Stage.FIRST_INSTANCE: "court_accepted_case",
    Stage.SECOND_INSTANCE: "court_accepted_case",
    Stage.COMPULSORY_TREATMENT: "court_accepted_or_found_condition",
}


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=CHINA)


def _age(born_on: date, today: date) -> int:
    return today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))
