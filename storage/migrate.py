"""Brings a database to the newest schema.

Alembic takes a quarter of a second to import, so a start first asks the database which step it is at and
loads Alembic only when there is something to do.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

_STEPS = Path(__file__).parent / "migrations"


def newest_step() -> str:
    """Return the name of the last step; steps are numbered files, so the newest sorts last."""
    return max(path.stem for path in (_STEPS / "versions").glob("[0-9]*.py"))


def migrate_sqlite(path: Path) -> None:
    """Create or migrate the embedded database at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if step_of(path) != newest_step():
        _upgrade(f"sqlite:///{path.resolve()}")


def step_of(path: Path) -> str | None:
    """Return the step that the database at `path` is at, None if it is new."""
    if not path.exists():
        return None
    with closing(sqlite3.connect(path)) as connection:
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError:
            return None
        return None if row is None else str(row[0])


def _upgrade(url: str) -> None:
    from alembic import command  # noqa: PLC0415 - see the module's docstring
    from alembic.config import Config  # noqa: PLC0415
    from sqlalchemy import create_engine  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_STEPS))
    engine = create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()
