"""What both database engines offer: connections that write, connections that read, a name for outages."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from sqlalchemy import event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine

READERS = 8
"""How many units of a process may read at once."""
POOL_TIMEOUT_S = 30
"""How long a unit waits for its turn."""

POSTGRESQL = "postgresql"

Outage = Callable[[BaseException], Exception | None]
"""Names an error that is the engine's trouble, not our mistake; None for any other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """One database as two engines, which name their outages."""

    writing: AsyncEngine
    """One connection: the writers of a process queue for it."""
    reading: AsyncEngine
    """Connections that see a snapshot and can't write."""
    migrating: Callable[[], AsyncEngine]
    """Opens a further connection that writes, for as long as a migration takes; it keeps no foreign keys."""
    alone: Callable[[str], AbstractAsyncContextManager[bool]]
    """Takes a lock that all processes see, if it is free; tells whether it is held within the block."""

    end_turns: Callable[[], Awaitable[None]] | None = None
    """Closes what `alone` needs."""

    async def dispose(self) -> None:
        """Close every connection."""
        if self.end_turns is not None:
            await self.end_turns()
        await self.writing.dispose()
        await self.reading.dispose()


def open_engines(url: str) -> Engines:
    """Prepare the engines that `url` names, and load no other: each takes its time at the start.

    Raises:
        ValueError: there is no engine of ours by that name; the message says which there are.
    """
    backend = make_url(url).get_backend_name()
    if backend == POSTGRESQL:
        from storage.postgresql import open_postgresql  # noqa: PLC0415

        return open_postgresql(url)
    if backend == "sqlite":
        from storage.sqlite import open_sqlite  # noqa: PLC0415

        return open_sqlite(url)
    message = f"LIANBIAN_DATABASE_URL: postgresql://USER:PASSWORD@HOST/DATABASE, not {backend}://"
    raise ValueError(message)


def name_outages(engine: AsyncEngine, outage: Outage) -> None:
    """Have statements on `engine` raise what `outage` names."""

    @event.listens_for(engine.sync_engine, "handle_error")
    def name(context: ExceptionContext) -> Exception | None:
        # What only asks whether a pooled connection still lives is answered by another connection.
        return None if context.is_pre_ping else outage(context.original_exception)
