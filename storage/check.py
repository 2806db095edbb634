"""Looks a database and its audit log over and tells what is wrong with them; changes nothing."""

import asyncio
from pathlib import Path

from sqlalchemy import make_url, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from server.audit.entry import Entry, LogKey
from storage.engines import Engines, open_engines
from storage.mapping import value_from
from storage.migrate import newest_step, step_of
from storage.tables.audit import audit_entry

_BATCH = 10_000
"""Entries read at once."""


async def findings(url: str, log_key: LogKey) -> tuple[str, ...]:
    """Return one sentence for each thing wrong with the database at `url`; empty if it is sound.

    Raises:
        DatabaseUnavailable: it does not answer.
    """
    file = _file_of(url)
    if file is not None and not await asyncio.to_thread(file.exists):
        return (f"没有数据库 · no database: {file}",)
    engines = open_engines(url)
    try:
        found = await _of_schema(engines)
        if file is not None:
            async with engines.reading.begin() as connection:
                found += await _of_file(connection)
        if not found:
            async with engines.reading.begin() as connection:
                found += await _of_log(connection, log_key)
    finally:
        await engines.dispose()
    return tuple(found)


def _file_of(url: str) -> Path | None:
    """Return the file of an embedded database; None of one that has a server."""
    parts = make_url(url)
    is_embedded = parts.get_backend_name() == "sqlite" and parts.database is not None
    return Path(str(parts.database)) if is_embedded else None


async def _of_schema(engines: Engines) -> list[str]:
    step = await step_of(engines)
    if step == newest_step():
        return []
    return [f"结构版本 · schema is at {step}, not {newest_step()}: python3 -m server migrate"]


async def _of_file(connection: AsyncConnection) -> list[str]:
    """Ask SQLite for damage; PostgreSQL checks its pages and keeps its foreign keys itself."""
    integrity = (await connection.execute(text("PRAGMA integrity_check"))).scalars()
    keys = await connection.execute(text("PRAGMA foreign_key_check"))
    return [
        *(f"数据库 · database: {line}" for line in integrity if line != "ok"),
        *(f"外键 · foreign key: {table} row {row} has no {parent}" for table, row, parent, _ in keys),
    ]


async def _of_log(connection: AsyncConnection, key: LogKey) -> list[str]:
    """Name the first entry that is not as it was written. The first ones may be older than the key."""
    read, is_sealed = 0, False
    while True:
        query = select(audit_entry).where(audit_entry.c.number > read).order_by(audit_entry.c.number)
        rows = (await connection.execute(query.limit(_BATCH))).all()
        for row in rows:
            is_sealed = is_sealed or row.mac is not None
            if is_sealed and not (row.mac and row.id and key.verifies(value_from(Entry, row), row.mac)):
                return [f"审计日志 · audit log: entry {row.number} was altered, or made with another key"]
        if len(rows) < _BATCH:
            return []
        read = rows[-1].number
