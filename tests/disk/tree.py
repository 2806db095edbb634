"""What is on a disk that can lose its power: as programs see it, and as it would come back.

A sync alone makes something stay: that of a file its bytes, that of a folder the names in it (fsync(2)
promises no more). At a power cut whatever else was done survives or not, each bit of it for itself and in no
order: a sector of 512 bytes, a file's length, a change of names (a rename is one, in both its folders).
Modes, owners and times stay at once, because nothing here is about them.
"""

import errno
import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

PAGE_BYTES, SECTOR_BYTES = 4096, 512
_ZEROS = bytes(PAGE_BYTES)

Survives = Callable[[], bool]
"""Says of one thing that was not synced whether it survives."""


@dataclass(slots=True, eq=False, kw_only=True)
class Node:
    """A file or a folder."""

    number: int
    mode: int
    uid: int
    gid: int
    modified_ns: int = field(default_factory=time.time_ns)
    links: int = 0
    """Under how many names it stands."""
    known: int = 0
    """How often the kernel was told of it and has not forgotten it."""
    opened: int = 0


@dataclass(slots=True, eq=False, kw_only=True)
class File(Node):
    """A file, or what else has no names in it; pages are whole, and those that are not there are zeros."""

    size: int = 0
    pages: dict[int, bytes] = field(default_factory=dict)
    kept_size: int = 0
    kept: dict[int, bytes] = field(default_factory=dict)
    unsynced: set[int] = field(default_factory=set)
    """The numbers of the pages that differ from what is kept."""

    def read(self, at: int, length: int) -> bytes:
        """Return what is there, at most up to the end."""
        end = min(at + length, self.size)
        if end <= at:
            return b""
        first, inside = divmod(at, PAGE_BYTES)
        pages = (self.pages.get(number, _ZEROS) for number in range(first, -(-end // PAGE_BYTES)))
        return b"".join(pages)[inside : inside + end - at]

    def write(self, at: int, content: memoryview) -> None:
        """Put `content` there, in memory."""
        self.size = max(self.size, at + len(content))
        number, inside = divmod(at, PAGE_BYTES)
        while content:
            part, content = content[: PAGE_BYTES - inside], content[PAGE_BYTES - inside :]
            page = self.pages.get(number, _ZEROS)
            self.pages[number] = b"".join((page[:inside], part, page[inside + len(part) :]))
            self.unsynced.add(number)
            number, inside = number + 1, 0

    def resize(self, size: int) -> None:
        """Cut it off there, or have it end in zeros."""
        whole, inside = divmod(size, PAGE_BYTES)
        gone = [number for number in self.pages if number > whole or (number == whole and not inside)]
        for number in gone:
            del self.pages[number]
        if inside and whole in self.pages:
            self.pages[whole] = self.pages[whole][:inside].ljust(PAGE_BYTES, b"\0")
            gone.append(whole)
        self.unsynced.update(gone)
        self.size = size

    def missing(self, at: int, length: int) -> list[int]:
        """Return the pages of this range for which there is no room yet."""
        numbers = range(at // PAGE_BYTES, -(-(at + length) // PAGE_BYTES))
        return [number for number in numbers if number not in self.pages]

    def sync(self) -> None:
        """Have it stay as it is now."""
        for number in self.unsynced:
            if number in self.pages:
                self.kept[number] = self.pages[number]
            else:
                self.kept.pop(number, None)
        self.unsynced.clear()
        self.kept_size = self.size

    def let_go(self) -> None:
        """Hold nothing but what is kept, which comes back if the end of the last name does not stay."""
        self.pages.clear()
        self.unsynced.clear()
        self.size = self.kept_size

    def lose_power(self, survives: Survives) -> None:
        """Become what comes back."""
        for number in self.unsynced:
            former, latter = self.kept.get(number, _ZEROS), self.pages.get(number, _ZEROS)
            self.kept[number] = b"".join(
                (latter if survives() else former)[at : at + SECTOR_BYTES]
                for at in range(0, PAGE_BYTES, SECTOR_BYTES)
            )
        size = self.size if survives() else self.kept_size
        self.pages, self.size = self.kept.copy(), max(size, self.kept_size)
        self.resize(size)
        self.sync()


@dataclass(slots=True, eq=False, kw_only=True)
class Folder(Node):
    """A folder: the names in it now, and those that stay."""

    names: dict[bytes, Node] = field(default_factory=dict)
    kept: dict[bytes, Node] = field(default_factory=dict)
    unsynced: list["Renaming"] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Renaming:
    """A change of names that happens wholly or not at all: in which folder, which name, for what."""

    names: tuple[tuple[Folder, bytes, Node | None], ...]
    stays: bool = False

    def stay(self) -> None:
        """Have it outlast a power cut."""
        if not self.stays:
            self.stays = True
            for folder, name, node in self.names:
                _put(folder.kept, name, node)


def _put(names: dict[bytes, Node], name: bytes, node: Node | None) -> None:
    if node is None:
        names.pop(name, None)
    else:
        names[name] = node


class Tree:
    """All that is on the disk. What can't be done raises `OSError`, as the system call would."""

    def __init__(self, size_bytes: int) -> None:
        """Begin with an empty folder."""
        self._numbers = count(1)
        self.capacity = size_bytes // PAGE_BYTES
        """In pages, as is `used`."""
        self.used = 0
        self.root = Folder(number=next(self._numbers), mode=stat.S_IFDIR | 0o755, uid=0, gid=0, links=1)
        self._nodes: dict[int, Node] = {self.root.number: self.root}
        self._renamings: list[Renaming] = []

    def node(self, number: int) -> Node:
        """Return what the kernel knows by that number."""
        return self._nodes[number]

    def file(self, number: int) -> File:
        """Return it if it is no folder."""
        node = self._nodes[number]
        if not isinstance(node, File):
            raise _error(errno.EISDIR)
        return node

    def folder(self, number: int) -> Folder:
        """Return it if it is one."""
        node = self._nodes[number]
        if not isinstance(node, Folder):
            raise _error(errno.ENOTDIR)
        return node

    def find(self, folder: Folder, name: bytes) -> Node:
        """Return what stands under the name."""
        if name not in folder.names:
            raise _error(errno.ENOENT)
        return folder.names[name]

    def make(self, folder: Folder, name: bytes, mode: int, owner: tuple[int, int]) -> Node:
        """Put a new file or folder there, by its mode."""
        if name in folder.names:
            raise _error(errno.EEXIST)
        kind = Folder if stat.S_ISDIR(mode) else File
        node = kind(number=next(self._numbers), mode=mode, uid=owner[0], gid=owner[1])
        self._nodes[node.number] = node
        self._rename((folder, name, node))
        return node

    def link(self, node: Node, folder: Folder, name: bytes) -> None:
        """Give it a further name."""
        if name in folder.names:
            raise _error(errno.EEXIST)
        self._rename((folder, name, node))

    def remove(self, folder: Folder, name: bytes) -> None:
        """Take the name away, and with its last one what nobody has open."""
        node = self.find(folder, name)
        if isinstance(node, Folder) and node.names:
            raise _error(errno.ENOTEMPTY)
        self._rename((folder, name, None))

    def move(self, folder: Folder, name: bytes, to: Folder, as_name: bytes) -> None:
        """Put it under another name, in place of what stood there."""
        node = self.find(folder, name)
        former = to.names.get(as_name)
        if former is node:
            return
        if isinstance(former, Folder) and former.names:
            raise _error(errno.ENOTEMPTY)
        self._rename((to, as_name, node), (folder, name, None))

    def reserve(self, file: File, at: int, length: int) -> None:
        """Make room for a range of the file."""
        missing = file.missing(at, length)
        if self.used + len(missing) > self.capacity:
            raise _error(errno.ENOSPC)
        self.used += len(missing)
        for number in missing:
            file.pages[number] = _ZEROS
        file.unsynced.update(missing)

    def resize(self, file: File, size: int) -> None:
        """Cut the file off, or lengthen it by what takes no room."""
        self.used -= len(file.pages)
        file.resize(size)
        self.used += len(file.pages)

    def sync_folder(self, folder: Folder) -> None:
        """Have the names in it stay."""
        for each in folder.unsynced:
            each.stay()
        folder.unsynced.clear()

    def close(self, node: Node) -> None:
        """Free what has no name any more."""
        node.opened -= 1
        self._drop(node)

    def forget(self, number: int, times: int) -> None:
        """Free what has no name any more and is not known to the kernel."""
        node = self._nodes.get(number)
        if node is not None:
            node.known -= times
            self._drop(node)

    def lose_power(self, survives: Survives) -> None:
        """Become what comes back, with everything that no name leads to gone."""
        for each in self._renamings:
            if not each.stays and survives():
                each.stay()
        self._renamings.clear()
        self._nodes = {node.number: node for node in _kept_below(self.root)}
        self.used = 0
        for node in self._nodes.values():
            node.links = node.known = node.opened = 0
        self.root.links = 1
        for node in self._nodes.values():
            if isinstance(node, Folder):
                node.names = node.kept.copy()
                node.unsynced.clear()
                for named in node.names.values():
                    named.links += 1
            elif isinstance(node, File):
                node.lose_power(survives)
                self.used += len(node.pages)

    def _rename(self, *names: tuple[Folder, bytes, Node | None]) -> None:
        renaming = Renaming(names)
        self._renamings.append(renaming)
        for folder, name, node in names:
            former = folder.names.get(name)
            _put(folder.names, name, node)
            folder.modified_ns = time.time_ns()
            folder.unsynced.append(renaming)
            if node is not None:
                node.links += 1
            if former is not None:
                former.links -= 1
                self._drop(former)

    def _drop(self, node: Node) -> None:
        if node.links or node.opened:
            return
        if isinstance(node, File):
            self.used -= len(node.pages)
            node.let_go()
        if not node.known:
            self._nodes.pop(node.number, None)


def _kept_below(root: Folder) -> Iterator[Node]:
    """Yield all that names which stay lead to, each once."""
    seen: set[Node] = {root}
    left = [root]
    while left:
        folder = left.pop()
        yield folder
        for node in folder.kept.values():
            if node in seen:
                continue
            seen.add(node)
            if isinstance(node, Folder):
                left.append(node)
            else:
                yield node


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
