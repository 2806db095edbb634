"""A key in a file, made where it is first needed and there is none."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from storage.files import make_folder, sync

KEY_BYTES = 32


def key_in(path: Path) -> bytes:
    """Return the key that `path` holds, a new one where there is none; raises as `read_key` does."""
    if not path.exists():
        write_key(path, secrets.token_bytes(KEY_BYTES))
    return read_key(path)


def read_key(path: Path) -> bytes:
    """Return the key that `path` holds.

    Raises:
        ValueError: it holds none; the message says what to do, in both languages.
    """
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        key = b""
    if len(key) != KEY_BYTES:
        message = f"没有密钥，请从备份恢复 · no key, restore it from a backup: {path}"
        raise ValueError(message)
    return key


def write_key(path: Path, key: bytes) -> None:
    """Make the file whole or not at all; of several that try at once, the first one's stays."""
    make_folder(path.parent, mode=0o700)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()
    sync(path.parent)
