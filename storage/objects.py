"""The objects of every case, encrypted before they leave this process.

Names of what is kept: `objects/KEY` for objects, `uploads/ID/OFFSET-ID` for an upload's parts as they were
appended, each sealed by itself. A part may overlap the next: what lies beyond the next one's beginning was
never acknowledged, and is left out.
"""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from typing_extensions import override

from server.kernel.ids import CaseId, new_id
from server.kernel.objects import ObjectDamaged, ObjectMissing, Objects, ObjectStore, StoredObject, is_key
from storage.blobs import BLOCK_BYTES, Blob, Blobs
from storage.envelope import (
    CHUNK_BYTES,
    HEADER_BYTES,
    SEALED_CHUNK_BYTES,
    CaseKey,
    Envelope,
    Suite,
    chunks_of,
    key_id_of,
    plain_size,
)

OBJECTS, UPLOADS = "objects/", "uploads/"
"""What the names of all that is kept begin with."""
_RUN_CHUNKS = BLOCK_BYTES // CHUNK_BYTES
"""Chunks that a thread encrypts at once."""


class KeyRing(Protocol):
    """Keeps the keys of cases."""

    async def newest(self, case_id: CaseId) -> CaseKey:
        """Return the key under which the case's next object is wrapped, making one if there is none."""
        ...

    async def key(self, case_id: CaseId, key_id: str) -> CaseKey:
        """Return the case's key of that id; raises `ObjectDamaged` if it has none, or no longer."""
        ...


class SealedStore(ObjectStore):
    """The object store, on any place for bytes."""

    def __init__(self, blobs: Blobs, keys: KeyRing, suite: Suite = Suite.AES_256_GCM) -> None:
        """Keep objects at `blobs`; `suite` is for those that are put from now on."""
        self._blobs = blobs
        self._keys = keys
        self._suite = suite

    @override
    def of(self, case_id: CaseId) -> "SealedObjects":
        return SealedObjects(self._blobs, self._keys, self._suite, case_id)

    @override
    async def discard(self, upload: str) -> None:
        for blob in await self._blobs.named(_folder(upload)):
            await self._blobs.delete(blob.name)

    @override
    async def unfinished(self, *, untouched_s: float) -> tuple[str, ...]:
        before = datetime.now(UTC) - timedelta(seconds=untouched_s)
        touched: dict[str, datetime] = {}
        for blob in await self._blobs.named(UPLOADS):
            upload = blob.name.removeprefix(UPLOADS).partition("/")[0]
            touched[upload] = max(touched.get(upload, blob.changed_at), blob.changed_at)
        return tuple(sorted(upload for upload, at in touched.items() if at <= before))


