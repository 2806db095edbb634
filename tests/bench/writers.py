"""How many units that write can be committed a second, beside the bare driver doing the same statements.

A unit is what a small request does: it reads a row, changes it, and is written to the log. Writers go one
after another on both engines (ADR 11), so the limit is one driver's connection with the same durability.
The last line is one JSON object.
"""

import asyncio
import json
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from typing_extensions import override

from server.kernel.clock import SystemClock
from server.kernel.events import Event, Job
from server.people.model import Attempts
from storage.bus import LocalBus
from storage.database import Database
from storage.migrate import migrate_within
from tests.databases import LOG_KEY, sqlite_url
from tests.servers.postgresql import PostgresServer

SECONDS = 5.0
WRITERS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(Event):
    """Something small happened."""

    @property
    @override
    def subject(self) -> str:
        return "bench:1"


async def _ignore(_job: Job) -> None:
    """No unit of the bench asks for work."""


async def _acts(act: Callable[[], Awaitable[None]], *, writers: int) -> int:
    """Has `writers` tasks act for `SECONDS`; returns how often they did."""
    ends_at, done = time.monotonic() + SECONDS, 0

    async def write() -> None:
        nonlocal done
        while time.monotonic() < ends_at:
            await act()
            done += 1

    await asyncio.gather(*(write() for _ in range(writers)))
    return done


async def _ours(url: str) -> int:
    await migrate_within(url, LOG_KEY)
    database = Database(url, bus=LocalBus(), clock=SystemClock(), enqueue=_ignore, log_key=LOG_KEY)

    async def unit() -> None:
        async with database.transaction() as tx:
            before = await tx.people.attempts("bench")
            after = Attempts(subject="bench", failures=before.failures + 1, blocked_until=None)
            await tx.people.put_attempts(after)
            tx.record(Counted(actor="bench"))

    done = await _acts(unit, writers=WRITERS)
    async with database.reading() as tx:
        assert (await tx.people.attempts("bench")).failures == done, "an update was lost"
    await database.close()
    return done


_STATEMENTS = (
    "DELETE FROM attempt WHERE subject = 'bench'",
    "INSERT INTO attempt (subject, failures) VALUES ('bench', 1)",
    (
        "INSERT INTO audit_entry (number, at, actor, event, subject, case_id, details, origin, rule,"
        " subtree, mac)"
        " SELECT coalesce(max(number), 0) + 1, 1, 'b', 'C', 'bench:1', '', '{}', '', '', 'x', 'x'"
        " FROM audit_entry"
    ),
)


async def _bare_sqlite(path: Path) -> int:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=FULL")

    async def unit() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("SELECT * FROM attempt WHERE subject = 'bench'").fetchall()
        for statement in _STATEMENTS:
            connection.execute(statement)
        connection.execute("COMMIT")

    done = await _acts(unit, writers=1)
    connection.close()
    return done


async def _bare_postgresql(url: str) -> int:
    connection = await asyncpg.connect(url)

    async def unit() -> None:
        async with connection.transaction():
            await connection.fetch("SELECT * FROM attempt WHERE subject = 'bench'")
            for statement in _STATEMENTS:
                await connection.execute(statement)

    done = await _acts(unit, writers=1)
    await connection.close()
    return done


async def main() -> None:
    """Measures both engines."""
    done: dict[str, dict[str, int]] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lianbian.db"
        done["sqlite"] = {"ours": await _ours(sqlite_url(path)), "bare": await _bare_sqlite(path)}
    server = PostgresServer()
    try:
        await server.start()
        url = server.url("postgres")
        done["postgresql"] = {"ours": await _ours(url), "bare": await _bare_postgresql(url)}
    finally:
        server.remove()
    print(
        json.dumps(
            {
                engine: {f"{who}_per_s": round(acts / SECONDS, 1) for who, acts in counts.items()}
                for engine, counts in done.items()
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main())
