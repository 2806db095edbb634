"""The operator's commands about keys and what is encrypted under them."""

import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from server.ground import Ground
from server.kernel.clock import SystemClock
from server.settings import Settings
from storage.check_files import check_files as look_over
from storage.escrow import joined
from storage.escrow import split as split_key
from storage.master_keys import MasterKey, MasterKeys

Progress = Callable[[int, int], None]


class NothingToSplit(ValueError):
    """There is no master key yet; the message says so, in both languages."""


async def check_files(settings: Settings, progress: Progress) -> tuple[tuple[str, ...], int]:
    """Look every stored file over; see `storage.check_files`.

    Raises:
        NoMasterKey: keys of cases are wrapped by a master key that is not there.
    """
    ground = Ground(settings, SystemClock())
    try:
        await ground.case_keys.recognise()
        return await look_over(ground.database, ground.objects, progress)
    finally:
        await ground.database.close()


async def rotate(settings: Settings) -> None:
    """Replace the master key by a new one."""
    ground = Ground(settings, SystemClock())
    try:
        count = await ground.case_keys.rotate()
    finally:
        await ground.database.close()
    _say(f"{count} 个案件密钥已由新的主密钥加密 · keys of cases are wrapped by a new master key")
    _say("请重新生成份额；旧份额只用于恢复今天以前的备份。")
    _say("Split it anew; the former shares are for backups from before today.")


def split(settings: Settings, *, shares: int, threshold: int) -> None:
    """Print the master key's shares."""
    masters = MasterKeys(settings.master_keys).all()
    if not masters:
        message = "还没有主密钥：它随第一个案件的文件产生 · no master key yet: it is made with the first file"
        raise NothingToSplit(message)
    lines = split_key(masters[-1].secret, threshold=threshold, shares=shares)
    _say(f"主密钥 · master key {masters[-1].id}: {threshold} / {shares}", to=sys.stderr)
    for line in lines:
        _say(line)


def restore(settings: Settings) -> None:
    """Put the master key whose shares come on standard input back where it belongs."""
    master, masters = _from_shares(), MasterKeys(settings.master_keys)
    if master in masters.all():
        _say(f"主密钥已在 · the master key is there already: {master.id}")
        return
    masters.add(master.secret)
    _say(f"主密钥已恢复 · the master key is restored: {master.id}")


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
