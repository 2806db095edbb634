"""The operator's commands that make a backup and put one back."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from server.audit.heads import HeadKey
from server.ground import Ground
from server.kernel.clock import SystemClock
from server.settings import Settings
from storage import backup
from storage.backup import Installed, Manifest
from storage.check import Progress, why_unreadable
from storage.dumps import BackupRefused
from storage.head_files import HeadFiles
from storage.key_file import read_key


async def back_up(settings: Settings, folder: Path, progress: Progress) -> None:
    """Make a backup while the platform serves.

    Raises:
        BackupRefused: it can't be made.
    """
    unreadable = await why_unreadable(settings.database)
    if unreadable is not None:
        raise BackupRefused(unreadable)
    async with _installed(settings) as installed:
        manifest = await backup.back_up(installed, folder, progress)
    _tell("已备份 · backed up", manifest)
    keys = settings.master_keys.parent
    _say(f"密钥不在备份里，请另外保管 · the keys are not in it, keep them elsewhere: {keys}")


async def restore(settings: Settings, folder: Path, progress: Progress) -> None:
    """Put a backup where nothing is yet.

    Raises:
        BackupRefused: it can't be put back, or the keys are not there yet.
    """
    if not settings.log_key.exists() or not settings.head_key.exists():
        message = f"请先放回密钥 · put the keys back first: {settings.master_keys.parent}"
        raise BackupRefused(message)
    async with _installed(settings) as installed:
        manifest = await backup.restore(installed, folder, progress)
    _tell("已恢复 · restored", manifest)


@asynccontextmanager
async def _installed(settings: Settings) -> AsyncIterator[Installed]:
    ground = Ground(settings, SystemClock())
    try:
        yield Installed(
            url=settings.database,
            database=ground.database,
            blobs=ground.blobs,
            heads=HeadFiles(settings.heads),
            head_key=HeadKey(partial(read_key, settings.head_key)),
            clock=ground.clock,
        )
    finally:
        await ground.database.close()


def _tell(done: str, manifest: Manifest) -> None:
    mb = manifest.size_bytes() / 1_000_000
    _say(f"{done}: {len(manifest.files)} files, {mb:.1f} MB, log entries {manifest.entries}")


def _say(line: str) -> None:
    print(line, file=sys.stdout, flush=True)  # noqa: T201 - the command's answer
