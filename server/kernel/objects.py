"""The object store as a port: scanned dossiers and page images, too large for the database.

Every object belongs to a case, whose key it is encrypted under. An upload grows in appended parts and is
joined into an object once whole. What these calls have returned survives `kill -9` and a power cut.
"""

import re
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from server.kernel.errors import N_, DomainError, Kind
from server.kernel.ids import CaseId

_KEY = re.compile(r"[a-z0-9][a-z0-9_.-]*(?:/[a-z0-9][a-z0-9_.-]*)*")
KEY_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What the store knows of an object."""

    key: str
    size_bytes: int
    sha256: str
    """Hexadecimal, of the whole content."""


class ObjectMissing(DomainError):
    """The store has no object of that key: the database and the store disagree, or it was deleted."""

    kind: ClassVar[Kind] = Kind.UNAVAILABLE
    code: ClassVar[str] = "object-missing"
    title: ClassVar[str] = N_("文件暂时读不到")
    advice: ClassVar[str] = N_("存储中缺少这份文件，不是您的操作问题。请联系本机构的管理员。")


class StorageFull(DomainError):
    """The store has no room left; what it had acknowledged is kept."""

    kind: ClassVar[Kind] = Kind.UNAVAILABLE
    code: ClassVar[str] = "storage-full"
    title: ClassVar[str] = N_("存储空间不足")
    advice: ClassVar[str] = N_("已上传的部分仍然保留，不是您的操作问题。请联系本机构的管理员腾出空间后继续。")


class ObjectDamaged(DomainError):
    """What the store holds is not what was put there, or its key is gone: none of it is shown."""

    kind: ClassVar[Kind] = Kind.UNAVAILABLE
    code: ClassVar[str] = "object-damaged"
    title: ClassVar[str] = N_("文件损坏，不能显示")
    advice: ClassVar[str] = N_(
        "存储中的这份文件与存入时不一致，或已没有它的密钥，不是您的操作问题。请联系本机构的管理员。"
    )


class KeyMissing(ObjectDamaged):
    """Its key can't be opened here, which a newer copy of the keys may mend."""


class StorageUnavailable(Exception):
    """The store does not answer. It is no `DomainError`, so that nobody takes it for a rule's refusal."""


def is_key(text: str) -> bool:
    """Tell whether `text` may name an object: lower-case path segments, none of them hidden or `..`."""
    return len(text) <= KEY_LENGTH_MAX and _KEY.fullmatch(text) is not None


class Objects(Protocol):
    """Keeps a case's bytes by key. Each call raises `StorageUnavailable` while the store does not answer."""

    async def put(self, key: str, chunks: AsyncIterable[bytes]) -> StoredObject:
        """Store `chunks` under `key`, whole or not at all; replaces what was there.

        Raises:
            StorageFull: there is no room.
        """
        ...

    async def size(self, key: str) -> int:
        """Return the object's length in bytes.

        Raises:
            ObjectMissing: there is none of that key.
        """
        ...

    def read(self, key: str, *, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """Stream `length` bytes (or all that follow) from the byte offset `start`.

        Raises:
            ObjectMissing: there is none of that key.
            ObjectDamaged: it is not as it was put there; what came before is sound.
        """
        ...

    def as_file(self, key: str) -> AbstractAsyncContextManager[Path]:
        """Lend the object as a local file without a name, for programs that open by path.

        Raises:
            ObjectMissing: there is none of that key.
            ObjectDamaged: it is not as it was put there.
        """
        ...

    async def delete(self, key: str) -> None:
        """Remove the object; missing is well."""
        ...

    async def append(self, upload: str, *, at: int, chunks: AsyncIterable[bytes]) -> int:
        """Write `chunks` into the upload from byte `at` on; return its new length, once durable.

        Bytes beyond `at` that an earlier call left without being acknowledged are dropped first, so
        that repeating a call does no harm.

        Raises:
            ObjectMissing: fewer than `at` bytes are there.
            StorageFull: there is no room.
        """
        ...

    async def seal(self, upload: str, key: str, *, length: int) -> StoredObject:
        """Turn the first `length` bytes of the upload into the object `key`.

        Repeating it after a crash in between returns the same object.

        Raises:
            ObjectMissing: fewer than `length` bytes are there.
        """
        ...


class ObjectStore(Protocol):
    """Every case's objects, and what is not finished."""

    def of(self, case_id: CaseId) -> Objects:
        """Return the objects of one case; none of another can be read through them."""
        ...

    async def discard(self, upload: str) -> None:
        """Forget an unfinished upload; missing is well."""
        ...

    async def unfinished(self, *, untouched_s: float) -> tuple[str, ...]:
        """Name what was begun, neither sealed nor discarded, and not written to for `untouched_s` seconds."""
        ...
