"""Breaks what the server stands on, under clients that write, and asks afterwards what is there.

As in `killing`, each write is claimed once its answer is read; here it is PostgreSQL, Redis or the S3 store
that dies and comes back. A client whose write was refused for that (503, `Retry-After`) tries another.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path
from random import Random
from typing import Any, Protocol

from aiohttp import ClientError, ClientSession

from server.audit.entry import LogKey
from server.kernel.clock import SystemClock
from server.settings import Settings
from storage.bus import LocalBus
from storage.database import Database
from storage.key_file import key_in
from storage.queue import LocalQueue
from tests.browser.installations import working
from tests.faults.killing import UnexpectedAnswer, Workload, browsing, lost
from tests.faults.serving import Served, serving
from tests.servers.postgresql import PostgresServer
from tests.servers.seaweed import SeaweedServer
from tests.servers.valkey import ValkeyServer

DOWN_S = (0.2, 1.5)
"""How long what was killed stays away."""
_AGAIN_S = 0.05
_SETTLE_S = 120.0


class Server(Protocol):
    """Something that can die and come back with what it had acknowledged."""

    async def start(self) -> None:
        """Starts it and waits until it answers."""
        ...

    def kill(self) -> None:
        """Ends it without warning."""
        ...


@dataclass(slots=True)
class Broken:
    """What came of breaking one server again and again."""

    acknowledged: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    doubled: int = 0
    back_s: list[float] = field(default_factory=list)
    """After each return of the server, how long until a write of every kind was acknowledged again."""


@dataclass(frozen=True, slots=True)
class House:
    """An application on real servers."""

    served: Served
    database: Database
    servers: dict[str, Server]


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
        key = Settings(keys_dir=folder / "keys").log_key
        async with serving(folder / "data", environment=environment) as served, working(environment):
            database = Database(
                url,
                bus=LocalBus(),
                clock=SystemClock(),
                enqueue=LocalQueue({}).enqueue,
                log_key=LogKey(partial(key_in, key)),
            )
            yield House(served, database, servers)
            await database.close()
    finally:
        postgresql.remove()
        valkey.remove()
        seaweed.remove()


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
    made: House, server: str, workloads: Sequence[Workload[Any]], least: Least, dice: Random
) -> Broken:
    """Kills one server again and again under the workloads, which go on all along."""
    broken, failing = Broken(), made.servers[server]
    async with browsing(made.served) as browser:
        for workload in workloads:
            await workload.prepare(made.database, browser)
        ending = asyncio.Event()
        writers = [asyncio.create_task(_write_on(each, browser, ending)) for each in workloads]
        try:
            await _acknowledged_anew(workloads, writers)
            while not least.reached(len(broken.back_s), workloads):
                await asyncio.to_thread(failing.kill)
                await asyncio.sleep(dice.uniform(*DOWN_S))
                await failing.start()
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


async def _write_on(workload: Workload[Any], browser: ClientSession, ending: asyncio.Event) -> None:
    """Writes until the end; what is refused because a server is away is tried anew."""
    while not ending.is_set():
        try:
            await workload.write(browser)
        except UnexpectedAnswer as refusal:
            if refusal.status != HTTPStatus.SERVICE_UNAVAILABLE:
                raise
            await asyncio.sleep(_AGAIN_S)
        except (ClientError, ConnectionError, TimeoutError):
            await asyncio.sleep(_AGAIN_S)
