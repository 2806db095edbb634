"""A disk of the tests' own: small, slow when asked, and cut off from its power; gone with who started it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SIZE_BYTES = 256 << 20
"""The demo province takes a quarter of it."""
_CAP_SYS_ADMIN = 21
DEVICE = Path("/dev/fuse")


def why_no_disk() -> str:
    """Returns what a disk of the tests' own takes and is not here; empty where it can be had."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    effective = next(line for line in status.splitlines() if line.startswith("CapEff:"))
    if not int(effective.split()[1], 16) >> _CAP_SYS_ADMIN & 1:
        return "it takes root (CAP_SYS_ADMIN) to mount a disk"
    try:
        os.close(os.open(DEVICE, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        return f"it takes {DEVICE} to make a disk ({error.strerror})"
    return ""


class Disk:
    """A disk in a process of its own, mounted at one folder."""

    def __init__(self, folder: Path) -> None:
        """Mounts an empty one."""
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self._process = subprocess.Popen(
            (sys.executable, "-m", "tests.disk", str(_SIZE_BYTES)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.mount()

    def mount(self) -> None:
        """Mounts it anew; whoever used it before meets errors."""
        self._order(f"mount {self.folder}")

    def cut(self, *, odds: float) -> None:
        """Takes its power away: it answers nothing any more, until it is mounted anew.

        What was synced stays; of the rest each bit does with these odds, a sector here, a name there.
        """
        self._order(f"cut {odds}")

    def slow(self) -> None:
        """Has it take its time, and stand still now and then."""
        self._order("slow")

    def quicken(self) -> None:
        """Has it be quick again."""
        self._order("quick")

    def remove(self) -> None:
        """Unmounts it, and forgets all."""
        self._process.communicate()
        assert self._process.returncode == 0

    def _order(self, order: str) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(order, file=self._process.stdin, flush=True)
        assert self._process.stdout.readline() == "done\n", f"the disk could not: {order}"


@contextmanager
def disk(folder: Path) -> Iterator[Disk]:
    """Has a disk mounted at `folder`, where `why_no_disk` says nothing."""
    made = Disk(folder)
    try:
        yield made
    finally:
        made.remove()
