"""A part of `python3 run.py soak faults`, small enough for every run of the tests."""

import time
from pathlib import Path
from random import Random

import pytest

from tests.faults.alarm import raise_while_killing
from tests.faults.breaking import Least, break_repeatedly, house
from tests.faults.workloads import WORKLOADS


def _dice() -> Random:
    seed = time.time_ns()
    print(f"the dice of these faults: {seed}")
    return Random(seed)  # noqa: S311 - moments, not secrets


@pytest.mark.timeout(600)
async def test_what_the_server_stands_on_dies_and_nothing_acknowledged_is_lost_or_doubled(
    tmp_path: Path,
) -> None:
    dice = _dice()
    async with house(tmp_path) as made:
        for server, rounds in {"PostgreSQL": 3, "Redis": 2, "S3": 1}.items():
            workloads = [each(dice) for each in WORKLOADS]
            broken = await break_repeatedly(made, server, workloads, Least(rounds), dice)
            assert (server, broken.lost, broken.doubled) == (server, [], 0)
            assert min(broken.acknowledged.values()) > 0
        assert "request failed" not in made.served.said()


@pytest.mark.timeout(300)
async def test_workers_die_and_no_alert_is_missed_or_doubled(tmp_path: Path) -> None:
    verdict = await raise_while_killing(tmp_path, alerts=60, kills=4, every_s=2.0, dice=_dice())
    assert (verdict.missed, verdict.doubled) == (0, 0)
