"""What every test may ask for: a clock that stands, a migrated database, a running application."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from server.kernel.events import Job
from storage.bus import LocalBus
from storage.database import Database
from storage.migrate import migrate_sqlite
from tests.fakes.clock import SetClock

settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""How long an example takes says more about the machine's other work than about ours."""
settings.load_profile("busy")


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def bus() -> LocalBus:
    return LocalBus()


@pytest.fixture
def jobs() -> list[Job]:
    """The jobs that were enqueued by `database`."""
    return []


@pytest.fixture
async def database(
    tmp_path: Path, clock: SetClock, bus: LocalBus, jobs: list[Job]
) -> AsyncIterator[Database]:
    path = tmp_path / "lianbian.db"
    migrate_sqlite(path)

    async def enqueue(job: Job) -> None:
        jobs.append(job)

    opened = Database(f"sqlite+aiosqlite:///{path}", bus=bus, clock=clock, enqueue=enqueue)
    yield opened
    await opened.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tells how many cells of the permission matrix were asked."""
    reports = terminalreporter.stats.get("passed", [])
    cells = sum(count for report in reports for name, count in report.user_properties if name == "cells")
    if cells:
        terminalreporter.write_line(f"permission matrix: {cells} cells asked")
