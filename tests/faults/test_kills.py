import time
from pathlib import Path
from random import Random

import pytest
from aiohttp import ClientSession
from typing_extensions import override

from tests.disk.disk import Disk
from tests.faults.killing import kill_repeatedly, power_cut
from tests.faults.workloads import WORKLOADS, SessionClaim, Sessions


def _dice() -> Random:
    seed = time.time_ns()
    print(f"the dice of these kills: {seed}")
    return Random(seed)  # noqa: S311 - moments, not secrets


@pytest.mark.timeout(600)
async def test_no_acknowledged_write_is_lost_when_the_server_is_killed(tmp_path: Path) -> None:
    dice = _dice()
    verdict = await kill_repeatedly([made(dice) for made in WORKLOADS], tmp_path, rounds=3, dice=dice)
    assert (verdict.lost, verdict.doubled, verdict.tracebacks) == ([], 0, 0)
    assert min(verdict.acknowledged.values()) > 0


@pytest.mark.timeout(600)
async def test_no_acknowledged_write_is_lost_when_the_power_is_cut(own_disk: Disk) -> None:
    dice = _dice()
    workloads = [made(dice) for made in WORKLOADS]
    verdict = await kill_repeatedly(
        workloads, own_disk.folder, rounds=2, dice=dice, die=power_cut(own_disk, dice)
    )
    assert (verdict.lost, verdict.doubled, verdict.tracebacks) == ([], 0, 0)
    assert min(verdict.acknowledged.values()) > 0


class Liar(Sessions):
    """Claims a session that the server never gave."""

    @override
    async def write(self, browser: ClientSession) -> None:
        await super().write(browser)
        self.claims.append(SessionClaim("never-given", ended=False))


async def test_a_write_that_is_not_there_is_reported_as_lost(tmp_path: Path) -> None:
    dice = _dice()
    verdict = await kill_repeatedly([Liar(dice)], tmp_path, rounds=1, dice=dice)
    assert verdict.lost == ["sessions: SessionClaim(token='never-given', ended=False)"]
