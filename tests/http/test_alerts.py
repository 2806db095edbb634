"""Alerts in the running application: they appear by themselves, one person handles each, others see who."""

import asyncio
import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from aiohttp import WSMsgType

from server.alerts.model import AlertKind
from server.alerts.own_ways import Webhooks
from server.alerts.policy import ESCALATION
from server.alerts.reach import Reach
from server.cases.model import AssignmentStatus, CaseFact
from server.kernel.errors import InvalidInput
from server.kernel.identity import Role
from server.people.sealing import AesSealer
from storage.database import Database
from tests.fakes.clock import SetClock
from tests.http.conftest import Browser, SignedIn
from tests.world import Where, World, make_world


@pytest.fixture
async def world(database: Database) -> World:
    return await make_world(database)


async def note(world: World, database: Database, key: str, at: datetime) -> None:
    """Something happened in the case that is everyone's own."""
    case_id = world.cases[Where.OWN].id
    async with database.transaction() as tx:
        await tx.cases.add_fact(CaseFact(case_id=case_id, key=key, at=at, actor="x:y", recorded_at=at))


async def be_late(world: World, database: Database, clock: SetClock) -> None:
    """The lawyer accepted a month ago and has not met the client."""
    await note(world, database, "lawyer_accepted_assignment", clock.now() - timedelta(days=30))


async def open_count(browser: Browser) -> int:
    return int((await (await browser.get("/alerts/count")).json())["open"])


async def alerts_of(browser: Browser, world: World) -> list[str]:
    """Waits until some have come to those of the world, and returns where each is handled."""
    former = {each["alert_id"] for each in world.records.values()}
    async with asyncio.timeout(20):
        while True:
            page = await (await browser.get("/alerts")).text()
            offered = re.findall(r'action="/alerts/(\w+)/handle"', page)
            if found := [f"/alerts/{each}/handle" for each in offered if each not in former]:
                return found
            await asyncio.sleep(0.1)


async def test_an_alert_appears_and_an_open_page_hears_of_it(
    world: World, database: Database, signed_in: SignedIn, clock: SetClock
) -> None:
    lawyer = await signed_in(world.accounts[Role.LAWYER])
    async with lawyer.ws_connect("/live") as socket:
        await be_late(world, database, clock)
        heard = await asyncio.wait_for(socket.receive(), 20)
        assert heard.type is WSMsgType.TEXT
    assert await alerts_of(lawyer, world)
    page = await (await lawyer.get("/alerts")).text()
    assert "首次会见受援人" in page
    assert world.cases[Where.OWN].number in page


async def test_an_alert_names_the_article_by_which_it_is_due(
    world: World, database: Database, signed_in: SignedIn, clock: SetClock
) -> None:
    lawyer = await signed_in(world.accounts[Role.LAWYER])
    await note(world, database, "lawyer_presented_three_documents", clock.now() - timedelta(hours=60))
    await alerts_of(lawyer, world)
    page = await (await lawyer.get("/alerts")).text()
    (alert,) = (row for row in page.split('<li class="row">') if "安排会见" in row)
    assert "刑事诉讼法第三十九条第二款" in alert


async def test_who_handles_an_alert_is_named_to_the_others_and_it_goes_no_further(
    world: World, database: Database, signed_in: SignedIn, clock: SetClock
) -> None:
    lawyer = await signed_in(world.accounts[Role.LAWYER])
    officer = await signed_in(world.accounts[Role.LEGAL_AID_OFFICER])
    await be_late(world, database, clock)
    await alerts_of(lawyer, world)
    assert await open_count(officer) == 0
    clock.move(ESCALATION[AlertKind.OVERDUE][0])
    address = (await alerts_of(officer, world))[0]
    assert (await officer.post(address, allow_redirects=False)).status == 303
    again = await lawyer.post(address, headers={"Accept": "application/json"})
    assert (again.status, (await again.json())["code"]) == (409, "already-handled")
    past = await (await lawyer.get("/alerts")).text()
    assert f"{world.accounts[Role.LEGAL_AID_OFFICER].name} 于" in past


async def test_an_alert_that_never_reached_somebody_is_not_there_for_them(
    world: World, database: Database, signed_in: SignedIn, clock: SetClock
) -> None:
    await be_late(world, database, clock)
    address = (await alerts_of(await signed_in(world.accounts[Role.LAWYER]), world))[0]
    coordinator = await signed_in(world.accounts[Role.COORDINATOR])
    assert (await coordinator.post(address)).status == 404
    assert await open_count(coordinator) == 0


