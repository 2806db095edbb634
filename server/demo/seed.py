"""Makes the demo province in one transaction: a kill in the middle leaves nothing half made."""

from random import Random

from server.demo.lawyers import make_leaves, make_profiles
from server.demo.meetings import play_meetings
from server.demo.organisations import make_organisations
from server.demo.people import make_people
from server.demo.story import Cast, play_cases
from server.http.scopes import Scope
from server.kernel.clock import Clock, local_date
from server.kernel.ids import new_id
from server.people.agency_keys import KEY_LIFE
from server.people.model import AgencyKey
from server.people.sessions import hash_of
from storage.database import Database

DEMO_AGENCY = "平舆县人民检察院"
DEMO_AGENCY_KEY = "demo-key-of-the-procuratorate-of-pingyu"
"""With this key anybody can send the demo a notice in the agency's name; it exists only in a demo."""
_SEED = 20260928


async def is_seeded(database: Database) -> bool:
    """Returns whether the province is there."""
    async with database.reading() as tx:
        return bool(await tx.people.seeded_accounts())


class InUse(Exception):
    """The database has accounts which are not the demo's: real people work with it."""


async def seed(database: Database, clock: Clock) -> None:
    """Make the demo province around the clock's today; a database that has it is left alone.

    Raises:
        InUse: there are accounts that are not the demo's.
    """
    async with database.reading() as tx:
        accounts = await tx.people.all_accounts()
    if not all(each.seeded for each in accounts):
        raise InUse
    if accounts:
        return
    rng = Random(_SEED)  # noqa: S311 - the same invention each time; nothing secret
    organisations = make_organisations()
    people = make_people(organisations, rng)
    cast = Cast(organisations, people)
    today = local_date(clock.now())
    profiles = make_profiles(organisations, people, today, rng)
    async with database.transaction() as tx:
        for organisation in organisations.all:
            await tx.people.add_organisation(organisation)
        for terminal in organisations.terminals:
            await tx.people.add_terminal(terminal)
        for account in people.accounts:
            await tx.people.add_account(account, password_hash=None)
        for profile in profiles:
            await tx.cooperation.put_profile(profile)
        for leave in make_leaves(profiles, today):
            await tx.cooperation.add_leave(leave)
        await play_cases(cast, tx, clock.now())
        await play_meetings(cast, tx, clock.now())
        await tx.people.add_agency_key(
            AgencyKey(
                id=new_id(),
                key_hash=hash_of(DEMO_AGENCY_KEY),
                organisation_id=organisations.named(DEMO_AGENCY).id,
                name="演示",
                scopes=tuple(Scope),
                networks=(),
                created_at=clock.now(),
                expires_at=clock.now() + KEY_LIFE,
            )
        )
