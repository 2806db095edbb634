"""PostgreSQL, the engine of an installation on several nodes.

Its units of work behave as those on SQLite do, so that one code is right on both: a unit that writes first
takes one advisory lock, whereupon the writers of all nodes go one after another, each seeing what the former
committed (READ COMMITTED: its snapshots begin behind the lock; that of REPEATABLE READ would begin before
it). A unit that reads sees one snapshot and can't write.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from hashlib import sha256
from typing import Any

import asyncpg
from sqlalchemy import event, make_url, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
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
    reading = _engine(url, _CONNECTING, isolation="REPEATABLE READ", read_only=True, pool_size=READERS)
    return Engines(
        writing=_writing(url, _CONNECTING),
        reading=reading,
        migrating=partial(_writing, url, _PATIENT),
        alone=partial(_alone, _locking(url)),
    )


def _writing(url: str, connecting: Mapping[str, Any]) -> AsyncEngine:
    engine = _engine(url, connecting, isolation="READ COMMITTED", read_only=False, pool_size=1)

    @event.listens_for(engine.sync_engine, "begin")
    def take_turn(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy types its listeners loosely
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS})")

    return engine


@asynccontextmanager
async def _alone(engine: AsyncEngine, task: str) -> AsyncIterator[bool]:
    """Hold a lock of the session's: it ends with the block, or with the connection when the process dies."""
    key = {"key": int.from_bytes(sha256(task.encode()).digest()[:8], signed=True)}
    async with engine.connect() as connection:
        mine = (await connection.execute(text("SELECT pg_try_advisory_lock(:key)"), key)).scalar_one()
        try:
            yield bool(mine)
        finally:
            if mine:
                # A connection that is lost has let go already; what was done is done.
                with suppress(DatabaseUnavailable):
                    await connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)


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
    """Prepare an engine whose connections live as long as a lock is held, beside those that work."""
    options = {"isolation_level": "AUTOCOMMIT"}
    engine = create_async_engine(
        url,
        connect_args=_CONNECTING | {"server_settings": _SESSION | _LIVELY},
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
