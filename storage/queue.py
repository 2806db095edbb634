"""The queue: taskiq behind the kernel's `Job`, in this process or on Redis.

A job is a hint, so nothing is lost with the process or with Redis: what is left to do is derived from the
database.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from typing import Any

import structlog
from aiohttp import web
from taskiq import AsyncBroker, AsyncTaskiqDecoratedTask, InMemoryBroker

from server.kernel.events import Job
from server.kernel.objects import StorageUnavailable
from server.kernel.transaction import DatabaseUnavailable

log = structlog.get_logger()

Run = Callable[[str], Awaitable[None]]
"""Does the work of one job for the record whose key it is given."""


class TaskQueue:
    """Hands jobs to a broker of taskiq's."""

    def __init__(self, broker: AsyncBroker) -> None:
        """Begin without any job."""
        self.broker = broker
        self._tasks: dict[str, AsyncTaskiqDecoratedTask[[str], Coroutine[Any, Any, None]]] = {}

    def add(self, name: str, run: Run) -> None:
        """Let jobs called `name` be run by `run`; for what itself needs the database that needs the queue."""
        self._tasks[name] = self.broker.register_task(_logged(name, run), task_name=name)

    async def enqueue(self, job: Job) -> None:
        """Have the job done soon; returns at once. A failure is logged and hurts nobody else."""
        await self._tasks[job.name].kiq(job.key)

    async def run(self, _app: web.Application) -> AsyncIterator[None]:
        """Hand in jobs while the application runs; what runs in this process at the end is waited for."""
        await self.broker.startup()
        yield
        await self.broker.shutdown()


class LocalQueue(TaskQueue):
    """Runs jobs in this process, beside the requests."""

    def __init__(self, jobs: Mapping[str, Run]) -> None:
        """Keep what runs under which name."""
        super().__init__(InMemoryBroker())
        for name, run in jobs.items():
            self.add(name, run)


def _logged(name: str, run: Run) -> Callable[[str], Coroutine[Any, Any, None]]:
    async def task(key: str) -> None:
        try:
            await run(key)
        except (DatabaseUnavailable, StorageUnavailable) as outage:
            log.warning("a job was left for later", job=name, key=key, outage=type(outage).__name__)
        except Exception:
            log.exception("job failed", job=name, key=key)

    return task
