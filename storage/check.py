"""Looks an embedded database over and tells what is wrong with it; changes nothing."""

import sqlite3
from contextlib import closing
from pathlib import Path

from storage.migrate import newest_step, step_of


def findings(path: Path) -> tuple[str, ...]:
    """Return one sentence for each thing wrong with the database at `path`; empty if it is sound."""
    if not path.exists():
        return (f"没有数据库 · no database: {path}",)
    found: list[str] = []
    if (step := step_of(path)) != newest_step():
        found.append(f"结构版本 · schema is at {step}, not {newest_step()}: python3 -m server migrate")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        found += [
            f"数据库 · database: {row[0]}"
            for row in connection.execute("PRAGMA integrity_check")
            if row[0] != "ok"
        ]
        found += [
            f"外键 · foreign key: {table} row {row} has no {parent}"
            for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check")
        ]
    return tuple(found)
