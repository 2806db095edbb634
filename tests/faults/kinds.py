"""The kinds of faults: how each begins and how it ends."""

import errno
import os
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

_DISK = "256m"
"""The size of the disk that is filled; the demo province takes a quarter of it."""
_LEAST_BYTES = 4096
_CAP_SYS_ADMIN = 21
_LATE = frozenset({HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.CONFLICT, HTTPStatus.OK})
"""Two hours ahead, a slot is held no longer: its page shows no hold, and it can't be booked."""


class Server(Protocol):
    """Something that can die, or fall silent, and come back with what it had acknowledged."""

    async def start(self) -> None:
        """Starts it and waits until it answers."""
        ...

    def kill(self) -> None:
        """Ends it without warning."""
        ...

    def freeze(self) -> None:
        """Has it keep its connections and answer nothing."""
        ...

    def thaw(self) -> None:
        """Has it answer again."""
        ...


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault of one thing."""

    name: str
    begin: Callable[[], None]
    end: Callable[[], Awaitable[None]]
    lasts_s: tuple[float, float]
    """How long it lasts, at least and at most."""
    refusals: frozenset[int] = frozenset({HTTPStatus.SERVICE_UNAVAILABLE})
    """How a write may be refused for it."""


def death(name: str, server: Server) -> Fault:
    """Kills a server and starts it again."""
    return Fault(f"kill -9 {name}", server.kill, server.start, (0.2, 1.5))


def partition(name: str, server: Server) -> Fault:
    """Has a server neither answer nor hang up, as when packets are lost on the way."""

    async def end() -> None:
        server.thaw()

    return Fault(f"partition {name}", server.freeze, end, (0.5, 6.0))


def may_mount() -> bool:
    """Tells whether this process may mount (CAP_SYS_ADMIN): root may, save in most containers."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    effective = next(line for line in status.splitlines() if line.startswith("CapEff:"))
    return bool(int(effective.split()[1], 16) >> _CAP_SYS_ADMIN & 1)


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Mounts a disk of its own at `folder`, where `may_mount`."""
    folder.mkdir()
    subprocess.run(("/bin/mount", "-t", "tmpfs", "-o", f"size={_DISK}", "none", str(folder)), check=True)
    try:
        yield
    finally:
        subprocess.run(("/bin/umount", str(folder)), check=True)


def full_disk(folder: Path) -> Fault:
    """Fills the disk of `folder` to its last block, and makes room again."""
    ballast = folder / "ballast"

    async def end() -> None:
        ballast.unlink()

    return Fault("disk full", lambda: _fill(ballast), end, (0.5, 3.0))


def _fill(ballast: Path) -> None:
    size, step = 0, 1 << 26
    with ballast.open("wb") as file:
        while step >= _LEAST_BYTES:
            try:
                os.posix_fallocate(file.fileno(), size, step)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                step //= 2
            else:
                size += step


def clock_jump(file: Path, by_s: int) -> Fault:
    """Puts the clock of a process of `off_clock` forward or back, and right again."""

    def put_off(seconds: int) -> None:
        file.write_text(str(seconds), encoding="ascii")

    async def end() -> None:
        put_off(0)

    return Fault(f"clock {by_s / 3600:+.0f} h", lambda: put_off(by_s), end, (0.5, 3.0), _LATE)


@asynccontextmanager
async def lasting(fault: Fault) -> AsyncIterator[None]:
    """Has the fault last as long as the block, and no longer."""
    fault.begin()
    try:
        yield
    finally:
        await fault.end()
