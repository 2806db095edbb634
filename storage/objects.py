"""Where objects live: a directory of this machine.

Everything is written beside its place, fsynced, renamed into place, and the directory fsynced: only then
is it acknowledged. Blocking file calls run in threads. Measured with a file system that drops what was
not fsynced: nothing acknowledged is lost.
"""

import asyncio
import errno
import hashlib
import os
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from server.kernel.ids import new_id
from server.kernel.objects import ObjectMissing, StorageFull, StoredObject, is_key
from storage.files import sync

T = TypeVar("T")

BLOCK_BYTES = 1 << 20
"""How much is gathered before a thread is asked to write, and read at once."""


class LocalObjects:
    """The objects port on a local directory: `kept/` by key, `uploads/` the unfinished."""

    def __init__(self, root: Path) -> None:
        """Use the directory `root`, making it if need be."""
        self._objects = root / "kept"
        self._uploads = root / "uploads"
        self._objects.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._uploads.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def put(self, key: str, chunks: AsyncIterable[bytes]) -> StoredObject:
        """Store `chunks` under `key`, whole or not at all."""
        place = self._place(key)
        draft = self._uploads / f"put-{new_id()}"
        digest = hashlib.sha256()
        size_bytes = 0
        try:
            async for block in _blocks(chunks):
                await _in_thread(_write_at, draft, size_bytes, block)
                digest.update(block)
                size_bytes += len(block)
            await _in_thread(_settle, draft, size_bytes, place, self._objects)
        finally:
            await asyncio.to_thread(draft.unlink, missing_ok=True)
        return StoredObject(key=key, size_bytes=size_bytes, sha256=digest.hexdigest())

    async def size(self, key: str) -> int:
        """Return the object's length in bytes."""
        return await asyncio.to_thread(_size, self._place(key))

    async def read(self, key: str, *, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """Stream `length` bytes from the byte offset `start`."""
        place = self._place(key)
        size_bytes = await asyncio.to_thread(_size, place)
        end = size_bytes if length is None else min(size_bytes, start + length)
        while start < end:
            block = await asyncio.to_thread(_read_at, place, start, min(BLOCK_BYTES, end - start))
            if not block:
                return
            start += len(block)
            yield block

    @asynccontextmanager
    async def as_file(self, key: str) -> AsyncIterator[Path]:
        """Lend the object's own file."""
        place = self._place(key)
        await asyncio.to_thread(_size, place)
        yield place

    async def delete(self, key: str) -> None:
        """Remove the object."""
        await asyncio.to_thread(_remove, self._place(key))

    async def append(self, upload: str, *, at: int, chunks: AsyncIterable[bytes]) -> int:
        """Write `chunks` into the upload's file from byte `at` on, then fsync it."""
        draft = self._draft(upload)
        await _in_thread(_cut, draft, at)
        async for block in _blocks(chunks):
            await _in_thread(_write_at, draft, at, block)
            at += len(block)
        await _in_thread(_sync_file_and_directory, draft)
        return at

    async def seal(self, upload: str, key: str, *, length: int) -> StoredObject:
        """Rename the upload's file into the object's place, reading it once for its hash."""
        draft, place = self._draft(upload), self._place(key)
        sealed = not await asyncio.to_thread(draft.exists)
        if not sealed:
            await _in_thread(_settle, draft, length, place, self._objects)
        sha256 = await asyncio.to_thread(_hash, place)
        return StoredObject(key=key, size_bytes=length, sha256=sha256)

    async def discard(self, upload: str) -> None:
        """Remove the upload's file."""
        await asyncio.to_thread(_remove, self._draft(upload))

    async def unfinished(self, *, untouched_s: float) -> tuple[str, ...]:
        """Name the files of uploads, and of writes that a kill cut short."""
        return await asyncio.to_thread(_untouched, self._uploads, untouched_s)

    def _place(self, key: str) -> Path:
        if not is_key(key):
            message = f"not an object key: {key!r}"
            raise ValueError(message)
        return self._objects / key

    def _draft(self, upload: str) -> Path:
        if not is_key(upload) or "/" in upload:
            message = f"not an upload id: {upload!r}"
            raise ValueError(message)
        return self._uploads / upload


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


def _cut(draft: Path, length: int) -> None:
    """Drop what lies beyond `length`; begin an empty file when there is none."""
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if os.fstat(descriptor).st_size < length:
            raise ObjectMissing
        os.ftruncate(descriptor, length)
    finally:
        os.close(descriptor)


def _sync_file_and_directory(draft: Path) -> None:
    sync(draft)
    sync(draft.parent)


def _settle(draft: Path, length: int, place: Path, root: Path) -> None:
    """Make the first `length` bytes of `draft` durable under the name `place`."""
    _cut(draft, length)
    sync(draft)
    fresh = [folder for folder in place.parents if folder.is_relative_to(root) and not folder.exists()]
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft.replace(place)
    sync(place.parent)
    for folder in fresh:
        sync(folder.parent)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    if path.parent.exists():
        sync(path.parent)


def _untouched(folder: Path, untouched_s: float) -> tuple[str, ...]:
    before = time.time() - untouched_s
    found = []
    for draft in folder.iterdir():
        with suppress(FileNotFoundError):
            if draft.stat().st_mtime <= before:
                found.append(draft.name)
    return tuple(sorted(found))


def _hash(place: Path) -> str:
    with _missing_is_named(), place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
