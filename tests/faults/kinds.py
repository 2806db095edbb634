"""The kinds of faults: how each begins and how it ends."""

import errno
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

from tests.disk.disk import Disk

_LEAST_BYTES = 4096
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


def full_disk(disk: Disk) -> Fault:
    """Fills a disk to its last block, and makes room again."""
    ballast = disk.folder / "ballast"

    async def end() -> None:
        ballast.unlink()

    return Fault("disk full", lambda: _fill(ballast), end, (0.5, 3.0))


def slow_disk(disk: Disk) -> Fault:
    """Has a disk take its time, and stand still now and then."""

    async def end() -> None:
        disk.quicken()

    return Fault("slow disk", disk.slow, end, (4.0, 8.0))


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
