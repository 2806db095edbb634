"""Words the notices that the demo's agencies sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from server.cases.model import CaseStatus, Stage
from server.cases.service.intake import Recipient, SendNotice
from server.demo.affairs import Accused, Affair, affairs
from server.kernel.clock import CHINA, local_date
from server.people.model import Organisation, OrganisationKind

_FIRST_NUMBER = 126
_STEP = 7
_HEARING_IN_DAYS = {CaseStatus.HEARING: 3, CaseStatus.NOTICED: 16}
_OF_COURTS = frozenset({Stage.FIRST_INSTANCE, Stage.SECOND_INSTANCE})


@dataclass(frozen=True, slots=True)
class PlannedNotice:
    """One notice that came, and how far legal aid has come since."""

    affair: Affair
    accused: Accused
    number: int
    """Tells the affairs apart in the agencies' numbers."""
    at: datetime


def planned_notices(now: datetime) -> tuple[PlannedNotice, ...]:
    """Return every notice, the oldest first."""
    return tuple(sorted(_planned(now), key=lambda planned: planned.at))


def _planned(now: datetime) -> Iterator[PlannedNotice]:
    for place, affair in enumerate(affairs()):
        for accused in affair.accused:
            yield PlannedNotice(
                affair, accused, _FIRST_NUMBER + _STEP * place, accused.noticed_at(now, place=place)
            )


def worded(planned: PlannedNotice, agency: Organisation, facility: Organisation) -> SendNotice:
    """Return the notice as the agency sends it."""
    affair, accused = planned.affair, planned.accused
    day = local_date(planned.at)
    days = _HEARING_IN_DAYS.get(accused.goal) if accused.goal and affair.stage in _OF_COURTS else None
    hearing_day = None if days is None else day + timedelta(days=days)
    return SendNotice(
        agency_number=_agency_number(planned, agency, day.year),
        letter_number=f"{_short(agency)}援通〔{day.year}〕{planned.number}号",
        recipient=Recipient(
            name=accused.name,
            gender=accused.gender,
            born_on=accused.born_on(day),
            ethnicity=accused.ethnicity,
            language=accused.language,
        ),
        offence=affair.offence,
        stage=affair.stage,
        procedure=affair.procedure,
        reason=accused.reason,
        life_or_death=False,
        found_on=day,
        received_case_on=None if affair.stage is Stage.INVESTIGATION else day - timedelta(days=1),
        rights_told_on=day,
        facility=facility.name if accused.in_custody else "",
        co_accused=len(affair.accused) - 1,
        volumes=affair.volumes,
        related_numbers=(),
        earlier_number="",
        hearing_at=None if hearing_day is None else datetime.combine(hearing_day, time(9, 30), CHINA),
        contact=f"案件承办人，0396-555{planned.number:04}",
    )


def _agency_number(planned: PlannedNotice, agency: Organisation, year: int) -> str:
    match agency.kind:
        case OrganisationKind.POLICE:
            return f"{_short(agency)}公刑立字〔{year}〕{planned.number}号"
        case OrganisationKind.PROCURATORATE:
            return f"{_short(agency)}检刑诉受〔{year}〕{planned.number}号"
        case _:
            instance = "终" if planned.affair.stage is Stage.SECOND_INSTANCE else "初"
            return f"（{year}）豫{agency.region_code[2:]}刑{instance}{planned.number}号"


def _short(agency: Organisation) -> str:
    return agency.name[0]
