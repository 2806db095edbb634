"""The database: opens units of work and tells bus and queue after each commit.

SQLite is opened with WAL and `synchronous=FULL`: an acknowledged commit survives a power cut.
`transaction()` begins IMMEDIATE, because a deferred transaction that reads and then writes can fail or
lose an update; writers of this process queue for one connection instead of contending for the file lock.
`reading()` uses other connections, which see a snapshot and can't write.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import structlog
from sqlalchemy import event, insert, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from server.kernel.clock import Clock
from server.kernel.events import Bus, Event, Job, Notification
from storage.casefiles import SqlCaseFiles
from storage.cases import SqlCases
from storage.cooperation import SqlCooperation
from storage.people import SqlPeople
from storage.rooms import SqlRooms
from storage.slots import SqlSlots
from storage.tables.audit import audit_entry

log = structlog.get_logger()

_BUSY_TIMEOUT_S = 10
_READERS = 8


class SqlTransaction:
    """One unit of work on one connection, with every feature's store."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Begin with nothing recorded."""
        self.connection = connection
        self.events: list[Event] = []
        self.jobs: list[Job] = []

    @property
    def people(self) -> SqlPeople:
        """Organisations, accounts, sessions, terminals."""
        return SqlPeople(self.connection)

    @property
    def rooms(self) -> SqlRooms:
        """Meetings, who takes part in them, and what each terminal shows."""
        return SqlRooms(self.connection)

    @property
    def slots(self) -> SqlSlots:
        """The slot ledger, holds and bookings."""
        return SqlSlots(self.connection)

    @property
    def cases(self) -> SqlCases:
        """Cases, parties, notices, facts, assignments."""
        return SqlCases(self.connection)

    @property
    def casefiles(self) -> SqlCaseFiles:
        """Uploads, dossiers, pages, annotations."""
        return SqlCaseFiles(self.connection)

    @property
    def cooperation(self) -> SqlCooperation:
        """Lawyers' profiles and absences."""
        return SqlCooperation(self.connection)

    def record(self, event: Event) -> None:
        """Write `event` to the log with this transaction; tell the bus after the commit."""
        self.events.append(event)

    def enqueue(self, job: Job) -> None:
        """Hand `job` to the workers after the commit."""
        self.jobs.append(job)


class Database:
    """One SQLite database, opened by one process."""

    def __init__(
        self, url: str, *, bus: Bus, clock: Clock, enqueue: Callable[[Job], Awaitable[None]]
    ) -> None:
        """Prepare the engines; nothing is opened before the first unit of work."""
        self._bus = bus
        self._clock = clock
        self._enqueue = enqueue
        self._writing = _sqlite_engine(url, begin="BEGIN IMMEDIATE", query_only=False, pool_size=1)
        self._reading = _sqlite_engine(url, begin="BEGIN", query_only=True, pool_size=_READERS)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqlTransaction]:
        """Open a unit that may write; its effects follow the commit."""
        async with self._writing.begin() as connection:
            tx = SqlTransaction(connection)
            yield tx
            if tx.events:
                await connection.execute(insert(audit_entry), [self._entry(event) for event in tx.events])
        await self._after_commit(tx)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[SqlTransaction]:
        """Open a unit that sees a snapshot and can't write."""
        async with self._reading.begin() as connection:
            yield SqlTransaction(connection)

    async def ping(self) -> None:
        """Ask it the smallest question.

        Raises:
            SQLAlchemyError: it does not answer.
        """
        async with self._reading.begin() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close every connection."""
        await self._writing.dispose()
        await self._reading.dispose()

    def _entry(self, event: Event) -> dict[str, Any]:
        return {
            "at": self._clock.now(),
            "actor": event.actor,
            "event": type(event).__name__,
            "subject": event.subject,
            "details": event.details(),
        }

    async def _after_commit(self, tx: SqlTransaction) -> None:
        """Tell bus and queue. Both only hint, so that their failure must not unsay what is committed."""
        try:
            for happened in tx.events:
                for topic in happened.topics:
                    await self._bus.publish(Notification(topic, type(happened).__name__, happened.subject))
            for job in tx.jobs:
                await self._enqueue(job)
        except Exception:
            log.exception("telling bus and queue failed after the commit")


def _sqlite_engine(url: str, *, begin: str, query_only: bool, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(
        url,
        connect_args={"isolation_level": None, "timeout": _BUSY_TIMEOUT_S},
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=60,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"query_only={'ON' if query_only else 'OFF'}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy types its listeners loosely
        connection.exec_driver_sql(begin)

    return engine
