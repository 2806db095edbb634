"""The operator's commands about keys and what is encrypted under them."""

import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from server.ground import Ground
from server.kernel.clock import SystemClock
from server.kernel.objects import StorageUnavailable
from server.settings import Settings
from storage.check import Progress, why_unreadable
from storage.check_files import check_files as look_over
from storage.escrow import joined
from storage.escrow import split as split_key
from storage.key_ring import NoMasterKey
from storage.master_keys import MasterKey, MasterKeys


class NoInstallation(ValueError):
    """There is no database or no master key to work on; the message says so, in both languages."""


async def check_files(settings: Settings, progress: Progress) -> tuple[tuple[str, ...], int]:
    """Look every stored file over; see `storage.check_files`. That none can be read is a finding too."""
    async with _ground(settings) as ground:
        try:
            await ground.case_keys.recognise()
            return await look_over(ground.database, ground.objects, progress)
        except NoMasterKey as error:
            return (str(error),), 0
        except StorageUnavailable:
            return ("文件存储没有应答 · the object store does not answer",), 0


async def rotate(settings: Settings) -> None:
    """Replace the master key by a new one.

    Raises:
        NoInstallation: there is no database.
        NoMasterKey: keys of cases are wrapped by a master key that is not there.
    """
    async with _ground(settings) as ground:
        count = await ground.case_keys.rotate()
    _say(f"{count} 个案件密钥已由新的主密钥加密 · keys of cases are wrapped by a new master key")
    _say("请重新生成份额；旧份额只用于恢复今天以前的备份。")
    _say("Split it anew; the former shares are for backups from before today.")


def split(settings: Settings, *, shares: int, threshold: int) -> None:
    """Print the master key's shares."""
    masters = MasterKeys(settings.master_keys).all()
    if not masters:
        message = "还没有主密钥：它随第一个案件的文件产生 · no master key yet: it is made with the first file"
        raise NoInstallation(message)
    lines = split_key(masters[-1].secret, threshold=threshold, shares=shares)
    _say(f"主密钥 · master key {masters[-1].id}: {threshold} / {shares}", to=sys.stderr)
    for line in lines:
        _say(line)


def restore(settings: Settings) -> None:
    """Put the master key whose shares come on standard input back where it belongs."""
    master, masters = _from_shares(), MasterKeys(settings.master_keys)
    others = masters.all()
    if master in others:
        _say(f"主密钥已在 · the master key is there already: {master.id}")
        return
    _say(f"主密钥已恢复 · the master key is restored: {masters.add(master.secret).id}")
    if others:
        _say("它现在加密新案件的密钥；要换回新的主密钥，请运行 keys rotate。")
        _say("It wraps the keys of new cases from now on; run keys rotate to go on with a new one.")


async def drill(settings: Settings, progress: Progress) -> tuple[str, ...]:
    """Restore into an empty folder and read every stored file with what is in it; return what can't be read.

    The shares come on standard input. The folder is gone afterwards.
    """
    master = _from_shares()
    with tempfile.TemporaryDirectory(prefix="lianbian-drill-") as folder:
        MasterKeys(Path(folder) / "master").add(master.secret)
        findings, sound = await check_files(replace(settings, keys_dir=Path(folder)), progress)
    for finding in findings:
        _say(finding)
    _say(f"只凭这些份额读出 · read with these shares alone: {sound} 个文件 · files")
    return findings


@asynccontextmanager
async def _ground(settings: Settings) -> AsyncIterator[Ground]:
    """Lend what the product stands on; raises `NoInstallation` if there is no database."""
    unreadable = await why_unreadable(settings.database)
    if unreadable is not None:
        raise NoInstallation(unreadable)
    ground = Ground(settings, SystemClock())
    try:
        yield ground
    finally:
        await ground.database.close()


def _from_shares() -> MasterKey:
    """Read shares, one a line, up to an empty line or the end; raises `SharesRefused` if they give no key."""
    if sys.stdin.isatty():
        _say("每行输入一份，空行结束 · one share a line, an empty line ends:", to=sys.stderr)
    lines = []
    while line := sys.stdin.readline().strip():
        lines.append(line)
    return MasterKey.of(joined(lines))


def _say(text: str, *, to: TextIO | None = None) -> None:
    print(text, file=to)
