"""The database: opens units of work and tells bus and queue after each commit.

What SQLite and PostgreSQL each need for that is their own module's; here they are alike.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog
from sqlalchemy import text
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from server.audit.entry import LogKey
from server.kernel.clock import Clock
from server.kernel.events import Bus, Event, Job, Notification
from server.kernel.transaction import DatabaseUnavailable
from storage.alerts import SqlAlerts
from storage.case_keys import SqlCaseKeys
from storage.casefiles import SqlCaseFiles
from storage.cases import SqlCases
from storage.cooperation import SqlCooperation
from storage.engines import open_engines
from storage.log import SqlLog
from storage.people import SqlPeople
from storage.retention import SqlRetention
from storage.rooms import SqlRooms
from storage.slots import SqlSlots

log = structlog.get_logger()


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

    @property
    def alerts(self) -> SqlAlerts:
        """Feeds."""
        return SqlAlerts(self.connection)

    @property
    def case_keys(self) -> SqlCaseKeys:
        """The wrapped keys of cases."""
        return SqlCaseKeys(self.connection)

    @property
    def retention(self) -> SqlRetention:
        """What is kept for how long, and how it ends."""
        return SqlRetention(self.connection)

    @property
    def log(self) -> SqlLog:
        """The audit log."""
        return SqlLog(self.connection)

    def record(self, event: Event) -> None:
        """Write `event` to the log with this transaction; tell the bus after the commit."""
        self.events.append(event)

    def enqueue(self, job: Job) -> None:
        """Hand `job` to the workers after the commit."""
        self.jobs.append(job)


@asynccontextmanager
async def _begun(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Lend a connection in a transaction; raises `DatabaseUnavailable` if its turn never comes."""
    try:
        async with engine.begin() as connection:
            yield connection
    except PoolTimeout as error:
        raise DatabaseUnavailable from error


async def _try_to_tell(telling: Awaitable[None]) -> None:
    try:
        await telling
    except Exception:
        log.exception("telling bus or queue failed after the commit")


class Database:
    """One database, on the engine that its URL names."""

    def __init__(
        self,
        url: str,
        *,
        bus: Bus,
        clock: Clock,
        enqueue: Callable[[Job], Awaitable[None]],
        log_key: LogKey,
    ) -> None:
        """Prepare the engines; nothing is opened before the first unit of work."""
        self._bus = bus
        self._clock = clock
        self._enqueue = enqueue
        self._log_key = log_key
        self._engines = open_engines(url)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqlTransaction]:
        """Open a unit that may write; its effects follow the commit."""
        async with _begun(self._engines.writing) as connection:
            tx = SqlTransaction(connection)
            yield tx
            if tx.events:
                await tx.log.write(tx.events, self._clock, self._log_key)
        await self._after_commit(tx)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[SqlTransaction]:
        """Open a unit that sees a snapshot and can't write."""
        async with _begun(self._engines.reading) as connection:
            yield SqlTransaction(connection)

    @asynccontextmanager
    async def alone(self, task: str) -> AsyncIterator[bool]:
        """Be the only process at `task`, for as long as the connection holds."""
        async with self._engines.alone(task) as mine:
            yield mine

    async def ping(self) -> None:
        """Ask it the smallest question; raises `DatabaseUnavailable` if it does not answer."""
        async with _begun(self._engines.reading) as connection:
            await connection.execute(text("SELECT 1"))

    async def may_rewrite_log(self) -> bool:
        """Tell whether PostgreSQL would let us alter or erase entries of the audit log."""
        asked = text("SELECT has_table_privilege('audit_entry', 'UPDATE, DELETE')")
        async with _begun(self._engines.reading) as connection:
            return bool((await connection.execute(asked)).scalar_one())

    async def close(self) -> None:
        """Close every connection."""
        await self._engines.dispose()

    async def _after_commit(self, tx: SqlTransaction) -> None:
        """Tell bus and queue. Both only hint, so that their failure must not unsay what is committed."""
        for happened in tx.events:
            for topic in happened.topics:
                notification = Notification(topic, type(happened).__name__, happened.subject)
                await _try_to_tell(self._bus.publish(notification))
        for job in tx.jobs:
            await _try_to_tell(self._enqueue(job))
