"""What people see while the database is away, and that all goes on by itself once it is back."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import WSCloseCode, WSMsgType, web
from pytest_aiohttp import AiohttpClient
from sqlalchemy import select
from typing_extensions import override

from server.http.identity import SESSION_COOKIE, SessionStore, identify
from server.http.live import LiveHandlers
from server.kernel.events import Notification
from server.kernel.identity import Identity, Role
from server.kernel.ids import SessionId
from server.kernel.transaction import DatabaseUnavailable
from server.rooms.socket import UNJUDGED_S
from storage.bus import LocalBus
from storage.database import Database
from storage.migrate import migrate_within
from storage.tables.audit import audit_entry
from tests.databases import LOG_KEY
from tests.factories import account
from tests.fakes.clock import SetClock
from tests.http.conftest import Browser, SignedIn
from tests.http.meeting_world import TUESDAY_10, World, confirmed, connect, make_world
from tests.servers.postgresql import PostgresServer


@pytest.fixture
async def server() -> AsyncIterator[PostgresServer]:
    """A server that a test may kill."""
    own = PostgresServer()
    await own.start()
    yield own
    own.remove()


@pytest.fixture
async def world(database: Database) -> World:
    return await make_world(database)


@pytest.fixture
async def database_url(server: PostgresServer) -> str:
    url = server.url("postgres")
    await migrate_within(url, LOG_KEY)
    return url


async def test_without_its_database_the_product_says_so_and_recovers_by_itself(
    anonymous: Browser, signed_in: SignedIn, server: PostgresServer
) -> None:
    lawyer = await signed_in(account(Role.LAWYER, seeded=True))
    assert (await lawyer.get("/account")).status == 200
    server.kill()
    page = await lawyer.get("/account")
    assert (page.status, page.headers["Retry-After"]) == (503, "5")
    assert "系统暂时读不到数据" in await page.text()
    answer = await lawyer.get("/account", headers={"Accept": "application/json"})
    assert (answer.status, (await answer.json())["code"]) == (503, "database-unavailable")
    ready = await anonymous.get("/readyz")
    assert (ready.status, await ready.text()) == (503, "not ready: database\n")
    await server.start()
    assert (await lawyer.get("/account")).status == 200
    assert (await anonymous.get("/readyz")).status == 200


async def test_a_meeting_goes_on_while_the_database_is_away_but_not_for_long(
    world: World, signed_in: SignedIn, server: PostgresServer, clock: SetClock
) -> None:
    path = await confirmed(world, signed_in)
    clock.move(TUESDAY_10 - clock.now())
    lawyer = await connect(await signed_in(world.lawyer), path)
    await lawyer.hear("welcome")
    server.kill()
    await lawyer.say("enter")
    await lawyer.hear("accepted")
    clock.move(timedelta(seconds=UNJUDGED_S + 1))
    await lawyer.say("leave")
    while (closed := await lawyer.socket.receive(timeout=30)).type is WSMsgType.TEXT:
        continue
    assert (closed.type, closed.data) == (WSMsgType.CLOSE, WSCloseCode.TRY_AGAIN_LATER)


async def test_what_happens_in_a_meeting_meanwhile_is_written_once_the_database_is_back(
    world: World, signed_in: SignedIn, server: PostgresServer, clock: SetClock, database: Database
) -> None:
    path = await confirmed(world, signed_in)
    clock.move(TUESDAY_10 - clock.now())
    lawyer = await connect(await signed_in(world.lawyer), path)
    await lawyer.hear("welcome")
    server.kill()
    await lawyer.say("enter")
    await lawyer.hear("accepted")
    await server.start()

    async def facts() -> list[str]:
        query = select(audit_entry.c.details).where(audit_entry.c.event == "ParticipantNoted")
        async with database.reading() as tx:
            rows = await tx.connection.execute(query.order_by(audit_entry.c.number))
        return [json.loads(row.details)["fact"] for row in rows]

    async with asyncio.timeout(30):
        while True:
            written = await facts()
            if "admitted" in written:
                break
            await asyncio.sleep(0.1)
    assert written.count("admitted") == 1
    await lawyer.socket.close()


class LostSessions(SessionStore):
    """Sessions in a database that goes away after the first question."""

    def __init__(self, identity: Identity) -> None:
        self._known: Identity | None = identity

    @override
    async def still(self, session_id: SessionId) -> Identity:
        found, self._known = self._known, None
        if found is None:
            raise DatabaseUnavailable
        return found

    @override
    async def use(self, token: str) -> Identity:
        return await self.still(SessionId(token))

    @override
    async def by_key(self, key: str, origin: str) -> None:
        return None


async def test_a_live_page_is_told_to_come_back_not_that_it_lost_its_right(
    aiohttp_client: AiohttpClient,
) -> None:
    person, bus = account(Role.LAWYER), LocalBus()
    sessions = LostSessions(replace(person.identity, session_id=SessionId("s")))
    app = web.Application(middlewares=[identify(sessions)])
    app.router.add_get("/live", LiveHandlers(bus=bus, sessions=sessions, watchers={}).live)
    browser = await aiohttp_client(app, cookies={SESSION_COOKIE: "token"})
    live = await browser.ws_connect("/live")
    await bus.publish(Notification(f"account:{person.id}", "Happened", f"account:{person.id}"))
    closed = await live.receive(timeout=30)
    assert (closed.type, closed.data) == (WSMsgType.CLOSE, WSCloseCode.TRY_AGAIN_LATER)
