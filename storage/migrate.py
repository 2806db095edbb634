"""Brings a database to the newest schema.

Alembic takes a quarter of a second to import, so a start first asks the database which step it is at and
loads Alembic only when there is something to do.
"""

import asyncio
from pathlib import Path

from sqlalchemy import Connection, inspect, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection

from server.audit.entry import LogKey
from storage.engines import Engines, open_engines
from storage.files import make_folder
from storage.log import SqlLog

_STEPS = Path(__file__).parent / "migrations"


def steps() -> tuple[str, ...]:
    """Return the names of all steps, oldest first; they are numbered files."""
    return tuple(sorted(path.stem for path in (_STEPS / "versions").glob("[0-9]*.py")))


def newest_step() -> str:
    """Return the name of the last step."""
    return steps()[-1]


def migrate(url: str, log_key: LogKey) -> None:
    """Create or migrate the database at `url`; of several nodes that try at once, one does.

    Raises:
        DatabaseUnavailable: it does not answer.
        OtherLogKey: its log was written with another key.
    """
    asyncio.run(migrate_within(url, log_key))


async def migrate_within(url: str, log_key: LogKey) -> None:
    """Do the same in a running loop."""
    folder = make_url(url).database
    if url.startswith("sqlite") and folder is not None:
        make_folder(Path(folder).parent)
    engines = open_engines(url)
    try:
        if await step_of(engines) != newest_step():
            await upgrade(engines, log_key)
        await _recognise(engines, log_key)
    finally:
        await engines.dispose()


async def upgrade(engines: Engines, log_key: LogKey, *, to: str = "head") -> None:
    """Run the steps up to `to`, all of them or none.

    On SQLite, altering a table makes it anew, and dropping the former one would strike at what refers to it:
    foreign keys are left alone meanwhile (sqlite.org/lang_altertable.html §7), and checked at the end.
    """
    engine = engines.migrating()
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade, log_key, to)
    finally:
        await engine.dispose()


async def recognise(url: str, log_key: LogKey) -> None:
    """Pass if the log of the database at `url` was written with `log_key`, or is of another schema.

    Raises:
        DatabaseUnavailable: it does not answer.
        OtherLogKey: it was written with another.
    """
    engines = open_engines(url)
    try:
        if await step_of(engines) == newest_step():
            await _recognise(engines, log_key)
    finally:
        await engines.dispose()


async def _recognise(engines: Engines, log_key: LogKey) -> None:
    async with engines.reading.begin() as connection:
        await SqlLog(connection).recognise(log_key)


async def step_of(engines: Engines) -> str | None:
    """Return the step that the database is at, None if it is new."""
    async with engines.reading.begin() as connection:
        if not await connection.run_sync(lambda sync: inspect(sync).has_table("alembic_version")):
            return None
        return await _step(connection)


async def _step(connection: AsyncConnection) -> str | None:
    row = (await connection.execute(text("SELECT version_num FROM alembic_version"))).one_or_none()
    return None if row is None else str(row.version_num)


def _upgrade(connection: Connection, log_key: LogKey, to: str) -> None:
    from alembic import command  # noqa: PLC0415 - see the module's docstring
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_STEPS))
    config.attributes["connection"] = connection
    config.attributes["log_key"] = log_key
    command.upgrade(config, to)
    if connection.dialect.name == "sqlite" and connection.execute(text("PRAGMA foreign_key_check")).first():
        raise RuntimeError("a step left a row that refers to none")
