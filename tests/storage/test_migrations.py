from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, Table, func, insert, select, text

from storage.engines import open_engines
from storage.migrate import migrate_within, steps
from tests.databases import LOG_KEY, Content, Databases, Engine, migrate_to

VALUES: dict[type, object] = {
    bool: True, bytes: b"x", date: date(2026, 9, 28), float: 1.0, int: 1, object: {}, str: "x"
}  # fmt: skip
TAKEN_AWAY = {"alembic_version", "session"}
"""Tables whose rows a step ends on purpose."""


def _row(table: Table, made: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Returns a row that refers to those of other tables wherever it can."""
    row: dict[str, Any] = {}
    for column in table.columns:
        parents = [made[key.column.table.name][key.column.name] for key in column.foreign_keys
                   if key.column.table.name in made]  # fmt: skip
        if parents:
            row[column.name] = parents[0]
        elif not column.nullable:
            row[column.name] = VALUES[column.type.python_type]
    return row


def _fill(connection: Connection, made: dict[str, dict[str, Any]]) -> None:
    """Puts a row into each table that is new."""
    known = MetaData()
    known.reflect(connection)
    for table in known.sorted_tables:
        if table.name not in made.keys() | TAKEN_AWAY:
            made[table.name] = _row(table, made)
            connection.execute(insert(table).values(made[table.name]))


async def test_each_step_keeps_what_every_table_holds(
    databases: Databases, engine: Engine, tmp_path: Path
) -> None:
    url = await databases.copy(engine, tmp_path, Content.FIRST_STEP)
    made: dict[str, dict[str, Any]] = {}
    for step in steps():
        await migrate_to(url, step)
        engines = open_engines(url)
        async with engines.writing.begin() as connection:
            await connection.run_sync(_fill, made)
        await engines.dispose()
    await migrate_within(url, LOG_KEY)
    engines = open_engines(url)
    async with engines.reading.begin() as connection:
        for name in made:
            query = select(func.count()).select_from(text(name))
            assert (await connection.execute(query)).scalar_one() == 1, name
        fact = await connection.execute(text("SELECT at, recorded_at, withdrawn FROM case_fact"))
        assert fact.one() == (1, 1, False), "of one from before is known when it happened alone"
    await engines.dispose()
