"""SQLite, the embedded engine: one file, opened by one process.

It is opened with WAL and `synchronous=FULL`: an acknowledged commit survives a power cut. Writing begins
IMMEDIATE, because a deferred transaction that reads and then writes can fail or lose an update; writers
queue for one connection instead of contending for the file lock.
"""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from server.kernel.objects import StorageFull
from server.kernel.transaction import DatabaseUnavailable
from storage.engines import POOL_TIMEOUT_S, READERS, Engines, name_outages

_BUSY_TIMEOUT_S = 10


def open_sqlite(url: str) -> Engines:
    """Prepare the engines; nothing is opened before the first unit of work."""
    return Engines(
        writing=_engine(url, begin="BEGIN IMMEDIATE", query_only=False, pool_size=1),
        reading=_engine(url, begin="BEGIN", query_only=True, pool_size=READERS),
        migrating=partial(
            _engine, url, begin="BEGIN IMMEDIATE", query_only=False, pool_size=1, foreign_keys=False
        ),
        alone=_alone,
    )


@asynccontextmanager
async def _alone(_task: str) -> AsyncIterator[bool]:
    """There is no other process, and within this one each task sees to itself."""
    yield True


def _engine(
    url: str, *, begin: str, query_only: bool, pool_size: int, foreign_keys: bool = True
) -> AsyncEngine:
    engine = create_async_engine(
        url,
        connect_args={"isolation_level": None, "timeout": _BUSY_TIMEOUT_S},
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        hide_parameters=True,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"foreign_keys={'ON' if foreign_keys else 'OFF'}",
            f"query_only={'ON' if query_only else 'OFF'}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy types its listeners loosely
        connection.exec_driver_sql(begin)

    name_outages(engine, _outage)
    return engine


def _outage(error: BaseException) -> Exception | None:
    """Name a full disk, a disk that fails, and a file that another program keeps locked."""
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    if code == sqlite3.SQLITE_FULL:
        return StorageFull()
    unavailable = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
    return DatabaseUnavailable() if code in unavailable else None


_PRIMARY = 0xFF
"""Extended result codes keep the primary one in their lowest byte (sqlite.org/rescode.html)."""
