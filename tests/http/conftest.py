"""A running application over a migrated database, and browsers that are signed in to it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp import AiohttpClient

from server.app import DATABASE, compose
from server.http.identity import SESSION_COOKIE
from server.people.model import Account
from server.people.sessions import sign_in_as_seeded
from server.settings import Settings
from storage.database import Database
from tests.fakes.clock import SetClock
from tests.fakes.media import FakePlane
from tests.servers.openid import OpenIdServer

Browser = TestClient[Any, Any]
SignedIn = Callable[[Account], Awaitable[Browser]]
OUR_PAGE = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
"""What a browser sends with a form of our own page."""


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=database_url)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def issuer() -> AsyncIterator[str]:
    """An OpenID provider, one a process, by its name."""
    server = OpenIdServer()
    try:
        await server.start()
        yield server.issuer
    finally:
        server.remove()


@pytest.fixture
def plane() -> FakePlane:
    """The media plane of the running application."""
    return FakePlane()


@pytest.fixture
async def app(settings: Settings, clock: SetClock, plane: FakePlane) -> web.Application:
    return compose(settings, clock=clock, plane=plane)


@pytest.fixture
async def database(app: web.Application) -> AsyncIterator[Database]:
    """The database of the running application."""
    yield app[DATABASE]
    await app[DATABASE].close()


@pytest.fixture
async def anonymous(app: web.Application, aiohttp_client: AiohttpClient) -> Browser:
    """A browser in which nobody is signed in."""
    return await aiohttp_client(app, headers=OUR_PAGE)


@pytest.fixture
async def signed_in(database: Database, anonymous: Browser, clock: SetClock) -> AsyncIterator[SignedIn]:
    """Stores an account and returns a browser signed in with it; each call makes a browser of its own."""
    opened: list[Browser] = []

    async def sign_in(account: Account) -> Browser:
        async with database.transaction() as tx:
            if await tx.people.account(account.id) is None:
                await tx.people.add_account(account, password_hash=None)
            token = await sign_in_as_seeded(account.id, tx, clock)
        browser: Browser = TestClient(anonymous.server, cookies={SESSION_COOKIE: token}, headers=OUR_PAGE)
        opened.append(browser)
        return browser

    yield sign_in
    for browser in opened:
        await browser.session.close()