async def test_a_lawyer_who_has_left_the_case_sees_none_of_its_alerts(
    world: World, database: Database, signed_in: SignedIn, clock: SetClock
) -> None:
    lawyer = await signed_in(world.accounts[Role.LAWYER])
    await be_late(world, database, clock)
    address = (await alerts_of(lawyer, world))[0]
    async with database.transaction() as tx:
        for each in await tx.cases.assignments_of(world.cases[Where.OWN].id):
            await tx.cases.put_assignment(replace(each, status=AssignmentStatus.ENDED))
    assert await open_count(lawyer) == 0
    assert world.cases[Where.OWN].number not in await (await lawyer.get("/alerts")).text()
    assert (await lawyer.post(address)).status == 404


@pytest.mark.parametrize(
    "email", ["_:;%@'!.", "张@[-)", "._:,_@.)", "a,b@x.cn", "g:a@x.cn", ".a@x.cn", "a@x..cn"]
)
async def test_an_address_is_one_and_no_list(world: World, signed_in: SignedIn, email: str) -> None:
    lawyer = await signed_in(world.accounts[Role.LAWYER])
    assert (await lawyer.post("/account/contact", data={"email": email})).status == 422


async def test_a_person_says_where_alerts_go_besides(world: World, signed_in: SignedIn) -> None:
    lawyer = await signed_in(world.accounts[Role.LAWYER])
    form = {"email": "zhou@example.com", "phone": "13800000000"}
    assert (await lawyer.post("/account/contact", data=form, allow_redirects=False)).status == 303
    page = await (await lawyer.get("/account/contact")).text()
    assert 'value="zhou@example.com"' in page
    wrong = await lawyer.post("/account/contact", data={"email": "a@b@c", "phone": "12"})
    assert wrong.status == 422
    assert 'value="a@b@c"' in await wrong.text()
    assert (await lawyer.post("/account/contact", data={}, allow_redirects=False)).status == 303
    assert 'value="zhou@example.com"' not in await (await lawyer.get("/account/contact")).text()


@pytest.mark.parametrize(
    "url", ["http://agency.example/", "https://user:pass@agency.example/", "file:///etc"]
)
async def test_a_webhook_goes_over_https_and_holds_no_password(
    world: World, signed_in: SignedIn, url: str
) -> None:
    admin = await signed_in(world.accounts[Role.SYSTEM_ADMIN])
    form = {"organisation_id": world.places[Where.OWN].agency.id, "url": url}
    assert (await admin.post("/webhooks", data=form)).status == 422


async def test_a_webhooks_secret_is_shown_once_and_it_can_be_removed(
    world: World, signed_in: SignedIn
) -> None:
    admin = await signed_in(world.accounts[Role.SYSTEM_ADMIN])
    form = {"organisation_id": world.places[Where.OWN].agency.id, "url": "https://agency.example/hook"}
    added = await (await admin.post("/webhooks", data=form)).text()
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", added)
    assert secret is not None
    page = await (await admin.get("/webhooks")).text()
    assert "https://agency.example/hook" in page
    assert secret[0] not in page
    remove = re.search(r'action="(/webhooks/\w+/remove)"', page)
    assert remove is not None
    await admin.post(remove[1])
    assert "https://agency.example/hook" not in await (await admin.get("/webhooks")).text()


async def test_where_the_operator_lists_hosts_no_other_is_taken(
    world: World, clock: SetClock, database: Database
) -> None:
    sealer = AesSealer(lambda: bytes(32))
    webhooks = Webhooks(database, sealer, clock, Reach((".court.example",)))
    admin, agency = world.accounts[Role.SYSTEM_ADMIN].identity, world.places[Where.OWN].agency
    with pytest.raises(InvalidInput):
        await webhooks.add(agency.id, "https://elsewhere.example/hook", admin)
    await webhooks.add(agency.id, "https://HOOKS.court.example:8443/hook", admin)


async def test_only_agencies_have_webhooks(world: World, signed_in: SignedIn) -> None:
    admin = await signed_in(world.accounts[Role.SYSTEM_ADMIN])
    form = {"organisation_id": world.places[Where.OWN].facility.id, "url": "https://x.example/"}
    assert (await admin.post("/webhooks", data=form)).status == 404
