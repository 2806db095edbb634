"""Where objects live on several nodes: an S3 store (MinIO, SeaweedFS, Ceph …). The one door to its client.

The client is blocking, so its calls run in threads. An upload is kept as one object for each appended part,
named by the byte at which it begins; sealing streams the parts into one object. A part may overlap the next:
what lies beyond the next one's beginning was never acknowledged, and is left out.
"""

import asyncio
import hashlib
import io
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, BinaryIO, TypeVar

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error
from typing_extensions import override
from yarl import URL

from server.kernel.ids import new_id
from server.kernel.objects import (
    ObjectMissing,
    Objects,
    StorageFull,
    StorageUnavailable,
    StoredObject,
    is_key,
)
from storage.objects import BLOCK_BYTES

T = TypeVar("T")

_PART_BYTES = 16 << 20
"""What one request of a multipart upload carries; S3 wants at least 5 MiB, and at most 10,000 of them."""
_SPOOL_BYTES = 8 << 20
"""What is kept in memory while a part comes in; more goes to a file."""
_CONNECTIONS = 32
_TIMEOUT = urllib3.Timeout(connect=3, read=30)


class S3Objects(Objects):
    """The objects port on one bucket: `kept/` by key, `uploads/` the unfinished."""

    def __init__(self, url: str) -> None:
        """Prepare; nothing is opened before the first call.

        Args:
            url: `http[s]://KEY:SECRET@HOST[:PORT]/BUCKET`.

        Raises:
            ValueError: a part of it is missing.
        """
        parts = URL(url)
        self._bucket = parts.path.strip("/")
        if not (parts.scheme in {"http", "https"} and parts.host and parts.user and self._bucket):
            message = "LIANBIAN_OBJECTS_URL: http[s]://KEY:SECRET@HOST[:PORT]/BUCKET"
            raise ValueError(message)
        self._client = Minio(
            f"{parts.host}:{parts.port}",
            access_key=parts.user,
            secret_key=parts.password,
            secure=parts.scheme == "https",
            http_client=urllib3.PoolManager(maxsize=_CONNECTIONS, timeout=_TIMEOUT, retries=urllib3.Retry(1)),
        )

    async def ping(self) -> None:
        """Ask for the bucket; raises `StorageUnavailable` if it does not answer or is not there."""
        if not await _in_thread(self._client.bucket_exists, self._bucket):
            raise StorageUnavailable

    @override
    async def put(self, key: str, chunks: AsyncIterable[bytes]) -> StoredObject:
        name = _kept(key)
        digest = hashlib.sha256()
        with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as spool:
            size_bytes = await _gather(chunks, spool, digest.update)
            await _in_thread(self._store, name, spool, size_bytes)
        return StoredObject(key=key, size_bytes=size_bytes, sha256=digest.hexdigest())

    @override
    async def size(self, key: str) -> int:
        return await _in_thread(self._size, _kept(key))

    @override
    async def read(self, key: str, *, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        name = _kept(key)
        size_bytes = await _in_thread(self._size, name)
        end = size_bytes if length is None else min(size_bytes, start + length)
        while start < end:
            block = await _in_thread(self._read, name, start, min(BLOCK_BYTES, end - start))
            start += len(block)
            yield block

    @override
    @asynccontextmanager
    async def as_file(self, key: str) -> AsyncIterator[Path]:
        with tempfile.TemporaryDirectory(prefix="lianbian-") as folder:
            path = Path(folder) / "object"
            await _in_thread(self._client.fget_object, self._bucket, _kept(key), str(path))
            yield path

    @override
    async def delete(self, key: str) -> None:
        await _in_thread(self._client.remove_object, self._bucket, _kept(key))

    @override
    async def append(self, upload: str, *, at: int, chunks: AsyncIterable[bytes]) -> int:
        parts = await _in_thread(self._parts, upload)
        if _reach(parts) < at:
            raise ObjectMissing
        with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as spool:
            size_bytes = await _gather(chunks, spool, lambda _block: None)
            await _in_thread(self._store, f"{_folder(upload)}{at:015}-{new_id()}", spool, size_bytes)
            # Those that begin here or later were never acknowledged; what overlaps is left out when read.
            await _in_thread(self._remove, [part for part in parts if part.at >= at])
        return at + size_bytes

    @override
    async def seal(self, upload: str, key: str, *, length: int) -> StoredObject:
        name = _kept(key)
        parts = await _in_thread(self._parts, upload)
        if parts:
            if _reach(parts) < length:
                raise ObjectMissing
            await _in_thread(self._join, name, parts, length)
            await _in_thread(self._remove, parts)
        digest = hashlib.sha256()
        async for block in self.read(key):
            digest.update(block)
        return StoredObject(key=key, size_bytes=length, sha256=digest.hexdigest())

    @override
    async def discard(self, upload: str) -> None:
        await _in_thread(lambda: self._remove(self._parts(upload)))

    @override
    async def unfinished(self, *, untouched_s: float) -> tuple[str, ...]:
        return await _in_thread(self._unfinished, untouched_s)

    def _store(self, name: str, content: BinaryIO, size_bytes: int) -> None:
        content.seek(0)
        self._client.put_object(self._bucket, name, content, size_bytes, part_size=_PART_BYTES)

    def _size(self, name: str) -> int:
        return self._client.stat_object(self._bucket, name).size or 0

    def _read(self, name: str, start: int, length: int) -> bytes:
        response = self._client.get_object(self._bucket, name, offset=start, length=length)
        try:
            return response.read()
        finally:
            response.close()
            response.release_conn()

    def _parts(self, upload: str) -> "list[_Part]":
        """Return an upload's parts by where they begin; of two that begin together, the newer one last."""
        return sorted(self._list(_folder(upload)), key=lambda part: (part.at, part.changed_at))

    def _list(self, prefix: str) -> "Iterator[_Part]":
        for each in self._client.list_objects(self._bucket, prefix=prefix, recursive=True):
            name = each.object_name or ""
            if not name.endswith("/"):  # some stores list folders too
                yield _Part(name, each.size or 0, each.last_modified or _LONG_AGO)

    def _join(self, name: str, parts: "Sequence[_Part]", length: int) -> None:
        joined = _Joined(self._pieces(parts, length))
        self._client.put_object(
            self._bucket, name, io.BufferedReader(joined, BLOCK_BYTES), length, part_size=_PART_BYTES
        )

    def _pieces(self, parts: "Sequence[_Part]", length: int) -> Iterator[bytes]:
        ends = [*(part.at for part in parts[1:]), length]
        for part, end in zip(parts, ends, strict=True):
            for start in range(part.at, min(end, length), BLOCK_BYTES):
                yield self._read(part.name, start - part.at, min(BLOCK_BYTES, min(end, length) - start))

    def _remove(self, parts: "Sequence[_Part]") -> None:
        for part in parts:
            self._client.remove_object(self._bucket, part.name)

    def _unfinished(self, untouched_s: float) -> tuple[str, ...]:
        before = datetime.now(UTC) - timedelta(seconds=untouched_s)
        touched: dict[str, datetime] = {}
        for part in self._list(_UPLOADS):
            upload = part.name.removeprefix(_UPLOADS).partition("/")[0]
            touched[upload] = max(touched.get(upload, _LONG_AGO), part.changed_at)
        return tuple(sorted(upload for upload, at in touched.items() if at <= before))


_UPLOADS = "uploads/"
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Part:
    """Bytes of an upload as they were appended."""

    name: str
    size_bytes: int
    changed_at: datetime

    @property
    def at(self) -> int:
        """Where in the upload it begins."""
        return int(self.name.rpartition("/")[2].partition("-")[0])


class _Joined(io.RawIOBase):
    """A stream of pieces, for a client that reads."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = memoryview(b"")

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: "memoryview", /) -> int:  # type: ignore[override] # any writable buffer
        if not self._left:
            self._left = memoryview(next(self._pieces, b""))
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size


def _reach(parts: Sequence[_Part]) -> int:
    """Return how far the parts reach without a gap."""
    reach = 0
    for part in parts:
        if part.at > reach:
            break
        reach = max(reach, part.at + part.size_bytes)
    return reach


async def _gather(chunks: AsyncIterable[bytes], spool: IO[bytes], look: Callable[[bytes], None]) -> int:
    """Write what comes to `spool`, showing it to `look`; return how much came."""
    size_bytes = 0
    async for chunk in chunks:
        look(chunk)
        await asyncio.to_thread(spool.write, chunk)
        size_bytes += len(chunk)
    return size_bytes


async def _in_thread(call: Callable[..., T], *arguments: object) -> T:
    """Run a call of the client in a thread, naming what it raises."""

    def run() -> T:
        with _named():
            return call(*arguments)

    return await asyncio.to_thread(run)


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except S3Error as error:
        if error.code in {"NoSuchKey", "NoSuchObject"}:
            raise ObjectMissing from error
        if error.code in {"XMinioStorageFull", "InsufficientStorage"}:
            raise StorageFull from error
        raise StorageUnavailable from error
    except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
        raise StorageUnavailable from error


def _kept(key: str) -> str:
    if not is_key(key):
        message = f"not an object key: {key!r}"
        raise ValueError(message)
    return f"kept/{key}"


def _folder(upload: str) -> str:
    if not is_key(upload) or "/" in upload:
        message = f"not an upload id: {upload!r}"
        raise ValueError(message)
    return f"{_UPLOADS}{upload}/"
