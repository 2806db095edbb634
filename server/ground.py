"""What the web process and the worker both stand on, chosen by the settings.

Embedded: SQLite, a directory, bus and queue in this process, which then runs the jobs too. With Redis, the
web processes of all nodes hear each other, and workers take the jobs.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from server.audit.entry import LogKey
from server.casefiles.ingest import Ingest
from server.casefiles.uploads import SPLIT_DOSSIER
from server.http.pace import Counts
from server.kernel.clock import Clock
from server.kernel.events import Bus
from server.pdf.renderer import Renderer
from server.people.sealing import AesSealer
from server.settings import Settings
from storage.blobs import Blobs
from storage.bus import LocalBus
from storage.counts import LocalCounts
from storage.database import Database
from storage.envelope import Suite
from storage.key_file import key_in
from storage.key_ring import CaseKeys
from storage.local_blobs import LocalBlobs
from storage.master_keys import MasterKeys
from storage.objects import SealedStore
from storage.queue import LocalQueue, TaskQueue

Run = Callable[[web.Application], AsyncIterator[None]]
"""Something that lives beside the requests: runs up to its `yield` at the start, beyond it at the end."""


@dataclass(frozen=True, slots=True)
class _Lines:
    """How a process talks with others."""

    bus: Bus
    queue: TaskQueue
    counts: Counts
    hears_nodes: Callable[[], bool] | None = None
    """Tells whether other nodes are heard; None where there are none."""
    runs: tuple[Run, ...] = ()


def _through_redis(url: str) -> _Lines:
    from storage.redis import RedisBus, RedisCounts, RedisQueue  # noqa: PLC0415 - the embedded start need not

    bus, counts = RedisBus(url), RedisCounts(url)
    return _Lines(
        bus, RedisQueue(url), counts, hears_nodes=lambda: bus.is_connected, runs=(bus.run, counts.run)
    )


def _within_this_process() -> _Lines:
    return _Lines(LocalBus(), LocalQueue({}), LocalCounts())


@dataclass(frozen=True, slots=True)
class _Store:
    """Where encrypted bytes are kept."""

    blobs: Blobs
    ping: Callable[[], Awaitable[None]] | None = None
    """Asks a server whether it answers; None where there is none to ask."""


def _store(settings: Settings) -> _Store:
    if not settings.objects_url:
        return _Store(LocalBlobs(settings.objects_dir))
    from storage.s3 import S3Blobs  # noqa: PLC0415 - the embedded start need not load it

    blobs = S3Blobs(settings.objects_url)
    return _Store(blobs, blobs.ping)


def _suite(settings: Settings) -> Suite:
    try:
        return Suite(settings.object_cipher)
    except ValueError:
        message = f"LIANBIAN_OBJECT_CIPHER: {' / '.join(Suite)}, not {settings.object_cipher!r}"
        raise ValueError(message) from None


class Ground:
    """What every part stands on."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Make it; nothing is opened before the application starts."""
        self.settings = settings
        self.clock = clock
        lines = _through_redis(settings.redis_url) if settings.redis_url else _within_this_process()
        self.bus, self.queue, self.counts = lines.bus, lines.queue, lines.counts
        self.hears_nodes = lines.hears_nodes
        self._runs = lines.runs
        self.database = Database(
            settings.database,
            bus=self.bus,
            clock=clock,
            enqueue=self.queue.enqueue,
            log_key=LogKey(partial(key_in, settings.log_key)),
        )
        store = _store(settings)
        suite = _suite(settings)
        self.case_keys = CaseKeys(self.database, MasterKeys(settings.master_keys), clock, suite)
        self.objects = SealedStore(store.blobs, self.case_keys, suite)
        self.blobs = store.blobs
        self.ping_objects = store.ping
        self.sealer = AesSealer(partial(key_in, settings.credential_key))

    @property
    def runs_jobs(self) -> bool:
        """Tell whether this process runs the jobs that it hands in."""
        return isinstance(self.queue, LocalQueue)

    @property
    def runs(self) -> tuple[Run, ...]:
        """What lives beside everything else, in the order of its start."""
        return (self._keep_database, *self._runs, self.queue.run)

    def ingest(self, renderer: Renderer) -> Ingest:
        """Make what splits dossiers, and have the queue know it."""
        ingest = Ingest(
            units=self.database,
            turns=self.database,
            objects=self.objects,
            renderer=renderer,
            bus=self.bus,
            clock=self.clock,
        )
        self.queue.add(SPLIT_DOSSIER, ingest.split)
        return ingest

    async def _keep_database(self, _app: web.Application) -> AsyncIterator[None]:
        """Refuse to start without the master key; close the database when all else has ended."""
        await self.case_keys.recognise()
        yield
        await self.database.close()
