"""A disk that can't lose anything would prove nothing: what it loses, and what it keeps."""

import errno
import os
import sqlite3
import time
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from storage.files import sync
from tests.disk.disk import Disk

ROWS = 50


def written(path: Path, content: bytes = b"content") -> Path:
    path.write_bytes(content)
    return path


def cut_and_mounted(disk: Disk) -> None:
    disk.cut(odds=0.0)
    disk.mount()


def test_what_was_not_synced_is_gone_after_a_power_cut(own_disk: Disk) -> None:
    folder = own_disk.folder
    written(folder / "unsynced")
    sync(written(folder / "nameless"))
    (folder / "empty").mkdir()
    cut_and_mounted(own_disk)
    assert list(folder.iterdir()) == []


def test_a_file_synced_with_its_folder_is_there_and_what_was_written_since_is_not(own_disk: Disk) -> None:
    folder = own_disk.folder / "folder"
    folder.mkdir()
    sync(own_disk.folder)
    path = written(folder / "file")
    sync(path)
    sync(folder)
    with path.open("r+b") as file:
        file.write(b"CONTENT")
        file.truncate(3)
    path.rename(folder / "renamed")
    cut_and_mounted(own_disk)
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == {"file": b"content"}
    path.unlink()
    cut_and_mounted(own_disk)
    assert path.exists()
    path.unlink()
    sync(folder)
    cut_and_mounted(own_disk)
    assert not path.exists()


@pytest.mark.parametrize(("synchronous", "lost"), [("OFF", ROWS), ("NORMAL", ROWS), ("FULL", 0)])
def test_sqlite_loses_what_it_was_not_asked_to_sync(own_disk: Disk, synchronous: str, lost: int) -> None:
    path = own_disk.folder / "rows.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "CREATE TABLE row (number)"):
            database.execute(statement)
        database.execute(f"PRAGMA synchronous={synchronous}")
        for number in range(ROWS):
            database.execute("INSERT INTO row VALUES (?)", (number,))
        own_disk.cut(odds=0.0)
        own_disk.mount()
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM row").fetchone() == (ROWS - lost,)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_who_used_the_disk_meets_errors_once_it_is_mounted_anew(own_disk: Disk) -> None:
    descriptor = os.open(own_disk.folder / "file", os.O_WRONLY | os.O_CREAT)
    cut_and_mounted(own_disk)
    for use in (lambda: os.write(descriptor, b"late"), lambda: os.close(descriptor)):
        with pytest.raises(OSError) as met:  # noqa: PT011 - which one is asked below
            use()
        assert met.value.errno == errno.ENOTCONN


def test_a_slow_disk_takes_its_time_and_a_quick_one_does_not(own_disk: Disk) -> None:
    path = written(own_disk.folder / "file")

    def shortest_s(tries: int) -> float:
        moments = [time.monotonic()]
        for _ in range(tries):
            sync(path)
            moments.append(time.monotonic())
        return min(latter - former for former, latter in pairwise(moments))

    own_disk.slow()
    assert shortest_s(3) >= 0.05
    own_disk.quicken()
    assert shortest_s(20) < 0.05


def test_a_full_disk_says_so_and_has_room_again(own_disk: Disk) -> None:
    ballast = own_disk.folder / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, os.statvfs(own_disk.folder).f_bavail * 4096)
    with pytest.raises(OSError) as met:  # noqa: PT011 - which one is asked below
        written(own_disk.folder / "file")
    assert met.value.errno == errno.ENOSPC
    ballast.unlink()
    assert written(own_disk.folder / "file").read_bytes() == b"content"
