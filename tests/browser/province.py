"""The demo province served over HTTP, and its main persons signed in to it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp.test_utils import TestServer

from server.app import DATABASE, compose
from server.http.routing import ROUTES, Route
from server.kernel.clock import Clock
from server.kernel.identity import Role
from server.people.pairing import issue_pairing_code
from server.people.sessions import sign_in_as_seeded
from server.settings import Settings
from storage.database import Database
from tests.databases import Content, copy_file
from tests.fakes.clock import SetClock
from tests.terminal_device import pair

ANONYMOUS, KIOSK = "anonymous", "kiosk"


@dataclass(frozen=True, slots=True)
class Province:
    """A running demo."""

    server: TestServer
    database: Database
    clock: Clock
    routes: tuple[Route, ...]

    @property
    def address(self) -> str:
        return str(self.server.make_url("/")).rstrip("/")

    async def sessions(self) -> Mapping[str, str | None]:
        """Signs in the first person of each role and pairs a terminal; returns each one's session by role."""
        tokens: dict[str, str | None] = {ANONYMOUS: None}
        async with self.database.transaction() as tx:
            accounts = await tx.people.seeded_accounts()
            for account in accounts:
                if account.role not in tokens:
                    tokens[account.role] = await sign_in_as_seeded(account.id, tx, self.clock)
            officer = next(account for account in accounts if account.role is Role.FACILITY_OFFICER)
            assert officer.organisation_id is not None
            terminals = await tx.people.terminals_of(officer.organisation_id)
            code = await issue_pairing_code(terminals[0].id, officer.identity, tx, self.clock)
        tokens[KIOSK] = await pair(code, self.database, self.clock)
        return tokens


@asynccontextmanager
async def province(data_dir: Path) -> AsyncIterator[Province]:
    """Serves the demo from a fresh data directory, at the moment at which it was made."""
    await copy_file(data_dir / "lianbian.db", Content.PROVINCE)
    clock = SetClock()
    app = compose(Settings(data_dir=data_dir), clock=clock)
    routes: tuple[Route, ...] = app[ROUTES]
    server = TestServer(app)
    async with server:
        yield Province(server, app[DATABASE], clock, routes)
