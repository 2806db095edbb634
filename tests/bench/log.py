"""How long `python3 -m server check` takes over a long log, beside the bare driver.

The first argument is how many entries (1,000,000 unless told); the limit is 30 s for a million. Each engine
has a log of as many, and a head that shows it whole. The last line is one JSON object.
"""

import asyncio
import hashlib
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg

from server.audit.entry import Entry, LogKey
from server.audit.heads import HeadKey, TreeHead
from server.audit.merkle import Frontier, leaf_hash
from server.kernel.clock import microseconds_of
from storage.check import Witnesses, check
from storage.head_files import HeadFiles
from storage.migrate import migrate_within
from storage.tables.audit import audit_entry
from tests.databases import LOG_KEY, sqlite_url
from tests.servers.postgresql import PostgresServer

ENTRIES = 1_000_000
BATCH = 10_000
STARTS = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = tuple(column.name for column in audit_entry.columns)
HEAD_KEY = HeadKey(lambda: bytes(32))


def _rows(tree: Frontier, entries: int) -> Iterator[tuple[Any, ...]]:
    """Yields the rows of a log as the product writes them: a page that was read, each a second."""
    for number in range(1, entries + 1):
        case_id, dossier_id = f"{number % 997:026}", f"{number % 1999:026}"
        page = {"case_id": case_id, "dossier_id": dossier_id, "page": number % 300}
        entry = Entry(
            number=number,
            at=STARTS + timedelta(seconds=number),
            actor=f"lawyer:{number % 499:026}",
            event="PageViewed",
            subject=f"dossier:{dossier_id}",
            case_id=case_id,
            details=json.dumps(page),
            origin="192.0.2.17",
            rule="lawyer/read_dossier/own",
        )
        canonical = entry.canonical
        tree.append(leaf_hash(canonical))
        at = microseconds_of(entry.at)
        told = (entry.actor, entry.event, entry.subject, entry.case_id)
        rest = (entry.details, entry.origin, entry.rule)
        yield number, at, *told, *rest, tree.peaks[-1], LOG_KEY.mac(canonical)


def _fill_sqlite(path: Path, entries: int) -> Frontier:
    tree, marks = Frontier(), ", ".join("?" * len(COLUMNS))
    with sqlite3.connect(path) as connection:
        statement = f"INSERT INTO audit_entry ({', '.join(COLUMNS)}) VALUES ({marks})"  # noqa: S608 - ours
        connection.executemany(statement, _rows(tree, entries))
    return tree


async def _fill_postgresql(url: str, entries: int) -> Frontier:
    tree, connection = Frontier(), await asyncpg.connect(url)
    await connection.copy_records_to_table("audit_entry", records=_rows(tree, entries), columns=COLUMNS)
    await connection.close()
    return tree


async def _ours_s(url: str, tree: Frontier, folder: Path) -> float:
    """Checks the log, against a head of the whole; returns how long it took."""
    heads = HeadFiles(folder)
    heads.append(HEAD_KEY.sign(TreeHead(timestamp=0, tree_size=tree.size, root_hash=tree.root)))
    key = LogKey(lambda: bytes(32))
    witnesses = Witnesses(log_key=key, head_key=HEAD_KEY, heads=heads)
    began = time.monotonic()
    report = await check(url, witnesses, lambda _done, _whole: None)
    took_s = time.monotonic() - began
    assert (report.findings, report.entries, report.heads) == ((), tree.size, 1)
    return took_s


def _bare_sqlite_s(path: Path) -> float:
    began = time.monotonic()
    connection = sqlite3.connect(path)
    for row in connection.execute("SELECT * FROM audit_entry ORDER BY number"):
        hashlib.sha256(repr(row).encode()).digest()
    connection.close()
    return time.monotonic() - began


async def _bare_postgresql_s(url: str) -> float:
    began, connection = time.monotonic(), await asyncpg.connect(url)
    async with connection.transaction():
        cursor = connection.cursor("SELECT * FROM audit_entry ORDER BY number", prefetch=BATCH)
        async for row in cursor:
            hashlib.sha256(repr(tuple(row)).encode()).digest()
    await connection.close()
    return time.monotonic() - began


async def main(entries: int) -> None:
    """Measures both engines."""
    took: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "lianbian.db"
        await migrate_within(sqlite_url(path), LOG_KEY)
        tree = _fill_sqlite(path, entries)
        ours_s = await _ours_s(sqlite_url(path), tree, folder / "sqlite")
        took["sqlite"] = {"ours_s": ours_s, "bare_s": _bare_sqlite_s(path)}
        server = PostgresServer()
        try:
            await server.start()
            url = server.url("postgres")
            await migrate_within(url, LOG_KEY)
            tree = await _fill_postgresql(url, entries)
            ours_s = await _ours_s(url, tree, folder / "postgresql")
            took["postgresql"] = {"ours_s": ours_s, "bare_s": await _bare_postgresql_s(url)}
        finally:
            server.remove()
    rounded = {
        engine: {who: round(took_s, 1) for who, took_s in times.items()} for engine, times in took.items()
    }
    print(json.dumps({"entries": entries, "limit_s": 30 * entries / ENTRIES, **rounded}))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES))
