"""Who looked at a case, as those who work on it see it."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from typing_extensions import override

from server.casefiles.model import PageViewed
from server.cases.service.looking import ONE_LOOK, PAGE
from server.kernel.events import Event
from server.kernel.identity import Role
from storage.database import Database
from storage.tables.audit import audit_entry
from tests.fakes.clock import SetClock
from tests.http.conftest import SignedIn
from tests.world import Where, World, make_world


@pytest.fixture
async def world(database: Database) -> World:
    return await make_world(database)


async def looks(database: Database, actor: str) -> int:
    """How many looks of an actor the log has."""
    query = select(func.count()).where(audit_entry.c.event == "CaseViewed", audit_entry.c.actor == actor)
    async with database.reading() as tx:
        return (await tx.connection.execute(query)).scalar_one()


async def test_whoever_looks_is_seen_by_those_who_work_on_the_case(world: World, signed_in: SignedIn) -> None:
    path = f"/cases/{world.cases[Where.OWN].id}"
    officer = await signed_in(world.accounts[Role.LEGAL_AID_OFFICER])
    agency = await signed_in(world.accounts[Role.AGENCY_OFFICER])
    for browser in (officer, agency):
        assert (await browser.get(path)).status == 200
    lawyer = await signed_in(world.accounts[Role.LAWYER])
    page = await (await lawyer.get(f"{path}/log")).text()
    assert page.count("查看案件") == 2
    for role in (Role.LEGAL_AID_OFFICER, Role.AGENCY_OFFICER):
        assert f"<b>{world.accounts[role].name}</b>" in page
    assert f'href="{path}/log"' in await (await lawyer.get(path)).text()


async def test_a_page_that_stays_open_is_one_look(
    world: World, signed_in: SignedIn, database: Database, clock: SetClock
) -> None:
    account = world.accounts[Role.LAWYER]
    lawyer, path = await signed_in(account), f"/cases/{world.cases[Where.OWN].id}"
    for _ in range(3):
        await lawyer.get(path)
        clock.move(ONE_LOOK / 4)
    assert await looks(database, account.identity.actor) == 1
    clock.move(ONE_LOOK)
    await lawyer.get(path)
    assert await looks(database, account.identity.actor) == 2
    await lawyer.get(f"/cases/{world.cases[Where.CLOSED].id}")
    assert await looks(database, account.identity.actor) == 3


async def test_a_coordinator_has_looked_at_the_board_and_at_the_case_that_is_weighed(
    world: World, signed_in: SignedIn, database: Database
) -> None:
    account, weighed = world.accounts[Role.COORDINATOR], world.cases[Where.OWN]
    coordinator = await signed_in(account)
    for _ in range(3):
        assert (await coordinator.get(f"/cooperation?case={weighed.id}")).status == 200
    query = select(audit_entry.c.event, audit_entry.c.subject).where(
        audit_entry.c.actor == account.identity.actor, audit_entry.c.event.endswith("Viewed")
    )
    async with database.reading() as tx:
        seen = sorted(tuple(row) for row in await tx.connection.execute(query))
    area = f"organisation:{account.organisation_id}"
    assert seen == [("BoardViewed", area), ("CaseViewed", f"case:{weighed.id}")]


async def test_who_may_not_see_the_case_has_not_looked(
    world: World, signed_in: SignedIn, database: Database
) -> None:
    account = world.accounts[Role.LAWYER]
    lawyer = await signed_in(account)
    assert (await lawyer.get(f"/cases/{world.cases[Where.ELSEWHERE].id}")).status == 404
    assert await looks(database, account.identity.actor) == 0


async def test_a_lawyer_who_is_asked_has_looked(
    world: World, signed_in: SignedIn, database: Database
) -> None:
    account = world.accounts[Role.LAWYER]
    lawyer = await signed_in(account)
    answer = await lawyer.get(f"/assignments/{world.records[Where.OWN]['assignment_id']}")
    assert answer.status == 200
    assert await looks(database, account.identity.actor) == 1


async def read_pages(database: Database, world: World, pages: int) -> None:
    actor = world.accounts[Role.LAWYER].identity.actor
    case_id = world.cases[Where.OWN].id
    async with database.transaction() as tx:
        for page in range(pages):
            tx.record(PageViewed(actor=actor, case_id=case_id, dossier_id="d1", page=page))


async def test_what_the_defence_reads_is_summed_up_and_shown_to_its_lawyers_alone(
    world: World, signed_in: SignedIn, database: Database
) -> None:
    await read_pages(database, world, 12)
    path = f"/cases/{world.cases[Where.OWN].id}/log"
    lawyer = await signed_in(world.accounts[Role.LAWYER])
    page = await (await lawyer.get(path)).text()
    assert page.count("阅看卷宗页") == 1
    assert "12 次" in page
    officer = await signed_in(world.accounts[Role.LEGAL_AID_OFFICER])
    assert "阅看卷宗页" not in await (await officer.get(path)).text()


@dataclass(frozen=True, slots=True, kw_only=True)
class Invented(Event):
    """Something that nobody has thought of yet."""

    case_id: str

    @property
    @override
    def subject(self) -> str:
        return f"case:{self.case_id}"


async def test_what_is_new_is_the_defences_until_somebody_says_otherwise(
    world: World, signed_in: SignedIn, database: Database
) -> None:
    async with database.transaction() as tx:
        tx.record(Invented(actor="lawyer:x", case_id=world.cases[Where.OWN].id))
    path = f"/cases/{world.cases[Where.OWN].id}/log"
    lawyer = await signed_in(world.accounts[Role.LAWYER])
    assert "Invented" in await (await lawyer.get(path)).text()
    officer = await signed_in(world.accounts[Role.LEGAL_AID_OFFICER])
    assert "Invented" not in await (await officer.get(path)).text()


async def test_the_next_day_is_a_line_of_its_own(
    world: World, signed_in: SignedIn, database: Database, clock: SetClock
) -> None:
    await read_pages(database, world, 2)
    clock.move(timedelta(days=1))
    await read_pages(database, world, 3)
    lawyer = await signed_in(world.accounts[Role.LAWYER])
    page = await (await lawyer.get(f"/cases/{world.cases[Where.OWN].id}/log")).text()
    assert page.index("3 次") < page.index("2 次")


async def test_a_long_log_leads_on_to_what_was_before(
    world: World, signed_in: SignedIn, database: Database
) -> None:
    lawyer, path = await signed_in(world.accounts[Role.LAWYER]), f"/cases/{world.cases[Where.OWN].id}/log"
    await lawyer.get(path.removesuffix("/log"))
    await read_pages(database, world, PAGE)
    page = await (await lawyer.get(path)).text()
    assert "查看案件" not in page
    before = page.partition(f"{path}?before=")[2].partition('"')[0]
    assert "查看案件" in await (await lawyer.get(f"{path}?before={before}")).text()
    assert (await lawyer.get(f"{path}?before=soon")).status == 422
