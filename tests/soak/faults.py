"""Breaks whatever the server stands on, again and again, while clients write, and counts what is lost: 0.

`python3 run.py soak faults [SHARE]`: SHARE of the full run, 1 by default; 0.05 takes some minutes. Kinds:
kill -9 of the web process, and of the workers that raise alerts; PostgreSQL, Redis and the S3 store killed,
and silent as behind a broken network; on the embedded defaults a clock that jumps, a full disk, a slow one,
and a power cut that takes all that was not synced. A disk takes root and /dev/fuse; without, its kinds are
left out aloud. The last line is the verdict; the exit code is 1 if anything is lost, doubled or late.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.disk.disk import disk, why_no_disk
from tests.faults.alarm import AlarmVerdict, raise_while_killing
from tests.faults.breaking import House, Least, break_repeatedly, cottage, house
from tests.faults.killing import Death, kill_repeatedly, power_cut
from tests.faults.kinds import Fault
from tests.faults.serving import Served
from tests.faults.workloads import WORKLOADS

WRITES = 10_000
BACK_S, LATE_S = 3.0, 5.0
ALERTS, WORKER_KILLS = 2_000, 100
_KILL_EVERY_S = 1.5
_DEATHS, _FAULTS = 50, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What came of one kind."""

    kind: str
    faults: int
    acknowledged: int
    lost: int
    doubled: int
    back_s: float | None = None
    """The longest that writes of every kind took to be acknowledged again; None where it is not measured."""


async def _of_deaths(share: float, dice: Random) -> AsyncIterator[Row]:
    """Has the web process die by itself and, where there can be a disk, with its disk."""
    with tempfile.TemporaryDirectory(prefix="lianbian-faults-") as folder:
        yield await _of_death("kill -9 web", Served.kill, Path(folder) / "data", share=share, dice=dice)
        if not why_no_disk():
            with disk(Path(folder) / "disk") as own:
                death = power_cut(own, dice)
                yield await _of_death("power cut", death, own.folder, share=share, dice=dice)


async def _of_death(kind: str, die: Death, data_dir: Path, *, share: float, dice: Random) -> Row:
    rounds = max(2, round(_DEATHS * share))
    workloads = [made(dice) for made in WORKLOADS]
    verdict = await kill_repeatedly(workloads, data_dir, rounds=rounds, dice=dice, die=die)
    return Row(
        kind=kind,
        faults=rounds,
        acknowledged=verdict.acknowledged.total(),
        lost=len(verdict.lost),
        doubled=verdict.doubled,
    )


async def _of(
    made: House, faults: Sequence[Fault], *, share: float, writes: float, dice: Random
) -> AsyncIterator[Row]:
    """Has each of the faults befall the house, until its part of `writes` was acknowledged."""
    for fault in faults:
        least = Least(max(2, round(_FAULTS * share)), round(writes * share / len(faults)))
        broken = await break_repeatedly(made, fault, [each(dice) for each in WORKLOADS], least, dice)
        yield Row(
            kind=fault.name,
            faults=len(broken.back_s),
            acknowledged=broken.acknowledged.total(),
            lost=len(broken.lost),
            doubled=broken.doubled,
            back_s=max(broken.back_s),
        )


async def _of_houses(share: float, dice: Random) -> AsyncIterator[Row]:
    for building, writes in ((house, WRITES * 0.7), (cottage, WRITES * 0.3)):
        with tempfile.TemporaryDirectory(prefix="lianbian-faults-") as folder:
            async with building(Path(folder)) as made:
                async for row in _of(made, made.faults, share=share, writes=writes, dice=dice):
                    yield row


async def _of_workers(share: float, dice: Random) -> AlarmVerdict:
    with tempfile.TemporaryDirectory(prefix="lianbian-faults-") as folder:
        alerts, kills = max(50, round(ALERTS * share)), max(4, round(WORKER_KILLS * share))
        return await raise_while_killing(
            Path(folder), alerts=alerts, kills=kills, every_s=_KILL_EVERY_S, dice=dice
        )


async def _run(share: float, dice: Random) -> bool:
    print(f"{'kind':<22}{'faults':>8}{'acknowledged':>14}{'lost':>6}{'doubled':>9}{'back in':>9}")
    rows = []
    for kinds in (_of_deaths, _of_houses):
        async for row in kinds(share, dice):
            print(_line(row), flush=True)
            rows.append(row)
    if missing := why_no_disk():
        for kind in ("power cut", "disk full", "slow disk"):
            print(f"{kind:<22}left out: {missing}")
    alarm = await _of_workers(share, dice)
    print(
        f"{'kill -9 worker':<22}{alarm.kills:>8}{alarm.alerts:>10} due{alarm.missed:>6}{alarm.doubled:>9}"
        f"{alarm.p99_late_s:>7.1f} s late (p99)"
    )
    return _is_well(rows, alarm)


def _line(row: Row) -> str:
    back = "" if row.back_s is None else f"{row.back_s:.1f} s"
    return f"{row.kind:<22}{row.faults:>8}{row.acknowledged:>14}{row.lost:>6}{row.doubled:>9}{back:>9}"


def _is_well(rows: list[Row], alarm: AlarmVerdict) -> bool:
    """Print the verdict, and tell whether all is as asked."""
    acknowledged, lost = sum(row.acknowledged for row in rows), sum(row.lost for row in rows)
    doubled = sum(row.doubled for row in rows)
    back_s = max(row.back_s for row in rows if row.back_s is not None)
    well = (
        (lost, doubled, alarm.missed, alarm.doubled) == (0, 0, 0, 0)
        and back_s <= BACK_S
        and alarm.p99_late_s <= LATE_S
    )
    print(
        f"{'PASSED' if well else 'FAILED'}: {acknowledged} writes acknowledged, {lost} lost, "
        f"{doubled} doubled, back in {back_s:.1f} s at most (asked: {BACK_S:.0f}); "
        f"{alarm.alerts} alerts, {alarm.missed} missed, {alarm.doubled} doubled, "
        f"p99 {alarm.p99_late_s:.1f} s late (asked: {LATE_S:.0f})"
    )
    return well


def main() -> None:
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    seed = time.time_ns()
    print(f"faults, {share:.0%} of the full run (dice {seed}) …", flush=True)
    dice = Random(seed)  # noqa: S311 - moments, not secrets
    sys.exit(0 if asyncio.run(_run(share, dice)) else 1)


if __name__ == "__main__":
    main()
