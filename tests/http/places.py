"""A small county: its area, legal-aid institution, procuratorate with a key, detention facility, people."""

from dataclasses import dataclass

from server.kernel.identity import Role
from server.kernel.ids import OrganisationId
from server.people.model import Account, Organisation, OrganisationKind
from storage.database import Database
from tests.factories import account, agency_key, organisation

KEY = "the-key-of-the-procuratorate"
OTHER_KEY = "the-key-of-another-agency"


@dataclass(frozen=True, slots=True, kw_only=True)
class County:
    area: Organisation
    institution: Organisation
    procuratorate: Organisation
    police: Organisation
    facility: Organisation
    coordinator: Account
    officer: Account
    prosecutor: Account

    @property
    def area_id(self) -> OrganisationId:
        return self.area.id


async def make_county(database: Database) -> County:
    area = organisation(OrganisationKind.COOPERATION_AREA, name="驻马店协作区", region_code="411700")
    institution, procuratorate, police, facility = (
        organisation(kind, name=name, parent_id=area.id)
        for kind, name in (
            (OrganisationKind.LEGAL_AID_INSTITUTION, "平舆县法律援助中心"),
            (OrganisationKind.PROCURATORATE, "平舆县人民检察院"),
            (OrganisationKind.POLICE, "平舆县公安局"),
            (OrganisationKind.DETENTION_FACILITY, "平舆县看守所"),
        )
    )
    county = County(
        area=area,
        institution=institution,
        procuratorate=procuratorate,
        police=police,
        facility=facility,
        coordinator=account(Role.COORDINATOR, name="何某", organisation_id=area.id, seeded=True),
        officer=account(Role.LEGAL_AID_OFFICER, name="高某", organisation_id=institution.id, seeded=True),
        prosecutor=account(Role.AGENCY_OFFICER, name="白某", organisation_id=procuratorate.id, seeded=True),
    )
    async with database.transaction() as tx:
        for made in (area, institution, procuratorate, police, facility):
            await tx.people.add_organisation(made)
        for person in (county.coordinator, county.officer, county.prosecutor):
            await tx.people.add_account(person, password_hash=None)
        for key, agency in ((KEY, procuratorate), (OTHER_KEY, police)):
            await tx.people.add_agency_key(agency_key(key, agency.id))
    return county
