"""Signed tree heads in files, one for each day, of a folder that should be a second place.

A line is on the disk before it counts as exported; what a power cut left of one is cut off by the next.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from server.audit.heads import SignedTreeHead, signed_head_from
from storage.files import make_folder, sync

LONGEST_LINE_BYTES = 1000
"""A head takes some 250."""
_DAYS = 8
"""How many files are looked at for the newest head: so many days may a clock have run ahead."""


class HeadFiles:
    """The heads of a folder."""

    def __init__(self, folder: Path) -> None:
        """Use the folder, which need not be there yet."""
        self.folder = folder

    def append(self, signed: SignedTreeHead) -> None:
        """Write a head to the file of its day; raises `OSError` if that can't be done."""
        if not self.folder.exists():
            make_folder(self.folder)
            self.folder.chmod(0o755)  # they tell nothing, and are there for others to keep
        day = datetime.fromtimestamp(signed.head.timestamp // 1000, UTC).date().isoformat()
        path = self.folder / f"{day}.jsonl"
        with path.open("r+b" if path.exists() else "x+b") as file:
            file.seek(_whole_bytes(path))
            file.truncate()
            file.write(signed.line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        path.chmod(0o644)
        sync(self.folder)

    def newest(self) -> SignedTreeHead | None:
        """Return the head of the largest tree, None if there is none.

        That is the one that was written last, even if the clock was set back over midnight meanwhile.

        Raises:
            HeadRefused: what a file ends with is none.
        """
        days = sorted(self.folder.glob("*.jsonl"))[-_DAYS:]
        heads = [signed for day in days if (signed := _last_of(day)) is not None]
        return max(heads, key=lambda signed: (signed.head.tree_size, signed.head.timestamp), default=None)

    def lines(self) -> Iterator[tuple[str, bytes]]:
        """Return each whole line and where it stands, as `file:line`, the oldest first."""
        for path in sorted(self.folder.glob("*.jsonl")):
            with path.open("rb") as file:
                for number in range(1, 1 << 62):
                    line = file.readline(LONGEST_LINE_BYTES)
                    if not line or (len(line) < LONGEST_LINE_BYTES and not line.endswith(b"\n")):
                        break
                    yield f"{path.name}:{number}", line


def _last_of(path: Path) -> SignedTreeHead | None:
    """Return the head that the file ends with, None if it has no whole line."""
    with path.open("rb") as file:
        end = _whole_bytes(path)
        file.seek(max(0, end - LONGEST_LINE_BYTES))
        lines = file.read(end - file.tell()).splitlines()
    return signed_head_from(lines[-1]) if lines else None


def _whole_bytes(path: Path) -> int:
    """Return how long the file is up to the end of its last whole line."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - LONGEST_LINE_BYTES))
        tail = file.read()
    return size - len(tail) + tail.rfind(b"\n") + 1
