"""Calendar feeds: who has the address reads when something is due, and learns nothing of a case."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from server.cases.model import CaseFact
from server.cases.reminding import alias_of
from server.kernel.identity import Role
from server.kernel.ids import BookingId
from server.scheduling.model import BookingStatus
from storage.database import Database
from tests.factories import account
from tests.fakes.clock import SetClock
from tests.http.conftest import Browser, SignedIn
from tests.world import Where, World, make_world


@pytest.fixture
async def world(database: Database, clock: SetClock) -> World:
    made = await make_world(database)
    now = clock.now()
    async with database.transaction() as tx:
        for where in (Where.OWN, Where.OTHER):
            fact = CaseFact(
                case_id=made.cases[where].id,
                key="lawyer_accepted_assignment",
                at=now,
                actor="x:y",
                recorded_at=now,
            )
            await tx.cases.add_fact(fact)
    return made


@pytest.fixture
async def lawyer(world: World, signed_in: SignedIn) -> Browser:
    return await signed_in(world.accounts[Role.LAWYER])


async def make(browser: Browser) -> str:
    """Makes a feed and returns its path."""
    page = await (await browser.post("/account/feed")).text()
    found = re.search(r'value="http://[^/"]+(/feeds/[^"]+)"', page)
    assert found
    return found[1]


async def events(browser: Browser, path: str) -> dict[str, Any]:
    answer = await browser.get(path)
    assert (answer.status, answer.content_type) == (200, "text/calendar")
    assert answer.headers["Cache-Control"] == "private, no-store"
    calendar = Calendar.from_ical(await answer.read())
    return {str(event["uid"]): event for event in calendar.walk("VEVENT")}


async def test_a_deadline_stands_at_the_end_of_its_day_and_names_nobody(
    lawyer: Browser, anonymous: Browser, world: World
) -> None:
    path = await make(lawyer)
    found = await events(anonymous, path)
    case = world.cases[Where.OWN]
    event = found[f"deadline-{alias_of(case.id)}-meet_client@lianbian"]
    assert str(event["summary"]) == "首次会见受援人"
    assert event["dtend"].dt == datetime(2026, 10, 8, 16, tzinfo=UTC)
    assert event["dtstart"].dt == event["dtend"].dt - timedelta(hours=1)
    assert str(event["url"]).endswith("/cases")
    (alarm,) = event.walk("VALARM")
    assert alarm["trigger"].dt == timedelta(days=-1)
    told = await (await anonymous.get(path)).text()
    for secret in ("张某", case.id, case.number, case.offence, world.accounts[Role.LAWYER].name):
        assert secret not in told
    assert not any(alias_of(world.cases[Where.OTHER].id) in uid for uid in found)


@pytest.mark.parametrize("step", ["password", "close", "recovery"])
async def test_a_feed_ends_with_whatever_an_administrator_ends_of_an_account(
    lawyer: Browser, anonymous: Browser, world: World, signed_in: SignedIn, step: str
) -> None:
    path = await make(lawyer)
    admin, other = [await signed_in(account(Role.SECURITY_ADMIN, seeded=True)) for _ in range(2)]
    steps = f"/accounts/{world.accounts[Role.LAWYER].id}"
    await admin.post(f"{steps}/{step}", data={"reason": "当面核对过身份证"} if step == "recovery" else None)
    if step == "recovery":
        await other.post(f"{steps}/recovery/approve")
    if step == "close":
        await admin.post(f"{steps}/reopen")
    assert (await anonymous.get(path)).status == 404


async def test_meetings_that_are_agreed_on_are_in_it(
    lawyer: Browser, anonymous: Browser, world: World, database: Database
) -> None:
    booking_id = world.records[Where.OWN]["booking_id"]
    path = await make(lawyer)
    async with database.transaction() as tx:
        booking = await tx.slots.booking(BookingId(booking_id))
        assert booking is not None
        await tx.slots.put_booking(replace(booking, status=BookingStatus.CONFIRMED))
    event = (await events(anonymous, path))[f"meeting-{booking_id}@lianbian"]
    assert (event["dtstart"].dt, event["dtend"].dt) == (booking.starts_at, booking.ends_at)


async def test_an_institution_reads_the_deadlines_of_its_cases_and_others_none(
    world: World, signed_in: SignedIn, anonymous: Browser
) -> None:
    officer = await signed_in(world.accounts[Role.LEGAL_AID_OFFICER])
    assert any("meet_client" in uid for uid in await events(anonymous, await make(officer)))
    auditor = await signed_in(world.accounts[Role.AUDITOR])
    assert await events(anonymous, await make(auditor)) == {}


async def test_another_feed_or_none_ends_the_one_before(lawyer: Browser, anonymous: Browser) -> None:
    first = await make(lawyer)
    second = await make(lawyer)
    assert (await anonymous.get(first)).status == 404
    assert (await anonymous.get(second)).status == 200
    page = await (await lawyer.get("/account/feed")).text()
    assert second not in page, "the address is shown once"
    await lawyer.post("/account/feed/revoke")
    assert (await anonymous.get(second)).status == 404
    again = await lawyer.post("/account/feed/revoke")
    assert "还没有订阅地址" in await again.text()


async def test_a_closed_account_reads_nothing(
    lawyer: Browser, anonymous: Browser, world: World, database: Database
) -> None:
    path = await make(lawyer)
    async with database.transaction() as tx:
        await tx.people.put_account(replace(world.accounts[Role.LAWYER], active=False))
    assert (await anonymous.get(path)).status == 404


@pytest.mark.parametrize("token", ["none", "%00", "a" * 5000, "名", "%F0%9F"])
async def test_what_is_no_token_finds_nothing(anonymous: Browser, token: str) -> None:
    assert (await anonymous.get(f"/feeds/{token}")).status == 404
