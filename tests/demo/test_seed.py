import re
from collections import Counter
from dataclasses import replace
from datetime import date
from random import Random

import pytest
from sqlalchemy import event, func, select

from server.cooperation.model import LawyerCategory
from server.demo.lawyers import make_profiles
from server.demo.names import colleagues
from server.demo.organisations import make_organisations
from server.demo.people import make_people
from server.demo.regions import areas
from server.demo.seed import DEMO_AGENCY, DEMO_AGENCY_KEY, InUse, seed
from server.kernel.clock import local_date
from server.kernel.identity import Role
from server.people.administration import first_account
from server.people.model import Account, OrganisationKind
from server.people.passwords import Argon2Passwords
from server.people.sessions import hash_of
from storage.database import Database
from storage.tables.base import metadata
from tests.factories import account as made_up
from tests.fakes.clock import SetClock


async def _rows(database: Database) -> dict[str, int]:
    async with database.reading() as tx:
        return {
            table.name: int(
                (await tx.connection.execute(select(func.count()).select_from(table))).scalar_one()
            )
            for table in metadata.sorted_tables
        }


def _dice() -> Random:
    return Random(1)  # noqa: S311 - an invention that can be repeated


def _invented() -> tuple[Account, ...]:
    return make_people(make_organisations(), _dice()).accounts


def test_two_inventions_are_the_same_people() -> None:
    first, second = _invented(), _invented()
    assert [replace(account, organisation_id=None) for account in first] == [
        replace(account, organisation_id=None) for account in second
    ]


def test_every_region_has_a_code_within_its_city() -> None:
    cities = [city for area in areas() for city in area.cities]
    assert len(cities) == 7
    for city in cities:
        assert re.fullmatch(r"41\d\d00", city.region.code)
        assert all(county.code.startswith(city.region.code[:4]) for county in city.counties)
    assert sum(len(city.counties) for city in cities) == 70


def test_every_county_of_zhumadian_has_its_own_bodies() -> None:
    organisations = make_organisations()
    for kind in (
        OrganisationKind.LEGAL_AID_INSTITUTION,
        OrganisationKind.DETENTION_FACILITY,
        OrganisationKind.POLICE,
        OrganisationKind.PROCURATORATE,
        OrganisationKind.COURT,
    ):
        assert len(organisations.of(kind, "4117")) == 11
    assert len({organisation.name for organisation in organisations.all}) == len(organisations.all)


def test_people_have_names_that_nobody_else_has_and_no_given_names() -> None:
    names = [account.name for account in _invented()]
    assert len(set(names)) == len(names)
    assert all(name.endswith("某") for name in names)


def test_the_first_of_a_role_is_the_one_that_the_story_is_about() -> None:
    firsts: dict[Role, str] = {}
    for account in sorted(_invented(), key=lambda account: account.login):
        firsts.setdefault(account.role, account.name)
    assert firsts[Role.LAWYER] == "周某"
    assert firsts[Role.COORDINATOR] == "何某"
    assert firsts[Role.FACILITY_OFFICER] == "孙某"


def test_names_are_never_those_already_taken() -> None:
    assert "周某" not in set(colleagues(_dice(), taken=frozenset({"周某"})))


async def test_the_province_has_about_sixty_lawyers_most_of_them_in_the_cities(
    database: Database, clock: SetClock
) -> None:
    await seed(database, clock)
    async with database.reading() as tx:
        accounts = await tx.people.seeded_accounts()
    roles = Counter(account.role for account in accounts)
    assert 55 <= roles[Role.LAWYER] <= 65
    assert {Role.COORDINATOR, Role.AUDITOR, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN} <= set(roles)


async def test_every_lawyer_has_a_profile_and_all_categories_are_there(
    database: Database, clock: SetClock
) -> None:
    await seed(database, clock)
    async with database.reading() as tx:
        accounts = await tx.people.seeded_accounts()
        profiles = await tx.cooperation.profiles()
        leaves = await tx.cooperation.leaves()
    lawyers = {account.id for account in accounts if account.role is Role.LAWYER}
    assert {profile.account_id for profile in profiles} == lawyers
    assert {profile.category for profile in profiles} == set(LawyerCategory)
    assert any("ug" in profile.languages for profile in profiles)
    today = local_date(clock.now())
    assert all(leave.from_day <= today <= leave.until_day for leave in leaves)


def test_few_lawyers_sit_in_the_counties_and_many_in_the_cities() -> None:
    organisations = make_organisations()
    people = make_people(organisations, _dice())
    profiles = make_profiles(organisations, people, date(2026, 9, 28), _dice())
    in_counties = [profile for profile in profiles if not profile.region_code.endswith("00")]
    assert 1 <= len(in_counties) <= len(profiles) / 4


async def test_a_province_that_is_there_is_left_alone(database: Database, clock: SetClock) -> None:
    await seed(database, clock)
    before = await _rows(database)
    await seed(database, clock)
    assert await _rows(database) == before


async def test_a_failure_in_the_middle_leaves_nothing_half_made(database: Database, clock: SetClock) -> None:
    statements = 0

    def break_off(*_arguments: object) -> None:
        nonlocal statements
        statements += 1
        if statements > 100:
            raise ConnectionError

    engine = database._engines.writing.sync_engine  # noqa: SLF001 - the fault has to strike below the transaction
    event.listen(engine, "before_cursor_execute", break_off)
    with pytest.raises(ConnectionError):
        await seed(database, clock)
    event.remove(engine, "before_cursor_execute", break_off)
    assert set((await _rows(database)).values()) == {0}
    await seed(database, clock)
    assert (await _rows(database))["account"] > 0


async def test_the_demo_is_not_served_where_others_have_accounts_as_well(
    database: Database, clock: SetClock
) -> None:
    await seed(database, clock)
    await seed(database, clock)
    assert await first_account("security", database, Argon2Passwords(), clock) is None
    async with database.transaction() as tx:
        await tx.people.add_account(made_up(), password_hash=None)
    with pytest.raises(InUse):
        await seed(database, clock)


async def test_the_demo_agency_is_known_by_its_key(database: Database, clock: SetClock) -> None:
    await seed(database, clock)
    async with database.reading() as tx:
        key = await tx.people.agency_key(hash_of(DEMO_AGENCY_KEY))
        agency = None if key is None else await tx.people.organisation(key.organisation_id)
    assert agency is not None
    assert agency.name == DEMO_AGENCY
