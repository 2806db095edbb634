"""Looks a database, its audit log and the exported tree heads over; tells what is wrong, changes nothing."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.audit.entry import LogKey
from server.audit.heads import HeadKey, HeadRefused, TreeHead, signed_head_from
from server.audit.verification import LogAltered, Verification
from storage.engines import open_engines
from storage.head_files import HeadFiles
from storage.log import SqlLog
from storage.migrate import newest_step, step_of
from storage.retention import SqlRetention
from storage.tables.audit import audit_entry

_BATCH = 10_000
"""Entries read at once."""
_FIELDS = len(audit_entry.columns) - 2
"""An entry's own; subtree and HMAC stand behind them."""

Exported = tuple[Sequence[TreeHead], Sequence[str]]
"""Heads, and a sentence for each line that is none."""
Progress = Callable[[int, int], None]
"""Is told how many things of how many have been looked over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnesses:
    """What the log is held against, none of which lies in the database."""

    log_key: LogKey
    head_key: HeadKey
    heads: HeadFiles
    of_backup: HeadFiles | None = None
    """The heads that a backup brought with it, for one that was restored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found."""

    findings: tuple[str, ...]
    """One sentence for each thing that is wrong, in both languages; empty if all is sound."""
    entries: int = 0
    """How many entries of the log are as they were written."""
    heads: int = 0
    """How many exported heads they were held against."""
    is_readable: bool = True
    """Whether there is a sound database in the schema of today."""


async def check(url: str, witnesses: Witnesses, progress: Progress) -> Report:
    """Look the database at `url` over.

    Raises:
        DatabaseUnavailable: it does not answer.
    """
    unreadable = await why_unreadable(url)
    if unreadable is not None:
        return Report(findings=(unreadable,), is_readable=False)
    # Before the log: of one that grows meanwhile, no head may be newer than what is read.
    exported = await asyncio.to_thread(exported_heads, witnesses)
    engines = open_engines(url)
    try:
        async with engines.reading.begin() as connection:
            damage = await _damage(connection) if _file_of(url) is not None else []
            if damage:
                return Report(findings=tuple(damage), is_readable=False)
            left = await SqlRetention(connection).left_of_erased()
            report = await check_log(SqlLog(connection), witnesses.log_key, exported, progress)
            return replace(report, findings=(*report.findings, *(_not_erased(*each) for each in left)))
    finally:
        await engines.dispose()


async def why_unreadable(url: str) -> str | None:
    """Return why nothing can be asked of the database at `url`, in both languages; None if it can.

    Raises:
        DatabaseUnavailable: it does not answer.
    """
    file = _file_of(url)
    if file is not None and not await asyncio.to_thread(file.exists):
        return f"没有数据库 · no database: {file}"
    engines = open_engines(url)
    try:
        step = await step_of(engines)
    finally:
        await engines.dispose()
    if step == newest_step():
        return None
    return f"结构版本 · schema is at {step}, not {newest_step()}: python3 -m server migrate"


def _not_erased(case_id: str, table: str) -> str:
    return f"已销毁的案件仍有记录 · an erased case has rows left: {case_id} ({table})"


def _file_of(url: str) -> Path | None:
    """Return the file of an embedded database; None of one that has a server."""
    parts = make_url(url)
    is_embedded = parts.get_backend_name() == "sqlite" and parts.database is not None
    return Path(str(parts.database)) if is_embedded else None


async def _damage(connection: AsyncConnection) -> list[str]:
    """Ask SQLite for damage; PostgreSQL checks its pages and keeps its foreign keys itself."""
    integrity = (await connection.execute(text("PRAGMA integrity_check"))).scalars()
    keys = await connection.execute(text("PRAGMA foreign_key_check"))
    return [
        *(f"数据库 · database: {line}" for line in integrity if line != "ok"),
        *(f"外键 · foreign key: {table} row {row} has no {parent}" for table, row, parent, _ in keys),
    ]


async def check_log(log: SqlLog, log_key: LogKey, exported: Exported, progress: Progress) -> Report:
    """Hold the log against its witnesses; the first entry that was altered is named, and none behind it."""
    heads, refused = exported[0], list(exported[1])
    verification = Verification(log_key, heads)
    try:
        await _verify(log, verification, progress)
    except LogAltered as error:
        refused.append(str(error))
    return Report(findings=tuple(refused), entries=verification.entries, heads=len(heads))


async def _verify(log: SqlLog, verification: Verification, progress: Progress) -> None:
    size = await log.size()
    while True:
        try:
            rows = await log.rows(after=verification.entries, limit=_BATCH)
        except DBAPIError as error:
            next_one = verification.entries + 1
            message = f"审计日志第 {next_one} 条起读不出来 · audit log: unreadable from entry {next_one} on"
            raise LogAltered(message) from error
        for row in rows:
            verification.take(row[:_FIELDS], row.subtree, row.mac)
        progress(verification.entries, size)
        if len(rows) < _BATCH:
            break
    verification.end()


def exported_heads(witnesses: Witnesses) -> Exported:
    """Return the exported heads, one for each tree, and a sentence for each line that is no head of ours."""
    heads: dict[tuple[int, bytes], TreeHead] = {}
    refused: list[str] = []
    files = (witnesses.heads, witnesses.of_backup)
    for place, line in (each for kept in files if kept is not None for each in kept.lines()):
        try:
            signed = signed_head_from(line)
            tree = (signed.head.tree_size, signed.head.root_hash)
            if tree not in heads:
                witnesses.head_key.verify(signed)
                heads[tree] = signed.head
        except HeadRefused:
            refused.append(f"树头不是本日志签名的 · tree head {place} was not signed by this log")
    return list(heads.values()), refused
