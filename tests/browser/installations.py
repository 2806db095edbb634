"""The real processes of an installation: one on embedded defaults, and one of several nodes."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.serving import Served, serving


@dataclass(frozen=True, slots=True)
class Installation:
    """Web processes; those who meet go to the first, as a balancer by meeting would send them."""

    nodes: tuple[Served, ...]

    @property
    def meetings(self) -> Served:
        """Where people meet."""
        return self.nodes[0]

    @property
    def other(self) -> Served:
        """Where everybody else goes: another node, if there is one."""
        return self.nodes[-1]

    def said(self) -> str:
        """Returns what every process said."""
        return "\n".join(node.said() for node in self.nodes)


@asynccontextmanager
async def embedded(folder: Path) -> AsyncIterator[Installation]:
    """Runs one process on SQLite and a directory."""
    async with serving(folder / "data") as served:
        yield Installation((served,))


@asynccontextmanager
async def of_two_nodes(folder: Path, environment: Mapping[str, str]) -> AsyncIterator[Installation]:
    """Runs two web processes and a worker on what `environment` names, with the same keys."""
    environment = {**environment, "LIANBIAN_KEYS_DIR": str(folder / "keys")}
    async with (
        serving(folder / "first", environment=environment) as first,
        serving(folder / "second", environment=environment) as second,
        working(environment),
    ):
        yield Installation((first, second))


@asynccontextmanager
async def working(environment: Mapping[str, str]) -> AsyncIterator[None]:
    """Runs a worker, which must end by itself only when it is told to."""
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "server", "worker"), env={**os.environ, **environment}
    )
    try:
        yield
        assert worker.returncode is None, "the worker ended by itself"
    finally:
        if worker.returncode is None:
            worker.terminate()
        assert await asyncio.wait_for(worker.wait(), 60) == 0
