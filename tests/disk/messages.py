"""The messages between the kernel and a file system of a process, as bytes (include/uapi/linux/fuse.h, 7.31).

What a file system in one process's memory needs of them; to any other the kernel is told that there is none.
"""

import struct
from enum import IntEnum
from typing import Final, NamedTuple

from tests.disk.tree import PAGE_BYTES, File, Node, Tree

MAX_WRITE_BYTES: Final = 64 * 1024
MAX_REQUEST_BYTES: Final = MAX_WRITE_BYTES + 4096

_FOR_EVER_S = 1 << 30
"""Nobody changes anything behind the kernel's back, so that what it was told is true until it changes it."""
_NAME_BYTES = 255
_ASYNC_READ, _BIG_WRITES, _PARALLEL_DIROPS = 1 << 0, 1 << 5, 1 << 18
_KEEP_CACHE = 1 << 1


Form = struct.Struct
"""The numbers with which a request's body begins."""


class Op(IntEnum):
    """What the kernel asks for."""

    LOOKUP = 1
    FORGET = 2
    GETATTR = 3
    SETATTR = 4
    MKNOD = 8
    MKDIR = 9
    UNLINK = 10
    RMDIR = 11
    RENAME = 12
    LINK = 13
    OPEN = 14
    READ = 15
    WRITE = 16
    STATFS = 17
    RELEASE = 18
    FSYNC = 20
    INIT = 26
    OPENDIR = 27
    READDIR = 28
    RELEASEDIR = 29
    FSYNCDIR = 30
    CREATE = 35
    INTERRUPT = 36
    BATCH_FORGET = 42
    FALLOCATE = 43


class Request(NamedTuple):
    """One thing asked of a node; `body` is what belongs to the kind of request."""

    op: int
    unique: int
    node: int
    owner: tuple[int, int]
    body: memoryview

    def fields(self, form: Form) -> tuple[int, ...]:
        """Return the numbers with which the body begins."""
        return form.unpack_from(self.body)

    def names(self, form: Form) -> list[bytes]:
        """Return the names after these numbers."""
        return bytes(self.body[form.size :]).split(b"\0")[:-1]


NOTHING: Final = struct.Struct("")
NUMBER: Final = struct.Struct("=Q")
"""What begins with one number: a folder, a node, how often, a handle."""
MKDIR_IN: Final = struct.Struct("=2I")
MKNOD_IN: Final = struct.Struct("=4I")
CREATE_IN: Final = struct.Struct("=4I")
SETATTR_IN: Final = struct.Struct("=2I6Q4I4x2I4x")
READ_IN: Final = struct.Struct("=2QI20x")
WRITE_IN: Final = struct.Struct("=2QI20x")
FALLOCATE_IN: Final = struct.Struct("=3QI4x")
FORGET_ONE: Final = struct.Struct("=2Q")
BATCH_FORGET_IN: Final = struct.Struct("=2I")

_IN_HEADER = struct.Struct("=2I2Q3I4x")
_OUT_HEADER = struct.Struct("=IiQ")
_INIT_OUT = struct.Struct("=4I2H2I2H32x")
_ATTRIBUTES = struct.Struct("=6Q10I")
_ATTR_OUT = struct.Struct("=Q8x")
_ENTRY_OUT = struct.Struct("=4Q8x")
_OPEN_OUT = struct.Struct("=QI4x")
_WRITE_OUT = struct.Struct("=I4x")
_STATFS_OUT = struct.Struct("=5Q3I28x")
_DIRENT = struct.Struct("=2Q2I")
_DIRENT_ALIGN = 8


def parsed(message: memoryview) -> Request:
    """Read one request."""
    _, op, unique, node, uid, gid, _ = _IN_HEADER.unpack_from(message)
    return Request(op, unique, node, (uid, gid), message[_IN_HEADER.size :])


def answer(unique: int, content: bytes = b"", *, error: int = 0) -> bytes:
    """Answer the request of that number."""
    return _OUT_HEADER.pack(_OUT_HEADER.size + len(content), -error, unique) + content


def welcome() -> bytes:
    """Say what we speak."""
    flags = _ASYNC_READ | _BIG_WRITES | _PARALLEL_DIROPS
    return _INIT_OUT.pack(7, 31, MAX_WRITE_BYTES, flags, 0, 0, MAX_WRITE_BYTES, 1, 0, 0)


def attributes(node: Node) -> bytes:
    """Describe a node."""
    return _ATTR_OUT.pack(_FOR_EVER_S) + _described(node)


def entry(node: Node) -> bytes:
    """Describe the node that a name stands for; the kernel counts that it was told of it."""
    node.known += 1
    return _ENTRY_OUT.pack(node.number, 0, _FOR_EVER_S, _FOR_EVER_S) + _described(node)


def opened(node: Node, *, handle: int) -> bytes:
    """Say that it is open, and that what the kernel read of it before is still so."""
    node.opened += 1
    return _OPEN_OUT.pack(handle, _KEEP_CACHE)


def written(length: int) -> bytes:
    """Say how much was written."""
    return _WRITE_OUT.pack(length)


def room(tree: Tree) -> bytes:
    """Say how much there is and how much is left."""
    free = tree.capacity - tree.used
    return _STATFS_OUT.pack(tree.capacity, free, free, 1 << 20, 1 << 19, PAGE_BYTES, _NAME_BYTES, PAGE_BYTES)


def listing(names: list[tuple[bytes, Node]], start: int, length: int) -> bytes:
    """Return as many of the names from the one numbered `start` on as find room."""
    found = bytearray()
    for number, (name, node) in enumerate(names[start:], start + 1):
        line = _DIRENT.pack(node.number, number, len(name), node.mode >> 12) + name
        line += bytes(-len(line) % _DIRENT_ALIGN)
        if len(found) + len(line) > length:
            break
        found += line
    return bytes(found)


def _described(node: Node) -> bytes:
    size, pages = (node.size, len(node.pages)) if isinstance(node, File) else (PAGE_BYTES, 1)
    seconds, nanoseconds = divmod(node.modified_ns, 10**9)
    return _ATTRIBUTES.pack(
        *(node.number, size, pages * PAGE_BYTES // 512),
        *(seconds, seconds, seconds, nanoseconds, nanoseconds, nanoseconds),
        *(node.mode, node.links, node.uid, node.gid, 0, PAGE_BYTES, 0),
    )
