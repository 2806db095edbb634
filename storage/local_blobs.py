"""Where bytes live: a directory of this machine.

Everything is written beside its place, fsynced, renamed into place, and the directory fsynced: only then
is it acknowledged. Blocking file calls run in threads. Measured with a file system that drops what was
not fsynced: nothing acknowledged is lost.
"""

import asyncio
import errno
import os
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from typing_extensions import override

from server.kernel.ids import new_id
from server.kernel.objects import ObjectMissing, StorageFull
from storage.blobs import BLOCK_BYTES, Blob, Blobs, checked
from storage.files import make_folder, sync

T = TypeVar("T")

_ABANDONED_S = 86_400
"""A draft as old as that was left by a process that died."""


class LocalBlobs(Blobs):
    """Keeps bytes in files: `kept/` by name, `drafts/` what is being written."""

    def __init__(self, root: Path) -> None:
        """Use the directory `root`, making it if need be, and clear away what a kill cut short long ago."""
        self._kept = root / "kept"
        self._drafts = root / "drafts"
        self._lasting = {root.parent}
        """The folders of which this process knows that their names are synced, and those above them."""
        make_folder(root)
        self._make(self._kept)
        self._drafts.mkdir(parents=True, exist_ok=True, mode=0o700)
        for draft in self._drafts.iterdir():
            with suppress(FileNotFoundError):
                if draft.stat().st_mtime < time.time() - _ABANDONED_S:
                    draft.unlink()

    @override
    async def put(self, name: str, chunks: AsyncIterable[bytes]) -> None:
        place = self._place(name)
        draft = self._drafts / new_id()
        at = 0
        try:
            await _in_thread(_write_at, draft, 0, b"")
            async for block in _blocks(chunks):
                await _in_thread(_write_at, draft, at, block)
                at += len(block)
            await _in_thread(self._settle, draft, place)
        finally:
            await asyncio.to_thread(draft.unlink, missing_ok=True)

    @override
    async def size(self, name: str) -> int:
        return await asyncio.to_thread(_size, self._place(name))

    @override
    async def read(self, name: str, *, start: int, length: int) -> AsyncIterator[bytes]:
        place, end = self._place(name), start + length
        while start < end:
            block = await asyncio.to_thread(_read_at, place, start, min(BLOCK_BYTES, end - start))
            if not block:
                return
            start += len(block)
            yield block

    @override
    async def delete(self, name: str) -> None:
        await asyncio.to_thread(_remove, self._place(name))

    @override
    async def named(self, prefix: str) -> tuple[Blob, ...]:
        return await asyncio.to_thread(_list, self._kept, self._place(prefix.removesuffix("/")))

    def _place(self, name: str) -> Path:
        return self._kept / checked(name)

    def _settle(self, draft: Path, place: Path) -> None:
        """Make `draft` durable under the name `place`."""
        sync(draft)
        self._make(place.parent)
        draft.replace(place)
        sync(place.parent)

    def _make(self, folder: Path) -> None:
        """Have a folder that lasts, and those above it: who made them may have died before it synced them."""
        if folder not in self._lasting:
            self._make(folder.parent)
            folder.mkdir(mode=0o700, exist_ok=True)
            sync(folder.parent)
            self._lasting.add(folder)


async def _blocks(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Gather small chunks, so that a thread is asked once a block, not once a packet."""
    gathered = bytearray()
    async for chunk in chunks:
        gathered += chunk
        if len(gathered) >= BLOCK_BYTES:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)


async def _in_thread(call: Callable[..., T], *arguments: object) -> T:
    """Run a blocking file call in a thread, naming a full disk."""
    try:
        return await asyncio.to_thread(call, *arguments)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageFull from error
        raise


@contextmanager
def _missing_is_named() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise ObjectMissing from error


def _size(place: Path) -> int:
    with _missing_is_named():
        return place.stat().st_size


def _read_at(place: Path, start: int, length: int) -> bytes:
    with _missing_is_named(), place.open("rb", buffering=0) as file:
        return os.pread(file.fileno(), length, start)


def _write_at(draft: Path, at: int, block: bytes) -> None:
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        remaining = memoryview(block)
        while remaining:
            written = os.pwrite(descriptor, remaining, at)
            remaining, at = remaining[written:], at + written
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    if path.parent.exists():
        sync(path.parent)


def _list(root: Path, folder: Path) -> tuple[Blob, ...]:
    found = []
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # another process removed it
            if path.is_file():
                status = path.stat()
                changed_at = datetime.fromtimestamp(status.st_mtime, UTC)
                found.append(Blob(path.relative_to(root).as_posix(), status.st_size, changed_at))
    return tuple(sorted(found, key=lambda blob: blob.name))
