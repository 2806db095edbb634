"""PostgreSQL, the engine of an installation on several nodes.

Its units of work behave as those on SQLite do, so that one code is right on both: a unit that writes first
takes one advisory lock, whereupon the writers of all nodes go one after another, each seeing what the former
committed (READ COMMITTED: its snapshots begin behind the lock; that of REPEATABLE READ would begin before
it). A unit that reads sees one snapshot and can't write.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from hashlib import sha256
from typing import Any

import asyncpg
from sqlalchemy import event, make_url, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from server.kernel.objects import StorageFull
from server.kernel.transaction import DatabaseUnavailable
from storage.engines import POOL_TIMEOUT_S, POSTGRESQL, READERS, Engines, name_outages

_WRITERS = 0x6C69616E6269616E
"""The advisory lock of those who write; any number would do that no other program of the database uses."""
_CONNECT_TIMEOUT_S = 5
_ANSWER_TIMEOUT_S = 40
_SESSION = {
    "application_name": "lianbian",
    "synchronous_commit": "on",  # what was acknowledged survives a power cut, whatever the server's default
    # A node that froze in the middle of a unit must not keep the others waiting for long.
    "idle_in_transaction_session_timeout": "30s",
    "lock_timeout": "20s",
    "statement_timeout": "60s",
    "jit": "off",  # our queries are small: compiling them takes longer than running them
}
_LIVELY = {"tcp_keepalives_idle": "5", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"}
"""How the server finds out within 20 s that a node is gone without a word, and lets go of its locks; a
session that waits for nothing would otherwise be kept for hours (TCP's own two, and then some)."""


def open_postgresql(url: str) -> Engines:
    """Prepare the engines; nothing is opened before the first unit of work."""
    url = _for_driver(url)
    turns = _Turns(_locking(url))
    reading = _engine(url, _CONNECTING, isolation="REPEATABLE READ", read_only=True, pool_size=READERS)
    return Engines(
        writing=_writing(url, _CONNECTING),
        reading=reading,
        migrating=partial(_writing, url, _PATIENT),
        alone=turns.alone,
        end_turns=turns.close,
    )


def _writing(url: str, connecting: Mapping[str, Any]) -> AsyncEngine:
    engine = _engine(url, connecting, isolation="READ COMMITTED", read_only=False, pool_size=1)

    @event.listens_for(engine.sync_engine, "begin")
    def take_turn(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy types its listeners loosely
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS})")

    return engine


