"""What every test may ask for: a clock that stands, a migrated database, a running application.

`--engine postgresql` has the tests that are written for any engine use PostgreSQL.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
import structlog
from hypothesis import HealthCheck, settings

from server.kernel.events import Job
from storage.bus import LocalBus
from storage.database import Database
from tests.databases import LOG_KEY, Databases, Engine
from tests.disk.disk import Disk, disk, why_no_disk
from tests.fakes.clock import SetClock
from tests.servers.seaweed import SeaweedServer
from tests.servers.valkey import ValkeyServer

settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""How long an example takes says more about the machine's other work than about ours."""
settings.load_profile("busy")

structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.KeyValueRenderer(key_order=["level", "event"]),
    ]
)
"""As the product does. By default every local variable of a traceback is drawn, which takes minutes."""


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


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    made = Databases()
    yield made
    made.remove()


@pytest.fixture
def engine(pytestconfig: pytest.Config) -> Engine:
    """The engine that `database_url` is of."""
    return Engine(pytestconfig.getoption("engine"))


@pytest.fixture
async def database_url(databases: Databases, engine: Engine, tmp_path: Path) -> str:
    """A migrated database."""
    return await databases.copy(engine, tmp_path)


@pytest.fixture
async def postgresql_url(databases: Databases, tmp_path: Path) -> str:
    """A migrated database on PostgreSQL."""
    return await databases.copy(Engine.POSTGRESQL, tmp_path)


@pytest.fixture
async def database(
    database_url: str, clock: SetClock, bus: LocalBus, jobs: list[Job]
) -> AsyncIterator[Database]:
    async def enqueue(job: Job) -> None:
        jobs.append(job)

    opened = Database(database_url, bus=bus, clock=clock, enqueue=enqueue, log_key=LOG_KEY)
    yield opened
    await opened.close()


@pytest.fixture
async def valkey() -> AsyncIterator[ValkeyServer]:
    """A server of the Redis protocol, which the test may kill."""
    server = ValkeyServer()
    await server.start()
    yield server
    server.remove()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _seaweed() -> AsyncIterator[SeaweedServer]:
    """One server a process: it takes seconds to start."""
    server = SeaweedServer()
    await server.start()
    yield server
    server.remove()


@pytest.fixture
async def seaweed(_seaweed: SeaweedServer) -> SeaweedServer:
    """An empty S3 server; who kills it starts it again."""
    _seaweed.empty()
    return _seaweed


@pytest.fixture
def own_disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk of the test's own, whose power it may cut."""
    if missing := why_no_disk():
        pytest.skip(f"power cuts, full disks and slow ones are left out: {missing}")
    with disk(tmp_path / "disk") as made:
        yield made


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=tuple(Engine), default=Engine.SQLITE)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tells how many cells of the permission matrix were asked."""
    reports = terminalreporter.stats.get("passed", [])
    cells = sum(count for report in reports for name, count in report.user_properties if name == "cells")
    if cells:
        terminalreporter.write_line(f"permission matrix: {cells} cells asked")
