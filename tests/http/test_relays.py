"""Who is given a pass to the TURN server: those who may take part in that meeting, and nobody else."""

from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import WSServerHandshakeError

from server.kernel.ids import MeetingId
from server.settings import Settings
from storage.database import Database
from tests.fakes.clock import SetClock
from tests.http.conftest import Browser, SignedIn
from tests.http.meeting_world import World, connect, joinable, make_world, paired

SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105 - it guards nothing
URLS = ("turn:turn.example:3478", "turns:turn.example:5349?transport=tcp")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The same installation, with a TURN server."""
    return replace(settings, turn_urls=URLS, turn_secret=SECRET)


@pytest.fixture
async def world(database: Database) -> World:
    return await make_world(database)


@pytest.fixture
async def path(world: World, signed_in: SignedIn, clock: SetClock) -> str:
    """The path of a confirmed meeting that can be joined now."""
    return await joinable(world, signed_in, clock)


async def test_lawyer_and_terminal_are_welcomed_with_a_pass(  # noqa: PLR0913, PLR0917 - all it needs
    world: World, database: Database, anonymous: Browser, clock: SetClock, path: str, signed_in: SignedIn
) -> None:
    async with database.reading() as tx:
        meeting = await tx.rooms.meeting(MeetingId(path.rpartition("/")[2]))
    assert meeting is not None
    kiosk = await paired(world, database, anonymous, clock)
    await kiosk.post("/kiosk/code", data={"code": meeting.code})
    await kiosk.post("/kiosk/agree")
    names = set()
    for browser in (await signed_in(world.lawyer), kiosk):
        welcome = await (await connect(browser, path)).hear("welcome")
        (relay,) = welcome["ice_servers"]
        assert relay["urls"] == list(URLS)
        names.add(relay["username"])
        assert relay["username"].startswith(f"{(meeting.ends_at + timedelta(minutes=1)).timestamp():.0f}:")
        for known in (world.lawyer.id, world.lawyer.name, meeting.id, welcome["you"]):
            assert known not in str(relay)
    await kiosk.session.close()
    assert len(names) == 2


async def test_a_person_not_of_the_meeting_gets_no_pass(world: World, path: str, signed_in: SignedIn) -> None:
    for person, way in ((world.stranger, "socket"), (world.elsewhere, "watch"), (world.officer, "socket")):
        browser = await signed_in(person)
        with pytest.raises(WSServerHandshakeError) as refused:
            await connect(browser, path, way=way)
        assert refused.value.status in {403, 404}
        assert "turn" not in await (await browser.get(path)).text()
