"""Child processes of `serve`: started together, restarted when one dies, ended with their parent.

Each child holds the read end of a pipe as its standard input and ends when that closes, so that none
outlives a parent that was killed without a chance to say so.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog

log = structlog.get_logger()

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
STEADY_S = 30.0
"""A child that ran this long is restarted at once."""
GRACE_S = 3.0
"""How long a child may take to end before it is killed."""


@dataclass(frozen=True, slots=True)
class Child:
    """A process to keep running."""

    name: str
    command: tuple[str, ...]


@asynccontextmanager
async def supervised(children: Sequence[Child]) -> AsyncIterator[None]:
    """Keep `children` running within the block; all have ended when it is left."""
    keepers = [asyncio.create_task(_keep(child), name=child.name) for child in children]
    try:
        yield
    finally:
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)


async def _keep(child: Child) -> None:
    clock = asyncio.get_running_loop()
    pause_s = FIRST_PAUSE_S
    while True:
        started = clock.time()
        try:
            code = await _run(child)
        except OSError as error:  # out of processes, memory or open files, which passes
            log.error("child process can't be started", child=child.name, error=repr(error))  # noqa: TRY400
            code = None
        pause_s = FIRST_PAUSE_S if clock.time() - started > STEADY_S else min(pause_s * 2, LONGEST_PAUSE_S)
        log.error("child process ended", child=child.name, code=code, restart_in_s=pause_s)
        await asyncio.sleep(pause_s)


async def _run(child: Child) -> int:
    process = await asyncio.create_subprocess_exec(*child.command, stdin=asyncio.subprocess.PIPE)
    try:
        return await process.wait()
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), GRACE_S)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def stop_event() -> asyncio.Event:
    """Return an event that is set by the signals, also where a shell started us with them ignored."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped
