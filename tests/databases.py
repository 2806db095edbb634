"""Migrated databases for the tests, each engine's made once a process and copied for each test.

On SQLite a copy is a file; on PostgreSQL it is a database of the process's own server.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Coroutine
from enum import StrEnum
from functools import cache, partial
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from server.audit.entry import LogKey
from server.demo.seed import seed
from server.kernel.clock import SystemClock
from server.settings import Settings
from storage.bus import LocalBus
from storage.database import Database
from storage.engines import open_engines
from storage.key_file import key_in
from storage.migrate import migrate_within, upgrade
from storage.queue import LocalQueue
from tests.fakes.clock import SetClock
from tests.servers.postgresql import PostgresServer

LOG_KEY = LogKey(lambda: bytes(32))
"""The key with which the tests' databases are written."""


class Engine(StrEnum):
    """Which engine a test runs on."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


class Content(StrEnum):
    """What is in a database."""

    NOTHING = "nothing"
    FORMER_LOG = "former log"
    """Nothing, in the schema before the log became a tree."""
    FIRST_STEP = "first step"
    """Nothing, in the oldest schema."""
    PROVINCE = "province"
    """The demo province as it is made at the tests' usual moment."""


def sqlite_url(path: Path) -> str:
    """Returns the URL of a SQLite file."""
    return f"sqlite+aiosqlite:///{path}"


def beside(settings: Settings) -> Database:
    """Opens the database of an installation that is served meanwhile by a process of its own."""
    return Database(
        settings.database,
        bus=LocalBus(),
        clock=SystemClock(),
        enqueue=LocalQueue({}).enqueue,
        log_key=LogKey(partial(key_in, settings.log_key)),
    )


class Databases:
    """Makes databases of their own for tests."""

    def __init__(self) -> None:
        self._server: PostgresServer | None = None
        self._templates: dict[Content, str] = {}

    async def copy(self, engine: Engine, folder: Path, content: Content = Content.NOTHING) -> str:
        """Returns the URL of a new database; on SQLite it is `folder / "lianbian.db"`."""
        if engine is Engine.POSTGRESQL:
            server = await self._postgresql()
            if content not in self._templates:
                self._templates[content] = server.create("template0")
                await _FILL[content](server.url(self._templates[content]))
            return server.url(server.create(self._templates[content]))
        path = folder / "lianbian.db"
        await copy_file(path, content)
        return sqlite_url(path)

    async def clone(self, url: str, folder: Path) -> str:
        """Returns the URL of a copy of the database at `url`, which nobody has open."""
        if not url.startswith("sqlite"):
            server = await self._postgresql()
            return server.url(server.create(str(make_url(url).database)))
        path = folder / "lianbian.db"
        await asyncio.to_thread(_copy, Path(str(make_url(url).database)), path)
        return sqlite_url(path)

    def remove(self) -> None:
        """Ends the server."""
        if self._server is not None:
            self._server.remove()

    async def _postgresql(self) -> PostgresServer:
        if self._server is None:
            # Nothing of it is wanted after a power cut.
            self._server = PostgresServer("fsync=off", "synchronous_commit=off", "full_page_writes=off")
            await self._server.start()
        return self._server


def _copy(source: Path, to: Path) -> None:
    to.parent.mkdir(parents=True)
    shutil.copy(source, to)


async def copy_file(to: Path, content: Content = Content.NOTHING) -> None:
    """Writes a SQLite database to the file `to`."""
    to.parent.mkdir(parents=True, exist_ok=True)
    await asyncio.to_thread(lambda: to.write_bytes(_file(content)))


@cache
def _file(content: Content) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lianbian.db"
        asyncio.run(_FILL[content](sqlite_url(path)))
        return path.read_bytes()


async def migrate_to(url: str, step: str) -> None:
    """Brings the database to a step that need not be the last."""
    engines = open_engines(url)
    await upgrade(engines, LOG_KEY, to=step)
    await engines.dispose()


async def _make_province(url: str) -> None:
    await migrate_within(url, LOG_KEY)
    database = Database(
        url, bus=LocalBus(), clock=SetClock(), enqueue=LocalQueue({}).enqueue, log_key=LOG_KEY
    )
    await seed(database, SetClock())
    async with database.transaction():
        """On SQLite the last connection to close moves all from the log into the file."""
    await database.close()


_FILL: dict[Content, Callable[[str], Coroutine[Any, Any, None]]] = {
    Content.NOTHING: lambda url: migrate_within(url, LOG_KEY),
    Content.FORMER_LOG: lambda url: migrate_to(url, "0007_log_seals"),
    Content.FIRST_STEP: lambda url: migrate_to(url, "0001_people"),
    Content.PROVINCE: _make_province,
}
