"""What happens to a backup's folder, night after night."""

import fcntl
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from server.kernel.ids import CaseId
from storage.backup import Installed, back_up
from storage.database import Database
from storage.dumps import BackupRefused
from storage.head_files import HeadFiles
from storage.key_ring import CaseKeys
from storage.local_blobs import LocalBlobs
from storage.master_keys import MasterKeys
from storage.objects import SealedStore
from tests.databases import Engine
from tests.fakes.clock import SetClock
from tests.storage.logs import HEAD_KEY


@pytest.fixture
def engine() -> Engine:
    return Engine.SQLITE


@pytest.fixture
def installed(database: Database, database_url: str, clock: SetClock, tmp_path: Path) -> Installed:
    return Installed(
        url=database_url,
        database=database,
        blobs=LocalBlobs(tmp_path / "objects"),
        heads=HeadFiles(tmp_path / "heads"),
        head_key=HEAD_KEY,
        clock=clock,
    )


def nothing(_done: int, _whole: int) -> None:
    """Nobody watches."""


async def page() -> AsyncIterator[bytes]:
    yield bytes(100)


async def test_a_file_that_goes_bad_in_the_backup_is_copied_anew_within_days(
    installed: Installed, clock: SetClock, tmp_path: Path, case_ids: tuple[CaseId, ...]
) -> None:
    keys = CaseKeys(installed.database, MasterKeys(tmp_path / "master"), clock)
    await SealedStore(installed.blobs, keys).of(case_ids[0]).put("doc/a/original", page())
    folder = tmp_path / "backup"
    await back_up(installed, folder, nothing)
    kept = folder / "objects" / "doc" / "a" / "original"
    sound = kept.read_bytes()
    kept.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    for _ in range(16):
        clock.move(timedelta(days=1))
        await back_up(installed, folder, nothing)
    assert kept.read_bytes() == sound


async def test_of_two_backups_at_once_into_one_folder_the_second_is_refused(
    installed: Installed, tmp_path: Path
) -> None:
    await back_up(installed, tmp_path / "backup", nothing)
    first = os.open(tmp_path / "backup", os.O_RDONLY)
    fcntl.flock(first, fcntl.LOCK_EX)
    with pytest.raises(BackupRefused, match="another backup"):
        await back_up(installed, tmp_path / "backup", nothing)
    os.close(first)
    await back_up(installed, tmp_path / "backup", nothing)
