"""What a place for encrypted bytes has to offer; outside storage there are only the objects of cases."""

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from server.kernel.objects import is_key

BLOCK_BYTES = 1 << 20
"""How much is read, encrypted and written at once."""


@dataclass(frozen=True, slots=True)
class Blob:
    """One of the things that are kept."""

    name: str
    size_bytes: int
    changed_at: datetime


class Blobs(Protocol):
    """Keeps bytes by name, whole or not at all; what a call returned survives `kill -9` and a power cut.

    Names have the form of an object's key. Each call raises `StorageUnavailable` while nobody answers.
    """

    async def put(self, name: str, chunks: AsyncIterable[bytes]) -> None:
        """Store `chunks` under `name`, replacing what was there; raises `StorageFull` if there is no room."""
        ...

    async def size(self, name: str) -> int:
        """Return how many bytes it has; raises `ObjectMissing` if there is none."""
        ...

    def read(self, name: str, *, start: int, length: int) -> AsyncIterator[bytes]:
        """Stream the `length` bytes from `start` on, which it has; raises `ObjectMissing` if it is gone."""
        ...

    async def delete(self, name: str) -> None:
        """Remove it; missing is well."""
        ...

    async def named(self, prefix: str) -> tuple[Blob, ...]:
        """Return those whose name begins with the folder `prefix`, which ends with `/`, by name."""
        ...


def checked(name: str) -> str:
    """Return `name` if it may be one; raises ValueError otherwise."""
    if not is_key(name):
        message = f"not an object key: {name!r}"
        raise ValueError(message)
    return name