class _Turns:
    """Locks of a session's, all that a process holds on one connection: they end with it and the process."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self._one_at_a_time = asyncio.Lock()
        self._failures = 0
        self._taken: set[str] = set()
        """Tasks that somebody in this process is at: the server gives a session its own lock once more."""

    @asynccontextmanager
    async def alone(self, task: str) -> AsyncIterator[bool]:
        if task in self._taken:
            yield False
            return
        self._taken.add(task)
        taking = asyncio.create_task(self._take(task))
        try:
            yield await asyncio.shield(taking)
        finally:
            # Whoever breaks off may do so while the server is asked: the lock is given back all the same.
            await asyncio.shield(asyncio.create_task(self._give_back(task, taking)))

    async def close(self) -> None:
        async with self._one_at_a_time:
            await self._hang_up()

    async def _take(self, task: str) -> bool:
        failures = self._failures
        async with self._one_at_a_time:
            if self._failures != failures:
                raise DatabaseUnavailable  # as another has found out, for whom this one waited
            if self._connection is not None:
                with suppress(DatabaseUnavailable):
                    return await self._ask(self._connection, "pg_try_advisory_lock", task)
            try:
                self._connection = await self._engine.connect()
                return await self._ask(self._connection, "pg_try_advisory_lock", task)
            except DatabaseUnavailable:
                self._failures += 1
                raise

    async def _give_back(self, task: str, taking: asyncio.Task[bool]) -> None:
        try:
            # A connection that is lost has let go already; what was done is done.
            with suppress(DatabaseUnavailable):
                if await taking:
                    async with self._one_at_a_time:
                        if self._connection is not None:
                            await self._ask(self._connection, "pg_advisory_unlock", task)
        finally:
            self._taken.discard(task)

    async def _ask(self, connection: AsyncConnection, what: str, task: str) -> bool:
        key = int.from_bytes(sha256(task.encode()).digest()[:8], signed=True)
        try:
            return bool((await connection.execute(text(f"SELECT {what}(:key)"), {"key": key})).scalar_one())
        except DatabaseUnavailable:
            await connection.invalidate()
            await self._hang_up()
            raise

    async def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


def _for_driver(url: str) -> str:
    """Turn the customary URL into the driver's: its name, and libpq's `sslmode` as the driver calls it."""
    parts = make_url(url).set(drivername=f"{POSTGRESQL}+asyncpg")
    if "sslmode" in parts.query:
        parts = parts.update_query_dict({"ssl": parts.query["sslmode"]}).difference_update_query(["sslmode"])
    return parts.render_as_string(hide_password=False)


def _engine(
    url: str, connecting: Mapping[str, Any], *, isolation: str, read_only: bool, pool_size: int
) -> AsyncEngine:
    engine = create_async_engine(
        url,
        connect_args=dict(connecting),
        execution_options={"isolation_level": isolation, "postgresql_readonly": read_only},
        pool_pre_ping=True,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        hide_parameters=True,
    )
    _quieten(engine)
    name_outages(engine, _outage)
    return engine


def _locking(url: str) -> AsyncEngine:
    """Prepare an engine for the connection that holds locks, beside those that work."""
    options = {"isolation_level": "AUTOCOMMIT"}
    quickly = {"command_timeout": _CONNECT_TIMEOUT_S}  # others wait meanwhile for the same connection
    engine = create_async_engine(
        url,
        connect_args=_CONNECTING | quickly | {"server_settings": _SESSION | _LIVELY},
        execution_options=options,
        poolclass=NullPool,
        hide_parameters=True,
    )
    _quieten(engine)
    name_outages(engine, _outage)
    return engine


def _quieten(engine: AsyncEngine) -> None:
    """Take the details out of errors: they quote rows, and what is logged of an error names nobody."""

    @event.listens_for(engine.sync_engine, "handle_error")
    def quieten(context: ExceptionContext) -> None:
        error: BaseException | None = context.sqlalchemy_exception or context.original_exception
        while error is not None:
            error.args = tuple(str(each).partition("\nDETAIL:")[0] for each in error.args)
            if isinstance(error, asyncpg.PostgresError):
                error.detail = None
            error = getattr(error, "orig", None) or error.__cause__


async def _connect(*places: Any, **options: Any) -> asyncpg.Connection:  # noqa: ANN401 - handed on as they are
    """Connect; raises what `_outage` names, which SQLAlchemy asks only once there is a connection."""
    try:
        return await asyncpg.connect(*places, **options)
    except (OSError, asyncpg.PostgresError) as error:
        raise _outage(error) or error from error


_CONNECTING = {
    "async_creator_fn": _connect,
    "timeout": _CONNECT_TIMEOUT_S,
    "command_timeout": _ANSWER_TIMEOUT_S,
    "server_settings": _SESSION,
}
_PATIENT = _CONNECTING | {
    "command_timeout": None,
    "server_settings": _SESSION | {"lock_timeout": "0", "statement_timeout": "0"},
}
"""A migration takes its time, and so does waiting for another node's."""


def _outage(error: BaseException) -> Exception | None:
    """Name a server that can't be reached, goes down, is out of means, or whose lock others keep.

    Of a connection that broke in the middle SQLAlchemy tells an error of its own; the driver's is its cause.
    """
    if error.__cause__ is not None and (named := _outage(error.__cause__)):
        return named
    state = str(getattr(error, "sqlstate", None) or "")
    if state == _DISK_FULL:
        return StorageFull()
    is_outage = state[:2] in _OUTAGES or state in {_LOCK_TIMEOUT, _FROZEN}
    is_cut_off = isinstance(error, OSError | asyncpg.InterfaceError | asyncpg.InternalClientError)
    return DatabaseUnavailable() if is_outage or is_cut_off else None


# SQLSTATE, PostgreSQL manual, appendix A.
_OUTAGES = frozenset({"08", "53", "57", "58"})
_DISK_FULL, _LOCK_TIMEOUT, _FROZEN = "53100", "55P03", "25P03"