class SealedObjects(Objects):
    """The objects of one case."""

    def __init__(self, blobs: Blobs, keys: KeyRing, suite: Suite, case_id: CaseId) -> None:
        """See `SealedStore.of`."""
        self._blobs = blobs
        self._keys = keys
        self._suite = suite
        self._case_id = case_id

    @override
    async def put(self, key: str, chunks: AsyncIterable[bytes]) -> StoredObject:
        tally = _Tally(chunks)
        await self._seal(_kept(key), tally.chunks())
        return StoredObject(key=key, size_bytes=tally.size_bytes, sha256=tally.digest.hexdigest())

    @override
    async def size(self, key: str) -> int:
        return plain_size(await self._blobs.size(_kept(key)))

    @override
    async def read(self, key: str, *, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        async for block in self._open(_kept(key), start, length):
            yield block

    @override
    @asynccontextmanager
    async def as_file(self, key: str) -> AsyncIterator[Path]:
        # Without a name, so that nothing readable is left behind by a process that dies.
        with tempfile.TemporaryFile() as file:
            async for block in self.read(key):
                await asyncio.to_thread(file.write, block)
            await asyncio.to_thread(file.flush)
            yield Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")

    @override
    async def delete(self, key: str) -> None:
        await self._blobs.delete(_kept(key))

    @override
    async def append(self, upload: str, *, at: int, chunks: AsyncIterable[bytes]) -> int:
        parts = await self._parts(upload)
        if _reach(parts) < at:
            raise ObjectMissing
        tally = _Tally(chunks)
        await self._seal(f"{_folder(upload)}{at:015}-{new_id()}", tally.chunks())
        # Those that begin here or later were never acknowledged; what overlaps is left out when read.
        await self._remove([part for part in parts if part.at >= at])
        return at + tally.size_bytes

    @override
    async def seal(self, upload: str, key: str, *, length: int) -> StoredObject:
        parts = await self._parts(upload)
        if not parts or _reach(parts) < length:
            # It was sealed before; what is left are parts that a crash kept from being removed.
            stored = await self._described(key)
        else:
            stored = await self.put(key, self._joined(parts, length))
        await self._remove(parts)
        return stored

    async def _described(self, key: str) -> StoredObject:
        tally = _Tally(self.read(key))
        async for _ in tally.chunks():
            """Only counted."""
        return StoredObject(key=key, size_bytes=tally.size_bytes, sha256=tally.digest.hexdigest())

    async def _seal(self, name: str, chunks: AsyncIterable[bytes]) -> None:
        envelope = Envelope.made(self._suite, await self._keys.newest(self._case_id), name)
        await self._blobs.put(name, _sealed(envelope, chunks))

    async def _open(self, name: str, start: int, length: int | None) -> AsyncIterator[bytes]:
        """Decrypt the chunks that hold the bytes from `start` on, and cut off what was not asked for."""
        stored_bytes = await self._blobs.size(name)
        size_bytes, last = plain_size(stored_bytes), chunks_of(stored_bytes) - 1
        end = size_bytes if length is None else min(size_bytes, start + length)
        header = b"".join([block async for block in self._blobs.read(name, start=0, length=HEADER_BYTES)])
        key = await self._keys.key(self._case_id, key_id_of(header))
        envelope = Envelope.of(header, key, name)
        if start >= max(end, 1):  # an empty object has a chunk too, which has to be sound
            return
        first, until = start // CHUNK_BYTES, max(0, end - 1) // CHUNK_BYTES + 1
        offset = HEADER_BYTES + first * SEALED_CHUNK_BYTES
        wanted = min(stored_bytes, HEADER_BYTES + until * SEALED_CHUNK_BYTES) - offset
        index = first
        async for run in _runs(self._blobs.read(name, start=offset, length=wanted)):
            opened = await asyncio.to_thread(envelope.open, index, run, last=last)
            at = index * CHUNK_BYTES
            index += -(-len(run) // SEALED_CHUNK_BYTES)
            yield opened[max(0, start - at) : end - at]
        if index != until:
            raise ObjectDamaged

    async def _parts(self, upload: str) -> "list[_Part]":
        """Return an upload's parts by where they begin; of two that begin together, the newer one last."""
        blobs = await self._blobs.named(_folder(upload))
        return sorted(map(_Part, blobs), key=lambda part: (part.at, part.blob.changed_at))

    async def _joined(self, parts: "Sequence[_Part]", length: int) -> AsyncIterator[bytes]:
        ends = [*(part.at for part in parts[1:]), length]
        for part, end in zip(parts, ends, strict=True):
            wanted = min(end, length) - part.at
            if wanted > 0:
                async for block in self._open(part.blob.name, 0, wanted):
                    yield block

    async def _remove(self, parts: "Sequence[_Part]") -> None:
        for part in parts:
            await self._blobs.delete(part.blob.name)


@dataclass(frozen=True, slots=True)
class _Part:
    """Bytes of an upload as they were appended."""

    blob: Blob

    @property
    def at(self) -> int:
        """Where in the upload it begins."""
        return int(self.blob.name.rpartition("/")[2].partition("-")[0])

    @property
    def end(self) -> int:
        """Where in the upload it ends."""
        return self.at + plain_size(self.blob.size_bytes)


class _Tally:
    """Counts and hashes what passes."""

    def __init__(self, chunks: AsyncIterable[bytes]) -> None:
        self._chunks = chunks
        self.size_bytes = 0
        self.digest = hashlib.sha256()

    async def chunks(self) -> AsyncIterator[bytes]:
        async for chunk in self._chunks:
            self.digest.update(chunk)
            self.size_bytes += len(chunk)
            yield chunk


async def _sealed(envelope: Envelope, chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    yield envelope.header
    index = 0
    async for run, ends in _gathered(chunks, run_bytes=BLOCK_BYTES):
        yield await asyncio.to_thread(envelope.seal, index, run, ends=ends)
        index += _RUN_CHUNKS


async def _runs(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    async for run, _ends in _gathered(chunks, run_bytes=_RUN_CHUNKS * SEALED_CHUNK_BYTES):
        if run:
            yield run


async def _gathered(chunks: AsyncIterable[bytes], *, run_bytes: int) -> AsyncIterator[tuple[bytes, bool]]:
    """Gather runs of `run_bytes`; the last, which may be shorter or empty, comes with True."""
    held = bytearray()
    async for chunk in chunks:
        held += chunk
        while len(held) > run_bytes:
            yield bytes(held[:run_bytes]), False
            del held[:run_bytes]
    yield bytes(held), True


def _reach(parts: "Sequence[_Part]") -> int:
    """Return how far the parts reach without a gap, each up to where the next begins."""
    reach = 0
    for part in parts:
        if part.at > reach:
            break
        reach = part.end
    return reach


def _kept(key: str) -> str:
    if not is_key(key):
        message = f"not an object key: {key!r}"
        raise ValueError(message)
    return f"{OBJECTS}{key}"


def _folder(upload: str) -> str:
    if not is_key(upload) or "/" in upload:
        message = f"not an upload id: {upload!r}"
        raise ValueError(message)
    return f"{UPLOADS}{upload}/"
