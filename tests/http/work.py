"""A case with the lawyers who work on it, stored."""

import asyncio
from dataclasses import dataclass, replace

from server.casefiles.model import Dossier, DossierStatus
from server.cases.model import AssignmentStatus, Case, CaseStatus, Gender, Party, PartyKind, Stage
from server.kernel.identity import Role
from server.kernel.ids import DossierId, PartyId, new_id
from server.people.model import Account, OrganisationKind
from storage.database import Database
from tests.factories import account, assignment, case, organisation


@dataclass(frozen=True, slots=True)
class Work:
    """Who works on which case, and who does not."""

    case: Case
    lead: Account
    assisting: Account
    proposed: Account
    """Asked, but has not accepted."""
    stranger: Account
    """A lawyer of another case."""
    coordinator: Account
    officer: Account
    """Of the legal aid institution."""
    agency: Account


async def stored_work(database: Database, *, stage: Stage = Stage.PROSECUTION_REVIEW) -> Work:
    area = organisation(OrganisationKind.COOPERATION_AREA)
    made = case(
        area_id=area.id, agency_id=area.id, institution_id=area.id, stage=stage, status=CaseStatus.ENGAGED
    )
    other = case(area_id=area.id, agency_id=area.id, institution_id=area.id, status=CaseStatus.ENGAGED)
    lead, assisting, proposed, stranger = (
        account(name=name, seeded=True) for name in ("周某", "林某", "吴某", "孙某")
    )
    coordinator, officer, agency = (
        account(role, organisation_id=area.id, seeded=True)
        for role in (Role.COORDINATOR, Role.LEGAL_AID_OFFICER, Role.AGENCY_OFFICER)
    )
    recipient = Party(
        id=PartyId(new_id()), case_id=made.id, kind=PartyKind.RECIPIENT, name="张某", gender=Gender.MALE
    )
    async with database.transaction() as tx:
        await tx.people.add_organisation(area)
        for person in (lead, assisting, proposed, stranger, coordinator, officer, agency):
            await tx.people.add_account(person, password_hash=None)
        for each in (made, other):
            await tx.cases.add_case(each, link_numbers=frozenset({each.agency_number}))
        await tx.cases.add_party(recipient)
        await tx.cases.add_assignment(assignment(made.id, lead.id))
        await tx.cases.add_assignment(assignment(made.id, assisting.id))
        await tx.cases.add_assignment(assignment(made.id, proposed.id, status=AssignmentStatus.PROPOSED))
        await tx.cases.add_assignment(assignment(other.id, stranger.id))
    return Work(made, lead, assisting, proposed, stranger, coordinator, officer, agency)


async def close_case(database: Database, work: Work) -> None:
    async with database.transaction() as tx:
        await tx.cases.put_case(replace(work.case, status=CaseStatus.ARCHIVED, version=2))


async def becomes(database: Database, dossier_id: DossierId, status: DossierStatus) -> Dossier:
    """Waits until the dossier has `status`."""
    async with asyncio.timeout(30):
        while True:
            async with database.reading() as tx:
                found = await tx.casefiles.dossier(dossier_id)
            if found is not None and found.status is status:
                return found
            await asyncio.sleep(0.05)
