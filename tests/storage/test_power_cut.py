"""What was acknowledged is there after a power cut that takes all that was not synced."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from typing_extensions import override

from storage.backup import Installed, back_up, restore
from storage.database import Database
from storage.files import make_folder, write_whole
from storage.head_files import HeadFiles
from storage.key_file import key_in, read_key
from storage.local_blobs import LocalBlobs
from tests.databases import Engine, sqlite_url
from tests.disk.disk import Disk
from tests.fakes.clock import SetClock
from tests.storage.logs import HEAD_KEY
from tests.storage.test_head_files import head

PAGE = bytes(range(256)) * 64


@pytest.fixture
def engine() -> Engine:
    """What is asked here of an engine is asked of it by its own makers."""
    return Engine.SQLITE


@pytest.fixture
def installed(database_url: str, database: Database, clock: SetClock, tmp_path: Path) -> Installed:
    return Installed(
        url=database_url,
        database=database,
        blobs=LocalBlobs(tmp_path / "objects"),
        heads=HeadFiles(tmp_path / "heads"),
        head_key=HEAD_KEY,
        clock=clock,
    )


def cut_power(disk: Disk) -> None:
    disk.cut(odds=0.0)
    disk.mount()


async def content() -> AsyncIterator[bytes]:
    yield PAGE


async def kept(root: Path, name: str) -> bytes:
    return b"".join([block async for block in LocalBlobs(root).read(name, start=0, length=len(PAGE))])


def elsewhere(installed: Installed, folder: Path) -> Installed:
    """Nothing yet, in a folder of its own."""
    return replace(
        installed,
        url=sqlite_url(folder / "lianbian.db"),
        blobs=LocalBlobs(folder / "objects"),
        heads=HeadFiles(folder / "heads"),
    )


class Failing(LocalBlobs):
    """Blobs that are read to the end, whereupon the disk that they are written to loses its power."""

    def __init__(self, root: Path, disk: Disk) -> None:
        super().__init__(root)
        self._disk = disk

    @override
    async def read(self, name: str, *, start: int, length: int) -> AsyncIterator[bytes]:
        async for block in super().read(name, start=start, length=length):
            yield block
        self._disk.cut(odds=0.5)
        self._disk.mount()


def test_a_key_is_there_with_the_folder_that_was_made_for_it(own_disk: Disk) -> None:
    path = own_disk.folder / "keys" / "master" / "1.key"
    made = key_in(path)
    cut_power(own_disk)
    assert read_key(path) == made


async def test_a_blob_is_there_with_all_folders_that_were_made_for_it(own_disk: Disk) -> None:
    root = own_disk.folder / "objects"
    await LocalBlobs(root).put("objects/case/pages/1", content())
    cut_power(own_disk)
    assert await kept(root, "objects/case/pages/1") == PAGE


async def test_a_blob_is_there_in_a_folder_that_was_made_by_a_process_that_died(own_disk: Disk) -> None:
    root = own_disk.folder / "objects"
    (root / "kept" / "objects" / "case").mkdir(parents=True)
    await LocalBlobs(root).put("objects/case/1", content())
    cut_power(own_disk)
    assert await kept(root, "objects/case/1") == PAGE


async def test_what_was_removed_stays_away(own_disk: Disk) -> None:
    root = own_disk.folder / "objects"
    blobs = LocalBlobs(root)
    await blobs.put("uploads/a/1", content())
    await blobs.delete("uploads/a/1")
    cut_power(own_disk)
    assert await LocalBlobs(root).named("uploads/") == ()


def test_each_exported_head_is_there(own_disk: Disk) -> None:
    files = HeadFiles(own_disk.folder / "heads")
    for each in (head(), head(size=2), head(day=1, size=3)):
        files.append(each)
        cut_power(own_disk)
        assert files.newest() == each


def test_a_file_is_replaced_whole(own_disk: Disk) -> None:
    folder = own_disk.folder / "backup"
    make_folder(folder)
    for each in (b"first", b"second"):
        write_whole(folder / "manifest.json", each)
        cut_power(own_disk)
        assert (folder / "manifest.json").read_bytes() == each


async def test_a_backup_is_there_and_so_is_what_is_put_back(own_disk: Disk, installed: Installed) -> None:
    await installed.blobs.put("objects/case/1", content())
    await back_up(installed, own_disk.folder / "backup", lambda _done, _whole: None)
    cut_power(own_disk)
    home = own_disk.folder / "home"
    manifest = await restore(
        elsewhere(installed, home), own_disk.folder / "backup", lambda _done, _whole: None
    )
    cut_power(own_disk)
    assert manifest.entries == 0
    assert await kept(home / "objects", "objects/case/1") == PAGE
    assert (home / "lianbian.db").read_bytes().startswith(b"SQLite format 3")
    assert HeadFiles(home / "heads").newest() is not None


async def test_what_a_power_cut_left_of_a_backup_is_not_taken_for_whole_by_the_next(
    own_disk: Disk, installed: Installed, tmp_path: Path
) -> None:
    backup = own_disk.folder / "backup"
    await installed.blobs.put("objects/case/1", content())
    await back_up(installed, backup, lambda _done, _whole: None)
    await installed.blobs.put("objects/case/2", content())
    failing = replace(installed, blobs=Failing(tmp_path / "objects", own_disk))
    for _ in range(12):
        with pytest.raises(OSError, match="not connected"):
            await back_up(failing, backup, lambda _done, _whole: None)
    await back_up(installed, backup, lambda _done, _whole: None)
    await restore(elsewhere(installed, tmp_path / "home"), backup, lambda _done, _whole: None)
    assert await kept(tmp_path / "home" / "objects", "objects/case/2") == PAGE
