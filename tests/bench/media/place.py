"""Where the measured server runs: pinned to one core, where possible behind a veth pair of its own.

Janus does not use the loopback interface, so both servers are measured in a network namespace, at the other
end of a pair of virtual interfaces. Without the right to make one, ours is measured on loopback alone.
"""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

SERVER_CORE = 0
LOAD_CORE = 1
_PRIORITY = 10
"""Of real time: other work on the machine then waits, instead of disturbing the figures."""


@dataclass(frozen=True, slots=True)
class Place:
    """Addresses of the server and of the load generator, and the words before the server's command."""

    server: str
    load: str
    prefix: tuple[str, ...]
    namespace: str | None


LOOPBACK = Place(server="127.0.0.1", load="127.0.0.1", prefix=(), namespace=None)


@asynccontextmanager
async def place() -> AsyncIterator[Place]:
    """Make a network namespace for the server; give loopback where that cannot be done."""
    name = f"media-bench-{os.getpid()}"
    inside, outside = f"mbi{os.getpid()}", f"mbo{os.getpid()}"
    if shutil.which("ip") is None or not await _ip("netns", "add", name):
        yield LOOPBACK
        return
    try:
        made = [
            await _ip(*words)
            for words in (
                ("link", "add", outside, "type", "veth", "peer", "name", inside, "netns", name),
                ("addr", "add", "10.99.0.1/30", "dev", outside),
                ("link", "set", outside, "up"),
                ("-n", name, "addr", "add", "10.99.0.2/30", "dev", inside),
                ("-n", name, "link", "set", inside, "up"),
                ("-n", name, "link", "set", "lo", "up"),
            )
        ]
        prefix = ("ip", "netns", "exec", name)
        yield Place("10.99.0.2", "10.99.0.1", prefix, inside) if all(made) else LOOPBACK
    finally:
        await _ip("netns", "del", name)


async def _ip(*words: str) -> bool:
    process = await asyncio.create_subprocess_exec(
        "ip", *words, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    return await process.wait() == 0


@asynccontextmanager
async def running(where: Place, command: Sequence[str]) -> AsyncIterator[int]:
    """Run a server in its place on its core; give its process id."""
    process = await asyncio.create_subprocess_exec(
        *where.prefix,
        *pinned_words(),
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        # `ip netns exec`, `taskset` and `chrt` become the server by exec: the id stays the same.
        yield process.pid
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), 5)
            except TimeoutError:
                process.kill()
                await process.wait()


def pinned_words() -> tuple[str, ...]:
    """Return the words that pin a command to the server's core, undisturbed by others where that may be."""
    if shutil.which("taskset") is None:
        return ()
    words = ("taskset", "-c", str(SERVER_CORE))
    return (*words, "chrt", "--fifo", str(_PRIORITY)) if may_go_first() else words


def go_first() -> None:
    """Pin this process, the load generator, to its core; undisturbed by others where that may be."""
    if (os.cpu_count() or 1) > LOAD_CORE:
        os.sched_setaffinity(0, {LOAD_CORE})
    may_go_first()


def may_go_first() -> bool:
    """Tell whether real-time priority can be had, by taking it for this process."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))
    except PermissionError:
        return False
    return shutil.which("chrt") is not None


def cpu_s(process: int) -> float:
    """Return the CPU time that all threads of a process have used."""
    files = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(file.read_text().split()[0]) for file in files) / 1e9
