"""A database in one file: SQLite's own copy, or what PostgreSQL's `pg_dump` writes."""

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, make_url

from storage.files import make_folder, write_whole

_EMBEDDED, _DUMP = "database.sqlite", "database.dump"


class BackupRefused(ValueError):
    """The backup can't be made, or is none, or not the one that was made; says why in both languages."""


def dump(url: str, folder: Path) -> None:
    """Write the database, as it is at one moment, into the folder. Raises `BackupRefused`."""
    parts = make_url(url)
    if parts.get_backend_name() == "sqlite":
        draft = folder / f"{_EMBEDDED}.draft"
        draft.unlink(missing_ok=True)
        with closing(sqlite3.connect(str(parts.database))) as source, closing(sqlite3.connect(draft)) as copy:
            source.backup(copy)
        draft.replace(folder / _EMBEDDED)
    else:
        _postgresql(parts, "pg_dump", "--format=custom", f"--file={folder / _DUMP}")


def load(url: str, folder: Path) -> None:
    """Make the database of what `dump` wrote, whole or not at all. Raises `BackupRefused`."""
    parts = make_url(url)
    if parts.get_backend_name() == "sqlite":
        target = Path(str(parts.database))
        make_folder(target.parent)
        write_whole(target, (folder / _EMBEDDED).read_bytes())
    else:
        options = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
        _postgresql(parts, "pg_restore", *options, str(folder / _DUMP))


def is_there(url: str) -> bool:
    """Tell whether there is a database of ours. Raises `BackupRefused` if it does not answer."""
    parts = make_url(url)
    if parts.get_backend_name() == "sqlite":
        return Path(str(parts.database)).exists()
    told = _postgresql(parts, "psql", "--tuples-only", "--command", "SELECT to_regclass('alembic_version')")
    return bool(told.strip())


def _postgresql(parts: URL, program: str, *arguments: str) -> str:
    """Run one of PostgreSQL's programs on the database; its password stands on no command line."""
    # Made anew: `URL.set` takes None for "as it was", and the password would be shown as stars.
    where = URL.create(
        "postgresql",
        username=parts.username,
        host=parts.host,
        port=parts.port,
        database=parts.database,
        query=parts.query,
    ).render_as_string()
    environment = {**os.environ, **({"PGPASSWORD": parts.password} if parts.password else {})}
    try:
        done = subprocess.run(  # noqa: S603 - our own words, and the operator's address
            (program, f"--dbname={where}", *arguments),
            check=True,
            capture_output=True,
            text=True,
            env=environment,
        )
    except FileNotFoundError:
        message = f"请安装 PostgreSQL 客户端程序 · install PostgreSQL's client programs: {program}"
        raise BackupRefused(message) from None
    except subprocess.CalledProcessError as error:
        raise BackupRefused(f"{program}: {error.stderr.strip()}") from None
    return done.stdout
