"""The process of a disk: answers the kernel, and does what it is told on its standard input.

`mount FOLDER`, `cut ODDS`, `slow`, `quick`: one line each, answered by one. With the end of the
input it unmounts and ends. It takes CAP_SYS_ADMIN and /dev/fuse, and nothing else: see docs/adr/0017.
"""

import ctypes
import os
import sys
import threading
import time
from contextlib import suppress
from random import Random

from tests.disk import messages
from tests.disk.disk import DEVICE
from tests.disk.messages import Op
from tests.disk.operations import Operations
from tests.disk.tree import Tree

_THREADS = 8
"""How many requests a slow disk has in hand at once."""
_NOSUID, _NODEV, _FORCE, _DETACH = 2, 4, 1, 2
_PIECES_MS = (50, 300)
"""How long a slow disk takes for what has to reach it: each sync, each read, and now and then a write."""
_WRITES_THAT_WAIT = 1 / 8
"""The others find room in its memory."""
_STALLS = 1 / 50
"""How often it stops altogether, for all that is asked of it."""
_STALL_S = (1.0, 3.0)

_libc = ctypes.CDLL(None, use_errno=True)
_dice = Random()  # noqa: S311 - moments, and what survives, not secrets


class Slowness:
    """How long requests wait."""

    def __init__(self) -> None:
        """Begin as a disk that is quick."""
        self._quick = threading.Event()
        self._quick.set()
        self._stalled_until = 0.0

    def begin(self) -> None:
        """Be slow from now on."""
        self._quick.clear()

    def end(self) -> None:
        """Be quick again, also for what is waiting."""
        self._stalled_until = 0.0
        self._quick.set()

    def wait(self, op: int) -> None:
        """Wait as long as such a request does."""
        if self._quick.is_set() or op not in {Op.READ, Op.WRITE, Op.FSYNC, Op.FSYNCDIR}:
            return
        if _dice.random() < _STALLS:
            self._stalled_until = time.monotonic() + _dice.uniform(*_STALL_S)
        if op != Op.WRITE or _dice.random() < _WRITES_THAT_WAIT:
            self._quick.wait(_dice.uniform(*_PIECES_MS) / 1000)
        self._quick.wait(max(0.0, self._stalled_until - time.monotonic()))


class Mount:
    """One tree, mounted and without power in turn."""

    def __init__(self, size_bytes: int) -> None:
        """Begin with an empty one, which is not mounted."""
        self._tree = Tree(size_bytes)
        self._lock = threading.Lock()
        self._powered: Operations | None = None
        """What answers; None where there is no power: then nothing is answered at all."""
        self._folder, self._device, self._threads = b"", -1, list[threading.Thread]()
        self.slowness = Slowness()

    def mount(self, folder: str) -> None:
        """Mount it there; what used it before meets errors from now on."""
        self.unmount()
        self._device = os.open(DEVICE, os.O_RDWR | os.O_CLOEXEC)
        options = f"fd={self._device},rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions"
        self._folder = os.fsencode(folder)
        _call(_libc.mount(b"disk", self._folder, b"fuse", _NOSUID | _NODEV, options.encode()))
        self._powered = operations = Operations(self._tree)
        arguments = (self._device, operations)
        self._threads = [threading.Thread(target=self._answer, args=arguments) for _ in range(_THREADS)]
        for thread in self._threads:
            thread.start()

    def unmount(self) -> None:
        """Break off whatever uses it."""
        if self._folder:
            _call(_libc.umount2(self._folder, _FORCE | _DETACH))
            self._folder = b""
            for thread in self._threads:
                thread.join()
            os.close(self._device)

    def cut(self, odds: float) -> None:
        """Fall silent, and keep what was synced; of the rest each bit with these odds."""
        with self._lock:
            self._powered = None
            self._tree.lose_power(lambda: _dice.random() < odds)

    def _answer(self, device: int, operations: Operations) -> None:
        """Answer what is asked at this mount, until it is broken off."""
        buffer = bytearray(messages.MAX_REQUEST_BYTES)
        with suppress(OSError):  # it was unmounted
            while True:
                length = os.readv(device, [buffer])
                asked = messages.parsed(memoryview(buffer)[:length])
                self.slowness.wait(asked.op)
                with self._lock:
                    answer = operations.do(asked) if self._powered is operations else None
                if answer is not None:
                    with suppress(FileNotFoundError):  # who asked was killed meanwhile
                        os.write(device, answer)


def _call(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _obey(mount: Mount, order: str, *words: str) -> None:
    match order, words:
        case "mount", (folder,):
            mount.mount(folder)
        case "cut", (odds,):
            mount.cut(float(odds))
        case "slow", ():
            mount.slowness.begin()
        case "quick", ():
            mount.slowness.end()
        case _:
            raise ValueError(order)


def main() -> None:
    mount = Mount(int(sys.argv[1]))
    try:
        for line in sys.stdin:
            _obey(mount, *line.strip().split(maxsplit=1))
            print("done", flush=True)
    finally:
        mount.unmount()


if __name__ == "__main__":
    main()
