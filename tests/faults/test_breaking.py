"""A part of `python3 run.py soak faults`, small enough for every run of the tests."""

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from random import Random

import pytest

from tests.faults.alarm import raise_while_killing
from tests.faults.breaking import House, Least, break_repeatedly, cottage, house
from tests.faults.workloads import WORKLOADS


def _dice() -> Random:
    seed = time.time_ns()
    print(f"the dice of these faults: {seed}")
    return Random(seed)  # noqa: S311 - moments, not secrets


ROUNDS = {"kill -9 PostgreSQL": 3, "kill -9 Redis": 2}
"""How often a fault befalls what is under way; any other once."""
SOAK_ALONE = {"partition S3"}
"""What takes long because clients of S3 wait long; the soak has it."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("building", [house, cottage], ids=["servers", "embedded"])
async def test_what_the_server_stands_on_fails_and_nothing_acknowledged_is_lost_or_doubled(
    tmp_path: Path, building: Callable[[Path], AbstractAsyncContextManager[House]]
) -> None:
    dice = _dice()
    async with building(tmp_path) as made:
        for fault in made.faults:
            if fault.name in SOAK_ALONE:
                continue
            workloads = [each(dice) for each in WORKLOADS]
            broken = await break_repeatedly(made, fault, workloads, Least(ROUNDS.get(fault.name, 1)), dice)
            assert (fault.name, broken.lost, broken.doubled) == (fault.name, [], 0)
            assert min(broken.acknowledged.values()) > 0
        assert "request failed" not in made.served.said()


@pytest.mark.timeout(300)
async def test_workers_die_and_no_alert_is_missed_or_doubled(tmp_path: Path) -> None:
    verdict = await raise_while_killing(tmp_path, alerts=60, kills=4, every_s=2.0, dice=_dice())
    assert (verdict.missed, verdict.doubled) == (0, 0)
