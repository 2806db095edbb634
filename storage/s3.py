"""Where bytes live on several nodes: an S3 store (MinIO, SeaweedFS, Ceph …). The one door to its client.

The client is blocking, so its calls run in threads.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from errno import ENOSPC
from typing import IO, BinaryIO, TypeVar

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error
from typing_extensions import override
from yarl import URL

from server.kernel.objects import ObjectMissing, StorageFull, StorageUnavailable
from storage.blobs import BLOCK_BYTES, Blob, Blobs, checked

T = TypeVar("T")

_PART_BYTES = 16 << 20
"""What one request of a multipart upload carries; S3 wants at least 5 MiB, and at most 10,000 of them."""
_SPOOL_BYTES = 8 << 20
"""What is kept in memory while a part comes in; more goes to a file."""
_CONNECTIONS = 32
_TIMEOUT = urllib3.Timeout(connect=3, read=30)


class S3Blobs(Blobs):
    """Keeps bytes in one bucket."""

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
            f"[{parts.host}]:{parts.port}" if ":" in parts.host else f"{parts.host}:{parts.port}",
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
    async def put(self, name: str, chunks: AsyncIterable[bytes]) -> None:
        with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as spool:
            size_bytes = await _gather(chunks, spool)
            await _in_thread(self._store, checked(name), spool, size_bytes)

    @override
    async def size(self, name: str) -> int:
        return await _in_thread(self._size, checked(name))

    @override
    async def read(self, name: str, *, start: int, length: int) -> AsyncIterator[bytes]:
        end = start + length
        while start < end:
            block = await _in_thread(self._read, checked(name), start, min(BLOCK_BYTES, end - start))
            if not block:
                raise StorageUnavailable  # a store or proxy that answers with nothing
            start += len(block)
            yield block

    @override
    async def delete(self, name: str) -> None:
        await _in_thread(self._client.remove_object, self._bucket, checked(name))

    @override
    async def named(self, prefix: str) -> tuple[Blob, ...]:
        return await _in_thread(self._list, checked(prefix.removesuffix("/")) + "/")

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

    def _list(self, prefix: str) -> tuple[Blob, ...]:
        found = self._client.list_objects(self._bucket, prefix=prefix, recursive=True)
        blobs = (
            Blob(each.object_name or "", each.size or 0, each.last_modified or _LONG_AGO) for each in found
        )
        return tuple(blob for blob in blobs if not blob.name.endswith("/"))  # some stores list folders too


_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


async def _gather(chunks: AsyncIterable[bytes], spool: IO[bytes]) -> int:
    """Write what comes to `spool`; return how much came."""
    size_bytes = 0
    async for chunk in chunks:
        try:
            await asyncio.to_thread(spool.write, chunk)
        except OSError as error:
            raise (StorageFull if error.errno == ENOSPC else StorageUnavailable) from error
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
