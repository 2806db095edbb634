"""Breaks what the server stands on, under clients that write, and asks afterwards what is there.

As in `killing`, each write is claimed once its answer is read; here it is not the server that dies, but what
it needs that fails. A client whose write was refused for that (503, `Retry-After`) tries another.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

from aiohttp import ClientError, ClientSession

from server.settings import Settings
from storage.database import Database
from tests.browser.installations import working
from tests.databases import beside
from tests.disk.disk import disk, why_no_disk
from tests.faults.killing import UnexpectedAnswer, Workload, browsing, lost
from tests.faults.kinds import (
    Fault,
    Server,
    clock_jump,
    death,
    full_disk,
    lasting,
    partition,
    slow_disk,
)
from tests.faults.off_clock import FILE
from tests.faults.serving import Served, serving
from tests.servers.postgresql import PostgresServer
from tests.servers.seaweed import SeaweedServer
from tests.servers.valkey import ValkeyServer

OFF_CLOCK: Final = "tests.faults.off_clock"
CLOCK_JUMPS_S: Final = (-3600, 7200)
_AGAIN_S = 0.05
_SETTLE_S = 120.0


@dataclass(slots=True)
class Broken:
    """What came of one fault, again and again."""

    acknowledged: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    doubled: int = 0
    back_s: list[float] = field(default_factory=list)
    """After each end of the fault, how long until a write of every kind was acknowledged again."""


@dataclass(frozen=True, slots=True)
class House:
    """An application under way, and what can befall it."""

    served: Served
    database: Database
    faults: tuple[Fault, ...]


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[House]:
    """Runs a web process and a worker on PostgreSQL, Redis and S3 of their own, with the demo province."""
    postgresql, valkey, seaweed = PostgresServer(), ValkeyServer(), SeaweedServer()
    servers: dict[str, Server] = {"PostgreSQL": postgresql, "Redis": valkey, "S3": seaweed}
    try:
        for each in servers.values():
            await each.start()
        url = postgresql.url(postgresql.create("template0"))
        environment = {
            "LIANBIAN_DATABASE_URL": url,
            "LIANBIAN_REDIS_URL": valkey.url,
            "LIANBIAN_OBJECTS_URL": seaweed.url,
            "LIANBIAN_KEYS_DIR": str(folder / "keys"),
        }
        faults = [kind(name, server) for kind in (death, partition) for name, server in servers.items()]
        async with serving(folder / "data", environment=environment) as served, working(environment):
            database = beside(Settings(database_url=url, keys_dir=folder / "keys"))
            try:
                yield House(served, database, tuple(faults))
            finally:
                await database.close()
    finally:
        postgresql.remove()
        valkey.remove()
        seaweed.remove()


@asynccontextmanager
async def cottage(folder: Path) -> AsyncIterator[House]:
    """Runs one process on the embedded defaults, with a clock and, where it can be, a disk of its own."""
    data, clock = folder / "data", folder / "clock"
    clock.write_text("0", encoding="ascii")
    with ExitStack() as stack:
        faults = [clock_jump(clock, by_s) for by_s in CLOCK_JUMPS_S]
        if not why_no_disk():
            own = stack.enter_context(disk(data))
            faults += [full_disk(own), slow_disk(own)]
        async with serving(data, module=OFF_CLOCK, environment={FILE: str(clock)}) as served:
            database = beside(Settings(data_dir=data))
            try:
                yield House(served, database, tuple(faults))
            finally:
                await database.close()


@dataclass(frozen=True, slots=True)
class Least:
    """How much has to happen at least."""

    rounds: int
    writes: int = 0
    """Acknowledged ones, of all workloads together."""

    def reached(self, rounds: int, workloads: Sequence[Workload[Any]]) -> bool:
        """Tells whether it has."""
        return rounds >= self.rounds and sum(len(each.claims) for each in workloads) >= self.writes


async def break_repeatedly(
    made: House, fault: Fault, workloads: Sequence[Workload[Any]], least: Least, dice: Random
) -> Broken:
    """Has one fault befall the house again and again under the workloads, which go on all along."""
    broken = Broken()
    async with browsing(made.served) as browser:
        for workload in workloads:
            await workload.prepare(made.database, browser)
        ending = asyncio.Event()
        writers = [asyncio.create_task(_write_on(each, browser, fault, ending)) for each in workloads]
        try:
            await _acknowledged_anew(workloads, writers)
            while not least.reached(len(broken.back_s), workloads):
                async with lasting(fault):
                    await asyncio.sleep(dice.uniform(*fault.lasts_s))
                broken.back_s.append(await _acknowledged_anew(workloads, writers))
        finally:
            ending.set()
            await asyncio.gather(*writers)
        for workload in workloads:
            broken.lost += await lost(workload, browser, since=0)
            broken.acknowledged[workload.name] = len(workload.claims)
            async with made.database.reading() as tx:
                broken.doubled += await workload.doubled(tx)
    return broken


async def _acknowledged_anew(
    workloads: Sequence[Workload[Any]], writers: Sequence[asyncio.Task[None]]
) -> float:
    """Waits until a write of every kind was acknowledged; returns the seconds that it took."""
    began, before = time.monotonic(), [len(each.claims) for each in workloads]
    async with asyncio.timeout(_SETTLE_S):
        while any(len(each.claims) <= count for each, count in zip(workloads, before, strict=True)):
            for writer in writers:
                if writer.done():
                    await writer
            await asyncio.sleep(_AGAIN_S)
    return time.monotonic() - began


async def _write_on(
    workload: Workload[Any], browser: ClientSession, fault: Fault, ending: asyncio.Event
) -> None:
    """Writes until the end; what is refused because of the fault is tried anew."""
    while not ending.is_set():
        try:
            await workload.write(browser)
        except UnexpectedAnswer as refusal:
            if refusal.status not in fault.refusals:
                raise
            await asyncio.sleep(_AGAIN_S)
        except (ClientError, ConnectionError, TimeoutError):
            await asyncio.sleep(_AGAIN_S)
