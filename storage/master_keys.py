"""The master keys in files: what wraps the keys of cases, kept apart from the database and its backups.

Usually there is one. While keys are rotated there are two, so that a crash leaves nothing unreadable.
"""

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from storage.files import sync
from storage.key_file import KEY_BYTES, read_key, write_key


@dataclass(frozen=True, slots=True)
class MasterKey:
    """A master key, named by what it is."""

    id: str
    secret: bytes

    @classmethod
    def of(cls, secret: bytes) -> Self:
        """Name the key."""
        return cls(hashlib.sha256(b"master key" + secret).hexdigest()[:16], secret)


class MasterKeys:
    """The files `1.key`, `2.key` … of a folder; the one with the highest number wraps from now on."""

    def __init__(self, folder: Path) -> None:
        """Read them from `folder` whenever they are asked for."""
        self._folder = folder

    def all(self) -> tuple[MasterKey, ...]:
        """Return what is there, oldest first; raises ValueError if one of the files holds no key."""
        found = []
        for path in self._files():
            try:
                found.append(MasterKey.of(read_key(path)))
            except ValueError:
                if path.exists():
                    raise  # otherwise a rotation has just removed it
        return tuple(found)

    def add(self, secret: bytes | None = None) -> MasterKey:
        """Put a further key there, `secret` or one just made, and return it."""
        files = self._files()
        path = self._folder / f"{int(files[-1].stem) + 1 if files else 1}.key"
        write_key(path, secret or secrets.token_bytes(KEY_BYTES))
        return MasterKey.of(read_key(path))

    def keep_needed(self, ids: frozenset[str]) -> None:
        """Remove all but the newest and those of these ids."""
        for path in self._files()[:-1]:
            if MasterKey.of(read_key(path)).id not in ids:
                path.unlink()
        sync(self._folder)

    def _files(self) -> list[Path]:
        found = (path for path in self._folder.glob("*.key") if path.stem.isdecimal())
        return sorted(found, key=lambda path: int(path.stem))
