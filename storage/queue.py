"""The in-process queue: taskiq's in-memory broker, behind the kernel's `Job`.

A job is a hint, so nothing is lost with the process: each feature derives what is left to do from the
database when it starts.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from typing import Any

import structlog
from aiohttp import web
from taskiq import AsyncTaskiqDecoratedTask, InMemoryBroker

from server.kernel.events import Job

log = structlog.get_logger()

Run = Callable[[str], Awaitable[None]]
"""Does the work of one job for the record whose key it is given."""


class LocalQueue:
    """Runs jobs in this process, beside the requests."""

    def __init__(self, jobs: Mapping[str, Run]) -> None:
        """Keep what runs under which name."""
        self._broker = InMemoryBroker()
        self._tasks: dict[str, AsyncTaskiqDecoratedTask[[str], Coroutine[Any, Any, None]]] = {}
        for name, run in jobs.items():
            self.add(name, run)

    def add(self, name: str, run: Run) -> None:
        """Let jobs called `name` be run by `run`; for what itself needs the database that needs the queue."""
        self._tasks[name] = self._broker.register_task(_logged(name, run), task_name=name)

    async def enqueue(self, job: Job) -> None:
        """Start the job soon; returns at once. A failure is logged and hurts nobody else."""
        await self._tasks[job.name].kiq(job.key)

    async def run(self, _app: web.Application) -> AsyncIterator[None]:
        """Take jobs while the application runs; what is under way at the end is waited for."""
        await self._broker.startup()
        yield
        await self._broker.shutdown()


def _logged(name: str, run: Run) -> Callable[[str], Coroutine[Any, Any, None]]:
    async def task(key: str) -> None:
        try:
            await run(key)
        except Exception:
            log.exception("job failed", job=name, key=key)

    return task
