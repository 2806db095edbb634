"""Does what the kernel asks of the tree."""

import errno
import os
import stat
import time
from itertools import count
from typing import TYPE_CHECKING

from tests.disk import messages
from tests.disk.messages import Op, Request
from tests.disk.tree import Node, Tree

if TYPE_CHECKING:
    from collections.abc import Callable

_MODE, _UID, _GID, _SIZE, _MTIME, _MTIME_NOW = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 5, 1 << 8
"""Which fields of SETATTR count (FATTR_*)."""


class Operations:
    """What the kernel may ask of one tree."""

    def __init__(self, tree: Tree) -> None:
        """Work on that tree."""
        self._tree = tree
        self._handles = count(1)
        self._listed: dict[int, list[tuple[bytes, Node]]] = {}
        """What each open folder held when it was opened, so that a change in between hides no other name."""
        self._does: dict[int, Callable[[Request], bytes | None]] = {
            Op.INIT: lambda _: messages.welcome(),
            Op.LOOKUP: self._look_up,
            Op.FORGET: self._forget,
            Op.BATCH_FORGET: self._forget_many,
            Op.INTERRUPT: lambda _: None,
            Op.GETATTR: lambda asked: messages.attributes(tree.node(asked.node)),
            Op.SETATTR: self._set_attributes,
            Op.MKNOD: self._make_node,
            Op.MKDIR: self._make_folder,
            Op.UNLINK: self._remove,
            Op.RMDIR: self._remove,
            Op.RENAME: self._rename,
            Op.LINK: self._link,
            Op.OPEN: lambda asked: messages.opened(tree.node(asked.node), handle=0),
            Op.OPENDIR: self._open_folder,
            Op.CREATE: self._create,
            Op.RELEASE: self._close,
            Op.RELEASEDIR: self._close,
            Op.READ: self._read,
            Op.READDIR: self._list,
            Op.WRITE: self._write,
            Op.FALLOCATE: self._reserve,
            Op.FSYNC: self._sync,
            Op.FSYNCDIR: self._sync_folder,
            Op.STATFS: lambda _: messages.room(tree),
        }

    def do(self, asked: Request) -> bytes | None:
        """Do it and return the answer, None where none is wanted."""
        does = self._does.get(asked.op)
        if does is None:
            return messages.answer(asked.unique, error=errno.ENOSYS)
        try:
            content = does(asked)
        except OSError as error:
            return messages.answer(asked.unique, error=error.errno or errno.EIO)
        return None if content is None else messages.answer(asked.unique, content)

    def _look_up(self, asked: Request) -> bytes:
        (name,) = asked.names(messages.NOTHING)
        return messages.entry(self._tree.find(self._tree.folder(asked.node), name))

    def _forget(self, asked: Request) -> None:
        self._tree.forget(asked.node, *asked.fields(messages.NUMBER))

    def _forget_many(self, asked: Request) -> None:
        number, _ = asked.fields(messages.BATCH_FORGET_IN)
        at, each = messages.BATCH_FORGET_IN.size, messages.FORGET_ONE
        for node, times in each.iter_unpack(asked.body[at : at + number * each.size]):
            self._tree.forget(node, times)

    def _set_attributes(self, asked: Request) -> bytes:
        fields = asked.fields(messages.SETATTR_IN)
        valid, size, mtime, mtime_nanoseconds = fields[0], fields[3], fields[6], fields[9]
        mode, uid, gid = fields[11:]
        node = self._tree.node(asked.node)
        if valid & _SIZE:
            self._tree.resize(self._tree.file(asked.node), size)
            node.modified_ns = time.time_ns()
        if valid & _MODE:
            node.mode = stat.S_IFMT(node.mode) | stat.S_IMODE(mode)
        node.uid, node.gid = (uid if valid & _UID else node.uid), (gid if valid & _GID else node.gid)
        if valid & (_MTIME | _MTIME_NOW):
            node.modified_ns = time.time_ns() if valid & _MTIME_NOW else mtime * 10**9 + mtime_nanoseconds
        return messages.attributes(node)

    def _make_node(self, asked: Request) -> bytes:
        return messages.entry(self._made(asked, messages.MKNOD_IN, asked.fields(messages.MKNOD_IN)[0]))

    def _make_folder(self, asked: Request) -> bytes:
        mode = stat.S_IFDIR | asked.fields(messages.MKDIR_IN)[0]
        return messages.entry(self._made(asked, messages.MKDIR_IN, mode))

    def _create(self, asked: Request) -> bytes:
        flags, mode, *_ = asked.fields(messages.CREATE_IN)
        folder, (name,) = self._tree.folder(asked.node), asked.names(messages.CREATE_IN)
        if name in folder.names and not flags & os.O_EXCL:
            node = folder.names[name]
        else:
            node = self._made(asked, messages.CREATE_IN, mode)
        return messages.entry(node) + messages.opened(node, handle=0)

    def _made(self, asked: Request, form: messages.Form, mode: int) -> Node:
        (name,) = asked.names(form)
        return self._tree.make(self._tree.folder(asked.node), name, mode, asked.owner)

    def _remove(self, asked: Request) -> bytes:
        (name,) = asked.names(messages.NOTHING)
        self._tree.remove(self._tree.folder(asked.node), name)
        return b""

    def _rename(self, asked: Request) -> bytes:
        name, as_name = asked.names(messages.NUMBER)
        to = self._tree.folder(*asked.fields(messages.NUMBER))
        self._tree.move(self._tree.folder(asked.node), name, to, as_name)
        return b""

    def _link(self, asked: Request) -> bytes:
        (name,) = asked.names(messages.NUMBER)
        node = self._tree.node(*asked.fields(messages.NUMBER))
        self._tree.link(node, self._tree.folder(asked.node), name)
        return messages.entry(node)

    def _open_folder(self, asked: Request) -> bytes:
        folder, handle = self._tree.folder(asked.node), next(self._handles)
        self._listed[handle] = list(folder.names.items())
        return messages.opened(folder, handle=handle)

    def _close(self, asked: Request) -> bytes:
        (handle,) = asked.fields(messages.NUMBER)
        self._listed.pop(handle, None)
        self._tree.close(self._tree.node(asked.node))
        return b""

    def _read(self, asked: Request) -> bytes:
        _, at, length = asked.fields(messages.READ_IN)
        return self._tree.file(asked.node).read(at, length)

    def _list(self, asked: Request) -> bytes:
        handle, start, length = asked.fields(messages.READ_IN)
        return messages.listing(self._listed[handle], start, length)

    def _write(self, asked: Request) -> bytes:
        _, at, length = asked.fields(messages.WRITE_IN)
        file = self._tree.file(asked.node)
        self._tree.reserve(file, at, length)
        start = messages.WRITE_IN.size
        file.write(at, asked.body[start : start + length])
        file.modified_ns = time.time_ns()
        return messages.written(length)

    def _reserve(self, asked: Request) -> bytes:
        _, at, length, mode = asked.fields(messages.FALLOCATE_IN)
        if mode:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        file = self._tree.file(asked.node)
        self._tree.reserve(file, at, length)
        file.size = max(file.size, at + length)
        return b""

    def _sync(self, asked: Request) -> bytes:
        self._tree.file(asked.node).sync()
        return b""

    def _sync_folder(self, asked: Request) -> bytes:
        self._tree.sync_folder(self._tree.folder(asked.node))
        return b""
