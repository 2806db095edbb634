"""Kills the server fifty times while clients write, and counts what was acknowledged and is gone: 0.

`python3 run.py soak kills [ROUNDS]`. The last line is the verdict; the exit code is 1 if anything is lost or
doubled.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from tests.faults.killing import Verdict, kill_repeatedly
from tests.faults.workloads import WORKLOADS

ROUNDS = 50


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    seed = time.time_ns()
    print(f"kill -9, {rounds} times (dice {seed}) …", flush=True)
    dice = Random(seed)  # noqa: S311 - moments, not secrets
    with tempfile.TemporaryDirectory(prefix="lianbian-kills-") as folder:
        workloads = [made(dice) for made in WORKLOADS]
        verdict = asyncio.run(kill_repeatedly(workloads, Path(folder), rounds=rounds, dice=dice))
    print(_table(verdict))
    sys.exit(1 if verdict.lost or verdict.doubled or verdict.tracebacks else 0)


def _table(verdict: Verdict) -> str:
    lines = [f"{'writes':<14}{'acknowledged':>14}{'lost':>8}"]
    for name, acknowledged in verdict.acknowledged.items():
        lost = sum(gone.startswith(f"{name}:") for gone in verdict.lost)
        lines.append(f"{name:<14}{acknowledged:>14}{lost:>8}")
    lines += [f"lost  {gone}" for gone in verdict.lost]
    lines.append(
        f"{verdict.rounds} kills: acknowledged {verdict.acknowledged.total()}, lost {len(verdict.lost)}, "
        f"doubled {verdict.doubled}, tracebacks in the log {verdict.tracebacks}"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
