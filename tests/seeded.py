"""The demo province as it is made at the tests' usual moment: made once a process, copied for each test."""

import asyncio
import tempfile
from functools import cache
from pathlib import Path

from server.demo.seed import seed
from storage.bus import LocalBus
from storage.database import Database
from storage.migrate import migrate_sqlite
from storage.queue import LocalQueue
from tests.fakes.clock import SetClock


async def copy_province(to: Path) -> None:
    """Writes a database with the demo province to the file `to`."""
    await asyncio.to_thread(lambda: to.write_bytes(_made()))


@cache
def _made() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lianbian.db"
        migrate_sqlite(path)
        asyncio.run(_seed(path))
        return path.read_bytes()


async def _seed(path: Path) -> None:
    database = Database(
        f"sqlite+aiosqlite:///{path}", bus=LocalBus(), clock=SetClock(), enqueue=LocalQueue({}).enqueue
    )
    await seed(database, SetClock())
    async with database.transaction():
        """The last connection to close moves all from the log into the file."""
    await database.close()
